"""How each growth curve of a scenario carries a log market on beyond the handover year.

One function a curve. Curves without a ceiling only scale with the market they start from; a curve with a ceiling bends
with it, so its path is told at the start values given, with its slope there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from forecast.distributions import Array
from forecast.errors import ModelError
from forecast.growth import Bass, Gompertz, Logistic, Richards
from forecast.growth.curve import Curve
from forecast.growth.damped import damped_years
from forecast.growth.fading import faded_years
from forecast.scenario import Segment, segment_paths
from forecast.scenario.growth import AnyGrowth, PiecewiseGrowth

_STEP = 1e-4
"""Step in log start over which a slope is taken where none is asked for."""


@dataclass(frozen=True, eq=False)
class Continuation:
    """Log growth over k = 1 ... K years beyond the handover, on N driver nodes.

    Parameters
    ----------
    increment
        log(V_{h+k} / V_h) without momentum and linear drivers, shape (N, J, K) or (N, 1, K).
    slope
        Change of log V_{h+k} with log V_h, same shape.
    momentum
        Coefficient of the log growth of the handover year, shape (N, K).
    linear
        Coefficient of each linear driver on its linear scale, by its key within the growth table, shape (N, K).
    noise
        Covariance of the yearly volatility of segments, shape (N, K, K); None where there is none.
    """

    increment: Array
    slope: Array
    momentum: Array
    linear: dict[str, Array]
    noise: Array | None = None


@dataclass(frozen=True, eq=False)
class Ahead:
    """What a curve is asked: values of its free drivers on nodes, start values, years, and ceilings.

    Parameters
    ----------
    values
        Free drivers by their key within the growth table, shape (N,) each.
    start
        Log market in the handover year, shape (J,), or (N, J) where every node has starts of its own.
    handover
        The handover year.
    years
        K: number of years beyond it.
    ceiling
        Log factor on the ceiling by node and year ahead, shape (N, K).
    growth
        Mean log growth of the handover year, about which a sum of segments is straightened.
    step
        Distance to either side of a start at which a path that bends is told, for its mean and slope there; the sd of
        a normal start makes the mean right to third order. A number, or shape (N, 1).
    """

    values: Mapping[str, Array]
    start: Array
    handover: int
    years: int
    ceiling: Array
    growth: float = 0.0
    step: Array | float = _STEP / 2

    @property
    def elapsed(self) -> Array:
        """1 ... K."""
        return np.arange(1.0, self.years + 1)

    @property
    def nodes(self) -> int:
        """N."""
        return len(self.ceiling)


def linear_keys(growth: AnyGrowth) -> dict[str, Callable[[Array], Array]]:
    """Drivers of a growth table that enter the log path linearly, and the map to the scale on which they do."""
    rates = [key for key in growth.drivers if key in ("terminal_growth", "growth") or key.endswith(".growth")]
    return {"growth_shift": np.asarray} | dict.fromkeys(rates, np.log1p)


def continue_with(growth: AnyGrowth, ahead: Ahead) -> Continuation:
    """Carry a log market on with the curve of a growth table.

    Raises
    ------
    ModelError
        If a path falls to zero, or leaves what its curve can follow.
    """
    return _CURVES[growth.curve](growth, ahead)


def continue_segments(segments: Mapping[str, Segment], ahead: Ahead, *, balanced: bool = False) -> Continuation:
    """Carry a log market on as the sum of its segments, each on its own curve; values by their key in the table.

    A segment's own volatility is a random walk of its log from the handover on; it moves the log of the sum by the
    segment's share, to first order, and its mean to second. Starts of their own are scaled to add up to the market
    where `balanced`.
    """

    def parts(start: Array, growth: float) -> dict[str, Array]:
        years = ahead.handover + np.arange(0, ahead.years + 1)
        values = {key: value[:, None] for key, value in ahead.values.items()}
        level = np.broadcast_to(start, (ahead.nodes, start.shape[-1]))
        paths = segment_paths(
            segments,
            years,
            handover_year=ahead.handover,
            log_start=level,
            log_growth=growth,
            values=values,
            balanced=balanced,
        )
        return {name: path[..., 1:] for name, path in paths.items()}

    def total(start: Array, growth: float) -> Array:
        return _log_sum(parts(start, growth))

    segment_logs = parts(ahead.start, ahead.growth)
    middle = _log_sum(segment_logs)
    low, high = (total(ahead.start + side, ahead.growth) for side in (-ahead.step, ahead.step))
    slope = (high - low) / (2 * np.asarray(ahead.step))[..., None]
    momentum = ((total(ahead.start, ahead.growth + _STEP) - middle) / _STEP).mean(axis=1)
    shares = {name: np.exp(path - middle).mean(axis=1) for name, path in segment_logs.items()}
    noise, lift = _segment_noise(shares, ahead)
    increment = (low + high) / 2 - ahead.start[..., None] - momentum[:, None] * ahead.growth + lift[:, None]
    return Continuation(increment, slope, momentum, {}, noise)


def _log_sum(paths: Mapping[str, Array]) -> Array:
    return np.asarray(np.logaddexp.reduce(list(paths.values())))


def _segment_noise(shares: Mapping[str, Array], ahead: Ahead) -> tuple[Array, Array]:
    """Covariance of the log sum from the segments' volatilities, shape (N, K, K), and what it adds to its mean."""
    together = np.minimum(ahead.elapsed[:, None], ahead.elapsed)
    noise, lift = np.zeros((ahead.nodes, ahead.years, ahead.years)), np.zeros((ahead.nodes, ahead.years))
    for name, share in shares.items():
        variance = ahead.values[f"{name}.growth.volatility"][:, None] ** 2
        noise += variance[:, :, None] * share[:, :, None] * share[:, None, :] * together
        lift += variance * ahead.elapsed * share * (1 - share) / 2
    return noise, lift


