"""The methods analysts know, on the log paths of the sources; each says what its band means.

They know no hedges, no houses and no common errors: a bound counts as its own mean, a source of another scope is
moved by the mean of the share. A pool of distributions gives every source the error that the prior expects of one
publisher.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from forecast.mixture import Mixture
from forecast.reconcile.answer import Answer, Method
from forecast.reconcile.bayes_random_effects import bayes_random_effects
from forecast.reconcile.pool import Pool
from forecast.reconcile.random_effects import random_effects
from forecast.reconcile.source_paths import SourcePaths, source_paths
from forecast.reconcile.spread_priors import HalfNormal

Array = NDArray[np.floating[Any]]

_STUDENT_NODES = 40
_HALF_NORMAL_MEDIAN = float(special.ndtri(0.75))
_MEDIAN_LOSS = np.pi / 2
"""Variance of a median, as a factor of that of a mean, of normal numbers."""

_SMALLEST = 1e-12


def arithmetic_mean(pool: Pool, years: NDArray[np.int64]) -> Answer:
    """Mean of the amounts; band: t interval from the spread of the amounts."""
    paths = source_paths(pool, years, least=2, method="arithmetic-mean")
    amounts = np.exp(paths.logs - paths.logs.max(0))
    mean = amounts.mean(0)
    return _by_spread(pool, paths, np.log(mean) + paths.logs.max(0), amounts / mean - 1)


def geometric_mean(pool: Pool, years: NDArray[np.int64]) -> Answer:
    """Mean of the logs; band: t interval from the spread of the logs."""
    paths = source_paths(pool, years, least=2, method="geometric-mean")
    mean = paths.logs.mean(0)
    return _by_spread(pool, paths, mean, paths.logs - mean)


def median(pool: Pool, years: NDArray[np.int64]) -> Answer:
    """Median of the sources; band: as of a mean, widened by what a median loses."""
    paths = source_paths(pool, years, least=2, method="median")
    mean = paths.logs.mean(0)
    return _by_spread(pool, paths, np.median(paths.logs, axis=0), paths.logs - mean, loss=_MEDIAN_LOSS)


def weights(pool: Pool, years: NDArray[np.int64]) -> Answer:
    """Mean of the logs by the weights given with the estimates; band: t interval with as many sources as they leave."""
    paths = source_paths(pool, years, least=2, method="weights")
    share = paths.weights / paths.weights.sum()
    mean = share @ paths.logs
    return _by_spread(pool, paths, mean, paths.logs - mean, share=share)


def inverse_variance(pool: Pool, years: NDArray[np.int64]) -> Answer:
    """Mean by printed precision; band: rounding alone, as if the sources differed by nothing else."""
    return _random_effects(pool, years, estimator="FE", knapp_hartung=False, method="inverse-variance", least=1)


def linear_pool(pool: Pool, years: NDArray[np.int64]) -> Answer:
    """One of the sources is right, and it is not known which; each errs as one publisher does."""
    paths = source_paths(pool, years, least=1, method="linear-pool")
    errors = _publisher_errors(pool, paths)
    market = Mixture.of(paths.weights, paths.logs, errors)
    return _answer(pool, paths, market, market)


def log_pool(pool: Pool, years: NDArray[np.int64]) -> Answer:
    """Where the sources' densities overlap, as if they shared all their evidence."""
    paths = source_paths(pool, years, least=1, method="log-pool")
    share = paths.weights / paths.weights.sum()
    precision = np.linalg.inv(_publisher_errors(pool, paths))
    covariance = np.linalg.inv(np.tensordot(share, precision, 1))
    mean = covariance @ np.einsum("i,itu,iu->t", share, precision, paths.logs)
    market = Mixture.of([1.0], [mean], [covariance])
    return _answer(pool, paths, market, market)


def quantile_average(pool: Pool, years: NDArray[np.int64]) -> Answer:
    """The mean of the sources' quantiles: their mean path with their mean error."""
    paths = source_paths(pool, years, least=1, method="quantile-average")
    share = paths.weights / paths.weights.sum()
    errors = _publisher_errors(pool, paths)
    sds = np.sqrt(np.einsum("itt->it", errors))
    correlation = np.tensordot(share, errors / (sds[:, :, None] * sds[:, None, :]), 1)
    sd = share @ sds
    market = Mixture.of([1.0], [share @ paths.logs], [correlation * np.outer(sd, sd)])
    return _answer(pool, paths, market, market)


