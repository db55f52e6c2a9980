"""Two-way heat map: the answer over two inputs, with the line on which a target is met."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter

from forecast.errors import ArgumentError, Problem
from forecast.figures.alternative import describe
from forecast.figures.language import say, word
from forecast.figures.style import (
    INK,
    PALE,
    amount,
    drawing,
    figure_of,
    full_title,
    in_unit,
    key_below,
    number,
    number_tick,
    own_title,
    size,
    spans_decades,
    stroke,
)
from forecast.figures.tables import checked, scenario_of

PRINTED_CELLS = 12
"""Up to so many columns and rows, each cell carries its number."""


def heatmap(
    table: pd.DataFrame,
    *,
    unit: str,
    quantity: str,
    x_label: str,
    y_label: str,
    target: float | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the quantity over a grid of two inputs.

    Parameters
    ----------
    table
        One row a cell of a full grid: `x`, `y`, the two inputs; `value`, the quantity there, in `unit`.
    unit
        What the quantity is in, such as "USD bn".
    quantity
        What the quantity is, such as "Market in 2030".
    x_label, y_label
        What the inputs are, with their units.
    target
        Value of the quantity at which a line is drawn.
    title
        Title; None for a plain one.
    ax
        Axes to draw on; None makes a figure. The colour scale of a fine grid is an inset of the axes.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ArgumentError
        If the table is empty, lacks a column, holds what cannot be drawn, or is no full grid.

    Examples
    --------
    >>> table = pd.DataFrame({"x": [0, 1, 0, 1], "y": [0, 0, 1, 1], "value": [40.0, 50.0, 60.0, 70.0]})
    >>> heatmap(table, unit="USD bn", quantity="Market", x_label="growth, %", y_label="fade, yr").get_xlabel()
    'growth, %'
    """
    rows, quantity, unit = checked(table, "heatmap", numbers=["x", "y", "value"]), word(quantity), word(unit)
    x_label, y_label, grid = word(x_label), word(y_label), _grid(rows)
    with drawing(ax) as axes:
        mesh = _draw_cells(axes, grid)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        printed = max(grid.shape) <= PRINTED_CELLS
        if printed:
            _print_cells(axes, grid, mesh, unit)
        else:
            _scale(axes, mesh, in_unit(quantity, unit))
        if target is not None and grid.to_numpy(float).min() < target <= grid.to_numpy(float).max():
            (_fence_target if printed else _draw_target)(axes, grid, target)
        own_title(axes, title or full_title(quantity, scenario=scenario_of(rows), unit=unit))
        describe(axes, _in_words(grid, quantity, unit, x_label, y_label, target))
    return axes


