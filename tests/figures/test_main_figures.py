"""What the main figures say, and how they look.

The pictures in tests/baseline are made anew by
`pytest -o addopts= tests/figures/test_main_figures.py -k looks --mpl-generate-path=tests/baseline`.
The tolerance leaves room for another version of the font renderer, not for a bar in another place.
"""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from forecast.errors import ArgumentError
from forecast.figures import fan, forest, heatmap, pit, ridge, sources_by_years, spider, tornado, waterfall
from tests.figures import gallery
from tests.figures.gallery import BANDS, PRINTED, STATEMENTS, TORNADO, UNIT, draw

MAIN = ["sources_by_years", "forest", "fan", "houses", "tornado", "stated_implied", "football_field",
        "scenarios_overlaid", "band_parts", "timeline", "heatmap"]  # fmt: skip


@pytest.mark.parametrize("name", MAIN)
@pytest.mark.mpl_image_compare(style="default", savefig_kwargs={"dpi": 50}, tolerance=14)
def test_looks_as_it_did(name):
    return draw(name).figure


def texts(ax):
    ax.figure.draw_without_rendering()
    return [text.get_text() for text in ax.findobj(Text) if text.get_text()]


def test_the_fan_carries_every_printed_number_by_name():
    shown = texts(fan(BANDS, unit=UNIT, statements=PRINTED))
    assert {"GlobalData >50", "MarketsandMarkets ≈16", "MarketsandMarkets 49", "ITIS/DCB 18.12", "ITIS/DCB 41.21",
            "Research and Markets 18.9", "Research and Markets 53.7"} <= set(shown)  # fmt: skip


def test_the_fan_labels_the_scenario_asked_for():
    shown = texts(fan(BANDS, unit=UNIT, scenario="cautious"))
    last = BANDS.query("scenario == 'cautious' and year == 2035").set_index("level")["value"]
    assert {f"cautious {last[0.5]:.0f}", f"P90 {last[0.9]:.0f}", f"P10 {last[0.1]:.1f}"} <= set(shown)
    assert any(text.startswith("ambitious") for text in shown)
    with pytest.raises(ArgumentError, match=r"fan: scenario: found 'cautous'; .*did you mean 'cautious'\?"):
        fan(BANDS, unit=UNIT, scenario="cautous")


def test_bands_need_a_median_and_one_value_each():
    with pytest.raises(ArgumentError, match=r"fan: bands of base: found no level 0.5; allowed: a median"):
        fan(BANDS.query("scenario == 'base' and level != 0.5"), unit=UNIT)
    with pytest.raises(ArgumentError, match=r"found cautious 2023 at level 0.1 more than once"):
        fan(pd.concat([BANDS, BANDS.iloc[:1]]), unit=UNIT)


def test_each_bar_of_the_tornado_says_inputs_and_results():
    shown = " | ".join(texts(tornado(TORNADO, unit=UNIT, quantity="Market in 2030")))
    for said in ("2 yr → 60.1", "8 yr → 86.4", "driver · base 4 yr", "base 72.8", "left out → 54.2",
                 "the curve in use has no ceiling", "source · not monotonic"):  # fmt: skip
        assert said in shown
    assert "kept → 72.8" not in shown


def test_the_tornado_says_how_many_inputs_it_leaves_out():
    ax = tornado(TORNADO, unit=UNIT, quantity="Market in 2030", most=3)
    assert ax.get_legend().get_title().get_text() == "6 more inputs move it by less than 26.3"
    with pytest.raises(ArgumentError, match="tornado: most: found 0; allowed: a whole number above 0"):
        tornado(TORNADO, unit=UNIT, quantity="Market in 2030", most=0)


def test_two_ends_on_one_side_of_the_base_share_one_label():
    row = {"input": "market", "kind": "prior", "unit": "", "low_input": 1.0, "base_input": 2.0, "high_input": 3.0,
           "low_value": 22.0, "base_value": 20.0, "high_value": 24.0, "swing": 4.0, "monotonic": False,
           "note": ""}  # fmt: skip
    ax = tornado(pd.DataFrame([row]), unit="%", quantity="Growth")
    (label,) = [text for text in ax.texts if "→" in text.get_text()]
    assert label.get_text() == "1 → 22; 3 → 24"
    assert label.xy[0] == 24.0
    assert label.get_horizontalalignment() == "left"


