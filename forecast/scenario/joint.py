"""Joint states of events: which happen together, when, how likely, and what they do to the log market.

The `probability` of an event is the probability that it happens at all, its requirements included. Where events are
linked by `requires` or `excludes`, their joint distribution is the one of greatest entropy among those that give
every event its probability and never break a link; events without links are independent. An event does not begin
before what it requires.
"""

from __future__ import annotations

import graphlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forecast.distributions import Discrete, Distribution
from forecast.errors import ModelError, Problem, did_you_mean
from forecast.scenario.drivers import Driver
from forecast.scenario.events import Effect, Event
from forecast.scenario.format import Found

Array = NDArray[np.float64]
Years = NDArray[np.int64]

NEVER = 9999
"""Year of an event that does not happen."""

MOST_LINKED = 12
"""Most events that may hang together by requires and excludes."""

MOST_STATES = 4096
"""Most joint states that are listed one by one; beyond it they are spread by a Sobol sequence."""


_TINY = 1e-9
"""Weight below which a state counts as impossible."""


@dataclass(frozen=True)
class EventStates:
    """Joint states of some events.

    Parameters
    ----------
    names
        Names of the events.
    years
        Year of each event in each state, `NEVER` where it does not happen; shape (states, events).
    weights
        Probability of each state, shape (states,); they sum to 1.
    exact
        Whether every state is listed; otherwise the states are an even sample.
    """

    names: tuple[str, ...]
    years: Years
    weights: Array
    exact: bool = True

    @property
    def happens(self) -> NDArray[np.bool_]:
        """Whether each event happens in each state, shape (states, events)."""
        return self.years != NEVER


def year_probabilities(year: Distribution, first: int, last: int) -> tuple[Years, Array]:
    """Years an event may begin in, with probabilities.

    Parameters
    ----------
    year
        Calendar year, certain or not; a value belongs to the nearest whole year.
    first, last
        First and last year of interest: what lies before the first counts for it, what lies beyond the last for
        the year after it.

    Examples
    --------
    >>> from forecast.distributions import Discrete
    >>> years, weights = year_probabilities(Discrete((2028.0, 2040.0), (0.4, 0.6)), 2024, 2035)
    >>> dict(zip(years.tolist(), weights.tolist()))
    {2028: 0.4, 2036: 0.6}
    """
    if year.is_fixed or isinstance(year, Discrete):
        points, weights = year.nodes(1)
        near = np.clip(np.rint(points), first, last + 1).astype(np.int64)
    else:
        near = np.arange(first, last + 2, dtype=np.int64)
        edges = np.concatenate([[0.0], year.cdf(near[:-1] + 0.5), [1.0]])
        weights = np.diff(edges)
    kept, place = np.unique(near[weights > 0], return_inverse=True)
    return kept, np.bincount(place, weights[weights > 0]).astype(float)


def joint_states(
    events: Mapping[str, Event],
    *,
    first: int,
    last: int,
    happens: Sequence[str] = (),
    ruled_out: Sequence[str] = (),
    most: int = MOST_STATES,
) -> EventStates:
    """Joint states of events: which happen, and in which year.

    Parameters
    ----------
    events
        By name.
    first, last
        First and last year of the projection.
    happens, ruled_out
        Events taken as given: the states are those of the conditional distribution.
    most
        Most states to list; beyond it `most` points of a Sobol sequence stand for them, each of equal weight.

    Raises
    ------
    ModelError
        If no joint distribution has the stated probabilities, or if what is taken as given cannot be.

    Examples
    --------
    >>> step = [{"kind": "level step", "size": 0.1}]
    >>> events = {
    ...     "law": Event(year=2026, probability=0.5, effects=step),
    ...     "fast track": Event(year=2028, probability=0.2, effects=step, requires=["law"]),
    ... }
    >>> states = joint_states(events, first=2024, last=2035)
    >>> for years, weight in zip(states.years.tolist(), states.weights.round(6).tolist()):
    ...     print(years, weight)
    [2026, 2028] 0.2
    [2026, 9999] 0.3
    [9999, 9999] 0.5
    """
    names = tuple(events)
    if not names:
        return EventStates((), np.zeros((1, 0), np.int64), np.ones(1))
    groups = [_conditioned(_patterns(events, group), group, happens, ruled_out) for group in _linked(events)]
    marginals = {name: year_probabilities(event.year.distribution, first, last) for name, event in events.items()}
    count = math.prod(_count(group, marginals) for group in groups)
    columns, weights = (_listed if count <= most else _spread)(groups, marginals, most)
    years = _in_sequence(np.stack([columns[name] for name in names], axis=1), events)
    merged, place = np.unique(years, axis=0, return_inverse=True)
    return EventStates(names, merged, np.bincount(place.ravel(), weights).astype(float), exact=count <= most)


