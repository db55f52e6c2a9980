"""The words on the figures, in English and Traditional Chinese, and the fonts that have the characters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from forecast.errors import ArgumentError, MissingDependencyError, Problem, did_you_mean

LANGUAGES = ("en", "zh-Hant")

LATIN = "DejaVu Sans"
"""Comes with matplotlib, so that a figure looks the same on every machine."""

CJK = (
    "Noto Sans CJK TC",
    "Noto Sans TC",
    "Source Han Sans TC",
    "Source Han Sans TW",
    "Microsoft JhengHei",
    "PingFang TC",
    "Heiti TC",
    "Noto Sans CJK HK",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "WenQuanYi Zen Hei",
    "AR PL UMing TW",
    "Droid Sans Fallback",
)
"""Fonts with Traditional Chinese characters, best first."""

# English text: its Traditional Chinese. {0}, {1} ... are filled in.
CATALOGUE = {
    # all figures
    "{0} (log axis)": "{0}（對數軸）",
    "{0} % band": "{0} % 區間",
    "median (80 %)": "中位數（80 % 區間）",
    "median {0}": "中位數 {0}",
    "base {0}": "基準 {0}",
    "actual": "實際值",
    "printed": "原文刊載",
    "interpolated": "內插",
    "extrapolated": "外推",
    # words of the tables
    "source": "來源",
    "consensus": "共識",
    "next publisher": "下一家機構",
    "driver": "情境參數",
    "prior": "先驗",
    "hedge": "保留語氣",
    "event": "事件",
    "policy": "政策",
    "cautious": "保守",
    "base": "基準",
    "ambitious": "積極",
    "left out": "剔除",
    "kept": "保留",
    # forest
    "Consensus: median {0} ({1}).": "共識：中位數 {0}（{1}）。",
    "Forest plot of {0} source, in {1}.": "{0} 個來源的森林圖，單位 {1}。",
    "Forest plot of {0} sources, in {1}.": "{0} 個來源的森林圖，單位 {1}。",
    "The sources run from {0} ({1}) to {2} ({3}).": "各來源由 {0}（{1}）至 {2}（{3}）。",
    "What the sources say, and the consensus": "各來源的估計與共識",
    # houses
    "House effects.": "機構效應。",
    "House effects: each publisher against the market": "機構效應：各機構相對於市場",
    "outlier": "離群",
    "times the market": "相對於市場的倍數",
    "{0}: {1} times the market ({2}), an outlier with probability {3}.": "{0}：市場的 {1} 倍（{2}），離群機率 {3}。",
    # sources by years
    "What each source says for each year, {0}": "各來源歷年數值，{0}",
    "highest ÷ lowest": "最高 ÷ 最低",
    "Table of {0} sources by years, in {1}.": "{0} 個來源的歷年數值表，單位 {1}。",
    "{0} prints {1}.": "{0} 刊載 {1}。",
    "They are furthest apart in {0}: a factor of {1}.": "{0} 年差距最大：{1} 倍。",
    # fan
    "Projection, scenario {0}": "市場預測，{0}情境",
    "Fan chart of scenario {0}, in {1}.": "{0}情境的扇形圖，單位 {1}。",
    "{0}: median {1}{2}.": "{0}：中位數 {1}{2}。",
    "Printed numbers: {0}.": "原文刊載的數字：{0}。",
    # tornado
    "What moves the answer: {0}": "影響結果的因素：{0}",
    "Tornado chart of {0}, in {1}; base {2}.": "{0}的龍捲風圖，單位 {1}；基準 {2}。",
    "does not move the answer": "不影響結果",
    "not monotonic": "非單調",
    "{0} more inputs move it by less than {1}": "另有 {0} 項參數，影響小於 {1}",
    "{0}: {1} to {2}.": "{0}：{1} 至 {2}。",
}

_LANGUAGE: ContextVar[str] = ContextVar("forecast_figure_language", default="en")


def current_language() -> str:
    """Language in which figures are drawn now."""
    return _LANGUAGE.get()


@contextmanager
def language(name: str | None) -> Iterator[None]:
    """Draw figures in another language; `house_style(language=...)` is the public door to it.

    Parameters
    ----------
    name
        "en" or "zh-Hant"; None keeps the current one.
    """
    chosen = _LANGUAGE.get() if name is None else name
    if chosen not in LANGUAGES:
        hint = did_you_mean(str(chosen), LANGUAGES)
        raise ArgumentError(Problem("language", repr(chosen), ", ".join(LANGUAGES), hint))
    if chosen == "zh-Hant":
        _require_cjk_font()
    token = _LANGUAGE.set(chosen)
    try:
        yield
    finally:
        _LANGUAGE.reset(token)


def say(text: str, *values: object) -> str:
    """Return a text of the catalogue in the current language, with the values filled in.

    Examples
    --------
    >>> say("{0} (log axis)", "USD bn")
    'USD bn (log axis)'
    """
    spoken = CATALOGUE[text] if _LANGUAGE.get() == "zh-Hant" else text
    return spoken.format(*values)


def word(text: str) -> str:
    """Return a word of a table in the current language, or as it is where the catalogue does not have it.

    Examples
    --------
    >>> word("consensus"), word("GlobalData")
    ('consensus', 'GlobalData')
    """
    return CATALOGUE.get(text, text) if _LANGUAGE.get() == "zh-Hant" else text


def font_families() -> list[str]:
    """Return the fonts of the current language, in the order in which a character is looked up."""
    found = cjk_font()
    if found is None:
        return [LATIN]
    return [found, LATIN] if _LANGUAGE.get() == "zh-Hant" else [LATIN, found]


@cache
def cjk_font() -> str | None:
    """Return the best font with Traditional Chinese characters on this machine, if there is one."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    known = {entry.name for entry in manager.ttflist}
    if known.isdisjoint(CJK):
        for path in font_manager.findSystemFonts():
            if any(name.replace(" ", "").lower() in Path(path).stem.lower() for name in _file_stems()):
                manager.addfont(path)
        known = {entry.name for entry in manager.ttflist}
    return next((name for name in CJK if name in known), None)


def _file_stems() -> tuple[str, ...]:
    return ("NotoSansCJK", "NotoSansTC", "SourceHanSans", "msjh", "PingFang", "wqy-zenhei", "uming", "DroidSans")


def _require_cjk_font() -> None:
    if cjk_font() is None:
        raise MissingDependencyError(
            "no font with Traditional Chinese characters was found; looked for "
            + ", ".join(CJK)
            + ". Install one (Debian and Ubuntu: apt install fonts-noto-cjk), "
            "or make a font file known with matplotlib.font_manager.fontManager.addfont(path)"
        )
