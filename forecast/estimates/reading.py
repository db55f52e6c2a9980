"""Reading tables of estimates: CSV, TSV, Excel, TOML or a DataFrame in, the columns of the contract out.

Printed numbers stay the text they were. Every problem of a file is collected before one error is raised.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecast.errors import ArgumentError, EstimatesError, InputError, Problem, did_you_mean
from forecast.estimates import columns
from forecast.estimates.columns import COLUMNS, Column
from forecast.estimates.numbers import HEDGE_WORDS, HEDGES, hedge_of, interval, number
from forecast.estimates.scopes import Scopes
from forecast.estimates.texts import plain_digits, printable
from forecast.estimates.units import CURRENCIES, scale_name

MOST_BYTES = 20_000_000
"""Largest file that is read."""

MOST_ROWS = 100_000
"""Longest table that is read."""

MOST_PROBLEMS = 200
"""So many problems of a file are listed, with the number of those left over."""

_MOST_TITLES = 20
"""So many rows are searched for a header that does not stand in the first."""

FIRST_YEAR, LAST_YEAR = 1900, 2200

_DIGITS = ("amount", "percent", "year", "weight", "probability", "share", "month", "date", "values")
"""Kinds of cells that hold digits and little else."""

Source = str | Path | pd.DataFrame


def read_estimates(source: Source, *, scopes: Scopes | None = None) -> pd.DataFrame:
    """Read a table of published estimates and check every cell.

    Parameters
    ----------
    source
        Path of a `.csv`, `.tsv`, `.xlsx` or `.toml` file, or a DataFrame.
    scopes
        Tree of scopes and geographies; where given, a name that is not in it is a problem.

    Returns
    -------
    DataFrame
        One row an estimate, with all columns of the contract in their order. Printed numbers are text as
        printed (full-width and other digits in ASCII), years nullable integers, missing text is empty. Control
        characters (but tab and line end) and marks that turn the direction of writing are left out of every cell.

    Raises
    ------
    EstimatesError
        With all problems of the table, each with file, row, column, the text found and what is understood.

    Examples
    --------
    >>> row = {"id": "a", "publisher": "P", "scope": "s", "base_year": 2023, "base_value": "16.0"}
    >>> read_estimates(pd.DataFrame([row]))[["base_year", "base_value", "currency"]]
       base_year base_value currency
    0       2023       16.0
    """
    name, raw = _raw(source)
    problems = _header_problems(name, raw)
    if problems:
        raise EstimatesError(problems)
    if raw.empty:
        raise EstimatesError(Problem(name, "no row of data", "at least one estimate", "add a row below the header"))
    texts = as_texts(raw).set_axis(raw.index, axis=0)
    alone = (texts != "").sum(axis=1) == 1
    rows = texts[~alone]
    faults = [*_cell_problems(name, rows), *_row_problems(name, rows), *_scope_problems(name, rows, scopes)]
    faults += _remarks(name, texts[alone])
    if faults:
        raise EstimatesError(_shortened(name, sorted(faults, key=_row_of)))
    return typed(texts.reset_index(drop=True))


def check_table(table: object, name: str = "estimates") -> None:
    """Refuse what is no table, and say how to get one.

    Raises
    ------
    ArgumentError
        If it is no DataFrame.
    """
    if not isinstance(table, pd.DataFrame):
        path = isinstance(table, str | Path)
        found = f"the path {str(table)!r}" if path else f"a {type(table).__name__}"
        remedy = "read_estimates first" if name == "estimates" else "read the file with pandas first"
        raise ArgumentError(Problem(name, found, "a pandas DataFrame", remedy))


def as_texts(raw: pd.DataFrame) -> pd.DataFrame:
    """Return the table with all columns of the contract as text; a number becomes its shortest digits.

    Control characters and marks of direction are left out, see `texts.printable`; digits of numbers, years and dates
    are written in ASCII, see `texts.plain_digits`.
    """
    digits = columns.of_kind(*_DIGITS)
    texts = {n: _texts(raw[n], plain_digits if n in digits else str) if n in raw else "" for n in columns.NAMES}
    return pd.DataFrame(texts, index=raw.index, dtype=str).reset_index(drop=True)


def typed(texts: pd.DataFrame) -> pd.DataFrame:
    """Return the table with years as nullable integers."""
    years = {
        n: pd.to_numeric(texts[n].replace("", pd.NA), errors="coerce").astype("Int64") for n in columns.of_kind("year")
    }
    return texts.assign(**years)


def _texts(values: pd.Series[Any], written: Callable[[str], str]) -> pd.Series[str]:
    cells = values.tolist()
    told = {cell: written(printable(cell)) for cell in {cell for cell in cells if type(cell) is str}}
    texts = [told[cell] if type(cell) is str else written(printable(cell_text(cell))) for cell in cells]
    return pd.Series(texts, index=values.index, dtype=str)


def cell_text(value: object) -> str:
    """Text of one cell.

    Examples
    --------
    >>> cell_text(16.0), cell_text(15.9), cell_text(None), cell_text("16.0")
    ('16', '15.9', '', '16.0')
    """
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return "; ".join(map(str, value))
    if isinstance(value, dict):
        return "; ".join(f"{key}={cell_text(item)}" for key, item in value.items())
    text = str(value)
    return text.removesuffix(".0") if isinstance(value, float | np.floating) else text


# --- files -----------------------------------------------------------------------------------------------


def _raw(source: Source) -> tuple[str, pd.DataFrame]:
    if isinstance(source, pd.DataFrame):
        _check_length("table", len(source))
        return "table", source.reset_index(drop=True)
    path = Path(source)
    reader = READERS.get(path.suffix.casefold())
    if path.is_dir():
        raise EstimatesError(Problem(str(path), "a folder", "a file", _neighbours(path / "estimates.csv")))
    if reader is None:
        allowed = "a file ending in " + ", ".join(READERS)
        found = f"a name ending in {path.suffix!r}" if path.suffix else "a name without ending"
        remedy = "save it as .xlsx, or as CSV UTF-8" if path.suffix.casefold() in _SHEETS else ""
        raise EstimatesError(Problem(str(path), found, allowed, remedy))
    if not path.is_file():
        raise EstimatesError(Problem(str(path), "no such file", "", _neighbours(path)))
    if path.stat().st_size > MOST_BYTES:
        raise EstimatesError(_too_large(path.name, path.stat().st_size))
    return path.name, reader(path)


def _neighbours(path: Path) -> str:
    near = (
        sorted(p.name for p in path.parent.glob("*") if p.suffix.casefold() in READERS)[:50]
        if path.parent.is_dir()
        else []
    )
    return did_you_mean(path.name, near) if near else "give the path of a table of estimates"


def _too_large(name: str, size: float) -> Problem:
    remedy = "split the file, or leave out columns that hold whole articles"
    return Problem(name, f"{size / 1e6:.0f} MB", f"at most {MOST_BYTES / 1e6:.0f} MB", remedy)


def _check_length(name: str, rows: int) -> None:
    if rows > MOST_ROWS:
        found = "a million rows or more" if rows >= 1_000_000 else f"more than {MOST_ROWS:,} rows"
        raise EstimatesError(Problem(name, found, f"at most {MOST_ROWS:,} rows", "split the table by market"))


def _delimited(separator: str) -> Callable[[Path], pd.DataFrame]:
    def read(path: Path) -> pd.DataFrame:
        try:
            raw = pd.read_csv(
                path,
                sep=separator,
                dtype=str,
                keep_default_na=False,
                encoding="utf-8-sig",
                nrows=MOST_ROWS + 2,
                header=None,
                skip_blank_lines=False,
                index_col=False,
            )
        except pd.errors.EmptyDataError:
            raise EstimatesError(_blank_first(path.name) if path.stat().st_size else _empty(path.name)) from None
        except UnicodeDecodeError as error:
            utf_16 = path.read_bytes()[:2] in (b"\xff\xfe", b"\xfe\xff")
            found = "text in UTF-16" if utf_16 else f"bytes that are not UTF-8 (position {error.start})"
            raise EstimatesError(Problem(path.name, found, "UTF-8 text", "save the file as CSV UTF-8")) from None
        except pd.errors.ParserError as error:
            raise EstimatesError(_ragged(path, separator, str(error))) from None
        return _under_header(path.name, raw)

    return read


def _empty(name: str) -> Problem:
    return Problem(name, "an empty file", "a header and at least one row")


def _blank_first(name: str) -> Problem:
    return Problem(name, "a blank first row", "the header in the first row", "delete the blank rows above it")


def _ragged(path: Path, separator: str, message: str) -> Problem:
    """Say in plain words why a file is no table."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = file.readline()
    if separator not in head:
        _check_separator(path.name, [head])
    counted = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message)
    if counted:
        wanted, line, seen = counted.groups()
        remedy = "put text that holds the separator between quotation marks"
        return Problem(f"{path.name}, line {line}", f"{seen} cells", f"{wanted} cells as in the header", remedy)
    found = "a quotation mark that is never closed" if "inside string" in message else "no readable table"
    return Problem(path.name, found, "rows of cells, text that holds a quotation mark between quotation marks")


