"""Nodes for a Gaussian vector that may not be negative.

Excesses behind one-sided hedges and scope offsets are Gaussian after the data, but cut off at zero. Coordinates are
taken one after the other (Genz's separation of variables, doi:10.1080/10618600.1992.10477010), each with a Gauss rule
for the normal distribution cut off at its own bound; beyond a handful of coordinates scrambled Sobol points serve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.interpolate import CubicSpline

Array = NDArray[np.floating[Any]]

_KNOTS = np.concatenate([np.arange(-9.0, 6.0, 0.1), np.arange(6.0, 40.5, 0.5)])
_FINE = 400
MOST_POINTS = 256
"""Nodes a problem beyond which Sobol points serve."""
_SEED = 20230101


def cut_normal_rule(cut: Array, count: int) -> tuple[Array, Array, Array]:
    """Gauss rule for a standard normal above `cut`.

    Parameters
    ----------
    cut
        Lower bounds, any shape.
    count
        Number of nodes; moments up to degree 2 count - 1 are exact to about 1e-7.

    Returns
    -------
    nodes, weights
        Shape (..., count); the weights sum to 1.
    log_mass
        Log probability above the cut, shape of `cut`.
    """
    found = _rule_table(count)(np.clip(cut, _KNOTS[0], _KNOTS[-1]))
    offsets, share = found[..., :count], found[..., count:]
    shrink = np.where(cut > _KNOTS[-1], _KNOTS[-1] / np.maximum(cut, 1.0), 1.0)
    nodes = np.maximum(cut, _KNOTS[0])[..., None] + offsets * shrink[..., None]
    return nodes, share / share.sum(-1, keepdims=True), special.log_ndtr(-cut)


@lru_cache(maxsize=16)
def _rule_table(count: int) -> CubicSpline:
    """Nodes (less the cut), then weights, of the Gauss rules as a spline over the cut."""
    points, quadrature = np.polynomial.legendre.leggauss(_FINE)
    top = np.sqrt(np.maximum(_KNOTS, 0.0) ** 2 + 81.0)
    half = (top - _KNOTS) / 2
    x = _KNOTS[:, None] + half[:, None] * (points + 1)
    log_density = -0.5 * (x**2 - np.maximum(_KNOTS, 0.0)[:, None] ** 2)
    density = quadrature * np.exp(log_density)
    density /= density.sum(1, keepdims=True)
    offsets, weights = gauss_rules(x - _KNOTS[:, None], density, count)
    return CubicSpline(_KNOTS, np.hstack([offsets, weights]))


def gauss_rules(x: Array, density: Array, count: int) -> tuple[Array, Array]:
    """Gauss rules of many discrete measures at once, shape (measures, points): Stieltjes, then Golub and Welsch."""
    diagonal, off = np.zeros((len(x), count)), np.zeros((len(x), count))
    before, now = np.zeros_like(x), np.ones_like(x)
    norm_before = np.ones(len(x))
    for k in range(count):
        norm = (density * now**2).sum(1)
        diagonal[:, k] = (density * x * now**2).sum(1) / norm
        off[:, k] = norm / norm_before if k else 0.0
        before, now = now, (x - diagonal[:, k, None]) * now - off[:, k, None] * before
        norm_before = norm
    jacobi = np.zeros((len(x), count, count))
    index = np.arange(count)
    jacobi[:, index, index] = diagonal
    jacobi[:, index[1:], index[:-1]] = jacobi[:, index[:-1], index[1:]] = np.sqrt(off[:, 1:])
    values, vectors = np.linalg.eigh(jacobi)
    return values, vectors[:, 0, :] ** 2


@dataclass(frozen=True, eq=False)
class SignNodes:
    """Nodes of B Gaussian vectors of D coordinates, none of them negative.

    Parameters
    ----------
    values
        Shape (B, N, D).
    log_weights
        Shape (B, N); their log-sum-exp is the log probability of no coordinate being negative.
    groups
        G: the N nodes are G runs of equal length that share their kept coordinates.
    """

    values: Array
    log_weights: Array
    groups: int

    def moments(self) -> tuple[Array, Array, Array]:
        """Log weight, mean and covariance within each group; shapes (B, G), (B, G, D), (B, G, D, D)."""
        problems, nodes, size = self.values.shape
        values = self.values.reshape(problems, self.groups, nodes // self.groups, size)
        logs = self.log_weights.reshape(problems, self.groups, -1)
        total = special.logsumexp(logs, axis=2)
        share = np.exp(logs - total[..., None])
        mean = np.einsum("bgn,bgnd->bgd", share, values)
        centred = values - mean[:, :, None, :]
        covariance = np.einsum("bgn,bgnd,bgne->bgde", share, centred, centred, optimize=True)
        return total, mean, covariance


def nonnegative_nodes(mean: Array, covariance: Array, kept: Sequence[int], merged: Sequence[int]) -> SignNodes:
    """Nodes of N(mean, covariance) cut off below zero in every coordinate.

    Parameters
    ----------
    mean, covariance
        Shapes (B, D) and (B, D, D): B independent problems.
    kept
        Nodes of each of the first coordinates, whose nodes stay apart.
    merged
        Nodes of each of the others, of which only two moments are wanted; two nodes make those of the last
        coordinate exact.
    """
    problems = len(mean)
    nodes = SignNodes(np.zeros((problems, 1, 0)), np.zeros((problems, 1)), int(np.prod(kept)))
    if mean.shape[1] == 0:
        return nodes
    root = np.linalg.cholesky(covariance)
    scores = nodes.values
    for count in kept:
        nodes, scores = _extended(nodes, scores, mean, root, count)
    if np.prod(merged) > MOST_POINTS:
        return _with_sobol(nodes, scores, mean, root)
    for count in merged:
        nodes, scores = _extended(nodes, scores, mean, root, count)
    return nodes


def _extended(nodes: SignNodes, scores: Array, mean: Array, root: Array, count: int) -> tuple[SignNodes, Array]:
    """Give every node `count` nodes in the next coordinate."""
    centre, sd = _conditional(scores, mean, root)
    rule, weights, log_mass = cut_normal_rule(-centre / sd[:, None], count)
    drawn = np.maximum(centre[..., None] + sd[:, None, None] * rule, 0.0)
    log_weights = (nodes.log_weights + log_mass)[..., None] + np.log(weights)
    values = _append(nodes.values, drawn)
    return SignNodes(values, log_weights.reshape(len(mean), -1), nodes.groups), _append(scores, rule)


def _conditional(scores: Array, mean: Array, root: Array) -> tuple[Array, Array]:
    """Mean and sd of the next coordinate given the scores of those before it."""
    d = scores.shape[2]
    return mean[:, None, d] + np.einsum("bnj,bj->bn", scores, root[:, d, :d]), root[:, d, d]


def _append(known: Array, new: Array) -> Array:
    """Add a coordinate with `new.shape[-1]` nodes to each known node."""
    problems, nodes, count = new.shape
    repeated = np.repeat(known, count, axis=1)
    return np.concatenate([repeated, new.reshape(problems, nodes * count, 1)], axis=2)


def _with_sobol(nodes: SignNodes, scores: Array, mean: Array, root: Array) -> SignNodes:
    """Carry scrambled Sobol points through the remaining coordinates."""
    done, size = scores.shape[2], mean.shape[1]
    from scipy.stats import qmc

    uniform = qmc.Sobol(size - done, rng=np.random.default_rng(_SEED)).random(MOST_POINTS)
    repeats = np.tile(uniform, (scores.shape[1], 1))
    values, scores = np.repeat(nodes.values, MOST_POINTS, axis=1), np.repeat(scores, MOST_POINTS, axis=1)
    log_weights = np.repeat(nodes.log_weights, MOST_POINTS, axis=1) - np.log(MOST_POINTS)
    for d in range(done, size):
        centre, sd = _conditional(scores, mean, root)
        cut = -centre / sd[:, None]
        tail = np.maximum(special.ndtr(-cut) * repeats[:, d - done], np.finfo(float).tiny)
        score = np.maximum(-special.ndtri(tail), cut)
        log_weights = log_weights + special.log_ndtr(-cut)
        values = np.concatenate([values, np.maximum(centre + sd[:, None] * score, 0.0)[..., None]], axis=2)
        scores = np.concatenate([scores, score[..., None]], axis=2)
    return SignNodes(values, log_weights, nodes.groups)
