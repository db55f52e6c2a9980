"""What a run is held against: printed numbers its trees must reproduce, and the market seen from the other side."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.estimates.counts import COUNT_CHECKS
from forecast.report.headline import headline_scenario, titles
from forecast.wording import amount, listing, money

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.pipeline import Run
    from forecast.project import Projection, ScenarioPath
    from forecast.scenario import Scenario

BAND = (0.1, 0.5, 0.9)
TOP_DOWN, BOTTOM_UP = "top-down", "bottom-up"
SIDES = ("side", "year", "low", "median", "high", "unit", "what")


@lru_cache(maxsize=1)
def check_rows(run: Run) -> pd.DataFrame:
    """Hold the printed numbers that the driver trees of a case must reproduce against what they compute.

    Returns
    -------
    DataFrame
        `scenario`, then the columns of `forecast.scenario.tree_checks.check_table`; the headline scenario first, the
        cross-check last; empty where no tree states a check.
    """
    from forecast.scenario.tree_checks import COLUMNS, check_table

    scenarios = dict(run.case.scenarios)
    first = headline_scenario(list(scenarios))
    ordered = {first: scenarios.pop(first)} | scenarios
    if run.case.cross_check is not None:
        ordered["cross-check"] = run.case.cross_check
    found = [check_table(story.tree).assign(scenario=name) for name, story in ordered.items() if story.tree]
    filled = [table for table in found if len(table)]
    columns = ["scenario", *COLUMNS]
    return pd.concat(filled, ignore_index=True)[columns] if filled else pd.DataFrame(columns=columns)


@lru_cache(maxsize=1)
def side_rows(run: Run) -> pd.DataFrame:
    """Put the market top-down beside the market bottom-up, as far as the case has a cross-check; never averaged.

    Returns
    -------
    DataFrame
        One row a side and year: `side` (top-down or bottom-up), `year`, P10, P50 and P90 as `low, median, high`,
        `unit`, `what`; empty where the case has no cross-check.
    """
    other = run.case.cross_check
    if other is None:
        return pd.DataFrame(columns=list(SIDES))
    crossed = _crossed(run, other)
    mine, theirs = (BOTTOM_UP, TOP_DOWN) if run.case.start == "tree" else (TOP_DOWN, BOTTOM_UP)
    own = _own(run, crossed.years)
    years = [year for year in crossed.years if year in own.index]
    name = headline_scenario(run.projection.scenarios)
    what = "consensus of the estimates" if run.has_consensus else f"scenario {name}"
    tables = [(mine, what, own), (theirs, other.title or other.name, crossed.quantiles(BAND).droplevel("scenario"))]
    rows = [
        (side, year, *table.loc[year].to_numpy().tolist(), run.unit, said)
        for year in years
        for side, said, table in tables
    ]
    found = pd.DataFrame(rows, columns=list(SIDES))
    return found.sort_values(["year", "side"], ascending=[True, False], ignore_index=True)


def _own(run: Run, years: list[int]) -> pd.DataFrame:
    """Quantiles of the case's own side, from the reference year on; index year."""
    own = pd.DataFrame(run.projection.quantiles(BAND).xs(headline_scenario(run.projection.scenarios)))
    early = [year for year in years if run.case.reference_year <= year < own.index.min()]
    return pd.concat([run.consensus.quantiles(BAND, early), own]) if run.has_consensus and early else own


def _crossed(run: Run, other: Scenario) -> Projection:
    from forecast.project import project
    from forecast.start import TreeStart

    end = other.end or run.case.end
    start = TreeStart(run.case.footing, min(run.case.reference_year, end - 1))
    return project(start, {other.name: other}, end=end)


def gap_in_words(run: Run, rows: pd.DataFrame) -> str:
    """Say how far the two sides lie apart in the first year both speak of, and why."""
    other, year = run.case.cross_check, int(rows["year"].iloc[0])
    if other is None:
        return ""
    here = rows[rows["year"] == year].to_dict("records")
    said = [
        f"{row['side']} ({_called(run, row['what'])}) {money(row['median'], run.unit)} "
        f"({amount(row['low'])} to {amount(row['high'])})"
        for row in here
    ]
    low, high = sorted(row["median"] for row in here)
    return (
        f"In {year}: {listing(said)}, a factor of {amount(high / low)} apart. {_coverage(other)}{other.because} "
        "The two stand side by side and are never averaged."
    )


