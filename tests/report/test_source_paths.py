"""What the figures call a source, and which of its years count as spoken for."""

import math
from collections.abc import Callable

import pytest

from forecast.pipeline import Run
from forecast.reconcile.paths import printed_numbers, source_levels, sources_by_years
from forecast.reconcile.pool import Pool
from forecast.reconcile.statements import Source, Statement


def level(year: int, value: float, *, above: bool = False) -> Statement:
    centre = math.log(value)
    high, hedge = (math.inf, "more than") if above else (centre, "")
    return Statement("level", centre, high, year, year, hedge=hedge, printed=value)


def growth(first: int, last: int) -> Statement:
    return Statement("growth", 0.1 * (last - first), 0.1 * (last - first), first, last)


@pytest.fixture
def pool(run_of: Callable[[str], Run]) -> Pool:
    """Three sources, two of one publisher, one about a part of the market."""
    read = run_of("regenerative_medicine").consensus.pool
    sources = (
        Source("A-1", "A", read.scope, 2020, (level(2020, 10.0), growth(2018, 2021), growth(2023, 2024))),
        Source("A-2", "A", read.scope, 2020, (level(2020, 10.0), level(2022, 12.0))),
        Source("B-1", "B", "cell and gene therapy", 2020, (level(2020, 50.0, above=True), growth(2020, 2021))),
    )
    return Pool(sources, **{name: getattr(read, name) for name in vars(read) if name != "sources"})


def test_years_between_levels_and_along_joined_growth_are_interpolated(pool: Pool) -> None:
    table = sources_by_years(pool, list(range(2017, 2025)))
    kinds = table.pivot(index="source", columns="year", values="kind").apply(lambda row: "".join(k[0] for k in row), 1)
    assert kinds.to_dict() == {"A (A-1)": "eiipieee", "A (A-2)": "eeepipee", "B": "eeepieee"}
    assert table.groupby("source")["scope"].first()["B"] == "cell and gene therapy"


def test_printed_numbers_carry_id_and_other_scope(pool: Pool) -> None:
    names = printed_numbers(pool)["source"].unique().tolist()
    assert names == ["A (A-1)", "A (A-2)", "B (cell and gene therapy)"]


def test_the_forest_says_what_is_printed_and_what_is_open(pool: Pool) -> None:
    rows = source_levels(pool, 2020).set_index("label")
    assert rows["note"].to_dict() == {
        "A (A-1)": "printed",
        "A (A-2)": "printed",
        "B": "printed, more than; cell and gene therapy",
    }
    assert rows["open"].tolist() == ["", "", "above"]
