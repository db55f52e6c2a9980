"""From a start and scenarios to a projection: the market year by year, as a Gaussian mixture of log paths.

Up to the handover year h the path is the consensus', shifted; beyond, growth fades:

    t <= h:     log V_t = m_t + delta (t - s)
    t = h + k:  log V_t = m_h + S_k g_h + (k - S_k) theta + delta (t - s),   S_k = (1 - phi^k) / (1 - phi)

with s the newest base year, g_h = m_h - m_{h-1} (after a history the mean growth of its last years, as one year's ups
and downs are no trend), theta the log of terminal growth and delta the growth shift. Yearly volatility widens the path
as a random walk that leaves its median alone. Last, the variance is topped up to that of published forecasts at the
same horizon, fat-tailed, where it is less.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.distributions import Array
from forecast.engine.error_floor import topped_up
from forecast.engine.node_rows import NodeRows, added, node_rows, paired_rows
from forecast.engine.scenario_nodes import scenario_nodes
from forecast.errors import ModelError
from forecast.mixture import Mixture
from forecast.projection import ScenarioPath
from forecast.scenario import Scenario

_MOST_CELLS = 24_000
_LEAST_START = 700
_BENT_NODES = 31
_BINS = (64, 4)


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
    pace: int = 1,
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
    pace
        Years up to the handover over which the growth that fades is measured.
    """
    years = np.arange(origin, end + 1)
    if scenario.growth.has_ceiling or scenario.growth.curve == "segments":
        start = market.reduced(_LEAST_START).split(-1, _BENT_NODES).ordered(-1)
        rows = paired_rows(scenario, years, known, start, pace=pace)
    else:
        most = _MOST_CELLS // min(market.size, _LEAST_START)
        rows, start = _matched(node_rows(scenario, years, known, market, most=most, pace=pace), market)
    mixture = rows.carry(start)
    parts = {} if causes is None else _parts(causes, rows, start, mixture)
    mixture, missing = topped_up(mixture, scenario.analyst_error, years - origin)
    if causes is not None:
        parts["analyst error"] = missing
    return ScenarioPath(scenario, years, mixture, parts, rows.correlation_kept)


def _matched(rows: NodeRows, market: Mixture) -> tuple[NodeRows, Mixture]:
    """Rows and start merged until every one on every other is not too many; the start first, as it costs least."""
    if rows.size * market.size <= _MOST_CELLS:
        return rows, market
    start = market.reduced(max(_LEAST_START, _MOST_CELLS // rows.size), by=rows.middle)
    return rows.merged(start, _MOST_CELLS // start.size), start


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
    offset, own, process, _ = added(nodes, years)
    means = np.broadcast_to(path, (nodes.size, len(years))) + offset
    mixture = Mixture.of(nodes.weights, means, own).grouped(_bins(nodes.weights, means))
    drivers = np.maximum(mixture.variance() - process, 0.0)
    mixture, missing = topped_up(mixture, scenario.analyst_error, years - origin)
    parts = {"process": process, "scenario drivers": drivers, "analyst error": missing}
    return ScenarioPath(scenario, years, mixture, parts, nodes.correlation_kept)


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


def _parts(
    causes: Mapping[str, NDArray[np.floating[Any]]], rows: NodeRows, start: Mixture, mixture: Mixture
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
