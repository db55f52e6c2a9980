"""Distributions against scipy.stats and closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from forecast.distributions import Beta, Discrete, Lognormal, Normal, Range, Triangular, Uniform, pert
from forecast.errors import ArgumentError

PROBABILITIES = np.array([0.001, 0.05, 0.1, 0.5, 0.9, 0.95, 0.999])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Normal(1, 2), stats.norm(1, 2)),
        (Lognormal(0.75, 0.3), stats.lognorm(0.3, scale=0.75)),
        (Uniform(-1, 3), stats.uniform(-1, 4)),
        (Triangular(1, 2, 5), stats.triang(0.25, 1, 4)),
        (Triangular(1, 1, 5), stats.triang(0.0, 1, 4)),
        (Beta(2, 5, 1, 3), stats.beta(2, 5, 1, 2)),
        (pert(0, 1, 4), stats.beta(2, 4, 0, 4)),
    ],
)
def test_families_against_scipy(ours, theirs):
    values = theirs.ppf(PROBABILITIES)
    np.testing.assert_allclose(ours.ppf(PROBABILITIES), values, rtol=1e-12)
    np.testing.assert_allclose(ours.cdf(values), PROBABILITIES, rtol=1e-9)


@pytest.mark.parametrize("family", [Normal, Lognormal, Uniform])
def test_from_percentiles(family):
    low, _, high = family.from_percentiles(1.5, 4.0).percentiles()
    assert (low, high) == pytest.approx((1.5, 4.0), rel=1e-12)


@pytest.mark.parametrize("mode", [1.0, 1.2, 2.5, 4.0])
def test_triangle_from_percentiles(mode):
    triangle = Triangular.from_percentiles(1, mode, 4)
    assert triangle.mode == mode
    assert triangle.ppf([0.1, 0.9]) == pytest.approx([1, 4], rel=1e-10)


@pytest.mark.parametrize(
    ("ours", "mean", "sd"),
    [
        (Lognormal.from_moments(3, 2), 3, 2),
        (Beta.from_moments(2.5, 0.3, 2, 4), 2.5, 0.3),
    ],
)
def test_from_moments(ours, mean, sd):
    values, weights = ours.nodes(60)
    assert weights @ values == pytest.approx(mean, rel=1e-6)
    assert np.sqrt(weights @ (values - mean) ** 2) == pytest.approx(sd, rel=1e-4)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_range_meets_its_percentiles(base, down, up):
    low, high = base - down, base + up
    found = Range(low, base, high).percentiles()
    assert found == pytest.approx((low, base, high), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Range(3, 2, 4), "low < base < high"),
        (lambda: Range(-1, 2, 4, positive=True), "a low above 0"),
        (lambda: Normal(0, 0), "normal, sd: found 0"),
        (lambda: Normal.from_percentiles(2, 1), "low < high"),
        (lambda: Lognormal.from_percentiles(-1, 1), "lognormal, low: found -1"),
        (lambda: Triangular.from_percentiles(1, 5, 4), "triangular, mode: found 5; allowed: 1 to 4"),
        (lambda: Beta.from_moments(0.5, 0.6), "an sd that fits"),
        (lambda: Discrete((1.0, 2.0), (0.5, 0.6)), "sum to 1"),
        (lambda: pert(2, 1, 3), "minimum <= mode <= maximum"),
    ],
)
def test_impossible_parameters(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
