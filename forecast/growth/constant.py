"""Constant growth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.growth.curve import Curve, column, never_infinite, raise_problems

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from forecast.growth.curve import Array


@dataclass(frozen=True)
class Constant(Curve):
    r"""The same compound growth every year.

    .. math:: y(t) = y_0 (1 + g)^t

    Parameters
    ----------
    growth
        Compound growth a year, above -1.

    Examples
    --------
    >>> Constant(0.12).path(100, [0, 1, 2]).round(2).tolist()
    [100.0, 112.0, 125.44]
    >>> round(float(Constant(0.12).doubling_time()), 2)
    6.12
    """

    growth: float | Array

    def __post_init__(self) -> None:
        raise_problems(self._require("growth", above=-1))

    def path(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        return column(start) * np.exp(column(np.log1p(self.growth)) * np.asarray(elapsed, float))

    def time_to(self, start: ArrayLike, value: ArrayLike) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            years = np.log(np.asarray(value, float) / np.asarray(start, float)) / np.log1p(self.growth)
        return never_infinite(years)
