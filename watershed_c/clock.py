"""Calendar and steps: every month is a twelfth of a year, whatever its name, and may be taken in equal parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One step of the run: a month, or one of the equal parts of a month.

    Attributes
    ----------
    index : int
        From 0; steps before the start of the run are counted backward from -1.
    year : int
        Calendar year.
    month : int
        0 (January) to 11.
    dt : float
        Length in years.
    part, parts : int
        Which part of the month this is, from 0, and of how many.
    """

    index: int
    year: int
    month: int
    dt: float
    part: int = 0
    parts: int = 1

    @property
    def label(self) -> str:
        """As ``2013-07``; ``2013-07 part 2 of 4`` where months are divided."""
        month = f"{self.year:04d}-{self.month + 1:02d}"
        return month if self.parts == 1 else f"{month} part {self.part + 1} of {self.parts}"

    @property
    def ends_month(self) -> bool:
        """Whether this is the last part of its month."""
        return self.part == self.parts - 1


@dataclass(frozen=True)
class Clock:
    """Steps from the first month to the last, both included.

    Parameters
    ----------
    start_year, end_year : int
    start_month, end_month : int
        0 (January) to 11.
    steps_per_month : int
        Equal parts of a month.
    """

    start_year: int
    end_year: int
    start_month: int = 0
    end_month: int = 11
    steps_per_month: int = 1

    def __post_init__(self) -> None:
        if self.months < 1:
            raise ValueError("the end is before the start")
        if self.steps_per_month < 1:
            raise ValueError(f"steps_per_month must be 1 or more, is {self.steps_per_month}")

    @property
    def months(self) -> int:
        """Number of months."""
        return (self.end_year - self.start_year) * 12 + self.end_month - self.start_month + 1

    @property
    def steps(self) -> int:
        """Number of steps."""
        return self.months * self.steps_per_month

    def step(self, index: int) -> Step:
        """The step of this index; negative ones lie before the start."""
        month, part = divmod(index, self.steps_per_month)
        year, month = divmod(self.start_year * 12 + self.start_month + month, 12)
        return Step(index, year, month, 1.0 / (12.0 * self.steps_per_month), part, self.steps_per_month)

    def iterate(self, first: int = 0) -> Iterator[Step]:
        """Steps from ``first`` to the end."""
        for index in range(first, self.steps):
            yield self.step(index)

    def before_start(self, months: int) -> Iterator[Step]:
        """Steps of the last months before the start."""
        for index in range(-months * self.steps_per_month, 0):
            yield self.step(index)
