"""What a scenario file says once resolved: every key with its value, its reason, and the file it comes from."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from forecast.scenario.drivers import Driver, PlainDriver
from forecast.scenario.format import Format, Location, dotted
from forecast.scenario.layers import Layers, read_layers
from forecast.scenario.scenario import Scenario, drafted

COLUMNS = ("key", "value", "unit", "status", "because", "source", "file")
DEFAULT = "default"
"""Stands for the file of a key that no file names."""

_SILENT = ("lag", "status", "balance")
"""Keys that say nothing where no file names them."""

_HIDDEN = ("schema_version", "extends", "overlays", "name")


@dataclass(frozen=True, eq=False)
class Resolved:
    """A scenario with where each of its values comes from.

    Parameters
    ----------
    scenario
        The scenario.
    table
        One row a key: `key, value, unit, status, because, source, file`; values as TOML writes them.
    """

    scenario: Scenario
    table: pd.DataFrame

    def summary(self, width: int = 120) -> str:
        """Values table by table, each with its unit and the file it comes from; long lines are wrapped at `width`."""
        rows = self.table[["key", "value", "unit", "file"]].to_numpy().tolist()
        groups = groupby(rows, key=lambda row: _table_of(row[0]))
        return "\n\n".join("\n".join(_group(name, list(lines), width)) for name, lines in groups)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False)


def _table_of(key: str) -> str:
    """The table that a key stands in: its first word, or more where tables have names."""
    parts = key.split(".")
    named = 3 if parts[0] == "tree" and len(parts) > 3 else 2 if parts[0] in ("events", "segments") else 1
    return ".".join(parts[:named]) if len(parts) > 1 else ""


def _group(name: str, rows: list[list[str]], width: int) -> Iterator[str]:
    """One table: a heading, and a line for each key; the file stands in the heading where there is but one."""
    files = {file for *_, file in rows}
    one = next(iter(files)) if len(files) == 1 else ""
    if name or one:
        yield "  ".join(filter(None, [f"[{name}]" if name else "", f"from {one}" if one else ""]))
    keys = [key.removeprefix(f"{name}.") for key, *_ in rows]
    column = min(max(map(len, keys)), width // 2)
    for key, (_, value, unit, file) in zip(keys, rows, strict=True):
        text = "  ".join(filter(None, [f"  {key:<{column}}", f"{value} {unit}".strip(), "" if one else f"[{file}]"]))
        yield from textwrap.wrap(text, width, subsequent_indent=" " * (column + 4), break_long_words=False) or [text]


def resolve(path: str | Path, *, overlays: Sequence[str | Path] = ()) -> Resolved:
    """Read a scenario file with everything it extends, and say where each value comes from.

    Parameters
    ----------
    path
        A TOML file of the scenario format.
    overlays
        Files to lay over it.

    Raises
    ------
    ScenarioError
        Listing every problem with its file and key.
    """
    layers = read_layers(Path(path), [Path(overlay) for overlay in overlays])
    scenario = drafted(layers, name=Path(path).stem).whole()
    return Resolved(scenario, pd.DataFrame(_rows(scenario, layers, ()), columns=list(COLUMNS)))


def _rows(table: Format, layers: Layers, above: Location) -> Iterator[tuple[str, ...]]:
    for name in type(table).model_fields:
        if above or name not in _HIDDEN:
            yield from _rows_of(getattr(table, name), layers, (*above, name))


def _rows_of(value: Any, layers: Layers, at: Location) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Driver):
        yield _driver_row(value, layers, at)
    elif isinstance(value, Format):
        yield from _rows(value, layers, at)
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _rows_of(entry, layers, (*at, key))
    elif isinstance(value, list) and any(isinstance(entry, Format) for entry in value):
        for position, entry in enumerate(value):
            yield from _rows_of(entry, layers, (*at, position))
    elif value not in (None, "", []) and not (at[-1] in _SILENT and not layers.file_of(at)):
        yield (dotted(at), written(value), "", "", "", "", layers.file_of(at) or DEFAULT)


def _driver_row(driver: Driver, layers: Layers, at: Location) -> tuple[str, ...]:
    file = layers.file_of(at) or DEFAULT
    written_flags = {key for key in _FLAGS if key in _raw(layers, at)}
    return (
        dotted(at),
        shown(driver, flags=written_flags),
        driver.unit,
        driver.status,
        driver.because,
        driver.source,
        file,
    )


_FLAGS = ("positive", "share")
"""Keys of a range that its place in the file may set."""


def _raw(layers: Layers, at: Location) -> Mapping[str, Any]:
    """What the files say at a location, where that is a table."""
    found: Any = layers.values
    for part in at:
        found = (
            found[int(part)] if isinstance(found, list) else found.get(part, {}) if isinstance(found, Mapping) else {}
        )
    return found if isinstance(found, Mapping) else {}


def shown(driver: Driver, *, flags: Collection[str] = _FLAGS) -> str:
    """Print the numbers of a driver as TOML writes them; of its flags only those given.

    Examples
    --------
    >>> shown(PlainDriver(value=0.05, because="as before"))
    '0.05'
    """
    if isinstance(driver, PlainDriver):
        return written(driver.value)
    numbers = driver.model_dump(
        exclude={"because", "source", "status", "unit", *(set(_FLAGS) - set(flags))},
        exclude_none=True,
        exclude_defaults=True,
    )
    return written(numbers)


def written(value: Any) -> str:
    """Print a value as TOML writes it.

    Examples
    --------
    >>> written({"low": 1.0, "family": "normal", "years": [2024, 2025], "on": True})
    '{low = 1, family = "normal", years = [2024, 2025], on = true}'
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {written(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(entry) for entry in value) + "]"
    return str(value)


def diff(a: str | Path, b: str | Path) -> pd.DataFrame:
    """Compare two scenario files, each resolved.

    Parameters
    ----------
    a, b
        Scenario files.

    Returns
    -------
    DataFrame
        One row a key that differs: `key, a, b, a_file, b_file`; empty where one of them does not have the key.
    """
    one, other = (resolve(path).table.set_index("key") for path in (a, b))
    keys = list(dict.fromkeys([*one.index, *other.index]))
    both = pd.DataFrame(
        {
            "a": one["value"].reindex(keys),
            "b": other["value"].reindex(keys),
            "a_file": one["file"].reindex(keys),
            "b_file": other["file"].reindex(keys),
        }
    ).fillna("")
    return both[both["a"] != both["b"]].rename_axis("key").reset_index()
