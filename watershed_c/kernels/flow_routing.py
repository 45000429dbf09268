"""Flow routing on a raster: depressions, receivers, accumulation, gradient.

Nodes are numbered ``node = row * ncols + col`` with row 0 in the south. Two masks (n,) say what takes part:
``core`` nodes carry flow, ``open_boundary`` nodes only receive it; all others are inactive. Core nodes never
lie on the perimeter of the raster (Landlab's rule), so that each has eight neighbours in range.

A network is found as one pair of arrays whatever the method: ``receivers`` (n, R) int64, packed to the left and
ended by the first -1, and ``weights`` (n, R), the share of what leaves the node that each receiver gets. R is
1 for a single direction and 8 for multiple flow. ``order`` (m,) int64 lists the core nodes that drain, each one
before all of its receivers.

Routed passes take it in flow order (`in_flow_order`), so that they read it from end to end: the receivers of
``order[i]`` are ``receivers[first[i] : first[i + 1]]``, and their shares are ``weights`` of the same places.
"""

from __future__ import annotations

import numpy as np
from numba import njit

#: E, N, W, S, NE, NW, SW, SE (Landlab's order); the first of equally steep neighbours receives
NEIGHBOUR_COLUMN = np.array([1, 0, -1, 0, 1, -1, -1, 1], dtype=np.int64)
NEIGHBOUR_ROW = np.array([0, 1, 0, -1, 1, 1, -1, -1], dtype=np.int64)


def neighbour_offsets(ncols: int) -> np.ndarray:
    """Difference in node number between a node and each of its eight neighbours, (8,) int64."""
    return NEIGHBOUR_ROW * ncols + NEIGHBOUR_COLUMN


def neighbour_nearness(dx: float, dy: float) -> np.ndarray:
    """One over the distance of each of the eight neighbours, (8,) m-1, of cells ``dx`` by ``dy`` metres."""
    return 1.0 / np.hypot(NEIGHBOUR_COLUMN * dx, NEIGHBOUR_ROW * dy)


@njit(cache=True, nogil=True)
def _push(levels, nodes, size, level, node):
    """Put (level, node) into a binary heap of ``size`` entries; ties are broken by the node number."""
    place = size
    while place > 0:
        above = (place - 1) >> 1
        if levels[above] < level or (levels[above] == level and nodes[above] < node):
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
        other = below + 1
        if other < last and (
            levels[other] < levels[below] or (levels[other] == levels[below] and nodes[other] < nodes[below])
        ):
            below = other
        levels[gap] = levels[below]
        nodes[gap] = nodes[below]
        gap = below
        below = 2 * gap + 1
    _push(levels, nodes, gap, levels[last], nodes[last])


@njit(cache=True, nogil=True)
def flood(elevation, core, open_boundary, ncols, offsets):
    """Fill depressions by a priority flood that climbs from the open boundary (Barnes et al. 2014).

    A node is reached from the lowest node on the rim of what has been flooded, its flood parent, and is
    filled to ``filled[node] = max(elevation[node], filled[parent])``: the lowest surface, nowhere below the
    terrain, from which every node has a path to the open boundary that never rises. Filled depressions are
    exactly flat; across them and across natural flats the flood parents take the fewest cells to an outlet.

    The reversed order of the flood is topological for every network in which water goes to a lower node of
    ``filled`` or, where there is none, to the flood parent: levels never fall during the flood, and a parent
    is reached before its child.

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
    filled : (n,) float64
        m; NaN where no flow is routed: on inactive nodes and core nodes that cannot reach an open boundary
        node.
    parent : (n,) int64
        Flood parent; -1 on open boundary nodes and where no flow is routed.
    order : (m,) int64
        Core nodes reached, upstream to downstream.

    References
    ----------
    Barnes, R., Lehman, C., Mulla, D. 2014. Priority-flood: an optimal depression-filling and
    watershed-labeling algorithm for digital elevation models. Computers & Geosciences 62, 117-127.
    """
    n = elevation.size
    filled = np.full(n, np.nan)
    parent = np.full(n, -1, np.int64)
    waiting = core.copy()
    levels = np.empty(n)
    nodes = np.empty(n, np.int64)
    size = 0
    level = 0.0
    for node in range(n):
        if open_boundary[node]:
            filled[node] = elevation[node]
            _push(levels, nodes, size, elevation[node], node)
            size += 1
    queue = np.empty(n, np.int64)
    head = 0
    tail = 0
    order = np.empty(n, np.int64)
    first = n
    while size > 0 or head < tail:
        if head == tail:
            # all that is equally low starts together: a flat drains to the nearest of its outlets
            head = 0
            tail = 0
            level = levels[0]
            while size > 0 and levels[0] == level:
                queue[tail] = nodes[0]
                tail += 1
                _drop_lowest(levels, nodes, size)
                size -= 1
        node = queue[head]
        head += 1
        on_boundary = open_boundary[node]
        if not on_boundary:
            first -= 1
            order[first] = node
        for direction in range(8):
            neighbour = node + offsets[direction]
            if on_boundary:
                # only here may a neighbour lie outside the raster or wrap round its edge
                if neighbour < 0 or neighbour >= n or abs(neighbour % ncols - node % ncols) > 1:
                    continue
            if waiting[neighbour]:
                waiting[neighbour] = False
                parent[neighbour] = node
                if elevation[neighbour] <= level:
                    filled[neighbour] = level
                    queue[tail] = neighbour
                    tail += 1
                else:
                    filled[neighbour] = elevation[neighbour]
                    _push(levels, nodes, size, elevation[neighbour], neighbour)
                    size += 1
    return filled, parent, order[first:].copy()


