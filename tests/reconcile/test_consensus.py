"""What a consensus answers, and what it says of itself."""

import math

import numpy as np
import pytest

from forecast import read_case, reconcile
from forecast.errors import ArgumentError, ModelError
from forecast.reconcile import LEVELS
from forecast.reconcile.consensus import solve
from tests.reconcile.pools import PART, WHOLE, four, growth, level, pool, source


@pytest.fixture(scope="module")
def seed():
    return read_case("regenerative_medicine").reconcile()


def test_the_worked_case_under_the_constants_says_what_the_design_says():
    case = read_case("regenerative_medicine")
    seed = reconcile(case.estimates, scope=case.scope, scopes=case.scopes, reference_year=2023, prior="constants")
    bands = seed.quantiles((0.1, 0.5, 0.9), [2023, 2030])
    np.testing.assert_allclose(bands.loc[2023], [11.35, 22.77, 46.56], rtol=0.01)
    np.testing.assert_allclose(bands.loc[2030], [30.36, 72.79, 189.2], rtol=0.01)
    np.testing.assert_allclose(seed.growth(2023, 2030), [0.099, 0.184, 0.274], atol=0.002)
    houses = seed.houses.set_index("publisher")
    assert houses.loc["GlobalData", "outlier_probability"] == pytest.approx(0.70, abs=0.01)
    without = seed.influence().set_index("publisher").loc["Research and Markets"]
    np.testing.assert_allclose(without[["low", "median", "high"]].astype(float), [7.5, 16.2, 29.3], rtol=0.01)


def test_the_summary_keeps_market_and_next_publisher_apart_and_says_who_moves_it(seed):
    text = seed.summary()
    for said in ("One more publisher would", "that is not the market", "GlobalData is an outlier", "without Research"):
        assert said in text


def test_one_source_is_said_to_be_mostly_prior():
    assert (
        "With one source the width of the band is mostly the prior"
        in solve(pool(source("a", level(2023, 9)))).summary()
    )


def test_without_its_only_level_a_pool_has_no_size():
    consensus = solve(pool(source("a", level(2023, 16), level(2024, 18)), source("b", growth(2023, 2030, 0.125))))
    table = consensus.influence().set_index("id")
    assert table.loc["a", ["low", "median", "high", "change"]].isna().all()
    assert table.loc["b", "change"] == pytest.approx(1, rel=1e-3)
    assert "Without a no source prints a level." in consensus.summary()
    with pytest.raises(ModelError, match="No source prints a level: growth alone says nothing of the size"):
        solve(consensus.pool.without("a"))
    alone = solve(pool(source("a", level(2023, 16), growth(2023, 2030, 0.1)))).statement_influence()
    assert alone["median"].isna().tolist() == [True, False]


def test_a_pool_too_small_for_a_method_once_one_is_left_out():
    consensus = solve(pool(source("a", level(2023, 16)), source("b", level(2023, 40))), method="random-effects-reml")
    assert consensus.influence()["median"].isna().all()
    assert "no source prints a level" not in consensus.summary()


def test_an_amount_beyond_all_bounds_is_written_with_a_power():
    text = solve(pool(source("a", level(2023, 1e300)))).summary()
    assert "The consensus for 2023 is USD 1.0 × 10^300 bn" in text
    assert len(text) < 600


@pytest.mark.parametrize(
    ("sources", "said", "unsaid"),
    [
        ([("a", PART, "")], "One source about cell and gene therapy.", "for regenerative"),
        ([("a", WHOLE, ""), ("b", WHOLE, "")], "2 sources for regenerative medicine put 2023", "of them"),
        ([("a", WHOLE, ""), ("b", WHOLE, "")], "on their own paths, at USD 16 bn.", "a factor of"),
        ([("a", WHOLE, ""), ("b", PART, "")], "medicine, 1 of them about cell and gene therapy, put 2023", "actual"),
        ([("a", WHOLE, "actual")], "The level rests on a, with an sd of 5.0 %", "mostly the prior"),
        ([("a", WHOLE, "actual"), ("b", WHOLE, "")], "medicine, 1 of them an actual (a), put", "mostly the prior"),
        ([("a", WHOLE, "own"), ("b", WHOLE, "own")], "2 of them own estimates (a and b), put", "One source"),
    ],
)
def test_the_summary_says_what_the_sources_are(sources, said, unsaid):
    told = [
        source(name, level(2023, 16), scope=scope, status=status, anchor_sd=0.05 if status == "actual" else None)
        for name, scope, status in sources
    ]
    consensus = solve(pool(*told))
    assert said in consensus.summary()
    assert unsaid not in consensus.summary()
    notes = consensus.forest_table["note"].tolist()
    assert [note.startswith(told[i].kind) for i, note in enumerate(notes[:-2])] == [bool(s) for *_, s in sources]


