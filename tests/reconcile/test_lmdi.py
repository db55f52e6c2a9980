"""LMDI against 50-digit formulas and published values."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import ArgumentError
from forecast.reconcile.lmdi import lmdi, logarithmic_mean

CASES = json.loads((Path(__file__).parents[1] / "reference/lmdi.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_reference(case):
    found = lmdi(case["X0"], case["X1"])
    np.testing.assert_allclose([found.before, found.after], [case["V0"], case["V1"]], rtol=1e-14)
    np.testing.assert_allclose(found.additive, case["additive_LMDI_I"], rtol=1e-10)
    np.testing.assert_allclose(found.multiplicative, case["multiplicative_LMDI_I"], rtol=1e-10)
    np.testing.assert_allclose(found.multiplicative_shares, case["multiplicative_LMDI_II"], rtol=1e-10)
    if "published_additive" in case:
        np.testing.assert_allclose(found.additive, case["published_additive"], rtol=1e-8)


factors = st.lists(st.lists(st.floats(0.01, 100), min_size=3, max_size=3), min_size=2, max_size=2)


@given(factors, factors)
def test_no_remainder_and_time_reversal(before, after):
    forth, back = lmdi(before, after), lmdi(after, before)
    scale = forth.before + forth.after
    assert abs(forth.additive.sum() - (forth.after - forth.before)) <= 1e-12 * scale
    np.testing.assert_allclose(forth.multiplicative.prod(), forth.after / forth.before, rtol=1e-10)
    np.testing.assert_allclose(forth.multiplicative_shares.prod(), forth.after / forth.before, rtol=1e-10)
    np.testing.assert_allclose(forth.additive, -back.additive, rtol=1e-9, atol=1e-12 * scale)


def test_logarithmic_mean_lies_between_the_two():
    assert logarithmic_mean(3.0, 3.0) == 3.0
    np.testing.assert_allclose(logarithmic_mean(1.0, 1.0 + 1e-12), 1 + 5e-13, rtol=1e-15)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ([1.0, 0.0], [1.0, 1.0], "before: found 0; allowed: finite factors above 0"),
        ([1.0], [1.0, 2.0], "shapes (1, 1) and (1, 2)"),
        ([1.0], [np.nan], "after: found nan"),
    ],
)
def test_bad_input_is_named(before, after, message):
    with pytest.raises(ArgumentError) as caught:
        lmdi(before, after)
    assert message in str(caught.value)
