"""Growth curves of a scenario and the drivers each of them has.

Growth is a share per year: 0.04, or "4 %", is four percent a year. `growth_shift` is added to the yearly growth
of the logarithm; `volatility` is the standard deviation of one year's growth of the logarithm.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from forecast.scenario.drivers import AnyDriver, Driver, GrowthDriver, NotNegativeDriver, PlainDriver, PositiveDriver
from forecast.scenario.format import Format


def fixed(value: float, unit: str, because: str) -> PlainDriver:
    """Driver that a file need not name."""
    return PlainDriver(value=value, unit=unit, because=because)


class Growth(Format):
    """What every curve has."""

    growth_shift: AnyDriver = fixed(0.0, "log growth per year", "no shift unless the scenario says so")
    """Added to the yearly growth of the logarithm."""
    volatility: NotNegativeDriver = fixed(0.0, "sd of yearly log growth", "no own volatility unless stated")
    """Standard deviation of one year's growth of the logarithm."""

    @property
    def drivers(self) -> dict[str, Driver]:
        """Every driver by its key, in the order of the format."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in values.items() if isinstance(value, Driver)}


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


CURVES: dict[str, type[Growth]] = {"fading": FadingGrowth, "constant": ConstantGrowth}
"""Every curve by its name."""


def _tag(data: Any) -> str:
    curve = data.get("curve") if isinstance(data, dict) else getattr(data, "curve", None)
    return f"<{curve}>"


AnyGrowth = Annotated[
    Annotated[FadingGrowth, Tag("<fading>")] | Annotated[ConstantGrowth, Tag("<constant>")],
    Discriminator(
        _tag, custom_error_type="refused", custom_error_message="a table with curve = one of " + ", ".join(CURVES)
    ),
]
"""One of the curves."""
