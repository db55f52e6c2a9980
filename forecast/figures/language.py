"""The words on the figures, in English and Traditional Chinese, and the fonts that have the characters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from forecast.errors import ArgumentError, MissingDependencyError, Problem, did_you_mean
from forecast.figures.catalogue import CATALOGUE, CURRENCIES, PATTERNS, SCALES

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

_KEY = re.compile("[a-z0-9]+(_[a-z0-9]+)+")
"""A key of a file, such as that of a scenario."""

_JOINED = (("; ", "{}；{}"), (": ", "{}：{}"), (", ", "{}，{}"), (" (", "{}（{}）"))

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

    A key such as `conditional_licence` is written with blanks.

    Examples
    --------
    >>> word("consensus"), word("GlobalData"), word("conditional_licence")
    ('consensus', 'GlobalData', 'conditional licence')
    """
    return _translated(text) if _LANGUAGE.get() == "zh-Hant" else _readable(text)


def _readable(text: str) -> str:
    return text.replace("_", " ") if _KEY.fullmatch(text) else text


def _translated(text: str) -> str:
    text = _readable(text)
    if text in CATALOGUE:
        return CATALOGUE[text]
    found = _by_pattern(text)
    return found if found != text else _by_parts(text)


def _by_pattern(text: str) -> str:
    money = re.fullmatch(r"([A-Z]{3}) ?(\w*)", text)
    if money and money[1] in CURRENCIES and money[2] in SCALES:
        return SCALES[money[2]] + CURRENCIES[money[1]]
    for pattern in PATTERNS:
        found = re.fullmatch(re.sub(r"\\{\d\\}", "([^,;]+)", re.escape(pattern)), text)
        if found:
            return CATALOGUE[pattern].format(*map(word, found.groups()))
    return text


def _by_parts(text: str) -> str:
    """Translate what is joined by a mark, as far as the catalogue has it: "a; b", "a: b", "a, b", "a (b)"."""
    for mark, chinese in _JOINED:
        first, found, second = text.partition(mark)
        parts = [first, second.removesuffix(")")] if mark == " (" else [first, second]
        spoken = [_translated(part) for part in parts] if found else parts
        if spoken != parts:
            return chinese.format(*spoken)
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
