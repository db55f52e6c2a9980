"""From a table of estimates to the sources that a method pools."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from forecast.distributions import SCORE_P90, Distribution, Fixed
from forecast.errors import ArgumentError, EstimatesError, FootingError, Problem, did_you_mean
from forecast.estimates import Footing, Scopes, common_footing, read_estimates
from forecast.estimates.columns import NAMES
from forecast.estimates.conversion import Claim, claim
from forecast.estimates.numbers import number
from forecast.reconcile.priors import Prior, prior_for
from forecast.reconcile.statements import Source, Statement

FURTHEST = 60
"""Years before and after the newest base year that can be asked for."""

BESIDE = 30
"""Years before the first printed year and after the last that a reference year may lie."""

ACTUAL_SD = 0.05
"""Sd of log(printed / market) of a measured actual."""

_SUREST = 0.999
_LEAST_BELIEF_SD = 0.01
"""Smallest sd of what an analyst believes of the log market."""

_SAME = ("publisher", "scope", "base_year", "base_value", "target_year", "target_value")

_TEXTS = tuple(name for name in NAMES if name not in ("base_year", "target_year", "cagr_from", "cagr_to"))


class TrackWeights(Protocol):
    """What publishers' past says of how far to trust them, such as `PublisherRecords`."""

    def weight(self, publisher: str) -> float:
        """Weight of a publisher; 1 is like most."""


@dataclass(frozen=True)
class LeftOut:
    """A row that is not pooled, and why."""

    id: str
    publisher: str
    reason: str


@dataclass(frozen=True, eq=False)
class Pool:
    """What a method of reconciliation works on.

    Parameters
    ----------
    sources
        What the publications say, in one footing.
    scope, scopes
        Target scope and the tree it stands in.
    footing
        Currency, scale and bases of every level.
    reference_year
        Year in which the sources are compared.
    prior
        Prior of the house-effect model.
    left_out
        Rows that are not pooled.
    """

    sources: tuple[Source, ...]
    scope: str
    scopes: Scopes | None
    footing: Footing
    reference_year: int
    prior: Prior
    left_out: tuple[LeftOut, ...] = ()

    @property
    def newest(self) -> int:
        """Newest base year: the last year of which any source can have known the outcome."""
        return max(s.vintage for s in self.sources)

    @property
    def handover_year(self) -> int:
        """Last year for which two publishers print a level or a path."""
        last: dict[str, int] = {}
        for source in self.sources:
            last[source.publisher] = max(source.last_year, last.get(source.publisher, source.last_year))
        ends = sorted(last.values(), reverse=True)
        return max(ends[min(1, len(ends) - 1)], self.newest)

    @property
    def years(self) -> NDArray[np.int64]:
        """Years that are answered without being asked for: from the first of interest to the last printed."""
        last = max(self.newest + 1, *(s.last_year for s in self.sources))
        return np.arange(min(self.reference_year, self.newest), max(last, self.reference_year) + 1)

    def links(self, scope: str) -> bool:
        """Whether ratios lead from the target scope to another."""
        return _linked(scope, self.scope, self.scopes)

    @property
    def has_level(self) -> bool:
        """Whether any source prints a level: growth alone says nothing of the size."""
        return any(s.kind == "level" for source in self.sources for s in source.statements)

    def without(self, *ids: str) -> Pool:
        """The pool with some sources left out."""
        left = tuple(LeftOut(s.id, s.publisher, "left out") for s in self.sources if s.id in ids)
        kept = tuple(s for s in self.sources if s.id not in ids)
        return replace(self, sources=kept, left_out=(*self.left_out, *left))


