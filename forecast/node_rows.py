"""The log path of a scenario on nodes of its drivers and events."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline

from forecast.continuation import Ahead, Continuation, continue_segments, continue_with
from forecast.distributions import Array
from forecast.mixture import Mixture, labels
from forecast.scenario import Scenario
from forecast.scenario.growth import SegmentsGrowth
from forecast.scenario_nodes import Background, ScenarioNodes, middle_node, scenario_nodes

_LEVELS = 33
_MARGIN = 1e-3
_NODE_WIDTH = 0.05
_WIDER = 1.25
_KEY_YEARS = 4
_NO_WEIGHT = 1e-8


@dataclass(frozen=True, eq=False)
class NodeRows:
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

    def at(self, start: Mixture) -> NodeRows:
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

    @property
    def size(self) -> int:
        """N."""
        return len(self.weights)

    @property
    def middle(self) -> Array:
        """How the first, the handover and the last year hang on the known years at the average node, shape (3, K)."""
        known = self.known.mean(axis=1)
        return np.tensordot(self.weights, known, 1)[[0, self.ahead.start - 1, -1]]

    def carry(self, start: Mixture) -> Mixture:
        """Every component of the start on every node; pairs without weight are left out."""
        weights = np.outer(self.weights, start.weights)
        node, component = np.nonzero(weights > _NO_WEIGHT * weights.max())
        level = component if self.known.shape[1] > 1 else 0
        rows = self.known[node, level]
        means = np.einsum("ctk,ck->ct", rows, start.means[component]) + self.offset[node, level]
        covariances = rows @ start.covariances[component] @ np.swapaxes(rows, 1, 2) + self.own[node]
        return Mixture.of(weights[node, component], means, covariances)

    def merged(self, start: Mixture, most: int) -> NodeRows:
        """At most so many nodes: those with neighbouring paths become one, mean and covariance kept."""
        if self.size <= most:
            return self
        path = self._typical(start)
        label = self._neighbours(path, math.sqrt(float(start.variance()[-1])), most)
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

    def _neighbours(self, path: Array, spread: float, most: int) -> NDArray[np.intp]:
        """Number the groups of nodes whose paths differ little against the `spread` of the start."""
        at = np.unique(np.linspace(0, path.shape[1] - 1, _KEY_YEARS).astype(int)[1:])
        slopes = self.known.mean(axis=1).sum(axis=-1)[:, -1:]
        features = np.concatenate([path[:, at] / spread, np.sqrt(self.own[:, -1, -1:]) / spread, slopes], axis=1)
        label, width = np.arange(len(features)), _NODE_WIDTH
        while label.max() >= most:
            label, width = labels(np.round(features / width).astype(np.int64)), width * _WIDER
        return label


def node_rows(scenario: Scenario, years: NDArray[np.int64], known: NDArray[np.int64], start: Mixture) -> NodeRows:
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
    """
    bends = scenario.growth.has_ceiling or scenario.growth.curve == "segments"
    nodes = scenario_nodes(scenario, years, _background(scenario, years, known, start))
    return _rows(nodes, known, _levels(start) if bends else start.mean()[-1:], start.mean())


def _background(scenario: Scenario, years: NDArray[np.int64], known: NDArray[np.int64], start: Mixture) -> Background:
    """What the log path is like with every driver at its median and no event."""
    nodes, mean = middle_node(scenario, years), start.mean()
    gone_on = _carried_on(nodes, known, mean[-1:], mean)
    beyond = np.maximum(0, years - int(known[-1]))
    row = _known_rows(_after(gone_on.slope, beyond), _after(gone_on.momentum, beyond), years, known)[0, 0]
    yearly = nodes.values["growth.volatility"] ** 2 * (years - years[0])
    variance = np.einsum("tk,kl,tl->t", row, start.covariance(), row) + yearly
    profiles = {f"growth.{key}": _after(value, beyond)[0] for key, value in gone_on.linear.items()}
    return Background.of(np.sqrt(np.maximum(variance, 0.0)), profiles)


def _carried_on(nodes: ScenarioNodes, known: NDArray[np.int64], levels: Array, mean: Array) -> Continuation:
    scenario, handover = nodes.scenario, int(known[-1])
    table = "segments." if isinstance(scenario.growth, SegmentsGrowth) else "growth."
    values = {key.removeprefix(table): value for key, value in nodes.values.items() if key.startswith(table)}
    ahead = Ahead(
        values,
        levels,
        handover,
        max(0, int(nodes.years[-1]) - handover),
        nodes.ceiling(handover),
        float(mean[-1] - mean[-2]),
    )
    if isinstance(scenario.growth, SegmentsGrowth):
        return continue_segments(scenario.segments, ahead, balanced=scenario.growth.balance == "total")
    return continue_with(scenario.growth, ahead)


def _rows(nodes: ScenarioNodes, known: NDArray[np.int64], levels: Array, mean: Array) -> NodeRows:
    years, gone_on = nodes.years, _carried_on(nodes, known, levels, mean)
    beyond = np.maximum(0, years - int(known[-1]))
    linear = {f"growth.{key}": _after(value, beyond) for key, value in gone_on.linear.items()}
    offset, own, process = added(nodes, years, linear)
    slope = _after(gone_on.slope, beyond)
    bent = _after(gone_on.increment, beyond) - (slope - (beyond > 0)) * levels[:, None]
    return NodeRows(
        weights=nodes.weights,
        known=_known_rows(slope, _after(gone_on.momentum, beyond), years, known),
        offset=bent + offset[:, None],
        own=own,
        process=process,
        levels=levels,
        ahead=slice(int((beyond == 0).sum()), None),
    )


def added(
    nodes: ScenarioNodes, years: NDArray[np.int64], of_curve: Mapping[str, Array] | None = None
) -> tuple[Array, Array, Array]:
    """What linear drivers, shift, events and volatility add: offset (N, T), covariance (N, T, T), its yearly part."""
    elapsed = years - years[0]
    shift = np.broadcast_to(elapsed.astype(float), (nodes.size, len(years)))
    linear = dict(of_curve or {}) | {"growth.growth_shift": shift} | nodes.effects
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
