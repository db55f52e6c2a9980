"""The bands of one scenario at other settings, fast enough to follow a slider.

What is coarse: the consensus is fitted on the coarse grid of the sensitivity methods and merged to `_START`
components; the events, which act on top of the path, are `_POINTS` joint settings, merged to steps of `_STEP` in logs.
The bands are then shifted, in logs, by what the same sketch misses of the run at the setting as read. So the bands as
read are the run's own. Against a full projection those of other drivers and events were within 1 %, those with a
source left out within 4 % at the edges of the 80 % band (`benchmarks/slider.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from forecast.distributions import Array
from forecast.engine.error_floor import topped_up
from forecast.errors import ArgumentError, ModelError, Problem, did_you_mean
from forecast.mixture import Mixture, labels
from forecast.pipeline import Run
from forecast.project import project, scenario_path
from forecast.reconcile.pool import Pool
from forecast.scenario import AnalystError, Scenario
from forecast.sensitivity.carried import nodes_at
from forecast.sensitivity.model import Model, model_of
from forecast.sensitivity.model import Setting as ModelSetting

LEVELS = (0.1, 0.5, 0.9)
"""Probabilities of the quantiles of a sketch."""

_START = 60
_POINTS = 1024
_STEP = 0.1
_KEY_YEARS = 4
_SEED = 20230102


@dataclass(frozen=True)
class Setting:
    """How the knobs stand.

    Parameters
    ----------
    values
        Drivers held at a number, by key; the others stay as uncertain as in the file.
    happens, ruled_out
        Events taken as happening, or as not happening; the others keep their probability.
    left_out
        Sources that do not count, by id.
    """

    values: tuple[tuple[str, float], ...] = ()
    happens: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Sketch:
    """One scenario of a run, ready to be asked for its bands at any setting.

    Parameters
    ----------
    model
        The scenario with every input open to change.
    """

    model: Model

    @property
    def run(self) -> Run:
        """The case, worked through."""
        return self.model.run

    @property
    def scenario(self) -> Scenario:
        """The scenario as read."""
        return self.model.scenario

    @property
    def sources(self) -> dict[str, str]:
        """Names of the sources by id; none where the run does not start from estimates."""
        return {s.id: f"{s.publisher} ({s.id})" for s in self.model.pool.sources} if self.model.pool else {}

    @property
    def drivers(self) -> list[str]:
        """Keys of the uncertain drivers of growth, those of the fade first."""
        keys = [k for k, d in self.scenario.drivers.items() if k.startswith("growth.") and not d.distribution.is_fixed]
        return sorted(keys, key=lambda key: key == "growth.growth_shift")

    @property
    def is_quick(self) -> bool:
        """Whether events are laid on top of the path, and the path has no nodes of its own beyond the curve's."""
        events = self.scenario.events.values()
        apart = not any(k.startswith("events.") for pair in self.scenario.correlation for k in pair.between)
        bent = self.scenario.growth.has_ceiling or self.scenario.growth.curve in ("segments", "tree")
        return (
            self.model.pool is not None
            and apart
            and not bent
            and not any(e.on_ceiling for event in events for e in event.effects)
        )

    def quantiles(self, setting: Setting | None = None) -> pd.DataFrame:
        """Quantiles of the market at a setting: index year, one column a level of `LEVELS`; amounts as in the run.

        Raises
        ------
        ArgumentError
            An unknown driver, event or source.
        ModelError
            If the sources that are left print no level.
        """
        setting = setting or Setting()
        logs = self._exact if setting == Setting() else self._coarse(setting) + self._missed
        return pd.DataFrame(
            np.exp(logs),
            index=pd.Index(self.model.whole.years, name="year"),
            columns=pd.Index(list(LEVELS), name="level"),
        )

    @cached_property
    def _exact(self) -> Array:
        return self.model.whole.quantiles(LEVELS)

    @cached_property
    def _missed(self) -> Array:
        return self._exact - self._coarse(Setting())

    @cached_property
    def _pools(self) -> dict[tuple[str, ...], Pool]:
        """Pools asked for so far: the model remembers the fit of each."""
        return {}

    @cached_property
    def _events(self) -> dict[Setting, Mixture]:
        """What the events add to the log market, at the settings of events asked for so far."""
        return {}

    def _coarse(self, setting: Setting) -> Array:
        """Quantiles of the log market over the years of the run's path, shape (T, L)."""
        scenario, years, end = self._turned(setting), self.model.whole.years, self.model.last
        pool = self._pool(setting)
        if pool is None:
            return project(self.run.start, scenario, end=end).paths[scenario.name].quantiles(LEVELS)
        market, known = self.model.start(ModelSetting(pool, scenario))
        apart = self.is_quick and bool(scenario.events)
        follows = _eventless(scenario) if apart else scenario
        mixture = scenario_path(market.reduced(_START), known, follows, origin=pool.newest, end=end).mixture
        mixture = mixture.linear(np.eye(mixture.means.shape[1])[-len(years) :])
        if apart:
            both = _sum(mixture.reduced(_START), self._added(scenario, setting))
            mixture = topped_up(both, scenario.analyst_error, years - pool.newest)[0]
        return mixture.quantiles(LEVELS)

    def _added(self, scenario: Scenario, setting: Setting) -> Mixture:
        """What the events add to the log market."""
        known = replace(setting, values=tuple(v for v in setting.values if v[0].startswith("events.")), left_out=())
        if known not in self._events:
            self._events[known] = _merged(_event_paths(scenario, self.model.whole.years))
        return self._events[known]

    def _turned(self, setting: Setting) -> Scenario:
        scenario = self.scenario
        for key, value in setting.values:
            scenario = scenario.with_value(key, value)
        given = {*setting.happens, *setting.ruled_out}
        kept = {key: [n for n in getattr(scenario, key) if n not in given] for key in ("happens", "ruled_out")}
        scenario = scenario.model_copy(update=kept)
        return scenario.given(happens=setting.happens, ruled_out=setting.ruled_out) if given else scenario

    def _pool(self, setting: Setting) -> Pool | None:
        """The sources that count; None where the run does not start from estimates."""
        unknown = [name for name in setting.left_out if name not in self.sources]
        if unknown:
            known = list(self.sources)
            raise ArgumentError(
                [Problem("sources", repr(n), "the id of a source", did_you_mean(n, known)) for n in unknown]
            )
        left = tuple(sorted(set(setting.left_out)))
        pool = self.model.pool
        if pool is None:
            return None
        if left not in self._pools:
            self._pools[left] = pool.without(*left) if left else pool
        if not self._pools[left].has_level:
            raise ModelError("The sources that are left print no level: growth alone says nothing of the size.")
        return self._pools[left]


