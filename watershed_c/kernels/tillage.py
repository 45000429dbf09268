"""Tillage erosion: soil that an implement carries down slope within a field, one pass at a time."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _fall(node: int, step: int, distance: float, elevation: np.ndarray, field: np.ndarray) -> float:
    """Fall in the direction of ``step`` at a node, m m-1: central in its field, one-sided on its border."""
    ahead = node + step if field[node + step] == field[node] else node
    behind = node - step if field[node - step] == field[node] else node
    if ahead == behind:
        return 0.0
    return (elevation[behind] - elevation[ahead]) / (distance * ((ahead - behind) // step))


@njit(cache=True, nogil=True)
def _face_flux(
    node: int,
    other: int,
    step: int,
    here: float,
    there: float,
    elevation: np.ndarray,
    field: np.ndarray,
    transport: np.ndarray,
    across: float,
    lengthwise: np.ndarray,
    crosswise: np.ndarray,
) -> float:
    """Dry soil crossing the face between two nodes, kg m-2, positive from ``node``.

    ``lengthwise`` and ``crosswise`` are the components of the direction of tillage along the line between the nodes and
    along ``step``, whose length is ``there``; that between the nodes is ``here``.
    """
    drive = (elevation[node] - elevation[other]) / here
    if lengthwise.size > 0:
        straight = 0.5 * (lengthwise[node] ** 2 + lengthwise[other] ** 2)
        oblique = 0.5 * (lengthwise[node] * crosswise[node] + lengthwise[other] * crosswise[other])
        aside = 0.5 * (_fall(node, step, there, elevation, field) + _fall(other, step, there, elevation, field))
        drive = (across + (1.0 - across) * straight) * drive + (1.0 - across) * oblique * aside
    donor = node if drive > 0.0 else other
    return transport[donor] * drive / here


@njit(cache=True, nogil=True)
def _face_fluxes(
    cells: np.ndarray,
    columns: int,
    dx: float,
    dy: float,
    elevation: np.ndarray,
    field: np.ndarray,
    transport: np.ndarray,
    across: float,
    along_x: np.ndarray,
    along_y: np.ndarray,
    east: np.ndarray,
    north: np.ndarray,
) -> None:
    """Dry soil crossing the east and north face of each cell, kg m-2, positive to the east or north."""
    for index in range(cells.shape[0]):
        node = cells[index]
        east[node] = 0.0
        north[node] = 0.0
        if field[node] < 0:
            continue
        if field[node + 1] == field[node]:
            east[node] = _face_flux(
                node, node + 1, columns, dx, dy, elevation, field, transport, across, along_x, along_y
            )
        if field[node + columns] == field[node]:
            north[node] = _face_flux(
                node, node + columns, 1, dy, dx, elevation, field, transport, across, along_y, along_x
            )


@njit(cache=True, nogil=True)
def take_up(
    cells: np.ndarray,
    columns: int,
    depth_mass: np.ndarray,
    mineral: np.ndarray,
    stocks: np.ndarray,
    dry_mass_per_unit: np.ndarray,
    east: np.ndarray,
    north: np.ndarray,
    outflow: np.ndarray,
    moved_mineral: np.ndarray,
    moved: np.ndarray,
) -> None:
    """Take what leaves each cell out of its tilled layer, the same share of every part of it."""
    layers, rows = stocks.shape[1], stocks.shape[2]
    for index in range(cells.shape[0]):
        node = cells[index]
        moved_mineral[node] = 0.0
        for row in range(rows):
            moved[node, row] = 0.0
        outflow[node] = (
            max(east[node], 0.0) + max(north[node], 0.0) + max(-east[node - 1], 0.0) + max(-north[node - columns], 0.0)
        )
        if outflow[node] <= 0.0:
            continue
        dry = 0.0
        rest = depth_mass[node]
        for layer in range(layers):
            tilled = min(rest, mineral[node, layer])
            if tilled > 0.0:
                share = tilled / mineral[node, layer]
                dry += tilled
                for row in range(rows):
                    dry += share * dry_mass_per_unit[row] * stocks[node, layer, row]
                rest -= tilled
        if dry <= 0.0:
            continue
        carried = min(1.0, outflow[node] / dry)
        rest = depth_mass[node]
        for layer in range(layers):
            tilled = min(rest, mineral[node, layer])
            if tilled > 0.0:
                share = carried * (tilled / mineral[node, layer])
                for row in range(rows):
                    amount = share * stocks[node, layer, row]
                    moved[node, row] += amount
                    stocks[node, layer, row] -= amount
                moved_mineral[node] += carried * tilled
                mineral[node, layer] -= carried * tilled
                rest -= tilled


@njit(cache=True, nogil=True)
def lay_down(
    cells: np.ndarray,
    columns: int,
    east: np.ndarray,
    north: np.ndarray,
    outflow: np.ndarray,
    moved_mineral: np.ndarray,
    moved: np.ndarray,
    deposit_mineral: np.ndarray,
    deposit: np.ndarray,
) -> None:
    """Gather in each cell's surface buffer what its four neighbours pass to it."""
    for index in range(cells.shape[0]):
        node = cells[index]
        for side in range(4):
            if side == 0:
                donor, flux = node - 1, east[node - 1]
            elif side == 1:
                donor, flux = node + 1, -east[node]
            elif side == 2:
                donor, flux = node - columns, north[node - columns]
            else:
                donor, flux = node + columns, -north[node]
            if flux > 0.0:
                share = flux / outflow[donor]
                deposit_mineral[node] += share * moved_mineral[donor]
                for row in range(moved.shape[1]):
                    deposit[node, row] += share * moved[donor, row]


