"""Numbers one is unsure of.

Three percentiles are enough (`Range`: P10, P50, P90); a named family serves where it says more. Every
distribution maps a standard normal score to its own value (`from_score`), so that drivers can be joined by a
Gaussian copula and put on quadrature nodes without asking which family they are.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from forecast.errors import ArgumentError, Problem

Array = NDArray[np.float64]

SCORE_P90 = 1.2815515655446004
"""Normal score of the 90th percentile."""

_STRAIGHT = 1e-9
"""Below this skew the exponential is taken as its straight limit."""


class Distribution(ABC):
    """A number one is unsure of, as a monotone map of a standard normal score."""

    @abstractmethod
    def from_score(self, score: ArrayLike) -> Array:
        """Value at a standard normal score (0 gives the median, 1.2816 gives P90)."""

    @abstractmethod
    def cdf(self, value: ArrayLike) -> Array:
        """Probability of at most `value`."""

    def ppf(self, probability: ArrayLike) -> Array:
        """Value not exceeded with `probability`."""
        return self.from_score(special.ndtri(np.asarray(probability, float)))

    def percentiles(self) -> tuple[float, float, float]:
        """P10, P50 and P90: what is called low, base and high."""
        low, base, high = self.from_score([-SCORE_P90, 0.0, SCORE_P90])
        return float(low), float(base), float(high)

    @property
    def is_fixed(self) -> bool:
        """Whether it is a single number."""
        return False

    def nodes(self, count: int) -> tuple[Array, Array]:
        """Gauss–Hermite nodes carried to this distribution.

        Parameters
        ----------
        count
            Number of nodes; a fixed number has one.

        Returns
        -------
        values, weights
            Both of shape (count,); the weights sum to 1.
        """
        if self.is_fixed:
            return self.from_score(np.zeros(1)), np.ones(1)
        scores, weights = np.polynomial.hermite_e.hermegauss(count)
        return self.from_score(scores), weights / weights.sum()


@dataclass(frozen=True)
class Fixed(Distribution):
    """A number one is sure of.

    Examples
    --------
    >>> Fixed(3.0).percentiles()
    (3.0, 3.0, 3.0)
    """

    value: float

    def from_score(self, score: ArrayLike) -> Array:
        return np.full(np.shape(score), self.value, dtype=float)

    def cdf(self, value: ArrayLike) -> Array:
        return (np.asarray(value, float) >= self.value).astype(float)

    @property
    def is_fixed(self) -> bool:
        return True


@dataclass(frozen=True)
class Normal(Distribution):
    """Normal with `mean` and `sd`.

    Examples
    --------
    >>> Normal(0.1, 0.2).ppf(0.9).round(4).item()
    0.3563
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        _positive(self, "sd")

    @classmethod
    def from_percentiles(cls, low: float, high: float) -> Normal:
        """Build from P10 = `low` and P90 = `high`.

        Examples
        --------
        >>> Normal.from_percentiles(-1, 3).mean
        1.0
        """
        _below("normal", low, high)
        return cls((low + high) / 2, (high - low) / (2 * SCORE_P90))

    def from_score(self, score: ArrayLike) -> Array:
        return self.mean + self.sd * np.asarray(score, float)

    def cdf(self, value: ArrayLike) -> Array:
        return special.ndtr((np.asarray(value, float) - self.mean) / self.sd)


