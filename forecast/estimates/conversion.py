"""How a converted number came about, as text that can be read back.

`base_value = 16 × 1.0821 [EUR to USD, 2023 (ECB)] × 1.05 [prices of 2023 to 2025 (CPI)]` keeps the digits as
printed, so that a converted number claims no more precision than the printed one did. The factors of a growth are
put on one plus the growth: `cagr = 25.1 × 1.01 [...]` is a growth of 1.251 × 1.01 - 1.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from forecast.estimates.numbers import cell, last_digit, number, reading, rounding

_BRACKETS = str.maketrans("[];×\n", "(),x ")
_FACTOR = re.compile(r" × ([-+.\deE]+) \[[^\]]*\]")


@dataclass(frozen=True)
class Conversion:
    """Printed digits of one number and the factors put on them, each with its reason."""

    digits: str
    steps: tuple[tuple[float, str], ...]

    @property
    def factor(self) -> float:
        """Product of all factors."""
        return math.prod(factor for factor, _ in self.steps)

    def then(self, factor: float, because: str) -> Conversion:
        """Add one more factor."""
        clean = because.translate(_BRACKETS)
        return Conversion(self.digits, (*self.steps, (factor, clean)))

    def __str__(self) -> str:
        return self.digits + "".join(f" × {factor!r} [{because}]" for factor, because in self.steps)


def write_conversions(conversions: dict[str, Conversion]) -> str:
    """Text of the `conversion` column.

    Examples
    --------
    >>> write_conversions({"base_value": Conversion("16", ((1.08, "EUR to USD"),))})
    'base_value = 16 × 1.08 [EUR to USD]'
    """
    return "; ".join(f"{name} = {conversion}" for name, conversion in conversions.items())


@lru_cache(maxsize=100_000)
def read_conversions(text: str) -> dict[str, Conversion]:
    """Read the text of the `conversion` column; what is not understood is left out.

    Examples
    --------
    >>> read_conversions("base_value = 16 × 1.08 [EUR to USD]")["base_value"].factor
    1.08
    """
    found = {}
    for part in text.split("; ") if text else []:
        name, _, right = part.partition(" = ")
        digits = right.partition(" × ")[0]
        steps = tuple((float(one[1]), one[0].partition("[")[2][:-1]) for one in _FACTOR.finditer(right))
        if name and digits and steps:
            found[name.strip()] = Conversion(digits.strip(), steps)
    return found


@dataclass(frozen=True)
class Claim:
    """What one printed number claims, in the unit of its row.

    Parameters
    ----------
    value
        The number.
    low, high
        Its rounding cell, whatever the hedge.
    least, most
        Values for which it would still be printed with its hedge (see `numbers.reading`).
    cell
        Its rounding cell under the hedge; infinite where the hedge leaves a side open.
    last_digit
        One unit of its last significant digit.
    """

    value: float
    low: float
    high: float
    least: float
    most: float
    cell: tuple[float, float]
    last_digit: float


def scaled(one: Claim, factor: float) -> Claim:
    """Return the same claim in another unit."""
    low, high = one.cell
    return Claim(
        value=one.value * factor,
        low=one.low * factor,
        high=one.high * factor,
        least=one.least * factor,
        most=one.most * factor,
        cell=(low * factor, high * factor),
        last_digit=one.last_digit * factor,
    )


def grown(one: Claim, factor: float) -> Claim:
    """Return the claim of a growth in percent, its factor a year multiplied: from g to (100 + g) × factor - 100."""

    def carried(percent: float) -> float:
        return (100 + percent) * factor - 100

    low, high = one.cell
    return Claim(
        value=carried(one.value),
        low=carried(one.low),
        high=carried(one.high),
        least=carried(one.least),
        most=carried(one.most),
        cell=(carried(low), carried(high)),
        last_digit=one.last_digit * factor,
    )


@lru_cache(maxsize=200_000)
def claim(text: str, hedge: str = "", conversion: str = "", column: str = "") -> Claim:
    """Read one printed number with its hedge and, where it was converted, its factors.

    The factors of a growth (column cagr) are put on one plus the growth.

    Raises
    ------
    ArgumentError
        If the text is no number.

    Examples
    --------
    >>> claim("17.28", "", "base_value = 16 × 1.08 [EUR to USD]", "base_value").cell
    (16.740000000000002, 17.82)
    >>> round(claim("26.4", "", "cagr = 25.1 × 1.01 [EUR to USD]", "cagr").value, 3)
    26.351
    """
    how = read_conversions(conversion).get(column) if conversion else None
    digits = how.digits if how else text
    one = Claim(number(digits), *rounding(digits), *reading(digits, hedge), cell(digits, hedge), last_digit(digits))
    if how is None:
        return one
    return grown(one, how.factor) if column == "cagr" else scaled(one, how.factor)


def claim_of(row: Any, column: str) -> Claim | None:
    """Return what a row of a table claims in one column; None for an empty cell.

    Parameters
    ----------
    row
        A row with the columns of the contract, as a Series or a dict.
    column
        base_value, target_value, cagr or multiple.

    Examples
    --------
    >>> claim_of({"base_value": "16", "base_hedge": "about"}, "base_value").cell
    (15.0, 17.0)
    """
    text = str(row.get(column, "") or "").strip()
    hedge = str(row.get(column.removesuffix("_value") + "_hedge", "") or "")
    return claim(text, hedge, str(row.get("conversion", "") or ""), column) if text else None
