"""Balancing against 50-digit projections, brute force and properties."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from forecast.distributions import Fixed, Normal, Range
from forecast.errors import ArgumentError, ModelError
from forecast.reconcile.balance import balance, shrunk_covariance

CASES = json.loads((Path(__file__).parents[1] / "reference/hierarchy.json").read_text())["cases"]


def split(case: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Totals, parts and sums of a reference case."""
    summing, base = np.array(case["S"]), np.array(case["base"])
    count = len(summing) - summing.shape[1]
    return base[:count], base[count:], summing[:count]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_reference(case):
    totals, parts, sums = split(case)
    found = balance(totals, parts, sums=sums, covariance=case["W"], method="mint")
    np.testing.assert_allclose(found.parts, case["bottom"], rtol=1e-10)
    np.testing.assert_allclose(found.series, case["reconciled"], rtol=1e-10)
    np.testing.assert_allclose(found.mapping, case["G"], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(found.covariance, case["cov_reconciled"], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("name", "method"), [("one_level_ols", "ols"), ("one_level_wls_var_given", "variance")])
def test_methods_by_name(name, method):
    case = next(case for case in CASES if case["name"] == name)
    found = balance(case["base"][0], case["base"][1:], method=method, covariance=np.diag(case["W"]))
    np.testing.assert_allclose([found.total, *found.parts], case["reconciled"], rtol=1e-10)


@pytest.mark.parametrize(
    ("name", "method"), [("OLS", "ols"), ("WLS", "variance"), ("wls_struct", "structural"), ("MinT", "mint")]
)
def test_usual_names_in_any_case(name, method):
    asked = {"total": 52.0, "parts": [20.0, 18.0, 9.0], "covariance": [16.0, 4.0, 9.0, 1.0]}
    np.testing.assert_array_equal(balance(**asked, method=name).series, balance(**asked, method=method).series)


def test_structural_weights_count_the_parts():
    found = balance(52.0, [20.0, 18.0, 9.0], method="structural")
    np.testing.assert_allclose(found.total, 52 - 5 * 3 / 6)
    np.testing.assert_allclose(found.parts, np.array([20, 18, 9]) + 5 / 6)


def test_shrunk_covariance_is_that_of_the_reference():
    case = next(case for case in CASES if case["name"] == "two_level_mint_shrink")
    np.testing.assert_allclose(shrunk_covariance(np.array(case["residuals"]).T), case["W"], rtol=1e-6)


def test_certain_numbers_stay():
    found = balance(100.0, [30.0, 50.0], covariance=[0.0, 1.0, 3.0])
    np.testing.assert_allclose([found.total, *found.parts], [100.0, 35.0, 65.0], rtol=1e-12)
    with pytest.raises(ModelError, match="all certain"):
        balance(100.0, [30.0, 50.0], covariance=[0.0, 0.0, 0.0])


def test_nonnegative_is_the_nearest_by_brute_force():
    variances = np.array([1.0, 4.0, 2.0, 1.0])
    free = balance(10.0, [12.0, 3.0, 0.2], covariance=variances, nonnegative=False)
    assert free.parts.min() < 0
    bound = balance(10.0, [12.0, 3.0, 0.2], covariance=variances)
    distance = lambda b: np.sum((np.array([b.sum(), *b]) - [10.0, 12.0, 3.0, 0.2]) ** 2 / variances)
    brute = optimize.minimize(distance, np.ones(3), bounds=[(0, None)] * 3, options={"ftol": 1e-15, "gtol": 1e-10})
    np.testing.assert_allclose(bound.parts, brute.x, atol=1e-5)
    assert bound.parts.min() == 0.0
    np.testing.assert_allclose(bound.total, bound.parts.sum(), rtol=1e-12)


def test_draws_and_distributions_agree_with_the_closed_form():
    rng = np.random.default_rng(3)
    beliefs = [Normal(52.0, 4.0), Normal(20.0, 2.0), Normal(18.0, 3.0), Normal(9.0, 1.0)]
    closed = balance(beliefs[0], {"a": beliefs[1], "b": beliefs[2], "c": beliefs[3]})
    draws = np.array([belief.from_score(rng.standard_normal(4000)) for belief in beliefs])
    sampled = balance(draws[0], draws[1:].T)
    assert closed.names == ("total", "a", "b", "c")
    np.testing.assert_allclose(sampled.total, sampled.parts.sum(axis=-1))
    np.testing.assert_allclose(sampled.table["balanced"], closed.table["balanced"], rtol=0.01)
    np.testing.assert_allclose(sampled.table["sd"], closed.table["sd"], rtol=0.05)
    assert (closed.table["sd"].to_numpy() <= [4.0, 2.0, 3.0, 1.0]).all()
    assert balance(draws[0], draws[1:].T, method="mint").parts.shape == (4000, 3)


def test_a_fixed_part_among_distributions():
    found = balance(Range(40, 50, 60), [Fixed(30.0), Range(10, 15, 20)])
    np.testing.assert_allclose(found.parts[0], 30.0)
    np.testing.assert_allclose(found.total, found.parts.sum())


numbers = st.floats(-50, 100)


@given(numbers, st.lists(numbers, min_size=1, max_size=5), st.booleans())
def test_adds_up_once_and_for_all(total, parts, bounded):
    once = balance(total, parts, method="structural", nonnegative=bounded)
    np.testing.assert_allclose(once.total, once.parts.sum(), atol=1e-9)
    twice = balance(once.total, once.parts, method="structural", nonnegative=bounded)
    np.testing.assert_allclose(twice.series, once.series, atol=1e-7)
    assert not bounded or once.parts.min() >= 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"total": 1.0, "parts": []}, "parts: found shape (0,); allowed: at least one part"),
        ({"total": [1.0, 2.0], "parts": [1.0, 2.0, 3.0]}, "total: found shape (2,); allowed: () or (1,)"),
        ({"total": 1.0, "parts": [1.0], "sums": [[1.0, 1.0]]}, "sums: found shape (1, 2); allowed: (totals, 1 parts)"),
        ({"total": np.nan, "parts": [1.0]}, "a number that is missing"),
        ({"total": 1.0, "parts": [1.0], "method": "mnt"}, "did you mean 'mint'?"),
        ({"total": 1.0, "parts": [1.0], "method": "mint"}, "covariance: found none"),
        (
            {"total": 1.0, "parts": [1.0], "covariance": [1.0]},
            "found shape (1,); allowed: (2,) or (2, 2), totals first",
        ),
        ({"total": 1.0, "parts": [1.0], "covariance": [[1, 2], [0, 1]]}, "a matrix that is not symmetric"),
        ({"total": 1.0, "parts": [1.0], "covariance": [[1, 2], [2, 1]]}, "an eigenvalue of -1"),
        ({"total": 1.0, "parts": [1.0], "covariance": [-1.0, 1.0]}, "an eigenvalue of -1"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ArgumentError) as caught:
        balance(arguments.pop("total"), arguments.pop("parts"), **arguments)
    assert message in str(caught.value)


def test_result_speaks():
    found = balance(52.0, {"devices": 20.0, "cells": 18.0, "tissue": 9.0}, covariance=[16.0, 4.0, 9.0, 1.0])
    assert found.summary() == "total was 5 above the sum of its parts; total moved most, from 52 to 49.33."
    assert repr(found) == "Balanced(total, devices, cells, tissue)"
    assert found.plot(unit="USD bn").get_ylabel() == "USD bn"
    assert list(found.table) == ["series", "stated", "balanced", "change", "sd"]
    totals, parts, sums = split(CASES[2])
    several = balance(totals, parts, sums=sums)
    with pytest.raises(ModelError, match="this has 3 totals"):
        several.plot()
