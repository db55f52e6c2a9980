"""One scenario: horizon, growth, events, segments, and the error that forecasts of its kind have shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from forecast.errors import ArgumentError, Problem, ScenarioError, did_you_mean
from forecast.scenario.correlation import Correlation, correlation_problems
from forecast.scenario.drivers import Driver, PlainDriver, drivers_of
from forecast.scenario.event_checks import event_problems, given_problems
from forecast.scenario.events import EFFECTS, Event
from forecast.scenario.format import Format, Found, NotNegative, Share, Year, problems_of, sketched, valid_parts
from forecast.scenario.growth import CURVES, AnyGrowth, Growth, SegmentsGrowth, TreeGrowth
from forecast.scenario.joint import MOST_STATES, EventStates, joint_states
from forecast.scenario.layers import Layers, read_layers
from forecast.scenario.segments import Segment, segment_problems
from forecast.scenario.tree import Tree


class AnalystError(Format):
    """Error that published forecasts have shown, by horizon and promised growth; no band is narrower.

    Its spread and tails are those of `forecast.analyst_error`, unless stated here: sd = `scale` · years ^ `exponent`.
    """

    on: bool = True
    """Whether the band is at least this wide."""
    factor: NotNegative = 1.0
    """Times the spread of the record."""
    scale: NotNegative | None = None
    """Standard deviation after one year, in logs, in place of the record."""
    exponent: NotNegative = 0.65
    """How a stated scale grows with the horizon."""
    degrees_of_freedom: Annotated[float, Field(strict=True, gt=2, allow_inf_nan=False)] | None = None
    """Of the t distribution that fattens the tails, in place of the record."""


class Scenario(Format):
    """How a market goes on from its start.

    Read one with `read_scenario`; keys and their meaning are listed on the fields.

    Examples
    --------
    >>> growth = {"curve": "fading", "half_life": 4, "terminal_growth": "5 %"}
    >>> scenario = Scenario.model_validate({"schema": 1, "growth": growth})
    >>> scenario.growth.terminal_growth.distribution
    Fixed(value=0.05)
    >>> sorted(scenario.drivers)
    ['growth.growth_shift', 'growth.half_life', 'growth.terminal_growth', 'growth.volatility']
    """

    checked_together = True

    schema_version: Literal[1] = Field(alias="schema")
    """Version of the file format."""
    extends: str = ""
    """File this one builds on, relative to it."""
    overlays: list[str] = Field(default=[])
    """Files laid over this one; no two may touch one key."""
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
    events: dict[str, Event] = Field(default={})
    """What may happen, by name."""
    happens: list[str] = Field(default=[])
    """Events that this story takes as happening."""
    ruled_out: list[str] = Field(default=[])
    """Events that this story takes as not happening."""
    segments: dict[str, Segment] = Field(default={})
    """Parts of the market by name."""
    tree: Tree | None = None
    """The market from the bottom up."""
    correlation: list[Correlation] = Field(default=[])
    """Correlation between drivers."""

    @classmethod
    def check_together(cls, valid: Mapping[str, Any], raw: Mapping[str, Any], /) -> Iterator[Found]:
        draft = sketch(valid, raw)
        events, segments = _tables(raw.get("events")), _tables(raw.get("segments"))
        yield from _horizon_problems(draft)
        yield from _under("events", event_problems(draft.events, list(events)))
        yield from _ceiling_problems(draft, events)
        yield from given_problems(draft.events, list(events), draft.happens or [], draft.ruled_out or [])
        yield from _under("segments", segment_problems(draft.segments, segments))
        yield from _curve_problems(draft.growth, raw)
        known = {key: driver for key, driver in drivers_of(draft).items() if not _is_event_year(key)}
        wrong = tuple(_wrong_keys(draft, raw))
        yield from _under("correlation", correlation_problems(draft.correlation, known, wrong))

    @property
    def drivers(self) -> dict[str, Driver]:
        """Every driver by its dotted key, certain and uncertain ones; an event's year is none of them."""
        return {key: driver for key, driver in drivers_of(self).items() if not _is_event_year(key)}

    def with_value(self, key: str, value: float) -> Scenario:
        """Return the scenario with one driver set to a number.

        Parameters
        ----------
        key
            Dotted key of a driver, such as "growth.half_life".
        value
            The number.

        Raises
        ------
        ArgumentError
            If there is no such driver.
        """
        known = self.drivers
        if key not in known:
            raise ArgumentError(Problem(f"scenario {self.name}", repr(key), "a driver", did_you_mean(key, list(known))))
        old = known[key]
        new = PlainDriver(value=value, because=old.because, source=old.source, status=old.status, unit=old.unit)
        pairs = (pair for pair in self.correlation if key not in pair.between)
        changed = _replaced(self, key.split("."), new)
        return changed.model_copy(update={"correlation": list(pairs)})

    def given(self, *, happens: Sequence[str] = (), ruled_out: Sequence[str] = ()) -> Scenario:
        """Return the scenario with more events taken as happening, or as not happening."""
        problems = list(given_problems(self.events, list(self.events), happens, ruled_out))
        if problems:
            raise ArgumentError([Problem(str(at[0]), p.found, p.allowed, p.remedy) for at, p in problems])
        more = {"happens": [*self.happens, *happens], "ruled_out": [*self.ruled_out, *ruled_out]}
        return self.model_copy(update=more)

    def event_states(self, *, first: int, last: int, most: int = MOST_STATES) -> EventStates:
        """Joint states of the events; see `joint_states`."""
        given = {"happens": self.happens, "ruled_out": self.ruled_out}
        return joint_states(self.events, first=first, last=last, most=most, **given)