def test_probability_is_the_inverse_of_quantiles(seed):
    value = seed.quantiles([0.8], [2028]).iloc[0, 0]
    assert seed.probability(above=value, year=2028) == pytest.approx(0.2, abs=1e-6)


def test_years_beyond_the_table_are_fitted_when_asked_for(seed):
    assert 2040 not in seed.years
    assert (np.diff(seed.quantiles([0.5], [2030, 2035, 2040])[0.5]) > 0).all()


def test_the_table_is_tidy(seed):
    table = seed.table
    assert list(table.columns) == ["quantity", "scope", "year", "level", "value", "unit"]
    assert len(table) == 2 * len(seed.years) * len(LEVELS)
    assert set(table["unit"]) == {"USD bn"}


def test_a_part_is_never_above_its_whole(seed):
    part, whole = seed.of(PART, LEVELS), seed.quantiles(LEVELS)
    assert (part.loc[2023] < whole.loc[2023]).all()
    np.testing.assert_allclose(seed.of(WHOLE, LEVELS), whole, rtol=0.01)


def test_sources_that_lean_on_each_other_count_less(seed):
    assert seed.effective_sources == pytest.approx(4 / (1 + 3 * 0.25))
    twice = pool(source("a", level(2023, 9), publisher="x"), source("b", level(2023, 9), publisher="x"))
    assert solve(twice).effective_sources == pytest.approx(2 / 1.8)


def test_two_answers_are_told_as_two():
    split = [source(f"low{i}", level(2023, 10 + 0.1 * i)) for i in range(3)]
    split += [source(f"high{i}", level(2023, 200 + i)) for i in range(3)]
    consensus = solve(pool(*split, prior=four().prior.replace(most_outliers=3, outlier_inflation=20.0)))
    modes = consensus.modes()
    assert len(modes) >= 2
    np.testing.assert_allclose(modes["value"].iloc[[0, -1]], [10, 200], rtol=0.1)
    assert "answers for 2023, near 10" in consensus.summary()
    assert len(solve(four()).modes()) == 1


def test_priors_that_move_the_answer_are_listed(seed):
    table = seed.prior_sensitivity()
    assert table["prior"].is_unique
    by_name = table.set_index("prior")
    assert by_name.loc["as given", "change"] == 1
    width = np.log(by_name["high"] / by_name["low"])
    assert (
        width["half the spread between publishers"] < width["as given"] < width["twice the spread between publishers"]
    )


def test_each_printed_number_has_its_influence(seed):
    table = seed.statement_influence()
    assert (table["low"] < table["median"]).all()
    assert (table["median"] < table["high"]).all()
    assert (table["printed"] == "more than 43 %").sum() == 1


def test_the_numerical_error_is_small_and_told(seed):
    assert 0 < seed.numerical_error() < 0.005


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda c: c.probability(above=0, year=2023), "above: found 0; allowed: an amount above 0"),
        (lambda c: c.growth(2025, 2025), "from 2025 to 2025; allowed: an end year after the start year"),
        (lambda c: c.quantiles(years=[2500]), "years: found 2500; allowed: years from 1963 to 2083"),
        (lambda c: c.quantiles([0.0]), "probabilities between 0 and 1"),
        (lambda c: c.of("cell therpy"), "a scope of the scopes file"),
        (lambda c: solve(c.pool, method="median").numerical_error(), "found method 'median'"),
    ],
)
def test_questions_without_an_answer_are_refused(seed, ask, message):
    with pytest.raises(ArgumentError) as caught:
        ask(seed)
    assert message in str(caught.value)


def test_the_forest_shows_sources_consensus_and_next_publisher(seed):
    kinds = seed.forest_table["kind"].tolist()
    assert kinds[-2:] == ["consensus", "next publisher"]
    assert math.isfinite(seed.forest_table[["low", "median", "high"]].to_numpy().sum())
    assert seed.plot().get_xlabel().startswith("USD bn")
    assert "<" in seed._repr_html_()
