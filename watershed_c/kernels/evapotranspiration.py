"""Evaporative demand from radiation, humidity and wind: FAO-56 Penman-Monteith and Priestley-Taylor.

Plain numpy, elementwise: scalars or arrays that broadcast. Radiation in MJ m-2 d-1, temperatures in degC, vapour
pressure in kPa, wind in m s-1, elevation in m, results in mm d-1. Equation numbers are those of Allen et al. (1998),
FAO Irrigation and Drainage Paper 56, unless another source is named.
"""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.climate import WATER_PER_ENERGY

Values = float | np.ndarray

#: ways to potential evapotranspiration and what each needs of a climate table besides mean temperature and rain
INPUTS: dict[str, tuple[str, ...]] = {
    "given": ("pet",),
    "thornthwaite": (),
    "hargreaves": ("temperature_min", "temperature_max"),
    "priestley_taylor": ("temperature_min", "temperature_max", "radiation", "humidity"),
    "penman_monteith": ("temperature_min", "temperature_max", "radiation", "humidity", "wind"),
}
_WORDS = {
    "pet": "potential evapotranspiration (pet_mm)",
    "temperature_min": "mean daily minimum temperature (tmin_degC)",
    "temperature_max": "mean daily maximum temperature (tmax_degC)",
    "radiation": "solar radiation (radiation_MJ_m2_day)",
    "humidity": "humidity (rhmin_% and rhmax_%, humidity_%, or vapour_pressure_kPa)",
    "wind": "wind (wind_2m_m_s or wind_10m_m_s)",
}
#: MJ m-2 d-1 K-4, Stefan-Boltzmann constant (FAO-56 eq. 39)
STEFAN_BOLTZMANN = 4.903e-9
#: K at 0 degC as FAO-56 eq. 39 and annex 3 write it
KELVIN = 273.16
#: albedo of the hypothetical reference grass (FAO-56 eq. 38)
REFERENCE_ALBEDO = 0.23
#: Priestley & Taylor (1972), Mon. Weather Rev. 100, 81: alpha of a large wet surface
PRIESTLEY_TAYLOR = 1.26
#: least value of the cloudiness function 1.35 Rs/Rso - 0.35 (ASCE-EWRI 2005, eq. 18)
LEAST_CLOUDINESS = 0.05
#: MJ m-2 d-1 K-1, soil heat flux of a month per K from the month before to the month after (FAO-56 eq. 43), and per K
#: from the month before where the next one is not known (eq. 44)
SOIL_HEAT, SOIL_HEAT_END = 0.07, 0.14


def lacking(method: str, columns: list[str]) -> list[str]:
    """What a method needs and the columns do not have, in words: with the name of a column and its unit."""
    there = set(columns)
    if "vapour_pressure" in there or {"humidity_min", "humidity_max"} <= there:
        there.add("humidity")
    return [_WORDS[quantity] for quantity in INPUTS[method] if quantity not in there]


def saturation_vapour_pressure(temperature: Values) -> np.ndarray:
    """kPa over water: 0.6108 exp(17.27 T / (T + 237.3)) (eq. 11)."""
    t = np.asarray(temperature, dtype=np.float64)
    return 0.6108 * np.exp(17.27 * t / (t + 237.3))


def vapour_pressure_slope(temperature: Values) -> np.ndarray:
    """kPa K-1, change of saturation vapour pressure with temperature: 4098 e(T) / (T + 237.3)**2 (eq. 13)."""
    t = np.asarray(temperature, dtype=np.float64)
    return 4098.0 * saturation_vapour_pressure(t) / (t + 237.3) ** 2


def psychrometric_constant(elevation: Values) -> np.ndarray:
    """kPa K-1: 0.000665 P, with P = 101.3 ((293 - 0.0065 z) / 293)**5.26 kPa (eq. 7, 8)."""
    z = np.asarray(elevation, dtype=np.float64)
    return 0.000665 * 101.3 * ((293.0 - 0.0065 * z) / 293.0) ** 5.26


def wind_at_two_metres(wind: Values, height: float) -> np.ndarray:
    """m s-1 at 2 m above grass from that at ``height`` m: u 4.87 / ln(67.8 height - 5.42) (eq. 47)."""
    return np.asarray(wind, dtype=np.float64) * (4.87 / np.log(67.8 * height - 5.42))


def actual_vapour_pressure(
    temperature_min: Values, temperature_max: Values, humidity_min: Values, humidity_max: Values
) -> np.ndarray:
    """kPa from mean daily extremes of temperature (degC) and relative humidity (%).

    ``(e(Tmin) humidity_max + e(Tmax) humidity_min) / 200`` (eq. 17); with the mean humidity in place of both it is
    eq. 19.
    """
    low, high = saturation_vapour_pressure(temperature_min), saturation_vapour_pressure(temperature_max)
    return np.asarray((low * humidity_max + high * humidity_min) / 200.0)


