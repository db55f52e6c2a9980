"""A finite Gaussian mixture over a path: the form of every answer about the logarithm of a market.

Given a few parameters the log path is Gaussian; the few parameters sit on quadrature nodes. So a path has weights,
and for each node a mean and a covariance over the years. Quantiles and probabilities need no sampling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from forecast.errors import ArgumentError, ModelError, Problem

Array = NDArray[np.float64]

_SMALLEST_SD = 1e-9
_SPLIT = 0.9
_MEANS_WIDER = 6.0
_LEAST_WIDTH = 0.02
_WIDER = 1.25
_NEWTON_STEPS = 60
_NEWTON_TOLERANCE = 1e-11


@dataclass(frozen=True, eq=False)
class Mixture:
    """Weights w_j, means m_jt and covariances S_jtu of a path over T years.

    Parameters
    ----------
    weights
        Shape (J,), positive, summing to 1.
    means
        Shape (J, T), in logs.
    covariances
        Shape (J, T, T), in squared logs.

    Examples
    --------
    >>> two = Mixture.of([0.5, 0.5], [[0.0], [2.0]], [[[1.0]], [[1.0]]])
    >>> two.quantiles([0.5]).round(6).tolist()
    [[1.0]]
    """

    weights: Array
    means: Array
    covariances: Array

    @classmethod
    def of(cls, weights: ArrayLike, means: ArrayLike, covariances: ArrayLike) -> Mixture:
        """Check the shapes and make the weights sum to 1."""
        w, m, c = (np.asarray(part, float) for part in (weights, means, covariances))
        if m.shape != (w.size, m.shape[-1]) or c.shape != (*m.shape, m.shape[-1]):
            found = f"weights {w.shape}, means {m.shape}, covariances {c.shape}"
            raise ArgumentError(Problem("mixture", found, "shapes (J,), (J, T), (J, T, T)"))
        if not (np.isfinite(m).all() and np.isfinite(c).all() and w.sum() > 0):
            raise ModelError(
                "The mixture has a component that is not a number; please report the inputs that led here."
            )
        return cls(w / w.sum(), m, c)

    @property
    def size(self) -> int:
        """Number of components."""
        return self.weights.size

    @property
    def sds(self) -> Array:
        """Standard deviations by component and year, shape (J, T)."""
        variances = np.einsum("jtt->jt", self.covariances)
        return np.sqrt(np.maximum(variances, _SMALLEST_SD**2))

    def mean(self) -> Array:
        """Mean path, shape (T,)."""
        return self.weights @ self.means

    def covariance(self) -> Array:
        """Covariance of the whole mixture (within and between components), shape (T, T)."""
        centred = self.means - self.mean()
        within = np.tensordot(self.weights, self.covariances, 1)
        return within + (centred * self.weights[:, None]).T @ centred

    def variance(self) -> Array:
        """Variance of the whole mixture by year, shape (T,)."""
        return np.diag(self.covariance()).copy()

    def cdf(self, values: ArrayLike) -> Array:
        """Probability of at most `values` (logs) in each year; shape (T,) or (T, L) as given."""
        x = np.asarray(values, float)
        wide = x if x.ndim == 2 else x[:, None]
        score = (wide - self.means[:, :, None]) / self.sds[:, :, None]
        probability = np.tensordot(self.weights, special.ndtr(score), 1)
        return probability.reshape(x.shape)

    def quantiles(self, levels: Sequence[float] | ArrayLike) -> Array:
        """Quantiles in logs, shape (T, L), by safeguarded Newton on the mixture's own distribution function."""
        return mixture_quantiles(self.weights, self.means, self.sds, np.asarray(levels, float))

    def given(self, year: int, value: float) -> Mixture:
        """The mixture once the log value at one position of the path is known."""
        variance = self.sds[:, year] ** 2
        gap = value - self.means[:, year]
        log_weights = np.log(self.weights) - 0.5 * (gap**2 / variance + np.log(variance))
        gain = self.covariances[:, :, year] / variance[:, None]
        within = self.covariances - gain[:, :, None] * self.covariances[:, year, None, :]
        return Mixture.of(special.softmax(log_weights), self.means + gain * gap[:, None], within)

    def split(self, year: int, count: int) -> Mixture:
        """The same mixture with every component split along one position of the path, so that each is narrow there.

        A normal is a normal of its nodes: nine tenths of its variance go to `count` Gauss–Hermite nodes.
        """
        scores, weights = np.polynomial.hermite_e.hermegauss(count)
        gain = self.covariances[:, :, year] / self.sds[:, year, None]
        moved = np.sqrt(_SPLIT) * scores[None, :, None] * gain[:, None, :]
        narrow = self.covariances - _SPLIT * gain[:, :, None] * gain[:, None, :]
        shape = self.means.shape[1]
        return Mixture.of(
            np.outer(self.weights, weights).ravel(),
            (self.means[:, None] + moved).reshape(-1, shape),
            np.repeat(narrow, count, axis=0).reshape(-1, shape, shape),
        )

    def linear(self, matrix: ArrayLike) -> Mixture:
        """The mixture of A x for a path x; `matrix` has shape (K, T)."""
        a = np.asarray(matrix, float)
        return Mixture(self.weights, self.means @ a.T, a @ self.covariances @ a.T)

    def pruned(self, smallest: float = 1e-6) -> Mixture:
        """Without the lightest components, together less than `smallest` of the weight."""
        order = np.argsort(self.weights)
        dropped = order[np.cumsum(self.weights[order]) < smallest]
        keep = np.setdiff1d(np.arange(self.size), dropped)
        return Mixture.of(self.weights[keep], self.means[keep], self.covariances[keep])

    def merged(self, width: float = 0.1) -> Mixture:
        """Fewer components: neighbours in mean and spread are merged, mean and covariance of the whole kept.

        Components are neighbours when, at the first, middle and last year, their sds agree within a factor of about
        1 + `width` and their means within `_MEANS_WIDER` times as many sds (a mean apart costs far less than a
        spread apart, because the merged component keeps the variance of both).
        """
        return self if width <= 0 else self.grouped(self._neighbours(width))

    def reduced(self, most: int) -> Mixture:
        """Merged, with the least width that leaves at most so many components."""
        width, label = _LEAST_WIDTH, np.arange(self.size)
        while label.max() >= most:
            label, width = self._neighbours(width), width * _WIDER
        return self.grouped(label) if label.max() + 1 < self.size else self

    def _neighbours(self, width: float) -> NDArray[np.intp]:
        sds = self.sds
        years = np.unique([0, self.means.shape[1] // 2, self.means.shape[1] - 1])
        pace = _MEANS_WIDER * width * np.tensordot(self.weights, sds[:, years], 1)
        keys = np.concatenate([np.round(self.means[:, years] / pace), np.round(np.log(sds[:, years]) / width)], axis=1)
        return labels(keys.astype(np.int64))

    def grouped(self, label: NDArray[np.integer]) -> Mixture:
        """One component a label (0, 1, ...; each used), with the mean and covariance of all that carry it."""
        order = np.argsort(label, kind="stable")
        starts = np.flatnonzero(np.diff(label[order], prepend=-1))
        weights = np.add.reduceat(self.weights[order], starts)
        share = (self.weights / weights[label])[order]
        means = np.add.reduceat(share[:, None] * self.means[order], starts)
        centred = self.means[order] - np.repeat(means, np.diff(starts, append=len(order)), axis=0)
        within = self.covariances[order] + centred[:, :, None] * centred[:, None, :]
        return Mixture.of(weights, means, np.add.reduceat(share[:, None, None] * within, starts))

    def draws(self, count: int, *, seed: int | np.random.Generator) -> Array:
        """`count` paths in logs, shape (count, T); for questions about whole paths only."""
        rng = np.random.default_rng(seed)
        chosen = np.sort(rng.choice(self.size, size=count, p=self.weights))
        values, vectors = np.linalg.eigh(self.covariances)
        roots = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
        noise = rng.standard_normal((count, self.means.shape[1]))
        starts = np.searchsorted(chosen, np.arange(self.size + 1))
        paths = self.means[chosen]
        for j in np.flatnonzero(np.diff(starts)):
            rows = slice(starts[j], starts[j + 1])
            paths[rows] += noise[rows] @ roots[j].T
        return paths[rng.permutation(count)]


def labels(keys: NDArray[np.int64]) -> NDArray[np.intp]:
    """Number the distinct rows of `keys` from 0, in their sorted order."""
    spans = np.ptp(keys, axis=0) + 1
    strides = np.concatenate([np.cumprod(spans[::-1].astype(float))[-2::-1], [1.0]])
    if strides[0] * spans[0] < 2.0**62:
        keys = ((keys - keys.min(0)) @ strides.astype(np.int64))[:, None]
    return np.unique(keys, axis=0, return_inverse=True)[1].ravel()


def joined(weights: Sequence[float], parts: Sequence[Mixture]) -> Mixture:
    """One mixture of several over the same years.

    Parameters
    ----------
    weights
        One a part; they need not sum to 1.
    parts
        Mixtures over the same number of years.
    """
    used = [(w, part) for w, part in zip(weights, parts, strict=True) if w > 0]
    return Mixture.of(
        np.concatenate([w * part.weights for w, part in used]),
        np.concatenate([part.means for _, part in used]),
        np.concatenate([part.covariances for _, part in used]),
    )


def mixture_quantiles(weights: Array, means: Array, sds: Array, levels: Array) -> Array:
    """Quantiles of one-dimensional Gaussian mixtures, one a year.

    Newton runs on the normal score of the distribution function, which is nearly straight, and falls back to
    bisection wherever it leaves the bracket.

    Parameters
    ----------
    weights, means, sds
        Shapes (J,), (J, T), (J, T).
    levels
        Probabilities in (0, 1), shape (L,).

    Returns
    -------
    Shape (T, L).
    """
    if levels.ndim != 1 or not ((levels > 0) & (levels < 1)).all():
        raise ArgumentError(Problem("levels", f"{levels.tolist()}", "probabilities between 0 and 1, such as 0.1"))
    target = special.ndtri(levels)
    component = means[:, :, None] + sds[:, :, None] * target
    low, high = component.min(0), component.max(0)
    centre = weights @ means
    spread = np.sqrt(weights @ (sds**2 + (means - centre) ** 2))
    x = np.clip(centre[:, None] + spread[:, None] * target, low, high)
    for _ in range(_NEWTON_STEPS):
        gap, slope = _score_gap(x, weights, means, sds, target)
        low, high = np.where(gap < 0, x, low), np.where(gap > 0, x, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = x - gap / slope
        inside = (step >= low) & (step <= high) & np.isfinite(step)
        following = np.where(inside, step, (low + high) / 2)
        moved = np.abs(following - x)
        x = following
        if (moved <= _NEWTON_TOLERANCE * (1 + np.abs(x))).all():
            break
    return x


def _score_gap(x: Array, weights: Array, means: Array, sds: Array, target: Array) -> tuple[Array, Array]:
    """Normal score of F(x) less its target, and the slope of that score."""
    side = np.where(target > 0, -1.0, 1.0)
    z = (x - means[:, :, None]) / sds[:, :, None]
    score = side * special.ndtri(np.tensordot(weights, special.ndtr(side * z), 1))
    density = np.einsum("j,jtl,jt->tl", weights, np.exp(-0.5 * z * z), 1 / sds)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope = density * np.exp(0.5 * score * score)
    return score - target, slope
