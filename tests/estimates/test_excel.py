"""Excel sheets as people send them: what is read is what the sheet shows, and what cannot be read is said."""

import datetime as dt
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from forecast.errors import EstimatesError, MissingDependencyError
from forecast.estimates import read_estimates, write_estimates

HEADER = ["id", "publisher", "scope", "currency", "scale", "base_year", "base_value", "cagr", "published", "note"]
ROW = ["a", "P", "s", "USD", "billion", 2023, 16, "25%", "2024", "n"]


def book(folder: Path, change: Callable[[openpyxl.Workbook], object] = lambda _: None) -> Path:
    """Write a workbook of one estimate, changed."""
    made = openpyxl.Workbook()
    made.active.append(HEADER)
    made.active.append(ROW)
    change(made)
    made.save(folder / "book.xlsx")
    return folder / "book.xlsx"


def put(
    cell: str, value: object, number_format: str = "General", kind: str = ""
) -> Callable[[openpyxl.Workbook], None]:
    def change(made: openpyxl.Workbook) -> None:
        made.active[cell] = value
        made.active[cell].number_format = number_format
        if kind:
            made.active[cell].data_type = kind

    return change


@pytest.mark.parametrize(
    ("cell", "value", "number_format", "column", "text"),
    [
        ("G2", 16, "0.0", "base_value", "16.0"),
        ("G2", 1250.5, "#,##0.00", "base_value", "1250.50"),
        ("G2", 16 * 1.08, "General", "base_value", "17.28"),
        ("G2", 16.25, "_($* #,##0.00_);_($* (#,##0.00)", "base_value", "16.25"),
        ("G2", 16, "[$USD] #,##0.0", "base_value", "16.0"),
        ("G2", 16, '0.0" bn"', "base_value", "16.0"),
        ("G2", 16.25, "0.0##", "base_value", "16.25"),
        ("H2", 0.251, "0.0%", "cagr", "25.1%"),
        ("H2", 0.2514, "0.0 %", "cagr", "25.1%"),
        ("H2", 0.2514, "0.00%;[Red]-0.00%", "cagr", "25.14%"),
        ("H2", 25.1, "0.0_%", "cagr", "25.1"),
        ("F2", 2023, "#,##0", "base_year", 2023),
        ("F1", "Base\nYear", "@", "base_year", 2023),
        ("A1", " ID ", "@", "id", "a"),
        ("F2", dt.date(2023, 1, 1), "yyyy", "base_year", 2023),
        ("I2", dt.date(2024, 6, 1), "mmm-yy", "published", "2024-06"),
        ("I2", dt.datetime(2024, 6, 15, 8), "m/d/yy", "published", "2024-06-15"),
        ("J2", True, "General", "note", "yes"),
    ],
)
def test_cells_are_read_as_the_sheet_shows_them(tmp_path, cell, value, number_format, column, text):
    found = read_estimates(book(tmp_path, put(cell, value, number_format)))
    assert found.loc[0, column] == text


def _second_sheet(made: openpyxl.Workbook) -> None:
    made.active.title, made.active["A2"] = "Old list", "old"
    sheet = made.create_sheet("Estimates")
    sheet.append(HEADER)
    sheet.append(ROW)


def _hidden(made: openpyxl.Workbook) -> None:
    _second_sheet(made)
    made.active.sheet_state = "hidden"
    made["Estimates"].title = "Mine"


def _read_me_first(made: openpyxl.Workbook) -> None:
    _second_sheet(made)
    made.active.delete_rows(1, 2)
    made.active["A1"], made["Estimates"].title = "Read me", "Mine"


@pytest.mark.parametrize("change", [_second_sheet, _hidden, _read_me_first])
def test_the_sheet_of_estimates_is_read_or_else_the_first_in_sight(tmp_path, change):
    assert read_estimates(book(tmp_path, change))["id"].tolist() == ["a"]


def _worked_out(made: openpyxl.Workbook) -> None:
    made.active.insert_cols(2)
    made.active["B1"], made.active["B2"] = "check: twice", "=2*H2"


def _far_away(made: openpyxl.Workbook) -> None:
    made.active.cell(row=1_048_576, column=16_384).number_format = "0.0"


@pytest.mark.parametrize("change", [_worked_out, _far_away])
def test_columns_of_checks_and_formats_without_cells_are_left_out(tmp_path, change):
    assert read_estimates(book(tmp_path, change)).loc[0, ["id", "publisher", "base_value"]].tolist() == ["a", "P", "16"]


def _merged(made: openpyxl.Workbook) -> None:
    made.active.append(["b", None, *ROW[2:]])
    made.active.merge_cells("B2:B3")


def _errors(made: openpyxl.Workbook) -> None:
    put("G2", "#N/A", kind="e")(made)
    put("J2", "#DIV/0!", kind="e")(made)


def _title(made: openpyxl.Workbook) -> None:
    made.active.insert_rows(1)
    made.active["A1"] = "All we know"


def _merged_title(made: openpyxl.Workbook) -> None:
    _title(made)
    made.active.merge_cells("A1:J1")


