"""Fit the coefficients of the pooled history band, score them out of sample and write them beside the module.

    python calibration/history_bands.py ../shared/data [--steps 40]

The folder holds `yearly_dev600.csv` and `yearly_market_dev.csv` (columns `source, id, type, n_train, values`): annual
histories whose last six values are held back. Each history is used whole and cut to its last 10, 6 and 3 values, and
once more six years earlier with twelve years held back, so that long horizons are fitted too. A market counts for
`MARKET_WEIGHT` of a competition series.

The loss is the negative log likelihood of the log outcome, plus the quantile and interval scores of the log outcome,
plus those of the outcome over the mean absolute change of the history. The last is cut logarithmically beyond a cap:
a few series that rise a hundredfold would decide the fit. A penalty holds every coefficient near where it starts.

Five folds keep all series of one country together. What each fold predicts for the series it has not seen serves
twice: the shape (and with it the constants of scale and lean) is adjusted until seven quantiles hold what they
promise, and the scores are published with the coefficients. The scores of a fold use the shape adjusted on the other
four. The fit starts at the defaults of `Coefficients`: round numbers, chosen with these same series in sight, as was
the form of the model. So the scores flatter a little; other series are the test.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, ndtr, ndtri

from forecast.distributions import Array
from forecast.history import features as reading
from forecast.history import pooled as model
from forecast.history.pooled import Coefficients

LEVELS = (0.025, 0.10, 0.25, 0.50, 0.75, 0.90, 0.975)
HELD_BACK = 6
FOLDS = 5
CUTS = {None: 1.0, 10: 0.5, 6: 0.5, 3: 0.2}
MARKET_WEIGHT = 0.6
LONG_WEIGHT = 0.15
CAP = 100.0
STEP = 1e-4
RIDGE = 0.03
BOUNDS = {
    "fade_last": (0.0, 0.95),
    "fade_short": (0.2, 1.0),
    "fade_long": (0.4, 1.0),
    "fade_mean": (0.5, 1.0),
    "fade_line_short": (0.2, 1.0),
    "growth_gain": (0.3, 1.6),
    "growth_bend": (0.0, 2.0),
    "trust_one": (0.0, 8.0),
    "trust_three": (0.0, 8.0),
    "scale_floor": (0.001, 0.1),
    "rise": (0.0, 1.0),
    "weight_wide": (0.02, 0.7),
    "weight_far": (0.005, 0.3),
    "sd_wide": (1.2, 6.0),
    "sd_far": (2.0, 15.0),
    "shift_wide": (-3.0, 3.0),
    "shift_far": (-6.0, 6.0),
}
FIXED = {"memory", "error_count", "error_floor", "fade_line_long", "fade_level"}
NAMES = tuple(name for name in asdict(Coefficients()) if name not in FIXED)
SHAPE = ("scale", "lean", "weight_wide", "weight_far", "sd_wide", "sd_far", "shift_wide", "shift_far")
TARGET = Path(__file__).parents[1] / "forecast" / "history" / "coefficients.json"
TAILS = np.array([40.0, 0, 0, 0, 0, 0, 40.0])


@dataclass(frozen=True, eq=False)
class Cases:
    """Histories cut at an origin, and what came.

    Parameters
    ----------
    features
        Of n histories.
    outcomes
        Shape (n, horizons).
    movement
        Mean absolute change of each history, shape (n,).
    weights, fold, market
        Shape (n,).
    """

    features: reading.Features
    outcomes: Array
    movement: Array
    weights: Array
    fold: Array
    market: Array
    kept: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Data:
    """All series with the group (series, or country) that no fold may split, and whether each is a market."""

    values: list[Array]
    fold: Array
    market: Array


def read(folder: Path) -> Data:
    """Both development files."""
    values, groups, market = [], [], []
    for name in ("yearly_dev600.csv", "yearly_market_dev.csv"):
        with (folder / name).open(newline="") as handle:
            for row in csv.DictReader(handle):
                values.append(np.array([float(part) for part in row["values"].split()]))
                country = row["id"].split("|")[-1]
                market.append("market" in name)
                groups.append(country if market[-1] else f"{row['source']} {row['id']}")
    _, group = np.unique(groups, return_inverse=True)
    fold = np.random.default_rng(1).permutation(group.max() + 1) % FOLDS
    return Data(values, fold[group], np.array(market))


def chosen(data: Data, keep: Array) -> Data:
    """Some of the series."""
    places = np.flatnonzero(keep)
    return Data([data.values[place] for place in places], data.fold[places], data.market[places])


def cut(data: Data, last: int | None, held_back: int, weight: float) -> Cases:
    """One history a series, ending `held_back` years before its end; flat ones are left out."""
    long = [v.size >= held_back + 6 and np.ptp(v[:-held_back][-(last or v.size) :]) > 0 for v in data.values]
    used = chosen(data, np.array(long))
    histories = [v[:-held_back][-(last or v.size) :] for v in used.values]
    return Cases(
        reading.read_features(histories),
        np.array([v[-held_back:] for v in used.values]),
        np.array([np.abs(np.diff(history)).mean() for history in histories]),
        weight * np.where(used.market, MARKET_WEIGHT, 1.0),
        used.fold,
        used.market,
    )


def all_cuts(data: Data) -> list[Cases]:
    """Everything that is fitted."""
    cases = [cut(data, last, HELD_BACK, weight) for last, weight in CUTS.items()]
    return [joined(cases), cut(data, None, 2 * HELD_BACK, LONG_WEIGHT)]


def joined(cases: Sequence[Cases]) -> Cases:
    """Several cuts as one batch."""
    names = [part.name for part in fields(reading.Features)]
    features = {name: np.concatenate([getattr(case.features, name) for case in cases]) for name in names}
    others = [part.name for part in fields(Cases) if part.name not in ("features", "kept")]
    rest = [np.concatenate([getattr(case, name) for case in cases]) for name in others]
    return Cases(reading.Features(**features), *rest)


def losses(coefficients: Coefficients, cases: Cases, band: model.Pooled) -> tuple[Array, Array]:
    """Log losses and level losses, both by case and horizon."""
    came = np.log(cases.outcomes)
    weights, shifts, sds = coefficients.shape
    standard = ((came - band.location) / band.scale)[..., None] - band.skew[:, None, None] * shifts
    density = (weights / sds * np.exp(-0.5 * (standard / sds) ** 2)).sum(-1)
    surprise = np.log(band.scale) - np.log(density + 1e-12)
    error = came[..., None] - model.log_quantiles(band, LEVELS, coefficients)
    interval, quantile, _ = scores(error)
    in_logs = surprise + interval / 1.75 + quantile / 0.12
    in_levels = cases.outcomes[..., None] * -np.expm1(np.minimum(-error, 7.0)) / cases.movement[:, None, None]
    interval, quantile, median = scores(in_levels)
    return in_logs, interval / 33 + quantile / 2.1 + 0.5 * median / 3.5


def capped(level: Array) -> Array:
    """Level loss of a case, logarithmic beyond `CAP`."""
    return np.where(level > CAP, CAP * (1 + np.log(np.maximum(level, CAP) / CAP)), level)


def total(parts: tuple[Array, Array], cases: Cases) -> float:
    """Weighted sum of the losses of all cases."""
    return float(cases.weights @ (parts[0].mean(1) + capped(parts[1].mean(1))))


def spread(coefficients: Coefficients, cases: Cases) -> model.Pooled:
    """The band; the experts' path is computed again only when a coefficient it reads has moved."""
    key = tuple(getattr(coefficients, name) for name in NAMES if name.startswith(("fade", "growth", "trust")))
    if cases.kept.get("key") != key:
        cases.kept.update(key=key, value=model.combine(cases.features, cases.outcomes.shape[1], coefficients))
    return model.spread_out(cases.features, cases.kept["value"], coefficients)


