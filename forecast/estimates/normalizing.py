"""Bringing estimates onto one footing; each converted number keeps how it came about."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal

import pandas as pd

from forecast.errors import ArgumentError, EstimatesError, InputError, Problem, did_you_mean
from forecast.estimates.columns import NAMES
from forecast.estimates.conversion import Conversion, read_conversions, write_conversions
from forecast.estimates.numbers import interval, number
from forecast.estimates.reading import as_texts, check_table, typed
from forecast.estimates.units import CURRENCIES, SCALES, scale_name

Step = tuple[float, str]
RateMode = Literal["fixed", "by year"]


def normalize(
    estimates: pd.DataFrame,
    *,
    currency: str | None = None,
    scale: str | None = None,
    prices: str | None = None,
    rates: pd.DataFrame | None = None,
    rate_mode: RateMode = "fixed",
    rate_year: int | None = None,
    deflator: pd.DataFrame | None = None,
) -> pd.DataFrame:
    r"""Bring a table of estimates onto one currency, scale, price basis and calendar.

    Parameters
    ----------
    estimates
        Table with columns of the contract.
    currency
        ISO 4217 code to convert to; needs `rates` where rows are in others.
    scale
        Scale to write the numbers in: unit, thousand, million, billion or trillion.
    prices
        "nominal" or "real 2023"; needs `deflator` where rows stand on another basis. A row that does not say its
        basis is taken as nominal, and its conversion says so.
    rates
        Columns `from, to, year, rate, source`: one unit of `from` is `rate` units of `to`. The inverse and one
        step over a third currency are found.
    rate_mode
        "fixed": one rate a row, so that its growth stays what it was. "by year": each number at the rate of its
        own year, and the growth converted with it.
    rate_year
        Year of the fixed rate of all rows; the row's base year unless given.
    deflator
        Columns `year, index, source`, and `currency` where price levels differ by currency.

    Returns
    -------
    DataFrame
        The table with converted numbers, its footing columns rewritten, fiscal years turned into calendar years,
        and the column `conversion`, which keeps the printed digits and each factor with its reason.

    Raises
    ------
    ArgumentError
        If an argument is not understood, or `estimates` is no DataFrame.
    EstimatesError
        With all rows that cannot be converted.

    Notes
    -----
    With :math:`P` the price index, :math:`x_{real} = x \, P_{prices} / P_t`; a growth over years a to b is multiplied
    as :math:`(1 + g) (f_b / f_a)^{1/(b-a)} - 1` with f the factors of both years. A fiscal year that ends in month m
    becomes the calendar year by :math:`x (m + (12 - m)(1 + g)) / 12`.

    Examples
    --------
    >>> row = {"id": "a", "currency": "EUR", "scale": "million", "base_year": 2023, "base_value": "16"}
    >>> rates = pd.DataFrame([{"from": "EUR", "to": "USD", "year": 2023, "rate": 1.08, "source": "ECB"}])
    >>> found = normalize(pd.DataFrame([row]), currency="USD", scale="billion", rates=rates)
    >>> found.loc[0, "base_value"], found.loc[0, "conversion"]
    ('0.01728', 'base_value = 16 × 0.001 [million to billion] × 1.08 [EUR to USD of 2023: ECB]')
    """
    check_table(estimates)
    job = _job(currency, scale, prices, rates, rate_mode, rate_year, deflator)
    texts = as_texts(estimates)
    rows: list[dict[str, str]] = []
    problems: list[str | Problem] = []
    for cells in zip(*(texts[name].tolist() for name in NAMES), strict=True):
        try:
            rows.append(_converted(dict(zip(NAMES, cells, strict=True)), job))
        except InputError as error:
            problems += error.problems
    if problems:
        raise EstimatesError(problems)
    return typed(pd.DataFrame(rows, columns=list(NAMES), dtype=str))


# --- arguments -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Job:
    """What to convert to, and what with."""

    currency: str
    scale: str
    prices: str
    rates: dict[tuple[str, str, int], tuple[float, str]]
    rate_mode: RateMode
    rate_year: int | None
    index: dict[tuple[str, int], tuple[float, str]]


def _job(
    currency: str | None,
    scale: str | None,
    prices: str | None,
    rates: pd.DataFrame | None,
    rate_mode: RateMode,
    rate_year: int | None,
    deflator: pd.DataFrame | None,
) -> _Job:
    problems: list[str | Problem] = []
    if currency is not None and currency not in CURRENCIES:
        problems.append(Problem("currency", repr(currency), "an ISO 4217 code such as USD"))
    if scale is not None and scale_name(scale) not in SCALES:
        problems.append(Problem("scale", repr(scale), "", did_you_mean(scale, list(SCALES))))
    if prices is not None and not re.fullmatch(r"nominal|real \d{4}", prices):
        problems.append(Problem("prices", repr(prices), "'nominal' or real with its year, such as 'real 2023'"))
    if rate_mode not in ("fixed", "by year"):
        problems.append(Problem("rate_mode", repr(rate_mode), "'fixed' or 'by year'"))
    table: dict[tuple[str, str, int], tuple[float, str]] = {}
    index: dict[tuple[str, int], tuple[float, str]] = {}
    for name, frame, columns in (
        ("rates", rates, ("from", "to", "year", "rate", "source")),
        ("deflator", deflator, ("year", "index", "source")),
    ):
        problems += _frame_problems(name, frame, columns)
    if problems:
        raise ArgumentError(problems)
    if rates is not None:
        table = {
            (r["from"], r["to"], int(r["year"])): (float(r["rate"]), str(r["source"])) for r in rates.to_dict("records")
        }
    if deflator is not None:
        index = {
            (str(r.get("currency", "")), int(r["year"])): (float(r["index"]), str(r["source"]))
            for r in deflator.to_dict("records")
        }
    return _Job(currency or "", scale_name(scale) if scale else "", prices or "", table, rate_mode, rate_year, index)


def _frame_problems(name: str, frame: pd.DataFrame | None, columns: tuple[str, ...]) -> Iterator[Problem]:
    if frame is None:
        return
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        yield Problem(name, f"no column {', '.join(missing)}", f"the columns {', '.join(columns)}")
        return
    number_column = columns[-2]
    for row, (value, source) in enumerate(zip(frame[number_column], frame["source"], strict=True)):
        good = isinstance(value, int | float) and math.isfinite(value) and value > 0
        if not good:
            yield Problem(f"{name}, row {row}, {number_column}", repr(value), "a number above 0")
        if not str(source).strip() or pd.isna(source):
            yield Problem(f"{name}, row {row}, source", "an empty cell", "where the number is from")


# --- rows ------------------------------------------------------------------------------------------------


def _converted(row: dict[str, str], job: _Job) -> dict[str, str]:
    cells = _money_cells(row)
    steps = _steps(row, job) if cells else (lambda _: [])
    known = dict(read_conversions(row["conversion"]))
    factors: dict[int | None, float] = {}
    others: dict[str, str] = {}
    for name, (year, text) in cells.items():
        found = steps(year)
        factors[year] = math.prod(factor for factor, _ in found)
        if found:
            row = row | {name: _shifted(text, found)} if name in row else row
            known[name] = _then(known.get(name, Conversion(text, ())), found)
        if name not in row:
            others[name.partition(".")[2]] = _shifted(text, found) if found else text
    if others:
        row["other_values"] = "; ".join(f"{year}={value}" for year, value in others.items())
    if cells:
        row |= _growth(row, steps, known)
        row |= _footing(row, job)
    return row | {"conversion": write_conversions(known)}


def _then(conversion: Conversion, steps: list[Step]) -> Conversion:
    for factor, because in steps:
        conversion = conversion.then(factor, because)
    return conversion


def _money_cells(row: dict[str, str]) -> dict[str, tuple[int | None, str]]:
    """Amounts of a row with their years: base_value, target_value, other_values.2024, ..."""
    cells = {}
    for side in ("base", "target"):
        if text := row[f"{side}_value"].strip():
            cells[f"{side}_value"] = (_year(row[f"{side}_year"]), text)
    for pair in row["other_values"].split(";"):
        year, _, text = (part.strip() for part in pair.partition("="))
        if text:
            cells[f"other_values.{year}"] = (_year(year), text)
    return cells


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{4}", text.strip()) else None


def _steps(row: dict[str, str], job: _Job) -> Callable[[int | None], list[Step]]:
    """Return what turns an amount of some year into one on the new footing: factors, each with its reason."""
    own, scale = row["currency"].strip().upper(), scale_name(row["scale"])
    fixed: list[Step] = []
    if (job.scale and scale not in SCALES) or (job.currency and own not in CURRENCIES):
        found = f"currency {row['currency']!r}, scale {row['scale']!r}"
        raise EstimatesError(
            Problem(f"row {row['id']}", found, "a known currency and scale", "fill them in or exclude the row")
        )
    if job.scale and scale != job.scale:
        fixed.append((float(Decimal(int(SCALES[scale])) / Decimal(int(SCALES[job.scale]))), f"{scale} to {job.scale}"))
    fixed += _calendar(row)
    base_year = _year(row["base_year"]) or _year(row["cagr_from"]) or _year(row["target_year"])

    @cache
    def steps(year: int | None) -> list[Step]:
        found = [*fixed, *_deflate(row, job, own, year)]
        if job.currency and own != job.currency:
            when = year if job.rate_mode == "by year" else job.rate_year or base_year
            found.append(_rate(row, job, own, when))
        return found

    return steps


def _calendar(row: dict[str, str]) -> list[Step]:
    month = number(row["fiscal_year_end"]) if row["fiscal_year_end"].strip() else 12
    if month == 12:
        return []
    growth = _row_growth(row)
    if growth is None:
        raise EstimatesError(
            Problem(
                f"row {row['id']}, fiscal_year_end",
                f"{month:g} without any growth",
                "a growth to carry the fiscal year over with",
            )
        )
    return [
        (
            (month + (12 - month) * (1 + growth)) / 12,
            f"fiscal year to month {month:g} into calendar year at {100 * growth:.4g} % a year",
        )
    ]


def _row_growth(row: dict[str, str]) -> float | None:
    base, target = (number(row[name]) if row[name].strip() else math.nan for name in ("base_value", "target_value"))
    years = _year(row["base_year"]), _year(row["target_year"])
    if base > 0 and target > 0 and years[0] and years[1] and years[1] > years[0]:
        return float((target / base) ** (1 / (years[1] - years[0])) - 1)
    return number(row["cagr"]) / 100 if row["cagr"].strip() else None


def _rate(row: dict[str, str], job: _Job, own: str, year: int | None) -> Step:
    if year is not None:
        for path in _rate_paths(job, own, year):
            value = math.prod(factor for factor, _ in path)
            sources = "; ".join(dict.fromkeys(source for _, source in path))
            return value, f"{own} to {job.currency} of {year}: {sources}"
    known = sorted({y for a, b, y in job.rates if {a, b} == {own, job.currency}})
    have = f"rates of {', '.join(map(str, known))}" if known else "no such rates"
    remedy = (
        "add the year to the table of rates, or take one year for all with rate_year"
        if known
        else "add them to the table of rates"
    )
    raise EstimatesError(
        Problem(f"row {row['id']}, {own} to {job.currency} of {year or 'an unknown year'}", have, "", remedy)
    )


def _rate_paths(job: _Job, own: str, year: int) -> Iterator[list[tuple[float, str]]]:
    """Ways from one currency to another: straight, the inverse, or over a third currency."""

    def leg(a: str, b: str) -> tuple[float, str] | None:
        if (a, b, year) in job.rates:
            return job.rates[a, b, year]
        if (b, a, year) in job.rates:
            rate, source = job.rates[b, a, year]
            return 1 / rate, source
        return None

    if straight := leg(own, job.currency):
        yield [straight]
    for third in sorted({code for a, b, y in job.rates if y == year for code in (a, b)} - {own, job.currency}):
        first, second = leg(own, third), leg(third, job.currency)
        if first and second:
            yield [first, second]


def _deflate(row: dict[str, str], job: _Job, own: str, year: int | None) -> list[Step]:
    """Factor from the row's price basis to the one asked for."""
    said = row["price_basis"].partition(",")[0].strip()
    basis = said or "nominal"
    if not job.prices or basis == job.prices:
        return []
    ends = [year if words == "nominal" else int(words[-4:]) for words in (basis, job.prices)]
    levels = [job.index.get((own, at or 0), job.index.get(("", at or 0))) for at in ends]
    if levels[0] is None or levels[1] is None:
        missing = ", ".join(str(at) for at, level in zip(ends, levels, strict=True) if level is None)
        remedy = "add the year to the deflator" if job.index else "give a deflator"
        raise EstimatesError(
            Problem(f"row {row['id']}, {basis} to {job.prices}", f"no price index of {missing}", "", remedy)
        )
    (before, source), (after, _) = levels[0], levels[1]
    assumed = "" if said else ", taken as nominal"
    return [(after / before, f"prices of {ends[0]} to {ends[1]}{assumed}: {source}")]


