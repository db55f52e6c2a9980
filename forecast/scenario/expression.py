"""Arithmetic over named numbers, and nothing else.

Numbers (`0.5`, `1e6`, `5 %`), names, `+ - * / ^`, a sign and brackets. The text is cut into tokens and put into
postfix order by the shunting-yard method, without recursion; what is not arithmetic is refused, never executed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forecast.errors import ModelError, ScenarioError

Array = NDArray[np.float64]

DEEPEST = 50
"""Most brackets one inside the other."""

LONGEST = 100_000
"""Most characters of an expression."""

ALLOWED = "numbers, names, + - * / ^ and brackets"

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?:\s*%)?)|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|[-+*/^()]))"
)
_REFUSED = {
    "[": "indexing is refused",
    "]": "indexing is refused",
    ".": "attributes are refused",
    ",": "lists and calls are refused",
    "=": "assignments are refused",
    "'": "text is refused",
    '"': "text is refused",
    "%": "a percent sign belongs behind a number",
}
_NEGATIVE = "~"
_ORDER = {"+": 1, "-": 1, "*": 2, "/": 2, _NEGATIVE: 3, "^": 4}

_BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
}


class _WrongExpressionError(Exception):
    """Carries the reason to the door."""


@dataclass(frozen=True)
class Expression:
    """A parsed expression.

    Parameters
    ----------
    text
        As written.
    postfix
        Numbers, names and operators in the order of evaluation.

    Examples
    --------
    >>> spend = parse("patients * (price + 5 %) ^ 2")
    >>> sorted(spend.names)
    ['patients', 'price']
    >>> round(float(spend.evaluate({"patients": 100, "price": 0.05})), 12)
    1.0
    """

    text: str
    postfix: tuple[float | str, ...]

    @property
    def names(self) -> frozenset[str]:
        """Names the expression uses."""
        operators = _ORDER.keys()
        return frozenset(item for item in self.postfix if isinstance(item, str) and item not in operators)

    def evaluate(self, values: Mapping[str, ArrayLike]) -> Array:
        """Value of the expression.

        Parameters
        ----------
        values
            A number or array for each name; shapes are broadcast.

        Raises
        ------
        ModelError
            If the result is not finite, as after a division by zero.
        """
        with np.errstate(all="ignore"):
            result = self.arithmetic(values)
        if not np.all(np.isfinite(result)):
            raise ModelError(f"'{self.text}' has no finite value: a division by zero, or a number too large")
        return result

    def arithmetic(self, values: Mapping[str, ArrayLike]) -> Array:
        """Value as for `evaluate`, be it finite or not."""
        stack: list[Array] = []
        for item in self.postfix:
            if item == _NEGATIVE:
                stack.append(-stack.pop())
            elif isinstance(item, str) and item in _BINARY:
                right, left = stack.pop(), stack.pop()
                stack.append(_BINARY[item](left, right))
            else:
                stack.append(np.asarray(values[item] if isinstance(item, str) else item, float))
        return stack[0]


def parse(text: str) -> Expression:
    """Parse an expression.

    Parameters
    ----------
    text
        Arithmetic over named numbers; `^` or `**` is the power.

    Raises
    ------
    ScenarioError
        Saying what is refused and where; nothing is executed.
    """
    try:
        return Expression(text, tuple(_postfix(text)))
    except _WrongExpressionError as error:
        raise ScenarioError(f"{error}; allowed: {ALLOWED}") from None


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and position (from 1) of each token."""
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            reason = _REFUSED.get(text[at], "this sign has no meaning here")
            raise _WrongExpressionError(f"'{text[at]}' at {at + 1}: {reason}")
        kind = match.lastgroup or ""
        yield kind, match[kind].replace("**", "^"), match.start(kind) + 1
        at = match.end()


def _postfix(text: str) -> list[float | str]:
    if len(text) > LONGEST:
        raise _WrongExpressionError(f"{len(text)} characters, more than {LONGEST}")
    yard = _Yard()
    for kind, token, at in _tokens(text):
        yard.take(kind, token, at)
    return yard.finished()


class _Yard:
    """Shunting-yard: values leave at once, operators when one follows that binds less tightly."""

    def __init__(self) -> None:
        self.done: list[float | str] = []
        self.waiting: list[str] = []
        self.depth = 0
        self.value_next = True
        self.last_name = ""

    def take(self, kind: str, token: str, at: int) -> None:
        if kind != "sign":
            self._value(kind, token, at)
        elif token == "(":
            self._open(at)
        elif token == ")":
            self._close(at)
        elif self.value_next:
            self._prefix(token, at)
        else:
            self._operator(token)
        self.last_name = token if kind == "name" else ""

    def finished(self) -> list[float | str]:
        if self.value_next or self.depth:
            missing = "a value is missing" if self.value_next else "a bracket is open"
            raise _WrongExpressionError(f"it ends too early: {missing}")
        return self.done + self.waiting[::-1]

    def _value(self, kind: str, token: str, at: int) -> None:
        if not self.value_next:
            raise _WrongExpressionError(f"'{token}' at {at}: an operator is missing before it")
        self.done.append(_number(token) if kind == "number" else token)
        self.value_next = False

    def _open(self, at: int) -> None:
        if self.last_name:
            raise _WrongExpressionError(f"'(' at {at}: '{self.last_name}(' is a call; calls are refused")
        if not self.value_next:
            raise _WrongExpressionError(f"'(' at {at}: an operator is missing before it")
        if self.depth == DEEPEST:
            raise _WrongExpressionError(f"'(' at {at}: brackets more than {DEEPEST} deep")
        self.depth += 1
        self.waiting.append("(")

    def _close(self, at: int) -> None:
        if not self.depth:
            raise _WrongExpressionError(f"')' at {at}: no bracket is open")
        if self.value_next:
            raise _WrongExpressionError(f"')' at {at}: a value is missing before it")
        while (operator := self.waiting.pop()) != "(":
            self.done.append(operator)
        self.depth -= 1

    def _prefix(self, token: str, at: int) -> None:
        if token not in "+-":
            raise _WrongExpressionError(f"'{token}' at {at}: a value is missing before it")
        if token == "-":
            self.waiting.append(_NEGATIVE)

    def _operator(self, token: str) -> None:
        while self.waiting and _binds_first(self.waiting[-1], token):
            self.done.append(self.waiting.pop())
        self.waiting.append(token)
        self.value_next = True


def _binds_first(waiting: str, token: str) -> bool:
    """Whether an operator that waits is done before `token`; powers are read from the right."""
    if waiting == "(":
        return False
    return _ORDER[waiting] > _ORDER[token] or (_ORDER[waiting] == _ORDER[token] and token != "^")


def _number(token: str) -> float:
    percent = token.endswith("%")
    value = float(token.rstrip("% \t"))
    if not np.isfinite(value):
        raise _WrongExpressionError(f"'{token}' is too large")
    return value / 100 if percent else value
