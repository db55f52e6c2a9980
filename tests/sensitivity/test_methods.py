"""Influence, discovery, decomposition, screening, and all results in one table."""

import sys

import numpy as np
import pytest
from matplotlib.axes import Axes

import forecast
from forecast.errors import ArgumentError, MissingDependencyError, ModelError
from forecast.pipeline import Run
from forecast.sensitivity import (
    Cagr,
    Cumulative,
    Probability,
    Quantity,
    Value,
    YearAbove,
    break_even,
    decomposition,
    discover,
    influence,
    morris,
    parse_quantity,
    reverse_stress,
    sensitivity_table,
    sobol,
    tornado,
)
from forecast.sensitivity.methods import COLUMNS, METHODS
from forecast.sensitivity.regions import cart, prim


def test_influence_of_each_source_statement_belief_and_event(eventful: Run) -> None:
    found = influence(eventful, Value(2030))
    kinds = set(found.table["kind"])
    assert kinds == {"source", "statement", "prior", "event", "new source", "driver", "consensus"}
    by_name = found.table.set_index("input")
    median = eventful.projection.quantiles([0.5]).loc[("base", 2030)].item()
    assert found.base[1] == pytest.approx(median, rel=0.02)
    assert (
        by_name.loc["event: approval", "moves"].tolist()[0] < 0 < by_name.loc["event: withdrawal", "moves"].tolist()[0]
    )
    assert (found.table["low"] < found.table["high"]).all()
    assert isinstance(found.plot(), Axes)


def test_more_and_better_sources_narrow_the_band(done: Run) -> None:
    found = influence(done, Value(2030))
    band = found.table.set_index("input")["band"]
    assert band["a measured actual"] < band["one more estimate of the level"] < 0
    assert band["market in 2023"] < band["growth shift"] <= 0
    assert "The 80 % band would narrow most with a measured actual (added) by " in found.summary()
    # what only repeats the other numbers of its source moves next to nothing
    assert abs(band["MarketsandMarkets: 3.06 (2023-2028)"]) < 0.01


def test_a_box_is_found_where_it_was_hidden() -> None:
    points = np.random.default_rng(3).random((8000, 4))
    hits = (points[:, 1] > 0.6) & (points[:, 3] < 0.3)
    box = prim(points, hits)
    assert box.bound == [1, 3]
    assert box.low[1] == pytest.approx(0.6, abs=0.05)
    assert box.high[3] == pytest.approx(0.3, abs=0.05)
    assert min(box.coverage, box.density) > 0.85
    leaves = cart(points, hits)
    assert leaves[0].density > 0.95
    assert sum(leaf.mass for leaf in leaves) == pytest.approx(1)
    assert sum(leaf.coverage for leaf in leaves) == pytest.approx(1)


def test_discovery_says_where_the_market_is_large(done: Run) -> None:
    found = discover(done, Value(2030), 100.0)
    assert found.share == pytest.approx(done.projection.probability(above=100, year=2030)["base"], abs=0.01)
    box = found.table[found.table["method"] == "box"].iloc[0]
    assert box["density"] > 2 * found.share
    assert "market in 2023 is above USD" not in box["region"]
    assert "market in 2023 is above 2" in box["region"]
    assert " % of the paths the market in 2030 is at least USD 100 bn (scenario base). " in found.summary()
    assert isinstance(found.plot(), Axes)
    missed = discover(done, Value(2030), 100.0, above=False)
    assert missed.share == pytest.approx(1 - found.share)
    assert "market in 2023 is below" in missed.table["region"].iloc[0]


def test_decomposition_is_that_of_the_projection(done: Run) -> None:
    found = decomposition(done, 2030)
    own = found.table[found.table["year"] == 2030].set_index("part")
    told = done.projection.decomposition.loc[("base", 2030)]
    np.testing.assert_allclose(own["variance"], told[own.index])
    assert own["share"].sum() == pytest.approx(1)
    assert found.summary().startswith("The band in 2030, scenario base, comes from: between publishers 8")
    assert isinstance(found.plot(), Axes)


def test_screening_ranks_the_consensus_first(done: Run) -> None:
    pytest.importorskip("SALib")
    found = morris(done, Value(2030), inputs=["consensus", "driver", "GD-2026", "prior.herding"], trajectories=3)
    assert set(found.table["input"].iloc[:2]) == {"market in 2023", "growth of the consensus 2023–2028"}
    assert found.runs == 3 * (len(found.table) + 1)
    assert isinstance(found.plot(), Axes)
    assert "on average over the others, for growth of the consensus 2023–2028 (USD " in found.summary()


def test_screening_without_its_library_says_what_to_install(done: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "SALib.analyze", None)
    with pytest.raises(MissingDependencyError) as caught:
        morris(done, Value(2030))
    assert str(caught.value) == "morris needs SALib; install it with: pip install SALib"


