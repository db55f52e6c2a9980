"""Shares of the spread: Sobol indices by year and Shapley effects of a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from forecast.distributions import Array
from forecast.errors import ArgumentError, Problem, did_you_mean
from forecast.pipeline import Run
from forecast.sensitivity.asked import read_quantity, read_seed
from forecast.sensitivity.chaos import Chaos, chaos
from forecast.sensitivity.model import model_of
from forecast.sensitivity.outcome import Outcome, Player
from forecast.sensitivity.quantities import Quantity
from forecast.sensitivity.ranking import ZERO, ranked, said_of_rank
from forecast.sensitivity.variance import SCRAMBLES, Estimate, SobolIndices, sobol_indices
from forecast.sensitivity.words import count_of
from forecast.wording import listing, percent, result_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ENOUGH = 0.8
_MOST_NAMED = 4
_REFITS = 3
_LOOSE = 0.05
"""Share of the variance that a polynomial may miss before that is said."""


@dataclass(frozen=True, eq=False)
class Sobol:
    """Shares of the variance of what comes, by input.

    Amounts are taken in logarithms, so that shares are those of factors; inputs that go together count as one.

    Parameters
    ----------
    quantity, scenario
        What was asked, of which scenario.
    method
        "sampling" or "chaos".
    table
        One row an input and order, strongest first: `input, kind, order` (first, total, second), `share, low, high`
        (95 % interval), `note` (such as "indistinguishable from 0", or with what it is tied).
    by_year
        First-order shares of the log market: `year, input, kind, share, low, high`.
    """

    quantity: Quantity
    scenario: str
    method: str
    table: pd.DataFrame
    by_year: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """First-order shares by year, stacked."""
        from forecast.figures import sobol_by_year

        return sobol_by_year(self.by_year.assign(scenario=self.scenario), quantity="Market size", ax=ax)

    def summary(self) -> str:
        """The inputs that carry most of the spread, in words."""
        total = self.table[self.table["order"] == "total"]
        first = self.table[self.table["order"] == "first"].set_index("input").loc[total["input"]].reset_index()
        return _carried(first, f"the spread of {self.quantity.spread}, scenario {self.scenario}") + said_of_rank(total)

    def _repr_html_(self) -> str:
        return result_html(self.summary(), self.table)


@dataclass(frozen=True, eq=False)
class Shapley:
    """Shapley effects: shares of the variance that sum to 1, also where inputs go together.

    Parameters
    ----------
    quantity, scenario
        What was asked, of which scenario.
    table
        One row an input, largest first: `input, kind, share, low, high` (95 % interval, from fits to other points),
        `note` (such as "indistinguishable from 0", or with what it is tied).
    unexplained
        Share of the variance that the polynomial behind the effects misses.
    """

    quantity: Quantity
    scenario: str
    table: pd.DataFrame
    unexplained: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """One bar an input."""
        from forecast.sensitivity.bars import bars

        title = f"Shapley effects: what carries the spread of {self.quantity.spread}, {self.scenario}"
        return bars(self.table, title=title, ax=ax)

    def summary(self) -> str:
        """The inputs that carry most of the spread, in words."""
        said = _carried(self.table, f"the spread of {self.quantity.spread}, scenario {self.scenario}") + said_of_rank(
            self.table
        )
        if self.unexplained <= _LOOSE:
            return said
        return said + f" The polynomial behind this misses {percent(self.unexplained)} of the variance; see `sobol`."

    def _repr_html_(self) -> str:
        return result_html(self.summary(), self.table)


def _carried(shares: pd.DataFrame, spread: str) -> str:
    """Name inputs until they carry most of the spread."""
    carried = shares["share"].clip(lower=0).cumsum().to_numpy()
    count = min(int(np.searchsorted(carried, _ENOUGH)) + 1, _MOST_NAMED, len(shares))
    named = shares.head(count)
    said = [f"{name} {percent(share)}" for name, share in zip(named["input"], named["share"], strict=True)]
    verb = "carries" if count == 1 else "carry"
    return f"{count_of(count, 'input')} {verb} {percent(carried[count - 1])} of {spread}: {listing(said)}."


def sobol(
    run: Run,
    quantity: Quantity | str,
    *,
    scenario: str | None = None,
    points: int = 2**12,
    second_order: bool = False,
    method: str = "sampling",
    seed: int = 1,
) -> Sobol:
    """Sobol indices of what comes, for the quantity and for the log market of every year.

    The quantity is that of single paths: the log of the market for `Value` and `Cumulative`, yearly log growth for
    `Cagr`, the first year above for `YearAbove`, whether the market is above for `Probability`. Its `level` is of no
    account. Inputs are the level of the market, the growth the sources promise given that level, drivers, events,
    yearly ups and downs, and the error that forecasts have shown. Drivers with a stated correlation are one input;
    `shapley` shares it out between them.

    Parameters
    ----------
    run
        The case, worked through.
    quantity
        Such as `Value(2030)`.
    scenario
        Name of the scenario; "base", or the middle one, where None.
    points
        Base points, a power of two.
    second_order
        Whether to estimate pairs too.
    method
        "sampling", which serves every model, or "chaos", polynomials for smooth ones.
    seed
        Of the points.

    Raises
    ------
    ArgumentError
        Unknown scenario or method; points that are no power of two; a year outside the projection.
    ModelError
        A quantity without spread.
    """
    if method not in _METHODS:
        raise ArgumentError(Problem("method", repr(method), ", ".join(_METHODS), did_you_mean(method, list(_METHODS))))
    model, quantity, seed = model_of(run, scenario), read_quantity(quantity), read_seed(seed)
    outcome = Outcome(model, quantity)
    players = _together(outcome)
    found, years = _METHODS[method](outcome, players, points, second_order, seed)
    table = _ranked(players, found)
    parts = [_rows(players, found.first, k + 1).assign(year=year) for k, year in enumerate(years)]
    by_year = pd.concat(parts, ignore_index=True)[["year", "input", "kind", "share", "low", "high"]]
    return Sobol(quantity, outcome.model.scenario_name, method, table, by_year)


def shapley(run: Run, quantity: Quantity | str, *, scenario: str | None = None, seed: int = 1) -> Shapley:
    """Shapley effects of what comes, with the scenario's correlations between drivers as a Gaussian copula.

    Inputs and quantity as for `sobol`. A polynomial in normal scores is fitted; its effects are in closed form.

    Parameters
    ----------
    run, quantity, scenario
        As for `sobol`.
    seed
        Of the points to which the polynomial is fitted.

    Raises
    ------
    ArgumentError
        Unknown scenario; a year outside the projection; drivers that are perfectly correlated.
    ModelError
        A quantity without spread.
    """
    model, quantity, seed = model_of(run, scenario), read_quantity(quantity), read_seed(seed)
    outcome = Outcome(model, quantity)
    fitted = chaos(outcome.values, outcome.columns, seed=seed)
    others = [
        chaos(outcome.values, outcome.columns, degree=fitted.degree, seed=child)
        for child in np.random.default_rng(seed).integers(2**31, size=_REFITS).tolist()
    ]
    rows = np.eye(outcome.columns)
    own = [player.columns[0] for player in outcome.players if player.kind == "driver"]
    rows[np.ix_(own, own)] = outcome.root
    blocks = [player.columns for player in outcome.players]
    shares = np.array([one.shapley(rows, blocks) for one in (fitted, *others)])
    half = special.stdtrit(_REFITS, 0.975) * shares.std(0, ddof=1) / math.sqrt(len(shares))
    share = shares.mean(0)
    about = [(player.name, player.kind) for player in outcome.players]
    table = pd.DataFrame(about, columns=["input", "kind"]).assign(share=share, low=share - half, high=share + half)
    table = table.sort_values(["share", "input"], ascending=[False, True]).reset_index(drop=True)
    return Shapley(quantity, outcome.model.scenario_name, ranked(table), fitted.unexplained)


def _together(outcome: Outcome) -> list[Player]:
    """Independent inputs: drivers that hang together by correlations are one."""
    drivers = [player for player in outcome.players if player.kind == "driver"]
    linked = outcome.root @ outcome.root.T != 0
    for _ in drivers:
        linked = linked @ linked
    groups = dict.fromkeys(tuple(np.flatnonzero(row).tolist()) for row in linked)
    merged = [
        Player(" with ".join(drivers[k].name for k in group), "driver", tuple(drivers[k].columns[0] for k in group))
        for group in groups
    ]
    before = [player for player in outcome.players if player.kind == "consensus"]
    after = [player for player in outcome.players if player.kind not in ("consensus", "driver")]
    return [*before, *merged, *after]


Found = tuple[SobolIndices, list[int]]


def _sampled(outcome: Outcome, players: Sequence[Player], points: int, second_order: bool, seed: int) -> Found:  # noqa: FBT001
    years = _varying(outcome, seed)
    at = [int(year - outcome.path.years[0]) for year in years]

    def model(scores: Array) -> Array:
        logs = outcome.logs(scores)
        return np.column_stack([outcome.quantity.outcome(logs, outcome.path), logs[:, at]])

    blocks = [player.columns for player in players]
    scores = [special.ndtri] * outcome.columns
    return sobol_indices(model, scores, points=points, blocks=blocks, second_order=second_order, seed=seed), years


def _by_chaos(outcome: Outcome, players: Sequence[Player], _: int, second_order: bool, seed: int) -> Found:  # noqa: FBT001
    if second_order:
        raise ArgumentError(Problem("second_order", "with chaos", remedy="pairs are estimated by method 'sampling'"))
    years = _varying(outcome, seed)
    blocks = [player.columns for player in players]
    at = [int(year - outcome.path.years[0]) for year in years]
    fitted = [chaos(outcome.values, outcome.columns, seed=seed)]
    fitted += [chaos(_year_of(outcome, position), outcome.columns, seed=seed) for position in at]
    first = _exact(fitted, [one.first(blocks) for one in fitted])
    total = _exact(fitted, [one.total(blocks) for one in fitted])
    return SobolIndices(first, total, None, np.array([one.variance for one in fitted])), years


def _year_of(outcome: Outcome, position: int) -> Callable[[Array], Array]:
    return lambda scores: outcome.logs(scores)[:, position]


def _exact(fitted: Sequence[Chaos], shares: Sequence[Array]) -> Estimate:
    """Shares with what the polynomial misses as their uncertainty."""
    value = np.array(shares).T
    return Estimate(value, np.broadcast_to([one.unexplained for one in fitted], value.shape))


_METHODS = {"sampling": _sampled, "chaos": _by_chaos}


def _varying(outcome: Outcome, seed: int) -> list[int]:
    """Years in which anything varies."""
    scores = np.random.default_rng(seed).standard_normal((8 * SCRAMBLES, outcome.columns))
    return [int(year) for year in outcome.path.years[outcome.logs(scores).std(0) > 0]]


def _rows(players: Sequence[Player], found: Estimate, output: int) -> pd.DataFrame:
    value, half = found.value[:, output], found.half_width[:, output]
    about = pd.DataFrame([(player.name, player.kind) for player in players], columns=["input", "kind"])
    return about.assign(share=value, low=value - half, high=value + half)


def _ranked(players: Sequence[Player], found: SobolIndices) -> pd.DataFrame:
    total = _rows(players, found.total, 0).assign(order="total")
    first = _rows(players, found.first, 0).assign(order="first")
    rank = np.lexsort([total["input"].to_numpy(str), -total["share"].to_numpy()])
    parts = [first.iloc[rank], ranked(total.iloc[rank])]
    if found.second is not None:
        pairs = [(i, j) for i in range(len(players)) for j in range(i)]
        named = [Player(f"{players[j].name} × {players[i].name}", "pair", ()) for i, j in pairs]
        picked = [np.array([part[i, j] for i, j in pairs]) for part in (found.second.value, found.second.half_width)]
        parts.append(_rows(named, Estimate(*picked), 0).assign(order="second"))
    table = pd.concat(parts, ignore_index=True)
    table["note"] = table["note"].fillna("").mask(table["low"] <= 0, ZERO)
    return table[["input", "kind", "order", "share", "low", "high", "note"]]
