r"""How good a forecast was once the number is known.

All scores are losses: smaller is better. Each function takes what came first and broadcasts over all its
arguments; the unit of a score is that of the forecast quantity (the log score has none).

References
----------
Gneiting, T. & Raftery, A. E. (2007), "Strictly proper scoring rules, prediction, and estimation",
doi:10.1198/016214506000001437.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from forecast.distributions import Array, Distribution
from forecast.errors import ArgumentError, Problem

_LOG_ROOT_TWO_PI = 0.5 * math.log(2 * math.pi)
_ROOT_PI = math.sqrt(math.pi)


def interval_score(observed: ArrayLike, low: ArrayLike, high: ArrayLike, *, level: float) -> Array:
    r"""Width of a central band plus the penalty for missing it.

    .. math:: (h - l) + \frac{2}{\alpha}\,(l - y)_+ + \frac{2}{\alpha}\,(y - h)_+, \quad \alpha = 1 - \text{level}

    Parameters
    ----------
    observed
        What came.
    low, high
        Ends of the band.
    level
        Nominal coverage of the band, such as 0.8.

    Raises
    ------
    ArgumentError
        Where a band is upside down, a number is missing or `level` is not between 0 and 1.

    Examples
    --------
    >>> interval_score([2.0, 0.5], 1.0, 3.0, level=0.9).round(6).tolist()
    [2.0, 12.0]
    """
    y, lower, upper = _numbers(observed=observed, low=low, high=high)
    _check_level(level)
    _check_band(lower, upper)
    miss = np.maximum(lower - y, 0.0) + np.maximum(y - upper, 0.0)
    return upper - lower + 2 / (1 - level) * miss


def coverage(observed: ArrayLike, low: ArrayLike, high: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """Share of the numbers that fell inside their band.

    Parameters
    ----------
    observed, low, high
        What came and the ends of the bands; arrays of one shape, or broadcast to it.
    weights
        How much each number counts (such as one over the size of its family); equal if not given.

    Examples
    --------
    >>> coverage([1.0, 2.0, 9.0, 4.0], 0.0, 5.0)
    0.75
    """
    y, lower, upper = _numbers(observed=observed, low=low, high=high)
    _check_band(lower, upper)
    inside = (lower <= y) & (y <= upper)
    if weights is None:
        return float(np.mean(inside))
    (weight,) = _numbers(weights=weights)
    if np.any(weight < 0) or weight.sum() <= 0:
        raise ArgumentError(Problem("weights", f"a sum of {weight.sum():g}", "weights of at least 0, not all 0"))
    return float(np.average(inside, weights=np.broadcast_to(weight, inside.shape)))


def quantile_score(observed: ArrayLike, level: ArrayLike, value: ArrayLike) -> Array:
    r"""Pinball loss of one quantile, doubled so that its mean over all levels is the CRPS.

    .. math:: 2\,(1\{y < q\} - u)\,(q - y)

    Examples
    --------
    >>> quantile_score(10.0, [0.1, 0.9], [8.0, 13.0]).round(6).tolist()
    [0.4, 0.6]
    """
    y, u, q = _numbers(observed=observed, level=level, value=value)
    _check_level(u)
    return 2 * ((y < q) - u) * (q - y)


def crps_normal(observed: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Array:
    r"""Continuous ranked probability score of a normal.

    .. math:: \sigma\,\{z\,(2\Phi(z) - 1) + 2\varphi(z) - \pi^{-1/2}\}, \quad z = (y - \mu)/\sigma

    Examples
    --------
    >>> crps_normal(0.0, 0.0, 1.0).round(6).item()
    0.233695
    """
    y, mu, sigma = _numbers(observed=observed, mean=mean, sd=sd)
    _check_positive(sd=sigma)
    return _mean_distance(y - mu, sigma) - sigma / _ROOT_PI


def crps_lognormal(observed: ArrayLike, mean_log: ArrayLike, sd_log: ArrayLike) -> Array:
    r"""Continuous ranked probability score of a lognormal.

    .. math:: y\,(2\Phi(z) - 1) - 2 e^{\mu + \sigma^2/2}\,\{\Phi(z - \sigma) + \Phi(\sigma/\sqrt 2) - 1\},
              \quad z = (\ln y - \mu)/\sigma

    Parameters
    ----------
    observed
        What came, in the unit of the quantity (not its logarithm); may be 0 or below.
    mean_log, sd_log
        Mean and standard deviation of the logarithm.

    References
    ----------
    Baran, S. & Lerch, S. (2015), doi:10.1002/qj.2521.

    Examples
    --------
    >>> crps_lognormal(16.0, 2.5, 0.4).round(6).item()
    2.20663
    """
    y, mu, sigma = _numbers(observed=observed, mean_log=mean_log, sd_log=sd_log)
    _check_positive(sd_log=sigma)
    z = (_log(y) - mu) / sigma
    expected = np.exp(mu + sigma**2 / 2)
    return y * _signed(z) + 2 * expected * (special.ndtr(sigma - z) - special.ndtr(sigma / math.sqrt(2)))


def crps_normal_mixture(observed: ArrayLike, weights: ArrayLike, means: ArrayLike, sds: ArrayLike) -> Array:
    r"""Continuous ranked probability score of a mixture of normals.

    .. math:: \sum_i w_i A(y - \mu_i, \sigma_i)
              - \tfrac12 \sum_{ij} w_i w_j A(\mu_i - \mu_j, \sqrt{\sigma_i^2 + \sigma_j^2})

    with :math:`A(m, s) = m\,(2\Phi(m/s) - 1) + 2 s\,\varphi(m/s)`, the mean distance of a normal from 0.

    Parameters
    ----------
    observed
        What came; any shape.
    weights, means, sds
        The components, each of shape (components,); weights sum to 1.

    References
    ----------
    Grimit, E. P. et al. (2006), doi:10.1256/qj.05.235.

    Examples
    --------
    >>> crps_normal_mixture(2.0, [0.2, 0.5, 0.3], [2.7, 2.9, 3.4], [0.1, 0.4, 0.2]).round(6).item()
    0.78028
    """
    y, w, mu, sigma = _mixture(observed, weights, means, sds)
    spread = _mean_distance(mu[:, None] - mu, np.hypot(sigma[:, None], sigma))
    return _mean_distance(y[..., None] - mu, sigma) @ w - 0.5 * w @ spread @ w


def crps_lognormal_mixture(observed: ArrayLike, weights: ArrayLike, means_log: ArrayLike, sds_log: ArrayLike) -> Array:
    r"""Continuous ranked probability score of a mixture of lognormals.

    .. math:: E|X - y| - \tfrac12 E|X - X'|

    from :math:`E(X - y)_+` of a lognormal and the exchange formula for two of them.

    Parameters
    ----------
    observed
        What came, in the unit of the quantity; any shape.
    weights, means_log, sds_log
        The components, each of shape (components,); weights sum to 1.

    Examples
    --------
    >>> crps_lognormal_mixture(16.0, [0.3, 0.7], [2.5, 2.5], [0.4, 0.4]).round(6).item()
    2.20663
    """
    y, w, mu, sigma = _mixture(observed, weights, means_log, sds_log)
    expected = np.exp(mu + sigma**2 / 2)
    z = (_log(y)[..., None] - mu) / sigma
    distance = y[..., None] * _signed(z) - expected * _signed(z - sigma)
    joint = np.hypot(sigma[:, None], sigma)
    excess = expected[:, None] * _signed((mu[:, None] - mu + sigma[:, None] ** 2) / joint)
    return distance @ w - w @ excess @ w


def crps_sample(observed: ArrayLike, sample: ArrayLike) -> Array:
    r"""Continuous ranked probability score of equally likely draws.

    .. math:: \frac1n \sum_i |x_i - y| - \frac{1}{2 n^2} \sum_{ij} |x_i - x_j|

    Parameters
    ----------
    observed
        What came; shape of the leading axes of `sample`.
    sample
        Draws on the last axis, at least one.

    Examples
    --------
    >>> crps_sample(3.0, [1.0, 2.0, 6.0]).round(6).item()
    0.888889
    """
    y, x = (_finite(name, value) for name, value in (("observed", observed), ("sample", sample)))
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ArgumentError(Problem("sample", "no draw", "at least one draw on the last axis"))
    count = x.shape[-1]
    order = 2 * np.arange(1, count + 1) - count - 1
    return np.mean(np.abs(x - y[..., None]), axis=-1) - np.sort(x, axis=-1) @ order / count**2


def crps_quantiles(observed: ArrayLike, levels: ArrayLike, values: ArrayLike) -> Array:
    """Continuous ranked probability score of a forecast known by some quantiles.

    The mean of the quantile scores, each level weighted by the part of (0, 1) that is nearest to it.

    Parameters
    ----------
    observed
        What came; shape of the leading axes of `values`.
    levels
        Ascending, between 0 and 1; shape (levels,).
    values
        Quantiles, on the last axis.

    Examples
    --------
    >>> crps_quantiles(10.0, [0.1, 0.5, 0.9], [8.0, 10.0, 13.0]).round(6).item()
    0.3
    """
    y, u, q = (_finite(name, value) for name, value in (("observed", observed), ("levels", levels), ("values", values)))
    _check_level(u)
    if u.ndim != 1 or np.any(np.diff(u) <= 0):
        raise ArgumentError(Problem("levels", f"{u.tolist()}", "ascending levels"))
    if q.ndim == 0 or q.shape[-1] != u.size:
        raise ArgumentError(Problem("values", f"shape {q.shape}", f"{u.size} values on the last axis, one a level"))
    cells = np.diff(np.concatenate([[0.0], (u[1:] + u[:-1]) / 2, [1.0]]))
    return quantile_score(y[..., None], u, q) @ cells


def log_score_normal(observed: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Array:
    r"""Minus the log density of a normal: :math:`\ln\sigma + \tfrac12\ln 2\pi + z^2/2`.

    Examples
    --------
    >>> log_score_normal(0.0, 0.0, 1.0).round(6).item()
    0.918939
    """
    y, mu, sigma = _numbers(observed=observed, mean=mean, sd=sd)
    _check_positive(sd=sigma)
    return np.log(sigma) + _LOG_ROOT_TWO_PI + ((y - mu) / sigma) ** 2 / 2


def log_score_lognormal(observed: ArrayLike, mean_log: ArrayLike, sd_log: ArrayLike) -> Array:
    """Minus the log density of a lognormal; infinite where what came is 0 or below.

    Examples
    --------
    >>> log_score_lognormal(16.0, 2.5, 0.4).round(6).item()
    3.007438
    """
    y, mu, sigma = _numbers(observed=observed, mean_log=mean_log, sd_log=sd_log)
    _check_positive(sd_log=sigma)
    inside = np.where(y > 0, y, 1.0)
    score = log_score_normal(np.log(inside), mu, sigma) + np.log(inside)
    return np.where(y > 0, score, np.inf)


def log_score_normal_mixture(observed: ArrayLike, weights: ArrayLike, means: ArrayLike, sds: ArrayLike) -> Array:
    """Minus the log density of a mixture of normals.

    Parameters
    ----------
    observed
        What came; any shape.
    weights, means, sds
        The components, each of shape (components,); weights sum to 1.

    Examples
    --------
    >>> log_score_normal_mixture(0.0, [0.5, 0.5], [0.0, 0.0], [1.0, 1.0]).round(6).item()
    0.918939
    """
    y, w, mu, sigma = _mixture(observed, weights, means, sds)
    density = -np.log(sigma) - _LOG_ROOT_TWO_PI - ((y[..., None] - mu) / sigma) ** 2 / 2
    return -special.logsumexp(density, b=w, axis=-1)


def pit(observed: ArrayLike, distribution: Distribution) -> Array:
    """Probability integral transform: the probability that was given to at most what came.

    Uniform between 0 and 1 over many forecasts if the bands mean what they say.

    Examples
    --------
    >>> from forecast.distributions import Normal
    >>> pit(1.5, Normal(0.3, 0.7)).round(6).item()
    0.956762
    """
    (y,) = _numbers(observed=observed)
    return distribution.cdf(y)


def _mean_distance(mean: Array, sd: Array) -> Array:
    """Mean absolute value of a normal."""
    z = mean / sd
    return mean * _signed(z) + 2 * sd * np.exp(-(z**2) / 2 - _LOG_ROOT_TWO_PI)


def _signed(z: Array) -> Array:
    """2 Phi(z) - 1, without cancellation near 0."""
    return special.erf(z / math.sqrt(2))


def _log(value: Array) -> Array:
    """Logarithm; minus infinity at 0 and below."""
    return np.log(value, out=np.full(value.shape, -np.inf), where=value > 0)


def _finite(name: str, value: ArrayLike) -> Array:
    number = np.asarray(value, float)
    if not np.all(np.isfinite(number)):
        raise ArgumentError(Problem(name, "a number that is missing or infinite", "finite numbers"))
    return number


def _numbers(**named: ArrayLike) -> list[Array]:
    arrays = [_finite(name, value) for name, value in named.items()]
    if any(array.size == 0 for array in arrays):
        raise ArgumentError(Problem(", ".join(named), "no number", "at least one number"))
    return arrays


def _mixture(observed: ArrayLike, weights: ArrayLike, centres: ArrayLike, spreads: ArrayLike) -> list[Array]:
    y, w, centre, spread = _numbers(observed=observed, weights=weights, centres=centres, spreads=spreads)
    if not w.ndim == centre.ndim == spread.ndim == 1 or not w.size == centre.size == spread.size:
        found = f"shapes {w.shape}, {centre.shape}, {spread.shape}"
        raise ArgumentError(Problem("components", found, "weights, centres and spreads of one shape (components,)"))
    if np.any(w < 0) or abs(w.sum() - 1) > 1e-9:
        raise ArgumentError(Problem("weights", f"a sum of {w.sum():g}", "weights of at least 0 that sum to 1"))
    _check_positive(spreads=spread)
    return [y, w, centre, spread]


def _check_positive(**named: Array) -> None:
    wrong = [name for name, value in named.items() if np.any(value <= 0)]
    if wrong:
        raise ArgumentError([Problem(name, f"{named[name].min():g}", "numbers above 0") for name in wrong])


def _check_level(level: ArrayLike) -> None:
    number = np.asarray(level, float)
    if not np.all((number > 0) & (number < 1)):
        raise ArgumentError(Problem("level", f"{number.tolist()}", "between 0 and 1", "write 80 % as 0.8"))


def _check_band(low: Array, high: Array) -> None:
    if np.any(low > high):
        raise ArgumentError(Problem("band", "a low end above the high end", "low <= high"))
