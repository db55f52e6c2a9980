"""Tornado: which input moves the answer, and how far."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.text import Annotation

from forecast.errors import ArgumentError, Problem
from forecast.figures.alternative import describe
from forecast.figures.labels import make_room
from forecast.figures.language import say, word
from forecast.figures.rows import name_rows, row_lines, wrapped
from forecast.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    amount,
    drawing,
    full_title,
    key_below,
    narrow,
    number,
    own_title,
    size,
    stroke,
    value_axis,
)
from forecast.figures.tables import checked, records, scenario_of

KINDS = ("driver", "prior", "source", "hedge", "event", "consensus")
FILLS = {"driver": BLUE, "prior": ORANGE, "source": SKY, "hedge": PURPLE, "event": GREEN, "consensus": PALE}
NOISE = 1e-12
"""A smaller input is nothing but the rounding of arithmetic."""

TOLD = 6
"""So many inputs are told in the alternative text."""

SHORT = 6
"""A longer unit stands under the name of the input only, not at the ends of its bar."""

HATCHES = {"driver": "", "prior": "", "source": "////", "hedge": "xxxx", "event": "\\\\\\\\", "consensus": ""}


def tornado(
    table: pd.DataFrame,
    *,
    unit: str,
    quantity: str,
    most: int | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one bar an input, longest first; each end carries the input's value and the answer it gives.

    Parameters
    ----------
    table
        One row an input: `input`; `kind`, one of "driver", "prior", "source", "hedge", "event", "consensus"; `unit`
        of the input (may be ""); `low_input`, `base_input`, `high_input` (numbers or words); `low_value`, `base_value`,
        `high_value`, the quantity there in the figure's `unit`; `swing`, by whose size the bars are ordered;
        `monotonic`, whether the quantity only rises or only falls between; `note`, such as why nothing moves;
        optional `scenario`, named in the title.
    unit
        What the quantity is in, such as "USD bn".
    quantity
        What the quantity is, such as "Market in 2030".
    most
        Draw at most so many inputs, and say how many are left out.
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
    """
    columns = ["low_value", "base_value", "high_value", "swing"]
    needed = ["input", "unit", "low_input", "base_input", "high_input", "monotonic", "note"]
    rows = checked(table, "tornado", texts=needed, numbers=columns, kinds={"kind": KINDS})
    rows["unit"] = rows["unit"].fillna("").astype(str)
    if most is not None and most < 1:
        raise ArgumentError(Problem("tornado: most", str(most), "a whole number above 0"))
    order = np.argsort(-rows["swing"].abs().to_numpy(), kind="stable")
    count, quantity, unit = len(rows) if most is None else most, word(quantity), word(unit)
    shown, left_out = rows.iloc[order[:count]].reset_index(drop=True), rows.iloc[order[count:]]
    names, notes = [word(name) for name in shown["input"]], [_note(row) for row in records(shown)]
    with drawing(ax, rows=row_lines(names, notes) + 1.2) as axes:
        value_axis(axes, "x", shown[["low_value", "high_value", "base_value"]], quantity, unit=unit)
        name_rows(axes, names, notes)
        texts = [text for place, row in enumerate(records(shown)) for text in _draw_row(axes, place, row, unit)]
        _base_line(axes, amount(shown["base_value"].iloc[0], unit), float(shown["base_value"].iloc[0]))
        _key(axes, shown, left_out)
        own_title(axes, title or _title(shown, quantity, unit))
        make_room(axes, texts)
        describe(axes, _in_words(shown, quantity, unit))
    return axes


def _title(shown: pd.DataFrame, quantity: str, unit: str) -> str:
    return full_title(say("What moves the answer: {0}", quantity), scenario=scenario_of(shown), unit=unit)


def written(value: object, unit: str) -> str:
    """Write the value of an input: a number with its unit, or a word.

    Examples
    --------
    >>> written(0.0412, ""), written(4.0, "%/yr"), written("left out", ""), written(1.4e-17, ""), written(2030, "year")
    ('0.0412', '4 %/yr', 'left out', '0', '2030')
    """
    if isinstance(value, str):
        return word(value)
    if value is None or not np.isfinite(float(value)):  # type: ignore[arg-type]
        return ""
    if unit == "year":
        return f"{float(value):.0f}"  # type: ignore[arg-type]
    near = 0.0 if abs(float(value)) < NOISE else float(value)  # type: ignore[arg-type]
    return f"{number(near)} {word(unit)}".strip()


