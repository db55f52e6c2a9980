"""The registry of checks: name, severity, sentence and the function that finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from forecast.estimates.ledger import Ledger

SEVERITIES = ("none", "low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the audit has to say.

    Parameters
    ----------
    row, other
        Positions of the row and of the row it is held against, if any.
    severity
        none, low, medium or high.
    explanation
        One sentence with the arithmetic.
    stated, implied, low, high
        What is printed, what follows from the other numbers, and the rounding range of what follows; a side that
        nothing bounds is zero or infinite.
    unit
        Unit of these four.
    year
        Year they belong to.
    diagnosis
        Likely causes in short, separated by semicolons.
    """

    row: int
    severity: str
    explanation: str
    other: int | None = None
    stated: float = float("nan")
    implied: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    unit: str = ""
    year: int | None = None
    diagnosis: str = ""


Findings: TypeAlias = Iterator[Finding]


@dataclass(frozen=True)
class Check:
    """One check.

    Parameters
    ----------
    name
        As in the column `check` of the audit.
    severity
        The highest severity it gives.
    sentence
        What it looks for.
    find
        The function that finds.
    """

    name: str
    severity: str
    sentence: str
    find: Callable[[Ledger], Findings]


CHECKS: dict[str, Check] = {}
"""All checks by name, in the order in which they run."""


def check(severity: str) -> Callable[[Callable[[Ledger], Findings]], Callable[[Ledger], Findings]]:
    """Enter a function into the registry under its own name; the first line of its docstring is the sentence."""

    def enter(find: Callable[[Ledger], Findings]) -> Callable[[Ledger], Findings]:
        sentence = (find.__doc__ or "").partition("\n")[0]
        CHECKS[find.__name__] = Check(find.__name__, severity, sentence, find)
        return find

    return enter


def severity_of_factor(factor: float) -> str:
    """Severity of two numbers for one thing that lie a factor apart.

    Examples
    --------
    >>> severity_of_factor(3.9), severity_of_factor(1.3), severity_of_factor(0.9)
    ('high', 'medium', 'low')
    """
    apart = max(factor, 1 / factor)
    return "high" if apart >= 2 else "medium" if apart >= 1.25 else "low"
