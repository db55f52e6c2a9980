"""Sums with skewed terms against closed forms, draws, and normals that are terms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from forecast.distributions import Array, Discrete, Distribution, Lognormal, Normal, Triangular, Uniform
from forecast.engine.driver_nodes import LinearDriver
from forecast.mixture import Mixture, blended_quantiles, joined
from forecast.skew import Terms

LEVELS = np.array([0.005, 0.05, 0.25, 0.5, 0.75, 0.95, 0.995])


def terms(loadings: Array, kinds: list[Distribution]) -> Terms:
    cases = np.array(loadings, float)
    cases = cases if cases.ndim == 3 else cases[None]
    return Terms(cases, tuple(LinearDriver(kind, np.asarray) for kind in kinds), np.zeros(1, np.intp))


def with_terms(skewed: Terms, sd: float = 0.3, means: tuple[float, ...] = (0.0,)) -> Mixture:
    years, count = skewed.loadings.shape[1], len(means)
    skewed = replace(skewed, case=np.arange(count) % len(skewed.loadings))
    own = sd**2 * np.eye(years) + skewed.covariance()
    return Mixture.of(np.ones(count), np.tile(np.array(means)[:, None], years), own, skewed)


@pytest.mark.parametrize(
    ("kind", "frozen"),
    [
        (Lognormal(1.0, 0.5), stats.lognorm(0.5)),
        (Triangular(0.0, 0.2, 1.0), stats.triang(0.2)),
        (Uniform(-1.0, 1.0), stats.uniform(-1, 2)),
    ],
    ids=["lognormal", "triangular", "uniform"],
)
@pytest.mark.parametrize("sd", [0.15, 1.0])
def test_one_term_and_a_normal_have_their_convolution(kind: Distribution, frozen, sd: float) -> None:
    mixture, (mean, own_sd, *_) = with_terms(terms([[1.0]], [kind]), sd), LinearDriver(kind, np.asarray).moments
    assert (mean, own_sd) == pytest.approx((frozen.mean(), frozen.std()), rel=1e-6)
    scores = np.linspace(-8, 8, 20_001)
    values, weights = (frozen.ppf(special.ndtr(scores)) - mean) / own_sd, stats.norm.pdf(scores)
    found = [weights @ special.ndtr((x - values) / sd) / weights.sum() for x in mixture.quantiles(LEVELS)[0]]
    assert found == pytest.approx(LEVELS, abs=5e-6)


def test_many_terms_have_the_distribution_of_the_drawn_sums() -> None:
    rng = np.random.default_rng(1)
    kinds = [Lognormal(1.0, 0.6), Triangular(0, 0, 1), Uniform(0, 1), Lognormal(2.0, 0.4)]
    loadings = rng.uniform(-0.4, 0.6, (2, 3, 4))
    loadings[1, :, :2] = loadings[0, :, :2]
    mixture = with_terms(terms(loadings, kinds), 0.1, (-0.2, 0.3, 0.1))
    drawn, count = mixture.draws(400_000, seed=3), 400_000
    below = np.stack([(drawn <= x).mean(axis=0) for x in mixture.quantiles(LEVELS).T], axis=1)
    assert (np.abs(below - LEVELS) < 4.5 * np.sqrt(LEVELS * (1 - LEVELS) / count)).all()
    grown = mixture.linear([[1.0, 0.0, -1.0]])
    drawn_growth = drawn[:, 0] - drawn[:, 2]
    assert [(drawn_growth <= x).mean() for x in grown.quantiles(LEVELS)[0]] == pytest.approx(LEVELS, abs=0.003)
    assert mixture.cdf(mixture.quantiles(LEVELS)) == pytest.approx(np.tile(LEVELS, (3, 1)), abs=1e-9)


def test_a_discrete_term_has_its_own_jumps() -> None:
    mixture = with_terms(terms([[2.0]], [Discrete((0.0, 1.0), (0.7, 0.3))]), 0.2)
    low, high = 2 * (np.array([0.0, 1.0]) - 0.3) / np.sqrt(0.21)
    x = np.linspace(-2, 4, 13)
    wanted = 0.7 * special.ndtr((x - low) / 0.2) + 0.3 * special.ndtr((x - high) / 0.2)
    found = np.array([mixture.cdf([value])[0] for value in x])
    assert found == pytest.approx(wanted, abs=1e-6)


def test_a_level_on_the_edge_of_a_gap_is_found() -> None:
    mixture = with_terms(terms([[1.0]], [Discrete((0.0, 1.0), (0.35, 0.65))]), 0.0)
    low, high = (np.array([0.0, 1.0]) - 0.65) / np.sqrt(0.35 * 0.65)
    levels = np.array([0.05, 0.2, 0.3, 0.34, 0.36, 0.5, 0.95])
    assert mixture.quantiles(levels)[0] == pytest.approx(np.where(levels < 0.35, low, high), abs=0.05)


def test_normal_terms_change_nothing() -> None:
    mixture = with_terms(terms([[0.5], [0.8]], [Normal(0.0, 1.0)]), 0.4, (0.0, 1.0))
    plain = Mixture.of(mixture.weights, mixture.means, mixture.covariances)
    assert mixture.quantiles(LEVELS) == pytest.approx(plain.quantiles(LEVELS), abs=1e-5)
    assert mixture.reduced(1).covariance() == pytest.approx(plain.covariance())


def test_mixtures_with_different_terms_are_blended_exactly() -> None:
    one = with_terms(terms([[1.0], [1.5]], [Lognormal(1.0, 0.5)]), 0.3, (0.0, 0.4))
    other = with_terms(terms([[-0.7], [0.2]], [Triangular(0, 0, 1)]), 0.2, (0.5,))
    plain = Mixture.of([1.0], [[0.1, 0.2]], [0.3 * np.eye(2)])
    parts, shares = [one, other, plain], np.array([0.2, 0.5, 0.3])
    x = blended_quantiles(shares.tolist(), parts, LEVELS)
    below = sum(share * part.cdf(x) for share, part in zip(shares, parts, strict=True))
    assert below == pytest.approx(np.tile(LEVELS, (2, 1)), abs=1e-5)
    same = blended_quantiles([1.0, 1.0], [one, one], LEVELS)
    assert same == pytest.approx(one.quantiles(LEVELS), abs=1e-9)
    assert joined([1.0, 1.0], [one, other]).terms is None
