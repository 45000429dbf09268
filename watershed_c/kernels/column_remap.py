"""Columns cut anew at their reference masses after erosion and deposition."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

#: of what only other kernels call: a wrapper for Python costs compile time
INNER: dict[str, Any] = {
    "cache": True, "nogil": True, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True
}  # fmt: skip
#: a neighbour's bound may be overstepped by this fraction of the layer's own concentration: differences below
#: it are round-off, and a uniform row must not flatten the whole group
ROUND_OFF = 1e-13
#: keeps 0/0 from being anything but 1
TINY = 1e-300


@njit(**INNER)
def _reconstruct(
    count: int,
    mass: np.ndarray,
    stock: np.ndarray,
    group: np.ndarray,
    parent: np.ndarray,
    limiter: np.ndarray,
    step: np.ndarray,
) -> None:
    """Limited rise of concentration from top to bottom of each source layer, of the ordinary rows.

    `stock[count]`, `mass[count]` are the neighbour below the last layer; the topmost layer gets none.
    """
    rows = step.shape[1]
    for row in range(rows):
        step[0, row] = 0.0
    for layer in range(1, count):
        above, centre, below = mass[layer - 1], mass[layer], mass[layer + 1]
        per_above, per_centre, per_below = 1.0 / above, 1.0 / centre, 1.0 / below
        share = centre / (above + centre + below)
        weight_below = share * (2.0 * above + centre) / (centre + below)
        weight_above = share * (2.0 * below + centre) / (centre + above)
        for index in range(limiter.shape[0]):
            limiter[index] = 1.0
        # rows of a group mostly follow each other: its limiter is held in a register till the next
        current, least = group[0], 1.0
        for row in range(rows):
            if group[row] != current:
                limiter[current] = least
                current = group[row]
                least = limiter[current]
            here = stock[layer, row] * per_centre
            from_above = here - stock[layer - 1, row] * per_above
            to_below = stock[layer + 1, row] * per_below - here
            rise = weight_below * to_below + weight_above * from_above
            bound = min(abs(from_above), abs(to_below)) if from_above * to_below > 0.0 else 0.0
            step[layer, row] = rise
            if parent[row] < 0:
                least = min(least, (2.0 * bound + 2.0 * ROUND_OFF * abs(here) + TINY) / (abs(rise) + TINY))
        limiter[current] = least
        for row in range(rows):
            step[layer, row] *= limiter[group[row]]


@njit(**INNER)
def _reconstruct_twin(
    row: int, origin: int, count: int, stock: np.ndarray, ratio: np.ndarray, step: np.ndarray
) -> None:
    """Ratio of a twin to its parent and its limited rise, over the parent's cumulative amount."""
    for layer in range(count + 1):
        amount = stock[layer, origin]
        ratio[layer, row] = stock[layer, row] / amount if amount > 0.0 else 0.0
    for layer in range(1, count):
        above, centre, below = stock[layer - 1, origin], stock[layer, origin], stock[layer + 1, origin]
        from_above = ratio[layer, row] - ratio[layer - 1, row]
        to_below = ratio[layer + 1, row] - ratio[layer, row]
        step[layer, row] = 0.0
        if above > 0.0 and centre > 0.0 and below > 0.0 and from_above * to_below > 0.0:
            share = centre / (above + centre + below)
            rise = share * (2.0 * above + centre) / (centre + below) * to_below
            rise += share * (2.0 * below + centre) / (centre + above) * from_above
            bound = 2.0 * min(abs(from_above), abs(to_below))
            step[layer, row] = min(max(rise, -bound), bound)


