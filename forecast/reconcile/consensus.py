"""Pool sources that contradict each other into one consensus with honest uncertainty."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.distributions import Distribution
from forecast.errors import ArgumentError, ModelError, Problem
from forecast.estimates import Footing, Scopes
from forecast.mixture import Mixture
from forecast.reconcile import scrutiny
from forecast.reconcile.answer import Answer
from forecast.reconcile.methods import METHODS, method_named
from forecast.reconcile.pool import FURTHEST, LeftOut, Pool, TrackWeights, pool_of
from forecast.reconcile.priors import Prior
from forecast.reconcile.words import consensus_in_words
from forecast.wording import amount, money

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.floating[Any]]

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
"""Probabilities of the quantiles that tables carry."""


@dataclass(frozen=True, eq=False)
class Consensus:
    """What the sources together say about one market, and what one more publisher would print.

    The two are never mixed: `quantiles` is about the market itself, `next_publisher` about the next printed number.

    Parameters
    ----------
    pool
        What was pooled, and what was left out.
    method
        Name of the method.
    answer
        Log paths over the years of the pool.
    """

    pool: Pool
    method: str
    answer: Answer

    @property
    def scope(self) -> str:
        """Scope of the consensus."""
        return self.pool.scope

    @property
    def footing(self) -> Footing:
        """Currency, scale, price and value basis of every amount."""
        return self.pool.footing

    @property
    def reference_year(self) -> int:
        """Year in which the sources are compared."""
        return self.pool.reference_year

    @property
    def handover_year(self) -> int:
        """Last year for which two publishers print a level or a path."""
        return self.pool.handover_year

    @property
    def years(self) -> list[int]:
        """Years of `table`: from the reference year to the last printed one."""
        return [int(year) for year in self.answer.years]

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Rows that were not pooled, and why."""
        return self.pool.left_out

    def market(self, years: Iterable[int] | None = None) -> Mixture:
        """Log market over some years; those beyond `years` are fitted when asked for."""
        return self._mixture(years, "market")

    def parts(self, years: Iterable[int]) -> dict[str, Array]:
        """Covariance of the log market over some years, by cause."""
        asked = [int(year) for year in years]
        answer = self._covering(asked)
        at = [answer.years.tolist().index(year) for year in asked]
        return {cause: covariance[np.ix_(at, at)] for cause, covariance in answer.parts.items()}

    def quantiles(self, levels: Sequence[float] = (0.1, 0.5, 0.9), years: Iterable[int] | None = None) -> pd.DataFrame:
        """Quantiles of the market.

        Parameters
        ----------
        levels
            Probabilities between 0 and 1.
        years
            Calendar years; those of `table` where None.

        Returns
        -------
        Index year, one column a level; amounts in `footing`.
        """
        return self._quantiles(levels, years, "market")

    def next_publisher(
        self, levels: Sequence[float] = (0.1, 0.5, 0.9), years: Iterable[int] | None = None
    ) -> pd.DataFrame:
        """Quantiles of what one more publisher of this scope would print, with the reference year as its base year."""
        return self._quantiles(levels, years, "next_publisher")

    def probability(self, *, above: float, year: int) -> float:
        """Probability that the market is above an amount in a year."""
        if not above > 0:
            raise ArgumentError(Problem("above", f"{above:g}", "an amount above 0"))
        return float(1 - self.market([year]).cdf([math.log(above)])[0])

    def growth(self, start: int, end: int, levels: Sequence[float] = (0.1, 0.5, 0.9)) -> pd.Series[float]:
        """Quantiles of the compound annual growth rate between two years, as a share per year.

        Returns
        -------
        Index level.
        """
        if end <= start:
            raise ArgumentError(Problem("growth", f"from {start} to {end}", "an end year after the start year"))
        rate = self.market([start, end]).linear([[-1 / (end - start), 1 / (end - start)]])
        values = np.expm1(rate.quantiles(levels)[0])
        return pd.Series(values, index=pd.Index(list(levels), name="level"), name="cagr")

    @cached_property
    def houses(self) -> pd.DataFrame:
        """House effects as factors of the market (1 = prints the market), with the probability of being an outlier."""
        about = pd.DataFrame(
            {
                "id": [s.id for s in self.pool.sources],
                "publisher": [s.publisher for s in self.pool.sources],
                "scope": [s.scope for s in self.pool.sources],
                "base_year": [s.vintage for s in self.pool.sources],
            }
        )
        effects = self.answer.houses.reset_index(drop=True)
        factors = effects[["low", "median", "high"]].map(math.exp)
        return pd.concat([about, factors, effects[["outlier_probability"]]], axis=1)

    @property
    def decomposition(self) -> pd.DataFrame:
        """Variance of the log market by year, in the fixed order of the columns; rows add up to `total`."""
        parts = {cause: np.diag(covariance) for cause, covariance in self.answer.parts.items()}
        table = pd.DataFrame(parts, index=pd.Index(self.years, name="year"))
        return table.assign(total=table.sum(axis=1))

    def influence(self) -> pd.DataFrame:
        """Leave each source out in turn.

        Returns
        -------
        One row a source: `id, publisher`, the median and 80 % band of the market in the reference year without it,
        and `change`, the median without it as a factor of the median with it (by the house-effect model on a coarse
        grid, within half a percent); nan where the others print no level or are too few for the method.
        """
        return self._influence.copy()

    @cached_property
    def _influence(self) -> pd.DataFrame:
        median = float(self.quantiles([0.5], [self.reference_year]).to_numpy().item())
        rows = []
        for source in self.pool.sources if len(self.pool.sources) > 1 else ():
            low, middle, high = self._band_of(self.pool.without(source.id))
            rows.append((source.id, source.publisher, low, middle, high, middle / median))
        return pd.DataFrame(rows, columns=["id", "publisher", "low", "median", "high", "change"])

    def _band_of(self, pool: Pool) -> list[float]:
        """Band of another pool by the same method in the reference year; nan where there is none."""
        if not pool.has_level:
            return [math.nan] * 3
        if self.method == "house-effects":
            return [float(value) for value in scrutiny.bands(pool, [self.reference_year]).iloc[0, :3]]
        try:
            band = solve(pool, method=self.method).quantiles((0.1, 0.5, 0.9), [self.reference_year])
        except ModelError:
            return [math.nan] * 3
        return [float(value) for value in band.to_numpy()[0]]

    def of(
        self, scope: str, levels: Sequence[float] = (0.1, 0.5, 0.9), years: Iterable[int] | None = None
    ) -> pd.DataFrame:
        """Quantiles of the market in another scope from the same fit, so that a part is never above its whole.

        Raises
        ------
        ArgumentError
            If the method knows no scopes, or no ratios lead to this one.
        """
        self._only_houses("of")
        asked = np.unique(np.asarray(self.years if years is None else list(years)))
        fit, name = scrutiny.fit_of(self.pool, scope, asked)
        return _table(fit.markets[name], levels, asked)

    def next_publisher_of(
        self, scope: str, levels: Sequence[float] = (0.1, 0.5, 0.9), years: Iterable[int] | None = None
    ) -> pd.DataFrame:
        """Quantiles of what one more publisher of another scope would print; errors as `of`."""
        self._only_houses("next_publisher_of")
        asked = np.unique(np.asarray(self.years if years is None else list(years)))
        fit, name = scrutiny.fit_of(self.pool, scope, asked)
        return _table(fit.next_publisher_of(name), levels, asked)

    @property
    def effective_sources(self) -> float:
        """Number of independent publishers that the estimates are worth (agreement is partly imitation)."""
        return scrutiny.independent_sources(self.pool)

    def modes(self, year: int | None = None) -> pd.DataFrame:
        """Modes of the log market in a year (the reference year where None), `value` and relative `height`.

        Two rows mean that the sources leave two answers, and that a median between them is neither.
        """
        return scrutiny.modes_of(self.market([self.reference_year if year is None else year]))

    def prior_sensitivity(self, years: Iterable[int] | None = None) -> pd.DataFrame:
        """Market under other believable priors, one changed at a time, on a coarse grid.

        Returns
        -------
        One row a prior and year: `prior, year, low, median, high, change`, the last a factor of the median as given;
        the reference year alone where `years` is None.
        """
        self._only_houses("prior_sensitivity")
        return scrutiny.prior_table(self.pool, [self.reference_year] if years is None else list(years))

    def statement_influence(self) -> pd.DataFrame:
        """Leave each printed number out in turn, where its source prints another.

        Returns
        -------
        One row a number: `id, publisher, kind, years, printed`, the market in the reference year without it as
        `low, median, high`, and `change`, that median as a factor of the median with it (both on a coarse grid);
        nan where no level is left.
        """
        self._only_houses("statement_influence")
        return scrutiny.statement_table(self.pool, self.reference_year)

    def numerical_error(self) -> float:
        """Largest relative error of the quantiles .10, .50 and .90 over the years of `table`, against finer nodes."""
        self._only_houses("numerical_error")
        levels = (0.1, 0.5, 0.9)
        return scrutiny.numerical_error(self.pool, self.answer.years, levels, self.answer.market.quantiles(levels))

    def _only_houses(self, question: str) -> None:
        if self.method != "house-effects":
            raise ArgumentError(Problem(question, f"method {self.method!r}", "the method 'house-effects'"))

    @property
    def table(self) -> pd.DataFrame:
        """Tidy quantiles: `quantity` (market or next publisher), `scope, year, level, value, unit`."""
        named = {"market": self.quantiles(LEVELS), "next publisher": self.next_publisher(LEVELS)}
        parts = [
            part.reset_index().melt("year", var_name="level").assign(quantity=name).sort_values(["year", "level"])
            for name, part in named.items()
        ]
        table = pd.concat(parts, ignore_index=True).assign(scope=self.scope, unit=self.footing.label)
        return table[["quantity", "scope", "year", "level", "value", "unit"]]

    def summary(self) -> str:
        """The consensus in words, for a memo."""
        return consensus_in_words(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Forest of the sources, the consensus and the next publisher in the reference year."""
        from forecast.figures import forest

        return forest(self.forest_table, unit=self.footing.label, ax=ax)

    @property
    def forest_table(self) -> pd.DataFrame:
        """Rows of the forest figure: `label, low, median, high, kind, note`, amounts in the reference year."""
        from forecast.reconcile.paths import source_levels

        sources = source_levels(self.pool, self.reference_year)
        year = [self.reference_year]
        market = self.quantiles((0.1, 0.5, 0.9), year).iloc[0].tolist()
        following = self.next_publisher((0.1, 0.5, 0.9), year).iloc[0].tolist()
        own = pd.DataFrame(
            [
                ("Consensus, 80 % band", *market, "consensus", self.scope),
                ("One more publisher, 80 % band", *following, "next publisher", "what it would print"),
            ],
            columns=["label", "low", "median", "high", "kind", "note"],
        )
        return pd.concat([sources, own], ignore_index=True)

    def __repr__(self) -> str:
        low, middle, high = self.quantiles(years=[self.reference_year]).to_numpy()[0]
        count = len(self.pool.sources)
        band = f"{money(middle, self.footing.label)} ({amount(low)} to {amount(high)})"
        return (
            f"Consensus({self.scope!r}, {self.method!r}, {count} source{'s' * (count > 1)}, "
            f"{self.reference_year}: {band})"
        )

    def _repr_html_(self) -> str:
        from forecast.wording import result_html

        return result_html(self.summary(), self.quantiles())

    def _quantiles(self, levels: Sequence[float], years: Iterable[int] | None, name: str) -> pd.DataFrame:
        asked = self.years if years is None else [int(year) for year in years]
        return _table(self._mixture(asked, name), levels, asked)

    def _mixture(self, years: Iterable[int] | None, name: str) -> Mixture:
        asked = self.years if years is None else [int(year) for year in years]
        answer = self._covering(asked)
        rows = np.eye(len(answer.years))[[answer.years.tolist().index(year) for year in asked]]
        mixture: Mixture = getattr(answer, name)
        return mixture if asked == answer.years.tolist() else mixture.linear(rows)

    def _covering(self, years: list[int]) -> Answer:
        """The answer at hand if it has the years, else a new one."""
        return self.answer if set(years) <= set(self.years) else self._answer(tuple(years))

    def _answer(self, years: tuple[int, ...]) -> Answer:
        first, last = self.pool.newest - FURTHEST, self.pool.newest + FURTHEST
        outside = [year for year in years if not first <= year <= last]
        if outside or not years:
            found = ", ".join(map(str, outside)) or "no year"
            raise ArgumentError(Problem("years", found, f"years from {first} to {last}"))
        return METHODS[self.method](self.pool, np.unique(np.asarray(years)))


def _table(told: Mixture, levels: Sequence[float], years: Iterable[int]) -> pd.DataFrame:
    """Quantiles as amounts: index year, one column a level."""
    index, columns = pd.Index(list(years), name="year"), pd.Index(list(levels), name="level")
    return pd.DataFrame(np.exp(told.quantiles(levels)), index=index, columns=columns)


def reconcile(
    estimates: pd.DataFrame,
    *,
    scope: str,
    scopes: Scopes | None = None,
    reference_year: int | None = None,
    method: str = "house-effects",
    prior: Prior | Mapping[str, object] | str | None = None,
    track_record: TrackWeights | Mapping[str, float] | None = None,
    history: pd.Series[float] | None = None,
    coverage: float | Distribution = 1.0,
) -> Consensus:
    """Pool contradicting estimates into one consensus.

    Parameters
    ----------
    estimates
        Table of the estimates contract, on one footing (see `normalize`).
    scope
        The market that is asked about.
    scopes
        How the scopes relate; needed where a row is about another scope.
    reference_year
        Year in which the sources are compared, at most 30 years before the first printed year or after the last; the
        newest base year where None.
    method
        Name of a method: "house-effects" is the model of the package, the others are those analysts know, to
        compare with (`compare_methods`); "random-effects" is taken as "random-effects-reml".
        `forecast.reconcile.methods.MEANINGS` says what the band of each means.
    prior
        "evidence", the default: how far publishers are apart and what they all get wrong, as the record of published
        estimates tells it by the growth that the sources promise. "constants": one set for all markets. Or a `Prior`,
        or the numbers that differ from the default (`based_on = "constants"` among them changes the constants).
    track_record
        How far publishers are to be trusted for their past, as `forecast.backtest.publisher_records` tells it, or
        weights by publisher. Each multiplies the weight of the publisher's rows; 2 halves the variance of its house
        effects, 1 is like most, and a publisher without a past has 1.
    history
        Measured amounts by calendar year, in the footing of the estimates: one more source, without house effects.
    coverage
        Share of the market that `history` counted, as a number or with its uncertainty.

    Raises
    ------
    ArgumentError
        Unknown method, scope or prior key; a number of the prior, the track record or the history outside its range;
        nothing left to pool.
    EstimatesError
        Rows with scopes that the tree does not know.
    FootingError
        Rows on different footings, places, or scopes that nothing bridges.
    """
    name = method_named(method)
    pool = pool_of(
        estimates,
        scope=scope,
        scopes=scopes,
        reference_year=reference_year,
        prior=prior,
        track_record=track_record,
        history=history,
        coverage=coverage,
    )
    return solve(pool, method=name)


def solve(pool: Pool, *, method: str = "house-effects", years: NDArray[np.int64] | None = None) -> Consensus:
    """Consensus of a pool that has been read and checked.

    Raises
    ------
    ModelError
        If no source prints a level, or too few for the method.
    """
    if not pool.has_level:
        raise ModelError("No source prints a level: growth alone says nothing of the size.")
    return Consensus(pool, method, METHODS[method](pool, pool.years if years is None else years))
