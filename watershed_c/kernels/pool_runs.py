"""A linear pool model at many independent points through all steps of a run: nothing lateral, no grid.

Points are taken in blocks (:mod:`watershed_c.kernels.pool_steps`) through the whole run, so that their pools stay in
the nearest cache; what drives them is read once per block and never copied per point: weather, cover and input are
tables with a column per series, and each point says which column is its own.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from watershed_c.kernels.pool_steps import runge_kutta, sequential_exponential, taylor

#: lanes of a block: all its states fit the nearest cache (5 pools with twins: 40 kB)
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
    weather, cover, input : (n,) int64
        Columns of the forcing.
    rate : (P, n) or (P, 1), yr-1
    share : (E, n) or (E, 1)
    maximum_deficit, threshold, covered_limit, bare_limit : (n,), kg m-2, negative
        Of the moisture ramp: where it ends and begins; how dry soil gets under plants and bare. Of size 0: the model
        has no moisture deficit.
    driest_factor : (n,)
        Rate at the end of the ramp.
    """

    weather: np.ndarray
    cover: np.ndarray
    input: np.ndarray
    rate: np.ndarray
    share: np.ndarray
    maximum_deficit: np.ndarray
    threshold: np.ndarray
    covered_limit: np.ndarray
    bare_limit: np.ndarray
    driest_factor: np.ndarray


@njit(cache=True, nogil=True)
def _kind(column, first, width):
    """0: one column for the whole block; 1: consecutive ones; 2: any."""
    low = column[first]
    same = True
    consecutive = True
    for b in range(width):
        same &= column[first + b] == low
        consecutive &= column[first + b] == low + b
    if same:
        return 0
    return 1 if consecutive else 2


@njit(cache=True, nogil=True)
def _spread(table, column, first, width, kind, lanes):
    """lanes = what the table has for each point of the block; idle lanes repeat the first point's."""
    low = column[first]
    if kind == 0:
        value = table[low]
        for b in range(lanes.size):
            lanes[b] = value
        return
    if kind == 1:
        for b in range(width):
            lanes[b] = table[low + b]
    else:
        for b in range(width):
            lanes[b] = table[column[first + b]]
    for b in range(width, lanes.size):
        lanes[b] = lanes[0]


@njit(cache=True, nogil=True)
def _fill(values, first, width, lanes):
    """lanes = values of the block's points; of size 1: the same for all."""
    if values.size == 1:
        lanes[:] = values[0]
        return
    for b in range(width):
        lanes[b] = values[first + b]
    for b in range(width, lanes.size):
        lanes[b] = lanes[0]


@njit(cache=True, nogil=True)
def _moisture(net_rain, covered, maximum, slope, covered_limit, bare_limit, driest, deficit, factor):
    """RothC's deficit bucket and its ramp (see kernels/rate_modifiers.py), lane by lane."""
    for b in range(deficit.size):
        before = deficit[b]
        limit = covered_limit[b] if covered[b] > 0.5 else min(bare_limit[b], before)
        after = max(limit, min(0.0, before + net_rain[b]))
        deficit[b] = after
        ramp = driest[b] + (1.0 - driest[b]) * (maximum[b] - after) * slope[b]
        factor[b] = max(driest[b], min(1.0, ramp))


class Lignin(NamedTuple):
    """Protection by lignin: groups are multiplied by exp(-coefficient * share of some pools in others). F factors.

    Attributes
    ----------
    coefficient : (F,)
    ratio_of, ratio_in : (F, P) bool
    member : (F, G) bool
    """

    coefficient: np.ndarray
    ratio_of: np.ndarray
    ratio_in: np.ndarray
    member: np.ndarray


@njit(cache=True, nogil=True)
def _protect(lignin, state, part, whole, modifier):
    """Multiply the modifiers by the protection that the lignin of the present state gives."""
    for f in range(lignin.coefficient.size):
        for b in range(part.size):
            part[b] = 0.0
            whole[b] = 0.0
        for p in range(state.shape[0]):
            if lignin.ratio_in[f, p]:
                row = state[p]
                for b in range(part.size):
                    whole[b] += row[b]
            if lignin.ratio_of[f, p]:
                row = state[p]
                for b in range(part.size):
                    part[b] += row[b]
        for b in range(part.size):
            part[b] = math.exp(-lignin.coefficient[f] * part[b] / whole[b]) if whole[b] > 0.0 else 1.0
        for g in range(modifier.shape[0]):
            if lignin.member[f, g]:
                row = modifier[g]
                for b in range(part.size):
                    row[b] *= part[b]


#: order of the scheme whose modifiers run from one step's to the next's
INTERPOLATED = -4


