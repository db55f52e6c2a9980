"""Files of old forecasts with their outcomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.backtest.outcomes import OUTCOME_COLUMNS
from forecast.errors import ArgumentError, Problem
from forecast.estimates.numbers import hedge_of
from forecast.estimates.reading import as_texts, typed
from forecast.estimates.units import scale_name


class TrackRecord(NamedTuple):
    """Old forecasts as estimates, and their outcomes; the two arguments of `backtest`."""

    estimates: pd.DataFrame
    outcomes: pd.DataFrame


def read_track_record(
    path: str | Path,
    *,
    selections: Sequence[str] = ("systematic series", "found by topic search"),
    matches: Sequence[str] = ("same", "near"),
) -> TrackRecord:
    """Read a file of published forecasts with their outcomes.

    Three layouts are known, told apart by their columns: forecasts of many markets with the outcome beside each
    (`market, publisher, ..., actual_value, definition_match, selection`), editions of an outlook (`institution,
    edition, ..., horizon_from_last_actual`), and lists of a firm's forecasts (`firm, published, ...,
    selection_note`; growth in percent becomes an index of 100). Each outcome is bound to its forecast. Rows that
    give a low or a high scenario are left out.

    Parameters
    ----------
    path
        A CSV file.
    selections
        How rows came into the file, of those that are to be kept: `systematic series`, `found by topic search`,
        `cited as a miss` (a biased choice).
    matches
        How well the definitions of forecast and outcome match: `same`, `near`, `doubtful`.

    Returns
    -------
    Estimates and outcomes, the two arguments of `backtest`.

    Raises
    ------
    ArgumentError
        If the file is not there, its layout is not known, or no row is left.
    """
    file = Path(path)
    if not file.is_file():
        raise ArgumentError(Problem(str(file), "no such file", "a CSV file of old forecasts"))
    raw = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    layout = next((read for columns, read in LAYOUTS if columns <= set(raw.columns)), None)
    if layout is None:
        found = f"the columns {', '.join(map(str, raw.columns))}"
        allowed = " or ".join(", ".join(sorted(columns)) for columns, _ in LAYOUTS)
        raise ArgumentError(Problem(file.name, found, allowed))
    rows = layout(raw)
    rows = rows[rows["selection"].isin(selections) & rows["match"].isin(matches)]
    if rows.empty:
        found = f"no row with selection {' or '.join(selections)} and match {' or '.join(matches)}"
        raise ArgumentError(Problem(file.name, found, "at least one such row"))
    return _bound(rows.reset_index(drop=True))


def _bound(rows: pd.DataFrame) -> TrackRecord:
    """Estimates, and outcomes that are each bound to one of them."""
    money = rows["unit"].str.extract(r"^(?:([A-Z]{3}) )?(thousand|million|billion|trillion|mn|bn|tn)?")
    rows = rows.assign(currency=money[0].fillna(""), scale=money[1].fillna("unit").map(scale_name))
    estimates = typed(as_texts(rows[[name for name in rows.columns if name not in _NOT_ESTIMATES]]))
    outcomes = rows[["id", "scope", "currency", "scale"]].assign(
        geography="",
        year=rows["year"].astype(int),
        value=pd.to_numeric(rows["actual"]),
        source=rows["actual_source"],
    )
    return TrackRecord(estimates, outcomes[["id", *OUTCOME_COLUMNS]])


_NOT_ESTIMATES = ("unit", "year", "actual", "actual_source", "selection", "match")


def _market_layout(raw: pd.DataFrame) -> pd.DataFrame:
    """Forecasts of many markets, each with its outcome."""
    raw = raw[~raw["hedge"].isin(["low scenario", "high scenario"])]
    nowcast = raw["base_year"] == raw["target_year"]
    return pd.DataFrame(
        {
            "id": raw["id"],
            "publisher": raw["publisher"],
            "published": raw["published"],
            "scope": raw["market"],
            "unit": raw["unit"],
            "base_year": raw["base_year"],
            "base_value": raw["base_value"].mask(nowcast, raw["target_value"]),
            "target_year": raw["target_year"].mask(nowcast, ""),
            "target_value": raw["target_value"].mask(nowcast, ""),
            "target_hedge": raw["hedge"].map(hedge_of),
            "cagr": raw["stated_cagr_pct"],
            "source": raw["forecast_url"],
            "note": raw["definition_note"],
            "year": raw["target_year"],
            "actual": raw["actual_value"],
            "actual_source": raw["actual_publisher"],
            "selection": raw["selection"],
            "match": raw["definition_match"],
        }
    )


def _edition_layout(raw: pd.DataFrame) -> pd.DataFrame:
    """Editions of an outlook; the base is the last actual year that the edition knew."""
    base = raw["target_year"].astype(int) - raw["horizon_from_last_actual"].astype(int)
    number_of = pd.Series(range(len(raw)), index=raw.index).astype(str)
    return pd.DataFrame(
        {
            "id": raw["edition"] + "-" + raw["target_year"] + "-" + number_of,
            "publisher": raw["institution"],
            "published": raw["published_year"],
            "scope": raw["series"],
            "unit": raw["unit"],
            "cagr_from": base.astype(str),
            "target_year": raw["target_year"],
            "target_value": raw["forecast"],
            "title": raw["scenario"],
            "year": raw["target_year"],
            "actual": raw["actual"],
            "actual_source": raw["actual_source"],
            "selection": "systematic series",
            "match": np.where(raw["basis_flag"] == "same_basis", "same", "near"),
        }
    )


def _firm_layout(raw: pd.DataFrame) -> pd.DataFrame:
    """Lists of a firm's forecasts; a growth in percent is an index with the year before at 100."""
    growth = raw["unit"].str.startswith("%")
    start = raw["target_year"].astype(int) - 1
    forecast, actual = (pd.to_numeric(raw[name]) + 100 * growth for name in ("forecast", "actual"))
    missed = raw["selection_note"].str.contains("selected as a miss")
    other_year = raw["selection_note"].str.contains("actual stated for")
    return pd.DataFrame(
        {
            "id": [
                f"{firm}-{year}-{i}" for i, (firm, year) in enumerate(zip(raw["firm"], raw["target_year"], strict=True))
            ],
            "publisher": raw["firm"],
            "published": raw["published"].str[:4],
            "scope": raw["series"],
            "unit": raw["unit"],
            "base_year": start.astype(str).where(growth, ""),
            "base_value": np.where(growth, "100", ""),
            "target_year": raw["target_year"],
            "target_value": forecast.map("{:g}".format),
            "source": raw["source_url"],
            "note": raw["selection_note"],
            "year": raw["target_year"],
            "actual": actual,
            "actual_source": raw["source_url"],
            "selection": np.where(missed, "cited as a miss", "systematic series"),
            "match": np.where(other_year, "doubtful", "same"),
        }
    )


LAYOUTS: tuple[tuple[set[str], Callable[[pd.DataFrame], pd.DataFrame]], ...] = (
    ({"market", "actual_value", "definition_match", "selection"}, _market_layout),
    ({"institution", "edition", "horizon_from_last_actual", "basis_flag"}, _edition_layout),
    ({"firm", "selection_note"}, _firm_layout),
)
"""Known layouts of files of old forecasts: the columns that tell them apart, and their reader."""
