"""Interval-censored normal against 50-digit Newton, closed forms and properties."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from forecast.errors import ArgumentError, ModelError
from forecast.reconcile.censored import censored_log_likelihood, fit_censored

CASES = json.loads((Path(__file__).parents[1] / "reference/interval_censored.json").read_text())["cases"]


@pytest.mark.parametrize("name", CASES)
def test_reference(name):
    case = CASES[name]
    found, exact = fit_censored(case["lower"], case["upper"]), case["exact"]
    values = [found.mu, found.sigma, found.log_likelihood]
    np.testing.assert_allclose(values, [exact["mu"], exact["sigma"], exact["loglik"]], rtol=1e-10)
    np.testing.assert_allclose(found.covariance, exact["vcov_mu_logsigma"], rtol=1e-10, atol=1e-14)
    total = censored_log_likelihood(case["lower"], case["upper"], exact["mu"], exact["sigma"]).sum()
    np.testing.assert_allclose(total, exact["loglik"], rtol=1e-10)


def test_exact_numbers_give_the_plain_estimate():
    y = np.array([1.0, 2.0, 4.0, 8.0])
    found = fit_censored(y, y)
    np.testing.assert_allclose([found.mu, found.sigma], [y.mean(), y.std()], rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.diag([y.var() / 4, 1 / 8]), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.log_likelihood, stats.norm.logpdf(y, y.mean(), y.std()).sum(), rtol=1e-12)


def test_a_cell_is_a_probability_also_far_out():
    low, high = np.array([-1.0, 3.0, -np.inf, 12.0, -2.0]), np.array([0.5, 3.001, -30.0, np.inf, 40.0])
    expected = [
        np.log(stats.norm.cdf(0.5) - stats.norm.cdf(-1.0)),
        np.log(stats.norm.sf(3.0) - stats.norm.sf(3.001)),
        stats.norm.logcdf(-30.0),
        stats.norm.logsf(12.0),
        stats.norm.logsf(-2.0),
    ]
    np.testing.assert_allclose(censored_log_likelihood(low, high, 0.0, 1.0), expected, rtol=1e-10)


def test_units_do_not_matter():
    case = CASES["mixed"]
    low, high = (np.array(case[end], float) for end in ("lower", "upper"))
    plain, moved = fit_censored(low, high), fit_censored(100 + 5 * low, 100 + 5 * high)
    np.testing.assert_allclose([moved.mu, moved.sigma], [100 + 5 * plain.mu, 5 * plain.sigma], rtol=1e-9)


@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        ([1.0, 1.5], [2.0, 2.5], "All numbers fit one value (1.5 to 2)"),
        ([2.0], [2.0], "All numbers fit one value (2 to 2)"),
        ([1.0, 2.0], [np.inf, np.inf], "their spread cannot be estimated"),
        ([-np.inf, 3.0], [2.0, np.inf], "The bounds leave the spread open"),
    ],
)
def test_no_maximum(lower, upper, message):
    with pytest.raises(ModelError) as caught:
        fit_censored(lower, upper)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        ([], [], "shapes (0,) and (0,)"),
        ([3.0, 1.0], [2.0, 2.0], "number 0: found 3 to 2; allowed: lower <= upper"),
        ([None, 1.0], [None, 2.0], "number 0: found no end at all; allowed: at least one end; leave it out"),
        ([np.inf], [np.inf], "number 0: found inf to inf"),
    ],
)
def test_bad_input_is_named(lower, upper, message):
    with pytest.raises(ArgumentError) as caught:
        fit_censored(lower, upper)
    assert message in str(caught.value)
