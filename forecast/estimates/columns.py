"""The columns of a table of estimates: one CSV file, of which code, docs and JSON Schema are made.

`columns.csv` beside this module is the contract. Each line is one column: its name, the kind of its cells,
whether it must be there, the words it allows, an example and a sentence.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources
from typing import Any

from forecast.estimates.numbers import HEDGE_WORDS
from forecast.estimates.units import SCALE_ALIASES

_PATTERNS = {
    "date": r"^$|^\d{4}(-\d{2}(-\d{2})?)?$",
    "currency": r"^$|^[A-Z]{3}$",
    "price_basis": r"^$|^(nominal|real \d{4})(, (list|net))?$",
    "values": r"^$|^\s*\d{4}\s*=\s*[^;=]+(;\s*\d{4}\s*=\s*[^;=]+)*;?\s*$",
}


@dataclass(frozen=True)
class Column:
    """One column of the contract."""

    name: str
    kind: str
    required: bool
    allowed: tuple[str, ...]
    example: str
    description: str


def _read() -> tuple[Column, ...]:
    text = resources.files("forecast.estimates").joinpath("columns.csv").read_text(encoding="utf-8")
    return tuple(
        Column(
            name=line["name"],
            kind=line["kind"],
            required=line["required"] == "yes",
            allowed=tuple(line["allowed"].split("|")) if line["allowed"] else (),
            example=line["example"],
            description=line["description"],
        )
        for line in csv.DictReader(text.splitlines())
    )


COLUMNS: tuple[Column, ...] = _read()
"""All columns in their order."""

NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)
"""The names of all columns in their order."""


def of_kind(*kinds: str) -> tuple[str, ...]:
    """Names of the columns of some kinds.

    Examples
    --------
    >>> of_kind("year")
    ('base_year', 'target_year', 'cagr_from', 'cagr_to')
    """
    return tuple(column.name for column in COLUMNS if column.kind in kinds)


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a TOML or JSON file of estimates: a list under the key `estimate`.

    Examples
    --------
    >>> json_schema()["properties"]["estimate"]["items"]["required"]
    ['id', 'publisher', 'scope']
    """
    row = {
        "type": "object",
        "properties": {column.name: _property(column) for column in COLUMNS},
        "required": [column.name for column in COLUMNS if column.required],
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Published estimates of a market",
        "type": "object",
        "properties": {"schema": {"const": 1}, "estimate": {"type": "array", "minItems": 1, "items": row}},
        "required": ["estimate"],
        "additionalProperties": False,
    }


def _property(column: Column) -> dict[str, Any]:
    about = {"description": column.description} | ({"examples": [column.example]} if column.example else {})
    if column.kind == "year":
        return {"type": ["integer", "string"], "minimum": 1900, "maximum": 2200, **about}
    if column.kind in ("amount", "percent", "weight", "probability", "month", "share"):
        return {"type": ["string", "number"], **about}
    if column.kind in ("choice", "flag"):
        return {"type": "string", "enum": ["", *column.allowed, *_aliases(column)], **about}
    if column.kind == "hedge":
        return {"type": "string", "enum": ["", *column.allowed, *HEDGE_WORDS], **about}
    pattern = {"pattern": _PATTERNS[column.kind]} if column.kind in _PATTERNS else {}
    return {"type": "string", **pattern, **about}


def _aliases(column: Column) -> list[str]:
    return list(SCALE_ALIASES) if column.name == "scale" else []


def reference_page() -> str:
    """Write the reference of the columns as a Markdown table.

    Examples
    --------
    >>> print(reference_page().splitlines()[2])
    | `id` | text, required | `mnm-2024` | Short name of the row; unique in the file. |
    """
    lines = ["| column | cells | example | meaning |", "| --- | --- | --- | --- |"]
    for column in COLUMNS:
        cells = ", ".join(column.allowed) or column.kind.replace("_", " ")
        cells += ", required" if column.required else ""
        example = f"`{column.example}`" if column.example else ""
        lines.append(f"| `{column.name}` | {cells} | {example} | {column.description} |")
    return "\n".join(lines) + "\n"
