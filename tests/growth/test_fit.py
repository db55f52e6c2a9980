"""Fits against R and NIST, against scipy, against the truth, and on bad input."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special
from scipy.optimize import least_squares

from forecast.distributions import Discrete, Fixed, Lognormal, Normal, Range
from forecast.errors import ArgumentError, ModelError
from forecast.growth import CURVES, Bass, Gompertz, Logistic, bass_regression, fit_growth, fit_growths
from forecast.growth.forms import FORMS

YEARS = np.arange(2000, 2015)


@pytest.fixture(scope="module")
def r_sets(shared: Path) -> dict:
    return json.loads((shared / "reference" / "bass_growth_R.json").read_text())["sets"]


@pytest.fixture(scope="module")
def nist(shared: Path) -> dict:
    return json.loads((shared / "reference" / "nist_strd.json").read_text())["sets"]


BASS = {"m": lambda s, c: c.ceiling, "p": lambda s, c: c.innovation, "q": lambda s, c: c.imitation}
S_CURVE = {"K": lambda s, c: c.ceiling, "r": lambda s, c: c.rate, "t_mid": lambda s, c: c.inflection_time(s)}
STOCKS = {"K": S_CURVE["K"], "r": S_CURVE["r"], "x0": S_CURVE["t_mid"]}
SALES = [
    "vcr_1980_1989",
    "room_air_conditioners_1949_1961",
    "color_televisions_1963_1970",
    "clothes_dryers_1949_1961",
    "ultrasound_1965_1978",
    "mammography_1965_1978",
    "ibm_siu1",
]


def agrees(fit, reference: dict, quantities: dict, parameters: float = 1e-6, errors: float = 1e-4) -> None:
    for name, quantity in quantities.items():
        value, error = fit.estimate(quantity)
        assert value == pytest.approx(reference[name], rel=parameters)
        assert error == pytest.approx(reference[f"se_{name}"], rel=errors)


@pytest.mark.parametrize("name", SALES)
def test_bass_and_s_curves_agree_with_r(r_sets: dict, name: str) -> None:
    case = r_sets[name]
    sales = pd.Series(case["y"], index=case["year0"] + np.arange(len(case["y"])), dtype=float)
    agrees(fit_growth(sales, "bass", observed="additions"), case["nls_srinivasan_mason"], BASS)
    agrees(fit_growth(sales, "bass", observed="rate"), case["nls_density"], BASS)
    agrees(fit_growth(sales.cumsum(), "bass"), case["nls_cumulative"], BASS)
    for curve in ("logistic", "gompertz"):
        fit = fit_growth(sales.cumsum(), curve, start_year=case["year0"] - 1)
        agrees(fit, case[f"nls_{curve}_cumulative"], S_CURVE)


@pytest.mark.parametrize("name", SALES)
def test_bass_regression_agrees_with_r(r_sets: dict, name: str) -> None:
    case = r_sets[name]
    found = bass_regression(pd.Series(case["y"], index=case["year0"] + np.arange(len(case["y"])), dtype=float))
    reference = case["ols_bass1969"]
    ours = [found.intercept, found.linear, found.quadratic, found.ceiling, found.innovation, found.imitation]
    np.testing.assert_allclose(ours, [reference[key] for key in "abcmpq"], rtol=1e-9)
    assert found.r_squared == pytest.approx(reference["r2"], rel=1e-9)
    assert found.sound == (reference["p"] > 0)


def test_a_negative_coefficient_of_the_regression_is_explained_and_the_fit_does_without_it(r_sets: dict) -> None:
    case = r_sets["mammography_1965_1978"]
    sales = pd.Series(case["y"], index=1965 + np.arange(14), dtype=float)
    assert bass_regression(sales).verdict == (
        "The coefficient of innovation is negative (p = -0.0061): the first sales lie below the parabola through the "
        'later ones; fit_growth(sales, "bass", observed="additions") keeps it above 0.'
    )
    assert fit_growth(sales, "bass", observed="additions").curve.innovation > 0


@pytest.mark.parametrize("name", ["nl_car_stock_1965_1989", "chicken_weight", "us_merchant_metal"])
@pytest.mark.parametrize("curve", ["logistic", "gompertz"])
def test_stocks_agree_with_r(r_sets: dict, name: str, curve: str) -> None:
    case = r_sets[name]
    agrees(fit_growth(pd.Series(case["y"], index=case["x"], dtype=float), curve), case[curve], STOCKS)


OPTIMA = json.loads((Path(__file__).parents[1] / "reference" / "richards_optima.json").read_text())["sets"]


@pytest.mark.parametrize("name", list(OPTIMA))
def test_richards_agrees_with_its_optimum_and_with_r(r_sets: dict, name: str) -> None:
    """R stops up to 1e-4 standard errors short of the optimum, which 40 digits give."""
    case = r_sets[name]
    fit = fit_growth(pd.Series(case["y"], index=case["x"], dtype=float), "richards")
    quantities = STOCKS | {"nu": lambda s, c: c.asymmetry}
    for parameter, quantity in quantities.items():
        value, error = fit.estimate(quantity)
        assert value == pytest.approx(OPTIMA[name][parameter], rel=1e-6)
        assert error == pytest.approx(case["richards"][f"se_{parameter}"], rel=1e-4)
        assert abs(value - case["richards"][parameter]) < 1e-4 * error
    assert fit.rss <= case["richards"]["rss"] * (1 + 1e-12)


GROWTH_SETS = {
    "Rat42": (
        "logistic",
        {},
        [lambda s, c: c.ceiling, lambda s, c: c.rate * c.inflection_time(s), lambda s, c: c.rate],
        lambda b1, b2, b3: {"ceiling": b1, "rate": b3, "start": b1 / (1 + np.exp(b2))},
    ),
    "Rat43": (
        "richards",
        {},
        [
            lambda s, c: c.ceiling,
            lambda s, c: np.log(np.expm1(c.asymmetry * np.log(c.ceiling / s))),
            lambda s, c: c.rate,
            lambda s, c: c.asymmetry,
        ],
        lambda b1, b2, b3, b4: {
            "ceiling": b1,
            "rate": b3,
            "asymmetry": b4,
            "start": b1 / (1 + np.exp(b2)) ** (1 / b4),
        },
    ),
    "Misra1a": (
        "bass",
        {"start": 0.0, "imitation": 0.0},
        [lambda s, c: c.ceiling, lambda s, c: c.innovation],
        lambda b1, b2: {"ceiling": b1, "innovation": b2},
    ),
    "BoxBOD": (
        "bass",
        {"start": 0.0, "imitation": 0.0},
        [lambda s, c: c.ceiling, lambda s, c: c.innovation],
        lambda b1, b2: {"ceiling": b1, "innovation": b2},
    ),
}


@pytest.mark.parametrize("start", [None, "start1", "start2"])
@pytest.mark.parametrize("name", list(GROWTH_SETS))
def test_nist_growth_sets(nist: dict, name: str, start: str | None) -> None:
    curve, given, quantities, convert = GROWTH_SETS[name]
    case = nist[name]
    guess = convert(*[row[start] for row in case["params"]]) if start else None
    fit = fit_growth(pd.Series(case["y"], index=case["x"]), curve, given=given, guess=guess, start_year=0)
    for row, quantity in zip(case["params"], quantities, strict=True):
        value, error = fit.estimate(quantity)
        assert value == pytest.approx(float(row["value"]), rel=1e-7)
        assert error == pytest.approx(float(row["sd"]), rel=1e-6)
    assert fit.rss == pytest.approx(float(case["rss"]), rel=1e-8)


def simulated(curve: str, count: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Histories (count, 15) and the parameters (count, 3) behind them."""
    rng = np.random.default_rng(20)
    ceiling, rate, middle = rng.uniform(50, 500, count), rng.uniform(0.3, 0.9, count), rng.uniform(3, 11, count)
    if curve == "bass":
        truth = np.stack([rng.uniform(0.002, 0.03, count), rng.uniform(0.25, 0.7, count), ceiling], axis=1)
    else:
        share = 1 / (1 + np.exp(rate * middle)) if curve == "logistic" else np.exp(-np.exp(rate * middle * 0.6))
        truth = np.stack([ceiling * share, rate, ceiling], axis=1)
    return predicted(curve, truth) * (1 + noise * rng.standard_normal((count, 15))), truth


