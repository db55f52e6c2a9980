"""Checks inside one row: do base, target, growth and multiple fit each other?"""

from __future__ import annotations

import math
from dataclasses import dataclass
import numpy as np

from forecast.estimates.checks.registry import Finding, Findings, check
from forecast.estimates.ledger import Ledger, digits

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


@dataclass(frozen=True)
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
    def coherent(self) -> bool:
        """Whether growth, base and target can all be true under rounding and hedges."""
        return self.fits(self.periods)

    @property
    def at_the_edge(self) -> bool:
        """Whether they fit only in the last digits: the stated cell reaches out of the implied range."""
        (low, high), (stated_low, stated_high) = self.implied_range, self.stated_range
        inside = low <= stated_low and stated_high <= high
        return not inside and not stated_low <= self.implied <= stated_high

    def finding(self, severity: str, explanation: str, *, other: int | None = None, diagnosis: str = "") -> Finding:
        """Make a finding of stated against implied growth."""
        low, high = self.implied_range
        return Finding(
            self.row,
            severity,
            explanation,
            other=other,
            stated=self.stated,
            implied=self.implied,
            low=low,
            high=high,
            unit="% a year",
            year=self.target_year,
            diagnosis=diagnosis,
        )

    def arithmetic(self) -> str:
        """The sum itself."""
        return (
            f"({self.target_text}/{self.base_text})^(1/{self.periods}) - 1 = {percent(self.implied)} a year "
            f"({span(self.implied_range)} by rounding)"
        )


def triples(ledger: Ledger) -> list[Triple]:
    """All rows that print base, target and growth over at least one year."""
    base, target, cagr = ledger.numbers("base_value"), ledger.numbers("target_value"), ledger.numbers("cagr")
    rows = np.flatnonzero(base.given & target.given & cagr.given & np.isfinite(ledger.periods))
    return [
        Triple(
            row=int(row),
            base_year=int(ledger.years("base_year")[row]),
            target_year=int(ledger.years("target_year")[row]),
            base=float(base.value[row]),
            target=float(target.value[row]),
            base_text=ledger.column("base_value")[row],
            target_text=ledger.column("target_value")[row],
            ratio=float(target.value[row] / base.value[row]),
            ratio_range=_quotient(target.low[row], target.high[row], base.low[row], base.high[row]),
            ratio_reading=_quotient(target.least[row], target.most[row], base.least[row], base.most[row]),
            stated=float(cagr.value[row]),
            stated_range=(float(cagr.low[row]), float(cagr.high[row])),
            stated_reading=(float(cagr.least[row]), float(cagr.most[row])),
        )
        for row in rows
    ]


def _quotient(low: float, high: float, base_low: float, base_high: float) -> Range:
    return max(float(low), 0.0) / float(base_high), float(high) / float(base_low) if base_low > 0 else math.inf


# --- diagnosis -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cause:
    """A likely cause of a misfit: in short, as a clause, and the other row it rests on."""

    short: str
    clause: str
    other: int | None = None


def causes(ledger: Ledger, triple: Triple) -> list[Cause]:
    """All simple slips that would explain the stated growth, the most telling first."""
    found = [
        *_other_periods(ledger, triple),
        *_one_year(ledger, triple),
        *_base_year_slip(ledger, triple),
        *_multiple(ledger, triple),
        *_other_base(ledger, triple),
    ]
    return found or _later_start(ledger, triple) or _plain_average(triple)


def _label(ledger: Ledger, triple: Triple) -> tuple[int, int] | None:
    start, end = ledger.years("cagr_from")[triple.row], ledger.years("cagr_to")[triple.row]
    return (int(start), int(end)) if np.isfinite(start + end) and end > start else None


def _other_periods(ledger: Ledger, triple: Triple) -> list[Cause]:
    label = _label(ledger, triple)
    counts = {triple.periods - 1: "one period fewer", triple.periods + 1: "one period more"}
    if label and label[1] - label[0] != triple.periods:
        counts.setdefault(label[1] - label[0], f"the periods of its label {label[0]}-{label[1]}")
    return [
        Cause(
            f"{how} ({count})",
            f"it fits {count} periods, {how}" + ("" if "label" in how else f" than {triple.periods}"),
        )
        for count, how in counts.items()
        if count > 0 and triple.fits(count)
    ]


def _known_years(ledger: Ledger, triple: Triple) -> dict[int, tuple[float, float, float]]:
    base, target, row = ledger.numbers("base_value"), ledger.numbers("target_value"), triple.row
    return {
        **ledger.other_values[row],
        triple.base_year: (triple.base, float(base.least[row]), float(base.most[row])),
        triple.target_year: (triple.target, float(target.least[row]), float(target.most[row])),
    }


