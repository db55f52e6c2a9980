"""The first sheet: the answer, how to read the others, and checks that recompute a few numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from xlsxwriter.utility import xl_col_to_name

from forecast.figures.style import BLUE, GREEN, GREY
from forecast.report.bottom_up import why
from forecast.report.headline import start_band, start_year, titles
from forecast.report.memo import BAND, milestones, span, spans
from forecast.report.workbook.cells import Formula, fitting, number_format, rounded
from forecast.report.workbook.grid import HEAD, LEFT, Book
from forecast.wording import listing

if TYPE_CHECKING:
    from forecast.pipeline import Run
    from forecast.report.workbook.projection import Bands
    from forecast.sensitivity import Tornado

LAST = 6
_WIDTHS = (44, 17, 17, 17, 17, 17, 17)
_SHOWN = ("P10", "P50", "P90")
_CLOSE = 1e-9

SHEETS = {
    "Charts": "the fan of each scenario, the medians together, sources beside the consensus, what drives the answer",
    "Estimates": "every published number as printed, with its quote; the columns that begin with 'check: ' are worked "
    "out from it. Change a cell, save, and run again: the file is read as estimates",
    "Audit": "where the published numbers contradict themselves or each other, with the arithmetic",
    "Consensus": "the pooled market by year, and what one more publisher would print, which is not the market",
    "Houses": "each publisher's factor against the consensus, and how probably it is an outlier",
    "Bands": "the projection by scenario and year, one column a quantile",
    "Sensitivity": "what each input at its low and high end makes of the answer",
    "Assumptions": "every number that nobody printed, with status, reason and source",
    "Checks": "printed numbers that the driver trees must give again, and what they compute",
    "Top down bottom up": "the market seen from the top down and from the bottom up, never averaged",
    "Parts": "each scenario split into its segments, or into the branches that its tree adds up",
    "Sources": "the level of each source in each year: printed, interpolated or extrapolated",
    "Manifest": "the files that went in, settings and versions",
}
"""What each sheet holds."""

_READING = (
    "P10, P50 and P90: with 10, 50 and 90 % probability the market is below. P10 to P90 is the 80 % band; P50 is the "
    "median.",
    "Heads in green are worked out by formulas; all else are values. Numbers have the six digits of the CSV files.",
)


@dataclass(frozen=True)
class Check:
    """A number of the run and a formula that finds it again in the other sheets."""

    what: str
    value: float
    formula: Formula
    number_format: str = "0"


def write_summary(book: Book, sheet: Any, run: Run, drivers: Tornado, bands: Bands) -> None:
    """Fill the first sheet."""
    for place, one in enumerate(_WIDTHS):
        sheet.set_column(place, place, one)
    width = float(sum(_WIDTHS))
    book.paragraph(sheet, 0, run.case.title, width=width, last=LAST, bold=True, font_size=16)
    book.paragraph(sheet, 1, answer(run), width=width, last=LAST, bold=True)
    row = _answers(book, sheet, bands, run, 3)
    row = _section(book, sheet, row + 1, "In words")
    for text in _words(run, drivers):
        book.paragraph(sheet, row, text, width=width, last=LAST)
        row += 1
    row = _section(book, sheet, row + 1, "How to read this workbook")
    for text in _READING:
        book.paragraph(sheet, row, text, width=width, last=LAST)
        row += 1
    names = [name for name in SHEETS if name in book.book.sheetnames]
    for name in names:
        sheet.write_url(row, 0, f"internal:'{name}'!A1", book.format({"font_color": BLUE, "underline": 1}), name)
        sheet.merge_range(row, 1, row, LAST, SHEETS[name], book.format({"text_wrap": True}))
        sheet.set_row(row, 15 * (1 + len(SHEETS[name]) // 115))
        row += 1
    _checks(book, sheet, _section(book, sheet, row + 1, "Checks"), checks_of(run, bands))
    sheet.hide_gridlines(2)


def answer(run: Run) -> str:
    """Return the market at the start and at the end under each scenario, in one sentence."""
    first, last, called = start_year(run), milestones(run)[-1], titles(run)
    start = span(*start_band(run, BAND))
    ends = [f"{text} under {called[name]}" for (name, _), text in spans(run, [last]).items()]
    return f"The market, in {run.unit}: {start} in {first}; in {last} {listing(ends)}. In brackets the 80 % band."


def _words(run: Run, drivers: Tornado) -> list[str]:
    none = [] if run.has_consensus else [f"There is no consensus: {why(run)}."]
    findings = run.audit.summary().partition("\n")[0] if len(run.audit.table) else ""
    pooled = run.consensus.summary() if run.has_consensus else ""
    parts = [*none, findings, pooled, run.projection.summary(), drivers.summary()]
    return [part for part in parts if part.strip()]


def _section(book: Book, sheet: Any, row: int, title: str) -> int:
    sheet.write_string(row, 0, title, book.format({"bold": True, "font_size": 13, "font_color": BLUE}))
    return row + 1


def _head(book: Book, sheet: Any, row: int, words: list[str], colour: str = GREY) -> None:
    for place, word in enumerate(words):
        side = {"align": "right"} if place else LEFT
        sheet.write_string(row, place, fitting(word), book.format({**HEAD, "bg_color": colour, **side}))


def _answers(book: Book, sheet: Any, bands: Bands, run: Run, row: int) -> int:
    """The projection in the milestone years: each number a formula that points to its cell in Bands."""
    years = milestones(run)[:LAST]
    _head(book, sheet, row, [f"{run.unit}, by scenario", *map(str, years)])
    for scenario in bands.scenarios:
        for level in (name for name in _SHOWN if name in bands.table.columns):
            row += 1
            strong = {"bold": level == "P50"}
            sheet.write_string(row, 0, fitting(f"{scenario}, {level}"), book.format({**LEFT, **strong}))
            for place, year in enumerate(years, start=1):
                if found := bands.at(scenario, year, level):
                    formula = Formula(f"={found[0]}", found[1])
                    book.write(sheet, row, place, formula, number_format([found[1]]), **strong)
    return row + 1


def checks_of(run: Run, bands: Bands) -> Iterator[Check]:
    """Return numbers of the run, each beside a formula on the other sheets that must give it again."""
    medians = run.projection.quantiles((0.5,))[0.5]
    level, year = (xl_col_to_name(bands.place(head)) for head in ("P50", "year"))
    for name in bands.scenarios:
        first, last = (row + 1 for row in bands.rows(name))
        start, end = (int(bands.table["year"].iloc[row - 2]) for row in (first, last))
        found = f"INDEX(Bands!${level}${first}:${level}${last},MATCH({end},Bands!${year}${first}:${year}${last},0))"
        now, then = (rounded(float(medians.loc[name, at])) for at in (end, start))
        yield Check(f"median {end}, {name}", now, Formula(f"={found}", now), number_format([now]))
        if end > start:
            growth = (now / then) ** (1 / (end - start)) - 1
            text = f"=({found}/Bands!${level}${first})^(1/{end - start})-1"
            yield Check(f"growth of the median {start}-{end}, {name}", growth, Formula(text, growth), "0.00%")
    yield _ordered(bands)
    if len(run.audit.table):
        high = int((run.audit.table["severity"] == "high").sum())
        counted = f'=COUNTIF(Audit!$A$2:$A${len(run.audit.table) + 1},"high")'
        yield Check("findings of severity high", high, Formula(counted, high))
    if rows := len(run.case.estimates):
        yield Check("rows of estimates", rows, Formula(f"=COUNTA(Estimates!$A$2:$A${rows + 1})", rows))


def _ordered(bands: Bands) -> Check:
    """No quantile may lie above a higher one."""
    rows, levels = len(bands.table) + 1, [name for name in bands.table.columns if name.startswith("P")]
    places = [xl_col_to_name(bands.place(name)) for name in levels]
    pairs = [f"SUMPRODUCT(--(Bands!{a}2:{a}{rows}>Bands!{b}2:{b}{rows}))" for a, b in pairwise(places)]
    return Check("quantiles out of order in Bands", 0, Formula("=" + "+".join(pairs), 0))


def _checks(book: Book, sheet: Any, row: int, checks: Iterator[Check]) -> None:
    _head(book, sheet, row, ["what", "as the run has it", "recomputed here", "verdict"], GREEN)
    for check in checks:
        row += 1
        sheet.write_string(row, 0, fitting(check.what), book.format(LEFT))
        book.write(sheet, row, 1, check.value, check.number_format)
        book.write(sheet, row, 2, check.formula, check.number_format)
        verdict = f'=IF(ABS(C{row + 1}-B{row + 1})<={_CLOSE:g}*MAX(1,ABS(B{row + 1})),"agrees","differs")'
        book.write(sheet, row, 3, Formula(verdict, "agrees"), align="right")
