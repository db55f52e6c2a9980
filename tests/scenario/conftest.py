"""Files of the format, written on the spot."""

from collections.abc import Callable
from pathlib import Path

import pytest

BASE = """
schema = 1

[growth]
curve = "fading"
half_life = {low = 2, base = 4, high = 8, because = "as markets do"}
terminal_growth = {low = 0.03, base = 0.05, high = 0.07}
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file of the folder; `BASE` stands for a whole scenario."""

    def writer(name: str, text: str = BASE) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return writer
