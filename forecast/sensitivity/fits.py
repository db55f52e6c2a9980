"""Many fits of the house-effect model that differ little: all on the nodes that suit the first of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from forecast.errors import ModelError
from forecast.mixture import Mixture
from forecast.reconcile.house_design import Design
from forecast.reconcile.house_effects import COARSE, HousePosterior
from forecast.reconcile.house_nodes import Integral, weigh
from forecast.reconcile.pool import Pool
from forecast.reconcile.suited import Suited, suited

_NODES = replace(COARSE, spread=8)


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
    def _first(self) -> Suited:
        return suited(Design(self.pool, self.pool.years), _NODES)

    def _fitted(self, pool: Pool, years: NDArray[np.int64]) -> HousePosterior:
        design = Design(pool, years)
        found = self._first if self._alike(pool) else suited(design, _NODES)
        integral = Integral(design, found.grid(design))
        return HousePosterior(design, integral, weigh(integral, _NODES), (pool.scope,), _NODES)

    def _alike(self, pool: Pool) -> bool:
        """Whether a pool has the sources, the statements and the possible outliers of the first."""
        told, own = ([(s.id, len(s.statements)) for s in each.sources] for each in (pool, self.pool))
        outliers = [(each.prior.outlier_probability > 0, each.prior.most_outliers) for each in (pool, self.pool)]
        return told == own and outliers[0] == outliers[1]
