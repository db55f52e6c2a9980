"""How much sources that lean on each other are worth, against 50-digit algebra."""

import json
from pathlib import Path

import numpy as np
import pytest

from forecast.errors import ArgumentError, ModelError
from forecast.reconcile.dependence import dependence_weights, effective_number

REFERENCE = json.loads((Path(__file__).parents[1] / "reference/dependence.json").read_text())


@pytest.mark.parametrize("case", REFERENCE["n_eff"], ids=lambda case: f"{case['k']}, {case['rho']}")
def test_equal_correlation(case):
    np.testing.assert_allclose(effective_number(case["rho"], case["k"]), case["n_eff"], rtol=1e-10)


def test_blocks():
    block = REFERENCE["n_eff_block"]
    np.testing.assert_allclose(effective_number(block["R"]), block["n_eff"], rtol=1e-10)
    np.testing.assert_allclose(dependence_weights(block["R"]), block["gls_weights"], rtol=1e-10)


@pytest.mark.parametrize(
    ("correlation", "message"),
    [
        ([[1, 0.5], [0.4, 1]], "a matrix that is not symmetric"),
        ([[2, 0.5], [0.5, 1]], "a diagonal other than 1"),
        ([[1, 1.5], [1.5, 1]], "a matrix with eigenvalue -0.5"),
        ([[1, np.nan], [np.nan, 1]], "missing or infinite"),
        (0.5, "the number of sources, at least 1"),
    ],
)
def test_bad_correlations_are_named(correlation, message):
    with pytest.raises(ArgumentError) as caught:
        effective_number(correlation)
    assert message in str(caught.value)


def test_perfect_hedges_have_no_answer():
    with pytest.raises(ModelError, match="without error"):
        effective_number([[1, -1], [-1, 1]])
