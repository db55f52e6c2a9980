"""How the bands would have done on one's own series: rolling origins, one method or several side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast import scores
from forecast.distributions import Array
from forecast.errors import ArgumentError, ModelError, Problem, did_you_mean
from forecast.history.bands import POOLED, pooled_bands
from forecast.history.methods import METHODS, method_quantiles
from forecast.history.reading import Batch, Histories, read_histories, read_steps

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
"""Quantiles that are scored."""

CENTRAL = {0.5: (0.25, 0.75), 0.8: (0.1, 0.9), 0.95: (0.025, 0.975)}
"""Central bands and their ends."""

_SMALLEST_SHARE = 1e-3


@dataclass(frozen=True, eq=False)
class Origin:
    """One history cut at one year, and what came after it."""

    series: str
    last: int
    history: Array
    came: Array


@dataclass(frozen=True, eq=False)
class BandEvaluation:
    """What `evaluate_bands` found.

    Parameters
    ----------
    table
        One row a method, series, origin and horizon: `method, series, origin, horizon, observed, movement` and one
        column a quantile (named by its level). `origin` is the newest year that the band knew (or the number of
        values it knew, where the history came without years); `movement` is the mean absolute change up to then.
    failures
        One row a band that could not be made: `method, series, origin, reason`.
    """

    table: pd.DataFrame
    failures: pd.DataFrame

    @property
    def scores(self) -> pd.DataFrame:
        """One row a method; the measures of the M4 competition, means over all outcomes.

        `outcomes` and `failures` count; `coverage_50`, `coverage_80` and `coverage_95` are shares of outcomes inside
        the central bands; `msis` is the 95 % interval score and `mase` the absolute error of the median, both over
        `movement`; `quantile_loss` is the mean quantile score over `movement`; `log_interval` the 95 % interval score
        of the logs (with the lower end held at a thousandth of the outcome). All but coverage: smaller is better.
        """
        failed = self.failures["method"].value_counts()
        rows = [
            {"method": method, "outcomes": len(own), "failures": int(failed.get(method, 0))} | _measures(own)
            for method, own in self._by_method()
        ]
        return pd.DataFrame(rows).set_index("method")

    @property
    def by_horizon(self) -> pd.DataFrame:
        """The same measures by method and horizon."""
        rows = [
            {"method": method, "horizon": horizon, **_measures(part)}
            for method, own in self._by_method()
            for horizon, part in own.groupby("horizon")
        ]
        empty = pd.DataFrame(columns=["method", "horizon", *_measures(self.table.iloc[:0])])
        return (pd.DataFrame(rows) if rows else empty).set_index(["method", "horizon"])

    def summary(self) -> str:
        """Text for the memo."""
        return "\n".join(_sentence(str(method), row) for method, row in self.scores.iterrows())

    def plot(self, ax: Axes | None = None, *, method: str | None = None) -> Axes:
        """Draw coverage by horizon of one method (the first, if not given)."""
        from forecast.figures import coverage

        wanted = method or str(self.table["method"].iloc[0])
        _check_methods([wanted], list(self.table["method"].unique()))
        own = self.table[self.table["method"] == wanted]
        rows = [
            {"level": level, "horizon": horizon, "inside": _inside(part, level).sum(), "count": len(part)}
            for horizon, part in own.groupby("horizon")
            for level in (0.8, 0.95)
        ]
        return coverage(pd.DataFrame(rows), ax=ax)

    def _repr_html_(self) -> str:
        return self.scores.to_html(float_format=lambda value: f"{value:.3g}")

    def _by_method(self) -> Iterator[tuple[str, pd.DataFrame]]:
        for method in dict.fromkeys([*self.table["method"], *self.failures["method"]]):
            yield method, self.table[self.table["method"] == method]


def evaluate_bands(
    histories: Histories,
    horizons: int = 3,
    *,
    methods: Sequence[str] = (POOLED,),
    origins: int | None = None,
    fewest: int = 6,
) -> BandEvaluation:
    """Make the bands again as they would have been made in the past, and hold them against what came.

    Each history is cut after each of its years in turn; the band sees nothing beyond the cut.

    Parameters
    ----------
    histories
        As in `history_bands`.
    horizons
        Number of years ahead, 1 to 100.
    methods
        Names as in `history_bands`; several are compared on the same cuts. `("pooled", *METHODS)` takes all.
    origins
        How many of the latest cuts to use for each series; None for all.
    fewest
        Values a band must have seen, at least 2.

    Raises
    ------
    ArgumentError
        Where a history or an argument has problems, or no history is long enough.

    Examples
    --------
    >>> values = [10, 11, 12.5, 13, 15, 16.5, 17, 19, 20.5]
    >>> evaluation = evaluate_bands([values], 2, origins=2)
    >>> evaluation.table[["origin", "horizon", "observed"]].values.tolist()
    [[7.0, 1.0, 19.0], [7.0, 2.0, 20.5], [8.0, 1.0, 20.5]]
    """
    steps, batch = read_steps(horizons), read_histories(histories)
    _check_methods(methods, [POOLED, *METHODS])
    _check_counts(origins, fewest)
    cuts = [cut for place in range(len(batch.names)) for cut in _cuts(batch, place, steps, origins, fewest)]
    if not cuts:
        longest = max(values.size for values in batch.values)
        raise ArgumentError(Problem("histories", f"at most {longest} values", f"more than {fewest} (argument fewest)"))
    rows: list[dict[str | float, object]] = []
    failures: list[dict[str, object]] = []
    for method in methods:
        for cut, band in zip(cuts, _bands(method, cuts, steps), strict=True):
            if isinstance(band, ModelError):
                failures.append({"method": method, "series": cut.series, "origin": cut.last, "reason": str(band)})
            else:
                rows += _rows(method, cut, band)
    columns = ["method", "series", "origin", "horizon", "observed", "movement", *LEVELS]
    failed = pd.DataFrame(failures, columns=["method", "series", "origin", "reason"])
    return BandEvaluation(pd.DataFrame(rows, columns=columns), failed)


def _check_methods(methods: Sequence[str], known: Sequence[str]) -> None:
    if isinstance(methods, str) or not methods or len(set(methods)) < len(methods):
        raise ArgumentError(Problem("methods", repr(methods), "a list of names, each once, such as ['pooled', 'ets']"))
    problems = [
        Problem("methods", repr(method), "one of " + ", ".join(known), did_you_mean(method, known))
        for method in methods
        if method not in known
    ]
    if problems:
        raise ArgumentError(problems)


def _check_counts(origins: int | None, fewest: int) -> None:
    problems = [] if _counts(fewest, 2) else [Problem("fewest", repr(fewest), "at least 2 values")]
    problems += (
        [] if origins is None or _counts(origins, 1) else [Problem("origins", repr(origins), "at least 1, or None")]
    )
    if problems:
        raise ArgumentError(problems)


def _counts(given: object, least: int) -> bool:
    return isinstance(given, int | np.integer) and not isinstance(given, bool) and int(given) >= least


def _cuts(batch: Batch, place: int, steps: int, origins: int | None, fewest: int) -> Iterator[Origin]:
    values, last_year = batch.values[place], batch.last_years[place]
    first = fewest if origins is None else max(fewest, values.size - origins)
    for count in range(first, values.size):
        last = count if last_year is None else last_year - (values.size - count)
        yield Origin(batch.names[place], last, values[:count], values[count : count + steps])


def _bands(method: str, cuts: Sequence[Origin], steps: int) -> Sequence[Array | ModelError]:
    if method == POOLED:
        return list(pooled_bands([cut.history for cut in cuts], steps, LEVELS))
    return [_band(method, cut, steps) for cut in cuts]


def _band(method: str, cut: Origin, steps: int) -> Array | ModelError:
    try:
        return np.exp(method_quantiles(method, cut.series, cut.history, steps, LEVELS))
    except ModelError as error:
        return error


def _rows(method: str, cut: Origin, band: Array) -> list[dict[str | float, object]]:
    common: dict[str | float, object] = {"method": method, "series": cut.series, "origin": cut.last}
    movement = np.abs(np.diff(cut.history)).mean()
    return [
        {**common, "horizon": step + 1, "observed": came, "movement": movement, **dict(zip(LEVELS, row, strict=True))}
        for step, (came, row) in enumerate(zip(cut.came, band, strict=False))
    ]


def _inside(rows: pd.DataFrame, level: float) -> pd.Series[bool]:
    low, high = CENTRAL[level]
    return (rows["observed"] >= rows[low]) & (rows["observed"] <= rows[high])


def _measures(rows: pd.DataFrame) -> dict[str, float]:
    return {"outcomes": len(rows)} | _coverages(rows) | _losses(rows[rows["movement"] > 0])


def _coverages(rows: pd.DataFrame) -> dict[str, float]:
    return {f"coverage_{100 * level:.0f}": float(_inside(rows, level).mean()) for level in CENTRAL}


def _losses(rows: pd.DataFrame) -> dict[str, float]:
    if rows.empty:
        return dict.fromkeys(["msis", "mase", "quantile_loss", "log_interval"], np.nan)
    y, movement = rows["observed"].to_numpy(), rows["movement"].to_numpy()
    bands = rows[list(LEVELS)].to_numpy(float)
    low, high = bands[:, 0], bands[:, -1]
    floored = np.maximum(bands[:, [0, -1]], y[:, None] * _SMALLEST_SHARE)
    pinball = scores.quantile_score(y[:, None], LEVELS, bands).mean(1)
    return {
        "msis": float((scores.interval_score(y, low, high, level=0.95) / movement).mean()),
        "mase": float((np.abs(y - bands[:, 3]) / movement).mean()),
        "quantile_loss": float((pinball / movement).mean()),
        "log_interval": float(scores.interval_score(np.log(y), *np.log(floored).T, level=0.95).mean()),
    }


def _sentence(method: str, row: pd.Series[float]) -> str:
    if not row["outcomes"]:
        return f"{method}: none of {row['failures']:.0f} bands could be made; `failures` gives the reasons."
    failed = f" {row['failures']:.0f} bands could not be made." if row["failures"] else ""
    return (
        f"{method}: of {row['outcomes']:.0f} outcomes the 50, 80 and 95 % bands held {row['coverage_50']:.0%}, "
        f"{row['coverage_80']:.0%} and {row['coverage_95']:.0%}; scaled interval score {row['msis']:.1f}, "
        f"scaled error of the median {row['mase']:.2f}.{failed}"
    )
