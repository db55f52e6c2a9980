"""Density, mean and variance of the distributions that can be pooled: one function a family."""

from __future__ import annotations

import math
from functools import singledispatch

import numpy as np
from scipy import special, stats

from forecast.distributions import (
    Array,
    Beta,
    Discrete,
    Distribution,
    Fixed,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
)
from forecast.errors import ArgumentError, Problem

_NODES = 200
_STEP = 1e-3
_LOG_ROOT_TWO_PI = 0.5 * math.log(2 * math.pi)


@singledispatch
def log_density(distribution: Distribution, value: Array) -> Array:
    """Logarithm of the density; minus infinity outside the support.

    Where no closed form is written here, the value is a smooth map of a normal score, and its slope is taken by
    the five-point rule.

    Raises
    ------
    ArgumentError
        For a distribution that has no density, such as a fixed number.

    Examples
    --------
    >>> log_density(Normal(0.0, 1.0), np.zeros(1)).round(6).tolist()
    [-0.918939]
    """
    z = special.ndtri(distribution.cdf(value))
    inside = np.isfinite(z)
    score = np.where(inside, z, 0.0)
    far, near = (
        distribution.from_score(score + step) - distribution.from_score(score - step) for step in (2 * _STEP, _STEP)
    )
    slope = (8 * near - far) / (12 * _STEP)
    return np.where(inside, _score_density(score) - np.log(slope), -np.inf)


@log_density.register(Fixed)
@log_density.register(Discrete)
def _(distribution: Fixed | Discrete, value: Array) -> Array:  # noqa: ARG001 (none has one anywhere)
    name = type(distribution).__name__
    raise ArgumentError(Problem("distribution", name, "a distribution with a density", "give it a small range"))


@log_density.register
def _(distribution: Normal, value: Array) -> Array:
    return _score_density((value - distribution.mean) / distribution.sd) - math.log(distribution.sd)


@log_density.register
def _(distribution: Lognormal, value: Array) -> Array:
    logs = _log(value)
    z = (logs - math.log(distribution.median)) / distribution.log_sd
    return np.where(value > 0, _score_density(z) - math.log(distribution.log_sd) - logs, -np.inf)


@log_density.register
def _(distribution: Uniform, value: Array) -> Array:
    return stats.uniform.logpdf(value, distribution.minimum, distribution.maximum - distribution.minimum)


@log_density.register
def _(distribution: Triangular, value: Array) -> Array:
    width = distribution.maximum - distribution.minimum
    share = (distribution.mode - distribution.minimum) / width
    return stats.triang.logpdf(value, share, distribution.minimum, width)


@log_density.register
def _(distribution: Beta, value: Array) -> Array:
    width = distribution.maximum - distribution.minimum
    return stats.beta.logpdf(value, distribution.alpha, distribution.beta, distribution.minimum, width)


@singledispatch
def moments(distribution: Distribution) -> tuple[float, float]:
    """Mean and variance; by Gauss–Hermite quadrature where no closed form is written here.

    Examples
    --------
    >>> moments(Uniform(0.0, 6.0))
    (3.0, 3.0)
    """
    value, weight = distribution.nodes(_NODES)
    mean = float(weight @ value)
    return mean, float(weight @ (value - mean) ** 2)


@moments.register
def _(distribution: Normal) -> tuple[float, float]:
    return distribution.mean, distribution.sd**2


@moments.register
def _(distribution: Lognormal) -> tuple[float, float]:
    mean = distribution.median * math.exp(distribution.log_sd**2 / 2)
    return mean, mean**2 * math.expm1(distribution.log_sd**2)


@moments.register
def _(distribution: Uniform) -> tuple[float, float]:
    width = distribution.maximum - distribution.minimum
    return (distribution.minimum + distribution.maximum) / 2, width**2 / 12


@moments.register
def _(distribution: Triangular) -> tuple[float, float]:
    ends = np.array([distribution.minimum, distribution.mode, distribution.maximum])
    return float(ends.mean()), float(ends.var() / 4)


@moments.register
def _(distribution: Beta) -> tuple[float, float]:
    a, b, width = distribution.alpha, distribution.beta, distribution.maximum - distribution.minimum
    share = a / (a + b)
    return distribution.minimum + width * share, width**2 * share * (1 - share) / (a + b + 1)


@moments.register(Fixed)
@moments.register(Discrete)
def _(distribution: Fixed | Discrete) -> tuple[float, float]:
    value, weight = distribution.nodes(1)
    mean = float(weight @ value)
    return mean, float(weight @ (value - mean) ** 2)


def _score_density(z: Array) -> Array:
    return -(z**2) / 2 - _LOG_ROOT_TWO_PI


def _log(value: Array) -> Array:
    number = np.asarray(value, float)
    return np.log(number, out=np.full(number.shape, -np.inf), where=number > 0)
