"""Sub-factors of the RUSLE cover-management factor, C = PLU CC SC SR (Renard et al. 1997, Agriculture Handbook 703).

Plain numpy: evaluated per management unit and day when a run begins, never per cell. Soil moisture (SM) is left out.
"""

from __future__ import annotations

import numpy as np

#: random roughness of the smooth unit plot, mm (0.24 in; AH703)
SMOOTH_ROUGHNESS = 6.096
#: effectiveness of surface cover, per % (AH703: 0.025 interrill to 0.07 rill-dominated; 0.035 ordinary cropland)
COVER_EFFECTIVENESS = 0.035
#: rain of half a month at which moisture no longer limits decay of residues, mm (cfactor, watem-sedem)
OPTIMUM_HALF_MONTH_RAIN = 25.76
#: optimum temperature of decay, and the offset below zero at which it stops, degC (AH703)
OPTIMUM_TEMPERATURE, FROZEN_OFFSET = 37.0, 7.76


def canopy_subfactor(canopy_cover: np.ndarray, fall_height: np.ndarray) -> np.ndarray:
    """CC = 1 - Fc exp(-0.328 H).

    Parameters
    ----------
    canopy_cover : Fc, 0-1
    fall_height : H, m
        Height from which drops fall after striking the canopy.
    """
    return 1.0 - canopy_cover * np.exp(-0.328 * fall_height)


def residue_ground_cover(coverage: np.ndarray) -> np.ndarray:
    """Share of ground under residues, 1 - exp(-coverage); coverage: sum of alpha (m2 kg-1) x mass (kg m-2)."""
    return -np.expm1(-coverage)


def surface_cover_subfactor(ground_cover: np.ndarray, roughness: np.ndarray) -> np.ndarray:
    """SC = exp(-b Sp (6.096 / Ru)^0.08), with Sp the ground cover in % (given here 0-1) and Ru in mm."""
    return np.exp(-COVER_EFFECTIVENESS * 100.0 * ground_cover * (SMOOTH_ROUGHNESS / roughness) ** 0.08)


def cover_effectiveness(roughness: np.ndarray) -> np.ndarray:
    """100 b (6.096 / Ru)^0.08, by which SC falls per share of the ground that is covered; Ru in mm."""
    return np.asarray(COVER_EFFECTIVENESS * 100.0 * (SMOOTH_ROUGHNESS / roughness) ** 0.08)


def ground_cover_of(cover_factor: np.ndarray) -> np.ndarray:
    """Ground cover (0-1) that alone would give a cover factor: SC solved for Sp on smooth soil, at most 1."""
    return np.minimum(-np.log(np.maximum(cover_factor, 1e-300)) / (100.0 * COVER_EFFECTIVENESS), 1.0)


def roughness_subfactor(roughness: np.ndarray) -> np.ndarray:
    """SR = exp(-0.026 (Ru - 6.096)), Ru in mm."""
    return np.exp(-0.026 * (roughness - SMOOTH_ROUGHNESS))


def roughness_left(initial: float | np.ndarray, rain: np.ndarray, erosivity: np.ndarray) -> np.ndarray:
    """Ru = 6.096 + (Ri - 6.096) exp(0.5 (-0.14/25.4) P + 0.5 (-0.012/17.02) EI), mm.

    Parameters
    ----------
    initial : Ri, mm, just after tillage
    rain : P, mm since tillage
    erosivity : EI, MJ mm ha-1 h-1 since tillage
    """
    left = np.exp(-0.5 * 0.14 / 25.4 * rain - 0.5 * 0.012 / 17.02 * erosivity)
    return SMOOTH_ROUGHNESS + (initial - SMOOTH_ROUGHNESS) * left


def decay_opportunity(temperature: np.ndarray, half_month_rain: np.ndarray) -> np.ndarray:
    """Share of a day at optimum that residues decay, min(W, F) in B_t = B_0 exp(-p min(W, F) t).

    W = rain / 25.76 mm; F = (2 (T + A)^2 (T0 + A)^2 - (T + A)^4) / (T0 + A)^4, T0 = 37 and A = 7.76 degC, 0 below -A.
    A is an offset in kelvin, so that F vanishes at -A. Read as a temperature and turned into Fahrenheit with the others
    it would give half the optimum rate at 0 degC.

    Parameters
    ----------
    temperature : T, degC
    half_month_rain : mm
    """
    warmth = np.maximum(temperature + FROZEN_OFFSET, 0.0) ** 2 / (OPTIMUM_TEMPERATURE + FROZEN_OFFSET) ** 2
    return np.minimum(half_month_rain / OPTIMUM_HALF_MONTH_RAIN, np.maximum(2.0 * warmth - warmth**2, 0.0))
