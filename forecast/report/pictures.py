"""The figures of a run, as PNG and SVG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from forecast.pipeline import Run
    from forecast.scenario import Scenario
    from forecast.sensitivity import Tornado

METHODS = {
    "house-effects": "house effects",
    "arithmetic-mean": "arithmetic mean",
    "geometric-mean": "geometric mean",
    "median": "median",
    "inverse-variance": "inverse variance",
    "linear-pool": "linear pool",
    "log-pool": "logarithmic pool",
    "random-effects-reml": "random effects (REML)",
    "bayes-random-effects": "random effects (Bayes)",
}
"""Methods of pooling that are drawn, and what they are called; the others are variants of these."""

Plots = dict[str, "Callable[[], Axes]"]
"""What draws each figure, by the name of its file."""


def draw(run: Run, drivers: Tornado, folder: Path, *, further: bool = False, progress: Callable[[str], None]) -> None:
    """Write the figures of a run into a folder, in the width and language of the current house style.

    Parameters
    ----------
    run
        A finished run.
    drivers
        Ranking of its inputs.
    folder
        Where to write.
    further
        Also those of `further_figures`.
    progress
        Called with the name of each figure.
    """
    import matplotlib.pyplot as plt

    from forecast.figures import house_style, save_figure
    from forecast.figures.style import figure_of

    plots = figures(run, drivers) | (further_figures(run, drivers) if further else {})
    with house_style(about=run.case.title):
        for name, plot in plots.items():
            progress(f"figure {name}")
            figure = figure_of(plot())
            try:
                save_figure(figure, folder / name)
            finally:
                plt.close(figure)


def figures(run: Run, drivers: Tornado) -> Plots:
    """Return the figures of every run; projection and ranking show one scenario."""
    last: Plots = {
        "projection": lambda: _projection(run, drivers.scenario),
        "sensitivity": lambda: drivers.plot(),
    }
    if run.case.cross_check is not None:
        last["top_down_bottom_up"] = lambda: _sides(run)
    if not run.has_consensus:
        return last
    return {
        "sources": lambda: _sources(run),
        "consensus": lambda: _consensus(run),
        "houses": lambda: _houses(run),
    } | last


def further_figures(run: Run, drivers: Tornado) -> Plots:
    """Return the figures of a report beside those of every run, as far as the case has what they show.

    They are: growth as stated and as implied, what each method of pooling makes of the estimates, the editions of one
    publisher, all scenarios in one chart, where the width of the band comes from, and the dated events.
    """
    from forecast.report.picture_tables import edition_table, event_table

    growth, events = run.audit.growth, event_table(_ranked(run, drivers.scenario))
    editions = edition_table(run) if len(run.case.estimates) else run.case.estimates
    found: Plots = {}
    if len(growth):
        found["growth"] = lambda: run.audit.plot()
    if run.has_consensus:
        found["methods"] = lambda: _methods(run)
    if len(editions):
        found["editions"] = lambda: _editions(run, editions)
    if len(run.projection.scenarios) > 1:
        found["scenarios"] = lambda: _scenarios(run)
    found["band"] = lambda: _band(run, drivers.scenario)
    if len(events):
        found["events"] = lambda: _events(events)
    return found


def _sources(run: Run) -> Axes:
    from forecast.figures import sources_by_years

    return sources_by_years(run.sources_table, unit=run.unit, scope=run.consensus.scope)


def _consensus(run: Run) -> Axes:
    from forecast.figures import forest

    return forest(run.consensus.forest_table, unit=run.unit, year=run.consensus.reference_year)


def _houses(run: Run) -> Axes:
    from forecast.figures import houses

    return houses(run.consensus.houses)


def _projection(run: Run, scenario: str) -> Axes:
    from forecast.figures import fan

    path = run.projection
    return fan(path.table, unit=run.unit, statements=path.statements, scenario=scenario)


def _sides(run: Run) -> Axes:
    from forecast.figures import top_down_bottom_up
    from forecast.report.sides import side_rows

    return top_down_bottom_up(side_rows(run), unit=run.unit)


def _methods(run: Run) -> Axes:
    from forecast.figures import football_field
    from forecast.reconcile.comparison import compare_pool

    consensus = run.consensus
    found = compare_pool(consensus.pool, methods=list(METHODS)).table
    table, reference = found.assign(method=found["method"].map(METHODS)), found.set_index("method")["median"]
    return football_field(table[["method", "low", "median", "high"]], unit=run.unit, year=consensus.reference_year,
                          reference=float(reference["house-effects"]))  # fmt: skip


def _editions(run: Run, editions: pd.DataFrame) -> Axes:
    from forecast.figures import revisions

    return revisions(editions, unit=run.unit)


def _scenarios(run: Run) -> Axes:
    from forecast.figures import scenarios_overlaid

    return scenarios_overlaid(run.projection.table, unit=run.unit)


def _band(run: Run, scenario: str) -> Axes:
    from forecast.sensitivity import decomposition

    return decomposition(run, scenario=scenario).plot()


def _events(events: pd.DataFrame) -> Axes:
    from forecast.figures import timeline

    return timeline(events)


def _ranked(run: Run, first: str) -> list[Scenario]:
    """Scenarios of a run, the one shown before the others."""
    return [run.case.scenarios[name] for name in sorted(run.projection.scenarios, key=lambda name: name != first)]
