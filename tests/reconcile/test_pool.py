"""Reading a table of estimates as sources, and every way it can be refused."""

import math

import numpy as np
import pandas as pd
import pytest

from forecast import normalize, read_case
from forecast.backtest import backtest, publisher_records, read_track_record
from forecast.distributions import Lognormal
from forecast.errors import ArgumentError, EstimatesError, FootingError
from forecast.reconcile import reconcile
from forecast.reconcile.consensus import solve
from forecast.reconcile.pool import history_source, pool_of
from tests.reconcile.pools import PART, SCOPES, WHOLE, level, pool, source, table
from tests.reconcile.test_house_effects import REFERENCE

BASE = {"base_value": "16"}


def read(*rows, scope=WHOLE, scopes=SCOPES, year=None):
    return pool_of(table(*rows), scope=scope, scopes=scopes, reference_year=year, prior=None)


def test_the_worked_case_is_read_as_the_reference_states_it():
    case = read_case("regenerative_medicine")
    found = pool_of(case.estimates, scope=WHOLE, scopes=case.scopes, reference_year=2023, prior=None)
    for source_, told in zip(found.sources, REFERENCE["sources"], strict=True):
        assert (source_.publisher, source_.vintage, source_.scope) == (
            told["publisher"],
            told["base_year"],
            told["scope"],
        )
        claims = {(c["kind"], c["year"], round(c["log_low"], 9)): c for c in told["claims"]}
        for s in source_.statements:
            claim = claims[s.kind, s.year, round(s.low, 9)]
            assert s.high == pytest.approx(math.inf if claim["log_high"] is None else claim["log_high"])
            assert s.excess == pytest.approx(claim["excess_mean"] or 0.0)


@pytest.mark.parametrize(
    ("row", "vintage"),
    [
        ({"base_year": "2021", "published": "2024", "base_value": "16"}, 2021),
        ({"base_year": "", "cagr_from": "2022", "cagr_to": "2030", "cagr": "9", "published": "2024"}, 2022),
        ({"base_year": "", "other_values": "2019=10; 2020=11"}, 2019),
        ({"base_year": "", "base_value": "", "published": "2024-05", "target_year": "2030", "target_value": "9"}, 2023),
    ],
)
def test_vintage_is_what_a_source_can_have_known(row, vintage):
    assert read(row, BASE).sources[0].vintage == vintage


@pytest.mark.parametrize(
    ("hedge", "low", "high", "side"),
    [("", 15.5, 16.5, 0), ("about", 15, 17, 0), ("more than", 16, math.inf, 1), ("up to", 0, 16, -1)],
)
def test_hedges(hedge, low, high, side):
    told = read(BASE | {"base_hedge": hedge}).sources[0].statements[0]
    assert (math.exp(told.low), math.exp(told.high)) == (pytest.approx(low), pytest.approx(high))
    assert told.side == side
    assert (told.excess > 0) == (side != 0)


def test_other_values_and_multiples_are_statements():
    row = BASE | {"other_values": "2024=17.6; 2025=19.5", "target_year": "2028", "multiple": "3", "cagr": "25"}
    told = read(row).sources[0].statements
    assert [(s.kind, s.year, s.to_year) for s in told] == [
        ("level", 2023, 2023),
        ("level", 2024, 2024),
        ("level", 2025, 2025),
        ("growth", 2023, 2028),
        ("growth", 2023, 2028),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"publisher": "A", "via": "other"}, "the same report as r0"),
        ({"publisher": "B", "excluded_because": "no method"}, "no method"),
        ({"publisher": "B", "weight": "0"}, "weight 0"),
        ({"publisher": "B", "base_value": "", "cagr": "9"}, "prints no level and no growth between two years"),
    ],
)
def test_what_is_left_out_is_listed_with_the_reason(row, reason):
    found = read(BASE | {"publisher": "A"}, BASE | row)
    assert [s.id for s in found.sources] == ["r0"]
    assert [(r.id, r.reason) for r in found.left_out] == [("r1", reason)]


