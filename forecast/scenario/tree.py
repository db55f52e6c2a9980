"""A driver tree: a market built from the bottom, as arithmetic over named inputs.

Inputs are drivers, drivers that grow from a given year, or known values by year. Nodes are formulas over inputs and
other nodes; a node may come some years later than its formula (`lag`) and may keep a part of last year's value
(`carry`), as a stock does.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike
from pydantic import AfterValidator, Discriminator, Field, Tag

from forecast.errors import InputError, ModelError, Problem, ScenarioError, did_you_mean
from forecast.estimates.conversion import claim
from forecast.scenario.drivers import (
    AnyDriver,
    Driver,
    FractionDriver,
    GrowthDriver,
    PlainDriver,
    Status,
    drivers_of,
)
from forecast.scenario.expression import Array, Expression, parse
from forecast.scenario.format import Format, Found, Number, Year, refuse

CALENDAR = "year"
"""Name of the calendar year in a formula."""

COVERAGE = "coverage"
"""Name of the coverage in the formula of a check."""

TEXT_KEYS = ("formula", "carry")
"""Keys of a node that hold arithmetic."""


class GrowingInput(Format):
    """An amount stated for one year that grows from there."""

    amount: AnyDriver
    """Amount in `year`."""
    year: Year
    """Year the amount is stated for."""
    growth: GrowthDriver
    """Growth, share per year."""


def _years(series: dict[str, float]) -> dict[str, float]:
    wrong = [key for key in series if not (key.isdigit() and 1800 <= int(key) <= 2300)]
    if wrong:
        raise refuse("values by year, such as {2023 = 12.5, 2024 = 14}", f"no years: {', '.join(wrong)}")
    return series


class SeriesInput(Format):
    """Known values by year; years between them are interpolated, later ones grow."""

    series: Annotated[dict[str, Number], Field(min_length=1), AfterValidator(_years)]
    """Values by year."""
    growth: GrowthDriver | None = None
    """Growth after the last year, share per year; without it the tree ends there."""
    unit: str = ""
    """Unit of the values."""
    because: str = ""
    """Why these values."""
    source: str = ""
    """Where they were read."""
    status: Status = "printed"
    """Printed in a source, derived from printed numbers, or assumed."""


def _tag(data: Any) -> str:
    if isinstance(data, SeriesInput) or (isinstance(data, Mapping) and "series" in data):
        return "<series>"
    growing = isinstance(data, GrowingInput) or (isinstance(data, Mapping) and "amount" in data)
    return "<growing>" if growing else "<driver>"


AnyInput = Annotated[
    Annotated[AnyDriver, Tag("<driver>")]
    | Annotated[GrowingInput, Tag("<growing>")]
    | Annotated[SeriesInput, Tag("<series>")],
    Discriminator(_tag),
]
"""A driver, an amount that grows, or values by year."""


def _parses(text: str) -> str:
    try:
        return parse(text).text
    except ScenarioError as error:
        raise refuse(*_said(str(error))) from None


def _said(message: str) -> tuple[str, str]:
    """What an expression may hold, and what was wrong with it."""
    found, _, allowed = message.partition("; allowed: ")
    return allowed, found


class Node(Format):
    """One line of arithmetic."""

    formula: Annotated[str, AfterValidator(_parses)]
    """Arithmetic over inputs and nodes; `year` is the calendar year."""
    lag: Annotated[int, Field(strict=True, ge=0, le=50)] = 0
    """Years by which the node comes later than its formula."""
    carry: Annotated[str, AfterValidator(_parses)] | None = None
    """Part of last year's value that remains, as arithmetic; none where absent."""
    since: Year | None = None
    """First year of a node that carries; before it there is nothing."""
    title: str = ""
    """Title in figures and tables."""
    unit: str = ""
    """Unit of the value."""
    because: str = ""
    """Why this formula."""
    source: str = ""
    """Where it was read."""


def _reads(text: str) -> str:
    try:
        number = claim(text).value
    except InputError:
        number = 0.0
    if not number > 0:
        raise refuse('digits as printed, in quotes, such as "1,398" or "0.73"')
    return text


class Check(Format):
    """A printed number that the tree must reproduce."""

    formula: Annotated[str, AfterValidator(_parses)]
    """Arithmetic over inputs, nodes and `coverage`."""
    years: Annotated[dict[str, Number], Field(min_length=1), AfterValidator(_years)]
    """Years over which the formula is summed, each with the part of it that counts, such as {2024 = 1, 2025 = 0.5}."""
    stated: Annotated[str, AfterValidator(_reads)]
    """The number as printed."""
    hedge: str = ""
    """How firmly it is said, such as about or nearly."""
    title: str = ""
    """What is checked, in a few words."""
    unit: str = ""
    """Unit of the number."""
    because: str = ""
    """Why the two belong together, and what explains a gap."""
    source: str = ""
    """Where the number was read."""
    status: Status = "printed"
    """Printed in a source, or derived from printed numbers."""


