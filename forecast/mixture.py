"""A finite Gaussian mixture over a path: the form of every answer about the logarithm of a market.

Given a few parameters the log path is Gaussian; the few parameters sit on quadrature nodes. So a path has weights,
and for each node a mean and a covariance over the years. Parts of the covariance may come from independent terms that
are skewed. Quantiles and probabilities need no sampling.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from forecast.errors import ArgumentError, ModelError, Problem
from forecast.skew import Addends, Spectrum, Terms

Array = NDArray[np.float64]

_SMALLEST_SD = 1e-9
_SPLIT = 0.9
_MEANS_WIDER = 6.0
_LEAST_WIDTH = 0.02
_HALVINGS = 3
_NEWTON_STEPS = 60
_NEWTON_TOLERANCE = 1e-11
_NEWTON_CLOSE = 3e-5
_MOST_TOLD = 800
_MOST_APART = 6000
_TOLD_WIDTHS = (0.3, 0.025)
_MOST_CELLS = 20


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
    terms
        Independent terms that are not normal; `covariances` hold theirs. None where all is normal.

    Examples
    --------
    >>> two = Mixture.of([0.5, 0.5], [[0.0], [2.0]], [[[1.0]], [[1.0]]])
    >>> two.quantiles([0.5]).round(6).tolist()
    [[1.0]]
    """

    weights: Array
    means: Array
    covariances: Array
    terms: Terms | None = None

    @classmethod
    def of(cls, weights: ArrayLike, means: ArrayLike, covariances: ArrayLike, terms: Terms | None = None) -> Mixture:
        """Check the shapes and make the weights sum to 1."""
        w, m, c = (np.asarray(part, float) for part in (weights, means, covariances))
        if m.shape != (w.size, m.shape[-1]) or c.shape != (*m.shape, m.shape[-1]):
            found = f"weights {w.shape}, means {m.shape}, covariances {c.shape}"
            raise ArgumentError(Problem("mixture", found, "shapes (J,), (J, T), (J, T, T)"))
        if not (np.isfinite(m).all() and np.isfinite(c).all() and w.sum() > 0):
            raise ModelError(
                "The mixture has a component that is not a number; please report the inputs that led here."
            )
        return cls(w / w.sum(), m, c, terms)

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

    @cached_property
    def marginals(self) -> tuple[Array, Array, Array]:
        """Each year by itself, all terms taken as normal: weights, means and sds, shape (C, T) each.

        Where there are many components, those with neighbouring mean and sd in a year are one there, with their mean
        and variance; probabilities move by less than 3e-5.
        """
        weights, sds = np.broadcast_to(self.weights[:, None], self.means.shape), self.sds
        return (weights, self.means, sds) if self.size <= _MOST_TOLD else _told(weights, self.means, sds)

    def cdf(self, values: ArrayLike) -> Array:
        """Probability of at most `values` (logs) in each year; shape (T,) or (T, L) as given."""
        x = np.asarray(values, float)
        wide = x if x.ndim == 2 else x[:, None]
        if self._spectrum is not None:
            return self._spectrum.cdf(wide).reshape(x.shape)
        weights, means, sds = self.marginals
        probability = np.einsum("jt,jtl->tl", weights, special.ndtr((wide - means[:, :, None]) / sds[:, :, None]))
        return probability.reshape(x.shape)

    def quantiles(self, levels: Sequence[float] | ArrayLike) -> Array:
        """Quantiles in logs, shape (T, L), by safeguarded Newton on the mixture's own distribution function."""
        wanted = checked_levels(levels)
        if self._spectrum is not None:
            return self._spectrum.quantiles(wanted)
        return mixture_quantiles(*self.marginals, wanted)

    @cached_property
    def _spectrum(self) -> Spectrum | None:
        """Distribution of each year where some terms are not normal."""
        return None if self.terms is None else Spectrum.of([self.addends])

    @cached_property
    def addends(self) -> Addends:
        """Each year as what it is the sum of: normal components, and terms that are not normal."""
        terms = self.terms
        if terms is not None and len(terms.loadings) > 1 and self.size <= _MOST_APART:
            weights, means, sds = np.broadcast_to(self.weights[:, None], self.means.shape), self.means, self.sds
        else:
            weights, means, sds = self.marginals
            terms = None if terms is None else terms.typical(self.weights, len(weights))
        if terms is not None:
            sds = np.sqrt(np.maximum(sds**2 - terms.variance(), _SMALLEST_SD**2))
        return Addends(weights, means, sds, terms)

    def given(self, year: int, value: float) -> Mixture:
        """The mixture once the log value at one position of the path is known, all terms taken as normal."""
        variance = self.sds[:, year] ** 2
        gap = value - self.means[:, year]
        log_weights = np.log(self.weights) - 0.5 * (gap**2 / variance + np.log(variance))
        gain = self.covariances[:, :, year] / variance[:, None]
        within = self.covariances - gain[:, :, None] * self.covariances[:, year, None, :]
        return Mixture.of(special.softmax(log_weights), self.means + gain * gap[:, None], within)

    def split(self, year: int, count: int) -> Mixture:
        """The same mixture with every component split along one position of the path, so that each is narrow there.

        All terms are taken as normal.

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

    def ordered(self, year: int) -> Mixture:
        """The same mixture with its components in the order of their means at one position of the path."""
        order = np.argsort(self.means[:, year], kind="stable")
        terms = None if self.terms is None else self.terms.some(order)
        return Mixture(self.weights[order], self.means[order], self.covariances[order], terms)

    def linear(self, matrix: ArrayLike) -> Mixture:
        """The mixture of A x for a path x; `matrix` has shape (K, T)."""
        a = np.asarray(matrix, float)
        terms = None if self.terms is None else self.terms.linear(a)
        return Mixture(self.weights, self.means @ a.T, a @ self.covariances @ a.T, terms)

    def pruned(self, smallest: float = 1e-6) -> Mixture:
        """Without the lightest components, together less than `smallest` of the weight."""
        order = np.argsort(self.weights)
        dropped = order[np.cumsum(self.weights[order]) < smallest]
        keep = np.setdiff1d(np.arange(self.size), dropped)
        terms = None if self.terms is None else self.terms.some(keep)
        return Mixture.of(self.weights[keep], self.means[keep], self.covariances[keep], terms)

    def merged(self, width: float = 0.1) -> Mixture:
        """Fewer components: neighbours in mean and spread are merged, mean and covariance of the whole kept.

        Components are neighbours when, at the first, middle and last year, their sds agree within a factor of about
        1 + `width` and their means within `_MEANS_WIDER` times as many sds (a mean apart costs far less than a
        spread apart, because the merged component keeps the variance of both).
        """
        return self if width <= 0 else self.grouped(self._at_key_years()._neighbours(width))

    def reduced(self, most: int, *, by: ArrayLike | None = None) -> Mixture:
        """Merged, with the least width that leaves at most so many components.

        Parameters
        ----------
        most
            Number of components.
        by
            Linear functions of the path by which components are compared, shape (K, T); its first, middle and last
            year where None.
        """
        if self.size <= most:
            return self
        seen = self._at_key_years() if by is None else self.linear(by)
        low = high = _LEAST_WIDTH
        found = seen._neighbours(high)
        while found.max() >= most:
            low, high = high, 2 * high
            found = seen._neighbours(high)
        for _ in range(_HALVINGS if high > low else 0):
            middle = math.sqrt(low * high)
            label = seen._neighbours(middle)
            if label.max() < most:
                high, found = middle, label
            else:
                low = middle
        return self.grouped(found)

    def _at_key_years(self) -> Mixture:
        years = np.unique([0, self.means.shape[1] // 2, self.means.shape[1] - 1])
        return Mixture(self.weights, self.means[:, years], self.covariances[:, years[:, None], years])

    def _neighbours(self, width: float) -> NDArray[np.intp]:
        """Number the groups of components alike in mean and sd everywhere; a shift of the whole changes nothing."""
        sds, logs = self.sds, np.log(self.sds)
        pace = _MEANS_WIDER * width * (self.weights @ sds)
        places, widths = (self.means - self.mean()) / pace, (logs - self.weights @ logs) / width
        return labels(np.round(np.concatenate([places, widths], axis=1)).astype(np.int64))

    def grouped(self, label: NDArray[np.integer]) -> Mixture:
        """One component a label (0, 1, ...; each used), with the mean and covariance of all that carry it."""
        order = np.argsort(label, kind="stable")
        starts = np.flatnonzero(np.diff(label[order], prepend=-1))
        weights = np.add.reduceat(self.weights[order], starts)
        share = (self.weights / weights[label])[order]
        means = np.add.reduceat(share[:, None] * self.means[order], starts)
        centred = self.means[order] - np.repeat(means, np.diff(starts, append=len(order)), axis=0)
        within = self.covariances[order] + centred[:, :, None] * centred[:, None, :]
        terms = None if self.terms is None else self.terms.typical(self.weights, len(weights))
        return Mixture.of(weights, means, np.add.reduceat(share[:, None, None] * within, starts), terms)

    def draws(self, count: int, *, seed: int | np.random.Generator) -> Array:
        """`count` paths in logs, shape (count, T); for questions about whole paths only."""
        rng = np.random.default_rng(seed)
        chosen = np.sort(rng.choice(self.size, size=count, p=self.weights))
        own = self.covariances if self.terms is None else self.covariances - self.terms.covariance()
        values, vectors = np.linalg.eigh(own)
        roots = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
        noise = rng.standard_normal((count, self.means.shape[1]))
        starts = np.searchsorted(chosen, np.arange(self.size + 1))
        paths = self.means[chosen]
        for j in np.flatnonzero(np.diff(starts)):
            rows = slice(starts[j], starts[j + 1])
            paths[rows] += noise[rows] @ roots[j].T
        if self.terms is not None:
            paths += self.terms.draws(chosen, rng)
        return paths[rng.permutation(count)]


def labels(keys: NDArray[np.int64]) -> NDArray[np.intp]:
    """Number the distinct rows of `keys` from 0, in their sorted order."""
    spans = np.ptp(keys, axis=0) + 1
    strides = np.concatenate([np.cumprod(spans[::-1].astype(float))[-2::-1], [1.0]])
    if strides[0] * spans[0] < 2.0**62:
        return np.unique((keys - keys.min(0)) @ strides.astype(np.int64), return_inverse=True)[1]
    return np.unique(keys, axis=0, return_inverse=True)[1].ravel()


def joined(weights: Sequence[float], parts: Sequence[Mixture]) -> Mixture:
    """One mixture of several over the same years; terms that are not the same in all are taken as normal.

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
        Terms.joined([part.terms for _, part in used]),
    )


