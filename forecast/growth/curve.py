"""What every growth curve offers: a path through its start value, and what follows from the path alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from forecast.errors import ArgumentError, Problem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]


class Curve(ABC):
    """A path of market size through its start value.

    Parameters go into the constructor and may be numbers or arrays of any one shape (broadcast with `start`). Time
    is `elapsed`: years since the start value, of shape (years,) or (..., years). Growth parameters are compound
    rates a year (0.12 = 12 %).
    """

    @abstractmethod
    def path(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        """Value after `elapsed` years, shape (..., years), in the unit of `start`."""

    @abstractmethod
    def time_to(self, start: ArrayLike, value: ArrayLike) -> Array:
        """Years until the curve passes `value`: negative before the start, infinite where it never does."""

    def log_path(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        """Natural logarithm of `path`."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(self.path(start, elapsed))

    def additions(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        """Change of the path over the year that ends after `elapsed` years."""
        ends = np.asarray(elapsed, float)
        return self.path(start, ends) - self.path(start, ends - 1)

    def cagr(self, start: ArrayLike, first: ArrayLike, last: ArrayLike) -> Array:
        """Compound annual growth rate implied between `first` and `last`, in years since the start value.

        Not a number where both are the same, and where the curve is 0 or infinite in `first`.
        """
        begin, end = np.asarray(first, float)[..., None], np.asarray(last, float)[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            grown = self.log_path(start, end) - self.log_path(start, begin)
            return np.asarray(np.expm1(grown / np.where(end == begin, np.nan, end - begin)))[..., 0]

    def doubling_time(self, start: ArrayLike = 1.0) -> Array:
        """Years until twice the start value; negative where the curve falls."""
        return self.time_to(start, 2 * np.asarray(start, float))

    def _require(self, *names: str, above: float = 0.0, at_least: bool = False) -> list[Problem]:
        """Problems of the named parameters that are not above a bound."""
        rule = "at least" if at_least else "above"
        return [
            Problem(f"{type(self).__name__.lower()}, {name}", _shown(value), f"finite and {rule} {above:g}")
            for name, value in ((name, np.asarray(getattr(self, name), float)) for name in names)
            if not np.all(np.isfinite(value) & ((value >= above) if at_least else (value > above)))
        ]

    def _finite(self, *names: str) -> list[Problem]:
        """Problems of the named parameters that are not finite."""
        return [
            Problem(f"{type(self).__name__.lower()}, {name}", _shown(getattr(self, name)), "a finite number")
            for name in names
            if not np.all(np.isfinite(np.asarray(getattr(self, name), float)))
        ]


class SaturatingCurve(Curve):
    """A curve that levels off at its `ceiling`.

    From a start above it, the curve falls to its ceiling; followed back (or forward, where its rate is negative) such
    a curve grows beyond all bounds within finite time, and its path is infinite from there on.
    """

    ceiling: float | Array

    @abstractmethod
    def slope(self, value: ArrayLike) -> Array:
        """Momentary change a year where the curve stands at `value`."""

    @abstractmethod
    def inflection_value(self) -> Array:
        """Value at which the curve is steepest; not a number where it has no inflection."""

    def inflection_time(self, start: ArrayLike) -> Array:
        """Years from the start value to the inflection; negative where it has passed, nan where there is none.

        A curve that starts at its ceiling or above has none.
        """
        value = self.inflection_value()
        return np.where(np.isnan(value) | self._at_ceiling(start), np.nan, self.time_to(start, value))

    def steepest_slope(self, start: ArrayLike = 0.0) -> Array:
        """Change a year at the inflection, below 0 where the rate is; nan where there is no inflection.

        Parameters
        ----------
        start
            Start value, of which only matters whether it is below the ceiling.
        """
        return np.where(self._at_ceiling(start), np.nan, self.slope(self.inflection_value()))

    def _at_ceiling(self, start: ArrayLike) -> NDArray[np.bool_]:
        """Whether a start value is at the ceiling or above."""
        return np.asarray(start, float) >= np.asarray(self.ceiling, float)

    def time_to_share(self, start: ArrayLike, share: ArrayLike) -> Array:
        """Years until the curve passes a `share` of its ceiling."""
        return self.time_to(start, np.asarray(share, float) * np.asarray(self.ceiling, float))


def parameter_names(curve: type[Curve]) -> tuple[str, ...]:
    """Names of a curve's parameters, in the order of its constructor.

    Examples
    --------
    >>> from forecast.growth import Logistic
    >>> parameter_names(Logistic)
    ('rate', 'ceiling')
    """
    return tuple(field.name for field in fields(curve))  # type: ignore[arg-type]


def raise_problems(problems: list[Problem]) -> None:
    """Raise all problems of a curve's parameters at once, if there are any."""
    if problems:
        raise ArgumentError(problems)


def column(values: ArrayLike) -> Array:
    """Give numbers of shape (...) a last axis for the years."""
    return np.asarray(values, float)[..., None]


def never_infinite(years: Array) -> Array:
    """Years in which `nan`, a value that is never reached, reads infinite."""
    return np.where(np.isnan(years), np.inf, years)


def _shown(values: ArrayLike) -> str:
    numbers = np.atleast_1d(np.asarray(values, float)).ravel()
    return f"{numbers[0]:g}" if numbers.size == 1 else f"values from {numbers.min():g} to {numbers.max():g}"
