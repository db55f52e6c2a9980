"""Tables of what the page was made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from forecast.report.page.tables import (
    Table,
    head,
    table,
    text,
    titled,
)

if TYPE_CHECKING:
    pass


def files_table(hashes: Mapping[str, str]) -> Table:
    """Return what the case was read from."""
    rows = [(head(name), text(value, kind="hash")) for name, value in hashes.items()]
    return table("Files of the case", titled("File", "SHA-256"), rows)


def versions_table(versions: Mapping[str, str]) -> Table:
    """Return what the numbers were made with."""
    return table("Software", titled("Name", "Version"), [(head(name), text(value)) for name, value in versions.items()])
