"""Run every notebook from top to bottom, and check that it is stored without outputs and matches its text twin.

Usage: python notebooks/execute.py [NOTEBOOK ...]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import jupytext
import nbclient
import nbformat

FOLDER = Path(__file__).resolve().parent


def problems(path: Path) -> list[str]:
    """Return what is wrong with a notebook as it is stored."""
    notebook, twin = nbformat.read(path, as_version=4), path.with_suffix(".py")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = ["holds outputs: run nbstripout"] if any(c.outputs or c.execution_count for c in code) else []
    if sources(notebook) != sources(jupytext.read(twin)):
        found.append(f"differs from {twin.name}: run jupytext --sync")
    return found


def sources(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """Return the kind and the text of each cell."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def execute(path: Path) -> list[str]:
    """Run a notebook in its folder; return what its cells wrote to stderr, warnings above all."""
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": FOLDER}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]


def main(paths: list[Path]) -> int:
    """Check and run notebooks; return 1 if one has a problem."""
    failed = False
    for path in paths:
        start = time.perf_counter()
        found = problems(path) or execute(path)
        failed |= bool(found)
        print(f"{path.name}: {time.perf_counter() - start:.1f} s, {'; '.join(found) or 'fine'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.ipynb"))))
