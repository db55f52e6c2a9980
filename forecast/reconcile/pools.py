"""Opinion pools: several distributions of one number made one.

Weights are at least 0 and sum to 1; equal if not given. A pool is itself a distribution and can be pooled again.

References
----------
Genest & Zidek (1986), doi:10.1214/ss/1177013825; Lichtendahl, Grushka-Cockayne & Winkler (2013),
doi:10.1287/mnsc.1120.1667.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from forecast.distributions import Array, Distribution, Lognormal, Normal
from forecast.errors import ArgumentError, ModelError, Problem
from forecast.mixture import mixture_quantiles
from forecast.reconcile.densities import log_density, moments

_EDGE_LEVELS = special.ndtr(np.array([-12.0, -8.0, -6.0, -4.5, -3.5, *np.arange(-3, 3.1, 0.5), 3.5, 4.5, 6.0, 8.0]))
_PANEL_NODES = 24
_NARROWEST = 1e-12


@dataclass(frozen=True)
class LinearPool(Distribution):
    r"""Mixture :math:`F(x) = \sum_i w_i F_i(x)`: one of the sources is right, and it is not known which.

    Parameters
    ----------
    components
        What is pooled.
    weights
        Their weights, which sum to 1.
    """

    components: tuple[Distribution, ...]
    weights: tuple[float, ...]

    def from_score(self, score: ArrayLike) -> Array:
        z = np.asarray(score, float)
        family = {type(component) for component in self.components}
        if family == {Normal}:
            return self._of_normals(z, [(c.mean, c.sd) for c in self.components if isinstance(c, Normal)])
        if family == {Lognormal}:
            logs = [(math.log(c.median), c.log_sd) for c in self.components if isinstance(c, Lognormal)]
            return np.exp(self._of_normals(z, logs))
        ends = np.array([component.from_score(z) for component in self.components])
        return _inverted(self.cdf, special.ndtr(z), ends.min(axis=0), ends.max(axis=0))

    def _of_normals(self, score: Array, parts: list[tuple[float, float]]) -> Array:
        means, sds = np.array(parts).T
        within = np.clip(special.ndtr(score), np.finfo(float).tiny, 1 - np.finfo(float).epsneg)
        weights = np.array(self.weights)
        return mixture_quantiles(weights, means[:, None], sds[:, None], np.ravel(within))[0].reshape(score.shape)

    def cdf(self, value: ArrayLike) -> Array:
        return _weighted(self.weights, [component.cdf(value) for component in self.components])

    def pdf(self, value: ArrayLike) -> Array:
        """Density at `value`."""
        x = np.asarray(value, float)
        return _weighted(self.weights, [np.exp(log_density(component, x)) for component in self.components])

    @property
    def mean(self) -> float:
        """Mean of the mixture."""
        return moments(self)[0]

    @property
    def sd(self) -> float:
        """Standard deviation of the mixture, within and between the sources."""
        return math.sqrt(moments(self)[1])


@dataclass(frozen=True)
class QuantileAverage(Distribution):
    r"""Vincentization :math:`F^{-1}(u) = \sum_i w_i F_i^{-1}(u)`: the sources' bands, shifted together.

    Parameters
    ----------
    components, weights
        As in `LinearPool`.
    """

    components: tuple[Distribution, ...]
    weights: tuple[float, ...]

    def from_score(self, score: ArrayLike) -> Array:
        return _weighted(self.weights, [component.from_score(score) for component in self.components])

    def cdf(self, value: ArrayLike) -> Array:
        x = np.asarray(value, float)
        with np.errstate(divide="ignore"):
            scores = np.array([special.ndtri(component.cdf(x)) for component in self.components])
        low, high = (np.clip(end, -38.0, 38.0) for end in (scores.min(axis=0), scores.max(axis=0)))
        return special.ndtr(_inverted(self.from_score, x, low, high))


@dataclass(frozen=True, eq=False)
class LogPool(Distribution):
    r"""Logarithmic pool :math:`f(x) \propto \prod_i f_i(x)^{w_i}`, integrated panel by panel.

    Parameters
    ----------
    components, weights
        As in `LinearPool`; every component has a density.
    """

    components: tuple[Distribution, ...]
    weights: tuple[float, ...]

    def from_score(self, score: ArrayLike) -> Array:
        z = np.asarray(score, float)
        low, high = (np.full(z.shape, end) for end in self._edges[[0, -1]])
        return _inverted(self.cdf, special.ndtr(z), low, high)

    def cdf(self, value: ArrayLike) -> Array:
        x = np.clip(np.asarray(value, float), self._edges[0], self._edges[-1])
        panel = np.clip(np.searchsorted(self._edges, x, side="right") - 1, 0, self._edges.size - 2)
        return np.clip((self._below[panel] + self._mass(self._edges[panel], x)) / self._below[-1], 0.0, 1.0)

    def pdf(self, value: ArrayLike) -> Array:
        """Density at `value`."""
        return np.exp(self._log_product(np.asarray(value, float))) / self._below[-1]

    def _log_product(self, x: Array) -> Array:
        logs = [weight * log_density(c, x) for c, weight in zip(self.components, self.weights, strict=True) if weight]
        return np.sum(logs, axis=0) - self._height

    @cached_property
    def _edges(self) -> Array:
        """Quantiles of all components inside the common support, which divide it into panels."""
        used = [component for component, weight in zip(self.components, self.weights, strict=True) if weight]
        quantiles = np.array([component.ppf(_EDGE_LEVELS) for component in used])
        edges = np.unique(quantiles)
        possible = np.isfinite(np.sum([log_density(c, (edges[1:] + edges[:-1]) / 2) for c in used], axis=0))
        if not possible.any():
            raise ModelError("The sources exclude each other: no value is possible for all. Use the linear pool.")
        inside = np.flatnonzero(possible)
        return edges[inside[0] : inside[-1] + 2]

    @cached_property
    def _height(self) -> float:
        middle = (self._edges[1:] + self._edges[:-1]) / 2
        pairs = zip(self.components, self.weights, strict=True)
        return float(np.max(np.sum([weight * log_density(c, middle) for c, weight in pairs if weight], axis=0)))

    @cached_property
    def _below(self) -> Array:
        """Mass below each edge, without the constant."""
        return np.concatenate([[0.0], np.cumsum(self._mass(self._edges[:-1], self._edges[1:]))])

    def _mass(self, low: Array, high: Array) -> Array:
        nodes, weights = np.polynomial.legendre.leggauss(_PANEL_NODES)
        half = (high - low) / 2
        x = (low + high)[..., None] / 2 + half[..., None] * nodes
        return half * (np.exp(self._log_product(x)) @ weights)


def linear_pool(distributions: Sequence[Distribution], weights: ArrayLike | None = None) -> LinearPool:
    r"""Pool by mixing: :math:`F(x) = \sum_i w_i F_i(x)`.

    The band covers what any source holds possible, so it widens with disagreement.

    Parameters
    ----------
    distributions
        What the sources believe of one number, on one footing.
    weights
        At least 0, summing to 1; equal if not given.

    Raises
    ------
    ArgumentError
        No distribution; weights that do not match, are negative or do not sum to 1. Lists all.

    Examples
    --------
    >>> pool = linear_pool([Normal(-5.0, 0.5), Normal(5.0, 1.0)], [0.3, 0.7])
    >>> pool.ppf([0.1, 0.5]).round(4).tolist()
    [-5.2154, 4.4341]
    """
    return LinearPool(tuple(distributions), _read_weights(distributions, weights))


def log_pool(distributions: Sequence[Distribution], weights: ArrayLike | None = None) -> Distribution:
    r"""Pool by multiplying: :math:`f(x) \propto \prod_i f_i(x)^{w_i}`.

    Sources that agree keep their band, precise sources pull harder; what one excludes is excluded. Normals give a
    normal, lognormals a lognormal, anything else a `LogPool`.

    Parameters
    ----------
    distributions, weights
        As in `linear_pool`; every distribution has a density.

    Raises
    ------
    ArgumentError
        As in `linear_pool`, and for a distribution without a density.
    ModelError
        Where no value is possible for all sources.

    Examples
    --------
    >>> log_pool([Lognormal(10.0, 0.2), Lognormal(40.0, 0.2)])
    Lognormal(median=20.0..., log_sd=0.2...)
    """
    read = _read_weights(distributions, weights)
    normals = [component for component in distributions if isinstance(component, Normal)]
    lognormals = [component for component in distributions if isinstance(component, Lognormal)]
    if len(normals) == len(read):
        return Normal(*_multiplied([(part.mean, part.sd) for part in normals], read))
    if len(lognormals) == len(read):
        centre, spread = _multiplied([(math.log(part.median), part.log_sd) for part in lognormals], read)
        return Lognormal(math.exp(centre), spread)
    pool = LogPool(tuple(distributions), read)
    pool.cdf(0.0)
    return pool


def quantile_average(distributions: Sequence[Distribution], weights: ArrayLike | None = None) -> QuantileAverage:
    r"""Pool by averaging quantiles: :math:`F^{-1}(u) = \sum_i w_i F_i^{-1}(u)`.

    The band is as wide as the sources' own on average, however far they lie apart.

    Parameters
    ----------
    distributions, weights
        As in `linear_pool`.

    Examples
    --------
    >>> quantile_average([Normal(-5.0, 0.5), Normal(5.0, 1.0)], [0.3, 0.7]).ppf([0.5]).round(6).tolist()
    [2.0]
    """
    return QuantileAverage(tuple(distributions), _read_weights(distributions, weights))


@moments.register
def _(distribution: LinearPool) -> tuple[float, float]:
    means, variances = np.array([moments(component) for component in distribution.components]).T
    weights = np.array(distribution.weights)
    mean = weights @ means
    return float(mean), float(weights @ (variances + (means - mean) ** 2))


@log_density.register(LinearPool)
@log_density.register(LogPool)
def _(distribution: LinearPool | LogPool, value: Array) -> Array:
    density = distribution.pdf(value)
    return np.log(density, out=np.full(density.shape, -np.inf), where=density > 0)


def _multiplied(parts: list[tuple[float, float]], weights: tuple[float, ...]) -> tuple[float, float]:
    """Centre and spread of the product of normals raised to their weights."""
    centres, spreads = np.array(parts).T
    precision = np.array(weights) / spreads**2
    return float(precision @ centres / precision.sum()), float(precision.sum() ** -0.5)


def _weighted(weights: tuple[float, ...], values: list[Array]) -> Array:
    return np.tensordot(np.array(weights), np.array(values), 1)


def _inverted(function: Callable[[Array], Array], target: Array, low: Array, high: Array) -> Array:
    """Where a rising function meets its target, one root search a value."""
    found = np.empty(np.shape(target))
    for at in np.ndindex(found.shape):
        found[at] = _root(function, float(target[at]), float(low[at]), float(high[at]))
    return found


def _root(function: Callable[[Array], Array], target: float, low: float, high: float) -> float:
    def gap(x: float) -> float:
        return float(function(np.array(x))) - target

    if gap(low) >= 0:
        return low
    if gap(high) <= 0:
        return high
    return optimize.brentq(gap, low, high, xtol=_NARROWEST * max(abs(low), abs(high)), rtol=8.9e-16)


def _read_weights(distributions: Sequence[Distribution], weights: ArrayLike | None) -> tuple[float, ...]:
    count = len(distributions)
    if not count:
        raise ArgumentError(Problem("distributions", "none", "at least one distribution"))
    if weights is None:
        return (1 / count,) * count
    read = np.asarray(weights, float)
    problems = []
    if read.shape != (count,):
        problems.append(Problem("weights", f"shape {read.shape}", f"one weight for each of {count} distributions"))
    if not np.all(read >= 0):
        problems.append(Problem("weights", f"{read.tolist()}", "weights of at least 0"))
    if not abs(read.sum() - 1) <= 1e-9:
        problems.append(Problem("weights", f"a sum of {read.sum():g}", "a sum of 1", "divide them by their sum"))
    if problems:
        raise ArgumentError(problems)
    return tuple(read.tolist())
