"""Partial pressure of CO2 in soil air from steady production and diffusion."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.polynomial import Chebyshev, Polynomial

from watershed_c.kernels.calcite import MOLAR_MASS_CARBON, ZERO_CELSIUS

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

#: degC, middle and half of the range in which the polynomial below is right to 2e-9; beyond, it only gets coarser
_MIDDLE, _HALF_RANGE = 5.0, 55.0


def _warmth() -> tuple[float, ...]:
    """Coefficients, highest first, of (T / T0)^(1 - 1.81), T0 = 273.15 K, in (degC - middle) / half range."""
    domain = [_MIDDLE - _HALF_RANGE, _MIDDLE + _HALF_RANGE]
    fitted = Chebyshev.interpolate(lambda t: (1.0 + t / ZERO_CELSIUS) ** (1.0 - DIFFUSIVITY_EXPONENT), 8, domain)
    return tuple(float(c) for c in fitted.convert(domain=domain, kind=Polynomial, window=[-1, 1]).coef[::-1])


_WARMTH = _warmth()


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
        Ds = D0 (T / 273.15)^1.81 max(e^2.5 / f, 1e-4)

    with e the air-filled porosity, f = saturation / (1000 h) the porosity and P one standard atmosphere. e^2.5 / f =
    e^1.5 (e / f) is the dry medium of Marshall (1959, J. Soil Sci. 10, 79-82) with the water-induced linear reduction
    of Moldrup et al. (2000, Soil Sci. Soc. Am. J. 64, 1588-1594), measured on soils of 6 to 38 % clay. Millington &
    Quirk (1961), e^(10/3) / f^2, closes wet soil 2 to 5 times as much.
    """
    layers = water.shape[1]
    resistance_in_air = GAS_CONSTANT * ZERO_CELSIUS / (STANDARD_PRESSURE * DIFFUSIVITY_IN_AIR)
    to_moles = 1.0 / (MOLAR_MASS_CARBON * SECONDS_PER_YEAR * dt)
    per_depth = 1.0 / (WATER_DENSITY * thickness)
    resistance = np.empty(layers)
    for cell in cells:
        respired = 0.0
        # independent of each other, unlike the flux through them: many at a time
        for layer in range(layers):
            respired += heterotrophic[cell, layer]
            porosity = saturation[cell, layer] * per_depth[layer]
            air = max((saturation[cell, layer] - water[cell, layer]) * per_depth[layer], 0.0)
            open_to_gas = max(air * air * math.sqrt(air), SATURATED_DIFFUSIVITY * porosity)
            span = (temperature[cell] + layer_temperature[layer] - _MIDDLE) * (1.0 / _HALF_RANGE)
            warmth = 0.0
            for coefficient in _WARMTH:
                warmth = warmth * span + coefficient
            resistance[layer] = thickness[layer] * resistance_in_air * warmth * porosity / open_to_gas
        row = unit[cell]
        root = root_ratio * plant_cover[row] * respired
        below = (respired + root) * to_moles
        fraction = ambient
        for layer in range(layers):
            production = (heterotrophic[cell, layer] + root * root_fraction[row, layer]) * to_moles
            below = max(below - production, 0.0)
            carbon_dioxide[cell, layer] = min(
                fraction + (0.5 * below + 0.375 * production) * resistance[layer], ceiling
            )
            fraction += (below + 0.5 * production) * resistance[layer]
