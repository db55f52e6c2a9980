"""Phrases as printed, in English and Traditional Chinese, read into numbers.

What can be read in two ways is reported with both readings and not decided.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from forecast.errors import ArgumentError, Problem
from forecast.estimates.numbers import HEDGE_WORDS, printed
from forecast.estimates.texts import printable
from forecast.estimates.units import CURRENCIES, SCALE_ALIASES, SCALES

ROC_OFFSET = 1911
"""Year 1 of the Republic of China calendar is 1912."""

_CJK_DIGITS = {d: i for i, d in enumerate("零一二三四五六七八九")} | {"〇": 0, "兩": 2, "两": 2}
_CJK_SMALL = {"十": 10, "百": 100, "千": 1000}
_CJK_LARGE = {"萬": 10**4, "万": 10**4, "億": 10**8, "亿": 10**8, "兆": 10**12}
_FOLD = {"double": 2, "triple": 3, "quadruple": 4, "quintuple": 5, "twofold": 2, "threefold": 3, "fourfold": 4}
_FOLD |= {"fivefold": 5, "sixfold": 6, "sevenfold": 7, "eightfold": 8, "ninefold": 9, "tenfold": 10}
_AMBIGUOUS_MARKS = {
    "$": ("USD", "a bare $ may be any dollar"),
    "¥": ("JPY", "¥ may be JPY (yen) or CNY (yuan)"),
}


@dataclass(frozen=True)
class Amount:
    """An amount of money as printed.

    Parameters
    ----------
    text
        The phrase.
    number, unit
        The number as printed and the word for its scale ("億", "billion"), empty for none.
    currency
        ISO 4217 code; empty where none is named.
    hedge
        One of `HEDGES`.
    value
        The amount in single units of the currency.
    precision
        One unit of the last printed digit, in single units of the currency.
    digits, scale
        What belongs into the columns of a table: digits, and thousand to trillion.
    ambiguity
        What can be read in two ways; empty where nothing can.
    """

    text: str
    number: str
    unit: str
    currency: str
    hedge: str
    value: float
    precision: float
    digits: str
    scale: str
    ambiguity: str = ""


@dataclass(frozen=True)
class Growth:
    """A growth as printed.

    Parameters
    ----------
    text
        The phrase.
    kind
        "rate" (percent) or "multiple" (end over start).
    value
        Percent, or end over start; nan where the phrase can be read in two ways.
    readings
        All readings; one where the phrase is clear.
    digits
        The number as printed.
    hedge
        One of `HEDGES`.
    precision
        One unit of the last printed digit.
    start, end
        Years of the growth where the phrase names them.
    ambiguity
        What can be read in two ways; empty where nothing can.
    """

    text: str
    kind: str
    value: float
    readings: tuple[float, ...]
    digits: str
    hedge: str
    precision: float
    start: int | None = None
    end: int | None = None
    ambiguity: str = ""


# --- words -----------------------------------------------------------------------------------------------


def _alternatives(words: list[str]) -> str:
    """Regular expression for any of some words, the longest first; Latin words stand alone."""
    ordered = sorted(set(words), key=len, reverse=True)
    latin = [re.escape(word) for word in ordered if word[0].isascii() and word[0].isalpha()]
    others = [re.escape(word) for word in ordered if not (word[0].isascii() and word[0].isalpha())]
    return "|".join([rf"(?<![A-Za-z])(?:{'|'.join(latin)})(?![A-Za-z])", *others])


_MARKS = {mark.casefold(): code for code, marks in CURRENCIES.items() for mark in marks}
_MARKS_BEFORE = ["RMB", "NTD"]
_MARKS_BEFORE += [m for marks in CURRENCIES.values() for m in marks if not (m.isascii() and m.isalpha())]
_BEFORE = _alternatives(_MARKS_BEFORE)
_AFTER = _alternatives([m for marks in CURRENCIES.values() for m in marks])
_CODES = r"\b(?:" + "|".join(CURRENCIES) + r")(?![A-Za-z])"
_BEHIND = ("from", "between", "some", "以上", "以下", "以內", "左右", "餘", "多", "plus", "+", "exact", "exactly")
_HEDGES_LISTED = [word for word in HEDGE_WORDS if word not in _BEHIND]
_HEDGES = _alternatives(_HEDGES_LISTED)
"""Hedges that stand before a number, all in lower case."""

_ARABIC = r"(?<![\d.])(?<!\d,)(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][-+]?\d{1,2})?)(?![.,]?\d)"
"""Digits in one piece: neither a part of "12.3.4" nor of "1,23", and not the 5 of ".5"."""

_CJK = "[零〇一二兩两三四五六七八九十百千]{1,15}(?:點[零〇一二三四五六七八九]{1,6})?"
_SCALE = _alternatives([*SCALES, *[a for a in SCALE_ALIASES if len(a) > 1 and a not in ("mm", "units")]])
_POST = (
    r"以上|左右|上下|以下|以內|or more\b|-?plus\b(?!\s*[A-Z$€£¥\d])|or so\b|or less\b|\+|\(?approx(?:\.|imately)?\)?"
)
_UNREAD_SCALES = r"(?:crores?|cr|lakhs?|lacs?|m(?:illi)?rd|mia|milli?ard\w*|miljard\w*|mld|mil|(?-i:mm))\b|[조억만]"
"""Words for scales of other languages: a number before one of them is not read, rather than read wrongly."""

_AMOUNT = re.compile(
    rf"(?P<number>{_ARABIC}|(?<![數数幾几點]){_CJK}(?=[餘多]?[萬万億亿兆]))"
    rf"(?:\s*(?:-|–|—|~|to|至|到)\s*(?P<upper>{_ARABIC}))?(?P<more>\+|(?<!年)[餘多])?"
    rf"\s*(?:(?P<scale>[十百千]?[萬万億亿兆])(?P<rests>(?:(?:{_ARABIC}|{_CJK}(?=[萬万億亿]))\s*(?:[百千]?[萬万億亿]|千))*)"
    rf"|-?(?P<word>(?i:{_SCALE}))\.?|(?P<letter>MM|[kKmMbBtT])(?![A-Za-z]))?"
    rf"(?!\s*(?i:{_UNREAD_SCALES}))(?!(?<=\d)(?!(?:{_CODES}))[A-Za-z])"
    rf"\s*(?:(?P<after>{_CODES}|(?i:{_AFTER}))|(?P<bare>元|圓))?\s*(?P<post>{_POST})?"
)
_REST = re.compile(rf"(?P<rest>{_ARABIC}|{_CJK}(?=[萬万億亿]))\s*(?P<scale>[百千]?[萬万億亿]|千)")
"""What follows a number in a smaller scale, as in 12億3,456萬7千."""

_LOW_CODES, _LOW_BEFORE = (
    rf"\b(?:{'|'.join(CURRENCIES).lower()})(?![a-z])",
    _alternatives([mark.lower() for mark in _MARKS_BEFORE]),
)
_OF = r"(?:of\s+|為|占|佔)?"
_AHEAD = re.compile(
    rf"(?P<hedge>{_HEDGES})?\s*{_OF}\s*(?P<before>{_LOW_CODES}|{_LOW_BEFORE})?\s*(?P<hedge2>{_HEDGES})?\s*$"
)
_HEDGE_AHEAD = re.compile(rf"(?P<hedge>{_HEDGES})\s*{_OF}\s*$")
"""Like `_AHEAD` for text in lower case, which is much faster than a pattern that ignores case."""

_ENDINGS = {
    re.sub(r"^.*?([a-z]+|.)$", r"\1", word)
    for word in (*_HEDGES_LISTED, "of", *[mark.lower() for mark in (*CURRENCIES, *_MARKS_BEFORE)], *"為占佔")
}
"""Last words, or last characters where these are no Latin letters, of all that `_AHEAD` finds."""

_LAST = re.compile(r"([a-z]+|\S)\s*$")

_MINUS = re.compile(rf"(?:^|[\s(,;:$€£¥元])[-−](?:{_CODES}|{_BEFORE})?$")
_ENDS = re.compile(
    rf"(?P<open>between|from|介於|介于|由|從|自)?(?P<first>\s*(?:(?i:{_HEDGES})\s*)?(?P<mark>{_CODES}|{_BEFORE})?\s*(?:{_ARABIC}))"
    rf"\s*(?P<scale>[十百千]?[萬万億亿兆]|(?i:{_SCALE}))?\s*(?P<join>-|–|—|~|and\b|與|和|to\b|至|到)"
    rf"\s*(?P<hedged>(?i:{_HEDGES})\s*)?(?P<again>{_CODES}|{_BEFORE})?(?P<last>\s*(?:{_ARABIC})\s*(?P<scale_2>[十百千]?[萬万億亿兆]|(?i:{_SCALE})))"
)
"""An interval whose ends repeat the scale or the currency, or are joined by a word."""

_SCALE_AHEAD = re.compile(
    rf"\s*(?:and|or|to|,|/|與|和|至|到)\s*(?:(?i:{_HEDGES})\s*)?(?:{_CODES}|{_BEFORE})?\s*{_ARABIC}"
    rf"\s*(?:[十百千]?[萬万億亿兆]|(?i:{_SCALE}))"
)
"""A second number whose scale may be meant for the first one too."""

_JOINED = re.compile(
    rf"\d\s*(?:\w{{1,12}}?\s*)?(?:-|–|—|~|and\b|與|和|to\b|至|到)\s*(?:(?i:{_HEDGES})\s*)?(?:{_CODES}|{_BEFORE})?\s*\d"
)
"""Stands in every text that holds such an interval, and is found faster."""

_BELOW_ZERO = re.compile(rf"^(?:[^\d]*[^\w%])?[-−]\s*(?:{_CODES}|{_BEFORE})?\s*\d")
_SPLIT = re.compile(r"(?<!\d)(?!(?:19|20|21)\d\d\s)\d[\d,.]*\s+\d")
_SPLIT_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?!\d)")
_YEAR = re.compile(r"(?:19|20|21)\d\d")
_CONTINENTAL = re.compile(r"\d{1,3}\.\d{3}")
"""Three decimals, which may be thousands parted by a point."""

_UNREAD = re.compile(rf"\d\s*({_UNREAD_SCALES})", re.IGNORECASE)
_BROKEN = re.compile(rf"(?!{_ARABIC})(?<![\d.,])\d[\d.,]*\d")
_WINDOW = 32
"""So many characters before a number are searched for its hedge and currency."""


def _before(pattern: re.Pattern[str], text: str, start: int) -> tuple[dict[str, str | None], int]:
    """What stands right before a position, and where that begins; the pattern is one for lower case."""
    left = max(0, start - _WINDOW)
    window = text[left:start]
    lowered = window.lower() if len(window.lower()) == len(window) else window
    last = _LAST.search(lowered)
    known = pattern is _TIMES_VERB or (last and last[1] in _ENDINGS)
    found = pattern.search(lowered) if known else None
    if not found:
        return {}, start
    return {name: window[slice(*found.span(name))] or None for name in pattern.groupindex}, left + found.start()


def _hedge_before(text: str, found: re.Match[str], post: str | None = None) -> tuple[str, str]:
    """Hedge of what a pattern found, and the phrase with it."""
    part, start = _before(_HEDGE_AHEAD, text, found.start())
    return _hedge_word(post, part.get("hedge")), text[start : found.end()].strip()


def _hedge_word(*words: str | None) -> str:
    return next((HEDGE_WORDS.get(word.casefold().strip("()-"), "exact") for word in words if word), "exact")


def chinese_number(text: str) -> float:
    """Read a number written in Chinese characters.

    Examples
    --------
    >>> chinese_number("三十五"), chinese_number("兩千五百"), chinese_number("百"), chinese_number("三點五")
    (35, 2500, 100, 3.5)
    """
    whole, _, decimals = text.partition("點")
    total, digit = 0, 0
    for mark in whole:
        if mark in _CJK_DIGITS:
            digit = _CJK_DIGITS[mark]
        else:
            total, digit = total + (digit or 1) * _CJK_SMALL[mark], 0
    return total + digit if not decimals else float(f"{total + digit}.{_digits(decimals)}")


def _digits(text: str) -> str:
    return "".join(str(_CJK_DIGITS[mark]) for mark in text)


def _plain(number: str) -> str:
    """Digits without separators."""
    if number[0].isascii():
        return number.replace(",", "")
    whole, point, decimals = number.partition("點")
    return f"{chinese_number(whole)}.{_digits(decimals)}" if point else str(chinese_number(number))


def _cjk_factor(unit: str) -> int:
    return _CJK_SMALL.get(unit[0], 1) * _CJK_LARGE[unit[-1]]


# --- amounts ---------------------------------------------------------------------------------------------


def find_amounts(text: str) -> list[Amount]:
    """Find all amounts of money in a text: numbers with a currency or a word for a scale.

    Examples
    --------
    >>> [(a.value, a.currency) for a in find_amounts("2023年全球再生醫療的市場規模約160億美元,2028年490億美元")]
    [(16000000000.0, 'USD'), (49000000000.0, 'USD')]
    """
    text = plain_phrase(text)
    if not _names_money(text):
        return []
    text = _ENDS.sub(_one_interval, text) if _JOINED.search(text) else text
    split = [found.span() for found in _SPLIT_THOUSANDS.finditer(text)]
    whole = [
        found
        for found in _without_years(_AMOUNT, text)
        if not any(a < found.end("number") and found.start() < b for a, b in split)
    ]
    return [amount for found in whole if (amount := _amount(text, found)) is not None]


def _names_money(text: str) -> bool:
    """Whether a text may hold a currency or a word for a scale, without which no number is an amount."""
    return (
        not text.isascii()
        or not _MONEY_SIGNS.isdisjoint(text)
        or not _MONEY_WORDS.isdisjoint(_LATIN.findall(text.lower()))
    )


_LATIN = re.compile("[a-z]+")
_MONEY = [*CURRENCIES, *(mark for marks in CURRENCIES.values() for mark in marks), *SCALES, *SCALE_ALIASES]
_MONEY_SIGNS = {sign for mark in _MONEY for sign in mark if sign.isascii() and not sign.isalnum() and sign != " "}
_MONEY_WORDS = {
    word for mark in _MONEY if _MONEY_SIGNS.isdisjoint(mark) for word in _LATIN.findall(mark.lower()) if len(word) > 1
}
"""A mark with a sign is found by that; the letters k, m, b and t count beside a currency only."""


def _without_years(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """All that a pattern finds; a year before a smaller number is not the lower end of an interval."""
    at = 0
    while found := pattern.search(text, at):
        year = (
            found["upper"]
            and _YEAR.fullmatch(found["number"])
            and float(_plain(found["upper"])) < float(found["number"])
        )
        at = found.start("upper") if year else found.end()
        if not year:
            yield found


def plain_phrase(text: str) -> str:
    r"""Return a phrase with full-width letters, digits, dashes and blanks made plain and unseen characters left out.

    Narrow blanks and apostrophes between digits part thousands, as a comma does.

    Examples
    --------
    >>> plain_phrase("ＵＳ＄ １６億～２０億"), plain_phrase("CHF 12’500 – 13\u202f000")
    ('US$ 16億~20億', 'CHF 12,500 – 13,000')
    """
    if text.isascii() and "'" not in text:
        return printable(text)
    text = _THOUSANDS.sub(lambda found: _PARTS.sub(",", found[0]), printable(text))
    return _MINUS_BETWEEN.sub("-", "".join(map(_plain_mark, text)).translate(_DASHES))


_PARTS = re.compile("['’\u00a0\u2007\u2008\u2009\u202f]")
_THOUSANDS = re.compile(rf"(?<![\d.,])\d{{1,3}}(?:{_PARTS.pattern}\d{{3}})+(?!\d)")
_DASHES = str.maketrans("\u2010\u2011\u2012\u2015\u301c\u223c", "----~~")
_MINUS_BETWEEN = re.compile(r"(?<=\d)\s*−\s*(?=[\dA-Z$€£¥])")


@lru_cache(maxsize=10_000)
def _plain_mark(mark: str) -> str:
    """One character in its plain form; a full-width comma parts numbers, a raised figure is a footnote."""
    if mark.isdecimal():
        return str(unicodedata.decimal(mark))
    return mark if mark == "，" or unicodedata.category(mark) == "No" else unicodedata.normalize("NFKC", mark)


def _one_interval(found: re.Match[str]) -> str:
    """Write an interval with its currency before and its scale behind; what is none stays as it is."""
    if found["open"] in _CHANGES:
        return _two_ends(found)
    between = found["open"] is not None
    shared = found["join"] in ("to", "至") and found["scale"] is None and found["again"] is not None
    joined = found["join"] in ("-", "–", "—", "~") or (between and found["join"] != "到") or shared
    same = found["scale"] in (None, found["scale_2"]) and found["again"] in (None, found["mark"])
    if found["hedged"] or not (joined and same) or not (found["scale"] or found["again"] or between):
        return found.group()
    return f"{found['open'] or ''}{found['first']}-{found['last'].strip()}"


_CHANGES = ("from", "由", "從", "自")
"""Words before a start, which with its end makes no interval."""


def _two_ends(found: re.Match[str]) -> str:
    """Write the scale and currency that a start and an end share beside both."""
    if found["join"] not in ("to", "至", "到") or _YEAR.fullmatch(found["first"].strip()):
        return found.group()
    scale, again = found["scale"] or found["scale_2"], found["again"] or found["mark"] or ""
    return f"{found['open']}{found['first']} {scale} {found['join']} {found['hedged'] or ''}{again}{found['last']}"


def _amount(text: str, found: re.Match[str]) -> Amount | None:
    ahead, start = _before(_AHEAD, text, found.start())
    if _MINUS.search(text, max(0, found.start() - _WINDOW), found.start()):
        return None
    part: dict[str, Any] = {**dict.fromkeys(_AHEAD.groupindex), **found.groupdict(), **ahead}
    mark = part["before"] or part["after"] or ""
    unit = part["scale"] or part["word"] or part["letter"] or ""
    if not mark and (not unit or part["letter"]) and not part["bare"]:
        return None
    if not unit and _SCALE_AHEAD.match(text, found.end()):
        return None
    factor = _factor(part)
    currency, ambiguity = _currency(mark, bool(part["bare"]))
    hedge = "between" if part["upper"] else _hedge_word(part["post"], part["more"], part["hedge"], part["hedge2"])
    rests = [(_plain(one["rest"]), _rest_factor(one["scale"])) for one in _REST.finditer(part["rests"] or "")]
    if [step for _, step in rests] != sorted({step for _, step in rests if step < factor}, reverse=True):
        return None
    exact = sum((Decimal(rest) * step / factor for rest, step in rests), Decimal(_plain(part["number"])))
    ends = [exact] + ([Decimal(_plain(part["upper"]))] if part["upper"] else [])
    if ends != sorted(ends):
        return None
    scale = _scale_for(float(exact * factor), part)
    unit_of_last = printed(str(exact)).unit * factor
    return Amount(
        text=text[start : found.end()].strip(),
        number="-".join(str(end) for end in ends),
        unit=unit,
        currency=currency,
        hedge=hedge,
        value=float(sum(ends) / len(ends) * factor),
        precision=unit_of_last,
        digits="-".join(_shifted(end, factor, scale, cjk=bool(part["scale"])) for end in ends),
        scale=scale,
        ambiguity="; ".join(filter(None, (ambiguity, _thousands(part["number"], currency)))),
    )


def _thousands(number: str, currency: str) -> str:
    """Say that a point may part thousands."""
    if not _CONTINENTAL.fullmatch(number) or not (currency == "EUR" or number.endswith(".000")):
        return ""
    return f"{number} may be {number.replace('.', ',')}, as where a point parts thousands"


def _rest_factor(unit: str) -> int:
    return _CJK_SMALL[unit] if unit in _CJK_SMALL else _cjk_factor(unit)


def _factor(part: dict[str, str | None]) -> int:
    if part["scale"]:
        return _cjk_factor(part["scale"])
    word = (part["word"] or part["letter"] or "unit").casefold()
    return int(SCALES[SCALE_ALIASES.get(word, word)])


def _currency(mark: str, bare: bool) -> tuple[str, str]:  # noqa: FBT001
    if mark in _AMBIGUOUS_MARKS:
        return _AMBIGUOUS_MARKS[mark]
    if mark:
        return (mark.upper() if mark.upper() in CURRENCIES else _MARKS[mark.casefold()]), ""
    return "", "元 names no currency" if bare else "no currency is named"


def _scale_for(value: float, part: dict[str, str | None]) -> str:
    """Scale of the columns: the printed word, or the one next to the Chinese unit."""
    if not part["scale"]:
        word = (part["word"] or part["letter"] or "unit").casefold()
        return SCALE_ALIASES.get(word, word)
    if part["scale"][-1] in "兆億亿":
        return "trillion" if part["scale"][-1] == "兆" else "billion"
    return "million" if value >= SCALES["million"] else "thousand"


def _shifted(number: Decimal, factor: int, scale: str, *, cjk: bool) -> str:
    """Digits in the scale of the columns; zeros that only fill up to 億 or 萬 claim nothing and go."""
    if not cjk:
        return str(number)
    shifted = number.scaleb(round(math.log10(factor / SCALES[scale])))
    if number != number.to_integral_value() or "." in str(number):
        return str(shifted)
    return str(int(shifted)) if shifted == int(shifted) else str(shifted.normalize())


def parse_amount(text: str) -> Amount:
    """Read one printed amount of money.

    Parameters
    ----------
    text
        A phrase such as "about USD 16 billion", "約160億美元", "NT$7.4億" or "US$ 550.58 thousand".

    Returns
    -------
    Amount
        Number, unit, currency, hedge, printed precision, and what is ambiguous.

    Raises
    ------
    ArgumentError
        If the phrase holds no amount or several.

    Examples
    --------
    >>> a = parse_amount("約160億美元")
    >>> a.digits, a.scale, a.currency, a.hedge, a.precision
    ('16', 'billion', 'USD', 'about', 100000000.0)
    >>> parse_amount("7.6 億元").ambiguity
    '元 names no currency'
    """
    text = plain_phrase(text)
    found = find_amounts(text)
    if _BELOW_ZERO.search(text):
        raise ArgumentError(Problem("amount", repr(text), "an amount above zero", "write it without the minus"))
    if _SPLIT.search(text):
        raise ArgumentError(
            Problem("amount", f"digits split by a blank in {text!r}", "digits in one piece, such as 160")
        )
    if word := _UNREAD.search(text):
        remedy = "write it with one of these: thousand, million, billion, trillion, 萬, 億 or 兆"
        raise ArgumentError(Problem("amount", f"the scale {word[1]!r} in {text!r}", remedy=remedy))
    if broken := _BROKEN.search(text):
        allowed = "a comma before each three digits and a point before decimals, such as 1,234.5"
        raise ArgumentError(Problem("amount", f"{broken[0]!r} in {text!r}", allowed))
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        listed = ", ".join(repr(amount.text) for amount in found)
        raise ArgumentError(Problem("amount", f"{len(found)} amounts in {text!r}: {listed}", "one amount"))
    bare = re.fullmatch(rf"\s*(?P<hedge>{_HEDGES})?\s*(?P<number>{_ARABIC})\s*", text)
    if bare is None:
        allowed = "phrases such as 'about USD 16 billion', '約160億美元', 'NT$7.4億', 'US$ 550.58 thousand'"
        raise ArgumentError(Problem("amount", repr(text), allowed))
    number = _plain(bare["number"])
    one = printed(number)
    return Amount(
        text.strip(),
        number,
        "",
        "",
        _hedge_word(bare["hedge"]),
        one.value,
        one.unit,
        number,
        "unit",
        "no currency is named",
    )


# --- growth ----------------------------------------------------------------------------------------------

_SPAN = re.compile(
    r"(?P<start>(?:19|20|21)\d\d)\s*年?\s*(?:(?:-|–|—|~|to|至|到|through|and)\s*(?P<end>(?:19|20|21)\d\d)"
    r"|[-–—](?P<short>(?:1[3-9]|[2-9]\d))(?![\d\-–—%.,]))"
)
"""Two years; the second may be short where it can be no month."""

_RATE = re.compile(
    rf"(?P<number>[-−]?(?:{_ARABIC}))(?:\s*(?:-|–|—|~|to|至|到)\s*(?P<upper>{_ARABIC}))?"
    rf"\s*(?:%|％|percent\b|per cent\b|pct\b)\s*(?P<post>{_POST})?"
)
_RATE_ENDS = re.compile(
    rf"(?P<open>\bbetween|\bfrom|介於|介于|從|由)?\s*(?P<low>{_ARABIC})\s*[%％]\s*"
    rf"(?P<join>-|–|—|~|to\b|and\b|至|到)\s*(?P<high>{_ARABIC})\s*(?=[%％])"
)
"""A range of rates whose two ends both have their sign of percent."""

_RATE_BETWEEN = re.compile(
    rf"(?P<open>\bbetween|介於|介于)\s*(?P<low>{_ARABIC})\s*(?:and\b|to\b|與|和|至|到)\s*(?P<high>{_ARABIC})"
    r"(?=\s*(?:%|％|per ?cent\b|pct\b))",
    re.IGNORECASE,
)
"""A range of rates that has one sign of percent."""

_TENTHS = re.compile(rf"(?P<tens>[一二兩三四五六七八九])成(?P<ones>[一二三四五六七八九]|半)?(?P<post>{_POST})?")
_HALF = re.compile(
    r"半數|一半|(?<!first )(?<!second )(?<!latter )(?<!other )(?<!next )(?<!last )(?<!1st )(?<!2nd )(?<!-)\bhalf\b"
    r"(?!-|\s+(?:an?|the size|years?|yearly|of (?:the )?(?:year|decade|\d|FY|fiscal)))"
)
"""A half, but for half-years and half a billion."""

_PER_HUNDRED = re.compile(f"百分之(?P<number>{_CJK})")
_TIMES = re.compile(rf"(?P<number>{_ARABIC}|{_CJK})\s*倍(?P<post>以上|左右)?")
_TIMES_VERB = re.compile(
    rf"(?P<verb>成長為|成長至|成長到|增加至|增至|增為|擴大至|達到|達|為|的|(?:年?成長|年?增加|年?增長|擴大|年增|增|翻)了?)\s*(?P<hedge>{_HEDGES})?\s*$"
)
_INCREASE = r"(?P<increase>\s+(?:increase|growth|rise|gain|jump|expansion|higher|larger|bigger|greater|more)\b)?"
_ENGLISH_TIMES = re.compile(
    rf"(?P<verb>\b(?:grow|grew|increas|rise|rose|expand)\w*\b)?"
    rf"(?P<filler>(?:\s*\b(?:by|to|of|is|a|factor|nearly|almost|about|over|more than|at least|approximately)\b)*)\s*"
    rf"(?P<number>{_ARABIC})\s*(?P<how>-?\s*fold\b|times\b|x\b|×){_INCREASE}",
    re.IGNORECASE,
)
_FOLD_WORDS = "|".join(_FOLD).replace("fold", "-?fold")
_FOLD_WORD = re.compile(rf"\b({_FOLD_WORDS})(?:s|d|ing)?\b(?![-\s]digit){_INCREASE}", re.IGNORECASE)
_FACTOR_OF = re.compile(rf"factor of\s+(?P<number>{_ARABIC})(?!\s*[-x×%]|\s*(?:fold|times))", re.IGNORECASE)
_DOUBLED = re.compile("翻倍|倍增|翻一番")
_HALVED = re.compile(r"減半|腰斬|\bhalv(?:es?|ed|ing)\b", re.IGNORECASE)
_FROM_RATE = r"(?!\s+from\s+[\d.]+\s*(?:%|per|pct))"
_WAY = re.compile(
    r"(?P<down>(?:衰退|下滑|下降|下跌|減少|[年季月銳大]減|縮減|萎縮|重挫)(?![至到為])|負成長|[負減跌降](?=\s*\d)"
    rf"|\b(?:declin(?:es?|ed|ing)|shrink(?:s|ing|age)?|shr[au]nk|fall(?:s|ing|en)?|fell|decreas(?:es?|ed|ing)"
    rf"|drop(?:s|ped|ping)?|contract(?:ed|ing|ion)|contracts?(?=\s+(?:by|at)\b)|(?<=to )contract|(?<=will )contract"
    rf"|down)\b{_FROM_RATE}|\bminus\b|\bnegative\b(?=\s+(?:growth|cagr|rate|compound|\d)))"
    r"|(?P<up>成長|增長|增加|年增|上升|擴大|提高|\b(?:grow\w*|grew|increas\w*|ris(?:es?|ing)|rose|expan\w*|climb\w*"
    r"|gain(?:s|ed|ing)?|advanc\w*|accelerat\w*|surg\w*|recover\w*|rebound\w*|up)\b)",
    re.IGNORECASE,
)
"""Which way a market goes: the last such word before a rate counts."""

_SENTENCE_END = re.compile(
    r"[。；;!?]|(?<![A-Z])\.\s|\b(?i:despite|although|though|even as)\b[^,;.]{0,100},|儘管[^，。]{0,40}，"
)
"""Ends of what is said of something else: a sentence, or a clause about what holds besides."""

_FALL_BEHIND = re.compile(
    r"\s*(?:(?:a|per|year|annual|annually|yearly|year-(?:on|over)-year|yoy|y-o-y|average|compound|sharp|further)\s+){0,4}"
    r"(?:decline|decrease|drop|fall|contraction|reduction)\b|\s*的?(?:衰退|下滑|下降|減少|跌幅|降幅|負成長)(?![至到為])",
    re.IGNORECASE,
)
"""A fall named behind its rate, as in "a 5% decline"."""

_MULTIPLE_WORDS = re.compile("倍|times|fold|[x×]", re.IGNORECASE)
_RATIO_VERBS = ("成長為", "成長至", "成長到", "增加至", "增至", "增為", "擴大至", "達到", "達", "為", "的")


def find_growths(text: str) -> list[Growth]:
    """Find all growth rates and multiples in a text.

    Examples
    --------
    >>> [(g.kind, g.value) for g in find_growths("CAGR of 25.1%, that is a threefold market")]
    [('rate', 25.1), ('multiple', 3.0)]
    """
    text = plain_phrase(text)
    spans = {(int(found["start"]), _end(found)) for found in _SPAN.finditer(text)}
    years = spans.pop() if len(spans) == 1 else (None, None)
    years = years if years[0] and years[1] and years[1] > years[0] else (None, None)
    return [replace(growth, start=years[0], end=years[1]) for growth in (*_rates(text), *_multiples(text))]


def _end(found: re.Match[str]) -> int:
    """Last year of two; a short one is of the first one's century."""
    return int(found["end"] or found["start"][:2] + found["short"])


