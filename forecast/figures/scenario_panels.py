"""Scenarios side by side: one small panel each, on the same scale."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from forecast.figures.alternative import describe
from forecast.figures.bands import checked_bands, headline, line_points, median, shade, value_limits
from forecast.figures.labels import Label, label_points
from forecast.figures.language import say, word
from forecast.figures.style import (
    BLUE,
    INK,
    PALE,
    drawing,
    dressed,
    full_title,
    interval,
    narrow,
    number,
    own_title,
    size,
    stroke,
    value_axis,
)

ABREAST = 3
"""So many panels stand beside one another in a column."""


def scenario_panels(bands: pd.DataFrame, *, unit: str, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw one panel a scenario: its bands, its last year's numbers, and the other medians in grey.

    The panels are insets of the axes given.

    Parameters
    ----------
    bands
        Quantiles: `scenario`, `year`, `level` (0 to 1, with 0.5), `value` in `unit`.
    unit
        What the numbers are in, such as "USD bn".
    title
        Title; None for a plain one.
    ax
        Axes to draw on; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on, whose `child_axes` are the panels.

    Raises
    ------
    ArgumentError
        If the table is empty, lacks a column, or holds what cannot be drawn.

    Examples
    --------
    >>> bands = pd.DataFrame({"scenario": ["base", "base"], "year": [2023, 2030], "level": 0.5, "value": [22.8, 72.8]})
    >>> len(scenario_panels(bands, unit="USD bn").child_axes)
    1
    """
    wide = checked_bands(bands, "scenario_panels")
    unit = word(unit)
    with drawing(ax) as axes:
        axes.set_axis_off()
        columns = min(len(wide), ABREAST) if narrow() else len(wide)
        lines = -(-len(wide) // columns)
        for place, name in enumerate(wide):
            line, column = divmod(place, columns)
            corner = (column / columns, 1 - (line + 1) / lines + 0.13 * (lines > 1))
            room = (0.93 / columns, 0.95 / lines - 0.18 * (lines > 1))
            panel = dressed(axes.inset_axes((*corner, *room)))
            _draw_panel(panel, wide, name, unit, first=column == 0)
        own_title(axes, title or full_title(say("Scenarios side by side"), unit=unit))
        describe(axes, _in_words(wide, unit))
    return axes


def _draw_panel(ax: Axes, wide: dict[str, pd.DataFrame], name: str, unit: str, *, first: bool) -> None:
    everything = [value for table in wide.values() for value in table.to_numpy().ravel()]
    logarithmic = value_axis(ax, "y", everything, unit)
    ax.set_ylim(value_limits(wide.values(), logarithmic=logarithmic))
    ax.set_ylabel(ax.get_ylabel() if first else "")
    ax.tick_params(axis="y", labelleft=first)
    _years(ax, [float(year) for table in wide.values() for year in table.index])
    table = wide[name]
    shade(ax, table, BLUE)
    for other in wide.values():
        ax.plot(other.index, median(other), color=PALE, linewidth=stroke(1), linestyle=(0, (2, 2)), zorder=2)
    ax.plot(table.index, median(table), color=BLUE, linewidth=stroke(2.2), zorder=3)
    ax.set_title(word(name), loc="left", fontsize=size(0.95), color=INK, fontweight="bold", pad=size(0.4))
    _label_last(ax, table)


def _years(ax: Axes, years: list[float]) -> None:
    ax.set_xlim(min(years), max(years))
    middle = round((min(years) + max(years)) / 2)
    ticks = [min(years), max(years)] if narrow() else [min(years), middle, max(years)]
    ax.set_xticks(ticks, [say("’{0}", f"{year % 100:02.0f}") if narrow() else f"{year:.0f}" for year in ticks])
    first, *_, last = ax.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")


def _label_last(ax: Axes, table: pd.DataFrame) -> None:
    year, band = float(table.index[-1]), headline(table)
    edges = (
        [(say("P{0}", number(50 + 50 * band[0])), band[2]), (say("P{0}", number(50 - 50 * band[0])), band[1])]
        if band
        else []
    )
    labels = [Label(year, float(median(table).iloc[-1]), number(float(median(table).iloc[-1])), BLUE, bold=True)]
    labels += [
        Label(year, float(edge.iloc[-1]), f"{name} {number(float(edge.iloc[-1]))}", BLUE) for name, edge in edges
    ]
    label_points(ax, labels, avoid=line_points([median(table)]), points=size(0.75))


def _in_words(wide: dict[str, pd.DataFrame], unit: str) -> str:
    parts = [say("Panels of {0} scenarios, in {1}.", len(wide), unit)]
    for name, table in wide.items():
        band = headline(table)
        span = interval(float(band[1].iloc[-1]), float(band[2].iloc[-1])) if band else "–"
        year, middle = f"{table.index[-1]:.0f}", number(float(median(table).iloc[-1]))
        parts.append(say("{0} in {1}: median {2} ({3}).", word(name), year, middle, span))
    return " ".join(parts)
