"""The house-effect model against an independent prototype, brute force, closed forms and what must hold.

`house_effects.json` is the output of a separate prototype of the model with finer nodes; it states the rounding cells
in logs, so nothing of the reading of printed digits is shared with it.
"""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from forecast.reconcile.house_effects import COARSE, Nodes, fit_house_effects
from forecast.reconcile.priors import Prior
from forecast.reconcile.statements import Source, Statement
from tests.reconcile.pools import PART, WHOLE, four, growth, level, pool, source, years

REFERENCE = json.loads((Path(__file__).parents[1] / "reference/house_effects.json").read_text())
LEVELS = REFERENCE["quantile_levels"]
VARIANTS = {
    "tau half-normal 0.25": {"spread_scale": 0.25},
    "no herding": {"herding": 0.0},
    "no outlier model": {"outlier_probability": 0.0},
    "definition drift 0.20": {"definition_drift": 0.2},
    "no common optimism": {"optimism_mean": 0.0},
}


def stated(told):
    """A source of the reference file."""
    claims = [
        Statement(
            c["kind"],
            c["log_low"],
            math.inf if c["log_high"] is None else c["log_high"],
            c["year"],
            c["to_year"] or c["year"],
            c["excess_mean"] or 0.0,
        )
        for c in told["claims"]
    ]
    return Source(told["publisher"], told["publisher"], told["scope"], told["base_year"], tuple(claims))


def pool_of_case(name):
    """Sources and prior of a case of the reference file."""
    sources = [stated(told) for told in REFERENCE["sources"]]
    if name.startswith("without "):
        sources = [s for s in sources if s.publisher != name.removeprefix("without ")]
    if name.startswith("only "):
        sources = [s for s in sources if s.publisher == name.removeprefix("only ")]
    return pool(*sources, prior=Prior().replace(**VARIANTS.get(name, {})))


def middle_and_tails(found, expected):
    """Largest relative error of the quantiles .10 to .90 and of the two outermost."""
    error = np.abs(np.exp(found) / np.array(list(expected.values())) - 1)
    return error[:, 1:-1].max(), error[:, [0, -1]].max()


@pytest.mark.parametrize("name", REFERENCE["cases"])
def test_agrees_with_the_prototype(name):
    expected = REFERENCE["cases"][name]
    asked = np.array([int(year) for year in expected["market"]])
    fit = fit_house_effects(pool_of_case(name), years=asked)
    market = fit.markets[WHOLE]
    for mixture, table in ((market, expected["market"]), (fit.next_publisher, expected["next_publisher"])):
        middle, tails = middle_and_tails(mixture.quantiles(LEVELS), table)
        assert middle < 0.005
        assert tails < 0.01
    rate = market.linear([[-1 / 7, *[0] * 6, 1 / 7]]).quantiles(LEVELS)[0]
    np.testing.assert_allclose(np.expm1(rate), expected["cagr_2023_2030"], atol=0.0015)
    np.testing.assert_allclose(fit.outlier_probability, expected["p_outlier"], atol=0.005)
    np.testing.assert_allclose(fit.houses.mean(), expected["house_mean_log"], atol=0.005)
    np.testing.assert_allclose(
        [fit.spread, fit.growth_spread], [expected["tau_mean"], expected["tau_g_mean"]], rtol=0.01
    )
    assert fit.log_evidence == pytest.approx(expected["log_evidence"], abs=0.01)


def test_finer_nodes_agree_much_better():
    expected = REFERENCE["cases"]["all four"]["market"]
    asked = np.array([int(year) for year in expected])
    fit = fit_house_effects(pool_of_case("all four"), years=asked, nodes=Nodes().finer())
    assert max(middle_and_tails(fit.markets[WHOLE].quantiles(LEVELS), expected)) < 0.001


