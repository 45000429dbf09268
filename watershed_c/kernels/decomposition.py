"""Decomposition of linear pools in every layer of every cell.

Schemes and the form of a model: :mod:`watershed_c.kernels.pool_steps`. Here cells are gathered into its blocks, a lane
a layer of a cell, and put back.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from watershed_c.kernels.pool_steps import INNER, LANES, STEP, sequential_exponential, taylor


@njit(**INNER)
def _gather(
    cells, begin, stocks, first_row, structure, rates, coefficients, modifier, unit, plant_by_unit, plant_scale,
    manure_by_unit, state, rate, share, factor, inputs,
):  # fmt: skip
    """Layers of the cells from ``begin`` on into the lanes of a block; returns how many cells they are."""
    layers = stocks.shape[1]
    receivers = structure.receivers
    width = min(LANES, cells.size - begin)
    for p in range(rates.shape[0] if rates.shape[1] == 1 and begin == 0 else 0):  # once for all blocks
        for b in range(rate.shape[1]):
            rate[p, b] = rates[p, 0]
    for i in range(width):  # along the lanes of a cell: what they hold lies side by side
        cell, b = cells[begin + i], i * layers
        table, scale = unit[cell], plant_scale[cell]
        for p in range(rates.shape[0]):
            for layer in range(layers):
                state[p, b + layer] = stocks[cell, layer, first_row + p]
        for p in range(rates.shape[0] if rates.shape[1] > 1 else 0):
            for layer in range(layers):
                rate[p, b + layer] = rates[p, cell]
        for g in range(modifier.shape[2]):
            for layer in range(layers):
                factor[g, b + layer] = modifier[cell, layer, g]
        for e in range(coefficients.shape[1]):
            for layer in range(layers):
                share[e, b + layer] = coefficients[cell, e]
        for j in range(receivers.size):
            p = receivers[j]
            for layer in range(layers):
                inputs[p, b + layer] = scale * plant_by_unit[table, layer, p] + manure_by_unit[table, layer, p]
    return width


@njit(**INNER)
def _scatter(cells, begin, width, first_row, state, released, doc_fraction, stocks, respired, doc_produced):
    """The block back to the cells."""
    layers = stocks.shape[1]
    for i in range(width):
        cell = cells[begin + i]
        for p in range(state.shape[0]):
            for layer in range(layers):
                stocks[cell, layer, first_row + p] = state[p, i * layers + layer]
        for layer in range(layers):
            dissolved = doc_fraction * released[i * layers + layer]
            doc_produced[cell, layer] = dissolved
            respired[cell, layer] = released[i * layers + layer] - dissolved


@njit(**STEP)
def decompose(
    cells, stocks, first_row, structure, rates, coefficients, modifier, unit, plant_by_unit, plant_scale,
    manure_by_unit, doubled, doc_fraction, dt, respired, doc_produced,
):  # fmt: skip
    """One step of every pool of every layer of ``cells`` by the sequential exponential scheme.

    Parameters
    ----------
    cells : int64 (c)
    stocks : float64 (n, L, K), kg C m-2
        Changed in place, rows ``first_row`` to ``first_row + P - 1``.
    first_row : int
    structure : Structure
    rates : float64 (P, n) or (P, 1), yr-1
    coefficients : float64 (n, E), dimensionless
    modifier : float64 (n, L, G), dimensionless
        Product of the rate modifiers of each group of pools.
    unit : int64 (n)
        Row of the input tables that a cell uses.
    plant_by_unit, manure_by_unit : float64 (U, L, P), kg C m-2 in this step
    plant_scale : float64 (n), dimensionless
        Multiplies the plant input; manure is taken as it stands.
    doubled : int64 (P)
        From :func:`watershed_c.kernels.pool_steps.doublings`.
    doc_fraction : float, 0 to 1
        Share of what would be respired that becomes dissolved organic carbon.
    dt : float, yr
    respired, doc_produced : float64 (n, L), kg C m-2
        Overwritten with the amounts of this step.
    """
    pools = rates.shape[0]
    lanes = LANES * stocks.shape[1]
    decay = np.empty(1)  # empty: zeros take numba a second to compile; idle lanes are computed and not read
    decay[0] = 0.0
    state = np.empty((1, pools, lanes))
    rate = np.empty((pools, lanes))
    share = np.empty((coefficients.shape[1], lanes))
    factor = np.empty((modifier.shape[2], lanes))
    inputs = np.empty((1, pools, lanes))
    fraction = np.empty((pools, lanes))
    pooled = np.empty((structure.sets.size, lanes))
    released = np.empty((1, lanes))
    for begin in range(0, cells.size, LANES):
        width = _gather(
            cells, begin, stocks, first_row, structure, rates, coefficients, modifier, unit, plant_by_unit, plant_scale,
            manure_by_unit, state[0], rate, share, factor, inputs[0],
        )  # fmt: skip
        for b in range(lanes):
            released[0, b] = 0.0
        sequential_exponential(
            structure, rate, factor, share, dt, doubled, decay, state, fraction, pooled, released
        )
        for j in range(structure.receivers.size):
            p = structure.receivers[j]
            for b in range(lanes):
                state[0, p, b] += inputs[0, p, b]
        _scatter(cells, begin, width, first_row, state[0], released[0], doc_fraction, stocks, respired, doc_produced)


@njit(**STEP)
def decompose_by_series(
    cells, stocks, first_row, structure, rates, coefficients, modifier, unit, plant_by_unit, plant_scale,
    manure_by_unit, order, substeps, doc_fraction, dt, respired, doc_produced,
):  # fmt: skip
    """As :func:`decompose`, by the Taylor scheme of an order: Euler, Runge-Kutta, exact. Input comes evenly.

    A function of its own, so that who runs RothC does not wait for it to compile.
    """
    pools = rates.shape[0]
    lanes = LANES * stocks.shape[1]
    decay = np.empty(1)  # empty: zeros take numba a second to compile; idle lanes are computed and not read
    decay[0] = 0.0
    state = np.empty((1, pools, lanes))
    rate = np.empty((pools, lanes))
    share = np.empty((coefficients.shape[1], lanes))
    factor = np.empty((modifier.shape[2], lanes))
    inputs = np.empty((1, pools, lanes))
    loss = np.empty((pools, lanes))
    mean = np.empty((pools, lanes))
    pooled = np.empty((structure.sets.size, lanes))
    released = np.empty((1, lanes))
    for p in range(pools):
        for b in range(lanes):
            inputs[0, p, b] = 0.0
    for begin in range(0, cells.size, LANES):
        width = _gather(
            cells, begin, stocks, first_row, structure, rates, coefficients, modifier, unit, plant_by_unit, plant_scale,
            manure_by_unit, state[0], rate, share, factor, inputs[0],
        )  # fmt: skip
        for b in range(lanes):
            released[0, b] = 0.0
        taylor(
            structure, rate, factor, share, dt, order, substeps, decay, inputs, state, loss, mean, pooled, released
        )
        _scatter(cells, begin, width, first_row, state[0], released[0], doc_fraction, stocks, respired, doc_produced)
