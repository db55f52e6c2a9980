"""The worked cases: what they say adds up, runs, and can be traced."""

import csv
import importlib.util
import itertools
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from forecast.errors import ArgumentError
from forecast.pipeline import Run
from forecast.project import project
from forecast.scenario import read_case, read_scenario
from forecast.start import TreeStart

CASES = Path(__file__).resolve().parents[1] / "scenarios"
STORIES = sorted(CASES.glob("*/scenarios/**/*.toml"))


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.fixture(scope="module")
def fact_usage() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fact_usage", CASES / "fact_usage.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_fact_is_used_or_left_out_with_a_reason(fact_usage: ModuleType) -> None:
    found = fact_usage.usage()
    assert len(found) == 129
    assert fact_usage.wrong(found) == []
    assert all(said.partition(": ")[2] for says in found.values() for said in says)


def test_facts_stand_as_they_were_read(fact_usage: ModuleType) -> None:
    import json

    known = {fact["id"]: fact for fact in json.loads((CASES / "seed_facts.json").read_text(encoding="utf-8"))}
    for row in itertools.chain.from_iterable(rows(path) for path in CASES.glob("*/facts.csv")):
        fact = known[row["id"]]
        assert (row["original"], row["gloss"], row["source"]) == (fact["original"], fact["gloss"], fact["source"])
        assert row["status"] == "printed"


