"""A scenario file and what it extends, laid over one another; every value remembers the file it comes from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

from forecast.errors import Problem, ScenarioError
from forecast.scenario.drivers import DRIVER_KEYS
from forecast.scenario.format import Location, dotted

Table = dict[str, Any]

OWN = ("name", "title", "because", "source", "probability", "extends", "overlays", "happens", "ruled_out")
"""Keys that describe one file and are not inherited."""

SCHEMA = 1
"""Version of the file format."""

MIGRATIONS: dict[int, Callable[[Table], Table]] = {}
"""One function a step: the table of version n in, the table of version n + 1 out."""


@dataclass(frozen=True)
class Layers:
    """Values of a scenario with the file each one comes from.

    Parameters
    ----------
    values
        The resolved tables.
    origins
        File of each key, by location.
    problems
        What is wrong with the files it extends, and with overlays; they are then left out.
    """

    values: Table
    origins: dict[Location, str]
    problems: tuple[str | Problem, ...] = ()

    def file_of(self, location: Location) -> str:
        """File that names a key or a value around it; empty where none does."""
        parts = [location[:length] for length in range(len(location), 0, -1)]
        return next((self.origins[part] for part in parts if part in self.origins), "")

    def origin(self, location: Location) -> str:
        """File to blame for a key: the one that names it, or one that names something beside it."""
        for length in range(len(location), 0, -1):
            near = [file for at, file in self.origins.items() if at and at[:length] == location[:length]]
            if self.file_of(location[:length]) or near:
                return self.file_of(location[:length]) or near[-1]
        return self.origins[()]

    def place(self, location: Location) -> str:
        """File and key, for a message; a bare number has no key of its own."""
        if location and location[-1] == "value" and not isinstance(self._at(location[:-1]), Mapping | None):
            location = location[:-1]
        return f"{self.origin(location)}, {dotted(location)}" if location else self.origins[()]

    def _at(self, location: Location) -> object:
        """What is written at a location; None for nothing."""
        table: Any = self.values
        for part in location:
            if isinstance(table, Mapping):
                table = table.get(part)
            else:
                table = table[int(part)] if isinstance(table, list) and int(part) < len(table) else None
        return table


MOST_BYTES = 5_000_000
"""Largest file that is read."""


def read_toml(path: Path, name: str | None = None) -> Table:
    """Tables of a TOML file.

    Raises
    ------
    ScenarioError
        If the file is missing, too large, or not TOML.
    """
    shown = name or path.name
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ScenarioError(Problem(shown, f"{path.stat().st_size} bytes", f"at most {MOST_BYTES} bytes"))
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text)
    except FileNotFoundError:
        raise ScenarioError(Problem(shown, "no such file", remedy=f"looked at {path}")) from None
    except RecursionError:
        raise ScenarioError(Problem(shown, "brackets nested too deeply", "a TOML file in UTF-8")) from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(_not_toml(shown, text, str(error))) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(Problem(shown, str(error), "a TOML file in UTF-8")) from None


def _not_toml(shown: str, text: str, said: str) -> Problem:
    """What keeps a text from being TOML; a key or table that comes twice with its line."""
    if said.startswith(("Cannot overwrite", "Cannot declare", "Duplicate")):
        lines, at = text.splitlines(), _LINE.search(said)
        number = int(at[1]) if at else len(lines)
        found = f"{lines[number - 1].strip()!r}, which comes a second time"
        return Problem(f"{shown}, line {number}", found, "each key and each table once", "keep one of them")
    remedy = "text stands in quotes, and a number begins with a digit: 0.1, not .1" if "value" in said else ""
    return Problem(shown, said, "a TOML file in UTF-8", remedy)


_LINE = re.compile(r"at line (\d+)")


def migrate(table: Table, shown: str) -> Table:
    """Bring a table of an older format to the present one."""
    version = table.get("schema")
    if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= SCHEMA:
        found = "nothing" if version is None else repr(version)
        remedy = "update the package" if isinstance(version, int) and version > SCHEMA else f"write schema = {SCHEMA}"
        allowed = "1" if SCHEMA == 1 else f"1 to {SCHEMA}"
        raise ScenarioError(Problem(f"{shown}, schema", found, allowed, remedy))
    for step in range(version, SCHEMA):
        table = MIGRATIONS[step](table) | {"schema": step + 1}
    return table


def root_of(path: Path) -> Path:
    """Folder that a scenario's files must stay in: its case, or else its own folder."""
    folder = path.resolve().parent
    return next((parent for parent in (folder, *folder.parents) if (parent / "case.toml").is_file()), folder)


