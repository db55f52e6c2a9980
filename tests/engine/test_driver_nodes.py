"""Drivers on nodes against closed forms: moments, correlations, and the distribution of what they add up to."""

import math

import numpy as np
import pytest
from scipy import special, stats

from forecast.distributions import Discrete, Fixed, Lognormal, Normal, Range, Uniform
from forecast.engine.driver_nodes import FEWEST_POINTS, SHAPE_ERROR, DriverNodes, Influence, LinearDriver, driver_nodes
from forecast.scenario.correlation import Correlation

SKEWED = Range(0.02, 0.05, 0.12)


def correlated(one: str, other: str, value: float) -> Correlation:
    return Correlation.model_validate({"between": [one, other], "value": value})


def mean(nodes: DriverNodes, values: np.ndarray) -> float:
    return float(nodes.weights @ values)


@pytest.mark.parametrize(("count", "size"), [(1, 15), (2, 225), (3, 1210), (4, 1296), (9, FEWEST_POINTS)])
def test_nodes_have_the_moments_of_lognormals(count: int, size: int) -> None:
    nodes = driver_nodes({f"d{k}": Lognormal(1.0 + k, 0.3) for k in range(count)}, {})
    assert len(nodes.weights) == size
    assert nodes.weights.sum() == pytest.approx(1)
    exact = 1e-9 if size != FEWEST_POINTS else 2e-3
    for k in range(count):
        value = nodes.values[f"d{k}"] / (1 + k)
        assert mean(nodes, value) == pytest.approx(math.exp(0.045), rel=exact)
        assert mean(nodes, value**2) == pytest.approx(math.exp(0.18), rel=4 * exact)


@pytest.mark.parametrize("value", [-0.7, 0.0, 0.5])
def test_nodes_have_the_correlation_of_the_copula(value: float) -> None:
    pair = [correlated("a", "b", value)] if value else []
    nodes = driver_nodes({"a": Lognormal(1.0, 0.2), "b": Lognormal(2.0, 0.4)}, {}, pair)
    product = mean(nodes, nodes.values["a"] * nodes.values["b"])
    assert product == pytest.approx(2 * math.exp((0.2**2 + 0.4**2 + 2 * value * 0.2 * 0.4) / 2), rel=1e-8)


def test_uniform_drivers_have_their_ranks_correlated_as_the_scores_say() -> None:
    nodes = driver_nodes({n: Uniform(0.0, 1.0) for n in "abcd"}, {}, [correlated("a", "b", 0.6)], points=2**14)
    a, b, c = (nodes.values[n] - 0.5 for n in "abc")
    assert 12 * mean(nodes, a * b) == pytest.approx(6 / math.pi * math.asin(0.3), abs=1e-3)
    assert 12 * mean(nodes, a * c) == pytest.approx(0, abs=1e-3)


def test_a_normal_driver_given_its_neighbour_is_the_conditional_normal() -> None:
    linear = {"x": LinearDriver(Normal(1.0, 0.2), np.asarray), "y": LinearDriver(Normal(0.0, 0.5), np.asarray)}
    pairs = [correlated("n", "x", 0.6), correlated("x", "y", 0.3)]
    nodes = driver_nodes({"n": Lognormal(1.0, 0.3)}, linear, pairs)
    score = np.log(nodes.values["n"]) / 0.3
    assert nodes.normal == ("x", "y")
    assert nodes.means[:, 0] == pytest.approx(1 + 0.6 * 0.2 * score)
    assert nodes.means[:, 1] == pytest.approx(np.zeros(len(score)), abs=1e-12)
    assert nodes.covariance == pytest.approx(np.array([[0.64 * 0.04, 0.03], [0.03, 0.25]]))


@pytest.mark.parametrize("reach", [0.002, 0.03, 0.08])
def test_a_small_skewed_driver_is_integrated_with_the_error_that_is_stated(reach: float) -> None:
    """`reach` is the sd that the driver makes, as a part of the whole."""
    driver = LinearDriver(SKEWED, np.log1p)
    scores, weights = np.polynomial.hermite_e.hermegauss(41)
    values, weights = np.log1p(SKEWED.from_score(scores)), weights / weights.sum()
    mean_, sd, *_ = driver.moments
    assert (mean_, sd**2) == pytest.approx((weights @ values, weights @ (values - weights @ values) ** 2), rel=1e-6)
    whole = sd / reach
    rest = math.sqrt(whole**2 - sd**2)
    x = np.linspace(-4, 4, 161)
    true = weights @ special.ndtr((x[:, None] * whole + mean_ - values) / rest).T
    taken = np.abs(true - special.ndtr(x)).max()
    assert taken <= 1.3 * driver.shape_error(reach)
    nodes = driver_nodes({}, {"x": driver}, influence={"x": Influence(reach)})
    assert (nodes.normal == ("x",)) == (driver.shape_error(reach) <= SHAPE_ERROR)