@njit(cache=True, nogil=True)
def steepest_receiver(cells, filled, parent, offsets, nearness, receivers, weights, slope, direction_taken):
    """Single direction: all flow to the neighbour with the largest drop / distance (O'Callaghan & Mark 1984).

    Parameters
    ----------
    cells : (m,) int64
        Core nodes that drain.
    filled, parent : (n,)
        From `flood`. Where no neighbour is lower, the flood parent receives.
    offsets, nearness : (8,)
        From `neighbour_offsets` and `neighbour_nearness` (m-1).
    receivers, weights : (n, 1)
        Rows of ``cells`` are written.
    slope : (n,) float64, m m-1
        Descent of the filled surface to the receiver, 0 across flats; rows of ``cells`` are written.
    direction_taken : (n,) int64
        Place of the receiver in the order E, N, W, S, NE, NW, SW, SE; rows of ``cells`` are written.

    References
    ----------
    O'Callaghan, J.F., Mark, D.M. 1984. The extraction of drainage networks from digital elevation data.
    Computer Vision, Graphics, and Image Processing 28, 323-344.
    """
    for index in range(cells.size):
        node = cells[index]
        level = filled[node]
        steepest = 0.0
        taken = -1
        for direction in range(8):
            # false where the neighbour is inactive: its level is NaN
            descent = (level - filled[node + offsets[direction]]) * nearness[direction]
            if descent > steepest:
                steepest = descent
                taken = direction
        if taken == -1:
            for direction in range(8):
                if node + offsets[direction] == parent[node]:
                    taken = direction
        receivers[node, 0] = node + offsets[taken]
        weights[node, 0] = 1.0
        slope[node] = steepest
        direction_taken[node] = taken


@njit(cache=True, nogil=True)
def multiple_receivers(cells, filled, parent, offsets, nearness, exponent, receivers, weights):
    """Multiple flow: every lower neighbour j receives the share s_j**p / sum_k s_k**p (Freeman 1991).

    s_j = drop / distance (m m-1) to neighbour j on the filled surface, p = ``exponent``. Freeman uses no
    contour lengths (those are Quinn et al. 1991) and found p = 1.1 to spread flow most evenly down a cone.

    Parameters
    ----------
    cells : (m,) int64
        Core nodes that drain.
    filled, parent : (n,)
        From `flood`. Where no neighbour is lower, the flood parent receives all.
    offsets, nearness : (8,)
        From `neighbour_offsets` and `neighbour_nearness` (m-1).
    exponent : float
        p, > 0; the larger, the nearer to a single direction.
    receivers, weights : (n, 8)
        Rows of ``cells`` are written: receivers first, then -1 with weight 0.

    References
    ----------
    Freeman, T.G. 1991. Calculating catchment area with divergent flow based on a regular grid. Computers &
    Geosciences 17, 413-422.
    """
    share = np.empty(8)
    lower = np.empty(8, np.int64)
    for index in range(cells.size):
        node = cells[index]
        level = filled[node]
        steepest = 0.0
        count = 0
        for direction in range(8):
            # false where the neighbour is inactive: its level is NaN
            descent = (level - filled[node + offsets[direction]]) * nearness[direction]
            if descent > 0.0:
                share[count] = descent
                lower[count] = node + offsets[direction]
                count += 1
                steepest = max(steepest, descent)
        total = 0.0
        for place in range(count):
            # relative to the steepest: the powers of tiny slopes cannot all vanish
            if share[place] < steepest:
                share[place] = (share[place] / steepest) ** exponent
            else:
                share[place] = 1.0
            total += share[place]
        if count == 0:
            share[0] = 1.0
            lower[0] = parent[node]
            total = 1.0
            count = 1
        for place in range(8):
            receivers[node, place] = lower[place] if place < count else -1
            weights[node, place] = share[place] / total if place < count else 0.0


