"""What a row of estimates prints, as words, number by number."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

Row = Mapping[Hashable, object]


def printed(row: Row) -> str:
    """Return all numbers that a row prints, with the digits and hedges as printed."""
    said = [level(row, "base"), level(row, "target"), *others(row), growth(row), multiple(row)]
    return "; ".join(part for part in said if part)


def level(row: Row, end: str) -> str:
    """Return the base or target value, or "" where none is printed.

    Examples
    --------
    >>> row = {"base_hedge": "about", "currency": "USD", "base_value": "16", "scale": "billion", "base_year": "2023"}
    >>> level(row, "base")
    'about USD 16 billion in 2023'
    """
    if not row[f"{end}_value"]:
        return ""
    return _words(row[f"{end}_hedge"], row["currency"], row[f"{end}_value"], row["scale"], "in", row[f"{end}_year"])


def others(row: Row) -> list[str]:
    """Return the further printed years."""
    pairs = [pair.split("=", 1) for pair in str(row["other_values"]).split(";") if "=" in pair]
    return [_words(row["currency"], value.strip(), row["scale"], "in", year.strip()) for year, value in pairs]


def growth(row: Row) -> str:
    """Return the growth a year, or "" where none is printed."""
    return _words(row["cagr_hedge"], str(row["cagr"]).rstrip(" %"), "% a year") if row["cagr"] else ""


def multiple(row: Row) -> str:
    """Return target over base, or "" where none is printed."""
    return _words(row["multiple_hedge"], row["multiple"], "times over") if row["multiple"] else ""


def _words(*parts: object) -> str:
    return " ".join(" ".join(str(part) for part in parts).split())
