"""The catalogue of words is complete, and a language that cannot be drawn is refused in words."""

import ast
import string

import pytest

from forecast.errors import ArgumentError, MissingDependencyError
from forecast.figures import house_style, language
from forecast.figures.language import CATALOGUE, current_language, say, word
from forecast.figures.style import preset
from tests.figures.gallery import draw


def spoken(path):
    """Every text that a module says."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
            yield from (part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))


def placeholders(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_every_text_said_is_in_the_catalogue(root):
    said = {
        text for path in (root / "forecast" / "figures").glob("*.py") for text in spoken(path) if isinstance(text, str)
    }
    assert len(said) > 80
    assert said - set(CATALOGUE) == set()


@pytest.mark.parametrize("text", CATALOGUE)
def test_translations_are_filled_in_alike(text):
    assert placeholders(CATALOGUE[text]) == placeholders(text)
    assert CATALOGUE[text].strip() == CATALOGUE[text] != ""
    assert CATALOGUE[text] != text or text.startswith("P{")


def test_language_and_width_hold_inside_the_context_only():
    with house_style(width="column"):
        assert preset().inches == 3.5
    assert (preset().inches, current_language()) == (10.0, "en")


def test_words_of_tables_are_translated_where_known(monkeypatch):
    monkeypatch.setattr(language, "cjk_font", lambda: "DejaVu Sans")
    with house_style(language="zh-Hant"):
        assert (word("consensus"), word("GlobalData"), say("base {0}", 3)) == ("共識", "GlobalData", "基準 3")
        assert word("Median of the market in 2030") == "2030 年市場規模中位數"
        assert word("conditional_licence: size") == "有條件許可：幅度"
        assert word("GlobalData (cell and gene therapy)") == "GlobalData（細胞及基因治療）"
        assert word("TWD mn") == "百萬新臺幣"
        assert word("market in 2023, USD bn") == "2023 年市場規模，十億美元"
        assert word("XYZ mn; not in the catalogue") == "XYZ mn; not in the catalogue"
        assert word("share of cell and gene therapy in regenerative medicine") == "細胞及基因治療占再生醫療的比例"


def test_an_unknown_language_is_refused():
    with (
        pytest.raises(
            ArgumentError, match=r"language: found 'zh-Hnat'; allowed: en, zh-Hant; did you mean 'zh-Hant'\?"
        ),
        house_style(language="zh-Hnat"),
    ):
        pass


def test_without_a_font_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(language, "cjk_font", lambda: None)
    with (
        pytest.raises(MissingDependencyError, match=r"no font with Traditional Chinese characters.*fonts-noto-cjk"),
        house_style(language="zh-Hant"),
    ):
        pass
    assert current_language() == "en"
    assert draw("houses").get_title(loc="left") == "House effects: each publisher against the market"
