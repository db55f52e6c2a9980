"""Printed numbers that a driver tree must reproduce, held against what it computes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from forecast.estimates.conversion import claim
from forecast.estimates.numbers import rounding
from forecast.estimates.triples import overlap
from forecast.scenario.drivers import Driver
from forecast.scenario.expression import parse
from forecast.scenario.tree import COVERAGE, Check, Tree

COLUMNS = (
    *("check", "stated", "unit", "stated_low", "stated_high", "computed", "low", "high", "verdict", "status"),
    *("because", "source"),
)
P10_P90 = (0.1, 0.9)
AS_PRINTED, ROUNDED, WITHIN, APART = "as printed", "within rounding", "within range", "not reproduced"
"""Verdicts: the computed number would be printed so; by the rounding of the numbers it is made of, it may be; by the
ranges of uncertain ones, it may be; it is another number."""


def check_table(tree: Tree) -> pd.DataFrame:
    """Hold every check of a tree against what the tree computes.

    The computed number takes every driver at its median. Its range adds up what each driver may change by itself:
    a printed number by the rounding of its digits, an uncertain one from its P10 to its P90.

    Returns
    -------
    DataFrame
        One row a check: `check, stated, unit, stated_low, stated_high, computed, low, high, verdict, status, because,
        source`. The verdict is "as printed", "within rounding", "within range" or "not
        reproduced".

    Examples
    --------
    >>> tree = Tree.model_validate({
    ...     "result": "spend",
    ...     "inputs": {"patients": {"value": 90, "status": "printed"}, "price": {"value": 8.19, "status": "printed"}},
    ...     "nodes": {"spend": {"formula": "patients * price / 1000"}},
    ...     "checks": {"total": {"formula": "spend", "years": {"2025": 1}, "stated": "0.73", "hedge": "nearly"}},
    ... })
    >>> found = check_table(tree)
    >>> found[["computed", "low", "high"]].round(4).iloc[0].tolist(), found.loc[0, "verdict"]
    ([0.7371, 0.7326, 0.7416], 'within rounding')
    """
    rows = [_row(tree, name, check) for name, check in tree.checks.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(tree: Tree, name: str, check: Check) -> tuple[object, ...]:
    said, computed = claim(check.stated, check.hedge), _computed(tree, check, {})
    rounded = _range(tree, check, computed, [key for key, one in tree.drivers.items() if one.distribution.is_fixed])
    whole = _range(tree, check, computed, list(tree.drivers))
    verdicts = {AS_PRINTED: (computed, computed), ROUNDED: rounded, WITHIN: whole}
    verdict = next((text for text, ends in verdicts.items() if overlap(ends, (said.least, said.most))), APART)
    title, stated = check.title or name.replace("_", " "), f"{check.hedge} {check.stated}".strip()
    about = (check.status, check.because, check.source)
    return (title, stated, check.unit, said.least, said.most, computed, *whole, verdict, *about)


def _computed(tree: Tree, check: Check, given: Mapping[str, ArrayLike]) -> float:
    years = sorted(int(year) for year in check.years)
    cover = np.asarray(given.get(COVERAGE, tree.coverage.distribution.from_score(0.0)), float)
    found = parse(check.formula).arithmetic({COVERAGE: cover} | tree.branches(years, given)) + np.zeros(len(years))
    weights = np.array([check.years[str(year)] for year in years])
    return float((found * weights).sum())


def _range(tree: Tree, check: Check, computed: float, keys: list[str]) -> tuple[float, float]:
    low = high = computed
    for key in keys:
        changes = [_computed(tree, check, {key: np.asarray(end)}) - computed for end in _ends(tree.drivers[key])]
        low += min([0.0, *changes])
        high += max([0.0, *changes])
    return low, high


def _ends(driver: Driver) -> tuple[float, ...]:
    if not driver.distribution.is_fixed:
        return tuple(float(end) for end in driver.distribution.ppf(P10_P90))
    if driver.status != "printed":
        return ()
    return rounding(f"{float(driver.distribution.from_score(0.0)):.12g}")
