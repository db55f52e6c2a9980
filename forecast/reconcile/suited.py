"""Few nodes of the house-effect model that suit one pool, and pools that differ little from it.

Such pools have posteriors that differ from the first one's by a smooth factor, so a Gauss rule for the first
posterior of a spread serves them all (adaptive quadrature: Naylor and Smith 1982, doi:10.2307/2347995). Half as many
nodes are more exact than nodes spread evenly over what the data leave possible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.interpolate import PchipInterpolator

from forecast.distributions import Array
from forecast.reconcile.house_design import Design, Grid, every_pair
from forecast.reconcile.house_nodes import Nodes, scouted
from forecast.reconcile.priors import Prior, spread_at, spread_nodes, spread_prior
from forecast.reconcile.truncated import gauss_rules

_FINE = 200
"""Points at which a posterior is read to make its Gauss rule."""


@dataclass(frozen=True, eq=False)
class SpreadRule:
    """Nodes of a spread and the logs of their weights in an integral over it, shape (n,) each."""

    values: Array
    log_weights: Array


@dataclass(frozen=True, eq=False)
class Suited:
    """Outlier sets that carry weight, shape (sets, sources), and rules for both spreads."""

    sets: Array
    spread: SpreadRule
    growth_spread: SpreadRule

    def grid(self, design: Design) -> Grid:
        """The nodes with the prior of a pool that has the same sources."""
        prior = design.prior
        return every_pair(
            design,
            self.sets,
            (self.spread.values, _with_prior(self.spread, prior, prior.spread_scale)),
            (self.growth_spread.values, _with_prior(self.growth_spread, prior, prior.growth_spread_scale)),
        )


def suited(design: Design, nodes: Nodes) -> Suited:
    """Sets and rules that suit one pool."""
    prior, found = design.prior, scouted(design)
    return Suited(
        np.asarray(found.likely(nodes.smallest), float),
        _rule(prior, prior.spread_scale, special.logsumexp(found.logs, axis=(0, 2)), nodes.spread),
        _rule(prior, prior.growth_spread_scale, special.logsumexp(found.logs, axis=(0, 1)), nodes.growth_spread),
    )


def _with_prior(rule: SpreadRule, prior: Prior, scale: float) -> Array:
    return rule.log_weights + spread_prior(prior.spread_family, scale).log_density(rule.values)


def _rule(prior: Prior, scale: float, log_mass: Array, count: int) -> SpreadRule:
    """Gauss rule, on the scale of its prior, for a posterior that is known at the nodes of that scale."""
    family = prior.spread_family
    known, weights = _places(len(log_mass)), spread_nodes(scale, family, len(log_mass))[1]
    said = PchipInterpolator(known, log_mass - np.log(weights))
    places, fine = _places(_FINE), spread_nodes(scale, family, _FINE)[1]
    mass = special.softmax(said(places) + np.log(fine))
    nodes, shares = (found[0] for found in gauss_rules(places[None], mass[None], count))
    values = spread_at(scale, family, nodes)
    return SpreadRule(values, np.log(shares) - said(nodes) - spread_prior(family, scale).log_density(values))


def _places(count: int) -> Array:
    """Gauss–Legendre nodes between 0 and 1."""
    return np.asarray((np.polynomial.legendre.leggauss(count)[0] + 1) / 2)
