"""The workbook of a run: the numbers of the CSV files, typed; formulas with their values; text that stays text."""

import datetime as dt
import io
import re
import shutil
import sys
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import xlsxwriter

import forecast
from forecast.errors import MissingDependencyError, OutputError
from forecast.estimates import read_estimates
from forecast.estimates.texts import printable
from forecast.report.headline import headline_scenario, headline_year
from forecast.report.tables import csv_text, unguard
from forecast.report.workbook import write_workbook
from forecast.report.workbook.cells import LONGEST_CELL, cell
from forecast.report.workbook.projection import level_name
from forecast.report.workbook.summary import SHEETS
from forecast.report.write import tables
from forecast.sensitivity import Value, tornado

HOSTILE = {
    "publisher": '=HYPERLINK("http://x","y")<script>',
    "title": "@cmd",
    "via": "+1",
    "gloss": "-1+1|\u200fעברית\u202egnp.exe\x07\x1b[31m _x0041_",
    "quote": "成長" * 6_000,
    "page": "'=1",
    "note": "x" * (LONGEST_CELL + 5_000),
}
WORKED_OUT = "check: "


@pytest.fixture(scope="module")
def done(root, tmp_path_factory):
    """A worked case in which one row is hostile, its run and its tornado."""
    case = Path(shutil.copytree(root / "scenarios/regenerative_medicine", tmp_path_factory.mktemp("case") / "case"))
    table = pd.read_csv(case / "estimates.csv", dtype=str, keep_default_na=False)
    table.loc[table["id"] == "MM-2024", list(HOSTILE)] = list(HOSTILE.values())
    table.loc[table["id"] == "MM-2024", "base_hedge"] = ""
    table.to_csv(case / "estimates.csv", index=False)
    run = forecast.run(case)
    return run, tornado(run, Value(headline_year(run)), scenario=headline_scenario(run.projection.scenarios))


@pytest.fixture(scope="module")
def path(done, tmp_path_factory):
    return write_workbook(*done, tmp_path_factory.mktemp("out") / "workbook.xlsx")


@pytest.fixture(scope="module")
def values(path):
    return openpyxl.load_workbook(path, data_only=True)


@pytest.fixture(scope="module")
def formulas(path):
    return openpyxl.load_workbook(path)


def columns(sheet, first: int = 1) -> dict[str, list[object]]:
    """Cells of a sheet by the head of their column."""
    found = {}
    for column in sheet.iter_cols(min_col=first, values_only=True):
        if column[0] is None:
            break
        found[column[0]] = list(column[1:])
    return found


def as_printed(value: object) -> object:
    """What a cell of a CSV file says."""
    if not isinstance(value, str) or value == "":
        return None
    try:
        return value if value in ("inf", "-inf") else float(value)
    except ValueError:
        return {"True": True, "False": False}.get(value, unguard(value))


@pytest.mark.parametrize("name", ["audit", "houses", "sensitivity", "assumptions", "sources"])
def test_a_sheet_holds_the_values_of_its_csv_file(done, values, name):
    written = pd.read_csv(io.StringIO(csv_text(tables(*done)[name])), dtype=str, keep_default_na=False)
    shown = columns(values[name.capitalize()])
    assert set(written.columns) <= set(shown)
    for head in written.columns:
        assert shown[head][: len(written)] == [as_printed(text) for text in written[head]], head


@pytest.mark.parametrize(("name", "keys"), [("bands", ["scenario", "year"]), ("consensus", ["quantity", "year"])])
def test_quantiles_stand_wide_with_the_values_of_the_csv_file(done, values, name, keys):
    written = pd.read_csv(io.StringIO(csv_text(tables(*done)[name])))
    shown = pd.DataFrame(columns(values[name.capitalize()])).set_index(keys)
    for row in written.to_dict("records"):
        assert shown.loc[tuple(row[key] for key in keys), level_name(row["level"])] == row["value"]