def test_the_tornado_names_its_scenario():
    ax = tornado(TORNADO.assign(scenario="cautious"), unit=UNIT, quantity="Market in 2030")
    assert (
        ax.get_title(loc="left").replace("\n", " ")
        == "What moves the answer: Market in 2030, scenario cautious (USD bn)"
    )


def test_a_bound_in_the_forest_is_open_on_its_side():
    rows = pd.DataFrame({"label": ["A", "all"], "low": [50.0, 20.0], "median": [50.0, 30.0], "high": [50.0, 40.0],
                         "kind": ["source", "consensus"], "open": ["above", ""]})  # fmt: skip
    ax = forest(rows, unit=UNIT)
    assert {">50", "30 (20–40)", "value (range)"} <= set(texts(ax))
    assert [text.xyann[0] > 0 for text in ax.texts if getattr(text, "arrow_patch", None)] == [True]


def test_the_spread_compares_sources_of_the_target_scope():
    table = pd.DataFrame({"source": ["A", "B", "C"], "year": 2023, "value": [10.0, 20.0, 90.0], "kind": "printed",
                          "scope": ["whole", "whole", "part"]})  # fmt: skip
    assert {"×2", "part", "whole"} <= set(texts(sources_by_years(table, unit=UNIT, scope="whole")))
    assert "×9" in texts(sources_by_years(table, unit=UNIT))


def test_the_longest_bar_comes_first_whatever_the_order_of_rows():
    shuffled = TORNADO.sample(frac=1, random_state=1)
    names = [text.get_text() for text in tornado(shuffled, unit=UNIT, quantity="Market").texts]
    swings = TORNADO.set_index("input")["swing"]
    drawn = [swings[name] for name in names if name in swings.index]
    assert drawn == sorted(drawn, reverse=True)
    assert len(drawn) == len(TORNADO)


def test_sources_by_years_gives_the_spread_of_each_year():
    shown = texts(sources_by_years(STATEMENTS, unit=UNIT))
    assert {">50", "≈16", "18.12", "4.1", "×20", "printed", "interpolated", "extrapolated"} <= set(shown)


def test_unknown_kinds_are_refused_with_a_hint():
    wrong = gallery.FOREST.assign(kind="sorce")
    with pytest.raises(ArgumentError, match=r"forest: kind: found 'sorce'; .*did you mean 'source'\?"):
        forest(wrong, unit=UNIT)


def test_all_rows_without_a_number_are_named_at_once():
    wrong = gallery.FOREST.assign(median=[1, "x", np.nan, 2, 3, np.inf])
    with pytest.raises(ArgumentError) as caught:
        forest(wrong, unit=UNIT)
    assert [str(problem).split(":")[1].strip() for problem in caught.value.problems] == [
        "row 1, median", "row 2, median", "row 5, median"]  # fmt: skip


@pytest.mark.parametrize(
    ("draw_wrong", "message"),
    [
        (
            lambda: waterfall(gallery.BRIDGE.assign(value=1.0), unit=UNIT),
            "row 5, value: found 1; allowed: 5, what came before",
        ),
        (lambda: waterfall(gallery.BRIDGE.iloc[1:], unit=UNIT), "row 0, kind: found 'change'; allowed: 'total'"),
        (
            lambda: heatmap(gallery.GRID.iloc[1:], unit=UNIT, quantity="M", x_label="x", y_label="y"),
            "44 rows for 9 values of x",
        ),
        (lambda: pit(pd.DataFrame({"pit": [0.5, 1.2]})), "row 1, pit: found 1.2; allowed: 0 to 1"),
        (lambda: ridge(gallery.DISTRIBUTIONS.query("level > 0.8"), unit=UNIT), "cautious, level: found 4 levels from"),
        (lambda: spider(gallery.SPIDER.assign(position=50.0), unit=UNIT, quantity="M"), "percentiles as fractions"),
    ],
    ids=["does not add up", "starts with a change", "no full grid", "outside 0 to 1", "few levels", "per cent"],
)
def test_tables_that_make_no_figure_are_refused(draw_wrong, message):
    with pytest.raises(ArgumentError, match=message):
        draw_wrong()
