"""The best fit for each of many ceilings: which of them the data allow, and how likely a prior makes each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecast.growth.direct import DirectProblem
from forecast.growth.plan import Plan
from forecast.growth.solve import Solved, pick, shape_problem
from forecast.growth.solver import Array, Indices
from forecast.growth.varpro import ShapeFit

FARTHEST = 1000.0
"""Ceiling, in largest values of the history, that counts as none."""
_SHARES = np.concatenate(
    [np.geomspace(0.3, 0.85, 6), np.geomspace(0.9, 1.5, 13), np.geomspace(1.7, FARTHEST, 17), np.geomspace(1e4, 1e6, 2)]
)
"""Ceilings to try, in largest values of the history."""
_BEYOND = np.array([25.0, 50.0, 100.0, 200.0, 400.0])
"""Logarithms of ceilings so far that they are none even to a Gompertz curve."""
_NO_FIT = 1e300
_EXACT = 1e-16
"""Share of the sum of squared data below which differences are rounding."""
_ROUNDS, _BETWEEN = 3, 6
"""Rounds in which an end of the interval is closed in, and ceilings tried in each."""
_SWEEPS = 3
"""Most times that the fit with one ceiling is tried with its neighbours."""
_SCORES = np.linspace(-3.5, 3.5, 22)
"""Normal scores of a prior at which its ceilings are tried."""
_NEGLIGIBLE = -14.0
"""Logarithm of a weight, against the largest, below which a ceiling is left out."""
_WIDEST = 1.0
"""Largest variance of a parameter, on the solver's scale, that a ceiling is weighed with."""
_HALVINGS = 60


@dataclass(frozen=True)
class Profile:
    """The best fits of one history for each of many ceilings.

    Parameters
    ----------
    fit
        The fit with a free ceiling.
    plan
        What was fitted.
    ceilings
        In ascending order, shape (b,).
    fits
        The best other parameters with each, of the history repeated.
    objective
        Sums of squares, with what priors on other parameters add, shape (b,).
    """

    fit: Solved
    plan: Plan
    ceilings: Array
    fits: Solved
    objective: Array

    def interval(self, allowance: float) -> tuple[float, float]:
        """Ends of the ceilings whose sum of squares exceeds the best by at most `allowance`, and of the fitted one."""
        excess, limit, logs = np.sqrt(self._excess), np.sqrt(allowance), np.log(self.ceilings)
        first, last = self._allowed(allowance)[[0, -1]]
        low = logs[0] if first == 0 else _crossing(logs, excess, first - 1, first, limit)
        high = np.inf if self._none(last) else _crossing(logs, excess, last, last + 1, limit)
        return min(float(np.exp(low)), self._fitted), max(float(np.exp(high)), self._fitted)

    def allowed(self, allowance: float) -> Solved:
        """Fits of the ceilings that the data allow."""
        return self.fits.some(self._allowed(allowance))

    def closed_in(self, allowance: float) -> Profile:
        """With more ceilings around the ends of the interval."""
        profile = self
        for _ in range(_ROUNDS):
            first, last = profile._allowed(allowance)[[0, -1]]
            pairs = [] if first == 0 else [(first - 1, first)]
            pairs += [] if profile._none(last) else [(last, last + 1)]
            profile = profile._with_between(np.array(pairs)) if pairs else profile
        return profile

    @property
    def _fitted(self) -> float:
        return _fitted(self.fit)

    @property
    def _excess(self) -> Array:
        return np.clip(self.objective - np.min(self.objective), 0.0, _NO_FIT)

    def _allowed(self, allowance: float) -> Indices:
        return np.flatnonzero((self._excess <= allowance) | (self.ceilings == self._fitted))

    def _none(self, position: int) -> bool:
        """Whether a ceiling is so high that it counts as none."""
        farthest = FARTHEST * _unit(self.plan, self.fit.problem) * (1 - 1e-9)
        return bool(position == len(self.ceilings) - 1 or self.ceilings[position] >= farthest)

    def _with_between(self, pairs: Indices) -> Profile:
        """With ceilings between each of some pairs of neighbours, found from both."""
        left, right = np.repeat(pairs, _BETWEEN, axis=0).T
        shares = np.tile(np.arange(1, _BETWEEN + 1) / (_BETWEEN + 1), len(pairs))
        ceilings = np.exp((1 - shares) * np.log(self.ceilings[left]) + shares * np.log(self.ceilings[right]))
        starts = [self.fits.coded[:, left], self.fits.coded[:, right]]
        more, objective = _best_given(self.fit, ceilings, starts)
        order = np.argsort(every := np.concatenate([self.ceilings, ceilings]), kind="stable")
        joined = Solved(
            _given(self.fit.problem, every),
            np.concatenate([self.fits.coded, more.coded], axis=1),
            np.concatenate([self.fits.rss, more.rss]),
            np.concatenate([self.fits.converged, more.converged]),
        )
        objectives = np.concatenate([self.objective, objective])
        return replace(self, ceilings=every[order], fits=joined.some(order), objective=objectives[order])


