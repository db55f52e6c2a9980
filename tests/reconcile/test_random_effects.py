"""Random effects against a 60-digit recomputation, brute force and properties."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import ArgumentError, ModelError
from forecast.reconcile.random_effects import METHODS, leave_one_out, random_effects

REFERENCE = Path(__file__).parents[1] / "reference"
DATASETS = json.loads((REFERENCE / "random_effects.json").read_text())["datasets"]
FIELDS = {
    "mu": lambda r: r.mu,
    "se": lambda r: r.se,
    "ci_lb": lambda r: r.ci[..., 0],
    "ci_ub": lambda r: r.ci[..., 1],
    "tau2": lambda r: r.tau2,
    "Q": lambda r: r.q,
    "I2": lambda r: r.i2,
    "H2": lambda r: r.h2,
    "pi_lb": lambda r: r.prediction[..., 0],
    "pi_ub": lambda r: r.prediction[..., 1],
    "pi_t_km2_lb": lambda r: r.prediction_t[..., 0],
    "pi_t_km2_ub": lambda r: r.prediction_t[..., 1],
    "loglik_ML": lambda r: r.log_likelihood,
    "loglik_REML": lambda r: r.restricted_log_likelihood,
}


def agrees(result, expected: dict | list) -> None:
    rows = expected if isinstance(expected, list) else [expected]
    for name in rows[0]:
        found = np.ravel(FIELDS[name](result))
        np.testing.assert_allclose(found, [row[name] for row in rows], rtol=1e-10, err_msg=name)


def check(data: dict) -> None:
    y, v = data["yi"], data["vi"]
    for label, expected in data["exact"].items():
        if label.endswith("local_maxima"):
            continue
        settings = {"knapp_hartung": label.endswith("_HK")}
        if label.startswith("loo"):
            agrees(leave_one_out(y, v, label.split("_")[1], **settings), expected)
        else:
            agrees(random_effects(y, v, label.removesuffix("_HK"), **settings), expected)


@pytest.mark.parametrize("name", DATASETS)
def test_reference(name):
    check(DATASETS[name])


def test_reference_that_is_read_in_place(shared):
    datasets = json.loads((shared / "reference/random_effects.json").read_text())["datasets"]
    check(datasets["eight_schools"])


@pytest.mark.parametrize("method", METHODS)
def test_batch_is_its_problems_one_by_one(method):
    rng = np.random.default_rng(1)
    y, v = rng.normal(size=(2, 3, 5)), rng.uniform(0.01, 1, (2, 3, 5))
    batch = random_effects(y, v, method)
    assert batch.ci.shape == (2, 3, 2)
    for at in np.ndindex(2, 3):
        one = random_effects(y[at], v[at], method)
        np.testing.assert_allclose(batch.mu[at], one.mu, rtol=1e-12)
        np.testing.assert_allclose(batch.tau2[at], one.tau2, rtol=1e-9, atol=1e-14)


def restricted(y, v, tau2):
    """Restricted log likelihood by the textbook, without constants; tau2 on the first axis."""
    w = 1 / (v + tau2[:, None])
    mean = (w @ y) / w.sum(1)
    squares = (w * (y - mean[:, None]) ** 2).sum(1)
    return 0.5 * (np.log(w).sum(1) - np.log(w.sum(1)) - squares)


@pytest.mark.parametrize(
    ("y", "v", "lower"),
    [
        ([2.35, -0.54, -0.03, 6.01], [2.893, 0.003, 0.001, 7.586], True),
        ([-4.15, -3.33, 0.01, 0.44], [3.873, 5.618, 0.006, 0.024], False),
        ([-0.02, 0.03, -0.58, 0.24, -3.59, -0.06], [0.012, 0.005, 0.035, 0.526, 0.858, 0.001], True),
    ],
)
def test_two_maxima_within_a_hundredth_of_each_other(y, v, lower):
    y, v = np.array(y), np.array(v)
    grid = np.geomspace(1e-4, 100, 20_000)
    heights = restricted(y, v, grid)
    peaks = np.flatnonzero((heights[1:-1] > heights[:-2]) & (heights[1:-1] > heights[2:])) + 1
    assert len(peaks) == 2
    assert (heights[peaks[0]] > heights[peaks[1]]) == lower
    found = random_effects(y, v, "REML").tau2
    np.testing.assert_allclose(found, grid[peaks[0 if lower else 1]], rtol=1e-3)


def test_no_higher_likelihood_is_found_by_brute_force():
    rng = np.random.default_rng(7)
    for _ in range(200):
        count = rng.integers(2, 9)
        v = 10 ** rng.uniform(-3, 2, count)
        y = rng.standard_t(2, count) * np.sqrt(v + 10 ** rng.uniform(-3, 1))
        found = np.atleast_1d(random_effects(y, v, "REML").tau2)
        grid = np.concatenate([[0.0], np.geomspace(1e-6, 1e5, 2000)])
        assert restricted(y, v, found)[0] >= restricted(y, v, grid).max() - 1e-12


@pytest.mark.parametrize(
    "case", json.loads((REFERENCE / "dependence.json").read_text())["random_effects_equicorrelated"]
)
@pytest.mark.parametrize("matrix", [False, True])
def test_correlated_errors(case, matrix):
    covariance = np.array(case["V"])
    variances = np.diag(covariance)
    correlation = covariance / np.sqrt(np.outer(variances, variances)) if matrix else case["rho"]
    for label, expected in [("ML", case["ML"]), ("REML", case["REML"]), ("common", case["fixed"])]:
        expected = {key: value for key, value in expected.items() if key != "metafor"}
        agrees(random_effects(case["yi"], variances, label, correlation=correlation), expected)


def test_leave_one_out_keeps_the_correlations():
    y, v = np.array([1.0, 2.0, 4.0]), np.array([0.3, 0.2, 0.1])
    correlation = np.array([[1, 0.5, 0.1], [0.5, 1, 0.2], [0.1, 0.2, 1]])
    without_first = random_effects(y[1:], v[1:], correlation=correlation[1:, 1:])
    np.testing.assert_allclose(leave_one_out(y, v, correlation=correlation).mu[0], without_first.mu, rtol=1e-12)


problem = st.integers(2, 6).flatmap(
    lambda count: st.tuples(
        st.lists(st.floats(-3, 3), min_size=count, max_size=count),
        st.lists(st.floats(0.01, 2), min_size=count, max_size=count),
    )
)


@given(problem, st.sampled_from(list(METHODS)))
def test_offset_scale_and_order_do_not_matter(data, method):
    y, v = (np.array(part) for part in data)
    plain = random_effects(y, v, method)
    shifted = random_effects(np.round(y, 6) + 2.0**30, v, method)
    np.testing.assert_allclose(shifted.mu - 2.0**30, random_effects(np.round(y, 6), v, method).mu, atol=1e-5)
    scaled = random_effects(1000 * y, 1e6 * v, method)
    np.testing.assert_allclose([scaled.tau2, scaled.i2], [1e6 * plain.tau2, plain.i2], rtol=1e-6, atol=1e-6)
    turned = random_effects(y[::-1], v[::-1], method)
    np.testing.assert_allclose(turned.se, plain.se, rtol=1e-9)
    assert plain.tau2 >= 0
    assert 0 <= plain.i2 <= 100


@pytest.mark.parametrize("method", METHODS)
def test_identical_studies_and_a_single_one(method):
    same = random_effects([2.0, 2.0, 2.0], [0.1, 0.2, 0.3], method)
    assert (same.mu, same.tau2, same.q, same.i2) == (2.0, 0.0, 0.0, 0.0)
    one = random_effects([2.77], [0.04], method)
    np.testing.assert_allclose([one.mu, one.se, one.tau2, one.i2, one.h2], [2.77, 0.2, 0, 0, 1])


def test_a_large_offset_keeps_ten_digits():
    y, v = np.array([1.0, 2.0, 4.0, 8.0]), np.array([0.5, 0.25, 1.0, 0.125])
    near, far = random_effects(y, v), random_effects(y + 2.0**40, v)
    np.testing.assert_allclose(far.tau2, near.tau2, rtol=1e-10)
    np.testing.assert_allclose(far.q, near.q, rtol=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: random_effects([], []), "y: found no study; allowed: at least one study"),
        (lambda: random_effects(1.0, 1.0), "y: found a single number"),
        (lambda: random_effects([1, 2], [1, 0]), "v: found 0 at [1]; allowed: variances above 0"),
        (lambda: random_effects([1, 2], [1, -1]), "v: found -1 at [1]"),
        (
            lambda: random_effects([1, 2], [1, np.inf]),
            "v: found inf at [1]; allowed: finite numbers; leave such a study",
        ),
        (lambda: random_effects([1, np.nan], [1, 1]), "y: found nan at [1]"),
        (lambda: random_effects([1, 2], [1, 1, 1]), "shapes (2,) and (3,)"),
        (lambda: random_effects([1, 2], [1, 1], "RELM"), "method: found 'RELM'"),
        (lambda: random_effects([1, 2], [1, 1], "RELM"), "did you mean 'REML'?"),
        (lambda: random_effects([1], [1], knapp_hartung=True), "found one study; allowed: at least two studies"),
        (lambda: random_effects([1, 2], [1, 1], level=95), "level: found 95; allowed: between 0 and 1"),
        (lambda: random_effects([1, 2, 3], [1, 1, 1], correlation=-0.6), "correlation: found -0.6; allowed: -1/2 to 1"),
        (lambda: random_effects([1, 2], [1, 1], correlation=1.0), "correlation: found a singular matrix"),
        (lambda: leave_one_out([1], [1]), "found 1 studies; allowed: at least two"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert message in str(caught.value)


def test_all_problems_are_listed_at_once():
    with pytest.raises(ArgumentError, match="4 problems"):
        random_effects([1, np.nan], [0, 1], "XX", level=2)


def test_never_a_nan():
    with pytest.raises(ModelError, match="too far apart"):
        random_effects([1.0, 2.0], [1e-320, 1e300])
    with pytest.raises(ModelError, match="at least three studies; there are 2"):
        _ = random_effects([1.0, 2.0], [1.0, 1.0]).prediction_t


def test_result_speaks():
    result = random_effects([1.0, 2.0, 4.0], [0.3, 0.2, 0.1])
    assert result.summary().startswith("REML over 3 studies: mean 2.376")
    assert list(result.table)[:4] == ["problem", "mu", "se", "low"]
    assert "<table" in result._repr_html_()
    assert "2 problems of 3 studies" in random_effects(np.eye(2, 3), np.ones(3)).summary()


def test_forest_has_eighty_percent_bands():
    axes = random_effects([1.0, 2.0, 4.0], [0.3, 0.2, 0.1]).plot(unit="log USD bn")
    assert axes.get_xlabel().startswith("log USD bn")
    rows = random_effects([1.0, 2.0], [0.04, 0.04], "FE")._forest_table()
    np.testing.assert_allclose(rows["high"][0] - 1.0, 1.2815515655446004 * 0.2)
    with pytest.raises(ModelError, match="A forest shows one problem; this result has 2"):
        random_effects(np.eye(2, 3), np.ones(3)).plot()


def test_a_result_shows_itself_in_a_line():
    shown = repr(random_effects([2.6, 2.7, 2.65], [0.04, 0.03, 0.05]))
    assert shown.startswith("RandomEffects(REML over 3 studies: mean 2.655 ")
    assert "array" not in shown


def test_the_summary_promises_no_more_than_the_studies_say():
    assert "nothing about the spread between studies" in random_effects([1.0], [0.1]).summary()
    assert "no width" in random_effects([1.0] * 3, [0.1] * 3, knapp_hartung=True).summary()
    assert "no width" not in random_effects([1.0] * 3, [0.1] * 3).summary()


@pytest.mark.parametrize(("y", "v"), [("ab", [0.1]), ([1.0, 2.0], [0.1]), ([1.0], [0.1, 0.2]), ([1.0], None)])
def test_values_and_variances_that_do_not_fit_are_refused(y, v):
    with pytest.raises(ArgumentError):
        random_effects(y, v)
