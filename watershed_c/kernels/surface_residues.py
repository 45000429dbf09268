"""Residues and litter on the surface: what falls, what soil animals take down, what passes bury."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def palatability(carbon_nitrogen: float) -> float:
    """Factor of incorporation by the C:N ratio of residues: 1 up to 50, 0.1 at 100, 0.01 from 120 on (Daisy)."""
    if carbon_nitrogen <= 50.0:
        return 1.0
    if carbon_nitrogen <= 100.0:
        return 1.0 - 0.9 * (carbon_nitrogen - 50.0) / 50.0
    return max(0.1 - 0.09 * (carbon_nitrogen - 100.0) / 20.0, 0.01)


@njit(cache=True, nogil=True)
def left_by_fauna(carbon: float, capacity: float, half: float) -> float:
    """What is left of ``carbon`` where animals take R C/(C + half) a year, R times the step being ``capacity``.

    One backward Euler step: positive for any step, exact where there is much more than ``half``.
    """
    b = half + capacity - carbon
    root = np.sqrt(b * b + 4.0 * half * carbon)
    # the positive root, without cancellation
    return 2.0 * half * carbon / (b + root) if b > 0.0 else 0.5 * (root - b)


@njit(cache=True, nogil=True)
def incorporate(
    cells, unit, scale, arriving, arriving_cover, arriving_nitrogen, litter, capacity, half, respired_share,
    fauna_shares, buried, first_row, mineral, stocks, residue, cover, nitrogen, respired,
):  # fmt: skip
    """A step of the residues of ``cells`` after decay: arrivals, what is no litter any more, animals, passes, arrivals.

    Parameters
    ----------
    cells : (C,) int64
    unit : (n,) int64
    scale : (n,)
        Multiplies what plants lay down.
    arriving : (U, 2, 2, P), kg C m-2 in this step
        Before the last pass and after it; of plants and brought.
    arriving_cover, arriving_nitrogen : (U, 2, 2), m2 m-2 and kg m-2
    litter : (P,) bool
        Pools that plants feed; others are made of litter, and belong to the top layer.
    capacity : (n,), kg C m-2
        The most that animals take in this step at C:N up to 50.
    half : float, kg C m-2, above 0
        Residue at which they take half of it.
    respired_share : float, 0 to 1
        Of what they take.
    fauna_shares : (L,)
        Where they leave the rest; sums to 1. What would lie in a layer without soil lies in the one above.
    buried : (U, L)
        Share of the residue that the passes of this step bury in each layer.
    first_row : int
        Of the pools in ``stocks``.
    mineral : (n, L), kg m-2
    stocks : (n, L, K), residue : (n, P), cover, nitrogen : (n,)
        Changed in place.
    respired : (n,), kg C m-2
        Overwritten with what animals respire.
    """
    layers, pools = fauna_shares.size, residue.shape[1]
    for cell in cells:
        u = unit[cell]
        for p in range(pools):
            residue[cell, p] += scale[cell] * arriving[u, 0, 0, p] + arriving[u, 0, 1, p]
        cover[cell] += scale[cell] * arriving_cover[u, 0, 0] + arriving_cover[u, 0, 1]
        nitrogen[cell] += scale[cell] * arriving_nitrogen[u, 0, 0] + arriving_nitrogen[u, 0, 1]
        total = 0.0
        for p in range(pools):
            if litter[p]:
                total += residue[cell, p]
            else:
                stocks[cell, 0, first_row + p] += residue[cell, p]
                residue[cell, p] = 0.0
        respired[cell] = 0.0
        if total > 0.0:
            ratio = total / nitrogen[cell] if nitrogen[cell] > 0.0 else 0.0
            left = left_by_fauna(total, capacity[cell] * palatability(ratio), half) / total
            taken = 1.0 - left
            respired[cell] = respired_share * taken * total
            going = 0.0
            for layer in range(layers):
                going += buried[u, layer]
            share = 0.0
            for layer in range(layers - 1, -1, -1):
                share += (1.0 - respired_share) * taken * fauna_shares[layer] + left * buried[u, layer]
                if mineral[cell, layer] > 0.0 or layer == 0:
                    for p in range(pools):
                        stocks[cell, layer, first_row + p] += share * residue[cell, p]
                    share = 0.0
            kept = left * (1.0 - going)
            for p in range(pools):
                residue[cell, p] *= kept
            cover[cell] *= kept
            nitrogen[cell] *= kept
        for p in range(pools):
            residue[cell, p] += scale[cell] * arriving[u, 1, 0, p] + arriving[u, 1, 1, p]
        cover[cell] += scale[cell] * arriving_cover[u, 1, 0] + arriving_cover[u, 1, 1]
        nitrogen[cell] += scale[cell] * arriving_nitrogen[u, 1, 0] + arriving_nitrogen[u, 1, 1]