def _growth(
    row: dict[str, str], steps: Callable[[int | None], list[Step]], known: dict[str, Conversion]
) -> dict[str, str]:
    """Convert growth and multiple where the factors of their two years differ; what is known of each is added to.

    The growth keeps its number of decimals; its conversion keeps the printed digits and the factor on 1 + growth.
    """
    changed = {}
    for column, ends in _BETWEEN.items():
        text = row[column].strip()
        first, last = (next(filter(None, (_year(row[name]) for name in names)), None) for names in ends)
        if not text or not first or not last or last <= first:
            continue
        before, after = steps(first), steps(last)
        ratio = math.prod(f for f, _ in after) / math.prod(f for f, _ in before)
        if ratio == 1:
            continue
        factor = ratio ** (1 / (last - first)) if column == "cagr" else ratio
        known[column] = _then(known.get(column, Conversion(text, ())), [(factor, _between(column, before, after))])
        changed[column] = _grown(text, factor) if column == "cagr" else _shifted(text, [(factor, "")])
    return changed


_BETWEEN = {
    "cagr": (("base_year", "cagr_from"), ("target_year", "cagr_to")),
    "multiple": (("base_year",), ("target_year",)),
}
"""Numbers that hold between two years, and the columns in which these stand."""


def _between(column: str, before: list[Step], after: list[Step]) -> str:
    """Say which steps of the first and of the last year differ."""
    start, end = ({because for _, because in steps} for steps in (before, after))
    said = [", ".join(because for _, because in before if because not in end)]
    said += [", ".join(because for _, because in after if because not in start)]
    what = "1 + growth, a year: " if column == "cagr" else ""
    return f"{what}{said[0]} at the start, {said[1]} at the end"


