"""Vintage revisions: what each edition said about the same years."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from forecast.figures.alternative import describe
from forecast.figures.bands import line_points
from forecast.figures.labels import Label, label_points
from forecast.figures.language import say, word
from forecast.figures.style import (
    DASHES,
    INK,
    drawing,
    full_title,
    number,
    own_title,
    room_right,
    size,
    stroke,
    value_axis,
    year_axis,
)
from forecast.figures.tables import checked, records


def revisions(
    table: pd.DataFrame,
    *,
    unit: str,
    history: pd.DataFrame | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one line an edition, the newer the darker, with what came.

    Parameters
    ----------
    table
        One row a number: `vintage`, the edition, in order of age when sorted; `year`; `value` in `unit`; optional
        `publisher`, named in the title.
    unit
        What the numbers are in, such as "USD bn".
    history
        What came: `year`, `value`.
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
        If a table is empty, lacks a column, or holds what cannot be drawn.

    Examples
    --------
    >>> table = pd.DataFrame({"vintage": [2018, 2018, 2022], "year": [2018, 2025, 2022], "value": [9, 40, 14]})
    >>> revisions(table, unit="USD bn").get_ylabel()
    'USD bn'
    """
    rows = checked(table, "revisions", texts=["vintage"], numbers=["year", "value"])
    came = checked(history, "revisions, history", numbers=["year", "value"]) if history is not None else rows.iloc[:0]
    editions = {str(name): own.sort_values("year") for name, own in rows.groupby("vintage", sort=True)}
    years = [*rows["year"], *came["year"]]
    unit = word(unit)
    with drawing(ax) as axes:
        value_axis(axes, "y", [*rows["value"], *came["value"]], unit)
        year_axis(axes, years, share=0.7)
        labels = [*_draw_editions(axes, editions), *_draw_history(axes, came.sort_values("year"))]
        room_right(axes, years, max(map(len, editions)) + 12)
        lines = [own.set_index("year")["value"] for own in [*editions.values(), came.sort_values("year")] if len(own)]
        label_points(axes, labels, avoid=line_points(lines))
        own_title(axes, title or full_title(_title(rows), unit=unit))
        describe(axes, _in_words(editions, unit))
    return axes


def _title(rows: pd.DataFrame) -> str:
    if "publisher" in rows:
        return say("What each edition of {0} said", word(rows["publisher"].iloc[0]))
    return say("What each edition said")


def _draw_editions(ax: Axes, editions: dict[str, pd.DataFrame]) -> list[Label]:
    shades = [to_hex(shade) for shade in colormaps["Blues"](np.linspace(0.55, 1.0, len(editions)))]
    return [_draw_edition(ax, place, name, own, shades[place]) for place, (name, own) in enumerate(editions.items())]


def _draw_history(ax: Axes, came: pd.DataFrame) -> list[Label]:
    if not len(came):
        return []
    ax.plot(came["year"], came["value"], color=INK, linewidth=stroke(2.4), marker=".", zorder=5)
    return [Label(came["year"].iloc[-1], came["value"].iloc[-1], say("actual"), INK, bold=True)]


def _draw_edition(ax: Axes, place: int, name: str, own: pd.DataFrame, color: str) -> Label:
    ax.plot(
        own["year"],
        own["value"],
        color=color,
        linestyle=DASHES[place % len(DASHES)],
        marker="o",
        markersize=size(0.35),
        zorder=3,
    )
    last = own.iloc[-1]
    return Label(last["year"], last["value"], say("{0} edition: {1}", name, number(last["value"])), color)


def _in_words(editions: dict[str, pd.DataFrame], unit: str) -> str:
    parts = [say("Lines of {0} editions, in {1}.", len(editions), unit)]
    for name, own in editions.items():
        ends = [f"{number(row.value)} ({row.year:.0f})" for row in records(own.iloc[[0, -1]])]
        parts.append(say("{0}: {1} to {2}.", name, ends[0], ends[1]))
    return " ".join(parts)
