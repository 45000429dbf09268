"""Erosivity of single storms, EI30, from rain in short intervals; and of days.

Sources
-------
Wischmeier & Smith 1978 (USDA Agriculture Handbook 537), EI30, what parts storms, energy; Brown & Foster 1987 (Trans.
ASAE 30, 379-386), energy of RUSLE; McGregor et al. 1995 (Trans. ASAE 38, 1039-1047), energy of RUSLE2; Richardson,
Foster & Wright 1983 (Trans. ASAE 26, 153-160), the power of daily rain.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

#: energy per mm of rain, MJ ha-1 mm-1, by intensity in mm h-1
ENERGIES = ("brown_foster_1987", "mcgregor_1995", "wischmeier_1978")
#: rain of the following 6 h below which a storm is over, mm (0.05 in)
BREAK_RAIN, BREAK_HOURS = 1.27, 6.0
#: least rain of a storm that counts, mm (0.5 in), or of 15 minutes of it (0.25 in)
LEAST_STORM, LEAST_QUARTER = 12.7, 6.35
#: exponent of daily rain in mm (Richardson et al. 1983)
DAILY_EXPONENT = 1.81
_ROUND_OFF = 1e-9


@njit(cache=True, nogil=True)
def unit_energy(intensity, law):
    """Kinetic energy per mm of rain of an intensity (mm h-1), MJ ha-1 mm-1; ``law`` is a place in ``ENERGIES``.

    0.29 (1 - 0.72 exp(-0.05 i)); 0.29 (1 - 0.72 exp(-0.082 i)); 0.119 + 0.0873 log10 i, from 0 to 0.283 (76 mm h-1).
    """
    if law == 0:
        return 0.29 * (1.0 - 0.72 * math.exp(-0.05 * intensity))
    if law == 1:
        return 0.29 * (1.0 - 0.72 * math.exp(-0.082 * intensity))
    if intensity <= 0.0:
        return 0.0
    return min(max(0.119 + 0.0873 * math.log10(intensity), 0.0), 0.283)


@njit(cache=True, nogil=True)
def _largest(start, rain, first, last, interval, window):
    """Largest rain, mm, of ``window`` h between two rows; part of an interval where that is longer."""
    most, total, ahead = 0.0, 0.0, first
    for row in range(first, last + 1):
        while ahead <= last and start[ahead] + interval <= start[row] + window + _ROUND_OFF:
            total += rain[ahead]
            ahead += 1
        if ahead <= row:  # no whole interval fits
            most = max(most, rain[row] * window / interval)
            ahead = row + 1
            total = 0.0
        else:
            most = max(most, total)
            total -= rain[row]
    return most


@njit(cache=True, nogil=True)
def storm_erosivity(start, rain, interval, law, erosivity):
    """EI30 of each storm, laid on the row in which it begins.

    A storm ends at rain that less than 1.27 mm follow in the next 6 h. It counts with 12.7 mm or more, or 6.35 mm in 15
    minutes. Its EI30 is the sum of energy over its intervals times its largest intensity over 30 minutes; where
    intervals are longer than that, they are taken as even, which makes I30 too small.

    Parameters
    ----------
    start : (T,) h
        When each interval begins; increasing. Intervals without rain may be left out.
    rain : (T,) mm
    interval : float, h
    law : int
        Place in ``ENERGIES``.
    erosivity : (T,) MJ mm ha-1 h-1
        Out: EI30 where a storm begins, else 0.

    Returns
    -------
    int
        Storms that count.
    """
    count, row, size = 0, 0, start.size
    for place in range(size):
        erosivity[place] = 0.0
    while row < size:
        if rain[row] <= 0.0:
            row += 1
            continue
        first, last = row, row
        ahead = row + 1
        following = 0.0  # rain after `last`, within 6 h of its end
        while ahead < size and start[ahead] < start[last] + interval + BREAK_HOURS - _ROUND_OFF:
            following += rain[ahead]
            ahead += 1
            if following >= BREAK_RAIN:
                last = ahead - 1
                following = 0.0
        # rain that follows in the break is not enough to go on with the storm
        total, energy = 0.0, 0.0
        for place in range(first, last + 1):
            total += rain[place]
            energy += unit_energy(rain[place] / interval, law) * rain[place]
        row = last + 1
        if total >= LEAST_STORM or _largest(start, rain, first, last, interval, 0.25) >= LEAST_QUARTER:
            count += 1
            erosivity[first] = energy * 2.0 * _largest(start, rain, first, last, interval, 0.5)
    return count


def daily_erosivity(rain: np.ndarray, coefficient: np.ndarray, exponent: float, least_rain: float) -> np.ndarray:
    """EI30 of days, ``a P^b`` of those with at least ``least_rain`` mm, MJ mm ha-1 h-1.

    Parameters
    ----------
    rain : (T,) mm
    coefficient : (T,)
        a, of the season and place.
    exponent : float
    least_rain : float, mm
    """
    return np.where(rain >= least_rain, coefficient * np.maximum(rain, 0.0) ** exponent, 0.0)


def fournier_index(precipitation: np.ndarray) -> float:
    """Modified Fournier index of twelve monthly rains, sum p^2 / P, mm (Arnoldus 1977)."""
    total = float(np.sum(precipitation))
    return float(np.sum(np.square(precipitation))) / total if total > 0.0 else 0.0
