"""Soil without carbonate: acidity held by exchange, and the pH it has together with its water."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

#: pH at which no acidity is left to exchange: neutral, bases hold all of it
NEUTRAL = 7.0
#: pH below which aluminium buffers, and how many times as much as exchange above it (Ulrich 1983: aluminium range)
ALUMINIUM_PH, ALUMINIUM_FACTOR = 4.2, 5.0
#: mmol charge kg-1 per pH, of soil, of each % of clay and of each % of organic carbon: a prior of the right size
#: (organic carbon and clay explain most of pH buffer capacity: Aitken et al. 1990; Curtin & Trolove 2013)
BUFFER_BASE, BUFFER_CLAY, BUFFER_CARBON = 5.0, 0.4, 8.0
#: pH, at which Newton's steps end
_CLOSE, _MOST = 1e-10, 60
#: lowest pH that is looked for
_LOWEST = 1.0

_LN10 = math.log(10.0)


def buffer_capacity(clay: np.ndarray, organic_carbon: np.ndarray) -> np.ndarray:
    """Acid that changes the pH of soil by 1, mol charge kg-1, by ``clay`` and ``organic_carbon`` (kg per kg)."""
    return 1e-3 * (BUFFER_BASE + 100.0 * (BUFFER_CLAY * clay + BUFFER_CARBON * organic_carbon))


@njit(cache=True, nogil=True)
def acidity_at(ph: float, neutral: float, buffer: float) -> float:
    """Exchangeable acidity of soil of this pH; ``buffer`` per pH, in the same unit."""
    held = buffer * max(neutral - ph, 0.0)
    if ph < ALUMINIUM_PH:
        held += (ALUMINIUM_FACTOR - 1.0) * buffer * (ALUMINIUM_PH - ph)
    return held


def lime_requirement(
    ph: float, target: float, capacity: float, bulk_density: float, depth: float
) -> float:
    """CaCO3 that brings soil from ``ph`` to ``target``, kg m-2.

    Parameters
    ----------
    capacity : float, mol charge kg-1 per pH
    bulk_density : float, kg m-3
    depth : float, m
    """
    mass = bulk_density * depth
    held = acidity_at(ph, NEUTRAL, capacity * mass) - acidity_at(target, NEUTRAL, capacity * mass)
    return 0.5 * 0.100087 * held


@njit(cache=True, nogil=True)
def ph_of_water(alkalinity: float, saturated: float, saturated_ph: float) -> float:
    """pH of water with this alkalinity, from those it would have at equilibrium with calcite at the same CO2.

    Alkalinities in mol charge kg-1. Bicarbonate goes with 1/H; carbonate, not 1 % of it below pH 8.3, as well.
    """
    hydrogen = math.exp(-_LN10 * saturated_ph)
    root = math.sqrt(alkalinity * alkalinity + 4.0 * hydrogen * (saturated + hydrogen))
    if alkalinity > 0.0:
        return saturated_ph + math.log((root + alkalinity) / (2.0 * (saturated + hydrogen))) / _LN10
    return saturated_ph - math.log((root - alkalinity) / (2.0 * hydrogen)) / _LN10


@njit(cache=True, nogil=True)
def buffered_ph(total: float, water: float, saturated: float, saturated_ph: float, buffer: float) -> float:
    """pH at which exchange and water share the bases of a layer that has no carbonate left.

    Parameters
    ----------
    total
        Alkalinity of its water less its exchangeable acidity, mol charge m-2; less than both would have with calcite.
    water
        kg m-2.
    saturated, saturated_ph
        Alkalinity (mol charge kg-1) and pH of the water if there were calcite.
    buffer
        mol charge m-2 per pH, > 0.

    Notes
    -----
    ``water a(pH) - A(pH) = total`` with ``a = (saturated + H0) 10^x - H0 10^-x``, ``x = pH - saturated_ph`` and A of
    :func:`acidity_at`, zero at pH 7 or where calcite would hold it, if that is lower. Newton's steps, between bounds.
    """
    neutral = min(NEUTRAL, saturated_ph)
    hydrogen = math.exp(-_LN10 * saturated_ph)
    low, high = _LOWEST, saturated_ph
    ph = min(max(neutral + total / buffer, low), high)
    for _ in range(_MOST):
        ratio = math.exp(_LN10 * (ph - saturated_ph))
        bicarbonate, proton = water * (saturated + hydrogen) * ratio, water * hydrogen / ratio
        value = bicarbonate - proton - acidity_at(ph, neutral, buffer) - total
        slope = _LN10 * (bicarbonate + proton)
        if ph < neutral:
            slope += buffer
        if ph < ALUMINIUM_PH:
            slope += (ALUMINIUM_FACTOR - 1.0) * buffer
        if value > 0.0:
            high = ph
        else:
            low = ph
        following = ph - value / slope if slope > 0.0 else low
        if not low <= following <= high:
            following = 0.5 * (low + high)
        change = following - ph
        ph = following
        if abs(change) < _CLOSE:
            break
    return ph