def bayes(pool: Pool, years: NDArray[np.int64]) -> Answer:
    """Random effects with the prior on the spread; band: posterior of the mean, no common error."""
    paths = source_paths(pool, years, least=1, method="bayes-random-effects")
    at = _reference(pool, paths)
    fit = bayes_random_effects(paths.logs[:, at], paths.variances[:, at], tau_prior=HalfNormal(pool.prior.spread_scale))
    tau, weight = fit.tau.nodes, fit.tau.weights
    used = weight > weight.max() * 1e-8
    precision = 1 / (paths.variances[:, at] + tau[used, None] ** 2)
    share = precision / precision.sum(1, keepdims=True)
    shape = _shape_of(pool, paths)
    known = shape / precision.sum(1)[:, None, None]
    market = Mixture.of(weight[used], share @ paths.logs, known)
    following = Mixture.of(weight[used], share @ paths.logs, known + tau[used, None, None] ** 2 * shape)
    return _answer(pool, paths, market, following, {"spread": fit.tau.mean})


def _random_effects(
    pool: Pool, years: NDArray[np.int64], *, estimator: str, knapp_hartung: bool, method: str, least: int = 2
) -> Answer:
    """Mean with a spread between the sources estimated by one estimator, year by year."""
    paths = source_paths(pool, years, least=least, method=method)
    y, v = paths.logs.T, paths.variances.T
    fit = random_effects(y, v, method=estimator, knapp_hartung=knapp_hartung)
    se = np.maximum(fit.se, _plain_se(v, fit.tau2)) if knapp_hartung else fit.se
    shape = _shape_of(pool, paths)
    scale = np.sqrt(np.diag(shape))
    correlation = shape / np.outer(scale, scale)
    mean, covariance = np.asarray(fit.mu), correlation * np.outer(se, se)
    wider = correlation * np.outer(*[np.sqrt(se**2 + fit.tau2)] * 2)
    freedom = paths.count - 1 if knapp_hartung else 0
    details = {"spread": float(np.sqrt(fit.tau2[_reference(pool, paths)]))}
    return _answer(pool, paths, _student(mean, covariance, freedom), _student(mean, wider, freedom), details)


def _plain_se(v: Array, tau2: Array) -> Array:
    """Standard error without the adjustment, below which the adjusted one may not fall."""
    return np.asarray(1 / np.sqrt((1 / (v + tau2[:, None])).sum(1)))


def _by_spread(
    pool: Pool, paths: SourcePaths, mean: Array, residual: Array, *, share: Array | None = None, loss: float = 1.0
) -> Answer:
    """T interval of a mean from the residuals of the sources, shape (n, T)."""
    share = np.full(paths.count, 1 / paths.count) if share is None else share
    effective = float(1 / (share @ share))
    spread = np.einsum("i,it,iu->tu", share, residual, residual) * effective / max(effective - 1, _SMALLEST)
    printed = np.diag(share @ paths.variances)
    market = _student(mean, (spread * loss + printed) / effective, effective - 1)
    following = _student(mean, spread * (1 + loss / effective) + printed, effective - 1)
    details = {"spread": float(np.sqrt(spread[_reference(pool, paths), _reference(pool, paths)]))}
    return _answer(pool, paths, market, following, details)


def _student(mean: Array, covariance: Array, freedom: float) -> Mixture:
    """Student's t as a mixture of normals over nodes of its scale; normal where `freedom` is 0."""
    if freedom <= 0:
        return Mixture.of([1.0], [mean], [covariance])
    points, weight = np.polynomial.legendre.leggauss(_STUDENT_NODES)
    share = (points + 1) / 2
    chi = 2 * special.gammaincinv(freedom / 2, special.betainc(3, 3, share))
    weight = weight * (share * (1 - share)) ** 2
    factor = freedom / np.maximum(chi, _SMALLEST)
    return Mixture.of(weight, np.tile(mean, (len(factor), 1)), factor[:, None, None] * covariance)


