"""A case whose sources print hostile text."""

import shutil
from pathlib import Path

import pandas as pd

FORMULA = '=HYPERLINK("http://x")'
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
TURNED = "\u202egnp.exe\u2066"
LONG = "x" * 10_000
NAME = f"{FORMULA}|{SCRIPT}{TURNED}"
SOURCE = 'https://example.org/"onmouseover="alert(3)'


def hostile_case(root: Path, folder: Path) -> Path:
    """Copy the worked case, with hostile words in one row of its estimates."""
    case = Path(shutil.copytree(root / "scenarios/regenerative_medicine", folder / "case"))
    table = pd.read_csv(case / "estimates.csv", dtype=str, keep_default_na=False)
    columns = ["publisher", "quote", "gloss", "note", "source"]
    table.loc[table["id"] == "MM-2024", columns] = [NAME, f"{SCRIPT} {LONG}", LONG, FORMULA, SOURCE]
    table.to_csv(case / "estimates.csv", index=False)
    return case
