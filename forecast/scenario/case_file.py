"""The keys of `case.toml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from forecast.errors import Problem
from forecast.estimates.units import CURRENCIES
from forecast.scenario.format import Format, Found, Number, Year, refuse


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        meant = next((known for known, marks in CURRENCIES.items() if code in marks or code.upper() == known), "")
        raise refuse("an ISO 4217 code such as USD, EUR, JPY, TWD", f"did you mean '{meant}'?" if meant else "")
    return code


class FootingTable(Format):
    """What the money numbers of a case are in."""

    currency: Annotated[str, Field(json_schema_extra={"pattern": "^[A-Z]{3}$"}), AfterValidator(_currency)]
    """ISO 4217 code."""
    scale: Literal["unit", "thousand", "million", "billion", "trillion"]
    """What one unit of a number stands for."""
    price_basis: str = ""
    """nominal, or real with a year; empty where not known."""
    value_basis: str = ""
    """What is paid for, such as product sales; empty where not known."""


Weight = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
"""A number above 0."""

Weights = Annotated[
    Annotated[str, Tag("<file>")] | Annotated[dict[str, Weight], Tag("<table>")],
    Discriminator(lambda given: "<table>" if isinstance(given, Mapping) else "<file>"),
]
"""The name of a file, or a table of numbers."""


class CaseFile(Format):
    """One market: its footing, years and files."""

    checked_together = True

    schema_version: Literal[1] = Field(alias="schema")
    """Version of the file format."""
    title: str
    """Title in figures and reports."""
    because: str = ""
    """What the case is for."""
    scope: str
    """The market, one of the scopes of the scopes file."""
    geography: str = "global"
    """Region of the market."""
    reference_year: Year
    """Year in which sources are compared."""
    end: Year
    """Last year of the projections."""
    start: Literal["consensus", "history", "tree"] = "consensus"
    """What projections start from: the consensus of the estimates, the history, or the driver tree."""
    footing: FootingTable
    """What the money numbers are in."""
    estimates: str = ""
    """File of published estimates; needed where projections start from the consensus."""
    scopes: str = ""
    """File of scopes; none where empty."""
    history: str = ""
    """File of actual values of the whole market, with columns year and value: projections start from them where
    start = "history", and a consensus takes them as measured. None where empty."""
    counts: str = ""
    """File of indicator counts (patients, trials, firms), audited against each other; none where empty."""
    cross_check: str = ""
    """Scenario file with a driver tree that comes to the market from the other side: bottom-up where projections start
    from the consensus or the history, top-down where they start from a tree. Shown beside, never averaged."""
    scenarios: Annotated[list[str], Field(min_length=1)]
    """Scenario files, in the order of tables and figures."""
    prior: dict[str, Number | str] = Field(default={})
    """Settings of the reconciliation that differ from the defaults."""
    track_record: Weights = ""
    """How far publishers are to be trusted for their past: a CSV file with columns publisher and weight, or a table of
    weights by publisher. 2 halves the variance of a publisher's house effects, 1 is like most; none where empty."""

    @classmethod
    def check_together(cls, valid: Mapping[str, Any], raw: Mapping[str, Any], /) -> Iterator[Found]:
        first, last = valid["reference_year"], valid["end"]
        if first is not None and last is not None and last < first:
            yield ("end",), Problem("", str(last), f"a year not before the reference_year {first}")
        for start, key in (("consensus", "estimates"), ("history", "history")):
            if valid["start"] == start and not raw.get(key):
                yield (key,), Problem("", "nothing", f"a file, because projections start from the {start}")
        named = [text for text in valid["scenarios"] or [] if (valid["scenarios"] or []).count(text) > 1]
        for text in dict.fromkeys(named):
            yield ("scenarios",), Problem("", f"{text!r} twice", "each file once")
