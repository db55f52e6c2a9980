"""Excel sheets of estimates: values in as text, text out as text."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd

from forecast.errors import EstimatesError, MissingDependencyError, Problem

CHECK = "check: "
"""Columns whose head begins so are worked out in the sheet, and not read."""

INSTALL = 'pip install "market-forecast[report]"'
"""What installs the libraries for Excel files."""

_SHEET = "estimates"
"""The sheet of this name is read, in upper or lower case; without one, the first that is not hidden."""

_CONTROL = re.compile("_x(00[01][0-9A-F])_")
"""How a sheet holds control characters."""

_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
"""First bytes of an .xls file, and of an .xlsx file with a password."""

_MERGED = re.compile(rb'<mergeCell\s+ref="([A-Z0-9:]+)"')
_FORMULA = re.compile(rb"<f[ />]")
_YEARS, _MONTHS = ("yyyy",), ("yyyy-mm", "yyyy/mm", "mmm-yy", "mmm yy", "mmm yyyy", "mmmm yyyy", "mm/yyyy")
"""Formats of dates that show no day."""


def read_sheet(path: Path, *, most_rows: int, most_bytes: int) -> pd.DataFrame:
    """Read the sheet of estimates as text, header in the first row; formulas give their stored values.

    The sheet named `estimates` is read (in upper or lower case), or else the first that is not hidden. Columns whose
    head begins with `check: ` are left out.

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
            f"reading Excel files needs openpyxl: {INSTALL}, or save the sheet as CSV"
        ) from None
    _check_archive(path, most_bytes)
    try:
        with (
            closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as values,
            closing(openpyxl.load_workbook(path, read_only=True, data_only=False)) as formulas,
        ):
            return _table(path, _chosen(path.name, values), _chosen(path.name, formulas), most_rows)
    except (OSError, KeyError, ValueError, TypeError, SyntaxError, zipfile.BadZipFile, zlib.error) as error:
        found = f"no readable Excel file: {error}"
        raise EstimatesError(Problem(path.name, found, "an .xlsx file")) from None


def _check_archive(path: Path, most_bytes: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile:
        raise EstimatesError(_no_archive(path)) from None
    if unpacked > most_bytes:
        found = f"{unpacked / 1e6:.0f} MB when unpacked"
        raise EstimatesError(Problem(path.name, found, f"at most {most_bytes / 1e6:.0f} MB", "split the sheet"))


def _no_archive(path: Path) -> Problem:
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        return Problem(path.name, "an empty file", "an .xlsx file")
    if start == _OLD_OR_LOCKED:
        found, remedy = "an Excel file of the old kind, or one with a password", "save it as .xlsx without a password"
        return Problem(path.name, found, "an .xlsx file", remedy)
    return Problem(path.name, "no readable Excel file", "an .xlsx file")


def _chosen(name: str, book: Any) -> Any:
    """Return the sheet that holds the estimates."""
    named = [sheet for sheet in book.worksheets if sheet.title.strip().casefold() == _SHEET]
    shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    found = [*named, *shown]
    if not found:
        raise EstimatesError(Problem(name, "no sheet with cells", f"a sheet named {_SHEET}"))
    return found[0]


def _table(path: Path, shown: Any, written: Any, most_rows: int) -> pd.DataFrame:
    with zipfile.ZipFile(path) as archive:
        content = archive.read(shown._worksheet_path)
    problems = [_merged(path.name, cells.decode()) for cells in _MERGED.findall(content)]
    rows: list[list[str]] = []
    skipped: set[int] = set()
    for number, values in enumerate(_rows(shown, most_rows), start=1):
        texts = [_text(cell) for cell in values]
        skipped = skipped if rows else {at for at, text in enumerate(texts) if text.startswith(CHECK)}
        problems += [_error(f"{path.name}, row {number}", cell) for cell in _read(values, skipped) if _is_error(cell)]
        rows.append(texts)
    if _FORMULA.search(content):
        problems += _not_stored(path.name, _rows(shown, len(rows)), _rows(written, len(rows)), skipped)
    if problems:
        raise EstimatesError(problems)
    filled = [at for at, texts in enumerate(rows) if any(texts)]
    if not filled:
        raise EstimatesError(Problem(path.name, "an empty sheet", "a header and at least one row"))
    width = max(map(len, rows))
    padded = [texts + [""] * (width - len(texts)) for texts in rows[: filled[-1] + 1]]
    return pd.DataFrame(padded, dtype=str).drop(columns=sorted(skipped))


def _rows(sheet: Any, most: int) -> Iterator[Sequence[Any]]:
    """Rows of a sheet as far as each goes: what a sheet says of its own size is often wrong."""
    sheet.reset_dimensions()
    rows: Iterator[Sequence[Any]] = sheet.iter_rows(max_row=most)
    return rows


def _read(cells: Sequence[Any], skipped: set[int]) -> Iterator[Any]:
    return (cell for at, cell in enumerate(cells) if at not in skipped)


def _is_error(cell: Any) -> bool:
    return bool(cell.data_type == "e" and cell.value is not None)


def _error(place: str, cell: Any) -> Problem:
    return Problem(f"{place}, cell {cell.coordinate}", f"the error value {cell.value}", "a value", "mend the formula")


def _merged(name: str, cells: str) -> Problem:
    remedy = "unmerge them and write the value into each row that it belongs to"
    return Problem(f"{name}, cells {cells}", "merged cells", "one value a cell", remedy)


def _not_stored(name: str, shown: Iterator[Any], written: Iterator[Any], skipped: set[int]) -> Iterator[Problem]:
    for number, (values, formulas) in enumerate(zip(shown, written, strict=False), start=1):
        for cell, formula in zip(_read(values, skipped), _read(formulas, skipped), strict=False):
            if formula.data_type == "f" and cell.value is None:
                place = f"{name}, row {number}, cell {formula.coordinate}"
                remedy = "open the file in a spreadsheet program and save it, or write the value"
                yield Problem(place, "a formula without a stored value", "a value", remedy)


def _text(cell: Any) -> str:
    """Text of a cell as the sheet shows it: "0.0" shows 16 as 16.0, "0.0%" shows .251 as 25.1%, "yyyy" a year."""
    from forecast.estimates.reading import cell_text

    if isinstance(cell.value, str):
        return _CONTROL.sub(lambda found: chr(int(found[1], 16)), cell.value)
    shown = str(cell.number_format or "General")
    if isinstance(cell.value, dt.date):
        return _date_text(cell.value, shown.casefold().replace("\\", ""))
    if not isinstance(cell.value, int | float) or isinstance(cell.value, bool):
        return cell_text(cell.value)
    decimals = len(shown.partition(".")[2]) - len(shown.partition(".")[2].lstrip("0"))
    if shown.strip("0.%#,") or "0" not in shown:
        return f"{cell.value:.15g}" if isinstance(cell.value, float) else cell_text(cell.value)
    return f"{cell.value:.{decimals}%}" if shown.endswith("%") else f"{cell.value:.{decimals}f}"


def _date_text(date: dt.date, shown: str) -> str:
    """A day, or the month or the year where the sheet shows no more."""
    if shown in _YEARS:
        return f"{date:%Y}"
    return f"{date:%Y-%m}" if shown in _MONTHS else f"{date:%Y-%m-%d}"
