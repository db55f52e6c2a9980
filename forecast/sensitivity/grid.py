"""Two-way table: a quantity over two inputs at once, the others at base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from forecast.distributions import Array
from forecast.engine.error_floor import floor_sd, promised_growth
from forecast.errors import ArgumentError, Problem
from forecast.mixture import Mixture, mixture_quantiles
from forecast.pipeline import Run
from forecast.project import ScenarioPath
from forecast.sensitivity.asked import read_quantity, read_target
from forecast.sensitivity.carried import log_paths, nodes_at
from forecast.sensitivity.inputs import Input, chosen, inputs_of, open_events
from forecast.sensitivity.model import Model, Setting, model_of
from forecast.sensitivity.quantities import Cagr, Quantity, Value
from forecast.sensitivity.tornado import shifted
from forecast.wording import percent, result_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_COMPONENTS = 250
_MOST_TRIED = 7
"""Points along an input where each cell is a fit or a projection of its own; between them splines serve."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A quantity over two inputs.

    Parameters
    ----------
    quantity, scenario, money
        What was asked, of which scenario, and the unit of money.
    x, y
        The two inputs.
    target
        Value of the quantity that is looked for; None for none.
    table
        One row a cell: `x, y` (the inputs), `value`, and `reached` (whether the value is at least the target).
    """

    quantity: Quantity
    scenario: str
    money: str
    x: Input
    y: Input
    target: float | None
    table: pd.DataFrame

    @property
    def matrix(self) -> pd.DataFrame:
        """The two-way table: one row a value of y, one column a value of x."""
        return self.table.pivot(index="y", columns="x", values="value")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Heat map with the line on which the target is met."""
        from forecast.figures import heatmap

        labels = [f"{entry.name}, {entry.unit}".removesuffix(", ") for entry in (self.x, self.y)]
        factor, unit = self.quantity.drawn(self.money)
        table = self.table.assign(value=self.table["value"] * factor, scenario=self.scenario)
        target = None if self.target is None else self.target * factor
        return heatmap(
            table, unit=unit, quantity=self.quantity.label, x_label=labels[0], y_label=labels[1],
            target=target, ax=ax,
        )  # fmt: skip

    def summary(self) -> str:
        """Range of the table, and how much of it reaches the target, in words."""
        least, most = (self.quantity.show(float(v), self.money) for v in self.table["value"].agg(["min", "max"]))
        said = (
            f"{self.quantity.label}, scenario {self.scenario}: {least} to {most} over {self.x.name} and {self.y.name}."
        )
        if self.target is None:
            return said
        share = percent(float(self.table["reached"].mean()))
        return f"{said} {share} of the table reaches {self.quantity.show(self.target, self.money)}."

    def _repr_html_(self) -> str:
        return result_html(self.summary(), self.matrix)


def grid(
    run: Run,
    quantity: Quantity | str,
    x: str,
    y: str,
    *,
    target: float | None = None,
    size: int | tuple[int, int] = 9,
    scenario: str | None = None,
) -> Grid:
    """Evaluate a quantity over two inputs between the P10 and P90 of each, the others at base.

    Two scenario drivers of a path that is linear in its start take about half a millisecond a cell. Elsewhere each cell
    is a projection, or a fit, of its own: it is made at seven points along each input at most, and cubic splines serve
    between them.

    Parameters
    ----------
    run
        The case, worked through.
    quantity
        Such as `Value(2030)`.
    x, y
        Keys or names of two inputs, such as "growth.half_life".
    target
        Value of the quantity whose line is drawn.
    size
        Points along each input, or along x and y; sources and events have two.
    scenario
        Name of the scenario; "base", or the middle one, where None.

    Raises
    ------
    ArgumentError
        An unknown input, an input without spread, the same one twice; a size below 2.
    """
    model, quantity = model_of(run, scenario), read_quantity(quantity)
    target = None if target is None else read_target(target, quantity)
    across, up = _two(model, x, y)
    counts = (size, size) if isinstance(size, int) else size
    xs, ys = (_points(entry, count) for entry, count in zip((across, up), counts, strict=True))
    values = _table(model, quantity, (across, xs), (up, ys))
    own = quantity.of(run.projection.paths[model.scenario_name])
    values = shifted(values, quantity, float(_at_base(model, quantity, across, up)), own)
    table = pd.DataFrame([(a, b) for b in ys for a in xs], columns=["x", "y"]).assign(value=values.ravel())
    table["reached"] = False if target is None else table["value"] >= target
    return Grid(quantity, model.scenario_name, run.unit, across, up, target, table)


