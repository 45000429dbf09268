"""Fallout and decay of tracers in the layers of the soil column."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def fall_and_decay(
    cells: np.ndarray,
    row: int,
    rate: float,
    relaxation_mass: float,
    decay: float,
    dt: float,
    mineral: np.ndarray,
    stocks: np.ndarray,
    deposit: np.ndarray,
    decayed: np.ndarray,
) -> None:
    r"""Lay the fallout of one step into each column and let one row of it decay.

    Parameters
    ----------
    cells
        int64 nodes to treat.
    row
        Constituent row of the tracer.
    rate
        Fallout, amount m-2 yr-1.
    relaxation_mass
        Mineral mass over which it declines to 1/e with depth (kg m-2); 0: all in the top layer. The lowest layer has
        what would lie below it.
    decay
        Decay constant (yr-1); 0: stable.
    dt
        Step (yr).
    mineral, stocks, deposit
        (n, L), (n, L, K), (n, K); the row of `stocks` and `deposit` is changed in place.
    decayed
        (n), amount m-2, overwritten: what decayed in the column.

    Notes
    -----
    Of a layer with stock s that gets f a year, evenly, the stock after the step is exactly

    .. math:: s\,e^{-\lambda\,\Delta t} + f\,(1 - e^{-\lambda\,\Delta t})/\lambda,

    so that the steady inventory is f over lambda whatever the step.
    """
    layers = mineral.shape[1]
    lost = -math.expm1(-decay * dt)
    kept = 1.0 - lost
    left = lost / (decay * dt) if decay > 0.0 else 1.0  # share of what falls in the step that is there at its end
    for index in range(cells.shape[0]):
        node = cells[index]
        gone = lost * deposit[node, row]
        deposit[node, row] -= gone
        depth, above = 0.0, 1.0
        for layer in range(layers):
            depth += mineral[node, layer]
            below = math.exp(-depth / relaxation_mass) if relaxation_mass > 0.0 and layer < layers - 1 else 0.0
            fallen = rate * dt * (above - below)
            above = below
            gone += lost * stocks[node, layer, row] + (1.0 - left) * fallen
            stocks[node, layer, row] = kept * stocks[node, layer, row] + left * fallen
        decayed[node] = gone