def predicted(curve: str, truth: np.ndarray) -> np.ndarray:
    first, second, third = np.asarray(truth).T
    if curve == "bass":
        return Bass(first, second, third).path(np.zeros_like(third), np.arange(1, 16))
    return CURVES[curve](second, third).path(first, np.arange(15))


@pytest.mark.parametrize("curve", ["logistic", "gompertz", "bass"])
def test_many_histories_reach_the_optimum_that_scipy_finds_from_the_truth(curve: str) -> None:
    values, truth = simulated(curve, 40, 0.06)
    table = pd.DataFrame(values.T, index=YEARS)
    fits = fit_growths(table, curve).table
    assert fits["converged"].all()
    for i in range(40):
        residuals = lambda logs, i=i: predicted(curve, np.exp(logs)[None])[0] - values[i]
        found = least_squares(residuals, np.log(truth[i]), method="lm", xtol=1e-12, ftol=1e-12)
        assert fits["rss"].iloc[i] <= 2 * found.cost * (1 + 1e-9)


@pytest.mark.parametrize("curve", ["logistic", "gompertz"])
@pytest.mark.parametrize(("years", "spread"), [(10, 0.02), (15, 0.05)])
def test_on_a_plateau_no_ceiling_fits_better_than_the_fitted_one(curve: str, years: int, spread: float) -> None:
    """Steps between any two values are optima of their own there."""
    rng = np.random.default_rng(11)
    table = pd.DataFrame(50 * (1 + spread * rng.standard_normal((years, 20))), index=YEARS[:years])
    shares = table / table.max()
    free = fit_growths(shares, curve).table["rss"]
    for ceiling in (1.0, 1.1):
        assert np.all(free <= fit_growths(shares, curve, ceiling=ceiling).table["rss"] * (1 + 1e-6))


