"""Band decomposition: where the width of the band comes from, year by year."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from forecast.errors import ArgumentError, Problem
from forecast.figures.alternative import describe
from forecast.figures.areas import by_year, draw_areas, last_year_in_words
from forecast.figures.language import say
from forecast.figures.style import drawing, full_title, own_title
from forecast.figures.tables import checked, scenario_of


def band_parts(table: pd.DataFrame, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Stack the parts of the variance of the log market, as shares of each year's total.

    Parameters
    ----------
    table
        One row a year and part: `year`; `part`, such as "between publishers"; `variance` of the log market, not
        negative. The parts are stacked in the order of the table, from the bottom.
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
    >>> table = pd.DataFrame({"year": [2025, 2030], "part": "growth", "variance": [0.1, 0.3]})
    >>> band_parts(table).get_ylabel()
    'share of the variance'
    """
    rows = checked(table, "band_parts", texts=["part"], numbers=["year", "variance"])
    variances = by_year(rows, "part", "variance", "band_parts")
    _check(variances)
    shares = variances.div(variances.sum(axis=1), axis=0)
    with drawing(ax) as axes:
        draw_areas(axes, shares)
        axes.set_ylabel(say("share of the variance"))
        plain = say("Where the width of the band comes from")
        own_title(axes, title or full_title(plain, scenario=scenario_of(rows)))
        listed = ", ".join(f"{name} {share}" for name, share in last_year_in_words(shares).items())
        describe(axes, say("Parts of the band by year; in {0}: {1}.", f"{shares.index[-1]:.0f}", listed))
    return axes


def _check(variances: pd.DataFrame) -> None:
    problems = []
    if (variances < 0).any(axis=None):
        problems.append(Problem("band_parts: variance", f"{variances.min().min():g}", "0 or more"))
    if (variances.sum(axis=1) <= 0).any():
        years = ", ".join(f"{year:.0f}" for year in variances.index[variances.sum(axis=1) <= 0])
        problems.append(
            Problem("band_parts: variance", f"no variance at all in {years}", "a total above 0 in each year")
        )
    if problems:
        raise ArgumentError(problems)
