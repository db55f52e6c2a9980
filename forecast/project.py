"""From a start and scenarios to a projection: the market year by year, as a Gaussian mixture of log paths.

Up to the handover year h the path is the consensus', shifted; beyond, growth fades:

    t <= h:     log V_t = m_t + delta (t - s)
    t = h + k:  log V_t = m_h + S_k g_h + (k - S_k) theta + delta (t - s),   S_k = (1 - phi^k) / (1 - phi)

with s the newest base year, g_h = m_h - m_{h-1}, theta the log of terminal growth and delta the growth shift. Yearly
volatility widens the path as a random walk that leaves its median alone. Last, the variance is topped up to that of
published forecasts at the same horizon, fat-tailed, where it is less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special
from scipy.interpolate import CubicHermiteSpline

from forecast.continuation import Ahead, continue_segments, continue_with
from forecast.distributions import Array
from forecast.errors import ArgumentError, ModelError, Problem
from forecast.estimates import Footing
from forecast.mixture import Mixture, joined, labels
from forecast.reconcile import LEVELS, Consensus
from forecast.reconcile.paths import printed_numbers
from forecast.scenario import AnalystError, Scenario
from forecast.scenario_nodes import ScenarioNodes, scenario_nodes
from forecast.start import HistoryStart, TreeStart
from forecast.wording import amount, money, percent, result_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CAUSES = ("between publishers", "within statements", "growth", "process", "scenario drivers", "analyst error")
"""Parts of the band in the fixed order in which the law of total variance takes them."""

_MOST_CELLS = 40_000
_MOST_BENT = 400
_BENT_NODES = 11
_LEVELS = 33
_BINS = (64, 4)
_SCALING_ERROR, _BENT_ERROR = 0.001, 0.006
_MARGIN = 1e-3
_MOST_NODES = 40
_NODE_WIDTH = 0.05
_WIDER = 1.25
_KEY_YEARS = 4
_MOST_COMPONENTS = 16_000
_MOST_TOPPED_UP = 4000
_DRAWS = 100_000
_TAIL_NODES = 5


Start = Consensus | HistoryStart | TreeStart
"""What a projection may start from."""

ALL = "all scenarios"
"""Name of the scenarios taken together."""


@dataclass(frozen=True, eq=False)
class ScenarioPath:
    """One scenario: the log market over the years of the projection.

    Parameters
    ----------
    scenario
        The scenario projected.
    years
        Shape (T,).
    mixture
        Log market over `years`.
    parts
        Variance of the log market by cause, shape (T,) each; they add up to the whole.
    """

    scenario: Scenario
    years: NDArray[np.int64]
    mixture: Mixture
    parts: dict[str, Array]

    @property
    def numerical_error(self) -> float:
        """Largest error of a probability that nodes and merging may make, as measured against simulated paths.

        A thousandth where the path only scales with its start; more where it bends: with a ceiling, in segments, from
        a tree. The tests hold every kind to it, beside four sampling errors.
        """
        growth = self.scenario.growth
        return _BENT_ERROR if growth.has_ceiling or growth.curve in ("segments", "tree") else _SCALING_ERROR

    @cached_property
    def _usual(self) -> Array:
        """Quantiles at the levels that tables carry, shape (T, L)."""
        return self.mixture.quantiles(LEVELS)

    def quantiles(self, levels: Sequence[float]) -> Array:
        """Quantiles of the log market, shape (T, L)."""
        if set(levels) <= set(LEVELS):
            return self._usual[:, [LEVELS.index(level) for level in levels]]
        return self.mixture.quantiles(levels)


@dataclass(frozen=True, eq=False)
class Projection:
    """A market projected under scenarios, with bands.

    Every answer is one row a scenario. Quantiles and probabilities are exact for the mixture, and the mixture is as
    near to the model as `ScenarioPath.numerical_error` says; questions about whole paths (`year_above`, `cumulative`,
    `draws`) are answered by drawing paths with a seed.

    Parameters
    ----------
    paths
        One a scenario, by name.
    footing
        Currency, scale, price and value basis of every amount.
    start
        What the projection started from.
    handover_year
        Last year of the consensus path, by scenario.
    """

    paths: dict[str, ScenarioPath]
    footing: Footing
    start: Start
    handover_year: dict[str, int]

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios."""
        return list(self.paths)

    @property
    def years(self) -> list[int]:
        """First year of the projection to the last of any scenario."""
        return sorted({int(year) for path in self.paths.values() for year in path.years})

    def quantiles(self, levels: Sequence[float] = (0.1, 0.5, 0.9)) -> pd.DataFrame:
        """Quantiles of the market.

        Returns
        -------
        Index (scenario, year), one column a level; amounts in `footing`. `.loc["base"]` is one scenario.
        """
        tables = {name: self._quantile_table(path, levels) for name, path in self.paths.items()}
        return pd.concat(tables, names=["scenario", "year"])

    def probability(self, *, above: float, year: int) -> pd.Series[float]:
        """Probability that the market is above an amount in a year, by scenario."""
        if not above > 0:
            raise ArgumentError(Problem("above", f"{above:g}", "an amount above 0"))
        found = {
            n: 1 - float(p.mixture.cdf(np.full(len(p.years), math.log(above)))[self._at(p, year)])
            for n, p in self._items()
        }
        return self._by_scenario(found, "probability")

    def cagr(self, start: int, end: int, levels: Sequence[float] = (0.1, 0.5, 0.9)) -> pd.DataFrame:
        """Quantiles of compound annual growth between two years, as a share per year, by scenario."""
        if end <= start:
            raise ArgumentError(Problem("cagr", f"from {start} to {end}", "an end year after the start year"))
        found = {}
        for name, path in self._items():
            row = np.zeros((1, len(path.years)))
            row[0, self._at(path, end)], row[0, self._at(path, start)] = 1 / (end - start), -1 / (end - start)
            found[name] = np.expm1(path.mixture.linear(row).quantiles(levels)[0])
        return self._by_level(found, levels)

    def cumulative(
        self, start: int, end: int, levels: Sequence[float] = (0.1, 0.5, 0.9), *, draws: int = _DRAWS, seed: int = 1
    ) -> pd.DataFrame:
        """Quantiles of the sum over the years from `start` to `end`, by scenario (from drawn paths)."""
        if end < start:
            raise ArgumentError(
                Problem("cumulative", f"from {start} to {end}", "an end year not before the start year")
            )
        found = {}
        for name, path in self._items():
            span = slice(self._at(path, start), self._at(path, end) + 1)
            found[name] = np.quantile(np.exp(path.mixture.draws(draws, seed=seed)[:, span]).sum(1), levels)
        return self._by_level(found, levels)

    def year_above(
        self, value: float, levels: Sequence[float] = (0.1, 0.5, 0.9), *, draws: int = _DRAWS, seed: int = 1
    ) -> pd.DataFrame:
        """First year in which the market is above an amount, by scenario (from drawn paths).

        Returns
        -------
        Index scenario; one column a level (missing where the market stays below it to the end of the projection with
        more than the remaining probability), and `never`, the probability of not getting there by then.
        """
        if not value > 0:
            raise ArgumentError(Problem("year_above", f"{value:g}", "an amount above 0"))
        found, never = {}, {}
        for name, path in self._items():
            above = path.mixture.draws(draws, seed=seed) > math.log(value)
            first = np.where(above.any(1), path.years[above.argmax(1)], np.inf)
            years = np.quantile(first, levels, method="inverted_cdf")
            found[name] = np.where(np.isfinite(years), years, np.nan)
            never[name] = 1 - float(above.any(1).mean())
        return self._by_level(found, levels).assign(never=pd.Series(never))

    def draws(self, n: int, seed: int, *, scenario: str | None = None) -> pd.DataFrame:
        """Drawn paths of one scenario (the first where None): `n` rows, one a path; one column a year."""
        name = self.scenarios[0] if scenario is None else scenario
        if name not in self.paths:
            raise ArgumentError(Problem("scenario", repr(name), ", ".join(self.scenarios)))
        path = self.paths[name]
        return pd.DataFrame(np.exp(path.mixture.draws(n, seed=seed)), columns=pd.Index(path.years, name="year"))

    def together(self, levels: Sequence[float] = (0.1, 0.5, 0.9)) -> pd.DataFrame:
        """Quantiles of all scenarios as one mixture, each with its probability: index year, one column a level.

        Stories that state no probability are left out.

        Raises
        ------
        ArgumentError
            If no scenario states a probability, or they end in different years.
        """
        used = [path for path in self.paths.values() if path.scenario.probability]
        if not used:
            raise ArgumentError(Problem(ALL, "no probability", "a probability for every scenario that is to count"))
        if len({int(path.years[-1]) for path in used}) > 1:
            raise ArgumentError(Problem(ALL, "different end years", "the same end for every scenario"))
        mixture = joined([path.scenario.probability or 0.0 for path in used], [path.mixture for path in used])
        return self._quantile_table(replace(used[0], mixture=mixture), levels)

    @property
    def decomposition(self) -> pd.DataFrame:
        """Variance of the log market, in the fixed order of the columns; rows add up to `total`."""
        tables = {n: pd.DataFrame(p.parts, index=pd.Index(p.years, name="year")) for n, p in self._items()}
        table = pd.concat(tables, names=["scenario", "year"])
        return table.assign(total=table.sum(axis=1))

    @cached_property
    def table(self) -> pd.DataFrame:
        """Tidy quantiles: `scenario, year, level, value, unit`."""
        long = self.quantiles(LEVELS).stack()
        return (
            pd.Series(long, name="value")
            .rename_axis(["scenario", "year", "level"])
            .reset_index()
            .assign(unit=self.footing.label)
        )

    @property
    def statements(self) -> pd.DataFrame:
        """Every level the sources print, or the history: `source, year, value, kind, hedge`."""
        return printed_numbers(self.start.pool) if isinstance(self.start, Consensus) else self.start.printed

    def plot(self, ax: Axes | None = None, *, scenario: str | None = None) -> Axes:
        """Fan chart of one scenario (base, or the middle one, where None) with every printed number on it."""
        from forecast.figures import fan

        middle = "base" if "base" in self.paths else self.scenarios[len(self.scenarios) // 2]
        name = middle if scenario is None else scenario
        return fan(self.table, unit=self.footing.label, statements=self.statements, scenario=name, ax=ax)

    def summary(self) -> str:
        """The projection in words, for a memo."""
        last, unit = self.years[-1], self.footing.label
        sentences = []
        for name, path in self._items():
            low, middle, high = np.exp(path.quantiles((0.1, 0.5, 0.9))[-1])
            first, end = int(path.years[0]), int(path.years[-1])
            rate = percent(float(self.cagr(first, end, [0.5]).loc[name].to_numpy()[0]))
            sentences.append(
                f"{name}: {money(middle, unit)} in {end} (80 % band {amount(low)} to {amount(high)}, "
                f"{rate} a year from {first})"
            )
        return f"Projection to {last}. " + "; ".join(sentences) + "."

    def _repr_html_(self) -> str:
        return result_html(self.summary(), self.quantiles())

    def _items(self) -> Iterator[tuple[str, ScenarioPath]]:
        return iter(self.paths.items())

    def _quantile_table(self, path: ScenarioPath, levels: Sequence[float]) -> pd.DataFrame:
        values = np.exp(path.quantiles(levels))
        return pd.DataFrame(
            values, index=pd.Index(path.years, name="year"), columns=pd.Index(list(levels), name="level")
        )

    def _at(self, path: ScenarioPath, year: int) -> int:
        if year not in path.years:
            allowed = f"a year from {path.years[0]} to {path.years[-1]}"
            raise ArgumentError(Problem("year", str(year), allowed))
        return int(np.flatnonzero(path.years == year)[0])

    def _by_scenario(self, found: Mapping[str, float], name: str) -> pd.Series[float]:
        return pd.Series(found, name=name).rename_axis("scenario")

    def _by_level(self, found: Mapping[str, Array], levels: Sequence[float]) -> pd.DataFrame:
        return pd.DataFrame(found, index=pd.Index(list(levels), name="level")).T.rename_axis("scenario")


def project(
    start: Start, scenarios: Scenario | Mapping[str, Scenario] | Sequence[Scenario], *, end: int | None = None
) -> Projection:
    """Project a market under scenarios.

    Parameters
    ----------
    start
        The consensus to start from, a `HistoryStart`, or a `TreeStart` where each scenario has its driver tree.
    scenarios
        One scenario, or several.
    end
        Last year; the scenario's own where None.

    Raises
    ------
    ArgumentError
        No scenario, no end year, an end before the start, a handover year outside the projection.

    Examples
    --------
    >>> import forecast
    >>> case = forecast.read_case("regenerative_medicine")
    >>> projection = forecast.project(case.reconcile(), case.scenarios, end=2035)
    >>> projection.quantiles([0.5]).loc[("base", 2023)].round().tolist()
    [23.0]
    """
    named = _named(scenarios)
    problems = [p for name, scenario in named.items() for p in _horizon_problems(name, scenario, start, end)]
    if problems or not named:
        raise ArgumentError(problems or [Problem("project", "no scenario", "at least one")])
    paths, handovers = {}, {}
    for name, scenario in named.items():
        last = end or scenario.end
        assert last is not None
        paths[name], handovers[name] = _path(start, scenario, last)
    return Projection(paths, start.footing, start, handovers)


def _named(scenarios: Scenario | Mapping[str, Scenario] | Sequence[Scenario]) -> dict[str, Scenario]:
    if isinstance(scenarios, Scenario):
        return {scenarios.name: scenarios}
    return dict(scenarios) if isinstance(scenarios, Mapping) else {s.name: s for s in scenarios}


def _origin(start: Start) -> int:
    return start.pool.newest if isinstance(start, Consensus) else start.origin


def _horizon_problems(name: str, scenario: Scenario, start: Start, end: int | None) -> Iterator[Problem]:
    last, origin, place = end or scenario.end, _origin(start), f"scenario {name}"
    if last is None:
        yield Problem(f"{place}, end", "no end year", remedy="give end= or set it in the scenario")
        return
    kind = "newest base year" if isinstance(start, Consensus) else "first year of the projection"
    after = f"a year after {origin}, the {kind}"
    named = {"end": last, "handover_year": scenario.handover_year or last}
    if isinstance(start, TreeStart) != (scenario.growth.curve == "tree"):
        yield Problem(f"{place}, growth.curve", repr(scenario.growth.curve), "tree with a tree start, and nowhere else")
    for key, year in named.items():
        if year <= origin:
            yield Problem(f"{place}, {key}", str(year), after)


def _path(start: Start, scenario: Scenario, end: int) -> tuple[ScenarioPath, int]:
    """Path of one scenario, and its handover year."""
    if isinstance(start, TreeStart):
        return tree_path(scenario, origin=start.origin, end=end), end
    if isinstance(start, HistoryStart):
        handover = min(scenario.handover_year or end, end)
        known = known_years(start.origin, handover)
        market = start.market(known)
        calm = scenario.model_copy(update={"analyst_error": AnalystError(on=False)})
        path = scenario_path(market, known, calm, origin=start.origin, end=end, causes={"history": market.covariance()})
        return replace(path, scenario=scenario), handover
    handover = min(scenario.handover_year or start.handover_year, end)
    known = known_years(start.pool.newest, handover)
    market, causes = start.market(known.tolist()), start.parts(known.tolist())
    return scenario_path(market, known, scenario, origin=start.pool.newest, end=end, causes=causes), handover


def known_years(origin: int, handover: int) -> NDArray[np.int64]:
    """Years that a path needs of the consensus: from the origin to the handover, two at the least."""
    return np.arange(min(origin, handover - 1), handover + 1)


def scenario_path(
    market: Mixture,
    known: NDArray[np.int64],
    scenario: Scenario,
    *,
    origin: int,
    end: int,
    causes: Mapping[str, NDArray[np.floating[Any]]] | None = None,
) -> ScenarioPath:
    """Carry a log market that is known for some years on under one scenario.

    Parameters
    ----------
    market
        Log market over `known`.
    known
        Consecutive years, the last being the handover year, shape (K,); at least two.
    scenario
        Growth, its drivers, and the analyst error.
    origin
        First year of the path: growth shift and volatility count from here.
    end
        Last year.
    causes
        Covariance of `market` by cause, shape (K, K) each; the path's own parts are told only where it is given.
    """
    years = np.arange(origin, end + 1)
    if scenario.growth.has_ceiling or scenario.growth.curve == "segments":
        start = market.split(-1, _BENT_NODES).reduced(_MOST_BENT)
        rows = _rows(scenario, years, known, _levels(start), start.mean()).merged(start).at(start)
    else:
        rows = _rows(scenario, years, known, market.mean()[-1:], market.mean()).merged(market)
        start = market.reduced(_MOST_CELLS // len(rows.weights))
    mixture = _combine(start, rows).pruned().reduced(_MOST_COMPONENTS)
    parts = {} if causes is None else _parts(causes, rows, start, mixture)
    mixture, missing = _topped_up(mixture, scenario, years - origin)
    if causes is not None:
        parts["analyst error"] = missing
    return ScenarioPath(scenario, years, mixture, parts)


def tree_path(scenario: Scenario, *, origin: int, end: int) -> ScenarioPath:
    """The log market as the driver tree of a scenario gives it, with its growth shift, volatility and events.

    Every uncertain driver is on nodes (Gauss–Hermite while few, Sobol points beyond). Nodes with neighbouring paths
    become one normal with their mean and covariance, so that quantiles are smooth.

    Raises
    ------
    ModelError
        If the market is not above zero in every year.
    """
    assert scenario.tree is not None
    years = np.arange(origin, end + 1)
    nodes = scenario_nodes(scenario, years)
    given = {key.removeprefix("tree."): value for key, value in nodes.values.items() if key.startswith("tree.")}
    with np.errstate(invalid="ignore", divide="ignore"):
        path = np.log(scenario.tree.path(years, given))
    if not np.isfinite(path).all():
        low = [key for key, values in given.items() if (values <= 0).any()]
        raise ModelError(
            f"scenario {scenario.name}: the tree gives a market of zero or less in some year"
            + (f"; {', '.join(low)} can fall below zero: write a lognormal or a bounded family" if low else "")
        )
    offset, own, process = _added(nodes, years)
    means = np.broadcast_to(path, (nodes.size, len(years))) + offset
    mixture = Mixture.of(nodes.weights, means, own).grouped(_bins(nodes.weights, means))
    drivers = np.maximum(mixture.variance() - process, 0.0)
    mixture, missing = _topped_up(mixture, scenario, years - origin)
    return ScenarioPath(
        scenario, years, mixture, {"process": process, "scenario drivers": drivers, "analyst error": missing}
    )


def _bins(weights: Array, paths: Array) -> NDArray[np.intp]:
    """Number nodes by equal parts of weight along the first direction of the paths, and within along the second."""
    centred = paths - weights @ paths
    scores = centred @ np.linalg.svd(np.sqrt(weights)[:, None] * centred, full_matrices=False)[2][:2].T
    first = _parts_of(weights, scores[:, 0], _BINS[0])
    second = np.zeros_like(first)
    for part in np.unique(first):
        inside = np.flatnonzero(first == part)
        second[inside] = _parts_of(weights[inside], scores[inside, -1], _BINS[1])
    return np.unique(first * _BINS[1] + second, return_inverse=True)[1]


def _parts_of(weights: Array, score: Array, count: int) -> NDArray[np.intp]:
    """Number of the part, of `count` equal ones by weight, in which each node falls."""
    order = np.argsort(score, kind="stable")
    middle = np.cumsum(weights[order]) - weights[order] / 2
    found = np.empty(len(score), np.intp)
    found[order] = np.minimum((middle / weights.sum() * count).astype(int), count - 1)
    return found


@dataclass(frozen=True, eq=False)
class _Rows:
    """The log path given a node: a linear function of the known years, plus noise of its own.

    Parameters
    ----------
    weights
        Shape (N,).
    known
        Coefficients of the known years, shape (N, J or 1, T, K).
    offset
        Shape (N, J or 1, T).
    own
        Covariance of the drivers integrated in closed form and of the yearly volatility, shape (N, T, T).
    process
        Part of `own` that is the yearly volatility, summed over the nodes, shape (T,).
    levels
        Log market in the handover year for which a row of J stands, shape (J,).
    ahead
        Years beyond the handover, as a part of the T years.
    """

    weights: Array
    known: Array
    offset: Array
    own: Array
    process: Array
    levels: Array
    ahead: slice

    def at(self, start: Mixture) -> _Rows:
        """The rows of a bent curve at the levels of the start's components, by cubic Hermite interpolation.

        A component's mean goes with the curvature of the curve there, half of it times the variance.
        """
        known = np.repeat(self.known[:, :1], start.size, axis=1)
        offset = np.repeat(self.offset[:, :1], start.size, axis=1)
        ahead, wanted, momentum = self.ahead, start.means[:, -1], -self.known[:, :, self.ahead, -2]
        slope = self.known[:, :, ahead, -1] - momentum
        path = CubicHermiteSpline(self.levels, self.offset[:, :, ahead] + slope * self.levels[:, None], slope, axis=1)
        bend = path.derivative()(wanted)
        known[:, :, ahead, -1] = bend + momentum[:, :1]
        curved = 0.5 * path.derivative(2)(wanted) * start.sds[:, -1, None] ** 2
        offset[:, :, ahead] = path(wanted) + curved - bend * wanted[:, None]
        return replace(self, known=known, offset=offset, levels=wanted)

    def merged(self, start: Mixture) -> _Rows:
        """At most `_MOST_NODES` nodes: those with neighbouring paths become one, mean and covariance kept."""
        path = self._typical(start)
        label = self._neighbours(path, math.sqrt(float(start.variance()[-1])))
        count = int(label.max()) + 1
        weights = np.bincount(label, self.weights, count).astype(float)
        share = self.weights / weights[label]

        def averaged(part: Array) -> Array:
            total = np.zeros((count, *part.shape[1:]))
            np.add.at(total, label, share.reshape(-1, *[1] * (part.ndim - 1)) * part)
            return total

        centred = path - averaged(path)[label]
        covariance = averaged(self.own + centred[:, :, None] * centred[:, None, :])
        return replace(self, weights=weights, known=averaged(self.known), offset=averaged(self.offset), own=covariance)

    def _typical(self, start: Mixture) -> Array:
        """Path by node, averaged over the levels as the start weighs them, shape (N, T)."""
        nearest = np.abs(start.means[:, -1, None] - self.levels).argmin(axis=1)
        weights = np.bincount(nearest, start.weights, len(self.levels))
        mean = np.repeat(start.mean()[None], len(self.levels), axis=0)
        mean[:, -1] = self.levels
        return np.einsum("j,njtk,jk->nt", weights, self.known, mean, optimize=True) + weights @ self.offset

    def _neighbours(self, path: Array, spread: float) -> NDArray[np.intp]:
        """Number the groups of nodes whose paths differ little against the `spread` of the start."""
        at = np.unique(np.linspace(0, path.shape[1] - 1, _KEY_YEARS).astype(int)[1:])
        slopes = self.known.mean(axis=1).sum(axis=-1)[:, -1:]
        features = np.concatenate([path[:, at] / spread, np.sqrt(self.own[:, -1, -1:]) / spread, slopes], axis=1)
        label, width = np.arange(len(features)), _NODE_WIDTH
        while label.max() >= _MOST_NODES:
            label, width = labels(np.round(features / width).astype(np.int64)), width * _WIDER
        return label


def _rows(scenario: Scenario, years: NDArray[np.int64], known: NDArray[np.int64], levels: Array, mean: Array) -> _Rows:
    nodes = scenario_nodes(scenario, years)
    handover = int(known[-1])
    in_segments = scenario.growth.curve == "segments"
    table = "segments." if in_segments else "growth."
    values = {key.removeprefix(table): value for key, value in nodes.values.items() if key.startswith(table)}
    ahead = Ahead(
        values, levels, handover, max(0, int(years[-1]) - handover), nodes.ceiling(handover), float(mean[-1] - mean[-2])
    )
    gone_on = continue_segments(scenario.segments, ahead) if in_segments else continue_with(scenario.growth, ahead)
    beyond = np.maximum(0, years - handover)
    linear = {f"growth.{key}": _after(value, beyond) for key, value in gone_on.linear.items()}
    offset, own, process = _added(nodes, years, linear)
    slope = _after(gone_on.slope, beyond)
    bent = _after(gone_on.increment, beyond) - (slope - (beyond > 0)) * levels[:, None]
    return _Rows(
        weights=nodes.weights,
        known=_known_rows(slope, _after(gone_on.momentum, beyond), years, known),
        offset=bent + offset[:, None],
        own=own,
        process=process,
        levels=levels,
        ahead=slice(int((beyond == 0).sum()), None),
    )


def _added(
    nodes: ScenarioNodes, years: NDArray[np.int64], of_curve: Mapping[str, Array] | None = None
) -> tuple[Array, Array, Array]:
    """What linear drivers, shift, events and volatility add: offset (N, T), covariance (N, T, T), its yearly part."""
    elapsed = years - years[0]
    shift = np.broadcast_to(elapsed.astype(float), (nodes.size, len(years)))
    linear = dict(of_curve or {}) | {"growth.growth_shift": shift} | nodes.effects()
    normal = np.zeros((nodes.size, len(years), len(nodes.normal)))
    for position, name in enumerate(nodes.normal):
        normal[:, :, position] = linear[name]
    noded = [linear[name] * nodes.values[name][:, None] for name in linear if name not in nodes.normal]
    offset = np.sum(noded, axis=0) + np.einsum("ntg,ng->nt", normal, nodes.means)
    variance, shared = nodes.values["growth.volatility"] ** 2, np.minimum(elapsed[:, None], elapsed[None, :])
    own = normal @ nodes.covariance @ np.swapaxes(normal, 1, 2) + variance[:, None, None] * shared
    return offset, own, float(nodes.weights @ variance) * elapsed


def _levels(start: Mixture) -> Array:
    """Levels at which a bent curve is computed; between them it is interpolated."""
    at = start.means[:, -1]
    return np.linspace(at.min() - _MARGIN, at.max() + _MARGIN, _LEVELS)


def _after(ahead: Array, beyond: NDArray[np.int64]) -> Array:
    """Values for k = 1 ... K as values for every year of the path, 0 up to the handover."""
    padded = np.concatenate([np.zeros((*ahead.shape[:-1], 1)), ahead], axis=-1)
    return padded[..., beyond]


def _known_rows(slope: Array, momentum: Array, years: NDArray[np.int64], known: NDArray[np.int64]) -> Array:
    """Coefficients of the known years: each its own up to the handover, then the handover's level and growth."""
    rows = np.zeros((*slope.shape, len(known)))
    for t, year in enumerate(years.tolist()):
        if year <= known[-1]:
            rows[..., t, year - known[0]] = 1.0
        else:
            rows[..., t, -1] = slope[..., t] + momentum[:, None, t]
            rows[..., t, -2] = -momentum[:, None, t]
    return rows


def _combine(start: Mixture, rows: _Rows) -> Mixture:
    """Every start component on every node."""
    means = (rows.known @ start.means[:, :, None])[..., 0] + rows.offset
    covariances = rows.known @ start.covariances[None] @ np.swapaxes(rows.known, 2, 3) + rows.own[:, None]
    weights, years = np.outer(rows.weights, start.weights), means.shape[-1]
    return Mixture.of(weights.ravel(), means.reshape(-1, years), covariances.reshape(-1, years, years))


def _parts(
    causes: Mapping[str, NDArray[np.floating[Any]]], rows: _Rows, start: Mixture, mixture: Mixture
) -> dict[str, Array]:
    """Variance by cause; what the drivers and events add is what the others leave of the whole."""
    share = np.outer(rows.weights, start.weights) if rows.known.shape[1] > 1 else rows.weights[:, None]
    parts = {
        cause: np.einsum("nj,njtk,kl,njtl->t", share, rows.known, covariance, rows.known, optimize=True)
        for cause, covariance in causes.items()
    }
    parts["process"] = rows.process
    parts["scenario drivers"] = np.maximum(mixture.variance() - sum(parts.values()), 0.0)
    return parts


def _topped_up(mixture: Mixture, scenario: Scenario, elapsed: NDArray[np.int64]) -> tuple[Mixture, Array]:
    """Raise the variance to that of published forecasts where it is less, with one fat-tailed scale a path."""
    floor = scenario.analyst_error
    target = (floor.scale * elapsed.astype(float) ** floor.exponent) ** 2
    missing = np.maximum(0.0, target - mixture.variance()) if floor.on else np.zeros(len(elapsed))
    if not missing.any():
        return mixture, missing
    mixture, error = mixture.reduced(_MOST_TOPPED_UP), np.outer(np.sqrt(missing), np.sqrt(missing))
    scales, weights = _tail_nodes(floor.degrees_of_freedom)
    wider = [Mixture(mixture.weights, mixture.means, mixture.covariances + scale * error) for scale in scales]
    return joined(weights.tolist(), wider), missing


def _tail_nodes(degrees_of_freedom: float | None) -> tuple[Array, Array]:
    """Scales of variance that make a t distribution of unit variance out of normals."""
    if degrees_of_freedom is None:
        return np.ones(1), np.ones(1)
    points, weights = np.polynomial.legendre.leggauss(_TAIL_NODES)
    scales = (degrees_of_freedom - 2) / special.chdtri(degrees_of_freedom, (points + 1) / 2)
    weights = weights / 2
    return scales / (weights @ scales), weights