def _two(model: Model, x: str, y: str) -> tuple[Input, Input]:
    inputs = inputs_of(model)
    found = [chosen(inputs, [name])[0] for name in (x, y)]
    flat = [entry for entry in found if len(set(entry.points)) < 2]
    problems = [Problem("input", repr(entry.name), "an input with a spread", "it is a single number") for entry in flat]
    if found[0].key == found[1].key:
        problems.append(Problem("inputs", f"{x!r} twice", "two different inputs"))
    if problems:
        raise ArgumentError(problems)
    return found[0], found[1]


def _points(entry: Input, count: int) -> Array:
    if entry.labels is not None:
        return np.array(entry.points)
    if count < 2:
        raise ArgumentError(Problem("size", str(count), "2 points or more along each input"))
    return np.linspace(entry.points[0], entry.points[-1], count)


def _table(model: Model, quantity: Quantity, x: tuple[Input, Array], y: tuple[Input, Array]) -> Array:
    """Values, one row a value of y."""
    (across, xs), (up, ys) = x, y
    if across.kind == up.kind == "driver" and _is_linear(model, model.base):
        wide, tall = (part.ravel() for part in np.meshgrid(xs, ys))
        return at_drivers(model, model.base, quantity, {across.key: wide, up.key: tall}).reshape(len(ys), len(xs))
    few_x, few_y = _few(across, xs), _few(up, ys)
    values = np.array(
        [
            [model.value(put, quantity) for put in (across.set(setting, float(a)) for a in few_x)]
            for setting in (up.set(model.base, float(b)) for b in few_y)
        ]
    )
    return _between(_between(values, few_x, xs).T, few_y, ys).T


def _few(entry: Input, points: Array) -> Array:
    """Points at which an input is tried; between them the table is interpolated."""
    if entry.labels is not None or len(points) <= _MOST_TRIED:
        return points
    return np.linspace(points[0], points[-1], _MOST_TRIED)


def _between(values: Array, tried: Array, wanted: Array) -> Array:
    """Values along the last axis at the points wanted, by cubic splines."""
    return values if tried is wanted else np.asarray(CubicSpline(tried, values, axis=-1)(wanted))


def _at_base(model: Model, quantity: Quantity, x: Input, y: Input) -> float:
    """The quantity at base, evaluated as the table is."""
    if x.kind == y.kind == "driver" and _is_linear(model, model.base):
        return float(at_drivers(model, model.base, quantity, {}, count=1)[0])
    return model.value(model.base, quantity)


def at_drivers(
    model: Model, setting: Setting, quantity: Quantity, drivers: Mapping[str, Array], *, count: int | None = None
) -> Array:
    """A quantity at many values of some drivers.

    The log path is linear in that of the start up to the handover, so each component of the start is carried on by
    one matrix a setting. Where that does not hold (a curve with a ceiling, segments, a tree, uncertain events, a band
    that is topped up), each setting is projected by itself.

    Parameters
    ----------
    model, setting
        The model, and the setting of all other inputs.
    quantity
        What is asked.
    drivers
        Values by key, shape (n,) each.
    count
        n, where no driver is given.
    """
    number = len(next(iter(drivers.values()))) if count is None else count
    if not _is_linear(model, setting):
        rows = [{key: float(values[i]) for key, values in drivers.items()} for i in range(number)]
        return np.array([model.value(_with(setting, row), quantity) for row in rows])
    return _carried(model, setting, quantity, drivers, number)


