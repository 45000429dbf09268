"""Climate of a cell from the climate of a station: lapse, evaporative demand, erosivity, snow, soil temperature.

Plain numpy: a few array operations a step, nothing worth compiling. Months are numbered 0-11.
"""

from __future__ import annotations

import numpy as np

#: days of each month; February 28.25, so that a year has 365.25
DAYS_IN_MONTH = np.array([31.0, 28.25, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0])
#: K m-1, environmental lapse rate of the standard atmosphere (ISO 2533:1975); monthly means range from -0.004
#: to -0.007
LAPSE_RATE = -0.0065
#: s in a year of 365.25 days
SECONDS_PER_YEAR = 31557600.0
#: MJ m-2 min-1, solar constant (Allen et al. 1998, FAO-56 eq. 21)
SOLAR_CONSTANT = 0.0820
#: mm of water per MJ m-2: inverse of the latent heat of vaporisation (Allen et al. 1998, FAO-56 eq. 20)
WATER_PER_ENERGY = 0.408
#: degC, precipitation is all snow at or below, all rain at or above: linear between (see
#: docs/processes/climate.md)
ALL_SNOW, ALL_RAIN = -1.0, 3.0
#: m, depth to which soil has the temperature of the air: RothC's calibration depth (coupling rule 10)
PLOUGH_DEPTH = 0.23

_FIRST_DAY = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365])


# -- elevation --
def lapse_offset(elevation: np.ndarray, reference_elevation: float, lapse_rate: float = LAPSE_RATE) -> np.ndarray:
    """K to add to the temperature at ``reference_elevation`` (m): lapse_rate (K m-1) x height above it."""
    return lapse_rate * (np.asarray(elevation, dtype=np.float64) - reference_elevation)


def precipitation_factor(elevation: np.ndarray, reference_elevation: float, gradient: float) -> np.ndarray:
    """Precipitation per that at ``reference_elevation`` (m): 1 + gradient (m-1) x height above it, never < 0."""
    return np.maximum(0.0, 1.0 + gradient * (np.asarray(elevation, dtype=np.float64) - reference_elevation))


