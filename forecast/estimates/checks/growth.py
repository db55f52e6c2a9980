"""Checks inside one row: whether base, target, growth and multiple fit each other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from forecast.estimates.checks.registry import Finding, Findings, check
from forecast.estimates.ledger import Ledger, digits
from forecast.estimates.triples import Range, Triple, growth, growths, overlap, percent, quotient, span

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
        *_sign(triple),
        *_other_periods(ledger, triple),
        *_one_year(ledger, triple),
        *_base_year_slip(ledger, triple),
        *_multiple(ledger, triple),
        *_other_base(ledger, triple),
    ]
    return found or _later_start(ledger, triple) or _plain_average(triple) or _far_slips(triple)


def _sign(triple: Triple) -> list[Cause]:
    low, high = triple.stated_reading
    if not overlap((-high, -low), triple.implied_reading):
        return []
    return [Cause("sign dropped", f"it fits {percent(-triple.stated)}: the sign was dropped")]


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
        if overlap(growths(quotient(later_low, later_high, low, high), 1), triple.stated_reading):
            one = growth(later / value, 1)
            ends = span(growths(quotient(later_low, later_high, low, high), 1))
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
        ends = quotient(target.least[triple.row], target.most[triple.row], low, high)
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


def _far_slips(triple: Triple) -> list[Cause]:
    """Less likely slips: two periods, or a power of ten between the two levels."""
    found = []
    for count, how in ((triple.periods - 2, "two periods fewer"), (triple.periods + 2, "two periods more")):
        if triple.fits(count):
            found.append(Cause(f"{how} ({count})", f"it fits {count} periods, {how} than {triple.periods}"))
    for power in (-3, -2, -1, 1, 2, 3):
        low, high = triple.ratio_reading
        if triple.fits(triple.periods, (low * 10.0**power, high * 10.0**power)):
            size = f"{10.0 ** abs(power):,.0f} times {'larger' if power > 0 else 'smaller'}"
            found.append(Cause("slip of units", f"it fits a target {size}: a slip of units"))
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
        f"over its own label {label[0]}-{label[1]} it makes a multiple of {multiple:.2f}{said}, which fits if "
        f"{label[0]} is "
        f"{digits(start)} ({percent(first)} a year above the base of {triple.base_year})"
    )
    return [Cause(f"counted from {label[0]}, where {digits(start)} is needed", clause)]


def _finding(
    triple: Triple, severity: str, explanation: str, *, other: int | None = None, diagnosis: str = ""
) -> Finding:
    """Make a finding of stated against implied growth."""
    low, high = triple.implied_reading
    return Finding(
        triple.row,
        severity,
        explanation,
        other=other,
        stated=triple.stated,
        implied=triple.implied,
        low=low,
        high=high,
        unit="% a year",
        year=triple.target_year,
        diagnosis=diagnosis,
    )


# --- checks ----------------------------------------------------------------------------------------------


def _hedged(ledger: Ledger, row: int) -> str:
    """Say which of the three numbers are hedged."""
    names = ("base", "target", "cagr")
    words = [f"the {name} is '{word}'" for name in names if (word := ledger.column(f"{name}_hedge")[row])]
    return f" ({', '.join(words)})" if words else ""


def severity_of(triple: Triple) -> str:
    """Severity by what the stated growth would do to the target."""
    if triple.stated <= -100:
        return "high"
    shift = abs(triple.periods * math.log((1 + triple.stated / 100) / (1 + triple.implied / 100)))
    return "high" if shift >= 0.05 else "medium" if shift >= 0.01 else "low"


@check("high")
def incoherent(ledger: Ledger) -> Findings:
    """Base, target and CAGR do not fit each other, whatever the rounding of the printed digits."""
    for triple in ledger.judged("incoherent"):
        found = causes(ledger, triple)
        why = "; ".join(cause.clause for cause in found) or "no simple slip explains it"
        text = (
            f"States {triple.statement()}, but {triple.arithmetic()}, "
            f"{abs(triple.stated - triple.implied):.2f} points {'less' if triple.implied > triple.stated else 'more'} "
            f"than implied{_hedged(ledger, triple.row)}: {why}."
        )
        other = next((cause.other for cause in found if cause.other is not None), None)
        diagnosis = "; ".join(cause.short for cause in found) or "unexplained"
        yield _finding(triple, severity_of(triple), text, other=other, diagnosis=diagnosis)


@check("low")
def edge_of_rounding(ledger: Ledger) -> Findings:
    """Base, target and CAGR fit each other only in the last digits of their rounding."""
    for triple in ledger.judged("edge_of_rounding"):
        others = [
            f"{n} periods would give {percent(growth(triple.ratio, n))}"
            for n in (triple.periods - 1, triple.periods + 1)
            if n
        ]
        diagnosis = "one-sided hedge" if triple.one_sided else "edge of rounding"
        room = "possible, as a hedge leaves room" if triple.one_sided else "just possible, at the edge of rounding"
        text = (
            f"States {triple.statement()} and {triple.arithmetic()}: {room}{triple.counted_from}"
            f"{_hedged(ledger, triple.row)}; {', '.join(others)}."
        )
        yield _finding(triple, "low", text, diagnosis=diagnosis)


@check("none")
def coherent(ledger: Ledger) -> Findings:
    """Base, target, CAGR and multiple fit each other."""
    multiple = ledger.numbers("multiple")
    for triple in ledger.judged("coherent"):
        text = f"States {percent(triple.stated)} a year and {triple.arithmetic()}: consistent"
        m = multiple.value[triple.row]
        if np.isfinite(m) and overlap(_reading(ledger, triple.row), triple.ratio_reading):
            text += (
                f"; so is the multiple: {digits(triple.target)}/{digits(triple.base)} = {triple.ratio:.4f}, "
                f"stated {digits(m)}"
            )
        label = _label(ledger, triple)
        if label and label[1] - label[0] != triple.periods:
            text += f"; its label {label[0]}-{label[1]} is no count: the growth fits {triple.periods} periods"
        yield _finding(triple, "none", f"{text}{triple.counted_from}{_hedged(ledger, triple.row)}.")


def _reading(ledger: Ledger, row: int) -> Range:
    multiple = ledger.numbers("multiple")
    return float(multiple.least[row]), float(multiple.most[row])


@check("high")
def multiple_misfit(ledger: Ledger) -> Findings:
    """The printed multiple is not target over base."""
    base, target, multiple = ledger.numbers("base_value"), ledger.numbers("target_value"), ledger.numbers("multiple")
    for row in np.flatnonzero(base.given & target.given & multiple.given).tolist():
        m, ratio = float(multiple.value[row]), float(target.value[row] / base.value[row])
        shown = quotient(target.low[row], target.high[row], base.low[row], base.high[row])
        wide = quotient(target.least[row], target.most[row], base.least[row], base.most[row])
        if overlap(_reading(ledger, row), wide):
            continue
        increase = overlap(_reading(ledger, row), (wide[0] - 1, wide[1] - 1))
        why = "it counts the increase, not the ratio" if increase else "neither the ratio nor the increase"
        text = (
            f"States a multiple of {digits(m)}, but "
            f"{digits(float(target.value[row]))}/{digits(float(base.value[row]))} = "
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


@check("high")
def unreadable(ledger: Ledger) -> Findings:
    """A year, a value or a growth that cannot be read or cannot be."""
    for row, name, text in ledger.unreadable:
        yield Finding(row, "high", f"The cell {name} holds {text!r}, which is no printed number; it is left aside.")
    for row, name, text in ledger.spoken:
        value = digits(float(ledger.numbers(name).value[row]))
        yield Finding(row, "low", f"The cell {name} holds the phrase {text!r}, read as {value} in the unit of the row.")
    order = ledger.years("target_year") - ledger.years("base_year")
    for row in np.flatnonzero(order <= 0).tolist():
        years = f"{ledger.years('target_year')[row]:.0f} and {ledger.years('base_year')[row]:.0f}"
        yield Finding(int(row), "high", f"Target and base year are {years}: the target must lie after the base.")
