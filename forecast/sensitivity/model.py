"""The model behind a run with every input open to change: what sensitivity methods turn the knobs of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.mixture import Mixture
from forecast.pipeline import Run
from forecast.project import ScenarioPath, known_years, scenario_path
from forecast.reconcile.house_effects import COARSE, fit_house_effects
from forecast.reconcile.pool import Pool
from forecast.scenario import Scenario
from forecast.sensitivity.quantities import Quantity


@dataclass(frozen=True, eq=False)
class Setting:
    """One setting of all inputs.

    Parameters
    ----------
    pool
        Sources and prior of the consensus.
    scenario
        Scenario with its drivers.
    quantile
        Probability of the market's level in the reference year to hold it at; None leaves it uncertain.
    """

    pool: Pool
    scenario: Scenario
    quantile: float | None = None


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
        return self.run.projection.paths[self.scenario_name].scenario

    @property
    def as_read(self) -> Setting:
        """Sources, prior and scenario as read, every driver uncertain."""
        return Setting(self.run.consensus.pool, self.scenario)

    @cached_property
    def base(self) -> Setting:
        """Sources and prior as read, uncertain drivers at their median."""
        scenario = self.scenario
        for key, driver in scenario.drivers.items():
            if not driver.distribution.is_fixed:
                scenario = scenario.with_value(key, float(driver.distribution.from_score(0.0)))
        return Setting(self.run.consensus.pool, scenario)

    def value(self, setting: Setting, quantity: Quantity) -> float:
        """Quantity at a setting."""
        return quantity.bounded(self.path(setting))

    def path(self, setting: Setting) -> ScenarioPath:
        """Projected path at a setting."""
        market, known = self.start(setting)
        last = int(self.run.projection.paths[self.scenario_name].years[-1])
        return scenario_path(market, known, setting.scenario, origin=setting.pool.newest, end=last)

    def start(self, setting: Setting) -> tuple[Mixture, NDArray[np.int64]]:
        """Log market over the years up to the handover, and those years."""
        pool, reference = setting.pool, self.run.consensus.reference_year
        last = int(self.run.projection.paths[self.scenario_name].years[-1])
        wanted = self.run.projection.handover_year[self.scenario_name]
        least = pool.newest + 1 if setting.quantile is None else max(pool.newest, reference) + 1
        handover = min(max(min(wanted, pool.handover_year), least), last)
        known = known_years(min(pool.newest, reference), handover)
        market = self._market(pool, known)
        if setting.quantile is not None:
            at = reference - int(known[0])
            market = market.given(at, float(market.quantiles([setting.quantile])[at, 0]))
        return market, known

    @cached_property
    def _fitted(self) -> dict[int, tuple[Pool, Mixture]]:
        """Consensuses fitted so far, by the identity of their pool (kept with them, so that it stays taken)."""
        return {}

    def _market(self, pool: Pool, known: NDArray[np.int64]) -> Mixture:
        if id(pool) not in self._fitted:
            market = fit_house_effects(pool, years=known, nodes=COARSE).markets[pool.scope]
            self._fitted[id(pool)] = (pool, market)
        return self._fitted[id(pool)][1]


def model_of(run: Run, scenario: str | None = None) -> Model:
    """The model of one scenario of a run: the one called base, else the middle one, where None."""
    names = run.projection.scenarios
    name = run.projection.headline if scenario is None else scenario
    if name not in names:
        raise ArgumentError(Problem("scenario", repr(name), ", ".join(names), did_you_mean(name, names)))
    return Model(run, name)
