"""Regions of the inputs in which something happens: a box by peeling (PRIM) and a shallow tree (CART).

Both take inputs as percentiles, shape (n, d) between 0 and 1, and whether it happened, shape (n,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.distributions import Array

Hits = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Box:
    """A box and how well it fits.

    Parameters
    ----------
    low, high
        Its sides, shape (d,) each; 0 and 1 where an input is free.
    coverage
        Share of all hits that lie in it.
    density
        Share of hits among what lies in it.
    mass
        Share of all points that lie in it.
    """

    low: Array
    high: Array
    coverage: float
    density: float
    mass: float

    @property
    def bound(self) -> list[int]:
        """Columns that it bounds."""
        return np.flatnonzero((self.low > 0) | (self.high < 1)).tolist()


def box_of(points: Array, hits: Hits, low: Array, high: Array) -> Box:
    """A box with its coverage, density and mass."""
    inside = ((points >= low) & (points <= high)).all(1)
    found = float(hits[inside].sum())
    return Box(low, high, found / max(int(hits.sum()), 1), found / max(int(inside.sum()), 1), float(inside.mean()))


def prim(points: Array, hits: Hits, *, peel: float = 0.05, least_mass: float = 0.05) -> Box:
    """Peel a box: cut the slice off one side that leaves the densest rest, again and again.

    Of the boxes passed on the way, the one with the largest product of coverage and density is kept, and its sides
    that do not help are opened again.

    Parameters
    ----------
    points, hits
        Inputs as percentiles, and whether it happened.
    peel
        Share of the points in the box that one cut takes.
    least_mass
        Share of all points below which no cut is made.

    References
    ----------
    Friedman and Fisher (1999), doi:10.1023/A:1008894516817.

    Examples
    --------
    >>> points = np.random.default_rng(1).random((4000, 2))
    >>> box = prim(points, (points[:, 0] > 0.7) & (points[:, 1] < 0.5))
    >>> (box.low.round(1) + 0).tolist(), box.high.round(1).tolist()
    ([0.7, 0.0], [1.0, 0.5])
    """
    low, high = np.zeros(points.shape[1]), np.ones(points.shape[1])
    best = box_of(points, hits, low, high)
    while True:
        tried = [box_of(points, hits, *sides) for sides in _cuts(points, low, high, peel)]
        tried = [box for box in tried if box.mass >= least_mass]
        if not tried:
            break
        following = max(tried, key=lambda box: (box.density, box.mass))
        low, high = following.low, following.high
        best = max(best, following, key=_fit)
    return _opened(points, hits, best)


def _fit(box: Box) -> float:
    return box.coverage * box.density


def _cuts(points: Array, low: Array, high: Array, peel: float) -> list[tuple[Array, Array]]:
    inside = points[((points >= low) & (points <= high)).all(1)]
    found = []
    for column in range(points.shape[1]):
        bottom, top = np.quantile(inside[:, column], [peel, 1 - peel])
        found += [(_put(low, column, bottom), high), (low, _put(high, column, top))]
    return found


def _put(sides: Array, column: int, value: float) -> Array:
    changed = sides.copy()
    changed[column] = value
    return changed


def _opened(points: Array, hits: Hits, box: Box) -> Box:
    """Without the sides whose opening loses nothing of coverage times density."""
    for column in box.bound:
        wider = [
            box_of(points, hits, _put(box.low, column, 0.0), box.high),
            box_of(points, hits, box.low, _put(box.high, column, 1.0)),
        ]
        box = max(box, *wider, key=lambda one: (round(_fit(one), 3), one.mass))
    return box


def cart(points: Array, hits: Hits, *, depth: int = 2, least_mass: float = 0.05) -> list[Box]:
    """A shallow tree: split where the Gini impurity falls most; one box a leaf, the densest first.

    Parameters
    ----------
    points, hits
        Inputs as percentiles, and whether it happened.
    depth
        Most splits on the way to a leaf.
    least_mass
        Least share of the points in a leaf.

    References
    ----------
    Breiman et al. (1984), "Classification and regression trees", doi:10.1201/9781315139470.

    Examples
    --------
    >>> points = np.random.default_rng(1).random((4000, 2))
    >>> leaves = cart(points, points[:, 1] > 0.6, depth=1)
    >>> leaves[0].low.round(2).tolist(), round(leaves[0].density, 2)
    ([0.0, 0.6], 1.0)
    """
    width = points.shape[1]
    boxes = _split(points, hits, np.zeros(width), np.ones(width), depth, int(least_mass * len(points)))
    return sorted((box_of(points, hits, low, high) for low, high in boxes), key=lambda box: -box.density)


def _split(points: Array, hits: Hits, low: Array, high: Array, depth: int, least: int) -> list[tuple[Array, Array]]:
    inside = ((points >= low) & (points <= high)).all(1)
    own, happened = points[inside], hits[inside]
    cuts = [(*_best_cut(own[:, column], happened, least), column) for column in range(points.shape[1])]
    gain, at, column = max(cuts)
    if depth == 0 or gain <= 1e-6:
        return [(low, high)]
    left = _split(points, hits, low, _put(high, column, at), depth - 1, least)
    return left + _split(points, hits, _put(low, column, at), high, depth - 1, least)


def _best_cut(values: Array, hits: Hits, least: int) -> tuple[float, float]:
    """Fall of the Gini impurity, and where."""
    count = len(values)
    if count < 2 * max(least, 1):
        return 0.0, 0.5
    order = np.argsort(values, kind="stable")
    left = np.cumsum(hits[order])[:-1]
    sizes = np.arange(1, count)
    right, total = left[-1] + hits[order[-1]] - left, count
    whole = hits.mean() * (1 - hits.mean())
    impurity = (left * (1 - left / sizes) + right * (1 - right / (total - sizes))) / total
    apart = values[order][1:] > values[order][:-1]
    gains = np.where(apart & (sizes >= least) & (total - sizes >= least), whole - impurity, 0.0)
    best = int(gains.argmax())
    return float(gains[best]), float((values[order][best] + values[order][best + 1]) / 2)
