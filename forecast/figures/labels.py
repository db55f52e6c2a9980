"""Labels that keep out of each other's way: beside points, and at the right end of lines.

Both are artists that find their places when they are drawn, so that they are right at any size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox, IdentityTransform
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from forecast.figures.language import font_families
from forecast.figures.style import INK, darker, figure_of, settle, size

Array = NDArray[np.float64]


LONGEST = 60
"""Labels longer than this are cut in the middle, so that the number at their end stays."""


CROWD = 14
"""Above this number of labels they are written smaller."""


@dataclass(frozen=True)
class Label:
    """A text that belongs to a point given in data coordinates."""

    x: float
    y: float
    text: str
    color: str = INK
    bold: bool = False


def label_points(
    ax: Axes, labels: Sequence[Label], *, avoid: Sequence[tuple[float, float]] = (), points: float | None = None
) -> PointLabels:
    """Write each label beside its point, off the other labels, the points and the places to avoid.

    Parameters
    ----------
    ax
        Axes to write on; its limits must have been set.
    labels
        Labels, the most important first: they choose their places in this order.
    avoid
        Further places (x, y), in data coordinates, on which nothing should be written, such as those of a line.
    points
        Type size.
    """
    crowding = min(1.0, (CROWD / max(len(labels), 1)) ** 0.5)
    artist = PointLabels(ax, labels, avoid, size(0.8) * crowding if points is None else points)
    ax.add_artist(artist)
    artist.set_clip_on(False)
    return artist


def label_ends(ax: Axes, labels: Sequence[Label], *, points: float | None = None) -> EndLabels:
    """Write each label at the right edge, at its own height where there is room, else moved as little as possible."""
    artist = EndLabels(ax, labels, size(0.85) if points is None else points)
    ax.add_artist(artist)
    artist.set_clip_on(False)
    return artist


def _short(text: str) -> str:
    """Cut a label that is no label but a page."""
    longest = max(map(len, text.split("\n")))
    return text if longest <= LONGEST else text[: LONGEST // 2].rstrip() + " … " + text[-12:].lstrip()


def _parent(ax: Axes) -> Any:
    return ax.get_figure()


class _Labels(Artist):
    """Texts with leader lines, placed in pixels each time they are drawn."""

    def __init__(self, ax: Axes, labels: Sequence[Label], points: float) -> None:
        super().__init__()
        self._parent = _parent(ax)
        self.set_figure(self._parent)
        self.axes = ax
        self.set_zorder(8)
        self._labels = tuple(labels)
        self._texts = [self._text(label, points) for label in labels]
        self._leaders = [Line2D([], [], color=label.color, linewidth=0.6, alpha=0.7) for label in labels]
        for leader in self._leaders:
            leader.set_figure(self._parent)

    def _text(self, label: Label, points: float) -> Text:
        weight = "bold" if label.bold else "normal"
        text = Text(
            0, 0, _short(label.text), color=darker(label.color), fontsize=points, fontweight=weight, linespacing=1.1
        )
        text.set_fontfamily(font_families())
        text.set_figure(self._parent)
        text.set_transform(IdentityTransform())
        text.set_verticalalignment("center")
        return text

    def get_children(self) -> list[Artist]:
        return [*self._leaders, *self._texts]

    def _anchors(self) -> Array:
        """Pixels of the points, shape (labels, 2)."""
        assert self.axes is not None
        return np.asarray(self.axes.transData.transform([(label.x, label.y) for label in self._labels]), float)

    def place(self, renderer: RendererBase) -> None:
        raise NotImplementedError

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or not self._labels:
            return
        self.place(renderer)
        for child in self.get_children():
            child.draw(renderer)

    def get_window_extent(self, renderer: RendererBase | None = None) -> Bbox:
        if not self._labels:
            return Bbox.null()
        active = renderer or self._renderer()
        self.place(active)
        return Bbox.union([text.get_window_extent(active) for text in self._texts])

    def get_tightbbox(self, renderer: RendererBase | None = None) -> Bbox:
        return self.get_window_extent(renderer)

    def _renderer(self) -> RendererBase:
        figure: Any = self.get_figure(root=True)
        renderer: RendererBase = figure._get_renderer()
        return renderer

    def _unit(self, renderer: RendererBase) -> float:
        """Type size in pixels."""
        return float(self._texts[0].get_fontsize()) * float(renderer.points_to_pixels(1.0))  # type: ignore[arg-type]

    def _lead(self, index: int, start: ArrayLike, end: ArrayLike) -> None:
        self._leaders[index].set_data(*np.asarray([start, end], float).T)


class EndLabels(_Labels):
    """Labels to the right of the axes."""

    def place(self, renderer: RendererBase) -> None:
        assert self.axes is not None
        frame = self.axes.get_window_extent(renderer)
        extents = [text.get_window_extent(renderer) for text in self._texts]
        anchors = self._anchors()
        order = np.argsort(anchors[:, 1], kind="stable")
        heights = np.array([extents[index].height for index in order]) * 1.12
        centres = spread(anchors[order, 1], heights, frame.y0 - heights[0] / 2, frame.y1 + heights[-1] / 2)
        gap = self._unit(renderer)
        for index, centre in zip(order, centres, strict=True):
            self._texts[index].set_position((frame.x1 + gap, centre))
            moved = abs(centre - anchors[index, 1]) > 0.3 * gap
            start = (frame.x1 + gap * 0.15, anchors[index, 1])
            self._lead(index, start, (frame.x1 + gap * 0.85, centre) if moved else start)


def spread(wanted: Array, heights: Array, low: float, high: float) -> Array:
    """Move intervals apart so that none overlap, by the least sum of squared moves, inside low..high.

    Parameters
    ----------
    wanted
        Wanted centres, ascending, shape (n,).
    heights
        Length of each interval, shape (n,).
    low, high
        Bounds of the whole.

    Examples
    --------
    >>> spread(np.array([1.0, 1.2, 9.0]), np.ones(3), 0.0, 10.0).tolist()
    [0.6, 1.6, 9.0]
    """
    offsets = np.cumsum(heights) - heights / 2
    moved = isotonic_regression(np.asarray(wanted, float) - offsets).x
    return np.clip(moved, low, max(low, high - heights.sum())) + offsets


_ANGLES = np.radians([0, 35, -35, 90, -90, 145, -145, 180, 65, -65, 115, -115])
_DISTANCES = np.array([0.75, 1.3, 2.0, 3.0, 4.2, 5.6, 8.0, 11.0])
_SECOND_THOUGHTS = 4
_ROUNDS = 30


class PointLabels(_Labels):
    """Labels beside points, inside the axes."""

    def __init__(self, ax: Axes, labels: Sequence[Label], avoid: Sequence[tuple[float, float]], points: float) -> None:
        super().__init__(ax, labels, points)
        self._avoid = np.asarray(list(avoid), float).reshape(-1, 2)
        for text in self._texts:
            text.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.65, "pad": 0.06 * points})
        self.set_in_layout(False)

    def place(self, renderer: RendererBase) -> None:
        assert self.axes is not None
        anchors, unit = self._anchors(), self._unit(renderer)
        frame = np.asarray(self.axes.get_window_extent(renderer).extents, float)
        lines = np.asarray(self.axes.transData.transform(self._avoid), float).reshape(-1, 2)
        written = [np.asarray(text.get_window_extent(renderer).extents, float) for text in self.axes.texts]
        choices = []
        for index, text in enumerate(self._texts):
            extent = text.get_window_extent(renderer)
            boxes, costs = _boxes(anchors[index], extent.width, extent.height, unit)
            costs += _covered(boxes, unit, frame, anchors, lines) + 15 * _crossed(
                anchors[index], boxes, np.delete(anchors, index, axis=0), unit
            )
            choices.append((boxes, costs + _clashes(boxes, np.reshape(written, (-1, 4)), unit)))
        for index, box in enumerate(_settle(choices, unit)):
            self._texts[index].set_horizontalalignment("left")
            self._texts[index].set_position((box[0], (box[1] + box[3]) / 2))
            self._join(index, anchors[index], box, unit)

    def _join(self, index: int, anchor: Array, box: Array, unit: float) -> None:
        nearest = np.clip(anchor, box[:2], box[2:])
        far = float(np.hypot(*(nearest - anchor))) > unit
        self._lead(index, anchor if far else nearest, nearest)


def _boxes(anchor: Array, width: float, height: float, unit: float) -> tuple[Array, Array]:
    """Boxes around an anchor, nearest first, as x0, y0, x1, y1, and the cost of their distance and direction."""
    distance, angle = (part.ravel() for part in np.meshgrid(_DISTANCES, _ANGLES, indexing="ij"))
    across, up = np.cos(angle).round(9), np.sin(angle).round(9)
    left = anchor[0] + unit * distance * across - width * np.select([across < 0, across == 0], [1.0, 0.5], 0.0)
    middle = anchor[1] + unit * distance * up + np.sign(up) * height / 2
    boxes = np.column_stack([left, middle - height / 2, left + width, middle + height / 2])
    return boxes, 3.0 * distance + 0.15 * np.tile(np.arange(_ANGLES.size), _DISTANCES.size)


def _settle(choices: Sequence[tuple[Array, Array]], unit: float) -> list[Array]:
    """Choose a box for each label in turn, then let each choose again among where the others went."""
    chosen: list[Array] = []
    for boxes, costs in choices:
        chosen.append(boxes[np.argmin(costs + _clashes(boxes, np.reshape(chosen, (-1, 4)), unit))])
    for _ in range(_SECOND_THOUGHTS):
        before = [*chosen]
        for index, (boxes, costs) in enumerate(choices):
            others = np.reshape([*chosen[:index], *chosen[index + 1 :]], (-1, 4))
            chosen[index] = boxes[np.argmin(costs + _clashes(boxes, others, unit))]
        if np.array_equal(before, chosen):
            break
    return chosen


def _covered(boxes: Array, unit: float, frame: Array, marks: Array, lines: Array) -> Array:
    """Cost of what each box covers: room outside the frame, marks, lines."""
    pad = unit * np.array([-1.0, -1.0, 1.0, 1.0])
    room = boxes + 0.2 * pad
    outside = np.maximum(frame[:2] - room[:, :2], 0).sum(axis=1) + np.maximum(room[:, 2:] - frame[2:], 0).sum(axis=1)
    cost: Array = 150 * outside / unit + 40 * _inside(marks, boxes + 0.48 * pad) + 2 * _inside(lines, room)
    return cost


def _clashes(boxes: Array, taken: Array, unit: float) -> Array:
    """Cost of the labels that each box lies on."""
    room = boxes + 0.2 * unit * np.array([-1.0, -1.0, 1.0, 1.0])
    apart = (room[:, None, :2] >= taken[None, :, 2:]) | (room[:, None, 2:] <= taken[None, :, :2])
    return 120.0 * (~apart.any(axis=2)).sum(axis=1)


def _crossed(anchor: Array, boxes: Array, others: Array, unit: float) -> Array:
    """Count the other marks that the line from an anchor to each box runs over."""
    nearest = np.clip(anchor, boxes[:, :2], boxes[:, 2:])
    steps = anchor + np.linspace(0.25, 1, 4)[:, None, None] * (nearest - anchor)
    gaps = np.linalg.norm(steps[:, :, None] - others, axis=3)
    return (gaps < 0.6 * unit).any(axis=0).sum(axis=1).astype(float)


def _inside(points: Array, boxes: Array) -> Array:
    """Count the points in each box."""
    above, below = points[None] > boxes[:, None, :2], points[None] < boxes[:, None, 2:]
    return (above & below).all(axis=2).sum(axis=1).astype(float)


def shrink_to_cells(ax: Axes, texts: Sequence[Text], share: float) -> float:
    """Make texts, all of one size, small enough to fit a share of one unit of the x axis; return by what factor."""
    renderer: Any = figure_of(ax)._get_renderer()  # type: ignore[attr-defined]
    settle(figure_of(ax))
    left, right = ax.transData.transform([(0, 0), (1, 0)])[:, 0]
    widest = max(text.get_window_extent(renderer).width for text in texts)
    factor = min(1.0, share * abs(right - left) / widest)
    for text in texts:
        text.set_fontsize(text.get_fontsize() * factor)
    return factor


def make_room(ax: Axes, texts: Sequence[Annotation]) -> None:
    """Widen the x axis until texts at the ends of bars lie inside it; not where there is no hope."""
    settle(figure_of(ax))
    renderer: Any = figure_of(ax)._get_renderer()  # type: ignore[attr-defined]
    frame, extents = ax.get_window_extent(renderer), [text.get_window_extent(renderer) for text in texts]
    if max(extent.width for extent in extents) > 0.45 * frame.width:
        return
    places = ax.transData.transform([(float(text.xy[0]), 0.0) for text in texts])[:, 0]
    spans = np.array([(extent.x0, extent.x1) for extent in extents]) - places[:, None]
    left, right = frame.x0, frame.x1
    for _ in range(_ROUNDS):
        reach = places[:, None] + spans * (right - left) / frame.width
        left, right = min(frame.x0, reach.min()), max(frame.x1, reach.max())
    ends = ax.transData.inverted().transform([(left, frame.y0), (right, frame.y0)])
    ax.set_xlim(ends[0, 0], ends[1, 0])
