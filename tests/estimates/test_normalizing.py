"""Bringing estimates onto one footing."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.errors import ArgumentError, EstimatesError, FootingError
from forecast.estimates import Footing, audit, claim_of, common_footing, footings, inclusion_table, normalize

RATES = pd.DataFrame(
    [
        {"from": "EUR", "to": "USD", "year": 2023, "rate": 1.08, "source": "ECB [yearly; mean]"},
        {"from": "EUR", "to": "USD", "year": 2028, "rate": 1.20, "source": "ECB"},
        {"from": "USD", "to": "TWD", "year": 2023, "rate": 32.0, "source": "CBC"},
    ]
)
PRICES = pd.DataFrame([{"year": y, "index": 100 * 1.02 ** (y - 2020), "source": "CPI"} for y in range(2020, 2029)])
ROW = {
    "id": "a",
    "currency": "EUR",
    "scale": "million",
    "base_year": 2023,
    "base_value": "50000",
    "base_hedge": "more than",
    "target_year": 2028,
    "target_value": "80000",
    "cagr": "9.9",
    "other_values": "2024=55000",
}


def table(**more):
    return pd.DataFrame([ROW | more])


def test_a_change_of_scale_moves_the_point_and_keeps_every_digit():
    found = normalize(table(other_values="", target_value="7,250.0"), scale="billion").loc[0]
    assert (found.base_value, found.target_value, found.scale) == ("50000e-3", "7.2500", "billion")
    assert float(found.base_value) == 50
    assert claim_of(found, "base_value").last_digit == pytest.approx(10)
    assert (
        found.conversion
        == "base_value = 50000 × 0.001 [million to billion]; target_value = 7,250.0 × 0.001 [million to billion]"
    )
    back = normalize(normalize(table(base_value="7.25"), scale="thousand"), scale="million").loc[0]
    assert claim_of(back, "base_value").low == pytest.approx(7.245)


def test_a_fixed_rate_keeps_growth_and_rounding():
    found = normalize(table(), currency="USD", scale="billion", rates=RATES)
    row = found.loc[0]
    assert [float(text) for text in (row.base_value, row.target_value)] == pytest.approx([54, 86.4])
    assert row.other_values == "2024=59.4"
    assert (row.currency, row.cagr) == ("USD", "9.9")
    claim = claim_of(row, "base_value")
    assert claim.cell[0] == pytest.approx(54)
    assert claim.last_digit == pytest.approx(10.8)
    assert "[EUR to USD of 2023: ECB (yearly, mean)]" in row.conversion
    before, after = (audit(t).growth[["implied", "low", "high"]].to_numpy() for t in (table(), found))
    assert after == pytest.approx(before, rel=1e-12)


def test_a_rate_by_year_changes_the_growth_with_it():
    found = normalize(table(other_values=""), currency="USD", rates=RATES, rate_mode="by year").loc[0]
    assert [float(text) for text in (found.base_value, found.target_value)] == pytest.approx([54000, 96000])
    assert float(found.cagr) == pytest.approx(100 * (1.099 * (1.20 / 1.08) ** 0.2 - 1), abs=0.05)
    assert found.note == ""
    said = f"cagr = 9.9 × {(1.20 / 1.08) ** 0.2!r} [1 + growth, a year: EUR to USD of 2023: ECB (yearly, mean) at "
    assert said + "the start, EUR to USD of 2028: ECB at the end]" in found.conversion
    exact = claim_of(found, "cagr")
    factor = (1.20 / 1.08) ** 0.2
    assert exact.value == pytest.approx(109.9 * factor - 100, rel=1e-12)
    assert exact.cell == pytest.approx((109.85 * factor - 100, 109.95 * factor - 100), rel=1e-12)


@settings(deadline=None, max_examples=40)
@given(
    base=st.integers(100, 9999),
    growth=st.floats(-5, 40),
    first=st.floats(0.01, 100),
    last=st.floats(0.01, 100),
    decimals=st.integers(0, 2),
)
def test_a_rate_by_year_never_makes_a_coherent_row_incoherent(base, growth, first, last, decimals):
    target, printed = base * (1 + growth / 100) ** 5, f"{growth:.{decimals}f}"
    row = table(base_value=str(base), base_hedge="", target_value=f"{target:.3f}", cagr=printed, other_values="")
    row["multiple"] = f"{target / base:.3f}"
    rates = RATES.iloc[:2].assign(rate=[first, last])
    found = normalize(row, currency="USD", rates=rates, rate_mode="by year")
    for one in (row, found):
        assert "incoherent" not in audit(one).table["check"].tolist(), one.loc[0].to_dict()
    assert claim_of(found.loc[0], "multiple").value == pytest.approx(float(row["multiple"][0]) * last / first)
    there = normalize(found, currency="EUR", rates=rates, rate_mode="by year").loc[0]
    for column in ("base_value", "target_value", "cagr", "multiple"):
        assert claim_of(there, column).cell == pytest.approx(claim_of(row.loc[0], column).cell, rel=1e-9, abs=1e-9)


def test_the_ends_of_a_printed_range_of_growth_are_converted():
    found = normalize(table(cagr="8-12", other_values=""), currency="USD", rates=RATES, rate_mode="by year").loc[0]
    assert found.cagr == "10-14"
    assert claim_of(found, "cagr").cell == pytest.approx([100 * (g * (1.2 / 1.08) ** 0.2 - 1) for g in (1.08, 1.12)])


def test_rates_are_inverted_and_chained():
    found = normalize(table(currency="TWD", other_values=""), currency="EUR", rates=RATES)
    assert float(found.base_value[0]) == pytest.approx(50000 / 32 / 1.08)
    fixed = normalize(table(base_year=2020, other_values=""), currency="USD", rates=RATES, rate_year=2023)
    assert float(fixed.base_value[0]) == pytest.approx(54000)


def test_prices_are_deflated_by_the_year_of_each_number():
    found = normalize(table(other_values=""), prices="real 2020", deflator=PRICES).loc[0]
    assert float(found.base_value) == pytest.approx(50000 / 1.02**3)
    assert float(found.target_value) == pytest.approx(80000 / 1.02**8)
    assert float(found.cagr) == pytest.approx(100 * (1.099 / 1.02 - 1), abs=0.05)
    assert found.price_basis == "real 2020"
    assert "prices of 2023 to 2020, taken as nominal: CPI" in found.conversion
    again = normalize(
        normalize(table(price_basis="nominal, list", other_values=""), prices="real 2020", deflator=PRICES),
        prices="nominal",
        deflator=PRICES,
    )
    assert float(again.base_value[0]) == pytest.approx(50000, rel=1e-9)
    assert again.price_basis[0] == "nominal, list"


def test_a_fiscal_year_becomes_a_calendar_year():
    row = table(fiscal_year_end="3", other_values="").assign(target_value="80525.5")
    found = normalize(row).loc[0]
    assert float(found.base_value) == pytest.approx(50000 * (3 + 9 * 1.1) / 12, rel=1e-6)
    assert found.fiscal_year_end == ""
    assert "fiscal year to month 3" in found.conversion


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"currency": "dollar"}, "currency: found 'dollar'"),
        ({"scale": "bilion"}, "did you mean 'billion'"),
        ({"prices": "real"}, "'nominal' or real with its year"),
        ({"rates": RATES.drop(columns="source")}, "rates: found no column source"),
        ({"rates": RATES.assign(rate=-1.0)}, "rates, row 0, rate: found -1.0; allowed: a number above 0"),
        (
            {"deflator": PRICES.assign(source="")},
            "deflator, row 0, source: found an empty cell; allowed: where the number is from",
        ),
    ],
)
def test_arguments_that_are_not_understood(call, says):
    with pytest.raises(ArgumentError) as error:
        normalize(table(), **call)
    assert says in str(error.value)


def test_all_rows_that_cannot_be_converted_are_named():
    rows = pd.concat([table(), table(id="b", currency="JPY"), table(id="c", currency=""), table(id="d", scale="")])
    with pytest.raises(EstimatesError) as error:
        normalize(rows, currency="USD", scale="billion", rates=RATES.iloc[:1])
    text = str(error.value)
    assert "3 problems" in text
    assert "row b, JPY to USD of 2023: found no such rates; add them to the table of rates" in text
    assert "row c: found currency '', scale 'million'" in text
    with pytest.raises(EstimatesError, match="no price index of 2023, 2010; add the year to the deflator"):
        normalize(table(), prices="real 2010", deflator=PRICES.query("year > 2023"))


def test_footings_are_listed_and_mixed_ones_refused():
    rows = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "currency": ["USD", "usd", "EUR"],
            "scale": ["bn", "billion", "million"],
            "price_basis": ["", "nominal", ""],
        }
    )
    assert common_footing(rows.iloc[:2]) == Footing("USD", "billion", "nominal")
    assert footings(rows)[Footing("EUR", "million")] == ["c"]
    with pytest.raises(FootingError, match=r"(?s)3 footings; bring them onto one with normalize.*EUR mn: c"):
        common_footing(rows)
    with pytest.raises(FootingError, match="no full footing"):
        common_footing(rows.assign(currency="", scale="billion", price_basis=""))
    with pytest.raises(FootingError, match="product sales"):
        common_footing(rows.iloc[:2].assign(value_basis=["product sales", "manufacturing"]))


def test_the_inclusion_matrix_knows_yes_part_no_and_unsaid():
    rows = pd.DataFrame({"id": ["a", "b"], "includes": ["RNA; devices", "-rna; partly services"]})
    matrix = inclusion_table(rows).pivot(index="source", columns="item", values="included")
    assert matrix.loc["a"].to_dict() == {"devices": "yes", "rna": "yes", "services": "unsaid"}
    assert matrix.loc["b"].to_dict() == {"devices": "unsaid", "rna": "no", "services": "part"}
