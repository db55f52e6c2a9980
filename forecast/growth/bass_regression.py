"""Bass's own estimate of his curve: a regression of sales on cumulative sales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.errors import ArgumentError, Problem
from forecast.growth.annual import AnnualSeries, History, read_history


@dataclass(frozen=True)
class BassRegression:
    """Bass's regression, and whether it makes sense.

    Parameters
    ----------
    intercept, linear, quadratic
        Coefficients a, b, c.
    r_squared
        Share of the variance of sales explained.
    ceiling, innovation, imitation
        What the coefficients say of m, p and q; not a number where they say nothing.
    verdict
        Whether that can be believed, in words.
    """

    intercept: float
    linear: float
    quadratic: float
    r_squared: float
    ceiling: float
    innovation: float
    imitation: float
    verdict: str

    @property
    def sound(self) -> bool:
        """Whether all three parameters are above 0."""
        return bool(self.ceiling > 0 and self.innovation > 0 and self.imitation > 0)


def bass_regression(sales: History) -> BassRegression:
    r"""Estimate a Bass curve as Bass did in 1969, by ordinary least squares.

    .. math:: S_t = a + b N_{t-1} + c N_{t-1}^2, \quad
              m = \frac{-b - \sqrt{b^2 - 4ac}}{2c}, \quad p = a/m, \quad q = -mc

    It needs no starting values, but nothing keeps its parameters above 0, it puts a year's growth on the year
    before, and its standard errors are not those of m, p and q. `fit_growth(sales, "bass", observed="additions")`
    is the better estimate; this one explains older literature.

    Parameters
    ----------
    sales
        First purchases a year: Series indexed by year, or DataFrame with the columns `year` and `value`; without
        gaps, from the launch on.

    Raises
    ------
    ArgumentError
        If the sales are at fault or years are missing.

    References
    ----------
    Bass, F. M. (1969), doi:10.1287/mnsc.15.5.215.

    Examples
    --------
    >>> import pandas as pd
    >>> found = bass_regression(pd.Series([2.0, 2, 2, 3, 4, 9, 7, 16, 23, 24, 15, 6, 5, 1], range(1965, 1979)))
    >>> found.sound, found.verdict.split(":")[0]
    (False, 'The coefficient of innovation is negative (p = -0.0061)')
    """
    series = read_history(sales, least=4, flow=True)
    _refuse_gaps(series)
    before = np.cumsum(series.values) - series.values
    size = float(np.sum(series.values))
    design = np.stack([np.ones_like(before), before / size, (before / size) ** 2], axis=1)
    a, b, c = np.linalg.lstsq(design, series.values, rcond=None)[0] / np.array([1.0, size, size**2])
    left = series.values - design @ (np.array([a, b, c]) * np.array([1.0, size, size**2]))
    spread = np.sum((series.values - series.values.mean()) ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        ceiling = (-b - np.sqrt(b**2 - 4 * a * c)) / (2 * c)
        r_squared = 1 - np.sum(left**2) / spread
    found = (float(ceiling), float(a / ceiling), float(-ceiling * c))
    return BassRegression(float(a), float(b), float(c), float(r_squared), *found, _verdict(c, *found))


def _verdict(quadratic: float, ceiling: float, innovation: float, imitation: float) -> str:
    instead = 'fit_growth(sales, "bass", observed="additions") keeps it above 0.'
    if quadratic >= 0:
        return (
            "Sales do not bend down as they add up: the regression sees no ceiling; give one as a prior to fit_growth."
        )
    if np.isnan(ceiling):
        return "The parabola never meets zero: the regression has no ceiling; use fit_growth."
    if innovation <= 0:
        found = f"The coefficient of innovation is negative (p = {innovation:.4f})"
        return f"{found}: the first sales lie below the parabola through the later ones; {instead}"
    if imitation <= 0:
        return f"The coefficient of imitation is not above 0 (q = {imitation:.4f}): sales only fall."
    return "All coefficients have the signs they should have."


def _refuse_gaps(series: AnnualSeries) -> None:
    years = series.years
    wanted = np.arange(years[0], years[-1] + 1)
    missing = np.setdiff1d(wanted, years)
    if missing.size:
        remedy = "fill them in; cumulative sales need every year"
        raise ArgumentError([Problem(f"{series.place}, year {y:g}", "no value", "every year", remedy) for y in missing])
