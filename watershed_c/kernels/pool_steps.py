"""One step of a linear pool model on a block of points: the schemes, once for every model and use.

A block holds ``B`` points (cell-layers), one a lane: every array ends with the lanes, so that each loop below runs
along them in vector registers. With the loss rate ``r_p = rate_p * modifier_g(p)`` (yr-1) of pool p, the share
``c_r`` of what a set of donors loses that route r carries to its receiver, and the input ``I_p``,

    dy_p/dt = I_p - r_p y_p - decay y_p + sum over routes r to p of c_r * (loss of the donors of r)

and what no route takes is respired. Donors that give by the same routes form a *set*: their losses are summed once.
Twins (isotopes) are further states moved by the same shares, each with its own input and radioactive decay.

Schemes. *Sequential exponential* (RothC): every pool decays exactly, what it lost is shared out, then the input of the
step is added. *Taylor* of order 1, 4 and n: explicit Euler, classical Runge-Kutta (the same thing for a linear model
whose modifiers hold during the step), and the exact solution (matrix exponential applied to the state, its integral
to the constant input) when the order is as high as :func:`exact_plan` says.

The rows given must have a multiple of 16 lanes: then no loop has a remainder, every lane goes through the same
instructions and its bits do not depend on its neighbours.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

#: lanes are a multiple of this
LANES = 16
#: largest exponent of the plain series of 1 - exp(-x): its truncation is below round-off
SERIES_REACH = 0.25
#: largest loss (rate x time) in one sub-step of the exact scheme: beyond it the alternating series loses digits
EXACT_REACH = 2.0


class Structure(NamedTuple):
    """Where carbon goes in a linear model, as index arrays. P pools, G groups of modifiers, U sets, R routes.

    Attributes
    ----------
    active : (A,)
        Pools that decay.
    group : (P,)
        Row of the modifiers that multiplies a pool's rate.
    donor_set : (P,)
        Set of a pool; only that of active pools is read.
    sets : (U,)
        Any values: only the number of sets counts.
    route_set, route_share, route_to : (R,)
        Set it comes from, row of the shares it takes, pool it goes to.
    receivers : (Q,)
        Pools that plant input or amendments go to.
    """

    active: np.ndarray
    group: np.ndarray
    donor_set: np.ndarray
    sets: np.ndarray
    route_set: np.ndarray
    route_share: np.ndarray
    route_to: np.ndarray
    receivers: np.ndarray


def doublings(bound: np.ndarray) -> np.ndarray:
    """How often ``lost_fractions`` must double for exponents up to ``bound`` (P)."""
    with np.errstate(divide="ignore"):
        needed = np.ceil(np.log2(np.maximum(np.asarray(bound, dtype=np.float64), 1e-300) / SERIES_REACH))
    return np.maximum(needed, 0.0).astype(np.int64)


def exact_plan(largest: float) -> tuple[int, int]:
    """Order and sub-steps of the exact scheme for losses (rate x time) up to ``largest`` in the step.

    The remainder ``x^(n+1)/(n+1)!`` of the series is below 1e-18 of the state.
    """
    substeps = max(1, math.ceil(largest / EXACT_REACH))
    reach, order, remainder = largest / substeps, 0, 1.0
    while remainder > 1e-18:
        order += 1
        remainder *= reach / (order + 1)
    return max(order, 2), substeps


# fused multiply-add: as exact as without, and every lane gets it (see module docstring)
@njit(cache=True, nogil=True, fastmath={"contract"})
def lost_fractions(rate, modifier, dt, doubled, fraction):
    """fraction = 1 - exp(-rate * modifier * dt), lane by lane, to 1e-15 of itself.

    Series at x / 2^doubled, then as many times f(2x) = f(x) (2 - f(x)). Unlike a call of ``exp`` it runs in vector
    registers (1 ns against 5 ns), gives the same bits whatever the C library, and small losses keep their digits.
    """
    scale = dt / 2.0**doubled
    for b in range(fraction.size):
        x = rate[b] * modifier[b] * scale
        # 1 - exp(-x), coefficients 1/n!
        f = x * (1.0 / 3628800.0 - x * (1.0 / 39916800.0))
        f = x * (1.0 / 362880.0 - f)
        f = x * (1.0 / 40320.0 - f)
        f = x * (1.0 / 5040.0 - f)
        f = x * (1.0 / 720.0 - f)
        f = x * (1.0 / 120.0 - f)
        f = x * (1.0 / 24.0 - f)
        f = x * (1.0 / 6.0 - f)
        f = x * (0.5 - f)
        fraction[b] = x * (1.0 - f)
    for _ in range(doubled):
        for b in range(fraction.size):
            fraction[b] *= 2.0 - fraction[b]


@njit(cache=True, nogil=True)
def _lose(stock, fraction, pooled):
    for b in range(stock.size):
        lost = stock[b] * fraction[b]
        stock[b] -= lost
        pooled[b] += lost


@njit(cache=True, nogil=True)
def _give(pooled, share, stock, rest):
    for b in range(stock.size):
        gain = pooled[b] * share[b]
        stock[b] += gain
        rest[b] -= gain


# loops instead of array expressions: the checks of shape of these take numba seconds to compile
@njit(cache=True, nogil=True)
def _clear(row):
    for b in range(row.size):
        row[b] = 0.0


@njit(cache=True, nogil=True)
def _scale(row, factor):
    for b in range(row.size):
        row[b] *= factor


@njit(cache=True, nogil=True)
def _losses(rate, modifier, h, loss):
    for b in range(loss.size):
        loss[b] = rate[b] * modifier[b] * h


@njit(cache=True, nogil=True)
def _add(stock, amount):
    for b in range(stock.size):
        stock[b] += amount[b]


@njit(cache=True, nogil=True)
def _add_part(stock, amount, part):
    for b in range(stock.size):
        stock[b] += amount[b] * part


@njit(cache=True, nogil=True)
def sequential_exponential(
    structure, rate, modifier, share, dt, doubled, decay, inputs, state, fraction, pooled, released
):
    """Decay of every pool, partition of what was lost, then the input.

    Parameters
    ----------
    structure : Structure
    rate : (P, B), yr-1
    modifier : (G, B), dimensionless
    share : (E, B), dimensionless
    dt : float, yr
    doubled : (P,) int64
        From :func:`doublings`, for the largest exponent there is.
    decay : (S,), yr-1
        Radioactive decay of each state; 0 for carbon. Input does not decay in the step that brings it.
    inputs : (S, Q, B), kg C m-2 in the step
        To the pools ``structure.receivers``.
    state : (S, P, B), kg C m-2
        Carbon, then its twins; advanced in place.
    fraction : (P, B), pooled : (U, B)
        Work space.
    released : (S, B), kg C m-2
        Overwritten: what was respired.
    """
    for p in structure.active:
        lost_fractions(rate[p], modifier[structure.group[p]], dt, doubled[p], fraction[p])
    for s in range(state.shape[0]):
        rest = released[s]
        _clear(rest)
        for u in range(pooled.shape[0]):
            _clear(pooled[u])
        for p in structure.active:
            _lose(state[s, p], fraction[p], pooled[structure.donor_set[p]])
        for u in range(pooled.shape[0]):
            _add(rest, pooled[u])
        for r in range(structure.route_set.size):
            given = pooled[structure.route_set[r]]
            _give(given, share[structure.route_share[r]], state[s, structure.route_to[r]], rest)
        if decay[s] > 0.0:
            left = math.exp(-decay[s] * dt)
            for p in range(state.shape[1]):
                _scale(state[s, p], left)
        for j in range(structure.receivers.size):
            _add(state[s, structure.receivers[j]], inputs[s, j])


@njit(cache=True, nogil=True)
def _differentiate(term, loss, decay, order, pooled):
    """Terms of the series: the next one's loss, and what it hands on."""
    for b in range(term.size):
        lost = term[b] * loss[b] / order
        pooled[b] += lost
        term[b] = -lost - term[b] * decay / order


