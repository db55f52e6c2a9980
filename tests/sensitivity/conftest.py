"""Runs that several tests share: the real case, and the same market with events and correlated drivers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import forecast
from forecast.pipeline import Run
from forecast.scenario import read_scenario

EVENTS = """
schema = 1

[events.approval]
year = 2026
probability = 0.4
because = "one of two filings is expected to pass"

[[events.approval.effects]]
kind = "level step"
size = {low = 0.1, base = 0.2, high = 0.3}

[events.withdrawal]
year = 2027
probability = 0.2
because = "a product may leave the market"

[[events.withdrawal.effects]]
kind = "level step"
size = -0.15

[[correlation]]
between = ["growth.half_life", "growth.terminal_growth"]
value = 0.5
"""

LOGISTIC = """
schema = 1
end = 2035

[growth]
curve = "logistic"
rate = {low = 0.15, base = 0.2, high = 0.25}
ceiling = {low = 1500, base = 2000, high = 2700}
growth_shift = {low = -0.02, base = 0, high = 0.02}
volatility = 0.05
"""


@pytest.fixture(scope="session")
def done(run_of: Callable[[str], Run]) -> Run:
    return run_of("regenerative_medicine")


@pytest.fixture(scope="session")
def under(done: Run, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bool], Run]:
    """The same consensus projected under another scenario, written as TOML, over the base one or by itself."""

    def made(text: str, over_base: bool) -> Run:
        path = tmp_path_factory.mktemp("scenarios") / "base.toml"
        path.write_text(text, encoding="utf-8")
        base = root / "scenarios/regenerative_medicine/scenarios/base.toml"
        scenario = read_scenario(base, overlays=[path]) if over_base else read_scenario(path)
        case = replace(done.case, scenarios={"base": scenario})
        return replace(done, case=case, projection=forecast.project(done.consensus, {"base": scenario}, end=2035))

    return made


@pytest.fixture(scope="session")
def eventful(under: Callable[[str, bool], Run]) -> Run:
    """Two events, and two drivers that go together."""
    return under(EVENTS, True)


@pytest.fixture(scope="session")
def saturating(under: Callable[[str, bool], Run]) -> Run:
    """A logistic curve in place of the fading one."""
    return under(LOGISTIC, False)
