"""Sobol indices of a plain function: which input carries how much of the variance.

Two independent samples A and B; A_i is A with input i from B, and B_i the other way round. With a = f(A), b = f(B)
less their mean:

    first order   S_i  = E b (a_i - a) / var              (Saltelli et al. 2010)
    total order   T_i  = E (a - a_i)^2 / (2 var)          (Jansen 1999)
    second order  S_ij = E a_i b_j / var - S_i - S_j      (Saltelli 2002)

each with the variance of the very two samples it multiplies (Janon et al. 2014), whose errors then cancel.

Points are scrambled Sobol points. Intervals come from independent scrambles, the only ones that are honest for such
points: each scramble gives one estimate, and their spread gives Student's interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from forecast.distributions import Array
from forecast.errors import ArgumentError, ModelError, Problem

Function = Callable[[Array], Array]
"""Takes inputs of shape (n, d) to outputs of shape (n,) or (n, outputs)."""

SCRAMBLES = 8
_EDGE = 2.0**-54
_STILL = 1e-20
"""Variance, as a share of the mean square, below which a function counts as constant."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimates with the half-width of their 95 % interval, both shape (inputs, outputs)."""

    value: Array
    half_width: Array


@dataclass(frozen=True, eq=False)
class SobolIndices:
    """Shares of the variance.

    Parameters
    ----------
    first, total
        Shape (inputs, outputs).
    second
        Shape (inputs, inputs, outputs), zero on the diagonal; None where not asked for.
    variance
        Of each output, shape (outputs,).
    """

    first: Estimate
    total: Estimate
    second: Estimate | None
    variance: Array


def sobol_indices(
    function: Function,
    inputs: Sequence[Callable[[Array], Array]] | int,
    *,
    points: int = 2**14,
    blocks: Sequence[Sequence[int]] | None = None,
    second_order: bool = False,
    scrambles: int = SCRAMBLES,
    seed: int = 1,
) -> SobolIndices:
    """Sobol indices of a function of independent inputs.

    Parameters
    ----------
    function
        Takes values of the inputs, shape (n, d), to outputs, shape (n,) or (n, outputs).
    inputs
        For each input the map from a probability, shape (n,), to its value, such as `Range(1, 2, 4).ppf`; or the
        number d of inputs that are uniform between 0 and 1.
    points
        Base points over all scrambles, a power of two; the function is called on `points` times (inputs + 2) rows.
    blocks
        Columns that make up one input each; every column by itself where None.
    second_order
        Whether to estimate pairs; doubles the cost.
    scrambles
        Independent scrambles, a power of two, 2 at the least.
    seed
        Of the scrambles.

    Raises
    ------
    ArgumentError
        Points or scrambles that are no power of two; blocks that are empty or share columns.
    ModelError
        A function that is constant, or gives what is not a number.

    References
    ----------
    Saltelli et al. (2010), doi:10.1016/j.cpc.2009.09.018; Jansen (1999), doi:10.1016/S0010-4655(98)00154-4; Janon et
    al. (2014), doi:10.1051/ps/2013040; Owen (1997), doi:10.1214/aos/1031594731.

    Examples
    --------
    >>> found = sobol_indices(lambda x: x[:, 0] + 2 * x[:, 1], 2, points=2**10)
    >>> found.first.value.round(2).ravel().tolist()
    [0.2, 0.8]
    """
    columns = inputs if isinstance(inputs, int) else len(inputs)
    parts = [[column] for column in range(columns)] if blocks is None else [list(block) for block in blocks]
    _check(points, scrambles, parts, columns)
    a, b = _two_samples(inputs, points, scrambles, seed)
    at_a, at_b = _called(function, a), _called(function, b)
    centre = (at_a.mean(0) + at_b.mean(0)) / 2
    _check_spread(at_a, at_b, centre)
    mixed_a = [_mixed(function, a, b, part) - centre for part in parts]
    mixed_b = [_mixed(function, b, a, part) - centre for part in parts] if second_order else None
    return _indices(at_a - centre, at_b - centre, mixed_a, mixed_b, scrambles)


def _check(points: int, scrambles: int, parts: list[list[int]], columns: int) -> None:
    problems = [
        Problem(name, str(count), f"a power of two, {least} at the least", _nearest(count, least))
        for name, count, least in (("points", points, 2 * scrambles), ("scrambles", scrambles, 2))
        if count < least or count & (count - 1)
    ]
    named = [column for part in parts for column in part]
    if not parts or not all(parts) or sorted(set(named)) != sorted(named) or not set(named) <= set(range(columns)):
        problems.append(Problem("blocks", str(parts), f"columns of 0 to {columns - 1}, each once, in blocks of one up"))
    if problems:
        raise ArgumentError(problems)