def test_agrees_with_a_million_draws_from_the_prior():
    """One source, one rounded level and a growth; draws weighed by the likelihood of what is printed."""
    prior = Prior(level_sd=0.5, outlier_probability=0.0)
    one = source("a", level(2023, 20), growth(2023, 2025, 0.2, width=0.1))
    found = fit_house_effects(pool(one, prior=prior), years=years(2023, 2025)).markets[WHOLE]
    rng, count = np.random.default_rng(1), 1_000_000
    m = one.statements[0].centre + 0.5 * rng.standard_normal(count)
    first, walk, optimism = (loc + sd * rng.standard_normal(count) for loc, sd in ((0.1, 0.2), (0, 0.02), (0.01, 0.04)))
    house, rate = (abs(scale * rng.standard_normal(count)) * rng.standard_normal(count) for scale in (0.6, 0.065))
    end = m + 2 * first + walk
    noise = [max(0.02 / math.sqrt(12), 0.01), 0.1 / math.sqrt(12)]
    residual = [
        (m + house - one.statements[0].centre) / noise[0],
        (end - m + 2 * (optimism + rate) - one.statements[1].centre) / noise[1],
    ]
    weight = np.exp(-0.5 * (residual[0] ** 2 + residual[1] ** 2))
    for position, drawn in ((0, m), (2, end)):
        for level_, quantile in zip(LEVELS, found.quantiles(LEVELS)[position], strict=True):
            share = np.average(drawn <= quantile, weights=weight)
            assert share == pytest.approx(
                level_, abs=4 * math.sqrt(level_ * (1 - level_) / weight.sum() ** 2 * (weight**2).sum())
            )


def test_a_sure_spread_gives_the_gaussian_answer():
    """With a flat level and houses of known spread the market is the mean of what is printed."""
    prior = Prior(spread_scale=1e-6, outlier_probability=0.0, definition_drift=0.0)
    cells = [level(2023, 16, width=0.2), level(2023, 20, width=0.1)]
    found = fit_house_effects(pool(source("a", cells[0]), source("b", cells[1]), prior=prior), years=years(2023, 2023))
    precision = np.array([12 / 0.2**2, 12 / 0.1**2])
    mean = precision @ [cell.centre for cell in cells] / precision.sum()
    assert found.markets[WHOLE].mean()[0] == pytest.approx(mean, abs=1e-5)
    assert found.markets[WHOLE].variance()[0] == pytest.approx(1 / precision.sum(), rel=1e-3)


def test_one_outlier_more_or_less_by_hand():
    """Two sources, no rounding to speak of: the odds of each outlier set by numerical integration."""
    prior = Prior(level_floor=1e-4, growth_sd=0.2)
    gap = 1.5
    sources = source("a", level(2023, 10, width=0)), source("b", level(2023, 10 * math.exp(gap), width=0))
    found = fit_house_effects(pool(*sources, prior=prior), years=years(2023, 2024), nodes=Nodes(40, 8))
    tau, weight = np.polynomial.legendre.leggauss(400)
    tau, weight = 2.0 * (tau + 1), 2.0 * weight * stats.halfnorm.pdf(2.0 * (tau + 1), scale=0.6)
    even = weight @ stats.norm.pdf(gap, 0, tau * math.sqrt(2 * (1 - 0.25)))
    odd = weight @ stats.norm.pdf(gap, 0, tau * math.sqrt(2 * (1 - 0.25) + 15))
    expected = 0.1 * 0.9 * odd / (0.9**2 * even + 2 * 0.1 * 0.9 * odd)
    np.testing.assert_allclose(found.outlier_probability, [expected, expected], rtol=2e-3)


@settings(max_examples=10, deadline=None)
@given(factor=st.floats(1e-6, 1e6))
def test_scaling_the_currency_scales_the_answer(factor):
    def scaled(statement):
        shift = math.log(factor) * (statement.kind == "level")
        return replace(statement, low=statement.low + shift, high=statement.high + shift)

    base = four()
    sources = tuple(replace(s, statements=tuple(map(scaled, s.statements))) for s in base.sources)
    one, other = (
        fit_house_effects(p, years=years(), nodes=COARSE).markets[WHOLE].quantiles(LEVELS)
        for p in (base, replace(base, sources=sources))
    )
    np.testing.assert_allclose(other - math.log(factor), one, atol=1e-6)


def test_the_order_of_sources_and_statements_does_not_matter():
    base = four()
    turned = replace(base, sources=tuple(replace(s, statements=s.statements[::-1]) for s in base.sources[::-1]))
    one, other = (fit_house_effects(p, years=years()) for p in (base, turned))
    np.testing.assert_allclose(one.markets[WHOLE].quantiles(LEVELS), other.markets[WHOLE].quantiles(LEVELS), atol=1e-6)
    np.testing.assert_allclose(one.outlier_probability, other.outlier_probability[::-1], atol=1e-8)