def test_a_superseded_row_gives_way():
    found = read(BASE, {"base_value": "17", "supersedes": "r0"})
    assert [(r.id, r.reason) for r in found.left_out] == [("r0", "superseded by r1")]


@pytest.mark.parametrize(
    ("rows", "more", "error", "message"),
    [
        ([{"excluded_because": "bad"}], {}, ArgumentError, "no row to pool for scope 'regenerative medicine'; r0: bad"),
        ([{"scope": "regenrative medicine"}], {}, EstimatesError, "did you mean 'regenerative medicine'?"),
        ([{}], {"scope": "gene therapy"}, ArgumentError, "scope: found 'gene therapy'; allowed: a scope of the scopes"),
        ([{}], {"scopes": "scopes.toml"}, ArgumentError, "scopes: found str; allowed: scopes, as read_scopes gives"),
        ([{}, {"scope": PART}], {"scopes": None}, FootingError, "give scopes= (read_scopes) to say how they relate"),
        ([{}, {"currency": "EUR"}], {}, FootingError, "the estimates stand on 2 footings; bring them onto one"),
        ([{}, {"scale": "million"}], {}, FootingError, "USD mn: r1"),
        ([{"value_basis": "product sales"}, {"value_basis": "spending"}], {}, FootingError, "USD bn, spending: r1"),
        ([{}, {"geography": "Taiwan"}], {}, FootingError, "different places; select the rows of one"),
        ([{"base_value": "", "cagr": "20", "target_year": "2028"}], {}, ArgumentError, "no printed level, only growth"),
        ([{}], {"year": 3000}, ArgumentError, "reference_year: found 3000; allowed: a year from 1993 to 2053"),
        ([{"target_year": "2030", "target_value": "40"}], {"year": 2061}, ArgumentError, "a year from 1993 to 2060"),
        ([{}], {"year": 1800}, ArgumentError, "reference_year: found 1800; allowed: a year from 1993 to 2053"),
        ([{}], {"year": "2023"}, ArgumentError, "reference_year: found '2023'"),
    ],
)
def test_refusals_say_what_is_wrong(rows, more, error, message):
    with pytest.raises(error) as caught:
        read(*[BASE | row for row in rows], **more)
    assert message in str(caught.value)


def test_a_table_with_few_columns_is_read_and_anything_else_refused():
    row = {"id": "a", "publisher": "P", "scope": WHOLE, "base_year": 2023, "base_value": 16.0}
    plain = pd.DataFrame([row | {"currency": "USD", "scale": "bn"}])
    assert reconcile(plain, scope=WHOLE).quantiles([0.5], [2023]).iloc[0, 0] == pytest.approx(16, rel=0.01)
    with pytest.raises(ArgumentError, match="estimates: found list; allowed: a DataFrame"):
        reconcile([row], scope=WHOLE)


def test_numbers_may_be_numbers_in_a_whole_table_too():
    case = read_case("regenerative_medicine")
    asked = {"scope": WHOLE, "scopes": case.scopes}
    numbers = case.estimates.assign(target_value=pd.to_numeric(case.estimates["target_value"]))
    np.testing.assert_allclose(reconcile(numbers, **asked).quantiles(), reconcile(case.estimates, **asked).quantiles())


@pytest.mark.parametrize(
    ("asked", "factor"), [({"scale": "million"}, 1000), ({"currency": "EUR", "rate_year": 2023}, 0.9237)]
)
def test_a_conversion_changes_nothing_but_the_unit(asked, factor):
    case = read_case("regenerative_medicine")
    told = {"USD": 0.9237, "JPY": 0.0066}
    rates = pd.DataFrame(
        [{"from": code, "to": "EUR", "year": 2023, "rate": rate, "source": "ECB"} for code, rate in told.items()]
    )
    given = case.estimates.assign(other_values=["2026=23.5" if cagr else "" for cagr in case.estimates["cagr"]])
    plain, converted = (
        reconcile(table, scope=WHOLE, scopes=case.scopes) for table in (given, normalize(given, **asked, rates=rates))
    )
    levels = (0.025, 0.1, 0.5, 0.9, 0.975)
    for question in ("quantiles", "next_publisher"):
        before, after = (getattr(consensus, question)(levels) for consensus in (plain, converted))
        np.testing.assert_allclose(after, factor * before, rtol=1e-9)


