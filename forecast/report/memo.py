"""The memo of a run: one page in words, with the numbers that carry it."""

from __future__ import annotations

import html
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from forecast.wording import amount, listing

if TYPE_CHECKING:
    import pandas as pd

    from forecast.distributions import Distribution
    from forecast.pipeline import Run
    from forecast.scenario import Driver, Scenario
    from forecast.sensitivity import Tornado

BAND = (0.1, 0.5, 0.9)
SEVERITIES = ("high", "medium", "low", "none")


def memo(run: Run, drivers: Tornado) -> str:
    """Return the memo of a run as Markdown.

    Parameters
    ----------
    run
        A finished run.
    drivers
        Its tornado.
    """
    sections = {
        "What the sources say": _sources(run),
        "Where they clash": _clashes(run.audit.table),
        "The consensus": run.consensus.summary(),
        "Where it goes from here": _projection(run),
        "What drives it": drivers.summary(),
        "What is assumption": _assumptions(run),
    }
    parts = [f"# {run.case.title}", f"**{_headline(run)}**"]
    parts += [f"## {title}\n\n{text}" for title, text in sections.items()]
    return "\n\n".join([*parts, _FILES]) + "\n"


_FILES = (
    "Every number above stands in the tables beside this page: `audit.csv`, `consensus.csv`, `houses.csv`, "
    "`bands.csv`, `sensitivity.csv`; the pictures are in `figures/`; `manifest.json` names the inputs and versions."
)


def milestones(run: Run) -> list[int]:
    """Return the years worth a line: every fifth year of the projection, and its last."""
    years = run.projection.years
    return [year for year in years if year % 5 == 0 or year == years[-1]]


def spans(run: Run, years: Iterable[int]) -> dict[tuple[str, int], str]:
    """Return median and 80 % band of the projection by scenario and year, in words."""
    table = run.projection.quantiles(BAND)
    found = {key: span(*band) for key, band in zip(table.index, table.to_numpy().tolist(), strict=True)}
    return {(name, year): found[name, year] for name in run.projection.scenarios for year in years}


def span(low: float, middle: float, high: float) -> str:
    """Write P10, P50 and P90.

    Examples
    --------
    >>> span(11.35, 22.77, 46.6)
    '23 (11 to 47)'
    """
    return f"{amount(middle)} ({amount(low)} to {amount(high)})"


def plain(text: str) -> str:
    """Return text that Markdown shows as it is: on one line, without HTML, not ending a table cell.

    Examples
    --------
    >>> plain("a|b <script>")
    'a&#124;b &lt;script&gt;'
    """
    return html.escape(" ".join(text.split()), quote=False).replace("|", "&#124;")


def grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table.

    Examples
    --------
    >>> print(grid(["a", "b"], [["1", "2"]]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = [f"| {' | '.join(line)} |" for line in [header, *rows]]
    return "\n".join([lines[0], "|" + "---|" * len(header), *lines[1:]])


def _headline(run: Run) -> str:
    consensus, year, last = run.consensus, run.consensus.reference_year, milestones(run)[-1]
    unit = consensus.footing.label
    start = span(*consensus.quantiles(BAND, [year]).iloc[0])
    said = [f"{text} under {name}" for (name, _), text in spans(run, [last]).items()]
    return (
        f"{year}: {unit} {start}. {last}: {unit} {listing(said)}. "
        "In brackets the 80 % band: one time in ten the market lies below it, one time in ten above."
    )


def _sources(run: Run) -> str:
    rows = [
        [
            *(plain(cell) for cell in (row["publisher"], row["scope"], _printed(row), row["published"])),
            _link(row["source"]),
        ]
        for row in run.case.estimates.to_dict("records")
    ]
    return grid(["publisher", "market", "printed", "published", "source"], rows)


def _link(source: str) -> str:
    return f"[page]({source})" if source.startswith(("https://", "http://")) and " " not in source else plain(source)


def _printed(row: Mapping[Hashable, object]) -> str:
    levels = [
        f"{row[f'{end}_hedge']} {row['currency']} {row[f'{end}_value']} {row['scale']} in {row[f'{end}_year']}"
        for end in ("base", "target")
        if row[f"{end}_value"]
    ]
    growth = f"{row['cagr_hedge']} {str(row['cagr']).rstrip(' %')} % a year" if row["cagr"] else ""
    return "; ".join(filter(None, [*levels, growth]))


def _clashes(findings: pd.DataFrame) -> str:
    worst = findings[findings["severity"] == "high"]["explanation"].unique()
    counts = findings["severity"].value_counts()
    others = [f"{counts[name]} of severity {name}" for name in SEVERITIES[1:] if name in counts]
    lines = [f"- {plain(sentence)}" for sentence in worst] or ["- Nothing of severity high."]
    return "\n".join([*lines, *([f"\nFurther findings: {listing(others)}; see `audit.csv`."] if others else [])])


def _projection(run: Run) -> str:
    years = milestones(run)
    found = spans(run, years)
    rows = [
        [plain(run.case.scenarios[name].title or name), *(found[name, year] for year in years)]
        for name in run.projection.scenarios
    ]
    handovers = sorted(set(run.projection.handover_year.values()))
    text = (
        f"Up to {listing([str(year) for year in handovers])}, the last year for which two publishers speak, a scenario "
        "follows the consensus, from its whole band; after that it goes its own way."
    )
    return f"{text}\n\n{grid([f'{run.unit}, median (80 % band)', *map(str, years)], rows)}"


def _assumptions(run: Run) -> str:
    scenarios = run.case.scenarios
    stories = [
        f"- **{plain(scenario.title or name)}**: {plain(scenario.because)}" for name, scenario in scenarios.items()
    ]
    header = ["driver, median (P10 to P90)", *scenarios, "why, in the middle scenario"]
    bullets = [*stories, *_reading(run), *_bridges(run), *_floor(run)]
    return "\n".join([*bullets, "", grid(header, _drivers(list(scenarios.values())))])


def _drivers(scenarios: Sequence[Scenario]) -> list[list[str]]:
    names = dict.fromkeys(name for scenario in scenarios for name in scenario.drivers)
    middle = scenarios[len(scenarios) // 2]
    return [[*_driver(scenarios, name), _why(middle.drivers.get(name))] for name in names]


def _driver(scenarios: Sequence[Scenario], name: str) -> list[str]:
    found = [scenario.drivers.get(name) for scenario in scenarios]
    unit = next((driver.unit for driver in found if driver and driver.unit), "")
    title = name.removeprefix("growth.").replace("_", " ")
    return [
        plain(f"{title}, {unit}".rstrip(", ")),
        *(_range(driver.distribution) if driver else "" for driver in found),
    ]


def _why(driver: Driver | None) -> str:
    return plain(f"{driver.because} ({driver.status})") if driver else ""


def _range(distribution: Distribution) -> str:
    low, middle, high = (f"{value:.2g}" for value in distribution.ppf(BAND))
    return middle if low == high else f"{middle} ({low} to {high})"


def _reading(run: Run) -> list[str]:
    prior, changed = run.consensus.pool.prior, sorted(run.case.prior)
    spread = f"{math.exp(prior.spread_scale):.2g} in level and by {100 * prior.growth_spread_scale:.2g} points a year"
    optimism = f"{100 * prior.optimism_mean:.2g} too many, give or take {100 * prior.optimism_sd:.2g}"
    return [
        '- A printed number is a range of its last digit; "about" doubles it, "more than" adds an excess of about one '
        "unit of that digit.",
        f"- Before any number is read, publishers of one market are taken to differ by a factor of about {spread} in "
        f"growth, with a correlation of {prior.herding:g}; in points of growth a year all promise {optimism}."
        + (f" This case changes {listing(changed)}." if changed else ""),
    ]


def _bridges(run: Run) -> list[str]:
    scopes = run.case.scopes.scopes if run.case.scopes else ()
    used = {scope.scope for scope in run.consensus.pool.sources}
    return [
        f"- Share of {plain(scope.name)} in {plain(scope.inside)}, {scope.ratio_year}: {_range(scope.ratio)}, "
        f"never above 1; {plain(scope.because)} ({scope.status or 'assumed'})."
        for scope in scopes
        if scope.ratio is not None and scope.name in used
    ]


def _floor(run: Run) -> list[str]:
    on = [scenario.analyst_error for scenario in run.case.scenarios.values() if scenario.analyst_error.on]
    if not on:
        return []
    return [
        f"- No band is narrower than published forecasts have missed by: a standard deviation of {on[0].scale:g} · "
        f"years^{on[0].exponent:g} of the logarithm."
    ]
