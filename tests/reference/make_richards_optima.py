"""Least-squares optima of Richards curves in 40 digits, for tests of the fit.

Reads the series of bass_growth_R.json (path as argument) and writes richards_optima.json beside this file. Needs
mpmath. Gauss-Newton from the values that R stops at; R's own convergence test ends it up to 1e-4 standard errors short.
"""

import json
import sys
from pathlib import Path

from mpmath import exp, lu_solve, matrix, mp, mpf

mp.dps = 40
SETS = ("nl_car_stock_1965_1989", "chicken_weight", "us_merchant_metal")


def curve(t, ceiling, rate, middle, asymmetry):
    return ceiling * (1 + asymmetry * exp(-rate * (t - middle))) ** (-1 / asymmetry)


def optimum(times, values, theta):
    step = mpf(10) ** -18
    for _ in range(80):
        jacobian, residuals = matrix(len(times), 4), matrix(len(times), 1)
        for i, t in enumerate(times):
            residuals[i] = curve(t, *theta) - values[i]
            for k in range(4):
                up, down = theta.copy(), theta.copy()
                up[k] += step
                down[k] -= step
                jacobian[i, k] = (curve(t, *up) - curve(t, *down)) / (2 * step)
        theta = theta + lu_solve(jacobian.T * jacobian, -(jacobian.T * residuals))
    return theta


def main() -> None:
    cases = json.loads(Path(sys.argv[1]).read_text())["sets"]
    sets = {}
    for name in SETS:
        case = cases[name]
        times = [mpf(x - case["x"][0]) for x in case["x"]]
        values = [mpf(str(y)) for y in case["y"]]
        begin = matrix([mpf(str(case["richards"][key])) for key in ("K", "r", "x0", "nu")])
        found = optimum(times, values, begin)
        sets[name] = {key: float(value) for key, value in zip(("K", "r", "x0", "nu"), found, strict=True)}
    source = "least squares of K (1 + nu exp(-r (t - x0)))^(-1/nu), t from the first year, by make_richards_optima.py"
    target = Path(__file__).with_name("richards_optima.json")
    target.write_text(json.dumps({"source": source, "sets": sets}, indent=1) + "\n")


if __name__ == "__main__":
    main()
