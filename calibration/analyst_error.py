"""Fit the coefficients of `forecast.analyst_error` and write its table of published errors.

    python calibration/analyst_error.py

Needs nothing but the tables in `tests/reference`. Prints the coefficients beside those that are shipped and
writes `forecast/published_errors.csv`. A row counts 1 / (1 + (n - 1) / 2) in a family of n, as if half of its
error were shared by the family. Rows marked doubtful, cited as a miss, or giving a low or high scenario instead of
the publisher's own forecast are left out. Weak priors keep every coefficient where budget forecasts and the
spread of published estimates put it before the outcomes were looked at.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special
from scipy.optimize import minimize

from forecast.analyst_error import (
    FITTED,
    HORIZON_MEMORY,
    USUAL_GROWTH,
    VINTAGE_MEMORY,
    ErrorCoefficients,
    analyst_error,
)

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "tests" / "reference"
Array = NDArray[np.float64]

SHARED_PART = 0.5
"""Part of an error that the family is taken to share."""

# name: (transform, centre, sd of the prior on the transformed scale)
ERROR_PRIORS = {
    "core": ("log", 0.08, 0.3),
    "exponent": ("", 0.65, 0.1),
    "growth": ("log", 0.35, 0.4),
    "wide_weight": ("logit", 0.22, 0.4),
    "wide_ratio": ("log", 2.7, 0.2),
    "short_weight": ("logit", 0.15, 0.5),
    "lost": ("", 0.6, 0.15),
}
SERIES = (
    ("cbo_total_revenue", "US federal revenue, total", "Congressional Budget Office baselines against outturns"),
    (
        "cbo_revenue_components",
        "US federal revenue by source",
        "Congressional Budget Office baselines against outturns",
    ),
    ("cbo_outlay|Medicare", "US Medicare spending", "Congressional Budget Office baselines against outturns"),
    ("cbo_outlay|Medicaid", "US Medicaid spending", "Congressional Budget Office baselines against outturns"),
    (
        "imf_real_gdp_level_cumulative_17_large_economies",
        "real GDP, 17 large economies",
        "IMF World Economic Outlook vintages; horizon from the year of the vintage",
    ),
    ("iea_weo_wind_log_ratio_by_horizon", "world wind power", "IEA World Energy Outlook editions against outturns"),
    ("iea_weo_solar_log_ratio_by_horizon", "world solar power", "IEA World Energy Outlook editions against outturns"),
)


def read_outcomes() -> pd.DataFrame:
    """Read published forecasts and what came: `family, market, publication, horizon, growth, error`, and flags."""
    table = pd.read_csv(REFERENCE / "forecast_outcomes.csv").merge(_families(), on="market", validate="many_to_one")
    horizon = (table["target_year"] - table["base_year"]).astype(float)
    implied = pd.Series(np.log(table["target_value"] / table["base_value"])) / horizon.where(horizon > 0)
    return pd.DataFrame(
        {
            "family": table["family"],
            "market": table["market"],
            "publisher": table["publisher"],
            "base": table["base_year"],
            "target": table["target_year"],
            "publication": table["market"] + table["publisher"] + table["published"],
            "horizon": horizon,
            "growth": implied.fillna(pd.Series(np.log1p(_percent(table["stated_cagr_pct"]) / 100))),
            "error": np.log(table["actual_value"] / table["target_value"]),
            "selection": table["selection"],
            "match": table["definition_match"],
            "hedge": table["hedge"].fillna(""),
        }
    )


def scored(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Rows on which the model is judged: systematic series, same or near definition, horizon 1 to 7."""
    return outcomes[_sound(outcomes) & (outcomes["selection"] == "systematic series")].reset_index(drop=True)


