"""Decomposition of the band by the law of total variance, in the fixed order of the projection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from forecast.errors import ArgumentError, Problem
from forecast.pipeline import Run
from forecast.sensitivity.model import model_of
from forecast.wording import listing, percent, result_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Where the width of the band comes from, year by year.

    Parameters
    ----------
    scenario
        Which scenario.
    year
        Year of the summary.
    table
        One row a year and part, in the fixed order: `year, part, variance` (of the log market), `share` (of that
        year's variance).
    """

    scenario: str
    year: int
    table: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Shares of the variance by year, stacked."""
        from forecast.figures import band_parts

        wide = self.table.groupby("year")["variance"].transform("sum") > 0
        return band_parts(self.table[wide].assign(scenario=self.scenario), ax=ax)

    def summary(self) -> str:
        """Parts of one year in words, the largest first."""
        parts = self.table[(self.table["year"] == self.year) & (self.table["share"] >= 0.005)]
        parts = parts.sort_values("share", ascending=False, kind="stable")
        said = [f"{part} {percent(share)}" for part, share in zip(parts["part"], parts["share"], strict=True)]
        return f"The band in {self.year}, scenario {self.scenario}, comes from: {listing(said) or 'nothing'}."

    def _repr_html_(self) -> str:
        wide = self.table.pivot(index="year", columns="part", values="share")
        return result_html(self.summary(), wide[list(dict.fromkeys(self.table["part"]))])


def decomposition(run: Run, year: int | None = None, *, scenario: str | None = None) -> Decomposition:
    """Split the variance of the log market by cause, in the order in which the projection takes them.

    Parameters
    ----------
    run
        The case, worked through.
    year
        Year of the summary; the last where None.
    scenario
        Name of the scenario; "base", or the middle one, where None.

    Raises
    ------
    ArgumentError
        Unknown scenario; a year outside the projection.
    """
    name = model_of(run, scenario).scenario_name
    whole = run.projection.decomposition
    parts = whole[whole.index.get_level_values("scenario") == name].droplevel("scenario").drop(columns="total")
    years = parts.index.tolist()
    last = years[-1] if year is None else year
    if last not in years:
        raise ArgumentError(Problem("year", str(last), f"a year from {years[0]} to {years[-1]}"))
    parts = parts.dropna(axis=1, how="all").fillna(0.0)
    shares = parts.div(parts.sum(axis=1).where(lambda total: total > 0, 1.0), axis=0)
    stacked = pd.Series(parts.rename_axis(columns="part").stack(), name="variance")
    table = stacked.reset_index()
    return Decomposition(name, last, table.assign(share=shares.stack().to_numpy()))
