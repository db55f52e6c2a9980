"""Fit how far publishers of one market are apart, by the growth that they promise.

    python calibration/publisher_spread.py

Needs nothing but the tables in `tests/reference`. Each publisher of each market is held out in turn, and the
house-effect model says, from the others, what it would print for its base year and as its growth. The coefficients of
`forecast.analyst_error.publisher_spread` are those that make what was printed most probable. Prints them beside those
that are shipped, and the same scores by families of markets that were not fitted on. A market counts once, however
many publishers it has; a family of n markets counts n / (1 + (n - 1) / 2).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special
from scipy.optimize import minimize

from forecast.analyst_error import (
    FITTED_SPREAD,
    VINTAGE_MEMORY,
    PublisherSpread,
    SpreadCoefficients,
    publisher_spread,
)
from forecast.estimates import Footing
from forecast.mixture import Mixture
from forecast.reconcile.house_design import Design, Grid
from forecast.reconcile.house_effects import HousePosterior
from forecast.reconcile.house_nodes import Integral, Nodes, weigh
from forecast.reconcile.pool import Pool, growth, level
from forecast.reconcile.priors import Prior, promised_growth
from forecast.reconcile.statements import Source, own_growth

REFERENCE = Path(__file__).resolve().parents[1] / "tests" / "reference"
Array = NDArray[np.float64]

SPREADS, GROWTH_SPREADS = np.geomspace(0.0015, 5.0, 32), np.geomspace(0.002, 0.8, 14)
"""Nodes on which every prior is weighed."""

PRIORS = {"power": (0.5, 0.5), "growth": (math.log(0.3), 0.5), "least": (math.log(0.05), 0.5)}
"""Mean and sd of what is believed of each coefficient (of its log, but for the power) before the fit."""

_WIDE = Prior(growth_sd=1.0, optimism_sd=0.08, optimism_memory=VINTAGE_MEMORY)
_ALL = Nodes(smallest=0.0, merge=0.0)
_LEAST = 2


@dataclass(frozen=True, eq=False)
class Held:
    """Printed numbers of publishers that were held out, on every pair of spreads.

    Parameters
    ----------
    table
        One row a number: `market, family, kind` (level or growth), `growth` (that the others promise, in logs a year;
        nan if they promise none).
    log_evidence
        Log probability of what the others print, shape (rows, spreads, growth spreads).
    density, below
        Density of what was printed and probability of less, given the others, in the same shape.
    """

    table: pd.DataFrame
    log_evidence: Array
    density: Array
    below: Array

    def where(self, keep: NDArray[np.bool_]) -> Held:
        """Some of the rows."""
        return Held(self.table[keep], self.log_evidence[keep], self.density[keep], self.below[keep])

    def judged(self, coefficients: SpreadCoefficients | None) -> tuple[Array, Array]:
        """Log density and probability integral of each row; the constants where there are no coefficients."""
        rates = self.table["growth"].tolist()
        spreads = [_spread(None if math.isnan(rate) else rate, coefficients) for rate in rates]
        level_prior, growth_prior = (
            np.log(ratio) - 0.5 * ratio**2
            for ratio in (
                SPREADS / np.array([[s.level] for s in spreads]),
                GROWTH_SPREADS / np.array([[s.growth] for s in spreads]),
            )
        )
        log_weight = self.log_evidence + level_prior[:, :, None] + growth_prior[:, None, :]
        weight = special.softmax(log_weight, axis=(1, 2))
        return np.log((weight * self.density).sum((1, 2))), (weight * self.below).sum((1, 2))


def _spread(growth: float | None, coefficients: SpreadCoefficients | None) -> PublisherSpread:
    if coefficients is None:
        return PublisherSpread(Prior.spread_scale, Prior.growth_spread_scale)
    return publisher_spread(growth, coefficients=coefficients)


def families() -> pd.Series[str]:
    """Family of each market."""
    return pd.read_csv(REFERENCE / "market_families.csv").set_index("market")["family"]


def markets() -> Iterator[tuple[str, list[Source]]]:
    """Markets of the panel with their sources, each with the base year as its vintage."""
    panel = pd.read_csv(REFERENCE / "estimates_panel.csv", dtype=str).fillna("")
    for market, rows in panel[panel["base_value"] != ""].groupby("market"):
        yield str(market), [_source(n, row) for n, row in enumerate(rows.to_dict("records"))]


def _source(number: int, row: dict[object, object]) -> Source:
    text = {str(name): str(value) for name, value in row.items()}
    base = int(float(text["base_year"]))
    said = [level(base, text["base_value"])]
    if text["target_year"] and text["target_value"]:
        said.append(level(int(float(text["target_year"])), text["target_value"]))
    if text["target_year"] and text["stated_cagr_pct"]:
        said.append(growth(base, int(float(text["target_year"])), text["stated_cagr_pct"]))
    return Source(f"s{number}", text["publisher"], "market", base, tuple(said))


def holdings(least: int) -> Iterator[tuple[str, Source, tuple[Source, ...]]]:
    """Every source of every market with at least so many publishers, and the sources of the others."""
    for market, sources in markets():
        for source in sources if len({s.publisher for s in sources}) >= least else ():
            yield market, source, tuple(s for s in sources if s.publisher != source.publisher)


def held_out(some: Collection[str] | None = None) -> Held:
    """Every printed level and growth that others can be asked about, of all markets or of some."""
    family, rows, parts = families(), [], []
    for market, source, others in holdings(_LEAST):
        if some is None or market in some:
            promised = promised_growth(others)
            for kind, part in _held(source, others):
                rows.append((market, family[market], kind, math.nan if promised is None else promised))
                parts.append(part)
    table = pd.DataFrame(rows, columns=["market", "family", "kind", "growth"])
    return Held(table, *(np.array(arrays) for arrays in zip(*parts, strict=True)))


def _held(source: Source, others: tuple[Source, ...]) -> Iterator[tuple[str, tuple[Array, Array, Array]]]:
    base, own = source.vintage, own_growth(source)
    pool = Pool(others, "market", None, Footing("", ""), base, _WIDE)
    design = Design(pool, np.array([base, max(source.last_year, base + 1)]))
    fit = _on_every_node(design)
    yield "level", _given_others(fit, np.array([[1.0, 0.0]]), source.statements[0].centre)
    if not math.isnan(own) and promised_growth(others) is not None:
        periods = float(design.years[1] - base)
        yield "growth", _given_others(fit, np.array([[-1 / periods, 1 / periods]]), own)


def _on_every_node(design: Design) -> HousePosterior:
    """The posterior on every outlier set and pair of spreads, none with a prior of its own."""
    sets, pairs = design.outlier_sets(), len(SPREADS) * len(GROWTH_SPREADS)
    of_set = np.repeat(np.arange(len(sets)), pairs)
    grid = Grid(
        sets=sets,
        pair_spread=np.repeat(SPREADS, len(GROWTH_SPREADS)),
        pair_growth_spread=np.tile(GROWTH_SPREADS, len(SPREADS)),
        set_index=of_set,
        pair=np.tile(np.arange(pairs), len(sets)),
        log_prior=design.log_set_prior(sets)[of_set],
    )
    integral = Integral(design, grid)
    return HousePosterior(design, integral, weigh(integral, _ALL), ("market",), _ALL)


def _given_others(fit: HousePosterior, row: Array, value: float) -> tuple[Array, Array, Array]:
    """Log evidence of each pair of spreads, and density and probability integral of a value there."""
    grid, known = fit.integral.grid, fit.components
    weight = np.zeros(len(grid.pair))
    weight[known.node] = known.weight
    by_pair = weight.reshape(len(grid.sets), -1)
    found = np.zeros((2, *by_pair.shape))
    for probability, told in fit.next_by_kind("market"):
        density, below = _at(told.linear(row), value)
        for k, part in enumerate((density, below)):
            full = np.zeros(len(grid.pair))
            full[known.node] = part
            found[k] += probability * full.reshape(by_pair.shape)
    total = np.maximum(by_pair.sum(0), 1e-300)
    shape = (len(SPREADS), len(GROWTH_SPREADS))
    density, below = ((by_pair * part).sum(0) / total for part in found)
    return (np.log(total) + known.log_evidence).reshape(shape), density.reshape(shape), below.reshape(shape)


def _at(told: Mixture, value: float) -> tuple[Array, Array]:
    """Density and probability integral of a value in each component."""
    sds = told.sds[:, 0]
    score = (value - told.means[:, 0]) / sds
    return np.exp(-0.5 * score**2) / (sds * math.sqrt(2 * math.pi)), special.ndtr(score)


def weights(table: pd.DataFrame) -> Array:
    """Weight of each row: a market counts once for each kind, a family of n markets n / (1 + (n - 1) / 2)."""
    size = table.groupby(["market", "kind"])["family"].transform("size")
    wide = table.groupby("family")["market"].transform("nunique")
    return np.asarray(1 / size / (1 + (wide - 1) / 2), float)


def fit_spread(rows: Held) -> SpreadCoefficients:
    """Most probable coefficients; the level of fast markets stays the constant that it is."""
    weight = weights(rows.table)
    centres, sds = np.array(list(PRIORS.values())).T

    def loss(theta: Array) -> float:
        return float((((theta - centres) / sds) ** 2).sum() / 2 - weight @ rows.judged(_named(theta))[0])

    return _named(minimize(loss, centres, method="Nelder-Mead", options={"xatol": 0.005, "fatol": 0.001}).x)


def _named(theta: Array) -> SpreadCoefficients:
    power, pace, least = theta.tolist()
    return SpreadCoefficients(power=power, growth=math.exp(pace), least=math.exp(least))


def cross_validated(rows: Held, folds: int = 1000) -> pd.DataFrame:
    """Every number judged by fits without its family (or fold of families), and by the constants."""
    found = []
    fold = pd.factorize(rows.table["family"], sort=True)[0] % folds
    for number in np.unique(fold):
        own = fold == number
        judged, fitted = rows.where(own), fit_spread(rows.where(~own))
        for name, coefficients in (("by growth", fitted), ("constants", None)):
            score, integral = judged.judged(coefficients)
            found.append(judged.table.assign(prior=name, score=score, integral=integral))
    return pd.concat(found)


def summary(judged: pd.DataFrame) -> pd.DataFrame:
    """Coverage of the 80 and 95 % bands and log score, markets counting alike."""
    inside = {f"{share:.0%} band": (judged["integral"] - 0.5).abs() < share / 2 for share in (0.8, 0.95)}
    keys = ["kind", "prior", "market"]
    by_market = judged.assign(**inside).groupby(keys)[[*inside, "score"]].mean()
    return by_market.groupby(keys[:2]).mean().rename(columns={"score": "log score"}).round(3)


def main() -> None:
    """Fit, print beside what is shipped, and judge on families not fitted on."""
    rows = held_out()
    print(f"{len(rows.table)} printed numbers in {rows.table['market'].nunique()} markets")
    found = fit_spread(rows)
    for field in fields(found):
        print(f"  {field.name:8s} {getattr(found, field.name):.4f}, shipped {getattr(FITTED_SPREAD, field.name)}")
    print("\nHeld-out publishers, families of markets not fitted on")
    print(summary(cross_validated(rows)).to_string())


if __name__ == "__main__":
    main()
