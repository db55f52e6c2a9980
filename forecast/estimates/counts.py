"""Audit of indicator counts: firms, trials, approvals, patients, and percentages of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, replace
from itertools import combinations, pairwise
from pathlib import Path

import pandas as pd

from forecast.errors import ArgumentError, EstimatesError, InputError, Problem, did_you_mean
from forecast.estimates.checks.registry import SEVERITIES, Finding, severity_of_factor
from forecast.estimates.conversion import Claim, claim
from forecast.estimates.findings import Audit, finding_table
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
    "part": "for a percentage: id of the count it belongs to; several are joined by +",
    "of": "for a percentage or a part: id of the total, or its name where no source prints it",
    "quote": "the phrase of the source",
    "source": "where it was read, with the page",
    "status": "printed, derived or assumed",
    "note": "anything else",
}
"""Columns of a table of counts; all but id, subject, date and value may be missing."""

WORDS = {
    "mostly": ("50%", "more than"),
    "most": ("50%", "more than"),
    "the majority": ("50%", "more than"),
    "more than half": ("50%", "more than"),
    "half": ("50%", "about"),
    "nearly half": ("50%", "nearly"),
    "多為": ("50%", "more than"),
    "過半": ("50%", "more than"),
    "近半數": ("50%", "nearly"),
}
"""What a word in place of a percentage says: the percentage and its hedge."""

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
        `part_above_total`, `sum_of_parts` (severity none where a list of parts adds up to its total),
        `different_totals` (parts of one thing, each of another total), `mixed_definition` (net beside gross),
        `mixed_measure` (stock beside flow), `mixed_unit` (products beside trials), `two_counts` (one thing counted
        twice with different results), `falling_stock`, `two_hedges` (one number said in two ways).

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


def with_counts(found: Audit, counts: pd.DataFrame) -> Audit:
    """Add what is odd about indicator counts to the audit of the estimates of the same case."""
    if counts.empty:
        return found
    table = pd.concat([found.table, audit_counts(counts)], ignore_index=True)
    ranks = table["severity"].map(SEVERITIES.index)
    return replace(found, table=table.iloc[(-ranks).argsort(kind="stable")].reset_index(drop=True))


def read_counts(path: str | Path) -> pd.DataFrame:
    """Read a table of indicator counts from a CSV file; see `COUNT_COLUMNS`.

    Raises
    ------
    EstimatesError
        With all problems of the file, each with its row and column.
    """
    file = Path(path)
    try:
        raw = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False)
    except FileNotFoundError:
        raise EstimatesError(Problem(file.name, "no such file", "", f"looked at {file}")) from None
    except pd.errors.EmptyDataError:
        raise EstimatesError(Problem(file.name, "an empty file", "a header and at least one row")) from None
    except (pd.errors.ParserError, UnicodeDecodeError, OSError) as error:
        raise EstimatesError(Problem(file.name, " ".join(str(error).split()), "a CSV file in UTF-8")) from None
    try:
        _claims(_rows(raw), first=2)
    except ArgumentError as error:
        raise EstimatesError([f"{file.name}, {problem}" for problem in error.problems]) from None
    return raw


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


def _claims(rows: list[_Row], *, first: int = 0) -> list[Claim]:
    claims, problems = [], [*_id_problems(rows, first)]
    for place, row in enumerate(rows):
        try:
            claims.append(claim(*_number_and_hedge(row)))
        except InputError:
            allowed = 'digits such as 258, a percentage such as 42.8%, or a word such as "mostly"'
            problems.append(Problem(f"row {place + first} ({row['id']}), value", repr(row["value"]), allowed))
    if problems:
        raise ArgumentError(problems)
    return claims


def _id_problems(rows: list[_Row], first: int) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, row in enumerate(rows):
        if not row["id"] or row["id"] in seen:
            yield Problem(f"row {place + first}, id", repr(row["id"]), "an id of its own for each row")
        seen.add(row["id"])
    for place, row in enumerate(rows):
        for name in filter(None, _parts(row)):
            if name not in seen:
                where = f"row {place + first} ({row['id']}), part"
                yield Problem(where, repr(name), "the id of another row", did_you_mean(name, sorted(seen)[:50]))


def _number_and_hedge(row: _Row) -> tuple[str, str]:
    return WORDS.get(row["value"].casefold(), (row["value"], row["hedge"]))


def _parts(row: _Row) -> list[str]:
    return [name.strip() for name in row["part"].split("+")]


def _is_share(row: _Row) -> bool:
    return _number_and_hedge(row)[0].endswith("%")


def _series(rows: list[_Row]) -> list[list[int]]:
    """Positions of counts of one subject and place, by date; parts of a total are no series."""
    groups: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        if not _is_share(row) and not row["of"]:
            groups.setdefault((row["subject"].casefold(), row["geography"].casefold()), []).append(place)
    return [sorted(group, key=lambda place: rows[place]["date"]) for group in groups.values()]


def _said(row: _Row) -> str:
    """A number as it was said, with its definition."""
    kind = f" {row['definition']}" if row["definition"] else ""
    return _bare(row, kind)


def _bare(row: _Row, kind: str = "") -> str:
    hedge = hedge_of(row["hedge"])
    return f"{'' if hedge == 'exact' else f'{hedge} '}{row['value']}{kind} ({row['id']}, {row['date']})"


def _shares(rows: list[_Row]) -> Iterator[tuple[int, list[int], int]]:
    where = {row["id"]: place for place, row in enumerate(rows)}
    for place, row in enumerate(rows):
        if _is_share(row) and row["part"] and row["of"] in where:
            yield place, [where[name] for name in _parts(row)], where[row["of"]]


def _total(claims: Sequence[Claim]) -> Claim:
    """What several numbers claim together."""
    if len(claims) == 1:
        return claims[0]
    value, low, high, least, most, cells, last = zip(*map(astuple, claims), strict=True)
    lows, highs = zip(*cells, strict=True)
    return Claim(sum(value), sum(low), sum(high), sum(least), sum(most), (sum(lows), sum(highs)), max(last))


def _percentage_misfit(rows: list[_Row], claims: list[Claim]) -> Iterator[Finding]:
    for place, parts, total in _shares(rows):
        share, one, whole = claims[place], _total([claims[part] for part in parts]), claims[total]
        low, high = 100 * one.least / whole.most, 100 * one.most / whole.least
        if overlap((low, high), (share.least, share.most)):
            continue
        implied = 100 * one.value / whole.value
        text = (
            f"{' and '.join(_said(rows[part]) for part in parts)} of {_said(rows[total])} is "
            f"{digits(one.value)}/{digits(whole.value)} = {implied:.1f} % ({low:.1f} to {high:.1f} by rounding and "
            f"hedges), but {_said(rows[place])} is printed; it needs a total of "
            f"{digits(100 * one.value / share.value)}."
        )
        apart = abs(implied - share.value) / share.value
        severity = "high" if apart >= 0.25 else "medium" if apart >= 0.05 else "low"
        yield Finding(place, severity, text, parts[0], share.value, implied, low, high, "%", _year(rows[place]))


def _part_above_total(rows: list[_Row], claims: list[Claim]) -> Iterator[Finding]:
    where = {row["id"]: place for place, row in enumerate(rows)}
    for place, row in enumerate(rows):
        total = where.get(row["of"])
        if not _is_share(row) and total is not None and claims[place].low > claims[total].high:
            text = f"The part {_said(row)} is larger than its total {_said(rows[total])}."
            yield Finding(place, "high", text, total, claims[place].value, claims[total].value, unit="count")


def _lists(rows: list[_Row]) -> dict[tuple[str, str], list[int]]:
    """Positions of the counts that are parts of one total, by total and subject."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        if row["of"] and not _is_share(row):
            found.setdefault((row["of"], row["subject"].casefold()), []).append(place)
    return found