@njit(cache=True, nogil=True)
def downstream_order(cells, receivers):
    """Order of ``cells`` that follows the water: from each node on downstream until donors are missing.

    As topological as that of `flood`, but most nodes come next to a neighbour: routed passes find them in cache.

    Parameters
    ----------
    cells : (m,) int64
        Core nodes that drain.
    receivers : (n, R) int64

    Returns
    -------
    (m,) int64
        ``cells``, each before all of its receivers.
    """
    n, width = receivers.shape
    missing = np.zeros(n, np.int64)  # donors not in the order yet; -1 for what is
    for index in range(cells.size):
        for place in range(width):
            receiver = receivers[cells[index], place]
            if receiver < 0:
                break
            missing[receiver] += 1
    order = np.empty(cells.size, np.int64)
    ready = np.empty(cells.size, np.int64)
    last = 0
    for index in range(cells.size):
        if missing[cells[index]] != 0:
            continue
        ready[0] = cells[index]
        size = 1
        while size > 0:
            size -= 1
            node = ready[size]
            order[last] = node
            last += 1
            missing[node] = -1
            for place in range(width):
                receiver = receivers[node, place]
                if receiver < 0:
                    break
                missing[receiver] -= 1
                # the open boundary has no receiver and is not in the order
                if missing[receiver] == 0 and receivers[receiver, 0] >= 0:
                    ready[size] = receiver
                    size += 1
    return order


@njit(cache=True, nogil=True)
def in_flow_order(order, receivers, weights):
    """Line up the receivers of the nodes of ``order``.

    Parameters
    ----------
    order : (m,) int64
    receivers, weights : (n, R)
        Packed to the left, ended by the first -1.

    Returns
    -------
    first : (m + 1,) int64
        Place of the first receiver of each node of ``order``; a node without one has none.
    receivers : (r,) int64
    weights : (r,) float64
    """
    width = receivers.shape[1]
    first = np.zeros(order.size + 1, np.int64)
    for index in range(order.size):
        count = 0
        while count < width and receivers[order[index], count] >= 0:
            count += 1
        first[index + 1] = first[index] + count
    lined_up = np.empty(first[order.size], np.int64)
    shares = np.empty(first[order.size])
    for index in range(order.size):
        for place in range(first[index + 1] - first[index]):
            lined_up[first[index] + place] = receivers[order[index], place]
            shares[first[index] + place] = weights[order[index], place]
    return first, lined_up, shares


@njit(cache=True, nogil=True)
def accumulate(order, first, receivers, weights, amount, out):
    """Sum ``amount`` down the network: out_i = amount_i + sum over donors j of weight_ji * out_j.

    Parameters
    ----------
    order : (m,) int64
        Core nodes that drain, each before its receivers.
    first, receivers, weights : (m + 1,), (r,), (r,)
        From `in_flow_order`.
    amount : (n,) float64
        What each node adds itself (m2, m3 s-1, kg, ...).
    out : (n,) float64
        Same unit; what passes through each node and, on open boundary nodes, what leaves there. May not be
        ``amount``.
    """
    for node in range(amount.size):
        out[node] = amount[node]
    for index in range(order.size):
        passing = out[order[index]]
        for place in range(first[index], first[index + 1]):
            out[receivers[place]] += weights[place] * passing


@njit(cache=True, nogil=True)
def gradient(cells, elevation, active, ncols, dx, dy, gradient_x, gradient_y):
    """Gradient of the terrain from the four cardinal neighbours: dz/dx eastwards and dz/dy northwards, m m-1.

    Central differences (Zevenbergen & Thorne 1987), one-sided where one neighbour is inactive, 0 where both
    are. The tangent of the slope is ``hypot(gradient_x, gradient_y)``; Desmet & Govers' (1996) factor of the
    contour length is |sin a| + |cos a| = (|gradient_x| + |gradient_y|) / hypot(gradient_x, gradient_y).

    Parameters
    ----------
    cells : (m,) int64
        Core nodes.
    elevation : (n,) float64, m
    active : (n,) bool
        Nodes with an elevation: core or open boundary.
    ncols : int
    dx, dy : float, m
        Cell size E-W and N-S.
    gradient_x, gradient_y : (n,) float64
        Rows of ``cells`` are written.

    References
    ----------
    Zevenbergen, L.W., Thorne, C.R. 1987. Quantitative analysis of land surface topography. Earth Surface
    Processes and Landforms 12, 47-56.

    Desmet, P.J.J., Govers, G. 1996. A GIS procedure for automatically calculating the USLE LS factor on
    topographically complex landscape units. Journal of Soil and Water Conservation 51, 427-433.
    """
    for index in range(cells.size):
        node = cells[index]
        east = node + 1 if active[node + 1] else node
        west = node - 1 if active[node - 1] else node
        north = node + ncols if active[node + ncols] else node
        south = node - ncols if active[node - ncols] else node
        gradient_x[node] = (elevation[east] - elevation[west]) / (max(east - west, 1) * dx)
        gradient_y[node] = (elevation[north] - elevation[south]) / (max((north - south) // ncols, 1) * dy)
