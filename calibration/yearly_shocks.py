"""How much a year adds to a market beyond its growth: the prior of `yearly_shock_sd`.

    python calibration/yearly_shocks.py ../shared/data

The folder is that of `calibration/history_bands.py`; the markets are annual series of energy, metals, adoption and GDP
by country. For each, half the mean square of the changes of yearly log growth: a lasting trend leaves no trace in it,
and a shock to one year comes in twice. The prior is the rounded median of the roots.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from calibration.history_bands import Data, read

PERCENTILES = (10, 25, 50, 75, 90)


def shocks(data: Data) -> list[float]:
    """Sd of the yearly shock of each market."""
    bends = [np.diff(np.log(values), 2) for values, market in zip(data.values, data.market, strict=True) if market]
    return [float(np.sqrt(np.mean(own**2) / 2)) for own in bends]


def main() -> None:
    """Print percentiles over the series."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    found = shocks(read(parser.parse_args().folder))
    print(f"{len(found)} series")
    for percentile, value in zip(PERCENTILES, np.percentile(found, PERCENTILES), strict=True):
        print(f"P{percentile}: {value:.3f}")


if __name__ == "__main__":
    main()
