"""One pass for the mean year, as WaTEM/SEDEM makes it: sediment in kg per cell, and soil moved by tillage with it."""

from __future__ import annotations

import math

from numba import njit

from watershed_c.kernels.parcel_network import SEWER


@njit(cache=True, nogil=True)
def mean_year_sediment(order, first, receivers, weights, is_land, potential, capacity, kept, inflow, outflow):
    """Sediment that enters and leaves each cell in the mean year (Van Rompaey et al. 2001).

    The smaller of inflow + potential soil loss and transport capacity leaves. What the cell keeps or loses is
    ``inflow - outflow``.

    - A cell without a receiver keeps all that enters it.
    - The outlet of a buffer keeps its share of what enters.
    - What enters a node that is no land (river, outside) stays in its ``inflow``.

    Parameters
    ----------
    order, first, receivers, weights : (m,), (m + 1,), (r,), (r,)
    is_land : (n,) bool
    potential, capacity : (n,) kg yr-1
        Of the whole cell.
    kept : (n,), or (0,) where there are no buffers
        Share of what enters that the outlet of a buffer keeps; -1 elsewhere.
    inflow : (n,) kg yr-1
        Zero on entry.
    outflow : (n,) kg yr-1
        Written for land.
    """
    for index in range(order.size):
        node = order[index]
        if not is_land[node]:
            continue
        leaving = min(inflow[node] + potential[node], capacity[node])
        if first[index] == first[index + 1]:
            leaving = 0.0
        elif kept.size > 0 and kept[node] >= 0.0:
            leaving = (1.0 - kept[node]) * inflow[node]
        outflow[node] = leaving
        for place in range(first[index], first[index + 1]):
            inflow[receivers[place]] += weights[place] * leaving


@njit(cache=True, nogil=True)
def mean_year_tillage(
    order, first, receivers, weights, land, gradient_x, gradient_y, transport, dx, drains, inflow, outflow
):  # fmt: skip
    """Soil that tillage moves into and out of each cell in the mean year (Van Oost et al. 2000).

    A cell of a field gives ``ktil tan(t) D x``, D the cell size and x = |sin a| + |cos a|, along the network of water.

    Parameters
    ----------
    order, first, receivers, weights : (m,), (m + 1,), (r,), (r,)
    land : (n,) int64
        Land codes; fields are above 0.
    gradient_x, gradient_y : (n,) m m-1
    transport : (n,) kg m-1 yr-1
        Tillage transport coefficient ktil.
    dx : float, m
    drains : (n,) bool
        Cells that give any.
    inflow, outflow : (n,) kg yr-1
        Zero on entry.
    """
    for index in range(order.size):
        node = order[index]
        if land[node] <= 0 or not drains[node]:
            continue
        tangent = math.hypot(gradient_x[node], gradient_y[node])
        width = 1.0
        if tangent > 0.0:
            width = (abs(gradient_x[node]) + abs(gradient_y[node])) / tangent
        outflow[node] = transport[node] * tangent * dx * width
        for place in range(first[index], first[index + 1]):
            inflow[receivers[place]] += weights[place] * outflow[node]


@njit(cache=True, nogil=True)
def slope_to_receiver(order, first, receivers, elevation, ncols, dx, gradient_x, gradient_y):
    """Replace the slope of cells with one receiver by that of the straight line to it, in the direction it had.

    The "adjusted slope" of WaTEM/SEDEM: the height difference, whatever its sign, over the distance of the centres. A
    sewer beside it does not count.
    Where the surface is level the direction is that to the receiver.

    Parameters
    ----------
    order, first, receivers : (m,), (m + 1,), (r,)
    elevation : (n,) m
    ncols : int
    dx : float, m
    gradient_x, gradient_y : (n,) m m-1
        Changed in place.
    """
    for index in range(order.size):
        node, target, count = order[index], 0, 0
        for place in range(first[index], first[index + 1]):
            if receivers[place] != SEWER:
                target = receivers[place]
                count += 1
        if count != 1:
            continue
        across, along = target % ncols - node % ncols, target // ncols - node // ncols
        distance = dx * math.hypot(across, along)
        tangent = abs(elevation[target] - elevation[node]) / distance
        was = math.hypot(gradient_x[node], gradient_y[node])
        if was > 0.0:
            gradient_x[node] *= tangent / was
            gradient_y[node] *= tangent / was
        else:
            gradient_x[node] = -tangent * across * dx / distance
            gradient_y[node] = -tangent * along * dx / distance
