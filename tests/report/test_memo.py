"""The memo and the tables of a run whose sources print hostile text."""

import csv
import io
import re
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import forecast
from forecast.report.assumptions import assumptions
from forecast.report.headline import growth_since, headline_scenario, headline_year, start_band, start_year
from forecast.report.memo import _drivers, _link, cut, grid, headline, memo, plain, stories, unreplaced
from forecast.report.page.answer import keys
from forecast.report.pictures import figures
from forecast.report.printed import printed
from forecast.report.promises import promises_in_words
from forecast.report.tables import csv_text, unguard
from forecast.report.write import short_table, tables

HOSTILE = '=HYPERLINK("http://x")|<script>alert(1)</script>\u202egnp.exe'
LONG = "@" + "long " * 2000


@pytest.fixture(scope="module")
def run(root: Path, tmp_path_factory: pytest.TempPathFactory) -> object:
    """Worked case in which one publisher's name and quote are hostile."""
    case = Path(shutil.copytree(root / "scenarios/regenerative_medicine", tmp_path_factory.mktemp("memo") / "case"))
    table = pd.read_csv(case / "estimates.csv", dtype=str, keep_default_na=False)
    table.loc[table["id"] == "MM-2024", ["publisher", "quote", "note"]] = [HOSTILE, LONG, "-1+1"]
    table.to_csv(case / "estimates.csv", index=False)
    return forecast.run(case)


@pytest.fixture
def drivers() -> SimpleNamespace:
    """Stands for a tornado, which these tests are not about."""
    table = pd.DataFrame({"input": [HOSTILE], "swing": [1.0]})
    quantity = SimpleNamespace(label="Median of the market in 2030", unit=lambda money: money)
    return SimpleNamespace(summary=lambda: "It moves.", table=table, quantity=quantity, scenario="base", money="USD bn")


def test_hostile_text_stays_text_in_the_memo(run: object, drivers: SimpleNamespace) -> None:
    text = memo(run, drivers)
    sources = text[text.index("## What the sources say") : text.index("## Where they clash")]
    assert "&lt;script\\>" in sources
    assert "<script>" not in text
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in sources.splitlines() if line.startswith("|")}) == 1


def test_no_cell_of_any_table_begins_like_a_formula(run: object, drivers: SimpleNamespace) -> None:
    found = {name: list(csv.reader(io.StringIO(csv_text(t)))) for name, t in tables(run, drivers).items()}
    cells = [cell for rows in found.values() for row in rows for cell in row]
    assert not [cell for cell in cells if re.match(r"[=+@\t\r]|-[^\d.]", cell)]
    assert HOSTILE.replace("\u202e", "") in [unguard(cell) for row in found["houses"] for cell in row]


def test_every_assumption_has_a_status_and_a_reason(run: object) -> None:
    table = assumptions(run)
    assert table["status"].isin(["printed", "derived", "assumed"]).all()
    assert (table["because"] != "").all()
    drivers = table[table["kind"] == "driver"]
    assert (drivers[["low", "base"]].to_numpy(float) <= drivers[["base", "high"]].to_numpy(float)).all()


def test_the_headline_year_is_2030_or_the_end(run: object) -> None:
    assert headline_year(run) == 2030
    short = SimpleNamespace(projection=SimpleNamespace(years=[2023, 2024, 2025]))
    assert headline_year(short) == 2025


@pytest.mark.parametrize(
    ("names", "chosen"), [(["b", "base"], "base"), (["slow", "steady", "fast"], "steady"), (["one"], "one")]
)
def test_the_headline_scenario_is_base_or_the_middle_one(names: list[str], chosen: str) -> None:
    assert headline_scenario(names) == chosen


def test_projection_and_ranking_show_the_same_scenario(run: object, drivers: SimpleNamespace) -> None:
    drivers.scenario, drivers.plot = "cautious", None
    assert "scenario cautious" in figures(run, drivers)["projection"]().get_title(loc="left")


def test_a_scenario_that_ends_early_leaves_its_cells_empty(
    root: Path, drivers: SimpleNamespace, tmp_path: Path
) -> None:
    case = Path(shutil.copytree(root / "scenarios/regenerative_medicine", tmp_path / "case"))
    with (case / "scenarios/cautious.toml").open("r+") as file:
        text = file.read().replace("schema = 1", "schema = 1\nend = 2030", 1)
        file.seek(0)
        file.write(text)
    run = forecast.run(case)
    assert re.search(r"^\| Cautious \| [^|]+ \| [^|]+ \|  \|$", memo(run, drivers), re.MULTILINE)
    assert "cautious 2035" not in short_table(run)