@njit(cache=True, nogil=True, error_model="numpy")
def _remap_any(
    node, mineral, stocks, reference, deposit_mineral, deposit, substratum, group, parent, twins, mass, stock, ratio,
    step, left, part, limiter, substratum_stock,
):  # fmt: skip
    """Cut one column anew, whatever was taken or laid down; the last arrays but one are work space."""
    layers, rows = stocks.shape[1], stocks.shape[2]
    # sources with mass; what lies in a layer without mass goes with the next one below it
    count = 0
    mass[0] = deposit_mineral[node]
    for row in range(rows):
        stock[0, row] = deposit[node, row]
        deposit[node, row] = 0.0
    deposit_mineral[node] = 0.0
    for layer in range(layers):
        carried = mass[count] <= 0.0
        if not carried:
            count += 1
        mass[count] = mineral[node, layer]
        mineral[node, layer] = reference[node, layer]
        for row in range(rows):
            amount = stocks[node, layer, row]
            stock[count, row] = stock[count, row] + amount if carried else amount
            stocks[node, layer, row] = 0.0
    if mass[count] > 0.0:
        count += 1
    else:  # nothing but constituents: with the layer above, or, in an empty column, in its top
        for row in range(rows):
            if count > 0:
                stock[count - 1, row] += stock[count, row]
            else:
                stocks[node, 0, row] = stock[0, row]
    # the substratum as a neighbour, as heavy as the lowest layer; that holds nothing where soil ends at rock
    mass[count] = reference[node, layers - 1]
    if mass[count] <= 0.0:
        mass[count] = mass[count - 1] if count > 0 else 1.0
    for row in range(rows):
        stock[count, row] = mass[count] * substratum[node, row]
    _reconstruct(count, mass, stock, group, parent, limiter, step)
    if twins:
        for row in range(rows):
            if parent[row] >= 0:
                _reconstruct_twin(row, parent[row], count, stock, ratio, step)

    target = 0
    room = reference[node, 0]
    for source in range(count):
        rest = mass[source]
        cut = target < layers and rest > room
        for row in range(rows):
            left[row] = stock[source, row]
        while cut:
            width = room / mass[source]
            # of the middle of the piece below the middle of the layer, as kg mineral
            offset = 0.5 * mass[source] - rest + 0.5 * room
            for row in range(rows):
                amount = width * (stock[source, row] + step[source, row] * offset)
                part[row] = min(max(amount, 0.0), left[row])
            if twins:
                for row in range(rows):
                    origin = parent[row]
                    if origin >= 0 and stock[source, origin] > 0.0:
                        middle = 0.5 - (left[origin] - 0.5 * part[origin]) / stock[source, origin]
                        amount = part[origin] * (ratio[source, row] + step[source, row] * middle)
                        part[row] = min(amount, left[row])
            for row in range(rows):
                left[row] -= part[row]
                stocks[node, target, row] += part[row]
            rest -= room
            target += 1
            room = reference[node, target] if target < layers else 0.0
            cut = target < layers and rest > room
        if target < layers:
            for row in range(rows):
                stocks[node, target, row] += left[row]
            room -= rest
            if room <= 0.0:
                target += 1
                room = reference[node, target] if target < layers else 0.0
        else:
            for row in range(rows):
                substratum_stock[node, row] -= left[row]
    while target < layers:
        for row in range(rows):
            amount = room * substratum[node, row]
            stocks[node, target, row] += amount
            substratum_stock[node, row] += amount
        target += 1
        room = reference[node, target] if target < layers else 0.0


#: columns side by side in vector registers
_TOGETHER = 32
#: of a layer of those columns: its mass, what moves up out of its top and down out of its base (kg m-2), the
#: reciprocals of masses and the weights of its neighbours
_MASS, _UP, _DOWN, _PER_ABOVE, _PER_CENTRE, _PER_BELOW, _FROM_ABOVE, _TO_BELOW, _OF_LAYER = 0, 1, 2, 3, 4, 5, 6, 7, 8


