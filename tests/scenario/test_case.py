"""Cases: bundled ones, copies, and folders with problems."""

import shutil
import tomllib
from pathlib import Path

import jsonschema
import pytest

import forecast
from forecast.cli import main
from forecast.errors import ArgumentError, CaseError, OutputError, ScenarioError
from forecast.reconcile import reconcile
from forecast.scenario import (
    case_list,
    case_names,
    check_case,
    find_scenario,
    new_case,
    read_case,
    read_scenario,
    reference,
    schema,
    template_reasons,
)
from forecast.scenario.case import case_files


@pytest.fixture
def copied(tmp_path: Path, root: Path) -> Path:
    """Return a case of one's own."""
    return new_case(tmp_path / "mine", template="regenerative_medicine")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("name", case_names())
def test_bundled_cases_are_fine(name, root):
    case = read_case(name)
    assert case.folder == root / "scenarios" / name
    assert case.name == name
    assert list(case.scenarios)[:3] == ["cautious", "base", "ambitious"]
    assert case.title in set(case_list()["title"])
    for scenario in case.scenarios.values():
        for key, driver in scenario.drivers.items():
            assert driver.because or driver.source, (name, scenario.name, key)


def test_the_regenerative_medicine_case_says_what_was_printed():
    case = read_case("regenerative_medicine")
    rows = case.estimates.set_index("id")
    assert rows.index.tolist() == [
        *("GD-2026", "MM-2024", "RM-2018", "ITIS-2024"),
        *("DCB-2021", "EXPORT-2025", "DEAL-2017"),
    ]
    rows = rows.iloc[:4]
    assert rows["base_value"].tolist() == ["", "16", "18.9", "18.12"]
    assert rows["target_value"].tolist() == ["50", "49", "53.7", "41.21"]
    assert rows["cagr"].tolist() == ["43", "25.1", "23.3", ""]
    assert rows.loc["GD-2026", ["target_hedge", "cagr_hedge"]].tolist() == ["more than", "more than"]
    assert rows.loc["MM-2024", "base_hedge"] == "about"
    assert (rows["quote"] != "").all()
    assert (rows["gloss"] != "").all()
    ratio = case.scopes.ratio("cell and gene therapy")
    assert (ratio.median, ratio.log_sd) == (0.75, 0.30)
    assert (case.reference_year, case.end, case.footing.label) == (2023, 2035, "USD bn")
    assert {path.name for path in case.files} >= {"case.toml", "estimates.csv", "scopes.toml", "base.toml"}


def test_quotes_occur_in_the_source_documents(shared):
    facts = (shared / "facts" / "seed_facts.md").read_text(encoding="utf-8")
    for quote in read_case("regenerative_medicine").estimates["quote"]:
        for phrase in quote.split(" / "):
            assert phrase in facts


