"""Water below the ground that moves sideways: the water table, flow from layer to layer downslope, its solutes."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from watershed_c.kernels.prefetch import AHEAD, prefetch


@njit(cache=True, nogil=True)
def saturated_height(held, field_capacity, saturation, thickness):
    """Height of the water table above the base of one column, m.

    The column's water above field capacity fills its drainable pores from the base up: the drained volume says where
    the table is, as in DRAINMOD (Skaggs 1978). Water still on its way down is counted.

    Parameters
    ----------
    held, field_capacity, saturation : (L,) kg m-2
    thickness : (L,) m
    """
    left = 0.0
    for layer in range(held.size):
        left += max(0.0, held[layer] - field_capacity[layer])
    height = 0.0
    for layer in range(held.size - 1, -1, -1):
        pores = saturation[layer] - field_capacity[layer]
        if left < pores:
            return height + thickness[layer] * left / pores
        height += thickness[layer]
        left -= pores
    return height


@njit(cache=True, nogil=True)
def water_table_depth(cells, water, field_capacity, saturation, thickness, depth):
    """Depth of the water table, m, of ``cells`` into ``depth`` (n,): that of the base where there is none above it."""
    bottom = thickness.sum()
    for cell in cells:
        depth[cell] = bottom - saturated_height(water[cell], field_capacity[cell], saturation[cell], thickness)


@njit(cache=True, nogil=True)
def passing_shares(
    cells, field_capacity, saturation, conductivity, thickness, gradient_x, gradient_y, dx, dy, h, shares
):  # fmt: skip
    """What :func:`flow_downslope` passes on in a time ``h``, of each layer of ``cells``, into ``shares`` (n, L, 5).

    With k of its notes: 1 - exp(-k h), of the water there; 1 - (1 - exp(-k h)) / (k h), of what arrives evenly through
    h; k h times the drainable pores, kg m-2, the most; and, to have them side by side, field capacity and drainable
    pores. Other parameters as there; ``thickness`` (L,) m, ``conductivity`` (n, L) kg m-2 yr-1.
    """
    for cell in cells:
        east, north = gradient_x[cell], gradient_y[cell]
        steepness = (abs(east) / dx + abs(north) / dy) / (1.0 + east * east + north * north)
        for layer in range(thickness.size):
            pores = saturation[cell, layer] - field_capacity[cell, layer]
            most = h * conductivity[cell, layer] * thickness[layer] * steepness
            passed = most / pores
            gone = -math.expm1(-passed)
            shares[cell, layer, 0] = gone
            shares[cell, layer, 1] = max(1.0 - gone / passed, 0.0) if passed > 1e-8 else 0.5 * passed
            shares[cell, layer, 2] = most
            shares[cell, layer, 3] = field_capacity[cell, layer]
            shares[cell, layer, 4] = pores


@njit(cache=True, nogil=True)
def flow_downslope(
    order, first, receivers, weights, is_soil, water, shares, arriving, lateral, gained,
    lost, returned,
):
    """Lateral flow of drainable water in every layer, down the network, over a time h.

    Parameters
    ----------
    order, first, receivers, weights : the network, see :mod:`watershed_c.kernels.flow_routing`
    is_soil : (n,) bool
        Nodes with a soil column; water that reaches others has left.
    water : (n, L) kg m-2, changed in place
    shares : (n, L, 5)
        Of :func:`passing_shares` for the time ``h``.
    arriving : (n, L) kg m-2
        Zero at soil nodes before and after; at others, what arrives is added.
    lateral : (n, L) kg m-2, what left each layer downslope is added
    gained, lost, returned : (n,) kg m-2, what came, what left downslope and what came out at the surface is added

    Notes
    -----
    Darcy's law along a base as steep as the ground (kinematic; Beven 1981, Water Resour. Res. 17, 1419; by layer as in
    SWAT, Neitsch et al. 2011, chapter 2:3.5). Of the drainable water E = W - FC of a layer of thickness d, b = d E /
    (SAT - FC) is saturated, b cos(beta) across the flow, whose gradient is sin(beta). A cell of area A with contour
    width w loses, per area::

        q = K b s,    s = sin(beta) cos(beta) w / A = (|dz/dx| / dx + |dz/dy| / dy) / (1 + tan(beta)**2)

    so that dE/dt = I - k E, k = K d s / (SAT - FC), solved exactly for the inflow I of the same
    h spread evenly over it: cells are taken from the ridge to the stream, so a wave passes any number of cells, and
    a steady state has no error of time. What arrives first fills its layer to field capacity. A full layer passes what
    arrives to the layer above it, the top layer to the surface (saturation excess, return flow).
    """  # fmt: skip
    layers = water.shape[1]
    leaving = np.empty(layers)
    for index in range(order.size):
        node, soon = order[index], order[min(index + AHEAD, order.size - 1)]
        prefetch(water, (soon, 0))
        prefetch(arriving, (soon, 0))
        prefetch(lateral, (soon, 0))
        for layer in range(layers):
            prefetch(shares, (soon, layer, 0))
        if not is_soil[node]:
            continue
        flows = first[index + 1] > first[index]
        came, gone, rising = 0.0, 0.0, 0.0
        for layer in range(layers - 1, -1, -1):
            leaving[layer] = 0.0
            source = arriving[node, layer]
            arriving[node, layer] = 0.0
            came += source
            source += rising
            before = water[node, layer] - shares[node, layer, 3]
            rising = 0.0
            if before + source <= 0.0:
                if source > 0.0:
                    water[node, layer] += source
                continue
            if before < 0.0:
                source += before
                before = 0.0
            after = before + source
            if flows:
                # no more than a full layer passes
                out = before * shares[node, layer, 0] + source * shares[node, layer, 1]
                out = min(out, shares[node, layer, 2])
                after -= out
                lateral[node, layer] += out
                gone += out
                leaving[layer] = out
            pores = shares[node, layer, 4]
            if after > pores:
                rising = after - pores
                after = pores
            water[node, layer] = shares[node, layer, 3] + after
        gained[node] += came
        lost[node] += gone
        returned[node] += rising
        for place in range(first[index], first[index + 1] if gone > 0.0 else first[index]):
            receiver, weight = receivers[place], weights[place]
            for layer in range(layers):
                arriving[receiver, layer] += weight * leaving[layer]


@njit(cache=True, nogil=True)
def deliver(
    order, first, receivers, weights, is_soil, drained, lateral, carried, solute, piped, gained, lost, left
):  # fmt: skip
    """Bring a solute that left layers sideways where its water went.

    Parameters
    ----------
    order, first, receivers, weights, is_soil : as for :func:`flow_downslope`
    drained, lateral : (n, L) kg m-2, water that left by drains and downslope in the step
    carried : (n, L) kg m-2, solute that left with both
    solute : (n, L) kg m-2, receives what arrives, at the end of the step; changed in place
    piped, gained, lost : (n,) kg m-2, filled at soil nodes: gone to drains, come from upslope, gone downslope
    left : (n,) kg m-2, filled: what arrived at nodes without soil
    """
    for index in range(order.size):
        node = order[index]
        piped[node] = gained[node] = lost[node] = left[node] = 0.0
        for place in range(first[index], first[index + 1]):
            left[receivers[place]] = 0.0
    for index in range(order.size):
        node = order[index]
        if not is_soil[node]:
            continue
        for layer in range(carried.shape[1]):
            if carried[node, layer] == 0.0:
                continue
            aside = drained[node, layer] + lateral[node, layer]
            downslope = carried[node, layer] * (lateral[node, layer] / aside)
            piped[node] += carried[node, layer] - downslope
            lost[node] += downslope
            for place in range(first[index], first[index + 1]):
                share = weights[place] * downslope
                if is_soil[receivers[place]]:
                    solute[receivers[place], layer] += share
                    gained[receivers[place]] += share
                else:
                    left[receivers[place]] += share
