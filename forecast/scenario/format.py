"""What every table of the file format shares: frozen types, numbers, and problems in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Self, TypeVar, cast, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from forecast.errors import Problem, did_you_mean

Location = tuple[int | str, ...]
Found = tuple[Location, Problem]
"""A problem with the keys that lead to it; the place of the problem itself is not used."""

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

NotNegative = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
"""Zero or a number above it."""

Year = Annotated[int, Field(strict=True, ge=1800, le=2300)]
"""A calendar year."""

Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
"""A probability or share between 0 and 1."""


class Format(BaseModel):
    """A table of the file format: frozen, unknown keys refused with a suggestion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    checked_together: ClassVar[bool] = False

    @classmethod
    def check_together(
        cls, _valid: Mapping[str, Any], _raw: Mapping[str, Any], /
    ) -> Iterable[tuple[Location, Problem]]:
        """Find what does not fit between keys.

        Parameters
        ----------
        _valid
            Values of the keys that are right by themselves; of a table of named entries the right ones.
        _raw
            The table as it was written.

        Returns
        -------
        iterable
            Pairs of location and problem; the place of the problem is not used.
        """
        return ()

    @model_validator(mode="wrap")
    @classmethod
    def _all_problems(cls, data: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Report wrong keys and what does not fit between them, all at once."""
        details: list[InitErrorDetails] = []
        made: Self | None = None
        try:
            made = handler(data)
        except ValidationError as error:
            details = [_named(one, cls) for one in error.errors()]
        if cls.checked_together and isinstance(data, Mapping):
            details += [_detail(*pair) for pair in cls.check_together(valid_parts(cls, data), data)]
        if details or made is None:
            raise ValidationError.from_exception_data(cls.__name__, details)
        return made


def _named(error: Any, owner: type[BaseModel]) -> InitErrorDetails:
    """Pass an error on; name the nearest known key beside an unknown one."""
    location: Location = error["loc"]
    if error["type"] == "extra_forbidden" and len(location) == 1:
        known = [field.alias or name for name, field in owner.model_fields.items()]
        kind = PydanticCustomError("unknown_key", "a known key", {"hint": did_you_mean(str(location[0]), known)})
    else:
        message = error["msg"].replace("{", "(").replace("}", ")")
        kind = PydanticCustomError(error["type"], message, error.get("ctx") or {})
    return InitErrorDetails(type=kind, loc=location, input=error["input"])


def _detail(location: Location, problem: Problem) -> InitErrorDetails:
    context = {"found": problem.found, "allowed": problem.allowed, "remedy": problem.remedy}
    return InitErrorDetails(type=PydanticCustomError("together", "{allowed}", context), loc=location, input=None)


def valid_parts(owner: type[BaseModel], data: Mapping[str, Any]) -> dict[str, Any]:
    """Value of each key that is right by itself, or its default."""
    parts: dict[str, Any] = {}
    for name, field in owner.model_fields.items():
        written = field.alias or name
        if written not in data:
            parts[name] = None if field.is_required() else field.get_default(call_default_factory=True)
        elif isinstance(data[written], Mapping) and get_origin(field.annotation) is dict:
            entries = {key: _valid(owner, name, value) for key, value in data[written].items()}
            parts[name] = {key: value for key, value in entries.items() if value is not None}
        else:
            parts[name] = _valid(owner, name, data[written])
    return parts


Kind = TypeVar("Kind", bound=Format)


def sketched(kind: type[Kind], table: object) -> Kind | None:
    """Table with the keys that are right by themselves, and None for those that are wrong."""
    if not isinstance(table, Mapping):
        return None
    return cast("Kind", kind.model_construct(**valid_parts(kind, table)))


def beside_a_wrong_kind(key: str, kinds: Mapping[str, type[Format]]) -> WrapValidator:
    """Validator around tables told apart by one key: where that key is wrong, what stands beside it is checked too.

    It is held against the kind that is meant most likely, or else, key by key, against the first kind that has it.
    """

    def checked(table: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(table)
        except ValidationError as error:
            if not isinstance(table, Mapping) or all(one["loc"] for one in error.errors()):
                raise
            details = [_named(one, Format) for one in error.errors()]
            raise ValidationError.from_exception_data(key, [*details, *_beside(table, key, kinds)]) from None

    return WrapValidator(checked)


def _beside(table: Mapping[str, Any], key: str, kinds: Mapping[str, type[Format]]) -> list[InitErrorDetails]:
    """Problems of a table of no known kind, but for the key that names the kind."""
    meant = _suggestion(did_you_mean(str(table.get(key, "")), list(kinds)))
    if meant in kinds:
        return _faults(TypeAdapter(kinds[meant]), {**table, key: meant}, ())
    rest = {name: value for name, value in table.items() if name != key}
    owners = {name: kind for kind in reversed([*kinds.values()]) for name in kind.model_fields}
    found = [fault for n, v in rest.items() if n in owners for fault in _faults(_adapter(owners[n], n), v, (n,))]
    return found + [_unknown(name, list(owners)) for name in rest if name not in owners]


def _faults(adapter: TypeAdapter[Any], value: object, above: Location) -> list[InitErrorDetails]:
    try:
        adapter.validate_python(value, strict=True)
    except ValidationError as error:
        return [InitErrorDetails(**_named(one, Format) | {"loc": (*above, *one["loc"])}) for one in error.errors()]
    return []


def _unknown(name: str, known: list[str]) -> InitErrorDetails:
    kind = PydanticCustomError("unknown_key", "a known key", {"hint": did_you_mean(name, known)})
    return InitErrorDetails(type=kind, loc=(name,), input=None)


@lru_cache(maxsize=256)
def _adapter(owner: type[BaseModel], name: str) -> TypeAdapter[Any]:
    """Type of a key, or of the entries of a table of named entries."""
    field = owner.model_fields[name]
    if get_origin(field.annotation) is dict:
        return TypeAdapter(get_args(field.annotation)[1])
    kind: Any = Annotated[(field.annotation, *field.metadata, None)]
    return TypeAdapter(kind)


def _valid(owner: type[BaseModel], name: str, value: object) -> Any:
    try:
        return _adapter(owner, name).validate_python(value, strict=True)
    except ValidationError:
        return None


def refuse(allowed: str, remedy: str = "") -> PydanticCustomError:
    """Error to raise inside a validator: what may stand there, and what to do."""
    return PydanticCustomError("refused", "{allowed}", {"allowed": allowed, "remedy": remedy})


def problems_of(
    error: ValidationError,
    place: Callable[[Location], str],
    *,
    owner: type[Format] | None = None,
    partial: bool = False,
) -> list[Problem]:
    """All problems of one validation, in plain words.

    Parameters
    ----------
    error
        What pydantic found.
    place
        Gives the file and key of a location.
    owner
        Type of the whole file, whose keys are missed where they stand below a table.
    partial
        Whether a part of the input is not known, so that what may only be missing there is no problem.
    """
    found = [one for one in error.errors() if not (partial and one["type"] in _BETWEEN and not _is_circle(one))]
    meant = {(*one["loc"][:-1], _suggested(one)) for one in found if one["type"] == "unknown_key"}
    told = [one for one in found if not (one["type"] == "missing" and one["loc"] in meant)]
    names = [field.alias or name for name, field in owner.model_fields.items()] if owner else []
    return list(dict.fromkeys(_problem(one, place, names) for one in told))


def _is_circle(error: Any) -> bool:
    """Whether a problem stays one whatever the other files say."""
    return str((error.get("ctx") or {}).get("allowed", "")).startswith("no circle")


def _suggested(error: Any) -> str:
    """Key that an unknown one was most likely meant to be."""
    return _suggestion(str(error["ctx"]["hint"]))


def _suggestion(hint: str) -> str:
    return hint.removeprefix("did you mean '").removesuffix("'?")


_BETWEEN = ("missing", "together", "no_curve")
"""Kinds of problem that depend on other keys."""

PLAIN = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "too_short": "at least one entry",
    "date_type": "a date such as 2026-01-01",
}
"""What may stand there, where the type alone decides."""


def _problem(error: Any, place: Callable[[Location], str], names: Sequence[str]) -> Problem:
    location = tuple(part for part in error["loc"] if not str(part).startswith("<"))
    where, kind, context = place(location), error["type"], error.get("ctx") or {}
    if kind == "unknown_key" and len(location) > 1 and location[-1] in names:
        found = f"'{location[-1]}', a key of the file, below a table"
        remedy = "move it above the first line in [brackets], which takes all that follows"
        return Problem(where, found, remedy=remedy)
    if kind == "unknown_key":
        return Problem(where, f"unknown key '{location[-1]}'", remedy=context["hint"])
    if kind == "missing":
        return Problem(where, "nothing", "this key is required")
    choice = _CHOICE.search(error["msg"])
    if choice and isinstance(error["input"], Mapping):
        key = choice[1] or "family"
        where = place((*location, key)) if key in error["input"] else where
        return _wrong_choice(where, error["input"], key, choice[2])
    found = context["found"] if kind == "together" else _shown(error["input"])
    return Problem(where, found, PLAIN.get(kind, _lower(error["msg"])), context.get("remedy", ""))


_CHOICE = re.compile(r"(?:with (\w+) = one of|one of the families) ([\w ,]+)$")
"""Message about a table whose kind is named by one of its keys, and the kinds."""


def _wrong_choice(where: str, table: Mapping[str, Any], key: str, kinds: str) -> Problem:
    if key not in table:
        return Problem(where, f"no key '{key}'", f"{key} = one of {kinds}")
    hint = did_you_mean(str(table[key]), kinds.split(", "))
    return Problem(where, repr(table[key]), "", hint)


_ASIDE = ("because", "source", "status", "unit")
"""Keys of a table that say nothing of what is wrong with its numbers."""


def _shown(value: object) -> str:
    """Print a value as the file would, cut to a readable length."""
    if isinstance(value, Mapping):
        kept = {key: part for key, part in value.items() if key not in _ASIDE} or value
        text = ", ".join(f"{key} = {part!r}" for key, part in kept.items())
    else:
        text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


_BOUNDS = {
    "less than or equal to": "at most",
    "greater than or equal to": "at least",
    "greater than": "above",
    "less than": "below",
}


def _lower(message: str) -> str:
    text = message.removeprefix("Value error, ").removeprefix("Input should be ")
    for words, plain in _BOUNDS.items():
        text = text.replace(words, plain)
    return text[:1].lower() + text[1:] if not text[:2].isupper() else text


def dotted(location: Location) -> str:
    """Key of a location as TOML writes it.

    Examples
    --------
    >>> dotted(("growth", "half_life", "low"))
    'growth.half_life.low'
    """
    return ".".join(str(part) for part in location)
