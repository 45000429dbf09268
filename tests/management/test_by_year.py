"""Calendars that follow the temperatures of each year: dates summed by hand, order kept, tables whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.management.test_rotation import CLIMATE, LIBRARY
from watershed_c.errors import ScenarioError
from watershed_c.management.by_year import calendar_by_year
from watershed_c.management.calendar import Calendar
from watershed_c.management.cycle import plant_carbon
from watershed_c.management.growth import growth_tables
from watershed_c.management.heat import daily_temperature
from watershed_c.management.reading import DAYS, day_of_year
from watershed_c.management.rotation import schedule
from watershed_c.management.tables import build_units

MEAN = CLIMATE.temperature
#: K from the mean year in the years of a run
SHIFTS = (0.0, 1.5, -1.8, 0.7, -0.4)
SERIES = np.concatenate([MEAN + shift for shift in SHIFTS])
FIRST = 2001
PLOUGHED = day_of_year("10-20")
SOW = {"id": "sow", "do": "sow", "crop": "maize", "temperature_sum": 60.0, "since": "01-01"}
CUT = {"id": "cut", "do": "harvest", "crop": "maize", "temperature_sum": 550.0}
RECORD: dict[str, Any] = {
    "years": ["maize", "barley", "spring-wheat"],
    "event": [SOW, CUT, {"id": "plough", "on": "10-20", "do": "till", "crop": "maize"}],
    "canopy_sums": {"maize": [50.0, 150.0, 250.0, 400.0]},
    "cover_crop": ["none", "mustard-cover", "none"],
}


def by_year(offset: int = 0, series: np.ndarray = SERIES, **more: Any) -> Calendar:
    return calendar_by_year("r", {**RECORD, **more}, LIBRARY, MEAN, series, FIRST, offset)


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_dates_are_summed_over_the_days_of_each_year(offset: int) -> None:
    """By hand, day by day, in the years of the run in which maize stands; never later than the plough of its year."""
    calendar = by_year(offset)
    days = len(calendar.years) * DAYS
    tiled = np.concatenate((SERIES, np.tile(MEAN, days // DAYS - len(SHIFTS))))
    above = np.maximum(daily_temperature(tiled) - 8.0, 0.0)
    assert days % (3 * DAYS) == 0 and days // DAYS > len(SHIFTS)
    found = {s.start // DAYS: s for s in calendar.seasons if s.crop.name == "maize" and s.start < DAYS * len(SHIFTS)}
    assert sorted(found) == [year for year in range(len(SHIFTS)) if (year + offset) % 3 == 0]
    for year, season in found.items():
        first, last = DAYS * year, DAYS * (year + 1)
        sown = first + int(np.argmax(np.cumsum(above[first:last]) >= 60.0)) + 1
        ripe = np.cumsum(above[sown:last]) >= 550.0
        latest = first + PLOUGHED
        due = sown + int(np.argmax(ripe)) + 1 if ripe.any() else last
        assert (season.start, season.end) == (sown, min(due, latest))
        assert ((latest, "harvest of maize") in calendar.late) == (due > latest)
        assert season.stages[0] == int(np.argmax(np.cumsum(above[sown:]) >= 50.0)) + 1
    # what has a date has it in every year
    wheat = [s.end % DAYS for s in calendar.seasons if s.crop.name == "spring-wheat"]
    assert set(wheat) == {LIBRARY.crops["spring-wheat"].harvested}
    assert {p.day % DAYS for p in calendar.tillage} == {PLOUGHED}


def test_winter_crops_of_a_cold_year_stay_those_sown_the_year_before() -> None:
    """Not ripe when its sowing comes round it is harvested then; the season is not one of weeks."""
    record = {"years": ["winter-wheat"], "event": [CUT | {"crop": "winter-wheat", "temperature_sum": 2300.0}]}
    cold = np.concatenate((MEAN, MEAN - 4.0, MEAN))
    calendar = calendar_by_year("r", record, LIBRARY, MEAN, cold, FIRST, 0)
    sown = LIBRARY.crops["winter-wheat"].sown
    assert sown is not None and (DAYS + sown - 1, "harvest of winter-wheat") in calendar.late
    assert [s.end - s.start > 250 for s in calendar.seasons] == [True] * 4
    assert calendar.seasons[1].end == DAYS + sown - 1


def test_a_cold_year_harvests_unripe_on_the_day_of_the_plough() -> None:
    assert by_year(0, MEAN - 4.5).late == [(PLOUGHED, "harvest of maize")]
    assert not by_year(0, MEAN + 1.0).late


def test_what_is_sown_by_default_waits_for_a_late_harvest_and_then_no_more() -> None:
    """Wheat is drilled 5 days after maize, up to 30 days late; what is not ripe then is harvested."""
    usual = LIBRARY.crops["winter-wheat"].sown
    ends = {}
    for shift in (0.0, -4.5):
        record = {"years": ["maize", "winter-wheat"], "event": [SOW, CUT], "cover_crop": None, "canopy_sums": {}}
        calendar = by_year(0, MEAN + shift, **record)
        maize, wheat = calendar.seasons
        ends[shift] = (maize.end, wheat.start, bool(calendar.late))
    assert ends[0.0][0] + 5 < usual == ends[0.0][1] and not ends[0.0][2]
    assert ends[-4.5] == (usual + 25, usual + 30, True)


def test_the_mean_year_over_and_over_is_the_mean_calendar() -> None:
    usual = schedule({"r": RECORD}, LIBRARY, MEAN)["r"]
    same = by_year(0, np.tile(MEAN, 5))
    assert len(same.years) == 6 and not same.late
    expected = [(s.crop.name, s.start + k * usual.days, s.end + k * usual.days) for k in (0, 1) for s in usual.seasons]
    found = [(s.crop.name, s.start, s.end) for s in same.seasons]
    assert sorted(found) == sorted(expected)


def test_records_of_one_year_of_the_rotation_come_in_its_years() -> None:
    dung = {"on": "03-01", "do": "manure", "carbon": 0.1, "year": 2}
    calendar = by_year(1, event=[*RECORD["event"], dung])
    assert [a.day // DAYS for a in calendar.amendments] == [0, 3]
    assert {s.start // DAYS for s in calendar.seasons if s.crop.name == "mustard-cover"} == {0, 3}


def test_tables_hold_what_the_seasons_give_and_growth_refers_to_the_mean_year() -> None:
    calendars = {("r", offset): by_year(offset) for offset in (0, 2)}
    units = build_units({"r": RECORD}, LIBRARY, layer_bottom=[0.1, 0.25, 2.0], climate=CLIMATE, by_year=calendars)
    assert units.names == ("r+0", "r+1", "r+2", "r+0", "r+2")
    assert units.units_of("r").tolist() == [0, 1, 2, 3, 4] and units.unit_by_year("r", 2) == 4
    assert units.unit_by_year("r", 1) == units.unit("r", 1) == 1
    seasons = growth_tables(units)
    for unit, calendar in ((3, calendars["r", 0]), (4, calendars["r", 2])):
        rows = slice(0, int(units.cycle_months[unit]))
        given = sum(sum(plant_carbon(season)) for season in calendar.seasons)
        held = units.input_by_source[rows, unit].sum() + units.root_carbon_below_profile[rows, unit].sum()
        assert held == pytest.approx(given, rel=1e-12)
        assert seasons.share[rows, unit].sum() == pytest.approx(len(calendar.seasons))
        mean, refers = seasons.of_mean_year[unit], seasons.refers[rows, unit]
        grows = seasons.crop[rows, unit] >= 0
        alike = seasons.crop[refers, mean] == seasons.crop[rows, unit]
        # a month in which nothing of that crop stands in the mean year is the first or last of a shifted season
        assert (alike | ~grows).all()
        ends = seasons.ends[rows, unit]
        assert seasons.ends[refers, mean][ends].all()
    usual = np.arange(seasons.refers.shape[0])[:, None] % units.cycle_months[:3]
    assert (seasons.refers[:, :3] == usual).all() and seasons.of_mean_year.tolist() == [0, 1, 2, 0, 2]


def test_what_cannot_be_in_a_year_is_told_with_its_date() -> None:
    """A disk and the harvest, each by the sum of another crop, which cross in a cold year."""
    disk = {"id": "disk", "temperature_sum": 2050.0, "since": "01-01", "do": "till", "crop": "barley", "year": 1}
    assert not by_year(0, event=[SOW, CUT, disk]).late
    with pytest.raises(ScenarioError, match=r"r\.disk = .*tills maize, which stands from 2003-06-\d\d to 2003-09-"):
        by_year(1, event=[SOW, CUT, disk])
