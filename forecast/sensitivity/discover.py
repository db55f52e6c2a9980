"""Which region of the inputs makes a quantity exceed or miss a target, in words and boxes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from forecast.errors import ArgumentError, ModelError, Problem
from forecast.pipeline import Run
from forecast.sensitivity.asked import read_quantity, read_seed, read_target
from forecast.sensitivity.inputs import market_at
from forecast.sensitivity.model import model_of
from forecast.sensitivity.outcome import Outcome, Player
from forecast.sensitivity.quantities import Probability, Quantity
from forecast.sensitivity.regions import Box, cart, prim
from forecast.wording import amount, listing, percent, result_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 2**13
_FEW = 20


@dataclass(frozen=True, eq=False)
class Discovery:
    """Regions in which a quantity is above, or below, a target.

    Parameters
    ----------
    quantity, scenario, money
        What was asked, of which scenario, and the unit of money.
    target, above
        The target, and whether regions above it were looked for.
    share
        Share of all paths that are there.
    table
        One row a region: `method` (box or tree), `region` (in words), `coverage` (share of what is looked for that
        lies in it), `density` (share of what lies in it that is looked for), `mass` (share of all paths in it).
    sides
        Sides of every region: `method, region, input, low, high` (percentiles) for each input that is bounded.
    """

    quantity: Quantity
    scenario: str
    money: str
    target: float
    above: bool
    share: float
    table: pd.DataFrame
    sides: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Sides of the box: where each input it bounds has to lie."""
        from forecast.sensitivity.bars import sides

        return sides(self.sides[self.sides["method"] == "box"], title=f"Where {self._claim}", ax=ax)

    def summary(self) -> str:
        """The box in words."""
        box = self.table[self.table["method"] == "box"].iloc[0]
        return (
            f"On {percent(self.share)} of the paths {self._claim} (scenario {self.scenario}). Where {box['region']}, "
            f"that is so on {percent(box['density'])}; this region holds {percent(box['coverage'])} of all such paths."
        )

    @property
    def _claim(self) -> str:
        side = "at least" if self.above else "less than"
        return f"{self.quantity.spread} is {side} {self.quantity.show(self.target, self.money)}"

    def _repr_html_(self) -> str:
        return result_html(self.summary(), self.table)


def discover(
    run: Run,
    quantity: Quantity | str,
    target: float,
    *,
    above: bool = True,
    scenario: str | None = None,
    seed: int = 1,
) -> Discovery:
    """Find the region of the inputs in which a quantity exceeds, or misses, a target.

    Inputs and quantity are those of `sobol`. One box is peeled (PRIM), and a shallow tree is grown beside it (CART).

    Parameters
    ----------
    run, quantity, scenario
        As for `sobol`; any quantity but `Probability`.
    target
        In the unit of the quantity.
    above
        Whether to look for paths that reach the target, or that miss it.
    seed
        Of the points.

    Raises
    ------
    ArgumentError
        Unknown scenario, or a quantity that has no target.
    ModelError
        A target that hardly any path reaches, or hardly any misses.
    """
    model, quantity, seed = model_of(run, scenario), read_quantity(quantity), read_seed(seed)
    if isinstance(quantity, Probability):
        raise ArgumentError(
            Problem("discover, quantity", "Probability", "a quantity with a target, such as Value(2030)")
        )
    target = read_target(target, quantity)
    outcome = Outcome(model, quantity)
    scores = outcome.scores(_POINTS, seed)
    reached = quantity.from_log(outcome.values(scores)) >= target
    hits = reached if above else ~reached
    if min(hits.sum(), (~hits).sum()) < _FEW:
        found = "nearly every path" if hits.mean() > 0.5 else "hardly any path"
        raise ModelError(f"{found} is {'above' if above else 'below'} the target; choose one nearer to the median")
    points = np.column_stack([special.ndtr(scores[:, player.columns[0]]) for player in outcome.players])
    named = [("box", prim(points, hits)), *(("tree", leaf) for leaf in cart(points, hits))]
    words = {k: _scales(outcome, player) for k, player in enumerate(outcome.players)}
    rows = [(m, _said(box, outcome, words), box.coverage, box.density, box.mass) for m, box in named]
    sides = [
        (m, _said(box, outcome, words), outcome.players[k].name, float(box.low[k]), float(box.high[k]))
        for m, box in named
        for k in box.bound
    ]
    table = pd.DataFrame(rows, columns=["method", "region", "coverage", "density", "mass"])
    bounds = pd.DataFrame(sides, columns=["method", "region", "input", "low", "high"])
    return Discovery(quantity, outcome.model.scenario_name, run.unit, target, above, float(hits.mean()), table, bounds)


def _scales(outcome: Outcome, player: Player) -> Mapping[str, object]:
    """How to say a percentile of an input: with its value where it has one."""
    keys = {other.name: key for other, key in zip(_drivers(outcome), outcome.drivers, strict=True)}
    independent = np.allclose(outcome.root, np.eye(len(outcome.root)))
    if player.kind == "driver" and independent:
        driver = outcome.scenario.drivers[keys[player.name]]
        return {"ppf": driver.distribution.ppf, "unit": driver.unit}
    if player.kind == "consensus" and len(player.columns) == 1:
        return {"ppf": lambda p: market_at(outcome.model, [p])[0], "unit": outcome.model.run.unit}
    return {}


def _drivers(outcome: Outcome) -> list[Player]:
    return [player for player in outcome.players if player.kind == "driver"]


def _said(box: Box, outcome: Outcome, words: Mapping[int, Mapping[str, object]]) -> str:
    parts = [_side(outcome.players[k], float(box.low[k]), float(box.high[k]), words[k]) for k in box.bound]
    return listing(parts) or "anything goes"


def _side(player: Player, low: float, high: float, words: Mapping[str, object]) -> str:
    ends = [_end(p, words) for p in (low, high)]
    if low > 0 and high < 1:
        return f"{player.name} is between {ends[0]} and {ends[1]}"
    return f"{player.name} is above {ends[0]}" if low > 0 else f"{player.name} is below {ends[1]}"


def _end(percentile: float, words: Mapping[str, object]) -> str:
    told = f"P{100 * percentile:.0f}"
    if not words or not 0 < percentile < 1:
        return told
    value = float(words["ppf"](percentile))  # type: ignore[operator]
    return f"{amount(value, 3)} {words['unit']}".strip() + f" ({told})" if math.isfinite(value) else told
