"""Everything of one case, computed once: audit, consensus, projections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from forecast.errors import ArgumentError, Problem
from forecast.estimates import Audit, audit, with_counts
from forecast.project import Projection, Start, project
from forecast.reconcile import Consensus
from forecast.reconcile.paths import sources_by_years
from forecast.scenario import Case, Scenario, read_case
from forecast.start import HistoryStart, TreeStart
from forecast.wording import result_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Progress = Callable[[str], None]
"""Is told the name of each stage as it begins."""


@dataclass(frozen=True, eq=False)
class Run:
    """One case, worked through.

    Parameters
    ----------
    case
        What was read.
    audit
        What is odd about the estimates and the indicator counts.
    start
        What the projections start from: the consensus of the estimates, the history, or driver trees.
    projection
        How the market goes on under each scenario.
    """

    case: Case
    audit: Audit
    start: Start
    projection: Projection

    @property
    def has_consensus(self) -> bool:
        """Whether projections start from a consensus of estimates."""
        return isinstance(self.start, Consensus)

    @property
    def consensus(self) -> Consensus:
        """What the estimates say together.

        Raises
        ------
        ArgumentError
            If the case does not start from estimates.
        """
        if not isinstance(self.start, Consensus):
            remedy = f"its projections start from the {self.case.start}"
            raise ArgumentError(Problem(f"case {self.case.name}", "no consensus", "a case with estimates", remedy))
        return self.start

    @property
    def unit(self) -> str:
        """Currency and scale of every amount."""
        return self.start.footing.label

    @cached_property
    def sources_table(self) -> pd.DataFrame:
        """Level of every source in every year: `source, year, value, kind, hedge`."""
        return sources_by_years(self.consensus.pool)

    @property
    def table(self) -> pd.DataFrame:
        """Tidy quantiles of the projection: `scenario, year, level, value, unit`."""
        return self.projection.table

    def plot(self, ax: Axes | None = None) -> Axes:
        """Fan chart of the middle scenario."""
        return self.projection.plot(ax)

    def summary(self) -> str:
        """Audit, consensus and projection in words."""
        estimates = [self.audit.summary(), self.consensus.summary()] if self.has_consensus else []
        return "\n".join([*estimates, self.projection.summary()])

    def _repr_html_(self) -> str:
        return result_html(self.summary(), self.projection.quantiles())


def run(case: Case | str | Path, *, progress: Progress | None = None) -> Run:
    """Work a case through: audit, reconcile, project.

    Parameters
    ----------
    case
        A case, its folder, or the name of a bundled one.
    progress
        Called with the name of each stage as it begins.

    Raises
    ------
    ArgumentError
        If `case` is none of these.
    CaseError
        Listing every problem of the case.

    Examples
    --------
    >>> import forecast
    >>> done = forecast.run("regenerative_medicine")
    >>> done.projection.scenarios
    ['cautious', 'base', 'ambitious']
    """
    given: object = case
    if not isinstance(given, Case | str | Path):
        found = "a Run" if isinstance(given, Run) else repr(given)
        raise ArgumentError(
            Problem("case", found, "a Case, its folder, or the name of one that comes with the program")
        )
    tell = progress or (lambda _: None)
    tell("reading")
    case = case if isinstance(case, Case) else read_case(case)
    tell("auditing the estimates")
    findings = with_counts(audit(case.estimates, case.scopes), case.counts)
    tell("reconciling")
    start = start_of(case)
    tell("projecting")
    scenarios = {name: _ending(scenario, case.end) for name, scenario in case.scenarios.items()}
    return Run(case, findings, start, project(start, scenarios))


def _ending(scenario: Scenario, end: int) -> Scenario:
    """The scenario with the case's end year where it has none of its own."""
    return scenario if scenario.end else scenario.model_copy(update={"end": end})


def start_of(case: Case) -> Start:
    """What the projections of a case start from."""
    if case.start == "tree":
        return TreeStart(case.footing, case.reference_year)
    if case.start == "history" and case.history is not None:
        return HistoryStart(case.history, case.footing)
    return case.reconcile()
