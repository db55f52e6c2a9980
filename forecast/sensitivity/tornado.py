"""Tornado: each input over its own P10 to P90, the others at base."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.distributions import Array
from forecast.pipeline import Run
from forecast.sensitivity.asked import read_quantity
from forecast.sensitivity.inputs import PROBABILITIES, Input, chosen, inputs_of
from forecast.sensitivity.model import Model, model_of
from forecast.sensitivity.quantities import Cumulative, Quantity, Value
from forecast.wording import listing, result_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = (
    "input",
    "kind",
    "unit",
    "low_input",
    "base_input",
    "high_input",
    "low_value",
    "base_value",
    "high_value",
    "swing",
    "monotonic",
    "note",
)

NO_LEVEL = "without it no level is left: the others print growth alone"
"""Why a source cannot be left out."""

_STILL = 1e-6
"""Swing, as a share of the base value, below which an input counts as unable to move the answer."""

_NAMED = 3
_DRAWN = 15
_VALUES = ("low_value", "base_value", "high_value", "swing")


@dataclass(frozen=True, eq=False)
class Tornado:
    """How far each input moves a quantity.

    Parameters
    ----------
    quantity, scenario, money
        What was asked, of which scenario, and the unit of money.
    table
        One row an input, longest swing first: `input, kind, unit, low_input, base_input, high_input` (P10, base, P90),
        `low_value, base_value, high_value` (the quantity there), `swing` (largest less smallest value at the points
        tried), `monotonic`, `note` (why it cannot move the answer, where it cannot).
    runs
        Every evaluation: `input, kind, point, value`.
    """

    quantity: Quantity
    scenario: str
    money: str
    table: pd.DataFrame
    runs: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Bars, longest first, of the inputs that move the answer."""
        from forecast.figures import tornado as draw

        factor, unit = self.quantity.drawn(self.money)
        changed = {name: self.table[name] * factor for name in _VALUES}
        kinds = self.table["kind"].replace("history", "driver")
        table = self.table.assign(**changed, kind=kinds, scenario=self.scenario)
        return draw(table, unit=unit, quantity=self.quantity.label, most=_DRAWN, ax=ax)

    def spider(self) -> Spider:
        """How the answer bends along each input, from the same runs."""
        numbers = self.runs[self.runs.groupby("input")["point"].transform("size") == len(PROBABILITIES)]
        table = numbers.assign(position=numbers.groupby("input").cumcount().map(dict(enumerate(PROBABILITIES))))
        still = self.table.loc[self.table["note"] != "", "input"]
        columns = ["input", "kind", "position", "point", "value"]
        return Spider(self, table.loc[~table["input"].isin(still), columns].reset_index(drop=True))

    def summary(self) -> str:
        """The strongest inputs in words, and those that cannot move the answer."""
        moving = self.table[self.table["note"] == ""]
        still = self.table[self.table["note"] != ""]
        said = [f"{row['input']} ({self._span(row)})" for row in moving.head(_NAMED).to_dict("records")]
        base = self._shown(self.table["base_value"].iloc[0])
        text = f"{self.quantity.label}, scenario {self.scenario}: {base} at base. "
        text += f"It moves most with {listing(said)}." if said else "No input moves it."
        reasons = [
            f"{listing(names.tolist())} ({'each: ' if len(names) > 1 else ''}{note})"
            for note, names in still.groupby("note", sort=False)["input"]
        ]
        return text + (f" Unable to move it: {'; '.join(reasons)}." if reasons else "")

    def _repr_html_(self) -> str:
        return result_html(self.summary(), self.table)

    def _span(self, row: Mapping[Hashable, Any]) -> str:
        return f"{self._shown(row['low_value'])} to {self._shown(row['high_value'])}"

    def _shown(self, value: float) -> str:
        return self.quantity.show(float(value), self.money)


