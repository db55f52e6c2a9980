"""The tables of the page, section by section."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast.report import printed
from forecast.report.assumptions import assumptions, tree_name
from forecast.report.headline import headline_scenario
from forecast.report.memo import BAND, SEVERITIES, milestones, short_number
from forecast.report.page.answer import growth, title
from forecast.report.page.register import Entry
from forecast.report.page.tables import (
    Cell,
    Column,
    Part,
    Table,
    band,
    head,
    in_unit,
    number,
    rate,
    table,
    text,
    titled,
)
from forecast.report.sides import check_lines, check_rows, part_rows
from forecast.wording import amount, listing, percent

if TYPE_CHECKING:
    from forecast.pipeline import Run
    from forecast.sensitivity import Tornado

Entries = Mapping[str, Entry]
Row = Mapping[Hashable, Any]

_NOTHING = number(None)

LONGEST_NAME = 80
"""Longer names of publishers are cut in tables; the register has them whole."""


def sources_table(entries: Entries) -> Table:
    """Return what the pooled sources print, each number linked to its row in the register."""
    rows = [
        (
            head(short(entry.publisher), link=entry.link),
            text(entry.row["scope"]),
            text(entry.row["published"], kind="short"),
            _level(entry, "base"),
            _level(entry, "target"),
            _growth(entry),
            Cell(tuple(Part(words, entry.link) for words in _others(entry)), kind="number"),
        )
        for entry in entries.values()
        if not entry.left_out
    ]
    amounts = [("Base", "number"), ("Target", "number"), ("Growth a year", "number"), ("Also printed", "number")]
    return table(
        "What the pooled sources print, digit for digit", titled("Publisher", "Market", "Published", *amounts), rows
    )


def _level(entry: Entry, end: str) -> Cell:
    amount_, _, year = printed.level(entry.row, end).rpartition(" in ")
    parts = (Part(amount_, entry.link), Part(f"in {year}", aside=True))
    return Cell(parts, _float(entry.row[f"{end}_value"]), "number") if amount_ else _NOTHING


def _growth(entry: Entry) -> Cell:
    words = printed.growth(entry.row).removesuffix(" a year")
    return number(_float(entry.row["cagr"]), words, link=entry.link) if words else _NOTHING


def _others(entry: Entry) -> list[str]:
    return [*printed.others(entry.row), *filter(None, [printed.multiple(entry.row)])]


def _float(value: object) -> float:
    try:
        return float(str(value).replace(",", "").rstrip(" %"))
    except ValueError:
        return math.nan


def short(words: str) -> str:
    """Cut a long name.

    Examples
    --------
    >>> short("x" * 100) == "x" * 79 + "…"
    True
    """
    return words if len(words) <= LONGEST_NAME else words[: LONGEST_NAME - 1] + "…"


def findings_tables(run: Run, links: Mapping[str, str]) -> tuple[Table, Table]:
    """Return the gravest findings of the audit, and the others."""
    found = run.audit.table
    grave = found["severity"] == "high"
    return _findings("Findings of severity high", found[grave], links), _findings(
        "Further findings", found[~grave], links
    )


def _findings(caption: str, found: pd.DataFrame, links: Mapping[str, str]) -> Table:
    rows = [
        (
            Cell((Part(row["severity"]),), float(SEVERITIES.index(row["severity"])), f"tag {row['severity']}"),
            text(str(row["check"]).replace("_", " ")),
            Cell(tuple(Part(key, links.get(key, "")) for key in (row["id"], row["other_id"]) if key)),
            text(row["explanation"], kind="long"),
        )
        for row in found.to_dict("records")
    ]
    return table(caption, titled("Severity", "Check", "Rows", ("Finding", "long")), rows)


def audited(run: Run) -> str:
    """Return how many findings the audit has, by severity."""
    what = [f"{len(run.case.estimates)} estimates", f"{len(run.case.counts)} counts"]
    counts = run.audit.table["severity"].value_counts()
    found = [f"{counts[name]} of severity {name}" for name in SEVERITIES if name in counts]
    return f"The audit of {listing([part for part in what if part[0] != '0'])} finds {listing(found)}."


def houses_table(run: Run, entries: Entries) -> Table:
    """Return the house effects, and the consensus without each source."""
    consensus = run.consensus
    without = consensus.influence().set_index("id")
    rows = [
        (
            head(short(row["publisher"]), link=entries[row["id"]].link),
            text(row["base_year"], kind="number"),
            band(row["low"], row["median"], row["high"]),
            number(row["outlier_probability"], percent(row["outlier_probability"])),
            _without(without, row["id"]),
        )
        for row in consensus.houses.to_dict("records")
    ]
    numbers = ("Base year", "House factor", "Outlier, probability", f"Consensus {consensus.reference_year} without it")
    return table(
        f"Each source against the market (1 = it prints the market), and the consensus without it, {run.unit}; "
        "median (80 % band)",
        titled("Publisher", *((name, "number") for name in numbers)),
        rows,
    )


def _without(table_: pd.DataFrame, key: str) -> Cell:
    if key not in table_.index:
        return _NOTHING
    low, middle, high = table_[["low", "median", "high"]].to_numpy()[table_.index.get_loc(key)]
    return band(low, middle, high)


def consensus_table(run: Run) -> Table:
    """Return the consensus and the next publisher by year."""
    market, following = run.consensus.quantiles(BAND), run.consensus.next_publisher(BAND)
    rows = [
        (text(year, kind="head"), band(*market.loc[year].tolist()), band(*following.loc[year].tolist()))
        for year in market.index
    ]
    return table(
        f"The market, and what one more publisher would print; {run.unit}, median (80 % band)",
        titled("Year", ("The market", "number"), ("One more publisher", "number")),
        rows,
    )


def prior_words(table_: pd.DataFrame) -> str:
    """Return in words how far other believable priors move the consensus."""
    others = table_[table_["prior"] != "as given"].sort_values("change")
    least, most = others.iloc[0], others.iloc[-1]
    width = (others["high"] / others["low"]).to_numpy()
    narrow, wide = others.iloc[width.argmin()], others.iloc[width.argmax()]
    return (
        "Other beliefs that one may hold before reading any number, one changed at a time, move its median by "
        f"{signed(least['change'] - 1)} ({least['prior']}) to {signed(most['change'] - 1)} ({most['prior']}), and make "
        f"its band {amount(narrow['low'])} to {amount(narrow['high'])} ({narrow['prior']}) at the narrowest and "
        f"{amount(wide['low'])} to {amount(wide['high'])} ({wide['prior']}) at the widest."
    )


def prior_table(run: Run, table_: pd.DataFrame) -> Table:
    """Return the consensus under other believable priors."""
    rows = [
        (
            head(row["prior"]),
            band(row["low"], row["median"], row["high"]),
            number(row["change"] - 1, signed(row["change"] - 1)),
        )
        for row in table_.to_dict("records")
    ]
    year = run.consensus.reference_year
    return table(
        f"The consensus for {year} under other priors, one changed at a time; {run.unit}, median (80 % band)",
        titled("Prior", (f"Market in {year}", "number"), ("Median moves by", "number")),
        rows,
    )


def signed(share: float) -> str:
    """Write a change with its sign.

    Examples
    --------
    >>> signed(0.071), signed(-0.2), signed(0.0001)
    ('+7 %', '−20 %', '0 %')
    """
    words = percent(share)
    return words if words == "0 %" else words.replace("-", "−") if share < 0 else f"+{words}"


def projection_table(run: Run) -> Table:
    """Return the projection by scenario and milestone, with the growth over the whole of it."""
    years = milestones(run)
    found = run.projection.quantiles(BAND)
    rows = [
        (
            head(title(run, name)),
            *(_band_in(found, name, year) for year in years),
            rate(*growth(run, name)),
        )
        for name in run.projection.scenarios
    ]
    return table(
        f"Projection by scenario, {run.unit}, median (80 % band)",
        titled("Scenario", *((str(year), "number") for year in years), ("Growth a year", "number")),
        rows,
    )


def _band_in(found: pd.DataFrame, name: str, year: int) -> Cell:
    rows = found[found.index == (name, year)].to_numpy().tolist()
    return band(*rows[0]) if rows else _NOTHING


def causes_table(run: Run) -> Table:
    """Return what makes the band of the middle scenario wide: shares of the variance of the log market, by cause."""
    name = headline_scenario(run.projection.scenarios)
    parts = run.projection.decomposition.loc[name]
    causes = [cause for cause in parts.columns if cause != "total" and (parts[cause] > 0).any()]
    years = [int(parts.index[0]), *(year for year in milestones(run) if year in parts.index and year != parts.index[0])]
    rows = [
        (head(cause), *(number(share, percent(share)) for share in (parts[cause] / parts["total"])[years]))
        for cause in causes
    ]
    return table(
        f"What makes the band wide, scenario {title(run, name)}: share of the variance of the log market",
        titled("Cause", *((str(year), "number") for year in years)),
        rows,
    )


def drivers_table(drivers: Tornado) -> Table:
    """Return the ranking of the inputs."""
    rows = [
        (
            head(row["input"]),
            text(row["kind"]),
            in_unit(math.nan, _input_range(row), row["unit"]),
            number(row["low_value"], amount(row["low_value"])),
            number(row["high_value"], amount(row["high_value"])),
            number(row["swing"], amount(row["swing"]) if row["swing"] > 0 else "0"),
            text(row["note"] or ("" if row["monotonic"] else "moves it both ways")),
        )
        for row in drivers.table.to_dict("records")
    ]
    unit = drivers.quantity.unit(drivers.money)
    numbers = ("At the low end", "At the high end", "Swing")
    return table(
        f"{drivers.quantity.label}, scenario {drivers.scenario}, {unit}: each input from its P10 to its P90",
        titled("Input", "Kind", ("Low, base, high", "number"), *((n, "number") for n in numbers), "Note"),
        rows,
    )


def _input_range(row: Row) -> str:
    ends = [row["low_input"], row["base_input"], row["high_input"]]
    words = [_value(end, row["unit"]) if isinstance(end, float) else str(end) for end in ends]
    return ", ".join(dict.fromkeys(word for word in words if word != "nan"))


def assumptions_table(run: Run) -> Table:
    """Return drivers of scenarios and ratios of scopes; what several scenarios share stands once."""
    found = assumptions(run)
    found = found[found["kind"] != "prior"]
    same = [column for column in found.columns if column != "scenario"]
    grouped = found.groupby(same, sort=False, dropna=False)["scenario"].agg(list).reset_index()
    rows = [_assumption(run, row) for row in grouped.to_dict("records")]
    columns = ("Assumption", "Scenario", ("Median (P10 to P90)", "number"), "Status")
    return table(
        "What nobody printed for this market, or what a scenario says of it",
        [*titled(*columns), Column("Because", "long"), Column("Source")],
        rows,
    )


def _assumption(run: Run, row: Row) -> tuple[Cell, ...]:
    return (
        head(tree_name(str(row["input"]).removeprefix("growth."))),
        Cell(tuple(map(Part, _whose(run, row["scenario"])))),
        _range(row),
        text(row["status"]),
        text(row["because"], kind="long"),
        text(row["source"]),
    )


def _whose(run: Run, names: list[str]) -> list[str]:
    """Return the titles of scenarios, in few words where they are nearly all."""
    absent = [title(run, name) for name in run.case.scenarios if name not in names]
    if len(run.case.scenarios) > 1 and not absent:
        return ["all"]
    if len(run.case.scenarios) > 2 and len(absent) == 1 and any(names):
        return [f"all but {absent[0]}"]
    return [title(run, name) for name in names if name]


def _range(row: Row) -> Cell:
    low, base, high = (_value(row[name], row["unit"]) for name in ("low", "base", "high"))
    return in_unit(row["base"], base if low == high else f"{base} ({low} to {high})", row["unit"])


def _value(value: float, unit: str) -> str:
    """Write a number as its unit wants it: a year whole, anything else with two digits."""
    return f"{value:.0f}" if unit == "year" else short_number(value)


def settings_table(run: Run) -> Table:
    """Return every number of the prior."""
    found = assumptions(run)
    rows = [
        (head(row["input"]), text(row["base"], kind="number"), text(row["because"]))
        for row in found[found["kind"] == "prior"].to_dict("records")
    ]
    return table(
        "Settings of the pooling, by their keys in case.toml", titled("Key", ("Value", "number"), "Because"), rows
    )


def left_out_table(entries: Entries) -> Table:
    """Return the rows that are not pooled, and why."""
    rows = [
        (
            head(short(entry.publisher), link=entry.link),
            Cell((Part(entry.said, entry.link),) if entry.said else ()),
            text(entry.left_out, kind="long"),
        )
        for entry in entries.values()
        if entry.left_out
    ]
    return table("Printed, read, and not pooled", titled("Publisher", "Printed", ("Because", "long")), rows)


def counts_table(run: Run) -> Table:
    """Return the indicator counts in full."""
    rows = [
        (
            head(row["id"]),
            text(row["subject"]),
            text(row["date"], kind="short"),
            number(_float(row["value"]), " ".join(filter(None, [row["hedge"], row["value"]]))),
            text(row["quote"], kind="long"),
            text(row["source"]),
        )
        for row in run.case.counts.to_dict("records")
    ]
    columns = titled("Id", "Counted", "Date", ("Count", "number"), ("Quote", "long"), "Source")
    return table("What is counted, with the words of the source", columns, rows, anchors=_anchors("count", len(rows)))


def facts_table(found: pd.DataFrame) -> Table:
    """Return the facts beside the case in full."""
    rows = [
        (head(row["id"]), text(row["original"], kind="long"), text(row["gloss"], kind="long"), text(row["source"]))
        for row in found.to_dict("records")
    ]
    columns = titled("Id", ("Quote", "long"), ("In English", "long"), "Source")
    return table("Sentences of the sources, by their ids", columns, rows, anchors=_anchors("fact", len(rows)))


def _anchors(kind: str, count: int) -> list[str]:
    return [f"{kind}-{place}" for place in range(1, count + 1)]


def checks_table(run: Run) -> Table:
    """Return printed numbers that the driver trees must reproduce, beside what they compute."""
    rows = [(head(what), *(text(words, kind="number") for words in (stated, computed)), text(verdict))
            for what, stated, computed, verdict in check_lines(run, check_rows(run))]  # fmt: skip
    columns = titled("What", ("Printed", "number"), ("Computed (P10 to P90)", "number"), "Verdict")
    return table("Printed numbers beside what the trees compute", columns, rows)


def sides_table(run: Run, found: pd.DataFrame) -> Table:
    """Return the market top-down beside the market bottom-up."""
    rows = [
        (
            text(row["year"], kind="head"),
            text(row["side"]),
            band(row["low"], row["median"], row["high"]),
            text(row["what"]),
        )
        for row in found.to_dict("records")
    ]
    columns = titled("Year", "Side", ("Market", "number"), "From")
    return table(f"Top-down beside bottom-up, {run.unit}, median (80 % band)", columns, rows)


def parts_table(run: Run) -> Table | None:
    """Return shares and values of the parts of one scenario, the middle one if it has any; None without parts."""
    found = part_rows(run)
    if found.empty:
        return None
    names = found["scenario"].unique().tolist()
    middle = headline_scenario(run.projection.scenarios)
    name = middle if middle in names else names[0]
    own = found[found["scenario"] == name]
    years = [year for year in (int(own["year"].min()), *milestones(run)) if year in set(own["year"])]
    years = list(dict.fromkeys(years))
    rows = [(head(part), *(_part(rows_, year) for year in years)) for part, rows_ in own.groupby("part", sort=False)]
    caption = f"Parts of the median of scenario {title(run, name)}, {run.unit} (share)"
    return table(caption, titled("Part", *((str(year), "number") for year in years)), rows)


def _part(rows: pd.DataFrame, year: int) -> Cell:
    [(value, share)] = rows.loc[rows["year"] == year, ["value", "share"]].to_numpy().tolist()
    return number(value, f"{amount(value)} ({percent(share)})")


def files_table(hashes: Mapping[str, str]) -> Table:
    """Return what the case was read from."""
    rows = [(head(name), text(value, kind="hash")) for name, value in hashes.items()]
    return table("Files of the case", titled("File", "SHA-256"), rows)


def versions_table(versions: Mapping[str, str]) -> Table:
    """Return what the numbers were made with."""
    return table("Software", titled("Name", "Version"), [(head(name), text(value)) for name, value in versions.items()])
