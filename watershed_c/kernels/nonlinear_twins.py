"""A twin (isotope) of the pools of a non-linear model over a step.

The pools go through the step as they do without twins, and the twin beside them: in every stage of Runge-Kutta a flux
takes with it the ratio of twin to pool that the pool it leaves has in that stage; of a pool below zero, nothing. Twin
and pools are one system of equations to the method, so one ratio everywhere stays one ratio, and what leaves one pool
arrives in another, to round-off. What the guards of a model move between pools takes the ratio along as well.

The rows of the twin stand behind those of the pools in the one work array, in the same order, then the pools and what
left them before the guards, then what left the twin in the step, then the least of it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from watershed_c.kernels import millennial, mimics

#: most cell-layers of one block: of the kernels of the models
BLOCK = mimics.BLOCK
#: kg C m-2; less counts as this much where it divides
LEAST = 1e-300
# first row of the twin; rows of its state, stage, sums and input follow each other as in the models
_MIMICS, _MILLENNIAL = mimics.SCRATCH // BLOCK, millennial.SCRATCH // BLOCK
_INVERSE_CAPACITY = 22 + millennial.RATES.index("inverse_capacity")
#: float64 numbers in `scratch`
SCRATCH_MIMICS = mimics.SCRATCH + (5 * 7 + 3 * 1 + 1) * BLOCK
SCRATCH_MILLENNIAL = millennial.SCRATCH + (5 * 5 + 3 * 2 + 1) * BLOCK


@njit(cache=True, nogil=True, error_model="numpy")
def _stage_mimics(work, count, step, weight, slower):
    """As :func:`watershed_c.kernels.mimics.stage`, of the twin, at the stage the pools are in."""
    stage, state, total, entering = _MIMICS + 7, _MIMICS, _MIMICS + 14, _MIMICS + 22
    for b in range(count):
        m = max(work[7 * BLOCK + b], 0.0)
        s = max(work[8 * BLOCK + b], 0.0)
        r = max(work[9 * BLOCK + b], 0.0)
        k = max(work[10 * BLOCK + b], 0.0)
        p = max(work[11 * BLOCK + b], 0.0)
        c = max(work[12 * BLOCK + b], 0.0)
        a = max(work[13 * BLOCK + b], 0.0)
        cm = slower * work[(stage + 0) * BLOCK + b] if m > 0.0 else 0.0
        cs = slower * work[(stage + 1) * BLOCK + b] if s > 0.0 else 0.0
        cr = slower * work[(stage + 2) * BLOCK + b] if r > 0.0 else 0.0
        ck = slower * work[(stage + 3) * BLOCK + b] if k > 0.0 else 0.0
        cp = slower * work[(stage + 4) * BLOCK + b] if p > 0.0 else 0.0
        cc = slower * work[(stage + 5) * BLOCK + b] if c > 0.0 else 0.0
        ca = slower * work[(stage + 6) * BLOCK + b] if a > 0.0 else 0.0
        rm, km, rs, ks, ra, ka, oxidised, dead_r, dead_k, desorbed = mimics.fluxes(
            m, s, r, k, c, a, cm, cs, cr, ck, cp, cc, ca, work, b
        )
        dm, ds, dr, dk, dp, dc, da, respired = mimics.routes(
            rm, km, rs, ks, ra, ka, oxidised, dead_r, dead_k, desorbed, entering, work, b
        )
        work[(total + 0) * BLOCK + b] += weight * dm
        work[(total + 1) * BLOCK + b] += weight * ds
        work[(total + 2) * BLOCK + b] += weight * dr
        work[(total + 3) * BLOCK + b] += weight * dk
        work[(total + 4) * BLOCK + b] += weight * dp
        work[(total + 5) * BLOCK + b] += weight * dc
        work[(total + 6) * BLOCK + b] += weight * da
        work[(total + 7) * BLOCK + b] += weight * respired
        work[(stage + 0) * BLOCK + b] = work[(state + 0) * BLOCK + b] + step * dm
        work[(stage + 1) * BLOCK + b] = work[(state + 1) * BLOCK + b] + step * ds
        work[(stage + 2) * BLOCK + b] = work[(state + 2) * BLOCK + b] + step * dr
        work[(stage + 3) * BLOCK + b] = work[(state + 3) * BLOCK + b] + step * dk
        work[(stage + 4) * BLOCK + b] = work[(state + 4) * BLOCK + b] + step * dp
        work[(stage + 5) * BLOCK + b] = work[(state + 5) * BLOCK + b] + step * dc
        work[(stage + 6) * BLOCK + b] = work[(state + 6) * BLOCK + b] + step * da


@njit(cache=True, nogil=True, error_model="numpy")
def _stage_millennial(work, count, step, weight, slower):
    """As :func:`watershed_c.kernels.millennial.stage`, of the twin, at the stage the pools are in."""
    stage, state, total, entering = _MILLENNIAL + 5, _MILLENNIAL, _MILLENNIAL + 10, _MILLENNIAL + 17
    for b in range(count):
        p = max(work[5 * BLOCK + b], 0.0)
        l = max(work[6 * BLOCK + b], 0.0)  # noqa: E741
        a = max(work[7 * BLOCK + b], 0.0)
        m = max(work[8 * BLOCK + b], 0.0)
        n = max(work[9 * BLOCK + b], 0.0)
        cp = slower * work[(stage + 0) * BLOCK + b] if p > 0.0 else 0.0
        cl = slower * work[(stage + 1) * BLOCK + b] if l > 0.0 else 0.0
        ca = slower * work[(stage + 2) * BLOCK + b] if a > 0.0 else 0.0
        cm = slower * work[(stage + 3) * BLOCK + b] if m > 0.0 else 0.0
        cn = slower * work[(stage + 4) * BLOCK + b] if n > 0.0 else 0.0
        # beyond the capacity sorption is reversed, and takes the ratio of MAOM along
        back = l * (cn / max(n, LEAST))
        ct = back if n * work[_INVERSE_CAPACITY * BLOCK + b] > 1.0 else cl
        depolymerised, taken_up, aggregated, broken, leached, sorbed, desorbed, dead, protected = millennial.fluxes(
            p, l, m, n, cp, cl, ca, cm, cn, ct, work, b
        )
        dp, dl, da, dm, dn, respired = millennial.routes(
            depolymerised, taken_up, aggregated, broken, leached, sorbed, desorbed, dead, protected, entering, work, b
        )
        work[(total + 0) * BLOCK + b] += weight * dp
        work[(total + 1) * BLOCK + b] += weight * dl
        work[(total + 2) * BLOCK + b] += weight * da
        work[(total + 3) * BLOCK + b] += weight * dm
        work[(total + 4) * BLOCK + b] += weight * dn
        work[(total + 5) * BLOCK + b] += weight * respired
        work[(total + 6) * BLOCK + b] += weight * leached
        work[(stage + 0) * BLOCK + b] = work[(state + 0) * BLOCK + b] + step * dp
        work[(stage + 1) * BLOCK + b] = work[(state + 1) * BLOCK + b] + step * dl
        work[(stage + 2) * BLOCK + b] = work[(state + 2) * BLOCK + b] + step * da
        work[(stage + 3) * BLOCK + b] = work[(state + 3) * BLOCK + b] + step * dm
        work[(stage + 4) * BLOCK + b] = work[(state + 4) * BLOCK + b] + step * dn


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(work, row, values, start, count):
    for j in range(values.shape[0]):
        for b in range(count):
            work[(row + j) * BLOCK + b] = values[j, start + b]


@njit(cache=True, nogil=True, error_model="numpy")
def _begin(state, twin, rate, inputs, twin_inputs, start, count, first, outs, work):
    """Lanes from ``start`` on of pools and twin into their rows, states and stages; sums of nothing."""
    pools = state.shape[0]
    work[:] = 0.0
    for of, stocks, entering in ((0, state, inputs), (first, twin, twin_inputs)):
        _fill(work, of, stocks, start, count)
        _fill(work, of + pools, stocks, start, count)
        _fill(work, of + 3 * pools + outs, entering, start, count)
    _fill(work, 4 * pools + outs, rate, start, count)


@njit(cache=True, nogil=True, error_model="numpy")
def _before_guards(work, pools, outs, first, count, sixth):
    """Note the pools as the substep leaves them, and what left; what the guards do is told from nothing on."""
    before, left = first + 4 * pools + outs, first - outs - 1
    for j in range(pools):
        for b in range(count):
            work[(before + j) * BLOCK + b] = work[j * BLOCK + b] + sixth * work[(2 * pools + j) * BLOCK + b]
    for j in range(pools, pools + outs):
        for b in range(count):
            work[(before + j) * BLOCK + b] = sixth * work[(2 * pools + j) * BLOCK + b]
    for j in range(outs + 1):
        for b in range(count):
            work[(left + j) * BLOCK + b] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _mend(work, pools, outs, first, b):
    """Twin of lane ``b`` after guards of the pools, or where it is below zero itself.

    What the guards took from a pool they gave to others at the ratio it had. Where the substep was far too long, so
    that a pool was below zero, all that is left and has left gets one ratio. A twin alone below zero becomes zero, and
    the others are scaled to what there is.
    """
    before, left, new = first + 4 * pools + outs, first - outs - 1, first + 2 * pools
    taken, given, lowest, carbon = 0.0, 0.0, 0.0, 0.0
    for j in range(pools + outs):
        was = work[(before + j) * BLOCK + b]
        now = work[(j if j < pools else left + j - pools) * BLOCK + b]
        lowest, carbon = min(lowest, was), carbon + now
        if now < was:
            moved = work[(new + j) * BLOCK + b] * ((was - now) / was)
            work[(new + j) * BLOCK + b] -= moved
            taken += moved
        else:
            given += now - was
    for j in range(pools + outs):
        gain = work[(j if j < pools else left + j - pools) * BLOCK + b] - work[(before + j) * BLOCK + b]
        if gain > 0.0:
            work[(new + j) * BLOCK + b] += taken * (gain / given)
    held, above = 0.0, 0.0
    for j in range(pools + outs):
        held += work[(new + j) * BLOCK + b]
        above += max(work[(new + j) * BLOCK + b], 0.0)
    for j in range(pools + outs):
        if lowest < 0.0:
            value = work[(j if j < pools else left + j - pools) * BLOCK + b] * (max(held, 0.0) / max(carbon, LEAST))
        else:
            value = max(work[(new + j) * BLOCK + b], 0.0) * (max(held, 0.0) / max(above, LEAST))
        work[(new + j) * BLOCK + b] = value


@njit(cache=True, nogil=True, error_model="numpy")
def _finish(work, pools, outs, first, count, sixth):
    """Close a substep of the twin, that of the pools being closed."""
    guarded, new, sums = first - 1, first + 2 * pools, first + 5 * pools + 2 * outs
    least = sums + outs
    for b in range(count):
        work[least * BLOCK + b] = -work[guarded * BLOCK + b]
    for j in range(pools):
        for b in range(count):
            value = work[(first + j) * BLOCK + b] + sixth * work[(new + j) * BLOCK + b]
            work[(new + j) * BLOCK + b] = value
            work[least * BLOCK + b] = min(work[least * BLOCK + b], value)
    for j in range(pools, pools + outs):
        for b in range(count):
            value = sixth * work[(new + j) * BLOCK + b]
            work[(new + j) * BLOCK + b] = value
            work[least * BLOCK + b] = min(work[least * BLOCK + b], value)
    for b in range(count):
        if work[least * BLOCK + b] < 0.0:
            _mend(work, pools, outs, first, b)
    for j in range(pools):
        for b in range(count):
            value = work[(new + j) * BLOCK + b]
            work[(first + j) * BLOCK + b] = value
            work[(first + pools + j) * BLOCK + b] = value
            work[(new + j) * BLOCK + b] = 0.0
    for j in range(outs):
        for b in range(count):
            work[(sums + j) * BLOCK + b] += work[(new + pools + j) * BLOCK + b]
            work[(new + pools + j) * BLOCK + b] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _result(work, pools, outs, first, twin, respired, leached):
    """The twin, and what left it, from their rows."""
    sums = first + 5 * pools + 2 * outs
    for b in range(twin.shape[1]):
        for j in range(pools):
            twin[j, b] = work[(first + j) * BLOCK + b]
        respired[b] = work[sums * BLOCK + b]
        leached[b] = work[(sums + 1) * BLOCK + b] if outs > 1 else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def advance_mimics(state, twin, rate, inputs, twin_inputs, slower, dt, substeps, scratch, respired, leached):
    """Carry a twin of the pools of MIMICS over ``dt``, by the method and the substeps of the pools.

    Parameters
    ----------
    state : float64 (7, B), kg C m-2
        The pools at the start of the step; left as they are.
    twin : float64 (7, B), kg C m-2
        Carbon times its ratio to the standard. Changed in place; not below zero.
    rate, inputs : as :func:`watershed_c.kernels.mimics.advance`
    twin_inputs : float64 (7, B), kg C m-2 yr-1
        Inputs times their ratio.
    slower : float, dimensionless
        Of all that leaves a pool, the rate of the twin over that of the pool.
    dt : float, yr
    substeps : int
    scratch : float64 (SCRATCH_MIMICS)
        Work space.
    respired, leached : float64 (B), kg C m-2
        Replaced by what left the twin in this step.
    """
    count, step = state.shape[1], dt / substeps
    _begin(state, twin, rate, inputs, twin_inputs, 0, count, _MIMICS, 1, scratch)
    for _ in range(substeps):
        for part in range(4):
            ahead = 0.5 * step if part < 2 else (step if part == 2 else 0.0)
            weight = 2.0 if part == 1 or part == 2 else 1.0
            _stage_mimics(scratch, count, ahead, weight, slower)
            mimics.stage(scratch, count, ahead, weight)
        _before_guards(scratch, 7, 1, _MIMICS, count, step / 6.0)
        mimics.finish(scratch, count, step / 6.0)
        _finish(scratch, 7, 1, _MIMICS, count, step / 6.0)
    _result(scratch, 7, 1, _MIMICS, twin, respired, leached)


@njit(cache=True, nogil=True, error_model="numpy")
def advance_millennial(state, twin, rate, inputs, twin_inputs, slower, dt, substeps, scratch, respired, leached):
    """As :func:`advance_mimics`, of Millennial; ``scratch`` has ``SCRATCH_MILLENNIAL``."""
    count, step = state.shape[1], dt / substeps
    _begin(state, twin, rate, inputs, twin_inputs, 0, count, _MILLENNIAL, 2, scratch)
    for _ in range(substeps):
        for part in range(4):
            ahead = 0.5 * step if part < 2 else (step if part == 2 else 0.0)
            weight = 2.0 if part == 1 or part == 2 else 1.0
            _stage_millennial(scratch, count, ahead, weight, slower)
            millennial.stage(scratch, count, ahead, weight)
        _before_guards(scratch, 5, 2, _MILLENNIAL, count, step / 6.0)
        millennial.finish(scratch, count, step / 6.0)
        _finish(scratch, 5, 2, _MILLENNIAL, count, step / 6.0)
    _result(scratch, 5, 2, _MILLENNIAL, twin, respired, leached)


@njit(cache=True, nogil=True, error_model="numpy")
def _slopes(work, pools, outs, first, start, count, derivative, respired, leached):
    """The sums of one stage of the twin to lanes from ``start`` on."""
    total = first + 2 * pools
    for b in range(count):
        for j in range(pools):
            derivative[j, start + b] = work[(total + j) * BLOCK + b]
        respired[start + b] = work[(total + pools) * BLOCK + b]
        leached[start + b] = work[(total + pools + 1) * BLOCK + b] if outs > 1 else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def slopes_mimics(state, twin, rate, inputs, slower, derivative, respired, leached):
    """Time derivative of a twin of the pools of MIMICS.

    Parameters
    ----------
    state, twin : float64 (7, B), kg C m-2
        B of any size.
    rate : float64 (26, B)
    inputs : float64 (7, B), kg C m-2 yr-1
        What enters the twin.
    slower : float, dimensionless
    derivative : float64 (7, B), kg C m-2 yr-1
    respired, leached : float64 (B), kg C m-2 yr-1
        Replaced.
    """
    work = np.empty(SCRATCH_MIMICS)
    for start in range(0, state.shape[1], BLOCK):
        count = min(BLOCK, state.shape[1] - start)
        _begin(state, twin, rate, inputs, inputs, start, count, _MIMICS, 1, work)
        _stage_mimics(work, count, 0.0, 1.0, slower)
        _slopes(work, 7, 1, _MIMICS, start, count, derivative, respired, leached)


@njit(cache=True, nogil=True, error_model="numpy")
def slopes_millennial(state, twin, rate, inputs, slower, derivative, respired, leached):
    """As :func:`slopes_mimics`, of Millennial."""
    work = np.empty(SCRATCH_MILLENNIAL)
    for start in range(0, state.shape[1], BLOCK):
        count = min(BLOCK, state.shape[1] - start)
        _begin(state, twin, rate, inputs, inputs, start, count, _MILLENNIAL, 2, work)
        _stage_millennial(work, count, 0.0, 1.0, slower)
        _slopes(work, 5, 2, _MILLENNIAL, start, count, derivative, respired, leached)


SLOPES = {"mimics": slopes_mimics, "millennial": slopes_millennial}


def rates_by_donor(name: str, state: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """What goes from each pool of a model to each other in a year: (P, P, N), yr-1, receiver first.

    Fluxes at the state over the stocks they leave, all that leaves a pool with a minus on the diagonal: the matrix of a
    twin. What is respired and leached is what a column lacks.
    """
    pools = state.shape[0]
    matrix, nothing = np.empty((pools, pools, state.shape[1])), np.zeros_like(state)
    change, (respired, leached) = np.empty_like(state), np.empty((2, state.shape[1]))
    for donor in range(pools):
        one = np.zeros_like(state)
        one[donor] = 1.0
        SLOPES[name](state, one, rate, nothing, 1.0, change, respired, leached)
        matrix[:, donor] = change
    return matrix
