"""Quantile bands by scenario and year: the shading that several figures share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.figures.labels import Label
from forecast.figures.language import say
from forecast.figures.style import number
from forecast.figures.tables import checked

HEADLINE = 0.8
"""The band that carries labels."""

SHADES = (0.14, 0.20, 0.26, 0.32)


def checked_bands(bands: pd.DataFrame, figure: str) -> dict[str, pd.DataFrame]:
    """Check a table `scenario, year, level, value`; return one wide table (year × level) a scenario, in order."""
    rows = checked(bands, figure, texts=["scenario"], numbers=["year", "level", "value"])
    doubled = rows.duplicated(["scenario", "year", "level"])
    if doubled.any():
        first = rows[doubled].iloc[0]
        found = f"{first['scenario']} {first['year']:.0f} at level {first['level']:g} more than once"
        raise ArgumentError(Problem(f"{figure}: bands", found, "one value for each scenario, year and level"))
    names = dict.fromkeys(rows["scenario"])
    wide = {str(name): _wide(rows[rows["scenario"] == name]) for name in names}
    without = [name for name, table in wide.items() if median_level(table) is None]
    if without:
        place = f"{figure}: bands of {', '.join(without)}"
        raise ArgumentError(Problem(place, "no level 0.5", "a median, level 0.5"))
    return wide


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.pivot(index="year", columns="level", values="value")


def chosen(wide: dict[str, pd.DataFrame], scenario: str | None, figure: str) -> str:
    """Name of the scenario to draw: the one asked for, else "base", else the middle one."""
    if scenario is None:
        return "base" if "base" in wide else list(wide)[len(wide) // 2]
    if scenario not in wide:
        hint = did_you_mean(scenario, list(wide))
        raise ArgumentError(Problem(f"{figure}: scenario", repr(scenario), ", ".join(wide), hint))
    return scenario


def median_level(table: pd.DataFrame) -> float | None:
    """Return the column of the median, if there is one."""
    return next((level for level in map(float, table.columns) if abs(level - 0.5) < 1e-9), None)


def median(table: pd.DataFrame) -> pd.Series:
    """Return the medians by year."""
    return table[median_level(table)]


def pairs(table: pd.DataFrame) -> list[tuple[float, pd.Series, pd.Series]]:
    """Central bands, widest first: the share each holds, its lower and its upper edge by year."""
    levels = sorted(float(level) for level in table.columns)
    found = []
    for low in (level for level in levels if level < 0.5):
        high = next((level for level in levels if abs(level + low - 1) < 1e-9), None)
        if high is not None:
            found.append((round(high - low, 6), table[low], table[high]))
    return found


def headline(table: pd.DataFrame) -> tuple[float, pd.Series, pd.Series] | None:
    """Return the 80 % band, or the one nearest to it."""
    found = pairs(table)
    return min(found, key=lambda pair: abs(pair[0] - HEADLINE)) if found else None


def shade(ax: Axes, table: pd.DataFrame, color: str, *, only_headline: bool = False) -> list[Patch]:
    """Shade the bands of one scenario; return the key."""
    wanted = [pair for pair in [headline(table)] if pair] if only_headline else pairs(table)
    years = table.index.to_numpy(float)
    for _, low, high in wanted:
        ax.fill_between(years, low.to_numpy(), high.to_numpy(), color=color, alpha=SHADES[0], linewidth=0, zorder=1)
    stacked = 1 - (1 - SHADES[0]) ** np.arange(1, len(wanted) + 1)
    return [
        Patch(facecolor=color, alpha=float(alpha), linewidth=0, label=band_name(share))
        for alpha, (share, _, _) in zip(stacked, wanted, strict=True)
    ]


def band_name(share: float) -> str:
    """Name the central band that holds a share."""
    return say("{0} % band", number(100 * share, 3))


def value_limits(tables: Iterable[pd.DataFrame], *, logarithmic: bool) -> tuple[float, float]:
    """Limits of a value axis that hold all bands with a little room."""
    values = np.concatenate([table.to_numpy(float).ravel() for table in tables])
    least, most = float(np.nanmin(values)), float(np.nanmax(values))
    return (least / 1.15, most * 1.15) if logarithmic else (min(0.0, least), most * 1.05)


def line_points(tables: Sequence[pd.Series]) -> list[tuple[float, float]]:
    """Places along lines, close together, on which no label should be written."""
    places: list[tuple[float, float]] = []
    for line in tables:
        years = line.index.to_numpy(float)
        values = line.to_numpy(float)
        fine = np.linspace(years[0], years[-1], 12 * max(1, len(years) - 1) + 1)
        places += list(zip(fine.tolist(), np.interp(fine, years, values).tolist(), strict=True))
    return places


def end_labels(name: str, table: pd.DataFrame, color: str) -> list[Label]:
    """Labels of the headline band and the median in the last year."""
    year, last = float(table.index[-1]), float(median(table).iloc[-1])
    text = f"{name} {number(last)}" if name else say("median {0}", number(last))
    labels = [Label(year, last, text, color, bold=True)]
    band = headline(table)
    if band:
        share, low, high = band
        labels += [
            Label(year, float(edge.iloc[-1]), f"P{number(100 * level, 3)} {number(float(edge.iloc[-1]))}", color)
            for level, edge in (((1 - share) / 2, low), ((1 + share) / 2, high))
        ]
    return labels
