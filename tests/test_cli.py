"""The command line: what it writes, what it says, and how it ends."""

import csv
import hashlib
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import forecast
from forecast.cli import main, parser
from forecast.cli.arguments import EXIT_CODES
from forecast.cli.completion import commands_of
from forecast.cli.output import painted, progress

TABLES = {"audit", "consensus", "houses", "bands", "sensitivity", "sources", "assumptions"}
FIGURES = {"sources", "consensus", "houses", "projection", "sensitivity"}
Edit = Callable[[Path], object]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output folder of the worked case, from a process of its own in which every warning is an error."""
    folder = tmp_path_factory.mktemp("cli")
    command = [sys.executable, "-W", "error", "-m", "forecast.cli", "run", "regenerative_medicine", "--out", "out"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (0, "")
    (folder / "stdout").write_text(done.stdout)
    return folder / "out"


@pytest.fixture
def case(root: Path, tmp_path: Path) -> Path:
    """Copy of the worked case, to be spoilt."""
    return Path(shutil.copytree(root / "scenarios/regenerative_medicine", tmp_path / "case"))


def names(folder: Path) -> set[str]:
    """Files below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_run_writes_every_file(out: Path) -> None:
    figures = {f"figures/{name}.{kind}" for name in FIGURES for kind in ("png", "svg")}
    assert names(out) == {f"{name}.csv" for name in TABLES} | figures | {"summary.md", "manifest.json"}


def test_a_run_prints_a_short_table_as_the_readme_shows_it(out: Path, root: Path) -> None:
    printed = (out.parent / "stdout").read_text()
    assert f"```text\n{printed}```\n" in (root / "README.md").read_text()
    assert printed.startswith("Regenerative medicine, world, USD bn, median (80 % band)\n  consensus 2023  ")
    assert re.search(r"\n  base 2030 +\d+ \(\d+ to \d+\)\n", printed)
    assert printed.endswith("Written to out; read out/summary.md first.\n")
    assert "\033" not in printed


def test_every_table_has_its_unit_and_no_gap(out: Path) -> None:
    tables = {name: pd.read_csv(out / f"{name}.csv") for name in TABLES}
    assert all(len(table) for table in tables.values())
    for name in ("consensus", "bands", "sources"):
        assert set(tables[name]["unit"]) == {"USD bn"}
        assert tables[name]["value"].notna().all()
    assert set(tables["bands"]["scenario"]) == {"cautious", "base", "ambitious"}
    assert tables["bands"]["year"].agg(["min", "max"]).tolist() == [2023, 2035]


def test_the_manifest_names_inputs_versions_and_outputs(out: Path, root: Path) -> None:
    manifest = json.loads((out / "manifest.json").read_text())
    case = root / "scenarios/regenerative_medicine"
    assert manifest["files"].keys() == names(out) - {"manifest.json"}
    for listed, folder in ((manifest["inputs"], case), (manifest["files"], out)):
        assert listed == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in listed}
    assert {"case.toml", "estimates.csv", "scopes.toml", "scenarios/base.toml"} <= manifest["inputs"].keys()
    assert manifest["version"] == forecast.__version__
    assert manifest["versions"]["pandas"] == pd.__version__
    assert "date" not in manifest


def test_the_memo_is_a_page_that_says_what_matters(out: Path) -> None:
    memo = (out / "summary.md").read_text()
    titles = re.findall(r"^## (.*)", memo, re.MULTILINE)
    assert titles == [
        "What the sources say",
        "Where they clash",
        "The consensus",
        "Where it goes from here",
        "What drives it",
        "What is assumption",
    ]
    for publisher in ("GlobalData", "MarketsandMarkets", "Research and Markets", "ITIS/DCB"):
        assert publisher in memo
    assert "more than USD 50 billion in 2030; more than 43 % a year" in memo
    assert "80 % band" in memo
    assert len(memo.split()) < 1150
    assert not re.search(r"\bnan\b|None|\{|\}", memo)


