"""Excel sheets of estimates: values in as text, text out as text."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from forecast.errors import EstimatesError, MissingDependencyError, Problem

CHECK = "check: "
"""Columns whose head begins so are worked out in the sheet, and not read."""

_SHEET = "estimates"
"""The sheet of this name is read, in upper or lower case; without one, the first sheet."""

_CONTROL = re.compile("_x(00[01][0-9A-F])_")
"""How a sheet holds control characters."""


def read_sheet(path: Path, *, most_rows: int, most_bytes: int) -> pd.DataFrame:
    """Read the first sheet as text, header in the first row; formulas give their stored values.

    Parameters
    ----------
    path
        An `.xlsx` file.
    most_rows, most_bytes
        No more rows than this are read; a file that unpacks to more bytes is refused.
    """
    try:
        import openpyxl
    except ImportError:
        raise MissingDependencyError(
            "Excel files need openpyxl: pip install 'market-forecast[report]', or save the sheet as CSV"
        ) from None
    _check_archive(path, most_bytes)
    try:
        values = openpyxl.load_workbook(path, read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(path, read_only=True, data_only=False)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise EstimatesError(Problem(path.name, f"no readable Excel file: {error}", "an .xlsx file")) from None
    try:
        return _table(path.name, values.worksheets[0], formulas.worksheets[0], most_rows)
    finally:
        values.close()
        formulas.close()


def _check_archive(path: Path, most_bytes: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile:
        raise EstimatesError(Problem(path.name, "no readable Excel file", "an .xlsx file")) from None
    if unpacked > most_bytes:
        found = f"{unpacked / 1e6:.0f} MB when unpacked"
        raise EstimatesError(Problem(path.name, found, f"at most {most_bytes / 1e6:.0f} MB", "split the sheet"))


def _table(name: str, values: Any, formulas: Any, most_rows: int) -> pd.DataFrame:
    rows, problems = [], []
    pairs = zip(values.iter_rows(max_row=most_rows), formulas.iter_rows(max_row=most_rows), strict=False)
    for number, (shown, written) in enumerate(pairs, start=1):
        rows.append([_text(cell) for cell in shown])
        for cell, formula in zip(shown, written, strict=False):
            if formula.data_type == "f" and cell.value is None:
                place = f"{name}, row {number}, cell {formula.coordinate}"
                remedy = "open the file in a spreadsheet program and save it, or write the value"
                problems.append(Problem(place, "a formula without a stored value", "a value", remedy))
    if problems:
        raise EstimatesError(problems)
    if not rows or not any(rows[0]):
        raise EstimatesError(Problem(name, "no header in the first row", "a header and at least one row"))
    return pd.DataFrame(rows, dtype=str)


def _text(cell: Any) -> str:
    """Text of a cell as the sheet shows it: "0.0" shows 16 as 16.0, "0.0%" shows .251 as 25.1%."""
    from forecast.estimates.reading import cell_text

    if isinstance(cell.value, str):
        return _CONTROL.sub(lambda found: chr(int(found[1], 16)), cell.value)
    if not isinstance(cell.value, int | float) or isinstance(cell.value, bool):
        return cell_text(cell.value)
    shown = str(cell.number_format or "General")
    decimals = len(shown.partition(".")[2]) - len(shown.partition(".")[2].lstrip("0"))
    if shown.strip("0.%#,") or "0" not in shown:
        return cell_text(cell.value)
    return f"{cell.value:.{decimals}%}" if shown.endswith("%") else f"{cell.value:.{decimals}f}"
