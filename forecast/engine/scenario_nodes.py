"""Drivers and events of a scenario on joint nodes: every driver node in every joint state of the events."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from forecast.distributions import Array, Distribution, Uniform
from forecast.engine.continuation import linear_keys
from forecast.engine.driver_nodes import FEWEST_POINTS, DriverNodes, LinearDriver, driver_nodes
from forecast.scenario import Scenario
from forecast.scenario.drivers import Driver
from forecast.scenario.events import Effect
from forecast.scenario.joint import NEVER, EventStates

_MOST_CROSSED = 16
_MOST_POINTS, _BENT_POINTS = 16_384, 4096
_STATE = "state of the events"

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
            if not effect.on_ceiling:
                free = {name: self.values[f"{key}.{name}"][:, None] for name in _free_names(effect)}
                found[f"{key}.{_linear_name(effect)}"] = effect.log_effect(elapsed, free | _LINEAR_UNIT)
        return found

    def ceiling(self, handover: int) -> Array:
        """Log factor on the ceiling by node and year beyond the handover, shape (M, K)."""
        ahead = self.years[self.years > handover]
        total = np.zeros((self.size, len(ahead)))
        for key, effect, elapsed in _effects(self.scenario, self.event_years, ahead):
            if effect.on_ceiling:
                total += effect.log_effect(elapsed, {"size": self.values[f"{key}.size"][:, None]})
        return total


def _effects(
    scenario: Scenario, begins: NDArray[np.int64], years: NDArray[np.int64]
) -> list[tuple[str, Effect, Array]]:
    """Every effect that may come, with its key and the years since its event, shape (M, years)."""
    return [
        (f"events.{name}.effects.{i}", effect, (years - begins[:, e, None]).astype(float))
        for e, (name, event) in enumerate(scenario.events.items())
        if (begins[:, e] != NEVER).any()
        for i, effect in enumerate(event.effects)
    ]


def _linear_name(effect: Effect) -> str:
    """Key of the driver in which the effect on the log market is linear."""
    return "points" if "points" in type(effect).model_fields else "size"


def _free_names(effect: Effect) -> list[str]:
    """Keys of the other drivers of an effect."""
    return [name for name, value in effect if isinstance(value, Driver) and name != _linear_name(effect)]


def scenario_nodes(
    scenario: Scenario, years: NDArray[np.int64], background: Background | None = None, *, most: float = math.inf
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
    """
    return _planned(_Same(scenario), int(years[0]), int(years[-1]), background, most)


@dataclass(frozen=True)
class Background:
    """The log path with every driver at its median and no event, as far as it decides which drivers need nodes.

    Parameters
    ----------
    sds
        Sd by year, shape (T,).
    profiles
        Coefficient by year of each linear driver of the curve, by its key, shape (T,) each.
    """

    sds: tuple[float, ...]
    profiles: tuple[tuple[str, tuple[float, ...]], ...]

    @classmethod
    def of(cls, sds: Array, profiles: Mapping[str, Array]) -> Background:
        """From arrays."""
        return cls(tuple(sds.tolist()), tuple((key, tuple(values.tolist())) for key, values in profiles.items()))


