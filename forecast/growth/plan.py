"""What is to be fitted: a curve, what is known of its parameters, and how the history is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from forecast.distributions import Discrete, Distribution
from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.growth.curve import Curve, SaturatingCurve, parameter_names
from forecast.growth.direct import DirectProblem
from forecast.growth.forms import FORMS, Form, PiecewiseForm
from forecast.growth.registry import curve_named
from forecast.growth.solver import Array

Observed = Literal["level", "additions", "rate"]
Noise = Literal["additive", "proportional"]
Given = float | Distribution


@dataclass(frozen=True)
class Plan:
    """What is to be fitted.

    Parameters
    ----------
    name
        Of the curve.
    fixed
        Parameters that are known.
    priors
        Parameters of which something is known.
    guess
        Parameters to start from as well.
    observed
        What the history is of: `level`, yearly `additions`, momentary `rate` of change.
    noise
        Whether errors are `additive`, of the same size every year, or `proportional` to the size.
    start_year
        Year of the start value; none for the first year of the history.
    breaks
        Years in which the growth of a piecewise curve changes.
    """

    name: str
    fixed: Mapping[str, float] = field(default_factory=dict)
    priors: Mapping[str, Distribution] = field(default_factory=dict)
    guess: Mapping[str, float] = field(default_factory=dict)
    observed: Observed = "level"
    noise: Noise = "additive"
    start_year: float | None = None
    breaks: tuple[float, ...] = ()

    @property
    def curve(self) -> type[Curve]:
        """Class of the curve."""
        return curve_named(self.name)

    @property
    def saturating(self) -> bool:
        """Whether the curve has a ceiling."""
        return issubclass(self.curve, SaturatingCurve)

    @property
    def parameters(self) -> tuple[str, ...]:
        """All parameters, the start value first."""
        if self.name == "piecewise":
            return ("start", *(f"growth_{piece}" for piece in range(1, len(self.breaks) + 2)))
        return ("start", *parameter_names(self.curve))

    @property
    def free(self) -> tuple[str, ...]:
        """Parameters to be found."""
        return tuple(name for name in self.parameters if name not in self.fixed)

    @property
    def least(self) -> int:
        """Fewest values that leave one to judge the fit by."""
        return max(len(self.free) - len(self.priors) + 1, 2)

    @property
    def plain(self) -> bool:
        """Whether the shape can be searched without conditions on the parameters."""
        usual = {"start": 0.0} if self.name == "bass" else {}
        return self.fixed == usual and not (self.priors or self.guess or self.observed == "rate")

    @property
    def proportional(self) -> bool:
        """Whether logarithms are fitted."""
        return self.noise == "proportional"

    def origin(self, years: Array) -> float:
        """Year of the start value: for a Bass curve from nothing the year before the first."""
        if self.start_year is not None:
            return self.start_year
        return float(years[0]) - (1.0 if self.name == "bass" and self.fixed.get("start") == 0 else 0.0)

    def form(self, times: Array, breaks: tuple[float, ...]) -> Form:
        """The curve as its shape is searched; `times` and `breaks` in years since the start."""
        if self.name == "piecewise":
            return PiecewiseForm(times, breaks)
        return FORMS[self.name](times)

    def problem(self, years: Array, values: Array) -> DirectProblem:
        """The least-squares problem of histories (n, b) in the curve's own parameters."""
        origin, count = self.origin(years), values.shape[1]
        given = {name: np.full(count, value) for name, value in self.fixed.items()}
        breaks = tuple(year - origin for year in self.breaks)
        return DirectProblem(
            self.curve,
            years - origin,
            values,
            self.free,
            given,
            self.priors,
            np.ones(count),
            self.proportional,
            self.observed,
            breaks,
        )


def make_plan(
    name: str,
    *,
    ceiling: Given | None,
    given: Mapping[str, Given] | None,
    guess: Mapping[str, float] | None,
    observed: Observed,
    noise: Noise,
    start_year: float | None,
    breaks: Sequence[float],
) -> Plan:
    """Check the arguments of a fit and put them in order; list all that is wrong with them."""
    curve_named(name)
    known = dict(given or {}) | ({} if ceiling is None else {"ceiling": ceiling})
    if name == "bass" and start_year is None:
        known.setdefault("start", 0.0)
    fixed = {key: float(value) for key, value in known.items() if not isinstance(value, Distribution)}
    priors = {key: value for key, value in known.items() if isinstance(value, Distribution)}
    fixed |= {key: float(value.from_score(0.0)) for key, value in priors.items() if value.is_fixed}
    priors = {key: value for key, value in priors.items() if not value.is_fixed}
    plan = Plan(
        name,
        fixed,
        priors,
        dict(guess or {}),
        observed,
        noise,
        start_year,
        tuple(float(b) for b in breaks),
    )
    problems = _problems(plan)
    if problems:
        raise ArgumentError(problems)
    return plan


def _problems(plan: Plan) -> list[Problem]:
    problems = [
        Problem(
            "given" if name in {*plan.fixed, *plan.priors} else "guess",
            f"'{name}'",
            "one of " + ", ".join(plan.parameters),
            did_you_mean(name, plan.parameters),
        )
        for name in {*plan.fixed, *plan.priors, *plan.guess} - set(plan.parameters)
    ]
    words: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("observed", plan.observed, get_args(Observed)),
        ("noise", plan.noise, get_args(Noise)),
    )
    for key, found, allowed in words:
        if found not in allowed:
            problems.append(Problem(key, f"'{found}'", "one of " + ", ".join(allowed), did_you_mean(found, allowed)))
    if plan.observed != "level" and not plan.saturating:
        problems.append(Problem("observed", f"'{plan.observed}' with {plan.name}", "a curve with a ceiling"))
    if bool(plan.breaks) != (plan.name == "piecewise"):
        found = f"{len(plan.breaks)} breaks with {plan.name}"
        problems.append(Problem("breaks", found, "years of change for piecewise, and for no other curve"))
    problems += [
        Problem(f"given, {name}", "a discrete distribution", "a number or a continuous distribution")
        for name, prior in plan.priors.items()
        if isinstance(prior, Discrete)
    ]
    positive = {"ceiling", "half_life", "start"} & set(plan.fixed) if plan.name not in ("linear", "damped") else set()
    problems += [
        Problem(f"given, {name}", f"{plan.fixed[name]:g}", "a number above 0")
        for name in sorted(positive)
        if not plan.fixed[name] > 0 and (name, plan.name) != ("start", "bass")
    ]
    return problems
