"""Scenarios in one chart: a median and a band each."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from forecast.figures.alternative import describe
from forecast.figures.bands import band_name, checked_bands, chosen, headline, median, value_limits
from forecast.figures.labels import Label, label_ends
from forecast.figures.language import say, word
from forecast.figures.style import (
    BLUE,
    DASHES,
    GREEN,
    PALETTE,
    RED,
    drawing,
    full_title,
    interval,
    number,
    own_title,
    stroke,
    value_axis,
    year_axis,
)

OTHERS = (RED, GREEN, *PALETTE[3:])


def scenarios_overlaid(bands: pd.DataFrame, *, unit: str, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the median and the 80 % band of every scenario over one another.

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
        The axes drawn on.

    Raises
    ------
    ArgumentError
        If the table is empty, lacks a column, or holds what cannot be drawn.

    Examples
    --------
    >>> bands = pd.DataFrame({"scenario": ["base", "base"], "year": [2023, 2030], "level": 0.5, "value": [22.8, 72.8]})
    >>> scenarios_overlaid(bands, unit="USD bn").get_ylabel()
    'USD bn'
    """
    wide = checked_bands(bands, "scenarios_overlaid")
    unit = word(unit)
    with drawing(ax) as axes:
        logarithmic = value_axis(
            axes, "y", [value for table in wide.values() for value in table.to_numpy().ravel()], unit
        )
        years = [float(year) for table in wide.values() for year in table.index]
        year_axis(axes, years)
        axes.set_xlim(min(years), max(years))
        axes.set_ylim(value_limits(wide.values(), logarithmic=logarithmic))
        looks = _looks(list(wide))
        for name in sorted(wide, key=lambda other: looks[other][1] == "-"):
            _draw_scenario(axes, wide[name], *looks[name])
        label_ends(axes, [_label(name, table, looks[name][0]) for name, table in wide.items()])
        own_title(axes, title or full_title(say("Scenarios: median and {0}", _band(wide)), unit=unit))
        describe(axes, _in_words(wide, unit))
    return axes


def _looks(names: list[str]) -> dict[str, tuple[str, Any]]:
    """Colour and dashes of each scenario; the middle one is solid, and drawn over the others."""
    middle = chosen(dict.fromkeys(names, pd.DataFrame()), None, "scenarios_overlaid")
    others = [name for name in names if name != middle]
    pairs = zip(others, OTHERS * len(names), [*DASHES[1:]] * len(names), strict=False)
    return {middle: (BLUE, "-")} | {name: (color, dash) for name, color, dash in pairs}


def _draw_scenario(ax: Axes, table: pd.DataFrame, color: str, dash: Any) -> None:
    ax.plot(table.index, median(table), color=color, linestyle=dash, linewidth=stroke(2.4), zorder=4)
    band = headline(table)
    if band:
        years, low, high = table.index.to_numpy(float), band[1].to_numpy(float), band[2].to_numpy(float)
        ax.fill_between(years, low, high, color=color, alpha=0.07, linewidth=0, zorder=1)
        for edge in (low, high):
            ax.plot(years, edge, color=color, linestyle=dash, linewidth=stroke(1), alpha=0.8, zorder=3)


def _band(wide: dict[str, pd.DataFrame]) -> str:
    band = headline(next(iter(wide.values())))
    return band_name(band[0]) if band else ""


def _label(name: str, table: pd.DataFrame, color: str) -> Label:
    band, last = headline(table), float(median(table).iloc[-1])
    text = f"{word(name)} {number(last)}"
    text += f"\n({interval(float(band[1].iloc[-1]), float(band[2].iloc[-1]))})" if band else ""
    return Label(float(table.index[-1]), last, text, color)


def _in_words(wide: dict[str, pd.DataFrame], unit: str) -> str:
    last = next(iter(wide.values())).index[-1]
    parts = [say("Bands of {0} scenarios, in {1}; in {2}:", len(wide), unit, f"{last:.0f}")]
    for name, table in wide.items():
        band = headline(table)
        span = interval(float(band[1].iloc[-1]), float(band[2].iloc[-1])) if band else "–"
        parts.append(say("{0}: median {1} ({2}).", word(name), number(float(median(table).iloc[-1])), span))
    return " ".join(parts)
