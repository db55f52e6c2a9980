"""All methods side by side: how much of the answer is the method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from forecast.errors import ArgumentError, ModelError, Problem
from forecast.estimates import Footing, Scopes
from forecast.reconcile.consensus import Consensus, solve
from forecast.reconcile.methods import MEANINGS, METHODS, method_named
from forecast.reconcile.pool import Pool, pool_of
from forecast.reconcile.priors import Prior

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = ["method", "low", "median", "high", "next_low", "next_high", "growth", "note"]


@dataclass(frozen=True, eq=False)
class MethodComparison:
    """The answer of several methods to one pool.

    Parameters
    ----------
    answers
        Consensus by method.
    refused
        Why a method has no answer, by method.
    year
        Year that is compared.
    """

    answers: dict[str, Consensus]
    refused: dict[str, str]
    year: int

    @property
    def footing(self) -> Footing:
        """Currency, scale and bases of the amounts."""
        return next(iter(self.answers.values())).footing

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a method: 80 % band of the market and of the next publisher, growth a year, what the band means."""
        rows = [self._row(name, consensus) for name, consensus in self.answers.items()]
        return pd.DataFrame(rows, columns=_COLUMNS)

    def _row(self, name: str, consensus: Consensus) -> tuple[object, ...]:
        low, middle, high = consensus.quantiles((0.1, 0.5, 0.9), [self.year]).iloc[0]
        following = consensus.next_publisher((0.1, 0.9), [self.year]).iloc[0].tolist()
        last = consensus.years[-1]
        growth = consensus.growth(self.year, last, [0.5]).iloc[0] if last > self.year else float("nan")
        return (name, low, middle, high, *following, growth, MEANINGS[name])

    def plot(self, ax: Axes | None = None) -> Axes:
        """One bar a method, the default's median as a line."""
        from forecast.figures import football_field

        table = self.table[["method", "low", "median", "high"]]
        default = table.loc[table["method"] == "house-effects", "median"]
        reference = float(default.iloc[0]) if len(default) else None
        return football_field(table, unit=self.footing.label, reference=reference, ax=ax)

    def summary(self) -> str:
        """How far the methods lie apart, and which have no answer."""
        from forecast.wording import listing, money

        ranked = self.table.sort_values("median")
        least, most = ranked.iloc[0], ranked.iloc[-1]
        unit = self.footing.label
        text = (
            f"For {self.year} the medians of {len(ranked)} methods run from {money(least['median'], unit)} "
            f"({least['method']}) to {money(most['median'], unit)} ({most['method']})."
        )
        refused = f" No answer from {listing(sorted(self.refused))}: too few levels." if self.refused else ""
        return text + refused

    def __repr__(self) -> str:
        return f"MethodComparison({len(self.answers)} methods, {self.year}, {self.footing.label})"

    def _repr_html_(self) -> str:
        from forecast.wording import result_html

        return result_html(self.summary(), self.table)


def compare_methods(
    estimates: pd.DataFrame,
    *,
    scope: str,
    scopes: Scopes | None = None,
    reference_year: int | None = None,
    methods: Sequence[str] | None = None,
    year: int | None = None,
    prior: Prior | Mapping[str, object] | str | None = None,
) -> MethodComparison:
    """Pool the same estimates by several methods.

    Parameters
    ----------
    estimates, scope, scopes, reference_year, prior
        As in `reconcile`.
    methods
        Names of methods; all where None.
    year
        Year that is compared; the reference year where None.

    Raises
    ------
    ArgumentError
        Unknown methods, all listed; and what `reconcile` raises.
    ModelError
        If no method has an answer.
    """
    pool = pool_of(estimates, scope=scope, scopes=scopes, reference_year=reference_year, prior=prior)
    return compare_pool(pool, methods=methods, year=year)


def compare_pool(pool: Pool, *, methods: Sequence[str] | None = None, year: int | None = None) -> MethodComparison:
    """Compare the methods on a pool that has been read."""
    names = _named(METHODS if methods is None else methods)
    answers: dict[str, Consensus] = {}
    refused: dict[str, str] = {}
    for name in names:
        try:
            answers[name] = solve(pool, method=name)
        except ModelError as error:
            refused[name] = str(error)
    if not answers:
        raise ModelError(" ".join(dict.fromkeys(refused.values())))
    return MethodComparison(answers, refused, pool.reference_year if year is None else year)


def _named(methods: Iterable[str]) -> list[str]:
    """The names as `METHODS` spells them; all that are unknown are listed."""
    names: list[str] = []
    problems: list[str | Problem] = []
    for name in methods:
        try:
            names.append(method_named(name, "methods"))
        except ArgumentError as error:
            problems += error.problems
    if problems or not names:
        raise ArgumentError(problems or [Problem("methods", "none", "at least one name of a method")])
    return list(dict.fromkeys(names))
