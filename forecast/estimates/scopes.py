"""Scopes and geographies as trees: what lies inside what, and how large a part it is."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from forecast.distributions import Distribution, Fixed, Lognormal, Range, Triangular, Uniform
from forecast.errors import ArgumentError, EstimatesError, InputError, Problem, did_you_mean
from forecast.estimates.texts import printable_tree

DEFAULT_GROWTH_SD = 0.03
"""Standard deviation of the yearly difference in log growth between a scope and its parent, where none is given."""


def folded(name: str) -> str:
    """Name as it is compared: case, hyphens, underscores and runs of blanks do not matter."""
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


@dataclass(frozen=True)
class Tree:
    """Names, each inside at most one other.

    Parameters
    ----------
    parents
        Name of each node and the name it lies inside; empty for a root.
    aliases
        Other words for a node.

    Examples
    --------
    >>> tree = Tree({"world": "", "asia": "world", "taiwan": "asia"}, {"formosa": "taiwan"})
    >>> tree.is_inside("Formosa", "world"), tree.path("taiwan", "world")
    (True, ('taiwan', 'asia', 'world'))
    """

    parents: dict[str, str]
    aliases: dict[str, str] = field(default_factory=dict)

    @cached_property
    def _by_word(self) -> dict[str, str]:
        return {folded(a): n for a, n in self.aliases.items()} | {folded(n): n for n in self.parents}

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order of the file."""
        return tuple(self.parents)

    def knows(self, name: str) -> bool:
        """Whether the tree has this name, or it is another word for one."""
        return folded(name) in self._by_word

    def canonical(self, name: str) -> str:
        """Return the name as the tree spells it; an unknown name stays as it is."""
        return self._by_word.get(folded(name), name.strip())

    def mentioned(self, text: str) -> set[str]:
        """Names that a text mentions, by themselves or by another word for them."""
        words = f" {folded(text)} "
        return {
            name for word, name in self._by_word.items() if (f" {word} " in words if word.isascii() else word in words)
        }

    def parent(self, name: str) -> str | None:
        """Name that this one lies directly inside; None for a root or an unknown name."""
        return self.parents.get(self.canonical(name)) or None

    def lineage(self, name: str) -> tuple[str, ...]:
        """Return the name, what it lies inside, and so on to the root."""
        found = [self.canonical(name)]
        while above := self.parents.get(found[-1]):
            found.append(above)
        return tuple(found)

    def is_inside(self, child: str, parent: str) -> bool:
        """Whether one name lies inside another, at any depth; no name lies inside itself."""
        return self.canonical(parent) in self.lineage(child)[1:]

    def path(self, child: str, ancestor: str) -> tuple[str, ...]:
        """Names from `child` up to `ancestor`, both included.

        Raises
        ------
        ArgumentError
            If `child` does not lie inside `ancestor`.
        """
        line, top = self.lineage(child), self.canonical(ancestor)
        if top not in line:
            raise ArgumentError(
                Problem(f"scope {child!r}", f"inside {' inside '.join(line[1:]) or 'nothing'}", f"inside {ancestor!r}")
            )
        return line[: line.index(top) + 1]


@dataclass(frozen=True)
class Scope:
    """One market and what is known of its place in a larger one.

    Parameters
    ----------
    name, inside
        The market, and the market it is a part of.
    ratio
        Share of the parent; a distribution.
    ratio_year
        Year for which the ratio is stated.
    growth_sd
        Standard deviation of the difference in log growth a year between this scope and its parent.
    """

    name: str
    inside: str = ""
    aliases: tuple[str, ...] = ()
    ratio: Distribution | None = None
    ratio_year: int | None = None
    growth_sd: float = DEFAULT_GROWTH_SD
    value_basis: str = ""
    includes: str = ""
    because: str = ""
    source: str = ""
    status: str = ""


@cache
def world() -> Tree:
    """Return the bundled tree of geographies."""
    text = resources.files("forecast.estimates").joinpath("geographies.csv").read_text(encoding="utf-8")
    lines = list(csv.DictReader(text.splitlines()))
    aliases = {word: line["name"] for line in lines for word in line["aliases"].split("|") if word}
    return Tree({line["name"]: line["inside"] for line in lines}, aliases)


