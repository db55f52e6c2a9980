"""The same amount every year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.growth.curve import Curve, column, never_infinite, raise_problems

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from forecast.growth.curve import Array


@dataclass(frozen=True)
class Linear(Curve):
    r"""The same amount is added every year.

    .. math:: y(t) = y_0 + b t

    Parameters
    ----------
    slope
        Amount a year, in the unit of the start value.

    Examples
    --------
    >>> Linear(5).path(100, [0, 1, 2]).tolist()
    [100.0, 105.0, 110.0]
    """

    slope: float | Array

    def __post_init__(self) -> None:
        raise_problems(self._finite("slope"))

    def path(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        return column(start) + column(self.slope) * np.asarray(elapsed, float)

    def time_to(self, start: ArrayLike, value: ArrayLike) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            years = (np.asarray(value, float) - np.asarray(start, float)) / np.asarray(self.slope, float)
        return never_infinite(years)
