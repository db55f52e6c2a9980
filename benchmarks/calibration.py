"""Simulation-based calibration of the house-effect model: bands of truths drawn from its own prior.

``python benchmarks/calibration.py [replicates] [prior]`` draws spreads, outliers, houses, optimism, drifts, excesses
and rounding from the prior, prints four sources from them, fits, and counts how often the truth lies in the 80 and
95 % bands. The prior is the default at 20 % promised growth ("evidence"), or "constants". The level itself has a flat
prior and is drawn at one place. 8,000 replicates, as many as are drawn if not told otherwise, take three minutes of
CPU on a coarse grid; the expected ranges are .785 to .815 and .942 to .958.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.estimates import Footing
from forecast.reconcile.house_design import Design
from forecast.reconcile.house_effects import COARSE, fit_house_effects
from forecast.reconcile.pool import Pool
from forecast.reconcile.priors import Prior, evidence_prior
from forecast.reconcile.statements import Source, Statement

Array = NDArray[np.floating[Any]]

NEWEST, END, EXCESS = 2023, 2028, 0.05
YEARS = np.array([NEWEST, END])
VINTAGES = (2023, 2023, 2021, 2018)


@dataclass(frozen=True)
class Truth:
    """What was drawn: log market, printed number of one more publisher, house levels."""

    market: Array
    following: float
    houses: Array


def template(rng: np.random.Generator, prior: Prior) -> Pool:
    """Four sources of a level and a growth each; the growth of the first is a bound in half of the pools."""
    sources = []
    for number, vintage in enumerate(VINTAGES):
        growth = Statement("growth", -0.02, 0.02, vintage, vintage + 6)
        if number == 0 and rng.random() < 0.5:
            growth = replace(growth, low=0.0, high=math.inf, excess=EXCESS)
        level = Statement("level", -0.03, 0.03, vintage, vintage)
        sources.append(Source(f"s{number}", f"p{number}", "market", vintage, (level, growth)))
    return Pool(tuple(sources), "market", None, Footing("USD", "billion"), NEWEST, prior)


def drawn(rng: np.random.Generator, prior: Prior) -> tuple[Pool, Truth]:
    """A pool printed from a truth drawn from the prior."""
    pool = template(rng, prior)
    design, count = Design(pool, YEARS), len(pool.sources)
    shared = design.shared_mean + np.sqrt(design.shared_variance) * rng.standard_normal(len(design.shared_mean))
    shared[0] = 3.0
    tau, tau_g = abs(rng.standard_normal(2)) * (prior.spread_scale, prior.growth_spread_scale)
    sets = design.outlier_sets()
    outliers = sets[rng.choice(len(sets), p=np.exp(design.log_set_prior(sets)))]
    inflation = 1 + (prior.outlier_inflation**2 - 1) * np.append(outliers, rng.random() < prior.outlier_probability)
    correlation = prior.herding + np.diag(inflation - prior.herding)
    levels = tau * rng.multivariate_normal(np.zeros(count + 1), correlation)
    rates = tau_g * np.sqrt(inflation[:count]) * rng.standard_normal(count)
    drift = prior.definition_drift * np.sqrt(NEWEST - np.array(VINTAGES)) * rng.standard_normal(count)
    printed = design.design @ shared + design.level_loading @ (levels[:count] + drift) + design.growth_loading @ rates
    printed = printed + np.sqrt(design.noise_variance) * rng.standard_normal(len(printed))
    shifts = iter(printed - [s.side * rng.exponential(s.excess) if s.is_bound else 0.0 for _, s in design.rows])
    sources = tuple(replace(s, statements=tuple(_moved(s.statements, shifts))) for s in pool.sources)
    common = float(shared[design.common_column])
    market = np.array([design.market_row(year, "market") for year in YEARS.tolist()]) @ shared
    return replace(pool, sources=sources), Truth(market, market[0] + common + levels[count], levels[:count])


def _moved(statements: tuple[Statement, ...], shifts: Iterator[float]) -> Iterator[Statement]:
    for statement in statements:
        by = next(shifts)
        yield replace(statement, low=statement.low + by, high=statement.high + by)


def positions(pool: Pool, truth: Truth) -> dict[str, list[float]]:
    """Where the truth lies in each posterior, as a probability."""
    fit = fit_house_effects(pool, years=YEARS, nodes=COARSE)
    market = fit.markets[pool.scope]
    growth = market.linear([[-1.0, 1.0]])
    return {
        "level": [float(market.cdf(truth.market)[0])],
        "growth": [float(growth.cdf([truth.market[1] - truth.market[0]])[0])],
        "next publisher": [float(fit.next_publisher.cdf([truth.following, 0.0])[0])],
        "house effects": fit.houses.cdf(truth.houses).tolist(),
    }


def calibration(replicates: int, prior: Prior, seed: int = 20260101) -> pd.DataFrame:
    """Coverage of the 80 and 95 % bands by quantity."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {}
    for _ in range(replicates):
        for name, values in positions(*drawn(rng, prior)).items():
            found.setdefault(name, []).extend(values)
    rows = [(n, *(np.mean(np.abs(np.array(p) - 0.5) < level / 2) for level in (0.8, 0.95))) for n, p in found.items()]
    return pd.DataFrame(rows, columns=["quantity", "80 % band", "95 % band"]).round(4)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 8_000
    basis = sys.argv[2] if len(sys.argv) > 2 else "evidence"
    chosen = Prior() if basis == "constants" else evidence_prior(math.log(1.2))
    print(f"{count} replicates, prior: {basis}")
    print(calibration(count, chosen).to_string(index=False))
