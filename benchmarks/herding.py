"""Does the band hold the truth when sources lean on each other?

``python benchmarks/herding.py [replicates]`` draws k sources about one market, each off by a house effect of sd .35 in
logs, correlated .25 or not at all, and counts how often the nominal 90 % bands hold the market: that of the default
prior, that of the constants, and the t interval of the mean. Where there is no herding in the truth, the prior has none
either. Expected: at least .90 with herding, .88 to .94 without. 1,000 replicates, as many as are drawn if not told
otherwise, take some minutes of CPU on a coarse grid.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from forecast.estimates import Footing
from forecast.reconcile.house_effects import COARSE, fit_house_effects
from forecast.reconcile.pool import Pool
from forecast.reconcile.priors import Prior, evidence_prior
from forecast.reconcile.statements import Source, Statement

COUNTS, SPREAD, CORRELATION, YEAR = (2, 4, 10), 0.35, 0.25, 2023
CELL = 0.01


def inside(off: NDArray[Any], prior: Prior) -> bool:
    """Whether the 90 % band of the market holds it, from sources that are off by so much; the market is at 0."""
    said = [Statement("level", x - CELL, x + CELL, YEAR, YEAR) for x in off.tolist()]
    sources = tuple(Source(f"s{n}", f"p{n}", "market", YEAR, (told,)) for n, told in enumerate(said))
    pool = Pool(sources, "market", None, Footing("", ""), YEAR, prior)
    fit = fit_house_effects(pool, years=np.array([YEAR]), nodes=COARSE.suited(len(off)))
    market = fit.markets["market"]
    return bool(abs(market.cdf([0.0])[0] - 0.5) < 0.45)


def inside_t(off: NDArray[Any]) -> bool:
    """The same for the t interval of the mean."""
    return bool(abs(off.mean()) < stats.t.ppf(0.95, len(off) - 1) * off.std(ddof=1) / math.sqrt(len(off)))


def coverages(replicates: int, seed: int = 20260101) -> Iterator[tuple[str, int, float, float, float]]:
    """Truth, number of sources, and coverage of the default, the constants and the t interval."""
    rng = np.random.default_rng(seed)
    for truth, correlation in (("herding", CORRELATION), ("none", 0.0)):
        priors = [prior.replace(herding=correlation) for prior in (evidence_prior(None), Prior())]
        for count in COUNTS:
            covariance = SPREAD**2 * (correlation + (1 - correlation) * np.eye(count))
            drawn = rng.multivariate_normal(np.zeros(count), covariance, replicates)
            found = np.array([[*(inside(off, prior) for prior in priors), inside_t(off)] for off in drawn])
            yield truth, count, *found.mean(0).tolist()


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    columns = ["herding in the truth", "sources", "default", "constants", "t interval"]
    print(f"{number} replicates, nominal 90 %")
    print(pd.DataFrame(coverages(number), columns=columns).round(3).to_string(index=False))
