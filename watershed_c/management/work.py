"""What is done and brought and reaped in the years of a run, by the calendars of its units and their areas."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from watershed_c.management.calendar import Calendar
from watershed_c.management.reading import DAYS, MONTH_STARTS


@dataclass
class Work:
    """Amounts by name and year of the run, each (Y,); a year is twelve months from the first one.

    Attributes
    ----------
    passes : implement -> ha
    sown : crop -> ha
        A sward is sown in its first year; what stands for ever is not.
    brought : material -> t of fresh mass
    reaped : crop -> t of dry matter of the product that is taken away
    fertilised : fertiliser -> kg of nitrogen
    """

    years: int
    passes: dict[str, np.ndarray] = field(default_factory=dict)
    sown: dict[str, np.ndarray] = field(default_factory=dict)
    brought: dict[str, np.ndarray] = field(default_factory=dict)
    reaped: dict[str, np.ndarray] = field(default_factory=dict)
    fertilised: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, table: dict[str, np.ndarray], name: str, when: tuple[np.ndarray, np.ndarray], amount: float) -> None:
        """Add ``amount`` per hectare in the years, on the hectares, of ``when``."""
        years, hectares = when
        if hectares.any() and amount:
            np.add.at(table.setdefault(name, np.zeros(self.years)), years, amount * hectares)


def work_of(
    units: Mapping[tuple[str, int], np.ndarray], calendars: Mapping[str, Calendar], start: int, months: int
) -> Work:
    """Work of a run.

    Parameters
    ----------
    units : mapping of (rotation, offset) to (C,)
        Area in each calendar year, ha.
    calendars : mapping of str to Calendar
    start, months : int
        First month after January of the run's first calendar year, and number of months.
    """
    work = Work(math.ceil(months / 12))
    for (name, offset), area in units.items():
        calendar = calendars[name]
        when = _times_of(calendar, offset, area, start, months)
        for done in calendar.tillage:
            work.add(work.passes, done.implement.name, when(done.day), 1.0)
        for given in calendar.amendments:
            if given.material is not None:
                fresh = 10.0 * given.carbon / given.material.carbon_per_fresh
                work.add(work.brought, given.material.name, when(given.day), fresh)
        for dose in calendar.fertilisation:
            work.add(work.fertilised, dose.fertiliser.name, when(dose.day), 1e4 * dose.nitrogen)
        for season in calendar.seasons:
            crop = season.crop
            if crop.kind == "fallow":
                continue
            before = calendar.years[(season.start // DAYS - 1) % len(calendar.years)]
            if crop.kind != "perennial" or before.name != crop.name:
                work.add(work.sown, crop.name, when(season.start), 1.0)
            amount = 10.0 * season.yield_dry_matter * (1.0 - crop.product_returned)
            if crop.kind != "cover":
                work.add(work.reaped, crop.name, when(season.end - 1), amount)
    return work


def _times_of(
    calendar: Calendar, offset: int, area: np.ndarray, start: int, months: int
) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    """Gives the years of the run in which a day of the cycle comes, and the area then, one entry for each time."""
    cycle = 12 * len(calendar.years)

    def when(day: int) -> tuple[np.ndarray, np.ndarray]:
        year, rest = divmod(day, DAYS)
        month = int(np.searchsorted(MONTH_STARTS, rest, side="right")) - 1
        first = (12 * (year - offset) + month - start) % cycle
        times = np.arange(first, months, cycle)
        return times // 12, area[(times + start) // 12]

    return when
