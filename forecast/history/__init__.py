"""Annual history in, calibrated bands out; statsmodels' models as alternatives behind the same call."""

from forecast.history.bands import history_bands, history_mixture
from forecast.history.evaluation import BandEvaluation, evaluate_bands
from forecast.history.methods import METHODS

__all__ = ["METHODS", "BandEvaluation", "evaluate_bands", "history_bands", "history_mixture"]
