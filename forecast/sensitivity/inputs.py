"""Every input of a model that one can be unsure of, with the points at which it is tried.

Each input is tried at five points of its own P10 to P90; a source is tried in and out. Ranges of priors are
assumptions of this package, stated here and in the documentation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.distributions import Array, Distribution, Fixed, Range
from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.reconcile.pool import Pool
from forecast.reconcile.priors import Prior
from forecast.reconcile.statements import Source, Statement
from forecast.scenario.drivers import Driver
from forecast.sensitivity.model import Model, Setting, growth_row
from forecast.sensitivity.words import plain

KINDS = ("consensus", "history", "driver", "event", "prior", "hedge", "source")
"""Every kind of input."""

PROBABILITIES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Where on its own range an input is tried; the middle one is its base."""

PRIOR_RANGES: dict[str, Range] = {
    "spread_scale": Range(0.4, 0.6, 0.9, positive=True),
    "growth_spread_scale": Range(0.04, 0.065, 0.10, positive=True),
    "herding": Range(0.10, 0.25, 0.45),
    "publisher_correlation": Range(0.65, 0.80, 0.90),
    "growth_mean": Range(0.05, 0.10, 0.15),
    "growth_sd": Range(0.10, 0.20, 0.40, positive=True),
    "growth_walk_sd": Range(0.01, 0.02, 0.04, positive=True),
    "optimism_mean": Range(-0.01, 0.01, 0.03),
    "optimism_sd": Range(0.02, 0.04, 0.08, positive=True),
    "definition_drift": Range(0.05, 0.10, 0.20, positive=True),
    "outlier_probability": Range(0.05, 0.10, 0.20, positive=True),
    "outlier_inflation": Range(3.0, 4.0, 6.0, positive=True),
}
"""P10, P50 and P90 of each number of the prior, about its default; moved along where a case sets another."""

_CERTAIN = 1e-9
"""Probability within which an event counts as certain, or as ruled out."""

EXCESS_RANGE = Range(0.25, 1.0, 4.0, positive=True)
"""Excess behind a one-sided hedge, in units of the last significant digit."""


@dataclass(frozen=True, eq=False)
class Input:
    """One input and how to set it.

    Parameters
    ----------
    key, name, kind, unit
        Key as in the files, such as "growth.half_life", "prior.herding" or the id of a source; name in words; one of
        `KINDS`; unit of the points.
    points
        What it is set to, ascending; the base is in the middle, or last for a source.
    set
        Takes a setting and a point to the setting with the input at that point.
    base
        Point at which it stands as read.
    labels
        Words for the points, where numbers say nothing.
    inert
        Why the answer cannot move, should it not.
    """

    key: str
    name: str
    kind: str
    unit: str
    points: tuple[float, ...]
    base: float
    set: Callable[[Setting, float], Setting]
    labels: Mapping[float, str] | None = None
    inert: str = "the answer does not depend on it here"

    @property
    def stands(self) -> bool:
        """Whether setting it to its base changes nothing; market and scope ratios are uncertain as they stand."""
        return self.kind in ("driver", "hedge", "source") or self.key.startswith("prior.")


def inputs_of(model: Model) -> list[Input]:
    """Every uncertain input: the start, drivers, events; with a consensus scope ratios, priors, hedges, sources too."""
    found = [*_level(model), *_growth(model), *drivers_of(model), *_events(model)]
    pool = model.pool
    return found if pool is None else [*found, *_scope_ratios(pool), *_priors(pool), *_hedges(pool), *_sources(pool)]


def chosen(inputs: Sequence[Input], names: Sequence[str] | None) -> list[Input]:
    """Inputs by key, name or kind; all where None.

    Raises
    ------
    ArgumentError
        Naming every unknown one, with a suggestion.
    """
    if names is None:
        return list(inputs)
    known = [*KINDS, *(word for entry in inputs for word in (entry.key, entry.name))]
    unknown = [name for name in names if name not in known]
    if unknown:
        listed = list(dict.fromkeys(known))
        raise ArgumentError([Problem("input", repr(name), remedy=did_you_mean(name, listed)) for name in unknown])
    found = [entry for entry in inputs if {entry.key, entry.name, entry.kind} & set(names)]
    if not found:
        kinds = ", ".join(dict.fromkeys(entry.kind for entry in inputs))
        raise ArgumentError(Problem("inputs", f"none of kind {', '.join(names)} in this case", kinds))
    return found


def _points(distribution: Distribution) -> tuple[float, ...]:
    return tuple(float(value) for value in distribution.ppf(PROBABILITIES))