def pool_of(
    estimates: pd.DataFrame,
    *,
    scope: str,
    scopes: Scopes | None,
    reference_year: int | None,
    prior: Prior | Mapping[str, object] | str | None,
    track_record: TrackWeights | Mapping[str, float] | None = None,
    history: pd.Series[float] | None = None,
    coverage: float | Distribution = 1.0,
) -> Pool:
    """Read a table of estimates as sources of one pool; the arguments are those of `reconcile`.

    Raises
    ------
    ArgumentError
        If the target scope is unknown, or no row is left to pool.
    EstimatesError
        If rows name unknown scopes or print nothing that can be used.
    FootingError
        If the rows stand on different footings, scopes or geographies that nothing bridges.
    """
    if not (scopes is None or isinstance(scopes, Scopes)):
        raise ArgumentError(Problem("scopes", type(scopes).__name__, "scopes, as read_scopes gives them, or None"))
    estimates, scope = _named_alike(_complete(estimates), scope, scopes)
    used, left_out = _selected(estimates, scope, scopes)
    _check_geography(used)
    sources = []
    for row in used.to_dict("records"):
        source = source_of({str(name): value for name, value in row.items()})
        if source.statements:
            sources.append(source)
        else:
            left_out.append(LeftOut(source.id, source.publisher, "prints no level and no growth between two years"))
    sources = _tempered(sources, track_record)
    sources += [] if history is None else [history_source(history, scope=scope, coverage=coverage)]
    if not sources:
        listed = "; ".join(f"{row.id}: {row.reason}" for row in left_out) or "the table is empty"
        raise ArgumentError(Problem("reconcile", f"no row to pool for scope {scope!r}", remedy=listed))
    if not any(s.kind == "level" for source in sources for s in source.statements):
        listed = ", ".join(source.id for source in sources)
        remedy = "growth alone says nothing of the size; add a row with a base or target value"
        raise ArgumentError(Problem("reconcile", f"no printed level, only growth ({listed})", remedy=remedy))
    newest = max(s.vintage for s in sources)
    told = [year for source in sources for s in source.statements for year in (s.year, s.to_year)]
    _check_year(reference_year, min(newest, *told), max(newest, *told))
    return Pool(
        sources=tuple(sources),
        scope=scope,
        scopes=scopes,
        footing=common_footing(used),
        reference_year=newest if reference_year is None else reference_year,
        prior=prior_for(prior, sources),
        left_out=tuple(left_out),
    )


def _tempered(sources: list[Source], record: TrackWeights | Mapping[str, float] | None) -> list[Source]:
    """The sources with the weight that their publishers' past has earned; 1 for one without a past."""
    if record is None:
        return sources
    known = record.get if isinstance(record, Mapping) else lambda publisher, _: record.weight(publisher)
    earned = {s.publisher: known(s.publisher, 1.0) for s in sources}
    problems = [
        Problem(f"track_record, {publisher}", f"{weight:g}", "a weight above 0")
        for publisher, weight in earned.items()
        if not 0 < weight < math.inf
    ]
    if problems:
        raise ArgumentError(problems)
    return [replace(s, weight=s.weight * earned[s.publisher]) for s in sources]


def _complete(estimates: pd.DataFrame) -> pd.DataFrame:
    """The table with all columns of the contract, numbers as text; any other table is read first."""
    if not isinstance(estimates, pd.DataFrame):
        raise ArgumentError(Problem("estimates", type(estimates).__name__, "a DataFrame (read_estimates gives one)"))
    as_read = set(NAMES) <= set(estimates.columns) and all(
        pd.api.types.is_string_dtype(estimates[name]) and not estimates[name].isna().any() for name in _TEXTS
    )
    return estimates if as_read else read_estimates(estimates)


def _check_year(year: object, first: int, last: int) -> None:
    """The reference year is a calendar year near those that are printed."""
    first, last = first - BESIDE, last + BESIDE
    if year is None or (isinstance(year, int | np.integer) and first <= year <= last):
        return
    raise ArgumentError(Problem("reference_year", repr(year), f"a year from {first} to {last}"))


def _named_alike(estimates: pd.DataFrame, scope: str, scopes: Scopes | None) -> tuple[pd.DataFrame, str]:
    """The table and the target with scopes as the tree spells them."""
    if scopes is None:
        other = sorted(set(estimates["scope"]) - {scope})
        if other:
            found = ", ".join(repr(name) for name in other)
            raise FootingError(
                f"the estimates are about other scopes than {scope!r} too: {found}; "
                "give scopes= (read_scopes) to say how they relate, or select the rows"
            )
        return estimates, scope
    if not scopes.knows(scope):
        remedy = did_you_mean(scope, list(scopes.names))
        raise ArgumentError(Problem("scope", repr(scope), "a scope of the scopes file", remedy))
    unknown = estimates[[not scopes.knows(name) for name in estimates["scope"]]]
    if len(unknown):
        raise EstimatesError(
            [
                Problem(f"row {row}, scope", repr(name), "a scope of the scopes file", did_you_mean(name, scopes.names))
                for row, name in zip(unknown["id"], unknown["scope"], strict=True)
            ]
        )
    return estimates.assign(scope=[scopes.canonical(name) for name in estimates["scope"]]), scopes.canonical(scope)


