"""Arithmetic of the layered soil column; the coordinate is mineral, carbonate-free fine earth (kg m-2)."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def take_from_top(node: int, mass: float, mineral: np.ndarray, stocks: np.ndarray, taken: np.ndarray) -> float:
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


@njit(cache=True, nogil=True, error_model="numpy")
def lower_surface(
    cells: np.ndarray, lost: np.ndarray, reference: np.ndarray, thickness: float, elevation: np.ndarray
) -> None:
    """Lower the mass-based surface by the mineral soil that columns lost, at the density of their top layer.

    Parameters
    ----------
    cells
        int64 nodes to treat.
    lost
        (n), kg m-2; negative where the column gained.
    reference
        (n, L), kg m-2.
    thickness
        Of the top layer (m).
    elevation
        (n), m, changed in place.
    """
    for index in range(cells.shape[0]):
        node = cells[index]
        elevation[node] -= lost[node] / (reference[node, 0] / thickness)


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
        (n, L) mineral mass of the layers (kg m-2); density is mass over thickness.
    layer_top, layer_bottom
        (L) or (n, L) depths (m).
    surface_diffusivity
        (n) D at the surface (m2 yr-1), >= 0.
    efold_depth
        Depth over which D falls by a factor e (m); infinite: constant.
    dt
        Step (yr).

    Returns
    -------
    ndarray
        (n, L - 1), `exchange` of :func:`~watershed_c.kernels.column_lanes.mix_diffusive`.
    """
    centre = 0.5 * (layer_top + layer_bottom)
    if np.isfinite(efold_depth):
        grown = np.exp(centre / efold_depth)
        from_centre = efold_depth * (np.exp(layer_bottom / efold_depth) - grown)
        to_centre = efold_depth * (grown - np.exp(layer_top / efold_depth))
    else:
        from_centre = to_centre = layer_bottom - centre
    density = mineral / (layer_bottom - layer_top)
    resistance = from_centre[..., :-1] / density[:, :-1] + to_centre[..., 1:] / density[:, 1:]
    return np.ascontiguousarray(dt * surface_diffusivity[:, None] / resistance)


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


@njit(cache=True, nogil=True, error_model="numpy")
def turn_over(
    cells: np.ndarray, depth_mass: np.ndarray, share: np.ndarray, mineral: np.ndarray, stocks: np.ndarray
) -> None:
    r"""Lay a share of the top of each column upside down, as a plough does.

    With T the tilled mass, soil at the cumulative mass :math:`\mu` goes to :math:`T - \mu`. Layer i, which tills from
    :math:`a_i` to :math:`b_i`, gets of layer j the part that lies there after turning,

    .. math:: s_i' = s_i + v \Big( \sum_j \frac{o_{ij}}{m_j} s_j - \frac{b_i - a_i}{m_i} s_i \Big),\qquad
              o_{ij} = |[T - b_i, T - a_i] \cap [a_j, b_j]|,

    a matrix of transfer without negative entries whose columns sum to 1, and which leaves contents that are the same
    everywhere: every row of the soil keeps its sum and its sign.

    Parameters
    ----------
    cells
        int64 nodes to treat; those with no `depth_mass` or `share` are skipped.
    depth_mass
        (n) mineral mass above the tillage depth (kg m-2); a shallower column is turned whole.
    share
        (n) v, share of the tilled layer that is turned, 0 to 1.
    mineral, stocks
        (n, L) and (n, L, K), kg m-2; `stocks` is changed in place.
    """
    layers, rows = stocks.shape[1], stocks.shape[2]
    before = np.empty((layers, rows))
    base = np.empty(layers + 1)  # of each layer, as far as it is tilled
    for node in cells:
        if depth_mass[node] <= 0.0 or share[node] <= 0.0:
            continue
        base[0] = 0.0
        for layer in range(layers):
            base[layer + 1] = min(base[layer] + mineral[node, layer], depth_mass[node])
            for row in range(rows):
                before[layer, row] = stocks[node, layer, row]
        total = base[layers]
        for layer in range(layers):
            if base[layer + 1] <= base[layer]:
                continue
            kept = 1.0 - share[node] * ((base[layer + 1] - base[layer]) / mineral[node, layer])
            for row in range(rows):
                stocks[node, layer, row] = kept * before[layer, row]
            for other in range(layers):
                overlap = min(total - base[layer], base[other + 1]) - max(total - base[layer + 1], base[other])
                if overlap > 0.0:
                    part = share[node] * (overlap / mineral[node, other])
                    for row in range(rows):
                        stocks[node, layer, row] += part * before[other, row]
