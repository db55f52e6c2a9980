"""Run every notebook from top to bottom, and check that it is stored without outputs and matches its text twin.

Each notebook has a kernel of its own; as many run at once as there are processors.

Usage: python notebooks/execute.py [NOTEBOOK ...]
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
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
        notebook, timeout=170, kernel_name="python3", resources={"metadata": {"path": FOLDER}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]


def report(path: Path) -> tuple[bool, str]:
    """Check and run one notebook; say whether it has a problem, and what."""
    start = time.perf_counter()
    found = problems(path) or execute(path)
    return bool(found), f"{path.name}: {time.perf_counter() - start:.1f} s, {'; '.join(found) or 'fine'}"


def main(paths: list[Path]) -> int:
    """Check and run notebooks; return 1 if one has a problem."""
    start, failed = time.perf_counter(), False
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    with ProcessPoolExecutor(min(len(paths), os.cpu_count() or 1)) as pool:
        for wrong, said in pool.map(report, paths):
            failed |= wrong
            print(said, flush=True)
    print(f"{len(paths)} notebooks: {time.perf_counter() - start:.0f} s")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.ipynb"))))
