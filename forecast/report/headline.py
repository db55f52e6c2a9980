"""What a run is asked first: one scenario and one year, the same in figures, tables and memo."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecast.mixture import Mixture
from forecast.projection import headline_scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecast.pipeline import Run
    from forecast.projection import ScenarioPath

__all__ = [
    "HEADLINE_YEAR",
    "growth_since",
    "headline_scenario",
    "headline_year",
    "start_band",
    "start_year",
    "titles",
]

HEADLINE_YEAR = 2030


def headline_year(run: Run) -> int:
    """Return 2030, or the last year of a projection that ends before or starts after."""
    years = run.projection.years
    return HEADLINE_YEAR if HEADLINE_YEAR in years else years[-1]


def start_year(run: Run) -> int:
    """Return the year that an answer starts from: the reference year of the consensus, else the first projected."""
    return run.consensus.reference_year if run.has_consensus else run.projection.years[0]


def start_band(run: Run, levels: Sequence[float]) -> list[float]:
    """Return quantiles of the market in `start_year`, without a consensus those of the headline scenario."""
    year = start_year(run)
    if run.has_consensus:
        return [float(value) for value in run.consensus.quantiles(levels, [year]).to_numpy()[0]]
    name = headline_scenario(run.projection.scenarios)
    return [float(value) for value in run.projection.quantiles(levels).loc[[(name, year)]].to_numpy()[0]]


def growth_since(run: Run, name: str, levels: Sequence[float]) -> tuple[int, list[float]]:
    """Return the year that growth counts from, and its quantiles a year from there to the end of a scenario.

    That year is `start_year`, unless the scenario ends by then. Where the year lies before the first one projected,
    the consensus in the two years says how they go together.
    """
    path = run.projection.paths[name]
    first, last = int(path.years[0]), int(path.years[-1])
    start = start_year(run) if start_year(run) < last else first
    rates = (_earlier(run, path, start) if start < first else _within(path, start)).quantiles(levels)[0]
    return start, [float(value) for value in np.expm1(rates / (last - start))]


def _within(path: ScenarioPath, start: int) -> Mixture:
    """Log growth from a year of a path to its end."""
    row = np.zeros(len(path.years))
    row[-1], row[start - int(path.years[0])] = 1, -1
    return path.mixture.linear([row])


def _earlier(run: Run, path: ScenarioPath, start: int) -> Mixture:
    """Log growth from a year before a path to its end: the year before is regressed on the first of the path."""
    before = run.consensus.market([start, int(path.years[0])])
    (mean, first_mean), covariance = before.mean(), before.covariance()
    slope = covariance[0, 1] / covariance[1, 1]
    rest = max(0.0, float(covariance[0, 0] - slope * covariance[0, 1]))
    row = np.zeros(len(path.years))
    row[-1], row[0] = 1, -slope
    carried = path.mixture.linear([row])
    means, covariances = carried.means - (mean - slope * first_mean), carried.covariances + rest
    return replace(carried, means=means, covariances=covariances)


def titles(run: Run) -> dict[str, str]:
    """Return what each scenario is called wherever it is named: its title, with its name where two are alike."""
    scenarios = run.case.scenarios
    found = {name: " ".join(story.title.split()) or name.replace("_", " ") for name, story in scenarios.items()}
    count = Counter(found.values())
    return {name: f"{title} ({name.replace('_', ' ')})" if count[title] > 1 else title for name, title in found.items()}
