"""Checks between rows: levels of one market, of a part and its whole, of an old and a later source."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from forecast.estimates.checks.registry import Finding, Findings, check, severity_of_factor
from forecast.estimates.ledger import ALL_PAIRS, Ints, Ledger, Market, Point, digits, middle_of, pairs_within
from forecast.estimates.numbers import hedge_of
from forecast.estimates.triples import growth, overlap, percent

NOTABLE = 1.1
"""Two numbers less than this factor apart are not worth a finding."""

CLEARLY = 1.05
"""A part that is this factor above its whole is a grave finding."""

NEXT_BASES = 2
"""A forecast is held against so many later bases."""

FARTHEST_LOOK_BACK = 10
"""A forecast is held against later bases up to this many years after its target."""


def times(value: float) -> str:
    """A factor with two decimals below ten, one above."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _name(ledger: Ledger, row: int) -> str:
    return ledger.column("publisher")[row] or ledger.column("via")[row] or ledger.ids[row]


def _said(ledger: Ledger, point: Point) -> str:
    """A point of a path in words, with how it came about."""
    amount, name = ledger.money(point.value, point.row), _name(ledger, point.row)
    if point.printed:
        verb = "reports" if ledger.column("status")[point.row] == "actual" else "prints"
        return f"{name} {verb} {amount} for {point.year}"
    return f"{name} implies {amount} for {point.year} ({_way(ledger, point)})"


def _way(ledger: Ledger, point: Point) -> str:
    """How an unprinted point follows from the nearer printed end and the growth of the path."""
    row, year = point.row, point.year
    rate = 1 + float(ledger.growth[row])
    target, base = ledger.numbers("target_value").value[row], ledger.numbers("base_value").value[row]
    if np.isfinite(target) and not np.isfinite(base):
        return f"{digits(float(target))}/{rate:.4g}^{ledger.years('target_year')[row] - year:.0f}"
    return f"{digits(float(base))}×{rate:.4g}^{year - ledger.years('base_year')[row]:.0f}"


def _open_ends(ledger: Ledger, row: int) -> str:
    """Say that a base implied by two lower bounds is not bounded at all."""
    if np.isfinite(ledger.numbers("base_value").value[row]):
        return ""
    hedges = {hedge_of(ledger.column(name)[row]) for name in ("target_hedge", "cagr_hedge")}
    if hedges <= {"more than", "at least"}:
        return (
            f"; both numbers of {ledger.ids[row]} are lower bounds that push its base in opposite directions, "
            "so it is not bounded without a joint assumption"
        )
    return ""


def _bases(ledger: Ledger, a: int, b: int) -> str:
    """Say that two rows stand on different price or value bases."""
    parts = []
    for name in ("price_basis", "value_basis"):
        words = [ledger.column(name)[row] for row in (a, b)]
        if all(words) and words[0] != words[1]:
            parts.append(f"{name.replace('_', ' ')} {words[0]} against {words[1]}")
    return f"; they stand on different footings ({', '.join(parts)})" if parts else ""


def _two_points(ledger: Ledger) -> tuple[Ints, Ints]:
    """Pairs of points of one market and year from two publishers, one at least printed; the lower ones first.

    In a large market each row has one pair, in the year in which it lies farthest from the middle.
    """
    points = ledger.points
    rows, value = points["row"].to_numpy(int), points["value"].to_numpy(float)
    codes = (points["market"] * 10_000 + points["year"]).to_numpy(int)
    first, second, crowded = pairs_within(codes, value, np.bincount(ledger.market_code)[points["market"]])
    publisher = ledger.publisher_code[rows]
    printed, inner = ((points["kind"] == kind).to_numpy() for kind in ("printed", "interpolated"))
    keep = (publisher[first] != publisher[second]) & np.where(crowded, ~inner[first], printed[first] | printed[second])
    first, second, crowded = first[keep], second[keep], crowded[keep]
    farthest = np.lexsort((-np.abs(np.log(value[first] / value[second])), rows[first], ~crowded))
    once = np.ones(len(first), bool)
    once[1:] = np.diff(rows[first][farthest]) != 0
    chosen = np.sort(farthest[once | ~crowded[farthest]])
    first, second = first[chosen], second[chosen]
    low = np.where(value[first] <= value[second], first, second)
    return low, first + second - low


@check("high")
def base_clash(ledger: Ledger) -> Findings:
    """Two publishers give one market clashing levels for the same year."""
    low, high = _two_points(ledger)
    value, least, most = (ledger.points[name].to_numpy(float) for name in ("value", "low", "high"))
    clash = (value[high] >= NOTABLE * value[low]) & (most[low] < least[high])
    for (one, two), *rest in _by_pair(ledger, low[clash], high[clash]):
        factor = two.value / one.value
        text = (
            f"{_said(ledger, one)}, while {_said(ledger, two)}: {times(factor)} times as much for one market and year"
            f"{_also(ledger, rest)}{_open_ends(ledger, one.row)}{_open_ends(ledger, two.row)}"
            f"{_bases(ledger, one.row, two.row)}{_slipped(ledger, one.row, two.row, factor)}."
        )
        found = _levels_finding(ledger, one, two, severity_of_factor(factor), text)
        yield replace(found, diagnosis=SLIP) if _is_slip(factor) else found


