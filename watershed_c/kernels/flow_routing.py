"""Flow routing on a raster: neighbours, accumulation, gradient.

Nodes are numbered ``node = row * ncols + col`` with row 0 in the south. Two masks (n,) say what takes part:
``core`` nodes carry flow, ``open_boundary`` nodes only receive it; all others are inactive. Core nodes never
lie on the perimeter of the raster (Landlab's rule), so that each has eight neighbours in range.

A network (:mod:`watershed_c.kernels.flow_network`) lies in flow order, so that routed passes read it from end to
end: ``order`` (m,) int64 lists the core nodes that drain, each one before all of its receivers; the receivers of
``order[i]`` are ``receivers[first[i] : first[i + 1]]``, and their shares of what leaves it are ``weights`` of the same
places.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from watershed_c.kernels.prefetch import AHEAD, prefetch

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
def pass_on(order, first, receivers, weights, out):
    """Add to ``out`` (n,), what nodes have of their own, what comes from upstream: see `accumulate`."""
    for index in range(order.size):
        prefetch(out, (order[min(index + AHEAD, order.size - 1)],))
        passing = out[order[index]]
        for place in range(first[index], first[index + 1]):
            out[receivers[place]] += weights[place] * passing


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
    pass_on(order, first, receivers, weights, out)


@njit(cache=True, nogil=True)
def label_upstream(order, receiver, label):
    """Give every node of ``order`` without a label (0) that of its receiver.

    Parameters
    ----------
    order : (m,) int64
        Core nodes that drain, each before its receivers.
    receiver : (n,) int64
        Steepest descent; own number where there is none.
    label : (n,) int64
        Not 0 where a basin begins; filled upstream of these.
    """
    for index in range(order.size - 1, -1, -1):
        node = order[index]
        if label[node] == 0:
            label[node] = label[receiver[node]]


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


@njit(cache=True, nogil=True)
def _steeper_side(node, step, elevation, active):
    """Rise over ``step`` at a node, on the side to which it falls more; 0 where both sides rise."""
    ahead = elevation[node + step] - elevation[node] if active[node + step] else 0.0
    behind = elevation[node] - elevation[node - step] if active[node - step] else 0.0
    if not (active[node + step] and active[node - step]):
        return ahead + behind
    if ahead < 0.0 and -ahead >= behind:
        return ahead
    return max(behind, 0.0)


@njit(cache=True, nogil=True)
def downslope_gradient(cells, elevation, active, ncols, dx, dy, gradient_x, gradient_y):
    """Gradient of the terrain towards its lower cardinal neighbours, m m-1: one-sided, down the slope.

    Along each axis the difference to the lower of the two neighbours, 0 where none is lower; where one neighbour is
    inactive, the difference to the other. Exact on planes of any aspect, first order elsewhere. Central differences
    do not see waves of two cells; these do, and soil loss that follows them wears such waves down: they are the
    upwind differences of a surface that is lowered where it is steep (Osher & Sethian 1988).

    Parameters
    ----------
    cells, elevation, active, ncols, dx, dy, gradient_x, gradient_y
        As in `gradient`.

    References
    ----------
    Osher, S., Sethian, J.A. 1988. Fronts propagating with curvature-dependent speed: algorithms based on
    Hamilton-Jacobi formulations. Journal of Computational Physics 79, 12-49.
    """
    for index in range(cells.size):
        node = cells[index]
        gradient_x[node] = _steeper_side(node, 1, elevation, active) / dx
        gradient_y[node] = _steeper_side(node, ncols, elevation, active) / dy
