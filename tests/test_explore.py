"""Sliders and switches: what they show agrees with full projections, and every wrong turn is told."""

import io
import sys
import time
from dataclasses import replace

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

import forecast
from forecast.errors import ArgumentError, MissingDependencyError, ModelError
from forecast.explore import Explorer, Setting, Sketch, explore
from forecast.explore.sketch import sketch_of
from forecast.pipeline import Run
from forecast.reconcile.consensus import solve
from forecast.wording import amount, money

CASES = {"regenerative_medicine": "base", "cell_gene_therapy": "solid_tumours", "taiwan_cell_therapy": "base"}


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    """Each case with the one scenario that is looked at."""
    found = {}
    for name, scenario in CASES.items():
        case = forecast.read_case(name)
        found[name] = forecast.run(replace(case, scenarios={scenario: case.scenarios[scenario]}))
    return found


@pytest.fixture
def explorer(runs: dict[str, Run]) -> Explorer:
    return explore(runs["regenerative_medicine"])


def sketch(run: Run) -> Sketch:
    return sketch_of(run, next(iter(run.projection.paths)))


@pytest.mark.parametrize("case", CASES)
def test_as_read_the_bands_are_those_of_the_run(runs: dict[str, Run], case: str) -> None:
    run = runs[case]
    expected = run.projection.quantiles().loc[CASES[case]]
    np.testing.assert_allclose(sketch(run).quantiles().to_numpy(), expected.to_numpy(), rtol=1e-12)


@pytest.mark.parametrize(
    ("case", "setting", "within"),
    [
        ("regenerative_medicine", Setting(values=(("growth.half_life", 8.0),)), 0.01),
        ("regenerative_medicine", Setting(values=(("growth.terminal_growth", 0.08),)), 0.01),
        ("regenerative_medicine", Setting(left_out=("GD-2026",)), 0.04),
        ("regenerative_medicine", Setting(left_out=("MM-2024",)), 0.04),
        ("cell_gene_therapy", Setting(happens=("solid_tumour_licence",)), 0.01),
        ("cell_gene_therapy", Setting(ruled_out=("solid_tumour_licence",)), 0.01),
        ("cell_gene_therapy", Setting(values=(("growth.growth_shift", 0.03),), happens=("class_warning",)), 0.01),
        ("cell_gene_therapy", Setting(left_out=("EY-2022",)), 0.04),
        ("taiwan_cell_therapy", Setting(happens=("two_acts",)), 1e-9),
    ],
)
def test_a_setting_agrees_with_a_full_projection(
    runs: dict[str, Run], case: str, setting: Setting, within: float
) -> None:
    run = runs[case]
    scenario = run.projection.paths[CASES[case]].scenario.given(happens=setting.happens, ruled_out=setting.ruled_out)
    for key, value in setting.values:
        scenario = scenario.with_value(key, value)
    start = solve(run.consensus.pool.without(*setting.left_out)) if setting.left_out else run.start
    full = forecast.project(start, scenario, end=run.case.end).quantiles().loc[scenario.name]
    found = sketch(run).quantiles(setting)
    np.testing.assert_allclose(found.to_numpy(), full.loc[found.index].to_numpy(), rtol=within)


def test_every_knob_moves_the_picture_and_reset_puts_it_back(explorer: Explorer) -> None:
    assert list(explorer.controls)[:2] == ["growth.half_life", "growth.terminal_growth"]
    assert {"growth.growth_shift", "GD-2026", "MM-2024", "RM-2018", "ITIS-2024"} <= set(explorer.controls)
    first = explorer.table
    for control in explorer.controls.values():
        before = explorer.png
        control.value = control.max if hasattr(control, "max") else False
        if control is explorer.controls["ITIS-2024"]:
            assert "The sources that are left print no level" in explorer.message.value
        else:
            assert explorer.png != before
            assert explorer.message.value == ""
    explorer.reset()
    pd.testing.assert_frame_equal(explorer.table, first)
    assert explorer.setting == Setting()
    assert explorer.message.value == ""


def test_the_picture_is_read_and_wide_enough_for_what_moves(explorer: Explorer) -> None:
    assert matplotlib.image.imread(io.BytesIO(explorer.png)).shape[:2] == (504, 900)
    explorer.picture.png(explorer.table * 100)
    assert explorer.picture._axes.get_ylim()[1] > 100 * explorer.table.to_numpy().max()


def test_a_slider_at_its_mark_leaves_its_driver_uncertain(explorer: Explorer) -> None:
    slider = explorer.controls["growth.half_life"]
    assert (slider.min, slider.value, slider.max) == pytest.approx((1.4, 4.0, 11.8))
    slider.value = 6.0
    assert explorer.setting.values == (("growth.half_life", 6.0),)
    low, middle, high = explorer.table.loc[2035]
    assert low < middle < high
    assert explorer.summary().startswith(f"Your setting, 2035: {money(middle, 'USD bn')} (80 % band {amount(low)} to")
    slider.value = 4.0
    assert explorer.setting == Setting()


def test_events_have_three_states_and_the_panel_shows_in_a_notebook(runs: dict[str, Run]) -> None:
    found = explore(runs["cell_gene_therapy"], drivers=["growth.terminal_growth"])
    assert list(found.sliders) == ["growth.terminal_growth"]
    box = found.controls["solid_tumour_licence"]
    assert (box.value, box.options) == (
        "as likely as in the file",
        ("as likely as in the file", "happens", "does not happen"),
    )
    box.value = "happens"
    assert found.setting.happens == ("solid_tumour_licence",)
    shown = found._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/plain"} <= set(shown)


def test_a_redraw_takes_less_than_150_milliseconds_of_computing(explorer: Explorer) -> None:
    slider, taken = explorer.controls["growth.half_life"], []
    for value in (5.0, 6.0, 7.0, 8.0, 5.2, 6.2, 7.2):
        start = time.process_time()
        slider.value = value
        taken.append(time.process_time() - start)
    assert min(taken) < 0.15


def test_wrong_knobs_are_named(runs: dict[str, Run]) -> None:
    run = runs["regenerative_medicine"]
    with pytest.raises(ArgumentError, match=r"drivers: found 'growth.halflife'.*did you mean 'growth.half_life'"):
        explore(run, drivers=["growth.halflife"])
    with pytest.raises(ArgumentError, match="scenario: found 'bold'"):
        explore(run, scenario="bold")
    with pytest.raises(ArgumentError, match=r"sources: found 'GD-2025'.*did you mean 'GD-2026'"):
        sketch(run).quantiles(Setting(left_out=("GD-2025",)))
    with pytest.raises(ModelError, match="print no level"):
        sketch(run).quantiles(Setting(left_out=tuple(sketch(run).sources)))


def test_without_ipywidgets_the_remedy_is_told(runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    message = r"Sliders need ipywidgets: install it with: pip install market-forecast\[notebook\]"
    with pytest.raises(MissingDependencyError, match=message):
        explore(runs["regenerative_medicine"])
