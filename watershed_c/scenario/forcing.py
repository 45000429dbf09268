"""The climate of a run: read, changed, drawn from a generator, long enough."""

from __future__ import annotations

import numpy as np

from watershed_c.io.climate import ClimateTableError, MonthlyForcing, read_climate
from watershed_c.io.climate_checks import WET, WETTEST_YEAR, wettest_year
from watershed_c.io.weather import as_series, change, generated, means, trend
from watershed_c.kernels.evapotranspiration import lacking
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.domain import Grid


def climate_of(check: Checker) -> MonthlyForcing | None:
    table = check.scenario.climate
    before = len(check.problems)
    if table.constant is not None:
        constant = table.constant
        forcing = MonthlyForcing(
            np.array(constant.temperature), np.array(constant.precipitation),
            pet=None if constant.pet is None else np.array(constant.pet),
        )  # fmt: skip
    else:
        try:
            forcing = read_climate(check.path(table.source), rename=table.rename)
        except ClimateTableError as error:
            for message in error.messages:
                check.add(("climate", "source"), table.source, message)
            return None
        if table.generator is None:
            _covers(check, forcing)
    _rain(check, forcing)
    columns = [name for name, values in vars(forcing).items() if isinstance(values, np.ndarray)]
    if table.pet is not None and (wanted := lacking(table.pet, columns)):
        check.add(("climate", "pet"), table.pet, f"needs {' and '.join(wanted)}.", 'Use "thornthwaite".')
    processes = check.scenario.processes
    if processes.water_erosion.enabled and table.erosivity.method == "given":
        if table.erosivity.annual is None and forcing.erosivity is None:
            hint = 'Give annual = ... MJ mm ha-1 h-1 yr-1, or method = "renard_freimund".'
            check.add(("climate", "erosivity"), "", "is missing: water_erosion needs the rainfall erosivity R.", hint)
    days = processes.soil_water.rain_days
    drawn = table.generator.rain_days if table.generator is not None else None
    if table.generator is not None and drawn is None and forcing.wet_days is None and days is None:
        check.add(("climate", "generator", "rain_days"), "", "is missing: mean days with rain of each month.")
    elif processes.soil_water.enabled and days is None and forcing.wet_days is None and drawn is None:
        hint = "e.g. rain_days = 12, or a column wet_days in the climate table"
        check.add(("processes", "soil_water", "rain_days"), "", "is missing: days with rain in a month.", hint)
    if processes.soil_water.enabled and processes.soil_water.by_day:
        if forcing.rain_shares is None or table.generator is not None:
            wrong = "needs the days of a climate table (date, or year, month and day), which this climate has not."
            check.add(("processes", "soil_water", "by_day"), True, wrong, "Use rain_days, of a month.")
        elif check.scenario.time.steps_per_month > 1:
            check.add(("processes", "soil_water", "by_day"), True, "goes with time.steps_per_month = 1 only.")
    if len(check.problems) > before:
        return None
    return _run_climate(check, forcing)


def _run_climate(check: Checker, forcing: MonthlyForcing) -> MonthlyForcing:
    """The climate of the run: what the table says, changed, drawn at random, with its trend, as the scenario asks."""
    table, time, shift = check.scenario.climate, check.scenario.time, check.scenario.climate.change
    first = int(time.start[:4]) * 12 + int(time.start[5:7]) - 1
    # every calendar month is there, however short the run
    length = max(time.months, 12)
    by_month = shift.temperature_by_month, shift.precipitation_by_month
    kelvin, share = (np.array(each or [0.0] * 12) for each in by_month)
    forcing = change(
        forcing, temperature=shift.temperature + kelvin, precipitation=100.0 * (shift.precipitation + share),
        pet=100.0 * shift.pet, erosivity=100.0 * shift.erosivity,
    )  # fmt: skip
    if (chosen := table.generator) is not None:
        middle = forcing if forcing.is_normals else means(forcing, len(forcing) // 12)
        days: float | list[float] | np.ndarray | None = chosen.rain_days
        days = days if days is not None else middle.wet_days
        days = days if days is not None else check.scenario.processes.soil_water.rain_days
        forcing = generated(
            middle, first, length, seed=chosen.seed, persistence=chosen.persistence, shape=chosen.shape,
            wet_days=np.broadcast_to(np.asarray(days, dtype=np.float64), 12),
            every_month=chosen.totals == "month", temperature_deviation=chosen.temperature_deviation,
        )  # fmt: skip
    if shift.temperature_trend or shift.precipitation_trend:
        forcing = trend(
            as_series(forcing, first, length), first, temperature=shift.temperature_trend,
            precipitation=100.0 * shift.precipitation_trend,
        )  # fmt: skip
    return forcing


def _rain(check: Checker, forcing: MonthlyForcing) -> None:
    """Rain that no place has had; a month that few have is told."""
    rain, most = forcing.precipitation, wettest_year(forcing.precipitation)
    if most > WETTEST_YEAR:  # a table is refused when it is read
        wrong = f"comes to {most:.0f} mm in 12 months, above any year on record (26 470 mm at Cherrapunji in 1860-61)."
        check.add(("climate", "constant", "precipitation"), "", wrong)
    elif rain.max() > WET:
        check.warnings.append(
            f"climate: {rain.max():.0f} mm of rain in a month fall in few places (the record is 9 300 mm, Cherrapunji, "
            "July 1861): check the unit"
        )


def _covers(check: Checker, forcing: MonthlyForcing) -> None:
    time = check.scenario.time
    for key, text in (("start", time.start), ("end", time.end)):
        try:
            forcing.index(int(text[:4]), int(text[5:7]))
        except IndexError as error:
            check.add(("time", key), text, f"{error}.", "Shorten the run, or give normals (month 1-12).")


# -- grid --------------------------------------------------------------------------------------------------------------


def latitude_of(check: Checker, grid: Grid) -> float:
    latitude = check.scenario.climate.latitude
    if latitude is None:
        latitude = grid.latitude
    if latitude is None:
        check.add(("climate", "latitude"), "", "is missing: degrees north, for the length of the day.")
        return 0.0
    return latitude
