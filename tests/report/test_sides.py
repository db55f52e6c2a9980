"""What a run is held against: checks of its trees, the other side of the market, clashes of its counts."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from forecast.estimates import Footing
from forecast.pipeline import Run
from forecast.project import project
from forecast.report.assumptions import assumptions
from forecast.report.bottom_up import own_tornado
from forecast.report.sides import (
    check_lines,
    check_rows,
    count_clashes,
    cross_tables,
    gap_in_words,
    part_rows,
    side_rows,
)
from forecast.scenario import PlainDriver, Scenario
from forecast.start import HistoryStart


@pytest.fixture(scope="module")
def taiwan(run_of: Callable[[str], Run]) -> Run:
    return run_of("taiwan_cell_therapy")


@pytest.fixture(scope="module")
def world(run_of: Callable[[str], Run]) -> Run:
    return run_of("cell_gene_therapy")


def test_every_printed_number_of_taiwan_is_reproduced_or_said_to_be_rounded(taiwan: Run) -> None:
    found = check_rows(taiwan)
    assert set(found["verdict"]) == {"as printed", "within rounding"}
    base = found[found["scenario"] == "base"].set_index("check")
    assert base.loc["Patients to the end of 2023, by type", ["stated", "computed"]].tolist() == ["1,398", 1398]
    assert base.loc["New patients a year to the end of 2025", "computed"] == pytest.approx(450, abs=1)
    spent = base.loc["Reimbursed CAR-T, 2023-11 to 2026-01"]
    assert spent["computed"] == pytest.approx(90 * 8.19 / 1000)
    assert (spent["low"], spent["high"]) == pytest.approx((0.732555, 0.741645))
    assert (spent["stated_low"], spent["stated_high"], spent["verdict"]) == (0.72, 0.735, "within rounding")
    assert "89 patients would make 728.9" in spent["because"]
    assert round(89 * 8.19, 1) == 728.9
    assert (found["source"] != "").all()
    assert check_lines(taiwan, found)[0] == (
        *("Patients to the end of 2023, by type", "1,398 persons", "1,398 (1,396 to 1,400)", "as printed"),
    )


def test_the_two_sides_of_taiwan_stand_beside_each_other(taiwan: Run) -> None:
    rows = side_rows(taiwan)
    assert rows["year"].unique().tolist() == [2025, 2026, 2027, 2028]
    assert rows["side"].tolist() == ["top-down", "bottom-up"] * 4
    here = rows[rows["year"] == 2025].set_index("side")
    own = taiwan.projection.quantiles([0.1, 0.5, 0.9]).loc[("base", 2025)]
    np.testing.assert_allclose(here.loc["bottom-up", ["low", "median", "high"]].astype(float), own)
    share, rate = np.sqrt(0.026 * 0.12), (29.8 + 32.18) / 2
    assert here.loc["top-down", "median"] == pytest.approx(18.12 * 1.1786**2 * 1000 * share * rate, rel=0.01)
    said = gap_in_words(taiwan, rows)
    assert said.startswith("In 2025: top-down (Share of the world) TWD 44,000 mn")
    assert "a factor of 54 apart" in said
    assert said.endswith("never averaged.")


def test_sales_of_licensed_products_stand_beside_the_consensus(world: Run) -> None:
    rows = side_rows(world).set_index("side")
    sold = (500 + 364 + 200 + 50.7 + 29.5 + (380 + 88 + 100 + 309) * 4) / 1000
    assert rows.loc["bottom-up", "median"] == pytest.approx(sold / 0.8, rel=0.01)
    assert rows.loc["top-down", "median"] == pytest.approx(world.consensus.quantiles([0.5], [2023]).iloc[0, 0])
    assert "80 % (70 to 90 %) of the whole" in gap_in_words(world, side_rows(world))
    listed = check_rows(world).set_index("check")
    assert listed.loc["All spending on licensed products in 2023", ["stated", "verdict"]].tolist() == [
        *("5.9", "within range"),
    ]
    sales = set(pd.read_csv(world.case.folder / "product_revenues.csv")["value"])
    assert world.case.cross_check
    assert world.case.cross_check.tree
    inputs = world.case.cross_check.tree.inputs.values()
    assert {one.value for one in inputs if isinstance(one, PlainDriver)} <= sales


def test_a_case_that_states_nothing_has_no_such_tables(run_of: Callable[[str], Run]) -> None:
    run = run_of("regenerative_medicine")
    assert cross_tables(run) == {}
    assert [text.split(":")[0] for text in count_clashes(run)] == ["approved products, cell therapy products", "firms"]


def test_every_uncertain_assumption_of_a_tree_has_its_rank(taiwan: Run) -> None:
    drivers = own_tornado(taiwan)
    table = assumptions(taiwan, drivers)
    base = table[table["scenario"] == "base"]
    uncertain = base[(base["low"] < base["high"]) | base["input"].str.endswith(".probability")]
    assert sorted(uncertain["rank"]) == list(range(1, (drivers.table["swing"] > 0).sum() + 1))
    assert base.loc[base["rank"] == 1, "input"].tolist() == ["tree.inputs.immune_price"]
    assert (base["because"] != "").all()


def test_parts_add_up_to_the_median_of_their_scenario(taiwan: Run, world: Run) -> None:
    for run, named in ((taiwan, "base"), (world, "by_segment")):
        rows = part_rows(run)
        here = rows[rows["scenario"] == named].groupby("year")[["share", "value"]].sum()
        medians = run.projection.quantiles([0.5]).xs(named)[0.5]
        assert here["share"].to_numpy() == pytest.approx(1)
        assert here["value"].to_numpy() == pytest.approx(medians.loc[here.index].to_numpy())
    assert set(part_rows(world)["part"]) == {"CAR-T", "Other cell therapy", "Gene therapy"}
    assert set(part_rows(taiwan)["part"]) == {"immune cells", "stem cells", "tissue repair", "car t"}


@pytest.mark.parametrize("balance", ["total", "none"])
def test_starts_of_segments_are_balanced_with_the_total_where_asked(balance: str) -> None:
    segments = {
        name: {"start": start, "growth": {"curve": "constant", "growth": 0.1}}
        for name, start in (("one", 40.0), ("other", 20.0))
    }
    growth = {"curve": "segments", "balance": balance}
    story = Scenario.model_validate({"schema": 1, "name": "s", "growth": growth, "segments": segments})
    history = pd.Series([90.0, 95.0, 100.0], index=[2021, 2022, 2023])
    start = HistoryStart(history, Footing("USD", "billion", "nominal", ""))
    path = project(start, story.model_copy(update={"handover_year": 2024}), end=2026)
    medians = path.quantiles([0.5]).xs("s")[0.5]
    whole = medians[2024] if balance == "total" else 60.0
    assert medians[2025] == pytest.approx(1.1 * whole, rel=0.01)
