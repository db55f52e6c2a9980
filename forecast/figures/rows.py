"""Rows: names to the left of the axes, numbers in columns to their right."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.text import Text

from forecast.figures.language import word
from forecast.figures.lines import broken
from forecast.figures.style import GREY, INK, narrow, size

LINE = 1.25
"""Height of a line over its type size."""


def row_lines(names: Sequence[str], notes: Sequence[str] | None = None) -> float:
    """Height that the rows need, in units of a plain row."""
    under = [0.8 * len(wrapped(note, 26 if narrow() else 48).splitlines()) for note in notes or [""] * len(names)]
    lines = [wrapped(name).count("\n") + 1 + more for name, more in zip(names, under, strict=True)]
    pairs = [(above + below) / 2 for above, below in itertools.pairwise(lines)] or lines
    return len(names) * max(1.0, 0.65 * max(pairs))


def name_rows(ax: Axes, names: Sequence[str], notes: Sequence[str] | None = None, *, bold: Sequence[bool] = ()) -> None:
    """Write the name of each row, and a note under it, to its left; the rows are 0, 1, ... from the top.

    Parameters
    ----------
    ax
        Axes whose y axis is the rows.
    names
        One for each row.
    notes
        Smaller text under each name; "" for none.
    bold
        Whether a row's name stands out; all plain where empty.
    """
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    heavy = list(bold) or [False] * len(names)
    for row, (name, note, strong) in enumerate(zip(names, notes or [""] * len(names), heavy, strict=True)):
        _name(ax, row, wrapped(name), wrapped(word(note), 26 if narrow() else 48), bold=strong)


def _name(ax: Axes, row: int, name: str, note: str, *, bold: bool) -> None:
    weight, height = "bold" if bold else "normal", size(0.9) * LINE * (name.count("\n") + 1)
    under = size(0.72) * LINE * (note.count("\n") + 1) if note else 0.0
    _beside(ax, row, name, 0.0, -size(0.6), under / 2, color=INK, points=size(0.9), weight=weight)
    if note:
        _beside(ax, row, note, 0.0, -size(0.6), -height / 2, color=GREY, points=size(0.72), weight="normal")


def wrapped(text: str, letters: int | None = None, *, most: int = 3) -> str:
    """Break a long name into lines that leave the axes enough room."""
    return "\n".join(broken(text, letters or (18 if narrow() else 36), most=most))


def number_column(
    ax: Axes, texts: Sequence[str], *, head: str = "", at: float = 0.0, bold: Sequence[bool] = ()
) -> list[Text]:
    """Write a text to the right of each row, under a head.

    Parameters
    ----------
    ax
        Axes whose y axis is the rows.
    texts
        One for each row.
    head
        Head of the column.
    at
        Distance from the axes, in letters.
    bold
        Whether a row's text stands out.
    """
    right, heavy = size(0.8) + at * size(0.5), list(bold) or [False] * len(texts)
    column = [
        _beside(ax, row, text, 1.0, right, 0.0, color=INK, points=size(0.82), weight="bold" if strong else "normal")
        for row, (text, strong) in enumerate(zip(texts, heavy, strict=True))
    ]
    if head:
        ax.annotate(
            head, (1.0, 1.0), xycoords="axes fraction", xytext=(right, size(0.25)), textcoords="offset points",
            ha="left", va="bottom", fontsize=size(0.72), color=GREY, annotation_clip=False,
        )  # fmt: skip
    return column


def _beside(
    ax: Axes, row: int, text: str, x: float, dx: float, dy: float, *, color: str, points: float, weight: str
) -> Text:
    return ax.annotate(
        text, (x, row), xycoords=("axes fraction", "data"), xytext=(dx, dy), textcoords="offset points",
        ha="right" if dx < 0 else "left", va="center", fontsize=points, color=color, fontweight=weight,
        annotation_clip=False, linespacing=1.05,
    )  # fmt: skip
