"""Which assumption matters: verbs on a run."""

from forecast.sensitivity.break_even import BreakEven, ReverseStress, break_even, reach, reverse_stress
from forecast.sensitivity.chaos import Chaos, chaos
from forecast.sensitivity.decomposition import Decomposition, decomposition
from forecast.sensitivity.discover import Discovery, discover
from forecast.sensitivity.grid import Grid, grid
from forecast.sensitivity.influence import Influence, influence
from forecast.sensitivity.methods import METHODS, sensitivity_table
from forecast.sensitivity.morris import Morris, morris
from forecast.sensitivity.quantities import (
    Cagr,
    Cumulative,
    Probability,
    Quantity,
    Value,
    YearAbove,
    parse_quantity,
)
from forecast.sensitivity.shares import Shapley, Sobol, shapley, sobol
from forecast.sensitivity.tornado import Spider, Tornado, spider, tornado
from forecast.sensitivity.variance import SobolIndices, sobol_indices

__all__ = [
    "METHODS",
    "BreakEven",
    "Cagr",
    "Chaos",
    "Cumulative",
    "Decomposition",
    "Discovery",
    "Grid",
    "Influence",
    "Morris",
    "Probability",
    "Quantity",
    "ReverseStress",
    "Shapley",
    "Sobol",
    "SobolIndices",
    "Spider",
    "Tornado",
    "Value",
    "YearAbove",
    "break_even",
    "chaos",
    "decomposition",
    "discover",
    "grid",
    "influence",
    "morris",
    "parse_quantity",
    "reach",
    "reverse_stress",
    "sensitivity_table",
    "shapley",
    "sobol",
    "sobol_indices",
    "spider",
    "tornado",
]
