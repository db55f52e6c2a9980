"""Estimators of the variance between studies, all truncated at 0 exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forecast.distributions import Array
from forecast.reconcile.studies import Studies, Weighted, dot, unweighted

_LOG_TWO_PI = float(np.log(2 * np.pi))
_GRID_STEP = 0.5
"""Step of the search for stationary points, in ln(tau2 + smallest variance); a term varies over about 2 of it."""
_BLOCK = 3000
"""Problems searched at once: their arrays stay in the cache of a processor."""
_NEWTON_STEPS = 60
_NEWTON_TOLERANCE = 1e-9
"""Last step, relative; what is left after it is of the order of its square."""


def _common(studies: Studies) -> Array:
    return np.zeros(studies.size)


def _dersimonian_laird(studies: Studies) -> Array:
    fit = studies.weighted(np.zeros(1))
    return np.maximum((fit.q - (studies.count - 1)) / fit.trace, 0.0)


def _hedges(studies: Studies) -> Array:
    fit = unweighted(studies)
    sampling = np.sum(studies.v, axis=0) - dot(fit.wx**2, studies.v) / fit.total
    return np.maximum((fit.q - sampling) / (studies.count - 1), 0.0)


def _hunter_schmidt(studies: Studies) -> Array:
    fit = studies.weighted(np.zeros(1))
    return np.maximum((fit.q - studies.count) / fit.sum, 0.0)


def _sidik_jonkman(studies: Studies) -> Array:
    start = unweighted(studies).q / studies.count
    return start * studies.weighted(start).q / (studies.count - 1)


def _paule_mandel(studies: Studies) -> Array:
    """Newton on 1/q, which is concave and rising in tau2, so that it climbs to the root and never passes it."""
    tau2, target = np.zeros(studies.size), studies.count - 1
    smallest = np.min(studies.v, axis=0)
    for _ in range(_NEWTON_STEPS):
        fit = studies.weighted(tau2)
        step = np.where(fit.q > 0, fit.q * (fit.q / target - 1) / fit.q2, 0.0)
        tau2, before = np.maximum(tau2 + step, 0.0), tau2
        if np.all(np.abs(tau2 - before) <= _NEWTON_TOLERANCE * (tau2 + smallest)):
            break
    return tau2


def _maximum_likelihood(studies: Studies) -> Array:
    return _highest(studies, _ML)


def _restricted_likelihood(studies: Studies) -> Array:
    return _highest(studies, _REML)


def log_likelihood(studies: Studies, tau2: Array) -> Array:
    r"""Maximise over the mean: :math:`-\tfrac12 \{k \ln 2\pi + \sum \ln(v + \tau^2) + y'Py\}`."""
    logs = np.sum(np.log(studies.v + tau2), axis=0)
    return -0.5 * (studies.count * _LOG_TWO_PI + logs + studies.weighted(tau2).q)


def restricted_log_likelihood(studies: Studies, tau2: Array) -> Array:
    r"""Integrate over the mean: one degree less, and :math:`-\tfrac12 \ln(\sum w x^2 / k)` besides."""
    fit = studies.weighted(tau2)
    logs = np.sum(np.log(studies.v + tau2), axis=0) + np.log(fit.total / studies.count)
    return -0.5 * ((studies.count - 1) * _LOG_TWO_PI + logs + fit.q)


@dataclass(frozen=True)
class _Likelihood:
    """A log likelihood of tau2; it rises where `q2` is above the fall of its determinant."""

    value: Callable[[Studies, Array], Array]
    fall: Callable[[Weighted], Array]
    bend: Callable[[Weighted], Array]

    def ratio(self, fit: Weighted) -> tuple[Array, Array]:
        """Fall over q2, less 1, and its slope: nearly straight in tau2, 0 at a stationary point."""
        fall = self.fall(fit) / fit.q2
        return fall - 1, (2 * fit.q3 * fall - self.bend(fit)) / fit.q2


_ML = _Likelihood(log_likelihood, lambda fit: fit.sum, lambda fit: fit.sum2)
_REML = _Likelihood(restricted_log_likelihood, lambda fit: fit.trace, lambda fit: fit.trace2)


def _highest(studies: Studies, likelihood: _Likelihood) -> Array:
    """Best of tau2 = 0 and of all stationary points, block by block, so that a block stays in the cache."""
    starts = range(0, studies.size, _BLOCK)
    blocks = [np.arange(start, min(start + _BLOCK, studies.size)) for start in starts]
    return np.concatenate([_highest_of_block(studies.of(block), likelihood) for block in blocks])


def _highest_of_block(studies: Studies, likelihood: _Likelihood) -> Array:
    problems, low, high = _brackets(studies, likelihood)
    inner = _roots(studies.of(problems), likelihood, low, high)
    owner = np.concatenate([np.arange(studies.size), problems])
    tau2 = np.concatenate([np.zeros(studies.size), inner])
    ascending = np.argsort(likelihood.value(studies.of(owner), tau2), kind="stable")
    best = np.zeros(studies.size)
    best[owner[ascending]] = tau2[ascending]
    return best


def _brackets(studies: Studies, likelihood: _Likelihood) -> tuple[NDArray[np.intp], Array, Array]:
    """Problems, and intervals of tau2 in which their likelihood turns from rising to falling.

    None turns above the sum of (y - x mean)²: each contrast alone falls from its own square on.
    """
    smallest = np.min(studies.v, axis=0)
    span = np.log1p(unweighted(studies).q / smallest)
    steps = int(np.ceil(span.max() / _GRID_STEP)) + 1
    grid = [smallest * np.expm1(span * share) for share in np.linspace(0, 1, steps + 1)]
    rising = [_rises(studies.weighted(tau2), likelihood) for tau2 in grid]
    turns = [np.flatnonzero(left & ~right) for left, right in pairwise(rising)]
    low = [tau2[turn] for tau2, turn in zip(grid, turns, strict=False)]
    high = [tau2[turn] for tau2, turn in zip(grid[1:], turns, strict=True)]
    return np.concatenate(turns), np.concatenate(low), np.concatenate(high)


def _rises(fit: Weighted, likelihood: _Likelihood) -> NDArray[np.bool_]:
    return fit.q2 > likelihood.fall(fit)


def _roots(studies: Studies, likelihood: _Likelihood, low: Array, high: Array) -> Array:
    """Newton on the ratio; bisection where it leaves the bracket."""
    tau2, smallest = (low + high) / 2, np.min(studies.v, axis=0)
    for _ in range(_NEWTON_STEPS):
        gap, slope = likelihood.ratio(studies.weighted(tau2))
        low, high = np.where(gap < 0, tau2, low), np.where(gap < 0, high, tau2)
        step = tau2 - gap / slope
        inside = (step >= low) & (step <= high)
        tau2, before = np.where(inside, step, (low + high) / 2), tau2
        if np.all(np.abs(tau2 - before) <= _NEWTON_TOLERANCE * (tau2 + smallest)):
            break
    return tau2


METHODS: dict[str, Callable[[Studies], Array]] = {
    "FE": _common,
    "DL": _dersimonian_laird,
    "HE": _hedges,
    "HS": _hunter_schmidt,
    "SJ": _sidik_jonkman,
    "PM": _paule_mandel,
    "ML": _maximum_likelihood,
    "REML": _restricted_likelihood,
}
"""Estimators of the variance between studies."""
