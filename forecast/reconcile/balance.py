r"""Totals and parts that should add up and do not, made coherent.

Forecasting packages call this hierarchical reconciliation; here *reconcile* means pooling sources that contradict
each other, and *balance* means making parts add up. Each number moves in proportion to how unsure it is:

.. math:: \tilde y = \hat y - W C' (C W C')^{-1} C \hat y, \quad C = [I, -A]

with A the sums, so that :math:`C \tilde y = 0`. This is the projection
:math:`S (S' W^{-1} S)^{-1} S' W^{-1} \hat y`, written so that certain numbers (variance 0) stay put.

References
----------
Wickramasuriya, Athanasopoulos & Hyndman (2019), doi:10.1080/01621459.2018.1448825; Wickramasuriya, Turlach &
Hyndman (2020), doi:10.1007/s11222-020-09930-0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from forecast.distributions import Array, Distribution
from forecast.errors import ArgumentError, ModelError, Problem, did_you_mean
from forecast.reconcile.densities import moments

if TYPE_CHECKING:
    from typing import TypeAlias

    import pandas as pd
    from matplotlib.axes import Axes

    Stated: TypeAlias = ArrayLike | Distribution | Sequence[float | Distribution] | Mapping[str, Any]

METHODS = ("ols", "structural", "variance", "mint")
"""What a number's uncertainty is taken for: all alike, as many as it has parts, its variance, the full covariance."""

ALIASES = {
    "wls": "variance",
    "wls_var": "variance",
    "wls_struct": "structural",
    "mint_shrink": "mint",
}
"""Names that forecasting packages use for the same methods."""

