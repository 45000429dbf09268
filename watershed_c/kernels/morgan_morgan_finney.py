"""The revised Morgan-Morgan-Finney model: detachment by rain and by runoff, limited by what runoff carries.

Sources
-------
Morgan 2001 (Catena 44, 305-322), equations and annual time; Brandt 1990 (Earth Surf. Process. Landforms 15, 687),
energy of leaf drainage; Wischmeier & Smith 1978 and Marshall & Palmer 1948, energy of rain; Morgan & Duzant 2008 (Earth
Surf. Process. Landforms 33, 90-106), detachability of particles.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

#: J m-2 mm-1: intercept, and slope against log10 of intensity in mm h-1
ENERGY = {"wischmeier_1978": (11.9, 8.7), "marshall_palmer_1948": (8.95, 8.44)}
#: detachability by raindrops of clay, silt and sand, g J-1 (Morgan & Duzant 2008)
DETACHABILITY = (0.1, 0.5, 0.3)


def rain_energy(
    canopy_cover: np.ndarray, height: np.ndarray, interception: float, intensity: float, law: str
) -> np.ndarray:
    """Energy that reaches the ground per mm of rain, (U,) J m-2 mm-1.

    Of the rain, the share ``interception`` of what falls on the canopy stays there; of the rest, the canopy's share
    drips from leaves with ``15.8 H^0.5 - 5.87`` (0 below a canopy of 0.14 m), and the remainder falls with the energy
    of its ``intensity``.

    Parameters
    ----------
    canopy_cover : (U,) 0-1
    height : (U,) m
        From which drops fall off the canopy.
    interception : 0-1
    intensity : mm h-1
    law : str
        Of ``ENERGY``.
    """
    intercept, slope = ENERGY[law]
    reaches = 1.0 - interception * canopy_cover
    leaves = np.maximum(15.8 * np.sqrt(height) - 5.87, 0.0)
    return reaches * (canopy_cover * leaves + (1.0 - canopy_cover) * (intercept + slope * math.log10(intensity)))


@njit(cache=True, nogil=True)
def detachment_and_capacity(
    cells, rain, energy, detachability, runoff, yearly, area, gradient_x, gradient_y, cell_area, largest_area,
    cohesion, unit, ground_cover, cover, practice, potential, capacity,
):  # fmt: skip
    r"""Potential detachment F + H and the capacity of the runoff that leaves each cell.

    .. math::

        F = 10^{-3} K E, \quad H = 10^{-3} \frac{Q^{1.5} \sin s (1 - G)}{0.5 c}, \quad
        T = 10^{-3} C P Q^2 \sin s

    in kg m-2 of a year, Q (mm) its runoff. A step with the runoff q of a year that has Q gets the shares
    ``q Q^0.5`` and ``q Q``: equal years add up to the annual model whatever the step. q and Q are means over what
    drains through the cell, and the capacity counts for that whole area (to ``largest_area``), so that a uniform slope
    loses min(F + H, T) per area as in the model of one element.

    Parameters
    ----------
    cells : (c,) int64
    rain : (n,) kg m-2 in the step, not frozen
    energy : (U,) J m-2 mm-1
    detachability : (n,) g J-1
    runoff, yearly : (n,) kg m-2
        Of the step and of the year, accumulated downstream, per area of one cell.
    area : (n,) m2, upslope
    gradient_x, gradient_y : (n,) m m-1
    cell_area, largest_area : float, m2
    cohesion : float, kPa
    unit : (n,) int64
    ground_cover, cover, practice : (U,)
        G, and C and P of RUSLE.
    potential, capacity : (n,) kg m-2 of the cell
        Written for ``cells`` only.
    """
    for node in cells:
        land = unit[node]
        tangent = math.hypot(gradient_x[node], gradient_y[node])
        sine = tangent / math.sqrt(1.0 + tangent * tangent)
        cells_above = area[node] / cell_area
        depth, year = runoff[node] / cells_above, yearly[node] / cells_above
        by_rain = 1e-3 * detachability[node] * rain[node] * energy[land]
        by_runoff = 1e-3 * depth * math.sqrt(year) * sine * (1.0 - ground_cover[land]) / (0.5 * cohesion)
        potential[node] = by_rain + by_runoff
        counted = min(area[node], largest_area) / cell_area
        capacity[node] = 1e-3 * cover[land] * practice[land] * depth * year * sine * counted