def inside(text: str, folder: Path, root: Path, place: str) -> Path:
    """File named in another file; refused where it is not text or leaves the case folder."""
    if not isinstance(text, str) or not text:
        raise ScenarioError(Problem(place, repr(text), "the name of one file, in quotes"))
    path = (folder / text.replace("\0", "?")).resolve()
    if not path.is_relative_to(root.resolve()):
        raise ScenarioError(Problem(place, repr(text), "a file inside the case folder", f"move it into {root.name}"))
    return path


def read_layers(path: Path, overlays: Sequence[Path] = ()) -> Layers:
    """Read a scenario file, everything it extends, and overlays.

    Parameters
    ----------
    path
        The scenario file.
    overlays
        Files to lay over it; they need not be in its folder.

    Raises
    ------
    ScenarioError
        If the file itself cannot be read.
    """
    root, problems = root_of(path), list[str | Problem]()
    base = _read(path.resolve(), root, (), problems)
    over = [_tried(problems, partial(_overlay, overlay, overlay.name)) for overlay in overlays]
    whole = with_overlays(base, [overlay for overlay in over if overlay], problems)
    return replace(whole, problems=tuple(problems))


def _tried(problems: list[str | Problem], read: Callable[[], Layers | None]) -> Layers | None:
    """Call a reader; note its problems and give None if it has any."""
    try:
        return read()
    except ScenarioError as error:
        problems.extend(error.problems)
        return None


def _read(path: Path, root: Path, seen: tuple[Path, ...], problems: list[str | Problem]) -> Layers:
    shown = shown_name(path, root)
    if path in seen:
        circle = " -> ".join(shown_name(p, root) for p in (*seen[seen.index(path) :], path))
        last = shown_name(seen[-1], root)
        raise ScenarioError(Problem(f"{last}, extends", circle, "no circle", "extend another file"))
    own = flat(migrate(read_toml(path, shown), shown), shown)
    parent = _tried(problems, partial(_parent, own, path, root, (*seen, path), problems))
    whole = laid_over(without(parent, OWN), own) if parent else own
    return with_overlays(whole, _named_overlays(own.values, path, root, problems), problems)


def _parent(
    own: Layers, path: Path, root: Path, seen: tuple[Path, ...], problems: list[str | Problem]
) -> Layers | None:
    """What a file extends, if anything."""
    if "extends" not in own.values:
        return None
    parent = inside(own.values["extends"], path.parent, root, f"{own.origins[()]}, extends")
    return _read(parent, root, seen, problems)


def _named_overlays(table: Table, path: Path, root: Path, problems: list[str | Problem]) -> list[Layers]:
    """Overlays that a file names itself."""
    names = table.get("overlays", [])
    key = f"{shown_name(path, root)}, overlays"
    found = [
        _tried(problems, partial(_overlay_inside, name, path, root, f"{key}.{position}"))
        for position, name in enumerate(names if isinstance(names, list) else [])
    ]
    return [overlay for overlay in found if overlay]


def _overlay_inside(name: str, path: Path, root: Path, key: str) -> Layers:
    file = inside(name, path.parent, root, key)
    return _overlay(file, shown_name(file, root))


def _overlay(path: Path, shown: str) -> Layers:
    layers = flat(migrate(read_toml(path, shown), shown), shown)
    stacked = [key for key in ("extends", "overlays") if key in layers.values]
    if stacked:
        allowed = "an overlay that stands by itself"
        raise ScenarioError([Problem(f"{shown}, {key}", repr(layers.values[key]), allowed) for key in stacked])
    return without(layers, (*OWN, "schema"))