def _replaced(table: Any, parts: Sequence[str], new: Driver) -> Any:
    """Copy of nested tables and lists with one value replaced."""
    head, *rest = parts
    if isinstance(table, list):
        at = int(head)
        return [*table[:at], _replaced(table[at], rest, new) if rest else new, *table[at + 1 :]]
    if isinstance(table, dict):
        return table | {head: _replaced(table[head], rest, new) if rest else new}
    return table.model_copy(update={head: _replaced(getattr(table, head), rest, new) if rest else new})


def _is_event_year(key: str) -> bool:
    parts = key.split(".")
    return len(parts) == 3 and parts[0] == "events" and parts[2] == "year"


def _under(key: str, problems: Iterator[Found]) -> Iterator[Found]:
    for location, problem in problems:
        yield (key, *location), problem


def sketch(valid: Mapping[str, Any], raw: Mapping[str, Any]) -> Scenario:
    """Scenario of which only some keys are right; a wrong key is None, in the tables of named entries too.

    Parameters
    ----------
    valid
        Values of the keys that are right by themselves.
    raw
        The table as it was written.
    """
    growth, pairs = raw.get("growth"), raw.get("correlation")
    curve = CURVES.get(str(growth.get("curve"))) if isinstance(growth, Mapping) else None
    read = [sketched(Correlation, pair) for pair in pairs] if isinstance(pairs, list) else []
    tables: dict[str, Any] = {
        "growth": valid["growth"] or (sketched(curve, growth) if curve else None),
        "tree": valid["tree"] or sketched(Tree, raw.get("tree")),
        "events": _entries(Event, valid["events"] or {}, raw.get("events")),
        "segments": _entries(Segment, valid["segments"] or {}, raw.get("segments")),
        "correlation": valid["correlation"] or read,
    }
    return Scenario.model_construct(**{**valid, **tables})


def _entries(kind: type[Format], right: Mapping[str, Any], raw: object) -> dict[str, Any]:
    """Named tables in the order of the file, as far as they can be read."""
    found = {name: right.get(name) or sketched(kind, table) for name, table in _tables(raw).items()}
    return {name: table for name, table in found.items() if table is not None}


def _tables(raw: object) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) else {}


