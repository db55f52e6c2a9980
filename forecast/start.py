"""What a projection starts from where it is no consensus: a history of actual values, or a driver tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.errors import ArgumentError, Problem
from forecast.estimates import Footing
from forecast.growth.annual import read_history
from forecast.mixture import Mixture
from forecast.reconcile import Consensus

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRINTED_COLUMNS = ["source", "year", "value", "kind", "hedge"]


@dataclass(frozen=True, eq=False)
class TreeStart:
    """The driver tree of each scenario gives the whole path; no published market size is used.

    Parameters
    ----------
    footing
        What the results of the trees are in.
    origin
        First year of the projection.
    """

    footing: Footing
    origin: int

    @property
    def printed(self) -> pd.DataFrame:
        """No level is printed."""
        return pd.DataFrame(columns=PRINTED_COLUMNS)


@dataclass(frozen=True, eq=False)
class HistoryStart:
    """Actual values, carried on by their own calibrated band up to the handover year.

    Parameters
    ----------
    history
        Actual values by year: above 0, at least two, without a jump as from a change of unit.
    footing
        What they are in.

    Raises
    ------
    ArgumentError
        Naming the series and each year that is at fault.
    """

    history: pd.Series[float]
    footing: Footing

    def __post_init__(self) -> None:
        read = read_history(self.history, least=2, positive=True)
        problems = [Problem(read.place, f"year {y:g}", "whole years") for y in read.years if not float(y).is_integer()]
        if problems:
            raise ArgumentError(problems)
        years = pd.Index(read.years.astype(int), name="year")
        object.__setattr__(self, "history", pd.Series(read.values, years, name=self.history.name))

    @property
    def origin(self) -> int:
        """Newest year of the history."""
        return int(self.history.index.max())

    @property
    def printed(self) -> pd.DataFrame:
        """The actual values."""
        years, values = self.history.index.to_numpy(int), self.history.to_numpy(float)
        table = pd.DataFrame({"source": "history", "year": years, "value": values})
        return table.assign(kind="actual", hedge="")[PRINTED_COLUMNS]

    def market(self, known: NDArray[np.int64]) -> Mixture:
        """Log market over consecutive years, the actual values certain; see `forecast.history.history_mixture`."""
        from forecast.history import history_mixture

        actual = np.array([np.log(self.history[year]) for year in known if year <= self.origin])
        ahead = int(known[-1]) - self.origin
        count = len(actual)
        if not ahead:
            return Mixture.of([1.0], actual[None], np.zeros((1, count, count)))
        band = history_mixture(self.history.sort_index(), ahead)
        means = np.concatenate([np.broadcast_to(actual, (band.size, count)), band.means], axis=1)
        covariances = np.zeros((band.size, count + ahead, count + ahead))
        covariances[:, count:, count:] = band.covariances
        return Mixture.of(band.weights, means, covariances)


Start = Consensus | HistoryStart | TreeStart
"""What a projection may start from."""
