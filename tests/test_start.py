"""Projections that start from driver trees and histories, and those by segments, against simulation."""

import numpy as np
import pandas as pd
import pytest

import forecast
from forecast.errors import ArgumentError, ModelError
from forecast.estimates import Footing
from forecast.history import history_bands
from forecast.project import project
from forecast.scenario import Scenario, segment_paths
from forecast.start import HistoryStart, TreeStart
from tests.simulation import simulated_drivers, simulated_market

FOOTING = Footing("TWD", "million", "nominal", "spending")
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
PATHS = 200_000


def ranged(low: float, base: float, high: float) -> dict[str, float]:
    return {"low": low, "base": base, "high": high}


def between(low: float, high: float) -> dict[str, object]:
    return {"family": "lognormal", "low": low, "high": high}


TREE = {
    "result": "spend",
    "inputs": {
        "patients": {"amount": ranged(400, 450, 500), "year": 2025, "growth": ranged(0.05, 0.1, 0.2)},
        "price": between(0.2, 1.5),
        "share": between(0.1, 0.5),
        "other": between(100, 300),
    },
    "nodes": {"spend": {"formula": "patients * price * share + other"}},
}
GROWTH = {"curve": "tree", "volatility": 0.05, "growth_shift": ranged(-0.02, 0, 0.03)}
OPEN = {"schema": 1, "name": "story", "analyst_error": {"on": False}}


def missed(found: pd.DataFrame, drawn: np.ndarray) -> float:
    """Largest distance of a probability from that of simulated paths, beyond four sampling errors."""
    levels = np.array(LEVELS)
    below = np.stack([(drawn <= np.log(found[level].to_numpy())).mean(axis=0) for level in LEVELS], axis=1)
    return float((np.abs(below - levels) - 4 * np.sqrt(levels * (1 - levels) / len(drawn))).max())


def test_a_tree_agrees_with_simulated_trees() -> None:
    story = Scenario.model_validate(OPEN | {"growth": GROWTH, "tree": TREE})
    projection = project(TreeStart(FOOTING, 2025), story, end=2035)
    found = projection.quantiles(LEVELS).loc["story"]
    rng = np.random.default_rng(1)
    values = simulated_drivers(story, PATHS, rng)
    given = {key.removeprefix("tree."): value for key, value in values.items() if key.startswith("tree.")}
    drawn = np.log(story.tree.path(np.arange(2025, 2036), given))
    drawn += values["growth.growth_shift"][:, None] * np.arange(11)
    drawn[:, 1:] += np.cumsum(0.05 * rng.standard_normal((PATHS, 10)), axis=1)
    assert missed(found, drawn) < projection.paths["story"].numerical_error


@pytest.mark.parametrize("volatility", [0.0, 0.15])
def test_segments_agree_with_simulated_segments(volatility: float) -> None:
    fading = {"curve": "fading", "half_life": ranged(2, 4, 8), "terminal_growth": ranged(0.03, 0.05, 0.07)}
    steady = {"curve": "constant", "growth": ranged(0.02, 0.08, 0.15)}
    segments = {
        "car_t": {"share": ranged(0.2, 0.3, 0.4), "growth": fading | {"volatility": volatility}},
        "gene": {"share": ranged(0.6, 0.7, 0.8), "growth": steady | {"volatility": volatility / 2}},
    }
    story = Scenario.model_validate(OPEN | {"growth": {"curve": "segments"}, "segments": segments})
    start = forecast.read_case("regenerative_medicine").reconcile()
    projection = project(start, story, end=2035)
    found = projection.quantiles(LEVELS).loc["story"]
    origin, handover = start.pool.newest, start.handover_year
    rng = np.random.default_rng(1)
    known = simulated_market(start.market(range(origin, handover + 1)), PATHS, rng)
    values = simulated_drivers(story, PATHS, rng)
    parts = segment_paths(
        story.segments,
        np.arange(handover + 1, 2036),
        handover_year=handover,
        log_start=known[:, -1],
        log_growth=known[:, -1] - known[:, -2],
        values={k.removeprefix("segments."): v for k, v in values.items() if k.startswith("segments.")},
    )
    for name, path in parts.items():
        sd = values[f"segments.{name}.growth.volatility"][:, None]
        path += np.cumsum(sd * rng.standard_normal(path.shape), axis=1)
    drawn = np.concatenate([known, np.logaddexp.reduce(list(parts.values()))], axis=1)
    assert missed(found, drawn) < projection.paths["story"].numerical_error


