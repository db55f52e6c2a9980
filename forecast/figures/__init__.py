"""Figures: tables in, matplotlib Axes out.

Every figure is a function `f(table, *, ..., ax=None) -> Axes`. It draws on the axes it is given and nowhere else,
or on a figure of its own; it never shows, saves or prints. `house_style` sets width and language, `save_figure`
writes files, `alt_text` says in words what was drawn. Names stand left and right of the axes: a figure with
`layout="constrained"` makes room for them.
"""

from forecast.figures.alternative import alt_text
from forecast.figures.band_parts import band_parts
from forecast.figures.coverage import coverage
from forecast.figures.fan import fan
from forecast.figures.football_field import football_field
from forecast.figures.forest import forest
from forecast.figures.heatmap import heatmap
from forecast.figures.houses import houses
from forecast.figures.inclusion import inclusion
from forecast.figures.pit import pit
from forecast.figures.revisions import revisions
from forecast.figures.ridge import ridge
from forecast.figures.saving import save_figure, svg_text
from forecast.figures.scenario_panels import scenario_panels
from forecast.figures.scenarios_overlaid import scenarios_overlaid
from forecast.figures.sobol_by_year import sobol_by_year
from forecast.figures.sources_by_years import sources_by_years
from forecast.figures.spaghetti import spaghetti
from forecast.figures.spider import spider
from forecast.figures.stated_implied import stated_implied
from forecast.figures.style import house_style
from forecast.figures.timeline import timeline
from forecast.figures.top_down_bottom_up import top_down_bottom_up
from forecast.figures.tornado import tornado
from forecast.figures.waterfall import waterfall

__all__ = [
    "alt_text",
    "band_parts",
    "coverage",
    "fan",
    "football_field",
    "forest",
    "heatmap",
    "house_style",
    "houses",
    "inclusion",
    "pit",
    "revisions",
    "ridge",
    "save_figure",
    "scenario_panels",
    "scenarios_overlaid",
    "sobol_by_year",
    "sources_by_years",
    "spaghetti",
    "spider",
    "stated_implied",
    "svg_text",
    "timeline",
    "top_down_bottom_up",
    "tornado",
    "waterfall",
]