def blended_quantiles(weights: Sequence[float], parts: Sequence[Mixture], levels: ArrayLike) -> Array:
    """Quantiles of several mixtures over the same years taken as one, shape (T, L), each with its own skewed terms.

    Parameters
    ----------
    weights
        One a part; they need not sum to 1.
    parts
        Mixtures over the same number of years.
    levels
        Probabilities in (0, 1), shape (L,).
    """
    if all(part.terms is None for part in parts):
        return joined(weights, parts).quantiles(levels)
    shares = np.asarray(weights, float) / sum(weights)
    told = [part.addends._replace(weights=w * part.addends.weights) for w, part in zip(shares, parts, strict=True)]
    return Spectrum.of(told).quantiles(checked_levels(levels))


def mixture_quantiles(weights: Array, means: Array, sds: Array, levels: Array) -> Array:
    """Quantiles of one-dimensional Gaussian mixtures, one a year.

    Newton runs on the normal score of the distribution function, which is nearly straight, and falls back to
    bisection wherever it leaves the bracket.

    Parameters
    ----------
    weights, means, sds
        Shapes (J,) or (J, T), (J, T), (J, T).
    levels
        Probabilities in (0, 1), shape (L,).

    Returns
    -------
    Shape (T, L).
    """
    weight = np.broadcast_to(weights.reshape(len(weights), -1), means.shape)
    target = special.ndtri(checked_levels(levels))
    component = means[:, :, None] + sds[:, :, None] * target
    low, high = component.min(0), component.max(0)
    centre = np.einsum("jt,jt->t", weight, means)
    spread = np.sqrt(np.einsum("jt,jt->t", weight, sds**2 + (means - centre) ** 2))
    close = _NEWTON_CLOSE * sds.min(0)[:, None]
    x = np.clip(centre[:, None] + spread[:, None] * target, low, high)
    for _ in range(_NEWTON_STEPS):
        gap, slope = _score_gap(x, weight, means, sds, target)
        low, high = np.where(gap < 0, x, low), np.where(gap > 0, x, high)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = x - gap / slope
        inside = (step >= low) & (step <= high) & np.isfinite(step)
        following = np.where(inside, step, (low + high) / 2)
        moved = np.abs(following - x)
        x = following
        if (moved <= np.where(inside, close, 0.0) + _NEWTON_TOLERANCE * (1 + np.abs(x))).all():
            break
    return x


