"""Arithmetic of the layered soil column; the coordinate is mineral, carbonate-free fine earth (kg m-2)."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def take_from_top(
    node: int, mass: float, mineral: np.ndarray, stocks: np.ndarray, taken: np.ndarray
) -> float:
    """Remove mineral soil from the top of one column, with everything it carries.

    Layers are emptied from the top; a layer that is cut only in part gives its mean composition.

    Parameters
    ----------
    node
        The cell.
    mass
        Mineral fine earth to remove (kg m-2); zero or less removes nothing.
    mineral, stocks
        (n, L) and (n, L, K), kg m-2, changed in place and never driven below zero.
    taken
        (K), kg m-2; what is removed is *added* to it.

    Returns
    -------
    float
        Mineral mass removed (kg m-2): `mass`, or the content of the column where that is less.
    """
    left = mass
    removed = 0.0
    for layer in range(mineral.shape[1]):
        if left <= 0.0:
            break
        available = mineral[node, layer]
        if available <= 0.0:
            continue
        if left >= available:
            for row in range(stocks.shape[2]):
                taken[row] += stocks[node, layer, row]
                stocks[node, layer, row] = 0.0
            mineral[node, layer] = 0.0
            removed += available
            left -= available
        else:
            share = left / available
            for row in range(stocks.shape[2]):
                amount = share * stocks[node, layer, row]
                taken[row] += amount
                stocks[node, layer, row] -= amount
            mineral[node, layer] = available - left
            removed += left
            left = 0.0
    return removed


#: a neighbour's bound may be overstepped by this fraction of the layer's own concentration: differences below
#: it are round-off, and a uniform row must not flatten the whole group
ROUND_OFF = 1e-13
#: keeps 0/0 from being anything but 1
TINY = 1e-300


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
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
        (n, L), (n, L, K), (n, L), kg m-2; on return `mineral` equals `reference`.
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
    twins = False
    for row in range(rows):
        groups = max(groups, group[row] + 1)
        twins = twins or parent[row] >= 0
    limiter = np.ones(groups)
    for index in range(cells.shape[0]):
        node = cells[index]
        disturbed = deposit_mineral[node] != 0.0
        shortage = -deposit_mineral[node]
        for layer in range(layers):
            shortage += reference[node, layer] - mineral[node, layer]
            disturbed = disturbed or reference[node, layer] != mineral[node, layer]
        for row in range(rows):
            substratum_stock[node, row] = 0.0
            disturbed = disturbed or deposit[node, row] != 0.0
        substratum_mineral[node] = shortage if disturbed else 0.0
        if not disturbed:
            continue

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
        mass[count] = reference[node, layers - 1]  # the substratum as a neighbour
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


def biodiffusive_exchange(
    mineral: np.ndarray,
    layer_top: np.ndarray,
    layer_bottom: np.ndarray,
    surface_diffusivity: np.ndarray,
    efold_depth: float,
    dt: float,
) -> np.ndarray:
    r"""Mineral soil that bioturbation exchanges between neighbouring layers in one step (kg m-2).

    Biodiffusion moves soil, not carbon (soil moves both ways and carries what it holds), so the flux is
    :math:`-\rho D\,\partial q/\partial z = -\rho^2 D\,\partial q/\partial m` with q per kg mineral, and a
    gradient of density drives none. Between the centres of two layers

    .. math:: G_i = \Delta t \Big/ \int_{z_i}^{z_{i+1}} \frac{dz}{\rho(z)\,D(z)},\qquad
              D(z) = D_0\,e^{-z/\lambda},

    the integral taken exactly, density being constant within a layer.

    Parameters
    ----------
    mineral
        (n, L) mineral mass of the layers (kg m-2); density is mass over nominal thickness.
    layer_top, layer_bottom
        (L) nominal depths (m).
    surface_diffusivity
        (n) D at the surface (m2 yr-1), >= 0.
    efold_depth
        Depth over which D falls by a factor e (m); infinite: constant.
    dt
        Step (yr).

    Returns
    -------
    ndarray
        (n, L - 1), `exchange` of :func:`mix_diffusive`.
    """
    centre = 0.5 * (layer_top + layer_bottom)
    if np.isfinite(efold_depth):
        grown = np.exp(centre / efold_depth)
        from_centre = efold_depth * (np.exp(layer_bottom / efold_depth) - grown)
        to_centre = efold_depth * (grown - np.exp(layer_top / efold_depth))
    else:
        from_centre = to_centre = layer_bottom - centre
    density = mineral / (layer_bottom - layer_top)
    resistance = from_centre[:-1] / density[:, :-1] + to_centre[1:] / density[:, 1:]
    return np.ascontiguousarray(dt * surface_diffusivity[:, None] / resistance)


@njit(cache=True, nogil=True, error_model="numpy")
def mix_diffusive(cells: np.ndarray, mineral: np.ndarray, stocks: np.ndarray, exchange: np.ndarray) -> None:
    r"""Mix the layers of each column by diffusion of soil, one backward Euler step.

    Parameters
    ----------
    cells
        int64 nodes to treat.
    mineral
        (n, L), kg m-2, > 0.
    stocks
        (n, L, K), kg m-2, changed in place.
    exchange
        (n, L - 1) mineral soil exchanged across each interface in the step, kg m-2, >= 0.

    Notes
    -----
    With q = stock / mineral after the step, and no flux through the ends,

    .. math:: m_i q_i = s_i + G_{i-1}\,(q_{i-1} - q_i) + G_i\,(q_{i+1} - q_i).

    The matrix is the same for every row: it is eliminated once per cell (Thomas). It is a symmetric
    M-matrix with row sums m, so that stocks stay positive, a uniform q stays uniform, and columns are
    conserved, whatever the step.
    """
    layers, rows = stocks.shape[1], stocks.shape[2]
    if layers < 2:
        return
    carry = np.empty(layers)
    for index in range(cells.shape[0]):
        node = cells[index]
        active = False
        for layer in range(layers - 1):
            active = active or exchange[node, layer] > 0.0
        if not active:
            continue
        # `surplus` is the pivot less the exchange below it, built without subtraction: no cancellation
        surplus = mineral[node, 0]
        for layer in range(layers):
            below = exchange[node, layer] if layer < layers - 1 else 0.0
            pivot = 1.0 / (surplus + below)
            carry[layer] = below * pivot
            if layer == 0:
                for row in range(rows):
                    stocks[node, 0, row] *= pivot
            else:
                above = exchange[node, layer - 1]
                for row in range(rows):
                    amount = stocks[node, layer, row] + above * stocks[node, layer - 1, row]
                    stocks[node, layer, row] = amount * pivot
            if layer < layers - 1:
                surplus = mineral[node, layer + 1] + below * (surplus * pivot)
        for layer in range(layers - 2, -1, -1):
            for row in range(rows):
                stocks[node, layer, row] += carry[layer] * stocks[node, layer + 1, row]
                stocks[node, layer + 1, row] *= mineral[node, layer + 1]
        for row in range(rows):
            stocks[node, 0, row] *= mineral[node, 0]


@njit(cache=True, nogil=True, error_model="numpy")
def homogenise(
    cells: np.ndarray, depth_mass: np.ndarray, efficiency: np.ndarray, mineral: np.ndarray, stocks: np.ndarray
) -> None:
    r"""Mix the top of each column, as an implement does.

    Of each layer within the tilled mass the fraction e, `efficiency`, is replaced by soil of the mean
    composition of the tilled mass, :math:`s_i' = s_i + e\,(\bar q\,m_i - s_i)`; of a layer tilled only in
    part, the tilled part.

    Parameters
    ----------
    cells
        int64 nodes to treat; those with no `depth_mass` are skipped.
    depth_mass
        (n) mineral mass above the tillage depth (kg m-2); a shallower column is mixed whole.
    efficiency
        (n) mixing efficiency, 0 to 1.
    mineral, stocks
        (n, L) and (n, L, K), kg m-2; `stocks` is changed in place.
    """
    layers, rows = stocks.shape[1], stocks.shape[2]
    mean = np.empty(rows)
    for index in range(cells.shape[0]):
        node = cells[index]
        if depth_mass[node] <= 0.0 or efficiency[node] <= 0.0:
            continue
        rest = depth_mass[node]
        total = 0.0
        for row in range(rows):
            mean[row] = 0.0
        for layer in range(layers):
            mixed = min(rest, mineral[node, layer])
            if mixed > 0.0:
                share = mixed / mineral[node, layer]
                for row in range(rows):
                    mean[row] += share * stocks[node, layer, row]
                total += mixed
                rest -= mixed
        if total <= 0.0:
            continue
        rest = depth_mass[node]
        for layer in range(layers):
            mixed = min(rest, mineral[node, layer])
            if mixed > 0.0:
                lost = efficiency[node] * (mixed / mineral[node, layer])
                gained = efficiency[node] * (mixed / total)
                for row in range(rows):
                    amount = stocks[node, layer, row]
                    stocks[node, layer, row] = amount - lost * amount + gained * mean[row]
                rest -= mixed
