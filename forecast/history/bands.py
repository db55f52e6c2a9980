"""Bands for annual histories: the documented door.

How the pooled band did on series that its fold had not seen stands in `coefficients.json` and in `docs/method.md`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from forecast.distributions import Array
from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.history.features import read_features
from forecast.history.methods import METHODS, method_quantiles
from forecast.history.pooled import log_quantiles, pooled, shipped
from forecast.history.reading import Histories, read_histories, read_levels, read_steps, read_values
from forecast.mixture import Mixture

POOLED = "pooled"


def history_bands(
    histories: Histories, horizons: int, levels: ArrayLike = (0.1, 0.5, 0.9), *, method: str = POOLED
) -> Array:
    """Calibrated quantiles of short, positive, annual histories 1 to `horizons` years beyond their newest value.

    The default is the pooled band (see `forecast.history.pooled` for the equations): simple forecasts of the log
    value weighted by how each would have done in the past, and a fat-tailed, skewed spread shared by all series. It
    was fitted on whole histories of 9 to 41 years and on their last 2 to 10 values, up to 12 years ahead; beyond
    that it is an extrapolation.

    Parameters
    ----------
    histories
        A sequence of 1-d arrays of positive values, oldest first; a mapping from names to them; one Series; or a
        DataFrame with a column a series, or with the columns `year` and `value` (and `series`, where there are
        several). An index of Series and DataFrame is read as years; years may come in any order. A column of a
        DataFrame may start later than others. Values older than 60 years are not read, nor is more of a yearly change
        than a factor of 20: that is a change of unit, a slip, or a start.
    horizons
        Number of years ahead, 1 to 100.
    levels
        Probabilities, shape (L,), in any order.
    method
        "pooled", or a statsmodels model fitted to the logs of each history alone: "ets", "unobserved-components",
        "theta", "arima". These are for comparison: their bands are too narrow on short histories.

    Returns
    -------
    Shape (series, horizons, L), in the unit of the histories.

    Raises
    ------
    ArgumentError
        Where a value is missing, zero or negative, a year is missing or comes twice, a history has fewer than two
        values, or an argument is out of range; all problems at once, naming series and year.
    ModelError
        Where a statsmodels model cannot be fitted, naming the series.

    References
    ----------
    Makridakis, S. et al. (2020), "The M4 Competition", doi:10.1016/j.ijforecast.2019.04.014 (the measures).
    Montero-Manso, P. et al. (2020), doi:10.1016/j.ijforecast.2019.02.011 (combining forecasts by pooled weights).

    Examples
    --------
    >>> bands = history_bands([[10, 11, 12.5, 13, 15, 16.5]], 3, [0.1, 0.5, 0.9])
    >>> bands.shape
    (1, 3, 3)
    >>> bool((np.diff(bands, axis=2) > 0).all())
    True
    """
    steps, probabilities = read_steps(horizons), read_levels(levels)
    if method == POOLED:
        return pooled_bands(read_values(histories), steps, probabilities)
    if method not in METHODS:
        known = [POOLED, *METHODS]
        raise ArgumentError(Problem("method", repr(method), "one of " + ", ".join(known), did_you_mean(method, known)))
    batch = read_histories(histories)
    series = zip(batch.names, batch.values, strict=True)
    return np.exp(np.array([method_quantiles(method, name, values, steps, probabilities) for name, values in series]))


def history_mixture(history: Histories, horizons: int) -> Mixture:
    r"""The pooled band of one history as a Gaussian mixture over its log path: what a projection can start from.

    .. math:: \log V_h \mid k \sim N(\mu_h + \sigma_h \kappa \delta_k,\; c_k^2 \sigma_h^2), \qquad
              \mathrm{cor}(\log V_h, \log V_j \mid k) = \{\min(\sigma_h, \sigma_j) / \max(\sigma_h, \sigma_j)\}^\gamma

    Parameters
    ----------
    history
        As in `history_bands`, but one series.
    horizons
        Number of years ahead, 1 to 100.

    Returns
    -------
    Mixture
        Three components over the years 1 to `horizons` after the newest value, in logs. Its quantiles are those of
        `history_bands` to within .001 of the scale.

    Examples
    --------
    >>> mixture = history_mixture([[10, 11, 12.5, 13, 15, 16.5]], 3)
    >>> mixture.means.shape, mixture.covariances.shape
    ((3, 3), (3, 3, 3))
    """
    batch = read_histories(history)
    if len(batch.values) != 1:
        raise ArgumentError(Problem("history", f"{len(batch.values)} series", "one series"))
    c = shipped()
    band = pooled(read_features(batch.values), read_steps(horizons), c)
    weights, shifts, sds = c.shape
    location, scale = band.location[0], band.scale[0]
    ratio = np.minimum.outer(scale, scale) / np.maximum.outer(scale, scale)
    covariance = ratio**c.memory * np.outer(scale, scale)
    means = location + band.skew[0] * shifts[:, None] * scale
    return Mixture.of(weights, means, sds[:, None, None] ** 2 * covariance)


def pooled_bands(values: Sequence[Array], steps: int, levels: tuple[float, ...]) -> Array:
    """Quantiles of checked histories, shape (series, steps, levels)."""
    c = shipped()
    band = pooled(read_features(values), steps, c)
    with np.errstate(over="ignore"):
        return np.exp(log_quantiles(band, levels, c))
