"""From a plan and histories of the same years to the best parameters and their covariance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.growth.annual import Group
from forecast.growth.direct import DirectProblem
from forecast.growth.least_squares import inverse_normal
from forecast.growth.plan import Plan
from forecast.growth.solver import Array, Indices
from forecast.growth.varpro import ShapeFit, ShapeProblem, solve_shapes

_ROUNDS = 40
"""Most rounds in which the noise, which weighs a prior, is estimated anew."""
_FACTORS = (1.0, 0.3, 3.0, 0.1, 10.0)
"""Changes of the rates that are tried as starting values under conditions."""
_SCORES = (0.0, -1.28, 1.28)
"""Normal scores of a prior that are tried as starting values."""
_VISIBLE, _INVISIBLE = 0.05, 1e-100
"""Shares of the largest value above which a history is visible and below which a start value is none."""
_FULL = 1e-6
"""Share of the ceiling left at the start below which a start value is full."""
_STEP = 6e-6


@dataclass(frozen=True)
class Solved:
    """Histories (n, b) of the same years, fitted."""

    problem: DirectProblem
    coded: Array
    """Free parameters on their scales without bounds, shape (k, b)."""
    rss: Array
    """Sum of squared residuals of the data alone, shape (b,)."""
    converged: NDArray[np.bool_]
    """Shape (b,)."""

    @property
    def freedom(self) -> int:
        """Values and priors beyond the number of parameters."""
        return len(self.problem.values) - len(self.problem.free) + len(self.problem.priors)

    @property
    def sigma(self) -> Array:
        """Residual standard deviation, shape (b,)."""
        return np.sqrt(self.rss / self.freedom)

    @property
    def everyone(self) -> Indices:
        """Places of all histories."""
        return np.arange(self.coded.shape[1])

    def parameters(self) -> dict[str, Array]:
        """All parameters, each of shape (b,)."""
        return self.problem.decode(self.coded, self.everyone)

    def coded_covariance(self) -> Array:
        """Covariance of the coded parameters, shape (b, k, k); infinite where the data say nothing."""
        weighed = replace(self.problem, noise=self.sigma)
        with np.errstate(all="ignore"):
            normal = inverse_normal(weighed.evaluate(self.coded, self.everyone)[1])
            return np.where(np.isinf(normal), normal, self.sigma[:, None, None] ** 2 * normal)

    def covariance(self) -> Array:
        """Covariance of the free parameters, shape (b, k, k)."""
        with np.errstate(all="ignore"):
            slopes = np.moveaxis(self._decoding_slopes(), -1, 0)
            return slopes @ self.coded_covariance() @ np.swapaxes(slopes, 1, 2)

    def _decoding_slopes(self) -> Array:
        """Derivatives of the free parameters by the coded ones, shape (k, k, b)."""
        shifts = _STEP * np.eye(len(self.coded))[:, :, None]
        up, down = (self.problem.decode(self.coded[:, None] + sign * shifts, self.everyone) for sign in (1, -1))
        return np.stack([(up[name] - down[name]) / (2 * _STEP) for name in self.problem.free])

    def some(self, which: Indices) -> Solved:
        """Some of the histories."""
        return Solved(pick(self.problem, which), self.coded[:, which], self.rss[which], self.converged[which])


def pick(problem: DirectProblem, which: Indices) -> DirectProblem:
    """Problem of some of the histories, which may be repeated."""
    given = {name: value[which] for name, value in problem.given.items()}
    return replace(problem, values=problem.values[:, which], given=given, noise=problem.noise[which])


def solve_group(plan: Plan, group: Group) -> list[tuple[Plan, Group, Solved]]:
    """Fit histories of the same years.

    Where the curve is so near to 0 in the first year that no start value can hold it, the start moves to the year in
    which the history becomes visible; where it is as near to its ceiling, to the year in which it is nearest to half.
    """
    problem = plan.problem(group.years, group.values)
    shapes, shift = shape_problem(plan, problem)
    found = solve_shapes(shapes)
    parameters = shapes.parameters(found, shift)
    late, full = _begins_late(plan, problem, parameters["start"]), _begins_full(plan, parameters)
    if not np.any(late | full):
        return [(plan, group, _finish(plan, problem, parameters, found))]
    with np.errstate(all="ignore"):
        fitted = found.scale * shapes.shape(found.theta, found.direction)[0]
        nearness = np.abs(fitted / parameters["ceiling"] - 0.5)
    visible = (group.values > _VISIBLE * problem.size) & (fitted > _VISIBLE**2 * problem.size)
    first = np.where(late, np.argmax(visible, axis=0), -1)
    first = np.where(full & ~late, np.argmin(nearness, axis=0), first)
    parts = []
    for position in np.unique(first):
        which = np.flatnonzero(first == position)
        own = plan if position < 0 else replace(plan, start_year=float(group.years[position]))
        members, some = group.some(which), found.some(which)
        moment = shift if position < 0 else float(group.years[position]) - plan.origin(group.years)
        begun = shapes.parameters(some, moment)
        parts.append((own, members, _finish(own, own.problem(members.years, members.values), begun, some)))
    return parts


def _begins_late(plan: Plan, problem: DirectProblem, start: Array) -> NDArray[np.bool_]:
    if plan.start_year is not None or "start" not in plan.free or not plan.saturating:
        return np.zeros(len(start), bool)
    return ~(start > _INVISIBLE * problem.size)


def _begins_full(plan: Plan, parameters: Mapping[str, Array]) -> NDArray[np.bool_]:
    """Whether curves begin so near to the ceiling that the difference has no digits left."""
    if plan.start_year is not None or not plan.plain or "start" not in plan.free or not plan.saturating:
        return np.zeros(len(parameters["start"]), bool)
    return (parameters["start"] > (1 - _FULL) * parameters["ceiling"]) & (plan.observed == "level")


def shape_problem(plan: Plan, problem: DirectProblem) -> tuple[ShapeProblem, float]:
    """Fit without conditions; a Bass curve that begins later is taken from the year before its first value."""
    shift = float(1 - problem.times[0]) if plan.name == "bass" and problem.times[0] <= 0 else 0.0
    form = plan.form(problem.times + shift, problem.breaks)
    return ShapeProblem(form, problem.values, problem.proportional, plan.observed != "level"), shift


def _finish(plan: Plan, problem: DirectProblem, parameters: dict[str, Array], found: ShapeFit) -> Solved:
    if plan.plain and not (plan.name == "bass" and problem.times[0] <= 0):
        with np.errstate(all="ignore"):
            return Solved(problem, problem.encode(parameters), found.rss, found.converged)
    return _solve_under_conditions(problem, _candidates(plan, problem, parameters), found.rss)


def _candidates(plan: Plan, problem: DirectProblem, found: Mapping[str, Array]) -> list[dict[str, Array]]:
    """Starting values: the fit without conditions, changed to meet them in several ways."""
    base = {name: np.array(value) for name, value in found.items()} | dict(problem.given)
    base["start"] = np.maximum(base["start"], 0.0 if "start" in problem.given else 1e-6 * problem.size)
    guessed = base | {name: np.full_like(base["start"], value) for name, value in plan.guess.items()}
    priors = [
        base | {name: prior.from_score(np.full_like(base["start"], score)) for name, prior in plan.priors.items()}
        for score in (_SCORES if plan.priors else ())
    ]
    moved = [_with_rates(problem, start, factor) for start in (priors or [base]) for factor in _FACTORS]
    return [guessed, *moved]


def _with_rates(problem: DirectProblem, start: Mapping[str, Array], factor: float) -> dict[str, Array]:
    free = {"rate", "innovation", "imitation"} & set(problem.free)
    return dict(start) | {name: start[name] * factor for name in free}


def _solve_under_conditions(problem: DirectProblem, candidates: list[dict[str, Array]], rss: Array) -> Solved:
    """Descend from every candidate; with priors, weigh them by the noise found, until that no longer changes."""
    freedom = max(len(problem.values) - len(problem.free) + len(problem.priors), 1)
    least = 1e-9 * (1.0 if problem.proportional else problem.size)
    problem = replace(problem, noise=np.maximum(np.sqrt(rss / freedom), least))
    with np.errstate(all="ignore"):
        starts = np.concatenate([problem.encode(candidate) for candidate in candidates], axis=1)
    coded, converged = _best(problem, np.nan_to_num(starts, posinf=30.0, neginf=-30.0), len(candidates))
    for _ in range(_ROUNDS if problem.priors else 0):
        noise = np.maximum(np.sqrt(_data_rss(problem, coded) / freedom), least)
        settled = np.allclose(noise, problem.noise, rtol=1e-9)
        problem = replace(problem, noise=noise)
        found = problem.solve(coded)
        coded, converged = found.parameters, found.converged
        if settled:
            break
    return Solved(problem, coded, _data_rss(problem, coded), converged)


def _best(problem: DirectProblem, starts: Array, candidates: int) -> tuple[Array, NDArray[np.bool_]]:
    """Best of the descents from each candidate, for each history."""
    count = problem.values.shape[1]
    found = pick(problem, np.tile(np.arange(count), candidates)).solve(starts)
    best = np.argmin(found.rss.reshape(candidates, count), axis=0) * count + np.arange(count)
    return found.parameters[:, best], found.converged[best]


def _data_rss(problem: DirectProblem, coded: Array) -> Array:
    rows = len(problem.values)
    return np.sum(problem.evaluate(coded, np.arange(coded.shape[1]))[0][:rows] ** 2, axis=0)
