"""Decomposition of linear pools by the exact exponential step in the order of official RothC.

Coleman & Jenkinson (1996), RothC-26.3; the order of operations is that of RothC_Py and RothC_Code v2
(Rothamsted): every pool decays, what was lost is partitioned, and only then the input of the step is added.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

#: exponents up to which the polynomial below is exact to round-off
LARGEST_EXPONENT = 4.0


@njit(cache=True, nogil=True)
def lost_fractions(exponents, count, largest):
    """Replace the first ``count`` exponents x by 1 - exp(-x), to 1e-15 of the result.

    Truncated series at x/16, then four times f(2x) = f(x) (2 - f(x)). Unlike a call of ``exp`` the loop runs
    in vector registers (2 ns against 5 ns), gives the same bits whatever the C library, and small losses keep
    their digits. ``largest`` is the greatest of the exponents; above 4 the library function is used.
    """
    if largest > LARGEST_EXPONENT:
        for j in range(count):
            exponents[j] = -math.expm1(-exponents[j])
        return
    for j in range(count):
        r = exponents[j] * 0.0625
        # 1 - exp(-r), coefficients 1/n!
        f = r * (1.0 / 3628800.0 - r * (1.0 / 39916800.0))
        f = r * (1.0 / 362880.0 - f)
        f = r * (1.0 / 40320.0 - f)
        f = r * (1.0 / 5040.0 - f)
        f = r * (1.0 / 720.0 - f)
        f = r * (1.0 / 120.0 - f)
        f = r * (1.0 / 24.0 - f)
        f = r * (1.0 / 6.0 - f)
        f = r * (0.5 - f)
        f = r * (1.0 - f)
        f = f * (2.0 - f)
        f = f * (2.0 - f)
        f = f * (2.0 - f)
        exponents[j] = f * (2.0 - f)


@njit(cache=True, nogil=True)
def decompose(
    cells,
    stocks,
    first_row,
    rates,
    source,
    destination,
    coefficient_index,
    coefficients,
    modifier,
    unit,
    plant_by_unit,
    plant_scale,
    manure_by_unit,
    doc_fraction,
    dt,
    respired,
    doc_produced,
):
    """One step of every pool of every layer of ``cells``.

    For each layer, with ``q = modifier * dt`` and the pools p::

        loss_p   = stock_p * (1 - exp(-rate_p * q))
        stock_p <- stock_p - loss_p
        stock_d <- stock_d + coefficient(s -> d) * loss_s      for every transfer s -> d
        released = sum(loss) - sum(transferred)
        doc_produced = doc_fraction * released;  respired = released - doc_produced
        stock_p <- stock_p + plant_scale * plant_by_unit_p + manure_by_unit_p

    What a step transfers does not decay in that step, nor does its input.

    Parameters
    ----------
    cells : int64 (c)
    stocks : float64 (n, L, K), kg C m-2
        Changed in place, rows ``first_row`` to ``first_row + P - 1``.
    first_row : int
    rates : float64 (P), yr-1
    source, destination, coefficient_index : int64 (T)
        Pool numbers of each transfer and the column of ``coefficients`` it uses.
    coefficients : float64 (n, E), dimensionless
    modifier : float64 (n, L), dimensionless
        Product of the rate modifiers.
    unit : int64 (n)
        Row of the input tables that a cell uses.
    plant_by_unit, manure_by_unit : float64 (U, L, P), kg C m-2 in this step
    plant_scale : float64 (n), dimensionless
        Multiplies the plant input; manure is taken as it stands.
    doc_fraction : float, 0 to 1
        Share of what would be respired that becomes dissolved organic carbon.
    dt : float, yr
    respired, doc_produced : float64 (n, L), kg C m-2
        Overwritten with the amounts of this step.
    """
    pools = rates.size
    transfers = source.size
    layers = stocks.shape[1]
    loss = np.empty((layers, pools))
    exponents = loss.reshape(layers * pools)
    share = np.empty(transfers)
    for i in range(cells.size):
        cell = cells[i]
        table = unit[cell]
        scale = plant_scale[cell]
        for t in range(transfers):
            share[t] = coefficients[cell, coefficient_index[t]]
        largest = 0.0
        for layer in range(layers):
            q = modifier[cell, layer] * dt
            for p in range(pools):
                loss[layer, p] = rates[p] * q
                largest = max(largest, loss[layer, p])
        lost_fractions(exponents, layers * pools, largest)
        for layer in range(layers):
            released = 0.0
            for p in range(pools):
                lost = stocks[cell, layer, first_row + p] * loss[layer, p]
                loss[layer, p] = lost
                released += lost
                # what decays in this step is already fixed, so the input may be added here
                stocks[cell, layer, first_row + p] += (
                    scale * plant_by_unit[table, layer, p] + manure_by_unit[table, layer, p] - lost
                )
            for t in range(transfers):
                gain = loss[layer, source[t]] * share[t]
                stocks[cell, layer, first_row + destination[t]] += gain
                released -= gain
            dissolved = doc_fraction * released
            doc_produced[cell, layer] = dissolved
            respired[cell, layer] = released - dissolved


@njit(cache=True, nogil=True)
def periodic_steady_state(
    cells,
    active,
    rates,
    source,
    destination,
    coefficient_index,
    coefficients,
    modifier,
    unit,
    plant_by_unit,
    manure_by_unit,
    dt,
    from_plant,
    from_manure,
):
    """Stocks that a cycle of M steps of :func:`decompose` leaves as it
    found them.

    A step is the affine map ``x <- x - (I - C) F x + u`` with ``F = diag(1 - exp(-rate * modifier * dt))``,
    ``C`` the transfer coefficients (column = donor) and ``u`` the input. The maps of the cycle compose to ``x
    <- T x + b``, and the state at the end of the last step is the solution of ``(I - T) x = b``. ``D = I -
    T`` is composed directly, ``D <- D + (I - C) F (I - D)``, so slow pools lose no digits. D is an M-matrix,
    diagonally dominant by columns: elimination needs no pivoting.

    Parameters
    ----------
    cells : int64 (c)
    active : int64 (A)
        Pools that decay; the others get 0.
    rates : float64 (P), yr-1
    source, destination, coefficient_index : int64 (T)
        Transfers among active pools, numbered by their place in ``active``.
    coefficients : float64 (n, E)
    modifier : float64 (M, n, L)
    unit : int64 (n)
    plant_by_unit, manure_by_unit : float64 (U, M, L, P), kg C m-2 in each step
    dt : float, yr
    from_plant, from_manure : float64 (n, L, P), kg C m-2
        Overwritten: the steady stocks that each of the two inputs sustains; their sum is the steady state.
        nan where there is none (nothing decays).
    """
    steps = modifier.shape[0]
    layers = modifier.shape[2]
    count = active.size
    transfers = source.size
    fraction = np.empty((steps, count))
    exponents = fraction.reshape(steps * count)
    # columns: D, then minus the affine part of plant and of manure
    work = np.empty((count, count + 2))
    given = np.empty((count, count + 2))
    for i in range(cells.size):
        cell = cells[i]
        table = unit[cell]
        for layer in range(layers):
            largest = 0.0
            for m in range(steps):
                for a in range(count):
                    exponent = rates[active[a]] * modifier[m, cell, layer] * dt
                    fraction[m, a] = exponent
                    largest = max(largest, exponent)
            lost_fractions(exponents, steps * count, largest)
            work[:] = 0.0
            for m in range(steps):
                for a in range(count):
                    lost = fraction[m, a]
                    for j in range(count + 2):
                        given[a, j] = -lost * work[a, j]
                    given[a, a] += lost
                for a in range(count):
                    for j in range(count + 2):
                        work[a, j] += given[a, j]
                    work[a, count] -= plant_by_unit[table, m, layer, active[a]]
                    work[a, count + 1] -= manure_by_unit[table, m, layer, active[a]]
                for t in range(transfers):
                    share = coefficients[cell, coefficient_index[t]]
                    donor = source[t]
                    receiver = destination[t]
                    for j in range(count + 2):
                        work[receiver, j] -= share * given[donor, j]
            solvable = True
            for a in range(count):
                pivot = work[a, a]
                if not pivot > 0.0:
                    solvable = False
                    break
                for b in range(a + 1, count):
                    ratio = work[b, a] / pivot
                    for j in range(a + 1, count + 2):
                        work[b, j] -= ratio * work[a, j]
            from_plant[cell, layer, :] = 0.0
            from_manure[cell, layer, :] = 0.0
            for a in range(count - 1, -1, -1):
                plant = np.nan
                manure = np.nan
                if solvable:
                    plant = -work[a, count]
                    manure = -work[a, count + 1]
                    for b in range(a + 1, count):
                        plant -= work[a, b] * from_plant[cell, layer, active[b]]
                        manure -= work[a, b] * from_manure[cell, layer, active[b]]
                    plant /= work[a, a]
                    manure /= work[a, a]
                from_plant[cell, layer, active[a]] = plant
                from_manure[cell, layer, active[a]] = manure
