"""Drivers of a projection as quadrature nodes.

A driver whose effect on the log path is linear, and which is normal or nearly so, is integrated in closed form; every
other uncertain driver gets nodes. Drivers are joined by a Gaussian copula: each is a monotone map of a normal score,
and the scores have a correlation matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from forecast.distributions import SCORE_P90, Array, Distribution
from forecast.scenario.correlation import Correlation, correlation_matrix

NEARLY_NORMAL = 0.05
"""Largest distance of the median from the middle of P10 and P90, in sds, at which a driver counts as normal."""

_COUNTS = (1, 9, 15, 9, 6)
"""Nodes a driver where so many drivers have nodes; beyond, Sobol points serve."""

FEWEST_POINTS = 1024
"""Sobol points where many drivers need nodes; a power of two."""

_SEED = 20230102


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

    def percentiles(self) -> Array:
        """P10, P50 and P90 on the linear scale, shape (3,)."""
        return self.map(np.asarray(self.distribution.percentiles()))

    @property
    def is_nearly_normal(self) -> bool:
        """Whether the closed form serves."""
        low, base, high = self.percentiles()
        sd = (high - low) / (2 * SCORE_P90)
        far = self.map(self.distribution.from_score([-2 * SCORE_P90, 2 * SCORE_P90]))
        straight = abs(base - (low + high) / 2) <= NEARLY_NORMAL * sd
        return bool(straight and np.abs(far - base - [low - high, high - low]).max() <= 2 * NEARLY_NORMAL * sd)


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
    """
    normal = tuple(n for n, d in linear.items() if not d.distribution.is_fixed and d.is_nearly_normal)
    fixed = {n: d for n, d in free.items() if d.is_fixed}
    noded = [n for n in [*free, *linear] if n not in normal and not _of(n, free, linear).is_fixed]
    matrix, kept = _correlation_matrix([*noded, *normal], correlation)
    scores, weights = _score_nodes(
        _axis_sizes([_of(n, free, linear) for n in noded]), matrix[: len(noded), : len(noded)], points
    )
    values = {n: _value(n, scores[:, k], free, linear) for k, n in enumerate(noded)}
    point = np.zeros(len(weights))
    values |= {n: d.from_score(point) for n, d in fixed.items()}
    values |= {n: _value(n, point, free, linear) for n, d in linear.items() if d.distribution.is_fixed}
    means, covariance = _normal_given(scores, matrix, [linear[n] for n in normal])
    return DriverNodes(weights, values, normal, means, covariance, kept)


def _of(name: str, free: Mapping[str, Distribution], linear: Mapping[str, LinearDriver]) -> Distribution:
    return free[name] if name in free else linear[name].distribution


def _value(name: str, score: Array, free: Mapping[str, Distribution], linear: Mapping[str, LinearDriver]) -> Array:
    return (
        free[name].from_score(score) if name in free else linear[name].map(linear[name].distribution.from_score(score))
    )


def _correlation_matrix(names: Sequence[str], pairs: Sequence[Correlation]) -> tuple[Array, float]:
    used = [pair for pair in pairs if set(pair.between) <= set(names)]
    return correlation_matrix(used, names) if used else (np.eye(len(names)), 1.0)


def _axis_sizes(distributions: Sequence[Distribution]) -> list[int]:
    count = _COUNTS[min(len(distributions), len(_COUNTS) - 1)]
    return [count] * len(distributions)


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
    rules = [np.polynomial.hermite_e.hermegauss(size) for size in sizes]
    grid = np.meshgrid(*(x for x, _ in rules), indexing="ij")
    weight = np.meshgrid(*(w / w.sum() for _, w in rules), indexing="ij")
    scores = np.column_stack([axis.ravel() for axis in grid])
    return scores @ root.T, np.prod([axis.ravel() for axis in weight], axis=0)


def _normal_given(scores: Array, matrix: Array, drivers: Sequence[LinearDriver]) -> tuple[Array, Array]:
    """Conditional mean and covariance of the normal drivers given the scores of the nodes."""
    if not drivers:
        return np.zeros((len(scores), 0)), np.zeros((0, 0))
    low, base, high = np.array([driver.percentiles() for driver in drivers]).T
    sd = (high - low) / (2 * SCORE_P90)
    count = scores.shape[1]
    within, across = matrix[:count, :count], matrix[count:, :count]
    gain = np.linalg.solve(within, across.T).T if count else across
    covariance = matrix[count:, count:] - gain @ across.T
    return base + (scores @ gain.T) * sd, covariance * np.outer(sd, sd)
