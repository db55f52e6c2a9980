"""Set forecasts against what came and score the bands around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.analyst_error import AnalystError, analyst_error
from forecast.backtest.outcomes import checked_outcomes, matched
from forecast.backtest.said import forecasts
from forecast.distributions import Array
from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.scores import crps_normal_mixture, interval_score

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOWCAST_HORIZON = 0.5
"""Horizon in years at which a number for the base year itself, or the year in progress, is judged."""

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
"""Levels of the bands that are judged."""

_FASTEST = 3.0


@dataclass(frozen=True, eq=False)
class Backtest:
    """Forecasts, what came, and how good the bands around the forecasts were.

    Attributes
    ----------
    table
        One row a forecast: `id, publisher, scope, geography, currency, scale, base_year, year, horizon, growth`
        (promised, logs a year; missing if unknown), `kind` (base, printed or implied), `forecast, actual` (in the
        unit of the forecast), `error` (log(actual / forecast)), `low, median, high` (80 % band of the actual),
        `low_95, high_95, inside_80, inside_95, pit, interval_score` (80 %), `crps, log_score` (all three of the log;
        smaller is better) and `source` of the outcome.
    """

    table: pd.DataFrame

    def scores(self, by: str | Sequence[str] = ("publisher", "horizon_class")) -> pd.DataFrame:
        """Scores by group, each scope counting alike within a group.

        Parameters
        ----------
        by
            Columns of the table, or `horizon_class` (0, 1, 2-3, 4-5, 6-10, over 10), or `all`.

        Returns
        -------
        One row a group: `forecasts, scopes, bias` (mean error in logs; below 0 where forecasts were too high),
        `spread` (root mean square error in logs), `coverage_80, coverage_95, interval_score, crps, log_score,
        pit_mean`.

        Raises
        ------
        ArgumentError
            For a column that the table does not have.
        """
        keys = [by] if isinstance(by, str) else list(by)
        rows = self.table.assign(horizon_class=_horizon_class(self.table["horizon"]), all="all")
        unknown = [key for key in keys if key not in rows.columns]
        if unknown:
            raise ArgumentError(
                [Problem("by", repr(key), "", did_you_mean(key, list(rows.columns))) for key in unknown]
            )
        groups = rows.groupby(keys if len(keys) > 1 else keys[0], sort=True, observed=True)
        found = pd.DataFrame({key: _group_scores(part) for key, part in groups}).T.rename_axis(index=keys)
        return found.astype({"forecasts": int, "scopes": int})

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share of outcomes inside the 80 and 95 % bands by horizon.

        `forecast.figures.pit(result.table)` draws where in their bands the outcomes fell.
        """
        from forecast.figures.coverage import coverage

        return coverage(self.coverage(), ax=ax)

    def coverage(self) -> pd.DataFrame:
        """Count the outcomes inside each band: `level, horizon, inside, count`, one row a band and horizon."""
        counts = [
            self.table.groupby("horizon")[name].agg(inside="sum", count="size").reset_index().assign(level=level)
            for name, level in (("inside_80", 0.8), ("inside_95", 0.95))
        ]
        return pd.concat(counts, ignore_index=True)[["level", "horizon", "inside", "count"]]

    def summary(self) -> str:
        """Say in words how good the forecasts and their bands were."""
        one = self.scores("all").iloc[0]
        counts = f"{one['forecasts']:.0f} forecasts in {one['scopes']:.0f} {_plural('market', one['scopes'])}"
        publishers = self.table["publisher"].nunique()
        lines = [
            f"{counts} by {publishers} {_plural('publisher', publishers)} were set against what came.",
            f"On average what came was {_percent_off(one['bias'])} the forecast; the root mean square error is "
            f"{one['spread']:.2f} in logs.",
            f"The 80 % band around a forecast held {one['coverage_80']:.0%} of the outcomes, the 95 % band "
            f"{one['coverage_95']:.0%} (each market counting alike).",
        ]
        if one["scopes"] < 10:
            lines.append("So few markets say little about the next one.")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return str(self.scores("publisher").round(3).to_html())


