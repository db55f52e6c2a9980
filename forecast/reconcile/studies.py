r"""Many small sets of studies at once, and the weighted sums that every estimator is made of.

Errors that are correlated are rotated first, so that everything sees independent studies
:math:`y = x \mu + e` with a covariate x (all ones where nothing was rotated):

.. math:: w_i = 1/(v_i + \tau^2), \quad \hat\mu = \sum w x y / \sum w x^2, \quad P = W - W x x' W / \sum w x^2
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forecast.distributions import Array
from forecast.errors import ArgumentError, ModelError, Problem
from forecast.reconcile.dependence import correlation_matrix

_FEW = 40
"""Up to so many studies a product of matrices is faster than running sums."""
_FARTHEST = 1e60


@dataclass(frozen=True, eq=False)
class Studies:
    """Sets of independent studies y = x mu + error, studies on the first axis, problems on the second.

    Parameters
    ----------
    y, v
        Values less a centre for each problem, and their sampling variances, shape (studies, problems).
    x
        Covariate; None where it is 1, that is where the errors are independent as given.
    centre
        What was subtracted from y, shape (problems,).
    lead
        Leading axes of the input.
    printed, sampling
        Values and variances as given, studies on the last axis.
    """

    y: Array
    v: Array
    x: Array | None
    centre: Array
    lead: tuple[int, ...]
    printed: Array
    sampling: Array

    @property
    def count(self) -> int:
        """Number of studies in each problem."""
        return self.y.shape[0]

    @property
    def size(self) -> int:
        """Number of problems."""
        return self.y.shape[1]

    def shaped(self, value: Array) -> Array:
        """Put one value a problem on the leading axes of the input."""
        return value.reshape(self.lead)[()]

    def of(self, problems: NDArray[np.intp]) -> Studies:
        """Pick some of the problems, possibly repeated."""
        y, v = (np.take(part, problems, axis=1) for part in (self.y, self.v))
        x = None if self.x is None else np.take(self.x, problems, axis=1)
        return replace(self, y=y, v=v, x=x)

    def weighted(self, tau2: Array) -> Weighted:
        """Weights at one tau2 a problem, shape (problems,) or (1,)."""
        return Weighted(self, 1 / (self.v + tau2))


class Weighted:
    """The studies at one tau2 a problem, and what follows from their weights, computed when first asked for."""

    def __init__(self, studies: Studies, weights: Array) -> None:
        self.w, self.x = weights, studies.x
        self.wx = _times(weights, studies.x)
        self.wxx = _times(self.wx, studies.x)
        self.total = np.sum(self.wxx, axis=0)
        self.mu = dot(self.wx, studies.y) / self.total
        self.residual = studies.y - (self.mu if studies.x is None else studies.x * self.mu)
        self.scaled = weights * self.residual

    @cached_property
    def q(self) -> Array:
        """Quadratic form y'Py."""
        return dot(self.scaled, self.residual)

    @cached_property
    def q2(self) -> Array:
        """Quadratic form y'P²y, minus the slope of q."""
        return dot(self.scaled, self.scaled)

    @cached_property
    def q3(self) -> Array:
        """Quadratic form y'P³y, half the slope of -q2."""
        mean = dot(self.wx, self.scaled) / self.total
        residual = self.scaled - (mean if self.x is None else self.x * mean)
        return dot(self.w * residual, residual)

    @cached_property
    def sum(self) -> Array:
        """Trace of W, the slope of ln det W⁻¹."""
        return self.total if self.wx is self.w else np.sum(self.w, axis=0)

    @cached_property
    def sum2(self) -> Array:
        """Trace of W², minus the slope of the trace of W."""
        return dot(self.w, self.w)

    @cached_property
    def trace(self) -> Array:
        """Trace of P, the slope of ln det W⁻¹ + ln x'Wx."""
        return dot(self.w, _others(self.wxx)) / self.total

    @cached_property
    def trace2(self) -> Array:
        """Trace of P², minus the slope of the trace of P."""
        diagonal, squares = self.w * _others(self.wxx), self.wx**2
        return (dot(diagonal, diagonal) + dot(squares, _others(squares))) / self.total**2


def _others(a: Array) -> Array:
    """Sum over all studies but one, for each; never a difference, so that one study may outweigh the rest."""
    if len(a) <= _FEW:
        return (1 - np.eye(len(a))) @ a
    sums = np.zeros_like(a)
    np.cumsum(a[:-1], axis=0, out=sums[1:])
    sums[:-1] += np.cumsum(a[:0:-1], axis=0)[::-1]
    return sums


def dot(a: Array, b: Array) -> Array:
    """Sum over studies of a product."""
    return np.einsum("ij,ij->j", a, b)


def _times(a: Array, x: Array | None) -> Array:
    return a if x is None else a * x


def unweighted(studies: Studies) -> Weighted:
    """Studies with weights of 1."""
    return Weighted(studies, np.ones_like(studies.v))


def arrange(y: Array, v: Array, correlation: ArrayLike | None) -> Studies:
    """Put studies first, subtract a centre, rotate errors that are correlated."""
    lead, count = y.shape[:-1], y.shape[-1]
    flat, variances = (np.ascontiguousarray(part.reshape(-1, count).T) for part in (y, v))
    if variances.min() < 1 / _FARTHEST or max(variances.max(), np.abs(flat).max()) > _FARTHEST:
        raise ModelError(
            "The values or variances are too large, too small or too far apart for an answer; rescale them."
        )
    weights = 1 / variances
    centre = np.sum(weights * (flat - flat[0]), axis=0) / np.sum(weights, axis=0) + flat[0]
    centred = flat - centre
    if correlation is None:
        return Studies(centred, variances, None, centre, lead, y, v)
    matrices = np.broadcast_to(correlation_matrix(correlation, count), (*lead, count, count))
    sd = np.sqrt(variances.T)
    covariance = matrices.reshape(-1, count, count) * sd[:, :, None] * sd[:, None, :]
    values, vectors = np.linalg.eigh(covariance)
    if (values <= 0).any():
        raise ArgumentError(Problem("correlation", "a singular matrix", "a positive definite one"))
    rotated = np.einsum("nij,in->jn", vectors, centred)
    return Studies(rotated, values.T, vectors.sum(axis=1).T, centre, lead, y, v)
