"""How a data file of `models/` is read: numbers with unit, range and source; dates; all its problems at once."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.names import nearest

#: days before the first of each month in the 365-day year of the calendar, and 365
MONTH_STARTS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
DAYS = 365


def day_of_year(text: object) -> int | None:
    """Day 0-364 of a date "MM-DD"; None when it is not one (29 February is not: every year has 365 days)."""
    parts = text.split("-") if isinstance(text, str) else []
    if len(parts) != 2 or not all(len(part) == 2 and part.isdigit() for part in parts):
        return None
    month, day = int(parts[0]), int(parts[1])
    if not 1 <= month <= 12 or not 1 <= day <= MONTH_STARTS[month] - MONTH_STARTS[month - 1]:
        return None
    return MONTH_STARTS[month - 1] + day - 1


def in_span(day: np.ndarray, span: tuple[int, int]) -> np.ndarray:
    """Whether days of the year are in a span, both ends included; one that ends before it begins spans the new year."""
    first, last = span
    return (day >= first) & (day <= last) if first <= last else (day >= first) | (day <= last)


def month_day(day: int) -> str:
    """ "MM-DD" of a day; whole years are taken off."""
    day %= DAYS
    month = max(m for m in range(12) if MONTH_STARTS[m] <= day)
    return f"{month + 1:02d}-{day - MONTH_STARTS[month] + 1:02d}"


@dataclass(frozen=True)
class Number:
    """How a number is written in a file: its unit, how many values, the factor to the inside unit."""

    unit: str
    count: int = 1
    factor: float = 1.0


@dataclass
class Reader:
    """Collects what is wrong with one file."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def say(self, key: str, expectation: str, value: object = "", suggestion: str = "") -> None:
        self.problems.append(Problem(self.file, None, key, str(value), expectation, suggestion))

    def keys(self, table: Mapping[str, Any], known: Sequence[str], prefix: str = "") -> None:
        """Say which keys of ``table`` are not among ``known``."""
        for key in table:
            if key not in known:
                near = nearest(key, known)
                self.say(prefix + key, "unknown key.", suggestion=f'Did you mean "{near}"?' if near else "")

    def word(self, table: Mapping[str, Any], key: str, choices: Sequence[str] = (), prefix: str = "") -> str:
        value = table.get(key)
        if not isinstance(value, str) or (choices and value not in choices):
            near = nearest(str(value), choices) if choices else None
            wanted = "must be one of " + ", ".join(choices) + "." if choices else "must be a text."
            hint = f'Did you mean "{near}"?' if near else ""
            self.say(prefix + key, wanted, "missing" if value is None else value, hint)
            return ""
        return value

    def number(self, entry: Any, key: str, spec: Number) -> Any:
        """Inside value of ``{ value, unit, range, source }``; None when something is wrong with it."""
        if not isinstance(entry, Mapping):
            self.say(key, "must be { value, unit, range, source }.", entry)
            return None
        self.keys(entry, ("value", "unit", "range", "source"), key + ".")
        before = len(self.problems)
        if entry.get("unit") != spec.unit:
            self.say(key + ".unit", f'must be "{spec.unit}".', entry.get("unit", "missing"))
        if not isinstance(entry.get("source"), str) or not entry["source"].strip():
            self.say(key + ".source", "must say where the number comes from.")
        values = entry.get("value")
        listed: list[Any] = values if isinstance(values, list) else [values]
        if isinstance(values, list) != (spec.count > 1) or len(listed) != spec.count or not all(map(is_number, listed)):
            self.say(
                key + ".value", "must be a number." if spec.count == 1 else f"must be {spec.count} numbers.", values
            )
        bounds = entry.get("range")
        if not isinstance(bounds, list) or len(bounds) != 2 or not all(map(is_number, bounds)) or bounds[0] > bounds[1]:
            self.say(key + ".range", "must be [lowest, highest].", bounds)
        if len(self.problems) == before:
            for value in listed:
                if not bounds[0] <= value <= bounds[1]:  # type: ignore[index]
                    self.say(key, f"must be {bounds[0]}-{bounds[1]} {spec.unit}.", value)  # type: ignore[index]
        if len(self.problems) > before:
            return None
        scaled = tuple(float(value) * spec.factor for value in listed)
        return scaled if spec.count > 1 else scaled[0]

    def date(self, entry: Any, key: str, names: Sequence[str]) -> Any:
        """Days of the year of ``{ on, source }`` or ``{ from, to, source }``."""
        if not isinstance(entry, Mapping):
            self.say(key, "must be { " + ", ".join((*names, "source")) + " }.", entry)
            return None
        self.keys(entry, (*names, "source"), key + ".")
        if not isinstance(entry.get("source"), str):
            self.say(key + ".source", "must say where the date comes from.")
        days = [day_of_year(entry.get(name)) for name in names]
        for name, day in zip(names, days, strict=True):
            if day is None:
                self.say(f"{key}.{name}", 'must be a date "MM-DD".', entry.get(name))
        if None in days:
            return None
        return tuple(days) if len(days) > 1 else days[0]

    def done(self) -> None:
        if self.problems:
            raise ScenarioError(self.problems)


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(Problem(str(path), None, "", "", f"is not valid TOML: {error}")) from None