def test_a_history_is_carried_on_by_its_own_band() -> None:
    history = pd.Series([10, 11, 12.5, 13, 15, 16.5], index=range(2018, 2024))
    growth = {"curve": "fading", "half_life": 4, "terminal_growth": 0.03}
    story = Scenario.model_validate({"schema": 1, "name": "story", "growth": growth})
    projection = project(HistoryStart(history, FOOTING), story, end=2030)
    found = projection.quantiles().loc["story"]
    assert found.loc[2023].to_numpy() == pytest.approx(16.5, rel=1e-6)
    assert found.loc[2024:].to_numpy() == pytest.approx(history_bands([history.to_numpy()], 7)[0], rel=2e-3)
    assert projection.statements["value"].tolist() == history.tolist()


def test_what_a_start_cannot_do_is_said() -> None:
    fading = {"curve": "fading", "half_life": 4, "terminal_growth": 0.03}
    wrong = Scenario.model_validate({"schema": 1, "name": "story", "growth": fading})
    with pytest.raises(ArgumentError, match=r"growth\.curve: found 'fading'; allowed: tree with a tree"):
        project(TreeStart(FOOTING, 2025), wrong, end=2035)
    loss = TREE | {"inputs": TREE["inputs"] | {"other": ranged(-3000, 1, 3000)}}
    story = Scenario.model_validate(OPEN | {"growth": GROWTH, "tree": loss})
    with pytest.raises(ModelError, match=r"zero or less in some year; inputs.other can fall below zero"):
        project(TreeStart(FOOTING, 2025), story, end=2035)


def test_scenarios_taken_together_lie_between_them() -> None:
    tree = OPEN | {"growth": GROWTH, "tree": TREE}
    low = tree | {"name": "low", "probability": 0.4, "growth": GROWTH | {"growth_shift": -0.05}}
    high = tree | {"name": "high", "probability": 0.6, "growth": GROWTH | {"growth_shift": 0.05}}
    several = [Scenario.model_validate(one) for one in (low, high)]
    projection = project(TreeStart(FOOTING, 2025), several, end=2035)
    together, medians = projection.together(), projection.quantiles([0.5])[0.5].unstack("scenario")
    assert (together.loc[2026:, 0.5] > medians.loc[2026:, "low"]).all()
    assert (together.loc[2026:, 0.5] < medians.loc[2026:, "high"]).all()
    open_ = [one.model_copy(update={"probability": None}) for one in several]
    with pytest.raises(ArgumentError, match="a probability for every scenario"):
        project(TreeStart(FOOTING, 2025), open_, end=2035).together()


@pytest.mark.parametrize(
    ("values", "years", "words"),
    [
        ([9, 0, 12], [2020, 2021, 2022], "year 2021: found 0; allowed: above 0"),
        ([9, -5, 12], [2020, 2021, 2022], "year 2021: found -5"),
        ([9, np.nan, 12], [2020, 2021, 2022], "year 2021: found nan; allowed: a finite number"),
        ([9, 10, 12], [2020, 2020, 2021], "year 2020: found two values; allowed: one value a year"),
        ([9, 10, 12_000], [2020, 2021, 2022], "year 2022: found 12000 after 10; allowed: a change by less than"),
        ([9, 10, 12], [2020.5, 2021, 2022], "found year 2020.5; allowed: whole years"),
        (["a", "b"], [2020, 2021], "year 2020: found 'a', which is not a number"),
        ([9], [2020], "found 1 value"),
        ([], [], "found no value"),
    ],
)
def test_a_history_that_cannot_be_carried_on_is_refused_by_series_and_year(values, years, words: str) -> None:
    with pytest.raises(ArgumentError) as told:
        HistoryStart(pd.Series(values, years, name="sales"), FOOTING)
    assert "history 'sales'" in str(told.value)
    assert words in str(told.value)


def test_the_order_of_the_years_is_of_no_matter() -> None:
    history = pd.Series([9.0, 11, 14, 16, 19], range(2018, 2023), name="sales")
    story = Scenario.model_validate(OPEN | {"growth": {"curve": "constant", "growth": 0.05}})
    one, other = (project(HistoryStart(h, FOOTING), story, end=2026).quantiles() for h in (history, history[::-1]))
    assert one.to_numpy() == pytest.approx(other.to_numpy(), rel=1e-12)
