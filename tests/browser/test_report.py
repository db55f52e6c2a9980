"""The report in a browser: quiet, alone, within its width, sortable, legible, and whole without a script."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PAGES

pytestmark = pytest.mark.browser

Opener = Callable[..., AbstractContextManager[Any]]
GRAVE = {"serious", "critical"}


@pytest.fixture
def opened(browser: Any, reports: dict[str, Path]) -> Opener:
    """Open a page; fails when the page says anything on the console or asks for anything but itself."""

    @contextmanager
    def open_page(name: str, *, width: int = 1440, **settings: Any) -> Iterator[Any]:
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        page, heard, asked = context.new_page(), [], []
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(reports[name].as_uri())
        yield page
        context.close()
        assert heard == []
        assert asked == [reports[name].as_uri()]

    return open_page


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_is_wider_than_the_window(opened: Opener, name: str, width: int) -> None:
    with opened(name, width=width) as page:
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def _column(page: Any, table: str, place: int) -> list[str]:
    cells: list[str] = page.eval_on_selector_all(
        f"#{table}-table tbody tr",
        f"(rows) => rows.map((row) => row.cells[{place}].dataset.sort ?? row.cells[{place}].textContent)",
    )
    return cells


def test_a_click_sorts_and_another_turns_round(opened: Opener) -> None:
    with opened("cell_gene_therapy") as page:
        button, heading = (page.locator(f"#sources-table thead th:nth-child(4){part}") for part in (" button", ""))
        button.click()
        amounts = [float(value) for value in _column(page, "sources", 3) if value]
        assert heading.get_attribute("aria-sort") == "ascending"
        assert amounts == sorted(amounts)
        button.click()
        assert [float(value) for value in _column(page, "sources", 3) if value] == amounts[::-1]
        assert heading.get_attribute("aria-sort") == "descending"
        assert page.locator("#sources-table [aria-sort]").count() == 1


def test_empty_cells_stay_last_and_words_sort_by_alphabet(opened: Opener) -> None:
    with opened("hostile") as page:
        base = page.locator("#sources-table thead th:nth-child(4) button")
        for _ in range(2):
            base.click()
            assert _column(page, "sources", 3)[-1] == ""
        page.locator("#houses-table thead th:nth-child(1) button").focus()
        page.keyboard.press("Enter")
        assert _column(page, "houses", 0)[-1] == "Research and Markets"


@pytest.mark.parametrize(("system", "other"), [("light", "dark"), ("dark", "light")])
def test_the_switch_changes_light_and_dark(opened: Opener, system: Any, other: str) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    with opened("hostile", color_scheme=system) as page:
        before, button = page.evaluate(colour), page.get_by_role("button", name="Dark")
        assert button.get_attribute("aria-pressed") == str(system == "dark").lower()
        button.click()
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == other
        assert page.evaluate(colour) != before
        button.click()
        assert page.evaluate(colour) == before


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened: Opener, node_modules: Path, name: str, scheme: Any) -> None:
    with opened(name, color_scheme=scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        page.evaluate((node_modules / "axe-core/axe.min.js").read_text(encoding="utf-8"))
        found = page.evaluate("axe.run()")["violations"]
        told = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
        assert [one for one, rule in zip(told, found, strict=True) if rule["impact"] in GRAVE] == []


@pytest.mark.parametrize("name", PAGES)
def test_without_scripts_everything_is_there(opened: Opener, name: str) -> None:
    with opened(name, java_script_enabled=False) as page:
        for section in page.locator("main section").all():
            assert section.is_visible()
        assert page.locator("button:visible").count() == 0
        assert page.locator("thead th:visible").count() > 5
        page.locator("summary").first.click()
        assert page.locator("details p").first.is_visible()


def test_a_number_leads_to_its_row(opened: Opener) -> None:
    with opened("hostile") as page:
        page.locator("#sources-table td a").first.click()
        reached = page.locator("article:target")
        assert "GD-2026" in reached.inner_text()
        assert "預計自2023年至2030年間" in reached.inner_text()


def test_the_keyboard_finds_the_way_past_the_contents(opened: Opener) -> None:
    with opened("hostile") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "To the answer"
        assert page.locator(".skip").bounding_box()["y"] >= 0


def test_paper_shows_all_and_no_switch(opened: Opener, tmp_path: Path) -> None:
    with opened("hostile", color_scheme="dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert not page.locator("nav").is_visible()
        assert not page.locator("#theme").is_visible()
        page.pdf(path=tmp_path / "report.pdf", format="A4")
        assert page.locator("section > details[open]").count() == 0
    assert (tmp_path / "report.pdf").stat().st_size > 50_000


def test_the_markup_is_valid(reports: dict[str, Path], node_modules: Path) -> None:
    java = shutil.which("java")
    if java is None:
        pytest.skip("no java on this machine")
    checker = str(node_modules / "vnu-jar/build/dist/vnu.jar")
    pages = [str(path) for path in reports.values()]
    done = subprocess.run([java, "-jar", checker, "--errors-only", *pages], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
