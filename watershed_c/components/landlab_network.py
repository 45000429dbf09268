"""The network of the flow router in the form in which Landlab's flow directors publish it."""

from __future__ import annotations

import numpy as np
from landlab import RasterModelGrid

from watershed_c.kernels.flow_routing import neighbour_offsets
from watershed_c.names import STATE
from watershed_c.state import Watershed

#: receivers a node may have, as Landlab's directors lay out their fields: D8, D-infinity, multiple flow
WIDTHS = (1, 2, 8)


def landlab_network(watershed: Watershed) -> RasterModelGrid:
    """A grid of its own with the present network by the method of the flow router, for tools of Landlab.

    Landlab gives the fields of single and of divided flow the same names but different shapes, so that a grid can hold
    only one of them; the grid of the watershed always holds those of steepest descent.

    Parameters
    ----------
    watershed : Watershed
        Routed by a :class:`watershed_c.components.flow_routing.FlowRouter`.

    Returns
    -------
    RasterModelGrid
        Copies, with Landlab's names and units: ``topographic__elevation``, ``depression_free_elevation``,
        ``drainage_area``, ``surface_water__discharge``, ``flow__upstream_node_order``, ``flow__sink_flag``, and, (n,)
        with one receiver per node, else (n, 2) or (n, 8): ``flow__receiver_node``, ``flow__link_to_receiver_node``,
        ``topographic__steepest_slope`` (of the filled surface) and, only with several, ``flow__receiver_proportions``.
        A node without a receiver has its own number first; places not used hold -1 (slopes and shares 0).
    """
    w = watershed
    source = w.grid
    grid = RasterModelGrid(w.shape, xy_spacing=(w.dx, w.dy), xy_of_lower_left=source.xy_of_lower_left)
    grid.status_at_node = source.status_at_node.copy()
    count = np.diff(w.first_receiver)
    width = min(k for k in WIDTHS if k >= count.max(initial=1))
    n = source.number_of_nodes
    node = np.repeat(w.order, count)
    place = np.arange(node.size) - np.repeat(w.first_receiver[:-1], count)

    receiver, share = np.full((n, width), -1, dtype=np.int64), np.zeros((n, width))
    receiver[:, 0], share[:, 0] = np.arange(n), 1.0
    receiver[node, place], share[node, place] = w.receivers, w.weights
    step = w.receivers - node
    offsets = neighbour_offsets(w.shape[1])
    by_offset = np.argsort(offsets)
    direction = by_offset[np.searchsorted(offsets[by_offset], step)]
    link = np.full((n, width), -1, dtype=np.int64)
    link[node, place] = grid.d8s_at_node[node, direction]
    slope = np.zeros((n, width))
    fall = w.filled_elevation[node] - w.filled_elevation[w.receivers]
    slope[node, place] = fall / grid.length_of_d8[link[node, place]]

    network = {
        "flow__receiver_node": receiver,
        "flow__link_to_receiver_node": link,
        "topographic__steepest_slope": slope,
    }
    for name, values in network.items():
        grid.add_field(name, values[:, 0].copy() if width == 1 else values, at="node")
    if width > 1:
        grid.add_field("flow__receiver_proportions", share, at="node")
    drains = np.zeros(n, dtype=bool)
    drains[node] = True
    grid.add_field("flow__sink_flag", ~drains, at="node")
    # downstream to upstream by this method; what drains nowhere first
    order = np.concatenate((np.flatnonzero(~drains), w.order[::-1][count[::-1] > 0]))
    grid.add_field("flow__upstream_node_order", order, at="node")
    for attribute in ("elevation", "filled_elevation", "drainage_area", "discharge"):
        field = STATE[attribute]
        grid.add_field(field.name, getattr(w, attribute).copy(), at="node", units=field.units)
    return grid
