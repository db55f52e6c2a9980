"""What must fit between the files of a case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.scenario.case_file import CaseFile
from forecast.scenario.growth import TreeGrowth
from forecast.scenario.scenario import Draft, Scenario, event_years

if TYPE_CHECKING:
    from forecast.estimates import Scopes

TOLERANCE = 1e-6
"""How far the probabilities of a set of scenarios may be from 1."""


def case_problems(
    file: CaseFile,
    estimates: pd.DataFrame | None,
    scopes: Scopes | None,
    drafts: Mapping[str, Draft],
    cross_check: Scenario | None,
) -> list[str | Problem]:
    """Everything that does not fit between the files; what could not be read is None, in the file's keys too."""
    found: list[str | Problem] = [*_scope_problems(file, estimates, scopes), *_prior_problems(file)]
    if estimates is not None and file.footing is not None:
        found += _footing_problems(file, estimates)
    found += scenario_problems(file, drafts.values())
    if cross_check is not None and not isinstance(cross_check.growth, TreeGrowth):
        allowed = "curve = 'tree', because a cross-check is a driver tree"
        found.append(Problem(f"{file.cross_check}, growth.curve", repr(cross_check.growth.name), allowed))
    return [*found, *_probability_problems(file, drafts)]


def scenario_problems(file: CaseFile, drafts: Iterable[Draft]) -> list[Problem]:
    """Everything about single scenarios that does not fit the case; once where several inherit it."""
    found = [problem for draft in drafts for problem in (*_year_problems(file, draft), *_curve_problems(file, draft))]
    return list(dict.fromkeys(found))


def _scope_problems(file: CaseFile, estimates: pd.DataFrame | None, scopes: Scopes | None) -> Iterator[Problem]:
    if scopes is None:
        return
    names = list(scopes.names)
    if file.scope is not None and not scopes.knows(file.scope):
        hint = did_you_mean(file.scope, names)
        yield Problem("case.toml, scope", repr(file.scope), f"a scope of {file.scopes}", hint)
    rows = [] if estimates is None else estimates[["id", "scope"]].itertuples(index=False)
    for identity, scope in rows:
        if not scopes.knows(scope):
            place = f"{file.estimates}, {identity}, scope"
            yield Problem(place, repr(scope), f"a scope of {file.scopes}", did_you_mean(scope, names))


def case_notes(
    file: CaseFile, estimates: pd.DataFrame, scopes: Scopes | None, scenarios: Mapping[str, Scenario]
) -> Iterator[Problem]:
    """What is no problem and may still be a slip: regions not known or not the case's, idle scenarios."""
    from forecast.estimates.scopes import world

    tree = scopes.geographies if scopes else world()
    places: dict[str, list[str]] = {}
    for row in estimates[estimates["excluded_because"] == ""].to_dict("records"):
        places.setdefault(tree.canonical(str(row["geography"]) or "global"), []).append(str(row["id"]))
    region = tree.canonical(file.geography)
    named = {"case.toml, geography": region} | {
        f"{file.estimates}, {', '.join(ids)}, geography": place for place, ids in places.items() if place != region
    }
    for where, place in named.items():
        if not tree.knows(place):
            hint = did_you_mean(place, tree.names)
            own = "name a region of your own as [[geography]] in the file of scopes"
            yield Problem(where, repr(place), "a known region", hint if hint.startswith("did you mean") else own)
        elif place != region:
            yield Problem(where, repr(place), f"{file.geography!r}, as in case.toml")
    idle = [name for name, scenario in scenarios.items() if scenario.handover_year is None]
    if file.start == "history" and idle:
        remedy = "without it the history's own band serves to the end, and the scenario changes nothing"
        yield Problem(f"scenarios {', '.join(idle)}", "no handover_year", "a year after the history", remedy)


def _prior_problems(file: CaseFile) -> list[str | Problem]:
    from forecast.reconcile.priors import prior_for

    try:
        prior_for(file.prior or {}, [])
    except ArgumentError as error:
        return [f"case.toml, {problem}" for problem in error.problems]
    return []


def track_problems(
    file: CaseFile, estimates: pd.DataFrame | None, record: Mapping[str, float] | None
) -> Iterator[Problem]:
    """Weights of publishers that print none of the estimates; a file may know more publishers than the case."""
    if not record or estimates is None:
        return
    known = [name for name in dict.fromkeys(estimates["publisher"]) if name]
    strange = [name for name in record if name not in known]
    allowed = f"a publisher of {file.estimates}" if known else "no track record without estimates"
    if not isinstance(file.track_record, str):
        for name in strange:
            yield Problem(
                f"case.toml, track_record.{name}", repr(name), allowed, did_you_mean(name, known) if known else ""
            )
    elif len(strange) == len(record):
        found = f"none of the publishers of {file.estimates or 'the case'} ({', '.join(known) or 'it has none'})"
        yield Problem(file.track_record, found, "at least one of them, spelt alike")


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


def _year_problems(file: CaseFile, draft: Draft) -> Iterator[Problem]:
    """Years of a scenario outside of the case's; what its own end cuts off it says itself."""
    scenario, place, first = draft.scenario, draft.layers.place, file.reference_year
    last = scenario.end or file.end
    if first is None or last is None or (scenario.end is None and last < first):
        return
    if last < first:
        yield Problem(place(("end",)), str(last), f"a year not before the reference_year {first} of case.toml")
        return
    handover = scenario.handover_year
    if handover is not None and not first <= handover <= last and not _said(scenario, handover):
        yield Problem(place(("handover_year",)), str(handover), f"a year from {first} to {last}")
    for key, year in event_years(scenario).items():
        if not first <= year <= last and not _said(scenario, year):
            yield Problem(place(("events", key, "year")), str(year), f"a year within the horizon, {first} to {last}")


def _said(scenario: Scenario, year: int) -> bool:
    """Whether the scenario is at odds with a year by its own end."""
    return scenario.end is not None and year > scenario.end


def _curve_problems(file: CaseFile, draft: Draft) -> Iterator[Problem]:
    growth = draft.scenario.growth
    if growth is not None and file.start is not None and (file.start == "tree") != isinstance(growth, TreeGrowth):
        allowed = "curve = 'tree' in every scenario where the case has start = 'tree', and nowhere else"
        yield Problem(draft.layers.place(("growth", "curve")), repr(growth.name), allowed)


def _probability_problems(file: CaseFile, drafts: Mapping[str, Draft]) -> Iterator[Problem]:
    """Probabilities of a set that do not sum to 1; left alone while one of them could not be read."""
    said = {name for name, draft in drafts.items() if "probability" in draft.layers.values}
    stated = {name: p for name, draft in drafts.items() if (p := draft.scenario.probability) is not None}
    total = sum(stated.values())
    if stated and said == set(stated) and len(drafts) == len(file.scenarios or []) and abs(total - 1) > TOLERANCE:
        files = dict(zip(drafts, file.scenarios, strict=True))
        listed = ", ".join(f"{files[name]} {probability:g}" for name, probability in stated.items())
        found = f"probabilities with a sum of {total:g} ({listed})"
        yield Problem("case.toml, scenarios", found, "probabilities that sum to 1")
