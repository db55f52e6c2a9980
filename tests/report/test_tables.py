"""CSV files: the same bytes each time, and no text that a spreadsheet would run."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.report.tables import csv_text, guard, unguard, write_csv

FORMULAS = [
    "=1+1",
    "+A1",
    "-A1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "=HYPERLINK(0)",
    "＝1",
    "＋1x",
    "－A1",
    "＠A",
    "'=1",
    "''=1",
]
PLAIN = ["about 16", "-5", "+43%", "-1.5e-3", "16", "", "'s-Hertogenbosch", "超過43%", "a=b", "<script>"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text: str) -> None:
    assert guard(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert guard(text) == text


@given(st.text() | st.from_regex(r"'*[=+\-@＝][0-9A-Z'=]*", fullmatch=True))
def test_the_guard_comes_off_again(text: str) -> None:
    assert unguard(guard(text)) == text


@given(st.text(), st.text())
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert (guard(one) == guard(other)) == (one == other)


def test_numbers_have_six_digits_and_nothing_is_empty(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "year": pd.array([2023, None], dtype="Int64"),
            "value": [22.7500001, np.nan],
            "small": [1 / 3 * 1e-7, -0.0],
            "text": ["=1", None],
            "both": [1.0, "二"],
            "sure": [True, False],
        }
    )
    write_csv(table, tmp_path / "table.csv")
    expected = "year,value,small,text,both,sure\n2023,22.75,3.33333e-08,'=1,1,True\n,,0,,二,False\n"
    assert (tmp_path / "table.csv").read_bytes() == expected.encode()
    assert csv_text(table) == expected


def test_line_ends_and_quotes_inside_a_cell_come_back(tmp_path: Path) -> None:
    texts = ['say "16"', "two\nlines", "a,b"]
    write_csv(pd.DataFrame({"text": texts}), tmp_path / "table.csv")
    assert pd.read_csv(tmp_path / "table.csv")["text"].tolist() == texts
