"""Nodes of the house-effect model: how fine they are, and the weight of each given the printed numbers.

Covariances are inverted once for each pair of spreads; outliers enter by low-rank updates (Woodbury), so thirty
sources with hundreds of outlier sets cost little more than four.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecast.reconcile.house_design import Design, Grid, Window, make_grid, plain_covariance, sign_prior
from forecast.reconcile.truncated import MOST_POINTS, nonnegative_nodes

Array = NDArray[np.floating[Any]]

_MOST_KEPT = 2
"""Scope edges, nearest the target first, whose offsets keep their nodes apart; further ones are merged."""

_SOME_SOURCES = 3
"""Up to so many sources the nodes are finer than asked for, and cover the whole prior of the spreads."""

_FEW_SOURCES = 2
"""Up to so many sources the skewed excess behind a bound shows in the answer, so its nodes are kept apart too."""

_MOST_SIGNS = 64
"""Nodes of the merged excesses beyond which each bound gets fewer."""

_CHUNK = 2**21
"""Numbers held at once."""


@dataclass(frozen=True)
class Nodes:
    """How finely the model is integrated; more is slower and more exact.

    Parameters
    ----------
    spread, growth_spread
        Nodes of the spreads between publishers.
    scope, bound
        Nodes of each scope offset and of each excess behind a bound.
    smallest
        Weight that may be left out together.
    merge
        Relative width within which components of the answer are merged; 0 merges none.
    """

    spread: int = 12
    growth_spread: int = 10
    scope: int = 4
    bound: int = 4
    smallest: float = 1e-5
    merge: float = 0.1

    def finer(self) -> Nodes:
        """Half as many nodes again and no merging, to measure the error of these."""
        return Nodes(self.spread * 3 // 2, self.growth_spread * 3 // 2, self.scope + 3, self.bound + 3, 1e-8, 0.0)

    def suited(self, sources: int) -> Nodes:
        """With few sources there are fewer outlier sets to add up, and less that smooths the answer: finer."""
        if sources > _SOME_SOURCES:
            return self
        scope = 3 * self.scope if sources == 1 else self.scope * 3 // 2
        return replace(self, spread=self.spread * 4 // 3, growth_spread=self.growth_spread * 5 // 4, scope=scope)

    def of_bounds(self, count: int) -> tuple[int, ...]:
        """Nodes a bound; the last needs two, because only two of its moments are used, and many need fewer each."""
        each = self.bound
        while each > 2 and each ** max(0, count - 1) * 2 > _MOST_SIGNS:
            each -= 1
        return (each,) * max(0, count - 1) + (min(each, 2),) * min(1, count)


COARSE = Nodes(spread=10, growth_spread=6, scope=4, bound=3, smallest=1e-4, merge=0.2)
"""Nodes for many fits that are compared with each other; quantiles are within about half a percent."""

_SCOUT = Nodes(spread=12, growth_spread=12, scope=3, bound=1)
"""Nodes that find out where the weight is."""

_NO_WEIGHT = 1e-5
"""Weight, next to the heaviest, of spreads that are left out."""


@dataclass(frozen=True, eq=False)
class Integral:
    """The grid with everything Gaussian integrated out.

    Parameters
    ----------
    design, grid
        The problem and its nodes.
    """

    design: Design
    grid: Grid

    @cached_property
    def _plain(self) -> Array:
        return plain_covariance(self.design, self.grid)

    @cached_property
    def inverse(self) -> Array:
        """Inverse covariance of the printed numbers without outliers, shape (P, rows, rows)."""
        return np.asarray(np.linalg.inv(self._plain))

    @cached_property
    def houses(self) -> Array:
        """Inverse covariance times what outliers load on, shape (P, 2 sources + 1, rows)."""
        loading = self.design.house_loading[None] * self.design.own_scale(self.grid)[:, None, :]
        return np.ascontiguousarray(np.swapaxes(self.inverse @ loading, 1, 2))

    @cached_property
    def _columns(self) -> NDArray[np.intp]:
        """Columns of `houses` that each outlier set uses, shape (sets, 2 most)."""
        sources, members = len(self.design.sources), self.grid.members
        growth = np.where(members < sources, members + sources, 2 * sources)
        level = np.where(members < sources, members, 2 * sources)
        return np.hstack([level, growth])

    def _updates(self, nodes: NDArray[np.intp]) -> Array:
        """Middle matrix of the low-rank update of each node: the identity plus what its outliers share."""
        scaled = self.design.house_loading[None] * self.design.own_scale(self.grid)[:, None, :]
        shared = self.houses @ scaled
        columns, pair = self._columns[self.grid.set_index[nodes]], self.grid.pair[nodes]
        chosen = shared[pair[:, None, None], columns[:, :, None], columns[:, None, :]]
        return np.asarray(chosen + np.eye(columns.shape[1]))

    def quadratic(self, columns: Array) -> tuple[Array, Array]:
        """`columns` against themselves through the inverse covariance of every node, and its log determinant.

        Parameters
        ----------
        columns
            Shape (rows, k).

        Returns
        -------
        Shapes (B, k, k) and (B,).
        """
        everything = np.arange(len(self.grid.pair))
        plain = columns.T @ self.inverse @ columns
        log_determinant = np.linalg.slogdet(self._plain)[1]
        pair = self.grid.pair
        if self.grid.sets.sum() == 0:
            return plain[pair], log_determinant[pair]
        used = self._columns[self.grid.set_index]
        middle = self._updates(everything)
        along = (self.houses @ columns)[pair[:, None], used]
        update = np.swapaxes(along, 1, 2) @ np.linalg.solve(middle, along)
        return plain[pair] - update, log_determinant[pair] + np.linalg.slogdet(middle)[1]

    def inverses(self, nodes: NDArray[np.intp]) -> Iterator[tuple[slice, Array]]:
        """Inverse covariances of some nodes, a chunk at a time: which of `nodes`, and shape (chunk, rows, rows)."""
        size = max(1, _CHUNK // self.inverse[0].size)
        for start in range(0, len(nodes), size):
            part = slice(start, min(start + size, len(nodes)))
            chosen = nodes[part]
            pair = self.grid.pair[chosen]
            along = self.houses[pair[:, None], self._columns[self.grid.set_index[chosen]]]
            update = np.swapaxes(along, 1, 2) @ np.linalg.solve(self._updates(chosen), along)
            yield part, self.inverse[pair] - update


@dataclass(frozen=True, eq=False)
class SignMoments:
    """Log weight, mean and covariance of what may not change sign, at every node and group of kept nodes.

    Shapes (B, G), (B, G, D), (B, G, D, D); the log weight counts the prior of the grid and the printed numbers too.
    """

    log_weight: Array
    mean: Array
    covariance: Array


def sign_moments(integral: Integral, nodes: Nodes) -> SignMoments:
    """Integrate what may not change sign at every node of the grid."""
    design = integral.design
    columns = np.column_stack([design.residual, design.sign_loading])
    product, log_determinant = integral.quadratic(columns)
    size, signed = columns.shape[0], columns.shape[1] - 1
    log_density = -0.5 * (product[:, 0, 0] + log_determinant + size * math.log(2 * math.pi))
    precision, shift, constant = sign_prior(design)
    information = product[:, 1:, 1:] + np.diag(precision)
    score = shift - product[:, 0, 1:]
    spread = np.linalg.inv(information) if signed else information
    centre = np.einsum("bij,bj->bi", spread, score)
    log_density += 0.5 * np.einsum("bi,bi->b", centre, score) + constant
    log_density += 0.5 * (signed * math.log(2 * math.pi) - np.linalg.slogdet(information)[1])
    log_weight, mean, covariance = _cut_moments(centre, spread, *_counts(design, nodes))
    return SignMoments(log_weight + (integral.grid.log_prior + log_density)[:, None], mean, covariance)


def _cut_moments(
    centre: Array, spread: Array, kept: tuple[int, ...], merged: tuple[int, ...]
) -> tuple[Array, Array, Array]:
    """Moments of Gaussian vectors cut off below zero, a chunk of problems at a time."""
    each = int(np.prod(kept)) * min(int(np.prod(merged)), MOST_POINTS) * (len(kept) + len(merged) + 2)
    pieces = range(0, len(centre), max(1, _CHUNK // each))
    chunks = [slice(start, start + pieces.step) for start in pieces]
    moments = [nonnegative_nodes(centre[part], spread[part], kept, merged).moments() for part in chunks]
    log_weight, mean, covariance = (np.concatenate(parts) for parts in zip(*moments, strict=True))
    return log_weight, mean, covariance


def _counts(design: Design, nodes: Nodes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Nodes of the signed quantities whose nodes stay apart, and of those that are merged."""
    edges, bounds = len(design.edges), len(design.bounds)
    if len(design.sources) <= _FEW_SOURCES and edges + bounds <= _MOST_KEPT:
        return (nodes.scope,) * edges + (2 * nodes.bound,) * bounds, ()
    apart = min(edges, _MOST_KEPT)
    return (nodes.scope,) * apart, (nodes.scope,) * (edges - apart) + nodes.of_bounds(bounds)


