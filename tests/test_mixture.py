"""The Gaussian mixture against closed forms, simulation and its own inverses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from forecast.errors import ArgumentError, ModelError
from forecast.mixture import Mixture, joined

LEVELS = np.array([0.001, 0.025, 0.1, 0.5, 0.9, 0.975, 0.999])


def some(components: int = 40, years: int = 4, seed: int = 1, spread: float = 1.0) -> Mixture:
    """A mixture with random weights, paths and covariances."""
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(components, years, years)) * rng.uniform(0.1, 1, (components, 1, 1))
    covariances = roots @ np.swapaxes(roots, 1, 2) + 0.05 * np.eye(years)
    return Mixture.of(rng.random(components), spread * rng.normal(size=(components, years)), covariances)


def test_one_normal_has_the_quantiles_of_the_normal() -> None:
    one = Mixture.of([1.0], [[2.0]], [[[9.0]]])
    assert one.quantiles(LEVELS)[0] == pytest.approx(stats.norm(2, 3).ppf(LEVELS), abs=1e-10)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.floats(0.0, 30.0))
def test_the_distribution_function_undoes_the_quantiles(seed: int, components: int, spread: float) -> None:
    mixture = some(components, 3, seed, spread)
    quantiles = mixture.quantiles(LEVELS)
    assert mixture.cdf(quantiles) == pytest.approx(np.broadcast_to(LEVELS, (3, LEVELS.size)), abs=1e-9)
    assert (np.diff(quantiles, axis=1) > 0).all()


def test_quantiles_between_two_far_points_are_found() -> None:
    atoms = Mixture.of([0.3, 0.7], [[0.0], [100.0]], [[[0.0]], [[0.0]]])
    assert atoms.quantiles([0.1, 0.29, 0.31, 0.9])[0] == pytest.approx([0, 0, 100, 100], abs=1e-6)


@pytest.mark.parametrize("change", [lambda m: m.merged(0.5), lambda m: m.reduced(7), lambda m: m.split(2, 5)])
def test_merging_and_splitting_keep_mean_and_covariance(change) -> None:
    mixture = some()
    changed = change(mixture)
    assert changed.size != mixture.size
    assert changed.mean() == pytest.approx(mixture.mean(), abs=1e-10)
    assert changed.covariance() == pytest.approx(mixture.covariance(), abs=1e-10)


def test_splitting_leaves_the_distribution_and_narrows_the_year() -> None:
    mixture = some(5)
    split = mixture.split(2, 15)
    assert mixture.cdf(split.quantiles(LEVELS)) == pytest.approx(np.broadcast_to(LEVELS, (4, LEVELS.size)), abs=2e-3)
    assert split.sds[:, 2].max() < 0.4 * mixture.sds[:, 2].max()


def test_merging_moves_no_probability_by_a_thousandth() -> None:
    rng = np.random.default_rng(3)
    sds = rng.uniform(0.3, 0.9, 4000)
    mixture = Mixture.of(rng.random(4000), rng.normal(0, 0.5, (4000, 2)), sds[:, None, None] ** 2 * np.eye(2))
    merged = mixture.reduced(600)
    assert merged.size <= 600
    assert mixture.cdf(merged.quantiles(LEVELS)) == pytest.approx(np.broadcast_to(LEVELS, (2, LEVELS.size)), abs=1e-3)


def test_a_year_told_by_few_normals_has_the_quantiles_of_all() -> None:
    rng = np.random.default_rng(7)
    sds = rng.lognormal(-1, 0.5, 20_000)
    mixture = Mixture.of(rng.random(20_000), rng.normal(0, 0.6, (20_000, 1)), sds[:, None, None] ** 2)
    assert len(mixture.marginals[0]) < 3000
    exact = stats.norm.cdf((mixture.quantiles(LEVELS)[0] - mixture.means) / sds[:, None])
    assert mixture.weights @ exact == pytest.approx(LEVELS, abs=3e-5)
    assert mixture.cdf(mixture.quantiles(LEVELS)) == pytest.approx(LEVELS[None], abs=1e-9)


def test_a_shift_of_the_whole_merges_the_same_components() -> None:
    mixture = some(400, 3)
    moved = Mixture(mixture.weights, mixture.means + 12.3, mixture.covariances)
    for change in (
        lambda m: m.merged(0.4),
        lambda m: m.reduced(50),
        lambda m: m.reduced(50, by=[[0, 0, 1], [0, -1, 1]]),
    ):
        here, there = change(mixture), change(moved)
        assert there.means - 12.3 == pytest.approx(here.means, abs=1e-9)
        assert there.weights == pytest.approx(here.weights, rel=1e-12)


def test_knowing_one_year_is_gaussian_conditioning() -> None:
    covariance = np.array([[1.0, 0.6], [0.6, 2.0]])
    known = Mixture.of([1.0], [[0.0, 1.0]], covariance[None]).given(0, 0.5)
    assert known.mean() == pytest.approx([0.5, 1 + 0.6 * 0.5])
    assert known.covariance()[1, 1] == pytest.approx(2 - 0.36)


def test_knowing_one_year_reweights_the_components() -> None:
    near, far = some(1, 2, 5), some(1, 2, 6)
    both = joined([0.5, 0.5], [near, far])
    value = 0.3
    density = [stats.norm(m.means[0, 0], m.sds[0, 0]).pdf(value) for m in (near, far)]
    assert both.given(0, value).weights == pytest.approx(np.array(density) / sum(density))


def test_draws_have_the_quantiles_and_do_not_depend_on_anything_but_the_seed() -> None:
    mixture = some()
    draws = mixture.draws(200_000, seed=4)
    assert pytest.approx(mixture.quantiles([0.1, 0.5, 0.9]), abs=0.03) == np.quantile(draws, [0.1, 0.5, 0.9], axis=0).T
    assert np.cov(draws.T) == pytest.approx(mixture.covariance(), abs=0.05)
    assert (draws == mixture.draws(200_000, seed=4)).all()


def test_a_linear_map_of_the_mixture_is_the_mixture_of_the_map() -> None:
    mixture, row = some(), np.array([[-1.0, 0.0, 0.0, 1.0]])
    draws = mixture.draws(200_000, seed=2) @ row[0]
    assert mixture.linear(row).quantiles([0.1, 0.9])[0] == pytest.approx(np.quantile(draws, [0.1, 0.9]), abs=0.03)


def test_wrong_shapes_levels_and_numbers_are_named() -> None:
    with pytest.raises(ArgumentError, match=r"shapes \(J,\), \(J, T\), \(J, T, T\)"):
        Mixture.of([1.0], [[0.0, 1.0]], [[[1.0]]])
    with pytest.raises(ArgumentError, match="probabilities between 0 and 1"):
        some().quantiles([0.0, 0.5])
    with pytest.raises(ModelError, match="not a number"):
        Mixture.of([1.0], [[np.nan]], [[[1.0]]])