def test_all_wrong_numbers_of_a_prior_are_listed():
    with pytest.raises(ArgumentError) as caught:
        reconcile(table(BASE), scope=WHOLE, prior={"level_sd": -1, "spread_family": "half-norm"})
    assert "2 problems" in str(caught.value)
    assert "prior, level_sd: found -1; allowed: above 0" in str(caught.value)
    assert "did you mean 'half-normal'?" in str(caught.value)
    with pytest.raises(ArgumentError, match="unknown key 'herdng'; did you mean 'herding'"):
        reconcile(table(BASE), scope=WHOLE, prior={"herdng": 0.1})


def test_an_actual_and_a_believed_range_hold_the_market():
    actual = solve(read(BASE | {"status": "actual"}, {"base_value": "40"}))
    assert actual.quantiles([0.5], [2023]).iloc[0, 0] == pytest.approx(16, rel=0.02)
    own = read({"base_value": "16", "status": "own", "confidence": "0.8"}, {"base_value": "40"})
    assert own.sources[0].anchor_sd == pytest.approx(math.log(16.5 / 15.5) / 2 / 1.28155, rel=1e-4)


def test_a_history_of_part_of_the_market_is_raised_by_its_coverage():
    history = pd.Series({2021: 8.0, 2022: 9.0, 2023: 10.0})
    measured = history_source(history, scope=WHOLE, coverage=Lognormal(0.5, 0.1))
    consensus = solve(pool(source("a", level(2023, 40)), measured))
    assert consensus.quantiles([0.5], [2023]).iloc[0, 0] == pytest.approx(20, rel=0.03)
    assert math.sqrt(consensus.market([2023]).variance()[0]) == pytest.approx(math.hypot(0.05, 0.1), rel=0.1)


def test_a_bad_history_lists_all():
    with pytest.raises(ArgumentError) as caught:
        history_source(pd.Series({2021: -8.0, 2022: np.nan}), scope=WHOLE, coverage=0.0)
    assert "3 problems" in str(caught.value)
    assert "history, 2021: found -8.0; allowed: an amount above 0" in str(caught.value)


def test_a_source_that_contradicts_itself_is_believed_less():
    row = BASE | {"target_year": "2028", "target_value": "20"}
    sound, torn = (solve(read(row | {"cagr": cagr})).quantiles([0.1, 0.9], [2028]).iloc[0] for cagr in ("4.6", "60"))
    assert math.log(torn[0.9] / torn[0.1]) > 1.5 * math.log(sound[0.9] / sound[0.1])


@pytest.mark.parametrize(
    "rows",
    [
        [BASE],
        [BASE, BASE | {"publisher": "Q"}, BASE | {"publisher": "R"}],
        [BASE, {"base_value": "", "cagr": "20", "target_year": "2028"}],
        [BASE, {"base_value": "20", "base_year": "1900"}],
        [BASE | {"target_year": "2028", "target_value": "16"}, BASE | {"target_year": "2150", "target_value": "99999"}],
    ],
    ids=["one", "identical", "growth only beside", "a century ago", "a century ahead"],
)
def test_odd_pools_have_finite_answers(rows):
    found = solve(read(*rows, year=2023)).quantiles([0.025, 0.5, 0.975]).to_numpy()
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=1) > 0).all()


def test_a_track_record_tempers_the_weight_of_its_publisher():
    rows = ({"publisher": "A", "base_value": "10"}, {"publisher": "B", "base_value": "40", "weight": "0.5"})
    plain = reconcile(table(*rows), scope=WHOLE)
    trusted = reconcile(table(*rows), scope=WHOLE, track_record={"A": 4.0})
    assert [s.weight for s in trusted.pool.sources] == [4.0, 0.5]
    assert trusted.quantiles([0.5]).iloc[0, 0] < plain.quantiles([0.5]).iloc[0, 0]
    assert solve(trusted.pool, method="weights").quantiles([0.5]).iloc[0, 0] == pytest.approx(
        10 * 4 ** (0.5 / 4.5), rel=5e-3
    )


