"""Room for what stands around the axes: one measurement where matplotlib's own layout takes two.

The title of a figure with a single axes starts at the left edge of the figure, above the names of rows.
"""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Bbox


class HouseLayout(ConstrainedLayoutEngine):
    """Constrained layout; for a figure with a single axes, what stands around them is measured once only."""

    def execute(self, fig: Figure) -> Any:
        """Put the axes where all that belongs to them lies inside the figure."""
        alone = _alone(fig)
        room = None if alone is None else self._room(fig, alone)
        if alone is None or room is None:
            for ax in fig.axes:
                ax._left_title.set_x(0.0)  # type: ignore[attr-defined]
            return super().execute(fig)
        alone._set_position(room)  # type: ignore[attr-defined]
        across = self._pads()[0] / float(fig.get_size_inches()[0])
        alone._left_title.set_x((across - room.x0) / room.width)  # type: ignore[attr-defined]
        return None

    def _room(self, fig: Figure, ax: Axes) -> Bbox | None:
        """Where the axes go, as parts of the figure; None where nothing would be left of them."""
        around: Any = ax.get_tightbbox(fig._get_renderer(), for_layout_only=True)  # type: ignore[attr-defined]
        frame = ax.get_position(original=True)
        if around is None:
            return None
        drawn = around.transformed(fig.transFigure.inverted())
        across, up = (pad / inches for pad, inches in zip(self._pads(), fig.get_size_inches(), strict=True))
        left, right = across + frame.x0 - drawn.x0, across + drawn.x1 - frame.x1
        below, above = up + frame.y0 - drawn.y0, up + drawn.y1 - frame.y1
        enough = left + right < 1 and below + above < 1
        return Bbox.from_extents(left, below, 1 - right, 1 - above) if enough else None

    def _pads(self) -> tuple[float, float]:
        given = self.get()
        return float(given["w_pad"]), float(given["h_pad"])


def at_edge(figure: Figure) -> bool:
    """Whether the title stands at the left edge of the figure, above all that belongs to its axes."""
    return isinstance(figure.get_layout_engine(), HouseLayout) and _alone(figure) is not None


def _alone(fig: Figure) -> Axes | None:
    """Return the only axes of a figure that holds nothing else to make room for."""
    others = [*fig.legends, *fig.texts, *fig.subfigs]
    axes = fig.axes
    plain = len(axes) == 1 and not others and not fig.get_suptitle()
    return axes[0] if plain and axes[0].get_in_layout() and axes[0].get_aspect() == "auto" else None