# -- sun --
def _sunset(latitude: float, day_of_year: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Declination and sunset hour angle, rad (FAO-56 eq. 24, 25); 0 in polar night, pi in polar day."""
    declination = 0.409 * np.sin(2.0 * np.pi * day_of_year / 365.0 - 1.39)
    hour_angle = np.arccos(np.clip(-np.tan(np.radians(latitude)) * np.tan(declination), -1.0, 1.0))
    return declination, hour_angle


def extraterrestrial_radiation(latitude: float, day_of_year: np.ndarray) -> np.ndarray:
    """Daily radiation above the atmosphere, MJ m-2 d-1.

    Allen et al. (1998), FAO-56 eq. 21-25, latitude in degrees (south negative)::

        Ra = 1440/pi Gsc dr (ws sin(phi) sin(delta) + cos(phi) cos(delta) sin(ws))
    """
    day = np.asarray(day_of_year, dtype=np.float64)
    declination, hour_angle = _sunset(latitude, day)
    phi = np.radians(latitude)
    distance = 1.0 + 0.033 * np.cos(2.0 * np.pi * day / 365.0)
    geometry = hour_angle * np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.sin(hour_angle)
    return 1440.0 / np.pi * SOLAR_CONSTANT * distance * geometry


def daylight_hours(latitude: float, day_of_year: np.ndarray) -> np.ndarray:
    """Hours between sunrise and sunset: N = 24 ws / pi (FAO-56 eq. 34); latitude in degrees."""
    return 24.0 / np.pi * _sunset(latitude, np.asarray(day_of_year, dtype=np.float64))[1]


def mean_of_month(daily: np.ndarray) -> np.ndarray:
    """(12,) means over the days of each month of a (365,) daily series."""
    return np.add.reduceat(daily, _FIRST_DAY[:-1]) / np.diff(_FIRST_DAY)


def monthly_radiation(latitude: float) -> np.ndarray:
    """(12,) mean extraterrestrial radiation of the months, MJ m-2 d-1."""
    return mean_of_month(extraterrestrial_radiation(latitude, np.arange(1.0, 366.0)))


def solar_radiation(temperature_min: np.ndarray, temperature_max: np.ndarray, radiation: np.ndarray) -> np.ndarray:
    """Solar radiation on the ground, in the unit of ``radiation``, that above the atmosphere.

    Hargreaves & Samani (1982), FAO-56 eq. 50, inland: ``Rs = 0.16 (Tmax - Tmin)**0.5 Ra``.
    """
    return 0.16 * np.sqrt(np.maximum(temperature_max - temperature_min, 0.0)) * radiation


def monthly_daylight(latitude: float) -> np.ndarray:
    """(12,) mean hours of daylight of the months."""
    return mean_of_month(daylight_hours(latitude, np.arange(1.0, 366.0)))


# -- potential evapotranspiration --
def heat_index(temperature: np.ndarray) -> np.ndarray:
    """Thornthwaite's annual heat index of twelve normal mean temperatures.

    Parameters
    ----------
    temperature : (12, ...) degC

    Notes
    -----
    Thornthwaite (1948), Geogr. Rev. 38, 55: I = sum over months with T > 0 of (T/5)**1.514.
    """
    return np.sum((np.maximum(temperature, 0.0) / 5.0) ** 1.514, axis=0)


def thornthwaite(
    temperature: np.ndarray, heat: np.ndarray, daylight: float | np.ndarray, days: float | np.ndarray
) -> np.ndarray:
    """Potential evapotranspiration of a month, mm.

    Parameters
    ----------
    temperature : array, degC
        Mean of the month.
    heat : array
        Heat index of the place (:func:`heat_index`), from its normals.
    daylight : hours, mean of the month
    days : days in the month

    Notes
    -----
    Thornthwaite (1948); above 26.5 degC the polynomial of Willmott, Rowe & Mintz (1985), J. Climatol. 5,
    589::

        PET = 16 (10 T / I)**a  N/12  d/30,     a = 6.75e-7 I**3 - 7.71e-5 I**2 + 1.792e-2 I + 0.49239
        PET = (-415.85 + 32.24 T - 0.43 T**2)  N/12  d/30        where T >= 26.5
        PET = 0                                                  where T <= 0
    """
    t = np.asarray(temperature, dtype=np.float64)
    heat = np.asarray(heat, dtype=np.float64)
    exponent = ((6.75e-7 * heat - 7.71e-5) * heat + 1.792e-2) * heat + 0.49239
    warm = np.maximum(t, 0.0)
    # a place whose normals are all below zero has no heat index; its rare warm month would divide by zero
    power = 16.0 * (10.0 * warm / np.where(heat > 0.0, heat, np.inf)) ** exponent
    hot = np.minimum(t, 32.24 / 0.86)  # the parabola's maximum, at 37.5 degC: demand does not fall when it gets hotter
    standard = np.where(t >= 26.5, -415.85 + 32.24 * hot - 0.43 * hot * hot, power)
    return standard * (daylight / 12.0) * (days / 30.0)


def hargreaves_samani(
    temperature: np.ndarray,
    temperature_min: np.ndarray,
    temperature_max: np.ndarray,
    radiation: float | np.ndarray,
) -> np.ndarray:
    """Reference evapotranspiration, mm d-1.

    Hargreaves & Samani (1985), FAO-56 eq. 52; Ra = ``radiation`` in MJ m-2 d-1, temperatures in degC::

        ET0 = 0.0023 (Tmean + 17.8) (Tmax - Tmin)**0.5  0.408 Ra
    """
    spread = np.sqrt(np.maximum(np.asarray(temperature_max) - np.asarray(temperature_min), 0.0))
    return 0.0023 * WATER_PER_ENERGY * radiation * np.maximum(np.asarray(temperature) + 17.8, 0.0) * spread


# -- snow and erosivity --
def snow_fraction(temperature: np.ndarray) -> np.ndarray:
    """Share of precipitation that falls as snow: 1 at -1 degC and below, 0 at 3 degC and above, linear between."""
    return np.clip((ALL_RAIN - np.asarray(temperature, dtype=np.float64)) / (ALL_RAIN - ALL_SNOW), 0.0, 1.0)


def rain_factor(temperature: np.ndarray) -> np.ndarray:
    """Share of its erosivity that a month keeps (rule 24): 0 below 0 degC (frozen), else the share of rain."""
    t = np.asarray(temperature, dtype=np.float64)
    return np.where(t < 0.0, 0.0, 1.0 - snow_fraction(t))


def snow_balance(
    precipitation: np.ndarray,
    temperature: np.ndarray,
    snow: np.ndarray,
    degree_day_factor: float | np.ndarray,
    dt: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Snow at the end of the step and water that reaches the soil, kg m-2.

    Parameters
    ----------
    precipitation : (n,) kg m-2 in the step
    temperature : (n,) degC, mean of the step
    snow : (n,) kg m-2, at the start
    degree_day_factor : float or (n,), kg m-2 K-1 d-1
    dt : yr

    Notes
    -----
    Degree-day melt (Hock 2003, J. Hydrol. 282, 104) of what lay at the start and what fell:
    melt = min(snow + snowfall, degree_day_factor x max(T, 0) x days). snow' + liquid = snow + precipitation.
    """
    snowfall = precipitation * snow_fraction(temperature)
    available = snow + snowfall
    melt = np.minimum(available, degree_day_factor * np.maximum(temperature, 0.0) * dt * 365.25)
    return available - melt, (precipitation - snowfall) + melt


def renard_freimund(precipitation: np.ndarray) -> np.ndarray:
    """Annual rainfall erosivity from twelve normal precipitations.

    Parameters
    ----------
    precipitation : (12, ...) mm per month

    Returns
    -------
    array, MJ mm ha-1 h-1 yr-1

    Notes
    -----
    Renard & Freimund (1994), J. Hydrol. 157, 287, with the modified Fournier index F = sum p**2 / P::

        R = 0.7397 F**1.847                         F < 55 mm
        R = 95.77 - 6.081 F + 0.4770 F**2           F >= 55 mm
    """
    p = np.asarray(precipitation, dtype=np.float64)
    total = np.sum(p, axis=0)
    fournier = np.sum(p * p, axis=0) / np.where(total > 0.0, total, 1.0)
    return np.where(fournier < 55.0, 0.7397 * fournier**1.847, 95.77 - 6.081 * fournier + 0.4770 * fournier**2)


def renard_freimund_annual(precipitation: float | np.ndarray) -> np.ndarray:
    """Annual rainfall erosivity, MJ mm ha-1 h-1 yr-1, from annual precipitation P, mm.

    Renard & Freimund (1994), J. Hydrol. 157, 287: where nothing is known of the months::

        R = 0.0483 P**1.610                         P < 850 mm
        R = 587.8 - 1.219 P + 0.004105 P**2         P >= 850 mm
    """
    p = np.asarray(precipitation, dtype=np.float64)
    return np.where(p < 850.0, 0.0483 * p**1.610, 587.8 - 1.219 * p + 0.004105 * p * p)


def monthly_erosivity(annual: float, precipitation: np.ndarray) -> np.ndarray:
    """Distribute an annual mean erosivity over the months of a record, in proportion to p**2.

    Parameters
    ----------
    annual : MJ mm ha-1 h-1 yr-1, mean over the record
    precipitation : (T,) mm per month

    Returns
    -------
    (T,) MJ mm ha-1 h-1 in the month
        Twelve times its mean is ``annual``: wet years are more erosive than dry ones and the long-term mean
        is kept.

    Notes
    -----
    p**2 is the share of a month in the modified Fournier index (Arnoldus 1977), on which
    :func:`renard_freimund` rests.
    """
    squares = np.asarray(precipitation, dtype=np.float64) ** 2
    mean = squares.mean()
    return annual / 12.0 * (squares / mean if mean > 0.0 else np.ones_like(squares))


# -- soil temperature --
def damping_depth(diffusivity: float) -> float:
    """m, depth at which the annual wave has fallen to 1/e: sqrt(2 diffusivity / omega), diffusivity in m2 s-1."""
    return float(np.sqrt(diffusivity * SECONDS_PER_YEAR / np.pi))


def annual_harmonic(temperature: np.ndarray) -> tuple[float, float, float]:
    """Mean (degC), amplitude (K) and phase (rad) of the first harmonic of twelve monthly temperatures.

    T(t) = mean + amplitude cos(2 pi t - phase), t in years from 1 January; month m is centred on (m + 1/2) / 12.
    """
    months = np.asarray(temperature, dtype=np.float64)
    angle = 2.0 * np.pi * (np.arange(12) + 0.5) / 12.0
    cosine, sine = months @ np.cos(angle) / 6.0, months @ np.sin(angle) / 6.0
    return float(months.mean()), float(np.hypot(cosine, sine)), float(np.arctan2(sine, cosine))


def layer_temperature(
    air_temperature: float,
    month: float,
    mean: float,
    amplitude: float,
    phase: float,
    layer_top: np.ndarray,
    layer_bottom: np.ndarray,
    damping: float,
    plough_depth: float = PLOUGH_DEPTH,
) -> np.ndarray:
    """Temperature of each soil layer in a month, degC.

    Parameters
    ----------
    air_temperature : degC, mean of the month
    month : 0-11 (a fraction is a moment between mid-months)
    mean, amplitude, phase : degC, K, rad
        Of the annual wave at the surface (:func:`annual_harmonic`).
    layer_top, layer_bottom : (L,) m
    damping : m, :func:`damping_depth`
    plough_depth : m
        Above it soil has the temperature of the air, as the pool models were calibrated (rule 10).

    Notes
    -----
    Carslaw & Jaeger (1959), section 2.6, T(z, t) = mean + amplitude exp(-z/d) cos(2 pi t - phase - z/d), averaged
    over the part of the layer below ``plough_depth``, and weighted with the air temperature of the part above.
    Averages over depth are exact, so splitting a layer changes nothing.
    """
    top, bottom = np.asarray(layer_top, dtype=np.float64), np.asarray(layer_bottom, dtype=np.float64)
    upper = np.maximum(top, plough_depth)
    lower = np.maximum(bottom, plough_depth)
    wave = amplitude * np.exp(1j * (2.0 * np.pi * (month + 0.5) / 12.0 - phase))
    decay = (1.0 + 1.0j) / damping
    below = mean * (lower - upper) + (wave * (np.exp(-decay * upper) - np.exp(-decay * lower)) / decay).real
    above = air_temperature * (np.minimum(bottom, plough_depth) - np.minimum(top, plough_depth))
    return (above + below) / (bottom - top)
