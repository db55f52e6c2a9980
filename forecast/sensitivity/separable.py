"""A sum of separable functions that stands in for a model, and whose Sobol indices are known exactly.

    g(x) = w_0 sum_i e_i(x_i) + (w_1 + sum_k w_k z_i(k) z_j(k)) prod_i p_i(x_i)

with z the normal scores of two inputs that bend the product together. Every function of one input is a table over
equal parts of its probability, so that means of products are exact.

What sampling gets wrong about g it gets wrong about the model too, and about g it is known: taken off, it leaves the
error of what g misses (a control variate).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecast.distributions import Array

PARTS = 4096
"""Parts of the probability of an input on which its functions are constant."""

_DEGREE = 3
_WAVES = 4
_PAIRS = 2
_SWEEPS = 2
_ROWS = 2048
_ROWS_PER_TERM = 10
_RIDGE = 1e-9
_SURE = 1e-3
"""Share of the variance that may be left without looking for another product."""

_WORTHWHILE = 0.5
"""Share of the variance that a stand-in must explain to be of use."""

Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Separable:
    """A sum of functions of one input each, and of products of such functions.

    Parameters
    ----------
    single
        Functions e_i less their mean, shape (d, PARTS).
    product
        Factors p_i, shape (d, PARTS).
    pairs
        Inputs that bend the product together.
    weights
        Of the sum, of the product, and of the product bent by each pair.
    """

    single: Array
    product: Array
    pairs: tuple[tuple[int, int], ...]
    weights: Array

    def explained(self, columns: Iterable[int]) -> float:
        """Variance of the expectation given some inputs."""
        chosen = np.zeros(len(self.single), bool)
        chosen[list(columns)] = True
        means, alone, crossed, squares = self._moments
        apart = means[:, None] * means
        covariance = np.empty((len(self.weights),) * 2)
        covariance[0, 0] = alone @ chosen
        covariance[0, 1:] = covariance[1:, 0] = crossed @ chosen
        covariance[1:, 1:] = np.where(chosen, squares, apart).prod(2) - apart.prod(2)
        return float(self.weights @ covariance @ self.weights)

    @cached_property
    def _moments(self) -> tuple[Array, Array, Array, Array]:
        """Means that `explained` puts together.

        Of the factors of each product (m, d), of the squares of `single` (d,), of each single function times each
        product (m, d), and of factors times factors (m, m, d).
        """
        bent = [np.isin(np.arange(len(self.product)), pair)[:, None] for pair in self.pairs]
        factors = [self.product, *(np.where(here, self.product * _scores(), self.product) for here in bent)]
        by_column = np.stack(factors, axis=1)
        means = by_column.mean(2).T
        others = np.stack([np.delete(means, c, axis=1).prod(1) for c in range(means.shape[1])], axis=1)
        crossed = (by_column @ self.single[:, :, None])[..., 0].T / PARTS
        squares = by_column @ np.swapaxes(by_column, 1, 2) / PARTS
        return means, (self.single**2).mean(1), crossed * others, np.moveaxis(squares, 0, 2)

    @cached_property
    def mean(self) -> float:
        """Mean."""
        return float(self.weights[1:] @ np.prod(self._moments[0], axis=1))

    def exchanged(self, own: Places, other: Places, blocks: Sequence[Sequence[int]]) -> list[Array]:
        """Values less their mean: at a sample, at another, and at the first with one block of the other at a time.

        Parameters
        ----------
        own, other
            Part in which each input lies, shape (d, n) each.
        blocks
            Columns of each block.

        Returns
        -------
        2 + blocks arrays of shape (n,).
        """
        (sums, products), (other_sums, other_products) = self._at(own, blocks), self._at(other, blocks)
        mine, theirs = ({c: _scores().take(at[c]) for pair in self.pairs for c in pair} for at in (own, other))
        before = [np.ones(1), *itertools.accumulate(products, np.multiply)]
        after = [np.ones(1), *itertools.accumulate(products[::-1], np.multiply)][::-1]
        total = np.sum(sums, axis=0)
        found = [
            self._joined(total, before[-1], mine),
            self._joined(np.sum(other_sums, axis=0), np.prod(other_products, axis=0), theirs),
        ]
        for b, block in enumerate(blocks):
            single = total - sums[b] + other_sums[b]
            scores = {c: theirs[c] if c in block else score for c, score in mine.items()}
            found.append(self._joined(single, before[b] * after[b + 1] * other_products[b], scores))
        return found

    def _joined(self, single: Array, product: Array, scores: Mapping[int, Array]) -> Array:
        bend = self.weights[1] + sum(
            weight * scores[i] * scores[j] for weight, (i, j) in zip(self.weights[2:], self.pairs, strict=True)
        )
        return np.asarray(self.weights[0] * single + bend * product - self.mean)

    def _at(self, places: Places, blocks: Sequence[Sequence[int]]) -> tuple[list[Array], list[Array]]:
        """Sum and product of the functions of each block, shape (n,) each."""
        sums, products = (
            [[table[c].take(places[c]) for c in block] for block in blocks] for table in (self.single, self.product)
        )
        return [reduce(np.add, parts) for parts in sums], [reduce(np.multiply, parts) for parts in products]


def places_of(probabilities: Array) -> Places:
    """Part in which each probability lies."""
    return (probabilities * PARTS).astype(np.intp)


def separable(places: Places, values: Array) -> Separable | None:
    """Fit such a function, its product by alternating least squares; None where it would explain little.

    Of two products, one of the values themselves and one of what the sum leaves of them, that is kept which is better
    at further rows.

    Parameters
    ----------
    places
        Part in which each input lies, shape (d, n); the first rows alone are used where there are many.
    values
        Of the model there, shape (n,).

    References
    ----------
    Konakli and Sudret (2016), doi:10.1016/j.jcp.2016.06.005.

    Examples
    --------
    >>> rows = np.random.default_rng(1).random((2, 4000))
    >>> found = separable(places_of(rows), np.exp(0.4 * special.ndtri(rows).sum(0)))
    >>> bool(abs(found.explained([0, 1]) / (np.expm1(0.32) * np.exp(0.32)) - 1) < 0.01)
    True
    """
    degree = min(_DEGREE, values.size // (_ROWS_PER_TERM * len(places)))
    if degree < 1:
        return None
    table = _functions(degree)
    basis, told = table[:, places[:, :_ROWS]].swapaxes(0, 1), values[:_ROWS]
    centred = told - told.mean()
    single = _alone(basis[:, 1:], centred)
    alone = np.einsum("ck,ckn->n", single, basis[:, 1:])
    started = _started(single / max(abs(float(told.mean())), float(told.std())))
    fits = [_joint(basis, told, alone, _product(basis, told, started))]
    if len(basis) > 1 and fits[0].left > _SURE * told.var() and values.size >= 2 * _ROWS:
        product = _product(basis, centred - alone, _strongest(basis, centred - alone))
        fits.append(_joint(basis, centred, alone, product))
    known = [_made(table, single, fit) for fit in fits if fit.left < (1 - _WORTHWHILE) * told.var()]
    return min(known, key=lambda one: _missed(one, places[:, _ROWS:], values[_ROWS:]), default=None)


def _missed(one: Separable, places: Places, values: Array) -> float:
    """Variance that is left of values that it was not fitted to."""
    return float((values - one.exchanged(places, places, [range(len(places))])[0]).var()) if len(values) else 0.0


def _made(table: Array, single: Array, fit: _Joint) -> Separable:
    return Separable(single @ table[1:], fit.factors @ table, fit.pairs, fit.weights)


def _alone(basis: Array, values: Array) -> Array:
    """Coefficients of functions of one input each: of all at once where there are rows enough, else one by one."""
    columns, terms, rows = basis.shape
    if rows >= _ROWS_PER_TERM * columns * terms:
        return _solved(basis.reshape(columns * terms, rows), values).reshape(columns, terms)
    return np.array([_solved(part, values) for part in basis])


class _Joint(NamedTuple):
    """Factors of a product, the pairs that bend it, weights of the sum and the products, and the variance left."""

    factors: Array
    pairs: tuple[tuple[int, int], ...]
    weights: Array
    left: float


def _joint(basis: Array, values: Array, alone: Array, factors: Array) -> _Joint:
    """Join the sum with a product and with bends of it."""
    product = np.prod(np.einsum("ck,ckn->cn", factors, basis), axis=0)
    terms, pairs = [alone, product], list[tuple[int, int]]()
    weights, left = _weighed(terms, values)
    for _ in range(min(_PAIRS, len(basis) * (len(basis) - 1) // 2)):
        pairs.append(_pair(product, basis[:, 1], left, pairs))
        terms.append(product * basis[pairs[-1][0], 1] * basis[pairs[-1][1], 1])
        weights, left = _weighed(terms, values)
    return _Joint(factors, tuple(pairs), weights, float(left.var()))


def _weighed(terms: list[Array], values: Array) -> tuple[Array, Array]:
    """Weights of terms by least squares, and what they leave over."""
    weights = _solved(np.array(terms), values)
    return weights, values - weights @ np.array(terms)


def _started(single: Array) -> Array:
    """Factors that are one and a function of one input more, shape (d, terms)."""
    return np.concatenate([np.ones((len(single), 1)), single], axis=1)


def _strongest(basis: Array, values: Array) -> Array:
    """Factors of the two inputs whose product explains most of the values; the others' are one."""
    columns, terms = basis.shape[:2]
    alone = basis[:, 1:].reshape(columns * (terms - 1), -1)
    shared = ((alone * values) @ alone.T).reshape(columns, terms - 1, columns, terms - 1).swapaxes(1, 2)
    one, two = np.triu_indices(columns, 1)
    left, sizes, right = np.linalg.svd(shared[one, two])
    best = int(sizes[:, 0].argmax())
    found = np.zeros((columns, terms))
    found[:, 0] = 1.0
    for column, function in ((one[best], left[best, :, 0]), (two[best], right[best, 0])):
        found[column] = np.concatenate([[0.0], function])
    return found


