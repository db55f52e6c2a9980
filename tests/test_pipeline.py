"""The whole line on the worked case, and the public names that start it."""

import inspect
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import forecast
from forecast.errors import ArgumentError, CaseError
from forecast.pipeline import Run


@pytest.fixture(scope="module")
def done(run_of: Callable[[str], Run]) -> Run:
    return run_of("regenerative_medicine")


def test_stages_are_told_in_their_order() -> None:
    told: list[str] = []
    forecast.run("regenerative_medicine", progress=told.append)
    assert told == ["reading", "auditing the estimates", "reconciling", "projecting"]


def test_verbs_stay_verbs_although_modules_of_the_same_name_are_loaded(done: Run) -> None:
    verbs = ["audit", "backtest", "balance", "bridge", "project", "random_effects", "reconcile", "run", "tornado"]
    assert [name for name in verbs if not inspect.isfunction(getattr(forecast, name))] == []


def test_the_first_year_of_the_projection_is_the_consensus(done: Run) -> None:
    levels = (0.1, 0.5, 0.9)
    start = done.projection.quantiles(levels).xs(2023, level="year")
    consensus = done.consensus.quantiles(levels, [2023]).to_numpy()
    assert start.to_numpy() == pytest.approx(np.repeat(consensus, 3, axis=0), rel=3e-3)


def test_two_runs_are_the_same_to_the_last_bit(done: Run) -> None:
    again = forecast.run("regenerative_medicine")
    for table in ("table", "sources_table"):
        pd.testing.assert_frame_equal(getattr(done, table), getattr(again, table), check_exact=True)
    pd.testing.assert_frame_equal(done.consensus.table, again.consensus.table, check_exact=True)
    pd.testing.assert_frame_equal(done.consensus.houses, again.consensus.houses, check_exact=True)


def test_the_summary_says_what_an_analyst_must_know(done: Run) -> None:
    text = done.summary()
    for said in (
        "a factor of 20",
        "GlobalData is an outlier with probability 0.64",
        "without Research and Markets it is 16 (7",
        "that is not the market",
        "base: USD 79 bn in 2035",
    ):
        assert said in text


def test_printed_numbers_are_shown_as_printed(done: Run) -> None:
    printed = done.sources_table.query("kind == 'printed'").set_index(["source", "year"])["value"]
    assert printed["MarketsandMarkets"].to_dict() == {2023: 16.0, 2028: 49.0}
    assert done.projection.statements["value"].tolist() == [50.0, 16.0, 49.0, 18.9, 53.7, 18.12, 41.21]


def test_every_result_has_a_table_a_summary_and_a_page(done: Run) -> None:
    for result in (done, done.audit, done.consensus, done.projection):
        assert isinstance(result.table, pd.DataFrame)
        assert result.summary()
        assert "<table" in result._repr_html_()


def test_unknown_cases_and_impossible_questions_are_named(done: Run) -> None:
    with pytest.raises(CaseError, match="did you mean 'regenerative_medicine'"):
        forecast.run("regenerative_medecine")
    with pytest.raises(ArgumentError, match="found 2050; allowed: a year from 2023 to 2035"):
        done.projection.probability(above=50, year=2050)
    with pytest.raises(ArgumentError, match="an end year after the start year"):
        done.projection.cagr(2030, 2030)
    with pytest.raises(ArgumentError, match="did you mean 'house-effects'"):
        forecast.reconcile(done.case.estimates, scope="regenerative medicine", method="house-effect")
    with pytest.raises(ArgumentError, match="prior: found unknown key 'herdin'; did you mean 'herding'"):
        forecast.reconcile(
            done.case.estimates, scope="regenerative medicine", scopes=done.case.scopes, prior={"herdin": 0.1}
        )


def test_an_end_year_that_is_asked_for_wins_over_the_scenarios_own(done: Run) -> None:
    scenario = done.case.scenarios["base"].model_copy(update={"end": 2040})
    assert forecast.project(done.consensus, scenario).years[-1] == 2040
    assert forecast.project(done.consensus, scenario, end=2030).years[-1] == 2030
    with pytest.raises(ArgumentError, match="scenario base, end: found 2020"):
        forecast.project(done.consensus, scenario, end=2020)
