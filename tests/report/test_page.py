"""The page of a run: whole, alone, traceable, and deaf to what its sources print."""

import base64
import hashlib
import html
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

import forecast
from forecast.cli import main
from forecast.errors import MissingDependencyError
from forecast.report import check_report_libraries, documents, write_run
from forecast.report.page import page
from forecast.report.page.pictures import picture
from forecast.report.page.render import linker, said
from forecast.sensitivity import Value, tornado
from tests.report.hostile import FORMULA, LONG, SCRIPT, SOURCE, hostile_case

MOST_BYTES = 3_000_000
VOID = {"meta", "br", "img", "link", "input", "hr"}


@dataclass
class Element:
    """An element with its text."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    within: list["Element"] = field(default_factory=list)


class Tree(HTMLParser):
    """All elements of a page, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)
        assert not self._open, "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = Element(tag, {key: value or "" for key, value in attrs}, within=list(self._open))
        self.elements.append(found)
        if tag not in VOID:
            self._open.append(found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {key: value or "" for key, value in attrs}, within=list(self._open)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for found in self._open:
            found.text += data

    def all(self, tag: str) -> list[Element]:
        """Elements of one kind."""
        return [found for found in self.elements if found.tag == tag]


@pytest.fixture(scope="module")
def run(root: Path, tmp_path_factory: pytest.TempPathFactory) -> forecast.pipeline.Run:
    """Worked case in which one row is hostile."""
    return forecast.run(hostile_case(root, tmp_path_factory.mktemp("hostile")))


@pytest.fixture(scope="module")
def folder(run: forecast.pipeline.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that is written of it."""
    return write_run(run, tmp_path_factory.mktemp("page") / "out", report=True)


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    """Its page."""
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tree(text: str) -> Tree:
    """The elements of its page."""
    return Tree(text)


@pytest.fixture(scope="module")
def bottom_up(written: Callable[[str], Path]) -> Tree:
    """Page of a run without a consensus."""
    return Tree((written("taiwan_cell_therapy") / "report.html").read_text(encoding="utf-8"))


def test_page_and_workbook_stand_in_the_folder(folder: Path) -> None:
    assert {"report.html", "workbook.xlsx", "manifest.json"} <= {path.name for path in folder.iterdir()}
    assert '"report.html"' in (folder / "manifest.json").read_text()


def test_the_page_stands_alone(text: str, tree: Tree) -> None:
    assert len(text.encode()) < MOST_BYTES
    assert not {found.tag for found in tree.elements} & {"link", "img", "iframe", "object", "embed", "form"}
    assert not [found for found in tree.elements if {"src", "srcset", "xlink:href"} & set(found.attributes)]
    assert "@import" not in text
    assert set(re.findall(r"url\((.)", text)) <= {"#"}
    outward = {found.tag for found in tree.elements if found.attributes.get("href", "#")[0] != "#"}
    assert outward == {"a"}


def test_only_its_own_script_may_run(text: str, tree: Tree) -> None:
    [script] = tree.all("script")
    policy = tree.all("meta")[1].attributes["content"]
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert not [key for found in tree.elements for key in found.attributes if key.startswith("on")]


@pytest.mark.parametrize("name", ["tree", "bottom_up"])
def test_links_lead_somewhere_and_ids_are_unique(name: str, request: pytest.FixtureRequest) -> None:
    found: Tree = request.getfixturevalue(name)
    ids = Counter(one.attributes["id"] for one in found.elements if "id" in one.attributes)
    assert [one for one, count in ids.items() if count > 1] == []
    named = [one.attributes["href"] for one in found.elements if one.attributes.get("href", "").startswith("#")]
    named += ["#" + one.attributes["aria-labelledby"] for one in found.elements if "aria-labelledby" in one.attributes]
    named += [f"#{key}" for one in found.elements for key in re.findall(r"url\(#([^)]+)\)", str(one.attributes))]
    assert {link for link in named if link[1:] not in ids} == set()


@pytest.mark.parametrize("name", ["tree", "bottom_up"])
def test_headings_are_in_order(name: str, request: pytest.FixtureRequest) -> None:
    found: Tree = request.getfixturevalue(name)
    levels = [int(one.tag[1]) for one in found.elements if re.fullmatch("h[1-6]", one.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert found.all("html")[0].attributes["lang"] == "en"


@pytest.mark.parametrize("name", ["tree", "bottom_up"])
def test_the_list_of_contents_names_every_section(name: str, request: pytest.FixtureRequest) -> None:
    found: Tree = request.getfixturevalue(name)
    listed = [one.attributes["href"][1:] for one in found.all("a") if any(up.tag == "nav" for up in one.within)]
    assert listed == [one.attributes["id"] for one in found.all("section")]


def test_every_printed_number_leads_to_its_row(run: forecast.pipeline.Run, tree: Tree) -> None:
    rows = {one.attributes["id"]: one.text for one in tree.all("article")}
    links = [one for one in tree.all("a") if any(up.attributes.get("id") == "sources-table" for up in one.within)]
    reached = {one.attributes["href"][1:] for one in links}
    pooled = {source.id for source in run.consensus.pool.sources}
    for place, row in enumerate(run.case.estimates.to_dict("records"), start=1):
        article = rows[f"source-{place}"]
        words = " ".join(article.split())
        assert row["id"] in words
        assert " ".join(row["gloss"].split()) in words
        assert " ".join(row["quote"].split()) in words
        printed = [row[key] for key in ("base_value", "target_value", "cagr", "multiple") if row[key]]
        assert all(number in article for number in printed)
        if row["id"] in pooled:
            assert f"source-{place}" in reached
            here = " ".join(
                one.text.replace("\N{NO-BREAK SPACE}", " ")
                for one in links
                if one.attributes["href"] == f"#source-{place}"
            )
            assert all(number in here for number in printed)


def test_hostile_text_stays_text(text: str, tree: Tree) -> None:
    assert text.count("<script") == 1
    assert html.escape(SCRIPT) in text
    assert FORMULA in tree.all("main")[0].text
    assert LONG in tree.all("blockquote")[1].text
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)
    assert SOURCE in tree.all("main")[0].text
    assert not [one for one in tree.all("a") if '"' in one.attributes["href"]]


def test_signs_that_turn_the_reading_order_are_written_out() -> None:
    assert "[RIGHT-TO-LEFT OVERRIDE]gnp.exe" in said("\u202egnp.exe")


def test_an_id_links_even_where_it_reads_like_markup() -> None:
    linked = linker({"span": "#source-1", "S1-08": "#fact-1"})("span 約 S1-08")
    assert linked == (
        '<bdi><a href="#source-1">span</a> <span lang="zh-Hant">約</span> <a href="#fact-1">S1-08</a></bdi>'
    )


def test_what_an_assumption_names_leads_to_the_sentence(bottom_up: Tree) -> None:
    rows = {one.attributes["id"]: one.text for one in bottom_up.all("tr") if "id" in one.attributes}
    named = [one for one in bottom_up.all("a") if any(up.attributes.get("id") == "assumptions" for up in one.within)]
    assert len(named) > 20
    assert all(one.text in rows[one.attributes["href"][1:]] for one in named)


def test_chinese_is_marked_as_chinese(tree: Tree) -> None:
    quotes = tree.all("blockquote")
    marked = [one.text for one in tree.all("span") if one.attributes.get("lang") == "zh-Hant"]
    assert "年均複合成長率" in quotes[0].text
    assert any("年均複合成長率" in one for one in marked)


def test_what_is_not_pooled_is_listed_with_its_reason(run: forecast.pipeline.Run, tree: Tree) -> None:
    [section] = [one for one in tree.all("section") if one.attributes["id"] == "excluded"]
    assert run.consensus.left_out
    assert all(row.reason in section.text for row in run.consensus.left_out)


def test_inputs_stand_with_their_hashes(run: forecast.pipeline.Run, tree: Tree) -> None:
    [section] = [one for one in tree.all("section") if one.attributes["id"] == "provenance"]
    for path in run.case.files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() in section.text


def test_the_same_run_gives_the_same_page(run: forecast.pipeline.Run, folder: Path, text: str) -> None:
    assert page(run, tornado(run, Value(2030), scenario="base"), folder / "figures") == text


def test_without_a_consensus_the_page_says_why(bottom_up: Tree) -> None:
    answer, *_ = bottom_up.all("section")
    assert "There is no consensus: projections start in 2025" in answer.text
    assert "sources" not in {one.attributes["id"] for one in bottom_up.all("section")}


def test_a_scenario_that_ends_early_leaves_its_cells_empty(root: Path, tmp_path: Path) -> None:
    case = hostile_case(root, tmp_path)
    cautious = case / "scenarios/cautious.toml"
    cautious.write_text(cautious.read_text().replace("schema = 1", "schema = 1\nend = 2030", 1))
    run = forecast.run(case)
    found = Tree(page(run, tornado(run, Value(2030), scenario="base", inputs=["driver"]), tmp_path))
    cells = [one for one in found.all("td") if any(up.attributes.get("id") == "projection-table" for up in one.within)]
    assert [one.text for one in cells if one.attributes["data-sort"] == ""] == [""]


def test_pictures_have_no_id_in_common(folder: Path) -> None:
    found = [picture(path) for path in sorted((folder / "figures").glob("*.svg"))]
    ids = Counter(key for one in found for key in re.findall(r'\bid="([^"]+)"', one.svg))
    assert len(found) >= 5
    assert max(ids.values()) == 1
    assert not [one.name for one in found if "<style" in one.svg or "metadata" in one.svg or not one.text]


def test_a_missing_library_is_named_before_anything_is_written(
    run: forecast.pipeline.Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(documents, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError) as error:
        write_run(run, tmp_path / "out", report=True)
    assert str(error.value) == (
        "The report needs Jinja2 and XlsxWriter; install with: pip install 'market-forecast[report]'"
    )
    assert main(["run", "regenerative_medicine", "--out", str(tmp_path / "out"), "--report"]) == 2
    said = capsys.readouterr()
    assert said.err == f"error: {error.value}\n"
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    check_report_libraries()