class Tree(Format):
    """A market from the bottom up."""

    checked_together = True

    result: str
    """Node that is the market, on the footing of the case."""
    inputs: dict[str, AnyInput]
    """Inputs by name."""
    nodes: dict[str, Node]
    """Formulas by name."""
    checks: dict[str, Check] = Field(default={})
    """Printed numbers that the tree must reproduce, by name."""
    coverage: FractionDriver = PlainDriver(value=1.0, because="the tree counts the whole market unless it says so")
    """Share of the market that the tree counts; the result is divided by it."""
    unit: str = ""
    """Unit of the result."""
    because: str = ""
    """Why the market is built this way."""
    source: str = ""
    """Where that comes from."""

    @classmethod
    def check_together(cls, valid: Mapping[str, Any], raw: Mapping[str, Any], /) -> Iterator[Found]:
        inputs, nodes = (set(raw[key]) if isinstance(raw.get(key), Mapping) else set() for key in ("inputs", "nodes"))
        texts = _texts(raw.get("nodes"))
        yield from _name_problems(inputs, nodes)
        yield from _missing_names("nodes", texts, sorted(inputs | nodes | {CALENDAR}))
        yield from _missing_names("checks", _texts(raw.get("checks")), sorted(inputs | nodes | {CALENDAR, COVERAGE}))
        yield from _circles(texts)
        result = valid["result"]
        if result is not None and result not in nodes:
            yield ("result",), Problem("", repr(result), "the name of a node", did_you_mean(result, sorted(nodes)))
        for name, node in (valid["nodes"] or {}).items():
            if (node.carry is None) != (node.since is None):
                allowed = "carry and since together: what remains of last year, and the first year"
                yield ("nodes", name), Problem("", "one of carry and since", allowed)

    @property
    def drivers(self) -> dict[str, Driver]:
        """Every driver by its key within the table."""
        return drivers_of(self)

    def values(self, years: ArrayLike, given: Mapping[str, ArrayLike] | None = None) -> dict[str, Array]:
        """Every input and node by year.

        Parameters
        ----------
        years
            Calendar years, ascending, shape (years,).
        given
            Numbers for drivers by their key (`inputs.price.amount`), each of shape () or (nodes,); a driver that is
            not named is at its median.

        Returns
        -------
        dict
            Arrays of shape (years,) or (nodes, years).

        Raises
        ------
        ModelError
            If the result has no finite value in one of the years.

        Examples
        --------
        >>> tree = Tree.model_validate({
        ...     "result": "spend",
        ...     "inputs": {"patients": {"amount": 100, "year": 2024, "growth": "10 %"}, "price": 2},
        ...     "nodes": {"spend": {"formula": "patients * price", "lag": 1}},
        ... })
        >>> tree.values([2025, 2026])["spend"].round(6).tolist()
        [200.0, 220.0]
        """
        found = self.branches(years, given)
        _require_finite(found[self.result], np.atleast_1d(np.asarray(years, int)), self.result)
        return found

    def branches(self, years: ArrayLike, given: Mapping[str, ArrayLike] | None = None) -> dict[str, Array]:
        """Every input and node by year, as `values`, but with nan where a branch has no value yet."""
        asked = np.atleast_1d(np.asarray(years, int))
        window = np.arange(min([asked[0], *self._starts()]) - self._longest_lag(), asked[-1] + 1)
        amounts = {key: driver.distribution.from_score(0.0) for key, driver in self.drivers.items()} | dict(given or {})
        found: dict[str, Array] = {CALENDAR: window.astype(float)}
        with np.errstate(all="ignore"):
            for name, entry in self.inputs.items():
                found[name] = _input_path(entry, window, _under(amounts, f"inputs.{name}"))
            for name in self._order():
                found[name] = _node_path(self.nodes[name], window, found)
        return {name: path[..., np.searchsorted(window, asked)] for name, path in found.items()}

    @property
    def added(self) -> list[str]:
        """Inputs and nodes that the result adds up; none where its formula is more than a sum."""
        postfix = parse(self.nodes[self.result].formula).postfix
        names = [part for part in postfix if isinstance(part, str) and part != "+"]
        plain = len(names) > 1 and len(names) + postfix.count("+") == len(postfix) and set(names) <= self._names
        return names if plain else []

    @property
    def _names(self) -> set[str]:
        return {*self.inputs, *self.nodes}

    def path(self, years: ArrayLike, given: Mapping[str, ArrayLike] | None = None) -> Array:
        """Market by year: the result divided by the coverage; arguments as for `values`."""
        cover = (given or {}).get("coverage", self.coverage.distribution.from_score(0.0))
        return self.values(years, given)[self.result] / np.asarray(cover, float)[..., None]

    def _starts(self) -> list[int]:
        return [node.since for node in self.nodes.values() if node.since is not None]

    def _written(self) -> dict[str, dict[str, Any]]:
        return {name: node.model_dump(include=set(TEXT_KEYS)) for name, node in self.nodes.items()}

    def _order(self) -> list[str]:
        return _order(_texts(self._written()))

    def _longest_lag(self) -> int:
        total: dict[str, int] = {}
        uses = {name: _uses(own) for name, own in _texts(self._written()).items()}
        for name in self._order():
            below = [total[other] for other in uses[name] if other in total]
            total[name] = self.nodes[name].lag + max(below, default=0)
        return max(total.values(), default=0) + 1


