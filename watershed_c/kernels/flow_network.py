"""The network of one surface by any method: the kernels of depressions and directions in their order."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from watershed_c.kernels.breaching import breach, floors_of_depressions
from watershed_c.kernels.depressions import drain_flats, edges_of_flats, fill_depressions
from watershed_c.kernels.flow_directions import (
    downstream_order,
    facet_directions,
    facet_shares,
    lower_neighbours,
    multiple_shares,
    places_of_receivers,
)
from watershed_c.kernels.flow_routing import neighbour_nearness, neighbour_offsets

METHODS = ("multiple", "d8", "d_infinity")
DEPRESSIONS = ("trap", "breach")


class Network(NamedTuple):
    """Network of a raster of n nodes, m of which drain.

    Attributes
    ----------
    filled : (n,) float64, m
        Surface with depressions filled or cut open; NaN where no flow is routed.
    trench : (n,) bool
        Core nodes of the trenches that were cut.
    receiver : (n,) int64
        Steepest descent, and across flats the way to their edge; own number where nothing drains.
    slope : (n,) float64, m m-1
        Descent of the filled surface to ``receiver``.
    order : (m,) int64
        Core nodes that drain, each before all of its receivers.
    first, receivers, weights : (m + 1,), (r,), (r,)
        Receivers of ``order[i]`` by the method are those from ``first[i]`` to before ``first[i + 1]``.
    """

    filled: np.ndarray
    trench: np.ndarray
    receiver: np.ndarray
    slope: np.ndarray
    order: np.ndarray
    first: np.ndarray
    receivers: np.ndarray
    weights: np.ndarray


def _at_once(kernel: Any, cells: np.ndarray, *arguments: Any) -> None:
    kernel(cells, *arguments)


def find_network(
    elevation: np.ndarray,
    core: np.ndarray,
    open_boundary: np.ndarray,
    shape: tuple[int, int],
    dx: float,
    dy: float,
    *,
    method: str = "d8",
    exponent: float = 1.1,
    depressions: str = "trap",
    over_cells: Any = _at_once,
) -> Network:
    """Fill or cut depressions, drain flats, find receivers and line them up.

    Parameters
    ----------
    elevation : (n,) float64, m
        Finite on core and open boundary nodes.
    core, open_boundary : (n,) bool
        Disjoint; no core node on the perimeter.
    shape : (rows, columns)
    dx, dy : float, m
    method : {"multiple", "d8", "d_infinity"}
        Freeman (1991), O'Callaghan & Mark (1984) or Tarboton (1997).
    exponent : float
        Of multiple flow.
    depressions : {"trap", "breach"}
        Filled to where they spill, or cut open by trenches.
    over_cells : callable
        ``over_cells(kernel, cells, *arguments)`` covers ``cells``, for instance in threads.
    """
    n, ncols = elevation.size, shape[1]
    offsets, nearness = neighbour_offsets(ncols), neighbour_nearness(dx, dy)
    filled = fill_depressions(elevation, core, open_boundary, ncols, offsets)
    cells = np.flatnonzero(core & ~np.isnan(filled)).astype(np.int64, copy=False)
    trench = np.zeros(n, dtype=bool)
    if depressions == "breach":
        floors = floors_of_depressions(cells, elevation, filled, offsets)
        lowest_first = np.argsort(elevation[floors], kind="stable")
        filled, trench = breach(floors[lowest_first], elevation, filled, core, offsets)
    lower, receiver, slope = np.zeros(n, dtype=np.uint8), np.arange(n, dtype=np.int64), np.zeros(n)
    single = method != "multiple"
    over_cells(lower_neighbours, cells, filled, offsets, nearness, single, lower, receiver, slope)
    portion = np.zeros(n if method == "d_infinity" else 0)
    if method == "d_infinity":
        over_cells(facet_directions, cells, filled, offsets, dx, dy, lower, portion)
    edges = np.sort(edges_of_flats(cells, filled, core, lower, offsets))
    drain_flats(edges, filled, core, ncols, offsets, lower, receiver)
    order = downstream_order(cells, lower, offsets)
    if method == "d8":
        first, receivers, weights = np.arange(order.size + 1), receiver[order], np.ones(order.size)
        return Network(filled, trench, receiver, slope, order, first, receivers, weights)
    first = places_of_receivers(order, lower)
    receivers, weights = np.empty(first[-1], dtype=np.int64), np.empty(first[-1])
    places = np.arange(order.size)
    if method == "multiple":
        over_cells(
            multiple_shares, places, order, first, lower, filled, offsets, nearness, exponent, receivers, weights
        )
    else:
        over_cells(facet_shares, places, order, first, lower, portion, offsets, receivers, weights)
    return Network(filled, trench, receiver, slope, order, first, receivers, weights)