def _selected(estimates: pd.DataFrame, scope: str, scopes: Scopes | None) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Rows to pool, and the rows left out with the reason."""
    superseded = {old: new for new, old in zip(estimates["id"], estimates["supersedes"], strict=True) if old}
    seen: dict[tuple[str, ...], str] = {}
    keep, left_out = [], []
    for position, row in enumerate(estimates.to_dict("records")):
        key = tuple(str(row[name]) for name in _SAME)
        reason = str(row["excluded_because"]) or ""
        if not reason and number(str(row["weight"])) == 0:
            reason = "weight 0"
        if not reason and row["id"] in superseded:
            reason = f"superseded by {superseded[row['id']]}"
        if not reason and not _linked(row["scope"], scope, scopes):
            reason = f"scope {row['scope']!r} is not linked to {scope!r} by a ratio"
        if not reason and key in seen:
            reason = f"the same report as {seen[key]}"
        if reason:
            left_out.append(LeftOut(str(row["id"]), str(row["publisher"]), reason))
        else:
            seen[key] = str(row["id"])
            keep.append(position)
    return estimates.iloc[keep], left_out


def _linked(scope: str, target: str, scopes: Scopes | None) -> bool:
    """Whether ratios lead from one scope to the other."""
    if scope == target or scopes is None:
        return True
    down, up = lineage(scopes, scope), lineage(scopes, target)
    between = set(down) ^ set(up)
    return bool(set(down) & set(up)) and all(scopes.ratio(edge) is not None for edge in between)


def lineage(scopes: Scopes | None, scope: str) -> list[str]:
    """The scope and everything around it, innermost first."""
    chain = [scope]
    while scopes is not None and (parent := scopes.parent(chain[-1])) is not None:
        chain.append(parent)
    return chain


def _check_geography(estimates: pd.DataFrame) -> None:
    places = estimates["geography"].replace("", "global")
    if places.nunique() > 1:
        lines = [f"  - {place}: {', '.join(ids)}" for place, ids in estimates["id"].groupby(places)]
        raise FootingError("\n".join(["the estimates are about different places; select the rows of one:", *lines]))


def source_of(row: dict[str, object]) -> Source:
    """What one row says, in logs of its own footing.

    Parameters
    ----------
    row
        One row of the table of estimates.
    """
    weight = number(str(row["weight"]))
    source = Source(
        id=str(row["id"]),
        publisher=str(row["publisher"]),
        scope=str(row["scope"]),
        vintage=_vintage(row),
        statements=tuple(_statements(row)),
        weight=1.0 if math.isnan(weight) else weight,
        anchor_sd=ACTUAL_SD if str(row["status"]) == "actual" else None,
        status=str(row["status"]),
    )
    confidence = number(str(row["confidence"]))
    return _believed(source, confidence) if str(row["status"]) == "own" and confidence > 0 else source


def _believed(source: Source, confidence: float) -> Source:
    """The analyst's own range: a belief about the market itself, held with the confidence that is told."""
    score = special.ndtri((1 + min(confidence, _SUREST)) / 2)
    widest = max((s.width for s in source.statements if s.kind == "level"), default=0.0)
    return replace(source, anchor_sd=max(widest / 2 / score, _LEAST_BELIEF_SD))


def history_source(
    history: pd.Series[float], *, scope: str, coverage: float | Distribution = 1.0, sd: float = ACTUAL_SD
) -> Source:
    """Measured actuals as a source without house effects.

    Parameters
    ----------
    history
        Amounts by calendar year, in the footing of the estimates.
    scope
        What was measured.
    coverage
        Share of the scope that was counted.
    sd
        Sd of log(measured / counted market), shared by all years.

    Raises
    ------
    ArgumentError
        For amounts or a coverage that are not above 0, years that are none, no amount at all.
    """
    low, middle, high = (coverage if isinstance(coverage, Distribution) else Fixed(coverage)).percentiles()
    problems = [
        Problem(f"history, {year}", f"{value}", "an amount above 0")
        for year, value in history.items()
        if not (math.isfinite(value) and value > 0)
    ]
    problems += [Problem("history", "no year", "at least one")] if history.empty else []
    problems += [] if low > 0 else [Problem("coverage", f"{low:g}", "a share above 0")]
    if problems:
        raise ArgumentError(problems)
    logs = {int(str(year)): math.log(value) for year, value in history.items()}
    told = tuple(Statement("level", x, x, year, year, text=f"{math.exp(x):g}") for year, x in sorted(logs.items()))
    spread = (math.log(high) - math.log(low)) / (2 * SCORE_P90)
    return Source(
        id="history",
        publisher="history",
        scope=scope,
        vintage=max(logs),
        statements=tuple(replace(s, printed=math.exp(s.low)) for s in told),
        anchor_sd=math.hypot(sd, spread),
        anchor_mean=math.log(middle),
        status="actual",
    )


