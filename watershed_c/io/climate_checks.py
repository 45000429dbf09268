"""What may stand in a climate table: names of quantities, their units, and the checks of what was read."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import numpy as np

#: degC, monthly means outside this range occur nowhere (station records: -68 at Vostok, 42 in the Danakil)
COLDEST, HOTTEST = -75.0, 50.0
#: mm, above the wettest month and the wettest 12 months on record (Cherrapunji, July 1861: 9 300; August 1860 to July
#: 1861: 26 470; WMO world weather and climate extremes archive)
WETTEST, WETTEST_YEAR = 9500.0, 26500.0
#: mm in a month, met on few windward slopes of the monsoon and cyclone belts only: told, not refused
WET = 2000.0
#: mm in a month, twice what a desert evaporates in its hottest month
MOST_PET = 1000.0
#: MJ mm ha-1 h-1 in a month, what the wettest of the tropics have in a year
MOST_EROSIVE = 50000.0

#: quantity -> names of columns and variables (among them those of CMIP, TerraClimate and CRU)
QUANTITIES: dict[str, tuple[str, ...]] = {
    "temperature": ("tmean", "temperature", "air_temperature", "temp", "tas", "tmp", "tavg"),
    "temperature_min": ("tmin", "temperature_min", "air_temperature_min", "tasmin", "tmn"),
    "temperature_max": ("tmax", "temperature_max", "air_temperature_max", "tasmax", "tmx"),
    "precipitation": ("precipitation", "precip", "rain", "rainfall", "ppt", "pr", "pre"),
    "pet": ("pet", "potential_evapotranspiration"),
    "erosivity": ("erosivity", "rainfall_erosivity", "r_factor"),
    "wet_days": ("wet_days", "wet", "rain_days"),
    "radiation": ("radiation", "solar_radiation", "shortwave_radiation", "rsds", "srad"),
    "wind": ("wind_2m", "wind_speed_2m", "u2"),
    "wind_10m": ("wind_10m", "wind_speed_10m", "u10", "sfcwind", "ws"),
    "humidity": ("humidity", "relative_humidity", "rh", "hurs"),
    "humidity_min": ("humidity_min", "relative_humidity_min", "rhmin"),
    "humidity_max": ("humidity_max", "relative_humidity_max", "rhmax"),
    "vapour_pressure": ("vapour_pressure", "vapor_pressure", "vap"),
}
#: of a month and not of its mean day: summed over days
AMOUNTS = ("precipitation", "pet", "erosivity")
_TEMPERATURES = ("temperature", "temperature_min", "temperature_max")
_TEMPERATURE_UNITS = {
    "degC": (1.0, 0.0),
    "C": (1.0, 0.0),
    "celsius": (1.0, 0.0),
    "degF": (5.0 / 9.0, -160.0 / 9.0),
    "F": (5.0 / 9.0, -160.0 / 9.0),
    "K": (1.0, -273.15),
    "kelvin": (1.0, -273.15),
}
_WATER_UNITS = {
    "mm": 1.0,
    "mm_month": 1.0,
    "kg_m-2": 1.0,
    "kg_m2": 1.0,
    "cm": 10.0,
    "m": 1000.0,
    "inch": 25.4,
    "in": 25.4,
}
#: per day and per second: multiplied by the days of the month
_WATER_RATES = {
    "mm_day": 1.0,
    "mm_d": 1.0,
    "mm_day-1": 1.0,
    "mm_d-1": 1.0,
    "kg_m-2_s-1": 86400.0,
    "mm_s-1": 86400.0,
}
_EROSIVITY_UNITS = {"MJ_mm_ha_h": 1.0, "MJ_mm_ha-1_h-1": 1.0, "MJ_mm_ha-1_h-1_month-1": 1.0}
_DAY_UNITS = {"": 1.0, "days": 1.0, "d": 1.0, "day": 1.0, "1": 1.0}
_WIND_UNITS = {"m_s": 1.0, "m_s-1": 1.0, "km_h": 1.0 / 3.6, "km_h-1": 1.0 / 3.6, "km_day": 1.0 / 86.4, "mph": 0.44704}
_HUMIDITY_UNITS = {"%": 1.0, "percent": 1.0, "fraction": 100.0, "1": 100.0}
#: quantity -> unit -> factor to MJ m-2 d-1, m s-1, %, kPa
_SCALES: dict[str, dict[str, float]] = {
    "erosivity": _EROSIVITY_UNITS,
    "wet_days": _DAY_UNITS,
    "radiation": {
        **dict.fromkeys(("MJ_m2_day", "MJ_m-2_day-1", "MJ_m2_d", "MJ_m-2_d-1"), 1.0),
        **dict.fromkeys(("W_m2", "W_m-2"), 0.0864),
    },
    "wind": _WIND_UNITS,
    "wind_10m": _WIND_UNITS,
    "humidity": _HUMIDITY_UNITS,
    "humidity_min": _HUMIDITY_UNITS,
    "humidity_max": _HUMIDITY_UNITS,
    "vapour_pressure": {"kPa": 1.0, "hPa": 0.1, "mbar": 0.1, "Pa": 0.001},
}


@dataclass
class Table:
    """A table as it stands in the file: columns of numbers with unit, and the calendar."""

    name: str
    year: np.ndarray | None
    month: np.ndarray
    #: quantity -> (name in the file, unit, values)
    columns: dict[str, tuple[str, str, np.ndarray]]
    #: names in the file that mean nothing to us
    unknown: list[str]
    #: of the month, in a table of days
    day: np.ndarray | None = None


def quantity_and_unit(name: str) -> tuple[str, str] | None:
    """Quantity and unit of a column name: the longest known name, then the unit after an underscore."""
    known = sorted(
        ((alias, quantity) for quantity, names in QUANTITIES.items() for alias in names),
        key=lambda pair: -len(pair[0]),
    )
    for alias, quantity in known:
        if name.lower() == alias:
            return quantity, ""
        if name.lower().startswith(alias + "_"):
            return quantity, name[len(alias) + 1 :]
    return None


def nearest(word: str, names: list[str]) -> str:
    found = difflib.get_close_matches(word, names, 1, 0.5)
    return f'. Did you mean "{found[0]}"?' if found else ""


def hint(wanted: str, table: Table) -> str:
    return nearest(wanted, table.unknown) or (
        f" (columns not understood: {', '.join(table.unknown)})" if table.unknown else ""
    )


def convert(quantity: str, unit: str, values: np.ndarray, days: np.ndarray) -> np.ndarray | str:
    """Values in the units of `MonthlyForcing`; or what is wrong with the unit."""
    if quantity in _TEMPERATURES:
        scales = {key.lower(): pair for key, pair in _TEMPERATURE_UNITS.items()}
        if unit.lower() in scales:
            slope, offset = scales[unit.lower()]
            return slope * values + offset
        return _unit_message(unit, ("degC", "degF", "K"))
    if quantity in ("precipitation", "pet"):
        if unit in _WATER_UNITS:
            return values * _WATER_UNITS[unit]
        if unit in _WATER_RATES:
            return values * _WATER_RATES[unit] * days
        return _unit_message(unit, ("mm", "inch", "mm_day", "kg m-2 s-1"))
    factors = _SCALES[quantity]
    known = ("days",) if quantity == "wet_days" else tuple(factors)
    return values * factors[unit] if unit in factors else _unit_message(unit, known)


def _unit_message(unit: str, known: tuple[str, ...]) -> str:
    given = f'the unit "{unit}" is not known' if unit else "has no unit"
    return f"{given}: use one of {', '.join(known)}"


def check_calendar(table: Table, problems: list[str]) -> None:
    month, year = table.month, table.year
    spoiled = np.isinf(month) if year is None else np.isinf(month) | np.isinf(year)
    bad = ~spoiled & ~((month >= 1.0) & (month <= 12.0) & (month == np.floor(month)))
    if bad.any():
        problems.append(
            f"{table.name}: month must be 1 to 12, is {month[bad][0]:g} in row {int(np.flatnonzero(bad)[0]) + 1}"
        )
    if bad.any() or spoiled.any():
        return
    if year is None:
        count = np.bincount(month.astype(np.int64), minlength=13)[1:]
        if month.size != 12 or (count != 1).any():
            missing = ", ".join(str(m) for m in np.flatnonzero(count == 0) + 1)
            repeated = ", ".join(str(m) for m in np.flatnonzero(count > 1) + 1)
            detail = "; ".join(
                part
                for part in (
                    f"missing: {missing}" if missing else "",
                    f"repeated: {repeated}" if repeated else "",
                )
                if part
            )
            advice = ". A series needs a column year" if month.size > 12 else ""
            problems.append(
                f"{table.name}: normals need the 12 months once each, there are {month.size} ({detail}){advice}"
            )
        return
    if np.isnan(year).any() or (year != np.floor(year)).any():
        problems.append(f"{table.name}: year must be a whole number in every row")
        return
    if month.size < 12:
        problems.append(f"{table.name}: a series needs at least 12 months, there are {month.size}")
    count = year * 12 + month - 1
    jump = np.flatnonzero(np.diff(count) != 1.0)
    if jump.size:
        row = int(jump[0])
        problems.append(
            f"{table.name}: months must follow one another: {year[row]:.0f}-{month[row]:02.0f} is followed by "
            f"{year[row + 1]:.0f}-{month[row + 1]:02.0f}" + (f" (and {jump.size - 1} more)" if jump.size > 1 else "")
        )


def _when(table: Table, rows: np.ndarray) -> str:
    """The first of some rows in words, and how many more there are."""
    row = int(np.flatnonzero(rows)[0])
    month = table.month[row]
    first = f"month {month:g}" if table.year is None else f"{table.year[row]:.0f}-{month:02.0f}"
    more = int(rows.sum()) - 1
    return first + (f" and {more} more" if more else "")


def check_values(table: Table, quantity: str, name: str, values: np.ndarray, problems: list[str]) -> None:
    """What is wrong with the values of a column, each thing once; infinite where the reader has complained already."""
    empty, known = np.isnan(values), np.isfinite(values)
    if empty.any():
        problems.append(f"{table.name}: {name} has no value in {_when(table, empty)}")
    if quantity in _TEMPERATURES:
        absurd = known & ((values < COLDEST) | (values > HOTTEST))
        if absurd.any():
            worst = float(values[absurd][0])
            advice = " If the values are in kelvin, the unit is K." if 200.0 < worst < 330.0 else ""
            advice = " If the values are in Fahrenheit, the unit is degF." if HOTTEST < worst < 130.0 else advice
            advice = " If the values are in degC, the unit is degC, not K." if worst < -200.0 else advice
            problems.append(
                f"{table.name}: {name} is {worst:.1f} degC in {_when(table, absurd)}, "
                f"outside {COLDEST:.0f} to {HOTTEST:.0f}.{advice}"
            )
        return
    negative = known & (values < 0.0)
    if negative.any():
        problems.append(f"{table.name}: {name} is negative ({values[negative][0]:g}) in {_when(table, negative)}")
    limits = {
        "precipitation": (WETTEST, "mm", "above any month on record (9 300 mm at Cherrapunji in July 1861)"),
        "pet": (MOST_PET, "mm", f"above {MOST_PET:.0f}, which evaporates nowhere"),
        "erosivity": (MOST_EROSIVE, "MJ mm ha-1 h-1", f"above {MOST_EROSIVE:.0f}, which no month has"),
        "wet_days": (31.0, "days", "above 31"),
        "radiation": (50.0, "MJ m-2 d-1", "more than above the atmosphere"),
        "wind": (60.0, "m/s", "above 60, which no month has"),
        "wind_10m": (60.0, "m/s", "above 60, which no month has"),
        "humidity": (100.5, "%", "above 100"),
        "humidity_min": (100.5, "%", "above 100"),
        "humidity_max": (100.5, "%", "above 100"),
        "vapour_pressure": (8.0, "kPa", "above 8, that of saturated air at 41 degC"),
    }
    limit, unit, record = limits[quantity]
    above = known & (values > limit)
    if above.any():
        problems.append(
            f"{table.name}: {name} is {values[above][0]:.0f} {unit} in {_when(table, above)}, {record}: check the unit"
        )
    elif quantity == "precipitation" and known.all() and (most := wettest_year(values)) > WETTEST_YEAR:
        problems.append(
            f"{table.name}: {name} comes to {most:.0f} mm in 12 months, above any year on record "
            "(26 470 mm at Cherrapunji in 1860-61): check the unit"
        )


def wettest_year(precipitation: np.ndarray) -> float:
    """Largest sum of twelve months on end, mm; of all there are when they are fewer."""
    length = min(12, precipitation.size)
    return float(np.convolve(precipitation, np.ones(length), mode="valid").max(initial=0.0)) if length else 0.0


def check_order(table: Table, values: dict[str, np.ndarray], problems: list[str]) -> None:
    low, mean, high = (values.get(quantity) for quantity in ("temperature_min", "temperature", "temperature_max"))
    for lower, upper, text in (
        (low, high, "tmin is above tmax"),
        (low, mean, "tmin is above tmean"),
        (mean, high, "tmean is above tmax"),
        (values.get("humidity_min"), values.get("humidity_max"), "minimum humidity is above the maximum"),
    ):
        # published normals are rounded, so a mean may be half a last digit outside
        if lower is None or upper is None:
            continue
        swapped = np.isfinite(lower) & np.isfinite(upper) & (lower > upper + 0.06)
        if swapped.any():
            problems.append(f"{table.name}: {text} in {_when(table, swapped)}")
