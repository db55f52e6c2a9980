"""What a source says about the logarithm of the market: levels and growth factors, each a cell or a bound.

A printed number is a linear functional of its source's own log path: a level at a year, or the log ratio between two
years. Printed digits make a cell; a one-sided hedge makes a bound with an exponential excess behind it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """One printed number, in logs.

    Parameters
    ----------
    kind
        "level" (at `year`) or "growth" (log ratio of `to_year` to `year`).
    low, high
        Ends of the cell in logs; infinite on the open side of a bound.
    year, to_year
        Calendar years; `to_year` equals `year` for a level.
    excess
        Mean of the exponential excess beyond the closed end, in logs; 0 for a closed cell.
    text
        What is printed, as words.
    printed
        The printed number: an amount, a growth in percent, or a multiple.
    hedge
        How firmly it is said; empty means exact.
    """

    kind: str
    low: float
    high: float
    year: int
    to_year: int
    excess: float = 0.0
    text: str = ""
    hedge: str = ""
    printed: float = math.nan

    @property
    def is_bound(self) -> bool:
        """Whether only one side is printed."""
        return not (math.isfinite(self.low) and math.isfinite(self.high))

    @property
    def side(self) -> int:
        """+1 where the true number lies above the printed one, -1 below, 0 for a cell."""
        return 0 if not self.is_bound else (1 if math.isfinite(self.low) else -1)

    @property
    def centre(self) -> float:
        """Middle of the cell, or the closed end of a bound, in logs."""
        return {0: (self.low + self.high) / 2, 1: self.low, -1: self.high}[self.side]

    @property
    def width(self) -> float:
        """Width of the cell in logs; 0 for a bound."""
        return 0.0 if self.is_bound else self.high - self.low

    @property
    def periods(self) -> int:
        """Years between the two ends; 0 for a level."""
        return self.to_year - self.year


@dataclass(frozen=True)
class Source:
    """What one publication says about one scope.

    Parameters
    ----------
    id, publisher, scope
        As in the table of estimates.
    vintage
        The newest year of which the source can have known the outcome: its base year.
    statements
        What it prints.
    weight
        Above 1 the source's house effect is taken as smaller, below 1 as larger (variance divided by the weight).
    anchor_sd
        For a measured actual: sd of log(printed / market), in place of house effects; None for an estimate.
    anchor_mean
        For an actual of known partial coverage: mean of log(printed / market).
    status
        As in the table of estimates: "actual", "own", or empty for what a publisher prints.
    """

    id: str
    publisher: str
    scope: str
    vintage: int
    statements: tuple[Statement, ...]
    weight: float = 1.0
    anchor_sd: float | None = None
    anchor_mean: float = 0.0
    status: str = ""

    @property
    def kind(self) -> str:
        """What it is, as words: an estimate, an actual, or the analyst's own estimate."""
        return {"actual": "actual", "own": "own estimate"}.get(self.status, "estimate")

    @property
    def last_year(self) -> int:
        """Last year for which it prints a level or a path."""
        return max(s.to_year for s in self.statements)


def printed_levels(source: Source) -> dict[int, Statement]:
    """Levels that a source prints, by year."""
    return {s.year: s for s in source.statements if s.kind == "level"}


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
