"""The sources as plain numbers: log paths in the target scope and how finely they are printed.

What the methods work on that know neither hedges nor houses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecast.errors import ModelError
from forecast.reconcile.house_design import Design
from forecast.reconcile.paths import log_path
from forecast.reconcile.pool import Pool
from forecast.reconcile.statements import Source, own_growth, printed_levels

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class SourcePaths:
    """Log paths of the sources that print a level.

    Parameters
    ----------
    place
        Which sources of the pool, shape (n,).
    years
        Shape (T,).
    logs
        Log level in the target scope, at the middle of its cell, shape (n, T).
    variances
        Of rounding, of the excess behind a bound, and of the share of a scope; shape (n, T).
    weights
        As given with the estimates, shape (n,).
    """

    place: NDArray[np.intp]
    years: NDArray[np.int64]
    logs: Array
    variances: Array
    weights: Array

    @property
    def count(self) -> int:
        """Number of sources."""
        return len(self.place)


def source_paths(pool: Pool, years: NDArray[np.int64], *, least: int, method: str) -> SourcePaths:
    """Read the paths off a pool.

    Raises
    ------
    ModelError
        If fewer than `least` sources print a level.
    """
    design = Design(pool, years)
    place = np.array([i for i, s in enumerate(pool.sources) if printed_levels(s)], np.intp)
    if len(place) < least:
        raise ModelError(
            f"The method {method!r} needs at least {least} sources that print a level, and there "
            f"{'is' if len(place) == 1 else 'are'} {len(place)}; the method 'house-effects' answers with fewer."
        )
    sources = [pool.sources[i] for i in place]
    shifts, shift_variances = zip(*(_to_target(design, s) for s in sources), strict=True)
    logs = np.array([log_path(s, years.tolist(), _usual_growth(pool)) + _mean_excess(s) for s in sources])
    printed = np.array([_printed_variance(design, s) for s in sources])
    return SourcePaths(
        place=place,
        years=years,
        logs=logs + np.array(shifts)[:, None],
        variances=printed[:, None] + np.array(shift_variances),
        weights=np.array([s.weight for s in sources]),
    )


def _usual_growth(pool: Pool) -> float:
    """Log growth a year for sources that say nothing of growth: the median of the others, else that of the prior."""
    rates = [rate for rate in map(own_growth, pool.sources) if not math.isnan(rate)]
    return float(np.median(rates)) if rates else pool.prior.growth_mean


def _mean_excess(source: Source) -> float:
    """Mean log excess of the levels that are only bounds."""
    return float(np.mean([s.side * s.excess for s in printed_levels(source).values()]))


def _printed_variance(design: Design, source: Source) -> float:
    """Mean variance of rounding and excess of the printed levels."""
    floor = design.prior.level_floor
    each = [max(s.width**2 / 12, floor**2) + s.excess**2 for s in printed_levels(source).values()]
    return float(np.mean(each))


def _to_target(design: Design, source: Source) -> tuple[float, Array]:
    """What is added to a log level of the source's scope to make it one of the target, and its variance by year."""
    shift, variance = 0.0, np.zeros(len(design.years))
    means, sds = design.shortfall_prior
    for edge, sign in design.offsets(source.scope).items():
        number = design.edges.index(edge)
        mean, sd = _cut_moments(means[number], sds[number])
        tree = design.pool.scopes
        assert tree is not None
        shift += sign * mean
        variance = variance + sd**2 + (tree.growth_sd(edge) * (design.years - tree.ratio_pivot(edge))) ** 2
    return shift, variance


def _cut_moments(mean: float, sd: float) -> tuple[float, float]:
    """Mean and sd of a normal cut off below zero."""
    cut = -mean / sd
    hazard = float(np.exp(-0.5 * cut**2 - special.log_ndtr(-cut)) / np.sqrt(2 * np.pi))
    return mean + sd * hazard, sd * float(np.sqrt(max(1 + cut * hazard - hazard**2, 0.0)))
