"""Printed numbers: what the digits and the hedge of a number claim.

"16", "16.0" and "50" claim different precision, so printed numbers stay text. The rounding cell of a number is
what would have been printed as these digits: "16" stands for 15.5 to 16.5, "16.0" for 15.95 to 16.05.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from forecast.errors import ArgumentError, Problem

HEDGES = ("exact", "about", "more than", "at least", "nearly", "up to", "between")
"""How firmly a number can be said; an empty hedge means exact."""

_HEDGE_WORDS = {
    "more than": "more than, over, above, exceed, exceeds, exceeding, surpass, surpasses, surpassing, will exceed, "
    "greater than, upwards of, in excess of, north of, topping, >, 超過, 突破, 逾, 超越, 多於, 破, 餘, 多",
    "at least": "at least, no less than, not less than, minimum, >=, ≥, 至少, 以上, or more, plus, +",
    "nearly": "nearly, almost, close to, just under, just shy of, approaching, 近, 將近, 接近, 近乎",
    "up to": "up to, at most, as much as, below, under, less than, no more than, <, <=, ≤, 至多, 最多, 上看, 不到, "
    "不足, 未達, 以下, 以內, 低於, or less",
    "about": "about, approximately, approx, approx., around, roughly, circa, ca., ca, c., some, an estimated, "
    "in the region of, on the order of, ~, ≈, 約, 大約, 約為, 約當, 約莫, 左右, 上下, or so",
    "between": "between, from, 介於",
    "exact": "exact, exactly",
}
HEDGE_WORDS: dict[str, str] = {word: hedge for hedge, words in _HEDGE_WORDS.items() for word in words.split(", ")}
"""Printed words and the hedge each stands for."""

_DIGITS = r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?"
_NUMBER = re.compile(rf"^\s*({_DIGITS})\s*%?\s*$")
_INTERVAL = re.compile(rf"^\s*({_DIGITS})\s*%?\s*(?:-|–|—|~|to|and|至|到)\s*({_DIGITS})\s*%?\s*$")


@dataclass(frozen=True)
class Printed:
    """A number as printed: its value, one unit of the last digit, and one unit of the last significant digit."""

    value: float
    unit: float
    significant: float


@lru_cache(maxsize=200_000)
def printed(text: str) -> Printed:
    """Read a printed number.

    Parameters
    ----------
    text
        Digits as printed, with or without separators of thousands, exponent and percent sign.

    Raises
    ------
    ArgumentError
        If it is no number.

    Examples
    --------
    >>> printed("1,250.0")
    Printed(value=1250.0, unit=0.1, significant=0.1)
    >>> printed("50").significant
    10.0
    """
    found = _NUMBER.match(text)
    digits = found.group(1).replace(",", "").replace("−", "-") if found else ""
    try:
        value = float(digits)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ArgumentError(Problem("number", repr(text), "digits such as 16, 16.0, 1,250 or 25.1%"))
    mantissa, _, exponent = digits.lower().partition("e")
    return Printed(value, *_units(mantissa.lstrip("+-"), int(exponent or 0)))


def _units(mantissa: str, exponent: int) -> tuple[float, float]:
    """Place value of the last digit and of the last significant one."""
    whole, _, decimals = mantissa.partition(".")
    last = exponent - len(decimals)
    zeros = 0 if decimals else len(whole) - len(whole.rstrip("0"))
    zeros = 0 if zeros == len(whole) else zeros
    return float(f"1e{last}"), float(f"1e{last + zeros}")


def interval(text: str) -> tuple[str, str] | None:
    """Both ends of a printed interval, or None for a single number.

    Examples
    --------
    >>> interval("40-50"), interval("-5")
    (('40', '50'), None)
    """
    if _NUMBER.match(text):
        return None
    found = _INTERVAL.match(text)
    return (found.group(1), found.group(2)) if found and found.group(1) and found.group(2) else None


def number(text: str) -> float:
    """Value of a printed number; the middle of an interval; nan for an empty cell.

    Examples
    --------
    >>> number("25.1%"), number("40-50"), number("")
    (25.1, 45.0, nan)
    """
    if not text.strip():
        return math.nan
    ends = interval(text)
    return (printed(ends[0]).value + printed(ends[1]).value) / 2 if ends else printed(text).value


def last_digit(text: str) -> float:
    """One unit of the last significant digit.

    Examples
    --------
    >>> last_digit("43"), last_digit("50"), last_digit("18.12")
    (1.0, 10.0, 0.01)
    """
    ends = interval(text)
    return min(printed(end).significant for end in ends) if ends else printed(text).significant


def hedge_of(words: str) -> str:
    """Hedge that printed words stand for; words that hedge nothing are exact.

    Examples
    --------
    >>> hedge_of("over"), hedge_of("約"), hedge_of(""), hedge_of("will reach")
    ('more than', 'about', 'exact', 'exact')
    """
    folded = words.strip().casefold()
    return folded if folded in HEDGES else HEDGE_WORDS.get(folded, "exact")


def rounding(text: str) -> tuple[float, float]:
    """Return the range that would have been printed as these digits, whatever the hedge.

    Examples
    --------
    >>> rounding("16"), rounding("50"), rounding("40-50")
    ((15.5, 16.5), (49.5, 50.5), (40.0, 50.0))
    """
    ends = interval(text)
    if ends:
        return printed(ends[0]).value, printed(ends[1]).value
    one = printed(text)
    return one.value - one.unit / 2, one.value + one.unit / 2


def cell(text: str, hedge: str = "") -> tuple[float, float]:
    """Range of values that a printed number claims under its hedge.

    An exact number claims its rounding cell; "about" doubles the cell; a one-sided hedge leaves its side open
    (infinite); "between" claims what lies between the two printed ends.

    Parameters
    ----------
    text
        Digits as printed.
    hedge
        One of `HEDGES` or a printed word for it.

    Returns
    -------
    low, high
        In the unit of the printed number.

    Raises
    ------
    ArgumentError
        If the text is no number.

    Examples
    --------
    >>> cell("16"), cell("16", "about"), cell("43", "more than")
    ((15.5, 16.5), (15.0, 17.0), (43.0, inf))
    """
    kind = hedge_of(hedge)
    low, high = rounding(text)
    if interval(text):
        return low, high
    one = printed(text)
    if kind == "about":
        return one.value - one.unit, one.value + one.unit
    if kind in ("more than", "at least"):
        return one.value, math.inf
    return (-math.inf, one.value) if kind in ("nearly", "up to") else (low, high)


def reading(text: str, hedge: str = "") -> tuple[float, float]:
    """Range of values for which a publisher would still print this number with this hedge.

    As `cell`, but an open side ends one unit of the last significant digit away: who means 60 does not print
    "more than 43", and "more than 50" gives way to "more than 60". The rounding cell itself always belongs to it.

    Examples
    --------
    >>> reading("43", "more than"), reading("50", "nearly"), reading("16")
    ((42.5, 44.0), (40.0, 50.5), (15.5, 16.5))
    """
    low, high = rounding(text)
    wide_low, wide_high = cell(text, hedge)
    if math.isinf(wide_high):
        return low, printed(text).value + last_digit(text)
    if math.isinf(wide_low):
        return printed(text).value - last_digit(text), high
    return min(low, wide_low), max(high, wide_high)
