"""Sources by years: a table of what was printed, and of what follows from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from matplotlib.text import Text

from forecast.figures.alternative import describe
from forecast.figures.hedges import HEDGES, hedged
from forecast.figures.labels import shrink_to_cells
from forecast.figures.language import say, word
from forecast.figures.rows import name_rows, row_lines, wrapped
from forecast.figures.style import (
    GREY,
    INK,
    PALE,
    RULE,
    drawing,
    full_title,
    key_below,
    narrow,
    number,
    own_title,
    size,
)
from forecast.figures.tables import checked, records

KINDS = ("printed", "interpolated", "extrapolated")
UPRIGHT = 9
"""In a column, cells of more years than these are too narrow for numbers that lie."""

FILL = {"printed": "#0b5a8a", "interpolated": "#cfe3f1", "extrapolated": "white"}
OUTLINES: dict[str, Any] = {"printed": "-", "interpolated": "-", "extrapolated": (0, (3, 2))}


def sources_by_years(
    table: pd.DataFrame, *, unit: str, scope: str | None = None, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw a table of sources by years, each cell marked printed, interpolated or extrapolated.

    A last row gives the highest over the lowest of each year in which at least two sources have a number.

    Parameters
    ----------
    table
        One row a number: `source`, `year`, `value` in `unit`, `kind` ("printed", "interpolated", "extrapolated");
        optional `hedge` and `scope`, as in a table of estimates.
    unit
        What the numbers are in, such as "USD bn".
    scope
        Target scope: sources about another one carry it under their name, and stay out of the last row; None
        compares all.
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
    >>> table = pd.DataFrame({"source": ["A", "A"], "year": [2023, 2024], "value": [16.0, 20.0],
    ...                       "kind": ["printed", "interpolated"]})
    >>> [text.get_text() for text in sources_by_years(table, unit="USD bn").texts][-2:]
    ['16', '20']
    """
    words = {"kind": KINDS, "hedge": HEDGES} if "hedge" in table else {"kind": KINDS}
    cells = checked(table, "sources_by_years", texts=["source"], numbers=["year", "value"], kinds=words)
    names, years = list(dict.fromkeys(cells["source"])), sorted(cells["year"].unique())
    notes = _notes(cells, scope)
    compared = cells[[not notes[source] for source in cells["source"]]]
    spreads = _spreads(compared) if compared["source"].nunique() > 1 else {}
    last = {say("highest ÷ lowest"): word(scope) if scope and any(notes.values()) else ""} if spreads else {}
    lines = {**notes, **last}
    unit = word(unit)
    upright = narrow() and len(years) > UPRIGHT
    tall = 1.5 if upright else 1.0
    with drawing(ax, rows=tall * row_lines(list(lines), list(lines.values())) + 2.2) as axes:
        _grid(axes, list(lines), list(lines.values()), years)
        texts = [_cell(axes, names.index(cell.source), years.index(cell.year), cell) for cell in records(cells)]
        for year, ratio in spreads.items():
            texts.append(_write(axes, len(names), years.index(year), f"×{number(ratio, 2)}", GREY))
        if upright:
            _turn(texts)
        else:
            shrink_to_cells(axes, texts, 0.8)
        _key(axes)
        own_title(axes, title or full_title(say("What each source says for each year"), unit=unit), lift=2.3)
        describe(axes, _in_words(cells, unit, spreads))
    return axes


def _notes(cells: pd.DataFrame, scope: str | None) -> dict[str, str]:
    """Scope of each source that is about another one than the target; else empty."""
    if scope is None or "scope" not in cells:
        return dict.fromkeys(cells["source"], "")
    return {row.source: "" if row.scope == scope else word(row.scope) for row in records(cells)}


def _grid(ax: Axes, names: list[str], notes: list[str], years: list[float]) -> None:
    name_rows(ax, names, notes)
    ax.set_xlim(-0.5, len(years) - 0.5)
    ax.set_xticks(
        range(len(years)), [say("’{0}", f"{year % 100:02.0f}") if narrow() else f"{year:.0f}" for year in years]
    )
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0)
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    for row in range(len(names) + 1):
        ax.axhline(row - 0.5, color=RULE, linewidth=0.7, zorder=0)


def _cell(ax: Axes, row: int, column: int, cell: Any) -> Text:
    dashed = cell.kind == "extrapolated"
    ax.add_patch(
        Rectangle((column - 0.46, row - 0.38), 0.92, 0.76, facecolor=FILL[cell.kind], zorder=2,
                  edgecolor=PALE if dashed else FILL[cell.kind], linestyle=OUTLINES[cell.kind])
    )  # fmt: skip
    printed = cell.kind == "printed"
    text = hedged(cell.value, getattr(cell, "hedge", ""), printed=printed)
    written = _write(ax, row, column, text, "white" if printed else INK)
    written.set(fontweight="bold" if printed else "normal", fontstyle="italic" if dashed else "normal")
    return written


def _write(ax: Axes, row: int, column: int, text: str, color: str) -> Text:
    return ax.text(column, row, text, ha="center", va="center", color=color, fontsize=size(0.9), zorder=3)


def _turn(texts: list[Text]) -> None:
    """Turn the numbers of narrow cells, which keep their size that way."""
    for text in texts:
        text.set(rotation=90, fontsize=size(0.75))


def _key(ax: Axes) -> None:
    patches = [Patch(facecolor=FILL[kind], edgecolor=PALE, linestyle=OUTLINES[kind], label=say(kind)) for kind in KINDS]
    how = say("interpolated: between a source's printed numbers, or along its printed growth")
    key_below(ax, patches, title=wrapped(how, 44 if narrow() else 90))


def _spreads(cells: pd.DataFrame) -> dict[float, float]:
    by_year = cells.groupby("year")["value"]
    ratios = (by_year.max() / by_year.min())[by_year.count() > 1]
    return {float(year): float(ratio) for year, ratio in ratios.items() if np.isfinite(ratio) and ratio > 0}  # type: ignore[arg-type]


def _in_words(cells: pd.DataFrame, unit: str, spreads: dict[float, float]) -> str:
    printed = cells[cells["kind"] == "printed"]
    parts = [say("Table of {0} sources by years, in {1}.", cells["source"].nunique(), unit)]
    for source, own in printed.groupby("source", sort=False):
        numbers = ", ".join(f"{row.year:.0f}: {hedged(row.value, getattr(row, 'hedge', ''))}" for row in records(own))
        parts.append(say("{0} prints {1}.", source, numbers))
    if spreads:
        year = max(spreads, key=lambda y: spreads[y])
        parts.append(say("They are furthest apart in {0}: a factor of {1}.", f"{year:.0f}", number(spreads[year], 2)))
    return " ".join(parts)
