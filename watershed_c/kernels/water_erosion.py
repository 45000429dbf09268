"""Water erosion: RUSLE potential soil loss and transport capacity.

Sources of the equations
------------------------
Desmet & Govers 1996 (J. Soil Water Conserv. 51, 427-433), slope length on a grid; McCool et al. 1987 (Trans. ASAE 30,
1387-1396), slope steepness; McCool et al. 1989 (Trans. ASAE 32, 1571-1576), slope-length exponent; Nearing 1997 (Soil
Sci. Soc. Am. J. 61, 917-919), one continuous steepness function; Renard et al. 1997 (USDA Agriculture Handbook 703),
RUSLE; Van Oost, Govers & Desmet 2000 (Landscape Ecol. 15, 577-589) and Verstraeten, Prosser & Fogarty 2007 (J. Hydrol.
334, 440-454), transport capacity. What travels: :mod:`watershed_c.kernels.sediment`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

#: slope-length exponent m: grows with upslope area to 0.72 (Van Oost 2003, PhD thesis KU Leuven, as in WaTEM/SEDEM)
LENGTH_VAN_OOST_2003 = 0
#: slope-length exponent m: from the rill to interrill ratio, moderate ratio (McCool et al. 1989)
LENGTH_MCCOOL_1989 = 1
#: slope factor S: one logistic curve (Nearing 1997)
SLOPE_NEARING_1997 = 0
#: slope factor S: two straight lines that meet at 9 % (McCool et al. 1987)
SLOPE_MCCOOL_1987 = 1
#: transport capacity: potential rill erosion (Van Oost et al. 2000)
CAPACITY_VAN_OOST_2000 = 0
#: transport capacity: power law of upslope area and slope (Verstraeten et al. 2007)
CAPACITY_VERSTRAETEN_2007 = 1
#: the same by the names that users write
LENGTH = {"van_oost_2003": LENGTH_VAN_OOST_2003, "mccool_1989": LENGTH_MCCOOL_1989}
SLOPE = {"nearing_1997": SLOPE_NEARING_1997, "mccool_1987": SLOPE_MCCOOL_1987}
CAPACITY = {"van_oost_2000": CAPACITY_VAN_OOST_2000, "verstraeten_2007": CAPACITY_VERSTRAETEN_2007}

#: transport capacity coefficient of roads, rivers, open water and ditches, which let everything pass (WaTEM/SEDEM)
NO_LIMIT = 9999.0

#: length of the RUSLE unit plot, m (72.6 ft; Wischmeier & Smith 1978)
UNIT_PLOT_LENGTH = 22.13
#: kg m-2 per t ha-1
KG_M2_PER_T_HA = 0.1
#: share of interrill erosion a = 0.6 (Van Rompaey et al. 2001) times 6.86 of the interrill slope factor 6.86 tan^0.8
#: (Govers & Poesen 1988)
INTERRILL_COEFFICIENT = 0.6 * 6.86


def slope_as_angle(gradient_x: np.ndarray, gradient_y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient (n,), m m-1, as long as its angle in radians: what Verstraeten's capacity takes in WaTEM/SEDEM."""
    tangent = np.hypot(gradient_x, gradient_y)
    shorter = np.divide(np.arctan(tangent), tangent, out=np.ones(tangent.size), where=tangent > 0.0)
    return gradient_x * shorter, gradient_y * shorter


@njit(cache=True, nogil=True)
def ls_factor(cells, area_in, gradient_x, gradient_y, dx, largest_area, length_code, slope_code, out):
    r"""Slope length times steepness factor of RUSLE on a grid.

    .. math::

        L = \frac{(A + D^2)^{m+1} - A^{m+1}}{D^{m+2}\, x^m\, 22.13^m}, \qquad x = |\sin a| + |\cos a|

    with A the area that enters the cell at its upslope edge, D the cell size, a the direction of flow and t the slope
    angle (Desmet & Govers 1996). The mean L of a straight slope n cells long is exactly ``(n D / 22.13)^m``.

    - Exponent m: Van Oost 2003, ``min(0.72, 0.3 + (A / 10^4 m2)^0.8)``; or McCool 1989, ``B / (1 + B)`` with
      ``B = (sin t / 0.0896) / (3 sin^0.8 t + 0.56)``.
    - S: Nearing 1997, ``-1.5 + 17 / (1 + exp(2.3 - 6.1 sin t))``; or McCool 1987, ``10.8 sin t + 0.03`` below 9 % and
      ``16.8 sin t - 0.50`` from there.

    Parameters
    ----------
    cells : (c,) int64
    area_in : (n,) m2
        Upslope area that flows INTO the cell, its own area not included (the inlet area of Desmet & Govers). Programs
        that pass the area with the cell's own half or whole, as WATEM_C and WaTEM/SEDEM do, get a larger L.
    gradient_x, gradient_y : (n,) m m-1
        Components of the surface gradient (their sign does not matter).
    dx : float, m
    largest_area : float, m2
        Cap of ``area_in``: RUSLE is for slopes, not valleys (rule 22).
    length_code, slope_code : int
        ``LENGTH_*`` and ``SLOPE_*`` of this module.
    out : (n,) dimensionless
        Written for ``cells`` only.
    """
    cell_area = dx * dx
    for node in cells:
        tangent = math.hypot(gradient_x[node], gradient_y[node])
        sine = tangent / math.sqrt(1.0 + tangent * tangent)
        width = 1.0
        if tangent > 0.0:
            width = (abs(gradient_x[node]) + abs(gradient_y[node])) / tangent
        area = min(area_in[node], largest_area)
        if length_code == LENGTH_VAN_OOST_2003:
            exponent = min(0.72, 0.3 + (area / 1.0e4) ** 0.8)
        else:
            ratio = (sine / 0.0896) / (3.0 * sine**0.8 + 0.56)
            exponent = ratio / (1.0 + ratio)
        length = ((area + cell_area) ** (exponent + 1.0) - area ** (exponent + 1.0)) / (
            dx ** (exponent + 2.0) * (width * UNIT_PLOT_LENGTH) ** exponent
        )
        if slope_code == SLOPE_NEARING_1997:
            steepness = -1.5 + 17.0 / (1.0 + math.exp(2.3 - 6.1 * sine))
        elif tangent < 0.09:
            steepness = 10.8 * sine + 0.03
        else:
            steepness = 16.8 * sine - 0.50
        out[node] = length * steepness


