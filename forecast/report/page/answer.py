"""The answer that stands first: how large, how much larger, how sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecast.report.headline import growth_since, headline_scenario, start_band, start_year, titles
from forecast.report.memo import BAND, milestones
from forecast.wording import amount, listing, money, percent

if TYPE_CHECKING:
    from forecast.pipeline import Run


@dataclass(frozen=True)
class Key:
    """One number of the answer: what it is, the number, its 80 % band."""

    label: str
    value: str
    band: str


def keys(run: Run) -> tuple[Key, ...]:
    """Return the market at the start, at the end under the middle scenario, and the growth between."""
    name = headline_scenario(run.projection.scenarios)
    last = int(run.projection.paths[name].years[-1])
    low, start, high = start_band(run, BAND)
    least, end, most = run.projection.quantiles(BAND).xs(name).to_numpy()[-1]
    since, rates = growth_since(run, name, BAND)
    slow, middle, fast = (percent(share) for share in rates)
    return (
        Key(f"Market in {start_year(run)}", money(start, run.unit), f"{amount(low)} to {amount(high)}"),
        Key(
            f"Market in {last}, scenario {title(run, name)}", money(end, run.unit), f"{amount(least)} to {amount(most)}"
        ),
        Key(f"Growth a year, {since} to {last}", middle, f"{slow} to {fast}"),
    )


def others(run: Run) -> str:
    """Return one sentence on where the other scenarios end."""
    middle, last = headline_scenario(run.projection.scenarios), milestones(run)[-1]
    medians = run.projection.quantiles([0.5])[0.5].xs(last, level="year")
    said = [
        f"{amount(value)} under {title(run, name)}"
        for name, value in zip(medians.index, medians.tolist(), strict=True)
        if name != middle
    ]
    return f"Under the other scenarios it is {listing(said)} in {last}, in {run.unit}." if said else ""


def title(run: Run, name: str) -> str:
    """Return what a scenario is called."""
    return titles(run)[name]


def growth(run: Run, name: str) -> list[float]:
    """Return the band of the growth a year of a scenario, from the year that the answer starts from to its end."""
    return growth_since(run, name, BAND)[1]
