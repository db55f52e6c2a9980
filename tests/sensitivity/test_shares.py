"""Shares of the spread of a run: they are those of the projection, and stay when the seed changes."""

import numpy as np
import pytest
from matplotlib.axes import Axes

from forecast.errors import ArgumentError
from forecast.pipeline import Run
from forecast.sensitivity import Cagr, Cumulative, Probability, Quantity, Value, YearAbove
from forecast.sensitivity.model import model_of
from forecast.sensitivity.outcome import Outcome
from forecast.sensitivity.shares import ZERO, shapley, sobol


@pytest.mark.parametrize("name", ["done", "eventful", "saturating"])
def test_single_paths_have_the_bands_of_the_projection(name: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(name)
    outcome = Outcome(model_of(run), Cagr(2023, 2030))
    scores = np.random.default_rng(1).standard_normal((40_000, outcome.columns))
    levels = [0.1, 0.5, 0.9]
    drawn = np.exp(np.quantile(outcome.logs(scores), levels, axis=0)).T
    told = run.projection.quantiles(levels).loc["base"].to_numpy()
    # forty thousand paths have a sampling error of about .5 % in the median and 1 % in the tails
    np.testing.assert_allclose(drawn, told, rtol=0.025)
    growth = run.projection.cagr(2023, 2030, levels).loc["base"].to_numpy()
    rates = np.quantile(np.expm1(outcome.values(scores)), levels)
    np.testing.assert_allclose(rates, growth, atol=0.004)


def test_shares_of_the_market_agree_with_the_decomposition(done: Run) -> None:
    found = sobol(done, Value(2030))
    shares = found.table[found.table["order"] == "first"].set_index("input")["share"]
    parts = done.projection.decomposition.loc[("base", 2030)]
    assert shares["yearly ups and downs"] == pytest.approx(parts["process"] / parts["total"], abs=3e-3)
    drivers = shares[["growth shift", "half life", "terminal growth"]].sum()
    assert drivers == pytest.approx(parts["scenario drivers"] / parts["total"], abs=3e-3)
    assert shares.sum() == pytest.approx(1, abs=0.02)


def test_the_ranking_stays_with_another_seed_or_is_called_tied(done: Run) -> None:
    one, two = (sobol(done, Value(2030), seed=seed).table.query("order == 'total'") for seed in (1, 2))
    assert (one["input"].tolist() == two["input"].tolist()) or one["note"].str.startswith("tied").any()
    again = sobol(done, Value(2030), seed=1).table.query("order == 'total'")
    assert again.equals(one)


def test_polynomials_and_sampling_agree(done: Run) -> None:
    sampled, fitted = (sobol(done, Value(2030), method=m).table.set_index(["input", "order"]) for m in METHODS)
    np.testing.assert_allclose(sampled["share"], fitted["share"].loc[sampled.index], atol=4e-3)


METHODS = ("sampling", "chaos")


@pytest.mark.parametrize("quantity", [Cagr(2023, 2030), YearAbove(50), Cumulative(2025, 2030), Probability(50, 2030)])
def test_every_quantity_has_shares(done: Run, quantity: Quantity) -> None:
    found = sobol(done, quantity, points=2**10)
    total = found.table[found.table["order"] == "total"]
    assert total["share"].sum() >= 0.98
    assert quantity.spread in found.summary()
    effects = shapley(done, quantity).table["share"]
    assert abs(effects.sum() - 1) <= 1e-10
    assert (effects >= -1e-12).all()


def test_what_is_small_is_said_to_be(done: Run) -> None:
    found = sobol(done, Cagr(2023, 2025), points=2**10)
    late = found.table[found.table["input"] == "terminal growth"]
    assert (late["note"] == ZERO).all()
    assert "Indistinguishable from 0: " in found.summary()


def test_events_and_correlated_drivers_are_inputs(eventful: Run) -> None:
    found = sobol(eventful, Value(2032), points=2**12)
    names = set(found.table["input"])
    assert {"event: approval", "event: withdrawal", "half life with terminal growth"} <= names
    effects = shapley(eventful, Value(2032))
    assert {"half life", "terminal growth"} <= set(effects.table["input"])
    assert abs(effects.table["share"].sum() - 1) <= 1e-10


def test_results_read_and_draw(done: Run) -> None:
    found, effects = sobol(done, Value(2030), points=2**10), shapley(done, Value(2030))
    assert found.summary().startswith("Two inputs carry 9")
    assert "of the spread of the market in 2030, scenario base: market in 2023 " in found.summary()
    for result in (found, effects):
        assert isinstance(result.plot(), Axes)
        assert "<table" in result._repr_html_()
    assert set(found.by_year["year"]) == set(range(2023, 2036))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"method": "sampled"}, "method: found 'sampled'; allowed: sampling, chaos; did you mean 'sampling'?"),
        ({"points": 1000}, "points: found 1000; allowed: a power of two, 16 at the least; such as 512 or 1024"),
        ({"scenario": "bse"}, "scenario: found 'bse'; allowed: cautious, base, ambitious; did you mean 'base'?"),
        (
            {"method": "chaos", "second_order": True},
            "second_order: found with chaos; pairs are estimated by method 'sampling'",
        ),
    ],
)
def test_bad_input_is_said_clearly(done: Run, arguments: dict[str, object], said: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        sobol(done, Value(2030), **arguments)  # type: ignore[arg-type]
    assert str(caught.value) == said
