"""Bayesian random effects against composite Gauss–Legendre quadrature, and properties."""

import json
from pathlib import Path

import numpy as np
import pytest

from forecast.distributions import Normal
from forecast.errors import ArgumentError, ModelError
from forecast.reconcile.bayes_random_effects import bayes_random_effects
from forecast.reconcile.spread_priors import FlatSpread, HalfCauchy, HalfNormal, HalfT

CASES = json.loads((Path(__file__).parents[1] / "reference/bayes_random_effects.json").read_text())["cases"]


def spread_prior(label: str):
    if label == "uniform":
        return FlatSpread()
    if label.startswith("HT"):
        degrees, scale = label[2:].split("_")
        return HalfT(float(scale), float(degrees))
    return {"HN": HalfNormal, "HC": HalfCauchy}[label[:2]](float(label[2:]))


def check(case: dict) -> None:
    mu_prior = None if case["mu_prior"] == "flat" else Normal(2.7, 2.0)
    found = bayes_random_effects(case["yi"], case["vi"], tau_prior=spread_prior(case["tau_prior"]), mu_prior=mu_prior)
    exact = case["exact"]
    np.testing.assert_allclose(found.log_marginal_likelihood, exact["log_marginal_likelihood"], rtol=1e-9)
    np.testing.assert_allclose(found.shrink_mean, exact["shrink_mean"], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found.shrink_sd, exact["shrink_sd"], rtol=1e-9)
    for name in ("tau", "mu", "theta_new"):
        posterior, expected = getattr(found, name), exact[name]
        levels = [float(level) for level in expected["quantiles"]]
        np.testing.assert_allclose(posterior.quantiles(levels), list(expected["quantiles"].values()), rtol=1e-8)
        np.testing.assert_allclose(posterior.cdf(posterior.quantiles(levels)), levels, rtol=1e-8)
        np.testing.assert_allclose([posterior.mean, posterior.sd], [expected["mean"], expected["sd"]], rtol=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_reference(name):
    check(CASES[name])


def test_reference_that_is_read_in_place(shared):
    cases = json.loads((shared / "reference/bayes_random_effects.json").read_text())["cases"]
    for name, case in cases.items():
        if name.startswith("eight"):
            check(case)


def test_one_study_leaves_the_prior_of_the_spread():
    posterior = bayes_random_effects([2.77], [0.04], tau_prior=HalfNormal(0.5))
    np.testing.assert_allclose(posterior.tau.quantiles([0.5]), 0.5 * 0.6744897501960817, rtol=1e-9)
    assert "mostly the prior" in posterior.summary()


def test_offset_and_scale():
    y, v = np.array([1.4, 2.8, 2.9]), np.array([0.25, 0.04, 0.09])
    plain = bayes_random_effects(y, v, tau_prior=HalfNormal(0.5))
    moved = bayes_random_effects(1e6 + 10 * y, 100 * v, tau_prior=HalfNormal(5))
    np.testing.assert_allclose(moved.mu.quantiles() - 1e6, 10 * plain.mu.quantiles(), rtol=1e-7)
    np.testing.assert_allclose(moved.tau.quantiles(), 10 * plain.tau.quantiles(), rtol=1e-8)


def test_many_studies_and_far_ones_settle():
    rng = np.random.default_rng(5)
    many = bayes_random_effects(rng.normal(0, 0.5, 400), np.full(400, 0.01), tau_prior=HalfCauchy(0.5))
    assert abs(many.tau.mean - 0.49) < 0.03
    assert many.numerical_error < 1e-9
    far = bayes_random_effects([0.0, 1e4], [1e-6, 1e-6], tau_prior=HalfNormal(0.5))
    assert np.isfinite(far.mu.quantiles()).all()


def test_moments_that_do_not_exist_are_refused():
    posterior = bayes_random_effects([1.0, 2.0, 4.0], [0.1, 0.1, 0.1], tau_prior=FlatSpread())
    assert np.isfinite(posterior.tau.quantiles()).all()
    with pytest.raises(ModelError, match="has no mean: its tail is too long"):
        _ = posterior.tau.mean
    with pytest.raises(ModelError, match="and 2 studies leave a posterior without finite mass"):
        bayes_random_effects([1.0, 2.0], [0.1, 0.1], tau_prior=FlatSpread())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bayes_random_effects([], []), "shapes (0,) and (0,)"),
        (lambda: bayes_random_effects([1, np.nan], [1, 1]), "y: found a number that is missing or infinite"),
        (lambda: bayes_random_effects([1, 2], [1, 0]), "v: found [1.0, 0.0]; allowed: finite variances above 0"),
        (lambda: HalfNormal(0.0), "half-normal, scale: found 0; allowed: a number above 0"),
        (lambda: HalfT(1.0, -1.0), "half-t, degrees: found -1"),
        (lambda: bayes_random_effects([1], [1]).mu.quantiles([1.5]), "levels: found [1.5]; allowed: between 0 and 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert message in str(caught.value)


def test_result_speaks():
    posterior = bayes_random_effects([1.4, 2.8, 2.9, 3.4], [0.25, 0.04, 0.09, 0.06])
    assert posterior.table["quantity"].tolist() == ["tau", "mu", "theta_new"]
    assert "<table" in posterior._repr_html_()
    assert posterior.plot(unit="log USD bn").get_xlabel().startswith("log USD bn")
