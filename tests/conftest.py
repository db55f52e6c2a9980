"""Shared by all tests."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import pytest

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
def shared(root: Path) -> Path:
    """Reference material that may not be copied here; a test that needs it is skipped where it is absent."""
    folder = Path(os.environ.get("FORECAST_SHARED", root.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("reference material is not on this machine")
    return folder
