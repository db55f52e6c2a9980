"""What leaving something out, learning it, or one more source would do to an answer and its band."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from forecast.distributions import Array
from forecast.engine.driver_nodes import gauss_rule
from forecast.errors import ArgumentError, Problem
from forecast.pipeline import Run
from forecast.reconcile.pool import ACTUAL_SD, Pool, growth, level
from forecast.reconcile.statements import Source
from forecast.sensitivity.asked import read_quantity
from forecast.sensitivity.inputs import inputs_of, open_events
from forecast.sensitivity.model import Model, Setting, growth_row, model_of
from forecast.sensitivity.outcome import Outcome
from forecast.sensitivity.quantities import Probability, Quantity
from forecast.sensitivity.tornado import NO_LEVEL
from forecast.sensitivity.words import plain
from forecast.wording import listing, percent, result_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PRIORS_OUT: dict[str, tuple[str, dict[str, float]]] = {
    "growth": ("growth before any source", {"growth_sd": 1.0}),
    "optimism": ("common optimism", {"optimism_mean": 0.0, "optimism_sd": 0.0}),
    "herding": ("herding across publishers", {"herding": 0.0}),
    "outliers": ("outliers", {"outlier_probability": 0.0}),
    "drift": ("drift of definitions", {"definition_drift": 0.0}),
}
"""What each belief becomes once it is left out: made so wide that it says nothing, or taken as nought."""

_LEVELS = (0.1, 0.5, 0.9)
_NODES = 5
_PATHS, _SEED = 2**13, 1
_NAMED = 2
_DRAWN = 12
_GROWTH_YEARS = 5


@dataclass(frozen=True, eq=False)
class Influence:
    """How an answer and its 80 % band change.

    Parameters
    ----------
    quantity, scenario, money
        What was asked, of which scenario, and the unit of money.
    table
        One row a change: `input, kind` (source, statement, prior, event, driver, consensus, new source), `change`
        ("left out", "added" or "known"), `low, median, high` (the quantity; the expected ones where an input becomes
        known), `moves` (median less that as it stands), `band` (high less low, as a share of that as it stands, less
        1: negative where it narrows), `note` (why there is no answer, where there is none: the numbers are missing).
    base
        `low, median, high` as it stands.
    """

    quantity: Quantity
    scenario: str
    money: str
    table: pd.DataFrame
    base: tuple[float, float, float]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Bands with the changes that matter most, beside that as it stands."""
        from forecast.sensitivity.bars import bands

        own = pd.DataFrame([("as it stands", "", *self.base)], columns=["input", "change", "low", "median", "high"])
        size = ((self.table["moves"] / self.base[1]).abs() + self.table["band"].abs()).dropna()
        strongest = self.table.loc[size.nlargest(_DRAWN).index]
        rows = pd.concat([own, strongest], ignore_index=True)
        factor, unit = self.quantity.drawn(self.money)
        rows[["low", "median", "high"]] *= factor
        title = f"What each change does to the 80 % band, {self.scenario}"
        return bands(rows, title=title, label=f"{self.quantity.label}, {unit}", ax=ax)

    def summary(self) -> str:
        """What moves the answer most, and what would narrow its band most, in words."""
        out = self.table[self.table["change"] == "left out"]
        none = out.loc[out["note"] != "", "input"].tolist()
        moved = out.reindex(out["moves"].dropna().abs().sort_values(ascending=False).index).head(_NAMED)
        text = f"{self.quantity.label}, scenario {self.scenario}: {self._shown(self.base[1])}. "
        text += f"Without {listing([self._without(row) for row in moved.to_dict('records')])}. " if len(moved) else ""
        text += f"Without {listing(none)} there would be none: no printed level would be left. " if none else ""
        gained = self.table[(self.table["change"] != "left out") & (self.table["band"] < 0)].sort_values("band")
        said = [
            f"{row['input']} ({row['change']}) by {percent(-row['band'])}"
            for row in gained.head(_NAMED).to_dict("records")
        ]
        return text + (f"The 80 % band would narrow most with {listing(said)}." if said else "")

    def _without(self, row: Mapping[Hashable, Any]) -> str:
        return f"{row['input']} it would be {self._shown(row['median'])}"

    def _shown(self, value: float) -> str:
        return self.quantity.show(float(value), self.money)

    def _repr_html_(self) -> str:
        return result_html(self.summary(), self.table)


