"""Least squares of any model, one data set or thousands at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forecast.errors import ArgumentError, Problem
from forecast.growth.solver import Array, Indices, Solution, minimize

_STEP = 6e-6
"""Step of central differences, relative: the cube root of the machine's precision."""
_RESTARTS = 32
"""Points around the start that are tried where the first descent ends on a plateau."""


@dataclass(frozen=True)
class LeastSquaresFit:
    """Parameters that fit a model best.

    Attributes
    ----------
    parameters, standard_errors
        Shape (..., k).
    rss
        Sum of squared residuals, shape (...).
    sigma
        Residual standard deviation, shape (...).
    converged
        Whether the gradient vanished, shape (...).
    """

    parameters: Array
    standard_errors: Array
    rss: Array
    sigma: Array
    converged: NDArray[np.bool_]


def fit_least_squares(
    model: Callable[..., Array], x: ArrayLike, y: ArrayLike, start: ArrayLike, *, limit: int = 1000
) -> LeastSquaresFit:
    r"""Fit any model by least squares, with the solver of the growth curves.

    .. math:: \hat\beta = \arg\min_\beta \sum_i (y_i - f(x_i; \beta))^2, \quad
              \operatorname{cov} \hat\beta = \frac{\text{RSS}}{n - k} (J^T J)^{-1}

    Parameters
    ----------
    model
        Called as model(x, b1, b2, ...) with x of shape (n,) or (n, variables) and each parameter of shape (b, 1);
        returns shape (b, n).
    x
        Shape (n,) or (n, variables).
    y
        Shape (n,), or (b, n) for many data sets.
    start
        Starting values, shape (k,) or (b, k).
    limit
        Most iterations.

    Raises
    ------
    ArgumentError
        If there are no more values than parameters, or numbers are not finite.

    Examples
    --------
    >>> fit = fit_least_squares(lambda x, a, b: a * x**b, [1.0, 2.0, 3.0], [2.1, 7.9, 18.0], [1.0, 1.0])
    >>> fit.parameters.round(3).tolist()
    [1.988, 2.005]
    """
    data, begin = np.asarray(y, float), np.atleast_2d(np.asarray(start, float))
    problem = _Problem(model, np.asarray(x, float), np.atleast_2d(data).T)
    _check(problem.values.T, begin)
    found = problem.solve(np.broadcast_to(begin, (problem.values.shape[1], begin.shape[1])).T.copy(), limit)
    shape, freedom = data.shape[:-1], len(problem.values) - begin.shape[1]
    with np.errstate(all="ignore"):
        errors = np.sqrt(found.rss / freedom * problem.unit_variances(found.parameters))
    return LeastSquaresFit(
        found.parameters.T.reshape(*shape, -1),
        errors.T.reshape(*shape, -1),
        found.rss.reshape(shape),
        np.sqrt(found.rss / freedom).reshape(shape),
        found.converged.reshape(shape),
    )


