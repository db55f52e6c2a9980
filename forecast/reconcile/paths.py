"""What each source's own path says for years it does not print: interpolated and extrapolated levels."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from forecast.reconcile.pool import Pool
from forecast.reconcile.statements import Source, Statement


def printed_levels(source: Source) -> dict[int, Statement]:
    """Levels that a source prints, by year."""
    return {s.year: s for s in source.statements if s.kind == "level"}


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


def own_growth(source: Source) -> float:
    """Log growth a year that a source states, else that its levels imply; nan where they imply none."""
    levels = printed_levels(source)
    if math.isnan(rate := stated_growth(source)) and len(levels) > 1:
        first, last = min(levels), max(levels)
        return (levels[last].centre - levels[first].centre) / (last - first)
    return rate


def stated_growth(source: Source) -> float:
    """Log growth a year of a source's first growth statement; nan where it prints none."""
    rates = [s.centre / s.periods for s in source.statements if s.kind == "growth"]
    return rates[0] if rates else math.nan


def sources_by_years(pool: Pool, years: list[int] | None = None) -> pd.DataFrame:
    """Levels of every source in every year: `source, year, value, kind, hedge`.

    `kind` is printed, interpolated (within the years that the source speaks about) or extrapolated.
    """
    span = years or _span(pool)
    rows = []
    for source in pool.sources:
        levels, told = printed_levels(source), [y for s in source.statements for y in (s.year, s.to_year)]
        for year, value in zip(span, log_path(source, span), strict=True):
            if math.isnan(value):
                continue
            if year in levels:
                rows.append((source.publisher, year, levels[year].printed, "printed", levels[year].hedge))
            else:
                within = "interpolated" if min(told) <= year <= max(told) else "extrapolated"
                rows.append((source.publisher, year, math.exp(value), within, ""))
    return pd.DataFrame(rows, columns=["source", "year", "value", "kind", "hedge"])


def _span(pool: Pool) -> list[int]:
    told = [year for source in pool.sources for s in source.statements for year in (s.year, s.to_year)]
    return list(range(min(told), max(told) + 1))


def printed_numbers(pool: Pool) -> pd.DataFrame:
    """Every printed level: `source, year, value, kind, hedge`."""
    rows = [
        (source.publisher, s.year, s.printed, "printed", s.hedge)
        for source in pool.sources
        for s in source.statements
        if s.kind == "level"
    ]
    return pd.DataFrame(rows, columns=["source", "year", "value", "kind", "hedge"])


def source_levels(pool: Pool, year: int) -> pd.DataFrame:
    """Rows of the forest figure for the sources: level in one year with its cell."""
    rows = []
    for source in pool.sources:
        value = float(log_path(source, [year])[0])
        if math.isnan(value):
            continue
        levels, note = printed_levels(source), _note(source, year, pool.scope)
        half = levels[year].width / 2 if year in levels else 0.0
        middle = levels[year].printed if year in levels else math.exp(value)
        rows.append((source.publisher, math.exp(value - half), middle, math.exp(value + half), "source", note))
    return pd.DataFrame(rows, columns=["label", "low", "median", "high", "kind", "note"])


def _note(source: Source, year: int, scope: str) -> str:
    levels = printed_levels(source)
    said = f"{levels[year].hedge} printed".strip() if year in levels else f"on its path from {min(levels)}"
    said = said if source.kind == "estimate" else f"{source.kind}, {said}"
    return said if source.scope == scope else f"{said}; {source.scope}"
