"""Football field: the answer of every method beside the others."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Annotation

from forecast.figures.alternative import describe
from forecast.figures.labels import make_room
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


def football_field(
    table: pd.DataFrame,
    *,
    unit: str,
    reference: float | None = None,
    year: int | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one bar a method, from its low to its high, with its median.

    Parameters
    ----------
    table
        One row a method: `method`; `low`, `median`, `high` in `unit`; optional `note`, written under the method.
    unit
        What the numbers are in, such as "USD bn".
    reference
        A number to compare with, drawn as a line.
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
    >>> table = pd.DataFrame({"method": ["median", "pool"], "low": [11, 8], "median": [18, 20], "high": [40, 60]})
    >>> football_field(table, unit="USD bn").get_xlabel()
    'USD bn'
    """
    rows = checked(table, "football_field", texts=["method"], numbers=["low", "median", "high"])
    names = [word(name) for name in rows["method"]]
    notes = [str(note) for note in rows["note"].fillna("")] if "note" in rows else None
    unit = word(unit)
    with drawing(ax, rows=row_lines(names, notes)) as axes:
        values = [*rows[["low", "median", "high"]].to_numpy().ravel(), *([] if reference is None else [reference])]
        value_axis(axes, "x", values, unit)
        name_rows(axes, names, notes)
        number_column(axes, [number(value) for value in rows["median"]], head=say("median"), bold=[True] * len(rows))
        texts = [text for place, row in enumerate(records(rows)) for text in _draw_row(axes, place, row)]
        if reference is not None:
            axes.axvline(reference, color=GREY, linewidth=stroke(1), linestyle=(0, (4, 3)), zorder=3)
        own_title(axes, title or full_title(_title(year), unit=unit))
        make_room(axes, texts)
        describe(axes, _in_words(rows, unit))
    return axes


def _title(year: int | None) -> str:
    if year is None:
        return say("The same numbers, pooled by each method")
    return say("The same numbers for {0}, pooled by each method", year)


def _draw_row(ax: Axes, place: int, row: Any) -> list[Annotation]:
    ax.barh(place, row.high - row.low, left=row.low, height=0.5, color=BLUE, alpha=0.35, zorder=2)
    ax.plot([row.median, row.median], [place - 0.25, place + 0.25], color=INK, linewidth=stroke(2.2), zorder=4)
    return [_end(ax, place, row.low, -1), _end(ax, place, row.high, 1)]


def _end(ax: Axes, place: int, value: float, side: int) -> Annotation:
    return ax.annotate(
        number(value), (value, place), xytext=(side * size(0.35), 0), textcoords="offset points", va="center",
        ha="left" if side > 0 else "right", fontsize=size(0.8), annotation_clip=False,
    )  # fmt: skip


def _in_words(rows: pd.DataFrame, unit: str) -> str:
    parts = [say("Bars of {0} methods, in {1}.", len(rows), unit)]
    parts += [
        say("{0}: median {1} ({2}).", word(row.method), number(row.median), interval(row.low, row.high))
        for row in records(rows)
    ]
    return " ".join(parts)
