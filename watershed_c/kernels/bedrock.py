"""Arithmetic of soil that lies on rock; the coordinate is mineral, carbonate-free fine earth (kg m-2)."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def rest_on_rock(
    cells: np.ndarray,
    mineral: np.ndarray,
    deposit_mineral: np.ndarray,
    full: np.ndarray,
    reference: np.ndarray,
    above: np.ndarray,
    renewed: bool,
    lost: np.ndarray,
) -> None:
    """Find what each layer of a disturbed column is to be brought back to where soil ends at rock.

    Parameters
    ----------
    cells
        int64 nodes to treat; columns in balance are left as they are.
    mineral, deposit_mineral
        (n, L), (n) kg m-2: the layers as they are, and the surface buffer.
    full
        (n, L) kg m-2, mass of a layer that is as thick as its boundaries say.
    reference
        (n, L) kg m-2: on entry what the column was last brought back to, on return what it is to be brought back to:
        full layers from the top, as far as the soil goes.
    above
        (n) kg m-2 of fine earth above the rock, layers and what lies below them; changed in place.
    renewed
        Leave ``above`` and ``reference``: what is lost comes from below.
    lost
        (n) kg m-2, filled: mineral soil lost since the column was last in balance, < 0: gained.
    """
    layers = mineral.shape[1]
    for node in cells:
        balanced, now = 0.0, deposit_mineral[node]
        disturbed = now != 0.0
        for layer in range(layers):
            balanced += reference[node, layer]
            now += mineral[node, layer]
            disturbed = disturbed or mineral[node, layer] != reference[node, layer]
        if not disturbed:
            lost[node] = 0.0
            continue
        lost[node] = balanced - now
        if renewed:
            continue
        # where nothing lies below the layers, to the last digit what is in them
        thin = above[node] <= balanced * (1.0 + 1e-12)
        above[node] = now if thin else above[node] - lost[node]
        rest = above[node]
        for layer in range(layers):
            reference[node, layer] = min(full[node, layer], rest)
            rest -= reference[node, layer]


@njit(cache=True, nogil=True)
def weather_rock(cells, amount, substratum, full, reference, above, mineral, stocks, made, made_rows):
    """Add ``amount`` (n) kg m-2 of fine earth to what lies above the rock: see :meth:`Bedrock.weather`.

    Columns must be in balance. What is made under a column that is full stays below it; else it joins the layer that
    meets the rock, and fills it or those below.
    """
    layers, rows = stocks.shape[1], stocks.shape[2]
    for node in cells:
        above[node] += amount[node]
        rest = amount[node]
        for layer in range(layers):
            room = min(full[node, layer] - reference[node, layer], rest)
            if room > 0.0:
                reference[node, layer] += room
                mineral[node, layer] = reference[node, layer]
                rest -= room
                for row in range(rows):
                    stocks[node, layer, row] += room * substratum[node, row]
        entered = amount[node] - rest
        made[node] = entered
        for row in range(rows):
            made_rows[node, row] = entered * substratum[node, row]
