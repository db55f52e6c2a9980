"""Words that several results share."""

from __future__ import annotations

_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def plain(key: str) -> str:
    """Key of a driver as words.

    Examples
    --------
    >>> plain("growth.half_life"), plain("events.new law.effects.0.size")
    ('half life', 'events: new law: effects: 0: size')
    """
    return key.removeprefix("growth.").replace("_", " ").replace(".", ": ")


def count_of(number: int, noun: str) -> str:
    """A small number with its noun, at the start of a sentence.

    Examples
    --------
    >>> count_of(1, "input"), count_of(3, "input"), count_of(12, "input")
    ('One input', 'Three inputs', '12 inputs')
    """
    word = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    return f"{word} {noun}{'' if number == 1 else 's'}"
