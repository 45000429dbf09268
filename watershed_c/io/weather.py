"""What is made of a climate record before a run: another climate, a trend, generated weather."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from watershed_c.io.climate import MonthlyForcing
from watershed_c.kernels.weather import generate

#: years of climate normals (WMO)
NORMAL_YEARS = 30
Change = float | np.ndarray
_TEMPERATURES = ("temperature", "temperature_min", "temperature_max")


def change(
    forcing: MonthlyForcing,
    *,
    temperature: Change = 0.0,
    precipitation: Change = 0.0,
    pet: Change = 0.0,
    erosivity: Change = 0.0,
) -> MonthlyForcing:
    """The record under another climate: K added to temperatures, per cent to the others.

    Each change is one number, or twelve by calendar month from January on. A prescribed ``pet`` or ``erosivity`` does
    not follow temperature and rain by itself: give its own change, or leave it out of the table so that it is
    computed. Raises ValueError where per cent is below -100.
    """
    for name, percent in (("precipitation", precipitation), ("pet", pet), ("erosivity", erosivity)):
        if (least := float(np.min(percent))) < -100.0:
            raise ValueError(f"{name} cannot change by {least:g} %: -100 % is none left")
    names = (np.arange(len(forcing)) + forcing.first_month - 1) % 12
    kelvin, rain, demand, erosive = (
        np.broadcast_to(np.asarray(values, dtype=np.float64), 12)[names]
        for values in (temperature, precipitation, pet, erosivity)
    )
    return _changed(forcing, kelvin, precipitation=rain, pet=demand, erosivity=erosive)


def _changed(forcing: MonthlyForcing, kelvin: np.ndarray, **percent: np.ndarray) -> MonthlyForcing:
    """The record with K added to temperatures and per cent to columns, (T,) each; what is not there stays so."""
    columns = {name: getattr(forcing, name) for name in (*_TEMPERATURES, *percent)}
    changed = {
        name: values + kelvin if name in _TEMPERATURES else values * (1.0 + percent[name] / 100.0)
        for name, values in columns.items()
        if values is not None
    }
    return replace(forcing, **changed)


def normal_years(forcing: MonthlyForcing) -> int:
    """Years at the beginning of a record whose means are its normals: 30, or all if there are fewer."""
    return max(1, min(NORMAL_YEARS, len(forcing) // 12))


def normals(forcing: MonthlyForcing) -> MonthlyForcing:
    """The climate before a record: what it says of that, else the means of the months over its first years.

    In it a run finds its initial carbon, before its first month.
    """
    if forcing.is_normals:
        return forcing
    return forcing.before or means(forcing, normal_years(forcing))


def means(forcing: MonthlyForcing, years: int) -> MonthlyForcing:
    """Means of the months over the first years of a record."""
    series: dict[str, Any] = {
        name: values[: 12 * years]
        for name, values in vars(forcing).items()
        if isinstance(values, np.ndarray) and name != "rain_shares"
    }
    record = replace(forcing, rain_shares=None, **series)
    columns: dict[str, Any] = {name: record.climatology(values) for name, values in series.items()}
    return MonthlyForcing(**columns)


def as_series(forcing: MonthlyForcing, start: int, months: int) -> MonthlyForcing:
    """Normals month after month, from ``start`` (months since year 0), and what held before. A series as it is."""
    if not forcing.is_normals:
        return forcing
    rows = (start + np.arange(months)) % 12
    series: dict[str, Any] = {
        name: values[rows] for name, values in vars(forcing).items() if isinstance(values, np.ndarray)
    }
    series |= {"first_year": start // 12, "first_month": start % 12 + 1, "is_normals": False}
    return replace(forcing, **series, before=forcing.before or forcing)


def trend(
    forcing: MonthlyForcing, start: int, *, temperature: Change = 0.0, precipitation: Change = 0.0
) -> MonthlyForcing:
    """A series whose climate drifts: K and per cent per decade, one number or twelve by calendar month.

    Nothing before the month ``start`` (since year 0); from there the change grows in a straight line, by a tenth of its
    decade a year. Rain does not fall below nothing. Before the record its climate is without the trend.
    """
    assert forcing.first_year is not None
    months = forcing.first_year * 12 + forcing.first_month - 1 + np.arange(len(forcing))
    decades = np.maximum(months - start, 0) / 120.0
    kelvin, percent = (
        np.broadcast_to(np.asarray(values, dtype=np.float64), 12)[months % 12] * decades
        for values in (temperature, precipitation)
    )
    drifting = _changed(forcing, kelvin, precipitation=np.maximum(percent, -100.0))
    return replace(drifting, before=normals(forcing))


def generated(
    normals: MonthlyForcing, start: int, months: int, *, seed: int, wet_days: np.ndarray, persistence: float,
    shape: float, every_month: bool, temperature_deviation: float,
) -> MonthlyForcing:  # fmt: skip
    """A series of random months around twelve normals (:func:`watershed_c.kernels.weather.generate`).

    ``start`` in months since year 0; ``wet_days`` (12,) normals. What is not drawn keeps its normals; before the series
    the normals hold.
    """
    rain, wet, departure = generate(
        seed, start, months, normals.precipitation, wet_days, persistence=persistence, shape=shape,
        every_month=every_month, temperature_deviation=temperature_deviation,
    )  # fmt: skip
    series = as_series(replace(normals, wet_days=wet_days), start, months)
    return replace(_changed(series, departure), precipitation=rain, wet_days=wet, rain_shares=None)