def scores(error: Array) -> tuple[Array, Array, Array]:
    """95 % interval score, mean quantile score and absolute error of the median, by case and horizon."""
    levels = np.array(LEVELS)
    pinball = np.maximum(levels * error, (levels - 1) * error)
    return (pinball * TAILS).sum(2), 2 * pinball.mean(2), 2 * pinball[:, :, 3]


def slopes(coefficients: Coefficients, cases: Cases, parts: tuple[Array, Array], band: model.Pooled) -> list[Array]:
    """Slopes of the total loss in location, log scale (by case and horizon) and skewness (by case)."""
    level = parts[1].mean(1)
    relief = np.where(level > CAP, CAP / np.maximum(level, CAP), 1.0)
    moved = [
        (replace(band, location=band.location + STEP * band.scale), STEP * band.scale),
        (replace(band, scale=band.scale * np.exp(STEP)), STEP),
        (replace(band, skew=band.skew + STEP * np.where(band.skew > 0, -1, 1)), STEP * np.where(band.skew > 0, -1, 1)),
    ]
    found = []
    for there, by in moved:
        logs, levels = losses(coefficients, cases, there)
        change = logs - parts[0] + relief[:, None] * (levels - parts[1])
        change = cases.weights[:, None] * change / change.shape[1]
        found.append(change.sum(1) / by if np.ndim(by) == 1 else change / by)
    return found


