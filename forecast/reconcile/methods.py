"""Methods of reconciliation by name: each takes a pool and the years to answer, and gives an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.mixture import Mixture
from forecast.reconcile.house_effects import Nodes, fit_house_effects
from forecast.reconcile.pool import Pool

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Answer:
    """What a method says about a pool.

    Parameters
    ----------
    years
        Shape (T,).
    market
        Log market, a mixture over `years`.
    next_publisher
        Log number that one more publisher would print.
    houses
        One row a source: log house effect as `low, median, high`, and `outlier_probability`.
    parts
        Covariance of the log market by cause, shape (T, T) each, in a fixed order; they add up to the whole.
    details
        Further numbers worth reporting, by name.
    """

    years: NDArray[np.int64]
    market: Mixture
    next_publisher: Mixture
    houses: pd.DataFrame
    parts: dict[str, Array]
    details: dict[str, float] = field(default_factory=dict)


Method = Callable[[Pool, NDArray[np.int64]], Answer]


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


METHODS: dict[str, Method] = {"house-effects": house_effects}
"""Every method by its name."""
