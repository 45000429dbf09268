"""Where water goes from each node: steepest descent, all lower neighbours, or the direction of the steepest facet.

Masks and node numbers are those of :mod:`watershed_c.kernels.flow_routing`. The receivers of a node are held as the
bits of one byte, bit d for the neighbour in direction d of E, N, W, S, NE, NW, SW, SE; they become the lists that
routed passes read only when the order of the nodes is known (`places_of_receivers` and what follows it).
"""

from __future__ import annotations

import numpy as np
from numba import njit

#: direction of the lowest bit of a byte, by the value of that bit
DIRECTION_OF_BIT = np.zeros(129, dtype=np.int64)
DIRECTION_OF_BIT[1 << np.arange(8)] = np.arange(8)
#: bits of a byte
BITS = np.array([value.bit_count() for value in range(256)], dtype=np.int64)
#: cardinal and diagonal neighbour of the eight facets, counter-clockwise from E
FACET_CARDINAL = np.array([0, 1, 1, 2, 2, 3, 3, 0], dtype=np.int64)
FACET_DIAGONAL = np.array([4, 4, 5, 5, 6, 6, 7, 7], dtype=np.int64)


@njit(cache=True, nogil=True)
def lower_neighbours(cells, filled, offsets, nearness, single, lower, receiver, slope):
    """Lower neighbours of each node and the steepest of them (O'Callaghan & Mark 1984).

    Parameters
    ----------
    cells : (m,) int64
        Core nodes that drain; their rows are written.
    filled : (n,) float64, m
        From `fill_depressions`.
    offsets, nearness : (8,)
        From `neighbour_offsets` and `neighbour_nearness` (m-1).
    single : bool
        Whether the steepest alone receives.
    lower : (n,) uint8
        Bits of the lower neighbours, or of the steepest; 0 on flats.
    receiver : (n,) int64
        The neighbour with the largest drop / distance, the first of equals; the node itself on flats.
    slope : (n,) float64, m m-1
        Descent to it; 0 on flats.

    References
    ----------
    O'Callaghan, J.F., Mark, D.M. 1984. The extraction of drainage networks from digital elevation data.
    Computer Vision, Graphics, and Image Processing 28, 323-344.
    """
    for index in range(cells.size):
        node = cells[index]
        level = filled[node]
        steepest = 0.0
        taken = 8
        bits = 0
        for direction in range(8):
            # false where the neighbour is inactive: its level is NaN
            descent = (level - filled[node + offsets[direction]]) * nearness[direction]
            bits |= (descent > 0.0) << direction
            steeper = descent > steepest
            steepest = descent if steeper else steepest
            taken = direction if steeper else taken
        lower[node] = 1 << taken if single and taken < 8 else bits
        receiver[node] = node + offsets[taken] if taken < 8 else node
        slope[node] = steepest


@njit(cache=True, nogil=True)
def facet_directions(cells, filled, offsets, dx, dy, lower, portion):
    """D-infinity: down the steepest of eight triangular facets (Tarboton 1997).

    On the facet of a cardinal neighbour 1 and the diagonal one 2 beside it, s1 = (z0 - z1) / d1 and
    s2 = (z1 - z2) / d2; water goes at the angle r = atan(s2 / s1) from the cardinal direction, at least 0 and at
    most a = atan(d2 / d1), and at the slope of the facet in that direction. The first of equally steep facets,
    counter-clockwise from E, is taken. Its diagonal neighbour receives r / a, its cardinal one the rest; a node that
    receives anything is lower, so that there are no loops. Where a node of a facet is inactive, water can only go
    along the other edge.

    Parameters
    ----------
    cells : (m,) int64
        Core nodes that drain; their rows are written.
    filled : (n,) float64, m
    offsets : (8,) int64
    dx, dy : float, m
        Cell size E-W and N-S.
    lower : (n,) uint8
        The bit of the steepest neighbour; becomes the bits of the one or two receivers. 0 on flats stays 0, and
        slopes whose squares vanish (below 1e-154) keep the steepest neighbour.
    portion : (n,) float64
        Share of the diagonal receiver, r / a; 0 on flats.

    References
    ----------
    Tarboton, D.G. 1997. A new method for the determination of flow directions and upslope areas in grid digital
    elevation models. Water Resources Research 33, 309-319.
    """
    diagonal_length = np.hypot(dx, dy)
    for index in range(cells.size):
        node = cells[index]
        portion[node] = 0.0
        if lower[node] == 0:
            continue
        level = filled[node]
        steepest = 0.0
        across = 0.0
        along = 0.0
        taken = -1
        for facet in range(8):
            cardinal = filled[node + offsets[FACET_CARDINAL[facet]]]
            diagonal = filled[node + offsets[FACET_DIAGONAL[facet]]]
            if FACET_CARDINAL[facet] % 2 == 0:
                d1, d2 = dx, dy
            else:
                d1, d2 = dy, dx
            s1 = (level - cardinal) / d1
            s2 = (cardinal - diagonal) / d2
            if s1 > 0.0 and not s2 > 0.0:
                squared = s1 * s1
                s2 = 0.0
            elif s1 > 0.0 and s1 * d2 > s2 * d1:
                # s2 / s1 < d2 / d1: the direction lies inside the facet
                squared = s1 * s1 + s2 * s2
            else:
                # beyond the diagonal, or no cardinal neighbour
                s1 = (level - diagonal) / diagonal_length
                if not s1 > 0.0:
                    continue
                squared = s1 * s1
                s2 = np.inf
            if squared > steepest:
                steepest = squared
                along = s1
                across = s2
                taken = facet
        if taken == -1:
            continue
        cardinal_bit = 1 << FACET_CARDINAL[taken]
        diagonal_bit = 1 << FACET_DIAGONAL[taken]
        if across == 0.0:
            lower[node] = cardinal_bit
        elif across == np.inf:
            lower[node] = diagonal_bit
        else:
            extent = dy / dx if FACET_CARDINAL[taken] % 2 == 0 else dx / dy
            lower[node] = cardinal_bit | diagonal_bit
            portion[node] = np.arctan2(across, along) / np.arctan(extent)


