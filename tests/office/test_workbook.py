"""LibreOffice opens the workbook, works its formulas out anew, and gets the same numbers."""

import math
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest

import forecast
from forecast.estimates import read_estimates, write_estimates
from forecast.report.headline import headline_scenario, headline_year
from forecast.report.template import write_template
from forecast.report.workbook import write_workbook
from forecast.sensitivity import Value, tornado
from tests.report.hostile import hostile_case

pytestmark = pytest.mark.office
_SECONDS = 120


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Converts a file with LibreOffice, which has a profile of its own."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("no LibreOffice on this machine")
    profile = tmp_path_factory.mktemp("profile").as_uri()

    def convert(path: Path, kind: str) -> Path:
        folder = path.parent / "converted"
        command = [program, f"-env:UserInstallation={profile}", "--headless", "--norestore", "--convert-to", kind]
        done = subprocess.run(
            [*command, "--outdir", folder, path], capture_output=True, text=True, timeout=_SECONDS, check=True
        )
        assert "rror" not in done.stderr
        return folder / f"{path.stem}.{kind.partition(':')[0]}"

    return convert


def hostile_workbook(root: Path, folder: Path) -> Path:
    run = forecast.run(hostile_case(root, folder))
    drivers = tornado(run, Value(headline_year(run)), scenario=headline_scenario(run.projection.scenarios))
    return write_workbook(run, drivers, folder / "workbook.xlsx")


@pytest.fixture(scope="module", params=["hostile", "taiwan_cell_therapy"])
def path(request, root, written, tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    if request.param == "hostile":
        return hostile_workbook(root, folder)
    return Path(shutil.copy(written(request.param) / "workbook.xlsx", folder))


@pytest.fixture(scope="module")
def returned(office, path):
    """The workbook as LibreOffice saves it."""
    return office(path, "xlsx")


def without_values(path: Path, target: Path) -> int:
    """Copy a workbook without the values of its formulas, so that whoever opens it must work them out."""
    count = 0
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            content = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                content, found = re.subn(rb"(</f>)<v>[^<]*</v>", rb"\1", content)
                count += found
            copy.writestr(name, content)
    return count


def test_formulas_worked_out_anew_give_our_numbers(office, path, tmp_path):
    bare = tmp_path / "bare.xlsx"
    removed = without_values(path, bare)
    ours, live = openpyxl.load_workbook(path, data_only=True), openpyxl.load_workbook(path)
    theirs = openpyxl.load_workbook(office(bare, "xlsx"), data_only=True)
    compared = 0
    for sheet in live:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                mine, other = (book[sheet.title][cell.coordinate].value for book in (ours, theirs))
                where = f"{sheet.title}!{cell.coordinate} {cell.value}"
                if isinstance(mine, int | float):
                    assert isinstance(other, int | float), (where, mine, other)
                    assert math.isclose(mine, other, rel_tol=1e-9, abs_tol=1e-12), (where, mine, other)
                else:
                    assert (other or None) == (mine or None), where
                compared += 1
    assert compared == removed > 100


def test_nothing_is_lost_or_changed_on_the_way(path, returned):
    ours = openpyxl.load_workbook(path, data_only=True)
    theirs = openpyxl.load_workbook(returned, data_only=True)
    assert theirs.sheetnames == ours.sheetnames
    for sheet in ours:
        for row in sheet.iter_rows():
            for cell in row:
                other = theirs[sheet.title][cell.coordinate]
                if isinstance(cell.value, str):
                    assert other.value == cell.value
                    assert other.data_type == "s"


def test_each_sheet_and_chart_is_drawn(office, path):
    pages = office(path, "pdf")
    assert pages.read_bytes().count(b"/Type/Page/") + pages.read_bytes().count(b"/Type /Page\n") >= 8


def test_estimates_edited_and_saved_by_a_spreadsheet_program_are_read_back(path, returned):
    book = openpyxl.load_workbook(path)
    if "Estimates" not in book.sheetnames:
        pytest.skip("this case has no estimates")
    found, expected = read_estimates(returned), read_estimates(path)
    assert found.to_dict("records") == expected.to_dict("records")


@pytest.mark.parametrize("kind", ["ledger", "template"])
def test_sheets_of_estimates_come_back_from_a_spreadsheet_program(office, root, tmp_path, kind):
    expected = read_estimates(root / "scenarios/regenerative_medicine/estimates.csv")
    path = tmp_path / "estimates.xlsx"
    written = write_estimates(expected, path) if kind == "ledger" else write_template(path)
    assert read_estimates(office(written, "xlsx")).to_dict("records") == read_estimates(written).to_dict("records")
