"""The documents of a run that people open: a page for the browser and a workbook."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from forecast.errors import MissingDependencyError

if TYPE_CHECKING:
    from forecast.pipeline import Run
    from forecast.sensitivity import Tornado

PAGE, WORKBOOK = "report.html", "workbook.xlsx"
LIBRARIES = {"Jinja2": "jinja2", "XlsxWriter": "xlsxwriter"}
"""By the name to install them with, the name to import."""


def check_report_libraries() -> None:
    """Say whether the libraries of the documents are installed; loads none of them.

    Raises
    ------
    MissingDependencyError
        A library is not installed; names all that are not.
    """
    missing = [name for name, module in LIBRARIES.items() if find_spec(module) is None]
    if missing:
        raise MissingDependencyError(
            f"The report needs {' and '.join(missing)}; install with: pip install 'market-forecast[report]'"
        )


def write_documents(run: Run, drivers: Tornado, folder: Path, *, progress: Callable[[str], None]) -> None:
    """Write the page and the workbook of a run into a folder that holds its figures."""
    from forecast.report.page import page
    from forecast.report.workbook import write_workbook

    progress(PAGE)
    (folder / PAGE).write_text(page(run, drivers, folder / "figures"), encoding="utf-8")
    progress(WORKBOOK)
    write_workbook(run, drivers, folder / WORKBOOK)