class _Same:
    """A scenario that equals only itself: cheap to compare."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.scenario is self.scenario

    def __hash__(self) -> int:
        return id(self.scenario)


@lru_cache(maxsize=8)
def _planned(same: _Same, first: int, last: int, background: Background | None, most: float) -> ScenarioNodes:
    scenario, years = same.scenario, np.arange(first, last + 1)
    states = scenario.event_states(first=first, last=last)
    happens = np.atleast_1d(states.happens.any(axis=0))
    possible = [name for name, here in zip(states.names, happens, strict=True) if here]
    used = ("growth.", "tree.", "segments.", *(f"events.{name}." for name in possible))
    drivers = {k: d.distribution for k, d in scenario.drivers.items() if k.startswith(used)}
    linear = _linear_drivers(scenario, drivers, states, years, background)
    free = {key: driver for key, driver in drivers.items() if key not in linear}
    paired = len(states.weights) > _MOST_CROSSED
    if paired:
        free[_STATE] = Uniform(0.0, 1.0)
    bends = scenario.growth.has_ceiling or scenario.growth.curve == "segments"
    points = (_BENT_POINTS if bends else _MOST_POINTS) if paired else FEWEST_POINTS
    if scenario.growth.curve == "tree" and not paired:
        points = max(FEWEST_POINTS, _MOST_POINTS // len(states.weights))
    nodes = driver_nodes(free, linear, scenario.correlation, points=points, most=most / len(states.weights))
    at, state = _pairs(nodes, states.weights, paired=paired)
    weights = nodes.weights[at] * (1.0 if paired else states.weights[state])
    return ScenarioNodes(
        scenario=scenario,
        years=years,
        weights=weights,
        values={key: value[at] for key, value in nodes.values.items() if key != _STATE},
        normal=nodes.normal,
        means=nodes.means[at],
        covariance=nodes.covariance,
        event_years=states.years[state],
        correlation_kept=nodes.correlation_kept,
    )


def _linear_drivers(
    scenario: Scenario,
    drivers: Mapping[str, Distribution],
    states: EventStates,
    years: NDArray[np.int64],
    background: Background | None,
) -> dict[str, LinearDriver]:
    """Drivers that enter the log path linearly, by key, with their reach."""
    maps = {key: map_ for key, map_ in linear_maps(scenario).items() if key in drivers}
    linear = {key: LinearDriver(drivers[key], map_) for key, map_ in maps.items()}
    if background is None:
        return linear
    profiles = {key: np.array(values) for key, values in background.profiles}
    profiles["growth.growth_shift"] = (years - years[0]).astype(float)
    for key, effect, since in _effects(scenario, states.years, years):
        if not effect.on_ceiling:
            middle = {name: drivers[f"{key}.{name}"].from_score(np.zeros(1)) for name in _free_names(effect)}
            found = effect.log_effect(since, middle | _LINEAR_UNIT)
            profiles[f"{key}.{_linear_name(effect)}"] = np.abs(found).max(axis=0)
    whole = np.sqrt(np.square(background.sds) + sum((linear[key].sd * profiles[key]) ** 2 for key in linear))
    return {key: replace(driver, reach=_reach(profiles[key], whole)) for key, driver in linear.items()}


def _reach(profile: Array, whole: Array) -> float:
    """Largest effect by year against the sd of that year."""
    with np.errstate(divide="ignore"):
        return float(np.divide(profile, whole, out=np.zeros(len(profile)), where=profile > 0).max())


def linear_maps(scenario: Scenario) -> dict[str, Callable[[Array], Array]]:
    """Map of each linear driver to the scale on which it is linear, by its key."""
    maps = {f"growth.{key}": map_ for key, map_ in linear_keys(scenario.growth).items()}
    for name, event in scenario.events.items():
        for i, effect in enumerate(event.effects):
            if not effect.on_ceiling:
                own = _linear_name(effect)
                maps[f"events.{name}.effects.{i}.{own}"] = np.asarray if own == "points" else np.log1p
    return maps


def middle_node(scenario: Scenario, years: NDArray[np.int64]) -> ScenarioNodes:
    """One node: every driver at its median, and no event; kept like those of `scenario_nodes`."""
    return _middle(_Same(scenario), int(years[0]), int(years[-1]))


@lru_cache(maxsize=8)
def _middle(same: _Same, first: int, last: int) -> ScenarioNodes:
    scenario, years = same.scenario, np.arange(first, last + 1)
    maps, score = linear_maps(scenario), np.zeros(1)
    medians = {key: driver.distribution.from_score(score) for key, driver in scenario.drivers.items()}
    return ScenarioNodes(
        scenario=scenario,
        years=years,
        weights=np.ones(1),
        values={key: maps[key](value) if key in maps else value for key, value in medians.items()},
        normal=(),
        means=np.zeros((1, 0)),
        covariance=np.zeros((0, 0)),
        event_years=np.full((1, len(scenario.events)), NEVER),
        correlation_kept=1.0,
    )


def _pairs(nodes: DriverNodes, weights: Array, *, paired: bool) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which driver node goes with which state of the events: every one with each, or each with one of its own."""
    count = len(nodes.weights)
    if paired:
        state = np.searchsorted(np.cumsum(weights)[:-1], nodes.values[_STATE], side="right")
        return np.arange(count), state.astype(np.intp)
    return np.repeat(np.arange(count), len(weights)), np.tile(np.arange(len(weights)), count)
