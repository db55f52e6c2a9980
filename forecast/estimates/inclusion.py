"""What each source's definition counts."""

from __future__ import annotations

import pandas as pd

from forecast.estimates.reading import as_texts, check_table
from forecast.estimates.scopes import folded

LEFT_OUT = ("-", "excludes ", "excluding ", "without ", "no ")
"""Words before an item that is left out."""

IN_PART = ("part of ", "partly ")
"""Words before an item that is counted in part."""


def inclusion_table(estimates: pd.DataFrame) -> pd.DataFrame:
    """Table of estimates by items such as rna, devices, tissue or services: the inclusion matrix, one row a pair.

    Parameters
    ----------
    estimates
        Table with the columns `id` and `includes`.

    Returns
    -------
    DataFrame
        Columns `source` (id), `item`, `included`: yes, part, no or unsaid; items by how often they are named.

    Examples
    --------
    >>> table = pd.DataFrame({"id": ["a", "b"], "includes": ["rna; devices", "-rna"]})
    >>> inclusion_table(table).pivot(index="source", columns="item", values="included").loc["b"].to_dict()
    {'devices': 'unsaid', 'rna': 'no'}
    """
    check_table(estimates)
    texts = as_texts(estimates)
    said = {
        key: dict(map(_item, included_items(text))) for key, text in zip(texts["id"], texts["includes"], strict=True)
    }
    named = [item for items in said.values() for item in items]
    items = sorted(dict.fromkeys(named), key=named.count, reverse=True)
    pairs = [(source, item, answers.get(item, "unsaid")) for source, answers in said.items() for item in items]
    return pd.DataFrame(pairs, columns=["source", "item", "included"], dtype=str)


def included_items(text: str) -> list[str]:
    """Items of the column `includes`, a leading minus kept.

    Examples
    --------
    >>> included_items("RNA; -Devices")
    ['rna', '-devices']
    """
    return [word for word in map(_signed, text.split(";")) if word]


def _signed(word: str) -> str:
    """Name of an item as it is compared, its leading minus kept."""
    sign = "-" if word.strip().startswith(("-", "−")) else ""
    return sign + folded(word.strip().lstrip("-−"))


def _item(word: str) -> tuple[str, str]:
    for marks, answer in ((LEFT_OUT, "no"), (IN_PART, "part")):
        for mark in marks:
            if word.startswith(mark):
                return word.removeprefix(mark), answer
    return word, "yes"
