"""Time what the sliders of a notebook wait for: from the turn of a knob to the picture, beside a full redraw.

Run with ``python benchmarks/slider.py``. Every knob of three cases is turned, drivers and events to two values each,
sources off and on. The table gives milliseconds of computing and on the clock (the clock also counts what else the
machine does), and how far the quantiles are from those of a full projection.
"""

from __future__ import annotations

import io
import statistics
import time
from dataclasses import replace
from typing import Any

import numpy as np

import forecast
from forecast.explore import Explorer, explore
from forecast.pipeline import Run
from forecast.reconcile.consensus import solve

CASES = (("regenerative_medicine", "base"), ("cell_gene_therapy", "solid_tumours"), ("taiwan_cell_therapy", "base"))
LIMIT = 150


def turns(control: Any) -> list[Any]:
    """Values to turn a knob to."""
    if hasattr(control, "max"):
        return [control.min + share * (control.max - control.min) for share in (0.2, 0.8)]
    return [word for word in control.options if word != control.value] if hasattr(control, "options") else [False]


def turned(explorer: Explorer, control: Any, value: object) -> tuple[float, float, float]:
    """Milliseconds of computing and on the clock, and the largest relative error of a quantile; then turn back."""
    before, computing, clock = control.value, time.process_time(), time.perf_counter()
    control.value = value
    taken = 1000 * (time.process_time() - computing), 1000 * (time.perf_counter() - clock)
    error = float("nan") if explorer.message.value else missed(explorer)
    control.value = before
    return *taken, error


def missed(explorer: Explorer) -> float:
    setting, sketch = explorer.setting, explorer.sketch
    scenario = sketch.scenario.given(happens=setting.happens, ruled_out=setting.ruled_out)
    for key, value in setting.values:
        scenario = scenario.with_value(key, value)
    start = solve(sketch.run.consensus.pool.without(*setting.left_out)) if setting.left_out else sketch.run.start
    full = forecast.project(start, scenario, end=sketch.run.case.end).quantiles().loc[scenario.name]
    found = explorer.table
    return float(np.abs(found / full.loc[found.index] - 1).to_numpy().max())


def full_redraw(run: Run) -> float:
    """Milliseconds of computing to project, draw and save a fan without any of this."""
    begun = time.process_time()
    path = next(iter(run.projection.paths.values()))
    axes = forecast.project(run.start, path.scenario, end=run.case.end).plot()
    axes.get_figure(root=True).savefig(io.BytesIO(), dpi=90)
    return 1000 * (time.process_time() - begun)


def main() -> None:
    print(f"{'case':22s} {'knob':9s} {'turns':>5s} {'median':>8s} {'most':>8s} {'clock':>8s} {'error':>8s}")
    for name, scenario in CASES:
        case = forecast.read_case(name)
        run = forecast.run(replace(case, scenarios={scenario: case.scenarios[scenario]}))
        explorer = explore(run)
        kinds = {"driver": explorer.sliders, "event": explorer.events, "source": explorer.sources}
        for kind, controls in kinds.items():
            taken = [turned(explorer, c, value) for c in controls.values() for value in turns(c)]
            if taken:
                computing, clock, errors = zip(*taken, strict=True)
                print(f"{name:22s} {kind:9s} {len(taken):5d} {statistics.median(computing):8.0f} {max(computing):8.0f} "
                      f"{statistics.median(clock):8.0f} {np.nanmax(errors):8.2%}")  # fmt: skip
        print(f"{name:22s} {'full redraw, without sketch':27s} {full_redraw(run):8.0f}")
    print(f"\nms; at most {LIMIT} are wanted")


if __name__ == "__main__":
    main()
