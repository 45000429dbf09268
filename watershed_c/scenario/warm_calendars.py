"""Calendars of the rotations that follow the temperatures of each year of the run."""

from __future__ import annotations

import numpy as np

from watershed_c.errors import ScenarioError
from watershed_c.io.climate import MonthlyForcing
from watershed_c.management.by_year import calendar_by_year, goes_by_warmth
from watershed_c.management.calendar import Calendar
from watershed_c.management.library import load_library
from watershed_c.management.reading import DAYS, MONTH_STARTS
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.land import LandUse, event_path
from watershed_c.scenario.management import Rotation

#: K by which a month may differ from that of the mean year in a climate that is the same every year
SAME = 1e-9


def calendars_by_year(
    check: Checker, found: dict[str, Rotation], land: LandUse, forcing: MonthlyForcing
) -> dict[tuple[str, int], Calendar]:
    """Calendar of each rotation and offset of the land that has temperature sums, over the calendar years of the run.

    None where every year of the climate has the temperatures of the mean year, or rotations are wrong, which is told
    elsewhere.
    """
    warm = [name for name, rotation in found.items() if name in land.names and goes_by_warmth(rotation)]
    mean = forcing.climatology(forcing.temperature)
    first, last = (int(text[:4]) for text in (check.scenario.time.start, check.scenario.time.end))
    series = _of_years(forcing, mean, first, last)
    if not warm or check.problems or np.abs(series.reshape(-1, 12) - mean).max() < SAME:
        return {}
    pairs = [(land.index, land.offset), *((change.index, change.offset) for change in land.changes)]
    calendars: dict[tuple[str, int], Calendar] = {}
    # the calendars are of whole years, the run may be of less
    time = check.scenario.time
    begins = MONTH_STARTS[int(time.start[5:7]) - 1]
    ends = DAYS * (last - first) + MONTH_STARTS[int(time.end[5:7])]
    for name in warm:
        years, number = len(found[name].years), land.names.index(name)
        for offset in sorted({int(o) % years for index, shift in pairs for o in np.unique(shift[index == number])}):
            try:
                calendars[name, offset] = calendar_by_year(
                    name, found[name], load_library(), mean, series, first, offset
                )
            except ScenarioError as error:
                for problem in error.problems:
                    path = event_path(found[name], name, problem.key)
                    told = "Its temperature sums follow each year of the climate: give a date to what comes too close."
                    check.add(path, problem.value, problem.expectation, problem.suggestion or told)
                break
    for calendar in calendars.values():
        calendar.late = [(day, what) for day, what in calendar.late if begins <= day < ends]
    return calendars


def _of_years(forcing: MonthlyForcing, mean: np.ndarray, first: int, last: int) -> np.ndarray:
    """(12 Y,) degC of every month of the calendar years of a run; of the mean year where the climate has none."""
    found = np.tile(mean, last - first + 1)
    for month in range(found.size):
        try:
            found[month] = forcing.temperature[forcing.index(first + month // 12, month % 12 + 1)]
        except IndexError:  # before the run begins, or after its end
            continue
    return found
