"""The sheet of bands: the projection by scenario and year, wide, with growth and the parts that the charts stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from forecast.figures.style import GREEN, GREY
from forecast.report.workbook.cells import Column, Formula, number_format, rounded

_KEYS = ("scenario", "year", "unit")
_FAN = ("P10", "P25", "P75", "P90")


def level_name(level: object) -> str:
    """Return the head of a quantile level's column.

    Examples
    --------
    >>> level_name(0.5), level_name(0.975), level_name("mean")
    ('P50', 'P97.5', 'mean')
    """
    try:
        return f"P{100 * float(str(level)):g}"
    except ValueError:
        return str(level)


def wide(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return a tidy table of quantiles with one column a level, rows in their first order."""
    named = table.assign(level=[level_name(level) for level in table["level"]])
    heads = list(dict.fromkeys(named["level"]))
    spread = named.pivot_table(index=keys, columns="level", values="value", sort=False, observed=True)
    return spread[heads].map(rounded).reset_index().rename_axis(columns=None)


@dataclass(frozen=True)
class Bands:
    """The bands of a projection, wide, and where each column and scenario stands in its sheet.

    Parameters
    ----------
    table
        Columns scenario, year, unit and one a level.
    columns
        Of the sheet, with growth, width and the parts of the fan.
    """

    table: pd.DataFrame
    columns: list[Column]

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios in their order."""
        return list(dict.fromkeys(self.table["scenario"]))

    def rows(self, scenario: str) -> tuple[int, int]:
        """First and last row of a scenario in the sheet, the header being row 0."""
        places = [at + 1 for at, name in enumerate(self.table["scenario"]) if name == scenario]
        return places[0], places[-1]

    def place(self, head: str) -> int:
        """Position of a column in the sheet."""
        return [column.head for column in self.columns].index(head)

    def at(self, scenario: str, year: int, head: str) -> tuple[str, float] | None:
        """Address and value of one number, or None where a scenario does not go so far."""
        found = self.table.index[(self.table["scenario"] == scenario) & (self.table["year"] == year)]
        if not len(found):
            return None
        address = f"Bands!${xl_col_to_name(self.place(head))}${int(found[0]) + 2}"
        return address, float(self.table[head].iloc[int(found[0])])


def bands_of(table: pd.DataFrame, reference_year: int) -> Bands:
    """Return the sheet of bands of a projection.

    Parameters
    ----------
    table
        Tidy: `scenario, year, level, value, unit`.
    reference_year
        Growth is counted from this year, or from the first of the projection where that is later.
    """
    spread = wide(table, list(_KEYS))
    return Bands(spread, [*_printed(spread), *_worked_out(spread, reference_year)])


def _printed(spread: pd.DataFrame) -> Iterator[Column]:
    levels = [name for name in spread.columns if name not in _KEYS]
    shown = number_format(spread[levels].to_numpy().ravel().tolist())
    for name in spread.columns:
        yield Column(str(name), list(spread[name]), shown if name in levels else "")


def _worked_out(spread: pd.DataFrame, reference_year: int) -> Iterator[Column]:
    letters = {str(name): xl_col_to_name(at) for at, name in enumerate(spread.columns)}
    starts = _starts(spread, reference_year)
    first = int(spread["year"].iloc[starts[0]])
    growth = [_growth(spread, letters, row, start) for row, start in enumerate(starts)]
    comment = f"(P50 / P50 of {first}) ^ (1 / years since) - 1: growth of the median, not the median of growth"
    yield Column(f"CAGR of P50 since {first}", growth, "0.0%", 12, comment, GREEN)
    if {"P10", "P90"} <= letters.keys():
        ratio = [_ratio(spread, letters, row) for row in range(len(spread))]
        yield Column("P90 / P10", ratio, "0.00", 10, "How wide the 80 % band is, as a factor", GREEN)
    if set(_FAN) <= letters.keys():
        for low, high in pairwise(_FAN):
            part = [_part(spread, letters, row, low, high) for row in range(len(spread))]
            yield Column(f"{high} - {low}", part, "", 10, "Stacked on P10 in the fan charts", GREY)


def _starts(spread: pd.DataFrame, reference_year: int) -> list[int]:
    """Row that each row's growth is counted from."""
    found = []
    for scenario, year in zip(spread["scenario"], spread["year"], strict=True):
        own = spread.index[spread["scenario"] == scenario]
        later = [at for at in own if spread["year"].iloc[at] >= reference_year]
        found.append(int(later[0]) if later and year >= reference_year else int(own[0]))
    return found


def _growth(spread: pd.DataFrame, letters: dict[str, str], row: int, start: int) -> Formula:
    level, year = letters["P50"], letters["year"]
    years = int(spread["year"].iloc[row] - spread["year"].iloc[start])
    now, then = (float(spread["P50"].iloc[at]) for at in (row, start))
    value = (now / then) ** (1 / years) - 1 if years > 0 else ""
    here, there = row + 2, start + 2
    text = f"({level}{here}/{level}${there})^(1/({year}{here}-{year}${there}))-1"
    return Formula(f'=IF({year}{here}>{year}${there},{text},"")', value)


def _ratio(spread: pd.DataFrame, letters: dict[str, str], row: int) -> Formula:
    value = float(spread["P90"].iloc[row] / spread["P10"].iloc[row])
    return Formula(f"={letters['P90']}{row + 2}/{letters['P10']}{row + 2}", value)


def _part(spread: pd.DataFrame, letters: dict[str, str], row: int, low: str, high: str) -> Formula:
    value = float(spread[high].iloc[row] - spread[low].iloc[row])
    return Formula(f"={letters[high]}{row + 2}-{letters[low]}{row + 2}", value)