_RIDGE = 1e-12
_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Balanced:
    """Totals and parts that add up.

    Parameters
    ----------
    names
        Of the series: totals first, then parts.
    stated, series
        What was given and what is coherent, shape (..., series).
    sums
        Which parts each total holds, shape (totals, parts).
    mapping
        What each part takes from each number given, shape (parts, series), before any bound at 0.
    covariance
        Of the coherent series, shape (series, series), before any bound at 0; None where none was given.
    """

    names: tuple[str, ...]
    stated: Array
    series: Array
    sums: Array
    mapping: Array
    covariance: Array | None

    @property
    def total(self) -> Array:
        """The total, shape (...), or all of them, shape (..., totals)."""
        count = len(self.sums)
        return self.series[..., 0][()] if count == 1 else self.series[..., :count]

    @property
    def parts(self) -> Array:
        """The parts, shape (..., parts)."""
        return self.series[..., len(self.sums) :]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a series: what was stated, what is coherent, the change; means over draws."""
        import pandas as pd

        stated, balanced = (values.reshape(-1, len(self.names)) for values in (self.stated, self.series))
        before, after = stated.mean(axis=0), balanced.mean(axis=0)
        columns: dict[str, Any] = {"series": self.names, "stated": before, "balanced": after, "change": after - before}
        if len(balanced) > 1:
            columns["sd"] = balanced.std(axis=0, ddof=1)
        elif self.covariance is not None:
            columns["sd"] = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """Say what did not add up, and which number moved most."""
        stated, count = self.table["stated"].to_numpy(), len(self.sums)
        gap = stated[:count] - self.sums @ stated[count:]
        worst = int(np.argmax(np.abs(gap)))
        moved = self.table.iloc[int(np.argmax(self.table["change"].abs()))]
        side = "above" if gap[worst] >= 0 else "below"
        return (
            f"{self.names[worst]} was {abs(gap[worst]):.4g} {side} the sum of its parts; {moved['series']} moved most, "
            f"from {moved['stated']:.4g} to {moved['balanced']:.4g}."
        )

    def plot(self, ax: Axes | None = None, *, unit: str = "") -> Axes:
        """Waterfall from the parts as stated to the total as balanced; for a single total."""
        import pandas as pd

        from forecast.figures import waterfall

        if len(self.sums) != 1:
            raise ModelError(f"A waterfall shows one total and its parts; this has {len(self.sums)} totals.")
        parts = self.table.iloc[1:]
        rows = [("parts as stated", float(parts["stated"].sum()), "total")]
        moved = parts[parts["change"] != 0]
        rows += [(name, change, "change") for name, change in zip(moved["series"], moved["change"], strict=True)]
        rows += [(f"{self.names[0]} as balanced", float(self.table["balanced"][0]), "total")]
        return waterfall(pd.DataFrame(rows, columns=["label", "value", "kind"]), unit=unit, ax=ax)

    def __repr__(self) -> str:
        draws = self.stated[..., 0].size
        return f"Balanced({', '.join(self.names)}{f'; {draws} draws' * (draws > 1)})"

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False)


def balance(
    total: Stated,
    parts: Stated,
    *,
    method: str = "variance",
    covariance: ArrayLike | None = None,
    sums: ArrayLike | None = None,
    nonnegative: bool = True,
) -> Balanced:
    r"""Make totals and parts add up, moving each number in proportion to how unsure it is.

    Parameters
    ----------
    total
        The total: a number, a distribution, or draws of shape (...). Several totals on the last axis, with `sums`.
    parts
        The parts on the last axis, shape (..., parts), with the draws of `total` on the leading axes; or distributions;
        or a mapping from name to either.
    method
        ols, all numbers alike; structural, a total as unsure as the number of its parts; variance, by the variances;
        mint, by the full covariance. In any case; also under the names wls and wls_var (variance), wls_struct
        (structural) and mint_shrink (mint).
    covariance
        Of the numbers given, totals first: a matrix, or variances alone. Where it is left out, variance and mint take
        it from the distributions or from the draws (`shrunk_covariance`), and points use structural weights.
    sums
        Which parts each total holds, shape (totals, parts); a single total of all parts if not given.
    nonnegative
        Whether no part may fall below 0: the nearest coherent numbers that keep to it.

    Returns
    -------
    Balanced
        With draws, each is balanced by itself, so that bands and their dependence stay.

    Raises
    ------
    ArgumentError
        Shapes that do not fit, numbers that are missing, an unknown method, a covariance that is none. Lists all.
    ModelError
        Where numbers that are certain contradict each other.

    Examples
    --------
    >>> balanced = balance(52.0, {"devices": 20.0, "cells": 18.0, "tissue": 9.0}, covariance=[16, 4, 9, 1])
    >>> balanced.parts.round(3).tolist(), round(float(balanced.total), 3)
    ([20.667, 19.5, 9.167], 49.333)
    """
    folded = str(method).strip().casefold().replace("-", "_")
    method = ALIASES.get(folded, folded)
    given = _read(total, parts, sums)
    problems = given.problems(method, covariance)
    if problems:
        raise ArgumentError(problems)
    known = given.spread(covariance)
    weights = _weights(method, given, known)
    mapping = _mapping(weights, given.sums)
    bottom = given.stated @ mapping.T
    if nonnegative:
        bottom = _bounded(bottom, given, weights)
    summing = np.vstack([given.sums, np.eye(given.sums.shape[1])])
    projection = summing @ mapping
    spread = None if known is None else projection @ known @ projection.T
    return Balanced(given.names, given.stated, bottom @ summing.T, given.sums, mapping, spread)


def shrunk_covariance(draws: ArrayLike) -> Array:
    r"""Covariance whose correlations are drawn towards 0 as far as they are noise.

    .. math:: \lambda = \sum_{i \ne j} \widehat{\mathrm{var}}(r_{ij}) / \sum_{i \ne j} r_{ij}^2, \quad
              \hat\sigma_{ij} = (1 - \lambda)\, s_{ij}

    Parameters
    ----------
    draws
        Errors or draws, shape (draws, series); at least three draws.

    References
    ----------
    Schäfer & Strimmer (2005), doi:10.2202/1544-6115.1175.

    Examples
    --------
    >>> shrunk_covariance([[1.0, 1.0], [2.0, 2.5], [3.0, 2.0], [6.0, 7.0]]).round(3).tolist()
    [[4.667, 3.196], [3.196, 7.062]]
    """
    values = np.asarray(draws, float)
    if values.ndim != 2 or len(values) < 3 or not np.isfinite(values).all():
        allowed = "finite draws of shape (draws, series), at least 3"
        raise ArgumentError(Problem("draws", f"shape {values.shape}", allowed))
    count, centred = len(values), values - values.mean(axis=0)
    covariance = centred.T @ centred / (count - 1)
    sd = np.sqrt(np.diag(covariance))
    scaled = centred / np.where(sd > 0, sd, 1.0)
    correlation, squares = scaled.T @ scaled / count, (scaled**2).T @ scaled**2 / count
    apart = ~np.eye(values.shape[1], dtype=bool)
    noise = (squares - correlation**2)[apart].sum() / (count - 1)
    signal = (correlation[apart] ** 2).sum()
    kept = 1 - min(1.0, noise / signal) if signal > 0 else 0.0
    return np.where(apart, kept * covariance, covariance)


@dataclass(frozen=True, eq=False)
class _Given:
    """What was stated, totals first, with what is known of its spread."""

    names: tuple[str, ...]
    stated: Array
    variances: Array | None
    sums: Array
    shape_problems: tuple[Problem, ...]

    def problems(self, method: str, covariance: ArrayLike | None) -> list[Problem]:
        found = list(self.shape_problems)
        if method not in METHODS:
            found.append(Problem("method", repr(method), "the name of a method", did_you_mean(method, METHODS)))
        if not np.isfinite(self.stated).all():
            found.append(Problem("total, parts", "a number that is missing or infinite", "finite numbers"))
        if covariance is not None:
            found += self._covariance_problems(np.asarray(covariance, float))
        elif method == "mint" and self.variances is None and self.stated.ndim == 1:
            allowed = "a covariance of totals and parts, totals first"
            found.append(Problem("covariance", "none", allowed, "or use method='variance'"))
        return found

    def _covariance_problems(self, given: Array) -> list[Problem]:
        size = len(self.names)
        if given.shape not in ((size,), (size, size)):
            return [Problem("covariance", f"shape {given.shape}", f"({size},) or ({size}, {size}), totals first")]
        matrix = np.diag(given) if given.ndim == 1 else given
        if not np.isfinite(matrix).all():
            return [Problem("covariance", "a number that is missing or infinite", "finite numbers")]
        if np.abs(matrix - matrix.T).max() > _TOLERANCE * np.abs(matrix).max():
            return [Problem("covariance", "a matrix that is not symmetric", "a symmetric matrix")]
        least = np.linalg.eigvalsh(matrix)[0]
        if least < -_TOLERANCE * np.abs(matrix).max():
            return [Problem("covariance", f"an eigenvalue of {least:.3g}", "a positive semi-definite matrix")]
        return []

    def spread(self, covariance: ArrayLike | None) -> Array | None:
        """Covariance of the series: as given, from the distributions, or from the draws."""
        if covariance is not None:
            given = np.asarray(covariance, float)
            return np.diag(given) if given.ndim == 1 else given
        if self.variances is not None:
            return np.diag(self.variances)
        draws = self.stated.reshape(-1, len(self.names))
        return shrunk_covariance(draws) if len(draws) > 2 else None


def _weights(method: str, given: _Given, known: Array | None) -> Array:
    """W, the covariance that a method goes by."""
    structure = np.diag(np.concatenate([np.abs(given.sums).sum(axis=1), np.ones(given.sums.shape[1])]))
    if method == "ols":
        return np.eye(len(given.names))
    if method == "structural" or known is None:
        return structure
    return np.diag(np.diag(known)) if method == "variance" else known


def _mapping(weights: Array, sums: Array) -> Array:
    """Rows of the projection that give the parts: G = J - J W C' (C W C')⁻¹ C."""
    totals = len(sums)
    constraints = np.hstack([np.eye(totals), -sums])
    middle = constraints @ weights @ constraints.T
    if np.linalg.matrix_rank(middle) < totals:
        raise ModelError("A total and its parts are all certain (variance 0), so that nothing can move.")
    parts = np.eye(weights.shape[0])[totals:]
    return parts - weights[totals:] @ constraints.T @ np.linalg.solve(middle, constraints)


def _bounded(bottom: Array, given: _Given, weights: Array) -> Array:
    """Nearest coherent parts of at least 0, for those draws that have a negative one."""
    below = np.any(bottom < 0, axis=-1)
    if not below.any():
        return bottom
    floor = _RIDGE * np.max(np.diag(weights))
    root = np.linalg.cholesky(weights + floor * np.eye(len(weights)))
    summing = np.vstack([given.sums, np.eye(given.sums.shape[1])])
    design = np.linalg.solve(root, summing)
    bounded = bottom.copy()
    bounded[below] = [optimize.nnls(design, np.linalg.solve(root, y))[0] for y in given.stated[below]]
    return bounded


def _read(total: Stated, parts: Stated, sums: ArrayLike | None) -> _Given:
    part_names, part_values, part_variances = _stated("part", parts)
    total_names, total_values, total_variances = _stated("total", total)
    lead, count = part_values.shape[:-1], part_values.shape[-1] if part_values.ndim else 0
    matrix = np.ones((1, count)) if sums is None else np.atleast_2d(np.asarray(sums, float))
    if total_values.shape == lead and len(matrix) == 1:
        total_names, total_values = ("total",), total_values[..., None]
    problems = _shape_problems(total_values.shape, part_values.shape, matrix.shape)
    if problems:
        return _Given((), np.zeros(0), None, matrix, tuple(problems))
    stated = np.concatenate([total_values, part_values], axis=-1)
    sizes = ((total_variances, len(matrix)), (part_variances, count))
    variances = np.concatenate([np.broadcast_to(known, (size,)) for known, size in sizes])
    return _Given(total_names + part_names, stated, variances if variances.any() else None, matrix, ())


def _shape_problems(total: tuple[int, ...], parts: tuple[int, ...], sums: tuple[int, ...]) -> list[Problem]:
    if not parts or not parts[-1]:
        return [Problem("parts", f"shape {parts}", "at least one part, on the last axis")]
    if sums != (sums[0], parts[-1]):
        return [Problem("sums", f"shape {sums}", f"(totals, {parts[-1]} parts)")]
    expected = (*parts[:-1], sums[0])
    if total != expected:
        single = f"{expected[:-1]} or " if sums[0] == 1 else ""
        return [Problem("total", f"shape {total}", f"{single}{expected}, as many draws as of the parts")]
    return []


def _stated(kind: str, given: Stated) -> tuple[tuple[str, ...], Array, Array]:
    """Names, values with the series on the last axis, and variances (0 where a number is no distribution)."""
    if isinstance(given, Distribution):
        mean, variance = moments(given)
        return (kind,), np.array(mean), np.array(variance)
    named = dict(given.items()) if hasattr(given, "items") else None
    items = given if named is None else list(named.values())
    if isinstance(items, Sequence) and any(isinstance(item, Distribution) for item in items):
        pairs = [moments(item) if isinstance(item, Distribution) else (float(item), 0.0) for item in items]
        values, variances = np.array(pairs).T
    else:
        values, variances = np.asarray(items, float), np.zeros(1)
        values = values if named is None else np.moveaxis(values, 0, -1)
    count = values.shape[-1] if values.ndim else 1
    names = tuple(f"{kind} {i}" for i in range(1, count + 1)) if named is None else tuple(map(str, named))
    return names, values, variances