def _under_header(name: str, raw: pd.DataFrame) -> pd.DataFrame:
    """Take the first row as header; leave out blank rows and columns, and keep the numbers of the others."""
    _check_length(name, len(raw) - 1)
    heads = [_head(head) for head in raw.iloc[0].fillna("")]
    if not any(heads):
        raise EstimatesError(_blank_first(name))
    _check_separator(name, heads)
    _check_header(name, heads, raw)
    table = raw.iloc[1:].fillna("").set_axis(heads, axis=1)
    table.index = pd.RangeIndex(len(table))
    blank = [not any(cells) for cells in table.itertuples(index=False, name=None)]
    named = [bool(head) or any(table.iloc[:, place]) for place, head in enumerate(heads)]
    return table.loc[~np.array(blank, bool), named]


def _head(cell: object) -> str:
    """Name of a column, also where it is written with capitals or blanks, as in "Base year"."""
    text = str(cell).strip()
    plain = "_".join(text.casefold().replace("-", " ").replace("_", " ").split())
    return plain if plain in columns.NAMES else text


def is_header(cells: Sequence[object]) -> bool:
    """Whether a row names the columns that every table has."""
    return {"id", "publisher", "scope"} <= {_head(cell) for cell in cells if cell is not None}


def _check_separator(name: str, heads: list[str]) -> None:
    for mark, word in ((";", "semicolons"), ("\t", "tabs"), (",", "commas")):
        if len(heads) == 1 and mark in heads[0]:
            remedy = "save it as CSV with commas, or as .tsv with tabs"
            raise EstimatesError(Problem(name, f"a header separated by {word}", "", remedy))