@dataclass(frozen=True)
class _Problem:
    """A model and its data sets, values (n, b)."""

    model: Callable[..., Array]
    x: Array
    values: Array

    def predict(self, parameters: Array) -> Array:
        """What the model says, shape (n, b)."""
        found = self.model(self.x, *parameters[:, :, None])
        return np.broadcast_to(found, (parameters.shape[1], len(self.values))).T

    def evaluate(self, parameters: Array, index: Indices) -> tuple[Array, Array]:
        """Residuals and Jacobian by central differences."""
        steps = _STEP * np.where(parameters == 0, 1e-6, np.abs(parameters))
        slopes = [
            (self.predict(parameters + step) - self.predict(parameters - step)) / (2 * steps[i])
            for i, step in enumerate(steps[:, None] * np.eye(len(steps))[:, :, None])
        ]
        return self.predict(parameters) - self.values[:, index], np.stack(slopes)

    def unit_variances(self, parameters: Array) -> Array:
        """Diagonal of (J'J)^-1, shape (k, b)."""
        return inverse_diagonal(self.evaluate(parameters, np.arange(self.values.shape[1]))[1])

    def solve(self, start: Array, limit: int) -> Solution:
        """Descend; where that ends on a plateau, descend again from points around the start."""
        found = minimize(self.evaluate, start, size=np.sum(self.values**2, axis=0), limit=limit)
        with np.errstate(all="ignore"):
            stranded = np.flatnonzero(
                ~found.converged | ~np.isfinite(self.unit_variances(found.parameters)).all(axis=0)
            )
        if not stranded.size:
            return found
        again = self._restart(start[:, stranded], stranded, limit)
        better = again.rss < found.rss[stranded]
        replaced = stranded[better]
        found.parameters[:, replaced] = again.parameters[:, better]
        found.rss[replaced] = again.rss[better]
        found.converged[replaced] = again.converged[better]
        return found

    def _restart(self, start: Array, which: Indices, limit: int) -> Solution:
        """Best of several descents from starts whose parameters are moved by up to a factor of a hundred."""
        exponents = _halton(_RESTARTS, len(start))[:, :, None] * 4 - 2
        begins = np.moveaxis(start * 10**exponents, 0, 1).reshape(len(start), -1)
        repeated = _Problem(self.model, self.x, np.tile(self.values[:, which], _RESTARTS))
        size = np.sum(repeated.values**2, axis=0)
        found = minimize(repeated.evaluate, begins, size=size, limit=min(limit, 200))
        rss = found.rss.reshape(_RESTARTS, -1)
        best = np.argmin(rss, axis=0) * rss.shape[1] + np.arange(rss.shape[1])
        return Solution(found.parameters[:, best], found.rss[best], found.converged[best], found.iterations)


def _halton(count: int, dimensions: int) -> Array:
    """Points that fill the unit cube evenly, shape (count, dimensions)."""
    from scipy.stats import qmc

    return qmc.Halton(dimensions, scramble=False).random(count + 1)[1:]


def inverse_diagonal(jacobian: Array) -> Array:
    """Diagonal of (J'J)^-1 of many Jacobians (k, n, b), shape (k, b), by QR: it does not square the condition."""
    return np.diagonal(inverse_normal(jacobian), axis1=1, axis2=2).T


def inverse_normal(jacobian: Array) -> Array:
    """(J'J)^-1 of many Jacobians (k, n, b), shape (b, k, k); infinite on the diagonal for what the data do not show."""
    stacked = np.moveaxis(jacobian, (2, 1), (0, 1))
    scale = np.sqrt(np.sum(stacked**2, axis=1))
    scale = np.where(scale > 0, scale, 1.0)
    triangle = np.asarray(np.linalg.qr(stacked / scale[:, None], mode="r"))
    pivots = np.abs(np.diagonal(triangle, axis1=1, axis2=2))
    sound = np.min(pivots, axis=1) > 1e-11
    identity = np.eye(triangle.shape[-1])
    inverse = np.linalg.inv(np.where(sound[:, None, None], triangle, identity)) / scale[:, :, None]
    normal = inverse @ np.swapaxes(inverse, 1, 2)
    for i in np.flatnonzero(~sound):
        normal[i] = _partial_inverse(triangle[i]) / np.outer(scale[i], scale[i])
    return normal


def _partial_inverse(triangle: Array) -> Array:
    """Pseudo-inverse of R'R, with an infinite variance for each parameter that has a part in its null space."""
    if not np.all(np.isfinite(triangle)):
        return np.diag(np.full(len(triangle), np.inf))
    _, sizes, axes = np.linalg.svd(triangle)
    seen = sizes > 1e-10 * max(sizes[0], 1e-300)
    inverse = (axes[seen].T / sizes[seen] ** 2) @ axes[seen]
    unseen = np.any(np.abs(axes[~seen]) > 1e-4, axis=0)
    inverse[unseen, unseen] = np.inf
    return np.asarray(inverse)


def _check(rows: Array, start: Array) -> None:
    problems = []
    if rows.shape[1] <= start.shape[1]:
        problems.append(Problem("y", f"{rows.shape[1]} values", f"more than the {start.shape[1]} parameters"))
    if not np.all(np.isfinite(rows)):
        problems.append(Problem("y", "values that are not finite", "finite numbers"))
    if not np.all(np.isfinite(start)):
        problems.append(Problem("start", "values that are not finite", "finite numbers"))
    if len(start) not in (1, len(rows)):
        problems.append(
            Problem("start", f"{len(start)} rows", f"one row, or one for each of the {len(rows)} data sets")
        )
    if problems:
        raise ArgumentError(problems)