Change = tuple[str, str, str, Callable[[Setting], Setting]]


def influence(run: Run, quantity: Quantity | str, *, scenario: str | None = None) -> Influence:
    """Leave each source, statement, belief and event out; add one more source; learn each input.

    One more source is of a new publisher, prints what the consensus says for the newest base year, and is: an
    estimate of the level; an estimate of level and growth over five years; a measured actual. The value of resolving
    an input is the change of the band expected from knowing it, by the law of total probability over its nodes.

    Parameters
    ----------
    run
        The case, worked through.
    quantity
        Any but `Probability`, which has no band.
    scenario
        Name of the scenario; "base", or the middle one, where None.

    Raises
    ------
    ArgumentError
        Unknown scenario; a quantity without a band.
    """
    model, quantity = model_of(run, scenario), read_quantity(quantity)
    if isinstance(quantity, Probability):
        raise ArgumentError(
            Problem("influence, quantity", "Probability", "a quantity with a band, such as Value(2030)")
        )
    base, rows = _by_paths(model, quantity) if model.pivot is None else _by_projection(model, quantity)
    table = pd.DataFrame(rows, columns=["input", "kind", "change", "low", "median", "high", "note"])
    table["moves"] = table["median"] - base[1]
    table["band"] = (table["high"] - table["low"]) / (base[2] - base[0]) - 1
    return Influence(quantity, model.scenario_name, run.unit, table, base)


Band = tuple[float, float, float]
Row = tuple[str, str, str, float, float, float, str]


def _by_projection(model: Model, quantity: Quantity) -> tuple[Band, list[Row]]:
    """Each change projected by itself."""
    rows: list[Row] = [
        (name, kind, change, *_changed(model, put(model.as_read), quantity))
        for name, kind, change, put in _changes(model)
    ]
    for name, kind, settings in _known(model):
        bands = [(weight, _band(model, setting, quantity)) for weight, setting in settings if weight > 0]
        rows.append((name, kind, "known", *_expected(bands), ""))
    return _band(model, model.as_read, quantity), rows


def _by_paths(model: Model, quantity: Quantity) -> tuple[Band, list[Row]]:
    """Every change on the same single paths: for a tree, where each projection is long."""
    outcome = Outcome(model, quantity)
    scores = outcome.scores(_PATHS, _SEED)
    values, happened, rows = outcome.values(scores), outcome.happened(scores), list[Row]()

    def band(chosen: Array) -> Band:
        low, median, high = np.quantile(quantity.from_log(chosen), _LEVELS).tolist()
        return low, median, high

    for name in open_events(model):
        without, within = band(values[~happened[name]]), band(values[happened[name]])
        words, chance = f"event: {name.replace('_', ' ')}", float(happened[name].mean())
        rows.append((words, "event", "left out", *without, ""))
        rows.append((words, "event", "known", *_expected([(1 - chance, without), (chance, within)]), ""))
    nodes, weights = gauss_rule(_NODES)
    for position, key in enumerate(outcome.drivers):
        moved = (outcome.with_driver(scores, position, score) for score in nodes)
        bands = [(weight, band(outcome.values(one))) for weight, one in zip(weights, moved, strict=True)]
        rows.append((plain(key), "driver", "known", *_expected(bands), ""))
    return band(values), rows


def _band(model: Model, setting: Setting, quantity: Quantity) -> Band:
    path = model.path(setting)
    low, median, high = (replace(quantity, level=level).bounded(path) for level in _LEVELS)  # type: ignore[call-arg]
    return min(low, high), median, max(low, high)


def _changed(model: Model, setting: Setting, quantity: Quantity) -> tuple[float, float, float, str]:
    """Band of a setting; nan and why, where there is none."""
    if setting.pool is not None and not setting.pool.has_level:
        return math.nan, math.nan, math.nan, NO_LEVEL
    return *_band(model, setting, quantity), ""