@pytest.mark.parametrize("curve", ["logistic", "gompertz", "bass", "richards"])
def test_the_path_of_a_step_is_the_fit(curve: str) -> None:
    """A curve that leaves its ceiling late starts where it has left it; one that is there at once is a step."""
    table = pd.DataFrame(50 * (1 + 0.02 * np.random.default_rng(11).standard_normal((10, 15))), index=YEARS[:10])
    table["fall"] = [50, 51, 50, 50.5, 50, 51, 50, 50, 50, 40]
    table["rise"] = [40, 51, 50, 50.5, 50, 51, 50, 50, 50, 50]
    fits = fit_growths(table.rename(columns=str), curve)
    for name, row in fits.table.iterrows():
        fit = fits[name]
        left = np.sum((fit.path(YEARS[:10]) - fit.history.values) ** 2)
        assert left == pytest.approx(row["rss"], rel=1e-6)
    ordered(fits["fall"].bands())
    boom = fit_growth(series([1, 3, 9, 20, 35, 30, 22, 15, 10, 8, 7, 6]), curve)
    assert np.sum((boom.path(boom.history.years) - boom.history.values) ** 2) == pytest.approx(boom.rss, rel=1e-6)
    if curve != "bass":
        assert fits["fall"].path([2009]).item() == pytest.approx(40, rel=1e-3)
        assert fits.table.loc["fall", "start_year"] == 2009


@pytest.mark.parametrize("curve", list(CURVES))
@pytest.mark.parametrize("noise", ["additive", "proportional"])
def test_every_curve_finds_its_own_parameters(curve: str, noise: str) -> None:
    truth = {
        "constant": {"start": 20.0, "growth": 0.12},
        "fading": {"start": 20.0, "growth": 0.5, "terminal": 0.03, "half_life": 2.5},
        "piecewise": {"start": 20.0, "growth_1": 0.3, "growth_2": 0.05},
        "damped": {"start": 20.0, "slope": 8.0, "damping": 0.85},
        "linear": {"start": 20.0, "slope": 3.0},
        "logistic": {"start": 2.0, "rate": 0.5, "ceiling": 90.0},
        "gompertz": {"start": 2.0, "rate": 0.3, "ceiling": 90.0},
        "bass": {"start": 0.0, "innovation": 0.02, "imitation": 0.5, "ceiling": 90.0},
        "richards": {"start": 2.0, "rate": 0.6, "ceiling": 90.0, "asymmetry": 0.4},
    }[curve]
    cls = CURVES[curve]
    rest = {name: value for name, value in truth.items() if name != "start"}
    elapsed = np.arange(15.0) + (1 if curve == "bass" else 0)
    made = cls((0.3, 0.05), (6.0,)) if curve == "piecewise" else cls(**rest)
    history = pd.Series(made.path(truth["start"], elapsed), index=YEARS)
    fit = fit_growth(history, curve, noise=noise, breaks=(2006,) if curve == "piecewise" else ())
    assert fit.parameters == pytest.approx(truth, rel=1e-5)
    np.testing.assert_allclose(fit.path(YEARS), history, rtol=1e-6)
    assert set(FORMS) == set(CURVES)


@pytest.mark.parametrize("curve", ["logistic", "gompertz", "richards"])
def test_scaling_the_unit_scales_the_answer_and_a_falling_curve_is_a_rising_one_reversed(curve: str) -> None:
    values = simulated("gompertz", 1, 0.05)[0][0]
    history = pd.Series(values, index=YEARS)
    fit, thousand = fit_growth(history, curve), fit_growth(history * 1000, curve)
    np.testing.assert_allclose(
        thousand.table[["estimate", "standard_error"]].loc[["start", "ceiling"]],
        1000 * fit.table[["estimate", "standard_error"]].loc[["start", "ceiling"]],
        rtol=1e-5,
    )
    assert thousand.identifiability == fit.identifiability
    falling = fit_growth(pd.Series(values[::-1], index=YEARS), curve)
    assert falling.rss == pytest.approx(fit.rss, rel=1e-7)
    assert falling.curve.rate == pytest.approx(-fit.curve.rate, rel=1e-4)


def test_order_of_rows_and_kind_of_index_do_not_matter() -> None:
    history = pd.Series(simulated("logistic", 1, 0.05)[0][0], index=YEARS)
    dated = history.set_axis(pd.to_datetime([f"{year}-12-31" for year in YEARS]))
    frame = history.rename_axis("year").rename("value").reset_index()
    fits = [fit_growth(h, "logistic") for h in (history, history.sample(frac=1, random_state=1), dated, frame)]
    assert len({fit.rss for fit in fits}) == 1


def test_many_histories_in_every_shape_are_fitted_as_one_by_one() -> None:
    values, _ = simulated("logistic", 3, 0.05)
    wide = pd.DataFrame(values.T, index=YEARS, columns=["a", "b", "c"])
    wide.loc[2003, "b"] = np.nan
    long = wide.rename_axis(index="year", columns="series").stack().dropna().rename("value").reset_index()
    several = {name: wide[name].dropna() for name in wide}
    tables = [fit_growths(h, "logistic").table for h in (wide, long, several, list(several.values()))]
    for table in tables:
        assert list(table.index) == ["a", "b", "c"]
        pd.testing.assert_frame_equal(table, tables[0])
    alone = fit_growth(wide["b"].dropna(), "logistic")
    joint = fit_growths(wide, "logistic")["b"]
    assert joint.parameters == pytest.approx(alone.parameters, rel=1e-6)
    assert joint.standard_errors == pytest.approx(alone.standard_errors, rel=1e-4)
    assert joint.summary() == alone.summary()


