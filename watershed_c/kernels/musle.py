"""MUSLE: the runoff that drives erosion in place of the erosivity of rain.

Sources
-------
Williams 1975 (USDA ARS-S-40, 244-252) and Williams & Berndt 1977 (Trans. ASAE 20, 1100-1104), the runoff energy factor;
the triangular unit hydrograph of the SCS (National Engineering Handbook, section 4, 1972); Kirpich 1940 (Civ. Eng. 10,
362), time of concentration.
"""

from __future__ import annotations

import math

from numba import njit

#: coefficient of MUSLE for K in t ha h ha-1 MJ-1 mm-1: 11.8 is that of the customary K (Q in m3, peak in m3 s-1, yield
#: in t), which is K / 0.1317; from the original 95 (acre-foot, ft3 s-1, short tons) it comes to 11.78
COEFFICIENT = 11.8 / 0.1317
EXPONENT = 0.56
#: m3 s-1 per km2, mm and h: peak of a triangle with a recession of 1.67 times its rise (SCS)
TRIANGLE = 0.208
#: share of the time of concentration by which the peak lags behind the middle of the rain (SCS)
LAG = 0.6
#: h per m^0.77: tc = 0.0195 min (L in m)^0.77 S^-0.385 (Kirpich)
KIRPICH = 0.0195 / 60.0
#: slope below which water takes no longer to concentrate, m m-1: a prior, keeps flat cells finite
LEAST_SLOPE = 0.001


@njit(cache=True, nogil=True)
def runoff_erosivity(
    cells, runoff, events, area, gradient_x, gradient_y, dx, largest_area, storm_hours, out
):  # fmt: skip
    r"""What takes the place of R in R K LS C P: the runoff energy factor of all events of the step, per hectare.

    .. math::

        X = N \frac{89.6 (Q q_p)^{0.56}}{A}, \qquad q_p = \frac{0.208 A q}{D / 2 + 0.6 t_c}

    with N events that share the runoff of the step evenly, q (mm) of each, Q its volume from the cell (m3), A the area
    of the cell (km2 in the peak, ha in X), D the duration of the rain and tc the time of concentration of the slope
    above (h), its length the area that drains through the cell over the cell size.

    X grows as N^-0.12 with the number of events and as the 0.24th power of the cell size: it is a yield of small
    catchments. Parts of a step add up to it if events are shared among them as the runoff is.

    Parameters
    ----------
    cells : (c,) int64
    runoff : (n,) kg m-2 in the step
    events : float
        Of the step; no runoff factor where it is 0.
    area : (n,) m2
        Upslope area, the cell included, counted to ``largest_area``.
    gradient_x, gradient_y : (n,) m m-1
    dx : float, m
    largest_area : float, m2
    storm_hours : float, h
    out : (n,) MJ mm ha-1 h-1, the unit of R
        Written for ``cells`` only.
    """
    square = dx * dx
    for node in cells:
        depth = runoff[node] / events if events > 0.0 else 0.0
        if depth <= 0.0:
            out[node] = 0.0
            continue
        slope = max(math.hypot(gradient_x[node], gradient_y[node]), LEAST_SLOPE)
        length = min(area[node], largest_area) / dx
        concentration = KIRPICH * length**0.77 * slope**-0.385
        volume = 1e-3 * depth * square
        peak = TRIANGLE * 1e-6 * square * depth / (0.5 * storm_hours + LAG * concentration)
        out[node] = events * COEFFICIENT * (volume * peak) ** EXPONENT / (1e-4 * square)
