"""All growth curves by name. A new curve is one file, one line here and one form in `forms`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.growth.bass import Bass
from forecast.growth.constant import Constant
from forecast.growth.damped import Damped
from forecast.growth.fading import Fading
from forecast.growth.gompertz import Gompertz
from forecast.growth.linear import Linear
from forecast.growth.logistic import Logistic
from forecast.growth.piecewise import Piecewise
from forecast.growth.richards import Richards

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecast.growth.curve import Curve

CURVES: Mapping[str, type[Curve]] = MappingProxyType(
    {
        "constant": Constant,
        "fading": Fading,
        "piecewise": Piecewise,
        "damped": Damped,
        "linear": Linear,
        "logistic": Logistic,
        "gompertz": Gompertz,
        "bass": Bass,
        "richards": Richards,
    }
)
"""Growth curves by name."""


def curve_named(name: str) -> type[Curve]:
    """Look a curve up by its name.

    Raises
    ------
    ArgumentError
        If there is no such curve.

    Examples
    --------
    >>> curve_named("gompertz").__name__
    'Gompertz'
    """
    if name not in CURVES:
        known = "one of " + ", ".join(CURVES)
        raise ArgumentError(Problem("curve", f"'{name}'", known, did_you_mean(name, list(CURVES))))
    return CURVES[name]
