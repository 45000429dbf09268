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
from typing import Any, NamedTuple

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
        Set of a pool; any for one that does not decay.
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
    """How often ``lost_fractions`` must double for exponents up to ``bound`` (P); 0 for what is no finite number, which
    then reaches the state and is told there.
    """
    finite = np.nan_to_num(np.asarray(bound, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    needed = np.ceil(np.log2(np.maximum(finite, 1e-300) / SERIES_REACH))
    return np.maximum(needed, 0.0).astype(np.int64)


def exact_plan(largest: float) -> tuple[int, int]:
    """Order and sub-steps of the exact scheme for losses (rate x time) up to ``largest`` in the step.

    The remainder ``x^(n+1)/(n+1)!`` of the series is below 1e-18 of the state. As in :func:`doublings`, what is no
    finite number asks for nothing.
    """
    largest = largest if math.isfinite(largest) else 0.0
    substeps = max(1, math.ceil(largest / EXACT_REACH))
    reach, order, remainder = largest / substeps, 0, 1.0
    while remainder > 1e-18:
        order += 1
        remainder *= reach / (order + 1)
    return max(order, 2), substeps


# Rows are taken by their number, never as slices, and what is called has no wrapper for Python: a slice counts
# references, and either costs seconds of compilation. So does, at a third of a microsecond a call, a function whose
# arrays are not all last used at the end of one loop: hence one loop around each. Fused multiply-add ("contract") is
# as exact as without, and every lane gets it (see above).
STEP: dict[str, Any] = {
    "cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract"}, "no_cfunc_wrapper": True,
}  # fmt: skip
INNER: dict[str, Any] = {**STEP, "no_cpython_wrapper": True}


@njit(**INNER)
def lost(x):
    """1 - exp(-x) for x from 0 to ``SERIES_REACH``: ``x (1 - x h(x))``.

    ``h`` is the polynomial through (exp(-x) - 1 + x) / x^2 at the eight Chebyshev nodes of that range, from exact
    arithmetic: with these coefficients the result is within 4e-17 of itself before round-off. A Taylor series as good
    takes two terms more, and these terms are what a run of RothC waits for.
    """
    h = 2.4944794962305443e-06
    h = 2.4697325880702646e-05 - x * h
    h = 0.00019839083296020572 - x * h
    h = 0.0013888863390725463 - x * h
    h = 0.008333333171552852 - x * h
    h = 0.04166666666161997 - x * h
    h = 0.16666666666660665 - x * h
    h = 0.5 - x * h
    return x * (1.0 - x * h)


@njit(**STEP)
def sequential_exponential(structure, rate, modifier, share, dt, doubled, decay, state, fraction, pooled, released):
    """Decay of every pool, then partition of what was lost. What enters in the step is added by who calls.

    The fraction lost is 1 - exp(-rate * modifier * dt), to 1e-15 of itself: :func:`lost` at that exponent / 2^doubled,
    then as many times f(2x) = f(x) (2 - f(x)). Unlike a call of ``exp`` it runs in vector registers, gives the same
    bits whatever the C library, and small losses keep their digits.

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
        Radioactive decay of each state; 0 for carbon.
    state : (S, P, B), kg C m-2
        Carbon, then its twins; advanced in place.
    fraction : (P, B), pooled : (U, B)
        Work space.
    released : (S, B), kg C m-2
        What was respired is added.
    """
    for s in range(state.shape[0]):
        lanes = state.shape[2]
        for u in range(pooled.shape[0]):
            for b in range(lanes):
                pooled[u, b] = 0.0
        for a in range(structure.active.size):
            p = structure.active[a]
            u, g = structure.donor_set[p], structure.group[p]
            if s == 0 and doubled[p] == 0:  # one loop does it all
                for b in range(lanes):
                    fraction[p, b] = lost(rate[p, b] * modifier[g, b] * dt)
                    gone = state[s, p, b] * fraction[p, b]
                    state[s, p, b] -= gone
                    pooled[u, b] += gone
                continue
            if s == 0:
                scale = dt
                for _ in range(doubled[p]):
                    scale *= 0.5
                for b in range(lanes):
                    fraction[p, b] = lost(rate[p, b] * modifier[g, b] * scale)
                for _ in range(doubled[p] // 2):
                    for b in range(lanes):
                        f = fraction[p, b]
                        f *= 2.0 - f
                        fraction[p, b] = f * (2.0 - f)
                if doubled[p] % 2 == 1:
                    for b in range(lanes):
                        fraction[p, b] *= 2.0 - fraction[p, b]
            for b in range(lanes):
                gone = state[s, p, b] * fraction[p, b]
                state[s, p, b] -= gone
                pooled[u, b] += gone
        for u in range(pooled.shape[0]):
            for b in range(lanes):
                released[s, b] += pooled[u, b]
        for r in range(structure.route_set.size):
            u, e, p = structure.route_set[r], structure.route_share[r], structure.route_to[r]
            for b in range(lanes):
                gain = pooled[u, b] * share[e, b]
                state[s, p, b] += gain
                released[s, b] -= gain
        if decay[s] > 0.0:
            left = math.exp(-decay[s] * dt)
            for p in range(state.shape[1]):
                for b in range(lanes):
                    state[s, p, b] *= left


@njit(**STEP)
def taylor(structure, rate, modifier, share, dt, order, substeps, decay, inputs, state, loss, mean, pooled, released):
    """``substeps`` equal steps of the truncated exponential series of the model; input comes evenly during the step.

    By Horner's scheme: with ``dy/dt = A y + c``, ``y + h/1 (A (y + h/2 (A (y + ...) + c)) + c)``. What the outermost
    acts upon is the mean of the state during the step: what that loses is shared out.

    Parameters
    ----------
    order, substeps : int
        1 Euler, 4 Runge-Kutta, or what :func:`exact_plan` says.
    inputs : (S, P, B), kg C m-2 in the step
    loss, mean : (P, B)
        Work space. Others as in :func:`sequential_exponential`.
    """
    for s in range(state.shape[0]):
        pools, lanes = mean.shape
        h = dt / substeps
        if s == 0:
            for p in range(pools):  # what is inert loses nothing
                for b in range(lanes):
                    loss[p, b] = 0.0
            for a in range(structure.active.size):
                p = structure.active[a]
                g = structure.group[p]
                for b in range(lanes):
                    loss[p, b] = rate[p, b] * modifier[g, b] * h
        for _ in range(substeps):
            for p in range(pools):
                for b in range(lanes):
                    mean[p, b] = state[s, p, b]
            for n in range(order, 0, -1):
                over = 1.0 / n
                fades, part = decay[s] * h * over, over / substeps
                for u in range(pooled.shape[0]):
                    for b in range(lanes):
                        pooled[u, b] = 0.0
                for p in range(pools):
                    u = structure.donor_set[p]
                    for b in range(lanes):
                        gone = mean[p, b] * loss[p, b] * over
                        pooled[u, b] += gone
                        mean[p, b] = state[s, p, b] - gone + (inputs[s, p, b] * part - mean[p, b] * fades)
                for r in range(structure.route_set.size):
                    u, e, p = structure.route_set[r], structure.route_share[r], structure.route_to[r]
                    for b in range(lanes):
                        mean[p, b] += pooled[u, b] * share[e, b]
            for u in range(pooled.shape[0]):  # of the last: what was lost
                for b in range(lanes):
                    released[s, b] += pooled[u, b]
            for r in range(structure.route_set.size):
                u, e = structure.route_set[r], structure.route_share[r]
                for b in range(lanes):
                    released[s, b] -= pooled[u, b] * share[e, b]
            for p in range(pools):
                for b in range(lanes):
                    state[s, p, b] = mean[p, b]


# The scheme of few: short to read rather than fast.
@njit(cache=True, nogil=True)
def _clear(row):
    for b in range(row.size):
        row[b] = 0.0


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
            for p in range(pools):
                _add(term[p], inputs[s, p])
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
