"""What a run is asked first: one scenario and one year, the same in figures, tables and memo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecast.projection import headline_scenario

if TYPE_CHECKING:
    from forecast.pipeline import Run

__all__ = ["HEADLINE_YEAR", "headline_scenario", "headline_year"]

HEADLINE_YEAR = 2030


def headline_year(run: Run) -> int:
    """Return 2030, or the last year of a projection that ends before or starts after."""
    years = run.projection.years
    return HEADLINE_YEAR if HEADLINE_YEAR in years else years[-1]
