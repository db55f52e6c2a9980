"""Forest plot: what each source says, and what they say together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from forecast.figures.alternative import describe
from forecast.figures.language import say, word
from forecast.figures.rows import name_rows, number_column, row_lines
from forecast.figures.style import (
    BLUE,
    GREY,
    INK,
    drawing,
    full_title,
    interval,
    number,
    own_title,
    size,
    stroke,
    value_axis,
)
from forecast.figures.tables import checked, records

KINDS = ("source", "consensus", "next publisher")
OPEN = ("", "above", "below")
SIGNS = {"": "", "above": ">", "below": "<"}


def forest(
    table: pd.DataFrame, *, unit: str, year: int | None = None, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw each source's estimate with its interval, the consensus as a diamond, the next publisher as a thin bar.

    Parameters
    ----------
    table
        One row an estimate, drawn from top to bottom: `label`; `low`, `median`, `high` in `unit` (low and high may
        be missing); `kind`, one of "source", "consensus", "next publisher"; optional `note`, written under the label;
        optional `open`, for printed numbers whose low and high are their rounding: "above" or "below" where the number
        is a bound, drawn with an arrow.
    unit
        What the numbers are in, such as "USD bn".
    year
        Year of the numbers, named in the title.
    title
        Title; None for a plain one.
    ax
        Axes to draw on; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ArgumentError
        If the table is empty, lacks a column, or holds what cannot be drawn.

    Examples
    --------
    >>> table = pd.DataFrame({"label": ["A", "consensus"], "low": [14, 11], "median": [16, 22.8], "high": [18, 46.6],
    ...                       "kind": ["source", "consensus"]})
    >>> forest(table, unit="USD bn").get_xlabel()
    'USD bn'
    """
    words = {"kind": KINDS, "open": OPEN} if "open" in table else {"kind": KINDS}
    rows = checked(table, "forest", texts=["label"], numbers=["median"], gaps=["low", "high"], kinds=words)
    rows = rows if "open" in rows else rows.assign(open="")
    head = say("value (range)") if "open" in table else say("median (80 %)")
    pooled = list(rows["kind"] == "consensus")
    names, notes = [word(label) for label in rows["label"]], _notes(rows)
    unit = word(unit)
    with drawing(ax, rows=row_lines(names, notes)) as axes:
        value_axis(axes, "x", rows[["low", "median", "high"]], unit)
        name_rows(axes, names, notes, bold=pooled)
        number_column(axes, [_text(row) for row in records(rows)], head=head, bold=pooled)
        for place, row in enumerate(records(rows)):
            _draw_row(axes, place, row)
        own_title(axes, title or full_title(_title(year), unit=unit))
        describe(axes, _in_words(rows, unit))
    return axes


def _title(year: int | None) -> str:
    if year is None:
        return say("What the sources say, and the consensus")
    return say("What the sources say for {0}, and the consensus", year)


def _notes(rows: pd.DataFrame) -> list[str] | None:
    return [str(note) for note in rows["note"].fillna("")] if "note" in rows else None


def _text(row: Any) -> str:
    middle = SIGNS[row.open] + number(row.median)
    known = row.low < row.high and {number(row.low), number(row.high)} != {middle}
    return f"{middle} ({interval(row.low, row.high)})" if known else middle


def _draw_row(ax: Axes, place: int, row: Any) -> None:
    if row.kind == "consensus":
        ax.axvline(row.median, color=BLUE, linewidth=stroke(1), linestyle=(0, (4, 3)), zorder=1)
        _diamond(ax, place, row)
        return
    source = row.kind == "source"
    ax.plot([row.low, row.high], [place, place], color=INK if source else GREY, linewidth=stroke(2) if source else 1.2,
            linestyle="-" if source else (0, (3, 2)), zorder=3, solid_capstyle="butt")  # fmt: skip
    ax.plot(row.median, place, marker="s" if source else "o", color=INK if source else GREY, zorder=4,
            markerfacecolor=INK if source else "white")  # fmt: skip
    if row.open:
        _arrow(ax, place, row)


def _arrow(ax: Axes, place: int, row: Any) -> None:
    reach = size(2.4) * (1 if row.open == "above" else -1)
    ax.annotate(
        "", (row.median, place), xytext=(reach, 0), textcoords="offset points", annotation_clip=False, zorder=4,
        arrowprops={"arrowstyle": "<-", "color": INK, "linewidth": stroke(2), "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip


def _diamond(ax: Axes, place: int, row: Any) -> None:
    low, high = (row.median if np.isnan(end) else end for end in (row.low, row.high))
    corners = [(low, place), (row.median, place - 0.22), (high, place), (row.median, place + 0.22)]
    ax.add_patch(Polygon(corners, closed=True, facecolor=BLUE, edgecolor=BLUE, zorder=4))


def _in_words(rows: pd.DataFrame, unit: str) -> str:
    sources = rows[rows["kind"] == "source"]
    parts = [say("Forest plot of {0} source, in {1}." if len(sources) == 1 else "Forest plot of {0} sources, in {1}.",
                 len(sources), unit)]  # fmt: skip
    pooled = rows[rows["kind"] == "consensus"]
    parts += [say("Consensus: median {0} ({1}).", number(r.median), interval(r.low, r.high)) for r in records(pooled)]
    if len(sources):
        ranked = sources.sort_values("median", kind="stable")
        least, most = ranked.iloc[0], ranked.iloc[-1]
        parts.append(say("The sources run from {0} ({1}) to {2} ({3}).", number(least["median"]), least["label"],
                         number(most["median"]), most["label"]))  # fmt: skip
    return " ".join(parts)