def _level(model: Model) -> Iterator[Input]:
    if model.pivot is None:
        return
    levels = [float(value) for value in market_at(model, PROBABILITIES)]
    by_point = dict(zip(levels, PROBABILITIES, strict=True))

    def put(setting: Setting, point: float) -> Setting:
        return replace(setting, quantile=by_point.get(point) or probability_below(model, point))

    kind = "history" if model.pool is None else "consensus"
    name = f"market in {model.pivot}" if model.pool is not None else f"course of the history to {model.pivot}"
    yield Input("market", name, kind, model.run.unit, tuple(levels), levels[len(levels) // 2], put)


def _growth(model: Model) -> Iterator[Input]:
    """Growth of the consensus from the pivot year to the year in which the scenario takes over."""
    if model.pool is None or model.pivot is None:
        return
    market, known = model.start(model.as_read)
    if known[-1] <= model.pivot:
        return
    growth = market.linear(growth_row(known, model.pivot)[None, :])
    points = tuple(float(value) for value in np.expm1(growth.quantiles(PROBABILITIES)[0]))
    name = f"growth of the consensus {model.pivot}–{known[-1]}"
    yield Input("growth", name, "consensus", "share per year", points, points[len(points) // 2], _put_growth)


def _put_growth(setting: Setting, point: float) -> Setting:
    return replace(setting, growth=math.log1p(point))


def market_at(model: Model, probabilities: Sequence[float]) -> Array:
    """Quantiles of the market in the pivot year as the start has it, shape (n,)."""
    assert model.pivot is not None
    if model.pool is not None:
        return model.run.consensus.quantiles(probabilities, [model.pivot]).to_numpy()[0]
    market, known = model.start(model.as_read)
    return np.exp(market.quantiles(list(probabilities))[model.pivot - int(known[0])])


def probability_below(model: Model, value: float) -> float:
    """Probability that the market is below an amount in the pivot year as the start has it."""
    assert model.pivot is not None
    if model.pool is not None:
        return 1 - model.run.consensus.probability(above=value, year=model.pivot)
    market, known = model.start(model.as_read)
    at = model.pivot - int(known[0])
    return float(market.linear(np.eye(len(known))[at : at + 1]).cdf([math.log(value)])[0])


def drivers_of(model: Model) -> Iterator[Input]:
    """Every uncertain driver of the scenario, and volatility where it is certain."""
    for key, driver in model.scenario.drivers.items():
        if _ruled_out(model, key):
            continue
        if not driver.distribution.is_fixed:
            points = _points(driver.distribution)
            yield Input(
                key, plain(key), "driver", driver.unit, points, points[2], _driver_setter(key), None, _why(key, driver)
            )
        elif key == "growth.volatility":
            value = float(driver.distribution.from_score(0.0))
            yield Input(
                key, plain(key), "driver", driver.unit, (value,), value, _driver_setter(key), None, _why(key, driver)
            )


def _ruled_out(model: Model, key: str) -> bool:
    """Whether a driver belongs to an event that does not happen in this story."""
    return any(key.startswith(f"events.{name}.") for name in model.scenario.ruled_out)


def _driver_setter(key: str) -> Callable[[Setting, float], Setting]:
    def put(setting: Setting, point: float) -> Setting:
        return replace(setting, scenario=setting.scenario.with_value(key, point))

    return put


def _why(key: str, driver: Driver) -> str:
    if key.endswith("volatility"):
        return "it widens the band and leaves the median where it is"
    if driver.distribution.is_fixed:
        return "certain"
    tables = ("growth.", "events.", "segments.")
    return (
        "it acts only after the year asked about" if key.startswith(tables) else "the answer does not depend on it here"
    )


def _events(model: Model) -> Iterator[Input]:
    for name in open_events(model):
        words, labels = f"event: {name.replace('_', ' ')}", {0.0: "does not happen", 1.0: "happens"}
        yield Input(f"events.{name}", words, "event", "", (0.0, 1.0), math.nan, _event_setter(name), labels)


def open_events(model: Model) -> list[str]:
    """Events that may happen in this story, and may not."""
    if not model.scenario.events:
        return []
    states = model.scenario.event_states(first=int(model.whole.years[0]), last=model.last)
    chances = dict(zip(states.names, (states.weights @ states.happens).tolist(), strict=True))
    return [name for name in model.scenario.events if _CERTAIN < chances[name] < 1 - _CERTAIN]


def _event_setter(name: str) -> Callable[[Setting, float], Setting]:
    def put(setting: Setting, point: float) -> Setting:
        chosen = {"happens": [name]} if point else {"ruled_out": [name]}
        return replace(setting, scenario=setting.scenario.given(**chosen))

    return put


def _scope_ratios(pool: Pool) -> Iterator[Input]:
    if pool.scopes is None:
        return
    for scope in pool.scopes.scopes:
        if scope.ratio is not None and not scope.ratio.is_fixed:
            below_whole = float(scope.ratio.cdf(1.0))
            points = tuple(float(v) for v in scope.ratio.ppf([p * below_whole for p in PROBABILITIES]))
            inert = "no source in the pool needs it"
            name = f"share of {scope.name} in {scope.inside}"
            yield Input(
                f"scopes.{scope.name}",
                name,
                "prior",
                "share",
                points,
                points[2],
                _ratio_setter(scope.name),
                None,
                inert,
            )


def _ratio_setter(name: str) -> Callable[[Setting, float], Setting]:
    def put(setting: Setting, point: float) -> Setting:
        scopes = setting.sources.scopes
        assert scopes is not None
        changed = tuple(replace(s, ratio=Fixed(point)) if s.name == name else s for s in scopes.scopes)
        return replace(setting, pool=replace(setting.sources, scopes=replace(scopes, scopes=changed)))

    return put


def _priors(pool: Pool) -> Iterator[Input]:
    default = Prior()
    for name, ranged in PRIOR_RANGES.items():
        shift = getattr(pool.prior, name) - getattr(default, name)
        scale = getattr(pool.prior, name) / getattr(default, name)
        moved = (point * scale if ranged.positive else point + shift for point in _points(ranged))
        points = tuple(min(point, 0.95) if name in _SHARES else point for point in moved)
        words, unit = _PRIOR_WORDS[name]
        yield Input(
            f"prior.{name}", words, "prior", unit, points, points[2], _prior_setter(name), None, _inert(pool, name)
        )


_SHARES = ("herding", "publisher_correlation", "outlier_probability")

_PRIOR_WORDS: dict[str, tuple[str, str]] = {
    "spread_scale": ("how far publishers differ in level", "sd of log level"),
    "growth_spread_scale": ("how far publishers differ in growth", "sd of log growth"),
    "herding": ("herding across publishers", "correlation"),
    "publisher_correlation": ("likeness of one publisher's sources", "correlation"),
    "growth_mean": ("growth expected before any source", "log growth per year"),
    "growth_sd": ("doubt about growth before any source", "log growth per year"),
    "growth_walk_sd": ("yearly change of growth", "log growth per year"),
    "optimism_mean": ("optimism common to publishers", "log growth per year"),
    "optimism_sd": ("doubt about common optimism", "log growth per year"),
    "definition_drift": ("drift of definitions", "per root year"),
    "outlier_probability": ("probability of an outlier", "probability"),
    "outlier_inflation": ("how far off an outlier is", "times"),
}
"""Name and unit of each number of the prior."""


def _inert(pool: Pool, name: str) -> str:
    publishers = [source.publisher for source in pool.sources]
    if name == "publisher_correlation" and len(set(publishers)) == len(publishers):
        return "no publisher has two sources in the pool"
    if name == "definition_drift" and len({source.vintage for source in pool.sources}) == 1:
        return "all sources have the same base year"
    if name.startswith("outlier") and len(publishers) == 1:
        return "one source cannot be an outlier"
    return "the sources leave it no say"


def _prior_setter(name: str) -> Callable[[Setting, float], Setting]:
    def put(setting: Setting, point: float) -> Setting:
        prior = setting.sources.prior
        changes = {name: point}
        if name == "herding" and point > prior.publisher_correlation:
            changes["publisher_correlation"] = point
        return replace(setting, pool=replace(setting.sources, prior=prior.replace(**changes)))

    return put


def _hedges(pool: Pool) -> Iterator[Input]:
    for source in pool.sources:
        for position, statement in enumerate(source.statements):
            if statement.is_bound:
                name = f"{source.publisher}: {statement.hedge} {statement.text}"
                points = _points(EXCESS_RANGE)
                key, unit = f"hedges.{source.id}.{position}", "units of the last digit"
                yield Input(key, name, "hedge", unit, points, 1.0, _hedge_setter(source.id, position))


def _hedge_setter(source_id: str, position: int) -> Callable[[Setting, float], Setting]:
    def put(setting: Setting, point: float) -> Setting:
        sources = tuple(
            _with_excess(source, position, point) if source.id == source_id else source
            for source in setting.sources.sources
        )
        return replace(setting, pool=replace(setting.sources, sources=sources))

    return put


def _with_excess(source: Source, position: int, factor: float) -> Source:
    statements: list[Statement] = list(source.statements)
    old = statements[position]
    statements[position] = replace(old, excess=old.excess * factor)
    return replace(source, statements=tuple(statements))


def _sources(pool: Pool) -> Iterator[Input]:
    for source in pool.sources if len(pool.sources) > 1 else ():
        name = f"{source.publisher} ({source.id})"
        labels = {0.0: "left out", 1.0: "in"}
        yield Input(source.id, name, "source", "", (0.0, 1.0), 1.0, _source_setter(source.id), labels)


def _source_setter(source_id: str) -> Callable[[Setting, float], Setting]:
    def put(setting: Setting, point: float) -> Setting:
        last = len(setting.sources.sources) == 1
        return setting if point or last else replace(setting, pool=setting.sources.without(source_id))

    return put
