"""Drivers of a projection as quadrature nodes.

A driver whose effect on the log path is linear, and whose shape does not matter beside all else that is uncertain, is
integrated in closed form as a normal with its mean and variance. Where the shape does matter, an independent driver
with the same effect at every node is a skewed term of the path (`forecast.skew`); every other uncertain driver gets
nodes, as many as its effect needs. Drivers are joined by a Gaussian copula: each is a monotone map of a normal score,
and the scores have a correlation matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from scipy import special

from forecast.distributions import Array, Discrete, Distribution, Triangular, legendre_rule
from forecast.scenario.correlation import Correlation, correlation_matrix

SHAPE_ERROR = 2e-5
"""Most that taking skewed drivers as normal may move a probability, all of them together."""

_VARIED = 5.0
"""Variation of a skewed term, by which its shape error is multiplied, that costs `SHAPE_ERROR`."""

_NORMAL_SHAPE = 1e-5
_SKEW_ERROR, _TAIL_ERROR = 0.4 / 6, 0.55 / 24
"""Largest change of a normal distribution function by a unit of skewness, and of excess kurtosis."""

_USUAL = 15
"""Nodes a driver where its reach is not known."""

_A_REACH, _MOST_EVEN = 9, 97
"""Even nodes for each unit of the reach of a driver that moves the path more than all else, and most of them."""

FEWEST_NODES = 6
"""Nodes a driver at least where no more can be had; they serve where a driver moves the path less than all else."""

_ENOUGH = ((0.07, 3), (0.35, 5), (0.6, 7), (0.8, 9))
"""Nodes that tell a driver to 1e-5 in probability while it moves the log path by less than such a part of the rest."""

_MOST_CROSSED = 1300
"""Nodes up to which every node of one driver goes with every one of the others."""

FEWEST_POINTS = 1024
"""Sobol points where many drivers need nodes; a power of two."""

_FARTHEST_SCORE, _STEPS = 6.0, 24
_POINTS_A_STEP = 12
_SEED = 20230102


@lru_cache
def gauss_rule(count: int) -> tuple[Array, Array]:
    """Gauss–Hermite nodes of a standard normal score, and their weights, which sum to 1."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / weights.sum()


@lru_cache
def _score_steps(steps: int) -> tuple[Array, Array]:
    """Equal steps of a standard normal score, and their weights, which sum to 1."""
    scores = np.linspace(-_FARTHEST_SCORE, _FARTHEST_SCORE, steps + 1)
    weights = np.exp(-0.5 * scores**2)
    return scores, weights / weights.sum()


@dataclass(frozen=True)
class LinearDriver:
    """A driver that enters the log path linearly, after a map such as ln(1 + x).

    Parameters
    ----------
    distribution
        Of the driver itself.
    map
        Takes the driver to the scale on which it is linear.
    """

    distribution: Distribution
    map: Callable[[Array], Array]

    @cached_property
    def nodes(self) -> tuple[Array, Array]:
        """Values on the linear scale and their weights; equal steps of the score serve where it has no corner."""
        return self._nodes(1)

    def _nodes(self, finer: int) -> tuple[Array, Array]:
        if isinstance(self.distribution, Discrete | Triangular):
            values, weights = self.distribution.nodes(finer * _STEPS)
            return self.map(values), weights
        scores, weights = _score_steps(finer * _STEPS)
        return self.map(self.distribution.from_score(scores)), weights

    @cached_property
    def moments(self) -> tuple[float, float, float, float]:
        """Mean, standard deviation, skewness and excess kurtosis on the linear scale."""
        if self.distribution.is_fixed:
            return float(self.map(self.distribution.from_score(0.0))), 0.0, 0.0, 0.0
        values, weights = self.nodes
        mean = float(weights @ values)
        centred = values - mean
        square = centred * centred
        variance = float(weights @ square)
        if variance == 0:
            return mean, 0.0, 0.0, 0.0
        skewness, fourth = float(weights @ (square * centred)), float(weights @ (square * square))
        return mean, math.sqrt(variance), skewness / variance**1.5, fourth / variance**2 - 3

    def standard(self, score: Array) -> Array:
        """The driver on its linear scale, of mean 0 and variance 1, at a normal score."""
        return self._standardised(self.map(self.distribution.from_score(score)))

    def standard_nodes(self, finer: int = 1) -> tuple[Array, Array]:
        """Nodes of the driver with mean 0 and variance 1, so many times as many as usual."""
        values, weights = self.nodes if finer == 1 else self._nodes(finer)
        return self._standardised(values), weights

    def _standardised(self, values: Array) -> Array:
        mean, sd, *_ = self.moments
        return (values - mean) / sd

    @property
    def sd(self) -> float:
        """Standard deviation on the linear scale."""
        return self.moments[1]

    def shape_error(self, reach: float) -> float:
        """Most that a probability moves when the driver is taken as normal, to leading order; see `Influence`."""
        _, _, skewness, excess = self.moments
        if max(abs(skewness), abs(excess)) < _NORMAL_SHAPE:
            return 0.0
        return _SKEW_ERROR * abs(skewness) * reach**3 + _TAIL_ERROR * abs(excess) * reach**4