def early(noise: float = 0.08) -> pd.Series:
    """A market at 60 % of the way to its inflection, with a ceiling of 100."""
    rng = np.random.default_rng(6)
    path = Logistic(0.4, 100.0).path(100 / (1 + np.exp(0.4 * 20)), np.arange(12))
    return pd.Series(path * np.exp(noise * rng.standard_normal(12)), index=range(2008, 2020), name="therapies")


def test_before_the_inflection_the_ceiling_is_open() -> None:
    fit = fit_growth(early(), "logistic", noise="proportional")
    assert fit.identifiability == "open"
    low, high = fit.ceiling_interval()
    assert low < 100
    assert np.isinf(high)
    assert "The ceiling is open: the history ends in 2019, before the inflection" in fit.verdict
    assert "Give `ceiling` as a prior, such as Range(low, base, high, positive=True)." in fit.verdict
    assert "ceiling open" in fit.summary()
    bands = fit.bands([2019, 2024, 2029])
    assert bands["prediction_high"].iloc[-1] > 100
    assert bands["prediction_low"].iloc[-1] < 60


def test_far_before_the_inflection_no_ceiling_is_claimed() -> None:
    """At 60 % of the way, with errors of 8 %, most fits alone are off threefold; their intervals are open."""
    rng = np.random.default_rng(8)
    path = Logistic(0.4, 100.0).path(100 / (1 + np.exp(0.4 * 20)), np.arange(12))
    off, covered = [], []
    for _ in range(30):
        history = pd.Series(path * np.exp(0.08 * rng.standard_normal(12)), index=range(2008, 2020))
        fit = fit_growth(history, "logistic", noise="proportional")
        low, high = fit.ceiling_interval()
        off.append(abs(np.log(fit.curve.ceiling / 100)) > np.log(3))
        covered.append(low <= 100 <= high)
        assert fit.identifiability == "open"
    assert np.mean(off) > 0.6
    assert np.mean(covered) >= 0.8


@pytest.mark.parametrize("curve", ["logistic", "gompertz", "bass"])
def test_bands_of_a_curve_without_end_hold_its_path(curve: str) -> None:
    rng = np.random.default_rng(5)
    for growth in rng.uniform(0.1, 0.6, 6):
        history = series(5 * np.exp(growth * np.arange(8) + 0.03 * rng.standard_normal(8)))
        fit = fit_growth(history, curve)
        ordered(fit.bands([2012, 2017, 2018, 2020, 2025, 2040]))
        assert fit.path([2012]).item() == pytest.approx(history[2012], rel=0.3)
        assert fit.rss == pytest.approx(np.sum((fit.path(history.index) - history) ** 2), rel=1e-6)


def test_a_gompertz_ceiling_out_of_sight_leaves_the_exponential() -> None:
    steady = series(10 * 1.1 ** np.arange(15))
    fit = fit_growth(steady, "gompertz")
    np.testing.assert_allclose(fit.path(steady.index), steady, rtol=1e-3)
    assert fit.path([2030]).item() == pytest.approx(10 * 1.1**20, rel=1e-2)
    bands = fit_growth(series([2.1, 3.0, 4.4, 6.2, 8.9, 12.5, 17.2]), "gompertz").bands([2017, 2020, 2025])
    ordered(bands)
    assert bands.loc[2017, "prediction_low"] < 23.59 < bands.loc[2017, "prediction_high"]


ALMOST_FLAT = [
    ([50, 51, 49, 50.5, 51, 50, 52, 51], "gompertz", 53.04),
    ([50, 51, 49, 50.5, 51, 50, 52, 51], "logistic", 53.04),
    ([100, 101, 103, 102, 104, 105, 107, 106], "logistic", 109.0),
    ([5, 5, 5, 5, 5, 5, 5, 5.001], "logistic", 5.1),
]


@pytest.mark.parametrize(("values", "curve", "possible"), ALMOST_FLAT)
def test_no_ceiling_is_excluded_that_the_data_allow(values: list[float], curve: str, possible: float) -> None:
    history = series(values)
    fit = fit_growth(history, curve)
    low, high = fit.ceiling_interval()
    allowed = fit.rss + special.stdtrit(fit.freedom, 0.9) ** 2 * fit.sigma**2
    assert low < possible < high
    assert fit_growth(history, curve, ceiling=possible).rss < allowed
    assert fit_growth(history, curve, ceiling=low).rss < 1.02 * allowed


@pytest.mark.parametrize("curve", ["logistic", "gompertz", "richards"])
def test_no_ceiling_is_identified_of_a_market_that_only_shrinks(curve: str) -> None:
    fit = fit_growth(series(10 * 0.8 ** np.arange(15)), curve)
    low, high = fit.ceiling_interval()
    assert fit.identifiability == "open"
    assert low <= fit.parameters["ceiling"] <= high == np.inf


def test_a_falling_curve_shows_its_ceiling_where_it_begins() -> None:
    path = Logistic(-0.6, 100.0).path(97.0, np.arange(15))
    noise = 0.5 * np.random.default_rng(1).standard_normal(15)
    early, late = (
        fit_growth(series(path[:6] + noise[:6]), "logistic"),
        fit_growth(series((path + noise)[9:]), "logistic"),
    )
    assert early.identifiability == "identified"
    assert late.identifiability == "open"
    assert "the history begins in 2010, after the inflection" in late.verdict


