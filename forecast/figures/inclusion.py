"""Inclusion matrix: what each source's definition of the market counts."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from forecast.figures.alternative import describe
from forecast.figures.language import say, word
from forecast.figures.rows import name_rows, row_lines, wrapped
from forecast.figures.style import BLUE, GREY, PALE, RULE, drawing, key_below, narrow, own_title, size
from forecast.figures.tables import checked, records

ANSWERS = ("yes", "part", "no", "unsaid")
WIDE_HEADS = 7
"""Heads of more columns than these are turned."""

MARKS: dict[str, dict[str, Any]] = {
    "yes": {"marker": "o", "markerfacecolor": BLUE, "markeredgecolor": BLUE},
    "part": {"marker": "o", "fillstyle": "left", "markerfacecolor": BLUE, "markeredgecolor": BLUE},
    "no": {"marker": "x", "markeredgecolor": GREY},
    "unsaid": {"marker": ".", "markerfacecolor": PALE, "markeredgecolor": PALE, "markersize": 2.5},
}


def inclusion(table: pd.DataFrame, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw sources by items: counted, counted in part, left out, or not said.

    Parameters
    ----------
    table
        One row a pair: `source`; `item`, such as "devices"; `included`, one of "yes", "part", "no", "unsaid". A pair
        without a row is unsaid.
    title
        Title; None for a plain one.
    ax
        Axes to draw on; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ArgumentError
        If the table is empty, lacks a column, or holds what cannot be drawn.

    Examples
    --------
    >>> table = pd.DataFrame({"source": ["A", "B"], "item": "devices", "included": ["yes", "no"]})
    >>> [label.get_text() for label in inclusion(table).get_xticklabels()]
    ['devices']
    """
    cells = checked(table, "inclusion", texts=["source", "item"], kinds={"included": ANSWERS})
    sources, items = list(dict.fromkeys(cells["source"])), list(dict.fromkeys(cells["item"]))
    said = {(cell.source, cell.item): cell.included for cell in records(cells)}
    crowded = narrow() or len(items) > WIDE_HEADS
    heads = [wrapped(word(item), 24 if crowded else 14, most=1 if crowded else 5) for item in items]
    above = 0.3 * max(map(len, heads)) if crowded else 0.5 * max(head.count("\n") + 1 for head in heads)
    with drawing(ax, rows=row_lines(sources) + above + narrow()) as axes:
        _grid(axes, sources, heads, crowded=crowded)
        for row, source in enumerate(sources):
            for column, item in enumerate(items):
                style = {"markersize": size(0.75)} | MARKS[said.get((source, item), "unsaid")]
                axes.plot(column, row, linestyle="", **style)
        key_below(axes, [Line2D([], [], linestyle="", label=say(answer), **MARKS[answer]) for answer in ANSWERS])
        own_title(axes, title or say("What each source counts"))
        describe(axes, _in_words(sources, said))
    return axes


def _grid(ax: Axes, sources: list[str], heads: list[str], *, crowded: bool) -> None:
    name_rows(ax, sources)
    ax.set_xlim(-0.5, len(heads) - 0.5)
    ax.set_xticks(range(len(heads)), heads, rotation=40 if crowded else 0, ha="left" if crowded else "center")
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0)
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    for row in range(len(sources) + 1):
        ax.axhline(row - 0.5, color=RULE, linewidth=0.7, zorder=0)


def _in_words(sources: list[str], said: dict[tuple[str, str], str]) -> str:
    parts = [say("Matrix of what {0} sources count.", len(sources))]
    for source in sources:
        counted = [word(item) for (name, item), answer in said.items() if name == source and answer in ("yes", "part")]
        parts.append(say("{0} counts {1}.", source, ", ".join(counted) or say("nothing it names")))
    return " ".join(parts)
