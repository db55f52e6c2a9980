"""Every method against publishers it has not seen: the markets of `tests/reference/estimates_panel.csv`.

``python benchmarks/held_out_publishers.py [method ...]`` leaves out each publisher of each market with at least three,
and asks every method what one more publisher would print for that publisher's base year. The table gives coverage of
the 80 % band, its median width (a factor), and the mean log score of the log value; all markets count alike, whatever
their number of publishers. The prior of each market comes from the growth that the other publishers promise, by
coefficients fitted on other families of markets alone (`calibration/publisher_spread.py`); "house-effects, constants"
has the prior that is the same for all. Two to three minutes of CPU; with names of methods less.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from calibration.publisher_spread import families, fit_spread, held_out, holdings  # noqa: E402
from forecast.analyst_error import SpreadCoefficients, publisher_spread  # noqa: E402
from forecast.errors import ModelError  # noqa: E402
from forecast.estimates import Footing  # noqa: E402
from forecast.mixture import Mixture  # noqa: E402
from forecast.reconcile.methods import METHODS, method_named  # noqa: E402
from forecast.reconcile.pool import Pool  # noqa: E402
from forecast.reconcile.priors import Prior, evidence_prior, promised_growth  # noqa: E402
from forecast.reconcile.statements import Source  # noqa: E402

LEAST = 3
CONSTANTS = "house-effects, constants"


def prior_of(others: tuple[Source, ...], coefficients: SpreadCoefficients) -> Prior:
    """Prior by the growth that the others promise, from coefficients fitted elsewhere."""
    growth = promised_growth(others)
    spread = publisher_spread(growth, coefficients=coefficients)
    return evidence_prior(growth).replace(spread_scale=spread.level, growth_spread_scale=spread.growth)


def next_printed(others: tuple[Source, ...], year: int, prior: Prior, method: str) -> Mixture:
    """What one more publisher would print in a year, in logs."""
    prior, name = (Prior(), "house-effects") if method == CONSTANTS else (prior, method)
    pool = Pool(others, "market", None, Footing("", ""), year, prior)
    return METHODS[name](pool, np.array([year])).next_publisher


def judged(methods: tuple[str, ...]) -> Iterator[tuple[str, str, str, float, float, float]]:
    """Method, market, family, probability integral, width and log score of every printed base."""
    rows, family = held_out(), families()
    known = rows.table["family"]
    fitted = {name: fit_spread(rows.where((known != name).to_numpy())) for name in known.unique()}
    for market, source, others in holdings(LEAST):
        prior, value = prior_of(others, fitted[family[market]]), source.statements[0].centre
        for method in methods:
            try:
                found = next_printed(others, source.vintage, prior, method)
            except ModelError:
                continue
            low, high = found.quantiles([0.1, 0.9])[0]
            yield method, market, family[market], float(found.cdf([value])[0]), high - low, _log_score(found, value)


def _log_score(found: Mixture, value: float) -> float:
    sds = found.sds[:, 0]
    density = np.exp(-0.5 * ((value - found.means[:, 0]) / sds) ** 2) / (sds * math.sqrt(2 * math.pi))
    return math.log(max(float(found.weights @ density), 1e-300))


def by_method(rows: Iterator[tuple[str, str, str, float, float, float]]) -> pd.DataFrame:
    """Coverage, width as a factor and log score, best score first; "by family" counts families alike."""
    table = pd.DataFrame(rows, columns=["method", "market", "family", "integral", "width", "score"])
    off = (table["integral"] - 0.5).abs()
    table = table.assign(**{"80 %": off < 0.4, "95 %": off < 0.475})
    markets = table.groupby(["method", "family", "market"]).agg(
        {"80 %": "mean", "95 %": "mean", "width": "median", "score": "mean", "integral": "size"}
    )
    means = markets.drop(columns="integral").groupby("method").mean()
    means["width"] = np.exp(means["width"])
    score = markets["score"].groupby(["method", "family"]).mean().groupby("method").mean()
    counts = markets["integral"].groupby("method").agg(["size", "sum"]).set_axis(["markets", "publishers"], axis=1)
    found = means.rename(columns={"score": "log score"}).assign(**{"log score by family": score}).join(counts)
    return found.sort_values("log score", ascending=False).round(3).reset_index()


if __name__ == "__main__":
    named = tuple(method_named(name) for name in sys.argv[1:])
    print(by_method(judged(named or ("house-effects", CONSTANTS, *list(METHODS)[1:]))).to_string(index=False))
