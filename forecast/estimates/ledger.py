"""A table of estimates as arrays: what the checks of the audit compute with."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.errors import InputError
from forecast.estimates.conversion import Claim, claim, scaled
from forecast.estimates.reading import FIRST_YEAR, LARGEST, LAST_YEAR, SMALLEST, as_texts
from forecast.estimates.scopes import Scopes
from forecast.estimates.triples import Triple, from_year, quotient
from forecast.estimates.units import SCALES, SHORT_SCALES, scale_name

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Market = tuple[str, str, str]
"""Scope, geography and currency: rows of one market can be held against each other."""

LONGEST_PATH = 60
"""Paths are followed over at most this many years."""

ALL_PAIRS = 12
"""In a market of more rows than this, each row is held against the middle one only."""

CROWD = 40
"""Where a market and year have more rows than this, only what is printed is looked at."""

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


class Point(NamedTuple):
    """A level of one row in one year, in units of currency; see `Ledger.points`."""

    row: int
    year: int
    value: float
    low: float
    high: float
    kind: str
    market: int

    @property
    def printed(self) -> bool:
        """Whether the publisher printed it."""
        return self.kind == "printed"


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
        return {name: [text.strip() for text in self.texts[name].tolist()] for name in self.texts.columns}

    @cached_property
    def ids(self) -> list[str]:
        """Id of each row."""
        return self.column("id")

    @cached_property
    def unreadable(self) -> list[tuple[int, str, str]]:
        """Cells that hold no readable number: row, column, text."""
        return [
            (row, name, text)
            for name in _HEDGE_OF
            for row, (text, one) in enumerate(zip(self.column(name), self._claims(name), strict=True))
            if text and one is None
        ]

    @cached_property
    def spoken(self) -> list[tuple[int, str, str]]:
        """Cells that hold a phrase where a number belongs, such as "USD 16 billion": row, column, text."""
        return [
            (row, name, text)
            for name in _HEDGE_OF
            for row, text in enumerate(self.column(name))
            if text and _claim(text, "", "", name) is None and self._claims(name)[row] is not None
        ]

    def _claims(self, name: str) -> list[Claim | None]:
        if name not in self._read:
            self._read[name] = self._read_claims(name)
        return self._read[name]

    @cached_property
    def _read(self) -> dict[str, list[Claim | None]]:
        return {}

    def _read_claims(self, name: str) -> list[Claim | None]:
        cells = zip(
            self.column(name), self.column(_HEDGE_OF[name]), self.column("conversion"), self.factor, strict=True
        )
        return [
            (_claim(text, hedge, how, name) or _spoken(text, hedge, name, float(factor))) if text else None
            for text, hedge, how, factor in cells
        ]

    def numbers(self, name: str) -> Numbers:
        """Numbers of base_value, target_value, cagr (in percent) or multiple, in the unit of each row."""
        if name not in self._numbers:
            table = np.array([_five(one, name) for one in self._claims(name)], float).reshape(-1, 5)
            self._numbers[name] = Numbers(*table.T)
        return self._numbers[name]

    @cached_property
    def _numbers(self) -> dict[str, Numbers]:
        return {}

    def years(self, name: str) -> Floats:
        """Years of a column; nan where there is none."""
        if name not in self._years:
            years = pd.to_numeric(pd.Series(self.column(name)), errors="coerce").to_numpy(float)
            self._years[name] = np.where((years >= FIRST_YEAR) & (years <= LAST_YEAR) & (years % 1 == 0), years, np.nan)
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
    def triples(self) -> list[Triple]:
        """All rows that print base, target and growth over at least one year.

        A growth is counted from the first year of its label where that year is printed too and the growth fits
        from it.
        """
        base, target, cagr = (self.numbers(name) for name in ("base_value", "target_value", "cagr"))
        base_year, target_year = self.years("base_year"), self.years("target_year")
        texts = self.column("base_value"), self.column("target_value")
        triples = [
            Triple(
                row=row,
                base_year=int(base_year[row]),
                target_year=int(target_year[row]),
                base=float(base.value[row]),
                target=float(target.value[row]),
                base_text=texts[0][row],
                target_text=texts[1][row],
                ratio=float(target.value[row] / base.value[row]),
                ratio_range=quotient(target.low[row], target.high[row], base.low[row], base.high[row]),
                ratio_reading=quotient(target.least[row], target.most[row], base.least[row], base.most[row]),
                stated=float(cagr.value[row]),
                stated_range=(float(cagr.low[row]), float(cagr.high[row])),
                stated_reading=(float(cagr.least[row]), float(cagr.most[row])),
            )
            for row in np.flatnonzero(base.given & target.given & cagr.given & np.isfinite(self.periods)).tolist()
        ]
        return [self._by_label(triple) for triple in triples]

    def _by_label(self, triple: Triple) -> Triple:
        row, target = triple.row, self.numbers("target_value")
        start, end = self.years("cagr_from")[row], self.years("cagr_to")[row]
        printed = self.other_values[row].get(int(start)) if triple.base_year != start < triple.target_year else None
        if printed is None or (np.isfinite(end) and end != triple.target_year):
            return triple
        cells = (target.low, target.high), (target.least, target.most)
        shown, read = ((float(low[row]), float(high[row])) for low, high in cells)
        return from_year(triple, int(start), (printed[1], printed[2]), (shown, read))

    @cached_property
    def verdicts(self) -> list[str]:
        """Verdict on each of the triples."""
        return [triple.verdict for triple in self.triples]

    def judged(self, verdict: str) -> list[Triple]:
        """Triples with one verdict."""
        return [triple for triple, found in zip(self.triples, self.verdicts, strict=True) if found == verdict]

    @cached_property
    def twins(self) -> list[tuple[int, int]]:
        """Pairs of rows of one market with the same target, and the same base or growth."""
        target, base, cagr = (self.numbers(name) for name in ("target_value", "base_value", "cagr"))
        rows = np.flatnonzero(target.given)
        near = [f"{value:.1e}" for value in (target.value * self.factor)[rows].tolist()]
        years = self.years("target_year")[rows].tolist()
        codes = list(zip(self.market_code[rows].tolist(), years, near, strict=True))
        i, j, _ = pairs_within(codes, target.value[rows])
        a, b = np.minimum(rows[i], rows[j]), np.maximum(rows[i], rows[j])
        base_or_growth = _same(base, self.factor, a, b) | (
            _same(cagr, np.ones(len(self)), a, b) & ~(base.given[a] & base.given[b])
        )
        both = _same(target, self.factor, a, b) & base_or_growth
        return list(zip(a[both].tolist(), b[both].tolist(), strict=True))

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
    def market(self) -> list[Market]:
        """Market of each row."""
        return list(zip(self.scope, self.geography, self.currency, strict=True))

    @cached_property
    def pools(self) -> dict[tuple[str, str], list[int]]:
        """Rows of each scope and geography, whatever their currency."""
        pools: dict[tuple[str, str], list[int]] = {}
        for row, (scope, geography) in enumerate(zip(self.scope, self.geography, strict=True)):
            pools.setdefault((scope, geography), []).append(row)
        return pools

    @cached_property
    def wholes(self) -> dict[Market, list[Market]]:
        """For each market, those of the table that contain it: a wider scope, or a wider geography."""
        found = {}
        for scope, geography, currency in set(self.market):
            wider = [(above, geography, currency) for above in self.scopes.tree.lineage(scope)[1:]]
            wider += [(scope, above, currency) for above in self.scopes.geographies.lineage(geography)[1:]]
            found[scope, geography, currency] = wider
        return {market: [whole for whole in wider if whole in found] for market, wider in found.items()}

    @cached_property
    def market_code(self) -> Ints:
        """Number of the market of each row."""
        codes: dict[Market, int] = {}
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
        return [groups[key][:ALL_PAIRS] for key in keys]

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
        `market` is the number of the row's market. Where a market and year are crowded, only what is printed stays.
        """
        return _points(self)

    @cached_property
    def _point_columns(self) -> list[list[Any]]:
        return [self.points[name].tolist() for name in Point._fields]

    def point(self, position: int) -> Point:
        """One of the points."""
        return Point._make([column[position] for column in self._point_columns])

    @cached_property
    def _path_ends(self) -> list[int]:
        """Position of the first point of each row, and one past the last point."""
        return np.searchsorted(self.points["row"].to_numpy(), np.arange(len(self) + 1)).tolist()

    @cached_property
    def told_years(self) -> list[frozenset[int]]:
        """Years for which each row has a point."""
        years = self.points["year"].tolist()
        return [frozenset(years[start:end]) for start, end in itertools.pairwise(self._path_ends)]

    def path(self, row: int) -> dict[int, Point]:
        """The points of a row by year."""
        return {point.year: point for point in map(self.point, range(*self._path_ends[row : row + 2]))}

    def range_of(self, point: Point) -> tuple[float, float]:
        """Range of a point in units of currency; the rounding and hedges of the numbers it follows from included.

        A side that no number bounds is zero or infinite.
        """
        if point.kind not in ("implied", "interpolated"):
            return point.low, point.high
        key = point.row, point.year
        if key not in self._ranges:
            self._ranges[key] = self._derived_range(point)
        return self._ranges[key]

    @cached_property
    def _ranges(self) -> dict[tuple[int, int], tuple[float, float]]:
        return {}

    def _derived_range(self, point: Point) -> tuple[float, float]:
        base, target = (self._ends(name, point.row) for name in ("base_value", "target_value"))
        since = point.year - float(self.years("base_year")[point.row])
        until = float(self.years("target_year")[point.row]) - point.year
        if base and target:
            part = since / (since + until)
            ends = [b ** (1 - part) * t**part for b, t in zip(base, target, strict=True)]
        else:
            low, high = (max(1 + end / 100, 0.0) for end in self._ends("cagr", point.row) or (-100.0, math.inf))
            if base:
                ends = [base[0] * _power(low, since), base[1] * _power(high, since)]
            else:
                first, last = target or (0.0, math.inf)
                ends = [_over(first, _power(high, until)), _over(last, _power(low, until))]
        unit = float(self.factor[point.row])
        return ends[0] * unit, ends[1] * unit

    def _ends(self, name: str, row: int) -> tuple[float, float] | None:
        """Cell of a printed number under its hedge, an amount not below zero; None where there is none."""
        one = self._claims(name)[row]
        if one is None or (name != "cagr" and not one.value > 0):
            return None
        return (one.cell[0] if name == "cagr" else max(one.cell[0], 0.0)), one.cell[1]

    @cached_property
    def spread(self) -> dict[Market, float]:
        """Largest factor between two levels of one market in one year."""
        years = self.points.groupby(["market", "year"])["value"]
        by_market = (years.max() / years.min()).groupby("market").max().to_dict()
        return {
            market: float(by_market.get(code, 1.0)) for market, code in zip(self.market, self.market_code, strict=True)
        }

    @cached_property
    def unit(self) -> list[str]:
        """Currency and scale of each row in short, such as "USD bn"."""
        scales = (SHORT_SCALES.get(scale_name(word), "") for word in self.column("scale"))
        return [f"{currency} {scale}".strip() for currency, scale in zip(self.currency, scales, strict=True)]

    @cached_property
    def _money(self) -> list[tuple[str, float, str]]:
        shorts = (SHORT_SCALES.get(scale_name(word), "") for word in self.column("scale"))
        around = zip(self.currency, self.factor.tolist(), shorts, strict=True)
        return [(f"{code} " if code else "", factor, f" {short}" if short else "") for code, factor, short in around]

    def money(self, value: float, row: int) -> str:
        """An amount in units of currency, written in the scale of a row."""
        before, factor, behind = self._money[row]
        return f"{before}{digits(value / factor)}{behind}"


