"""The ledger of published estimates: reading, audit, one footing."""

from forecast.estimates.footing import Footing, common_footing, footings
from forecast.estimates.numbers import cell, hedge_of, last_digit, number, rounding
from forecast.estimates.reading import read_estimates
from forecast.estimates.scopes import Scope, Scopes, Tree, default_scopes, read_scopes

__all__ = [
    "Footing",
    "Scope",
    "Scopes",
    "Tree",
    "cell",
    "common_footing",
    "default_scopes",
    "footings",
    "hedge_of",
    "last_digit",
    "number",
    "read_estimates",
    "read_scopes",
    "rounding",
]
