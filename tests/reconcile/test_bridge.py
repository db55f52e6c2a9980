"""Bridges: parts add up exactly, match the reference decomposition, and say what is missing."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.distributions import Lognormal
from forecast.errors import ArgumentError, FootingError, ModelError
from forecast.estimates.footing import Footing
from forecast.estimates.scopes import Scope, Scopes
from forecast.figures import waterfall
from forecast.reconcile.bridge import PARTS, bridge

CASES = {
    case["name"]: case for case in json.loads((Path(__file__).parents[1] / "reference/lmdi.json").read_text())["cases"]
}
FIRST = {
    "publisher": "A",
    "base_year": 2023,
    "base_value": "16",
    "cagr": "25.1%",
    "currency": "USD",
    "scale": "billion",
}
SECOND = {
    "publisher": "B",
    "base_year": 2023,
    "base_value": "18.12",
    "target_year": 2028,
    "target_value": "41.21",
    "currency": "USD",
    "scale": "bn",
}
TREE = Scopes(
    (
        Scope("market"),
        Scope("part", inside="market", ratio=Lognormal(0.75, 0.3), ratio_year=2023),
        Scope("piece", inside="part", ratio=Lognormal(0.4, 0.3), ratio_year=2023),
        Scope("other", inside="market", ratio=Lognormal(0.2, 0.3), ratio_year=2023),
        Scope("unknown", inside="market"),
    )
)


def parts(found) -> dict[str, float]:
    return dict(zip(found.table["part"], found.table["value"], strict=True))


def adds_up(found) -> bool:
    return math.isclose(found.table["value"].sum(), found.end - found.start, rel_tol=1e-12, abs_tol=1e-12 * found.end)


def test_reference():
    case = CASES["seed_MnM_vs_ITIS_2028"]
    found = bridge(FIRST, SECOND, 2028)
    expected = dict(zip(case["factors"], case["additive_LMDI_I"], strict=True))
    np.testing.assert_allclose([found.start, found.end], [case["V0"], case["V1"]], rtol=1e-12)
    np.testing.assert_allclose(parts(found)["base"], expected["base_2023"], rtol=1e-10)
    np.testing.assert_allclose(parts(found)["growth"], expected["growth_factor_5y"], rtol=1e-10)
    assert tuple(found.table["part"]) == PARTS
    assert adds_up(found)


def test_every_cause_at_once():
    first = {
        "id": "old",
        "target_year": 2025,
        "target_value": "9000",
        "cagr": "10",
        "cagr_from": 2020,
        "cagr_to": 2025,
        "currency": "EUR",
        "scale": "million",
        "price_basis": "real 2020",
        "scope": "other",
    }
    second = SECOND | {"scope": "piece", "price_basis": "nominal"}
    levels = {"nominal": 1.2, "real 2020": 1.0}
    found = bridge(first, second, 2026, scopes=TREE, rates={"EUR": 1.08, "USD": 1.0}, price_levels=levels)
    ratios = dict(zip(found.table["part"], found.table["ratio"], strict=True))
    np.testing.assert_allclose(
        [ratios["currency"], ratios["price basis"], ratios["scope"]], [1.08, 1.2, 0.75 * 0.4 / 0.2], rtol=1e-12
    )
    np.testing.assert_allclose(found.start, 9.9, rtol=1e-12)
    np.testing.assert_allclose(found.end, 18.12 * (41.21 / 18.12) ** 0.6, rtol=1e-12)
    base = 18.12 / (9 / 1.1**5 * 1.08 * 1.2 * 1.5)
    np.testing.assert_allclose(ratios["base"], base, rtol=1e-12)
    assert adds_up(found)
    assert "3 years" in found.table["explanation"][4] or "6 years of growth to 3" in found.table["explanation"][4]


row = st.builds(
    lambda year, base, growth, horizon: {
        "base_year": year,
        "base_value": repr(round(base, 3)),
        "target_year": year + horizon,
        "cagr": repr(round(growth, 2)),
    },
    st.integers(2010, 2025),
    st.floats(0.1, 1000),
    st.floats(-30, 80),
    st.integers(1, 10),
)


@given(row, row, st.integers(2015, 2035))
def test_parts_add_up_and_turn_around(first, second, year):
    forth, back = bridge(first, second, year), bridge(second, first, year)
    assert adds_up(forth)
    np.testing.assert_allclose(
        list(parts(forth).values()), [-value for value in parts(back).values()], atol=1e-9 * (forth.start + forth.end)
    )


class Path2:
    """Two vintages of a consensus differ by level and growth alone."""

    scope, footing = "market", Footing("USD", "billion")

    def __init__(self, year: int, level: float, growth: float) -> None:
        self.reference_year, self.level, self.growth = year, level, growth

    def quantiles(self, levels, years):
        path = [self.level * (1 + self.growth) ** (year - self.reference_year) for year in years]
        return pd.DataFrame(dict.fromkeys(levels, path), index=list(years))


def test_two_vintages_of_a_consensus():
    found = bridge(Path2(2023, 20.0, 0.2), Path2(2025, 30.0, 0.1), 2030)
    np.testing.assert_allclose([found.start, found.end], [20 * 1.2**7, 30 * 1.1**5], rtol=1e-12)
    assert found.labels == ("consensus (1)", "consensus (2)")
    assert parts(found)["horizon"] < 0 < parts(found)["base"]
    assert adds_up(found)
    same = bridge(Path2(2023, 20.0, 0.2), Path2(2023, 20.0, 0.2), 2023)
    assert same.summary().endswith("The two agree.")


def test_a_row_of_a_table_with_missing_cells():
    table = pd.DataFrame([FIRST, SECOND]).astype({"base_year": "Int64", "target_year": "Int64"})
    found = bridge(table.iloc[0], table.iloc[1], 2028)
    np.testing.assert_allclose(found.end - found.start, -7.813750250099993, rtol=1e-10)


def test_one_of_two_without_growth_lends_none():
    found = bridge(FIRST, {"publisher": "C", "base_year": 2023, "base_value": 12}, 2023)
    np.testing.assert_allclose([parts(found)["base"], parts(found)["growth"]], [-4.0, 0.0], atol=1e-12)


def test_waterfall_is_what_the_figure_takes():
    found = bridge(FIRST, SECOND, 2028)
    assert found.waterfall["label"].tolist() == ["A", "base", "growth", "B"]
    assert found.waterfall["kind"].tolist() == ["total", "change", "change", "total"]
    assert waterfall(found.waterfall, unit=found.unit).get_ylabel() == "USD bn"
    assert found.plot().get_title(loc="left") or found.plot().get_title()
    assert found.summary().splitlines()[0] == "2028: A 49.02, B 41.21 USD bn (-16%)."
    assert "<table" in found._repr_html_()


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ({"currency": "EUR"}, {}, "currency EUR and USD: give rates= with EUR and USD."),
        ({"price_basis": "nominal"}, {"price_basis": "real 2023"}, "give price_levels= with nominal and real 2023."),
        ({"value_basis": "sales"}, {"value_basis": "spending"}, "bring the two onto one basis first"),
        ({"scope": "market"}, {"scope": "part"}, "scope part and market: give scope_ratio="),
        ({"geography": "global"}, {"geography": "Taiwan"}, "geography global and Taiwan: give scope_ratio="),
    ],
)
def test_footings_are_never_mixed_in_silence(first, second, message):
    with pytest.raises(FootingError) as caught:
        bridge(FIRST | first, SECOND | second, 2028)
    assert message in str(caught.value)


def test_scopes():
    down = bridge(FIRST | {"scope": "market"}, SECOND | {"scope": "part"}, 2028, scopes=TREE)
    np.testing.assert_allclose(down.table["ratio"][2], 0.75, rtol=1e-12)
    given_ratio = bridge(FIRST | {"scope": "market"}, SECOND | {"scope": "part"}, 2028, scope_ratio=0.5)
    np.testing.assert_allclose(given_ratio.table["ratio"][2], 0.5, rtol=1e-12)
    with pytest.raises(FootingError, match="a ratio for each step"):
        bridge(FIRST | {"scope": "market"}, SECOND | {"scope": "unknown"}, 2028, scopes=TREE)


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ({"base_year": 2023}, "a: found no level; allowed: a base_value or a target_value"),
        ({"base_value": "16"}, "a: found a level without a year"),
        ({"base_value": "0", "base_year": 2023}, "a, base_value: found 0; allowed: a number above 0"),
        ({"base_value": "x", "base_year": 2023}, "a, base_value: found 'x'; allowed: a number"),
        ({"base_value": "16", "base_year": "soon"}, "a, base_year: found 'soon'; allowed: a calendar year"),
        (FIRST | {"cagr": "-120"}, "a, A, cagr: found -120 %; allowed: a growth above -100 %"),
        (FIRST | {"scale": "zillion"}, "a, A, scale: found 'zillion'"),
        ({"base_value": "16", "base_year": 2023}, "a: found a level for 2023 and no growth"),
    ],
)
def test_bad_input_is_named(first, message):
    with pytest.raises(ArgumentError) as caught:
        bridge(first, SECOND, 2028)
    assert message in str(caught.value)


def test_centuries_apart():
    with pytest.raises(ModelError, match="cannot be carried over so many years"):
        bridge(FIRST, SECOND, 9000)
    with pytest.raises(ArgumentError, match="2 problems"):
        bridge({"base_year": 2023}, {"base_value": "-1", "base_year": 2023}, 2028)


@pytest.mark.parametrize(
    ("first", "found"),
    [("GD-2026", "'GD-2026'"), (3.0, "float"), (pd.DataFrame([FIRST]), "DataFrame"), (None, "NoneType")],
)
def test_what_is_no_row_and_no_consensus_is_refused(first, found):
    with pytest.raises(ArgumentError) as caught:
        bridge(first, "MM-2024", 2023)
    assert f"a: found {found}; allowed: a row of a table of estimates (Series or dict), or a result" in str(
        caught.value
    )
    assert "b: found 'MM-2024'" in str(caught.value)
    with pytest.raises(ArgumentError, match="year: found 'soon'; allowed: a calendar year"):
        bridge(FIRST, SECOND, "soon")


def test_a_bridge_shows_itself_in_a_line():
    assert repr(bridge(FIRST, SECOND, 2028)).startswith("Bridge(2028: A ")