def _check_header(name: str, heads: list[str], raw: pd.DataFrame) -> None:
    """Say in one sentence that the first row is no header, and which row is."""
    if set(heads) & set(columns.NAMES):
        return
    below = [at for at in range(1, min(len(raw), _MOST_TITLES)) if is_header(raw.iloc[at].tolist())]
    remedy = f"delete the rows above row {below[0] + 1}" if below else "see `forecast template`"
    first = next(head for head in heads if head)
    found = f"{first[:60]!r} and no name of a column in the first row"
    raise EstimatesError(Problem(name, found, "a header such as id, publisher, scope, base_year", remedy))


def _toml(path: Path) -> pd.DataFrame:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=str)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EstimatesError(Problem(path.name, f"no valid TOML: {error}", "tables under [[estimate]]")) from None
    unknown = [key for key in data if key not in ("schema", "estimate")]
    problems = [
        Problem(f"{path.name}, {key}", "an unknown key", "", did_you_mean(key, ["estimate", "schema"]))
        for key in unknown
    ]
    rows = data.get("estimate", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        problems.append(Problem(f"{path.name}, estimate", "no list of tables", "tables under [[estimate]]"))
    if data.get("schema", 1) != 1:
        problems.append(Problem(f"{path.name}, schema", repr(data["schema"]), "1"))
    if problems:
        raise EstimatesError(problems)
    _check_length(path.name, len(rows))
    return pd.DataFrame(rows, dtype=object)


def _xlsx(path: Path) -> pd.DataFrame:
    from forecast.estimates.excel import read_sheet

    return _under_header(path.name, read_sheet(path, most_rows=MOST_ROWS + 2, most_bytes=10 * MOST_BYTES))


_SHEETS = (".xls", ".xlsm", ".xlsb", ".ods", ".numbers")
"""Files of spreadsheet programs that can save others."""

READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": _delimited(","),
    ".tsv": _delimited("\t"),
    ".xlsx": _xlsx,
    ".toml": _toml,
}
"""Reader of each kind of file, by the end of its name."""


# --- checks ----------------------------------------------------------------------------------------------


