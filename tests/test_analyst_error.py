"""The analyst-error model against its equation, its record and families it has not seen."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from calibration.analyst_error import (
    cross_validate,
    fit_error,
    fitted_on,
    horizon_memory,
    mixture,
    read_outcomes,
    scored,
    summary,
    vintage_memory,
    write_published_errors,
)
from forecast.analyst_error import (
    FITTED,
    HORIZON_MEMORY,
    USUAL_GROWTH,
    VINTAGE_MEMORY,
    analyst_error,
    analyst_error_sd,
    analyst_error_tails,
    common_optimism,
    error_bands,
    horizon_correlation,
    published_errors,
    publisher_spread,
)
from forecast.errors import ArgumentError

HORIZONS = st.floats(0.25, 15)
GROWTHS = st.floats(-0.3, 1.2)


def test_components_follow_the_equation() -> None:
    c = FITTED
    found = analyst_error(4, 0.3)
    spread = 4**c.exponent * math.sqrt(c.core**2 + (c.growth * 0.3) ** 2)
    short, fall = c.short_weight * (1 - math.exp(-0.3 / c.onset)), c.lost * 0.3 * 4
    weights = [(1 - short) * (1 - c.wide_weight), (1 - short) * c.wide_weight, short]
    np.testing.assert_allclose(found.weights, weights, rtol=1e-14)
    np.testing.assert_allclose(found.means, [0, 0, -fall], atol=1e-15)
    np.testing.assert_allclose(found.sds, [spread, c.wide_ratio * spread, math.hypot(spread, fall / 2)], rtol=1e-14)


def test_moments_and_density_are_those_of_the_mixture() -> None:
    model = analyst_error(5, 0.4)

    def moment(power: int) -> float:
        return integrate.quad(
            lambda x: x**power * math.exp(model.log_density(x)), -30, 30, limit=400, points=[-2, 0, 2]
        )[0]

    assert moment(0) == pytest.approx(1, abs=1e-9)
    assert moment(1) == pytest.approx(float(model.mean()), abs=1e-8)
    assert moment(2) - moment(1) ** 2 == pytest.approx(float(model.sd()) ** 2, rel=1e-7)


@given(horizon=HORIZONS, growth=GROWTHS, level=st.floats(0.001, 0.999))
def test_quantile_and_probability_are_inverse(horizon: float, growth: float, level: float) -> None:
    model = analyst_error(horizon, growth)
    assert float(model.cdf(model.quantiles(level)[..., 0])) == pytest.approx(level, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(horizon=HORIZONS, later=st.floats(0.1, 5), growth=GROWTHS, more=st.floats(0.1, 0.5))
def test_errors_grow_with_horizon_and_promise(horizon: float, later: float, growth: float, more: float) -> None:
    here = analyst_error(horizon, abs(growth))
    assert analyst_error(horizon + later, abs(growth)).sd() > here.sd()
    assert analyst_error(horizon, abs(growth) + more).sd() > here.sd()
    assert here.mean() <= 0
    low, high = here.quantiles([0.05, 0.95])
    assert -low >= high - 1e-9  # the left tail is the longer one


@given(horizon=HORIZONS, growth=GROWTHS)
def test_a_forecast_keeps_its_component_over_the_years(horizon: float, growth: float) -> None:
    path = analyst_error([1.0, horizon, 2 * horizon], growth)
    np.testing.assert_array_equal(path.weights[0], path.weights[1])
    np.testing.assert_allclose(path.sds[2, :2] / path.sds[1, :2], 2**FITTED.exponent, rtol=1e-12)
    np.testing.assert_allclose(path.means[2], 2 * path.means[1], rtol=1e-12, atol=1e-300)


def test_ordinary_promises_have_the_known_spread() -> None:
    horizon = np.arange(1, 8)
    np.testing.assert_allclose(analyst_error(horizon, 0.05).sd(), 0.11 * horizon**0.65, rtol=0.12)


def test_arrays_broadcast_and_give_the_same_as_one_by_one() -> None:
    horizon, growth = np.array([[1.0], [5.0]]), np.array([0.0, 0.1, 0.5])
    table = analyst_error(horizon, growth)
    assert table.weights.shape == (2, 3, 3)
    assert table.quantiles([0.1, 0.9]).shape == (2, 3, 2)
    one = analyst_error(5, 0.5)
    np.testing.assert_allclose(table.quantiles([0.1, 0.9])[1, 2], one.quantiles([0.1, 0.9]), rtol=1e-9)
    np.testing.assert_allclose(table.cdf(0.1)[1, 2], one.cdf(0.1), rtol=1e-14)


def test_without_growth_the_usual_growths_are_mixed() -> None:
    unknown = analyst_error([2, 5])
    assert unknown.weights.shape == (2, 9)
    mean = np.mean([analyst_error([2, 5], g).cdf(-0.2) for g in USUAL_GROWTH], axis=0)
    np.testing.assert_allclose(unknown.cdf(-0.2), mean, rtol=1e-13)


def test_there_is_no_error_at_the_base_itself() -> None:
    model = analyst_error(0, 0.2)
    assert float(model.sd()) == 0
    np.testing.assert_allclose(model.quantiles([0.1, 0.9]), 0, atol=1e-8)
    assert error_bands([0, 1], 0.2).loc[0].round(6).tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("horizon", "growth", "message"),
    [
        (-1, 0.1, "horizon: found -1.0; allowed: years of at least 0"),
        (float("nan"), 0.1, "horizon: found nan"),
        (1, 25, "write 25 % as ln(1.25) = 0.223; leave growth out where it is unknown"),
        (-1, float("nan"), "2 problems:"),
    ],
)
def test_wrong_arguments_are_told(horizon: float, growth: float, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        analyst_error(horizon, growth)
    assert message in str(caught.value)


def test_correlation_between_horizons_is_a_correlation() -> None:
    found = horizon_correlation([1, 2, 5, 10])
    np.testing.assert_allclose(found, found.T)
    assert np.linalg.eigvalsh(found).min() > 0
    assert found[0, 1] == pytest.approx(0.5**HORIZON_MEMORY)
    with pytest.raises(ArgumentError, match=r"horizons: found .*allowed: years above 0"):
        horizon_correlation([0, 1])


@pytest.mark.parametrize("growth", [0.03, 0.15, 0.5, None])
def test_what_publishers_share_and_what_is_their_own_make_up_a_four_year_error(growth: float | None) -> None:
    found, own, error = common_optimism(growth), publisher_spread(growth).growth, analyst_error(4, growth)
    assert found.mean * 4 == pytest.approx(float(-error.mean()))
    assert (found.sd**2 + own**2) * 16 == pytest.approx(float(error.sd()) ** 2)


@pytest.mark.parametrize("growth", [0.0, 0.05, 0.4, None])
def test_sd_and_tails_are_those_of_the_error(growth: float | None) -> None:
    assert analyst_error_sd(5, growth) == pytest.approx(float(analyst_error(5, growth).sd()))
    factors, weights = analyst_error_tails(growth)
    assert weights.sum() == pytest.approx(1)
    assert weights @ factors == pytest.approx(1)
    assert weights @ factors**2 > 1.5


def test_shipped_coefficients_are_those_the_script_finds() -> None:
    rows = fitted_on(read_outcomes())
    found = fit_error(rows)
    for name, value in vars(FITTED).items():
        assert getattr(found, name) == pytest.approx(value, rel=0.01), name
    assert horizon_memory(rows) == pytest.approx(HORIZON_MEMORY, abs=0.005)
    assert vintage_memory(rows) == pytest.approx(VINTAGE_MEMORY, abs=0.01)


@pytest.fixture(scope="module")
def held_out() -> pd.DataFrame:
    """Every family judged by a fit on the others."""
    outcomes = read_outcomes()
    return cross_validate(mixture, fitted_on(outcomes), scored(outcomes))


def test_bands_cover_outcomes_of_families_not_fitted_on(held_out: pd.DataFrame) -> None:
    found = summary(held_out)
    assert found["families"] >= 15
    for weighing in ("", " by family"):
        assert 0.74 <= found[f"80%{weighing}"] <= 0.86
        assert 0.91 <= found[f"95%{weighing}"] <= 0.98


def test_log_score_beats_the_normal_on_families_not_fitted_on(held_out: pd.DataFrame) -> None:
    normal = stats.norm.logpdf(held_out["error"], 0, 0.11 * held_out["horizon"] ** 0.65)
    found, base = summary(held_out), summary(held_out.assign(density=normal))
    assert found["log score"] > base["log score"] + 0.4
    assert found["log score by family"] > base["log score by family"] + 0.8


def test_budget_forecasts_that_were_never_used_fit_too(root: Path) -> None:
    source = json.loads((root / "tests/reference/analyst_forecast_errors.json").read_text())
    lines = [key for key in source if key.startswith(("cbo_revenue|", "cbo_outlay|")) and "Total" not in key]
    levels = np.array([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975])
    names = ["q025", "q10", "q25", "q50", "q75", "q90", "q975"]
    mass = np.diff(np.concatenate([[0], (levels[1:] + levels[:-1]) / 2, [1]]))
    errors = np.array([[[source[key][str(h)][name] for name in names] for h in range(1, 8)] for key in lines])
    integral = analyst_error(np.arange(1, 8)[:, None], 0.05).cdf(errors)
    for level, lowest, highest in ((0.8, 0.74, 0.88), (0.95, 0.91, 0.98)):
        assert lowest < ((np.abs(integral - 0.5) < level / 2) @ mass).mean() < highest


def test_published_errors_are_those_of_the_record(root: Path, tmp_path: Path) -> None:
    write_published_errors(tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_text() == (root / "forecast/published_errors.csv").read_text()
    table = published_errors()
    source = json.loads((root / "tests/reference/analyst_forecast_errors.json").read_text())
    five = table[(table["series"] == "US federal revenue by source") & (table["horizon"] == 5)].iloc[0]
    assert five["sd"] == source["cbo_revenue_components"]["5"]["sd"]
    assert five["floor"] == pytest.approx(0.11 * 5**0.65)
    assert set(table["source"].str.split().str[0]) == {"Congressional", "IMF", "IEA"}


@settings(max_examples=50)
@given(growth=st.floats(0, 1), more=st.floats(0, 0.5))
def test_publishers_of_faster_markets_are_farther_apart(growth: float, more: float) -> None:
    slow, fast = publisher_spread(growth), publisher_spread(growth + more)
    assert fast.level >= slow.level > 0
    assert fast.growth >= slow.growth > 0


def test_spread_wants_log_growth() -> None:
    with pytest.raises(ArgumentError, match="log growth a year between -3 and 3"):
        publisher_spread(25)