def translocate(
    cells: np.ndarray,
    columns: int,
    dx: float,
    dy: float,
    elevation: np.ndarray,
    field: np.ndarray,
    transport: np.ndarray,
    across: float,
    along_x: np.ndarray,
    along_y: np.ndarray,
    depth_mass: np.ndarray,
    mineral: np.ndarray,
    stocks: np.ndarray,
    dry_mass_per_unit: np.ndarray,
    deposit_mineral: np.ndarray,
    deposit: np.ndarray,
    east: np.ndarray,
    north: np.ndarray,
    outflow: np.ndarray,
    moved_mineral: np.ndarray,
    moved: np.ndarray,
) -> None:
    r"""Move soil down slope by one tillage pass.

    Parameters
    ----------
    cells
        int64 nodes with a soil column; no cell of the grid's rim.
    columns
        Nodes in a row of the grid.
    dx, dy
        Cell sizes (m), west-east and south-north.
    elevation
        (n) the mass-based surface (m).
    field
        (n) int64 field of each node; -1 where nothing is tilled and on every node without soil.
    transport
        (n) tillage transport coefficient of the pass, total dry soil (kg m-1 per pass).
    across
        Transport coefficient across the direction of tillage over that along it.
    along_x, along_y
        (n) unit vector of the direction of tillage, or both empty where it makes no difference.
    depth_mass
        (n) mineral mass above the tillage depth (kg m-2). The tilled layer is the top of the column to that
        mass.
    mineral, stocks
        (n, L), (n, L, K), kg m-2, changed in place.
    dry_mass_per_unit
        (K) dry soil mass of a unit of each row (kg kg-1).
    deposit_mineral, deposit
        (n), (n, K), kg m-2: what arrives is added to them.
    east, north, outflow
        (n), out, kg m-2 of dry soil asked for: across the east and the north face of the cell (positive to
        the east, to the north), and out of the cell. They must be zero at nodes not in `cells`.
    moved_mineral, moved
        (n), (n, K), out, kg m-2: what left each cell.

    Notes
    -----
    On each face between two cells of one field dry soil moves at

    .. math:: Q = k_{til}\, \frac{z_{up} - z_{down}}{\Delta}

    per metre of face (Govers et al. 1994, Eur. J. Soil Sci. 45: a diffusion; slope as tangent), which over
    the cell area is :math:`k_{til}\,(z_{up} - z_{down}) / \Delta^2`. With a direction of tillage t the coefficient is a
    tensor, :math:`q = -k_{til}\, (t t^T + a\, n n^T) \nabla z`, n across t and a = ``across``: implements displace soil
    along and across their way in proportion to the slope in that direction (Lindstrom et al. 1992, Soil Tillage
    Res. 24; De Alba et al. 2006, Soil Tillage Res. 85); passes to and fro cancel what does not depend on it. The fall
    along a face is the mean of the central differences of its two cells. No soil crosses the border of a field.
    What leaves a cell is at most its tilled layer (all its fluxes are reduced alike), is taken as the same
    share of every part of that layer, and so has its mean composition whatever the mixing efficiency
    (coupling rule 19); mineral soil and constituents share the dry mass in the proportion of that layer
    (rule 2). All fluxes are computed before any soil is moved: the order of cells does not matter.
    """
    _face_fluxes(cells, columns, dx, dy, elevation, field, transport, across, along_x, along_y, east, north)
    take_up(
        cells, columns, depth_mass, mineral, stocks, dry_mass_per_unit, east, north, outflow,
        moved_mineral, moved,
    )  # fmt: skip
    lay_down(cells, columns, east, north, outflow, moved_mineral, moved, deposit_mineral, deposit)
