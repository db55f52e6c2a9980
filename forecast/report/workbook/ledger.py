"""The sheet of estimates: the ledger as printed, and beside its numbers what they imply, as live formulas."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from forecast.errors import InputError
from forecast.estimates.columns import NAMES, of_kind
from forecast.estimates.excel import CHECK
from forecast.estimates.numbers import number
from forecast.figures.style import GREEN
from forecast.report.workbook.cells import Column, Formula

BEFORE = "multiple"
"""The checks stand before this column, beside the numbers that they use."""

_PLAIN = re.compile(r"\d[\d,]*(\.\d+)?%?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SHARE, _AMOUNT = "0.00%", ""
_NARROW = 13.0


def estimates_columns(estimates: pd.DataFrame) -> list[Column]:
    """Return the ledger as columns of a sheet that `read_estimates` reads back, with the checks among them."""
    printed = [Column(name, _typed(name, estimates[name])) for name in shown_names(estimates)]
    place = next(at for at, column in enumerate(printed) if column.head == BEFORE)
    return [*printed[:place], *_checks(estimates, printed, place), *printed[place:]]


def shown_names(estimates: pd.DataFrame) -> list[str]:
    """Return the columns of the contract, the rare ones behind `note` only where they hold something."""
    rare = NAMES[NAMES.index("note") + 1 :]
    return [name for name in NAMES if name not in rare or estimates[name].astype(str).str.strip().any()]


def _typed(name: str, values: pd.Series[str]) -> list[object]:
    """Years as whole numbers, full dates as dates, all else as the text that was printed."""
    if name in of_kind("year"):
        return [None if pd.isna(value) else int(value) for value in values]
    if name in of_kind("date"):
        return [dt.date.fromisoformat(text) if _DAY.fullmatch(text) else text for text in values]
    return list(values)


@dataclass(frozen=True)
class _Check:
    """A column that is worked out: its name, its formula for a row, the same arithmetic here, and what it says."""

    head: str
    formula: Callable[[dict[str, str]], str]
    value: Callable[[dict[str, float]], float]
    number_format: str
    comment: str


_NUMBERS = {
    "base": ("base_value", 1.0),
    "target": ("target_value", 1.0),
    "CAGR": ("cagr", 100.0),
}
_YEARS = {"from": ("base_year", "cagr_from"), "to": ("target_year", "cagr_to")}

_CHECKS = (
    _Check(
        "periods",
        lambda at: f"{at['to']}-{at['from']}",
        lambda known: known["to"] - known["from"],
        "0",
        "Target year less base year; where one is not printed, the years of the CAGR.",
    ),
    _Check(
        "CAGR implied",
        lambda at: f"({at['target']}/{at['base']})^(1/{at['periods']})-1",
        lambda known: (known["target"] / known["base"]) ** (1 / known["periods"]) - 1,
        _SHARE,
        "(target / base) ^ (1 / periods) - 1",
    ),
    _Check(
        "stated - implied",
        lambda at: f"{at['CAGR']}-{at['CAGR implied']}",
        lambda known: known["CAGR"] - known["CAGR implied"],
        _SHARE,
        "In points. Rounding explains small differences: the sheet Audit says which ones it does not explain.",
    ),
    _Check(
        "target implied",
        lambda at: f"{at['base']}*(1+{at['CAGR']})^{at['periods']}",
        lambda known: known["base"] * (1 + known["CAGR"]) ** known["periods"],
        _AMOUNT,
        "base * (1 + CAGR) ^ periods, in the currency and scale of the row",
    ),
    _Check(
        "base implied",
        lambda at: f"{at['target']}/(1+{at['CAGR']})^{at['periods']}",
        lambda known: known["target"] / (1 + known["CAGR"]) ** known["periods"],
        _AMOUNT,
        "target / (1 + CAGR) ^ periods, in the currency and scale of the row",
    ),
)


def _checks(estimates: pd.DataFrame, printed: Sequence[Column], place: int) -> Iterator[Column]:
    letters = {column.head: xl_col_to_name(at) for at, column in enumerate(printed[:place])}
    heads = [*_NUMBERS, *_YEARS, *(check.head for check in _CHECKS)]
    letters |= {head: xl_col_to_name(place + at) for at, head in enumerate(heads)}
    known: list[dict[str, float]] = [{} for _ in range(len(estimates))]
    for head, (name, divisor) in _NUMBERS.items():
        values = [
            _number(text, f"{letters[name]}{row}", divisor, known[row - 2], head)
            for row, text in enumerate(estimates[name], start=2)
        ]
        comment = f"{name} as a number; follows the printed digits, the middle of an interval stays as it is"
        yield _column(head, values, _SHARE if divisor > 1 else _AMOUNT, comment)
    for head, names in _YEARS.items():
        values = [_year(row, estimates, names, letters, known[row - 2], head) for row in range(2, len(estimates) + 2)]
        yield _column(head, values, "0", f"{names[0]}, or {names[1]} where that is empty")
    for check in _CHECKS:
        values = [_worked_out(check, row, letters, known[row - 2]) for row in range(2, len(estimates) + 2)]
        yield _column(check.head, values, check.number_format, check.comment)


def _column(head: str, values: Sequence[object], number_format: str, comment: str) -> Column:
    return Column(f"{CHECK}{head}", values, number_format, _NARROW, comment, GREEN)


def _number(text: str, at: str, divisor: float, known: dict[str, float], head: str) -> object:
    """A formula on the printed digits where Excel reads them as we do, else the number itself."""
    try:
        value = number(text) / divisor
    except InputError:
        return None
    if value == value:
        known[head] = value
    if text.strip() and not _PLAIN.fullmatch(text.strip()):
        return value
    scale = f"/{divisor:g}" if divisor > 1 else ""
    digits = f'_xlfn.NUMBERVALUE(SUBSTITUTE({at},"%",""),".",","){scale}'
    return Formula(f'=IF({at}="","",IFERROR({digits},""))', known.get(head, ""))


def _year(
    row: int,
    estimates: pd.DataFrame,
    names: tuple[str, str],
    letters: dict[str, str],
    known: dict[str, float],
    head: str,
) -> Formula:
    first, second = (f"{letters[name]}{row}" for name in names)
    found = [int(year) for name in names if not pd.isna(year := estimates[name].iloc[row - 2])]
    if found:
        known[head] = found[0]
    return Formula(f'=IF({first}<>"",{first},IF({second}<>"",{second},""))', found[0] if found else "")


def _worked_out(check: _Check, row: int, letters: dict[str, str], known: dict[str, float]) -> Formula:
    places = {head: f"{letter}{row}" for head, letter in letters.items()}
    try:
        value = check.value(known)
    except (KeyError, ZeroDivisionError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        return Formula(f'=IFERROR({check.formula(places)},"")', "")
    known[check.head] = value
    return Formula(f'=IFERROR({check.formula(places)},"")', value)
