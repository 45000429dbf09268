"""Read pieces of a TOML table and collect what is wrong with them, so that all problems are told at once."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

from watershed_c.pools.compiled import Quantity
from watershed_c.pools.expressions import FUNCTION_NAMES, Expression, ExpressionError


def nearest(name: str, known: Iterable[str]) -> str:
    """``" Did you mean 'x'?"``, or what is known."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(known) or 'none'}"


class Reader:
    """Checks of keys, numbers, texts, names and expressions; ``problems`` collects the messages."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def keys(self, table: Any, where: str, required: str, optional: str = "") -> bool:
        """Whether ``table`` is a table with the required keys; unknown keys are problems too."""
        if not isinstance(table, Mapping):
            self.problems.append(f"{where} must be a table")
            return False
        known = [*required.split(), *optional.split()]
        self.problems.extend(f"{where}: unknown key {key!r}.{nearest(key, known)}" for key in table if key not in known)
        missing = [key for key in required.split() if key not in table]
        self.problems.extend(f"{where}: key {key!r} is missing" for key in missing)
        return not missing

    def table(self, value: Any, where: str) -> list[tuple[str, Any]]:
        """Items of a table."""
        if not isinstance(value, Mapping):
            self.problems.append(f"{where} must be a table")
            return []
        return list(value.items())

    def tables(self, value: Any, where: str) -> list[Any]:
        """A list of tables (``[[...]]``)."""
        if not isinstance(value, list):
            self.problems.append(f"{where} must be [[{where}]] tables")
            return []
        return value

    def number(self, value: Any, where: str, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number within bounds."""
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
            or not math.isfinite(value)
        ):
            self.problems.append(f"{where} must be a number from {low:g} to {high:g}, is {value!r}")
            return math.nan
        return float(value)

    def whole(self, value: Any, where: str, low: int, high: int) -> int:
        """A whole number within bounds."""
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.problems.append(f"{where} must be a whole number from {low} to {high}, is {value!r}")
            return low
        return value

    def truth(self, value: Any, where: str) -> bool:
        """true or false."""
        if not isinstance(value, bool):
            self.problems.append(f"{where} must be true or false, is {value!r}")
        return bool(value)

    def text(self, value: Any, where: str, choices: Iterable[str] | None = None) -> str:
        """A text, one of ``choices`` if given."""
        if not isinstance(value, str) or not value:
            self.problems.append(f"{where} must be a text, is {value!r}")
            return ""
        if choices is not None and value not in choices:
            self.problems.append(f"{where} = {value!r} must be one of {', '.join(choices)}")
        return value

    def symbol(self, name: str, where: str, taken: Iterable[str] = ()) -> None:
        """A name that expressions can use and nothing else has."""
        if not name.isidentifier() or name in FUNCTION_NAMES:
            self.problems.append(f"{where}: {name!r} cannot be a name in expressions")
        elif name in taken:
            self.problems.append(f"{where}: {name!r} is declared twice")

    def expression(self, value: Any, where: str, known: Iterable[str]) -> Expression | None:
        """An expression whose symbols are all known."""
        try:
            expression = Expression(value)
        except ExpressionError as error:
            self.problems.append(f"{where}: {error}")
            return None
        known = list(known)
        self.problems.extend(
            f"{where}: {expression.text!r} uses {name!r}, which is not declared.{nearest(name, known)}"
            for name in sorted(expression.names.difference(known))
        )
        return expression if expression.names <= set(known) else None

    def definitions(self, value: Any, where: str, symbols: Iterable[str]) -> dict[str, Expression]:
        """Named expressions, each of ``symbols`` and of those before it."""
        known, found = list(symbols), {}
        for key, text in self.table(value, where):
            self.symbol(key, f"{where}.{key}", known)
            expression = self.expression(text, f"{where}.{key}", known)
            known.append(key)
            if expression is not None:
                found[key] = expression
        return found

    def quantity(self, name: str, table: Any, where: str, required: str, optional: str) -> Quantity | None:
        """A number with a range, and perhaps a default (``value`` or ``default``)."""
        if not self.keys(table, where, required, optional):
            return None
        bounds = table["range"]
        if not isinstance(bounds, list) or len(bounds) != 2:
            self.problems.append(f"{where}.range must be [low, high]")
            return None
        low, high = (self.number(bound, f"{where}.range") for bound in bounds)
        if not low <= high:
            self.problems.append(f"{where}.range must be [low, high] with low <= high")
        default = None
        for key in ("value", "default"):
            if key in table:
                default = self.number(table[key], f"{where}.{key}", low, high)
        return Quantity(name, low, high, str(table.get("units", "-")), str(table.get("description", "")), default)

    def members(self, value: Any, where: str, pools: tuple[str, ...]) -> list[int]:
        """Positions of the pools a list names."""
        names = value if isinstance(value, list) else [value]
        for name in names:
            if name not in pools:
                self.problems.append(f"{where}: there is no pool {name!r}.{nearest(str(name), pools)}")
        return [pools.index(name) for name in names if name in pools]