def _hidden_row(made: openpyxl.Workbook) -> None:
    made.active.append(["b", *ROW[1:]])
    made.active.row_dimensions[3].hidden = True


def _remarks(made: openpyxl.Workbook) -> None:
    made.active.append([])
    made.active.append(["Retrieved in 2024"])


def _empty(made: openpyxl.Workbook) -> None:
    made.active.delete_rows(1, 2)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_merged, "book.xlsx, cells B2:B3: found merged cells; allowed: one value a cell; unmerge them and write"),
        (_errors, "book.xlsx, row 2, cell G2: found the error value #N/A; allowed: a value; mend the formula"),
        (_errors, "book.xlsx, row 2, cell J2: found the error value #DIV/0!"),
        (put("G2", "=8+8"), "row 2, cell G2: found a formula without a stored value"),
        (_title, "found 'All we know' and no name of a column in the first row"),
        (_title, "delete the rows above row 2"),
        (_merged_title, "delete the rows above row 2"),
        (
            lambda made: made.active.merge_cells("F1:G1"),
            "book.xlsx, cells F1:G1: found merged cells; allowed: one value a cell; unmerge them, so that each",
        ),
        (
            _hidden_row,
            "book.xlsx, row 3: found a hidden row; allowed: rows in sight; show it (clear the filter), or delete it; "
            "what shall not count has excluded_because",
        ),
        (
            _remarks,
            "book.xlsx, row 4: found 'Retrieved in 2024' alone in its row; allowed: an estimate in each row; delete "
            "the row; what is said of one estimate goes into its note",
        ),
        (
            put("K2", "seen in a shop"),
            "book.xlsx, column 11: found no name above 'seen in a shop' in row 2; allowed: a name in the header; name "
            "the column (note takes any text), or delete what stands there",
        ),
        (
            put("G2", 16_000_000, "0.0,,"),
            "book.xlsx, row 2, cell G2: found 16000000 in a format that shows it in thousands or millions (0.0,,); "
            "allowed: the number as it is shown; choose another number format",
        ),
        *[
            (
                put("G2", 16, shown),
                "book.xlsx, row 2, cell G2: found 16 shown with '€'; allowed: the currency of the row, USD; write EUR "
                "into the column currency, or choose another number format",
            )
            for shown in ('#,##0.00\\ "€"', "[$€-407] #,##0")
        ],
        (
            put("F2", 2023, "0.00"),
            "base_year: found '2023.00'; allowed: a year from 1900 to 2200, such as 2023; write 2023",
        ),
        (
            lambda made: made.create_chartsheet("Figure"),
            "book.xlsx: found a sheet that holds a chart alone; allowed: sheets of cells; move the chart into a sheet",
        ),
        (lambda made: made.active.insert_rows(1), "found a blank first row"),
        (_empty, "book.xlsx: found an empty sheet"),
        (put("J1", "id"), "column 'id': found the column more than once"),
        (
            put("F2", dt.date(2023, 1, 1), "yyyy-mm-dd"),
            "base_year: found '2023-01-01'; allowed: a year from 1900 to 2200, such as",
        ),
        (put("G2", -5), "row 2 (a), base_value: found '-5'; allowed: a number above 0"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, change, says):
    with pytest.raises(EstimatesError) as error:
        read_estimates(book(tmp_path, change))
    assert says in str(error.value)


def _without_content_types(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "no workbook")


def _broken_inside(path: Path) -> None:
    parts = {name: zipfile.ZipFile(path).read(name) for name in zipfile.ZipFile(path).namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content[:200] if "sheet1" in name else content)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.write_bytes(b""), "book.xlsx: found an empty file"),
        (lambda path: path.write_bytes(b"id,publisher"), "book.xlsx: found no readable Excel file"),
        (lambda path: path.write_bytes(path.read_bytes()[:2000]), "book.xlsx: found no readable Excel file"),
        (
            lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
            "an Excel file of the old kind, or one with a password; allowed: an .xlsx file; save it as .xlsx without",
        ),
        (_without_content_types, "book.xlsx: found no readable Excel file: "),
        (_broken_inside, "book.xlsx: found no readable Excel file: unclosed token"),
    ],
)
def test_what_is_no_workbook_is_said(tmp_path, spoil, says):
    path = book(tmp_path)
    spoil(path)
    with pytest.raises(EstimatesError) as error:
        read_estimates(path)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("library", "call", "says"),
    [
        ("openpyxl", read_estimates, "reading Excel files needs openpyxl: "),
        (
            "xlsxwriter",
            lambda path: write_estimates(pd.DataFrame([{"id": "a"}]), path),
            "writing Excel files needs Xls",
        ),
    ],
)
def test_a_missing_library_is_named_with_what_installs_it(tmp_path, monkeypatch, library, call, says):
    path = book(tmp_path)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingDependencyError) as error:
        call(path)
    assert str(error.value).startswith(says)
    assert 'pip install "market-forecast[report]", or ' in str(error.value)
