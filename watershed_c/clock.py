"""Calendar and steps: every month is a twelfth of a year, whatever its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One step of the run.

    Attributes
    ----------
    index : int
        From 0.
    year : int
        Calendar year.
    month : int
        0 (January) to 11.
    dt : float
        Length in years.
    """

    index: int
    year: int
    month: int
    dt: float

    @property
    def label(self) -> str:
        """As ``2013-07``."""
        return f"{self.year:04d}-{self.month + 1:02d}"


@dataclass(frozen=True)
class Clock:
    """Monthly steps from the first month to the last, both included.

    Parameters
    ----------
    start_year, end_year : int
    start_month, end_month : int
        0 (January) to 11.
    """

    start_year: int
    end_year: int
    start_month: int = 0
    end_month: int = 11

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError("the end is before the start")

    @property
    def steps(self) -> int:
        """Number of steps."""
        return (self.end_year - self.start_year) * 12 + self.end_month - self.start_month + 1

    def step(self, index: int) -> Step:
        """The step of this index."""
        months = self.start_year * 12 + self.start_month + index
        return Step(index, months // 12, months % 12, 1.0 / 12.0)

    def iterate(self, first: int = 0) -> Iterator[Step]:
        """Steps from ``first`` to the end."""
        for index in range(first, self.steps):
            yield self.step(index)
