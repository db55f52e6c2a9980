"""An empty table of estimates to fill in, made from the column contract."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from forecast.errors import ArgumentError, MissingDependencyError, OutputError, Problem
from forecast.estimates.columns import COLUMNS, Column
from forecast.estimates.excel import INSTALL

_LEFT_EMPTY = {"weight", "excluded_because", "supersedes", "fiscal_year_end", "confidence", "share", "share_of"}
_LEFT_EMPTY |= {"other_values", "conversion"}
_ROWS = 1000
_LONGEST_MESSAGE = 255


def write_template(path: str | Path) -> Path:
    """Write a table of estimates with a header and an example row; the kind of file follows from the ending.

    The Excel sheet has drop-downs where the contract lists words, a hint at every cell, and a second sheet that
    explains the columns. Its cells are text, so that printed digits stay as they are typed.

    Parameters
    ----------
    path
        A `.xlsx` or `.csv` file that does not exist yet.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ArgumentError
        Another ending.
    OutputError
        The file exists or cannot be written.
    MissingDependencyError
        XlsxWriter is not installed.
    """
    target = Path(path)
    if target.suffix.casefold() not in WRITERS:
        found = f"a name ending in {target.suffix!r}" if target.suffix else "a name without ending"
        raise ArgumentError(Problem(str(path), found, "a file ending in " + ", ".join(WRITERS)))
    content = WRITERS[target.suffix.casefold()]()
    try:
        with target.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise OutputError(f"{path}: exists already; name a new file") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None
    return target


def example() -> dict[str, str]:
    """Return one row of the contract, filled in."""
    return {column.name: "" if column.name in _LEFT_EMPTY else column.example for column in COLUMNS}


def _csv() -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, [column.name for column in COLUMNS], lineterminator="\n")
    writer.writeheader()
    writer.writerow(example())
    return text.getvalue().encode()


def _xlsx() -> bytes:
    try:
        import xlsxwriter
    except ImportError:
        raise MissingDependencyError(f"writing Excel files needs XlsxWriter: {INSTALL}, or name a .csv file") from None
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})
        header = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        _entry_sheet(book.add_worksheet("estimates"), header, book.add_format({"num_format": "@"}))
        _columns_sheet(book.add_worksheet("columns"), header)
    return buffer.getvalue()


def _entry_sheet(sheet: Any, header: Any, text: Any) -> None:
    sheet.freeze_panes(1, 2)
    for place, (column, value) in enumerate(zip(COLUMNS, example().values(), strict=True)):
        sheet.set_column(place, place, max(12, len(column.name) + 2), text)
        sheet.write_string(0, place, column.name, header)
        sheet.write_string(1, place, value, text)
        sheet.data_validation(1, place, _ROWS, place, _validation(column))


def _validation(column: Column) -> dict[str, Any]:
    hint = {"input_title": column.name, "input_message": column.description[:_LONGEST_MESSAGE]}
    return hint | ({"validate": "list", "source": list(column.allowed)} if column.allowed else {"validate": "any"})


def _columns_sheet(sheet: Any, header: Any) -> None:
    rows = [("column", "required", "allowed", "example", "meaning")]
    rows += [(c.name, "yes" if c.required else "", ", ".join(c.allowed), c.example, c.description) for c in COLUMNS]
    for place, width in enumerate((20, 10, 40, 40, 80)):
        sheet.set_column(place, place, width)
    for line, cells in enumerate(rows):
        for place, cell in enumerate(cells):
            sheet.write_string(line, place, cell, header if line == 0 else None)
    sheet.freeze_panes(1, 1)


WRITERS: dict[str, Callable[[], bytes]] = {".xlsx": _xlsx, ".csv": _csv}
"""How each kind of file is made."""
