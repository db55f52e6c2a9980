"""Why two numbers for one year differ: base, growth, horizon, scope, currency and price basis, adding up exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.errors import ArgumentError, FootingError, ModelError, Problem
from forecast.estimates.scopes import Scopes
from forecast.reconcile.bridge_sides import Side, read_sides
from forecast.reconcile.lmdi import logarithmic_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from forecast.reconcile.bridge_sides import Given

PARTS = ("currency", "price basis", "scope", "base", "horizon", "growth")
"""Causes of a difference, in the order in which they are shown."""


@dataclass(frozen=True, eq=False)
class Bridge:
    """A difference between two numbers, split among its causes.

    Parameters
    ----------
    labels
        What the two are called.
    year
        Year in which they are compared.
    start, end
        The two numbers, each in its own currency and price basis, both in the scale of the second.
    unit
        Unit of `end`, such as "USD bn"; that of `start` too unless currency or price basis differ.
    table
        One row a cause: `part`, `ratio` (what it multiplies by), `value` (what it adds; they sum to end - start),
        `explanation`.
    """

    labels: tuple[str, str]
    year: int
    start: float
    end: float
    unit: str
    table: pd.DataFrame

    @cached_property
    def waterfall(self) -> pd.DataFrame:
        """Rows for `forecast.figures.waterfall`: the first number, the causes that matter, the second."""
        moving = self.table[self.table["value"] != 0]
        ends = pd.DataFrame({"label": self.labels, "value": [self.start, self.end], "kind": "total"})
        steps = pd.DataFrame({"label": moving["part"], "value": moving["value"], "kind": "change"})
        return pd.concat([ends.iloc[:1], steps, ends.iloc[1:]], ignore_index=True)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Waterfall from the first number to the second."""
        from forecast.figures import waterfall

        return waterfall(self.waterfall, unit=self.unit, year=self.year, ax=ax)

    def summary(self) -> str:
        """Say the difference in words, largest cause first."""
        first, second = self.labels
        change = self.end / self.start - 1
        head = f"{self.year}: {first} {self.start:.4g}, {second} {self.end:.4g} {self.unit} ({change:+.0%})."
        moving = self.table[self.table["value"] != 0]
        order = moving["value"].abs().sort_values(ascending=False).index
        causes = [f"{row.part} {row.value:+.3g} ({row.explanation})" for row in moving.loc[order].itertuples()]
        return "\n".join([head, "; ".join(causes) + "." if causes else "The two agree."])

    def __repr__(self) -> str:
        first, second = self.labels
        return f"Bridge({self.year}: {first} {self.start:.4g}, {second} {self.end:.4g} {self.unit})"

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False)


def bridge(
    a: Given,
    b: Given,
    year: int,
    *,
    scopes: Scopes | None = None,
    scope_ratio: float | None = None,
    rates: Mapping[str, float] | None = None,
    price_levels: Mapping[str, float] | None = None,
) -> Bridge:
    r"""Split the difference between two estimates, or two vintages of a consensus, among its causes.

    Each number is base times growth over its horizon, :math:`V = B\,e^{\gamma n}`; between the two stand a currency,
    a price basis and a scope. Cause k adds :math:`L(V_a, V_b)\,\ln r_k`, with L the logarithmic mean, so the parts
    sum to the difference. Horizon and growth share :math:`\gamma_b n_b - \gamma_a n_a` at each other's mean.

    Parameters
    ----------
    a, b
        Rows of a table of estimates (Series or dict) or results of `reconcile` (their median path). A row gives base
        and target, or either with a growth rate; base and target go before the rate. Hedges are not read: the
        printed number counts.
    year
        Calendar year of the comparison; numbers for other years are carried there by their own growth.
    scopes
        Tree of scopes with ratios (their medians are taken), where the two differ in scope.
    scope_ratio
        Scope of b as a share of that of a, instead of `scopes`; also for two geographies.
    rates
        Value of one unit of each currency in a common one, such as {"EUR": 1.08, "USD": 1}.
    price_levels
        Price level of each basis in a common one, such as {"nominal": 1.2, "real 2023": 1}.

    Returns
    -------
    Bridge

    Raises
    ------
    ArgumentError
        Numbers that are missing, not above 0, or not a number. Lists all, of both.
    FootingError
        Where currency, price basis, value basis, geography or scope differ and nothing given says by how much.
    ModelError
        Where a number is carried so far that it leaves the range of numbers.

    References
    ----------
    Ang, B. W. (2005), doi:10.1016/j.enpol.2003.10.010.

    Examples
    --------
    >>> first = {"publisher": "A", "base_year": 2023, "base_value": "16", "cagr": "25.1", "currency": "USD"}
    >>> second = {"publisher": "B", "base_year": 2023, "base_value": "18.12", "target_year": 2028,
    ...           "target_value": "41.21", "currency": "USD"}
    >>> print(bridge(first, second, 2028).summary())
    2028: A 49.02, B 41.21 USD (-16%).
    growth -13.4 (25.1 % to 17.9 % a year); base +5.6 (16 in 2023 to 18.12 in 2023).
    """
    if not isinstance(year, int | np.integer):
        raise ArgumentError(Problem("year", repr(year), "a calendar year"))
    first, second = read_sides(a, b, int(year))
    ratios = _ratios(first, second, int(year), scopes, scope_ratio, rates, price_levels)
    start, end = first.at(year) * first.scale_factor / second.scale_factor, second.at(year)
    if not (0 < start < math.inf and 0 < end < math.inf):
        raise ModelError(f"{start:g} and {end:g} in {year}: the growth rates cannot be carried over so many years.")
    amount = float(logarithmic_mean(start, end))
    logs = np.array([log for log, _ in ratios.values()])
    columns = {"part": PARTS, "ratio": np.exp(logs), "value": amount * logs}
    table = pd.DataFrame(columns | {"explanation": [words for _, words in ratios.values()]})
    return Bridge((first.label, second.label), int(year), start, end, second.unit, table)


