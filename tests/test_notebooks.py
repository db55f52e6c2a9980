"""Notebooks as they are stored: without outputs, like their text twins, and a story with text. CI runs them."""

import importlib.util
import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
assert spec is not None
assert spec.loader is not None
execute = importlib.util.module_from_spec(spec)
spec.loader.exec_module(execute)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_stored_bare_and_matches_its_twin(path: Path) -> None:
    assert execute.problems(path) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_a_story_with_text(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    texts = [cell for cell in cells if cell.cell_type == "markdown"]
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert len(texts) >= 0.4 * (len(cells) - len(texts))
    compile(
        "\n".join(re.sub(r"^%.*$", "", c.source, flags=re.M) for c in cells if c.cell_type == "code"), path.name, "exec"
    )


def test_they_are_numbered_without_a_gap_and_each_has_a_twin() -> None:
    assert [int(path.name[:2]) for path in NOTEBOOKS] == list(range(1, len(NOTEBOOKS) + 1))
    assert {path.with_suffix(".py").name for path in NOTEBOOKS} == {p.name for p in FOLDER.glob("[0-9]*.py")}


def test_what_is_wrong_with_a_notebook_is_told(tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell("1", execution_count=1)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    (tmp_path / "a.py").write_text("# %%\n2\n", encoding="utf-8")
    assert execute.problems(tmp_path / "a.ipynb") == [
        "holds outputs: run nbstripout",
        "differs from a.py: run jupytext --sync",
    ]
