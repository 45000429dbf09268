"""Hydraulic properties from texture and organic matter: Saxton & Rawls (2006), Wosten et al. (1999).

Plain numpy: evaluated once per run, or once a year where organic carbon changes.
"""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.retention import water_content, wosten, wosten_conductivity

#: hours in a year of 365.25 days
HOURS_PER_YEAR = 8766.0
#: kg m-3, density of water
WATER_DENSITY = 1000.0
#: the samples the equations were fitted to had at most 8 % organic matter and 60 % clay (Saxton & Rawls 2006)
LARGEST_ORGANIC_MATTER = 8.0
LARGEST_CLAY = 0.60
#: m3 m-3, least wilting point, plant-available water and drainable porosity that are let through: the
#: regressions give negative wilting points in pure sand, and a bucket needs stores of some width. Ours.
LEAST_WILTING_POINT = 0.01
LEAST_DIFFERENCE = 0.01
#: cm of water in 1 kPa (1 hPa = 1.01972 cm at 9.80665 m s-2)
CENTIMETRES_PER_KILOPASCAL = 10.1972
#: %, least clay, silt and organic matter, and most organic matter that the functions of Wosten et al. are asked for:
#: they have 1/x and ln x of these, and were fitted to mineral soils. Ours.
LEAST_FRACTION, LEAST_MATTER, MOST_MATTER = 1.0, 0.1, 12.0
#: kg m-3, bulk density of organic matter and of mineral soil (Adams 1973, J. Soil Sci. 24, 10)
ORGANIC_DENSITY, MINERAL_DENSITY = 244.0, 1640.0


