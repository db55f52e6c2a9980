"""Writing a figure to files: the same figure gives the same bytes, and nothing half-written is left."""

from __future__ import annotations

import html
import io
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.text import Text

from forecast.errors import ArgumentError, OutputError, Problem, did_you_mean
from forecast.figures.alternative import alt_text
from forecast.figures.style import preset, settings

FORMATS = ("png", "svg", "pdf")


def save_figure(
    figure: Figure,
    path_stem: str | Path,
    *,
    formats: Sequence[str] = ("png", "svg"),
    width: str | None = None,
) -> tuple[Path, ...]:
    """Write a figure to one file for each format.

    The files carry no date and no version, so that the same figure gives the same bytes; they carry the figure's
    alternative text. Each file is written beside its place and then moved there.

    Parameters
    ----------
    figure
        Figure to write; it is left as it was.
    path_stem
        Path without the ending, such as "out/figures/fan".
    formats
        Any of "png", "svg", "pdf".
    width
        "slide", "page" or "column": type and size are brought to this preset; None writes the figure as it was drawn.
        Drawing under `house_style(width=...)` gives the better picture.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    ArgumentError
        If there is no such format or width.
    OutputError
        If a file cannot be written there.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise ArgumentError(
            [Problem("format", repr(name), ", ".join(FORMATS), did_you_mean(name, FORMATS)) for name in unknown]
        )
    with at_width(figure, width):
        contents = {name: render(figure, name, width=width) for name in formats}
    return tuple(_write(Path(f"{path_stem}.{name}"), content) for name, content in contents.items())


def render(figure: Figure, name: str, *, width: str | None = None) -> bytes:
    """Return a figure as the bytes of a file of one format."""
    buffer = io.BytesIO()
    text = alt_text(figure)
    metadata: dict[str, dict[str, str | None]] = {
        "png": {"Software": None, "Description": text},
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None, "Subject": text},
    }
    with mpl.rc_context(settings()):
        figure.savefig(buffer, format=name, dpi=preset(width).dots, metadata=metadata[name])
    return _described(buffer.getvalue(), text) if name == "svg" else buffer.getvalue()


def svg_text(figure: Figure, *, prefix: str) -> str:
    """Return a figure as an <svg> element to stand in an HTML page.

    Parameters
    ----------
    figure
        Figure to write.
    prefix
        Put before every id, so that several figures on a page have no id in common.

    Returns
    -------
    str
        The element, with role and label for screen readers, without an XML declaration.
    """
    text = render(figure, "svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', text)
    text = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{prefix}-\2"', text)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", text)


def _described(svg: bytes, text: str) -> bytes:
    label = html.escape(text, quote=True)
    return svg.replace(b"<svg ", f'<svg role="img" aria-label="{label}" '.encode(), 1)


@contextmanager
def at_width(figure: Figure, width: str | None) -> Iterator[None]:
    """Bring a figure to the size and type of a preset for a while."""
    if width is None:
        yield
        return
    wanted = preset(width)
    figure.draw_without_rendering()
    inches, texts = figure.get_size_inches(), _texts(figure)
    sizes = [float(text.get_fontsize()) for text in texts]
    factor = wanted.points / getattr(figure, "type_size", preset().points)
    try:
        figure.set_size_inches(wanted.inches, inches[1] * factor)
        for text, points in zip(texts, sizes, strict=True):
            text.set_fontsize(points * factor)
        yield
    finally:
        figure.set_size_inches(inches[0], inches[1])
        for text, points in zip(texts, sizes, strict=True):
            text.set_fontsize(points)


def _texts(figure: Figure) -> list[Text]:
    return [artist for artist in figure.findobj(Text) if isinstance(artist, Text)]


def _write(path: Path, content: bytes) -> Path:
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        os.replace(beside, path)  # noqa: PTH105 (moves over an existing file on every system)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise OutputError(f"{path}: the figure cannot be written ({error.strerror or error})") from error
    return path