def _ratios(
    a: Side,
    b: Side,
    year: int,
    scopes: Scopes | None,
    scope_ratio: float | None,
    rates: Mapping[str, float] | None,
    price_levels: Mapping[str, float] | None,
) -> dict[str, tuple[float, str]]:
    """Log ratio of each cause, in the order of PARTS, with its explanation."""
    if _differ(a.value_basis, b.value_basis):
        raise FootingError(f"value basis {a.value_basis!r} and {b.value_basis!r}: bring the two onto one basis first.")
    currency = _log_of_units("currency", a.currency, b.currency, rates, "rates")
    prices = -_log_of_units("price basis", a.price_basis, b.price_basis, price_levels, "price_levels")
    scope = _log_scope(a, b, scopes, scope_ratio)
    before, after = year - a.base_year, year - b.base_year
    base = math.log(b.base / a.base) + math.log(b.scale_factor / a.scale_factor) - currency - prices - scope
    horizon = (a.growth + b.growth) / 2 * (after - before)
    growth = (before + after) / 2 * (b.growth - a.growth)
    carried = a.base * a.scale_factor / b.scale_factor
    found = {
        "currency": (currency, f"{a.currency} to {b.currency}" if currency else ""),
        "price basis": (prices, f"{a.price_basis} to {b.price_basis}" if prices else ""),
        "scope": (scope, f"{_place(a)} to {_place(b)}, {math.exp(scope):.3g} times" if scope else ""),
        "base": (base, f"{carried:.4g} in {a.base_year} to {b.base:.4g} in {b.base_year}"),
        "horizon": (horizon, f"{before} years of growth to {after}"),
        "growth": (growth, f"{100 * math.expm1(a.growth):.1f} % to {100 * math.expm1(b.growth):.1f} % a year"),
    }
    return {part: found[part] for part in PARTS}


def _log_of_units(what: str, a: str, b: str, values: Mapping[str, float] | None, argument: str) -> float:
    if not _differ(a, b):
        return 0.0
    known = values or {}
    missing = [name for name in (a, b) if name not in known]
    if missing:
        raise FootingError(f"{what} {a} and {b}: give {argument}= with {' and '.join(missing)}.")
    wrong = [name for name in (a, b) if not 0 < known[name] < math.inf]
    if wrong:
        raise ArgumentError([Problem(f"{argument}, {name}", f"{known[name]:g}", "a number above 0") for name in wrong])
    return math.log(known[a] / known[b])


def _log_scope(a: Side, b: Side, scopes: Scopes | None, scope_ratio: float | None) -> float:
    if scope_ratio is not None:
        if not 0 < scope_ratio < math.inf:
            raise ArgumentError(Problem("scope_ratio", f"{scope_ratio:g}", "a number above 0"))
        return math.log(scope_ratio)
    if _differ(a.geography, b.geography):
        raise FootingError(f"geography {a.geography} and {b.geography}: give scope_ratio=, the share of the second.")
    same = not _differ(a.scope, b.scope) or (
        scopes is not None and scopes.canonical(a.scope) == scopes.canonical(b.scope)
    )
    return 0.0 if same else _log_below_common(b.scope, a.scope, scopes) - _log_below_common(a.scope, b.scope, scopes)


def _log_below_common(scope: str, other: str, scopes: Scopes | None) -> float:
    """Log share of a scope in the smallest scope that holds both."""
    remedy = f"scope {scope} and {other}: give scope_ratio=, or scopes= with a ratio for each step between them."
    if scopes is None or not (scopes.knows(scope) and scopes.knows(other)):
        raise FootingError(remedy)
    shared = scopes.tree.lineage(other)
    total = 0.0
    for name in scopes.tree.lineage(scope):
        if name in shared:
            return total
        ratio = scopes.ratio(name)
        if ratio is None:
            raise FootingError(remedy)
        total += math.log(ratio.percentiles()[1])
    raise FootingError(remedy)


def _differ(a: str, b: str) -> bool:
    """Whether two words are both said and not the same."""
    return bool(a and b) and a.casefold() != b.casefold()


def _place(side: Side) -> str:
    return ", ".join(filter(None, (side.scope, side.geography))) or side.label
