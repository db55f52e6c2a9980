"""Files of figures: the same bytes each time, described, and never half-written."""

import hashlib
import re
import xml.etree.ElementTree as ElementTree

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from forecast.errors import ArgumentError, OutputError
from forecast.figures import alt_text, house_style, save_figure, svg_text
from tests.figures.gallery import draw


def written(name, folder, **options):
    figure = draw(name).figure
    paths = save_figure(figure, folder / name, **options)
    plt.close(figure)
    return paths


def width_of(png):
    with Image.open(png) as image:
        return image.width


@pytest.mark.parametrize("name", ["fan", "heatmap"])
def test_same_figure_same_bytes(tmp_path, name):
    formats = ("png", "svg", "pdf")
    with house_style(width="column"):
        first, second = (written(name, tmp_path / run, formats=formats) for run in ("a", "b"))
    assert [path.name for path in first] == [f"{name}.{ending}" for ending in formats]
    for one, two in zip(first, second, strict=True):
        assert hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(two.read_bytes()).digest()
        assert not re.search(rb"20\d\d-\d\d-\d\dT|CreationDate|Matplotlib v", one.read_bytes())


def test_a_figure_is_laid_out_once_for_all_formats_and_left_as_it_was(tmp_path, monkeypatch):
    figure = draw("forest").figure
    engine, runs = figure.get_layout_engine(), []
    monkeypatch.setattr(type(engine), "execute", lambda own, drawn: runs.append(drawn))
    save_figure(figure, tmp_path / "forest", formats=("png", "svg", "pdf"))
    assert runs == [figure]
    assert figure.get_layout_engine() is engine


def test_a_png_has_few_colours_and_white_stays_white(tmp_path):
    png, _ = save_figure(draw("fan").figure, tmp_path / "fan")
    with Image.open(png) as image:
        assert image.mode == "P"
        assert image.convert("RGB").getpixel((1, 1)) == (255, 255, 255)


def test_a_figure_is_drawn_where_the_backend_needs_a_display(tmp_path, monkeypatch):
    def no_display(**_):
        raise ImportError("Cannot load backend 'TkAgg' which requires the 'tk' interactive framework")

    monkeypatch.setattr(plt, "figure", no_display)
    assert len(save_figure(draw("houses").figure, tmp_path / "houses")) == 2
    assert plt.get_fignums() == []


def test_files_carry_the_alternative_text(tmp_path):
    figure = draw("forest").figure
    png, svg = save_figure(figure, tmp_path / "forest")
    said = alt_text(figure)
    with Image.open(png) as image:
        assert image.text["Description"] == said
    root = ElementTree.parse(svg).getroot()
    assert root.get("role") == "img"
    assert root.get("aria-label") == said


@pytest.mark.parametrize(("width", "pixels"), [("slide", 2000), ("page", 2130), ("column", 1050)])
def test_width_presets(tmp_path, width, pixels):
    with house_style(width=width):
        (png,) = written("forest", tmp_path, formats=["png"])
    assert width_of(png) == pixels


def test_a_picture_is_brought_to_another_width_as_it_is(tmp_path):
    figure = draw("houses").figure
    before = figure.get_size_inches().tolist()
    png, svg = save_figure(figure, tmp_path / "page", width="page")
    assert width_of(png) == 2130
    root = ElementTree.parse(svg).getroot()
    assert float(root.get("width").removesuffix("pt")) == pytest.approx(7.1 * 72, rel=1e-5)
    assert root.get("viewBox").split()[2] == "720"
    assert figure.get_size_inches().tolist() == before


def test_type_too_small_to_read_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"type would have 4\.2 points; .*inside house_style\(width='column'\)"):
        save_figure(draw("houses").figure, tmp_path / "houses", width="column")
    assert list(tmp_path.iterdir()) == []


def test_figures_on_one_page_share_no_id():
    texts = [svg_text(draw(name).figure, prefix=name) for name in ("forest", "houses")]
    names = [set(re.findall(r'\bid="([^"]+)"', text)) for text in texts]
    assert not names[0] & names[1]
    for text, own in zip(texts, names, strict=True):
        assert text.startswith("<svg")
        assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)) <= {(a, "") for a in own} | {
            ("", a) for a in own
        }
        ElementTree.fromstring(text)


def test_refuses_unknown_formats_and_widths(tmp_path):
    figure = draw("forest").figure
    with pytest.raises(ArgumentError, match=r"format: found 'pgn'; allowed: png, svg, pdf; did you mean 'png'\?"):
        save_figure(figure, tmp_path / "x", formats=["pgn"])
    with pytest.raises(
        ArgumentError, match=r"width: found 'slde'; allowed: slide, page, column; did you mean 'slide'\?"
    ):
        save_figure(figure, tmp_path / "x", width="slde")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said_and_nothing_is_left(tmp_path):
    (tmp_path / "file").write_text("in the way")
    figure = draw("forest").figure
    with pytest.raises(OutputError, match=r"forest\.png: the figure cannot be written \("):
        save_figure(figure, tmp_path / "file" / "forest")
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(OutputError, match=r"taken\.png: the figure cannot be written \(Is a directory\)"):
        save_figure(figure, tmp_path / "taken")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "taken.png"]
