"""Annual history in, calibrated bands out; statsmodels' models as alternatives behind the same call."""

from forecast.history.bands import history_bands, history_mixture
from forecast.history.methods import METHODS

__all__ = ["METHODS", "history_bands", "history_mixture"]
