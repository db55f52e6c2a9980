"""What an input would have to be for a quantity to reach a target, alone or together with others."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import optimize, special

from forecast.distributions import Array
from forecast.errors import ArgumentError, ModelError, Problem
from forecast.pipeline import Run
from forecast.sensitivity.asked import read_quantity, read_target
from forecast.sensitivity.inputs import (
    PROBABILITIES,
    Input,
    chosen,
    inputs_of,
    market_at,
    probability_below,
)
from forecast.sensitivity.model import Model, model_of
from forecast.sensitivity.outcome import Outcome
from forecast.sensitivity.quantities import Cagr, Cumulative, Quantity, Value
from forecast.sensitivity.tornado import shifted
from forecast.wording import amount, listing, percent, result_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOT_REACHED = "not within its range"
_FAR = (0.001, 0.999)
_SCANNED = 9
_CLOSE = 1e-8
_NOTICED = 0.1


@dataclass(frozen=True, eq=False)
class BreakEven:
    """The value of each input at which a quantity reaches a target, the others at base.

    Parameters
    ----------
    quantity, scenario, money, target, base
        What was asked, of which scenario, the unit of money, the target, and the quantity as it stands.
    table
        One row an input: `input, kind, unit, base_input, value` (what it would have to be; missing where that is not
        within its range), `percentile` (of that value), `low, high` (its range, P0.1 to P99.9), `reached` (the
        quantity there), `note`.
    """

    quantity: Quantity
    scenario: str
    money: str
    target: float
    base: float
    table: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Percentile at which each input reaches the target."""
        from forecast.sensitivity.bars import percentiles

        title = f"What reaches {self.quantity.show(self.target, self.money)}: {self.quantity.label}"
        return percentiles(self.table, title=title, ax=ax)

    def summary(self) -> str:
        """What each input would have to be, in words."""
        shown = [self.quantity.show(value, self.money) for value in (self.target, self.base)]
        found = self.table[self.table["note"] == ""].to_dict("records")
        out = self.table.loc[self.table["note"] != "", "input"].tolist()
        said = f"{self.quantity.label}, scenario {self.scenario}: for {shown[0]} in place of {shown[1]}, "
        said += listing([_needs(row) for row in found]) if found else "no input alone is enough"
        return said + (f". Not within its range: {listing(out)}." if out else ".")

    def _repr_html_(self) -> str:
        return result_html(self.summary(), self.table)


def _needs(row: Mapping[Hashable, Any]) -> str:
    value = f"{amount(row['value'], 3)} {row['unit']}".strip()
    return f"{row['input']} would have to be {value} (P{100 * row['percentile']:.0f})"


def break_even(
    run: Run,
    quantity: Quantity | str,
    target: float,
    *,
    inputs: Sequence[str] | None = None,
    scenario: str | None = None,
) -> BreakEven:
    """Find the value of each input at which a quantity reaches a target, the others at base.

    Parameters
    ----------
    run
        The case, worked through.
    quantity
        Such as `Value(2030)`.
    target
        Value it should have, in its own unit (growth as a share: .177).
    inputs
        Keys, names or kinds; drivers and the market's level where None. Sources and events have no values between.
    scenario
        Name of the scenario; "base", or the middle one, where None.

    Raises
    ------
    ArgumentError
        A target that is no possible value; an unknown input or scenario; an input without spread or without values
        between.
    """
    model = model_of(run, scenario)
    quantity = read_quantity(quantity)
    target = read_target(target, quantity)
    entries = chosen(inputs_of(model), inputs if inputs is not None else ["driver", "consensus", "history"])
    entries = [entry for entry in entries if inputs is not None or len(entry.points) > 1]
    problems = [
        Problem("input", repr(e.name), "an input with a spread", "it is a single number or a choice")
        for e in entries
        if len(e.points) < 3
    ]
    if problems:
        raise ArgumentError(problems)
    own, base = quantity.of(run.projection.paths[model.scenario_name]), model.value(model.base, quantity)
    rows = [
        _row(model, entry, quantity, target, lambda v: float(shifted(np.array(v), quantity, base, own)))
        for entry in entries
    ]
    columns = ["input", "kind", "unit", "base_input", "value", "percentile", "low", "high", "reached", "note"]
    return BreakEven(quantity, model.scenario_name, run.unit, target, own, pd.DataFrame(rows, columns=columns))