def _changes(model: Model) -> Iterator[Change]:
    pool = model.pool
    if pool is not None:
        yield from _without_sources(pool)
        for words, changes in PRIORS_OUT.values():
            yield f"prior on {words}", "prior", "left out", _pooled(replace(pool, prior=pool.prior.replace(**changes)))
    for name in open_events(model):
        yield f"event: {name.replace('_', ' ')}", "event", "left out", _ruled_out(name)
    if pool is not None:
        for words, source in _new_sources(model, pool):
            yield words, "new source", "added", _pooled(replace(pool, sources=(*pool.sources, source)))


def _without_sources(pool: Pool) -> Iterator[Change]:
    for source in pool.sources if len(pool.sources) > 1 else ():
        yield f"{source.publisher} ({source.id})", "source", "left out", _pooled(pool.without(source.id))
    for source in pool.sources:
        for position, said in enumerate(source.statements if len(source.statements) > 1 else ()):
            kept = tuple(other for k, other in enumerate(source.statements) if k != position)
            sources = tuple(replace(s, statements=kept) if s is source else s for s in pool.sources)
            year = str(said.year) if said.kind == "level" else f"{said.year}-{said.to_year}"
            name = f"{source.publisher}: {said.hedge} {said.text} ({year})".replace(":  ", ": ")
            yield name, "statement", "left out", _pooled(replace(pool, sources=sources))


def _pooled(pool: Pool) -> Callable[[Setting], Setting]:
    return lambda setting: replace(setting, pool=pool)


def _ruled_out(name: str) -> Callable[[Setting], Setting]:
    return lambda setting: replace(setting, scenario=setting.scenario.given(ruled_out=[name]))


def _new_sources(model: Model, pool: Pool) -> Iterator[tuple[str, Source]]:
    """One more source of each kind, saying what the consensus says."""
    consensus = model.run.consensus
    first, last = pool.newest, pool.newest + _GROWTH_YEARS
    middle = level(first, f"{consensus.quantiles([0.5], [first]).to_numpy().item():.3g}")
    rate = growth(first, last, f"{100 * consensus.growth(first, last, [0.5]).to_numpy().item():.3g}")
    made = Source("one more", "one more publisher", pool.scope, first, (middle,))
    yield "one more estimate of the level", made
    yield "one more estimate of level and growth", replace(made, statements=(middle, rate))
    yield "a measured actual", replace(made, anchor_sd=ACTUAL_SD)


Settings = Sequence[tuple[float, Setting]]


def _known(model: Model) -> Iterator[tuple[str, str, Settings]]:
    """Inputs that may become known, with the settings and their probabilities."""
    setting, scenario = model.as_read, model.scenario
    scores, weights = gauss_rule(_NODES)
    shares, levels = weights.tolist(), special.ndtr(scores).tolist()
    for entry in inputs_of(model):
        if entry.key == "market":
            yield (
                entry.name,
                entry.kind,
                [(w, replace(setting, quantile=q)) for w, q in zip(shares, levels, strict=True)],
            )
        elif entry.key == "growth":
            market, known = model.start(setting)
            assert model.pivot is not None
            rates = market.linear(growth_row(known, model.pivot)[None, :]).quantiles(levels)[0].tolist()
            yield entry.name, entry.kind, [(w, replace(setting, growth=g)) for w, g in zip(shares, rates, strict=True)]
        elif entry.kind == "driver" and len(entry.points) > 1:
            values = scenario.drivers[entry.key].distribution.from_score(scores).tolist()
            yield entry.name, entry.kind, [(w, entry.set(setting, v)) for w, v in zip(shares, values, strict=True)]
        elif entry.kind == "event":
            chance = _chance(model, entry.key.removeprefix("events."))
            yield entry.name, entry.kind, [(1 - chance, entry.set(setting, 0.0)), (chance, entry.set(setting, 1.0))]


def _chance(model: Model, name: str) -> float:
    """Probability that an event happens within the projection."""
    states = model.scenario.event_states(first=int(model.whole.years[0]), last=model.last)
    return float(states.weights @ states.happens[:, states.names.index(name)])


def _expected(bands: Sequence[tuple[float, Band]]) -> Band:
    """Band that is expected, given bands with their probabilities."""
    low, median, high = (sum(weight * band[k] for weight, band in bands) for k in range(3))
    return low, median, high
