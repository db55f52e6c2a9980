"""A table of estimates as arrays: what the checks of the audit compute with."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.errors import InputError
from forecast.estimates.conversion import Claim, claim
from forecast.estimates.reading import FIRST_YEAR, LAST_YEAR, as_texts
from forecast.estimates.scopes import Scopes
from forecast.estimates.units import SCALES, scale_name

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LONGEST_PATH = 60
"""Paths are followed over at most this many years."""

MOST_PARTNERS = 40
"""In a group of more rows than this, each row is held against the middle one of the group only."""

_HEDGE_OF = {
    "base_value": "base_hedge",
    "target_value": "target_hedge",
    "cagr": "cagr_hedge",
    "multiple": "multiple_hedge",
}


@dataclass(frozen=True)
class Numbers:
    """One column of printed numbers: values, rounding cells (low, high) and the cells with hedges (least, most)."""

    value: Floats
    low: Floats
    high: Floats
    least: Floats
    most: Floats

    @property
    def given(self) -> NDArray[np.bool_]:
        """Rows that have a number."""
        return np.isfinite(self.value)


@dataclass(frozen=True)
class Ledger:
    """A raw table of estimates, read as far as it can be read.

    Parameters
    ----------
    texts
        All columns of the contract, as text.
    scopes
        Tree of scopes and geographies.
    """

    texts: pd.DataFrame
    scopes: Scopes

    @classmethod
    def of(cls, estimates: pd.DataFrame, scopes: Scopes) -> Ledger:
        """Take any DataFrame; columns that are not in the contract are left aside."""
        texts = as_texts(estimates.loc[:, ~estimates.columns.duplicated()])
        unnamed = texts["id"].str.strip() == ""
        texts.loc[unnamed, "id"] = [f"row {row + 1}" for row in np.flatnonzero(unnamed)]
        return cls(texts, scopes)

    def __len__(self) -> int:
        return len(self.texts)

    def column(self, name: str) -> list[str]:
        """Cells of one column, without blanks around them."""
        return self._stripped[name]

    @cached_property
    def _stripped(self) -> dict[str, list[str]]:
        return {name: self.texts[name].str.strip().tolist() for name in self.texts.columns}

    @cached_property
    def ids(self) -> list[str]:
        """Id of each row."""
        return self.column("id")

    @cached_property
    def unreadable(self) -> list[tuple[int, str, str]]:
        """Cells that hold no readable number: row, column, text."""
        found = []
        for name, hedge in _HEDGE_OF.items():
            for row, text in enumerate(self.column(name)):
                if text and _claim(text, self.column(hedge)[row], self.column("conversion")[row], name) is None:
                    found.append((row, name, text))
        return found

    def numbers(self, name: str) -> Numbers:
        """Numbers of base_value, target_value, cagr (in percent) or multiple, in the unit of each row."""
        if name not in self._numbers:
            cells = zip(self.column(name), self.column(_HEDGE_OF[name]), self.column("conversion"), strict=True)
            table = np.array([_numbers(text, hedge, how, name) for text, hedge, how in cells], float).reshape(-1, 5)
            self._numbers[name] = Numbers(*table.T)
        return self._numbers[name]

    @cached_property
    def _numbers(self) -> dict[str, Numbers]:
        return {}

    def years(self, name: str) -> Floats:
        """Years of a column; nan where there is none."""
        if name not in self._years:
            years = pd.to_numeric(pd.Series(self.column(name)), errors="coerce").to_numpy(float)
            self._years[name] = np.where((years >= FIRST_YEAR) & (years <= LAST_YEAR), years, np.nan)
        return self._years[name]

    @cached_property
    def _years(self) -> dict[str, Floats]:
        return {}

    @cached_property
    def periods(self) -> Floats:
        """Target year less base year; nan unless above 0."""
        periods = self.years("target_year") - self.years("base_year")
        return np.where(periods > 0, periods, np.nan)

    @cached_property
    def scope(self) -> list[str]:
        """Scope of each row as the tree spells it."""
        return _mapped(self.column("scope"), self.scopes.canonical)

    @cached_property
    def geography(self) -> list[str]:
        """Geography of each row as the tree spells it; an empty cell is global."""
        return _mapped(self.column("geography"), lambda name: self.scopes.geographies.canonical(name or "global"))

    @cached_property
    def currency(self) -> list[str]:
        """Currency of each row in capitals."""
        return [word.upper() for word in self.column("currency")]

    @cached_property
    def factor(self) -> Floats:
        """What one unit of a printed amount stands for; 1 where the scale is not known."""
        return np.array([SCALES.get(scale_name(word), 1.0) for word in self.column("scale")])

    @cached_property
    def market(self) -> list[tuple[str, str, str]]:
        """Scope, geography and currency: rows that can be held against each other share all three."""
        return list(zip(self.scope, self.geography, self.currency, strict=True))

    @cached_property
    def market_code(self) -> Ints:
        """Number of the market of each row."""
        codes: dict[tuple[str, str, str], int] = {}
        return np.array([codes.setdefault(market, len(codes)) for market in self.market], np.int64)

    @cached_property
    def publisher(self) -> list[str]:
        """Publisher of each row under one spelling: brackets left out, and one house for names joined by a slash."""
        house: dict[str, str] = {}
        names = []
        for name, via in zip(self.column("publisher"), self.column("via"), strict=True):
            words = [w.strip() for w in re.sub(r"\(.*?\)", "", name or via).casefold().split("/") if w.strip()]
            known = next((house[word] for word in words if word in house), words[0] if words else "")
            house |= dict.fromkeys(words, known)
            names.append(known)
        return names

    @cached_property
    def publisher_code(self) -> Ints:
        """Number of the publisher of each row; a row without one is a publisher of its own."""
        codes: dict[str, int] = {}
        named = enumerate(self.publisher)
        return np.array([codes.setdefault(name, len(codes)) if name else -1 - row for row, name in named], np.int64)

    @cached_property
    def other_values(self) -> list[dict[int, tuple[float, float, float]]]:
        """Further printed years of each row: value and rounding cell by year."""
        pairs = zip(self.column("other_values"), self.column("conversion"), strict=True)
        return [_other_values(text, how) if text else {} for text, how in pairs]

    def share(self, text: str) -> Claim | None:
        """Read a share in percent; None where there is none."""
        try:
            return claim(text) if text else None
        except InputError:
            return None

    @cached_property
    def same_levels(self) -> list[list[int]]:
        """For each row, the rows of its publisher with the same base, target and target year (itself included)."""
        base, target = (self.numbers(name).value * self.factor for name in ("base_value", "target_value"))
        levels = zip(base, target, self.years("target_year"), strict=True)
        keys = [
            (*market, house, digits(b), digits(t), year)
            for market, house, (b, t, year) in zip(self.market, self.publisher, levels, strict=True)
        ]
        groups: dict[tuple[object, ...], list[int]] = {}
        for row, key in enumerate(keys):
            groups.setdefault(key, []).append(row)
        return [groups[key][:MOST_PARTNERS] for key in keys]

    @cached_property
    def growth(self) -> Floats:
        """Growth of the path of each row, as a fraction a year: from its two levels, else as stated."""
        base, target, cagr = self.numbers("base_value"), self.numbers("target_value"), self.numbers("cagr")
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            implied = (target.value / base.value) ** (1 / self.periods) - 1
        return np.where(np.isfinite(implied), implied, cagr.value / 100)

    @cached_property
    def points(self) -> pd.DataFrame:
        """Levels of all rows by year, in units of currency: columns row, year, value, low, high, kind, market.

        `kind` is printed, implied (an end that follows from the other end and the stated growth) or interpolated;
        `market` is the number of the row's market. Where a market and year have more rows than are paired one by
        one, only what is printed stays.
        """
        return _points(self)

    def money(self, value: float, row: int) -> str:
        """An amount in units of currency, written in the scale of a row."""
        scale = scale_name(self.column("scale")[row])
        short = {"unit": "", "thousand": " k", "million": " mn", "billion": " bn", "trillion": " tn"}.get(scale, "")
        return f"{self.currency[row]} {digits(value / float(self.factor[row]))}{short}".strip()


def digits(value: float) -> str:
    """A number with four significant digits, and no more zeros than it needs.

    Examples
    --------
    >>> digits(16.0), digits(4.0893), digits(195.6), digits(12345.0), digits(0.00012345)
    ('16', '4.089', '195.6', '12,345', '0.0001234')
    """
    if not np.isfinite(value):
        return "unknown"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if value == 0 or abs(value) >= 1e-4 else f"{value:.3g}"


def pairs_within(codes: Sequence[Hashable] | Ints, order: Floats) -> tuple[Ints, Ints]:
    """Positions of all pairs that share a key.

    Parameters
    ----------
    codes
        Key of each position; an array of integers or any keys.
    order
        Number of each position; in a group of more than `MOST_PARTNERS` each is paired with its middle one only,
        so that the cost stays linear.

    Returns
    -------
    first, second
        Positions, the first one earlier in the table.
    """
    if not isinstance(codes, np.ndarray):
        known: dict[Hashable, int] = {}
        codes = np.array([known.setdefault(key, len(known)) for key in codes], np.int64)
    firsts, seconds = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    by_code = np.argsort(codes, kind="stable")
    for group in np.split(by_code, np.flatnonzero(np.diff(codes[by_code])) + 1):
        if len(group) < 2:
            continue
        if len(group) <= MOST_PARTNERS:
            i, j = np.triu_indices(len(group), 1)
            firsts.append(group[i])
            seconds.append(group[j])
        else:
            middle = group[np.argsort(order[group], kind="stable")[len(group) // 2]]
            others = group[group != middle]
            firsts.append(np.minimum(others, middle))
            seconds.append(np.maximum(others, middle))
    return np.concatenate(firsts), np.concatenate(seconds)


def _mapped(words: list[str], to: object) -> list[str]:
    assert callable(to)
    known = {word: str(to(word)) for word in set(words)}
    return [known[word] for word in words]


def _claim(text: str, hedge: str, conversion: str, column: str) -> object:
    try:
        return claim(text, hedge, conversion, column)
    except InputError:
        return None


def _numbers(text: str, hedge: str, conversion: str, column: str) -> tuple[float, ...]:
    try:
        one = claim(text, hedge, conversion, column)
    except InputError:
        return (np.nan,) * 5
    if column != "cagr" and not one.value > 0:
        return (np.nan,) * 5
    return one.value, max(one.low, 0.0) if column != "cagr" else one.low, one.high, one.least, one.most


def _other_values(text: str, conversion: str) -> dict[int, tuple[float, float, float]]:
    found = {}
    for pair in text.split(";"):
        year, _, value = (part.strip() for part in pair.partition("="))
        one = _numbers(value, "", conversion, f"other_values.{year}")
        if year.isdigit() and np.isfinite(one[0]):
            found[int(year)] = (one[0], one[1], one[2])
    return found


def _points(ledger: Ledger) -> pd.DataFrame:
    base, target = ledger.numbers("base_value"), ledger.numbers("target_value")
    start, end = _first_year(ledger), _last_year(ledger)
    rate = np.where(ledger.growth > -1, ledger.growth, np.nan)
    with np.errstate(invalid="ignore", over="ignore"):
        first = np.where(base.given, base.value, target.value / (1 + rate) ** (end - start))
    length = np.where((end > start) & (end - start <= LONGEST_PATH) & np.isfinite(first * rate), end - start + 1, 0)
    row = np.repeat(np.arange(len(ledger)), length.astype(int))
    step = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length.astype(int))
    value = first[row] * (1 + rate[row]) ** step
    kind = np.where((step == 0) | (step == length[row] - 1), "implied", "interpolated")
    path = pd.DataFrame(
        {"row": row, "year": start[row] + step, "value": value, "low": value, "high": value, "kind": kind}
    )
    table = pd.concat([_printed(ledger), path], ignore_index=True).drop_duplicates(["row", "year"], keep="first")
    scale = ledger.factor[table["row"].to_numpy(int)]
    table = table.assign(year=table["year"].astype(int), **{n: table[n] * scale for n in ("value", "low", "high")})
    table["market"] = ledger.market_code[table["row"].to_numpy(int)]
    crowd = table.groupby(["market", "year"])["row"].transform("size")
    table = table[(table["kind"] == "printed") | (crowd <= MOST_PARTNERS)]
    return table.sort_values(["row", "year"], kind="stable", ignore_index=True)


def _first_year(ledger: Ledger) -> Floats:
    base_year = ledger.years("base_year")
    return np.where(np.isfinite(base_year), base_year, ledger.years("cagr_from"))


def _last_year(ledger: Ledger) -> Floats:
    target_year = ledger.years("target_year")
    return np.where(np.isfinite(target_year), target_year, ledger.years("cagr_to"))


def _printed(ledger: Ledger) -> pd.DataFrame:
    parts = []
    for name, year in (("base_value", "base_year"), ("target_value", "target_year")):
        one = ledger.numbers(name)
        rows = np.flatnonzero(one.given & np.isfinite(ledger.years(year)))
        cells = {"value": one.value[rows], "low": one.least[rows], "high": one.most[rows]}
        parts.append(pd.DataFrame({"row": rows, "year": ledger.years(year)[rows], **cells}))
    more = [
        (row, float(year), *cells) for row, values in enumerate(ledger.other_values) for year, cells in values.items()
    ]
    parts.append(pd.DataFrame(more, columns=["row", "year", "value", "low", "high"]).astype({"row": int}))
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True).assign(kind="printed")
