"""A linear pool model at many independent points through all steps of a run: nothing lateral, no grid.

Points are taken in blocks (:mod:`watershed_c.kernels.pool_steps`) through the whole run, so that their pools stay in
the nearest cache; what drives them is read once per block and never copied per point: weather, cover and input are
tables with a column per series, and each point says which column is its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from watershed_c.kernels.pool_steps import INNER, STEP, lost, runge_kutta, sequential_exponential, taylor

#: lanes of a block: enough to outweigh what some thirty loops a step cost before they begin; its rows (RothC: 50 kB)
#: stay in the second cache, and half as many take longer, twice as many are no faster
BLOCK = 256


class Forcing(NamedTuple):
    """What drives the points. M steps, W weather series, V covers, I input series, Q receiving pools, S states.

    Attributes
    ----------
    factor : (M, G, W)
        Product of the modifiers that depend on weather alone, of each group of pools.
    net_rain : (M, W), kg m-2 in the step
        Rain less potential evapotranspiration; read where the model keeps a topsoil moisture deficit.
    covered : (M, V)
        1 under plants, 0 when bare.
    cover_factor : (M, V)
        Multiplies every group.
    amount : (M, K, I), kg C m-2 in the step
        Input by kind.
    share : (K, Q)
        How a kind is split among the receiving pools.
    activity : (M, S)
        Content of each state in a unit of input (1 for carbon; of a twin, relative to its standard).
    """

    factor: np.ndarray
    net_rain: np.ndarray
    covered: np.ndarray
    cover_factor: np.ndarray
    amount: np.ndarray
    share: np.ndarray
    activity: np.ndarray


class Points(NamedTuple):
    """What is known of the points: which series drive each, its rates and shares, and RothC's bucket.

    Attributes
    ----------
    series : (3, n) int64
        Columns of the forcing: of weather, cover and input.
    rate : (P, n) or (P, 1), yr-1
    share : (E, n) or (E, 1)
    bucket : (6, n) or (6, 1)
        Of the moisture ramp: where it ends and begins; how dry soil gets under plants and bare (kg m-2, negative); rate
        at the end of the ramp; and the deficit at the start (kg m-2). Of size 0: the model has no moisture deficit.
    """

    series: np.ndarray
    rate: np.ndarray
    share: np.ndarray
    bucket: np.ndarray


class Lignin(NamedTuple):
    """Protection by lignin: groups are multiplied by exp(-coefficient * share of some pools in others). F factors.

    Attributes
    ----------
    coefficient : (F,)
    doubled : (F,) int64
        From :func:`watershed_c.kernels.pool_steps.doublings` of the coefficient.
    ratio_of, ratio_in : (F, P)
        1 or 0.
    member : (F, G) bool
    """

    coefficient: np.ndarray
    doubled: np.ndarray
    ratio_of: np.ndarray
    ratio_in: np.ndarray
    member: np.ndarray


# -- a block's lanes ---------------------------------------------------------------------------------------------------
# RothC's deficit bucket and its ramp (see kernels/rate_modifiers.py), of numbers: an array and its index handed to a
# function keep a loop from vector registers.
@njit(**INNER)
def _dried(before, net_rain, covered, driest, driest_bare):
    """Deficit after a step."""
    lowest = driest if covered > 0.5 else min(driest_bare, before)
    return max(lowest, min(0.0, before + net_rain))


@njit(**INNER)
def _ramp(deficit, end, slope, least):
    """Factor of moisture."""
    return max(least, min(1.0, least + (end - deficit) * slope))


@njit(**INNER)
def _protect(coefficient, doubled, ratio_of, ratio_in, member, state, work, modifier):
    """Multiply the modifiers by the protection that the lignin of the present state gives; uses rows 0 and 1."""
    lanes = work.shape[1]
    for f in range(coefficient.size):
        scale = coefficient[f] / 2.0 ** doubled[f]
        for b in range(lanes):
            work[0, b] = 0.0
            work[1, b] = 0.0
        for p in range(state.shape[1]):
            of, within = ratio_of[f, p], ratio_in[f, p]
            if of + within > 0.0:
                for b in range(lanes):
                    work[0, b] += of * state[0, p, b]
                    work[1, b] += within * state[0, p, b]
        for b in range(lanes):
            whole = work[1, b]
            work[0, b] = lost(scale * (work[0, b] / whole if whole > 0.0 else 0.0))
        for _ in range(doubled[f]):
            for b in range(lanes):
                work[0, b] *= 2.0 - work[0, b]
        for g in range(modifier.shape[0]):
            if member[f, g]:
                for b in range(lanes):
                    modifier[g, b] *= 1.0 - work[0, b]


# -- what every run does -----------------------------------------------------------------------------------------------
@njit(**INNER)
def _spread(lane, values, rows):
    """Values (R, n), or one for all (R, 1), into the lanes of their points."""
    for row in range(values.shape[0]):
        for b in range(lane.size):
            rows[row, b] = values[row, lane[b] if values.shape[1] > 1 else 0]


@njit(**INNER)
def _begin(first, width, properties, start, state, rate, share, soil, lane, column, uniform, released):
    """Points of a block into its lanes; idle lanes repeat the first point's."""
    for b in range(state.shape[2]):
        lane[b] = first + b if b < width else first
    for row in range(3):
        uniform[row] = True
        for b in range(state.shape[2]):
            column[row, b] = properties.series[row, lane[b]]
            uniform[row] &= column[row, b] == column[row, 0]
    for s in range(state.shape[0]):
        for p in range(state.shape[1]):
            for b in range(state.shape[2]):
                state[s, p, b] = start[s, p, lane[b]]
        for b in range(state.shape[2]):
            released[s, b] = 0.0
    _spread(lane, properties.rate, rate)
    _spread(lane, properties.share, share)
    if properties.bucket.size > 0:
        _spread(lane, properties.bucket, soil)
        for b in range(state.shape[2]):
            soil[1, b] = (1.0 - soil[4, b]) / (soil[0, b] - soil[1, b])


