"""A linear trend that dies out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.errors import Problem
from forecast.growth.curve import Curve, column, never_infinite, raise_problems

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from forecast.growth.curve import Array


def damped_years(damping: ArrayLike, elapsed: ArrayLike) -> Array:
    r"""Years of undiminished trend that a damped trend is worth: :math:`\varphi (1 - \varphi^t) / (1 - \varphi)`.

    Examples
    --------
    >>> damped_years(0.5, [1, 2, 3]).tolist()
    [0.5, 0.75, 0.875]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        log_damping = np.log(column(damping))
        summed = column(damping) * np.expm1(log_damping * np.asarray(elapsed, float)) / np.expm1(log_damping)
    return np.where(log_damping == 0, np.asarray(elapsed, float), summed)


@dataclass(frozen=True)
class Damped(Curve):
    r"""A trend whose yearly amount shrinks by a constant factor (Gardner's damped trend).

    .. math:: y(t) = y_0 + b \sum_{i=1}^{t} \varphi^i = y_0 + b\,\varphi\,\frac{1 - \varphi^t}{1 - \varphi}

    Parameters
    ----------
    slope
        Amount a year before damping, in the unit of the start value.
    damping
        Factor φ from year to year, above 0 and at most 1 (1 is the straight line).

    References
    ----------
    Gardner, E. S., McKenzie, E. (1985), doi:10.1287/mnsc.31.10.1237.

    Examples
    --------
    >>> Damped(slope=10, damping=0.9).path(100, [0, 1, 5]).round(2).tolist()
    [100.0, 109.0, 136.86]
    """

    slope: float | Array
    damping: float | Array

    def __post_init__(self) -> None:
        problems = self._finite("slope") + self._require("damping")
        if not problems and np.any(np.asarray(self.damping) > 1):
            largest = float(np.max(np.asarray(self.damping)))
            problems.append(Problem("damped, damping", f"{largest:g}", "above 0 and at most 1"))
        raise_problems(problems)

    def path(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        return column(start) + column(self.slope) * damped_years(self.damping, elapsed)

    def limit(self, start: ArrayLike) -> Array:
        """Value that the path tends to; infinite without damping."""
        with np.errstate(divide="ignore"):
            odds = np.asarray(self.damping, float) / (1 - np.asarray(self.damping, float))
        return np.asarray(start, float) + np.asarray(self.slope, float) * odds

    def time_to(self, start: ArrayLike, value: ArrayLike) -> Array:
        damping = np.asarray(self.damping, float)
        with np.errstate(divide="ignore", invalid="ignore"):
            years = (np.asarray(value, float) - np.asarray(start, float)) / np.asarray(self.slope, float)
            bent = np.log1p(-years * (1 - damping) / damping) / np.log(damping)
        return never_infinite(np.where(damping == 1, years, bent))
