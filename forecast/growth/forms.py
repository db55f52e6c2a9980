"""Each curve as it is fitted: a scale, which is linear and solved for exactly, times a shape.

A form's shape is written in parameters without bounds, around the middle of the history, where its scale is best
known; falling S-curves are rising ones in reversed time. Arrays carry the problems on their last axis: shape
parameters (k, b), times (n, b) or (n, 1), shapes (n, b), derivatives (k, n, b).
"""

# ruff: noqa: ARG002 (every form takes the same arguments, whether its curve needs them or not)

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from forecast.growth.damped import damped_years
from forecast.growth.fading import faded_years
from forecast.growth.piecewise import years_in_pieces

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecast.growth.solver import Array

_RATES = np.geomspace(0.4, 60.0, 18)
"""Rates tried first, in units of one over the span of the history."""
_MIDDLES = np.linspace(-1.0, 2.5, 22)
"""Inflections tried first, in spans from the middle of the history."""


_OPEN = -18.0
"""Logarithm at which a ceiling counts as infinitely far: beyond it nothing in the data changes."""
_ABOVE = 400.0
"""Logarithm of a ceiling over the value in the middle at which a Gompertz curve counts as exponential."""
_ABOVE_LOG = float(np.log(_ABOVE))
_INNOVATORS = float(np.log(1e6))
"""Logarithm of innovation over innovation and imitation at which a Bass curve is a step."""
_FINE_RATES = np.geomspace(0.2, 150.0, 9)
"""Rates tried where no curve describes a history well, up to a step between two values."""
_FINE_MIDDLES = np.linspace(-1.2, 1.2, 73)
"""Inflections tried with them."""


@dataclass(frozen=True)
class Form(ABC):
    """A curve as it is fitted.

    Parameters
    ----------
    times
        Years since the start value at which values are known, shape (n,).
    """

    times: Array

    two_way = False
    """Whether the curve is also tried in reversed time."""

    @property
    def middle(self) -> float:
        """Time around which the shape is written."""
        return float(np.mean(self.times))

    @property
    def span(self) -> float:
        """Years from the first to the last value."""
        return float(np.ptp(self.times))

    @abstractmethod
    def grid(self) -> Array:
        """Shape parameters to start from, shape (k, candidates)."""

    def fine_grid(self) -> Array | None:
        """More to start from where the first descent ends in a poor fit, shape (k, groups, candidates).

        The best of each group is tried. None where one descent is enough.
        """
        return None

    @abstractmethod
    def shape(self, theta: Array, times: Array) -> tuple[Array, Array]:
        """Shape (n, b) and its derivatives (k, n, b) at `times`."""

    @abstractmethod
    def parameters(self, scale: Array, theta: Array, direction: Array) -> dict[str, Array]:
        """Parameters of the curve, without the start value, each of shape (b,)."""


class ConstantForm(Form):
    """Exponential around the middle: log shape = g (t - c)."""

    def grid(self) -> Array:
        return np.linspace(-12, 25, 75)[None] / self.span

    def shape(self, theta: Array, times: Array) -> tuple[Array, Array]:
        elapsed = times - self.middle
        shape = np.exp(theta[0] * elapsed)
        return shape, (elapsed * shape)[None]

    def parameters(self, scale: Array, theta: Array, direction: Array) -> dict[str, Array]:
        return {"growth": np.expm1(theta[0])}


