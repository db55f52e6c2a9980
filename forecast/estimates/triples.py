"""Rows that print base, target and growth, and the arithmetic between the three."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from forecast.estimates.numbers import interval

TOLERANCE = 1e-9
"""Two ranges that touch overlap; this much, relative, is left to floating point."""

Range = tuple[float, float]


def overlap(a: Range, b: Range) -> bool:
    """Whether two closed ranges share a point."""
    slack = TOLERANCE * max(1.0, abs(a[0]), abs(a[1]))
    return a[0] <= b[1] + slack and b[0] <= a[1] + slack


def growth(ratio: float, periods: float) -> float:
    """Yearly growth in percent that makes up a ratio."""
    return 100 * (ratio ** (1 / periods) - 1) if ratio > 0 else -100.0


def growths(ratio: Range, periods: float) -> Range:
    """Yearly growth in percent for both ends of a ratio."""
    return growth(ratio[0], periods), growth(ratio[1], periods)


def span(ends: Range) -> str:
    """Both ends of a range, with as many decimals as tell them apart, two at least and six at most.

    Examples
    --------
    >>> span((24.0657, 26.1405)), span((20.6483, 20.6539))
    ('24.07 to 26.14', '20.648 to 20.654')
    """
    for decimals in range(2, 7):
        low, high = (f"{end:.{decimals}f}" for end in ends)
        if low != high:
            break
    return f"{low} to {high}"


def percent(value: float) -> str:
    """A growth in percent, with two decimals, and more where they are needed to tell it from zero."""
    return f"{value:.2f} %" if abs(value) >= 0.1 or value == 0 else f"{value:.2g} %"


@dataclass(frozen=True, slots=True)
class Triple:
    """A row that prints base, target and growth.

    Parameters
    ----------
    row
        Its position.
    base_year, target_year
        Years of the two levels.
    base, target
        The two levels.
    base_text, target_text
        The two levels as printed.
    ratio
        Target over base.
    ratio_range
        Target over base for the rounding of the printed digits.
    ratio_reading
        Target over base for which the numbers would still be printed with their hedges.
    stated, stated_range, stated_reading
        The growth in percent and its two ranges.
    counted_from
        What to say where the growth is counted from another printed year than the base, as its label has it.
    """

    row: int
    base_year: int
    target_year: int
    base: float
    target: float
    base_text: str
    target_text: str
    ratio: float
    ratio_range: Range
    ratio_reading: Range
    stated: float
    stated_range: Range
    stated_reading: Range
    counted_from: str = ""

    @property
    def periods(self) -> int:
        """Target year less base year."""
        return self.target_year - self.base_year

    @property
    def implied(self) -> float:
        """Growth in percent that the two levels imply."""
        return growth(self.ratio, self.periods)

    @property
    def implied_range(self) -> Range:
        """Growth implied under the rounding of the printed digits."""
        return growths(self.ratio_range, self.periods)

    def fits(self, periods: float, ratio: Range | None = None) -> bool:
        """Whether the stated growth over so many periods makes up the ratio."""
        return periods > 0 and overlap(growths(ratio or self.ratio_reading, periods), self.stated_reading)

    @property
    def verdict(self) -> str:
        """The name of the check that speaks of it: incoherent, edge_of_rounding or coherent."""
        if not self.coherent:
            return "incoherent"
        return "edge_of_rounding" if self.at_the_edge else "coherent"

    @property
    def coherent(self) -> bool:
        """Whether growth, base and target can all be true under rounding and hedges."""
        return self.fits(self.periods)

    @property
    def at_the_edge(self) -> bool:
        """Whether they fit only in the last digits: the stated cell reaches out of the implied range."""
        (low, high), (stated_low, stated_high) = self.implied_range, self.stated_range
        inside = low <= stated_low and stated_high <= high
        return not inside and not stated_low <= self.implied <= stated_high

    @property
    def implied_reading(self) -> Range:
        """Growth implied under rounding and hedges: what the stated growth is held against."""
        return growths(self.ratio_reading, self.periods)

    @property
    def one_sided(self) -> bool:
        """Whether a hedge makes the stated or the implied growth a bound."""
        return bool(bound(self.stated_range, self.stated_reading) or bound(self.ratio_range, self.ratio_reading))

    @property
    def _needs_hedges(self) -> bool:
        """Whether rounding alone does not bring the two together."""
        return self.one_sided or not overlap(self.implied_range, self.stated_range)

    def statement(self) -> str:
        """The stated growth, with the range it stands for."""
        low, high = self.stated_reading if self._needs_hedges else self.stated_range
        word = bound(self.stated_range, self.stated_reading)
        return f"{word}{percent(self.stated)} a year ({low:g} to {high:g} {_by(self.stated_range, (low, high))})"

    def arithmetic(self) -> str:
        """The sum itself, with the range it stands for."""
        word = bound(self.ratio_range, self.ratio_reading)
        ratio = self.ratio_reading if self._needs_hedges else self.ratio_range
        return (
            f"({_bracketed(self.target_text)}/{_bracketed(self.base_text)})^(1/{self.periods}) - 1 = "
            f"{word}{percent(self.implied)} a year "
            f"({span(growths(ratio, self.periods))} {_by(self.ratio_range, ratio)})"
        )


def bound(cell: Range, reading: Range) -> str:
    """Words for a number whose hedge opens one side of its rounding cell only.

    Examples
    --------
    >>> bound((42.5, 43.5), (42.5, 44.0)), bound((15.5, 16.5), (15.0, 17.0))
    ('at least ', '')
    """
    below, above = reading[0] < cell[0], reading[1] > cell[1]
    return "" if below == above else "at least " if above else "at most "


def _by(cell: Range, reading: Range) -> str:
    """Say what makes a range."""
    return "by rounding" if cell == reading else "by rounding and hedges"


def _bracketed(text: str) -> str:
    """A printed number as it stands in a sum; an interval in brackets."""
    return f"({text})" if interval(text) else text


def from_year(triple: Triple, year: int, value: Range, ends: tuple[Range, Range]) -> Triple:
    """Return the same growth counted from another printed year, if it fits there and not from the base.

    Parameters
    ----------
    triple
        A row that prints base, target and growth.
    year
        First year of its label.
    value
        The rounding cell of the number printed for that year.
    ends
        Rounding cell of the target, and the target with its hedge.
    """
    start = sum(value) / 2
    said = (
        f"; counted from {year} as its label says, where it prints {start:.6g}; from {triple.base_text} of "
        f"{triple.base_year} the growth is {percent(triple.implied)}"
    )
    other = replace(
        triple,
        base_year=year,
        base=start,
        base_text=f"{start:.6g}",
        ratio=triple.target / start,
        ratio_range=quotient(*ends[0], *value),
        ratio_reading=quotient(*ends[1], *value),
        counted_from=said,
    )
    return other if other.coherent and not triple.coherent else triple


def quotient(low: float, high: float, base_low: float, base_high: float) -> Range:
    """Range of a ratio of two ranges above zero."""
    return max(float(low), 0.0) / float(base_high), float(high) / float(base_low) if base_low > 0 else math.inf