@dataclass(frozen=True, eq=False)
class Spider:
    """How a quantity bends along each input's own P10 to P90.

    Parameters
    ----------
    tornado
        The tornado with the same runs.
    table
        One row a run: `input, kind, position` (percentile as a fraction), `point` (the input there), `value`.
    """

    tornado: Tornado
    table: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Lines over the percentiles of each input; the strongest are named."""
        from forecast.figures import spider as draw

        quantity = self.tornado.quantity
        factor, unit = quantity.drawn(self.tornado.money)
        table = self.table.assign(value=self.table["value"] * factor, scenario=self.tornado.scenario)
        return draw(table, unit=unit, quantity=quantity.label, ax=ax)

    def summary(self) -> str:
        """Which inputs bend the answer, in words."""
        bent = self.tornado.table[~self.tornado.table["monotonic"] & (self.tornado.table["note"] == "")]["input"]
        verb = "moves" if len(bent) == 1 else "move"
        said = f"{listing(bent.tolist())} {verb} it both ways" if len(bent) else "every input moves it one way only"
        return f"{self.tornado.quantity.label}, scenario {self.tornado.scenario}: {said}."

    def _repr_html_(self) -> str:
        return result_html(self.summary(), self.table)


def spider(
    run: Run, quantity: Quantity | str, *, scenario: str | None = None, inputs: Sequence[str] | None = None
) -> Spider:
    """How a quantity bends along each input's own range, the others at base; arguments as those of `tornado`."""
    return tornado(run, quantity, scenario=scenario, inputs=inputs).spider()


def tornado(
    run: Run, quantity: Quantity | str, *, scenario: str | None = None, inputs: Sequence[str] | None = None
) -> Tornado:
    """Try each uncertain input over its own range, the others at base.

    Scenario drivers, events, scope ratios, priors, the reading of hedges, the level of the market itself, and each
    source left out are in one table. Values are shifted (by a factor for amounts) so that the base agrees with the
    run, which leaves its drivers uncertain.

    Parameters
    ----------
    run
        The case, worked through.
    quantity
        Such as `Value(2030)`.
    scenario
        Name of the scenario; "base", or the middle one, where None.
    inputs
        Keys, names or kinds of the inputs to try; all where None.

    Raises
    ------
    ArgumentError
        Unknown scenario or input; a year outside the projection.
    ModelError
        A quantity that is undefined for the case.
    """
    model, quantity = model_of(run, scenario), read_quantity(quantity)
    own = quantity.of(run.projection.paths[model.scenario_name])
    base = model.value(model.base, quantity)
    tried = [(entry, _values(model, entry, quantity, base, own)) for entry in chosen(inputs_of(model), inputs)]
    rows = [_row(entry, values, own) for entry, values in tried]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values(["swing", "input"], ascending=[False, True])
    runs = [
        (entry.name, entry.kind, point, value)
        for entry, values in tried
        for point, value in zip(entry.points, values, strict=True)
    ]
    table = table.reset_index(drop=True)
    tried_table = pd.DataFrame(runs, columns=["input", "kind", "point", "value"])
    return Tornado(quantity, model.scenario_name, run.unit, table, tried_table)


def _values(model: Model, entry: Input, quantity: Quantity, base: float, own: float) -> list[float]:
    def at(point: float) -> float:
        if entry.stands and point == entry.base:
            return base
        setting = entry.set(model.base, point)
        impossible = setting.pool is not None and not setting.pool.has_level
        return math.nan if impossible else model.value(setting, quantity)

    found = np.array([at(point) for point in entry.points])
    return [float(value) for value in shifted(found, quantity, base, own)]


def shifted(values: Array, quantity: Quantity, base: float, own: float) -> Array:
    """Values moved so that `base` becomes `own`: by a factor for amounts, by a difference otherwise."""
    return values * (own / base) if isinstance(quantity, Value | Cumulative) else values + (own - base)


def _row(entry: Input, values: list[float], own: float) -> tuple[object, ...]:
    shown = entry.labels or {}
    low, high = entry.points[0], entry.points[-1]
    none = not np.isfinite(values).all()
    values = [own] * len(values) if none else values
    steps = np.diff(values)
    swing = max(values) - min(values)
    still = swing <= _STILL * max(abs(own), 1e-12)
    monotonic = bool((steps >= -_STILL * abs(own)).all() or (steps <= _STILL * abs(own)).all())
    base = "as likely as stated" if math.isnan(entry.base) else shown.get(entry.base, entry.base)
    inputs = (shown.get(low, low), base, shown.get(high, high))
    note = (NO_LEVEL if none else entry.inert) if still else ""
    return (entry.name, entry.kind, entry.unit, *inputs, values[0], own, values[-1], swing, monotonic, note)
