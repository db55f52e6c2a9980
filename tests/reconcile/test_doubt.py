"""One source that looks back from its base year, or contradicts itself, does not overrule all others."""

import pandas as pd
import pytest

from forecast.reconcile import reconcile

OTHERS = [
    {
        "id": name,
        "publisher": f"P{name}",
        "base_year": 2024,
        "base_value": str(value),
        "target_year": 2030,
        "target_value": f"{value * 1.2**6:.1f}",
        "cagr": "20.0",
        "cagr_from": 2024,
        "cagr_to": 2030,
    }
    for name, value in zip("ABCDE", (18, 20, 22, 24, 26), strict=True)
]
LAST = {"id": "F", "publisher": "PF", "target_year": 2033, "target_value": "65.4", "other_values": "2024=17.6"}


def median_and_growth(*rows):
    table = pd.DataFrame(rows).assign(scope="market", geography="global", currency="EUR", scale="billion")
    quantiles = reconcile(table, scope="market", reference_year=2024).quantiles([0.1, 0.5, 0.9], [2024, 2030])
    return quantiles.loc[2030, 0.5], (quantiles.loc[2030, 0.5] / quantiles.loc[2024, 0.5]) ** (1 / 6) - 1


@pytest.mark.parametrize(
    "more",
    [
        {"base_year": 2025, "base_value": "21.84"},
        {"base_year": 2025, "base_value": "12"},
        {"base_year": 2025, "base_value": "35"},
        {"base_year": 2025, "base_value": "218.4", "target_value": "654"},
        {"cagr": "24.1", "cagr_from": 2025, "cagr_to": 2033},
    ],
    ids=["coherent", "base low", "base high", "slip of ten", "no base, growth contradicts"],
)
def test_a_number_before_the_base_does_not_overrule_five_publishers(more):
    median, growth = median_and_growth(*OTHERS, LAST | more)
    assert 45 < median < 70
    assert 0.13 < growth < 0.2


def test_a_history_that_fits_tells_less_than_all_who_look_ahead():
    wide, narrow = (
        reconcile(
            pd.DataFrame(rows).assign(scope="market", geography="global", currency="EUR", scale="billion"),
            scope="market",
            reference_year=2024,
        ).quantiles([0.1, 0.9], [2030])
        for rows in (OTHERS, [*OTHERS, LAST | {"base_year": 2024, "base_value": "22", "other_values": "2023=18.3"}])
    )
    factors = [table.loc[2030, 0.9] / table.loc[2030, 0.1] for table in (wide, narrow)]
    assert 0.6 * factors[0] < factors[1] < factors[0]