SLIP = "a thousandfold slip of scale"
"""Diagnosis of two levels that lie about a thousand times apart, whatever their digits."""


def _is_slip(factor: float) -> bool:
    return bool(abs(math.log10(factor) - 3) < _NEAR_A_THOUSAND)


_NEAR_A_THOUSAND = 0.75
"""How far the factor may be from a thousand, in powers of ten: further than sources differ by themselves."""


def _slipped(ledger: Ledger, low: int, high: int, factor: float) -> str:
    if not _is_slip(factor):
        return ""
    scales = ledger.column("scale")
    return (
        f"; about a thousand times, as where a number in millions is entered as one in billions: check the scale of "
        f"{ledger.ids[high]} ({scales[high] or 'none'}) and {ledger.ids[low]} ({scales[low] or 'none'})"
    )


def _by_pair(ledger: Ledger, one: Ints, two: Ints) -> list[list[tuple[Point, Point]]]:
    """Group pairs of points by their rows: the pair farthest apart first, then the others by year."""
    groups: dict[tuple[int, int], list[tuple[Point, Point]]] = {}
    for a, b in zip(one.tolist(), two.tolist(), strict=True):
        p, q = ledger.point(a), ledger.point(b)
        groups.setdefault((p.row, q.row) if p.row < q.row else (q.row, p.row), []).append((p, q))
    for group in groups.values():
        if len(group) > 1:
            worst = max(group, key=_apart)
            group.sort(key=lambda pair: (pair is not worst, pair[0].year))
    return list(groups.values())


def _apart(pair: tuple[Point, Point]) -> float:
    """How far two points lie apart, in logs."""
    return abs(math.log(pair[0].value / pair[1].value))


def _also(ledger: Ledger, pairs: list[tuple[Point, Point]]) -> str:
    """Name the other years in which two rows clash."""
    parts = [f"in {one.year} {_short(ledger, one)} against {_short(ledger, two)}" for one, two in pairs[:3]]
    return f"; also {', '.join(parts)}" if parts else ""


def _short(ledger: Ledger, point: Point) -> str:
    """An amount, with how it came about where it is not printed."""
    amount = ledger.money(point.value, point.row)
    return amount if point.printed else f"{amount} ({_way(ledger, point)})"


def _levels_finding(ledger: Ledger, one: Point, other: Point, severity: str, text: str) -> Finding:
    """Hold the level of one row against that of another, in the unit of the first.

    What is printed is stated, what follows from other numbers is implied; of two of a kind the other row's is.
    """
    unit = float(ledger.factor[one.row])
    stated, implied = (other, one) if other.printed and not one.printed else (one, other)
    low, high = ledger.range_of(implied)
    return Finding(
        one.row,
        severity,
        text,
        other=other.row,
        stated=stated.value / unit,
        implied=implied.value / unit,
        low=low / unit,
        high=high / unit,
        unit=ledger.unit[one.row],
        year=one.year,
    )


# --- a part and its whole --------------------------------------------------------------------------------


