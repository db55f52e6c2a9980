"""Checks between rows: levels of one market, of a part and its whole, of an old and a later source."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from forecast.estimates.checks.growth import growth, overlap, percent
from forecast.estimates.checks.registry import Finding, Findings, check, severity_of_factor
from forecast.estimates.ledger import MOST_PARTNERS, Floats, Ints, Ledger, digits, pairs_within

NOTABLE = 1.1
"""Two numbers less than this factor apart are not worth a finding."""

CLEARLY = 1.05
"""A part that is this factor above its whole is a grave finding."""

FARTHEST_LOOK_BACK = 10
"""A forecast is held against later bases up to this many years after its target."""


def times(value: float) -> str:
    """A factor with two decimals below ten, one above."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _is_actual(ledger: Ledger, row: int) -> bool:
    return ledger.column("status")[row] == "actual"


def _name(ledger: Ledger, row: int) -> str:
    return ledger.column("publisher")[row] or ledger.column("via")[row] or ledger.ids[row]


def _said(ledger: Ledger, point: pd.Series) -> str:
    """A point of a path in words, with how it came about."""
    row, year, kind = int(point["row"]), int(point["year"]), str(point["kind"])
    amount = ledger.money(float(point["value"]), row)
    name = _name(ledger, row)
    if kind == "printed":
        verb = "reports" if _is_actual(ledger, row) else "prints"
        return f"{name} {verb} {amount} for {year}"
    return f"{name} implies {amount} for {year} ({_way(ledger, point)})"


def _way(ledger: Ledger, point: pd.Series) -> str:
    """How an unprinted point follows from the nearer printed end and the growth of the path."""
    row, year = int(point["row"]), int(point["year"])
    rate = 1 + float(ledger.growth[row])
    target, base = ledger.numbers("target_value").value[row], ledger.numbers("base_value").value[row]
    if np.isfinite(target) and not np.isfinite(base):
        return f"{digits(float(target))}/{rate:.4g}^{ledger.years('target_year')[row] - year:.0f}"
    return f"{digits(float(base))}×{rate:.4g}^{year - ledger.years('base_year')[row]:.0f}"


def _open_ends(ledger: Ledger, row: int) -> str:
    """Say that a base implied by two lower bounds is not bounded at all."""
    one_sided = ("more than", "over", "at least", ">", "超過", "突破", "逾")
    hedges = [ledger.column(name)[row] for name in ("target_hedge", "cagr_hedge")]
    if not np.isfinite(ledger.numbers("base_value").value[row]) and all(hedge in one_sided for hedge in hedges):
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


