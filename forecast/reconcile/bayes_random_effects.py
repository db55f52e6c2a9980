r"""Random effects with a prior on the spread: one integral, over tau; the rest is closed form.

Given :math:`\tau` the mean is normal, so every answer about the mean or one more study is a finite mixture of
normals over the nodes of the integral. The nodes are those of the double-exponential rule
:math:`\tau = s\,e^{(\pi/2) \sinh x}`, doubled until nothing moves; it takes posteriors with algebraic tails and
posteriors piled up at 0 alike.

References
----------
Röver, C. (2020), doi:10.18637/jss.v093.i06; Takahasi & Mori (1974), doi:10.2977/prims/1195192451.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from forecast.distributions import Array, Normal
from forecast.errors import ArgumentError, ModelError, Problem
from forecast.mixture import mixture_quantiles
from forecast.reconcile.spread_priors import HalfNormal, SpreadPrior

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

DEFAULT_SPREAD = HalfNormal(0.6)
"""Meant for logarithms of market sizes: the spread of published estimates in seven markets."""
LEVELS = (0.025, 0.25, 0.5, 0.75, 0.975)
_REACH = 4.2
_FIRST_NODES = 64
_MOST_NODES = 2**16
_TOLERANCE = 1e-11
_NEGLIGIBLE = 1e-17


@dataclass(frozen=True, eq=False)
class SpreadPosterior:
    """What is known of tau afterwards.

    Parameters
    ----------
    weights, nodes
        Nodes of the integral and their posterior weights, which sum to 1.
    """

    weights: Array
    nodes: Array
    _places: Array = field(repr=False)
    _scale: float = field(repr=False)
    _tail: float = field(repr=False)

    @property
    def mean(self) -> float:
        """Posterior mean.

        Raises
        ------
        ModelError
            Where the tail is so long that there is none; quantiles always exist.
        """
        _check_moment(self._tail, 1)
        return float(self.weights @ self.nodes)

    @property
    def sd(self) -> float:
        """Posterior standard deviation; raises `ModelError` where there is none."""
        _check_moment(self._tail, 2)
        return math.sqrt(self.weights @ (self.nodes - self.mean) ** 2)

    def cdf(self, tau: ArrayLike) -> Array:
        """Probability of at most `tau`: the indefinite integral that goes with the rule."""
        value = np.asarray(tau, float)
        with np.errstate(divide="ignore"):
            place = np.arcsinh(np.log(np.maximum(value, 0.0) / self._scale) * 2 / math.pi)
        return np.where(value > 0, self._share_below(place), 0.0)

    def quantiles(self, levels: Sequence[float] = LEVELS) -> Array:
        """Quantiles, by root finding on the distribution function."""
        _check_levels(levels)
        low, high = self._places[0], self._places[-1]
        found = [
            optimize.brentq(lambda x, u=u: float(self._share_below(np.array(x)) - u), low, high, xtol=1e-14, rtol=1e-14)
            for u in levels
        ]
        return self._scale * np.exp(math.pi / 2 * np.sinh(found))

    def _share_below(self, place: Array) -> Array:
        step = self._places[1] - self._places[0]
        integral, _ = special.sici(math.pi * (place[..., None] - self._places) / step)
        return (0.5 + integral / math.pi) @ self.weights


@dataclass(frozen=True, eq=False)
class NormalMixture:
    """A finite mixture of normals: the mean of the studies, or the true value of one more.

    Parameters
    ----------
    weights, means, sds
        The components, one a node of tau; weights sum to 1.
    """

    weights: Array
    means: Array
    sds: Array
    _tail: float = field(default=math.inf, repr=False)

    @property
    def mean(self) -> float:
        """Mean; raises `ModelError` where the tail is so long that there is none."""
        _check_moment(self._tail, 1)
        return float(self.weights @ self.means)

    @property
    def sd(self) -> float:
        """Standard deviation; raises `ModelError` where there is none."""
        _check_moment(self._tail, 2)
        return math.sqrt(self.weights @ (self.sds**2 + (self.means - self.mean) ** 2))

    def cdf(self, value: ArrayLike) -> Array:
        """Probability of at most `value`."""
        return special.ndtr((np.asarray(value, float)[..., None] - self.means) / self.sds) @ self.weights

    def quantiles(self, levels: Sequence[float] = LEVELS) -> Array:
        """Quantiles, by root finding on the distribution function."""
        _check_levels(levels)
        return mixture_quantiles(self.weights, self.means[:, None], self.sds[:, None], np.asarray(levels, float))[0]


@dataclass(frozen=True, eq=False)
class BayesRandomEffects:
    """Posterior of a random-effects model.

    Parameters
    ----------
    tau
        Standard deviation between studies.
    mu
        Mean of the studies.
    theta_new
        True value of one more study.
    shrink_mean, shrink_sd
        True value of each study, drawn towards the mean.
    log_marginal_likelihood
        For comparing priors; with an improper prior only up to its constant.
    numerical_error
        How far the log marginal likelihood moved at the last doubling of the nodes.
    """

    tau: SpreadPosterior
    mu: NormalMixture
    theta_new: NormalMixture
    shrink_mean: Array
    shrink_sd: Array
    log_marginal_likelihood: float
    numerical_error: float
    tau_prior: SpreadPrior
    mu_prior: Normal | None

    @property
    def table(self) -> pd.DataFrame:
        """Quantiles of tau, mu and one more study: one row a quantity, one column a level."""
        import pandas as pd

        rows: dict[str, SpreadPosterior | NormalMixture] = {"tau": self.tau, "mu": self.mu, "theta_new": self.theta_new}
        values = {name: posterior.quantiles(LEVELS) for name, posterior in rows.items()}
        table = pd.DataFrame.from_dict(values, orient="index", columns=list(LEVELS))
        return table.rename_axis("quantity").reset_index()

    def __repr__(self) -> str:
        return f"BayesRandomEffects({self.summary().splitlines()[0].rstrip('.')})"

    def summary(self) -> str:
        """Say the answer in words, and how much of it is prior.

        Examples
        --------
        >>> print(bayes_random_effects([1.4, 2.8, 2.9, 3.4], [0.25, 0.04, 0.09, 0.06]).summary())
        4 studies: mean 2.768 (95 % 1.931 to 3.457); spread between studies 0.5731 (95 % 0.09488 to 1.275).
        One more study is expected between 1.086 and 4.293.
        """
        count = self.shrink_mean.size
        (low, _, middle, _, high), spread = self.mu.quantiles(), self.tau.quantiles()
        least, most = self.theta_new.quantiles()[[0, -1]]
        lines = [
            f"{count} {'study' if count == 1 else 'studies'}: mean {middle:.4g} (95 % {low:.4g} to {high:.4g}); "
            f"spread between studies {spread[2]:.4g} (95 % {spread[0]:.4g} to {spread[-1]:.4g}).",
            f"One more study is expected between {least:.4g} and {most:.4g}.",
        ]
        if count <= 3:
            lines.append("With so few studies the spread, and so the band, is mostly the prior.")
        return "\n".join(lines)

    def plot(self, ax: Axes | None = None, *, unit: str = "") -> Axes:
        """Forest with 80 % bands of the studies drawn towards the mean, the mean and one more study."""
        from forecast.figures import forest

        return forest(self._forest_table(), unit=unit, ax=ax)

    def _forest_table(self) -> pd.DataFrame:
        import pandas as pd

        ends = special.ndtri(0.9) * self.shrink_sd
        rows = pd.DataFrame(
            {"low": self.shrink_mean - ends, "median": self.shrink_mean, "high": self.shrink_mean + ends}
        )
        rows.insert(0, "label", [f"study {i}" for i in range(1, len(rows) + 1)])
        rows["kind"] = "source"
        for label, kind, posterior in [("mean", "consensus", self.mu), ("one more", "next publisher", self.theta_new)]:
            low, middle, high = posterior.quantiles((0.1, 0.5, 0.9))
            rows.loc[len(rows)] = [label, low, middle, high, kind]
        return rows

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False)


def bayes_random_effects(
    y: ArrayLike,
    v: ArrayLike,
    *,
    tau_prior: SpreadPrior = DEFAULT_SPREAD,
    mu_prior: Normal | None = None,
) -> BayesRandomEffects:
    r"""Pool studies with a prior on the spread between them.

    .. math:: y_i \sim N(\theta_i, v_i), \quad \theta_i \sim N(\mu, \tau^2), \quad \tau \sim \text{prior}

    Parameters
    ----------
    y, v
        Printed values and their sampling variances, shape (studies,); market sizes as logarithms.
    tau_prior
        `HalfNormal`, `HalfCauchy`, `HalfT` or `FlatSpread`; the default is meant for logarithms of market sizes.
    mu_prior
        Normal prior of the mean; flat if not given.

    Returns
    -------
    BayesRandomEffects

    Raises
    ------
    ArgumentError
        No study, a number that is missing or infinite, a variance that is not above 0. Lists all.
    ModelError
        Where the posterior has no finite mass: a flat prior on tau with fewer than three studies (two if the mean
        has a prior).

    Examples
    --------
    >>> posterior = bayes_random_effects([1.4, 2.8, 2.9, 3.4], [0.25, 0.04, 0.09, 0.06], tau_prior=HalfNormal(0.5))
    >>> posterior.mu.quantiles([0.1, 0.5, 0.9]).round(3).tolist()
    [2.329, 2.779, 3.146]
    """
    values, variances = _read(y, v)
    tail = tau_prior.tail + values.size - (mu_prior is None)
    if tail <= 1:
        few = f"{values.size} {'study' if values.size == 1 else 'studies'}"
        raise ModelError(f"A flat prior on tau and {few} leave a posterior without finite mass; give tau a prior.")
    return _posterior(_Integrand(values, variances, tau_prior, mu_prior), tail)


@dataclass(frozen=True, eq=False)
class _Integrand:
    """The posterior of tau, up to its constant, at x with tau = scale exp(pi/2 sinh x)."""

    y: Array
    v: Array
    tau_prior: SpreadPrior
    mu_prior: Normal | None

    @property
    def scale(self) -> float:
        return math.sqrt(np.var(self.y) + 1 / np.mean(1 / self.v))

    def tau(self, x: Array) -> Array:
        return self.scale * np.exp(math.pi / 2 * np.sinh(x))

    def log_mass(self, x: Array) -> Array:
        """Log of prior times likelihood times the slope of tau in x."""
        tau = self.tau(x)
        slope = np.log(tau) + np.log(math.pi / 2 * np.cosh(x))
        return slope + self.tau_prior.log_density(tau) + self.log_likelihood(tau)

    def given(self, tau: Array) -> tuple[Array, Array]:
        """Mean and variance of mu given each tau."""
        weights, centre, precision = self._weights(tau), *self._mu_prior()
        total = weights.sum(axis=1) + precision
        start = self.y[np.argmin(self.v)]
        return start + (weights @ (self.y - start) + precision * (centre - start)) / total, 1 / total

    def log_likelihood(self, tau: Array) -> Array:
        """Log density of the studies given tau, with mu integrated out."""
        mean, variance = self.given(tau)
        weights, centre, precision = self._weights(tau), *self._mu_prior()
        squares = np.sum(weights * (self.y - mean[:, None]) ** 2, axis=1) + precision * (centre - mean) ** 2
        logs = np.sum(np.log(weights), axis=1) + np.log(variance) + (math.log(precision) if precision else 0.0)
        degrees = self.y.size - (self.mu_prior is None)
        return 0.5 * (logs - squares - degrees * math.log(2 * math.pi))

    def _weights(self, tau: Array) -> Array:
        return 1 / (self.v + tau[:, None] ** 2)

    def _mu_prior(self) -> tuple[float, float]:
        """Centre and precision; a flat prior has none of either."""
        return (0.0, 0.0) if self.mu_prior is None else (self.mu_prior.mean, self.mu_prior.sd**-2)


def _posterior(integrand: _Integrand, tail: float) -> BayesRandomEffects:
    places, weights, log_total, error = _integrate(integrand)
    tau = integrand.tau(places)
    mean, variance = integrand.given(tau)
    mu_tail = tail if integrand.mu_prior is None else math.inf
    keep = weights > _NEGLIGIBLE
    kept, centre = weights[keep] / weights[keep].sum(), mean[keep]
    shrink_mean, shrink_sd = _shrink(integrand, kept, tau[keep], centre, variance[keep])
    return BayesRandomEffects(
        tau=SpreadPosterior(weights, tau, places, integrand.scale, tail),
        mu=NormalMixture(kept, centre, np.sqrt(variance[keep]), mu_tail),
        theta_new=NormalMixture(kept, centre, np.sqrt(variance[keep] + tau[keep] ** 2), tail),
        shrink_mean=shrink_mean,
        shrink_sd=shrink_sd,
        log_marginal_likelihood=log_total,
        numerical_error=error,
        tau_prior=integrand.tau_prior,
        mu_prior=integrand.mu_prior,
    )


def _integrate(integrand: _Integrand) -> tuple[Array, Array, float, float]:
    """Nodes, their weights, the log integral and its error; once more doubled than the integral needs.

    The last doubling is for the distribution function of tau, which converges with the square root of the rule.
    """
    count, before, settled = _FIRST_NODES, math.inf, False
    while count <= _MOST_NODES:
        places = np.linspace(-_REACH, _REACH, count + 1)
        mass = integrand.log_mass(places)
        total = float(special.logsumexp(mass)) + math.log(places[1] - places[0])
        error, before = abs(total - before), total
        if settled:
            weights = np.exp(mass - special.logsumexp(mass))
            return places, weights / weights.sum(), total, error
        settled = error <= _TOLERANCE
        count *= 2
    raise ModelError(f"The integral over tau has not settled with {_MOST_NODES} nodes.")


def _shrink(integrand: _Integrand, weights: Array, tau: Array, mean: Array, variance: Array) -> tuple[Array, Array]:
    """Mean and sd of each study's own true value."""
    share = tau[:, None] ** 2 / (tau[:, None] ** 2 + integrand.v)
    centres = mean[:, None] + share * (integrand.y - mean[:, None])
    variances = share * integrand.v + (1 - share) ** 2 * variance[:, None]
    centre = weights @ centres
    return centre, np.sqrt(weights @ (variances + (centres - centre) ** 2))


def _read(y: ArrayLike, v: ArrayLike) -> tuple[Array, Array]:
    values, variances = np.atleast_1d(np.asarray(y, float)), np.atleast_1d(np.asarray(v, float))
    problems = []
    if values.ndim != 1 or values.shape != variances.shape or not values.size:
        problems.append(Problem("y, v", f"shapes {values.shape} and {variances.shape}", "one shape (studies,)"))
    if not np.isfinite(values).all():
        problems.append(Problem("y", "a number that is missing or infinite", "finite numbers"))
    if not (np.isfinite(variances) & (variances > 0)).all():
        problems.append(Problem("v", f"{variances.tolist()}", "finite variances above 0"))
    if problems:
        raise ArgumentError(problems)
    return values, variances


def _check_moment(tail: float, order: int) -> None:
    if tail <= order + 1:
        name = "mean" if order == 1 else "standard deviation"
        raise ModelError(f"The posterior has no {name}: its tail is too long. Its quantiles exist.")


def _check_levels(levels: Sequence[float]) -> None:
    if not all(0 < level < 1 for level in levels):
        raise ArgumentError(Problem("levels", f"{list(levels)}", "between 0 and 1"))
