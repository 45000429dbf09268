"""Temperature sums: the day on which a crop has had its degree days above its base temperature."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from watershed_c.management.events import Event, EventReader
from watershed_c.management.library import Crop
from watershed_c.management.reading import DAYS, MONTH_STARTS, month_day


def daily_temperature(monthly: np.ndarray) -> np.ndarray:
    """(365 Y,) degC of each day from means of the months of Y years (12 Y,), linear between the middles of the months.

    The last December is followed by the first January.
    """
    years = monthly.size // 12
    starts = np.concatenate([DAYS * year + np.array(MONTH_STARTS[:-1]) for year in range(years)])
    middle = starts + 0.5 * np.tile(np.diff(MONTH_STARTS), years)
    return np.interp(np.arange(DAYS * years) + 0.5, middle, monthly, period=float(DAYS * years))


def days_to_sum(temperature: np.ndarray, base: float, start: int, target: float) -> int | None:
    """Days from the morning of day ``start`` until degree days above ``base`` reach ``target``; None: not in a year.

    Parameters
    ----------
    temperature : (365 Y,) degC
        Of the days of a cycle, which repeats.
    base, target : degC, degC d
    """
    ahead = (start + np.arange(DAYS)) % temperature.size
    total = np.cumsum(np.maximum(temperature[ahead] - base, 0.0))
    return None if total[-1] < target else int(np.searchsorted(total, target)) + 1


def sum_over(temperature: np.ndarray, base: float, start: int, days: int) -> float:
    """Degree days above ``base`` of ``days`` days from ``start`` on, degC d."""
    ahead = (start + np.arange(days)) % temperature.size
    return float(np.maximum(temperature[ahead] - base, 0.0).sum())


class DatedEvents(EventReader):
    """Events of a rotation whose temperature sums have been given days, and what they say of sowing and harvest."""

    #: year of the rotation and crop harvested in it; two of one year are double cropping
    grown: list[tuple[int, Crop]]
    events: list[Event]
    #: degC of the days of the cycle; None where no climate is known
    temperature: np.ndarray | None
    #: temperature sums at which the canopy of a crop reaches its stages, degC d
    canopy_sums: dict[str, tuple[float, ...]]
    #: day of the cycle of each event with a temperature sum and year of its crop
    reached: dict[tuple[str, int], int]
    #: first and last day it may have, where the calendar follows single years; None: it is that of the mean year
    places: Mapping[tuple[str, int], tuple[float, float]] | None
    #: days of the cycle on which something was done though its sum was not reached, and what
    late: list[tuple[int, str]]

    def dates(self, crop: Crop, year: int) -> tuple[int, int, float]:
        """Sowing day, harvest day (of the year), share of straw removed, of the crop harvested in that year.

        Of a cover crop, or a sward: of the one sown in that year. A date of a year goes before one of every year.
        """
        sown, harvested, removed = crop.sown, crop.harvested, math.nan
        annual, events = crop.kind == "annual", [event for event in self.events if event.crop == crop.name]
        events.sort(key=lambda event: event.year is not None)
        for event in events:
            if annual and event.do == "harvest" and event.year in (None, year):
                harvested, removed = event.on, event.straw_removed
        for event in events:
            autumn = annual and harvested is not None and event.on > harvested
            if event.do == "sow" and event.year in (None, (year - autumn) % self.count):
                sown = event.on
        for event in events:
            later = sown is not None and event.on < sown
            if not annual and event.do in ("harvest", "kill") and event.year in (None, (year + later) % self.count):
                harvested, removed = event.on, event.straw_removed
        return -1 if sown is None else sown, -1 if harvested is None else harvested, removed

    def warm(self) -> None:
        """Give events with a temperature sum their days, one in each year of their crop: first those from 1 January."""
        waiting = [event for event in self.events if event.temperature_sum is not None]
        self.events = [event for event in self.events if event.temperature_sum is None]
        if self.temperature is None:  # no climate, which is told elsewhere
            self.failed = self.failed or bool(waiting)
            return
        for event in sorted(waiting, key=lambda event: event.from_sowing):
            crop = self.named[str(event.crop)]
            years = [year for year, grown in self.grown if grown is crop] or list(range(self.count))
            assert event.temperature_sum is not None
            for year in years if event.year is None else [event.year]:
                start = DAYS * year
                if event.from_sowing:
                    sown = self.dates(crop, year)[0]
                    start += sown - (DAYS if crop.habit == "winter" else 0)
                elif event.do == "sow" and crop.habit == "winter":
                    start -= DAYS
                days = days_to_sum(self.temperature, crop.base_temperature, start, event.temperature_sum)
                last = DAYS * (year + 1) if event.from_sowing else start + DAYS
                earliest, latest = (start, last - 1) if self.places is None else self.places[event.key, year]
                latest = int(min(latest, last - 1))
                day = latest + 1 if days is None else start + days
                if day > latest and self.places is None:
                    self.cold(event, crop, start, last)
                    break
                if day > latest:
                    self.late.append((latest, f"{event.do} of {crop.name}"))
                self.reached[event.key, year] = day = int(max(min(day, latest), earliest))
                self.events.append(replace(event, on=day % DAYS, year=day // DAYS % self.count, temperature_sum=None))

    def cold(self, event: Event, crop: Crop, start: int, last: int) -> None:
        """Say what a crop lacks of a temperature sum."""
        assert self.temperature is not None
        had = sum_over(self.temperature, crop.base_temperature, start, min(last - start, DAYS))
        what = f"{crop.name} does not ripen:" if event.do == "harvest" else "is never reached:"
        since = f"sowing on {month_day(start)}" if event.from_sowing else "1 January"
        base = f"{crop.base_temperature:g} degC"
        wrong = f"{what} from {since} to the end of the year it has {had:.0f} degC d above {base}."
        self.say(f"{event.key}.temperature_sum", f"{event.temperature_sum:g}", wrong)

    def stages(self, crop: Crop, start: int) -> tuple[float, ...]:
        """Days from sowing to the stages of the canopy that are given as temperature sums; empty where they are not."""
        if crop.name not in self.canopy_sums or self.temperature is None:
            return ()
        sums = self.canopy_sums[crop.name]
        days = [days_to_sum(self.temperature, crop.base_temperature, start, reached) for reached in sums]
        return tuple(float(DAYS + n) if day is None else float(day) for n, day in enumerate(days))
