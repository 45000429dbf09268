"""Calendars that follow the temperatures of each year, where the climate of a run is a series of years.

A rotation is written out over the calendar years of the run and scheduled once more with their temperatures. What a
temperature sum dates keeps the place it has in the order of the mean year: it comes no earlier than what comes before
it there on a date, and no later than what comes after it: a crop that is not ripe when the field is ploughed or sown
again is harvested on that day.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.management.calendar import Calendar
from watershed_c.management.events import get
from watershed_c.management.heat import daily_temperature
from watershed_c.management.library import CropLibrary
from watershed_c.management.reading import DAYS
from watershed_c.management.rotation import LONGEST_WAIT, SOWING_DELAY, Scheduler

#: tables of a rotation that have one entry for each of its years, where they are lists
_BY_YEAR = ("years", "cover_crop", "relay")


def goes_by_warmth(record: Any) -> bool:
    """Whether a rotation has dates or stages by temperature sum."""
    events = get(record, "event", get(record, "events", ()))
    return bool(get(record, "canopy_sums")) or any(get(one, "temperature_sum") is not None for one in events)


def calendar_by_year(
    name: str, record: Any, library: CropLibrary, mean: np.ndarray, series: np.ndarray, first_year: int, offset: int
) -> Calendar:
    """Calendar of a rotation over the calendar years of a run and some more, until it is whole.

    Parameters
    ----------
    name, record, library
        As for :func:`watershed_c.management.rotation.schedule`, which has no complaint of it in the mean year.
    mean : (12,) degC
        Of the mean year: it dates what is done after the last year, and before the first.
    series : (12 Y,) degC
        Of the years of the run, from January of ``first_year`` on.
    offset : int
        Year of the rotation, from 0, in which the run begins.

    Returns
    -------
    Calendar
        Its day 0 is 1 January of ``first_year``; its last year is the one before that, too.

    Raises
    ------
    ScenarioError
        What cannot be in one of the years.
    """
    problems: list[Problem] = []
    usual = Scheduler(name, record, library, problems, daily_temperature(mean))
    calendar = usual.run()
    if calendar is None:
        raise ScenarioError(problems)
    period, years = len(calendar.years), series.size // 12
    cycles = math.ceil((years + 1) / period)
    slots = (np.arange(cycles * period) + offset) % period
    temperature = np.concatenate((series, np.tile(mean, slots.size - years)))
    written = _unrolled(record, slots)
    places = {
        (key, slot): (early + DAYS * (slot - year), late + DAYS * (slot - year))
        for (key, year), (early, late) in _places(usual, calendar).items()
        for slot in np.flatnonzero(slots == year).tolist()
    }
    own = Scheduler(name, written, library, problems, daily_temperature(temperature), places, first_year)
    found = own.run()
    if found is None:
        raise ScenarioError(problems)
    found.late = [(day, what) for day, what in found.late if 0 <= day < DAYS * years]
    return found


def _unrolled(record: Any, slots: np.ndarray) -> dict[str, Any]:
    """The record with a year of the rotation for each of ``slots``."""
    fields = _fields(record)
    period = len(fields["years"])
    for key in _BY_YEAR:
        values = fields.get(key)
        if isinstance(values, Sequence) and not isinstance(values, str):
            fields[key] = [values[year] for year in slots]
    factors = fields.get("cover_factor")
    if factors is not None and len(factors) == 12 * period:
        fields["cover_factor"] = np.asarray(factors).reshape(period, 12)[slots].ravel().tolist()
    events = fields.pop("event", None) or fields.pop("events", None) or ()
    named = [(one, {"id": get(one, "id", f"event {n + 1}")}) for n, one in enumerate(events)]
    fields["event"] = [copy for one, own in named for copy in _in_slots(one, slots, own)]
    fields["grazing"] = [copy for one in get(record, "grazing", ()) for copy in _in_slots(one, slots, {})]
    return fields


def _fields(record: Any) -> dict[str, Any]:
    """Entries of a mapping, or attributes of a table of the scenario."""
    return dict(record) if isinstance(record, Mapping) else dict(vars(record))


def _in_slots(record: Any, slots: np.ndarray, own: dict[str, Any]) -> list[dict[str, Any]]:
    """A record once where it is of every year, else once for each slot of its year."""
    fields = {**_fields(record), **own}
    if fields.get("year") is None:
        return [fields]
    return [{**fields, "year": slot + 1} for slot in np.flatnonzero(slots == fields["year"] - 1).tolist()]


def _places(usual: Scheduler, calendar: Calendar) -> dict[tuple[str, int], tuple[float, float]]:
    """First and last day that each event with a temperature sum may have, in the cycle of the mean year."""
    cycle, warm = calendar.days, {key for key, _ in usual.reached}
    by_key = {event.key: event for event in usual.events}
    dated = {(event.do, event.crop) for event in usual.events if event.key in warm}
    sown_on = {event.crop for event in usual.events if event.do == "sow"}
    before, after = [], []  # days that something cannot come before, and after
    for season in (season for season in calendar.seasons if season.crop.kind == "annual"):
        crop = season.crop
        if ("sow", crop.name) not in dated:
            before.append(season.start)
            default = season.start - (season.start - (crop.sown or 0)) % DAYS  # which waits for the harvest before it
            after.append(season.start if crop.name in sown_on else default + LONGEST_WAIT - SOWING_DELAY)
        if ("harvest", crop.name) not in dated:
            before.append(season.end)
            after.append(season.end)
    for event in usual.events:
        tool = usual.library.implements.get(event.implement) if event.do == "till" else None
        depth = event.depth if event.depth is not None or tool is None else tool.depth
        ends_plants = tool is not None and depth is not None and tool.ends_plants(depth)
        if event.key not in warm and (ends_plants or event.do == "burn"):
            days = usual.days_of(event, calendar.seasons, cycle)
            before += days
            after += days
    found = {}
    for (key, year), day in usual.reached.items():
        harvest = by_key[key].do == "harvest"
        early = [m + k * cycle for m in before for k in (-1, 0, 1) if m + k * cycle < day + (not harvest)]
        late = [m + k * cycle for m in after for k in (-1, 0, 1) if m + k * cycle > day - harvest]
        if harvest and (sown := usual.dates(usual.named[str(by_key[key].crop)], year)[0]) > day - DAYS * year:
            late.append(DAYS * year + sown - 1)  # later it would be that of a crop sown in the same year
        found[key, year] = (max(early, default=-math.inf), min(late, default=math.inf))
    return found
