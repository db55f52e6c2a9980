"""Drivers and events of a scenario on joint nodes: every driver node in every joint state of the events."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.continuation import linear_keys
from forecast.distributions import Array, Uniform
from forecast.driver_nodes import FEWEST_POINTS, DriverNodes, LinearDriver, driver_nodes
from forecast.scenario import Scenario
from forecast.scenario.drivers import drivers_of
from forecast.scenario.events import Effect
from forecast.scenario.joint import NEVER

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
        found = {}
        for key, effect, elapsed in self._effects(self.years):
            if not effect.on_ceiling:
                free = {name: self.values[f"{key}.{name}"][:, None] for name in _free_names(effect)}
                found[f"{key}.{_linear_name(effect)}"] = effect.log_effect(elapsed, free | _LINEAR_UNIT)
        return found

    def ceiling(self, handover: int) -> Array:
        """Log factor on the ceiling by node and year beyond the handover, shape (M, K)."""
        ahead = self.years[self.years > handover]
        total = np.zeros((self.size, len(ahead)))
        for key, effect, elapsed in self._effects(ahead):
            if effect.on_ceiling:
                total += effect.log_effect(elapsed, {"size": self.values[f"{key}.size"][:, None]})
        return total

    def _effects(self, years: NDArray[np.int64]) -> list[tuple[str, Effect, Array]]:
        """Every effect that may come, with its key and the years since its event, shape (M, years)."""
        return [
            (f"events.{name}.effects.{i}", effect, (years - self.event_years[:, e, None]).astype(float))
            for e, (name, event) in enumerate(self.scenario.events.items())
            if (self.event_years[:, e] != NEVER).any()
            for i, effect in enumerate(event.effects)
        ]


def _linear_name(effect: Effect) -> str:
    """Key of the driver in which the effect on the log market is linear."""
    return "points" if "points" in type(effect).model_fields else "size"


def _free_names(effect: Effect) -> list[str]:
    """Keys of the other drivers of an effect."""
    return [name for name in drivers_of(effect) if name != _linear_name(effect)]


def scenario_nodes(scenario: Scenario, years: NDArray[np.int64]) -> ScenarioNodes:
    """Put the drivers of a scenario's curve and events on nodes, in every joint state of the events.

    Parameters
    ----------
    scenario
        As read.
    years
        Years of the path, shape (T,).
    """
    states = scenario.event_states(first=int(years[0]), last=int(years[-1]))
    maps = {f"growth.{key}": map_ for key, map_ in linear_keys(scenario.growth).items()}
    possible = [
        name for name, here in zip(states.names, np.atleast_1d(states.happens.any(axis=0)), strict=True) if here
    ]
    for name, event in ((name, scenario.events[name]) for name in possible):
        for i, effect in enumerate(event.effects):
            if not effect.on_ceiling:
                key = _linear_name(effect)
                maps[f"events.{name}.effects.{i}.{key}"] = np.asarray if key == "points" else np.log1p
    used = ("growth.", "tree.", "segments.", *(f"events.{name}." for name in possible))
    drivers = {k: d.distribution for k, d in scenario.drivers.items() if k.startswith(used)}
    linear = {key: LinearDriver(drivers[key], maps[key]) for key in maps}
    free = {key: driver for key, driver in drivers.items() if key not in maps}
    paired = len(states.weights) > _MOST_CROSSED
    if paired:
        free[_STATE] = Uniform(0.0, 1.0)
    bends = scenario.growth.has_ceiling or scenario.growth.curve == "segments"
    points = (_BENT_POINTS if bends else _MOST_POINTS) if paired else FEWEST_POINTS
    if scenario.growth.curve == "tree" and not paired:
        points = max(FEWEST_POINTS, _MOST_POINTS // len(states.weights))
    nodes = driver_nodes(free, linear, correlation=scenario.correlation, points=points)
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


def _pairs(nodes: DriverNodes, weights: Array, *, paired: bool) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which driver node goes with which state of the events: every one with each, or each with one of its own."""
    count = len(nodes.weights)
    if paired:
        state = np.searchsorted(np.cumsum(weights)[:-1], nodes.values[_STATE], side="right")
        return np.arange(count), state.astype(np.intp)
    return np.repeat(np.arange(count), len(weights)), np.tile(np.arange(len(weights)), count)
