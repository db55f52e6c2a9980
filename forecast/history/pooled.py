r"""The pooled band: ten simple forecasts combined, and one fat-tailed shape shared by all series.

With :math:`y` the newest log value, :math:`g_m` the shrunken mean log growth over memory m, :math:`a_m` the same for
the yearly increase as a share of the newest value, :math:`\ell, \ell'` the log level smoothed quickly and slowly,
:math:`f(g) = s g / (1 + q |g|)`, and :math:`S_h(\varphi) = \varphi + \dots + \varphi^h`, ten experts add to y for h
years ahead

.. math:: 0, \quad f(g_m) S_h(\varphi_m), \quad \log\{1 + a_m S_h(\psi_m)\}, \quad \ell - y, \quad
          \ell' - y + f(g_1) S_h(\varphi), \quad f(g_{.5}) S_h(\varphi_i)

that is: no change; growth that fades, over four memories; a constant increase that fades, over two; back to the
level; back to the slower level with mean growth; growth that goes on fading as it has in this series. An expert's
weight is a power of the error that it would have made in the series' own past, one and three years ahead:
:math:`w_e \propto (e_{1e} + \epsilon)^{-\beta_1} (e_{3e} + 2 \epsilon)^{-\beta_3}`, with powers near 0 in a short
history. The outcome is

.. math:: \log V_h = \mu_h + \sigma_h Z, \qquad \mu_h = y + \sum_e w_e x_{eh} + \lambda \sigma_h, \qquad
          Z \sim \sum_{k=1}^{3} p_k\, N(\kappa \delta_k,\, c_k^2)

:math:`\log \sigma_h` is linear in the logs of the combined past errors and of the experts' disagreement, in growth,
its persistence and direction, in one over the root of the number of years, in three products of these, and in log h
with a slope of its own for each series.
The lean :math:`\lambda` says where in its band a series tends to land: fast growth below its path, growth
that is clear of its noise above. The skewness :math:`\kappa`, between -1 and 1, rises with growth. All coefficients
are pooled: fitted once, on some thousand annual series, by `calibration/history_bands.py`.
"""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from functools import cache, cached_property, lru_cache
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
_FAST, _SLOW = 0.2, 0.05
_USUAL_ERROR, _USUAL_FADE = -3.0, 0.8
_READ = 6
_LEAST = 0.001


