"""Tables of what follows: projection, checks, drivers, assumptions."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast.report.assumptions import assumptions, tree_name
from forecast.report.headline import headline_scenario
from forecast.report.memo import BAND, milestones, short_number
from forecast.report.page.answer import growth, title
from forecast.report.page.tables import (
    Cell,
    Column,
    Part,
    Table,
    band,
    head,
    in_unit,
    number,
    rate,
    table,
    text,
    titled,
)
from forecast.report.sides import check_lines, check_rows, part_rows
from forecast.wording import amount, percent

if TYPE_CHECKING:
    from forecast.pipeline import Run
    from forecast.sensitivity import Tornado

Row = Mapping[Hashable, Any]
_NOTHING = number(None)


def projection_table(run: Run) -> Table:
    """Return the projection by scenario and milestone, with the growth over the whole of it."""
    years = milestones(run)
    found = run.projection.quantiles(BAND)
    rows = [
        (
            head(title(run, name)),
            *(_band_in(found, name, year) for year in years),
            rate(*growth(run, name)),
        )
        for name in run.projection.scenarios
    ]
    return table(
        f"Projection by scenario, {run.unit}, median (80 % band)",
        titled("Scenario", *((str(year), "number") for year in years), ("Growth a year", "number")),
        rows,
    )


def _band_in(found: pd.DataFrame, name: str, year: int) -> Cell:
    rows = found[found.index == (name, year)].to_numpy().tolist()
    return band(*rows[0]) if rows else _NOTHING


def causes_table(run: Run) -> Table:
    """Return what makes the band of the middle scenario wide: shares of the variance of the log market, by cause."""
    name = headline_scenario(run.projection.scenarios)
    parts = run.projection.decomposition.loc[name]
    causes = [cause for cause in parts.columns if cause != "total" and (parts[cause] > 0).any()]
    years = [int(parts.index[0]), *(year for year in milestones(run) if year in parts.index and year != parts.index[0])]
    rows = [
        (head(cause), *(number(share, percent(share)) for share in (parts[cause] / parts["total"])[years]))
        for cause in causes
    ]
    return table(
        f"What makes the band wide, scenario {title(run, name)}: share of the variance of the log market",
        titled("Cause", *((str(year), "number") for year in years)),
        rows,
    )


def parts_table(run: Run) -> Table | None:
    """Return shares and values of the parts of one scenario, the middle one if it has any; None without parts."""
    found = part_rows(run)
    if found.empty:
        return None
    names = found["scenario"].unique().tolist()
    middle = headline_scenario(run.projection.scenarios)
    name = middle if middle in names else names[0]
    own = found[found["scenario"] == name]
    years = [year for year in (int(own["year"].min()), *milestones(run)) if year in set(own["year"])]
    years = list(dict.fromkeys(years))
    rows = [(head(part), *(_part(levels, year) for year in years)) for part, levels in own.groupby("part", sort=False)]
    caption = f"Parts of the median of scenario {title(run, name)}, {run.unit} (share)"
    return table(caption, titled("Part", *((str(year), "number") for year in years)), rows)


def _part(levels: pd.DataFrame, year: int) -> Cell:
    [(value, share)] = levels.loc[levels["year"] == year, ["value", "share"]].to_numpy().tolist()
    return number(value, f"{amount(value)} ({percent(share)})")


def checks_table(run: Run) -> Table:
    """Return printed numbers that the driver trees must reproduce, beside what they compute."""
    rows = [(head(what), *(text(words, kind="number") for words in (stated, computed)), text(verdict))
            for what, stated, computed, verdict in check_lines(run, check_rows(run))]  # fmt: skip
    columns = titled("What", ("Printed", "number"), ("Computed (P10 to P90)", "number"), "Verdict")
    return table("Printed numbers beside what the trees compute", columns, rows)


def sides_table(run: Run, found: pd.DataFrame) -> Table:
    """Return the market top-down beside the market bottom-up."""
    rows = [
        (
            text(row["year"], kind="head"),
            text(row["side"]),
            band(row["low"], row["median"], row["high"]),
            text(row["what"]),
        )
        for row in found.to_dict("records")
    ]
    columns = titled("Year", "Side", ("Market", "number"), "From")
    return table(f"Top-down beside bottom-up, {run.unit}, median (80 % band)", columns, rows)


def drivers_table(drivers: Tornado) -> Table:
    """Return the ranking of the inputs."""
    rows = [
        (
            head(row["input"]),
            text(row["kind"]),
            in_unit(math.nan, _input_range(row), row["unit"]),
            number(row["low_value"], amount(row["low_value"])),
            number(row["high_value"], amount(row["high_value"])),
            number(row["swing"], amount(row["swing"]) if row["swing"] > 0 else "0"),
            text(row["note"] or ("" if row["monotonic"] else "moves it both ways")),
        )
        for row in drivers.table.to_dict("records")
    ]
    unit = drivers.quantity.unit(drivers.money)
    numbers = ("At the low end", "At the high end", "Swing")
    return table(
        f"{drivers.quantity.label}, scenario {drivers.scenario}, {unit}: each input from its P10 to its P90",
        titled("Input", "Kind", ("Low, base, high", "number"), *((n, "number") for n in numbers), "Note"),
        rows,
    )


def _input_range(row: Row) -> str:
    ends = [row["low_input"], row["base_input"], row["high_input"]]
    words = [_value(end, row["unit"]) if isinstance(end, float) else str(end) for end in ends]
    return ", ".join(dict.fromkeys(word for word in words if word != "nan"))


def assumptions_table(run: Run) -> Table:
    """Return drivers of scenarios and ratios of scopes; what several scenarios share stands once."""
    found = assumptions(run)
    found = found[found["kind"] != "prior"]
    same = [column for column in found.columns if column != "scenario"]
    grouped = found.groupby(same, sort=False, dropna=False)["scenario"].agg(list).reset_index()
    rows = [_assumption(run, row) for row in grouped.to_dict("records")]
    columns = ("Assumption", "Scenario", ("Median (P10 to P90)", "number"), "Status")
    return table(
        "What nobody printed for this market, or what a scenario says of it",
        [*titled(*columns), Column("Because", "long"), Column("Source")],
        rows,
    )


def _assumption(run: Run, row: Row) -> tuple[Cell, ...]:
    return (
        head(tree_name(str(row["input"]).removeprefix("growth."))),
        Cell(tuple(map(Part, _whose(run, row["scenario"])))),
        _range(row),
        text(row["status"]),
        text(row["because"], kind="long"),
        text(row["source"]),
    )


def _whose(run: Run, names: list[str]) -> list[str]:
    """Return the titles of scenarios, in few words where they are nearly all."""
    absent = [title(run, name) for name in run.case.scenarios if name not in names]
    if len(run.case.scenarios) > 1 and not absent:
        return ["all"]
    if len(run.case.scenarios) > 2 and len(absent) == 1 and any(names):
        return [f"all but {absent[0]}"]
    return [title(run, name) for name in names if name]


def _range(row: Row) -> Cell:
    low, base, high = (_value(row[name], row["unit"]) for name in ("low", "base", "high"))
    return in_unit(row["base"], base if low == high else f"{base} ({low} to {high})", row["unit"])


def _value(value: float, unit: str) -> str:
    """Write a number as its unit wants it: a year whole, anything else with two digits."""
    return f"{value:.0f}" if unit == "year" else short_number(value)


def settings_table(run: Run) -> Table:
    """Return every number of the prior."""
    found = assumptions(run)
    rows = [
        (head(row["input"]), text(row["base"], kind="number"), text(row["because"]))
        for row in found[found["kind"] == "prior"].to_dict("records")
    ]
    return table(
        "Settings of the pooling, by their keys in case.toml", titled("Key", ("Value", "number"), "Because"), rows
    )
