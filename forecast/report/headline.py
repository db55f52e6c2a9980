"""What a run is asked first: one scenario and one year, the same in figures, tables and memo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecast.pipeline import Run

HEADLINE_YEAR = 2030


def headline_year(run: Run) -> int:
    """Return 2030, or the last year of a projection that ends before or starts after."""
    years = run.projection.years
    return HEADLINE_YEAR if HEADLINE_YEAR in years else years[-1]


def headline_scenario(names: Sequence[str]) -> str:
    """Return "base" where there is one, else the middle scenario.

    Examples
    --------
    >>> headline_scenario(["cautious", "base"]), headline_scenario(["slow", "steady", "fast"])
    ('base', 'steady')
    """
    return "base" if "base" in names else names[len(names) // 2]
