"""What is read off a batch of annual histories: growth over several memories, and how well each would have forecast.

Everything is a sum over past log growth with geometric weights, so a batch of histories is a handful of matrix
products. Arrays are padded at the front; the newest year is always the last column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from forecast.distributions import Array

LONGEST = 60
"""Values older than this many years are not read."""

MEMORIES = (0.0, 0.5, 0.8, 1.0)
"""Share of its weight that a year's growth keeps a year later; 0 reads the newest year alone, 1 reads all alike."""

EXPERTS = 10
"""Simple forecasts that are combined; listed in `expert_paths`."""

_SHRINK = 0.25
_SMOOTHING = np.array([[-0.5], [-0.8]])
_FADES = np.array([[0.7], [0.9], [0.95], [1.0]])
_FADING = {
    years: tuple((fades ** np.arange(1, years + 1)).sum(1, keepdims=True) for fades in (_FADES, _FADES[1:3]))
    for years in (1, 3)
}
_FASTEST_FADE = 0.3
_ERROR_MEMORY = 0.9
_GROWTH_FLOOR = 0.02
_SPREAD_FLOOR = 0.02
_SHORTEST = 5
_MOST_GROWTH = 3.0
"""Largest yearly change of a log value that is read: a factor of 20. More is a change of unit, a slip or a start."""


@dataclass(frozen=True, eq=False)
class Features:
    """Features of n histories; growth and errors are in logs.

    Parameters
    ----------
    last
        Newest log value, shape (n,).
    growth
        Shrunken mean growth over each of `MEMORIES`, shape (n, 4).
    increase
        Shrunken mean yearly increase over memories .5 and .8 as a share of the newest value, shape (n, 2).
    gap
        Smoothed level less the newest value over memories .5 and .8, shape (n, 2).
    fade
        Yearly factor by which growth has been fading of late, shape (n,).
    error_one, error_three
        Mean absolute error of each expert in the past, one and three years ahead, shape (n, experts).
    seen_one, seen_three
        Weighted number of those errors, shape (n,).
    spread, absolute
        Root mean square and mean absolute deviation of growth, shape (n,).
    movement
        Mean absolute growth, shape (n,).
    persistence
        First autocorrelation of growth, shape (n,).
    direction
        Net movement as a share of all movement, shape (n,).
    count
        Years of growth, shape (n,).
    """

    last: Array
    growth: Array
    increase: Array
    gap: Array
    fade: Array
    error_one: Array
    error_three: Array
    seen_one: Array
    seen_three: Array
    spread: Array
    absolute: Array
    movement: Array
    persistence: Array
    direction: Array
    count: Array


def read_features(histories: Sequence[Array]) -> Features:
    """Features of positive histories, oldest value first, each of at least two values."""
    logs, mask = _padded(histories)
    known = mask[:, 1:]
    growth = (logs[:, 1:] - logs[:, :-1]) * known
    kernels, error_weights = _weights(growth.shape[1])
    shape = (growth.shape[0], len(MEMORIES), growth.shape[1])
    seen = (known @ kernels).reshape(shape)
    sums = (growth @ kernels).reshape(shape)
    means = sums / (seen + _SHRINK)
    increases = _increases(logs, known, kernels, seen)
    gaps = _SMOOTHING * sums[:, 1:3]
    fades = _fades(means)
    one = expert_steps(means, increases, gaps, fades, 1)
    three = expert_steps(means, increases, gaps, fades, 3)
    error_one, seen_one = _past_errors(one, growth[:, 1:], known[:, 1:] * known[:, :-1], error_weights)
    later = logs[:, 4:] - logs[:, 1:-3]
    error_three, seen_three = _past_errors(three, later, known[:, 3:] * known[:, :-3], error_weights)
    return Features(
        logs[:, -1],
        means[..., -1],
        increases[..., -1],
        gaps[..., -1],
        fades[:, -1],
        error_one,
        error_three,
        seen_one,
        seen_three,
        *_dispersion(growth, known, means[:, 3, -1:]),
    )


