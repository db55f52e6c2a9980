"""Linear algebra of the house-effect model: what each printed number is made of, and how it covaries.

Rows are printed numbers. Columns of `design` are the shared parameters: level, first growth, steps of the growth walk
ahead and behind, common optimism, common error of the level, growth of the scope offsets, and what each measured year
added beyond its growth, so that a good or bad year is not taken for a trend. House effects, drift and rounding enter by
their covariance; scope shortfalls and the excesses behind bounds, which may not be negative, by `sign_loading`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecast.distributions import SCORE_P90
from forecast.estimates import Scopes
from forecast.reconcile.doubt import believed
from forecast.reconcile.pool import Pool, lineage
from forecast.reconcile.priors import spread_nodes
from forecast.reconcile.statements import Source

Array = NDArray[np.floating[Any]]

_SHOCK_YEARS = 2.0
"""Measured changes that the prior of the yearly shock is worth."""

_LEAST_RATIO_SD = 1e-3
"""Log sd of a share that is stated as certain (keeps matrices regular)."""


def _log_ratio(scopes: Scopes, scope: str) -> tuple[float, float]:
    """Mean and sd of the log share of a scope in its parent, before it is cut at 1."""
    ratio = scopes.ratio(scope)
    assert ratio is not None, f"scope {scope} has no share of its parent; checked before fitting"
    low, base, high = np.log(ratio.percentiles())
    return float(base), max(float((high - low) / (2 * SCORE_P90)), _LEAST_RATIO_SD)


class Design:
    """One pool and the years to be answered, as matrices."""

    def __init__(self, pool: Pool, years: NDArray[np.int64], report: tuple[str, ...] = ()) -> None:
        self.pool, self.years, self.prior = pool, years, pool.prior
        self.sources, self.newest = pool.sources, pool.newest
        self.rows = [(i, statement) for i, source in enumerate(self.sources) for statement in source.statements]
        spans = [*years.tolist(), *(t for _, s in self.rows for t in (s.year, s.to_year))]
        self.ahead = max(1, max(spans) - self.newest)
        self.behind = max(1, self.newest - min(spans))
        self._offsets: dict[str, dict[str, int]] = {}
        scopes = [*report, *(s.scope for s in self.sources)]
        self.edges = list(dict.fromkeys(edge for scope in scopes for edge in self.offsets(scope)))

    @property
    def _tree(self) -> Scopes:
        """The scopes; only asked where there are offsets, so where there is a tree."""
        assert self.pool.scopes is not None
        return self.pool.scopes

    # -- the shared parameters: level, growth, walk ahead and behind, optimism, common error, scope growth, shocks --

    @cached_property
    def shared_mean(self) -> Array:
        """Prior mean of the shared parameters, centred on the printed levels so that units do not matter."""
        levels = [s.centre for _, s in self.rows if s.kind == "level"]
        mean = np.zeros(self._width)
        mean[0], mean[1] = float(np.median(levels)) if levels else 0.0, self.prior.growth_mean
        mean[self.optimism_columns] = self.prior.optimism_mean * (1 - self._carried)
        return mean

    @cached_property
    def shared_variance(self) -> Array:
        """Prior variance of the shared parameters (independent)."""
        p = self.prior
        walk = [p.growth_walk_sd**2] * (self.ahead + self.behind)
        scope_growth = [self._tree.growth_sd(edge) ** 2 for edge in self.edges]
        optimism = p.optimism_sd**2 * (1 - self._carried**2)
        shocks = [self._shock_variance] * len(self.shock_years)
        return np.array([p.level_sd**2, p.growth_sd**2, *walk, *optimism, p.common_level_sd**2, *scope_growth, *shocks])

    @property
    def _width(self) -> int:
        return self.common_column + 1 + len(self.edges) + len(self.shock_years)

    @cached_property
    def _measured(self) -> dict[int, float]:
        """Log levels of measured actuals by year, oldest first; their mean where there are several."""
        told: dict[int, list[float]] = {}
        for i, s in self.rows:
            if self.sources[i].status == "actual" and s.kind == "level":
                told.setdefault(s.year, []).append(s.centre)
        return {year: float(np.mean(told[year])) for year in sorted(told)}

    @cached_property
    def shock_years(self) -> NDArray[np.int64]:
        """Years from the first measured one to the last but one: each shock lies between a year and the next."""
        return np.arange(min(self._measured), max(self._measured)) if self._measured else np.zeros(0, np.int64)

    @property
    def _shock_variance(self) -> float:
        """Variance of a shock: the prior's, and half the squares of the changes of measured growth."""
        level = self._measured
        bends = [level[y - 1] - 2 * level[y] + level[y + 1] for y in level if {y - 1, y + 1} <= level.keys()]
        squares = _SHOCK_YEARS * self.prior.yearly_shock_sd**2 + sum(b * b / 2 for b in bends)
        return float(squares / (_SHOCK_YEARS + len(bends)))

    @cached_property
    def vintages(self) -> NDArray[np.int64]:
        """Base years of the estimates, and the reference year as that of the next publisher; newest first."""
        years = {s.vintage for s in self.sources if s.anchor_sd is None} | {self.pool.reference_year}
        return np.array(sorted(years, reverse=True))

    @cached_property
    def _carried(self) -> Array:
        """Correlation of the common optimism of each vintage with the next newer one; 0 for the newest."""
        gaps = -np.diff(self.vintages)
        return np.concatenate([[0.0], self.prior.optimism_memory ** gaps.astype(float)])

    @property
    def optimism_columns(self) -> slice:
        """Common optimism of the newest vintage, then what each older one has of its own."""
        first = 2 + self.ahead + self.behind
        return slice(first, first + len(self.vintages))

    @property
    def common_column(self) -> int:
        """By how much all estimates are off together."""
        return self.optimism_columns.stop

    def optimism(self, vintage: int) -> Array:
        """Coefficients of the common optimism of one vintage, shape (vintages,)."""
        gaps = np.maximum(self.vintages - vintage, 0)
        return np.where(self.vintages >= vintage, self.prior.optimism_memory ** gaps.astype(float), 0.0)

    def market_row(self, year: int, scope: str) -> Array:
        """Coefficients of log market `scope` at `year` in the shared parameters."""
        row, step = np.zeros(self._width), year - self.newest
        row[0], row[1] = 1.0, step
        ahead, behind = np.arange(1, self.ahead + 1), np.arange(1, self.behind + 1)
        row[2 : 2 + self.ahead] = np.maximum(0, step - ahead)
        row[2 + self.ahead : self.optimism_columns.start] = -np.maximum(0, 1 - step - behind)
        for edge, sign in self.offsets(scope).items():
            row[self.common_column + 1 + self.edges.index(edge)] = sign * (year - self._tree.ratio_pivot(edge))
        row[self._width - len(self.shock_years) :] = self.shock_years >= year
        return row

    def offsets(self, scope: str) -> dict[str, int]:
        """Scope offsets between the target and `scope`: +1 going down the tree, -1 going up."""
        if scope not in self._offsets:
            down, up = lineage(self.pool.scopes, scope), lineage(self.pool.scopes, self.pool.scope)
            shared = set(down) & set(up)
            self._offsets[scope] = {s: 1 for s in down if s not in shared} | {s: -1 for s in up if s not in shared}
        return self._offsets[scope]

    def path_row(self, source: Source, year: int) -> Array:
        """The same for what `source` would print for `year`, its optimism included."""
        row = self.market_row(year, source.scope)
        if source.anchor_sd is None:
            row[self.optimism_columns] = max(0, year - source.vintage) * self.optimism(source.vintage)
            row[self.common_column] = 1.0
        return row

    def _difference(self, of: Callable[[Source, int], Array | float]) -> Array:
        """Evaluate a function of (source, year) on every printed number: a level, or end less start."""
        levels = []
        for i, s in self.rows:
            end = np.asarray(of(self.sources[i], s.to_year), float)
            levels.append(end - of(self.sources[i], s.year) if s.kind == "growth" else end)
        return np.array(levels)

    @cached_property
    def design(self) -> Array:
        """Shape (rows, shared)."""
        return self._difference(self.path_row)

    # -- house effects -------------------------------------------------------------------------------------------

    @cached_property
    def level_loading(self) -> Array:
        """Coefficient of each source's level effect, shape (rows, sources)."""
        owner = np.eye(len(self.sources))[[i for i, _ in self.rows]]
        return owner * np.array([s.kind == "level" for _, s in self.rows])[:, None]

    @cached_property
    def growth_loading(self) -> Array:
        """Coefficient of each source's growth effect, shape (rows, sources)."""
        horizon = self._difference(lambda source, year: max(0, year - source.vintage))
        return np.eye(len(self.sources))[[i for i, _ in self.rows]] * horizon[:, None]

    @cached_property
    def estimate(self) -> NDArray[np.bool_]:
        """Which sources are estimates (with house effects) rather than measured actuals."""
        return np.array([s.anchor_sd is None for s in self.sources])

    def _correlation(self, across: float) -> Array:
        publishers = np.array([s.publisher for s in self.sources])
        same = publishers[:, None] == publishers[None, :]
        matrix = np.where(same, max(across, self.prior.publisher_correlation), across)
        np.fill_diagonal(matrix, 1.0)
        scale = self.estimate / np.sqrt([s.weight for s in self.sources])
        return matrix * scale[:, None] * scale[None, :]

    @cached_property
    def level_correlation(self) -> Array:
        """Correlation C of house levels, scaled by the sources' weights; zero for actuals."""
        return self._correlation(self.prior.herding)

    @cached_property
    def growth_correlation(self) -> Array:
        """C_d: publishers share growth errors only through the common optimism."""
        return self._correlation(0.0)

    @cached_property
    def house_loading(self) -> Array:
        """Level effects, then growth effects, then one that is nobody's; shape (rows, 2 sources + 1)."""
        return np.hstack([self.level_loading, self.growth_loading, np.zeros((len(self.rows), 1))])

    def own_scale(self, grid: Grid) -> Array:
        """Sd of what an outlier adds to its own level and growth at each pair; shape (P, 2 sources + 1)."""
        inflation = self.prior.outlier_inflation**2 - 1
        level = np.sqrt(inflation * np.diag(self.level_correlation))
        growth = np.sqrt(inflation * np.diag(self.growth_correlation))
        nobody = np.zeros((len(grid.pair_spread), 1))
        return np.hstack([grid.pair_spread[:, None] * level, grid.pair_growth_spread[:, None] * growth, nobody])

    def house_part(self, grid: Grid, *, growth: bool) -> tuple[Array, Array, Array]:
        """Loading, correlation and spread of the house effects on growth or on levels."""
        if growth:
            return self.growth_loading, self.growth_correlation, grid.growth_spread
        return self.level_loading, self.level_correlation, grid.spread

    @cached_property
    def noise_variance(self) -> Array:
        """Variance of the rounding of each printed number, with a floor; more where a source is to be doubted."""
        p = self.prior
        floors = [p.level_floor if s.kind == "level" else p.growth_floor * abs(s.periods) for _, s in self.rows]
        rounding = np.maximum([s.width / math.sqrt(12) for _, s in self.rows], floors) ** 2
        owner = np.array([i for i, _ in self.rows])
        return np.concatenate(
            [believed(s, rounding[owner == i], p.growth_spread_scale) for i, s in enumerate(self.sources)]
        )

    @cached_property
    def excess_variance(self) -> Array:
        """Variance of the excess behind each bound."""
        return np.array([s.excess**2 for _, s in self.rows])

    @cached_property
    def fixed_covariance(self) -> Array:
        """Covariance of the printed numbers that depends on no node."""
        p = self.prior
        drift = [p.definition_drift**2 * (self.newest - s.vintage) for s in self.sources]
        own = [s.anchor_sd**2 if s.anchor_sd is not None else v for s, v in zip(self.sources, drift, strict=True)]
        loaded = self.level_loading * np.sqrt(own)
        return (self.design * self.shared_variance) @ self.design.T + loaded @ loaded.T + np.diag(self.noise_variance)

    # -- what may not change sign --------------------------------------------------------------------------------

    @cached_property
    def bounds(self) -> list[int]:
        """Rows that print only a bound, the widest excess last (it is integrated in closed form)."""
        return sorted((k for k, (_, s) in enumerate(self.rows) if s.is_bound), key=lambda k: self.rows[k][1].excess)

    @cached_property
    def sign_loading(self) -> Array:
        """Columns of scope shortfalls (minus the log ratio) and of excesses behind bounds, shape (rows, D)."""
        scope = np.zeros((len(self.rows), len(self.edges)))
        for k, (i, s) in enumerate(self.rows):
            for edge, sign in self.offsets(self.sources[i].scope).items():
                scope[k, self.edges.index(edge)] = sign * (s.kind == "level")
        excess = np.zeros((len(self.rows), len(self.bounds)))
        for column, k in enumerate(self.bounds):
            excess[k, column] = self.rows[k][1].side
        return np.hstack([scope, excess])

    @cached_property
    def shortfall_prior(self) -> tuple[Array, Array]:
        """Mean and sd of the shortfall (minus the log ratio) of each scope edge before it is cut at zero."""
        pairs = [_log_ratio(self._tree, edge) for edge in self.edges]
        return np.array([-mean for mean, _ in pairs]), np.array([sd for _, sd in pairs])

    @cached_property
    def residual(self) -> Array:
        """Printed centres less their prior means, shape (rows,)."""
        centre = np.array([s.centre for _, s in self.rows])
        anchors = self.level_loading @ np.array([s.anchor_mean for s in self.sources])
        return centre - anchors - self.design @ self.shared_mean

    # -- outliers ------------------------------------------------------------------------------------------------

    def outlier_sets(self) -> Array:
        """All sets of outliers considered, shape (sets, sources), 0 or 1."""
        able = np.flatnonzero(self.estimate)
        chosen = [c for size in range(self._most_outliers + 1) for c in itertools.combinations(able.tolist(), size)]
        sets = np.zeros((len(chosen), len(self.sources)))
        for k, members in enumerate(chosen):
            sets[k, list(members)] = 1.0
        return sets

    def log_set_prior(self, sets: Array) -> Array:
        """Log prior probability of each set; those with more outliers than considered are ruled out."""
        p, size = self.prior.outlier_probability, sets.sum(1)
        log_prior = special.xlogy(size, p) + special.xlog1py(self.estimate.sum() - size, -p)
        return np.asarray(log_prior - self._log_sets_total)

    @cached_property
    def _log_sets_total(self) -> float:
        """Log prior probability of all sets that are considered."""
        p, able = self.prior.outlier_probability, int(self.estimate.sum())
        sizes = np.arange(self._most_outliers + 1)
        log_prior = special.xlogy(sizes, p) + special.xlog1py(able - sizes, -p)
        return float(special.logsumexp(log_prior + np.log(special.comb(able, sizes))))

    @property
    def _most_outliers(self) -> int:
        able = int(self.estimate.sum())
        return min(self.prior.most_outliers, len(self.sources) - 1, able) if self.prior.outlier_probability else 0