def _nested(ledger: Ledger, eligible: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Positions of points of a part, and of eligible points of its wholes in its currency and year.

    A whole is a scope that contains the part's scope, or the same scope in a geography that contains its own. Where
    the wholes have more than a few points in one year, the part is held against the lowest of their middles.
    """
    if not any(ledger.wholes.values()):
        return
    years = ledger.points["year"].tolist()
    markets = [ledger.market[row] for row in ledger.points["row"].tolist()]
    value = ledger.points["value"].to_numpy(float)
    parts: dict[tuple[Market, int], list[int]] = {}
    for position, key in enumerate(zip(markets, years, strict=True)):
        parts.setdefault(key, []).append(position)
    above = {key: kept for key, group in parts.items() if (kept := [at for at in group if eligible[at]])}
    middles = {key: middle_of(np.array(group), value) for key, group in above.items()}
    for (market, year), group in parts.items():
        wholes = [(whole, year) for whole in ledger.wholes[market] if (whole, year) in above]
        if sum(len(above[key]) for key in wholes) > ALL_PAIRS:
            against = [min((middles[key] for key in wholes), key=value.__getitem__)]
        else:
            against = [at for key in wholes for at in above[key]]
        yield from itertools.product(group, against)


def _above(ledger: Ledger, *, actual: bool) -> Iterator[tuple[Point, Point, str]]:
    """Points where a part lies above a whole, one of the two printed; one a pair of rows, other years in words.

    A row of a large market is held against the whole that it exceeds most.
    """
    row, kind, low, high = (ledger.points[name].to_numpy() for name in ("row", "kind", "low", "high"))
    reported = np.array([status == "actual" for status in ledger.column("status")], bool)
    one, two = np.array([*_nested(ledger, reported[row] == actual)], np.int64).reshape(-1, 2).T
    above = (low[one] > high[two]) & ((kind[one] == "printed") | (kind[two] == "printed"))
    size = np.bincount(ledger.market_code)
    told: set[int] = set()
    for (part, whole), *rest in sorted(_by_pair(ledger, one[above], two[above]), key=lambda pairs: -_apart(pairs[0])):
        if part.row not in told or size[ledger.market_code[part.row]] <= ALL_PAIRS:
            told.add(part.row)
            yield part, whole, _also(ledger, rest)


@check("high")
def subset_above_superset(ledger: Ledger) -> Findings:
    """A part of a market is larger than the whole in the same year."""
    for part, whole, also in _above(ledger, actual=False):
        row, other, ratio = part.row, whole.row, part.value / whole.value
        numerals = [digits(point.value / float(ledger.factor[row])) for point in (part, whole)]
        text = (
            f"{_said(ledger, part)} for {_place(ledger, row)}, more than the whole: {_said(ledger, whole)} for "
            f"{_place(ledger, other)}; {numerals[0]}/{numerals[1]} = {ratio:.4g}{also}{_overtaken(ledger, part, whole)}"
            f"{_open_ends(ledger, other)}{_bases(ledger, row, other)}."
        )
        yield _levels_finding(ledger, part, whole, "high" if ratio >= CLEARLY else "medium", text)


def _place(ledger: Ledger, row: int) -> str:
    place = "" if ledger.geography[row] == "global" else f" in {ledger.geography[row]}"
    return f"{ledger.scope[row]}{place}"


def _overtaken(ledger: Ledger, part: Point, whole: Point) -> str:
    """Say when the whole outgrows the part, each on its own growth."""
    slow, fast = float(ledger.growth[part.row]), float(ledger.growth[whole.row])
    if not fast > slow > -1:
        return ""
    years = math.log(part.value / whole.value) / math.log((1 + fast) / (1 + slow))
    return (
        f"; on their own growth ({percent(100 * fast)} against {percent(100 * slow)}) the whole overtakes the part "
        f"after {years:.2f} years, in {math.floor(part.year + years)}"
    )


@check("high")
def above_actual(ledger: Ledger) -> Findings:
    """A market is put above the reported spending on a market that contains it."""
    for part, whole, also in _above(ledger, actual=True):
        row, other, factor = part.row, whole.row, part.value / whole.value
        text = (
            f"{_said(ledger, part)} for {_place(ledger, row)}, {times(factor)} times the spending on all of "
            f"{_place(ledger, other)}: {_said(ledger, whole)}{also}{_bases(ledger, row, other)}."
        )
        yield _levels_finding(ledger, part, whole, "high" if factor >= CLEARLY else "medium", text)


@check("high")
def share_misfit(ledger: Ledger) -> Findings:
    """A printed share times the total is not the segment."""
    where = {key: row for row, key in enumerate(ledger.ids)}
    for row, (text, total) in enumerate(zip(ledger.column("share"), ledger.column("share_of"), strict=True)):
        year = ledger.years("base_year")[row]
        share = ledger.share(text)
        if share is None:
            continue
        part, whole = (ledger.path(at).get(int(year)) if year > 0 else None for at in (row, where.get(total, -1)))
        if part is None or whole is None:
            continue
        low, high = share.low / 100 * whole.low, share.high / 100 * whole.high
        if overlap((low, high), (part.low, part.high)):
            continue
        unit, product = float(ledger.factor[row]), share.value / 100 * whole.value
        explanation = (
            f"A share of {text.removesuffix('%')} % of {ledger.money(whole.value, whole.row)} ({total}, {year:.0f}) is "
            f"{ledger.money(product, row)} ({digits(low / unit)} to {digits(high / unit)} by rounding), but the "
            "segment is printed "
            f"as {ledger.money(part.value, row)}."
        )
        total_point = part._replace(row=whole.row, value=product, low=low, high=high, kind="share")
        yield _levels_finding(ledger, part, total_point, severity_of_factor(product / part.value), explanation)


# --- growth and time -------------------------------------------------------------------------------------


@check("high")
def growth_on_foreign_base(ledger: Ledger) -> Findings:
    """The growth of one source would be put on the base of another."""
    base, target, cagr = ledger.numbers("base_value"), ledger.numbers("target_value"), ledger.numbers("cagr")
    baseless = np.flatnonzero(~base.given & target.given & cagr.given & (cagr.value > -100))
    hosts: dict[tuple[Market, int], list[Point]] = {}
    printed = np.flatnonzero(ledger.points["kind"] == "printed").tolist() if len(baseless) else []
    for point in map(ledger.point, printed):
        hosts.setdefault((ledger.market[point.row], point.year), []).append(point)
    for row in baseless[np.isfinite(ledger.years("cagr_from")[baseless])].tolist():
        for host in hosts.get((ledger.market[row], int(ledger.years("cagr_from")[row])), [])[:ALL_PAIRS]:
            if ledger.publisher_code[host.row] != ledger.publisher_code[row]:
                yield from _foreign_base(ledger, row, host)


def _foreign_base(ledger: Ledger, row: int, host: Point) -> Findings:
    year, n = host.year, float(ledger.years("target_year")[row] - host.year)
    target, rate = ledger.numbers("target_value").value[row], ledger.numbers("cagr").value[row]
    base = host.value / float(ledger.factor[row])
    if not n > 0:
        return
    grown = base * (1 + rate / 100) ** n
    factor = max(grown / target, target / grown)
    if factor < NOTABLE:
        return
    name, other = _name(ledger, row), _name(ledger, host.row)
    text = (
        f"{name} prints a growth of {digits(float(rate))} % a year but no base; on the base of {other} it would give "
        f"{digits(base)}×{1 + rate / 100:.4g}^{n:.0f} = {digits(float(grown))} in {year + n:.0f}, "
        f"{times(float(factor))} times away from "
        f"its own {digits(float(target))}; from {digits(base)} to {digits(float(target))} takes only "
        f"{percent(growth(target / base, n))} a year. "
        "Base and growth belong together."
    )
    yield Finding(
        row,
        severity_of_factor(float(factor)),
        text,
        other=host.row,
        stated=float(target),
        implied=float(grown),
        unit=ledger.unit[row],
        year=int(year + n),
        diagnosis="base and growth of different sources",
    )


@check("high")
def old_forecast(ledger: Ledger) -> Findings:
    """An older forecast lies above a later base or actual."""
    target, base = ledger.numbers("target_value"), ledger.numbers("base_value")
    starts: dict[Market, list[tuple[float, int]]] = {}
    for row in np.flatnonzero(base.given & np.isfinite(ledger.years("base_year"))).tolist():
        starts.setdefault(ledger.market[row], []).append((float(ledger.years("base_year")[row]), row))
    for found in starts.values():
        found.sort()
    for old in np.flatnonzero(target.given & np.isfinite(ledger.years("target_year"))).tolist():
        for new in _followers(ledger, old, starts):
            yield from _fallen(ledger, old, new)


def _followers(ledger: Ledger, old: int, starts: dict[Market, list[tuple[float, int]]]) -> list[int]:
    """Rows whose base comes next after the target of an old one, in its market or one that contains it."""
    year = float(ledger.years("target_year")[old])
    market = ledger.market[old]
    rows: list[tuple[float, int]] = []
    for whole in (market, *ledger.wholes[market]):
        later = starts.get(whole, [])
        at = bisect.bisect_right(later, (year, math.inf))
        rows += later[at : at + NEXT_BASES]
    return [row for start, row in sorted(rows)[:NEXT_BASES] if start - year <= FARTHEST_LOOK_BACK]


def _fallen(ledger: Ledger, old: int, new: int) -> Findings:
    target, base = ledger.numbers("target_value"), ledger.numbers("base_value")
    forecast, found = float(target.value[old] * ledger.factor[old]), float(base.value[new] * ledger.factor[new])
    factor = forecast / found
    if factor < NOTABLE or target.least[old] * ledger.factor[old] <= base.most[new] * ledger.factor[new]:
        return
    ahead, at = int(ledger.years("target_year")[old]), int(ledger.years("base_year")[new])
    unit = float(ledger.factor[old])
    text = (
        f"{_name(ledger, old)} forecast {ledger.money(forecast, old)} of {_place(ledger, old)} for {ahead}; "
        f"{_name(ledger, new)} "
        f"puts {_place(ledger, new)} at {ledger.money(found, new)} in {at}: "
        f"{digits(forecast / unit)}/{digits(found / unit)} = {times(factor)} times, "
        f"{at - ahead} years earlier; either the scopes differ or the forecast missed by "
        f"{100 * (1 - 1 / factor):.0f} % or more"
        f"{_bases(ledger, old, new)}."
    )
    yield Finding(
        old,
        severity_of_factor(factor),
        text,
        other=new,
        stated=forecast / unit,
        implied=found / unit,
        low=float(base.low[new] * ledger.factor[new]) / unit,
        high=float(base.high[new] * ledger.factor[new]) / unit,
        unit=ledger.unit[old],
        year=at,
    )