def net_radiation(
    radiation: Values,
    extraterrestrial: Values,
    temperature_min: Values,
    temperature_max: Values,
    vapour_pressure: Values,
    elevation: Values,
    slope_ratio: Values = 1.0,
) -> np.ndarray:
    """Net radiation of the reference grass, MJ m-2 d-1.

    Parameters
    ----------
    radiation, extraterrestrial : MJ m-2 d-1
        Solar radiation on the horizontal, at the ground and above the atmosphere.
    temperature_min, temperature_max : degC
    vapour_pressure : kPa
    elevation : m
    slope_ratio : -
        Solar radiation of the place per that on the horizontal: multiplies the shortwave part only.

    Notes
    -----
    Eq. 37-40; Rso is the radiation of a clear sky::

        Rn  = 0.77 Rs - 4.903e-9 (Tmax**4 + Tmin**4) / 2 (0.34 - 0.14 ea**0.5) (1.35 Rs / Rso - 0.35)
        Rso = (0.75 + 2e-5 z) Ra

    Rs / Rso is at most 1 (also where the sun does not rise), and the last bracket at least 0.05 (ASCE-EWRI 2005).
    """
    clear = (0.75 + 2e-5 * np.asarray(elevation, dtype=np.float64)) * extraterrestrial
    clearness = np.minimum(np.asarray(radiation) / np.where(clear > 0.0, clear, 1e-9), 1.0)
    clearness = np.where(clear > 0.0, clearness, 1.0)
    cloudiness = np.maximum(1.35 * clearness - 0.35, LEAST_CLOUDINESS)
    emitted = 0.5 * ((np.asarray(temperature_max) + KELVIN) ** 4 + (np.asarray(temperature_min) + KELVIN) ** 4)
    longwave = STEFAN_BOLTZMANN * emitted * (0.34 - 0.14 * np.sqrt(vapour_pressure)) * cloudiness
    return (1.0 - REFERENCE_ALBEDO) * np.asarray(radiation) * slope_ratio - longwave


def soil_heat_flux(temperature: np.ndarray, *, cyclic: bool) -> np.ndarray:
    """(T,) heat that goes into the soil in each month, MJ m-2 d-1.

    Parameters
    ----------
    temperature : (T,) degC, mean of each month
    cyclic : bool
        Twelve normals: December is followed by January.

    Notes
    -----
    0.07 (T of the next month - T of the one before) (eq. 43); the last month of a record takes 0.14 (T - T of the one
    before) (eq. 44), the first the same with the next one.
    """
    t = np.asarray(temperature, dtype=np.float64)
    if cyclic:
        return SOIL_HEAT * (np.roll(t, -1) - np.roll(t, 1))
    flux = np.zeros_like(t)
    if t.size > 1:
        flux[1:-1] = SOIL_HEAT * (t[2:] - t[:-2])
        flux[0], flux[-1] = SOIL_HEAT_END * (t[1] - t[0]), SOIL_HEAT_END * (t[-1] - t[-2])
    return flux


def penman_monteith(
    temperature: Values,
    temperature_min: Values,
    temperature_max: Values,
    net: Values,
    heat: Values,
    wind: Values,
    vapour_pressure: Values,
    elevation: Values,
) -> np.ndarray:
    """Reference evapotranspiration of FAO-56, mm d-1.

    Parameters
    ----------
    temperature, temperature_min, temperature_max : degC
    net, heat : MJ m-2 d-1
        Net radiation and soil heat flux.
    wind : m s-1 at 2 m
    vapour_pressure : kPa
        At most that of saturation counts.
    elevation : m

    Notes
    -----
    Eq. 6, never below zero (dew is no demand); s the slope of the vapour pressure curve, g the psychrometric constant,
    es the mean of saturation at Tmin and Tmax::

        ET0 = (0.408 s (Rn - G) + g 900 / (T + 273) u2 (es - ea)) / (s + g (1 + 0.34 u2))
    """
    slope, psychrometric = vapour_pressure_slope(temperature), psychrometric_constant(elevation)
    saturation = 0.5 * (saturation_vapour_pressure(temperature_min) + saturation_vapour_pressure(temperature_max))
    deficit = np.maximum(saturation - vapour_pressure, 0.0)
    aerodynamic = psychrometric * 900.0 / (np.asarray(temperature) + 273.0) * wind * deficit
    demand = WATER_PER_ENERGY * slope * (np.asarray(net) - heat) + aerodynamic
    return np.maximum(demand / (slope + psychrometric * (1.0 + 0.34 * np.asarray(wind))), 0.0)


def priestley_taylor(temperature: Values, net: Values, heat: Values, elevation: Values) -> np.ndarray:
    """Potential evapotranspiration of a large wet surface, mm d-1.

    Priestley & Taylor (1972), with latent heat 2.501 - 0.002361 T MJ kg-1 (FAO-56 annex 3, eq. 3-1); never below zero::

        PET = 1.26 s / (s + g) (Rn - G) / (2.501 - 0.002361 T)
    """
    slope = vapour_pressure_slope(temperature)
    latent = 2.501 - 0.002361 * np.asarray(temperature, dtype=np.float64)
    energy = (np.asarray(net) - heat) / latent
    return np.maximum(PRIESTLEY_TAYLOR * slope / (slope + psychrometric_constant(elevation)) * energy, 0.0)
