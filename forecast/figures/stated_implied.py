"""Stated against implied growth: which sources contradict themselves beyond rounding."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from forecast.figures.alternative import describe
from forecast.figures.language import say, word
from forecast.figures.rows import name_rows, number_column, row_lines
from forecast.figures.style import BLUE, INK, RED, drawing, key_below, narrow, own_title, size, stroke, value_axis
from forecast.figures.tables import checked, records

SEVERITIES = ("none", "low", "medium", "high")
COARSE = 0.5
"""A range wider than so many points is written with one digit after the point."""


def stated_implied(table: pd.DataFrame, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the growth each source states, and the range its own base and target imply under rounding.

    Parameters
    ----------
    table
        One row a finding, in per cent a year: `id`; optional `publisher`, named in its place; `stated`; `implied`;
        `low`, `high`, the range implied by the rounding of the printed digits (may be missing); `severity`, one of
        "none", "low", "medium", "high".
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
    >>> table = pd.DataFrame({"id": ["A"], "stated": [25.1], "implied": [25.09], "low": [24.4], "high": [25.8],
    ...                       "severity": ["none"]})
    >>> stated_implied(table).get_xlabel()
    '% a year'
    """
    words = {"severity": SEVERITIES}
    rows = checked(
        table, "stated_implied", texts=["id"], numbers=["stated", "implied"], gaps=["low", "high"], kinds=words
    )
    serious = list(rows["severity"].isin(["medium", "high"]))
    names = _names(rows)
    with drawing(ax, rows=row_lines(names, _notes(rows)) + 1) as axes:
        value_axis(axes, "x", rows[["stated", "implied", "low", "high"]], say("% a year"))
        axes.margins(x=0.08)
        _numbers(axes, rows, names, serious)
        for place, row in enumerate(records(rows)):
            _draw_row(axes, place, row)
        _key(axes, odds=any(serious))
        own_title(axes, title or say("Growth as stated, and as the printed values imply"))
        describe(axes, _in_words(rows))
    return axes


def _names(rows: pd.DataFrame) -> list[str]:
    return [str(name) for name in rows["publisher" if "publisher" in rows else "id"]]


def _notes(rows: pd.DataFrame) -> list[str] | None:
    """Ids under publishers; where there is no room for columns, the numbers stand under the names."""
    if not narrow():
        return [str(name) for name in rows["id"]] if "publisher" in rows else None
    return [f"{say('stated')} {row.stated:.4g}, {say('implied')} {_implied(row)}" for row in records(rows)]


def _numbers(ax: Axes, rows: pd.DataFrame, names: list[str], serious: list[bool]) -> None:
    name_rows(ax, names, _notes(rows), bold=serious)
    if not narrow():
        number_column(ax, [f"{row.stated:.4g}" for row in records(rows)], head=say("stated"))
        number_column(ax, [_implied(row) for row in records(rows)], head=say("implied"), at=7)
    severities = [word(severity) for severity in rows["severity"]]
    number_column(ax, severities, head=say("severity"), at=0 if narrow() else 28, bold=serious)


def _implied(row: Any) -> str:
    places = 1 if row.high - row.low > COARSE else 2
    low, middle, high = (f"{value:.{places}f}" for value in (row.low, row.implied, row.high))
    return f"{middle} ({low}–{high})" if row.low < row.high and low != high else middle


def _draw_row(ax: Axes, place: int, row: Any) -> None:
    color = RED if row.severity in ("medium", "high") else INK
    ax.plot([row.implied, row.stated], [place, place], color=color, linewidth=0.8, zorder=2)
    ax.plot(
        [row.low, row.high],
        [place, place],
        color=BLUE,
        linewidth=size(0.5),
        alpha=0.45,
        solid_capstyle="butt",
        zorder=3,
    )
    ax.plot(row.implied, place, marker="|", markersize=size(0.9), markeredgewidth=stroke(2), color=BLUE, zorder=4)
    ax.plot(row.stated, place, marker="X" if color == RED else "o", color=color, markeredgecolor="white", zorder=5,
            markersize=size(0.7))  # fmt: skip


def _key(ax: Axes, *, odds: bool) -> None:
    at_odds = Line2D([], [], linestyle="", marker="X", color=RED, label=say("stated, at odds with its own values"))
    handles = [
        Line2D([], [], linestyle="", marker="o", color=INK, label=say("stated")),
        *([at_odds] if odds else []),
        Line2D([], [], color=BLUE, alpha=0.45, linewidth=size(0.5), label=say("implied, within rounding")),
    ]
    key_below(ax, handles)


def _in_words(rows: pd.DataFrame) -> str:
    wrong = rows[rows["severity"].isin(["medium", "high"])]
    parts = [
        say(
            "Stated against implied growth of {0} estimates; {1} contradict themselves beyond rounding.",
            len(rows),
            len(wrong),
        )
    ]
    parts += [
        say(
            "{0} states {1} % and implies {2} %.",
            getattr(row, "publisher", row.id),
            f"{row.stated:.4g}",
            f"{row.implied:.2f}",
        )
        for row in records(wrong)
    ]
    return " ".join(parts)
