"""Coverage by horizon: how often the bands held what came."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter
from scipy.special import betaincinv

from forecast.errors import ArgumentError, Problem
from forecast.figures.alternative import describe
from forecast.figures.labels import Label, label_ends
from forecast.figures.language import say
from forecast.figures.style import DASHES, GREY, MARKERS, PALETTE, drawing, own_title, percent, size, stroke
from forecast.figures.tables import checked, records


def coverage(table: pd.DataFrame, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the share of outcomes inside each band by horizon, with its own 90 % interval, against what it promised.

    The interval is that of Clopper and Pearson.

    Parameters
    ----------
    table
        One row a band and horizon: `level`, the share that the band promises (0.8 for P10 to P90); `horizon` in
        years; `inside`, the number of outcomes inside the band; `count`, the number of outcomes.
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

    References
    ----------
    Clopper, C. J. and Pearson, E. S. (1934), "The use of confidence or fiducial limits", doi:10.1093/biomet/26.4.404.

    Examples
    --------
    >>> table = pd.DataFrame({"level": 0.8, "horizon": [1, 2], "inside": [15, 12], "count": [20, 18]})
    >>> coverage(table).get_xlabel()
    'years ahead (number of outcomes)'
    """
    rows = checked(table, "coverage", numbers=["level", "horizon", "inside", "count"])
    _check(rows)
    horizons = sorted(rows["horizon"].unique())
    with drawing(ax) as axes:
        bands = [(float(level), own.sort_values("horizon")) for level, own in rows.groupby("level")]  # type: ignore[arg-type]
        labels = [_draw_band(axes, place, level, own, len(bands)) for place, (level, own) in enumerate(bands)]
        axes.set_xlim(horizons[0] - 0.4, horizons[-1] + 0.4)
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
        counts = rows.groupby("horizon")["count"].max()
        axes.set_xticks(horizons, [f"{ahead:g}\n({count:.0f})" for ahead, count in counts.items()])
        axes.set_xlabel(say("years ahead (number of outcomes)"))
        axes.set_ylabel(say("outcomes inside the band"))
        label_ends(axes, labels)
        own_title(axes, title or say("How often the bands held what came"))
        describe(axes, _in_words(rows))
    return axes


def _check(rows: pd.DataFrame) -> None:
    problems = [
        Problem(f"coverage: row {row}", f"{given.inside:g} of {given.count_:g} inside a {given.level:g} band",
                "a level above 0 and below 1, and 0 to count outcomes inside, count above 0")
        for row, given in enumerate(records(rows.rename(columns={"count": "count_"})))
        if not (0 < given.level < 1 and 0 <= given.inside <= given.count_ and given.count_ > 0)
    ]  # fmt: skip
    if problems:
        raise ArgumentError(problems)


def _draw_band(ax: Axes, place: int, level: float, own: pd.DataFrame, bands: int) -> Label:
    color, shift = PALETTE[place % len(PALETTE)], 0.12 * (place - (bands - 1) / 2)
    ax.axhline(level, color=color, linewidth=stroke(1.2), linestyle=DASHES[1 + place % 3], zorder=2)
    at, share = own["horizon"] + shift, own["inside"] / own["count"]
    for x, row in zip(at, records(own.rename(columns={"count": "count_"})), strict=True):
        ax.plot([x, x], _interval(row), color=color, linewidth=stroke(1.4), zorder=3)
    ax.plot(at, share, color=color, marker=MARKERS[place % len(MARKERS)], linestyle="", markersize=size(0.6), zorder=4)
    return Label(
        float(own["horizon"].max()) + 0.4, level, say("{0} promised", percent(level)), color if bands > 1 else GREY
    )


def _interval(row: Any) -> tuple[float, float]:
    out = row.count_ - row.inside
    low = 0.0 if row.inside == 0 else float(betaincinv(row.inside, out + 1, 0.05))
    return low, 1.0 if out == 0 else float(betaincinv(row.inside + 1, out, 0.95))


def _in_words(rows: pd.DataFrame) -> str:
    totals = rows.groupby("level")[["inside", "count"]].sum()
    parts = [
        say("The {0} band held {1} of {2} outcomes ({3}).", percent(float(level)), f"{inside:.0f}", f"{count:.0f}",
            percent(inside / count))
        for level, inside, count in totals.itertuples()
    ]  # fmt: skip
    return " ".join([say("Coverage of bands by horizon."), *parts])
