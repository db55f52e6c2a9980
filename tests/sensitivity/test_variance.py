"""Sobol indices, polynomial chaos and Shapley effects against closed forms."""

import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from forecast.errors import ArgumentError, ModelError
from forecast.sensitivity.chaos import chaos, correlation_root, shapley_values
from forecast.sensitivity.variance import sobol_indices

Array = np.ndarray


def ishigami(u: Array) -> Array:
    x = math.pi * (2 * u - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_exact() -> tuple[Array, Array, float]:
    alone = 0.5 * (1 + 0.1 * math.pi**4 / 5) ** 2
    squared, pair = 49 / 8, 0.01 * math.pi**8 * (1 / 18 - 1 / 50)
    whole = alone + squared + pair
    first, total = np.array([alone, squared, 0]), np.array([alone + pair, squared, pair])
    return first / whole, total / whole, pair / whole


WEIGHTS = np.array([0, 1, 4.5, 9, 99, 99, 99, 99])


def sobol_g(u: Array) -> Array:
    return np.prod((np.abs(4 * u - 2) + WEIGHTS) / (1 + WEIGHTS), axis=1)


def sobol_g_exact() -> tuple[Array, Array]:
    own = 1 / (3 * (1 + WEIGHTS) ** 2)
    whole = np.prod(1 + own) - 1
    return own / whole, own / (1 + own) * (whole + 1) / whole


LINEAR = np.array([1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
MODELS = {
    "ishigami": (ishigami, 3, *ishigami_exact()[:2]),
    "sobol g": (sobol_g, 8, *sobol_g_exact()),
    "linear gaussian": (
        lambda u: special.ndtri(u) @ LINEAR,
        8,
        LINEAR**2 / (LINEAR @ LINEAR),
        LINEAR**2 / (LINEAR @ LINEAR),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_indices_are_those_of_closed_forms(name: str) -> None:
    model, columns, first, total = MODELS[name]
    found = sobol_indices(model, columns, points=2**14)
    np.testing.assert_allclose(found.first.value[:, 0], first, atol=3e-3)
    np.testing.assert_allclose(found.total.value[:, 0], total, atol=3e-3)


def test_no_seed_is_far_off() -> None:
    first, total, _ = ishigami_exact()
    for seed in range(1, 9):
        found = sobol_indices(ishigami, 3, points=2**14, seed=seed)
        np.testing.assert_allclose(found.first.value[:, 0], first, atol=2.5e-3)
        np.testing.assert_allclose(found.total.value[:, 0], total, atol=2.5e-3)


@pytest.mark.parametrize("name", ["sum", "product"])
def test_heavy_tails_are_told_closely(name: str) -> None:
    # log sd .8: the stand-in of the sampled model has the shares of exp(s'z), so that hardly an error is left
    sizes = np.array([0.5, 0.4, 0.3, 0.3, 0.2, 0.2])
    own = np.expm1(sizes**2)
    whole = own.sum() if name == "sum" else np.expm1(sizes @ sizes)
    total = own / whole if name == "sum" else 1 - np.expm1(sizes @ sizes - sizes**2) / whole

    def model(u: Array) -> Array:
        factors = np.exp(special.ndtri(u) * sizes - sizes**2 / 2)
        return factors.sum(1) if name == "sum" else factors.prod(1)

    found = sobol_indices(model, 6, points=2**14, seed=3)
    np.testing.assert_allclose(found.first.value[:, 0], own / whole, atol=2e-3)
    np.testing.assert_allclose(found.total.value[:, 0], total, atol=2e-3)


def test_pairs_are_those_of_closed_forms() -> None:
    found = sobol_indices(ishigami, 3, points=2**14, second_order=True)
    assert found.second is not None
    wanted = np.zeros((3, 3))
    wanted[0, 2] = wanted[2, 0] = ishigami_exact()[2]
    np.testing.assert_allclose(found.second.value[:, :, 0], wanted, atol=6e-3)


def test_intervals_cover_the_truth() -> None:
    # 95 % intervals; 200 repetitions of 11 indices each
    inside = []
    for seed in range(200):
        found = sobol_indices(lambda u: special.ndtri(u) @ LINEAR[:4] + u[:, 0] * u[:, 1], 4, points=2**9, seed=seed)
        inside.append(np.abs(found.first.value[:, 0] - COVERED) <= found.first.half_width[:, 0])
    assert 0.90 <= np.mean(inside) <= 0.99


def _covered() -> Array:
    """First order of sum b_i z_i + u_0 u_1: cov(z, u) = 1 / (2 sqrt(pi)); the pair alone has variance 1 / 144."""
    b, slope = LINEAR[:4], 1 / (2 * math.sqrt(math.pi))
    own = b**2
    own[:2] += (1 / 4) / 12 + 2 * b[:2] / 2 * slope
    return own / (own.sum() + 1 / 144)


COVERED = _covered()


def test_several_outputs_and_blocks_of_columns() -> None:
    found = sobol_indices(lambda u: np.column_stack([u[:, 0] + u[:, 1], u[:, 2]]), 3, blocks=[[0, 1], [2]])
    np.testing.assert_allclose(found.first.value, [[1, 0], [0, 1]], atol=1e-3)


def test_it_is_the_same_each_time_and_does_not_take_long() -> None:
    start = time.process_time()
    one = sobol_indices(lambda u: u @ LINEAR, 8)
    taken = time.process_time() - start
    assert np.array_equal(one.total.value, sobol_indices(lambda u: u @ LINEAR, 8).total.value)
    assert taken < 0.5  # about .03 s; generous for a busy machine


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda: sobol_indices(ishigami, 3, points=1000),
            ArgumentError,
            "points: found 1000; allowed: a power of two, 16 at the least; such as 512 or 1024",
        ),
        (
            lambda: sobol_indices(ishigami, 3, scrambles=1),
            ArgumentError,
            "scrambles: found 1; allowed: a power of two, 2 at the least; such as 2 or 4",
        ),
        (
            lambda: sobol_indices(ishigami, 3, blocks=[[0], [0, 1]]),
            ArgumentError,
            "blocks: found [[0], [0, 1]]; allowed: columns of 0 to 2, each once, in blocks of one up",
        ),
        (
            lambda: sobol_indices(lambda u: np.ones(len(u)), 2),
            ModelError,
            "the model is constant: no input moves it, so there is no variance to share out",
        ),
        (
            lambda: chaos(lambda z: np.ones(len(z)), 2),
            ModelError,
            "the model is constant: no input moves it, so there is no variance to share out",
        ),
        (
            lambda: sobol_indices(lambda u: u[:, 0] * np.nan, 1),
            ModelError,
            "the model gives what is not a number at some of its inputs; narrow their ranges",
        ),
        (
            lambda: correlation_root([[1, 0, 1], [0, 1, 0], [1, 0, 1]]),
            ArgumentError,
            "correlation: found inputs 0 and 2 with 1; allowed: no input that others determine; "
            "leave one of two inputs out where one says it all",
        ),
    ],
)
def test_bad_input_is_said_clearly(call: object, error: type[Exception], said: str) -> None:
    with pytest.raises(error) as caught:
        call()  # type: ignore[operator]
    assert str(caught.value) == said


def linear_shapley(slopes: Array, correlation: Array) -> Array:
    """Shapley effects of b'z by their definition: the mean over every order of the inputs."""

    def kept(used: list[int]) -> float:
        if not used:
            return 0.0
        shared = correlation[:, used] @ np.linalg.solve(correlation[np.ix_(used, used)], correlation[used])
        return slopes @ shared @ slopes

    found, orders = np.zeros(len(slopes)), list(itertools.permutations(range(len(slopes))))
    for order in orders:
        for place, player in enumerate(order):
            found[player] += kept(list(order[: place + 1])) - kept(list(order[:place]))
    return found / len(orders) / kept(list(range(len(slopes))))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), columns=st.integers(2, 5))