def _header_problems(name: str, raw: pd.DataFrame) -> list[Problem]:
    heads = [str(head) for head in raw.columns]
    unknown = [head for head in heads if head and head not in columns.NAMES]
    problems = [_nameless(name, raw, at) for at, head in enumerate(heads) if not head]
    problems += [
        Problem(f"{name}, column {head!r}", "an unknown column", "", did_you_mean(head, columns.NAMES))
        for head in unknown
    ]
    twice = sorted({head for head in heads if heads.count(head) > 1})
    problems += [Problem(f"{name}, column {head!r}", "the column more than once", "each column once") for head in twice]
    missing = [c for c in COLUMNS if c.required and c.name not in heads] if heads else []
    problems += [
        Problem(f"{name}, column {c.name!r}", "no such column", "", f"add it: {c.description}") for c in missing
    ]
    return problems


def _nameless(name: str, raw: pd.DataFrame, at: int) -> Problem:
    """Say what stands in a column without a head."""
    cells = raw.iloc[:, at]
    row = next(position for position, cell in enumerate(cells) if cell_text(cell))
    found = f"no name above {cell_text(cells.iloc[row])[:60]!r} in row {cells.index[row] + 2}"
    remedy = "name the column (note takes any text), or delete what stands there"
    return Problem(f"{name}, column {at + 1}", found, "a name in the header", remedy)


def place(name: str, texts: pd.DataFrame, row: int, column: str = "") -> str:
    """Name a cell as a spreadsheet counts it: the header is row 1."""
    key = str(texts["id"].iloc[row]).strip()
    where = f"{name}, row {texts.index[row] + 2}" + (f" ({key})" if key else "")
    return f"{where}, {column}" if column else where


def _shortened(name: str, problems: list[Problem]) -> list[Problem]:
    """Return the first problems, and how many more there are."""
    rest = len(problems) - MOST_PROBLEMS
    more = [Problem(name, f"{rest:,} problems more", "", "mend these first")] if rest > 0 else []
    return [*problems[:MOST_PROBLEMS], *more]


def _row_of(problem: str | Problem) -> int:
    found = re.search(r", row (\d+)", str(problem))
    return int(found.group(1)) if found else 0


def _remarks(name: str, texts: pd.DataFrame) -> Iterator[Problem]:
    """Rows that hold a single cell, such as a note below the table."""
    for row, cells in zip(texts.index, texts.itertuples(index=False), strict=True):
        found = f"{next(filter(None, cells))[:60]!r} alone in its row"
        remedy = "delete the row; what is said of one estimate goes into its note"
        yield Problem(f"{name}, row {row + 2}", found, "an estimate in each row", remedy)


def _cell_problems(name: str, texts: pd.DataFrame) -> Iterator[Problem]:
    for column in COLUMNS:
        check = KINDS[column.kind]
        faults = {text: check(text.strip(), column) for text in texts[column.name].unique() if text.strip()}
        if column.required and column.name != "publisher":
            faults |= {
                text: ("an empty cell", column.description) for text in texts[column.name].unique() if not text.strip()
            }
        wrong = {text: fault for text, fault in faults.items() if fault}
        for row in np.flatnonzero(texts[column.name].isin(list(wrong))):
            found, allowed = wrong[texts[column.name].iloc[row]]
            yield Problem(place(name, texts, int(row), column.name), found, allowed)


Fault = tuple[str, str] | None


def _any_text(text: str, column: Column) -> Fault:  # noqa: ARG001
    return None


def _choice(text: str, column: Column) -> Fault:
    word = scale_name(text) if column.name == "scale" else text
    if word in column.allowed:
        return None
    return repr(text), f"{', '.join(column.allowed)} ({did_you_mean(text, column.allowed)})"


def _hedge(text: str, column: Column) -> Fault:
    if text.casefold() in HEDGES or text.casefold() in HEDGE_WORDS:
        return None
    hint = did_you_mean(text, [*HEDGES, *HEDGE_WORDS])
    meant = f" ({hint})" if hint.startswith("did you mean") else ""
    return repr(text), f"{', '.join(column.allowed)}, or a printed word such as over, 約, 超過{meant}"


def _currency(text: str, column: Column) -> Fault:  # noqa: ARG001
    if text.upper() in CURRENCIES:
        return None
    by_mark = [code for code, marks in CURRENCIES.items() if text.casefold() in [mark.casefold() for mark in marks]]
    remedy = (
        f"did you mean '{by_mark[0]}'?"
        if by_mark
        else did_you_mean(text.upper(), ["USD", "EUR", "JPY", "GBP", "CNY", "TWD"])
    )
    return repr(text), f"an ISO 4217 code such as USD, EUR, JPY, TWD ({remedy})"


