"""Drivers and events of a scenario on joint nodes: every driver node in every joint state of the events."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from forecast.distributions import Array, Distribution, Uniform
from forecast.engine.continuation import linear_keys
from forecast.engine.driver_nodes import FEWEST_POINTS, DriverNodes, Influence, LinearDriver, driver_nodes
from forecast.scenario import Scenario
from forecast.scenario.drivers import drivers_of
from forecast.scenario.events import Effect
from forecast.scenario.format import Format
from forecast.scenario.joint import NEVER, EventStates

_MOST_CROSSED = 16
_MOST_POINTS, _BENT_POINTS, _WITH_START = 16_384, 4096, 8192
_MOST_NUMBERS = 42e6
"""Numbers that the covariances of all nodes may hold before points are fewer: those of 71 years at 8192 points."""

_STATE, _START = "state of the events", "start"

STAR_SCORE = 2.0
"""Normal score at which a driver is low or high in a star."""

_OF_CURVE = ("growth.", "segments.")
_LARGE = 0.3
_BEYOND = 1e3
_LEAST_NORMAL = 0.05
"""Part of the sd of every year that must be normal where drivers are to be skewed terms."""

_LINEAR_UNIT = {"points": np.ones(1), "size": np.full(1, math.expm1(1.0))}
"""Driver values at which the linear scale of an effect reads 1."""


@dataclass(frozen=True, eq=False)
class ScenarioNodes:
    """Joint nodes, M of them.

    Parameters
    ----------
    scenario, years
        The scenario, and the years of its path, shape (T,).
    weights
        Shape (M,), summing to 1.
    values
        Value of every driver on nodes, by its key, shape (M,) each; linear drivers on their linear scale.
    normal
        Keys of the G drivers integrated in closed form.
    means, covariance
        Of the normal drivers given the node, shapes (M, G) and (G, G).
    event_years
        Year of each event by node, shape (M, events).
    correlation_kept
        Factor by which contradicting correlations were weakened.
    skewed
        The drivers that are skewed terms of the path, by key.
    apart
        Keys of those whose effect at each node must be told apart.
    start
        Probability, among the components of the start in their order, at which each node begins, shape (M,); None
        where every node goes with every component.
    """

    scenario: Scenario
    years: NDArray[np.int64]
    weights: Array
    values: dict[str, Array]
    normal: tuple[str, ...]
    means: Array
    covariance: Array
    event_years: NDArray[np.int64]
    correlation_kept: float
    skewed: Mapping[str, LinearDriver] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    start: Array | None = None

    @property
    def size(self) -> int:
        """M."""
        return len(self.weights)

    def effects(self) -> dict[str, Array]:
        """Coefficient of each effect's linear driver by node and year, shape (M, T)."""
        return self._coefficients

    @cached_property
    def _coefficients(self) -> dict[str, Array]:
        found = {}
        for key, effect, elapsed in _effects(self.scenario, self.event_years, self.years):
            free = {name: self.values[f"{key}.{name}"][:, None] for name in _free_names(type(effect))}
            found[f"{key}.{_linear_name(type(effect))}"] = effect.log_effect(elapsed, free | _LINEAR_UNIT)
        return found

    def ceiling(self, handover: int) -> Array:
        """Log factor on the ceiling by node and year beyond the handover, shape (M, K)."""
        ahead = self.years[self.years > handover]
        total = np.zeros((self.size, len(ahead)))
        for key, effect, elapsed in _effects(self.scenario, self.event_years, ahead, on_ceiling=True):
            total += effect.log_effect(elapsed, {"size": self.values[f"{key}.size"][:, None]})
        return total


def _effects(
    scenario: Scenario, begins: NDArray[np.int64], years: NDArray[np.int64], *, on_ceiling: bool = False
) -> Iterator[tuple[str, Effect, Array]]:
    """Every effect that may come, with its key and the years since its event, shape (M, years)."""
    for e, (name, event) in enumerate(scenario.events.items()):
        own = [(i, effect) for i, effect in enumerate(event.effects) if effect.on_ceiling == on_ceiling]
        if own and (begins[:, e] != NEVER).any():
            elapsed = (years - begins[:, e, None]).astype(float)
            for i, effect in own:
                yield f"events.{name}.effects.{i}", effect, elapsed