class FadingForm(Form):
    """Log shape = S g + (t - S) θ, with the half-life kept between a quarter of a year and four spans."""

    def grid(self) -> Array:
        first, terminal = np.linspace(-3, 15, 13) / self.span, np.linspace(-4, 6, 11) / self.span
        cells = np.meshgrid(first, terminal, np.linspace(-3, 3, 5), indexing="ij")
        return np.stack([cell.ravel() for cell in cells])

    def shape(self, theta: Array, times: Array) -> tuple[Array, Array]:
        full, slope = self._faded(theta[2], times)
        first, terminal = theta[0], theta[1]
        shape = np.exp(full * first + (times - full) * terminal)
        return shape, shape * np.stack([full, np.broadcast_to(times - full, shape.shape), slope * (first - terminal)])

    def _faded(self, bounded: Array, times: Array) -> tuple[Array, Array]:
        """S and its derivative by the unbounded half-life."""
        step = 1e-5
        values = [
            faded_years(self.half_life(bounded + shift), np.broadcast_to(times, (len(times), len(bounded))).T).T
            for shift in (0.0, step, -step)
        ]
        return values[0], (values[1] - values[2]) / (2 * step)

    def half_life(self, bounded: Array) -> Array:
        """Half-life of a number without bounds."""
        return 0.25 + (4 * self.span - 0.25) * special.expit(bounded)

    def parameters(self, scale: Array, theta: Array, direction: Array) -> dict[str, Array]:
        growth, terminal = np.expm1(theta[0]), np.expm1(theta[1])
        return {"growth": growth, "terminal": terminal, "half_life": self.half_life(theta[2])}


@dataclass(frozen=True)
class PiecewiseForm(Form):
    """Log shape = sum of rate times years in each piece."""

    breaks: tuple[float, ...] = ()

    def grid(self) -> Array:
        rates = np.linspace(-8, 16, 9) / self.span
        cells = np.meshgrid(*[rates] * min(len(self.breaks) + 1, 4), indexing="ij")
        some = np.stack([cell.ravel() for cell in cells])
        return np.concatenate([some, *[some[-1:]] * (len(self.breaks) + 1 - len(some))])

    def shape(self, theta: Array, times: Array) -> tuple[Array, Array]:
        years = np.moveaxis(years_in_pieces(self.breaks, times[:, 0]), -1, 0)[..., None]
        shape = np.exp(np.sum(years * theta[:, None], axis=0))
        return shape, years * shape

    def parameters(self, scale: Array, theta: Array, direction: Array) -> dict[str, Array]:
        return {f"growth_{piece}": np.expm1(rate) for piece, rate in enumerate(theta, start=1)}


class LinearForm(Form):
    """Shape = 1 + ρ (t - c), so that the scale is the mean."""

    def grid(self) -> Array:
        return np.linspace(-4, 4, 33)[None] / self.span

    def shape(self, theta: Array, times: Array) -> tuple[Array, Array]:
        elapsed = times - self.middle
        shape = 1 + theta[0] * elapsed
        return shape, np.broadcast_to(elapsed, shape.shape)[None]

    def parameters(self, scale: Array, theta: Array, direction: Array) -> dict[str, Array]:
        return {"slope": scale * theta[0]}


class DampedForm(Form):
    """Shape = 1 + ρ (D(t) - mean D), D the sum of powers of the damping, which is kept between .05 and 1."""

    def grid(self) -> Array:
        cells = np.meshgrid(np.linspace(-6, 6, 33) / self.span, np.linspace(-3, 4, 15), indexing="ij")
        return np.stack([cell.ravel() for cell in cells])

    def shape(self, theta: Array, times: Array) -> tuple[Array, Array]:
        step = 1e-5
        ratio, bounded = theta
        here, above, below = (self._centred(bounded + shift, times) for shift in (0.0, step, -step))
        return 1 + ratio * here, np.stack([here, ratio * (above - below) / (2 * step)])

    def _centred(self, bounded: Array, times: Array) -> Array:
        damping = self.damping(bounded)
        return damped_years(damping, times[:, 0]).T - np.mean(damped_years(damping, self.times), axis=-1)

    def damping(self, bounded: Array) -> Array:
        """Damping of a number without bounds."""
        return 0.05 + 0.95 * special.expit(bounded)

    def parameters(self, scale: Array, theta: Array, direction: Array) -> dict[str, Array]:
        return {"slope": scale * theta[0], "damping": self.damping(theta[1])}


