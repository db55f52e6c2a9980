"""A consensus in words."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from forecast.reconcile.paths import source_levels
from forecast.wording import amount, listing, money, percent

if TYPE_CHECKING:
    from forecast.reconcile.consensus import Consensus
    from forecast.reconcile.pool import Pool

_OUTLIER = 0.5
_ALIKE = 1.005
_MOSTLY_PRIOR = 2
_MOVES = 0.2
"""Log change of the median that makes a left-out source worth a sentence."""


def consensus_in_words(consensus: Consensus) -> str:
    """Sources, consensus, growth, outliers, what a left-out source would change, and how much is prior."""
    parts = [_sources(consensus), _market(consensus), _next_publisher(consensus)]
    parts += [_outliers(consensus), _modes(consensus), _influence(consensus), _prior(consensus), _left_out(consensus)]
    return " ".join(filter(None, parts))


def _sources(consensus: Consensus) -> str:
    pool, unit = consensus.pool, consensus.footing.label
    who = _who(pool)
    levels = source_levels(pool, consensus.reference_year)
    if len(levels) < 2:
        return f"{who.removesuffix(',')}."
    ranked = levels.sort_values("median")
    least, most = ranked.iloc[0], ranked.iloc[-1]
    if most["median"] / least["median"] < _ALIKE:
        return f"{who} put {consensus.reference_year}, on their own paths, at {money(most['median'], unit)}."
    return (
        f"{who} put {consensus.reference_year}, on their own paths, between "
        f"{money(least['median'], unit)} ({least['label']}) and {money(most['median'], unit)} ({most['label']}), "
        f"a factor of {amount(most['median'] / least['median'])}."
    )


def _who(pool: Pool) -> str:
    """How many sources, how many of them are about another scope, and which are no estimates of a publisher."""
    count = len(pool.sources)
    if count == 1:
        kind = pool.sources[0].kind
        return f"One {'source' if kind == 'estimate' else kind} about {pool.sources[0].scope}"
    others = Counter(s.scope for s in pool.sources if s.scope != pool.scope)
    said = [f"{number} of them about {scope}" for scope, number in others.items()]
    for kind in ("actual", "own estimate"):
        named = [s.publisher for s in pool.sources if s.kind == kind]
        what = f"an {kind}" if len(named) == 1 else f"{kind}s"
        said += [f"{len(named)} of them {what} ({listing(named)})"] if named else []
    return f"{count} sources for {pool.scope}" + "".join(f", {words}" for words in said) + "," * bool(said)


def _market(consensus: Consensus) -> str:
    unit, first, last = consensus.footing.label, consensus.reference_year, consensus.years[-1]
    text = f"The consensus for {first} is {_band(consensus, first, unit)}"
    if last == first:
        return f"{text}."
    low, middle, high = (percent(rate) for rate in consensus.growth(first, last))
    return (
        f"{text}, for {last} {_band(consensus, last, unit)}; "
        f"growth {first}-{last} is {middle} a year ({low} to {high})."
    )


def _band(consensus: Consensus, year: int, unit: str) -> str:
    low, middle, high = consensus.quantiles((0.1, 0.5, 0.9), [year]).to_numpy()[0]
    return f"{money(middle, unit)} (80 % band {amount(low)} to {amount(high)})"


def _next_publisher(consensus: Consensus) -> str:
    year = consensus.reference_year
    low, _, high = (amount(v) for v in consensus.next_publisher(years=[year]).iloc[0])
    return f"One more publisher would, with probability 80 %, print {low} to {high} for {year}: that is not the market."


def _outliers(consensus: Consensus) -> str:
    houses = consensus.houses
    found = houses[houses["outlier_probability"] > _OUTLIER]
    said = [
        f"{publisher} is an outlier with probability {probability:.2f} and a house factor of about {amount(factor)}"
        for publisher, probability, factor in found[["publisher", "outlier_probability", "median"]].to_numpy()
    ]
    return f"{listing(said)}." if said else ""


def _modes(consensus: Consensus) -> str:
    values = consensus.modes()["value"].tolist()
    if len(values) < 2:
        return ""
    where = listing([amount(value) for value in values])
    return (
        f"The sources leave {len(values)} answers for {consensus.reference_year}, near {where}; the median is neither."
    )


def _influence(consensus: Consensus) -> str:
    table = consensus.influence()
    pool = consensus.pool
    only = [s.publisher for s in pool.sources if len(pool.sources) > 1 and not pool.without(s.id).has_level]
    moving = table[table["change"].map(lambda change: abs(math.log(change)) > _MOVES)]
    if only:
        return f"Without {only[0]} no source prints a level."
    if moving.empty:
        return ""
    year = consensus.reference_year
    said = [
        f"{publisher} it is {amount(median)} ({amount(low)} to {amount(high)})"
        for publisher, low, median, high in moving[["publisher", "low", "median", "high"]].to_numpy()
    ]
    return f"For {year}, without {listing(['without ' * (i > 0) + text for i, text in enumerate(said)])}."


def _prior(consensus: Consensus) -> str:
    sources = consensus.pool.sources
    count = len(sources)
    if count > _MOSTLY_PRIOR:
        return ""
    sure = [f"{s.publisher}, with an sd of {percent(s.anchor_sd, 1)}" for s in sources if s.anchor_sd is not None]
    if sure:
        return f"The level rests on {listing(sure)}, not on how far publishers differ."
    what = "one source" if count == 1 else f"{count} sources"
    return f"With {what} the width of the band is mostly the prior on how far publishers differ, not evidence."


def _left_out(consensus: Consensus) -> str:
    rows = [f"{row.publisher} {row.id} ({row.reason})" for row in consensus.left_out]
    return f"Not pooled: {listing(rows)}." if rows else ""
