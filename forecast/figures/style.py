"""The house style: one place for size, type, colour and axes, applied in a local context.

The colours are those of Okabe and Ito, told apart by people with any colour vision; nothing is said by colour
alone (every series also has a marker, a hatch or its name beside it), so that the figures survive a grey printer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike

from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.figures.language import font_families, language, say, word
from forecast.figures.layout import HouseLayout, at_edge
from forecast.figures.lines import broken


@dataclass(frozen=True)
class Width:
    """How wide a figure is, in inches, with the type size in points and the dots per inch that go with it."""

    inches: float
    points: float
    dots: int


WIDTHS = {"slide": Width(10.0, 12.0, 200), "page": Width(7.1, 9.0, 300), "column": Width(3.5, 7.0, 300)}
"""Width presets: across a slide, across a page, one column of two."""

INK, GREY, PALE, RULE = "#1a1a1a", "#5f5f5f", "#9a9a9a", "#dddddd"
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
PALETTE = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY, INK)
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)))

LOG_ABOVE = 10.0
"""A value axis is logarithmic where the values span more than this factor."""

_WIDTH: ContextVar[str] = ContextVar("forecast_figure_width", default="slide")
_BOLD = 0.68
"""Width of a letter of the title, in type sizes."""

_ABOUT: ContextVar[str] = ContextVar("forecast_figure_about", default="")


def preset(width: str | None = None) -> Width:
    """Return a width preset by name, or the current one."""
    name = _WIDTH.get() if width is None else width
    if name not in WIDTHS:
        raise ArgumentError(Problem("width", repr(name), ", ".join(WIDTHS), did_you_mean(str(name), list(WIDTHS))))
    return WIDTHS[name]


@contextmanager
def house_style(*, width: str | None = None, language: str | None = None, about: str | None = None) -> Iterator[None]:
    """Draw figures at another width, in another language, or with the name of their subject in every title.

    Parameters
    ----------
    width
        "slide", "page" or "column"; None keeps the current one.
    language
        "en" or "zh-Hant"; None keeps the current one.
    about
        What the figures are about, such as the title of a case, put before every title; "" for nothing, None keeps
        the current one.

    Raises
    ------
    ArgumentError
        If there is no such width or language.
    MissingDependencyError
        If no font on this machine has the language's characters.

    Examples
    --------
    >>> with house_style(width="column"):
    ...     preset().inches
    3.5
    """
    preset(width)
    tokens = [(own, own.set(own.get() if new is None else new)) for own, new in ((_WIDTH, width), (_ABOUT, about))]
    try:
        with _spoken(language):
            yield
    finally:
        for own, token in tokens:
            own.reset(token)


@contextmanager
def _spoken(name: str | None) -> Iterator[None]:
    with language(name):
        yield


def about() -> str:
    """What the figures are about, as `house_style` has it."""
    return _ABOUT.get()


def settings() -> Any:
    """Return the matplotlib settings of the current width and language."""
    points = preset().points
    return {
        "font.family": font_families(),
        "font.size": points,
        "figure.max_open_warning": 0,
        "axes.titlesize": points * 1.1,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlecolor": INK,
        "axes.labelsize": points * 0.9,
        "axes.labelcolor": GREY,
        "axes.edgecolor": PALE,
        "axes.linewidth": 0.8,
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "axes.facecolor": "white",
        "figure.facecolor": "white",
        "text.color": INK,
        "text.usetex": False,
        "text.parse_math": False,
        "text.hinting": "none",
        "xtick.labelsize": points * 0.9,
        "ytick.labelsize": points * 0.9,
        "xtick.color": PALE,
        "ytick.color": PALE,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "grid.color": RULE,
        "grid.linewidth": 0.7,
        "hatch.linewidth": 0.6,
        "lines.linewidth": stroke(1.8),
        "lines.markersize": points * 0.6,
        "legend.frameon": False,
        "legend.fontsize": points * 0.85,
        "path.simplify": True,
        "svg.hashsalt": "forecast",
        "svg.fonttype": "path",
    }


@contextmanager
def drawing(ax: Axes | None, *, rows: float | None = None) -> Iterator[Axes]:
    """Give the axes to draw on, inside the house style.

    Parameters
    ----------
    ax
        The caller's axes; None makes a figure of its own.
    rows
        Number of text rows that the figure needs below one another; sets the height of its own figure.

    Yields
    ------
    Axes
        `ax`, or the new axes.
    """
    with mpl.rc_context(settings()):
        axes = dressed(_new_axes(rows) if ax is None else ax)
        figure_of(axes).type_size = preset().points  # type: ignore[attr-defined]
        yield axes


def _new_axes(rows: float | None) -> Axes:
    size = preset()
    widescreen = size.inches * 0.56
    squarish = size.points * 0.46
    height = (
        min(max(widescreen, squarish), 5.6)
        if rows is None
        else max((rows * 2.05 + (9 if narrow() else 5.5)) * size.points / 72, 0.26 * size.inches)
    )
    return _new_figure((size.inches, height)).add_subplot()


def _new_figure(inches: tuple[float, float]) -> Figure:
    """Return a figure of pyplot's, or a plain one where its backend needs a display that is not there."""
    import matplotlib.pyplot as plt

    try:
        return plt.figure(figsize=inches, layout=HouseLayout())
    except ImportError:
        return Figure(figsize=inches, layout=HouseLayout())


