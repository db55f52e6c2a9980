"""The house-effect model: a poll aggregator for markets (the default of `reconcile`).

What a source prints comes from its own log path

    L_i(t) = m(t) + S(t) + b_i + v_i + h_i(t) (kappa + d_i),   h_i(t) = max(0, t - vintage_i)

with m the market, S the offset of its scope, b the house level, v the drift of definitions, kappa the optimism that
all share and d the house growth. Given the spreads of b and d, the set of outliers and the quantities that may not
change sign (scope offsets, excesses behind one-sided hedges), everything is Gaussian and integrated in closed form;
those few sit on quadrature nodes. `house_design` holds the algebra of one problem; here it is integrated.

The model follows poll aggregation with house effects (Jackman 2005, doi:10.1080/10361140500302472).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecast.mixture import Mixture, joined
from forecast.reconcile.house_design import Design, Grid, covariance_of, make_grid, sign_prior
from forecast.reconcile.pool import Pool
from forecast.reconcile.truncated import SignNodes, nonnegative_nodes

Array = NDArray[np.floating[Any]]

_MOST_KEPT = 2
"""Scope edges, nearest the target first, whose offsets keep their nodes apart; further ones are merged."""

_TINY = 1e-4
"""Part of the variance of a printed number that is kept where the number counts as known (keeps matrices regular)."""

_SOME_SOURCES = 3
"""Up to so many sources the nodes are finer than asked for."""

_FEW_SOURCES = 2
"""Up to so many sources the skewed excess behind a bound shows in the answer, so its nodes are kept apart too."""


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
    growth_spread: int = 8
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


COARSE = Nodes(spread=8, growth_spread=5, scope=4, bound=3, smallest=1e-4, merge=0.3)
"""Nodes for many fits that are compared with each other; quantiles are within about half a percent."""


@dataclass(frozen=True, eq=False)
class HousePosterior:
    """What the model believes after reading the sources.

    Parameters
    ----------
    years
        Shape (T,).
    markets
        Log market by scope: one mixture over `years` each.
    next_publisher
        Log number that one more publisher of the target scope would print.
    houses, growth_houses
        House level and house growth of each source (mixtures over sources, not years).
    outlier_probability
        Shape (sources,).
    spread, growth_spread
        Posterior means of the two spreads.
    parts
        Covariance of the log market, split by cause, shape (T, T) each; they add up to the whole.
    log_evidence
        Log probability of the printed numbers; comparable only between fits to the same numbers.
    """

    years: NDArray[np.int64]
    markets: dict[str, Mixture]
    next_publisher: Mixture
    houses: Mixture
    growth_houses: Mixture
    outlier_probability: Array
    spread: float
    growth_spread: float
    parts: dict[str, Array]
    log_evidence: float


@dataclass(frozen=True, eq=False)
class _Integral:
    """The grid with its Gaussian parts integrated: inverse covariances of the rows, and the nodes of the signs."""

    grid: Grid
    inverse: Array
    signs: SignNodes


def _integrate(design: Design, grid: Grid, nodes: Nodes) -> _Integral:
    covariance = covariance_of(design, grid)
    root = np.linalg.cholesky(covariance)
    inverse = np.linalg.inv(covariance)
    log_determinant = 2 * np.log(np.einsum("bii->bi", root)).sum(1)
    residual, loading = design.residual, design.sign_loading
    size = len(residual)
    solved = inverse @ residual
    log_density = -0.5 * (solved @ residual + log_determinant + size * math.log(2 * math.pi))
    precision, shift, constant = sign_prior(design)
    information = loading.T @ inverse @ loading + np.diag(precision)
    score = shift - solved @ loading
    spread = np.linalg.inv(information) if loading.shape[1] else information
    centre = np.einsum("bij,bj->bi", spread, score)
    log_density += 0.5 * np.einsum("bi,bi->b", centre, score) + constant
    log_density += 0.5 * (loading.shape[1] * math.log(2 * math.pi) - np.linalg.slogdet(information)[1])
    edges, bounds = len(design.edges), len(design.bounds)
    lone = len(design.sources) <= _FEW_SOURCES and edges + bounds <= _MOST_KEPT
    kept = edges + bounds if lone else min(edges, _MOST_KEPT)
    counts = (nodes.scope,) * edges + ((2 * nodes.bound,) * bounds if lone else _bound_counts(bounds, nodes))
    signs = nonnegative_nodes(centre, spread, counts[:kept], counts[kept:])
    weighed = replace(signs, log_weights=signs.log_weights + (grid.log_prior + log_density)[:, None])
    return _Integral(grid, inverse, weighed)


def _bound_counts(bounds: int, nodes: Nodes) -> tuple[int, ...]:
    """Nodes a bound; the last needs two, because only two of its moments are used."""
    return (nodes.bound,) * max(0, bounds - 1) + (2,) * min(1, bounds)


def fit_house_effects(
    pool: Pool, *, years: NDArray[np.int64], report: tuple[str, ...] = (), nodes: Nodes | None = None
) -> HousePosterior:
    """Integrate the house-effect model.

    Parameters
    ----------
    pool
        Sources, target scope, reference year and prior.
    years
        Years of the answer, shape (T,).
    report
        Further scopes whose market is wanted.
    nodes
        Fineness of the integration; suited to the number of sources where None.
    """
    nodes = nodes or Nodes().suited(len(pool.sources))
    design = Design(pool, years)
    sets = _likely_sets(design, nodes)
    integral = _integrate(design, make_grid(design, sets, nodes.spread, nodes.growth_spread), nodes)
    return _posterior(design, integral, (pool.scope, *report), nodes)


def _likely_sets(design: Design, nodes: Nodes) -> Array:
    """Outlier sets that carry weight on a coarse grid."""
    sets = design.outlier_sets()
    if len(sets) <= 16:
        return sets
    coarse = Nodes(spread=5, growth_spread=3, scope=3, bound=2)
    integral = _integrate(design, make_grid(design, sets, coarse.spread, coarse.growth_spread), coarse)
    by_node = special.logsumexp(integral.signs.log_weights, axis=1).reshape(len(sets), -1)
    weight = special.softmax(special.logsumexp(by_node, axis=1))
    return sets[weight > nodes.smallest * 10]


@dataclass(frozen=True, eq=False)
class _Components:
    """The nodes that carry weight, each a Gaussian; K components out of B grid nodes."""

    node: NDArray[np.intp]
    weight: Array
    signed_mean: Array
    signed_covariance: Array
    log_evidence: float


def _components(integral: _Integral, smallest: float) -> _Components:
    log_weight, mean, covariance = integral.signs.moments()
    log_evidence = float(special.logsumexp(log_weight))
    weight = np.exp(log_weight - log_evidence).ravel()
    order = np.argsort(weight)
    light = order[np.cumsum(weight[order]) < smallest]
    keep = np.setdiff1d(np.arange(weight.size), light)
    node, group = np.unravel_index(keep, log_weight.shape)
    return _Components(node, weight[keep], mean[node, group], covariance[node, group], log_evidence)


@dataclass(frozen=True, eq=False)
class _Wanted:
    """Gaussian quantities to be told, before the data; a leading axis of 1 or B.

    `mean` (R,), `covariance` (., R, R), `cross` (., R, rows) with the printed numbers, `signs` (R, D).
    """

    mean: Array
    covariance: Array
    cross: Array
    signs: Array


def _told(design: Design, integral: _Integral, components: _Components, wanted: _Wanted) -> Mixture:
    """Condition the wanted quantities on the printed numbers."""
    gain = wanted.cross @ integral.inverse
    covariance = wanted.covariance - gain @ np.swapaxes(np.broadcast_to(wanted.cross, gain.shape), 1, 2)
    response = gain @ design.sign_loading + wanted.signs
    mean = wanted.mean + gain @ design.residual
    k = components.node
    moved = response[k]
    means = mean[k] + np.einsum("krd,kd->kr", moved, components.signed_mean)
    spread = covariance[k] + moved @ components.signed_covariance @ np.swapaxes(moved, 1, 2)
    return Mixture.of(components.weight, means, spread)


def _market_wanted(design: Design, scope: str) -> _Wanted:
    rows = np.array([design.market_row(year, scope) for year in design.years.tolist()])
    signs = np.zeros((len(rows), design.sign_loading.shape[1]))
    for edge, sign in design.offsets(scope).items():
        signs[:, design.edges.index(edge)] = -sign
    spread = rows * design.shared_variance
    return _Wanted(rows @ design.shared_mean, (spread @ rows.T)[None], (spread @ design.design.T)[None], signs)


def _next_publisher(design: Design, integral: _Integral, components: _Components) -> Mixture:
    """One more publisher: an outlier with the prior probability, its house effects correlated with those seen."""
    p, grid = design.prior, integral.grid
    horizon = np.maximum(0, design.years - design.pool.reference_year).astype(float)
    rows = np.array([design.market_row(year, design.pool.scope) for year in design.years.tolist()])
    rows[:, design.optimism_column] = horizon
    spread = rows * design.shared_variance
    herd = design.level_loading @ (p.herding * design.estimate / np.sqrt([s.weight for s in design.sources]))
    cross = spread @ design.design.T + (grid.spread**2)[:, None, None] * herd
    signs = np.zeros((len(rows), design.sign_loading.shape[1]))
    drift = p.definition_drift**2 * max(0, design.newest - design.pool.reference_year)
    parts = []
    for inflation in (1.0, p.outlier_inflation**2):
        level = (inflation * grid.spread**2 + drift)[:, None, None] * np.ones_like(spread @ rows.T)
        growth = (inflation * grid.growth_spread**2)[:, None, None] * np.outer(horizon, horizon)
        wanted = _Wanted(rows @ design.shared_mean, spread @ rows.T + level + growth, cross, signs)
        parts.append(_told(design, integral, components, wanted))
    return joined([1 - p.outlier_probability, p.outlier_probability], parts)


def _house_wanted(design: Design, grid: Grid, *, growth: bool) -> _Wanted:
    loading, correlation, spread = design.house_part(grid, growth=growth)
    own = (design.prior.outlier_inflation**2 - 1) * grid.outliers * np.diag(correlation)
    covariance = (spread**2)[:, None, None] * (correlation + own[:, :, None] * np.eye(len(correlation)))
    signs = np.zeros((len(correlation), design.sign_loading.shape[1]))
    return _Wanted(np.zeros(len(correlation)), covariance, covariance @ loading.T, signs)


def _posterior(design: Design, integral: _Integral, scopes: tuple[str, ...], nodes: Nodes) -> HousePosterior:
    components = _components(integral, nodes.smallest)
    grid, node = integral.grid, components.node

    def told(wanted: _Wanted) -> Mixture:
        return _told(design, integral, components, wanted)

    return HousePosterior(
        years=design.years,
        markets={scope: _merged(told(_market_wanted(design, scope)), nodes) for scope in scopes},
        next_publisher=_merged(_next_publisher(design, integral, components), nodes),
        houses=told(_house_wanted(design, grid, growth=False)),
        growth_houses=told(_house_wanted(design, grid, growth=True)),
        outlier_probability=components.weight @ grid.outliers[node],
        spread=float(components.weight @ grid.spread[node]),
        growth_spread=float(components.weight @ grid.growth_spread[node]),
        parts=_variance_parts(design, grid, components, told(_market_wanted(design, design.pool.scope))),
        log_evidence=components.log_evidence,
    )


def _merged(mixture: Mixture, nodes: Nodes) -> Mixture:
    """Merge components about their own mean, so that the unit of the levels does not matter."""
    centre = mixture.mean()[0]
    merged = replace(mixture, means=mixture.means - centre).merged(nodes.merge)
    return replace(merged, means=merged.means + centre)


def _variance_parts(design: Design, grid: Grid, components: _Components, market: Mixture) -> dict[str, Array]:
    """Split the covariance by the law of total variance: between publishers, within statements, growth.

    Were the house levels, drifts and scope offsets known, the first part would be gone; were rounding and the excess
    behind bounds known too, the second; what then remains is growth.
    """
    noise = design.noise_variance + design.excess_variance
    known_houses = _covariance_given(design, grid, components, noise)
    known_numbers = _covariance_given(design, grid, components, noise * _TINY)
    return {
        "between publishers": market.covariance() - known_houses,
        "within statements": known_houses - known_numbers,
        "growth": known_numbers,
    }


def _covariance_given(design: Design, grid: Grid, components: _Components, noise: Array) -> Array:
    """Expected covariance of the log market with house levels known and printed numbers as noisy as told."""
    wanted = _market_wanted(design, design.pool.scope)
    node, share = _light_grid(grid, components)
    loading, correlation, spread = design.house_part(grid, growth=True)
    own = (design.prior.outlier_inflation**2 - 1) * grid.outliers[node] * np.diag(correlation)
    effects = correlation + own[:, :, None] * np.eye(len(correlation))
    houses = (spread[node] ** 2)[:, None, None] * (loading @ effects @ loading.T)
    covariance = (design.design * design.shared_variance) @ design.design.T + np.diag(noise) + houses
    solved = np.linalg.solve(covariance, np.swapaxes(wanted.cross, 1, 2))
    return np.tensordot(share, wanted.covariance - wanted.cross @ solved, 1)


def _light_grid(grid: Grid, components: _Components) -> tuple[NDArray[np.intp], Array]:
    """Grid nodes that differ in what matters once house levels are known, and their weights."""
    keys = np.column_stack([grid.outliers, grid.growth_spread])
    _, first, label = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    share = np.bincount(label.ravel()[components.node], components.weight, len(first))
    return first, share.astype(float)
