"""Steady-state method for mineral soils, IPCC 2019 Refinement, volume 4, chapter 5, Tier 2: equations as printed.

Annual, croplands, 0-30 cm. Not a mass balance: every year's stocks move towards that year's steady state by min(1, k),
and the steady state of slow and passive is that of this year's active, not of what active holds. It reports what the
guidelines ask for and cannot be coupled to transport.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MONTHS = 12
FULL, REDUCED, NO_TILL = 0, 1, 2
ACTIVE, SLOW, PASSIVE = 0, 1, 2

#: parameter -> (value, unit, meaning), in the order of the array ``parameters``; IPCC (2019), volume 4, chapter 5,
#: table 5.5A and the equations of the method
PARAMETERS: dict[str, tuple[float, str, str]] = {
    "tillage_full": (3.036, "-", "decay under full tillage relative to none"),
    "tillage_reduced": (2.075, "-", "decay under reduced tillage relative to none"),
    "tillage_none": (1.0, "-", "no tillage, the reference"),
    "water_slope": (1.331, "-", "linear term of the water factor"),
    "water_irrigated": (0.775, "-", "water factor of irrigated months"),
    "active_rate": (7.4, "yr-1", "decay of the active pool under optimum conditions"),
    "slow_rate": (0.209, "yr-1", "decay of the slow pool under optimum conditions"),
    "passive_rate": (0.00689, "yr-1", "decay of the passive pool under optimum conditions"),
    "f1": (0.378, "-", "metabolic decay products that enter active"),
    "f2_full": (0.455, "-", "structural decay products that enter active, full tillage"),
    "f2_reduced": (0.477, "-", "the same, reduced tillage"),
    "f2_none": (0.5, "-", "the same, no tillage"),
    "f3": (0.455, "-", "structural decay products that enter slow"),
    "f5": (0.0855, "-", "active decay products that enter passive"),
    "f6": (0.0504, "-", "slow decay products that enter passive"),
    "f7": (0.42, "-", "slow decay products that enter active"),
    "f8": (0.45, "-", "passive decay products that enter active"),
    "temperature_maximum": (45.0, "degC", "temperature at which decay ends"),
    "temperature_optimum": (33.69, "degC", "temperature at which decay is fastest"),
    "metabolic_intercept": (0.85, "-", "metabolic fraction of input without lignin"),
    "metabolic_slope": (0.018, "-", "what lignin : nitrogen takes from it"),
    "temperature_scale": (0.076, "-", "as printed; 0.2 / 2.63 of Parton et al. (1987), rounded"),
}
#: water factor: constant and quadratic term, largest rain : evapotranspiration, and what the mean is multiplied by
WATER_CONSTANT, WATER_QUADRATIC, LARGEST_RATIO, WATER_SCALE = 0.2129, -0.2413, 1.25, 1.5
#: temperature factor: exponents of Parton et al. (1987)
TEMPERATURE_POWER, TEMPERATURE_CURVE = 0.2, 2.63
#: respired of what active loses: base, and per sand fraction
RESPIRED_BASE, RESPIRED_SAND = 0.17, 0.68

#: columns of ``intermediate``
NAMES = ("temperature_factor", "water_factor", "f4", "beta", "alpha", "active_rate", "slow_rate", "passive_rate")


def default_parameters() -> np.ndarray:
    """Values of :data:`PARAMETERS` (22)."""
    return np.array([value for value, _, _ in PARAMETERS.values()])


@njit(cache=True, nogil=True)
def climate_factors(cells, parameters, temperature, precipitation, evapotranspiration, irrigated, factors):
    """Annual factors of temperature and water.

    ``x = (T_max - T) / (T_max - T_opt)``, ``temperature = mean x^0.2 exp(0.076 (1 - x^2.63))`` over the months, 0 above
    T_max; ``water = 1.5 mean (0.2129 + 1.331 R - 0.2413 R^2)``, ``R = min(1.25, P / PET)``, 0.775 in irrigated months.

    Parameters
    ----------
    cells : (c,) int64
    parameters : (22,)
    temperature, precipitation, evapotranspiration : (Y, 12, n), degC, mm, mm
        R is 1.25 where nothing can evaporate.
    irrigated : (Y, 12, n) bool
    factors : (Y, 2, n)
        Out.
    """
    slope, of_irrigated = parameters[3], parameters[4]
    hottest, optimum, scale = parameters[17], parameters[18], parameters[21]
    for year in range(temperature.shape[0]):
        for i in range(cells.size):
            cell = cells[i]
            warmth = 0.0
            water = 0.0
            for month in range(MONTHS):
                x = (hottest - temperature[year, month, cell]) / (hottest - optimum)
                if x > 0.0:
                    warmth += x**TEMPERATURE_POWER * np.exp(scale * (1.0 - x**TEMPERATURE_CURVE))
                if irrigated[year, month, cell]:
                    water += of_irrigated
                else:
                    ratio = LARGEST_RATIO
                    demand = evapotranspiration[year, month, cell]
                    if demand > 0.0:
                        ratio = min(ratio, precipitation[year, month, cell] / demand)
                    water += WATER_CONSTANT + slope * ratio + WATER_QUADRATIC * ratio * ratio
            factors[year, 0, cell] = warmth / MONTHS
            factors[year, 1, cell] = WATER_SCALE * (water / MONTHS)


@njit(cache=True, nogil=True)
def steady_states(
    cells, parameters, factors, carbon, lignin, nitrogen, sand, tillage, structural, intermediate, steady
):
    """Rates and steady states of each year.

    ``f4 = 1 - f5 - (0.17 + 0.68 sand)``, ``beta = C (0.85 - 0.018 LC / NC)``,
    ``alpha = (beta f1 + (C (1 - LC) - beta) f2 + C LC f3 (f7 + f6 f8)) / (1 - f4 f7 - f5 f8 - f4 f6 f8)``;
    ``ka = 7.4 T W (0.25 + 0.75 sand) till``, ``ks = 0.209 T W till``, ``kp = 0.00689 T W``;
    ``A = alpha / ka``, ``S = (C LC f3 + A ka f4) / ks``, ``P = (A ka f5 + S ks f6) / kp``.

    Parameters
    ----------
    factors : (Y, 2, n)
        Temperature, water.
    carbon, lignin, nitrogen : (Y, n)
        Carbon of the input per year (any unit of mass per area), its fractions of lignin and nitrogen.
    sand : (n,), 0-1
    tillage, structural : (Y, n)
        Factor of tillage and f2.
    intermediate : (Y, 8, n), steady : (Y, 3, n)
        Out; columns in the order of ``NAMES``; active, slow, passive.
    """
    f1, f3, f5 = parameters[8], parameters[12], parameters[13]
    f6, f7, f8 = parameters[14], parameters[15], parameters[16]
    for year in range(factors.shape[0]):
        for i in range(cells.size):
            cell = cells[i]
            climate = factors[year, 0, cell] * factors[year, 1, cell]
            entering = carbon[year, cell]
            ligneous = entering * lignin[year, cell]
            f4 = 1.0 - f5 - (RESPIRED_BASE + RESPIRED_SAND * sand[cell])
            beta = entering * (parameters[19] - parameters[20] * lignin[year, cell] / nitrogen[year, cell])
            alpha = (
                beta * f1
                + (entering * (1.0 - lignin[year, cell]) - beta) * structural[year, cell]
                + ligneous * f3 * (f7 + f6 * f8)
            ) / (1.0 - f4 * f7 - f5 * f8 - f4 * f6 * f8)
            ka = parameters[5] * climate * (0.25 + 0.75 * sand[cell]) * tillage[year, cell]
            ks = parameters[6] * climate * tillage[year, cell]
            kp = parameters[7] * climate
            active = alpha / ka
            slow = (ligneous * f3 + active * ka * f4) / ks
            intermediate[year, 0, cell] = factors[year, 0, cell]
            intermediate[year, 1, cell] = factors[year, 1, cell]
            intermediate[year, 2, cell] = f4
            intermediate[year, 3, cell] = beta
            intermediate[year, 4, cell] = alpha
            intermediate[year, 5, cell] = ka
            intermediate[year, 6, cell] = ks
            intermediate[year, 7, cell] = kp
            steady[year, ACTIVE, cell] = active
            steady[year, SLOW, cell] = slow
            steady[year, PASSIVE, cell] = (active * ka * f5 + slow * ks * f6) / kp


@njit(cache=True, nogil=True)
def relax(cells, intermediate, steady, stocks):
    """Stocks of the years, ``X_t = X_(t-1) + (X*_t - X_(t-1)) min(1, k)``.

    Parameters
    ----------
    intermediate : (Y, 8, n), steady : (Y, 3, n)
    stocks : (Y + 1, 3, n)
        First year given, the others out.
    """
    for year in range(steady.shape[0]):
        for pool in range(3):
            for i in range(cells.size):
                cell = cells[i]
                before = stocks[year, pool, cell]
                share = min(1.0, intermediate[year, 5 + pool, cell])
                stocks[year + 1, pool, cell] = before + (steady[year, pool, cell] - before) * share
