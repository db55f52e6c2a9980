"""What can go wrong, as a tree.

```
ForecastError                 anything this package raises on purpose
├── InputError                a file, table or argument says something it must not; lists every problem
│   ├── EstimatesError        ... in a table of estimates
│   ├── ScenarioError         ... in a scenario file
│   ├── CaseError             ... in a case folder
│   └── ArgumentError         ... in the arguments of a call (also a ValueError)
├── FootingError              numbers on different footings were about to be pooled
├── ModelError                the model has no answer to the question (also an ArithmeticError)
├── OutputError               the result cannot be written where it was asked for
└── MissingDependencyError    an optional library is needed and not installed (also an ImportError)
```
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input.

    Parameters
    ----------
    place
        Where: file, row and column, or file and key.
    found
        What stands there.
    allowed
        What may stand there.
    remedy
        What to do.

    Examples
    --------
    >>> print(Problem("estimates.csv, row 3, base_value", "'-5'", "a number above 0"))
    estimates.csv, row 3, base_value: found '-5'; allowed: a number above 0
    """

    place: str
    found: str
    allowed: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        parts = [f"found {self.found}" if self.found else ""]
        parts += [f"allowed: {self.allowed}" if self.allowed else "", self.remedy]
        return f"{self.place}: " + "; ".join(part for part in parts if part)


class ForecastError(Exception):
    """Anything this package raises on purpose."""


class InputError(ForecastError):
    """An input says something it must not; carries every problem found, not just the first.

    Parameters
    ----------
    problems
        One problem, or all of them; a string stands for itself.
    """

    def __init__(self, problems: str | Problem | Iterable[str | Problem]) -> None:
        listed = [problems] if isinstance(problems, str | Problem) else list(dict.fromkeys(problems))
        self.problems: tuple[str | Problem, ...] = tuple(listed)
        super().__init__(self._text())

    def _text(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        lines = [f"{len(self.problems)} problems:"] + [f"  - {problem}" for problem in self.problems]
        return "\n".join(lines)


class EstimatesError(InputError):
    """A table of estimates has problems."""


class ScenarioError(InputError):
    """A scenario file has problems."""


class CaseError(InputError):
    """A case folder has problems."""


class ArgumentError(InputError, ValueError):
    """The arguments of a call have problems."""


class FootingError(ForecastError):
    """Numbers on different footings (currency, scale, price or value basis, scope) were about to be pooled."""


class ModelError(ForecastError, ArithmeticError):
    """The model has no answer to the question asked of it."""


class OutputError(ForecastError):
    """A result cannot be written where it was asked for."""


class MissingDependencyError(ForecastError, ImportError):
    """An optional library is needed and not installed."""


def did_you_mean(found: str, allowed: Sequence[str]) -> str:
    """Suggest the nearest allowed word, or list the allowed ones.

    Examples
    --------
    >>> did_you_mean("publsher", ["publisher", "scope"])
    "did you mean 'publisher'?"
    >>> did_you_mean("xyz", ["publisher", "scope"])
    'known: publisher, scope'
    """
    folded = {name.casefold(): name for name in allowed}
    near = difflib.get_close_matches(found.casefold(), list(folded), n=1, cutoff=0.6)
    return f"did you mean '{folded[near[0]]}'?" if near else "known: " + ", ".join(allowed)
