r"""How far published forecasts and estimates are from what came, and from each other.

Three things are known from the record, all by the growth that a publisher promised: how far a forecast missed
(`analyst_error`), what of that all publishers share (`common_optimism`), and how far the publishers of one market
are apart (`publisher_spread`). The coefficients were
fitted by `calibration/analyst_error.py` on published market forecasts with their outcomes and on markets with
several publishers; each family of markets (smartphones, solar power, medicines, ...) counts as a family, not once
a row. `published_errors` is the table of errors by horizon behind it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from forecast.distributions import Array, Normal
from forecast.errors import ArgumentError, Problem
from forecast.mixture import mixture_quantiles

if TYPE_CHECKING:
    import pandas as pd

_LOG_ROOT_TWO_PI = 0.5 * np.log(2 * np.pi)
_SMALLEST_SD = 1e-9

USUAL_GROWTH = (0.077, 0.196, 0.398)
"""Promised log growth a year at 1/6, 1/2 and 5/6 of the record: stands in, a third each, where none is known."""

HORIZON_MEMORY = 0.31
"""Exponent of the correlation between the errors of one forecast at two horizons, (shorter / longer)^0.31."""

VINTAGE_MEMORY = 0.76
"""Correlation between the errors of forecasts of one market from one base year and from the next."""

_OPTIMISM_HORIZON = 4.0
_TAIL_HORIZON = 5.0


@dataclass(frozen=True)
class ErrorCoefficients:
    """Coefficients of the analyst-error model; the defaults are the fitted ones.

    Parameters
    ----------
    core
        Standard deviation of an ordinary error after one year where no growth was promised, in logs.
    exponent
        Power of the horizon with which errors grow.
    growth
        What each unit of promised log growth a year adds to the standard deviation (in quadrature).
    wide_weight, wide_ratio
        Probability that a forecast is far off, and how many times wider its error then is.
    short_weight, lost, onset
        Probability that a large promise falls short, the share of the promised growth that is then lost (give or
        take half of it), and the growth at which such falls set in.
    """

    core: float = 0.0674
    exponent: float = 0.709
    growth: float = 0.398
    wide_weight: float = 0.206
    wide_ratio: float = 2.57
    short_weight: float = 0.140
    lost: float = 0.607
    onset: float = 0.2


FITTED = ErrorCoefficients()
"""The coefficients found by the calibration script."""


@dataclass(frozen=True, eq=False)
class AnalystError:
    """log(actual / forecast) as a mixture of K normals.

    Weights depend on the promised growth alone, never on the horizon: a forecast keeps its component over all
    years, so the mixture can be laid over a path.

    Parameters
    ----------
    weights, means, sds
        Each of shape (..., K), where ... is the shape of horizon and growth broadcast together; means and sds in
        logs.
    """

    weights: Array
    means: Array
    sds: Array

    def mean(self) -> Array:
        """Mean error in logs, shape (...): below 0 where forecasts were too high."""
        return (self.weights * self.means).sum(-1)

    def sd(self) -> Array:
        """Return the standard deviation of the error in logs, shape (...)."""
        return np.sqrt((self.weights * (self.sds**2 + self.means**2)).sum(-1) - self.mean() ** 2)

    def cdf(self, error: ArrayLike) -> Array:
        """Probability that log(actual / forecast) is at most `error`, shape (...)."""
        return (self.weights * special.ndtr(self._scores(error))).sum(-1)

    def log_density(self, error: ArrayLike) -> Array:
        """Logarithm of the density at `error`, shape (...)."""
        each = -0.5 * self._scores(error) ** 2 - np.log(self._sds()) - _LOG_ROOT_TWO_PI
        return special.logsumexp(each, b=self.weights, axis=-1)

    def quantiles(self, levels: ArrayLike) -> Array:
        """Quantiles of log(actual / forecast), shape (..., L) for L levels."""
        wanted = np.atleast_1d(np.asarray(levels, float))
        size = self.weights.shape[-1]
        weights, means, sds = (part.reshape(-1, size) for part in (self.weights, self.means, self._sds()))
        kinds, kind = np.unique(weights, axis=0, return_inverse=True)
        found = np.empty((weights.shape[0], wanted.size))
        for j, shared in enumerate(kinds):
            rows = kind.ravel() == j
            found[rows] = mixture_quantiles(shared, means[rows].T, sds[rows].T, wanted)
        return found.reshape(*self.weights.shape[:-1], wanted.size)

    def _sds(self) -> Array:
        return np.maximum(self.sds, _SMALLEST_SD)

    def _scores(self, error: ArrayLike) -> Array:
        return (np.asarray(error, float)[..., None] - self.means) / self._sds()


def analyst_error(
    horizon: ArrayLike, growth: ArrayLike | None = None, *, coefficients: ErrorCoefficients = FITTED
) -> AnalystError:
    r"""Error of a published forecast, given how far it looked ahead and how much growth it promised.

    With horizon h in years and promised growth g in logs a year,

    .. math::

        s &= h^p \sqrt{a^2 + c^2 g^2} \\
        e &\sim (1 - w)\{(1 - u)\,N(0, s^2) + u\,N(0, (\lambda s)^2)\} + w\,N(-m, s^2 + m^2/4) \\
        m &= f\,g_+ h, \quad w = w_0\,(1 - e^{-g_+/g_0})

    An ordinary forecast has an error of sd s, one in five a far wider one; a large promise may also fall short,
    and then loses more than half of the promised growth. At 5 % promised growth the whole has sd .10 after one
    year and .32 after five, that is .11 h^.65.

    Parameters
    ----------
    horizon
        Years beyond the base of the forecast, at least 0; any shape.
    growth
        Promised growth in logs a year (ln 1.25 = .223 for 25 %), broadcast against `horizon`. None, where nothing
        is known of it, gives the mixture over `USUAL_GROWTH`, with three times as many components.
    coefficients
        Others than the fitted ones.

    Returns
    -------
    The components, K = 3 on the last axis (9 without growth): ordinary, wide, short.

    Raises
    ------
    ArgumentError
        For a negative horizon, and for a growth that is missing or looks like percent.

    Examples
    --------
    >>> ordinary = analyst_error([1, 5], 0.05)
    >>> ordinary.sd().round(2).tolist()
    [0.1, 0.32]
    >>> analyst_error(5, 0.4).quantiles([0.1, 0.5, 0.9]).round(2).tolist()
    [-1.24, -0.09, 0.8]
    """
    years = np.asarray(horizon, float)
    promised = np.asarray(USUAL_GROWTH if growth is None else growth, float)
    _check(years, promised)
    if growth is None:
        parts = [analyst_error(years, one, coefficients=coefficients) for one in USUAL_GROWTH]
        weights = np.concatenate([part.weights / len(parts) for part in parts], -1)
        means, sds = (np.concatenate([getattr(part, name) for part in parts], -1) for name in ("means", "sds"))
        return AnalystError(weights, means, sds)
    years, promised = np.broadcast_arrays(years, promised)
    return _components(years, promised, coefficients)


def analyst_error_sd(horizon: ArrayLike, growth: ArrayLike | None = None) -> Array:
    """Standard deviation of log(actual / forecast): the least that a band without a record of its own may have.

    Parameters
    ----------
    horizon
        Years beyond the base, at least 0; any shape.
    growth
        Promised growth in logs a year, broadcast against `horizon`; None where nothing is known of it.

    Returns
    -------
    Logs, in the shape of both together; 0 at horizon 0. `analyst_error_tails` says how it is made up.

    Raises
    ------
    ArgumentError
        As `analyst_error`.

    Examples
    --------
    >>> analyst_error_sd([0, 1, 5], 0.05).round(2).tolist(), analyst_error_sd([1, 5], 0.3).round(2).tolist()
    ([0.0, 0.1, 0.32], [0.21, 0.69])
    """
    return analyst_error(horizon, growth).sd()


def analyst_error_tails(growth: float | None = None) -> tuple[Array, Array]:
    """How fat the tails of an analyst's error are: normals of one mean and several variances, one for a whole path.

    Parameters
    ----------
    growth
        Promised growth in logs a year; None where nothing is known of it.

    Returns
    -------
    factors, weights
        Shape (K,) each: factors of the variance, in rising order and 1 on average, and their probabilities. They are
        those of `analyst_error` after five years; the fall of a large promise counts as spread.

    Examples
    --------
    >>> factors, weights = analyst_error_tails(0.05)
    >>> factors.round(2).tolist(), weights.round(2).tolist()
    ([0.47, 0.75, 3.09], [0.77, 0.03, 0.2])
    """
    error = analyst_error(_TAIL_HORIZON, growth)
    squares = error.sds**2 + error.means**2
    order = np.argsort(squares)
    return squares[order] / (error.weights @ squares), error.weights[order]


def _components(h: Array, g: Array, c: ErrorCoefficients) -> AnalystError:
    """Weights, means and sds; the equation of `analyst_error`."""
    promised = np.maximum(g, 0.0)
    spread = h**c.exponent * np.hypot(c.core, c.growth * g)
    short = c.short_weight * -np.expm1(-promised / c.onset)
    fall = c.lost * promised * h
    weights = np.stack([(1 - short) * (1 - c.wide_weight), (1 - short) * c.wide_weight, short], -1)
    means = np.stack([0 * fall, 0 * fall, -fall], -1)
    return AnalystError(weights, means, np.stack([spread, c.wide_ratio * spread, np.hypot(spread, fall / 2)], -1))


def _check(horizon: Array, growth: Array) -> None:
    problems = []
    if not (np.isfinite(horizon) & (horizon >= 0)).all():
        problems.append(Problem("horizon", str(horizon.tolist()), "years of at least 0"))
    if not (np.abs(growth) <= 3).all():
        remedy = "write 25 % as ln(1.25) = 0.223; leave growth out where it is unknown"
        problems.append(Problem("growth", str(growth.tolist()), "log growth a year between -3 and 3", remedy))
    if problems:
        raise ArgumentError(problems)


def error_bands(
    horizons: Sequence[float], growth: float | None = None, *, levels: Sequence[float] = (0.1, 0.5, 0.9)
) -> pd.DataFrame:
    """Actual over forecast at some levels, by horizon.

    Parameters
    ----------
    horizons
        Years beyond the base.
    growth
        Promised log growth a year; None if unknown.
    levels
        Probabilities.

    Returns
    -------
    Index horizon, one column a level (factors without unit; 0.8 means a fifth below the forecast).

    Examples
    --------
    >>> error_bands([1, 5], 0.05).round(2).to_numpy().tolist()
    [[0.89, 1.0, 1.12], [0.7, 1.0, 1.41]]
    """
    import pandas as pd

    factors = np.exp(analyst_error(np.asarray(horizons, float), growth).quantiles(levels))
    return pd.DataFrame(factors, index=pd.Index(horizons, name="horizon"), columns=list(levels))


def horizon_correlation(horizons: ArrayLike) -> Array:
    """Correlation between the errors of one forecast at several horizons, (shorter / longer)^0.31.

    Parameters
    ----------
    horizons
        Years beyond the base, above 0; shape (T,).

    Returns
    -------
    Shape (T, T), a correlation matrix.

    Examples
    --------
    >>> horizon_correlation([1, 5]).round(2).tolist()
    [[1.0, 0.61], [0.61, 1.0]]
    """
    years = np.atleast_1d(np.asarray(horizons, float))
    if not (np.isfinite(years) & (years > 0)).all():
        raise ArgumentError(Problem("horizons", str(years.tolist()), "years above 0"))
    return (np.minimum.outer(years, years) / np.maximum.outer(years, years)) ** HORIZON_MEMORY


def common_optimism(growth: float | None) -> Normal:
    r"""Prior of the growth by which all publishers of a market are too high, by the growth they promise.

    What a four-year error has beyond the publishers' own growth, a year: with mean m and sd s of `analyst_error` at
    four years, and :math:`\tau_g` of `publisher_spread`, :math:`N(-m/4,\ s^2/16 - \tau_g^2)`.

    Parameters
    ----------
    growth
        Promised growth in logs a year; None where nothing is known of it.

    Returns
    -------
    Promised less realised growth in logs a year.

    Raises
    ------
    ArgumentError
        For a growth that is missing or looks like percent.

    Examples
    --------
    >>> ordinary, fast = common_optimism(0.05), common_optimism(0.4)
    >>> round(ordinary.mean, 3), round(ordinary.sd, 3), round(fast.mean, 3), round(fast.sd, 3)
    (0.001, 0.065, 0.029, 0.142)
    """
    error = analyst_error(_OPTIMISM_HORIZON, growth)
    own = publisher_spread(growth).growth
    yearly = float(error.sd()) / _OPTIMISM_HORIZON
    return Normal(float(-error.mean()) / _OPTIMISM_HORIZON, math.sqrt(yearly**2 - own**2))


@dataclass(frozen=True)
class SpreadCoefficients:
    """Coefficients of the spread between publishers; the defaults are the fitted ones.

    Parameters
    ----------
    level
        Scale of the spread of log levels where the market is said to grow by `emerging` or more.
    power
        Power of the growth with which it falls below.
    growth
        What each unit of promised log growth a year adds to the scale of the spread of growth (in quadrature with
        `least`, both times this).
    least
        Growth that stands in for uncertainty about growth where none is promised.
    mature, emerging
        Log growth a year beyond which the spread of levels changes no more.
    """

    level: float = 0.60
    power: float = 0.67
    growth: float = 0.30
    least: float = 0.05
    mature: float = 0.03
    emerging: float = 0.15


FITTED_SPREAD = SpreadCoefficients()
"""The coefficients found by `calibration/publisher_spread.py`."""


@dataclass(frozen=True)
class PublisherSpread:
    """How far publishers of one market are apart: the scale of a half-normal prior for each of two spreads.

    Parameters
    ----------
    level
        Of the sd between publishers of the log level.
    growth
        Of the sd between publishers of the log growth a year.
    """

    level: float
    growth: float


def publisher_spread(growth: float | None, *, coefficients: SpreadCoefficients = FITTED_SPREAD) -> PublisherSpread:
    r"""Prior of the spread between publishers, by how fast the market is said to grow.

    Promised growth tells a mature market from an emerging one. With :math:`x = \min(\max(|g|, .03), .15)`,

    .. math:: \tau = \tau_0\,(x / .15)^b, \qquad \tau_g = c\,\sqrt{g^2 + g_0^2}

    Parameters
    ----------
    growth
        Typical promised growth of the market in logs a year (the median over its sources). None, where nothing is
        known of it, gives the mean over `USUAL_GROWTH`.
    coefficients
        Others than the fitted ones.

    Raises
    ------
    ArgumentError
        For a growth that is missing or looks like percent.

    Examples
    --------
    >>> mature, emerging = publisher_spread(0.05), publisher_spread(0.25)
    >>> round(mature.level, 2), round(emerging.level, 2), round(mature.growth, 3), round(emerging.growth, 3)
    (0.29, 0.6, 0.021, 0.076)
    """
    c, pace = coefficients, np.atleast_1d(np.asarray(USUAL_GROWTH if growth is None else growth, float))
    _check(np.zeros(()), pace)
    level = c.level * (np.clip(np.abs(pace), c.mature, c.emerging) / c.emerging) ** c.power
    return PublisherSpread(float(level.mean()), float((c.growth * np.hypot(pace, c.least)).mean()))


def published_errors() -> pd.DataFrame:
    """Errors of published forecasts by horizon: the record behind the analyst-error model and its floor.

    Returns
    -------
    One row a series and horizon: `series, source, horizon` (years; first year of a range), `horizon_to, n, mean,
    sd, q10, q50, q90` (all of log(actual / forecast)), `floor` (.11 h^.65) and `model_sd` (of `analyst_error` at 5 %
    promised growth).

    Examples
    --------
    >>> table = published_errors()
    >>> revenue = table[(table["series"] == "US federal revenue by source") & table["horizon"].isin([1, 5])]
    >>> revenue[["horizon", "n", "sd", "floor", "model_sd"]].round(2).to_numpy().tolist()
    [[1.0, 497.0, 0.11, 0.11, 0.1], [5.0, 455.0, 0.34, 0.31, 0.32]]
    """
    import pandas as pd

    with resources.files("forecast").joinpath("published_errors.csv").open(encoding="utf-8") as file:
        table = pd.read_csv(file)
    middle = (table["horizon"] + table["horizon_to"]) / 2
    return table.assign(floor=0.11 * middle**0.65, model_sd=analyst_error(middle, 0.05).sd())
