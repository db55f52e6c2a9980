"""The house-effect model: a poll aggregator for markets (the default of `reconcile`).

What a source prints comes from its own log path

    L_i(t) = m(t) + S(t) + b_i + v_i + h_i(t) (kappa + d_i),   h_i(t) = max(0, t - vintage_i)

with m the market, S the offset of its scope, b the house level, v the drift of definitions, kappa the optimism that
all estimates of one base year share (and in part those of the years beside it) and d the house growth. Given the
spreads of b and d, the set of outliers and the quantities that may not change sign (scope offsets, excesses behind
one-sided hedges), everything is Gaussian and integrated in closed form; those few sit on quadrature nodes.
`house_design` holds the algebra of one problem, `house_nodes` its nodes and their weights; here is what the model
believes, each part worked out when it is asked for.

The model follows poll aggregation with house effects (Jackman 2005, doi:10.1080/10361140500302472).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.mixture import Mixture, joined
from forecast.reconcile.house_design import Design
from forecast.reconcile.house_nodes import COARSE, Components, Integral, Nodes, grid_for, weigh
from forecast.reconcile.pool import Pool

__all__ = ["COARSE", "HousePosterior", "Nodes", "fit_house_effects"]

Array = NDArray[np.floating[Any]]

_TINY = 1e-4
"""Part of the variance of a printed number that is kept where the number counts as known (keeps matrices regular)."""

_FEW_COMPONENTS = 400
"""So many components need no merging, which costs a little accuracy in growth."""


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
    design = Design(pool, years, report)
    integral = Integral(design, grid_for(design, nodes))
    return HousePosterior(design, integral, weigh(integral, nodes), (pool.scope, *report), nodes)


@dataclass(frozen=True, eq=False)
class _Wanted:
    """Gaussian quantities to be told, before the data; the same at every pair of spreads, or one for each node.

    `mean` (R,), `covariance` (., R, R), `cross` (., R, rows) with the printed numbers, `signs` (R, D).
    """

    mean: Array
    covariance: Array
    cross: Array
    signs: Array


@dataclass(frozen=True, eq=False, repr=False)
class HousePosterior:
    """What the model believes after reading the sources; every part is worked out when first asked for.

    Parameters
    ----------
    design, integral, components
        The problem, its nodes, and those that carry weight.
    scopes
        Scopes whose market is told.
    nodes
        Fineness of the integration.
    """

    design: Design
    integral: Integral
    components: Components
    scopes: tuple[str, ...]
    nodes: Nodes

    @property
    def years(self) -> NDArray[np.int64]:
        """Years of the answer, shape (T,)."""
        return self.design.years

    @cached_property
    def markets(self) -> dict[str, Mixture]:
        """Log market by scope: one mixture over `years` each."""
        return {scope: self._merged(self._market(scope)) for scope in self.scopes}

    @cached_property
    def next_publisher(self) -> Mixture:
        """Log number that one more publisher of the target scope would print."""
        return self.next_publisher_of(self.design.pool.scope)

    def next_publisher_of(self, scope: str) -> Mixture:
        """Log number that one more publisher of a scope would print.

        It is an outlier with the prior probability; its house effects are correlated with those seen.
        """
        probabilities, parts = zip(*self.next_by_kind(scope), strict=True)
        return self._merged(joined(probabilities, parts))

    def next_by_kind(self, scope: str) -> list[tuple[float, Mixture]]:
        """The next publisher as one like most and as an outlier, each with its probability."""
        p = self.design.prior
        kinds = ((1 - p.outlier_probability, 1.0), (p.outlier_probability, p.outlier_inflation**2))
        return [(probability, self._told(self._next_wanted(scope, inflation))) for probability, inflation in kinds]

    @cached_property
    def houses(self) -> Mixture:
        """House level of each source (a mixture over sources, not years)."""
        return self._told(self._house_wanted(growth=False))

    @cached_property
    def growth_houses(self) -> Mixture:
        """House growth of each source beyond its base year."""
        return self._told(self._house_wanted(growth=True))

    @property
    def outlier_probability(self) -> Array:
        """Shape (sources,)."""
        return self._average(self.integral.grid.outliers)

    @property
    def spread(self) -> float:
        """Posterior mean of the spread of levels between publishers."""
        return float(self._average(self.integral.grid.spread))

    @property
    def growth_spread(self) -> float:
        """Posterior mean of the spread of growth between publishers."""
        return float(self._average(self.integral.grid.growth_spread))

    @property
    def log_evidence(self) -> float:
        """Log probability of the printed numbers; comparable only between fits to the same numbers."""
        return self.components.log_evidence

    @cached_property
    def parts(self) -> dict[str, Array]:
        """Covariance of the log market by cause, shape (T, T) each: the law of total variance in a fixed order.

        Were the house levels, drifts and scope offsets known, "between publishers" would be gone; were rounding and
        the excess behind bounds known too, "within statements"; what then remains is "growth".
        """
        noise = self.design.noise_variance + self.design.excess_variance
        known_houses = self._covariance_given(noise)
        known_numbers = self._covariance_given(noise * _TINY)
        return {
            "between publishers": self._market(self.design.pool.scope).covariance() - known_houses,
            "within statements": known_houses - known_numbers,
            "growth": known_numbers,
        }

    # -- conditioning on the printed numbers -----------------------------------------------------------------------

    @cached_property
    def _used(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Grid nodes that carry weight, and which of them each component has."""
        used, place = np.unique(self.components.node, return_inverse=True)
        return used, place.ravel()

    def _told(self, wanted: _Wanted) -> Mixture:
        """Condition the wanted quantities on the printed numbers."""
        (used, place), size = self._used, len(wanted.mean)
        means = np.empty((len(used), size))
        covariances = np.empty((len(used), size, size))
        responses = np.empty((len(used), *wanted.signs.shape))
        for part, inverse in self.integral.inverses(used):
            cross, covariance = _at(wanted.cross, used[part]), _at(wanted.covariance, used[part])
            gain = cross @ inverse
            covariances[part] = covariance - gain @ np.swapaxes(np.broadcast_to(cross, gain.shape), 1, 2)
            responses[part] = gain @ self.design.sign_loading + wanted.signs
            means[part] = wanted.mean + gain @ self.design.residual
        known, moved = self.components, responses[place]
        spread = covariances[place]
        if moved.shape[2]:
            spread = spread + moved @ known.signed_covariance @ np.swapaxes(moved, 1, 2)
        return Mixture.of(known.weight, means[place] + np.einsum("krd,kd->kr", moved, known.signed_mean), spread)

    def _average(self, values: Array) -> Array:
        """Posterior mean of what is known at each grid node."""
        weight = self.components.weight
        return np.asarray(weight @ values[self.components.node] / weight.sum())

    def _merged(self, mixture: Mixture) -> Mixture:
        """Merge components about their own mean, so that the unit of the levels does not matter."""
        if mixture.size <= _FEW_COMPONENTS:
            return mixture
        centre = mixture.mean()[0]
        merged = replace(mixture, means=mixture.means - centre).merged(self.nodes.merge)
        return replace(merged, means=merged.means + centre)

    # -- what can be wanted ------------------------------------------------------------------------------------------

    def _market(self, scope: str) -> Mixture:
        return self._told(_market_wanted(self.design, scope))

    def _next_wanted(self, scope: str, inflation: float) -> _Wanted:
        design, grid, p = self.design, self.integral.grid, self.design.prior
        horizon = np.maximum(0, design.years - design.pool.reference_year).astype(float)
        rows, signs = _market_rows(design, scope)
        rows[:, design.optimism_columns] = np.outer(horizon, design.optimism(design.pool.reference_year))
        rows[:, design.common_column] = 1.0
        spread = rows * design.shared_variance
        herd = design.level_loading @ (p.herding * design.estimate / np.sqrt([s.weight for s in design.sources]))
        drift = p.definition_drift**2 * max(0, design.newest - design.pool.reference_year)
        level = (inflation * grid.spread**2 + drift)[:, None, None] * np.ones((len(rows), len(rows)))
        growth = (inflation * grid.growth_spread**2)[:, None, None] * np.outer(horizon, horizon)
        return _Wanted(
            mean=rows @ design.shared_mean,
            covariance=spread @ rows.T + level + growth,
            cross=spread @ design.design.T + (grid.spread**2)[:, None, None] * herd,
            signs=signs,
        )

    def _house_wanted(self, *, growth: bool) -> _Wanted:
        loading, correlation, spread = self.design.house_part(self.integral.grid, growth=growth)
        effects = _house_effects(self.design, correlation, self.integral.grid.outliers)
        covariance = (spread**2)[:, None, None] * effects
        signs = np.zeros((len(correlation), self.design.sign_loading.shape[1]))
        return _Wanted(np.zeros(len(correlation)), covariance, covariance @ loading.T, signs)

    # -- parts of the variance ---------------------------------------------------------------------------------------

    def _covariance_given(self, noise: Array) -> Array:
        """Expected covariance of the log market with house levels known and printed numbers as noisy as told."""
        design = self.design
        wanted = _market_wanted(design, design.pool.scope)
        outliers, spread, share = self._light
        loading, correlation, _ = design.house_part(self.integral.grid, growth=True)
        effects = _house_effects(design, correlation, outliers)
        houses = (spread**2)[:, None, None] * (loading @ effects @ loading.T)
        covariance = (design.design * design.shared_variance) @ design.design.T + np.diag(noise) + houses
        solved = np.linalg.solve(covariance, np.swapaxes(wanted.cross, 1, 2))
        return np.asarray(np.tensordot(share, wanted.covariance - wanted.cross @ solved, 1))

    @cached_property
    def _light(self) -> tuple[Array, Array, Array]:
        """Outliers and growth spread of the nodes that differ in what matters once house levels are known; weights."""
        grid, known = self.integral.grid, self.components
        levels, place = np.unique(grid.pair_growth_spread, return_inverse=True)
        key = grid.set_index * len(levels) + place.ravel()[grid.pair]
        weight = np.bincount(key[known.node], known.weight, len(grid.sets) * len(levels))
        used = np.flatnonzero(weight > self.nodes.smallest * weight.sum() / len(weight))
        of_set, of_level = np.divmod(used, len(levels))
        return grid.sets[of_set], levels[of_level], weight[used] / weight[used].sum()


def _at(values: Array, nodes: NDArray[np.intp]) -> Array:
    """What belongs to some nodes; all share it where there is only one."""
    return values if len(values) == 1 else values[nodes]


def _market_rows(design: Design, scope: str) -> tuple[Array, Array]:
    """Coefficients of the log market of a scope in the shared parameters and in what may not change sign."""
    rows = np.array([design.market_row(year, scope) for year in design.years.tolist()])
    signs = np.zeros((len(rows), design.sign_loading.shape[1]))
    for edge, sign in design.offsets(scope).items():
        signs[:, design.edges.index(edge)] = -sign
    return rows, signs


def _market_wanted(design: Design, scope: str) -> _Wanted:
    rows, signs = _market_rows(design, scope)
    spread = rows * design.shared_variance
    return _Wanted(rows @ design.shared_mean, (spread @ rows.T)[None], (spread @ design.design.T)[None], signs)


def _house_effects(design: Design, correlation: Array, outliers: Array) -> Array:
    """Correlation C plus the outliers' own part O, shape (sets, sources, sources)."""
    own = (design.prior.outlier_inflation**2 - 1) * outliers * np.diag(correlation)
    return np.asarray(correlation + own[:, :, None] * np.eye(len(correlation)))
