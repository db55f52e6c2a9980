"""Breaking a text into lines, also one in which Chinese and Latin letters are mixed."""

from __future__ import annotations

import re

WIDE = 1.8
"""Width of a Chinese letter, in Latin ones."""

_CHINESE = "\u2e80-\uffef"
_PIECES = re.compile(rf"[（「]*[{_CHINESE}][，。、；：）」]*|[^\s{_CHINESE}]+[，。、；：）」]*|\s+")
"""What is not broken: a Chinese letter or a Latin word, each with the marks that belong to it; blanks between."""


def width(text: str) -> float:
    """Width of a text, in Latin letters.

    Examples
    --------
    >>> width("ab"), width("市場")
    (2.0, 3.6)
    """
    return sum(WIDE if "\u2e80" <= letter <= "\uffef" else 1.0 for letter in text)


def broken(text: str, letters: float, *, most: int = 0) -> list[str]:
    """Break a text into lines of at most so many letters, and at most so many lines where `most` is not 0.

    Examples
    --------
    >>> broken("the market in 2030", 10), broken("2030 年市場規模中位數", 12)
    (['the market', 'in 2030'], ['2030 年市場', '規模中位數'])
    >>> broken("a very long name", 6, most=2)
    ['a very', 'long…']
    """
    lines = [""]
    for piece in _cut(" ".join(text.split()), letters):
        if width((lines[-1] + piece).rstrip()) > letters and lines[-1].strip():
            lines.append("")
        lines[-1] += piece if lines[-1] or piece.strip() else ""
    lines = [line.rstrip() for line in lines]
    if len(lines) > 1 and WIDE <= width(lines[-1]) <= 2 * WIDE and width("".join(lines[-2:])) < 1.2 * letters:
        lines[-2:] = ["".join(lines[-2:])] if width(lines[-1]) > len(lines[-1]) else lines[-2:]
    if most and len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1].rstrip(" ,，") + "…"]
    return lines


def _cut(text: str, letters: float) -> list[str]:
    """Pieces of a text; a word that is much longer than a line is cut."""
    room = max(1, int(letters))
    return [
        piece[start : start + room] if width(piece) > 1.4 * letters else piece
        for piece in _PIECES.findall(text)
        for start in (range(0, len(piece), room) if width(piece) > 1.4 * letters else (0,))
    ]
