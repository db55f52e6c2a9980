"""Prior of the house-effect model: every number documented, every number adjustable.

Two sets are shipped. "constants" is `Prior()`, one set for all markets. "evidence", the default, takes how far
publishers are apart and what they all get wrong from the record, by the growth that the sources promise:
`evidence_prior`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from forecast.analyst_error import VINTAGE_MEMORY, common_optimism, publisher_spread
from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.reconcile.spread_priors import HalfCauchy, HalfNormal, HalfT, SpreadPrior
from forecast.reconcile.statements import Source, own_growth

BASES = ("evidence", "constants")
"""Names of the priors that can be asked for."""

BASIS = "based_on"
"""Key under which a mapping of changes says which of them it changes."""

_FLAT_GROWTH = 1.0
"""Sd of the growth of the market where the common optimism already says what promised growth is worth."""

_COMMON_LEVEL_SD = 0.05
"""As sure as a measured actual, at best, is a level on which publishers agree: they count by one another's figures."""

_MOST_GROWTH = 1.0
"""Log growth a year beyond which a promise tells no more."""

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
    yearly_shock_sd
        Sd of what one year adds to the log market beyond its growth, in years that were measured; two years' worth of
        belief, which the measured years correct (median of 564 annual series, `calibration/yearly_shocks.py`).
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
    optimism_memory
        Correlation between what all promise too much in one base year and in the next; 1: the same in all years.
    common_level_sd
        Sd of the log level by which all estimates are off together, however well they agree.
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
    yearly_shock_sd: float = 0.11
    spread_scale: float = 0.60
    growth_spread_scale: float = 0.065
    spread_family: str = "half-normal"
    herding: float = 0.25
    publisher_correlation: float = 0.80
    optimism_mean: float = 0.01
    optimism_sd: float = 0.04
    optimism_memory: float = 1.0
    common_level_sd: float = 0.0
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
            *self._outside(
                "at least 0",
                lambda v: v >= 0,
                "growth_walk_sd yearly_shock_sd optimism_sd common_level_sd definition_drift most_outliers",
            ),
            *self._outside(
                "0 or more and below 1", lambda v: 0 <= v < 1, "herding publisher_correlation outlier_probability"
            ),
            *self._outside("0 to 1", lambda v: 0 <= v <= 1, "optimism_memory"),
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


def promised_growth(sources: Iterable[Source]) -> float | None:
    """Median log growth a year that the estimates among some sources promise; None where none of them does."""
    rates = [own_growth(source) for source in sources if source.anchor_sd is None]
    told = [rate for rate in rates if math.isfinite(rate)]
    return float(np.clip(np.median(told), -_MOST_GROWTH, _MOST_GROWTH)) if told else None


def evidence_prior(growth: float | None) -> Prior:
    """Prior by what is known of published estimates of markets that promise so much growth.

    Spreads are those of `publisher_spread`, common optimism that of `common_optimism`. Where growth is promised, the
    growth of the market has no other prior, because the record already tells what came of such promises; where none
    is, that of the constants. Even publishers who agree may be off together by 5 %. What the record does not tell
    (herding, drift, outliers) is as in `Prior`.

    Parameters
    ----------
    growth
        Promised growth in logs a year; None where no source promises any.

    Examples
    --------
    >>> mature, emerging = evidence_prior(0.05), evidence_prior(0.2)
    >>> round(mature.spread_scale, 2), round(emerging.spread_scale, 2)
    (0.29, 0.6)
    >>> round(mature.optimism_sd, 3), round(emerging.optimism_sd, 3)
    (0.065, 0.087)
    """
    spread, optimism = publisher_spread(growth), common_optimism(growth)
    return Prior(
        growth_sd=Prior.growth_sd if growth is None else _FLAT_GROWTH,
        spread_scale=spread.level,
        growth_spread_scale=spread.growth,
        optimism_mean=optimism.mean,
        optimism_sd=optimism.sd,
        optimism_memory=VINTAGE_MEMORY,
        common_level_sd=_COMMON_LEVEL_SD,
    )


def prior_for(told: Prior | Mapping[str, object] | str | None, sources: Iterable[Source]) -> Prior:
    """The prior that is meant for some sources.

    Parameters
    ----------
    told
        A prior as it stands; the name of one ("evidence", "constants"); or numbers that differ from those of the
        evidence, or of the one that the key "based_on" names. None is "evidence".
    sources
        What is pooled.

    Raises
    ------
    ArgumentError
        For an unknown name, unknown keys and numbers outside their range.
    """
    if isinstance(told, Prior):
        return told
    changes: dict[str, object] = {BASIS: told or BASES[0]} if told is None or isinstance(told, str) else dict(told)
    basis = changes.pop(BASIS, BASES[0])
    if basis not in BASES:
        remedy = did_you_mean(str(basis), BASES)
        raise ArgumentError(
            Problem("prior", repr(basis), f"a Prior, numbers by name, {' or '.join(map(repr, BASES))}", remedy)
        )
    base = Prior() if basis == "constants" else evidence_prior(promised_growth(sources))
    return prior_from(changes, base=base)


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


def spread_prior(family: str, scale: float) -> SpreadPrior:
    """The prior of a spread between publishers."""
    known: dict[str, Callable[[float], SpreadPrior]] = {
        "half-normal": HalfNormal,
        "half-cauchy": HalfCauchy,
        "half-t": lambda scale: HalfT(scale, _HALF_T_DEGREES),
    }
    return known[family](scale)


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
    width = window[1] - window[0]
    share = window[0] + width * (points + 1) / 2
    return spread_at(scale, family, share), 3 * width * weights * share * (1 - share)


def spread_at(scale: float, family: str, share: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Spread at places of the (crowded) scale of its prior's quantiles, from 0 to 1."""
    above = special.betaincc(2, 2, share) / 2
    quantile: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
        "half-normal": lambda p: -special.ndtri(p),
        "half-cauchy": lambda p: 1 / np.tan(np.pi * p),
        "half-t": lambda p: -special.stdtrit(_HALF_T_DEGREES, p),
    }
    return np.asarray(scale * np.minimum(quantile[family](above), _WIDEST))