@njit(cache=True, nogil=True)
def downstream_order(cells, lower, offsets):
    """Order of ``cells`` that follows the water: from each node on downstream until donors are missing.

    Most nodes come next to a neighbour: routed passes find them in cache.

    Parameters
    ----------
    cells : (m,) int64
        Core nodes that drain; each has a receiver, all of them in ``cells`` or on the open boundary.
    lower : (n,) uint8
        Bits of the receivers; 0 on the open boundary.
    offsets : (8,) int64

    Returns
    -------
    (m,) int64
        ``cells``, each before all of its receivers.
    """
    missing = np.zeros(lower.size, np.uint8)  # donors not in the order yet; 255 for what is
    for index in range(cells.size):
        node = cells[index]
        bits = np.int64(lower[node])
        while bits != 0:
            lowest = bits & -bits
            missing[node + offsets[DIRECTION_OF_BIT[lowest]]] += 1
            bits ^= lowest
    order = np.empty(cells.size, np.int64)
    # what waits upstream of one another never has more entries than there are cells
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
            missing[node] = 255
            bits = np.int64(lower[node])
            while bits != 0:
                lowest = bits & -bits
                receiver = node + offsets[DIRECTION_OF_BIT[lowest]]
                missing[receiver] -= 1
                if missing[receiver] == 0 and lower[receiver] != 0:
                    ready[size] = receiver
                    size += 1
                bits ^= lowest
    return order


@njit(cache=True, nogil=True)
def places_of_receivers(order, lower):
    """(m + 1,) int64: where the receivers of each node of ``order`` begin in lists of all of them."""
    first = np.zeros(order.size + 1, np.int64)
    for index in range(order.size):
        first[index + 1] = first[index] + BITS[lower[order[index]]]
    return first


@njit(cache=True, nogil=True, error_model="numpy")
def _powers(values, count, exponent):
    """Replace the first ``count`` x, 0 < x <= 1, by x**exponent; powers below exp(-700) are 0.

    x = 2^n m, 0.71 <= m < 1.42; ln m = 2 artanh((m - 1) / (m + 1)) to the 21st power; then x = k ln 2 + r and the
    series of exp(r), |r| <= 0.35, to r^13. A power of 1 is 1; the error is 1e-15 + 2e-16 exponent |ln x|, relative.
    Unlike the library function the loop runs in vector registers, with the same bits whatever the C library.
    """
    for b in range(count):
        bits = np.float64(max(values[b], 2.3e-308)).view(np.uint64)
        # n + 1024: 0x3FE6A09E667F3BCD is the square root of one half, subtracted from 2^10 in the exponent's place;
        # shifts of whole numbers without a sign have vector registers
        n = (bits + np.uint64(0x4000000000000000 - 0x3FE6A09E667F3BCD)) >> np.uint64(52)
        m = np.uint64(bits + np.uint64(0x4000000000000000) - (n << np.uint64(52))).view(np.float64)
        s = (m - 1.0) / (m + 1.0)
        z = s * s
        f = 1.0 / 21.0
        f = f * z + 1.0 / 19.0
        f = f * z + 1.0 / 17.0
        f = f * z + 1.0 / 15.0
        f = f * z + 1.0 / 13.0
        f = f * z + 1.0 / 11.0
        f = f * z + 1.0 / 9.0
        f = f * z + 1.0 / 7.0
        f = f * z + 1.0 / 5.0
        f = f * z + 1.0 / 3.0
        # 2^52: a whole number in the low bits of it becomes a float
        octaves = np.uint64(n + np.uint64(0x4330000000000000)).view(np.float64) - (4503599627370496.0 + 1024.0)
        logarithm = octaves * 6.93147180369123816490e-01 + (
            2.0 * s + (2.0 * s * z * f + octaves * 1.90821492927058770002e-10)
        )
        true = exponent * logarithm
        x = max(true, -700.0)
        # 1.5 * 2^52: adding it rounds to a whole number, which stands in the low bits of the sum
        shifted = x * 1.4426950408889634 + 6755399441055744.0
        whole = shifted - 6755399441055744.0
        r = (x - whole * 6.93147180369123816490e-01) - whole * 1.90821492927058770002e-10
        f = 1.0 / 6227020800.0
        f = f * r + 1.0 / 479001600.0
        f = f * r + 1.0 / 39916800.0
        f = f * r + 1.0 / 3628800.0
        f = f * r + 1.0 / 362880.0
        f = f * r + 1.0 / 40320.0
        f = f * r + 1.0 / 5040.0
        f = f * r + 1.0 / 720.0
        f = f * r + 1.0 / 120.0
        f = f * r + 1.0 / 24.0
        f = f * r + 1.0 / 6.0
        f = f * r + 1.0 / 2.0
        f = f * r + 1.0
        f = f * r + 1.0
        power = (np.float64(shifted).view(np.int64) << np.int64(52)) + np.float64(f).view(np.int64)
        values[b] = np.int64(power).view(np.float64) if true > -700.0 else 0.0


