"""Sheets of a workbook: a table with a frozen header, a filter, widths, number formats and print setup."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from forecast.figures.style import BLUE, INK
from forecast.report.workbook.cells import Column, Formula, cell, fitting, formats_of, lines_of, number_of, shown_width

WIDEST, NARROWEST = 44, 8
_MOST_LINES = 12
_LINE_HEIGHT = 15
_A4 = 9
_MOST_LINKS = 60_000
"""Excel takes few more links in a sheet."""

_LONGEST_AS_TEXT = 255
"""Old versions of Excel show no longer text in a cell whose format is text."""

_LONGEST_HEAD = 200
"""Excel takes 255 characters in the head of a table's column."""

_LINK = re.compile(r"https?://[^\s\"<>|\\^`{}]{1,1900}")
_TEXT = "@"
LEFT = {"align": "left", "indent": 1}
HEAD = {"bold": True, "font_color": "white", "text_wrap": True}


class Book:
    """A workbook that is being written, and its formats, each made once."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self._links = 0
        self._formats: dict[tuple[tuple[str, object], ...], Any] = {}

    def format(self, properties: Mapping[str, object]) -> Any:
        """Return the format with these properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"valign": "top", **properties})
        return self._formats[key]

    def colour(self, colour: str) -> Any:
        """Return a format that only fills the cell, for rules."""
        return self.book.add_format({"bg_color": colour})

    def sheet(self, name: str) -> Any:
        """Add a sheet that prints in landscape, as wide as the page."""
        sheet = self.book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&RPage &P of &N")
        return sheet

    def table_sheet(self, name: str, columns: Sequence[Column], *, frozen: int = 1, pages: int = 1) -> Any:
        """Add a sheet that holds one table, named as the sheet, its header in the first row.

        Parameters
        ----------
        name
            Of sheet and table.
        columns
            All of one length.
        frozen
            Columns that stay in sight.
        pages
            Pages side by side when it is printed; the columns that stay in sight are printed on each.
        """
        sheet = self.sheet(name)
        self.table(sheet, columns, name=name.replace(" ", "_"))
        sheet.freeze_panes(1, frozen)
        sheet.repeat_rows(0)
        if pages > 1:
            sheet.fit_to_pages(pages, 0)
            sheet.repeat_columns(0, frozen - 1)
        return sheet

    def table(self, sheet: Any, columns: Sequence[Column], *, name: str, first: int = 0) -> None:
        """Write a table into a sheet from its first row on, beginning at a column."""
        rows = len(columns[0].values)
        heights = [1] * rows
        for place, column in enumerate(columns, start=first):
            values = [cell(value) for value in column.values]
            formats = formats_of(column, values)
            width = column.width or _width(column.head, values, formats)
            sheet.set_column(place, place, width)
            for row, (value, shown) in enumerate(zip(values, formats, strict=True)):
                self.write(sheet, row + 1, place, value, shown)
                heights[row] = max(heights[row], lines_of(value, width))
        for row, lines in enumerate(heights, start=1):
            if lines > 1:
                sheet.set_row(row, _LINE_HEIGHT * min(lines, _MOST_LINES))
        self._header(sheet, columns, name, rows, first)

    def _header(self, sheet: Any, columns: Sequence[Column], name: str, rows: int, first: int) -> None:
        heads = [
            {"header": head, "header_format": self._head_format(column)}
            for head, column in zip(_names([column.head for column in columns]), columns, strict=True)
        ]
        if rows:
            place = (0, first, rows, first + len(columns) - 1)
            sheet.add_table(*place, {"name": name, "columns": heads, "style": None})
        for at, (column, head) in enumerate(zip(columns, heads, strict=True), start=first):
            sheet.write_string(0, at, head["header"], head["header_format"])
            if column.comment:
                sheet.write_comment(0, at, column.comment, {"x_scale": 2.5, "author": "forecast"})
        sheet.set_row(0, 2 * _LINE_HEIGHT)

    def _head_format(self, column: Column) -> Any:
        right = any(number_of(cell(value)) is not None for value in column.values)
        side = {"align": "right"} if right else LEFT
        return self.format({**HEAD, "bg_color": column.shade or INK, **side})

    def write(self, sheet: Any, row: int, place: int, value: object, number_format: str = "", **more: object) -> None:
        """Write one cell by its type; text is never read as a formula."""
        shown = {"num_format": number_format} if number_format else {}
        if isinstance(value, Formula):
            sheet.write_formula(row, place, value.text, self.format(shown | more), value.value)
        elif isinstance(value, bool):
            sheet.write_boolean(row, place, value, self.format(more))
        elif isinstance(value, int | float):
            sheet.write_number(row, place, value, self.format(shown | more))
        elif isinstance(value, dt.date):
            sheet.write_datetime(row, place, value, self.format({"num_format": "yyyy-mm-dd", **LEFT, **more}))
        elif isinstance(value, str):
            kind: dict[str, object] = {"num_format": _TEXT} if len(value) <= _LONGEST_AS_TEXT else {}
            kind |= {"quote_prefix": True} if value.startswith("=") else {}
            self._write_text(sheet, row, place, value, {**kind, "text_wrap": True, **LEFT, **more})

    def _write_text(self, sheet: Any, row: int, place: int, text: str, properties: Mapping[str, object]) -> None:
        if self._links < _MOST_LINKS and _LINK.fullmatch(text):
            self._links += 1
            blue = self.format({**properties, "font_color": BLUE})
            sheet.write_url(row, place, text, blue, text)
        else:
            sheet.write_string(row, place, text, self.format(properties))

    def paragraph(self, sheet: Any, row: int, text: str, *, width: float, last: int, **properties: object) -> None:
        """Write a text over the columns of one row, as high as it needs to be."""
        shown = fitting(text)
        style = self.format({"text_wrap": True, **properties})
        sheet.merge_range(row, 0, row, last, "", style)
        sheet.write_string(row, 0, shown, style)
        size = float(str(properties.get("font_size", 11))) / 11
        sheet.set_row(row, size * _LINE_HEIGHT * min(27, lines_of(shown, width / size)) + 3)


def _names(heads: Sequence[str]) -> list[str]:
    r"""Return heads that a table can have: on one line, not too long, and different in more than upper and lower case.

    Examples
    --------
    >>> _names(["ABC", "abc", "two\nlines"])
    ['ABC', 'abc (2)', 'two lines']
    """
    found: list[str] = []
    for head in heads:
        short = " ".join(fitting(head).split())[:_LONGEST_HEAD] or "column"
        taken, name, count = {one.casefold() for one in found}, short, 1
        while name.casefold() in taken:
            count += 1
            name = f"{short} ({count})"
        found.append(name)
    return found


def _width(head: str, values: Sequence[object], formats: Sequence[str]) -> float:
    longest = max((shown_width(value, shown) for value, shown in zip(values, formats, strict=True)), default=0)
    return float(min(WIDEST, max(NARROWEST, longest + 1, len(head) / 2 + 4, *(len(word) + 5 for word in head.split()))))
