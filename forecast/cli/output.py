"""What is shown: tables as text, CSV or JSON, colours and progress on a terminal only."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import pandas as pd

BOLD, RED, YELLOW = "1", "31", "33"
SEVERITIES = {"high": RED, "medium": YELLOW, "low": BOLD, "none": BOLD}
FORMATS = ("table", "csv", "json")


def painted(text: str, colour: str, stream: TextIO) -> str:
    """Return text in a colour where the stream is a terminal that wants colours."""
    return f"\033[{colour}m{text}\033[0m" if stream.isatty() and not os.environ.get("NO_COLOR") else text


def show(table: pd.DataFrame, form: str, text: Callable[[pd.DataFrame], str]) -> None:
    """Print a table as CSV or JSON for machines, or as text for people."""
    if form == "csv":
        from forecast.report import csv_text

        print(csv_text(table), end="")
    elif form == "json":
        print(table.to_json(orient="records", force_ascii=False, indent=2) if len(table) else "[]")
    else:
        print(text(table), end="")


@contextmanager
def progress(*, shown: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that shows the current step, on a terminal only, and clear the line at the end."""
    live = shown and sys.stderr.isatty()

    def step(name: str) -> None:
        if live:
            print(f"\r\033[K{name}", end="", file=sys.stderr, flush=True)

    try:
        yield step
    finally:
        step("")


def width() -> int:
    """Return how many characters fit on a line of the terminal."""
    return shutil.get_terminal_size((100, 24)).columns


def aligned(table: pd.DataFrame) -> str:
    """Write the columns of a table under each other."""
    return table.to_string(index=False, float_format="{:.4g}".format) + "\n" if len(table) else "nothing to show\n"


def differences(table: pd.DataFrame) -> str:
    """Write what two scenarios do not have in common: the key, then both values with their files."""
    blocks = []
    for key, a, b, a_file, b_file in table.to_numpy().tolist():
        column = max(len(a_file), len(b_file), 1)
        lines = [
            _wrapped(f"  {file or '-':<{column}}  {value or '-'}", column + 4)
            for file, value in ((a_file, a), (b_file, b))
        ]
        blocks.append("\n".join([key, *lines]))
    return "\n".join(blocks) + "\n" if blocks else "no difference\n"


def findings(table: pd.DataFrame) -> str:
    """Write findings as text: severity, check and rows, then the sentence."""
    lines = [line for found in table.to_dict("records") for line in _finding(found)]
    counts = table["severity"].value_counts()
    total = ", ".join(f"{counts[name]} {name}" for name in SEVERITIES if name in counts)
    noun = "finding" if len(table) == 1 else "findings"
    return "\n".join([*lines, f"{len(table)} {noun}: {total}" if total else "no findings", ""])


def _finding(found: Mapping[Hashable, Any]) -> list[str]:
    severity = painted(f"{found['severity']:<8}", SEVERITIES[found["severity"]], sys.stdout)
    rows = " / ".join(filter(None, (found["id"], found["other_id"])))
    return [f"{severity}{found['check']}: {rows}", _wrapped(" " * 8 + found["explanation"], 8), ""]


def _wrapped(text: str, indent: int) -> str:
    return textwrap.fill(text, width(), subsequent_indent=" " * indent, break_long_words=False)
