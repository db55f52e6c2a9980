"""Labels keep out of each other's way."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from forecast.figures.labels import Label, label_ends, label_points, spread
from forecast.figures.style import GREY, INK, PALETTE, darker

lengths = st.floats(0.5, 3.0)
places = st.floats(0.0, 20.0)


@given(st.lists(st.tuples(places, lengths), min_size=1, max_size=8))
def test_spread_keeps_order_and_leaves_no_overlap(pairs):
    wanted, heights = (np.array(part) for part in zip(*sorted(pairs), strict=True))
    centres = spread(wanted, heights, 0.0, 40.0)
    gaps = np.diff(centres) - (heights[1:] + heights[:-1]) / 2
    assert (gaps > -1e-9).all()
    assert centres[0] - heights[0] / 2 > -1e-9
    assert centres[-1] + heights[-1] / 2 < 40 + 1e-9


def test_spread_moves_nothing_that_has_room():
    wanted = np.array([2.0, 5.0, 9.0])
    assert_allclose(spread(wanted, np.ones(3), 0, 10), wanted)


@pytest.mark.parametrize("crowd", [1, 6, 14])
def test_labels_of_points_lie_beside_each_other_and_inside(crowd):
    figure = Figure(figsize=(8, 5))
    ax = figure.add_subplot()
    rng = np.random.default_rng(crowd)
    points = rng.normal(5, 1.2, (crowd, 2)).clip(1, 9)
    ax.plot(*points.T, "o")
    ax.set(xlim=(0, 10), ylim=(0, 10))
    labels = [Label(x, y, f"publisher {number}") for number, (x, y) in enumerate(points)]
    artist = label_points(ax, labels)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in artist.get_children()[crowd:]]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert all(ax.bbox.x0 <= box.x0 and box.x1 <= ax.bbox.x1 for box in boxes)
    assert not any(box.contains(*pixel) for box in boxes for pixel in ax.transData.transform(points))


def test_labels_of_ends_make_room_beside_the_axes():
    figure = Figure(figsize=(8, 5), layout="constrained")
    ax = figure.add_subplot()
    ax.plot([0, 1], [0, 1])
    artist = label_ends(ax, [Label(1, 1, "a long name at the end"), Label(1, 0.99, "another")])
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in artist.get_children()[2:]]
    assert max(box.x1 for box in boxes) <= figure.bbox.x1
    assert not boxes[0].overlaps(boxes[1])


@pytest.mark.parametrize("color", [*PALETTE, INK, GREY])
def test_type_is_dark_enough_to_read(color):
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(darker(color))]
    luminance = np.dot(parts, [0.2126, 0.7152, 0.0722])
    assert 1.05 / (luminance + 0.05) >= 4.5
