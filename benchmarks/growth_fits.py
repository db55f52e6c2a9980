"""Fit 1,000 histories of 15 years by each of three curves, beside scipy's curve_fit and lmfit in the same process.

Run: python benchmarks/growth_fits.py [histories]. Peers that are not installed are left out; lmfit gets every tenth
history and its time is scaled. Times are of the processor, with one thread (set OMP_NUM_THREADS=1). Peers start
from the rules of thumb written below; ours finds its own starting values. The best-known optimum of a history is the
lowest sum of squares of all that were tried, scipy's descent from the true parameters among them.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import pandas as pd
from scipy.optimize import curve_fit, least_squares

from forecast.growth import fit_growths

YEARS = np.arange(15.0)
NOISE = (0.03, 0.08)
CURVES = ("logistic", "gompertz", "bass")


def logistic(t, ceiling, rate, middle):
    return ceiling / (1 + np.exp(-rate * (t - middle)))


def gompertz(t, ceiling, rate, middle):
    return ceiling * np.exp(-np.exp(-rate * (t - middle)))


def bass(t, ceiling, innovation, imitation):
    left = np.exp(-(innovation + imitation) * (t + 1))
    return ceiling * (1 - left) / (1 + imitation / innovation * left)


MODELS: dict[str, Callable[..., np.ndarray]] = {"logistic": logistic, "gompertz": gompertz, "bass": bass}


def simulated(curve: str, count: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Histories (count, 15) with errors in proportion to the size, and their true parameters (count, 3)."""
    rng = np.random.default_rng(2024)
    ceiling = rng.uniform(50, 500, count)
    if curve == "bass":
        rest = [rng.uniform(0.003, 0.03, count), rng.uniform(0.25, 0.7, count)]
    else:
        slowest, fastest = (0.3, 0.9) if curve == "logistic" else (0.15, 0.5)
        rest = [rng.uniform(slowest, fastest, count), rng.uniform(3, 11, count)]
    truth = np.stack([ceiling, *rest], axis=1)
    paths = np.stack([MODELS[curve](YEARS, *row) for row in truth])
    return paths * (1 + noise * rng.standard_normal(paths.shape)), truth


def first_guess(curve: str, values: np.ndarray) -> list[float]:
    """Starting values a careful user would give."""
    middle = float(YEARS[np.argmax(values > values.max() / 2)])
    return [1.1 * values.max(), 0.01, 0.4] if curve == "bass" else [1.1 * values.max(), 0.5, middle]


def by_scipy(curve: str, values: np.ndarray) -> float:
    try:
        found, _ = curve_fit(MODELS[curve], YEARS, values, p0=first_guess(curve, values))
    except RuntimeError:
        return np.inf
    return float(np.sum((MODELS[curve](YEARS, *found) - values) ** 2))


def by_lmfit(curve: str, values: np.ndarray) -> float:
    import lmfit

    model = lmfit.Model(MODELS[curve])
    names = model.param_names
    start = dict(zip(names, first_guess(curve, values), strict=True))
    return float(model.fit(values, t=YEARS, **start).chisqr)


def from_truth(curve: str, values: np.ndarray, truth: np.ndarray) -> float:
    residuals = lambda logs: MODELS[curve](YEARS, *np.exp(logs)) - values
    return float(2 * least_squares(residuals, np.log(truth), method="lm", xtol=1e-10, ftol=1e-10).cost)


def timed(work: Callable[[], np.ndarray], repeats: int = 1) -> tuple[np.ndarray, float]:
    """Result and least processor time in milliseconds."""
    times = []
    for _ in range(repeats):
        begun = time.process_time()
        result = work()
        times.append(1000 * (time.process_time() - begun))
    return result, min(times)


def compared(curve: str, count: int, noise: float) -> dict[str, float | str]:
    values, truth = simulated(curve, count, noise)
    table = pd.DataFrame(values.T, index=2000 + YEARS.astype(int))
    ours, our_time = timed(lambda: fit_growths(table, curve).table["rss"].to_numpy(), repeats=5)
    scipys, scipy_time = timed(lambda: np.array([by_scipy(curve, row) for row in values]))
    best = np.minimum.reduce([ours, scipys, [from_truth(curve, *pair) for pair in zip(values, truth, strict=True)]])
    row: dict[str, float | str] = {
        "curve": curve,
        "noise": noise,
        "ours, ms": our_time,
        "ours at best, %": 100 * np.mean(ours <= best * (1 + 1e-6)),
        "curve_fit, ms": scipy_time,
        "curve_fit at best, %": 100 * np.mean(scipys <= best * (1 + 1e-6)),
        "times curve_fit": scipy_time / our_time,
    }
    if find_spec("lmfit"):
        some = values[::10]
        _, lmfit_time = timed(lambda: np.array([by_lmfit(curve, history) for history in some]))
        row |= {"lmfit, ms": lmfit_time * count / len(some), "times lmfit": lmfit_time * count / len(some) / our_time}
    return row


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    warnings.simplefilter("ignore")
    rows = [compared(curve, count, noise) for curve in CURVES for noise in NOISE]
    print(f"{count} histories of 15 years; ours includes reading, standard errors and the table")
    print(pd.DataFrame(rows).to_string(index=False, float_format=lambda v: f"{v:,.0f}" if v >= 99.95 else f"{v:.3g}"))


if __name__ == "__main__":
    main()
