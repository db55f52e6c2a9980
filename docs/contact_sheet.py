"""Draw every figure of every case in both languages, and put them on contact sheets for the gallery.

`python docs/contact_sheet.py FOLDER` fills a folder with PNG files, one folder a case and language, and
`docs/images/` with the sheets. `--width column` or `--case NAME` draw a part of it; then the sheets stay as they are.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from PIL import Image, ImageDraw, ImageFont

import forecast
from forecast import figures
from forecast.backtest import read_track_record
from forecast.estimates import inclusion_table
from forecast.figures.style import figure_of
from forecast.pipeline import Run
from forecast.reconcile.paths import source_names
from forecast.report.bottom_up import own_tornado
from forecast.report.headline import headline_scenario, headline_year
from forecast.report.picture_tables import event_table
from forecast.report.pictures import figures as figures_of
from forecast.report.pictures import further_figures
from forecast.scenario import read_scenario
from forecast.sensitivity import Tornado

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
CASES = ("regenerative_medicine", "cell_gene_therapy", "taiwan_cell_therapy")
LANGUAGES = ("en", "zh-Hant")
NEEDS_SOURCES = ("sources", "consensus", "houses", "methods", "spaghetti", "bridge", "heatmap", "sobol")
LEVELS = [0.01, *np.arange(0.05, 0.96, 0.05).round(2).tolist(), 0.99]
COLUMNS, CELL, GAP, CAPTION = 4, (440, 270), 16, 22

Plot = Callable[[], Axes]


@dataclass(frozen=True)
class Sheet:
    """One case: what its figures are about, the figures by name, and why it has no others."""

    name: str
    about: str
    plots: dict[str, Plot]
    without: dict[str, str]


@dataclass(frozen=True)
class Worked:
    """A case with what several of its figures need, worked out once."""

    run: Run

    @cached_property
    def scenario(self) -> str:
        """Scenario that is shown."""
        return headline_scenario(self.run.projection.scenarios)

    @cached_property
    def quantity(self) -> forecast.Value:
        """What is asked of sensitivity."""
        return forecast.Value(headline_year(self.run))

    @cached_property
    def drivers(self) -> Tornado:
        """Ranking of the inputs."""
        return forecast.tornado(self.run, self.quantity) if self.run.has_consensus else own_tornado(self.run)


def sheet(case: str) -> Sheet:
    """Work a case out and say what draws each of its figures."""
    run = forecast.run(case)
    worked = Worked(run)
    plots: dict[str, Plot] = dict(figures_of(run, worked.drivers)) | further_figures(run, worked.drivers.scenario)
    plots |= {
        "scenario_panels": lambda: figures.scenario_panels(run.projection.table, unit=run.unit),
        "distribution": lambda: figures.ridge(_levels(worked), unit=run.unit, year=worked.quantity.year),
        "spider": lambda: worked.drivers.spider().plot(),
    }
    plots |= _with_consensus(worked) if run.has_consensus else {}
    plots = _with_more(worked) | plots
    return Sheet(case, run.case.title, plots, _without(run, plots))


def _with_consensus(worked: Worked) -> dict[str, Plot]:
    run = worked.run
    year, first, second = _furthest_apart(run)
    inputs = "growth.growth_shift", "market"
    return {
        "spaghetti": lambda: figures.spaghetti(run.sources_table, unit=run.unit),
        "bridge": lambda: forecast.bridge(first, second, year, scopes=run.case.scopes).plot(),
        "heatmap": lambda: forecast.grid(run, worked.quantity, *inputs, size=(9, 5), target=_target(worked)).plot(),
        "sobol": lambda: forecast.sobol(run, worked.quantity, points=2**9).plot(),
    }


def _with_more(worked: Worked) -> dict[str, Plot]:
    """Figures of what only some cases have."""
    run, found = worked.run, dict[str, Plot]()
    counted = inclusion_table(run.case.estimates) if len(run.case.estimates) else pd.DataFrame()
    if len(counted):
        named = counted[counted.groupby("source")["included"].transform(lambda answers: (answers != "unsaid").any())]
        publishers = run.case.estimates.set_index("id")["publisher"]
        found["inclusion"] = lambda: figures.inclusion(named.assign(source=named["source"].map(publishers)))
    sides = _sides(run)
    if len(sides):
        found["top_down_bottom_up"] = lambda: figures.top_down_bottom_up(sides, unit=run.unit)
    stories = sorted((run.case.folder / "scenarios" / "stories").glob("*.toml"))
    events = event_table(read_scenario(path) for path in stories)
    if len(events):
        found["events"] = lambda: figures.timeline(events)
    return found


def _without(run: Run, plots: dict[str, Plot]) -> dict[str, str]:
    """Say why a case lacks a figure."""
    no_estimates = "nobody has published the size of this market, so there are no sources to show"
    reasons = {
        "inclusion": "no source prints a list of what it counts",
        "top_down_bottom_up": "no amount is printed that is built from products or patients",
        "growth": "no estimate prints both a growth rate and the values it follows from",
        "editions": "no publisher has two editions of one estimate",
        "events": "no scenario has an event",
    }
    if not run.has_consensus:
        own = {"top_down_bottom_up": "the market is built from the bottom, and no size is published to set beside it"}
        reasons = dict.fromkeys([*NEEDS_SOURCES, *reasons], no_estimates) | own
    return {name: reason for name, reason in reasons.items() if name not in plots}


def _furthest_apart(run: Run) -> tuple[int, pd.Series, pd.Series]:
    """Two estimates of the case's own scope, the lowest and the highest of the year asked about, and the year."""
    pool = run.consensus.pool
    ids = {name: key for key, name in source_names(pool).items()}
    table = run.sources_table[run.sources_table["scope"] == run.consensus.scope]
    year = int(table["year"].max()) if headline_year(run) not in table["year"].to_numpy() else headline_year(run)
    ranked = table[table["year"] == year].sort_values("value")["source"]
    rows = run.case.estimates.set_index("id", drop=False)
    return year, rows.loc[ids[ranked.iloc[0]]], rows.loc[ids[ranked.iloc[-1]]]


