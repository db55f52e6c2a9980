"""Two-way tables, break-even and reverse stress against the model evaluated point by point."""

import math
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from scipy import special

from forecast.errors import ArgumentError, ModelError
from forecast.pipeline import Run
from forecast.sensitivity import Cagr, Cumulative, Probability, Quantity, Value, YearAbove
from forecast.sensitivity.break_even import NOT_REACHED, break_even, nearest, reach, reverse_stress
from forecast.sensitivity.grid import at_drivers, grid
from forecast.sensitivity.model import model_of

QUANTITIES = [Value(2032, 0.9), Cagr(2023, 2030), YearAbove(60), Cumulative(2025, 2030), Probability(50, 2030)]


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_many_settings_at_once_are_those_one_by_one(done: Run, quantity: Quantity) -> None:
    model = model_of(done)
    lives, shifts = np.array([2.0, 5.0, 8.0]), np.array([0.02, 0.0, -0.02])
    found = at_drivers(model, model.base, quantity, {"growth.half_life": lives, "growth.growth_shift": shifts})
    for life, shift, value in zip(lives, shifts, found, strict=True):
        scenario = model.base.scenario.with_value("growth.half_life", life).with_value("growth.growth_shift", shift)
        # both merge the components of the consensus, each in its own way
        assert value == pytest.approx(model.value(replace(model.base, scenario=scenario), quantity), rel=1e-3)


def test_a_grid_of_two_drivers(done: Run) -> None:
    median = done.projection.quantiles([0.5]).loc[("base", 2030)].item()
    target = round(1.02 * median, 1)
    found = grid(done, Value(2030), "half life", "growth.growth_shift", size=(5, 7), target=target)
    assert found.matrix.shape == (7, 5)
    assert (np.diff(found.matrix.to_numpy(), axis=0) > 0).all()
    assert found.matrix.loc[0.0].iloc[1] == pytest.approx(median, rel=0.02)
    assert found.table["reached"].equals(found.table["value"] >= target)
    assert f"of the table reaches USD {target} bn." in found.summary()
    assert isinstance(found.plot(), Axes)
    assert "<table" in found._repr_html_()


def test_a_grid_of_a_driver_and_a_source(done: Run) -> None:
    found = grid(done, Value(2030), "MM-2024", "growth.growth_shift", size=3)
    assert found.matrix.shape == (3, 2)
    assert (found.matrix[0.0] > found.matrix[1.0]).all()


def test_break_even_meets_its_target(done: Run) -> None:
    median = done.projection.quantiles([0.5]).loc[("base", 2030)].item()
    target = round(1.05 * median, 1)
    found = break_even(done, Value(2030), target)
    reached = found.table[found.table["note"] == ""]
    assert {"market in 2023", "growth shift"} <= set(reached["input"])
    np.testing.assert_allclose(reached["reached"], target, rtol=0, atol=1e-8)
    assert (found.table.set_index("input")["note"]["terminal growth"]) == NOT_REACHED
    assert "Not within its range: half life and terminal growth." in found.summary()
    assert f"for USD {target} bn in place of USD " in found.summary()
    assert isinstance(found.plot(), Axes)


@pytest.mark.parametrize("name", ["done", "eventful", "saturating"])
def test_a_fine_grid_is_what_each_cell_gives(name: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(name)
    x, y = ("rate", "ceiling") if name == "saturating" else ("half life", "prior.optimism_mean")
    coarse, fine = (grid(run, Value(2035), x, y, size=size) for size in (3, 17))
    cells = coarse.matrix.to_numpy()
    np.testing.assert_allclose(fine.matrix.to_numpy()[::8, ::8], cells, rtol=2e-3)
    assert np.isfinite(fine.table["value"]).all()


def test_from_16_in_2023_to_50_in_2030_needs_17_7_percent_a_year() -> None:
    found = reach(lambda growth: 16 * (1 + growth) ** 7, 50, -0.5, 1.0)
    assert found == pytest.approx(0.1768, abs=5e-5)
    assert 16 * (1 + found) ** 7 == pytest.approx(50, abs=1e-8)


def test_reach_follows_a_function_that_goes_both_ways() -> None:
    assert reach(lambda x: x * x, 4, -3, 3, near=1) == pytest.approx(2)
    assert reach(lambda x: x * x, 4, -3, 3, near=-1) == pytest.approx(-2)
    assert reach(lambda x: x * x, 10, -3, 3) is None


def test_the_nearest_point_of_a_plane_and_of_a_curve() -> None:
    slopes = np.array([3.0, 4.0])
    np.testing.assert_allclose(nearest(lambda z: z @ slopes - 10, 2), [1.2, 1.6], atol=1e-6)
    curved = nearest(lambda z: np.exp(z[:, 0]) + np.exp(z[:, 1]) - 4, 2)
    np.testing.assert_allclose(curved, math.log(2), atol=1e-5)


def test_reverse_stress_is_the_likeliest_way_to_the_target(done: Run) -> None:
    target = round(0.45 * done.projection.quantiles([0.5]).loc[("base", 2030)].item(), 1)
    found = reverse_stress(done, Value(2030), target)
    scores = special.ndtri(found.table["percentile"])
    assert np.linalg.norm(scores) == pytest.approx(found.distance, rel=1e-6)
    assert found.table["share"].sum() == pytest.approx(1)
    # the log market is nearly linear in the scores, so the probability is nearly that of the whole projection
    below = 1 - done.projection.probability(above=target, year=2030)["base"]
    assert found.probability == pytest.approx(below, abs=0.04)
    assert found.summary().startswith(f"The likeliest way to USD {target} bn (the market in 2030, scenario base): ")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda run: grid(run, Value(2030), "half lif", "growth shift"),
            "input: found 'half lif'; did you mean 'half life'?",
        ),
        (
            lambda run: grid(run, Value(2030), "half life", "growth.half_life"),
            "inputs: found 'half life' twice; allowed: two different inputs",
        ),
        (
            lambda run: grid(run, Value(2030), "half life", "volatility"),
            "input: found 'volatility'; allowed: an input with a spread; it is a single number",
        ),
        (
            lambda run: grid(run, Value(2030), "half life", "growth shift", size=1),
            "size: found 1; allowed: 2 points or more along each input",
        ),
        (
            lambda run: break_even(run, Value(2030), 75, inputs=["GD-2026", "volatility"]),
            "2 problems:\n"
            "  - input: found 'volatility'; allowed: an input with a spread; it is a single number or a choice\n"
            "  - input: found 'GlobalData (GD-2026)'; allowed: an input with a spread; "
            "it is a single number or a choice",
        ),
        (
            lambda run: reverse_stress(run, Value(2030), -1),
            "target: found -1; allowed: a number above 0",
        ),
        (
            lambda run: reverse_stress(run, YearAbove(50), 2030),
            "reverse_stress, quantity: found YearAbove; allowed: Value, Cagr or Cumulative",
        ),
    ],
)
def test_bad_input_is_said_clearly(done: Run, call: object, said: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        call(done)  # type: ignore[operator]
    assert str(caught.value) == said


def test_a_target_out_of_reach_is_said_to_be() -> None:
    with pytest.raises(ModelError) as caught:
        nearest(lambda z: np.tanh(z[:, 0]) - 2, 1)
    assert str(caught.value) == "no joint move of the inputs reaches the target; choose one nearer to the median"
