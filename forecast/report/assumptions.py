"""Every number of a run that nobody printed: scenario drivers, scope ratios, the prior."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from forecast.distributions import Distribution
    from forecast.pipeline import Run
    from forecast.sensitivity import Tornado

COLUMNS = ("kind", "scenario", "input", "low", "base", "high", "unit", "status", "because", "source")
LEVELS = (0.1, 0.5, 0.9)
Row = tuple[object, ...]


def assumptions(run: Run, drivers: Tornado | None = None) -> pd.DataFrame:
    """Return one row an assumption.

    Parameters
    ----------
    run
        A finished run.
    drivers
        Its tornado, to rank by.

    Returns
    -------
    DataFrame
        `kind` (driver, event, scope ratio or prior), `scenario`, `input`; P10, P50 and P90 as `low, base, high` in
        `unit`; `status` (printed, derived or assumed), `because`, `source`; and, with a tornado, `rank`: the place of
        the input in it, empty where it was not moved because it is one number.
    """
    own = [*_drivers(run), *_events(run)]
    pooled = [*_ratios(run), *_prior(run)] if run.has_consensus else []
    table = pd.DataFrame([*own, *pooled], columns=list(COLUMNS))
    return table if drivers is None else table.assign(rank=_ranks(run, drivers, table))


def _ranks(run: Run, drivers: Tornado, table: pd.DataFrame) -> pd.Series[int]:
    places = {name: place for place, name in enumerate(drivers.table["input"], start=1)}
    named = _names(run, drivers.scenario)
    found = [places.get(named(key)) for key in table["input"]]
    return pd.Series(found, index=table.index, dtype="Int64")


def _names(run: Run, scenario: str) -> Callable[[str], str]:
    """Words of the tornado for an input of the table of assumptions."""
    from forecast.sensitivity.inputs import inputs_of
    from forecast.sensitivity.model import model_of

    words = {entry.key: entry.name for entry in inputs_of(model_of(run, scenario))}

    def named(key: str) -> str:
        bare = key.removesuffix(NEVER_ABOVE)
        if key.endswith(".year"):
            return tree_name(key)
        return words.get(bare.removesuffix(".probability"), words.get(f"prior.{bare}", f"share of {bare}"))

    return named


NEVER_ABOVE = ", never above 1"


def tree_name(key: str) -> str:
    """Return a driver's or event's key in words.

    Examples
    --------
    >>> tree_name("tree.inputs.new_patients.amount"), tree_name("events.two_acts.effects.0.points")
    ('new patients', 'two acts: points')
    """
    bare = key.removeprefix("tree.inputs.").removeprefix("events.").removesuffix(".amount").replace(".effects.0", "")
    return bare.replace("_", " ").replace(".", ": ")


def _points(distribution: Distribution) -> Iterator[float]:
    return (float(value) for value in distribution.ppf(LEVELS))


def _drivers(run: Run) -> Iterator[Row]:
    for name, scenario in run.case.scenarios.items():
        for key, driver in scenario.drivers.items():
            about = (driver.unit, driver.status, driver.because, driver.source)
            yield ("driver", name, key, *_points(driver.distribution), *about)


def _events(run: Run) -> Iterator[Row]:
    """Probability of each event that a scenario leaves open, and its year where that is not certain."""
    for name, scenario in run.case.scenarios.items():
        for key, event in scenario.events.items():
            about = (event.status, event.because, event.source)
            if key not in (*scenario.happens, *scenario.ruled_out) and 0 < event.probability < 1:
                ends = (event.probability,) * 3
                yield ("event", name, f"events.{key}.probability", *ends, "probability", *about)
            if not event.year.distribution.is_fixed:
                when = (event.year.status, event.year.because, event.year.source)
                yield ("event", name, f"events.{key}.year", *_points(event.year.distribution), "year", *when)


def _ratios(run: Run) -> Iterator[Row]:
    used = {source.scope for source in run.consensus.pool.sources}
    for scope in run.case.scopes.scopes if run.case.scopes else ():
        if scope.ratio is not None and scope.name in used:
            about = (f"share, {scope.ratio_year}", scope.status or "assumed", scope.because, scope.source)
            below_whole = float(scope.ratio.cdf(1.0))
            points = (float(value) for value in scope.ratio.ppf([level * below_whole for level in LEVELS]))
            yield ("scope ratio", "", f"{scope.name} in {scope.inside}{NEVER_ABOVE}", *points, *about)


def _prior(run: Run) -> Iterator[Row]:
    from forecast.reconcile.priors import BASES, BASIS

    by_evidence = run.case.prior.get(BASIS, BASES[0]) == BASES[0]
    for name, value in dataclasses.asdict(run.consensus.pool.prior).items():
        known = "from the record of published estimates" if by_evidence and name in _BY_RECORD else _DEFAULT
        yield ("prior", "", name, None, value, None, "", "assumed", _SET if name in run.case.prior else known, "")


_SET, _DEFAULT = "set by the case", "default of the program"
_BY_RECORD = ("spread_scale", "growth_spread_scale", "optimism_mean", "optimism_sd", "optimism_memory")
"""Numbers of the prior that go by what came of published estimates, where the case does not say otherwise."""