@njit(**INNER)
def _drive(m, forcing, column, uniform, bucket, soil, work, modifier):
    """Modifiers of a step, without lignin; uses row 0 of the work space."""
    lanes = work.shape[1]
    for g in range(modifier.shape[0]):
        w, v = column[0, 0], column[1, 0]
        if g > 0:
            pass
        elif not bucket:
            for b in range(lanes):
                work[0, b] = forcing.cover_factor[m, column[1, b]]
        elif uniform[0] and uniform[1]:
            net, plants, scale = forcing.net_rain[m, w], forcing.covered[m, v], forcing.cover_factor[m, v]
            for b in range(lanes):
                soil[5, b] = _dried(soil[5, b], net, plants, soil[2, b], soil[3, b])
                work[0, b] = scale * _ramp(soil[5, b], soil[0, b], soil[1, b], soil[4, b])
        else:
            for b in range(lanes):
                w, v = column[0, b], column[1, b]
                soil[5, b] = _dried(soil[5, b], forcing.net_rain[m, w], forcing.covered[m, v], soil[2, b], soil[3, b])
                work[0, b] = forcing.cover_factor[m, v] * _ramp(soil[5, b], soil[0, b], soil[1, b], soil[4, b])
        if uniform[0]:
            value = forcing.factor[m, g, column[0, 0]]
            for b in range(lanes):
                modifier[g, b] = value * work[0, b]
        else:
            for b in range(lanes):
                modifier[g, b] = forcing.factor[m, g, column[0, b]] * work[0, b]


# Not fused: the product is rounded before it is added, whether neighbours share it or not.
@njit(**{**INNER, "fastmath": False})
def _feed(m, forcing, column, uniform, receivers, pools):
    """Add the input of a step to ``pools`` (S, P, B)."""
    _, _, _, _, amount, share, activity = forcing
    lanes = pools.shape[2]
    for s in range(pools.shape[0]):
        for j in range(receivers.size):
            p = receivers[j]
            for k in range(share.shape[0]):
                part = share[k, j] * activity[m, s]
                if uniform[2]:
                    value = part * amount[m, k, column[2, 0]]
                    for b in range(lanes):
                        pools[s, p, b] += value
                else:
                    for b in range(lanes):
                        pools[s, p, b] += part * amount[m, k, column[2, b]]


