"""Audit of indicator counts: firms, trials, approvals, patients, and percentages of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, pairwise

import pandas as pd

from forecast.errors import ArgumentError, InputError, Problem, did_you_mean
from forecast.estimates.checks.registry import Finding
from forecast.estimates.conversion import Claim, claim
from forecast.estimates.findings import finding_table
from forecast.estimates.ledger import digits
from forecast.estimates.numbers import hedge_of
from forecast.estimates.reading import cell_text, check_table
from forecast.estimates.texts import printable
from forecast.estimates.triples import overlap, percent

COUNT_COLUMNS = {
    "id": "short name of the row",
    "subject": "what the number is about, such as approved treatment plans",
    "geography": "place",
    "date": "day, month or year to which it is counted",
    "value": "the number as printed; a percentage ends in %",
    "hedge": "how firmly it is said",
    "counts": "what is counted: trials, products, plans, patients",
    "definition": "net of what ended, or gross",
    "measure": "stock (to a date) or flow (in a period)",
    "part": "for a percentage: id of the count it belongs to",
    "of": "for a percentage or a part: id of the total",
}
"""Columns of a table of counts; all but id, subject, date and value may be missing."""

_NEEDED = ("id", "subject", "date", "value")
_Row = dict[str, str]


def audit_counts(counts: pd.DataFrame) -> pd.DataFrame:
    """Hold indicator counts against their percentages, their definitions and each other.

    Parameters
    ----------
    counts
        One row a printed number; see `COUNT_COLUMNS`.

    Returns
    -------
    DataFrame
        Findings with the columns of `Audit.table`: `percentage_misfit` (a percentage that is not part over total),
        `part_above_total`, `mixed_definition` (net beside gross), `mixed_measure` (stock beside flow),
        `mixed_unit` (products beside trials), `falling_stock`, `two_hedges` (one number said in two ways).

    Raises
    ------
    ArgumentError
        With all columns that are missing or unknown and all values that are no number.

    Examples
    --------
    >>> rows = [{"id": "n", "subject": "trials", "date": "2023", "value": "780"},
    ...         {"id": "all", "subject": "all trials", "date": "2023", "value": "1800"},
    ...         {"id": "p", "subject": "share", "date": "2023", "value": "42.8%", "part": "n", "of": "all"}]
    >>> audit_counts(pd.DataFrame(rows)).loc[0, ["check", "severity"]].tolist()
    ['percentage_misfit', 'low']
    """
    check_table(counts, "counts")
    rows = _rows(counts)
    claims = _claims(rows)
    found = [(name, finding) for name, find in _CHECKS.items() for finding in find(rows, claims)]
    return finding_table([row["id"] for row in rows], found, list(_CHECKS))


def _rows(counts: pd.DataFrame) -> list[_Row]:
    heads = [str(head) for head in counts.columns]
    problems = [
        Problem(f"column {head!r}", "an unknown column", "", did_you_mean(head, list(COUNT_COLUMNS)))
        for head in heads
        if head not in COUNT_COLUMNS
    ]
    problems += [
        Problem(f"column {name!r}", "no such column", "", f"add it: {COUNT_COLUMNS[name]}")
        for name in _NEEDED
        if name not in heads
    ]
    if problems:
        raise ArgumentError(problems)
    blank = dict.fromkeys(COUNT_COLUMNS, "")
    return [
        blank | {str(key): printable(cell_text(value)).strip() for key, value in row.items()}
        for row in counts.to_dict("records")
    ]


def _claims(rows: list[_Row]) -> list[Claim]:
    claims, problems = [], []
    for place, row in enumerate(rows):
        try:
            claims.append(claim(row["value"], row["hedge"]))
        except InputError:
            problems.append(
                Problem(f"row {place} ({row['id']}), value", repr(row["value"]), "digits such as 258, or 42.8%")
            )
    if problems:
        raise ArgumentError(problems)
    return claims


def _is_share(row: _Row) -> bool:
    return row["value"].endswith("%")


def _series(rows: list[_Row]) -> list[list[int]]:
    """Positions of counts of one subject and place, by date."""
    groups: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        if not _is_share(row):
            groups.setdefault((row["subject"].casefold(), row["geography"].casefold()), []).append(place)
    return [sorted(group, key=lambda place: rows[place]["date"]) for group in groups.values()]


def _said(row: _Row) -> str:
    hedge = f"{row['hedge']} " if row["hedge"] else ""
    kind = f" {row['definition']}" if row["definition"] else ""
    return f"{hedge}{row['value']}{kind} ({row['id']}, {row['date']})"


def _shares(rows: list[_Row]) -> Iterator[tuple[int, int, int]]:
    where = {row["id"]: place for place, row in enumerate(rows)}
    for place, row in enumerate(rows):
        if _is_share(row) and row["part"] in where and row["of"] in where:
            yield place, where[row["part"]], where[row["of"]]


def _percentage_misfit(rows: list[_Row], claims: list[Claim]) -> Iterator[Finding]:
    for place, part, total in _shares(rows):
        share, one, whole = claims[place], claims[part], claims[total]
        low, high = 100 * one.least / whole.most, 100 * one.most / whole.least
        if overlap((low, high), (share.least, share.most)):
            continue
        implied = 100 * one.value / whole.value
        text = (
            f"{_said(rows[part])} of {_said(rows[total])} is {digits(one.value)}/{digits(whole.value)} = "
            f"{implied:.1f} % ({low:.1f} to {high:.1f} by rounding and hedges), but {_said(rows[place])} is printed; "
            f"it needs a total of {digits(100 * one.value / share.value)}."
        )
        apart = abs(implied - share.value) / share.value
        severity = "high" if apart >= 0.25 else "medium" if apart >= 0.05 else "low"
        yield Finding(place, severity, text, part, share.value, implied, low, high, "%", _year(rows[place]))


def _part_above_total(rows: list[_Row], claims: list[Claim]) -> Iterator[Finding]:
    where = {row["id"]: place for place, row in enumerate(rows)}
    for place, row in enumerate(rows):
        total = where.get(row["of"])
        if not _is_share(row) and total is not None and claims[place].low > claims[total].high:
            text = f"The part {_said(row)} is larger than its total {_said(rows[total])}."
            yield Finding(place, "high", text, total, claims[place].value, claims[total].value, unit="count")


def _mixed(column: str, severity: str, remedy: str) -> Callable[[list[_Row], list[Claim]], Iterator[Finding]]:
    def find(rows: list[_Row], claims: list[Claim]) -> Iterator[Finding]:
        for group in _series(rows):
            named = [place for place in group if rows[place][column]]
            for a, b in pairwise(named):
                if rows[a][column] != rows[b][column]:
                    change = percent(100 * (claims[b].value / claims[a].value - 1))
                    text = (
                        f"{rows[a]['subject']}: {_said(rows[a])} is {rows[a][column]}, {_said(rows[b])} is "
                        f"{rows[b][column]}; the {change} between them is no growth"
                        f"{_like(rows, claims, group, a, column)}: {remedy}."
                    )
                    yield Finding(
                        b, severity, text, a, claims[b].value, claims[a].value, unit="count", year=_year(rows[b])
                    )

    return find


def _like(rows: list[_Row], claims: list[Claim], group: list[int], start: int, column: str) -> str:
    """Name the next count that can be held against the first."""
    for later in group[group.index(start) + 1 :]:
        if rows[later][column] == rows[start][column]:
            change = percent(100 * (claims[later].value / claims[start].value - 1))
            return f"; like for like {rows[start]['value']} to {rows[later]['value']} is {change}"
    return ""


def _falling_stock(rows: list[_Row], claims: list[Claim]) -> Iterator[Finding]:
    for group in _series(rows):
        stocks = [place for place in group if rows[place]["measure"] == "stock" and rows[place]["definition"] != "net"]
        for a, b in pairwise(stocks):
            if claims[b].most < claims[a].least:
                text = f"{rows[a]['subject']} can only grow, but falls from {_said(rows[a])} to {_said(rows[b])}."
                yield Finding(b, "medium", text, a, claims[b].value, claims[a].value, unit="count", year=_year(rows[b]))


def _two_hedges(rows: list[_Row], claims: list[Claim]) -> Iterator[Finding]:
    for group in _series(rows):
        for a, b in combinations(group, 2):
            same = claims[a].value == claims[b].value and rows[a]["date"] == rows[b]["date"]
            if same and hedge_of(rows[a]["hedge"]) != hedge_of(rows[b]["hedge"]):
                text = f"{rows[a]['subject']}: one number is said in two ways, {_said(rows[a])} and {_said(rows[b])}."
                yield Finding(b, "low", text, a, claims[b].value, claims[a].value, unit="count", year=_year(rows[b]))


def _year(row: _Row) -> int | None:
    return int(row["date"][:4]) if row["date"][:4].isdigit() else None


_CHECKS: dict[str, Callable[[list[_Row], list[Claim]], Iterator[Finding]]] = {
    "percentage_misfit": _percentage_misfit,
    "part_above_total": _part_above_total,
    "mixed_definition": _mixed("definition", "high", "compare net with net and gross with gross"),
    "mixed_measure": _mixed("measure", "high", "a stock to a date and a flow in a period are two things"),
    "mixed_unit": _mixed("counts", "medium", "compare only what is counted alike"),
    "falling_stock": _falling_stock,
    "two_hedges": _two_hedges,
}
"""Checks by name."""
