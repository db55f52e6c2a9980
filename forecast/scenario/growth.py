"""Growth curves of a scenario and the drivers each of them has.

Growth is a share per year: 0.04, or "4 %", is four percent a year. `growth_shift` is added to the yearly growth
of the logarithm; `volatility` is the standard deviation of one year's growth of the logarithm. Both act on every
curve. The equations are those of `forecast.growth`, from the handover year on.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from forecast.scenario.drivers import (
    AnyDriver,
    Driver,
    FractionDriver,
    GrowthDriver,
    NotNegativeDriver,
    PlainDriver,
    PositiveDriver,
    drivers_of,
)
from forecast.scenario.format import Format, Year, beside_a_wrong_kind, refuse


def fixed(value: float, unit: str, because: str) -> PlainDriver:
    """Driver that a file need not name."""
    return PlainDriver(value=value, unit=unit, because=because)


class Growth(Format):
    """What every curve has."""

    has_ceiling: ClassVar[bool] = False

    growth_shift: AnyDriver = fixed(0.0, "log growth per year", "no shift unless the scenario says so")
    """Added to the yearly growth of the logarithm."""
    volatility: NotNegativeDriver = fixed(0.0, "sd of yearly log growth", "no own volatility unless stated")
    """Standard deviation of one year's growth of the logarithm."""

    @property
    def name(self) -> str:
        """Name of the curve."""
        return next(name for name, kind in CURVES.items() if type(self) is kind)

    @property
    def drivers(self) -> dict[str, Driver]:
        """Every driver by its key within the table."""
        return drivers_of(self)


class FadingGrowth(Growth):
    """Growth fades from the consensus' own to a terminal rate; half of the difference is gone after `half_life`."""

    curve: Literal["fading"]
    half_life: PositiveDriver
    """Years until half of the difference to the terminal rate is gone."""
    terminal_growth: GrowthDriver
    """Growth in the long run, share per year."""


class ConstantGrowth(Growth):
    """The same growth every year after the handover."""

    curve: Literal["constant"]
    growth: GrowthDriver
    """Growth, share per year."""


class Piece(Format):
    """Some years with one growth rate."""

    until: Year | None = None
    """Last year of the piece; the last piece has none."""
    growth: GrowthDriver
    """Growth, share per year."""


class PiecewiseGrowth(Growth):
    """Growth that changes in given years."""

    curve: Literal["piecewise"]
    pieces: Annotated[list[Piece], Field(min_length=1)]
    """In order of time."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        ends = [piece.until for piece in self.pieces]
        dated = [year for year in ends[:-1] if year is not None]
        if ends[-1] is not None or len(dated) < len(ends) - 1 or any(a >= b for a, b in pairwise(dated)):
            raise refuse("an ascending year 'until' on every piece but the last, and none on the last")
        return self


class LinearGrowth(Growth):
    """The same amount every year."""

    curve: Literal["linear"]
    slope: AnyDriver
    """Amount a year, as a share of the value in the handover year."""


class DampedGrowth(Growth):
    """An amount a year that shrinks by a constant factor."""

    curve: Literal["damped"]
    slope: AnyDriver
    """Amount of the first year before damping, as a share of the value in the handover year."""
    damping: FractionDriver
    """Factor from year to year, above 0 and at most 1."""


class SaturatingGrowth(Growth):
    """What every curve with a ceiling has."""

    has_ceiling: ClassVar[bool] = True

    ceiling: PositiveDriver
    """Highest value the market can reach, on the footing of the case."""


class LogisticGrowth(SaturatingGrowth):
    """S-curve, symmetric about half of the ceiling."""

    curve: Literal["logistic"]
    rate: PositiveDriver
    """Rate a year that growth would have without a ceiling (continuous)."""


class GompertzGrowth(SaturatingGrowth):
    """S-curve with an early inflection, at 37 % of the ceiling."""

    curve: Literal["gompertz"]
    rate: PositiveDriver
    """Rate a year at which the log distance to the ceiling shrinks."""


class RichardsGrowth(SaturatingGrowth):
    """S-curve with an inflection anywhere."""

    curve: Literal["richards"]
    rate: PositiveDriver
    """Rate a year."""
    asymmetry: GrowthDriver
    """The larger, the later the inflection; 1 is the logistic curve; above -1."""


class BassGrowth(SaturatingGrowth):
    """Diffusion through innovators and imitators."""

    curve: Literal["bass"]
    innovation: PositiveDriver
    """Coefficient of innovation a year."""
    imitation: NotNegativeDriver
    """Coefficient of imitation a year."""


class TreeGrowth(Growth):
    """The driver tree gives the path."""

    curve: Literal["tree"]


class SegmentsGrowth(Growth):
    """The path is the sum of the segments, each on its own curve."""

    curve: Literal["segments"]
    balance: Literal["none", "total"] = "none"
    """For segments with a start of their own: "total" scales the starts in proportion, so that they add up to the
    market in the handover year; with "none" their sum takes the market's place from the year after it."""


CURVES: dict[str, type[Growth]] = {
    "constant": ConstantGrowth,
    "fading": FadingGrowth,
    "piecewise": PiecewiseGrowth,
    "linear": LinearGrowth,
    "damped": DampedGrowth,
    "logistic": LogisticGrowth,
    "gompertz": GompertzGrowth,
    "richards": RichardsGrowth,
    "bass": BassGrowth,
    "tree": TreeGrowth,
    "segments": SegmentsGrowth,
}
"""Every curve by its name."""


def _tag(data: Any) -> str:
    curve = data.get("curve") if isinstance(data, dict) else getattr(data, "curve", None)
    return f"<{curve}>"


AnyGrowth = Annotated[
    Annotated[ConstantGrowth, Tag("<constant>")]
    | Annotated[FadingGrowth, Tag("<fading>")]
    | Annotated[PiecewiseGrowth, Tag("<piecewise>")]
    | Annotated[LinearGrowth, Tag("<linear>")]
    | Annotated[DampedGrowth, Tag("<damped>")]
    | Annotated[LogisticGrowth, Tag("<logistic>")]
    | Annotated[GompertzGrowth, Tag("<gompertz>")]
    | Annotated[RichardsGrowth, Tag("<richards>")]
    | Annotated[BassGrowth, Tag("<bass>")]
    | Annotated[TreeGrowth, Tag("<tree>")]
    | Annotated[SegmentsGrowth, Tag("<segments>")],
    Discriminator(
        _tag, custom_error_type="no_curve", custom_error_message="a table with curve = one of " + ", ".join(CURVES)
    ),
    beside_a_wrong_kind("curve", CURVES),
]
"""One of the curves."""