def _two_points(ledger: Ledger) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pairs of points of one market and year from two publishers, of which one at least is printed."""
    points = ledger.points
    rows = points["row"].to_numpy(int)
    codes = (points["market"] * 10_000 + points["year"]).to_numpy(int)
    first, second = pairs_within(codes, points["value"].to_numpy(float))
    publisher = ledger.publisher_code
    printed = (points["kind"] == "printed").to_numpy()
    keep = (publisher[rows[first]] != publisher[rows[second]]) & (printed[first] | printed[second])
    return points.iloc[first[keep]].reset_index(drop=True), points.iloc[second[keep]].reset_index(drop=True)


@check("high", "Two publishers give one market clashing levels for the same year.")
def base_clash(ledger: Ledger) -> Findings:
    a, b = _two_points(ledger)
    if a.empty:
        return
    swap = (a["value"] > b["value"]).to_numpy()
    low, high = a.where(~swap, b), b.where(~swap, a)
    factor = (high["value"] / low["value"]).to_numpy(float)
    clash = np.flatnonzero((factor >= NOTABLE) & (low["high"] < high["low"]).to_numpy())
    for first, *rest in _by_pair(low, high, clash, factor):
        one, two = low.iloc[first], high.iloc[first]
        row, other = int(one["row"]), int(two["row"])
        text = (
            f"{_said(ledger, one)}, while {_said(ledger, two)}: {times(factor[first])} times as much for one market and year"
            f"{_also(ledger, low, high, rest)}{_open_ends(ledger, row)}{_open_ends(ledger, other)}{_bases(ledger, row, other)}."
        )
        yield _levels_finding(ledger, one, two, severity_of_factor(factor[first]), text)


def _by_pair(low: pd.DataFrame, high: pd.DataFrame, positions: Ints, factor: Floats) -> list[list[int]]:
    """Positions of each pair of rows, the one with the largest factor first, then by year."""
    groups: dict[tuple[int, int], list[int]] = {}
    for position, a, b in zip(
        positions.tolist(), low["row"].to_numpy(int)[positions], high["row"].to_numpy(int)[positions], strict=True
    ):
        groups.setdefault((min(a, b), max(a, b)), []).append(position)
    years = low["year"].to_numpy()
    ordered = []
    for group in groups.values():
        worst = max(group, key=lambda position: factor[position])
        ordered.append([worst, *sorted((p for p in group if p != worst), key=lambda position: years[position])])
    return ordered


def _also(ledger: Ledger, low: pd.DataFrame, high: pd.DataFrame, positions: list[int]) -> str:
    """Name the other years in which two rows clash."""
    parts = [
        f"in {low['year'].iloc[p]:.0f} {_short(ledger, low.iloc[p])} against {_short(ledger, high.iloc[p])}"
        for p in positions[:3]
    ]
    return f"; also {', '.join(parts)}" if parts else ""


def _short(ledger: Ledger, point: pd.Series) -> str:
    """An amount, with how it came about where it is not printed."""
    amount = ledger.money(float(point["value"]), int(point["row"]))
    return amount if point["kind"] == "printed" else f"{amount} ({_way(ledger, point)})"


def _levels_finding(ledger: Ledger, one: pd.Series, other: pd.Series, severity: str, text: str) -> Finding:
    """Hold the level of one row (stated) against that of another (implied), in the unit of the first."""
    row = int(one["row"])
    unit = float(ledger.factor[row])
    return Finding(
        row,
        severity,
        text,
        other=int(other["row"]),
        stated=float(one["value"]) / unit,
        implied=float(other["value"]) / unit,
        low=float(other["low"]) / unit,
        high=float(other["high"]) / unit,
        unit=_unit(ledger, row),
        year=int(one["year"]),
    )


def _unit(ledger: Ledger, row: int) -> str:
    return ledger.money(1.0, row).replace(digits(1 / float(ledger.factor[row])), "").replace("  ", " ").strip()


# --- a part and its whole --------------------------------------------------------------------------------


def _nested(ledger: Ledger) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Points of a part beside points of a whole of the same geography, currency and year; one printed at least.

    A whole is a scope that contains the part's scope, or the same scope in a geography that contains its own.
    """
    groups = ledger.points.groupby("market", sort=False)
    by_market = {ledger.market[int(group["row"].iloc[0])]: group for _, group in groups}
    for (scope, geography, currency), part in by_market.items():
        wholes = [(above, geography, currency) for above in ledger.scopes.tree.lineage(scope)[1:]]
        wholes += [(scope, above, currency) for above in ledger.scopes.geographies.lineage(geography)[1:]]
        for market in wholes:
            if market in by_market:
                yield _beside(part, by_market[market])