@pytest.mark.parametrize("years", [4, 5, 6, 10])
def test_the_ends_of_the_interval_fit_as_badly_as_is_allowed(years: int) -> None:
    history = pd.Series([9.5, 13, 23, 32, 47, 56, 70, 76, 85, 87], index=range(2014, 2024)).iloc[:years]
    fit = fit_growth(history, "logistic")
    allowed = fit.rss + special.stdtrit(fit.freedom, 0.9) ** 2 * fit.sigma**2
    for end in fit.ceiling_interval():
        if np.isfinite(end):
            assert fit_growth(history, "logistic", ceiling=end).rss == pytest.approx(allowed, rel=0.02)


def test_a_prior_holds_the_ceiling_before_the_inflection() -> None:
    prior = Range(60, 100, 180, positive=True)
    fit = fit_growth(early(), "logistic", ceiling=prior, noise="proportional")
    assert fit.identifiability == "prior"
    assert fit.ceiling_interval() == pytest.approx((60, 180), rel=0.1)
    assert "The prior alone said 60 to 180." in fit.verdict
    tight, wide = (
        fit_growth(early(), "logistic", ceiling=Lognormal(100, sd), noise="proportional").bands([2035])
        for sd in (0.05, 0.5)
    )
    assert (wide.prediction_high - wide.prediction_low).item() > 3 * (
        tight.prediction_high - tight.prediction_low
    ).item()


def test_bands_under_a_prior_cover_what_they_promise() -> None:
    """Ceilings drawn from the prior; five years known of twenty."""
    rng = np.random.default_rng(3)
    prior, ahead = Range(60, 100, 150, positive=True), [7, 11, 19]
    inside, covered = [], []
    for score in rng.standard_normal(50):
        truth = Logistic(0.4, float(prior.from_score(score))).path(9.0, np.arange(20))
        came = truth + 1.5 * rng.standard_normal(20)
        bands = fit_growth(series(came[:6]), "logistic", ceiling=prior).bands(np.add(ahead, 2010))
        inside.append((bands.confidence_low <= truth[ahead]) & (truth[ahead] <= bands.confidence_high))
        covered.append((bands.prediction_low <= came[ahead]) & (came[ahead] <= bands.prediction_high))
    assert np.mean(inside) == pytest.approx(0.8, abs=0.08)
    assert np.mean(covered) == pytest.approx(0.8, abs=0.08)


@pytest.mark.parametrize("high", [150, 2000])
@pytest.mark.parametrize("noise", ["additive", "proportional"])
def test_bands_do_not_contradict_the_prior(high: float, noise: str) -> None:
    prior = Range(60, 100 if high == 150 else 200, high, positive=True)
    fit = fit_growth(series([9.5, 13, 23, 32]), "logistic", ceiling=prior, noise=noise)
    bands = fit.bands([*range(2010, 2025), 2050, 2100])
    ordered(bands)
    assert np.all(np.diff(bands, axis=0) > -1e-4 * high)
    assert 45 < bands["confidence_low"].iloc[-1] < 1.3 * 60
    assert 0.3 * high < bands["confidence_high"].iloc[-1] < 1.3 * high


@pytest.mark.parametrize("curve", ["bass", "gompertz", "richards"])
def test_a_ceiling_below_the_history_has_no_weight(curve: str) -> None:
    """With such a ceiling every other parameter is open, which must not speak for it."""
    history = series([9.5, 13, 23, 32, 47, 56])
    bands = fit_growth(history, curve, ceiling=Normal(100.0, 60.0)).bands([2016, 2025])
    ordered(bands)
    assert np.all(bands["confidence_low"] > 55)
    assert 100 < bands.loc[2025, "confidence_high"] < 200


def test_a_ceiling_that_is_as_good_as_given_has_the_band_of_a_given_one() -> None:
    history = series([9.5, 13, 23, 32, 47, 56])
    tight, given = (
        fit_growth(history, "logistic", ceiling=ceiling).bands([2012, 2016, 2020])
        for ceiling in (Lognormal(95.0, 1e-4), 95.0)
    )
    np.testing.assert_allclose(tight, given, rtol=2e-3)


def test_a_prior_matters_less_the_more_the_data_say() -> None:
    history = pd.Series(simulated("logistic", 1, 0.02)[0][0], index=YEARS)
    free = fit_growth(history, "logistic")
    with_prior = fit_growth(history, "logistic", ceiling=Lognormal(2 * free.curve.ceiling, 1.0))
    assert with_prior.curve.ceiling == pytest.approx(free.curve.ceiling, rel=0.01)


def test_a_normal_prior_is_a_further_observation() -> None:
    """For a straight line the posterior has a closed form."""
    history = pd.Series([10.0, 12.5, 13.5, 16.5, 18.0, 19.5], index=range(2010, 2016))
    fit = fit_growth(history, "linear", given={"slope": Normal(1.0, 0.5)})
    design = np.stack([np.ones(6), np.arange(6.0)], axis=1)
    precision = design.T @ design / fit.sigma**2 + np.diag([0, 1 / 0.5**2])
    mean = np.linalg.solve(precision, design.T @ history.to_numpy() / fit.sigma**2 + np.array([0, 1.0 / 0.5**2]))
    assert [fit.start, fit.curve.slope] == pytest.approx(mean, rel=1e-6)
    errors = np.sqrt(np.diagonal(np.linalg.inv(precision)))
    assert list(fit.standard_errors.values()) == pytest.approx(errors, rel=1e-6)


