"""Checks of what numbers stand on: currency, scale, price basis and value basis."""

from __future__ import annotations

import math

import numpy as np

from forecast.estimates.checks.registry import Finding, Findings, check
from forecast.estimates.checks.sources import named
from forecast.estimates.ledger import Ledger, digits, pairs_within
from forecast.estimates.units import CURRENCIES, SCALES, scale_name

SLIPS = {
    1000.0: "a thousandfold slip of scale",
    100.0: "a hundredfold slip, as from 億 read as million",
    10.0: "a tenfold slip, as from 億 read as billion",
}
CLOSE = 0.02
"""Two numbers are taken for one, but for a slip of units, if they agree this far in logs after it is undone."""


def _with_money(ledger: Ledger) -> np.ndarray:
    return ledger.numbers("base_value").given | ledger.numbers("target_value").given


@check("medium")
def footing_missing(ledger: Ledger) -> Findings:
    """An amount has no currency or no scale, or one that is not known."""
    for row in np.flatnonzero(_with_money(ledger)):
        currency, scale = ledger.currency[row], ledger.column("scale")[row]
        missing = [name for name, word in (("currency", currency), ("scale", scale)) if not word]
        if currency and currency not in CURRENCIES:
            missing.append(f"known currency ({currency!r} is no ISO 4217 code)")
        if scale and scale_name(scale) not in SCALES:
            missing.append(f"known scale ({scale!r} is none of {', '.join(SCALES)})")
        if missing:
            amount = ledger.column("base_value")[row] or ledger.column("target_value")[row]
            yield Finding(
                int(row), "medium", f"The amount {amount} has no {' and no '.join(missing)}: it cannot be compared."
            )


def _pools(ledger: Ledger) -> list[tuple[str, list[int]]]:
    """Rows with an amount, by scope and geography; named by the scope."""
    money = _with_money(ledger)
    pools = ((scope, [row for row in rows if money[row]]) for (scope, _), rows in ledger.pools.items())
    return [(scope, rows) for scope, rows in pools if rows]


@check("medium")
def footing_mixed(ledger: Ledger) -> Findings:
    """Rows of one market stand on several currencies, price bases or value bases."""
    words = {
        "currency": ledger.currency,
        "price_basis": ledger.column("price_basis"),
        "value_basis": ledger.column("value_basis"),
    }
    for scope, rows in _pools(ledger):
        for part, column in words.items():
            by_word: dict[str, list[int]] = {}
            for row in rows:
                if column[row]:
                    by_word.setdefault(column[row], []).append(row)
            if len(by_word) > 1:
                listed = "; ".join(
                    f"{word}: {named([ledger.ids[r] for r in found])}" for word, found in sorted(by_word.items())
                )
                firsts = [found[0] for found in by_word.values()]
                text = (
                    f"The rows of '{scope}' mix {part.replace('_', ' ')} ({listed}): bring them onto one footing "
                    "before pooling."
                )
                yield Finding(firsts[1], "medium", text, other=firsts[0])


@check("low")
def basis_missing(ledger: Ledger) -> Findings:
    """Rows of one market do not say their price basis or value basis."""
    for scope, rows in _pools(ledger):
        silent = {
            part: [row for row in rows if not ledger.column(part)[row]] for part in ("price_basis", "value_basis")
        }
        parts = [
            f"{len(found)} of {len(rows)} do not say their {part.replace('_', ' ')}"
            for part, found in silent.items()
            if found
        ]
        if parts:
            either = sorted({row for found in silent.values() for row in found})
            text = (
                f"Of the rows of '{scope}' {' and '.join(parts)} ({named([ledger.ids[row] for row in either])}): "
                "nominal product sales and real spending may be mixed."
            )
            yield Finding(either[0], "low", text)


