"""Every input of a model that one can be unsure of, with the points at which it is tried.

Each input is tried at five points of its own P10 to P90; a source is tried in and out. Ranges of priors are
assumptions of this package, stated here and in the documentation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from forecast.distributions import Distribution, Fixed, Range
from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.reconcile.pool import Pool
from forecast.reconcile.priors import Prior
from forecast.reconcile.statements import Source, Statement
from forecast.scenario.drivers import Driver
from forecast.sensitivity.model import Model, Setting
from forecast.sensitivity.words import plain

KINDS = ("consensus", "driver", "event", "prior", "hedge", "source")
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

EXCESS_RANGE = Range(0.25, 1.0, 4.0, positive=True)
"""Excess behind a one-sided hedge, in units of the last significant digit."""


@dataclass(frozen=True, eq=False)
class Input:
    """One input and how to set it.

    Parameters
    ----------
    key, name, kind, unit
        Key as in the files, such as "growth.half_life", "prior.herding" or the id of a source; name in words; driver,
        prior, source, hedge, event or consensus; unit of the points.
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
    """Every uncertain input: market level, drivers, scope ratios, priors, hedges, sources, events."""
    pool = model.base.pool
    return [
        _level(model),
        *_drivers(model),
        *_events(model),
        *_scope_ratios(pool),
        *_priors(pool),
        *_hedges(pool),
        *_sources(pool),
    ]


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
        raise ArgumentError(Problem("inputs", f"none of kind {', '.join(names)} in this case", "others"))
    return found


def _points(distribution: Distribution) -> tuple[float, ...]:
    return tuple(float(value) for value in distribution.ppf(PROBABILITIES))


def _level(model: Model) -> Input:
    year = model.run.consensus.reference_year
    levels = model.run.consensus.quantiles(PROBABILITIES, [year]).iloc[0].tolist()
    by_point = dict(zip(levels, PROBABILITIES, strict=True))
    base = levels[len(levels) // 2]

    def put(setting: Setting, point: float) -> Setting:
        probability = (
            by_point[point] if point in by_point else 1 - model.run.consensus.probability(above=point, year=year)
        )
        return replace(setting, quantile=probability)

    return Input("market", f"market in {year}", "consensus", model.run.unit, tuple(levels), base, put)


def _drivers(model: Model) -> Iterator[Input]:
    for key, driver in model.scenario.drivers.items():
        if not driver.distribution.is_fixed:
            points = _points(driver.distribution)
            yield Input(
                key, plain(key), "driver", driver.unit, points, points[2], _driver_setter(key), None, _why(key, driver)
            )
        elif key.endswith("volatility"):
            value = float(driver.distribution.from_score(0.0))
            yield Input(
                key, plain(key), "driver", driver.unit, (value,), value, _driver_setter(key), None, _why(key, driver)
            )


def _driver_setter(key: str) -> Callable[[Setting, float], Setting]:
    def put(setting: Setting, point: float) -> Setting:
        return replace(setting, scenario=setting.scenario.with_value(key, point))

    return put


def _why(key: str, driver: Driver) -> str:
    if key.endswith("volatility"):
        return "it widens the band and leaves the median where it is"
    return "certain" if driver.distribution.is_fixed else "it acts only after the year asked about"


def _events(model: Model) -> Iterator[Input]:
    for name in model.scenario.events:
        if name in (*model.scenario.happens, *model.scenario.ruled_out):
            continue
        yield Input(
            f"events.{name}",
            f"event: {name}",
            "event",
            "",
            (0.0, 1.0),
            math.nan,
            _event_setter(name),
            {0.0: "does not happen", 1.0: "happens"},
        )


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
        scopes = setting.pool.scopes
        assert scopes is not None
        changed = tuple(replace(s, ratio=Fixed(point)) if s.name == name else s for s in scopes.scopes)
        return replace(setting, pool=replace(setting.pool, scopes=replace(scopes, scopes=changed)))

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
        prior = setting.pool.prior
        changes = {name: point}
        if name == "herding" and point > prior.publisher_correlation:
            changes["publisher_correlation"] = point
        return replace(setting, pool=replace(setting.pool, prior=prior.replace(**changes)))

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
            for source in setting.pool.sources
        )
        return replace(setting, pool=replace(setting.pool, sources=sources))

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
        last = len(setting.pool.sources) == 1
        return setting if point or last else replace(setting, pool=setting.pool.without(source_id))

    return put
