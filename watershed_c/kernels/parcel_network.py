"""The network of flux decomposition, whole, and the area that parcels let pass along it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from watershed_c.kernels.flow_network import find_network
from watershed_c.kernels.flow_routing import accumulate, in_flow_order
from watershed_c.kernels.two_receivers import (
    FOREST,
    GRASS_STRIP,
    PASTURE,
    RIVER,
    decompose_flux,
    line_up,
    part_cycles,
    part_pairs,
)

#: logit of the probability that flow follows the slope, not the furrows: -5.92 + 0.133 S + 0.102 a - 0.417 Ro, with the
#: slope S (%), the angle a between slope and furrows (degrees) and the oriented roughness Ro (cm) (Takken et al. 2001,
#: as in WaTEM/SEDEM)
TILLAGE_LOGIT = (-5.92, 0.133, 0.102, -0.417)


class ParcelLand(NamedTuple):
    """What land use has to say in the routing.

    Attributes
    ----------
    code : (n,) int64
        Land codes of :mod:`watershed_c.kernels.two_receivers`.
    own : (n,)
        Share of its own area that a cell contributes: 1 minus the parcel trapping efficiency.
    connectivity : (float, float, float), 0-1
        Share of the contributing area that enters another field, forest or pasture, or a grass strip.
    window : int
        Cells to each side in which a receiver is searched. Default 50, as in WaTEM/SEDEM.
    cardinal_rivers : bool
        Whether rivers draw the flow of cardinal neighbours only, as is the default there.
    route : (n,) int64, optional
        Receiver of cells whose route is drawn (ditch, dam, buffer, forced); -1 elsewhere.
    line : (n,) bool, optional
        Ditches and dams, which draw the flow of their neighbours.
    ditch : (n,) bool, optional
        Those of them that are ditches.
    river_route : (n,) int64, optional
        Receiver of river cells whose way is drawn; -1 elsewhere.
    passing : (n,), optional
        Share of the contributing area that buffers let pass, whatever the land of the receiver; -1 elsewhere.
    kept : (n,), optional
        Share of the sediment that enters it that the outlet of a buffer keeps; -1 elsewhere.
    sewer : (n,), 0-1, optional
        Share of water and sediment that leaves a cell in a sewer.
    bearing, roughness : (n,), degrees clockwise from north and cm, optional
        Direction of tillage, NaN where there is none, and height of the furrows.
    """

    code: np.ndarray
    own: np.ndarray
    connectivity: tuple[float, float, float] = (1.0, 1.0, 1.0)
    window: int = 50
    cardinal_rivers: bool = True
    route: np.ndarray | None = None
    line: np.ndarray | None = None
    ditch: np.ndarray | None = None
    river_route: np.ndarray | None = None
    passing: np.ndarray | None = None
    kept: np.ndarray | None = None
    sewer: np.ndarray | None = None
    bearing: np.ndarray | None = None
    roughness: np.ndarray | None = None


class ParcelNetwork(NamedTuple):
    """Network of flux decomposition.

    Attributes
    ----------
    order, first, receivers, weights : (m,), (m + 1,), (r,), (r,)
        As in :class:`watershed_c.kernels.flow_network.Network`, with every core node in ``order``: sinks, and rivers
        that end on the map, have no receivers.
    sinks : (s,) int64
        Cells of land that no water leaves: nothing to receive it within the window, or the low end of a cycle.
    river_ends : (e,) int64
        River cells from which no river leads to the open boundary.
    parted : int
        Flows between cells that were each other's receiver, or within longer cycles, that were cut; their share went to
        the other receiver, or to one that was searched.
    """

    order: np.ndarray
    first: np.ndarray
    receivers: np.ndarray
    weights: np.ndarray
    sinks: np.ndarray
    river_ends: np.ndarray
    parted: int


def _at_once(kernel: Any, cells: np.ndarray, *arguments: Any) -> None:
    kernel(cells, *arguments)


#: where what sewers take goes: the corner of the raster, which is never land
SEWER = 0


def find_parcel_network(
    elevation: np.ndarray,
    core: np.ndarray,
    open_boundary: np.ndarray,
    gradient_x: np.ndarray,
    gradient_y: np.ndarray,
    shape: tuple[int, int],
    dx: float,
    dy: float,
    land: ParcelLand,
    *,
    over_cells: Any = _at_once,
) -> ParcelNetwork:
    """Receivers of every cell, without loops, in flow order.

    Water stays in a river once there: rivers drain to the open boundary as drawn, or by steepest descent over river
    cells, their depressions filled.

    Parameters
    ----------
    elevation : (n,) m
    core, open_boundary : (n,) bool
        As in :func:`watershed_c.kernels.flow_network.find_network`.
    gradient_x, gradient_y : (n,) m m-1
    shape : (rows, columns)
    dx, dy : float, m
    land : ParcelLand
    over_cells : callable
        Covers cells with a kernel, for instance in threads.
    """
    n, ncols = elevation.size, shape[1]
    takes_part = core | open_boundary
    river = core & (land.code == RIVER)
    cells = np.flatnonzero(core & ~river).astype(np.int64, copy=False)
    flow_x, flow_y = -gradient_x, -gradient_y
    if land.bearing is not None and land.roughness is not None:
        flow_x, flow_y = follow_tillage(flow_x, flow_y, land.bearing, land.roughness)
    given = np.full(n, -1, dtype=np.int64) if land.route is None else land.route
    line = np.zeros(n, dtype=bool) if land.line is None else land.line & takes_part
    width = 2
    if land.sewer is not None:
        takes_part[SEWER] = False
        width = 3
    receivers, weights = np.full((n, width), -1, dtype=np.int64), np.zeros((n, width))
    over_cells(
        decompose_flux, cells, elevation, land.code, takes_part, flow_x, flow_y, given, river, line, ncols, land.window,
        land.cardinal_rivers, receivers, weights,
    )  # fmt: skip
    parted = part_pairs(cells, elevation, land.code, takes_part, given, ncols, land.window, receivers, weights)
    order = np.empty(cells.size, dtype=np.int64)
    done, waiting = line_up(cells, receivers, order)
    if done < cells.size:
        parted += part_cycles(cells, waiting, elevation, ncols, receivers, weights)
        line_up(cells, receivers, order)
    sinks = cells[receivers[cells, 0] < 0]
    if land.sewer is not None:
        drained = np.flatnonzero(land.sewer > 0.0)
        place = (receivers[drained] >= 0).sum(axis=1)
        weights[drained] *= 1.0 - land.sewer[drained, None]
        receivers[drained, place] = SEWER
        weights[drained, place] = np.where(place > 0, land.sewer[drained], 1.0)
    first, lined_up, shares = in_flow_order(order, receivers, weights)
    if not river.any():
        return ParcelNetwork(order, first, lined_up, shares, sinks, cells[:0], parted)
    stream = find_network(elevation, river, open_boundary, shape, dx, dy, over_cells=over_cells)
    along, ways = np.full((n, 2), -1, dtype=np.int64), np.zeros((n, 2))
    along[stream.order, 0] = stream.receiver[stream.order]
    if land.river_route is not None:
        drawn = river & (land.river_route >= 0)
        along[drawn, 0] = land.river_route[drawn]
    ways[:, 0] = 1.0
    cells = np.flatnonzero(river).astype(np.int64, copy=False)
    of_river = np.empty(cells.size, dtype=np.int64)
    done, waiting = line_up(cells, along, of_river)
    if done < cells.size:  # drawn in a circle
        parted += part_cycles(cells, waiting, elevation, ncols, along, ways)
        line_up(cells, along, of_river)
    begins, below, share = in_flow_order(of_river, along, ways)
    return ParcelNetwork(
        np.concatenate((order, of_river)), np.concatenate((first, first[-1] + begins[1:])),
        np.concatenate((lined_up, below)), np.concatenate((shares, share)), sinks, cells[along[cells, 0] < 0], parted,
    )  # fmt: skip


def on_land(first: np.ndarray, receivers: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Shares (r,) of what does not go into sewers, such as water in the soil and soil that a plough moves.

    The other receivers of a cell share its flow as before; where a sewer takes all, they share it equally.
    """
    sewer = receivers == SEWER
    if not sewer.any():
        return weights
    node = np.repeat(np.arange(first.size - 1), np.diff(first))
    kept = np.where(sewer, 0.0, weights)
    total, others = (np.bincount(node, values, first.size - 1)[node] for values in (kept, ~sewer))
    equal = np.divide(1.0, others, out=np.zeros(others.size), where=others > 0.0)
    return np.where(sewer, 0.0, np.divide(kept, total, out=equal, where=total > 0.0))


