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
from forecast.estimates.units import CURRENCIES

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

_MOST_TITLES = 20
"""So many rows are searched for a header."""

_DECORATION = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.|[$€£¥₩₹()\s+]')
_CURRENCY = re.compile(r'\[\$([^\]-]+)(?:-[^\]]*)?\]|"([^"]*)"|([$€£¥₩₹])')
_HIDDEN = re.compile(rb'<row [^>]*\bhidden="(?:1|true)"[^>]*>')
_NUMBER = re.compile(rb'\br="(\d+)"')
_NUMBER_OF_ROW = re.compile("[A-Z:]+")
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
    except AttributeError:
        found, remedy = "a sheet that holds a chart alone", "move the chart into a sheet of cells, or delete its sheet"
        raise EstimatesError(Problem(path.name, found, "sheets of cells", remedy)) from None
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
    headed = [sheet for sheet in shown if _has_header(sheet)] if not named and len(shown) > 1 else []
    found = [*named, *headed, *shown]
    if not found:
        raise EstimatesError(Problem(name, "no sheet with cells", f"a sheet named {_SHEET}"))
    return found[0]


def _has_header(sheet: Any) -> bool:
    """Whether one of the first rows names columns of the contract."""
    from forecast.estimates.reading import is_header

    return any(is_header([cell.value for cell in cells]) for cells in _rows(sheet, _MOST_TITLES))


def _table(path: Path, shown: Any, written: Any, most_rows: int) -> pd.DataFrame:
    with zipfile.ZipFile(path) as archive:
        content = archive.read(shown._worksheet_path)
    problems: list[Problem] = []
    rows: list[list[str]] = []
    skipped: set[int] = set()
    hidden = {int(row) for tag in _HIDDEN.findall(content) for row in _NUMBER.findall(tag)}
    for number, values in enumerate(_rows(shown, most_rows), start=1):
        texts = [_text(cell) for cell in values]
        skipped = skipped if rows else {at for at, text in enumerate(texts) if text.startswith(CHECK)}
        place = f"{path.name}, row {number}"
        problems += [_error(place, cell) for cell in _read(values, skipped) if _is_error(cell)]
        problems += [_scaled(place, cell) for cell in _read(values, skipped) if _is_scaled(cell)]
        problems += _other_currencies(place, rows[0], texts, values) if rows else []
        problems += [_hidden(place)] if number in hidden and any(texts) else []
        rows.append(texts)
    problems += _merged_cells(path.name, content, rows)
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


def _merged_cells(name: str, content: bytes, rows: Sequence[Sequence[str]]) -> Iterator[Problem]:
    """Merged cells, but for those of titles above the header, which is asked to stand in the first row anyway."""
    from forecast.estimates.reading import is_header

    header = next((number for number, row in enumerate(rows[:_MOST_TITLES], start=1) if is_header(row)), 1)
    for cells in (found.decode() for found in _MERGED.findall(content)):
        if int(_NUMBER_OF_ROW.split(cells)[-1]) >= header:
            remedy = "unmerge them and write the value into each row that it belongs to"
            remedy = "unmerge them, so that each column has a head of its own" if _of_row(cells, header) else remedy
            yield Problem(f"{name}, cells {cells}", "merged cells", "one value a cell", remedy)


def _of_row(cells: str, number: int) -> bool:
    return {int(row) for row in _NUMBER_OF_ROW.split(cells) if row} == {number}


def _hidden(place: str) -> Problem:
    remedy = "show it (clear the filter), or delete it; what shall not count has excluded_because"
    return Problem(place, "a hidden row", "rows in sight", remedy)


def _is_scaled(cell: Any) -> bool:
    """Whether the sheet shows a number in thousands or millions of what the cell holds."""
    number = isinstance(cell.value, int | float) and not isinstance(cell.value, bool)
    return number and _shown_as(cell).endswith(",")


def _scaled(place: str, cell: Any) -> Problem:
    found = f"{cell.value:.15g} in a format that shows it in thousands or millions ({cell.number_format})"
    return Problem(
        f"{place}, cell {cell.coordinate}", found, "the number as it is shown", "choose another number format"
    )


def _other_currencies(
    place: str, heads: Sequence[str], texts: Sequence[str], cells: Sequence[Any]
) -> Iterator[Problem]:
    """Numbers shown with the sign of another currency than the row names."""
    row = dict(zip(heads, texts, strict=False))
    stated = row.get("currency", "").strip().upper()
    for cell in cells:
        if isinstance(cell.value, int | float) and (mark := _currency_mark(str(cell.number_format or ""))):
            codes = _codes(mark)
            if codes and stated not in codes:
                found = f"{cell.value:.15g} shown with {mark!r}"
                allowed = f"the currency of the row, {stated or 'which is empty'}"
                remedy = f"write {codes[0]} into the column currency, or choose another number format"
                yield Problem(f"{place}, cell {cell.coordinate}", found, allowed, remedy)


def _currency_mark(number_format: str) -> str:
    """Word or sign of a currency in a number format, such as "€" in `[$€-407]`."""
    found = _CURRENCY.search(number_format.partition(";")[0])
    return next((mark.strip() for mark in found.groups() if mark), "") if found else ""


def _codes(mark: str) -> list[str]:
    """Currencies that a sign may stand for; none where it is no sign of a currency."""
    if mark == "$":
        return [code for code, marks in CURRENCIES.items() if any(m.endswith("$") for m in marks)]
    return [code for code, marks in CURRENCIES.items() if mark in marks or mark.upper() == code]


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
    shown = _shown_as(cell)
    decimals = len(shown.partition(".")[2]) - len(shown.partition(".")[2].lstrip("0"))
    if shown.strip("0.%#,") or "0" not in shown or "#" in shown.partition(".")[2]:
        return f"{cell.value:.15g}" if isinstance(cell.value, float) else cell_text(cell.value)
    return f"{cell.value:.{decimals}%}" if shown.endswith("%") else f"{cell.value:.{decimals}f}"


def _shown_as(cell: Any) -> str:
    """Return what a number format says of positive numbers: digits, separators and percent alone.

    Sections for other numbers, colours, currencies, quoted words, and characters that are only left blank go.
    """
    first = str(cell.number_format or "General").partition(";")[0]
    return _DECORATION.sub("", first).strip()


def _date_text(date: dt.date, shown: str) -> str:
    """A day, or the month or the year where the sheet shows no more."""
    if shown in _YEARS:
        return f"{date:%Y}"
    return f"{date:%Y-%m}" if shown in _MONTHS else f"{date:%Y-%m-%d}"
