"""Pooling sources that contradict each other."""

from forecast.reconcile.consensus import LEVELS, Consensus, reconcile
from forecast.reconcile.methods import METHODS
from forecast.reconcile.priors import Prior

__all__ = ["LEVELS", "METHODS", "Consensus", "Prior", "reconcile"]
