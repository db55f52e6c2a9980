r"""Random-effects pooling of many small problems at once.

Each study prints :math:`y_i = \mu + u_i + e_i` with :math:`u_i \sim N(0, \tau^2)` and sampling errors of known
variances :math:`v_i`, independent or correlated. Errors that are correlated are rotated first, so that everything
below sees independent studies with a covariate x (all ones where nothing was rotated):

.. math:: w_i = 1/(v_i + \tau^2), \quad \hat\mu = \sum w x y / \sum w x^2, \quad P = W - W x x' W / \sum w x^2
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from forecast.distributions import Array
from forecast.errors import ArgumentError, ModelError, Problem, did_you_mean
from forecast.reconcile.dependence import correlation_matrix

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_LOG_TWO_PI = float(np.log(2 * np.pi))
_GRID_STEP = 0.5
"""Step of the search for stationary points, in ln(tau2 + smallest variance); a term varies over about 2 of it."""
_FOREST_LEVEL = 0.8
_BLOCK = 3000
"""Problems searched at once: their arrays stay in the cache of a processor."""
_FEW = 40
"""Up to so many studies a product of matrices is faster than running sums."""
_FARTHEST = 1e60
_NEWTON_STEPS = 60
_NEWTON_TOLERANCE = 1e-9
"""Last step, relative; what is left after it is of the order of its square."""

ALIASES = {"COMMON": "FE", "EE": "FE", "EB": "PM"}
"""Other names of the estimators: equal effects is the common effect, empirical Bayes is Paule and Mandel."""


@dataclass(frozen=True, eq=False)
class RandomEffects:
    """Pooled studies; every array has the leading axes of the input, intervals one more of length 2.

    Parameters
    ----------
    mu, se
        Pooled mean and its standard error.
    ci
        Interval for the mean.
    tau2
        Variance between studies.
    q
        Cochran's Q, at the weights of the common effect.
    i2
        Share of the variance that lies between studies, in percent.
    h2
        Variance relative to a world without spread between studies.
    prediction
        Interval for the true value of one more study.
    method, knapp_hartung, level
        As asked for.
    """

    mu: Array
    se: Array
    ci: Array
    tau2: Array
    q: Array
    i2: Array
    h2: Array
    prediction: Array
    method: str
    knapp_hartung: bool
    level: float
    _studies: _Studies = field(repr=False)

    @property
    def studies(self) -> int:
        """Number of studies in each problem."""
        return self._studies.count

    @cached_property
    def log_likelihood(self) -> Array:
        """Log likelihood at the estimate of tau2, maximised over the mean."""
        return self._studies.shaped(_log_likelihood(self._studies, self._flat_tau2))

    @cached_property
    def restricted_log_likelihood(self) -> Array:
        """Restricted log likelihood at the estimate of tau2, with the constant ln|X'X|/2."""
        return self._studies.shaped(_restricted_log_likelihood(self._studies, self._flat_tau2))

    @property
    def prediction_t(self) -> Array:
        """Prediction interval with Student's t and two degrees fewer than studies.

        Raises
        ------
        ModelError
            With fewer than three studies.

        References
        ----------
        Higgins, Thompson & Spiegelhalter (2009), doi:10.1111/j.1467-985X.2008.00552.x.
        """
        if self.studies < 3:
            raise ModelError(f"This prediction interval needs at least three studies; there are {self.studies}.")
        return _interval(self.mu, _width(self.level, self.studies - 2) * self._total_sd)

    @property
    def _flat_tau2(self) -> Array:
        return np.ravel(self.tau2)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a problem."""
        import pandas as pd

        columns = {"mu": self.mu, "se": self.se, "low": self.ci[..., 0], "high": self.ci[..., 1], "tau2": self.tau2}
        columns |= {"q": self.q, "i2": self.i2, "h2": self.h2}
        columns |= {"prediction_low": self.prediction[..., 0], "prediction_high": self.prediction[..., 1]}
        table = pd.DataFrame({name: np.ravel(value) for name, value in columns.items()})
        return table.rename_axis("problem").reset_index()

    def summary(self) -> str:
        """Say the answer in words.

        Examples
        --------
        >>> print(random_effects([2.6, 2.7, 2.65], [0.04, 0.03, 0.05]).summary())
        REML over 3 studies: mean 2.655 (95 % interval 2.434 to 2.877); spread between studies 0 (I2 0 %).
        One more study is expected between 2.434 and 2.877.
        """
        if self.mu.size != 1:
            share = np.mean(self.tau2 > 0)
            return f"{self.method} of {self.mu.size} problems of {self.studies} studies; {share:.0%} show a spread."
        mu, tau, i2 = (float(np.ravel(part)[0]) for part in (self.mu, np.sqrt(self.tau2), self.i2))
        (low, high), (least, most) = np.reshape(self.ci, 2), np.reshape(self.prediction, 2)
        noun = "study" if self.studies == 1 else "studies"
        return (
            f"{self.method} over {self.studies} {noun}: mean {mu:.4g} ({self.level * 100:.4g} % interval {low:.4g} to "
            f"{high:.4g}); spread between studies {tau:.4g} (I2 {i2:.0f} %).\n"
            f"One more study is expected between {least:.4g} and {most:.4g}."
        )

    def plot(self, ax: Axes | None = None, *, unit: str = "") -> Axes:
        """Forest with 80 % bands of the studies, the pooled mean and one more study; for a single problem."""
        from forecast.figures import forest

        return forest(self._forest_table(), unit=unit, ax=ax)

    def _forest_table(self) -> pd.DataFrame:
        import pandas as pd

        if self.mu.size != 1:
            raise ModelError(f"A forest shows one problem; this result has {self.mu.size}.")
        printed = _interval(self._studies.printed, _width(_FOREST_LEVEL) * np.sqrt(self._studies.sampling))
        rows = pd.DataFrame(printed.reshape(-1, 2), columns=["low", "high"])
        rows.insert(0, "label", [f"study {i}" for i in range(1, self.studies + 1)])
        rows.insert(2, "median", np.ravel(self._studies.printed))
        rows["kind"] = "source"
        mu, width = np.ravel(self.mu)[0], _width(_FOREST_LEVEL, self._degrees)
        for label, kind, sd in [("pooled", "consensus", self.se), ("one more", "next publisher", self._total_sd)]:
            reach = width * np.ravel(sd)[0]
            rows.loc[len(rows)] = [label, mu - reach, mu, mu + reach, kind]
        return rows

    @property
    def _degrees(self) -> float:
        return self.studies - 1 if self.knapp_hartung else np.inf

    @property
    def _total_sd(self) -> Array:
        return np.hypot(self.se, np.sqrt(self.tau2))

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False)


def random_effects(
    y: ArrayLike,
    v: ArrayLike,
    method: str = "REML",
    *,
    knapp_hartung: bool = False,
    level: float = 0.95,
    correlation: ArrayLike | None = None,
) -> RandomEffects:
    r"""Pool studies that differ by more than their sampling errors; thousands of problems at once.

    Parameters
    ----------
    y, v
        Printed values and their sampling variances, broadcast to one shape; studies on the last axis, problems on
        the leading axes. Any unit (v in its square); market sizes are best pooled as logarithms.
    method
        Estimator of the variance between studies: FE or common (none), DL (DerSimonian–Laird), HE (Hedges), HS
        (Hunter–Schmidt), SJ (Sidik–Jonkman), PM (Paule–Mandel, also EB), ML, REML. All are truncated at 0 exactly.
        ML and REML take the highest of all stationary points.
    knapp_hartung
        Standard error from the weighted residuals and Student's t with one degree fewer than studies, without a
        floor; else the normal.
    level
        Coverage of the intervals.
    correlation
        Of the sampling errors: one number for all pairs, or a matrix (studies, studies), with leading axes if it
        differs by problem. Independent if not given.

    Returns
    -------
    RandomEffects

    Raises
    ------
    ArgumentError
        No study; a number that is missing or infinite; a variance that is not above 0; an unknown method; a
        correlation that is not positive definite; Knapp–Hartung with one study. Lists all.
    ModelError
        Where values or variances are beyond 1e60, or variances below 1e-60.

    Notes
    -----
    One study shows no spread: tau2 and I2 are 0, the answer is the study itself. The prediction interval has the
    normal, with Knapp–Hartung Student's t; `RandomEffects.prediction_t` is the third convention.

    References
    ----------
    Viechtbauer, W. (2005), doi:10.3102/10769986030003261; Veroniki et al. (2016), doi:10.1002/jrsm.1164;
    Knapp & Hartung (2003), doi:10.1002/sim.1482.

    Examples
    --------
    >>> result = random_effects([1.409, 2.773, 2.897, 3.414], [0.25, 0.04, 0.09, 0.0625], "DL")
    >>> round(float(result.mu), 4), round(float(result.tau2), 4)
    (2.7392, 0.277)
    """
    name = _method_name(method)
    studies = _read(y, v, correlation, knapp_hartung=knapp_hartung, level=level, problems=_method_problem(method))
    with np.errstate(divide="ignore", invalid="ignore"):
        tau2 = METHODS[name](studies) if studies.count > 1 else np.zeros(studies.size)
    return _result(studies, tau2, name, knapp_hartung=knapp_hartung, level=level)


def leave_one_out(
    y: ArrayLike,
    v: ArrayLike,
    method: str = "REML",
    *,
    knapp_hartung: bool = False,
    level: float = 0.95,
    correlation: ArrayLike | None = None,
) -> RandomEffects:
    """Pool all studies but one, for each study in turn.

    Parameters
    ----------
    y, v, method, knapp_hartung, level, correlation
        As in `random_effects`.

    Returns
    -------
    RandomEffects
        With one more axis at the end of the leading axes: place j leaves study j out.

    Examples
    --------
    >>> leave_one_out([1.0, 2.0, 4.0], [1.0, 1.0, 1.0], "FE").mu.tolist()
    [3.0, 2.5, 1.5]
    """
    values, variances = np.broadcast_arrays(np.asarray(y, float), np.asarray(v, float))
    count = values.shape[-1] if values.ndim else 0
    if count < 2:
        raise ArgumentError(Problem("y", f"{count} studies", "at least two, so that one is left"))
    kept = np.array([np.delete(np.arange(count), j) for j in range(count)])
    left = None
    if correlation is not None:
        left = correlation_matrix(correlation, count)[..., kept[:, :, None], kept[:, None, :]]
    return random_effects(
        values[..., kept], variances[..., kept], method, knapp_hartung=knapp_hartung, level=level, correlation=left
    )


# ---- the studies, studies on the first axis and problems on the second


@dataclass(frozen=True, eq=False)
class _Studies:
    """Independent studies y = x mu + error, each (studies, problems), less a centre each problem; x None is 1."""

    y: Array
    v: Array
    x: Array | None
    centre: Array
    lead: tuple[int, ...]
    printed: Array
    sampling: Array

    @property
    def count(self) -> int:
        return self.y.shape[0]

    @property
    def size(self) -> int:
        return self.y.shape[1]

    def shaped(self, value: Array) -> Array:
        return value.reshape(self.lead)[()]

    def of(self, problems: NDArray[np.intp]) -> _Studies:
        """Pick some of the problems, possibly repeated."""
        y, v = (np.take(part, problems, axis=1) for part in (self.y, self.v))
        x = None if self.x is None else np.take(self.x, problems, axis=1)
        return replace(self, y=y, v=v, x=x)

    def weighted(self, tau2: Array) -> _Weighted:
        return _Weighted(self, 1 / (self.v + tau2))


class _Weighted:
    """The studies at one tau2 a problem, and what follows from their weights, computed when first asked for."""

    def __init__(self, studies: _Studies, weights: Array) -> None:
        self.w, self.x = weights, studies.x
        self.wx = _times(weights, studies.x)
        self.wxx = _times(self.wx, studies.x)
        self.total = np.sum(self.wxx, axis=0)
        self.mu = _dot(self.wx, studies.y) / self.total
        self.residual = studies.y - (self.mu if studies.x is None else studies.x * self.mu)
        self.scaled = weights * self.residual

    @cached_property
    def q(self) -> Array:
        """Quadratic form y'Py."""
        return _dot(self.scaled, self.residual)

    @cached_property
    def q2(self) -> Array:
        """Quadratic form y'P²y, minus the slope of q."""
        return _dot(self.scaled, self.scaled)

    @cached_property
    def q3(self) -> Array:
        """Quadratic form y'P³y, half the slope of -q2."""
        mean = _dot(self.wx, self.scaled) / self.total
        residual = self.scaled - (mean if self.x is None else self.x * mean)
        return _dot(self.w * residual, residual)

    @cached_property
    def sum(self) -> Array:
        """Trace of W, the slope of ln det W⁻¹."""
        return self.total if self.wx is self.w else np.sum(self.w, axis=0)

    @cached_property
    def sum2(self) -> Array:
        """Trace of W², minus the slope of the trace of W."""
        return _dot(self.w, self.w)

    @cached_property
    def trace(self) -> Array:
        """Trace of P, the slope of ln det W⁻¹ + ln x'Wx."""
        return _dot(self.w, _others(self.wxx)) / self.total

    @cached_property
    def trace2(self) -> Array:
        """Trace of P², minus the slope of the trace of P."""
        diagonal, squares = self.w * _others(self.wxx), self.wx**2
        return (_dot(diagonal, diagonal) + _dot(squares, _others(squares))) / self.total**2