def contributing_area(
    network: ParcelNetwork, land: ParcelLand, core: np.ndarray, cell_area: float
) -> tuple[np.ndarray, np.ndarray]:
    """Area that contributes to each cell once parcels have held back their part, (n,) m2: without and with its own."""
    passing = np.full(core.size, -1.0) if land.passing is None else land.passing
    if land.sewer is not None:
        passing = np.where(land.sewer > 0.0, 1.0, passing)
    shares = np.empty_like(network.weights)
    area_shares(*network[:4], land.code, passing, *land.connectivity, shares)
    own = np.where(core, cell_area * land.own, 0.0)
    area = np.empty(core.size)
    accumulate(*network[:3], shares, own, area)
    return area - own, area


@njit(cache=True, nogil=True)
def area_shares(order, first, receivers, weights, land, passing, to_field, to_forest, to_strip, shares):
    """Shares of the contributing area of a cell that its receivers are given: borders of parcels hold some back.

    Water and sediment themselves follow ``weights``; what is reduced is the area that LS and capacity see (Van Oost et
    al. 2000; documentation of WaTEM/SEDEM, routing-extension).

    Parameters
    ----------
    order, first, receivers, weights : (c,), (c + 1,), (r,), (r,)
    land : (n,) int64
        Land codes of :mod:`watershed_c.kernels.two_receivers`.
    passing : (n,)
        Share that buffers let pass, whatever the land; -1 elsewhere.
    to_field, to_forest, to_strip : float, 0-1
        Parcel connectivity: share that enters another field, forest or pasture, or a grass strip. Where flow is split,
        only into a grass strip.
    shares : (r,)
        Out.
    """
    for index in range(order.size):
        node = order[index]
        single = first[index + 1] - first[index] == 1
        for place in range(first[index], first[index + 1]):
            target = receivers[place]
            factor = 1.0
            if passing[node] >= 0.0:
                factor = passing[node]
            elif land[target] != land[node]:
                if land[target] == GRASS_STRIP:
                    factor = to_strip
                elif single and land[target] > 0:
                    factor = to_field
                elif single and (land[target] == FOREST or land[target] == PASTURE):
                    factor = to_forest
            shares[place] = weights[place] * factor


