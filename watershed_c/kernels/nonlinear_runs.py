"""A step of the non-linear models, and of the twins of their pools, at many independent points.

Lanes of a block are whole points; those of one block take the same number of substeps. Idle lanes of a block repeat
its last point, so every lane takes the same path whatever stands beside it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from watershed_c.kernels import millennial, mimics, nonlinear_twins
from watershed_c.kernels.nonlinear_decomposition import BLOCK


@njit(cache=True, nogil=True)
def _take(lanes, first, substeps, state, rate, inputs, block_state, block_rate, block_inputs):
    """Fill a block with the points from ``lanes[first]`` on that take as many substeps; returns how many."""
    count = 1
    while count < BLOCK and first + count < lanes.size and substeps[lanes[first + count]] == substeps[lanes[first]]:
        count += 1
    for b in range(BLOCK):
        lane = lanes[first + min(b, count - 1)]
        for p in range(state.shape[0]):
            block_state[p, b] = state[p, lane]
            block_inputs[p, b] = inputs[p, lane]
        for q in range(rate.shape[0]):
            block_rate[q, b] = rate[q, lane]
    return count


@njit(cache=True, nogil=True)
def _put(lanes, first, count, block_state, out, solute, scratch, moved_row, state, respired, leached, moved):
    """The block back to its points."""
    for b in range(count):
        lane = lanes[first + b]
        for p in range(state.shape[0]):
            state[p, lane] = block_state[p, b]
        respired[lane] = out[b]
        leached[lane] = solute[b]
        moved[lane] = scratch[moved_row * BLOCK + b]


@njit(cache=True, nogil=True)
def carry_mimics(lanes, state, rate, inputs, dt, substeps, respired, leached, moved):
    """One step of MIMICS at the points ``lanes``.

    Parameters
    ----------
    lanes : int64
        Points of equal substeps are best side by side.
    state : float64 (P, N), kg C m-2
        Changed in place.
    rate : float64 (Q, N)
        Of the model's ``rates``.
    inputs : float64 (P, N), kg C m-2 yr-1
        Enter evenly.
    dt : float, yr
    substeps : int64 (N)
    respired, leached, moved : float64 (N), kg C m-2
        Overwritten with what left in this step, and with what the guards of the model moved between pools.
    """
    block_state, block_inputs, block_rate = np.zeros((7, BLOCK)), np.zeros((7, BLOCK)), np.zeros((26, BLOCK))
    out, solute, scratch, first = np.zeros(BLOCK), np.zeros(BLOCK), np.zeros(mimics.SCRATCH), 0
    while first < lanes.size:
        count = _take(lanes, first, substeps, state, rate, inputs, block_state, block_rate, block_inputs)
        mimics.advance(block_state, block_rate, block_inputs, dt, substeps[lanes[first]], scratch, out, solute)
        _put(lanes, first, count, block_state, out, solute, scratch, mimics.MOVED_ROW, state, respired, leached, moved)
        first += count


@njit(cache=True, nogil=True)
def carry_millennial(lanes, state, rate, inputs, dt, substeps, respired, leached, moved):
    """As :func:`carry_mimics`, of Millennial. A function of its own, so that who runs the one does not wait for the
    other to compile.
    """
    block_state, block_inputs, block_rate = np.zeros((5, BLOCK)), np.zeros((5, BLOCK)), np.zeros((18, BLOCK))
    out, solute, scratch, first = np.zeros(BLOCK), np.zeros(BLOCK), np.zeros(millennial.SCRATCH), 0
    while first < lanes.size:
        count = _take(lanes, first, substeps, state, rate, inputs, block_state, block_rate, block_inputs)
        millennial.advance(block_state, block_rate, block_inputs, dt, substeps[lanes[first]], scratch, out, solute)
        _put(
            lanes, first, count, block_state, out, solute, scratch, millennial.MOVED_ROW, state, respired, leached,
            moved,
        )  # fmt: skip
        first += count


@njit(cache=True, nogil=True)
def carry_twin_mimics(
    lanes, state, twin, rate, inputs, twin_inputs, slower, dt, substeps, respired, leached,
):  # fmt: skip
    """One step of a twin of the pools of MIMICS at the points ``lanes``, before the pools take it.

    Parameters
    ----------
    state : float64 (P, N), kg C m-2
        The pools at the start of the step.
    twin : float64 (P, N), kg C m-2
        Carbon times its ratio to the standard. Changed in place.
    twin_inputs : float64 (P, N), kg C m-2 yr-1
    slower : float, dimensionless
        Of all that leaves a pool, the rate of the twin over that of the pool.
    respired, leached : float64 (N), kg C m-2
        Overwritten with what left the twin in this step.
    lanes, rate, inputs, dt, substeps : as :func:`carry_mimics`
    """
    block_state, block_inputs, block_rate = np.zeros((7, BLOCK)), np.zeros((7, BLOCK)), np.zeros((26, BLOCK))
    block_twin, block_twin_inputs = np.zeros((7, BLOCK)), np.zeros((7, BLOCK))
    out, solute, scratch = np.zeros(BLOCK), np.zeros(BLOCK), np.zeros(nonlinear_twins.SCRATCH_MIMICS)
    first = 0
    while first < lanes.size:
        _take(lanes, first, substeps, state, rate, inputs, block_state, block_rate, block_inputs)
        count = _take(lanes, first, substeps, twin, rate, twin_inputs, block_twin, block_rate, block_twin_inputs)
        nonlinear_twins.advance_mimics(
            block_state, block_twin, block_rate, block_inputs, block_twin_inputs, slower, dt, substeps[lanes[first]],
            scratch, out, solute,
        )  # fmt: skip
        _put_twin(lanes, first, count, block_twin, out, solute, twin, respired, leached)
        first += count


@njit(cache=True, nogil=True)
def carry_twin_millennial(
    lanes, state, twin, rate, inputs, twin_inputs, slower, dt, substeps, respired, leached,
):  # fmt: skip
    """As :func:`carry_twin_mimics`, of Millennial."""
    block_state, block_inputs, block_rate = np.zeros((5, BLOCK)), np.zeros((5, BLOCK)), np.zeros((18, BLOCK))
    block_twin, block_twin_inputs = np.zeros((5, BLOCK)), np.zeros((5, BLOCK))
    out, solute, scratch = np.zeros(BLOCK), np.zeros(BLOCK), np.zeros(nonlinear_twins.SCRATCH_MILLENNIAL)
    first = 0
    while first < lanes.size:
        _take(lanes, first, substeps, state, rate, inputs, block_state, block_rate, block_inputs)
        count = _take(lanes, first, substeps, twin, rate, twin_inputs, block_twin, block_rate, block_twin_inputs)
        nonlinear_twins.advance_millennial(
            block_state, block_twin, block_rate, block_inputs, block_twin_inputs, slower, dt, substeps[lanes[first]],
            scratch, out, solute,
        )  # fmt: skip
        _put_twin(lanes, first, count, block_twin, out, solute, twin, respired, leached)
        first += count


@njit(cache=True, nogil=True)
def _put_twin(lanes, first, count, block_twin, out, solute, twin, respired, leached):
    """The block back to its points."""
    for b in range(count):
        lane = lanes[first + b]
        for p in range(twin.shape[0]):
            twin[p, lane] = block_twin[p, b]
        respired[lane] = out[b]
        leached[lane] = solute[b]


CARRY_TWIN = {"mimics": carry_twin_mimics, "millennial": carry_twin_millennial}
CARRY = {"mimics": carry_mimics, "millennial": carry_millennial}
