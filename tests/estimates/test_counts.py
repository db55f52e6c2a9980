"""Indicator counts against their percentages, definitions and each other."""

import pandas as pd
import pytest

from forecast.errors import ArgumentError
from forecast.estimates import audit, audit_counts

TAIWAN = {"geography": "Taiwan", "subject": "approved treatment plans", "counts": "plans", "measure": "stock"}
TRIALS = {"subject": "trials", "geography": "global", "date": "2023"}
ROWS = [
    {**TAIWAN, "id": "n258", "date": "2023-12-31", "value": "258", "definition": "net"},
    {**TAIWAN, "id": "g430", "date": "2025-03-31", "value": "430", "definition": "gross"},
    {**TAIWAN, "id": "n353", "date": "2025-04", "value": "353", "definition": "net"},
    {**TRIALS, "id": "about", "value": "1,800", "hedge": "約"},
    {**TRIALS, "id": "more", "value": "1800", "hedge": "超過"},
    {**TRIALS, "id": "oncology", "subject": "oncology trials", "value": "780", "hedge": "超過"},
    {**TRIALS, "id": "share", "value": "42.8%", "part": "oncology", "of": "about"},
    {**TRIALS, "id": "half", "value": "43%", "hedge": "about", "part": "oncology", "of": "about"},
    {**TAIWAN, "subject": "pipeline", "id": "p168", "date": "2025-07", "value": "168", "counts": "products"},
    {**TAIWAN, "subject": "pipeline", "id": "t160", "date": "2025-08", "value": "160", "counts": "trials"},
    {**TAIWAN, "subject": "licences", "id": "five", "date": "2024", "value": "5"},
    {**TAIWAN, "subject": "licences", "id": "three", "date": "2025", "value": "3"},
    {**TAIWAN, "subject": "patients", "id": "all", "date": "2023", "value": "1398"},
    {**TAIWAN, "subject": "patients of one type", "id": "part", "date": "2023", "value": "1400", "of": "all"},
    {**TAIWAN, "subject": "firms", "id": "stock", "date": "2023", "value": "70"},
    {**TAIWAN, "subject": "firms", "id": "flow", "date": "2024", "value": "20", "measure": "flow"},
]


@pytest.mark.parametrize(
    ("check", "row", "other", "severity", "says"),
    [
        ("mixed_definition", "g430", "n258", "high", "like for like 258 to 353 is 36.82 %"),
        ("percentage_misfit", "share", "oncology", "low", "780/1,800 = 43.3 %"),
        ("percentage_misfit", "share", "oncology", "low", "it needs a total of 1,822"),
        ("two_hedges", "more", "about", "low", "one number is said in two ways"),
        ("mixed_unit", "t160", "p168", "medium", "compare only what is counted alike"),
        ("falling_stock", "three", "five", "medium", "falls from 5 (five, 2024) to 3"),
        ("part_above_total", "part", "all", "high", "larger than its total"),
        ("mixed_measure", "flow", "stock", "high", "70 (stock, 2023) is a stock"),
    ],
)
def test_a_known_clash_of_counts_is_reported(check, row, other, severity, says):
    table = audit_counts(pd.DataFrame(ROWS))
    found = table[(table["check"] == check) & (table["id"] == row)].iloc[0]
    assert (found.other_id, found.severity) == (other, severity)
    assert says in found.explanation


def test_a_percentage_that_fits_is_no_finding():
    assert "half" not in set(audit_counts(pd.DataFrame(ROWS))["id"])


def test_problems_of_a_table_of_counts_come_at_once():
    with pytest.raises(ArgumentError, match=r"(?s)did you mean 'value'.*column 'date': found no such column"):
        audit_counts(pd.DataFrame([{"id": "a", "subject": "s", "values": "1"}]))
    with pytest.raises(ArgumentError, match=r"row 0 \(a\), value: found 'many'"):
        audit_counts(pd.DataFrame([{"id": "a", "subject": "s", "date": "2023", "value": "many"}]))


@pytest.mark.parametrize(("value", "scale", "diagnosed"), [("5200", "billion", True), ("5.2", "billion", False)])
def test_millions_entered_as_billions_are_diagnosed_against_other_sources(value, scale, diagnosed):
    rows = [
        {"id": "A", "publisher": "A", "base_value": "4.1", "scale": "billion"},
        {"id": "B", "publisher": "B", "base_value": "3.6", "scale": "billion"},
        {"id": "C", "publisher": "C", "base_value": value, "scale": scale},
    ]
    shared = {"scope": "charging", "geography": "Europe", "currency": "EUR", "base_year": 2024}
    found = audit(pd.DataFrame([row | shared for row in rows])).of("base_clash")
    slips = found[found["diagnosis"] == "a thousandfold slip of scale"]
    assert slips[["id", "other_id"]].to_numpy().tolist() == ([["A", "C"], ["B", "C"]] if diagnosed else [])
    assert all("check the scale of C (billion)" in text for text in slips["explanation"])


def test_parts_that_leave_something_or_are_too_many():
    def table(*values):
        total = {"id": "all", "subject": "plans", "date": "2024", "value": "100"}
        parts = [
            {"id": f"p{n}", "subject": "plans by kind", "date": "2024", "value": value, "of": "all"}
            for n, value in enumerate(values)
        ]
        return audit_counts(pd.DataFrame([total, *parts]))

    cases = {("60", "40"): "none", ("60", "35"): "low", ("10", "20"): "none", ("60", "50"): "high"}
    for values, severity in cases.items():
        found = table(*values)
        assert found.loc[found["check"] == "sum_of_parts", "severity"].tolist() == [severity], values
