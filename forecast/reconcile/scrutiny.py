"""What an answer rests on: priors, statements, nodes, how many sources count, and whether there are two answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.mixture import Mixture
from forecast.reconcile.dependence import effective_number
from forecast.reconcile.house_effects import COARSE, HousePosterior, Nodes, fit_house_effects
from forecast.reconcile.pool import Pool
from forecast.reconcile.priors import Prior

if TYPE_CHECKING:
    from forecast.reconcile.statements import Source

Array = NDArray[np.floating[Any]]

_LEVELS = (0.1, 0.5, 0.9)
_GRID = 801
_REACH = 5.0
_LEAST_PEAK = 0.1
"""Height of a mode, next to the highest, below which it is not told."""

_LEAST_DIP = 0.05
"""Depth of the dip beside a mode, as a share of its height, below which it is not told."""


def prior_variants(prior: Prior) -> dict[str, Prior]:
    """Priors that differ from one by a single believable change, by what is changed."""
    wide, flat = prior.publisher_correlation, 0.0
    changes: dict[str, dict[str, float | str]] = {
        "half the spread between publishers": {"spread_scale": prior.spread_scale / 2},
        "twice the spread between publishers": {"spread_scale": prior.spread_scale * 2},
        "heavy tails of the spread": {"spread_family": "half-cauchy"},
        "half the spread of growth": {"growth_spread_scale": prior.growth_spread_scale / 2},
        "twice the spread of growth": {"growth_spread_scale": prior.growth_spread_scale * 2},
        "no herding": {"herding": flat},
        "twice the herding": {"herding": min(2 * prior.herding, wide)},
        "no outliers": {"outlier_probability": 0.0},
        "more outliers": {"outlier_probability": min(2.5 * prior.outlier_probability, 0.5)},
        "no common optimism": {"optimism_mean": 0.0, "optimism_sd": 0.0},
        "twice the common optimism": {"optimism_mean": 2 * prior.optimism_mean, "optimism_sd": 2 * prior.optimism_sd},
        "definitions do not drift": {"definition_drift": 0.0},
        "definitions drift twice as fast": {"definition_drift": 2 * prior.definition_drift},
        "growth may change twice as fast": {"growth_walk_sd": 2 * prior.growth_walk_sd},
    }
    variants = {name: prior.replace(**changed) for name, changed in changes.items()}
    return variants if prior == Prior() else {**variants, "the constants for all markets": Prior()}


def prior_table(pool: Pool, years: Sequence[int]) -> pd.DataFrame:
    """Market under each variant of the prior; columns as in `Consensus.prior_sensitivity`."""
    variants = {"as given": pool.prior, **prior_variants(pool.prior)}
    tables = [bands(replace(pool, prior=prior), years).assign(prior=name) for name, prior in variants.items()]
    table = pd.concat(tables, ignore_index=True)
    base = table[table["prior"] == "as given"].set_index("year")["median"]
    table["change"] = table["median"] / table["year"].map(base)
    return table[["prior", "year", "low", "median", "high", "change"]]


def statement_table(pool: Pool, year: int) -> pd.DataFrame:
    """Market with each printed number left out; columns as in `Consensus.statement_influence`."""
    median = bands(pool, [year])["median"].iloc[0]
    rows = []
    for number, source in enumerate(pool.sources):
        for position, statement in enumerate(source.statements if len(source.statements) > 1 else ()):
            left = _dropping(pool, number, position)
            band = bands(left, [year]).iloc[0, :3].tolist() if left.has_level else [math.nan] * 3
            span = str(statement.year) if statement.periods == 0 else f"{statement.year}-{statement.to_year}"
            said = f"{statement.hedge} {statement.text}".strip()
            told = (source.id, source.publisher, statement.kind, span, said)
            rows.append((*told, *band, band[1] / median))
    return pd.DataFrame(
        rows, columns=["id", "publisher", "kind", "years", "printed", "low", "median", "high", "change"]
    )


def _dropping(pool: Pool, number: int, position: int) -> Pool:
    source: Source = pool.sources[number]
    kept = tuple(s for place, s in enumerate(source.statements) if place != position)
    sources = (*pool.sources[:number], replace(source, statements=kept), *pool.sources[number + 1 :])
    return replace(pool, sources=sources)


def bands(pool: Pool, years: Sequence[int]) -> pd.DataFrame:
    """Market by the house-effect model on a coarse grid: `low, median, high, year`."""
    asked = np.unique(np.asarray(years))
    market = fit_house_effects(pool, years=asked, nodes=COARSE.suited(len(pool.sources))).markets[pool.scope]
    return pd.DataFrame(np.exp(market.quantiles(_LEVELS)), columns=["low", "median", "high"]).assign(year=asked)


def numerical_error(pool: Pool, years: NDArray[np.int64], levels: Sequence[float], found: Array) -> float:
    """Largest relative error of quantiles (logs, shape (T, L)) against finer nodes."""
    finer = Nodes().suited(len(pool.sources)).finer()
    exact = fit_house_effects(pool, years=years, nodes=finer).markets[pool.scope].quantiles(levels)
    return float(np.expm1(np.abs(found - exact)).max())


def fit_of(pool: Pool, scope: str, years: NDArray[np.int64]) -> tuple[HousePosterior, str]:
    """The same fit with another scope told too, and the name by which it is told.

    Raises
    ------
    ArgumentError
        If no ratios lead from the target to the scope.
    """
    known = [pool.scope] if pool.scopes is None else list(pool.scopes.names)
    if pool.scopes is None or not pool.scopes.knows(scope):
        raise ArgumentError(Problem("scope", repr(scope), "a scope of the scopes file", did_you_mean(scope, known)))
    name = pool.scopes.canonical(scope)
    if not pool.links(name):
        raise ArgumentError(Problem("scope", repr(scope), f"a scope linked to {pool.scope!r} by ratios"))
    return fit_house_effects(pool, years=years, report=(name,)), name


def independent_sources(pool: Pool) -> float:
    """How many independent publishers the estimates are worth, given how the prior says that they lean on each other.

    `1' C^-1 1` for the correlation C of their house effects.
    """
    publishers = np.array([s.publisher for s in pool.sources if s.anchor_sd is None])
    if len(publishers) == 0:
        return 0.0
    herding, within = pool.prior.herding, max(pool.prior.herding, pool.prior.publisher_correlation)
    correlation = np.where(publishers[:, None] == publishers, within, herding)
    np.fill_diagonal(correlation, 1.0)
    return effective_number(correlation)


def modes_of(market: Mixture) -> pd.DataFrame:
    """Modes of the log density of a one-year mixture: `value` and `height` next to the highest."""
    mean, sd = float(market.mean()[0]), float(np.sqrt(market.variance()[0]))
    x = np.linspace(mean - _REACH * sd, mean + _REACH * sd, _GRID)
    sds = market.sds[:, 0]
    score = (x[:, None] - market.means[:, 0]) / sds
    density = np.exp(-0.5 * score**2) @ (market.weights / sds)
    peaks = _peaks(density)
    return pd.DataFrame({"value": np.exp(x[peaks]), "height": density[peaks] / density.max()})


def _peaks(density: Array) -> NDArray[np.intp]:
    """Positions of the clear peaks; the usual single one is found without loading a library for it."""
    inside = density[1:-1]
    rising = np.flatnonzero((inside > density[:-2]) & (inside >= density[2:])) + 1
    if len(rising) == 1:
        return rising
    from scipy import signal

    peaks, about = signal.find_peaks(density, height=_LEAST_PEAK * density.max(), prominence=0.0)
    return peaks[about["prominences"] > _LEAST_DIP * about["peak_heights"]]