def test_one_table_of_several_methods(done: Run) -> None:
    methods = ["sobol", "shapley", "decomposition", "influence", "spider"]
    table = sensitivity_table(done, Value(2030), methods)
    assert tuple(table.columns) == COLUMNS
    assert list(dict.fromkeys(table["method"])) == methods
    about = table.groupby("method")["quantity"].unique().str.join(", ").to_dict()
    shared = dict.fromkeys(["sobol", "shapley", "decomposition"], "Market in 2030 (share of variance)")
    assert about == shared | dict.fromkeys(["influence", "spider"], "Median of the market in 2030")
    assert table.drop(columns=["low", "high"]).notna().all(axis=None)
    assert set(methods) | {"morris", "tornado"} == set(METHODS)


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("value:2030", Value(2030)),
        ("cagr:2023-2030", Cagr(2023, 2030)),
        ("year-above:50", YearAbove(50)),
        ("cumulative:2025-2030", Cumulative(2025, 2030)),
        ("probability:50@2030", Probability(50, 2030)),
        ("probability:12.5@2030", Probability(12.5, 2030)),
    ],
)
def test_quantities_are_read_from_the_command_line(text: str, quantity: Quantity) -> None:
    assert parse_quantity(text) == quantity


FORMS = "value:2030, cagr:2023-2030, year-above:50, cumulative:2025-2030, probability:50@2030"


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda _: parse_quantity("vale:2030"),
            ArgumentError,
            f"quantity: found 'vale:2030'; allowed: {FORMS}; did you mean 'value'?",
        ),
        (
            lambda _: parse_quantity("cagr:2030"),
            ArgumentError,
            "quantity: found 'cagr:2030'; allowed: cagr:2023-2030",
        ),
        (
            lambda _: parse_quantity("cagr:2030-2023"),
            ArgumentError,
            "Cagr: found from 2030 to 2023; allowed: an end year after the start year",
        ),
        (
            lambda run: sensitivity_table(run, Value(2030), ["tornadoes", "sobl"]),
            ArgumentError,
            "2 problems:\n  - method: found 'tornadoes'; did you mean 'tornado'?\n"
            "  - method: found 'sobl'; did you mean 'sobol'?",
        ),
        (
            lambda run: influence(run, Probability(50, 2030)),
            ArgumentError,
            "influence, quantity: found Probability; allowed: a quantity with a band, such as Value(2030)",
        ),
        (
            lambda run: discover(run, Value(2030), 1e6),
            ModelError,
            "hardly any path is above the target; choose one nearer to the median",
        ),
        (
            lambda run: decomposition(run, 2050),
            ArgumentError,
            "year: found 2050; allowed: a year from 2023 to 2035",
        ),
    ],
)
def test_bad_input_is_said_clearly(done: Run, call: object, error: type[Exception], said: str) -> None:
    with pytest.raises(error) as caught:
        call(done)  # type: ignore[operator]
    assert str(caught.value) == said


RUN = 'allowed: a Run; work the case through first: forecast.run("...")'


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda _: tornado("x", Value(2030)), f"run: found 'x'; {RUN}"),
        (lambda _: sensitivity_table(None, Value(2030)), f"run: found None; {RUN}"),
        (lambda _: forecast.explore("regenerative_medicine"), f"run: found 'regenerative_medicine'; {RUN}"),
        (lambda run: tornado(run, 2030), "quantity: found 2030; allowed: a quantity such as Value(2030)"),
        (lambda run: tornado(run, "vale:2030"), "quantity: found 'vale:2030'; allowed: value:2030"),
        (lambda run: break_even(run, Value(2030), "100"), "target: found '100'; allowed: a number"),
        (lambda run: break_even(run, Value(2030), -5), "target: found -5; allowed: a number above 0"),
        (lambda run: break_even(run, Cagr(2023, 2030), -1), "target: found -1; allowed: a number above -1"),
        (lambda run: break_even(run, Probability(50, 2030), 62), "allowed: a probability between 0 and 1"),
        (lambda run: break_even(run, Value(2030), float("nan")), "target: found nan; allowed: a finite number"),
        (lambda run: reverse_stress(run, "value:2030", None), "target: found None; allowed: a number"),
        (lambda run: sobol(run, Value(2030), seed=-1), "seed: found -1; allowed: a whole number of at least 0"),
        (lambda _: Value("2030"), "Value, year: found '2030'; allowed: a year as a whole number"),
        (lambda _: Cagr(2023, 2030.5), "Cagr, year: found 2030.5; allowed: a year as a whole number"),
        (lambda _: Value(2030, "median"), "level: found 'median'; allowed: a probability between 0 and 1"),
        (lambda _: YearAbove("50"), "YearAbove, value: found '50'; allowed: an amount above 0"),
        (lambda _: forecast.run(None), "case: found None; allowed: a Case, its folder, or the name"),
        (lambda _: forecast.run(3), "case: found 3; allowed: a Case, its folder, or the name"),
        (lambda run: forecast.run(run), "case: found a Run; allowed: a Case, its folder, or the name"),
    ],
)
def test_an_argument_of_another_kind_is_refused_by_name(done: Run, call: object, said: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        call(done)  # type: ignore[operator]
    assert said in str(caught.value)


def test_a_quantity_may_be_given_as_text(done: Run) -> None:
    asked = [break_even(done, quantity, 80, inputs=["market"]) for quantity in ("value:2030", Value(2030))]
    assert asked[0].quantity == asked[1].quantity
    assert asked[0].summary() == asked[1].summary()