@dataclass(frozen=True)
class Lognormal(Distribution):
    """Lognormal with `median` and standard deviation `log_sd` of its logarithm.

    Examples
    --------
    >>> Lognormal(0.75, 0.30).ppf(0.9).round(3).item()
    1.102
    """

    median: float
    log_sd: float

    def __post_init__(self) -> None:
        _positive(self, "median", "log_sd")

    @classmethod
    def from_percentiles(cls, low: float, high: float) -> Lognormal:
        """Build from P10 = `low` and P90 = `high`, both above 0.

        Examples
        --------
        >>> round(Lognormal.from_percentiles(2, 8).median, 12)
        4.0
        """
        _below("lognormal", low, high)
        _above_zero("lognormal, low", low)
        return cls(math.sqrt(low * high), math.log(high / low) / (2 * SCORE_P90))

    @classmethod
    def from_moments(cls, mean: float, sd: float) -> Lognormal:
        """Build from `mean` and standard deviation `sd` of the number itself, both above 0.

        Examples
        --------
        >>> round(Lognormal.from_moments(1.0, 0.5).log_sd, 4)
        0.4724
        """
        _above_zero("lognormal, mean", mean)
        _above_zero("lognormal, sd", sd)
        variance = math.log1p((sd / mean) ** 2)
        return cls(mean * math.exp(-variance / 2), math.sqrt(variance))

    def from_score(self, score: ArrayLike) -> Array:
        return self.median * np.exp(self.log_sd * np.asarray(score, float))

    def cdf(self, value: ArrayLike) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            score = (np.log(np.asarray(value, float)) - math.log(self.median)) / self.log_sd
        return np.where(np.asarray(value, float) > 0, special.ndtr(score), 0.0)