def _year(text: str, column: Column) -> Fault:
    if re.fullmatch(r"\d{4}", text) and FIRST_YEAR <= int(text) <= LAST_YEAR:
        return None
    allowed = f"a year from {FIRST_YEAR} to {LAST_YEAR}, such as {column.example or 2023}"
    meant = _year_meant(text)
    return repr(text), f"{allowed}; write {meant}" if meant else allowed


def _year_meant(text: str) -> int | None:
    """Year that another spelling stands for, such as 2023.0, FY2023 or 民國113年."""
    from forecast.estimates.phrases import parse_year

    whole = re.sub(r"\.0+$", "", text)
    if re.fullmatch(r"\d*\.\d*", whole):
        return None
    try:
        return parse_year(whole)
    except InputError:
        return None


def _value(text: str) -> float | None:
    try:
        return number(text)
    except InputError:
        return None


_DECIMAL_COMMA = re.compile(r"[\d.]*\d,\d+\s*%?")


SMALLEST, LARGEST = 1e-30, 1e30
SENSIBLE = f"a number from {SMALLEST:g} to {LARGEST:g}"
"""What an amount can be, in the unit in which it is printed."""

FASTEST = 1e6
"""Fastest growth that is read, in percent a year."""


def _amount(text: str, column: Column) -> Fault:
    value = _value(text)
    if value is None and column.name == "multiple":
        return repr(text), f"target over base as printed, such as {column.example}{_growth_meant(text, 'multiple')}"
    if value is None:
        return repr(
            text
        ), f"printed digits such as {column.example}, 16.0 or 1,250 (between: 40-50); {_as_columns(text)}"
    if value <= 0:
        return repr(text), "a number above 0"
    return None if SMALLEST <= value <= LARGEST else (repr(text), SENSIBLE)


def _as_columns(text: str) -> str:
    """Say how a phrase with currency and scale is split over the columns."""
    from forecast.estimates.phrases import parse_amount

    if _DECIMAL_COMMA.fullmatch(text):
        return "write a point before decimals"

    try:
        amount = parse_amount(text)
    except InputError:
        return "currency, scale and hedge stand in columns of their own"
    said = [f"value {amount.digits}"]
    said += [
        f"{part} {word}"
        for part, word in (("scale", amount.scale), ("currency", amount.currency), ("hedge", amount.hedge))
        if word
    ]
    return "write " + ", ".join(said)


def _growth_meant(text: str, kind: str) -> str:
    """Say how a phrase such as 三成 or 3.06倍 is written; nothing where it can be read in two ways."""
    from forecast.estimates.phrases import parse_growth

    if _DECIMAL_COMMA.fullmatch(text):
        return "; write a point before decimals"

    try:
        growth = parse_growth(text)
    except InputError:
        return ""
    if growth.kind != kind or growth.ambiguity:
        return f"; {growth.ambiguity}" if growth.ambiguity else ""
    return f"; write {growth.digits}" + (f", hedge {growth.hedge}" if growth.hedge != "exact" else "")


def _percent(text: str, column: Column) -> Fault:  # noqa: ARG001
    value = _value(text)
    if value is None:
        return repr(text), f"a percentage as printed, such as 25.1 or 25.1%{_growth_meant(text, 'rate')}"
    if value <= -100:
        return repr(text), "a growth above -100 %"
    return None if value <= FASTEST else (repr(text), f"a growth of at most {FASTEST:,.0f} % a year")


def _values(text: str, column: Column) -> Fault:
    pairs = [pair.partition("=") for pair in text.split(";") if pair.strip()]
    good = all(
        sign and not _year(year.strip(), column) and SMALLEST <= (_value(value) or 0) <= LARGEST
        for year, sign, value in pairs
    )
    return None if good else (repr(text), f"year=value pairs such as {column.example}")


def _date(text: str, column: Column) -> Fault:
    parts = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", text)
    try:
        if parts and FIRST_YEAR <= int(parts[1]) <= LAST_YEAR:
            dt.date(int(parts[1]), int(parts[2] or 1), int(parts[3] or 1))
            return None
    except ValueError:
        pass
    return repr(text), f"a date such as 2024, {column.example} or 2024-06-15"


def _price_basis(text: str, column: Column) -> Fault:  # noqa: ARG001
    if re.fullmatch(r"(nominal|real \d{4})(, (list|net))?", text):
        return None
    return repr(text), "nominal or real with its year, such as real 2023, then ', list' or ', net' where known"