def profile_of(plan: Plan, fit: Solved) -> Profile:
    """Profile of a fit with a free ceiling: from below the history to ceilings so high that they are none."""
    unit = _unit(plan, fit.problem)
    fitted, spread = _fitted(fit), float(np.sqrt(fit.coded_covariance()[0, _position(fit), _position(fit)]))
    steps = spread * np.linspace(0.4, 6, 10) if np.isfinite(spread) and spread < 1 else np.zeros(0)
    near = fitted * np.exp(np.concatenate([-steps, steps]))
    shares = np.concatenate([np.geomspace(1e-3, 0.2, 8), _SHARES]) if _above(fit) else _SHARES
    far = np.concatenate([unit * shares, unit * np.exp(_BEYOND)])
    return _profile_at(plan, fit, np.unique(np.concatenate([near[near > far[0]], [fitted], far])))


def _profile_at(plan: Plan, fit: Solved, ceilings: Array) -> Profile:
    """Best fits with each of some ceilings: from the fit, from the grid of the curve's form, then from neighbours."""
    own = np.repeat(np.delete(fit.coded, _position(fit), axis=0), len(ceilings), axis=1)
    fits, objective = _best_given(fit, ceilings, [own, *_grid_starts(plan, fit.problem, ceilings)])
    for _ in range(_SWEEPS):
        neighbours = [np.roll(fits.coded, direction, axis=1) for direction in (1, -1)]
        others, found = _best_given(fit, ceilings, neighbours, limit=25)
        better = found < objective * (1 - 1e-9)
        if not np.any(better):
            break
        fits, objective = _replaced(fits, others, better), np.where(better, found, objective)
    return Profile(fit, plan, ceilings, fits, objective)


def _replaced(fits: Solved, others: Solved, better: NDArray[np.bool_]) -> Solved:
    """Fits with others in place of some."""
    coded, rss = np.where(better, others.coded, fits.coded), np.where(better, others.rss, fits.rss)
    return replace(fits, coded=coded, rss=rss, converged=np.where(better, others.converged, fits.converged))


def _position(fit: Solved) -> int:
    return fit.problem.free.index("ceiling")


def _fitted(fit: Solved) -> float:
    return float(fit.parameters()["ceiling"][0])


def _above(fit: Solved) -> bool:
    """Whether the fitted curve comes from above its ceiling."""
    parameters = fit.parameters()
    return bool(parameters["start"][0] > parameters["ceiling"][0])


def _unit(plan: Plan, problem: DirectProblem) -> float:
    """Size of the history, in which ceilings are measured."""
    return float(problem.size[0]) * (len(problem.values) if plan.observed != "level" else 1)


def _given(problem: DirectProblem, ceilings: Array) -> DirectProblem:
    """The problem of one history with each of some ceilings."""
    repeated = pick(problem, np.zeros(len(ceilings), np.intp))
    rest = tuple(name for name in problem.free if name != "ceiling")
    priors = {name: prior for name, prior in problem.priors.items() if name != "ceiling"}
    return replace(repeated, free=rest, given={**repeated.given, "ceiling": ceilings}, priors=priors)


def _best_given(fit: Solved, ceilings: Array, starts: list[Array], *, limit: int = 60) -> tuple[Solved, Array]:
    """Best of the descents from each start, for each ceiling, and the sums of squares with what priors add.

    A curve on the other side of its ceiling, which runs away from it, counts as no fit.
    """
    count, problem = len(ceilings), _given(fit.problem, ceilings)
    repeated = pick(problem, np.tile(np.arange(count), len(starts)))
    coded = np.nan_to_num(np.concatenate(starts, axis=1), posinf=30.0, neginf=-30.0)
    found = repeated.solve(coded, limit=limit)
    everyone = np.arange(coded.shape[1])
    with np.errstate(all="ignore"):
        start = repeated.decode(found.parameters, everyone)["start"]
        data = repeated.evaluate(found.parameters, everyone)[0][: len(problem.values)]
        rss = np.sum(data**2, axis=0)
    astray = ((start > repeated.given["ceiling"]) != _above(fit)) | ~np.isfinite(found.rss)
    objective = np.where(astray, _NO_FIT, found.rss)
    best = np.argmin(objective.reshape(-1, count), axis=0) * count + np.arange(count)
    return Solved(problem, found.parameters[:, best], rss[best], found.converged[best]), objective[best]


