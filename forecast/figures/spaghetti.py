"""Spaghetti: the path of every source through the years."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from forecast.figures.alternative import describe
from forecast.figures.bands import line_points
from forecast.figures.labels import Label, label_points
from forecast.figures.language import say
from forecast.figures.style import (
    GREY,
    MARKERS,
    PALETTE,
    drawing,
    key_below,
    number,
    own_title,
    room_right,
    size,
    stroke,
    value_axis,
    year_axis,
)
from forecast.figures.tables import checked, records

KINDS = ("printed", "interpolated", "extrapolated")


def spaghetti(table: pd.DataFrame, *, unit: str, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw one line a source: solid as far as its numbers reach, dotted where they are carried on.

    Parameters
    ----------
    table
        One row a number: `source`, `year`, `value` in `unit`, `kind` ("printed", "interpolated", "extrapolated").
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
    >>> table = pd.DataFrame({"source": "A", "year": [2023, 2028], "value": [16.0, 49.0], "kind": "printed"})
    >>> spaghetti(table, unit="USD bn").get_ylabel()
    'USD bn'
    """
    rows = checked(table, "spaghetti", texts=["source"], numbers=["year", "value"], kinds={"kind": KINDS})
    paths = {str(name): own.sort_values("year") for name, own in rows.groupby("source", sort=False)}
    with drawing(ax) as axes:
        value_axis(axes, "y", rows["value"], unit)
        year_axis(axes, rows["year"])
        labels = [_draw_path(axes, place, name, own) for place, (name, own) in enumerate(paths.items())]
        room_right(axes, rows["year"], max(map(len, paths)))
        label_points(axes, labels, avoid=line_points([own.set_index("year")["value"] for own in paths.values()]))
        _key(axes, rows)
        own_title(axes, title or say("The path of each source"))
        describe(axes, _in_words(paths, unit))
    return axes


def _draw_path(ax: Axes, place: int, name: str, own: pd.DataFrame) -> Label:
    color, marker = PALETTE[place % len(PALETTE)], MARKERS[place % len(MARKERS)]
    carried = own["kind"] == "extrapolated"
    solid = own[~carried]
    ax.plot(own["year"], own["value"], color=color, linewidth=stroke(1.2), linestyle=(0, (1, 1.5)), zorder=2)
    ax.plot(solid["year"], solid["value"], color=color, linewidth=stroke(2), zorder=3)
    printed = own[own["kind"] == "printed"]
    ax.plot(
        printed["year"], printed["value"], color=color, marker=marker, linestyle="", markeredgecolor="white", zorder=4
    )
    last = own.iloc[-1]
    return Label(last["year"], last["value"], f"{name} {number(last['value'])}", color, bold=True)


def _key(ax: Axes, rows: pd.DataFrame) -> None:
    dotted: dict[str, Any] = {"linewidth": stroke(1.2), "linestyle": (0, (1, 1.5))}
    handles = {
        "printed": Line2D([], [], color=GREY, marker="o", linestyle="", label=say("printed"), markersize=size(0.5)),
        "interpolated": Line2D([], [], color=GREY, linewidth=stroke(2), label=say("interpolated")),
        "extrapolated": Line2D([], [], color=GREY, label=say("extrapolated"), **dotted),
    }
    key_below(ax, [handle for kind, handle in handles.items() if (rows["kind"] == kind).any()])


def _in_words(paths: dict[str, pd.DataFrame], unit: str) -> str:
    parts = [say("Lines of {0} sources, in {1}.", len(paths), unit)]
    for name, own in paths.items():
        ends = [f"{row.year:.0f}: {number(row.value)}" for row in records(own.iloc[[0, -1]])]
        parts.append(say("{0}: {1} to {2}.", name, ends[0], ends[1]))
    return " ".join(parts)
