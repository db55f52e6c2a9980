"""The tables that only pictures show: dated events, and editions of one publisher."""

from types import SimpleNamespace

import pytest

from forecast import read_case
from forecast.report.picture_tables import edition_table, event_table


def test_a_rule_has_a_row_for_each_date_and_an_event_its_range():
    table = event_table([read_case("taiwan_cell_therapy").scenarios["base"]])
    rules = table[table["kind"] == "policy"]
    assert rules["note"].tolist() == ["passed 2024-06-04", "promulgated 2024-06-19", "effective 2026-01-01"]
    assert rules["year"].round(2).tolist() == [2024.42, 2024.46, 2026.0]
    events = table[table["kind"] == "event"].set_index("label")
    licence = events.loc["First product under a conditional licence of up to five years"]
    assert licence[["low", "year", "high", "probability"]].tolist() == [2027, 2028, 2031, 0.6]


def test_an_event_of_several_scenarios_stands_once_with_the_first():
    scenarios = read_case("taiwan_cell_therapy").scenarios
    both = event_table([scenarios["ambitious"], scenarios["base"]])
    assert len(both) == len(event_table([scenarios["base"]]))
    assert set(both["scenario"]) == {"ambitious"}


@pytest.mark.parametrize(
    ("case", "publisher"),
    [("cell_gene_therapy", "ITIS/DCB"), ("regenerative_medicine", "ITIS/DCB (cell and gene therapy)")],
)
def test_editions_are_those_that_supersede_each_other(case, publisher):
    table = edition_table(SimpleNamespace(case=read_case(case)))
    assert set(table["publisher"]) == {publisher}
    by_year = table.set_index(["vintage", "year"])["value"]
    assert by_year["2021"].loc[[2020, 2026]].tolist() == pytest.approx([12.3, 44.3])
    assert by_year["2024"].loc[[2023, 2028]].tolist() == pytest.approx([18.12, 41.21])
    assert by_year[("2021", 2023)] == pytest.approx(23.3, abs=0.1)


def test_without_editions_the_table_is_empty():
    case = read_case("cell_gene_therapy")
    alone = SimpleNamespace(scope=case.scope, estimates=case.estimates.assign(supersedes=""))
    assert edition_table(SimpleNamespace(case=alone)).empty
