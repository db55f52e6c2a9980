"""Scenarios and cases as files: typed, checked, traceable to a source."""

from forecast.scenario.case import Case, case_names, read_case
from forecast.scenario.drivers import AnyDriver, Driver
from forecast.scenario.growth import AnyGrowth
from forecast.scenario.scenario import AnalystError, Scenario, read_scenario

__all__ = [
    "AnalystError",
    "AnyDriver",
    "AnyGrowth",
    "Case",
    "Driver",
    "Scenario",
    "case_names",
    "read_case",
    "read_scenario",
]