def _grid(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows are y, columns are x, both ascending; raises unless each pair stands once."""
    across, up = rows["x"].nunique(), rows["y"].nunique()
    if rows.duplicated(["x", "y"]).any() or len(rows) != across * up:
        found = f"{len(rows)} rows for {across} values of x and {up} of y"
        raise ArgumentError(Problem("heatmap: table", found, "a full grid: each pair of x and y once"))
    if min(across, up) < 2:
        raise ArgumentError(Problem("heatmap: table", f"{across} values of x and {up} of y", "at least 2 of each"))
    return rows.pivot(index="y", columns="x", values="value").sort_index().sort_index(axis=1)


def _draw_cells(ax: Axes, grid: pd.DataFrame) -> Any:
    values = grid.to_numpy(float)
    least, most = float(values.min()), float(values.max())
    norm = LogNorm(least, most) if spans_decades(values) else Normalize(least, most)
    ax.grid(visible=False)
    edges = [_edges(axis.to_numpy(float)) for axis in (grid.columns, grid.index)]
    mesh = ax.pcolormesh(
        *edges, values, cmap="cividis", norm=norm, edgecolors="none", zorder=1, rasterized=values.size > 900
    )
    for axis, places in ((ax.xaxis, grid.columns), (ax.yaxis, grid.index)):
        if len(places) <= PRINTED_CELLS:
            axis.set_ticks(places.to_numpy(float))
        axis.set_major_formatter(FuncFormatter(_short_tick))
    ax.tick_params(length=0)
    return mesh


def _short_tick(value: float, _: int | None = None) -> str:
    return number(value)


def _edges(places: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    middles = (places[1:] + places[:-1]) / 2
    return np.concatenate([[2 * places[0] - middles[0]], middles, [2 * places[-1] - middles[-1]]])


def _print_cells(ax: Axes, grid: pd.DataFrame, mesh: Any, unit: str) -> None:
    values = grid.to_numpy(float)
    colors = mesh.cmap(mesh.norm(values))
    for row, y in enumerate(grid.index):
        for column, x in enumerate(grid.columns):
            light = float(colors[row, column, :3] @ [0.2126, 0.7152, 0.0722]) > 0.45
            ax.text(float(x), float(y), amount(float(values[row, column]), unit), ha="center", va="center", zorder=3,
                    fontsize=size(0.8), color=INK if light else "white")  # fmt: skip


def _scale(ax: Axes, mesh: Any, label: str) -> None:
    inset = ax.inset_axes((1.03, 0.0, 0.03, 1.0))
    bar = figure_of(ax).colorbar(mesh, cax=inset, label=label)
    bar.outline.set_visible(False)
    bar.ax.tick_params(color=PALE, labelcolor=INK, labelsize=size(0.85))
    bar.ax.yaxis.set_major_formatter(FuncFormatter(number_tick))
    bar.ax.yaxis.set_minor_formatter(NullFormatter())


def _draw_target(ax: Axes, grid: pd.DataFrame, target: float) -> None:
    """Draw the line on which the target is met, between the cells of a fine grid."""
    values = grid.to_numpy(float)
    across, up = (axis.to_numpy(float) for axis in (grid.columns, grid.index))
    for color, width in (("white", 3.4), (INK, 1.8)):
        lines = ax.contour(across, up, values, levels=[target], colors=[color], linewidths=[stroke(width)], zorder=4)
    named = ax.clabel(lines, fmt={target: say("target {0}", number(target))}, fontsize=size(0.8), inline=False)
    for text in named:
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.9})
        text.set_rotation(0)
        text.set_zorder(5)


def _fence_target(ax: Axes, grid: pd.DataFrame, target: float) -> None:
    """Draw the border between cells that reach the target and cells that do not, off their numbers."""
    reached = grid.to_numpy(float) >= target
    across, up = (_edges(axis.to_numpy(float)) for axis in (grid.columns, grid.index))
    rows, columns = np.nonzero(reached[:, 1:] != reached[:, :-1])
    fence = [[(across[c + 1], up[r]), (across[c + 1], up[r + 1])] for r, c in zip(rows, columns, strict=True)]
    rows, columns = np.nonzero(reached[1:] != reached[:-1])
    fence += [[(across[c], up[r + 1]), (across[c + 1], up[r + 1])] for r, c in zip(rows, columns, strict=True)]
    for color, width in (("white", 5.0), (INK, 2.6)):
        ax.add_collection(
            LineCollection(fence, colors=color, linewidths=stroke(width), capstyle="projecting", zorder=4)
        )
    key_below(ax, [Line2D([], [], color=INK, linewidth=stroke(2.6), label=say("target {0}", number(target)))])


def _in_words(grid: pd.DataFrame, quantity: str, unit: str, x_label: str, y_label: str, target: float | None) -> str:
    values = grid.to_numpy(float)
    parts = [
        say("Heat map of {0}, in {1}, over {2} and {3}.", quantity, unit, x_label, y_label),
        say("It runs from {0} to {1}.", number(float(values.min())), number(float(values.max()))),
    ]
    if target is not None:
        share = float((values >= target).mean())
        parts.append(say("{0} % of the grid reaches the target of {1}.", number(100 * share, 2), number(target)))
    return " ".join(parts)
