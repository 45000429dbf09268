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
@njit(**INNER)
def _uniform(series, row, first, width):
    """Whether the points of the block have one column in common."""
    same = True
    for b in range(width):
        same &= series[row, first + b] == series[row, first]
    return same


@njit(**INNER)
def _moisture(soil, work):
    """RothC's deficit bucket and its ramp (see kernels/rate_modifiers.py), lane by lane.

    Rows of ``soil``: those of ``Points.bucket`` with the inverse of the ramp's length in the place of its begin.
    Rows 0 and 1 of ``work``: net rain, and whether plants cover; row 2 is multiplied.
    """
    for b in range(work.shape[1]):
        maximum, slope, dry, dry_bare, driest = soil[0, b], soil[1, b], soil[2, b], soil[3, b], soil[4, b]
        before, factor = soil[5, b], work[2, b]
        dry_bare = min(dry_bare, before)
        after = max(dry if work[1, b] > 0.5 else dry_bare, min(0.0, before + work[0, b]))
        soil[5, b] = after
        ramp = driest + (1.0 - driest) * (maximum - after) * slope
        work[2, b] = factor * max(driest, min(1.0, ramp))


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
def _begin(first, width, rates, shares, bucket, start, state, rate, share, soil, since):
    """Points of a block into its lanes; idle lanes repeat the first point's."""
    own_rate, own_share, own_bucket = rates.shape[1] > 1, shares.shape[1] > 1, bucket.shape[1] > 1
    for b in range(state.shape[2]):
        point = first + b if b < width else first
        for s in range(state.shape[0]):
            since[s, b] = 0.0
            for p in range(state.shape[1]):
                state[s, p, b] = start[s, p, point]
        for p in range(rates.shape[0]):
            rate[p, b] = rates[p, point if own_rate else 0]
        for e in range(shares.shape[0]):
            share[e, b] = shares[e, point if own_share else 0]
        if bucket.size > 0:
            for row in range(bucket.shape[0]):
                soil[row, b] = bucket[row, point if own_bucket else 0]
            soil[1, b] = 1.0 / (soil[0, b] - soil[1, b])


@njit(**INNER)
def _drive(m, first, width, uniform, series, factor, net_rain, covered, cover_factor, bucket, soil, work, modifier):
    """Modifiers of a step, without lignin."""
    w, v = series[0, first], series[1, first]
    net, plants, scale = net_rain[m, w], covered[m, v], cover_factor[m, v]
    for b in range(work.shape[1]):
        work[0, b] = net
        work[1, b] = plants
        work[2, b] = scale
    common = uniform[0] and uniform[1]
    if not common:
        for b in range(width):
            w, v = series[0, first + b], series[1, first + b]
            work[0, b] = net_rain[m, w]
            work[1, b] = covered[m, v]
            work[2, b] = cover_factor[m, v]
    if bucket:
        _moisture(soil, work)
    for g in range(modifier.shape[0]):
        value = factor[m, g, series[0, first]]
        for b in range(work.shape[1]):
            modifier[g, b] = value * work[2, b]
        if not uniform[0]:
            for b in range(width):
                modifier[g, b] = factor[m, g, series[0, first + b]] * work[2, b]


@njit(**INNER)
def _feed(m, first, width, uniform, series, amount, share, activity, inputs):
    """Input of a step by receiving pool."""
    kinds, receivers = share.shape
    for s in range(inputs.shape[0]):
        for j in range(receivers):
            value = 0.0
            for k in range(kinds):
                value += share[k, j] * activity[m, s] * amount[m, k, series[2, first]]
            for b in range(inputs.shape[2]):
                inputs[s, j, b] = value
            if not uniform:
                for b in range(width):
                    value = 0.0
                    for k in range(kinds):
                        value += share[k, j] * activity[m, s] * amount[m, k, series[2, first + b]]
                    inputs[s, j, b] = value


@njit(**INNER)
def _keep(at, first, width, state, released, since, out, respired):
    """What a step respired is added up; the state goes to row ``at`` of the results, or nowhere (-1)."""
    for s in range(state.shape[0]):
        for b in range(state.shape[2]):
            since[s, b] += released[s, b]
        if at >= 0:
            for p in range(state.shape[1]):
                for b in range(width):
                    out[at, s, p, first + b] = state[s, p, b]
            for b in range(width):
                respired[at, s, first + b] = since[s, b]
            for b in range(state.shape[2]):
                since[s, b] = 0.0


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
    factor, net_rain, covered, cover_factor, amount, given, activity = forcing
    series, rates, shares, bucket = properties
    coefficient, turns, ratio_of, ratio_in, member = lignin
    states, pools, lanes = start.shape[0], start.shape[1], BLOCK
    state = np.empty((states, pools, lanes))
    fraction = np.empty((pools, lanes))
    pooled = np.empty((structure.sets.size, lanes))
    released = np.empty((states, lanes))
    since = np.empty((states, lanes))
    rate = np.empty((pools, lanes))
    share = np.empty((shares.shape[0], lanes))
    modifier = np.empty((factor.shape[1], lanes))
    inputs = np.empty((states, given.shape[1], lanes))
    soil = np.empty((6, lanes))
    work = np.empty((3, lanes))
    uniform = np.empty(3, dtype=np.bool_)
    for begin in range(0, points.size, lanes):
        first = points[begin]
        width = min(lanes, points.size - begin)
        for row in range(3):
            uniform[row] = _uniform(series, row, first, width)
        _begin(first, width, rates, shares, bucket, start, state, rate, share, soil, since)
        for step in range(steps):
            m = step % factor.shape[0]
            _drive(
                m, first, width, uniform, series, factor, net_rain, covered, cover_factor, bucket.size > 0, soil, work,
                modifier,
            )  # fmt: skip
            if coefficient.size > 0:
                _protect(coefficient, turns, ratio_of, ratio_in, member, state, work, modifier)
            _feed(m, first, width, uniform[2], series, amount, given, activity, inputs)
            sequential_exponential(
                structure, rate, modifier, share, dt, doubled, decay, inputs, state, fraction, pooled, released
            )
            _keep(record[step], first, width, state, released, since, out, respired)
        if bucket.size > 0:
            for b in range(width):
                deficit_out[first + b] = soil[5, b]

