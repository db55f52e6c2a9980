"""Native charts: a fan for each scenario, the medians together, sources beside the consensus, the tornado."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from forecast.figures.style import BLUE, GREEN, GREY, INK, ORANGE, PALE, PURPLE, RED, RULE, SKY
from forecast.report.workbook.cells import Column, fitting

if TYPE_CHECKING:
    from forecast.report.workbook.projection import Bands

COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY, INK)
SIZE = {"width": 620, "height": 360}
WIDE = {"width": 1270, "height": 520}
MOST_BARS = 12
MARKERS = ("circle", "square", "triangle", "diamond")
MOST_SOURCES = len(COLOURS) * len(MARKERS)
_WIDE, _NARROW = "#C6DCEB", "#8DB9D8"
_LONGEST_TITLE = 120


def fans(book: Any, bands: Bands, unit: str) -> Iterator[Any]:
    """Return one chart a scenario: median, 50 % and 80 % band."""
    for scenario in bands.scenarios:
        area = book.add_chart({"type": "area", "subtype": "stacked"})
        place = _places(bands, scenario)
        area.add_series({**place("P10"), "name": "P10", "fill": {"none": True}, "border": {"none": True}})
        for head, name, colour in (
            ("P25 - P10", "80 % band (P10 to P90)", _WIDE),
            ("P75 - P25", "50 % band (P25 to P75)", _NARROW),
            ("P90 - P75", "above P75", _WIDE),
        ):
            area.add_series({**place(head), "name": name, "fill": {"color": colour}, "border": {"none": True}})
        line = book.add_chart({"type": "line"})
        line.add_series({**place("P50"), "name": "median (P50)", "line": {"color": BLUE, "width": 2.5}})
        area.combine(line)
        area.set_legend({"position": "bottom", "delete_series": [0, 3]})
        yield _finished(area, f"Scenario {scenario}: the market and its bands", unit)


def medians(book: Any, bands: Bands, unit: str) -> Any:
    """Return the medians of all scenarios in one chart."""
    chart = book.add_chart({"type": "line"})
    for scenario, colour in zip(bands.scenarios, _cycle(len(bands.scenarios)), strict=True):
        chart.add_series(
            {**_places(bands, scenario)("P50"), "name": _name(scenario), "line": {"color": colour, "width": 2.5}}
        )
    chart.set_legend({"position": "bottom"})
    return _finished(chart, "Median of the market under each scenario", unit)


def _places(bands: Bands, scenario: str) -> Any:
    first, last = bands.rows(scenario)
    year = bands.place("year")

    def place(head: str) -> dict[str, object]:
        column = bands.place(head)
        return {"categories": ["Bands", first, year, last, year], "values": ["Bands", first, column, last, column]}

    return place


def sources(book: Any, columns: Sequence[Column], first: int, unit: str) -> Any:
    """Return the levels of the sources beside the consensus.

    Parameters
    ----------
    book
        An XlsxWriter workbook.
    columns
        Year, the consensus, then one column a source, as they stand in the sheet Sources.
    first
        Place of the first column there.
    unit
        Of all levels.
    """
    chart = book.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
    last = len(columns[0].values)
    shown = [(at, column) for at, column in enumerate(columns[1:], start=first + 1)]
    pooled = [one for one in shown if one[1].head.startswith("consensus ")]
    others = [one for one in shown if one not in pooled][:MOST_SOURCES]
    for rank, ((at, column), colour) in enumerate(zip(others, _cycle(len(others)), strict=True)):
        marker = {"type": MARKERS[rank // len(COLOURS)], "size": 5, **_filled(colour)}
        style = {"line": {"color": colour, "width": 1}, "marker": marker}
        chart.add_series({**_xy("Sources", first, at, last), "name": _name(column.head), **style})
    for at, column in pooled:
        middle = column.head.endswith("P50")
        line = {"color": INK, "width": 3 if middle else 1.5, "dash_type": "solid" if middle else "dash"}
        chart.add_series({**_xy("Sources", first, at, last), "name": column.head, "line": line, "marker": _NONE})
    years = [int(str(year)) for year in columns[0].values]
    chart.set_legend({"position": "bottom"})
    title = "What each source says for each year, and the consensus"
    title += f" (the first {MOST_SOURCES} sources)" if len(shown) - len(pooled) > MOST_SOURCES else ""
    _finished(chart, title, unit, log=True)
    chart.set_size(WIDE)
    chart.set_x_axis({"min": min(years), "max": max(years), "num_format": "0", "label_position": "low", **_AXIS})
    return chart


_NONE = {"type": "none"}
_AXIS = {"num_font": {"color": INK, "size": 9}, "line": {"color": PALE}}


def _xy(sheet: str, years: int, at: int, last: int) -> dict[str, object]:
    return {"categories": [sheet, 1, years, last, years], "values": [sheet, 1, at, last, at]}


def _filled(colour: str) -> dict[str, object]:
    return {"fill": {"color": colour}, "border": {"color": colour}}


def tornado(book: Any, columns: Sequence[Column], title: str, unit: str) -> Any:
    """Return the bars of the inputs that move the answer most, as changes against the answer as it is."""
    heads = [column.head for column in columns]
    rows = min(MOST_BARS, len(columns[0].values))
    chart = book.add_chart({"type": "bar"})
    for end, colour in (("low", ORANGE), ("high", BLUE)):
        at = heads.index(f"change at {end}")
        chart.add_series(
            {
                "name": f"input at its {end} end",
                "categories": ["Sensitivity", 1, heads.index("input"), rows, heads.index("input")],
                "values": ["Sensitivity", 1, at, rows, at],
                "fill": {"color": colour},
                "gap": 40,
                "overlap": 100,
            }
        )
    _finished(chart, title, "")
    chart.set_y_axis({"reverse": True, "label_position": "low", "major_gridlines": {"visible": False}, **_AXIS})
    chart.set_x_axis(
        {
            "name": f"change, {unit}",
            "name_font": {"size": 9, "bold": False},
            "num_format": "#,##0.##",
            "major_gridlines": {"visible": True, "line": {"color": RULE}},
            **_AXIS,
        }
    )
    chart.set_legend({"position": "bottom"})
    return chart


def _cycle(count: int) -> list[str]:
    return [COLOURS[at % len(COLOURS)] for at in range(count)]


def _name(text: str) -> str:
    """A name that is never taken for a formula."""
    short = fitting(text)[:_LONGEST_TITLE]
    return f" {short}" if short.startswith("=") else short


def _finished(chart: Any, title: str, unit: str, *, log: bool = False) -> Any:
    chart.set_title({"name": _name(title), "name_font": {"size": 12, "color": INK}, "overlay": False})
    chart.set_size(SIZE)
    chart.set_x_axis({"position_axis": "on_tick", **_AXIS})
    grid = {"visible": True, "line": {"color": RULE}}
    scale = {"log_base": 10} if log else {}
    axis = {"name": unit, "name_font": {"size": 9, "bold": False}, "major_gridlines": grid, "num_format": "#,##0.###"}
    chart.set_y_axis({**axis, **scale, **_AXIS})
    return chart