def _row(
    model: Model, entry: Input, quantity: Quantity, target: float, move: Callable[[float], float]
) -> tuple[object, ...]:
    def at(point: float) -> float:
        return move(model.value(entry.set(model.base, point), quantity))

    low, high = _range(model, entry)
    value = reach(at, target, low, high, near=entry.base)
    about = (entry.name, entry.kind, entry.unit, entry.base)
    if value is None:
        return (*about, math.nan, math.nan, low, high, math.nan, NOT_REACHED)
    return (*about, value, _percentile(model, entry, value), low, high, at(value), "")


def _range(model: Model, entry: Input) -> tuple[float, float]:
    if entry.kind == "driver":
        low, high = model.scenario.drivers[entry.key].distribution.ppf(_FAR)
        return float(low), float(high)
    if entry.key == "market":
        low, high = market_at(model, _FAR)
        return float(low), float(high)
    return entry.points[0], entry.points[-1]


def _percentile(model: Model, entry: Input, value: float) -> float:
    if entry.kind == "driver":
        return float(model.scenario.drivers[entry.key].distribution.cdf(value))
    if entry.key == "market":
        return probability_below(model, value)
    return float(np.interp(value, entry.points, PROBABILITIES))


def reach(
    function: Callable[[float], float], target: float, low: float, high: float, *, near: float | None = None
) -> float | None:
    """The argument between two ends at which a function reaches a target; None where it does not.

    The ends are scanned first, so that a function which goes both ways is followed too; of several answers the one
    nearest to `near` (the middle where None) is given.

    Raises
    ------
    ArgumentError
        If `low` is not below `high`.

    Examples
    --------
    From 16 in 2023 to 50 in 2030 needs 17.7 % a year:

    >>> round(reach(lambda g: 16 * (1 + g) ** 7, 50, 0, 1), 4)
    0.1768
    >>> reach(lambda g: 16 * (1 + g) ** 7, 50, 0, 0.1)
    """
    if not low < high:
        raise ArgumentError(Problem("reach", f"from {low:g} to {high:g}", "low below high"))
    points = np.linspace(low, high, _SCANNED)
    gaps = np.array([function(float(point)) - target for point in points])
    crossed = np.flatnonzero((gaps[:-1] <= 0) != (gaps[1:] <= 0))
    exact = [float(point) for point in points[gaps == 0]]
    roots = exact + [
        float(optimize.brentq(lambda v: function(v) - target, points[k], points[k + 1], xtol=1e-15, rtol=1e-15))
        for k in crossed
    ]
    middle = (low + high) / 2 if near is None else near
    return min(roots, key=lambda root: abs(root - middle)) if roots else None


