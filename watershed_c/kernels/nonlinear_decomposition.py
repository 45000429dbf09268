"""Decomposition of non-linear pools in every layer of every cell.

Layers of cells are gathered into blocks of lanes, carried over the step by the kernel of their model and put back. A
block is always whole: idle lanes of the last one repeat what they held, so every lane takes the same path whatever
stands beside it.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from watershed_c.kernels import millennial, mimics
from watershed_c.kernels.rate_factors import WATER_DENSITY

#: most cell-layers of one block: of the kernels of the models
BLOCK = 64
assert mimics.BLOCK == millennial.BLOCK == BLOCK

#: where an argument of a kernel's rates comes from: temperature of the layer, product of the moisture laws, water of
#: the layer by volume, its thickness, its bulk density, a value of the cell, a value of the management unit of the
#: cell, the same scaled with the usual plant input of the cell
TEMPERATURE, MOISTURE, VOLUMETRIC, THICKNESS, DENSITY, OF_CELL, OF_UNIT, SCALED = range(8)

#: rows of the kernels' ``rate`` that are yr-1 and so decline with depth
RATES_IN_TIME = {
    "mimics": np.array([j for j, name in enumerate(mimics.RATES) if name[:2] == "v_" or name[:3] == "tau"
                        or name == "desorption"]),
    "millennial": np.array([millennial.RATES.index(name) for name in (
        "velocity_pl", "velocity_lb", "aggregation", "breakdown", "leaching", "sorption", "desorption", "turnover",
        "mineral_aggregation")]),
}  # fmt: skip


#: longest substep in lifetimes of the fastest pool, at the start of the step; Runge-Kutta follows up to 2.8, and
#: microbes multiply during a month
LONGEST_IN_LIFETIMES = 0.6
#: of the substep of the model, a day: to 5 minutes
MOST_HALVINGS = 8


def halvings(loss: np.ndarray, substep: float) -> np.ndarray:
    """How often a substep (yr) is halved (int64), for the greatest loss (yr-1) of a pool."""
    ratio = np.maximum(loss * substep / LONGEST_IN_LIFETIMES, 1.0)
    return np.minimum(np.ceil(np.log2(ratio)), MOST_HALVINGS).astype(np.int64)


@njit(cache=True, nogil=True)
def gather(
    cells, first, stocks, first_row, unit, plant, manure, scale, usual, temperature, layer_temperature, factor, water,
    thickness, density, of_cell, of_unit, kind, column, dt, state, inputs, arguments, slowing,
):  # fmt: skip
    """Fill lanes with the layers of ``cells``, counted cell by cell from layer ``first`` on; returns how many.

    Arrays as in :func:`advance_mimics`; ``state``, ``inputs`` (P, B), ``arguments`` (A, B) and ``slowing`` (B) are
    filled, B of any size.
    """
    layers = stocks.shape[1]
    count = min(state.shape[1], cells.size * layers - first)
    for b in range(count):
        cell = cells[(first + b) // layers]
        layer = (first + b) % layers
        table = unit[cell]
        for p in range(state.shape[0]):
            state[p, b] = stocks[cell, layer, first_row + p]
            inputs[p, b] = (scale[cell] * plant[table, layer, p] + manure[table, layer, p]) / dt
        slowing[b] = factor[cell, layer, 1]
        for a in range(kind.size):
            if kind[a] == TEMPERATURE:
                arguments[a, b] = temperature[cell] + layer_temperature[layer]
            elif kind[a] == MOISTURE:
                arguments[a, b] = factor[cell, layer, 0]
            elif kind[a] == VOLUMETRIC:
                arguments[a, b] = water[cell, layer] / (WATER_DENSITY * thickness[cell, layer])
            elif kind[a] == THICKNESS:
                arguments[a, b] = thickness[cell, layer]
            elif kind[a] == DENSITY:
                arguments[a, b] = density[cell, layer]
            elif kind[a] == OF_CELL:
                arguments[a, b] = of_cell[column[a], cell]
            elif kind[a] == OF_UNIT:
                arguments[a, b] = of_unit[column[a], table]
            else:
                arguments[a, b] = of_unit[column[a], table] * usual[cell]
    return count


@njit(cache=True, nogil=True)
def slow(rate, rows, slowing):
    """Multiply ``rows`` of ``rate`` (Q, B) by ``slowing`` (B)."""
    for j in rows:
        for b in range(slowing.size):
            rate[j, b] *= slowing[b]


@njit(cache=True, nogil=True)
def _scatter(cells, first, count, first_row, state, out, solute, doc_fraction, leached_to_doc, stocks, respired, doc):
    """The block back to the cells."""
    layers = stocks.shape[1]
    for b in range(count):
        cell = cells[(first + b) // layers]
        layer = (first + b) % layers
        for p in range(state.shape[0]):
            stocks[cell, layer, first_row + p] = state[p, b]
        dissolved = doc_fraction * out[b] + leached_to_doc * solute[b]
        doc[cell, layer] = dissolved
        respired[cell, layer] = out[b] + solute[b] - dissolved


@njit(cache=True, nogil=True)
def advance_mimics(
    cells, stocks, first_row, unit, plant, manure, scale, usual, temperature, layer_temperature, factor, water,
    thickness, density, of_cell, of_unit, kind, column, parameters, in_time, substeps, doc_fraction, leached_to_doc, dt,
    respired, doc,
):  # fmt: skip
    """One step of MIMICS in every layer of ``cells``.

    Parameters
    ----------
    cells : int64 (c)
    stocks : float64 (n, L, K), kg C m-2
        Changed in place, rows ``first_row`` to ``first_row + P - 1``.
    first_row : int
    unit : int64 (n)
        Row of each cell in the tables.
    plant, manure : float64 (U, L, P), kg C m-2 in this step
        Enter evenly.
    scale : float64 (n), dimensionless
        Multiplies the plant input.
    usual : float64 (n), dimensionless
        The same by the given yields.
    temperature : float64 (n), layer_temperature : float64 (L), degC
        Their sum is that of the layer.
    factor : float64 (n, L, 2), dimensionless
        Product of the moisture laws; what slows all rates at depth.
    water : float64 (n, L), kg m-2
    thickness : float64 (n, L), m
        Of the fine earth of each layer.
    density : float64 (n, L), kg m-3
    of_cell : float64 (C, n); of_unit : float64 (D, U)
    kind, column : int64 (A)
        Where each argument of the model's ``rates`` comes from, and its row in ``of_cell`` or ``of_unit``.
    parameters : float64 (N)
    in_time : int64
        Rows of the model's rates that are yr-1.
    substeps : int
    doc_fraction, leached_to_doc : float, 0 to 1
        Shares of what is respired and of what is leached that become dissolved organic carbon; the rest leaves as CO2.
    dt : float, yr
    respired, doc : float64 (n, L), kg C m-2
        Overwritten with the amounts of this step.
    """
    state, inputs = np.zeros((7, BLOCK)), np.zeros((7, BLOCK))
    arguments, rate = np.zeros((6, BLOCK)), np.zeros((26, BLOCK))
    slowing, out, solute, scratch = np.ones(BLOCK), np.zeros(BLOCK), np.zeros(BLOCK), np.zeros(mimics.SCRATCH)
    for first in range(0, cells.size * stocks.shape[1], BLOCK):
        count = gather(
            cells, first, stocks, first_row, unit, plant, manure, scale, usual, temperature, layer_temperature, factor,
            water, thickness, density, of_cell, of_unit, kind, column, dt, state, inputs, arguments, slowing,
        )  # fmt: skip
        mimics.rates(
            arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5], parameters, rate
        )
        slow(rate, in_time, slowing)
        mimics.advance(state, rate, inputs, dt, substeps, scratch, out, solute)
        _scatter(
            cells, first, count, first_row, state, out, solute, doc_fraction, leached_to_doc, stocks, respired, doc
        )


@njit(cache=True, nogil=True)
def advance_millennial(
    cells, stocks, first_row, unit, plant, manure, scale, usual, temperature, layer_temperature, factor, water,
    thickness, density, of_cell, of_unit, kind, column, parameters, in_time, substeps, doc_fraction, leached_to_doc, dt,
    respired, doc,
):  # fmt: skip
    """As :func:`advance_mimics`, of Millennial. A function of its own, so that who runs the one does not wait for the
    other to compile.
    """
    state, inputs = np.zeros((5, BLOCK)), np.zeros((5, BLOCK))
    arguments, rate = np.zeros((7, BLOCK)), np.zeros((18, BLOCK))
    slowing, out, solute, scratch = np.ones(BLOCK), np.zeros(BLOCK), np.zeros(BLOCK), np.zeros(millennial.SCRATCH)
    for first in range(0, cells.size * stocks.shape[1], BLOCK):
        count = gather(
            cells, first, stocks, first_row, unit, plant, manure, scale, usual, temperature, layer_temperature, factor,
            water, thickness, density, of_cell, of_unit, kind, column, dt, state, inputs, arguments, slowing,
        )  # fmt: skip
        millennial.rates(
            arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5], arguments[6],
            parameters, rate,
        )  # fmt: skip
        slow(rate, in_time, slowing)
        millennial.advance(state, rate, inputs, dt, substeps, scratch, out, solute)
        _scatter(
            cells, first, count, first_row, state, out, solute, doc_fraction, leached_to_doc, stocks, respired, doc
        )


@njit(cache=True, nogil=True)
def fastest_loss(state, rate, inputs, loss):
    """Greatest loss, yr-1, of the LMWC of Millennial that is to be expected during a step (B).

    Uptake, by the microbes there are or by those that input, particulate and mineral carbon can feed, of an empty
    substrate; sorption; leaching.

    Parameters
    ----------
    state : float64 (5, B), kg C m-2
    rate : float64 (18, B)
    inputs : float64 (5, B), kg C m-2 yr-1
    loss : float64 (B), yr-1
        Replaced.
    """
    for b in range(loss.size):
        kept = 1.0 - rate[14, b]
        # of the microbes that die, a share is food again
        turnover = max(rate[12, b] * (1.0 - kept * (1.0 - rate[16, b])), 1e-300)
        microbes = state[3, b]
        for _ in range(4):
            access = microbes / (rate[1, b] + rate[4, b] * microbes + rate[5, b] * state[0, b])
            food = inputs[0, b] + inputs[1, b] + rate[0, b] * state[0, b] * access + rate[11, b] * state[4, b]
            microbes = max(microbes, math.sqrt(kept * food / turnover))
        uptake = rate[2, b] * microbes / (rate[3, b] + rate[5, b] * microbes)
        loss[b] = uptake + rate[9, b] + rate[8, b]


ADVANCE = {"mimics": advance_mimics, "millennial": advance_millennial}
