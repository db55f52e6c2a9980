"""The register of sources: every row of the estimates in full, at an address that numbers link to."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecast.report.memo import pooled_ids
from forecast.report.printed import printed

if TYPE_CHECKING:
    from forecast.pipeline import Run

_URL = re.compile(r"https?://[^\s\"<>\\^`{|}]+")
_TOLD = {
    "published": "published",
    "via": "quoted by",
    "scope": "market",
    "geography": "place",
    "includes": "counts",
    "price_basis": "prices",
    "value_basis": "paid for",
    "page": "page",
    "status": "status",
    "supersedes": "replaces",
    "conversion": "converted",
    "note": "note",
}
"""Columns that are shown where they are filled, with what they are called."""


@dataclass(frozen=True)
class Entry:
    """One row of the estimates.

    Parameters
    ----------
    row
        The row as read.
    address
        Anchor on the page.
    said
        All numbers that it prints.
    left_out
        Why it is not pooled; "" where it is.
    """

    row: Mapping[Hashable, Any]
    address: str
    said: str
    left_out: str

    @property
    def id(self) -> str:
        """Id of the row."""
        return str(self.row["id"])

    @property
    def publisher(self) -> str:
        """Who printed it."""
        return str(self.row["publisher"])

    @property
    def link(self) -> str:
        """Address to link to."""
        return f"#{self.address}"

    @property
    def url(self) -> str:
        """Where it was read on the web, or ""."""
        source = str(self.row["source"])
        return source if _URL.fullmatch(source) else ""

    @property
    def details(self) -> Iterator[tuple[str, str]]:
        """What else is known of it, by name."""
        return ((name, str(self.row[key])) for key, name in _TOLD.items() if str(self.row.get(key) or "").strip())


def register(run: Run) -> dict[str, Entry]:
    """Return every row of the estimates by its id, in the order of the file."""
    reasons = {row.id: row.reason for row in run.consensus.left_out} if run.has_consensus else {}
    pooled = pooled_ids(run) if run.has_consensus else set()
    return {
        str(row["id"]): Entry(
            row,
            f"source-{place}",
            printed(row),
            "" if row["id"] in pooled else reasons.get(row["id"], "it prints nothing that can be pooled"),
        )
        for place, row in enumerate(run.case.estimates.to_dict("records"), start=1)
    }