def test_the_memo_shows_multiples_and_further_years(run: object, drivers: SimpleNamespace, root: Path) -> None:
    assert "25.1 % a year; 3.06 times over |" in memo(run, drivers)
    row = pd.read_csv(root / "scenarios/cell_gene_therapy/estimates.csv", dtype=str, keep_default_na=False).iloc[2]
    expected = "USD 21.84 billion in 2025; USD 65.4 billion in 2033; USD 17.6 billion in 2024; 24.1 % a year"
    assert printed(row.to_dict()) == expected


def test_a_scenario_without_a_reason_gets_no_bullet() -> None:
    told = {"a": SimpleNamespace(title="A", because=" "), "b": SimpleNamespace(title="", because="It does.")}
    assert stories(SimpleNamespace(case=SimpleNamespace(scenarios=told))) == ["- **b**: It does."]


def test_a_driver_without_unit_gets_no_comma() -> None:
    row = {"input": "growth.shift", "scenario": "base", "unit": "", "low": 0.0, "base": 0.05, "high": 12600.0}
    assert _drivers(pd.DataFrame([row]), {"base": "Base"}).splitlines()[-1] == "| shift | 0.05 (0 to 13,000) |"


def test_a_table_of_markdown_keeps_its_shape() -> None:
    assert grid(["a"], [[plain("x|y\n<b>")]]) == "| a |\n|---|\n| x\\|y &lt;b\\> |"


def test_open_events_stand_in_the_memo_with_probability_and_year(root: Path, drivers: SimpleNamespace) -> None:
    case = forecast.read_case(root / "scenarios/regenerative_medicine")
    story = forecast.read_scenario(case.stories["five_trends"])
    run = forecast.run(replace(case, scenarios={"five_trends": story}))
    text = memo(run, drivers)
    assert "| beyond cancer | probability 0.45; 2029 (2027 to 2032) |" in text
    assert "five_trends" not in text


def test_markdown_of_a_source_stays_text(run: object) -> None:
    assert plain("- [x](javascript:alert(1)) | **b**") == r"- \[x\](javascript:alert(1)) \| \*\*b\*\*"
    assert plain("Edison & Sons") == "Edison & Sons"
    assert _link("https://example.org/a?b=1&c=2") == "[page](https://example.org/a?b=1&c=2)"
    assert not _link('https://example.org/"onmouseover="alert(3)').startswith("[")
    assert not _link("https://example.org/a)[x](javascript:alert(1)").startswith("[page]")
    assert len(cut("x" * 10_000)) == 80


def test_growth_below_every_source_is_explained(run: object) -> None:
    said = promises_in_words(run)
    assert re.search(r"grows by 1\d\.\d % a year from 2023 to 2030, \d\.\d points less than any source says", said)
    assert "What moves it most is Research and Markets" in said
    assert "points a year too much" in said


def test_memo_and_page_start_from_one_year(root: Path) -> None:
    case = forecast.read_case(root / "scenarios/regenerative_medicine")
    early = forecast.run(replace(case, file=case.file.model_copy(update={"reference_year": 2020})))
    assert (start_year(early), early.projection.years[0]) == (2020, 2023)
    shown = keys(early)
    assert [key.label for key in shown][::2] == ["Market in 2020", "Growth a year, 2020 to 2035"]
    assert shown[0].value in headline(early)
    since, (low, middle, high) = growth_since(early, "base", (0.1, 0.5, 0.9))
    end = early.projection.quantiles([0.5]).loc[("base", 2035)].item()
    assert since == 2020
    assert low < middle < high
    assert middle == pytest.approx((end / start_band(early, [0.5])[0]) ** (1 / 15) - 1, abs=0.01)


def test_what_is_left_of_a_template_is_said(tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text('because = "[template] why"\n')
    left = unreplaced(SimpleNamespace(case=SimpleNamespace(folder=tmp_path)))
    assert left == ["Not yet a case of its own: `[template]` still stands in case.toml (1)."]


def test_the_record_is_named_where_the_prior_comes_from_it(run: object) -> None:
    because = assumptions(run).set_index("input")["because"]
    assert because["optimism_mean"] == "from the record of published estimates"
    assert because["herding"] == "default of the program"
