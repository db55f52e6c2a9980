"""The template of estimates: it reads back, and Excel offers the words of the contract."""

from pathlib import Path

import openpyxl
import pytest

from forecast.errors import ArgumentError, MissingDependencyError, OutputError
from forecast.estimates import read_estimates
from forecast.estimates.columns import COLUMNS
from forecast.report.template import example, write_template


@pytest.mark.parametrize("name", ["estimates.xlsx", "estimates.csv"])
def test_the_template_is_a_valid_table_with_one_example(tmp_path: Path, name: str) -> None:
    table = read_estimates(write_template(tmp_path / name))
    assert [str(value) for value in table.loc[0].fillna("")] == list(example().values())
    assert list(table.columns) == [column.name for column in COLUMNS]


def test_the_sheet_offers_the_words_of_the_contract_and_keeps_digits_as_text(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(write_template(tmp_path / "estimates.xlsx"))["estimates"]
    offered = {
        str(rule.sqref): rule.formula1.strip('"').split(",")
        for rule in sheet.data_validations.dataValidation
        if rule.type == "list"
    }
    allowed = [list(column.allowed) for column in COLUMNS if column.allowed]
    assert list(offered.values()) == allowed
    assert {cell.number_format for cell in sheet[2]} == {"@"}
    assert sheet.freeze_panes == "C2"


def test_the_same_template_has_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write_template(tmp_path / name) for name in ("one.xlsx", "other.xlsx"))
    assert one.read_bytes() == other.read_bytes()


def test_nothing_is_overwritten_and_other_endings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("mine")
    with pytest.raises(OutputError, match=r"mine.csv: exists already; name a new file"):
        write_template(tmp_path / "mine.csv")
    with pytest.raises(ArgumentError, match=r"found a name ending in '.ods'; allowed: a file ending in .xlsx, .csv"):
        write_template(tmp_path / "estimates.ods")
    with pytest.raises(OutputError, match="cannot be written: No such file or directory"):
        write_template(tmp_path / "nowhere" / "estimates.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]
    assert (tmp_path / "mine.csv").read_text() == "mine"


def test_without_the_library_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "market-forecast\[report\]", or name a .csv file'):
        write_template(tmp_path / "estimates.xlsx")