def follow_tillage(
    flow_x: np.ndarray, flow_y: np.ndarray, bearing: np.ndarray, roughness: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Direction of flow where furrows may lead it (Takken et al. 2001).

    Parameters
    ----------
    flow_x, flow_y : (n,) m m-1
        Descent, minus the gradient.
    bearing : (n,) degrees clockwise from north
        Direction of tillage; NaN where there is none.
    roughness : (n,) cm
        Oriented roughness: height of the furrows.

    Returns
    -------
    flow_x, flow_y : (n,)
        Along the furrows, downhill, where the probability that flow follows the slope is below one half.
    """
    east, north = np.sin(np.radians(bearing)), np.cos(np.radians(bearing))
    slope = np.hypot(flow_x, flow_y)
    along = flow_x * east + flow_y * north
    with np.errstate(invalid="ignore", divide="ignore"):
        angle = np.degrees(np.arccos(np.clip(np.abs(along) / slope, 0.0, 1.0)))
        constant, of_slope, of_angle, of_roughness = TILLAGE_LOGIT
        logit = constant + of_slope * 100.0 * slope + of_angle * angle + of_roughness * roughness
        leads = logit < 0.0
    down = np.where(along < 0.0, -slope, slope)
    return np.where(leads, down * east, flow_x), np.where(leads, down * north, flow_y)
