"""Rolling-origin evaluation, and the bars on the development series."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from forecast.errors import ArgumentError
from forecast.history import evaluate_bands, history_bands

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
SALES = pd.Series(
    [10.0, 11.0, 12.5, 13.0, 15.0, 16.5, 17.0, 19.5, 19.0, 22.0, 24.0, 23.0], index=range(2010, 2022), name="sales"
)


def test_each_band_is_the_one_that_would_have_been_made() -> None:
    table = evaluate_bands(SALES, 3).table
    assert len(table) == 3 + 3 + 3 + 3 + 2 + 1
    for row in table.to_dict("records"):
        known = SALES.loc[: row["origin"]]
        expected = history_bands([known], row["horizon"], LEVELS)[0, -1]
        np.testing.assert_allclose([row[level] for level in LEVELS], expected)
        assert row["observed"] == SALES.loc[row["origin"] + row["horizon"]]


def test_scores_are_those_of_the_competition_measure(shared: Path) -> None:
    scorer = _load(shared / "score_bands.py")
    rng = np.random.default_rng(5)
    series = [np.exp(np.cumsum(rng.normal(0.05, 0.2, 20))) for _ in range(8)]
    found = evaluate_bands(series, 6, origins=6).table
    full = found[found["origin"] == 14]
    bands = np.array([part[list(LEVELS)].to_numpy() for _, part in full.groupby("series", sort=False)])
    expected = scorer.score(bands, [s[:14] for s in series], np.array([s[14:] for s in series]))
    scores = type(evaluate_bands(series, 6))(full, evaluate_bands(series, 6).failures).scores.loc["pooled"]
    pairs = {"coverage_95": "cov95", "msis": "MSIS", "mase": "MASE", "quantile_loss": "WQL", "log_interval": "logIS"}
    for ours, theirs in pairs.items():
        assert scores[ours] == pytest.approx(expected[theirs], rel=1e-9), ours


def test_methods_are_compared_on_the_same_cuts() -> None:
    result = evaluate_bands([SALES, np.full(9, 3.0)], 2, methods=("pooled", "theta"), origins=2)
    assert result.scores.index.tolist() == ["pooled", "theta"]
    assert result.scores["failures"].tolist() == [0, 2]
    assert result.failures["reason"].tolist() == ["theta has nothing to fit: series 2 is flat"] * 2
    assert result.by_horizon.loc["pooled"].index.tolist() == [1, 2]
    assert "theta: of 3 outcomes the 50, 80 and 95 % bands held" in result.summary()
    assert "2 bands could not be made." in result.summary()
    assert isinstance(result.plot(method="theta"), Axes)
    assert "<table" in result._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"methods": ("pooled", "aroma")}, "methods: found 'aroma'; allowed: one of pooled, ets"),
        ({"methods": "pooled"}, "methods: found 'pooled'; allowed: a list of names, each once"),
        ({"methods": ["ets", "ets"]}, "methods: found ['ets', 'ets']; allowed: a list of names, each once"),
        ({"fewest": 1}, "fewest: found 1; allowed: at least 2 values"),
        ({"fewest": "a"}, "fewest: found 'a'; allowed: at least 2 values"),
        ({"origins": 2.5}, "origins: found 2.5; allowed: at least 1, or None"),
        ({"origins": 0}, "origins: found 0; allowed: at least 1, or None"),
        ({"fewest": 30}, "histories: found at most 12 values; allowed: more than 30 (argument fewest)"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        evaluate_bands(SALES, 3, **arguments)  # type: ignore[arg-type]
    assert message in str(error.value)


def test_a_method_that_makes_no_band_is_counted_and_said() -> None:
    found = evaluate_bands([[5.0] * 9], 2, methods=["pooled", "ets"])
    assert found.scores.loc["ets", ["outcomes", "failures"]].tolist() == [0, 3]
    assert found.scores.loc["pooled", "failures"] == 0
    assert "ets: none of 3 bands could be made; `failures` gives the reasons." in found.summary()
    assert found.by_horizon.index.get_level_values("method").unique().tolist() == ["pooled"]


@pytest.mark.parametrize(
    ("last", "msis", "mase", "log_interval"),
    [(None, 37.0, 3.85, 1.75), (10, 33.0, 3.3, 1.78), (6, 33.0, 3.15, 1.82)],
)
def test_bands_hold_on_the_development_series(
    shared: Path, last: int | None, msis: float, mase: float, log_interval: float
) -> None:
    scorer = _load(shared / "score_bands.py")
    histories, outcomes = [], []
    for name in ("yearly_dev600.csv", "yearly_market_dev.csv"):
        more, came = scorer.load(shared / "data" / name, last)
        histories += more
        outcomes.append(came)
    found = scorer.score(history_bands(histories, 6, LEVELS), histories, np.concatenate(outcomes))
    assert found["unscored"] == 0
    assert 0.935 <= found["cov95"] <= 0.965
    assert all(0.92 <= share <= 0.97 for share in found["cov95_by_horizon"])
    assert 0.78 <= found["cov80"] <= 0.83
    assert 0.47 <= found["cov50"] <= 0.56
    assert found["logIS"] <= log_interval
    assert found["MSIS"] <= msis
    assert found["MASE"] <= mase


def _load(path: Path):
    spec = importlib.util.spec_from_file_location("score_bands", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_method_page_shows_the_scores_that_were_fitted(root: Path) -> None:
    fitted = json.loads((root / "forecast" / "history" / "coefficients.json").read_text("utf-8"))["cross_validated"]
    lines = (root / "docs" / "method.md").read_text("utf-8").splitlines()
    for kind, shown in {
        "competition": "competition (600",
        "market": "market (564",
        "both, last 6": "both, last 6",
    }.items():
        cells = next(line for line in lines if line.startswith(f"| {shown}")).strip("| ").split(" | ")
        row = fitted[kind]
        assert [f"{row['msis']:.1f}", f"{row['mase']:.2f}", f"{row['quantile_loss']:.2f}"] == cells[4:7]
        assert [float(cell) for cell in cells[1:4]] == pytest.approx(
            [row["coverage_50"], row["coverage_80"], row["coverage_95"]], abs=0.0051
        )