@pytest.mark.parametrize("path", STORIES, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_every_number_of_a_story_has_its_reason(path: Path) -> None:
    story = read_scenario(path)
    assert story.because
    assert story.title
    for key, driver in story.drivers.items():
        assert driver.because or driver.source, key
    for name, event in story.events.items():
        assert event.because, name


@pytest.mark.parametrize("case", sorted(path.parent.name for path in CASES.glob("*/case.toml")))
def test_a_case_has_its_three_scenarios_and_two_stories(case: str) -> None:
    found = {path.stem for path in STORIES if case in path.parts}
    assert {"cautious", "base", "ambitious"} < found
    assert len(found) >= 5


CLASHES = [
    ("X09", "cell_gene_therapy", "percentage_misfit", "low", "780/1,800 = 43.3 %", "needs a total of 1,822"),
    ("X09", "cell_gene_therapy", "two_hedges", "low", "about 1,800 (S1-12, 2023) and more than 1,800 (S1-13", ""),
    (
        "X10",
        "taiwan_cell_therapy",
        "mixed_definition",
        "high",
        "66.67 % between them is no growth",
        "258 to 353 is 36.82",
    ),
    ("X11", "taiwan_cell_therapy", "mixed_unit", "medium", "132 (S1-46, 2023-08-31) counts", "132 to 160 is 21.21 %"),
    ("X11", "taiwan_cell_therapy", "mixed_unit", "medium", "nearly 168 (S3-05, 2025-07) counts products, 160", "-4.76"),
    (
        "X12",
        "taiwan_cell_therapy",
        "mixed_unit",
        "medium",
        "3 (S1-45, 2024-01) counts cell and gene",
        "7 (S3-06, 2025)",
    ),
    ("X16", "taiwan_cell_therapy", "percentage_misfit", "medium", "98/258 = 38.0 %", "mostly (S1-42 and S1-43"),
    ("X17", "regenerative_medicine", "mixed_unit", "medium", "more than 700 (S4-06, 2018-04)", "more than 2,550"),
    ("X21", "cell_gene_therapy", "different_totals", "low", "322 (S1-20, 2023) is of solid-tumour", "do not add up"),
    ("X22", "taiwan_cell_therapy", "sum_of_parts", "none", "301 + 118 + 32 + 12 + 16 + 0 + 23 = 502", "adds up"),
    ("X22", "taiwan_cell_therapy", "sum_of_parts", "none", "173 + 56 + 12 + 10 + 7 + 0 + 0 = 258", "adds up"),
    ("X22", "taiwan_cell_therapy", "sum_of_parts", "none", "1,138 + 110 + 82 + 60 + 8 + 0 + 0 = 1,398", "adds up"),
    ("X23", "regenerative_medicine", "two_counts", "medium", "at least 74 (S2-06, 2024-06) and 43", "factor of 1.72"),
]


@pytest.mark.parametrize(("known", "case", "check", "severity", "says", "also"), CLASHES)
def test_a_known_clash_of_counts_is_reported_by_the_run(known, case, check, severity, says, also, run_of) -> None:
    found = run_of(case).audit.of(check)
    told = [line for line in found.to_dict("records") if says in line["explanation"] and also in line["explanation"]]
    assert [line["severity"] for line in told] == [severity], known


def test_counts_stand_as_they_were_read(fact_usage: ModuleType) -> None:
    import json

    known = {fact["id"]: fact for fact in json.loads((CASES / "seed_facts.json").read_text(encoding="utf-8"))}
    for row in itertools.chain.from_iterable(rows(path) for path in CASES.glob("*/counts.csv")):
        assert row["source"], row["id"]
        fact = known.get(row["id"][:5]) if row["status"] == "printed" else None
        if fact and row["id"] != "S1-42 and S1-43":
            assert row["quote"] == fact["original"]
            assert row["value"].rstrip("%").replace(",", "") in str(fact["value"])


def test_stories_of_trends_stand_in_order() -> None:
    case = read_case("regenerative_medicine")
    folder = CASES / "regenerative_medicine/scenarios/stories"
    told = [read_scenario(folder / f"{name}.toml") for name in ("payers_hold_back", "five_trends", "off_the_shelf")]
    found = project(case.reconcile(), told, end=2035).quantiles([0.5])[0.5].unstack("scenario").loc[2030:]
    assert (found["payers_hold_back"] < found["five_trends"]).all()
    assert (found["five_trends"] < found["off_the_shelf"]).all()


def test_the_taiwan_tree_reconciles_to_what_was_printed() -> None:
    tree = read_case("taiwan_cell_therapy").scenarios["base"].tree
    values = tree.values([2023, 2024, 2025, 2026])
    assert values["counted"] == pytest.approx([1398] * 4)
    assert values["new_patients"][1:3].sum() == pytest.approx(2300 - 1398, rel=0.005)
    assert values["new_patients"][1:3].mean() == pytest.approx(450, rel=0.005)
    assert values["car_t_reported"] == pytest.approx([90 * 8.19] * 4)
    assert values["car_t_patients"] @ [2 / 12, 1, 1, 1 / 12] == pytest.approx(90, rel=0.005)
    segments = sum(values[name] for name in ("immune_cells", "stem_cells", "tissue_repair", "car_t"))
    assert segments == pytest.approx(values["market"])


def test_the_taiwan_case_starts_from_its_trees_and_says_so() -> None:
    case = read_case("taiwan_cell_therapy")
    assert case.start == "tree"
    assert case.estimates.empty
    found = project(TreeStart(case.footing, 2025), case.scenarios, end=2035)
    medians = found.quantiles([0.5])[0.5].unstack("scenario").loc[2026:]
    assert (medians["cautious"] < medians["base"]).all()
    assert (medians["base"] < medians["ambitious"]).all()
    assert (medians["technology_transfer"] < medians["base"] * 1.02).all()
    assert found.statements.empty
    together = found.together()
    assert (np.diff(together.to_numpy(), axis=1) > 0).all()
    with pytest.raises(ArgumentError, match="its projections start from the tree"):
        case.reconcile()


def test_the_cell_and_gene_case_keeps_what_it_does_not_pool_and_says_why() -> None:
    case = read_case("cell_gene_therapy")
    table = case.estimates.set_index("id")
    assert table.loc["IQVIA-2024", "base_value"] == "5.9"
    assert (table["source"] != "").all()
    left_out = {row.id for row in case.reconcile().left_out}
    assert left_out == {"DCB-2021", "ASTUTE-WEB", "EMERGEN-2021", "IQVIA-2024"}
    years = [row for row in rows(CASES / "cell_gene_therapy/product_revenues.csv") if row["period"] == "FY2023"]
    sold = {row["product"]: float(row["value"]) for row in years}
    anchor = sold.pop("ALL cell and gene therapies (IQVIA spending)")
    assert anchor == 5900
    assert sum(sold.values()) / anchor == pytest.approx(0.194, abs=0.001)


def test_a_run_of_a_tree_has_no_consensus(run_of: Callable[[str], Run]) -> None:
    run = run_of("taiwan_cell_therapy")
    assert not run.has_consensus
    with pytest.raises(ArgumentError, match="no consensus"):
        _ = run.consensus
