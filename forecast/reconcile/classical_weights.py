"""Cooke's classical model: weigh experts by how they did on questions whose answers are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from forecast.distributions import Array
from forecast.errors import ArgumentError, ModelError, Problem, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

SCALES: dict[str, Callable[[Array], Array]] = {"uniform": np.asarray, "log": np.log}
"""Background measures: what counts as knowing nothing."""


@dataclass(frozen=True, eq=False)
class ClassicalWeights:
    """Weights of experts from their record.

    Parameters
    ----------
    calibration
        Probability of a record at least as bad as this one from an expert whose quantiles are right; shape (experts,).
    information
        How much narrower than the background the expert is, in nats, averaged over the questions.
    weights
        Calibration times information, made to sum to 1; 0 below the cut-off.
    """

    calibration: Array
    information: Array
    weights: Array

    @property
    def table(self) -> pd.DataFrame:
        """One row an expert."""
        import pandas as pd

        columns = {"calibration": self.calibration, "information": self.information, "weight": self.weights}
        return pd.DataFrame(columns).rename_axis("expert").reset_index()

    def __repr__(self) -> str:
        return f"ClassicalWeights({self.summary().splitlines()[0].rstrip('.')})"

    def summary(self) -> str:
        """Say who carries the weight."""
        best = int(np.argmax(self.weights))
        used = int(np.count_nonzero(self.weights))
        return f"{used} of {self.weights.size} experts have weight; expert {best} has most, {self.weights[best]:.0%}."

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False)


def classical_weights(
    assessments: ArrayLike,
    realizations: ArrayLike,
    *,
    quantiles: ArrayLike = (0.05, 0.5, 0.95),
    scale: str = "uniform",
    overshoot: float = 0.1,
    cutoff: float = 0.0,
) -> ClassicalWeights:
    r"""Weigh experts by calibration and information on questions whose answers are known.

    Calibration is the p-value of :math:`2 n\,\mathrm{KL}(s \,\|\, p)` under chi-square with as many degrees as
    quantiles, s the share of answers that fell between neighbouring quantiles and p what should have. Information
    is :math:`\sum_b p_b \ln(p_b / r_b)` against a background that is flat (or flat in logs) over all that was said
    and came, stretched by `overshoot` at both ends.

    Parameters
    ----------
    assessments
        Shape (experts, quantiles, questions).
    realizations
        What came, shape (questions,). An answer equal to a quantile counts as below it.
    quantiles
        Levels of the assessed quantiles.
    scale
        Background: uniform or log.
    overshoot
        By what part of its width the background reaches beyond the extremes.
    cutoff
        Experts of lower calibration have no weight.

    Raises
    ------
    ArgumentError
        Shapes that do not fit, quantiles that do not rise, numbers that are missing, or not above 0 on the log
        scale. Lists all.
    ModelError
        Where no expert is left with a weight.

    References
    ----------
    Cooke, R. M. (1991), "Experts in Uncertainty"; Cooke & Goossens (2008), doi:10.1016/j.ress.2007.03.005.

    Examples
    --------
    >>> said = [[[8, 18, 28, 38], [10, 20, 30, 40], [12, 22, 32, 42]], [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]]
    >>> classical_weights(said, [9, 21, 29, 41]).weights.round(3).tolist()
    [0.999, 0.001]
    """
    said, came, levels = np.asarray(assessments, float), np.asarray(realizations, float), np.asarray(quantiles, float)
    problems = _problems(said, came, levels, scale)
    if problems:
        raise ArgumentError(problems)
    expected = np.diff(levels, prepend=0.0, append=1.0)
    calibration = _calibration(said, came, expected)
    information = _information(SCALES[scale](said), SCALES[scale](came), expected, overshoot)
    raw = np.where(calibration >= cutoff, calibration * information, 0.0)
    if not raw.sum() > 0:
        raise ModelError("No expert is left with a weight: none is calibrated well enough. Lower the cut-off.")
    return ClassicalWeights(calibration, information, raw / raw.sum())


def _calibration(said: Array, came: Array, expected: Array) -> Array:
    bins = np.sum(came > said, axis=1)
    counts = np.sum(bins[:, :, None] == np.arange(expected.size), axis=1)
    statistic = 2 * np.sum(special.rel_entr(counts / came.size, expected), axis=1) * came.size
    return special.chdtrc(expected.size - 1, statistic)


def _information(said: Array, came: Array, expected: Array, overshoot: float) -> Array:
    least, most = np.minimum(said.min(axis=(0, 1)), came), np.maximum(said.max(axis=(0, 1)), came)
    margin = overshoot * (most - least)
    low, high = (np.broadcast_to(end, (len(said), 1, came.size)) for end in (least - margin, most + margin))
    widths = np.diff(np.concatenate([low, said, high], axis=1), axis=1) / (high - low)
    return np.mean(np.sum(special.rel_entr(expected[:, None], widths), axis=1), axis=1)


def _problems(said: Array, came: Array, levels: Array, scale: str) -> list[Problem]:
    problems = []
    if said.ndim != 3 or said.shape[1:] != (levels.size, came.size) or came.ndim != 1 or 0 in said.shape:
        allowed = f"(experts, {levels.size} quantiles, {came.size} questions)"
        return [Problem("assessments", f"shape {said.shape}", allowed)]
    if levels.ndim != 1 or np.any(np.diff(levels, prepend=0.0, append=1.0) <= 0):
        problems.append(Problem("quantiles", f"{levels.tolist()}", "rising levels between 0 and 1"))
    if not (np.isfinite(said).all() and np.isfinite(came).all()):
        problems.append(Problem("assessments, realizations", "a number that is missing", "finite numbers"))
    for expert, question in np.argwhere(np.any(np.diff(said, axis=1) <= 0, axis=1)):
        found = f"{said[expert, :, question].tolist()}"
        problems.append(Problem(f"assessments, expert {expert}, question {question}", found, "rising quantiles"))
    if scale not in SCALES:
        problems.append(Problem("scale", repr(scale), ", ".join(SCALES), did_you_mean(scale, list(SCALES))))
    if scale == "log" and min(said.min(), came.min()) <= 0:
        problems.append(
            Problem("assessments, realizations", "a number of 0 or less", "numbers above 0 on the log scale")
        )
    return problems