def backtest(estimates: pd.DataFrame, outcomes: pd.DataFrame) -> Backtest:
    """Set old estimates against what came.

    Parameters
    ----------
    estimates
        Table in the column contract. Base value, target value, further years, and the value implied by a base and
        its growth where no target is printed, are each a forecast of their year. Rows with `excluded_because` are
        left out, unless a newer row supersedes them.
    outcomes
        Columns `scope, geography, year, value, currency, scale, source`. Optional columns narrow an outcome down:
        `id` to one estimate, `publisher` to one publisher's own definition, `published` to estimates published
        before; `price_basis` and `value_basis` must then be those of the estimate. The narrowest outcomes count;
        several are taken as their geometric mean.

    Raises
    ------
    EstimatesError
        With all problems of the estimates.
    ArgumentError
        With all problems of the outcomes, or if no forecast has an outcome.
    FootingError
        If a forecast and its outcome stand on different footings.

    Examples
    --------
    >>> report = {"id": "a", "publisher": "P", "scope": "s", "currency": "USD", "scale": "billion"}
    >>> report |= {"base_year": 2018, "base_value": "10", "target_year": 2023, "target_value": "20"}
    >>> came = {"scope": "s", "geography": "", "year": 2023, "value": 15.0}
    >>> came |= {"currency": "USD", "scale": "billion", "source": "annual statistics"}
    >>> result = backtest(pd.DataFrame([report]), pd.DataFrame([came]))
    >>> result.table[["horizon", "growth", "error", "inside_80"]].round(3).to_numpy().tolist()
    [[5.0, 0.139, -0.288, True]]
    """
    said = forecasts(estimates)
    pairs = matched(said, checked_outcomes(outcomes))
    if pairs.empty:
        found = f"none of {len(said)} forecasts has an outcome"
        remedy = "check that scope, geography and year are written alike in both tables"
        raise ArgumentError(Problem("outcomes", found, "the outcome of at least one forecast", remedy))
    return Backtest(_judged(pairs))


def _judged(rows: pd.DataFrame) -> pd.DataFrame:
    error = (rows["log_actual"] - np.log(rows["forecast"])).to_numpy(float)
    parts = [_scored(part, error[part.index]) for part in (rows[rows["growth"].notna()], rows[rows["growth"].isna()])]
    scores = pd.concat([part for part in parts if not part.empty]).sort_index()
    named = ["id", "publisher", "scope", "geography", "currency", "scale", "base_year", "year", "horizon", "growth"]
    return pd.concat([rows[[*named, "kind", "forecast", "actual"]], scores, rows[["source"]]], axis=1)


def _scored(rows: pd.DataFrame, error: Array) -> pd.DataFrame:
    """Bands and scores of forecasts that all have, or all lack, a promised growth."""
    if rows.empty:
        return pd.DataFrame()
    growth = None if rows["growth"].isna().all() else rows["growth"].clip(-_FASTEST, _FASTEST).to_numpy(float)
    model = analyst_error(np.maximum(rows["horizon"].to_numpy(float), NOWCAST_HORIZON), growth)
    ends = model.quantiles(LEVELS)
    bands = rows["forecast"].to_numpy(float)[:, None] * np.exp(ends)
    columns: dict[str, NDArray[Any]] = {"error": error}
    columns |= dict(zip(("low_95", "low", "median", "high", "high_95"), bands.T, strict=True))
    columns |= {"inside_80": (ends[:, 1] <= error) & (error <= ends[:, 3])}
    columns |= {"inside_95": (ends[:, 0] <= error) & (error <= ends[:, 4])}
    columns |= {"pit": model.cdf(error), "interval_score": interval_score(error, ends[:, 1], ends[:, 3], level=0.8)}
    columns |= {"crps": _crps(model, error), "log_score": -model.log_density(error)}
    order = ["error", "low", "median", "high", "low_95", "high_95", "inside_80", "inside_95"]
    return pd.DataFrame(columns, index=rows.index)[[*order, "pit", "interval_score", "crps", "log_score"]]


def _crps(model: AnalystError, error: Array) -> Array:
    parts = zip(error, model.weights, model.means, model.sds, strict=True)
    return np.array([crps_normal_mixture(e, w, m, s) for e, w, m, s in parts])


def _group_scores(rows: pd.DataFrame) -> dict[str, float]:
    weight = 1 / rows.groupby("scope")["error"].transform("size")
    means = {
        "bias": rows["error"],
        "spread": rows["error"] ** 2,
        "coverage_80": rows["inside_80"],
        "coverage_95": rows["inside_95"],
        "interval_score": rows["interval_score"],
        "crps": rows["crps"],
        "log_score": rows["log_score"],
        "pit_mean": rows["pit"],
    }
    found = {name: float(np.average(values.astype(float), weights=weight)) for name, values in means.items()}
    found["spread"] = np.sqrt(found["spread"])
    return {"forecasts": len(rows), "scopes": rows["scope"].nunique(), **found}


def _horizon_class(horizon: pd.Series[float]) -> pd.Series[str]:
    labels = ["0", "1", "2-3", "4-5", "6-10", "over 10"]
    return pd.cut(horizon, [-1, 0, 1, 3, 5, 10, np.inf], labels=labels)


def _plural(word: str, count: float) -> str:
    return word if count == 1 else word + "s"


def _percent_off(bias: float) -> str:
    return f"{abs(np.expm1(bias)):.0%} {'below' if bias < 0 else 'above'}"
