"""Depressions of a terrain: filled, and drained across their level surfaces.

Masks and node numbers are those of :mod:`watershed_c.kernels.flow_routing`.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _push(levels, nodes, size, level, node):
    """Put (level, node) into a binary heap of ``size`` entries."""
    place = size
    while place > 0:
        above = (place - 1) >> 1
        if levels[above] <= level:
            break
        levels[place] = levels[above]
        nodes[place] = nodes[above]
        place = above
    levels[place] = level
    nodes[place] = node


@njit(cache=True, nogil=True)
def _drop_lowest(levels, nodes, size):
    """Remove the root of a heap of ``size`` entries: the gap sinks to a leaf, where the last entry rises."""
    last = size - 1
    gap = 0
    below = 1
    while below < last:
        if below + 1 < last and levels[below + 1] < levels[below]:
            below += 1
        levels[gap] = levels[below]
        nodes[gap] = nodes[below]
        gap = below
        below = 2 * gap + 1
    _push(levels, nodes, gap, levels[last], nodes[last])


@njit(cache=True, nogil=True)
def fill_depressions(elevation, core, open_boundary, ncols, offsets):
    """Lowest surface, nowhere below the terrain, with a path to the open boundary that never rises from every node.

    A priority flood (Barnes et al. 2014) in which only rims wait in the queue (after Wei et al. 2019): whoever has
    a neighbour of known level not above its own elevation keeps that elevation, whatever the rest of the terrain is
    like, so slopes are climbed at once. A node waits in the queue, at its level, only where a neighbour lies lower
    and has not been reached: there a depression may begin, and it is filled from the lowest such rim.
    No artificial gradient is added: filled depressions are exactly flat.

    Parameters
    ----------
    elevation : (n,) float64, m. Finite on core and open boundary nodes.
    core, open_boundary : (n,) bool. Disjoint; no core node on the perimeter.
    ncols : int
        Columns of the raster.
    offsets : (8,) int64
        From `neighbour_offsets`.

    Returns
    -------
    (n,) float64
        m; NaN where no flow is routed: on inactive nodes and core nodes that cannot reach an open boundary node.

    References
    ----------
    Barnes, R., Lehman, C., Mulla, D. 2014. Priority-flood: an optimal depression-filling and
    watershed-labeling algorithm for digital elevation models. Computers & Geosciences 62, 117-127.

    Wei, H., Zhou, G., Fu, S. 2019. Efficient priority-flood depression filling in raster digital elevation models.
    International Journal of Digital Earth 12, 415-427.
    """
    n = elevation.size
    filled = np.full(n, np.nan)
    waiting = core.copy()
    reached = np.empty(n, np.int64)
    head = 0
    tail = 0
    levels = np.empty(n)
    rims = np.empty(n, np.int64)
    size = 0
    for node in range(n):
        if open_boundary[node]:
            filled[node] = elevation[node]
            reached[tail] = node
            tail += 1
    # m; nothing that has not been reached drains below this level
    water = -np.inf
    while True:
        doubtful = 0
        while head < tail:
            node = reached[head]
            head += 1
            level = filled[node]
            flooding = level <= water
            inside = core[node]
            lower = False
            for direction in range(8):
                neighbour = node + offsets[direction]
                if not inside:
                    # only here may a neighbour lie outside the raster or wrap round its edge
                    if neighbour < 0 or neighbour >= n or abs(neighbour % ncols - node % ncols) > 1:
                        continue
                if waiting[neighbour]:
                    height = elevation[neighbour]
                    if height >= level or flooding:
                        waiting[neighbour] = False
                        filled[neighbour] = max(height, level)
                        reached[tail] = neighbour
                        tail += 1
                    else:
                        lower = True
            if lower:
                # kept where the list has been read already
                reached[doubtful] = node
                doubtful += 1
        # most lower neighbours have been reached from below in the meantime
        for index in range(doubtful):
            node = reached[index]
            inside = core[node]
            for direction in range(8):
                neighbour = node + offsets[direction]
                if not inside:
                    if neighbour < 0 or neighbour >= n or abs(neighbour % ncols - node % ncols) > 1:
                        continue
                if waiting[neighbour]:
                    _push(levels, rims, size, filled[node], node)
                    size += 1
                    break
        if size == 0:
            break
        # the lowest rim is looked at again, now as the one that spills
        water = levels[0]
        head -= 1
        reached[head] = rims[0]
        _drop_lowest(levels, rims, size)
        size -= 1
    return filled


@njit(cache=True, nogil=True)
def edges_of_flats(cells, filled, core, lower, offsets):
    """Nodes that drain, or lie on the open boundary, beside a node of the same level without a lower neighbour.

    Parameters
    ----------
    cells : (m,) int64
        Core nodes that drain.
    filled : (n,) float64, m
        From `fill_depressions`.
    core : (n,) bool
    lower : (n,) uint8
        Bits of the lower neighbours; 0 marks the flats.
    offsets : (8,) int64

    Returns
    -------
    (e,) int64
        In no order, each once.
    """
    found = np.zeros(filled.size, np.bool_)
    edges = np.empty(filled.size, np.int64)
    count = 0
    for index in range(cells.size):
        node = cells[index]
        if lower[node] != 0:
            continue
        for direction in range(8):
            neighbour = node + offsets[direction]
            # false where the neighbour is inactive: its level is NaN
            if filled[neighbour] == filled[node] and not found[neighbour]:
                if lower[neighbour] != 0 or not core[neighbour]:
                    found[neighbour] = True
                    edges[count] = neighbour
                    count += 1
    return edges[:count].copy()


@njit(cache=True, nogil=True)
def drain_flats(edges, filled, core, ncols, offsets, lower, receiver):
    """Lead the water of every flat to its edge, by the fewest cells.

    Parameters
    ----------
    edges : (e,) int64
        From `edges_of_flats`, sorted: the first takes what is as near to another.
    filled : (n,) float64, m
    core : (n,) bool
    ncols : int
    offsets : (8,) int64
    lower : (n,) uint8
        Where 0 on core nodes, gets the bit of the neighbour the node drains to.
    receiver : (n,) int64
        The number of that neighbour.
    """
    n = filled.size
    queue = np.empty(n, np.int64)
    tail = edges.size
    for index in range(tail):
        queue[index] = edges[index]
    head = 0
    while head < tail:
        node = queue[head]
        head += 1
        inside = core[node]
        for direction in range(8):
            neighbour = node + offsets[direction]
            if not inside:
                if neighbour < 0 or neighbour >= n or abs(neighbour % ncols - node % ncols) > 1:
                    continue
            if core[neighbour] and lower[neighbour] == 0 and filled[neighbour] == filled[node]:
                # in the order E, N, W, S, NE, NW, SW, SE the opposite of d is d xor 2
                lower[neighbour] = 1 << (direction ^ 2)
                receiver[neighbour] = node
                queue[tail] = neighbour
                tail += 1