def test_a_copy_is_a_case(copied):
    assert read_case(copied).title == "Mine"
    assert read_case(copied).estimates.equals(read_case("regenerative_medicine").estimates)
    with pytest.raises(OutputError, match="exists already"):
        new_case(copied, template="regenerative_medicine")
    with pytest.raises(OutputError, match="lies inside the template"):
        new_case(copied / "inner", template=copied)
    assert not [path for path in copied.parent.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("template", ["blank", *case_names()])
def test_a_new_case_says_what_to_replace_and_has_no_problem(template, tmp_path):
    folder = new_case(tmp_path / "ev-charging_europe", template=template)
    case = check_case(folder)
    assert case.title == "Ev charging europe"
    left = template_reasons(folder)
    assert sum(left.values()) >= 13
    assert {"case.toml", "scenarios/base.toml", "scenarios/cautious.toml"} <= set(left)
    for scenario in case.scenarios.values():
        assert scenario.because.startswith("[template] ")
        reasons = [driver.because for driver in scenario.drivers.values() if driver.because]
        defaults = ("no shift", "no own volatility", "the tree counts")
        assert all(text.startswith("[template] ") or text.startswith(defaults) for text in reasons)
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert written == {path.relative_to(folder).as_posix() for path in case_files(case)} | {"README.md"}
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "forecast run ev-charging_europe --out out" in text
    assert "GlobalData" not in text
    base = folder / "scenarios" / "base.toml"
    base.write_text(base.read_text(encoding="utf-8").replace("[template] ", ""), encoding="utf-8")
    assert "scenarios/base.toml" not in template_reasons(folder)


def test_stories_are_run_by_their_name(copied):
    case = read_case(copied)
    assert list(case.stories) == ["five_trends", "off_the_shelf", "payers_hold_back"]
    chosen = case.chosen(["base", "five_trends"])
    assert list(chosen.scenarios) == ["base", "five_trends"]
    assert "five_trends.toml" in {path.name for path in chosen.files}
    assert "five_trends.toml" not in {path.name for path in case.files}
    with pytest.raises(ArgumentError, match="found 'five_trend'; did you mean 'five_trends'"):
        case.chosen(["base", "five_trend"])
    (copied / "scenarios" / "stories" / "notes.toml").write_text("schema = 1\n", encoding="utf-8")
    assert "notes" not in case.stories
    change(copied / "scenarios" / "stories" / "five_trends.toml", "probability = 0.45", "probability = 1.45")
    with pytest.raises(CaseError, match=r"five_trends.toml, events.beyond_cancer.probability: found 1.45"):
        check_case(copied)


def test_a_scenario_is_found_by_case_and_name(copied):
    assert find_scenario(f"{copied}/five_trends").name == "five_trends.toml"
    assert find_scenario("regenerative_medicine/base").is_file()
    with pytest.raises(ScenarioError, match="no such scenario; did you mean 'cautious'"):
        find_scenario("regenerative_medicine/cautios")


COUNTS = "id,subject,date,value,part,of\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (COUNTS + "a,plans,2024,many,,\n", r"counts.csv, row 2 \(a\), value: found 'many'; allowed: digits"),
        (COUNTS + "a,plans,2024,5,,\na,plans,2025,6,,\n", r"counts.csv, row 3, id: found 'a'; allowed: an id of its"),
        (COUNTS + "a,share,2024,mostly,b,\n", r"counts.csv, row 2 \(a\), part: found 'b'; allowed: the id of another"),
        ("id,subject,date,valu\n", "did you mean 'value'"),
        ("", "counts.csv: found an empty file"),
        (None, "counts.csv: found no such file"),
    ],
)
def test_problems_of_a_file_of_counts_are_told_with_the_others(text, message, copied):
    (copied / "counts.csv").unlink()
    if text is not None:
        (copied / "counts.csv").write_text(text, encoding="utf-8")
    change(copied / "case.toml", "end = 2035", "end = 2020")
    with pytest.raises(CaseError, match=message) as caught:
        read_case(copied)
    assert "case.toml, end" in str(caught.value)


def test_a_cross_check_is_a_tree(copied):
    change(copied / "case.toml", 'counts = "counts.csv"', 'cross_check = "scenarios/stories/five_trends.toml"')
    with pytest.raises(CaseError, match=r"five_trends.toml, growth.curve: found 'fading'; allowed: curve = 'tree'"):
        read_case(copied)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("regenrative_medicine", "no such folder; allowed: a case folder or the name of a bundled case; did you mean"),
        ("no/such/place", "no such folder"),
    ],
)
def test_no_such_case(given, message):
    with pytest.raises(CaseError, match=message):
        read_case(given)


def test_a_folder_without_case_file(tmp_path):
    with pytest.raises(CaseError, match=r"found no case.toml"):
        read_case(tmp_path)


