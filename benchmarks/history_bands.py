"""Time the pooled band beside the statsmodels models behind the same call, in one process.

Run with ``python benchmarks/history_bands.py``. The series are made up: 1,000 histories of 6 to 60 values. Every job
runs once to warm up; the table gives the least and the median of its runs, in milliseconds a series.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from forecast.history import METHODS, history_bands

SERIES, HORIZONS, RUNS = 1_000, 6, 15
LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
LOOPED = 5


def histories() -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(20240601)
    lengths = rng.integers(6, 61, SERIES)
    return [100 * np.exp(np.cumsum(rng.normal(0.04, rng.choice([0.02, 0.1, 0.3]), n))) for n in lengths]


def milliseconds(job: Callable[[], object], runs: int) -> list[float]:
    job()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        job()
        taken.append(1000 * (time.perf_counter() - start))
    return taken


def main() -> None:
    series = histories()
    print(f"{'job':34s} {'least':>9s} {'median':>9s}   ms a series")
    batch = [t / SERIES for t in milliseconds(lambda: history_bands(series, HORIZONS, LEVELS), RUNS)]
    alone = milliseconds(lambda: history_bands(series[:1], HORIZONS, LEVELS), 40 * RUNS)
    report("pooled, 1,000 together", batch)
    report("pooled, alone", alone)
    few = [values for values in series if values.size >= 12][:LOOPED]
    for method in METHODS:
        taken = milliseconds(lambda name=method: history_bands(few, HORIZONS, LEVELS, method=name), 3)  # type: ignore[misc]
        report(f"{method}, one by one", [t / LOOPED for t in taken])


def report(job: str, taken: list[float]) -> None:
    print(f"{job:34s} {min(taken):9.3f} {statistics.median(taken):9.3f}")


if __name__ == "__main__":
    main()
