r"""Numbers known only to lie in a cell, or beyond a bound: the interval-censored normal.

"16" is a number between 15.5 and 16.5; "more than 50" has no upper end. The likelihood takes them for that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from forecast.distributions import Array
from forecast.errors import ArgumentError, ModelError, Problem

_LOG_ROOT_TWO_PI = 0.5 * math.log(2 * math.pi)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(100)
_NEGLIGIBLE = 83.0
"""Twice the fall of the log density beyond which a cell is cut off (1e-18)."""
_NEWTON_STEPS = 100
_NEWTON_TOLERANCE = 1e-9
_LARGEST_SPREAD = 1e6


@dataclass(frozen=True, eq=False)
class CensoredFit:
    """Normal fitted to cells and bounds.

    Parameters
    ----------
    mu, sigma
        Mean and standard deviation.
    log_likelihood
        Of cells as probabilities and of exact numbers as densities.
    covariance
        Of mu and ln sigma, the inverse of the observed information, shape (2, 2).
    """

    mu: float
    sigma: float
    log_likelihood: float
    covariance: Array

    def __repr__(self) -> str:
        return f"CensoredFit({self.summary().splitlines()[0].rstrip('.')})"

    def summary(self) -> str:
        """Say the answer in words.

        Examples
        --------
        >>> print(fit_censored([1.0, 2.5, 3.0], [2.0, 2.5, np.inf]).summary())
        mean 2.546 (standard error 0.5213), standard deviation 0.8313
        """
        error = math.sqrt(self.covariance[0, 0])
        return f"mean {self.mu:.4g} (standard error {error:.4g}), standard deviation {self.sigma:.4g}"


def censored_log_likelihood(lower: ArrayLike, upper: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Array:
    r"""Log probability of each cell under a normal; log density where both ends are one.

    .. math:: \ln\{\Phi((u - \mu)/\sigma) - \Phi((l - \mu)/\sigma)\}

    Parameters
    ----------
    lower, upper
        Ends of the cells; minus or plus infinity (or missing) for none.
    mean, sd
        Of the normal; all four broadcast.

    Examples
    --------
    >>> censored_log_likelihood([-np.inf, 0.0, 1.0], [0.0, 0.0, np.inf], 0.0, 1.0).round(4).tolist()
    [-0.6931, -0.9189, -1.841]
    """
    low, high = _read(lower, upper)
    mu, sigma = np.asarray(mean, float), np.asarray(sd, float)
    if not (np.all(np.isfinite(mu)) and np.all(np.isfinite(sigma) & (sigma > 0))):
        raise ArgumentError(Problem("mean, sd", "a mean that is not finite or an sd not above 0", "numbers"))
    return _cells((low - mu) / sigma, (high - mu) / sigma)[2] - np.where(low == high, np.log(sigma), 0.0)


def fit_censored(lower: ArrayLike, upper: ArrayLike) -> CensoredFit:
    """Fit a normal to numbers known only to lie in cells, or beyond bounds, by maximum likelihood.

    Parameters
    ----------
    lower, upper
        Ends of the cells, shape (numbers,): equal for an exact number, minus or plus infinity (or missing) where a
        bound is open. Market sizes as logarithms.

    Returns
    -------
    CensoredFit

    Raises
    ------
    ArgumentError
        No number, ends that are upside down, a cell open on both sides. Lists all.
    ModelError
        Where the likelihood has no maximum: all numbers fit one value, or bounds are open on one side only.

    References
    ----------
    Lindsey, J. C. & Ryan, L. M. (1998), doi:10.1002/(SICI)1097-0258(19980130)17:2<219::AID-SIM735>3.0.CO;2-O.

    Examples
    --------
    >>> fit = fit_censored([2.74, 3.88, 2.94, 3.91], [2.80, 3.90, 2.94, np.inf])
    >>> round(fit.mu, 3), round(fit.sigma, 3)
    (3.477, 0.663)
    """
    low, high = _read(lower, upper)
    if low.max() <= high.min():
        one = f"{max(low.max(), -np.finfo(float).max):g} to {min(high.min(), np.finfo(float).max):g}"
        raise ModelError(f"All numbers fit one value ({one}), so their spread cannot be estimated; give it a prior.")
    theta = _start(low, high)
    for _ in range(_NEWTON_STEPS):
        _, gradient, hessian = _derivatives(theta, low, high)
        step = np.asarray(-np.linalg.solve(hessian, gradient), float)
        theta = _uphill(theta, step, low, high)
        if theta[1] * _range(low, high) < 1 / _LARGEST_SPREAD:
            raise ModelError("The bounds leave the spread open: any large one fits. Add a number with two ends.")
        if np.abs(step).max() <= _NEWTON_TOLERANCE * np.abs(theta).max():
            break
    return _result(theta, low, high)


def _result(theta: Array, low: Array, high: Array) -> CensoredFit:
    """Carry mu/sigma and 1/sigma, in which the likelihood is concave, to mu and ln sigma."""
    value, _, hessian = _derivatives(theta, low, high)
    ratio, precision = theta
    slopes = np.array([[1 / precision, -ratio / precision**2], [0.0, -1 / precision]])
    covariance = slopes @ np.linalg.inv(-hessian) @ slopes.T
    return CensoredFit(float(ratio / precision), float(1 / precision), value, covariance)


def _derivatives(theta: Array, low: Array, high: Array) -> tuple[float, Array, Array]:
    r"""Log likelihood at mu/sigma and 1/sigma, gradient and Hessian: moments of the normal within each cell.

    The density of a score z = x/sigma - mu/sigma has slopes z and sigma - z x, so a cell has their means, and its
    Hessian the means of their slopes plus their covariance.
    """
    ratio, precision = theta
    z, weights, mass = _cells(precision * low - ratio, precision * high - ratio)
    x = (z + ratio) / precision
    first, second = z, 1 / precision - z * x
    means = np.array([_mean(first, weights), _mean(second, weights)])
    scatter = _mean(first * second, weights) - means[0] * means[1]
    spread = [_mean((part - m[:, None]) ** 2, weights) for part, m in zip((first, second), means, strict=True)]
    cross = np.sum(_mean(x, weights) + scatter)
    straight = np.sum(spread[0] - 1), np.sum(spread[1] - precision**-2 - _mean(x**2, weights))
    value = float(np.sum(mass + np.where(low == high, math.log(precision), 0.0)))
    return value, means.sum(axis=1), np.array([[straight[0], cross], [cross, straight[1]]])


def _cells(low: Array, high: Array) -> tuple[Array, Array, Array]:
    """Gauss–Legendre nodes of the standard normal within cells, their shares and the log mass (density at a point)."""
    nearest = np.clip(0.0, low, high)
    reach = np.sqrt(nearest**2 + _NEGLIGIBLE)
    left, right = np.maximum(low, -reach), np.minimum(high, reach)
    half = (right - left) / 2
    z = ((left + right) / 2)[..., None] + half[..., None] * _NODES
    raw = _WEIGHTS * np.exp((nearest[..., None] ** 2 - z**2) / 2)
    total = raw.sum(axis=-1)
    width = np.where(half > 0, half, 0.5)
    return z, raw / total[..., None], np.log(total * width) - nearest**2 / 2 - _LOG_ROOT_TWO_PI


def _mean(value: Array, weights: Array) -> Array:
    return np.sum(value * weights, axis=-1)


def _uphill(theta: Array, step: Array, low: Array, high: Array) -> Array:
    """The step, halved until it does not go down; 1/sigma stays above 0."""
    before = _derivatives(theta, low, high)[0]
    for _ in range(_NEWTON_STEPS):
        tried = theta + step
        if tried[1] > 0 and _derivatives(tried, low, high)[0] >= before - 1e-12 * abs(before):
            return tried
        step = step / 2
    return theta


def _start(low: Array, high: Array) -> Array:
    """Mean and spread of the middles, an open end replaced by the other."""
    middle = (np.where(np.isfinite(low), low, high) + np.where(np.isfinite(high), high, low)) / 2
    sd = np.std(middle) or _range(low, high)
    return np.array([np.mean(middle) / sd, 1 / sd])


def _range(low: Array, high: Array) -> float:
    ends = np.concatenate([low, high])
    return float(np.ptp(ends[np.isfinite(ends)]))


def _read(lower: ArrayLike, upper: ArrayLike) -> tuple[Array, Array]:
    low, high = np.atleast_1d(np.asarray(lower, float)), np.atleast_1d(np.asarray(upper, float))
    if low.shape != high.shape or low.ndim != 1 or not low.size:
        raise ArgumentError(Problem("lower, upper", f"shapes {low.shape} and {high.shape}", "one shape (numbers,)"))
    low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    problems = []
    for i, (a, b) in enumerate(zip(low, high, strict=True)):
        if a > b or (a == b and np.isinf(a)):
            problems.append(Problem(f"number {i}", f"{a:g} to {b:g}", "lower <= upper"))
        elif np.isinf(a) and np.isinf(b):
            problems.append(Problem(f"number {i}", "no end at all", "at least one end", "leave it out"))
    if problems:
        raise ArgumentError(problems)
    return low, high
