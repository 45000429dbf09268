"""Climate tables: CSV or NetCDF in, arrays in degC and mm per month out.

A CSV names the unit in the column: ``tmean_degC`` or ``tmean_degF``, ``tmin_...``, ``tmax_...``,
``precipitation_mm`` or ``precip_inch``, ``pet_mm``, ``erosivity_MJ_mm_ha_h``, ``wet_days``; for Priestley-Taylor and
Penman-Monteith ``radiation_MJ_m2_day``, ``wind_2m_m_s``, ``humidity_%``. Rows are ``month`` 1-12 (normals),
``year,month`` (a series without gaps), or days: ``date`` (YYYY-MM-DD) or ``year,month,day``, which become months with
their number of wet days (`daily`). Lines that begin with ``#`` are comments. In NetCDF the unit is the attribute
``units`` of the variable, and the time axis gives the date (or a dimension ``month`` of 12 normals).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.io.climate_checks import (
    AMOUNTS,
    Table,
    check_calendar,
    check_order,
    check_values,
    convert,
    hint,
    nearest,
    quantity_and_unit,
)
from watershed_c.io.daily import check_days, monthly, split_dates
from watershed_c.kernels.climate import DAYS_IN_MONTH
from watershed_c.kernels.evapotranspiration import wind_at_two_metres


class ClimateTableError(ValueError):
    """What is wrong with a climate table: ``messages``, all of them."""

    def __init__(self, messages: list[str]) -> None:
        self.messages = list(messages)
        super().__init__("\n".join(self.messages))

    def __reduce__(self) -> tuple[type[ClimateTableError], tuple[list[str]]]:
        return type(self), (self.messages,)


@dataclass(frozen=True)
class MonthlyForcing:
    """Climate of the reference elevation by month.

    Attributes
    ----------
    temperature : (T,) degC
    precipitation : (T,) mm per month
    temperature_min, temperature_max : (T,) degC, or None
        Means of the daily extremes.
    pet : (T,) mm per month, or None
    erosivity : (T,) MJ mm ha-1 h-1 in the month, or None
    wet_days : (T,) days with rain in the month, or None
    rain_shares : (T, 31) share of each day in the month's rain, NaN after the last day, or None
        Of a table of days.
    radiation : (T,) MJ m-2 d-1, solar, on the horizontal, or None
    wind : (T,) m s-1 at 2 m, or None
    humidity_min, humidity_max : (T,) %, or None
        Means of the daily extremes of relative humidity; both are the mean where only that is known.
    vapour_pressure : (T,) kPa, or None
    first_year : int or None
        None for normals.
    first_month : int, 1-12
    is_normals : bool
        Twelve normal months, the same every year, January first.
    before : MonthlyForcing or None
        Twelve normals that hold before the record, where those are not its own first years.
    """

    temperature: np.ndarray
    precipitation: np.ndarray
    temperature_min: np.ndarray | None = None
    temperature_max: np.ndarray | None = None
    pet: np.ndarray | None = None
    erosivity: np.ndarray | None = None
    wet_days: np.ndarray | None = None
    rain_shares: np.ndarray | None = None
    radiation: np.ndarray | None = None
    wind: np.ndarray | None = None
    humidity_min: np.ndarray | None = None
    humidity_max: np.ndarray | None = None
    vapour_pressure: np.ndarray | None = None
    first_year: int | None = None
    first_month: int = 1
    is_normals: bool = True
    before: MonthlyForcing | None = None

    def __len__(self) -> int:
        return self.temperature.size

    def index(self, year: int, month: int) -> int:
        """Row of a month (1-12); raises IndexError, saying which years there are, outside a series."""
        if self.is_normals:
            return month - 1
        assert self.first_year is not None
        row = (year - self.first_year) * 12 + month - self.first_month
        if not 0 <= row < len(self):
            last = self.first_year * 12 + self.first_month - 1 + len(self) - 1
            raise IndexError(
                f"climate table covers {self.first_year}-{self.first_month:02d} to {last // 12}-{last % 12 + 1:02d}, "
                f"not {year}-{month:02d}"
            )
        return row

    def climatology(self, values: np.ndarray) -> np.ndarray:
        """(12,) means of each calendar month of a (T,) array of this record, January first."""
        months = (np.arange(len(self)) + self.first_month - 1) % 12
        return np.bincount(months, weights=values, minlength=12) / np.bincount(months, minlength=12)


_CALENDAR = ("year", "month", "day")


# -- reading --
def read_climate(path: str | Path, *, rename: Mapping[str, str] | None = None) -> MonthlyForcing:
    """Read a monthly climate table.

    Parameters
    ----------
    path : CSV (any extension) or NetCDF (.nc, .nc4)
    rename : mapping of a name in the file to ours, e.g. ``{"ppt": "precipitation_mm", "t2m": "temperature"}``
        In a CSV the new name needs its unit unless the old one ends with it.

    Raises
    ------
    ClimateTableError
        With everything that is wrong.
    """
    path = Path(path)
    rename = dict(rename or {})
    problems: list[str] = []
    if not path.is_file():
        raise ClimateTableError([f"{path}: no such file"])
    try:
        reader = _read_netcdf if path.suffix.lower() in (".nc", ".nc4", ".cdf") else _read_csv
        table = reader(path, rename, problems)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ClimateTableError([f"{path.name}: cannot be read ({error})"]) from None
    if table is None:
        raise ClimateTableError(problems)
    forcing = _assemble(table, problems)
    if problems or forcing is None:
        raise ClimateTableError(problems)
    return forcing


def _read_csv(path: Path, rename: dict[str, str], problems: list[str]) -> Table | None:
    text = path.read_text(encoding="utf-8-sig")
    numbered = [
        (i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip() and not line.lstrip().startswith("#")
    ]
    if not numbered:
        problems.append(f"{path.name}: is empty")
        return None
    delimiter = max(",;\t", key=numbered[0][1].count)
    rows = split_dates(list(csv.reader((line for _, line in numbered), delimiter=delimiter)))
    header = [name.strip() for name in rows[0]]
    for old in rename:
        if old not in header:
            problems.append(f'{path.name}: rename: there is no column "{old}"{nearest(old, header)}')
    names = [rename.get(name, name) for name in header]
    values = np.full((len(rows) - 1, len(names)), math.nan)
    # lines with the same thing wrong are told together: text of the first, and all their numbers
    wrong: dict[str, tuple[str, list[int]]] = {}
    for i, row in enumerate(rows[1:]):
        line = numbered[i + 1][0]
        if len(row) != len(names):
            text = f"has {len(row)} values, the header has {len(names)}"
            wrong.setdefault("length", (text, []))[1].append(line)
            values[i, len(row) :] = math.inf
        for j, cell in enumerate(row[: len(names)]):
            number = _number(cell)
            values[i, j] = math.inf if number is None else number
            if number is None and (quantity_and_unit(names[j]) or names[j] in _CALENDAR):
                text = f'{header[j]} = "{cell.strip()}" is not a number'
                wrong.setdefault(header[j], (text, []))[1].append(line)
    problems.extend(f"{path.name}:{lines[0]}: {text}{_also(lines[1:])}" for text, lines in wrong.values())
    calendar = {name: values[:, names.index(name)] for name in _CALENDAR if name in names}
    columns: dict[str, tuple[str, str, np.ndarray]] = {}
    unknown: list[str] = []
    for j, name in enumerate(names):
        found = quantity_and_unit(name)
        if found is None:
            unknown += [] if name in _CALENDAR else [header[j]]
        elif found[0] in columns:
            problems.append(f"{path.name}: columns {columns[found[0]][0]} and {header[j]} both give {found[0]}")
        else:
            columns[found[0]] = (header[j], found[1], values[:, j])
    if "month" not in calendar:
        problems.append(f'{path.name}: there is no column "month"{nearest("month", header)}')
        return None
    if "day" in calendar and "year" not in calendar:
        problems.append(f"{path.name}: days need a column year, too{nearest('year', header)}")
        return None
    return Table(path.name, calendar.get("year"), calendar["month"], columns, unknown, calendar.get("day"))


def _number(cell: str) -> float | None:
    """What a cell says: NaN where it is empty, None where it is not a number."""
    try:
        number = float(cell) if cell.strip() else math.nan
    except ValueError:
        return None
    return None if math.isinf(number) else number


def _also(lines: list[int]) -> str:
    """Further lines in words: the first three, and how many more."""
    if not lines:
        return ""
    more = f" and {len(lines) - 3} more" if len(lines) > 3 else ""
    return f"; likewise in line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines[:3]))}{more}"


def _read_netcdf(path: Path, rename: dict[str, str], problems: list[str]) -> Table | None:
    import xarray as xr

    try:
        source = xr.open_dataset(path, engine="netcdf4")
    except ValueError as error:
        problems.append(f"{path.name}: cannot be read ({error})")
        return None
    with source as data:
        known = [str(name) for name in data.data_vars]
        for old in rename:
            if old not in data.variables:
                problems.append(f'{path.name}: rename: there is no variable "{old}"{nearest(old, known)}')
        data = data.squeeze(drop=True)
        axis = "time" if "time" in data.dims else "month" if "month" in data.dims else None
        if axis is None:
            problems.append(
                f"{path.name}: has neither a time nor a month dimension "
                f"(it has {', '.join(map(str, data.dims)) or 'none'})"
            )
            return None
        year = day = None
        if axis == "time" and not hasattr(data["time"].dt, "month"):
            problems.append(
                f'{path.name}: the time axis has no calendar: give it units such as "days since 1990-01-01"'
            )
            return None
        if axis == "time":
            month = data["time"].dt.month.values.astype(np.float64)
            year = data["time"].dt.year.values.astype(np.float64)
            if np.any((np.diff(month) == 0.0) & (np.diff(year) == 0.0)):
                day = data["time"].dt.day.values.astype(np.float64)
        else:
            month = np.asarray(
                data["month"].values if "month" in data.variables else np.arange(1, data.sizes["month"] + 1),
                dtype=np.float64,
            )
        columns: dict[str, tuple[str, str, np.ndarray]] = {}
        unknown: list[str] = []
        for variable in map(str, data.data_vars):
            found = quantity_and_unit(rename.get(variable, variable))
            if found is None:
                unknown.append(variable)
                continue
            extra = [str(dim) for dim in data[variable].dims if dim != axis]
            if extra:
                problems.append(
                    f"{path.name}: {variable} is a map over {', '.join(extra)}: "
                    "select the point of the reference elevation first"
                )
                continue
            unit = found[1] or "_".join(
                str(data[variable].attrs.get("units", "")).replace("/", " ").replace("*", " ").split()
            )
            if found[0] in columns:
                problems.append(f"{path.name}: variables {columns[found[0]][0]} and {variable} both give {found[0]}")
            values = np.asarray(data[variable].values, dtype=np.float64)
            columns[found[0]] = (variable, unit, np.where(np.isinf(values), math.nan, values))
        return Table(path.name, year, month, columns, unknown, day)


def _assemble(table: Table, problems: list[str]) -> MonthlyForcing | None:
    (check_calendar if table.day is None else check_days)(table, problems)
    has_mean = "temperature" in table.columns
    if not has_mean and not {"temperature_min", "temperature_max"} <= set(table.columns):
        problems.append(
            f"{table.name}: mean temperature is missing: give tmean_degC, or tmin_degC and tmax_degC"
            + hint("tmean_degC", table)
        )
    if "precipitation" not in table.columns:
        problems.append(
            f"{table.name}: precipitation is missing: give precipitation_mm{hint('precipitation_mm', table)}"
        )

    month = np.where((table.month >= 1.0) & (table.month <= 12.0), table.month, 1.0)
    days = DAYS_IN_MONTH[month.astype(np.int64) - 1] if table.day is None else np.ones(month.size)
    converted: dict[str, np.ndarray] = {}
    for quantity, (name, unit, values) in table.columns.items():
        scaled = convert(quantity, unit, values, days)
        if isinstance(scaled, str):
            problems.append(f"{table.name}: {name}: {scaled}")
        else:
            converted[quantity] = scaled
            check_values(table, quantity, name, scaled, problems)
    check_order(table, converted, problems)
    if problems:
        return None
    if table.day is not None:
        table, converted = monthly(table, converted)
        for quantity in set(AMOUNTS) & set(converted):
            check_values(table, quantity, table.columns[quantity][0], converted[quantity], problems)
        if problems:
            return None
    if "wind_10m" in converted:
        converted.setdefault("wind", wind_at_two_metres(converted.pop("wind_10m"), 10.0))
    if "humidity" in converted:
        mean = converted.pop("humidity")
        for extreme in ("humidity_min", "humidity_max"):
            converted.setdefault(extreme, mean)
    if not has_mean:
        converted["temperature"] = 0.5 * (converted["temperature_min"] + converted["temperature_max"])
    order = np.argsort(table.month) if table.year is None else np.arange(table.month.size)
    known = {item.name for item in fields(MonthlyForcing)}
    columns: dict[str, Any] = {
        quantity: np.ascontiguousarray(values[order]) for quantity, values in converted.items() if quantity in known
    }
    return MonthlyForcing(
        **columns,
        first_year=None if table.year is None else int(table.year[0]),
        first_month=1 if table.year is None else int(table.month[0]),
        is_normals=table.year is None,
    )
