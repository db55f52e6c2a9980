"""Fit a growth curve to one history or to thousands at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from forecast.errors import ArgumentError, ModelError, Problem
from forecast.growth.annual import AnnualSeries, Group, Histories, History, read_histories, read_history
from forecast.growth.fitted import GrowthFit
from forecast.growth.plan import Given, Noise, Observed, Plan, make_plan
from forecast.growth.solve import Solved, solve_group
from forecast.growth.solver import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def fit_growth(
    history: History,
    curve: str,
    *,
    ceiling: Given | None = None,
    given: Mapping[str, Given] | None = None,
    guess: Mapping[str, float] | None = None,
    observed: Observed = "level",
    noise: Noise = "additive",
    start_year: float | None = None,
    breaks: Sequence[float] = (),
) -> GrowthFit:
    r"""Fit a growth curve to one history.

    .. math:: \min_\theta \sum_t \big(y_t - f(t; \theta)\big)^2 + \hat\sigma^2 \sum_j z_j(\theta_j)^2

    The second sum runs over the priors; z is the normal score of a parameter in its prior. The curve's scale is
    solved for exactly and the shape searched from a grid of starting values (variable projection), so no starting
    values are needed. With `noise="proportional"` logarithms take the place of y and f.

    Parameters
    ----------
    history
        Series indexed by year, or DataFrame with the columns `year` and `value`; values of at least 0, in any unit.
        Years may be missing.
    curve
        Name of a curve, one of `CURVES`.
    ceiling
        What is known of the ceiling: a number, or a distribution as its prior. Before the inflection the data do not
        hold it, so without a prior it is reported as open.
    given
        The same for any parameter, `start` (the value at `start_year`) among them.
    guess
        Starting values to try beside the curve's own.
    observed
        What the history is of: the `level` of the curve, its `additions` in each year (sales to first buyers of a
        Bass curve), or its momentary `rate` of change.
    noise
        `additive`: errors of the same size every year; `proportional`: errors in proportion to the size.
    start_year
        Year of the start value; by default the first of the history. A Bass curve starts by default from nothing, in
        the year before.
    breaks
        Years in which the growth of a piecewise curve changes.

    Returns
    -------
    GrowthFit
        Parameters, standard errors, confidence and prediction band, verdict on what the data identify.

    Raises
    ------
    ArgumentError
        If the history or an argument is at fault; lists every series and year.
    ModelError
        If the curve has no answer: an S-curve for a history that never changes.

    References
    ----------
    Golub, G. H., Pereyra, V. (1973), doi:10.1137/0710036. Srinivasan, V., Mason, C. H. (1986),
    doi:10.1287/mksc.5.2.169, for Bass curves by least squares of `additions`.

    Examples
    --------
    >>> import pandas as pd
    >>> history = pd.Series([9, 14, 22, 33, 45, 58, 69, 77, 84, 88], index=range(2010, 2020))
    >>> fit = fit_growth(history, "logistic")
    >>> round(fit.curve.ceiling, 1), fit.identifiability
    (94.1, 'identified')
    """
    plan = make_plan(
        curve,
        ceiling=ceiling,
        given=given,
        guess=guess,
        observed=observed,
        noise=noise,
        start_year=start_year,
        breaks=breaks,
    )
    series = read_history(history, least=plan.least, positive=plan.proportional, flow=plan.observed != "level")
    _check_breaks(plan, series)
    if _flat(plan, series.values):
        raise ModelError(_flat_text(plan, series))
    group = Group((series.name,), np.zeros(1, np.intp), series.years, series.values[:, None])
    [(used, _, solved)] = solve_group(plan, group)
    return GrowthFit(used, series, solved)


def fit_growths(
    histories: Histories,
    curve: str,
    *,
    ceiling: Given | None = None,
    given: Mapping[str, Given] | None = None,
    observed: Observed = "level",
    noise: Noise = "additive",
    start_year: float | None = None,
    breaks: Sequence[float] = (),
) -> GrowthFits:
    """Fit a growth curve to many histories at once; as `fit_growth` for each, some hundred times faster.

    Parameters
    ----------
    histories
        DataFrame with one row a year and one column a series (an empty cell is a missing year), DataFrame with the
        columns `series`, `year` and `value`, mapping of names to Series, or sequence of Series.
    curve, ceiling, given, observed, noise, start_year, breaks
        As in `fit_growth`, the same for every history.

    Returns
    -------
    GrowthFits
        Parameters and standard errors of all, and each one's `GrowthFit` by its name. A history that the curve has
        no answer for is listed with `converged` false.

    Raises
    ------
    ArgumentError
        Naming every series and year that is at fault.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": [10.0, 12, 14.5, 17], "b": [5.0, 5.4, 6, 6.5]}, index=range(2020, 2024))
    >>> fit_growths(table, "constant").table["growth"].round(3).to_dict()
    {'a': 0.193, 'b': 0.093}
    """
    plan = make_plan(
        curve,
        ceiling=ceiling,
        given=given,
        guess=None,
        observed=observed,
        noise=noise,
        start_year=start_year,
        breaks=breaks,
    )
    groups = read_histories(histories, least=plan.least, positive=plan.proportional, flow=plan.observed != "level")
    for group in groups:
        _check_breaks(plan, group.series(0))
    return GrowthFits(plan, tuple(part for group in groups for part in solve_group(plan, group)))


@dataclass(frozen=True)
class GrowthFits:
    """Fits of one curve to many histories.

    Parameters
    ----------
    plan
        What was fitted.
    groups
        Histories that share their years, with their own plans and solutions.
    """

    plan: Plan
    groups: tuple[tuple[Plan, Group, Solved], ...]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a series: start year, parameters, their standard errors (`..._se`), rss, sigma, converged."""
        parts = [self._part(*part) for part in self.groups]
        order = np.argsort(np.concatenate([group.positions for _, group, _ in self.groups]), kind="stable")
        columns = {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}
        names = np.array([name for _, group, _ in self.groups for name in group.names], dtype=object)[order]
        return pd.DataFrame(columns, index=pd.Index(names, name="series"))

    def _part(self, plan: Plan, group: Group, solved: Solved) -> dict[str, NDArray[np.generic]]:
        flat = _flat(self.plan, group.values)
        errors = np.sqrt(np.diagonal(solved.covariance(), axis1=1, axis2=2)).T
        columns = {"start_year": np.full(len(group.names), plan.origin(group.years))} | solved.parameters()
        columns |= {f"{name}_se": error for name, error in zip(plan.free, errors, strict=True)}
        columns |= {"rss": solved.rss, "sigma": solved.sigma}
        known = {name: np.where(flat, np.nan, values) for name, values in columns.items()}
        return known | {"converged": solved.converged & ~flat, "values": np.full(len(flat), len(group.years))}

    def __len__(self) -> int:
        return sum(len(group.names) for _, group, _ in self.groups)

    def __getitem__(self, name: str) -> GrowthFit:
        for plan, group, solved in self.groups:
            if name in group.names:
                position = group.names.index(name)
                series = group.series(position)
                if _flat(plan, series.values):
                    raise ModelError(_flat_text(plan, series))
                return GrowthFit(plan, series, solved.some(np.array([position])))
        raise ArgumentError(Problem("series", f"'{name}'", "a name of one of the histories"))

    def summary(self) -> str:
        """Say how many histories were fitted and how many fits settled."""
        settled = int(self.table["converged"].sum())
        return f"{self.plan.name} curve fitted to {len(self)} histories; {settled} settled"

    def _repr_html_(self) -> str:
        return f"<p>{self.summary()}</p>{self.table.head(20).to_html()}"

    def plot(
        self, ax: Axes | None = None, *, parameter: str | None = None, unit: str = "value", most: int = 30
    ) -> Axes:
        """Draw one parameter of each history with its 80 % interval.

        Parameters
        ----------
        ax
            Axes to draw on; none for new ones.
        parameter
            Name of a free parameter; by default the ceiling, or the curve's last.
        unit
            What the parameter is in.
        most
            Most histories to draw, the first ones.
        """
        from forecast.figures import forest

        name = parameter or ("ceiling" if "ceiling" in self.plan.free else self.plan.free[-1])
        if name not in self.plan.free:
            raise ArgumentError(Problem("parameter", f"'{name}'", "one of " + ", ".join(self.plan.free)))
        rows = self.table[self.table["converged"]].head(most)
        width = special.stdtrit(rows["values"] - len(self.plan.free) + len(self.plan.priors), 0.9) * rows[f"{name}_se"]
        table = pd.DataFrame(
            {
                "label": rows.index.astype(str),
                "low": (rows[name] - width).to_numpy(),
                "median": rows[name].to_numpy(),
                "high": (rows[name] + width).to_numpy(),
                "kind": "source",
            }
        )
        title = f"{self.plan.name.capitalize()} curves: {name.replace('_', ' ')}"
        return forest(table, unit=unit, title=title, ax=ax)


def _flat(plan: Plan, values: Array) -> NDArray[np.bool_]:
    """Whether histories never change, which no S-curve explains."""
    return (np.ptp(values, axis=0) == 0) & plan.saturating & (plan.observed == "level")


def _flat_text(plan: Plan, series: AnnualSeries) -> str:
    problem = Problem(
        f"{series.place}, {series.years[0]:g} to {series.last:g}",
        f"{series.values[0]:g} in every year",
        f"a history that changes, for the {plan.name} curve",
        "use 'constant' or 'linear'",
    )
    return str(problem)


def _check_breaks(plan: Plan, series: AnnualSeries) -> None:
    origin = plan.origin(series.years)
    outside = [year for year in plan.breaks if not origin < year < series.last]
    if outside:
        allowed = f"years between {origin:g} and {series.last:g}, the extent of the {series.place}"
        raise ArgumentError([Problem("breaks", f"{year:g}", allowed) for year in outside])