def _sign(text: str, found: re.Match[str], before: int) -> int:
    """-1 for a rate at which something falls, as the words around it say, else 1; `before` ends the rate before it."""
    start = max((end.end() for end in _SENTENCE_END.finditer(text, before, found.start())), default=before)
    ways = [way.lastgroup for way in _WAY.finditer(text, start, found.end()) if way.end() <= found.start()]
    falls = (ways and ways[-1] == "down") or _FALL_BEHIND.match(text, found.end())
    return -1 if falls else 1


def _rates(text: str) -> Iterator[Growth]:
    text = _RATE_BETWEEN.sub(r"\g<open> \g<low>-\g<high>", _RATE_ENDS.sub(_rate_interval, text))
    before = 0
    for found in _without_years(_RATE, text):
        number = _plain(found["number"].lstrip("-−"))
        minus = -1 if found["number"][0] in "-−" else _sign(text, found, before)
        before = found.end()
        value = minus * float(number)
        hedge, phrase = _hedge_before(text, found, found["post"])
        hedge = _REVERSED.get(hedge, hedge) if minus < 0 else hedge
        digits = ("-" if minus < 0 else "") + number
        if found["upper"]:
            upper = _plain(found["upper"])
            value, hedge, digits = (value + minus * float(upper)) / 2, "between", f"{digits}-{upper}"
        yield Growth(phrase, "rate", value, (value,), digits, hedge, printed(number).unit)
    for found in _TENTHS.finditer(text):
        ones = 5 if found["ones"] == "半" else _CJK_DIGITS.get(found["ones"] or "零", 0)
        unit = 1.0 if found["ones"] else 10.0
        yield _whole(text, found, _sign(text, found, 0) * (10 * _CJK_DIGITS[found["tens"]] + ones), unit, found["post"])
    for found in _HALF.finditer(text):
        yield _whole(text, found, 50, 10.0)
    for found in _PER_HUNDRED.finditer(text):
        number = _plain(found["number"])
        yield _whole(text, found, _sign(text, found, 0) * float(number), printed(number).unit)