#: nodes whose powers are found together
_TOGETHER = 64


@njit(cache=True, nogil=True, error_model="numpy")
def multiple_shares(places, order, first, lower, filled, offsets, nearness, exponent, receivers, weights):
    """Multiple flow: every lower neighbour j receives the share s_j**p / sum_k s_k**p (Freeman 1991).

    s_j = drop / distance (m m-1) to neighbour j on the filled surface, p = ``exponent``. Freeman uses no
    contour lengths (those are Quinn et al. 1991) and found p = 1.1 to spread flow most evenly down a cone.

    Parameters
    ----------
    places : (c,) int64
        Indices of ``order`` to be done.
    order, first : (m,), (m + 1,) int64
    lower : (n,) uint8
        Bits of the lower neighbours, of one neighbour on flats.
    filled : (n,) float64, m
    offsets, nearness : (8,)
    exponent : float
        p, >= 0; the larger, the nearer to a single direction.
    receivers, weights : (r,) int64, (r,) float64
        Written from ``first[i]`` to before ``first[i + 1]`` for each of ``places``.

    References
    ----------
    Freeman, T.G. 1991. Calculating catchment area with divergent flow based on a regular grid. Computers &
    Geosciences 17, 413-422.
    """
    powers = np.empty(8 * _TOGETHER)
    for start in range(0, places.size, _TOGETHER):
        stop = min(start + _TOGETHER, places.size)
        count = 0
        for index in range(start, stop):
            node = order[places[index]]
            place = first[places[index]]
            level = filled[node]
            bits = np.int64(lower[node])
            begin = count
            steepest = 0.0
            while bits != 0:
                lowest = bits & -bits
                direction = DIRECTION_OF_BIT[lowest]
                receiver = node + offsets[direction]
                receivers[place + count - begin] = receiver
                powers[count] = (level - filled[receiver]) * nearness[direction]
                steepest = max(steepest, powers[count])
                count += 1
                bits ^= lowest
            # relative to the steepest: the powers of tiny slopes cannot all vanish
            for entry in range(begin, count):
                powers[entry] = powers[entry] / steepest if steepest > 0.0 else 1.0
        _powers(powers, count, exponent)
        count = 0
        for index in range(start, stop):
            begin = count
            place = first[places[index]]
            end = first[places[index] + 1]
            total = 0.0
            for _ in range(place, end):
                total += powers[count]
                count += 1
            for entry in range(place, end):
                weights[entry] = powers[begin + entry - place] / total


@njit(cache=True, nogil=True)
def facet_shares(places, order, first, lower, portion, offsets, receivers, weights):
    """Line up the receivers of `facet_directions` (or one of each node) in flow order, with their shares.

    ``places``, ``order``, ``first``, ``receivers`` and ``weights`` as in `multiple_shares`; ``portion`` (n,) is the
    share of the diagonal receiver where there are two.
    """
    for index in range(places.size):
        node = order[places[index]]
        place = first[places[index]]
        bits = np.int64(lower[node])
        lowest = bits & -bits
        receivers[place] = node + offsets[DIRECTION_OF_BIT[lowest]]
        weights[place] = 1.0
        bits ^= lowest
        if bits != 0:
            # cardinal neighbours have the lower bits
            receivers[place + 1] = node + offsets[DIRECTION_OF_BIT[bits]]
            weights[place + 1] = portion[node]
            weights[place] = 1.0 - portion[node]
