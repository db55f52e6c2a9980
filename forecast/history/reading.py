"""The documented door: annual histories in whatever form they come, checked, with every problem named."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from forecast.distributions import Array
from forecast.errors import ArgumentError, Problem

Histories: TypeAlias = "Sequence[ArrayLike] | Mapping[str, ArrayLike] | pd.Series[float] | pd.DataFrame | Array"
"""A sequence of 1-d arrays or Series, a mapping from names to them, one Series, or a table with a column a series."""

FEWEST = 2
MOST_STEPS = 100


@dataclass(frozen=True, eq=False)
class Batch:
    """Checked histories.

    Parameters
    ----------
    names
        One a series.
    values
        Positive values, oldest first.
    last_years
        Year of the newest value; None where the history came without years.
    """

    names: tuple[str, ...]
    values: tuple[Array, ...]
    last_years: tuple[int | None, ...]


def read_histories(histories: Histories) -> Batch:
    """Check histories and put them in order of their years.

    Raises
    ------
    ArgumentError
        Naming series and year of each value that is missing, zero, negative or infinite, of each year that is
        missing or comes twice, and each series of fewer than two values.
    """
    _refuse_bare(histories)
    problems: list[Problem] = []
    read = [_read_one(name, history, problems) for name, history in _named(histories)]
    if problems:
        raise ArgumentError(problems)
    if not read:
        raise ArgumentError(Problem("histories", "none", "at least one annual history"))
    names, values, years = zip(*read, strict=True)
    return Batch(names, values, years)


def read_values(histories: Histories) -> Sequence[Array]:
    """Checked values alone; quick for a list of sound arrays."""
    if isinstance(histories, list | tuple) and all(type(history) is np.ndarray for history in histories) and histories:
        sound = all(history.ndim == 1 and history.size >= FEWEST for history in histories)
        if sound and histories[0].dtype == float:
            joined = np.concatenate(histories)
            if joined.dtype == float and joined.min() > 0 and joined.max() < np.inf:
                return histories
    return read_histories(histories).values


def read_steps(horizons: int) -> int:
    """Check the number of steps ahead."""
    try:
        steps = operator.index(horizons)
    except TypeError:
        steps = 0
    if isinstance(horizons, bool) or not 1 <= steps <= MOST_STEPS:
        raise ArgumentError(Problem("horizons", repr(horizons), f"a number of years ahead, 1 to {MOST_STEPS}"))
    return steps


def read_levels(levels: ArrayLike) -> tuple[float, ...]:
    """Check probabilities."""
    found = np.asarray(levels, float)
    if found.ndim != 1 or found.size == 0 or not ((found > 0) & (found < 1)).all():
        raise ArgumentError(Problem("levels", str(levels), "probabilities between 0 and 1, such as [0.1, 0.5, 0.9]"))
    return tuple(found.tolist())


def _refuse_bare(histories: Any) -> None:
    table = isinstance(histories, pd.DataFrame | pd.Series | Mapping)
    if isinstance(histories, str) or not (table or isinstance(histories, Sequence | np.ndarray)):
        found = type(histories).__name__
        raise ArgumentError(Problem("histories", found, "a list of annual histories, a Series or a DataFrame"))
    if not table and len(histories) and np.ndim(histories[0]) == 0:
        remedy = "put the values of one series in a list: history_bands([values], ...)"
        raise ArgumentError(Problem("histories", "bare numbers", "a list of annual histories", remedy))


def _named(histories: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(histories, pd.Series):
        return iter([(_name(histories, 0), histories)])
    if isinstance(histories, pd.DataFrame):
        return _columns(histories)
    if isinstance(histories, Mapping):
        return ((str(name), history) for name, history in histories.items())
    return ((_name(history, place), history) for place, history in enumerate(histories))


def _columns(table: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    """One series a column; or a long table with the columns year and value, and series where there are several."""
    if not {"year", "value"} <= set(table.columns):
        return ((str(name), _started(column)) for name, column in table.items())
    by_year = table.set_index("year")["value"]
    if "series" not in table.columns:
        return iter([("1", by_year)])
    return ((str(name), own) for name, own in by_year.groupby(table["series"].to_numpy(), sort=False))


def _name(history: Any, place: int) -> str:
    name = getattr(history, "name", None)
    return str(place + 1) if name is None else str(name)


def _started(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of a table without the years before its first value."""
    first = column.sort_index().first_valid_index()
    return column if first is None else column[column.index >= first]


def _read_one(name: str, history: Any, problems: list[Problem]) -> tuple[str, Array, int | None]:
    series = f"series {name}"
    years = _years(series, history, problems)
    values = _numbers(series, history, problems)
    if years is not None and years.size == values.size:
        order = np.argsort(years, kind="stable")
        years, values = years[order], values[order]
        problems += _year_problems(series, years)
    problems += _value_problems(series, years, values)
    last = int(years[-1]) if years is not None and years.size else None
    return name, values, last


def _years(series: str, history: Any, problems: list[Problem]) -> np.ndarray[Any, np.dtype[np.int64]] | None:
    index = getattr(history, "index", None)
    if not isinstance(index, pd.Index) or (isinstance(index, pd.RangeIndex) and index.start == 0):
        return None
    if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        return np.asarray(index.year, np.int64)
    numbers = pd.to_numeric(pd.Series(index), errors="coerce").to_numpy(float)
    if np.isfinite(numbers).all() and (numbers == np.round(numbers)).all():
        return numbers.astype(np.int64)
    odd = index[~np.isfinite(numbers) | (numbers != np.round(numbers))]
    problems.append(Problem(f"{series}, index", repr(odd[0]), "years, such as 2023"))
    return None


def _numbers(series: str, history: Any, problems: list[Problem]) -> Array:
    try:
        values = np.asarray(_plain(history), float)
    except (TypeError, ValueError):
        problems.append(
            Problem(series, f"{type(history).__name__} with entries that are no numbers", "positive numbers")
        )
        return np.ones(FEWEST)
    if values.ndim != 1:
        problems.append(Problem(series, f"shape {values.shape}", "one row of annual values, oldest first"))
        return np.ones(FEWEST)
    return values


def _plain(history: Any) -> Any:
    """A Series as floats, whatever its dtype; everything else as it is."""
    return history.to_numpy(float, na_value=np.nan) if isinstance(history, pd.Series) else history


def _year_problems(series: str, years: np.ndarray[Any, np.dtype[np.int64]]) -> Iterator[Problem]:
    for year in np.unique(years[1:][np.diff(years) == 0]):
        yield Problem(f"{series}, year {year}", "two values or more", "one value a year")
    for year in np.setdiff1d(np.arange(years[0], years[-1]), years) if years.size else ():
        remedy = "start the history after the gap, or fill it and say so"
        yield Problem(f"{series}, year {year}", "no value", "a value for each year from first to last", remedy)


def _value_problems(series: str, years: np.ndarray[Any, np.dtype[np.int64]] | None, values: Array) -> Iterator[Problem]:
    if values.size < FEWEST:
        yield Problem(series, f"{values.size} value" + "s" * (values.size != 1), f"at least {FEWEST} annual values")
    for place in np.flatnonzero(~((values > 0) & (values < np.inf))):
        where = f"value {place + 1} of {values.size}" if years is None else f"year {years[place]}"
        remedy = "growth in logs needs positive values; start the history later" if values[place] <= 0 else ""
        yield Problem(f"{series}, {where}", f"{values[place]:g}", "a positive number", remedy)