def dressed(ax: Axes) -> Axes:
    """Set on axes what a style context does not reach, because they or their ticks are made elsewhere."""
    ax.set_facecolor("white")
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(PALE)
    points = preset().points
    for axis in ("x", "y"):
        ax.tick_params(axis=axis, color=PALE, labelcolor=INK, labelsize=points * 0.9, labelfontfamily=font_families())
    return ax


def size(factor: float = 1.0) -> float:
    """Type size in points at the current width."""
    return preset().points * factor


def narrow() -> bool:
    """Whether the current width is that of a column."""
    return preset().inches < 5


def stroke(points: float) -> float:
    """Width of a line, brought from slide size to the current width."""
    return points * preset().points / WIDTHS["slide"].points


def own_title(ax: Axes, title: str, *, lift: float = 1.4) -> None:
    """Write the title, left and bold, in lines that the axes have room for, so many letters above them.

    What the figures are about stands before it, where `house_style` has said so.
    """
    text = f"{word(about())} · {title}" if about() else title
    figure = figure_of(ax)
    across = figure.bbox.width if at_edge(figure) else ax.get_window_extent().width
    letters = max(12.0, 0.95 * 72 * across / figure.dpi / size(_BOLD))
    ax.set_title("\n".join(broken(text, letters)), loc="left", pad=size(lift))


def in_unit(text: str, unit: str) -> str:
    """Say after a text in which unit it is; years speak for themselves.

    Examples
    --------
    >>> in_unit("Market", "USD bn"), in_unit("First year above 50", "year")
    ('Market, USD bn', 'First year above 50')
    """
    return say("{0}, {1}", text, unit) if unit and unit != "year" else text


def full_title(text: str, *, scenario: str = "", unit: str = "") -> str:
    """Say with a title which scenario it is about, and in which unit.

    Examples
    --------
    >>> full_title("Projection", scenario="base", unit="USD bn"), full_title("First year above 50", unit="year")
    ('Projection, scenario base (USD bn)', 'First year above 50')
    """
    text = say("{0}, scenario {1}", text, word(scenario)) if scenario else text
    return say("{0} ({1})", text, word(unit)) if unit and unit != "year" else text


def spans_decades(values: ArrayLike) -> bool:
    """Whether values call for a logarithmic axis: all positive, and more than tenfold apart.

    Examples
    --------
    >>> spans_decades([4, 50]), spans_decades([20, 50]), spans_decades([0, 50])
    (True, False, False)
    """
    given = np.asarray(values, float)
    finite = given[np.isfinite(given)]
    return bool(finite.size and finite.min() > 0 and finite.max() / finite.min() > LOG_ABOVE)


def value_axis(ax: Axes, which: str, values: ArrayLike, label: str, *, unit: str = "") -> bool:
    """Scale and label the axis that carries values; logarithmic where they span more than tenfold.

    Parameters
    ----------
    ax
        Axes to set up.
    which
        "x" or "y".
    values
        All that is going to be drawn.
    label
        What the values are, with their unit where `unit` is not given.
    unit
        Their unit, put after the label; years need none.

    Returns
    -------
    bool
        Whether the axis is logarithmic.
    """
    logarithmic = spans_decades(values)
    label = in_unit(label, unit)
    axis: Axis = ax.xaxis if which == "x" else ax.yaxis
    if logarithmic:
        (ax.set_xscale if which == "x" else ax.set_yscale)("log")
        _log_ticks(axis, np.asarray(values, float), sparse=which == "x" and narrow())
        label = say("{0} (log axis)", label).strip()
    else:
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    years = unit == "year"
    axis.set_major_formatter(FuncFormatter(year_tick if years else number_tick))
    axis.set_label_text(label)
    ax.grid(axis="x" if which == "x" else "y", visible=True)
    return logarithmic


def _log_ticks(axis: Axis, values: np.ndarray[Any, Any], *, sparse: bool) -> None:
    decades = float(np.log10(np.nanmax(values) / np.nanmin(values)))
    within = (1.0, 3.0) if sparse else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=within if decades < 3 else (1.0,)))
    axis.set_minor_locator(NullLocator())


def year_axis(ax: Axes, years: ArrayLike, *, share: float = 1.0) -> None:
    """Put whole years on the x axis, every one where there is room; the axes have a share of the usual width."""
    given = np.unique(np.asarray(years, float))
    room = preset().inches / preset().points * 18 * share
    step = next((s for s in (1, 2, 5, 10, 20) if (given[-1] - given[0]) / s < room), 50)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True) if step == 50 else _EveryYears(step, given[0], given[-1]))
    ax.xaxis.set_major_formatter(FuncFormatter(year_tick))