class LogisticForm(Form):
    """Shape = 1 / (1 + e^{-z}), z = a + e^ρ (t - last); a ceiling without end is a -> -∞."""

    two_way = True

    def grid(self) -> Array:
        return self._starts(_RATES, _MIDDLES).reshape(2, -1)

    def fine_grid(self) -> Array | None:
        return self._starts(_FINE_RATES, _FINE_MIDDLES)

    def _starts(self, rates: Array, middles: Array) -> Array:
        rate, middle = np.meshgrid(rates, middles, indexing="ij")
        return np.stack([np.log(rate / self.span), rate * (0.5 - middle)])

    def shape(self, theta: Array, times: Array) -> tuple[Array, Array]:
        turn = np.exp(theta[0]) * (times - self.middle - self.span / 2)
        shape = special.expit(np.maximum(theta[1], _OPEN) + turn)
        slopes = np.empty((2, *shape.shape))
        by_z = shape * (1 - shape)
        np.multiply(by_z, turn, out=slopes[0])
        np.multiply(by_z, theta[1] > _OPEN, out=slopes[1])
        return shape, slopes

    def parameters(self, scale: Array, theta: Array, direction: Array) -> dict[str, Array]:
        return {"rate": direction * np.exp(theta[0]), "ceiling": scale}


class GompertzForm(Form):
    """Log shape = e^γ φ(t - c), φ = (1 - e^{-rt})/r, r = e^ρ; without a ceiling r -> 0, which ends at e^γ / 400."""

    two_way = True

    def grid(self) -> Array:
        return self._starts(_RATES, _MIDDLES).reshape(2, -1)

    def fine_grid(self) -> Array | None:
        return self._starts(_FINE_RATES, _FINE_MIDDLES)

    def _starts(self, rates: Array, middles: Array) -> Array:
        rate, middle = np.meshgrid(rates, middles, indexing="ij")
        return np.stack([np.log(rate / self.span) + np.clip(rate * middle, -8, 5), np.log(rate / self.span)])

    def shape(self, theta: Array, times: Array) -> tuple[Array, Array]:
        elapsed, growth, rate = times - self.middle, np.exp(theta[0]), self._rate(theta)
        gone = -np.expm1(np.minimum(-rate * elapsed, 300.0))
        log_shape = growth / rate * gone
        shape = np.exp(log_shape)
        slopes = np.empty((2, *shape.shape))
        np.multiply(shape, log_shape, out=slopes[0])
        np.multiply(shape, elapsed * (1 - gone), out=slopes[1])
        slopes[1] *= growth
        slopes[1] -= slopes[0]
        open_ended = theta[1] < theta[0] - _ABOVE_LOG
        if np.any(open_ended):
            slopes[0] += open_ended * slopes[1]
            slopes[1] *= ~open_ended
        return shape, slopes

    def _rate(self, theta: Array) -> Array:
        return np.exp(np.maximum(theta[1], theta[0] - _ABOVE_LOG))

    def parameters(self, scale: Array, theta: Array, direction: Array) -> dict[str, Array]:
        rate = self._rate(theta)
        return {"rate": direction * rate, "ceiling": scale * np.exp(np.exp(theta[0]) / rate)}


