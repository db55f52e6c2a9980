"""The curves of a scenario evaluated on nodes: log market after the handover year, before shift, events and noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forecast.errors import ModelError
from forecast.growth import Bass, Constant, Curve, Damped, Fading, Gompertz, Linear, Logistic, Piecewise, Richards
from forecast.scenario.drivers import Driver
from forecast.scenario.growth import Growth, PiecewiseGrowth
from forecast.scenario.segments import Segment

Array = NDArray[np.float64]
Values = Mapping[str, Array]


START, FIRST_GROWTH, ENDS = "start value", "first growth", "ends of pieces"
"""What a curve may use beside its drivers: value and log growth at the handover, years to the end of each piece."""


def _piecewise(v: Values) -> Curve:
    ahead = int(np.sum(v[ENDS] <= 0))
    rates = [v[f"pieces.{position}.growth"] for position in range(ahead, len(v[ENDS]) + 1)]
    return Piecewise(np.stack(rates, axis=-1), v[ENDS][ahead:])


MAKERS: dict[str, Callable[[Values], Curve]] = {
    "constant": lambda v: Constant(v["growth"]),
    "fading": lambda v: Fading(np.expm1(v[FIRST_GROWTH]), v["terminal_growth"], v["half_life"]),
    "piecewise": _piecewise,
    "linear": lambda v: Linear(v["slope"] * v[START]),
    "damped": lambda v: Damped(v["slope"] * v[START], v["damping"]),
    "logistic": lambda v: Logistic(v["rate"], v["ceiling"]),
    "gompertz": lambda v: Gompertz(v["rate"], v["ceiling"]),
    "richards": lambda v: Richards(v["rate"], v["ceiling"], v["asymmetry"]),
    "bass": lambda v: Bass(v["innovation"], v["imitation"], v["ceiling"]),
}
"""Curve of `forecast.growth` for each curve of the format that has an equation of its own."""


def curve_path(
    growth: Growth,
    years: ArrayLike,
    *,
    handover_year: int,
    log_start: ArrayLike,
    log_growth: ArrayLike = 0.0,
    values: Mapping[str, ArrayLike] | None = None,
    log_ceiling: ArrayLike = 0.0,
) -> Array:
    """Log market in the years after the handover.

    Parameters
    ----------
    growth
        Curve with its drivers; `growth_shift` and `volatility` are left to the caller.
    years
        Calendar years from the handover year on, shape (years,).
    handover_year
        Year of the start value.
    log_start, log_growth
        Log market in the handover year, and its growth in that year (which the fading curve uses), shape (...).
    values
        Numbers for drivers by their key within the table (`half_life`), shape () or (...); a driver that is not
        named is at its median.
    log_ceiling
        Effect of events on the log ceiling, by year, shape (years,) or (..., years).

    Returns
    -------
    array
        Shape (..., years).

    Raises
    ------
    ModelError
        If the path is not positive and finite, as where a line falls below zero.

    Examples
    --------
    >>> from forecast.scenario.growth import FadingGrowth
    >>> growth = FadingGrowth(curve="fading", half_life=1, terminal_growth=0.0)
    >>> curve_path(growth, [2028, 2029, 2030], handover_year=2028, log_start=0.0, log_growth=0.4).round(2).tolist()
    [0.0, 0.4, 0.6]
    """
    if growth.name not in MAKERS:
        raise ModelError(f"the curve {growth.name} has no equation of its own")
    start, first = np.broadcast_arrays(np.exp(np.asarray(log_start, float)), np.asarray(log_growth, float))
    numbers = _numbers(growth, values or {}, start.shape) | {START: start, FIRST_GROWTH: first}
    if isinstance(growth, PiecewiseGrowth):
        numbers[ENDS] = np.array([p.until - handover_year for p in growth.pieces if p.until is not None], float)
    elapsed = np.asarray(years, float) - handover_year
    if growth.has_ceiling and np.any(log_ceiling):
        path = _stepped(growth, numbers, elapsed, np.asarray(log_ceiling, float))
    else:
        path = MAKERS[growth.name](numbers).path(start, elapsed)
    if not np.all(np.isfinite(path) & (path > 0)):
        raise ModelError(f"the curve {growth.name} does not stay above zero in every year")
    return np.log(path)


def _numbers(growth: Growth, given: Mapping[str, ArrayLike], shape: tuple[int, ...]) -> dict[str, Array]:
    medians = {name: driver.distribution.from_score(0.0) for name, driver in growth.drivers.items()}
    return {n: np.broadcast_to(np.asarray(given.get(n, v), float), shape) for n, v in medians.items()}


def _stepped(growth: Growth, values: Values, elapsed: Array, log_ceiling: Array) -> Array:
    """Go year by year, each with its own ceiling; curves with a ceiling depend on nothing but where they are."""
    at, path = values[START], []
    factors = np.broadcast_to(np.exp(log_ceiling), (*at.shape, len(elapsed)))
    for position, step in enumerate(np.diff(elapsed, prepend=0.0)):
        moved = {**values, "ceiling": values["ceiling"] * factors[..., position]}
        at = MAKERS[growth.name](moved).path(at, np.array([step]))[..., 0]
        path.append(at)
    return np.stack(path, axis=-1)


def segment_paths(
    segments: Mapping[str, Segment],
    years: ArrayLike,
    *,
    handover_year: int,
    log_start: ArrayLike,
    log_growth: ArrayLike = 0.0,
    values: Mapping[str, ArrayLike] | None = None,
    balanced: bool = False,
) -> dict[str, Array]:
    """Log market of each segment in the years after the handover; their sum is the bottom-up market.

    Parameters
    ----------
    segments
        By name; each starts from its share of the market, shares scaled to sum to 1, or from a value of its own.
    years, handover_year, log_start, log_growth
        As for `curve_path`, of the whole market.
    values
        Numbers for drivers by their key within the segments (`car_t.share`, `car_t.growth.half_life`).
    balanced
        Whether starts of their own are scaled in proportion, so that they add up to the whole market.

    Returns
    -------
    dict
        By segment, arrays of shape (..., years); the segment's own growth shift is included.
    """
    given = values or {}
    starts = _segment_starts(segments, np.asarray(log_start, float), given, balanced=balanced)
    elapsed = np.asarray(years, float) - handover_year
    paths = {}
    for name, segment in segments.items():
        key = f"{name}.growth."
        own = {at.removeprefix(key): value for at, value in given.items() if at.startswith(key)}
        path = curve_path(
            segment.growth,
            years,
            handover_year=handover_year,
            log_start=starts[name],
            log_growth=log_growth,
            values=own,
        )
        shift = np.asarray(own.get("growth_shift", segment.growth.growth_shift.distribution.from_score(0.0)), float)
        paths[name] = path + shift[..., None] * elapsed
    return paths


def _segment_starts(
    segments: Mapping[str, Segment], log_start: Array, given: Mapping[str, ArrayLike], *, balanced: bool
) -> dict[str, Array]:
    """Log value of each segment in the handover year."""
    shares = {n: _number(s.share, given.get(f"{n}.share")) for n, s in segments.items() if s.share is not None}
    own = {n: _number(s.start, given.get(f"{n}.start")) for n, s in segments.items() if s.start is not None}
    if balanced:
        shares, own = shares | own, {}
    total = sum(shares.values())
    starts = {name: log_start + np.log(share / total) for name, share in shares.items()}
    return starts | {name: np.log(value) + np.zeros(log_start.shape) for name, value in own.items()}


def _number(driver: Driver, given: ArrayLike | None) -> Array:
    return np.asarray(driver.distribution.from_score(0.0) if given is None else given, float)
