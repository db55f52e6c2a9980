"""Tables to CSV: the same run gives the same bytes, and no text turns into a formula.

A spreadsheet takes a cell that begins with = + - @ (or their full-width forms, a tab or a carriage return) for a
formula. Such text gets one apostrophe in front, unless it is a plain number. Text that already begins with
apostrophes before such a sign gets one more, so that taking one away always gives back what was printed.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

FLOAT_FORMAT = "%.6g"
_FORMULA = re.compile(r"'*[=+\-@＝＋－＠\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?%?")


def csv_text(table: pd.DataFrame) -> str:
    """Return a table as CSV with six significant digits, newline ends and guarded text."""
    guarded = table.astype(object).map(_cell)
    return guarded.rename(columns=guard).to_csv(index=False, lineterminator="\n")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV in UTF-8; see `csv_text`."""
    path.write_bytes(csv_text(table).encode())


def guard(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run.

    Examples
    --------
    >>> guard("=HYPERLINK(1)"), guard("-5"), guard("about 16"), guard("'=1")
    ("'=HYPERLINK(1)", '-5', 'about 16', "''=1")
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unguard(text: str) -> str:
    """Take away the apostrophe of `guard`.

    Examples
    --------
    >>> unguard(guard("=1+1")), unguard("'s-Hertogenbosch")
    ('=1+1', "'s-Hertogenbosch")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def _cell(value: object) -> object:
    if isinstance(value, str):
        return guard(value)
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else FLOAT_FORMAT % (value + 0.0)
    return value
