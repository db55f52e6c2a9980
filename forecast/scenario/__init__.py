"""Scenarios and cases as files: typed, checked, traceable to a source."""

from forecast.scenario.case import Case, case_list, case_names, check_case, find_scenario, read_case, scenario_list
from forecast.scenario.copying import new_case, template_reasons
from forecast.scenario.correlation import Correlation, correlation_matrix
from forecast.scenario.curves import curve_path, segment_paths
from forecast.scenario.drivers import AnyDriver, Driver, PlainDriver, RangeDriver, drivers_of
from forecast.scenario.events import Event
from forecast.scenario.growth import AnyGrowth, Growth
from forecast.scenario.joint import EventStates, joint_states, log_effect, year_probabilities
from forecast.scenario.resolved import Resolved, diff, resolve
from forecast.scenario.scenario import AnalystError, Scenario, read_scenario
from forecast.scenario.schema import reference, schema
from forecast.scenario.segments import Segment
from forecast.scenario.tree import Tree

__all__ = [
    "AnalystError",
    "AnyDriver",
    "AnyGrowth",
    "Case",
    "Correlation",
    "Driver",
    "Event",
    "EventStates",
    "Growth",
    "PlainDriver",
    "RangeDriver",
    "Resolved",
    "Scenario",
    "Segment",
    "Tree",
    "case_list",
    "case_names",
    "check_case",
    "correlation_matrix",
    "curve_path",
    "diff",
    "drivers_of",
    "find_scenario",
    "joint_states",
    "log_effect",
    "new_case",
    "read_case",
    "read_scenario",
    "reference",
    "resolve",
    "scenario_list",
    "schema",
    "segment_paths",
    "template_reasons",
    "year_probabilities",
]