@dataclass(frozen=True, eq=False)
class ReverseStress:
    """The likeliest joint move of all inputs that brings a quantity to a target.

    Parameters
    ----------
    quantity, scenario, money, target
        What was asked, of which scenario, the unit of money, and the target.
    distance
        Length of the move, in standard normal scores.
    table
        One row an input, the largest move first: `input, kind, percentile` (where it has to be), `share` of the
        squared distance.
    """

    quantity: Quantity
    scenario: str
    money: str
    target: float
    distance: float
    table: pd.DataFrame

    @property
    def probability(self) -> float:
        """Probability of going at least so far in this direction."""
        return float(special.ndtr(-self.distance))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Percentile at which each input stands."""
        from forecast.sensitivity.bars import percentiles

        return percentiles(self.table, title=f"Likeliest way to {self.quantity.show(self.target, self.money)}", ax=ax)

    def summary(self) -> str:
        """The move in words."""
        moved = self.table[(self.table["percentile"] - 0.5).abs() >= _NOTICED / 2]
        said = [f"{n} at its P{100 * p:.0f}" for n, p in zip(moved["input"], moved["percentile"], strict=True)]
        return (
            f"The likeliest way to {self.quantity.show(self.target, self.money)} ({self.quantity.spread}, scenario "
            f"{self.scenario}): {listing(said) or 'every input near its median'}. "
            f"Going so far or farther has a probability of about {percent(self.probability, 1)}."
        )

    def _repr_html_(self) -> str:
        return result_html(self.summary(), self.table)


def reverse_stress(run: Run, quantity: Quantity | str, target: float, *, scenario: str | None = None) -> ReverseStress:
    """Find the joint move of all inputs, smallest in standard scores, that brings a quantity to a target.

    Inputs are those of `sobol`. The move is the point of the surface on which the target is met that is nearest to
    where every input stands at its median: the design point of structural reliability.

    Parameters
    ----------
    run, quantity, scenario
        As for `sobol`; the quantity is `Value`, `Cagr` or `Cumulative`.
    target
        Value it should have, in its own unit.

    Raises
    ------
    ArgumentError
        A target that is no possible value; another quantity.
    ModelError
        No move reaches the target.

    References
    ----------
    Hasofer and Lind (1974), doi:10.1061/JMCEA3.0001848.
    """
    model, quantity = model_of(run, scenario), read_quantity(quantity)
    if not isinstance(quantity, Value | Cagr | Cumulative):
        raise ArgumentError(Problem("reverse_stress, quantity", type(quantity).__name__, "Value, Cagr or Cumulative"))
    target = read_target(target, quantity)
    outcome = Outcome(model, quantity)
    wanted = math.log1p(target) if isinstance(quantity, Cagr) else math.log(target)
    scores = nearest(lambda z: outcome.values(z) - wanted, outcome.columns)
    distance = float(np.linalg.norm(scores))
    rows = []
    for player in outcome.players:
        own = scores[list(player.columns)]
        share = float(own @ own) / max(distance**2, 1e-300)
        rows.append((player.name, player.kind, float(special.ndtr(math.copysign(np.linalg.norm(own), own[0]))), share))
    table = pd.DataFrame(rows, columns=["input", "kind", "percentile", "share"])
    table = table.sort_values("share", ascending=False).reset_index(drop=True)
    return ReverseStress(quantity, outcome.model.scenario_name, run.unit, target, distance, table)


def nearest(function: Callable[[Array], Array], columns: int, *, steps: int = 100) -> Array:
    """Nearest point to the origin at which a function is zero (Hasofer and Lind 1974, with a step that must help).

    Parameters
    ----------
    function
        Takes points, shape (n, d), to values, shape (n,).
    columns
        d.
    steps
        Most steps.

    Raises
    ------
    ModelError
        If none is found.

    Examples
    --------
    >>> nearest(lambda z: z[:, 0] + z[:, 1] - 2, 2).round(6).tolist()
    [1.0, 1.0]
    """
    point, width = np.zeros(columns), 1e-5
    for _ in range(steps):
        around = point + width * np.concatenate([np.zeros((1, columns)), np.eye(columns), -np.eye(columns)])
        values = function(around)
        slope = (values[1 : columns + 1] - values[columns + 1 :]) / (2 * width)
        steep = float(slope @ slope)
        if steep == 0:
            break
        target = (float(slope @ point) - values[0]) / steep * slope
        if abs(values[0]) <= _CLOSE and np.linalg.norm(target - point) <= 1e-6:
            return point
        point = point + (target - point) * min(1.0, 2.0 / max(float(np.linalg.norm(target - point)), 1e-300))
    if abs(float(function(point[None])[0])) <= _CLOSE:
        return point
    raise ModelError("no joint move of the inputs reaches the target; choose one nearer to the median")
