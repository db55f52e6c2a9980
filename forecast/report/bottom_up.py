"""What a run writes that starts from a history or from driver trees: no consensus, and the reason why."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.report.assumptions import assumptions, tree_name
from forecast.report.documents import write_documents
from forecast.report.folder import output_folder
from forecast.report.headline import headline_scenario, headline_year
from forecast.report.manifest import write_manifest
from forecast.report.memo import beside, first_clauses, grid, milestones, plain, short_number, spans, stories
from forecast.report.pictures import draw
from forecast.report.sides import count_clashes, cross_tables
from forecast.report.tables import write_csv
from forecast.scenario import PlainDriver

if TYPE_CHECKING:
    from forecast.pipeline import Run
    from forecast.scenario import Scenario
    from forecast.sensitivity import Tornado

_POINTS = (0.1, 0.3, 0.5, 0.7, 0.9)


def write_without_consensus(
    run: Run, folder: str | Path, *, report: bool = False, progress: Callable[[str], None]
) -> Path:
    """Write the tables, figures, memo and manifest of a run that has no consensus."""
    progress("sensitivity")
    drivers = own_tornado(run)
    with output_folder(folder) as fresh:
        written = {"bands": run.projection.table, "assumptions": assumptions(run, drivers)}
        written["sensitivity"] = drivers.table.assign(
            method="tornado",
            quantity=drivers.quantity.label,
            scenario=drivers.scenario,
            value_unit=drivers.quantity.unit(drivers.money),
        )
        written |= cross_tables(run) | ({"audit": run.audit.table} if len(run.audit.table) else {})
        for name, table in written.items():
            write_csv(table, fresh / f"{name}.csv")
        draw(run, drivers, fresh / "figures", further=report, progress=progress)
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
    """Rank the drivers and events of the middle scenario by how far each moves the headline year."""
    from forecast.sensitivity import Tornado, Value
    from forecast.sensitivity.tornado import COLUMNS

    name = headline_scenario(run.projection.scenarios)
    scenario, quantity = run.case.scenarios[name], Value(headline_year(run))
    own = quantity.of(run.projection.paths[name])
    settled = _at_median_years(scenario)
    for key, driver in scenario.drivers.items():
        if not driver.distribution.is_fixed:
            settled = settled.with_value(key, float(driver.distribution.from_score(0.0)))

    def value(changed: Scenario) -> float:
        from forecast.project import project

        return quantity.of(project(run.start, changed, end=run.case.end).paths[changed.name])

    base, rows, runs = value(settled), [], []
    for label, kind, unit, points, changed in _changes(scenario, settled):
        values = [own / base * value(one) for one in changed]
        runs += [(label, kind, point, found) for point, found in zip(points, values, strict=True)]
        steps, swing = np.diff(values), max(values) - min(values)
        monotonic = bool((steps >= 0).all() or (steps <= 0).all())
        note = "" if swing > 1e-6 * own else "the answer does not depend on it here"
        middle = points[2] if len(points) > 2 else "as likely as stated"
        ends = (points[0], middle, points[-1], values[0], own, values[-1])
        rows.append((label, kind, unit, *ends, swing, monotonic, note))
    table = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values(["swing", "input"], ascending=[False, True])
    tried = pd.DataFrame(runs, columns=["input", "kind", "point", "value"])
    return Tornado(quantity, name, run.unit, table.reset_index(drop=True), tried)


Change = tuple[str, str, str, list[float] | list[str], list["Scenario"]]


def _changes(scenario: Scenario, settled: Scenario) -> Iterator[Change]:
    for key, driver in scenario.drivers.items():
        if not driver.distribution.is_fixed:
            points = [float(point) for point in driver.distribution.ppf(_POINTS)]
            yield tree_name(key), "driver", driver.unit, points, [settled.with_value(key, point) for point in points]
    for name, event in scenario.events.items():
        if name in scenario.ruled_out:
            continue
        if not event.year.distribution.is_fixed:
            years = [float(round(point)) for point in event.year.distribution.ppf(_POINTS)]
            yield tree_name(f"events.{name}.year"), "event", "year", years, [_in(settled, name, y) for y in years]
        needed = any(name in other.requires and key in scenario.happens for key, other in scenario.events.items())
        if name not in scenario.happens and 0 < event.probability < 1 and not needed:
            both = [settled.given(ruled_out=[name]), settled.given(happens=[name])]
            words = tree_name(f"events.{name}.probability")
            yield words, "event", "", ["does not happen", "happens"], both


def _at_median_years(scenario: Scenario) -> Scenario:
    """The scenario with every event in the median of its years."""
    for name, event in scenario.events.items():
        if not event.year.distribution.is_fixed:
            scenario = _in(scenario, name, float(round(float(event.year.distribution.from_score(0.0)))))
    return scenario


def _in(scenario: Scenario, name: str, year: float) -> Scenario:
    """The scenario with one event in a certain year."""
    event = scenario.events[name].model_copy(update={"year": PlainDriver(value=year)})
    return scenario.model_copy(update={"events": scenario.events | {name: event}})


def _memo(run: Run, drivers: Tornado) -> str:
    years = milestones(run)
    found = spans(run, years)
    titles = {name: plain(run.case.scenarios[name].title or name) for name in run.projection.scenarios}
    rows = [[titles[name], *(found.get((name, year), "") for year in years)] for name in titles]
    clashes = [f"- {plain(first_clauses(text))}" for text in count_clashes(run)]
    sections = {
        **({"Where the counts clash": "\n".join(clashes)} if clashes else {}),
        "Where it goes from here": grid([f"{run.unit}, median (80 % band)", *map(str, years)], rows),
        "What drives it": plain(drivers.summary()),
        **beside(run),
        "What is assumption": _assumed(run, drivers, list(titles)),
    }
    parts = [f"# {plain(run.case.title)}", f"**{plain(run.case.file.because)}**", f"There is no consensus: {why(run)}."]
    parts += [f"## {title}\n\n{text}" for title, text in sections.items()]
    return "\n\n".join([*parts, _FILES]) + "\n"


_FILES = (
    "Every assumption of every scenario stands with its reason and its source in `assumptions.csv`, every checked "
    "number in `checks.csv`, findings in `audit.csv`, pictures in `figures/`, inputs and versions in `manifest.json`."
)


def _assumed(run: Run, drivers: Tornado, names: list[str]) -> str:
    """Return why each scenario is as it is, and every uncertain number of the headline scenario by its rank."""
    told = stories({name: run.case.scenarios[name] for name in names})
    table = assumptions(run, drivers)
    ranked = table[(table["scenario"] == drivers.scenario) & table["rank"].notna()].sort_values("rank", kind="stable")
    rows = [
        [str(row["rank"]), plain(tree_name(str(row["input"]))), _points_of(row), row["status"], plain(row["because"])]
        for row in ranked.to_dict("records")
    ]
    head = ["rank", f"assumption, scenario {drivers.scenario}", "median (P10 to P90)", "status", "because"]
    return "\n".join([*(told or ["No scenario says why."]), "", grid(head, rows)])


def _points_of(row: Mapping[Hashable, Any]) -> str:
    if row["unit"] == "year":
        return f"{row['base']:.0f} ({row['low']:.0f} to {row['high']:.0f})"
    low, base, high = (short_number(row[name]) for name in ("low", "base", "high"))
    return f"{base} {row['unit']}" if low == high else f"{base} ({low} to {high}) {row['unit']}"
