"""Scores against 50-digit closed forms, and properties."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from forecast import scores
from forecast.distributions import Lognormal, Normal
from forecast.errors import ArgumentError

CASES = json.loads((Path(__file__).parent / "reference/scoring_rules.json").read_text())["cases"]


def of_kind(kind: str) -> list[dict]:
    return [case for case in CASES if case["kind"] == kind]


@pytest.mark.parametrize("case", of_kind("crps_normal"))
def test_normal(case):
    y, mean, sd = case["y"], case["mu"], case["sd"]
    np.testing.assert_allclose(scores.crps_normal(y, mean, sd), case["value"], rtol=1e-10)
    np.testing.assert_allclose(scores.log_score_normal(y, mean, sd), case["logscore"], rtol=1e-10)
    np.testing.assert_allclose(scores.pit(y, Normal(mean, sd)), case["pit"], rtol=1e-10)


@pytest.mark.parametrize("case", of_kind("crps_lognormal"))
def test_lognormal(case):
    y, mean, sd = case["y"], case["mu_log"], case["sd_log"]
    np.testing.assert_allclose(scores.crps_lognormal(y, mean, sd), case["value"], rtol=1e-10)
    np.testing.assert_allclose(scores.log_score_lognormal(y, mean, sd), case["logscore"], rtol=1e-10)
    np.testing.assert_allclose(scores.pit(y, Lognormal(np.exp(mean), sd)), case["pit"], rtol=1e-10)


@pytest.mark.parametrize("case", of_kind("crps_normal_mixture"))
def test_mixture(case):
    components = case["w"], case["mu"], case["sd"]
    np.testing.assert_allclose(scores.crps_normal_mixture(case["y"], *components), case["value"], rtol=1e-10)


@pytest.mark.parametrize("case", of_kind("interval_score"))
def test_interval(case):
    found = scores.interval_score(case["y"], case["lower"], case["upper"], level=1 - case["alpha"])
    np.testing.assert_allclose(found, case["value"], rtol=1e-10)


def test_lognormal_mixture_is_the_integral_of_its_squared_error():
    weights, means, sds = np.array([0.2, 0.5, 0.3]), np.array([2.5, 2.9, 3.4]), np.array([0.1, 0.4, 0.2])

    def squared_error(x: float) -> float:
        cdf = weights @ stats.norm.cdf((np.log(x) - means) / sds)
        return (cdf - (x >= 20.0)) ** 2

    expected = sum(integrate.quad(squared_error, a, b, limit=200)[0] for a, b in [(1e-9, 20), (20, 60), (60, 500)])
    np.testing.assert_allclose(scores.crps_lognormal_mixture(20.0, weights, means, sds), expected, rtol=1e-7)
    log_score = -np.log(weights @ stats.norm.pdf(1.0, means, sds))
    np.testing.assert_allclose(scores.log_score_normal_mixture(1.0, weights, means, sds), log_score, rtol=1e-12)


def test_sample_and_quantiles_approach_the_closed_form():
    levels = (np.arange(4000) + 0.5) / 4000
    values = Normal(0.3, 0.7).ppf(levels)
    exact = scores.crps_normal(1.5, 0.3, 0.7)
    np.testing.assert_allclose(scores.crps_sample(1.5, values), exact, rtol=1e-3)
    np.testing.assert_allclose(scores.crps_quantiles(1.5, levels, values), exact, rtol=1e-3)


def test_shapes_broadcast():
    assert scores.crps_normal(np.zeros((3, 1)), 0.0, [1.0, 2.0]).shape == (3, 2)
    assert scores.crps_sample(np.zeros(4), np.zeros((4, 9))).shape == (4,)
    assert scores.crps_lognormal_mixture(np.ones((2, 3)), [1.0], [0.0], [1.0]).shape == (2, 3)
    assert scores.coverage([1.0, 9.0], 0.0, 5.0, weights=[3.0, 1.0]) == 0.75


def test_below_zero_a_lognormal_pays_its_distance():
    at_zero = scores.crps_lognormal(0.0, 1.0, 0.5)
    np.testing.assert_allclose(scores.crps_lognormal(-2.0, 1.0, 0.5), at_zero + 2, rtol=1e-12)
    assert scores.log_score_lognormal(-2.0, 1.0, 0.5) == np.inf


@given(st.floats(-50, 50), st.floats(-5, 5), st.floats(0.01, 10), st.floats(0.1, 100))
def test_crps_scales_with_its_unit(y, mean, sd, unit):
    one = scores.crps_normal(y, mean, sd)
    np.testing.assert_allclose(scores.crps_normal(unit * y, unit * mean, unit * sd), unit * one, rtol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scores.crps_normal(1.0, 0.0, 0.0), "sd: found 0; allowed: numbers above 0"),
        (lambda: scores.crps_normal(np.nan, 0.0, 1.0), "observed: found a number that is missing or infinite"),
        (lambda: scores.interval_score(1.0, 3.0, 2.0, level=0.8), "band: found a low end above the high end"),
        (lambda: scores.interval_score(1.0, 1.0, 2.0, level=80), "write 80 % as 0.8"),
        (lambda: scores.crps_sample(1.0, []), "at least one draw"),
        (lambda: scores.crps_quantiles(1.0, [0.5, 0.1], [1.0, 2.0]), "ascending levels"),
        (lambda: scores.crps_quantiles(1.0, [0.1, 0.5], [1.0]), "2 values on the last axis"),
        (lambda: scores.crps_normal_mixture(1.0, [0.5, 0.6], [0.0, 0.0], [1.0, 1.0]), "found a sum of 1.1"),
        (lambda: scores.crps_normal_mixture(1.0, [1.0], [0.0, 0.0], [1.0]), "of one shape (components,)"),
        (lambda: scores.coverage([], [], []), "at least one number"),
        (lambda: scores.coverage([1.0], 0.0, 2.0, weights=[0.0]), "not all 0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert message in str(caught.value)
