"""One small table for each figure, and the call that draws it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import ndtri

from forecast import figures

UNIT, QUANTITY = "USD bn", "Market in 2030"
NAN = float("nan")


def path(source: str, first: tuple[int, float, str], last: tuple[int, float, str], end: int) -> list[tuple]:
    """A source's printed numbers, what lies between them, and what follows."""
    (year, value, hedge), (target, reached, target_hedge) = first, last
    growth = (reached / value) ** (1 / (target - year))
    printed = {year: (value, hedge), target: (reached, target_hedge)}
    rows = []
    for at in range(year, end + 1):
        carried = "interpolated" if at <= target else "extrapolated"
        number, sign = printed.get(at, (value * growth ** (at - year), ""))
        rows.append((source, at, number, "printed" if at in printed else carried, sign))
    return rows


STATEMENTS = pd.DataFrame(
    [
        *path("GlobalData", (2023, 50 / 1.43**7, ""), (2030, 50.0, "more than"), 2030),
        *path("MarketsandMarkets", (2023, 16.0, "about"), (2028, 49.0, ""), 2030),
        *path("Research and Markets", (2016, 18.9, ""), (2021, 53.7, ""), 2025),
        *path("ITIS/DCB", (2023, 18.12, ""), (2028, 41.21, ""), 2030),
    ],
    columns=["source", "year", "value", "kind", "hedge"],
)
STATEMENTS.loc[0, "kind"] = "interpolated"

PRINTED = STATEMENTS[STATEMENTS["kind"] == "printed"]

FOREST = pd.DataFrame(
    [
        ("GlobalData", 1.6, 4.1, 10.2, "source", "implied by >50 in 2030 and >43 %/yr"),
        ("MarketsandMarkets", 11, 16, 25, "source", ""),
        ("Research and Markets", 38, 81.5, 175, "source", "carried on from 2021"),
        ("ITIS/DCB", 14.9, 24.2, 39, "source", "cell and gene therapy, scope bridged"),
        ("consensus", 11.35, 22.77, 46.56, "consensus", ""),
        ("next publisher", 7.56, 22.75, 69.31, "next publisher", ""),
    ],
    columns=["label", "low", "median", "high", "kind", "note"],
)

BANDS = pd.DataFrame(
    [
        (
            scenario,
            year,
            level,
            22.8 * np.exp((0.16 + shift) * (year - 2023) + (0.55 + 0.03 * (year - 2023)) * ndtri(level)),
        )
        for scenario, shift in (("cautious", -0.02), ("base", 0.0), ("ambitious", 0.02))
        for since, year in enumerate(range(2023, 2036))
        for level in (0.1, 0.25, 0.5, 0.75, 0.9)
    ],
    columns=["scenario", "year", "level", "value"],
)

HISTORY = pd.DataFrame({"year": range(2015, 2024), "value": [8.5, 9.4, 10.6, 11.8, 13, 14.1, 16.4, 18.9, 21.5]})

HOUSES = pd.DataFrame(
    [
        ("GlobalData", 0.09, 0.21, 0.55, 0.702),
        ("MarketsandMarkets", 0.42, 0.72, 1.15, 0.023),
        ("Research and Markets", 1.0, 2.1, 4.2, 0.072),
        ("ITIS/DCB", 0.7, 1.1, 1.8, 0.017),
    ],
    columns=["publisher", "low", "median", "high", "outlier_probability"],
)

TORNADO = pd.DataFrame(
    [
        ("half-life of the fade", "driver", "yr", 2, 4, 8, 60.1, 72.8, 86.4, True, ""),
        ("growth shift", "driver", "%/yr", -3, 0, 3, 58.9, 72.8, 89.5, True, ""),
        ("spread between publishers", "prior", "", 0.3, 0.6, 0.9, 66.0, 72.8, 81.0, True, ""),
        ("common optimism", "prior", "points", -4, 1, 6, 90.0, 72.8, 61.0, True, ""),
        ("Research and Markets", "source", "", "left out", "kept", "kept", 54.2, 72.8, 72.8, True, ""),
        ("ITIS/DCB", "source", "", "left out", "kept", "kept", 75.2, 72.8, 72.8, False, ""),
        ("hedge reading", "hedge", "", "as printed", "excess", "censored", 70.8, 72.8, 77.8, True, ""),
        ("Act in force", "event", "%", 30, 60, 90, 71.0, 72.8, 74.5, True, ""),
        ("ceiling", "driver", "USD bn", 200, 300, 400, 72.8, 72.8, 72.8, True, "the curve in use has no ceiling"),
    ],
    columns=["input", "kind", "unit", "low_input", "base_input", "high_input", "low_value", "base_value", "high_value",
             "monotonic", "note"],
).assign(swing=lambda t: (t["high_value"] - t["low_value"]).abs())  # fmt: skip

