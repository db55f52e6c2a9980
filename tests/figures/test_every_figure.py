"""What holds for every figure: where it draws, what it refuses, what can be read on it."""

import itertools
import pickle
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from forecast import figures
from forecast.errors import ArgumentError, InputError
from forecast.figures import alt_text, house_style
from forecast.figures.language import cjk_font
from tests.figures.gallery import FIGURES, UNIT, draw

TOOLS = {"alt_text", "house_style", "save_figure", "svg_text"}
NAMES = sorted(FIGURES)


def test_gallery_has_every_public_figure():
    assert set(figures.__all__) - TOOLS == set(FIGURES)


@pytest.mark.parametrize("name", NAMES)
def test_draws_only_on_its_axes(name, monkeypatch, capsys):
    for owner, method in ((plt, "show"), (Figure, "savefig"), (plt, "figure"), (plt, "gca")):
        monkeypatch.setattr(owner, method, lambda *_, called=method, **__: pytest.fail(f"{called} was called"))
    figure = Figure(figsize=(12, 5))
    other, own = figure.subplots(1, 2)
    other.plot([1, 2], [3, 4])
    before = (list(other.get_children()), other.get_xlim(), other.get_title(loc="left"))
    settings = dict(mpl.rcParams)
    assert draw(name, ax=own) is own
    assert figure.axes == [other, own]
    assert (list(other.get_children()), other.get_xlim(), other.get_title(loc="left")) == before
    assert figure.get_children()[1:] == [other, own]
    assert dict(mpl.rcParams) == settings
    assert plt.get_fignums() == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_table_is_refused_in_words(name):
    function, table, options = FIGURES[name]
    with pytest.raises(InputError, match=r"table: found no rows; allowed: at least one row; there is nothing to draw"):
        function(table.iloc[:0], **options)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", NAMES)
def test_all_missing_columns_are_named_at_once(name):
    function, table, options = FIGURES[name]
    with pytest.raises(ArgumentError) as caught:
        function(pd.DataFrame({"other": [1]}), **options)
    named = set(re.findall(r"column (\w+): found none", str(caught.value)))
    assert named
    assert named <= set(table.columns)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_table_is_refused(name):
    function, _, options = FIGURES[name]
    with pytest.raises(ArgumentError, match="found dict; allowed: a pandas DataFrame"):
        function({"a": 1}, **options)


def shown_texts(figure):
    """Every upright text that is drawn, with its box in pixels."""
    drawn = {}
    draw_text = Text.draw

    def remember(text, renderer):
        drawn[id(text)] = text
        draw_text(text, renderer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", remember)
        figure.draw_without_rendering()
    renderer = figure._get_renderer()
    texts = [text for text in drawn.values() if text.get_visible() and text.get_text().strip()]
    upright = [text for text in texts if text.get_rotation() % 90 == 0]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in upright]


def check_readable(figure):
    texts = shown_texts(figure)
    page = figure.bbox.padded(1.5)
    for text, box in texts:
        assert page.x0 <= box.x0 <= box.x1 <= page.x1, f"clipped: {text!r}"
        assert page.y0 <= box.y0 <= box.y1 <= page.y1, f"clipped: {text!r}"
    for (one, a), (two, b) in itertools.combinations(texts, 2):
        assert not a.padded(-1.5).overlaps(b.padded(-1.5)), f"{one!r} lies on {two!r}"


@pytest.mark.parametrize("name", NAMES)
def test_every_text_can_be_read_on_a_slide_and_has_words_for_it(name):
    ax = draw(name)
    check_readable(ax.figure)
    text = alt_text(ax.figure)
    assert text.endswith(".")
    assert len(text) > 30
    assert re.search(r"\d", text) or name == "inclusion"
    assert not re.search(r"\bnan\b|\{|\d\.\d{5}", text)


@pytest.mark.parametrize("name", NAMES)
def test_every_text_can_be_read_in_a_column(name):
    with house_style(width="column"):
        check_readable(draw(name).figure)


@pytest.mark.parametrize("name", NAMES)
def test_titles_say_subject_scenario_and_unit(name):
    function, table, options = FIGURES[name]
    scenario = name in {"tornado", "spider", "heatmap", "sobol_by_year", "band_parts", "timeline"}
    table = table.assign(scenario="cautious") if scenario else table
    with house_style(about="Solar power, Chile"):
        ax = function(table, **options)
    title = " ".join(ax.get_title(loc="left").split())
    assert title.startswith("Solar power, Chile · ")
    assert ("scenario cautious" in title) == scenario
    assert title.endswith(f"({UNIT})") == ("unit" in options)
    assert alt_text(ax).startswith("Solar power, Chile: ")
    assert not draw(name).get_title(loc="left").startswith("Solar")


@pytest.mark.parametrize("name", ["fan", "forest", "tornado"])
def test_the_title_starts_at_the_left_edge_of_its_own_figure(name):
    figure = draw(name).figure
    figure.draw_without_rendering()
    title = figure.axes[0]._left_title.get_window_extent()
    assert title.x0 == pytest.approx(figure.dpi * 0.04, abs=0.02 * figure.dpi)
    figure.add_axes((0.9, 0.9, 0.05, 0.05))
    figure.draw_without_rendering()
    assert figure.axes[0]._left_title.get_position()[0] == 0


@pytest.mark.skipif(cjk_font() is None, reason="no font with Traditional Chinese characters on this machine")
@pytest.mark.parametrize("name", NAMES)
def test_speaks_chinese(name):
    with house_style(language="zh-Hant"):
        ax = draw(name)
        check_readable(ax.figure)
    title = ax.get_title(loc="left")
    assert name == "heatmap" or any("\u4e00" <= letter <= "\u9fff" for letter in title)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in alt_text(ax))


HOSTILE = [
    "<script>alert('x')</script>",
    "=HYPERLINK(1)",
    "cost $x^{ of $",
    "long " * 2000,
    "\u200frtl\u202e mark",
    "n\u00e4me\nbroken",
]


@pytest.mark.parametrize(
    ("name", "column"), [("forest", "label"), ("fan", "source"), ("tornado", "input"), ("waterfall", "label")]
)
def test_hostile_text_is_drawn_as_text(name, column):
    function, table, options = FIGURES[name]
    if name == "fan":
        options = options | {"statements": options["statements"].assign(source=HOSTILE + HOSTILE[:1])}
    else:
        table = table.assign(**{column: (HOSTILE * 2)[: len(table)]})
    ax = function(table, **options)
    drawn = " ".join(text for text, _ in shown_texts(ax.figure))
    assert "cost $x^{ of $" in drawn
    assert max(len(text) for text, _ in shown_texts(ax.figure)) < 200


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_can_be_sent_to_another_process(name):
    copy = pickle.loads(pickle.dumps(draw(name).figure))
    assert alt_text(copy) != ""


def test_values_more_than_tenfold_apart_get_a_logarithmic_axis():
    wide, narrow = (FIGURES["forest"][1].assign(low=low) for low in (1.6, 20.0))
    narrow = narrow.assign(median=30.0, high=40.0)
    assert figures.forest(wide, unit=UNIT).get_xscale() == "log"
    assert figures.forest(narrow, unit=UNIT).get_xscale() == "linear"