def _one_year(ledger: Ledger, triple: Triple) -> list[Cause]:
    known = _known_years(ledger, triple)
    found = []
    for year, (value, low, high) in sorted(known.items()):
        if year + 1 not in known or triple.periods == 1:
            continue
        later, later_low, later_high = known[year + 1]
        if overlap(growths(_quotient(later_low, later_high, low, high), 1), triple.stated_reading):
            one = growth(later / value, 1)
            ends = span(growths(_quotient(later_low, later_high, low, high), 1))
            first = "first year's growth" if year in (triple.base_year, triple.base_year - 1) else "growth of one year"
            clause = (
                f"it equals the growth of the one year {year} to {year + 1} "
                f"({digits(later)}/{digits(value)} - 1 = {percent(one)}, {ends} by rounding)"
            )
            found.append(Cause(f"{first} ({year} to {year + 1})", clause))
    return found


def _other_base(ledger: Ledger, triple: Triple) -> list[Cause]:
    target = ledger.numbers("target_value")
    found = []
    for year, (value, low, high) in ledger.other_values[triple.row].items():
        ends = _quotient(target.least[triple.row], target.most[triple.row], low, high)
        if triple.target_year - year > 1 and triple.fits(triple.target_year - year, ends):
            clause = f"it fits from the printed {digits(value)} of {year} over {triple.target_year - year} periods"
            found.append(Cause(f"counted from {year}", clause))
    return found


def _base_year_slip(ledger: Ledger, triple: Triple) -> list[Cause]:
    found = []
    for other in ledger.same_levels[triple.row]:
        year = ledger.years("base_year")[other]
        if other == triple.row or not np.isfinite(year) or year == triple.base_year:
            continue
        if triple.fits(triple.target_year - year):
            clause = (
                f"it fits if the base {digits(triple.base)} belongs to {year:.0f}, as {ledger.ids[other]} has it: "
                f"a slip of the base year"
            )
            found.append(Cause(f"base-year slip ({year:.0f} in {ledger.ids[other]})", clause, other))
    return found[:3]


def _multiple(ledger: Ledger, triple: Triple) -> list[Cause]:
    multiple = ledger.numbers("multiple")
    if not multiple.given[triple.row]:
        return []
    m, ends = multiple.value[triple.row], (float(multiple.least[triple.row]), float(multiple.most[triple.row]))
    found = []
    if triple.fits(triple.periods, (ends[0] + 1, ends[1] + 1)):
        clause = f"it fits a ratio of {digits(m + 1)}: the multiple {digits(m)} was read as an increase"
        found.append(Cause("multiple read as increase", clause))
    if triple.fits(triple.periods, ends) and not overlap(ends, triple.ratio_reading):
        clause = f"it fits the printed multiple {digits(m)}, not the two levels (ratio {digits(triple.ratio)})"
        found.append(Cause(f"follows the multiple {digits(m)}", clause))
    return found


def _plain_average(triple: Triple) -> list[Cause]:
    low, high = triple.ratio_reading
    n = triple.periods
    found = []
    if overlap((100 * (low - 1) / n, 100 * (high - 1) / n), triple.stated_reading) and n > 1:
        clause = (
            f"it equals the total growth shared out evenly ({percent(100 * (triple.ratio - 1))} / {n}), not compounded"
        )
        found.append(Cause("average instead of compound growth", clause))
    if overlap((100 * (low - 1), 100 * (high - 1)), triple.stated_reading) and n > 1:
        found.append(
            Cause("total growth", f"it equals the total growth over {n} years, {percent(100 * (triple.ratio - 1))}")
        )
    if low > 0 and overlap((100 * math.log(low) / n, 100 * math.log(high) / n), triple.stated_reading):
        found.append(
            Cause(
                "logarithmic growth",
                f"it equals ln({digits(triple.ratio)})/{n} = {percent(100 * math.log(triple.ratio) / n)}",
            )
        )
    return found


def _later_start(ledger: Ledger, triple: Triple) -> list[Cause]:
    """A growth labelled from a year after the base: what that year would have to be."""
    label = _label(ledger, triple)
    if (
        not label
        or not triple.base_year < label[0] < label[1]
        or label[1] != triple.target_year
        or triple.stated <= -100
    ):
        return []
    multiple = (1 + triple.stated / 100) ** (label[1] - label[0])
    start = triple.target / multiple
    first = growth(start / triple.base, label[0] - triple.base_year)
    if not 0 <= first <= 2 * triple.stated:
        return []
    printed = ledger.numbers("multiple").value[triple.row]
    said = (
        f", as the printed {digits(printed)} has it"
        if np.isfinite(printed) and overlap((multiple, multiple), _reading(ledger, triple.row))
        else ""
    )
    clause = (
        f"over its own label {label[0]}-{label[1]} it makes a multiple of {multiple:.2f}{said}, which fits if {label[0]} is "
        f"{digits(start)} ({percent(first)} a year above the base of {triple.base_year})"
    )
    return [Cause(f"counted from {label[0]}, where {digits(start)} is needed", clause)]


# --- checks ----------------------------------------------------------------------------------------------


def _hedged(ledger: Ledger, row: int) -> str:
    """Say which of the three numbers are hedged."""
    names = ("base", "target", "cagr")
    words = [f"the {name} is '{word}'" for name in names if (word := ledger.column(f"{name}_hedge")[row])]
    return f" ({', '.join(words)})" if words else ""


