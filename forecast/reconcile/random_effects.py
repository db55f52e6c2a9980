r"""Random-effects pooling of many small problems at once.

Each study prints :math:`y_i = \mu + u_i + e_i` with :math:`u_i \sim N(0, \tau^2)` and sampling errors of known
variances :math:`v_i`, independent or correlated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from forecast.distributions import Array
from forecast.errors import ArgumentError, ModelError, Problem, did_you_mean
from forecast.reconcile.dependence import correlation_matrix
from forecast.reconcile.spread import METHODS, log_likelihood, restricted_log_likelihood
from forecast.reconcile.studies import Studies, Weighted, arrange

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

ALIASES = {"COMMON": "FE", "EE": "FE", "EB": "PM"}
"""Other names of the estimators: equal effects is the common effect, empirical Bayes is Paule and Mandel."""

_FOREST_LEVEL = 0.8


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
    _studies: Studies = field(repr=False)

    @property
    def studies(self) -> int:
        """Number of studies in each problem."""
        return self._studies.count

    @cached_property
    def log_likelihood(self) -> Array:
        """Log likelihood at the estimate of tau2, maximised over the mean."""
        return self._studies.shaped(log_likelihood(self._studies, self._flat_tau2))

    @cached_property
    def restricted_log_likelihood(self) -> Array:
        """Restricted log likelihood at the estimate of tau2, with the constant ln|X'X|/2."""
        return self._studies.shaped(restricted_log_likelihood(self._studies, self._flat_tau2))

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

    def __repr__(self) -> str:
        return f"RandomEffects({self.summary().splitlines()[0].rstrip('.')})"

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
            f"{high:.4g}); spread between studies {tau:.4g} (I2 {i2:.0f} %).\n" + self._outlook(least, most)
        )

    def _outlook(self, least: float, most: float) -> str:
        """What one more study would print, or why these studies do not say."""
        if self.studies == 1:
            return "One study says nothing about the spread between studies, nor about what one more would print."
        said = f"One more study is expected between {least:.4g} and {most:.4g}."
        if self.knapp_hartung and not float(np.ravel(self.se)[0]) > 0:
            return f"{said} The studies agree exactly, so the adjusted interval has no width; use the normal interval."
        return said

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
    values, variances = _numbers("y", y), _numbers("v", v)
    problems = _shape_problems(values, variances)
    if problems:
        raise ArgumentError(problems)
    values, variances = np.broadcast_arrays(values, variances)
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


def _read(
    y: ArrayLike,
    v: ArrayLike,
    correlation: ArrayLike | None,
    *,
    knapp_hartung: bool,
    level: float,
    problems: list[Problem],
) -> Studies:
    values, variances = _numbers("y", y), _numbers("v", v)
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
    return arrange(values, variances, correlation)


def _numbers(name: str, given: ArrayLike) -> Array:
    try:
        return np.asarray(given, float)
    except (TypeError, ValueError):
        raise ArgumentError(Problem(name, repr(given)[:60], "numbers, studies on the last axis")) from None


def _shape_problems(y: Array, v: Array) -> list[Problem]:
    try:
        shape = np.broadcast_shapes(y.shape, v.shape)
        if y.ndim and v.ndim and y.shape[-1] != v.shape[-1]:
            raise ValueError
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


def _method_name(method: str) -> str:
    folded = str(method).upper()
    return ALIASES.get(folded, folded)


def _method_problem(method: str) -> list[Problem]:
    if _method_name(method) in METHODS:
        return []
    known = [*METHODS, "common", "EB"]
    return [Problem("method", repr(method), ", ".join(known), did_you_mean(str(method), known))]


def _result(studies: Studies, tau2: Array, name: str, *, knapp_hartung: bool, level: float) -> RandomEffects:
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


def _heterogeneity(common: Weighted, tau2: Array, degrees: int, name: str) -> tuple[Array, Array]:
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
