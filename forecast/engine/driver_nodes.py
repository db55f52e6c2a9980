"""Drivers of a projection as quadrature nodes.

A driver whose effect on the log path is linear, and whose shape does not matter beside all else that is uncertain, is
integrated in closed form as a normal with its mean and variance; every other uncertain driver gets nodes. Drivers are
joined by a Gaussian copula: each is a monotone map of a normal score, and the scores have a correlation matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy import special

from forecast.distributions import Array, Distribution
from forecast.scenario.correlation import Correlation, correlation_matrix

SHAPE_ERROR = 1e-4
"""Most that taking skewed drivers as normal may move a probability, all of them together."""

_NORMAL_SHAPE = 1e-9
_SKEW_ERROR, _TAIL_ERROR = 0.4 / 6, 0.55 / 24
"""Largest change of a normal distribution function by a unit of skewness, and of excess kurtosis."""

_COUNTS = (1, 9, 15, 9, 6)
"""Nodes a driver where so many drivers have nodes; beyond, Sobol points serve."""

FEWEST_NODES = 5
"""Nodes a driver at least; they serve wherever a driver moves the path by less than all else does."""

FEWEST_POINTS = 1024
"""Sobol points where many drivers need nodes; a power of two."""

_MOMENT_NODES = 15
_SEED = 20230102


@lru_cache
def gauss_rule(count: int) -> tuple[Array, Array]:
    """Gauss–Hermite nodes of a standard normal score, and their weights, which sum to 1."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / weights.sum()


@dataclass(frozen=True)
class LinearDriver:
    """A driver that enters the log path linearly, after a map such as ln(1 + x).

    Parameters
    ----------
    distribution
        Of the driver itself.
    map
        Takes the driver to the scale on which it is linear.
    reach
        Largest effect on the log path of a unit of that scale, in sds of the log path; infinite
        where not known.
    """

    distribution: Distribution
    map: Callable[[Array], Array]
    reach: float = math.inf

    @cached_property
    def moments(self) -> tuple[float, float, float, float]:
        """Mean, standard deviation, skewness and excess kurtosis on the linear scale."""
        if self.distribution.is_fixed:
            return float(self.map(self.distribution.from_score(0.0))), 0.0, 0.0, 0.0
        scores, weights = gauss_rule(_MOMENT_NODES)
        values = self.map(self.distribution.from_score(scores))
        mean = float(weights @ values)
        centred = values - mean
        sd = math.sqrt(weights @ centred**2)
        return mean, sd, float(weights @ centred**3) / sd**3, float(weights @ centred**4) / sd**4 - 3

    @property
    def sd(self) -> float:
        """Standard deviation on the linear scale."""
        return self.moments[1]

    @property
    def shape_error(self) -> float:
        """Most that a probability moves when the driver is taken as normal, to leading order."""
        _, sd, skewness, excess = self.moments
        if max(abs(skewness), abs(excess)) < _NORMAL_SHAPE:
            return 0.0
        share = sd * self.reach
        return _SKEW_ERROR * abs(skewness) * share**3 + _TAIL_ERROR * abs(excess) * share**4


@dataclass(frozen=True, eq=False)
class DriverNodes:
    """Joint nodes of the drivers.

    Parameters
    ----------
    weights
        Shape (N,), summing to 1.
    values
        Value of every driver on nodes, by name, shape (N,) each; linear drivers on their linear scale.
    normal
        Names of the drivers integrated in closed form, G of them.
    means, covariance
        Of the normal drivers on their linear scale given the node; shapes (N, G) and (G, G).
    correlation_kept
        Factor by which stated correlations were weakened because they contradict each other; 1 where none was.
    """

    weights: Array
    values: dict[str, Array]
    normal: tuple[str, ...]
    means: Array
    covariance: Array
    correlation_kept: float = 1.0


