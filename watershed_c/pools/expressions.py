"""Arithmetic expressions written in model files, parsed and evaluated without ``eval``.

Allowed: numbers, names, ``+ - * / **``, unary minus, parentheses, and the functions exp, log, sqrt, atan, min, max.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Mapping

import numpy as np

_BINARY: dict[type[ast.operator], Callable[..., np.ndarray]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
#: function -> (implementation on the list of its arguments, least and greatest number of arguments)
_FUNCTIONS: dict[str, tuple[Callable[..., np.ndarray], int, int]] = {
    "exp": (np.exp, 1, 1),
    "log": (np.log, 1, 1),
    "sqrt": (np.sqrt, 1, 1),
    "atan": (np.arctan, 1, 1),
    "min": (lambda *values: functools.reduce(np.minimum, values), 2, 16),
    "max": (lambda *values: functools.reduce(np.maximum, values), 2, 16),
}
FUNCTION_NAMES = tuple(_FUNCTIONS)
#: nesting beyond which an expression is refused
_DEEPEST = 50


class ExpressionError(ValueError):
    """An expression that cannot be read; the message says what in it is wrong."""


class Expression:
    """A parsed expression.

    Parameters
    ----------
    text : str or number

    Attributes
    ----------
    text : str
    names : frozenset of str
        Symbols it needs.

    Raises
    ------
    ExpressionError
    """

    def __init__(self, text: str | float) -> None:
        if isinstance(text, bool) or not isinstance(text, str | int | float):
            raise ExpressionError(f"expected a number or an expression in quotes, got {text!r}")
        self.text = text.strip() if isinstance(text, str) else repr(text)
        if len(self.text) > 1000:
            raise ExpressionError("expression is longer than 1000 characters")
        try:
            self._tree = ast.parse(self.text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise ExpressionError(f"cannot read {self.text!r}: {getattr(error, 'msg', error)}") from None
        names: set[str] = set()
        self._check(self._tree, names, 0)
        self.names = frozenset(names)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def _check(self, node: ast.expr, names: set[str], depth: int) -> None:
        if depth > _DEEPEST:
            raise ExpressionError(f"{self.text!r} is nested too deeply")
        match node:
            case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
                if not abs(value) < 1e300:
                    raise ExpressionError(f"{self.text!r} holds a number that is not finite or too large")
            case ast.Name(id=name):
                if name in _FUNCTIONS:
                    raise ExpressionError(f"{self.text!r}: {name} is a function and needs arguments")
                names.add(name)
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
                self._check(left, names, depth + 1)
                self._check(right, names, depth + 1)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self._check(operand, names, depth + 1)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                if name not in _FUNCTIONS:
                    raise ExpressionError(
                        f"{self.text!r}: unknown function {name}; known: {', '.join(_FUNCTIONS)}"
                    )
                _, least, greatest = _FUNCTIONS[name]
                if not least <= len(arguments) <= greatest:
                    takes = f"{least}" if least == greatest else f"{least} or more"
                    raise ExpressionError(f"{self.text!r}: {name} takes {takes} arguments")
                for argument in arguments:
                    self._check(argument, names, depth + 1)
            case _:
                part = ast.get_source_segment(self.text, node) or self.text
                raise ExpressionError(
                    f"{self.text!r}: {part!r} is not allowed "
                    f"(numbers, names, + - * / **, {', '.join(_FUNCTIONS)})"
                )

    def __call__(self, values: Mapping[str, np.ndarray | float]) -> np.ndarray:
        """Value for arrays (or numbers) of every symbol; broadcasts. Undefined arithmetic gives nan or inf,
        silently."""
        with np.errstate(all="ignore"):
            return np.asarray(self._value(self._tree, values), dtype=np.float64)

    def _value(self, node: ast.expr, values: Mapping[str, np.ndarray | float]) -> np.ndarray:
        match node:
            case ast.Constant(value=value):
                return np.float64(value)  # type: ignore[return-value, arg-type]
            case ast.Name(id=name):
                return np.asarray(values[name], dtype=np.float64)
            case ast.BinOp(left=left, op=operator, right=right):
                return _BINARY[type(operator)](self._value(left, values), self._value(right, values))
            case ast.UnaryOp(operand=operand):
                return np.negative(self._value(operand, values))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return _FUNCTIONS[name][0](*(self._value(argument, values) for argument in arguments))
        raise AssertionError(node)  # pragma: no cover  (_check let nothing else through)
