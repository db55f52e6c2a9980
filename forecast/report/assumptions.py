"""Every number of a run that nobody printed: scenario drivers, scope ratios, the prior."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from forecast.distributions import Distribution
    from forecast.pipeline import Run

COLUMNS = ("kind", "scenario", "input", "low", "base", "high", "unit", "status", "because", "source")
LEVELS = (0.1, 0.5, 0.9)
Row = tuple[object, ...]


def assumptions(run: Run) -> pd.DataFrame:
    """Return one row an assumption.

    Returns
    -------
    DataFrame
        `kind` (driver, scope ratio or prior), `scenario`, `input`; P10, P50 and P90 as `low, base, high` in `unit`;
        `status` (printed, derived or assumed), `because`, `source`.
    """
    return pd.DataFrame([*_drivers(run), *_ratios(run), *_prior(run)], columns=list(COLUMNS))


def driver_assumptions(run: Run) -> pd.DataFrame:
    """Return the rows of `assumptions` that are drivers of scenarios, for a run without a consensus."""
    return pd.DataFrame(_drivers(run), columns=list(COLUMNS))


def _points(distribution: Distribution) -> Iterator[float]:
    return (float(value) for value in distribution.ppf(LEVELS))


def _drivers(run: Run) -> Iterator[Row]:
    for name, scenario in run.case.scenarios.items():
        for key, driver in scenario.drivers.items():
            about = (driver.unit, driver.status, driver.because, driver.source)
            yield ("driver", name, key, *_points(driver.distribution), *about)


def _ratios(run: Run) -> Iterator[Row]:
    used = {source.scope for source in run.consensus.pool.sources}
    for scope in run.case.scopes.scopes if run.case.scopes else ():
        if scope.ratio is not None and scope.name in used:
            about = (f"share, {scope.ratio_year}", scope.status or "assumed", scope.because, scope.source)
            yield ("scope ratio", "", f"{scope.name} in {scope.inside}, never above 1", *_points(scope.ratio), *about)


def _prior(run: Run) -> Iterator[Row]:
    for name, value in dataclasses.asdict(run.consensus.pool.prior).items():
        because = "set by the case" if name in run.case.prior else "default of the program"
        yield ("prior", "", name, None, value, None, "", "assumed", because, "")
