"""Bridge: from one number to another, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from forecast.errors import ArgumentError, Problem
from forecast.figures.alternative import describe
from forecast.figures.labels import shrink_to_cells
from forecast.figures.language import say, word
from forecast.figures.rows import wrapped
from forecast.figures.style import (
    BLUE,
    GREEN,
    GREY,
    PALE,
    RED,
    drawing,
    full_title,
    number,
    own_title,
    preset,
    size,
    value_axis,
)
from forecast.figures.tables import checked, records

KINDS = ("total", "change")


def waterfall(
    table: pd.DataFrame, *, unit: str, year: int | None = None, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw totals as bars from zero, and the changes between them as floating bars.

    Parameters
    ----------
    table
        One row a bar, from left to right: `label`; `value` in `unit`; `kind`, "total" or "change". The first row is a
        total, and the changes add up to the next total.
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
        If the table is empty, lacks a column, holds what cannot be drawn, or does not add up.

    Examples
    --------
    >>> table = pd.DataFrame({"label": ["A", "base", "growth", "B"], "value": [50.0, 30.0, -3.3, 76.7],
    ...                       "kind": ["total", "change", "change", "total"]})
    >>> waterfall(table, unit="USD bn").get_ylabel()
    'USD bn'
    """
    rows = checked(table, "waterfall", texts=["label"], numbers=["value"], kinds={"kind": KINDS})
    starts, ends = _spans(rows)
    unit = word(unit)
    with drawing(ax) as axes:
        value_axis(axes, "y", [0.0, *starts, *ends], unit)
        letters = max(8, int(preset().inches * 72 * 0.85 / max(len(rows), 5) / size(0.55)))
        axes.set_xticks(range(len(rows)), [wrapped(word(label), letters) for label in rows["label"]])
        axes.tick_params(axis="x", length=0)
        _fit_names(axes)
        axes.axhline(0, color=PALE, linewidth=0.8)
        for place, row in enumerate(records(rows)):
            _draw_bar(axes, place, row, starts[place], ends[place])
        _connect(axes, ends)
        least, most = min(0.0, *ends), max(*starts, *ends)
        axes.set_ylim(least - 0.09 * (most - least) * (least < 0), most + 0.08 * (most - least))
        own_title(axes, title or full_title(_title(rows, year), unit=unit))
        describe(axes, _in_words(rows, unit))
    return axes


def _title(rows: pd.DataFrame, year: int | None) -> str:
    ends = [word(rows["label"].iloc[end]) for end in (0, -1)]
    return say("From {0} to {1}", *ends) if year is None else say("{0}: from {1} to {2}", year, *ends)


def _spans(rows: pd.DataFrame) -> tuple[list[float], list[float]]:
    """Where each bar starts and ends; raises where a total is not what came before."""
    if rows["kind"].iloc[0] != "total":
        raise ArgumentError(Problem("waterfall: row 0, kind", "'change'", "'total'", "start from a total"))
    level, starts, ends, problems = 0.0, list[float](), list[float](), []
    for place, row in enumerate(records(rows)):
        total = row.kind == "total"
        if total and place and not np.isclose(row.value, level, rtol=1e-6, atol=1e-9):
            problems.append(
                Problem(f"waterfall: row {place}, value", f"{row.value:g}", f"{level:g}, what came before it")
            )
        starts.append(0.0 if total else level)
        level = row.value if total else level + row.value
        ends.append(level)
    if problems:
        raise ArgumentError(problems)
    return starts, ends


def _draw_bar(ax: Axes, place: int, row: Any, start: float, end: float) -> None:
    total, rises = row.kind == "total", end >= start
    color, hatch = (BLUE, "") if total else (GREEN, "") if rises else (RED, "////")
    ax.bar(
        place, end - start, bottom=start, width=0.62, color=color, hatch=hatch, edgecolor="white", linewidth=0, zorder=2
    )
    text = number(row.value) if total else ("+" if row.value > 0 else "") + number(row.value)
    over = total or rises
    at = max(start, end) if over else min(start, end)
    ax.annotate(text, (place, at), xytext=(0, size(0.25) * (1 if over else -1)),
                textcoords="offset points", ha="center", va="bottom" if over else "top", fontsize=size(0.85),
                fontweight="bold" if total else "normal")  # fmt: skip


def _fit_names(ax: Axes) -> None:
    """Make the names under the bars smaller, or turn them where that would make them too small to read."""
    names = ax.get_xticklabels()
    if shrink_to_cells(ax, names, 0.95) < 0.8:
        for name in names:
            name.set(fontsize=size(0.85), rotation=35, horizontalalignment="right", rotation_mode="anchor")


def _connect(ax: Axes, ends: list[float]) -> None:
    for place, level in enumerate(ends[:-1]):
        ax.plot([place + 0.31, place + 0.69], [level, level], color=GREY, linewidth=0.8, zorder=1)


def _in_words(rows: pd.DataFrame, unit: str) -> str:
    parts = [say("Bridge in {0}.", unit)]
    for row in records(rows):
        sign = "+" if row.kind == "change" and row.value > 0 else ""
        parts.append(f"{word(row.label)}: {sign}{number(row.value)}.")
    return " ".join(parts)
