"""Priors by evidence and by constants, and what one can ask for."""

import math
from dataclasses import asdict

import numpy as np
import pytest

from forecast.analyst_error import VINTAGE_MEMORY, common_optimism, publisher_spread
from forecast.errors import ArgumentError
from forecast.reconcile import Prior, reconcile
from forecast.reconcile.consensus import solve
from forecast.reconcile.house_design import Design
from forecast.reconcile.priors import evidence_prior, prior_for, promised_growth
from tests.reconcile.pools import WHOLE, four, growth, level, pool, source, table

SLOW = source("a", level(2023, 16), growth(2023, 2030, 0.05))
FAST = source("b", level(2023, 20), growth(2023, 2030, 0.40))
SILENT = source("c", level(2023, 30))


def test_the_default_goes_by_the_growth_that_estimates_promise():
    actual = source("h", level(2020, 9), level(2023, 90), anchor_sd=0.05, status="actual")
    assert promised_growth([SLOW, SILENT, actual]) == pytest.approx(math.log(1.05))
    assert promised_growth([SLOW, FAST]) == pytest.approx((math.log(1.05) + math.log(1.4)) / 2)
    assert promised_growth([SILENT, actual]) is None
    assert prior_for(None, [SLOW]) == prior_for("evidence", [SLOW]) == evidence_prior(promised_growth([SLOW]))
    assert prior_for({"herding": 0.1}, [FAST]) == evidence_prior(promised_growth([FAST])).replace(herding=0.1)


def test_constants_stay_available_alone_and_as_what_is_changed():
    assert prior_for("constants", [FAST]) == Prior()
    assert prior_for({"based_on": "constants", "herding": 0.0}, [FAST]) == Prior(herding=0.0)
    assert prior_for(Prior(spread_scale=1.0), [FAST]) == Prior(spread_scale=1.0)


def test_evidence_changes_what_the_record_tells_and_nothing_else():
    found, constants = asdict(evidence_prior(0.2)), asdict(Prior())
    told = {"spread_scale", "growth_spread_scale", "optimism_mean", "optimism_sd", "optimism_memory", "growth_sd"}
    told |= {"common_level_sd"}
    assert {name for name in found if found[name] != constants[name]} <= told
    assert found["spread_scale"] == publisher_spread(0.2).level
    assert found["optimism_sd"] == common_optimism(0.2).sd
    assert found["optimism_memory"] == VINTAGE_MEMORY
    assert evidence_prior(None).growth_sd == Prior().growth_sd


@pytest.mark.parametrize(
    ("prior", "said"),
    [
        ("evidense", "prior: found 'evidense'; allowed: a Prior, numbers by name, 'evidence' or 'constants'"),
        ({"based_on": "fixed"}, "found 'fixed'"),
        ({"herdng": 0.1}, "unknown key 'herdng'"),
        ({"optimism_memory": 1.5}, "prior, optimism_memory: found 1.5; allowed: 0 to 1"),
    ],
)
def test_what_is_no_prior_is_told(prior, said):
    row = {"base_value": "16"}
    with pytest.raises(ArgumentError) as caught:
        reconcile(table(row), scope=WHOLE, prior=prior)
    assert said in str(caught.value)


def test_optimism_of_two_vintages_is_correlated_by_the_years_between_them():
    for memory in (1.0, 0.76, 0.0):
        prior = Prior(optimism_memory=memory)
        design = Design(four(prior=prior), np.array([2023]))
        columns = np.array([design.optimism(year) for year in (2023, 2016)])
        variance = design.shared_variance[design.optimism_columns]
        covariance = (columns * variance) @ columns.T
        np.testing.assert_allclose(covariance, prior.optimism_sd**2 * np.array([[1, memory**7], [memory**7, 1]]))
        np.testing.assert_allclose(columns @ design.shared_mean[design.optimism_columns], prior.optimism_mean)


def test_a_single_promise_comes_true_as_the_record_says():
    promised = math.log(1.25)
    told = source("a", level(2023, 10), level(2027, 10 * 1.25**4))
    found = solve(pool(told, prior=evidence_prior(promised))).market([2023, 2027]).linear([[-1.0, 1.0]])
    spread, optimism = publisher_spread(promised), common_optimism(promised)
    assert found.mean()[0] == pytest.approx(4 * (promised - optimism.mean), rel=0.05)
    assert math.sqrt(found.variance()[0]) == pytest.approx(4 * math.hypot(optimism.sd, spread.growth), rel=0.1)


def test_publishers_of_a_mature_market_are_expected_to_agree():
    width = {}
    for name, rate in (("mature", 0.04), ("emerging", 0.30)):
        told = [source(n, level(2023, value), growth(2023, 2030, rate)) for n, value in (("a", 10), ("b", 11))]
        prior = prior_for(None, told)
        low, high = solve(pool(*told, prior=prior)).next_publisher((0.1, 0.9), [2023]).iloc[0]
        width[name] = math.log(high / low)
    assert width["mature"] < 0.75 * width["emerging"]


def test_publishers_that_agree_are_no_proof_of_the_market():
    alike = pool(*(source(name, level(2023, 16)) for name in "abcdef"), prior=evidence_prior(None))
    found = solve(alike)
    low, high = found.quantiles((0.1, 0.9), [2023]).iloc[0]
    assert math.log(high / low) / 2.563 >= 0.05
    low, high = found.next_publisher((0.25, 0.75), [2023]).iloc[0]
    assert math.log(high / low) < 0.05