@njit(**INNER)
def _clear(inputs):
    """Nothing has entered yet."""
    for s in range(inputs.shape[0]):
        for p in range(inputs.shape[1]):
            for b in range(inputs.shape[2]):
                inputs[s, p, b] = 0.0


@njit(**INNER)
def _keep(at, first, width, state, released, out, respired):
    """The state and what was respired since the record before go to row ``at`` of the results."""
    for s in range(state.shape[0]):
        for p in range(state.shape[1]):
            for b in range(width):
                out[at, s, p, first + b] = state[s, p, b]
        for b in range(width):
            respired[at, s, first + b] = released[s, b]
        for b in range(state.shape[2]):
            released[s, b] = 0.0


# -- one run for each scheme: who runs RothC does not wait for the others to compile ---------------------------------
@njit(**STEP)
def run_sequential(
    points, structure, forcing, properties, lignin, dt, steps, record, decay, start, out, respired,
    deficit_out, doubled,
):  # fmt: skip
    """Run the points listed in ``points`` (c, int64, consecutive numbers) by the sequential exponential scheme.

    Parameters
    ----------
    points : (c,) int64
    structure : Structure
    forcing : Forcing
        Its M rows are used again from the first when the run is longer.
    properties : Points
    lignin : Lignin
    dt : float, yr
    steps : int
    record : (steps,) int64
        Row of the results that a step's end is written to, or -1.
    decay : (S,)
        As in :mod:`watershed_c.kernels.pool_steps`.
    deficit_out : (n), kg m-2; of size 0 without deficit
    start : (S, P, n), kg C m-2
    out : (R, S, P, n)
        Pools at the recorded steps.
    respired : (R, S, n), kg C m-2
        Released since the record before.
    doubled : (P,) int64
        As in :mod:`watershed_c.kernels.pool_steps`.
    """
    coefficient, turns, ratio_of, ratio_in, member = lignin
    states, pools, lanes = start.shape[0], start.shape[1], BLOCK
    state = np.empty((states, pools, lanes))
    fraction = np.empty((pools, lanes))
    pooled = np.empty((structure.sets.size, lanes))
    released = np.empty((states, lanes))
    rate = np.empty((pools, lanes))
    share = np.empty((properties.share.shape[0], lanes))
    modifier = np.empty((forcing.factor.shape[1], lanes))
    soil = np.empty((6, lanes))
    work = np.empty((2, lanes))
    lane = np.empty(lanes, dtype=np.int64)
    column = np.empty((3, lanes), dtype=np.int64)
    uniform = np.empty(3, dtype=np.bool_)
    bucket = properties.bucket.size > 0
    for begin in range(0, points.size, lanes):
        first = points[begin]
        width = min(lanes, points.size - begin)
        _begin(first, width, properties, start, state, rate, share, soil, lane, column, uniform, released)
        for step in range(steps):
            m = step % forcing.factor.shape[0]
            _drive(m, forcing, column, uniform, bucket, soil, work, modifier)
            if coefficient.size > 0:
                _protect(coefficient, turns, ratio_of, ratio_in, member, state, work, modifier)
            sequential_exponential(
                structure, rate, modifier, share, dt, doubled, decay, state, fraction, pooled, released
            )
            _feed(m, forcing, column, uniform, structure.receivers, state)
            if record[step] >= 0:
                _keep(record[step], first, width, state, released, out, respired)
        if bucket:
            for b in range(width):
                deficit_out[first + b] = soil[5, b]

