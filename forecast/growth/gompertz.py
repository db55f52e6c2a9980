"""The Gompertz S-curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.growth.curve import SaturatingCurve, column, never_infinite, raise_problems

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from forecast.growth.curve import Array


@dataclass(frozen=True)
class Gompertz(SaturatingCurve):
    r"""Log growth that falls exponentially: an S-curve that is steep early and long in its approach.

    .. math:: y(t) = K (y_0 / K)^{e^{-r t}}, \quad y' = r y \ln(K/y)

    It is steepest at K/e, with slope rK/e.

    Parameters
    ----------
    rate
        Rate r a year at which the log distance to the ceiling shrinks.
    ceiling
        Ceiling K, in the unit of the start value.

    References
    ----------
    Winsor, C. P. (1932), doi:10.1073/pnas.18.1.1.

    Examples
    --------
    >>> Gompertz(rate=0.3, ceiling=100).path(5, [0, 5, 20]).round(2).tolist()
    [5.0, 51.25, 99.26]
    """

    rate: float | Array
    ceiling: float | Array

    def __post_init__(self) -> None:
        raise_problems(self._finite("rate") + self._require("ceiling"))

    def path(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        return np.exp(self.log_path(start, elapsed))

    def log_path(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            begun = column(np.log(np.asarray(start, float)))
            gone = -np.expm1(-column(self.rate) * np.asarray(elapsed, float))
            below = np.log(column(self.ceiling)) - begun
            return np.asarray(np.where(np.isinf(begun), begun, begun + below * gone))

    def slope(self, value: ArrayLike) -> Array:
        size = np.asarray(value, float)
        return np.asarray(self.rate, float) * size * np.log(self.ceiling / size)

    def inflection_value(self) -> Array:
        return np.asarray(self.ceiling, float) / np.e

    def time_to(self, start: ArrayLike, value: ArrayLike) -> Array:
        ceiling = np.asarray(self.ceiling, float)
        with np.errstate(divide="ignore", invalid="ignore"):
            left = np.log(ceiling / np.asarray(value, float)) / np.log(ceiling / np.asarray(start, float))
            return never_infinite(-np.log(left) / self.rate)