@njit(cache=True, nogil=True)
def taylor(structure, rate, modifier, share, dt, order, substeps, decay, inputs, state, loss, term, pooled, released):
    """``substeps`` equal steps of the truncated exponential series of the model; input comes evenly during the step.

    Parameters
    ----------
    order, substeps : int
        1 Euler, 4 Runge-Kutta, or what :func:`exact_plan` says.
    loss, term : (P, B)
        Work space. Others as in :func:`sequential_exponential`.
    """
    h = dt / substeps
    for p in structure.active:
        _losses(rate[p], modifier[structure.group[p]], h, loss[p])
    for s in range(state.shape[0]):
        rest = released[s]
        _clear(rest)
        for _ in range(substeps):
            for p in range(term.shape[0]):
                _clear(term[p])
                _add(term[p], state[s, p])
            for n in range(1, order + 1):
                for u in range(pooled.shape[0]):
                    _clear(pooled[u])
                place = 0
                for p in range(term.shape[0]):
                    if place < structure.active.size and structure.active[place] == p:
                        _differentiate(term[p], loss[p], decay[s] * h, n, pooled[structure.donor_set[p]])
                        place += 1
                    else:
                        _scale(term[p], -decay[s] * h / n)
                for u in range(pooled.shape[0]):
                    _add(rest, pooled[u])
                for r in range(structure.route_set.size):
                    given = pooled[structure.route_set[r]]
                    _give(given, share[structure.route_share[r]], term[structure.route_to[r]], rest)
                if n == 1:
                    for j in range(structure.receivers.size):
                        _add_part(term[structure.receivers[j]], inputs[s, j], 1.0 / substeps)
                for p in range(term.shape[0]):
                    _add(state[s, p], term[p])