@dataclass(frozen=True)
class _Group:
    """Linked events: which happen together, and how likely."""

    names: tuple[str, ...]
    happens: NDArray[np.bool_]
    weights: Array


def _linked(events: Mapping[str, Event]) -> list[tuple[str, ...]]:
    """Events that hang together by requires and excludes."""
    group = {name: {name} for name in events}
    for name, event in events.items():
        for other in (*event.requires, *event.excludes):
            joined = group[name] | group[other]
            group |= dict.fromkeys(joined, joined)
    unique = {id(members): members for members in group.values()}
    return [tuple(name for name in events if name in members) for members in unique.values()]


def _patterns(events: Mapping[str, Event], names: tuple[str, ...]) -> _Group:
    """Joint distribution of linked events: the one of greatest entropy with the stated probabilities."""
    if len(names) == 1:
        chance = events[names[0]].probability
        kept = np.array([1 - chance, chance]) > 0
        return _Group(names, np.array([[False], [True]])[kept], np.array([1 - chance, chance])[kept])
    if len(names) > MOST_LINKED:
        raise ModelError(f"{len(names)} events hang together by requires and excludes; at most {MOST_LINKED} may")
    rows = np.array(list(product([False, True], repeat=len(names))))
    at = {name: position for position, name in enumerate(names)}
    allowed = np.ones(len(rows), bool)
    for name in names:
        for other in events[name].requires:
            allowed &= ~rows[:, at[name]] | rows[:, at[other]]
        for other in events[name].excludes:
            allowed &= ~(rows[:, at[name]] & rows[:, at[other]])
    stated = np.array([events[name].probability for name in names])
    rows = rows[allowed]
    weights = _most_entropy(rows.astype(float), stated)
    if weights is None:
        listed = ", ".join(f"{name} {events[name].probability:g}" for name in names)
        raise ModelError(f"no joint distribution has these probabilities under requires and excludes: {listed}")
    return _Group(names, rows[weights > 0], weights[weights > 0])


def _most_entropy(rows: Array, stated: Array) -> Array | None:
    """Weights of greatest entropy with `rows.T @ weights = stated`; None where there are none.

    The dual is minimised by Newton steps on the states that can have a weight at all.
    """
    possible = _possible(rows, stated)
    if possible is None:
        return None
    inner = rows[possible]
    tilt: Array = np.zeros(rows.shape[1])
    for _ in range(200):
        weights = _tilted(inner, tilt)
        miss = inner.T @ weights - stated
        if np.max(np.abs(miss)) < 1e-14:
            break
        spread = (inner.T * weights) @ inner - np.outer(inner.T @ weights, inner.T @ weights)
        step: Array = np.linalg.lstsq(spread, -miss, rcond=1e-13)[0].astype(float)
        tilt = _shorter(inner, tilt, step, stated)
    whole = np.zeros(len(rows))
    whole[possible] = weights
    return whole


def _tilted(rows: Array, tilt: Array) -> Array:
    score = rows @ tilt
    weights: Array = np.exp(score - score.max())
    return weights / weights.sum()


def _shorter(rows: Array, tilt: Array, step: Array, stated: Array) -> Array:
    """Halve a step until the dual falls."""
    before = _dual(rows, tilt, stated)
    for _ in range(40):
        if _dual(rows, tilt + step, stated) <= before + 1e-15:
            return tilt + step
        step = step / 2
    return tilt + step


def _dual(rows: Array, tilt: Array, stated: Array) -> float:
    score = rows @ tilt
    return float(score.max() + np.log(np.exp(score - score.max()).sum()) - tilt @ stated)


