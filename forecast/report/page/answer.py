"""The answer that stands first: how large, how much larger, how sure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from forecast.report.headline import headline_scenario
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
    path = run.projection.paths[name]
    first, last = int(path.years[0]), int(path.years[-1])
    bands = run.projection.quantiles(BAND).xs(name).to_numpy()
    (low, start, high), (least, end, most) = bands[0], bands[-1]
    slow, middle, fast = (percent(share) for share in growth(run, name))
    return (
        Key(f"Market in {first}", money(start, run.unit), f"{amount(low)} to {amount(high)}"),
        Key(
            f"Market in {last}, scenario {title(run, name)}", money(end, run.unit), f"{amount(least)} to {amount(most)}"
        ),
        Key(f"Growth a year, {first} to {last}", middle, f"{slow} to {fast}"),
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
    """Return the title of a scenario, or its name."""
    return run.case.scenarios[name].title or name


def growth(run: Run, name: str) -> list[float]:
    """Return the band of the growth a year over the whole path of a scenario, which may be shorter than another's."""
    path = run.projection.paths[name]
    alone = replace(run.projection, paths={name: path})
    return alone.cagr(int(path.years[0]), int(path.years[-1]), BAND).to_numpy()[0].tolist()