def loss_and_slope(coefficients: Coefficients, data: Sequence[Cases], sides: dict[str, float]) -> tuple[float, Array]:
    """Weighted mean loss and its slope in `NAMES`, by one-sided differences through location, scale and skewness."""
    here, slope = 0.0, np.zeros(len(NAMES))
    for cases in data:
        band = spread(coefficients, cases)
        parts = losses(coefficients, cases, band)
        base = total(parts, cases)
        by_location, by_scale, by_skew = slopes(coefficients, cases, parts, band)
        for place, name in enumerate(NAMES):
            there = replace(coefficients, **{name: getattr(coefficients, name) + sides[name]})
            if name in SHAPE[2:]:
                change = total(losses(there, cases, band), cases) - base
            else:
                other = spread(there, cases)
                change = (by_location * (other.location - band.location)).sum()
                change += (by_scale * np.log(other.scale / band.scale)).sum() + by_skew @ (other.skew - band.skew)
            slope[place] += change / sides[name]
        here += base
    weight = sum(cases.weights.sum() for cases in data)
    return here / weight, slope / weight


def fit(start: Coefficients, data: Sequence[Cases], steps: int) -> Coefficients:
    """Coefficients of least loss near `start`, by bounded quasi-Newton."""
    first = np.array([getattr(start, name) for name in NAMES])
    bounds = [BOUNDS.get(name, (-8.0, 8.0)) for name in NAMES]

    def with_slope(x: Array) -> tuple[float, Array]:
        there = replace(start, **dict(zip(NAMES, x.tolist(), strict=True)))
        sides = {n: STEP if v + STEP <= high else -STEP for n, v, (_, high) in zip(NAMES, x, bounds, strict=True)}
        here, slope = loss_and_slope(there, data, sides)
        return here + RIDGE * float(((x - first) ** 2).sum()), slope + 2 * RIDGE * (x - first)

    options = {"maxiter": steps, "maxcor": 60}
    found = minimize(with_slope, first, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return replace(start, **dict(zip(NAMES, found.x.tolist(), strict=True)))


@dataclass(frozen=True, eq=False)
class Standard:
    """Outcomes no fold has seen, standardised by what it predicted, shape (n, horizons); the rest has shape (n,)."""

    score: Array
    lean: Array
    skew: Array
    weights: Array
    fold: Array


def standardised(fits: Sequence[Coefficients], data: Data, target: Coefficients) -> Standard:
    """Outcomes of whole histories and of their last 10 and 6 values, standardised by the fold that has not seen them.

    What a fold calls a unit of scale, and the middle, is brought to the meaning of `target` by the mean difference
    between the two on the same series; no outcome is used for that.
    """
    parts = []
    for last in (None, 10, 6):
        for fold, coefficients in enumerate(fits):
            case = cut(chosen(data, data.fold == fold), last, HELD_BACK, CUTS[last])
            band, wanted = (model.pooled(case.features, HELD_BACK, c) for c in (coefficients, target))
            unit = np.exp(np.log(band.scale / wanted.scale).mean())
            middle = ((band.location - wanted.location) / wanted.scale).mean()
            score = (np.log(case.outcomes) - band.location) / band.scale * unit + middle
            path = model.combine(case.features, HELD_BACK, target).path[:, 0]
            lean = (wanted.location[:, 0] - case.features.last - path) / wanted.scale[:, 0]
            parts.append((score, lean, wanted.skew, case.weights, case.fold))
    return Standard(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def without(seen: Standard, fold: int) -> Standard:
    """What the other folds predicted."""
    return Standard(*(getattr(seen, part.name)[seen.fold != fold] for part in fields(Standard)))


def adjusted(coefficients: Coefficients, seen: Standard) -> Coefficients:
    """The shape for which `LEVELS` of the outcomes lie below the quantiles, near the fitted one."""
    levels, first = np.array(LEVELS), np.array([getattr(coefficients, name) for name in SHAPE])
    weights = np.repeat(seen.weights[:, None], seen.score.shape[1], 1).ravel()

    def miss(x: Array) -> float:
        there = replace(coefficients, **dict(zip(SHAPE, x.tolist(), strict=True)))
        part, shifts, sds = there.shape
        shift = seen.lean[:, None] + there.lean - coefficients.lean
        score = ((seen.score + seen.lean[:, None]) * np.exp(coefficients.scale - there.scale) - shift)[..., None]
        below = (part * ndtr((score - seen.skew[:, None, None] * shifts) / sds)).sum(-1).ravel()
        gap = (ndtri(levels)[:, None] - ndtri(np.clip(below, 1e-9, 1 - 1e-9))) / 0.05
        share = (expit(gap) * weights).sum(1) / weights.sum()
        return float(((share - levels) ** 2 / (levels * (1 - levels))).sum() + 2e-5 * ((x - first) ** 2).sum())

    bounds = [BOUNDS.get(name, (-8.0, 8.0)) for name in SHAPE]
    found = minimize(miss, first, method="L-BFGS-B", bounds=bounds)
    return replace(coefficients, **dict(zip(SHAPE, found.x.tolist(), strict=True)))


def fitted_memory(fits: Sequence[Coefficients], data: Data) -> float:
    """The power of the ratio of scales that comes nearest to the correlation of outcomes between horizons."""
    parts = []
    for fold, coefficients in enumerate(fits):
        case = cut(chosen(data, data.fold == fold), None, HELD_BACK, 1.0)
        band = model.pooled(case.features, HELD_BACK, coefficients)
        parts.append((np.clip((np.log(case.outcomes) - band.location) / band.scale, -4, 4), np.log(band.scale)))
    score, log_scale = (np.concatenate(part) for part in zip(*parts, strict=True))
    apart = np.abs(log_scale[:, :, None] - log_scale[:, None]).mean(0)
    upper = np.triu_indices(HELD_BACK, 1)
    correlation = np.corrcoef(score.T)[upper]
    return float(minimize_scalar(lambda power: ((np.exp(-power * apart[upper]) - correlation) ** 2).sum()).x)


def measures(fits: Sequence[Coefficients], data: Data) -> dict[str, dict[str, float]]:
    """Out-of-fold scores, by kind of series and length of history."""
    table = {}
    for label, last in (("", None), (", last 10", 10), (", last 6", 6)):
        parts = []
        for fold, coefficients in enumerate(fits):
            case = cut(chosen(data, data.fold == fold), last, HELD_BACK, 1.0)
            band = model.pooled(case.features, HELD_BACK, coefficients)
            parts.append((model.log_quantiles(band, LEVELS, coefficients), case.outcomes, case.movement, case.market))
        quantiles, came, movement, market = (np.concatenate(part) for part in zip(*parts, strict=True))
        for kind, rows in (("competition", ~market), ("market", market), ("both", market | True)):
            table[kind + label] = score(np.exp(quantiles[rows]), came[rows], movement[rows])
    return table


def score(bands: Array, came: Array, movement: Array) -> dict[str, float]:
    """Coverage and the measures of the M4 competition."""
    inside = [float(((came >= bands[..., a]) & (came <= bands[..., b])).mean()) for a, b in ((2, 4), (1, 5), (0, 6))]
    by_horizon = ((came >= bands[..., 0]) & (came <= bands[..., 6])).mean(0)
    scaled, absolute = (
        scores((came[..., None] - bands) / movement[:, None, None]),
        np.maximum(bands, came[..., None] * 1e-3),
    )
    return {
        "series": len(came),
        "coverage_50": inside[0],
        "coverage_80": inside[1],
        "coverage_95": inside[2],
        "coverage_95_least_by_horizon": float(by_horizon.min()),
        "coverage_95_most_by_horizon": float(by_horizon.max()),
        "msis": float(scaled[0].mean()),
        "mase": float(scaled[2].mean()),
        "quantile_loss": float(scaled[1].mean()),
        "log_interval": float(scores(np.log(came)[..., None] - np.log(absolute))[0].mean()),
    }


def main() -> None:
    """Fit, adjust, score, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=40, help="most steps of a fit")
    parser.add_argument("--target", type=Path, default=TARGET, help="file to write")
    arguments = parser.parse_args()
    data, start = read(arguments.folder), Coefficients()
    fits = [fit(start, all_cuts(chosen(data, data.fold != fold)), arguments.steps) for fold in range(FOLDS)]
    scored = [adjusted(c, without(standardised(fits, data, c), fold)) for fold, c in enumerate(fits)]
    whole = fit(start, all_cuts(data), arguments.steps)
    final = adjusted(whole, standardised(fits, data, whole))
    final = replace(final, memory=fitted_memory(fits, data))
    found = {
        "fitted_by": "calibration/history_bands.py",
        "coefficients": {name: round(value, 4) for name, value in asdict(final).items()},
        "cross_validated": {
            kind: {name: round(value, 3) for name, value in row.items()} for kind, row in measures(scored, data).items()
        },
    }
    arguments.target.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    for kind, row in found["cross_validated"].items():
        print(f"{kind:22s}", " ".join(f"{name} {value:g}" for name, value in row.items()))


if __name__ == "__main__":
    main()
