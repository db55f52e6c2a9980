"""Top-down against bottom-up: the consensus of publishers beside what the parts add up to."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from forecast.figures.alternative import describe
from forecast.figures.labels import Label, label_points
from forecast.figures.language import say, word
from forecast.figures.style import (
    BLUE,
    GREY,
    RED,
    drawing,
    full_title,
    interval,
    key_below,
    narrow,
    number,
    own_title,
    size,
    stroke,
    value_axis,
)
from forecast.figures.tables import checked, records

SIDES = ("top-down", "bottom-up")
COLORS = {"top-down": BLUE, "bottom-up": RED}
SHIFT = 0.13
MARKERS = {"top-down": "o", "bottom-up": "s"}


def top_down_bottom_up(table: pd.DataFrame, *, unit: str, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw both sides' medians and intervals by year, and the factor between them.

    Parameters
    ----------
    table
        One row a side and year: `side`, "top-down" or "bottom-up"; `year`; `median`, and `low`, `high` (may be
        missing), in `unit`.
    unit
        What the numbers are in, such as "USD bn".
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
    >>> table = pd.DataFrame({"side": ["top-down", "bottom-up"], "year": 2023, "low": [11.3, 4.1],
    ...                       "median": [22.8, 5.9], "high": [46.6, 8.2]})
    >>> top_down_bottom_up(table, unit="USD bn").get_ylabel()
    'USD bn (log axis)'
    """
    numbers = ["year", "median"]
    rows = checked(table, "top_down_bottom_up", numbers=numbers, gaps=["low", "high"], kinds={"side": SIDES})
    years = sorted(rows["year"].unique())
    unit = word(unit)
    with drawing(ax) as axes:
        logarithmic = value_axis(axes, "y", rows[["low", "median", "high"]], unit)
        axes.set_xlim(-0.5, len(years) - 0.3)
        axes.set_xticks(
            range(len(years)),
            [f"’{year % 100:02.0f}" if narrow() and len(years) > 5 else f"{year:.0f}" for year in years],
        )
        labels = [label for side in SIDES for label in _draw_side(axes, rows[rows["side"] == side], side, years)]
        axes.margins(y=0.12)
        _gaps(axes, rows, years)
        if not logarithmic:
            axes.set_ylim(bottom=0)
        label_points(axes, labels, avoid=_bars(rows, years))
        handles = [Line2D([], [], color=COLORS[side], marker=MARKERS[side], label=word(side)) for side in SIDES]
        key_below(axes, [*handles, Line2D([], [], linestyle="", label=say("×: top-down over bottom-up"))])
        own_title(axes, title or full_title(say("Top-down against bottom-up"), unit=unit))
        describe(axes, _in_words(rows, unit))
    return axes


def _draw_side(ax: Axes, rows: pd.DataFrame, side: str, years: list[float]) -> list[Label]:
    shift = -SHIFT if side == "top-down" else SHIFT
    labels = []
    for row in records(rows):
        place = years.index(row.year) + shift
        ax.plot(
            [place, place],
            [row.low, row.high],
            color=COLORS[side],
            linewidth=stroke(2.4),
            solid_capstyle="butt",
            zorder=2,
        )
        ax.plot(place, row.median, marker=MARKERS[side], color=COLORS[side], markeredgecolor="white", zorder=3)
        labels.append(Label(place, row.median, number(row.median), COLORS[side]))
    return labels


def _bars(rows: pd.DataFrame, years: list[float]) -> list[tuple[float, float]]:
    """Places along the intervals, on which no number should be written."""
    shifts = {"top-down": -SHIFT, "bottom-up": SHIFT}
    spans = [
        (years.index(row.year) + shifts[row.side], row.low, row.high) for row in records(rows) if row.low < row.high
    ]
    return [(x, float(y)) for x, low, high in spans for y in np.geomspace(max(low, high / 1e6), high, 25)]


def _gaps(ax: Axes, rows: pd.DataFrame, years: list[float]) -> None:
    medians = rows.pivot_table(index="year", columns="side", values="median")
    if set(SIDES) - set(medians.columns):
        return
    for year, ratio in (medians["top-down"] / medians["bottom-up"]).dropna().items():
        ax.annotate(f"×{number(float(ratio), 2)}", (years.index(float(year)), 1), xycoords=("data", "axes fraction"),  # type: ignore[arg-type]
                    xytext=(0, -size(0.3)), textcoords="offset points", ha="center", va="top", color=GREY,
                    fontsize=size(0.8))  # fmt: skip


def _in_words(rows: pd.DataFrame, unit: str) -> str:
    parts = [say("Top-down and bottom-up, in {0}.", unit)]
    parts += [
        say(
            "{0} in {1}: median {2} ({3}).",
            word(row.side),
            f"{row.year:.0f}",
            number(row.median),
            interval(row.low, row.high),
        )
        for row in records(rows)
    ]
    return " ".join(parts)
