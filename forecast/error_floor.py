"""The least error a projection may have: that of published forecasts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecast.distributions import Array
from forecast.mixture import Mixture, joined
from forecast.scenario import AnalystError

_MOST_TOPPED_UP = 4000
_TAIL_NODES = 5


def topped_up(mixture: Mixture, floor: AnalystError, elapsed: NDArray[np.int64]) -> tuple[Mixture, Array]:
    """Raise the variance to that of published forecasts where it is less, with one fat-tailed scale a path."""
    target = (floor.scale * elapsed.astype(float) ** floor.exponent) ** 2
    missing = np.maximum(0.0, target - mixture.variance()) if floor.on else np.zeros(len(elapsed))
    if not missing.any():
        return mixture, missing
    mixture, error = mixture.reduced(_MOST_TOPPED_UP), np.outer(np.sqrt(missing), np.sqrt(missing))
    scales, weights = _tail_nodes(floor.degrees_of_freedom)
    wider = [Mixture(mixture.weights, mixture.means, mixture.covariances + scale * error) for scale in scales]
    return joined(weights.tolist(), wider), missing


def _tail_nodes(degrees_of_freedom: float | None) -> tuple[Array, Array]:
    """Scales of variance that make a t distribution of unit variance out of normals."""
    if degrees_of_freedom is None:
        return np.ones(1), np.ones(1)
    points, weights = np.polynomial.legendre.leggauss(_TAIL_NODES)
    scales = (degrees_of_freedom - 2) / special.chdtri(degrees_of_freedom, (points + 1) / 2)
    weights = weights / 2
    return scales / (weights @ scales), weights
