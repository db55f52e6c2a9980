"""JSON Schema of the files, for editors, and the reference page of the format, both made from the types."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.scenario.case_file import CaseFile
from forecast.scenario.correlation import Correlation
from forecast.scenario.drivers import FAMILIES, FamilyDriver, PlainDriver, RangeDriver
from forecast.scenario.events import EFFECTS, Dates, Event
from forecast.scenario.format import Format
from forecast.scenario.growth import CURVES, Piece
from forecast.scenario.scenario import AnalystError, Scenario
from forecast.scenario.segments import Segment
from forecast.scenario.tree import Check, GrowingInput, Node, SeriesInput, Tree

FILES: dict[str, type[Format]] = {"scenario": Scenario, "case": CaseFile}
"""Files that have a schema."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_KINDS: tuple[type[Format], ...] = (Scenario, AnalystError, Event, Dates, Segment, Tree, Node, Check, *CURVES.values())
_MERGED = {kind.__name__ for kind in _KINDS}
"""Tables of which a file that extends another may give a part; all others are replaced whole."""


_WORDS = {
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
    "object": "table",
    "array": "list",
}


def schema(file: str = "scenario") -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a file, as read from TOML.

    Parameters
    ----------
    file
        "scenario" or "case". A scenario that extends another may leave out what it inherits, and so may an overlay.

    Raises
    ------
    ArgumentError
        If there is no such file.

    Examples
    --------
    >>> schema("case")["required"]
    ['schema', 'title', 'scope', 'reference_year', 'end', 'footing', 'scenarios']
    """
    if file not in FILES:
        raise ArgumentError(Problem("schema", repr(file), "a file of the format", did_you_mean(file, list(FILES))))
    whole = _described(FILES[file])
    if file != "scenario":
        return {"$schema": DIALECT, **whole}
    tables = whole.pop("$defs")
    partial = {f"Partial{name}": _partial(copy.deepcopy(table)) for name, table in tables.items() if name in _MERGED}
    return {
        "$schema": DIALECT,
        "title": "Scenario",
        "type": "object",
        "if": {"anyOf": [{"required": ["extends"]}, {"not": {"required": ["growth"]}}, {"not": _whole_growth()}]},
        "then": {"$ref": "#/$defs/PartialScenario"},
        "else": {"$ref": "#/$defs/Scenario"},
        "$defs": {**tables, "Scenario": whole, **partial, "PartialScenario": _partial(copy.deepcopy(whole))},
    }


def _whole_growth() -> dict[str, Any]:
    """A growth table that names its curve, as only a file that stands by itself must."""
    return {"properties": {"growth": {"required": ["curve"]}}}


def _described(kind: type[Format]) -> dict[str, Any]:
    found = TypeAdapter(kind).json_schema(by_alias=True, mode="validation")
    for name, table in found.get("$defs", {}).items():
        table.update(_forms(name))
    return found


def _forms(name: str) -> dict[str, Any]:
    """Sets of parameters of a family, of which exactly one must be given."""
    kind = next((kind for kind in FAMILIES.values() if kind.__name__ == name), None)
    if kind is None or not issubclass(kind, FamilyDriver) or len(kind.forms) < 2:
        return {}
    fields = kind.model_fields
    wanted = [[part for part in form if fields[part].default is None] for form in kind.forms]
    return {"oneOf": [{"required": form} for form in wanted]}


def _partial(table: Any) -> Any:
    """Table of which any part may be given."""
    if isinstance(table, dict):
        name = str(table.get("$ref", "")).rpartition("/")[2]
        if name in _MERGED:
            return table | {"$ref": f"#/$defs/Partial{name}"}
        kept = {key: _partial(value) for key, value in table.items() if key not in ("required", "discriminator")}
        return {"anyOf" if key == "oneOf" else key: value for key, value in kept.items()}
    return [_partial(entry) for entry in table] if isinstance(table, list) else table


def reference() -> str:
    """Reference page of the file format in Markdown, made from the types.

    Examples
    --------
    >>> print(reference().splitlines()[0])
    # Scenario and case files
    """
    parts = [
        ("# Scenario and case files", None),
        ("## `case.toml`", CaseFile),
        ("## A scenario", Scenario),
        *((f'### `[growth]` with `curve = "{name}"`', kind) for name, kind in CURVES.items()),
        ("### A piece of `pieces`", Piece),
        ("### `[analyst_error]`", AnalystError),
        ("### `[events.NAME]`", Event),
        ("### `[events.NAME.dates]`", Dates),
        *((f'### An effect with `kind = "{name}"`', kind) for name, kind in EFFECTS.items()),
        ("### `[segments.NAME]`", Segment),
        ("### `[tree]`", Tree),
        ("### `[tree.nodes.NAME]`", Node),
        ("### `[tree.checks.NAME]`", Check),
        ("### `[tree.inputs.NAME]` that grows", GrowingInput),
        ("### `[tree.inputs.NAME]` known by year", SeriesInput),
        ("### An entry of `[[correlation]]`", Correlation),
        ("## A driver", None),
        ("### A plain number", PlainDriver),
        ("### A range", RangeDriver),
        *((f'### `family = "{name}"`', kind) for name, kind in FAMILIES.items()),
    ]
    return "\n".join([*(line for title, kind in parts for line in _section(title, kind)), *_counts_section()])


def _counts_section() -> Iterator[str]:
    from forecast.estimates.counts import COUNT_COLUMNS, WORDS

    yield from ("## The file of counts", "")
    yield "Numbers of patients, plans, trials, firms: one row each, audited against each other and not pooled."
    yield from ("", "| column | meaning |", "|---|---|")
    yield from (f"| `{name}` | {text} |" for name, text in COUNT_COLUMNS.items())
    yield from ("", f"In place of a percentage a word may stand: {', '.join(WORDS)}.", "")


def _section(title: str, kind: type[Format] | None) -> Iterator[str]:
    yield from (title, "")
    if kind is None:
        return
    yield from (
        (kind.__doc__ or "").split("\n\n")[0].strip(),
        "",
        "| key | type | default | meaning |",
        "|---|---|---|---|",
    )
    described = TypeAdapter(kind).json_schema(by_alias=True)
    properties = described.get("properties") or described["anyOf"][-1]["properties"]
    for name, field in kind.model_fields.items():
        key = field.alias or name
        default = "required" if field.is_required() else _default(field.get_default(call_default_factory=True))
        meaning = " ".join((field.description or "").split())
        yield f"| `{key}` | {_kind(properties[key])} | {default} | {meaning} |"
    yield ""


def _default(value: Any) -> str:
    if isinstance(value, PlainDriver):
        return f"`{value.value:g}`"
    if isinstance(value, Format) or value is None:
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value!r}`" if value not in ("", [], {}) else ""


def _kind(described: dict[str, Any]) -> str:
    """Type of a key in a few words."""
    if "const" in described:
        return f"`{described['const']}`"
    if "enum" in described:
        return ", ".join(f"`{word}`" for word in described["enum"])
    if "$ref" in described:
        return "table"
    options = described.get("anyOf") or described.get("oneOf")
    if options:
        driver = any(str(option.get("$ref", "")).endswith("RangeDriver") for option in options)
        kinds = ["driver"] if driver else list(dict.fromkeys(_kind(option) for option in options))
        return " or ".join(kind for kind in kinds if kind != "null").replace("number or text", "number or percentage")
    words = {
        "string": "text",
        "integer": "whole number",
        "boolean": "true or false",
        "object": "table",
        "array": "list",
    }
    return words.get(described.get("type", ""), described.get("type", "value"))
