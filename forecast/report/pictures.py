"""The figures of a run, as PNG and SVG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from forecast.pipeline import Run
    from forecast.sensitivity import Tornado


def draw(run: Run, drivers: Tornado, folder: Path, *, progress: Callable[[str], None]) -> None:
    """Write every figure of a run into a folder, in the width and language of the current house style."""
    import matplotlib.pyplot as plt

    from forecast.figures import save_figure
    from forecast.figures.style import figure_of

    for name, plot in figures(run, drivers).items():
        progress(f"figure {name}")
        figure = figure_of(plot())
        try:
            save_figure(figure, folder / name)
        finally:
            plt.close(figure)


def figures(run: Run, drivers: Tornado) -> dict[str, Callable[[], Axes]]:
    """Return the figures of a run by the names of their files; projection and ranking show one scenario."""
    last = {"projection": lambda: _projection(run, drivers.scenario), "sensitivity": lambda: _sensitivity(drivers)}
    if not run.has_consensus:
        return last
    return {
        "sources": lambda: _sources(run),
        "consensus": lambda: _consensus(run),
        "houses": lambda: _houses(run),
    } | last


def _sources(run: Run) -> Axes:
    from forecast.figures import sources_by_years
    from forecast.figures.language import say

    title = say("{0}: what each source says for each year, {1}", run.case.title, run.unit)
    return sources_by_years(run.sources_table, unit=run.unit, scope=run.consensus.scope, title=title)


def _consensus(run: Run) -> Axes:
    from forecast.figures import forest
    from forecast.figures.language import say

    year = run.consensus.reference_year
    title = say("{0} in {1}: what the sources say, and the consensus", run.case.title, year)
    return forest(run.consensus.forest_table, unit=run.unit, title=title)


def _houses(run: Run) -> Axes:
    from forecast.figures import houses

    return houses(run.consensus.houses)


def _projection(run: Run, scenario: str) -> Axes:
    from forecast.figures import fan
    from forecast.figures.language import say, word

    path, title = run.projection, say("{0}: projection, scenario {1}", run.case.title, word(scenario))
    return fan(path.table, unit=run.unit, statements=path.statements, scenario=scenario, title=title)


def _sensitivity(drivers: Tornado) -> Axes:
    return replace(drivers, table=drivers.table.assign(scenario=drivers.scenario)).plot()
