"""Sums of normal mixtures and independent terms that are not normal: their distribution by Fourier inversion.

The characteristic function of a sum is the product of those of its parts, so that any number of skewed terms costs no
more than one. Gil-Pelaez' integral (1951, doi:10.1093/biomet/38.3-4.481) is taken by the midpoint rule, whose error
falls with the exponential of the number of points (Davies, 1973, doi:10.1093/biomet/60.2.415).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

_FAR = 5.5
"""Normal score beyond which nothing comes."""
_ASKED = 5.0
"""Standard deviations from the centre within which values are asked about; beyond, 1e-6 may be lost."""
_GONE = 4.4
"""Standard deviations of a characteristic function after which it is 0."""
_SMALL = 1e-5
"""Weight of components that may be narrower than the rest without being followed all the way."""
_RARE, _THIN = 1e-6, 1e-3
"""Weights of a node that is too far away to matter, and to lie close to its neighbours."""
_APART, _FINEST = 1.2, 16
"""Distance of neighbouring nodes in sds of all else, and most times as many nodes as usual."""
_LEAST_SD = 0.02
"""Part of the spread to which the sd of a normal component is raised, so that there is an end to its waves."""
_MOST = 512
_BLOCK = 8
_NEWTON_STEPS = 60
_NEWTON_CLOSE = 1e-5


class Variable(Protocol):
    """A variable of mean 0 and variance 1."""

    def standard(self, score: Array) -> Array:
        """Its value at a normal score."""

    def standard_nodes(self, finer: int = 1) -> tuple[Array, Array]:
        """Its values on nodes, and their weights; so many times as many nodes where it is continuous."""


@dataclass(frozen=True, eq=False)
class Terms:
    """Independent variables that are not normal, G of them, and what each adds to a path of T years.

    Parameters
    ----------
    loadings
        What a unit of each adds, in R different cases, shape (R, T, G).
    variables
        G of them.
    case
        Which case each component of the path is, shape (J,).
    """

    loadings: Array
    variables: tuple[Variable, ...]
    case: NDArray[np.intp]

    @classmethod
    def joined(cls, parts: Sequence[Terms | None]) -> Terms | None:
        """Terms of components one after the other; None unless they are the same everywhere."""
        first = parts[0]
        if first is None or any(part is None or part.loadings is not first.loadings for part in parts):
            return None
        return replace(first, case=np.concatenate([part.case for part in parts if part is not None]))

    def some(self, components: NDArray[np.intp]) -> Terms:
        """Terms of some of the components."""
        return replace(self, case=self.case[components])

    def typical(self, weights: Array, count: int) -> Terms:
        """The same in all of `count` components: loadings whose cubes are the mean of those of all, with weights."""
        shares = np.bincount(self.case, weights, len(self.loadings)) / weights.sum()
        loadings = self.loadings[:1] if len(shares) == 1 else np.cbrt(np.tensordot(shares, self.loadings**3, 1))[None]
        return Terms(loadings, self.variables, np.zeros(count, np.intp))

    def linear(self, matrix: Array) -> Terms:
        """The terms of A x for a path x; `matrix` has shape (K, T)."""
        return replace(self, loadings=matrix @ self.loadings)

    def variance(self) -> Array:
        """What they add to the variance by component and year, shape (J, T)."""
        return np.square(self.loadings).sum(axis=2)[self.case]

    def covariance(self) -> Array:
        """What they add to the covariance of each component, shape (J, T, T)."""
        return (self.loadings @ np.swapaxes(self.loadings, 1, 2))[self.case]

    def jump(self) -> Array:
        """Farthest that a single term may reach by itself, shape (T,)."""
        far = [np.abs(values[weights > _RARE]).max() for values, weights in self._coarse]
        return np.max(np.abs(self.loadings) * far, axis=(0, 2))

    def waves(self, step: Array, count: int, beside: Array) -> Complex:
        """Product of their characteristic functions at k + 1/2 steps for k = 0 ... count - 1, shape (count, R, T).

        Nodes lie as close as the sd of what is added `beside` the terms, shape (T,), asks for.
        """
        angle, same = step[:, None] * self.loadings, (self.loadings == self.loadings[0]).all(axis=(0, 1))
        nodes = [v.standard_nodes(finer) for v, finer in zip(self.variables, self._finer(beside), strict=True)]
        kinds: dict[tuple[int, bool], list[int]] = {}
        for g, (values, _) in enumerate(nodes):
            kinds.setdefault((len(values), bool(same[g])), []).append(g)
        found: Complex = np.ones((count, 1, len(step)), complex)
        for (_, alike), which in kinds.items():
            values, weights = (np.array(rows).T[:, None, None] for rows in zip(*(nodes[g] for g in which), strict=True))
            turned = values * angle[: 1 if alike else None, :, which]
            found = found * _waves_of(weights, turned, None, count).prod(axis=3)
        return found

    def draws(self, components: NDArray[np.intp], rng: np.random.Generator) -> Array:
        """What they add to paths of so many components, shape (count, T)."""
        scores = rng.standard_normal((len(self.variables), len(components)))
        drawn = np.array([own.standard(score) for own, score in zip(self.variables, scores, strict=True)])
        case, added = self.case[components], np.empty((len(components), self.loadings.shape[1]))
        for number, loadings in enumerate(self.loadings):
            here = case == number
            added[here] = drawn[:, here].T @ loadings.T
        return added

    @cached_property
    def _coarse(self) -> list[tuple[Array, Array]]:
        return [variable.standard_nodes() for variable in self.variables]

    def _finer(self, beside: Array) -> list[int]:
        gaps = [(values[1:] - values[:-1])[weights[1:] > _THIN].max(initial=0.0) for values, weights in self._coarse]
        squares = np.square(self.loadings)
        smooth = np.square(beside)[:, None] + (squares.sum(axis=2, keepdims=True) - squares) / 2
        wide = np.sqrt((squares / smooth).max(axis=(0, 1))) * gaps / _APART
        return [math.ceil(min(max(own, 1.0), _FINEST)) for own in wide.tolist()]


class Addends(NamedTuple):
    """T sums: one of J normal components each, and terms that are the same in all of these.

    Parameters
    ----------
    weights, means, sds
        Shape (J, T) each, the sds without those of the terms.
    terms
        None where there are none.
    """

    weights: Array
    means: Array
    sds: Array
    terms: Terms | None

    def _whole(self) -> Array:
        return np.square(self.sds) + (0.0 if self.terms is None else self.terms.variance())

    def squares(self, centre: Array) -> Array:
        """Mean squared distance of each component from a centre, shape (J, T)."""
        return np.square(self.means - centre) + self._whole()

    def reach(self, centre: Array) -> Array:
        """Distance from a centre beyond which nothing comes, shape (T,)."""
        far = np.max(np.abs(self.means - centre) + _FAR * np.sqrt(self._whole()), axis=0)
        return far if self.terms is None else far + self.terms.jump()

    def narrowest(self) -> Array:
        """Least sd of a component that has weight, shape (T,)."""
        return np.min(self.sds, axis=0, where=self.weights > _SMALL, initial=np.inf)

    def waves(self, centre: Array, step: Array, count: int) -> Complex:
        """Characteristic functions, less the centre, at k + 1/2 steps for k = 0 ... count - 1, shape (count, T)."""
        angle, variance = (self.means - centre) * step, np.square(self.sds * step)
        if self.terms is None:
            return _waves_of(self.weights, angle, variance, count)
        order = np.argsort(self.terms.case, kind="stable")
        starts = np.flatnonzero(np.diff(self.terms.case[order], prepend=-1))
        normal = _waves_of(self.weights[order], angle[order], variance[order], count, starts)
        skewed = self.terms.waves(step, count, self.narrowest())
        cases = self.terms.case[order][starts] if skewed.shape[1] > 1 else slice(None)
        return np.einsum("krt,krt->kt", normal, np.broadcast_to(skewed[:, cases], normal.shape))


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Characteristic functions of T distributions, each less its centre, at (k + 1/2) `step`, k = 0 ... K - 1.

    Parameters
    ----------
    centre, spread, step
        Shape (T,).
    reach
        Distance from the centre beyond which nothing comes, shape (T,).
    values
        Shape (T, K).
    """

    centre: Array
    spread: Array
    step: Array
    reach: Array
    values: Complex

    @classmethod
    def of(cls, parts: Sequence[Addends]) -> Spectrum:
        """Distributions of sums; of several kinds of sums taken together where there are several parts."""
        centre = sum((np.einsum("jt,jt->t", p.weights, p.means) for p in parts), np.zeros(1))
        spread = np.sqrt(sum((np.einsum("jt,jt->t", p.weights, p.squares(centre)) for p in parts), np.zeros(1)))
        parts = [p._replace(sds=np.maximum(p.sds, _LEAST_SD * spread)) for p in parts]
        reach = np.max([p.reach(centre) for p in parts], axis=0)
        step = 2 * np.pi / (reach + _ASKED * spread)
        narrowest = np.min([p.narrowest() for p in parts], axis=0)
        count = math.ceil(min(np.max(_GONE / (narrowest * step)), _MOST))
        waves = np.sum([p.waves(centre, step, count) for p in parts], axis=0)
        return cls(centre, spread, step, reach, waves.T)

    def cdf(self, values: Array) -> Array:
        """Probability of at most `values`, shape (T, L)."""
        centred, reach = values - self.centre[:, None], self.reach[:, None]
        within = np.clip(0.5 - self._waves(np.clip(centred, -reach, reach))[0], 0.0, 1.0)
        return np.where(np.abs(centred) < reach, within, (centred > 0).astype(float))

    def quantiles(self, levels: Array) -> Array:
        """Quantiles by safeguarded Newton, shape (T, L)."""
        spread, high = self.spread[:, None], np.repeat(self.reach[:, None], len(levels), axis=1)
        low, close = -high, _NEWTON_CLOSE * spread
        x = np.clip(spread * special.ndtri(levels), low, high)
        for _ in range(_NEWTON_STEPS):
            below, density = self._waves(x)
            gap = 0.5 - below - levels
            low, high = np.where(gap < 0, x, low), np.where(gap > 0, x, high)
            with np.errstate(divide="ignore", invalid="ignore"):
                following = x - gap / density
            inside = ((following > low) & (following < high)) | (np.abs(following - x) <= close)
            following = np.where(inside, following, (low + high) / 2)
            moved, x = np.abs(following - x), following
            if (moved <= close).all():
                break
        return self.centre[:, None] + x

    def _waves(self, centred: Array) -> tuple[Array, Array]:
        """One half less the distribution function, and the density, at values less the centre, shape (T, L)."""
        angle = -centred[..., None] * self.step[:, None, None]
        far, near = (_turns(angle * at) for at in (_BLOCK * np.arange(self._blocks.shape[2]), np.arange(_BLOCK) + 0.5))
        below, density = ((far @ self._blocks) * near).sum(axis=-1) / np.pi
        return below.imag, density.real * self.step[:, None]

    @cached_property
    def _blocks(self) -> Complex:
        """The values, over their place and as they are, in blocks: shape (2, T, blocks, `_BLOCK`)."""
        rest = -self.values.shape[1] % _BLOCK
        values = np.pad(self.values, ((0, 0), (0, rest)))
        places = np.arange(values.shape[1]) + 0.5
        return np.stack([values / places, values]).reshape(2, len(values), -1, _BLOCK)


def _turns(angle: Array) -> Complex:
    """exp(i angle)."""
    found = np.empty(angle.shape, complex)
    np.cos(angle, out=found.real)
    np.sin(angle, out=found.imag)
    return found


def _waves_of(
    weights: Array, means: Array, variances: Array | None, count: int, starts: NDArray[np.intp] | None = None
) -> Complex:
    """Sum over j of w_j exp(i u m_j - u^2 v_j / 2) at u = k + 1/2, k = 0 ... count - 1; (J, ...) gives (count, ...).

    A summand at k + 1 is that at k times a factor, which itself falls by the same factor each time. With `starts` the
    sums go over the parts of the components that begin there, and the result has an axis for them.
    """
    half = _turns(means / 2)
    part, factor = half * weights, half * half
    if variances is not None:
        narrowed = np.exp(-variances)
        part, factor, narrowed = part * np.exp(-variances / 8), factor * narrowed, narrowed.astype(complex)
    found = []
    for _ in range(count):
        found.append(part.sum(axis=0) if starts is None else np.add.reduceat(part, starts, axis=0))
        part *= factor
        if variances is not None:
            factor *= narrowed
    return np.array(found)