@njit(cache=True, nogil=True)
def _between(start, end, part, now):
    for b in range(now.size):
        now[b] = start[b] + part * (end[b] - start[b])


@njit(cache=True, nogil=True)
def _from_start(state, derivative, part, now):
    for b in range(now.size):
        now[b] = state[b] + part * derivative[b]


@njit(cache=True, nogil=True)
def runge_kutta(
    structure, rate, modifier, modifier_after, share, dt, decay, inputs, state, loss, term, total, pooled, factor,
    released,
):  # fmt: skip
    """One classical Runge-Kutta step of a model whose modifiers run linearly from ``modifier`` to ``modifier_after``.

    The scheme of programs that look their drivers up at each stage; with modifiers that hold it is :func:`taylor` of
    order 4. ``total`` (P, B) and ``factor`` (B) are more work space; others as there.
    """
    pools = state.shape[1]
    for s in range(state.shape[0]):
        rest = released[s]
        _clear(rest)
        for p in range(pools):
            _clear(total[p])
            _clear(term[p])
        for stage in range(4):
            part = 0.0 if stage == 0 else (1.0 if stage == 3 else 0.5)
            weight = 1.0 / 6.0 if stage == 0 or stage == 3 else 1.0 / 3.0
            for u in range(pooled.shape[0]):
                _clear(pooled[u])
            place = 0
            for p in range(pools):
                _from_start(state[s, p], term[p], part, loss[p])  # where this stage looks
                if place < structure.active.size and structure.active[place] == p:
                    g = structure.group[p]
                    _between(modifier[g], modifier_after[g], part, factor)
                    _losses(rate[p], factor, dt, factor)
                    _stage(loss[p], factor, decay[s] * dt, pooled[structure.donor_set[p]], term[p])
                    place += 1
                else:
                    _clear(term[p])
                    _add_part(term[p], loss[p], -decay[s] * dt)
            for u in range(pooled.shape[0]):
                _add_part(rest, pooled[u], weight)
            for r in range(structure.route_set.size):
                given = pooled[structure.route_set[r]]
                part_of = share[structure.route_share[r]]
                _hand_on(given, part_of, weight, term[structure.route_to[r]], rest)
            for j in range(structure.receivers.size):
                _add(term[structure.receivers[j]], inputs[s, j])
            for p in range(pools):
                _add_part(total[p], term[p], weight)
        for p in range(pools):
            _add(state[s, p], total[p])


@njit(cache=True, nogil=True)
def _stage(here, loss, decay, pooled, derivative):
    for b in range(here.size):
        lost = here[b] * loss[b]
        pooled[b] += lost
        derivative[b] = -lost - here[b] * decay


@njit(cache=True, nogil=True)
def _hand_on(pooled, share, weight, derivative, rest):
    for b in range(pooled.size):
        gain = pooled[b] * share[b]
        derivative[b] += gain
        rest[b] -= weight * gain