def _severity(triple: Triple) -> str:
    """Severity by what the stated growth would do to the target."""
    if triple.stated <= -100:
        return "high"
    shift = abs(triple.periods * math.log((1 + triple.stated / 100) / (1 + triple.implied / 100)))
    return "high" if shift >= 0.05 else "medium" if shift >= 0.01 else "low"


@check("high", "Base, target and CAGR do not fit each other, whatever the rounding of the printed digits.")
def incoherent(ledger: Ledger) -> Findings:
    for triple in triples(ledger):
        if triple.coherent:
            continue
        found = causes(ledger, triple)
        low, high = triple.stated_range
        why = "; ".join(cause.clause for cause in found) or "no simple slip explains it"
        text = (
            f"States {percent(triple.stated)} a year ({low:g} to {high:g} by rounding), but {triple.arithmetic()}, "
            f"{abs(triple.stated - triple.implied):.2f} points {'less' if triple.implied > triple.stated else 'more'} "
            f"than implied{_hedged(ledger, triple.row)}: {why}."
        )
        other = next((cause.other for cause in found if cause.other is not None), None)
        diagnosis = "; ".join(cause.short for cause in found) or "unexplained"
        yield triple.finding(_severity(triple), text, other=other, diagnosis=diagnosis)


@check("low", "Base, target and CAGR fit each other only in the last digits of their rounding.")
def edge_of_rounding(ledger: Ledger) -> Findings:
    for triple in triples(ledger):
        if triple.coherent and triple.at_the_edge:
            low, high = triple.stated_range
            others = [
                f"{n} periods would give {percent(growth(triple.ratio, n))}"
                for n in (triple.periods - 1, triple.periods + 1)
                if n
            ]
            text = (
                f"States {percent(triple.stated)} a year ({low:g} to {high:g} by rounding) and {triple.arithmetic()}: "
                f"just possible, at the edge of rounding{_hedged(ledger, triple.row)}; {', '.join(others)}."
            )
            yield triple.finding("low", text, diagnosis="edge of rounding")


@check("none", "Base, target, CAGR and multiple fit each other.")
def coherent(ledger: Ledger) -> Findings:
    multiple = ledger.numbers("multiple")
    for triple in triples(ledger):
        if not triple.coherent or triple.at_the_edge:
            continue
        text = f"States {percent(triple.stated)} a year and {triple.arithmetic()}: consistent"
        m = multiple.value[triple.row]
        if np.isfinite(m) and overlap(_reading(ledger, triple.row), triple.ratio_reading):
            text += f"; so is the multiple: {digits(triple.target)}/{digits(triple.base)} = {triple.ratio:.4f}, stated {digits(m)}"
        label = _label(ledger, triple)
        if label and label[1] - label[0] != triple.periods:
            text += f"; its label {label[0]}-{label[1]} is no count: the growth fits {triple.periods} periods"
        yield triple.finding("none", text + _hedged(ledger, triple.row) + ".")


def _reading(ledger: Ledger, row: int) -> Range:
    multiple = ledger.numbers("multiple")
    return float(multiple.least[row]), float(multiple.most[row])


@check("high", "The printed multiple is not target over base.")
def multiple_misfit(ledger: Ledger) -> Findings:
    base, target, multiple = ledger.numbers("base_value"), ledger.numbers("target_value"), ledger.numbers("multiple")
    for row in np.flatnonzero(base.given & target.given & multiple.given):
        m, ratio = float(multiple.value[row]), float(target.value[row] / base.value[row])
        shown = _quotient(target.low[row], target.high[row], base.low[row], base.high[row])
        wide = _quotient(target.least[row], target.most[row], base.least[row], base.most[row])
        if overlap(_reading(ledger, row), wide):
            continue
        increase = overlap(_reading(ledger, row), (wide[0] - 1, wide[1] - 1))
        why = "it counts the increase, not the ratio" if increase else "neither the ratio nor the increase"
        text = (
            f"States a multiple of {digits(m)}, but {digits(float(target.value[row]))}/{digits(float(base.value[row]))} = "
            f"{ratio:.3g} ({shown[0]:.3g} to {shown[1]:.3g} by rounding): {why}."
        )
        severity = "medium" if increase or max(m / ratio, ratio / m) < 1.25 else "high"
        diagnosis = "multiple read as increase" if increase else "unexplained"
        year = ledger.years("target_year")[row]
        yield Finding(
            int(row),
            severity,
            text,
            stated=m,
            implied=ratio,
            low=shown[0],
            high=shown[1],
            unit="times",
            year=int(year) if np.isfinite(year) else None,
            diagnosis=diagnosis,
        )


@check("high", "A year, a value or a growth that cannot be read or cannot be.")
def unreadable(ledger: Ledger) -> Findings:
    for row, name, text in ledger.unreadable:
        yield Finding(row, "high", f"The cell {name} holds {text!r}, which is no printed number; it is left aside.")
    order = ledger.years("target_year") - ledger.years("base_year")
    for row in np.flatnonzero(order <= 0):
        years = f"{ledger.years('target_year')[row]:.0f} and {ledger.years('base_year')[row]:.0f}"
        yield Finding(int(row), "high", f"Target and base year are {years}: the target must lie after the base.")