def _under(amounts: Mapping[str, ArrayLike], key: str) -> dict[str, Array]:
    """Amounts of one input, by key within it, with the years as last axis."""
    return {
        name.removeprefix(key).removeprefix("."): np.asarray(value, float)[..., None]
        for name, value in amounts.items()
        if name == key or name.startswith(f"{key}.")
    }


def _input_path(entry: Driver | GrowingInput | SeriesInput, window: Array, amounts: Mapping[str, Array]) -> Array:
    if isinstance(entry, GrowingInput):
        return amounts["amount"] * (1 + amounts["growth"]) ** (window - entry.year)
    if isinstance(entry, SeriesInput):
        return _series_path(entry, window, amounts.get("growth", np.full(1, np.nan)))
    return amounts[""] + np.zeros(window.shape)


def _series_path(entry: SeriesInput, window: Array, growth: Array) -> Array:
    known = sorted((int(year), value) for year, value in entry.series.items())
    years, values = np.array(known, float).T
    inside = np.interp(window, years, values, left=np.nan, right=np.nan)
    later = values[-1] * (1 + growth) ** (window - years[-1])
    return np.where(window > years[-1], later, inside)


def _node_path(node: Node, window: Array, found: Mapping[str, Array]) -> Array:
    path = parse(node.formula).arithmetic(found) + np.zeros(window.shape)
    if node.lag:
        path = np.concatenate([np.full((*path.shape[:-1], node.lag), np.nan), path[..., : -node.lag]], axis=-1)
    return _stock(node, path, window, found) if node.carry else path


def _stock(node: Node, inflow: Array, window: Array, found: Mapping[str, Array]) -> Array:
    """Accumulate an inflow: what remains of last year's value, and what comes in."""
    kept = parse(node.carry or "0").arithmetic(found) + np.zeros(inflow.shape)
    stock = np.zeros(np.broadcast_shapes(kept.shape, inflow.shape))
    inflow = np.broadcast_to(inflow, stock.shape)
    for position in np.flatnonzero(window >= (node.since or 0)):
        before = stock[..., position - 1] if position else 0.0
        stock[..., position] = kept[..., position] * before + inflow[..., position]
    return stock


def _require_finite(path: Array, years: Array, name: str) -> None:
    bad = ~np.isfinite(path).reshape(-1, len(years)).all(axis=0)
    if bad.any():
        listed = ", ".join(str(year) for year in years[bad][:5])
        remedy = "a division by zero, or a series of values that does not reach that year (give it a growth)"
        raise ModelError(f"tree: '{name}' has no finite value in {listed}: {remedy}")


Texts = dict[str, dict[str, Expression]]
"""Parsed texts by node and key."""


def _texts(nodes: object) -> Texts:
    """Parse the texts of nodes as written; leave out those that do not parse."""
    tables = (
        {name: node for name, node in nodes.items() if isinstance(node, Mapping)} if isinstance(nodes, Mapping) else {}
    )
    return {name: {key: e for key in TEXT_KEYS if (e := _parsed(node.get(key)))} for name, node in tables.items()}


def _parsed(text: object) -> Expression | None:
    try:
        return parse(text) if isinstance(text, str) else None
    except ScenarioError:
        return None


def _uses(texts: Mapping[str, Expression]) -> set[str]:
    return {name for expression in texts.values() for name in expression.names}


def _order(texts: Texts) -> list[str]:
    """Nodes in the order of evaluation."""
    graph = {name: _uses(own) & texts.keys() for name, own in texts.items()}
    return list(graphlib.TopologicalSorter(graph).static_order())


def _name_problems(inputs: set[str], nodes: set[str]) -> Iterator[Found]:
    for table, names in (("inputs", inputs), ("nodes", nodes)):
        for name in sorted(names):
            if not name.isidentifier() or name == CALENDAR:
                allowed = "a name of letters, digits and _ that is not 'year'"
                yield (table, name), Problem("", f"the name {name!r}", allowed)
    for name in sorted(inputs & nodes):
        yield ("nodes", name), Problem("", "an input of the same name", "one meaning for each name", "rename one")


def _missing_names(table: str, texts: Texts, known: list[str]) -> Iterator[Found]:
    for name, own in texts.items():
        for key, expression in own.items():
            for missing in sorted(expression.names - set(known)):
                hint = did_you_mean(missing, known)
                yield (table, name, key), Problem("", f"the name {missing!r}", "an input or a node", hint)


def _circles(texts: Texts) -> Iterator[Found]:
    try:
        _order(texts)
    except graphlib.CycleError as error:
        circle = list(reversed(error.args[1]))
        allowed = "no circle: a formula may not lead back to itself"
        yield ("nodes", circle[0], "formula"), Problem("", " -> ".join(circle), allowed)