@njit(**INNER)
def _is_thin(node, lane, mineral, reference, deposit_mineral, place):
    """Whether every cut of a column falls into the layer it belongs to, or into the next one; and how far from its end.

    ``place (L + 2, _OF_LAYER, lanes)``: of the surface buffer, the layers, the substratum; masses and moves are set.
    """
    count = mineral.shape[1]
    place[0, _MASS, lane] = deposit_mineral[node]
    place[count + 1, _MASS, lane] = reference[node, count - 1]  # the substratum as a neighbour
    excess, up = deposit_mineral[node], 0.0
    thin = excess >= 0.0
    for layer in range(count):
        mass = mineral[node, layer]
        excess += mass - reference[node, layer]
        down = max(excess, 0.0)
        place[layer + 1, _MASS, lane] = mass
        place[layer + 1, _UP, lane] = up
        place[layer + 1, _DOWN, lane] = down
        thin = thin and up + down < mass
        up = max(-excess, 0.0)
    place[count + 1, _UP, lane] = up
    return thin


@njit(**INNER)
def _weigh(place):
    """Weights of the parabola through three layers, none for the topmost layer of a column (it is mixed)."""
    for layer in range(1, place.shape[0] - 1):
        for lane in range(place.shape[2]):
            above, centre, below = (
                place[layer - 1, _MASS, lane],
                place[layer, _MASS, lane],
                place[layer + 1, _MASS, lane],
            )
            some = 1.0 if above > 0.0 else 0.0
            share = some * centre / (above + centre + below)
            place[layer, _PER_ABOVE, lane] = some / (above + (1.0 - some))
            place[layer, _PER_CENTRE, lane] = 1.0 / centre
            place[layer, _PER_BELOW, lane] = 1.0 / below
            place[layer, _TO_BELOW, lane] = share * (2.0 * above + centre) / (centre + below)
            place[layer, _FROM_ABOVE, lane] = share * (2.0 * below + centre) / (centre + above)


@njit(**INNER)
def _cut_twin(row, origin, layer, stock, rise, allowed):
    """Pieces of a twin that leave a layer at its top and its base, from those of its parent: see :func:`remap_columns`.

    ``rise`` and ``allowed`` of the parent hold its pieces, as those of the twin do on return.
    """
    for lane in range(stock.shape[2]):
        above, whole, below = stock[layer - 1, origin, lane], stock[layer, origin, lane], stock[layer + 1, origin, lane]
        twin = stock[layer, row, lane]
        here = twin / (whole + TINY)
        from_above = here - stock[layer - 1, row, lane] / (above + TINY)
        to_below = stock[layer + 1, row, lane] / (below + TINY) - here
        inside = above > 0.0 and whole > 0.0 and below > 0.0 and from_above * to_below > 0.0
        share = whole / (above + whole + below + TINY)
        slope = share * (2.0 * above + whole) / (whole + below + TINY) * to_below
        slope += share * (2.0 * below + whole) / (whole + above + TINY) * from_above
        bound = 2.0 * min(abs(from_above), abs(to_below))
        step = min(max(slope, -bound), bound) if inside else 0.0
        up, down = rise[origin, lane], allowed[origin, lane]
        half = 0.5 * step / (whole + TINY)
        rise[row, lane] = min(max(up * (here - half * (whole - up)), 0.0), twin)
        allowed[row, lane] = min(max(down * (here + half * (whole - down)), 0.0), twin - rise[row, lane])