def _possible(rows: Array, stated: Array) -> NDArray[np.bool_] | None:
    """States that have a weight in some distribution with the stated probabilities; None if there is none."""
    support = np.zeros(len(rows), bool)
    while not support.all():
        weights = _most_weight(rows, stated, ~support)
        if weights is None:
            return None
        found = (weights > _TINY) & ~support
        if not found.any():
            break
        support |= weights > _TINY
    return support


def _most_weight(rows: Array, stated: Array, wanted: NDArray[np.bool_]) -> Array | None:
    """Weights with the stated probabilities that give as many wanted states as possible at least a little."""
    from scipy.optimize import linprog

    count, least = len(rows), 1e-3
    equal = np.vstack([np.ones(count), rows.T])
    found = linprog(
        np.concatenate([np.zeros(count), np.where(wanted, -1.0, 0.0)]),
        A_ub=np.hstack([-np.eye(count), np.eye(count)]),
        b_ub=np.zeros(count),
        A_eq=np.hstack([equal, np.zeros_like(equal)]),
        b_eq=np.concatenate([[1.0], stated]),
        bounds=[(0, 1)] * count + [(0, least)] * count,
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    return found.x[:count] if found.status == 0 else None


def _conditioned(group: _Group, names: tuple[str, ...], happens: Sequence[str], ruled_out: Sequence[str]) -> _Group:
    """Keep the states that agree with what is taken as given."""
    fits = np.ones(len(group.weights), bool)
    for position, name in enumerate(names):
        fits &= group.happens[:, position] | (name not in happens)
        fits &= ~group.happens[:, position] | (name not in ruled_out)
    if not fits.any():
        taken = [f"{name} happens" for name in names if name in happens]
        taken += [f"{name} is ruled out" for name in names if name in ruled_out]
        raise ModelError(f"this cannot be: {', '.join(taken)}")
    return _Group(names, group.happens[fits], group.weights[fits] / group.weights[fits].sum())


Marginals = Mapping[str, tuple[Years, Array]]


def _count(group: _Group, marginals: Marginals) -> int:
    """Number of states of a group, years included."""
    sizes = np.array([len(marginals[name][0]) for name in group.names])
    return int(np.where(group.happens, sizes, 1).prod(axis=1).sum())


def _listed(groups: Sequence[_Group], marginals: Marginals, most: int) -> tuple[dict[str, Years], Array]:  # noqa: ARG001
    """Every joint state with its probability."""
    columns: dict[str, Years] = {}
    weights = np.ones(1)
    for group in groups:
        years, own = _group_states(group, marginals)
        columns = {name: np.repeat(column, len(own)) for name, column in columns.items()}
        columns |= {name: np.tile(years[:, at], len(weights)) for at, name in enumerate(group.names)}
        weights = np.repeat(weights, len(own)) * np.tile(own, len(weights))
    return columns, weights


def _group_states(group: _Group, marginals: Marginals) -> tuple[Years, Array]:
    rows, weights = [], []
    for pattern, weight in zip(group.happens, group.weights, strict=True):
        options = [_options(marginals[name], here) for name, here in zip(group.names, pattern, strict=True)]
        for chosen in product(*options):
            rows.append([year for year, _ in chosen])
            weights.append(weight * math.prod(chance for _, chance in chosen))
    return np.array(rows, np.int64), np.array(weights)


def _options(marginal: tuple[Years, Array], happens: np.bool_) -> list[tuple[int, float]]:
    if not happens:
        return [(NEVER, 1.0)]
    return [(int(year), float(chance)) for year, chance in zip(*marginal, strict=True)]


def _spread(groups: Sequence[_Group], marginals: Marginals, most: int) -> tuple[dict[str, Years], Array]:
    """An even sample of the joint states: a dimension for each group and each uncertain year."""
    from scipy.stats import qmc

    uncertain = [name for group in groups for name in group.names if len(marginals[name][0]) > 1]
    points = qmc.Sobol(len(groups) + len(uncertain), rng=0).random(2 ** int(math.log2(most)))
    columns: dict[str, Years] = {}
    for dimension, group in enumerate(groups):
        pattern = group.happens[_picked(group.weights, points[:, dimension])]
        for at, name in enumerate(group.names):
            years, chances = marginals[name]
            place = points[:, len(groups) + uncertain.index(name)] if name in uncertain else np.zeros(len(points))
            columns[name] = np.where(pattern[:, at], years[_picked(chances, place)], NEVER)
    return columns, np.full(len(points), 1 / len(points))


def _picked(weights: Array, place: Array) -> NDArray[np.intp]:
    return np.searchsorted(np.cumsum(weights)[:-1], place, side="right")


def _in_sequence(years: Years, events: Mapping[str, Event]) -> Years:
    """Let no event begin before what it requires."""
    names = list(events)
    graph = {name: set(event.requires) for name, event in events.items()}
    for name in graphlib.TopologicalSorter(graph).static_order():
        own = names.index(name)
        needed = [years[:, names.index(other)] for other in events[name].requires]
        latest = np.max([years[:, own], *needed], axis=0)
        years[:, own] = np.where(years[:, own] == NEVER, NEVER, latest)
    return years


def log_effect(
    events: Mapping[str, Event],
    states: EventStates,
    years: ArrayLike,
    *,
    values: Mapping[str, ArrayLike] | None = None,
    on_ceiling: bool = False,
) -> Array:
    """Effect of the events on the log market in each state.

    Parameters
    ----------
    events
        By name.
    states
        As given by `joint_states`.
    years
        Calendar years, shape (years,).
    values
        Numbers for drivers by their key within the events (`law.effects.0.size`), of any one shape (...); a driver
        that is not named is at its median.
    on_ceiling
        Give the effect on the log ceiling instead.

    Returns
    -------
    array
        Shape (..., states, years).
    """
    calendar = np.asarray(years, float)
    total: Array = np.zeros((len(states.weights), len(calendar)))
    for position, name in enumerate(states.names):
        elapsed = calendar - states.years[:, position, None].astype(float)
        for at, effect in enumerate(events[name].effects):
            if effect.on_ceiling == on_ceiling:
                amounts = _amounts(effect, f"{name}.effects.{at}", values or {})
                total = total + effect.log_effect(elapsed, amounts)
    return total


def _amounts(effect: Effect, key: str, given: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """Numbers of an effect's drivers, with axes for states and years behind their own."""
    fields = {name: getattr(effect, name) for name in type(effect).model_fields}
    drivers = {name: driver for name, driver in fields.items() if isinstance(driver, Driver)}
    numbers = {n: given.get(f"{key}.{n}", driver.distribution.from_score(0.0)) for n, driver in drivers.items()}
    return {name: np.asarray(number, float)[..., None, None] for name, number in numbers.items()}


def event_problems(events: Mapping[str, Event], known: Sequence[str]) -> Iterator[Found]:
    """Links that lead nowhere, in a circle, or to probabilities that cannot be.

    Parameters
    ----------
    events
        Those that are right by themselves.
    known
        Names of all events.
    """
    whole = len(events) == len(known)
    for name, event in events.items():
        for key in ("requires", "excludes"):
            for other in getattr(event, key):
                if other not in known or other == name:
                    hint = did_you_mean(other, [one for one in known if one != name])
                    whole = False
                    yield (name, key), Problem("", repr(other), "the name of another event", hint)
        for other in sorted(set(event.requires) & set(event.excludes)):
            yield (name, "excludes"), Problem("", repr(other), "an event that it does not require")
    circle = _circle(events)
    if circle:
        allowed = "no circle: no event may require itself, nor by way of others"
        yield (circle[0], "requires"), Problem("", " -> ".join(circle), allowed)
    elif whole:
        yield from _impossible(events)


def _circle(events: Mapping[str, Event]) -> list[str]:
    graph = {name: set(event.requires) & events.keys() for name, event in events.items()}
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
    for group in _linked(events):
        if not explained & set(group):
            yield from _group_problem(events, group)


def _group_problem(events: Mapping[str, Event], group: tuple[str, ...]) -> Iterator[Found]:
    try:
        _patterns(events, group)
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
    if wrong or len(events) < len(known) or not (happens or ruled_out) or any(event_problems(events, known)):
        return
    for group in _linked(events):
        try:
            _conditioned(_patterns(events, group), group, happens, ruled_out)
        except ModelError as error:
            yield ("happens",), Problem("", str(error), "events that can be so together")