def test_problems_of_all_files_at_once(copied):
    change(copied / "case.toml", 'scope = "regenerative medicine"', 'scope = "regenerative medcine"')
    change(copied / "case.toml", "[footing]", "[prior]\nherdin = 0.3\n\n[footing]")
    change(copied / "case.toml", '"scenarios/ambitious.toml"]', '"scenarios/ambitious.toml", "../x.toml", "no.toml"]')
    change(copied / "scenarios" / "base.toml", "base = 4", "base = 40")
    change(copied / "estimates.csv", "18.12", "-5")
    with pytest.raises(CaseError) as caught:
        read_case(copied)
    message = str(caught.value)
    for line in [
        "case.toml, scope: found 'regenerative medcine'; allowed: a scope of scopes.toml; did you mean",
        "case.toml, prior: found unknown key 'herdin'; did you mean 'herding'?",
        "case.toml, scenarios.3: found '../x.toml'; allowed: a file inside the case folder",
        "no.toml: found no such file",
        "base.toml, growth.half_life: found low = 2",
        "estimates.csv, row 5",
        "-5",
    ]:
        assert line in message, line


def test_a_wrong_case_file_does_not_hide_the_other_files(copied):
    change(copied / "case.toml", "end = 2035", "end = 2020\nreference = 2023")
    change(copied / "scenarios" / "cautious.toml", 'extends = "base.toml"', 'extends = "bse.toml"\nend = "2030"')
    (copied / "twin").mkdir()
    shutil.copy(copied / "scenarios" / "base.toml", copied / "twin" / "base.toml")
    change(copied / "case.toml", '"scenarios/ambitious.toml"]', '"scenarios/ambitious.toml", "twin/base.toml"]')
    with pytest.raises(CaseError) as caught:
        read_case(copied)
    message = str(caught.value)
    for line in [
        "case.toml, reference: found unknown key 'reference'; did you mean 'reference_year'?",
        "case.toml, end: found 2020; allowed: a year not before the reference_year 2023",
        "scenarios/bse.toml: found no such file",
        "scenarios/cautious.toml, end: found '2030'; allowed: a whole number",
        "case.toml, scenarios.3: found twin/base.toml is called 'base' like scenarios/base.toml",
    ]:
        assert line in message, line
    assert "no curve" not in message
    assert len(caught.value.problems) == 5


