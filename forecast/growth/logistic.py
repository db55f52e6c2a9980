"""The logistic S-curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.growth.curve import SaturatingCurve, column, never_infinite, raise_problems

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from forecast.growth.curve import Array


@dataclass(frozen=True)
class Logistic(SaturatingCurve):
    r"""Growth in proportion to the size reached and to the room left.

    .. math:: y(t) = \frac{K}{1 + (K/y_0 - 1) e^{-r t}}, \quad y' = r y (1 - y/K)

    It is steepest at half of the ceiling, with slope rK/4. From a start above the ceiling it has a pole, before the
    start (after it, where r is negative), beyond which the path is infinite.

    Parameters
    ----------
    rate
        Rate r a year that growth would have without a ceiling (continuous).
    ceiling
        Ceiling K, in the unit of the start value.

    References
    ----------
    Verhulst, P.-F. (1845), "Recherches mathématiques sur la loi d'accroissement de la population".

    Examples
    --------
    >>> curve = Logistic(rate=0.5, ceiling=100)
    >>> curve.path(5, [0, 6, 12]).round(2).tolist()
    [5.0, 51.39, 95.5]
    >>> round(float(curve.inflection_time(5)), 3)
    5.889
    """

    rate: float | Array
    ceiling: float | Array

    def __post_init__(self) -> None:
        raise_problems(self._finite("rate") + self._require("ceiling"))

    def path(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        room = column(np.asarray(self.ceiling, float) / np.asarray(start, float) - 1)
        with np.errstate(over="ignore", divide="ignore"):
            parts = 1 + room * np.exp(-column(self.rate) * np.asarray(elapsed, float))
            return np.where(parts > 0, column(self.ceiling) / parts, np.inf)

    def slope(self, value: ArrayLike) -> Array:
        size = np.asarray(value, float)
        return np.asarray(self.rate, float) * size * (1 - size / self.ceiling)

    def inflection_value(self) -> Array:
        return np.asarray(self.ceiling, float) / 2

    def time_to(self, start: ArrayLike, value: ArrayLike) -> Array:
        ceiling = np.asarray(self.ceiling, float)
        with np.errstate(divide="ignore", invalid="ignore"):
            room = (ceiling / np.asarray(value, float) - 1) / (ceiling / np.asarray(start, float) - 1)
            return never_infinite(-np.log(room) / self.rate)
