"""Flux decomposition: water of a cell goes to at most two cardinal neighbours, and land use has a say in it.

The routing of WaTEM/SEDEM, written from its documentation (watem-sedem 4fe0efa, docs/routing.rst):
Desmet & Govers 1996 (Int. J. Geogr. Inf. Syst. 10, 311-331), flux decomposition; Takken et al. 2001 (Catena 43,
83-108), tillage direction; Van Oost, Govers & Desmet 2000 (Landscape Ecol. 15, 577-589), borders of parcels. Masks and
node numbers are those of :mod:`watershed_c.kernels.flow_routing`. Of equals the cell that comes first from the
north-west, row by row, is taken.

What a cell is, its land code, is the number of its field, above 0, or one of ``RIVER`` to ``GRASS_STRIP`` below.
"""

from __future__ import annotations

import numpy as np
from numba import njit

#: land codes of WaTEM/SEDEM; above 0: number of a field
OUTSIDE, RIVER, ROAD, FOREST, PASTURE, OPEN_WATER, GRASS_STRIP = 0, -1, -2, -3, -4, -5, -6


@njit(cache=True, nogil=True)
def _precedes(one, other, ncols):
    """Whether a node comes before another from the north-west, row by row."""
    row, of_other = one // ncols, other // ncols
    return row > of_other or (row == of_other and one < other)


@njit(cache=True, nogil=True)
def _lowest_beside(node, elevation, marked, ncols, cardinal_only):
    """The lowest marked neighbour; -1 if there is none."""
    found = -1
    for row in (1, 0, -1):
        for column in (-1, 0, 1):
            if cardinal_only and row != 0 and column != 0:
                continue
            other = node + row * ncols + column
            if other != node and marked[other] and (found < 0 or elevation[other] < elevation[found]):
                found = other
    return found


@njit(cache=True, nogil=True)
def _search(node, elevation, land, takes_part, ncols, window):
    """Receiver of a cell that cannot follow its direction; -1 where the window holds none.

    Squares round the cell are searched, from its eight neighbours to ``window`` cells to each side. In the first that
    holds a lower cell of the same land, else a river, else any lower cell, the lowest of these receives.
    """
    rows = elevation.size // ncols
    here_row, here_column = node // ncols, node % ncols
    level = elevation[node]
    for reach in range(1, window + 1):
        same, river, lower = -1, -1, -1
        for row in range(min(here_row + reach, rows - 1), max(here_row - reach, 0) - 1, -1):
            # smaller squares held none, so it is in the ring
            step = 1 if abs(row - here_row) == reach else 2 * reach
            for column in range(here_column - reach, here_column + reach + 1, step):
                other = row * ncols + column
                if column < 0 or column >= ncols or not takes_part[other]:
                    continue
                height = elevation[other]
                if land[other] == RIVER and (river < 0 or height < elevation[river]):
                    river = other
                if height < level:
                    if land[other] == land[node] and (same < 0 or height < elevation[same]):
                        same = other
                    if lower < 0 or height < elevation[lower]:
                        lower = other
        if same >= 0:
            return same
        if river >= 0:
            return river
        if lower >= 0:
            return lower
    return -1


@njit(cache=True, nogil=True)
def _chosen(land_here, down_1, land_1, down_2, land_2):
    """Which of two receivers in the direction of flow remain: 0 both, 1 or 2 alone, 3 neither: one is searched."""
    same_1, same_2 = land_1 == land_here, land_2 == land_here
    strip_1, strip_2 = land_1 == GRASS_STRIP, land_2 == GRASS_STRIP
    if down_1 and down_2:
        if same_1 and same_2:
            return 0
        if same_1:
            return 3 if strip_2 else 1
        if same_2:
            return 3 if strip_1 else 2
        if strip_1 == strip_2:
            return 3
        return 1 if strip_1 else 2
    if down_1:
        return 1 if same_1 or strip_1 else 3
    if down_2:
        return 2 if same_2 or strip_2 else 3
    return 3


@njit(cache=True, nogil=True)
def decompose_flux(
    cells, elevation, land, takes_part, flow_x, flow_y, given, river, line, ncols, window, cardinal_only,
    receivers, weights,
):  # fmt: skip
    """Receivers of each cell and their shares.

    The first that holds: the receiver that is given; the lowest river beside; the lowest line beside; the two cardinal
    neighbours on either side of the direction of flow, with shares as its components. Of these one that is higher, or
    of other land unless that is a grass strip, does not receive; where none is left a receiver is searched.

    Parameters
    ----------
    cells : (c,) int64
        Core nodes that are no river; their rows are written.
    elevation : (n,) m
    land : (n,) int64
        Land codes of this module.
    takes_part : (n,) bool
        Nodes that can receive: core or open boundary.
    flow_x, flow_y : (n,)
        Direction of flow, eastwards and northwards: minus the gradient, or that of tillage.
    given : (n,) int64
        Receiver of cells whose route is drawn (ditch, dam, buffer, forced); -1 elsewhere.
    river, line : (n,) bool
        What draws the flow of its neighbours: rivers; ditches and dams.
    ncols, window : int
        Columns of the raster; how far a receiver is searched, cells.
    cardinal_only : bool
        Whether rivers draw the flow of cardinal neighbours only.
    receivers : (n, 2) int64, weights : (n, 2)
        Out, packed to the left, -1 where there is none.
    """
    for index in range(cells.size):
        node = cells[index]
        receivers[node, 1] = -1
        weights[node, 0], weights[node, 1] = 1.0, 0.0
        taken = given[node]
        if taken < 0:
            taken = _lowest_beside(node, elevation, river, ncols, cardinal_only)
        if taken < 0:
            taken = _lowest_beside(node, elevation, line, ncols, False)
        if taken >= 0:
            receivers[node, 0] = taken
            continue
        along, across = abs(flow_y[node]), abs(flow_x[node])
        one = node + ncols if flow_y[node] > 0.0 else node - ncols
        two = node + 1 if flow_x[node] > 0.0 else node - 1
        level = elevation[node]
        down_1 = along > 0.0 and takes_part[one] and elevation[one] <= level
        down_2 = across > 0.0 and takes_part[two] and elevation[two] <= level
        choice = _chosen(land[node], down_1, land[one], down_2, land[two])
        if choice == 0:
            receivers[node, 0], receivers[node, 1] = one, two
            weights[node, 0] = along / (along + across)
            weights[node, 1] = 1.0 - weights[node, 0]
        elif choice == 1:
            receivers[node, 0] = one
        elif choice == 2:
            receivers[node, 0] = two
        else:
            receivers[node, 0] = _search(node, elevation, land, takes_part, ncols, window)


