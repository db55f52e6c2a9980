"""Everything of one case, computed once: audit, consensus, projections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from forecast.estimates import Audit, audit
from forecast.project import Projection, project
from forecast.reconcile import Consensus
from forecast.reconcile.paths import sources_by_years
from forecast.scenario import Case, read_case
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
        What is odd about the estimates.
    consensus
        What they say together.
    projection
        How the market goes on under each scenario.
    """

    case: Case
    audit: Audit
    consensus: Consensus
    projection: Projection

    @property
    def unit(self) -> str:
        """Currency and scale of every amount."""
        return self.consensus.footing.label

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
        return "\n".join([self.audit.summary(), self.consensus.summary(), self.projection.summary()])

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

    Examples
    --------
    >>> import forecast
    >>> done = forecast.run("regenerative_medicine")
    >>> done.projection.scenarios
    ['cautious', 'base', 'ambitious']
    """
    tell = progress or (lambda _: None)
    tell("reading")
    case = case if isinstance(case, Case) else read_case(case)
    tell("auditing the estimates")
    findings = audit(case.estimates, case.scopes)
    tell("reconciling")
    consensus = case.reconcile()
    tell("projecting")
    return Run(case, findings, consensus, project(consensus, case.scenarios, end=case.end))