def _called(run: Run, what: str) -> str:
    """What a side is computed from, a scenario by its title."""
    name = headline_scenario(run.projection.scenarios)
    return f"scenario {titles(run)[name]}" if what == f"scenario {name}" else what


def _coverage(other: Scenario) -> str:
    if other.tree is None or np.allclose(other.tree.coverage.distribution.percentiles(), 1):
        return ""
    low, base, high = other.tree.coverage.distribution.percentiles()
    percents = f"{100 * base:.0f} % ({100 * low:.0f} to {100 * high:.0f} %)"
    return f"What the bottom-up list holds is taken for {percents} of the whole. "


def count_clashes(run: Run) -> list[str]:
    """Say of each thing counted what is gravest about its counts, leaving out what adds up."""
    counts = run.case.counts
    if counts.empty:
        return []
    subjects = dict(zip(counts["id"], counts["subject"], strict=True))
    found = run.audit.table
    grave = found[found["id"].isin(subjects) & found["check"].isin(COUNT_CHECKS) & found["severity"].isin(_GRAVE)]
    first = grave.assign(subject=grave["id"].map(subjects)).drop_duplicates("subject")
    return first["explanation"].to_list()


def part_rows(run: Run) -> pd.DataFrame:
    """Split each scenario into its segments, or into the branches that its tree adds up, at the median of every driver.

    Returns
    -------
    DataFrame
        `scenario, year, part, share, value, unit`; the shares of a year add up to 1 and the values to the median of
        the projection. Empty where no scenario has parts.
    """
    rows = []
    for name, path in run.projection.paths.items():
        parts = _parts(run, path)
        total = np.sum(list(parts.values()), axis=0)
        medians = run.projection.quantiles([0.5]).xs(name)[0.5]
        for part, values in parts.items():
            shares = values / total
            years = path.years[-len(values) :]
            rows += [
                (name, year, part, share, share * medians[year], run.unit)
                for year, share in zip(years.tolist(), shares.tolist(), strict=True)
            ]
    return pd.DataFrame(rows, columns=["scenario", "year", "part", "share", "value", "unit"])


def _parts(run: Run, path: ScenarioPath) -> dict[str, NDArray[np.float64]]:
    """Level of each part in the last years of a path, from the handover on for segments."""
    from forecast.scenario import segment_paths
    from forecast.scenario.growth import SegmentsGrowth, TreeGrowth

    scenario = path.scenario
    if isinstance(scenario.growth, TreeGrowth) and scenario.tree is not None:
        values = scenario.tree.branches(path.years)
        return {name.replace("_", " "): values[name] for name in scenario.tree.added}
    if not isinstance(scenario.growth, SegmentsGrowth):
        return {}
    handover, first = run.projection.handover_year[path.scenario.name], int(path.years[0])
    middle = np.log(run.projection.quantiles([0.5]).xs(path.scenario.name)[0.5])
    start = middle[handover]
    found = segment_paths(
        scenario.segments,
        path.years[handover - first :],
        handover_year=handover,
        log_start=start,
        log_growth=start - middle[handover - 1] if handover > first else 0.0,
        balanced=scenario.growth.balance == "total",
    )
    return {scenario.segments[name].title or name: np.exp(values) for name, values in found.items()}


_GRAVE = ("high", "medium", "low")


def check_lines(run: Run, rows: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """Return what is checked, stated, computed and the verdict of the headline scenario and the cross-check."""
    shown = rows[rows["scenario"].isin([headline_scenario(run.projection.scenarios), "cross-check"])]
    return [
        (row["check"], f"{row['stated']} {row['unit']}", _computed(row), row["verdict"])
        for row in shown.to_dict("records")
    ]


def _computed(row: Mapping[Hashable, Any]) -> str:
    middle, low, high = (f"{row[name]:,.4g}" for name in ("computed", "low", "high"))
    return middle if low == high else f"{middle} ({low} to {high})"


def cross_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Return the tables of this module that are not empty, by the names of their files."""
    found = {"checks": check_rows(run), "top_down_bottom_up": side_rows(run), "parts": part_rows(run)}
    return {name: table for name, table in found.items() if len(table)}