def _grid_starts(plan: Plan, problem: DirectProblem, ceilings: Array) -> list[Array]:
    """The best candidate of the form's grid for each ceiling, in each direction, as coded parameters."""
    shapes, moment = shape_problem(plan, problem)
    grid = shapes.form.grid()
    given = _given(problem, ceilings)
    data = np.log(problem.values) if plan.proportional else problem.values
    starts = []
    for way in (1.0, -1.0) if shapes.form.two_way and plan.observed == "level" else (1.0,):
        with np.errstate(all="ignore"):
            directions = np.full(grid.shape[1], way)
            scale = ceilings[:, None] / shapes.form.parameters(np.ones(grid.shape[1]), grid, directions)["ceiling"]
            shape = scale * shapes.shape(grid, directions)[0][:, None]
            gaps = (np.log(shape) if plan.proportional else shape) - data[:, :, None]
            rss = np.nan_to_num(np.einsum("ncm,ncm->cm", gaps, gaps), nan=_NO_FIT, posinf=_NO_FIT)
            best = np.argmin(rss, axis=1)
            chosen = ShapeFit(
                scale[np.arange(len(ceilings)), best], grid[:, best], directions[best], rss, rss[:, 0] > 0
            )
            starts.append(given.encode(dict(shapes.parameters(chosen, moment)) | dict(given.given)))
    return starts


def _crossing(logs: Array, excess: Array, left: int, right: int, limit: float) -> float:
    rise = float(excess[right] - excess[left])
    share = (limit - float(excess[left])) / rise if rise else 0.5
    return float(logs[left] + np.clip(share, 0.0, 1.0) * (logs[right] - logs[left]))


def least_allowance(fit: Solved) -> float:
    """Sum of squares that is rounding alone."""
    data = np.log(fit.problem.values) if fit.problem.proportional else fit.problem.values
    return _EXACT * float(np.sum(data**2))


@dataclass(frozen=True)
class Posterior:
    r"""A history's fits under a prior on its ceiling, as a mixture over ceilings.

    .. math:: w_j \propto \varphi(z_j) \, S_j^{-n/2} \, |C_j|^{1/2}

    with z the normal score of a ceiling in its prior, S the sum of squares with it and C the covariance of the other
    parameters on the solver's scales (Laplace's method, with a prior of 1/σ for the size of errors); what the data do
    not show of them counts as a variance of 1. Given the ceiling, a value is
    distributed as Student's t with ν degrees of freedom around its curve.

    Parameters
    ----------
    fits
        The best other parameters with each ceiling, of the history repeated.
    weights
        Sum to 1, shape (b,).
    """

    fits: Solved
    weights: Array

    def quantiles(self, levels: Array, found: Array, scale: Array) -> Array:
        """Quantiles of a mixture of Student's t of locations and scales (m, b), shape (m, levels).

        By bisection, on a scale that is logarithmic far out: a ceiling of no weight may have a curve without bounds.
        """
        freedom, unit = self.fits.freedom, float(np.max(scale[:, np.argmax(self.weights)]))
        ends = np.arcsinh((found[..., None] + scale[..., None] * special.stdtrit(freedom, levels)) / unit)
        low, high = np.min(ends, axis=1), np.max(ends, axis=1)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            with np.errstate(all="ignore"):
                scores = (unit * np.sinh(middle)[:, None] - found[..., None]) / scale[..., None]
            below = np.einsum("b,mbl->ml", self.weights, special.stdtr(freedom, scores)) < levels
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return unit * np.sinh((low + high) / 2)


def posterior_of(plan: Plan, fit: Solved) -> Posterior:
    """Posterior of a fit with a prior on its ceiling."""
    prior, position = plan.priors["ceiling"], _position(fit)
    spread = float(np.sqrt(np.clip(fit.coded_covariance()[0, position, position], 0.0, 1.0)))
    scores = np.unique(np.concatenate([_SCORES, fit.coded[position, 0] + spread * np.linspace(-5, 5, 21)]))
    ceilings = prior.from_score(scores)
    sound = np.isfinite(ceilings) & (ceilings > 0) & (np.diff(ceilings, append=np.inf) > 0)
    scores, ceilings = scores[sound], ceilings[sound]
    profile = _profile_at(plan, fit, ceilings)
    logs = _log_weights(profile, fit) - scores**2 / 2 + np.log(np.gradient(scores))
    kept = np.flatnonzero(logs > np.max(logs) + _NEGLIGIBLE)
    weights = np.exp(logs[kept] - np.max(logs))
    return Posterior(profile.fits.some(kept), weights / np.sum(weights))


def _log_weights(profile: Profile, fit: Solved) -> Array:
    """Logarithms of the likelihood of each ceiling, whatever the other parameters are."""
    fits = profile.fits
    rss = np.maximum(fits.rss, least_allowance(fit))
    penalty = (profile.objective - fits.rss) / np.maximum(fit.problem.noise[0] ** 2, 1e-300)
    covariance = fits.coded_covariance()
    spread = np.linalg.eigvalsh(np.where(np.isfinite(covariance), covariance, np.eye(len(fits.coded))))
    volume = np.sum(np.log(np.clip(spread, 1e-30, _WIDEST)), axis=1) / 2
    logs = -(fits.freedom + len(fits.coded)) / 2 * np.log(rss) + volume - penalty / 2
    return np.where(profile.objective < _NO_FIT, logs, -np.inf)