def _others(a: Array) -> Array:
    """Sum over all studies but one, for each; never a difference, so that one study may outweigh the rest."""
    if len(a) <= _FEW:
        return (1 - np.eye(len(a))) @ a
    sums = np.zeros_like(a)
    np.cumsum(a[:-1], axis=0, out=sums[1:])
    sums[:-1] += np.cumsum(a[:0:-1], axis=0)[::-1]
    return sums


def _dot(a: Array, b: Array) -> Array:
    """Sum over studies of a product."""
    return np.einsum("ij,ij->j", a, b)


def _times(a: Array, x: Array | None) -> Array:
    return a if x is None else a * x


def _read(
    y: ArrayLike,
    v: ArrayLike,
    correlation: ArrayLike | None,
    *,
    knapp_hartung: bool,
    level: float,
    problems: list[Problem],
) -> _Studies:
    values, variances = np.asarray(y, float), np.asarray(v, float)
    problems = problems + _shape_problems(values, variances)
    if not problems:
        values, variances = np.broadcast_arrays(values, variances)
        if knapp_hartung and values.shape[-1] == 1:
            problems.append(Problem("knapp_hartung", "one study", "at least two studies", "use the normal interval"))
    problems += _number_problems(values, variances)
    if not 0 < level < 1:
        problems.append(Problem("level", f"{level:g}", "between 0 and 1", "write 95 % as 0.95"))
    if problems:
        raise ArgumentError(problems)
    return _arrange(values, variances, correlation)