def digits(value: float) -> str:
    """A number with four significant digits, and no more zeros than it needs.

    Examples
    --------
    >>> digits(16.0), digits(4.0893), digits(195.6), digits(12345.0), digits(0.00012345)
    ('16', '4.089', '195.6', '12,345', '0.0001234')
    """
    if not math.isfinite(value):
        return "unknown"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if value == 0 or abs(value) >= 1e-4 else f"{value:.3g}"


def pairs_within(
    codes: Sequence[Hashable] | Ints, order: Floats, size: Ints | None = None
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Positions of all pairs that share a key.

    Parameters
    ----------
    codes
        Key of each position; an array of integers or any keys.
    order
        Number of each position; in a large group each is paired with the middle one only, so that the cost
        stays linear.
    size
        What makes a group large where it is above `ALL_PAIRS`; its length unless given.

    Returns
    -------
    first, second, crowded
        Positions, and whether `second` is the middle one of a large group.
    """
    if not isinstance(codes, np.ndarray):
        known: dict[Hashable, int] = {}
        codes = np.array([known.setdefault(key, len(known)) for key in codes], np.int64)
    found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, bool))]
    by_code = np.argsort(codes, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(codes[by_code])) + 1, len(codes))
    starts = np.append(0, ends[:-1])
    several = ends - starts > 1
    for start, end in zip(starts[several].tolist(), ends[several].tolist(), strict=True):
        group = by_code[start:end]
        large = len(group) if size is None else size[group[0]]
        if large <= ALL_PAIRS:
            i, j = _all_pairs(len(group))
            found.append((group[i], group[j], np.zeros(len(i), bool)))
        else:
            middle = middle_of(group, order)
            others = group[group != middle]
            found.append((others, np.full(len(others), middle), np.ones(len(others), bool)))
    first, second, crowded = zip(*found, strict=True)
    return np.concatenate(first), np.concatenate(second), np.concatenate(crowded)


@lru_cache(maxsize=ALL_PAIRS)
def _all_pairs(count: int) -> tuple[Ints, Ints]:
    return np.triu_indices(count, 1)


def middle_of(group: Ints, order: Floats) -> int:
    """Position whose number is the middle one of a group."""
    return int(group[np.argsort(order[group], kind="stable")[len(group) // 2]])


def _power(value: float, exponent: float) -> float:
    try:
        return float(value**exponent)
    except OverflowError:
        return math.inf


def _over(value: float, growth: float) -> float:
    """Quotient of two numbers of which either may be infinite; unbounded above zero, zero below."""
    if math.isinf(growth):
        return 0.0
    return value / growth if growth > 0 else math.inf


def _same(numbers: Numbers, factor: Floats, a: Ints, b: Ints) -> NDArray[np.bool_]:
    """Whether two rows print one number, each within the rounding of the other; nan is no number."""
    low = np.maximum(numbers.low[a] * factor[a], numbers.low[b] * factor[b])
    high = np.minimum(numbers.high[a] * factor[a], numbers.high[b] * factor[b])
    return low <= high


def _mapped(words: list[str], to: object) -> list[str]:
    assert callable(to)
    known = {word: str(to(word)) for word in set(words)}
    return [known[word] for word in words]


def _claim(text: str, hedge: str, conversion: str, column: str) -> Claim | None:
    try:
        found = claim(text, hedge, conversion, column)
    except InputError:
        return None
    return None if found and found.value and not SMALLEST <= abs(found.value) <= LARGEST else found


def _spoken(text: str, hedge: str, column: str, factor: float) -> Claim | None:
    """Read a phrase where a number belongs; None where it can be read in no way or in two."""
    from forecast.estimates.phrases import parse_amount, parse_growth

    try:
        if column in ("base_value", "target_value"):
            amount = parse_amount(text)
            return scaled(claim(amount.digits, hedge or amount.hedge), SCALES[amount.scale] / factor)
        growth = parse_growth(text)
    except InputError:
        return None
    wanted = "rate" if column == "cagr" else "multiple"
    return claim(growth.digits, hedge or growth.hedge) if growth.kind == wanted and not growth.ambiguity else None


def _five(one: Claim | None, column: str) -> tuple[float, ...]:
    if one is None or (column != "cagr" and not one.value > 0):
        return (np.nan,) * 5
    return one.value, max(one.low, 0.0) if column != "cagr" else one.low, one.high, one.least, one.most


def _other_values(text: str, conversion: str) -> dict[int, tuple[float, float, float]]:
    found = {}
    for pair in text.split(";"):
        year, _, value = (part.strip() for part in pair.partition("="))
        one = _five(_claim(value, "", conversion, f"other_values.{year}"), "other_values")
        if year.isdigit() and np.isfinite(one[0]):
            found[int(year)] = (one[0], one[1], one[2])
    return found


def _points(ledger: Ledger) -> pd.DataFrame:
    base, target = ledger.numbers("base_value"), ledger.numbers("target_value")
    start, end = _path_years(ledger)
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
    table = table[(table["kind"] == "printed") | (crowd <= CROWD)]
    return table.sort_values(["row", "year"], kind="stable", ignore_index=True)


def _path_years(ledger: Ledger) -> tuple[Floats, Floats]:
    """First and last year of the path of each row; a printed level without its year makes no path."""
    base, target = ledger.numbers("base_value").given, ledger.numbers("target_value").given
    base_year, target_year = ledger.years("base_year"), ledger.years("target_year")
    start = np.where(base | np.isfinite(base_year), base_year, ledger.years("cagr_from"))
    end = np.where(target | np.isfinite(target_year), target_year, ledger.years("cagr_to"))
    return start, end


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
