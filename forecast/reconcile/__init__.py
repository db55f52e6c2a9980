"""Pooling sources that contradict each other."""

from forecast.reconcile.comparison import MethodComparison, compare_methods
from forecast.reconcile.consensus import LEVELS, Consensus, reconcile
from forecast.reconcile.methods import MEANINGS, METHODS
from forecast.reconcile.priors import Prior

__all__ = ["LEVELS", "MEANINGS", "METHODS", "Consensus", "MethodComparison", "Prior", "compare_methods", "reconcile"]
