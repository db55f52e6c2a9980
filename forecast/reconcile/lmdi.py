"""Logarithmic mean Divisia index: a change of a sum of products, split among the factors without a remainder.

References
----------
Ang, B. W. (2005), "The LMDI approach to decomposition analysis", doi:10.1016/j.enpol.2003.10.010;
Ang, B. W. (2015), doi:10.1016/j.enpol.2015.07.007.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from forecast.distributions import Array
from forecast.errors import ArgumentError, Problem


@dataclass(frozen=True, eq=False)
class Decomposition:
    """What each factor did to a value.

    Parameters
    ----------
    before, after
        The value.
    additive
        Amount by factor; they sum to after - before.
    multiplicative
        Ratio by factor (LMDI-I); their product is after / before.
    multiplicative_shares
        Ratio by factor with weights from shares (LMDI-II); same product.
    """

    before: float
    after: float
    additive: Array
    multiplicative: Array
    multiplicative_shares: Array


def logarithmic_mean(a: ArrayLike, b: ArrayLike) -> Array:
    r"""Mean between the geometric and the arithmetic: :math:`L(a, b) = (b - a) / \ln(b/a)`, and a where they agree.

    Examples
    --------
    >>> logarithmic_mean([10.0, 5.0], [20.0, 5.0]).round(4).tolist()
    [14.427, 5.0]
    """
    first, second = np.broadcast_arrays(np.asarray(a, float), np.asarray(b, float))
    logs = _log_ratio(first, second)
    same = logs == 0
    return np.where(same, first, (second - first) / np.where(same, 1.0, logs))


def lmdi(before: ArrayLike, after: ArrayLike) -> Decomposition:
    r"""Split the change of :math:`V = \sum_i \prod_k x_{ik}` among its factors k.

    .. math:: \Delta_k = \sum_i L(v_i^0, v_i^1)\,\ln(x_{ik}^1 / x_{ik}^0)

    Parameters
    ----------
    before, after
        Factors, shape (items, factors) or (factors,) for one item; above 0.

    Raises
    ------
    ArgumentError
        Unless both have one shape and all factors are above 0.

    Examples
    --------
    >>> lmdi([16.0, 3.06], [18.12, 2.27]).additive.round(2).tolist()
    [5.59, -13.42]
    """
    x0, x1 = (np.atleast_2d(np.asarray(factors, float)) for factors in (before, after))
    _check(x0, x1)
    v0, v1 = x0.prod(axis=1), x1.prod(axis=1)
    total0, total1 = float(v0.sum()), float(v1.sum())
    logs = _log_ratio(x0, x1)
    amounts = logarithmic_mean(v0, v1)
    shares = logarithmic_mean(v0 / total0, v1 / total1)
    return Decomposition(
        before=total0,
        after=total1,
        additive=amounts @ logs,
        multiplicative=np.exp(amounts @ logs / logarithmic_mean(total0, total1)),
        multiplicative_shares=np.exp(shares @ logs / shares.sum()),
    )


def _log_ratio(first: Array, second: Array) -> Array:
    """Logarithm of second over first, without cancellation where they nearly agree."""
    change = (second - first) / first
    return np.where(np.abs(change) < 0.5, np.log1p(np.maximum(change, -0.9)), np.log(second) - np.log(first))


def _check(before: Array, after: Array) -> None:
    problems = []
    if before.shape != after.shape or before.ndim != 2 or not before.size:
        problems.append(
            Problem("before, after", f"shapes {before.shape} and {after.shape}", "one shape (items, factors)")
        )
    for name, factors in (("before", before), ("after", after)):
        if not (np.isfinite(factors) & (factors > 0)).all():
            problems.append(Problem(name, f"{factors.min():g}", "finite factors above 0"))
    if problems:
        raise ArgumentError(problems)