def _shape_problems(y: Array, v: Array) -> list[Problem]:
    try:
        shape = np.broadcast_shapes(y.shape, v.shape)
    except ValueError:
        return [Problem("y, v", f"shapes {y.shape} and {v.shape}", "shapes that fit together, studies last")]
    if len(shape) == 0:
        return [Problem("y", "a single number", "studies on the last axis", "write [y]")]
    return [Problem("y", "no study", "at least one study")] if 0 in shape else []


def _number_problems(y: Array, v: Array) -> list[Problem]:
    problems = []
    if not np.isfinite(y).all():
        problems.append(Problem("y", _places(y, ~np.isfinite(y)), "finite numbers", "leave such a study out"))
    if not np.isfinite(v).all():
        problems.append(Problem("v", _places(v, ~np.isfinite(v)), "finite numbers", "leave such a study out"))
    if (v <= 0).any():
        remedy = "a printed number has at least the variance of its rounding, width²/12"
        problems.append(Problem("v", _places(v, v <= 0), "variances above 0", remedy))
    return problems


def _places(value: Array, wrong: NDArray[np.bool_]) -> str:
    where = np.argwhere(wrong)
    listed = ", ".join(f"{value[tuple(at)]:g} at {at.tolist()}" for at in where[:5])
    return listed + (f" and {len(where) - 5} more" if len(where) > 5 else "")