def test_a_key_of_the_case_below_its_footing_is_told_where_it_belongs(copied):
    path = copied / "case.toml"
    path.write_text(path.read_text(encoding="utf-8") + '\nhistory = "history.csv"\n', encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        read_case(copied)
    assert str(caught.value) == (
        "case.toml, footing.history: found 'history', a key of the file, below a table; move it above the first line "
        "in [brackets], which takes all that follows"
    )


@pytest.mark.parametrize(
    ("code", "remedy"), [("€", "; did you mean 'EUR'?"), ("usd", "; did you mean 'USD'?"), ("XQZ", "")]
)
def test_the_currency_of_a_case_is_a_code(copied, code, remedy):
    change(copied / "case.toml", 'currency = "USD"', f'currency = "{code}"')
    with pytest.raises(CaseError) as caught:
        read_case(copied)
    said = f"case.toml, footing.currency: found '{code}'; allowed: an ISO 4217 code such as USD, EUR, JPY, TWD{remedy}"
    assert str(caught.value) == said


def test_end_before_start(copied):
    change(copied / "case.toml", "end = 2035", "end = 2020")
    with pytest.raises(CaseError, match=r"case.toml, end: found 2020; allowed: a year not before the reference"):
        read_case(copied)


def test_what_does_not_fit_between_files(copied):
    change(copied / "scenarios" / "cautious.toml", "probability = 0.25", "probability = 0.35\nend = 2021")
    law = '[events.law]\nyear = 2050\nprobability = 0.5\neffects = [{kind = "pulse", size = 0.1}]\n'
    ambitious = copied / "scenarios" / "ambitious.toml"
    ambitious.write_text(f"{ambitious.read_text(encoding='utf-8')}\n{law}".replace("end = ", "# "), encoding="utf-8")
    change(copied / "estimates.csv", "USD,billion", "EUR,million")
    change(copied / "estimates.csv", "global,EUR", "global,USD")
    with pytest.raises(CaseError) as caught:
        read_case(copied)
    message = str(caught.value)
    for line in [
        "scenarios/cautious.toml, end: found 2021; allowed: a year not before the reference_year 2023 of case.toml",
        "scenarios/ambitious.toml, events.law.year: found 2050; allowed: a year within the horizon, 2023 to 2035",
        "case.toml, scenarios: found probabilities with a sum of 1.1 (scenarios/cautious.toml 0.35, ",
        "scale: found 'million'; allowed: 'billion', the footing of the case",
    ]:
        assert line in message, line


def test_what_three_scenarios_inherit_is_told_once_and_with_all_else(copied):
    base = copied / "scenarios" / "base.toml"
    change(base, 'curve = "fading"', 'curve = "fadng"')
    change(base, "probability = 0.5", "probability = 0.4")
    text = base.read_text(encoding="utf-8")
    law = '[events.law]\nyear = 2050\nprobability = 0.5\neffects = [{kind = "pulse", size = 0.1}]\n'
    pair = '[[correlation]]\nbetween = ["growth.half_life", "growth.terminal_growth"]\nvalue = 0.4\n'
    base.write_text(f"{text.replace('low = 2', 'low = 20')}\n{law}{pair}", encoding="utf-8")
    change(copied / "case.toml", "end = 2035", 'end = 2035\nstart = "consensu"')
    with pytest.raises(CaseError) as caught:
        read_case(copied)
    assert [str(problem) for problem in caught.value.problems] == [
        "case.toml, start: found 'consensu'; allowed: 'consensus', 'history' or 'tree'",
        "scenarios/base.toml, growth.curve: found 'fadng'; did you mean 'fading'?",
        "scenarios/base.toml, growth.half_life: found low = 20, base = 4, high = 8; allowed: low < base < high (P10, "
        "P50, P90)",
        "scenarios/base.toml, events.law.year: found 2050; allowed: a year within the horizon, 2023 to 2035",
        "case.toml, scenarios: found probabilities with a sum of 0.9 (scenarios/cautious.toml 0.25, "
        "scenarios/base.toml 0.4, scenarios/ambitious.toml 0.25); allowed: probabilities that sum to 1",
    ]


def test_history(copied):
    change(copied / "case.toml", "[footing]", 'history = "history.csv"\n\n[footing]')
    (copied / "history.csv").write_text("year,value\n2021,3.5\n2020,3\n", encoding="utf-8")
    assert read_case(copied).history.to_dict() == {2020: 3.0, 2021: 3.5}
    (copied / "history.csv").write_text("year,value\n2020,x\n2020,-1\nsoon,2\n", encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        read_case(copied)
    for line in [
        "history.csv, row 2, value: found 'x'; allowed: a number above 0",
        "history.csv, row 3, value: found '-1'; allowed: a number above 0",
        "history.csv, row 4, year: found 'soon'; allowed: a year",
        "history.csv, row 3, year: found '2020'; allowed: each year once",
    ]:
        assert line in str(caught.value), line


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ("2019,3\n", "history.csv: found 1 value; allowed: at least 2 annual values"),
        ("2024,4\n2019,3\n", "history.csv, row 2, year: found no values for 2020 to 2023; allowed: a value for each"),
        ("2019,3\n2020,inf\n", "history.csv, row 3, value: found 'inf'; allowed: a number above 0"),
        ("2019,3\n2020,-inf\n", "history.csv, row 3, value: found '-inf'; allowed: a number above 0"),
        ("2019,3\n1e300,4\n", "history.csv, row 3, year: found '1e300'; allowed: a year"),
        (
            "2019,3\n2020,4,5,6\n",
            "history.csv, row 3: found 4 cells; allowed: 2 cells, as in the header; write a point before decimals",
        ),
    ],
)
def test_a_check_refuses_a_history_that_cannot_be_carried_on(copied, rows, line):
    change(copied / "case.toml", "[footing]", 'start = "history"\nhistory = "history.csv"\n\n[footing]')
    (copied / "history.csv").write_text("year,value\n" + rows, encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        check_case(copied)
    assert line in str(caught.value)


RECORD = "publisher,forecasts,weight\nMarketsandMarkets,3,4\nElsewhere,9,0.5\n"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ('track_record = "past/record.csv"\n\n[footing]', RECORD),
        ("[track_record]\nMarketsandMarkets = 4\n\n[footing]", None),
    ],
    ids=["file", "table"],
)
def test_a_track_record_weighs_a_publisher_and_goes_with_a_copy(copied, tmp_path, key, text):
    change(copied / "case.toml", "[footing]", key)
    if text:
        (copied / "past").mkdir()
        (copied / "past" / "record.csv").write_text(text, encoding="utf-8")
    case = read_case(new_case(tmp_path / "copy", template=copied))
    assert case.track_record["MarketsandMarkets"] == 4
    weights = {source.publisher: source.weight for source in case.reconcile().pool.sources}
    given = reconcile(
        case.estimates,
        scope=case.scope,
        scopes=case.scopes,
        reference_year=case.reference_year,
        track_record={"MarketsandMarkets": 4},
    )
    assert weights == {source.publisher: source.weight for source in given.pool.sources}
    assert weights["MarketsandMarkets"] == 4
    assert set(weights.values()) == {1, 4}
    assert ((copied / "past" / "record.csv") in read_case(copied).files) == bool(text)


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        (
            'track_record = "record.csv"\n\n[footing]',
            "publisher,weight\nMarketsandMarkets,-1.5\nB,x\n,2\nB,inf\n",
            [
                "record.csv, row 4, publisher: found ''; allowed: the name of a publisher",
                "record.csv, row 5, publisher: found 'B'; allowed: each once",
                "record.csv, row 2, weight: found '-1.5'; allowed: a number above 0",
                "record.csv, row 3, weight: found 'x'; allowed: a number above 0",
                "record.csv, row 5, weight: found 'inf'; allowed: a number above 0",
            ],
        ),
        (
            'track_record = "record.csv"\n\n[footing]',
            "publisher,wieght\nA,1\n",
            [
                "record.csv: found no column 'weight'; allowed: columns publisher and weight; write weight in place of "
                "'wieght'"
            ],
        ),
        (
            'track_record = "record.csv"\n\n[footing]',
            "publisher,actual_value\nA,1\n",
            [
                "record.csv: found no column 'weight'; allowed: columns publisher and weight; old forecasts become "
                "weights by publisher_records(backtest(*read_track_record(file))).table.to_csv(file)"
            ],
        ),
        (
            'track_record = "record.csv"\n\n[footing]',
            "publisher,weight\nMarketsAndMarkets,1\n",
            ["record.csv: found none of the publishers of estimates.csv (GlobalData, MarketsandMarkets, "],
        ),
        (
            'track_record = "../r.csv"\n\n[footing]',
            None,
            ["case.toml, track_record: found '../r.csv'; allowed: a file"],
        ),
        (
            "[track_record]\nMarketsandMarkets = 0\nGlobalData = 'x'\n\n[footing]",
            None,
            [
                "case.toml, track_record.MarketsandMarkets: found 0; allowed: above 0",
                "case.toml, track_record.GlobalData: found 'x'; allowed: a number",
            ],
        ),
        (
            "[track_record]\nGlobaldata = 2\n\n[footing]",
            None,
            [
                "case.toml, track_record.Globaldata: found 'Globaldata'; allowed: a publisher of estimates.csv; did "
                "you mean 'GlobalData'?"
            ],
        ),
    ],
    ids=["rows", "column", "forecasts", "strangers", "outside", "numbers", "misspelt"],
)
def test_a_track_record_that_cannot_be_used(copied, key, text, told):
    change(copied / "case.toml", "[footing]", key)
    if text:
        (copied / "record.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        read_case(copied)
    found = [str(problem) for problem in caught.value.problems]
    assert [line[: len(start)] for line, start in zip(found, told, strict=True)] == told


@pytest.mark.parametrize(
    ("place", "rows", "told"),
    [
        ("global", "", []),
        ("Worldwide", "world", []),
        (
            "Atlantis",
            "Atlantis",
            [
                "case.toml, geography: found 'Atlantis'; allowed: a known region; name a region of your own as "
                "[[geography]] in the file of scopes"
            ],
        ),
        (
            "germany",
            "Gremany",
            [
                "estimates.csv, EXAMPLE-1, EXAMPLE-2, geography: found 'Gremany'; allowed: a known region; did you "
                "mean 'germany'?"
            ],
        ),
        (
            "global",
            "Europe",
            ["estimates.csv, EXAMPLE-1, EXAMPLE-2, geography: found 'europe'; allowed: 'global', as in case.toml"],
        ),
    ],
)
def test_a_region_that_is_not_known_or_not_the_cases_is_noted(tmp_path, capsys, place, rows, told):
    folder = new_case(tmp_path / "mine")
    change(folder / "case.toml", 'geography = "global"', f'geography = "{place}"')
    change(folder / "estimates.csv", ",global,", f",{rows},")
    assert [str(note) for note in check_case(folder).notes] == told
    assert main(["check", str(folder)]) == 0
    assert [line.partition("note: ")[2] for line in capsys.readouterr().out.splitlines() if "note: " in line] == told


def test_a_history_beside_estimates_is_measured_evidence(copied):
    without = read_case(copied).reconcile().quantiles(years=[2023])
    change(copied / "case.toml", "[footing]", 'history = "history.csv"\n\n[footing]')
    (copied / "history.csv").write_text("year,value\n2022,27\n2021,25\n2023,30\n", encoding="utf-8")
    run = forecast.run(copied)
    low, middle, high = run.consensus.quantiles(years=[2023]).iloc[0]
    assert 0.9 * 30 < low < middle < high < 1.1 * 30
    assert without.loc[2023, 0.5] < 25
    told = run.projection.statements
    actual = told[told["kind"] == "actual"].set_index("year")["value"]
    assert actual.round(9).to_dict() == {2021: 25, 2022: 27, 2023: 30}
    assert "actual" in [text.get_text() for text in run.projection.plot().get_legend().get_texts()]


def test_scenarios_that_a_history_leaves_idle_are_noted(copied, tmp_path, capsys):
    change(copied / "case.toml", "[footing]", 'start = "history"\nhistory = "history.csv"\n\n[footing]')
    (copied / "history.csv").write_text("year,value\n2021,25\n2022,27\n2023,30\n", encoding="utf-8")
    said = (
        "scenarios cautious, base, ambitious: found no handover_year; allowed: a year after the history; without it "
        "the history's own band serves to the end, and the scenario changes nothing"
    )
    assert [str(note) for note in read_case(copied).notes] == [said]
    assert main(["run", str(copied), "--out", str(tmp_path / "out")]) == 0
    assert f"note: {said}\n\nWritten to" in capsys.readouterr().out


@pytest.mark.parametrize("name", case_names())
def test_bundled_cases_need_no_note(name):
    assert read_case(name).notes == []


def test_missing_estimates_are_told_by_the_key_that_names_them(copied):
    change(copied / "case.toml", '"estimates.csv"', '"estimate.csv"')
    with pytest.raises(CaseError) as caught:
        read_case(copied)
    said = "case.toml, estimates: found 'estimate.csv', which is no file of the case; allowed: a table of estimates"
    assert str(caught.value) == f"{said}; did you mean 'estimates.csv'?"


TREE = """
schema = 1
growth = {curve = "tree"}
[tree]
result = "spend"
inputs = {patients = 100, price = {low = 1, base = 2, high = 3}}
nodes = {spend = {formula = "patients * price"}}
"""


def test_a_case_that_starts_from_a_driver_tree(copied):
    text = (copied / "case.toml").read_text(encoding="utf-8")
    text = text.replace('estimates = "estimates.csv"\n', 'start = "tree"\n')
    text = text.replace('"scenarios/cautious.toml", "scenarios/base.toml", "scenarios/ambitious.toml"', '"tree.toml"')
    (copied / "case.toml").write_text(text, encoding="utf-8")
    (copied / "tree.toml").write_text(TREE, encoding="utf-8")
    case = read_case(copied)
    assert case.start == "tree"
    assert case.estimates.empty
    with pytest.raises(ArgumentError, match="its projections start from the tree"):
        case.reconcile()
    change(copied / "case.toml", 'start = "tree"', "")
    with pytest.raises(CaseError, match=r"estimates: found nothing; allowed: a file, because projections start from"):
        read_case(copied)


@pytest.mark.parametrize("name", case_names())
def test_schema_against_an_independent_validator(name, root):
    folder = root / "scenarios" / name
    files = {
        "case": [folder / "case.toml"],
        "scenario": [*folder.glob("scenarios/**/*.toml"), *folder.glob("overlays/*")],
    }
    for kind, paths in files.items():
        validator = jsonschema.Draft202012Validator(schema(kind))
        validator.check_schema(schema(kind))
        for path in paths:
            validator.validate(tomllib.loads(path.read_text(encoding="utf-8")))


GROWTH = {"curve": "fading", "half_life": 4, "terminal_growth": "5 %"}
EVENT = {"year": 2026, "probability": 0.3, "effects": [{"kind": "pulse", "size": 0.1}]}


@pytest.mark.parametrize(
    ("table", "valid"),
    [
        ({"growth": GROWTH}, True),
        ({"growth": GROWTH | {"growth_shift": {"family": "normal", "low": -0.1, "high": 0.1}}}, True),
        ({"growth": GROWTH, "events": {"a": EVENT}}, True),
        ({"growth": GROWTH | {"half_life": {"low": 1, "base": 2}}}, False),
        ({"growth": GROWTH | {"growth_shift": {"family": "normal", "low": -0.1, "sd": 0.1}}}, False),
        ({"growth": GROWTH | {"x": 1}}, False),
        ({"growth": GROWTH, "events": {"a": EVENT | {"probability": 1.3}}}, False),
    ],
)
def test_schema_and_reader_agree(table, valid, tmp_path):
    document = {"schema": 1} | table
    assert jsonschema.Draft202012Validator(schema()).is_valid(document) == valid
    path = tmp_path / "a.toml"
    path.write_text("\n".join(_toml(document)), encoding="utf-8")
    if valid:
        read_scenario(path)
    else:
        with pytest.raises(Exception, match=r"a\.toml"):
            read_scenario(path)


def _toml(document: dict) -> list[str]:
    from forecast.scenario.resolved import written

    return [f"{key} = {written(value)}" for key, value in document.items()]


def test_only_scenarios_and_cases_have_a_schema():
    with pytest.raises(ArgumentError, match="did you mean 'scenario'"):
        schema("scenarios")


def test_reference_names_every_key():
    page = reference()
    assert all(line.endswith(" |") for line in page.splitlines() if line.startswith("| `"))
    for key in (
        "half_life",
        "growth_shift",
        "probability",
        "requires",
        "formula",
        "coverage",
        "reference_year",
        "phase_in",
        "track_record",
    ):
        assert f"`{key}`" in page
