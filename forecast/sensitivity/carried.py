"""The log market of one scenario at many joint settings of its drivers and events at once.

The equations are those of `forecast.engine.scenario_path`; there drivers sit on quadrature nodes, here every row has
its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from forecast.distributions import Array
from forecast.engine.continuation import Ahead, continue_with, linear_keys
from forecast.engine.scenario_nodes import ScenarioNodes
from forecast.errors import ModelError
from forecast.growth import CURVES
from forecast.growth.curve import parameter_names
from forecast.scenario import Scenario, segment_paths

TABLES = ("growth.", "events.", "segments.", "tree.")
"""Tables whose drivers move the path."""


def driver_values(scenario: Scenario, given: Mapping[str, Array], count: int) -> dict[str, Array]:
    """Every driver that moves the path, on the scale on which the log path is linear where there is one.

    Parameters
    ----------
    scenario
        As read.
    given
        Values of some drivers by key, shape (count,) each; the others stand at their median.
    count
        Number of settings.
    """
    found = {}
    for key, driver in scenario.drivers.items():
        if key.startswith(TABLES):
            value = given[key] if key in given else driver.distribution.from_score(np.zeros(count))
            found[key] = _scales(scenario).get(key, np.asarray)(value)
    return found


def _scales(scenario: Scenario) -> dict[str, np.ufunc]:
    """The map to its linear scale for each driver that has one other than its own."""
    maps = {f"growth.{key}": map_ for key, map_ in linear_keys(scenario.growth).items()}
    for name, event in scenario.events.items():
        for i, effect in enumerate(event.effects):
            if not effect.on_ceiling and "points" not in type(effect).model_fields:
                maps[f"events.{name}.effects.{i}.size"] = np.log1p
    return {key: map_ for key, map_ in maps.items() if map_ is np.log1p}


def nodes_at(
    scenario: Scenario, years: NDArray[np.int64], given: Mapping[str, Array], happened: NDArray[np.int64]
) -> ScenarioNodes:
    """Joint settings, one a row, in the form in which a projection takes its nodes.

    Parameters
    ----------
    scenario, years
        The scenario and the years of its path, shape (T,).
    given
        Values of drivers by key, shape (n,) each.
    happened
        Year of each event by setting, shape (n, events).
    """
    count = len(happened)
    return ScenarioNodes(
        scenario=scenario,
        years=years,
        weights=np.full(count, 1 / count),
        values=driver_values(scenario, given, count),
        normal=(),
        means=np.zeros((count, 0)),
        covariance=np.zeros((0, 0)),
        event_years=happened,
        correlation_kept=1.0,
    )


def log_paths(nodes: ScenarioNodes, known: NDArray[np.int64], start: Array, pace: int = 1) -> Array:
    """Log market without volatility and analyst error.

    Parameters
    ----------
    nodes
        Settings, n of them.
    known
        Consecutive years, the last being the handover year, shape (K,).
    start
        Log market over `known` by setting, shape (n, K).
    pace
        Years up to the handover over which the growth that goes on is measured.

    Returns
    -------
    Shape (n, T).
    """
    years, handover = nodes.years, int(known[-1])
    beyond = np.maximum(0, years - handover)
    reached = start[:, np.clip(years - known[0], 0, len(known) - 1)]
    growth = (start[:, -1] - start[:, -1 - pace]) / pace
    grown = _growth(nodes)(nodes, handover, np.column_stack([start[:, -1] - growth, start[:, -1]]))
    padded = np.concatenate([np.zeros((nodes.size, 1)), grown], axis=1)
    return reached + padded[:, beyond] + _shifts(nodes)


def tree_paths(nodes: ScenarioNodes) -> Array:
    """Log market of a driver tree, without volatility and analyst error, shape (n, T).

    Raises
    ------
    ModelError
        If the market is not above zero at some setting.
    """
    assert nodes.scenario.tree is not None
    given = {key.removeprefix("tree."): value for key, value in nodes.values.items() if key.startswith("tree.")}
    certain = all(np.ptp(value) == 0 for value in given.values())
    told = {key: value[:1] for key, value in given.items()} if certain else given
    with np.errstate(invalid="ignore", divide="ignore"):
        path = np.log(nodes.scenario.tree.path(nodes.years, told))
    if not np.isfinite(path).all():
        raise ModelError(f"scenario {nodes.scenario.name}: the tree gives a market of zero or less at some setting")
    return path + _shifts(nodes)


Grown = Callable[[ScenarioNodes, int, Array], Array]


def _growth(nodes: ScenarioNodes) -> Grown:
    """How the log market grows beyond the handover, shape (n, K)."""
    growth = nodes.scenario.growth
    if growth.curve == "segments":
        return _in_segments
    return _saturating if growth.has_ceiling else _scaling


def _in_segments(nodes: ScenarioNodes, handover: int, start: Array) -> Array:
    """Log growth of the sum of the segments, each on its own curve, shape (n, K)."""
    years = np.arange(handover, max(int(nodes.years[-1]), handover) + 1)
    values = {k.removeprefix("segments."): v for k, v in nodes.values.items() if k.startswith("segments.")}
    now, growth = start[:, -1], start[:, -1] - start[:, -2]
    paths = segment_paths(
        nodes.scenario.segments, years, handover_year=handover, log_start=now, log_growth=growth, values=values
    )
    return np.asarray(np.logaddexp.reduce(list(paths.values()))[:, 1:] - now[:, None])


def _shifts(nodes: ScenarioNodes) -> Array:
    """What the growth shift and the events add, shape (n, T)."""
    elapsed = (nodes.years - nodes.years[0]).astype(float)
    total = nodes.values["growth.growth_shift"][:, None] * elapsed
    for key, coefficient in nodes.effects().items():
        total = total + coefficient * nodes.values[key][:, None]
    return total


def _growth_values(nodes: ScenarioNodes) -> dict[str, Array]:
    return {key.removeprefix("growth."): v for key, v in nodes.values.items() if key.startswith("growth.")}


def _scaling(nodes: ScenarioNodes, handover: int, start: Array) -> Array:
    """Log growth beyond the handover where it does not depend on the level, shape (n, K)."""
    values, count = _growth_values(nodes), max(0, int(nodes.years[-1]) - handover)
    gone_on = continue_with(nodes.scenario.growth, Ahead(values, np.zeros(1), handover, count, nodes.ceiling(handover)))
    grown = gone_on.increment[:, 0] + gone_on.momentum * (start[:, -1] - start[:, -2])[:, None]
    for key, coefficient in gone_on.linear.items():
        grown = grown + coefficient * values[key][:, None]
    return grown


def _saturating(nodes: ScenarioNodes, handover: int, start: Array) -> Array:
    """Log growth beyond the handover on a curve with a ceiling, each setting from its own start, shape (n, K)."""
    values, ceiling = _growth_values(nodes), nodes.ceiling(handover)
    kind = CURVES[nodes.scenario.growth.name]
    now, path = start[:, -1], []
    for year in range(ceiling.shape[1]):
        moved = values | {"ceiling": values["ceiling"] * np.exp(ceiling[:, year])}
        curve = kind(**{name: moved[name] for name in parameter_names(kind)})
        now = curve.log_path(np.exp(now), np.ones(1))[..., 0]
        path.append(now - start[:, -1])
    found = np.stack(path, axis=1) if path else np.zeros((nodes.size, 0))
    if not np.isfinite(found).all():
        raise ModelError("the market leaves what this curve can follow; check its ceiling against the handover year")
    return found