class BassForm(Form):
    """Shape = (1 - E)/(p + (s - p)E), E = e^{-st}, from nothing at time 0; the scale is m p; s = p + q."""

    def grid(self) -> Array:
        return self._starts(_RATES, 24).reshape(2, -1)

    def fine_grid(self) -> Array | None:
        return self._starts(_FINE_RATES, 73)

    def _starts(self, rates: Array, shares: int) -> Array:
        rate, share = np.meshgrid(rates, np.geomspace(1e-7, 1.5, shares), indexing="ij")
        return np.log(np.stack([rate * share, rate]) / self.span)

    def shape(self, theta: Array, times: Array) -> tuple[Array, Array]:
        p, s = np.exp(self._bounded(theta))
        exponent = -s * times
        gone, left = -np.expm1(exponent), np.exp(exponent)
        over = 1 / (p + (s - p) * left)
        shape = gone * over
        slopes = np.empty((2, *shape.shape))
        np.multiply(shape * shape, np.where(theta[0] > self._fewest, -p, 0.0), out=slopes[0])
        np.multiply(s * left * over, times * (1 + (s - p) * shape) - shape, out=slopes[1])
        at_most = theta[0] > theta[1] + _INNOVATORS
        if np.any(at_most):
            slopes[1] += at_most * slopes[0]
            slopes[0] *= ~at_most
        return shape, slopes

    @property
    def _fewest(self) -> float:
        return float(_OPEN - np.log(self.span))

    def _bounded(self, theta: Array) -> Array:
        return np.stack([np.clip(theta[0], self._fewest, theta[1] + _INNOVATORS), theta[1]])

    def parameters(self, scale: Array, theta: Array, direction: Array) -> dict[str, Array]:
        p, s = np.exp(self._bounded(theta))
        return {"innovation": p, "imitation": s - p, "ceiling": scale / p}


class RichardsForm(Form):
    """Shape = ((1 + ν e^{-z})/(1 + ν e^{-a}))^{-1/ν}, z = a + e^ρ (t - c), 0 before its onset."""

    two_way = True

    def grid(self) -> Array:
        return self._starts(_RATES[::2], _MIDDLES[::2]).reshape(3, -1)

    def fine_grid(self) -> Array | None:
        starts = self._starts(_FINE_RATES, _FINE_MIDDLES[::2])
        return starts.reshape(3, len(_FINE_RATES), -1)

    def _starts(self, rates: Array, middles: Array) -> Array:
        asymmetries = np.array([-0.9, -0.5, -0.2, 0.02, 0.4, 1.0, 2.0, 5.0])
        rate, middle, asymmetry = np.meshgrid(rates, middles, asymmetries, indexing="ij")
        return np.stack([np.log(rate / self.span), -rate * middle, np.log1p(asymmetry)])

    def shape(self, theta: Array, times: Array) -> tuple[Array, Array]:
        step = 1e-5
        shifts = [theta + step * sign * np.eye(3)[i][:, None] for i in range(3) for sign in (1, -1)]
        ends = [self._value(shifted, times) for shifted in shifts]
        slopes = [(ends[2 * i] - ends[2 * i + 1]) / (2 * step) for i in range(3)]
        return self._value(theta, times), np.stack(slopes)

    def _value(self, theta: Array, times: Array) -> Array:
        asymmetry, elapsed = np.expm1(theta[2]), times - self.middle
        room = self._room(theta[1], asymmetry)
        here = special.inv_boxcox(room * np.exp(-np.exp(theta[0]) * elapsed), asymmetry)
        value = special.inv_boxcox(room, asymmetry) / here
        return np.where(np.isfinite(value), value, 0.0)

    def _room(self, turn: Array, asymmetry: Array) -> Array:
        """Distance to the ceiling in the middle, no farther than where nothing in the data changes."""
        return np.minimum(np.exp(-turn), special.boxcox(np.exp(_ABOVE / np.maximum(asymmetry, 1.0)), asymmetry))

    def parameters(self, scale: Array, theta: Array, direction: Array) -> dict[str, Array]:
        asymmetry = np.expm1(theta[2])
        ceiling = scale * special.inv_boxcox(self._room(theta[1], asymmetry), asymmetry)
        return {"rate": direction * np.exp(theta[0]), "ceiling": ceiling, "asymmetry": asymmetry}


FORMS: Mapping[str, type[Form]] = MappingProxyType(
    {
        "constant": ConstantForm,
        "fading": FadingForm,
        "piecewise": PiecewiseForm,
        "damped": DampedForm,
        "linear": LinearForm,
        "logistic": LogisticForm,
        "gompertz": GompertzForm,
        "bass": BassForm,
        "richards": RichardsForm,
    }
)
"""Forms by the name of their curve."""