def expert_steps(means: Array, increases: Array, gaps: Array, fades: Array, years: int) -> Array:
    """What each expert would have added to the log value over the next 1 or 3 years, shape (n, experts, time).

    The same experts as in the forecast itself, with round fading factors, to be held against what came.
    """
    fading, linear_fading = _FADING[years]
    steps = np.zeros((means.shape[0], EXPERTS, means.shape[2]))
    steps[:, 1:5] = fading * means
    steps[:, 5:7] = bent(linear_fading * increases)
    steps[:, 7:9] = gaps
    steps[:, 8] += years * means[:, 3]
    steps[:, 9] = (fades if years == 1 else fades * (1 + fades * (1 + fades))) * means[:, 1]
    return steps


def bent(share: Array) -> Array:
    """Log of one plus a share, straight below zero so that a falling line never crosses zero."""
    return np.log1p(np.maximum(share, 0.0)) + np.minimum(share, 0.0)


def _padded(histories: Sequence[Array]) -> tuple[Array, Array]:
    kept = [history[-LONGEST:] for history in histories]
    width = max(_SHORTEST, max(map(len, kept)))
    logs = np.empty((len(kept), width))
    mask = np.zeros((len(kept), width))
    for row, flag, history in zip(logs, mask, kept, strict=True):
        start = width - len(history)
        row[:start] = history[0]
        row[start:] = history
        flag[start:] = 1.0
    mask[:, 1:] *= mask[:, :-1]
    return _without_leaps(np.log(logs)), mask


def _without_leaps(logs: Array) -> Array:
    """The paths to the newest values with no step longer than `_MOST_GROWTH`."""
    steps = logs[:, 1:] - logs[:, :-1]
    if not steps.size or max(-steps.min(), steps.max()) <= _MOST_GROWTH:
        return logs
    cut = np.clip(steps, -_MOST_GROWTH, _MOST_GROWTH)
    before = logs[:, -1:] - np.cumsum(cut[:, ::-1], axis=1)[:, ::-1]
    return np.concatenate([before, logs[:, -1:]], axis=1)


@lru_cache(maxsize=LONGEST)
def _weights(years: int) -> tuple[Array, Array]:
    """Geometric weights of all memories side by side, shape (years, 4 years), and of past errors."""
    age = np.arange(years) - np.arange(years)[:, None]
    kernels = [np.where(age >= 0, memory ** np.maximum(age, 0), 0.0) for memory in MEMORIES]
    back = np.arange(years, dtype=float)[::-1]
    return np.concatenate(kernels, axis=1), _ERROR_MEMORY**back


def _increases(logs: Array, known: Array, kernels: Array, seen: Array) -> Array:
    relative = np.exp(logs - logs[:, -1:])
    years = known.shape[1]
    sums = ((relative[:, 1:] - relative[:, :-1]) * known) @ kernels[:, years : 3 * years]
    return sums.reshape(-1, 2, years) / ((seen[:, 1:3] + _SHRINK) * relative[:, None, 1:])


def _fades(means: Array) -> Array:
    size = np.abs(means[:, 1:3]) + _GROWTH_FLOOR
    return np.minimum(np.maximum(np.cbrt(size[:, 0] / size[:, 1]), _FASTEST_FADE), 1.0)


def _past_errors(predicted: Array, came: Array, known: Array, weights: Array) -> tuple[Array, Array]:
    used = known * weights[-known.shape[1] :]
    seen = used.sum(1)
    errors = np.abs(came[:, None] - predicted[..., : came.shape[1]])
    return (errors @ used[:, :, None])[..., 0] / np.maximum(seen, 1e-12)[:, None], seen


def _dispersion(growth: Array, known: Array, mean: Array) -> tuple[Array, ...]:
    count = known.sum(1)
    deviation = known * (growth - mean)
    total = (deviation * deviation).sum(1)
    movement = np.abs(growth).sum(1)
    return (
        np.sqrt((total + _SPREAD_FLOOR**2) / count),
        np.abs(deviation).sum(1) / count,
        movement / count,
        (deviation[:, 1:] * deviation[:, :-1]).sum(1) / (total + 1e-6),
        np.abs(growth.sum(1)) / (movement + 1e-9),
        count,
    )
