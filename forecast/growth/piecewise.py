"""Constant growth that changes at given years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.errors import Problem
from forecast.growth.curve import Curve, raise_problems

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from forecast.growth.curve import Array


def years_in_pieces(breaks: ArrayLike, elapsed: ArrayLike) -> Array:
    """Years of each piece that lie between the start and `elapsed`, shape (..., years, pieces).

    Examples
    --------
    >>> years_in_pieces([3.0], [2, 5]).tolist()
    [[2.0, 0.0], [3.0, 2.0]]
    """
    inner = np.asarray(breaks, float)
    low, high = np.concatenate([[-np.inf], inner]), np.concatenate([inner, [np.inf]])
    return np.clip(np.asarray(elapsed, float)[..., None], low, high) - np.clip(0.0, low, high)


@dataclass(frozen=True)
class Piecewise(Curve):
    r"""Compound growth that is constant between breaks.

    .. math:: \ln y(t) = \ln y_0 + \sum_j \ln(1 + g_j) \cdot \text{years of piece } j \text{ up to } t

    Parameters
    ----------
    growth
        Compound growth a year in each piece, above -1, shape (pieces,) or (..., pieces).
    breaks
        Years since the start at which the growth changes, ascending and above 0, shape (pieces - 1,).

    Examples
    --------
    >>> Piecewise(growth=(0.20, 0.05), breaks=(2,)).path(100, [1, 2, 3]).round(1).tolist()
    [120.0, 144.0, 151.2]
    """

    growth: tuple[float, ...] | Array
    breaks: tuple[float, ...] | Array = ()

    def __post_init__(self) -> None:
        problems = self._require("growth", above=-1) + self._require("breaks")
        pieces, breaks = np.shape(self.growth)[-1:], np.asarray(self.breaks, float)
        if pieces != (breaks.size + 1,):
            found = f"{pieces[0] if pieces else 0} rates with {breaks.size} breaks"
            problems.append(Problem("piecewise, growth", found, "one rate more than breaks"))
        if np.any(np.diff(breaks) <= 0):
            problems.append(Problem("piecewise, breaks", f"{breaks.tolist()}", "ascending years"))
        raise_problems(problems)

    def path(self, start: ArrayLike, elapsed: ArrayLike) -> Array:
        return np.asarray(start, float)[..., None] * np.exp(self._log_growth(elapsed))

    def _log_growth(self, elapsed: ArrayLike) -> Array:
        rates = np.log1p(np.asarray(self.growth, float))[..., None, :]
        return np.sum(years_in_pieces(self.breaks, elapsed) * rates, axis=-1)

    def time_to(self, start: ArrayLike, value: ArrayLike) -> Array:
        grown = np.log(np.asarray(value, float) / np.asarray(start, float))
        rates = np.log1p(np.asarray(self.growth, float))
        ends = np.concatenate([[0.0], np.asarray(self.breaks, float)])
        reached = self._log_growth(ends)
        with np.errstate(divide="ignore", invalid="ignore"):
            years = ends + (grown[..., None] - reached) / rates
        lasts = np.concatenate([ends[1:], [np.inf]])
        firsts = np.concatenate([[-np.inf], ends[1:]])
        inside = (years >= firsts) & (years <= lasts)
        return np.min(np.where(inside, years, np.inf), axis=-1)
