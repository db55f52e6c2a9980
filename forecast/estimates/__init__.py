"""The ledger of published estimates: reading, audit, one footing."""

from forecast.estimates.conversion import Claim, claim, claim_of
from forecast.estimates.counts import audit_counts, read_counts, with_counts
from forecast.estimates.findings import Audit, audit
from forecast.estimates.footing import Footing, common_footing, footings
from forecast.estimates.inclusion import inclusion_table
from forecast.estimates.normalizing import normalize
from forecast.estimates.numbers import HEDGES, cell, hedge_of, last_digit, number, rounding
from forecast.estimates.phrases import (
    Amount,
    Growth,
    find_amounts,
    find_growths,
    parse_amount,
    parse_growth,
    parse_year,
)
from forecast.estimates.reading import read_estimates
from forecast.estimates.scopes import Scope, Scopes, Tree, default_scopes, read_scopes
from forecast.estimates.writing import write_estimates

__all__ = [
    "HEDGES",
    "Amount",
    "Audit",
    "Claim",
    "Footing",
    "Growth",
    "Scope",
    "Scopes",
    "Tree",
    "audit",
    "audit_counts",
    "cell",
    "claim",
    "claim_of",
    "common_footing",
    "default_scopes",
    "find_amounts",
    "find_growths",
    "footings",
    "hedge_of",
    "inclusion_table",
    "last_digit",
    "normalize",
    "number",
    "parse_amount",
    "parse_growth",
    "parse_year",
    "read_counts",
    "read_estimates",
    "read_scopes",
    "rounding",
    "with_counts",
    "write_estimates",
]
