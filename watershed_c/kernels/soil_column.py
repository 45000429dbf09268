"""Arithmetic of the layered soil column; the coordinate is mineral, carbonate-free fine earth (kg m-2)."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def take_from_top(
    node: int, mass: float, mineral: np.ndarray, stocks: np.ndarray, taken: np.ndarray
) -> float:
    """Remove mineral soil from the top of one column, with everything it carries.

    Layers are emptied from the top; a layer that is cut only in part gives its mean composition.

    Parameters
    ----------
    node
        The cell.
    mass
        Mineral fine earth to remove (kg m-2); zero or less removes nothing.
    mineral, stocks
        (n, L) and (n, L, K), kg m-2, changed in place and never driven below zero.
    taken
        (K), kg m-2; what is removed is *added* to it.

    Returns
    -------
    float
        Mineral mass removed (kg m-2): `mass`, or the content of the column where that is less.
    """
    left = mass
    removed = 0.0
    for layer in range(mineral.shape[1]):
        if left <= 0.0:
            break
        available = mineral[node, layer]
        if available <= 0.0:
            continue
        if left >= available:
            for row in range(stocks.shape[2]):
                taken[row] += stocks[node, layer, row]
                stocks[node, layer, row] = 0.0
            mineral[node, layer] = 0.0
            removed += available
            left -= available
        else:
            share = left / available
            for row in range(stocks.shape[2]):
                amount = share * stocks[node, layer, row]
                taken[row] += amount
                stocks[node, layer, row] -= amount
            mineral[node, layer] = available - left
            removed += left
            left = 0.0
    return removed
