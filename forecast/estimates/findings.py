"""The audit: all checks over a table of estimates, and their findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.estimates import checks
from forecast.estimates.checks import CHECKS, SEVERITIES, Finding
from forecast.estimates.checks.growth import severity_of
from forecast.estimates.ledger import Ledger
from forecast.estimates.reading import check_table
from forecast.estimates.scopes import Scopes, default_scopes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = (
    "id",
    "other_id",
    "check",
    "severity",
    "stated",
    "implied",
    "low",
    "high",
    "explanation",
    "unit",
    "year",
    "diagnosis",
)

MOST_SHOWN = 200
"""A notebook shows so many findings."""


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Parameters
    ----------
    table
        One row a finding: `id, other_id, check, severity, stated, implied, low, high, explanation`, then `unit`
        (of the four numbers), `year` and `diagnosis`. Severity is none, low, medium or high; the gravest come
        first.
    growth
        Stated against implied growth of each row that prints base, target and CAGR: `id, publisher, stated,
        stated_low, stated_high, implied, low, high, severity`, in percent a year; the ranges are those of rounding.
    rows
        Number of estimates audited.
    """

    table: pd.DataFrame
    growth: pd.DataFrame
    rows: int

    @property
    def worst(self) -> str:
        """Gravest severity found; none where there is nothing to say."""
        found = set(self.table["severity"])
        return next((severity for severity in reversed(SEVERITIES) if severity in found), "none")

    def of(self, check: str) -> pd.DataFrame:
        """Findings of one check."""
        return self.table[self.table["check"] == check]

    def counts(self) -> pd.DataFrame:
        """Count the findings by check and severity."""
        counts = pd.crosstab(self.table["check"], self.table["severity"])
        names = [name for name in _ordered() if name in counts.index]
        others = [name for name in counts.index if name not in names]
        return counts.reindex(index=[*names, *others], columns=list(SEVERITIES), fill_value=0)

    def summary(self) -> str:
        """Say in words what was found, the gravest first."""
        by_severity = self.table["severity"].value_counts()
        counted = [f"{by_severity.get(s, 0)} {s}" for s in ("high", "medium", "low")]
        head = (
            f"The audit of {self.rows} estimates has {by_severity.drop('none', errors='ignore').sum()} findings: "
            f"{', '.join(counted)}."
        )
        gravest = self.table[self.table["severity"] == "high"]
        lines = [
            f"- {' against '.join(filter(None, (line['id'], line['other_id'])))}: {line['explanation']}"
            for line in gravest.to_dict("records")
        ]
        return "\n".join([head, *lines])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw stated against implied growth with the ranges of rounding."""
        from forecast.figures import stated_implied

        return stated_implied(self.growth, ax=ax)

    def _repr_html_(self) -> str:
        shown = self.table.drop(columns=["unit", "year", "diagnosis"])
        html = shown.head(MOST_SHOWN).to_html(
            index=False, escape=True, na_rep="", float_format=lambda value: f"{value:.4g}"
        )
        more = len(shown) - MOST_SHOWN
        return html + (f"<p>and {more:,} findings more in <code>.table</code></p>" if more > 0 else "")


def audit(estimates: pd.DataFrame, scopes: Scopes | None = None) -> Audit:
    """Hold every printed number against the others.

    Parameters
    ----------
    estimates
        A table with columns of the contract, as `read_estimates` gives it or any DataFrame: columns may be
        missing, numbers may be floats (their shortest digits count as printed), and a cell that cannot be read
        is a finding.
    scopes
        Tree of scopes and geographies; without it the bundled one. A scope that is not in it is compared with
        itself alone.

    Returns
    -------
    Audit
        Findings of all checks in `forecast.estimates.checks.CHECKS`.

    Raises
    ------
    ArgumentError
        If `estimates` is no DataFrame.

    Notes
    -----
    The growth that base :math:`B` and target :math:`T` imply is :math:`(T/B)^{1/n} - 1` with n the target year
    less the base year; a label such as "CAGR 2025-2034" after a base of 2024 is no count. Both printed levels and
    the printed growth stand for their rounding cells, widened by a hedge ("about" doubles the cell; "more than"
    reaches one unit of the last significant digit further). The row is `incoherent` if the two ranges do not meet.

    Examples
    --------
    >>> row = {"id": "a", "base_year": 2024, "base_value": "36.5", "target_year": 2035, "target_value": "183.1"}
    >>> found = audit(pd.DataFrame([row | {"cagr": "17.5", "currency": "USD", "scale": "billion"}])).of("incoherent")
    >>> found[["severity", "diagnosis"]].iloc[0].tolist()
    ['high', 'one period fewer (10)']
    """
    check_table(estimates)
    ledger = Ledger.of(estimates, scopes or default_scopes())
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        findings = [(check.name, finding) for check in CHECKS.values() for finding in check.find(ledger)]
    return Audit(table=finding_table(ledger.ids, findings, _ordered()), growth=_growth(ledger), rows=len(ledger))


def _ordered() -> list[str]:
    """Names of the checks by family: growth, levels, footing, sources, phrases."""
    families = [f"{checks.__name__}.{name}" for name in ("growth", "levels", "footing", "sources", "phrases")]
    return sorted(CHECKS, key=lambda name: families.index(CHECKS[name].find.__module__))


def finding_table(ids: list[str], findings: list[tuple[str, Finding]], order: list[str]) -> pd.DataFrame:
    """Put findings into a table, the gravest first.

    Parameters
    ----------
    ids
        Id of each row that the findings speak of.
    findings
        Name of the check and finding.
    order
        Names of the checks in the order in which they are listed within a severity.
    """
    ranks = {name: rank for rank, name in enumerate(order)}
    findings.sort(key=lambda p: (-SEVERITIES.index(p[1].severity), ranks[p[0]], p[1].row, p[1].year or 0))
    lines = [
        (
            ids[f.row], "" if f.other is None else ids[f.other], name, f.severity, f.stated, f.implied, f.low, f.high,
            f.explanation, f.unit, f.year, f.diagnosis,
        )
        for name, f in findings
    ]  # fmt: skip
    table = pd.DataFrame(lines, columns=list(COLUMNS))
    texts = ["id", "other_id", "check", "severity", "explanation", "unit", "diagnosis"]
    numbers = ["stated", "implied", "low", "high"]
    return table.astype(dict.fromkeys(texts, "str") | dict.fromkeys(numbers, float) | {"year": "Int64"})


def _growth(ledger: Ledger) -> pd.DataFrame:
    lines = []
    for triple, verdict in zip(ledger.triples, ledger.verdicts, strict=True):
        low, high = triple.implied_range
        severity = severity_of(triple) if verdict == "incoherent" else CHECKS[verdict].severity
        name = ledger.column("publisher")[triple.row] or ledger.ids[triple.row]
        lines.append(
            (ledger.ids[triple.row], name, triple.stated, *triple.stated_range, triple.implied, low, high, severity)
        )
    names = ["id", "publisher", "stated", "stated_low", "stated_high", "implied", "low", "high", "severity"]
    table = pd.DataFrame(lines, columns=names)
    return table.astype(dict.fromkeys(("id", "publisher", "severity"), "str") | dict.fromkeys(names[2:-1], np.float64))
