"""The Richards S-curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from forecast.growth.curve import SaturatingCurve, column, never_infinite, raise_problems

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from forecast.growth.curve import Array


@dataclass(frozen=True)
class Richards(SaturatingCurve):
    r"""An S-curve whose inflection may lie at any share of the ceiling.

    .. math:: y(t) = K \left(1 + \nu w e^{-r t}\right)^{-1/\nu}, \quad w = \frac{(K/y_0)^\nu - 1}{\nu}, \quad
              y' = r y \frac{1 - (y/K)^\nu}{\nu}

    Special cases: ν = 1 is the logistic curve, ν = 0 the Gompertz curve (the limit is taken exactly), ν = -1 the
    saturating exponential without an inflection; below 0 the curve is 0 before its onset. It is steepest
    at :math:`K (1 + \nu)^{-1/\nu}`. Above 0 and from a start above the ceiling it has a pole, before the start (after
    it, where r is negative), beyond which the path is infinite.

    Parameters
    ----------
    rate
        Rate r a year.
    ceiling
        Ceiling K, in the unit of the start value.
    asymmetry
        Exponent ν, at least -1: the larger, the later the inflection.

    References
    ----------
    Richards, F. J. (1959), doi:10.1093/jxb/10.2.290.

    Examples
    --------
    >>> Richards(rate=0.4, ceiling=100, asymmetry=0.25).path(5, [0, 5, 10]).round(2).tolist()
    [5.0, 57.0, 92.23]
    """

    rate: float | Array
    ceiling: float | Array
    asymmetry: float | Array

    def __post_init__(self) -> None:
        low = self._require("asymmetry", above=-1, at_least=True)
        raise_problems(self._finite("rate") + self._require("ceiling") + low)

    def path(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        room = column(special.boxcox(np.asarray(self.ceiling, float) / np.asarray(start, float), self.asymmetry))
        left = room * np.exp(-column(self.rate) * np.asarray(elapsed, float))
        begun = 1 + column(self.asymmetry) * left > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            path = column(self.ceiling) / special.inv_boxcox(left, column(self.asymmetry))
            return np.where(begun, path, np.where(column(self.asymmetry) > 0, np.inf, 0.0))

    def slope(self, value: ArrayLike) -> Array:
        size = np.asarray(value, float)
        return np.asarray(self.rate * size * -special.boxcox(size / self.ceiling, self.asymmetry))

    def inflection_value(self) -> Array:
        with np.errstate(divide="ignore"):
            share = 1 / special.inv_boxcox(np.ones(()), np.asarray(self.asymmetry, float))
        return np.where(np.asarray(self.asymmetry) > -1, self.ceiling * share, np.nan)

    def time_to(self, start: ArrayLike, value: ArrayLike) -> Array:
        ceiling = np.asarray(self.ceiling, float)
        with np.errstate(divide="ignore", invalid="ignore"):
            ahead = special.boxcox(ceiling / np.asarray(value, float), self.asymmetry)
            room = special.boxcox(ceiling / np.asarray(start, float), self.asymmetry)
            return never_infinite(-np.log(ahead / room) / self.rate)
