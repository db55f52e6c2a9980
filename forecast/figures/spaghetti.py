"""Spaghetti: the path of every source through the years."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from forecast.figures.alternative import describe
from forecast.figures.bands import line_points
from forecast.figures.hedges import HEDGES, hedged
from forecast.figures.labels import Label, label_ends, label_points
from forecast.figures.language import say, word
from forecast.figures.rows import wrapped
from forecast.figures.style import (
    GREY,
    MARKERS,
    PALETTE,
    drawing,
    full_title,
    key_below,
    narrow,
    number,
    own_title,
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
        One row a number: `source`, `year`, `value` in `unit`, `kind` ("printed", "interpolated", "extrapolated");
        optional `hedge`, as in a table of estimates.
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
    words = {"kind": KINDS, "hedge": HEDGES} if "hedge" in table else {"kind": KINDS}
    rows = checked(table, "spaghetti", texts=["source"], numbers=["year", "value"], kinds=words)
    paths = {str(name): own.sort_values("year") for name, own in rows.groupby("source", sort=False)}
    unit = word(unit)
    with drawing(ax) as axes:
        value_axis(axes, "y", rows["value"], unit)
        year_axis(axes, rows["year"], share=0.55 if narrow() else 1.0)
        axes.set_xlim(rows["year"].min() - 0.3, rows["year"].max())
        labels = [_draw_path(axes, place, name, own) for place, (name, own) in enumerate(paths.items())]
        inside = [label for label in labels if label.x < rows["year"].max()]
        label_points(axes, inside, avoid=line_points([own.set_index("year")["value"] for own in paths.values()]))
        label_ends(axes, [label for label in labels if label not in inside])
        _key(axes, rows)
        own_title(axes, title or full_title(say("The path of each source"), unit=unit))
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
    return Label(last["year"], last["value"], f"{wrapped(name, 26)} {_said(last)}", color, bold=True)


def _said(row: Any) -> str:
    return hedged(row["value"], row.get("hedge", ""), printed=row["kind"] == "printed")


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
        ends = [f"{number(row.value)} ({row.year:.0f})" for row in records(own.iloc[[0, -1]])]
        parts.append(say("{0}: {1} to {2}.", name, ends[0], ends[1]))
    return " ".join(parts)
