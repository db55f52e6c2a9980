"""PIT histogram: where in their forecast distributions the outcomes fell."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray
from scipy.special import bdtrik

from forecast.errors import ArgumentError, Problem
from forecast.figures.alternative import describe
from forecast.figures.language import say
from forecast.figures.style import BLUE, GREY, INK, drawing, key_below, own_title, percent, stroke
from forecast.figures.tables import checked

Array = NDArray[np.float64]


def pit(table: pd.DataFrame, *, bins: int = 10, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the histogram of probability integral transforms, with the band in which chance alone keeps 90 % of bars.

    Level bars are good; a hump means bands too wide, a hollow too narrow, a slope a bias.

    Parameters
    ----------
    table
        One row an outcome: `pit`, the forecast probability of at most what came, 0 to 1.
    bins
        Number of bars.
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

    References
    ----------
    Gneiting, T., Balabdaoui, F. and Raftery, A. E. (2007), "Probabilistic forecasts, calibration and sharpness",
    doi:10.1111/j.1467-9868.2007.00587.x.

    Examples
    --------
    >>> len(pit(pd.DataFrame({"pit": [0.05, 0.35, 0.65, 0.95]}), bins=4).patches)
    4
    """
    values = _checked(table, bins)
    with drawing(ax) as axes:
        key = _draw_bars(axes, values, bins)
        axes.set_xlabel(say("forecast probability of at most what came"))
        axes.set_ylabel(say("share of {0} outcomes", len(values)))
        key_below(axes, key)
        own_title(axes, title or say("Where the outcomes fell in their forecasts"))
        describe(axes, _in_words(values))
    return axes


def _checked(table: pd.DataFrame, bins: int) -> Array:
    values = checked(table, "pit", numbers=["pit"])["pit"].to_numpy(float)
    outside = np.flatnonzero((values < 0) | (values > 1))
    problems = [Problem(f"pit: row {row}, pit", f"{values[row]:g}", "0 to 1") for row in outside]
    problems += [Problem("pit: bins", str(bins), "a whole number above 1")] if bins < 2 else []
    if problems:
        raise ArgumentError(problems)
    return values


def _draw_bars(ax: Axes, values: Array, bins: int) -> list[Artist]:
    counts, edges = np.histogram(values, bins=bins, range=(0, 1))
    ax.bar(edges[:-1], counts / values.size, width=0.96 / bins, align="edge", color=BLUE, zorder=2)
    low, high = np.ceil(bdtrik([0.05, 0.95], values.size, 1 / bins)) / values.size
    chance = ax.fill_between([0, 1], low, high, color=GREY, alpha=0.25, linewidth=0, zorder=3)
    level = ax.axhline(1 / bins, color=INK, linewidth=stroke(1.2), linestyle=(0, (4, 3)), zorder=4)
    chance.set_label(say("chance alone, 90 %"))
    level.set_label(say("well calibrated"))
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    return [level, chance]


def _in_words(values: Array) -> str:
    inside = float(((values >= 0.1) & (values <= 0.9)).mean())
    below = float((values < 0.5).mean())
    return say("PIT histogram of {0} outcomes: {1} inside the 80 % band, {2} below the median.",
               values.size, percent(inside), percent(below))  # fmt: skip
