"""Joint states of events: which happen together, when, how likely, and what they do to the log market.

Which events happen is told by `links`; when, by their years, which are independent but that an event does not begin
before what it requires.
"""

from __future__ import annotations

import graphlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forecast.distributions import Discrete, Distribution
from forecast.scenario.drivers import Driver
from forecast.scenario.events import Effect, Event
from forecast.scenario.links import Group, conditioned, linked, patterns

Array = NDArray[np.float64]
Years = NDArray[np.int64]

NEVER = 9999
"""Year of an event that does not happen."""

MOST_STATES = 4096
"""Most joint states that are listed one by one; beyond it they are spread by a Sobol sequence."""


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
    if year.is_fixed:
        return np.clip(np.rint(year.from_score(np.zeros(1))), first, last + 1).astype(np.int64), np.ones(1)
    if isinstance(year, Discrete):
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
    if not ruled_out and all(_is_certain(event) for event in events.values()):
        sure = np.concatenate([year_probabilities(e.year.distribution, first, last)[0] for e in events.values()])
        return EventStates(names, sure[None], np.ones(1))
    groups = [conditioned(patterns(events, group), group, happens, ruled_out) for group in linked(events)]
    marginals = {name: year_probabilities(event.year.distribution, first, last) for name, event in events.items()}
    count = math.prod(_count(group, marginals) for group in groups)
    columns, weights = _listed(groups, marginals) if count <= most else _spread(groups, marginals, most)
    years = _in_sequence(np.stack([columns[name] for name in names], axis=1), events)
    merged, place = np.unique(years, axis=0, return_inverse=True)
    return EventStates(names, merged, np.bincount(place.ravel(), weights).astype(float), exact=count <= most)


def _is_certain(event: Event) -> bool:
    return event.probability == 1 and event.year.distribution.is_fixed and not event.requires and not event.excludes


Marginals = Mapping[str, tuple[Years, Array]]


def _count(group: Group, marginals: Marginals) -> int:
    """Number of states of a group, years included."""
    sizes = np.array([len(marginals[name][0]) for name in group.names])
    return int(np.where(group.happens, sizes, 1).prod(axis=1).sum())


def _listed(groups: Sequence[Group], marginals: Marginals) -> tuple[dict[str, Years], Array]:
    """Every joint state with its probability."""
    columns: dict[str, Years] = {}
    weights = np.ones(1)
    for group in groups:
        years, own = _group_states(group, marginals)
        columns = {name: np.repeat(column, len(own)) for name, column in columns.items()}
        columns |= {name: np.tile(years[:, at], len(weights)) for at, name in enumerate(group.names)}
        weights = np.repeat(weights, len(own)) * np.tile(own, len(weights))
    return columns, weights


def _group_states(group: Group, marginals: Marginals) -> tuple[Years, Array]:
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


def _spread(groups: Sequence[Group], marginals: Marginals, most: int) -> tuple[dict[str, Years], Array]:
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
