"""Morris screening of every input, priors and sources too, by SALib: a few fits an input, for ranking only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.errors import ArgumentError, MissingDependencyError, ModelError, Problem
from forecast.pipeline import Run
from forecast.sensitivity.asked import read_quantity, read_seed
from forecast.sensitivity.inputs import Input, chosen, inputs_of
from forecast.sensitivity.model import Model, Setting, model_of
from forecast.sensitivity.quantities import Quantity
from forecast.sensitivity.ranking import ranked, said_of_rank
from forecast.wording import listing, result_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMED = 3


@dataclass(frozen=True, eq=False)
class Morris:
    """Elementary effects of every input.

    Parameters
    ----------
    quantity, scenario, money
        What was asked, of which scenario, and the unit of money.
    table
        One row an input, largest first: `input, kind, mean` (mean effect of going through the input's own range),
        `mean_absolute`, `interval` (half-width of its 95 % interval), `sd` (how much the effect depends on the others),
        `low, high` (ends of the interval), `note` (such as "indistinguishable from 0", or with what it is tied).
    runs
        Number of evaluations.
    """

    quantity: Quantity
    scenario: str
    money: str
    table: pd.DataFrame
    runs: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """One bar an input: its mean absolute effect."""
        from forecast.sensitivity.bars import bars

        rows = self.table.assign(share=self.table["mean_absolute"] / self.table["mean_absolute"].sum())
        label = "share of all mean absolute effects"
        return bars(rows, title=f"Morris screening: {self.quantity.label}, {self.scenario}", label=label, ax=ax)

    def summary(self) -> str:
        """The strongest inputs in words."""
        said = [
            f"{name} ({self.quantity.show(effect, self.money)})"
            for name, effect in self.table[["input", "mean_absolute"]].head(_NAMED).itertuples(index=False)
        ]
        return (
            f"{self.quantity.label}, scenario {self.scenario}: going through an input's range moves it most, on "
            f"average over the others, for {listing(said)} ({self.runs} evaluations).{said_of_rank(self.table)}"
        )

    def _repr_html_(self) -> str:
        return result_html(self.summary(), self.table)


def morris(
    run: Run,
    quantity: Quantity | str,
    *,
    scenario: str | None = None,
    inputs: Sequence[str] | None = None,
    trajectories: int = 4,
    seed: int = 1,
) -> Morris:
    """Screen every input by elementary effects; needs SALib.

    Every input goes over four points of its own P10 to P90 (a source: in or left out), while the others move too.
    The consensus is fitted again for each, so a few trajectories are all there is: read it as a ranking.

    Parameters
    ----------
    run, quantity, scenario, inputs
        As for `tornado`.
    trajectories
        Walks through all inputs; each costs one evaluation more than there are inputs.
    seed
        Of the walks.

    Raises
    ------
    MissingDependencyError
        SALib is not installed.
    ArgumentError
        Unknown input or scenario; fewer than two inputs or trajectories.

    References
    ----------
    Morris (1991), doi:10.2307/1269043; Campolongo et al. (2007), doi:10.1016/j.envsoft.2006.10.004.
    """
    sample, analyze = _salib()
    model, quantity, seed = model_of(run, scenario), read_quantity(quantity), read_seed(seed)
    entries = [entry for entry in chosen(inputs_of(model), inputs) if len(set(entry.points)) > 1]
    problems = [
        Problem(name, str(count), "2 or more")
        for name, count in (("inputs", len(entries)), ("trajectories", trajectories))
        if count < 2
    ]
    if problems:
        raise ArgumentError(problems)
    about = {"num_vars": len(entries), "names": [entry.name for entry in entries], "bounds": [[0, 1]] * len(entries)}
    walks = sample.sample(about, trajectories, num_levels=4, seed=seed)
    values = np.array([_value(model, entries, row, quantity) for row in walks])
    found = analyze.analyze(about, walks, values, num_levels=4, seed=seed)
    table = pd.DataFrame(
        {
            "input": about["names"],
            "kind": [entry.kind for entry in entries],
            "mean": np.asarray(found["mu"], float),
            "mean_absolute": np.asarray(found["mu_star"], float),
            "interval": np.asarray(found["mu_star_conf"], float),
            "sd": np.asarray(found["sigma"], float),
        }
    )
    table = table.sort_values(["mean_absolute", "input"], ascending=[False, True]).reset_index(drop=True)
    ends = {"low": table["mean_absolute"] - table["interval"], "high": table["mean_absolute"] + table["interval"]}
    table = ranked(table.assign(**ends))
    return Morris(quantity, model.scenario_name, run.unit, table, len(walks))


def _salib() -> tuple[Any, Any]:
    try:
        from SALib.analyze import morris as analyze
        from SALib.sample import morris as sample
    except ImportError as error:
        raise MissingDependencyError("morris needs SALib; install it with: pip install SALib") from error
    return sample, analyze


def _value(model: Model, entries: Sequence[Input], row: np.ndarray[Any, Any], quantity: Quantity) -> float:
    setting = model.base
    for entry, share in zip(entries, row, strict=True):
        place = round(share * (len(entry.points) - 1))
        tried = entry.set(setting, entry.points[place])
        setting = tried if _possible(model, tried, entry) else setting
    return model.value(setting, quantity)


def _possible(model: Model, setting: Setting, entry: Input) -> bool:
    """Whether a setting can be: some level is printed, and what is said of the events does not contradict itself."""
    if entry.kind == "source":
        return setting.sources.has_level
    if entry.kind != "event":
        return True
    try:
        setting.scenario.event_states(first=int(model.whole.years[0]), last=model.last)
    except ModelError:
        return False
    return True