def test_shapes_that_matter_together_are_not_all_left_out() -> None:
    alone, reach = LinearDriver(SKEWED, np.log1p), 0.05
    assert 0.5 * SHAPE_ERROR < alone.shape_error(reach) < SHAPE_ERROR
    influence = dict.fromkeys("abc", Influence(reach))
    assert len(driver_nodes({}, dict.fromkeys("abc", alone), influence=influence).normal) == 1


def test_skewed_drivers_with_one_effect_are_terms_unless_they_are_correlated() -> None:
    linear = dict.fromkeys("abcd", LinearDriver(SKEWED, np.log1p))
    influence = dict.fromkeys("abc", Influence(0.5, 0.0)) | {"d": Influence(0.5, 0.4)}
    nodes = driver_nodes({}, linear, [correlated("a", "b", 0.5)], influence=influence)
    assert (nodes.normal, list(nodes.skewed)) == ((), ["c"])
    assert set(nodes.values) == {"a", "b", "d"}


def test_a_driver_has_as_many_nodes_as_its_effect_needs() -> None:
    free = {name: Lognormal(1.0, 0.3) for name in "abc"}
    influence = {"a": Influence(0.05), "b": Influence(0.2), "c": Influence(0.5)}
    assert len(driver_nodes(free, {}, influence=influence).weights) == 3 * 5 * 7


@pytest.mark.parametrize("pairs", [[], [correlated("a", "b", 0.8)]])
def test_a_discrete_driver_has_its_own_values_and_probabilities(pairs: list[Correlation]) -> None:
    free = {"a": Discrete((1.0, 2.0, 5.0), (0.15, 0.6, 0.25)), "b": Lognormal(1.0, 0.3)}
    nodes = driver_nodes(free, {}, pairs)
    found = [float(nodes.weights[nodes.values["a"] == value].sum()) for value in (1.0, 2.0, 5.0)]
    assert found == pytest.approx([0.15, 0.6, 0.25], abs=1e-12)
    driver = LinearDriver(free["a"], np.asarray)
    assert driver.moments[:2] == pytest.approx((2.6, math.sqrt(0.15 + 0.6 * 4 + 0.25 * 25 - 2.6**2)))


def test_a_linear_driver_of_unknown_reach_has_nodes_unless_it_is_normal() -> None:
    linear = {"s": LinearDriver(SKEWED, np.log1p), "n": LinearDriver(Normal(0.0, 1.0), np.asarray)}
    nodes = driver_nodes({}, linear)
    assert nodes.normal == ("n",)
    assert mean(nodes, nodes.values["s"]) == pytest.approx(linear["s"].moments[0], abs=1e-6)


def test_a_fixed_driver_takes_no_node() -> None:
    nodes = driver_nodes({"a": Fixed(3.0)}, {"b": LinearDriver(Fixed(0.05), np.log1p)})
    assert len(nodes.weights) == 1
    assert nodes.normal == ()
    assert nodes.values["a"].tolist() == [3.0]
    assert nodes.values["b"] == pytest.approx([math.log(1.05)])


def test_correlations_that_contradict_each_other_are_weakened_and_it_is_said() -> None:
    pairs = [correlated("a", "b", 0.9), correlated("b", "c", 0.9), correlated("a", "c", -0.9)]
    nodes = driver_nodes({n: Lognormal(1.0, 0.1) for n in "abc"}, {}, pairs)
    assert 0 < nodes.correlation_kept < 1
    logs = np.log([nodes.values[n] for n in "abc"]) / 0.1
    found = (logs * nodes.weights) @ logs.T
    assert found[0, 1] == pytest.approx(0.9 * nodes.correlation_kept, abs=1e-6)
    assert np.linalg.eigvalsh(found).min() > -1e-9


def test_nodes_tell_the_distribution_of_a_product() -> None:
    nodes = driver_nodes({"a": Lognormal(1.0, 0.2), "b": Lognormal(1.0, 0.3)}, {})
    noise, x = 0.3, np.linspace(-1, 1, 9)
    logs = np.log(nodes.values["a"] * nodes.values["b"])
    found = nodes.weights @ special.ndtr((x - logs[:, None]) / noise)
    assert found == pytest.approx(stats.norm(0, math.sqrt(0.04 + 0.09 + 0.09)).cdf(x), abs=1e-7)
