"""What is believed about the standard deviation between studies, before any is read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special

from forecast.distributions import Array
from forecast.errors import ArgumentError, Problem


class SpreadPrior(Protocol):
    """What is believed about the standard deviation between studies."""

    @property
    def tail(self) -> float:
        """Power of 1/tau with which the density falls far out."""

    def log_density(self, tau: Array) -> Array:
        """Logarithm of the density at tau >= 0."""


@dataclass(frozen=True)
class HalfNormal:
    """Half-normal with the `scale` of its normal.

    Examples
    --------
    >>> HalfNormal(0.5).log_density(np.zeros(1)).round(4).tolist()
    [0.4674]
    """

    scale: float

    def __post_init__(self) -> None:
        _check_above_zero("half-normal", scale=self.scale)

    @property
    def tail(self) -> float:
        return math.inf

    def log_density(self, tau: Array) -> Array:
        return 0.5 * math.log(2 / math.pi) - math.log(self.scale) - (tau / self.scale) ** 2 / 2


@dataclass(frozen=True)
class HalfT:
    """Half of a Student t with `scale` and `degrees` of freedom; one degree is the half-Cauchy."""

    scale: float
    degrees: float

    def __post_init__(self) -> None:
        _check_above_zero("half-t", scale=self.scale, degrees=self.degrees)

    @property
    def tail(self) -> float:
        return self.degrees + 1

    def log_density(self, tau: Array) -> Array:
        half = self.degrees / 2
        constant = math.log(2) - special.betaln(half, 0.5) - 0.5 * math.log(self.degrees) - math.log(self.scale)
        return constant - (half + 0.5) * np.log1p((tau / self.scale) ** 2 / self.degrees)


@dataclass(frozen=True)
class HalfCauchy:
    """Half-Cauchy with its `scale`, which is its median."""

    scale: float

    def __post_init__(self) -> None:
        _check_above_zero("half-cauchy", scale=self.scale)

    @property
    def tail(self) -> float:
        return 2.0

    def log_density(self, tau: Array) -> Array:
        return HalfT(self.scale, 1.0).log_density(tau)


@dataclass(frozen=True)
class FlatSpread:
    """Every tau alike: an improper density of 1, which needs at least three studies."""

    @property
    def tail(self) -> float:
        return 0.0

    def log_density(self, tau: Array) -> Array:
        return np.zeros_like(tau)


def _check_above_zero(family: str, **named: float) -> None:
    wrong = [name for name, value in named.items() if not 0 < value < math.inf]
    if wrong:
        raise ArgumentError([Problem(f"{family}, {name}", f"{named[name]:g}", "a number above 0") for name in wrong])