class Influence(NamedTuple):
    """What a driver does to the log path.

    Parameters
    ----------
    reach
        Largest sd that it makes in a year, in sds of the log path.
    varies
        By how much the effect differs between nodes: half the largest difference, as a part of the middle.
    """

    reach: float = math.inf
    varies: float = math.inf


_UNKNOWN = Influence()


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
    skewed
        The drivers that are skewed terms of the path, by name.
    apart
        Names of those whose effect at each node must be told apart.
    """

    weights: Array
    values: dict[str, Array]
    normal: tuple[str, ...]
    means: Array
    covariance: Array
    correlation_kept: float = 1.0
    skewed: Mapping[str, LinearDriver] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()


def driver_nodes(
    free: Mapping[str, Distribution],
    linear: Mapping[str, LinearDriver],
    correlation: Sequence[Correlation] = (),
    *,
    influence: Mapping[str, Influence] = MappingProxyType({}),
    points: int = FEWEST_POINTS,
    most: float = math.inf,
    tell_apart: bool = False,
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
    influence
        What each driver does to the path; as much as can be where not known.
    points
        Sobol points where many drivers need nodes, cut to a power of two; more than `FEWEST_POINTS` are used for few
        drivers too.
    most
        Gauss nodes to aim at: each driver has fewer, but never fewer than `FEWEST_NODES`.
    tell_apart
        Whether skewed terms may have another effect at each node.
    """
    joined = {name for pair in correlation for name in pair.between}
    normal, skewed, apart = _closed(linear, influence, joined, tell_apart=tell_apart)
    fixed = {n: d for n, d in free.items() if d.is_fixed}
    noded = [n for n in [*free, *linear] if n not in {*normal, *skewed} and not _of(n, free, linear).is_fixed]
    matrix, kept = _correlation_matrix([*noded, *normal], correlation)
    a_step = {name: _POINTS_A_STEP if name in joined else 1 for name in noded}
    limits = [_most_nodes(_of(name, free, linear), a_step[name]) for name in noded]
    sizes = _axis_sizes([influence.get(name, _UNKNOWN).reach for name in noded], limits, most)
    rules = [_rule(_of(n, free, linear), size, a_step[n]) for n, size in zip(noded, sizes, strict=True)]
    scores, weights = _score_nodes(rules, matrix[: len(noded), : len(noded)], points)
    values = {n: _value(n, scores[:, k], free, linear) for k, n in enumerate(noded)}
    point = np.zeros(len(weights))
    values |= {n: d.from_score(point) for n, d in fixed.items()}
    values |= {n: _value(n, point, free, linear) for n, d in linear.items() if d.distribution.is_fixed}
    means, covariance = _normal_given(scores, matrix, [linear[n] for n in normal])
    return DriverNodes(weights, values, normal, means, covariance, kept, {n: linear[n] for n in skewed}, apart)