def _linear_name(kind: type[Effect]) -> str:
    """Key of the driver in which effects of a kind are linear on the log market."""
    return "points" if "points" in kind.model_fields else "size"


@cache
def _free_names(kind: type[Effect]) -> tuple[str, ...]:
    """Keys of the other drivers of effects of a kind."""
    return ("half_life",) if "half_life" in kind.model_fields else ()


def scenario_nodes(
    scenario: Scenario,
    years: NDArray[np.int64],
    background: Background | None = None,
    *,
    most: float = math.inf,
    with_start: bool = False,
) -> ScenarioNodes:
    """Put the drivers of a scenario's curve and events on nodes, in every joint state of the events.

    The latest answers are kept, so that asking again for the same scenario costs nothing.

    Parameters
    ----------
    scenario
        As read.
    years
        Consecutive years of the path, shape (T,).
    background
        What the path is like without its drivers; those that are linear, skewed and small beside it need no nodes.
    most
        Nodes to aim at, see `driver_nodes`.
    with_start
        Whether every node has a place in the start, and in the states of the events, of its own: Sobol points of all
        of these together, which tell a path that bends with its start from everywhere at once.
    """
    return _planned(_Same(scenario), int(years[0]), int(years[-1]), background, most, with_start=with_start)


@dataclass(frozen=True)
class Background:
    """The log path with every driver at its median and no event, as far as it decides which drivers need nodes.

    Parameters
    ----------
    sds, grown
        Sd by year, and that of the growth since the handover year, shape (T,).
    profiles
        Largest coefficient by year of each linear driver of the curve, by its key, shape (T,) each.
    varies
        By how much each coefficient differs with other drivers, see `Influence`.
    few
        Whether the start has so few components that skewed terms may differ between nodes.
    moved
        Sd by year that each free driver of the curve makes, by its key, shape (T,) each.
    """

    sds: tuple[float, ...]
    grown: tuple[float, ...]
    profiles: tuple[tuple[str, tuple[float, ...]], ...]
    varies: tuple[tuple[str, float], ...]
    moved: tuple[tuple[str, tuple[float, ...]], ...]
    few: bool

    @classmethod
    def of(
        cls, sds: Array, grown: Array, profiles: Mapping[str, Array], moved: Mapping[str, Array], *, few: bool = False
    ) -> Background:
        """From arrays; a profile has a row for each of several settings of the other drivers."""
        largest = {key: np.abs(rows).max(axis=0) for key, rows in profiles.items()}
        varies = tuple((key, _varies(rows)) for key, rows in profiles.items())
        return cls(tuple(sds.tolist()), tuple(grown.tolist()), _listed(largest), varies, _listed(moved), few)


def _varies(profiles: Array) -> float:
    """Half the largest difference between profiles, as a part of their middle, in the years in which they are large."""
    if len(profiles) == 1:
        return 0.0
    low, high = profiles.min(axis=0), profiles.max(axis=0)
    middle = np.abs(low + high) / 2
    large = middle > _LARGE * middle.max()
    return float(np.max((high - low)[large] / 2 / middle[large])) if large.any() else 0.0


def _listed(rows: Mapping[str, Array]) -> tuple[tuple[str, tuple[float, ...]], ...]:
    return tuple((key, tuple(row.tolist())) for key, row in rows.items())


