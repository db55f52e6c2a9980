"""The model behind a run with every input open to change: what sensitivity methods turn the knobs of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from forecast.distributions import Array
from forecast.engine.error_floor import topped_up
from forecast.engine.node_rows import NodeRows, node_rows
from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.mixture import Mixture
from forecast.pipeline import Run
from forecast.project import ScenarioPath, history_years, known_years, tree_path
from forecast.projection import headline_scenario
from forecast.reconcile import Consensus
from forecast.reconcile.pool import Pool
from forecast.scenario import AnalystError, Scenario
from forecast.scenario.joint import EventStates, joint_states
from forecast.sensitivity.asked import read_run
from forecast.sensitivity.carried import nodes_at, tree_paths
from forecast.sensitivity.fits import Fits
from forecast.sensitivity.quantities import Quantity
from forecast.start import HistoryStart, TreeStart

_MOST_COMPONENTS, _MOST_NODES = 500, 30
"""Components of the start, and nodes of the scenario, that single settings are carried on with."""

_MOST_BENT = 200
"""Components of the start that a bent curve is told at."""

_SPLIT = 5


@dataclass(frozen=True, eq=False)
class Setting:
    """One setting of all inputs.

    Parameters
    ----------
    pool
        Sources and prior of the consensus; None where the case has none.
    scenario
        Scenario with its drivers.
    quantile
        Probability of the market's level in the model's `pivot` year to hold it at; None leaves it uncertain.
    growth
        Log growth a year of the consensus, from the pivot year to its last, to hold it at; None leaves it uncertain.
    """

    pool: Pool | None
    scenario: Scenario
    quantile: float | None = None
    growth: float | None = None

    @property
    def sources(self) -> Pool:
        """The pool; only asked where there is one."""
        assert self.pool is not None
        return self.pool


@dataclass(frozen=True, eq=False)
class Model:
    """Evaluate a quantity of one scenario of a run at any setting of the inputs.

    Consensuses are fitted on a coarser grid than the run's own, all on the same one, so that differences between
    settings are exact even where levels are not; results are shifted so that the base agrees with the run.

    Parameters
    ----------
    run
        The case, worked through.
    scenario_name
        Name of the scenario.
    """

    run: Run
    scenario_name: str

    @property
    def scenario(self) -> Scenario:
        """The scenario as read."""
        return self.whole.scenario

    @property
    def whole(self) -> ScenarioPath:
        """The path as the run has it."""
        return self.run.projection.paths[self.scenario_name]

    @property
    def last(self) -> int:
        """Last year of the path."""
        return int(self.whole.years[-1])

    @property
    def pool(self) -> Pool | None:
        """Sources and prior as read; None where there is no consensus."""
        return self.run.start.pool if isinstance(self.run.start, Consensus) else None

    @property
    def handover(self) -> int:
        """Last year that the start itself tells."""
        return self.run.projection.handover_year[self.scenario_name]

    @property
    def pivot(self) -> int | None:
        """Year in which the level of the start is an input: the reference year, or the end of a history's course."""
        if isinstance(self.run.start, TreeStart):
            return None
        return self.run.start.reference_year if isinstance(self.run.start, Consensus) else self.handover

    @property
    def as_read(self) -> Setting:
        """Sources, prior and scenario as read, every driver uncertain."""
        return Setting(self.pool, self.scenario)

    @cached_property
    def base(self) -> Setting:
        """Sources and prior as read, uncertain drivers at their median."""
        scenario = self.scenario
        for key, driver in scenario.drivers.items():
            if not driver.distribution.is_fixed:
                scenario = scenario.with_value(key, float(driver.distribution.from_score(0.0)))
        return Setting(self.pool, scenario)

    def value(self, setting: Setting, quantity: Quantity) -> float:
        """Quantity at a setting."""
        years = quantity.years
        return quantity.bounded(self.path(setting, end=self.last if years is None else max(years)))

    def path(self, setting: Setting, *, end: int | None = None) -> ScenarioPath:
        """Projected path at a setting, to a year within the projection; to its end where None."""
        start, scenario = self.run.start, setting.scenario
        origin = int(self.whole.years[0]) if setting.pool is None else setting.sources.newest
        last = self.last if end is None else min(max(end, origin + 1), self.last)
        if isinstance(start, TreeStart):
            settled = all(driver.distribution.is_fixed for driver in scenario.drivers.values())
            return self._settled(scenario, last) if settled else tree_path(scenario, origin=origin, end=last)
        if isinstance(start, HistoryStart):
            scenario = scenario.model_copy(update={"analyst_error": AnalystError(on=False)})
        return self._carried(setting, scenario, np.arange(origin, last + 1))

    def _carried(self, setting: Setting, scenario: Scenario, years: NDArray[np.int64]) -> ScenarioPath:
        """The start carried on; what a scenario does to any start is worked out once."""
        bends = scenario.growth.has_ceiling or scenario.growth.curve == "segments"
        whole, known = self._told_by_start(setting)
        used = known <= max(int(years[-1]), int(known[1]))

        def few(mixture: Mixture) -> Mixture:
            cut = mixture.linear(np.eye(len(known))[used]).reduced(_MOST_BENT if bends else _MOST_COMPONENTS)
            return cut.split(-1, _SPLIT).reduced(_MOST_BENT) if bends else cut

        start = few(self._held(whole, known, setting))
        key = (id(scenario), int(known[0]), int(known[used][-1]), int(years[0]), int(years[-1]))
        if key not in self._rows or (bends and _beyond(start, self._rows[key][1])):
            own = few(whole)
            rows = node_rows(scenario, years, known[used], own, pace=self.pace).merged(own, _MOST_NODES)
            self._rows[key] = (scenario, rows)
        rows = self._rows[key][1]
        mixture = (rows.at(start) if bends else rows).carry(start)
        mixture, _ = topped_up(mixture, scenario.analyst_error, years - years[0])
        return ScenarioPath(scenario, years, mixture, {})

    @property
    def pace(self) -> int:
        """Years up to the handover over which the growth that goes on is measured."""
        start = self.run.start
        return history_years(start, self.handover)[1] if isinstance(start, HistoryStart) else 1

    @cached_property
    def _rows(self) -> dict[tuple[int, ...], tuple[Scenario, NodeRows]]:
        """What scenarios do to a start, by the identity of the scenario (kept with it, so that it stays taken)."""
        return {}

    def _settled(self, scenario: Scenario, last: int) -> ScenarioPath:
        """Path of a tree whose drivers are certain: one path in every state of the events."""
        years = np.arange(self.whole.years[0], last + 1)
        states = self._states(tuple(scenario.happens), tuple(scenario.ruled_out))
        nodes = nodes_at(scenario, years, {}, states.years)
        elapsed = years - years[0]
        process = float(nodes.values["growth.volatility"][0]) ** 2 * np.minimum(elapsed[:, None], elapsed)
        paths = tree_paths(nodes)
        mixture = Mixture.of(states.weights, paths, np.broadcast_to(process, (*paths.shape, len(years))))
        mixture, _ = topped_up(mixture.reduced(_MOST_BENT), scenario.analyst_error, elapsed)
        return ScenarioPath(scenario, years, mixture, {})

    def _states(self, happens: tuple[str, ...], ruled_out: tuple[str, ...]) -> EventStates:
        """Joint states of the events in a story."""
        if (happens, ruled_out) not in self._told:
            self._told[happens, ruled_out] = joint_states(
                self.scenario.events,
                first=int(self.whole.years[0]),
                last=self.last,
                happens=happens,
                ruled_out=ruled_out,
            )
        return self._told[happens, ruled_out]

    @cached_property
    def _told(self) -> dict[tuple[tuple[str, ...], tuple[str, ...]], EventStates]:
        """Joint states found so far."""
        return {}

    def start(self, setting: Setting) -> tuple[Mixture, NDArray[np.int64]]:
        """Log market over the years up to the handover, and those years; of no use where a tree gives the path."""
        market, known = self._told_by_start(setting)
        return self._held(market, known, setting), known

    def _told_by_start(self, setting: Setting) -> tuple[Mixture, NDArray[np.int64]]:
        """The start before its level is held."""
        return self._history if setting.pool is None else self._consensus(setting)

    def _held(self, market: Mixture, known: NDArray[np.int64], setting: Setting) -> Mixture:
        """The start with its level in the pivot year, or its growth from there, held where the setting says so."""
        if setting.quantile is None and setting.growth is None:
            return market
        assert self.pivot is not None
        at = self.pivot - int(known[0])
        if setting.quantile is not None:
            market = market.given(at, float(market.quantiles([setting.quantile])[at, 0]))
        if setting.growth is not None:
            paths = np.eye(len(known))
            with_growth = market.linear(np.vstack([paths, growth_row(known, self.pivot)]))
            market = with_growth.given(-1, setting.growth).linear(np.eye(len(known) + 1)[:-1])
        return market.pruned()

    def _consensus(self, setting: Setting) -> tuple[Mixture, NDArray[np.int64]]:
        pool, reference = setting.sources, self.run.consensus.reference_year
        least = pool.newest + 1 if setting.quantile is None else max(pool.newest, reference) + 1
        handover = min(max(min(self.handover, pool.handover_year), least), self.last)
        known = known_years(min(pool.newest, reference), handover)
        return self._fits.market(pool, known), known

    @cached_property
    def _fits(self) -> Fits:
        return Fits(self.run.consensus.pool)

    @cached_property
    def _history(self) -> tuple[Mixture, NDArray[np.int64]]:
        assert isinstance(self.run.start, HistoryStart)
        known = history_years(self.run.start, self.handover)[0]
        return self.run.start.market(known).pruned(), known


def growth_row(known: NDArray[np.int64], since: int) -> Array:
    """Coefficients of the log growth a year of a path, from a year to its last."""
    row = np.zeros(len(known))
    row[-1] = 1 / (known[-1] - since)
    row[since - int(known[0])] = -row[-1]
    return row


def _beyond(start: Mixture, rows: NodeRows) -> bool:
    """Whether a start reaches beyond the levels at which a bent curve was told."""
    at = start.means[:, -1]
    return bool(at.min() < rows.levels.min() or at.max() > rows.levels.max())


def model_of(run: Run, scenario: str | None = None) -> Model:
    """The model of one scenario of a run: the one called base, else the middle one, where None."""
    names = read_run(run).projection.scenarios
    name = headline_scenario(names) if scenario is None else scenario
    if name not in names:
        raise ArgumentError(Problem("scenario", repr(name), ", ".join(names), did_you_mean(name, names)))
    return Model(run, name)
