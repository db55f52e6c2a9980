"""The report as one page for the browser: text, tables and figures in a single file that needs no network."""

from forecast.report.page.render import page

__all__ = ["page"]
