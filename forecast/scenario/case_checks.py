"""What must fit between the files of a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.scenario.case_file import CaseFile
from forecast.scenario.growth import TreeGrowth
from forecast.scenario.scenario import Scenario

if TYPE_CHECKING:
    from forecast.estimates import Scopes

TOLERANCE = 1e-6
"""How far the probabilities of a set of scenarios may be from 1."""


def case_problems(
    file: CaseFile,
    estimates: pd.DataFrame | None,
    scopes: Scopes | None,
    scenarios: Mapping[str, Scenario],
    cross_check: Scenario | None,
) -> list[str | Problem]:
    """Everything that does not fit between the files; what could not be read is None."""
    found: list[str | Problem] = [*_scope_problems(file, estimates, scopes), *_prior_problems(file)]
    if estimates is not None:
        found += _footing_problems(file, estimates)
    found += scenario_problems(file, scenarios)
    if cross_check is not None and not isinstance(cross_check.growth, TreeGrowth):
        allowed = "curve = 'tree', because a cross-check is a driver tree"
        found.append(Problem(f"{file.cross_check}, growth.curve", repr(cross_check.growth.name), allowed))
    return [*found, *_probability_problems(file, scenarios)]


def scenario_problems(file: CaseFile, scenarios: Mapping[str, Scenario]) -> list[Problem]:
    """Everything about single scenarios that does not fit the case."""
    return [problem for name, scenario in scenarios.items() for problem in _scenario_problems(file, name, scenario)]


def _scope_problems(file: CaseFile, estimates: pd.DataFrame | None, scopes: Scopes | None) -> Iterator[Problem]:
    if scopes is None:
        return
    names = list(scopes.names)
    if not scopes.knows(file.scope):
        hint = did_you_mean(file.scope, names)
        yield Problem("case.toml, scope", repr(file.scope), f"a scope of {file.scopes}", hint)
    rows = [] if estimates is None else estimates[["id", "scope"]].itertuples(index=False)
    for identity, scope in rows:
        if not scopes.knows(scope):
            place = f"{file.estimates}, {identity}, scope"
            yield Problem(place, repr(scope), f"a scope of {file.scopes}", did_you_mean(scope, names))


def _prior_problems(file: CaseFile) -> list[str | Problem]:
    from forecast.reconcile.priors import prior_for

    try:
        prior_for(file.prior, [])
    except ArgumentError as error:
        return [f"case.toml, {problem}" for problem in error.problems]
    return []


def _footing_problems(file: CaseFile, estimates: pd.DataFrame) -> Iterator[Problem]:
    """Rows on another footing than the case's; what a row does not say fits any."""
    from forecast.estimates import footings

    used = estimates[estimates["excluded_because"] == ""]
    for footing, rows in footings(used).items():
        for part, wanted in file.footing.model_dump().items():
            stated = getattr(footing, part)
            if stated and wanted and stated != wanted:
                place = f"{file.estimates}, {', '.join(rows)}, {part}"
                remedy = "convert the rows with normalize, or exclude them with a reason"
                yield Problem(place, repr(stated), f"{wanted!r}, the footing of the case", remedy)


def _scenario_problems(file: CaseFile, name: str, scenario: Scenario) -> Iterator[Problem]:
    last = scenario.end or file.end
    if last < file.reference_year:
        allowed = f"a year not before the reference_year {file.reference_year}"
        yield Problem(f"scenario {name}, end", str(last), allowed)
    if scenario.handover_year is not None and not file.reference_year <= scenario.handover_year <= last:
        allowed = f"a year from {file.reference_year} to {last}"
        yield Problem(f"scenario {name}, handover_year", str(scenario.handover_year), allowed)
    for key, event in scenario.events.items():
        year = round(float(event.year.distribution.from_score(0.0)))
        if not file.reference_year <= year <= last:
            allowed = f"a year within the horizon, {file.reference_year} to {last}"
            yield Problem(f"scenario {name}, events.{key}.year", str(year), allowed)
    if (file.start == "tree") != isinstance(scenario.growth, TreeGrowth):
        allowed = "curve = 'tree' in every scenario where the case has start = 'tree', and nowhere else"
        yield Problem(f"scenario {name}, growth.curve", repr(scenario.growth.curve), allowed)


def _probability_problems(file: CaseFile, scenarios: Mapping[str, Scenario]) -> Iterator[Problem]:
    """Probabilities of a set that do not sum to 1; left alone while a scenario could not be read."""
    stated = {name: s.probability for name, s in scenarios.items() if s.probability is not None}
    total = sum(stated.values())
    if stated and len(scenarios) == len(file.scenarios) and abs(total - 1) > TOLERANCE:
        files = dict(zip(scenarios, file.scenarios, strict=True))
        listed = ", ".join(f"{files[name]} {probability:g}" for name, probability in stated.items())
        found = f"probabilities with a sum of {total:g} ({listed})"
        yield Problem("case.toml, scenarios", found, "probabilities that sum to 1")
