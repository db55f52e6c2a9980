"""How far a ranking can be relied on: what is tied, and what cannot be told from nought."""

from __future__ import annotations

import pandas as pd

from forecast.wording import listing

ZERO, TIED = "indistinguishable from 0", "tied with "


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Add a `note` to inputs in falling order: indistinguishable from 0, or tied with the next one down.

    Parameters
    ----------
    table
        `input`, and the ends `low, high` of the interval of each.

    Examples
    --------
    >>> table = pd.DataFrame({"input": ["a", "b", "c"], "low": [0.5, 0.4, -0.1], "high": [0.7, 0.6, 0.1]})
    >>> ranked(table)["note"].tolist()
    ['tied with b', '', 'indistinguishable from 0']
    """
    after = table.shift(-1)
    tie = (after["high"] > table["low"]) & (after["low"] > 0)
    notes = pd.Series(TIED, index=table.index).str.cat(after["input"], na_rep="").where(tie, "")
    return table.assign(note=notes.mask(table["low"] <= 0, ZERO))


def said_of_rank(table: pd.DataFrame) -> str:
    """Sentences on what `ranked` noted, each after a space.

    Examples
    --------
    >>> said_of_rank(pd.DataFrame({"input": ["a", "b", "c"], "note": ["tied with b", "", ZERO]}))
    ' Indistinguishable from 0: c. Their order may change with the seed: a and b.'
    """
    zeros = table.loc[table["note"] == ZERO, "input"].tolist()
    said = f" {ZERO[0].upper()}{ZERO[1:]}: {listing(zeros)}." if zeros else ""
    ties = [listing(group) for group in _groups(table)]
    return said + (f" Their order may change with the seed: {'; '.join(ties)}." if ties else "")


def _groups(table: pd.DataFrame) -> list[list[str]]:
    """Inputs that follow each other and are tied."""
    groups: list[list[str]] = []
    for name, after, note in zip(table["input"], table["input"].shift(-1), table["note"], strict=True):
        if str(note).startswith(TIED):
            if not (groups and groups[-1][-1] == name):
                groups.append([str(name)])
            groups[-1].append(str(after))
    return groups