def _arrange(y: Array, v: Array, correlation: ArrayLike | None) -> _Studies:
    """Put studies first, subtract a centre, rotate errors that are correlated."""
    lead, count = y.shape[:-1], y.shape[-1]
    flat, variances = (np.ascontiguousarray(part.reshape(-1, count).T) for part in (y, v))
    if variances.min() < 1 / _FARTHEST or max(variances.max(), np.abs(flat).max()) > _FARTHEST:
        raise ModelError(
            "The values or variances are too large, too small or too far apart for an answer; rescale them."
        )
    weights = 1 / variances
    centre = np.sum(weights * (flat - flat[0]), axis=0) / np.sum(weights, axis=0) + flat[0]
    centred = flat - centre
    if correlation is None:
        return _Studies(centred, variances, None, centre, lead, y, v)
    matrices = np.broadcast_to(correlation_matrix(correlation, count), (*lead, count, count))
    sd = np.sqrt(variances.T)
    covariance = matrices.reshape(-1, count, count) * sd[:, :, None] * sd[:, None, :]
    values, vectors = np.linalg.eigh(covariance)
    if (values <= 0).any():
        raise ArgumentError(Problem("correlation", "a singular matrix", "a positive definite one"))
    rotated = np.einsum("nij,in->jn", vectors, centred)
    return _Studies(rotated, values.T, vectors.sum(axis=1).T, centre, lead, y, v)


