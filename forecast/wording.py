"""Numbers and lists as words: how memos, tables and figures say them."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_LEAST_PLAIN, _MOST_PLAIN = 1e-9, 1e15
"""Sizes between which a number is written out."""


def amount(value: float, digits: int = 2) -> str:
    """A number with so many significant digits; far from 1 (beyond 1e15, below 1e-9) times a power of ten.

    Examples
    --------
    >>> amount(22.77), amount(189.2), amount(4.09), amount(0.2152), amount(1234.5, 3)
    ('23', '190', '4.1', '0.22', '1,230')
    >>> amount(8.7e299)
    '8.7 × 10^299'
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if not _LEAST_PLAIN <= abs(value) < _MOST_PLAIN:
        digits_shown, _, power = f"{value:.{digits - 1}e}".partition("e")
        return f"{digits_shown} × 10^{int(power)}"
    decimals = digits - 1 - math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    return f"{round(value, decimals):,.{max(decimals, 0)}f}"


def money(value: float, unit: str, digits: int = 2) -> str:
    """An amount in its unit, currency first.

    Examples
    --------
    >>> money(22.77, "USD bn"), money(740, "TWD")
    ('USD 23 bn', 'TWD 740')
    """
    currency, _, scale = unit.partition(" ")
    return f"{currency} {amount(value, digits)} {scale}".strip()


def percent(share: float, decimals: int = 0) -> str:
    """A share as a percentage.

    Examples
    --------
    >>> percent(0.184), percent(0.2509, 1)
    ('18 %', '25.1 %')
    >>> percent(-0.0004)
    '0 %'
    """
    return f"{round(100 * share, decimals) + 0.0:.{decimals}f} %"


def listing(words: Sequence[str]) -> str:
    """Words joined with commas and a last "and".

    Examples
    --------
    >>> listing(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def result_html(summary: str, table: pd.DataFrame) -> str:
    """Summary and table of a result for a notebook; text is escaped."""
    paragraphs = "".join(f"<p>{html.escape(part)}</p>" for part in summary.split("\n") if part)
    return paragraphs + table.to_html(float_format=lambda value: amount(value, 3), border=0)