def _eventless(scenario: Scenario) -> Scenario:
    """The scenario without events; the error of published forecasts tops up what the two make together."""
    calm = AnalystError(on=False)
    return scenario.model_copy(update={"events": {}, "happens": [], "ruled_out": [], "analyst_error": calm})


def _sum(path: Mixture, added: Mixture) -> Mixture:
    """The sum of two independent paths."""
    shape = path.means.shape[1]
    means = path.means[:, None] + added.means
    covariances = path.covariances[:, None] + added.covariances
    weights = np.outer(path.weights, added.weights).ravel()
    return Mixture.of(weights, means.reshape(-1, shape), covariances.reshape(-1, shape, shape))


def _event_paths(scenario: Scenario, years: NDArray[np.int64]) -> Array:
    """What the events add to the log market at an even sample of their joint settings, shape (n, T)."""
    from scipy.stats import qmc

    keys = [k for k, d in scenario.drivers.items() if k.startswith("events.") and not d.distribution.is_fixed]
    even = qmc.Sobol(len(keys) + 1, rng=np.random.default_rng(_SEED)).random(_POINTS)
    states = scenario.event_states(first=int(years[0]), last=int(years[-1]))
    happened = states.years[np.searchsorted(np.cumsum(states.weights)[:-1], even[:, 0], side="right")]
    order = [states.names.index(name) for name in scenario.events]
    scores = special.ndtri(even[:, 1:])
    given = {key: scenario.drivers[key].distribution.from_score(scores[:, k]) for k, key in enumerate(keys)}
    nodes = nodes_at(scenario, years, given, happened[:, order])
    none = np.zeros((_POINTS, len(years)))
    return sum((effect * nodes.values[key][:, None] for key, effect in nodes.effects().items()), none)


def _merged(paths: Array) -> Mixture:
    """Paths of equal weight, neighbours taken together."""
    count, years = paths.shape
    at = np.unique(np.linspace(0, years - 1, _KEY_YEARS).astype(int)[1:])
    every = Mixture.of(np.ones(count), paths, np.zeros((count, years, years)))
    return every.grouped(labels(np.round(paths[:, at] / _STEP).astype(np.int64)))


def sketch_of(run: Run, scenario: str | None = None) -> Sketch:
    """The sketch of one scenario of a run: the one called base, else the middle one, where None."""
    return Sketch(model_of(run, scenario))


def setting_of(values: Mapping[str, float], events: Mapping[str, bool | None], sources: Mapping[str, bool]) -> Setting:
    """A setting from the knobs: numbers of drivers, events (None leaves one open), sources on or off."""
    return Setting(
        values=tuple(sorted(values.items())),
        happens=tuple(name for name, state in events.items() if state is True),
        ruled_out=tuple(name for name, state in events.items() if state is False),
        left_out=tuple(sorted(name for name, on in sources.items() if not on)),
    )
