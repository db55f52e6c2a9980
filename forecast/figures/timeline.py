"""Timeline: events and policies, when they come and how sure they are."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from forecast.figures.alternative import describe
from forecast.figures.language import say, word
from forecast.figures.rows import name_rows, number_column, row_lines
from forecast.figures.style import (
    BLUE,
    GREY,
    INK,
    RED,
    drawing,
    full_title,
    key_below,
    own_title,
    percent,
    size,
    stroke,
    year_axis,
)
from forecast.figures.tables import checked, records, scenario_of

KINDS = ("event", "policy")
COLORS = {"event": BLUE, "policy": RED}
MARKERS = {"event": "o", "policy": "D"}


def timeline(
    table: pd.DataFrame, *, today: float | None = None, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw one row an event, in the order in which they come.

    Parameters
    ----------
    table
        One row an event: `label`; `kind`, "event" or "policy"; `year`, with a fraction for a date inside the year
        (2024.5 is mid-2024); optional `low`, `high`, the range in which it may come; optional `probability`, 0 to 1;
        optional `note`, written under the label; optional `scenario`, named in the title where it is one for all.
    today
        A year at which a line is drawn: what is left of it has come.
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
    >>> table = pd.DataFrame({"label": ["Act passed", "Act in force"], "kind": "policy", "year": [2024.4, 2026.0]})
    >>> [text.get_text() for text in timeline(table).texts][:2]
    ['Act passed', 'Act in force']
    """
    optional = (
        [name for name in ("low", "high", "probability") if name in table] if isinstance(table, pd.DataFrame) else []
    )
    rows = checked(table, "timeline", texts=["label"], numbers=["year"], gaps=optional, kinds={"kind": KINDS})
    rows = rows.sort_values("year", kind="stable").reset_index(drop=True)
    for name in ("low", "high", "probability"):
        rows[name] = rows[name] if name in rows else float("nan")
    names = [word(label) for label in rows["label"]]
    notes = [str(note) for note in rows["note"].fillna("")] if "note" in rows else None
    with drawing(ax, rows=row_lines(names, notes) + 1) as axes:
        _years(axes, rows, today)
        name_rows(axes, names, notes)
        number_column(axes, [_when(row) for row in records(rows)], head=say("when"))
        for place, row in enumerate(records(rows)):
            _draw_row(axes, place, row)
        if today is not None:
            axes.axvline(today, color=INK, linewidth=stroke(1), linestyle=(0, (4, 3)), zorder=1)
        _key(axes, rows)
        own_title(axes, title or full_title(say("Events and policies"), scenario=_scenario(rows)))
        describe(axes, say("Timeline: {0}.", "; ".join(_told(row) for row in records(rows))))
    return axes


def _years(ax: Axes, rows: pd.DataFrame, today: float | None) -> None:
    years = [*rows[["year", "low", "high"]].to_numpy().ravel(), *([] if today is None else [today])]
    given = [year for year in years if year == year]
    first, last = int(min(given)), int(max(given)) + 1
    year_axis(ax, range(first, last + 1), share=0.5)
    ax.set_xlim(first, last)
    ax.grid(axis="x", visible=True)


def _scenario(rows: pd.DataFrame) -> str:
    return scenario_of(rows) if "scenario" in rows and rows["scenario"].nunique() == 1 else ""


def _told(row: Any) -> str:
    note = getattr(row, "note", "")
    return f"{word(row.label)} ({word(note)})" if note else f"{word(row.label)} {_when(row)}"


def _when(row: Any) -> str:
    """Year, half-known years as a range, and the probability where there is one."""
    text = f"{int(row.low)}–{int(row.high)}" if row.low < row.high else f"{int(row.year)}"
    return text + (f" · {percent(row.probability)}" if row.probability < 1 else "")


def _draw_row(ax: Axes, place: int, row: Any) -> None:
    color = COLORS[row.kind]
    ax.plot(
        [row.low, row.high],
        [place, place],
        color=color,
        linewidth=size(0.5),
        alpha=0.35,
        solid_capstyle="butt",
        zorder=2,
    )
    sure = not row.probability < 1
    ax.plot(row.year, place, marker=MARKERS[row.kind], color=color, markerfacecolor=color if sure else "white",
            markersize=size(0.75), markeredgewidth=stroke(1.6), zorder=4, clip_on=False)  # fmt: skip


def _key(ax: Axes, rows: pd.DataFrame) -> None:
    kinds = [kind for kind in KINDS if (rows["kind"] == kind).any()]
    handles = [
        Line2D([], [], linestyle="", marker=MARKERS[kind], color=COLORS[kind], label=word(kind)) for kind in kinds
    ]
    if (rows["probability"] < 1).any():
        handles.append(
            Line2D([], [], linestyle="", marker="o", color=GREY, markerfacecolor="white", label=say("not certain"))
        )
    if (rows["low"] < rows["high"]).any():
        handles.append(Line2D([], [], color=BLUE, linewidth=size(0.5), alpha=0.35, label=say("80 % range")))
    key_below(ax, handles)
