"""Solar radiation on inclined ground: the ratio of clear-sky radiation to that on the horizontal, by month.

Above the atmosphere, without shadow of other ground: slope and aspect of the cell itself only.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from watershed_c.kernels.climate import _FIRST_DAY

#: of the horizontal, month without sun: no ratio, taken as 1
_DARK = 1e-9


def sun_of_month(parts: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days that stand for a year: their month (0-11), declination (rad) and inverse squared distance of the sun.

    The middle of each of ``parts`` equal parts of each month (FAO-56 eq. 23, 24).
    """
    length = np.diff(_FIRST_DAY)[:, None]
    day = (_FIRST_DAY[:-1, None] + 0.5 + length * (np.arange(parts) + 0.5) / parts).ravel()
    declination = 0.409 * np.sin(2.0 * np.pi * day / 365.0 - 1.39)
    return np.repeat(np.arange(12), parts), declination, 1.0 + 0.033 * np.cos(2.0 * np.pi * day / 365.0)


@njit(cache=True, nogil=True)
def daily_geometry(level: float, along: float, across: float, sunset: float) -> float:
    """Integral over the hour angle w (rad) of max(0, level + along cos w + across sin w) while the sun is up.

    ``sunset`` is the hour angle of sunset on the horizontal. Exact: the cosine of incidence is level + d cos(w - w0),
    above zero within arccos(-level / d) of w0; that arc and its neighbours are cut to the hours of sunshine.
    """
    reach = math.sqrt(along * along + across * across)
    if level >= reach:
        half = math.pi
    elif level <= -reach:
        return 0.0
    else:
        half = math.acos(-level / reach)
    middle = math.atan2(across, along)
    total = 0.0
    for turn in range(-1, 2):
        centre = middle + 2.0 * math.pi * turn
        rise, fall = max(-sunset, centre - half), min(sunset, centre + half)
        if fall > rise:
            total += level * (fall - rise) + reach * (math.sin(fall - centre) - math.sin(rise - centre))
    return total


@njit(cache=True, nogil=True)
def slope_radiation_ratio(
    cells: np.ndarray,
    gradient_x: np.ndarray,
    gradient_y: np.ndarray,
    latitude: float,
    month: np.ndarray,
    declination: np.ndarray,
    distance: np.ndarray,
    ratio: np.ndarray,
) -> None:
    """Extraterrestrial radiation on the ground of each cell per that on the horizontal, by month.

    Parameters
    ----------
    cells : (c,) int64
    gradient_x, gradient_y : (n,)
        Rise of the ground to the east and to the north, m per m.
    latitude : rad, north positive
    month, declination, distance : (d,)
        Of the days that are summed, :func:`sun_of_month`.
    ratio : (n, 12), written
        Per area of the inclined ground; 1 in months without sun on the horizontal.

    Notes
    -----
    Allen et al. (2006), Agric. For. Meteorol. 139, 55 (after Garnier & Ohmura 1968), with the normal of the ground
    (ne, nn, nu) = (-gx, -gy, 1) / sqrt(1 + gx**2 + gy**2) towards east, north and up; w is the hour angle, afternoon
    positive::

        cos(incidence) = nu (sin(d) sin(l) + cos(d) cos(l) cos(w))
                       + nn (sin(d) cos(l) - cos(d) sin(l) cos(w)) - ne cos(d) sin(w)
    """
    sine, cosine = math.sin(latitude), math.cos(latitude)
    flat = np.zeros(12)
    sunset = np.zeros(month.size)
    for i in range(month.size):
        up, turning = math.sin(declination[i]) * sine, math.cos(declination[i]) * cosine
        if up >= turning:
            sunset[i] = math.pi
        elif up > -turning:
            sunset[i] = math.acos(-up / turning)
        flat[month[i]] += 2.0 * distance[i] * (up * sunset[i] + turning * math.sin(sunset[i]))
    inclined = np.zeros(12)
    for c in range(cells.size):
        cell = cells[c]
        gx, gy = gradient_x[cell], gradient_y[cell]
        upward = 1.0 / math.sqrt(1.0 + gx * gx + gy * gy)
        east, north = -gx * upward, -gy * upward
        for m in range(12):
            inclined[m] = 0.0
        for i in range(month.size):
            if sunset[i] > 0.0:
                high, low = math.sin(declination[i]), math.cos(declination[i])
                level = high * (upward * sine + north * cosine)
                along = low * (upward * cosine - north * sine)
                inclined[month[i]] += distance[i] * daily_geometry(level, along, -east * low, sunset[i])
        for m in range(12):
            ratio[cell, m] = inclined[m] / flat[m] if flat[m] > _DARK else 1.0