def _note(row: Any) -> str:
    base = "" if row.kind == "source" else written(row.base_input, row.unit)
    parts = [word(row.kind), say("base {0}", base) if base else ""]
    parts.append("" if row.monotonic else say("not monotonic"))
    return " · ".join(filter(None, parts))


def _draw_row(ax: Axes, place: int, row: Any, unit: str) -> list[Annotation]:
    reached = [row.low_value, row.base_value, row.high_value]
    ax.barh(place, max(reached) - min(reached), left=min(reached), height=0.55, color=FILLS[row.kind], zorder=2,
            hatch=HATCHES[row.kind], edgecolor="white", linewidth=0)  # fmt: skip
    if np.allclose(reached, row.base_value, rtol=1e-6):
        reason = str(row.note) if isinstance(row.note, str) and row.note else say("does not move the answer")
        return [_end(ax, place, row.base_value, wrapped(word(reason), 18 if narrow() else 44), 1, GREY)]
    both = sorted([(row.low_value, row.low_input), (row.high_value, row.high_input)], key=lambda end: end[0])
    moved = [end for end in both if not np.isclose(end[0], row.base_value, rtol=1e-6)]
    sides = [1 if value > row.base_value else -1 for value, _ in moved]
    texts = [_reads(given, row, value, unit, short=True) for value, given in moved]
    if len(set(sides)) < len(sides):
        outer = max(reached) if sides[0] > 0 else min(reached)
        return [_end(ax, place, outer, ("\n" if narrow() else "; ").join(texts), sides[0], INK)]
    return [_end(ax, place, value, text, side, INK) for (value, _), text, side in zip(moved, texts, sides, strict=True)]


def _reads(given: object, row: Any, value: float, unit: str, *, short: bool = False) -> str:
    """Say the value of an input and the answer it gives; in short, without a long unit, in a column in two lines."""
    arrow = "\n" if short and narrow() else " → "
    own = "" if short and len(row.unit) > SHORT else row.unit
    return arrow.join(filter(None, [written(given, own), amount(value, unit)]))


def _end(ax: Axes, place: int, x: float, text: str, side: int, color: str) -> Annotation:
    return ax.annotate(
        text, (x, place), xytext=(side * size(0.35), 0), textcoords="offset points", va="center",
        ha="left" if side > 0 else "right", fontsize=size(0.78), color=color, annotation_clip=False,
    )  # fmt: skip


def _base_line(ax: Axes, name: str, base: float) -> None:
    ax.axvline(base, color=INK, linewidth=stroke(1), zorder=3)
    ax.set_ylim(ax.get_ylim()[0], -1.1)
    ax.annotate(say("base {0}", name), (base, -0.75), xytext=(size(0.4), 0), textcoords="offset points",
                ha="left", va="center", fontsize=size(0.8), fontweight="bold")  # fmt: skip


def _key(ax: Axes, shown: pd.DataFrame, left_out: pd.DataFrame) -> None:
    kinds = [kind for kind in KINDS if (shown["kind"] == kind).any()]
    patches = [
        Patch(facecolor=FILLS[kind], hatch=HATCHES[kind], edgecolor="white", linewidth=0, label=word(kind))
        for kind in kinds
    ]
    more = say("{0} more inputs move it by less than {1}", len(left_out), number(shown["swing"].abs().min()))
    key_below(ax, patches, title=more if len(left_out) else "")


def _in_words(shown: pd.DataFrame, quantity: str, unit: str) -> str:
    base = amount(shown["base_value"].iloc[0], unit)
    subject = say("{0}, scenario {1}", quantity, word(scenario_of(shown))) if scenario_of(shown) else quantity
    parts = [say("Tornado chart of {0}, in {1}; base {2}.", subject, unit, base)]
    for row in records(shown.head(TOLD)):
        if row.low_value != row.high_value:
            low, high = (_reads(*end, unit) for end in _ends(row))
            parts.append(say("{0}: {1} to {2}.", word(row.input), low, high))
    more = len(shown) - TOLD
    return " ".join([*parts, *([say("{0} more inputs move it less.", more)] if more > 0 else [])])


def _ends(row: Any) -> list[tuple[object, Any, float]]:
    return [(row.low_input, row, row.low_value), (row.high_input, row, row.high_value)]