def test_the_record_of_a_backtest_is_one(root):
    record = publisher_records(backtest(*read_track_record(root / "tests/reference/forecast_outcomes.csv")))
    name = record.table.index[0]
    rows = ({"publisher": name, "base_value": "10"}, {"publisher": "B", "base_value": "40"})
    found = reconcile(table(*rows), scope=WHOLE, track_record=record).pool.sources
    assert [s.weight for s in found] == [record.weight(name), 1.0]


def test_a_weight_of_a_track_record_must_be_above_zero():
    rows = ({"publisher": "A", "base_value": "10"}, {"publisher": "B", "base_value": "40"})
    with pytest.raises(ArgumentError) as caught:
        reconcile(table(*rows), scope=WHOLE, track_record={"A": 0.0, "B": math.nan})
    for said in ("track_record, A: found 0; allowed: a weight above 0", "track_record, B: found nan"):
        assert said in str(caught.value)


def test_measured_actuals_anchor_the_market_also_where_they_cover_a_part():
    history = pd.Series({2022: 8.0, 2023: 9.0})
    row = {"base_value": "40"}
    exact = reconcile(table(row), scope=WHOLE, history=history)
    assert exact.quantiles([0.5], [2023]).iloc[0, 0] == pytest.approx(9, rel=0.05)
    half = reconcile(table(row), scope=WHOLE, history=history, coverage=Lognormal(0.5, 0.1))
    low, middle, high = half.quantiles(years=[2023]).iloc[0]
    assert middle == pytest.approx(18, rel=0.05)
    assert math.log(high / low) / 2.563 == pytest.approx(math.hypot(0.05, 0.1), rel=0.1)


@pytest.mark.parametrize(("first", "second"), [(15.8, 12.1), (12.1, 15.8), (13.0, 14.0)])
def test_one_measured_change_does_not_go_on_for_ever(first, second):
    row = {"base_value": "15", "target_year": "2030", "target_value": "30"}
    found = reconcile(table(row), scope=WHOLE, history=pd.Series({2023: first, 2024: second}))
    assert found.quantiles([0.5], [2024]).iloc[0, 0] == pytest.approx(second, rel=0.05)
    measured, carried = math.log(second / first), math.log(found.quantiles([0.5], [2030]).iloc[0, 0] / second) / 6
    told = math.log(30 / 15) / 7
    assert min(measured, told) < carried < max(measured, told)
    assert abs(carried - told) < 0.75 * abs(measured - told)


def test_a_lasting_measured_growth_does():
    row = {"base_value": "15", "target_year": "2030", "target_value": "30"}
    steady = pd.Series({year: 12 * 0.97 ** (year - 2014) for year in range(2014, 2025)})
    found = reconcile(table(row), scope=WHOLE, history=steady)
    growth = math.log(found.quantiles([0.5], [2030]).iloc[0, 0] / steady[2024]) / 6
    assert growth == pytest.approx(math.log(0.97), abs=0.03)


def test_growth_alone_is_enough_beside_measured_actuals():
    row = {"base_value": "", "target_year": "2030", "cagr": "10"}
    found = reconcile(table(row), scope=WHOLE, history=pd.Series({2022: 8.0, 2023: 9.0}))
    assert found.quantiles([0.5], [2023]).iloc[0, 0] == pytest.approx(9, rel=0.05)


def test_one_more_publisher_of_a_part_prints_less_than_one_of_the_whole():
    found = read(BASE, {"base_value": "12", "scope": PART})
    consensus = solve(found)
    part, whole = consensus.next_publisher_of(PART, years=[2023]), consensus.next_publisher(years=[2023])
    assert part.loc[2023, 0.5] < whole.loc[2023, 0.5]
    market = consensus.of(PART, years=[2023])
    assert part.loc[2023, 0.9] > market.loc[2023, 0.9]
    np.testing.assert_allclose(consensus.next_publisher_of(WHOLE, years=[2023]), whole, rtol=1e-3)
