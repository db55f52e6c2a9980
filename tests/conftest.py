"""Shared by all tests."""

import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import matplotlib
import pytest

import forecast
from forecast.cli import main

matplotlib.use("Agg")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _figures_are_closed() -> Iterator[None]:
    """Close what a test has drawn: pyplot keeps figures until told."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session")
def root() -> Path:
    """Top folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def run_of() -> Callable[[str], "forecast.pipeline.Run"]:
    """Work a bundled case through, once for all tests of a process."""
    return cache(forecast.run)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Fill a folder with all that the command line writes of a bundled case, once for all tests and processes."""
    import fcntl

    own = tmp_path_factory.getbasetemp()
    common = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def fill(case: str) -> Path:
        folder = common / "written" / case
        with (common / f"{case}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                assert main(["run", case, "--out", str(folder), "--report", "--quiet"]) == 0
        return folder

    return fill


@pytest.fixture(scope="session")
def shared(root: Path) -> Path:
    """Reference material that may not be copied here; a test that needs it is skipped where it is absent."""
    folder = Path(os.environ.get("FORECAST_SHARED", root.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("reference material is not on this machine")
    return folder
