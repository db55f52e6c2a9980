"""Small tables of a case: actual values by year, and how far publishers are to be trusted for their past."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.errors import CaseError, Problem, did_you_mean

YEARS = (1800, 2300)
"""First and last year that a history may speak of."""

FEWEST = 2
"""Fewest values of a history that can be carried on."""


def read_history(path: Path) -> pd.Series[float]:
    """Read actual values by year from a CSV file with columns year and value.

    Raises
    ------
    CaseError
        Listing every row that is no year and positive number, or comes twice, and every year left out between two.
    """
    table = _read(path, ("year", "value"))
    years, values = (pd.to_numeric(table[name], errors="coerce") for name in ("year", "value"))
    sound = (years % 1 == 0) & years.between(*YEARS)
    problems = [*_wrong_rows(path, table["year"], ~sound, "a year")]
    problems += _wrong_rows(path, table["value"], ~(values > 0) | np.isinf(values), "a number above 0")
    problems += _wrong_rows(path, table["year"], years.duplicated() & sound, "each year once")
    problems += _gaps(path, years[sound])
    if len(table) < FEWEST:
        found = f"{len(table)} value" + "s" * (len(table) != 1)
        problems.append(Problem(path.name, found, f"at least {FEWEST} annual values"))
    if problems:
        raise CaseError(problems)
    series = pd.Series(values.to_numpy(float), index=pd.Index(years.to_numpy(int), name="year"), name="value")
    return series.sort_index()


def read_track_weights(path: Path) -> dict[str, float]:
    """Read the weight of each publisher from a CSV file with columns publisher and weight; other columns are notes.

    The table of `forecast.backtest.publisher_records`, written as it is, is such a file.

    Raises
    ------
    CaseError
        Listing every row without a publisher, that names one again, or whose weight is no number above 0.
    """
    table = _read(path, ("publisher", "weight"))
    publishers, weights = table["publisher"].str.strip(), pd.to_numeric(table["weight"], errors="coerce")
    problems = _wrong_rows(path, table["publisher"], publishers == "", "the name of a publisher")
    problems += _wrong_rows(path, table["publisher"], publishers.duplicated() & (publishers != ""), "each once")
    problems += _wrong_rows(path, table["weight"], ~(weights > 0) | np.isinf(weights), "a number above 0")
    if table.empty:
        problems.append(Problem(path.name, "no row", "a publisher and its weight"))
    if problems:
        raise CaseError(problems)
    return dict(zip(publishers, weights.astype(float), strict=True))


def _read(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Cells of a CSV file as text."""
    listed = " and ".join(columns)
    if not path.is_file():
        raise CaseError(Problem(path.name, "no such file", remedy=f"looked at {path}"))
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except pd.errors.EmptyDataError:
        raise CaseError(Problem(path.name, "an empty file", f"columns {listed}")) from None
    except pd.errors.ParserError as error:
        raise CaseError(_ragged(path, columns, str(error))) from None
    except (ValueError, OSError) as error:
        found = " ".join(str(error).split())
        raise CaseError(Problem(path.name, found, f"a CSV file in UTF-8 with columns {listed}")) from None
    missing = [name for name in columns if name not in table]
    if missing:
        problems = [
            Problem(path.name, f"no column '{name}'", f"columns {listed}", _meant(name, table)) for name in missing
        ]
        raise CaseError(problems)
    return table


def _ragged(path: Path, columns: Sequence[str], said: str) -> Problem:
    """Say which row has more cells than the header."""
    counted = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", said)
    if not counted:
        return Problem(path.name, " ".join(said.split()), f"a CSV file with columns {' and '.join(columns)}")
    wanted, line, seen = counted.groups()
    remedy = "write a point before decimals, and no comma between digits"
    return Problem(f"{path.name}, row {line}", f"{seen} cells", f"{wanted} cells, as in the header", remedy)


def _meant(name: str, table: pd.DataFrame) -> str:
    """Say which of the columns there are is meant most likely; name them where none is near."""
    if name == "weight" and any(str(column).startswith("actual") for column in table):
        return (
            "old forecasts become weights by publisher_records(backtest(*read_track_record(file))).table.to_csv(file)"
        )
    hint = did_you_mean(name, [str(column) for column in table])
    near = hint.removeprefix("did you mean ").removesuffix("?")
    return f"the file has {hint.removeprefix('known: ')}" if near == hint else f"write {name} in place of {near}"


def _gaps(path: Path, years: pd.Series[float]) -> Iterator[Problem]:
    """Years left out between two rows, told at the row after them."""
    ordered = years.drop_duplicates().sort_values().astype(int)
    for (_, before), (row, after) in pairwise(ordered.items()):
        if after > before + 1:
            first, last = before + 1, after - 1
            found = f"no value for {first}" if first == last else f"no values for {first} to {last}"
            allowed, remedy = "a value for each year", "start the history after the gap, or fill it and say so"
            yield Problem(f"{path.name}, row {int(str(row)) + 2}, year", found, allowed, remedy)


def _wrong_rows(path: Path, column: pd.Series[str], wrong: pd.Series[bool], allowed: str) -> list[Problem]:
    texts = enumerate(column, start=2)
    shown = [(row, text) for (row, text), here in zip(texts, wrong, strict=True) if here]
    return [Problem(f"{path.name}, row {row}, {column.name}", repr(text), allowed) for row, text in shown]