@njit(**STEP)
def run_series(
    points, structure, forcing, properties, lignin, dt, steps, record, decay, start, out, respired,
    deficit_out, order, substeps,
):  # fmt: skip
    """As :func:`run_sequential`, by the Taylor scheme of an order: Euler, Runge-Kutta, exact."""
    coefficient, turns, ratio_of, ratio_in, member = lignin
    states, pools, lanes = start.shape[0], start.shape[1], BLOCK
    state = np.empty((states, pools, lanes))
    loss = np.empty((pools, lanes))
    mean = np.empty((pools, lanes))
    pooled = np.empty((structure.sets.size, lanes))
    released = np.empty((states, lanes))
    rate = np.empty((pools, lanes))
    share = np.empty((properties.share.shape[0], lanes))
    modifier = np.empty((forcing.factor.shape[1], lanes))
    inputs = np.empty((states, pools, lanes))
    soil = np.empty((6, lanes))
    work = np.empty((2, lanes))
    lane = np.empty(lanes, dtype=np.int64)
    column = np.empty((3, lanes), dtype=np.int64)
    uniform = np.empty(3, dtype=np.bool_)
    bucket = properties.bucket.size > 0
    for begin in range(0, points.size, lanes):
        first = points[begin]
        width = min(lanes, points.size - begin)
        _begin(first, width, properties, start, state, rate, share, soil, lane, column, uniform, released)
        for step in range(steps):
            m = step % forcing.factor.shape[0]
            _drive(m, forcing, column, uniform, bucket, soil, work, modifier)
            if coefficient.size > 0:
                _protect(coefficient, turns, ratio_of, ratio_in, member, state, work, modifier)
            _clear(inputs)
            _feed(m, forcing, column, uniform, structure.receivers, inputs)
            taylor(
                structure, rate, modifier, share, dt, order, substeps, decay, inputs, state, loss, mean, pooled,
                released,
            )  # fmt: skip
            if record[step] >= 0:
                _keep(record[step], first, width, state, released, out, respired)
        if bucket:
            for b in range(width):
                deficit_out[first + b] = soil[5, b]

@njit(**STEP)
def run_interpolated(
    points, structure, forcing, properties, lignin, dt, steps, record, decay, start, out, respired,
    deficit_out,
):  # fmt: skip
    """As :func:`run_sequential`, by Runge-Kutta with modifiers that run linearly from each step's to the next's."""
    coefficient, turns, ratio_of, ratio_in, member = lignin
    states, pools, lanes = start.shape[0], start.shape[1], BLOCK
    state = np.empty((states, pools, lanes))
    loss = np.empty((pools, lanes))
    term = np.empty((pools, lanes))
    total = np.empty((pools, lanes))
    after = np.empty((forcing.factor.shape[1], lanes))
    pooled = np.empty((structure.sets.size, lanes))
    released = np.empty((states, lanes))
    rate = np.empty((pools, lanes))
    share = np.empty((properties.share.shape[0], lanes))
    modifier = np.empty((forcing.factor.shape[1], lanes))
    inputs = np.empty((states, pools, lanes))
    soil = np.empty((6, lanes))
    work = np.empty((2, lanes))
    lane = np.empty(lanes, dtype=np.int64)
    column = np.empty((3, lanes), dtype=np.int64)
    uniform = np.empty(3, dtype=np.bool_)
    bucket = properties.bucket.size > 0
    for begin in range(0, points.size, lanes):
        first = points[begin]
        width = min(lanes, points.size - begin)
        _begin(first, width, properties, start, state, rate, share, soil, lane, column, uniform, released)
        for step in range(steps):
            m = step % forcing.factor.shape[0]
            _drive(m, forcing, column, uniform, bucket, soil, work, modifier)
            if coefficient.size > 0:
                _protect(coefficient, turns, ratio_of, ratio_in, member, state, work, modifier)
            _clear(inputs)
            _feed(m, forcing, column, uniform, structure.receivers, inputs)
            for g in range(after.shape[0]):
                for b in range(lanes):
                    after[g, b] = forcing.factor[(step + 1) % forcing.factor.shape[0], g, column[0, b]]
            runge_kutta(
                structure, rate, modifier, after, share, dt, decay, inputs, state, loss, term, total, pooled, work[1],
                released,
            )  # fmt: skip
            if record[step] >= 0:
                _keep(record[step], first, width, state, released, out, respired)
        if bucket:
            for b in range(width):
                deficit_out[first + b] = soil[5, b]
