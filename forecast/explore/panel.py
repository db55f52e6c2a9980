"""Sliders and switches for a run, in a notebook."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from forecast.distributions import Distribution
from forecast.errors import ArgumentError, ForecastError, MissingDependencyError, Problem, did_you_mean
from forecast.explore.picture import Picture
from forecast.explore.sketch import Setting, Sketch, setting_of, sketch_of
from forecast.pipeline import Run
from forecast.scenario.drivers import Driver
from forecast.sensitivity.words import plain

_FAR = 2.0
"""Normal score to which a slider reaches on either side of the median."""

_STEPS = 40
_STATES = {"as likely as in the file": None, "happens": True, "does not happen": False}


@dataclass(frozen=True, eq=False)
class Explorer:
    """Knobs of one scenario, and the fan that follows them.

    The knobs are `controls`, by the key of a driver, the name of an event or the id of a source. Show the explorer as
    the last line of a cell; set a control's `value` to turn a knob from code.

    Parameters
    ----------
    sketch
        Gives the bands of a setting.
    picture
        Draws them.
    sliders, events, sources
        The knobs.
    image, message
        What shows the picture, and what is wrong with a setting.
    """

    sketch: Sketch
    picture: Picture
    sliders: dict[str, Any]
    events: dict[str, Any]
    sources: dict[str, Any]
    image: Any
    message: Any

    @property
    def controls(self) -> dict[str, Any]:
        """Every knob by its key."""
        return self.sliders | self.events | self.sources

    @property
    def setting(self) -> Setting:
        """How the knobs stand; a slider at its mark leaves its driver as uncertain as in the file."""
        moved = {k: float(s.value) for k, s in self.sliders.items() if abs(s.value - self._marks[k]) > s.step / 2}
        changed = {name: box.value for name, box in self.events.items() if box.value != _state(self.sketch, name)}
        events = {name: _STATES[word] for name, word in changed.items()}
        return setting_of(moved, events, {name: bool(box.value) for name, box in self.sources.items()})

    @property
    def table(self) -> pd.DataFrame:
        """Bands at the setting: index year, one column a level."""
        return self.sketch.quantiles(self.setting)

    @property
    def png(self) -> bytes:
        """The picture as it stands, for places that show no widgets."""
        return bytes(self.image.value)

    def summary(self) -> str:
        """The bands at the setting in words."""
        return self.picture.words(self.table)

    def reset(self) -> None:
        """Put every knob back to where the file has it."""
        self._quiet.append(True)
        for key, slider in self.sliders.items():
            slider.value = self._marks[key]
        for name, box in self.events.items():
            box.value = _state(self.sketch, name)
        for box in self.sources.values():
            box.value = True
        self._quiet.clear()
        self.redraw()

    def redraw(self, _: object = None) -> None:
        """Follow the knobs: what every control calls when it is turned."""
        if self._quiet:
            return
        try:
            self.image.value = self.picture.png(self.table)
            self.message.value = ""
        except ForecastError as error:
            self.message.value = str(error)

    @cached_property
    def _marks(self) -> dict[str, float]:
        return {key: _median(self.sketch.scenario.drivers[key].distribution) for key in self.sliders}

    @cached_property
    def _quiet(self) -> list[bool]:
        return []

    @cached_property
    def panel(self) -> Any:
        """The knobs beside each other, the picture below."""
        widgets = _ipywidgets()
        button = widgets.Button(description="As in the file", tooltip="Put every knob back")
        button.on_click(lambda _: self.reset())
        columns = [list(part.values()) for part in (self.sliders, self.events, self.sources) if part]
        knobs = widgets.HBox([widgets.VBox(column) for column in columns])
        return widgets.VBox([knobs, button, self.message, self.image])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Any:  # noqa: ARG002
        return self.panel._repr_mimebundle_() | {"text/plain": self.summary()}


def explore(run: Run, *, scenario: str | None = None, drivers: Sequence[str] | None = None) -> Explorer:
    """Sliders and switches for one scenario of a run, with a fan chart that follows them.

    A slider that is moved holds its driver at that number; at its mark the driver stays as uncertain as in the file.
    An event is as likely as in the file, happens, or does not. A source that is switched off does not count. The blue
    fan is the file's, the red one that of the knobs; its bands are a sketch (see `forecast.explore.sketch`).

    Parameters
    ----------
    run
        The case, worked through.
    scenario
        Name of the scenario; the one called base, else the middle one, where None.
    drivers
        Dotted keys of the drivers to have sliders; the uncertain ones of growth where None.

    Raises
    ------
    ArgumentError
        If there is no such scenario, or no such driver.
    MissingDependencyError
        If ipywidgets is not installed.

    Examples
    --------
    >>> import forecast
    >>> explorer = forecast.explore(forecast.run("regenerative_medicine"))
    >>> explorer.controls["growth.terminal_growth"].value = 0.08
    >>> explorer.setting.values
    (('growth.terminal_growth', 0.08),)
    """
    widgets, sketch = _ipywidgets(), sketch_of(run, scenario)
    keys = sketch.drivers if drivers is None else list(drivers)
    known = sketch.scenario.drivers
    unknown = [key for key in keys if key not in known]
    if unknown:
        problems = [Problem("drivers", repr(key), "a driver", did_you_mean(key, list(known))) for key in unknown]
        raise ArgumentError(problems)
    explorer = Explorer(
        sketch=sketch,
        picture=_picture(sketch),
        sliders={key: _slider(widgets, key, known[key]) for key in keys},
        events={name: _event(widgets, sketch, name) for name in sketch.scenario.events},
        sources={name: _source(widgets, label) for name, label in sketch.sources.items()},
        image=widgets.Image(format="png", layout=widgets.Layout(max_width="100%")),
        message=widgets.Label(),
    )
    for control in explorer.controls.values():
        control.observe(explorer.redraw, names="value")
    explorer.redraw()
    return explorer


def _ipywidgets() -> Any:
    try:
        return importlib.import_module("ipywidgets")
    except ImportError:
        remedy = "install it with: pip install market-forecast[notebook]"
        raise MissingDependencyError(f"Sliders need ipywidgets: {remedy}") from None


def _picture(sketch: Sketch) -> Picture:
    projection = sketch.run.projection
    table = projection.table[projection.table["scenario"] == sketch.model.scenario_name]
    return Picture(table, projection.statements, sketch.model.scenario_name, projection.footing.label)


def _slider(widgets: Any, key: str, driver: Driver) -> Any:
    """A slider from far below the median to far above it, with the median on its grid."""
    mark = _median(driver.distribution)
    low, high = (float(value) for value in driver.distribution.from_score([-_FAR, _FAR]))
    step = _nice((high - low) / _STEPS) or abs(mark) / _STEPS or 1.0
    is_share = driver.unit.startswith(("share", "log growth")) or (abs(low) < 1 and abs(high) < 1)
    return widgets.FloatSlider(
        value=mark,
        min=mark - step * round((mark - low) / step),
        max=mark + step * round((high - mark) / step),
        step=step,
        description=plain(key),
        tooltip=driver.because,
        readout_format=".1%" if is_share else ".2f",
        style={"description_width": "9em"},
        layout=widgets.Layout(width="24em"),
    )


def _event(widgets: Any, sketch: Sketch, name: str) -> Any:
    event = sketch.scenario.events[name]
    return widgets.Dropdown(
        options=list(_STATES),
        value=_state(sketch, name),
        description=event.title or plain(name),
        tooltip=event.because,
        style={"description_width": "20em"},
        layout=widgets.Layout(width="34em"),
    )


def _source(widgets: Any, label: str) -> Any:
    return widgets.Checkbox(value=True, description=label, indent=False)


def _state(sketch: Sketch, name: str) -> str:
    """How a scenario takes an event, as the word of its switch."""
    if name in sketch.scenario.happens:
        return "happens"
    return "does not happen" if name in sketch.scenario.ruled_out else "as likely as in the file"


def _median(distribution: Distribution) -> float:
    return float(distribution.from_score(0.0))


def _nice(step: float) -> float:
    """The 1, 2 or 5 times a power of ten at or below a step; 0 for none."""
    if step <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(step))
    return power * max(part for part in (1, 2, 5) if part * power <= step * (1 + 1e-9))
