"""Support practice factor P of RUSLE where it follows the slope: contouring, contour strips, terraces.

Values of Wischmeier & Smith 1978 (USDA Agriculture Handbook 537, tables 13 to 15), from memory: what contouring and
strips save is most on slopes of 3 to 8 %; terraces have the sediment that leaves their graded channels.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

#: names of the rows of ``BY_SLOPE``
PRACTICES = ("none", "contouring", "strips", "terraces")
#: upper ends of the slope classes 1-2, 3-5, 6-8, 9-12, 13-16, 17-20, 21-25 %, tangent; steeper is one class more
SLOPE_CLASSES = np.array([0.025, 0.055, 0.085, 0.125, 0.165, 0.205, 0.255])
#: P by practice and slope class; above 25 % a practice is not counted on
BY_SLOPE = np.array(
    [
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        [0.60, 0.50, 0.50, 0.60, 0.70, 0.80, 0.90, 1.0],
        [0.30, 0.25, 0.25, 0.30, 0.35, 0.40, 0.45, 1.0],
        [0.12, 0.10, 0.10, 0.12, 0.14, 0.16, 0.18, 1.0],
    ]
)


@njit(cache=True, nogil=True)
def apply_practice(cells, gradient_x, gradient_y, unit, practice, potential):
    """Multiply potential soil loss by the P of the practice of the cell's unit on its slope.

    Parameters
    ----------
    cells : (c,) int64
    gradient_x, gradient_y : (n,) m m-1
    unit : (n,) int64
    practice : (U,) int64, row of ``BY_SLOPE``
    potential : (n,) kg m-2
        Changed in place.
    """
    for node in cells:
        row = practice[unit[node]]
        if row == 0:
            continue
        tangent = math.hypot(gradient_x[node], gradient_y[node])
        place = 0
        while place < SLOPE_CLASSES.size and tangent >= SLOPE_CLASSES[place]:
            place += 1
        potential[node] *= BY_SLOPE[row, place]
