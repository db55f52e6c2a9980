"""What a publisher's record says about its next forecast; `reconcile` takes it as its `track_record`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from forecast.analyst_error import analyst_error
from forecast.backtest.judging import Backtest
from forecast.errors import ArgumentError, Problem

SHARED_PART = 0.5
"""Part of an error that forecasts of one market are taken to share; n of them count n / (1 + (n - 1) / 2)."""

POOL_COUNTS = 4.0
"""Independent forecasts that the pool of all publishers counts in a publisher's own record."""

_FARTHEST_SCORE = 6.0


@dataclass(frozen=True, eq=False)
class PublisherRecords:
    """What the record of each publisher says about its next forecast.

    Attributes
    ----------
    table
        Index publisher: `forecasts, scopes, independent` (forecasts, less what forecasts of one market share),
        `bias` and `spread` (mean and root mean square about it of the errors as normal scores of the analyst-error
        model, shrunken towards the pool: 0 and 1 are as expected), `weight` (1 = as the pool; 2 = half its mean
        square error).
    """

    table: pd.DataFrame

    def weight(self, publisher: str) -> float:
        """Prior weight of a publisher, 1 for one without a record."""
        return float(self.table["weight"].get(publisher, 1.0))

    def extra_sd(self, publisher: str, *, horizon: float, growth: float | None = None) -> float:
        """Standard deviation in logs that a forecast of this publisher needs beyond `analyst_error`, at least 0.

        Parameters
        ----------
        publisher
            Name; one without a record needs none.
        horizon
            Years beyond the base of the forecast.
        growth
            Promised growth in logs a year; None if unknown.
        """
        if publisher not in self.table.index:
            return 0.0
        bias, spread = (float(self.table[name][publisher]) for name in ("bias", "spread"))
        square = bias**2 + spread**2
        return float(np.sqrt(max(square - 1, 0.0)) * analyst_error(horizon, growth).sd())

    def summary(self) -> str:
        """Name the publishers whose record differs most from the pool."""
        ranked = self.table.sort_values("weight")
        columns = (ranked.index, ranked["weight"], ranked["forecasts"], ranked["scopes"])
        lines = [
            f"{name}: weight {weight:.2f} (forecasts: {count}, markets: {scopes})"
            for name, weight, count, scopes in zip(*columns, strict=True)
        ]
        return "\n".join(["Prior weights by track record (1 = as the pool):", *lines])

    def _repr_html_(self) -> str:
        return str(self.table.round(3).to_html())


def publisher_records(result: Backtest, *, pool_counts: float = POOL_COUNTS) -> PublisherRecords:
    r"""Turn track records into prior weights, shrunken towards the pool.

    Each error becomes a normal score z of its analyst-error distribution, so that horizons and promises compare.
    Forecasts of one market share half of their error: n of them count n / (1 + (n - 1) / 2). With the pool's mean
    :math:`b_0` and variance :math:`s_0^2` counting as k forecasts,

    .. math:: b = \frac{k b_0 + n \bar z}{k + n}, \quad s^2 = \frac{k s_0^2 + \sum (z - b)^2}{k + n}, \quad
              \text{weight} = \frac{b_0^2 + s_0^2}{b^2 + s^2}

    Parameters
    ----------
    result
        A backtest.
    pool_counts
        k; more means that a record must be longer to count.

    Raises
    ------
    ArgumentError
        Unless `pool_counts` is above 0.
    """
    if not pool_counts > 0:
        raise ArgumentError(Problem("pool_counts", f"{pool_counts:g}", "a number above 0"))
    rows = result.table.assign(score=np.clip(special.ndtri(result.table["pit"]), -_FARTHEST_SCORE, _FARTHEST_SCORE))
    size = rows.groupby(["publisher", "scope"])["score"].transform("size")
    rows["independent"] = 1 / (1 + (size - 1) * SHARED_PART)
    pool_bias = float(np.average(rows["score"], weights=rows["independent"]))
    pool_square = float(np.average((rows["score"] - pool_bias) ** 2, weights=rows["independent"]))
    found = {
        publisher: _record(part, pool_bias, pool_square, pool_counts) for publisher, part in rows.groupby("publisher")
    }
    table = pd.DataFrame(found).T.rename_axis("publisher").astype({"forecasts": int, "scopes": int})
    return PublisherRecords(table)


def _record(rows: pd.DataFrame, bias: float, square: float, pool: float) -> dict[str, float]:
    weight, score = rows["independent"].to_numpy(), rows["score"].to_numpy()
    count = weight.sum()
    own_bias = (pool * bias + weight @ score) / (pool + count)
    own_square = (pool * square + weight @ (score - own_bias) ** 2) / (pool + count)
    return {
        "forecasts": len(rows),
        "scopes": rows["scope"].nunique(),
        "independent": count,
        "bias": own_bias,
        "spread": np.sqrt(own_square),
        "weight": (bias**2 + square) / (own_bias**2 + own_square),
    }