def test_a_given_ceiling_is_kept() -> None:
    for ceiling in (120.0, Fixed(120.0)):
        fit = fit_growth(early(), "gompertz", ceiling=ceiling, noise="proportional")
        assert fit.curve.ceiling == 120
        assert fit.identifiability == "given"
        assert fit.table.loc["ceiling", "basis"] == "given"
        assert fit.verdict == "The ceiling of 120 was given, so its uncertainty is in no band."


def test_linear_bands_are_those_of_the_textbook() -> None:
    history = pd.Series([10.0, 12.5, 13.5, 16.5, 18.0, 19.5], index=range(2010, 2016))
    fit = fit_growth(history, "linear")
    x, at = np.arange(6.0), np.array([2.0, 9.0])
    slope, start = np.polyfit(x, history, 1)
    sigma = np.sqrt(np.sum((history - start - slope * x) ** 2) / 4)
    leverage = 1 / 6 + (at - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2)
    bands = fit.bands([2012, 2019], level=0.95)
    t = 2.7764451051977987
    np.testing.assert_allclose(bands["estimate"], start + slope * at, rtol=1e-9)
    np.testing.assert_allclose(bands["confidence_high"] - bands["estimate"], t * sigma * np.sqrt(leverage), rtol=1e-7)
    np.testing.assert_allclose(
        bands["estimate"] - bands["prediction_low"], t * sigma * np.sqrt(1 + leverage), rtol=1e-7
    )


@pytest.mark.parametrize("curve", ["linear", "damped"])
def test_a_falling_line_ends_at_nothing(curve: str) -> None:
    fit = fit_growth(series([100, 95, 85, 70, 61, 50, 38, 31, 19, 11]), curve)
    bands = fit.bands(range(2010, 2031))
    ordered(bands)
    assert fit.path([2025]).item() < 0
    assert bands.loc[[2025, 2030], ["estimate", "confidence_low", "prediction_low"]].eq(0).all(axis=None)
    assert np.all(np.diff(bands["estimate"]) <= 0)


def ordered(bands: pd.DataFrame) -> None:
    """Every band holds its estimate, and the prediction band the confidence band."""
    assert np.all(np.isfinite(bands.to_numpy()))
    assert np.all(bands.to_numpy() >= 0)
    columns = ["prediction_low", "confidence_low", "estimate", "confidence_high", "prediction_high"]
    assert np.all(np.diff(bands[columns].to_numpy(), axis=1) >= -1e-9 * bands[["estimate"]].to_numpy())


def test_bands_cover_what_they_promise() -> None:
    rng = np.random.default_rng(11)
    curve, elapsed = Gompertz(0.3, 100.0), np.arange(20)
    truth, inside, covered = curve.path(2.0, elapsed), [], []
    for _ in range(60):
        came = truth * np.exp(0.05 * rng.standard_normal(20))
        fit = fit_growth(pd.Series(came[:15], index=YEARS), "gompertz", noise="proportional")
        bands = fit.bands(2000 + elapsed)
        inside.append((bands.confidence_low <= truth) & (truth <= bands.confidence_high))
        covered.append((bands.prediction_low <= came) & (came <= bands.prediction_high))
    assert np.mean(inside) == pytest.approx(0.8, abs=0.08)
    assert np.mean(np.array(covered)[:, 15:]) == pytest.approx(0.8, abs=0.08)


def test_the_interval_of_a_ceiling_is_its_profile() -> None:
    history = pd.Series(simulated("logistic", 1, 0.05)[0][0], index=YEARS)
    fit = fit_growth(history, "logistic")
    low, high = fit.ceiling_interval()
    allowed = fit.rss + fit.sigma**2 * 1.3562173340232047**2
    for end in (low, high):
        assert fit_growth(history, "logistic", ceiling=end).rss == pytest.approx(allowed, rel=0.01)


def test_results_speak() -> None:
    fit = fit_growth(
        pd.Series([9.0, 14, 22, 33, 45, 58, 69, 77, 84, 88], index=range(2010, 2020), name="Asia"), "logistic"
    )
    assert fit.summary() == (
        "Logistic curve fitted to Asia 2010 to 2019: start 8.84, rate 0.546, ceiling 94.1. Errors have a standard "
        "deviation of 0.34. The ceiling is identified: 80 % interval of the ceiling 93.4 to 94.8."
    )
    assert list(fit.table.columns) == ["estimate", "standard_error", "low", "high", "basis"]
    assert list(fit.bands().index) == list(range(2010, 2030))
    assert "<table" in fit._repr_html_()
    axes = fit.plot(unit="USD bn")
    assert "USD bn" in axes.get_ylabel()
    many = fit_growths({"a": early(), "flat": pd.Series([3.0] * 6, index=range(6))}, "logistic")
    assert many.summary() == "logistic curve fitted to 2 histories; 1 settled"
    assert not many.table.loc["flat", "converged"]
    assert many.plot(unit="USD bn").get_xlabel().startswith("USD bn")
    with pytest.raises(ArgumentError, match="parameter: found 'speed'; allowed: one of start, rate, ceiling"):
        many.plot(parameter="speed")
    with pytest.raises(ModelError, match="history 'flat', 0 to 5: found 3 in every year"):
        many["flat"]
    with pytest.raises(ArgumentError, match="'nobody'"):
        many["nobody"]