def _vintage(row: dict[str, object]) -> int:
    """Base year; else the first year of the growth; else what the date of publication allows at most."""
    first = next((year for year in map(_year, (row["base_year"], row["cagr_from"])) if year is not None), None)
    printed = [year for year, _ in _pairs(row)]
    if first is None and printed:
        first = min(printed)
    published = str(row["published"])[:4]
    if first is None and published.isdigit():
        first = int(published) - 1
    return first if first is not None else (_year(row["target_year"]) or _year(row["cagr_to"]) or 0)


def _year(value: object) -> int | None:
    return None if value is None or pd.isna(value) or value == "" else int(value)  # type: ignore[call-overload]


def _pairs(row: dict[str, object]) -> list[tuple[int, str]]:
    """Further printed values as pairs of year and digits."""
    parts = [part.partition("=") for part in str(row["other_values"]).split(";") if "=" in part]
    return [(int(year), digits.strip()) for year, _, digits in parts]


def _statements(row: dict[str, object]) -> Iterator[Statement]:
    base, target = _year(row["base_year"]), _year(row["target_year"])
    how = str(row["conversion"])
    for year, name in ((base, "base"), (target, "target")):
        digits, hedge = str(row[f"{name}_value"]), str(row[f"{name}_hedge"])
        if year is not None and digits:
            yield _level(year, digits, hedge, claim(digits, hedge, how, f"{name}_value"))
    for year, digits in _pairs(row):
        yield _level(year, digits, "", claim(digits, "", how, f"other_values.{year}"))
    start = base if base is not None else _year(row["cagr_from"])
    end = target if target is not None else _year(row["cagr_to"])
    if start is None or end is None or end <= start:
        return
    if row["cagr"]:
        yield growth(start, end, str(row["cagr"]), str(row["cagr_hedge"]))
    if row["multiple"]:
        yield multiple(start, end, str(row["multiple"]), str(row["multiple_hedge"]))


def level(year: int, digits: str, hedge: str = "") -> Statement:
    """A printed level."""
    return _level(year, digits, hedge, claim(digits, hedge))


def _level(year: int, digits: str, hedge: str, claimed: Claim) -> Statement:
    """A level, claiming what its digits did before any conversion."""
    return _statement("level", (year, year), digits, hedge, claimed)


def growth(start: int, end: int, digits: str, hedge: str = "") -> Statement:
    """A printed compound annual growth rate, in percent, over the years from `start` to `end`."""
    return _statement("growth", (start, end), digits, hedge, claim(digits, hedge), percent=True)


def multiple(start: int, end: int, digits: str, hedge: str = "") -> Statement:
    """A printed ratio of `end` to `start`."""
    return _statement("growth", (start, end), digits, hedge, claim(digits, hedge))


def _statement(
    kind: str, span: tuple[int, int], digits: str, hedge: str, claimed: Claim, *, percent: bool = False
) -> Statement:
    """Take logs; a bound gets an exponential excess of one unit of the last significant digit."""
    power = span[1] - span[0] if percent else 1
    low, high = (1 + side / 100 if percent else side for side in claimed.cell)
    digit, excess = claimed.last_digit / (100 if percent else 1), 0.0
    if math.isinf(high):
        excess = math.log1p(digit / low)
    elif math.isinf(low):
        excess = -math.log1p(-digit / high) if digit < high else math.log(2)
    elif low <= 0:
        low = ((low + high) / 2) ** 2 / high
    return Statement(
        kind=kind,
        low=-math.inf if math.isinf(low) else power * math.log(low),
        high=math.inf if math.isinf(high) else power * math.log(high),
        year=span[0],
        to_year=span[1],
        excess=power * excess,
        text=f"{digits} %" if percent else digits,
        hedge="" if hedge == "exact" else hedge,
        printed=claimed.value,
    )
