"""Writing the workbook of a run."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.errors import MissingDependencyError, OutputError
from forecast.estimates.excel import INSTALL
from forecast.report.assumptions import assumptions
from forecast.report.sides import cross_tables

if TYPE_CHECKING:
    from forecast.pipeline import Run
    from forecast.report.workbook.cells import Column
    from forecast.report.workbook.grid import Book
    from forecast.sensitivity import Tornado

CREATED = dt.datetime(2000, 1, 1)
"""Date of every workbook, so that the same run gives the same bytes."""

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
"""Text stays text, whatever it begins with."""


def write_workbook(run: Run, drivers: Tornado, path: str | Path) -> Path:
    """Write a run as an Excel workbook: typed tables, live formulas where a reader would check, native charts.

    The sheets hold the numbers of the CSV files. Every formula comes with its value, for readers that do not
    recalculate. The sheet Estimates is read back by `read_estimates`. The same run gives the same bytes.

    Parameters
    ----------
    run
        A finished run, with or without a consensus.
    drivers
        Its tornado.
    path
        An `.xlsx` file; a former one is replaced.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    OutputError
        The file cannot be written.
    MissingDependencyError
        XlsxWriter is not installed.
    """
    content = _content(run, drivers)
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None
    return Path(path)


def _content(run: Run, drivers: Tornado) -> bytes:
    try:
        import xlsxwriter
    except ImportError:
        raise MissingDependencyError(f"writing Excel files needs XlsxWriter: {INSTALL}") from None
    from forecast.report.workbook.grid import Book

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as workbook:
        workbook.set_properties({"title": run.case.title[:255], "created": CREATED})
        workbook.set_calc_mode("auto")
        _fill(Book(workbook), run, drivers)
    return buffer.getvalue()


def _fill(book: Book, run: Run, drivers: Tornado) -> None:
    from forecast.report.workbook.charts import fans, medians, sources, tornado
    from forecast.report.workbook.projection import bands_of
    from forecast.report.workbook.summary import write_summary
    from forecast.report.workbook.tables import by_year_columns

    first, charts = book.sheet("Summary"), book.sheet("Charts")
    bands = bands_of(run.projection.table, run.case.reference_year)
    sheets = dict(_tables(run, drivers, bands.columns))
    written = {
        name: book.table_sheet(name, columns, frozen=FROZEN.get(name, 1), pages=PAGES.get(name, 1))
        for name, columns in sheets.items()
    }
    drawn: list[Any] = [*fans(book.book, bands, run.unit), medians(book.book, bands, run.unit)]
    unit = drivers.quantity.unit(drivers.money)
    drawn.append(tornado(book.book, sheets["Sensitivity"], f"{drivers.quantity.label}, {drivers.scenario}", unit))
    if "Sources" in written:
        beside, by_year = len(sheets["Sources"]) + 1, by_year_columns(run)
        book.table(written["Sources"], by_year, name="SourcesByYear", first=beside)
        drawn.append(sources(book.book, by_year, beside, run.unit))
    _place(charts, drawn)
    if "Audit" in written:
        _coloured(book, written["Audit"], len(run.audit.table))
    write_summary(book, first, run, drivers, bands)
    first.activate()


FROZEN = {"Estimates": 2, "Audit": 4, "Consensus": 3, "Bands": 2, "Assumptions": 3, "Sources": 2}
"""Columns of a sheet that stay in sight."""

SEVERITIES = {"high": "#F6CFC0", "medium": "#FBE8C2", "low": "#E7F0F6"}
"""Colour of each severity."""

PAGES = {"Estimates": 3}
"""Pages side by side on which a wide sheet is printed."""


def _tables(run: Run, drivers: Tornado, bands: list[Column]) -> Iterator[tuple[str, list[Column]]]:
    """Sheets with a table, in their order; what a run does not have is left out."""
    from forecast.report.workbook.cells import as_columns
    from forecast.report.workbook.ledger import estimates_columns
    from forecast.report.workbook.tables import (
        audit_columns,
        consensus_columns,
        houses_columns,
        manifest_columns,
        sensitivity_columns,
        sources_columns,
    )

    if len(run.case.estimates):
        yield "Estimates", estimates_columns(run.case.estimates)
    if len(run.audit.table):
        yield "Audit", audit_columns(run)
    if run.has_consensus:
        yield "Consensus", consensus_columns(run)
        yield "Houses", houses_columns(run)
    yield "Bands", bands
    yield "Sensitivity", sensitivity_columns(drivers)
    yield "Assumptions", as_columns(assumptions(run, drivers))
    for name, table in cross_tables(run).items():
        yield name.replace("_", " ").capitalize(), as_columns(table)
    if run.has_consensus:
        yield "Sources", sources_columns(run)
    yield "Manifest", manifest_columns(run, drivers)


def _place(sheet: Any, charts: list[Any]) -> None:
    """Put charts on a sheet in two columns; a wide one, which comes last, below them."""
    from forecast.report.workbook.charts import SIZE

    sheet.hide_gridlines(2)
    sheet.set_portrait()
    sheet.fit_to_pages(1, 1)
    for at, chart in enumerate(charts):
        below = at % 2 and chart.width > SIZE["width"]
        row, column = ((at + 1) // 2, 0) if below else (at // 2, at % 2)
        sheet.insert_chart(19 * row, 10 * column, chart, {"x_offset": 8, "y_offset": 8})


def _coloured(book: Book, sheet: Any, rows: int) -> None:
    """Show the severity of a finding by its colour, too."""
    for severity, colour in SEVERITIES.items():
        rule = {"type": "cell", "criteria": "==", "value": f'"{severity}"', "format": book.colour(colour)}
        sheet.conditional_format(1, 0, rows, 0, rule)
