"""Figures: tables in, matplotlib Axes out.

Every figure is a function `f(table, *, ..., ax=None) -> Axes`. It draws on the axes it is given and nowhere else,
or on a figure of its own; it never shows, saves or prints. `house_style` sets width and language, `save_figure`
writes files, `alt_text` says in words what was drawn.
"""

from forecast.figures.alternative import alt_text
from forecast.figures.fan import fan
from forecast.figures.forest import forest
from forecast.figures.houses import houses
from forecast.figures.saving import save_figure, svg_text
from forecast.figures.sources_by_years import sources_by_years
from forecast.figures.style import house_style
from forecast.figures.tornado import tornado

__all__ = [
    "alt_text",
    "fan",
    "forest",
    "house_style",
    "houses",
    "save_figure",
    "sources_by_years",
    "svg_text",
    "tornado",
]