@dataclass(frozen=True, eq=False)
class Grid:
    """Nodes of one integration: every set of outliers with every pair of spreads.

    Parameters
    ----------
    sets
        Shape (sets, sources), 0 or 1.
    pair_spread, pair_growth_spread
        Shape (P,): the pairs of spreads.
    set_index, pair
        Shape (B,): outlier set and pair of each node.
    log_prior
        Shape (B,).
    """

    sets: Array
    pair_spread: Array
    pair_growth_spread: Array
    set_index: NDArray[np.intp]
    pair: NDArray[np.intp]
    log_prior: Array

    @cached_property
    def outliers(self) -> Array:
        """Outliers of each node, shape (B, sources)."""
        return np.asarray(self.sets[self.set_index], float)

    @cached_property
    def spread(self) -> Array:
        """Spread of the levels at each node, shape (B,)."""
        return np.asarray(self.pair_spread[self.pair], float)

    @cached_property
    def growth_spread(self) -> Array:
        """Spread of the growths at each node, shape (B,)."""
        return np.asarray(self.pair_growth_spread[self.pair], float)

    @cached_property
    def members(self) -> NDArray[np.intp]:
        """Outliers of each set by number, filled up with the number of sources; shape (sets, most)."""
        sources = self.sets.shape[1]
        numbered = np.where(self.sets > 0, np.arange(sources), sources)
        return np.asarray(np.sort(numbered, axis=1)[:, : max(1, int(self.sets.sum(1).max()))], np.intp)


