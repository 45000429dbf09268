"""Partial pressure of CO2 in soil air from steady production and diffusion."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from watershed_c.kernels.carbonate import MOLAR_MASS_CARBON, ZERO_CELSIUS

#: s, Julian year of 365.25 days
SECONDS_PER_YEAR = 31_557_600.0
#: J mol-1 K-1, molar gas constant (CODATA 2018)
GAS_CONSTANT = 8.314462618
#: Pa, standard atmosphere
STANDARD_PRESSURE = 101_325.0
#: m2 s-1, diffusivity of CO2 in air at 0 degC and 1 atm (Massman 1998, Atmos. Environ. 32, 1111-1127)
DIFFUSIVITY_IN_AIR = 1.381e-5
#: exponent of its dependence on absolute temperature (Massman 1998)
DIFFUSIVITY_EXPONENT = 1.81
#: diffusivity in saturated soil relative to air: CO2 diffuses about 1e4 times more slowly in water
SATURATED_DIFFUSIVITY = 1e-4
#: kg m-3, water
WATER_DENSITY = 1000.0


@njit(cache=True, nogil=True)
def soil_carbon_dioxide(
    cells: np.ndarray,
    heterotrophic: np.ndarray,
    root_ratio: float,
    plant_cover: np.ndarray,
    root_fraction: np.ndarray,
    unit: np.ndarray,
    dt: float,
    water: np.ndarray,
    saturation: np.ndarray,
    thickness: np.ndarray,
    temperature: np.ndarray,
    layer_temperature: np.ndarray,
    ambient: float,
    ceiling: float,
    carbon_dioxide: np.ndarray,
) -> None:
    """Partial pressure of CO2 at mid-depth of each layer.

    Parameters
    ----------
    cells
        (m,) int64 node ids.
    heterotrophic
        (n, L) CO2 produced by decomposition in the step, kg C m-2.
    root_ratio
        Root respiration under full plant cover as a multiple of the column's heterotrophic CO2.
    plant_cover, root_fraction
        (U,) share of the soil that is covered by plants, and (U, L) share of the roots in each layer, rows
        summing to 1.
    unit
        (n,) int64, row of each node in the two.
    dt
        Step, yr.
    water, saturation
        (n, L) water and water at saturation, kg m-2.
    thickness
        (L,) m, > 0.
    temperature, layer_temperature
        (n,) air temperature, and (L,) what soil temperature adds to it in each layer, degC.
    ambient, ceiling
        CO2 in the air above, and the highest value passed on, as mole fractions.
    carbon_dioxide
        (n, L) filled: partial pressure, atm.

    Notes
    -----
    Steady one-dimensional production and diffusion (Cerling 1984, Earth Planet. Sci. Lett. 71, 229-240) with
    no flux at the base of the profile: the upward flux F at depth z is what is produced below z. With x the
    mole fraction, S_i the production of layer i (uniform within it), B_i that of the layers below it and h_i
    its thickness::

        x(z) = ambient + integral_0^z F R T / (P Ds) dz
        across layer i:        (B_i + S_i / 2) h_i R T_i / (P Ds_i)
        to its mid-depth:      (B_i / 2 + 3 S_i / 8) h_i R T_i / (P Ds_i)
        Ds = D0 (T / 273.15)^1.81 max(e^(10/3) / f^2, 1e-4)

    with e the air-filled porosity, f = saturation / (1000 h) the porosity (Millington & Quirk 1961, Trans.
    Faraday Soc. 57, 1200-1207) and P one standard atmosphere.
    """
    layers = water.shape[1]
    resistance_in_air = GAS_CONSTANT * ZERO_CELSIUS / (STANDARD_PRESSURE * DIFFUSIVITY_IN_AIR)
    to_moles = 1.0 / (MOLAR_MASS_CARBON * SECONDS_PER_YEAR * dt)
    for cell in cells:
        respired = 0.0
        for layer in range(layers):
            respired += heterotrophic[cell, layer]
        row = unit[cell]
        root = root_ratio * plant_cover[row] * respired
        below = (respired + root) * to_moles
        fraction = ambient
        warmth = 1.0
        for layer in range(layers):
            depth = thickness[layer]
            production = (heterotrophic[cell, layer] + root * root_fraction[row, layer]) * to_moles
            below = max(below - production, 0.0)
            per_water = 1.0 / (WATER_DENSITY * depth)
            porosity = saturation[cell, layer] * per_water
            air = (saturation[cell, layer] - water[cell, layer]) * per_water
            hindrance = 1.0 / SATURATED_DIFFUSIVITY
            if air > 0.0:
                hindrance = min(hindrance, porosity * porosity * math.exp(-10.0 / 3.0 * math.log(air)))
            if layer == 0 or layer_temperature[layer] != layer_temperature[layer - 1]:
                kelvin = temperature[cell] + layer_temperature[layer] + ZERO_CELSIUS
                warmth = math.exp((1.0 - DIFFUSIVITY_EXPONENT) * math.log(kelvin / ZERO_CELSIUS))
            resistance = depth * resistance_in_air * warmth * hindrance
            carbon_dioxide[cell, layer] = min(
                fraction + (0.5 * below + 0.375 * production) * resistance, ceiling
            )
            fraction += (below + 0.5 * production) * resistance
