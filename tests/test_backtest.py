"""Backtests against hand-computed errors, files of old forecasts, and their own arithmetic."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from forecast.analyst_error import analyst_error
from forecast.backtest import (
    Backtest,
    backtest,
    forecasts,
    later_bases,
    publisher_records,
    read_track_record,
)
from forecast.errors import ArgumentError, EstimatesError, FootingError
from forecast.scores import crps_normal_mixture

REPORT = {
    "id": "a",
    "publisher": "P",
    "published": "2019-03",
    "scope": "robots",
    "currency": "USD",
    "scale": "billion",
    "base_year": "2018",
    "base_value": "10",
    "target_year": "2023",
    "target_value": "20",
}
OUTCOME = {
    "scope": "robots",
    "geography": "",
    "year": 2023,
    "value": 15.0,
    "currency": "USD",
    "scale": "billion",
    "source": "statistics office",
}


def estimates(*rows: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame([{**REPORT, **row} for row in rows], dtype=str)


def outcomes(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame([{**OUTCOME, **row} for row in rows])


@pytest.fixture(scope="module")
def record(root: Path) -> Backtest:
    """The published forecasts with what came."""
    return backtest(*read_track_record(root / "tests/reference/forecast_outcomes.csv"))


def test_one_forecast_by_hand() -> None:
    row = backtest(estimates({}), outcomes({})).table.iloc[0]
    growth = np.log(2) / 5
    model = analyst_error(5, growth)
    error = np.log(15 / 20)
    assert (row["horizon"], row["kind"]) == (5, "printed")
    assert row["growth"] == pytest.approx(growth)
    assert row["error"] == pytest.approx(error)
    low, high = np.exp(model.quantiles([0.1, 0.9])) * 20
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert row["inside_80"]
    assert row["interval_score"] == pytest.approx(np.log(high / low))
    assert row["pit"] == pytest.approx(float(model.cdf(error)))
    assert row["log_score"] == pytest.approx(-float(model.log_density(error)))
    assert row["crps"] == pytest.approx(float(crps_normal_mixture(error, model.weights, model.means, model.sds)))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, [("base", 2018, 0, 10), ("printed", 2023, 5, 20)]),
        (
            {"other_values": "2017=9; 2020=13.5"},
            [("base", 2018, 0, 10), ("printed", 2020, 2, 13.5), ("printed", 2023, 5, 20)],
        ),
        (
            {"target_year": "", "target_value": "", "cagr": "10", "cagr_from": "2018", "cagr_to": "2020"},
            [("base", 2018, 0, 10), ("implied", 2020, 2, 12.1)],
        ),
        ({"target_value": "", "multiple": "3"}, [("base", 2018, 0, 10), ("implied", 2023, 5, 30)]),
        ({"base_value": ""}, [("printed", 2023, 5, 20)]),
        ({"base_year": "", "base_value": ""}, [("printed", 2023, 5, 20)]),  # the year before the publication
    ],
)
def test_every_number_of_a_row_is_a_forecast(
    change: dict[str, str], expected: list[tuple[str, int, int, float]]
) -> None:
    found = forecasts(estimates(change))
    assert (
        list(zip(found["kind"], found["year"], found["horizon"], found["forecast"].round(9), strict=True)) == expected
    )


def test_excluded_and_actual_rows_forecast_nothing_unless_superseded() -> None:
    table = estimates(
        {},
        {"id": "b", "excluded_because": "another market"},
        {"id": "c", "excluded_because": "older report"},
        {"id": "d", "supersedes": "c"},
        {"id": "e", "status": "actual"},
    )
    assert set(forecasts(table)["id"]) == {"a", "c", "d"}


def test_a_printed_growth_stands_in_for_a_missing_base() -> None:
    table = backtest(estimates({"base_value": "", "cagr": "25%"}), outcomes({})).table
    assert table["growth"].iloc[0] == pytest.approx(np.log(1.25))
    unknown = backtest(estimates({"base_value": ""}), outcomes({})).table.iloc[0]
    assert np.isnan(unknown["growth"])
    assert unknown["pit"] == pytest.approx(float(analyst_error(5).cdf(np.log(0.75))))


def test_the_narrowest_outcome_counts_and_several_are_averaged_in_logs() -> None:
    wide = [{"value": 10.0, "source": "x"}, {"value": 40.0, "source": "y"}]
    row = backtest(estimates({}), outcomes(*wide)).table.iloc[0]
    assert (row["actual"], row["source"]) == (pytest.approx(20), "x; y")
    table = outcomes(*wide, {"value": 16.0, "source": "own"}, {"value": 17.0, "source": "bound"})
    table = table.assign(publisher=["", "", "P", ""], id=["", "", "", "a"])
    assert backtest(estimates({}), table).table["actual"].tolist() == [pytest.approx(17)]
    assert backtest(estimates({"id": "z"}), table).table["actual"].tolist() == [pytest.approx(16)]
    assert backtest(estimates({"id": "z", "publisher": "Q"}), table).table["actual"].tolist() == [pytest.approx(20)]


def test_later_bases_are_outcomes_of_older_reports_of_the_same_publisher() -> None:
    table = estimates(
        {},
        {
            "id": "b",
            "published": "2024",
            "base_year": "2023",
            "base_value": "16",
            "target_year": "2030",
            "target_value": "30",
        },
        {
            "id": "c",
            "publisher": "Q",
            "published": "2024",
            "base_year": "2023",
            "base_value": "99",
            "target_year": "",
            "target_value": "",
        },
        {
            "id": "d",
            "publisher": "Q",
            "status": "actual",
            "base_year": "2018",
            "base_value": "11",
            "target_year": "",
            "target_value": "",
        },
    )
    found = backtest(table, later_bases(table)).table
    assert found[["id", "year", "actual", "source"]].to_numpy().tolist() == [
        ["a", 2018, pytest.approx(11), "d"],
        ["a", 2023, pytest.approx(16), "b"],
    ]


@settings(max_examples=8, deadline=None)
@given(factor=st.floats(1e-3, 1e3), scale=st.sampled_from(["thousand", "million", "trillion"]))
def test_units_do_not_matter(factor: float, scale: str) -> None:
    base = backtest(estimates({}), outcomes({})).table
    scaled = estimates({"base_value": repr(10 * factor), "target_value": repr(20 * factor)})
    found = backtest(scaled, outcomes({"value": 15 * factor})).table
    np.testing.assert_allclose(found["error"], base["error"], atol=1e-9)
    size = {"thousand": 1e3, "million": 1e6, "trillion": 1e12}[scale]
    rescaled = backtest(estimates({}), outcomes({"value": 15e9 / size, "scale": scale})).table
    np.testing.assert_allclose(rescaled["actual"], 15, rtol=1e-12)


def test_order_of_rows_does_not_matter(record: Backtest, root: Path) -> None:
    old, came = read_track_record(root / "tests/reference/forecast_outcomes.csv")
    turned = backtest(old.iloc[::-1], came.sample(frac=1, random_state=1))
    for by in ("publisher", "horizon_class", "all"):
        pd.testing.assert_frame_equal(turned.scores(by), record.scores(by), rtol=1e-10)


def test_scores_weigh_scopes_alike(record: Backtest) -> None:
    rows = record.table[record.table["publisher"] == "IDC"]
    own = record.scores("publisher").loc["IDC"]
    assert own["forecasts"] == len(rows)
    assert own["bias"] == pytest.approx(rows.groupby("scope")["error"].mean().mean())
    assert own["coverage_80"] == pytest.approx(rows.groupby("scope")["inside_80"].mean().mean())
    both = record.scores()
    assert list(both.index.names) == ["publisher", "horizon_class"]
    assert both["forecasts"].sum() == len(record.table)


def test_the_record_is_covered_and_summed_up(record: Backtest) -> None:
    one = record.scores("all").iloc[0]
    assert 0.74 < one["coverage_80"] < 0.88
    assert 0.91 < one["coverage_95"] < 0.99
    text = record.summary()
    assert text.startswith(f"{len(record.table)} forecasts in {record.table['scope'].nunique()} markets by ")
    assert f"held {one['coverage_80']:.0%} of the outcomes" in text
    assert "<table" in record._repr_html_()


def test_the_figure_shows_coverage_by_horizon(record: Backtest) -> None:
    table = record.coverage()
    assert table.groupby("level")["count"].sum().tolist() == [len(record.table)] * 2
    _, ax = plt.subplots()
    assert record.plot(ax) is ax
    plt.close("all")


def test_records_are_shrunken_towards_the_pool() -> None:
    rng = np.random.default_rng(3)
    names = [f"market {i}" for i in range(40)]
    rows = [
        {"id": f"{p}{i}", "publisher": p, "scope": name} for i, name in enumerate(names) for p in ("good", "bad", "new")
    ]
    rows = [row for row in rows if row["publisher"] != "new" or row["scope"] == "market 0"]
    old = estimates(*rows)
    draws = {"good": 0.3, "bad": 2.0, "new": 2.0}
    levels = [stats.norm.cdf(rng.normal(0, draws[row["publisher"]])) for row in rows]
    errors = analyst_error(5, np.log(2) / 5).quantiles(levels)
    came = outcomes(*[{"scope": row["scope"], "value": 20 * np.exp(e)} for row, e in zip(rows, errors, strict=True)])
    result = backtest(old, came.assign(id=[row["id"] for row in rows]))
    found = publisher_records(result)
    assert found.weight("good") > 2
    assert found.weight("bad") < 0.8
    assert abs(found.weight("new") - 1) < abs(found.weight("bad") - 1) + 0.5
    assert found.weight("unknown") == 1.0
    assert found.extra_sd("good", horizon=5, growth=0.1) == 0.0
    wide = found.table.loc["bad"]
    extra = np.sqrt(wide["bias"] ** 2 + wide["spread"] ** 2 - 1) * analyst_error(5, 0.1).sd()
    assert found.extra_sd("bad", horizon=5, growth=0.1) == pytest.approx(float(extra))
    assert found.extra_sd("unknown", horizon=5) == 0.0
    assert "good: weight" in found.summary()
    assert "<table" in found._repr_html_()
    stiff = publisher_records(result, pool_counts=1e9).table
    np.testing.assert_allclose(stiff["weight"], 1, atol=1e-6)


def test_a_record_by_hand() -> None:
    rows = [{"id": "a", "publisher": "P"}, {"id": "b", "publisher": "Q", "scope": "drones"}]
    result = backtest(estimates(*rows), outcomes({}, {"scope": "drones", "value": 24.0}))
    z = stats.norm.ppf(result.table.set_index("publisher")["pit"])
    bias, square = z.mean(), z.var()
    own = (4 * bias + z[0]) / 5
    spread = (4 * square + (z[0] - own) ** 2) / 5
    found = publisher_records(result).table.loc["P"]
    assert found["bias"] == pytest.approx(own)
    assert found["spread"] == pytest.approx(np.sqrt(spread))
    assert found["weight"] == pytest.approx((bias**2 + square) / (own**2 + spread))


@pytest.mark.parametrize(
    ("name", "rows", "publishers"),
    [("forecast_vs_actual_iea_weo.csv", 124, {"IEA WEO"}), ("forecast_vs_actual_market_research.csv", 31, None)],
)
def test_other_layouts_are_read(shared: Path, name: str, rows: int, publishers: set[str] | None) -> None:
    old, came = read_track_record(shared / "data" / name)
    assert len(old) == len(came) == rows
    table = backtest(old, came).table
    printed = table[table["kind"] == "printed"]
    assert len(printed) == rows
    assert publishers is None or set(printed["publisher"]) == publishers
    raw = pd.read_csv(shared / "data" / name)
    if publishers:
        np.testing.assert_allclose(
            np.sort(printed["error"]), np.sort(np.log(raw["actual"] / raw["forecast"])), rtol=1e-9
        )
        assert sorted(printed["horizon"]) == sorted(raw["horizon_from_last_actual"])


def test_biased_choices_and_doubtful_definitions_are_left_out_unless_asked_for(root: Path) -> None:
    path = root / "tests/reference/forecast_outcomes.csv"
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    scenario = raw["hedge"].isin(["low scenario", "high scenario"])
    sound = raw["definition_match"].isin(["same", "near"])
    assert len(read_track_record(path).estimates) == (~scenario & sound & (raw["selection"] != "cited as a miss")).sum()
    missed = read_track_record(path, selections=["cited as a miss"], matches=["same", "near", "doubtful"])
    assert len(missed.estimates) == (raw["selection"] == "cited as a miss").sum()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"value": 0.0}, ArgumentError, "outcomes, row 2, value: found 0.0; allowed: a number above 0"),
        ({"year": 2023.5}, ArgumentError, "outcomes, row 2, year: found 2023.5; allowed: a year such as 2023"),
        ({"scale": "zillion"}, ArgumentError, "outcomes, row 2, scale: found 'zillion'; allowed: unit, thousand"),
        ({"scope": "drones"}, ArgumentError, "found none of 2 forecasts has an outcome"),
        ({"currency": "EUR"}, FootingError, "a, 2023: currency 'USD' against 'EUR'"),
        ({"scale": ""}, FootingError, "a, 2023: only one of them has a scale"),
        ({"valu": 1}, ArgumentError, "outcomes, column 'valu': found an unknown column; did you mean 'value'?"),
    ],
)
def test_wrong_outcomes_are_told(change: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        backtest(estimates({}), outcomes(change))
    assert message in str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ArgumentError) as caught:
        backtest(estimates({}), outcomes({"value": -1.0, "year": 3000}))
    assert str(caught.value).startswith("2 problems:")
    with pytest.raises(ArgumentError) as caught:
        backtest(estimates({}), outcomes({}).drop(columns=["source", "year"]))
    assert "outcomes, column 'year': found no such column; add it" in str(caught.value)


def test_price_bases_are_not_mixed() -> None:
    table = outcomes({}).assign(price_basis="real 2023")
    with pytest.raises(FootingError, match="price_basis 'nominal' against 'real 2023'"):
        backtest(estimates({"price_basis": "nominal"}), table)


def test_other_wrong_arguments_are_told(record: Backtest, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="by: found 'publsher'; did you mean 'publisher'"):
        record.scores("publsher")
    with pytest.raises(ArgumentError, match="pool_counts: found 0; allowed: a number above 0"):
        publisher_records(record, pool_counts=0)
    with pytest.raises(EstimatesError, match="no value of any year"):
        forecasts(estimates({"base_value": "", "target_year": "", "target_value": "", "cagr": "12"}))
    with pytest.raises(ArgumentError, match="no such file"):
        read_track_record(tmp_path / "none.csv")
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ArgumentError, match=r"odd\.csv: found the columns a, b; allowed: .*edition"):
        read_track_record(tmp_path / "odd.csv")
