"""A driver: a number an analyst is more or less sure of, with the reason for it.

Three ways to write one, each with optional `because`, `source`, `status` and `unit`:

- a plain number, or `{value = 0.05, because = "..."}`;
- a range `{low = 0.03, base = 0.05, high = 0.07}`: P10, P50 and P90;
- a named family with named parameters, `{family = "lognormal", median = 0.75, log_sd = 0.30}`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Discriminator, GetJsonSchemaHandler, Tag, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from forecast.distributions import (
    Beta,
    Discrete,
    Distribution,
    Fixed,
    Lognormal,
    Normal,
    Range,
    Triangular,
    Uniform,
    pert,
    pert_from_percentiles,
)
from forecast.errors import ArgumentError, Problem
from forecast.scenario.format import Format, Number, beside_a_wrong_kind, refuse

Forms = dict[tuple[str, ...], Callable[..., Distribution]]
"""Distribution built from each set of parameters that may be given together."""

Status = Literal["printed", "derived", "assumed"]

FAR = 6.0
"""Normal score within which a driver must keep to the range its key allows."""


class Driver(Format, ABC):
    """A number with its reason."""

    because: str = ""
    """Why this number."""
    source: str = ""
    """Where it was read."""
    status: Status = "assumed"
    """Printed in a source, derived from printed numbers, or assumed."""
    unit: str = ""
    """Unit of the number, such as "years" or "share per year"."""

    @abstractmethod
    def _build(self) -> Distribution:
        """Distribution that the keys describe."""

    @cached_property
    def distribution(self) -> Distribution:
        """The number as a distribution."""
        return self._build()

    @model_validator(mode="after")
    def _possible(self) -> Self:
        try:
            self._build()
        except ArgumentError as error:
            problem = error.problems[0]
            raise refuse(problem.allowed if isinstance(problem, Problem) else problem) from None
        return self


class PlainDriver(Driver):
    """One number: `0.05`, or `{value = 0.05, because = "..."}`."""

    value: Number
    """The number."""

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, data: Any) -> Any:
        return data if isinstance(data, dict) else {"value": data}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler, /) -> JsonSchemaValue:
        """Allow the bare number beside the table."""
        table = handler.resolve_ref_schema(handler(core))
        return {
            "description": table.get("description", ""),
            "anyOf": [*table["properties"]["value"]["anyOf"], dict(table)],
        }

    def _build(self) -> Distribution:
        return Fixed(self.value)


class RangeDriver(Driver):
    """Three percentiles: `{low, base, high}` are P10, P50 and P90."""

    low: Number
    """10th percentile."""
    base: Number
    """Median."""
    high: Number
    """90th percentile."""
    positive: bool = False
    """Whether the number can only be above zero; the range is then read on the logarithm."""
    share: bool = False
    """Whether the number lies between 0 and 1; the range is then read on the odds."""

    def _build(self) -> Distribution:
        return Range(self.low, self.base, self.high, positive=self.positive, share=self.share)


class FamilyDriver(Driver, ABC):
    """A named family; exactly one of its sets of parameters must be given."""

    forms: ClassVar[Forms] = {}

    @cached_property
    def _given(self) -> tuple[str, ...]:
        known = dict.fromkeys(name for form in self.forms for name in form)
        return tuple(name for name in known if getattr(self, name) is not None)

    def _build(self) -> Distribution:
        form = next((form for form in self.forms if set(form) == set(self._given)), None)
        if form is None:
            sets = ", or ".join(" and ".join(form) for form in self.forms)
            raise ArgumentError(Problem("family", ", ".join(self._given) or "nothing", f"exactly {sets}"))
        return self.forms[form](*(getattr(self, name) for name in form))


class NormalDriver(FamilyDriver):
    """Normal: `mean` and `sd`, or `low` and `high` (P10 and P90)."""

    family: Literal["normal"]
    mean: Number | None = None
    sd: Number | None = None
    low: Number | None = None
    high: Number | None = None

    forms: ClassVar[Forms] = {("mean", "sd"): Normal, ("low", "high"): Normal.from_percentiles}


class LognormalDriver(FamilyDriver):
    """Lognormal: `median` and `log_sd`, `mean` and `sd`, or `low` and `high` (P10 and P90)."""

    family: Literal["lognormal"]
    median: Number | None = None
    log_sd: Number | None = None
    mean: Number | None = None
    sd: Number | None = None
    low: Number | None = None
    high: Number | None = None

    forms: ClassVar[Forms] = {
        ("median", "log_sd"): Lognormal,
        ("mean", "sd"): Lognormal.from_moments,
        ("low", "high"): Lognormal.from_percentiles,
    }


class UniformDriver(FamilyDriver):
    """Uniform: `minimum` and `maximum`, or `low` and `high` (P10 and P90)."""

    family: Literal["uniform"]
    minimum: Number | None = None
    maximum: Number | None = None
    low: Number | None = None
    high: Number | None = None

    forms: ClassVar[Forms] = {("minimum", "maximum"): Uniform, ("low", "high"): Uniform.from_percentiles}


class TriangularDriver(FamilyDriver):
    """Triangle: `minimum`, `mode` and `maximum`, or `low` (P10), `mode` and `high` (P90)."""

    family: Literal["triangular"]
    mode: Number
    minimum: Number | None = None
    maximum: Number | None = None
    low: Number | None = None
    high: Number | None = None

    forms: ClassVar[Forms] = {
        ("minimum", "mode", "maximum"): Triangular,
        ("low", "mode", "high"): Triangular.from_percentiles,
    }


class PertDriver(FamilyDriver):
    """PERT: `minimum`, `mode` and `maximum`, or `low` (P10), `mode` and `high` (P90)."""

    family: Literal["pert"]
    mode: Number
    minimum: Number | None = None
    maximum: Number | None = None
    low: Number | None = None
    high: Number | None = None

    forms: ClassVar[Forms] = {("minimum", "mode", "maximum"): pert, ("low", "mode", "high"): pert_from_percentiles}


class BetaDriver(FamilyDriver):
    """Beta: `alpha` and `beta`, or `mean` and `sd`; between `minimum` and `maximum`."""

    family: Literal["beta"]
    alpha: Number | None = None
    beta: Number | None = None
    mean: Number | None = None
    sd: Number | None = None
    minimum: Number = 0.0
    maximum: Number = 1.0

    forms: ClassVar[Forms] = {
        ("alpha", "beta", "minimum", "maximum"): Beta,
        ("mean", "sd", "minimum", "maximum"): Beta.from_moments,
    }


class DiscreteDriver(Driver):
    """A few values with their probabilities."""

    family: Literal["discrete"]
    values: list[Number]
    probabilities: list[Number]

    def _build(self) -> Distribution:
        return Discrete(tuple(self.values), tuple(self.probabilities))


FAMILIES: dict[str, type[Driver]] = {
    "normal": NormalDriver,
    "lognormal": LognormalDriver,
    "uniform": UniformDriver,
    "triangular": TriangularDriver,
    "pert": PertDriver,
    "beta": BetaDriver,
    "discrete": DiscreteDriver,
}
"""Every named family."""

DRIVER_KEYS = frozenset({"value", "low", "base", "high", "family"})
"""A table with one of these keys is a driver, and is replaced whole."""


def _tag(data: Any) -> str:
    """Which way a driver is written."""
    if isinstance(data, Driver):
        return next((f"<{name}>" for name, kind in FAMILIES.items() if type(data) is kind), _unnamed(type(data)))
    if not isinstance(data, dict) or "value" in data:
        return "<number>"
    return f"<{data['family']}>" if "family" in data else "<range>"


def _unnamed(kind: type[Driver]) -> str:
    return "<range>" if kind is RangeDriver else "<number>"


AnyDriver = Annotated[
    Annotated[PlainDriver, Tag("<number>")]
    | Annotated[RangeDriver, Tag("<range>")]
    | Annotated[NormalDriver, Tag("<normal>")]
    | Annotated[LognormalDriver, Tag("<lognormal>")]
    | Annotated[UniformDriver, Tag("<uniform>")]
    | Annotated[TriangularDriver, Tag("<triangular>")]
    | Annotated[PertDriver, Tag("<pert>")]
    | Annotated[BetaDriver, Tag("<beta>")]
    | Annotated[DiscreteDriver, Tag("<discrete>")],
    Discriminator(
        _tag,
        custom_error_type="refused",
        custom_error_message="one of the families " + ", ".join(FAMILIES),
    ),
    beside_a_wrong_kind("family", FAMILIES),
]
"""A number, a range or a family."""


def _positive(driver: Driver) -> Driver:
    if isinstance(driver, RangeDriver):
        if driver.low <= 0:
            raise refuse("a low above 0, because the number can only be positive")
        return driver.model_copy(update={"positive": True})
    return _inside(driver, above=0.0)


def _not_negative(driver: Driver) -> Driver:
    if not isinstance(driver, PlainDriver):
        return _positive(driver)
    if driver.value < 0:
        raise refuse("0, or a number above 0")
    return driver


def _growth(driver: Driver) -> Driver:
    return _inside(driver, above=-1.0)


def _share(driver: Driver) -> Driver:
    if isinstance(driver, RangeDriver):
        if not 0 < driver.low < driver.high < 1:
            raise refuse("low and high above 0 and below 1, because the number is a share")
        return driver.model_copy(update={"share": True})
    if isinstance(driver, PlainDriver | DiscreteDriver | BetaDriver | UniformDriver | TriangularDriver | PertDriver):
        low, high = driver.distribution.from_score([-FAR, FAR])
        if low >= 0 and high <= 1:
            return driver
    raise refuse("a share between 0 and 1, whatever happens", "write low, base and high, or a bounded family")


def _fraction(driver: Driver) -> Driver:
    return _inside(_share(driver), above=0.0)


def _whole_year(driver: Driver) -> Driver:
    years = driver.distribution.from_score([-FAR, FAR])
    whole = not isinstance(driver, PlainDriver | DiscreteDriver) or all(float(year).is_integer() for year in years)
    if whole and years[0] > 1700 and years[1] < 2400:
        return driver
    raise refuse("a year such as 2028, or an uncertain one such as {low = 2027, base = 2028, high = 2030}")


def _inside(driver: Driver, *, above: float) -> Driver:
    if float(driver.distribution.from_score(-FAR)) > above:
        return driver
    if isinstance(driver, PlainDriver):
        raise refuse(f"a number above {above:g}")
    if isinstance(driver, RangeDriver):
        remedy = "move base towards the middle of low and high, or take a bounded family such as pert"
        raise refuse(f"only numbers above {above:g}, also far below low, where so skewed a range falls further", remedy)
    raise refuse(f"only numbers above {above:g}", "write low, base and high, or a family that stays above")


PositiveDriver = Annotated[AnyDriver, AfterValidator(_positive)]
"""A driver above zero; a range is read on the logarithm."""

NotNegativeDriver = Annotated[AnyDriver, AfterValidator(_not_negative)]
"""Zero, or a driver above zero."""

GrowthDriver = Annotated[AnyDriver, AfterValidator(_growth)]
"""Growth as a share per year, above -1: .04 or "4 %" is four percent a year."""

ShareDriver = Annotated[AnyDriver, AfterValidator(_share)]
"""A driver between 0 and 1; a range is read on its odds."""

FractionDriver = Annotated[AnyDriver, AfterValidator(_fraction)]
"""A driver above 0 and at most 1."""

YearDriver = Annotated[AnyDriver, AfterValidator(_whole_year)]
"""A calendar year, certain or uncertain."""


def drivers_of(table: Format, above: str = "") -> dict[str, Driver]:
    """Every driver of a table, and of the tables and lists in it, by its dotted key."""
    found: dict[str, Driver] = {}
    for name in type(table).model_fields:
        found |= _drivers_in(getattr(table, name), f"{above}.{name}" if above else name)
    return found


def _drivers_in(value: object, key: str) -> dict[str, Driver]:
    if isinstance(value, Driver):
        return {key: value}
    if isinstance(value, Format):
        return drivers_of(value, key)
    if isinstance(value, dict):
        pairs = [_drivers_in(inner, f"{key}.{name}") for name, inner in value.items()]
    elif isinstance(value, list | tuple):
        pairs = [_drivers_in(inner, f"{key}.{position}") for position, inner in enumerate(value)]
    else:
        return {}
    return {name: driver for pair in pairs for name, driver in pair.items()}
