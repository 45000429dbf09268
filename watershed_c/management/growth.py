"""What growth wants to know of the calendar: which crop a month belongs to, how green it is, what it yields."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from watershed_c.management.calendar import Calendar, Season
from watershed_c.management.cycle import LATE_SEASON, _window, canopy_growth
from watershed_c.management.library import Crop
from watershed_c.management.reading import DAYS, MONTH_STARTS
from watershed_c.management.tables import UnitTables


@dataclass(frozen=True)
class GrowthTables:
    """Seasons of all units by month, rows as in :class:`watershed_c.management.tables.UnitTables` (M, U).

    A month belongs to one season: to the one that ends in it, else to the one that stands.

    Attributes
    ----------
    crops : tuple of Crop
    crop : (M, U) int64
        Row of ``crops``; -1 in months that belong to no season.
    begins, ends : (M, U) bool
        First and last month of a season.
    green : (M, U), 0-1
        Mean share of the ground under green leaves of that crop.
    share : (M, U), 0-1
        Of the month in the season's green cover; sums to 1 over a season.
    elapsed : (M, U), 0-1
        Share of the season's green cover that is over at the end of the month; 1 in its last.
    yield_dry_matter : (M, U), kg m-2
        Of the season, as given.
    straw_removed, straw_burnt : (M, U), 0-1
        Share of the straw taken away, and burnt.
    of_mean_year : (U,) int64; refers : (M, U) int64
        Unit, and row of it, in which the season of a month is as far in the mean year.
    """

    crops: tuple[Crop, ...]
    crop: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    green: np.ndarray
    share: np.ndarray
    elapsed: np.ndarray
    yield_dry_matter: np.ndarray
    straw_removed: np.ndarray
    straw_burnt: np.ndarray
    of_mean_year: np.ndarray
    refers: np.ndarray

    def of_crops(self, name: str) -> np.ndarray:
        """(C) numbers of the crops by attribute."""
        return np.array([getattr(crop, name) for crop in self.crops], dtype=np.float64)


def green_cover(season: Season) -> np.ndarray:
    """Share of the ground under green leaves on each day of a season.

    Canopy cover, of which the last 30 days lose what the crop coefficient loses until harvest (FAO-56: leaves that
    have yellowed do not transpire); of perennials 1 in their growing season.
    """
    crop, length = season.crop, season.end - season.start
    if crop.kind == "perennial":
        assert crop.growth is not None
        days = np.arange(season.start, season.end) % DAYS
        return _window(crop.growth, DAYS)[days].astype(np.float64)
    _, middle, last = crop.crop_coefficient
    late = np.clip(1.0 - (length - 1 - np.arange(length)) / LATE_SEASON, 0.0, 1.0)
    return canopy_growth(season) * (1.0 - late * max(1.0 - last / middle, 0.0))


def season_yield(season: Season) -> float:
    """kg DM m-2 of the season: of a cover crop by the days of its stand, as its carbon."""
    if season.crop.kind == "cover":
        return season.yield_dry_matter * min(1.0, season.in_the_light / season.crop.days_to_yield)
    return season.yield_dry_matter


def straw_lost(season: Season) -> tuple[float, float]:
    """Shares of the straw of a season that are taken away, and burnt."""
    crop = season.crop
    kept = crop.straw_returned
    if not math.isnan(season.straw_removed):
        kept = max(1.0 - season.straw_removed, crop.straw_left_when_removed)
    return 1.0 - kept, kept * season.straw_burnt


class _Months:
    """One cycle of a rotation by month."""

    def __init__(self, calendar: Calendar, crops: dict[str, int]) -> None:
        self.count, self.days = 12 * len(calendar.years), calendar.days
        self.crop = np.full(self.count, -1, dtype=np.int64)
        self.begins, self.ends = np.zeros((2, self.count), dtype=bool)
        self.green, self.share, self.elapsed, self.yields, self.removed, self.burnt = np.zeros((6, self.count))
        growing = [s for s in calendar.seasons if s.crop.kind != "fallow" and s.end > s.start]
        last = {id(s): self.month(s.end - (s.crop.kind == "perennial")) for s in growing}
        # a relay crop has what the crop above it leaves; of two that end in one month the main crop has it
        ordered = sorted(growing, key=lambda s: s.crop.kind != "cover")
        owner = {m % self.count: s for s in ordered for m in range(self.month(s.start), last[id(s)])}
        owner |= {last[id(s)] % self.count: s for s in ordered}
        for season in growing:
            span = np.arange(self.month(season.start), last[id(season)] + 1) % self.count
            rows = np.array([m for m in span.tolist() if owner[m] is season], dtype=np.int64)
            if not rows.size:
                continue
            self.crop[rows], self.yields[rows] = crops[season.crop.name], season_yield(season)
            self.removed[rows], self.burnt[rows] = straw_lost(season)
            self.begins[rows], self.ends[rows] = False, False
            self.begins[rows[0]], self.ends[rows[-1]] = True, True
            self.green[rows] = self.monthly(season)[rows]
            share = self.green[rows] * self.length(rows)
            share = share / share.sum() if share.any() else np.full(rows.size, 1.0 / rows.size)
            self.share[rows], self.elapsed[rows] = share, np.cumsum(share)
            self.elapsed[rows[-1]] = 1.0

    def month(self, day: int) -> int:
        """Month since January of the first year of the cycle of a day, which may be negative."""
        year, within = divmod(day, DAYS)
        return 12 * year + int(np.searchsorted(MONTH_STARTS, within, side="right")) - 1

    @staticmethod
    def length(rows: np.ndarray) -> np.ndarray:
        return np.diff(np.array(MONTH_STARTS))[rows % 12]

    def monthly(self, season: Season) -> np.ndarray:
        """Green cover of a season by month of the cycle."""
        cover = np.zeros(self.count)
        months = np.array([self.month(day) for day in range(season.start, season.end)]) % self.count
        np.add.at(cover, months, green_cover(season))
        return cover / self.length(np.arange(self.count))


def growth_tables(tables: UnitTables) -> GrowthTables:
    """Seasons of every unit of ``tables``."""
    crops: dict[str, Crop] = {}
    for calendar in tables.calendars.values():
        crops |= {season.crop.name: season.crop for season in calendar.seasons if season.crop.kind != "fallow"}
    index = {name: row for row, name in enumerate(crops)}
    months = {name: _Months(calendar, index) for name, calendar in tables.calendars.items()}

    def by_unit(name: str) -> np.ndarray:
        return stacked(tables, {key: getattr(of, name) for key, of in months.items()})

    crop, elapsed = by_unit("crop"), by_unit("elapsed")
    return GrowthTables(
        tuple(crops.values()), crop, by_unit("begins"), by_unit("ends"), by_unit("green"),
        by_unit("share"), elapsed, by_unit("yields"), by_unit("removed"), by_unit("burnt"),
        *_in_mean_year(tables, crop, elapsed),
    )  # fmt: skip


def _in_mean_year(tables: UnitTables, crop: np.ndarray, elapsed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit (U) and row (M, U) of the mean year at which the same crop is as far as in each month of each unit.

    Of a unit by year it is the month, at most half a year away, in which the share of the season that is over differs
    least; of those with the same the nearest. All others refer to themselves.
    """
    unit = np.arange(crop.shape[1])
    rows = np.arange(crop.shape[0])[:, None] % tables.cycle_months
    months = np.arange(crop.shape[0])
    for (name, offset), written in tables.by_year.items():
        own, mean = tables.first_unit[written], tables.unit(name, offset)
        unit[own], least = mean, np.full(months.size, np.inf)
        for away in sorted(range(-6, 7), key=abs):
            there = (months + away) % tables.cycle_months[mean]
            differs = np.abs(elapsed[there, mean] - elapsed[:, own])
            differs[crop[there, mean] != crop[:, own]] = np.inf
            rows[:, own] = np.where(differs < least, there, rows[:, own] if away else there)
            least = np.minimum(least, differs)
    return unit, rows


def stacked(tables: UnitTables, cycles: dict[str, np.ndarray]) -> np.ndarray:
    """(M, U, ...) of arrays by month of the cycle (offset 0) of every rotation."""
    longest = int(tables.cycle_months.max())
    columns = []
    for name, values in cycles.items():
        for offset in range(tables.offsets[name]):
            columns.append(values[(np.arange(longest) + 12 * offset) % values.shape[0]])
    return np.ascontiguousarray(np.stack(columns, axis=1))


def unknown_crops(crops: Iterable[Crop]) -> list[str]:
    """Crops whose file does not say how they grow."""
    return sorted(crop.name for crop in crops if math.isnan(crop.radiation_use))