@dataclass(frozen=True)
class Scopes:
    """Scopes of a case as a tree, with the tree of geographies beside it.

    Examples
    --------
    >>> scopes = Scopes((Scope("regenerative medicine"), Scope("cell therapy", inside="regenerative medicine")))
    >>> scopes.is_inside("cell_therapy", "regenerative medicine"), scopes.parent("regenerative medicine")
    (True, None)
    """

    scopes: tuple[Scope, ...]
    geographies: Tree = field(default_factory=world)

    @cached_property
    def tree(self) -> Tree:
        """The names alone."""
        aliases = {word: scope.name for scope in self.scopes for word in scope.aliases}
        canonical = Tree({scope.name: "" for scope in self.scopes}, aliases).canonical
        return Tree({scope.name: canonical(scope.inside) if scope.inside else "" for scope in self.scopes}, aliases)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order of the file."""
        return self.tree.names

    def knows(self, name: str) -> bool:
        """Whether the tree has this scope."""
        return self.tree.knows(name)

    def canonical(self, name: str) -> str:
        """Return the name as the tree spells it; an unknown name stays as it is."""
        return self.tree.canonical(name)

    def parent(self, scope: str) -> str | None:
        """Scope that this one lies directly inside; None for a root or an unknown name."""
        return self.tree.parent(scope)

    def path(self, child: str, ancestor: str) -> tuple[str, ...]:
        """Scopes from `child` up to `ancestor`, both included."""
        return self.tree.path(child, ancestor)

    def is_inside(self, child: str, parent: str) -> bool:
        """Whether one scope lies inside another, at any depth; no scope lies inside itself."""
        return self.tree.is_inside(child, parent)

    def __getitem__(self, name: str) -> Scope:
        for scope in self.scopes:
            if scope.name == self.canonical(name):
                return scope
        raise ArgumentError(Problem("scope", repr(name), "a scope of the tree", did_you_mean(name, self.names)))

    def ratio(self, child: str) -> Distribution | None:
        """Share of the parent, or None where nothing is known."""
        return self[child].ratio

    def ratio_pivot(self, child: str) -> int:
        """Year for which the ratio of a scope to its parent is stated.

        Raises
        ------
        ArgumentError
            If the scope has no ratio or its ratio no year.
        """
        year = self[child].ratio_year
        if year is None:
            remedy = "add ratio_year beside ratio in the file of scopes"
            raise ArgumentError(Problem(f"scope {child!r}, ratio_year", "no year", "the year of the ratio", remedy))
        return year

    def growth_sd(self, child: str) -> float:
        """Return the standard deviation of the yearly difference in log growth between a scope and its parent."""
        return self[child].growth_sd


# --- the file --------------------------------------------------------------------------------------------

_FROZEN = ConfigDict(extra="forbid", frozen=True)


def _fixed(ratio: Any) -> Any:
    """Read a plain number as a share one is sure of."""
    number = isinstance(ratio, int | float) and not isinstance(ratio, bool)
    return {"family": "fixed", "value": ratio} if number else ratio


class _Ratio(BaseModel):
    model_config = _FROZEN
    family: str = "range"
    value: float | None = None
    median: float | None = None
    log_sd: float | None = None
    low: float | None = None
    base: float | None = None
    high: float | None = None
    minimum: float | None = None
    mode: float | None = None
    maximum: float | None = None


class _Scope(BaseModel):
    model_config = _FROZEN
    name: str = Field(min_length=1)
    inside: str = ""
    aliases: tuple[str, ...] = ()
    ratio: Annotated[_Ratio | None, BeforeValidator(_fixed)] = None
    ratio_year: int | None = Field(default=None, ge=1900, le=2200)
    growth_sd: float = Field(default=DEFAULT_GROWTH_SD, ge=0)
    value_basis: str = ""
    includes: str | tuple[str, ...] = ""
    because: str = ""
    source: str = ""
    status: str = ""


class _Place(BaseModel):
    model_config = _FROZEN
    name: str = Field(min_length=1)
    inside: str = "global"
    aliases: tuple[str, ...] = ()


class _File(BaseModel):
    model_config = _FROZEN
    schema_: int = Field(alias="schema", ge=1, le=1)
    scope: tuple[_Scope, ...] = Field(min_length=1)
    geography: tuple[_Place, ...] = ()


_FAMILIES: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "fixed": (Fixed, ("value",)),
    "lognormal": (Lognormal, ("median", "log_sd")),
    "range": (Range, ("low", "base", "high")),
    "uniform": (Uniform, ("minimum", "maximum")),
    "triangular": (Triangular, ("minimum", "mode", "maximum")),
}


_MODELS: dict[str, type[BaseModel]] = {"scope": _Scope, "geography": _Place}


def read_scopes(path: str | Path) -> Scopes:
    """Read a tree of scopes from a TOML file.

    Parameters
    ----------
    path
        File with `schema = 1` and one `[[scope]]` table for each scope: `name`, `inside`, `aliases`, `ratio`
        (share of the parent; its median is above 0 and at most 1), `ratio_year`, `growth_sd`, `value_basis`,
        `includes`, `because`, `source`, `status`. `[[geography]]` tables (`name`, `inside`, `aliases`) add to the
        bundled geographies.

    Raises
    ------
    EstimatesError
        With all problems of the file.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EstimatesError(Problem(str(path), "no such file", "a TOML file with [[scope]] tables")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EstimatesError(Problem(path.name, f"no valid TOML: {error}", "tables under [[scope]]")) from None
    return _scopes(path.name, printable_tree(data))


@cache
def default_scopes() -> Scopes:
    """Return the bundled tree of scopes, for use where a case brings none.

    Examples
    --------
    >>> default_scopes().is_inside("CAR-T", "regenerative medicine")
    True
    """
    text = resources.files("forecast.estimates").joinpath("scopes.toml").read_text(encoding="utf-8")
    return _scopes("scopes.toml", tomllib.loads(text))


def _scopes(name: str, data: dict[str, Any]) -> Scopes:
    try:
        file = _File.model_validate(data)
    except ValidationError as error:
        raise EstimatesError([_problem(name, dict(fault)) for fault in error.errors()]) from None
    places = world()
    parents = places.parents | {place.name: place.inside for place in file.geography}
    words = places.aliases | {word: place.name for place in file.geography for word in place.aliases}
    problems = _tree_problems(name, "scope", file.scope) + _tree_problems(
        name, "geography", file.geography, places.names
    )
    ratios: list[Distribution | None] = []
    for scope in file.scope:
        try:
            ratios.append(_distribution(f"{name}, scope {scope.name!r}, ratio", scope.ratio))
        except InputError as error:
            problems += error.problems
    if problems:
        raise EstimatesError(problems)
    return Scopes(tuple(_scope(s, r) for s, r in zip(file.scope, ratios, strict=True)), Tree(parents, words))


def _scope(read: _Scope, ratio: Distribution | None) -> Scope:
    includes = read.includes if isinstance(read.includes, str) else "; ".join(read.includes)
    return Scope(**(read.model_dump(exclude={"ratio", "includes"}) | {"ratio": ratio, "includes": includes}))


def _problem(name: str, fault: dict[str, Any]) -> Problem:
    keys = [str(part + 1) if isinstance(part, int) else part for part in fault["loc"]]
    place = ", ".join([name, " ".join(keys[:2]), *keys[2:]])
    if fault["type"] == "extra_forbidden":
        model = _MODELS.get(str(fault["loc"][0]), _File) if len(fault["loc"]) > 1 else _File
        known = list((_Ratio if "ratio" in fault["loc"] else model).model_fields)
        known = ["schema" if key == "schema_" else key for key in known]
        return Problem(place, "an unknown key", "", did_you_mean(str(fault["loc"][-1]), known))
    if fault["type"] == "model_type":
        return Problem(place, repr(fault["input"]), "a share such as 0.2, or {low = 0.1, base = 0.2, high = 0.3}")
    found = "nothing" if fault["type"] == "missing" else repr(fault["input"])
    return Problem(place, found, fault["msg"][0].lower() + fault["msg"][1:])


def _tree_problems(
    file: str, kind: str, nodes: Iterable[_Scope | _Place], bundled: Sequence[str] = ()
) -> list[str | Problem]:
    nodes = tuple(nodes)
    tree = Tree(
        dict.fromkeys(bundled, "") | {node.name: "" for node in nodes},
        {word: node.name for node in nodes for word in node.aliases},
    )
    names = [folded(node.name) for node in nodes]
    problems: list[str | Problem] = []
    for node in nodes:
        place = f"{file}, {kind} {node.name!r}"
        if names.count(folded(node.name)) > 1:
            problems.append(Problem(place, "the name more than once", "each name once"))
        if node.inside and not tree.knows(node.inside):
            remedy = did_you_mean(node.inside, tree.names)
            problems.append(Problem(f"{place}, inside", repr(node.inside), f"the name of another {kind}", remedy))
    above = {tree.canonical(node.name): tree.canonical(node.inside) for node in nodes if node.inside}
    loops = {frozenset(loop) for name in above if (loop := _loop(name, above))}
    problems += [Problem(f"{file}, {kind}", f"a circle: {' inside '.join(sorted(loop))}", "a tree") for loop in loops]
    return problems


def _loop(name: str, above: dict[str, str]) -> list[str]:
    seen = [name]
    while (name := above.get(name, "")) and name not in seen:
        seen.append(name)
    return seen if name == seen[0] else []


def _distribution(place: str, ratio: _Ratio | None) -> Distribution | None:
    """Turn what the file says into a distribution of the share."""
    if ratio is None:
        return None
    if ratio.family not in _FAMILIES:
        raise EstimatesError(
            Problem(f"{place}, family", repr(ratio.family), "", did_you_mean(ratio.family, list(_FAMILIES)))
        )
    family, needed = _FAMILIES[ratio.family]
    given = ratio.model_dump(exclude_none=True, exclude={"family"})
    if set(given) != set(needed):
        raise EstimatesError(
            Problem(place, f"the keys {', '.join(given)}", f"{', '.join(needed)} for the family {ratio.family}")
        )
    allowed = "a share above 0 and at most 1"
    if min(given.values()) <= 0:
        raise EstimatesError(Problem(place, ", ".join(f"{number:g}" for number in given.values()), allowed))
    try:
        share: Distribution = family(**given, positive=True) if family is Range else family(**given)
    except ArgumentError as error:
        raise EstimatesError([Problem(f"{place}: {fault}", "") for fault in error.problems]) from None
    middle = float(share.ppf(0.5))
    if middle > 1:
        found = f"{middle:.4g}" if family is Fixed else f"a median of {middle:.4g}"
        remedy = f"write {middle / 100:.4g} for {middle:.4g} %" if middle <= 100 else ""
        raise EstimatesError(Problem(place, found, allowed, remedy))
    return share