def _pair(product: Array, scores: Array, left: Array, used: list[tuple[int, int]]) -> tuple[int, int]:
    """The two inputs whose joint bend of the product explains most of what is left."""
    along = (scores * (product * left)) @ scores.T
    size = (scores**2 * product**2) @ (scores**2).T
    explained = np.triu(along**2 / np.maximum(size, np.finfo(float).tiny), 1)
    for pair in used:
        explained[pair] = 0.0
    first, second = np.unravel_index(int(explained.argmax()), explained.shape)
    return int(first), int(second)


def _product(basis: Array, values: Array, found: Array) -> Array:
    """Coefficients of the factors of a product, shape (d, terms), by alternating least squares."""
    at = np.einsum("ck,ckn->cn", found, basis)
    for _ in range(_SWEEPS):
        after = [np.ones(1), *itertools.accumulate(at[:0:-1], np.multiply)][::-1]
        before = np.ones(1)
        for column, part in enumerate(basis):
            own = _solved(part * (before * after[column]), values)
            size = float(np.linalg.norm(own)) if column < len(basis) - 1 else 1.0
            found[column] = own / (size or 1.0)
            at[column] = found[column] @ part
            before = before * at[column]
    return found


def _solved(rows: Array, values: Array) -> Array:
    """Least squares of values on rows, shape (terms, n)."""
    square = rows @ rows.T
    ridge = _RIDGE * max(float(np.trace(square)), np.finfo(float).tiny) * np.eye(len(square))
    return np.asarray(np.linalg.solve(square + ridge, rows @ values), float)


@lru_cache(maxsize=8)
def _functions(degree: int) -> Array:
    """Functions of one input that its part is made of, by their value in the middle of each part, the constant first.

    Orthonormal Hermite polynomials of the normal score for tails, and waves of the probability for what turns back;
    all but the constant are moved so that their mean over the parts is exactly zero.
    """
    probability = (np.arange(PARTS) + 0.5) / PARTS
    norms = np.sqrt(special.factorial(np.arange(degree + 1)))
    table = np.polynomial.hermite_e.hermevander(special.ndtri(probability), degree).T / norms[:, None]
    table[1:] -= table[1:].mean(1, keepdims=True)
    angle = 2 * np.pi * np.arange(1, _WAVES + 1)[:, None] * probability if degree == _DEGREE else np.zeros((0, PARTS))
    return np.concatenate([table, math.sqrt(2) * np.cos(angle), math.sqrt(2) * np.sin(angle)])


def _scores() -> Array:
    """Normal score of each part, shape (PARTS,)."""
    return np.asarray(_functions(1)[1])