@njit(cache=True, nogil=True)
def _cut(node, target, receivers, weights):
    """Take one receiver from a cell: the other, if there is one, receives all."""
    if receivers[node, 0] == target:
        receivers[node, 0] = receivers[node, 1]
    receivers[node, 1] = -1
    weights[node, 0], weights[node, 1] = 1.0, 0.0


@njit(cache=True, nogil=True)
def part_pairs(cells, elevation, land, takes_part, given, ncols, window, receivers, weights):
    """Part cells that are each other's receiver; return how many were parted.

    The one that flows uphill, of equally high ones the later from the north-west, stops; a drawn route stays. Its other
    receiver takes its share; where there is none one is searched.
    """
    parted = 0
    for index in range(cells.size):
        for place in range(2):
            node = cells[index]
            other = receivers[node, place]
            if other < 0 or (receivers[other, 0] != node and receivers[other, 1] != node):
                continue
            parted += 1
            drawn, of_other = given[node] >= 0, given[other] >= 0
            stops = elevation[node] < elevation[other] or (
                elevation[node] == elevation[other] and _precedes(other, node, ncols)
            )
            if drawn != of_other:
                stops = of_other
            if not stops:
                node, other = other, node
            _cut(node, other, receivers, weights)
            if receivers[node, 0] < 0:
                receivers[node, 0] = _search(node, elevation, land, takes_part, ncols, window)
    return parted


@njit(cache=True, nogil=True)
def line_up(cells, receivers, order):
    """Put cells in ``order`` (c,), each before its receivers.

    Returns
    -------
    done : int
        How many could be put: all but those in cycles and downstream of them.
    waiting : (n,) int64
        Above 0 for those that could not.
    """
    carries = np.zeros(receivers.shape[0], np.bool_)
    for index in range(cells.size):
        carries[cells[index]] = True
    waiting = np.zeros(receivers.shape[0], np.int64)
    for index in range(cells.size):
        for place in range(2):
            target = receivers[cells[index], place]
            if target >= 0 and carries[target]:
                waiting[target] += 1
    stack = np.empty(cells.size, np.int64)
    done = 0
    for index in range(cells.size):
        if waiting[cells[index]] != 0:
            continue
        waiting[cells[index]] = -1
        stack[0], held = cells[index], 1
        while held > 0:
            held -= 1
            node = stack[held]
            order[done] = node
            done += 1
            for place in range(2):
                target = receivers[node, place]
                if target >= 0 and carries[target]:
                    waiting[target] -= 1
                    if waiting[target] == 0:
                        waiting[target] = -1
                        stack[held] = target
                        held += 1
    return done, waiting


@njit(cache=True, nogil=True)
def part_cycles(cells, waiting, elevation, ncols, receivers, weights):
    """Cut what flows uphill, or between equally high cells to an earlier one from the north-west, within cycles.

    Every cycle has such a flow. The other receiver of the cell takes its share; a cell that has none becomes a sink.
    ``waiting`` is that of :func:`line_up`. Returns how many flows were cut.
    """
    n = receivers.shape[0]
    onward, first = np.zeros(n, np.int64), np.zeros(n + 1, np.int64)
    for index in range(cells.size):
        node = cells[index]
        for place in range(2):
            target = receivers[node, place]
            if waiting[node] > 0 and target >= 0 and waiting[target] > 0:
                onward[node] += 1
                first[target + 1] += 1
    for node in range(n):
        first[node + 1] += first[node]
    donors, filled = np.empty(first[n], np.int64), first[:-1].copy()
    stack, held = np.empty(cells.size, np.int64), 0
    for index in range(cells.size):
        node = cells[index]
        if waiting[node] <= 0:
            continue
        for place in range(2):
            target = receivers[node, place]
            if target >= 0 and waiting[target] > 0:
                donors[filled[target]] = node
                filled[target] += 1
        if onward[node] == 0:
            stack[held] = node
            held += 1
    # what only lies downstream of cycles
    while held > 0:
        held -= 1
        node = stack[held]
        for place in range(first[node], filled[node]):
            onward[donors[place]] -= 1
            if onward[donors[place]] == 0:
                stack[held] = donors[place]
                held += 1
    cut = 0
    for index in range(cells.size):
        node = cells[index]
        for place in (1, 0):
            target = receivers[node, place]
            if onward[node] <= 0 or target < 0 or onward[target] <= 0:
                continue
            if elevation[target] > elevation[node] or (
                elevation[target] == elevation[node] and _precedes(target, node, ncols)
            ):
                _cut(node, target, receivers, weights)
                cut += 1
    return cut
