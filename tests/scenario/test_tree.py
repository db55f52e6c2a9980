"""Expressions and driver trees."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from forecast.errors import ModelError, ScenarioError
from forecast.scenario import Tree
from forecast.scenario.expression import parse

NAMES = {"a": 8.0, "b": 4.0, "c": 2.5}


def texts() -> st.SearchStrategy[str]:
    """Well-formed arithmetic."""
    atoms = st.sampled_from([*NAMES, "3", "0.5", "1e2", ".25"])
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(" ".join),
            inner.map("({})".format),
            inner.map("-{}".format),
            inner.map("({}) ^ 2".format),
        ),
        max_leaves=12,
    )


@given(texts())
def test_expressions_agree_with_python(text):
    try:
        expected = eval(text.replace("^", "**"), {"__builtins__": {}}, NAMES)
    except (ZeroDivisionError, OverflowError):
        return
    if np.isfinite(expected):
        assert parse(text).evaluate(NAMES) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2^2", -4),
        ("2^-1", 0.5),
        ("2^3^2", 512),
        ("2 ** 3", 8),
        ("50 % * a", 4),
        ("1_000 + 1", 1001),
        ("8 - 4 - 2", 2),
    ],
)
def test_order_of_operators(text, value):
    assert parse(text).evaluate(NAMES) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exp(a)", "'exp(' is a call; calls are refused"),
        ("a[0]", "'[' at 2: indexing is refused"),
        ("a.b", "'.' at 2: attributes are refused"),
        ("import os", "'os' at 8: an operator is missing before it"),
        ("a = 1", "assignments are refused"),
        ("'text'", "text is refused"),
        ("lambda: 1", "':' at 7: this sign has no meaning here"),
        ("(" * 10_000 + "a" + ")" * 10_000, "brackets more than 50 deep"),
        ("(a", "a bracket is open"),
        ("a)", "no bracket is open"),
        ("", "a value is missing"),
        ("()", "a value is missing before it"),
        ("a +", "it ends too early: a value is missing"),
        ("* a", "'*' at 1: a value is missing before it"),
        ("1e999", "'1e999' is too large"),
        ("a\0b", "this sign has no meaning here"),
        ("1" * 200_000, "200000 characters, more than 100000"),
    ],
)
def test_what_is_not_arithmetic_is_refused(text, message):
    with pytest.raises(ScenarioError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert "allowed: numbers, names, + - * / ^ and brackets" in str(caught.value)


def test_division_by_zero():
    with pytest.raises(ModelError, match="has no finite value"):
        parse("a / (b - b)").evaluate(NAMES)


PIPELINE = {
    "result": "spend",
    "inputs": {
        "applications": {"series": {"2020": 100, "2022": 140}, "growth": 0.1},
        "success": {"low": 0.4, "base": 0.5, "high": 0.7, "share": True},
        "patients": 5,
        "price": {"amount": 2, "year": 2024, "growth": -0.05},
        "stays": 0.8,
    },
    "nodes": {
        "approvals": {"formula": "applications * success", "lag": 2},
        "plans": {"formula": "approvals", "carry": "stays", "since": 2022},
        "spend": {"formula": "plans * patients * price"},
    },
    "coverage": 0.5,
}


def by_hand(years, success):
    applications = {2020: 100.0, 2021: 120.0, 2022: 140.0} | {2022 + k: 140 * 1.1**k for k in range(1, 20)}
    plans, spend = 0.0, []
    for year in range(2022, years[-1] + 1):
        plans = 0.8 * plans + applications[year - 2] * success
        spend.append(plans * 5 * 2 * 0.95 ** (year - 2024))
    return np.array(spend[-len(years) :]) / 0.5


def test_lags_attrition_and_coverage():
    tree, years = Tree.model_validate(PIPELINE), np.arange(2025, 2031)
    np.testing.assert_allclose(tree.path(years), by_hand(years, 0.5), rtol=1e-12)
    success = np.array([0.3, 0.6])
    found = tree.path(years, {"inputs.success": success})
    np.testing.assert_allclose(found, [by_hand(years, share) for share in success], rtol=1e-12)


def test_every_driver_of_a_tree_moves_the_result():
    tree, years = Tree.model_validate(PIPELINE), np.array([2030])
    before = tree.path(years)
    for key, driver in tree.drivers.items():
        moved = float(driver.distribution.from_score(0.0)) * 0.9 + 0.02
        assert tree.path(years, {key: moved}) != pytest.approx(before), key


def test_a_series_that_ends_too_early_names_the_years():
    table = PIPELINE | {"inputs": PIPELINE["inputs"] | {"applications": {"series": {"2020": 100, "2022": 140}}}}
    with pytest.raises(ModelError, match=r"'spend' has no finite value in 2025, 2026"):
        Tree.model_validate(table).path([2024, 2025, 2026])


def test_problems_of_a_tree_are_listed_together():
    wrong = {
        "result": "spnd",
        "inputs": {"rate": {"low": 3, "base": 2, "high": 1}, "year": 1, "spend": 2, "s": {"series": {"last": 2}}},
        "nodes": {
            "spend": {"formula": "b + rat"},
            "b": {"formula": "c", "carry": "0.5"},
            "c": {"formula": "b * unknown", "lag": -1},
        },
    }
    with pytest.raises(ValidationError) as caught:
        Tree.model_validate(wrong)
    found = {".".join(map(str, error["loc"])): error for error in caught.value.errors()}
    assert caught.value.error_count() == 10
    assert found["nodes.c.formula"]["ctx"]["found"] == "the name 'unknown'"
    assert found["nodes.spend.formula"]["ctx"]["remedy"] == "did you mean 'rate'?"
    assert found["nodes.b.formula"]["ctx"]["found"] == "b -> c -> b"
    assert found["nodes.spend"]["ctx"]["found"] == "an input of the same name"
    assert found["nodes.b"]["ctx"]["found"] == "one of carry and since"
    assert found["result"]["ctx"]["found"] == "'spnd'"
    assert "inputs.year" in found