def test_numbers_years_and_dates_are_typed_and_shown_with_few_digits(formulas):
    heads = {cell_.value: cell_.column for cell_ in formulas["Bands"][1]}
    row = formulas["Bands"][9]
    year, median, growth = (row[heads[head] - 1] for head in ("year", "P50", "CAGR of P50 since 2023"))
    assert (type(year.value), year.number_format) == (int, "0")
    assert (type(median.value), median.number_format) == (float, "#,##0.0")
    assert (growth.data_type, growth.number_format) == ("f", "0.0%")
    estimates = formulas["Estimates"]
    published = next(cell_.column for cell_ in estimates[1] if cell_.value == "published")
    assert estimates.cell(2, published).value == dt.datetime(2026, 1, 27)
    assert estimates.cell(2, published).number_format == "yyyy-mm-dd"


def test_implied_numbers_are_live_formulas_on_the_printed_digits(formulas, values):
    shown, live = columns(values["Estimates"]), columns(formulas["Estimates"])
    at = shown["id"].index("MM-2024")
    assert (shown["base_value"][at], shown["cagr"][at]) == ("16", "25.1")
    found = {head.removeprefix(WORKED_OUT): shown[head][at] for head in shown if head.startswith(WORKED_OUT)}
    implied = (49 / 16) ** (1 / 5) - 1
    expected = {"base": 16, "target": 49, "CAGR": 0.251, "from": 2023, "to": 2028, "periods": 5}
    expected |= {"CAGR implied": implied, "stated - implied": 0.251 - implied}
    expected |= {"target implied": 16 * 1.251**5, "base implied": 49 / 1.251**5}
    assert found == pytest.approx(expected, rel=1e-12)
    assert all(live[f"{WORKED_OUT}{head}"][at].startswith("=") for head in expected)
    other = shown["id"].index("GD-2026")
    assert shown["check: base implied"][other] == pytest.approx(50 / 1.43**7)
    assert shown["check: CAGR implied"][other] is None


def test_hostile_text_stays_text(formulas, done):
    found = columns(formulas["Estimates"])
    at = found["id"].index("MM-2024")
    for head, text in HOSTILE.items():
        kept = printable(text)
        whole = len(kept) <= LONGEST_CELL
        assert found[head][at] == (kept if whole else cell(kept))
    assert found["note"][at].endswith("x [cut: 37,767 characters in all]")
    assert len(found["note"][at]) == LONGEST_CELL
    ours = re.compile(r"=(IF|IFERROR|SUMPRODUCT|INDEX|COUNTIF|COUNTA|\(INDEX|Bands!|[A-Z]{1,2}\d+[-/])")
    for sheet in formulas:
        for row in sheet.iter_rows():
            for one in row:
                text = one.value if isinstance(one.value, str) else ""
                assert one.data_type != "f" or ours.match(text), (sheet.title, one.coordinate, text)
                assert text.startswith("=HYPERLINK") <= (one.data_type == "s")


def test_the_estimates_are_read_back_as_they_were(done, path, root, tmp_path):
    expected = done[0].case.estimates
    found = read_estimates(path)
    assert found["note"].str.endswith("characters in all]").sum() == 1
    pd.testing.assert_frame_equal(found.drop(columns="note"), expected.drop(columns="note"))
    book = openpyxl.load_workbook(path)
    heads = {one.value: one.column for one in book["Estimates"][1]}
    book["Estimates"].cell(3, heads["base_value"]).value = 17.5
    book.save(tmp_path / "edited.xlsx")
    edited = read_estimates(tmp_path / "edited.xlsx")
    assert edited["base_value"].tolist() == [*expected["base_value"][:1], "17.5", *expected["base_value"][2:]]


