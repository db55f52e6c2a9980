"""Time the house-effect model on pools of 3 to 30 sources: CPU of a fit with the market's quantiles, and memory.

``python benchmarks/house_effects.py``; the median of seven runs after one to warm up. Limits in the table are the
project's own.
"""

from __future__ import annotations

import math
import resource
import statistics
import time

import numpy as np
import pandas as pd

from forecast.reconcile.house_effects import Nodes, fit_house_effects
from forecast.reconcile.pool import Pool
from forecast.reconcile.statements import Source, Statement
from forecast.scenario import read_case

RUNS = 7
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
YEARS = np.arange(2023, 2031)


def many(base: Pool, count: int, hedges: int) -> Pool:
    """A pool of made-up publishers of a level, a later level and a growth each."""
    rng = np.random.default_rng(0)
    sources = []
    for number in range(count):
        value, rate, vintage = 3 + 0.5 * rng.standard_normal(), 0.1 + 0.1 * rng.random(), 2023 - int(rng.integers(4))
        growth = Statement("growth", 6 * rate - 0.005, 6 * rate + 0.005, vintage, vintage + 6)
        if number < hedges:
            growth = Statement("growth", 6 * rate, math.inf, vintage, vintage + 6, excess=0.05)
        said = [
            Statement("level", x - 0.01, x + 0.01, y, y) for x, y in ((value, vintage), (value + 6 * rate, vintage + 6))
        ]
        sources.append(Source(f"s{number}", f"p{number}", base.scope, vintage, (*said, growth)))
    return Pool(tuple(sources), base.scope, base.scopes, base.footing, 2023, base.prior)


def pools() -> dict[str, tuple[Pool, float]]:
    """Pools by name, each with the seconds it may take."""
    seed = read_case("regenerative_medicine").reconcile().pool
    inner = [s.id for s in seed.sources if s.scope != seed.scope]
    return {
        "worked case without the part": (seed.without(*inner), 0.06),
        "worked case": (seed, 0.2),
        "10 sources, 4 hedges": (many(seed, 10, 4), 0.5),
        "30 sources": (many(seed, 30, 0), 5.0),
    }


def seconds(pool: Pool) -> float:
    """CPU seconds of one fit, the market's quantiles included."""
    start = time.process_time()
    fit_house_effects(pool, years=YEARS).markets[pool.scope].quantiles(LEVELS)
    return time.process_time() - start


def error(pool: Pool) -> float:
    """Largest relative error of the quantiles against finer nodes."""
    nodes = Nodes().suited(len(pool.sources)).finer()
    plain, fine = (
        fit_house_effects(pool, years=YEARS, nodes=n).markets[pool.scope].quantiles(LEVELS) for n in (None, nodes)
    )
    return float(np.abs(np.expm1(plain - fine)).max())


def timings() -> pd.DataFrame:
    """One row a pool."""
    rows = []
    for name, (pool, limit) in pools().items():
        seconds(pool)
        took = statistics.median(seconds(pool) for _ in range(RUNS))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows.append(
            (name, round(1000 * took), round(1000 * limit), round(peak), error(pool) if limit < 1 else math.nan)
        )
    return pd.DataFrame(rows, columns=["pool", "ms", "limit ms", "peak MB", "error"]).round({"error": 4})


if __name__ == "__main__":
    print(timings().to_string(index=False))