@dataclass(frozen=True)
class Coefficients:
    """What is shared by all series. The defaults are where the fit starts; `shipped` gives what it found.

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
    scale, scale_one, scale_three, scale_growth, scale_short, scale_persistence, scale_disagreement,
    scale_direction, scale_best, scale_mean, scale_gap, scale_fast_error, scale_short_error, scale_fading, scale_floor
        Log scale: constant and slopes on the features of like name; `scale_short` is on one over the root of the
        number of years, `scale_best` on the error of the best expert, `scale_gap` on how far the level has moved of
        late. The next three are on products: bent growth and past error, shortness and past error, persistence and
        fading.
    rise, rise_curve, rise_persistence, rise_short, rise_error, rise_movement
        How the log scale rises with the log horizon; `rise_curve` is on 1 - 1/h.
    lean, lean_last, lean_long, lean_mean, lean_slow, lean_clear, lean_short, lean_trend
        Where in its band a series tends to land, in units of the scale: constant and slopes on bent growth over
        several memories, on growth over scale, on one over the root of the number of years, and on newest growth times
        how much better the best expert did than no change.
    skew, skew_growth, skew_spread
        Skewness: constant and slopes, inside a hyperbolic tangent.
    weight_wide, weight_far, sd_wide, sd_far, shift_wide, shift_far
        The shape: weights, sds and shifts of its two wide parts; the first part is N(0, 1).
    memory
        Power of the ratio of scales that gives the correlation between two horizons.
    """

    fade_last: float = 0.6
    fade_short: float = 0.6
    fade_long: float = 0.7
    fade_mean: float = 1.0
    fade_line_short: float = 0.9
    fade_line_long: float = 1.0
    fade_level: float = 1.0
    growth_gain: float = 1.3
    growth_bend: float = 0.5
    trust_one: float = 2.0
    trust_three: float = 1.5
    error_floor: float = 0.001
    error_count: float = 5.0
    scale: float = 0.0
    scale_one: float = 0.5
    scale_three: float = 0.0
    scale_growth: float = 0.1
    scale_short: float = 0.8
    scale_persistence: float = -0.1
    scale_disagreement: float = 0.3
    scale_direction: float = -0.3
    scale_best: float = 0.0
    scale_mean: float = 0.0
    scale_gap: float = 0.0
    scale_fast_error: float = 0.0
    scale_short_error: float = 0.0
    scale_fading: float = 0.0
    scale_floor: float = 0.001
    rise: float = 0.1
    rise_curve: float = 0.1
    rise_persistence: float = 0.2
    rise_short: float = 0.2
    rise_error: float = 0.0
    rise_movement: float = -0.1
    lean: float = 0.0
    lean_last: float = 0.0
    lean_long: float = 0.0
    lean_mean: float = 0.0
    lean_slow: float = 0.0
    lean_clear: float = 0.0
    lean_short: float = 0.0
    lean_trend: float = 0.0
    skew: float = 0.0
    skew_growth: float = 1.0
    skew_spread: float = 0.0
    weight_wide: float = 0.4
    weight_far: float = 0.05
    sd_wide: float = 1.6
    sd_far: float = 4.5
    shift_wide: float = -0.7
    shift_far: float = -0.5
    memory: float = 0.9

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(astuple(self))

    @cached_property
    def of_scale(self) -> Array:
        """Slopes of the log scale that do not go with the horizon, in the order of `_log_scale`."""
        growth = [self.scale_growth, self.scale_short, self.scale_persistence, self.scale_direction, self.scale_mean]
        joint = [self.scale_gap, self.scale_fast_error, self.scale_short_error, self.scale_fading]
        return np.array([self.scale_one, self.scale_three, self.scale_best, *growth, *joint])

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
    return Coefficients(**found)


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
    lean = _lean(features, scale[:, 0], c)
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
    fast = np.tanh(f.growth[:, [0, 2, 3]] / _FAST)
    told = fast @ np.array([c.lean_last, c.lean_long, c.lean_mean]) + c.lean_slow * np.tanh(f.growth[:, 2] / _SLOW)
    clear = c.lean_clear * np.tanh(f.growth[:, 1] / (2 * first_scale))
    better = np.log((f.error_one[:, 0] + _LEAST) / (f.error_one.min(1) + _LEAST))
    trend = c.lean_trend * fast[:, 0] * better
    return (c.lean + told + clear + c.lean_short / np.sqrt(f.count) + trend)[:, None]


def _log_scale(f: Features, combination: Combination, c: Coefficients) -> tuple[Array, Array]:
    path, weights = combination.path, combination.weights
    steps, short, growth = np.arange(1, path.shape[1] + 1), 1 / np.sqrt(f.count), path[:, _READ - 1] / _READ
    one = ((weights * f.error_one).sum(1) * f.seen_one + 3 * f.absolute) / (f.seen_one + 3)
    three = ((weights * f.error_three).sum(1) * f.seen_three + 6 * f.absolute) / (f.seen_three + 3)
    errors = np.array([one, three, f.error_one.min(1), f.spread]) + c.scale_floor
    errors[1] += c.scale_floor
    log_one, log_three, log_best, log_spread = np.log(errors)
    log_growth, log_movement = np.log(np.array([np.abs(growth), f.movement]) + _STILL)
    fast, mean, gap = np.tanh(np.array([f.growth[:, 2], f.growth[:, 3], f.gap[:, 0]]) / _FAST)
    size, fading = log_one - _USUAL_ERROR, f.persistence * (f.fade - _USUAL_FADE)
    told = [log_one, log_three, log_best, log_growth, short, f.persistence, f.direction, mean]
    level = c.scale + c.of_scale @ np.array([*told, gap, fast * size, short * size, fading])
    rise = (
        c.rise
        + c.rise_persistence * f.persistence
        + c.rise_short * short
        + c.rise_error * (log_three - log_one)
        + c.rise_movement * log_movement
    )
    rise = np.minimum(np.maximum(rise, _SLOWEST), _FASTEST)
    log_scale = level[:, None] + rise[:, None] * np.log(steps) + c.rise_curve * (1 - 1 / steps)
    log_scale += c.scale_disagreement * np.log(combination.disagreement + c.scale_floor * np.sqrt(steps))
    skew = c.skew + 5 * c.skew_growth * growth + c.skew_spread * (log_spread + 2)
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
