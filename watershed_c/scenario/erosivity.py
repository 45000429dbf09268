"""From a series of rain to the erosivity of the mean year."""

from __future__ import annotations

import numpy as np

from watershed_c.io.rain_series import RainSeries, RainSeriesError, read_rain_series
from watershed_c.kernels.climate import DAYS_IN_MONTH
from watershed_c.kernels.rainfall_erosivity import DAILY_EXPONENT, ENERGIES, daily_erosivity, storm_erosivity
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.schema import ErosivityTable

#: longest interval of rain from which 30-minute intensity can be had, h
LONGEST_INTERVAL = 0.5
#: years of rain below which R says little (Wischmeier & Smith 1978: 22 years)
FEW_YEARS = 15.0


def erosivity_of_series(check: Checker) -> np.ndarray | None:
    """(12,) erosivity of the months of the mean year, MJ mm ha-1 h-1; None where there is no series, or a problem."""
    table = check.scenario.climate.erosivity
    if table.series is None:
        return None
    key = ("climate", "erosivity", "series")
    try:
        series = read_rain_series(check.path(table.series))
    except RainSeriesError as error:
        check.add(key, table.series, f"{error}.")
        return None
    if table.method == "storms" and series.interval > LONGEST_INTERVAL + 1e-6:
        check.add(
            key, table.series, f"has intervals of {60.0 * series.interval:g} minutes; storms need 30 or less.",
            'With rain of days use method = "daily".',
        )  # fmt: skip
        return None
    if table.method == "daily" and abs(series.interval - 24.0) > 1e-6:
        check.add(key, table.series, f"has intervals of {series.interval:g} h; daily needs days.")
        return None
    covered = series.days_of_months()
    if (years := covered.sum() / 365.25) < FEW_YEARS:
        check.warnings.append(f"climate.erosivity: {years:.1f} years of rain are few for a mean erosivity")
    found = of_storms(series, table) if table.method == "storms" else of_days(series, table)
    months = np.bincount(series.month, weights=found, minlength=12)
    return months / covered * DAYS_IN_MONTH


def of_storms(series: RainSeries, table: ErosivityTable) -> np.ndarray:
    """EI30 laid on the interval in which each storm begins, (T,)."""
    found = np.zeros(series.rain.size)
    storm_erosivity(series.hours, series.rain, series.interval, ENERGIES.index(table.energy), found)
    return found


def of_days(series: RainSeries, table: ErosivityTable) -> np.ndarray:
    """EI30 of each day, (T,)."""
    assert table.coefficient is not None
    by_month = np.broadcast_to(np.array(table.coefficient), 12)
    exponent = DAILY_EXPONENT if table.exponent is None else table.exponent
    return daily_erosivity(series.rain, by_month[series.month], exponent, table.least_rain)
