"""Each quantity against the projection's own answer, and the messages where there is none."""

import numpy as np
import pytest

from forecast.errors import ArgumentError, ModelError
from forecast.pipeline import Run
from forecast.sensitivity import Cagr, Cumulative, Probability, Quantity, Value, YearAbove


@pytest.mark.parametrize("scenario", ["cautious", "base", "ambitious"])
def test_quantities_are_the_answers_of_the_projection(done: Run, scenario: str) -> None:
    path, whole = done.projection.paths[scenario], done.projection
    levels = [0.1, 0.5, 0.9]
    market = whole.quantiles(levels).loc[(scenario, 2030)]
    growth = whole.cagr(2023, 2030, levels).loc[scenario]
    for level in levels:
        assert Value(2030, level).of(path) == pytest.approx(market[level], rel=1e-9)
        assert Cagr(2023, 2030, level).of(path) == pytest.approx(growth[level], rel=1e-9)
    wanted = whole.probability(above=50, year=2030)[scenario]
    assert Probability(above=50, year=2030).of(path) == pytest.approx(wanted, abs=1e-4)  # close marginals are merged


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_cumulative_agrees_with_drawn_paths(done: Run, level: float) -> None:
    # a hundred thousand paths have a sampling error of .4 % in the median and .7 % in the tails
    drawn = done.projection.cumulative(2025, 2030, [level]).loc["base"].item()
    assert Cumulative(2025, 2030, level).of(done.projection.paths["base"]) == pytest.approx(drawn, rel=0.02)


def test_the_year_above_is_where_the_quantile_passes(done: Run) -> None:
    path = done.projection.paths["base"]
    at = YearAbove(50).of(path)
    logs = np.log(done.projection.quantiles([0.5]).loc["base"].to_numpy().ravel())
    assert np.interp(at, path.years, logs) == pytest.approx(np.log(50), abs=1e-9)
    assert YearAbove(1).of(path) == path.years[0]


@pytest.mark.parametrize(
    ("quantity", "value", "shown"),
    [
        (Value(2030), 71.04, "USD 71.0 bn"),
        (Cumulative(2025, 2030), 296.1, "USD 296 bn"),
        (Cagr(2023, 2030), 0.17683, "17.7 % a year"),
        (YearAbove(50), 2029.41, "2029.4"),
        (Probability(above=50, year=2030), 0.6249, "62.5 %"),
    ],
)
def test_values_are_shown_as_what_they_are(quantity: Quantity, value: float, shown: str) -> None:
    assert quantity.show(value, "USD bn") == shown


@pytest.mark.parametrize(
    ("quantity", "error", "said"),
    [
        (Value(2050), ArgumentError, "year: found 2050; allowed: a year from 2023 to 2035"),
        (Cagr(2010, 2030), ArgumentError, "year: found 2010; allowed: a year from 2023 to 2035"),
        (Value(2030, 1.0), ArgumentError, "level: found 1; allowed: a probability between 0 and 1"),
        (
            YearAbove(100_000),
            ModelError,
            "Year in which the median passes 100,000: not reached by 2035; ask about a smaller amount or a later end",
        ),
    ],
)
def test_no_answer_is_said_clearly(done: Run, quantity: Quantity, error: type[Exception], said: str) -> None:
    with pytest.raises(error) as caught:
        quantity.of(done.projection.paths["base"])
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Cagr(2030, 2023), "Cagr: found from 2030 to 2023; allowed: an end year after the start year"),
        (lambda: Cumulative(2030, 2025), "Cumulative: found from 2030 to 2025; allowed: an end year not before the"),
        (lambda: YearAbove(-5), "YearAbove, value: found -5; allowed: an amount above 0"),
        (lambda: Probability(above=0, year=2030), "Probability, above: found 0; allowed: an amount above 0"),
    ],
)
def test_impossible_quantities_are_refused(make: object, said: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        make()  # type: ignore[operator]
    assert str(caught.value).startswith(said)