def series(values: list[float], years: list[int] | None = None) -> pd.Series:
    index = range(2010, 2010 + len(values)) if years is None else years
    return pd.Series(values, index=index, dtype=float, name="Asia")


GOOD = series([9.0, 14, 22, 33, 45, 58, 69, 77])


@pytest.mark.parametrize(
    ("history", "text"),
    [
        (series([1, 2, -3, 4, 5, -6, 7]), "history 'Asia', year 2012: found -3; allowed: at least 0"),
        (series([1, 2, -3, 4, 5, -6, 7]), "history 'Asia', year 2015: found -6; allowed: at least 0"),
        (series([1, 2, np.nan, 4, 5]), "year 2012: found nan; allowed: a finite number; leave the year out"),
        (
            pd.Series(["3", 9, "x", "60", 85], index=range(2010, 2015), name="Asia"),
            "history 'Asia', year 2012: found 'x', which is not a number; allowed: a finite number; leave the year out",
        ),
        (series([1, 2, np.inf, 4, 5]), "year 2012: found inf; allowed: a finite number"),
        (series([1, 2, 3, 4, 5], [2010, 2011, 2011, 2012, 2013]), "history 'Asia', year 2011: found two values"),
        (series([1, 2]), "found 2 values (2010 to 2011); allowed: at least 4 values for this curve"),
        (series([]), "history 'Asia': found no value; allowed: at least 4"),
        (series([0, 0, 0, 0, 0]), "history 'Asia': found a largest value of 0; allowed: one above 0"),
        (series([5, 6, 7, 8000, 9000]), "history 'Asia', year 2013: found 8000 after 7; allowed: a change by less"),
        (series([5000, 6000, 7, 8, 9]), "history 'Asia', year 2012: found 7 after 6000"),
        (GOOD.set_axis(list("abcdefgh")), "found an index that is not a year; allowed: years, such as 2015"),
        (pd.DataFrame({"a": [1.0], "b": [2.0]}), "for several series use fit_growths"),
        ([1, 2, 3], "history: found [1, 2, 3]; allowed: a Series indexed by year"),
    ],
)
def test_bad_histories_are_named_by_series_and_year(history, text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        fit_growth(history, "logistic")
    assert text in str(caught.value)


def test_all_bad_histories_of_a_batch_are_listed() -> None:
    wide = pd.DataFrame(
        {"Asia": [1.0, -2, 3, 4, 5], "Europe": [2.0, 3, 4, 5, 5e6], "Africa": [1.0, 2, 4, 5, 6]}, index=YEARS[:5]
    )
    with pytest.raises(ArgumentError) as caught:
        fit_growths(wide, "logistic")
    assert len(caught.value.problems) == 2
    assert "history 'Asia', year 2001: found -2" in str(caught.value)
    assert "history 'Europe', year 2004: found 5e+06 after 5" in str(caught.value)
    words = wide.astype(object).replace({4.0: "four", 5.0: "5"})
    with pytest.raises(ArgumentError) as caught:
        fit_growths(words[["Africa", "Asia"]], "logistic")
    assert [f"{problem.place}: {problem.found}" for problem in caught.value.problems] == [
        "history 'Africa', year 2002: 'four', which is not a number",
        "history 'Asia', year 2003: 'four', which is not a number",
        "history 'Asia', year 2001: -2",
    ]


@pytest.mark.parametrize("curve", [name for name in CURVES if name not in ("logistic", "gompertz", "bass", "richards")])
def test_a_flat_history_has_no_growth(curve: str) -> None:
    fit = fit_growth(series([5] * 8), curve, breaks=(2013,) if curve == "piecewise" else ())
    np.testing.assert_allclose(fit.path([2010, 2030]), 5, rtol=1e-9)


@pytest.mark.parametrize("curve", ["logistic", "gompertz", "bass", "richards"])
def test_no_s_curve_explains_a_flat_history(curve: str) -> None:
    text = (
        f"history 'Asia', 2010 to 2017: found 5 in every year; allowed: a history that changes, for the {curve} curve"
    )
    with pytest.raises(ModelError, match=text):
        fit_growth(series([5] * 8), curve)


@pytest.mark.parametrize("curve", list(CURVES))
def test_zeros_gaps_and_disorder_are_no_obstacle(curve: str) -> None:
    history = series([7.0, 0, 2, 11, 0.5, 14], [2014, 2010, 2012, 2016, 2011, 2020])
    fit = fit_growth(history, curve, breaks=(2013,) if curve == "piecewise" else ())
    assert fit.explained > 0.8
    assert np.all(np.isfinite(fit.bands().to_numpy()))


def test_zeros_are_refused_where_errors_are_in_proportion() -> None:
    with pytest.raises(ArgumentError, match="year 2010: found 0; allowed: above 0, because errors are in proportion"):
        fit_growth(series([0, 1, 2, 4, 7]), "constant", noise="proportional")


def test_a_curve_that_does_not_fit_says_so() -> None:
    fit = fit_growth(series([1, 3, 6, 9, 10, 9, 6, 3, 1]), "logistic")
    assert fit.identifiability == "weak"
    assert fit.verdict.startswith("The curve does not describe this history: it explains 31 % of its variation.")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"curve": "logistics"}, "did you mean 'logistic'?"),
        (
            {"given": {"ceilng": 5}},
            "given: found 'ceilng'; allowed: one of start, rate, ceiling; did you mean 'ceiling'?",
        ),
        ({"guess": {"speed": 5}}, "guess: found 'speed'"),
        ({"observed": "levels"}, "did you mean 'level'?"),
        ({"noise": "relative"}, "noise: found 'relative'; allowed: one of additive, proportional"),
        (
            {"curve": "linear", "observed": "additions"},
            "found 'additions' with linear; allowed: a curve with a ceiling",
        ),
        ({"curve": "linear", "breaks": (2012,)}, "breaks: found 1 breaks with linear"),
        ({"curve": "piecewise", "breaks": (2030,)}, "breaks: found 2030; allowed: years between 2010 and 2017"),
        ({"ceiling": -3}, "given, ceiling: found -3; allowed: a number above 0"),
        ({"ceiling": Discrete((10.0, 20.0), (0.5, 0.5))}, "a number or a continuous distribution"),
    ],
)
def test_bad_arguments_are_named(arguments: dict, text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        fit_growth(GOOD, **{"curve": "logistic", **arguments})
    assert text in str(caught.value)


def test_bands_refuse_a_level_that_is_none() -> None:
    with pytest.raises(ArgumentError, match="level: found 80; allowed: between 0 and 1"):
        fit_growth(GOOD, "logistic").bands(level=80)
    with pytest.raises(ArgumentError, match="found 'linear'; allowed: a curve with a ceiling"):
        fit_growth(GOOD, "linear").ceiling_interval()


def test_the_regression_needs_every_year() -> None:
    with pytest.raises(ArgumentError, match="history 'Asia', year 2012: found no value; allowed: every year"):
        bass_regression(series([1, 2, 4, 5, 6], [2010, 2011, 2013, 2014, 2015]))


@pytest.mark.parametrize("name", [name for name in FORMS if name != "richards"])
@np.errstate(all="ignore")
def test_slopes_of_every_form_are_its_derivatives(name: str) -> None:
    times = np.array([1.0, 2, 3, 4, 6, 9])
    form = FORMS[name](times) if name != "piecewise" else FORMS[name](times, (4.0,))
    theta = form.grid()[:, 5 :: max(form.grid().shape[1] // 30, 1)]
    _, slopes = form.shape(theta, times[:, None])
    for i, own in enumerate(slopes):
        step = 1e-6 * np.eye(len(theta))[i][:, None]
        up, down = (form.shape(theta + sign * step, times[:, None])[0] for sign in (1, -1))
        size = np.max(np.abs(up), axis=0)
        np.testing.assert_allclose(own / size, (up - down) / 2e-6 / size, rtol=1e-4, atol=1e-5)


def test_a_curve_that_is_invisible_in_the_first_year_starts_later() -> None:
    path = Gompertz(0.9, 100.0).path(1e-4, np.arange(9))
    history = pd.Series(np.concatenate([np.zeros(6), path]), index=YEARS)
    table = pd.DataFrame({"late": history, "usual": simulated("gompertz", 1, 0.02)[0][0]}, index=YEARS)
    fits = fit_growths(table, "gompertz")
    assert fits.table["start_year"].tolist() == [2008, 2000]
    for fit in (fits["late"], fit_growth(history, "gompertz")):
        assert fit.start_year == 2008
        assert (fit.curve.rate, fit.curve.ceiling) == pytest.approx((0.9, 100), rel=1e-3)
        np.testing.assert_allclose(fit.path(YEARS), history, atol=0.01)
        assert np.all(np.isfinite(fit.bands().to_numpy()))


def test_a_prior_may_reach_where_no_curve_is() -> None:
    vague = fit_growth(GOOD, "logistic", ceiling=Normal(100.0, 80.0))
    assert vague.curve.ceiling == pytest.approx(fit_growth(GOOD, "logistic").curve.ceiling, rel=0.02)
    steep = fit_growth(GOOD, "constant", given={"growth": Normal(-0.5, 0.6)})
    assert 0 < steep.curve.growth < 0.6
    slow = fit_growth(GOOD, "bass", given={"imitation": -0.05})
    assert slow.curve.innovation > 0.05


def test_the_unit_does_not_matter_under_a_prior() -> None:
    prior, larger = Range(60, 100, 180, positive=True), Range(60e12, 100e12, 180e12, positive=True)
    small = fit_growth(early(), "logistic", ceiling=prior, noise="proportional")
    large = fit_growth(early() * 1e12, "logistic", ceiling=larger, noise="proportional")
    assert large.curve.ceiling / 1e12 == pytest.approx(small.curve.ceiling, rel=1e-6)
    assert large.curve.rate == pytest.approx(small.curve.rate, rel=1e-6)