def _with(setting: Setting, row: Mapping[str, float]) -> Setting:
    scenario = setting.scenario
    for key, value in row.items():
        scenario = scenario.with_value(key, value)
    return replace(setting, scenario=scenario)


def _is_linear(model: Model, setting: Setting) -> bool:
    """Whether the log path is a linear function of the start, with one matrix a setting of the drivers."""
    growth = setting.scenario.growth
    bends = growth.has_ceiling or growth.curve in ("segments", "tree")
    return not (bends or open_events(model) or _topped_up(model))


def _topped_up(model: Model) -> bool:
    """Whether the error of published forecasts may widen the band once drivers are known."""
    path, floor = model.whole, model.scenario.analyst_error
    if model.pool is None:
        return False
    elapsed = path.years - path.years[0]
    narrow = path.mixture.variance() - path.parts.get("scenario drivers", 0.0)
    least = floor_sd(floor, elapsed, promised_growth(path.mixture, elapsed))
    return bool(floor.on and (narrow < least**2).any())


def _carried(model: Model, setting: Setting, quantity: Quantity, drivers: Mapping[str, Array], count: int) -> Array:
    market, known = model.start(setting)
    market = market.reduced(_MOST_COMPONENTS)
    years = np.arange(model.whole.years[0] if setting.pool is None else setting.pool.newest, model.last + 1)
    nodes = nodes_at(setting.scenario, years, drivers, _settled(model, years, count))
    offset = log_paths(nodes, known, np.zeros((count, len(known))), model.pace)
    matrix = np.stack(
        [log_paths(nodes, known, np.tile(unit, (count, 1)), model.pace) - offset for unit in np.eye(len(known))],
        axis=2,
    )
    elapsed = (years - years[0]).astype(float)
    noise = nodes.values["growth.volatility"][:, None, None] ** 2 * np.minimum(elapsed[:, None], elapsed)
    if isinstance(quantity, Value | Cagr):
        return _linear(market, quantity, ScenarioPath(setting.scenario, years, market, {}), matrix, offset, noise)
    needed = _needed(quantity, years)
    found = []
    for i in range(count):
        rows, own = matrix[i][needed], noise[i][np.ix_(needed, needed)]
        mixture = Mixture(
            market.weights, market.means @ rows.T + offset[i][needed], rows @ market.covariances @ rows.T + own
        )
        found.append(quantity.bounded(ScenarioPath(setting.scenario, years[needed], mixture, {})))
    return np.array(found)


def _settled(model: Model, years: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Years of the events, none of which is open, shape (count, events)."""
    if not model.scenario.events:
        return np.zeros((count, 0), np.int64)
    states = model.scenario.event_states(first=int(years[0]), last=int(years[-1]))
    return np.tile(states.years[states.weights.argmax()], (count, 1))


def _linear(
    market: Mixture, quantity: Value | Cagr, path: ScenarioPath, matrix: Array, offset: Array, noise: Array
) -> Array:
    """A quantity that is a quantile of a linear function of the log path: all settings in one call."""
    row = quantity.row(path)[0]
    taken = np.einsum("t,ntk->nk", row, matrix)
    means = market.means @ taken.T + offset @ row
    variances = np.einsum("nk,jkl,nl->jn", taken, market.covariances, taken, optimize=True)
    variances = variances + np.einsum("t,ntu,u->n", row, noise, row, optimize=True)
    levels = np.array([quantity.level])
    return quantity.from_log(mixture_quantiles(market.weights, means, np.sqrt(variances), levels)[:, 0])


def _needed(quantity: Quantity, years: NDArray[Any]) -> NDArray[Any]:
    """Positions of the years that the quantity is about; the quantity itself complains about those outside."""
    asked = quantity.years
    if asked is None:
        return np.arange(len(years))
    inside = np.flatnonzero(np.isin(years, asked))
    return inside if len(inside) == len(asked) else np.arange(len(years))
