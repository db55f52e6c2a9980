"""The audit: the published estimates judged by hand, the known contradictions of the case, and properties."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from forecast.estimates import Scope, Scopes, audit, normalize, read_estimates, read_scopes
from forecast.estimates.checks import CHECKS, SEVERITIES
from forecast.estimates.findings import COLUMNS

GLOBAL = {"geography": "global", "currency": "USD", "scale": "billion"}
LATER_ROWS = [
    {
        "id": "DCB-2021",
        "publisher": "DCB",
        "published": "2021-07-26",
        "scope": "cell and gene therapy",
        "base_year": 2020,
        "base_value": "12.3",
        "target_year": 2026,
        "target_value": "44.3",
        "excluded_because": "superseded by ITIS-2024",
    },
    {
        "id": "EXPORTS",
        "publisher": "white paper",
        "scope": "exports of Taiwan",
        "base_year": 2024,
        "base_value": "1",
        "quote": "出口達10億美元,其中再生醫療製劑約新臺幣80億元",
    },
    {
        "id": "DEAL",
        "publisher": "trip report",
        "scope": "licence deals",
        "base_year": 2018,
        "base_value": "1.3",
        "quote": "授權金13億日圓,另有7.6 億元",
    },
]


@pytest.fixture(scope="module")
def published(root):
    """The script that judges the audit, as a module, and its table."""
    spec = importlib.util.spec_from_file_location("judge", root / "benchmarks" / "audit_published_estimates.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, pd.read_csv(module.PUBLISHED, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def case(root):
    """The worked case with three more rows of the sources."""
    folder = root / "scenarios" / "regenerative_medicine"
    rows = read_estimates(folder / "estimates.csv")
    rows = rows[rows["id"].isin(["GD-2026", "MM-2024", "RM-2018", "ITIS-2024"])]
    later = read_estimates(pd.DataFrame(LATER_ROWS).assign(**GLOBAL))
    return audit(pd.concat([rows, later], ignore_index=True), read_scopes(folder / "scopes.toml"))


def one(table, check, row, other=None):
    """The one finding of a check on a row."""
    found = table[(table["check"] == check) & (table["id"] == row)]
    found = found if other is None else found[found["other_id"] == other]
    assert len(found) == 1, found
    return found.iloc[0]


# --- the published estimates -----------------------------------------------------------------------------


def test_hits_and_no_misses_and_no_false_alarms(published):
    module, table = published
    verdicts = module.judge(table).set_index("id")["verdict"]
    assert verdicts.value_counts().to_dict() == {"right: coherent": 14, "hit": 9}


@pytest.mark.parametrize("as_read", ["text", "floats"])
def test_the_implied_ranges_are_those_of_the_file(published, as_read):
    module, table = published
    estimates = module.as_estimates(table)
    if as_read == "floats":
        numbers = ["base_year", "base_value", "target_year", "target_value", "cagr"]
        estimates = estimates.assign(**{name: pd.to_numeric(estimates[name], errors="coerce") for name in numbers})
        assert set(audit(estimates).of("incoherent")["id"]) == set(
            table.loc[table["check"].str.startswith("MIS"), "id"]
        )
        return
    growth = audit(estimates).growth.set_index("id")
    stated = table[(table["implied_range_pct"] != "") & table["id"].isin(growth.index)].set_index("id")
    ranges = [f"{growth.low[row]:.2f}..{growth.high[row]:.2f}" for row in stated.index]
    assert ranges == stated["implied_range_pct"].tolist()


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ("E12", "counted from 2013"),
        ("E21", "first year's growth (2024 to 2025)"),
        ("E29", "one period fewer (10); base-year slip (2025 in E30)"),
        ("E52", "one period more (8)"),
        ("E63", "one period fewer (8); first year's growth (2025 to 2026)"),
        ("E61", "unexplained"),
    ],
)
def test_the_diagnosis_names_the_cause(published, row, cause):
    module, table = published
    assert cause in one(audit(module.as_estimates(table)).table, "incoherent", row).diagnosis


def test_other_findings_on_the_published_estimates(published):
    module, table = published
    found = audit(module.as_estimates(table)).table
    assert one(found, "base_year_slip", "E30").other_id == "E29"
    assert "under" not in one(found, "reprint", "E03", "E02").explanation
    assert "22.4 % less" in one(found, "revised", "E19", "E20").explanation
    assert "8.44" in one(found, "above_actual", "E55").explanation
    assert "1.43 times the spending on all of cell and gene therapy" in one(found, "above_actual", "E55").explanation


# --- the known contradictions of the case ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "check", "row", "other", "severity", "arithmetic"),
    [
        (
            "X01",
            "subset_above_superset",
            "ITIS-2024",
            "MM-2024",
            "high",
            ["18.12/16 = 1.13", "after 2.09 years, in 2025"],
        ),
        (
            "X02",
            "base_clash",
            "GD-2026",
            "MM-2024",
            "high",
            ["4.089 bn for 2023 (50/1.43^7)", "3.91 times", "not bounded"],
        ),
        ("X02", "subset_above_superset", "ITIS-2024", "GD-2026", "high", ["18.12/4.089 = 4.43"]),
        ("X03", "growth_on_foreign_base", "GD-2026", "MM-2024", "high", ["16×1.43^7 = 195.6", "3.91 times", "17.68 %"]),
        ("X04", "subset_above_superset", "ITIS-2024", "GD-2026", "high", ["in 2028 USD 41.21 bn against USD 24.45 bn"]),
        ("X04", "base_clash", "GD-2026", "MM-2024", "high", ["in 2028 USD 24.45 bn (50/1.43^2) against USD 49 bn"]),
        (
            "X05",
            "old_forecast",
            "RM-2018",
            "MM-2024",
            "high",
            ["53.7/16 = 3.36 times, 2 years earlier", "70 % or more"],
        ),
        (
            "X06",
            "edge_of_rounding",
            "RM-2018",
            "",
            "low",
            ["(53.7/18.9)^(1/5) - 1 = 23.23 %", "23.14 to 23.31", "29.83 %", "19.01 %"],
        ),
        (
            "X07",
            "coherent",
            "MM-2024",
            "",
            "none",
            ["(49/16)^(1/5) - 1 = 25.09 %", "24.07 to 26.14", "3.0625, stated 3.06"],
        ),
        ("X08", "ambiguous_multiple", "MM-2024", "", "medium", ["成長3.06倍", "48.96 or 64.96", "49/16 = 3.0625"]),
        ("X18", "currency_in_quote", "EXPORTS", "", "medium", ["mixes TWD and USD"]),
        ("X18", "currency_in_quote", "DEAL", "", "medium", ["'7.6 億元' names no currency"]),
        (
            "X19",
            "scale_words",
            "GD-2026",
            None,
            "medium",
            ["億 (1e8)", "約160億美元 = USD 16 billion", "10 times too large"],
        ),
        ("X20", "scope_drift", "GD-2026", None, "high", ["3 of 3 rows print no list", "speaks of 'cell therapy'"]),
        ("X24", "revised", "ITIS-2024", "DCB-2021", "medium", ["23.34 bn", "18.12 bn, 22.4 % less", "two vintages"]),
    ],
)
def test_a_known_contradiction_is_reported_with_its_arithmetic(case, known, check, row, other, severity, arithmetic):
    found = one(case.table, check, row, other)
    assert found.severity == severity, known
    assert found.explanation.endswith(".")
    assert [part for part in arithmetic if part not in found.explanation] == []


@pytest.mark.parametrize(
    ("derived", "implied", "low", "high"),
    [
        (
            {"cagr_from": 2023, "target_year": 2030, "target_value": "50", "cagr": "43"},
            50 / 1.43**7,
            49.5 / 1.435**7,
            50.5 / 1.425**7,
        ),
        (
            {"base_year": 2020, "base_value": "1.0", "target_year": 2030, "cagr": "10"},
            1.1**3,
            0.95 * 1.095**3,
            1.05 * 1.105**3,
        ),
        (
            {"base_year": 2020, "base_value": "1.0", "target_year": 2026, "target_value": "4"},
            2,
            (0.95 * 3.5) ** 0.5,
            (1.05 * 4.5) ** 0.5,
        ),
        (
            {"cagr_from": 2023, "target_year": 2030, "target_value": "50", "target_hedge": "more than", "cagr": "43"},
            50 / 1.43**7,
            50 / 1.435**7,
            np.inf,
        ),
    ],
)
@pytest.mark.parametrize(("check", "scope"), [("base_clash", "whole"), ("subset_above_superset", "part")])
def test_a_derived_level_carries_the_rounding_of_what_it_follows_from(check, scope, derived, implied, low, high):
    rows = [
        {"id": "derived", "publisher": "A", "scope": "whole", **derived},
        {"id": "printed", "publisher": "B", "scope": scope, "base_year": 2023, "base_value": "18.12"},
    ]
    tree = Scopes((Scope("whole"), Scope("part", inside="whole")))
    found = audit(pd.DataFrame([GLOBAL | row for row in rows]), tree).of(check).iloc[0]
    assert found[["stated", "implied", "low", "high"]].tolist() == pytest.approx([18.12, implied, low, high])


def test_a_number_without_its_maker_is_second_hand():
    rows = pd.DataFrame([{"id": "a", "publisher": "ITIS", "via": "ITIS"}, {"id": "b", "publisher": "P", "via": "Q"}])
    found = audit(rows).of("second_hand").set_index("id")
    assert found["severity"].to_dict() == {"a": "medium", "b": "low"}
    assert "original unknown" in found.loc["a", "explanation"]


# --- the classifier --------------------------------------------------------------------------------------


def triple(base, target, cagr, *, years=(2023, 2028), **more):
    row = {
        "id": "a",
        "base_year": years[0],
        "base_value": base,
        "target_year": years[1],
        "target_value": target,
        "cagr": cagr,
    }
    return audit(pd.DataFrame([row | GLOBAL | more]))


def called(found):
    return set(found.table["check"]) & {"incoherent", "edge_of_rounding", "coherent"}


@pytest.mark.parametrize(
    ("numbers", "more", "verdict"),
    [
        (("16", "49", "25.1"), {}, "coherent"),
        (("16", "49", "25.1%"), {"cagr_from": 2024, "cagr_to": 2028}, "coherent"),
        (("15.9", "49.0", "25.1"), {}, "edge_of_rounding"),
        (("15.90", "49.00", "25.1"), {}, "incoherent"),
        (("15.90", "49.00", "25.1"), {"base_hedge": "approximately"}, "incoherent"),
        (("15.9", "49.0", "25.0"), {}, "incoherent"),
        (("15.9", "49.0", "25.0"), {"base_hedge": "約", "target_hedge": "about"}, "edge_of_rounding"),
        (("10", "20", "14"), {"cagr_hedge": "more than"}, "coherent"),
        (("10.0", "21.0", "15"), {"cagr_hedge": "more than"}, "edge_of_rounding"),
        (("10.0", "21.0", "17"), {"cagr_hedge": "more than"}, "incoherent"),
        (("10.0", "21.0", "17"), {"cagr_hedge": "nearly"}, "edge_of_rounding"),
        (("5.1", "50.5", "50"), {"target_hedge": "over"}, "incoherent"),
        (("16", "40-50", "23"), {"target_hedge": "between"}, "coherent"),
        (("20", "10", "-12.9"), {}, "coherent"),
        (("about USD 16 billion", "490億美元", "CAGR of 25.1%"), {"scale": ""}, "coherent"),
        (("JPY 1.2 tn", "JPY 1,600 bn", "25%"), {}, "incoherent"),
    ],
)
def test_verdicts(numbers, more, verdict):
    assert called(triple(*numbers, **more)) == {verdict}


@pytest.mark.parametrize(
    ("numbers", "more", "cause"),
    [
        (("10.00", "20.00", "18.9"), {}, "one period fewer (4)"),
        (("10.00", "20.00", "12.2"), {}, "one period more (6)"),
        (("20.00", "10.00", "12.94"), {}, "sign dropped"),
        (("10.00", "20.00", "12.5"), {"other_values": "2024=11.25"}, "first year's growth (2023 to 2024)"),
        (("10.00", "20.00", "10.67"), {"other_values": "2024=13.335"}, "counted from 2024"),
        (("10.00", "20.00", "24.6"), {"multiple": "2.00"}, "multiple read as increase"),
        (("10.00", "30.00", "14.9"), {"multiple": "2.00"}, "follows the multiple 2"),
        (("10.00", "20.00", "20.0"), {}, "average instead of compound growth"),
        (("10.00", "20.00", "100"), {}, "total growth"),
        (("10.00", "20.00", "13.86"), {}, "logarithmic growth"),
        (("10.00", "20.00", "17.0"), {"cagr_from": 2024, "cagr_to": 2028}, "counted from 2024, where 10.67 is needed"),
        (("10.00", "20.00", "26.0"), {}, "two periods fewer (3)"),
        (("10.00", "20.00", "82.1"), {}, "slip of units"),
        (("10.00", "20.00", "3.0"), {}, "unexplained"),
    ],
)
def test_causes(numbers, more, cause):
    found = one(triple(*numbers, **more).table, "incoherent", "a")
    assert cause in found.diagnosis
    assert found.explanation.startswith("States ")


@pytest.mark.parametrize(
    ("numbers", "more", "says"),
    [
        (
            ("7.1", "50", "30"),
            {"target_hedge": "more than", "cagr_hedge": "more than"},
            [
                "States at least 30.00 % a year (29.5 to 40 by rounding and hedges)",
                "= at least 32.16 % a year (31.84 to 35.78 by rounding and hedges): possible, as a hedge leaves room",
            ],
        ),
        (("20", "10", "-10"), {"target_hedge": "up to"}, ["= at most -9.43 % a year", "a hedge leaves room"]),
        (("20", "5-6", "-30"), {"target_hedge": "between"}, ["((5-6)/20)^(1/7) - 1 = -16.84 %"]),
        (("10.0", "30.0", "17.2"), {"base_hedge": "about"}, ["17.15 to 17.25 by rounding)", "by rounding and hedges)"]),
    ],
)
def test_the_ranges_shown_are_those_compared(numbers, more, says):
    found = triple(*numbers, years=(2023, 2030), **more)
    text = one(found.table, called(found).pop(), "a").explanation
    assert [part for part in says if part not in text] == []


LABELLED = {"years": (2023, 2030), "cagr_from": 2025, "cagr_to": 2030}


@pytest.mark.parametrize(
    ("cagr", "other_values", "verdict"),
    [
        ("14.9", "2025=12.5", "coherent"),
        ("14.0", "2025=12.5", "coherent"),
        ("16.9", "2025=12.5", "incoherent"),
        ("14.9", "2026=12.5", "incoherent"),
    ],
)
def test_a_growth_may_be_counted_from_the_printed_first_year_of_its_label(cagr, other_values, verdict):
    found = triple("10.0", "25.0", cagr, other_values=other_values, **LABELLED)
    assert called(found) == {verdict}
    text = one(found.table, verdict, "a").explanation
    by_label = (cagr, other_values) == ("14.9", "2025=12.5")
    assert ("counted from 2025 as its label says, where it prints 12.5; from 10.0 of 2023" in text) == by_label
    if by_label:
        assert "(25.0/12.5)^(1/5) - 1 = 14.87 % a year" in text
        assert found.growth.loc[0, "severity"] == "none"
    assert called(triple("10.0", "25.0", "14.9", other_values="2025=12.5", years=(2023, 2030))) == {"incoherent"}


@pytest.mark.parametrize(
    ("multiple", "severity", "says"),
    [
        ("3.06", None, ""),
        ("2.06", "medium", "counts the increase"),
        ("5", "high", "neither the ratio nor the increase"),
    ],
)
def test_a_multiple_is_held_against_the_ratio(multiple, severity, says):
    found = triple("16.00", "49.00", "", multiple=multiple).of("multiple_misfit")
    assert found["severity"].tolist() == ([severity] if severity else [])
    assert all(says in text for text in found["explanation"])


places = st.integers(0, 3)
shapes = st.tuples(st.floats(0.5, 5000), st.floats(-0.2, 0.8), st.integers(1, 15), places, places, places)


def many(triples):
    """Audit of triples (base, target, growth, periods), each in a market of its own."""
    rows = [
        GLOBAL
        | {"id": str(place), "scope": str(place), "base_year": 2020, "base_value": base}
        | {"target_year": 2020 + span, "target_value": target, "cagr": growth}
        for place, (base, target, growth, span) in enumerate(triples)
    ]
    return pd.DataFrame(rows)


@settings(max_examples=10, deadline=None)
@given(st.lists(shapes, min_size=40, max_size=60))
def test_a_triple_that_was_rounded_is_never_incoherent(drawn):
    triples = [
        (f"{base:.{d1}f}", f"{base * (1 + growth) ** span:.{d2}f}", f"{100 * growth:.{d3}f}", span)
        for base, growth, span, d1, d2, d3 in drawn
    ]
    assert audit(many(triples)).of("incoherent").empty


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(shapes, st.sampled_from([-1, 1]), st.floats(1.001, 50)), min_size=40, max_size=60))
def test_a_triple_that_is_off_by_more_than_its_rounding_always_is(drawn):
    triples = []
    for (base, growth, span, d1, d2, d3), sign, beyond in drawn:
        texts = f"{base:.{d1}f}", f"{base * (1 + growth) ** span:.{d2}f}"
        lows, highs = ([float(t) + s * 0.5 * 10.0**-d for t, d in zip(texts, (d1, d2), strict=True)] for s in (-1, 1))
        if min(lows) <= 0:
            continue
        low, high = (100 * ((a / b) ** (1 / span) - 1) for a, b in ((lows[1], highs[0]), (highs[1], lows[0])))
        half = 0.5 * 10.0**-d3
        stated = f"{(low if sign < 0 else high) + sign * 2 * half * beyond:.{d3}f}"
        gap = low - float(stated) if sign < 0 else float(stated) - high
        if gap > half * (1 + 1e-6) + 1e-6 and float(stated) > -100:
            triples.append((*texts, stated, span))
    assume(triples)
    assert len(audit(many(triples)).of("incoherent")) == len(triples)


@settings(max_examples=10, deadline=None)
@given(
    st.lists(shapes, min_size=5, max_size=20),
    st.floats(0.001, 1000),
    st.sampled_from(["thousand", "million", "trillion"]),
)
def test_currency_and_scale_never_change_an_implied_growth(drawn, rate, scale):
    texts = [(f"{b:.{d1}f}", f"{b * (1 + g) ** n:.{d2}f}", f"{g:.{d3}f}", n) for b, g, n, d1, d2, d3 in drawn]
    before = many([row for row in texts if min(map(float, row[:2])) > 0])
    assume(len(before))
    rates = pd.DataFrame([{"from": "USD", "to": "JPY", "year": 2020, "rate": rate, "source": "a central bank"}])
    after = normalize(before, currency="JPY", scale=scale, rates=rates)
    columns = ["stated", "implied", "low", "high"]
    old, new = (audit(table).growth[columns].to_numpy(float) for table in (before, after))
    np.testing.assert_allclose(new, old, rtol=1e-9, atol=1e-9)


# --- the rest --------------------------------------------------------------------------------------------

EVERYTHING = [
    {"id": "clash-1", "publisher": "A", "scope": "s", "base_year": 2023, "base_value": "10", "includes": "rna"},
    {"id": "clash-2", "publisher": "B", "scope": "s", "base_year": 2023, "base_value": "30", "includes": "-rna"},
    {"id": "euro", "publisher": "C", "scope": "s", "currency": "EUR", "base_year": 2023, "base_value": "10"},
    {
        "id": "nothing",
        "publisher": "D",
        "scope": "s",
        "currency": "",
        "scale": "",
        "base_year": 2023,
        "base_value": "10",
    },
    {"id": "slip", "publisher": "E", "scope": "s", "scale": "million", "base_year": 2023, "base_value": "10.0"},
    {"id": "word", "publisher": "F", "scope": "s", "base_year": 2023, "base_value": "ten"},
    {"id": "phrase", "publisher": "J", "scope": "p", "base_year": 2023, "base_value": "$ 7 bn"},
    {"id": "quoted", "publisher": "G", "scope": "q", "base_year": 2023, "base_value": "160", "quote": "約160億美元"},
    {"id": "total", "publisher": "H", "scope": "regenerative medicine", "base_year": 2023, "base_value": "100"},
    {
        "id": "share",
        "publisher": "H",
        "scope": "cell therapy",
        "base_year": 2023,
        "base_value": "50",
        "share": "20.5",
        "share_of": "total",
    },
    {
        "id": "region",
        "publisher": "I",
        "scope": "cell therapy",
        "geography": "taiwan",
        "base_year": 2023,
        "base_value": "60",
    },
    {"id": "once", "publisher": "K", "scope": "t", "geography": "Atlantis", "base_year": 2023, "base_value": "16"},
    {"id": "again", "publisher": "K", "scope": "t", "geography": "Atlantis", "base_year": 2023, "base_value": "17.5"},
]


def test_a_share_times_the_total_is_held_against_the_segment():
    found = one(audit(pd.DataFrame(EVERYTHING).fillna("")).table, "share_misfit", "share", "total")
    assert "20.5 % of 100 (total, 2023) is 20.5" in found.explanation


def test_pools_slips_and_gaps_are_found():
    rows = pd.DataFrame([GLOBAL | row for row in EVERYTHING])
    found = audit(rows).table
    assert one(found, "base_clash", "clash-1", "clash-2").severity == "high"
    assert "EUR: euro; USD: clash-1, clash-2, slip" in one(found, "footing_mixed", "euro").explanation
    assert "no currency and no scale" in one(found, "footing_missing", "nothing").explanation
    assert "a thousandfold slip of scale" in one(found, "unit_slip", "slip", "clash-1").explanation
    assert "a tenfold slip, as from 億 read as billion" in one(found, "unit_slip", "quoted").explanation
    assert "'ten', which is no printed number" in one(found, "unreadable", "word").explanation
    assert "'$ 7 bn', read as 7 in the unit of the row" in one(found, "unreadable", "phrase").explanation
    assert "-rna against rna" in found[found["check"] == "scope_drift"].explanation.str.cat()
    assert one(found, "subset_above_superset", "region", "share").severity == "high"
    assert "2 geographies" in one(found, "mixed_geography", "region").explanation


def test_every_check_is_documented_and_keeps_to_its_severity(published, case):
    module, table = published
    tables = [case.table, audit(module.as_estimates(table)).table]
    tables += [
        audit(pd.DataFrame([GLOBAL | row for row in EVERYTHING])).table,
        triple("16", "49", "9", multiple="9").table,
    ]
    found = pd.concat(tables)
    for name, check in CHECKS.items():
        assert check.name == name
        assert check.sentence.endswith(".")
        worst = max(map(SEVERITIES.index, found.loc[found["check"] == name, "severity"]), default=0)
        assert worst <= SEVERITIES.index(check.severity), name
    never = set(CHECKS) - set(found["check"]) - {"unknown_scope"}
    assert never == set()


def test_the_result(case):
    assert tuple(case.table.columns) == COLUMNS
    assert COLUMNS[:9] == ("id", "other_id", "check", "severity", "stated", "implied", "low", "high", "explanation")
    assert case.worst == "high"
    assert case.table["severity"].map(SEVERITIES.index).is_monotonic_decreasing
    assert case.counts().loc["coherent", "none"] == 1
    assert "GD-2026 against MM-2024" in case.summary()
    assert case.plot().get_xlabel()
    assert "<table" in case._repr_html_()


def test_hostile_text_is_shown_as_text():
    rows = pd.DataFrame([{"id": "<script>", "publisher": "<b>", "via": "=1+1", "scope": "<i>", "base_value": "<x>"}])
    assert "<script>" not in audit(rows)._repr_html_()


@pytest.mark.parametrize(
    "rows",
    [
        pd.DataFrame(),
        pd.DataFrame({"id": ["a"]}),
        pd.DataFrame({"anything": [1.5], "cagr": [None]}),
        pd.DataFrame(
            {"base_year": [2023], "base_value": [0], "target_year": [2023], "target_value": ["1e400"], "cagr": [-100]}
        ),
        pd.DataFrame(
            {"base_year": [2023.5], "base_value": [1], "target_year": [9999], "target_value": [2], "cagr": [9]}
        ),
        pd.DataFrame(
            {"id": ["a", "a"], "base_year": ["x", 2020], "other_values": ["2024=", "x=1; 2025=2"], "scope": ["s", None]}
        ),
    ],
)
def test_any_frame_is_audited(rows):
    found = audit(rows)
    assert found.rows == len(rows)
    assert not found.table["explanation"].str.contains("nan").any()


def test_the_order_of_rows_does_not_matter(published):
    module, table = published
    rows = module.as_estimates(table)
    keys = ["id", "check", "severity", "stated"]
    found = [audit(order).of("incoherent")[keys].sort_values(keys, ignore_index=True) for order in (rows, rows[::-1])]
    pd.testing.assert_frame_equal(*found)


@pytest.mark.parametrize("shape", ["flat", "nested"])
def test_findings_between_rows_grow_with_the_rows_not_with_their_pairs(tmp_path, shape):
    n, markets = 1500, 30
    rng = np.random.default_rng(1)
    start, growth, base = rng.integers(2015, 2026, n), rng.uniform(0.03, 0.4, n), np.exp(rng.normal(2.5, 0.8, n))
    rows = pd.DataFrame(
        {
            "id": [f"r{row}" for row in range(n)],
            "publisher": [f"P{house}" for house in rng.integers(0, 20, n)],
            "published": start.astype(str),
            "scope": [f"scope {scope}" for scope in rng.integers(0, markets, n)],
            "currency": "EUR",
            "scale": "million",
            "base_year": start,
            "base_value": [f"{value:.2f}" for value in base],
            "target_year": start + 5,
            "target_value": [f"{value:.1f}" for value in base * (1 + growth) ** 5],
            "cagr": [f"{100 * value:.1f}" for value in growth],
        }
    )
    inside = [f'inside = "scope {scope - 1}"\n' if shape == "nested" and scope else "" for scope in range(markets)]
    scopes = [f'[[scope]]\nname = "scope {scope}"\n{part}' for scope, part in enumerate(inside)]
    (tmp_path / "scopes.toml").write_text("schema = 1\n" + "\n".join(scopes), encoding="utf-8")
    counts = audit(rows, read_scopes(tmp_path / "scopes.toml")).counts().sum(axis=1)
    assert {"base_clash", "old_forecast", "revised"} <= set(counts.index)
    assert ("subset_above_superset" in counts.index) == (shape == "nested")
    assert counts.max() <= n


def test_a_revision_is_told_against_the_latest_earlier_vintage():
    vintages = [("2020", "10"), ("2021", "12"), ("2022", "9"), ("2022", "9.5")]
    rows = [
        GLOBAL | {"id": published + value, "publisher": "A", "published": published, "scope": "a market",
                  "base_year": 2019, "base_value": value}
        for published, value in vintages
    ]  # fmt: skip
    found = audit(pd.DataFrame(rows)).of("revised")
    assert sorted(zip(found["id"], found["other_id"], strict=True)) == [
        ("202112", "202010"), ("20229", "202112"), ("20229.5", "202112")
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["1e308", "1e-320"])
@pytest.mark.parametrize("column", ["base_value", "target_value", "cagr", "multiple", "other_values"])
def test_a_number_beyond_all_sense_is_a_finding_and_no_warning(column, text):
    row = {"publisher": "P", "scope": "s", "base_year": 2023, "base_value": "16", "target_year": 2030}
    row |= {"target_value": "49", "cagr": "17", "currency": "USD", "scale": "billion"}
    wild = row | {"id": "a", column: f"2024={text}" if column == "other_values" else text}
    found = audit(pd.DataFrame([wild, row | {"id": "b", "publisher": "Q"}]))
    assert column == "other_values" or "unreadable" in set(found.table["check"])


TWICE = GLOBAL | {"publisher": "Alder", "scope": "a market", "base_year": "2023"}


@pytest.mark.parametrize("dated", ["", "2024-06"])
def test_two_numbers_of_one_publisher_that_no_date_orders_clash(dated):
    rows = [TWICE | {"id": "a", "base_value": "16"}, TWICE | {"id": "b", "base_value": "40", "publisher": "ALDER"}]
    found = audit(pd.DataFrame([row | {"published": dated} for row in rows]))
    assert found.table["check"].tolist().count("self_clash") == 1
    line = one(found.table, "self_clash", "b", "a")
    assert (line.severity, line.stated, line.implied, line.low, line.high) == ("high", 40, 16, 15.5, 16.5)
    assert (line.year, line.unit, line.diagnosis) == (2023, "USD bn", "two numbers of one publisher")
    assert line.explanation == (
        "ALDER prints USD 16 bn for 2023 in a and USD 40 bn in b: 2.50 times apart for one market and year, both "
        f"{'dated 2024-06' if dated else 'undated'}, so nothing tells which holds; date them, let one supersede the "
        "other, or exclude one with its reason."
    )
    assert not found.of("revised").size


@pytest.mark.parametrize(
    "told",
    [
        {"base_value": "16.4", "base_hedge": "about"},
        {"base_value": "15", "base_hedge": "more than"},
        {"supersedes": "a"},
        {"excluded_because": "an old brochure"},
        {"published": "2025"},
        {"scope": "another market"},
        {"geography": "Europe"},
        {"publisher": "Birch"},
        {"publisher": ""},
        {"value_basis": "services"},
        {"includes": "devices"},
        {"base_year": "2024"},
        {"base_year": "2026", "base_value": "", "target_year": "2030", "target_value": "40", "cagr": "10"},
    ],
    ids=str,
)
def test_two_numbers_that_something_tells_apart_do_not_clash(told):
    first = TWICE | {"id": "a", "base_value": "16", "value_basis": "product sales", "includes": "services"}
    found = audit(pd.DataFrame([first, first | {"id": "b", "base_value": "40"} | told]))
    assert "self_clash" not in set(found.table["check"])


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("Atlantis", ""),
        ("Bay Area", ""),
        ("Gremany", " Did you mean 'germany'?"),
        ("Worldwide", None),
        ("歐洲", None),
        ("", None),
    ],
)
def test_an_unknown_geography_is_noted_with_a_suggestion(place, says):
    rows = [GLOBAL | {"id": key, "scope": "a market", "geography": place, "base_value": "1"} for key in ("a", "b")]
    found = audit(pd.DataFrame(rows)).of("unknown_geography")
    texts = [
        f"The geography '{place}' is not in the tree of geographies (a, b): it is held against itself only; a "
        f"region of one's own goes into the file of scopes as [[geography]].{says}"
    ]
    assert found["explanation"].tolist() == texts * (says is not None)
    assert set(found["severity"]) <= {"low"}


def test_an_unknown_scope_is_noted_with_a_suggestion():
    scopes = Scopes((Scope("home sensors"), Scope("door sensors", inside="home sensors")))
    found = audit(pd.DataFrame([GLOBAL | {"id": "a", "scope": "home sensor"}]), scopes).of("unknown_scope")
    assert found["explanation"].tolist() == [
        "The scope 'home sensor' is not in the tree of scopes (a): it is held against itself only. Did you mean 'home "
        "sensors'?"
    ]
