"""A projection: the market year by year under each scenario, with its bands, probabilities and paths."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.distributions import Array
from forecast.errors import ArgumentError, Problem
from forecast.estimates import Footing
from forecast.mixture import Mixture, blended_quantiles, checked_levels
from forecast.reconcile import LEVELS, Consensus
from forecast.reconcile.paths import printed_numbers
from forecast.scenario import Scenario
from forecast.start import Start
from forecast.wording import amount, money, percent, result_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SCALING_ERROR, _BENT_ERROR, _TREE_ERROR = 0.001, 0.003, 0.006
_DRAWS = 100_000

CAUSES = ("between publishers", "within statements", "growth", "process", "scenario drivers", "analyst error")
"""Parts of the band in the fixed order in which the law of total variance takes them."""

ALL = "all scenarios"
"""Name of the scenarios taken together."""


def headline_scenario(names: Sequence[str]) -> str:
    """Name of the scenario to show first: "base" where there is one, else the middle one.

    Examples
    --------
    >>> headline_scenario(["cautious", "base"]), headline_scenario(["slow", "steady", "fast"])
    ('base', 'steady')
    """
    return "base" if "base" in names else names[len(names) // 2]


def _check_draws(count: int) -> None:
    if not (isinstance(count, int | np.integer) and count >= 1):
        raise ArgumentError(Problem("draws", f"{count!r}", "a whole number of paths, at least 1"))


@dataclass(frozen=True, eq=False)
class ScenarioPath:
    """One scenario: the log market over the years of the projection.

    Parameters
    ----------
    scenario
        The scenario projected.
    years
        Shape (T,).
    mixture
        Log market over `years`.
    parts
        Variance of the log market by cause, shape (T,) each; they add up to the whole.
    correlation_kept
        Factor by which stated correlations were weakened because no drivers can have all of them; 1 where none was.
    """

    scenario: Scenario
    years: NDArray[np.int64]
    mixture: Mixture
    parts: dict[str, Array]
    correlation_kept: float = 1.0

    @property
    def numerical_error(self) -> float:
        """Largest error of a probability that nodes and merging may make, as measured against simulated paths.

        A thousandth where the path only scales with its start; three where it bends, with a ceiling or in segments,
        and where there are events; six where a tree gives it. The tests hold every kind to it, wide drivers too,
        beside four sampling errors.
        """
        growth = self.scenario.growth
        if growth.curve == "tree":
            return _TREE_ERROR
        bends = growth.has_ceiling or growth.curve == "segments"
        return _BENT_ERROR if bends or self.scenario.events else _SCALING_ERROR

    @cached_property
    def _usual(self) -> Array:
        """Quantiles at the levels that tables carry, shape (T, L)."""
        return self.mixture.quantiles(LEVELS)

    def quantiles(self, levels: Sequence[float]) -> Array:
        """Quantiles of the log market, shape (T, L)."""
        if set(levels) <= set(LEVELS):
            return self._usual[:, [LEVELS.index(level) for level in levels]]
        return self.mixture.quantiles(levels)


@dataclass(frozen=True, eq=False)
class Projection:
    """A market projected under scenarios, with bands.

    Every answer is one row a scenario. Quantiles and probabilities are exact for the mixture, and the mixture is as
    near to the model as `ScenarioPath.numerical_error` says; questions about whole paths (`year_above`, `cumulative`,
    `draws`) are answered by drawing paths with a seed.

    Parameters
    ----------
    paths
        One a scenario, by name.
    footing
        Currency, scale, price and value basis of every amount.
    start
        What the projection started from.
    handover_year
        Last year of the consensus path, by scenario.
    """

    paths: dict[str, ScenarioPath]
    footing: Footing
    start: Start
    handover_year: dict[str, int]

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios."""
        return list(self.paths)

    @property
    def headline(self) -> str:
        """Name of the scenario to show first; see `headline_scenario`."""
        return headline_scenario(self.scenarios)

    @property
    def years(self) -> list[int]:
        """First year of the projection to the last of any scenario."""
        return sorted({int(year) for path in self.paths.values() for year in path.years})

    def quantiles(self, levels: Sequence[float] = (0.1, 0.5, 0.9)) -> pd.DataFrame:
        """Quantiles of the market.

        Returns
        -------
        Index (scenario, year), one column a level; amounts in `footing`. `.loc["base"]` is one scenario.
        """
        tables = {name: self._quantile_table(path, levels) for name, path in self.paths.items()}
        return pd.concat(tables, names=["scenario", "year"])

    def probability(self, *, above: float, year: int) -> pd.Series[float]:
        """Probability that the market is above an amount in a year, by scenario."""
        if not above > 0:
            raise ArgumentError(Problem("above", f"{above:g}", "an amount above 0"))
        found = {
            n: 1 - float(p.mixture.cdf(np.full(len(p.years), math.log(above)))[self._at(p, year)])
            for n, p in self._items()
        }
        return self._by_scenario(found, "probability")

    def cagr(self, start: int, end: int, levels: Sequence[float] = (0.1, 0.5, 0.9)) -> pd.DataFrame:
        """Quantiles of compound annual growth between two years, as a share per year, by scenario."""
        if end <= start:
            raise ArgumentError(Problem("cagr", f"from {start} to {end}", "an end year after the start year"))
        found = {}
        for name, path in self._items():
            row = np.zeros((1, len(path.years)))
            row[0, self._at(path, end)], row[0, self._at(path, start)] = 1 / (end - start), -1 / (end - start)
            found[name] = np.expm1(path.mixture.linear(row).quantiles(levels)[0])
        return self._by_level(found, levels)

    def cumulative(
        self, start: int, end: int, levels: Sequence[float] = (0.1, 0.5, 0.9), *, draws: int = _DRAWS, seed: int = 1
    ) -> pd.DataFrame:
        """Quantiles of the sum over the years from `start` to `end`, by scenario (from drawn paths)."""
        if end < start:
            raise ArgumentError(
                Problem("cumulative", f"from {start} to {end}", "an end year not before the start year")
            )
        _check_draws(draws)
        wanted, found = checked_levels(levels), {}
        for name, path in self._items():
            span = slice(self._at(path, start), self._at(path, end) + 1)
            found[name] = np.quantile(np.exp(path.mixture.draws(draws, seed=seed)[:, span]).sum(1), wanted)
        return self._by_level(found, levels)

    def year_above(
        self, value: float, levels: Sequence[float] = (0.1, 0.5, 0.9), *, draws: int = _DRAWS, seed: int = 1
    ) -> pd.DataFrame:
        """First year in which the market is above an amount, by scenario (from drawn paths).

        Returns
        -------
        Index scenario; one column a level (missing where the market stays below it to the end of the projection with
        more than the remaining probability), and `never`, the probability of not getting there by then.
        """
        if not value > 0:
            raise ArgumentError(Problem("year_above", f"{value:g}", "an amount above 0"))
        _check_draws(draws)
        wanted, found, never = checked_levels(levels), {}, {}
        for name, path in self._items():
            above = path.mixture.draws(draws, seed=seed) > math.log(value)
            first = np.where(above.any(1), path.years[above.argmax(1)], np.inf)
            years = np.quantile(first, wanted, method="inverted_cdf")
            found[name] = np.where(np.isfinite(years), years, np.nan)
            never[name] = 1 - float(above.any(1).mean())
        return self._by_level(found, levels).assign(never=pd.Series(never))

    def draws(self, n: int, seed: int, *, scenario: str | None = None) -> pd.DataFrame:
        """Drawn paths of one scenario (the first where None): `n` rows, one a path; one column a year."""
        name = self.scenarios[0] if scenario is None else scenario
        if name not in self.paths:
            raise ArgumentError(Problem("scenario", repr(name), ", ".join(self.scenarios)))
        _check_draws(n)
        path = self.paths[name]
        return pd.DataFrame(np.exp(path.mixture.draws(n, seed=seed)), columns=pd.Index(path.years, name="year"))

    def together(self, levels: Sequence[float] = (0.1, 0.5, 0.9)) -> pd.DataFrame:
        """Quantiles of all scenarios as one mixture, each with its probability: index year, one column a level.

        Stories that state no probability are left out.

        Raises
        ------
        ArgumentError
            If no scenario states a probability, or they end in different years.
        """
        used = [path for path in self.paths.values() if path.scenario.probability]
        if not used:
            raise ArgumentError(Problem(ALL, "no probability", "a probability for every scenario that is to count"))
        if len({int(path.years[-1]) for path in used}) > 1:
            raise ArgumentError(Problem(ALL, "different end years", "the same end for every scenario"))
        chances = [path.scenario.probability or 0.0 for path in used]
        quantiles = blended_quantiles(chances, [path.mixture for path in used], levels)
        return self._money_table(quantiles, used[0].years, levels)

    @property
    def decomposition(self) -> pd.DataFrame:
        """Variance of the log market, in the fixed order of the columns; rows add up to `total`."""
        tables = {n: pd.DataFrame(p.parts, index=pd.Index(p.years, name="year")) for n, p in self._items()}
        table = pd.concat(tables, names=["scenario", "year"])
        return table.assign(total=table.sum(axis=1))

    @cached_property
    def table(self) -> pd.DataFrame:
        """Tidy quantiles: `scenario, year, level, value, unit`."""
        long = self.quantiles(LEVELS).stack()
        return (
            pd.Series(long, name="value")
            .rename_axis(["scenario", "year", "level"])
            .reset_index()
            .assign(unit=self.footing.label)
        )

    @property
    def statements(self) -> pd.DataFrame:
        """Every level the sources print, or the history: `source, year, value, kind, hedge`."""
        return printed_numbers(self.start.pool) if isinstance(self.start, Consensus) else self.start.printed

    def plot(self, ax: Axes | None = None, *, scenario: str | None = None) -> Axes:
        """Fan chart of one scenario (the headline one where None) with every printed number on it."""
        from forecast.figures import fan

        name = self.headline if scenario is None else scenario
        return fan(self.table, unit=self.footing.label, statements=self.statements, scenario=name, ax=ax)

    def summary(self) -> str:
        """The projection in words, for a memo."""
        last, unit = self.years[-1], self.footing.label
        sentences = []
        for name, path in self._items():
            low, middle, high = np.exp(path.quantiles((0.1, 0.5, 0.9))[-1])
            first, end = int(path.years[0]), int(path.years[-1])
            rate = percent(float(self.cagr(first, end, [0.5]).loc[name].to_numpy()[0]))
            sentences.append(
                f"{name}: {money(middle, unit)} in {end} (80 % band {amount(low)} to {amount(high)}, "
                f"{rate} a year from {first})"
            )
        return " ".join([f"Projection to {last}. {'; '.join(sentences)}.", *self.weakened])

    @property
    def weakened(self) -> list[str]:
        """A sentence for each scenario whose stated correlations contradict each other, for a memo."""
        return [
            f"The correlations stated in scenario {name} contradict each other: no drivers can have all of them, so "
            f"each was weakened to {percent(path.correlation_kept)} of its value."
            for name, path in self._items()
            if path.correlation_kept < 1
        ]

    def _repr_html_(self) -> str:
        return result_html(self.summary(), self.quantiles())

    def _items(self) -> Iterator[tuple[str, ScenarioPath]]:
        return iter(self.paths.items())

    def _quantile_table(self, path: ScenarioPath, levels: Sequence[float]) -> pd.DataFrame:
        return self._money_table(path.quantiles(levels), path.years, levels)

    def _money_table(self, logs: Array, years: NDArray[np.int64], levels: Sequence[float]) -> pd.DataFrame:
        columns = pd.Index(list(levels), name="level")
        return pd.DataFrame(np.exp(logs), index=pd.Index(years, name="year"), columns=columns)

    def _at(self, path: ScenarioPath, year: int) -> int:
        if year not in path.years:
            allowed = f"a year from {path.years[0]} to {path.years[-1]}"
            raise ArgumentError(Problem("year", str(year), allowed))
        return int(np.flatnonzero(path.years == year)[0])

    def _by_scenario(self, found: Mapping[str, float], name: str) -> pd.Series[float]:
        return pd.Series(found, name=name).rename_axis("scenario")

    def _by_level(self, found: Mapping[str, Array], levels: Sequence[float]) -> pd.DataFrame:
        return pd.DataFrame(found, index=pd.Index(list(levels), name="level")).T.rename_axis("scenario")