def _closed(
    linear: Mapping[str, LinearDriver], influence: Mapping[str, Influence], joined: set[str], *, tell_apart: bool
) -> tuple[tuple[str, ...], tuple[str, ...], frozenset[str]]:
    """Names of the drivers taken as normal, as many as `SHAPE_ERROR` allows, of skewed terms, and of those apart."""
    told = {name: influence.get(name, _UNKNOWN) for name, driver in linear.items() if not driver.distribution.is_fixed}
    errors = {name: linear[name].shape_error(own.reach) for name, own in told.items()}
    order = sorted(errors, key=errors.__getitem__)
    small = set(order[: np.searchsorted(np.cumsum([errors[name] for name in order]), SHAPE_ERROR, side="right")])
    shaped = {name for name in order if errors[name] and told[name].varies < math.inf} - joined
    apart = frozenset(name for name in shaped if errors[name] * told[name].varies > _VARIED * SHAPE_ERROR)
    terms = shaped if tell_apart else shaped - apart
    skewed = terms if terms - small else set()
    normal = small - skewed
    return tuple(n for n in linear if n in normal), tuple(n for n in linear if n in skewed), apart & skewed


def _of(name: str, free: Mapping[str, Distribution], linear: Mapping[str, LinearDriver]) -> Distribution:
    return free[name] if name in free else linear[name].distribution


def _value(name: str, score: Array, free: Mapping[str, Distribution], linear: Mapping[str, LinearDriver]) -> Array:
    return (
        free[name].from_score(score) if name in free else linear[name].map(linear[name].distribution.from_score(score))
    )


def _correlation_matrix(names: Sequence[str], pairs: Sequence[Correlation]) -> tuple[Array, float]:
    used = [pair for pair in pairs if set(pair.between) <= set(names)]
    return correlation_matrix(used, names) if used else (np.eye(len(names)), 1.0)


def _most_nodes(distribution: Distribution, a_step: int) -> float:
    """Nodes that a discrete driver has, which others may have without end."""
    return a_step * len(distribution.values) if isinstance(distribution, Discrete) else math.inf


def _axis_sizes(reaches: Sequence[float], limits: Sequence[float], most: float) -> list[int]:
    """Nodes a driver: as many as it needs, or as can be had where so many drivers have nodes."""
    sizes = [int(min(_needed(reach), limit)) for reach, limit in zip(reaches, limits, strict=True)]
    while math.prod(sizes) > min(most, _MOST_CROSSED) and max(sizes) > FEWEST_NODES:
        sizes[sizes.index(max(sizes))] -= 1
    return sizes


def _needed(reach: float) -> int:
    """Nodes for a driver of a reach; beyond the usual number they lie evenly."""
    few = next((count for least, count in _ENOUGH if reach < least), _USUAL)
    return few if reach < 1 or math.isinf(reach) else max(_USUAL, min(math.ceil(_A_REACH * reach), _MOST_EVEN))


def _rule(distribution: Distribution, size: int, a_step: int) -> tuple[Array, Array]:
    """Normal scores that stand for a driver, and their weights: `size`, or `a_step` a value of a discrete one."""
    if not isinstance(distribution, Discrete):
        return gauss_rule(size) if size <= _USUAL else _score_steps(size - 1)
    points, weights = legendre_rule(a_step)
    chances = np.array([chance for chance in distribution.probabilities if chance > 0])
    middle = np.cumsum(chances) - chances / 2
    inside = middle[:, None] + chances[:, None] * points / 2
    return special.ndtri(inside.ravel()), np.outer(chances, weights / 2).ravel()


def _score_nodes(rules: Sequence[tuple[Array, Array]], correlation: Array, points: int) -> tuple[Array, Array]:
    """Joint normal scores with a correlation, and their weights: every node with every other while few, then Sobol."""
    if not rules:
        return np.zeros((1, 0)), np.ones(1)
    root = np.linalg.cholesky(correlation)
    if points > FEWEST_POINTS or math.prod(len(scores) for scores, _ in rules) > _MOST_CROSSED:
        count = 2 ** int(math.log2(points))
        from scipy.stats import qmc

        even = qmc.Sobol(len(rules), rng=np.random.default_rng(_SEED)).random(count)
        return special.ndtri(even) @ root.T, np.full(count, 1 / count)
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
