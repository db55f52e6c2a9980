"""Figures as SVG within the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}href"


@dataclass(frozen=True)
class Picture:
    """A figure that stands within a page.

    Parameters
    ----------
    name
        Name of its file.
    svg
        The element, without ids in common with another picture.
    text
        Alternative text.
    width
        Width in points.
    """

    name: str
    svg: str
    text: str
    width: float


def pictures(folder: Path) -> dict[str, Picture]:
    """Return the SVG figures of a folder by their names."""
    return {path.stem: picture(path) for path in sorted(folder.glob("*.svg"))}


def picture(path: Path) -> Picture:
    """Read a figure that this program has written, and make its ids its own."""
    root = ElementTree.parse(path).getroot()
    text = root.attrib.pop("aria-label", "")
    width = float(root.attrib.pop("width").removesuffix("pt"))
    root.attrib.pop("height")
    _bare(root)
    _own_ids(root, f"figure-{path.stem}")
    root.set("aria-labelledby", f"caption-{path.stem}")
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")
    ElementTree.register_namespace("", SVG)
    return Picture(path.stem, ElementTree.tostring(root, encoding="unicode"), text, width)


def _bare(root: ElementTree.Element) -> None:
    """Take away what only files need: metadata, and the style sheet that would rule the whole page."""
    root.attrib.pop("version", None)
    for parent in root.iter():
        for child in list(parent):
            if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):
                parent.remove(child)
        parent.text, parent.tail = (_squeezed(parent.text), _squeezed(parent.tail))


def _squeezed(text: str | None) -> str | None:
    return text if text is None or text.strip() else ""


def _own_ids(root: ElementTree.Element, prefix: str) -> None:
    for element in root.iter():
        link = element.attrib.pop(XLINK, None)
        if link is not None:
            element.set("href", f"#{prefix}-{link.removeprefix('#')}")
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, f"{prefix}-{value}")
            elif "url(#" in value:
                element.set(key, re.sub(r"url\(#", f"url(#{prefix}-", value))
            elif key == "d":
                element.set(key, " ".join(value.split()))
