"""What came: checked, and set beside the forecasts it answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecast.errors import ArgumentError, FootingError, Problem, did_you_mean
from forecast.estimates.units import SCALES, scale_name

OUTCOME_COLUMNS = ("scope", "geography", "year", "value", "currency", "scale", "source")
"""Columns that a table of outcomes must have."""

OPTIONAL_COLUMNS = ("id", "publisher", "published", "price_basis", "value_basis")
"""Columns that narrow an outcome down."""


def checked_outcomes(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the outcomes with all their columns, or raise one error with all problems."""
    known = (*OUTCOME_COLUMNS, *OPTIONAL_COLUMNS)
    problems = _header_problems(outcomes, known) or _cell_problems(outcomes)
    if problems:
        raise ArgumentError(problems)
    texts = {
        name: (outcomes[name] if name in outcomes else pd.Series("", index=outcomes.index)).fillna("").astype(str)
        for name in known
    }
    year, value = outcomes["year"].astype(int), outcomes["value"].astype(float)
    return pd.DataFrame(texts).assign(year=year, value=value, scale=texts["scale"].map(scale_name))


def _header_problems(outcomes: pd.DataFrame, known: tuple[str, ...]) -> list[Problem]:
    missing = [name for name in OUTCOME_COLUMNS if name not in outcomes.columns]
    unknown = [str(name) for name in outcomes.columns if name not in known]
    return [Problem(f"outcomes, column {name!r}", "no such column", "", "add it") for name in missing] + [
        Problem(f"outcomes, column {name!r}", "an unknown column", "", did_you_mean(name, known)) for name in unknown
    ]


def _cell_problems(outcomes: pd.DataFrame) -> list[Problem]:
    year, value = (pd.to_numeric(outcomes[name], errors="coerce") for name in ("year", "value"))
    scale = outcomes["scale"].fillna("").map(scale_name)
    faults = {
        "scope": (outcomes["scope"].fillna("").astype(str).str.strip() == "", "the market as the estimates name it"),
        "year": (~((year % 1 == 0) & year.between(1900, 2200)), "a year such as 2023"),
        "value": (~(np.isfinite(value) & (value > 0)), "a number above 0"),
        "scale": (~scale.isin(["", *SCALES]), ", ".join(SCALES)),
    }
    return [
        Problem(f"outcomes, row {row + 2}, {name}", repr(outcomes[name].tolist()[row]), allowed)
        for name, (wrong, allowed) in faults.items()
        for row in np.flatnonzero(wrong)
    ]


def matched(said: pd.DataFrame, came: pd.DataFrame) -> pd.DataFrame:
    """Each forecast beside the geometric mean of the narrowest outcomes it has."""
    named = said.assign(row=range(len(said)), geography=_place(said["geography"]), scale=said["scale"].map(scale_name))
    pairs = named.merge(
        came.assign(geography=_place(came["geography"])), on=["scope", "geography", "year"], suffixes=("", "_came")
    )
    pairs = pairs[_meant_for(pairs)]
    if pairs.empty:
        return pairs
    _check_footing(pairs)
    narrow = 2 * (pairs["id_came"] != "") + (pairs["publisher_came"] != "")
    pairs = pairs[narrow == narrow.groupby(pairs["row"]).transform("max")]
    factor = _factor(pairs["scale_came"]) / _factor(pairs["scale"])
    pairs = pairs.assign(log_actual=np.log(pairs["value"] * factor))
    grouped = pairs.groupby("row")
    first = grouped.first().assign(log_actual=grouped["log_actual"].mean())
    sources = grouped["source"].agg(lambda names: "; ".join(dict.fromkeys(name for name in names if name)))
    return first.assign(actual=np.exp(first["log_actual"]), source=sources).reset_index(drop=True)


def _factor(scale: pd.Series[str]) -> pd.Series[float]:
    """Units in one of a scale; 1 where none is given."""
    return scale.map({"": 1.0, **SCALES})


def _place(geography: pd.Series[str]) -> pd.Series[str]:
    return geography.str.strip().replace("", "global")


def _meant_for(pairs: pd.DataFrame) -> pd.Series[bool]:
    """Whether an outcome is meant for the forecast beside it."""
    own = (pairs["id_came"] == "") | (pairs["id_came"] == pairs["id"])
    house = (pairs["publisher_came"] == "") | (pairs["publisher_came"] == pairs["publisher"])
    said = pairs["published"].where(pairs["published"] != "", pairs["base_year"].astype(str))
    later = (pairs["published_came"] == "") | (pairs["published_came"].map(_when) > said.map(_when))
    return own & house & later & (pairs["source"] != pairs["id"])


def _when(date: str) -> float:
    """Year and part of the year of a date such as 2024, 2024-06 or 2024-06-15; a bare year is its end."""
    if not date:
        return np.nan
    parts = [float(part) for part in date.split("-")]
    month = parts[1] if len(parts) > 1 else 12.0
    return parts[0] + month / 12 + (parts[2] / 366 if len(parts) > 2 else 0.0)


def _check_footing(pairs: pd.DataFrame) -> None:
    lines = []
    for name in ("currency", "price_basis", "value_basis"):
        said, came = pairs[name].str.strip(), pairs[f"{name}_came"].str.strip()
        wrong = (said != came) if name == "currency" else (said != "") & (came != "") & (said != came)
        lines += [
            f"  - {row.id}, {row.year}: {name} {getattr(row, name) or 'not given'!r} against "
            f"{getattr(row, f'{name}_came') or 'not given'!r}"
            for row in pairs[wrong].itertuples()
        ]
    unscaled = pairs[(pairs["scale"] == "") != (pairs["scale_came"] == "")]
    lines += [f"  - {row.id}, {row.year}: only one of them has a scale" for row in unscaled.itertuples()]
    if lines:
        head = "forecasts and outcomes stand on different footings; bring them onto one with normalize():"
        more = [f"  and {len(lines) - 10} more"] if len(lines) > 10 else []
        raise FootingError("\n".join([head, *lines[:10], *more]))
