"""The methods analysts know, against closed forms and the packages' own mathematics."""

import math

import numpy as np
import pytest
from scipy import stats

from forecast.errors import ArgumentError, ModelError
from forecast.reconcile import MEANINGS, METHODS, compare_methods, reconcile
from forecast.reconcile.comparison import compare_pool
from forecast.reconcile.consensus import solve
from forecast.reconcile.random_effects import random_effects
from tests.reconcile.pools import PART, WHOLE, growth, level, pool, source, table

LEVELS = [0.025, 0.1, 0.5, 0.9, 0.975]
VALUES = [8.0, 16.0, 30.0, 20.0]
LOGS = np.log(VALUES)


def flat(*values):
    """Sources that print one level to three digits."""
    return pool(*[source(f"s{i}", level(2023, v)) for i, v in enumerate(values)])


def test_every_method_says_what_its_band_means():
    assert list(METHODS) == list(MEANINGS)
    assert all(METHODS[name].__doc__ and MEANINGS[name] for name in METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_answers_in_order(method):
    consensus = solve(flat(*VALUES), method=method)
    for quantiles in (consensus.quantiles(LEVELS), consensus.next_publisher(LEVELS)):
        assert np.isfinite(quantiles.to_numpy()).all()
        assert (np.diff(quantiles.to_numpy(), axis=1) > 0).all()
    market, following = (np.log(t.loc[2023]) for t in (consensus.quantiles(LEVELS), consensus.next_publisher(LEVELS)))
    assert following[0.9] - following[0.1] >= market[0.9] - market[0.1] - 1e-9
    assert np.isfinite(consensus.houses[["low", "median", "high"]].to_numpy()).all()
    assert consensus.decomposition["total"].to_numpy() == pytest.approx(consensus.market().variance())
    assert consensus.summary()


@pytest.mark.parametrize("count", [2, 3, 4])
def test_the_geometric_mean_has_the_t_interval(count):
    logs = LOGS[:count]
    found = np.log(solve(flat(*VALUES[:count]), method="geometric-mean").quantiles(LEVELS, [2023]).iloc[0])
    se = math.sqrt((logs.var(ddof=1) + 1e-4) / count)
    np.testing.assert_allclose(found, logs.mean() + se * stats.t.ppf(LEVELS, count - 1), rtol=0.005)


@pytest.mark.parametrize(("method", "expected"), [("arithmetic-mean", np.mean(VALUES)), ("median", 17.8885)])
def test_centres(method, expected):
    assert solve(flat(*VALUES), method=method).quantiles([0.5], [2023]).iloc[0, 0] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("estimator", ["DL", "HE", "HS", "SJ", "PM", "ML", "REML"])
@pytest.mark.parametrize("adjusted", [False, True])
def test_random_effects_are_those_of_the_package(estimator, adjusted):
    name = f"random-effects-{estimator.lower()}{'-knapp-hartung' * adjusted}"
    found = np.log(solve(flat(*VALUES), method=name).quantiles(LEVELS, [2023]).iloc[0])
    expected = random_effects(LOGS, np.full(4, 1e-4), method=estimator, knapp_hartung=adjusted)
    plain = random_effects(LOGS, np.full(4, 1e-4), method=estimator)
    se = max(float(expected.se), float(plain.se))
    score = stats.t.ppf(LEVELS, 3) if adjusted else stats.norm.ppf(LEVELS)
    np.testing.assert_allclose(found, float(expected.mu) + se * score, atol=0.01)


def test_knapp_and_hartung_never_narrow_the_band():
    close = flat(16.0, 16.05, 16.1)
    plain, adjusted = (
        np.ptp(np.log(solve(close, method=f"random-effects-dl{end}").quantiles([0.025, 0.975], [2023]).iloc[0]))
        for end in ("", "-knapp-hartung")
    )
    assert adjusted >= plain


def test_pools_lie_as_they_must():
    widths = {
        name: np.ptp(np.log(solve(flat(8, 40), method=name).quantiles([0.1, 0.9], [2023]).iloc[0]))
        for name in ("linear-pool", "log-pool", "quantile-average")
    }
    assert widths["linear-pool"] > widths["quantile-average"] >= widths["log-pool"] - 1e-9


def test_weights_pull():
    estimates = table({"base_value": "10", "weight": "3"}, {"base_value": "40", "weight": "1"})
    found = reconcile(estimates, scope=WHOLE, method="weights").quantiles([0.5], [2023]).iloc[0, 0]
    assert found == pytest.approx(10**0.75 * 40**0.25, rel=0.01)


def test_a_subset_is_raised_to_the_whole():
    part = pool(*[source(name, level(2023, 10), scope=PART) for name in "ab"])
    found = solve(part, method="geometric-mean").quantiles([0.5], [2023]).iloc[0, 0]
    draws = np.random.default_rng(0).normal(-math.log(0.75), 0.30, 200_000)
    assert math.log(found / 10) == pytest.approx(draws[draws > 0].mean(), abs=0.005)


def test_too_few_levels_are_refused_in_words():
    with pytest.raises(ModelError) as caught:
        solve(pool(source("a", level(2023, 10)), source("b", growth(2023, 2028, 0.1))), method="geometric-mean")
    assert str(caught.value) == (
        "The method 'geometric-mean' needs at least 2 sources that print a level, and there is 1; "
        "the method 'house-effects' answers with fewer."
    )


def test_comparison(tmp_path):
    compared = compare_pool(flat(*VALUES), methods=["house-effects", "median", "common-effect"])
    assert compared.table["method"].tolist() == ["house-effects", "median", "common-effect"]
    assert (compared.table["low"] < compared.table["high"]).all()
    assert "the medians of 3 methods run from" in compared.summary()
    assert compared.plot().get_xlabel() == "USD bn"
    assert "house-effects" in compared._repr_html_()
    lone = compare_pool(flat(10))
    assert "house-effects" in lone.answers
    assert "needs at least 2 sources" in lone.refused["median"]
    assert "No answer from" in lone.summary()


def test_unknown_methods_are_named():
    with pytest.raises(ArgumentError) as caught:
        compare_methods(table({"base_value": "10"}), scope=WHOLE, methods=["medain", "mode"])
    assert "methods: found 'medain'; allowed: the name of a method; did you mean 'median'?" in str(caught.value)
    assert "'mode'" in str(caught.value)
    with pytest.raises(ArgumentError, match="did you mean 'geometric-mean'"):
        reconcile(table({"base_value": "10"}), scope=WHOLE, method="geometric meen")
    with pytest.raises(ArgumentError) as caught:
        reconcile(table({"base_value": "10"}), scope=WHOLE, method="xyz")
    assert str(caught.value).count("linear-pool") == 1


@pytest.mark.parametrize("name", ["random-effects", "Random effects", "random_effects_REML", "REML"])
def test_usual_names_of_methods_are_taken(name):
    rows = table({"base_value": "10"}, {"base_value": "20"})
    assert reconcile(rows, scope=WHOLE, method=name).method == "random-effects-reml"
    assert list(compare_methods(rows, scope=WHOLE, methods=[name, "median"]).answers) == [
        "random-effects-reml",
        "median",
    ]


@pytest.mark.parametrize("values", [(16, 16), (16, 16, 16), (16, 20, 41)], ids=["two alike", "three alike", "three"])
def test_no_method_is_lost_where_sources_agree(values):
    compared = compare_pool(flat(*values))
    assert not compared.refused
    assert np.isfinite(compared.table[["low", "median", "high", "next_low", "next_high"]].to_numpy()).all()
    assert (compared.table["low"] < compared.table["high"]).all()
    assert "nan" not in compared.answers["house-effects"].summary()


def test_results_show_themselves_in_a_line():
    compared = compare_pool(flat(*VALUES), methods=["house-effects", "median"])
    assert repr(compared) == "MethodComparison(2 methods, 2023, USD bn)"
    shown = repr(compared.answers["median"])
    assert shown.startswith(f"Consensus('regenerative medicine', 'median', {len(VALUES)} sources, 2023: USD ")
    assert len(shown) < 120
