"""What a run writes that starts from a history or from driver trees: no consensus, and the reason why."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast.report.assumptions import assumptions, tree_name
from forecast.report.documents import write_documents
from forecast.report.folder import output_folder
from forecast.report.headline import headline_scenario, headline_year, titles
from forecast.report.manifest import write_manifest
from forecast.report.memo import (
    BAND,
    beside,
    driven,
    first_clauses,
    grid,
    milestones,
    plain,
    short_number,
    spans,
    stories,
    unreplaced,
)
from forecast.report.pictures import draw_ranking, drawn
from forecast.report.sides import count_clashes, cross_tables
from forecast.report.tables import write_csv
from forecast.scenario import PlainDriver
from forecast.wording import amount, listing, money

if TYPE_CHECKING:
    from forecast.pipeline import Run
    from forecast.scenario import Scenario
    from forecast.sensitivity import Tornado, Value


def write_without_consensus(
    run: Run, folder: str | Path, *, report: bool = False, progress: Callable[[str], None]
) -> Path:
    """Write the tables, figures, memo and manifest of a run that has no consensus."""
    progress("sensitivity and figures")
    scenario = headline_scenario(run.projection.scenarios)
    with output_folder(folder) as fresh:
        with drawn(run, scenario, fresh / "figures", further=report):
            drivers = own_tornado(run)
            draw_ranking(run, drivers, fresh / "figures")
            for name, table in _tables(run, drivers).items():
                write_csv(table, fresh / f"{name}.csv")
            (fresh / "summary.md").write_text(_memo(run, drivers), encoding="utf-8")
        if report:
            write_documents(run, drivers, fresh, progress=progress)
        settings = {
            "scenarios": run.projection.scenarios,
            "sensitivity": f"{drivers.quantity.label}, {drivers.scenario}",
            "consensus": f"none: {why(run)}",
        }
        write_manifest(run.case, fresh, settings=settings)
    return Path(folder)


def _tables(run: Run, drivers: Tornado) -> dict[str, pd.DataFrame]:
    """Return the tables by the names of their files."""
    ranked = drivers.table.assign(
        method="tornado",
        quantity=drivers.quantity.label,
        scenario=drivers.scenario,
        value_unit=drivers.quantity.unit(drivers.money),
    )
    written = {"bands": run.projection.table, "assumptions": assumptions(run, drivers), "sensitivity": ranked}
    return written | cross_tables(run) | ({"audit": run.audit.table} if len(run.audit.table) else {})


def why(run: Run) -> str:
    """Return why there is no consensus."""
    first = run.projection.years[0]
    what = "the driver tree of each scenario" if run.case.start == "tree" else "the history of actual values"
    return f"projections start in {first} from {what}; no published market size is pooled"


def short_lines(run: Run) -> str:
    """Return the projection as a few lines of text for a terminal."""
    lines = [(f"{name} {year}", text) for (name, year), text in spans(run, milestones(run)).items()]
    width = max(len(label) for label, _ in lines)
    title = f"{run.case.title}, {run.unit}, median (80 % band)"
    return "\n".join([title, *(f"  {label:<{width}}  {text}" for label, text in lines)])


def own_tornado(run: Run) -> Tornado:
    """Rank what moves the headline year in the headline scenario, with the years of its events."""
    from forecast.sensitivity import Value, tornado
    from forecast.sensitivity.tornado import COLUMNS

    name, quantity = headline_scenario(run.projection.scenarios), Value(headline_year(run))
    found = tornado(run, quantity, scenario=name)
    own = quantity.of(run.projection.paths[name])
    rows = [_year_row(run, quantity, name, event, own) for event in _dated_late(run.case.scenarios[name])]
    years = pd.DataFrame(rows, columns=list(COLUMNS))
    table = pd.concat([found.table, years], ignore_index=True) if rows else found.table
    return replace(found, table=table.sort_values(["swing", "input"], ascending=[False, True], ignore_index=True))


def _dated_late(scenario: Scenario) -> list[str]:
    """Events that may come and whose year is not certain."""
    return [
        name
        for name, event in scenario.events.items()
        if name not in scenario.ruled_out and event.probability and not event.year.distribution.is_fixed
    ]


def _year_row(run: Run, quantity: Value, name: str, event: str, own: float) -> tuple[object, ...]:
    scenario = run.case.scenarios[name]
    years = [float(round(float(year))) for year in scenario.events[event].year.distribution.ppf(BAND)]
    low, middle, high = (_with_year(run, quantity, _in(scenario, event, year)) for year in years)
    swing, monotonic = max(low, middle, high) - min(low, middle, high), (middle - low) * (high - middle) >= 0
    return (tree_name(f"events.{event}.year"), "event", "year", *years, low, own, high, swing, monotonic, "")


def _with_year(run: Run, quantity: Value, scenario: Scenario) -> float:
    from forecast.project import project

    return quantity.of(project(run.start, scenario, end=run.case.end).paths[scenario.name])


def _in(scenario: Scenario, name: str, year: float) -> Scenario:
    """The scenario with one event in a certain year."""
    event = scenario.events[name].model_copy(update={"year": PlainDriver(value=year)})
    return scenario.model_copy(update={"events": scenario.events | {name: event}})


def _memo(run: Run, drivers: Tornado) -> str:
    years = milestones(run)
    found = spans(run, years)
    called = {name: plain(title) for name, title in titles(run).items()}
    rows = [[title, *(found.get((name, year), "") for year in years)] for name, title in called.items()]
    clashes = [f"- {plain(first_clauses(text))}" for text in count_clashes(run)]
    sections = {
        **({"Where the counts clash": "\n".join(clashes)} if clashes else {}),
        "Where it goes from here": grid([f"{run.unit}, median (80 % band)", *map(str, years)], rows),
        "What drives it": driven(run, drivers),
        **beside(run),
        "What is assumption": _assumed(run, drivers, called[drivers.scenario]),
    }
    because = plain(run.case.file.because)
    parts = [f"# {plain(run.case.title)}", *([f"**{because}**"] if because else []), _answer(run, found)]
    parts += unreplaced(run)
    parts += [f"## {title}\n\n{text}" for title, text in sections.items()]
    return "\n\n".join([*parts, _files(run)]) + "\n"


def _files(run: Run) -> str:
    """Where the rest stands."""
    tables = {
        "bands.csv": "all bands",
        "assumptions.csv": "the reasons for every assumption",
        "checks.csv": "what was held against a stated number" if "checks" in cross_tables(run) else "",
        "audit.csv": "findings" if len(run.audit.table) else "",
        "figures/": "pictures",
        "manifest.json": "inputs and versions",
    }
    return f"Further: {listing([f'{what} in `{name}`' for name, what in tables.items() if what])}."


def _answer(run: Run, found: Mapping[tuple[str, int], str]) -> str:
    """The market in the first year and in the last, and why there is no consensus."""
    first, last = run.projection.years[0], run.projection.years[-1]
    name, called = headline_scenario(run.projection.scenarios), {n: plain(t) for n, t in titles(run).items()}
    low, middle, high = run.projection.quantiles(BAND).loc[[(name, first)]].to_numpy()[0].tolist()
    said = [f"{text} under {called[key]}" for (key, year), text in found.items() if year == last]
    return (
        f"In {first} the market is {money(middle, run.unit)} ({amount(low)} to {amount(high)}) "
        f"in the scenario {called[name]}; in {last} it is {listing(said)}, in {run.unit}. In brackets the 80 % band. "
        f"There is no consensus: {why(run)}."
    )


def _assumed(run: Run, drivers: Tornado, title: str) -> str:
    """Return why each scenario is as it is, and every uncertain number of the headline scenario by its rank."""
    told = [*stories(run), *(f"- {plain(sentence)}" for sentence in run.projection.weakened)]
    table = assumptions(run, drivers)
    ranked = table[(table["scenario"] == drivers.scenario) & table["rank"].notna()].sort_values("rank", kind="stable")
    rows = [
        [str(row["rank"]), plain(tree_name(str(row["input"]))), _points_of(row), row["status"], plain(_reason(row))]
        for row in ranked.to_dict("records")
    ]
    head = ["rank", f"assumption, scenario {title}", "median (P10 to P90)", "status", "because"]
    return "\n".join([*(told or ["No scenario says why."]), "", grid(head, rows)])


def _reason(row: Mapping[Hashable, Any]) -> str:
    """The reason, without saying a second time that it is assumed."""
    return str(row["because"]).removeprefix(f"{row['status']}: ")


def _points_of(row: Mapping[Hashable, Any]) -> str:
    if row["unit"] == "year":
        return f"{row['base']:.0f} ({row['low']:.0f} to {row['high']:.0f})"
    low, base, high = (short_number(row[name]) for name in ("low", "base", "high"))
    return f"{base} {row['unit']}" if low == high else f"{base} ({low} to {high}) {row['unit']}"