def _publisher_errors(pool: Pool, paths: SourcePaths) -> Array:
    """Covariance of one publisher's error by source, shape (n, T, T): the prior's typical spread and its printing."""
    level = (_HALF_NORMAL_MEDIAN * pool.prior.spread_scale) ** 2
    rate = (_HALF_NORMAL_MEDIAN * pool.prior.growth_spread_scale) ** 2
    vintages = np.array([pool.sources[i].vintage for i in paths.place])
    ahead = np.maximum(0, paths.years - vintages[:, None])
    printed = paths.variances[:, :, None] * np.eye(len(paths.years))
    return np.asarray(level + rate * ahead[:, :, None] * ahead[:, None, :] + printed)


def _shape_of(pool: Pool, paths: SourcePaths) -> Array:
    """How an error moves along the years, 1 in the reference year: the prior's level and growth of one publisher."""
    error = _publisher_errors(pool, paths).mean(0)
    at = _reference(pool, paths)
    return np.asarray(error / error[at, at])


def _reference(pool: Pool, paths: SourcePaths) -> int:
    """Position of the reference year, or of the year nearest to it."""
    return int(np.argmin(np.abs(paths.years - pool.reference_year)))


def _answer(
    pool: Pool, paths: SourcePaths, market: Mixture, following: Mixture, details: dict[str, float] | None = None
) -> Answer:
    at = _reference(pool, paths)
    low, middle, high = market.quantiles([0.1, 0.5, 0.9])[at]
    effects = np.full((len(pool.sources), 4), np.nan)
    logs = paths.logs[:, at]
    effects[paths.place, :3] = np.column_stack([logs - high, logs - middle, logs - low])
    houses = pd.DataFrame(effects, columns=["low", "median", "high", "outlier_probability"])
    parts: dict[str, Array] = {"between publishers": market.covariance()}
    return Answer(paths.years, market, following, houses, parts, details or {})


_ESTIMATORS = {
    "DL": "DerSimonian and Laird",
    "HE": "Hedges",
    "HS": "Hunter and Schmidt",
    "SJ": "Sidik and Jonkman",
    "PM": "Paule and Mandel",
    "ML": "maximum likelihood",
    "REML": "restricted maximum likelihood",
}


def _estimators() -> dict[str, tuple[Method, str]]:
    found: dict[str, tuple[Method, str]] = {}
    for short, long in _ESTIMATORS.items():
        for suffix, adjusted in (("", False), ("-knapp-hartung", True)):
            name = f"random-effects-{short.lower()}{suffix}"
            band = "Knapp and Hartung's interval, never narrower than the normal one" if adjusted else "normal interval"
            solve = partial(_random_effects, estimator=short, knapp_hartung=adjusted, method=name)
            found[name] = solve, f"mean of the publishers, spread by {long}; {band}; no common error"
    return found


MENU: dict[str, tuple[Method, str]] = {
    "arithmetic-mean": (arithmetic_mean, "mean of the amounts; t interval; the largest source rules"),
    "geometric-mean": (geometric_mean, "mean of the logs; t interval; no common error"),
    "median": (median, "middle source; t interval widened for a median; no common error"),
    "weights": (weights, "weighted mean of the logs; t interval of the sources that the weights leave"),
    "inverse-variance": (inverse_variance, "rounding alone, as if publishers did not differ: far too narrow"),
    "linear-pool": (linear_pool, "one source is right, unknown which; each errs as a typical publisher"),
    "log-pool": (log_pool, "where all sources overlap; as sure as one source"),
    "quantile-average": (quantile_average, "mean of the sources' quantiles; as sure as one source"),
    "common-effect": (
        partial(_random_effects, estimator="FE", knapp_hartung=False, method="common-effect"),
        "all sources measure one number, rounding alone: far too narrow",
    ),
    **_estimators(),
    "bayes-random-effects": (bayes, "posterior mean of the publishers; no common error, no outliers"),
}
"""Methods beside the house-effect model, each with what its band means."""