class _Same:
    """A scenario that equals only itself: cheap to compare."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.scenario is self.scenario

    def __hash__(self) -> int:
        return id(self.scenario)


@dataclass(frozen=True, eq=False)
class _Told:
    """What a scenario says of its drivers, read once.

    Parameters
    ----------
    drivers
        Distribution of every driver by key.
    linear
        Those that enter the log path linearly.
    medians
        Median of each, linear ones on their linear scale.
    """

    drivers: dict[str, Distribution]
    linear: dict[str, LinearDriver]
    medians: dict[str, float]


@lru_cache(maxsize=8)
def _told(same: _Same) -> _Told:
    drivers, maps = _drivers(same.scenario), linear_maps(same.scenario)
    medians = {key: told.from_score(0.0) for key, told in drivers.items()}
    values = {key: float(maps[key](median) if key in maps else median) for key, median in medians.items()}
    return _Told(drivers, {key: LinearDriver(drivers[key], map_) for key, map_ in maps.items()}, values)


def _drivers(scenario: Scenario) -> dict[str, Distribution]:
    """Distribution of every driver that moves the path, by its key."""
    tables: dict[str, Format] = {"growth": scenario.growth}
    tables |= {f"segments.{name}": segment for name, segment in scenario.segments.items()}
    for name, event in scenario.events.items():
        tables |= {f"events.{name}.effects.{i}": effect for i, effect in enumerate(event.effects)}
    if scenario.tree is not None:
        tables["tree"] = scenario.tree
    return {key: told.distribution for at, table in tables.items() for key, told in drivers_of(table, at).items()}


@lru_cache(maxsize=8)
def _planned(
    same: _Same, first: int, last: int, background: Background | None, most: float, *, with_start: bool
) -> ScenarioNodes:
    scenario, years, told = same.scenario, np.arange(first, last + 1), _told(same)
    states = scenario.event_states(first=first, last=last)
    happens = np.atleast_1d(states.happens.any(axis=0))
    possible = [name for name, here in zip(states.names, happens, strict=True) if here]
    used = ("growth.", "tree.", "segments.", *(f"events.{name}." for name in possible))
    linear = {key: driver for key, driver in told.linear.items() if key.startswith(used)}
    free = {key: driver for key, driver in told.drivers.items() if key.startswith(used) and key not in linear}
    paired = with_start or len(states.weights) > _MOST_CROSSED
    if with_start:
        free = {_START: Uniform(0.0, 1.0)} | free
    if paired:
        free[_STATE] = Uniform(0.0, 1.0)
    bends = scenario.growth.has_ceiling or scenario.growth.curve == "segments"
    points = (_BENT_POINTS if bends else _MOST_POINTS) if paired else FEWEST_POINTS
    if scenario.growth.curve == "tree" and not paired:
        points = max(FEWEST_POINTS, _MOST_POINTS // len(states.weights))
    if with_start:
        points = int(min(_WITH_START, _MOST_NUMBERS / len(years) ** 2))
    influence = {} if background is None else _influence(scenario, told, linear, states, years, background)
    influence = {
        key: own for key, own in influence.items() if key in linear or not (bends and key.startswith(_OF_CURVE))
    }
    nodes = driver_nodes(
        free,
        linear,
        scenario.correlation,
        influence=influence,
        points=points,
        most=most / len(states.weights),
        tell_apart=background is not None and background.few and not paired,
    )
    at, state = _pairs(nodes, states.weights, paired=paired)
    weights = nodes.weights[at] * (1.0 if paired else states.weights[state])
    return ScenarioNodes(
        scenario=scenario,
        years=years,
        weights=weights,
        values={key: value[at] for key, value in nodes.values.items() if key not in (_STATE, _START)},
        normal=nodes.normal,
        means=nodes.means[at],
        covariance=nodes.covariance,
        event_years=states.years[state],
        correlation_kept=nodes.correlation_kept,
        skewed=nodes.skewed,
        apart=nodes.apart,
        start=nodes.values.get(_START),
    )


def _influence(
    scenario: Scenario,
    told: _Told,
    linear: Mapping[str, LinearDriver],
    states: EventStates,
    years: NDArray[np.int64],
    background: Background,
) -> dict[str, Influence]:
    """What each driver does to the log path, against all that is normal or linear.

    A free one is held against growth alone, so that it has nodes enough for growth rates too.
    """
    profiles = {key: np.array(values) for key, values in background.profiles}
    profiles["growth.growth_shift"] = (years - years[0]).astype(float)
    varies, moved_by = dict(background.varies) | {"growth.growth_shift": 0.0}, dict(background.moved)
    for key, effect, since in _effects(scenario, states.years, years):
        free = [f"{key}.{name}" for name in _free_names(type(effect))]
        middle = {name.rpartition(".")[2]: np.array([told.medians[name]]) for name in free}
        found, own = np.abs(effect.log_effect(since, middle | _LINEAR_UNIT)), f"{key}.{_linear_name(type(effect))}"
        profiles[own] = found.max(axis=0)
        uncertain = [name for name in free if not told.drivers[name].is_fixed]
        for name in uncertain:
            low, high = (told.drivers[name].from_score(np.full(1, side)) for side in (-STAR_SCORE, STAR_SCORE))
            last = name.rpartition(".")[2]
            ends = [effect.log_effect(since, middle | {last: end} | _LINEAR_UNIT) for end in (low, high)]
            made_by = np.abs(ends[1] - ends[0]).max(axis=0) * abs(told.medians[own]) / (2 * STAR_SCORE)
            moved_by[name] = tuple(made_by.tolist())
        varies[own] = 1.0 if uncertain else _varies(found)
    made = np.array([linear[key].sd * profiles[key] for key in linear])
    moved = np.array(list(moved_by.values())).reshape(-1, len(years))
    normal = np.square(background.sds)
    closed = np.square(made).sum(axis=0)
    whole, ahead = np.sqrt(normal + closed), np.sqrt(np.square(background.grown) + closed)
    firm = bool((np.sqrt(normal) >= _LEAST_NORMAL * whole).all())
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.concatenate([made / whole, moved / ahead])
        reach = np.nan_to_num(parts, nan=0.0, posinf=_BEYOND).max(axis=1).tolist()
    steady = varies if firm else {}
    pairs = zip([*linear, *moved_by], reach, strict=True)
    return {key: Influence(own, steady.get(key, math.inf)) for key, own in pairs}


def linear_maps(scenario: Scenario) -> dict[str, Callable[[Array], Array]]:
    """Map of each linear driver to the scale on which it is linear, by its key."""
    maps = {f"growth.{key}": map_ for key, map_ in linear_keys(scenario.growth).items()}
    for name, event in scenario.events.items():
        for i, effect in enumerate(event.effects):
            if not effect.on_ceiling:
                own = _linear_name(type(effect))
                maps[f"events.{name}.effects.{i}.{own}"] = np.asarray if own == "points" else np.log1p
    return maps


@dataclass(frozen=True, eq=False)
class Star:
    """Every driver at its median, and no event; then each free one of the curve in turn, low and high.

    Parameters
    ----------
    keys
        Of the free drivers, F of them.
    nodes
        1 + 2 F settings: the middle, then each at `STAR_SCORE` below its median, then each as far above.
    """

    keys: tuple[str, ...]
    nodes: ScenarioNodes


def star_of(scenario: Scenario, years: NDArray[np.int64]) -> Star:
    """The star of a scenario; kept like the nodes of `scenario_nodes`."""
    return _star(_Same(scenario), int(years[0]), int(years[-1]))


@lru_cache(maxsize=8)
def _star(same: _Same, first: int, last: int) -> Star:
    scenario, years, told = same.scenario, np.arange(first, last + 1), _told(same)
    free = [k for k, d in told.drivers.items() if k.startswith(_OF_CURVE) and k not in told.linear and not d.is_fixed]
    count = 1 + 2 * len(free)
    values = {key: np.full(count, median) for key, median in told.medians.items()}
    for position, key in enumerate(free):
        values[key][[1 + position, 1 + len(free) + position]] = told.drivers[key].from_score([-STAR_SCORE, STAR_SCORE])
    nodes = ScenarioNodes(
        scenario=scenario,
        years=years,
        weights=np.full(count, 1 / count),
        values=values,
        normal=(),
        means=np.zeros((count, 0)),
        covariance=np.zeros((0, 0)),
        event_years=np.full((count, len(scenario.events)), NEVER),
        correlation_kept=1.0,
    )
    return Star(tuple(free), nodes)


def _pairs(nodes: DriverNodes, weights: Array, *, paired: bool) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which driver node goes with which state of the events: every one with each, or each with one of its own."""
    count = len(nodes.weights)
    if paired:
        state = np.searchsorted(np.cumsum(weights)[:-1], nodes.values[_STATE], side="right")
        return np.arange(count), state.astype(np.intp)
    return np.repeat(np.arange(count), len(weights)), np.tile(np.arange(len(weights)), count)