def _sum_of_parts(rows: list[_Row], claims: list[Claim]) -> Iterator[Finding]:
    where = {row["id"]: place for place, row in enumerate(rows)}
    for (total, _), parts in _lists(rows).items():
        if total not in where or len(parts) < 2:
            continue
        whole, together = claims[where[total]], _total([claims[part] for part in parts])
        added = " + ".join(digits(claims[part].value) for part in parts)
        said = f"{rows[parts[0]]['subject']}: {added} = {digits(together.value)}"
        severity, verdict = _adds_up(together, whole)
        text = f"{said}, {verdict} the total {_said(rows[where[total]])}."
        yield Finding(
            where[total], severity, text, parts[0], whole.value, together.value, together.low, together.high, "count",
            _year(rows[where[total]]),
        )  # fmt: skip


def _adds_up(together: Claim, whole: Claim) -> tuple[str, str]:
    """Severity and verb of a list of parts beside its total; a short list may simply not be complete."""
    if whole.least <= together.value <= whole.most or together.low <= whole.value <= together.high:
        return "none", "which adds up to"
    if together.value > whole.value:
        return "high", "which is more than"
    left = whole.value - together.value
    severity = "low" if left < (1 - _NEARLY_ALL) * whole.value else "none"
    return severity, f"which leaves {digits(left)} ({percent(100 * left / whole.value)}) of"


