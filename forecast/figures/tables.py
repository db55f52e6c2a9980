"""Checks of the tables that figures are drawn from: all problems of a table at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast.errors import ArgumentError, Problem, did_you_mean


def checked(
    table: pd.DataFrame,
    figure: str,
    *,
    texts: Sequence[str] = (),
    numbers: Sequence[str] = (),
    gaps: Sequence[str] = (),
    kinds: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Check that a table has what a figure needs, and return those columns and the optional ones.

    Parameters
    ----------
    table
        Table to be drawn.
    figure
        Name of the figure, for the message.
    texts
        Columns that must be there.
    numbers
        Columns that must be there with a finite number in every row.
    gaps
        Columns that must be there with a number or a gap.
    kinds
        Words that a column may hold.

    Returns
    -------
    DataFrame
        A copy with a plain index, numbers as floats.

    Raises
    ------
    ArgumentError
        If it is no table, is empty, lacks a column, or holds what cannot be drawn; all problems at once.
    """
    if not isinstance(table, pd.DataFrame):
        raise ArgumentError(Problem(f"{figure}: table", type(table).__name__, "a pandas DataFrame"))
    words = kinds or {}
    needed = [*texts, *numbers, *gaps, *(name for name in words if name not in texts)]
    problems = [_missing(figure, name, list(map(str, table.columns))) for name in needed if name not in table.columns]
    if table.empty:
        problems.append(Problem(f"{figure}: table", "no rows", "at least one row", "there is nothing to draw"))
    if problems:
        raise ArgumentError(problems)
    copy = table.reset_index(drop=True).copy()
    for name in [*numbers, *gaps]:
        copy[name] = pd.to_numeric(copy[name], errors="coerce").astype(float)
    for name in words:
        copy[name] = copy[name].astype(object).where(copy[name].notna(), "")
    problems = [p for name in numbers for p in _not_numbers(figure, name, table[name], copy[name])]
    problems += [p for name, allowed in words.items() for p in _not_words(figure, name, copy[name], allowed)]
    if problems:
        raise ArgumentError(problems)
    return copy


def _missing(figure: str, name: str, present: Sequence[str]) -> Problem:
    return Problem(f"{figure}: column {name}", "none", "", did_you_mean(name, present) if present else "")


def _not_numbers(figure: str, name: str, given: pd.Series, read: pd.Series) -> list[Problem]:
    rows = np.flatnonzero(~np.isfinite(read.to_numpy(float)))
    return [Problem(f"{figure}: row {row}, {name}", repr(given.iloc[row]), "a finite number") for row in rows]


def _not_words(figure: str, name: str, column: pd.Series, allowed: Sequence[str]) -> list[Problem]:
    wrong = [str(found) for found in column.unique() if found not in allowed]
    return [Problem(f"{figure}: {name}", repr(w), ", ".join(allowed), did_you_mean(w, list(allowed))) for w in wrong]


def scenario_of(rows: pd.DataFrame) -> str:
    """Name of the scenario that a table is about, where it has such a column."""
    return str(rows["scenario"].iloc[0]) if "scenario" in rows else ""


def positive(table: pd.DataFrame, figure: str, *columns: str) -> None:
    """Raise unless all numbers of the columns are above zero."""
    problems = [
        Problem(f"{figure}: row {row}, {name}", f"{table[name].iloc[row]:g}", "a number above 0")
        for name in columns
        for row in np.flatnonzero(table[name].to_numpy(float) <= 0)
    ]
    if problems:
        raise ArgumentError(problems)


def records(table: pd.DataFrame) -> Iterator[Any]:
    """Rows of a table, as tuples with the columns' names."""
    return iter(table.itertuples(index=False))