INCLUSION = pd.DataFrame(
    [
        (source, item, {"y": "yes", "n": "no", "p": "part", "u": "unsaid"}[answer])
        for source, answers in {"GlobalData": "ynunnu", "MarketsandMarkets": "yyyypn", "ITIS/DCB": "ynnpnn"}.items()
        for item, answer in zip(
            ["cell therapy", "devices", "tissue products", "services", "RNA", "banking"], answers, strict=True
        )
    ],
    columns=["source", "item", "included"],
)

METHODS = pd.DataFrame(
    [
        ("arithmetic mean", 12, 29.9, 75),
        ("linear pool", 3.2, 19.8, 92),
        ("random effects (REML)", 9.5, 18.6, 36.4),
        ("house effects", 11.3, 22.8, 46.6),
    ],
    columns=["method", "low", "median", "high"],
)

AUDIT = pd.DataFrame(
    [
        ("MarketsandMarkets", 25.1, 25.09, 24.4, 25.81, "none"),
        ("Research and Markets", 23.3, 23.23, 23.14, 23.31, "low"),
        ("Another house", 9.0, 15.7, 15.6, 15.82, "high"),
    ],
    columns=["id", "stated", "implied", "low", "high", "severity"],
)

BRIDGE = pd.DataFrame(
    [
        ("GlobalData 2030", 50.0, "total"),
        ("base", 62.3, "change"),
        ("growth", -48.1, "change"),
        ("scope", 12.5, "change"),
        ("currency", 0.0, "change"),
        ("MarketsandMarkets 2030", 76.7, "total"),
    ],
    columns=["label", "value", "kind"],
)

SPIDER = pd.DataFrame(
    [
        (
            row.input,
            position,
            float(np.interp(position, [0.1, 0.5, 0.9], [row.low_value, row.base_value, row.high_value])),
        )
        for row in TORNADO.itertuples()
        if row.kind in ("driver", "prior", "event")
        for position in (0.1, 0.25, 0.5, 0.75, 0.9)
    ],
    columns=["input", "position", "value"],
)

GRID = pd.DataFrame(
    [
        (shift, fade, 22.8 * np.exp(7 * (0.12 + shift / 100)) * (1 + 0.04 * fade))
        for shift in range(-4, 5)
        for fade in (2, 3, 4, 6, 8)
    ],
    columns=["x", "y", "value"],
)

SHARES = pd.DataFrame(
    [
        (year, name, share)
        for year in range(2024, 2036)
        for name, share in {
            "spread between publishers": 0.75 - 0.04 * (year - 2024),
            "half-life of the fade": 0.01 + 0.03 * (year - 2024),
            "growth shift": 0.05,
        }.items()
    ],
    columns=["year", "input", "share"],
)

PARTS = pd.DataFrame(
    [
        (year, name, variance)
        for year in range(2023, 2036)
        for name, variance in {
            "between publishers": 0.3,
            "growth": 0.01 + 0.02 * (year - 2023),
            "process": 0.004 * (year - 2023),
            "events": 0.003 * (year - 2023),
        }.items()
    ],
    columns=["year", "part", "variance"],
)

LEVELS = np.r_[0.01, np.arange(0.05, 0.96, 0.05), 0.99]

DISTRIBUTIONS = pd.DataFrame(
    [
        (label, level, median * np.exp(sd * ndtri(level)))
        for label, median, sd in (("cautious", 61.0, 0.62), ("base", 72.8, 0.7), ("ambitious", 88.0, 0.78))
        for level in LEVELS
    ],
    columns=["label", "level", "value"],
)

