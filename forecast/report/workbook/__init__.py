"""The Excel workbook of a run: typed tables, live formulas and native charts."""

from forecast.report.workbook.book import write_workbook

__all__ = ["write_workbook"]