def _rate_interval(found: re.Match[str]) -> str:
    """Write a range of rates with one sign of percent; "from 15% to 18%" is a change and stays two."""
    opened, joined = found["open"], found["join"]
    changes = (opened or "").casefold() in ("from", "從", "由")
    if changes or (joined == "and" and not opened):
        return found.group()
    return f"{opened or ''} {found['low']}-{found['high']}"


_REVERSED = {"more than": "up to", "at least": "up to", "nearly": "more than", "up to": "at least"}
"""Hedge of a fall, as a hedge of the growth below zero: to fall by more than 5 % is to grow by less than -5 %."""


def _whole(text: str, found: re.Match[str], value: float, unit: float, post: str | None = None) -> Growth:
    hedge, phrase = _hedge_before(text, found, post)
    hedge = _REVERSED.get(hedge, hedge) if value < 0 else hedge
    return Growth(phrase, "rate", float(value), (float(value),), f"{value:g}", hedge, unit)


def _multiples(text: str) -> Iterator[Growth]:
    for found in _TIMES.finditer(text):
        ahead, start = _before(_TIMES_VERB, text, found.start())
        hedge = (
            _hedge_word(found["post"], ahead.get("hedge")) if ahead else _hedge_before(text, found, found["post"])[0]
        )
        phrase, clear = text[start : found.end()].strip(), ahead.get("verb") in (*_RATIO_VERBS, None)
        yield _multiple(phrase, _plain(found["number"]), hedge, clear=clear)
    for found in _ENGLISH_TIMES.finditer(text):
        filler = found["filler"].casefold().split()
        hedge = _hedge_word(" ".join(w for w in filler if w not in ("by", "to", "of", "is", "a", "factor")) or None)
        clear = found["verb"] is None or "to" in filler or "factor" in filler or "fold" in found["how"].casefold()
        clear = clear and not found["increase"]
        yield _multiple(found.group().strip(), _plain(found["number"]), hedge, clear=clear)
    for found in _FOLD_WORD.finditer(text):
        word = found[1].casefold().replace("-", "")
        hedge, phrase = _hedge_before(text, found)
        yield _multiple(phrase, str(_FOLD[word]), hedge, clear=not found["increase"] or not word.endswith("fold"))
    for found in _FACTOR_OF.finditer(text):
        yield _multiple(found.group(), _plain(found["number"]), "exact", clear=True)
    for pattern, digits in ((_DOUBLED, "2"), (_HALVED, "0.5")):
        for found in pattern.finditer(text):
            hedge, phrase = _hedge_before(text, found)
            yield _multiple(phrase, digits, _REVERSED.get(hedge, hedge) if digits == "0.5" else hedge, clear=True)