def _grown(text: str, factor: float) -> str:
    """Text of a growth whose factor a year is multiplied, with as many decimals as before."""
    ends = interval(text)
    if ends:
        return "-".join(_grown(end, factor) for end in ends)
    decimals = len(text.rstrip("% ").partition(".")[2])
    return f"{(100 + number(text)) * factor - 100:.{decimals}f}"


def _footing(row: dict[str, str], job: _Job) -> dict[str, str]:
    changed = {}
    if job.currency:
        changed["currency"] = job.currency
    if job.scale:
        changed["scale"] = job.scale
    if job.prices:
        said = row["price_basis"].partition(",")[2].strip()
        changed["price_basis"] = f"{job.prices}, {said}" if said else job.prices
    if row["fiscal_year_end"].strip():
        changed["fiscal_year_end"] = ""
    return changed


def _shifted(text: str, steps: list[Step]) -> str:
    """Text of a converted number; a change of scale alone moves the decimal point and keeps every digit."""
    ends = interval(text)
    if ends:
        return "-".join(_shifted(end, steps) for end in ends)
    factor = math.prod(factor for factor, _ in steps)
    power = round(math.log10(factor))
    if factor != float(f"1e{power}"):
        return f"{number(text) * factor:.12g}"
    plain = text.strip().replace(",", "")
    if "." not in plain and plain.endswith("0") and power < 0:
        return f"{plain}e{power}"
    moved = Decimal(plain).scaleb(power)
    exponent = moved.as_tuple().exponent
    return str(moved) if isinstance(exponent, int) and exponent > 0 else format(moved, "f")
