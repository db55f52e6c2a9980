"""The two ends of a bridge: an estimate or a consensus as a level, a growth rate and what they stand on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.errors import ArgumentError, Problem
from forecast.estimates.conversion import claim_of
from forecast.estimates.footing import Footing
from forecast.estimates.units import SCALES, SHORT_SCALES, scale_name

if TYPE_CHECKING:
    from typing import TypeAlias

    from forecast.reconcile.consensus import Consensus

    Given: TypeAlias = Mapping[str, Any] | pd.Series[Any] | Consensus


@dataclass(frozen=True)
class Side:
    """A level in a year, log growth a year, and what they stand on; empty where not said."""

    label: str
    base_year: int
    base: float
    growth: float
    currency: str
    scale: str
    price_basis: str
    value_basis: str
    scope: str
    geography: str

    @property
    def scale_factor(self) -> float:
        """Currency units in one unit of the scale."""
        return SCALES[self.scale or "unit"]

    @property
    def unit(self) -> str:
        """Unit for an axis, such as "USD bn"."""
        return Footing(self.currency, self.scale).label if self.currency else SHORT_SCALES.get(self.scale, "")

    def at(self, year: int) -> float:
        """Level carried to a year by its own growth."""
        with np.errstate(over="ignore"):
            return float(self.base * np.exp(self.growth * (year - self.base_year)))


def read_sides(a: Given, b: Given, year: int) -> tuple[Side, Side]:
    """Read both; what one does not say of its unit or growth is taken from the other.

    Raises
    ------
    ArgumentError
        With all problems of both.
    """
    problems: list[str | Problem] = []
    sides: list[Side] = []
    for name, given in (("a", a), ("b", b)):
        try:
            sides.append(_read(name, given, year))
        except ArgumentError as error:
            problems += error.problems
    if problems:
        raise ArgumentError(problems)
    first, second = sides
    if first.label == second.label:
        first, second = (replace(side, label=f"{side.label} ({i})") for i, side in enumerate(sides, 1))
    return _completed(first, second), _completed(second, first)


def _completed(side: Side, other: Side) -> Side:
    growth = other.growth if math.isnan(side.growth) else side.growth
    return replace(
        side,
        growth=0.0 if math.isnan(growth) else growth,
        scale=side.scale or other.scale,
        currency=side.currency or other.currency,
    )


def _read(name: str, given: Given, year: int) -> Side:
    if isinstance(given, Mapping | pd.Series):
        row = _Row(name, {str(key): _text(value) for key, value in dict(given).items()})
        side = row.side()
        if math.isnan(side.growth) and side.base_year != year:
            row.report("", f"a level for {side.base_year} and no growth", f"a growth rate to reach {year}")
        row.check()
        return side
    if not (hasattr(given, "quantiles") and hasattr(given, "reference_year")):
        found = repr(given) if isinstance(given, str) else type(given).__name__
        allowed = "a row of a table of estimates (Series or dict), or a result of reconcile"
        remedy = "select the row: estimates.set_index('id').loc[...]" if isinstance(given, str | pd.DataFrame) else ""
        raise ArgumentError(Problem(name, found, allowed, remedy))
    return _of_consensus(given, year)


def _of_consensus(consensus: Consensus, year: int) -> Side:
    """Median path, as a level in the reference year and the growth from there."""
    start, footing = consensus.reference_year, consensus.footing
    end = year if year != start else start + 1
    path = consensus.quantiles((0.5,), [start, end])[0.5]
    base = float(path[start])
    return Side(
        label="consensus",
        base_year=start,
        base=base,
        growth=math.log(float(path[end]) / base) / (end - start),
        currency=footing.currency,
        scale=scale_name(footing.scale),
        price_basis=footing.price_basis,
        value_basis=footing.value_basis,
        scope=consensus.scope,
        geography="",
    )


@dataclass(frozen=True)
class _Row:
    """A row of a table of estimates as text, and what is wrong with it."""

    name: str
    cells: dict[str, str]
    problems: list[Problem] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.cells.get("publisher") or self.cells.get("id") or self.name

    def report(self, column: str, found: str, allowed: str) -> None:
        place = ", ".join(filter(None, (self.name, self.label if self.label != self.name else "", column)))
        self.problems.append(Problem(place, found, allowed))

    def check(self) -> None:
        if self.problems:
            raise ArgumentError(self.problems)

    def side(self) -> Side:
        scale = scale_name(self.cells.get("scale", ""))
        if scale and scale not in SCALES:
            self.report("scale", repr(scale), ", ".join(SCALES))
        year, level, growth = self._path()
        words = {key: self.cells.get(key, "") for key in ("price_basis", "value_basis", "scope", "geography")}
        currency = self.cells.get("currency", "").upper()
        return Side(self.label, year, level, growth, currency=currency, scale=scale, **words)

    def _path(self) -> tuple[int, float, float]:
        """Year, level and log growth (nan where none is said); base and target go before a printed rate."""
        base, target, multiple = (self._amount(column) for column in ("base_value", "target_value", "multiple"))
        start = self._year("base_year", "cagr_from")
        end = self._year("target_year", "cagr_to")
        rate = self._rate()
        if math.isnan(base) and math.isnan(target) and not self.problems:
            self.report("", "no level", "a base_value or a target_value")
        level_year = start if not math.isnan(base) else end
        if level_year is None and not self.problems:
            self.report("", "a level without a year", "base_year beside base_value, target_year beside target_value")
        self.check()
        span = (end or 0) - (start or 0) if start is not None and end is not None else 0
        rise = target / base if not math.isnan(target / base) else multiple
        growth = math.log(rise) / span if span and not math.isnan(rise) else rate
        if not math.isnan(base) or start is None or math.isnan(growth):
            return level_year or 0, target if math.isnan(base) else base, growth
        return start, target * math.exp(-growth * span), growth

    def _amount(self, column: str) -> float:
        value = self._number(column)
        if not math.isnan(value) and not 0 < value < math.inf:
            self.report(column, f"{value:g}", "a number above 0")
        return value

    def _rate(self) -> float:
        percent = self._number("cagr")
        if percent <= -100:
            self.report("cagr", f"{percent:g} %", "a growth above -100 %")
            return math.nan
        return math.log1p(percent / 100)

    def _number(self, column: str) -> float:
        try:
            claim = claim_of(self.cells, column)
        except ArgumentError:
            self.report(column, repr(self.cells[column]), "a number")
            return math.nan
        return math.nan if claim is None else claim.value

    def _year(self, *columns: str) -> int | None:
        said = [(column, self.cells[column]) for column in columns if self.cells.get(column)]
        try:
            return int(float(said[0][1])) if said else None
        except ValueError:
            self.report(said[0][0], repr(said[0][1]), "a calendar year")
            return None


def _text(value: Any) -> str:
    missing = value is None or (pd.api.types.is_scalar(value) and pd.isna(value))
    return "" if missing else str(value).strip()