@njit(cache=True, nogil=True)
def run_linear(
    points, structure, forcing, properties, lignin, order, substeps, doubled, decay, dt, steps, record, deficit_start,
    start, out, respired, deficit_out,
):  # fmt: skip
    """Run the points listed in ``points`` (c, int64, consecutive numbers) through ``steps`` steps.

    Parameters
    ----------
    points : (c,) int64
    structure : Structure
    forcing : Forcing
        Its M rows are used again from the first when the run is longer.
    properties : Points
    lignin : Lignin
    order, substeps : int
        Of the Taylor scheme; order 0 is the sequential exponential, ``INTERPOLATED`` :func:`runge_kutta`.
    doubled : (P,) int64, decay : (S,), dt : float
        As in :mod:`watershed_c.kernels.pool_steps`.
    record : (steps,) int64
        Row of the results that a step's end is written to, or -1.
    deficit_start, deficit_out : (n,), kg m-2; of size 0 without deficit
    start : (S, P, n), kg C m-2
    out : (R, S, P, n)
        Pools at the recorded steps.
    respired : (R, S, n), kg C m-2
        Released since the record before.
    """
    states, pools, lanes = start.shape[0], start.shape[1], BLOCK
    groups = forcing.factor.shape[1]
    kinds, receivers = forcing.share.shape
    months = forcing.factor.shape[0]
    bucket = properties.maximum_deficit.size > 0
    state = np.zeros((states, pools, lanes))
    work = np.empty((pools, lanes))
    term = np.empty((pools, lanes))
    pooled = np.empty((structure.sets.size, lanes))
    released = np.empty((states, lanes))
    since = np.empty((states, lanes))
    rate = np.empty((pools, lanes))
    share = np.empty((properties.share.shape[0], lanes))
    modifier = np.empty((groups, lanes))
    modifier_after = np.empty((groups, lanes))
    total = np.empty((pools, lanes))
    inputs = np.zeros((states, receivers, lanes))
    maximum, slope, driest = np.empty(lanes), np.empty(lanes), np.empty(lanes)
    covered_limit, bare_limit, deficit = np.empty(lanes), np.empty(lanes), np.empty(lanes)
    common, lane, wet = np.empty(lanes), np.empty(lanes), np.empty(lanes)
    for begin in range(0, points.size, lanes):
        first = points[begin]
        width = min(lanes, points.size - begin)
        weather = _kind(properties.weather, first, width)
        cover = _kind(properties.cover, first, width)
        fed = _kind(properties.input, first, width)
        for s in range(states):
            for p in range(pools):
                _fill(start[s, p], first, width, state[s, p])
        for p in range(pools):
            _fill(properties.rate[p], first, width, rate[p])
        for e in range(share.shape[0]):
            _fill(properties.share[e], first, width, share[e])
        if bucket:
            _fill(properties.maximum_deficit, first, width, maximum)
            _fill(properties.threshold, first, width, slope)
            for b in range(lanes):
                slope[b] = 1.0 / (maximum[b] - slope[b])
            _fill(properties.driest_factor, first, width, driest)
            _fill(properties.covered_limit, first, width, covered_limit)
            _fill(properties.bare_limit, first, width, bare_limit)
            _fill(deficit_start, first, width, deficit)
        since[:] = 0.0
        for step in range(steps):
            m = step % months
            _spread(forcing.cover_factor[m], properties.cover, first, width, cover, common)
            if bucket:
                _spread(forcing.net_rain[m], properties.weather, first, width, weather, lane)
                _spread(forcing.covered[m], properties.cover, first, width, cover, modifier[0])
                _moisture(lane, modifier[0], maximum, slope, covered_limit, bare_limit, driest, deficit, wet)
                for b in range(lanes):
                    common[b] *= wet[b]
            for g in range(groups):
                row = modifier[g]
                _spread(forcing.factor[m, g], properties.weather, first, width, weather, row)
                for b in range(lanes):
                    row[b] *= common[b]
            _protect(lignin, state[0], lane, wet, modifier)
            for s in range(states):
                for j in range(receivers):
                    row = inputs[s, j]
                    for b in range(lanes):
                        row[b] = 0.0
            for k in range(kinds):
                _spread(forcing.amount[m, k], properties.input, first, width, fed, lane)
                for s in range(states):
                    for j in range(receivers):
                        part = forcing.share[k, j] * forcing.activity[m, s]
                        if part != 0.0:
                            row = inputs[s, j]
                            for b in range(lanes):
                                row[b] += part * lane[b]
            if order == 0:
                sequential_exponential(
                    structure, rate, modifier, share, dt, doubled, decay, inputs, state, work, pooled, released
                )
            elif order == INTERPOLATED:
                after = (step + 1) % months
                for g in range(groups):
                    _spread(forcing.factor[after, g], properties.weather, first, width, weather, modifier_after[g])
                runge_kutta(
                    structure, rate, modifier, modifier_after, share, dt, decay, inputs, state, work, term, total,
                    pooled, lane, released,
                )  # fmt: skip
            else:
                taylor(
                    structure, rate, modifier, share, dt, order, substeps, decay, inputs, state, work, term, pooled,
                    released,
                )  # fmt: skip
            for s in range(states):
                row = since[s]
                for b in range(lanes):
                    row[b] += released[s, b]
            at = record[step]
            if at >= 0:
                for s in range(states):
                    for p in range(pools):
                        for b in range(width):
                            out[at, s, p, first + b] = state[s, p, b]
                    for b in range(width):
                        respired[at, s, first + b] = since[s, b]
                for s in range(states):
                    row = since[s]
                    for b in range(lanes):
                        row[b] = 0.0
        if bucket:
            for b in range(width):
                deficit_out[first + b] = deficit[b]
