"""Quantities a sensitivity can be about: one number of a projected path each."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from forecast.distributions import Array
from forecast.errors import ArgumentError, ModelError, Problem, did_you_mean
from forecast.mixture import mixture_quantiles
from forecast.project import ScenarioPath
from forecast.wording import money as in_words
from forecast.wording import percent


@dataclass(frozen=True)
class Quantity(ABC):
    """One number of a projected path."""

    @abstractmethod
    def of(self, path: ScenarioPath) -> float:
        """Value for one scenario.

        Raises
        ------
        ArgumentError
            If the path does not reach the years asked about.
        ModelError
            If the quantity is undefined for the path.
        """

    def bounded(self, path: ScenarioPath) -> float:
        """Value for one setting among many: `of`, but where that is undefined for the setting alone, its bound."""
        return self.of(path)

    @abstractmethod
    def outcome(self, logs: Array, path: ScenarioPath) -> Array:
        """What comes on single paths; an amount as its logarithm, so that shares of its variance are those of factors.

        Parameters
        ----------
        logs
            Log market over the years of the path, shape (n, T).
        path
            The path, for its years.

        Returns
        -------
        Shape (n,).
        """

    def from_log(self, value: ArrayLike) -> Array:
        """The quantity, given what `outcome` gives."""
        return np.asarray(value, float)

    @property
    @abstractmethod
    def label(self) -> str:
        """What it is, for tables and figures."""

    @property
    def years(self) -> tuple[int, ...] | None:
        """Years it is about; None where every year counts."""
        return None

    @property
    @abstractmethod
    def spread(self) -> str:
        """What `outcome` spreads over, in words."""

    def unit(self, money: str) -> str:
        """Unit of the quantity, given that of money."""
        return money

    def drawn(self, money: str) -> tuple[float, str]:
        """Factor and unit by which pictures show it: shares and probabilities in percent."""
        return 1.0, self.unit(money)

    def show(self, value: float, money: str) -> str:
        """A value of the quantity in words, given the unit of money.

        Examples
        --------
        >>> Value(2030).show(71.04, "USD bn"), Cagr(2023, 2030).show(0.1768, "USD bn")
        ('USD 71.0 bn', '17.7 % a year')
        >>> YearAbove(50).show(2029.41, "USD bn"), Probability(50, 2030).show(0.625, "USD bn")
        ('2029.4', '62.5 %')
        """
        return in_words(value, money, 3)


@dataclass(frozen=True)
class Value(Quantity):
    """Quantile of the market in a year; the median where `level` is .5."""

    year: int
    level: float = 0.5

    def __post_init__(self) -> None:
        _check_years("Value", self.year)
        _check_level(self.level)

    @property
    def years(self) -> tuple[int, ...]:
        return (self.year,)

    def of(self, path: ScenarioPath) -> float:
        return float(self.from_log(_quantile(path, self.row(path), self.level)))

    def row(self, path: ScenarioPath) -> Array:
        """Coefficients of the log path, shape (1, T)."""
        return _row(path, {self.year: 1.0})

    def from_log(self, value: ArrayLike) -> Array:
        return np.exp(value)

    def outcome(self, logs: Array, path: ScenarioPath) -> Array:
        return logs[:, _position(path, self.year)]

    @property
    def label(self) -> str:
        return f"{_level_words(self.level)} of the market in {self.year}"

    @property
    def spread(self) -> str:
        return f"the market in {self.year}"


@dataclass(frozen=True)
class Cagr(Quantity):
    """Quantile of compound annual growth between two years, as a share per year."""

    start: int
    end: int
    level: float = 0.5

    def __post_init__(self) -> None:
        _check_years("Cagr", self.start, self.end)
        _check_level(self.level)
        if self.end <= self.start:
            raise ArgumentError(Problem("Cagr", f"from {self.start} to {self.end}", "an end year after the start year"))

    @property
    def years(self) -> tuple[int, ...]:
        return (self.start, self.end)

    def of(self, path: ScenarioPath) -> float:
        return float(self.from_log(_quantile(path, self.row(path), self.level)))

    def row(self, path: ScenarioPath) -> Array:
        """Coefficients of the log path, shape (1, T)."""
        rate = 1 / (self.end - self.start)
        return _row(path, {self.end: rate, self.start: -rate})

    def from_log(self, value: ArrayLike) -> Array:
        return np.expm1(value)

    def outcome(self, logs: Array, path: ScenarioPath) -> Array:
        return (logs[:, _position(path, self.end)] - logs[:, _position(path, self.start)]) / (self.end - self.start)

    @property
    def label(self) -> str:
        return f"{_level_words(self.level)} of growth a year {self.start}-{self.end}"

    @property
    def spread(self) -> str:
        return f"growth a year {self.start}-{self.end}"

    def unit(self, money: str) -> str:  # noqa: ARG002
        return "share per year"

    def drawn(self, money: str) -> tuple[float, str]:  # noqa: ARG002
        return 100.0, "% a year"

    def show(self, value: float, money: str) -> str:  # noqa: ARG002
        return f"{percent(value, 1)} a year"


@dataclass(frozen=True)
class Probability(Quantity):
    """Probability that the market is above an amount in a year."""

    above: float
    year: int

    def __post_init__(self) -> None:
        _check_amount("Probability, above", self.above)
        _check_years("Probability", self.year)

    @property
    def years(self) -> tuple[int, ...]:
        return (self.year,)

    def of(self, path: ScenarioPath) -> float:
        position = _position(path, self.year)
        below = path.mixture.cdf(np.full(len(path.years), math.log(self.above)))
        return 1 - float(below[position])

    def outcome(self, logs: Array, path: ScenarioPath) -> Array:
        return (logs[:, _position(path, self.year)] > math.log(self.above)).astype(float)

    @property
    def label(self) -> str:
        return f"Probability of more than {self.above:,g} in {self.year}"

    @property
    def spread(self) -> str:
        return f"whether it is more than {self.above:,g} in {self.year}"

    def unit(self, money: str) -> str:  # noqa: ARG002
        return "probability"

    def drawn(self, money: str) -> tuple[float, str]:  # noqa: ARG002
        return 100.0, "%"

    def show(self, value: float, money: str) -> str:  # noqa: ARG002
        return percent(value, 1)


@dataclass(frozen=True)
class YearAbove(Quantity):
    """Year in which a quantile of the market passes an amount, between two years by interpolation in logs.

    Where single settings of a sensitivity do not get there, the year after the last stands for that.
    """

    value: float
    level: float = 0.5

    def __post_init__(self) -> None:
        _check_amount("YearAbove, value", self.value)
        _check_level(self.level)

    def of(self, path: ScenarioPath) -> float:
        levels = path.mixture.quantiles([self.level])[:, 0] - math.log(self.value)
        if levels[0] >= 0:
            return float(path.years[0])
        above = np.flatnonzero(levels >= 0)
        if not len(above):
            raise ModelError(
                f"{self.label}: not reached by {path.years[-1]}; ask about a smaller amount or a later end"
            )
        after = int(above[0])
        return float(path.years[after] - levels[after] / (levels[after] - levels[after - 1]))

    def bounded(self, path: ScenarioPath) -> float:
        reached = path.mixture.quantiles([self.level])[:, 0].max() >= math.log(self.value)
        return self.of(path) if reached else float(path.years[-1] + 1)

    def outcome(self, logs: Array, path: ScenarioPath) -> Array:
        """First year above, between two years by interpolation; the year after the last where it stays below."""
        over = np.column_stack([logs - math.log(self.value), np.full(len(logs), np.inf)])
        after = (over >= 0).argmax(1)
        rows = np.arange(len(logs))
        below = over[rows, np.maximum(after - 1, 0)]
        with np.errstate(divide="ignore", invalid="ignore"):
            back = np.where(np.isfinite(over[rows, after]), over[rows, after] / (over[rows, after] - below), 0.0)
        return path.years[0] + after - np.where(after > 0, back, 0.0)

    @property
    def label(self) -> str:
        return f"Year in which the {_level_words(self.level).lower()} passes {self.value:,g}"

    @property
    def spread(self) -> str:
        return f"the year above {self.value:,g}"

    def unit(self, money: str) -> str:  # noqa: ARG002
        return "year"

    def show(self, value: float, money: str) -> str:  # noqa: ARG002
        return f"{value:.1f}"


@dataclass(frozen=True)
class Cumulative(Quantity):
    """Quantile of the sum over some years; each component's sum is taken as lognormal (Fenton 1960)."""

    start: int
    end: int
    level: float = 0.5

    def __post_init__(self) -> None:
        _check_years("Cumulative", self.start, self.end)
        _check_level(self.level)
        if self.end < self.start:
            found = f"from {self.start} to {self.end}"
            raise ArgumentError(Problem("Cumulative", found, "an end year not before the start year"))

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(range(self.start, self.end + 1))

    def of(self, path: ScenarioPath) -> float:
        span = slice(_position(path, self.start), _position(path, self.end) + 1)
        covariances = path.mixture.covariances[:, span, span]
        means = np.exp(path.mixture.means[:, span] + 0.5 * np.einsum("jtt->jt", covariances))
        total = means.sum(1)
        second = np.einsum("jt,ju,jtu->j", means, means, np.exp(covariances))
        variance = np.log(second / total**2)
        centre = np.log(total) - variance / 2
        sds = np.sqrt(np.maximum(variance, 1e-18))
        found = mixture_quantiles(path.mixture.weights, centre[:, None], sds[:, None], np.array([self.level]))
        return math.exp(found[0, 0])

    def outcome(self, logs: Array, path: ScenarioPath) -> Array:
        span = slice(_position(path, self.start), _position(path, self.end) + 1)
        return np.log(np.exp(logs[:, span]).sum(1))

    def from_log(self, value: ArrayLike) -> Array:
        return np.exp(value)

    @property
    def label(self) -> str:
        return f"{_level_words(self.level)} of the sum {self.start}-{self.end}"

    @property
    def spread(self) -> str:
        return f"the sum {self.start}-{self.end}"


