"""Why the consensus grows more or less than every source says: the arithmetic in one sentence or two."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from forecast.wording import percent

if TYPE_CHECKING:
    from forecast.pipeline import Run
    from forecast.reconcile.pool import Pool

_CLEAR = 0.0005
"""Share a year by which the consensus must lie outside the sources; less is rounding."""


def promises_in_words(run: Run) -> str:
    """Say by how much the growth of the consensus lies outside what its sources say themselves, and what does it.

    Returns
    -------
    str
        "" where the growth lies among theirs, or where fewer than two sources say any.
    """
    from forecast.reconcile.statements import own_growth

    pool, (first, last) = run.consensus.pool, (run.consensus.reference_year, run.consensus.years[-1])
    said = {source.publisher: math.expm1(own_growth(source)) for source in pool.sources if source.anchor_sd is None}
    told = {name: rate for name, rate in said.items() if math.isfinite(rate)}
    if len(told) < 2 or last <= first:
        return ""
    middle = float(run.consensus.growth(first, last, [0.5]).iloc[0])
    least, most = min(told, key=lambda name: told[name]), max(told, key=lambda name: told[name])
    if told[least] - _CLEAR <= middle <= told[most] + _CLEAR:
        return ""
    below = middle < told[least]
    near = least if below else most
    gap = abs(middle - told[near])
    text = (
        f"The consensus grows by {percent(middle, 1)} a year from {first} to {last}, {100 * gap:.1f} points "
        f"{'less' if below else 'more'} than any source says itself: they say {percent(told[least], 1)} ({least}) to "
        f"{percent(told[most], 1)} ({most})."
    )
    optimism = pool.prior.optimism_mean
    if below and optimism > 0:
        text += (
            " Before any number is read, sources are taken to promise "
            f"{100 * optimism:.1f} points a year too much, give or take {100 * pool.prior.optimism_sd:.1f}."
        )
    return text + _most_moving(run, first, last)


def _most_moving(run: Run, first: int, last: int) -> str:
    """Which source, left out, changes the growth most."""
    pool = run.consensus.pool
    kept = {source.publisher: pool.without(source.id) for source in pool.sources}
    if run.consensus.method != "house-effects" or len(pool.sources) < 3:
        return ""
    known = {name: rest for name, rest in kept.items() if rest.has_level}
    own = _growth_of_medians(pool, first, last)
    without = {name: _growth_of_medians(rest, first, last) for name, rest in known.items()}
    if not without:
        return ""
    name = max(without, key=lambda key: abs(without[key] - own))
    return f" What moves it most is {name}: without that source it would be {percent(without[name])} a year."


def _growth_of_medians(pool: Pool, first: int, last: int) -> float:
    """Growth between the medians of two years, on a coarse grid."""
    from forecast.reconcile.scrutiny import bands

    start, end = bands(pool, [first, last])["median"]
    return float((end / start) ** (1 / (last - first)) - 1)