def _beside(part: pd.DataFrame, whole: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    crowded = whole.groupby("year")["row"].transform("size") > MOST_PARTNERS
    middle = whole[crowded].sort_values("value").groupby("year").nth(0)
    few = pd.concat([whole[~crowded], middle])
    pairs = part.reset_index(names="_part").merge(few.reset_index(names="_whole"), on="year", suffixes=("", "_w"))
    pairs = pairs[(pairs["kind"] == "printed") | (pairs["kind_w"] == "printed")]
    return part.loc[pairs["_part"]].reset_index(drop=True), whole.loc[pairs["_whole"]].reset_index(drop=True)


def _above(ledger: Ledger, *, actual: bool) -> Iterator[tuple[pd.Series, pd.Series, str]]:
    """Points where a part lies above a whole, one a pair of rows, with the other years in words."""
    reported = np.array([status == "actual" for status in ledger.column("status")])
    for part, whole in _nested(ledger):
        above = (part["low"] > whole["high"]) & (reported[whole["row"].to_numpy(int)] == actual)
        ratio = (part["value"] / whole["value"]).to_numpy(float)
        for first, *rest in _by_pair(part, whole, np.flatnonzero(above), ratio):
            yield part.iloc[first], whole.iloc[first], _also(ledger, part, whole, rest)


@check("high", "A part of a market is larger than the whole in the same year.")
def subset_above_superset(ledger: Ledger) -> Findings:
    for part, whole, also in _above(ledger, actual=False):
        row, other = int(part["row"]), int(whole["row"])
        ratio = float(part["value"] / whole["value"])
        numerals = [digits(float(point["value"] / ledger.factor[row])) for point in (part, whole)]
        text = (
            f"{_said(ledger, part)} for {_place(ledger, row)}, more than the whole: {_said(ledger, whole)} for "
            f"{_place(ledger, other)}; {numerals[0]}/{numerals[1]} = {ratio:.4g}{also}{_overtaken(ledger, part, whole)}"
            f"{_open_ends(ledger, other)}{_bases(ledger, row, other)}."
        )
        yield _levels_finding(ledger, part, whole, "high" if ratio >= CLEARLY else "medium", text)


def _place(ledger: Ledger, row: int) -> str:
    place = "" if ledger.geography[row] == "global" else f" in {ledger.geography[row]}"
    return f"{ledger.scope[row]}{place}"


def _overtaken(ledger: Ledger, part: pd.Series, whole: pd.Series) -> str:
    """Say when the whole outgrows the part, each on its own growth."""
    slow, fast = float(ledger.growth[int(part["row"])]), float(ledger.growth[int(whole["row"])])
    if not fast > slow > -1:
        return ""
    years = math.log(float(part["value"] / whole["value"])) / math.log((1 + fast) / (1 + slow))
    return (
        f"; on their own growth ({percent(100 * fast)} against {percent(100 * slow)}) the whole overtakes the part "
        f"after {years:.2f} years, in {math.floor(int(part['year']) + years)}"
    )


@check("high", "A market is put above the reported spending on a market that contains it.")
def above_actual(ledger: Ledger) -> Findings:
    for part, whole, also in _above(ledger, actual=True):
        row, other = int(part["row"]), int(whole["row"])
        factor = float(part["value"] / whole["value"])
        text = (
            f"{_said(ledger, part)} for {_place(ledger, row)}, {times(factor)} times the spending on all of "
            f"{_place(ledger, other)}: {_said(ledger, whole)}{also}{_bases(ledger, row, other)}."
        )
        yield _levels_finding(ledger, part, whole, "high" if factor >= CLEARLY else "medium", text)


@check("medium", "A printed share times the total is not the segment.")
def share_misfit(ledger: Ledger) -> Findings:
    where = {key: row for row, key in enumerate(ledger.ids)}
    points = ledger.points.set_index(["row", "year"])
    for row, (text, total) in enumerate(zip(ledger.column("share"), ledger.column("share_of"), strict=True)):
        share = ledger.share(text)
        year = ledger.years("base_year")[row]
        if (
            share is None
            or total not in where
            or (where[total], year) not in points.index
            or (row, year) not in points.index
        ):
            continue
        whole, part = points.loc[(where[total], year)], points.loc[(row, year)]
        low, high = (share.low / 100 * float(whole["low"]), share.high / 100 * float(whole["high"]))
        if overlap((low, high), (float(part["low"]), float(part["high"]))):
            continue
        unit = float(ledger.factor[row])
        product = share.value / 100 * float(whole["value"])
        explanation = (
            f"A share of {text} % of {ledger.money(float(whole['value']), where[total])} ({total}, {year:.0f}) is "
            f"{ledger.money(product, row)} ({digits(low / unit)} to {digits(high / unit)} by rounding), but the segment is printed "
            f"as {ledger.money(float(part['value']), row)}."
        )
        yield Finding(
            row,
            severity_of_factor(product / float(part["value"])),
            explanation,
            other=where[total],
            stated=float(part["value"]) / unit,
            implied=product / unit,
            low=low / unit,
            high=high / unit,
            unit=_unit(ledger, row),
            year=int(year),
        )


# --- growth and time -------------------------------------------------------------------------------------


@check("high", "The growth of one source would be put on the base of another.")
def growth_on_foreign_base(ledger: Ledger) -> Findings:
    base, target, cagr = ledger.numbers("base_value"), ledger.numbers("target_value"), ledger.numbers("cagr")
    baseless = np.flatnonzero(~base.given & target.given & cagr.given & (cagr.value > -100))
    keys = [(*ledger.market[row], ledger.years("cagr_from")[row]) for row in baseless]
    printed = ledger.points[ledger.points["kind"] == "printed"]
    at = [(*ledger.market[row], float(year)) for row, year in zip(printed["row"], printed["year"], strict=True)]
    hosts: dict[tuple[object, ...], list[int]] = {}
    for position, key in enumerate(at):
        hosts.setdefault(key, []).append(position)
    for row, key in zip(baseless, keys, strict=True):
        for position in hosts.get(key, [])[:MOST_PARTNERS]:
            host = printed.iloc[position]
            if ledger.publisher[int(host["row"])] != ledger.publisher[row]:
                yield from _foreign_base(ledger, int(row), host)


def _foreign_base(ledger: Ledger, row: int, host: pd.Series) -> Findings:
    year, n = int(host["year"]), float(ledger.years("target_year")[row] - host["year"])
    target, rate = ledger.numbers("target_value").value[row], ledger.numbers("cagr").value[row]
    base = float(host["value"] / ledger.factor[row])
    if not n > 0:
        return
    grown = base * (1 + rate / 100) ** n
    factor = max(grown / target, target / grown)
    if factor < NOTABLE:
        return
    name, other = _name(ledger, row), _name(ledger, int(host["row"]))
    text = (
        f"{name} prints a growth of {digits(float(rate))} % a year but no base; on the base of {other} it would give "
        f"{digits(base)}×{1 + rate / 100:.4g}^{n:.0f} = {digits(float(grown))} in {year + n:.0f}, {times(float(factor))} times away from "
        f"its own {digits(float(target))}; from {digits(base)} to {digits(float(target))} takes only {percent(growth(target / base, n))} a year. "
        "Base and growth belong together."
    )
    yield Finding(
        row,
        severity_of_factor(float(factor)),
        text,
        other=int(host["row"]),
        stated=float(target),
        implied=float(grown),
        unit=_unit(ledger, row),
        year=int(year + n),
        diagnosis="base and growth of different sources",
    )


@check("high", "An older forecast lies above a later base or actual.")
def old_forecast(ledger: Ledger) -> Findings:
    target, base = ledger.numbers("target_value"), ledger.numbers("base_value")
    ended = np.flatnonzero(target.given & np.isfinite(ledger.years("target_year")))
    later = np.flatnonzero(base.given & np.isfinite(ledger.years("base_year")))
    by_market: dict[tuple[str, str, str], list[int]] = {}
    for row in later:
        by_market.setdefault(ledger.market[row], []).append(int(row))
    for old in ended:
        for new in _followers(ledger, int(old), by_market):
            yield from _fallen(ledger, int(old), new)


def _followers(ledger: Ledger, old: int, by_market: dict[tuple[str, str, str], list[int]]) -> list[int]:
    """Rows whose base comes a few years after the target of an old one, in its market or one that holds it or lies in it."""
    year = ledger.years("target_year")[old]
    scope, geography, currency = ledger.market[old]
    above = ledger.scopes.tree.lineage(scope)
    near = [market for market in by_market if market[1:] == (geography, currency) and (market[0] in above)]
    rows = [row for market in near for row in by_market[market]]
    gaps = {row: ledger.years("base_year")[row] - year for row in rows}
    found = [row for row, gap in gaps.items() if 0 < gap <= FARTHEST_LOOK_BACK and row != old]
    return sorted(found, key=lambda row: gaps[row])[:5]


def _fallen(ledger: Ledger, old: int, new: int) -> Findings:
    target, base = ledger.numbers("target_value"), ledger.numbers("base_value")
    forecast, found = float(target.value[old] * ledger.factor[old]), float(base.value[new] * ledger.factor[new])
    factor = forecast / found
    if factor < NOTABLE or target.least[old] * ledger.factor[old] <= base.most[new] * ledger.factor[new]:
        return
    ahead, at = int(ledger.years("target_year")[old]), int(ledger.years("base_year")[new])
    unit = float(ledger.factor[old])
    text = (
        f"{_name(ledger, old)} forecast {ledger.money(forecast, old)} of {_place(ledger, old)} for {ahead}; {_name(ledger, new)} "
        f"puts {_place(ledger, new)} at {ledger.money(found, new)} in {at}: {digits(forecast / unit)}/{digits(found / unit)} = {times(factor)} times, "
        f"{at - ahead} years earlier; either the scopes differ or the forecast missed by {100 * (1 - 1 / factor):.0f} % or more"
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
        unit=_unit(ledger, old),
        year=at,
    )