def _between(low: float, high: float, allowed: str) -> Callable[[str, Column], Fault]:
    def check(text: str, column: Column) -> Fault:  # noqa: ARG001
        value = _value(text)
        return None if value is not None and low <= value <= high else (repr(text), allowed)

    return check


KINDS: dict[str, Callable[[str, Column], Fault]] = {
    "text": _any_text,
    "list": _any_text,
    "choice": _choice,
    "flag": _choice,
    "hedge": _hedge,
    "currency": _currency,
    "year": _year,
    "amount": _amount,
    "percent": _percent,
    "values": _values,
    "date": _date,
    "price_basis": _price_basis,
    "weight": _between(0, np.inf, "a weight of at least 0"),
    "share": _between(0, 100, "a share from 0 to 100 percent"),
    "month": _between(1, 12, "a month from 1 to 12"),
    "probability": _between(0, 1, "a probability from 0 to 1"),
}
"""Check of each kind of cell: None, or what was found and what is allowed."""


_NUMBERS = ("base_value", "target_value", "cagr", "multiple", "other_values")
_RELATED = (
    *("id", "publisher", "via", "supersedes", *_NUMBERS, *columns.of_kind("year")),
    *("base_hedge", "target_hedge", "cagr_hedge", "multiple_hedge"),
)
"""Columns that are held against each other in a row, or against the column of ids."""


def _row_problems(name: str, texts: pd.DataFrame) -> Iterator[Problem]:
    t = {n: pd.Series([text.strip() for text in texts[n].tolist()], dtype=object) for n in _RELATED}
    years = {n: pd.to_numeric(t[n], errors="coerce") for n in columns.of_kind("year")}

    def at(wrong: Any, column: str, found: Callable[[int], str], allowed: str) -> Iterator[Problem]:
        for row in np.flatnonzero(np.asarray(wrong, bool)):
            yield Problem(place(name, texts, int(row), column), found(int(row)), allowed)

    def both(early: str, late: str) -> Iterator[Problem]:
        wrong = years[late] <= years[early]
        yield from at(
            wrong, late, lambda row: f"{t[late].iloc[row]} with {early} {t[early].iloc[row]}", f"a year after {early}"
        )

    yield from at(
        (t["id"] != "") & t["id"].duplicated(), "id", lambda row: f"{t['id'].iloc[row]!r} once more", "each id once"
    )
    yield from at(
        (t["publisher"] == "") & (t["via"] == ""),
        "publisher",
        lambda _: "an empty cell",
        "a publisher, or via who quotes it",
    )
    yield from both("base_year", "target_year")
    yield from both("cagr_from", "cagr_to")
    for side in ("base", "target"):
        wrong = (t[f"{side}_value"] != "") & (t[f"{side}_year"] == "")
        yield from at(wrong, f"{side}_year", lambda _: "an empty cell beside a value", f"the year of {side}_value")
    silent = [not any(row) for row in zip(*(t[n] for n in _NUMBERS), strict=True)]
    allowed = "a base, a target, a cagr, a multiple or other values"
    yield from at(silent, "base_value", lambda _: "no number in the row", allowed)
    for value in ("base_value", "target_value", "cagr", "multiple"):
        hedges = t[value.removesuffix("_value") + "_hedge"]
        endless = [hedge_of(h) == "between" and not interval(v) for h, v in zip(hedges, t[value], strict=True)]
        yield from at(endless, value, _quoted(t[value], " with the hedge between"), "two ends such as 40-50")
    strange = (t["supersedes"] != "") & ~t["supersedes"].isin(t["id"])
    yield from at(strange, "supersedes", lambda row: repr(t["supersedes"].iloc[row]), "the id of another row")


def _quoted(column: pd.Series[str], more: str) -> Callable[[int], str]:
    return lambda row: f"{column.iloc[row]!r}{more}"


def _scope_problems(name: str, texts: pd.DataFrame, scopes: Scopes | None) -> Iterator[Problem]:
    if scopes is None:
        return
    for row, scope in enumerate(texts["scope"].str.strip()):
        if scope and not scopes.knows(scope):
            yield Problem(
                place(name, texts, row, "scope"), repr(scope), "a scope of the tree", did_you_mean(scope, scopes.names)
            )
    for row, region in enumerate(texts["geography"].str.strip()):
        if region and not scopes.geographies.knows(region):
            remedy = did_you_mean(region, scopes.geographies.names)
            yield Problem(place(name, texts, row, "geography"), repr(region), "a geography of the tree", remedy)