@njit(cache=True, nogil=True)
def potential_soil_loss(cells, erosivity, erodibility, ls, unit, cover, practice, out):
    """RUSLE potential soil loss of the step, ``E = 0.1 R K LS C P``.

    The factor 0.1 turns t ha-1, the unit of the product, into kg m-2.

    Parameters
    ----------
    cells : (c,) int64
    erosivity : (n,) MJ mm ha-1 h-1
        R of the step (a month's share, not the annual value, in a monthly step).
    erodibility : (n,) t ha h ha-1 MJ-1 mm-1
    ls : (n,) dimensionless
    unit : (n,) int64
    cover, practice : (U,) dimensionless
        C and P of each unit.
    out : (n,) kg m-2 of dry soil
        Written for ``cells`` only.
    """
    for node in cells:
        land = unit[node]
        out[node] = KG_M2_PER_T_HA * erosivity[node] * erodibility[node] * ls[node] * cover[land] * practice[land]


@njit(cache=True, nogil=True)
def capacity_of_terrain(cells, capacity_code, ls, area, gradient_x, gradient_y, dx, largest_area, out):
    r"""What the terrain contributes to transport capacity: does not change until water is routed anew.

    Per metre of flow width the capacity is, kg m-1:

    - Van Oost et al. 2000: ``T = ktc 0.1 R K (LS - 4.116 tan^0.8 t)``, and ``T = ktc E`` where the bracket is negative;
    - Verstraeten et al. 2007: ``T = ktc 0.1 R K A^1.4 tan^1.4 t``.

    The flow crosses a width ``D x``, ``x = |sin a| + |cos a|``, so that the cell passes ``T D x`` kg, or ``T x / D`` kg
    per m2 of the cell.

    Parameters
    ----------
    cells : (c,) int64
    capacity_code : int
        ``CAPACITY_*`` of this module.
    ls : (n,) dimensionless
    area : (n,) m2
        Upslope area (Verstraeten only), capped at ``largest_area``.
    gradient_x, gradient_y : (n,) m m-1
    dx : float, m
    largest_area : float, m2
    out : (n,) m-1 (Van Oost) or m1.8 (Verstraeten)
        The bracket, or the powers of area and slope, times ``x / D``; ``-x / D`` where the bracket is negative.
        Written for ``cells`` only.
    """
    for node in cells:
        tangent = math.hypot(gradient_x[node], gradient_y[node])
        width = 1.0
        if tangent > 0.0:
            width = (abs(gradient_x[node]) + abs(gradient_y[node])) / tangent
        if capacity_code == CAPACITY_VAN_OOST_2000:
            factor = ls[node] - INTERRILL_COEFFICIENT * tangent**0.8
            if factor < 0.0:
                factor = -1.0
        else:
            factor = min(area[node], largest_area) ** 1.4 * tangent**1.4
        out[node] = factor * width / dx


@njit(cache=True, nogil=True)
def transport_capacity(cells, terrain, erosivity, erodibility, unit, coefficient, potential, out):
    """Sediment the flow can carry out of each cell in the step.

    Parameters
    ----------
    cells : (c,) int64
    terrain : (n,)
        Of :func:`capacity_of_terrain`.
    erosivity : (n,) MJ mm ha-1 h-1
        R of the step.
    erodibility : (n,) t ha h ha-1 MJ-1 mm-1
    unit : (n,) int64
    coefficient : (U,)
        Transport capacity coefficient ktc of each unit: m (Van Oost) or m-1.8 (Verstraeten). Belongs to model, cell
        size and step.
    potential : (n,) kg m-2
        E of :func:`potential_soil_loss`.
    out : (n,) kg m-2
        Written for ``cells`` only.
    """
    for node in cells:
        if terrain[node] < 0.0:
            load = -potential[node] * terrain[node]
        else:
            load = KG_M2_PER_T_HA * erosivity[node] * erodibility[node] * terrain[node]
        out[node] = coefficient[unit[node]] * load