# ---- estimators of tau2


def _common(studies: _Studies) -> Array:
    return np.zeros(studies.size)


def _dersimonian_laird(studies: _Studies) -> Array:
    fit = studies.weighted(np.zeros(1))
    return np.maximum((fit.q - (studies.count - 1)) / fit.trace, 0.0)


def _hedges(studies: _Studies) -> Array:
    fit = _unweighted(studies)
    sampling = np.sum(studies.v, axis=0) - _dot(fit.wx**2, studies.v) / fit.total
    return np.maximum((fit.q - sampling) / (studies.count - 1), 0.0)


def _hunter_schmidt(studies: _Studies) -> Array:
    fit = studies.weighted(np.zeros(1))
    return np.maximum((fit.q - studies.count) / fit.sum, 0.0)


def _sidik_jonkman(studies: _Studies) -> Array:
    start = _unweighted(studies).q / studies.count
    return start * studies.weighted(start).q / (studies.count - 1)


def _paule_mandel(studies: _Studies) -> Array:
    """Newton on 1/q, which is concave and rising in tau2, so that it climbs to the root and never passes it."""
    tau2, target = np.zeros(studies.size), studies.count - 1
    smallest = np.min(studies.v, axis=0)
    for _ in range(_NEWTON_STEPS):
        fit = studies.weighted(tau2)
        step = np.where(fit.q > 0, fit.q * (fit.q / target - 1) / fit.q2, 0.0)
        tau2, before = np.maximum(tau2 + step, 0.0), tau2
        if np.all(np.abs(tau2 - before) <= _NEWTON_TOLERANCE * (tau2 + smallest)):
            break
    return tau2


