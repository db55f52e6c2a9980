"""The figures of a run, as PNG and SVG."""

from __future__ import annotations

from collections.abc import Callable
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
    """Return the figures of a run by the names of their files."""
    from forecast.figures import houses, sources_by_years

    unit = run.unit

    def projection() -> Axes:
        return run.projection.plot(scenario=drivers.scenario)

    if not run.has_consensus:
        return {"projection": projection, "sensitivity": drivers.plot}
    return {
        "sources": lambda: sources_by_years(run.sources_table, unit=unit),
        "consensus": run.consensus.plot,
        "houses": lambda: houses(run.consensus.houses),
        "projection": projection,
        "sensitivity": drivers.plot,
    }
