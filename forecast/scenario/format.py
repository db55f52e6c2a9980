"""What every table of the file format shares: frozen types, numbers, and problems in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from forecast.errors import Problem, did_you_mean

Location = tuple[int | str, ...]

_PERCENT = re.compile(r"^\s*([+-]?\d+(?:\.\d+)?)\s*%\s*$")


def _percent(value: object) -> object:
    """Read "4 %" as .04; leave anything else to the type."""
    match = _PERCENT.match(value) if isinstance(value, str) else None
    return float(match[1]) / 100 if match else value


Number = Annotated[
    float,
    Field(strict=True, allow_inf_nan=False),
    BeforeValidator(_percent, json_schema_input_type=float | Annotated[str, Field(pattern=_PERCENT.pattern)]),
]
"""A finite number; `"4 %"` is read as .04."""

Year = Annotated[int, Field(strict=True, ge=1800, le=2300)]
"""A calendar year."""

Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
"""A probability or share between 0 and 1."""


class Format(BaseModel):
    """A table of the file format: frozen, unknown keys refused with a suggestion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    kind: ClassVar[str] = "table"

    @model_validator(mode="wrap")
    @classmethod
    def _suggest(cls, data: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Name the nearest known key beside each unknown one."""
        try:
            return handler(data)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                cls.__name__, [_renamed(e, cls) for e in error.errors()]
            ) from None


def _renamed(error: Mapping[str, Any], owner: type[BaseModel]) -> InitErrorDetails:
    location: Location = error["loc"]
    if error["type"] == "extra_forbidden" and len(location) == 1:
        hint = did_you_mean(str(location[0]), list(owner.model_fields))
        kind: PydanticCustomError = PydanticCustomError("unknown_key", "a known key|{hint}", {"hint": hint})
    else:
        message = error["msg"].replace("{", "(").replace("}", ")")
        kind = PydanticCustomError(error["type"], message, error.get("ctx") or {})
    return InitErrorDetails(type=kind, loc=location, input=error["input"])


def refuse(allowed: str, remedy: str = "") -> PydanticCustomError:
    """Error to raise inside a validator: what may stand there, and what to do."""
    return PydanticCustomError("refused", "{allowed}|{remedy}", {"allowed": allowed, "remedy": remedy})


def problems_of(error: ValidationError, place: Callable[[Location], str]) -> list[Problem]:
    """All problems of one validation, in plain words.

    Parameters
    ----------
    error
        What pydantic found.
    place
        Gives the file and key of a location.
    """
    return [_problem(one, place) for one in error.errors()]


PLAIN = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}
"""What may stand there, where the type alone decides."""


def _problem(error: Any, place: Callable[[Location], str]) -> Problem:
    location = tuple(part for part in error["loc"] if not str(part).startswith("<"))
    where, kind = place(location), error["type"]
    if kind == "unknown_key":
        return Problem(where, f"unknown key '{location[-1]}'", remedy=error["ctx"]["hint"])
    if kind == "missing":
        return Problem(where, "nothing", "this key is required")
    allowed, _, remedy = error["msg"].partition("|")
    return Problem(where, _shown(error["input"]), PLAIN.get(kind, _lower(allowed)), remedy)


def _shown(value: object) -> str:
    """Print a value as the file would, cut to a readable length."""
    text = ", ".join(f"{k} = {v!r}" for k, v in value.items()) if isinstance(value, Mapping) else repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def _lower(message: str) -> str:
    text = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return text[:1].lower() + text[1:] if not text[:2].isupper() else text


def dotted(location: Location) -> str:
    """Key of a location as TOML writes it.

    Examples
    --------
    >>> dotted(("growth", "half_life", "low"))
    'growth.half_life.low'
    """
    return ".".join(str(part) for part in location)