EVENTS = pd.DataFrame(
    [
        ("Regenerative Medicine Act passed", "policy", 2024.43, NAN, NAN, 1.0),
        ("Acts in force", "policy", 2026.0, NAN, NAN, 1.0),
        ("First conditional licence", "event", 2027.2, 2026.5, 2028.5, 0.6),
        ("Allogeneic product approved", "event", 2029.0, 2027.5, 2031.5, 0.45),
    ],
    columns=["label", "kind", "year", "low", "high", "probability"],
)

SIDES = pd.DataFrame(
    [
        (side, 2019 + step, low * growth**step, median * growth**step, high * growth**step)
        for side, low, median, high, growth in (
            ("top-down", 11.3, 22.8, 46.6, 1.18),
            ("bottom-up", 3.1, 3.9, 5.2, 1.32),
        )
        for step in range(6)
    ],
    columns=["side", "year", "low", "median", "high"],
)

EDITIONS = pd.DataFrame(
    [
        (vintage, year, base * (1 + growth) ** (year - vintage))
        for vintage, base, growth in ((2016, 18.9, 0.233), (2018, 14, 0.26), (2021, 13.5, 0.28), (2024, 16, 0.251))
        for year in range(vintage, vintage + 6)
    ],
    columns=["vintage", "year", "value"],
)

PITS = pd.DataFrame({"pit": (np.arange(120) + 0.5) / 120})

COVERAGE = pd.DataFrame(
    [
        (level, horizon, round(count * level * held), count)
        for level in (0.5, 0.8)
        for horizon, count, held in ((1, 42, 1.05), (2, 40, 1.0), (3, 33, 0.95), (5, 24, 0.86))
    ],
    columns=["level", "horizon", "inside", "count"],
)

Draw = Callable[..., Axes]

AXES_LABELS = {"x_label": "growth shift, points a year", "y_label": "half-life of the fade, years"}

FIGURES: dict[str, tuple[Draw, pd.DataFrame, dict]] = {
    "sources_by_years": (figures.sources_by_years, STATEMENTS, {"unit": UNIT}),
    "forest": (figures.forest, FOREST, {"unit": UNIT}),
    "fan": (figures.fan, BANDS, {"unit": UNIT, "statements": PRINTED, "history": HISTORY}),
    "houses": (figures.houses, HOUSES, {}),
    "tornado": (figures.tornado, TORNADO, {"unit": UNIT, "quantity": QUANTITY}),
    "inclusion": (figures.inclusion, INCLUSION, {}),
    "football_field": (figures.football_field, METHODS, {"unit": UNIT, "reference": 22.8}),
    "spaghetti": (figures.spaghetti, STATEMENTS, {"unit": UNIT}),
    "scenarios_overlaid": (figures.scenarios_overlaid, BANDS, {"unit": UNIT}),
    "scenario_panels": (figures.scenario_panels, BANDS, {"unit": UNIT}),
    "stated_implied": (figures.stated_implied, AUDIT, {}),
    "waterfall": (figures.waterfall, BRIDGE, {"unit": UNIT}),
    "spider": (figures.spider, SPIDER, {"unit": UNIT, "quantity": QUANTITY}),
    "heatmap": (figures.heatmap, GRID, {"unit": UNIT, "quantity": QUANTITY, "target": 60.0, **AXES_LABELS}),
    "sobol_by_year": (figures.sobol_by_year, SHARES, {"quantity": "Market"}),
    "band_parts": (figures.band_parts, PARTS, {}),
    "ridge": (figures.ridge, DISTRIBUTIONS, {"unit": UNIT}),
    "timeline": (figures.timeline, EVENTS, {"today": 2026.1}),
    "top_down_bottom_up": (figures.top_down_bottom_up, SIDES, {"unit": UNIT}),
    "revisions": (figures.revisions, EDITIONS, {"unit": UNIT, "history": HISTORY}),
    "pit": (figures.pit, PITS, {}),
    "coverage": (figures.coverage, COVERAGE, {}),
}


def draw(name: str, *, ax: Axes | None = None) -> Axes:
    """Draw one figure of the gallery."""
    function, table, options = FIGURES[name]
    return function(table, **options, ax=ax)
