"""Hydraulic properties from texture and organic matter (Saxton & Rawls 2006).

Plain numpy: evaluated once per run, from the initial organic carbon.
"""

from __future__ import annotations

import numpy as np

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


def water_held(content: np.ndarray, thickness: np.ndarray, coarse_fragments: np.ndarray | float = 0.0) -> np.ndarray:
    """Water of a layer in kg m-2.

    Parameters
    ----------
    content : array, m3 m-3 of fine earth
    thickness : array, m, of the layer with its coarse fragments
    coarse_fragments : array or float, volume fraction 0-1, holding no water
    """
    return np.asarray(content * thickness * (1.0 - coarse_fragments) * WATER_DENSITY)
