"""Which events happen together: events linked by `requires` and `excludes`.

The `probability` of an event is the probability that it happens at all, its requirements included. Linked events have
the joint distribution of greatest entropy among those that give every event its probability and never break a link;
events without links are independent.

Greatest entropy: Jaynes, E. T. (1957), doi:10.1103/PhysRev.106.620.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from forecast.errors import ModelError
from forecast.scenario.events import Event

Array = NDArray[np.float64]

MOST_LINKED = 12
"""Most events that may hang together by requires and excludes."""

_TINY = 1e-9
"""Weight below which a state counts as impossible."""


@dataclass(frozen=True)
class Group:
    """Linked events: which happen together, and how likely."""

    names: tuple[str, ...]
    happens: NDArray[np.bool_]
    weights: Array


def linked(events: Mapping[str, Event]) -> list[tuple[str, ...]]:
    """Events that hang together by requires and excludes."""
    group = {name: {name} for name in events}
    for name, event in events.items():
        for other in (*event.requires, *event.excludes):
            joined = group[name] | group[other]
            group |= dict.fromkeys(joined, joined)
    unique = {id(members): members for members in group.values()}
    return [tuple(name for name in events if name in members) for members in unique.values()]


def patterns(events: Mapping[str, Event], names: tuple[str, ...]) -> Group:
    """Joint distribution of linked events: the one of greatest entropy with the stated probabilities."""
    if len(names) == 1:
        chance = events[names[0]].probability
        kept = np.array([1 - chance, chance]) > 0
        return Group(names, np.array([[False], [True]])[kept], np.array([1 - chance, chance])[kept])
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
    return Group(names, rows[weights > 0], weights[weights > 0])


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


def conditioned(group: Group, names: tuple[str, ...], happens: Sequence[str], ruled_out: Sequence[str]) -> Group:
    """Keep the states that agree with what is taken as given."""
    fits = np.ones(len(group.weights), bool)
    for position, name in enumerate(names):
        fits &= group.happens[:, position] | (name not in happens)
        fits &= ~group.happens[:, position] | (name not in ruled_out)
    if not fits.any():
        taken = [f"{name} happens" for name in names if name in happens]
        taken += [f"{name} is ruled out" for name in names if name in ruled_out]
        raise ModelError(f"this cannot be: {', '.join(taken)}")
    return Group(names, group.happens[fits], group.weights[fits] / group.weights[fits].sum())
