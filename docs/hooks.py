"""Put what the code knows into the pages, so that the two cannot drift apart."""

from typing import Any

from forecast.estimates.columns import reference_page

COLUMNS = "{{ columns of estimates }}"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in the table of columns."""
    return markdown.replace(COLUMNS, reference_page()) if COLUMNS in markdown else markdown
