"""CPU seconds to read, audit and normalise a large table of estimates, beside pandas.read_csv of the same file.

    python benchmarks/ledger.py [ROWS]

Two tables of ROWS rows (10,000 unless told) are made and written: one whose rows are spread over ROWS / 20 markets, and
one whose rows are all about one market, which is the worst case of the checks that hold pairs of rows against each
other. Each step is timed in this process as CPU time: the first time, when nothing is remembered yet, and the best of
three.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.estimates import audit, normalize, read_estimates, write_estimates

ROWS, MARKET, REPEATS = 10_000, 20, 3
RATES = pd.DataFrame(
    [
        {"from": "EUR", "to": "USD", "year": year, "rate": 1.05 + 0.01 * (year % 7), "source": "made up"}
        for year in range(2015, 2041)
    ]
)


def ledger(rows: int, markets: int, seed: int = 1) -> pd.DataFrame:
    """Made-up estimates: a base, a target six years on, and the growth that fits, but for one row in ten."""
    rng = np.random.default_rng(seed)
    numbers = np.arange(rows)
    level, growth = rng.lognormal(3, 1, markets)[numbers % markets], rng.uniform(2, 30, rows)
    base = level * rng.lognormal(0, 0.2, rows)
    year, off = rng.integers(2018, 2026, rows), np.where(rng.random(rows) < 0.1, 3.0, 0.0)
    target = base * (1 + growth / 100) ** 6
    return pd.DataFrame(
        {
            "id": [f"row-{n}" for n in numbers],
            "publisher": [f"House {n}" for n in rng.integers(0, rows // 5, rows)],
            "published": [f"{y}-{m:02}" for y, m in zip(year + 1, rng.integers(1, 13, rows), strict=True)],
            "scope": [f"market {n % markets}" for n in numbers],
            "geography": "global",
            "currency": np.where(rng.random(rows) < 0.2, "EUR", "USD"),
            "scale": np.where(rng.random(rows) < 0.3, "million", "billion"),
            "base_year": year,
            "base_value": [f"{value:.2f}" for value in base],
            "base_hedge": np.where(rng.random(rows) < 0.2, "about", ""),
            "target_year": year + 6,
            "target_value": [f"{value:.2f}" for value in target],
            "cagr": [f"{value:.1f}%" for value in growth + off],
            "quote": [
                f"The market was {b:.2f} in {y} and will reach {t:.2f}."
                for b, y, t in zip(base, year, target, strict=True)
            ],
        }
    )


def seconds(job: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds of a job: the first time, and the best of a few."""
    spent = []
    for _ in range(REPEATS):
        start = time.process_time()
        job()
        spent.append(time.process_time() - start)
    return spent[0], min(spent)


def main(rows: int = ROWS) -> None:
    """Print a line for each step and table."""
    with tempfile.TemporaryDirectory() as folder:
        for name, markets in (("many markets", max(1, rows // MARKET)), ("one market", 1)):
            made, csv, xlsx = ledger(rows, markets), Path(folder) / "e.csv", Path(folder) / "e.xlsx"
            write_estimates(made, csv)
            write_estimates(made, xlsx)
            report(f"{rows:,} rows, {name}", csv, xlsx)


def report(title: str, csv: Path, xlsx: Path) -> None:
    """Time the steps on one table."""
    plain = seconds(lambda: pd.read_csv(csv, dtype=str, keep_default_na=False))[1]
    table = read_estimates(csv)
    times = {
        "read CSV": seconds(lambda: read_estimates(csv)),
        "audit": seconds(lambda: audit(table)),
        "normalise": seconds(lambda: normalize(table, currency="USD", scale="billion", rates=RATES)),
    }
    first, best = (sum(parts) for parts in zip(*times.values(), strict=True))
    times |= {"these three": (first, best), "read Excel": seconds(lambda: read_estimates(xlsx))}
    print(f"{title}: {len(audit(table).table):,} findings; pandas.read_csv takes {plain:.3f} s CPU")
    for step, (first, best) in times.items():
        print(f"  {step:<12} {first:6.2f} s CPU the first time, {best:6.2f} at best: {best / plain:4.0f} times as long")


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:2]))
