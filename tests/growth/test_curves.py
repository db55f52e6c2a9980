"""Curves against reference numbers and against what must hold for every one of them."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from forecast.errors import ArgumentError
from forecast.growth import (
    CURVES,
    Bass,
    Constant,
    Curve,
    Damped,
    Fading,
    Gompertz,
    Linear,
    Logistic,
    Piecewise,
    Richards,
    SaturatingCurve,
    curve_named,
    parameter_names,
)

IDENTITIES = json.loads((Path(__file__).parents[1] / "reference" / "analytic_identities.json").read_text())
EXACT = {"rtol": 1e-12, "atol": 1e-12}

EXAMPLES: list[Curve] = [
    Constant(0.12),
    Fading(0.2, 0.04, 3.0),
    Fading(0.2, -0.02, 3.0),
    Fading(0.02, 0.10, 3.0),
    Fading(0.2, 0.0, 3.0),
    Piecewise((0.2, 0.05, 0.1), (2.0, 5.0)),
    Damped(10.0, 0.9),
    Damped(10.0, 1.0),
    Linear(7.0),
    Logistic(0.5, 1000.0),
    Gompertz(0.3, 1000.0),
    Bass(0.03, 0.38, 1000.0),
    Bass(0.03, 0.0, 1000.0),
    Bass(0.0, 0.38, 1000.0),
    Richards(0.4, 1000.0, 0.25),
    Richards(0.4, 1000.0, 0.0),
    Richards(0.4, 1000.0, -0.5),
]
SATURATING = [curve for curve in EXAMPLES if isinstance(curve, SaturatingCurve)]


def test_registry_is_complete() -> None:
    files = {p.stem for p in (Path(__file__).parents[2] / "forecast" / "growth").glob("*.py")}
    defined = {name for name in files if any(cls.__module__.endswith(f".{name}") for cls in CURVES.values())}
    assert defined == set(CURVES)
    assert {type(curve) for curve in EXAMPLES} == set(CURVES.values()) == _leaves(Curve)


def _leaves(cls: type) -> set[type]:
    below = [_leaves(sub) for sub in cls.__subclasses__()]
    return set().union(*below) if below else {cls}


@pytest.mark.parametrize("case", IDENTITIES["cagr"])
def test_cagr(case: dict) -> None:
    curve = Constant(case["cagr"])
    np.testing.assert_allclose(np.log1p(curve.growth), case["log_growth"], **EXACT)
    np.testing.assert_allclose(
        curve.path(case["v0"], case["years"] * np.arange(3))[1:], [case["v1"], case["value_after_2n"]], **EXACT
    )
    np.testing.assert_allclose(curve.doubling_time(), case["doubling_time"], **EXACT)
    np.testing.assert_allclose(curve.cagr(case["v0"], 0, case["years"]), case["cagr"], **EXACT)


@pytest.mark.parametrize("case", IDENTITIES["bass"])
def test_bass(case: dict) -> None:
    curve = Bass(case["p"], case["q"], case["m"])
    times = [row["t"] for row in case["cum_at"]]
    np.testing.assert_allclose(curve.path(0, times), [row["N"] for row in case["cum_at"]], **EXACT)
    np.testing.assert_allclose(curve.slope(curve.path(0, times)), [row["rate"] for row in case["cum_at"]], rtol=1e-11)
    np.testing.assert_allclose(curve.peak_time(), case["peak_time"], **EXACT)
    np.testing.assert_allclose(curve.steepest_slope(), case["peak_rate"], **EXACT)
    np.testing.assert_allclose(curve.inflection_value() / case["m"], case["F_at_peak"], **EXACT)
    shares = [row["F"] for row in case["time_to_F"]]
    np.testing.assert_allclose(curve.time_to_share(0, shares), [row["t"] for row in case["time_to_F"]], **EXACT)


@pytest.mark.parametrize(
    ("curve", "case"),
    [(Logistic(c["r"], c["K"]), c) for c in IDENTITIES["logistic"]]
    + [(Gompertz(c["r"], c["K"]), c) for c in IDENTITIES["gompertz"]]
    + [(Richards(c["r"], c["K"], c["nu"]), c) for c in IDENTITIES["richards"]],
)
def test_s_curve(curve: SaturatingCurve, case: dict) -> None:
    values = {row["t"]: row["y"] for row in case["values"]}
    start = values[0]
    np.testing.assert_allclose(curve.path(start, list(values)), list(values.values()), **EXACT)
    np.testing.assert_allclose(curve.inflection_time(start), case["t_mid"], **EXACT)
    steepest = case.get("max_slope", case.get("max_slope_at_t_mid"))
    np.testing.assert_allclose(curve.steepest_slope(), steepest, **EXACT)
    middle = case.get("value_at_inflection", case.get("value_at_t_mid"))
    np.testing.assert_allclose(curve.inflection_value(), middle, **EXACT)
    if "time_10_to_90" in case:
        times = curve.time_to_share(start, [0.1, 0.9])
        np.testing.assert_allclose(times[1] - times[0], case["time_10_to_90"], **EXACT)


def test_fading_growth() -> None:
    case = IDENTITIES["fading_growth"]
    half_life = -np.log(2) / np.log(case["phi"])
    curve = Fading(np.expm1(case["g0"]), np.expm1(case["g_inf"]), half_life)
    elapsed = [1, 2, 5, 10]
    np.testing.assert_allclose(curve.log_path(1, elapsed), case["cumulative_log"], **EXACT)
    np.testing.assert_allclose(curve.path(100, elapsed), case["level_from_100"], **EXACT)


def test_damped_trend() -> None:
    case = IDENTITIES["damped_trend"]
    curve = Damped(case["b"], case["phi"])
    np.testing.assert_allclose(curve.path(0, [1, 5, 10, 50]), case["cum"], **EXACT)
    np.testing.assert_allclose(curve.limit(0), case["limit"], **EXACT)


@pytest.mark.parametrize("curve", EXAMPLES, ids=repr)
def test_every_curve_passes_through_its_start(curve: Curve) -> None:
    starts = np.array([20.0, 80.0])
    np.testing.assert_allclose(curve.path(starts, [0.0])[:, 0], starts, rtol=1e-14)
    np.testing.assert_allclose(curve.log_path(starts, [0.0, 3.0]), np.log(curve.path(starts, [0.0, 3.0])), rtol=1e-14)


@pytest.mark.parametrize("curve", EXAMPLES, ids=repr)
def test_every_curve_takes_arrays_of_parameters(curve: Curve) -> None:
    names = [name for name in parameter_names(type(curve)) if name != "breaks"]
    many = {n: np.stack([np.asarray(getattr(curve, n), float)] * 3) for n in names}
    fixed = {"breaks": curve.breaks} if isinstance(curve, Piecewise) else {}
    paths = type(curve)(**many, **fixed).path(np.array([20.0, 40.0, 80.0]), np.arange(7))
    alone = np.stack([curve.path(s, np.arange(7)) for s in (20.0, 40.0, 80.0)])
    np.testing.assert_allclose(paths, alone, rtol=1e-14)


@pytest.mark.parametrize("curve", EXAMPLES, ids=repr)
@given(elapsed=st.floats(0, 12))
def test_time_to_undoes_path(curve: Curve, elapsed: float) -> None:
    value = curve.path(50.0, [elapsed])[0]
    passed = float(curve.time_to(50.0, value))
    np.testing.assert_allclose(curve.path(50.0, [passed])[0], value, rtol=1e-9)
    if not isinstance(curve, Fading):
        np.testing.assert_allclose(passed, elapsed, atol=1e-8)


@pytest.mark.parametrize("curve", SATURATING, ids=repr)
def test_slope_is_the_differential_equation(curve: SaturatingCurve) -> None:
    solved = solve_ivp(lambda _, y: curve.slope(y), (0, 10), [50.0], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(curve.path(50.0, [10.0])[0], solved.y[0, -1], rtol=1e-8)
    assert np.isinf(curve.time_to(50.0, 1001.0))


@pytest.mark.parametrize("curve", SATURATING, ids=repr)
def test_a_start_above_the_ceiling_falls_to_it(curve: SaturatingCurve) -> None:
    path = curve.path(3000.0, [0, 1, 5, 600])
    assert np.all(np.diff(path) < 0)
    assert path[-1] == pytest.approx(1000.0, rel=1e-3)


@pytest.mark.parametrize(
    ("curve", "elapsed"),
    [
        (Logistic(-0.3, 100.0), 10),
        (Logistic(0.3, 100.0), -10),
        (Bass(0.1, 0.3, 100.0), -10),
        (Richards(-0.4, 100.0, 0.5), 20),
        (Richards(-0.3, 100.0, 1.0), 10),
    ],
    ids=repr,
)
def test_beyond_its_pole_a_curve_is_infinite(curve: SaturatingCurve, elapsed: float) -> None:
    path = curve.path(150.0, np.linspace(0, elapsed, 40))
    pole = int(np.argmax(np.isinf(path)))
    assert 0 < pole < 39
    assert np.all(np.diff(path[:pole]) > 0)
    assert np.all(np.isinf(path[pole:]))


@pytest.mark.parametrize("curve", SATURATING, ids=repr)
def test_above_the_ceiling_there_is_no_inflection(curve: SaturatingCurve) -> None:
    assert np.isnan(curve.inflection_time(1500.0))
    assert np.isnan(curve.steepest_slope(1500.0))
    np.testing.assert_array_equal(curve.inflection_time(np.array([1500.0, 20.0]))[1:], curve.inflection_time(20.0))
    np.testing.assert_array_equal(curve.steepest_slope(20.0), curve.slope(curve.inflection_value()))


@pytest.mark.parametrize("curve", EXAMPLES, ids=repr)
def test_growth_within_no_time_is_not_a_number(curve: Curve) -> None:
    np.testing.assert_array_equal(curve.cagr(20.0, 3, 3), np.nan)
    grown = curve.path(20.0, [3.0, 5.0])
    np.testing.assert_allclose(curve.cagr(20.0, 3, [3, 5]), [np.nan, (grown[1] / grown[0]) ** 0.5 - 1], rtol=1e-9)


def test_richards_contains_its_special_cases() -> None:
    elapsed = np.linspace(0, 20, 9)
    for special, asymmetry in ((Logistic(0.4, 100.0), 1.0), (Gompertz(0.4, 100.0), 0.0), (Bass(0.4, 0.0, 100.0), -1.0)):
        np.testing.assert_allclose(Richards(0.4, 100.0, asymmetry).path(5, elapsed), special.path(5, elapsed), **EXACT)
    np.testing.assert_allclose(Bass(0.0, 0.4, 100.0).path(5, elapsed), Logistic(0.4, 100.0).path(5, elapsed), **EXACT)


def test_fading_passes_a_peak_twice_and_reports_the_first() -> None:
    curve = Fading(0.3, -0.1, 2.0)
    top = curve.path(1.0, np.linspace(0, 20, 2001))
    first = curve.time_to(1.0, 0.9 * top.max())
    assert first < np.linspace(0, 20, 2001)[top.argmax()]
    assert np.isinf(curve.time_to(1.0, 1.01 * top.max()))
    assert curve.time_to(1.0, 0.5) > first


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Constant(-1.0), "constant, growth: found -1; allowed: finite and above -1"),
        (lambda: Fading(float("nan"), 0.1, 0.0), "fading, half_life: found 0; allowed: finite and above 0"),
        (lambda: Piecewise((0.1, 0.2), (3.0, 5.0)), "found 2 rates with 2 breaks; allowed: one rate more than breaks"),
        (lambda: Piecewise((0.1, 0.2, 0.3), (5.0, 3.0)), "piecewise, breaks: found [5.0, 3.0]; allowed: ascending"),
        (lambda: Damped(1.0, 1.2), "damped, damping: found 1.2; allowed: above 0 and at most 1"),
        (lambda: Logistic(0.3, np.array([1.0, -2.0])), "logistic, ceiling: found values from -2 to 1"),
        (lambda: Bass(0.1, -0.2, 5.0), "bass, imitation: found -0.2; allowed: innovation + imitation above 0"),
        (lambda: Richards(0.1, 5.0, -1.5), "richards, asymmetry: found -1.5; allowed: finite and at least -1"),
        (lambda: curve_named("gompert"), "did you mean 'gompertz'?"),
    ],
)
def test_bad_parameters_are_named(make, text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        make()
    assert text in str(caught.value)


def test_all_bad_parameters_are_listed_at_once() -> None:
    with pytest.raises(ArgumentError) as caught:
        Fading(-2.0, -3.0, 0.0)
    assert len(caught.value.problems) == 3