def with_overlays(layers: Layers, overlays: Sequence[Layers], problems: list[str | Problem]) -> Layers:
    """Lay overlays over a scenario; two that touch one key are a problem, so that their order never matters."""
    problems += [problem for one, other in combinations(overlays, 2) for problem in _clashes(one, other)]
    for overlay in overlays:
        origins = {at: file for at, file in overlay.origins.items() if at}
        layers = laid_over(layers, Layers(overlay.values, origins))
    return layers


def _clashes(one: Layers, other: Layers) -> list[Problem]:
    """Keys that two overlays both touch."""
    pairs = [(a, b) for a in _touched(one) for b in _touched(other) if a[: len(b)] == b[: len(a)]]
    keys = sorted({dotted(max(pair, key=len)) for pair in pairs})
    files = f"{one.origins[()]} and {other.origins[()]}"
    return [
        Problem(f"{files}, {key}", "two overlays that touch one key", "one", "drop it from one of them") for key in keys
    ]


def _touched(layers: Layers) -> list[Location]:
    """Keys an overlay touches; who names a curve touches all drivers of curves."""
    found = [at for at in layers.origins if at]
    return [at[:1] if at == ("growth", "curve") else at for at in found]


def files_of(path: Path) -> list[Path]:
    """Every file a scenario file is made of: itself, what it extends, and overlays, in the order they are read."""
    table = read_toml(path)
    below = files_of(path.parent / table["extends"]) if "extends" in table else []
    return [path.resolve(), *below, *((path.parent / name).resolve() for name in table.get("overlays", []))]


def shown_name(path: Path, root: Path) -> str:
    """Short name of a file for messages: its path within the case."""
    resolved = path.resolve()
    return str(resolved.relative_to(root.resolve())) if resolved.is_relative_to(root.resolve()) else path.name


def flat(table: Table, shown: str) -> Layers:
    """One file as a layer."""
    return Layers(table, {(): shown} | dict.fromkeys(leaves(table), shown))


def is_leaf(value: object) -> bool:
    """Whether a value is replaced whole: anything but a table that is no driver."""
    return not isinstance(value, Mapping) or bool(DRIVER_KEYS & set(value))


def leaves(table: Mapping[str, Any], above: Location = ()) -> dict[Location, Any]:
    """Every value by its location; a driver is one value."""
    found: dict[Location, Any] = {}
    for key, value in table.items():
        found |= {(*above, key): value} if is_leaf(value) else leaves(value, (*above, key))
    return found


def without(layers: Layers, keys: tuple[str, ...]) -> Layers:
    """Leave out some top-level keys."""
    values = {key: value for key, value in layers.values.items() if key not in keys}
    return Layers(values, {at: file for at, file in layers.origins.items() if not at or at[0] not in keys})


def laid_over(below: Layers, above: Layers) -> Layers:
    """Two layers as one: what `above` says holds, all else comes from `below`."""
    dropped = _outdated(below, above)
    kept = {at: file for at, file in below.origins.items() if not _covered(at, above.values) and at not in dropped}
    values = _merged(_pruned(below.values, dropped), above.values)
    return Layers(values, kept | above.origins)


def _covered(location: Location, table: Any) -> bool:
    """Whether a table says something at a location itself, or replaces a table around it."""
    for part in location:
        if not isinstance(table, Mapping) or is_leaf(table):
            return True
        if part not in table:
            return False
        table = table[part]
    return is_leaf(table)


def _merged(below: Table, above: Table) -> Table:
    both = dict(below)
    for key, value in above.items():
        old = both.get(key)
        both[key] = value if is_leaf(value) or old is None or is_leaf(old) else _merged(old, value)
    return both


def _outdated(below: Layers, above: Layers) -> set[Location]:
    """Growth drivers of another curve: who names a new curve does not inherit them."""
    old, new = (layer.values.get("growth") for layer in (below, above))
    if (
        not isinstance(old, Mapping)
        or not isinstance(new, Mapping)
        or new.get("curve", old.get("curve")) == old.get("curve")
    ):
        return set()
    return {("growth", key) for key in old if key not in ("growth_shift", "volatility")}


def _pruned(values: Table, dropped: set[Location]) -> Table:
    if not dropped:
        return values
    growth = {key: value for key, value in values["growth"].items() if ("growth", key) not in dropped}
    return values | {"growth": growth}
