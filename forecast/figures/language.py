"""The words on the figures, in English and Traditional Chinese, and the fonts that have the characters."""

from __future__ import annotations

import re
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
    "Consensus, 80 % band": "共識，80 % 區間",
    "One more publisher, 80 % band": "下一家機構，80 % 區間",
    "what it would print": "可能刊載的數值",
    "printed; cell and gene therapy": "原文刊載；細胞及基因治療",
    "printed, about": "原文刊載，約略",
    "printed, more than": "原文刊載，超過",
    "value (range)": "數值（範圍）",
    "{0} in {1}: what the sources say, and the consensus": "{0}，{1} 年：各來源的估計與共識",
    "regenerative medicine": "再生醫療",
    "cell and gene therapy": "細胞及基因治療",
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
    "interpolated: between a source's printed numbers, or along its printed growth": (
        "內插：介於同一來源的刊載數值之間，或沿其刊載的成長率"
    ),
    "{0}: what each source says for each year, {1}": "{0}：各來源歷年數值，{1}",
    "highest ÷ lowest": "最高 ÷ 最低",
    "Table of {0} sources by years, in {1}.": "{0} 個來源的歷年數值表，單位 {1}。",
    "{0} prints {1}.": "{0} 刊載 {1}。",
    "They are furthest apart in {0}: a factor of {1}.": "{0} 年差距最大：{1} 倍。",
    # fan
    "Projection, scenario {0}": "市場預測，{0}情境",
    "{0}: projection, scenario {1}": "{0}：市場預測，{1}情境",
    "Fan chart of scenario {0}, in {1}.": "{0}情境的扇形圖，單位 {1}。",
    "{0}: median {1}{2}.": "{0}：中位數 {1}{2}。",
    "Printed numbers: {0}.": "原文刊載的數字：{0}。",
    # tornado
    "What moves the answer: {0}": "影響結果的因素：{0}",
    "What moves the answer: {0}, scenario {1}": "影響結果的因素：{0}，{1}情境",
    "Tornado chart of {0}, in {1}; base {2}.": "{0}的龍捲風圖，單位 {1}；基準 {2}。",
    "does not move the answer": "不影響結果",
    "not monotonic": "非單調",
    "{0} more inputs move it by less than {1}": "另有 {0} 項參數，影響小於 {1}",
    "{0}: {1} to {2}.": "{0}：{1} 至 {2}。",
    # inputs and their units
    "growth shift": "成長率調整",
    "terminal growth": "長期成長率",
    "half life": "衰減半衰期",
    "volatility": "波動度",
    "how far publishers differ in level": "機構水準差異",
    "how far publishers differ in growth": "機構成長差異",
    "herding across publishers": "機構間相關",
    "likeness of one publisher's sources": "同機構來源的相關",
    "growth expected before any source": "先驗成長率",
    "doubt about growth before any source": "先驗成長率的不確定性",
    "yearly change of growth": "成長率逐年變動",
    "optimism common to publishers": "機構共同樂觀偏誤",
    "doubt about common optimism": "共同樂觀偏誤的不確定性",
    "drift of definitions": "定義漂移",
    "probability of an outlier": "離群機率",
    "how far off an outlier is": "離群放大倍數",
    "market in {0}": "{0} 年市場規模",
    "share of {0} in {1}": "{0}占{1}的比例",
    "event: {0}": "事件：{0}",
    "Median of the market in {0}": "{0} 年市場規模中位數",
    "Median of growth a year {0}": "{0} 年均成長率中位數",
    "Probability of more than {0} in {1}": "{1} 年超過 {0} 的機率",
    "Year in which the median passes {0}": "中位數超過 {0} 的年份",
    "happens": "發生",
    "does not happen": "不發生",
    "in": "納入",
    "log growth per year": "對數年成長率",
    "share per year": "每年比例",
    "sd of log growth": "對數成長率標準差",
    "sd of log level": "對數水準標準差",
    "sd of yearly log growth": "年對數成長率標準差",
    "units of the last digit": "末位單位數",
    "per root year": "每根號年",
    "share": "比例",
    "correlation": "相關係數",
    "probability": "機率",
    "it widens the band and leaves the median where it is": "只加寬區間，不影響中位數",
    "it acts only after the year asked about": "僅在所問年份之後發生作用",
    "no publisher has two sources in the pool": "沒有機構提供兩個來源",
    "the sources leave it no say": "來源已足以決定結果",
    "certain": "確定值",
    "times": "倍",
    "years": "年",
    # words of the other figures
    "none": "無",
    "low": "低",
    "medium": "中",
    "high": "高",
    "top-down": "由上而下",
    "bottom-up": "由下而上",
    "between publishers": "機構之間",
    "within statements": "陳述之內",
    "growth": "成長",
    "process": "過程波動",
    "scenario drivers": "情境參數",
    "events": "事件",
    "scope": "範疇",
    "horizon": "期間",
    "currency": "幣別",
    "price basis": "價格基準",
    "yes": "計入",
    "part": "部分計入",
    "no": "不計入",
    "unsaid": "未說明",
    "median": "中位數",
    "P{0}": "P{0}",
    "{0}: median {1} ({2}).": "{0}：中位數 {1}（{2}）。",
    "{0} in {1}: median {2} ({3}).": "{0}，{1} 年：中位數 {2}（{3}）。",
    "share of the variance": "占變異數的比例",
    # inclusion matrix
    "What each source counts": "各來源計入的項目",
    "Matrix of what {0} sources count.": "{0} 個來源計入項目的矩陣。",
    "{0} counts {1}.": "{0} 計入 {1}。",
    "nothing it names": "未列明的項目",
    # football field
    "The same numbers, pooled by each method": "同一組數字，以各種方法合併",
    "Bars of {0} methods, in {1}.": "{0} 種方法的區間圖，單位 {1}。",
    # spaghetti
    "The path of each source": "各來源的路徑",
    "Lines of {0} sources, in {1}.": "{0} 個來源的折線圖，單位 {1}。",
    # scenarios
    "Scenarios: median and {0}": "各情境：中位數與{0}",
    "Scenarios side by side": "各情境並列",
    "Bands of {0} scenarios, in {1}; in {2}:": "{0} 個情境的區間，單位 {1}；{2} 年：",
    "Panels of {0} scenarios, in {1}.": "{0} 個情境的並列圖，單位 {1}。",
    # stated against implied growth
    "% a year": "每年 %",
    "stated": "所述",
    "implied": "隱含",
    "severity": "嚴重度",
    "stated, at odds with its own values": "所述，與自身數值矛盾",
    "implied, within rounding": "隱含（捨入範圍）",
    "Growth as stated, and as the printed values imply": "所述成長率與刊載數值隱含的成長率",
    "Stated against implied growth of {0} estimates; {1} contradict themselves beyond rounding.": (
        "{0} 筆估計的所述與隱含成長率；{1} 筆的矛盾超出捨入範圍。"
    ),
    "{0} states {1} % and implies {2} %.": "{0} 所述 {1} %，隱含 {2} %。",
    # bridge
    "From {0} to {1}": "由 {0} 至 {1}",
    "Bridge in {0}.": "橋接圖，單位 {0}。",
    # spider
    "How the answer bends: {0}": "結果隨參數的變化：{0}",
    "percentile of the input, all others at base": "參數的百分位（其餘參數為基準值）",
    "Spider chart of {0}, in {1}.": "{0}的蛛網圖，單位 {1}。",
    # heat map
    "target {0}": "目標 {0}",
    "Heat map of {0}, in {1}, over {2} and {3}.": "{0}的熱圖，單位 {1}，橫軸 {2}，縱軸 {3}。",
    "It runs from {0} to {1}.": "由 {0} 至 {1}。",
    "{0} % of the grid reaches the target of {1}.": "{0} % 的格點達到目標 {1}。",
    # Sobol shares, band decomposition
    "Which input carries the spread: {0}": "何項參數造成不確定性：{0}",
    "acting together": "交互作用",
    "Shares of the variance of {0} by year; in {1}: {2}.": "{0}歷年變異數的占比；{1} 年：{2}。",
    "Where the width of the band comes from": "區間寬度的來源",
    "Parts of the band by year; in {0}: {1}.": "歷年區間的組成；{0} 年：{1}。",
    # ridge
    "The whole distribution": "完整的機率分布",
    "Densities, in {0}.": "機率密度，單位 {0}。",
    # timeline
    "Events and policies": "事件與政策",
    "when": "時間",
    "not certain": "尚未確定",
    "Timeline: {0}.": "時間軸：{0}。",
    # top-down against bottom-up
    "Top-down against bottom-up": "由上而下與由下而上的估計",
    "×: top-down over bottom-up": "×：由上而下 ÷ 由下而上",
    "Top-down and bottom-up, in {0}.": "由上而下與由下而上，單位 {0}。",
    # vintage revisions
    "What each edition said": "各版本的估計",
    "{0} edition: {1}": "{0} 版：{1}",
    "Lines of {0} editions, in {1}.": "{0} 個版本的折線圖，單位 {1}。",
    # PIT and coverage
    "Where the outcomes fell in their forecasts": "實際結果落在預測分布的位置",
    "forecast probability of at most what came": "預測分布中不高於實際值的機率",
    "share of {0} outcomes": "{0} 筆結果的比例",
    "chance alone, 90 %": "純屬隨機（90 %）",
    "well calibrated": "校準良好",
    "PIT histogram of {0} outcomes: {1} inside the 80 % band, {2} below the median.": (
        "{0} 筆結果的 PIT 直方圖：{1} 在 80 % 區間內，{2} 低於中位數。"
    ),
    "How often the bands held what came": "區間涵蓋實際值的比例",
    "years ahead (outcomes: {0})": "預測年數（結果筆數：{0}）",
    "outcomes inside the band": "落在區間內的結果",
    "{0} promised": "宣稱 {0}",
    "Coverage of bands by horizon.": "各預測年數的區間涵蓋率。",
    "The {0} band held {1} of {2} outcomes ({3}).": "{0} 區間涵蓋 {2} 筆結果中的 {1} 筆（{3}）。",
}

PATTERNS = (
    "Median of the market in {0}",
    "Median of growth a year {0}",
    "Probability of more than {0} in {1}",
    "Year in which the median passes {0}",
    "market in {0}",
    "share of {0} in {1}",
    "event: {0}",
)
"""Texts of tables that hold a name or a number."""

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
    if _LANGUAGE.get() != "zh-Hant":
        return text
    return CATALOGUE[text] if text in CATALOGUE else _by_pattern(text)


def _by_pattern(text: str) -> str:
    for pattern in PATTERNS:
        found = re.fullmatch(re.sub(r"\\{\d\\}", "(.+)", re.escape(pattern)), text)
        if found:
            return CATALOGUE[pattern].format(*map(word, found.groups()))
    return text


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