_NEARLY_ALL = 0.9
"""A list of parts that reaches so much of its total was meant to be complete."""


def _different_totals(rows: list[_Row], _: list[Claim]) -> Iterator[Finding]:
    named = {row["id"]: f"{row['subject']}, {_said(row)}" for row in rows}
    groups: dict[tuple[str, str, str], list[int]] = {}
    for place, row in enumerate(rows):
        if row["of"]:
            key = (row["subject"].casefold(), row["geography"].casefold(), row["date"])
            groups.setdefault(key, []).append(place)
    for group in groups.values():
        for a, b in combinations(group, 2):
            if rows[a]["of"] != rows[b]["of"]:
                one, other = (f"{_said(rows[x])} is of {named.get(rows[x]['of'], rows[x]['of'])}" for x in (a, b))
                text = f"{rows[a]['subject']}: {one}, {other}; parts of different totals do not add up."
                yield Finding(b, "low", text, a, year=_year(rows[b]))


def _two_counts(rows: list[_Row], claims: list[Claim]) -> Iterator[Finding]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, row in enumerate(rows):
        if row["counts"] and not _is_share(row):
            key = tuple(row[name].casefold() for name in ("subject", "geography", "counts", "definition", "measure"))
            groups.setdefault(key, []).append(place)
    for group in groups.values():
        for a, b in combinations(group, 2):
            one, other = claims[a], claims[b]
            if _one_date(rows[a], rows[b]) and not overlap((one.least, one.most), (other.least, other.most)):
                factor = max(one.value, other.value) / max(min(one.value, other.value), 1e-9)
                text = (
                    f"{rows[a]['subject']}, {rows[a]['counts']}: {_said(rows[a])} and {_said(rows[b])} lie a factor "
                    f"of {factor:.2f} apart for one date; they cannot count the same thing."
                )
                severity = severity_of_factor(factor)
                yield Finding(
                    b, severity, text, a, other.value, one.value, one.least, one.most, "count", _year(rows[b])
                )


def _one_date(a: _Row, b: _Row) -> bool:
    return a["date"].startswith(b["date"]) or b["date"].startswith(a["date"])


def _mixed(
    column: str, severity: str, verb: str, remedy: str
) -> Callable[[list[_Row], list[Claim]], Iterator[Finding]]:
    def find(rows: list[_Row], claims: list[Claim]) -> Iterator[Finding]:
        for group in _series(rows):
            named = [place for place in group if rows[place][column]]
            for a, b in pairwise(named):
                one, other = rows[a], rows[b]
                if one[column] == other[column] or one["date"] == other["date"]:
                    continue
                text = (
                    f"{one['subject']}: {_bare(one)} {verb} {one[column]}, {_bare(other)} {verb} {other[column]}; the "
                    f"{percent(100 * (claims[b].value / claims[a].value - 1))} between them is no growth"
                    f"{_like(rows, claims, group, a, column)}: {remedy}."
                )
                yield Finding(b, severity, text, a, claims[b].value, claims[a].value, unit="count", year=_year(other))

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
        stocks = [
            place
            for place in group
            if rows[place]["measure"] == "stock" and not rows[place]["definition"].startswith("net")
        ]
        for a, b in pairwise(stocks):
            if rows[a]["counts"] == rows[b]["counts"] and claims[b].most < claims[a].least:
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
    "sum_of_parts": _sum_of_parts,
    "different_totals": _different_totals,
    "two_counts": _two_counts,
    "mixed_definition": _mixed("definition", "high", "is", "compare net with net and gross with gross"),
    "mixed_measure": _mixed("measure", "high", "is a", "a stock to a date and a flow in a period are two things"),
    "mixed_unit": _mixed("counts", "medium", "counts", "compare only what is counted alike"),
    "falling_stock": _falling_stock,
    "two_hedges": _two_hedges,
}
"""Checks by name."""
COUNT_CHECKS = tuple(_CHECKS)
"""Names of the checks of counts."""
