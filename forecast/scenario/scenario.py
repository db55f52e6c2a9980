"""One scenario: horizon, growth, the error that forecasts of its kind have shown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from forecast.errors import ScenarioError
from forecast.scenario.format import Format, Number, Share, Year, problems_of, refuse
from forecast.scenario.growth import AnyGrowth
from forecast.scenario.layers import Layers, read_layers


class AnalystError(Format):
    """Error that published forecasts have shown: sd of log(actual / forecast) is `scale` · years ^ `exponent`."""

    on: bool = True
    """Whether the band is at least this wide."""
    scale: Annotated[Number, Field(ge=0)] = 0.11
    """Standard deviation after one year, in logs."""
    exponent: Annotated[Number, Field(ge=0)] = 0.65
    """How it grows with the horizon."""
    degrees_of_freedom: Annotated[Number, Field(gt=2)] | None = 5.0
    """Of the t distribution that fattens the tails."""


class Scenario(Format):
    """How a market goes on from its consensus.

    Read one with `read_scenario`; keys and their meaning are listed on the fields.

    Examples
    --------
    >>> growth = {"curve": "fading", "half_life": 4, "terminal_growth": "5 %"}
    >>> scenario = Scenario.model_validate({"schema": 1, "growth": growth})
    >>> scenario.growth.terminal_growth.distribution
    Fixed(value=0.05)
    """

    schema_version: Literal[1] = Field(alias="schema")
    """Version of the file format."""
    extends: str = ""
    """File this one builds on, relative to it."""
    name: str = ""
    """Short name; the name of the file where absent."""
    title: str = ""
    """Title in figures and tables."""
    because: str = ""
    """What the scenario supposes, in a sentence or two."""
    source: str = ""
    """Where that comes from."""
    probability: Share | None = None
    """Weight in a set of scenarios; those of a set sum to 1."""
    end: Year | None = None
    """Last year of the projection; the case's where absent."""
    handover_year: Year | None = None
    """Last year of the consensus path; where absent, the last year for which two publishers speak."""
    growth: AnyGrowth
    """Growth curve and its drivers."""
    analyst_error: AnalystError = AnalystError()
    """Least error of a published forecast."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end is not None and self.handover_year is not None and self.end < self.handover_year:
            raise refuse("a handover_year that is not after the end", f"end is {self.end}")
        return self


def read_scenario(path: str | Path) -> Scenario:
    """Read a scenario file, with everything it extends.

    Parameters
    ----------
    path
        A TOML file of the scenario format.

    Raises
    ------
    ScenarioError
        Listing every problem with its file and key.
    """
    return validated(read_layers(Path(path)), default_name=Path(path).stem)


def validated(layers: Layers, *, default_name: str) -> Scenario:
    """Turn resolved layers into a scenario."""
    try:
        return Scenario.model_validate({"name": default_name} | layers.values)
    except ValidationError as error:
        raise ScenarioError(problems_of(error, layers.place)) from None
