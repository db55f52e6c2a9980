"""Shared by all tests."""

import os
from pathlib import Path

import matplotlib
import pytest

matplotlib.use("Agg")

ROOT = Path(__file__).resolve().parents[1]


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
