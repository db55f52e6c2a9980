"""Bars of shares: the drawing of results that have one number an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def bars(table: pd.DataFrame, *, title: str, ax: Axes | None = None) -> Axes:
    """Draw one bar an input, longest first, with its share.

    Parameters
    ----------
    table
        `input, kind, share`, in the order to draw; shares as fractions.
    title
        Title.
    ax
        Axes to draw on; None makes a figure.
    """
    from forecast.figures.rows import name_rows
    from forecast.figures.style import BLUE, drawing, own_title, percent, size

    with drawing(ax, rows=len(table) + 1) as axes:
        axes.barh(range(len(table)), table["share"], height=0.55, color=BLUE, zorder=2)
        for place, share in enumerate(table["share"]):
            axes.annotate(percent(share), (max(share, 0), place), xytext=(size(0.35), 0),
                          textcoords="offset points", va="center", fontsize=size(0.8))  # fmt: skip
        name_rows(axes, table["input"].tolist(), table["kind"].tolist())
        axes.set_xlabel("share of the variance")
        axes.set_xlim(0, 1.15 * max(float(table["share"].max()), 1e-9))
        own_title(axes, title)
    return axes
