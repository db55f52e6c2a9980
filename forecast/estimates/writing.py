"""Writing tables of estimates back without loss."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from forecast.errors import ArgumentError, MissingDependencyError, OutputError, Problem, did_you_mean
from forecast.estimates.columns import NAMES
from forecast.estimates.excel import INSTALL
from forecast.estimates.reading import as_texts, check_table

LONGEST_CELL = 32_767
"""Excel holds no longer text in one cell."""


def write_estimates(estimates: pd.DataFrame, path: str | Path) -> Path:
    """Write a table of estimates so that reading it gives the same table.

    Parameters
    ----------
    estimates
        Table with columns of the contract; missing ones are written empty, the rare ones behind `note` only where
        they hold something.
    path
        A name that ends in `.csv`, `.tsv`, `.xlsx` or `.toml`. A former file is replaced only when the new one is
        complete.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ArgumentError
        If the name ends otherwise, or the table has a column that is not in the contract.
    OutputError
        If the file cannot be written.
    """
    check_table(estimates)
    path = Path(path)
    writer = WRITERS.get(path.suffix.casefold())
    if writer is None:
        raise ArgumentError(
            Problem(str(path), f"a name ending in {path.suffix!r}", "one ending in " + ", ".join(WRITERS))
        )
    unknown = [str(name) for name in estimates.columns if name not in NAMES]
    if unknown:
        places = [Problem(f"column {name!r}", "an unknown column", "", did_you_mean(name, NAMES)) for name in unknown]
        raise ArgumentError(places)
    texts = as_texts(estimates)
    rare = [name for name in NAMES[NAMES.index("note") + 1 :] if not texts[name].any()]
    texts = texts.drop(columns=rare)
    return _replace(path, lambda place: writer(texts, place))


def _replace(path: Path, write: Callable[[Path], None]) -> Path:
    """Write beside the file and move it into place."""
    try:
        handle, name = tempfile.mkstemp(suffix=path.suffix.casefold(), prefix=".", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}); choose a folder that exists and can be written"
        ) from None
    place = Path(name)
    try:
        write(place)
        place.chmod(0o644)
        place.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        place.unlink(missing_ok=True)
    return path


def _delimited(separator: str) -> Callable[[pd.DataFrame, Path], None]:
    def write(texts: pd.DataFrame, path: Path) -> None:
        texts.to_csv(path, sep=separator, index=False, lineterminator="\n", encoding="utf-8")

    return write


def _toml(texts: pd.DataFrame, path: Path) -> None:
    lines = ["schema = 1"]
    for row in texts.to_dict("records"):
        lines += ["", "[[estimate]]"]
        lines += [f"{name} = {_toml_string(text)}" for name, text in row.items() if text]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _toml_string(text: str) -> str:
    """Write a basic string of TOML, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _excel(texts: pd.DataFrame, path: Path) -> None:
    long = [(row, name) for name in texts.columns for row in texts.index[texts[name].str.len() > LONGEST_CELL]]
    if long:
        cells = ", ".join(f"row {row + 2} {name}" for row, name in long[:5])
        raise OutputError(
            f"{path.name}: Excel holds at most {LONGEST_CELL:,} characters in a cell, more are in {cells}; write CSV"
        )
    with _workbook(path) as book:
        sheet = book.add_worksheet("estimates")
        plain, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "bottom": 1})
        for place, name in enumerate(texts.columns):
            sheet.write_string(0, place, name, bold)
            sheet.set_column(place, place, max(11, len(name) + 2))
        sheet.freeze_panes(1, 1)
        for row, values in enumerate(texts.itertuples(index=False, name=None), start=1):
            for place, text in enumerate(values):
                if text:
                    sheet.write_string(row, place, text, plain)


def _workbook(path: Path) -> Any:
    try:
        import xlsxwriter
    except ImportError:
        raise MissingDependencyError(f"writing Excel files needs XlsxWriter: {INSTALL}, or write CSV") from None
    return xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": _delimited(","),
    ".tsv": _delimited("\t"),
    ".xlsx": _excel,
    ".toml": _toml,
}
"""Writer of each kind of file, by the end of its name."""
