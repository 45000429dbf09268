"""A network in parts that have nothing to do with each other, and the trunk they all flow into.

What runs down a network must have seen a node before its receivers; but water of one end of a catchment meets that of
the other late. Cells all of whose water comes from one band of rows are a part: parts can be run down at once, each in
a thread of its own, and what is left, the trunk, after them. Parts are found from the network and from nothing else, so
that the order in which a node is given its shares, and the last bit of their sum, is that of any number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit

#: bands of rows; more of them leave more to the trunk (of a million cells with multiple flow 5 % with 2, 12 % with 4,
#: 20 % with 8)
PARTS = 4
#: nodes of a network below which it is one part
SMALLEST = 4 * 2048


@njit(cache=True, nogil=True)
def _spread(node, begin, end, receivers, part, value):
    """Give the receivers of a node, at places from ``begin`` to before ``end``, that part unless it is theirs."""
    for place in range(begin, end):
        if part[receivers[place]] != value:
            part[receivers[place]] = PARTS


@njit(cache=True, nogil=True)
def _find_parts(order, first, receivers, part):
    """Part of each node of the network, (n,) int8: from 0, ``PARTS`` of the trunk.

    No node receives from two parts: of those that would, all donors but of one part are in the trunk.
    """
    takes_part = np.zeros(part.size, np.bool_)
    for index in range(order.size):
        takes_part[order[index]] = True
    seen = 0
    for node in range(part.size):
        part[node] = seen * PARTS // order.size
        seen += takes_part[node] and seen < order.size - 1
    for index in range(order.size):
        _spread(order[index], first[index], first[index + 1], receivers, part, part[order[index]])
    taken = np.full(part.size, PARTS, np.int8)  # by the part that gives to it, of nodes of the trunk
    aside = np.zeros(part.size, np.bool_)
    for index in range(order.size):
        own = part[order[index]]
        for place in range(first[index], first[index + 1] if own < PARTS else first[index]):
            receiver = receivers[place]
            if part[receiver] == PARTS and taken[receiver] == PARTS:
                taken[receiver] = own
            elif part[receiver] == PARTS and taken[receiver] != own:
                aside[order[index]] = True
    for index in range(order.size):
        node = order[index]
        if aside[node]:
            part[node] = PARTS
        if part[node] == PARTS:
            for place in range(first[index], first[index + 1]):
                part[receivers[place]] = PARTS


@njit(cache=True, nogil=True)
def _line_up(order, first, receivers, weights, part):
    """The network part by part, the trunk last, in the order it was in; and where each begins."""
    bounds = np.zeros(PARTS + 2, np.int64)
    for index in range(order.size):
        bounds[part[order[index]] + 1] += 1
    for own in range(PARTS + 1):
        bounds[own + 1] += bounds[own]
    lined_up, count = np.empty_like(order), np.zeros(order.size + 1, np.int64)
    source, place_of = np.empty(order.size, np.int64), bounds.copy()
    for index in range(order.size):
        own = part[order[index]]
        lined_up[place_of[own]], source[place_of[own]] = order[index], index
        place_of[own] += 1
    targets, shares = np.empty_like(receivers), np.empty_like(weights)
    for index in range(order.size):
        at, begin = count[index], first[source[index]]
        number = first[source[index] + 1] - begin
        count[index + 1] = at + number
        for place in range(number):
            targets[at + place] = receivers[begin + place]
            shares[at + place] = weights[begin + place]
    return lined_up, count, targets, shares, bounds


def in_parts(order, first, receivers, weights, nodes):
    """Line a network up part by part.

    Parameters
    ----------
    order, first, receivers, weights : (m,), (m + 1,), (r,), (r,)
        The network, see :mod:`watershed_c.kernels.flow_routing`.
    nodes : int
        Of the raster.

    Returns
    -------
    order, first, receivers, weights
        The same network, each node still before its receivers.
    bounds : (p + 2,) int64
        Places in ``order`` where the p parts and, last, the trunk begin, and its end. No node, in the network or on its
        border, receives from two parts, nor a part from another or from the trunk.
    """
    if order.size < SMALLEST:
        return order, first, receivers, weights, np.array([0, order.size, order.size])
    part = np.empty(nodes, np.int8)
    _find_parts(order, first, receivers, part)
    return _line_up(order, first, receivers, weights, part)
