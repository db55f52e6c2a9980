"""Writing results: tables, figures, memo and manifest in one folder that is whole or untouched."""

from forecast.report.documents import check_report_libraries
from forecast.report.folder import check_output_folder, output_folder
from forecast.report.tables import csv_text, guard, unguard, write_csv
from forecast.report.template import write_template
from forecast.report.write import run_table, short_table, write_run

__all__ = [
    "check_output_folder",
    "check_report_libraries",
    "csv_text",
    "guard",
    "output_folder",
    "run_table",
    "short_table",
    "unguard",
    "write_csv",
    "write_run",
    "write_template",
]
