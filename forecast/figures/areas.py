"""Shares by year as stacked areas: the drawing that two figures have in common."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from forecast.errors import ArgumentError, Problem
from forecast.figures.labels import Label, label_ends
from forecast.figures.language import word
from forecast.figures.rows import wrapped
from forecast.figures.style import BLUE, GREEN, ORANGE, PURPLE, RED, RULE, SKY, percent, stroke, year_axis

COLORS = (BLUE, ORANGE, GREEN, SKY, RED, PURPLE, "#8a8a8a", "#5b4a8a", "#c9b26b")
LEAST = 0.005
"""A part that never has so large a share is drawn without its name."""

HATCHES = ("", "////", "", "xxxx", "", "\\\\\\\\", "", "", "")


def by_year(rows: pd.DataFrame, names: str, values: str, figure: str) -> pd.DataFrame:
    """Bring a tidy table into one row a year, one column a part, in the order of the table; a missing pair is 0."""
    if rows.duplicated(["year", names]).any():
        first = rows[rows.duplicated(["year", names])].iloc[0]
        found = f"{first[names]} in {first['year']:.0f} more than once"
        raise ArgumentError(Problem(f"{figure}: table", found, f"one row for each year and {names}"))
    wide = rows.pivot(index="year", columns=names, values=values).fillna(0.0).sort_index()
    if len(wide) < 2:
        raise ArgumentError(Problem(f"{figure}: year", f"{len(wide)} year", "at least 2 years"))
    return wide[list(dict.fromkeys(rows[names]))]


def draw_areas(ax: Axes, shares: pd.DataFrame, *, rest: str = "") -> None:
    """Stack shares of 1, name each at the right edge; what is missing to 1 stays pale and is called `rest`.

    Parameters
    ----------
    ax
        Axes to draw on.
    shares
        One row a year, one column a part.
    rest
        Name of what is missing to 1; nothing is drawn for it where empty.
    """
    years, values = shares.index.to_numpy(float), shares.to_numpy(float)
    edges = np.column_stack([np.zeros(len(values)), np.cumsum(values, axis=1)])
    for part in range(values.shape[1]):
        color, hatch = COLORS[part % len(COLORS)], HATCHES[part % len(HATCHES)]
        ax.fill_between(years, edges[:, part], edges[:, part + 1], facecolor=color, edgecolor="white",
                        hatch=hatch, linewidth=stroke(1), zorder=2)  # fmt: skip
    _frame(ax, years)
    middles = (edges[-1, 1:] + edges[-1, :-1]) / 2
    colors = dict(zip(shares.columns, COLORS * 9, strict=False))
    named = zip(shares.columns, middles, values[-1], strict=True)
    told = shares.columns[shares.max() >= LEAST]
    labels = [
        Label(years[-1], middle, f"{wrapped(word(str(name)), 28)} {percent(share)}", colors[name])
        for name, middle, share in named
        if name in told
    ]
    missing = 1 - edges[-1, -1]
    if rest and missing > 0.005:
        ax.fill_between(years, np.minimum(edges[:, -1], 1), 1, facecolor=RULE, linewidth=0, zorder=1)
        labels.append(Label(years[-1], 1 - missing / 2, f"{rest} {percent(missing)}", "#5f5f5f"))
    label_ends(ax, labels)


def _frame(ax: Axes, years: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    ax.set_xlim(years[0], years[-1])
    ax.set_ylim(0, 1)
    year_axis(ax, years)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    ax.grid(visible=False)


def last_year_in_words(shares: pd.DataFrame) -> Mapping[str, str]:
    """Shares of the last year by part, the largest first, as text."""
    last = shares.iloc[-1].sort_values(ascending=False, kind="stable")
    return {word(str(name)): percent(float(share)) for name, share in last.items() if share >= LEAST}
