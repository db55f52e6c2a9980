"""Which assumption matters: verbs on a run."""

from forecast.sensitivity.quantities import Cagr, Cumulative, Probability, Quantity, Value, YearAbove
from forecast.sensitivity.tornado import Tornado, tornado

__all__ = ["Cagr", "Cumulative", "Probability", "Quantity", "Tornado", "Value", "YearAbove", "tornado"]