def test_headers_are_frozen_filtered_and_repeated_on_paper(formulas):
    assert formulas.sheetnames == [
        *("Summary", "Charts", "Estimates", "Audit", "Consensus", "Houses"),
        *("Bands", "Sensitivity", "Assumptions", "Sources", "Manifest"),
    ]
    for name in formulas.sheetnames[2:]:
        sheet = formulas[name]
        assert sheet.freeze_panes.endswith("2"), name
        assert sheet.tables[name].autoFilter.ref == sheet.tables[name].ref
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == "$1:$1"
        assert max(dimension.width for dimension in sheet.column_dimensions.values()) <= 81
        assert max(dimension.height or 0 for dimension in sheet.row_dimensions.values()) <= 180


def test_heads_are_such_as_a_table_can_have(tmp_path):
    from forecast.report.workbook.cells import Column
    from forecast.report.workbook.grid import Book

    heads = ["=1+1", "House", "HOUSE", "house (2)", "two\nlines", "y" * 300, "\x07", "市場"]
    with xlsxwriter.Workbook(tmp_path / "heads.xlsx") as book:
        Book(book).table_sheet("Heads", [Column(head, [1.5, "https://example.org/a"]) for head in heads])
    sheet = openpyxl.load_workbook(tmp_path / "heads.xlsx")["Heads"]
    found = [cell.value for cell in sheet[1]]
    assert found == ["=1+1", "House", "HOUSE (2)", "house (2) (2)", "two lines", "y" * 200, "column", "市場"]
    assert [column.name for column in sheet.tables["Heads"].tableColumns] == found
    assert {cell.data_type for cell in sheet[1]} == {"s"}
    assert sheet["A3"].hyperlink.target == "https://example.org/a"


def test_charts_point_to_cells_that_hold_numbers(path, values, done):
    with zipfile.ZipFile(path) as archive:
        charts = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/charts/chart")]
    assert len(charts) == len(done[0].projection.scenarios) + 3
    for place in re.findall(r"<c:val><c:numRef><c:f>([^<]+)</c:f>", "".join(charts)):
        name, _, cells = place.partition("!")
        found = [one.value for row in values[name][cells.replace("$", "")] for one in row]
        assert any(isinstance(value, int | float) for value in found), place


def test_the_checks_on_the_first_sheet_agree(values):
    verdicts = [row[3] for row in values["Summary"].iter_rows(values_only=True) if row[3] in ("agrees", "differs")]
    assert verdicts == ["agrees"] * 9


def test_the_same_run_gives_the_same_bytes(done, path, tmp_path):
    assert write_workbook(*done, tmp_path / "again.xlsx").read_bytes() == path.read_bytes()


def test_a_run_without_consensus_leaves_out_what_it_has_not(written):
    book = openpyxl.load_workbook(written("taiwan_cell_therapy") / "workbook.xlsx", data_only=True)
    assert {"Summary", "Charts", "Bands", "Sensitivity", "Assumptions", "Manifest"} <= set(book.sheetnames)
    assert {"Checks", "Parts", "Top down bottom up"} <= set(book.sheetnames) <= {"Charts", "Summary", *SHEETS}
    assert not {"Estimates", "Consensus", "Houses", "Sources"} & set(book.sheetnames)
    text = " ".join(str(value) for row in book["Summary"].iter_rows(values_only=True) for value in row if value)
    assert "There is no consensus" in text
    assert "differs" not in text


def test_a_place_that_cannot_be_written_is_said_and_nothing_is_left(done, tmp_path):
    with pytest.raises(OutputError, match=r"workbook.xlsx: cannot be written: No such file or directory"):
        write_workbook(*done, tmp_path / "nowhere" / "workbook.xlsx")
    with pytest.raises(OutputError, match="cannot be written: Is a directory"):
        write_workbook(*done, tmp_path)
    assert not list(tmp_path.iterdir())


def test_without_the_library_the_message_says_what_installs_it(done, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(MissingDependencyError, match=r'XlsxWriter: pip install "market-forecast\[report\]"'):
        write_workbook(*done, tmp_path / "workbook.xlsx")
