r"""The pooled band: ten simple forecasts combined, and one fat-tailed shape shared by all series.

With :math:`y` the log value, :math:`g_m` the shrunken mean log growth over memory m, :math:`S_h(\varphi) =
\varphi + \dots + \varphi^h` and :math:`h` years ahead, the experts add to :math:`y`

.. math:: 0, \quad f(g_m) S_h(\varphi_m), \quad \log(1 + a_m S_h(\varphi_m)), \quad \ell - y, \quad
          \ell' - y + f(g_\infty) S_h, \quad f(g) S_h(\varphi_i)

no change, fading growth, fading yearly increase, the smoothed level, the smoothed level with mean growth, and growth
that goes on fading as it has of late; :math:`f(g) = s g / (1 + q |g|)` shrinks fast growth more. Their weights fall
with a power of the error each would have made in the past. The log of the scale is linear in the logs of those
errors, the disagreement of the experts, the spread of growth and the horizon. The outcome is

.. math:: y_h = \mu_h + \sigma_h Z, \qquad Z \sim \sum_k w_k N(\kappa_i \delta_k, c_k^2)

with a skewness :math:`\kappa_i` between -1 and 1 from growth and spread. All coefficients are pooled: fitted once,
on some thousand annual series, by `calibration/history_bands.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from importlib import resources

import numpy as np

from forecast.distributions import Array
from forecast.history.features import EXPERTS, Features, bent
from forecast.mixture import mixture_quantiles

SKEW_GRID = np.linspace(-1.0, 1.0, 65)
"""Skewness at which the quantiles of the shape are computed; between them they are interpolated."""

_SMALLEST_SCALE, _LARGEST_SCALE = -8.0, 2.5
_SLOWEST, _FASTEST = 0.1, 1.0
_STILL = 0.02
_FAST = 0.2
_READ = 6


@dataclass(frozen=True)
class Coefficients:
    """What is shared by all series.

    Parameters
    ----------
    fade_last, fade_short, fade_long, fade_mean
        Yearly fading of growth over each memory.
    fade_line_short, fade_line_long
        Yearly fading of a constant increase.
    fade_level
        Yearly fading of mean growth from the smoothed level.
    growth_gain, growth_bend
        s and q of the shrinkage f.
    trust_one, trust_three
        Power of the past error one and three years ahead in an expert's weight.
    error_floor, error_count
        Added to an error before its log; errors needed for half the trust.
    scale, scale_one, scale_three, scale_spread, scale_recent, scale_growth, scale_short, scale_persistence,
    scale_disagreement, scale_direction, scale_mean, scale_smooth, scale_floor
        Log scale: constant and slopes; `scale_short` is on one over the root of the number of years.
    rise, rise_curve, rise_persistence, rise_short, rise_error, rise_movement
        How the log scale rises with the log horizon; `rise_curve` is on 1 - 1/h.
    skew, skew_growth, skew_persistence, skew_spread
        Skewness: constant and slopes, inside a hyperbolic tangent.
    weight_wide, weight_far, sd_wide, sd_far, shift_wide, shift_far
        The shape: weights, sds and shifts of its two wide parts; the first part is N(0, 1).
    memory
        Power of the ratio of scales that gives the correlation between two horizons.
    """

    fade_last: float = 0.45
    fade_short: float = 0.65
    fade_long: float = 0.75
    fade_mean: float = 0.98
    fade_line_short: float = 0.95
    fade_line_long: float = 0.98
    fade_level: float = 0.98
    growth_gain: float = 1.3
    growth_bend: float = 0.6
    trust_one: float = 2.0
    trust_three: float = 1.4
    error_floor: float = 0.002
    error_count: float = 4.8
    scale: float = 0.0
    scale_one: float = 0.6
    scale_three: float = 0.05
    scale_spread: float = -0.1
    scale_recent: float = -0.05
    scale_growth: float = 0.1
    scale_short: float = 0.85
    scale_persistence: float = -0.25
    scale_disagreement: float = 0.4
    scale_direction: float = -0.6
    scale_mean: float = 0.0
    scale_smooth: float = 0.0
    scale_floor: float = 0.002
    rise: float = 0.28
    rise_curve: float = 0.0
    rise_persistence: float = 0.25
    rise_short: float = 0.3
    rise_error: float = -0.1
    rise_movement: float = -0.12
    lean: float = 0.0
    lean_last: float = 0.0
    lean_long: float = 0.0
    lean_mean: float = 0.0
    lean_clear: float = 0.0
    lean_direction: float = 0.0
    lean_short: float = 0.0
    skew: float = -0.2
    skew_growth: float = 0.8
    skew_persistence: float = 0.0
    skew_spread: float = 0.2
    weight_wide: float = 0.45
    weight_far: float = 0.05
    sd_wide: float = 1.7
    sd_far: float = 4.2
    shift_wide: float = -0.7
    shift_far: float = -0.6
    memory: float = 1.0

    @property
    def shape(self) -> tuple[Array, Array, Array]:
        """Weights, shifts and sds of the three parts of the shape."""
        narrow = 1 - self.weight_wide - self.weight_far
        weights = np.array([narrow, self.weight_wide, self.weight_far])
        shifts = np.array([0.0, self.shift_wide, self.shift_far])
        return weights, shifts, np.array([1.0, self.sd_wide, self.sd_far])


@cache
def shipped() -> Coefficients:
    """The coefficients fitted by `calibration/history_bands.py`."""
    text = resources.files("forecast.history").joinpath("coefficients.json").read_text("utf-8")
    found = json.loads(text)["coefficients"]
    return Coefficients(**{field.name: found[field.name] for field in fields(Coefficients)})


@dataclass(frozen=True, eq=False)
class Pooled:
    """Location and scale of the log value by history and horizon, and the skewness by history.

    Parameters
    ----------
    location, scale
        Shape (n, horizons).
    skew
        Shape (n,), between -1 and 1.
    """

    location: Array
    scale: Array
    skew: Array

    def first(self, horizons: int) -> Pooled:
        """The first horizons alone."""
        return Pooled(self.location[:, :horizons], self.scale[:, :horizons], self.skew)


@dataclass(frozen=True, eq=False)
class Combination:
    """The experts' weighted path and their disagreement, shape (n, horizons), and their weights, (n, experts)."""

    path: Array
    disagreement: Array
    weights: Array


