"""Every method against publishers it has not seen: the markets of `tests/reference/estimates_panel.csv`.

``python benchmarks/held_out_publishers.py [method ...]`` leaves out each publisher of each market with at least three,
and asks every method what one more publisher would print for that publisher's base year. The table gives coverage of
the 80 % band, its median width (a factor), and the mean log score of the log value. Markets count alike, whatever
their number of publishers. Nothing is fitted here; the coefficients of "by maturity" were fitted on the same panel
(`calibration/analyst_error.py`), so its row is in sample. All methods take some minutes.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.analyst_error import publisher_spread
from forecast.errors import ModelError
from forecast.estimates import Footing
from forecast.mixture import Mixture
from forecast.reconcile.methods import METHODS
from forecast.reconcile.paths import own_growth
from forecast.reconcile.pool import Pool, growth, level
from forecast.reconcile.priors import Prior
from forecast.reconcile.statements import Source

PANEL = Path(__file__).resolve().parents[1] / "tests" / "reference" / "estimates_panel.csv"
LEAST = 3
MATURE = "house-effects, by maturity"
EVERY = ("house-effects", MATURE, *list(METHODS)[1:])


def read() -> Iterator[tuple[str, list[Source]]]:
    """Markets with their sources."""
    panel = pd.read_csv(PANEL, dtype=str).fillna("")
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


def by_maturity(pool: Pool) -> Pool:
    """The pool with the spreads that its promised growth tells."""
    rates = [rate for rate in map(own_growth, pool.sources) if not math.isnan(rate)]
    if not rates:
        return pool
    level_scale, growth_scale = publisher_spread(float(np.median(rates))).half_normal
    return replace(pool, prior=pool.prior.replace(spread_scale=level_scale, growth_spread_scale=growth_scale))


def next_printed(pool: Pool, method: str) -> Mixture:
    """What one more publisher would print in the reference year, in logs."""
    if method == MATURE:
        pool, method = by_maturity(pool), "house-effects"
    return METHODS[method](pool, np.array([pool.reference_year])).next_publisher


def held_out(methods: tuple[str, ...] = EVERY) -> pd.DataFrame:
    """One row a method, market and publisher: whether the band held, its width, the log score."""
    rows = []
    for market, sources in read():
        for source in sources if len({s.publisher for s in sources}) >= LEAST else ():
            others = tuple(s for s in sources if s.publisher != source.publisher)
            pool = Pool(others, "market", None, Footing("", ""), source.vintage, Prior())
            value = source.statements[0].centre
            for method in methods:
                try:
                    found = next_printed(pool, method)
                except ModelError:
                    continue
                low, high = found.quantiles([0.1, 0.9])[0]
                rows.append((method, market, low <= value <= high, high - low, _log_score(found, value)))
    return pd.DataFrame(rows, columns=["method", "market", "held", "width", "score"])


def _log_score(found: Mixture, value: float) -> float:
    sds = found.sds[:, 0]
    density = np.exp(-0.5 * ((value - found.means[:, 0]) / sds) ** 2) / (sds * math.sqrt(2 * math.pi))
    return math.log(max(float(found.weights @ density), 1e-300))


def by_method(table: pd.DataFrame) -> pd.DataFrame:
    """Coverage, width as a factor and log score, best score first."""
    markets = table.groupby(["method", "market"]).agg(
        coverage=("held", "mean"), width=("width", "median"), log_score=("score", "mean"), publishers=("held", "size")
    )
    means = markets.groupby("method")[["coverage", "width", "log_score"]].mean()
    means["width"] = np.exp(means["width"])
    counts = markets.groupby("method")["publishers"].agg(["size", "sum"]).set_axis(["markets", "publishers"], axis=1)
    return means.join(counts).sort_values("log_score", ascending=False).round(3).reset_index()


if __name__ == "__main__":
    print(by_method(held_out(tuple(sys.argv[1:]) or EVERY)).to_string(index=False))