def _target(worked: Worked) -> float:
    """Return the median in the year asked about, to one digit."""
    return float(f"{worked.quantity.of(worked.run.projection.paths[worked.scenario]):.1g}")


def _levels(worked: Worked) -> pd.DataFrame:
    """Quantiles of the year asked about, one row a scenario and level."""
    wide = worked.run.projection.quantiles(LEVELS).xs(worked.quantity.year, level="year")
    return wide.rename_axis("label").reset_index().melt("label", var_name="level")


def _sides(run: Run) -> pd.DataFrame:
    """Consensus beside the spending on licensed products that the case keeps out of its pool, for the same year."""
    estimates = run.case.estimates
    spent = estimates[estimates["value_basis"].isin(["spending", "sales"]) & (estimates["excluded_because"] != "")]
    columns = ["side", "year", "low", "median", "high"]
    if spent.empty or not run.has_consensus:
        return pd.DataFrame(columns=columns)
    year, amount = int(spent["base_year"].iloc[0]), float(spent["base_value"].iloc[0])
    band = run.consensus.quantiles(years=[year]).iloc[0]
    return pd.DataFrame([("top-down", year, *band), ("bottom-up", year, *[amount] * 3)], columns=columns)


def record() -> Sheet:
    """Figures that need more outcomes than any one case has."""
    judged = forecast.backtest(*read_track_record(ROOT / "tests" / "reference" / "forecast_outcomes.csv"))
    plots: dict[str, Plot] = {"pit": lambda: figures.pit(judged.table), "coverage": judged.plot}
    return Sheet("record", "Published forecasts and what came", plots, {})


def draw(one: Sheet, language: str, width: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Write each figure; yield its name and its alternative text."""
    for name, plot in one.plots.items():
        with figures.house_style(width=width, language=language, about=one.about):
            figure = figure_of(plot())
            figures.save_figure(figure, folder / one.name / language / width / name, formats=["png"])
            yield name, figures.alt_text(figure)
        plt.close(figure)


def assemble(pictures: list[Path], to: Path) -> None:
    """Put pictures on one sheet, each with its name under it."""
    across, up = (side + extra for side, extra in zip(CELL, (GAP, GAP + CAPTION), strict=True))
    lines = -(-len(pictures) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * across + GAP, lines * up + GAP), "white")
    pen, font = ImageDraw.Draw(whole), ImageFont.load_default(15)
    for place, path in enumerate(pictures):
        x, y = GAP + place % COLUMNS * across, GAP + place // COLUMNS * up
        with Image.open(path) as picture:
            small = picture.convert("RGB")
        small.thumbnail(CELL, Image.Resampling.LANCZOS)
        whole.paste(small, (x + (CELL[0] - small.width) // 2, y + (CELL[1] - small.height) // 2))
        pen.text((x + CELL[0] / 2, y + CELL[1] + 2), path.stem, fill="#5f5f5f", font=font, anchor="mt")
    to.parent.mkdir(parents=True, exist_ok=True)
    few = whole.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.putpalette([255 if part == 254 else part for part in few.getpalette() or []])
    few.save(to, optimize=True)


def main() -> None:
    """Draw what the command line asks for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--case", choices=[*CASES, "record"], action="append")
    options.add_argument("--width", choices=["slide", "page", "column"], default="slide")
    options.add_argument("--language", choices=LANGUAGES, action="append")
    given = options.parse_args()
    mpl.use("agg")
    for name in given.case or [*CASES, "record"]:
        one = record() if name == "record" else sheet(name)
        for language in given.language or LANGUAGES:
            drawn = list(draw(one, language, given.width, given.folder))
            texts = [f"{figure}: {text}" for figure, text in drawn]
            texts += [f"{figure}: left out, {reason}" for figure, reason in one.without.items()]
            place = given.folder / one.name / language / given.width
            (place / "texts.txt").write_text("\n\n".join(texts) + "\n", encoding="utf-8")
            if not (given.case or given.language) and given.width == "slide":
                assemble(
                    [place / f"{figure}.png" for figure, _ in drawn], IMAGES / f"figures-{one.name}-{language}.png"
                )


if __name__ == "__main__":
    main()
