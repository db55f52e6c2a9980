"""The memo of a run: one page in words, with the numbers that carry it."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from forecast.report.assumptions import assumptions, tree_name
from forecast.report.headline import start_band, start_year, titles
from forecast.report.printed import printed
from forecast.report.promises import promises_in_words
from forecast.report.sides import check_lines, count_clashes, cross_tables, gap_in_words
from forecast.wording import amount, listing, money

if TYPE_CHECKING:
    import pandas as pd

    from forecast.pipeline import Run
    from forecast.scenario.scenario import AnalystError
    from forecast.sensitivity import Tornado

BAND = (0.1, 0.5, 0.9)
_CLAUSES = 2
_LONGEST_NAME, _LONGEST_SOURCE = 80, 200
"""Longer names of publishers and markets, and of places where a number was read, are cut, as on the page."""
_SPECIAL = re.compile(r"[\\`*_\[\]~|>#]")
"""Signs that Markdown reads as more than themselves; `<` is written out, as not every reader knows it escaped."""
_LINK = re.compile(r"https?://[^\s\"'<>\\^`{|}()\[\]]+")
SEVERITIES = ("high", "medium", "low", "none")


def memo(run: Run, drivers: Tornado) -> str:
    """Return the memo of a run as Markdown.

    Parameters
    ----------
    run
        A finished run.
    drivers
        Its tornado.
    """
    sections = {
        "What the sources say": _sources(run),
        "Where they clash": _clashes(run),
        "The consensus": plain(f"{run.consensus.summary()} {promises_in_words(run)}"),
        "Where it goes from here": _projection(run),
        "What drives it": driven(run, drivers),
        **beside(run),
        "What is assumption": _assumptions(run),
    }
    parts = [f"# {plain(run.case.title)}", f"**{headline(run)}**", *unreplaced(run)]
    parts += [f"## {title}\n\n{text}" for title, text in sections.items()]
    return _shortened(run, "\n\n".join([*parts, _FILES]) + "\n")


_FILES = (
    "The full findings stand in `audit.csv`, the reasons for every assumption in `assumptions.csv`, the pictures in "
    "`figures/`, inputs and versions in `manifest.json`."
)


def beside(run: Run) -> dict[str, str]:
    """Return what a run is held against, by the titles of the sections; nothing where the case states nothing."""
    found = cross_tables(run)
    sections = {}
    if "checks" in found:
        rows = [tuple(map(plain, line)) for line in check_lines(run, found["checks"])]
        sections["What was checked"] = grid(["check", "stated", "computed", "verdict"], rows)
    if "top_down_bottom_up" in found:
        sections["From the other side"] = plain(gap_in_words(run, found["top_down_bottom_up"]))
    return sections


def milestones(run: Run) -> list[int]:
    """Return the years worth a line: every fifth year of the projection, and its last."""
    years = run.projection.years
    return [year for year in years if year % 5 == 0 or year == years[-1]]


def spans(run: Run, years: Iterable[int]) -> dict[tuple[str, int], str]:
    """Return median and 80 % band of the projection in words, by scenario and year as far as a scenario goes."""
    table = run.projection.quantiles(BAND)
    table = table[table.index.isin(list(years), level="year")]
    return {key: span(*band) for key, band in zip(table.index, table.to_numpy().tolist(), strict=True)}


def span(low: float, middle: float, high: float) -> str:
    """Write P10, P50 and P90.

    Examples
    --------
    >>> span(11.35, 22.77, 46.6)
    '23 (11 to 47)'
    """
    return f"{amount(middle)} ({amount(low)} to {amount(high)})"


def plain(text: str) -> str:
    r"""Return text that Markdown shows as it is: on one line, without markup or HTML, not ending a table cell.

    Examples
    --------
    >>> print(plain("a|b <script> [x](y) & **b**"))
    a\|b &lt;script\> \[x\](y) & \*\*b\*\*
    """
    return _SPECIAL.sub(r"\\\g<0>", " ".join(text.split())).replace("<", "&lt;")


def cut(text: str, most: int = _LONGEST_NAME) -> str:
    r"""Return text on one line, cut where it is longer than a table bears.

    Examples
    --------
    >>> len(cut("long " * 2000)), cut("two\nlines")
    (80, 'two lines')
    """
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _shortened(run: Run, text: str) -> str:
    """Return a memo with the names of publishers cut wherever they stand."""
    for name in sorted(set(run.case.estimates["publisher"]), key=len, reverse=True):
        text = text.replace(plain(name), plain(cut(name))) if len(name) > _LONGEST_NAME else text
    return text


def driven(run: Run, drivers: Tornado) -> str:
    """Return what drives the answer, with the scenario called as everywhere."""
    name = drivers.scenario
    said = drivers.summary().replace(f"scenario {name}:", f"scenario {titles(run).get(name, name)}:", 1)
    return plain(said)


def unreplaced(run: Run) -> list[str]:
    """Return one line where reasons are still those of a template, else nothing."""
    from forecast.scenario import template_reasons

    left = template_reasons(run.case.folder)
    if not left:
        return []
    listed = listing([plain(f"{file} ({count})") for file, count in left.items()])
    return [f"Not yet a case of its own: `[template]` still stands in {listed}."]


def grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table.

    Examples
    --------
    >>> print(grid(["a", "b"], [["1", "2"]]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = [f"| {' | '.join(line)} |" for line in [header, *rows]]
    return "\n".join([lines[0], "|" + "---|" * len(header), *lines[1:]])


def headline(run: Run) -> str:
    """Return the answer in one sentence: the market in the reference year, and at the end of each scenario."""
    year, last, called = start_year(run), milestones(run)[-1], titles(run)
    low, middle, high = start_band(run, BAND)
    said = [f"{text} under {plain(called[name])}" for (name, _), text in spans(run, [last]).items()]
    return (
        f"In {year} the market was {money(middle, run.unit)} ({amount(low)} to {amount(high)}); in {last} it is "
        f"{listing(said)}, in {run.unit}. In brackets the 80 % band."
    )


def _sources(run: Run) -> str:
    rows = [
        [plain(cut(row["publisher"])), plain(cut(row["scope"])), plain(printed(row)), _link(row["source"])]
        for row in run.case.estimates.to_dict("records")
        if row["id"] in pooled_ids(run)
    ]
    told = [grid(["publisher", "market", "printed", "source"], rows), plain(measured_in_words(run))]
    return "\n\n".join(filter(None, told))


def measured_in_words(run: Run) -> str:
    """Return what was measured of the market beside the estimates; nothing where nothing was."""
    history = run.case.history
    if history is None or not run.has_consensus:
        return ""
    ends = [f"{money(history[year], run.unit, digits=3)} in {year}" for year in (history.index[0], history.index[-1])]
    return f"Measured, and pooled as such: {' to '.join(ends)}, {len(history)} values ({run.case.file.history})."


def pooled_ids(run: Run) -> set[str]:
    """Ids of the rows that the consensus rests on; the others stand below it with the reason."""
    return {source.id for source in run.consensus.pool.sources}


def _link(source: str) -> str:
    return f"[page]({source})" if _LINK.fullmatch(source) else plain(cut(source, _LONGEST_SOURCE))


def _clashes(run: Run) -> str:
    findings = run.audit.table
    pooled = findings[["id", "other_id"]].isin({*pooled_ids(run), ""}).all(axis=1)
    worst = findings.loc[pooled & (findings["severity"] == "high"), "explanation"].unique()
    told = findings["explanation"].isin(worst)
    counts = findings.loc[~told, "severity"].value_counts()
    others = [f"{counts[name]} of severity {name}" for name in SEVERITIES if name in counts]
    names = dict(zip(run.case.estimates["id"], run.case.estimates["publisher"], strict=True))
    whose = dict(zip(findings["explanation"], findings["id"].map(names), strict=True))
    lines = [f"- {plain(_with_subject(first_clauses(text), whose[text]))}" for text in worst] or [
        "- Nothing of severity high."
    ]
    lines += [f"- Of counts: {plain(first_clauses(text))}" for text in count_clashes(run)]
    return "\n".join([*lines, *([f"\nFurther findings: {listing(others)}; see `audit.csv`."] if others else [])])


def _with_subject(sentence: str, publisher: str) -> str:
    """Name the publisher of whom a sentence begins to speak with its verb."""
    return f"{publisher} states{sentence.removeprefix('States')}" if sentence.startswith("States ") else sentence


def first_clauses(sentence: str) -> str:
    """Leave the finding and its arithmetic; what follows from it stands in the table."""
    return "; ".join(sentence.rstrip(".").split("; ")[:_CLAUSES]) + "."


def _projection(run: Run) -> str:
    years, called = milestones(run), titles(run)
    found = spans(run, years)
    rows = [
        [plain(called[name]), *(found.get((name, year), "") for year in years)] for name in run.projection.scenarios
    ]
    return f"{handover(run)}\n\n{grid([f'{run.unit}, median (80 % band)', *map(str, years)], rows)}"


def handover(run: Run) -> str:
    """Return up to when scenarios follow the consensus, in words."""
    years = sorted(set(run.projection.handover_year.values()))
    chosen = any(scenario.handover_year for scenario in run.case.scenarios.values())
    why = "" if chosen else ", the last year for which two publishers speak,"
    return (
        f"Up to {listing([str(year) for year in years])}{why} a scenario follows the consensus, from its whole band; "
        "after that it goes its own way."
    )


def _assumptions(run: Run) -> str:
    table, called = assumptions(run), titles(run)
    weakened = [f"- {plain(sentence)}" for sentence in run.projection.weakened]
    bullets = [*stories(run), *_ratios(table), *weakened, *_prior(run), *_floor(run)]
    grids = [_drivers(table[table["kind"] == "driver"], called), _events(run, table[table["kind"] == "event"])]
    return "\n\n".join(filter(None, ["\n".join(bullets), *grids]))


def stories(run: Run) -> list[str]:
    """Return one bullet for each scenario that says why."""
    return [f"- **{plain(title)}**: {plain(because)}" for title, because in told_stories(run)]


def told_stories(run: Run) -> list[tuple[str, str]]:
    """Return title and reason of each scenario that says why."""
    called = titles(run)
    return [(called[name], story.because) for name, story in run.case.scenarios.items() if story.because.strip()]


def _drivers(table: pd.DataFrame, called: Mapping[str, str]) -> str:
    table = table[~(table["input"].str.startswith("segments.") & (table["low"] == table["high"]))]
    texts = {(row["input"], row["scenario"]): _range(row) for row in table.to_dict("records")}
    units = dict(zip(table["input"], table["unit"], strict=True))
    rows = [
        [
            plain(", ".join(filter(None, [tree_name(key.removeprefix("growth.")), unit]))),
            *(texts.get((key, name), "") for name in called),
        ]
        for key, unit in units.items()
    ]
    return grid(["driver, median (P10 to P90)", *map(plain, called.values())], rows)


def _events(run: Run, table: pd.DataFrame) -> str:
    """Probability and year of every event that a scenario leaves open; "" where there is none."""
    said: dict[str, dict[str, list[str]]] = {}
    for row in table.to_dict("records"):
        event, _, what = str(row["input"]).removeprefix("events.").rpartition(".")
        words = said.setdefault(event, {}).setdefault(str(row["scenario"]), [])
        words.append(f"{_range(row)}" if what == "year" else f"probability {_range(row)}")
    called = titles(run)
    rows = [
        [plain(event.replace("_", " ")), *("; ".join(by_scenario.get(name, [])) for name in called)]
        for event, by_scenario in said.items()
    ]
    return grid(["event, probability; year, median (P10 to P90)", *map(plain, called.values())], rows) if rows else ""


def _range(row: Mapping[Hashable, Any]) -> str:
    short = _whole if row["unit"] == "year" else short_number
    low, base, high = (short(row[name]) for name in ("low", "base", "high"))
    return base if low == high else f"{base} ({low} to {high})"


def _whole(value: float) -> str:
    return f"{value:.0f}"


def short_number(value: float) -> str:
    """Write two digits, thousands apart, without zeros after the point or the noise of arithmetic.

    Examples
    --------
    >>> short_number(0.05), short_number(12600.0), short_number(-0.02), short_number(1e-17)
    ('0.05', '13,000', '-0.02', '0')
    """
    text = amount(value) if abs(value) > 1e-12 else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _ratios(table: pd.DataFrame) -> list[str]:
    rows = table[table["kind"] == "scope ratio"].to_dict("records")
    return [f"- Share of {plain(row['input'])}: {_range(row)} ({row['status']})." for row in rows]


def _prior(run: Run) -> list[str]:
    prior, changed = run.consensus.pool.prior, sorted(run.case.prior)
    spread = f"{math.exp(prior.spread_scale):.2g} in level and {100 * prior.growth_spread_scale:.2g} points in growth"
    optimism = f"{100 * prior.optimism_mean:.2g} % a year too much growth, give or take {100 * prior.optimism_sd:.2g} %"
    return [
        f"- Before any number is read, publishers differ by a factor of about {spread} a year, are correlated by "
        f"{prior.herding:g}, and promise {optimism}." + (f" This case changes {listing(changed)}." if changed else "")
    ]


def _floor(run: Run) -> list[str]:
    on = [scenario.analyst_error for scenario in run.case.scenarios.values() if scenario.analyst_error.on]
    return [f"- No band is narrower than published forecasts have missed by{_missed(error)}." for error in on[:1]]


def _missed(error: AnalystError) -> str:
    """By how much, where a scenario does not leave it to the record."""
    if error.scale is not None:
        return f": sd {error.scale:g} · years^{error.exponent:g} of the logarithm"
    record = ", by horizon and promised growth"
    return record if error.factor == 1 else f"{record}, times {error.factor:g}"
