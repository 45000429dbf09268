"""Columns side by side, a lane each of vector registers: cut anew where nothing moves far, and mixed.

A kernel of columns takes a batch of them into work space, where what they hold lies next to each other, so that the
processor does the arithmetic of several at once. Slots are numbered in the direction soil comes from, S of them: what
lies beyond one end of the column, its layers, what lies beyond the other end.
"""

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

#: columns of a batch: enough for the vectors of the compiler, and no power of two, or rows of lanes share a few lines
#: of the cache
LANES = 40
#: of a slot and column, kg m-2: its mass, what of it moves to the slot before; the mass that is mixed, what of it
#: mixing exchanges with the slot after; and what is found from them
MASS, MOVE, MIXED, EXCHANGE = 0, 1, 2, 3
_PER, _SHARE, _LEFT, _TO_NEXT, _FROM_LAST = 4, 5, 6, 7, 8
OF_SLOT = 9


@njit(**INNER)
def _weigh(first, place):
    """Find of the slots from ``first`` on the weights of the parabola through three slots, and the share that moves."""
    lanes = place.shape[2]
    for slot in range(first - 1, place.shape[0]):
        for lane in range(lanes):
            place[slot, _PER, lane] = 1.0 / place[slot, MASS, lane]
    for slot in range(first, place.shape[0] - 1):
        for lane in range(lanes):
            before, here, after = place[slot - 1, MASS, lane], place[slot, MASS, lane], place[slot + 1, MASS, lane]
            share = here / (before + here + after)
            place[slot, _TO_NEXT, lane] = share * (2.0 * before + here) / (here + after)
            place[slot, _FROM_LAST, lane] = share * (2.0 * after + here) / (here + before)
            place[slot, _SHARE, lane] = place[slot, MOVE, lane] * place[slot, _PER, lane]
            place[slot, _LEFT, lane] = here - place[slot, MOVE, lane]


@njit(**INNER)
def _cut_twin(row, origin, slot, stock, change, piece, rest):
    """Move of a twin what goes with the piece of its parent: see :func:`cut_lanes`.

    ``change`` of the row: rise of the ratio from the slot before, 0 where one of them has no parent; becomes that to
    the slot after.
    """
    for lane in range(stock.shape[2]):
        last, here, following = stock[slot, origin, lane], stock[slot + 1, origin, lane], stock[slot + 2, origin, lane]
        whole, per = stock[slot + 1, row, lane], 1.0 / (here + TINY)
        before = change[row, lane]
        rise = stock[slot + 2, row, lane] / (following + TINY) - whole * per
        after = rise if here > 0.0 and following > 0.0 else 0.0
        change[row, lane] = after
        slope = (2.0 * last + here) * (here + last) * after + (2.0 * following + here) * (here + following) * before
        slope *= here / ((last + here + following) * (here + following) * (here + last) + TINY)
        bound = 2.0 * min(abs(before), abs(after))
        step = min(max(slope, -bound), bound) if before * after > 0.0 else 0.0
        moves = piece[origin, lane]
        amount = moves * per * (whole - 0.5 * step * (here - moves))
        amount = min(max(amount, 0.0), whole)
        stock[slot - 1, row, lane] = rest[row, lane] + amount
        rest[row, lane] = whole - amount


