"""Growth that fades with a half-life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from forecast.growth.curve import Curve, column, never_infinite, raise_problems

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from forecast.growth.curve import Array


def faded_years(half_life: ArrayLike, elapsed: ArrayLike) -> Array:
    r"""Years of undiminished growth that growth fading with a half-life is worth.

    .. math:: S_k = \frac{1 - \varphi^k}{1 - \varphi}, \quad \varphi = 2^{-1/H}

    Parameters
    ----------
    half_life
        Years in which growth loses half of its distance to the terminal growth, shape (...).
    elapsed
        Years since the start value, shape (years,).

    Returns
    -------
    Array
        Shape (..., years).

    Examples
    --------
    >>> faded_years(1.0, [0, 1, 2, 3]).tolist()
    [0.0, 1.0, 1.5, 1.75]
    """
    decay = np.log(2) / column(half_life)
    return np.asarray(np.expm1(-decay * np.asarray(elapsed, float)) / np.expm1(-decay))


@dataclass(frozen=True)
class Fading(Curve):
    r"""Growth that starts at one rate and fades to a terminal one; the fade has a half-life.

    .. math:: \ln y(k) = \ln y_0 + S_k \ln(1 + g) + (k - S_k) \ln(1 + \theta), \quad
              S_k = \frac{1 - \varphi^k}{1 - \varphi}, \quad \varphi = 2^{-1/H}

    The first year grows by `growth` in full; each later year's log growth is nearer to the terminal one by φ.

    Parameters
    ----------
    growth
        Compound growth of the first year, above -1.
    terminal
        Compound growth a year that it fades to, above -1.
    half_life
        Years in which half of the distance is gone, above 0.

    Examples
    --------
    >>> Fading(growth=0.20, terminal=0.04, half_life=3).path(100, [0, 1, 2, 10]).round(1).tolist()
    [100.0, 120.0, 139.8, 276.5]
    """

    growth: float | Array
    terminal: float | Array
    half_life: float | Array

    def __post_init__(self) -> None:
        raise_problems(self._require("growth", "terminal", above=-1) + self._require("half_life"))

    def path(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        return column(start) * np.exp(self._log_growth(elapsed))

    def log_path(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        return np.log(column(start)) + self._log_growth(elapsed)

    def _log_growth(self, elapsed: ArrayLike) -> Array:
        full = faded_years(self.half_life, elapsed)
        rest = np.asarray(elapsed, float) - full
        return full * column(np.log1p(self.growth)) + rest * column(np.log1p(self.terminal))

    def time_to(self, start: ArrayLike, value: ArrayLike) -> Array:
        r"""Years until the curve passes `value`, by Lambert's W.

        With λ = ln 2 / H, A = (g - θ)/(1 - φ) and x = ln(value/start), x = θk + A(1 - e^{-λk}) has the root
        k = (x - A)/θ + W(c)/λ, c = (λA/θ) exp(-λ(x - A)/θ). A path that turns passes a value twice: W's lower branch
        is the passage before the turn.
        """
        decay, terminal = np.log(2) / np.asarray(self.half_life, float), np.log1p(self.terminal)
        above = (np.log1p(self.growth) - terminal) / -np.expm1(-decay)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            grown = np.log(np.asarray(value, float) / np.asarray(start, float))
            scaled = decay * (grown - above) / terminal
            slope = terminal + decay * above
            before_turn = (slope * terminal < 0) & (slope * grown > 0)
            curved = (scaled + _lambert(decay * above / terminal, -scaled, before_turn)) / decay
            straight = -np.log1p(-grown / above) / decay
        return never_infinite(np.where(terminal == 0, straight, curved))


def _lambert(factor: Array, exponent: Array, lower: NDArray[np.bool_]) -> Array:
    """W(factor * e^exponent): Wright's omega for a positive factor, which cannot overflow."""
    branch, argument = np.broadcast_arrays(np.where(lower, -1, 0), factor * np.exp(exponent))
    complex_root = special.lambertw(argument, branch)
    root = np.where(complex_root.imag == 0, complex_root.real, np.nan)
    return np.where(factor > 0, special.wrightomega(np.log(np.abs(factor)) + exponent).real, root)
