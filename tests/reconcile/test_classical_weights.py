"""Cooke's classical model against 50-digit numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from forecast.errors import ArgumentError, ModelError
from forecast.reconcile.classical_weights import classical_weights

REFERENCE = json.loads((Path(__file__).parents[1] / "reference/cooke_classical.json").read_text())
SAID, CAME = REFERENCE["assessments"], REFERENCE["realizations"]


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=lambda case: case["scale"])
def test_reference(case):
    scale = {"uni": "uniform", "log": "log"}[case["scale"]]
    found = classical_weights(SAID, CAME, quantiles=REFERENCE["quantiles"], scale=scale, overshoot=case["overshoot"])
    for name in ("calibration", "information", "weights"):
        np.testing.assert_allclose(getattr(found, name), case[name], rtol=1e-10, err_msg=name)


def test_cutoff_leaves_the_calibrated():
    found = classical_weights(SAID, CAME, cutoff=0.05)
    assert (found.weights > 0).tolist() == [True, False, True, False]
    np.testing.assert_allclose(found.weights.sum(), 1)
    assert found.summary() == "2 of 4 experts have weight; expert 0 has most, 58%."
    assert list(found.table) == ["expert", "calibration", "information", "weight"]
    with pytest.raises(ModelError, match="No expert is left with a weight"):
        classical_weights(SAID, CAME, cutoff=0.9)


def test_money_units_do_not_matter():
    plain, scaled = classical_weights(SAID, CAME), classical_weights(1000 * np.array(SAID), 1000 * np.array(CAME))
    np.testing.assert_allclose(plain.weights, scaled.weights, rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"realizations": CAME[:-1]},
            "assessments: found shape (4, 3, 10); allowed: (experts, 3 quantiles, 9 questions)",
        ),
        ({"quantiles": [0.5, 0.05, 0.95]}, "rising levels between 0 and 1"),
        ({"scale": "logg"}, "did you mean 'log'?"),
        ({"assessments": np.array(SAID)[:, ::-1]}, "expert 0, question 0"),
        ({"realizations": [-1.0, *CAME[1:]], "scale": "log"}, "numbers above 0 on the log scale"),
        ({"realizations": [np.nan, *CAME[1:]]}, "a number that is missing"),
    ],
)
def test_bad_input_is_named(change, message):
    arguments = {"assessments": SAID, "realizations": CAME} | change
    with pytest.raises(ArgumentError) as caught:
        classical_weights(arguments.pop("assessments"), arguments.pop("realizations"), **arguments)
    assert message in str(caught.value)
