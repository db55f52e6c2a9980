"""Prior of the house-effect model: every number documented, every number adjustable."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecast.errors import ArgumentError, Problem, did_you_mean

SPREAD_FAMILIES = ("half-normal", "half-cauchy", "half-t")
_HALF_T_DEGREES = 4
_WIDEST = 30.0
"""Spread, in scales of its prior, at which heavy tails are cut: a factor of millions between publishers."""


@dataclass(frozen=True)
class Prior:
    """What is believed before any estimate is read; all on logarithms, growth per year.

    Parameters
    ----------
    level_sd
        Sd of the log market; wide enough to say nothing.
    growth_mean, growth_sd
        Log growth in the first year after the newest base year.
    growth_walk_sd
        Sd of the yearly change of log growth.
    spread_scale
        Scale of the spread τ between publishers' levels (spread of published estimates in seven markets).
    growth_spread_scale
        Scale of the spread τ_g between publishers' growth beyond their base year (the same seven markets).
    spread_family
        Family of both: half-normal, half-cauchy or half-t (4 degrees of freedom).
    herding
        Correlation of house effects across publishers: agreement is not independent evidence.
    publisher_correlation
        Correlation of house effects within one publisher.
    optimism_mean, optimism_sd
        Growth that all publishers promise too much (budget-office revenue forecasts: about a point a year).
    definition_drift
        Sd per square-root year by which an old source's definition has drifted.
    outlier_probability, outlier_inflation
        Probability that a source is an outlier, and by how much its own house effect is then inflated.
    most_outliers
        Most outliers considered at once (never all sources).
    level_floor, growth_floor
        Smallest sd of a printed level, and of a printed growth per year.

    Examples
    --------
    >>> Prior().replace(herding=0.0).herding
    0.0
    """

    level_sd: float = 30.0
    growth_mean: float = 0.10
    growth_sd: float = 0.20
    growth_walk_sd: float = 0.02
    spread_scale: float = 0.60
    growth_spread_scale: float = 0.065
    spread_family: str = "half-normal"
    herding: float = 0.25
    publisher_correlation: float = 0.80
    optimism_mean: float = 0.01
    optimism_sd: float = 0.04
    definition_drift: float = 0.10
    outlier_probability: float = 0.10
    outlier_inflation: float = 4.0
    most_outliers: int = 2
    level_floor: float = 0.01
    growth_floor: float = 0.0005

    def __post_init__(self) -> None:
        problems = [
            *self._outside(
                "above 0", lambda v: v > 0, "level_sd growth_sd spread_scale growth_spread_scale level_floor"
            ),
            *self._outside("above 0", lambda v: v > 0, "growth_floor"),
            *self._outside("at least 0", lambda v: v >= 0, "growth_walk_sd optimism_sd definition_drift most_outliers"),
            *self._outside(
                "0 or more and below 1", lambda v: 0 <= v < 1, "herding publisher_correlation outlier_probability"
            ),
            *self._outside("at least 1", lambda v: v >= 1, "outlier_inflation"),
            *self._outside("finite", math.isfinite, "growth_mean optimism_mean"),
        ]
        if self.publisher_correlation < self.herding:
            allowed = f"at least the herding of {self.herding:g}"
            problems.append(Problem("prior, publisher_correlation", f"{self.publisher_correlation:g}", allowed))
        if self.spread_family not in SPREAD_FAMILIES:
            remedy = did_you_mean(self.spread_family, SPREAD_FAMILIES)
            problems.append(
                Problem("prior, spread_family", repr(self.spread_family), ", ".join(SPREAD_FAMILIES), remedy)
            )
        if problems:
            raise ArgumentError(problems)

    def _outside(self, allowed: str, accepts: object, names: str) -> list[Problem]:
        values = {name: getattr(self, name) for name in names.split()}
        wrong = {n: v for n, v in values.items() if not (math.isfinite(v) and accepts(v))}  # type: ignore[operator]
        return [Problem(f"prior, {name}", f"{value:g}", allowed) for name, value in wrong.items()]

    def replace(self, **changes: float | str) -> Prior:
        """A prior with some numbers changed; an unknown name is an error with a suggestion."""
        return prior_from(changes, base=self)


def prior_from(changes: Mapping[str, object], *, base: Prior | None = None) -> Prior:
    """Build a prior from a mapping of changed numbers.

    Raises
    ------
    ArgumentError
        Naming every unknown key and every number outside its range.
    """
    known = [field.name for field in dataclasses.fields(Prior)]
    unknown = [name for name in changes if name not in known]
    if unknown:
        raise ArgumentError([Problem("prior", f"unknown key {n!r}", remedy=did_you_mean(n, known)) for n in unknown])
    return dataclasses.replace(base or Prior(), **changes)  # type: ignore[arg-type]


def spread_nodes(
    scale: float, family: str, count: int, window: tuple[float, float] = (0.0, 1.0)
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gauss–Legendre nodes for a spread, on the scale of its prior's quantiles, crowded towards both ends.

    Parameters
    ----------
    scale, family
        The prior.
    count
        Number of nodes.
    window
        Part of the (crowded) scale that is covered.

    Returns
    -------
    values, weights
        Shape (count,); the weights sum to the prior probability of the window.
    """
    points, weights = np.polynomial.legendre.leggauss(count)
    share = window[0] + (window[1] - window[0]) * (points + 1) / 2
    above = special.betaincc(2, 2, share) / 2
    quantile: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
        "half-normal": lambda p: -special.ndtri(p),
        "half-cauchy": lambda p: 1 / np.tan(np.pi * p),
        "half-t": lambda p: -special.stdtrit(_HALF_T_DEGREES, p),
    }
    return scale * np.minimum(quantile[family](above), _WIDEST), 3 * (window[1] - window[0]) * weights * share * (
        1 - share
    )
