"""How a printed number is written on a figure: its digits as printed, its hedge as a sign."""

from __future__ import annotations

import math

from forecast.figures.style import number, plain

SIGNS = {
    "": "",
    "exact": "",
    "about": "≈",
    "more than": ">",
    "at least": "≥",
    "nearly": "≲",
    "up to": "≤",
    "between": "~",
}
HEDGES = tuple(SIGNS)


def hedged(value: float, hedge: str = "", *, printed: bool = True) -> str:
    """Write a number with the sign of its hedge.

    Examples
    --------
    >>> hedged(50.0, "more than"), hedged(16.0, "about"), hedged(18.11999931), hedged(24.4512, printed=False)
    ('>50', '≈16', '18.12', '24.5')
    """
    return SIGNS[hedge] + (_as_printed(value) if printed else number(value))


def _as_printed(value: float) -> str:
    """Write all digits that publishers print, and none that arithmetic added."""
    places = max(0, 3 - math.floor(math.log10(abs(value)))) if value else 0
    return plain(round(value, places))
