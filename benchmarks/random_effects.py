"""Time 10,000 random-effects problems of five studies beside PyMARE and statsmodels, in one process.

Run with an interpreter that has this package and, if it is to be compared, PyMARE:
``python benchmarks/random_effects.py``. A peer that is not installed is left out. Every job runs once to warm up;
the table gives the median CPU time of seven runs taken in turn.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from forecast.reconcile.random_effects import random_effects

PROBLEMS, STUDIES, RUNS = 10_000, 5, 7
LOOPED = 200

Array = NDArray[np.float64]


def problems() -> tuple[Array, Array]:
    rng = np.random.default_rng(20240601)
    tau = rng.choice([0, 0.1, 0.3, 0.6], size=(PROBLEMS, 1))
    v = rng.uniform(0.01, 0.2, (PROBLEMS, STUDIES))
    return 2.7 + rng.normal(size=(PROBLEMS, STUDIES)) * np.sqrt(v + tau**2), v


def pymare_jobs(y: Array, v: Array) -> dict[str, Callable[[], Array]]:
    from pymare import Dataset, estimators

    columns = {"y": np.ascontiguousarray(y.T), "v": np.ascontiguousarray(v.T)}

    def job(make: Callable[[], object]) -> Callable[[], Array]:
        def run() -> Array:
            data = Dataset(**columns, X=np.ones((STUDIES, 1)), add_intercept=False)
            summary = make().fit_dataset(data).summary()
            summary.get_fe_stats()
            return np.ravel(summary.tau2)

        return run

    return {
        "DL": job(estimators.DerSimonianLaird),
        "HE": job(estimators.Hedges),
        "REML": job(lambda: estimators.VarianceBasedLikelihoodEstimator(method="REML")),
    }


def statsmodels_jobs(y: Array, v: Array) -> dict[str, Callable[[], Array]]:
    from statsmodels.stats.meta_analysis import combine_effects

    def job(method: str) -> Callable[[], Array]:
        return lambda: np.array([combine_effects(y[i], v[i], method_re=method).tau2 for i in range(LOOPED)])

    return {"DL": job("chi2"), "PM": job("iterated")}


def seconds(job: Callable[[], object]) -> float:
    start = time.process_time()
    job()
    return time.process_time() - start


def compare(peer: str, jobs: dict[str, Callable[[], Array]], y: Array, v: Array, share: float) -> None:
    """Print ours against one peer; `share` is the part of the problems on which the peer ran."""
    for method, job in jobs.items():

        def ours(method: str = method) -> Array:
            return random_effects(y, v, method).tau2

        theirs, mine = job(), ours()[: int(PROBLEMS * share)]
        agree = np.mean(np.abs(np.maximum(theirs, 0) - mine) <= 1e-6 + 1e-3 * mine) if theirs.shape == mine.shape else 0
        pairs = [(seconds(ours), seconds(job) / share) for _ in range(RUNS)]
        own, other = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        times = f"{method:5} {own * 1e3:9.1f} ms   {peer:12} {other * 1e3:9.1f} ms"
        print(f"{times}   ratio {ratio:6.3f}   tau2 agrees {agree:.1%}")


def main() -> None:
    y, v = problems()
    print(f"{PROBLEMS:,} problems of {STUDIES} studies, median of {RUNS}")
    for peer, make, share in [("pymare", pymare_jobs, 1.0), ("statsmodels", statsmodels_jobs, LOOPED / PROBLEMS)]:
        if find_spec(peer) is None:
            print(f"{peer} is not installed")
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compare(peer, make(y, v), y, v, share)


if __name__ == "__main__":
    main()
