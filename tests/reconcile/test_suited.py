"""Few nodes suited to a posterior against many nodes, for the pool they suit and for pools like it."""

from dataclasses import replace

import numpy as np
import pytest

import forecast
from forecast.reconcile.house_design import Design
from forecast.reconcile.house_effects import HousePosterior, Nodes, fit_house_effects
from forecast.reconcile.house_nodes import Integral, weigh
from forecast.reconcile.suited import suited

NODES = Nodes(spread=8, growth_spread=6, scope=4, bound=3, smallest=1e-6, merge=0.0)
LEVELS = (0.1, 0.5, 0.9)


@pytest.fixture(scope="module")
def pool():
    return forecast.read_case("regenerative_medicine").reconcile().pool


@pytest.mark.parametrize("family", ["half-normal", "half-cauchy", "half-t"])
@pytest.mark.parametrize(
    "changes", [{}, {"spread_scale": 0.9}, {"growth_spread_scale": 0.1}, {"outlier_probability": 0.2}]
)
def test_a_pool_like_the_first_needs_no_nodes_of_its_own(pool, family, changes):
    first = replace(pool, prior=pool.prior.replace(spread_family=family))
    like = replace(first, prior=first.prior.replace(**changes))
    years = np.arange(2023, 2029)
    design = Design(like, years)
    integral = Integral(design, suited(Design(first, years), NODES).grid(design))
    few = HousePosterior(design, integral, weigh(integral, NODES), (like.scope,), NODES)
    many = fit_house_effects(like, years=years, nodes=replace(NODES, spread=24, growth_spread=20, smallest=1e-8))
    found, exact = (np.exp(fit.markets[like.scope].quantiles(LEVELS)) for fit in (few, many))
    np.testing.assert_allclose(found, exact, rtol=0.02)
    assert few.spread == pytest.approx(many.spread, rel=0.035)
    assert few.growth_spread == pytest.approx(many.growth_spread, rel=0.035)


@pytest.mark.parametrize("left_out", ["EY-2022", "STRAITS-2024"])
def test_a_narrow_posterior_between_two_coarse_nodes_is_found(left_out):
    crowded = forecast.read_case("cell_gene_therapy").reconcile().pool.without(left_out)
    years = np.arange(crowded.newest, crowded.newest + 4)
    design = Design(crowded, years)
    integral = Integral(design, suited(design, NODES).grid(design))
    few = HousePosterior(design, integral, weigh(integral, NODES), (crowded.scope,), NODES)
    many = fit_house_effects(crowded, years=years, nodes=replace(NODES, spread=16, growth_spread=14))
    found, exact = (np.exp(fit.markets[crowded.scope].quantiles(LEVELS)) for fit in (few, many))
    np.testing.assert_allclose(found, exact, rtol=2e-3)