def test_a_redundant_statement_changes_next_to_nothing():
    said = level(2023, 16), level(2028, 49)
    rate = (49 / 16) ** 0.2 - 1
    others = source("c", level(2023, 30)), source("d", level(2023, 12), growth(2023, 2028, 0.15, width=0.01))
    plain, doubled = (
        fit_house_effects(pool(source("b", *s), *others), years=years()).markets[WHOLE].quantiles(LEVELS)
        for s in (said, (*said, growth(2023, 2028, rate, width=0.02)))
    )
    np.testing.assert_allclose(doubled, plain, atol=0.01)


def test_another_report_of_one_publisher_counts_less_than_another_publisher():
    first, again = (source(name, level(2023, 16), publisher="same") for name in "ab")
    other = source("b", level(2023, 16))
    widths = [
        np.ptp(fit_house_effects(pool(first, second), years=years(2023, 2023)).markets[WHOLE].quantiles([0.1, 0.9]))
        for second in (again, other)
    ]
    assert widths[0] > widths[1]


def test_a_subset_is_never_above_its_superset():
    fit = fit_house_effects(four(), years=years(2023, 2023), report=(PART,))
    whole, part = (fit.markets[scope].quantiles(LEVELS)[0] for scope in (WHOLE, PART))
    assert (part < whole).all()


def test_each_source_pulls_the_market_towards_itself():
    base = [source(name, level(2023, 16)) for name in "abc"]
    levels = [20.0, 40.0, 80.0]
    medians = [
        fit_house_effects(pool(*base, source("d", level(2023, value))), years=years(2023, 2023))
        .markets[WHOLE]
        .quantiles([0.5])
        for value in levels
    ]
    assert medians[0] > math.log(16)
    single = [
        fit_house_effects(pool(source("a", level(2023, value))), years=years(2023, 2023))
        .markets[WHOLE]
        .quantiles([0.5])[0, 0]
        for value in levels
    ]
    np.testing.assert_allclose(single, np.log(levels), atol=1e-4)


def test_a_heavier_source_pulls_harder():
    low, high = source("a", level(2023, 10)), source("b", level(2023, 20))
    medians = [
        fit_house_effects(pool(low, replace(high, weight=w)), years=years(2023, 2023))
        .markets[WHOLE]
        .quantiles([0.5])[0, 0]
        for w in (0.25, 1.0, 4.0)
    ]
    assert medians[0] < medians[1] < medians[2]


def test_an_actual_holds_the_market():
    sources = source("a", level(2023, 10)), source("fact", level(2023, 20, width=0), anchor_sd=0.05)
    fit = fit_house_effects(pool(*sources), years=years(2023, 2024))
    market = fit.markets[WHOLE]
    assert market.quantiles([0.5])[0, 0] == pytest.approx(math.log(20), abs=0.01)
    assert math.sqrt(market.variance()[0]) == pytest.approx(0.05, rel=0.05)
    assert fit.outlier_probability[1] == 0


@pytest.mark.parametrize("family", ["half-normal", "half-cauchy", "half-t"])
def test_heavier_tails_of_the_spread_widen_the_band(family):
    sources = [source(name, level(2023, 16 + i)) for i, name in enumerate("ab")]
    plain, heavy = (
        np.ptp(
            fit_house_effects(pool(*sources, prior=Prior(spread_family=f)), years=years(2023, 2023))
            .markets[WHOLE]
            .quantiles([0.1, 0.9])
        )
        for f in ("half-normal", family)
    )
    assert heavy >= plain


def test_parts_of_the_variance_add_up():
    fit = fit_house_effects(four(), years=years())
    np.testing.assert_allclose(sum(fit.parts.values()), fit.markets[WHOLE].covariance(), rtol=1e-8)
    assert all((np.linalg.eigvalsh(part) > -1e-6).all() for part in fit.parts.values())


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.floats(0.01, 1e5), min_size=1, max_size=5),
    rates=st.lists(st.floats(-0.5, 3.0), min_size=5, max_size=5),
    bases=st.lists(st.integers(1990, 2030), min_size=5, max_size=5),
)
def test_any_sources_give_finite_ordered_quantiles(values, rates, bases):
    sources = [
        source(f"s{i}", level(bases[i], value), growth(bases[i], bases[i] + 5, rates[i]), vintage=bases[i])
        for i, value in enumerate(values)
    ]
    fit = fit_house_effects(pool(*sources, year=max(bases)), years=np.array([2000, 2030]), nodes=COARSE)
    for mixture in (fit.markets[WHOLE], fit.next_publisher):
        found = mixture.quantiles(LEVELS)
        assert np.isfinite(found).all()
        assert (np.diff(found, axis=1) > 0).all()
