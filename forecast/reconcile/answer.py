"""What a method says about a pool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.mixture import Mixture
from forecast.reconcile.pool import Pool

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False, repr=False)
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
        One row a source: log house effect as `low, median, high`, and `outlier_probability`; nan where the method
        says nothing of a source.
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
