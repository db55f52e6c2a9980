"""Fan chart: the projection's bands, with the history and every printed number on it."""

from __future__ import annotations

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from forecast.figures.alternative import describe
from forecast.figures.bands import band_name, checked_bands, chosen, end_labels, headline, line_points, median, shade
from forecast.figures.hedges import HEDGES, hedged
from forecast.figures.labels import Label, label_ends, label_points
from forecast.figures.language import say, word
from forecast.figures.style import (
    BLUE,
    DASHES,
    GREY,
    INK,
    MARKERS,
    PALETTE,
    drawing,
    full_title,
    interval,
    key_below,
    narrow,
    number,
    own_title,
    size,
    stroke,
    value_axis,
    year_axis,
)
from forecast.figures.tables import checked, records

ROOM = 8
"""So many printed numbers have room for their names in a column."""

KINDS = ("printed", "interpolated", "extrapolated")
ACTUAL = "actual"


def fan(
    bands: pd.DataFrame,
    *,
    unit: str,
    statements: pd.DataFrame | None = None,
    history: pd.DataFrame | None = None,
    scenario: str | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the bands of one scenario, the medians of the others, the history, and every printed number by name.

    Parameters
    ----------
    bands
        Quantiles: `scenario`, `year`, `level` (0 to 1, with 0.5), `value` in `unit`.
    unit
        What the numbers are in, such as "USD bn".
    statements
        Printed numbers: `source`, `year`, `value`, `kind` ("printed", "interpolated", "extrapolated"), `hedge`. Rows of
        the kind "actual" are part of the history.
    history
        What came: `year`, `value`; of several values for a year their mean.
    scenario
        Whose bands; None takes "base" where there is one, else the middle one.
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
        If a table is empty, lacks a column, or holds what cannot be drawn, or there is no such scenario.

    Examples
    --------
    >>> bands = pd.DataFrame({"scenario": "base", "year": [2023] * 3 + [2030] * 3, "level": [0.1, 0.5, 0.9] * 2,
    ...                       "value": [11.3, 22.8, 46.6, 30.4, 72.8, 189.2]})
    >>> fan(bands, unit="USD bn").get_ylabel()
    'USD bn (log axis)'
    """
    wide = checked_bands(bands, "fan")
    name = chosen(wide, scenario, "fan")
    told = _statements(statements)
    printed, actual = told[told["kind"] != ACTUAL], _history(history, told[told["kind"] == ACTUAL])
    unit = word(unit)
    with drawing(ax) as axes:
        _axes(axes, wide, printed, actual, unit)
        key = _draw_bands(axes, wide, name)
        marks = _draw_statements(axes, printed)
        past = _draw_history(axes, actual)
        lines = [median(table) for table in wide.values()]
        lines += [actual.set_index("year")["value"]] if len(actual) else []
        lines += [own.set_index("year")["value"].sort_index() for _, own in printed.groupby("source")]
        label_points(axes, [*past, *_told(marks, printed)], avoid=line_points(lines))
        label_ends(axes, _ends(wide, name))
        _key(axes, key, printed, actual)
        own_title(axes, title or full_title(say("Projection"), scenario=name, unit=unit))
        describe(axes, _in_words(wide[name], name, printed, actual, unit))
    return axes


def _statements(statements: pd.DataFrame | None) -> pd.DataFrame:
    if statements is None or statements.empty:
        return pd.DataFrame(columns=["source", "year", "value", "kind", "hedge"])
    words = {"kind": (*KINDS, ACTUAL)} | ({"hedge": HEDGES} if "hedge" in statements else {})
    rows = checked(statements, "fan, statements", texts=["source"], numbers=["year", "value"], kinds=words)
    return rows if "hedge" in rows else rows.assign(hedge="")


def _history(history: pd.DataFrame | None, told: pd.DataFrame) -> pd.DataFrame:
    """The history, and what the sources tell as actual; one value a year."""
    given = told.iloc[:0] if history is None else checked(history, "fan, history", numbers=["year", "value"])
    both = pd.concat([told, given])[["year", "value"]].astype(float)
    return both.groupby("year").mean().reset_index()


def _axes(ax: Axes, wide: dict[str, pd.DataFrame], printed: pd.DataFrame, actual: pd.DataFrame, unit: str) -> None:
    years = [float(year) for table in wide.values() for year in table.index] + [*printed["year"], *actual["year"]]
    values = [value for table in wide.values() for value in table.to_numpy().ravel()]
    logarithmic = value_axis(ax, "y", [*values, *printed["value"], *actual["value"]], unit)
    year_axis(ax, years)
    ax.set_xlim(min(years) - 0.02 * (max(years) - min(years)) - 0.1, max(years))
    ends = [*values, *printed["value"], *actual["value"]]
    ax.set_ylim((min(ends) / 1.25, max(ends) * 1.15) if logarithmic else (min(0, min(ends)), max(ends) * 1.05))


def _draw_bands(ax: Axes, wide: dict[str, pd.DataFrame], name: str) -> list[Artist]:
    key: list[Artist] = list(shade(ax, wide[name], BLUE))
    ax.plot(wide[name].index, median(wide[name]), color=BLUE, linewidth=stroke(2.4), zorder=3)
    for (_, table), dash in zip(_others(wide, name), DASHES[1:] * 9, strict=False):
        ax.plot(table.index, median(table), color=GREY, linewidth=stroke(1.3), linestyle=dash, zorder=2)
    return key


def _others(wide: dict[str, pd.DataFrame], name: str) -> list[tuple[str, pd.DataFrame]]:
    return [(other, table) for other, table in wide.items() if other != name]


def _ends(wide: dict[str, pd.DataFrame], name: str) -> list[Label]:
    labels = end_labels(word(name), wide[name], BLUE)
    for other, table in _others(wide, name):
        last = float(median(table).iloc[-1])
        labels.append(Label(float(table.index[-1]), last, f"{word(other)} {number(last)}", GREY))
    return labels


def _draw_statements(ax: Axes, printed: pd.DataFrame) -> list[Label]:
    labels = []
    for place, (source, own) in enumerate(printed.groupby("source", sort=False)):
        color, marker = PALETTE[1:][place % 6], MARKERS[place % len(MARKERS)]
        path = own.sort_values("year")
        ax.plot(path["year"], path["value"], color=color, linewidth=0.9, linestyle=(0, (1, 2)), zorder=4)
        for row in records(path):
            full = row.kind == "printed"
            face, edge = (color, "white") if full else ("white", color)
            shape = "x" if row.kind == "extrapolated" else marker
            ax.plot(row.year, row.value, marker=shape, color=color, zorder=5, markerfacecolor=face,
                    markeredgecolor=edge, markersize=None if full else size(0.35))  # fmt: skip
            if full:
                labels.append(Label(row.year, row.value, f"{word(str(source))} {hedged(row.value, row.hedge)}", color))
    return labels


def _told(marks: list[Label], printed: pd.DataFrame) -> list[Label]:
    """Labels for which there is room: in a column, of many numbers, the last of each source."""
    full = printed[printed["kind"] == "printed"]
    if not narrow() or len(marks) <= ROOM:
        return marks
    last = set(zip(full.groupby("source", sort=False)["year"].max(), full["source"].unique(), strict=True))
    return [mark for mark in marks if any(mark.x == year and mark.text.startswith(word(name)) for year, name in last)]


def _draw_history(ax: Axes, actual: pd.DataFrame) -> list[Label]:
    if not len(actual):
        return []
    ax.plot(actual["year"], actual["value"], color=INK, marker=".", linewidth=stroke(1.8), zorder=4)
    last = actual.iloc[-1]
    return [Label(last["year"], last["value"], f"{say('actual')} {number(last['value'])}", INK, bold=True)]


def _key(ax: Axes, bands: list[Artist], printed: pd.DataFrame, actual: pd.DataFrame) -> None:
    kinds = [kind for kind in KINDS if (printed["kind"] == kind).any()]
    sizes = {"printed": 0.6, "interpolated": 0.4, "extrapolated": 0.4}
    marks = [
        Line2D([], [], linestyle="", marker="x" if kind == "extrapolated" else "o", color=GREY, label=say(kind),
               markerfacecolor=GREY if kind == "printed" else "white", markersize=size(sizes[kind]))
        for kind in kinds
    ]  # fmt: skip
    past = [Line2D([], [], color=INK, marker=".", label=say("actual"))] if len(actual) else []
    key_below(ax, [*bands, *marks, *past])


def _in_words(table: pd.DataFrame, name: str, printed: pd.DataFrame, actual: pd.DataFrame, unit: str) -> str:
    first, last = table.index[0], table.index[-1]
    parts = [say("Fan chart of scenario {0}, in {1}.", word(name), unit)]
    band = headline(table)
    for year in (first, last):
        middle = number(median(table)[year])
        span = f" ({interval(band[1][year], band[2][year])}; {band_name(band[0])})" if band else ""
        parts.append(say("{0}: median {1}{2}.", f"{year:.0f}", middle, span))
    full = printed[printed["kind"] == "printed"]
    listed = [f"{word(row.source)} {row.year:.0f}: {hedged(row.value, row.hedge)}" for row in records(full)]
    parts += [say("Printed numbers: {0}.", "; ".join(listed))] if listed else []
    came = [f"{row.year:.0f}: {number(row.value)}" for row in records(actual)]
    return " ".join([*parts, *([say("Actual values: {0}.", "; ".join(came))] if came else [])])
