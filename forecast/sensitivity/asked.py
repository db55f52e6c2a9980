"""What the verbs are asked: the run, the quantity, the target and the seed, refused by name where they are none."""

from __future__ import annotations

import math
import operator

from forecast.errors import ArgumentError, Problem
from forecast.pipeline import Run
from forecast.sensitivity.quantities import (
    Cagr,
    Cumulative,
    Probability,
    Quantity,
    Value,
    is_number,
    parse_quantity,
    shown,
)


def read_run(run: object) -> Run:
    """The run itself; anything else is refused."""
    if isinstance(run, Run):
        return run
    found = repr(run) if isinstance(run, str | int | float | None) else f"a {type(run).__name__}"
    raise ArgumentError(Problem("run", found, "a Run", 'work the case through first: forecast.run("...")'))


def read_quantity(quantity: object) -> Quantity:
    """The quantity itself, or what its text such as "value:2030" stands for.

    Examples
    --------
    >>> read_quantity("value:2030") == Value(2030)
    True
    """
    if isinstance(quantity, Quantity):
        return quantity
    if isinstance(quantity, str):
        return parse_quantity(quantity)
    found = repr(quantity) if isinstance(quantity, int | float | None) else f"a {type(quantity).__name__}"
    raise ArgumentError(Problem("quantity", found, 'a quantity such as Value(2030), or its text such as "value:2030"'))


def read_target(target: float, quantity: Quantity) -> float:
    """The target as a number that the quantity may have."""
    if not is_number(target):
        raise ArgumentError(Problem("target", shown(target), "a number"))
    value = float(target)
    if not math.isfinite(value):
        raise ArgumentError(Problem("target", f"{value:g}", "a finite number"))
    if isinstance(quantity, Value | Cagr | Cumulative):
        least = -1.0 if isinstance(quantity, Cagr) else 0.0
        if value <= least:
            raise ArgumentError(Problem("target", f"{value:g}", f"a number above {least:g}"))
    if isinstance(quantity, Probability) and not 0 <= value <= 1:
        raise ArgumentError(Problem("target", f"{value:g}", "a probability between 0 and 1"))
    return value


def read_seed(seed: object) -> int:
    """The seed as a whole number."""
    try:
        value = operator.index(seed)  # type: ignore[arg-type]
    except TypeError:
        value = -1
    if value < 0:
        raise ArgumentError(Problem("seed", repr(seed), "a whole number of at least 0"))
    return value
