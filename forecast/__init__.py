"""Reconcile market-size estimates that contradict each other, and project the market with honest bands.

Names are loaded when they are first used, so that `import forecast` costs next to nothing.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

__version__ = "0.1.0"

_HOME = {
    "Cagr": "forecast.sensitivity",
    "Consensus": "forecast.reconcile",
    "Cumulative": "forecast.sensitivity",
    "Prior": "forecast.reconcile",
    "Probability": "forecast.sensitivity",
    "Range": "forecast.distributions",
    "Value": "forecast.sensitivity",
    "YearAbove": "forecast.sensitivity",
    "audit": "forecast.estimates",
    "backtest": "forecast.backtest",
    "balance": "forecast.reconcile.balance",
    "bayes_random_effects": "forecast.reconcile.bayes_random_effects",
    "break_even": "forecast.sensitivity",
    "bridge": "forecast.reconcile.bridge",
    "classical_weights": "forecast.reconcile.classical_weights",
    "compare_methods": "forecast.reconcile",
    "decomposition": "forecast.sensitivity",
    "discover": "forecast.sensitivity",
    "evaluate_bands": "forecast.history",
    "explore": "forecast.explore",
    "fit_growth": "forecast.growth",
    "fit_growths": "forecast.growth",
    "grid": "forecast.sensitivity",
    "history_bands": "forecast.history",
    "history_mixture": "forecast.history",
    "influence": "forecast.sensitivity",
    "linear_pool": "forecast.reconcile.pools",
    "log_pool": "forecast.reconcile.pools",
    "morris": "forecast.sensitivity",
    "new_case": "forecast.scenario",
    "normalize": "forecast.estimates",
    "project": "forecast.project",
    "quantile_average": "forecast.reconcile.pools",
    "random_effects": "forecast.reconcile.random_effects",
    "read_case": "forecast.scenario",
    "read_estimates": "forecast.estimates",
    "read_scenario": "forecast.scenario",
    "read_scopes": "forecast.estimates",
    "read_track_record": "forecast.backtest",
    "reconcile": "forecast.reconcile",
    "reverse_stress": "forecast.sensitivity",
    "run": "forecast.pipeline",
    "shapley": "forecast.sensitivity",
    "sobol": "forecast.sensitivity",
    "spider": "forecast.sensitivity",
    "tornado": "forecast.sensitivity",
    "write_estimates": "forecast.estimates",
}

__all__ = sorted([*_HOME, "__version__"])


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'forecast' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


class _Package(ModuleType):
    """Keeps `forecast.reconcile` and its like the verb, although a module of that name holds it."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (isinstance(value, ModuleType) and name in _HOME):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
