"""Reading and writing tables of estimates."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecast.errors import ArgumentError, EstimatesError, FootingError, OutputError
from forecast.estimates import (
    audit,
    common_footing,
    footings,
    inclusion_table,
    normalize,
    read_estimates,
    read_scopes,
    reading,
    write_estimates,
)
from forecast.estimates.columns import COLUMNS, NAMES, json_schema, reference_page
from forecast.estimates.scopes import default_scopes

DESIGNED = """id, publisher, via, title, published, scope, geography, currency, scale, price_basis, value_basis,
base_year, base_value, base_hedge, target_year, target_value, target_hedge, cagr, cagr_from, cagr_to, cagr_hedge,
multiple, multiple_hedge, other_values, includes, weight, excluded_because, source, page, quote, gloss, status,
supersedes, note"""

ROW = {
    "id": "mm",
    "publisher": "MarketsandMarkets",
    "scope": "regenerative medicine",
    "currency": "USD",
    "scale": "bn",
    "base_year": "2023",
    "base_value": "16",
    "base_hedge": "about",
    "target_year": "2028",
    "target_value": "49.0",
    "cagr": "25.1%",
    "quote": "約160億美元, 成長3.06倍",
}
HOSTILE = '=HYPERLINK("http://x")<script>\n tab\tquote" \x07 _x0041_ \u202eRTL 億  trailing '


def table(*changes):
    return pd.DataFrame([ROW | {"id": f"r{place}"} | change for place, change in enumerate(changes)])


def csv_of(folder, *changes, name="estimates.csv"):
    path = folder / name
    table(*changes).to_csv(path, index=False)
    return path


def test_the_contract_has_the_designed_columns_first():
    assert NAMES[: len(re.split(r",\s+", DESIGNED))] == tuple(re.split(r",\s+", DESIGNED))
    assert all(column.description.endswith(".") for column in COLUMNS)
    assert len(reference_page().splitlines()) == len(COLUMNS) + 2


def test_the_schema_takes_the_examples_and_refuses_what_reading_refuses():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    row = {column.name: column.example for column in COLUMNS}
    jsonschema.validate({"schema": 1, "estimate": [row]}, schema)
    for wrong in ({"base_hedge": "perhaps"}, {"currency": "dollar"}, {"published": "June"}, {"publsher": "x"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"estimate": [row | wrong]}, schema)


def test_digits_stay_as_printed(tmp_path):
    found = read_estimates(csv_of(tmp_path, {}, {"base_value": "16.0", "cagr": ""}))
    assert tuple(found.columns) == NAMES
    assert found["base_value"].tolist() == ["16", "16.0"]
    assert (found.loc[0, "target_value"], found.loc[0, "cagr"], found.loc[0, "scale"]) == ("49.0", "25.1%", "bn")
    assert str(found["base_year"].dtype) == "Int64"
    assert found.loc[1, "cagr"] == ""
    assert found["cagr_from"].isna().all()


def test_a_frame_of_numbers_is_read_by_its_shortest_digits():
    found = read_estimates(
        table({"base_year": 2023.0, "base_value": 16.0, "cagr": 25.1, "target_value": 49, "weight": None})
    )
    assert found.loc[0, ["base_value", "cagr", "target_value", "weight"]].tolist() == ["16", "25.1", "49", ""]
    assert found.loc[0, "base_year"] == 2023


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"base_value": "sixteen"},
            "estimates.csv, row 2 (r0), base_value: found 'sixteen'; allowed: printed digits such as 16",
        ),
        ({"base_value": "about USD 16 billion"}, "write value 16, scale billion, currency USD, hedge about"),
        ({"base_value": "1e308"}, "base_value: found '1e308'; allowed: a number from 1e-30 to 1e+30"),
        ({"cagr": "1e7"}, "cagr: found '1e7'; allowed: a growth of at most 1,000,000 % a year"),
        ({"target_value": "-49"}, "target_value: found '-49'; allowed: a number above 0"),
        ({"target_year": "2023"}, "target_year: found 2023 with base_year 2023; allowed: a year after base_year"),
        ({"target_year": "28"}, "target_year: found '28'; allowed: a year from 1900 to 2200"),
        (
            {"base_year": "2023.0"},
            "base_year: found '2023.0'; allowed: a year from 1900 to 2200, such as 2023; write 2023",
        ),
        ({"base_year": "民國112年"}, "such as 2023; write 2023"),
        ({"cagr": "三成"}, "cagr: found '三成'; allowed: a percentage as printed, such as 25.1 or 25.1%; write 30"),
        ({"cagr": "超過43%"}, "write 43, hedge more than"),
        (
            {"multiple": "3.06倍"},
            "multiple: found '3.06倍'; allowed: target over base as printed, such as 3.06; write 3.06",
        ),
        ({"multiple": "成長3.06倍"}, "may mean 3.06 times the start, or an increase"),
        ({"cagr": "-100"}, "cagr: found '-100'; allowed: a growth above -100 %"),
        (
            {"currency": "US$"},
            "currency: found 'US$'; allowed: an ISO 4217 code such as USD, EUR, JPY, TWD (did you mean 'USD'?)",
        ),
        ({"scale": "bilion"}, "did you mean 'billion'?"),
        ({"base_hedge": "perhaps"}, "base_hedge: found 'perhaps'; allowed: exact, about, more than"),
        ({"base_hedge": "between"}, "base_value: found '16' with the hedge between; allowed: two ends such as 40-50"),
        ({"scope": ""}, "scope: found an empty cell"),
        ({"publisher": ""}, "publisher: found an empty cell; allowed: a publisher, or via who quotes it"),
        ({"base_year": ""}, "base_year: found an empty cell beside a value; allowed: the year of base_value"),
        ({"base_value": "", "target_value": "", "cagr": ""}, "no number in the row"),
        ({"other_values": "2024:17"}, "other_values: found '2024:17'; allowed: year=value pairs such as 2024=20.0"),
        ({"published": "2024-13"}, "published: found '2024-13'; allowed: a date such as 2024"),
        ({"price_basis": "real"}, "price_basis: found 'real'; allowed: nominal or real with its year"),
        ({"supersedes": "nobody"}, "supersedes: found 'nobody'; allowed: the id of another row"),
        ({"weight": "-1"}, "weight: found '-1'; allowed: a weight of at least 0"),
        ({"confidence": "80"}, "confidence: found '80'; allowed: a probability from 0 to 1"),
        ({"fiscal_year_end": "13"}, "a month from 1 to 12"),
        ({"share": "120"}, "a share from 0 to 100 percent"),
        ({"publsher": "x"}, "column 'publsher': found an unknown column; did you mean 'publisher'?"),
    ],
)
def test_each_problem_names_place_text_and_what_is_understood(tmp_path, change, says):
    with pytest.raises(EstimatesError) as error:
        read_estimates(csv_of(tmp_path, change))
    assert says in str(error.value)


def test_all_problems_of_a_file_come_at_once_in_the_order_of_rows(tmp_path):
    path = csv_of(tmp_path, {"scale": "zillion", "base_value": "x"}, {}, {"cagr": "y", "id": "r0"})
    with pytest.raises(EstimatesError) as error:
        read_estimates(path)
    places = [problem.place for problem in error.value.problems]
    assert places == [
        f"estimates.csv, row {row} (r0), {name}"
        for row, name in ((2, "scale"), (2, "base_value"), (4, "cagr"), (4, "id"))
    ]


@pytest.mark.parametrize(
    ("hedge", "meant"),
    [("abot", " (did you mean 'about'?)"), ("more then", " (did you mean 'more than'?)"), ("xyz", "")],
)
def test_a_hedge_that_is_not_known_is_told_with_what_is_meant(hedge, meant):
    with pytest.raises(EstimatesError) as error:
        read_estimates(table({"base_hedge": hedge}))
    assert str(error.value) == (
        f"table, row 2 (r0), base_hedge: found '{hedge}'; allowed: exact, about, more than, at least, nearly, up to, "
        f"between, or a printed word such as over, 約, 超過{meant}"
    )


def test_blank_rows_and_columns_are_left_out_and_rows_keep_their_numbers(tmp_path):
    path = tmp_path / "estimates.csv"
    path.write_text("id,publisher,scope,cagr,\n\na,P,s,5,\n,,,,\nb,P,s,x,\n,,,,\n", encoding="utf-8-sig")
    with pytest.raises(EstimatesError, match=r"^estimates\.csv, row 5 \(b\), cagr: found 'x'"):
        read_estimates(path)
    path.write_text(path.read_text(encoding="utf-8-sig").replace("x", "6"), encoding="utf-8")
    assert read_estimates(path)["id"].tolist() == ["a", "b"]


UNSEEN = "\x00\x07\x1b\x7f\x9b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def test_no_control_character_gets_through(tmp_path):
    name = f"\x1b[31mred{UNSEEN}\u202e"
    row = {"id": name, "publisher": name, "quote": f"a\tb\r\nc{UNSEEN} é 億"}
    path = write_estimates(table(row), tmp_path / "a.xlsx")
    for source in (table(row), path):
        found = read_estimates(source).loc[0]
        assert (found["id"], found["publisher"], found["quote"]) == ("[31mred", "[31mred", "a\tb\nc é 億")
    with pytest.raises(EstimatesError) as error:
        read_estimates(table(row | {"cagr": f"x{UNSEEN}", "scale": "\x1bzillion", f"col{UNSEEN}": ""}))
    shown = [str(error.value), str(audit(table(row, row)).table.to_dict()), audit(table(row, row)).summary()]
    assert not any(mark in text for text in shown for mark in UNSEEN)
    (tmp_path / "s.toml").write_text('schema = 1\n[[scope]]\nname = "a\\u001b[2J\\u202e"\n', encoding="utf-8")
    assert read_scopes(tmp_path / "s.toml").names == ("a[2J",)


def test_an_unknown_scope_or_geography_is_a_problem_only_beside_a_tree():
    strange = table({"scope": "cell and gene terapy", "geography": "taiwann"})
    assert len(read_estimates(strange)) == 1
    with pytest.raises(EstimatesError, match=r"(?s)did you mean 'cell and gene therapy'.*did you mean 'taiwan'"):
        read_estimates(strange, scopes=default_scopes())


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.csv", None, "no such file"),
        (
            "semi.csv",
            b"id;publisher;scope\na;P, Q;s\n",
            "semi.csv: found a header separated by semicolons; save it as CSV",
        ),
        (
            "long.csv",
            b"id,publisher,scope\na,P,s,1\n",
            "long.csv, line 2: found 4 cells; allowed: 3 cells as in the header",
        ),
        ("open.csv", b'id,publisher,scope\na,"P,s\n', "found a quotation mark that is never closed"),
        ("estimates.ods", b"", "a file ending in .csv, .tsv, .xlsx, .toml"),
        ("estimates.csv", b"", "an empty file"),
        ("estimates.csv", b"id,publisher,scope\n", "no row of data"),
        ("estimates.csv", b"publisher,scope,base_value\nP,s,1\n", "column 'id': found no such column"),
        ("estimates.csv", b"id,publisher,scope,id\na,P,s,b\n", "the column more than once"),
        ("estimates.csv", "id,publisher,scope\na,再生,s".encode("big5"), "bytes that are not UTF-8"),
        ("estimates.csv", b"id,publisher,scope\na,P,s,1,2\n", "estimates.csv"),
        (
            "estimates.csv",
            b"id;publisher;scope\na;P;s\n",
            "a header separated by semicolons; save it as CSV with commas",
        ),
        ("estimates.toml", b"[[estimate]\n", "no valid TOML"),
        ("estimates.toml", b"[[estimates]]\nid='a'\n", "did you mean 'estimate'"),
        ("estimates.xls", b"", "save it as .xlsx, or as CSV UTF-8"),
        ("estimates", b"", "a name without ending"),
        ("estimates.csv", "id,publisher\n".encode("utf-16"), "found text in UTF-16; allowed: UTF-8 text"),
        ("estimates.csv", b"\n\nid,publisher,scope\n", "found a blank first row; allowed: the header in the first row"),
        ("estimates.csv", b",,\nid,publisher,scope\n", "found a blank first row; allowed: the header in the first row"),
        (
            "estimates.csv",
            b"My list,,\nid,publisher,scope\na,P,s\n",
            "found 'My list' and no name of a column in the first row; allowed: a header such as id, publisher, scope, "
            "base_year; delete the rows above row 2",
        ),
        ("estimates.csv", b"<html>404</html>", "found '<html>404</html>' and no name of a column in the first row"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path, name, content, says):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EstimatesError) as error:
        read_estimates(path)
    assert says in str(error.value)


def test_digits_of_other_scripts_claim_the_same(tmp_path):
    found = read_estimates(csv_of(tmp_path, {"base_year": "２０２３", "base_value": "１６．５", "cagr": "٢٥٫١٪"})).loc[
        0
    ]
    assert (found["base_year"], found["base_value"], found["cagr"]) == (2023, "16.5", "25.1%")
    assert read_estimates(csv_of(tmp_path, {"quote": "１６０億"})).loc[0, "quote"] == "１６０億"


@pytest.mark.parametrize(("column", "text"), [("base_value", "16,5"), ("cagr", "25,1%"), ("target_value", "1.250,5")])
def test_a_decimal_comma_is_not_guessed(tmp_path, column, text):
    with pytest.raises(EstimatesError, match=rf"row 2 \(r0\), {column}: found '{text}'.*write a point before decimals"):
        read_estimates(csv_of(tmp_path, {column: text}))


def test_a_folder_is_no_table(tmp_path):
    csv_of(tmp_path, {})
    with pytest.raises(EstimatesError, match=r"found a folder; allowed: a file; did you mean 'estimates\.csv'"):
        read_estimates(tmp_path)


@pytest.mark.parametrize(
    "call",
    [audit, normalize, inclusion_table, footings, common_footing, lambda value: write_estimates(value, "a.csv")],
)
@pytest.mark.parametrize(("value", "found"), [([1, 2], "a list"), ("file.csv", r"the path 'file\.csv'")])
def test_what_is_no_table_is_refused_by_name(call, value, found):
    with pytest.raises(ArgumentError, match=f"estimates: found {found}; allowed: a pandas DataFrame; read_estimates"):
        call(value)


def test_a_missing_currency_or_scale_is_named():
    rows = pd.DataFrame([{"id": "a", "currency": "", "scale": "bn"}, {"id": "b", "currency": "USD", "scale": ""}])
    with pytest.raises(
        FootingError, match=r"(?s)fill in the currency and scale.*- bn, no currency: a\n.*- USD, no scale: b"
    ):
        common_footing(rows)


def test_a_large_file_ends_in_a_clear_answer(tmp_path, monkeypatch):
    big = tmp_path / "big.csv"
    with big.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(EstimatesError, match=r"big\.csv: found 50 MB; allowed: at most 20 MB"):
        read_estimates(big)
    many = tmp_path / "many.csv"
    many.write_text("id,publisher,scope,cagr\n" + "a,P,s,1\n" * 1_000_000, encoding="utf-8")
    with pytest.raises(EstimatesError, match="more than 100,000 rows; allowed: at most 100,000 rows"):
        read_estimates(many)
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    bomb = write_estimates(read_estimates(table({})), tmp_path / "bomb.xlsx")
    monkeypatch.setattr(reading, "MOST_BYTES", bomb.stat().st_size)
    assert len(read_estimates(bomb)) == 1


def test_sheets_give_values_as_shown_and_never_run_formulas(tmp_path):
    path = tmp_path / "typed.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(
        ["id", "publisher", "scope", "base_year", "base_value", "target_year", "target_value", "cagr", "published"]
    )
    sheet.append(["a", "P", "s", 2023, 16, 2028, 49, 0.251, pd.Timestamp("2024-06-15")])
    sheet["E2"].number_format, sheet["H2"].number_format = "0.0", "0.0%"
    book.save(path)
    found = read_estimates(path)
    assert found.loc[0, ["base_value", "target_value", "cagr", "published"]].tolist() == [
        "16.0",
        "49",
        "25.1%",
        "2024-06-15",
    ]
    sheet["E2"] = "=8+8"
    book.save(path)
    with pytest.raises(EstimatesError, match="row 2, cell E2: found a formula without a stored value"):
        read_estimates(path)


@pytest.mark.parametrize("ending", ["xlsx", "tsv", "toml"])
def test_a_round_trip_gives_the_same_bytes(tmp_path, ending):
    first = write_estimates(read_estimates(table({}, {"note": HOSTILE, "base_value": "16.00"})), tmp_path / "first.csv")
    between = write_estimates(read_estimates(first), tmp_path / f"between.{ending}")
    last = write_estimates(read_estimates(between), tmp_path / "last.csv")
    assert last.read_bytes() == first.read_bytes()


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_bundled_case_comes_back_byte_by_byte(tmp_path, root, ending):
    case = root / "scenarios" / "regenerative_medicine" / "estimates.csv"
    between = write_estimates(read_estimates(case), tmp_path / f"between.{ending}")
    assert write_estimates(read_estimates(between), tmp_path / "last.csv").read_bytes() == case.read_bytes()


def test_a_sheet_written_by_pandas_is_read_back(tmp_path):
    before = read_estimates(table({}, {"base_value": "16.0"}))
    before.to_excel(tmp_path / "pandas.xlsx", index=False)
    pd.testing.assert_frame_equal(read_estimates(tmp_path / "pandas.xlsx"), before)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\x00"), max_size=40),
        min_size=1,
        max_size=3,
    )
)
def test_any_text_comes_back(tmp_path, notes):
    before = read_estimates(table(*({"note": note} for note in notes)))
    for ending in ("csv", "toml"):
        after = read_estimates(write_estimates(before, tmp_path / f"any.{ending}"))
        pd.testing.assert_frame_equal(after, before)


def test_toml_keeps_the_digits_of_numbers(tmp_path):
    path = tmp_path / "estimates.toml"
    path.write_text(
        "[[estimate]]\nid='a'\npublisher='P'\nscope='s'\nbase_year=2023\nbase_value=16.0\npublished=2024-06-01\n",
        encoding="utf-8",
    )
    assert read_estimates(path).loc[0, ["base_value", "published"]].tolist() == ["16.0", "2024-06-01"]
    written = tomllib.loads(write_estimates(read_estimates(path), path).read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(json.dumps(written)), json_schema())


def test_what_cannot_be_written_leaves_the_former_file(tmp_path):
    good = read_estimates(table({}))
    path = write_estimates(good, tmp_path / "kept.xlsx")
    before = path.read_bytes()
    with pytest.raises(OutputError, match="32,767 characters in a cell, more are in row 2 note"):
        write_estimates(good.assign(note="x" * 40_000), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["kept.xlsx"]
    with pytest.raises(OutputError, match="cannot be written"):
        write_estimates(good, Path(tmp_path, "none", "a.csv"))
    with pytest.raises(ArgumentError, match="one ending in "):
        write_estimates(good, tmp_path / "a.json")
    with pytest.raises(ArgumentError, match="column 'extra': found an unknown column"):
        write_estimates(good.assign(extra=1), tmp_path / "a.csv")
