"""Curves on nodes, segments, and correlation matrices."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from forecast import growth as curves
from forecast.errors import ModelError
from forecast.scenario import AnyGrowth, Correlation, Segment, correlation_matrix, curve_path, segment_paths
from forecast.scenario.curves import MAKERS
from forecast.scenario.growth import CURVES

YEARS = np.arange(2028, 2041)
READ = TypeAdapter(AnyGrowth).validate_python
TABLES = {
    "constant": ({"growth": 0.1}, curves.Constant(0.1)),
    "fading": ({"half_life": 4, "terminal_growth": 0.05}, curves.Fading(np.expm1(0.2), 0.05, 4)),
    "piecewise": (
        {"pieces": [{"until": 2027, "growth": 0.5}, {"until": 2030, "growth": 0.2}, {"growth": 0.05}]},
        curves.Piecewise((0.2, 0.05), (2.0,)),
    ),
    "linear": ({"slope": 0.1}, curves.Linear(3.0)),
    "damped": ({"slope": 0.1, "damping": 0.8}, curves.Damped(3.0, 0.8)),
    "logistic": ({"rate": 0.3, "ceiling": 200}, curves.Logistic(0.3, 200)),
    "gompertz": ({"rate": 0.3, "ceiling": 200}, curves.Gompertz(0.3, 200)),
    "richards": ({"rate": 0.3, "ceiling": 200, "asymmetry": 2}, curves.Richards(0.3, 200, 2)),
    "bass": ({"innovation": 0.01, "imitation": 0.3, "ceiling": 200}, curves.Bass(0.01, 0.3, 200)),
}


def path(name, **given):
    return curve_path(READ({"curve": name, **TABLES[name][0]}), YEARS, handover_year=2028, log_growth=0.2, **given)


def test_every_curve_is_covered():
    assert set(TABLES) == set(MAKERS) == set(curves.CURVES)
    assert set(CURVES) == set(MAKERS) | {"tree", "segments"}


@pytest.mark.parametrize("name", TABLES)
def test_curves_against_their_equations(name):
    expected = TABLES[name][1].path(30.0, YEARS - 2028)
    np.testing.assert_allclose(np.exp(path(name, log_start=np.log(30.0))), expected, rtol=1e-12)
    assert path(name, log_start=np.log([20.0, 30.0]))[1] == pytest.approx(np.log(expected))


@pytest.mark.parametrize("name", TABLES)
def test_every_driver_moves_the_path(name):
    before = path(name, log_start=np.log(30.0))
    growth = READ({"curve": name, **TABLES[name][0]})
    for key, driver in growth.drivers.items():
        if key not in ("growth_shift", "volatility", "pieces.0.growth"):
            moved = path(name, log_start=np.log(30.0), values={key: 1.1 * float(driver.distribution.from_score(0.0))})
            assert abs(moved - before).max() > 1e-4, key


@pytest.mark.parametrize("name", ["logistic", "gompertz", "richards", "bass"])
def test_a_changing_ceiling(name):
    same = path(name, log_start=np.log(30.0), log_ceiling=np.full(len(YEARS), 1e-14))
    np.testing.assert_allclose(same, path(name, log_start=np.log(30.0)), rtol=1e-9)
    raised = path(name, log_start=np.log(30.0), log_ceiling=np.where(YEARS >= 2032, np.log(1.5), 0.0))
    np.testing.assert_allclose(raised[YEARS < 2032], same[YEARS < 2032], rtol=1e-9)
    assert np.all(raised[YEARS >= 2032] > same[YEARS >= 2032])


def test_a_line_below_zero_is_an_error():
    with pytest.raises(ModelError, match="the curve linear does not stay above zero"):
        path("linear", log_start=0.0, values={"slope": -0.2})


def test_segments_add_up_to_the_market_at_the_handover():
    tables = {"a": (0.3, 0.1), "b": (0.699, 0.02)}
    segments = {
        name: Segment.model_validate({"share": share, "growth": {"curve": "constant", "growth": growth}})
        for name, (share, growth) in tables.items()
    }
    start = np.log([10.0, 50.0])
    paths = segment_paths(segments, YEARS, handover_year=2028, log_start=start)
    total = sum(np.exp(one) for one in paths.values())
    np.testing.assert_allclose(total[:, 0], np.exp(start), rtol=1e-12)
    expected = 10 * (0.3 / 0.999) * 1.1 ** (YEARS - 2028) + 10 * (0.699 / 0.999) * 1.02 ** (YEARS - 2028)
    np.testing.assert_allclose(total[0], expected, rtol=1e-12)
    more = segment_paths(segments, YEARS, handover_year=2028, log_start=start, values={"a.share": np.array([0.3, 0.6])})
    assert np.all(more["a"][1] > paths["a"][1])


def pair(a, b, value):
    return Correlation(between=[a, b], value=value)


def test_a_usable_matrix_is_left_alone():
    matrix, factor = correlation_matrix([pair("a", "b", 0.5)], ["a", "b", "c"])
    assert matrix.tolist() == [[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]]
    assert factor == 1.0


def test_a_chain_is_filled_in_as_a_markov_chain():
    names = list("abcde")
    stated = [pair(a, b, 0.95) for a, b in itertools.pairwise(names)]
    matrix, factor = correlation_matrix(stated, names)
    apart = np.abs(np.subtract.outer(np.arange(5), np.arange(5)))
    np.testing.assert_allclose(matrix, 0.95**apart, atol=1e-9)
    assert factor == 1.0


def test_a_contradiction_is_weakened_by_a_common_factor():
    stated = [pair("a", "b", 0.9), pair("b", "c", 0.9), pair("a", "c", -0.9)]
    matrix, factor = correlation_matrix(stated, ["a", "b", "c"])
    assert factor == pytest.approx(5 / 9, abs=1e-4)
    assert matrix[0] == pytest.approx([1, 0.5, -0.5], abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-0.99, 0.99), min_size=6, max_size=6), st.integers(0, 63))
def test_any_statement_gives_a_correlation_matrix(values, chosen):
    pairs = [("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d")]
    stated = [pair(*names, v) for at, (names, v) in enumerate(zip(pairs, values, strict=True)) if chosen >> at & 1]
    matrix, factor = correlation_matrix(stated, list("abcd"))
    assert np.linalg.eigvalsh(matrix)[0] > 0
    np.testing.assert_allclose(np.diag(matrix), 1)
    for one in stated:
        row, column = ("abcd".index(name) for name in one.between)
        assert matrix[row, column] == pytest.approx(factor * one.value, abs=1e-9)
