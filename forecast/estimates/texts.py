"""Text as it may be shown: no control characters, no marks that turn the direction of writing; digits in ASCII."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and line end (C0, DEL, C1), and the marks that embed, override or isolate a direction."""


def printable(text: str) -> str:
    r"""Return a text without control characters and marks of direction; every line ends in a line feed.

    Examples
    --------
    >>> printable("red \x1b[31m\r\nand \u202egnp"), printable("億\tfine")
    ('red [31m\nand gnp', '億\tfine')
    """
    if text.isprintable():
        return text
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


_SIGNS = {"．": ".", "，": ",", "％": "%", "－": "-", "＋": "+", "＝": "=", "；": ";", "٫": ".", "٬": ",", "٪": "%"}
"""Full-width and Arabic signs that stand beside digits."""


def plain_digits(text: str) -> str:
    """Return a text with digits and their signs in ASCII; it claims the same number with the same precision.

    Examples
    --------
    >>> plain_digits("１６．５％"), plain_digits("١٦٫٥"), plain_digits("25.1%")
    ('16.5%', '16.5', '25.1%')
    """
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else _SIGNS.get(c, c) for c in text)


def printable_tree(data: Any) -> Any:
    r"""Return the values of a file of tables and lists with every text made printable, keys included.

    Examples
    --------
    >>> printable_tree({"name": ["a\x07", 1]})
    {'name': ['a', 1]}
    """
    if isinstance(data, str):
        return printable(data)
    if isinstance(data, dict):
        return {printable(key): printable_tree(value) for key, value in data.items()}
    return [printable_tree(value) for value in data] if isinstance(data, list) else data
