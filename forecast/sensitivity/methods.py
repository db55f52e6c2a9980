"""Every method by its name on the command line, and their results in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.pipeline import Run
from forecast.sensitivity.asked import read_quantity, read_run
from forecast.sensitivity.decomposition import decomposition
from forecast.sensitivity.influence import influence
from forecast.sensitivity.morris import morris
from forecast.sensitivity.quantities import Quantity
from forecast.sensitivity.shares import shapley, sobol
from forecast.sensitivity.tornado import spider, tornado

COLUMNS = ("method", "quantity", "scenario", "input", "kind", "measure", "value", "low", "high", "unit", "note")
"""Columns of the joint table: `low` and `high` are the ends of an interval or band, missing where there is none."""


def sensitivity_table(
    run: Run, quantity: Quantity | str, methods: Sequence[str] = ("tornado", "sobol"), *, scenario: str | None = None
) -> pd.DataFrame:
    """Results of several methods in one tidy table.

    Parameters
    ----------
    run
        The case, worked through.
    quantity
        Such as `Value(2030)`, or `parse_quantity("value:2030")`.
    methods
        Names out of `METHODS`: tornado, spider, sobol, shapley, decomposition, influence, morris.
    scenario
        Name of the scenario; "base", or the middle one, where None.

    Returns
    -------
    One row a method, input and measure: `method, quantity, scenario, input, kind, measure, value, low, high, unit,
    note`.

    Raises
    ------
    ArgumentError
        Naming every unknown method, with a suggestion; and whatever a method raises.
    """
    run, quantity = read_run(run), read_quantity(quantity)
    methods = [methods] if isinstance(methods, str) else methods
    unknown = [name for name in methods if name not in METHODS]
    if unknown or not methods:
        known = list(METHODS)
        raise ArgumentError(
            [Problem("method", repr(name), remedy=did_you_mean(name, known)) for name in unknown]
            or Problem("method", "none", ", ".join(known))
        )
    parts = [_told(name, run, quantity, scenario) for name in dict.fromkeys(methods)]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def _told(name: str, run: Run, quantity: Quantity, scenario: str | None) -> pd.DataFrame:
    chosen, table = METHODS[name](run, quantity, scenario)
    filled = {"low": np.nan, "high": np.nan, "note": "", "quantity": quantity.label}
    missing = {column: value for column, value in filled.items() if column not in table}
    return table.assign(method=name, scenario=chosen, **missing)


def _variance_of(spread: str) -> str:
    """What a share of variance is about: paths, whichever quantile was asked for."""
    words = spread.removeprefix("the ")
    return f"{words[:1].upper()}{words[1:]} (share of variance)"


Told = tuple[str, pd.DataFrame]


def _tornado(run: Run, quantity: Quantity, scenario: str | None) -> Told:
    found = tornado(run, quantity, scenario=scenario)
    ends = found.table[["low_value", "high_value"]]
    table = found.table[["input", "kind", "note"]].assign(
        measure="swing", value=found.table["swing"], low=ends.min(axis=1), high=ends.max(axis=1),
        unit=quantity.unit(run.unit),
    )  # fmt: skip
    return found.scenario, table


def _spider(run: Run, quantity: Quantity, scenario: str | None) -> Told:
    found = spider(run, quantity, scenario=scenario)
    measure = ["P" + f"{100 * position:g}" for position in found.table["position"]]
    return found.tornado.scenario, found.table.assign(measure=measure, unit=quantity.unit(run.unit))


def _sobol(run: Run, quantity: Quantity, scenario: str | None) -> Told:
    found = sobol(run, quantity, scenario=scenario)
    table = found.table.rename(columns={"share": "value"})
    named = table.assign(measure=table["order"] + " order", quantity=_variance_of(quantity.spread))
    return found.scenario, named.assign(unit="share of variance")


def _shapley(run: Run, quantity: Quantity, scenario: str | None) -> Told:
    found = shapley(run, quantity, scenario=scenario)
    table = found.table.rename(columns={"share": "value"})
    named = table.assign(measure="Shapley effect", quantity=_variance_of(quantity.spread))
    return found.scenario, named.assign(unit="share of variance")


def _decomposition(run: Run, quantity: Quantity, scenario: str | None) -> Told:
    years = quantity.years
    found = decomposition(run, None if years is None else years[-1], scenario=scenario)
    own = found.table[found.table["year"] == found.year].rename(columns={"part": "input", "share": "value"})
    measure = f"share of the band in {found.year}"
    own = own.assign(quantity=_variance_of(f"the market in {found.year}"))
    return found.scenario, own.assign(kind="part of the band", measure=measure, unit="share of variance")


def _influence(run: Run, quantity: Quantity, scenario: str | None) -> Told:
    found = influence(run, quantity, scenario=scenario)
    table = found.table.rename(columns={"median": "value"})
    note = [
        said or f"band {change:+.1%}" for said, change in zip(found.table["note"], found.table["band"], strict=True)
    ]
    return found.scenario, table.assign(measure=table["change"], unit=quantity.unit(run.unit), note=note)


def _morris(run: Run, quantity: Quantity, scenario: str | None) -> Told:
    found = morris(run, quantity, scenario=scenario)
    table = found.table.assign(value=found.table["mean_absolute"], measure="mean absolute effect")
    return found.scenario, table.assign(unit=quantity.unit(run.unit))


METHODS: Mapping[str, Callable[[Run, Quantity, str | None], tuple[str, Any]]] = MappingProxyType(
    {
        "tornado": _tornado,
        "spider": _spider,
        "sobol": _sobol,
        "shapley": _shapley,
        "decomposition": _decomposition,
        "influence": _influence,
        "morris": _morris,
    }
)
"""Methods by the name they have on the command line."""
