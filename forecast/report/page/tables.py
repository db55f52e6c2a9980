"""Tables of the page: cells that link, and that sort by what they mean rather than by how they read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from forecast.report.memo import span
from forecast.wording import amount, percent


@dataclass(frozen=True)
class Part:
    """A piece of text in a cell, and where it leads.

    Parameters
    ----------
    text
        What is read.
    link
        Address within the page, such as "#source-1"; "" for none.
    aside
        Whether it only qualifies what stands before it, as a unit does.
    """

    text: str
    link: str = ""
    aside: bool = False


@dataclass(frozen=True)
class Cell:
    """What stands in one cell.

    Parameters
    ----------
    parts
        Pieces, below one another.
    sort
        What the cell sorts by; None for its text, nan for a cell that stays last.
    kind
        "number", "head" (names the row), "long" (sentences), "tag high" and the like, or "".
    """

    parts: tuple[Part, ...]
    sort: float | None = None
    kind: str = ""

    @property
    def order(self) -> str:
        """What the cell sorts by, for the script; "" keeps it last."""
        return "" if self.sort is None or math.isnan(self.sort) else f"{self.sort:.9g}"


@dataclass(frozen=True)
class Column:
    """Heading of a column, and how its cells stand ("number", "long" or "")."""

    title: str
    kind: str = ""


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Parameters
    ----------
    caption
        What it shows, with the unit.
    columns
        Headings.
    rows
        One cell a column.
    anchors
        Addresses of the rows, if something links to them.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    anchors: tuple[str, ...] = ()


def text(words: object, *, link: str = "", kind: str = "") -> Cell:
    """Return a cell of text."""
    return Cell((Part(str(words), link),) if str(words) else (), kind=kind)


def head(words: object, *, link: str = "") -> Cell:
    """Return the cell that names its row."""
    return text(words, link=link, kind="head")


def number(value: float | None, words: str = "", *, link: str = "") -> Cell:
    """Return a number as two significant digits, or in other words; empty where there is none."""
    if value is None or math.isnan(value):
        return Cell((), math.nan, "number")
    return Cell((Part(words or amount(value), link),), float(value), "number")


def minus(words: str) -> str:
    """Write minus signs as such in numbers.

    Examples
    --------
    >>> minus("-0.03 (-0.06 to -0.01)")
    '−0.03 (−0.06 to −0.01)'
    """
    return words.replace("-", "−")


def in_unit(value: float, words: str, unit: str) -> Cell:
    """Return a number in words with its unit below."""
    return Cell((Part(minus(words)), *([Part(unit, aside=True)] if unit else [])), value, "number")


def band(low: float, middle: float, high: float) -> Cell:
    """Return median and 80 % band; sorts by the median."""
    return number(middle, "" if math.isnan(middle) else span(low, middle, high))


def rate(low: float, middle: float, high: float) -> Cell:
    """Return median and band of a growth a year."""
    return number(middle, minus(f"{percent(middle)} ({percent(low)} to {percent(high)})"))


def titled(*columns: str | tuple[str, str]) -> tuple[Column, ...]:
    """Return columns from titles, or from titles with kinds."""
    return tuple(Column(column) if isinstance(column, str) else Column(*column) for column in columns)


def table(
    caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, anchors: Sequence[str] = ()
) -> Table:
    """Return a table."""
    return Table(caption, tuple(columns), tuple(tuple(row) for row in rows), tuple(anchors))
