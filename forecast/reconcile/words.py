"""A consensus in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from forecast.reconcile.paths import source_levels
from forecast.wording import amount, listing, percent

if TYPE_CHECKING:
    from forecast.reconcile.consensus import Consensus

_OUTLIER = 0.5
_MOSTLY_PRIOR = 2
_MOVES = 0.2
"""Log change of the median that makes a left-out source worth a sentence."""


def consensus_in_words(consensus: Consensus) -> str:
    """Sources, consensus, growth, outliers, what a left-out source would change, and how much is prior."""
    parts = [_sources(consensus), _market(consensus), _next_publisher(consensus)]
    parts += [_outliers(consensus), _influence(consensus), _prior(consensus), _left_out(consensus)]
    return " ".join(filter(None, parts))


def _sources(consensus: Consensus) -> str:
    pool, unit = consensus.pool, consensus.footing.label
    count = len(pool.sources)
    who = f"{count} sources" if count > 1 else "One source"
    levels = source_levels(pool, consensus.reference_year)
    if len(levels) < 2:
        return f"{who} about {consensus.scope}."
    least, most = levels.loc[levels["median"].idxmin()], levels.loc[levels["median"].idxmax()]
    return (
        f"{who} about {consensus.scope} put {consensus.reference_year}, on their own paths, between {unit} "
        f"{amount(least['median'])} ({least['label']}) and {amount(most['median'])} ({most['label']}), "
        f"a factor of {amount(most['median'] / least['median'])}."
    )


def _market(consensus: Consensus) -> str:
    unit, first, last = consensus.footing.label, consensus.reference_year, consensus.years[-1]
    table = consensus.quantiles((0.1, 0.5, 0.9), [first, last] if last > first else [first])
    low, middle, high = (amount(v) for v in table.iloc[0])
    text = f"The consensus for {first} is {unit} {middle} (80 % band {low} to {high})"
    if last == first:
        return text + "."
    low, middle, high = (amount(v) for v in table.iloc[1])
    rates = [percent(v) for v in consensus.growth(first, last)]
    return (
        f"{text}, for {last} {unit} {middle} ({low} to {high}); "
        f"growth {first}-{last} is {rates[1]} a year ({rates[0]} to {rates[2]})."
    )


def _next_publisher(consensus: Consensus) -> str:
    year = consensus.reference_year
    low, _, high = (amount(v) for v in consensus.next_publisher(years=[year]).iloc[0])
    return f"One more publisher would, with probability 80 %, print {low} to {high} for {year}: that is not the market."


def _outliers(consensus: Consensus) -> str:
    houses = consensus.houses
    found = houses[houses["outlier_probability"] > _OUTLIER]
    said = [
        f"{row.publisher} is an outlier with probability {row.outlier_probability:.2f} and a house factor of about "
        f"{amount(row.median)}"
        for row in found.itertuples()
    ]
    return f"{listing(said)}." if said else ""


def _influence(consensus: Consensus) -> str:
    table = consensus.influence()
    moving = table[table["change"].map(lambda change: abs(math.log(change)) > _MOVES)]
    if moving.empty:
        return ""
    year = consensus.reference_year
    said = [
        f"{row.publisher} it is {amount(row.median)} ({amount(row.low)} to {amount(row.high)})"
        for row in moving.itertuples()
    ]
    return f"For {year}, without {listing(['without ' * (i > 0) + text for i, text in enumerate(said)])}."


def _prior(consensus: Consensus) -> str:
    count = len(consensus.pool.sources)
    if count > _MOSTLY_PRIOR:
        return ""
    what = "one source" if count == 1 else f"{count} sources"
    return f"With {what} the width of the band is mostly the prior on how far publishers differ, not evidence."


def _left_out(consensus: Consensus) -> str:
    rows = [f"{row.publisher} {row.id} ({row.reason})" for row in consensus.left_out]
    return f"Not pooled: {listing(rows)}." if rows else ""
