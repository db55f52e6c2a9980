"""The result of a fit: parameters, bands, and what the data identify."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from forecast.errors import ArgumentError, Problem
from forecast.growth.annual import AnnualSeries, Array
from forecast.growth.curve import Curve, SaturatingCurve
from forecast.growth.plan import Plan
from forecast.growth.profile import Posterior, Profile, least_allowance, posterior_of, profile_of
from forecast.growth.solve import Solved, pick

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADLINE = 0.8
"""Coverage of the band that is reported."""
_VAGUE = 3.0
"""Ratio of the ends of an interval above which a ceiling is only weakly identified."""
_LITTLE = 0.5
"""Share of the variation below which a curve does not describe a history."""
_STEP = 6e-6
_BOUNDLESS = 1e150


@dataclass(frozen=True)
class GrowthFit:
    """A growth curve fitted to one history.

    Parameters
    ----------
    plan
        What was fitted.
    history
        The data.
    solved
        Best parameters on the solver's scales.
    """

    plan: Plan
    history: AnnualSeries
    solved: Solved

    @cached_property
    def parameters(self) -> dict[str, float]:
        """All parameters by name: the `start` value and those of the curve."""
        return {name: float(value[0]) for name, value in self.solved.parameters().items()}

    @property
    def start(self) -> float:
        """Value of the curve in `start_year`."""
        return self.parameters["start"]

    @property
    def start_year(self) -> float:
        """Year of the start value."""
        return self.plan.origin(self.history.years)

    @cached_property
    def curve(self) -> Curve:
        """The fitted curve: `fit.curve.path(fit.start, years - fit.start_year)`."""
        curve = self.solved.problem.build(self.parameters)[1]
        return replace(curve)  # type: ignore[type-var] # checks the parameters

    @cached_property
    def covariance(self) -> pd.DataFrame:
        """Covariance of the free parameters; infinite where the data say nothing."""
        return pd.DataFrame(self.solved.covariance()[0], self.plan.free, self.plan.free)

    @cached_property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors of the free parameters."""
        with np.errstate(invalid="ignore"):
            errors = np.sqrt(np.diagonal(self.covariance.to_numpy()))
        return {name: float(error) for name, error in zip(self.plan.free, errors, strict=True)}

    @property
    def rss(self) -> float:
        """Sum of squared residuals (of logarithms, where errors are proportional)."""
        return float(self.solved.rss[0])

    @property
    def sigma(self) -> float:
        """Standard deviation of the errors."""
        return float(self.solved.sigma[0])

    @property
    def freedom(self) -> int:
        """Degrees of freedom: values and priors beyond the number of parameters."""
        return self.solved.freedom

    @property
    def converged(self) -> bool:
        """Whether the descent settled."""
        return bool(self.solved.converged[0])

    def path(self, years: ArrayLike) -> pd.Series:
        """Level of the fitted curve by year."""
        moments = np.atleast_1d(np.asarray(years, float))
        values = self.curve.path(self.start, moments - self.start_year)
        return pd.Series(values, pd.Index(_as_years(moments), name="year"), name=self.history.name or self.plan.name)

    def estimate(self, quantity: Callable[[Array, Curve], ArrayLike]) -> tuple[float, float]:
        """Estimate and standard error (delta method) of anything that follows from the curve.

        Parameters
        ----------
        quantity
            Called with start value and curve, whose parameters are arrays; returns one number for each.

        Examples
        --------
        >>> import pandas as pd
        >>> from forecast.growth import fit_growth
        >>> fit = fit_growth(pd.Series([9, 14, 22, 33, 45, 58, 69, 77, 84, 88], range(2010, 2020)), "logistic")
        >>> middle, error = fit.estimate(lambda start, curve: curve.inflection_time(start))
        >>> round(middle, 2), round(error, 2)
        (4.15, 0.03)
        """
        coded, size = self.solved.coded, len(self.solved.coded)
        shifts = _STEP * np.concatenate([np.zeros((1, size)), np.eye(size), -np.eye(size)]).T
        problem = pick(self.solved.problem, np.zeros(2 * size + 1, np.intp))
        found = np.asarray(quantity(*problem.build(problem.decode(coded + shifts, np.arange(2 * size + 1)))), float)
        slopes = (found[1 : size + 1] - found[size + 1 :]) / (2 * _STEP)
        with np.errstate(invalid="ignore"):
            return float(found[0]), float(np.sqrt(slopes @ self.solved.coded_covariance()[0] @ slopes))

    @property
    def inflection_year(self) -> float:
        """Year in which the fitted curve is steepest; not a number where it never is."""
        if not isinstance(self.curve, SaturatingCurve):
            return float("nan")
        return self.start_year + float(self.curve.inflection_time(self.start))

    @property
    def past_inflection(self) -> bool:
        """Whether the history goes beyond the fitted inflection."""
        return not self.inflection_year > self.history.last

    @property
    def _falls(self) -> bool:
        first, last = self.path([self.history.years[0], self.history.last])
        return bool(first > last)

    @property
    def _bends(self) -> bool:
        """Whether the history shows the side of the inflection on which the ceiling is."""
        return not self.inflection_year < self.history.years[0] if self._falls else self.past_inflection

    def ceiling_interval(self, level: float = HEADLINE) -> tuple[float, float]:
        """Interval of the ceiling.

        By profile likelihood: all ceilings with which the sum of squares is not larger than an F test allows; the
        upper end is infinite where the data exclude no ceiling, however high, and where they end before the
        inflection. With a prior, from the curvature of the sum of squares on the prior's own scale; what the prior
        says is not widened for the few degrees of freedom that the data leave.

        Parameters
        ----------
        level
            Coverage, between 0 and 1.
        """
        self._require_ceiling()
        ceiling = self.parameters["ceiling"]
        if "ceiling" in self.plan.fixed:
            return ceiling, ceiling
        if "ceiling" in self.plan.priors:
            position = self.plan.free.index("ceiling")
            variance = self.solved.coded_covariance()[0, position, position]
            width = _student(_freedom_under_prior(self.freedom, variance), level) * np.sqrt(variance)
            scores = self.solved.coded[position, 0] + np.array([-1, 1]) * width
            low, high = self.plan.priors["ceiling"].from_score(scores)
            return float(low), float(high)
        low, high = self._profile(level).interval(self._allowance(level))
        return low, (high if self._bends else float("inf"))

    def _profile(self, level: float) -> Profile:
        if level not in self._profiles:
            self._profiles[level] = self._coarse_profile.closed_in(self._allowance(level))
        return self._profiles[level]

    @cached_property
    def _coarse_profile(self) -> Profile:
        return profile_of(self.plan, self.solved)

    @cached_property
    def _profiles(self) -> dict[float, Profile]:
        """Profiles by level, closed in where they are used."""
        return {}

    def _allowance(self, level: float) -> float:
        """Sum of squares by which a ceiling may be worse than the best, by an F test."""
        return max(_student(self.freedom, level) ** 2 * self.sigma**2, least_allowance(self.solved))

    @cached_property
    def _posterior(self) -> Posterior:
        return posterior_of(self.plan, self.solved)

    @cached_property
    def identifiability(self) -> str:
        """What the data say of the ceiling: `identified`, `weak`, `open`, `prior` or `given`.

        For a curve without a ceiling: `identified`, or `weak` where a parameter could be anything.
        """
        if not self.plan.saturating:
            return "weak" if self._vague_parameters() else "identified"
        for kind, names in (("given", self.plan.fixed), ("prior", self.plan.priors)):
            if "ceiling" in names:
                return kind
        low, high = self.ceiling_interval()
        if np.isinf(high):
            return "open"
        return "weak" if high > _VAGUE * low or self.explained < _LITTLE else "identified"

    def _vague_parameters(self) -> list[str]:
        """Parameters whose standard error on the solver's scale leaves a factor of three open, or everything."""
        variances = np.diagonal(self.solved.coded_covariance()[0])
        bounded = {"half_life", "damping"}
        return [
            name
            for name, variance in zip(self.plan.free, variances, strict=True)
            if not np.isfinite(variance) or (name in bounded and variance > (np.log(_VAGUE) / 1.2816) ** 2)
        ]

    @property
    def explained(self) -> float:
        """Share of the history's variation (of logarithms, where errors are proportional) that the curve explains."""
        values = np.log(self.history.values) if self.plan.proportional else self.history.values
        variation = float(np.sum((values - values.mean()) ** 2))
        return 1 - self.rss / variation if variation > 0 else 1.0

    @property
    def verdict(self) -> str:
        """Say in words what the data identify and what they leave open."""
        return self._misfit() + self._identified()

    def _misfit(self) -> str:
        if self.explained >= _LITTLE:
            return ""
        return f"The curve does not describe this history: it explains {100 * self.explained:.0f} % of its variation. "

    def _identified(self) -> str:
        if not self.plan.saturating:
            vague = ", ".join(name.replace("_", "-") for name in self._vague_parameters())
            return f"The data do not tell: {vague}." if vague else "Every parameter is identified by the data."
        low, high = (_shown(end) for end in self.ceiling_interval())
        between = f"80 % interval of the ceiling {low} to {high}"
        return {
            "given": f"The ceiling of {low} was given, so its uncertainty is in no band.",
            "prior": f"The ceiling rests on the prior and the data together: {between}.{self._from_prior()}",
            "open": f"The ceiling is open: {self._why_open()} the data exclude a ceiling below {low} and set none "
            "above. Give `ceiling` as a prior, such as Range(low, base, high, positive=True).",
            "weak": f"The ceiling is weakly identified: {between}. A prior on `ceiling` would help.",
            "identified": f"The ceiling is identified: {between}.",
        }[self.identifiability]

    def _why_open(self) -> str:
        if self._bends:
            return "the history does not bend enough to show it;"
        year = self.inflection_year
        when = f" (fitted for {year:.0f})" if abs(year - self.history.last) < 100 else ""
        if self._falls:
            return f"the history begins in {self.history.years[0]:g}, after the inflection{when};"
        return f"the history ends in {self.history.last:g}, before the inflection{when};"

    def _from_prior(self) -> str:
        if "ceiling" not in self.plan.priors:
            return ""
        low, _, high = self.plan.priors["ceiling"].percentiles()
        return f" The prior alone said {_shown(low)} to {_shown(high)}."

    def bands(self, years: ArrayLike | None = None, *, level: float = HEADLINE) -> pd.DataFrame:
        r"""Confidence band of the curve and prediction band of new values.

        .. math:: f(t) \pm t_{n-k} \sqrt{g^T C g} \quad \text{and} \quad f(t) \pm t_{n-k} \sqrt{g^T C g + \hat\sigma^2}

        with g the gradient of f and C the covariance of the parameters; on logarithms where errors are proportional.
        Where the ceiling is open or weakly identified, both are the envelope over all ceilings that the data allow,
        up to none: read the upper end as the curve without a ceiling. Under a prior on the ceiling, both are quantiles
        of the mixture over the ceilings that prior and data leave, each with such a band of its own.

        A market is not negative: where a falling line passes 0, the estimate and both ends are 0 (`path` goes on).

        Parameters
        ----------
        years
            Years to report; by default the history and ten years more.
        level
            Coverage, between 0 and 1.

        Returns
        -------
        DataFrame
            Index year; columns `estimate`, `confidence_low`, `confidence_high` (where the curve itself may lie),
            `prediction_low`, `prediction_high` (where a value observed in that year may lie), all of the quantity
            that the history is of.
        """
        if not 0 < level < 1:
            raise ArgumentError(Problem("level", f"{level:g}", "between 0 and 1"))
        moments = self._default_years() if years is None else np.atleast_1d(np.asarray(years, float))
        factor = _student(self.freedom, level)
        estimate, error = _deltas(self.solved, moments - self.start_year)
        middle = np.maximum(estimate, 0.0)
        columns = {"estimate": middle[:, 0]}
        for name, noise in (("confidence", 0.0), ("prediction", self.sigma)):
            if "ceiling" in self.plan.priors:
                low, high = self._mixed(moments, level, noisy=name == "prediction")
            else:
                low, high = self._ends(estimate, error, noise, factor)
            if self.plan.saturating and self.identifiability in ("open", "weak"):
                low, high = self._envelope(moments, noise, level, low, high)
            inner = list(columns.values())
            columns |= {
                f"{name}_low": np.fmin.reduce([low[:, 0], *inner]),
                f"{name}_high": np.fmax.reduce([high[:, 0], *inner]),
            }
        return pd.DataFrame(columns, pd.Index(_as_years(moments), name="year"))

    def _default_years(self) -> Array:
        return np.arange(self.history.years[0], self.history.last + 11)

    def _ends(self, estimate: Array, error: Array, noise: float, factor: float) -> tuple[Array, Array]:
        with np.errstate(over="ignore", invalid="ignore"):
            width = factor * np.sqrt(error**2 + noise**2)
            if self.plan.proportional:
                return estimate * np.exp(-width), estimate * np.exp(width)
            return np.maximum(estimate - width, 0.0), np.maximum(estimate + width, 0.0)

    def _envelope(self, moments: Array, noise: float, level: float, low: Array, high: Array) -> tuple[Array, Array]:
        allowed = self._profile(level).allowed(self._allowance(level))
        estimate, error = _deltas(allowed, moments - self.start_year)
        lows, highs = self._ends(estimate, error, noise, _student(self.freedom, level))
        inside = moments <= self.history.last
        outer_low, outer_high = np.fmin.reduce(lows, 1, keepdims=True), np.fmax.reduce(highs, 1, keepdims=True)
        return np.where(inside[:, None], low, outer_low), np.where(inside[:, None], high, outer_high)

    def _mixed(self, moments: Array, level: float, *, noisy: bool) -> tuple[Array, Array]:
        """Ends of a band over the ceilings that prior and data leave."""
        fits = self._posterior.fits
        found, error = _deltas(fits, moments - self.start_year)
        scale = np.sqrt(np.nan_to_num(error) ** 2 + (fits.sigma**2 if noisy else 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.nan_to_num(np.log(found) if self.plan.proportional else found, posinf=_BOUNDLESS, neginf=-700)
        least = 1e-12 * (1.0 if self.plan.proportional else float(np.max(self.history.values)))
        levels = np.array([1 - level, 1 + level]) / 2
        ends = self._posterior.quantiles(levels, found, np.maximum(scale, least))
        ends = np.exp(ends) if self.plan.proportional else np.maximum(ends, 0.0)
        return ends[:, :1], ends[:, 1:]

    @property
    def table(self) -> pd.DataFrame:
        """One row a parameter: estimate, standard error, 80 % interval, basis (fitted, prior, given)."""
        factor = _student(self.freedom, HEADLINE)
        rows = {name: self._row(name, factor) for name in self.plan.parameters}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")

    def _row(self, name: str, factor: float) -> dict[str, float | str]:
        value = self.parameters[name]
        error = self.standard_errors.get(name, 0.0)
        low, high = value - factor * error, value + factor * error
        if name == "ceiling":
            low, high = self.ceiling_interval()
        basis = "given" if name in self.plan.fixed else "prior" if name in self.plan.priors else "fitted"
        return {"estimate": value, "standard_error": error, "low": low, "high": high, "basis": basis}

    def summary(self) -> str:
        """Say what was fitted, how well, and what the data identify."""
        first, last = self.history.years[0], self.history.last
        shown = {name: _shown(value) for name, value in self.parameters.items()}
        if self.identifiability == "open":
            shown["ceiling"] = "open"
        values = ", ".join(f"{name.replace('_', '-')} {value}" for name, value in shown.items())
        name = f" {self.history.name}" if self.history.name else ""
        spread = f"{100 * self.sigma:.1f} %" if self.plan.proportional else _shown(self.sigma)
        fitted = f"{self.plan.name.capitalize()} curve fitted to{name} {first:g} to {last:g}: {values}."
        return f"{fitted} Errors have a standard deviation of {spread}. {self.verdict}"

    def _repr_html_(self) -> str:
        return f"<p>{self.summary()}</p>{self.table.to_html()}"

    def plot(self, ax: Axes | None = None, *, years: Sequence[float] | None = None, unit: str = "value") -> Axes:
        """Draw the history and the prediction band.

        Parameters
        ----------
        ax
            Axes to draw on; none for new ones.
        years
            Years to draw; by default the history and ten years more.
        unit
            What the values are in, such as "USD bn".
        """
        from forecast.figures import fan

        table = self.bands(years).reset_index()
        columns = {"prediction_low": 0.1, "estimate": 0.5, "prediction_high": 0.9}
        parts = [
            pd.DataFrame({"scenario": self.plan.name, "year": table["year"], "level": level, "value": table[column]})
            for column, level in columns.items()
        ]
        past = pd.DataFrame({"year": self.history.years, "value": self.history.values})
        title = f"{self.plan.name.capitalize()} curve, prediction band"
        return fan(pd.concat(parts, ignore_index=True), unit=unit, history=past, title=title, ax=ax)

    def _require_ceiling(self) -> None:
        if not self.plan.saturating:
            raise ArgumentError(Problem("curve", f"'{self.plan.name}'", "a curve with a ceiling"))


def _deltas(solved: Solved, times: Array) -> tuple[Array, Array]:
    """Predictions (m, b) and their standard errors, of logarithms where errors are proportional.

    What a parameter that the data do not show would add is left out.
    """
    with np.errstate(all="ignore"):
        found, slopes = solved.problem.sensitivity(solved.coded, solved.everyone, times)
        if solved.problem.proportional:
            slopes = slopes / found
        covariance = solved.coded_covariance()
        seen = np.where(np.isfinite(covariance), covariance, 0.0)
        variance = np.einsum("kmb,bkl,lmb->mb", slopes, seen, slopes)
    return found, np.sqrt(np.maximum(variance, 0.0))


def _student(freedom: float, level: float) -> float:
    return float(special.stdtrit(freedom, (1 + level) / 2))


def _freedom_under_prior(freedom: int, variance: float) -> float:
    """Satterthwaite's degrees of freedom of a variance on the prior's scale, where the prior alone has 1."""
    from_data = min(max(1 - variance, 1e-3), 1.0)
    return freedom / from_data**2


def _as_years(moments: Array) -> Array:
    return moments.astype(int) if np.all(moments == np.round(moments)) else moments


def _shown(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e12 else f"{value:.3g}"
