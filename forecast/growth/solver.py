"""Batched Levenberg–Marquardt: thousands of small least-squares problems at once.

Arrays carry the problems on their last axis: parameters (k, b), residuals (n, b), Jacobians (k, n, b).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
Evaluate = Callable[[Array, Indices], tuple[Array, Array]]
"""Parameters (k, b) of the problems at the given indices -> residuals (n, b) and their Jacobian (k, n, b)."""

_OFFSET = 1e-14
"""Stop when a step would lower the sum of squares by less than this share of it."""
_ROUNDING = 1e-30
"""... or of the sum of squared data, below which only rounding moves."""
_FEW_DONE = 10
"""One in so many done is worth leaving out."""
_STUCK = 1e14
"""Damping at which no step helps any more."""


@dataclass(frozen=True)
class Solution:
    """Optima of a batch of problems."""

    parameters: Array
    """Shape (k, b)."""
    rss: Array
    """Sum of squared residuals, shape (b,)."""
    converged: NDArray[np.bool_]
    """Whether the gradient vanished, shape (b,)."""
    iterations: int
    """Iterations of the slowest problem."""


@dataclass
class _State:
    """Problems still under way."""

    index: Indices
    parameters: Array
    residuals: Array
    jacobian: Array
    rss: Array
    damping: Array
    growth: Array

    def keep(self, kept: NDArray[np.bool_]) -> _State:
        return _State(*(getattr(self, name)[..., kept] for name in self.__dataclass_fields__))


def minimize(
    evaluate: Evaluate, start: Array, *, size: Array | float = 0.0, longest: float = np.inf, limit: int = 300
) -> Solution:
    """Minimise the sum of squared residuals of each problem.

    Marquardt's scaling by column norms; the damping follows Nielsen's rule.

    Parameters
    ----------
    evaluate
        Residuals and Jacobian of the problems that are still under way.
    start
        Shape (k, b).
    size
        Sum of squares of the data, against which rounding is judged, shape (b,).
    longest
        Longest step of any one parameter.
    limit
        Most iterations.

    References
    ----------
    Marquardt, D. W. (1963), doi:10.1137/0111030. Nielsen, H. B. (1999), "Damping parameter in Marquardt's method".
    """
    problems = start.shape[1]
    best, rss, converged = start.copy(), np.full(problems, np.inf), np.zeros(problems, bool)
    floor = _ROUNDING * np.broadcast_to(np.asarray(size, float), (problems,))
    with np.errstate(all="ignore"):
        state = _begin(evaluate, start)
        iteration = 0
        while state.index.size and iteration < limit:
            iteration += 1
            done, settled = _advance(evaluate, state, floor[state.index], longest)
            best[:, state.index], rss[state.index], converged[state.index] = state.parameters, state.rss, settled
            if np.count_nonzero(done) * _FEW_DONE > done.size:
                state = state.keep(~done)
    return Solution(best, rss, converged & np.isfinite(rss), iteration)


def _begin(evaluate: Evaluate, start: Array) -> _State:
    index = np.arange(start.shape[1])
    residuals, jacobian = evaluate(start, index)
    ones = np.ones(index.size)
    return _State(index, start.copy(), residuals, jacobian, _sum_of_squares(residuals), 1e-2 * ones, 2 * ones)


def _advance(
    evaluate: Evaluate, state: _State, floor: Array, longest: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Try one step for every problem; say which are done, and which of them settled."""
    normal = np.einsum("inb,jnb->ijb", state.jacobian, state.jacobian)
    scale = np.sqrt(np.einsum("kkb->kb", normal))
    scale = np.where(scale > 0, scale, 1.0)
    gradient = np.einsum("knb,nb->kb", state.jacobian, state.residuals) / scale
    normal /= scale[:, None] * scale
    step = -solve_positive(normal, gradient, state.damping)
    promised = np.sum(step * (state.damping * step - gradient), axis=0)
    small = promised <= _OFFSET * state.rss + floor
    trial = state.parameters + np.clip(step / scale, -longest, longest)
    residuals, jacobian = evaluate(trial, state.index)
    rss = _sum_of_squares(residuals)
    _accept(state, rss <= state.rss, trial, residuals, jacobian, rss, promised)
    return small | ~(state.damping < _STUCK), small


def _accept(
    state: _State,
    better: NDArray[np.bool_],
    trial: Array,
    residuals: Array,
    jacobian: Array,
    rss: Array,
    promised: Array,
) -> None:
    gain = (state.rss - rss) / promised
    shrunk = state.damping * np.clip(1 - (2 * gain - 1) ** 3, 0.1, 2.0)
    state.damping = np.where(better, np.where(np.isfinite(shrunk), shrunk, state.damping), state.damping * state.growth)
    state.growth = np.where(better, 2.0, 2 * state.growth)
    if np.all(better):
        state.parameters, state.residuals, state.jacobian, state.rss = trial, residuals, jacobian, rss
        return
    for kept, new in zip(
        (state.parameters, state.residuals, state.jacobian, state.rss), (trial, residuals, jacobian, rss), strict=True
    ):
        np.copyto(kept, new, where=better)


def solve_positive(matrix: Array, vector: Array, ridge: Array | float = 0.0) -> Array:
    """Solve (matrix + ridge I) x = vector for many small positive definite matrices of unit diagonal.

    Parameters
    ----------
    matrix
        Shape (k, k, b).
    vector
        Shape (k, b).
    ridge
        Added to the diagonal, shape (b,).

    Examples
    --------
    >>> solve_positive(np.array([[[4.0]]]), np.array([[12.0]])).tolist()
    [[3.0]]
    """
    size = len(vector)
    lower = np.zeros_like(matrix)
    forward = np.empty_like(vector)
    for i in range(size):
        for j in range(i):
            lower[i, j] = (matrix[i, j] - np.sum(lower[i, :j] * lower[j, :j], axis=0)) / lower[j, j]
        pivot = matrix[i, i] + ridge - np.sum(lower[i, :i] ** 2, axis=0)
        lower[i, i] = np.sqrt(np.maximum(pivot, 1e-300))
        forward[i] = (vector[i] - np.sum(lower[i, :i] * forward[:i], axis=0)) / lower[i, i]
    solution = np.empty_like(vector)
    for i in reversed(range(size)):
        solution[i] = (forward[i] - np.sum(lower[i + 1 :, i] * solution[i + 1 :], axis=0)) / lower[i, i]
    return solution


def _sum_of_squares(residuals: Array) -> Array:
    total = np.einsum("nb,nb->b", residuals, residuals)
    return np.where(np.isfinite(total), total, np.inf)
