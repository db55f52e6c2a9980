"""House effects: by what factor each publisher differs from the market, and who is an outlier."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from forecast.figures.alternative import describe
from forecast.figures.language import say
from forecast.figures.rows import name_rows, number_column, row_lines
from forecast.figures.style import (
    GREY,
    INK,
    RED,
    drawing,
    interval,
    number,
    own_title,
    percent,
    size,
    stroke,
    value_axis,
)
from forecast.figures.tables import checked, positive, records

OUTLIER = 0.5
"""From this probability a publisher is drawn as an outlier."""


def houses(table: pd.DataFrame, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw each publisher's factor against the market (1 = as the market), and its outlier probability.

    Parameters
    ----------
    table
        One row a publisher: `publisher`; `low`, `median`, `high` as factors above 0; `outlier_probability`, 0 to 1.
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
    >>> table = pd.DataFrame({"publisher": ["A"], "low": [0.5], "median": [0.9], "high": [1.6],
    ...                       "outlier_probability": [0.02]})
    >>> houses(table).get_xlabel()
    'times the market'
    """
    columns = ["low", "median", "high", "outlier_probability"]
    rows = checked(table, "houses", texts=["publisher"], numbers=columns)
    positive(rows, "houses", "low", "median", "high")
    outlying = list(rows["outlier_probability"] >= OUTLIER)
    with drawing(ax, rows=row_lines(list(rows["publisher"]))) as axes:
        value_axis(axes, "x", [*rows[["low", "median", "high"]].to_numpy().ravel(), 1.0], say("times the market"))
        name_rows(axes, list(rows["publisher"]), bold=outlying)
        factors = [f"×{number(row.median, 2)} ({interval(row.low, row.high, 2)})" for row in records(rows)]
        number_column(axes, factors, head=say("median (80 %)"))
        chances = [percent(chance) for chance in rows["outlier_probability"]]
        number_column(axes, chances, head=say("outlier"), at=20, bold=outlying)
        axes.axvline(1.0, color=GREY, linewidth=stroke(1), zorder=1)
        for place, row in enumerate(records(rows)):
            _draw_row(axes, place, row)
        own_title(axes, title or say("House effects: each publisher against the market"))
        describe(axes, _in_words(rows))
    return axes


def _draw_row(ax: Axes, place: int, row: Any) -> None:
    outlier = row.outlier_probability >= OUTLIER
    color = RED if outlier else INK
    ax.plot([row.low, row.high], [place, place], color=color, linewidth=stroke(2), solid_capstyle="butt", zorder=3)
    ax.plot(row.median, place, marker="X" if outlier else "s", color=color, markersize=size(0.7), zorder=4)


def _in_words(rows: pd.DataFrame) -> str:
    parts = [
        say("{0}: {1} times the market ({2}), an outlier with probability {3}.",
            row.publisher, number(row.median, 2), interval(row.low, row.high, 2), percent(row.outlier_probability))
        for row in records(rows)
    ]  # fmt: skip
    return " ".join([say("House effects."), *parts])