def _nearest(count: int, least: int) -> str:
    below = 2 ** max(count, 1).bit_length() // 2
    return f"such as {max(below, least)} or {max(2 * below, 2 * least)}"


def _two_samples(
    inputs: Sequence[Callable[[Array], Array]] | int, points: int, scrambles: int, seed: int
) -> tuple[Array, Array]:
    """Samples A and B, one row an input, shape (d, points) each, scramble after scramble."""
    from scipy.stats import qmc

    columns = inputs if isinstance(inputs, int) else len(inputs)
    bits = (points // scrambles).bit_length() - 1
    cubes = [
        qmc.Sobol(2 * columns, rng=child).random_base2(bits) for child in np.random.default_rng(seed).spawn(scrambles)
    ]
    rows = np.concatenate(cubes).T.copy()
    np.clip(rows, _EDGE, 1 - _EDGE, out=rows)
    if not isinstance(inputs, int):
        for row, column in zip(rows, [*inputs, *inputs], strict=True):
            row[:] = column(row)
    return rows[:columns], rows[columns:]


def _called(function: Function, rows: Array) -> Array:
    """The function on inputs that lie in rows; outputs as columns, shape (points, outputs)."""
    found = np.asarray(function(rows.T), float)
    return found.reshape(rows.shape[1], -1)


def _mixed(function: Function, own: Array, other: Array, part: list[int]) -> Array:
    """The function with one input from the other sample."""
    rows = own.copy()
    rows[part] = other[part]
    return _called(function, rows)


def _check_spread(at_a: Array, at_b: Array, centre: Array) -> None:
    if not (np.isfinite(at_a).all() and np.isfinite(at_b).all()):
        raise ModelError("the model gives what is not a number at some of its inputs; narrow their ranges")
    square = np.maximum((at_a**2).mean(0), np.finfo(float).tiny)
    if (((at_a - centre) ** 2).mean(0) <= _STILL * square).any():
        raise ModelError("the model is constant: no input moves it, so there is no variance to share out")


def _indices(a: Array, b: Array, mixed_a: list[Array], mixed_b: list[Array] | None, scrambles: int) -> SobolIndices:
    def cut(values: Array) -> Array:
        return values.reshape(scrambles, -1, values.shape[1])

    a, b = cut(a), cut(b)
    mixed_a = [cut(values) for values in mixed_a]
    first = [_mean(b, values - a) / _pooled(b, values) for values in mixed_a]
    total = [_mean(a - values, a - values) / (2 * _pooled(a, values)) for values in mixed_a]
    second = None
    if mixed_b is not None:
        mixed_b = [cut(values) for values in mixed_b]
        other = [_mean(a, values - b) / _pooled(a, values) for values in mixed_b]
        first = [(one + two) / 2 for one, two in zip(first, other, strict=True)]
        second = _estimate(_pairs(mixed_a, mixed_b, first))
    return SobolIndices(_estimate(np.array(first)), _estimate(np.array(total)), second, _pooled(a, b).mean(0))


def _mean(left: Array, right: Array) -> Array:
    """Mean product by scramble, shape (scrambles, outputs)."""
    return np.einsum("rnt,rnt->rt", left, right) / left.shape[1]


def _pooled(left: Array, right: Array) -> Array:
    """Variance of a pair of samples of one distribution, by scramble, shape (scrambles, outputs)."""
    middle = (left.mean(1) + right.mean(1)) / 2
    return (_mean(left, left) + _mean(right, right)) / 2 - middle**2


def _correlation(left: Array, right: Array) -> Array:
    """Covariance of a pair over their pooled variance, by scramble, shape (scrambles, outputs)."""
    middle = (left.mean(1) + right.mean(1)) / 2
    return (_mean(left, right) - middle**2) / _pooled(left, right)


def _pairs(mixed_a: list[Array], mixed_b: list[Array], first: list[Array]) -> Array:
    """Second order, shape (inputs, inputs, scrambles, outputs)."""
    count = len(mixed_a)
    found = np.zeros((count, count, *first[0].shape))
    for i in range(count):
        for j in range(i):
            closed = (_correlation(mixed_a[i], mixed_b[j]) + _correlation(mixed_a[j], mixed_b[i])) / 2
            found[i, j] = found[j, i] = closed - first[i] - first[j]
    return found


def _estimate(by_scramble: Array) -> Estimate:
    """Mean over the scrambles (last axis but one) and Student's half-width."""
    count = by_scramble.shape[-2]
    error = by_scramble.std(axis=-2, ddof=1) / np.sqrt(count)
    return Estimate(by_scramble.mean(axis=-2), special.stdtrit(count - 1, 0.975) * error)
