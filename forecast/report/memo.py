"""The memo of a run: one page in words, with the numbers that carry it."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from forecast.distributions import Fixed
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
    return {(name, year): span(*table.loc[(name, year)]) for name in run.projection.scenarios for year in years}


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


def _printed(row: dict[object, object]) -> str:
    unit = f"{row['currency']} {row['scale']}"
    parts = [
        f"{row[f'{end}_year']}: {row[f'{end}_hedge']} {row[f'{end}_value']} {unit}"
        for end in ("base", "target")
        if row[f"{end}_value"]
    ]
    if row["cagr"]:
        parts.append(f"growth {row['cagr_hedge']} {str(row['cagr']).rstrip(' %')} % a year")
    return "; ".join(parts)


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
        [plain(scenario.title or name), *(found[name, year] for year in years)]
        for name, scenario in run.case.scenarios.items()
    ]
    header = [f"{run.consensus.footing.label}, P50 (P10 to P90)", *map(str, years)]
    return f"{run.projection.summary()}\n\n{grid(header, rows)}"


def _assumptions(run: Run) -> str:
    scenarios = run.case.scenarios
    names = dict.fromkeys(name for scenario in scenarios.values() for name in scenario.growth.drivers)
    rows = [
        [name.replace("_", " "), *(_cell(s, name) for s in scenarios.values()), _why(scenarios, name)] for name in names
    ]
    stories = [
        f"- **{plain(scenario.title or name)}**: {plain(scenario.because)}" for name, scenario in scenarios.items()
    ]
    return "\n".join([*stories, "", grid(["driver, P50 (P10 to P90)", *scenarios, "why"], rows), "", *_bridges(run)])


def _cell(scenario: Scenario, name: str) -> str:
    driver = scenario.growth.drivers.get(name)
    return plain(f"{_range(driver.distribution)} {driver.unit}") if driver else ""


def _why(scenarios: dict[str, Scenario], name: str) -> str:
    drivers: list[Driver] = [s.growth.drivers[name] for s in scenarios.values() if name in s.growth.drivers]
    return plain("; ".join(dict.fromkeys(f"{driver.because} ({driver.status})" for driver in drivers)))


def _range(distribution: Distribution) -> str:
    low, middle, high = (f"{value:.3g}" for value in distribution.ppf(BAND))
    return middle if isinstance(distribution, Fixed) else f"{middle} ({low} to {high})"


def _bridges(run: Run) -> list[str]:
    scopes = run.case.scopes.scopes if run.case.scopes else ()
    return [
        f"- Share of {scope.name} in {scope.inside}, {scope.ratio_year}: {_range(scope.ratio)}; {plain(scope.because)} "
        f"({scope.status or 'assumed'})."
        for scope in scopes
        if scope.ratio is not None
    ]
