"""What each source's own path says for years it does not print: interpolated and extrapolated levels."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pandas as pd

from forecast.reconcile.pool import Pool
from forecast.reconcile.statements import Source, own_growth, printed_levels


def log_path(source: Source, years: list[int], otherwise: float = math.nan) -> np.ndarray:
    """Centre of a source's log path: through its printed levels, beyond them at its stated or implied growth.

    Parameters
    ----------
    source
        What is printed.
    years
        Years wanted.
    otherwise
        Log growth a year of a source that states and implies none.

    Returns
    -------
    Shape (years,); nan where the source prints no level at all, or where there is no growth to go by.
    """
    levels = printed_levels(source)
    if not levels:
        return np.full(len(years), math.nan)
    known = sorted(levels)
    centres = [levels[year].centre for year in known]
    rate = own_growth(source)
    rate = otherwise if math.isnan(rate) else rate
    inside = np.interp(years, known, centres)
    before = np.minimum(0, np.asarray(years) - known[0])
    after = np.maximum(0, np.asarray(years) - known[-1])
    beyond = before + after
    return np.where(beyond == 0, inside, inside + beyond * rate)


def sources_by_years(pool: Pool, years: list[int] | None = None) -> pd.DataFrame:
    """Levels of every source in every year: `source, year, value, kind, hedge, scope`.

    `kind` is printed, interpolated (between two printed levels, or along a printed growth that starts or ends among
    them) or extrapolated.
    """
    span, names = years or _span(pool), source_names(pool)
    rows = []
    for source in pool.sources:
        levels, spoken = printed_levels(source), _spoken(source)
        about = (names[source.id], source.scope)
        for year, value in zip(span, log_path(source, span), strict=True):
            if math.isnan(value):
                continue
            if year in levels:
                said = (levels[year].printed, "printed", levels[year].hedge)
            else:
                within = any(first <= year <= last for first, last in spoken)
                said = (math.exp(value), "interpolated" if within else "extrapolated", "")
            rows.append((about[0], year, *said, about[1]))
    return pd.DataFrame(rows, columns=["source", "year", "value", "kind", "hedge", "scope"])


def source_names(pool: Pool) -> dict[str, str]:
    """Names of the sources by id: the publisher, with the id where a publisher has more than one."""
    count = Counter(source.publisher for source in pool.sources)
    return {s.id: f"{s.publisher} ({s.id})" if count[s.publisher] > 1 else s.publisher for s in pool.sources}


def _spoken(source: Source) -> list[tuple[int, int]]:
    """Spans of years for which a source's own statements give its level."""
    known = printed_levels(source)
    if not known:
        return []
    first, last = min(known), max(known)
    grown = [(s.year, s.to_year) for s in source.statements if s.kind == "growth"]
    return [(first, last), *(span for span in grown if span[0] <= last and span[1] >= first)]


def _span(pool: Pool) -> list[int]:
    told = [year for source in pool.sources for s in source.statements for year in (s.year, s.to_year)]
    return list(range(min(told), max(told) + 1))


def printed_numbers(pool: Pool) -> pd.DataFrame:
    """Every printed level: `source, year, value, kind, hedge`; a source about another scope is marked with it.

    The kind is `printed`, or `actual` for what was measured of the market itself.
    """
    names = {
        s.id: name if s.scope == pool.scope else f"{name} ({s.scope})"
        for s, name in zip(pool.sources, source_names(pool).values(), strict=True)
    }
    rows = [
        (names[source.id], s.year, s.printed, "actual" if _measures(source, pool) else "printed", s.hedge)
        for source in pool.sources
        for s in source.statements
        if s.kind == "level"
    ]
    return pd.DataFrame(rows, columns=["source", "year", "value", "kind", "hedge"])


def _measures(source: Source, pool: Pool) -> bool:
    """Whether a source holds actual values of the whole market asked about."""
    return source.status == "actual" and source.scope == pool.scope and source.anchor_mean == 0


def source_levels(pool: Pool, year: int) -> pd.DataFrame:
    """Rows of the forest figure for the sources: level in one year with its cell, and the side on which it is open."""
    rows, names = [], source_names(pool)
    for source in pool.sources:
        value = float(log_path(source, [year])[0])
        if math.isnan(value):
            continue
        levels, note = printed_levels(source), _note(source, year, pool.scope)
        half = levels[year].width / 2 if year in levels else 0.0
        middle = levels[year].printed if year in levels else math.exp(value)
        open_ = _OPEN[levels[year].side] if year in levels else ""
        cell = (math.exp(value - half), middle, math.exp(value + half))
        rows.append((names[source.id], *cell, "source", note, open_))
    return pd.DataFrame(rows, columns=["label", "low", "median", "high", "kind", "note", "open"])


_OPEN = {-1: "below", 0: "", 1: "above"}


def _note(source: Source, year: int, scope: str) -> str:
    levels = printed_levels(source)
    if year in levels:
        hedge = levels[year].hedge
        said = f"printed, {hedge}" if hedge and hedge != "exact" else "printed"
    else:
        said = f"on its path from {min(levels)}"
    said = said if source.kind == "estimate" else f"{source.kind}, {said}"
    return said if source.scope == scope else f"{said}; {source.scope}"
