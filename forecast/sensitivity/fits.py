"""Many fits of the house-effect model that differ little: all on the nodes that suit the first of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.errors import ModelError
from forecast.mixture import Mixture
from forecast.reconcile.house_design import Design, Window, make_grid
from forecast.reconcile.house_effects import COARSE, HousePosterior, fit_house_effects
from forecast.reconcile.house_nodes import Integral, weigh
from forecast.reconcile.pool import Pool
from forecast.reconcile.priors import spread_nodes

_NODES = replace(COARSE, growth_spread=8)
_FINE = 64


@dataclass(frozen=True, eq=False)
class Fits:
    """Consensuses of a pool and of others like it.

    Finding out which outlier sets and which spreads carry weight is half of the work of a fit. Pools that differ from
    the first in beliefs or in the reading of a number only are fitted on its sets and over its spreads.

    Parameters
    ----------
    pool
        The first.
    """

    pool: Pool

    def market(self, pool: Pool, years: NDArray[np.int64]) -> Mixture:
        """Log market of a pool over consecutive years.

        Raises
        ------
        ModelError
            If no source of the pool prints a level.
        """
        key = (id(pool), int(years[0]), int(years[-1]))
        if key not in self._known:
            if not pool.has_level:
                raise ModelError("no source is left that prints a level; growth alone says nothing of the size")
            self._known[key] = (pool, self._fitted(pool, years).markets[pool.scope])
        return self._known[key][1]

    @cached_property
    def _known(self) -> dict[tuple[int, int, int], tuple[Pool, Mixture]]:
        """Markets found so far, by the identity of their pool (kept with them, so that it stays taken) and years."""
        return {}

    @cached_property
    def _first(self) -> HousePosterior:
        return fit_house_effects(self.pool, years=self.pool.years, nodes=_NODES)

    def _fitted(self, pool: Pool, years: NDArray[np.int64]) -> HousePosterior:
        if not self._alike(pool):
            return fit_house_effects(pool, years=years, nodes=_NODES)
        design, first, prior = Design(pool, years), self._first.integral.grid, pool.prior
        window = Window(
            _window(first.pair_spread, prior.spread_scale, prior.spread_family, _NODES.spread),
            _window(first.pair_growth_spread, prior.growth_spread_scale, prior.spread_family, _NODES.growth_spread),
        )
        grid = make_grid(design, first.sets, _NODES.spread, _NODES.growth_spread, window)
        integral = Integral(design, grid)
        return HousePosterior(design, integral, weigh(integral, _NODES), (pool.scope,), _NODES)

    def _alike(self, pool: Pool) -> bool:
        """Whether a pool has the sources, the statements and the possible outliers of the first."""
        told, own = ([(s.id, len(s.statements)) for s in each.sources] for each in (pool, self.pool))
        outliers = [(each.prior.outlier_probability > 0, each.prior.most_outliers) for each in (pool, self.pool)]
        return told == own and outliers[0] == outliers[1]


def _window(values: NDArray[np.floating[Any]], scale: float, family: str, count: int) -> tuple[float, float]:
    """Part of the scale of a spread's prior over which `count` nodes have the range of some values."""
    coarse = _shares(count)
    low, high = np.interp([values.min(), values.max()], _spreads(scale, family), _shares(_FINE))
    width = (high - low) / (coarse[-1] - coarse[0])
    start = low - width * coarse[0]
    return max(0.0, float(start)), min(1.0, float(start + width))


@lru_cache
def _shares(count: int) -> NDArray[np.floating[Any]]:
    """Where Gauss–Legendre nodes lie between 0 and 1."""
    return np.asarray((np.polynomial.legendre.leggauss(count)[0] + 1) / 2)


@lru_cache
def _spreads(scale: float, family: str) -> NDArray[np.floating[Any]]:
    """Spreads of a prior at fine nodes of its scale."""
    return spread_nodes(scale, family, _FINE)[0]