def _maximum_likelihood(studies: _Studies) -> Array:
    return _highest(studies, _ML)


def _restricted_likelihood(studies: _Studies) -> Array:
    return _highest(studies, _REML)


METHODS: dict[str, Callable[[_Studies], Array]] = {
    "FE": _common,
    "DL": _dersimonian_laird,
    "HE": _hedges,
    "HS": _hunter_schmidt,
    "SJ": _sidik_jonkman,
    "PM": _paule_mandel,
    "ML": _maximum_likelihood,
    "REML": _restricted_likelihood,
}
"""Estimators of the variance between studies."""


def _method_name(method: str) -> str:
    folded = str(method).upper()
    return ALIASES.get(folded, folded)


def _method_problem(method: str) -> list[Problem]:
    if _method_name(method) in METHODS:
        return []
    known = [*METHODS, "common", "EB"]
    return [Problem("method", repr(method), ", ".join(known), did_you_mean(str(method), known))]


# ---- likelihoods and their global maximum


def _log_likelihood(studies: _Studies, tau2: Array) -> Array:
    logs = np.sum(np.log(studies.v + tau2), axis=0)
    return -0.5 * (studies.count * _LOG_TWO_PI + logs + studies.weighted(tau2).q)


def _restricted_log_likelihood(studies: _Studies, tau2: Array) -> Array:
    fit = studies.weighted(tau2)
    logs = np.sum(np.log(studies.v + tau2), axis=0) + np.log(fit.total / studies.count)
    return -0.5 * ((studies.count - 1) * _LOG_TWO_PI + logs + fit.q)


@dataclass(frozen=True)
class _Likelihood:
    """A log likelihood of tau2; it rises where `q2` is above the fall of its determinant."""

    value: Callable[[_Studies, Array], Array]
    fall: Callable[[_Weighted], Array]
    bend: Callable[[_Weighted], Array]

    def ratio(self, fit: _Weighted) -> tuple[Array, Array]:
        """Fall over q2, less 1, and its slope: nearly straight in tau2, 0 at a stationary point."""
        fall = self.fall(fit) / fit.q2
        return fall - 1, (2 * fit.q3 * fall - self.bend(fit)) / fit.q2


_ML = _Likelihood(_log_likelihood, lambda fit: fit.sum, lambda fit: fit.sum2)
_REML = _Likelihood(_restricted_log_likelihood, lambda fit: fit.trace, lambda fit: fit.trace2)


def _highest(studies: _Studies, likelihood: _Likelihood) -> Array:
    """Best of tau2 = 0 and of all stationary points, block by block, so that a block stays in the cache."""
    starts = range(0, studies.size, _BLOCK)
    blocks = [np.arange(start, min(start + _BLOCK, studies.size)) for start in starts]
    return np.concatenate([_highest_of_block(studies.of(block), likelihood) for block in blocks])


def _highest_of_block(studies: _Studies, likelihood: _Likelihood) -> Array:
    problems, low, high = _brackets(studies, likelihood)
    inner = _roots(studies.of(problems), likelihood, low, high)
    owner = np.concatenate([np.arange(studies.size), problems])
    tau2 = np.concatenate([np.zeros(studies.size), inner])
    ascending = np.argsort(likelihood.value(studies.of(owner), tau2), kind="stable")
    best = np.zeros(studies.size)
    best[owner[ascending]] = tau2[ascending]
    return best