def test_shapley_effects_of_a_correlated_linear_model(seed: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    slopes, mixing = rng.normal(size=columns), rng.normal(size=(columns, columns + 2))
    correlation = np.corrcoef(mixing)
    root = correlation_root(correlation)
    found = chaos(lambda e: e @ root.T @ slopes, columns).shapley(root)
    np.testing.assert_allclose(found, linear_shapley(slopes, correlation), atol=1e-6)
    assert abs(found.sum() - 1) <= 1e-10
    assert (found >= -1e-12).all()


def test_shapley_effects_lie_between_first_and_total_order() -> None:
    found = chaos(lambda z: np.exp(0.4 * z @ LINEAR[:4]) + z[:, 0] * z[:, 1], 4)
    first, effects, total = found.first(), found.shapley(), found.total()
    assert (first <= effects + 1e-12).all()
    assert (effects <= total + 1e-12).all()
    assert abs(effects.sum() - 1) <= 1e-10


def test_shapley_effects_of_a_correlated_product() -> None:
    # f = z1 z2 with correlation r: E(f | z1) = r z1^2 has variance 2 r^2 of 1 + r^2, and so by symmetry half each
    root = correlation_root([[1, 0.6], [0.6, 1]])
    found = chaos(lambda e: np.prod(e @ root.T, axis=1), 2)
    assert found.variance == pytest.approx(1.36, rel=1e-9)
    assert found._kept(root[[0]]) == pytest.approx(2 * 0.36, rel=1e-9)
    np.testing.assert_allclose(found.shapley(root), 0.5, atol=1e-9)


def test_chaos_has_the_shares_of_a_lognormal_product() -> None:
    # exp(s'z): variance of the expectation given some inputs is exp(sum of their s^2) - 1, up to a common factor
    sizes = np.array([0.5, 0.3, 0.2])
    found = chaos(lambda z: np.exp(z @ sizes), 3)
    whole = np.expm1(sizes @ sizes)
    np.testing.assert_allclose(found.first(), np.expm1(sizes**2) / whole, atol=3e-4)
    np.testing.assert_allclose(found.total(), 1 - np.expm1(sizes @ sizes - sizes**2) / whole, atol=3e-4)
    assert found.unexplained < 1e-4


def test_shapley_values_of_a_game() -> None:
    # a glove game: one left glove, two right ones; a pair is worth 1
    worth = np.array([0, 0, 0, 1, 0, 1, 0, 1], float)
    np.testing.assert_allclose(shapley_values(worth), [2 / 3, 1 / 6, 1 / 6])
