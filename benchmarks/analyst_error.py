"""How well the analyst-error model does on families of markets that it was not fitted on.

    python benchmarks/analyst_error.py

Every family is held out in turn: the models are fitted on the others and judged on it. Log scores are means of the
log density of log(actual / forecast); higher is better. "by family" counts each family once. Then the same by
horizon and promised growth, the forecasts that were not used at all, and the time.
"""

from __future__ import annotations

import csv
import json
import math
import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import minimize

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from calibration.analyst_error import (  # noqa: E402
    REFERENCE,
    Array,
    Model,
    cross_validate,
    family_weights,
    fitted_on,
    judge,
    mixture,
    read_outcomes,
    scored,
    summary,
)
from forecast.analyst_error import FITTED, AnalystError, analyst_error  # noqa: E402


def fixed_normal(_: pd.DataFrame, test: pd.DataFrame) -> tuple[Array, Array]:
    """Normal of mean 0 and sd .11 h^.65."""
    return normal(test, 0.0, 0.11 * test["horizon"] ** 0.65)


def fitted_normal(train: pd.DataFrame, test: pd.DataFrame) -> tuple[Array, Array]:
    """Normal with bias per year and sd a h^p, all fitted."""
    weight = family_weights(train["family"])
    h, e = train["horizon"].to_numpy(), train["error"].to_numpy()

    def loss(t):
        sd = np.exp(t[0]) * h ** t[1]
        return weight @ (np.log(sd) + ((e - t[2] * h) / sd) ** 2 / 2)

    a, p, bias = minimize(loss, [math.log(0.11), 0.65, 0.0], method="BFGS").x
    return normal(test, bias * test["horizon"], np.exp(a) * test["horizon"] ** p)


def normal(test: pd.DataFrame, mean, sd) -> tuple[Array, Array]:
    return stats.norm.logpdf(test["error"], mean, sd), stats.norm.cdf(test["error"], mean, sd)


def student(train: pd.DataFrame, test: pd.DataFrame, *, by_growth: bool = True) -> tuple[Array, Array]:
    """Student t with scale h^p (a^2 + c^2 g^2)^(1/2), all fitted; unknown growth taken as the median."""
    weight = family_weights(train["family"])
    h, e, g = (train[name].to_numpy() for name in ("horizon", "error", "growth"))

    def scale(t, h, g):
        return h ** t[1] * np.hypot(np.exp(t[0]), np.exp(t[2]) * g if by_growth else 0.0)

    def loss(t):
        return -weight @ stats.t.logpdf(e, np.exp(t[3]), scale=scale(t, h, g)) + 0.5 * ((t[3] - 1.4) / 0.5) ** 2

    t = minimize(loss, [-2.5, 0.65, -1.0, 1.4], method="BFGS").x
    sd = scale(t, test["horizon"].to_numpy(), test["growth"].fillna(np.median(g)).to_numpy())
    return tuple(f(test["error"], np.exp(t[3]), scale=sd) for f in (stats.t.logpdf, stats.t.cdf))


def student_by_horizon(train: pd.DataFrame, test: pd.DataFrame) -> tuple[Array, Array]:
    """Student t with scale a h^p, blind to growth."""
    return student(train, test, by_growth=False)


def empirical(train: pd.DataFrame, test: pd.DataFrame) -> tuple[Array, Array]:
    """Errors of the other families, stretched to the horizon by h^.65 and smoothed."""
    weight = family_weights(train["family"])
    weight = weight / weight.sum()
    unit = (train["error"] / train["horizon"] ** 0.65).to_numpy()
    width = 1.06 * len(np.unique(train["family"])) ** -0.2 * (stats.iqr(unit) / 1.349)
    stretch = test["horizon"].to_numpy()[:, None] ** 0.65
    shape = (len(test), len(unit))
    kernel = AnalystError(np.broadcast_to(weight, shape), unit * stretch, np.broadcast_to(width * stretch, shape))
    return kernel.log_density(test["error"]), kernel.cdf(test["error"])


MODELS: dict[str, Model] = {
    "normal .11 h^.65": fixed_normal,
    "normal, fitted": fitted_normal,
    "empirical": empirical,
    "t by horizon": student_by_horizon,
    "t by horizon and growth": student,
    "analyst_error": mixture,
}