def _brackets(studies: _Studies, likelihood: _Likelihood) -> tuple[NDArray[np.intp], Array, Array]:
    """Problems, and intervals of tau2 in which their likelihood turns from rising to falling.

    None turns above the sum of (y - x mean)²: each contrast alone falls from its own square on.
    """
    smallest = np.min(studies.v, axis=0)
    span = np.log1p(_unweighted(studies).q / smallest)
    steps = int(np.ceil(span.max() / _GRID_STEP)) + 1
    grid = [smallest * np.expm1(span * share) for share in np.linspace(0, 1, steps + 1)]
    rising = [_rises(studies.weighted(tau2), likelihood) for tau2 in grid]
    turns = [np.flatnonzero(left & ~right) for left, right in pairwise(rising)]
    low = [tau2[turn] for tau2, turn in zip(grid, turns, strict=False)]
    high = [tau2[turn] for tau2, turn in zip(grid[1:], turns, strict=True)]
    return np.concatenate(turns), np.concatenate(low), np.concatenate(high)


def _rises(fit: _Weighted, likelihood: _Likelihood) -> NDArray[np.bool_]:
    return fit.q2 > likelihood.fall(fit)


def _roots(studies: _Studies, likelihood: _Likelihood, low: Array, high: Array) -> Array:
    """Newton on the ratio; bisection where it leaves the bracket."""
    tau2, smallest = (low + high) / 2, np.min(studies.v, axis=0)
    for _ in range(_NEWTON_STEPS):
        gap, slope = likelihood.ratio(studies.weighted(tau2))
        low, high = np.where(gap < 0, tau2, low), np.where(gap < 0, high, tau2)
        step = tau2 - gap / slope
        inside = (step >= low) & (step <= high)
        tau2, before = np.where(inside, step, (low + high) / 2), tau2
        if np.all(np.abs(tau2 - before) <= _NEWTON_TOLERANCE * (tau2 + smallest)):
            break
    return tau2


def _unweighted(studies: _Studies) -> _Weighted:
    return _Weighted(studies, np.ones_like(studies.v))


def _result(studies: _Studies, tau2: Array, name: str, *, knapp_hartung: bool, level: float) -> RandomEffects:
    common, fit = studies.weighted(np.zeros(1)), studies.weighted(tau2)
    degrees = studies.count - 1
    se = np.sqrt(fit.q / degrees / fit.total) if knapp_hartung else np.sqrt(1 / fit.total)
    width = _width(level, degrees if knapp_hartung else np.inf)
    mu, q = fit.mu + studies.centre, common.q
    i2, h2 = _heterogeneity(common, tau2, degrees, name)
    parts = {"mu": mu, "se": se, "tau2": tau2, "q": q, "i2": i2, "h2": h2}
    ci, prediction = _interval(mu, width * se), _interval(mu, width * np.hypot(se, np.sqrt(tau2)))
    shaped = {part: studies.shaped(value) for part, value in parts.items()}
    ends = {part: value.reshape(*studies.lead, 2) for part, value in (("ci", ci), ("prediction", prediction))}
    return RandomEffects(**shaped, **ends, method=name, knapp_hartung=knapp_hartung, level=level, _studies=studies)


def _heterogeneity(common: _Weighted, tau2: Array, degrees: int, name: str) -> tuple[Array, Array]:
    """I2 in percent and H2: from Q for the common effect, else from tau2 and the typical sampling variance."""
    if degrees == 0:
        return np.zeros_like(common.q), np.ones_like(common.q)
    if name == "FE":
        share = 1 - degrees / np.maximum(common.q, degrees)
        return 100 * share, common.q / degrees
    typical = degrees / common.trace
    return 100 * (tau2 / (typical + tau2)), tau2 / typical + 1


def _width(level: float, degrees: float = np.inf) -> float:
    """Half width of a central interval in standard errors: normal, or Student's t."""
    tail = (1 + level) / 2
    return float(special.ndtri(tail) if np.isinf(degrees) else special.stdtrit(degrees, tail))


def _interval(centre: Array, half_width: Array) -> Array:
    return np.stack([centre - half_width, centre + half_width], axis=-1)
