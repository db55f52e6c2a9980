"""Sobol indices of a plain function: which input carries how much of the variance.

Two independent samples A and B; A_i is A with input i from B, and B_i the other way round. With a = f(A), b = f(B)
less their mean:

    first order   S_i  = E b (a_i - a) / var              (Saltelli et al. 2010)
    total order   T_i  = E (a - a_i)^2 / (2 var)          (Jansen 1999)
    second order  S_ij = E a_i b_j / var - S_i - S_j      (Saltelli 2002)

each with the variance of the very two samples it multiplies (Janon et al. 2014), whose errors then cancel.

What sampling gets wrong is measured on a smooth stand-in whose indices are known (`separable`) and taken off; with
money, whose right tail is heavy, that makes the error a fifth.

Points are those of a scrambled Sobol net under independent digital shifts. Intervals come from the shifts, the only
ones that are honest for such points: each gives one estimate, and their spread gives Student's interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from forecast.distributions import Array
from forecast.errors import ArgumentError, ModelError, Problem
from forecast.sensitivity.separable import Places, Separable, places_of, separable

Function = Callable[[Array], Array]
"""Takes inputs of shape (n, d) to outputs of shape (n,) or (n, outputs)."""

SCRAMBLES = 8
_BITS = 30
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
    cube = _cube(2 * columns, points, scrambles, seed)
    places = places_of(cube)
    a, b = _two_samples(inputs, cube)
    at_a, at_b = _called(function, a), _called(function, b)
    centre = (at_a.mean(0) + at_b.mean(0)) / 2
    _check_spread(at_a, at_b, centre)
    mixed = [_mixed(function, a, b, part) - centre for part in parts]
    back = [_mixed(function, b, a, part) - centre for part in parts] if second_order else []
    known = [separable(places[:columns], values) for values in at_a.T]
    model = [at_a - centre, at_b - centre, *mixed, *back]
    stand_in = _stand_in(known, places, parts, second_order=second_order)
    sampled = [_cut(values, len(parts), scrambles) for values in (model, stand_in)]
    return _indices(sampled[0], sampled[1], known, parts)


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


def _cube(columns: int, points: int, scrambles: int, seed: int) -> Array:
    """Probabilities, one row a column of both samples, scramble after scramble, shape (columns, points)."""
    from scipy.stats import qmc

    rng = np.random.default_rng(seed)
    net = qmc.Sobol(columns, bits=_BITS, rng=rng).random(points // scrambles).T
    digits = np.ldexp(net, _BITS).astype(np.int64)[:, None, :]
    shifts = rng.integers(2**_BITS, size=(columns, scrambles, 1))
    return np.asarray(np.ldexp((digits ^ shifts) + 0.5, -_BITS).reshape(columns, points))


def _two_samples(inputs: Sequence[Callable[[Array], Array]] | int, rows: Array) -> tuple[Array, Array]:
    """Samples A and B, one row an input, shape (d, points) each; `rows` is written over."""
    if not isinstance(inputs, int):
        for row, column in zip(rows, [*inputs, *inputs], strict=True):
            row[:] = column(row)
    half = len(rows) // 2
    return rows[:half], rows[half:]


def _stand_in(
    known: Sequence[Separable | None], places: Places, parts: Sequence[Sequence[int]], *, second_order: bool
) -> list[Array]:
    """The stand-ins where the model was run, shape (points, outputs) each; nought where there is none."""
    half, points = len(places) // 2, places.shape[1]
    own, other = places[:half], places[half:]
    count = 2 + len(parts) * (1 + second_order)
    found = np.zeros((count, points, len(known)))
    for output, one in enumerate(known):
        if one is not None:
            found[: 2 + len(parts), :, output] = one.exchanged(own, other, parts)
            if second_order:
                found[2 + len(parts) :, :, output] = one.exchanged(other, own, parts)[2:]
    return list(found)


def _cut(values: list[Array], inputs: int, scrambles: int) -> _Sampled:
    """By scramble."""
    a, b, *mixed = (one.reshape(scrambles, -1, one.shape[1]) for one in values)
    return _Sampled(a, b, mixed[:inputs], mixed[inputs:] or None)


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


@dataclass(frozen=True, eq=False)
class _Sampled:
    """A model or its stand-in at both samples, and at each with one block of the other; (scrambles, n, outputs)."""

    a: Array
    b: Array
    mixed_a: list[Array]
    mixed_b: list[Array] | None

    @property
    def raw(self) -> dict[str, Array]:
        """Means of products whose ratios are the indices, shape (..., scrambles, outputs); without those of pairs."""
        first = [_mean(self.b, mixed - self.a) for mixed in self.mixed_a]
        total = [_mean(self.a - mixed, self.a - mixed) / 2 for mixed in self.mixed_a]
        found = {"first": np.array(first), "total": np.array(total)}
        found["own"] = np.array([_pooled(self.a, mixed) for mixed in self.mixed_a])
        found["other"] = np.array([_pooled(self.b, mixed) for mixed in self.mixed_a])
        if self.mixed_b is not None:
            found["back"] = np.array([_mean(self.a, mixed - self.b) for mixed in self.mixed_b])
            found["back variance"] = np.array([_pooled(self.a, mixed) for mixed in self.mixed_b])
        return found

    @property
    def pairs(self) -> tuple[Array, Array]:
        """Covariance and pooled variance of what shares two blocks, shape (inputs, inputs, scrambles, outputs)."""
        assert self.mixed_b is not None
        covariance = [[_covariance(one, two) for two in self.mixed_b] for one in self.mixed_a]
        return np.array(covariance), np.array([[_pooled(one, two) for two in self.mixed_b] for one in self.mixed_a])


def _indices(
    model: _Sampled, stand_in: _Sampled, known: Sequence[Separable | None], parts: Sequence[Sequence[int]]
) -> SobolIndices:
    """Ratios of what sampling finds, less what it gets wrong about the stand-in."""
    wrong, exact = stand_in.raw, _exact(known, parts)
    found = {name: value - wrong[name] + exact[name][..., None, :] for name, value in model.raw.items()}
    first, total = found["first"] / found["other"], found["total"] / found["own"]
    second = None
    if model.mixed_b is not None:
        first = (first + found["back"] / found["back variance"]) / 2
        second = _estimate(_pairs(model, stand_in, known, parts, first))
    return SobolIndices(_estimate(first), _estimate(total), second, found["other"].mean((0, 1)))


def _exact(known: Sequence[Separable | None], parts: Sequence[Sequence[int]]) -> dict[str, Array]:
    """What the means of products of the stand-ins are, shape (inputs, outputs); nought where there is none."""
    everything = [column for part in parts for column in part]
    others = [[column for column in everything if column not in part] for part in parts]
    whole = _explained(known, [everything])
    first, rest = _explained(known, parts), _explained(known, others)
    variance = np.broadcast_to(whole, first.shape)
    return {"first": first, "back": first, "total": whole - rest} | dict.fromkeys(
        ("own", "other", "back variance"), variance
    )


def _explained(known: Sequence[Separable | None], sets: Sequence[Sequence[int]]) -> Array:
    """Variance of the stand-ins given each set of columns, shape (sets, outputs)."""
    return np.array([[0.0 if one is None else one.explained(columns) for one in known] for columns in sets])


def _mean(left: Array, right: Array) -> Array:
    """Mean product by scramble, shape (scrambles, outputs)."""
    return np.einsum("rnt,rnt->rt", left, right) / left.shape[1]


def _pooled(left: Array, right: Array) -> Array:
    """Variance of a pair of samples of one distribution, by scramble, shape (scrambles, outputs)."""
    return (_mean(left, left) + _mean(right, right)) / 2 - _middle(left, right) ** 2


def _covariance(left: Array, right: Array) -> Array:
    """Covariance of a pair of samples of one distribution, by scramble, shape (scrambles, outputs)."""
    return _mean(left, right) - _middle(left, right) ** 2


def _middle(left: Array, right: Array) -> Array:
    return np.asarray((left.mean(1) + right.mean(1)) / 2)


def _pairs(
    model: _Sampled,
    stand_in: _Sampled,
    known: Sequence[Separable | None],
    parts: Sequence[Sequence[int]],
    first: Array,
) -> Array:
    """Second order, shape (inputs, inputs, scrambles, outputs)."""
    joint = [[*one, *two] for one in parts for two in parts]
    exact = _explained(known, joint).reshape(len(parts), len(parts), 1, -1)
    whole = _explained(known, [[column for part in parts for column in part]])
    (shared, variance), (wrong, wrong_variance) = model.pairs, stand_in.pairs
    closed = (shared - wrong + exact) / (variance - wrong_variance + whole)
    found = (closed + np.swapaxes(closed, 0, 1)) / 2 - first[:, None] - first[None]
    found[np.diag_indices(len(parts))] = 0.0
    return found


def _estimate(by_scramble: Array) -> Estimate:
    """Mean over the scrambles (last axis but one) and Student's half-width."""
    count = by_scramble.shape[-2]
    error = by_scramble.std(axis=-2, ddof=1) / np.sqrt(count)
    return Estimate(by_scramble.mean(axis=-2), special.stdtrit(count - 1, 0.975) * error)
