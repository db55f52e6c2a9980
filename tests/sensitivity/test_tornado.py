"""The tornado: everything moves that can, what cannot says why, and the order is that of the swings."""

import numpy as np
import pytest
from matplotlib.axes import Axes

import forecast
from forecast.errors import ArgumentError, ModelError
from forecast.pipeline import Run
from forecast.sensitivity import Cagr, Probability, Quantity, Tornado, Value, YearAbove, tornado


@pytest.fixture(scope="module")
def by_value(done: Run) -> Tornado:
    return tornado(done, Value(2030))


def test_every_kind_of_input_is_there(by_value: Tornado, eventful: Run) -> None:
    kinds = set(by_value.table["kind"])
    assert kinds == {"consensus", "driver", "prior", "hedge", "source"}
    assert len(by_value.table) >= 24
    with_events = tornado(eventful, Value(2030), inputs=["event"]).table.set_index("input")
    assert with_events.loc["event: approval", ["low_input", "high_input"]].tolist() == ["does not happen", "happens"]
    assert with_events.loc["event: approval", "high_value"] > with_events.loc["event: approval", "low_value"]
    assert with_events.loc["event: withdrawal", "high_value"] < with_events.loc["event: withdrawal", "low_value"]


def test_every_driver_moves_the_result(done: Run, eventful: Run, saturating: Run) -> None:
    for run in (done, eventful, saturating):
        drivers = tornado(run, Value(2035, 0.9), inputs=["driver"]).table.set_index("input")
        assert len(drivers) >= 4
        assert (drivers["swing"].drop("volatility") > 0.1).all()


def test_what_cannot_move_the_answer_says_why(by_value: Tornado) -> None:
    still = by_value.table[by_value.table["swing"] <= 1e-6 * by_value.table["base_value"]].set_index("input")["note"]
    assert still["volatility"] == "it widens the band and leaves the median where it is"
    assert still["likeness of one publisher's sources"] == "no publisher has two sources in the pool"
    assert (by_value.table.set_index("input")["note"].drop(still.index) == "").all()


def test_bars_are_ordered_and_hold_the_base(by_value: Tornado) -> None:
    table, runs = by_value.table, by_value.runs
    assert table["swing"].is_monotonic_decreasing
    numbers = table[table["kind"].isin(["driver", "consensus"]) & table["monotonic"] & (table["note"] == "")]
    low, high = np.sort(numbers[["low_value", "high_value"]].to_numpy(), axis=1).T
    assert (low <= numbers["base_value"]).all()
    assert (numbers["base_value"] <= high).all()
    reach = runs.groupby("input")["value"].agg(np.ptp)
    np.testing.assert_allclose(reach[table["input"]], table["swing"], rtol=1e-12)


def test_the_base_is_the_answer_of_the_run(done: Run, by_value: Tornado) -> None:
    median = done.projection.quantiles([0.5]).loc[("base", 2030)].item()
    assert by_value.table["base_value"].to_numpy() == pytest.approx(median)
    level = by_value.runs[(by_value.runs["kind"] == "consensus")]
    # the median of a product is not quite the product of medians
    assert level["value"].iloc[2] == pytest.approx(median, rel=0.1)


@pytest.mark.parametrize("quantity", [Cagr(2023, 2030), YearAbove(60), Probability(above=50, year=2030)])
def test_other_quantities_have_a_tornado_too(done: Run, quantity: Quantity) -> None:
    found = tornado(done, quantity, scenario="ambitious", inputs=["consensus", "driver", "event"])
    base = quantity.of(done.projection.paths["ambitious"])
    assert found.table["base_value"].to_numpy() == pytest.approx(base)
    assert quantity.show(base, done.unit) in found.summary()
    assert found.summary().startswith(f"{quantity.label}, scenario ambitious: ")


def test_an_unknown_scenario_is_named_with_a_suggestion(done: Run) -> None:
    with pytest.raises(ArgumentError) as caught:
        tornado(done, Value(2030), scenario="ambitous")
    said = "scenario: found 'ambitous'; allowed: cautious, base, ambitious; did you mean 'ambitious'?"
    assert str(caught.value) == said


def test_it_is_the_same_each_time(done: Run, by_value: Tornado) -> None:
    assert forecast.tornado(done, Value(2030)).table.equals(by_value.table)


def test_the_spider_has_the_same_runs(by_value: Tornado) -> None:
    spider = by_value.spider()
    assert set(spider.table["position"]) == {0.1, 0.3, 0.5, 0.7, 0.9}
    merged = spider.table.merge(by_value.runs, on=["input", "kind", "point"], suffixes=("", "_run"))
    assert len(merged) == len(spider.table)
    assert merged["value"].equals(merged["value_run"])
    assert not {"volatility", "likeness of one publisher's sources"} & set(spider.table["input"])
    assert spider.summary().endswith((" it both ways.", "every input moves it one way only."))
    assert isinstance(spider.plot(), Axes)


def test_an_unknown_input_is_named_with_a_suggestion(done: Run) -> None:
    with pytest.raises(ArgumentError) as caught:
        tornado(done, Value(2030), inputs=["half lfe", "growth.half_life"])
    assert str(caught.value) == "input: found 'half lfe'; did you mean 'half life'?"


def test_a_year_that_some_settings_do_not_reach(done: Run) -> None:
    amount = 0.95 * done.projection.quantiles([0.5]).loc[("base", 2035)].item()
    found = tornado(done, YearAbove(amount), inputs=["consensus", "driver"])
    assert found.table["low_value"].iloc[0] > 2035
    assert YearAbove(amount).show(found.table["base_value"].iloc[0], "USD bn") in found.summary()
    with pytest.raises(ModelError) as caught:
        tornado(done, YearAbove(1e5))
    assert str(caught.value).startswith("Year in which the median passes 100,000: not reached by 2035; ask about a")
