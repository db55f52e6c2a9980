"""Variable projection: the scale of a curve is solved for exactly, so that only its shape is searched.

Golub, G. H., Pereyra, V. (1973), doi:10.1137/0710036; the Jacobian is Kaufman's (1975, doi:10.1007/BF01932995).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.growth.forms import Form
from forecast.growth.solver import Array, Indices, minimize

_LONGEST = 1.0
"""Longest step of a shape parameter: logarithms, so at most a factor of e."""
_BATCH = 2000
"""Histories searched at once."""
_POOR = 0.2
"""Share of the variation left over above which other starting values are tried."""


@dataclass(frozen=True)
class ShapeFit:
    """Best scale and shape of each history."""

    scale: Array
    """Shape (b,)."""
    theta: Array
    """Parameters of the form, shape (k, b)."""
    direction: Array
    """1, or -1 where the curve runs in reversed time, shape (b,)."""
    rss: Array
    """Sum of squared residuals, shape (b,)."""
    converged: NDArray[np.bool_]
    """Shape (b,)."""

    def some(self, which: Indices) -> ShapeFit:
        """Some of the histories."""
        return ShapeFit(*(getattr(self, name)[..., which] for name in self.__dataclass_fields__))

    def put(self, which: Indices, others: ShapeFit) -> None:
        """Put other fits in place of some."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[..., which] = getattr(others, name)