def _scaling(
    ahead: Ahead, linear: Mapping[str, Array], *, increment: Array | float = 0.0, momentum: Array | float = 0.0
) -> Continuation:
    shape = (ahead.nodes, ahead.years)
    grown, carried = np.broadcast_to(increment, shape), np.broadcast_to(momentum, shape)
    coefficients = {key: np.broadcast_to(value, shape) for key, value in linear.items()}
    return Continuation(grown[:, None], np.ones((ahead.nodes, 1, ahead.years)), carried, coefficients)


def _constant(_: AnyGrowth, ahead: Ahead) -> Continuation:
    return _scaling(ahead, {"growth": ahead.elapsed})


def _fading(_: AnyGrowth, ahead: Ahead) -> Continuation:
    full = faded_years(ahead.values["half_life"], ahead.elapsed)
    return _scaling(ahead, {"terminal_growth": ahead.elapsed - full}, momentum=full)


def _piecewise(growth: AnyGrowth, ahead: Ahead) -> Continuation:
    assert isinstance(growth, PiecewiseGrowth)
    years = ahead.handover + ahead.elapsed
    first, linear = float(ahead.handover), {}
    for position, piece in enumerate(growth.pieces):
        last = np.inf if piece.until is None else max(float(piece.until), first)
        linear[f"pieces.{position}.growth"] = np.clip(years, first, last) - first
        first = last
    return _scaling(ahead, linear)


def _linear(_: AnyGrowth, ahead: Ahead) -> Continuation:
    return _scaling(ahead, {}, increment=_log_positive(1 + ahead.values["slope"][:, None] * ahead.elapsed))


def _damped(_: AnyGrowth, ahead: Ahead) -> Continuation:
    summed = damped_years(ahead.values["damping"], ahead.elapsed)
    return _scaling(ahead, {}, increment=_log_positive(1 + ahead.values["slope"][:, None] * summed))


def _log_positive(relative: Array) -> Array:
    if (relative <= 0).any():
        raise ModelError("the market falls to zero under this slope; choose a smaller fall or the fading curve")
    return np.log(relative)


def _saturating(make: Callable[[Mapping[str, Array], Array], Curve]) -> Callable[[AnyGrowth, Ahead], Continuation]:
    def carry_on(_: AnyGrowth, ahead: Ahead) -> Continuation:
        low, high = (_stepwise(make, ahead, ahead.start + side) for side in (-ahead.step, ahead.step))
        slope = (high - low) / (2 * np.asarray(ahead.step))[..., None]
        zero = np.zeros((ahead.nodes, ahead.years))
        return Continuation((low + high) / 2 - ahead.start[..., None], slope, zero, {})

    return carry_on


def _stepwise(make: Callable[[Mapping[str, Array], Array], Curve], ahead: Ahead, start: Array) -> Array:
    """Year by year, so that the ceiling may change on the way; shape (N, J, K)."""
    now = np.broadcast_to(start, (ahead.nodes, start.shape[-1]))
    path = np.empty((*now.shape, ahead.years))
    values = {key: value[:, None] for key, value in ahead.values.items()}
    for k in range(ahead.years):
        ceiling = ahead.values["ceiling"] * np.exp(ahead.ceiling[:, k])
        curve = make(values, ceiling[:, None])
        path[..., k] = now = curve.log_path(np.exp(now), np.ones(1))[..., 0]
    if not np.isfinite(path).all():
        raise ModelError("the market leaves what this curve can follow; check its ceiling against the handover year")
    return path


_CURVES: Mapping[str, Callable[[AnyGrowth, Ahead], Continuation]] = MappingProxyType(
    {
        "constant": _constant,
        "fading": _fading,
        "piecewise": _piecewise,
        "linear": _linear,
        "damped": _damped,
        "logistic": _saturating(lambda v, ceiling: Logistic(rate=v["rate"], ceiling=ceiling)),
        "gompertz": _saturating(lambda v, ceiling: Gompertz(rate=v["rate"], ceiling=ceiling)),
        "richards": _saturating(lambda v, ceiling: Richards(rate=v["rate"], ceiling=ceiling, asymmetry=v["asymmetry"])),
        "bass": _saturating(
            lambda v, ceiling: Bass(innovation=v["innovation"], imitation=v["imitation"], ceiling=ceiling)
        ),
    }
)
CONTINUED = frozenset(_CURVES)
"""Curves that carry a consensus or a history on."""
