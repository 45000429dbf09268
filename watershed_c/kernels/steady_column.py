"""Newton correction towards the periodic steady state of a soil column that also erodes, receives, mixes and turns
over.

The pools y of a cell (layers x active pools) obey over one cycle of T years y(T) = Phi(y). Around its mean rates the
column is linear,
dy/dt = A y + s b + (what arrives from elsewhere), with s the plant input relative to that of the cell's unit. When a
full cycle of the
coupled model left the defect r = Phi(y) - y, the distance still to go is (exp(-A T) - I)^-1 r. With the Pade form
exp(z) ~ 1 + z + z^2/2 and B = -A T this is [B (I + B/2)]^-1 r: exact for slow pools, harmless for fast ones, which
the cycle itself brings to rest.
Only the correction is approximate (A holds the cell's own mean rates): the fixed point is that of the coupled model.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def solve_in_place(matrix, right):
    """Gaussian elimination with partial pivoting; ``matrix`` (N, N) is destroyed, ``right`` (N, m) becomes the
    solution.
    """
    size = matrix.shape[0]
    columns = right.shape[1]
    for i in range(size):
        pivot = i
        for row in range(i + 1, size):
            if abs(matrix[row, i]) > abs(matrix[pivot, i]):
                pivot = row
        if pivot != i:
            for j in range(i, size):
                matrix[i, j], matrix[pivot, j] = matrix[pivot, j], matrix[i, j]
            for c in range(columns):
                right[i, c], right[pivot, c] = right[pivot, c], right[i, c]
        for row in range(i + 1, size):
            factor = matrix[row, i] / matrix[i, i]
            if factor != 0.0:
                for j in range(i + 1, size):
                    matrix[row, j] -= factor * matrix[i, j]
                for c in range(columns):
                    right[row, c] -= factor * right[i, c]
    for i in range(size - 1, -1, -1):
        for c in range(columns):
            value = right[i, c]
            for j in range(i + 1, size):
                value -= matrix[i, j] * right[j, c]
            right[i, c] = value / matrix[i, i]


@njit(cache=True, nogil=True)
def correct_columns(
    cells,
    active,
    rates,
    group,
    source,
    destination,
    coefficient_index,
    transfer_group,
    coefficients,
    modifier,
    reference,
    rising,
    sinking,
    exchange,
    years,
    decay,
    unit,
    unit_input,
    depth_weight,
    target,
    scale,
    match,
    least,
    stocks,
    defect,
    last_defect,
    relaxation,
):
    """Apply the correction to the pools of every cell, and to its input scale where a measured stock is to be matched.

    Parameters
    ----------
    cells : (C,) int64
    active : (P,) int64
        Constituent rows of the pools that turn over.
    rates : (P, n) or (P, 1), yr-1
    group : (P,) int64
        Of modifiers that multiply a pool's rate.
    source, destination, coefficient_index, transfer_group : (X,) int64
        Transfers between active pools (positions in ``active``), and the group of modifiers that each has.
    coefficients : (n, E)
        Transferred fractions of the loss, by cell.
    modifier : (n, L, G)
        Mean rate modifier over the cycle.
    reference : (n, L), kg m-2
    rising, sinking : (n,), kg m-2 yr-1 mineral, at least 0
        Lost in months in which soil leaves the cell and subsoil rises, gained in those in which the column is buried.
        A cell of a valley floor that does both turns its top soil over, however little it loses in the end.
    exchange : (n, L-1), kg m-2 yr-1
        Mass exchanged between neighbouring layers by bioturbation and tillage.
    years : float
        Length of the cycle.
    decay : float, yr-1
        Radioactive decay, beside the turnover.
    unit, unit_input : (n,) int64; (U, L, P) kg m-2 per yr
        Plant input at scale 1.
    depth_weight : (L,)
        Share of each layer in the depth over which ``target`` is given.
    target : (n,), kg m-2
        Stock of the active pools to match (measured minus inert); used where ``match``.
    scale : (n,)
        Plant input of the cell relative to its unit's; changed where ``match``.
    match : bool
    least : float, 0 to 1
        Share of a pool that a correction leaves at least.
    stocks : (n, L, K)
        State after the cycle; changed in place, never below zero.
    defect : (n, L, P)
        State after minus state before the cycle.
    last_defect, relaxation : (n,)
        Sum of absolute defects at the last correction, and the share of the correction that is applied: halved where
        the defect did not
        fall (the limiter of the moving column makes it kinked), raised again where it did.
    """
    layers = reference.shape[1]
    pools = active.size
    size = layers * pools
    matrix = np.empty((size, size))
    half = np.empty((size, size))
    right = np.empty((size, 1))
    pair = np.empty((size, 2))
    rate = np.empty(pools)
    for cell in cells:
        column = cell if rates.shape[1] > 1 else 0
        wrong = 0.0
        for i in range(size):
            wrong += abs(defect[cell, i // pools, i % pools])
        if wrong > (1.0 - 0.2 * relaxation[cell]) * last_defect[cell]:
            relaxation[cell] = max(0.5 * relaxation[cell], 0.05)
        else:
            relaxation[cell] = min(1.25 * relaxation[cell], 1.0)
        last_defect[cell] = wrong
        for i in range(size):
            for j in range(size):
                matrix[i, j] = 0.0
        for layer in range(layers):
            at = layer * pools
            for p in range(pools):
                rate[p] = rates[p, column] * modifier[cell, layer, group[p]]
                matrix[at + p, at + p] += rate[p] + decay
            for x in range(source.size):
                fraction = coefficients[cell, coefficient_index[x]]
                of_donor = rates[source[x], column] * modifier[cell, layer, transfer_group[x]]
                matrix[at + destination[x], at + source[x]] -= fraction * of_donor
            mass = reference[cell, layer]
            loss = (rising[cell] + sinking[cell]) / mass if mass > 0.0 else 0.0  # none where soil ends at rock
            for p in range(pools):
                matrix[at + p, at + p] += loss
            if layer + 1 < layers and reference[cell, layer + 1] > 0.0:
                below = (layer + 1) * pools
                over_below = exchange[cell, layer] / reference[cell, layer + 1]
                over_here = exchange[cell, layer] / mass
                for p in range(pools):
                    matrix[at + p, at + p] += over_here
                    matrix[at + p, below + p] -= over_below + rising[cell] / reference[cell, layer + 1]
                    matrix[below + p, below + p] += over_below
                    matrix[below + p, at + p] -= over_here + sinking[cell] / mass
        # matrix is -A; scale to B = -A T
        for i in range(size):
            if matrix[i, i] == 0.0:  # primed by nothing fresh: all that it gets stays, and no state is steady
                matrix[i, i] = 1.0
            for j in range(size):
                matrix[i, j] *= years
                half[i, j] = 0.5 * matrix[i, j]
            half[i, i] += 1.0
            right[i, 0] = relaxation[cell] * defect[cell, i // pools, i % pools]
        solve_in_place(half, right)
        for i in range(size):
            pair[i, 0] = right[i, 0]
            pair[i, 1] = years * unit_input[unit[cell], i // pools, i % pools]
        solve_in_place(matrix, pair)
        change = 0.0
        if match:
            stock = 0.0
            gain = 0.0
            for i in range(size):
                weight = depth_weight[i // pools]
                stock += weight * (stocks[cell, i // pools, active[i % pools]] + pair[i, 0])
                gain += weight * pair[i, 1]
            if gain > 0.0:
                change = relaxation[cell] * (target[cell] - stock) / gain
            change = max(change, -scale[cell])
            scale[cell] += change
        for i in range(size):
            present = stocks[cell, i // pools, active[i % pools]]
            value = present + pair[i, 0] + change * pair[i, 1]
            stocks[cell, i // pools, active[i % pools]] = max(value, least * present)