def _wrong_keys(read: object, raw: object, above: str = "") -> Iterator[str]:
    """Dotted keys of values that could not be read."""
    if read is None:
        yield above
    elif isinstance(raw, Mapping) and not isinstance(read, Driver):
        for key, value in raw.items():
            inner = read.get(key) if isinstance(read, dict) else getattr(read, key, None)
            yield from _wrong_keys(inner, value, f"{above}.{key}" if above else key)


def _horizon_problems(draft: Scenario) -> Iterator[Found]:
    end, handover = draft.end, draft.handover_year
    if end is None:
        return
    if handover is not None and end < handover:
        yield ("end",), Problem("", str(end), f"a year not before the handover_year {handover}")
    for name, year in event_years(draft).items():
        if year > end:
            yield ("events", name, "year"), Problem("", str(year), f"a year within the horizon, at most {end}")


def event_years(draft: Scenario) -> dict[str, int]:
    """Median year of each event whose year can be read."""
    read = {name: event.year for name, event in draft.events.items() if event.year is not None}
    return {name: round(float(year.distribution.from_score(0.0))) for name, year in read.items()}


def _ceiling_problems(draft: Scenario, raw: Mapping[str, Any]) -> Iterator[Found]:
    if draft.growth is None or draft.growth.has_ceiling:
        return
    for name, event in draft.events.items():
        effects = event.effects if event.effects is not None else raw[name].get("effects", [])
        for position, effect in enumerate(effects if isinstance(effects, list) else []):
            if _acts_on_ceiling(effect):
                found = f"a ceiling change with the curve {draft.growth.name}"
                remedy = "choose logistic, gompertz, richards or bass, or another effect"
                yield ("events", name, "effects", position), Problem("", found, "a curve that has a ceiling", remedy)


def _acts_on_ceiling(effect: object) -> bool:
    """Whether an effect, read or as written, changes the ceiling."""
    kind = EFFECTS.get(str(effect.get("kind"))) if isinstance(effect, Mapping) else type(effect)
    return bool(getattr(kind, "on_ceiling", False))


def _curve_problems(growth: Growth | None, raw: Mapping[str, Any]) -> Iterator[Found]:
    for kind, key in ((TreeGrowth, "tree"), (SegmentsGrowth, "segments")):
        if isinstance(growth, kind) and not raw.get(key):
            yield ("growth", "curve"), Problem("", repr(key), f"a table [{key}] that gives the path")


def read_scenario(path: str | Path, *, overlays: Sequence[str | Path] = ()) -> Scenario:
    """Read a scenario file, with everything it extends.

    Parameters
    ----------
    path
        A TOML file of the scenario format.
    overlays
        Files to lay over it, in any order; no two may touch one key.

    Raises
    ------
    ScenarioError
        Listing every problem with its file and key.
    """
    return drafted(read_layers(Path(path), [Path(overlay) for overlay in overlays]), name=Path(path).stem).whole()


@dataclass(frozen=True)
class Draft:
    """A scenario as far as its files can be read.

    Parameters
    ----------
    layers
        Its values with the file each one comes from.
    scenario
        With None for what is wrong.
    problems
        All that is wrong with it; none where the scenario is whole.
    """

    layers: Layers
    scenario: Scenario
    problems: tuple[str | Problem, ...] = ()

    def whole(self) -> Scenario:
        """The scenario.

        Raises
        ------
        ScenarioError
            If it has problems.
        """
        if self.problems:
            raise ScenarioError(self.problems)
        return self.scenario


def drafted(layers: Layers, *, name: str) -> Draft:
    """Turn resolved layers into a scenario; where a layer could not be read, only each key by itself is checked."""
    told, values = layers.problems, {"name": name} | layers.values
    try:
        return Draft(layers, Scenario.model_validate(values), told)
    except ValidationError as error:
        places = {problem.place for problem in told if isinstance(problem, Problem)}
        found = problems_of(error, layers.place, owner=Scenario, partial=bool(told))
        problems = (*told, *(problem for problem in found if problem.place not in places))
        return Draft(layers, sketch(valid_parts(Scenario, values), values), problems)
