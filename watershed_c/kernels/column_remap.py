"""Columns cut anew at their reference masses after erosion and deposition."""

from __future__ import annotations

import numpy as np
from numba import njit

from watershed_c.kernels.column_lanes import (
    INNER,
    LANES,
    MASS,
    MOVE,
    OF_SLOT,
    ROUND_OFF,
    TINY,
    cut_lanes,
    get_columns,
    mix_lanes,
    put_columns,
)


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


@njit(**INNER, forceinline=True)
def _is_thin(node, gains, mineral, reference, deposit_mineral):
    """Whether every cut of a column falls into the layer it belongs to or into the next one, all on the same side."""
    excess = deposit_mineral[node]
    thin = excess >= 0.0
    for layer in range(mineral.shape[1]):
        mass = mineral[node, layer]
        if gains:
            excess += mass - reference[node, layer]
            thin = thin and 0.0 <= excess < mass
        else:
            thin = thin and (layer == 0 or 0.0 <= -excess < mass)
            excess += mass - reference[node, layer]
    return thin and mineral[node, 0] > 0.0 and (gains or excess <= 0.0)


@njit(**INNER)
def _take_losing(
    nodes, mineral, stocks, reference, deposit_mineral, deposit, substratum, exchange, place, stock
):  # fmt: skip
    """Take columns into lanes that are filled up from below: top layer at slot 1, substratum last.

    What lies on one of them, less than it has lost, is mixed into its top layer.
    """
    layers, rows = stocks.shape[1], stocks.shape[2]
    put_columns(nodes, 1, 1, reference, exchange, stocks, place, stock[1:])
    for lane in range(nodes.size):
        node = nodes[lane]
        excess = deposit_mineral[node]
        for layer in range(layers):
            mass = mineral[node, layer] + (excess if layer == 0 else 0.0)
            place[layer + 1, MASS, lane] = mass if mass > 0.0 else 1.0
            place[layer + 1, MOVE, lane] = -excess  # of the top layer it is not read
            excess += mineral[node, layer] - reference[node, layer]
        heavy = reference[node, layers - 1]
        place[layers + 1, MASS, lane] = heavy if heavy > 0.0 else 1.0
        place[layers + 1, MOVE, lane] = -excess
        laid = False
        for row in range(rows):
            stock[layers + 2, row, lane] = heavy * substratum[node, row]
            laid |= deposit[node, row] != 0.0
        for row in range(rows if laid else 0):
            stock[2, row, lane] += deposit[node, row]
            deposit[node, row] = 0.0


@njit(**INNER)
def _take_gaining(
    nodes, mineral, stocks, reference, deposit_mineral, deposit, substratum, exchange, place, stock
):  # fmt: skip
    """Take columns into lanes that are pushed down: substratum at slot 0, lowest layer at 1, surface buffer last."""
    layers, rows = stocks.shape[1], stocks.shape[2]
    put_columns(nodes, layers, -1, reference, exchange, stocks, place, stock[1:])
    for lane in range(nodes.size):
        node = nodes[lane]
        excess = deposit_mineral[node]
        place[layers + 1, MASS, lane] = excess
        place[layers + 1, MOVE, lane] = excess
        for layer in range(layers):
            excess += mineral[node, layer] - reference[node, layer]
            place[layers - layer, MASS, lane] = mineral[node, layer]
            place[layers - layer, MOVE, lane] = excess
        heavy = reference[node, layers - 1]
        place[0, MASS, lane] = heavy
        for row in range(rows):
            stock[1, row, lane] = heavy * substratum[node, row]
            stock[layers + 2, row, lane] = deposit[node, row]
            deposit[node, row] = 0.0


