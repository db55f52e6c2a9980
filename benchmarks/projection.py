"""Time the fan of a projection with fifteen uncertain inputs, and measure its error.

Run: OMP_NUM_THREADS=1 python benchmarks/projection.py

The model: a market of about 20 whose level and growth are uncertain, a fading growth with four uncertain drivers, seven
level steps and two growth impulses of uncertain size; twelve years, five quantiles. Four kinds of inputs: normal ones,
ranges as far up as down, ranges twice as far up as down, and wide lognormals and triangles. Half-life and volatility
are skewed in all four.

Times are CPU milliseconds, the least of several: of a first call, on a scenario that was just read, and of a later
call, where the nodes of the scenario are known; `plain work` is a fixed piece of Python and numpy, to compare machines.
Errors are the largest distance from the same model on 131,072 Sobol points of all drivers, with the start and the
yearly shocks in closed form: of a probability, and of the log of a quantile. That arithmetic shares nothing with the
engine; its own error is that of its points, shown as what half of them would change.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from scipy import special
from scipy.stats import qmc

from forecast.mixture import Mixture
from forecast.project import ScenarioPath, project, scenario_path
from forecast.scenario import Scenario, read_case

Array = np.ndarray

FIRST, HANDOVER, LAST = 2023, 2024, 2035
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
STEPS, PUSHES = range(2025, 2032), {2027: 2.0, 2030: 3.0}
POINTS = 2**17
RUNS = 30
START = Mixture.of([1.0], [[np.log(20), np.log(20) + 0.15]], [[[0.09, 0.09], [0.09, 0.0916]]])


def normal(middle: float, sd: float) -> dict[str, object]:
    return {"family": "normal", "mean": middle, "sd": sd}


def even(middle: float, sd: float) -> dict[str, object]:
    return {"low": middle - 1.28 * sd, "base": middle, "high": middle + 1.28 * sd}


def skewed(middle: float, sd: float) -> dict[str, object]:
    return {"low": middle - 0.9 * sd, "base": middle, "high": middle + 1.8 * sd}


def wide(middle: float, sd: float) -> dict[str, object]:
    if middle > 0.03:
        return {"family": "lognormal", "median": middle, "log_sd": 0.8}
    return {"family": "triangular", "minimum": middle - 1.2 * sd, "mode": middle - sd, "maximum": middle + 5 * sd}


def story(kind: Callable[[float, float], dict[str, object]]) -> Scenario:
    """The model with one kind of inputs."""
    steps = {f"step{year}": [year, {"kind": "level step", "size": kind(0.05, 0.03)}] for year in STEPS}
    pushes = {
        f"push{year}": [year, {"kind": "growth impulse", "points": kind(0.01, 0.015), "half_life": life}]
        for year, life in PUSHES.items()
    }
    events = {n: {"year": year, "probability": 1.0, "effects": [e]} for n, (year, e) in (steps | pushes).items()}
    growth = {
        "curve": "fading",
        "half_life": {"low": 2, "base": 4, "high": 8},
        "terminal_growth": kind(0.05, 0.015),
        "growth_shift": kind(0.0, 0.01),
        "volatility": {"low": 0.03, "base": 0.05, "high": 0.08},
    }
    whole = {"schema": 1, "name": "fifteen", "growth": growth, "events": events, "analyst_error": {"on": False}}
    return Scenario.model_validate(whole)


def fan(scenario: Scenario) -> ScenarioPath:
    return scenario_path(START, np.array([FIRST, HANDOVER]), scenario, origin=FIRST, end=LAST)


def misses(scenario: Scenario, logs: Array, points: int) -> tuple[Array, Array]:
    """What quantiles miss in probability and in logs, shape (years, levels), by the equations themselves."""
    uncertain = {key: d.distribution for key, d in scenario.drivers.items() if not d.distribution.is_fixed}
    scores = special.ndtri(qmc.Sobol(len(uncertain), rng=np.random.default_rng(5)).random(points))
    v = {key: d.from_score(scores[:, at]) for at, (key, d) in enumerate(uncertain.items())}
    fade, terminal = 2 ** (-1 / v["growth.half_life"]), np.log1p(v["growth.terminal_growth"])
    below, density = np.empty(logs.shape), np.empty(logs.shape)
    for t, year in enumerate(range(FIRST, LAST + 1)):
        ahead = max(0, year - HANDOVER)
        summed = (1 - fade**ahead) / (1 - fade)
        now = (1 + summed) if year > FIRST else np.zeros(points)
        before = 1 - now
        mean = before * START.means[0, 0] + now * START.means[0, 1]
        mean += (ahead - summed) * terminal + v["growth.growth_shift"] * (year - FIRST)
        (a, b), (_, c) = START.covariances[0]
        variance = a * before**2 + 2 * b * before * now + c * now**2 + v["growth.volatility"] ** 2 * (year - FIRST)
        for begins in STEPS:
            if year >= begins:
                mean += np.log1p(v[f"events.step{begins}.effects.0.size"])
        for begins, life in PUSHES.items():
            passed, dying = max(0, year - begins + 1), 0.5 ** (1 / life)
            mean += v[f"events.push{begins}.effects.0.points"] * (1 - dying**passed) / (1 - dying)
        z = (logs[t][:, None] - mean) / np.sqrt(variance)
        below[t] = special.ndtr(z).mean(axis=1)
        density[t] = (np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi * variance)).mean(axis=1)
    gap = below - np.array(LEVELS)
    return gap, gap / density


def least_milliseconds(job: Callable[[], object]) -> float:
    taken = []
    for _ in range(RUNS):
        start = time.process_time()
        job()
        taken.append(1000 * (time.process_time() - start))
    return min(taken)


def first_call(kind: Callable[[float, float], dict[str, object]]) -> float:
    """Least time on a scenario that was just read."""
    stories = iter([story(kind) for _ in range(RUNS)])
    return least_milliseconds(lambda: fan(next(stories)).quantiles(LEVELS))


def plain_work() -> None:
    total = np.zeros(13)
    for _ in range(500):
        total = total + 1.0


def main() -> None:
    print(f"plain work: {least_milliseconds(plain_work):.2f} ms")
    heads = ("components", "first call ms", "later call ms", "probability", "log quantile", "half the points")
    print(f"{'fifteen inputs':14s} " + " ".join(f"{head:>15s}" for head in heads))
    for kind in (normal, even, skewed, wide):
        scenario = story(kind)
        path = fan(scenario)
        later = least_milliseconds(lambda told=scenario: fan(told).quantiles(LEVELS))  # type: ignore[misc]
        quantiles = path.quantiles(LEVELS)
        (gap, distance), (_, coarser) = misses(scenario, quantiles, POINTS), misses(scenario, quantiles, POINTS // 2)
        errors = [np.abs(miss).max() for miss in (gap, distance, distance - coarser)]
        times = f"{first_call(kind):15.1f} {later:15.1f}"
        print(f"{kind.__name__:14s} {path.mixture.size:15d} {times} " + " ".join(f"{error:15.1e}" for error in errors))
    case = read_case("regenerative_medicine")
    start = case.reconcile()
    project(start, case.scenarios, end=case.end)
    taken = least_milliseconds(lambda: project(start, case.scenarios, end=case.end).table)
    print(f"worked case, {len(case.scenarios)} scenarios from the consensus, with their table: {taken:.0f} ms")


if __name__ == "__main__":
    main()
