"""The footing of a number: its currency, scale, price basis and value basis.

Numbers may be pooled or compared only on one footing.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from forecast.errors import FootingError
from forecast.estimates.reading import check_table
from forecast.estimates.units import SHORT_SCALES, scale_name

PARTS = ("currency", "scale", "price_basis", "value_basis")


@dataclass(frozen=True, order=True)
class Footing:
    """What a money number stands on.

    Parameters
    ----------
    currency
        ISO 4217 code.
    scale
        unit, thousand, million, billion or trillion.
    price_basis
        "nominal", "real 2023", with ", list" or ", net" where known; empty where not said.
    value_basis
        What is paid for: product sales, spending, services, manufacturing, investment; empty where not said.

    Examples
    --------
    >>> Footing("USD", "billion").label
    'USD bn'
    >>> str(Footing("USD", "billion", "real 2023", "product sales"))
    'USD bn, real 2023, product sales'
    """

    currency: str
    scale: str
    price_basis: str = ""
    value_basis: str = ""

    @property
    def label(self) -> str:
        """Unit for an axis or a column head."""
        return f"{self.currency} {SHORT_SCALES.get(self.scale, self.scale)}".strip()

    def __str__(self) -> str:
        missing = [f"no {name}" for name in ("currency", "scale") if not getattr(self, name)]
        return ", ".join(filter(None, (self.label, *missing, self.price_basis, self.value_basis)))


def footings(estimates: pd.DataFrame) -> dict[Footing, list[str]]:
    """Footings of a table and the ids of the rows that stand on each.

    Parameters
    ----------
    estimates
        Table with the columns of the contract.

    Examples
    --------
    >>> table = pd.DataFrame({"id": ["a", "b"], "currency": ["USD", "EUR"], "scale": ["bn", "billion"]})
    >>> {str(footing): ids for footing, ids in footings(table).items()}
    {'USD bn': ['a'], 'EUR bn': ['b']}
    """
    check_table(estimates)
    parts = pd.DataFrame({name: _text(estimates, name) for name in PARTS})
    parts["currency"] = parts["currency"].str.upper()
    parts["scale"] = parts["scale"].map(scale_name)
    ids = _text(estimates, "id")
    groups = ids.groupby([parts[name] for name in PARTS], sort=False)
    return {Footing(*map(str, key)): list(group) for key, group in groups}


def common_footing(estimates: pd.DataFrame) -> Footing:
    """Return the one footing of a table; what is not said on some rows is taken from the others.

    Raises
    ------
    FootingError
        If the rows stand on several footings, each listed with its rows.

    Examples
    --------
    >>> table = pd.DataFrame({"id": ["a", "b"], "currency": "USD", "scale": "bn", "price_basis": ["", "nominal"]})
    >>> common_footing(table).price_basis
    'nominal'
    """
    found = footings(estimates)
    said = {name: {getattr(footing, name) for footing in found} - {""} for name in PARTS}
    nameless = [ids for footing, ids in found.items() if not footing.currency or not footing.scale]
    if nameless or any(len(words) > 1 for words in said.values()):
        raise FootingError(_mixed(found))
    return Footing(*(said[name].pop() if said[name] else "" for name in PARTS))


def _mixed(found: dict[Footing, list[str]]) -> str:
    lines = [f"  - {footing}: {_some(ids)}" for footing, ids in found.items()]
    head = f"the estimates stand on {len(found)} footings" if len(found) > 1 else "the estimates have no full footing"
    whole = all(footing.currency and footing.scale for footing in found)
    remedy = "bring them onto one with normalize()" if whole else "fill in the currency and scale that are missing"
    return "\n".join([f"{head}; {remedy}, or exclude rows:", *lines])


def _some(ids: list[str], most: int = 8) -> str:
    return ", ".join(ids[:most]) + (f" and {len(ids) - most} more" if len(ids) > most else "")


def _text(table: pd.DataFrame, name: str) -> pd.Series[str]:
    if name not in table.columns:
        return pd.Series("", index=table.index, dtype=str, name=name)
    return table[name].fillna("").astype(str).str.strip()
