"""Events that lead nowhere, in a circle, or to probabilities that cannot be."""

from __future__ import annotations

import graphlib
from collections.abc import Iterator, Mapping, Sequence

from forecast.errors import ModelError, Problem, did_you_mean
from forecast.scenario.events import Event
from forecast.scenario.format import Found
from forecast.scenario.links import conditioned, linked, patterns


def event_problems(events: Mapping[str, Event], known: Sequence[str]) -> Iterator[Found]:
    """Links that lead nowhere, in a circle, or to probabilities that cannot be.

    Parameters
    ----------
    events
        As far as they can be read; what is wrong is None.
    known
        Names of all events.
    """
    whole = _whole(events, known)
    for name, event in events.items():
        for key in ("requires", "excludes"):
            for other in getattr(event, key) or []:
                if other not in known or other == name:
                    hint = did_you_mean(other, [one for one in known if one != name])
                    whole = False
                    yield (name, key), Problem("", repr(other), "the name of another event", hint)
        for other in sorted(set(event.requires or []) & set(event.excludes or [])):
            yield (name, "excludes"), Problem("", repr(other), "an event that it does not require")
    circle = _circle(events)
    if circle:
        allowed = "no circle: no event may require itself, nor by way of others"
        yield (circle[0], "requires"), Problem("", " -> ".join(circle), allowed)
    elif whole:
        yield from _impossible(events)


def _whole(events: Mapping[str, Event], known: Sequence[str]) -> bool:
    """Whether all that links events can be read."""
    links = [(event.probability, event.requires, event.excludes) for event in events.values()]
    return len(events) == len(known) and not any(part is None for link in links for part in link)


def _circle(events: Mapping[str, Event]) -> list[str]:
    graph = {name: set(event.requires or []) & events.keys() for name, event in events.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _impossible(events: Mapping[str, Event]) -> Iterator[Found]:
    """Probabilities that no joint distribution has."""
    explained: set[str] = set()
    for name, event in events.items():
        for other in event.requires:
            most = events[other].probability
            if event.probability > most:
                explained |= {name, other}
                allowed = f"at most {most:g}, the probability of '{other}', which it requires"
                yield (name, "probability"), Problem("", f"{event.probability:g}", allowed)
        for other in event.excludes:
            if event.probability + events[other].probability > 1 + 1e-12:
                explained |= {name, other}
                allowed = f"at most {1 - events[other].probability:g}, because it excludes '{other}'"
                yield (name, "probability"), Problem("", f"{event.probability:g}", allowed)
    for group in linked(events):
        if not explained & set(group):
            yield from _group_problem(events, group)


def _group_problem(events: Mapping[str, Event], group: tuple[str, ...]) -> Iterator[Found]:
    try:
        patterns(events, group)
    except ModelError as error:
        yield (group[0], "probability"), Problem("", str(error), "probabilities that can hold together")


def given_problems(
    events: Mapping[str, Event], known: Sequence[str], happens: Sequence[str], ruled_out: Sequence[str]
) -> Iterator[Found]:
    """What is taken as given and is no event, or cannot be."""
    stated = {"happens": happens, "ruled_out": ruled_out}
    wrong = [(key, name) for key, names in stated.items() for name in names if name not in known]
    for key, name in wrong:
        yield (key,), Problem("", repr(name), "the name of an event", did_you_mean(name, list(known)))
    if wrong or not _whole(events, known) or not (happens or ruled_out) or any(event_problems(events, known)):
        return
    for group in linked(events):
        try:
            conditioned(patterns(events, group), group, happens, ruled_out)
        except ModelError as error:
            yield ("happens",), Problem("", str(error), "events that can be so together")
