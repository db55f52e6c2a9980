r"""Polynomial chaos: a smooth function of normal scores as a sum of Hermite polynomials.

With independent standard normal e and orthonormal Hermite polynomials,

    f(e) = sum over multi-indices a of c_a * product of he_{a_i}(e_i),

the variance of f is the sum of squared coefficients, and shares of the variance are sums over some of them. Where the
scores z = L e are correlated, the expectation of f given some of them projects e onto the rows of L that belong to
them; a chaos of order k, as a symmetric tensor C, then keeps the variance <C, P C> with P the projection in each of
its k places. So Shapley effects under a Gaussian copula follow without any sampling beyond the fit.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from forecast.distributions import Array
from forecast.errors import ArgumentError, ModelError, Problem

MOST_PLAYERS = 12
"""Most correlated inputs whose Shapley effects are found; every subset of them is looked at."""

_MOST_TERMS = 1000
_RUNS_PER_TERM = 3
_LEAST_RUNS = 512
_MOST_DEGREE = 5
_DEPENDENT = 1e-10
_EXACT = 1e-10
_EDGE = 2.0**-54


@dataclass(frozen=True, eq=False)
class Chaos:
    """A polynomial in independent standard normal scores.

    Parameters
    ----------
    powers
        Degree of each Hermite polynomial by term, shape (terms, d); the constant is the first.
    coefficients
        On orthonormal polynomials, shape (terms,).
    unexplained
        Share of the variance that the polynomial misses, by leaving each run out in turn.
    runs
        Number of runs it was fitted to.
    """

    powers: NDArray[np.intp]
    coefficients: Array
    unexplained: float
    runs: int

    @property
    def variance(self) -> float:
        """Variance of the polynomial."""
        return float((self.coefficients[1:] ** 2).sum())

    @property
    def degree(self) -> int:
        """Largest total degree."""
        return int(self.powers.sum(1).max())

    def __call__(self, scores: Array) -> Array:
        """Value at scores, shape (n, d)."""
        return _basis(scores, self.powers) @ self.coefficients

    def first(self, blocks: Sequence[Sequence[int]] | None = None) -> Array:
        """First-order share of each block of columns (each column where None), for independent scores."""
        return self._share(blocks, lambda used, block: ~used[:, ~block].any(1))

    def total(self, blocks: Sequence[Sequence[int]] | None = None) -> Array:
        """Total-order share of each block of columns, for independent scores."""
        return self._share(blocks, lambda used, block: used[:, block].any(1))

    def shapley(self, root: ArrayLike | None = None, blocks: Sequence[Sequence[int]] | None = None) -> Array:
        """Shapley effects; they are not negative and sum to 1.

        Parameters
        ----------
        root
            Rows that make correlated scores of independent ones, z = L e, shape (d, d), such as the Cholesky root of
            their correlation; independent where None.
        blocks
            Columns of z that belong to one input each.

        References
        ----------
        Owen (2014), doi:10.1137/130936233; Owen and Prieur (2017), doi:10.1137/16M1097717.
        """
        rows = np.eye(self.powers.shape[1]) if root is None else np.asarray(root, float)
        parts = _blocks(blocks, len(rows))
        together = _together(rows, parts)
        if len(together) > MOST_PLAYERS:
            found = f"{len(together)} that go together"
            raise ArgumentError(Problem("inputs", found, f"at most {MOST_PLAYERS} for Shapley effects"))
        return self._shared(rows, parts, together) / self.variance

    def _shared(self, rows: Array, parts: list[list[int]], together: list[int]) -> Array:
        """Shapley values of the variance, shape (inputs,).

        Of what a set A of independent inputs does together with those that are correlated, every part needs all of A:
        only subsets of the correlated inputs have to be looked at.
        """
        shares = np.zeros(len(parts))
        alone = [k for k in range(len(parts)) if k not in together]
        used = np.array([(self.powers[:, part] > 0).any(1) for part in parts]).T
        subsets = _subsets([parts[k] for k in together])
        spans = [np.linalg.qr(rows[np.concatenate(u)].T)[0] if u else None for u in subsets]
        alike, place = np.unique(used[:, alone], axis=0, return_inverse=True)
        for number, pattern in enumerate(alike):
            members = [k for k, here in zip(alone, pattern, strict=True) if here]
            game = self._part(place.ravel() == number, [c for k in members for c in parts[k]])
            worth = np.array([game(span) for span in spans])
            if not members:
                worth -= worth[0]
            own, others = _shared_out(worth, len(members))
            shares[members] += own
            shares[together] += others
        return shares

    def _part(self, chosen: NDArray[np.bool_], columns: list[int]) -> Callable[[Array | None], float]:
        """Variance of some terms once those of their columns are known, as a function of what else is known.

        Terms that share their powers in `columns` are one polynomial in the other columns.
        """
        powers, coefficients = self.powers[chosen].copy(), self.coefficients[chosen]
        keys, place = np.unique(powers[:, columns], axis=0, return_inverse=True)
        powers[:, columns] = 0
        polynomials = [
            Chaos(powers[place.ravel() == k], coefficients[place.ravel() == k], 0.0, 0) for k in range(len(keys))
        ]

        def worth(span: Array | None) -> float:
            return sum(one._square(span) for one in polynomials)

        return worth

    def _square(self, span: Array | None) -> float:
        """Mean square of the expectation given the scores in a span of directions."""
        constant = float((self.coefficients[self.powers.sum(1) == 0] ** 2).sum())
        return constant if span is None else constant + self._within(span)

    def _kept(self, rows: Array | None) -> float:
        """Variance of the expectation given the scores that some rows make."""
        return 0.0 if rows is None else self._within(np.linalg.qr(rows.T)[0])

    def _within(self, basis: Array) -> float:
        """Variance of the expectation given the scores in the span of an orthonormal basis, shape (d, k)."""
        kept = 0.0
        for order, tensor in self._tensors.items():
            for _ in range(order):
                tensor = np.tensordot(tensor, basis, axes=(0, 0))
            kept += float((tensor**2).sum())
        return kept

    @cached_property
    def _tensors(self) -> dict[int, Array]:
        """Each order as a symmetric tensor whose squares sum to its variance."""
        width, orders = self.powers.shape[1], self.powers.sum(1)
        found = {}
        for order in range(1, self.degree + 1):
            tensor = np.zeros((width,) * order)
            for power, coefficient in zip(
                self.powers[orders == order], self.coefficients[orders == order], strict=True
            ):
                places = [column for column, times in enumerate(power) for _ in range(times)]
                alike = set(itertools.permutations(places))
                for place in alike:
                    tensor[place] = coefficient / math.sqrt(len(alike))
            found[order] = tensor
        return found

    def _share(
        self, blocks: Sequence[Sequence[int]] | None, belongs: Callable[[NDArray[np.bool_], NDArray[np.bool_]], Any]
    ) -> Array:
        used, width = self.powers[1:] > 0, self.powers.shape[1]
        squares = self.coefficients[1:] ** 2
        masks = [np.isin(np.arange(width), block) for block in _blocks(blocks, width)]
        return np.array([squares[belongs(used, mask)].sum() for mask in masks]) / self.variance


def chaos(function: Callable[[Array], Array], columns: int, *, degree: int | None = None, seed: int = 1) -> Chaos:
    """Fit a polynomial chaos to a smooth function of independent standard normal scores.

    Parameters
    ----------
    function
        Takes scores, shape (n, d), to outputs, shape (n,).
    columns
        d, the number of scores.
    degree
        Largest total degree; where None, it grows while that lowers the error of runs left out.
    seed
        Of the Sobol points at which the function is run.

    Raises
    ------
    ModelError
        A function that is constant, or gives what is not a number.

    References
    ----------
    Xiu and Karniadakis (2002), doi:10.1137/S1064827501387826; Sudret (2008), doi:10.1016/j.ress.2007.04.002; error
    by leaving out: Blatman and Sudret (2010), doi:10.1016/j.probengmech.2009.10.003.

    Examples
    --------
    >>> found = chaos(lambda z: 3 * z[:, 0] + 4 * z[:, 1], 2)
    >>> found.first().round(6).tolist(), found.degree
    ([0.36, 0.64], 1)
    """
    degrees = [degree] if degree is not None else _degrees(columns)
    runs = max(_LEAST_RUNS, 2 ** math.ceil(math.log2(_RUNS_PER_TERM * math.comb(columns + degrees[-1], columns))))
    scores = _scores(columns, runs, seed)
    values = np.asarray(function(scores), float)
    _check(values)
    best: Chaos | None = None
    for tried in degrees:
        found = _fitted(scores, values, _powers(columns, tried))
        if best is None or found.unexplained < best.unexplained:
            best = found
        if best.unexplained < _EXACT or found is not best:
            break
    assert best is not None
    return best


def shapley_values(worth: Array) -> Array:
    """Shapley values of a game.

    Parameters
    ----------
    worth
        Worth of each set of players, shape (2^d,); bit i of the position says whether player i is in.

    Examples
    --------
    >>> shapley_values(np.array([0.0, 1.0, 2.0, 4.0])).tolist()
    [1.5, 2.5]
    """
    return _shared_out(np.asarray(worth, float), 0)[1]


def correlation_root(correlation: ArrayLike) -> Array:
    """Cholesky root of a correlation matrix, shape (d, d).

    Raises
    ------
    ArgumentError
        If two inputs are perfectly correlated, or the correlations contradict each other.
    """
    matrix = np.asarray(correlation, float)
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest <= _DEPENDENT:
        off = np.abs(matrix - np.diag(np.diag(matrix)))
        pair = np.unravel_index(int(off.argmax()), off.shape)
        found = f"inputs {pair[0]} and {pair[1]} with {matrix[pair]:g}"
        remedy = "leave one of two inputs out where one says it all"
        raise ArgumentError(Problem("correlation", found, "no input that others determine", remedy))
    return np.linalg.cholesky(matrix)


def _degrees(columns: int) -> list[int]:
    """Degrees with a number of terms that can be fitted."""
    most = max(k for k in range(1, _MOST_DEGREE + 1) if k == 1 or math.comb(columns + k, k) <= _MOST_TERMS)
    return list(range(1, most + 1))


def _scores(columns: int, runs: int, seed: int) -> Array:
    from scipy.stats import qmc

    cube = qmc.Sobol(columns, rng=np.random.default_rng(seed)).random(runs)
    return special.ndtri(np.clip(cube, _EDGE, 1 - _EDGE))


def _check(values: Array) -> None:
    if not np.isfinite(values).all():
        raise ModelError("the model gives what is not a number at some of its inputs; narrow their ranges")
    if np.ptp(values) <= 1e-12 * max(float(np.abs(values).max()), np.finfo(float).tiny):
        raise ModelError("the model is constant: no input moves it, so there is no variance to share out")


def _powers(columns: int, degree: int) -> NDArray[np.intp]:
    """Multi-indices up to a total degree, by degree."""
    rows = [
        np.bincount(places, minlength=columns)
        for order in range(degree + 1)
        for places in map(np.array, itertools.combinations_with_replacement(range(columns), order))
        if order
    ]
    return np.array([np.zeros(columns, np.intp), *rows], dtype=np.intp)


def _basis(scores: Array, powers: NDArray[np.intp]) -> Array:
    """Orthonormal Hermite polynomials, shape (n, terms)."""
    highest = int(powers.max())
    norms = np.sqrt([math.factorial(k) for k in range(highest + 1)])
    single = np.polynomial.hermite_e.hermevander(scores, highest) / norms
    found = np.ones((len(scores), len(powers)))
    for column in range(scores.shape[1]):
        found *= single[:, column, powers[:, column]]
    return found


def _fitted(scores: Array, values: Array, powers: NDArray[np.intp]) -> Chaos:
    q, r = np.linalg.qr(_basis(scores, powers))
    coefficients = np.linalg.solve(r, q.T @ values)
    left_out = (values - q @ (q.T @ values)) / np.maximum(1 - (q**2).sum(1), 1e-6)
    unexplained = float((left_out**2).mean() / values.var())
    return Chaos(powers, coefficients, unexplained, len(values))


def _blocks(blocks: Sequence[Sequence[int]] | None, columns: int) -> list[list[int]]:
    return [[column] for column in range(columns)] if blocks is None else [list(block) for block in blocks]


def _together(rows: Array, parts: list[list[int]]) -> list[int]:
    """Inputs whose scores share independent ones with those of another."""
    uses = np.array([(rows[part] != 0).any(0) for part in parts])
    shared = uses.sum(0) > 1
    return [k for k in range(len(parts)) if (uses[k] & shared).any()]


def _shared_out(worth: Array, members: int) -> tuple[float, Array]:
    """Shapley values of a game in which some members must all be in, and any of the others may be.

    Parameters
    ----------
    worth
        Worth of the members with each set of the others, shape (2^g,), in the order of their bits.
    members
        Number of those who must all be in.

    Returns
    -------
    The value of each member, and those of the g others.
    """
    others = len(worth).bit_length() - 1
    sets, count = np.arange(len(worth)), members + others
    sizes = np.array([int(s).bit_count() for s in sets])
    own = 0.0
    if members:
        own = float(worth @ [1 / (count * math.comb(count - 1, members - 1 + int(size))) for size in sizes])
    found = []
    for player in range(others):
        without = sets[(sets >> player) & 1 == 0]
        weight = np.array([1 / (count * math.comb(count - 1, members + int(size))) for size in sizes[without]])
        found.append(float(weight @ (worth[without | (1 << player)] - worth[without])))
    return own, np.array(found)


def _subsets(parts: list[list[int]]) -> list[list[list[int]]]:
    """Every set of players, in the order of their bits."""
    return [[part for i, part in enumerate(parts) if (s >> i) & 1] for s in range(2 ** len(parts))]