@dataclass(frozen=True)
class ShapeProblem:
    """Histories that share their times, to be fitted by one form.

    Parameters
    ----------
    form
        How the curve is written.
    values
        Shape (n, b).
    proportional
        Whether errors are in proportion to the size: least squares of logarithms.
    additions
        Whether the values are what the curve adds in the year that ends at each time.
    """

    form: Form
    values: Array
    proportional: bool = False
    additions: bool = False

    def shape(self, theta: Array, direction: Array) -> tuple[Array, Array]:
        """What the form says of the values, per unit of scale, and its derivatives."""
        at_end, by_end = self._at(self.form.times, theta, direction)
        if not self.additions:
            return at_end, by_end
        at_begin, by_begin = self._at(self.form.times - 1, theta, direction)
        return at_end - at_begin, by_end - by_begin

    def _at(self, times: Array, theta: Array, direction: Array) -> tuple[Array, Array]:
        column = times[:, None]
        if not self.form.two_way or np.all(direction > 0):
            return self.form.shape(theta, column)
        return self.form.shape(theta, self.form.middle + direction * (column - self.form.middle))

    def solve(self) -> ShapeFit:
        """Search the best shape of every history: all candidates of the grid by one product, then a descent.

        Where that ends in a poor fit, as for a history that hardly changes, descents from other candidates follow.
        """
        direction, grid = self._direction(), self.form.grid()
        candidates = np.empty(len(direction), np.intp)
        for way in np.unique(direction):
            candidates[direction == way] = self._best_candidates(grid, way, direction == way)
        fit = self._descend(grid[:, candidates], direction)
        poor = np.flatnonzero(fit.rss > _POOR * self._variation())
        fine = self.form.fine_grid() if poor.size else None
        if fine is not None:
            fit.put(poor, replace(self, values=self.values[:, poor])._try_others(fine, fit.some(poor)))
        return fit

    def _try_others(self, fine: Array, first: ShapeFit) -> ShapeFit:
        """The best of a first fit and of the descents from the best candidate of each group, in both directions."""
        count = self.values.shape[1]
        ways = (1.0, -1.0) if self.form.two_way and not self.additions else (1.0,)
        picked = [
            (group[:, self._best_candidates(group, way)], way) for way in ways for group in np.moveaxis(fine, 1, 0)
        ]
        starts = np.concatenate([start for start, _ in picked], axis=1)
        repeated = replace(self, values=np.tile(self.values, len(picked)))
        found = repeated._descend(starts, np.repeat([way for _, way in picked], count))
        every = ShapeFit(
            *(np.concatenate([getattr(part, n) for part in (first, found)], -1) for n in ShapeFit.__dataclass_fields__)
        )
        best = np.argmin(every.rss.reshape(-1, count), axis=0)
        return every.some(best * count + np.arange(count))

    def _variation(self) -> Array:
        """Sum of squares about the mean, shape (b,)."""
        data = np.log(self.values) if self.proportional else self.values
        return np.sum((data - np.mean(data, axis=0)) ** 2, axis=0)

    def parameters(self, fit: ShapeFit, moment: float) -> dict[str, Array]:
        """Parameters of the curve, with the value at one `moment` as its start."""
        with np.errstate(all="ignore"):
            at_moment = self._at(np.full(1, moment), fit.theta, fit.direction)[0][0]
            return {"start": fit.scale * at_moment} | self.form.parameters(fit.scale, fit.theta, fit.direction)

    def _direction(self) -> Array:
        """-1 for histories that fall more than they rise, where the curve may fall."""
        lean = (self.form.times - self.form.middle) @ self.values
        return np.where(self.form.two_way and not self.additions, np.where(lean < 0, -1.0, 1.0), np.ones_like(lean))

    def _best_candidates(self, grid: Array, way: float, which: NDArray[np.bool_] | slice = slice(None)) -> Indices:
        """Candidate of a grid that explains most of each history; single precision is enough to choose."""
        with np.errstate(all="ignore"):
            shapes, data = self.shape(grid, np.full(1, way))[0], self.values[:, which]
            if self.proportional:
                shapes, data = (np.log(part) - np.mean(np.log(part), axis=0) for part in (shapes, data))
            else:
                data = data / np.max(data, axis=0)
            size = np.sqrt(np.sum(shapes**2, axis=0))
            usable = np.isfinite(size) & (size > 0)
            unit = np.where(usable, shapes / size, 0.0).astype(np.float32)
            along = data.T.astype(np.float32) @ unit
            gain = 2 * along * size - size**2 if self.proportional else along
        return np.argmax(np.where(usable, gain, -np.inf) if self.proportional else gain, axis=1)

    def _descend(self, start: Array, direction: Array) -> ShapeFit:
        def evaluate(theta: Array, index: Indices) -> tuple[Array, Array]:
            return self._projected(theta, index, direction[index])[1:]

        data = np.log(self.values) if self.proportional else self.values
        found = minimize(evaluate, start, size=np.sum(data**2, axis=0), longest=_LONGEST)
        scale = self._projected(found.parameters, np.arange(start.shape[1]), direction)[0]
        return ShapeFit(scale, found.parameters, direction, found.rss, found.converged)

    def _projected(self, theta: Array, index: Indices, direction: Array) -> tuple[Array, Array, Array]:
        """Best scale of a shape, its residuals and their Jacobian."""
        with np.errstate(all="ignore"):
            shape, slopes = self.shape(theta, direction)
            if self.proportional:
                return _project_logs(shape, slopes, np.log(self.values[:, index]))
            return _project(shape, slopes, self.values[:, index])


def _project(shape: Array, slopes: Array, values: Array) -> tuple[Array, Array, Array]:
    size = np.einsum("nb,nb->b", shape, shape)
    scale = np.einsum("nb,nb->b", shape, values) / size
    along = np.einsum("knb,nb->kb", slopes, shape) / size
    jacobian = slopes - along[:, None] * shape
    jacobian *= scale
    return scale, scale * shape - values, jacobian


def _project_logs(shape: Array, slopes: Array, logs: Array) -> tuple[Array, Array, Array]:
    gap = np.log(shape) - logs
    mean = np.mean(gap, axis=0)
    relative = slopes / shape
    return np.exp(-mean), gap - mean, relative - np.mean(relative, axis=1, keepdims=True)


def solve_shapes(problem: ShapeProblem) -> ShapeFit:
    """Fit any number of histories, some thousands at a time."""
    count = problem.values.shape[1]
    if count <= _BATCH:
        return problem.solve()
    parts = [
        replace(problem, values=problem.values[:, first : first + _BATCH]).solve() for first in range(0, count, _BATCH)
    ]
    joined = [
        np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in ShapeFit.__dataclass_fields__
    ]
    return ShapeFit(*joined)
