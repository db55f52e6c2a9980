"""History bands beside the models of other packages, six years ahead, on annual series of competitions and markets.

``python benchmarks/held_out_histories.py ../shared/data [--series 100] [--last 10] [--method NAME ...]`` holds back the
last six values of every series (or of that many of each file, drawn with a fixed seed) and prints the measures of
`calibration/history_bands.py`: coverage of the central bands; 95 % interval score, error of the median and quantile
loss over the mean absolute change of the history; 95 % interval score of the logs; and series for which a model gave
no band (they are left out of its row). The pooled band was fitted on these series; `forecast.history.bands` gives the
scores of series that its fold had not seen, which are 1 to 2 % worse. AutoARIMA and AutoETS join where statsforecast
is installed. A hundred series of each file take two minutes of CPU.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from calibration.history_bands import HELD_BACK, LEVELS, Data, read, score  # noqa: E402
from forecast.distributions import Array  # noqa: E402
from forecast.errors import ModelError  # noqa: E402
from forecast.history import METHODS, history_bands  # noqa: E402

KINDS = ("competition", "market")
POOLED = "pooled"
PEERS = ("AutoARIMA", "AutoETS")
CENTRAL = (95, 80, 50)


def cut(data: Data, kind: str, series: int | None, last: int | None) -> tuple[list[Array], Array]:
    """Histories of one kind and the six values that came."""
    places = np.flatnonzero(data.market == (kind == "market"))
    if series is not None and series < len(places):
        places = places[np.sort(np.random.default_rng(0).choice(len(places), series, replace=False))]
    values = [data.values[place] for place in places]
    histories = [v[:-HELD_BACK][-(last or v.size) :] for v in values]
    return histories, np.array([v[-HELD_BACK:] for v in values])


def band(method: str, history: Array) -> Array | None:
    """Quantiles of one history, shape (6, 7), or None where the model gives none."""
    try:
        found = peer(method, history) if method in PEERS else history_bands([history], HELD_BACK, LEVELS, method=method)
    except ModelError:
        return None
    return found.reshape(HELD_BACK, len(LEVELS))


def peer(method: str, history: Array) -> Array:
    """A model of statsforecast in levels, as it comes."""
    model = getattr(importlib.import_module("statsforecast.models"), method)
    found = model(season_length=1).forecast(y=history, h=HELD_BACK, level=list(CENTRAL))
    ends = [found[f"lo-{level}"] for level in CENTRAL] + [found["mean"]]
    return np.stack(ends + [found[f"hi-{level}"] for level in reversed(CENTRAL)], axis=1)


def row(method: str, histories: list[Array], came: Array) -> dict[str, float]:
    """The measures of one method on one batch."""
    bands = [band(method, history) for history in histories]
    kept = np.array([found is not None and bool(np.isfinite(found).all()) for found in bands])
    movement = np.array([np.abs(np.diff(history)).mean() for history in histories])
    kept &= movement > 0
    used = np.array([found for found, keep in zip(bands, kept, strict=True) if keep and found is not None])
    return {**score(used, came[kept], movement[kept]), "without": float((~kept).sum())}


def main() -> None:
    """One line a method and kind of series."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--series", type=int, help="series of each file, drawn with a fixed seed")
    parser.add_argument("--last", type=int, help="keep the last so many values of each history")
    parser.add_argument("--method", action="append", help="a method, several times for several; all if not given")
    arguments = parser.parse_args()
    known = [POOLED, *METHODS, *(PEERS if importlib.util.find_spec("statsforecast") else ())]
    print(f"{'series':12s} {'method':22s} {'cov50':>6s} {'cov80':>6s} {'cov95':>6s} {'MSIS':>7s} {'MASE':>6s} ", end="")
    print(f"{'quantile':>8s} {'log':>6s} {'without':>7s}")
    data = read(arguments.folder)
    for kind in KINDS:
        histories, came = cut(data, kind, arguments.series, arguments.last)
        for method in arguments.method or known:
            found = row(method, histories, came)
            print(
                f"{kind:12s} {method:22s} {found['coverage_50']:6.3f} {found['coverage_80']:6.3f} "
                f"{found['coverage_95']:6.3f} {found['msis']:7.1f} {found['mase']:6.2f} {found['quantile_loss']:8.2f} "
                f"{found['log_interval']:6.2f} {found['without']:7.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
