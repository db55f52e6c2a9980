"""Histories as they are handed in: annual values by year, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.errors import ArgumentError, Problem

Array = NDArray[np.float64]
History = pd.Series | pd.DataFrame
Histories = pd.DataFrame | Mapping[str, pd.Series] | Sequence[pd.Series]

_JUMP = 300.0
"""A change from one value to the next that no market makes: a change of unit."""
_LEAST, _MOST = 1e-100, 1e100
"""Bounds of the largest value, beyond which squares are lost."""


@dataclass(frozen=True)
class AnnualSeries:
    """Values of one series by year, in order of the years."""

    name: str
    years: Array
    values: Array
    words: Mapping[int, str] = field(default_factory=dict)
    """What stands where a number should, by position."""

    @property
    def place(self) -> str:
        """How an error calls it."""
        return f"history '{self.name}'" if self.name else "history"

    def at(self, position: int | np.intp) -> str:
        """How an error calls one of its values."""
        return f"{self.place}, year {self.years[position]:g}"

    @property
    def last(self) -> float:
        """Last year with a value."""
        return float(self.years[-1])


def read_history(history: History, *, least: int, positive: bool = False, flow: bool = False) -> AnnualSeries:
    """Read one history and check it.

    Parameters
    ----------
    history
        Series indexed by year, or DataFrame with the columns `year` and `value`. Years may be missing and in any
        order.
    least
        Fewest values that are enough.
    positive
        Whether zeros are refused.
    flow
        Whether the values are changes, which may come and go, rather than levels, which do not jump.

    Raises
    ------
    ArgumentError
        Naming the series and each year that is at fault.
    """
    series = _one_series(history)
    problems = _problems(series, least, positive=positive, flow=flow)
    if problems:
        raise ArgumentError(problems)
    return series


@dataclass(frozen=True)
class Group:
    """Histories that share their years.

    Parameters
    ----------
    names
        One for each history.
    positions
        Place of each history among all that were handed in, shape (b,).
    years
        Shape (n,).
    values
        Shape (n, b).
    words
        What stands in each history where a number should; none where all are numbers.
    """

    names: tuple[str, ...]
    positions: NDArray[np.intp]
    years: Array
    values: Array
    words: tuple[Mapping[int, str], ...] = ()

    def series(self, position: int) -> AnnualSeries:
        """One of the histories, by its place in the group."""
        words = self.words[position] if self.words else {}
        return AnnualSeries(self.names[position], self.years, self.values[:, position], words)

    def some(self, which: NDArray[np.intp]) -> Group:
        """Some of the histories, by their places in the group."""
        names = tuple(self.names[i] for i in which)
        return Group(names, self.positions[which], self.years, self.values[:, which])

    def problems(self, least: int, *, positive: bool, flow: bool) -> list[Problem]:
        """What is wrong with any of the histories."""
        if self._sound(least, positive=positive, flow=flow):
            return []
        return [
            found
            for i in range(len(self.names))
            for found in _problems(self.series(i), least, positive=positive, flow=flow)
        ]

    def _sound(self, least: int, *, positive: bool, flow: bool) -> bool:
        """Whether all histories pass every check, without asking which does not."""
        if len(self.years) < least or not np.all(np.diff(self.years) > 0):
            return False
        smallest, largest = np.min(self.values, axis=0), np.max(self.values, axis=0)
        in_range = (smallest > 0 if positive else smallest >= 0) & (largest > _LEAST) & (largest < _MOST)
        steady = flow or not np.any(_jumping(self.values))
        return bool(np.all(np.isfinite(self.values)) and np.all(in_range) and steady)


def read_histories(histories: Histories, *, least: int, positive: bool = False, flow: bool = False) -> list[Group]:
    """Read several histories and check them all.

    Parameters
    ----------
    histories
        DataFrame with one row a year and one column a series (an empty cell is a missing year), DataFrame with the
        columns `series`, `year` and `value`, mapping of names to Series, or sequence of Series.
    least, positive, flow
        As in `read_history`.

    Returns
    -------
    list of Group
        Histories that share their years stand together.

    Raises
    ------
    ArgumentError
        Naming every series and year that is at fault.
    """
    groups = _wide(histories) if _is_wide(histories) else _grouped([_ordered(n, s) for n, s in _named(histories)])
    problems = [problem for group in groups for problem in group.problems(least, positive=positive, flow=flow)]
    if problems or not groups:
        raise ArgumentError(problems or Problem("histories", "none", "at least one series"))
    return groups


def _is_wide(histories: Histories) -> bool:
    """Whether it is a table of numbers with a column for each series."""
    if not isinstance(histories, pd.DataFrame) or _is_long(histories):
        return False
    return all(pd.api.types.is_numeric_dtype(kind) for kind in set(histories.dtypes))


def _is_long(histories: pd.DataFrame) -> bool:
    return {"series", "year", "value"} <= set(histories.columns)


def _wide(table: Histories) -> list[Group]:
    assert isinstance(table, pd.DataFrame)
    years = _years(table.index)
    order = np.argsort(years, kind="stable")
    values, names = table.to_numpy(float)[order], [str(name) for name in table.columns]
    known = ~np.isnan(values)
    if np.all(known):
        return [Group(tuple(names), np.arange(len(names)), years[order], values)] if names else []
    patterns, which = np.unique(known, axis=1, return_inverse=True)
    members = [np.flatnonzero(which.ravel() == i) for i in range(patterns.shape[1])]
    return [
        Group(tuple(names[i] for i in those), those, years[order][pattern], values[np.ix_(pattern, those)])
        for pattern, those in zip(patterns.T, members, strict=True)
    ]


def _grouped(several: list[AnnualSeries]) -> list[Group]:
    """Histories of the same years, together."""
    by_years: dict[bytes, list[int]] = {}
    for i, series in enumerate(several):
        by_years.setdefault(series.years.tobytes(), []).append(i)
    return [
        Group(
            tuple(several[i].name for i in those),
            np.array(those),
            several[those[0]].years,
            np.stack([several[i].values for i in those], axis=1),
            tuple(several[i].words for i in those),
        )
        for those in by_years.values()
    ]


def _one_series(history: History) -> AnnualSeries:
    if isinstance(history, pd.Series):
        return _ordered("" if history.name is None else str(history.name), history)
    if isinstance(history, pd.DataFrame) and {"year", "value"} <= set(history.columns):
        return _ordered("", history.set_index("year")["value"])
    found = f"a DataFrame with the columns {list(history)}" if isinstance(history, pd.DataFrame) else f"{history!r:.60}"
    remedy = "for several series use fit_growths"
    allowed = "a Series indexed by year, or a DataFrame with the columns year and value"
    raise ArgumentError(Problem("history", found, allowed, remedy))


def _named(histories: Histories) -> list[tuple[str, pd.Series]]:
    if isinstance(histories, pd.DataFrame) and _is_long(histories):
        groups = histories.groupby("series", sort=False)
        return [(str(name), group.set_index("year")["value"]) for name, group in groups]
    if isinstance(histories, pd.DataFrame):
        return [(str(name), column.dropna()) for name, column in histories.items()]
    if isinstance(histories, Mapping):
        return [(str(name), series) for name, series in histories.items()]
    return [(str(i) if s.name is None else str(s.name), s) for i, s in enumerate(histories, start=1)]


def _ordered(name: str, series: pd.Series) -> AnnualSeries:
    years = _years(series.index)
    values = pd.to_numeric(series.reset_index(drop=True), errors="coerce").to_numpy(float)
    order = np.argsort(years, kind="stable")
    cells = series.to_numpy(object)[order]
    words = {
        int(i): f"'{cells[i]}', which is not a number"
        for i in np.flatnonzero(np.isnan(values[order]) & ~pd.isna(cells))
    }
    return AnnualSeries(name, years[order], values[order], words)


def _years(index: pd.Index) -> Array:
    """Years of an index of numbers, dates or periods; nan where it has none."""
    return pd.to_numeric(pd.Series(getattr(index, "year", index)), errors="coerce").to_numpy(float)


def _problems(series: AnnualSeries, least: int, *, positive: bool, flow: bool) -> list[Problem]:
    years, values = series.years, series.values
    if not np.all(np.isfinite(years)):
        return [Problem(series.place, "an index that is not a year", "years, such as 2015")]
    problems = [
        Problem(f"{series.place}, year {year:g}", "two values", "one value a year")
        for year in np.unique(years[1:][np.diff(years) == 0])
    ]
    remedy = "leave the year out if it is not known"
    problems += [
        Problem(series.at(i), series.words.get(int(i), f"{values[i]:g}"), "a finite number", remedy)
        for i in np.flatnonzero(~np.isfinite(values))
    ]
    low = values <= 0 if positive else values < 0
    rule = "above 0, because errors are in proportion to the size" if positive else "at least 0"
    problems += [Problem(series.at(i), f"{values[i]:g}", rule) for i in np.flatnonzero(low)]
    if len(values) < least:
        problems.append(Problem(series.place, _extent(series), f"at least {least} values for this curve"))
    if not problems and not _LEAST < np.max(values) < _MOST:
        allowed = f"one above 0, between {_LEAST:g} and {_MOST:g}"
        problems.append(Problem(series.place, f"a largest value of {np.max(values):g}", allowed))
    return problems or ([] if flow else _jumps(series))


def _extent(series: AnnualSeries) -> str:
    count = len(series.values)
    words = "1 value" if count == 1 else f"{count} values"
    return f"{words} ({series.years[0]:g} to {series.years[-1]:g})" if count else "no value"


def _jumping(values: Array) -> NDArray[np.bool_]:
    """Changes by hundreds between neighbours, to or from a value that matters in the series, shape (n - 1, ...)."""
    before, after = values[:-1], values[1:]
    smaller, larger = np.minimum(before, after), np.maximum(before, after)
    matters = larger >= 0.2 * np.max(values, axis=0, initial=0.0)
    return (larger > _JUMP * smaller) & (smaller > 0) & matters


def _jumps(series: AnnualSeries) -> list[Problem]:
    return [
        Problem(
            series.at(i + 1),
            f"{series.values[i + 1]:g} after {series.values[i]:g}",
            f"a change by less than a factor of {_JUMP:g}",
            "correct the unit, or leave the year out",
        )
        for i in np.flatnonzero(_jumping(series.values))
    ]
