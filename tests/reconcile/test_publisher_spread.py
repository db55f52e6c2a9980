"""The spread between publishers against publishers that were held out."""

import pytest

from calibration.publisher_spread import cross_validated, fit_spread, held_out, markets, summary
from forecast.analyst_error import FITTED_SPREAD


@pytest.fixture(scope="module")
def rows():
    """Every number that was held out, markets with many sources left aside for time."""
    small = [market for market, sources in markets() if len(sources) < 5]
    return held_out(small)


def test_shipped_coefficients_are_near_those_of_the_smaller_markets(rows):
    found = fit_spread(rows)
    assert found.power == pytest.approx(FITTED_SPREAD.power, abs=0.15)
    assert found.growth == pytest.approx(FITTED_SPREAD.growth, rel=0.2)


def test_spreads_by_growth_beat_the_constants_on_families_not_fitted_on(rows):
    found = summary(cross_validated(rows, folds=4))
    score = found["log score"].unstack("prior")
    assert (score["by growth"] > score["constants"]).all()
    assert found.loc[("level", "by growth"), "80% band"] == pytest.approx(0.8, abs=0.06)
