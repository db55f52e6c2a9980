"""A browser without a screen, and the pages it opens."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import forecast
from forecast.report import write_run
from tests.report.hostile import hostile_case

NODE_MODULES = Path(sys.prefix) / "npm/node_modules"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAGES = ("hostile", "cell_gene_therapy", "taiwan_cell_therapy")


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Chromium; its tests are skipped where it or the library that drives it is absent."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make browser")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def reports(root: Path, written: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of the cases, one of them with hostile text."""
    folder = tmp_path_factory.mktemp("reports")
    hostile = write_run(forecast.run(hostile_case(root, folder)), folder / "hostile", report=True)
    return {name: (hostile if name == "hostile" else written(name)) / "report.html" for name in PAGES}


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Where the checkers from npm are."""
    if not NODE_MODULES.is_dir():
        pytest.skip("axe-core and vnu-jar are not installed: make browser, with npm on the path")
    return NODE_MODULES
