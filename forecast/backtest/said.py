"""What a table of estimates said about years to come, and what its newer rows say about the older ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from forecast.errors import EstimatesError, Problem
from forecast.estimates.numbers import number
from forecast.estimates.reading import read_estimates


def forecasts(estimates: pd.DataFrame) -> pd.DataFrame:
    """Every number in a table of estimates that can be held against an outcome.

    Parameters
    ----------
    estimates
        Table in the column contract.

    Returns
    -------
    One row a forecast: `id, publisher, published, scope, geography, currency, scale, price_basis, value_basis,
    base_year, year, horizon, growth, kind, forecast`. Without a base year the year before the publication stands
    in for it. Rows of status `actual` forecast nothing; rows with `excluded_because` are left out unless a newer row
    supersedes them.

    Raises
    ------
    EstimatesError
        With all problems of the estimates.
    """
    rows = read_estimates(estimates)
    superseded = set(rows["supersedes"]) - {""}
    kept = rows[(rows["status"] != "actual") & ((rows["excluded_because"] == "") | rows["id"].isin(superseded))]
    named = ["id", "publisher", "published", "scope", "geography", "currency", "scale", "price_basis", "value_basis"]
    found = [
        {**{name: getattr(row, name) for name in named}, **one} for row in kept.itertuples() for one in _said_by(row)
    ]
    if not found:
        problem = Problem("estimates", "no value of any year", "a base value, a target value or further years")
        raise EstimatesError(problem)
    return pd.DataFrame(found)


def later_bases(estimates: pd.DataFrame) -> pd.DataFrame:
    """Take the bases of newer reports as the outcomes of older ones by the same publisher.

    A publisher's own later base keeps its definition, which no other source does. An outcome holds for reports
    published before it; actual values (status `actual`) hold for every publisher.

    Parameters
    ----------
    estimates
        Table in the column contract with several vintages of a publisher.

    Returns
    -------
    Outcomes for `backtest`.

    Examples
    --------
    >>> old = {"id": "a", "publisher": "P", "scope": "s", "published": "2018", "base_year": 2017, "base_value": "10",
    ...        "target_year": 2021, "target_value": "20"}
    >>> new = {"id": "b", "publisher": "P", "scope": "s", "published": "2022", "base_year": 2021, "base_value": "16"}
    >>> later_bases(pd.DataFrame([old, new]))[["publisher", "year", "published", "source"]].to_numpy().tolist()
    [['P', 2017, '2018', 'a'], ['P', 2021, '2022', 'b']]
    """
    rows = read_estimates(estimates)
    bases = rows[(rows["base_value"] != "") & rows["base_year"].notna()]
    actual = bases["status"] == "actual"
    columns = ["scope", "geography", "currency", "scale", "price_basis", "value_basis"]
    return (
        bases[columns]
        .assign(
            year=bases["base_year"].astype(int),
            value=bases["base_value"].map(number),
            publisher=bases["publisher"].mask(actual, ""),
            published=bases["published"]
            .where(bases["published"] != "", bases["base_year"].astype(str))
            .mask(actual, ""),
            source=bases["id"],
        )
        .reset_index(drop=True)
    )


def _said_by(row: Any) -> list[dict[str, object]]:
    """Forecasts in one row of estimates."""
    base_year, base = _base_year(row), number(row.base_value)
    said = {} if np.isnan(base) or base_year is None else {base_year: ("base", base)}
    said |= {year: ("printed", value) for year, value in _other_values(row.other_values)}
    if pd.notna(row.target_year) and row.target_value:
        said[int(row.target_year)] = ("printed", number(row.target_value))
    else:
        said |= {year: ("implied", value) for year, value in _implied(row, base_year, base)}
    if base_year is None:
        base_year = int(row.published[:4]) - 1 if row.published else None
    return [
        {
            "base_year": base_year,
            "year": year,
            "kind": kind,
            "forecast": value,
            **_promise(row, base_year, base, year, value),
        }
        for year, (kind, value) in sorted(said.items())
        if base_year is not None and year >= base_year
    ]


def _base_year(row: Any) -> int | None:
    year: Any = row.base_year if pd.notna(row.base_year) else row.cagr_from
    return int(year) if pd.notna(year) else None


def _promise(row: Any, base_year: int, base: float, year: int, value: float) -> dict[str, float]:
    """Horizon and promised log growth a year; the printed growth where no base is."""
    horizon = year - base_year
    rate = np.log1p(number(row.cagr.rstrip("%")) / 100)
    return {"horizon": float(horizon), "growth": np.log(value / base) / horizon if horizon and base > 0 else rate}


def _implied(row: Any, base_year: int | None, base: float) -> list[tuple[int, float]]:
    """Value of the last year of a growth or a multiple where no target is printed."""
    last: Any = row.target_year if pd.notna(row.target_year) else row.cagr_to
    if base_year is None or np.isnan(base) or pd.isna(last) or int(last) <= base_year:
        return []
    if row.multiple:
        return [(int(last), base * number(row.multiple))]
    if row.cagr:
        return [(int(last), base * (1 + number(row.cagr.rstrip("%")) / 100) ** (int(last) - base_year))]
    return []


def _other_values(text: str) -> list[tuple[int, float]]:
    pairs = [pair.partition("=") for pair in text.split(";") if pair.strip()]
    return [(int(year), number(value)) for year, _, value in pairs]
