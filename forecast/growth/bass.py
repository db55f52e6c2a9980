"""The Bass diffusion curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.errors import Problem
from forecast.growth.curve import SaturatingCurve, column, never_infinite, raise_problems

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from forecast.growth.curve import Array


@dataclass(frozen=True)
class Bass(SaturatingCurve):
    r"""Diffusion through innovators, who need no example, and imitators, who follow those before them.

    .. math:: F' = (p + qF)(1 - F), \quad y = m F, \quad
              F(t) = \frac{p(1 - E) + F_0 (q + pE)}{p + qE + qF_0 (1 - E)}, \quad E = e^{-(p+q)t}

    From :math:`F_0 = 0` this is Bass's :math:`(1 - E)/(1 + (q/p)E)`. With q = 0 it is the saturating exponential,
    with p = 0 the logistic curve. Yearly sales to first buyers are the `additions` of the path. From a start above the
    ceiling it has a pole before the start, beyond which the path is infinite.

    Parameters
    ----------
    innovation
        Coefficient p a year, at least 0.
    imitation
        Coefficient q a year, above -p.
    ceiling
        All who will ever adopt, m, in the unit of the start value.

    References
    ----------
    Bass, F. M. (1969), doi:10.1287/mnsc.15.5.215.

    Examples
    --------
    >>> curve = Bass(innovation=0.03, imitation=0.38, ceiling=100)
    >>> curve.path(0, [0, 1, 5, 10]).round(2).tolist()
    [0.0, 3.58, 33.12, 81.28]
    >>> round(float(curve.inflection_time(0)), 2), round(float(curve.steepest_slope()), 2)
    (6.19, 11.06)
    """

    innovation: float | Array
    imitation: float | Array
    ceiling: float | Array

    def __post_init__(self) -> None:
        problems = self._require("innovation", at_least=True) + self._finite("imitation") + self._require("ceiling")
        if not problems and np.any(np.asarray(self.innovation) + np.asarray(self.imitation) <= 0):
            problems.append(Problem("bass, imitation", f"{self.imitation}", "innovation + imitation above 0"))
        raise_problems(problems)

    def path(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        p, q, m = column(self.innovation), column(self.imitation), column(self.ceiling)
        exponent = -(p + q) * np.asarray(elapsed, float)
        gone, left, share = -np.expm1(exponent), np.exp(exponent), column(start) / m
        parts = p + q * left + q * share * gone
        with np.errstate(divide="ignore"):
            return np.where((parts > 0) | (share <= 1), m * (p * gone + share * (q + p * left)) / parts, np.inf)

    def slope(self, value: ArrayLike) -> Array:
        share = np.asarray(value, float) / self.ceiling
        return np.asarray(self.ceiling * (self.innovation + self.imitation * share) * (1 - share))

    def inflection_value(self) -> Array:
        p, q = np.asarray(self.innovation, float), np.asarray(self.imitation, float)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(q > 0, self.ceiling * (q - p) / (2 * q), np.nan)

    def peak_time(self, start: ArrayLike = 0.0) -> Array:
        """Years from the start value to the largest sales; negative where they only fall."""
        return self.inflection_time(start)

    def time_to(self, start: ArrayLike, value: ArrayLike) -> Array:
        p, q, m = (np.asarray(v, float) for v in (self.innovation, self.imitation, self.ceiling))
        begun, reached = np.asarray(start, float) / m, np.asarray(value, float) / m
        with np.errstate(divide="ignore", invalid="ignore"):
            left = (p + q * begun) * (1 - reached) / ((1 - begun) * (p + q * reached))
            return never_infinite(-np.log(left) / (p + q))
