"""Tables behind pictures that no other file of the output holds: dated events, and editions of one publisher."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from forecast.pipeline import Run
    from forecast.scenario import Scenario

EVENT_COLUMNS = ["scenario", "label", "note", "kind", "year", "low", "high", "probability"]


def event_table(scenarios: Iterable[Scenario]) -> pd.DataFrame:
    """Return events and rules of scenarios, each once with the first scenario that has it, for the timeline.

    A rule has one row a date. An event has the year in which its effect begins, with its P10 to P90; where scenarios
    differ in its probability, the first counts.
    """
    found: dict[str, list[tuple[object, ...]]] = {}
    for scenario in scenarios:
        for name, event in scenario.events.items():
            found.setdefault(name, [(scenario.name, *row) for row in _rows(event)])
    return pd.DataFrame([row for rows in found.values() for row in rows], columns=EVENT_COLUMNS)


def _rows(event: object) -> Iterator[tuple[object, ...]]:
    from forecast.scenario.events import Event

    assert isinstance(event, Event)
    dates = {name: day for name in type(event.dates).model_fields if (day := getattr(event.dates, name)) is not None}
    for name, day in dates.items():
        year = _fraction(day)
        yield event.title, f"{name} {day:%Y-%m-%d}", "policy", year, year, year, 1.0
    if not dates:
        low, middle, high = np.asarray(event.year.distribution.ppf([0.1, 0.5, 0.9]), float)
        yield event.title, "", "event", middle, low, high, event.probability


def _fraction(day: datetime.date) -> float:
    """Year and the part of it that has gone by.

    Examples
    --------
    >>> _fraction(datetime.date(2026, 1, 1)), _fraction(datetime.date(2023, 7, 2))
    (2026.0, 2023.4986301369863)
    """
    return day.year + (day.timetuple().tm_yday - 1) / (366 if calendar.isleap(day.year) else 365)


def edition_table(run: Run) -> pd.DataFrame:
    """Return the paths of the publisher with most editions: `publisher, vintage, year, value`; empty without any.

    An edition is a row of the estimates that supersedes another one, or is superseded; its path goes through what it
    prints.
    """
    from forecast.reconcile.paths import sources_by_years
    from forecast.reconcile.pool import pool_of

    estimates = run.case.estimates
    chained = estimates["id"].isin(estimates["supersedes"]) | (estimates["supersedes"] != "")
    groups = estimates[chained & (estimates["published"] != "")].groupby(["publisher", "scope"], sort=False)
    largest = max((own for _, own in groups), key=len, default=estimates.iloc[:0])
    paths = [
        sources_by_years(pool_of(row, scope=row["scope"].iloc[0], scopes=None, reference_year=None, prior=None))
        .query("kind != 'extrapolated'")
        .assign(vintage=row["published"].iloc[0][:4], publisher=_named(row.iloc[0], run.case.scope))
        for _, row in largest.assign(supersedes="", excluded_because="").groupby("id", sort=False)
    ]
    columns = ["publisher", "vintage", "year", "value"]
    return pd.concat(paths)[columns] if len(paths) > 1 else pd.DataFrame(columns=columns)


def _named(row: pd.Series, scope: str) -> str:
    """Name a publisher, with what it is about where that is not the case's own scope."""
    return row["publisher"] if row["scope"] == scope else f"{row['publisher']} ({row['scope']})"
