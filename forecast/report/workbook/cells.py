"""Cells of a workbook: what is written as a number, a date, a formula or text, and how it is shown."""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from forecast.estimates.texts import printable
from forecast.report.tables import FLOAT_FORMAT

LONGEST_CELL = 32_767
"""Excel holds no longer text in one cell."""

_MOST_MIXED = 1e3
"""A column whose sizes differ by more gets a number format a cell."""

_WITH_COMMA = 1e4
"""From here on thousands of whole numbers are set apart; years are below."""

_NOISE = 1e-12
"""A smaller number is what rounding left of 0."""

_ROOM = 1.1
"""Width that a letter needs, in the widths that Excel counts in."""

_PLAIN = (1e-5, 1e15)
"""Sizes between which a number is written out."""


@dataclass(frozen=True)
class Formula:
    """A live formula and the value it has now, for readers that do not recalculate."""

    text: str
    value: float | str


@dataclass(frozen=True)
class Column:
    """One column of a sheet.

    Parameters
    ----------
    head
        Name in the first row; unique in its sheet.
    values
        Text, numbers, dates, formulas; None and nan stay empty.
    number_format
        Excel's number format; where it is empty the sizes of the numbers decide.
    width
        In characters; where it is 0 the longest text decides.
    comment
        Shown when the reader points at the head.
    shade
        Colour of the head, to tell what is worked out from what is printed.
    """

    head: str
    values: Sequence[object]
    number_format: str = ""
    width: float = 0
    comment: str = ""
    shade: str = ""


def as_columns(table: pd.DataFrame, formats: dict[str, str] | None = None) -> list[Column]:
    """Return a table as columns, its numbers rounded as the CSV files have them."""
    chosen = formats or {}
    return [Column(str(n), [_as_in_csv(v) for v in table[n]], chosen.get(str(n), "")) for n in table.columns]


def _as_in_csv(value: object) -> object:
    is_float = isinstance(value, float | np.floating) and math.isfinite(value)
    return rounded(float(value)) if is_float else value  # type: ignore[arg-type]


def rounded(value: float) -> float:
    """Return a number with the digits that the CSV files have.

    Examples
    --------
    >>> rounded(22.766712345)
    22.7667
    """
    return float(FLOAT_FORMAT % (value + 0.0))


def cell(value: object) -> object:
    r"""Return what is written into a cell: None, a bool, int, finite float, date, `Formula`, or text that fits.

    Examples
    --------
    >>> cell(float("inf")), cell(float("nan")), cell(0.5), cell(" =1\x07")
    ('inf', None, 0.5, ' =1')
    """
    if value is None or value is pd.NA or value is pd.NaT or value == "":
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        return number if math.isfinite(number) else None if math.isnan(number) else f"{number}"
    if isinstance(value, Formula | dt.date):
        return value
    return fitting(str(value))


def fitting(text: str) -> str:
    r"""Return text as a cell can hold it: no control characters, cut with a note where it is too long.

    Examples
    --------
    >>> fitting("a\x00b"), fitting("x" * 40_000)[-35:]
    ('ab', 'xxx [cut: 40,000 characters in all]')
    """
    clean = printable(text).encode("utf-8", "replace").decode("utf-8")
    if utf16_length(clean) <= LONGEST_CELL:
        return clean
    note = f" [cut: {len(clean):,} characters in all]"
    kept = clean.encode("utf-16-le")[: 2 * (LONGEST_CELL - len(note))].decode("utf-16-le", "ignore")
    return kept + note


def utf16_length(text: str) -> int:
    """Return the length of a text as Excel counts it."""
    return len(text.encode("utf-16-le")) // 2


def number_of(value: object) -> float | None:
    """Return the number that a cell shows, or None."""
    shown = value.value if isinstance(value, Formula) else value
    return float(shown) if isinstance(shown, int | float) and not isinstance(shown, bool) else None


def number_format(sizes: Iterable[float], digits: int = 3) -> str:
    """Return the number format that gives numbers of these sizes so many significant digits.

    Examples
    --------
    >>> number_format([22.77, 189.2, 11.3]), number_format([0.21]), number_format([1748.3]), number_format([2e16])
    ('#,##0.0', '#,##0.000', '#,##0', '0.00E+00')
    """
    known = [abs(size) for size in sizes if abs(size) > _NOISE]
    if not known:
        return "0"
    middle = median(known)
    if not _PLAIN[0] <= middle < _PLAIN[1]:
        return "0.00E+00"
    decimals = max(0, digits - 1 - math.floor(math.log10(middle)))
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def short_format(size: float, digits: int = 3) -> str:
    """Return the number format of one number among others of other sizes: so many digits, no zeros at the end.

    Examples
    --------
    >>> short_format(0.05), short_format(0.703541), short_format(30.0), short_format(1e-9), short_format(1e-17)
    ('0.00', '0.000', '#,##0', '0.00E+00', '0')
    """
    fixed = number_format([size], digits)
    if "E" in fixed or fixed == "0":
        return fixed
    decimals = len(f"{abs(float(f'{size:.{digits}g}')):.10f}".partition(".")[2].rstrip("0"))
    return ("#,##0" if abs(size) >= 1 else "0") + ("." + "0" * decimals if decimals else "")


def formats_of(column: Column, values: Sequence[object]) -> list[str]:
    """Return the number format of each cell of a column."""
    numbers = [number_of(value) for value in values]
    if column.number_format:
        return [column.number_format] * len(values)
    known = [abs(number) for number in numbers if number and abs(number) > _NOISE]
    largest = max(known, default=0.0)
    if largest < _PLAIN[1] and all(number == int(number) for number in known):
        return ["0" if largest < _WITH_COMMA else "#,##0"] * len(values)
    if largest <= _MOST_MIXED * min(known):
        return [number_format(known)] * len(values)
    return [short_format(number or 0) for number in numbers]


def text_width(text: str) -> int:
    """Return the width of the longest line in characters; Chinese, Japanese and Korean ones count twice.

    Examples
    --------
    >>> text_width("market"), text_width("市場")
    (6, 4)
    """
    return max(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line) for line in text.split("\n"))


def lines_of(value: object, width: float) -> int:
    """Return how many lines a text takes in a column of this width."""
    if not isinstance(value, str):
        return 1
    return sum(math.ceil(max(1, text_width(line)) * _ROOM / width) for line in value.split("\n"))


def shown_width(value: Any, number_format_: str) -> int:
    """Return the width of a cell as shown."""
    number = number_of(value)
    if isinstance(value, str):
        return math.ceil(text_width(value) * _ROOM) + 1
    return len(number_format_) + (len(str(int(abs(number)))) if number is not None else 10)
