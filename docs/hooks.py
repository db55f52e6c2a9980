"""Put what the code knows into the pages, so that the two cannot drift apart."""

from typing import Any

from forecast.analyst_error import published_errors
from forecast.estimates.columns import reference_page
from forecast.scenario import reference


def error_table() -> str:
    """Return the table of published forecast errors as Markdown, one part a series."""
    lines: list[str] = []
    for (series, source), rows in published_errors().groupby(["series", "source"], sort=False):
        lines += ["", f"**{series}** ({source})", ""]
        lines += [
            "| years ahead | forecasts | mean | sd | P10 | P50 | P90 | model sd |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for row in rows.itertuples():
            ahead = f"{row.horizon}" if row.horizon == row.horizon_to else f"{row.horizon} to {row.horizon_to}"
            numbers = (row.mean, row.sd, row.q10, row.q50, row.q90, row.model_sd)
            lines.append(f"| {ahead} | {row.n} | " + " | ".join(map(_short, numbers)) + " |")
    return "\n".join(lines)


def _short(number: float) -> str:
    return "" if number != number else f"{round(number, 2) + 0.0:.2f}"


PARTS = {
    "{{ columns of estimates }}": reference_page,
    "{{ format of scenarios }}": reference,
    "{{ published errors }}": error_table,
}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in the parts that are made from the types."""
    for mark, written in PARTS.items():
        markdown = markdown.replace(mark, written()) if mark in markdown else markdown
    return markdown