def pooled(features: Features, horizons: int, coefficients: Coefficients) -> Pooled:
    """Location, scale and skewness from the features; the equations are in the module docstring."""
    return spread_out(features, combine(features, max(horizons, _READ), coefficients), coefficients).first(horizons)


def combine(features: Features, horizons: int, c: Coefficients) -> Combination:
    """The experts' paths, weighted."""
    paths, weights = expert_paths(features, horizons, c), expert_weights(features, c)
    path = (weights[:, None] @ paths)[:, 0]
    disagreement = np.sqrt((weights[:, None] @ (paths - path[:, None]) ** 2)[:, 0])
    return Combination(path, disagreement, weights)


def spread_out(features: Features, combination: Combination, c: Coefficients) -> Pooled:
    """The scale around the combined path, where in its band a series tends to land, and the skewness."""
    log_scale, skew = _log_scale(features, combination, c)
    scale = np.exp(np.minimum(np.maximum(log_scale, _SMALLEST_SCALE), _LARGEST_SCALE))
    lean = _lean(features, scale[:, :1], c)
    return Pooled(features.last[:, None] + combination.path + lean * scale, scale, skew)


def expert_paths(features: Features, horizons: int, c: Coefficients) -> Array:
    """What each expert adds to the newest log value, shape (n, experts, horizons)."""
    steps, sums = np.arange(1, horizons + 1), _fading_sums(c, horizons)
    growth = c.growth_gain * features.growth / (1 + c.growth_bend * np.abs(features.growth))
    paths = np.zeros((features.last.size, EXPERTS, horizons))
    paths[:, 1:5] = growth[:, :, None] * sums[:4]
    paths[:, 5:7] = bent(features.increase[:, :, None] * sums[4:6])
    paths[:, 7:9] = features.gap[:, :, None]
    paths[:, 8] += growth[:, 3:] * sums[6]
    paths[:, 9] = growth[:, 1:2] * np.cumsum(features.fade[:, None] ** steps, axis=1)
    return paths


@lru_cache(maxsize=64)
def _fading_sums(c: Coefficients, horizons: int) -> Array:
    """Sums of the fading factors over the years ahead, shape (7, horizons)."""
    fades = [c.fade_last, c.fade_short, c.fade_long, c.fade_mean, c.fade_line_short, c.fade_line_long, c.fade_level]
    return np.cumsum(np.array(fades)[:, None] ** np.arange(1, horizons + 1), axis=1)


