"""The market as a function of independent normal scores: what variance-based methods need of a run.

The inputs are those that carry the band of a projection: the level of the market in the reference year and the growth
the sources promise given that level, or the course of the history; each uncertain driver of the scenario, its events,
the yearly ups and downs, and the error that forecasts of this kind have shown. Priors and sources cannot be among
them, as each of their values is a fit of its own: `tornado`, `influence` and `morris` look at those.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecast.analyst_error import analyst_error_tails, horizon_correlation
from forecast.distributions import Array
from forecast.engine.error_floor import promised_growth
from forecast.engine.scenario_nodes import ScenarioNodes
from forecast.errors import ModelError
from forecast.mixture import Mixture, mixture_quantiles
from forecast.project import ScenarioPath, known_years
from forecast.scenario import Scenario
from forecast.scenario.correlation import correlation_matrix
from forecast.scenario.joint import NEVER, EventStates, joint_states
from forecast.scenario.links import linked
from forecast.sensitivity.carried import log_paths, nodes_at, tree_paths
from forecast.sensitivity.chaos import correlation_root
from forecast.sensitivity.inputs import drivers_of
from forecast.sensitivity.model import Model
from forecast.sensitivity.quantities import Quantity, Value
from forecast.sensitivity.words import plain

_COMPONENTS = 200
_ROWS = 2**15
_MOST_NOISE = 4
_EDGE = 1e-12
_SMALL = 1e-3
_SINGULAR = 1e-10
_FARTHEST = 6.0
_LEVEL_SCORES = np.linspace(-4.5, 4.5, 31)
_GROWTH_SCORES = np.linspace(-5.0, 5.0, 81)

_TAIL_SCORES = np.linspace(-_FARTHEST, _FARTHEST, 241)

_UPS_AND_DOWNS, _SHOWN = "yearly ups and downs", "error that forecasts have shown"


@dataclass(frozen=True)
class Player:
    """One input: its name, its kind, and the columns of the scores it owns."""

    name: str
    kind: str
    columns: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Outcome:
    """One scenario of a run, from independent standard normal scores to the log market on single paths.

    Parameters
    ----------
    model
        The scenario of the run.
    quantity
        What is asked; the yearly noise is told as finely as its years need.
    """

    model: Model
    quantity: Quantity

    @property
    def path(self) -> ScenarioPath:
        """The projected path."""
        return self.model.whole

    @property
    def scenario(self) -> Scenario:
        """The scenario as read."""
        return self.path.scenario

    @cached_property
    def known(self) -> NDArray[np.int64]:
        """Years of the start that the path is made of; none where a tree gives it."""
        if self.model.pivot is None:
            return np.zeros(0, np.int64)
        first = int(self.path.years[0])
        if self.model.pool is None:
            return self.model.start(self.model.as_read)[1]
        return known_years(min(first, self.model.pivot), self.model.handover)

    @cached_property
    def market(self) -> _Start:
        """The start over those years."""
        if self.model.pool is None:
            market = self.model.start(self.model.as_read)[0]
            return _Start(market, len(self.known) - 1, len(self.known) - 2)
        assert self.model.pivot is not None
        at, last = self.model.pivot - int(self.known[0]), len(self.known) - 1
        if not 0 <= at <= last:
            raise ModelError("the reference year lies outside the path of the consensus; choose one within it")
        return _Start(self.model.run.consensus.market(self.known.tolist()), at, 0 if at == last else last)

    @cached_property
    def drivers(self) -> tuple[str, ...]:
        """Keys of the uncertain drivers."""
        return tuple(entry.key for entry in drivers_of(self.model) if len(entry.points) > 1)

    @cached_property
    def root(self) -> Array:
        """Rows that make the correlated scores of the drivers of independent ones."""
        used = [pair for pair in self.scenario.correlation if set(pair.between) <= set(self.drivers)]
        matrix = correlation_matrix(used, self.drivers)[0] if used else np.eye(len(self.drivers))
        return correlation_root(matrix) if len(matrix) else matrix

    @cached_property
    def events(self) -> list[EventStates]:
        """Joint states of each group of events that hang together, where there is more than one state."""
        return [
            joint_states(
                {name: self.scenario.events[name] for name in group},
                first=int(self.path.years[0]),
                last=int(self.path.years[-1]),
                happens=[name for name in self.scenario.happens if name in group],
                ruled_out=[name for name in self.scenario.ruled_out if name in group],
            )
            for group in linked(self.scenario.events)
        ]

    @cached_property
    def _elapsed(self) -> NDArray[np.int64]:
        return self.path.years - self.path.years[0]

    @cached_property
    def noise(self) -> Array:
        """Loadings of the yearly ups and downs on independent scores, shape (T, scores)."""
        return self._loadings(np.minimum(self._elapsed[:, None], self._elapsed).astype(float))

    @cached_property
    def shown_error(self) -> Array:
        """Loadings of the error that forecasts have shown, where it widens the band, shape (T, scores)."""
        sds = np.sqrt(np.asarray(self.path.parts.get("analyst error", np.zeros(len(self.path.years))), float))
        return self._loadings(np.outer(sds, sds) * horizon_correlation(np.maximum(self._elapsed, 1)))

    def _loadings(self, covariance: Array) -> Array:
        """A covariance over the years as loadings on few independent scores; the variance of each year is kept."""
        size = np.sqrt(np.diag(covariance))
        if isinstance(self.quantity, Value):
            return size[:, None]
        values, vectors = np.linalg.eigh(covariance)
        strongest = np.argsort(values)[::-1][:_MOST_NOISE]
        loadings = vectors[:, strongest] * np.sqrt(np.maximum(values[strongest], 0.0))
        told = np.sqrt((loadings**2).sum(1))
        return loadings * np.divide(size, told, out=np.zeros_like(size), where=told > 0)[:, None]

    @cached_property
    def players(self) -> tuple[Player, ...]:
        """Every input, with the columns of the scores it owns; drivers that go together have a player each."""
        found, next_column = [], 0
        for name, kind, width in self._named():
            found.append(Player(name, kind, tuple(range(next_column, next_column + width))))
            next_column += width
        return tuple(found)

    def _named(self) -> Iterator[tuple[str, str, int]]:
        yield from self._of_start()
        for key in self.drivers:
            yield plain(key), "driver", 1
        for states in self.events:
            if len(states.weights) > 1:
                yield _event_name(states), "event", 1
        if self._varies:
            yield _UPS_AND_DOWNS, "process", self.noise.shape[1]
        if self.shown_error.any():
            yield _SHOWN, "analyst error", self.shown_error.shape[1]

    def _of_start(self) -> Iterator[tuple[str, str, int]]:
        if self.model.pivot is None:
            return
        more = 1 + self.market.residual.shape[1]
        if self.model.pool is None:
            yield f"course of the history to {self.model.pivot}", "history", 1 + more
        else:
            yield f"market in {self.model.pivot}", "consensus", 1
            yield "growth that the sources promise", "consensus", more

    @property
    def _varies(self) -> bool:
        return float(self.scenario.drivers["growth.volatility"].distribution.from_score(0.0)) > 0

    @property
    def columns(self) -> int:
        """Number of scores."""
        return self.players[-1].columns[-1] + 1

    def logs(self, scores: Array) -> Array:
        """Log market on single paths.

        Parameters
        ----------
        scores
            Independent standard normal scores, shape (n, columns).

        Returns
        -------
        Shape (n, T).
        """
        pieces = [self._logs(scores[at : at + _ROWS]) for at in range(0, len(scores), _ROWS)]
        return np.concatenate(pieces)

    def values(self, scores: Array) -> Array:
        """The quantity on single paths, shape (n,)."""
        return self.quantity.outcome(self.logs(scores), self.path)

    def scores(self, count: int, seed: int) -> Array:
        """Scores of scrambled Sobol points, shape (count, columns)."""
        from scipy.stats import qmc

        cube = qmc.Sobol(self.columns, rng=np.random.default_rng(seed)).random(count)
        return special.ndtri(np.clip(cube, _EDGE, 1 - _EDGE))

    def with_driver(self, scores: Array, position: int, score: float) -> Array:
        """Scores moved, as little as can be, until one driver's own, correlated score is given."""
        columns = [player.columns[0] for player in self.players if player.kind == "driver"]
        row, moved = self.root[position], scores.copy()
        moved[:, columns] += (score - scores[:, columns] @ row)[:, None] * row
        return moved

    def happened(self, scores: Array) -> dict[str, NDArray[np.bool_]]:
        """Whether each event happens, by its name, shape (n,) each."""
        years = self._happened({player.name: scores[:, list(player.columns)] for player in self.players}, len(scores))
        return {name: years[:, k] != NEVER for k, name in enumerate(self.scenario.events)}

    def _logs(self, scores: Array) -> Array:
        own = {player.name: scores[:, list(player.columns)] for player in self.players}
        independent = [own[plain(key)][:, 0] for key in self.drivers]
        joint = np.array(independent).T @ self.root.T if independent else np.zeros((len(scores), 0))
        given = {
            key: self.scenario.drivers[key].distribution.from_score(joint[:, k]) for k, key in enumerate(self.drivers)
        }
        nodes = nodes_at(self.scenario, self.path.years, given, self._happened(own, len(scores)))
        logs = self._market_paths(nodes, scores)
        if _UPS_AND_DOWNS in own:
            logs = logs + nodes.values["growth.volatility"][:, None] * (own[_UPS_AND_DOWNS] @ self.noise.T)
        if _SHOWN in own:
            logs = logs + self._tail(own[_SHOWN]) @ self.shown_error.T
        return logs

    def _market_paths(self, nodes: ScenarioNodes, scores: Array) -> Array:
        """Log market without the noise, shape (n, T); the scores of the start come first."""
        if self.model.pivot is None:
            return tree_paths(nodes)
        start = self.market.at(scores[:, 0], scores[:, 1 : self.market.columns])
        return log_paths(nodes, self.known, start, self.model.pace)

    def _happened(self, own: dict[str, Array], count: int) -> NDArray[np.int64]:
        """Year of each event by setting, in the order of the scenario."""
        columns: dict[str, NDArray[np.int64]] = {}
        for states in self.events:
            name = _event_name(states)
            score = own[name][:, 0] if name in own else np.zeros(count)
            ends = np.cumsum(states.weights)[:-1]
            state = np.searchsorted(ends, special.ndtr(score), side="right")
            columns |= {event: states.years[state, k] for k, event in enumerate(states.names)}
        listed = [columns[name] for name in self.scenario.events]
        return np.stack(listed, axis=1) if listed else np.zeros((count, 0), np.int64)

    def _tail(self, scores: Array) -> Array:
        """Scores carried to the fat-tailed distribution of the error, of unit variance."""
        freedom = self.scenario.analyst_error.degrees_of_freedom
        if freedom is not None:
            return special.stdtrit(freedom, special.ndtr(scores)) * math.sqrt((freedom - 2) / freedom)
        return np.interp(scores, _TAIL_SCORES, self._tail_values)

    @cached_property
    def _tail_values(self) -> Array:
        factors, weights = analyst_error_tails(float(promised_growth(self.path.mixture, self._elapsed)[-1]))
        sds = np.sqrt(factors)[:, None]
        return mixture_quantiles(weights, np.zeros_like(sds), sds, special.ndtr(_TAIL_SCORES))[0]