@njit(**INNER)
def cut_lanes(first, place, stock, group, parent, change, piece, rest, limiter):
    """Move soil from each slot to the one before it: of columns in which nothing moves farther, or the other way.

    From slots between ``first`` and the last one the end of their profile goes (:func:`remap_columns` of
    ``column_remap`` tells which that is), from the last a part as it is, from those before ``first`` nothing.

    Parameters
    ----------
    first : int
        1, slot 0 is then but a neighbour of which nothing is kept; or 2, slot 0 is then not read.
    place : (S, OF_SLOT, lanes)
        ``MASS`` (above 0) and ``MOVE``.
    stock : (S + 1, K, lanes), kg m-2
        On entry that of a slot is at ``slot + 1``, on return, without what is not kept, at ``slot``.
    group, parent : (K) int64
        As for ``remap_columns``; a parent comes before its twins.
    change, piece, rest : (K, lanes), limiter : (G, lanes)
        Work space.
    """
    _weigh(first, place)
    rows, lanes, last = stock.shape[1], stock.shape[2], place.shape[0] - 1
    for row in range(rows):
        origin = max(parent[row], 0)
        for lane in range(lanes):
            there, here = stock[first, row, lane], stock[first + 1, row, lane]
            rest[row, lane] = there if first > 1 else 0.0
            if parent[row] < 0:
                change[row, lane] = here * place[first, _PER, lane] - there * place[first - 1, _PER, lane]
            else:
                whole, whole_there = stock[first + 1, origin, lane], stock[first, origin, lane]
                rise = here / (whole + TINY) - there / (whole_there + TINY)
                change[row, lane] = rise if whole > 0.0 and whole_there > 0.0 else 0.0
    for slot in range(first, last):
        for index in range(limiter.shape[0]):
            for lane in range(lanes):
                limiter[index, lane] = 1.0
        for row in range(rows):
            if parent[row] >= 0:
                continue
            index = group[row]
            for lane in range(lanes):
                content = stock[slot + 1, row, lane] * place[slot, _PER, lane]
                before = change[row, lane]
                after = stock[slot + 2, row, lane] * place[slot + 1, _PER, lane] - content
                slope = place[slot, _TO_NEXT, lane] * after + place[slot, _FROM_LAST, lane] * before
                least = min(abs(before), abs(after))
                bound = least if before * after > 0.0 else 0.0
                change[row, lane] = after
                piece[row, lane] = 0.5 * slope
                ratio = (2.0 * bound + 2.0 * ROUND_OFF * abs(content) + TINY) / (abs(slope) + TINY)
                limiter[index, lane] = min(limiter[index, lane], ratio)
        for row in range(rows):
            index = group[row]
            if parent[row] >= 0:
                _cut_twin(row, parent[row], slot, stock, change, piece, rest)
            for lane in range(lanes if parent[row] < 0 else 0):
                whole = stock[slot + 1, row, lane]
                half = piece[row, lane] * limiter[index, lane]
                # the middle of what moves is half of what is left from the middle of the slot
                amount = place[slot, _SHARE, lane] * (whole - half * place[slot, _LEFT, lane])
                amount = min(max(amount, 0.0), whole)
                piece[row, lane] = amount
                stock[slot - 1, row, lane] = rest[row, lane] + amount
                rest[row, lane] = whole - amount
    for row in range(rows):
        for lane in range(lanes):
            moves = place[last, MOVE, lane] * (stock[last + 1, row, lane] * place[last, _PER, lane])
            stock[last - 1, row, lane] = rest[row, lane] + moves


