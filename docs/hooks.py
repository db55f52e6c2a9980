"""Put what the code knows into the pages, so that the two cannot drift apart."""

from typing import Any

from forecast.estimates.columns import reference_page
from forecast.scenario import reference

PARTS = {"{{ columns of estimates }}": reference_page, "{{ format of scenarios }}": reference}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in the parts that are made from the types."""
    for mark, written in PARTS.items():
        markdown = markdown.replace(mark, written()) if mark in markdown else markdown
    return markdown