QUANTITIES: dict[str, type[Quantity]] = {
    "value": Value,
    "cagr": Cagr,
    "year-above": YearAbove,
    "cumulative": Cumulative,
    "probability": Probability,
}
"""Every quantity by the name it has on the command line."""


def _level_words(level: float) -> str:
    return "Median" if level == 0.5 else f"P{100 * level:g}"


def _check_years(name: str, *years: object) -> None:
    for year in years:
        if isinstance(year, bool) or not isinstance(year, Integral):
            raise ArgumentError(Problem(f"{name}, year", repr(year), "a year as a whole number, such as 2030"))


def _check_level(level: float) -> None:
    if not is_number(level):
        raise ArgumentError(Problem("level", shown(level), "a probability between 0 and 1"))


def is_number(value: object) -> bool:
    """Whether a value is a real number, and no truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)


def shown(value: Any) -> str:
    """A number in short, anything else as Python writes it."""
    return f"{value:g}" if is_number(value) else repr(value)


def _check_amount(place: str, value: float) -> None:
    if not (is_number(value) and math.isfinite(value) and value > 0):
        raise ArgumentError(Problem(place, shown(value), "an amount above 0"))


def _position(path: ScenarioPath, year: int) -> int:
    found = np.flatnonzero(path.years == year)
    if not len(found):
        raise ArgumentError(Problem("year", str(year), f"a year from {path.years[0]} to {path.years[-1]}"))
    return int(found[0])


def _row(path: ScenarioPath, coefficients: dict[int, float]) -> np.ndarray:
    row = np.zeros((1, len(path.years)))
    for year, value in coefficients.items():
        row[0, _position(path, year)] += value
    return row


def _quantile(path: ScenarioPath, row: np.ndarray, level: float) -> float:
    if not 0 < level < 1:
        raise ArgumentError(Problem("level", f"{level:g}", "a probability between 0 and 1"))
    return float(path.mixture.linear(row).quantiles([level])[0, 0])


_FORMS = {
    "value": "value:2030",
    "cagr": "cagr:2023-2030",
    "year-above": "year-above:50",
    "cumulative": "cumulative:2025-2030",
    "probability": "probability:50@2030",
}


def parse_quantity(text: str) -> Quantity:
    """Read a quantity as it is written on the command line.

    Parameters
    ----------
    text
        Such as "value:2030", "cagr:2023-2030", "year-above:50", "cumulative:2025-2030" or "probability:50@2030".

    Raises
    ------
    ArgumentError
        An unknown quantity, with a suggestion, or one written in another form.

    Examples
    --------
    >>> parse_quantity("value:2030"), parse_quantity("probability:50@2030")
    (Value(year=2030, level=0.5), Probability(above=50.0, year=2030))
    >>> parse_quantity("cagr:2023-2030").label
    'Median of growth a year 2023-2030'
    """
    name, _, rest = text.strip().partition(":")
    if name not in _FORMS:
        raise ArgumentError(
            Problem("quantity", repr(text), ", ".join(_FORMS.values()), did_you_mean(name, list(_FORMS)))
        )
    pattern, make = _PATTERNS[name]
    match = re.fullmatch(pattern, rest)
    if match is None:
        raise ArgumentError(Problem("quantity", repr(text), f"{_FORMS[name]}"))
    return make(*match.groups())


_YEAR, _AMOUNT = r"(\d{4})", r"(\d+(?:\.\d+)?)"

_PATTERNS: dict[str, tuple[str, Callable[..., Quantity]]] = {
    "value": (_YEAR, lambda year: Value(int(year))),
    "cagr": (f"{_YEAR}-{_YEAR}", lambda start, end: Cagr(int(start), int(end))),
    "year-above": (_AMOUNT, lambda value: YearAbove(float(value))),
    "cumulative": (f"{_YEAR}-{_YEAR}", lambda start, end: Cumulative(int(start), int(end))),
    "probability": (f"{_AMOUNT}@{_YEAR}", lambda above, year: Probability(float(above), int(year))),
}
