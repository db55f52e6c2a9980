"""Nodes of cut-off Gaussians against closed forms."""

import math

import numpy as np
import pytest
from scipy import stats

from forecast.reconcile.truncated import cut_normal_rule, nonnegative_nodes


@pytest.mark.parametrize("cut", [-8.0, -2.0, -0.3, 0.0, 0.7, 3.0, 9.0, 30.0])
@pytest.mark.parametrize("count", [2, 4, 7])
def test_moments_of_a_cut_normal(cut, count):
    nodes, weights, log_mass = cut_normal_rule(np.array([cut]), count)
    exact = stats.truncnorm(cut, np.inf)
    assert log_mass[0] == pytest.approx(stats.norm.logsf(cut), rel=1e-10)
    for degree in (1, 2, 3):
        assert (weights * nodes**degree).sum() == pytest.approx(exact.moment(degree), rel=1e-5, abs=1e-6)


def test_two_coordinates_have_the_orthant_probability():
    correlation = 0.6
    covariance = np.array([[[1.0, correlation], [correlation, 1.0]]])
    log_weight, mean, spread = nonnegative_nodes(np.zeros((1, 2)), covariance, (), (12, 12)).moments()
    orthant = 0.25 + math.asin(correlation) / (2 * math.pi)
    assert log_weight[0, 0] == pytest.approx(math.log(orthant), abs=1e-4)
    first = (1 + correlation) / (2 * math.sqrt(2 * math.pi) * orthant)
    np.testing.assert_allclose(mean[0, 0], [first, first], rtol=1e-3)
    assert (np.linalg.eigvalsh(spread[0, 0]) > 0).all()


def test_many_coordinates_by_sobol_points_are_close():
    size = 10
    covariance = np.full((1, size, size), 0.5) + 0.5 * np.eye(size)
    log_weight, mean, _ = nonnegative_nodes(np.zeros((1, size)), covariance, (), (2,) * size).moments()
    assert log_weight[0, 0] == pytest.approx(-math.log(size + 1), abs=0.05)
    assert np.ptp(mean[0, 0]) < 0.1


def test_kept_coordinates_stay_apart():
    nodes = nonnegative_nodes(np.zeros((3, 2)), np.tile(np.eye(2), (3, 1, 1)), (4,), (2,))
    log_weight, mean, _ = nodes.moments()
    assert log_weight.shape == (3, 4)
    assert (np.diff(mean[:, :, 0], axis=1) > 0).all()
    assert np.exp(log_weight).sum(1) == pytest.approx([0.25] * 3)