def fitted_on(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Rows on which the model is fitted: also those found by topic search, but no scenario and no unknown growth."""
    own = ~outcomes["hedge"].isin(["low scenario", "high scenario"]) & outcomes["growth"].notna()
    return outcomes[_sound(outcomes) & own & (outcomes["selection"] != "cited as a miss")].reset_index(drop=True)


def family_weights(family: pd.Series[str], shared: float = SHARED_PART) -> Array:
    """Weight of each row: a family of n rows counts n / (1 + (n - 1) shared)."""
    size = family.groupby(family).transform("size").to_numpy(float)
    return 1 / (1 + (size - 1) * shared)


def fit_error(rows: pd.DataFrame) -> ErrorCoefficients:
    """Most probable coefficients of the analyst-error model."""
    horizon, growth, error = (rows[name].to_numpy(float) for name in ("horizon", "growth", "error"))
    weight = family_weights(rows["family"])

    def loss(theta: Array) -> float:
        model = analyst_error(horizon, growth, coefficients=ErrorCoefficients(**_values(theta, ERROR_PRIORS)))
        return float(_penalty(theta, ERROR_PRIORS) - weight @ model.log_density(error))

    return ErrorCoefficients(**_best(loss, ERROR_PRIORS))


Model = Callable[[pd.DataFrame, pd.DataFrame], tuple[Array, Array]]
"""Fits on the rows it is given first; log density and probability integral of the others."""


def mixture(train: pd.DataFrame, test: pd.DataFrame) -> tuple[Array, Array]:
    """Judge rows by the shipped model, its coefficients fitted anew."""
    return judge(test, fit_error(train))


def judge(test: pd.DataFrame, coefficients: ErrorCoefficients) -> tuple[Array, Array]:
    """Return the log density and the probability integral of each row."""
    density, integral = np.empty(len(test)), np.empty(len(test))
    known = test["growth"].notna().to_numpy()
    for rows in (known, ~known):
        if rows.any():
            part = test[rows]
            growth = part["growth"] if part["growth"].notna().all() else None
            model = analyst_error(part["horizon"], growth, coefficients=coefficients)
            density[rows], integral[rows] = model.log_density(part["error"]), model.cdf(part["error"])
    return density, integral


def cross_validate(model: Model, train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Return the test rows with the log density and probability integral from a fit without their family."""
    parts = []
    for family, held_out in test.groupby("family"):
        density, integral = model(train[train["family"] != family], held_out)
        parts.append(held_out.assign(density=density, integral=integral))
    return pd.concat(parts)


def summary(rows: pd.DataFrame) -> dict[str, float]:
    """Return coverage and log score, by row and by family."""
    one = family_weights(rows["family"], 1.0)
    row = rows["mass"] if "mass" in rows else np.ones(len(rows))
    one = one * row
    inside = {level: ((rows["integral"] - 0.5).abs() < level / 2).to_numpy(float) for level in (0.5, 0.8, 0.95)}
    found: dict[str, float] = {"rows": len(rows), "families": rows["family"].nunique()}
    found |= {f"{level:.0%}": np.average(value, weights=row) for level, value in inside.items()}
    found |= {f"{level:.0%} by family": np.average(value, weights=one) for level, value in inside.items()}
    found["log score"] = np.average(rows["density"], weights=row)
    found["log score by family"] = np.average(rows["density"], weights=one)
    return found


def horizon_memory(rows: pd.DataFrame) -> float:
    """Exponent of (shorter / longer) in the correlation of normal scores within one publication."""
    table = _with_scores(rows)
    pairs = table.merge(table, on="publication", suffixes=("", "_later"))
    pairs = pairs[pairs["horizon"] < pairs["horizon_later"]]
    gap = np.log(pairs["horizon_later"] / pairs["horizon"]).to_numpy()
    found = _decay(gap, pairs["score"].to_numpy(), pairs["score_later"].to_numpy(), family_weights(pairs["family"]))
    return -math.log(found)


def vintage_memory(rows: pd.DataFrame) -> float:
    """Correlation of normal scores of one market between forecasts from one base year and from the next."""
    table = _with_scores(rows[rows["horizon"] > 1]).reset_index(names="row")
    pairs = table.merge(table, on="market", suffixes=("", "_later"))
    pairs = pairs[pairs["base"] < pairs["base_later"]]
    gap = (pairs["base_later"] - pairs["base"]).to_numpy()
    weight = family_weights(pairs["market"])
    return _decay(gap, pairs["score"].to_numpy(), pairs["score_later"].to_numpy(), weight)


def _decay(gap: Array, x: Array, y: Array, weight: Array) -> float:
    """Most probable r where the correlation of pairs of normal scores is r to the power of their gap."""

    def loss(theta: Array) -> float:
        r = special.expit(theta[0]) ** gap
        each = np.log1p(-(r**2)) / 2 + (x**2 - 2 * r * x * y + y**2) / (2 * (1 - r**2))
        return float(weight @ each)

    return float(special.expit(minimize(loss, [1.0], method="BFGS").x[0]))


def shared_error(rows: pd.DataFrame) -> float:
    """Correlation of normal scores between publishers that forecast the same year of the same family."""
    table = _with_scores(rows).reset_index(names="row")
    pairs = table.merge(table, on=["family", "target"], suffixes=("", "_other"))
    pairs = pairs[(pairs["row"] < pairs["row_other"]) & (pairs["publisher"] != pairs["publisher_other"])]
    x, y, weight = pairs["score"], pairs["score_other"], family_weights(pairs["family"], 1.0)
    return float((weight @ (x * y)) / np.sqrt((weight @ x**2) * (weight @ y**2)))


def write_published_errors(path: Path) -> None:
    """Write the table of errors by horizon that the package ships."""
    source = json.loads((REFERENCE / "analyst_forecast_errors.json").read_text(encoding="utf-8"))
    rows = []
    for key, series, origin in SERIES:
        for horizon, figures in source[key].items():
            first, _, last = horizon.partition("-")
            if int(first) > 0:
                numbers = {name: figures[name] for name in ("n", "mean", "sd", "q10", "q50", "q90")}
                years = {"horizon": int(first), "horizon_to": int(last or first)}
                rows.append({"series": series, "source": origin, **years, **numbers})
    pd.DataFrame(rows).to_csv(path, index=False)


def main() -> None:
    """Fit everything, print it beside what is shipped, write the table."""
    outcomes = read_outcomes()
    rows = fitted_on(outcomes)
    print(f"analyst error: {len(rows)} forecasts in {rows['family'].nunique()} families")
    _compare(fit_error(rows), FITTED)
    growth, weight = rows["growth"].to_numpy(), family_weights(rows["family"], 1.0)
    order = np.argsort(growth)
    usual = np.interp([1 / 6, 1 / 2, 5 / 6], np.cumsum(weight[order]) / weight.sum(), growth[order])
    print(f"  usual growth     {usual.round(3).tolist()}, shipped {USUAL_GROWTH}")
    print(f"  horizon memory   {horizon_memory(rows):.3f}, shipped {HORIZON_MEMORY}")
    print(f"  vintage memory   {vintage_memory(rows):.3f}, shipped {VINTAGE_MEMORY}")
    print(f"  shared error     {shared_error(rows):.3f} (correlation between publishers; not shipped, a check)")
    write_published_errors(ROOT / "forecast" / "published_errors.csv")


def _compare(found: ErrorCoefficients, shipped: ErrorCoefficients) -> None:
    for field in fields(found):
        print(f"  {field.name:16s} {getattr(found, field.name):.4f}, shipped {getattr(shipped, field.name)}")


def _with_scores(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the normal score of each error in the shipped model."""
    return rows.assign(score=special.ndtri(analyst_error(rows["horizon"], rows["growth"]).cdf(rows["error"])))


def _families() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "market_families.csv")


def _percent(printed: pd.Series[str]) -> pd.Series[float]:
    """Percent as printed; the middle of a range."""
    ends = printed.astype(str).str.extract(r"^([\d.]+)(?:-([\d.]+))?$").astype(float)
    return ends.mean(axis=1)


def _sound(outcomes: pd.DataFrame) -> pd.Series[bool]:
    return outcomes["match"].isin(["same", "near"]) & outcomes["horizon"].between(1, 7)


def _values(theta: Array, priors: dict[str, tuple[str, float, float]]) -> dict[str, float]:
    back = {"log": np.exp, "logit": special.expit, "": float}
    return {name: float(back[kind](x)) for x, (name, (kind, _, _)) in zip(theta, priors.items(), strict=True)}


def _centres(priors: dict[str, tuple[str, float, float]]) -> Array:
    there = {"log": np.log, "logit": special.logit, "": float}
    return np.array([there[kind](centre) for kind, centre, _ in priors.values()])


def _penalty(theta: Array, priors: dict[str, tuple[str, float, float]]) -> float:
    sds = np.array([sd for _, _, sd in priors.values()])
    return float((((theta - _centres(priors)) / sds) ** 2).sum() / 2)


def _best(loss: object, priors: dict[str, tuple[str, float, float]]) -> dict[str, float]:
    found = minimize(loss, _centres(priors), method="BFGS", options={"gtol": 1e-4})
    return _values(found.x, priors)


if __name__ == "__main__":
    main()
