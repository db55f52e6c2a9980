"""Growth curves and their fits to histories."""

from forecast.growth.bass import Bass
from forecast.growth.bass_regression import BassRegression, bass_regression
from forecast.growth.constant import Constant
from forecast.growth.curve import Curve, SaturatingCurve, parameter_names
from forecast.growth.damped import Damped
from forecast.growth.fading import Fading, faded_years
from forecast.growth.fit import GrowthFits, fit_growth, fit_growths
from forecast.growth.fitted import GrowthFit
from forecast.growth.gompertz import Gompertz
from forecast.growth.least_squares import LeastSquaresFit, fit_least_squares
from forecast.growth.linear import Linear
from forecast.growth.logistic import Logistic
from forecast.growth.piecewise import Piecewise
from forecast.growth.registry import CURVES, curve_named
from forecast.growth.richards import Richards

__all__ = [
    "CURVES",
    "Bass",
    "BassRegression",
    "Constant",
    "Curve",
    "Damped",
    "Fading",
    "Gompertz",
    "GrowthFit",
    "GrowthFits",
    "LeastSquaresFit",
    "Linear",
    "Logistic",
    "Piecewise",
    "Richards",
    "SaturatingCurve",
    "bass_regression",
    "curve_named",
    "faded_years",
    "fit_growth",
    "fit_growths",
    "fit_least_squares",
    "parameter_names",
]
