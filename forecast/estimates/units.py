"""Currencies and scales: the words for them and what they stand for."""

from __future__ import annotations

import csv
from importlib import resources

SCALES: dict[str, float] = {"unit": 1.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
"""What one unit of a printed number stands for."""

_SCALE_WORDS = {
    "unit": "units, 1",
    "thousand": "thousands, k",
    "million": "millions, m, mn, mln, mio, mm",
    "billion": "billions, b, bn, bln, bil",
    "trillion": "trillions, t, tn, trn",
}
SCALE_ALIASES: dict[str, str] = {word: scale for scale, words in _SCALE_WORDS.items() for word in words.split(", ")}
"""Short words for scales, accepted on reading."""

SHORT_SCALES: dict[str, str] = {"unit": "", "thousand": "k", "million": "mn", "billion": "bn", "trillion": "tn"}
"""How a scale is written behind a currency."""


def _currencies() -> dict[str, tuple[str, ...]]:
    text = resources.files("forecast.estimates").joinpath("currencies.csv").read_text(encoding="utf-8")
    return {line["code"]: tuple(filter(None, line["marks"].split("|"))) for line in csv.DictReader(text.splitlines())}


CURRENCIES: dict[str, tuple[str, ...]] = _currencies()
"""ISO 4217 codes, each with the signs and words it is printed as; those that the euro replaced included."""


def scale_name(word: str) -> str:
    """Full name of a scale; the word itself where it is not known.

    Examples
    --------
    >>> scale_name("bn"), scale_name("Million")
    ('billion', 'million')
    """
    folded = word.strip().casefold()
    return SCALE_ALIASES.get(folded, folded)


def scale_factor(word: str) -> float:
    """Return the number of currency units in one unit of the scale.

    Raises
    ------
    KeyError
        If the scale is not known.

    Examples
    --------
    >>> scale_factor("bn")
    1000000000.0
    """
    return SCALES[scale_name(word)]
