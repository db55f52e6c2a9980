"""Ridges: the whole distribution of a number, one row for each way of asking."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtri

from forecast.errors import ArgumentError, Problem
from forecast.figures.alternative import describe
from forecast.figures.language import say, word
from forecast.figures.rows import name_rows, number_column, row_lines
from forecast.figures.style import BLUE, INK, drawing, full_title, interval, number, own_title, stroke, value_axis
from forecast.figures.tables import checked

Array = NDArray[np.float64]

LEAST_LEVELS = 5


def ridge(
    table: pd.DataFrame, *, unit: str, year: int | None = None, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw one density a row, with the median and the 80 % interval marked.

    The density is that of the curve through the normal scores of the given quantiles; on a logarithmic axis it is
    the density of the logarithm.

    Parameters
    ----------
    table
        Quantiles: `label`, one ridge each; `level`, above 0 and below 1, at least five a label; `value` in `unit`,
        increasing with the level.
    unit
        What the numbers are in, such as "USD bn".
    year
        Year of the numbers, named in the title.
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
    >>> table = pd.DataFrame({"label": "2030", "level": [.05, .25, .5, .75, .95], "value": [60, 68, 73, 78, 86]})
    >>> ridge(table, unit="USD bn").get_xlabel()
    'USD bn'
    """
    rows = checked(table, "ridge", texts=["label"], numbers=["level", "value"])
    quantiles = {str(name): own.sort_values("level") for name, own in rows.groupby("label", sort=False)}
    _check(quantiles)
    names = [word(name) for name in quantiles]
    unit = word(unit)
    with drawing(ax, rows=1.6 * row_lines(names)) as axes:
        logarithmic = value_axis(axes, "x", rows["value"], unit)
        name_rows(axes, names)
        axes.set_ylim(len(names) - 0.5, -0.75)
        shapes = [_shape(own, logarithmic=logarithmic) for own in quantiles.values()]
        tallest = max(float(density.max()) for _, density, _ in shapes)
        for place, shape in enumerate(shapes):
            _draw_ridge(axes, place, shape, 0.95 / tallest)
        spans = [_span(at) for _, _, at in shapes]
        number_column(axes, [f"{number(middle)} ({interval(low, high)})" for low, middle, high in spans],
                      head=say("median (80 %)"))  # fmt: skip
        own_title(axes, title or full_title(_title(year), unit=unit))
        describe(axes, _in_words(names, spans, unit))
    return axes


def _title(year: int | None) -> str:
    return say("The whole distribution") if year is None else say("The whole distribution for {0}", year)


def _check(quantiles: dict[str, pd.DataFrame]) -> None:
    problems = []
    for name, own in quantiles.items():
        if len(own) < LEAST_LEVELS or not own["level"].between(0, 1, inclusive="neither").all():
            found = f"{len(own)} levels from {own['level'].min():g} to {own['level'].max():g}"
            problems.append(
                Problem(f"ridge: {name}, level", found, f"at least {LEAST_LEVELS} levels above 0 and below 1")
            )
        elif (own["value"].diff().iloc[1:] <= 0).any() or (own["level"].diff().iloc[1:] <= 0).any():
            problems.append(
                Problem(f"ridge: {name}, value", "values that do not rise with the level", "rising quantiles")
            )
    if problems:
        raise ArgumentError(problems)


def _shape(own: pd.DataFrame, *, logarithmic: bool) -> tuple[Array, Array, Any]:
    """Places, densities and the quantile function of one ridge."""
    values = own["value"].to_numpy(float)
    places = np.log(values) if logarithmic else values
    scores = ndtri(own["level"].to_numpy(float))
    curve = PchipInterpolator(places, scores)
    fine = np.linspace(places[0], places[-1], 300)
    density = np.exp(-(curve(fine) ** 2) / 2) * curve.derivative()(fine)
    back = PchipInterpolator(scores, places)
    smooth = np.convolve(np.pad(density, 12, mode="edge"), np.hanning(25) / np.hanning(25).sum(), mode="valid")
    unlog = np.exp if logarithmic else np.asarray
    return unlog(fine), smooth, lambda level: float(unlog(back(np.clip(ndtri(level), scores[0], scores[-1]))))


def _span(at: Any) -> tuple[float, float, float]:
    return at(0.1), at(0.5), at(0.9)


def _draw_ridge(ax: Axes, place: int, shape: tuple[Array, Array, Any], scale: float) -> None:
    across, density, at = shape
    foot = place + 0.4
    height = foot - density * scale
    ax.fill_between(across, foot, height, color=BLUE, alpha=0.3, linewidth=0, zorder=2)
    ax.plot(across, height, color=BLUE, linewidth=stroke(1.4), zorder=3)
    low, middle, high = _span(at)
    ax.plot([low, high], [foot, foot], color=INK, linewidth=stroke(2.4), solid_capstyle="butt", zorder=4)
    ax.plot([middle, middle], [foot, foot - float(np.interp(middle, across, density)) * scale], color=INK, zorder=4)


def _in_words(names: list[str], spans: list[tuple[float, float, float]], unit: str) -> str:
    parts = [say("Densities, in {0}.", unit)]
    parts += [
        say("{0}: median {1} ({2}).", name, number(middle), interval(low, high))
        for name, (low, middle, high) in zip(names, spans, strict=True)
    ]
    return " ".join(parts)