def driver_nodes(
    free: Mapping[str, Distribution],
    linear: Mapping[str, LinearDriver],
    correlation: Sequence[Correlation] = (),
    *,
    points: int = FEWEST_POINTS,
    most: float = math.inf,
) -> DriverNodes:
    """Put drivers on joint nodes.

    Parameters
    ----------
    free
        Drivers that need nodes unless they are fixed, by name.
    linear
        Drivers that may be integrated in closed form, by name.
    correlation
        Correlations of normal scores between drivers; pairs not named are independent where that is possible.
    points
        Sobol points where many drivers need nodes, cut to a power of two; more than `FEWEST_POINTS` are used for few
        drivers too.
    most
        Gauss nodes to aim at: each driver has fewer, but never fewer than `FEWEST_NODES`.
    """
    normal = _normal(linear)
    fixed = {n: d for n, d in free.items() if d.is_fixed}
    noded = [n for n in [*free, *linear] if n not in normal and not _of(n, free, linear).is_fixed]
    matrix, kept = _correlation_matrix([*noded, *normal], correlation)
    scores, weights = _score_nodes(_axis_sizes(len(noded), most), matrix[: len(noded), : len(noded)], points)
    values = {n: _value(n, scores[:, k], free, linear) for k, n in enumerate(noded)}
    point = np.zeros(len(weights))
    values |= {n: d.from_score(point) for n, d in fixed.items()}
    values |= {n: _value(n, point, free, linear) for n, d in linear.items() if d.distribution.is_fixed}
    means, covariance = _normal_given(scores, matrix, [linear[n] for n in normal])
    return DriverNodes(weights, values, normal, means, covariance, kept)


def _normal(linear: Mapping[str, LinearDriver]) -> tuple[str, ...]:
    """Names of the drivers whose shapes matter least, as many as `SHAPE_ERROR` allows."""
    errors = {name: driver.shape_error for name, driver in linear.items() if not driver.distribution.is_fixed}
    order = sorted(errors, key=errors.__getitem__)
    allowed = np.cumsum([errors[name] for name in order]) <= SHAPE_ERROR
    chosen = {name for name, here in zip(order, allowed, strict=True) if here}
    return tuple(name for name in linear if name in chosen)


def _of(name: str, free: Mapping[str, Distribution], linear: Mapping[str, LinearDriver]) -> Distribution:
    return free[name] if name in free else linear[name].distribution


def _value(name: str, score: Array, free: Mapping[str, Distribution], linear: Mapping[str, LinearDriver]) -> Array:
    return (
        free[name].from_score(score) if name in free else linear[name].map(linear[name].distribution.from_score(score))
    )


def _correlation_matrix(names: Sequence[str], pairs: Sequence[Correlation]) -> tuple[Array, float]:
    used = [pair for pair in pairs if set(pair.between) <= set(names)]
    return correlation_matrix(used, names) if used else (np.eye(len(names)), 1.0)


def _axis_sizes(drivers: int, most: float) -> list[int]:
    size = _COUNTS[min(drivers, len(_COUNTS) - 1)]
    while size**drivers > most and size > FEWEST_NODES:
        size -= 1
    return [size] * drivers


def _score_nodes(sizes: Sequence[int], correlation: Array, points: int) -> tuple[Array, Array]:
    """Joint normal scores with a correlation, and their weights: Gauss–Hermite while few, then Sobol."""
    if not sizes:
        return np.zeros((1, 0)), np.ones(1)
    root = np.linalg.cholesky(correlation)
    if len(sizes) >= len(_COUNTS) or points > FEWEST_POINTS:
        count = 2 ** int(math.log2(points))
        from scipy.stats import qmc

        even = qmc.Sobol(len(sizes), rng=np.random.default_rng(_SEED)).random(count)
        return special.ndtri(even) @ root.T, np.full(count, 1 / count)
    rules = [gauss_rule(size) for size in sizes]
    grid = np.meshgrid(*(x for x, _ in rules), indexing="ij")
    weight = np.meshgrid(*(w for _, w in rules), indexing="ij")
    scores = np.column_stack([axis.ravel() for axis in grid])
    return scores @ root.T, np.prod([axis.ravel() for axis in weight], axis=0)


def _normal_given(scores: Array, matrix: Array, drivers: Sequence[LinearDriver]) -> tuple[Array, Array]:
    """Conditional mean and covariance of the normal drivers given the scores of the nodes."""
    if not drivers:
        return np.zeros((len(scores), 0)), np.zeros((0, 0))
    mean, sd = np.array([driver.moments[:2] for driver in drivers]).T
    count = scores.shape[1]
    within, across = matrix[:count, :count], matrix[count:, :count]
    gain = np.linalg.solve(within, across.T).T if count else across
    covariance = matrix[count:, count:] - gain @ across.T
    return mean + (scores @ gain.T) * sd, covariance * np.outer(sd, sd)