@dataclass(frozen=True, eq=False)
class _Start:
    """The start over its known years, from scores: level, then growth given the level, then the rest.

    Parameters
    ----------
    whole
        Log market, a mixture over K years.
    position
        Position of the year whose level is told first.
    other
        Position of the year whose distance from it is told next.
    """

    whole: Mixture
    position: int
    other: int

    @cached_property
    def market(self) -> Mixture:
        """The mixture with few components."""
        return self.whole.reduced(_COMPONENTS)

    @property
    def columns(self) -> int:
        """Number of scores."""
        return 2 + self.residual.shape[1]

    @cached_property
    def rows(self) -> Array:
        """Level and growth as functions of the known years, shape (2, K)."""
        rows = np.zeros((2, self.market.means.shape[1]))
        rows[0, self.position] = 1.0
        rows[1, self.other] = 1.0
        rows[1, self.position] = -1.0
        return rows

    @cached_property
    def gain(self) -> Array:
        """Regression of the known years on level and growth, shape (K, 2)."""
        covariance = self.market.covariance()
        told = np.linalg.pinv(self.rows @ covariance @ self.rows.T, rcond=_SINGULAR, hermitian=True)
        return np.asarray(covariance @ self.rows.T @ told, float)

    @cached_property
    def residual(self) -> Array:
        """Loadings of what level and growth leave of the known years, shape (K, scores)."""
        covariance = self.market.covariance()
        left = covariance - self.gain @ self.rows @ covariance
        values, vectors = np.linalg.eigh((left + left.T) / 2)
        kept = values > _SMALL * float(self.rows[1] @ covariance @ self.rows[1])
        return np.asarray(vectors[:, kept] * np.sqrt(values[kept]), float)

    @cached_property
    def _levels(self) -> tuple[Array, Array]:
        scores = np.linspace(-_FARTHEST, _FARTHEST, 1201)
        return scores, self.market.linear(self.rows[:1]).quantiles(special.ndtr(scores))[0]

    @cached_property
    def _growths(self) -> Array:
        """Growth by score of the level and own score."""
        at = np.interp(_LEVEL_SCORES, *self._levels)
        given = (self.market.given(self.position, float(level)).linear(self.rows[1:]) for level in at)
        return np.array([mixture.quantiles(special.ndtr(_GROWTH_SCORES))[0] for mixture in given])

    def at(self, level: Array, growth: Array) -> Array:
        """Log market over the known years, shape (n, K).

        Parameters
        ----------
        level
            Score of the level, shape (n,).
        growth
            Score of the growth and of what is left, shape (n, 1 + scores).
        """
        from scipy.interpolate import RectBivariateSpline

        table = RectBivariateSpline(_LEVEL_SCORES, _GROWTH_SCORES, self._growths)
        first = np.interp(level, *self._levels)
        grown = table.ev(*(np.clip(s, -4.5, 4.5) for s in (level, growth[:, 0])))
        mean = self.market.mean()
        told = np.stack([first, grown], axis=1) - self.rows @ mean
        return mean + told @ self.gain.T + growth[:, 1:] @ self.residual.T


def _event_name(states: EventStates) -> str:
    """Name of events that hang together, without those that are certain in this story."""
    open_ones = [name for name, year in zip(states.names, states.years.T, strict=True) if np.ptp(year) > 0]
    return "event: " + " with ".join(name.replace("_", " ") for name in open_ones)
