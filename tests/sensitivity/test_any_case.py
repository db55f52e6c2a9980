"""Every method on every kind of case: from a tree, from a history, in segments, with events, without a level."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import forecast
from forecast.errors import ModelError
from forecast.estimates import Footing
from forecast.pipeline import Run
from forecast.scenario import Scenario
from forecast.sensitivity import (
    Cagr,
    Cumulative,
    Quantity,
    Value,
    break_even,
    decomposition,
    discover,
    grid,
    influence,
    reverse_stress,
    shapley,
    sobol,
    tornado,
)
from forecast.sensitivity.chaos import chaos
from forecast.sensitivity.model import model_of
from forecast.sensitivity.outcome import Outcome
from forecast.sensitivity.tornado import NO_LEVEL
from forecast.start import HistoryStart

EXPECTED_INPUTS = {
    "tree": {"immune price", "new patients: growth", "event: conditional licence", "two acts: points"},
    "segments": {"market in 2023", "car t: half life", "gene: share", "gene: terminal growth"},
    "history": {"course of the history to 2028", "half life", "event: approval"},
}


@pytest.fixture(scope="module")
def tree(run_of: Callable[[str], Run]) -> Run:
    return run_of("taiwan_cell_therapy")


@pytest.fixture(scope="module")
def segments(run_of: Callable[[str], Run]) -> Run:
    done = run_of("cell_gene_therapy")
    scenario = done.case.scenarios["by_segment"].model_copy(update={"handover_year": 2026, "end": 2035})
    case = replace(done.case, scenarios={"base": scenario})
    return replace(done, case=case, projection=forecast.project(done.start, {"base": scenario}))


@pytest.fixture(scope="module")
def history(done: Run) -> Run:
    sales = pd.Series([3.1, 3.9, 4.6, 5.9, 7.1, 8.2, 10.1, 11.8], index=range(2016, 2024), dtype=float)
    start = HistoryStart(sales, Footing(currency="USD", scale="billion", price_basis="nominal", value_basis=""))
    step = {"kind": "level step", "size": {"low": 0.1, "base": 0.2, "high": 0.3}}
    scenario = Scenario.model_validate(
        {
            "schema": 1,
            "name": "base",
            "end": 2033,
            "handover_year": 2028,
            "growth": {
                "curve": "fading",
                "half_life": {"low": 2, "base": 4, "high": 8},
                "terminal_growth": {"low": 0.02, "base": 0.04, "high": 0.06},
                "volatility": 0.04,
            },
            "events": {"approval": {"year": 2027, "probability": 0.4, "effects": [step]}},
            "correlation": [{"between": ["growth.half_life", "growth.terminal_growth"], "value": 0.4}],
        }
    )
    case = replace(done.case, scenarios={"base": scenario})
    return replace(done, case=case, start=start, projection=forecast.project(start, {"base": scenario}))


@pytest.fixture(params=["tree", "segments", "history"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def any_run(kind: str, request: pytest.FixtureRequest) -> Run:
    run: Run = request.getfixturevalue(kind)
    return run


def test_the_tornado_holds_every_kind_of_input(kind: str, any_run: Run) -> None:
    quantity = Value(2033)
    found = tornado(any_run, quantity)
    assert EXPECTED_INPUTS[kind] <= set(found.table["input"])
    moving = found.table[found.table["note"] == ""]
    assert (moving["swing"] > 0).all()
    assert len(moving) >= 4
    assert found.table["base_value"].to_numpy() == pytest.approx(quantity.of(any_run.projection.paths["base"]))
    assert isinstance(found.plot(), Axes)
    assert isinstance(found.spider().plot(), Axes)


@pytest.mark.parametrize("quantity", [Value(2033), Cagr(2026, 2033)])
def test_single_paths_have_the_bands_of_the_projection(any_run: Run, quantity: Quantity) -> None:
    outcome = Outcome(model_of(any_run), quantity)
    levels = [0.1, 0.5, 0.9]
    drawn = np.quantile(quantity.from_log(outcome.values(outcome.scores(2**14, 1))), levels)
    told = [replace(quantity, level=level).of(any_run.projection.paths["base"]) for level in levels]  # type: ignore[call-arg]
    # the projection merges nodes, and a sum of segments is straightened about the mean growth
    np.testing.assert_allclose(drawn, told, rtol=0.03, atol=0.004 if isinstance(quantity, Cagr) else 0.0)


def test_shares_sum_to_one_and_agree(any_run: Run) -> None:
    carried, effects = sobol(any_run, Value(2033), points=2**12), shapley(any_run, Value(2033))
    first = carried.table[carried.table["order"] == "first"]
    assert first["share"].sum() == pytest.approx(1, abs=0.1)
    assert abs(effects.table["share"].sum() - 1) <= 1e-10
    assert effects.table["input"].iloc[0] == first["input"].iloc[0]
    parts = decomposition(any_run, 2033)
    assert parts.table.query("year == 2033")["share"].sum() == pytest.approx(1)
    for result in (carried, effects, parts):
        assert isinstance(result.plot(), Axes)


def test_what_an_input_would_have_to_be(kind: str, any_run: Run) -> None:
    median = Value(2033).of(any_run.projection.paths["base"])
    names = {"tree": ["immune price", "marrow price"]}.get(kind, ["market"])
    found = break_even(any_run, Value(2033), 1.1 * median, inputs=names)
    reached = found.table[found.table["note"] == ""]
    assert len(reached) >= 1
    np.testing.assert_allclose(reached["reached"], 1.1 * median, rtol=0, atol=1e-8 * max(1.0, median))
    far = reverse_stress(any_run, Value(2033), 1.4 * median)
    assert far.distance > 0.1
    x, y = {"tree": ("immune price", "new patients: growth"), "segments": ("gene: share", "car t: half life")}.get(
        kind, ("half life", "terminal growth")
    )
    assert np.isfinite(grid(any_run, Value(2033), x, y, size=12).matrix.to_numpy()).all()
    region = discover(any_run, Value(2033), 1.3 * median)
    assert region.table["density"].iloc[0] > region.share


@pytest.mark.parametrize("kind", ["tree", "history"])
def test_leaving_out_and_learning(any_run: Run) -> None:
    found = influence(any_run, Cumulative(2028, 2033))
    assert {"driver", "event"} <= set(found.table["kind"])
    known = found.table[found.table["change"] == "known"]
    # knowing an input cannot widen the band that is expected by much: it is not the variance, which would fall
    assert (known["band"] < 0.03).all()
    assert known["band"].min() < -0.005
    assert isinstance(found.plot(), Axes)


def test_no_answer_without_the_only_source_with_a_level(done: Run) -> None:
    pool = done.consensus.pool
    first, *others = pool.sources
    growth_only = [replace(s, statements=tuple(x for x in s.statements if x.kind == "growth")) for s in others]
    kept = (first, *(source for source in growth_only if source.statements))
    consensus = replace(done.consensus, pool=replace(pool, sources=kept))
    run = replace(done, start=consensus)
    swings = tornado(run, Value(2030), inputs=["source"]).table.set_index("input")
    name = f"{first.publisher} ({first.id})"
    assert swings.loc[name, "note"] == NO_LEVEL
    table = influence(run, Value(2030)).table.set_index("input")
    assert table.loc[name, "note"] == NO_LEVEL
    assert np.isnan(table.loc[name, "median"])
    model = model_of(run)
    with pytest.raises(ModelError) as caught:
        model.value(replace(model.base, pool=run.consensus.pool.without(first.id)), Value(2030))
    assert str(caught.value) == "no source is left that prints a level; growth alone says nothing of the size"


def test_many_independent_inputs_and_some_that_go_together() -> None:
    # 16 inputs, the last two with correlation r: f = sum b z has the closed form of the linear Gaussian model
    slopes, r = np.linspace(1, 0.25, 16), 0.5
    root = np.eye(16)
    root[15, 14:] = r, np.sqrt(1 - r**2)
    found = chaos(lambda e: e @ root.T @ slopes, 16, degree=1).shapley(root)
    b, c = slopes[14:]
    alone = slopes[:14] ** 2
    shared = np.array([(b + r * c) ** 2, (c + r * b) ** 2])
    pair = b * b + c * c + 2 * r * b * c
    wanted = np.concatenate([alone, (shared + pair - shared[::-1]) / 2]) / (alone.sum() + pair)
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    assert abs(found.sum() - 1) <= 1e-10
