"""Opinion pools against 50-digit formulas, quadrature and properties."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from forecast.distributions import Beta, Discrete, Fixed, Lognormal, Normal, Range, Triangular, Uniform
from forecast.errors import ArgumentError, ModelError
from forecast.reconcile.densities import log_density, moments
from forecast.reconcile.pools import LogPool, linear_pool, log_pool, quantile_average

CASES = json.loads((Path(__file__).parents[1] / "reference/opinion_pools.json").read_text())["cases"]
by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])


def normals(case: dict) -> list[Normal]:
    return [Normal(mean, sd) for mean, sd in zip(case["mu"], case["sd"], strict=True)]


def lognormals(case: dict) -> list[Lognormal]:
    return [Lognormal(math.exp(mean), sd) for mean, sd in zip(case["mu"], case["sd"], strict=True)]


def agrees(pool, expected: dict) -> None:
    levels = [float(level) for level in expected["quantiles"]]
    values = list(expected["quantiles"].values())
    np.testing.assert_allclose(pool.ppf(levels), values, rtol=1e-10)
    np.testing.assert_allclose(pool.cdf(values), levels, rtol=1e-10)


@by_name
def test_linear_pool(case):
    for parts, name in [(normals(case), "linear_pool_normal"), (lognormals(case), "linear_pool_lognormal")]:
        pool, expected = linear_pool(parts, case["w"]), case[name]
        agrees(pool, expected)
        np.testing.assert_allclose([pool.mean, pool.sd], [expected["mean"], expected["sd"]], rtol=1e-10)
        if "pdf_at_mean" in expected:
            np.testing.assert_allclose(pool.pdf(expected["mean"]), expected["pdf_at_mean"], rtol=1e-10)
            np.testing.assert_allclose(pool.cdf(expected["mean"]), expected["cdf_at_mean"], rtol=1e-10)


@by_name
def test_log_pool(case):
    expected = case["log_pool_normal"]
    for pool in [log_pool(normals(case), case["w"]), LogPool(tuple(normals(case)), tuple(case["w"]))]:
        agrees(pool, expected)
    expected, pool = case["log_pool_lognormal"], log_pool(lognormals(case), case["w"])
    np.testing.assert_allclose([pool.median, pool.log_sd], [expected["median"], expected["sd_log"]], rtol=1e-10)
    np.testing.assert_allclose(moments(pool), [expected["mean"], expected["var"]], rtol=1e-10)


@by_name
def test_quantile_average(case):
    agrees(quantile_average(normals(case), case["w"]), case["quantile_average_normal"])
    agrees(quantile_average(lognormals(case), case["w"]), case["quantile_average_lognormal_raw"])


MIXED = [Range(2, 4, 8, positive=True), Normal(5, 1), Triangular(1, 4, 9), Uniform(2, 8), Beta(2, 3, 1, 10)]


@pytest.mark.parametrize(
    "pool", [linear_pool(MIXED), log_pool(MIXED), quantile_average(MIXED)], ids=lambda p: type(p).__name__
)
def test_any_families_can_be_pooled(pool):
    levels = np.array([0.01, 0.1, 0.5, 0.9, 0.99])
    values = pool.ppf(levels)
    assert (np.diff(values) > 0).all()
    np.testing.assert_allclose(pool.cdf(values), levels, rtol=1e-9)


def test_log_pool_is_the_product_of_powers():
    pool = log_pool(MIXED)
    product = lambda x: math.exp(sum(0.2 * float(log_density(part, np.array(x))) for part in MIXED))
    whole = integrate.quad(product, 2, 8, points=[4])[0]
    below = integrate.quad(product, 2, 4)[0] / whole
    np.testing.assert_allclose(pool.cdf(4.0), below, rtol=1e-8)
    np.testing.assert_allclose(pool.pdf(np.array([3.0])), product(3.0) / whole, rtol=1e-8)


@pytest.mark.parametrize("part", [*MIXED, Range(0.5, 0.8, 0.9, share=True), Range(0, 1, 2), Lognormal(3, 0.4)])
def test_density_and_moments_fit_the_distribution_function(part):
    low, high = part.ppf([0.05, 0.95])
    mass = integrate.quad(lambda x: math.exp(float(log_density(part, np.array(x)))), low, high, epsabs=1e-12)[0]
    np.testing.assert_allclose(mass, 0.9, rtol=1e-8)
    u = (np.arange(200_000) + 0.5) / 200_000
    np.testing.assert_allclose(moments(part)[0], part.ppf(u).mean(), rtol=1e-3)


def test_numbers_without_a_density():
    pool = linear_pool([Fixed(3.0), Discrete((1.0, 2.0), (0.5, 0.5))])
    assert pool.mean == 2.25
    np.testing.assert_allclose(pool.ppf([0.2, 0.9]), [1.0, 3.0])
    with pytest.raises(ArgumentError, match="found Fixed; allowed: a distribution with a density"):
        log_pool([Fixed(3.0), Normal(0, 1)])


def test_sources_that_exclude_each_other():
    with pytest.raises(ModelError, match="exclude each other"):
        log_pool([Uniform(0, 1), Uniform(2, 3)])


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0.1, 2)), min_size=1, max_size=5), st.floats(0.01, 0.99))
def test_pools_of_normals_lie_between_their_components(parts, level):
    components = [Normal(*part) for part in parts]
    ends = [float(component.ppf(level)) for component in components]
    for pool in (linear_pool(components), quantile_average(components)):
        assert min(ends) - 1e-9 <= float(pool.ppf(level)) <= max(ends) + 1e-9
    assert log_pool(components).sd <= max(component.sd for component in components) + 1e-12


@pytest.mark.parametrize("pool", [linear_pool, log_pool, quantile_average])
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([0.5, 0.6], "weights: found a sum of 1.1; allowed: a sum of 1; divide them by their sum"),
        ([1.5, -0.5], "weights: found [1.5, -0.5]; allowed: weights of at least 0"),
        ([1.0], "found shape (1,); allowed: one weight for each of 2 distributions"),
        ([np.nan, 1.0], "a sum of nan"),
    ],
)
def test_bad_weights_are_named(pool, weights, message):
    with pytest.raises(ArgumentError) as caught:
        pool([Normal(0, 1), Normal(1, 1)], weights)
    assert message in str(caught.value)
    with pytest.raises(ArgumentError, match="at least one distribution"):
        pool([])
