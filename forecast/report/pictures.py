"""The figures of a run, as PNG and SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from forecast.report.beside import beside

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

SIDES = "top_down_bottom_up"

Plots = dict[str, "Callable[[], Axes]"]
"""What draws each figure, by the name of its file."""


@contextmanager
def drawn(run: Run, scenario: str, folder: Path, *, further: bool = False) -> Iterator[None]:
    """Write the figures that need no ranking of the inputs, in the current house style, while the block runs.

    Parameters
    ----------
    run
        A finished run.
    scenario
        Scenario that is shown where a figure shows one.
    folder
        Where to write.
    further
        Also those of `further_figures`.
    """
    plots = _unranked(run, scenario) | (further_figures(run, scenario) if further else {})
    with beside(lambda: save_all(run, plots, folder)):
        yield


def draw_ranking(run: Run, drivers: Tornado, folder: Path) -> None:
    """Write the figure of the ranking of the inputs into a folder, in the current house style."""
    save_all(run, {"sensitivity": drivers.plot}, folder)


def save_all(run: Run, plots: Plots, folder: Path) -> None:
    """Write figures into a folder, the title of the case before theirs."""
    import matplotlib.pyplot as plt

    from forecast.figures import house_style, save_figure
    from forecast.figures.style import figure_of

    with house_style(about=run.case.title):
        for name, plot in plots.items():
            figure = figure_of(plot())
            try:
                save_figure(figure, folder / name)
            finally:
                plt.close(figure)


def figures(run: Run, drivers: Tornado) -> Plots:
    """Return the figures of every run; projection and ranking show one scenario."""
    found = _unranked(run, drivers.scenario)
    after = {name: found.pop(name) for name in (SIDES,) if name in found}
    return found | {"sensitivity": drivers.plot} | after


def _unranked(run: Run, scenario: str) -> Plots:
    """Figures of every run that need no ranking of its inputs."""
    found: Plots = {}
    if run.has_consensus:
        found["sources"] = lambda: _sources(run)
        found["consensus"] = lambda: _consensus(run)
        found["houses"] = lambda: _houses(run)
    found["projection"] = lambda: _projection(run, scenario)
    if run.case.cross_check is not None:
        found[SIDES] = lambda: _sides(run)
    return found


def further_figures(run: Run, scenario: str) -> Plots:
    """Return the figures of a report beside those of every run, as far as the case has what they show.

    They are: growth as stated and as implied, what each method of pooling makes of the estimates, the editions of one
    publisher, all scenarios in one chart, where the width of the band comes from, and the dated events.
    """
    from forecast.report.picture_tables import edition_table, event_table

    growth, events = run.audit.growth, event_table(_ranked(run, scenario))
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
    found["band"] = lambda: _band(run, scenario)
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