def _multiple(text: str, digits: str, hedge: str, *, clear: bool) -> Growth:
    """A multiple; a growth by at most once the start can only be an increase."""
    value, unit = float(digits), printed(digits).unit
    if not clear and value <= 1:
        value, digits, clear = value + 1, str(Decimal(digits) + 1), True
    if clear:
        return Growth(text, "multiple", value, (value,), digits, hedge, unit)
    ambiguity = (
        f"{text!r} may mean {digits} times the start, or an increase by {digits} times the start ({value + 1:g} times)"
    )
    return Growth(text, "multiple", math.nan, (value, round(value + 1, 10)), digits, hedge, unit, ambiguity=ambiguity)


def parse_growth(text: str) -> Growth:
    """Read one printed growth: a rate in percent, or a multiple.

    Parameters
    ----------
    text
        A phrase such as "超過43%", "CAGR of 25.1%", "三成", "成長3.06倍" or "doubles".

    Returns
    -------
    Growth
        Kind, number, hedge, printed precision; for what can be read in two ways, both readings and no value.

    Raises
    ------
    ArgumentError
        If the phrase holds no growth or several.

    Examples
    --------
    >>> parse_growth("超過43%").hedge, parse_growth("三成").value
    ('more than', 30.0)
    >>> parse_growth("成長3.06倍").readings
    (3.06, 4.06)
    """
    found = find_growths(text)
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(repr(growth.text) for growth in found)
        raise ArgumentError(Problem("growth", f"{len(found)} growths in {text!r}: {listed}", "one growth"))
    allowed = "phrases such as '25.1%', '超過43%', '三成', '成長3.06倍', 'doubles', '3.06 times'"
    raise ArgumentError(Problem("growth", repr(text), allowed))