@dataclass(frozen=True)
class Range(Distribution):
    r"""Three percentiles: `low` = P10, `base` = P50, `high` = P90.

    The one smooth curve through them is Tukey's g distribution (a lognormal with a shift; the normal when the
    two halves are equal):

    .. math:: x(z) = b + s\,(e^{kz} - 1)/k, \quad e^{k z_{90}} = (h - b)/(b - l)

    With `positive` it is read on the logarithm, so that no value can fall to zero; with `share` on the logarithm
    of the odds, so that every value lies between 0 and 1.

    Parameters
    ----------
    low, base, high
        Percentiles, low < base < high; in any unit.
    positive
        Whether the number can only be above zero.
    share
        Whether the number can only be between 0 and 1.

    Raises
    ------
    ArgumentError
        Unless low < base < high, 0 < low where `positive`, and 0 < low, high < 1 where `share`.

    References
    ----------
    Hoaglin, D. C. (1985), "Summarizing shape numerically: the g-and-h distributions", doi:10.1002/9781118150702.ch11.

    Examples
    --------
    >>> Range(0.02, 0.04, 0.06).ppf([0.1, 0.5, 0.9]).round(6).tolist()
    [0.02, 0.04, 0.06]
    >>> round(float(Range(2, 4, 8, positive=True).ppf(0.99)), 3)
    14.077
    >>> round(float(Range(0.5, 0.8, 0.9, share=True).ppf(0.999)), 3)
    0.943
    """

    low: float
    base: float
    high: float
    positive: bool = False
    share: bool = False

    def __post_init__(self) -> None:
        found = f"low {self.low:g}, base {self.base:g}, high {self.high:g}"
        if not self.low < self.base < self.high:
            raise ArgumentError(Problem("range", found, "low < base < high (P10, P50, P90)"))
        if self.positive and self.low <= 0:
            raise ArgumentError(Problem("range", found, "a low above 0, because the number can only be positive"))
        if self.share and not 0 < self.low < self.high < 1:
            allowed = "low and high above 0 and below 1, because the number is a share"
            raise ArgumentError(Problem("range", found, allowed))

    def _scale(self) -> tuple[Callable[[ArrayLike], Array], Callable[[ArrayLike], Array]]:
        """Scale the range is read on, and the way back."""
        if self.share:
            return special.logit, special.expit
        return (np.log, np.exp) if self.positive else (np.asarray, np.asarray)

    def _shape(self) -> tuple[float, float, float]:
        """Location, scale and skew of the curve, on the scale it is read on."""
        low, base, high = (float(value) for value in self._scale()[0]([self.low, self.base, self.high]))
        skew = math.log((high - base) / (base - low)) / SCORE_P90
        if abs(skew) < _STRAIGHT:
            return base, (high - low) / (2 * SCORE_P90), 0.0
        return base, (high - base) * skew / math.expm1(skew * SCORE_P90), skew

    def from_score(self, score: ArrayLike) -> Array:
        base, scale, skew = self._shape()
        z = np.asarray(score, float)
        return self._scale()[1](base + scale * (np.expm1(skew * z) / skew if skew else z))

    def cdf(self, value: ArrayLike) -> Array:
        base, scale, skew = self._shape()
        least, most = (0.0 if self.positive or self.share else -np.inf), (1.0 if self.share else np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = (self._scale()[0](np.clip(np.asarray(value, float), least, most)) - base) / scale
            score = np.log(np.maximum(1 + skew * u, 0.0)) / skew if skew else u
        return special.ndtr(score)


@dataclass(frozen=True)
class Uniform(Distribution):
    """Any value between `minimum` and `maximum`, all equally likely."""

    minimum: float
    maximum: float

    def __post_init__(self) -> None:
        _ascending(self, "minimum", "maximum")

    @classmethod
    def from_percentiles(cls, low: float, high: float) -> Uniform:
        """Build from P10 = `low` and P90 = `high`.

        Examples
        --------
        >>> Uniform.from_percentiles(1, 9)
        Uniform(minimum=0.0, maximum=10.0)
        """
        _below("uniform", low, high)
        eighth = (high - low) / 8
        return cls(low - eighth, high + eighth)

    def from_score(self, score: ArrayLike) -> Array:
        return self.minimum + (self.maximum - self.minimum) * special.ndtr(np.asarray(score, float))

    def cdf(self, value: ArrayLike) -> Array:
        share = (np.asarray(value, float) - self.minimum) / (self.maximum - self.minimum)
        return np.clip(share, 0.0, 1.0)


@dataclass(frozen=True)
class Triangular(Distribution):
    """Triangle from `minimum` over `mode` to `maximum`.

    Examples
    --------
    >>> Triangular(0, 1, 2).ppf(0.1).round(4).item()
    0.4472
    """

    minimum: float
    mode: float
    maximum: float

    def __post_init__(self) -> None:
        _ascending(self, "minimum", "maximum")
        _between(self, "mode", self.minimum, self.maximum)

    @classmethod
    def from_percentiles(cls, low: float, mode: float, high: float) -> Triangular:
        r"""Build from P10 = `low`, P90 = `high` and the peak at `mode`.

        With a = mode - minimum and b = maximum - mode the percentiles ask that

        .. math:: (a - (m - l))^2 = 0.1\,a(a+b), \quad (b - (h - m))^2 = 0.1\,b(a+b)

        which is solved for the share a / (a + b), between 0 and 1.

        Raises
        ------
        ArgumentError
            Unless low <= mode <= high and low < high.

        Examples
        --------
        >>> known = Triangular(0, 1, 4)
        >>> low, _, high = known.percentiles()
        >>> round(Triangular.from_percentiles(low, 1, high).maximum, 9)
        4.0
        """
        _below("triangular", low, high)
        if not low <= mode <= high:
            raise ArgumentError(Problem("triangular, mode", f"{mode:g}", f"{low:g} to {high:g}"))
        left, right = mode - low, high - mode

        share = _triangle_share(left, right)
        total = (left + right) / (1 - math.sqrt(0.1 * share) - math.sqrt(0.1 * (1 - share)))
        return cls(mode - share * total, mode, mode + (1 - share) * total)

    def from_score(self, score: ArrayLike) -> Array:
        p = special.ndtr(np.asarray(score, float))
        width, left, right = self.maximum - self.minimum, self.mode - self.minimum, self.maximum - self.mode
        rising = self.minimum + np.sqrt(p * width * left)
        falling = self.maximum - np.sqrt((1 - p) * width * right)
        return np.where(p * width < left, rising, falling)

    def cdf(self, value: ArrayLike) -> Array:
        x = np.clip(np.asarray(value, float), self.minimum, self.maximum)
        width, left, right = self.maximum - self.minimum, self.mode - self.minimum, self.maximum - self.mode
        rising = (x - self.minimum) ** 2 / (width * left) if left else np.zeros_like(x)
        falling = 1 - (self.maximum - x) ** 2 / (width * right) if right else np.ones_like(x)
        return np.where(x < self.mode, rising, falling)

    def nodes(self, count: int) -> tuple[Array, Array]:
        points, weights = legendre_rule(max(1, count // 2))
        ends = np.array([self.minimum, self.mode, self.maximum])
        halves = np.diff(ends)[:, None] / 2
        values = ends[:-1, None] + halves * (points + 1)
        height = 2 / (self.maximum - self.minimum)
        share = np.stack([points + 1, 1 - points]) / 2
        return values.ravel(), (weights * halves * height * share).ravel()


@dataclass(frozen=True)
class Beta(Distribution):
    """Beta with shapes `alpha` and `beta`, stretched from `minimum` to `maximum`."""

    alpha: float
    beta: float
    minimum: float = 0.0
    maximum: float = 1.0

    def __post_init__(self) -> None:
        _positive(self, "alpha", "beta")
        _ascending(self, "minimum", "maximum")

    @classmethod
    def from_moments(cls, mean: float, sd: float, minimum: float = 0.0, maximum: float = 1.0) -> Beta:
        """Build from `mean` and standard deviation `sd` between `minimum` and `maximum`.

        Raises
        ------
        ArgumentError
            Unless minimum < mean < maximum and sd is less than that of two points at the extremes.

        Examples
        --------
        >>> Beta.from_moments(0.5, 0.1).alpha
        12.0
        """
        _below("beta", minimum, maximum)
        share, spread = (mean - minimum) / (maximum - minimum), sd / (maximum - minimum)
        if not (0 < share < 1 and 0 < spread**2 < share * (1 - share)):
            allowed = f"a mean between {minimum:g} and {maximum:g} and an sd that fits between them"
            raise ArgumentError(Problem("beta", f"mean {mean:g}, sd {sd:g}", allowed))
        total = share * (1 - share) / spread**2 - 1
        return cls(round(share * total, 12), round((1 - share) * total, 12), minimum, maximum)

    def from_score(self, score: ArrayLike) -> Array:
        share = special.betaincinv(self.alpha, self.beta, special.ndtr(np.asarray(score, float)))
        return self.minimum + (self.maximum - self.minimum) * share

    def cdf(self, value: ArrayLike) -> Array:
        share = (np.asarray(value, float) - self.minimum) / (self.maximum - self.minimum)
        return special.betainc(self.alpha, self.beta, np.clip(share, 0.0, 1.0))


def pert(minimum: float, mode: float, maximum: float) -> Beta:
    """PERT: a beta between two extremes with a given mode.

    References
    ----------
    Malcolm et al. (1959), doi:10.1287/opre.7.5.646.

    Examples
    --------
    >>> pert(0, 1, 4).alpha
    2.0
    """
    if not minimum <= mode <= maximum or minimum == maximum:
        found = f"minimum {minimum:g}, mode {mode:g}, maximum {maximum:g}"
        raise ArgumentError(Problem("pert", found, "minimum <= mode <= maximum"))
    width = maximum - minimum
    return Beta(1 + 4 * (mode - minimum) / width, 1 + 4 * (maximum - mode) / width, minimum, maximum)


def pert_from_percentiles(low: float, mode: float, high: float) -> Beta:
    """PERT with P10 = `low`, P90 = `high` and a given mode, its extremes found by Newton steps.

    Raises
    ------
    ArgumentError
        Unless low < mode < high, or if no PERT has these percentiles and mode.

    Examples
    --------
    >>> low, _, high = pert(0, 1, 4).percentiles()
    >>> round(pert_from_percentiles(low, 1, high).maximum, 6)
    4.0
    """
    found = f"low {low:g}, mode {mode:g}, high {high:g}"
    if not low < mode < high:
        raise ArgumentError(Problem("pert", found, "low < mode < high"))

    from scipy import optimize

    def miss(logs: Array) -> Array:
        below, above = np.exp(logs)
        return pert(mode - below, mode, mode + above).ppf([0.1, 0.9]) - [low, high]

    start = np.log([2 * (mode - low), 2 * (high - mode)])
    solved = optimize.root(miss, start, tol=1e-13)
    if np.max(np.abs(miss(solved.x))) > 1e-8 * (high - low):
        raise ArgumentError(Problem("pert", found, "a mode nearer to the middle between low and high"))
    below, above = (float(distance) for distance in np.exp(solved.x))
    return pert(mode - below, mode, mode + above)


@dataclass(frozen=True)
class Discrete(Distribution):
    """One of a few values with given probabilities, sorted by value.

    Examples
    --------
    >>> Discrete((10.0, 20.0), (0.3, 0.7)).ppf([0.2, 0.5]).tolist()
    [10.0, 20.0]
    """

    values: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.values) != len(self.probabilities) or not self.values:
            raise ArgumentError(Problem("discrete", f"{len(self.values)} values", "as many as probabilities"))
        if list(self.values) != sorted(self.values):
            raise ArgumentError(Problem("discrete", f"values {self.values}", "values in ascending order"))
        if min(self.probabilities) < 0 or abs(sum(self.probabilities) - 1) > 1e-9:
            found = f"probabilities summing to {sum(self.probabilities):g}"
            raise ArgumentError(Problem("discrete", found, "probabilities of at least 0 that sum to 1"))

    def from_score(self, score: ArrayLike) -> Array:
        steps = np.cumsum(self.probabilities)[:-1]
        return np.asarray(self.values)[np.searchsorted(steps, special.ndtr(np.asarray(score, float)))]

    def cdf(self, value: ArrayLike) -> Array:
        sums = np.concatenate([[0.0], np.cumsum(self.probabilities)])
        return sums[np.searchsorted(np.asarray(self.values), np.asarray(value, float), side="right")]

    def nodes(self, count: int) -> tuple[Array, Array]:  # noqa: ARG002 (exact with its own values)
        return np.asarray(self.values, float), np.asarray(self.probabilities, float)


@cache
def legendre_rule(count: int) -> tuple[Array, Array]:
    """Gauss–Legendre nodes between -1 and 1, and their weights."""
    return np.polynomial.legendre.leggauss(count)


def _positive(owner: Distribution, *names: str) -> None:
    wrong = [name for name in names if not getattr(owner, name) > 0]
    family = type(owner).__name__.lower()
    if wrong:
        raise ArgumentError([Problem(f"{family}, {n}", f"{getattr(owner, n):g}", "a number above 0") for n in wrong])


def _ascending(owner: Distribution, low: str, high: str) -> None:
    if not getattr(owner, low) < getattr(owner, high):
        found = f"{low} {getattr(owner, low):g}, {high} {getattr(owner, high):g}"
        raise ArgumentError(Problem(type(owner).__name__.lower(), found, f"{low} < {high}"))


def _between(owner: Distribution, name: str, low: float, high: float) -> None:
    if not low <= getattr(owner, name) <= high:
        place = f"{type(owner).__name__.lower()}, {name}"
        raise ArgumentError(Problem(place, f"{getattr(owner, name):g}", f"{low:g} to {high:g}"))


def _below(family: str, low: float, high: float) -> None:
    if not low < high:
        raise ArgumentError(Problem(family, f"low {low:g}, high {high:g}", "low < high"))


def _above_zero(place: str, value: float) -> None:
    if not value > 0:
        raise ArgumentError(Problem(place, f"{value:g}", "a number above 0"))


def _triangle_share(left: float, right: float) -> float:
    """Share of the triangle below its mode, from the distances of the mode to P10 and P90."""
    from scipy import optimize

    def miss(share: float) -> float:
        below, above = share - math.sqrt(0.1 * share), (1 - share) - math.sqrt(0.1 * (1 - share))
        return below * right - above * left

    return optimize.brentq(miss, 0.1, 0.9, xtol=1e-15)