def checked_levels(asked: Sequence[float] | ArrayLike) -> Array:
    """Probabilities strictly between 0 and 1, shape (L,); anything else is an `ArgumentError`."""
    levels = np.asarray(asked, float)
    if levels.ndim != 1 or not ((levels > 0) & (levels < 1)).all():
        raise ArgumentError(Problem("levels", f"{levels.tolist()}", "probabilities between 0 and 1, such as 0.1"))
    return levels


def _score_gap(x: Array, weight: Array, means: Array, sds: Array, target: Array) -> tuple[Array, Array]:
    """Normal score of F(x) less its target, and the slope of that score."""
    side = np.where(target > 0, -1.0, 1.0)
    z = (x - means[:, :, None]) / sds[:, :, None]
    score = side * special.ndtri(np.einsum("jt,jtl->tl", weight, special.ndtr(side * z)))
    density = np.einsum("jt,jtl->tl", weight / sds, np.exp(-0.5 * z * z))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope = density * np.exp(0.5 * score * score)
    return score - target, slope


def _told(weights: Array, means: Array, sds: Array) -> tuple[Array, Array, Array]:
    """Year by year, one component for all with neighbouring mean and sd; weight 0 where a year has fewer of them."""
    width, log_width = _TOLD_WIDTHS
    wide = np.floor(np.log(sds) / log_width)
    centred = means - np.einsum("jt,jt->t", weights, means)
    place = np.floor(centred / (width * np.exp(wide * log_width)))
    years = [_told_year(*parts) for parts in zip(weights.T, means.T, sds.T, place.T, wide.T, strict=True)]
    most = max(len(weight) for weight, _, _ in years)
    weight, mean, sd = (np.empty((most, len(years))) for _ in range(3))
    for t, (w, m, s) in enumerate(years):
        rest = most - len(w)
        weight[:, t], mean[:, t], sd[:, t] = (np.pad(part, (0, rest), mode="edge") for part in (w, m, s))
        weight[len(w) :, t] = 0.0
    return weight, mean, sd


def _told_year(weight: Array, mean: Array, sd: Array, place: Array, wide: Array) -> tuple[Array, Array, Array]:
    low, span = place.min(), np.ptp(place) + 1
    if span * (np.ptp(wide) + 1) < _MOST_CELLS * len(weight):
        label = ((wide - wide.min()) * span + place - low).astype(np.intp)
    else:
        label = labels(np.column_stack([wide, place]).astype(np.int64))
    total = np.bincount(label, weight).astype(float)
    used = total > 0
    total[~used] = 1.0
    middle = np.bincount(label, weight * mean) / total
    variance = np.bincount(label, weight * (sd**2 + (mean - middle[label]) ** 2)) / total
    return total[used], middle[used], np.asarray(np.sqrt(variance[used]))
