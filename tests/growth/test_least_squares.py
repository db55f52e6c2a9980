"""The solver on all NIST nonlinear regression sets, from both starts."""

import json
from pathlib import Path

import numpy as np
import pytest

from forecast.errors import ArgumentError
from forecast.growth import fit_least_squares

FUNCTIONS = {"exp": np.exp, "cos": np.cos, "sin": np.sin, "arctan": np.arctan, "pi": np.pi}
HARD = {"MGH17", "MGH10"}
"""Sets whose first start needs many restarts."""


@pytest.fixture(scope="module")
def sets(shared: Path) -> dict:
    return json.loads((shared / "reference" / "nist_strd.json").read_text())["sets"]


NAMES = [
    "Misra1a", "Chwirut2", "Chwirut1", "Lanczos3", "Gauss1", "DanWood", "Misra1b", "Kirby2", "Hahn1", "Nelson",
    "MGH17", "Misra1c", "Misra1d", "Roszman1", "ENSO", "MGH09", "Thurber", "BoxBOD", "Rat42", "MGH10", "Eckerle4",
    "Rat43", "Bennett5",
]  # fmt: skip


def model(name: str, case: dict):
    if name == "Nelson":
        return lambda x, b1, b2, b3: b1 - b2 * x[:, 0] * np.exp(-b3 * x[:, 1])
    names = ", ".join(row["name"] for row in case["params"])
    return eval(f"lambda x, {names}: {case['python']}", dict(FUNCTIONS))  # the model as the reference file has it


@pytest.mark.parametrize("start", ["start1", "start2"])
@pytest.mark.parametrize("name", NAMES)
def test_nist(sets: dict, name: str, start: str) -> None:
    case = sets[name]
    y = np.log(case["y"]) if name == "Nelson" else np.array(case["y"])
    fit = fit_least_squares(model(name, case), case["x"], y, [row[start] for row in case["params"]])
    assert fit.converged
    np.testing.assert_allclose(fit.parameters, [float(row["value"]) for row in case["params"]], rtol=1e-6)
    np.testing.assert_allclose(fit.standard_errors, [float(row["sd"]) for row in case["params"]], rtol=1e-5)
    assert fit.rss == pytest.approx(float(case["rss"]), rel=1e-6)


def test_many_data_sets_at_once_are_fitted_as_one_by_one() -> None:
    rng = np.random.default_rng(2)
    x = np.linspace(0.5, 5, 12)
    y = 3 * x**1.5 + rng.standard_normal((20, 12))
    power = lambda x, a, b: a * x**b
    many = fit_least_squares(power, x, y, [1.0, 1.0])
    alone = [fit_least_squares(power, x, row, [1.0, 1.0]) for row in y]
    assert many.parameters.shape == (20, 2)
    np.testing.assert_allclose(many.parameters, [fit.parameters for fit in alone], rtol=1e-8)
    np.testing.assert_allclose(many.standard_errors, [fit.standard_errors for fit in alone], rtol=1e-7)


def test_bad_data_are_named() -> None:
    with pytest.raises(ArgumentError) as caught:
        fit_least_squares(lambda x, a, b: a + b * x, [1.0, 2], [1.0, np.nan], [1.0, np.inf])
    assert [str(problem) for problem in caught.value.problems] == [
        "y: found 2 values; allowed: more than the 2 parameters",
        "y: found values that are not finite; allowed: finite numbers",
        "start: found values that are not finite; allowed: finite numbers",
    ]