def test_the_same_run_gives_the_same_bytes_and_can_be_quiet(
    out: Path, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again, case = tmp_path / "again", str(root / "scenarios/regenerative_medicine")
    assert main(["run", case, "--out", str(again), "--language", "en", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert {name: (again / name).read_bytes() for name in names(again)} == {
        name: (out / name).read_bytes() for name in names(out)
    }


def test_an_interrupted_run_leaves_the_former_one(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    folder = shutil.copytree(out, tmp_path / "out")
    monkeypatch.setattr("forecast.report.write.draw_ranking", interrupt)
    assert main(["run", "regenerative_medicine", "--out", str(folder), "--scenario", "base"]) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert {name: (folder / name).read_bytes() for name in names(folder)} == {
        name: (out / name).read_bytes() for name in names(out)
    }
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def replaced(name: str, old: str, new: str) -> Edit:
    """Edit that replaces text of a file once."""

    def edit(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return edit


def cell(column: str, text: str, row: str = "MM-2024") -> Edit:
    """Edit that puts a text into a cell of the estimates."""

    def edit(folder: Path) -> None:
        table = pd.read_csv(folder / "estimates.csv", dtype=str, keep_default_na=False)
        table.loc[table["id"] == row, column] = text
        table.to_csv(folder / "estimates.csv", index=False)

    return edit


def only_header(folder: Path) -> None:
    """Edit that leaves the header of the estimates."""
    text = (folder / "estimates.csv").read_text()
    (folder / "estimates.csv").write_text(text.splitlines()[0] + "\n")


BAD_INPUT: dict[str, tuple[Edit, str]] = {
    "missing file": (
        lambda f: (f / "estimates.csv").unlink(),
        "case.toml, estimates: found 'estimates.csv', which is no file of the case",
    ),
    "missing scenario": (lambda f: (f / "scenarios/base.toml").unlink(), "scenarios/base.toml: found no such file"),
    "empty file": (lambda f: (f / "estimates.csv").write_text(""), "estimates.csv: found an empty file"),
    "empty table": (only_header, "estimates.csv: found no row of data"),
    "unknown column": (replaced("estimates.csv", "publisher", "publsher"), "did you mean 'publisher'?"),
    "unknown key": (replaced("case.toml", "reference_year", "referense_year"), "did you mean 'reference_year'?"),
    "unknown driver": (replaced("scenarios/base.toml", "half_life", "half_lief"), "did you mean 'half_life'?"),
    "no number": (cell("base_value", "sixteen"), "row 3 (MM-2024), base_value: found 'sixteen'"),
    "negative value": (
        cell("base_value", "-16"),
        "row 3 (MM-2024), base_value: found '-16'; allowed: a number above 0",
    ),
    "target before base": (cell("target_year", "2020"), "target_year: found 2020 with base_year 2023"),
    "impossible growth": (cell("cagr", "-101"), "cagr: found '-101'; allowed: a growth above -100 %"),
    "unknown currency": (cell("currency", "USX"), "currency: found 'USX'; allowed: an ISO 4217 code"),
    "unknown scope": (cell("scope", "regenerative medecine"), "did you mean 'regenerative medicine'?"),
    "two footings": (cell("currency", "EUR"), "currency: found 'EUR'; allowed: 'USD', the footing of the case"),
    "circle": (replaced("scenarios/base.toml", "schema = 1", 'schema = 1\nextends = "base.toml"'), "no circle"),
    "end before start": (
        replaced("case.toml", "end = 2035", "end = 2020"),
        "end: found 2020; allowed: a year not before the reference_year 2023",
    ),
    "broken file": (lambda f: (f / "case.toml").write_text("schema = = 1"), "case.toml: found Invalid value"),
    "no case": (lambda f: (f / "case.toml").unlink(), "found no case.toml"),
}


@pytest.mark.parametrize(("edit", "message"), BAD_INPUT.values(), ids=BAD_INPUT)
def test_bad_input_gives_one_message_and_writes_nothing(
    case: Path, edit: Edit, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(case)
    assert main(["run", str(case), "--out", str(case.parent / "out")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert message in said.err
    assert "Traceback" not in said.err
    assert [path.name for path in case.parent.iterdir()] == ["case"]


def test_all_problems_of_a_case_are_told_at_once(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("no number", "unknown driver", "impossible growth"):
        BAD_INPUT[name][0](case)
    assert main(["check", str(case)]) == 2
    said = capsys.readouterr().err
    assert all(BAD_INPUT[name][1] in said for name in ("no number", "unknown driver", "impossible growth"))
    assert len(set(said.splitlines())) == len(said.splitlines())


def test_every_case_is_checked(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (case / "estimates.csv").unlink()
    assert main(["check", str(case), "regenerative_medicine"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"error: {case}: ")
    assert said.out.startswith("regenerative_medicine: 7 estimates, scenarios cautious, base, ambitious, stories ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "forecast: the following arguments are required: COMMAND\nTry: forecast --help\n"),
        (["rnu"], "invalid choice: 'rnu'"),
        (["run", "regenerative_medicine"], "forecast run: the following arguments are required: --out"),
        (["run", "regenerative_medicin", "--out", "out"], "did you mean 'regenerative_medicine'?"),
        (
            ["run", "regenerative_medicine", "--out", "out", "--scenario", "basis"],
            "found 'basis'; did you mean 'base'?",
        ),
        (
            ["run", "regenerative_medicine", "--out", "out", "--language", "de"],
            "language: found 'de'; allowed: en, zh-Hant",
        ),
        (
            ["run", "regenerative_medicine", "--out", "."],
            ".: is the current folder or holds it; name a folder inside it",
        ),
        (["run", "regenerative_medicine", "--out", "taken"], "taken: is not empty and was not written by this program"),
        (["audit", "nowhere.csv"], "nowhere.csv: found no such file"),
        (["show", "nowhere.toml"], "nowhere.toml: found no such file"),
        (["diff", "a.toml", "b.toml"], "a.toml: found no such file"),
        (["new", "mine", "--from", "regenerative"], "did you mean 'regenerative_medicine'?"),
        (["schema", "scenaro"], "invalid choice: 'scenaro'"),
    ],
)
def test_bad_arguments_give_one_message(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/thesis.docx").write_text("years of work")
    try:
        code = main(arguments)
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert message in said.err
    assert names(tmp_path) == {"taken/thesis.docx"}


def test_a_scenario_and_a_story_are_chosen_by_name_and_printed_for_a_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--scenario", "base", "--scenario", "off_the_shelf", "--format", "json"]
    assert main(["run", "regenerative_medicine", "--out", str(tmp_path / "out"), *chosen]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["scenario"] for row in rows} == {"base", "off_the_shelf"}
    with (tmp_path / "out/bands.csv").open() as file:
        assert {row["scenario"] for row in csv.DictReader(file)} == {"base", "off_the_shelf"}
    assert {row["year"] for row in rows} == {2025, 2030, 2035}
    assert all(row["low"] < row["median"] < row["high"] for row in rows)
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert "scenarios/stories/five_trends.toml" in manifest["inputs"]


def test_a_tree_is_held_against_printed_numbers(written: Callable[[str], Path]) -> None:
    folder = written("taiwan_cell_therapy")
    tables = {path.stem: pd.read_csv(path) for path in folder.glob("*.csv")}
    assert set(tables) == {"audit", "assumptions", "bands", "checks", "parts", "sensitivity", "top_down_bottom_up"}
    assert set(tables["checks"]["verdict"]) == {"as printed", "within rounding"}
    assert tables["assumptions"]["rank"].notna().any()
    memo = (folder / "summary.md").read_text()
    titles = re.findall(r"^## (.*)", memo, re.MULTILINE)
    assert titles == [
        *("Where the counts clash", "Where it goes from here", "What drives it", "What was checked"),
        *("From the other side", "What is assumption"),
    ]
    assert not re.search(r"\bnan\b|None|\{|\}", memo)


@pytest.mark.parametrize("command", list(commands_of(parser())))
def test_every_command_has_help_with_examples_and_stands_in_the_documentation(
    command: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    assert "\nexamples:\n  " in said
    assert f"forecast {command}" in said.split("examples:")[1]
    page = (root / "docs/command-line.md").read_text()
    assert f"| `forecast {command}" in page
    options = {option for action in commands_of(parser())[command]._actions for option in action.option_strings}
    assert all(f"`{option}`" in page or option in page for option in options - {"-h"})


def test_what_the_documentation_shows_can_be_parsed(root: Path) -> None:
    page = (root / "docs/command-line.md").read_text()
    lines = re.findall(r"^forecast .*", page.split("```console")[1].split("```")[0], re.MULTILINE)
    assert len(lines) > 15
    for line in lines:
        parser().parse_args(shlex.split(line)[1:])
    for code, text in EXIT_CODES.items():
        assert f"| {code} | {text} |" in page


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["forecast", "sc"], {"schema"}),
        (["forecast", "run", "--sc"], {"--scenario"}),
        (["forecast", "audit", "x", "--format", "js"], {"json"}),
        (["forecast", "schema", "esti"], {"estimates"}),
        (["forecast", "completion", "f"], {"fish"}),
    ],
)
def test_bash_completes(words: list[str], wanted: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    (tmp_path / "script").write_text(capsys.readouterr().out)
    typed = f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}"
    ask = f'. ./script; {typed}; _forecast; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) - {"script"} == wanted


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_know_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    said = capsys.readouterr().out
    assert all(re.search(rf"\b{command}\b", said) for command in commands_of(parser()))
    assert "scenario" in said


def test_a_case_a_file_and_a_stream_can_be_audited(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = root / "scenarios/regenerative_medicine/estimates.csv"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    assert main(["audit", "-", "--format", "json"]) == 1
    streamed = json.loads(capsys.readouterr().out)
    assert main(["audit", str(file), "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out) == streamed
    assert main(["audit", "taiwan_cell_therapy", "--format", "json"]) == 1
    assert {"mixed_definition", "sum_of_parts"} <= {row["check"] for row in json.loads(capsys.readouterr().out)}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"id,publsher\n1,x\n")))
    assert main(["audit", "-"]) == 2
    assert "stdin.csv, column 'publsher': " in capsys.readouterr().err


def test_a_template_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["template", "-"]) == 0
    assert capsys.readouterr().out.startswith("id,publisher,")


def test_problems_are_rows_for_a_program(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(case), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    BAD_INPUT["no number"][0](case)
    BAD_INPUT["unknown driver"][0](case)
    assert main(["check", str(case), "--format", "json"]) == 2
    said = capsys.readouterr()
    assert said.err == ""
    rows = json.loads(said.out)
    assert any(row["found"] == "'sixteen'" and row["allowed"].startswith("printed digits such as 16") for row in rows)
    assert {row["case"] for row in rows} == {str(case)}


def test_a_full_disk_and_a_fault_give_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if Path("/dev/full").exists():
        done = subprocess.run(
            f"{sys.executable} -m forecast.cli list > /dev/full", shell=True, capture_output=True, text=True
        )
        assert done.returncode == 2
        assert done.stderr == "error: the output cannot be written: no space left on device\n"

    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("forecast.scenario.case_list", broken)
    monkeypatch.delenv("FORECAST_TRACEBACK", raising=False)
    assert main(["list"]) == 70
    said = capsys.readouterr().err
    assert said.startswith("error: this is a fault of the program, not of your input: ZeroDivisionError")
    assert "Traceback" not in said


def test_bundled_cases_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert "regenerative_medicine  Regenerative medicine, world" in capsys.readouterr().out.splitlines()


def test_an_audit_ends_with_1_when_a_finding_is_high(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = root / "scenarios/regenerative_medicine"
    arguments = ["audit", str(folder / "estimates.csv"), "--scopes", str(folder / "scopes.toml"), "--format"]
    printed = {}
    for form in ("table", "csv", "json"):
        assert main([*arguments, form]) == 1
        printed[form] = capsys.readouterr().out
    records = json.loads(printed["json"])
    assert [row["check"] for row in csv.DictReader(printed["csv"].splitlines())] == [row["check"] for row in records]
    assert f"{len(records)} findings: " in printed["table"]
    assert "high    " in printed["table"]


def test_an_audit_ends_with_0_when_all_is_well(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.read_csv(case / "estimates.csv", dtype=str, keep_default_na=False)
    table[table["id"] == "MM-2024"].to_csv(case / "one.csv", index=False)
    assert main(["audit", str(case / "one.csv"), "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("id,other_id,check,severity,")


def test_a_new_case_is_checked_shown_and_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "mine"]) == 0
    assert "forecast check mine" in capsys.readouterr().out
    assert main(["check", "mine"]) == 0
    base, cautious = ("mine/scenarios/base.toml", "mine/scenarios/cautious.toml")
    capsys.readouterr()
    assert main(["show", cautious]) == 0
    assert re.search(r'^  curve +"fading"  \[scenarios/base.toml\]$', capsys.readouterr().out, re.MULTILINE)
    assert main(["diff", base, cautious, "--format", "json"]) == 0
    rows = {row["key"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["probability"]["a"], rows["probability"]["b"]) == ("0.5", "0.25")
    assert main(["diff", base, base]) == 0
    assert capsys.readouterr().out == "no difference\n"
    assert main(["new", "mine"]) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["scenario", "case", "estimates"])
def test_a_schema_is_printed(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", kind]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_a_template_can_be_audited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "estimates.xlsx")
    assert main(["template", path]) == 0
    assert main(["audit", path]) == 0
    assert capsys.readouterr().out.startswith(f"Written to {path}\n")
    assert main(["template", path]) == 2
    assert "exists already; name a new file" in capsys.readouterr().err


def test_help_has_examples_that_exist_and_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["run", "--help"], ["--version"]):
        with pytest.raises(SystemExit, match="0"):
            main(arguments)
    told = capsys.readouterr().out
    assert "forecast run regenerative_medicine --out out" in told
    assert f"forecast {forecast.__version__}\n" in told


def test_a_reader_that_goes_away_is_no_error(root: Path) -> None:
    file = root / "scenarios/regenerative_medicine/estimates.csv"
    command = f"{sys.executable} -m forecast.cli audit {file} --format json | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stderr == ""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert painted("high", "31", Terminal()) == "\033[31mhigh\033[0m"
    assert painted("high", "31", io.StringIO()) == "high"
    monkeypatch.setenv("NO_COLOR", "1")
    assert painted("high", "31", Terminal()) == "high"


@pytest.mark.parametrize(
    ("stream", "shown", "expected"),
    [(Terminal(), True, "\r\033[Kreading\r\033[K"), (Terminal(), False, ""), (io.StringIO(), True, "")],
)
def test_progress_shows_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, shown: bool, expected: str
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress(shown=shown) as show:
        show("reading")
    assert stream.getvalue() == expected


def test_the_command_is_installed_under_its_name(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"forecast": "forecast.cli:console"}
    done = subprocess.run([Path(sys.executable).with_name("forecast"), "--version"], capture_output=True, text=True)
    assert done.stdout == f"forecast {forecast.__version__}\n"


def test_sensitivity_is_one_table_with_a_column_for_the_method(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        "sensitivity",
        "regenerative_medicine",
        "--of",
        "value:2030",
        "--method",
        "tornado,sobol",
        "--format",
        "csv",
    ]
    assert main(asked) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert set(table["method"]) == {"tornado", "sobol"}
    assert table.loc[0, "input"] == "market in 2023"


@pytest.mark.parametrize(
    ("of", "method", "said"),
    [
        ("valu:2030", "tornado", "did you mean 'value'"),
        ("value:2050", "tornado", "allowed: a year from 2023 to 2035"),
        ("value:2030", "tornaod", "did you mean 'tornado'"),
    ],
)
def test_an_unknown_quantity_method_or_year_is_named(
    of: str, method: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sensitivity", "regenerative_medicine", "--of", of, "--method", method]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_a_stream_that_is_closed_from_the_start_is_no_fault(closed: str) -> None:
    command = f"exec {shlex.quote(sys.executable)} -m forecast.cli list {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_new_case_names_a_command_that_can_be_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "a b é"]) == 0
    assert capsys.readouterr().out.endswith("forecast check 'a b é'\n")