# --- years -----------------------------------------------------------------------------------------------

_ROC = re.compile(r"民國\s*(?P<roc>\d{1,3})\s*年?|(?<!\d)[(（]?(?P<short>\d{2,3})[)）]?\s*年(?!均|增|複|來|以)")
_TWO_YEARS = re.compile(
    r"(?<!\d)(?:(?:19|20|21)(?P<one>\d\d)\s*[/–-]\s*(?P<next>\d\d)(?![\d/–-])|\d{2,3}\s*[/–-]\s*\d{2,3}\s*年)"
)
_COMMON = re.compile(r"(?<!\d)(?P<year>(?:19|20|21)\d\d)(?!\d)")


def _spanning(text: str) -> str:
    """A year that runs over two, such as 2023/24; a month behind a year is none."""
    pairs = _TWO_YEARS.finditer(text)
    return next((p[0] for p in pairs if not p["one"] or (int(p["one"]) + 1) % 100 == int(p["next"])), "")


def parse_year(text: str) -> int:
    """Read one year, of the common or the Republic of China calendar.

    Raises
    ------
    ArgumentError
        If the text holds no year or several.

    Examples
    --------
    >>> parse_year("民國113年"), parse_year("106 年"), parse_year("FY2023"), parse_year("2028年")
    (2024, 2017, 2023, 2028)
    """
    text = plain_phrase(text)
    if spanning := _spanning(text):
        found = f"{spanning!r}, which spans two years"
        raise ArgumentError(Problem("year", found, "one year, that of the number, such as 2023"))
    years = {int(found["year"]) for found in _COMMON.finditer(text)}
    if not years:
        years = {int(found["roc"] or found["short"]) + ROC_OFFSET for found in _ROC.finditer(text)}
    if len(years) == 1:
        return years.pop()
    found = f"{len(years)} years in {text!r}" if years else repr(text)
    raise ArgumentError(Problem("year", found, "one year such as 2023, FY2023, 2023年, 民國113年 or 106 年"))


@lru_cache(maxsize=20_000)
def multiples_in(text: str) -> tuple[Growth, ...]:
    """All multiples in a text, remembered."""
    text = plain_phrase(text)
    return tuple(_multiples(text)) if _MULTIPLE_WORDS.search(text) else ()


@lru_cache(maxsize=20_000)
def amounts_in(text: str) -> tuple[Amount, ...]:
    """As `find_amounts`, remembered."""
    return tuple(find_amounts(text))