def room_right(ax: Axes, years: ArrayLike, letters: int) -> None:
    """Leave room for so many letters to the right of the last year."""
    given = np.asarray(years, float)
    share = min(0.45, (letters + 4) * size(0.5) / (preset().inches * 72 * 0.85))
    span = max(float(given.max() - given.min()), 1.0)
    ax.set_xlim(float(given.min()) - 0.02 * span, float(given.max()) + span * share / (1 - share))


class _EveryYears(MaxNLocator):
    """Ticks at every `step` years, between two years only."""

    def __init__(self, step: int, first: float, last: float) -> None:
        super().__init__(integer=True)
        start = np.ceil(first / step) * step if step >= 5 else last - step * np.floor((last - first) / step)
        self._ticks = np.arange(start, last + 1e-9, step)

    def tick_values(self, vmin: float, vmax: float) -> Any:
        return self._ticks[(self._ticks >= vmin - 1e-9) & (self._ticks <= vmax + 1e-9)]


def number(value: float, digits: int = 3) -> str:
    """Write a number with as many digits as a reader can use.

    Examples
    --------
    >>> [number(v) for v in (72.7902, 189.188, 22.75, 4.0911, 0.2149, 28176, 0, 50.0, -3.14159)]
    ['72.8', '189', '22.8', '4.1', '0.215', '28,200', '0', '50', '−3.1']
    """
    if not np.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    spare = digits - 1 - int(np.floor(np.log10(abs(value))))
    places = max(0, min(spare, 1) if abs(value) >= 1 else spare)
    text = f"{round(value, min(spare, 0)) if spare < 0 else value:,.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def plain(value: float) -> str:
    """Write a number with all its digits, for the ticks of an axis.

    Examples
    --------
    >>> plain(0.25), plain(-1250.0)
    ('0.25', '−1,250')
    """
    return f"{value:,.10g}".replace("-", "−")


def amount(value: float, unit: str) -> str:
    """Write a number of a unit: years as years, all else with as many digits as a reader can use.

    Examples
    --------
    >>> amount(2027.36, "year"), amount(72.79, "USD bn")
    ('2027.4', '72.8')
    """
    return f"{value:.1f}" if unit == "year" else number(value)


def number_tick(value: float, _: int | None = None) -> str:
    """Write a number at a tick; a function of its own, so that a figure can be pickled."""
    return plain(value)


def year_tick(value: float, _: int | None = None) -> str:
    """Write a year, or a part of one, at a tick."""
    return f"{value:.10g}"


def percent(fraction: float, digits: int = 2) -> str:
    """Write a fraction as a percentage.

    Examples
    --------
    >>> percent(0.702), percent(0.1841, 3), percent(0.00432), percent(1), percent(0.0003)
    ('70 %', '18.4 %', '0.4 %', '100 %', '<0.1 %')
    """
    if 0 < fraction < 0.0005:
        return "<0.1 %"
    return number(100 * fraction, 1 if abs(fraction) < 0.01 else digits) + " %"


def interval(low: float, high: float, digits: int = 3) -> str:
    """Write a range of numbers.

    Examples
    --------
    >>> interval(11.3484, 46.557)
    '11.3–46.6'
    """
    return f"{number(low, digits)}–{number(high, digits)}"


def darker(color: str) -> str:
    """Return a colour dark enough to be read as type on white."""
    red, green, blue = to_rgb(color)
    luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    keep = min(1.0, (0.16 / max(luminance, 1e-9)) ** (1 / 2.2))
    return to_hex((red * keep, green * keep, blue * keep))


def key_below(ax: Axes, handles: Sequence[Artist], *, title: str = "") -> None:
    """Write the key below the axes, its tick labels and its label."""
    longest = max((len(str(handle.get_label())) for handle in handles), default=0)
    columns = (1 if longest > 20 else 2) if narrow() else 6
    lines = 1.9 + 1.7 * bool(ax.get_xlabel()) if ax.xaxis.get_ticks_position() in ("bottom", "default") else 0.4
    figure: Any = ax.get_figure()
    drop = ax.transAxes + ScaledTranslation(0, -size(lines) / 72, figure.dpi_scale_trans)
    ax.legend(
        handles=list(handles), loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=drop, ncols=columns,
        borderaxespad=0.2, borderpad=0.1, handlelength=1.5, columnspacing=1.3, title=title or None,
        title_fontsize=size(0.8), alignment="left",
    )  # fmt: skip


def settle(figure: Figure) -> None:
    """Put the axes of a figure where its layout wants them, without drawing them."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)


def figure_of(ax: Axes) -> Figure:
    """Return the outermost figure of an axes."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ArgumentError(Problem("ax", "axes without a figure", "axes of a figure"))
    return figure
