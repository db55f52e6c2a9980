"""Checks of the quoted sentence: what it leaves open."""

from __future__ import annotations

from forecast.estimates.checks.registry import Finding, Findings, check
from forecast.estimates.ledger import Ledger, digits
from forecast.estimates.phrases import Growth, amounts_in, multiples_in


@check("medium")
def ambiguous_multiple(ledger: Ledger) -> Findings:
    """The sentence about a multiple can be read in two ways."""
    for row, quote in enumerate(ledger.column("quote")):
        for growth in multiples_in(quote) if quote else ():
            if growth.ambiguity:
                yield _two_readings(ledger, row, growth)


def _two_readings(ledger: Ledger, row: int, growth: Growth) -> Finding:
    base, target = ledger.numbers("base_value").value[row], ledger.numbers("target_value").value[row]
    ratio, increase = growth.readings
    text = f"{growth.ambiguity}"
    stated, implied = ratio, float("nan")
    if base > 0:
        unit = float(ledger.factor[row])
        text += (
            f"; on the base of {ledger.money(float(base) * unit, row)} that is {digits(ratio * float(base))} or "
            f"{digits(increase * float(base))}"
        )
    if base > 0 and target > 0:
        implied = float(target / base)
        nearer = "the multiple of the start" if abs(implied - ratio) < abs(implied - increase) else "the increase"
        text += f"; the figures {digits(float(target))}/{digits(float(base))} = {implied:.4f} show {nearer}"
    return Finding(
        row,
        "medium",
        text + ".",
        stated=stated,
        implied=implied,
        low=ratio,
        high=increase,
        unit="times",
        diagnosis="ambiguous phrase",
    )


@check("medium")
def currency_in_quote(ledger: Ledger) -> Findings:
    """The quoted sentence names an amount without its currency, or mixes currencies."""
    for row, quote in enumerate(ledger.column("quote")):
        amounts = amounts_in(quote) if quote else ()
        unnamed = [amount.text for amount in amounts if not amount.currency and amount.ambiguity.startswith("元")]
        currencies = sorted({amount.currency for amount in amounts if amount.currency})
        parts = [f"'{text}' names no currency" for text in unnamed]
        if len(currencies) > 1:
            listed = ", ".join(f"'{amount.text}'" for amount in amounts if amount.currency)
            parts.append(f"one passage mixes {' and '.join(currencies)} ({listed})")
        if parts:
            yield Finding(
                row,
                "medium",
                f"In the quote {'; '.join(parts)}: amounts must not be compared before conversion.",
                diagnosis="currency",
            )