@njit(**INNER)
def _remap_thin(place, stock, falling, group, parent, rise, allowed, limiter):
    """Cut columns of which each cut falls into the layer it belongs to, or into the next: :func:`_is_thin`.

    ``stock (L + 2, K, lanes)``: of buffer, layers and substratum; after the cut that of a layer stands where the one
    above it stood. ``falling (K, lanes)``: what passes below the profile. ``rise``, ``allowed (K, lanes)``, ``limiter
    (G, lanes)``: work space.
    """
    _weigh(place)
    rows, lanes = stock.shape[1], stock.shape[2]
    falling[:] = stock[0]
    for layer in range(1, place.shape[0] - 1):
        for index in range(limiter.shape[0]):
            for lane in range(lanes):
                limiter[index, lane] = 1.0
        for row in range(rows):
            if parent[row] >= 0:
                continue
            index = group[row]
            for lane in range(lanes):
                content = stock[layer, row, lane] * place[layer, _PER_CENTRE, lane]
                from_above = content - stock[layer - 1, row, lane] * place[layer, _PER_ABOVE, lane]
                to_below = stock[layer + 1, row, lane] * place[layer, _PER_BELOW, lane] - content
                slope = place[layer, _TO_BELOW, lane] * to_below + place[layer, _FROM_ABOVE, lane] * from_above
                least = min(abs(from_above), abs(to_below))
                bound = least if from_above * to_below > 0.0 else 0.0
                rise[row, lane] = slope
                ratio = (2.0 * bound + 2.0 * ROUND_OFF * abs(content) + TINY) / (abs(slope) + TINY)
                limiter[index, lane] = min(limiter[index, lane], ratio)
        for row in range(rows):
            index = group[row]
            if parent[row] >= 0:
                _cut_twin(row, parent[row], layer, stock, rise, allowed)
            for lane in range(lanes if parent[row] < 0 else 0):
                whole, mass = stock[layer, row, lane], place[layer, _MASS, lane]
                half = 0.5 * rise[row, lane] * limiter[index, lane]
                up, down = place[layer, _UP, lane], place[layer, _DOWN, lane]
                # pieces at the top and at the base; the middle of each is half of the rest from the middle of the layer
                above = up * place[layer, _PER_CENTRE, lane] * (whole - half * (mass - up))
                rise[row, lane] = min(max(above, 0.0), whole)
                below = down * place[layer, _PER_CENTRE, lane] * (whole + half * (mass - down))
                allowed[row, lane] = min(max(below, 0.0), whole - rise[row, lane])
        for row in range(rows):
            if layer > 1:  # nothing rises out of the top
                for lane in range(lanes):
                    stock[layer - 2, row, lane] += rise[row, lane]
            for lane in range(lanes):
                left, below = stock[layer, row, lane] - rise[row, lane], allowed[row, lane]
                stock[layer - 1, row, lane] = falling[row, lane] + (left - below)
                falling[row, lane] = below


@njit(**INNER)
def _take_in(nodes, stocks, deposit_mineral, deposit, substratum, place, stock):
    """Stocks of columns, their surface buffers and their substrata, to the lanes; what a buffer without mass holds goes
    with the top layer.
    """
    count, rows = stocks.shape[1], stocks.shape[2]
    for lane in range(nodes.size):
        node = nodes[lane]
        for layer in range(count):
            for row in range(rows):
                stock[layer + 1, row, lane] = stocks[node, layer, row]
        for row in range(rows):
            stock[count + 1, row, lane] = place[count + 1, _MASS, lane] * substratum[node, row]
            if deposit_mineral[node] > 0.0:
                stock[0, row, lane] = deposit[node, row]
            else:
                stock[0, row, lane] = 0.0
                stock[1, row, lane] += deposit[node, row]


