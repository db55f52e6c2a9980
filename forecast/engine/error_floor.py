"""The least error a projection may have: that of published forecasts, by horizon and promised growth.

The record (`forecast.analyst_error`) says how far forecasts were off that looked as far ahead and promised as much
growth. Where a band is narrower, the variance that is missing is added: its errors at two horizons are correlated as in
the record, and one fat-tailed scale holds for a whole path.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecast.analyst_error import analyst_error_sd, analyst_error_tails, horizon_correlation
from forecast.distributions import Array
from forecast.mixture import Mixture, joined
from forecast.scenario import AnalystError

_MOST_TOPPED_UP = 6000
_TAIL_NODES = 5
_FASTEST = 3.0


def topped_up(mixture: Mixture, floor: AnalystError, elapsed: NDArray[np.int64]) -> tuple[Mixture, Array]:
    """Raise the variance to that of published forecasts where it is less.

    Parameters
    ----------
    mixture
        Log market over T years.
    floor
        What the scenario says of the error.
    elapsed
        Years since the newest base year, shape (T,), from 0.

    Returns
    -------
    The mixture, and the variance that was added by year.
    """
    if not floor.on:
        return mixture, np.zeros(len(elapsed))
    promised = promised_growth(mixture, elapsed)
    target = np.maximum.accumulate(floor_sd(floor, elapsed, promised)) ** 2
    missing = np.maximum(0.0, target - mixture.variance())
    if not missing.any():
        return mixture, missing
    mixture, error = mixture.reduced(_MOST_TOPPED_UP), _covariance(missing, elapsed)
    scales, weights = _tails(floor, float(promised[-1]))
    wider = [replace(mixture, covariances=mixture.covariances + scale * error) for scale in scales]
    return joined(weights.tolist(), wider), missing


def promised_growth(mixture: Mixture, elapsed: NDArray[np.int64]) -> Array:
    """Mean log growth a year from the first year to each, shape (T,)."""
    mean = mixture.mean()
    return np.clip((mean - mean[0]) / np.maximum(elapsed, 1), -_FASTEST, _FASTEST)


def floor_sd(floor: AnalystError, elapsed: NDArray[np.int64], promised: Array) -> Array:
    """Least sd of the log market by year, shape (T,)."""
    if floor.scale is None:
        return floor.factor * analyst_error_sd(elapsed, promised)
    return np.asarray(floor.factor * floor.scale * elapsed.astype(float) ** floor.exponent)


def _covariance(missing: Array, elapsed: NDArray[np.int64]) -> Array:
    sds = np.sqrt(missing)
    return np.outer(sds, sds) * horizon_correlation(np.maximum(elapsed, 1))


def _tails(floor: AnalystError, promised: float) -> tuple[Array, Array]:
    """Factors of the variance, 1 on average, and their probabilities."""
    if floor.degrees_of_freedom is None:
        return analyst_error_tails(promised)
    points, weights = np.polynomial.legendre.leggauss(_TAIL_NODES)
    factors = (floor.degrees_of_freedom - 2) / special.chdtri(floor.degrees_of_freedom, (points + 1) / 2)
    return factors / (weights / 2 @ factors), weights / 2