@njit(**INNER)
def mix_lanes(place, stock):
    """Mix the slots between the first and the last: one backward Euler step of :func:`mix_diffusive`.

    ``place (S, OF_SLOT, lanes)``: ``MIXED`` and ``EXCHANGE`` of these slots, that of the last excepted. ``stock
    (>= S - 1, K, lanes)``: of each slot at ``slot``, changed in place.
    """
    rows, lanes, last = stock.shape[1], stock.shape[2], place.shape[0] - 2
    for lane in range(lanes):
        place[0, EXCHANGE, lane] = place[last, EXCHANGE, lane] = 0.0
    for slot in range(1, last + 1):
        for lane in range(lanes):  # to mix what exchanges nothing as if its mass were 1 changes no bit of it
            some = place[slot - 1, EXCHANGE, lane] > 0.0 or place[slot, EXCHANGE, lane] > 0.0
            place[slot, MIXED, lane] = place[slot, MIXED, lane] if some else 1.0
    # what is left of the pivot without the exchange after it is built without subtraction: no cancellation
    for lane in range(lanes):
        place[1, _LEFT, lane] = place[1, MIXED, lane]
    for slot in range(1, last + 1):
        for lane in range(lanes):
            left, after = place[slot, _LEFT, lane], place[slot, EXCHANGE, lane]
            pivot = 1.0 / (left + after)
            place[slot, _PER, lane] = pivot
            place[slot, _TO_NEXT, lane] = after * pivot
            place[slot + 1, _LEFT, lane] = place[slot + 1, MIXED, lane] + after * (left * pivot)
    for row in range(rows):
        for lane in range(lanes):
            stock[1, row, lane] *= place[1, _PER, lane]
    for slot in range(2, last + 1):
        for row in range(rows):
            for lane in range(lanes):
                amount = stock[slot, row, lane] + place[slot - 1, EXCHANGE, lane] * stock[slot - 1, row, lane]
                stock[slot, row, lane] = amount * place[slot, _PER, lane]
    for slot in range(last - 1, 0, -1):
        for row in range(rows):
            for lane in range(lanes):
                there = stock[slot + 1, row, lane]
                stock[slot, row, lane] += place[slot, _TO_NEXT, lane] * there
                stock[slot + 1, row, lane] = there * place[slot + 1, MIXED, lane]
    for row in range(rows):
        for lane in range(lanes):
            stock[1, row, lane] *= place[1, MIXED, lane]


@njit(**INNER)
def put_columns(nodes, top, down, mineral, exchange, stocks, place, stock):
    """Copy columns and what mixing exchanges in them to lanes, top layer at slot ``top``, the next ``down`` from it.

    ``stock`` begins with that of the first slot.
    """
    layers, rows = stocks.shape[1], stocks.shape[2]
    for lane in range(nodes.size):
        node = nodes[lane]
        for layer in range(layers):
            slot = top + down * layer
            place[slot, MIXED, lane] = mineral[node, layer]
            for row in range(rows):
                stock[slot, row, lane] = stocks[node, layer, row]
        for layer in range(min(layers - 1, exchange.shape[1])):
            place[top + down * layer + min(down, 0), EXCHANGE, lane] = exchange[node, layer]


@njit(**INNER)
def get_columns(nodes, top, down, stocks, stock):
    """Copy them back."""
    for lane in range(nodes.size):
        node = nodes[lane]
        for layer in range(stocks.shape[1]):
            slot = top + down * layer
            for row in range(stocks.shape[2]):
                stocks[node, layer, row] = stock[slot, row, lane]


@njit(cache=True, nogil=True, error_model="numpy")
def mix_diffusive(cells: np.ndarray, mineral: np.ndarray, stocks: np.ndarray, exchange: np.ndarray) -> None:
    r"""Mix the layers of each column by diffusion of soil, one backward Euler step.

    Parameters
    ----------
    cells
        int64 nodes to treat.
    mineral
        (n, L), kg m-2, >= 0.
    stocks
        (n, L, K), kg m-2, changed in place.
    exchange
        (n, L - 1) mineral soil exchanged across each interface in the step, kg m-2, >= 0; 0 to a layer without soil.

    Notes
    -----
    With q = stock / mineral after the step, and no flux through the ends,

    .. math:: m_i q_i = s_i + G_{i-1}\,(q_{i-1} - q_i) + G_i\,(q_{i+1} - q_i).

    The matrix is the same for every row: it is eliminated once per cell (Thomas). It is a symmetric
    M-matrix with row sums m, so that stocks stay positive, a uniform q stays uniform, and columns are
    conserved, whatever the step. Layers without soil, at the base, keep what they hold (carbonate of their water).
    """
    layers, rows = stocks.shape[1], stocks.shape[2]
    place, stock = np.ones((layers + 2, OF_SLOT, LANES)), np.zeros((layers + 1, rows, LANES))
    for start in range(0, cells.size, LANES):
        batch = cells[start : start + LANES]
        put_columns(batch, 1, 1, mineral, exchange, stocks, place, stock)
        mix_lanes(place, stock)
        get_columns(batch, 1, 1, stocks, stock)
