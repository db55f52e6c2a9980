"""Checks of who printed what: reprints, revisions, second hand, scopes without a definition."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from forecast.errors import did_you_mean
from forecast.estimates.checks.levels import NOTABLE, times
from forecast.estimates.checks.registry import Finding, Findings, check, severity_of_factor
from forecast.estimates.inclusion import included_items
from forecast.estimates.ledger import Ledger, Point
from forecast.estimates.scopes import default_scopes, folded
from forecast.estimates.triples import overlap

MOST_NAMED = 12
"""A finding on a whole pool names up to this many rows."""

MOST_VINTAGES = 12
"""An estimate is held against the latest of so many earlier ones of its publisher that speak of a year it speaks of."""


def named(ids: Sequence[str]) -> str:
    """List ids, the first ones by name."""
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    return ", ".join(ids[:MOST_NAMED]) + more


@check("medium")
def reprint(ledger: Ledger) -> Findings:
    """A row reprints another, so the two are not independent."""
    base_year = ledger.years("base_year")
    for a, b in ledger.twins:
        if np.isfinite(base_year[a] + base_year[b]) and base_year[a] != base_year[b]:
            continue
        same = ledger.publisher[a] == ledger.publisher[b]
        houses = (
            f"{ledger.column('publisher')[a] or 'an unnamed publisher'} and "
            f"{ledger.column('publisher')[b] or 'an unnamed publisher'}"
        )
        who = f"both from {ledger.column('publisher')[a] or 'one publisher'}" if same else f"under two names, {houses}"
        text = (
            f"{ledger.ids[b]} repeats {ledger.ids[a]} ({_numbers(ledger, a)} against {_numbers(ledger, b)}, {who}): "
            "one report, not two independent estimates."
        )
        yield Finding(int(b), "medium", text, other=int(a), diagnosis="reprint")


@check("high")
def base_year_slip(ledger: Ledger) -> Findings:
    """The same numbers are dated to two base years."""
    base_year, base = ledger.years("base_year"), ledger.numbers("base_value")
    for a, b in ledger.twins:
        if (
            not np.isfinite(base_year[a] + base_year[b])
            or base_year[a] == base_year[b]
            or not (base.given[a] and base.given[b])
        ):
            continue
        value = ledger.money(float(base.value[b] * ledger.factor[b]), int(b))
        text = (
            f"{ledger.ids[b]} dates {value} to {base_year[b]:.0f}, {ledger.ids[a]} dates it to "
            f"{base_year[a]:.0f}, with the same "
            f"target for {ledger.years('target_year')[b]:.0f}: a slip of the base year worth "
            f"{abs(base_year[a] - base_year[b]):.0f} periods of growth."
        )
        diagnosis = f"base-year slip ({base_year[b]:.0f} or {base_year[a]:.0f})"
        yield Finding(int(b), "high", text, other=int(a), year=int(base_year[b]), diagnosis=diagnosis)


def _numbers(ledger: Ledger, row: int) -> str:
    base, target, cagr = (ledger.column(name)[row] for name in ("base_value", "target_value", "cagr"))
    shown = f"{base or '?'} to {target}"
    return f"{shown} at {cagr.removesuffix('%')} %" if cagr else shown


@check("medium")
def revised(ledger: Ledger) -> Findings:
    """A publisher has revised an earlier estimate of its own."""
    vintages: dict[tuple[str, ...], list[int]] = {}
    for row, (market, house) in enumerate(zip(ledger.market, ledger.publisher, strict=True)):
        if house:
            vintages.setdefault((*market, house), []).append(row)
    twins = set(ledger.twins)
    for rows in vintages.values():
        rows.sort(key=lambda row: _age(ledger, row))
        for at, new in enumerate(rows):
            older = (old for old in reversed(rows[:at]) if _age(ledger, old) < _age(ledger, new))
            fresh = (old for old in older if (min(old, new), max(old, new)) not in twins)
            shared = (
                (old, ledger.told_years[old] & ledger.told_years[new]) for old in itertools.islice(fresh, MOST_VINTAGES)
            )
            if first := next(((old, min(years)) for old, years in shared if years), None):
                old, year = first
                yield from _revision(ledger, ledger.path(old)[year], ledger.path(new)[year])


def _age(ledger: Ledger, row: int) -> tuple[str, float]:
    """Date of publication, then base year: what orders the vintages of one publisher."""
    year = ledger.years("base_year")[row]
    return ledger.column("published")[row], float(year) if np.isfinite(year) else 0.0


def _revision(ledger: Ledger, was: Point, now: Point) -> Findings:
    old, new, before, after, year = was.row, now.row, was.value, now.value, now.year
    factor = after / before
    if max(factor, 1 / factor) < 1.005:
        return
    unit = float(ledger.factor[new])
    dated = [f"{ledger.ids[row]} ({ledger.column('published')[row] or 'undated'})" for row in (old, new)]
    text = (
        f"{ledger.column('publisher')[new]} revised its own {ledger.scope[new]}: for {year} {dated[0]} gives "
        f"{ledger.money(before, old)}, "
        f"{dated[1]} gives {ledger.money(after, new)}, {100 * abs(factor - 1):.1f} % "
        f"{'less' if factor < 1 else 'more'}: two vintages, not two sources."
    )
    severity = "medium" if max(factor, 1 / factor) >= NOTABLE else "low"
    yield Finding(
        new,
        severity,
        text,
        other=old,
        stated=after / unit,
        implied=before / unit,
        unit=ledger.unit[new],
        year=year,
        diagnosis="revision",
    )


@check("high")
def self_clash(ledger: Ledger) -> Findings:
    """One publisher gives one market two levels for a year, and no date tells which holds."""
    vintages: dict[tuple[object, ...], list[int]] = {}
    for row, (market, house) in enumerate(zip(ledger.market, ledger.publisher, strict=True)):
        if house and market[0] and not ledger.column("excluded_because")[row]:
            vintages.setdefault((market, house, *_age(ledger, row)), []).append(row)
    for rows in vintages.values():
        for at, row in enumerate(rows):
            pairs = (_two_printed(ledger, other, row) for other in rows[max(0, at - MOST_VINTAGES) : at])
            if clash := next((pair for pair in pairs if pair), None):
                yield _undecided(ledger, *clash)


def _two_printed(ledger: Ledger, one: int, other: int) -> tuple[Point, Point] | None:
    """Printed levels of two rows that differ most in one year, beyond rounding; None where nothing does."""
    if _told_apart(ledger, one, other):
        return None
    years = ledger.told_years[one] & ledger.told_years[other]
    pairs = [(ledger.path(one)[year], ledger.path(other)[year]) for year in sorted(years)]
    apart = [(a, b) for a, b in pairs if a.printed and b.printed and not overlap((a.low, a.high), (b.low, b.high))]
    return max(apart, key=lambda pair: abs(math.log(pair[0].value / pair[1].value)), default=None)


def _told_apart(ledger: Ledger, one: int, other: int) -> bool:
    """Whether the table itself says why two rows of one publisher differ."""
    replaced = {(ledger.column("supersedes")[a], ledger.ids[b]) for a, b in ((one, other), (other, one))}
    stated = [[ledger.column(name)[row] for row in (one, other)] for name in ("price_basis", "value_basis", "includes")]
    return any(new == old for new, old in replaced) or any(all(words) and words[0] != words[1] for words in stated)


def _undecided(ledger: Ledger, first: Point, second: Point) -> Finding:
    row, other, unit = second.row, first.row, float(ledger.factor[second.row])
    factor = max(first.value, second.value) / min(first.value, second.value)
    date = ledger.column("published")[row]
    name = ledger.column("publisher")[row] or ledger.column("via")[row]
    text = (
        f"{name} prints {ledger.money(first.value, other)} for {first.year} in {ledger.ids[other]} and "
        f"{ledger.money(second.value, row)} in {ledger.ids[row]}: {times(factor)} times apart for one market and year, "
        f"{f'both dated {date}' if date else 'both undated'}, so nothing tells which holds; date them, let one "
        "supersede the other, or exclude one with its reason."
    )
    return Finding(
        row,
        severity_of_factor(factor),
        text,
        other=other,
        stated=second.value / unit,
        implied=first.value / unit,
        low=first.low / unit,
        high=first.high / unit,
        unit=ledger.unit[row],
        year=second.year,
        diagnosis="two numbers of one publisher",
    )


_NAMELESS = {"", "unknown", "unnamed", "not named", "publisher not named", "n/a", "anonymous"}


@check("medium")
def second_hand(ledger: Ledger) -> Findings:
    """A number is read at second hand, or its first publisher is not named."""
    for row, (publisher, via) in enumerate(zip(ledger.column("publisher"), ledger.column("via"), strict=True)):
        nameless = (
            folded(publisher) in _NAMELESS
            or (via and folded(publisher) == folded(via))
            or "not named" in folded(publisher)
        )
        if nameless:
            text = (
                f"{via or publisher or 'The source'} prints the number without naming who made it: second hand, "
                "original unknown."
            )
            yield Finding(row, "medium", text, diagnosis="original unknown")
        elif via:
            yield Finding(
                row,
                "low",
                f"The number of {publisher} is read in {via}, not in its own publication.",
                diagnosis="second hand",
            )


@check("high")
def scope_drift(ledger: Ledger) -> Findings:
    """Rows of one scope do not say, or say differently, what they count."""
    includes, titles = ledger.column("includes"), ledger.column("title")
    for (scope, _), rows in ledger.pools.items():
        silent = [row for row in rows if not includes[row]]
        lists = {tuple(sorted(included_items(includes[row]))) for row in rows} - {()}
        strange = [(row, other) for row in rows if (other := _other_scope(ledger, titles[row], scope))]
        if not (len(rows) > 1 and (silent or len(lists) > 1)) and not strange:
            continue
        parts = []
        if silent and len(rows) > 1:
            parts.append(
                f"{len(silent)} of {len(rows)} rows print no list of what '{scope}' includes "
                f"({named([ledger.ids[r] for r in silent])})"
            )
        if len(lists) > 1:
            parts.append(
                "the printed lists differ: " + " against ".join("+".join(words) for words in sorted(lists)[:4])
            )
        parts += [
            f"the title of {ledger.ids[row]} speaks of '{other}' but the row counts '{scope}'"
            for row, other in strange[:5]
        ]
        spread = max(ledger.spread[ledger.market[row]] for row in rows)
        if spread >= NOTABLE:
            parts.append(f"the levels lie up to {times(spread)} times apart in one year")
        text = "; ".join(parts)
        severity = severity_of_factor(spread) if len(rows) > 1 else "medium"
        second = rows[1] if len(rows) > 1 else None
        yield Finding(rows[0], severity, text[0].upper() + text[1:] + ".", other=second, diagnosis="scope not defined")


def _other_scope(ledger: Ledger, title: str, scope: str) -> str:
    """Another scope that a title names while it does not name its own."""
    if not title or f" {folded(scope)} " in f" {folded(title)} ":
        return ""
    names = ledger.scopes.tree.mentioned(title) | default_scopes().tree.mentioned(title)
    return "" if scope in names else max(names, key=len, default="")


@check("medium")
def unknown_scope(ledger: Ledger) -> Findings:
    """The scope of a row is not in the tree of scopes."""
    if ledger.scopes is default_scopes():
        return
    for (scope, _), rows in ledger.pools.items():
        if not ledger.scopes.knows(scope):
            text = (
                f"The scope '{scope}' is not in the tree of scopes ({named([ledger.ids[row] for row in rows])}): "
                f"it is held against itself only.{_meant(scope, ledger.scopes.names)}"
            )
            yield Finding(rows[0], "low", text)


@check("low")
def unknown_geography(ledger: Ledger) -> Findings:
    """The geography of a row is not in the tree of geographies."""
    places: dict[str, list[int]] = {}
    for (_, place), rows in ledger.pools.items():
        if not ledger.scopes.geographies.knows(place):
            places.setdefault(place, []).extend(rows)
    for place, rows in places.items():
        text = (
            f"The geography '{place}' is not in the tree of geographies ({named([ledger.ids[row] for row in rows])}): "
            "it is held against itself only; a region of one's own goes into the file of scopes as [[geography]]."
            f"{_meant(place, ledger.scopes.geographies.names)}"
        )
        yield Finding(rows[0], "low", text)


def _meant(name: str, known: Sequence[str]) -> str:
    """Suggest a name of the tree, where one is near."""
    hint = did_you_mean(name, known)
    return f" D{hint[1:]}" if hint.startswith("did you mean") else ""


@check("medium")
def mixed_geography(ledger: Ledger) -> Findings:
    """Rows of one scope speak of several geographies."""
    pools = ledger.pools
    by_scope: dict[str, list[str]] = {}
    for scope, geography in pools:
        by_scope.setdefault(scope, []).append(geography)
    for scope, places in by_scope.items():
        if len(places) > 1:
            listed = "; ".join(
                f"{place}: {named([ledger.ids[row] for row in pools[scope, place]])}" for place in sorted(places)
            )
            row = pools[scope, places[1]][0]
            text = (
                f"The rows of '{scope}' speak of {len(places)} geographies ({listed}): a region is not pooled "
                "with the world."
            )
            yield Finding(row, "medium", text, other=pools[scope, places[0]][0])
