"""Correlation between the drivers of a scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from forecast.errors import Problem, did_you_mean
from forecast.scenario.drivers import Driver
from forecast.scenario.format import Format, Found

Array = NDArray[np.float64]

LEAST_EIGENVALUE = 1e-8
"""Smallest eigenvalue of a usable correlation matrix."""

SMALLEST_STEP = 1e-4
"""Accuracy of the factor by which contradictory pairs are weakened."""


class Correlation(Format):
    """Correlation of two drivers, on their normal scores."""

    between: Annotated[list[str], Field(min_length=2, max_length=2)]
    """Keys of two uncertain drivers, such as "growth.half_life"."""
    value: Annotated[float, Field(strict=True, gt=-1, lt=1)]
    """Correlation, above -1 and below 1."""
    because: str = ""
    """Why they go together."""
    source: str = ""
    """Where that comes from."""


def correlation_matrix(pairs: Sequence[Correlation], names: Sequence[str]) -> tuple[Array, float]:
    """Correlation matrix of drivers, made usable where the stated pairs contradict each other.

    Pairs that are not stated are 0 where that leaves the matrix positive definite. Otherwise they are filled in so
    that the determinant is as large as possible, which keeps every stated pair. Where even that is impossible the
    stated pairs are weakened by a common factor.

    Parameters
    ----------
    pairs
        The stated correlations.
    names
        Keys of the drivers, in the order of the rows.

    Returns
    -------
    matrix, factor
        The matrix, shape (drivers, drivers), and the factor by which the stated pairs were weakened (1 where none
        had to change).

    References
    ----------
    Grone, R. et al. (1984), "Positive definite completions of partial Hermitian matrices",
    doi:10.1016/0024-3795(84)90207-6.

    Examples
    --------
    >>> stated = [Correlation(between=["a", "b"], value=0.9), Correlation(between=["b", "c"], value=0.9)]
    >>> matrix, factor = correlation_matrix(stated, ["a", "b", "c"])
    >>> round(float(matrix[0, 2]), 6), factor
    (0.81, 1.0)
    """
    place = {name: position for position, name in enumerate(names)}
    stated, free = np.zeros((len(names), len(names))), ~np.eye(len(names), dtype=bool)
    for pair in pairs:
        row, column = (place[name] for name in pair.between)
        stated[row, column] = stated[column, row] = pair.value
        free[row, column] = free[column, row] = False
    matrix = np.eye(len(names)) + stated
    return (matrix, 1.0) if _usable(matrix) else _completed(stated, free)


def _usable(matrix: Array) -> bool:
    return bool(np.linalg.eigvalsh(matrix)[0] > LEAST_EIGENVALUE)


def _completed(stated: Array, free: NDArray[np.bool_]) -> tuple[Array, float]:
    """Matrix of largest determinant, followed from independence to the full stated pairs as far as it exists."""
    matrix: Array = np.eye(len(stated))
    factor, step = 0.0, 1.0
    while factor < 1 and step > SMALLEST_STEP:
        step = min(step, 1 - factor)
        further = np.where(free, matrix, np.eye(len(stated)) + (factor + step) * stated)
        if _usable(further):
            matrix, factor, step = _largest_determinant(further, free), factor + step, 2 * step
        else:
            step /= 2
    return matrix, factor


def _largest_determinant(matrix: Array, free: NDArray[np.bool_]) -> Array:
    """Newton steps on the free pairs, halved while the determinant does not grow."""
    rows, columns = np.nonzero(np.triu(free))
    for _ in range(100):
        inverse: Array = np.linalg.inv(matrix).astype(float)
        slope = inverse[rows, columns]
        if not len(rows) or np.max(np.abs(slope)) < 1e-10 * np.max(np.abs(inverse)):
            break
        curve = inverse[np.ix_(rows, rows)] * inverse[np.ix_(columns, columns)]
        curve += inverse[np.ix_(rows, columns)] * inverse[np.ix_(columns, rows)]
        move = np.zeros(matrix.shape)
        move[rows, columns] = np.linalg.solve(curve, slope)
        matrix = _grown(matrix, move + move.T)
    return matrix


def _grown(matrix: Array, move: Array) -> Array:
    before = np.linalg.slogdet(matrix)[1]
    for halvings in range(40):
        moved = matrix + move / 2**halvings
        if _usable(moved) and np.linalg.slogdet(moved)[1] >= before:
            return moved
    return matrix


def correlation_problems(
    pairs: Sequence[Correlation | None], drivers: Mapping[str, Driver], wrong: tuple[str, ...] = ()
) -> Iterator[Found]:
    """Pairs of what is no driver, is certain, or is named twice; a key at or under a wrong one is not judged."""
    seen: set[frozenset[str]] = set()
    uncertain = [key for key, driver in drivers.items() if not driver.distribution.is_fixed]
    read = [(position, pair) for position, pair in enumerate(pairs) if pair is not None and pair.between is not None]
    for position, pair in read:
        for name in pair.between:
            if name not in uncertain and not f"{name}.".startswith(tuple(f"{key}." for key in wrong)):
                allowed = "an uncertain driver" if name in drivers else "the key of an uncertain driver"
                hint = "it is a single number" if name in drivers else did_you_mean(name, uncertain)
                yield (position, "between"), Problem("", repr(name), allowed, hint)
        if len(set(pair.between)) < 2 or frozenset(pair.between) in seen:
            found = " and ".join(pair.between)
            yield (position, "between"), Problem("", found, "two different drivers, each pair once")
        seen.add(frozenset(pair.between))
