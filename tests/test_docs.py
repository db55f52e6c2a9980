"""The documentation: every block of code runs and prints what it says, every page is in the menu, every link leads."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").rglob("*.md"))


def script(name: str) -> ModuleType:
    """A script of the documentation, as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", [p for p in PAGES if "```" in p.read_text(encoding="utf-8")], ids=lambda p: p.stem)
def test_a_page_runs_and_prints_what_it_says(page: Path) -> None:
    assert not script("pages").worked(page).wrong


def test_a_page_that_does_not_hold_is_told(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        '```csv title="a/b.csv"\nx\n1\n```\n'
        "```python\nfrom pathlib import Path\n\nprint(Path('a/b.csv').read_text().split()); y = 1\n"
        "```\n```text\n['x', '2']\n```\n"
        "```python\nprint(y)\n```\n```text\n1\n```\n"
        "```python\n1 / 0\n```\n```sh\nforecast check nowhere\nls\n```\n```rust\nlet it = be;\n```\n"
        "```console\nrm -rf /\n```\n",
        encoding="utf-8",
    )
    worked = script("pages").worked(page)
    told = "\n".join(worked.wrong)
    for part in (
        "page.md, line 10: prints\n['x', '1']",
        "ZeroDivisionError",
        "'forecast check nowhere' does not run",
        "'ls' does not run",
        "a block of 'rust' is not run",
    ):
        assert part in told
    assert len(worked.wrong) == 5
    assert "```text\n['x', '1']\n```" in worked.text


def test_every_page_is_in_the_menu_and_none_is_missing() -> None:
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("nav:")[2]
    named = set(re.findall(r"[\w/-]+\.md", menu))
    assert named == {str(page.relative_to(ROOT / "docs")) for page in PAGES}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda p: p.stem)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


def test_the_commands_of_the_readme_are_those_of_the_makefile_or_run() -> None:
    pages, targets = script("pages"), (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [line for _, _, body in re.findall(pages.BLOCK, readme) if _ == "" for line in body.splitlines()]
    for target in re.findall(r"^make (\w+)", "\n".join(lines), re.MULTILINE):
        assert re.search(rf"^{target}:", targets, re.MULTILINE)


def test_the_table_of_published_errors_names_every_series_and_its_source() -> None:
    from forecast.analyst_error import published_errors

    table = script("hooks").on_page_markdown("{{ published errors }}")
    for series, source in published_errors()[["series", "source"]].drop_duplicates().to_numpy():
        assert f"**{series}** ({source})" in table
    assert table.count("\n| ") == len(published_errors()) + published_errors()["series"].nunique()
    assert "nan" not in table
