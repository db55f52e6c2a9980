"""Projections against simulation of the same model, closed forms, and their own inverses."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import brentq

import forecast
from forecast.analyst_error import analyst_error_sd, analyst_error_tails
from forecast.errors import ArgumentError, ModelError
from forecast.estimates import Footing
from forecast.history import history_mixture
from forecast.mixture import Mixture
from forecast.project import Projection, history_years, scenario_path
from forecast.reconcile import Consensus
from forecast.scenario import Case, Scenario
from forecast.start import HistoryStart
from tests.simulation import simulated, simulated_market

END = 2035
LEVELS = np.array([0.025, 0.1, 0.5, 0.9, 0.975])


def ranged(low: float, base: float, high: float) -> dict[str, float]:
    return {"low": low, "base": base, "high": high}


CURVES = {
    "fading": {"half_life": ranged(2, 4, 8), "terminal_growth": ranged(0.03, 0.05, 0.07)},
    "constant": {"growth": ranged(0.02, 0.08, 0.15)},
    "piecewise": {"pieces": [{"until": 2031, "growth": ranged(0.1, 0.15, 0.2)}, {"growth": ranged(0.01, 0.05, 0.08)}]},
    "linear": {"slope": ranged(0.02, 0.1, 0.2)},
    "damped": {
        "slope": ranged(0.1, 0.14, 0.2),
        "damping": {"family": "uniform", "minimum": 0.7, "maximum": 0.99},
    },
    "logistic": {"rate": ranged(0.1, 0.3, 0.5), "ceiling": ranged(200, 300, 500)},
    "gompertz": {"rate": ranged(0.1, 0.2, 0.3), "ceiling": ranged(200, 300, 500)},
    "richards": {"rate": ranged(0.1, 0.2, 0.3), "ceiling": ranged(200, 300, 500), "asymmetry": ranged(0.2, 0.5, 1.2)},
    "bass": {
        "innovation": ranged(0.01, 0.02, 0.04),
        "imitation": ranged(0.1, 0.2, 0.3),
        "ceiling": ranged(200, 300, 500),
    },
}
CORRELATED = {
    "fading": ("half_life", "terminal_growth", 0.6),
    "constant": ("growth", "growth_shift", -0.5),
    "piecewise": ("pieces.0.growth", "pieces.1.growth", 0.7),
    "linear": ("slope", "growth_shift", 0.5),
    "damped": ("slope", "damping", -0.6),
    "logistic": ("rate", "ceiling", -0.7),
    "gompertz": ("rate", "ceiling", -0.7),
    "richards": ("rate", "ceiling", -0.7),
    "bass": ("innovation", "imitation", -0.5),
}
BENT = ("logistic", "gompertz", "richards", "bass")
STEP = {"kind": "level step", "size": ranged(0.05, 0.1, 0.2), "phase_in": 3}
EVENTS = {
    "law": {"year": 2026, "probability": 0.5, "effects": [STEP]},
    "boost": {
        "year": {"family": "discrete", "values": [2027, 2030], "probabilities": [0.4, 0.6]},
        "probability": 0.3,
        "requires": ["law"],
        "effects": [{"kind": "growth impulse", "points": ranged(0.02, 0.05, 0.1), "half_life": 2}],
    },
    "scare": {"year": 2031, "probability": 0.2, "effects": [{"kind": "pulse", "size": -0.3, "years": 2}]},
}
CAP = {"year": 2030, "probability": 0.5, "effects": [{"kind": "ceiling change", "size": 0.5}]}


def scenario(curve: str = "fading", *, name: str = "story", **other: object) -> Scenario:
    growth = {"curve": curve, "volatility": 0.05, "growth_shift": ranged(-0.02, 0, 0.03)} | CURVES[curve]
    table = {"schema": 1, "name": name, "growth": growth, "analyst_error": {"on": False}}
    return Scenario.model_validate(table | other)


@pytest.fixture(scope="module")
def case() -> Case:
    return forecast.read_case("regenerative_medicine")


@pytest.fixture(scope="module")
def start(case: Case) -> Consensus:
    return case.reconcile()


@pytest.fixture(scope="module")
def projection(case: Case, start: Consensus) -> Projection:
    return forecast.project(start, case.scenarios, end=case.end)


def simulations() -> Iterator[object]:
    """Every curve alone, then with events and correlated drivers; most paths for the default curve."""
    yield pytest.param("fading", {}, 1_000_000, id="fading")
    for curve in BENT:
        yield pytest.param(curve, {}, 200_000, id=curve)
    for curve, (one, other, value) in CORRELATED.items():
        pair = {"between": [f"growth.{one}", f"growth.{other}"], "value": value}
        events = EVENTS | ({"cap": CAP} if curve in BENT else {})
        yield pytest.param(curve, {"events": events, "correlation": [pair]}, 100_000, id=f"{curve} with all")


@pytest.mark.parametrize(("curve", "other", "paths"), [*simulations()])
def test_quantiles_agree_with_simulated_paths(curve: str, other: dict, paths: int, start: Consensus) -> None:
    story = scenario(curve, **other)
    drawn = simulated(story, start, end=END, paths=paths, seed=1)
    projection = forecast.project(start, story, end=END)
    quantiles = np.log(projection.quantiles(LEVELS).to_numpy())
    below = np.stack([(drawn <= quantiles[:, at]).mean(axis=0) for at in range(len(LEVELS))], axis=1)
    allowed = 4 * np.sqrt(LEVELS * (1 - LEVELS) / paths) + projection.paths["story"].numerical_error
    assert (np.abs(below - LEVELS) <= allowed).all(), np.abs(below - LEVELS).max(axis=0)


RATES = {"rate": ranged(0.1, 0.25, 0.6), "ceiling": ranged(90, 150, 500)}
WIDE = {
    "logistic": RATES,
    "gompertz": RATES,
    "richards": RATES | {"asymmetry": ranged(0.2, 0.5, 1.2)},
    "bass": {
        "innovation": ranged(0.005, 0.01, 0.03),
        "imitation": ranged(0.1, 0.3, 0.5),
        "ceiling": ranged(200, 300, 600),
    },
}


@pytest.mark.parametrize("curve", BENT)
def test_markets_that_come_near_a_wide_ceiling_are_told_from_everywhere(curve: str, start: Consensus) -> None:
    paths, story = 150_000, scenario(curve, growth={"curve": curve} | WIDE[curve])
    with np.errstate(over="ignore", invalid="ignore"):
        drawn = simulated(story, start, end=2040, paths=paths, seed=1)
    levels = np.linspace(0.1, 0.9, 5)
    found = forecast.project(start, story, end=2040).paths["story"]
    below = np.stack([(drawn <= at).mean(axis=0) for at in found.quantiles(levels).T], axis=1)
    allowed = 4 * np.sqrt(levels * (1 - levels) / paths) + found.numerical_error
    assert found.numerical_error <= 0.003
    assert (np.abs(below - levels) <= allowed).all(), np.abs(below - levels).max(axis=0)


@pytest.mark.parametrize("curve", ["fading", *BENT])
def test_a_projection_may_end_in_its_handover_year(curve: str, start: Consensus) -> None:
    levels = (0.1, 0.5, 0.9)
    growth = {"curve": curve} | CURVES[curve]
    projection = forecast.project(start, scenario(curve, growth=growth, handover_year=2026), end=2026)
    wanted = start.quantiles(levels, projection.years)
    assert projection.quantiles(levels).loc["story"].to_numpy() == pytest.approx(wanted.to_numpy(), rel=0.01)


def test_a_market_above_its_ceiling_is_refused(start: Consensus) -> None:
    growth = {"curve": "logistic", "rate": 0.3, "ceiling": ranged(4, 6, 8)}
    with pytest.raises(ModelError) as told:
        forecast.project(start, scenario("logistic", growth=growth, handover_year=2026), end=END)
    assert "scenario story, growth.ceiling: the market of 2026 is " in str(told.value)
    assert "above the ceiling, whose P90 is 8" in str(told.value)
    lifted = {"cap": {"year": 2027, "probability": 1, "effects": [{"kind": "ceiling change", "size": 9}]}}
    forecast.project(start, scenario("logistic", growth=growth, handover_year=2026, events=lifted), end=END)


@pytest.mark.parametrize(("handover", "pace"), [(2024, 3), (2026, 3), (2028, 5)])
def test_one_year_of_a_history_is_no_trend(handover: int, pace: int) -> None:
    values = pd.Series([3.1, 3.5, 3.8, 4.4, 4.3, 5.2, 5.6, 6.1], index=range(2016, 2024))
    start = HistoryStart(values, Footing("USD", "billion", "nominal", "product sales"))
    growth = {"curve": "fading", "half_life": 4, "terminal_growth": 0.05}
    path = forecast.project(start, scenario(growth=growth, handover_year=handover), end=2030).paths["story"]
    known, measured = history_years(start, handover)
    assert measured == pace
    drawn = simulated_market(start.market(known), 200_000, np.random.default_rng(1))
    trend, ahead = (drawn[:, -1] - drawn[:, -1 - pace]) / pace, np.arange(2030 - handover)
    terminal = math.log(1.05)
    wanted = drawn[:, -1] + np.sum([terminal + (trend - terminal) * 0.5 ** (k / 4) for k in ahead], axis=0)
    low, middle, high = path.quantiles([0.1, 0.5, 0.9])[-1]
    assert [np.mean(wanted <= at) for at in (low, middle, high)] == pytest.approx([0.1, 0.5, 0.9], abs=0.005)
    calibrated = history_mixture(values, 7).quantiles([0.1, 0.9])[-1]
    assert 0.75 < (high - low) / (calibrated[1] - calibrated[0]) < 1.35


def test_the_first_year_carries_the_whole_band_of_the_consensus(projection: Projection, start: Consensus) -> None:
    levels = (0.1, 0.5, 0.9)
    wanted = start.quantiles(levels, [2023]).to_numpy()[0]
    for name in projection.scenarios:
        assert projection.quantiles(levels).loc[(name, 2023)].to_numpy() == pytest.approx(wanted, rel=0.005)


def test_scenarios_are_in_order_every_year_after_the_start(projection: Projection) -> None:
    medians = projection.quantiles([0.5])[0.5].unstack("scenario").loc[2024:]
    assert (medians["cautious"] < medians["base"]).all()
    assert (medians["base"] < medians["ambitious"]).all()


@pytest.mark.parametrize("year", [2023, 2028, 2035])
@pytest.mark.parametrize("level", [0.05, 0.5, 0.95])
def test_probability_undoes_the_quantile(projection: Projection, year: int, level: float) -> None:
    value = projection.quantiles([level]).loc[("base", year), level]
    assert projection.probability(above=value, year=year)["base"] == pytest.approx(1 - level, abs=1e-9)


def test_growth_is_that_between_the_years(projection: Projection) -> None:
    drawn = projection.draws(200_000, seed=1, scenario="base")
    wanted = ((drawn[2035] / drawn[2025]) ** 0.1 - 1).quantile([0.1, 0.5, 0.9]).to_numpy()
    assert projection.cagr(2025, 2035).loc["base"].to_numpy() == pytest.approx(wanted, abs=0.001)


def test_questions_about_paths_are_answered_by_the_paths(projection: Projection) -> None:
    drawn = projection.draws(100_000, seed=1, scenario="base")
    summed = projection.cumulative(2025, 2030).loc["base", 0.5]
    assert summed == pytest.approx(drawn.loc[:, 2025:2030].sum(axis=1).median(), rel=1e-9)
    first = projection.year_above(50)
    assert first.loc["base", "never"] == pytest.approx((drawn.max(axis=1) <= 50).mean(), abs=1e-9)
    assert first.loc["base", 0.1] <= first.loc["base", 0.5]


def test_the_parts_of_the_variance_add_up(projection: Projection) -> None:
    parts = projection.decomposition
    whole = np.concatenate([path.mixture.variance() for path in projection.paths.values()])
    assert parts.drop(columns="total").sum(axis=1).to_numpy() == pytest.approx(whole, rel=1e-3)
    assert (parts >= -1e-12).all(axis=None)


def floored(sd: float, **error: object) -> np.ndarray:
    """Sds of a path that starts from a market known within `sd`, ten years on, with the analyst error."""
    growth = {"curve": "constant", "growth": 0.05}
    story = Scenario.model_validate({"schema": 1, "name": "x", "growth": growth, "analyst_error": error})
    market = Mixture.of([1.0], [[0.0, 0.1]], [[[sd**2, sd**2], [sd**2, sd**2]]])
    path = scenario_path(market, np.array([2023, 2024]), story, origin=2023, end=2033)
    return np.sqrt(path.mixture.variance())


def test_a_narrow_band_is_widened_to_the_error_of_published_forecasts() -> None:
    years = np.arange(1, 11)
    growth = np.concatenate([[0.1], (0.1 + np.log(1.05) * years[:-1]) / years[1:]])
    assert floored(0.001)[1:] == pytest.approx(analyst_error_sd(years, growth), rel=1e-9)
    assert floored(0.001, factor=0.5)[1:] == pytest.approx(0.5 * analyst_error_sd(years, growth), rel=1e-9)
    assert floored(0.001, scale=0.2, exponent=0.5)[1:] == pytest.approx(0.2 * years**0.5, rel=1e-9)
    assert floored(0.001, on=False)[1:] == pytest.approx(0.001, rel=1e-6)


def test_a_wide_band_is_left_alone() -> None:
    assert floored(0.8) == pytest.approx(floored(0.8, on=False), rel=1e-12)


def ten_years_on(**error: object) -> Mixture:
    """A sure market of today, a year and more on, with the analyst error."""
    growth = {"curve": "constant", "growth": 0.05}
    market = Mixture.of([1.0], [[0.0, 0.05]], [np.full((2, 2), 1e-10)])
    story = Scenario.model_validate({"schema": 1, "name": "x", "growth": growth, "analyst_error": error})
    return scenario_path(market, np.array([2023, 2024]), story, origin=2023, end=2033).mixture


def test_the_floor_has_the_tails_of_the_record_or_those_that_are_stated() -> None:
    factors, weights = analyst_error_tails(float(ten_years_on().mean()[-1]) / 10)
    for level in (0.9, 0.99, 0.999):
        score = brentq(lambda x, p=level: weights @ stats.norm.cdf(x / np.sqrt(factors)) - p, 0, 20)
        path = ten_years_on()
        sd, mean = np.sqrt(path.variance()[-1]), path.mean()[-1]
        assert path.quantiles([level])[-1, 0] == pytest.approx(mean + score * sd, abs=1e-6)
    far = [float(ten_years_on(scale=0.1, degrees_of_freedom=f).quantiles([0.999])[-1, 0]) for f in (3.0, 5.0, 1e6)]
    assert far[0] > far[1] > far[2]


def test_errors_at_two_horizons_hang_together_as_in_the_record() -> None:
    covariance = ten_years_on().covariance()
    sds = np.sqrt(np.diag(covariance))
    assert covariance[5, 10] / (sds[5] * sds[10]) == pytest.approx(0.5**0.31, abs=1e-6)


def test_an_event_that_cannot_happen_changes_nothing(start: Consensus) -> None:
    never = {"law": {"year": 2026, "probability": 0, "effects": [STEP]}}
    with_it, without = (forecast.project(start, scenario(events=e), end=END).quantiles(LEVELS) for e in (never, {}))
    assert with_it.to_numpy() == pytest.approx(without.to_numpy(), rel=1e-12)


def test_a_certain_step_equals_the_scenario_raised_by_hand(start: Consensus) -> None:
    sure = {"law": {"year": 2026, "probability": 1, "effects": [{"kind": "level step", "size": 0.1}]}}
    raised, plain = (forecast.project(start, scenario(events=e), end=END).quantiles(LEVELS) for e in (sure, {}))
    ratio = (raised / plain).groupby("year").mean().mean(axis=1)
    assert ratio.loc[:2025].to_numpy() == pytest.approx(1.0, abs=1e-3)
    assert ratio.loc[2026:].to_numpy() == pytest.approx(1.1, abs=1e-3)


def test_an_event_that_needs_another_never_comes_alone(start: Consensus) -> None:
    double = {"year": 2027, "probability": 0.4, "requires": ["law"], "effects": [{"kind": "level step", "size": 1.0}]}
    events = {"law": {"year": 2026, "probability": 0.4, "effects": [STEP]}, "double": double}
    story = scenario(events=events)
    ruled_out = forecast.project(start, story.given(ruled_out=["law"]), end=END).quantiles([0.5])
    plain = forecast.project(start, scenario(), end=END).quantiles([0.5])
    assert ruled_out.to_numpy() == pytest.approx(plain.to_numpy(), rel=1e-12)


def test_amounts_scale_with_the_currency(case: Case, start: Consensus) -> None:
    million = case.estimates.assign(scale="million")
    other = forecast.reconcile(million, scope=case.scope, scopes=case.scopes, reference_year=case.reference_year)
    first, second = (forecast.project(s, scenario(), end=END).quantiles() for s in (start, other))
    assert second.to_numpy() == pytest.approx(first.to_numpy(), rel=1e-6)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda p: p.probability(above=50, year=2040), "year: found 2040; allowed: a year from 2023 to 2035"),
        (lambda p: p.probability(above=-1, year=2030), "above: found -1; allowed: an amount above 0"),
        (lambda p: p.cagr(2030, 2030), "cagr: found from 2030 to 2030; allowed: an end year after the start year"),
        (lambda p: p.cumulative(2031, 2030), "an end year not before the start year"),
        (lambda p: p.year_above(0), "year_above: found 0; allowed: an amount above 0"),
        (lambda p: p.draws(10, seed=1, scenario="bas"), "scenario: found 'bas'; allowed: cautious, base, ambitious"),
        (lambda p: p.quantiles([1.2]), "levels: found [1.2]; allowed: probabilities between 0 and 1"),
        (lambda p: p.cumulative(2025, 2030, [1.5]), "levels: found [1.5]; allowed: probabilities between 0 and 1"),
        (lambda p: p.year_above(20, [1.5]), "levels: found [1.5]; allowed: probabilities between 0 and 1"),
        (lambda p: p.cumulative(2025, 2030, draws=0), "draws: found 0; allowed: a whole number of paths, at least 1"),
        (lambda p: p.year_above(20, draws=0.5), "draws: found 0.5; allowed: a whole number of paths, at least 1"),
        (lambda p: p.draws(-1, 1), "draws: found -1; allowed: a whole number of paths, at least 1"),
    ],
)
def test_a_wrong_question_gets_one_clear_answer(projection: Projection, ask, words: str) -> None:
    with pytest.raises(ArgumentError) as told:
        ask(projection)
    assert words in str(told.value)


def test_all_problems_of_the_years_are_told_at_once(start: Consensus) -> None:
    late = scenario(name="late", end=2020, handover_year=2019)
    with pytest.raises(ArgumentError) as told:
        forecast.project(start, [late, scenario(name="open")])
    text = str(told.value)
    allowed = "allowed: a year after 2023, the newest base year, and at most 100 years after it"
    assert f"scenario late, end: found 2020; {allowed}" in text
    assert f"scenario late, handover_year: found 2019; {allowed}" in text
    assert "scenario open, end: found no end year" in text
    for end in (20350, 2035.5):
        with pytest.raises(ArgumentError, match=f"scenario story, end: found {end}; {allowed}"):
            forecast.project(start, scenario(), end=end)
    with pytest.raises(ArgumentError, match="at least one"):
        forecast.project(start, [])


def test_correlations_that_contradict_each_other_are_weakened_and_said_so(start: Consensus) -> None:
    keys = ["growth.half_life", "growth.terminal_growth", "growth.growth_shift"]
    pairs = [(keys[0], keys[1], 0.9), (keys[1], keys[2], 0.9), (keys[0], keys[2], -0.9)]
    stated = [{"between": [one, other], "value": value} for one, other, value in pairs]
    weak = forecast.project(start, scenario(correlation=stated), end=END)
    assert 0.4 < weak.paths["story"].correlation_kept < 0.6
    assert "correlations stated in scenario story contradict each other" in weak.weakened[0]
    assert weak.summary().endswith(weak.weakened[0])
    assert "contradict" not in forecast.project(start, scenario(correlation=stated[:2]), end=END).summary()


def test_a_driver_of_few_values_has_exactly_these(start: Consensus) -> None:
    growth = {"family": "discrete", "values": [0.0, 0.3], "probabilities": [0.35, 0.65]}
    table = {"schema": 1, "name": "story", "growth": {"curve": "constant", "growth": growth}}
    story = Scenario.model_validate(table | {"analyst_error": {"on": False}})
    projection = forecast.project(start, story, end=END)
    handover = projection.handover_year["story"]
    between = projection.cagr(handover, END, [0.3, 0.4]).loc["story"]
    assert between.to_numpy() == pytest.approx([0.0, 0.3], abs=0.02)


def test_the_scenario_shown_first_is_base_or_the_middle_one(projection: Projection) -> None:
    assert projection.headline == "base"
    assert (
        replace(projection, paths={n: projection.paths[n] for n in ("cautious", "ambitious")}).headline == "ambitious"
    )


def test_a_projection_draws_itself_and_says_itself(projection: Projection) -> None:
    assert projection.plot().get_ylabel()
    text = projection.summary()
    assert text.startswith("Projection to 2035. ")
    assert all(name in text for name in projection.scenarios)
    assert math.isclose(projection.table["level"].min(), 0.025)
    assert "<table" in projection._repr_html_()
