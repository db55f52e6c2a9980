"""Sources that lean on each other: what their number is worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from forecast.distributions import Array
from forecast.errors import ArgumentError, ModelError, Problem

_TOLERANCE = 1e-9


def correlation_matrix(correlation: ArrayLike, count: int) -> Array:
    """One number for all pairs, or a matrix as it stands, checked.

    Parameters
    ----------
    correlation
        A number, or a matrix of shape (count, count), with any leading axes.
    count
        Number of sources.

    Raises
    ------
    ArgumentError
        Unless symmetric, with ones on the diagonal, and positive semi-definite.

    Examples
    --------
    >>> correlation_matrix(0.5, 2).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    given = np.asarray(correlation, float)
    matrix = np.full((count, count), given) if given.ndim == 0 else given
    if given.ndim == 0:
        np.fill_diagonal(matrix, 1.0)
    if matrix.shape[-2:] != (count, count):
        raise ArgumentError(Problem("correlation", f"shape {given.shape}", f"a number, or shape ({count}, {count})"))
    if not np.isfinite(matrix).all():
        raise ArgumentError(Problem("correlation", "a number that is missing or infinite", "finite numbers"))
    if np.abs(matrix - np.swapaxes(matrix, -1, -2)).max(initial=0.0) > _TOLERANCE:
        raise ArgumentError(Problem("correlation", "a matrix that is not symmetric", "a symmetric matrix"))
    if np.abs(np.einsum("...ii->...i", matrix) - 1).max(initial=0.0) > _TOLERANCE:
        raise ArgumentError(Problem("correlation", "a diagonal other than 1", "ones on the diagonal"))
    least = np.linalg.eigvalsh(matrix).min(initial=1.0)
    if least < -_TOLERANCE:
        found = f"{given:g}" if given.ndim == 0 else f"a matrix with eigenvalue {least:.3g}"
        allowed = f"-1/{count - 1} to 1" if given.ndim == 0 else "a positive semi-definite matrix"
        raise ArgumentError(Problem("correlation", found, allowed))
    return matrix


def effective_number(correlation: ArrayLike, count: int | None = None) -> float:
    r"""Count the independent sources that would say as much as these about their common mean.

    .. math:: n = 1' R^{-1} 1, \quad \text{equicorrelated: } k / (1 + (k - 1)\rho)

    Parameters
    ----------
    correlation
        A matrix R, or one number for all pairs of `count` sources.
    count
        Number of sources; taken from the matrix if there is one.

    Raises
    ------
    ModelError
        Where a mix of the sources would know their mean without error.

    Examples
    --------
    >>> round(effective_number(0.25, 4), 4)
    2.2857
    """
    return float(_row_sums(correlation, count).sum())


def dependence_weights(correlation: ArrayLike, count: int | None = None) -> Array:
    r"""Give the best weights of equally precise sources, :math:`R^{-1} 1 / 1' R^{-1} 1`: clones share one voice.

    Parameters
    ----------
    correlation, count
        As in `effective_number`.

    Examples
    --------
    >>> dependence_weights([[1, 1, 0], [1, 1, 0], [0, 0, 1]]).round(6).tolist()
    [0.25, 0.25, 0.5]
    """
    sums = _row_sums(correlation, count)
    return sums / sums.sum()


def _row_sums(correlation: ArrayLike, count: int | None) -> Array:
    """R⁻¹1, by the pseudo-inverse, so that perfect clones count once."""
    size = np.shape(correlation)[-1] if np.ndim(correlation) else count
    if not size or size < 1:
        raise ArgumentError(Problem("count", f"{size}", "the number of sources, at least 1"))
    matrix = correlation_matrix(correlation, size)
    inverse = np.linalg.pinv(matrix, rcond=_TOLERANCE, hermitian=True)
    sums = inverse.sum(axis=-1)
    if np.abs(matrix @ sums - 1).max() > np.sqrt(_TOLERANCE):
        raise ModelError("A mix of these sources would know their mean without error; the correlations are too low.")
    return sums