@dataclass(frozen=True)
class Window:
    """Parts of the priors of the two spreads, on the scale of their quantiles, that the data leave possible."""

    spread: tuple[float, float] = (0.0, 1.0)
    growth_spread: tuple[float, float] = (0.0, 1.0)


def make_grid(design: Design, sets: Array, spread: int, growth_spread: int, window: Window | None = None) -> Grid:
    """Every outlier set with every pair of spread nodes."""
    p, window = design.prior, window or Window()
    tau, tau_weight = spread_nodes(p.spread_scale, p.spread_family, spread, window.spread)
    tau_g, tau_g_weight = spread_nodes(p.growth_spread_scale, p.spread_family, growth_spread, window.growth_spread)
    return every_pair(design, sets, (tau, np.log(tau_weight)), (tau_g, np.log(tau_g_weight)))


def every_pair(design: Design, sets: Array, spread: tuple[Array, Array], growth_spread: tuple[Array, Array]) -> Grid:
    """Every outlier set with every pair of nodes of the spreads, given with the logs of their prior weights."""
    (tau, tau_log), (tau_g, tau_g_log) = spread, growth_spread
    pairs = len(tau) * len(tau_g)
    of_set, of_pair = np.repeat(np.arange(len(sets)), pairs), np.tile(np.arange(pairs), len(sets))
    log_weight = np.add.outer(tau_log, tau_g_log).ravel()
    return Grid(
        sets=sets,
        pair_spread=np.repeat(tau, len(tau_g)),
        pair_growth_spread=np.tile(tau_g, len(tau)),
        set_index=of_set,
        pair=of_pair,
        log_prior=design.log_set_prior(sets)[of_set] + log_weight[of_pair],
    )


def plain_covariance(design: Design, grid: Grid) -> Array:
    """Covariance of the printed numbers at each pair of spreads, were no source an outlier; shape (P, rows, rows)."""
    level = design.level_loading @ design.level_correlation @ design.level_loading.T
    growth = design.growth_loading @ design.growth_correlation @ design.growth_loading.T
    by_level, by_growth = (grid.pair_spread**2)[:, None, None], (grid.pair_growth_spread**2)[:, None, None]
    return np.asarray(design.fixed_covariance + by_level * level + by_growth * growth)


def sign_prior(design: Design) -> tuple[Array, Array, float]:
    """Precision, linear term and log constant of the prior of the signed quantities."""
    mean, sd = design.shortfall_prior
    excess = np.array([design.rows[k][1].excess for k in design.bounds])
    precision = np.concatenate([1 / sd**2, np.zeros(len(excess))])
    shift = np.concatenate([mean / sd**2, -1 / excess])
    constant = -0.5 * np.sum((mean / sd) ** 2 + np.log(2 * np.pi * sd**2)) - special.log_ndtr(mean / sd).sum()
    return precision, shift, float(constant - np.log(excess).sum())