@check("high")
def unit_slip(ledger: Ledger) -> Findings:
    """Two numbers that would be one lie a power of ten apart."""
    points = ledger.points[ledger.points["kind"] == "printed"]
    rows, value = points["row"].to_numpy(int), points["value"].to_numpy(float)
    with np.errstate(divide="ignore"):
        logs = np.log10(value)
    mantissa = np.round((logs - np.floor(logs)) / 0.02).astype(int) % 50
    found = set()
    for shift in (0, 1):
        codes = (points["market"] * 10_000 + points["year"]).to_numpy(int) * 100 + (mantissa + shift) % 50 // 2
        i, j, _ = pairs_within(codes, value)
        apart = np.abs(logs[i] - logs[j])
        power = np.round(apart)
        hits = (power >= 1) & (power <= 3) & (np.abs(apart - power) * math.log(10) < CLOSE) & (rows[i] != rows[j])
        found |= set(zip(i[hits].tolist(), j[hits].tolist(), power[hits].tolist(), strict=True))
    for a, b, power in sorted(found):
        year = int(points["year"].iloc[a])
        yield _slip(ledger, int(rows[a]), int(rows[b]), float(value[a]), float(value[b]), year, 10.0**power)
    yield from _quoted_slips(ledger)


def _slip(ledger: Ledger, a: int, b: int, first: float, second: float, year: int, factor: float) -> Finding:
    text = (
        f"{ledger.ids[a]} has {ledger.money(first, a)} and {ledger.ids[b]} {ledger.money(second, b)} for "
        f"{ledger.scope[a]} in {year}: the same digits {factor:,.0f} times apart, {SLIPS[factor]}."
    )
    unit = float(ledger.factor[b])
    return Finding(
        b,
        "high" if factor > 10 else "medium",
        text,
        other=a,
        stated=second / unit,
        implied=first / unit,
        unit=ledger.unit[b],
        year=year,
        diagnosis=SLIPS[factor],
    )


def _quoted_slips(ledger: Ledger) -> Findings:
    """Hold the amounts of a row against the amounts in its own quote."""
    from forecast.estimates.phrases import amounts_in

    for row, quote in enumerate(ledger.column("quote")):
        quoted = (
            [amount for amount in amounts_in(quote) if amount.currency in ("", ledger.currency[row])] if quote else []
        )
        for name in ("base_value", "target_value"):
            value = ledger.numbers(name).value[row] * ledger.factor[row]
            ratios = [value / amount.value for amount in quoted if amount.value > 0]
            if not ratios or not np.isfinite(value) or any(abs(math.log(ratio)) < CLOSE for ratio in ratios):
                continue
            for ratio, amount in zip(ratios, quoted, strict=False):
                power = round(abs(math.log10(ratio)))
                if power in (1, 2, 3) and abs(abs(math.log10(ratio)) - power) * math.log(10) < CLOSE:
                    text = (
                        f"The quote says '{amount.text}', that is {ledger.money(amount.value, row)}, but {name} is "
                        f"{ledger.money(float(value), row)}: {SLIPS[10.0**power]}."
                    )
                    unit = float(ledger.factor[row])
                    yield Finding(
                        row,
                        "high",
                        text,
                        stated=float(value) / unit,
                        implied=amount.value / unit,
                        unit=ledger.unit[row],
                        diagnosis=SLIPS[10.0**power],
                    )
                    break


@check("medium")
def scale_words(ledger: Ledger) -> Findings:
    """Numbers are printed in 億, 兆 or 萬, which are no thousands.

    Name the rows whose quote counts in 萬 (1e4), 億 (1e8) or 兆 (1e12), with the conversion.
    """
    from forecast.estimates.phrases import amounts_in

    shown: dict[int, str] = {}
    for row, quote in enumerate(ledger.column("quote")):
        for amount in amounts_in(quote) if quote else ():
            if amount.unit and amount.unit[-1] in "萬億兆" and row not in shown:
                shown[row] = (
                    f"{ledger.ids[row]}: {amount.text} = {amount.currency or 'no currency'} "
                    f"{digits(amount.value / SCALES[amount.scale])} {amount.scale}"
                )
    if shown:
        rows = list(shown)
        text = (
            f"{len(rows)} of {len(ledger)} rows are quoted in 萬 (1e4), 億 (1e8) or 兆 (1e12): "
            f"{'; '.join([*shown.values()][:8])}. "
            "Read as billion, 億 would make them 10 times too large."
        )
        yield Finding(rows[0], "medium", text, other=rows[1] if len(rows) > 1 else None, diagnosis="unit scale")
