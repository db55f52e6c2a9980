"""The model of a projection simulated path by path: slow, plain, and sharing nothing with the engine's arithmetic."""

from collections.abc import Callable

import numpy as np

from forecast.mixture import Mixture
from forecast.reconcile import Consensus
from forecast.scenario import Scenario

Array = np.ndarray

_STEPS = 4


def simulated(scenario: Scenario, start: Consensus, *, end: int, paths: int, seed: int) -> Array:
    """Log paths from the newest base year to `end`, shape (paths, years)."""
    rng = np.random.default_rng(seed)
    origin, handover = start.pool.newest, scenario.handover_year or start.handover_year
    known = simulated_market(start.market(range(origin, handover + 1)), paths, rng)
    years = np.arange(origin, end + 1)
    values = simulated_drivers(scenario, paths, rng)
    states = scenario.event_states(first=origin, last=end)
    begins = states.years[rng.choice(len(states.weights), paths, p=states.weights)]
    found = np.concatenate([known, np.zeros((paths, end - handover))], axis=1)
    for k in range(1, end - handover + 1):
        at = known.shape[1] - 1 + k
        factor = np.exp(event_effects(scenario, values, begins, np.array([handover + k]), on_ceiling=True)[:, 0])
        growth = known[:, -1] - known[:, -2]
        found[:, at] = following(scenario, values, found[:, at - 1], growth, k, handover + k, factor)
    elapsed = years - origin
    found += values["growth.growth_shift"][:, None] * elapsed
    shocks = values["growth.volatility"][:, None] * rng.standard_normal((paths, len(years) - 1))
    found[:, 1:] += np.cumsum(shocks, axis=1)
    return found + event_effects(scenario, values, begins, years, on_ceiling=False)


def simulated_market(market: Mixture, paths: int, rng: np.random.Generator) -> Array:
    """Log market in the known years."""
    counts = rng.multinomial(paths, market.weights)
    pieces = [
        rng.multivariate_normal(mean, covariance, count, method="eigh")
        for count, mean, covariance in zip(counts, market.means, market.covariances, strict=True)
    ]
    return rng.permutation(np.concatenate(pieces))


def simulated_drivers(scenario: Scenario, paths: int, rng: np.random.Generator) -> dict[str, Array]:
    """Value of every driver; each may be correlated with one other."""
    scores = {key: rng.standard_normal(paths) for key in scenario.drivers}
    for pair in scenario.correlation:
        one, other = pair.between
        scores[other] = pair.value * scores[one] + np.sqrt(1 - pair.value**2) * scores[other]
    return {key: driver.distribution.from_score(scores[key]) for key, driver in scenario.drivers.items()}


def following(
    scenario: Scenario, values: dict[str, Array], now: Array, growth: Array, k: int, year: int, factor: Array
) -> Array:
    """Log market a year on, the k-th beyond the handover, under the curve alone."""
    v = {key.removeprefix("growth."): value for key, value in values.items()}
    match scenario.growth.curve:
        case "constant":
            return now + np.log1p(v["growth"])
        case "fading":
            terminal = np.log1p(v["terminal_growth"])
            return now + terminal + (growth - terminal) * 0.5 ** ((k - 1) / v["half_life"])
        case "piecewise":
            ends = [piece.until or 9999 for piece in scenario.growth.pieces]
            piece = next(i for i, until in enumerate(ends) if year <= until)
            return now + np.log1p(v[f"pieces.{piece}.growth"])
        case "linear":
            return now + np.log((1 + v["slope"] * k) / (1 + v["slope"] * (k - 1)))
        case "damped":
            after, before = (1 + v["slope"] * sum(v["damping"] ** i for i in range(1, n + 1)) for n in (k, k - 1))
            return now + np.log(after / before)
        case "logistic":
            ceiling = v["ceiling"] * factor
            return np.log(ceiling / (1 + (ceiling / np.exp(now) - 1) * np.exp(-v["rate"])))
        case "gompertz":
            ceiling = np.log(v["ceiling"] * factor)
            return ceiling + (now - ceiling) * np.exp(-v["rate"])
        case "richards":
            ceiling, bend = np.log(v["ceiling"] * factor), v["asymmetry"]
            return _a_year_on(now, lambda log: v["rate"] * -np.expm1(bend * (log - ceiling)) / bend)
        case "bass":
            ceiling, p, q = v["ceiling"] * factor, v["innovation"], v["imitation"]
            return _a_year_on(now, lambda log: (p + q * np.exp(log) / ceiling) * (ceiling * np.exp(-log) - 1))
    raise AssertionError(scenario.growth.curve)


def _a_year_on(log: Array, slope: Callable[[Array], Array]) -> Array:
    """Log value a year on, by Runge and Kutta's rule of fourth order on d log V / dt."""
    step = 1 / _STEPS
    for _ in range(_STEPS):
        first = slope(log)
        second = slope(log + step / 2 * first)
        third = slope(log + step / 2 * second)
        last = slope(log + step * third)
        log = log + step / 6 * (first + 2 * second + 2 * third + last)
    return log


def event_effects(
    scenario: Scenario, values: dict[str, Array], begins: Array, years: Array, *, on_ceiling: bool
) -> Array:
    """Effect of all events on the log market, or on the log ceiling, shape (paths, years)."""
    total = np.zeros((len(begins), len(years)))
    for e, (name, event) in enumerate(scenario.events.items()):
        elapsed = (years - begins[:, e, None]).astype(float)
        for i, effect in enumerate(event.effects):
            if effect.on_ceiling == on_ceiling:
                total += _effect(effect.model_dump(), f"events.{name}.effects.{i}.", values, elapsed)
    return total


def _effect(effect: dict[str, object], key: str, values: dict[str, Array], elapsed: Array) -> Array:
    v = {name: values[key + name][:, None] for name in ("size", "points", "half_life") if key + name in values}
    match effect["kind"]:
        case "level step":
            return np.log1p(v["size"]) * np.clip((elapsed + 1) / effect["phase_in"], 0, 1)
        case "growth impulse":
            fade = 0.5 ** (1 / v["half_life"])
            return v["points"] * (1 - fade ** np.maximum(elapsed + 1, 0)) / (1 - fade)
        case "pulse":
            return np.log1p(v["size"]) * ((elapsed >= 0) & (elapsed < effect["years"]))
    return np.log1p(v["size"]) * (elapsed >= 0)
