"""Bands of statsmodels' models, fitted to the log of each history, one by one, for comparison with the pooled band.

Each function takes log values (oldest first) and a number of steps, and returns the mean and the standard deviation
of the log value at each step. A model that cannot be fitted says so in a `ModelError`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

import numpy as np
from scipy import special

from forecast.distributions import Array
from forecast.errors import ModelError

Method = Callable[[Array, int], tuple[Array, Array]]

_FEWEST = 4
_ORDERS = ((0, 1, 0), (1, 1, 0), (0, 1, 1))


def ets(logs: Array, steps: int) -> tuple[Array, Array]:
    """Exponential smoothing with additive errors and a damped trend."""
    import pandas as pd
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    fitted = ETSModel(pd.Series(logs), error="add", trend="add", damped_trend=True).fit(disp=False)
    ahead = fitted.get_prediction(start=logs.size, end=logs.size + steps - 1)
    return np.asarray(ahead.predicted_mean), np.sqrt(np.asarray(ahead.forecast_variance))


def unobserved_components(logs: Array, steps: int) -> tuple[Array, Array]:
    """Local linear trend."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    ahead = UnobservedComponents(logs, level="local linear trend").fit(disp=False).get_forecast(steps)
    return np.asarray(ahead.predicted_mean), np.asarray(ahead.se_mean)


def theta(logs: Array, steps: int) -> tuple[Array, Array]:
    """Theta model without season."""
    from statsmodels.tsa.forecasting.theta import ThetaModel

    fitted = ThetaModel(logs, period=1, deseasonalize=False, method="additive").fit()
    band = fitted.prediction_intervals(steps, alpha=0.2).to_numpy()
    return np.asarray(fitted.forecast(steps)), (band[:, 1] - band[:, 0]) / (2 * special.ndtri(0.9))


def arima(logs: Array, steps: int) -> tuple[Array, Array]:
    """Once-differenced with drift; a moving average or an autoregressive term where AICc wants one."""
    from statsmodels.tsa.arima.model import ARIMA

    fitted = [ARIMA(logs, order=order, trend="t").fit() for order in _ORDERS]
    ahead = min(fitted, key=lambda result: result.aicc).get_forecast(steps)
    return np.asarray(ahead.predicted_mean), np.asarray(ahead.se_mean)


METHODS: Mapping[str, Method] = {
    "ets": ets,
    "unobserved-components": unobserved_components,
    "theta": theta,
    "arima": arima,
}
"""Alternatives to the pooled band, by name."""


def method_quantiles(method: str, name: str, values: Array, steps: int, levels: tuple[float, ...]) -> Array:
    """Quantiles of the log value of one history, shape (steps, levels).

    Raises
    ------
    ModelError
        Where the model cannot be fitted, naming model and series.
    """
    if values.size < _FEWEST:
        raise ModelError(f"{method} needs at least {_FEWEST} values; series {name} has {values.size}")
    if np.ptp(values) == 0:
        raise ModelError(f"{method} has nothing to fit: series {name} is flat")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mean, sd = METHODS[method](np.log(values), steps)
    except Exception as error:
        raise ModelError(f"{method} cannot be fitted to series {name} of {values.size} values: {error}") from error
    if not (np.isfinite(mean).all() and np.isfinite(sd).all()):
        raise ModelError(f"{method} gives no band for series {name} of {values.size} values")
    return mean[:, None] + sd[:, None] * special.ndtri(np.array(levels))