@njit(**STEP)
def run_series(
    points, structure, forcing, properties, lignin, dt, steps, record, decay, start, out, respired,
    deficit_out, order, substeps,
):  # fmt: skip
    """As :func:`run_sequential`, by the Taylor scheme of an order: Euler, Runge-Kutta, exact."""
    factor, net_rain, covered, cover_factor, amount, given, activity = forcing
    series, rates, shares, bucket = properties
    coefficient, turns, ratio_of, ratio_in, member = lignin
    states, pools, lanes = start.shape[0], start.shape[1], BLOCK
    state = np.empty((states, pools, lanes))
    loss = np.empty((pools, lanes))
    term = np.empty((pools, lanes))
    pooled = np.empty((structure.sets.size, lanes))
    released = np.empty((states, lanes))
    since = np.empty((states, lanes))
    rate = np.empty((pools, lanes))
    share = np.empty((shares.shape[0], lanes))
    modifier = np.empty((factor.shape[1], lanes))
    inputs = np.empty((states, given.shape[1], lanes))
    soil = np.empty((6, lanes))
    work = np.empty((3, lanes))
    uniform = np.empty(3, dtype=np.bool_)
    for begin in range(0, points.size, lanes):
        first = points[begin]
        width = min(lanes, points.size - begin)
        for row in range(3):
            uniform[row] = _uniform(series, row, first, width)
        _begin(first, width, rates, shares, bucket, start, state, rate, share, soil, since)
        for step in range(steps):
            m = step % factor.shape[0]
            _drive(
                m, first, width, uniform, series, factor, net_rain, covered, cover_factor, bucket.size > 0, soil, work,
                modifier,
            )  # fmt: skip
            if coefficient.size > 0:
                _protect(coefficient, turns, ratio_of, ratio_in, member, state, work, modifier)
            _feed(m, first, width, uniform[2], series, amount, given, activity, inputs)
            taylor(
                structure, rate, modifier, share, dt, order, substeps, decay, inputs, state, loss, term, pooled,
                released,
            )  # fmt: skip
            _keep(record[step], first, width, state, released, since, out, respired)
        if bucket.size > 0:
            for b in range(width):
                deficit_out[first + b] = soil[5, b]

@njit(**STEP)
def run_interpolated(
    points, structure, forcing, properties, lignin, dt, steps, record, decay, start, out, respired,
    deficit_out,
):  # fmt: skip
    """As :func:`run_sequential`, by Runge-Kutta with modifiers that run linearly from each step's to the next's."""
    factor, net_rain, covered, cover_factor, amount, given, activity = forcing
    series, rates, shares, bucket = properties
    coefficient, turns, ratio_of, ratio_in, member = lignin
    states, pools, lanes = start.shape[0], start.shape[1], BLOCK
    state = np.empty((states, pools, lanes))
    loss = np.empty((pools, lanes))
    term = np.empty((pools, lanes))
    total = np.empty((pools, lanes))
    after = np.empty((factor.shape[1], lanes))
    lane = np.empty(lanes)
    pooled = np.empty((structure.sets.size, lanes))
    released = np.empty((states, lanes))
    since = np.empty((states, lanes))
    rate = np.empty((pools, lanes))
    share = np.empty((shares.shape[0], lanes))
    modifier = np.empty((factor.shape[1], lanes))
    inputs = np.empty((states, given.shape[1], lanes))
    soil = np.empty((6, lanes))
    work = np.empty((3, lanes))
    uniform = np.empty(3, dtype=np.bool_)
    for begin in range(0, points.size, lanes):
        first = points[begin]
        width = min(lanes, points.size - begin)
        for row in range(3):
            uniform[row] = _uniform(series, row, first, width)
        _begin(first, width, rates, shares, bucket, start, state, rate, share, soil, since)
        for step in range(steps):
            m = step % factor.shape[0]
            _drive(
                m, first, width, uniform, series, factor, net_rain, covered, cover_factor, bucket.size > 0, soil, work,
                modifier,
            )  # fmt: skip
            if coefficient.size > 0:
                _protect(coefficient, turns, ratio_of, ratio_in, member, state, work, modifier)
            _feed(m, first, width, uniform[2], series, amount, given, activity, inputs)
            for g in range(after.shape[0]):
                for b in range(lanes):
                    after[g, b] = factor[(step + 1) % factor.shape[0], g, series[0, first + (b if b < width else 0)]]
            runge_kutta(
                structure, rate, modifier, after, share, dt, decay, inputs, state, loss, term, total, pooled, lane,
                released,
            )  # fmt: skip
            _keep(record[step], first, width, state, released, since, out, respired)
        if bucket.size > 0:
            for b in range(width):
                deficit_out[first + b] = soil[5, b]
