"""The facts beside a case: sentences of sources that its assumptions name by their ids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

    from forecast.scenario import Case

FACTS = "facts.csv"
COLUMNS = ("id", "original", "gloss", "source", "status")


def facts_file(case: Case) -> Path | None:
    """Return the file of facts in the folder of a case, if there is one."""
    path = case.folder / FACTS
    return path if path.is_file() else None


def facts(case: Case) -> pd.DataFrame:
    """Return the facts beside a case, as text: `id, original, gloss, source, status`; empty where there are none.

    No number is computed from them: they are shown where an assumption names them.
    """
    path = facts_file(case)
    if path is None:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding_errors="replace", on_bad_lines="skip")
    return table.reindex(columns=list(COLUMNS), fill_value="").drop_duplicates("id")


def named(table: pd.DataFrame, texts: Iterable[str]) -> pd.DataFrame:
    """Return the facts that texts name by their ids, one by one or from one to another.

    Examples
    --------
    >>> table = pd.DataFrame({"id": ["S1", "S2", "S3", "S4"]})
    >>> named(table, ["see S1 to S3", "not S11"])["id"].tolist()
    ['S1', 'S2', 'S3']
    """
    places = {str(key): place for place, key in enumerate(table["id"]) if key}
    if not places:
        return table.iloc[:0]
    known = "|".join(map(re.escape, sorted(places, key=len, reverse=True)))
    found: set[int] = set()
    for first, last in re.findall(rf"(?<![\w-])({known})(?![\w-])(?: to ({known})(?![\w-]))?", "\n".join(texts)):
        found.update(range(places[first], places[last or first] + 1))
    return table.iloc[sorted(found)].reset_index(drop=True)