def expert_weights(features: Features, c: Coefficients) -> Array:
    """Weights of the experts, shape (n, experts)."""
    trust_one = c.trust_one * features.seen_one / (features.seen_one + c.error_count)
    trust_three = c.trust_three * features.seen_three / (features.seen_three + c.error_count)
    score = -trust_one[:, None] * np.log(features.error_one + c.error_floor)
    score -= trust_three[:, None] * np.log(features.error_three + 2 * c.error_floor)
    weights = np.exp(score - score.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def _lean(f: Features, first_scale: Array, c: Coefficients) -> Array:
    growth = np.tanh(f.growth / _FAST)
    clear = np.tanh(f.growth[:, 1:2] / (2 * first_scale))
    rest = c.lean + c.lean_direction * f.direction + c.lean_short / np.sqrt(f.count)
    return (
        growth[:, [0, 2, 3]] @ np.array([[c.lean_last], [c.lean_long], [c.lean_mean]])
        + c.lean_clear * clear
        + rest[:, None]
    )


def _log_scale(f: Features, combination: Combination, c: Coefficients) -> tuple[Array, Array]:
    path, weights = combination.path, combination.weights
    steps = np.arange(1, path.shape[1] + 1)
    one = ((weights * f.error_one).sum(1) * f.seen_one + 3 * f.absolute) / (f.seen_one + 3)
    three = ((weights * f.error_three).sum(1) * f.seen_three + 6 * f.absolute) / (f.seen_three + 3)
    log_one, log_three = np.log(one + c.scale_floor), np.log(three + 2 * c.scale_floor)
    log_spread, short = np.log(f.spread + c.scale_floor), 1 / np.sqrt(f.count)
    growth = path[:, _READ - 1] / _READ
    level = (
        c.scale
        + c.scale_one * log_one
        + c.scale_three * log_three
        + c.scale_spread * log_spread
        + c.scale_recent * np.log(f.recent + c.scale_floor)
        + c.scale_growth * np.log(np.abs(growth) + _STILL)
        + c.scale_short * short
        + c.scale_persistence * f.persistence
        + c.scale_direction * f.direction
        + c.scale_mean * np.tanh(f.growth[:, 3] / _FAST)
        + c.scale_smooth * np.log((f.error_one[:, 7] + c.scale_floor) / (f.error_one[:, 2] + c.scale_floor))
    )
    rise = (
        c.rise
        + c.rise_persistence * f.persistence
        + c.rise_short * short
        + c.rise_error * (log_three - log_one)
        + c.rise_movement * np.log(f.movement + _STILL)
    )
    rise = np.minimum(np.maximum(rise, _SLOWEST), _FASTEST)
    log_scale = level[:, None] + rise[:, None] * np.log(steps) + c.rise_curve * (1 - 1 / steps)
    log_scale += c.scale_disagreement * np.log(combination.disagreement + c.scale_floor * np.sqrt(steps))
    skew = c.skew + 5 * c.skew_growth * growth + c.skew_persistence * f.persistence + c.skew_spread * (log_spread + 2)
    return log_scale, np.tanh(skew)


def log_quantiles(band: Pooled, levels: tuple[float, ...], coefficients: Coefficients) -> Array:
    """Quantiles of the log value, shape (n, horizons, levels)."""
    table = shape_quantiles(coefficients, levels)
    place = (band.skew + 1) / 2 * (SKEW_GRID.size - 1)
    below = np.minimum(place.astype(int), SKEW_GRID.size - 2)
    share = (place - below)[:, None]
    standard = (1 - share) * table[below] + share * table[below + 1]
    return band.location[:, :, None] + band.scale[:, :, None] * standard[:, None]


@lru_cache(maxsize=64)
def shape_quantiles(coefficients: Coefficients, levels: tuple[float, ...]) -> Array:
    """Quantiles of the shape on `SKEW_GRID`, shape (65, levels)."""
    weights, shifts, sds = coefficients.shape
    means = shifts[:, None] * SKEW_GRID
    return mixture_quantiles(weights, means, np.repeat(sds[:, None], SKEW_GRID.size, 1), np.array(levels))
