"""Tables of what is printed and of what is made of it: sources, findings, consensus, register."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from forecast.report import printed
from forecast.report.memo import BAND, SEVERITIES
from forecast.report.page.register import Entry
from forecast.report.page.tables import (
    Cell,
    Part,
    Table,
    band,
    head,
    number,
    table,
    text,
    titled,
)
from forecast.wording import amount, listing, percent

if TYPE_CHECKING:
    from forecast.pipeline import Run

Entries = Mapping[str, Entry]
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
    value, _, year = printed.level(entry.row, end).rpartition(" in ")
    parts = (Part(value, entry.link), Part(f"in {year}", aside=True))
    return Cell(parts, _float(entry.row[f"{end}_value"]), "number") if value else _NOTHING


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
            Cell(tuple(Part(key, links.get(key, "")) for key in (row["id"], row["other_id"]) if key), kind="short"),
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
            head(short(row["publisher"]), link=entries[row["id"]].link if row["id"] in entries else ""),
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


def _without(found: pd.DataFrame, key: str) -> Cell:
    if key not in found.index:
        return _NOTHING
    low, middle, high = found[["low", "median", "high"]].to_numpy()[found.index.get_loc(key)]
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


def prior_words(found: pd.DataFrame) -> str:
    """Return in words how far other believable priors move the consensus."""
    others = found[found["prior"] != "as given"].sort_values("change")
    least, most = others.iloc[0], others.iloc[-1]
    width = (others["high"] / others["low"]).to_numpy()
    narrow, wide = others.iloc[width.argmin()], others.iloc[width.argmax()]
    return (
        "Other beliefs that one may hold before reading any number, one changed at a time, move its median by "
        f"{signed(least['change'] - 1)} ({least['prior']}) to {signed(most['change'] - 1)} ({most['prior']}), and make "
        f"its band {amount(narrow['low'])} to {amount(narrow['high'])} ({narrow['prior']}) at the narrowest and "
        f"{amount(wide['low'])} to {amount(wide['high'])} ({wide['prior']}) at the widest."
    )


def prior_table(run: Run, found: pd.DataFrame) -> Table:
    """Return the consensus under other believable priors."""
    rows = [
        (
            head(row["prior"]),
            band(row["low"], row["median"], row["high"]),
            number(row["change"] - 1, signed(row["change"] - 1)),
        )
        for row in found.to_dict("records")
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