@njit(**INNER)
def _give_back(gains, nodes, mineral, stocks, reference, deposit_mineral, substratum, place, stock, substratum_stock):
    """Put columns back from their lanes, in balance; those that were but mixed had no exchange with the substratum."""
    layers, rows = stocks.shape[1], stocks.shape[2]
    top, down = (layers, -1) if gains else (1, 1)
    get_columns(nodes, top, down, stocks, stock)
    for lane in range(nodes.size):
        node = nodes[lane]
        deposit_mineral[node] = 0.0
        for layer in range(layers):
            mineral[node, layer] = reference[node, layer]
        imported = 0.0 if gains else place[layers + 1, MOVE, lane]
        for row in range(rows if gains else 0):
            substratum_stock[node, row] = -stock[0, row, lane]
        for row in range(rows if imported > 0.0 else 0):
            substratum_stock[node, row] = imported * substratum[node, row]


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
    exchange: np.ndarray,
) -> None:
    r"""Bring every disturbed column back to its reference masses; then mix all.

    The source column is, from the top: the surface buffer, the layers as they are, the substratum (uniform,
    without end). It is cut anew at the reference masses; what lies below the last cut passes below the
    profile, what is short comes from the substratum. Columns in balance, with an empty buffer, are but mixed.

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
    exchange
        (n, L - 1), kg m-2, mineral soil that mixing exchanges between layers that are back in balance, as for
        :func:`~watershed_c.kernels.column_lanes.mix_diffusive`; (0, 0): nothing is mixed.

    Notes
    -----
    Within a source layer of mass :math:`m` and stock :math:`s` the concentration is linear in cumulative mass
    :math:`\mu \in [0, m]`, :math:`q(\mu) = s/m + \phi\,\Delta q\,(\mu/m - 1/2)`, with :math:`\Delta q` from
    the parabola through three layer means (Colella & Woodward 1984, J. Comput. Phys. 54, eq. 1.7) and
    :math:`\phi` the largest value in [0, 1] that keeps the edges between the neighbours' means (van Leer
    1977, J. Comput. Phys. 23). One :math:`\phi` serves a whole group, so that what holds linearly between
    its rows (texture that sums to the mineral mass, constant shares of SOC) holds in every piece. For a
    twin the *ratio* to its parent is linear in the parent's cumulative amount, and limited by itself. The
    topmost source layer is taken as mixed, and so is what little is laid on a column that has lost more with the layer
    it comes to lie in. The last piece of a layer is what is left of it: nothing is
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
    limiter, limiters = np.ones(groups), np.ones((groups, LANES))
    place, held = np.ones((layers + 2, OF_SLOT, LANES)), np.zeros((layers + 3, rows, LANES))
    change, piece, rest = np.zeros((rows, LANES)), np.zeros((rows, LANES)), np.zeros((rows, LANES))
    mixes = exchange.size > 0
    # columns that lose soil, and those that are but mixed, wait for a batch of theirs; those that gain for another
    nodes, waiting = np.zeros((2, LANES), dtype=np.int64), np.zeros(2, dtype=np.int64)
    for index in range(cells.size + 2):
        gains = index > cells.size
        if index < cells.size:
            node = cells[index]
            disturbed = deposit_mineral[node] != 0.0
            shortage = -deposit_mineral[node]
            for layer in range(layers):
                shortage += reference[node, layer] - mineral[node, layer]
                disturbed = disturbed or reference[node, layer] != mineral[node, layer]
            for row in range(0 if disturbed else rows):
                disturbed = disturbed or deposit[node, row] != 0.0
            substratum_mineral[node] = shortage if disturbed else 0.0
            gains = disturbed and deposit_mineral[node] > 0.0 and shortage <= 0.0
            thin = disturbed and _is_thin(node, gains, mineral, reference, deposit_mineral)
            for row in range(0 if thin and shortage != 0.0 else rows):
                substratum_stock[node, row] = 0.0
            if disturbed and not thin:
                _remap_any(
                    node, mineral, stocks, reference, deposit_mineral, deposit, substratum, group, parent, twins, mass,
                    stock, ratio, step, left, part, limiter, substratum_stock,
                )  # fmt: skip
                gains = False
            if thin or mixes:
                nodes[int(gains), waiting[int(gains)]] = node
                waiting[int(gains)] += 1
        count = waiting[int(gains)]
        if count == LANES or (count > 0 and index >= cells.size):
            batch = nodes[int(gains), :count]
            if gains:
                _take_gaining(
                    batch, mineral, stocks, reference, deposit_mineral, deposit, substratum, exchange, place, held
                )  # fmt: skip
            else:
                _take_losing(
                    batch, mineral, stocks, reference, deposit_mineral, deposit, substratum, exchange, place, held
                )  # fmt: skip
            cut_lanes(2 - int(gains), place, held, group, parent, change, piece, rest, limiters)
            if mixes:
                mix_lanes(place, held)
            _give_back(
                gains, batch, mineral, stocks, reference, deposit_mineral, substratum, place, held, substratum_stock
            )  # fmt: skip
            waiting[int(gains)] = 0
