"""Printed numbers: rounding cells, hedges and significant digits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import ArgumentError
from forecast.estimates.conversion import claim_of
from forecast.estimates.numbers import cell, hedge_of, last_digit, number, reading


@pytest.mark.parametrize(
    ("text", "hedge", "expected"),
    [
        ("16", "", (15.5, 16.5)),
        ("16.0", "exact", (15.95, 16.05)),
        ("50", "", (49.5, 50.5)),
        ("16", "about", (15, 17)),
        ("43", "more than", (43, math.inf)),
        ("50", "突破", (50, math.inf)),
        ("168", "nearly", (-math.inf, 168)),
        ("40-50", "between", (40, 50)),
        ("-5.1%", "", (-5.15, -5.05)),
        ("7,250.0", "", (7249.95, 7250.05)),
        ("7.25e3", "", (7245, 7255)),
        ("50000e-3", "", (49.9995, 50.0005)),
    ],
)
def test_cell(text, hedge, expected):
    assert cell(text, hedge) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "unit"),
    [("43", 1), ("50", 10), ("18.12", 0.01), ("50.0", 0.1), ("1,200", 100), ("50000e-3", 10), ("0", 1), ("40-55", 1)],
)
def test_last_digit(text, unit):
    assert last_digit(text) == pytest.approx(unit)


@pytest.mark.parametrize("text", ["", "n/a", "16 bn", "1,23", "--5", "1e999", "nan", "=1+2", "１６億"])
def test_what_is_no_number_is_refused(text):
    if text == "":
        assert math.isnan(number(text))
        return
    with pytest.raises(ArgumentError, match="digits such as 16"):
        number(text)


@given(
    st.decimals(min_value="0.001", max_value="99999", places=3), st.sampled_from(["", "about", "more than", "nearly"])
)
def test_the_number_lies_in_its_cell_and_the_cell_in_its_reading(value, hedge):
    text = str(value)
    low, high = cell(text, hedge)
    least, most = reading(text, hedge)
    assert low <= float(value) <= high
    assert math.isfinite(least)
    assert math.isfinite(most)
    assert least <= max(low, least) <= min(high, most) <= most


def test_words_for_hedges():
    words = {
        "over": "more than",
        "≥": "at least",
        "Approximately": "about",
        "近": "nearly",
        "<": "up to",
        "forecast": "exact",
    }
    assert {word: hedge_of(word) for word in words} == words


def test_a_converted_number_keeps_its_cell():
    row = {
        "base_value": "54",
        "base_hedge": "more than",
        "conversion": "base_value = 50 × 1.08 [EUR to USD of 2023: ECB]",
    }
    claim = claim_of(row, "base_value")
    assert claim is not None
    assert claim.cell == (54.0, math.inf)
    assert claim.last_digit == pytest.approx(10.8)
    assert claim_of({"cagr": ""}, "cagr") is None
