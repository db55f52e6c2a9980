"""Words that several results share."""

from __future__ import annotations

import re

_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


_TABLES = ("growth.", "tree.inputs.", "tree.", "events.", "segments.")


def plain(key: str) -> str:
    """Key of a driver as words.

    Examples
    --------
    >>> plain("growth.half_life"), plain("events.new law.effects.0.size"), plain("tree.inputs.new_patients.amount")
    ('half life', 'new law: size', 'new patients')
    >>> plain("segments.car_t.growth.half_life"), plain("events.new law.effects.1.size")
    ('car t: half life', 'new law: effect 2: size')
    """
    bare = next((key.removeprefix(table) for table in _TABLES if key.startswith(table)), key).removesuffix(".amount")
    bare = re.sub(r"\.effects\.(\d+)", lambda found: f".effect {int(found[1]) + 1}" if found[1] != "0" else "", bare)
    return bare.replace(".growth.", ".").replace("_", " ").replace(".", ": ")


def count_of(number: int, noun: str) -> str:
    """A small number with its noun, at the start of a sentence.

    Examples
    --------
    >>> count_of(1, "input"), count_of(3, "input"), count_of(12, "input")
    ('One input', 'Three inputs', '12 inputs')
    """
    word = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    return f"{word} {noun}{'' if number == 1 else 's'}"
