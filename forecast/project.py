"""From a start and scenarios to a projection: `project`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from forecast.engine.scenario_path import known_years, scenario_path, tree_path
from forecast.errors import ArgumentError, Problem
from forecast.projection import Projection, ScenarioPath
from forecast.reconcile import Consensus
from forecast.scenario import AnalystError, Scenario
from forecast.start import HistoryStart, Start, TreeStart

__all__ = [
    "Projection",
    "ScenarioPath",
    "Start",
    "history_years",
    "known_years",
    "project",
    "scenario_path",
    "tree_path",
]

FURTHEST = 100
"""Most years that a projection looks ahead."""

_PACE = 3
"""Fewest years over which the growth of a history is measured, where it has as many."""


def project(
    start: Start, scenarios: Scenario | Mapping[str, Scenario] | Sequence[Scenario], *, end: int | None = None
) -> Projection:
    """Project a market under scenarios.

    Parameters
    ----------
    start
        The consensus to start from, a `HistoryStart`, or a `TreeStart` where each scenario has its driver tree.
    scenarios
        One scenario, or several.
    end
        Last year; the scenario's own where None.

    Raises
    ------
    ArgumentError
        No scenario, no end year, an end or a handover year that is not within 100 years after the start.

    Examples
    --------
    >>> import forecast
    >>> case = forecast.read_case("regenerative_medicine")
    >>> projection = forecast.project(case.reconcile(), case.scenarios, end=2035)
    >>> medians = projection.quantiles([0.5])[0.5].unstack("scenario")
    >>> medians.index[[0, -1]].tolist(), medians.loc[2035].sort_values().index.tolist()
    ([2023, 2035], ['cautious', 'base', 'ambitious'])
    """
    named = _named(scenarios)
    problems = [p for name, scenario in named.items() for p in _horizon_problems(name, scenario, start, end)]
    if problems or not named:
        raise ArgumentError(problems or [Problem("project", "no scenario", "at least one")])
    paths, handovers = {}, {}
    for name, scenario in named.items():
        last = end or scenario.end
        assert last is not None
        paths[name], handovers[name] = _path(start, scenario, int(last))
    return Projection(paths, start.footing, start, handovers)


def _named(scenarios: Scenario | Mapping[str, Scenario] | Sequence[Scenario]) -> dict[str, Scenario]:
    if isinstance(scenarios, Scenario):
        return {scenarios.name: scenarios}
    return dict(scenarios) if isinstance(scenarios, Mapping) else {s.name: s for s in scenarios}


def _origin(start: Start) -> int:
    return start.pool.newest if isinstance(start, Consensus) else start.origin


def _horizon_problems(name: str, scenario: Scenario, start: Start, end: int | None) -> Iterator[Problem]:
    last, origin, place = end or scenario.end, _origin(start), f"scenario {name}"
    if last is None:
        yield Problem(f"{place}, end", "no end year", remedy="give end= or set it in the scenario")
        return
    kind = "newest base year" if isinstance(start, Consensus) else "first year of the projection"
    allowed = f"a year after {origin}, the {kind}, and at most {FURTHEST} years after it"
    if isinstance(start, TreeStart) != (scenario.growth.curve == "tree"):
        yield Problem(f"{place}, growth.curve", repr(scenario.growth.curve), "tree with a tree start, and nowhere else")
    for key, year in {"end": last, "handover_year": scenario.handover_year}.items():
        if year is not None and (year % 1 != 0 or not origin < year <= origin + FURTHEST):
            yield Problem(f"{place}, {key}", str(year), allowed)


def history_years(start: HistoryStart, handover: int) -> tuple[NDArray[np.int64], int]:
    """Years that a path needs of a history, and how many of the last of them tell the growth that goes on.

    These are the years since the newest actual value, and three at the least: one year's ups and downs are no trend.

    Parameters
    ----------
    start
        The history.
    handover
        Last year that is its own.

    Examples
    --------
    >>> import pandas as pd
    >>> from forecast.estimates import Footing
    >>> values = pd.Series([3.1, 3.5, 3.8, 4.4], index=[2020, 2021, 2022, 2023])
    >>> start = HistoryStart(values, Footing("USD", "billion", "nominal", "product sales"))
    >>> for handover in (2024, 2028):
    ...     years, pace = history_years(start, handover)
    ...     print(years.tolist(), pace)
    [2021, 2022, 2023, 2024] 3
    [2023, 2024, 2025, 2026, 2027, 2028] 5
    """
    pace, ahead, actual = max(_PACE, handover - start.origin), handover - start.origin, set(start.history.index)
    while pace > ahead and not actual.issuperset(range(handover - pace, start.origin)):
        pace -= 1
    return np.arange(min(start.origin, handover - pace), handover + 1), pace


def _path(start: Start, scenario: Scenario, end: int) -> tuple[ScenarioPath, int]:
    """Path of one scenario, and its handover year."""
    if isinstance(start, TreeStart):
        return tree_path(scenario, origin=start.origin, end=end), end
    if isinstance(start, HistoryStart):
        handover = min(scenario.handover_year or end, end)
        known, pace = history_years(start, handover)
        market = start.market(known)
        calm = scenario.model_copy(update={"analyst_error": AnalystError(on=False)})
        causes = {"history": market.covariance()}
        path = scenario_path(market, known, calm, origin=start.origin, end=end, causes=causes, pace=pace)
        return replace(path, scenario=scenario), handover
    handover = min(scenario.handover_year or start.handover_year, end)
    known = known_years(start.pool.newest, handover)
    market, parts = start.market(known.tolist()), start.parts(known.tolist())
    return scenario_path(market, known, scenario, origin=start.pool.newest, end=end, causes=parts), handover
