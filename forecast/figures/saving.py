"""Writing a figure to files: the same figure gives the same bytes, and nothing half-written is left."""

from __future__ import annotations

import html
import io
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

from forecast.errors import ArgumentError, OutputError, Problem, did_you_mean
from forecast.figures.alternative import alt_text
from forecast.figures.style import WIDTHS, preset, settings, settle

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("png", "svg", "pdf")

_NEARLY_WHITE = 254
"""What white becomes where 256 colours stand for all."""

LEAST_POINTS = 6.0
"""Smaller type is not saved: nobody could read it."""


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
        "slide", "page" or "column": the picture is brought to this width as it is, type and all; None keeps its own.
        A narrow picture is better drawn under `house_style(width=...)`, with type for that width. A PDF keeps its size.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    ArgumentError
        If there is no such format or width, or the type would be too small to read at that width.
    OutputError
        If a file cannot be written there.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise ArgumentError(
            [Problem("format", repr(name), ", ".join(FORMATS), did_you_mean(name, FORMATS)) for name in unknown]
        )
    scale = _scale(figure, width)
    with laid_out(figure):
        contents = {name: render(figure, name, scale=scale) for name in formats}
    return tuple(_write(Path(f"{path_stem}.{name}"), content) for name, content in contents.items())


@contextmanager
def laid_out(figure: Figure) -> Iterator[None]:
    """Lay a figure out once, and keep that layout for every format."""
    engine = figure.get_layout_engine()
    if engine is not None:
        with mpl.rc_context(settings()):
            settle(figure)
        with mpl.rc_context({"figure.autolayout": False, "figure.constrained_layout.use": False}):
            figure.set_layout_engine(None)
    try:
        yield
    finally:
        if engine is not None:
            figure.set_layout_engine(engine)


def _scale(figure: Figure, width: str | None) -> float:
    """By how much a figure grows when it is brought to a width."""
    if width is None:
        return 1.0
    scale = preset(width).inches / float(figure.get_size_inches()[0])
    points = getattr(figure, "type_size", preset().points) * scale
    if points < LEAST_POINTS:
        found = f"'{width}' for a figure drawn wider: its type would have {points:.1f} points"
        remedy = f"draw it inside house_style(width='{width}')"
        raise ArgumentError(Problem("width", found, f"type of at least {LEAST_POINTS:g} points", remedy))
    return scale


def render(figure: Figure, name: str, *, scale: float = 1.0) -> bytes:
    """Return a figure, made so much larger, as the bytes of a file of one format."""
    buffer = io.BytesIO()
    text, dots = alt_text(figure), _dots(figure, scale)
    metadata: dict[str, dict[str, str | None]] = {
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None, "Subject": text},
    }
    with mpl.rc_context(settings()):
        if name == "png":
            return _png(figure, dots, dots * scale, text)
        figure.savefig(buffer, format=name, dpi=dots * scale, metadata=metadata[name])
    return _described(_sized(buffer.getvalue(), scale), text) if name == "svg" else buffer.getvalue()


def _png(figure: Figure, dots: int, drawn_dots: float, text: str) -> bytes:
    """Return a picture of at most 256 colours, a third of the size of one of all colours."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    raw, buffer, said = io.BytesIO(), io.BytesIO(), PngInfo()
    figure.savefig(raw, format="rgba", dpi=drawn_dots)
    across, up = (int(inches * drawn_dots) for inches in figure.get_size_inches())
    picture = Image.frombuffer("RGBA", (across, up), raw.getvalue(), "raw", "RGBA", 0, 1)
    if picture.getchannel("A").getextrema() == (255, 255):
        picture = few_colours(picture.convert("RGB"))
    said.add_itxt("Description", text)
    picture.save(buffer, "png", pnginfo=said, dpi=(dots, dots))
    return buffer.getvalue()


def few_colours(picture: Image.Image, palette: Image.Image | None = None) -> Image.Image:
    """Return an opaque picture in at most 256 colours, white among them; in those of another such picture if given."""
    from PIL import Image

    if palette is not None:
        return picture.quantize(palette=palette, dither=Image.Dither.NONE)
    found = picture.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    found.putpalette([255 if part == _NEARLY_WHITE else part for part in found.getpalette() or []])
    return found


def _dots(figure: Figure, scale: float) -> int:
    """Dots per inch of the preset that is nearest in width."""
    inches = float(figure.get_size_inches()[0]) * scale
    return min(WIDTHS.values(), key=lambda width: abs(width.inches - inches)).dots


def _sized(svg: bytes, scale: float) -> bytes:
    """Change the width and height of an SVG file, which leaves its drawing as it is."""
    head, body = svg[: (end := svg.index(b">", svg.index(b"<svg")))], svg[end:]
    return re.sub(rb'(width|height)="([\d.]+)pt"', lambda m: m[1] + b'="%.6gpt"' % (float(m[2]) * scale), head) + body


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
    with laid_out(figure):
        text = render(figure, "svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', text)
    text = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{prefix}-\2"', text)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", text)


def _described(svg: bytes, text: str) -> bytes:
    label = html.escape(text, quote=True)
    return svg.replace(b"<svg ", f'<svg role="img" aria-label="{label}" '.encode(), 1)


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
