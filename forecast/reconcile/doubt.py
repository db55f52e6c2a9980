"""How far each printed number of a source is believed: what contradicts itself or looks back has more of an error.

A source's own error of growth begins at its base year, so nothing in the model says that its account of earlier years
may be wrong. Without a doubt of its own, the step from a level printed for an earlier year to the base would be taken
for the growth of the market to within rounding, against every other publisher.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.reconcile.statements import Source, Statement, printed_levels

Array = NDArray[np.floating[Any]]

INCOHERENT = 9.0
"""Chi-square per degree of freedom beyond which rounding does not explain what one source prints."""


def believed(source: Source, rounding: Array, growth_spread: float) -> Array:
    """Error variance of the numbers of one source.

    Parameters
    ----------
    source
        The source.
    rounding
        Variance of the rounding of each of its statements, in squared logs, shape (statements,).
    growth_spread
        Typical spread between publishers' growth, log a year: the error of a level looked back on, for each year.
    """
    if source.anchor_sd is not None:
        return _coherent(source, rounding)
    return _coherent(source, rounding + np.square(_looking_back(source, growth_spread)))


def _levels(source: Source) -> dict[int, float]:
    """Closed levels in logs by year, the earliest first."""
    return {year: s.centre for year, s in sorted(printed_levels(source).items()) if not s.is_bound}


def _looking_back(source: Source, growth_spread: float) -> Array:
    """Sd of each statement for what a source says of the years before its base year.

    A level before the base is off by the spread of growth a year, and by all that the source's own growth does not
    explain of its distance from the base. Where no base is printed, growth that an earlier level and the target
    contradict is off by the contradiction.
    """
    levels, base = _levels(source), source.vintage
    ahead = {year: level for year, level in levels.items() if year >= base}
    growth = next((s for s in source.statements if s.kind == "growth" and not s.is_bound and s.year >= base), None)
    back = [year for year in levels if year < base]
    sd = np.zeros(len(source.statements))
    if not back or not ahead:
        return sd
    if len(ahead) == 1 and base not in ahead and growth is not None:
        return np.array([abs(_contradicted(s, levels)) if s is growth else 0.0 for s in source.statements])
    rate = _rate(ahead, growth)
    first = min(ahead)
    for k, s in enumerate(source.statements):
        if s.kind == "level" and s.year < base:
            unexplained = 0.0 if rate is None else ahead[first] - rate * (first - s.year) - s.centre
            sd[k] = np.hypot(growth_spread * (base - s.year), unexplained)
    return sd


def _rate(ahead: dict[int, float], growth: Statement | None) -> float | None:
    """Log growth a year from the base on: between two levels, else as stated."""
    first, last = min(ahead), max(ahead)
    if last > first:
        return (ahead[last] - ahead[first]) / (last - first)
    return growth.centre / growth.periods if growth is not None else None


def _contradicted(growth: Statement, levels: dict[int, float]) -> float:
    """How much of a stated growth the first and last level do not bear out, in logs."""
    first, last = min(levels), max(levels)
    return growth.centre - (levels[last] - levels[first]) / (last - first) * growth.periods


def _misfit(source: Source, variance: Array) -> float:
    """How badly any one path fits what a source prints: chi-square per degree of freedom (Birge's ratio squared)."""
    closed = np.array([not s.is_bound for s in source.statements], bool)
    told = [s for s in source.statements if not s.is_bound]
    known = sorted({year for s in told for year in (s.year, s.to_year)})
    paths = np.array([[(y == s.to_year) - (y == s.year) * (s.kind == "growth") for y in known] for s in told], float)
    degrees = len(told) - (int(np.linalg.matrix_rank(paths)) if told else 0)
    if degrees == 0:
        return 0.0
    sd = np.sqrt(variance[closed])
    scaled, printed = paths / sd[:, None], np.array([s.centre for s in told]) / sd
    left = printed - scaled @ np.linalg.lstsq(scaled, printed, rcond=None)[0]
    return float(left @ left) / degrees


def _coherent(source: Source, variance: Array) -> Array:
    """Variance of the numbers of a source, more where no one path fits them.

    Levels are what a publisher counts, growth is what it works out: where they contradict each other, growth gets the
    whole contradiction as its error; what levels then still contradict is spread over all numbers.
    """
    if _misfit(source, variance) <= INCOHERENT:
        return variance
    levels = _levels(source)
    off = [
        s.centre - (levels[s.to_year] - levels[s.year])
        if s.kind == "growth" and not s.is_bound and {s.year, s.to_year} <= set(levels)
        else 0.0
        for s in source.statements
    ]
    variance = variance + np.square(off)
    return variance * max(1.0, _misfit(source, variance))
