"""The market as a function of independent normal scores: what variance-based methods need of a run.

The inputs are those that carry the band of a projection: the level of the market in the reference year, the growth
the sources promise given that level, each uncertain driver of the scenario, its events, the yearly ups and downs,
and the error that forecasts of this kind have shown. Priors and sources cannot be among them, as each of their values
is a fit of its own: `tornado`, `influence` and `morris` look at those.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecast.distributions import Array
from forecast.errors import ModelError
from forecast.mixture import Mixture
from forecast.project import ScenarioPath, known_years
from forecast.scenario import Scenario
from forecast.scenario.correlation import correlation_matrix
from forecast.scenario.joint import EventStates, joint_states
from forecast.scenario.links import linked
from forecast.sensitivity.carried import log_paths, nodes_at
from forecast.sensitivity.chaos import correlation_root
from forecast.sensitivity.model import Model
from forecast.sensitivity.quantities import Quantity, Value
from forecast.sensitivity.words import plain

_COMPONENTS = 200
_ROWS = 2**15
_MOST_NOISE = 4
_SMALL = 1e-3
_FARTHEST = 6.0
_LEVEL_SCORES = np.linspace(-4.5, 4.5, 31)
_GROWTH_SCORES = np.linspace(-5.0, 5.0, 81)


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
        return self.model.run.projection.paths[self.model.scenario_name]

    @property
    def scenario(self) -> Scenario:
        """The scenario as read."""
        return self.path.scenario

    @cached_property
    def known(self) -> NDArray[np.int64]:
        """Years of the consensus that the path is made of."""
        pool = self.model.run.consensus.pool
        first = min(pool.newest, self.model.run.consensus.reference_year)
        return known_years(first, self.model.run.projection.handover_year[self.model.scenario_name])

    @cached_property
    def market(self) -> _Start:
        """The consensus over those years."""
        at = self.model.run.consensus.reference_year - int(self.known[0])
        if not 0 <= at < len(self.known):
            raise ModelError("the reference year lies outside the path of the consensus; choose one within it")
        return _Start(self.model.run.consensus.market(self.known.tolist()).reduced(_COMPONENTS), at)

    @cached_property
    def drivers(self) -> tuple[str, ...]:
        """Keys of the uncertain drivers."""
        return tuple(
            key
            for key, driver in self.scenario.drivers.items()
            if key.startswith(("growth.", "events.")) and not driver.distribution.is_fixed
        )

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
    def noise(self) -> Array:
        """Loadings of the yearly ups and downs on independent scores, shape (T, scores)."""
        elapsed = (self.path.years - self.path.years[0]).astype(float)
        if isinstance(self.quantity, Value):
            return np.sqrt(elapsed)[:, None]
        values, vectors = np.linalg.eigh(np.minimum(elapsed[:, None], elapsed))
        strongest = np.argsort(values)[::-1][:_MOST_NOISE]
        loadings = vectors[:, strongest] * np.sqrt(values[strongest])
        size = np.sqrt((loadings**2).sum(1))
        return loadings * np.divide(np.sqrt(elapsed), size, out=np.zeros_like(size), where=size > 0)[:, None]

    @cached_property
    def shown_error(self) -> Array:
        """Sd by year that the error of published forecasts adds, shape (T,)."""
        return np.sqrt(np.asarray(self.path.parts.get("analyst error", np.zeros(len(self.path.years))), float))

    @cached_property
    def players(self) -> tuple[Player, ...]:
        """Every input, with the columns of the scores it owns; drivers that go together have a player each."""
        found, next_column = [], 0
        for name, kind, width in self._named():
            found.append(Player(name, kind, tuple(range(next_column, next_column + width))))
            next_column += width
        return tuple(found)

    def _named(self) -> Iterator[tuple[str, str, int]]:
        year = self.model.run.consensus.reference_year
        yield f"market in {year}", "consensus", 1
        yield "growth that the sources promise", "consensus", 1 + self.market.residual.shape[1]
        for key in self.drivers:
            yield plain(key), "driver", 1
        for states in self.events:
            if len(states.weights) > 1:
                yield "event: " + " with ".join(states.names), "event", 1
        if self._varies:
            yield "yearly ups and downs", "process", self.noise.shape[1]
        if self.shown_error.any():
            yield "error that forecasts have shown", "analyst error", 1

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

    def _logs(self, scores: Array) -> Array:
        own = {player.name: scores[:, list(player.columns)] for player in self.players}
        taken = iter(self.players[2:])
        start = self.market.at(own[self.players[0].name][:, 0], own[self.players[1].name])
        independent = [own[next(taken).name][:, 0] for _ in self.drivers]
        joint = np.array(independent).T @ self.root.T if independent else np.zeros((len(scores), 0))
        given = {
            key: self.scenario.drivers[key].distribution.from_score(joint[:, k]) for k, key in enumerate(self.drivers)
        }
        happened = self._happened(own, len(scores))
        nodes = nodes_at(self.scenario, self.path.years, given, happened)
        logs = log_paths(nodes, self.known, start)
        if "yearly ups and downs" in own:
            logs = logs + nodes.values["growth.volatility"][:, None] * (own["yearly ups and downs"] @ self.noise.T)
        if "error that forecasts have shown" in own:
            logs = logs + self._tail(own["error that forecasts have shown"]) * self.shown_error
        return logs

    def _happened(self, own: dict[str, Array], count: int) -> NDArray[np.int64]:
        """Year of each event by setting, in the order of the scenario."""
        columns: dict[str, NDArray[np.int64]] = {}
        for states in self.events:
            name = "event: " + " with ".join(states.names)
            score = own[name][:, 0] if name in own else np.zeros(count)
            ends = np.cumsum(states.weights)[:-1]
            state = np.searchsorted(ends, special.ndtr(score), side="right")
            columns |= {event: states.years[state, k] for k, event in enumerate(states.names)}
        listed = [columns[name] for name in self.scenario.events]
        return np.stack(listed, axis=1) if listed else np.zeros((count, 0), np.int64)

    def _tail(self, scores: Array) -> Array:
        """Scores carried to a t distribution of unit variance."""
        freedom = self.scenario.analyst_error.degrees_of_freedom
        if freedom is None:
            return scores
        return special.stdtrit(freedom, special.ndtr(scores)) * math.sqrt((freedom - 2) / freedom)


@dataclass(frozen=True, eq=False)
class _Start:
    """The consensus over its known years, from scores: level, then growth given the level, then the rest.

    Parameters
    ----------
    market
        Log market, a mixture over K years.
    position
        Position of the reference year.
    """

    market: Mixture
    position: int

    @property
    def other(self) -> int:
        """The far end of the known years, seen from the reference year."""
        last = self.market.means.shape[1] - 1
        return 0 if self.position == last else last

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
        return np.asarray(np.linalg.solve(self.rows @ covariance @ self.rows.T, self.rows @ covariance).T, float)

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
