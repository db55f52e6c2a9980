"""Spider: how the answer bends along each input's own range."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter

from forecast.errors import ArgumentError, Problem
from forecast.figures.alternative import describe
from forecast.figures.labels import Label, label_ends
from forecast.figures.language import say, word
from forecast.figures.rows import wrapped
from forecast.figures.style import (
    DASHES,
    MARKERS,
    PALE,
    PALETTE,
    amount,
    drawing,
    full_title,
    narrow,
    own_title,
    size,
    stroke,
    value_axis,
)
from forecast.figures.tables import checked, scenario_of


def spider(
    table: pd.DataFrame,
    *,
    unit: str,
    quantity: str,
    most: int = 7,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the quantity along the percentiles of each input, the others at base.

    Parameters
    ----------
    table
        One row a run: `input`; `position`, the percentile of the input as a fraction (0.1 for P10); `value`, the
        quantity there, in `unit`.
    unit
        What the quantity is in, such as "USD bn".
    quantity
        What the quantity is, such as "Market in 2030".
    most
        Name and colour at most so many inputs, those that move it most; the others stay grey.
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
    >>> table = pd.DataFrame({"input": "growth shift", "position": [0.1, 0.5, 0.9], "value": [58.9, 72.8, 89.5]})
    >>> spider(table, unit="USD bn", quantity="Market in 2030").get_ylabel()
    'Market in 2030, USD bn'
    """
    rows = checked(table, "spider", texts=["input"], numbers=["position", "value"])
    if not rows["position"].between(0, 1).all():
        found = f"{rows['position'].min():g} to {rows['position'].max():g}"
        raise ArgumentError(Problem("spider: position", found, "percentiles as fractions, 0 to 1"))
    lines = {str(name): own.sort_values("position") for name, own in rows.groupby("input", sort=False)}
    quantity, unit = word(quantity), word(unit)
    ranked = sorted(lines, key=lambda name: -_swing(lines[name]))
    with drawing(ax) as axes:
        value_axis(axes, "y", rows["value"], quantity, unit=unit)
        _positions(axes, rows)
        for name in ranked[most:]:
            axes.plot(lines[name]["position"], lines[name]["value"], color=PALE, linewidth=stroke(1), zorder=2)
        labels = [_draw_line(axes, place, name, lines[name], unit) for place, name in enumerate(ranked[:most])]
        label_ends(axes, labels)
        bends = say("How the answer bends: {0}", quantity)
        own_title(axes, title or full_title(bends, scenario=scenario_of(rows), unit=unit))
        describe(axes, _in_words(ranked[:most], lines, quantity, unit))
    return axes


def _swing(line: pd.DataFrame) -> float:
    return float(line["value"].max() - line["value"].min())


def _positions(ax: Axes, rows: pd.DataFrame) -> None:
    places = sorted(rows["position"].unique())
    ax.xaxis.set_major_locator(FixedLocator(places if len(places) < 12 else [0.1, 0.25, 0.5, 0.75, 0.9]))
    ax.xaxis.set_major_formatter(FuncFormatter(_percentile_tick))
    ax.set_xlabel(say("percentile of the input, all others at base"))
    ax.set_xlim(places[0], places[-1])


def _percentile_tick(value: float, _: int | None = None) -> str:
    return f"P{100 * value:.4g}"


def _draw_line(ax: Axes, place: int, name: str, line: pd.DataFrame, unit: str) -> Label:
    color = PALETTE[place % len(PALETTE)]
    ax.plot(line["position"], line["value"], color=color, linestyle=DASHES[place % len(DASHES)], zorder=3,
            clip_on=False, marker=MARKERS[place % len(MARKERS)], markersize=size(0.45),
            markeredgecolor="white")  # fmt: skip
    last = line.iloc[-1]
    return Label(
        last["position"],
        last["value"],
        f"{wrapped(word(name), 18 if narrow() else 26)}: {amount(last['value'], unit)}",
        color,
    )


def _in_words(names: list[str], lines: dict[str, pd.DataFrame], quantity: str, unit: str) -> str:
    parts = [say("Spider chart of {0}, in {1}.", quantity, unit)]
    parts += [
        say("{0}: {1} to {2}.", word(name), *(amount(lines[name]["value"].iloc[end], unit) for end in (0, -1)))
        for name in names
    ]
    return " ".join(parts)
