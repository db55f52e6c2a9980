"""The sheets that hold the tables of a run as they are: audit, consensus, houses, sensitivity, and the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from forecast import __version__
from forecast.figures.style import GREEN
from forecast.report.folder import PROGRAM
from forecast.report.manifest import input_hashes, library_versions, machine
from forecast.report.workbook.cells import Column, Formula, as_columns, number_format, rounded
from forecast.report.workbook.projection import wide

if TYPE_CHECKING:
    from forecast.pipeline import Run
    from forecast.sensitivity import Tornado

AUDIT_ORDER = ("severity", "check", "id", "other_id", "explanation")


def audit_columns(run: Run) -> list[Column]:
    """Return the findings, what they are about first."""
    table = run.audit.table
    columns = as_columns(table[[*AUDIT_ORDER, *(name for name in table.columns if name not in AUDIT_ORDER)]])
    return [replace(column, width=80) if column.head == "explanation" else column for column in columns]


def consensus_columns(run: Run) -> list[Column]:
    """Return what the sources say together, and what one more publisher would print, by year, one column a level."""
    keys = ["quantity", "scope", "year", "unit"]
    spread = wide(run.consensus.table, keys)
    levels = [str(name) for name in spread.columns if name not in keys]
    shown = number_format(spread[levels].to_numpy().ravel().tolist())
    columns = as_columns(spread, dict.fromkeys(levels, shown))
    if not {"P10", "P90"} <= set(spread.columns):
        return columns
    low, high = (xl_col_to_name(list(spread.columns).index(name)) for name in ("P10", "P90"))
    ratio = [
        Formula(f"={high}{row}/{low}{row}", float(top / bottom))
        for row, (bottom, top) in enumerate(zip(spread["P10"], spread["P90"], strict=True), start=2)
    ]
    return [*columns, Column("P90 / P10", ratio, "0.00", 10, "How wide the 80 % band is, as a factor", GREEN)]


def houses_columns(run: Run) -> list[Column]:
    """Return each publisher's factor against the consensus."""
    return as_columns(run.consensus.houses, {"outlier_probability": "0.0%"})


def sources_columns(run: Run) -> list[Column]:
    """Return the level of every source in every year."""
    return as_columns(run.sources_table.assign(unit=run.unit))


def by_year_columns(run: Run) -> list[Column]:
    """Return the levels of the sources with one column a source, beside the consensus, for the chart."""
    levels = run.sources_table.pivot_table(index="year", columns="source", values="value", sort=False).sort_index()
    market = wide(run.consensus.table[run.consensus.table["quantity"] == "market"], ["year"]).set_index("year")
    known = [name for name in ("P10", "P50", "P90") if name in market.columns]
    pooled = market[known].rename(columns=lambda name: f"consensus {name}")
    return as_columns(pooled.join(levels, how="outer").rename_axis("year").reset_index())


def sensitivity_columns(drivers: Tornado) -> list[Column]:
    """Return the tornado, with each change against the answer as it is as a live formula."""
    table = drivers.table.assign(
        method="tornado",
        quantity=drivers.quantity.label,
        scenario=drivers.scenario,
        value_unit=drivers.quantity.unit(drivers.money),
    )
    columns = as_columns(table)
    heads = [column.head for column in columns]
    place = heads.index("swing") + 1
    return [*columns[:place], *_changes(table, heads), *columns[place:]]


def _changes(table: pd.DataFrame, heads: list[str]) -> Iterator[Column]:
    base = xl_col_to_name(heads.index("base_value"))
    for end in ("low", "high"):
        letter = xl_col_to_name(heads.index(f"{end}_value"))
        values = [
            Formula(f"={letter}{row}-{base}{row}", rounded(value) - rounded(middle))
            for row, (value, middle) in enumerate(zip(table[f"{end}_value"], table["base_value"], strict=True), start=2)
        ]
        yield Column(f"change at {end}", values, "", 11, f"{end}_value - base_value", GREEN)


def manifest_columns(run: Run, drivers: Tornado) -> list[Column]:
    """Return what went into the run and with what it was made."""
    content = {
        "program": PROGRAM,
        "version": __version__,
        "case": {"name": run.case.name, **run.case.file.model_dump(mode="json", by_alias=True)},
        "settings": {
            "scenarios": run.projection.scenarios,
            "sensitivity": f"{drivers.quantity.label}, {drivers.scenario}",
        },
        "seeds": "none: no number is drawn at random",
        "inputs (SHA-256)": input_hashes(run.case),
        "versions": library_versions(),
        "machine": machine(),
    }
    keys, values = zip(*_flat(content), strict=True)
    return [Column("key", keys), Column("value", [str(value) for value in values], width=72)]


def _flat(content: Any, key: str = "") -> Iterator[tuple[str, object]]:
    """Keys with their path, and what stands there; what is empty is left out."""
    if isinstance(content, dict):
        for name, value in content.items():
            yield from _flat(value, f"{key}, {name}" if key else str(name))
    elif isinstance(content, list):
        yield key, "; ".join(map(str, content))
    elif content is not None and content != "":
        yield key, content
