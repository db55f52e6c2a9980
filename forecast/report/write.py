"""Write everything a run has found into one folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from forecast.report.assumptions import assumptions
from forecast.report.bottom_up import short_lines, write_without_consensus
from forecast.report.documents import check_report_libraries, write_documents
from forecast.report.folder import output_folder
from forecast.report.headline import headline_scenario, headline_year
from forecast.report.manifest import write_manifest
from forecast.report.memo import memo, milestones, span, spans
from forecast.report.pictures import draw_ranking, drawn
from forecast.report.sides import cross_tables
from forecast.report.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd

    from forecast.pipeline import Run
    from forecast.sensitivity import Tornado


def write_run(
    run: Run, folder: str | Path, *, report: bool = False, progress: Callable[[str], None] | None = None
) -> Path:
    """Write tables, figures, memo and manifest of a run; the folder is replaced as a whole, or left as it was.

    Parameters
    ----------
    run
        A finished run.
    folder
        Where to write: a new or empty folder, or one that an earlier run has filled.
    report
        Write report.html and workbook.xlsx beside the other files.
    progress
        Called with the name of each step.

    Returns
    -------
    Path
        `folder`.

    Raises
    ------
    OutputError
        The folder belongs to something else, or cannot be written to.
    MissingDependencyError
        A report is asked for and its libraries are not installed.
    """
    from forecast.sensitivity import Value, tornado

    say = progress or _silent
    if report:
        check_report_libraries()
    if not run.has_consensus:
        return write_without_consensus(run, folder, report=report, progress=say)
    say("sensitivity and figures")
    quantity, scenario = Value(headline_year(run)), headline_scenario(run.projection.scenarios)
    with output_folder(folder) as fresh:
        with drawn(run, scenario, fresh / "figures", further=report):
            drivers = tornado(run, quantity, scenario=scenario)
            draw_ranking(run, drivers, fresh / "figures")
            for name, table in tables(run, drivers).items():
                write_csv(table, fresh / f"{name}.csv")
            (fresh / "summary.md").write_text(memo(run, drivers), encoding="utf-8")
        if report:
            write_documents(run, drivers, fresh, progress=say)
        settings = {"scenarios": run.projection.scenarios, "sensitivity": f"{quantity.label}, {drivers.scenario}"}
        write_manifest(run.case, fresh, settings=settings)
    return Path(folder)


def _silent(_: str) -> None:
    pass


def tables(run: Run, drivers: Tornado) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by the names of their files."""
    value_unit = drivers.quantity.unit(drivers.money)
    return {
        "audit": run.audit.table,
        "consensus": run.consensus.table,
        "houses": run.consensus.houses,
        "bands": run.projection.table,
        "assumptions": assumptions(run, drivers),
        "sources": run.sources_table.assign(unit=run.unit),
        "sensitivity": drivers.table.assign(
            method="tornado", quantity=drivers.quantity.label, scenario=drivers.scenario, value_unit=value_unit
        ),
        **cross_tables(run),
    }


def run_table(run: Run) -> pd.DataFrame:
    """Return the projection in the years worth a line: `scenario, year, low, median, high, unit`."""
    found = run.projection.quantiles((0.1, 0.5, 0.9)).set_axis(["low", "median", "high"], axis=1).reset_index()
    return found[found["year"].isin(milestones(run))].assign(unit=run.unit).reset_index(drop=True)


def short_table(run: Run) -> str:
    """Return consensus and projection as a few lines of text for a terminal."""
    if not run.has_consensus:
        return short_lines(run)
    consensus, year = run.consensus, run.consensus.reference_year
    rows = [
        (f"consensus {year}", consensus.quantiles(years=[year])),
        (f"one more publisher {year}", consensus.next_publisher(years=[year])),
    ]
    lines = [(label, span(*table.iloc[0])) for label, table in rows]
    lines += [(f"{name} {year}", text) for (name, year), text in spans(run, milestones(run)).items()]
    width = max(len(label) for label, _ in lines)
    title = f"{run.case.title}, {consensus.footing.label}, median (80 % band)"
    return "\n".join([title, *(f"  {label:<{width}}  {text}" for label, text in lines)])
