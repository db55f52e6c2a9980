"""Sobol shares by year: which input carries the spread, and when."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from forecast.figures.alternative import describe
from forecast.figures.areas import by_year, draw_areas, last_year_in_words
from forecast.figures.language import say, word
from forecast.figures.style import drawing, full_title, own_title
from forecast.figures.tables import checked, scenario_of


def sobol_by_year(table: pd.DataFrame, *, quantity: str, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Stack the first-order (or Shapley) shares of the variance of each year.

    Shares below zero, which are noise, count as 0; shares that add up to more than 1 are scaled to 1; what is missing
    to 1 is what the inputs do together.

    Parameters
    ----------
    table
        One row a year and input: `year`, `input`, `share` of the variance, as a fraction.
    quantity
        What varies, such as "Market size".
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
    >>> table = pd.DataFrame({"year": [2025, 2030] * 2, "input": ["fade"] * 2 + ["shift"] * 2, "share": .4})
    >>> sobol_by_year(table, quantity="Market").get_ylabel()
    'share of the variance'
    """
    rows = checked(table, "sobol_by_year", texts=["input"], numbers=["year", "share"])
    quantity = word(quantity)
    shares = by_year(rows, "input", "share", "sobol_by_year").clip(lower=0.0)
    shares = shares.div(shares.sum(axis=1).clip(lower=1.0), axis=0)
    with drawing(ax) as axes:
        draw_areas(axes, shares, rest=say("acting together"))
        axes.set_ylabel(say("share of the variance"))
        carries = say("Which input carries the spread: {0}", quantity)
        own_title(axes, title or full_title(carries, scenario=scenario_of(rows)))
        year, parts = f"{shares.index[-1]:.0f}", last_year_in_words(shares)
        listed = ", ".join(f"{name} {share}" for name, share in parts.items())
        describe(axes, say("Shares of the variance of {0} by year; in {1}: {2}.", quantity, year, listed))
    return axes
