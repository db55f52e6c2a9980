"""Least squares in a curve's own parameters, where some are given, have priors, or start from a guess.

Parameters are searched on scales without bounds: logarithms of sizes, rates per span of the history, normal scores
of priors. Arrays carry the problems on their last axis, as in `solver`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from forecast.distributions import Distribution
from forecast.growth.curve import Curve, SaturatingCurve
from forecast.growth.damped import Damped
from forecast.growth.linear import Linear
from forecast.growth.piecewise import Piecewise
from forecast.growth.solver import Array, Indices, Solution, minimize

_STEP = 6e-6
"""Step of central differences: the cube root of the machine's precision."""
_FARTHEST = 420.0
"""Logarithm of a ceiling over the largest value, beyond which no curve tells it from none."""

_LOGS = ("start", "ceiling", "innovation", "half_life")


@dataclass(frozen=True)
class DirectProblem:
    """Histories that share their times, to be fitted in the curve's own parameters.

    Parameters
    ----------
    curve
        Class of the curve.
    times
        Years since the start value, shape (n,).
    values
        Shape (n, b).
    free
        Names of the parameters to search, `start` among them unless it is given.
    given
        Values of the others, each of shape (b,).
    priors
        Distributions of some of the free ones.
    noise
        Standard deviation of the errors, which weighs the priors, shape (b,).
    proportional
        Whether errors are in proportion to the size.
    observed
        What the values are: `level`, `additions` in a year or momentary `rate` of change.
    breaks
        Of a piecewise curve.
    """

    curve: type[Curve]
    times: Array
    values: Array
    free: tuple[str, ...]
    given: Mapping[str, Array]
    priors: Mapping[str, Distribution]
    noise: Array
    proportional: bool = False
    observed: str = "level"
    breaks: tuple[float, ...] = ()

    @property
    def span(self) -> float:
        """Years from the first to the last value."""
        return float(np.ptp(self.times))

    @property
    def size(self) -> Array:
        """Largest value of each history, the unit of amounts, shape (b,)."""
        return np.max(self.values, axis=0)

    @property
    def _amounts(self) -> tuple[str, ...]:
        """Parameters that may be below 0: amounts in the unit of the values."""
        return ("start", "slope") if issubclass(self.curve, Linear | Damped) else ()

    def encode(self, parameters: Mapping[str, Array]) -> Array:
        """Free parameters on their scales without bounds, shape (k, ...)."""
        return np.stack([np.asarray(self._encode(name, parameters), float) for name in self.free])

    def _encode(self, name: str, parameters: Mapping[str, Array]) -> Array:
        value = parameters[name]
        if name in self.priors:
            return special.ndtri(np.clip(self.priors[name].cdf(value), 1e-12, 1 - 1e-12))
        if name in self._amounts:
            return value / self.size
        if name == "innovation":
            return np.log(value - self._least_innovation(parameters))
        if name in _LOGS:
            return np.log(value)
        if name == "rate":
            return value * self.span
        if name == "imitation":
            return np.log(value + parameters["innovation"])
        if name == "damping":
            return special.logit(np.clip((value - 0.05) / 0.95, 1e-9, 1 - 1e-9))
        return np.log1p(value) * (1 if name == "asymmetry" else self.span)

    def decode(self, coded: Array, index: Indices) -> dict[str, Array]:
        """All parameters from coded free ones of shape (k, ..., b)."""
        parameters = {name: np.broadcast_to(value[index], coded.shape[1:]) for name, value in self.given.items()}
        for name, code in zip(self.free, coded, strict=True):
            parameters[name] = self._decode(name, code, parameters, index)
        return parameters

    def _decode(self, name: str, code: Array, parameters: Mapping[str, Array], index: Indices) -> Array:
        if name in self.priors:
            return self._within_bounds(name, self.priors[name].from_score(code))
        if name in self._amounts:
            return code * self.size[index]
        if name == "innovation":
            return np.exp(np.clip(code, -690, 690)) + self._least_innovation(parameters)
        if name == "ceiling":
            return np.exp(np.clip(code, -690, np.log(self.size[index]) + _FARTHEST))
        if name in _LOGS:
            return np.exp(np.clip(code, -690, 690))
        if name == "rate":
            return code / self.span
        if name == "imitation":
            return np.exp(np.clip(code, -690, 690)) - parameters["innovation"]
        if name == "damping":
            return 0.05 + 0.95 * special.expit(code)
        return np.expm1(np.clip(code / (1 if name == "asymmetry" else self.span), -30, 690))

    def _least_innovation(self, parameters: Mapping[str, Array]) -> Array | float:
        """Coefficient of innovation below which a given negative imitation leaves no growth."""
        if "imitation" not in self.given:
            return 0.0
        return np.maximum(-(1 + 1e-9) * parameters["imitation"], 0.0)

    def _within_bounds(self, name: str, value: Array) -> Array:
        """Values of a prior, not a number where the curve takes none such."""
        if name in self._amounts or name in ("rate", "imitation"):
            return value
        return np.where(value > (0.0 if name in (*_LOGS, "damping") else -1.0), value, np.nan)

    def build(self, parameters: Mapping[str, Any]) -> tuple[Array, Curve]:
        """Start value and curve of the parameters, which are not checked: on the way to an optimum any may come up."""
        rest = {name: value for name, value in parameters.items() if name != "start"}
        if issubclass(self.curve, Piecewise):
            growth = np.stack([rest[f"growth_{piece}"] for piece in range(1, len(self.breaks) + 2)], axis=-1)
            rest = {"growth": growth, "breaks": self.breaks}
        curve = object.__new__(self.curve)
        for name, value in rest.items():
            object.__setattr__(curve, name, value)
        return parameters["start"], curve

    def predict(self, coded: Array, index: Indices, times: Array) -> Array:
        """What the curve says of the observed quantity, shape (m, ..., b)."""
        start, curve = self.build(self.decode(coded, index))
        return np.moveaxis(observe(curve, start, times, self.observed), -1, 0)

    def evaluate(self, coded: Array, index: Indices) -> tuple[Array, Array]:
        """Residuals and Jacobian, with a row for each prior."""
        with np.errstate(all="ignore"):
            found, slopes = self.sensitivity(coded, index, self.times)
            values = self.values[:, index]
            if self.proportional:
                found, slopes, values = np.log(found), slopes / found, np.log(values)
        residuals = np.concatenate([found - values, *self._prior_rows(coded, index)])
        return residuals, np.concatenate([slopes, *self._prior_slopes(index)], axis=1)

    def sensitivity(self, coded: Array, index: Indices, times: Array) -> tuple[Array, Array]:
        """Prediction (m, b) and its derivatives by the coded parameters (k, m, b), by central differences."""
        size = len(coded)
        shifts = _STEP * np.concatenate([np.zeros((1, size)), np.eye(size), -np.eye(size)])
        found = self.predict(coded[:, None, :] + shifts.T[:, :, None], index, times)
        slopes = (found[:, 1 : size + 1] - found[:, size + 1 :]) / (2 * _STEP)
        return found[:, 0], np.moveaxis(slopes, 1, 0)

    def _prior_rows(self, coded: Array, index: Indices) -> list[Array]:
        return [
            (self.noise[index] * code)[None] for name, code in zip(self.free, coded, strict=True) if name in self.priors
        ]

    def _prior_slopes(self, index: Indices) -> list[Array]:
        unit = np.eye(len(self.free))
        noise = self.noise[index]
        return [
            np.broadcast_to(unit[i][:, None, None] * noise, (len(self.free), 1, len(index)))
            for i, name in enumerate(self.free)
            if name in self.priors
        ]

    def solve(self, start: Array, limit: int = 300) -> Solution:
        """Descend from coded parameters of shape (k, b)."""
        with np.errstate(all="ignore"):
            data = np.log(self.values) if self.proportional else self.values
        return minimize(self.evaluate, start, size=np.sum(data**2, axis=0), longest=2.0, limit=limit)


def observe(curve: Curve, start: Array, times: Array, observed: str) -> Array:
    """Level, yearly additions or momentary rate of change of a curve, shape (..., times)."""
    if observed == "additions":
        return curve.additions(start, times)
    path = curve.path(start, times)
    if observed == "level":
        return path
    assert isinstance(curve, SaturatingCurve)
    return np.moveaxis(curve.slope(np.moveaxis(path, -1, 0)), 0, -1)
