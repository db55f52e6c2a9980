"""The pooled band: invariances, odd histories, and what is refused."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.errors import ArgumentError, ModelError
from forecast.history import METHODS, history_bands, history_mixture

LEVELS = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]
SALES = [10.0, 11.0, 12.5, 13.0, 15.0, 16.5, 17.0, 19.5]

growth = st.lists(st.floats(-1.5, 1.5), min_size=1, max_size=70)


def history(steps: list[float]) -> np.ndarray:
    return np.exp(np.concatenate([[1.0], 1.0 + np.cumsum(steps)]))


@given(steps=growth, unit=st.sampled_from([1e-9, 1e-3, 7.0, 1e12]))
@settings(max_examples=60, deadline=None)
def test_another_unit_scales_the_band(steps: list[float], unit: float) -> None:
    values = history(steps)
    np.testing.assert_allclose(
        history_bands([unit * values], 8, LEVELS), unit * history_bands([values], 8, LEVELS), rtol=1e-6
    )


@given(steps=growth)
@settings(max_examples=60, deadline=None)
def test_any_positive_history_has_an_ordered_band(steps: list[float]) -> None:
    band = history_bands([history(steps)], 12, [0.001, *LEVELS, 0.999])
    assert np.isfinite(band).all()
    assert (band > 0).all()
    assert (np.diff(band, axis=2) > 0).all()


def test_a_series_does_not_depend_on_its_company() -> None:
    batch = [history(list(np.random.default_rng(n).normal(0.1, 0.2, n))) for n in (1, 3, 9, 20, 59)]
    together = history_bands(batch, 6, LEVELS)
    for values, band in zip(batch, together, strict=True):
        np.testing.assert_allclose(history_bands([values], 6, LEVELS)[0], band, rtol=1e-10)
    np.testing.assert_allclose(history_bands(batch[::-1], 6, LEVELS), together[::-1], rtol=1e-10)


def test_asking_further_or_for_other_levels_changes_nothing_nearer() -> None:
    far = history_bands([SALES], 20, LEVELS)
    np.testing.assert_allclose(history_bands([SALES], 2, LEVELS), far[:, :2], rtol=1e-12)
    np.testing.assert_allclose(history_bands([SALES], 20, LEVELS[::-1])[..., ::-1], far, rtol=1e-12)


def test_the_band_widens_with_the_horizon() -> None:
    band = np.log(history_bands([SALES], 60, [0.1, 0.9]))[0]
    assert (np.diff(band[:, 1] - band[:, 0]) > 0).all()


def test_shorter_histories_have_wider_bands() -> None:
    width = [np.ptp(np.log(history_bands([SALES[-n:]], 3, [0.1, 0.9]))[0, 2]) for n in (2, 4, 8)]
    assert width[0] > width[1] > width[2]


def test_values_older_than_sixty_years_are_not_read() -> None:
    values = history(list(np.random.default_rng(1).normal(0.05, 0.1, 80)))
    np.testing.assert_array_equal(history_bands([values], 3), history_bands([values[-60:]], 3))


def test_the_mixture_has_the_quantiles_of_the_band() -> None:
    mixture = history_mixture([SALES], 10)
    logs = np.log(history_bands([SALES], 10, LEVELS))[0]
    scale = np.ptp(logs, axis=1)[:, None]
    assert np.max(np.abs(mixture.quantiles(LEVELS) - logs) / scale) < 1e-3
    assert np.linalg.eigvalsh(mixture.covariances).min() > 0
    drawn = np.exp(mixture.draws(20_000, seed=3))
    np.testing.assert_allclose((drawn < np.exp(logs[:, 3])).mean(0), 0.5, atol=0.015)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        pytest.param([5.0] * 12, 0.97, 1.03, id="flat"),
        pytest.param([1.0, 2.0], 0.2, 60.0, id="two values"),
        pytest.param([1.0, 1.1, 1.2, 1.3, 1300.0], 1e-4, 1e4, id="a jump by a thousand"),
        pytest.param([100.0, 50.0, 25.0, 12.5, 6.25, 3.125], 0.2, 1.2, id="halving"),
    ],
)
def test_odd_histories_have_a_band_about_the_newest_value(values: list[float], low: float, high: float) -> None:
    band = history_bands([values], 1, [0.1, 0.9])[0, 0] / values[-1]
    assert low < band[0] < band[1] < high


def test_a_leap_of_a_unit_leaves_the_band_near_the_newest_values() -> None:
    band = history_bands([[3.1, 3.5, 3100, 3.9, 4.0]], 5, [0.1, 0.5, 0.9])[0]
    assert ((band[:, 1] > 2) & (band[:, 1] < 10)).all()
    assert (band[0, 0], band[0, 2]) == (pytest.approx(1, rel=0.5), pytest.approx(50, rel=0.5))


def test_a_long_table_is_read_by_its_columns() -> None:
    long = pd.DataFrame({"series": ["b"] * 8 + ["a"] * 8, "year": [*range(2010, 2018)] * 2, "value": SALES * 2})
    expected = history_bands([SALES], 3, LEVELS)[0]
    for table in (long, long[["year", "value"]].iloc[:8].sample(frac=1, random_state=1)):
        np.testing.assert_allclose(history_bands(table, 3, LEVELS)[0], expected)
    assert len(history_bands(long, 3, LEVELS)) == 2


def test_years_may_come_in_any_order_and_a_column_may_start_late() -> None:
    table = pd.DataFrame({"a": SALES, "b": [np.nan, np.nan, *SALES[2:]]}, index=range(2001, 2009))
    expected = history_bands([np.array(SALES), np.array(SALES[2:])], 3)
    np.testing.assert_allclose(history_bands(table, 3), expected)
    np.testing.assert_allclose(history_bands(table.sample(frac=1, random_state=2), 3), expected)
    np.testing.assert_allclose(history_bands({"a": table["a"], "b": table["b"].dropna()}, 3), expected)
    dated = table["a"].set_axis(pd.period_range("2001", "2008", freq="Y"))
    np.testing.assert_allclose(history_bands(dated, 3), expected[:1])


def with_years(values: list[object], years: list[int]) -> pd.Series:
    return pd.Series(values, index=years, name="sales")


POSITIVE = "allowed: a positive number"
LATER = "growth in logs needs positive values; start the history later"
WHOLE = "allowed: a value for each year from first to last; start the history after the gap, or fill it and say so"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[1.0, 0.0, 2.0]], f"series 1, value 2 of 3: found 0; {POSITIVE}; {LATER}"),
        ([np.array([1.0, 2.0]), np.array([3.0, -4.0])], f"series 2, value 2 of 2: found -4; {POSITIVE}; {LATER}"),
        ([with_years([1, np.nan, 2], [2001, 2002, 2003])], f"series sales, year 2002: found nan; {POSITIVE}"),
        ([with_years([1, np.inf, 2], [2001, 2002, 2003])], f"series sales, year 2002: found inf; {POSITIVE}"),
        ([with_years([1, 2, 3], [2001, 2002, 2004])], f"series sales, year 2003: found no value; {WHOLE}"),
        (
            [with_years([1, 2, 3], [2001, 2002, 2002])],
            "series sales, year 2002: found two values or more; allowed: one value a year",
        ),
        ([[7.0]], "series 1: found 1 value; allowed: at least 2 annual values"),
        (
            with_years([1, 2], [2001, 2002]).rename({2002: "soon"}),
            "series sales, index: found 'soon'; allowed: years, such as 2023",
        ),
        ([["a", "b"]], "series 1: found list with entries that are no numbers; allowed: positive numbers"),
        ([np.ones((2, 2))], "series 1: found shape (2, 2); allowed: one row of annual values, oldest first"),
        (
            [1.0, 2.0],
            "histories: found bare numbers; allowed: a list of annual histories; "
            "put the values of one series in a list: history_bands([values], ...)",
        ),
        (3.0, "histories: found float; allowed: a list of annual histories, a Series or a DataFrame"),
        ([], "histories: found none; allowed: at least one annual history"),
    ],
)
def test_bad_histories_are_refused_by_name(given: object, message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        history_bands(given, 3)  # type: ignore[arg-type]
    assert str(error.value) == message


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ArgumentError) as error:
        history_bands({"a": [1.0, 0.0], "b": with_years([1, 2, np.nan], [2001, 2003, 2003])}, 3)
    places = [problem.place for problem in error.value.problems]
    assert places == ["series a, value 2 of 2", "series b, year 2003", "series b, year 2002", "series b, year 2003"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"horizons": 0}, "horizons: found 0; allowed: a number of years ahead, 1 to 100"),
        ({"horizons": 2.5}, "horizons: found 2.5; allowed: a number of years ahead, 1 to 100"),
        ({"levels": [0.5, 1.0]}, "levels: found [0.5, 1.0]; allowed: probabilities between 0 and 1"),
        (
            {"method": "thta"},
            "method: found 'thta'; allowed: one of pooled, ets, unobserved-components, theta, arima; did",
        ),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        history_bands([SALES], **({"horizons": 3} | arguments))  # type: ignore[arg-type]
    assert str(error.value).startswith(message)


def test_alternatives_are_statsmodels_own_bands() -> None:
    from statsmodels.tsa.forecasting.theta import ThetaModel
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trend = UnobservedComponents(np.log(SALES), level="local linear trend").fit(disp=False).get_forecast(4)
        theta = ThetaModel(np.log(SALES), period=1, deseasonalize=False).fit().prediction_intervals(4, alpha=0.05)
    for method, expected in (("unobserved-components", trend.conf_int(alpha=0.05)), ("theta", theta.to_numpy())):
        band = history_bands([SALES], 4, [0.025, 0.975], method=method)[0]
        np.testing.assert_allclose(np.log(band), expected, rtol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_alternatives_answer_or_say_why_not(method: str) -> None:
    band = history_bands([SALES, [3.0, 2.0, 4.0, 3.0, 5.0, 4.0, 4.5]], 3, LEVELS, method=method)
    assert band.shape == (2, 3, 7)
    assert (np.diff(band, axis=2) > 0).all()
    with pytest.raises(ModelError, match=f"{method} needs at least 4 values; series 1 has 2"):
        history_bands([[1.0, 2.0]], 3, method=method)
    with pytest.raises(ModelError, match=f"{method} has nothing to fit: series still is flat"):
        history_bands({"still": [2.0] * 8}, 3, method=method)