def saxton_rawls(
    sand: np.ndarray, clay: np.ndarray, organic_matter: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Water retention and saturated conductivity of the fine earth.

    Parameters
    ----------
    sand, clay : array, mass fractions 0-1 of the mineral fine earth
    organic_matter : array, % by mass (1.724 x organic carbon %)
        The paper's coefficients take percent here and fractions for texture.

    Returns
    -------
    wilting_point, field_capacity, saturation : arrays, m3 m-3
        Water content at -1500 kPa, -33 kPa and 0 kPa.
    conductivity : array, kg m-2 yr-1 (= mm yr-1)
        Saturated hydraulic conductivity.

    Notes
    -----
    Saxton & Rawls (2006), Soil Sci. Soc. Am. J. 70, 1569, equations 1-5, 15, 16. S sand, C clay, OM organic
    matter::

        theta1500t = -0.024 S + 0.487 C + 0.006 OM + 0.005 S OM - 0.013 C OM + 0.068 S C + 0.031
        theta1500  = theta1500t + 0.14 theta1500t - 0.02
        theta33t   = -0.251 S + 0.195 C + 0.011 OM + 0.006 S OM - 0.027 C OM + 0.452 S C + 0.299
        theta33    = theta33t + 1.283 theta33t**2 - 0.374 theta33t - 0.015
        thetaS33t  = 0.278 S + 0.034 C + 0.022 OM - 0.018 S OM - 0.027 C OM - 0.584 S C + 0.078
        thetaS33   = thetaS33t + 0.636 thetaS33t - 0.107
        thetaS     = theta33 + thetaS33 - 0.097 S + 0.043
        lambda     = (ln theta33 - ln theta1500) / (ln 1500 - ln 33)
        K          = 1930 (thetaS - theta33)**(3 - lambda)        mm/h

    Clamps: organic matter to 0-8 %, clay to 0-60 % (the range of the samples); then wilting point >= 0.01, field
    capacity >= wilting point + 0.01, field capacity + 0.01 <= saturation <= 0.95.
    """
    s = np.asarray(sand, dtype=np.float64)
    c = np.clip(np.asarray(clay, dtype=np.float64), 0.0, LARGEST_CLAY)
    om = np.clip(np.asarray(organic_matter, dtype=np.float64), 0.0, LARGEST_ORGANIC_MATTER)

    t1500 = -0.024 * s + 0.487 * c + 0.006 * om + 0.005 * s * om - 0.013 * c * om + 0.068 * s * c + 0.031
    wilting_point = np.maximum(t1500 + 0.14 * t1500 - 0.02, LEAST_WILTING_POINT)

    t33 = -0.251 * s + 0.195 * c + 0.011 * om + 0.006 * s * om - 0.027 * c * om + 0.452 * s * c + 0.299
    raw_field_capacity = t33 + 1.283 * t33**2 - 0.374 * t33 - 0.015
    field_capacity = np.maximum(raw_field_capacity, wilting_point + LEAST_DIFFERENCE)

    ts33 = 0.278 * s + 0.034 * c + 0.022 * om - 0.018 * s * om - 0.027 * c * om - 0.584 * s * c + 0.078
    drainable = ts33 + 0.636 * ts33 - 0.107
    saturation = raw_field_capacity + drainable - 0.097 * s + 0.043
    saturation = np.clip(saturation, field_capacity + LEAST_DIFFERENCE, 0.95)

    slope = np.log(field_capacity / wilting_point) / np.log(1500.0 / 33.0)
    millimetres_per_hour = 1930.0 * (saturation - field_capacity) ** (3.0 - slope)
    return wilting_point, field_capacity, saturation, millimetres_per_hour * HOURS_PER_YEAR


def wosten_1999(
    sand: np.ndarray, clay: np.ndarray, organic_matter: np.ndarray, bulk_density: np.ndarray, topsoil: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Water retention and saturated conductivity by the continuous functions for European soils (HYPRES).

    Parameters
    ----------
    sand, clay, organic_matter : arrays, as for :func:`saxton_rawls`
    bulk_density : array, kg m-3
    topsoil : array, 1 in topsoil, 0 in subsoil

    Returns
    -------
    As :func:`saxton_rawls`, at the same potentials.

    Notes
    -----
    Wosten et al. (1999), Geoderma 90, 169, table 5, with van Genuchten's curve; silt is what sand and clay leave (2 to
    50 um). Clamps: clay and silt >= 1 %, organic matter to 0.1-12 %; then as :func:`saxton_rawls`. They explain
    76 % of the variance of saturation, but 20 % of alpha and 19 % of conductivity.
    """
    c = 100.0 * np.asarray(clay, dtype=np.float64)
    silt = np.maximum(100.0 - c - 100.0 * np.asarray(sand, dtype=np.float64), LEAST_FRACTION)
    soil = np.maximum(c, LEAST_FRACTION), silt, 1e-3 * np.asarray(bulk_density, dtype=np.float64)
    matter = np.clip(np.asarray(organic_matter, dtype=np.float64), LEAST_MATTER, MOST_MATTER)
    saturated, alpha, n = wosten(*soil, matter, topsoil)
    wilting_point, field_capacity = (
        water_content(saturated, alpha, n, kilopascal * CENTIMETRES_PER_KILOPASCAL) for kilopascal in (1500.0, 33.0)
    )
    wilting_point = np.maximum(wilting_point, LEAST_WILTING_POINT)
    field_capacity = np.maximum(field_capacity, wilting_point + LEAST_DIFFERENCE)
    saturation = np.clip(saturated, field_capacity + LEAST_DIFFERENCE, 0.95)
    per_day = 10.0 * wosten_conductivity(*soil, matter, topsoil)
    return wilting_point, field_capacity, saturation, per_day * HOURS_PER_YEAR / 24.0


def adams_density(organic_matter: np.ndarray) -> np.ndarray:
    """Bulk density, kg m-3, by organic matter, %: 100 / (OM / 244 + (100 - OM) / 1640) (Adams 1973)."""
    matter = np.asarray(organic_matter, dtype=np.float64)
    return np.asarray(100.0 / (matter / ORGANIC_DENSITY + (100.0 - matter) / MINERAL_DENSITY))


def among_stones(coarse_fragments: np.ndarray) -> np.ndarray:
    """Saturated conductivity of soil with coarse fragments over that of its fine earth: (1 - v) / (1 + v / 2).

    Peck & Watson (1979, Heat and water flow in field soils) for spheres that let nothing through, v their share of the
    volume; what Brakensiek & Rawls (1994, Catena 23, 99), and Saxton & Rawls (2006, eq. 22) by mass, use.
    """
    v = np.asarray(coarse_fragments, dtype=np.float64)
    return np.asarray((1.0 - v) / (1.0 + 0.5 * v))


def water_held(content: np.ndarray, thickness: np.ndarray, coarse_fragments: np.ndarray | float = 0.0) -> np.ndarray:
    """Water of a layer in kg m-2.

    Parameters
    ----------
    content : array, m3 m-3 of fine earth
    thickness : array, m, of the layer with its coarse fragments
    coarse_fragments : array or float, volume fraction 0-1, holding no water
    """
    return np.asarray(content * thickness * (1.0 - coarse_fragments) * WATER_DENSITY)
