"""Methods of reconciliation by name: each takes a pool and the years to answer, and gives an answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.reconcile.answer import Answer, Method
from forecast.reconcile.house_effects import Nodes, fit_house_effects
from forecast.reconcile.menu import MENU
from forecast.reconcile.pool import Pool

__all__ = ["ALIASES", "MEANINGS", "METHODS", "Answer", "Method", "house_effects", "method_named"]


def house_effects(pool: Pool, years: NDArray[np.int64], *, nodes: Nodes | None = None) -> Answer:
    """The house-effect model, see `forecast.reconcile.house_effects`."""
    fit = fit_house_effects(pool, years=years, nodes=nodes)
    low, median, high = fit.houses.quantiles([0.1, 0.5, 0.9]).T
    houses = pd.DataFrame({"low": low, "median": median, "high": high, "outlier_probability": fit.outlier_probability})
    return Answer(
        years=years,
        market=fit.markets[pool.scope],
        next_publisher=fit.next_publisher,
        houses=houses,
        parts=fit.parts,
        details={
            "spread": fit.spread,
            "growth_spread": fit.growth_spread,
            "log_evidence": fit.log_evidence,
        },
    )


METHODS: dict[str, Method] = {"house-effects": house_effects, **{name: solve for name, (solve, _) in MENU.items()}}
"""Every method by its name."""

ALIASES = {"random-effects": "random-effects-reml", "random-effects-knapp-hartung": "random-effects-reml-knapp-hartung"}
"""Usual names of methods, with the one that is meant."""

MEANINGS: dict[str, str] = {
    "house-effects": "the market itself: houses, outliers, hedges, common errors and age of the sources",
    **{name: meaning for name, (_, meaning) in MENU.items()},
}
"""What the band of each method means."""


def method_named(name: str, place: str = "method") -> str:
    """Name of a method as `METHODS` spells it.

    Raises
    ------
    ArgumentError
        If there is no such method.

    Examples
    --------
    >>> method_named("Median"), method_named("random effects"), method_named("PM")
    ('median', 'random-effects-reml', 'random-effects-pm')
    """
    folded = str(name).strip().casefold().replace(" ", "-").replace("_", "-")
    for known in (ALIASES.get(folded, folded), f"random-effects-{folded}"):
        if known in METHODS:
            return known
    raise ArgumentError(Problem(place, repr(name), "the name of a method", did_you_mean(folded, list(METHODS))))
