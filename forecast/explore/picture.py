"""The fan chart under the knobs: drawn once as the file has it; then only what moves is drawn again."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image

from forecast.figures import fan
from forecast.figures.layout import HouseLayout
from forecast.figures.saving import few_colours
from forecast.figures.style import DASHES, RED, settings
from forecast.wording import amount, money

_SIZE, _DOTS = (10.0, 5.6), 90
_ROOM = 1.6


@dataclass(frozen=True, eq=False)
class Picture:
    """A fan as the file has it, and on top, in red, the median and the 80 % band of a setting.

    Parameters
    ----------
    table
        Bands as read: `scenario, year, level, value`.
    statements
        Printed numbers: `source, year, value, kind, hedge`.
    scenario
        Whose bands.
    unit
        What the numbers are in.
    """

    table: pd.DataFrame
    statements: pd.DataFrame
    scenario: str
    unit: str
    _still: list[Any] = field(default_factory=list)

    def png(self, bands: pd.DataFrame) -> bytes:
        """The picture with the bands of a setting: index year, one column a level.

        Only the moving parts are drawn, unless they leave the axes: then the axes are widened first.
        """
        if self._widened(bands) or not self._still:
            self._draw_still()
        self._move(bands)
        canvas, axes = self._canvas, self._axes
        canvas.restore_region(self._still[0])  # type: ignore[no-untyped-call]
        for artist in (*self._lines.values(), self._told):
            axes.draw_artist(artist)
        found = io.BytesIO()
        pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
        drawn = Image.fromarray(pixels).convert("RGB")
        if len(self._still) == 1:
            self._still.append(few_colours(drawn))
        few_colours(drawn, self._still[1]).save(found, "png", compress_level=1)
        return found.getvalue()

    @cached_property
    def _axes(self) -> Axes:
        with mpl.rc_context(settings()):
            figure = Figure(figsize=_SIZE, dpi=_DOTS, layout=HouseLayout())
            FigureCanvasAgg(figure)
            axes = figure.subplots()
        fan(self.table, unit=self.unit, statements=self.statements, scenario=self.scenario, ax=axes)
        low, high = axes.get_ylim()
        axes.set_ylim((low / _ROOM, high * _ROOM) if axes.get_yscale() == "log" else (low, high * _ROOM))
        return axes

    @property
    def _canvas(self) -> FigureCanvasAgg:
        canvas = self._axes.get_figure(root=True).canvas  # type: ignore[union-attr]
        assert isinstance(canvas, FigureCanvasAgg)
        return canvas

    @cached_property
    def _lines(self) -> dict[float, Line2D]:
        """Median and edges of the 80 % band of the setting, by level."""
        return {
            level: self._axes.plot([], [], color=RED, linewidth=width, linestyle=dash, animated=True, zorder=7)[0]
            for level, width, dash in ((0.1, 1.6, DASHES[1]), (0.5, 2.6, "-"), (0.9, 1.6, DASHES[1]))
        }

    @cached_property
    def _told(self) -> Text:
        with mpl.rc_context(settings()):
            return self._axes.text(
                0.02, 0.97, "", transform=self._axes.transAxes, va="top", color=RED, fontweight="bold", animated=True
            )

    def words(self, bands: pd.DataFrame) -> str:
        """The last year of a setting's bands in words."""
        last = bands.iloc[-1]
        band = f"{amount(last[0.1])} to {amount(last[0.9])}"
        return f"Your setting, {bands.index[-1]}: {money(last[0.5], self.unit)} (80 % band {band})"

    def _move(self, bands: pd.DataFrame) -> None:
        for level, line in self._lines.items():
            line.set_data(bands.index.to_numpy(float), bands[level].to_numpy())
        self._told.set_text(self.words(bands))

    def _widened(self, bands: pd.DataFrame) -> bool:
        """Whether the value axis had to be widened to hold the bands."""
        low, high = self._axes.get_ylim()
        least, most = float(bands.to_numpy().min()), float(bands.to_numpy().max())
        if low <= least and most <= high:
            return False
        self._axes.set_ylim(min(low, least / _ROOM), max(high, most * _ROOM))
        return True

    def _draw_still(self) -> None:
        _ = (self._lines, self._told)
        with mpl.rc_context(settings()):
            self._canvas.draw()  # type: ignore[no-untyped-call]
        whole = self._axes.figure.bbox
        self._still[:] = [self._canvas.copy_from_bbox(whole)]  # type: ignore[no-untyped-call]
