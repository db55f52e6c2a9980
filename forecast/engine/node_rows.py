"""The log path of a scenario on nodes of its drivers and events."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline
from scipy.sparse import csr_array

from forecast.distributions import Array
from forecast.engine.continuation import Ahead, Continuation, continue_segments, continue_with
from forecast.engine.scenario_nodes import STAR_SCORE, Background, ScenarioNodes, scenario_nodes, star_of
from forecast.errors import ModelError
from forecast.mixture import Mixture, labels
from forecast.scenario import Scenario
from forecast.scenario.growth import SegmentsGrowth
from forecast.skew import Terms
from forecast.wording import amount

_LEVELS = 33
_MARGIN = 1e-3
_NODE_WIDTH = 0.05
_WIDER = 1.25
_KEY_YEARS = 4
_LEAST_STEP = 5e-5
"""Least distance at which the slope of a bent curve is taken."""
_HIGH = 0.9
_NO_WEIGHT = 1e-8
_NO_SD = 1e-12
_FEW = 16
"""Components of a start up to which the skewed terms of every node are kept apart."""
_WIDENS = 0.75
"""Change of a path that needs as many nodes as a change of the variance by its sd."""


@dataclass(frozen=True, eq=False)
class NodeRows:
    """The log path given a node: a linear function of the known years, plus noise of its own.

    Up to the handover h a year is its known self plus its offset; beyond it

        log V_t = slope_t m_h + momentum_t (m_h - m_{h-p}) / p + offset_t

    with p the `pace`.

    Parameters
    ----------
    weights
        Shape (N,).
    slope, momentum
        Shapes (N, J or 1, T) and (N, T); without meaning up to the handover.
    offset
        Shape (N, J or 1, T).
    own
        Covariance of the drivers integrated in closed form and of the yearly volatility, shape (N, T, T).
    process
        Part of `own` that is the yearly volatility, summed over the nodes, shape (T,).
    levels
        Log market in the handover year for which a row of J stands, shape (J,), or (N, 1) with `components`.
    before, reached
        Number of known years before the first of the path, and of years of the path up to the handover.
    terms
        Skewed terms of the path; `own` holds their covariance.
    correlation_kept
        Factor by which contradicting correlations were weakened.
    components
        Component of the start that each node goes with, shape (N,); None where it goes with every one.
    pace
        Years up to the handover over which the growth that goes on is measured.
    """

    weights: Array
    slope: Array
    momentum: Array
    offset: Array
    own: Array
    process: Array
    levels: Array
    before: int
    reached: int
    terms: Terms | None = None
    correlation_kept: float = 1.0
    components: NDArray[np.intp] | None = None
    pace: int = 1

    @property
    def known(self) -> Array:
        """Coefficients of the K known years, shape (N, J or 1, T, K)."""
        return _coefficients(self.slope, self.momentum[:, None], self.before, self.reached, self.pace)

    def at(self, start: Mixture) -> NodeRows:
        """The rows of a bent curve at the levels of the start's components, by cubic Hermite interpolation.

        A component's mean goes with the curvature of the curve there, half of it times the variance.
        """
        wanted, ahead = start.means[:, -1], slice(self.reached, None)
        slope, offset = (np.repeat(part[:, :1], start.size, axis=1) for part in (self.slope, self.offset))
        bends = self.slope[:, :, ahead]
        path = CubicHermiteSpline(self.levels, self.offset[:, :, ahead] + bends * self.levels[:, None], bends, axis=1)
        bend = path.derivative()(wanted)
        curved = 0.5 * path.derivative(2)(wanted) * start.sds[:, -1, None] ** 2
        slope[:, :, ahead] = bend
        offset[:, :, ahead] = path(wanted) + curved - bend * wanted[:, None]
        return replace(self, slope=slope, offset=offset, levels=wanted)

    @property
    def size(self) -> int:
        """N."""
        return len(self.weights)

    @property
    def middle(self) -> Array:
        """How the first, the handover and the last year hang on the known years at the average node, shape (3, K)."""
        slope, momentum = self.weights @ self.slope.mean(axis=1), self.weights @ self.momentum
        return _coefficients(slope, momentum, self.before, self.reached, self.pace)[[0, self.reached - 1, -1]]

    def carry(self, start: Mixture) -> Mixture:
        """Every component of the start on every node, without pairs that have no weight; or each node on its own."""
        if self.components is not None:
            return self._carried(start, np.arange(self.size), self.components, self.weights)
        weights = np.outer(self.weights, start.weights)
        node, component = np.nonzero(weights > _NO_WEIGHT * weights.max())
        return self._carried(start, node, component, weights[node, component])

    def _carried(self, start: Mixture, node: NDArray[np.intp], component: NDArray[np.intp], weights: Array) -> Mixture:
        level = component if self.slope.shape[1] > 1 else np.zeros_like(component)
        rows = _coefficients(self.slope[node, level], self.momentum[node], self.before, self.reached, self.pace)
        means = np.einsum("ctk,ck->ct", rows, start.means[component]) + self.offset[node, level]
        covariances = rows @ start.covariances[component] @ np.swapaxes(rows, 1, 2) + self.own[node]
        terms = None if self.terms is None else self.terms.some(node)
        return Mixture.of(weights, means, covariances, terms)

    def merged(self, start: Mixture, most: int) -> NodeRows:
        """At most so many nodes: those with neighbouring paths become one, mean and covariance kept."""
        if self.size <= most:
            return self
        path = self._typical(start)
        spread = np.sqrt(np.maximum(start.variance(), _NO_SD))
        beyond = np.full(path.shape[1] - self.reached, spread[-1])
        label = self._neighbours(path, np.concatenate([spread[self.before :], beyond]), most)
        count = int(label.max()) + 1
        weights = np.bincount(label, self.weights, count).astype(float)
        gather = csr_array((self.weights / weights[label], (label, np.arange(self.size))), shape=(count, self.size))

        def averaged(part: Array) -> Array:
            return np.asarray(gather @ part.reshape(self.size, -1)).reshape(count, *part.shape[1:])

        centred = path - averaged(path)[label]
        return replace(
            self,
            weights=weights,
            slope=averaged(self.slope),
            momentum=averaged(self.momentum),
            offset=averaged(self.offset),
            own=averaged(self.own + centred[:, :, None] * centred[:, None, :]),
            terms=None if self.terms is None else self.terms.typical(self.weights, count),
        )

    def _typical(self, start: Mixture) -> Array:
        """Path by node, averaged over the levels as the start weighs them, shape (N, T)."""
        nearest = np.abs(start.means[:, -1, None] - self.levels).argmin(axis=1)
        weights = np.bincount(nearest, start.weights, len(self.levels))
        mean, ahead = start.mean(), slice(self.reached, None)
        path = weights @ self.offset
        path[:, : self.reached] += mean[self.before :]
        path[:, ahead] += np.einsum("j,njt->nt", weights * self.levels, self.slope[:, :, ahead])
        before = mean[-1] - self.pace * _growth(mean, self.pace)
        path[:, ahead] += self.momentum[:, ahead] * (weights @ self.levels - before) / self.pace
        return path

    def _neighbours(self, path: Array, spread: Array, most: int) -> NDArray[np.intp]:
        """Number the groups of nodes whose paths differ little against the `spread` of the start, shape (T,)."""
        at = np.unique(np.linspace(0, path.shape[1] - 1, _KEY_YEARS).astype(int))
        slopes = self.slope.mean(axis=1)[:, -1:]
        features = np.concatenate(
            [path[:, at] / spread[at], np.sqrt(self.own[:, -1, -1:]) / spread[-1], slopes], axis=1
        )
        label, width = np.arange(len(features)), _NODE_WIDTH
        while label.max() >= most:
            label, width = labels(np.round(features / width).astype(np.int64)), width * _WIDER
        return label


def node_rows(
    scenario: Scenario,
    years: NDArray[np.int64],
    known: NDArray[np.int64],
    start: Mixture,
    *,
    most: float = math.inf,
    pace: int = 1,
) -> NodeRows:
    """Put the log path of a scenario on nodes.

    Parameters
    ----------
    scenario
        Growth with its drivers, and events.
    years
        Years of the path, shape (T,).
    known
        Years of the start, the last being the handover year, shape (K,).
    start
        Log market over `known`.
    most
        Nodes to aim at.
    pace
        Years up to the handover over which the growth that goes on is measured, of those that are known.
    """
    pace = min(pace, len(known) - 1)
    bends = scenario.growth.has_ceiling or scenario.growth.curve == "segments"
    nodes = scenario_nodes(scenario, years, _background(scenario, years, known, start, pace), most=most)
    return _rows(nodes, known, _levels(start) if bends else start.mean()[-1:], _growth(start.mean(), pace), pace=pace)


def paired_rows(
    scenario: Scenario, years: NDArray[np.int64], known: NDArray[np.int64], start: Mixture, *, pace: int = 1
) -> NodeRows:
    """Put the log path of a scenario whose curve bends on nodes, each with one component of the start.

    Parameters
    ----------
    scenario, years, known, pace
        As in `node_rows`.
    start
        Log market over `known`, of narrow components in the order of their last year.
    """
    pace = min(pace, len(known) - 1)
    nodes = scenario_nodes(scenario, years, _background(scenario, years, known, start, pace), with_start=True)
    assert nodes.start is not None
    if scenario.growth.has_ceiling and years[-1] > known[-1]:
        _check_ceiling(nodes, int(known[-1]), start)
    components = np.searchsorted(np.cumsum(start.weights)[:-1], nodes.start, side="right")
    levels, sds = start.means[components, -1:], start.sds[components, -1:]
    rows = _rows(nodes, known, levels, _growth(start.mean(), pace), np.maximum(sds, _LEAST_STEP), pace=pace)
    return replace(rows, components=components)


def _check_ceiling(nodes: ScenarioNodes, handover: int, start: Mixture) -> None:
    """Refuse a start that lies above the ceiling for the most part, whatever events may yet do to the ceiling."""
    highest = nodes.values["growth.ceiling"] * np.exp(nodes.ceiling(handover).max(axis=1, initial=0.0))
    ceiling, middle = np.quantile(highest, _HIGH), np.exp(start.quantiles([0.5])[-1, 0])
    if middle > ceiling:
        raise ModelError(
            f"scenario {nodes.scenario.name}, growth.ceiling: the market of {handover} is {amount(middle)} (median), "
            f"above the ceiling, whose P90 is {amount(ceiling)}; raise the ceiling, or choose a curve without one, "
            "such as fading"
        )


def _background(
    scenario: Scenario, years: NDArray[np.int64], known: NDArray[np.int64], start: Mixture, pace: int
) -> Background:
    """What the log path is like with every driver at its median and no event, and how free drivers move it."""
    star, mean, covariance = star_of(scenario, years), start.mean(), start.covariance()
    nodes, count = star.nodes, len(star.keys)
    gone_on = _carried_on(nodes, known, mean[-1:], _growth(mean, pace))
    beyond, elapsed = np.maximum(0, years - int(known[-1])), years - years[0]
    slope, momentum = _after(gone_on.slope, beyond)[0, 0], _after(gone_on.momentum, beyond)
    row, reached = _coefficients(slope, momentum[0], *_places(years, known), pace), _places(years, known)[1] - 1
    process = np.multiply.outer(nodes.values["growth.volatility"] ** 2, elapsed)
    sds = np.sqrt(np.maximum(np.einsum("tk,kl,tl->t", row, covariance, row) + process[0], 0.0))
    path = _after(gone_on.increment[:, 0], beyond) + momentum * _growth(mean, pace)
    since = -1 - pace
    spread = math.sqrt(max(covariance[-1, -1] + covariance[since, since] - 2 * covariance[-1, since], 0.0)) / pace
    low, high = slice(1, 1 + count), slice(1 + count, None)
    moved = np.abs(path[high] - path[low]) + spread * np.abs(momentum[high] - momentum[low])
    moved += _WIDENS * np.abs(process[high] - process[low]) / np.maximum(sds, _NO_SD)
    profiles = {f"growth.{key}": _after(value, beyond) for key, value in gone_on.linear.items()}
    moved_by = dict(zip(star.keys, moved / (2 * STAR_SCORE), strict=True))
    row[beyond > 0, -1] -= 1
    grown = np.where(beyond > 0, np.einsum("tk,kl,tl->t", row, covariance, row) + process[0] - process[0, reached], 0.0)
    return Background.of(sds, np.sqrt(np.maximum(grown, 0.0)), profiles, moved_by, few=start.size <= _FEW)


def _carried_on(
    nodes: ScenarioNodes, known: NDArray[np.int64], levels: Array, growth: float, step: Array | float = _LEAST_STEP
) -> Continuation:
    scenario, handover = nodes.scenario, int(known[-1])
    table = "segments." if isinstance(scenario.growth, SegmentsGrowth) else "growth."
    values = {key.removeprefix(table): value for key, value in nodes.values.items() if key.startswith(table)}
    ahead = Ahead(
        values,
        levels,
        handover,
        max(0, int(nodes.years[-1]) - handover),
        nodes.ceiling(handover),
        growth,
        step,
    )
    if isinstance(scenario.growth, SegmentsGrowth):
        return continue_segments(scenario.segments, ahead, balanced=scenario.growth.balance == "total")
    return continue_with(scenario.growth, ahead)


def _rows(
    nodes: ScenarioNodes,
    known: NDArray[np.int64],
    levels: Array,
    growth: float,
    step: Array | float = _LEAST_STEP,
    *,
    pace: int,
) -> NodeRows:
    years, gone_on = nodes.years, _carried_on(nodes, known, levels, growth, step)
    beyond = np.maximum(0, years - int(known[-1]))
    linear = {f"growth.{key}": _after(value, beyond) for key, value in gone_on.linear.items()}
    offset, own, process, terms = added(nodes, years, linear)
    if gone_on.noise is not None:
        noise = np.swapaxes(_after(np.swapaxes(_after(gone_on.noise, beyond), 1, 2), beyond), 1, 2)
        own, process = own + noise, process + nodes.weights @ np.einsum("ntt->nt", noise)
    slope = _after(gone_on.slope, beyond)
    bent = _after(gone_on.increment, beyond) - (slope - (beyond > 0)) * levels[..., None]
    before, reached = _places(years, known)
    return NodeRows(
        weights=nodes.weights,
        slope=slope,
        momentum=_after(gone_on.momentum, beyond),
        offset=bent + offset[:, None],
        own=own,
        process=process,
        levels=levels,
        before=before,
        reached=reached,
        terms=terms,
        correlation_kept=nodes.correlation_kept,
        pace=pace,
    )


def _growth(path: Array, pace: int) -> float:
    """Growth a year of a log path over its last years."""
    return float(path[-1] - path[-1 - pace]) / pace


def added(
    nodes: ScenarioNodes, years: NDArray[np.int64], of_curve: Mapping[str, Array] | None = None
) -> tuple[Array, Array, Array, Terms | None]:
    """What linear drivers, shift, events and volatility add.

    Returns
    -------
    Offset (N, T), covariance (N, T, T), its yearly part (T,), and the terms that are skewed.
    """
    elapsed = years - years[0]
    shift = np.broadcast_to(elapsed.astype(float), (nodes.size, len(years)))
    linear = dict(of_curve or {}) | {"growth.growth_shift": shift} | nodes.effects()
    variance, shared = nodes.values["growth.volatility"] ** 2, np.minimum(elapsed[:, None], elapsed[None, :])
    offset, own = np.zeros(shift.shape), variance[:, None, None] * shared
    for key in linear:
        if key in nodes.values:
            offset += linear[key] * nodes.values[key][:, None]
    if nodes.normal:
        normal = np.stack([linear[key] for key in nodes.normal], axis=2)
        offset += np.einsum("ntg,ng->nt", normal, nodes.means)
        own += normal @ nodes.covariance @ np.swapaxes(normal, 1, 2)
    if not nodes.skewed:
        return offset, own, float(nodes.weights @ variance) * elapsed, None
    skewed = np.stack([linear[key] for key in nodes.skewed], axis=2)
    mean, sd = np.array([driver.moments[:2] for driver in nodes.skewed.values()]).T
    offset += skewed @ mean
    loadings = skewed * sd
    own += loadings @ np.swapaxes(loadings, 1, 2)
    return offset, own, float(nodes.weights @ variance) * elapsed, _terms(loadings, nodes)


def _terms(loadings: Array, nodes: ScenarioNodes) -> Terms:
    """Skewed terms by node; those alike told once, and a typical effect for drivers that need not be told apart."""
    drivers = tuple(nodes.skewed.values())
    every = Terms(loadings, drivers, np.arange(nodes.size)).typical(nodes.weights, nodes.size)
    if not nodes.apart:
        return every
    alone = np.array([key in nodes.apart for key in nodes.skewed])
    rows = np.ascontiguousarray(loadings[:, :, alone]).reshape(nodes.size, -1)
    _, first, case = np.unique(rows.view(f"V{rows[0].nbytes}").ravel(), return_index=True, return_inverse=True)
    return Terms(np.where(alone, loadings[first], every.loadings), drivers, case)


def _levels(start: Mixture) -> Array:
    """Levels at which a bent curve is computed; between them it is interpolated."""
    at = start.means[:, -1]
    return np.linspace(at.min() - _MARGIN, at.max() + _MARGIN, _LEVELS)


def _after(ahead: Array, beyond: NDArray[np.int64]) -> Array:
    """Values for k = 1 ... K as values for every year of the path, 0 up to the handover."""
    padded = np.concatenate([np.zeros((*ahead.shape[:-1], 1)), ahead], axis=-1)
    return padded[..., beyond]


def _places(years: NDArray[np.int64], known: NDArray[np.int64]) -> tuple[int, int]:
    """Number of known years before the first of the path, and of years of the path up to the handover."""
    return int(years[0] - known[0]), int((years <= known[-1]).sum())


def _coefficients(slope: Array, momentum: Array, before: int, reached: int, pace: int) -> Array:
    """Coefficients of the known years, shape (..., T, K) for a slope and a momentum of shape (..., T)."""
    rows = np.zeros((*slope.shape, before + reached))
    places = np.arange(reached)
    rows[..., places, places + before] = 1.0
    rows[..., reached:, -1] = slope[..., reached:] + momentum[..., reached:] / pace
    rows[..., reached:, -1 - pace] = -momentum[..., reached:] / pace
    return rows