@njit(cache=True, nogil=True, error_model="numpy")
def remap_columns(
    cells: np.ndarray,
    mineral: np.ndarray,
    stocks: np.ndarray,
    reference: np.ndarray,
    deposit_mineral: np.ndarray,
    deposit: np.ndarray,
    substratum: np.ndarray,
    group: np.ndarray,
    parent: np.ndarray,
    substratum_mineral: np.ndarray,
    substratum_stock: np.ndarray,
) -> None:
    r"""Bring every disturbed column back to its reference masses.

    The source column is, from the top: the surface buffer, the layers as they are, the substratum (uniform,
    without end). It is cut anew at the reference masses; what lies below the last cut passes below the
    profile, what is short comes from the substratum. Columns in balance, with an empty buffer, are left as
    they are.

    Parameters
    ----------
    cells
        int64 nodes to treat.
    mineral, stocks, reference
        (n, L), (n, L, K), (n, L), kg m-2; on return `mineral` equals `reference`, which may be 0 at the base.
    deposit_mineral, deposit
        (n), (n, K), kg m-2: the surface buffer, emptied.
    substratum
        (n, K), kg per kg mineral.
    group
        (K) int64 >= 0: rows of one group share one limiter.
    parent
        (K) int64: row whose twin this is, or -1. A parent is not itself a twin.
    substratum_mineral, substratum_stock
        (n), (n, K), kg m-2, overwritten for `cells`: + imported from the substratum, - passed below the
        profile.

    Notes
    -----
    Within a source layer of mass :math:`m` and stock :math:`s` the concentration is linear in cumulative mass
    :math:`\mu \in [0, m]`, :math:`q(\mu) = s/m + \phi\,\Delta q\,(\mu/m - 1/2)`, with :math:`\Delta q` from
    the parabola through three layer means (Colella & Woodward 1984, J. Comput. Phys. 54, eq. 1.7) and
    :math:`\phi` the largest value in [0, 1] that keeps the edges between the neighbours' means (van Leer
    1977, J. Comput. Phys. 23). One :math:`\phi` serves a whole group, so that what holds linearly between
    its rows (texture that sums to the mineral mass, constant shares of SOC) holds in every piece. For a
    twin the *ratio* to its parent is linear in the parent's cumulative amount, and limited by itself. The
    topmost source layer is taken as mixed. The last piece of a layer is what is left of it: nothing is
    lost, and nothing goes below zero.
    """
    layers, rows = stocks.shape[1], stocks.shape[2]
    mass = np.empty(layers + 2)
    stock = np.empty((layers + 2, rows))
    ratio = np.zeros((layers + 2, rows))  # of a twin to its parent
    step = np.empty((layers + 2, rows))
    left, part = np.empty(rows), np.empty(rows)
    groups = 1
    twins = np.bool_(False)  # no literal: what it is handed to would be compiled twice
    for row in range(rows):
        groups = max(groups, group[row] + 1)
        twins = twins or parent[row] >= 0
    limiter, limiters = np.ones(groups), np.ones((groups, _TOGETHER))
    place = np.ones((layers + 2, _OF_LAYER, _TOGETHER))
    held = np.zeros((layers + 2, rows, _TOGETHER))
    rise, allowed, falling = np.empty((rows, _TOGETHER)), np.empty((rows, _TOGETHER)), np.empty((rows, _TOGETHER))
    waiting, nodes = np.int64(0), np.empty(_TOGETHER, dtype=np.int64)
    for index in range(cells.shape[0]):
        node = cells[index]
        disturbed = deposit_mineral[node] != 0.0
        shortage = -deposit_mineral[node]
        for layer in range(layers):
            shortage += reference[node, layer] - mineral[node, layer]
            disturbed = disturbed or reference[node, layer] != mineral[node, layer]
        for row in range(0 if disturbed else rows):
            disturbed = disturbed or deposit[node, row] != 0.0
        substratum_mineral[node] = shortage if disturbed else 0.0
        thin = disturbed and _is_thin(node, waiting, mineral, reference, deposit_mineral, place)
        for row in range(0 if thin else rows):
            substratum_stock[node, row] = 0.0
        if disturbed and not thin:
            _remap_any(
                node, mineral, stocks, reference, deposit_mineral, deposit, substratum, group, parent, twins, mass,
                stock, ratio, step, left, part, limiter, substratum_stock,
            )  # fmt: skip
        elif thin:
            nodes[waiting] = node
            waiting += 1
        if waiting == _TOGETHER or (waiting > 0 and index == cells.shape[0] - 1):
            _take_in(nodes[:waiting], stocks, deposit_mineral, deposit, substratum, place, held)
            _remap_thin(place, held, falling, group, parent, rise, allowed, limiters)
            for lane in range(waiting):
                node = nodes[lane]
                for layer in range(layers):
                    mineral[node, layer] = reference[node, layer]
                    for row in range(rows):
                        stocks[node, layer, row] = held[layer, row, lane]
                imported = place[layers + 1, _UP, lane]
                deposit_mineral[node] = 0.0
                for row in range(rows):
                    deposit[node, row] = 0.0
                    amount = imported * substratum[node, row]
                    stocks[node, layers - 1, row] += amount
                    substratum_stock[node, row] = amount - falling[row, lane]
            waiting = np.int64(0)