@dataclass(frozen=True, eq=False)
class Scouted:
    """Where the weight is on a coarse grid: all outlier sets; log weights, shape (sets, spread, growth spread)."""

    sets: Array
    logs: Array

    @cached_property
    def weight(self) -> Array:
        """Weights, summing to 1."""
        return np.asarray(special.softmax(self.logs))

    def likely(self, smallest: float) -> Array:
        """Outlier sets with at least so much weight."""
        return np.asarray(self.sets[self.weight.sum((1, 2)) > smallest])


def scouted(design: Design) -> Scouted:
    """Find out on a coarse grid which outlier sets and spreads carry weight."""
    sets = design.outlier_sets()
    scout = make_grid(design, sets, _SCOUT.spread, _SCOUT.growth_spread)
    logs = special.logsumexp(sign_moments(Integral(design, scout), _SCOUT).log_weight, axis=1)
    return Scouted(sets, logs.reshape(len(sets), _SCOUT.spread, _SCOUT.growth_spread))


def grid_for(design: Design, nodes: Nodes) -> Grid:
    """Outlier sets and spreads that carry weight on a coarse grid, finely."""
    if len(design.sources) <= _SOME_SOURCES:
        return make_grid(design, design.outlier_sets(), nodes.spread, nodes.growth_spread)
    found = scouted(design)
    window = Window(_covering(found.weight.sum((0, 2))), _covering(found.weight.sum((0, 1))))
    return make_grid(design, found.likely(nodes.smallest), nodes.spread, nodes.growth_spread, window)


