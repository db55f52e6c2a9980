"""One scenario: horizon, growth, events, segments, and the error that forecasts of its kind have shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from forecast.errors import ArgumentError, Problem, ScenarioError, did_you_mean
from forecast.scenario.correlation import Correlation, correlation_problems
from forecast.scenario.drivers import Driver, PlainDriver, drivers_of
from forecast.scenario.event_checks import event_problems, given_problems
from forecast.scenario.events import Event
from forecast.scenario.format import Format, Found, NotNegative, Share, Year, problems_of
from forecast.scenario.growth import AnyGrowth, SegmentsGrowth, TreeGrowth
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
        events, segments = valid["events"] or {}, valid["segments"] or {}
        names = list(raw["events"]) if isinstance(raw.get("events"), Mapping) else []
        yield from _horizon_problems(valid)
        yield from _under("events", event_problems(events, names))
        yield from _ceiling_problems(events, valid["growth"])
        yield from given_problems(events, names, valid["happens"] or [], valid["ruled_out"] or [])
        yield from _under("segments", segment_problems(segments))
        yield from _curve_problems(valid["growth"], raw)
        tables = {key: valid[key] for key in ("growth", "tree") if valid[key] is not None}
        drivers = {f"{key}.{n}": driver for key, table in tables.items() for n, driver in drivers_of(table).items()}
        for key, named in (("events", events), ("segments", segments)):
            drivers |= {f"{key}.{n}.{k}": d for n, table in named.items() for k, d in drivers_of(table).items()}
        yield from _under("correlation", correlation_problems(valid["correlation"] or [], drivers))

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


def _horizon_problems(valid: Mapping[str, Any]) -> Iterator[Found]:
    end, handover = valid["end"], valid["handover_year"]
    if end is None:
        return
    if handover is not None and end < handover:
        yield ("end",), Problem("", str(end), f"a year not before the handover_year {handover}")
    for name, event in (valid["events"] or {}).items():
        year = round(float(event.year.distribution.from_score(0.0)))
        if year > end:
            yield ("events", name, "year"), Problem("", str(year), f"a year within the horizon, at most {end}")


def _ceiling_problems(events: Mapping[str, Event], growth: AnyGrowth | None) -> Iterator[Found]:
    if growth is None or growth.has_ceiling:
        return
    for name, event in events.items():
        for position, effect in enumerate(event.effects):
            if effect.on_ceiling:
                found = f"a ceiling change with the curve {growth.curve}"
                remedy = "choose logistic, gompertz, richards or bass, or another effect"
                yield ("events", name, "effects", position), Problem("", found, "a curve that has a ceiling", remedy)


def _curve_problems(growth: AnyGrowth | None, raw: Mapping[str, Any]) -> Iterator[Found]:
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
    return validated(read_layers(Path(path), [Path(overlay) for overlay in overlays]), name=Path(path).stem)


def validated(layers: Layers, *, name: str) -> Scenario:
    """Turn resolved layers into a scenario; where a layer could not be read, only each key by itself is checked."""
    problems = list(layers.problems)
    try:
        scenario = Scenario.model_validate({"name": name} | layers.values)
    except ValidationError as error:
        raise ScenarioError([*problems, *problems_of(error, layers.place, partial=bool(problems))]) from None
    if problems:
        raise ScenarioError(problems)
    return scenario
