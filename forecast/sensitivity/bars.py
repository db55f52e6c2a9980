"""Bars of shares: the drawing of results that have one number an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _names(table: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Name of each row, and what stands under it."""
    notes = next((table[column] for column in ("change", "kind") if column in table), None)
    return table["input"].tolist(), [""] * len(table) if notes is None else notes.tolist()


def bars(table: pd.DataFrame, *, title: str, label: str = "share of the variance", ax: Axes | None = None) -> Axes:
    """Draw one bar an input, longest first, with its share.

    Parameters
    ----------
    table
        `input, kind, share`, in the order to draw; shares as fractions.
    title, label
        Title, and name of the axis.
    ax
        Axes to draw on; None makes a figure.
    """
    from forecast.figures.rows import name_rows, row_lines
    from forecast.figures.style import BLUE, drawing, own_title, percent, size

    with drawing(ax, rows=row_lines(*_names(table)) + 1) as axes:
        axes.barh(range(len(table)), table["share"], height=0.55, color=BLUE, zorder=2)
        for place, share in enumerate(table["share"]):
            axes.annotate(percent(share), (max(share, 0), place), xytext=(size(0.35), 0),
                          textcoords="offset points", va="center", fontsize=size(0.8))  # fmt: skip
        name_rows(axes, *_names(table))
        axes.set_xlabel(label)
        axes.set_xlim(0, 1.15 * max(float(table["share"].max()), 1e-9))
        own_title(axes, title)
    return axes


def percentiles(table: pd.DataFrame, *, title: str, ax: Axes | None = None) -> Axes:
    """Draw where on its own range each input stands: one bar an input, from its median.

    Parameters
    ----------
    table
        `input, kind, percentile` (a fraction; missing where out of range), in the order to draw.
    title
        Title.
    ax
        Axes to draw on; None makes a figure.
    """
    from forecast.figures.rows import name_rows, row_lines
    from forecast.figures.style import BLUE, GREY, drawing, own_title, size

    with drawing(ax, rows=row_lines(*_names(table)) + 1) as axes:
        for place, at in enumerate(table["percentile"]):
            inside = at == at
            if inside:
                axes.barh(place, 100 * (at - 0.5), left=50, height=0.55, color=BLUE, zorder=2)
            axes.annotate(f"P{100 * at:.3g}" if inside else "not within its range", (100 * at if inside else 50, place),
                          xytext=(size(0.35), 0), textcoords="offset points", va="center",
                          fontsize=size(0.8), color="black" if inside else GREY)  # fmt: skip
        name_rows(axes, *_names(table))
        axes.axvline(50, color="black", linewidth=1, zorder=3)
        axes.set_xlim(0, 110)
        axes.set_xticks([10, 50, 90], ["P10", "P50", "P90"])
        axes.set_xlabel("percentile of the input")
        own_title(axes, title)
    return axes


def bands(table: pd.DataFrame, *, title: str, label: str, ax: Axes | None = None) -> Axes:
    """Draw a band a row: from low to high, with the median as a dot.

    Parameters
    ----------
    table
        `input, change, low, median, high`; the first row is what the others are compared with.
    title, label
        Title, and name of the axis.
    ax
        Axes to draw on; None makes a figure.
    """
    from forecast.figures.rows import name_rows, row_lines
    from forecast.figures.style import BLUE, INK, drawing, own_title

    with drawing(ax, rows=row_lines(*_names(table)) + 1) as axes:
        for place, (low, high) in enumerate(zip(table["low"], table["high"], strict=True)):
            axes.plot([low, high], [place, place], color=BLUE if place else INK, linewidth=4, solid_capstyle="butt")
        axes.plot(table["median"], range(len(table)), "o", color="white", markeredgecolor=INK, zorder=3)
        name_rows(axes, *_names(table))
        axes.axvline(table["median"].iloc[0], color=INK, linewidth=1, zorder=1)
        axes.set_xlabel(label)
        own_title(axes, title)
    return axes


def sides(table: pd.DataFrame, *, title: str, ax: Axes | None = None) -> Axes:
    """Draw where each input lies: one bar an input over its percentiles.

    Parameters
    ----------
    table
        `input, low, high`, percentiles as fractions.
    title
        Title.
    ax
        Axes to draw on; None makes a figure.
    """
    from forecast.figures.rows import name_rows, row_lines
    from forecast.figures.style import BLUE, drawing, own_title

    with drawing(ax, rows=row_lines(*_names(table)) + 1) as axes:
        for place, (low, high) in enumerate(zip(table["low"], table["high"], strict=True)):
            axes.barh(place, 100 * (high - low), left=100 * low, height=0.55, color=BLUE, zorder=2)
        name_rows(axes, *_names(table))
        axes.set_xlim(0, 100)
        axes.set_xticks([0, 10, 50, 90, 100], ["", "P10", "P50", "P90", ""])
        axes.set_xlabel("percentile of the input")
        own_title(axes, title)
    return axes
