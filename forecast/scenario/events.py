"""Events: what may happen in a year, with a probability and an effect."""

from __future__ import annotations

import datetime
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Discriminator, Field, Tag

from forecast.errors import Problem
from forecast.scenario.drivers import AnyDriver, GrowthDriver, PositiveDriver, Status, YearDriver
from forecast.scenario.format import Format, Found, Share, beside_a_wrong_kind, refuse

Array = NDArray[np.float64]


class Effect(Format, ABC):
    """What an event does to the market."""

    on_ceiling: ClassVar[bool] = False

    @abstractmethod
    def log_effect(self, elapsed: Array, values: Mapping[str, Array]) -> Array:
        """Effect on the log market `elapsed` years after the event (negative before it, where it is 0)."""


class LevelStep(Effect):
    """A lasting step of the level: `size` = .10 is ten percent more from then on."""

    kind: Literal["level step"]
    size: GrowthDriver
    """Change as a share of the level, above -1."""
    phase_in: Annotated[int, Field(strict=True, ge=1, le=50)] = 1
    """Years until the step is complete; 1 is complete in the year of the event."""

    def log_effect(self, elapsed: Array, values: Mapping[str, Array]) -> Array:
        part = np.clip((elapsed + 1) / self.phase_in, 0.0, 1.0)
        return np.log1p(values["size"]) * part


class GrowthImpulse(Effect):
    r"""Extra growth that dies out: after k years :math:`p (1 - φ^{k+1}) / (1 - φ)` with φ = 2^(-1/half-life)."""

    kind: Literal["growth impulse"]
    points: AnyDriver
    """Added to the log growth of the event's year: .05 is five points."""
    half_life: PositiveDriver
    """Years until half of the extra growth is gone."""

    def log_effect(self, elapsed: Array, values: Mapping[str, Array]) -> Array:
        decay = math.log(2) / values["half_life"]
        passed = np.maximum(elapsed + 1, 0.0)
        return values["points"] * np.expm1(-decay * passed) / np.expm1(-decay)


class Pulse(Effect):
    """A passing change of the level: `size` = -.2 is a fifth less for `years` years."""

    kind: Literal["pulse"]
    size: GrowthDriver
    """Change as a share of the level, above -1."""
    years: Annotated[int, Field(strict=True, ge=1, le=50)] = 1
    """How many years it lasts."""

    def log_effect(self, elapsed: Array, values: Mapping[str, Array]) -> Array:
        return np.log1p(values["size"]) * ((elapsed >= 0) & (elapsed < self.years))


class CeilingChange(Effect):
    """A lasting change of the ceiling of an S-curve: `size` = .5 is half as much again."""

    on_ceiling = True

    kind: Literal["ceiling change"]
    size: GrowthDriver
    """Change as a share of the ceiling, above -1."""

    def log_effect(self, elapsed: Array, values: Mapping[str, Array]) -> Array:
        return np.log1p(values["size"]) * (elapsed >= 0)


EFFECTS: dict[str, type[Effect]] = {
    "level step": LevelStep,
    "growth impulse": GrowthImpulse,
    "pulse": Pulse,
    "ceiling change": CeilingChange,
}
"""Every kind of effect by its name."""


def _tag(data: Any) -> str:
    kind = data.get("kind") if isinstance(data, Mapping) else getattr(data, "kind", None)
    return f"<{kind}>"


AnyEffect = Annotated[
    Annotated[LevelStep, Tag("<level step>")]
    | Annotated[GrowthImpulse, Tag("<growth impulse>")]
    | Annotated[Pulse, Tag("<pulse>")]
    | Annotated[CeilingChange, Tag("<ceiling change>")],
    Discriminator(
        _tag, custom_error_type="refused", custom_error_message="a table with kind = one of " + ", ".join(EFFECTS)
    ),
    beside_a_wrong_kind("kind", EFFECTS),
]
"""One of the effects."""


def _day(value: object) -> object:
    try:
        return datetime.date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise refuse('a date such as "2026-01-01"') from None


Day = Annotated[datetime.date, BeforeValidator(_day)]
"""A date; TOML's own, or text such as "2026-01-01"."""


class Dates(Format):
    """Dates of a rule or decision, which are easily mixed up."""

    checked_together = True

    announced: Day | None = None
    """Made known."""
    passed: Day | None = None
    """Passed by the legislature, or decided."""
    promulgated: Day | None = None
    """Published as law."""
    effective: Day | None = None
    """In force."""

    @classmethod
    def check_together(cls, valid: Mapping[str, Any], _: Mapping[str, Any], /) -> Iterator[Found]:
        known = [(name, valid[name]) for name in cls.model_fields if valid[name] is not None]
        for (first, early), (second, late) in pairwise(known):
            if late < early:
                yield (second,), Problem("", str(late), f"not before {first} ({early})")


class Event(Format):
    """Something that may happen."""

    title: str = ""
    """Title in figures and tables."""
    year: YearDriver
    """Year in which the effect begins, certain or uncertain."""
    probability: Share
    """Probability that it happens, its requirements included."""
    effects: Annotated[list[AnyEffect], Field(min_length=1)]
    """What it does to the market."""
    requires: list[str] = Field(default=[])
    """Events without which it cannot happen."""
    excludes: list[str] = Field(default=[])
    """Events with which it cannot happen."""
    dates: Dates = Dates()
    """Dates of a rule or decision."""
    because: str = ""
    """Why this probability and effect."""
    source: str = ""
    """Where it was read."""
    status: Status = "assumed"
    """Printed in a source, derived from it, or assumed."""