def classes(rows: pd.DataFrame) -> pd.DataFrame:
    """Classes of horizon and of promised growth in percent a year."""
    growth = pd.cut(np.expm1(rows["growth"]) * 100, [-100, 8, 15, 30, 1000])
    names = dict(zip(growth.cat.categories, ("< 8 %", "8-15 %", "15-30 %", "> 30 %"), strict=True))
    horizon = pd.cut(rows["horizon"], [0, 1, 2, 4, 7]).astype(str)
    return rows.assign(growth_class=growth.map(names).astype(object).fillna("unknown"), horizon_class=horizon)


def semiconductors() -> pd.DataFrame | None:
    """One-year forecasts of semiconductor sales, whole records and tables only; None where the file is absent."""
    path = (
        Path(os.environ.get("FORECAST_SHARED", ROOT.parent / "shared"))
        / "data"
        / "forecast_vs_actual_market_research.csv"
    )
    if not path.exists():
        return None
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["unit"] == "% yoy"]
    promised, came = (np.array([float(row[name]) for row in rows]) for name in ("forecast", "actual"))
    error, growth = np.log((100 + came) / (100 + promised)), np.log1p(promised / 100)
    return pd.DataFrame(
        {"family": [row["target_year"] for row in rows], "horizon": 1.0, "growth": growth, "error": error}
    )


def budgets() -> pd.DataFrame:
    """Budget-office forecasts by source, each of their published quantiles taken as a row; growth taken as 5 %."""
    levels = np.array([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975])
    names = ["q025", "q10", "q25", "q50", "q75", "q90", "q975"]
    mass = np.diff(np.concatenate([[0], (levels[1:] + levels[:-1]) / 2, [1]]))
    source = json.loads((REFERENCE / "analyst_forecast_errors.json").read_text(encoding="utf-8"))
    lines = [key for key in source if key.startswith(("cbo_revenue|", "cbo_outlay|")) and "Total" not in key]
    return pd.DataFrame(
        [
            {"family": key, "horizon": float(h), "growth": 0.05, "error": source[key][str(h)][name], "mass": m}
            for key in lines
            for h in range(1, 8)
            for name, m in zip(names, mass, strict=True)
        ]
    )


def by_class(table: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Summary of two models in each class."""
    rows = []
    for column in ("growth_class", "horizon_class"):
        for name, part in classes(table).groupby(column):
            base = summary(other.loc[part.index])
            rows.append(
                {"class": name, **summary(part), "normal 80%": base["80%"], "normal log score": base["log score"]}
            )
    return pd.DataFrame(rows).set_index("class").drop(columns=["50%", "50% by family"])


def main() -> None:
    pd.set_option("display.width", 220, "display.max_columns", 30)
    outcomes = read_outcomes()
    train, test = fitted_on(outcomes), scored(outcomes)
    results = {name: cross_validate(model, train, test) for name, model in MODELS.items()}
    print("Held-out families, systematic series, same or near definition, horizon 1 to 7")
    print(pd.DataFrame({name: summary(rows) for name, rows in results.items()}).T.round(3).to_string())
    print("\nanalyst_error by promised growth and by horizon")
    print(by_class(results["analyst_error"], results["normal .11 h^.65"]).round(3).to_string())
    print("\nOther forecasts: topic search with their family held out; budgets and semiconductors never used")
    others = {"found by topic search": None, "budget lines": budgets(), "semiconductors, by year": semiconductors()}
    found = fitted_on(outcomes)
    others["found by topic search"] = found[found["selection"] != "systematic series"]
    rows = {}
    for name, table in others.items():
        if table is not None:
            for label, model in (("analyst_error", None), ("normal .11 h^.65", fixed_normal)):
                if name == "found by topic search":
                    judged = cross_validate(mixture if model is None else model, train, table)
                else:
                    density, integral = judge(table, FITTED) if model is None else model(table, table)
                    judged = table.assign(density=density, integral=integral)
                rows[name, label] = summary(judged)
    print(pd.DataFrame(rows).T.round(3).to_string())
    start = time.perf_counter()
    for _ in range(100):
        analyst_error(np.arange(1.0, 13.0), 0.2)
    print(f"\ncomponents of 12 years: {(time.perf_counter() - start) * 10:.3f} ms")
    start = time.perf_counter()
    analyst_error(np.arange(1.0, 13.0), 0.2).quantiles([0.025, 0.1, 0.5, 0.9, 0.975])
    print(f"60 quantiles: {(time.perf_counter() - start) * 1e3:.2f} ms")


if __name__ == "__main__":
    main()