def _covering(weight: Array) -> tuple[float, float]:
    """Part of the scale of a spread beyond whose neighbours on the coarse grid there is no weight."""
    points = (np.polynomial.legendre.leggauss(len(weight))[0] + 1) / 2
    used = np.flatnonzero(weight > _NO_WEIGHT * weight.max())
    edges = np.concatenate([[0.0], points, [1.0]])
    return float(edges[used[0]]), float(edges[used[-1] + 2])


@dataclass(frozen=True, eq=False)
class Components:
    """The nodes that carry weight, each a Gaussian; K components out of B grid nodes.

    Parameters
    ----------
    node
        Grid node of each, shape (K,).
    weight
        Shape (K,), summing to 1 but for what is left out.
    signed_mean, signed_covariance
        What may not change sign, shapes (K, D) and (K, D, D).
    log_evidence
        Log probability of the printed numbers.
    """

    node: NDArray[np.intp]
    weight: Array
    signed_mean: Array
    signed_covariance: Array
    log_evidence: float


def weigh(integral: Integral, nodes: Nodes) -> Components:
    """Weights of the nodes, the lightest left out."""
    signs = sign_moments(integral, nodes)
    log_evidence = float(special.logsumexp(signs.log_weight))
    weight = np.exp(signs.log_weight - log_evidence).ravel()
    order = np.argsort(weight)
    light = order[np.cumsum(weight[order]) < nodes.smallest]
    keep = np.setdiff1d(np.arange(weight.size), light)
    node, group = np.unravel_index(keep, signs.log_weight.shape)
    return Components(node, weight[keep], signs.mean[node, group], signs.covariance[node, group], log_evidence)
