"""Alternative text: what a figure says, in a sentence or two, for readers who do not see it."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forecast.figures.language import say, word
from forecast.figures.style import about


def describe(ax: Axes, text: str) -> None:
    """Attach alternative text to what has been drawn on the axes."""
    ax.alternative_text = say("{0}: {1}", word(about()), text) if about() else text  # type: ignore[attr-defined]


def alt_text(drawn: Axes | Figure) -> str:
    """Return the alternative text of a figure, made from the numbers that were drawn.

    Parameters
    ----------
    drawn
        Axes that a figure function returned, or the figure they are on (the texts of all its axes, in order).

    Returns
    -------
    str
        Plain sentences in the language the figure was drawn in; "" where nothing of this package was drawn.

    Examples
    --------
    >>> import pandas as pd
    >>> from forecast.figures import forest
    >>> table = pd.DataFrame({"label": ["A", "consensus"], "low": [14, 11], "median": [16, 22.8], "high": [18, 46.6],
    ...                       "kind": ["source", "consensus"]})
    >>> alt_text(forest(table, unit="USD bn"))
    'Forest plot of 1 source, in USD bn. Consensus: median 22.8 (11–46.6). The sources run from 16 (A) to 16 (A).'
    """
    parts = drawn.axes if isinstance(drawn, Figure) else [drawn]
    return " ".join(filter(None, (getattr(part, "alternative_text", "") for part in parts)))
