"""Depressions of a terrain cut open: trenches from their floors to lower ground, by the least excavation.

Masks and node numbers are those of :mod:`watershed_c.kernels.flow_routing`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from watershed_c.kernels.depressions import _drop_lowest, _push


@njit(cache=True, nogil=True)
def floors_of_depressions(cells, elevation, filled, offsets):
    """Nodes from which no water moves on the terrain although there is a way out of its depression.

    Parameters
    ----------
    cells : (m,) int64
        Core nodes that drain.
    elevation, filled : (n,) float64, m
        ``filled`` from `fill_depressions`.
    offsets : (8,) int64

    Returns
    -------
    (p,) int64
        Below their spill level and without a lower neighbour, in the order of ``cells``.
    """
    floors = np.empty(cells.size, np.int64)
    count = 0
    for index in range(cells.size):
        node = cells[index]
        if filled[node] > elevation[node]:
            lower = False
            for direction in range(8):
                # false where the neighbour is inactive: it has no level
                neighbour = node + offsets[direction]
                lower = lower or (not np.isnan(filled[neighbour]) and elevation[neighbour] < elevation[node])
            if not lower:
                floors[count] = node
                count += 1
    return floors[:count].copy()


@njit(cache=True, nogil=True)
def breach(floors, elevation, filled, core, offsets):
    """Cut a trench from every floor to the lower ground that takes the least excavation to reach.

    From a floor of level z a search spreads over the neighbours in the order of what has been dug, the sum of
    max(0, surface - z) over the nodes on the way, until it meets a node lower than z or the open boundary; the way
    back to the floor is then lowered to z. So every node of a trench has a way on that does not rise, and later
    trenches can only lower it: in the end nothing is left that must be filled. (Least-cost breaching, Lindsay & Dhun
    2015, without their limits of length and depth. Lengths do not count in the cost, so that its first discoverer
    reaches each node by the cheapest way.)

    Parameters
    ----------
    floors : (p,) int64
        From `floors_of_depressions`, lowest first: higher ones then find the trenches of lower ones.
    elevation, filled : (n,) float64, m
    core : (n,) bool
        Other nodes with a ``filled`` level are open boundary.
    offsets : (8,) int64

    Returns
    -------
    surface : (n,) float64, m
        The terrain with its trenches; open boundary nodes are cut, too, where a floor lies lower. NaN where
        ``filled`` is.
    trench : (n,) bool
        Core nodes of trenches, the floors where they begin included.

    References
    ----------
    Lindsay, J.B., Dhun, K. 2015. Modelling surface drainage patterns in altered landscapes using LiDAR. International
    Journal of Geographical Information Science 29, 397-411.
    """
    n = elevation.size
    surface = np.where(np.isnan(filled), np.nan, elevation)
    trench = np.zeros(n, np.bool_)
    settled = np.zeros(n, np.bool_)
    search = np.full(n, -1, np.int64)  # the last search that reached the node
    before = np.empty(n, np.int64)
    costs = np.empty(n)
    nodes = np.empty(n, np.int64)
    for number in range(floors.size):
        floor = floors[number]
        level = surface[floor]
        if settled[floor] or level < elevation[floor]:
            continue
        search[floor] = number
        before[floor] = -1
        costs[0] = 0.0
        nodes[0] = floor
        size = 1
        end = -1
        dug = 0.0
        while end < 0:
            node = nodes[0]
            dug = costs[0]
            _drop_lowest(costs, nodes, size)
            size -= 1
            if not core[node]:
                end = node
                break
            for direction in range(8):
                neighbour = node + offsets[direction]
                height = surface[neighbour]
                # a node without a level is not reached
                if search[neighbour] == number or np.isnan(height):
                    continue
                if height < level or (height == level and not core[neighbour]):
                    # nothing in the queue is cheaper than to come here
                    end = node
                    break
                search[neighbour] = number
                before[neighbour] = node
                _push(costs, nodes, size, dug + (height - level), neighbour)
                size += 1
        while end >= 0:
            surface[end] = min(surface[end], level)
            if dug > 0.0 and core[end]:
                trench[end] = True
            end = before[end]
        # the rest of the floor drains to this node, and needs no search of its own
        settled[floor] = True
        nodes[0] = floor
        size = 1
        while size > 0:
            size -= 1
            node = nodes[size]
            for direction in range(8):
                neighbour = node + offsets[direction]
                if core[neighbour] and not settled[neighbour] and surface[neighbour] == level:
                    settled[neighbour] = True
                    nodes[size] = neighbour
                    size += 1
    return surface, trench
