"""Landlab's own tools read the network, of one receiver or of many, and find in it what their routers would give."""

from __future__ import annotations

import numpy as np
import pytest
from landlab import RasterModelGrid, components
from landlab.components.flow_accum.flow_accum_to_n import find_drainage_area_and_discharge_to_n

from tests.components.test_flow_routing import terrain, watershed_of
from watershed_c.components.flow_routing import FlowRouter
from watershed_c.components.landlab_network import landlab_network

#: Landlab accumulates over several receivers with shares of single precision (cfuncs.pyx, `_accumulate_to_n`)
SINGLE = 1e-6


def pitless(side: int = 40) -> np.ndarray:
    """Two valleys that join, without pits, flats or ties."""
    y, x = np.indices((side, side)) * 10.0
    rough = 1e-3 * np.random.default_rng(4).random((side, side))
    return 0.05 * y + 0.002 * abs(abs(x - 10.0 * side / 2 + 3.0) - 0.3 * y) * np.sqrt(y + 10.0) + rough


def routed_by_landlab(z: np.ndarray, **options: object) -> RasterModelGrid:
    grid = RasterModelGrid(z.shape, xy_spacing=10.0)
    grid.add_field("topographic__elevation", z.ravel().copy(), at="node")
    components.FlowAccumulator(grid, **options).run_one_step()
    return grid


def dense(grid: RasterModelGrid) -> np.ndarray:
    """(n, n) share that each node gives to each other, whatever the places in the fields."""
    receiver, share = grid.at_node["flow__receiver_node"], grid.at_node["flow__receiver_proportions"]
    matrix = np.zeros((grid.number_of_nodes, grid.number_of_nodes))
    node, place = np.nonzero((receiver >= 0) & (share > 0.0))
    np.add.at(matrix, (node, receiver[node, place]), share[node, place])
    return matrix


def test_single_receivers_and_their_links_are_those_of_landlab():
    z = pitless()
    w = watershed_of(z)
    FlowRouter(w, method="d8")
    assert not w.in_depression.any()
    ours, theirs = landlab_network(w), routed_by_landlab(z, flow_director="FlowDirectorD8")
    for name in ("flow__receiver_node", "flow__link_to_receiver_node", "flow__sink_flag"):
        np.testing.assert_array_equal(ours.at_node[name], theirs.at_node[name])
    for name in ("topographic__steepest_slope", "drainage_area"):
        np.testing.assert_allclose(ours.at_node[name], theirs.at_node[name], rtol=1e-12)


def test_channel_profiler_finds_the_same_channels():
    z = pitless()
    w = watershed_of(z)
    FlowRouter(w, method="d8")
    channels = []
    for grid in (landlab_network(w), routed_by_landlab(z, flow_director="FlowDirectorD8")):
        profiler = components.ChannelProfiler(
            grid, number_of_watersheds=1, minimum_channel_threshold=2000.0, main_channel_only=False
        )
        profiler.run_one_step()
        (basin,) = profiler.data_structure.values()
        channels.append(basin)
    ours, theirs = channels
    assert list(ours) == list(theirs) and len(ours) > 1
    assert sum(segment["ids"].size for segment in ours.values()) > 40
    for segment in ours:
        np.testing.assert_array_equal(ours[segment]["ids"], theirs[segment]["ids"])
        np.testing.assert_allclose(ours[segment]["distances"], theirs[segment]["distances"], rtol=1e-12)


def test_stream_power_cuts_the_same_valley():
    z = pitless()
    w = watershed_of(z)
    FlowRouter(w, method="d8")
    surfaces = []
    for grid in (landlab_network(w), routed_by_landlab(z, flow_director="FlowDirectorD8")):
        components.StreamPowerEroder(grid, K_sp=1e-3).run_one_step(dt=100.0)
        surfaces.append(grid.at_node["topographic__elevation"])
    assert (z.ravel() - surfaces[0]).max() > 0.1
    np.testing.assert_allclose(surfaces[0], surfaces[1], rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("multiple", {"flow_director": "FlowDirectorMFD", "diagonals": True, "partition_method": "slope"}),
        ("d_infinity", {"flow_director": "FlowDirectorDINF"}),
    ],
)
def test_divided_flow_equals_that_of_landlab(method, options):
    z = pitless(30)
    w = watershed_of(z)
    FlowRouter(w, method=method, exponent=1.0)
    assert not w.in_depression.any()
    ours, theirs = landlab_network(w), routed_by_landlab(z, **options)
    assert ours.at_node["flow__receiver_node"].shape == theirs.at_node["flow__receiver_node"].shape
    core = w.cells
    np.testing.assert_allclose(dense(ours)[core], dense(theirs)[core], rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.at_node["drainage_area"], theirs.at_node["drainage_area"], rtol=SINGLE)


@pytest.mark.parametrize("method", ["multiple", "d_infinity"])
def test_landlab_accumulates_over_our_receivers(method):
    """Rough terrain with pits, which Landlab's own directors of divided flow cannot route."""
    w = watershed_of(terrain())
    FlowRouter(w, method=method)
    assert w.in_depression.any()
    at_node = landlab_network(w).at_node
    own = np.where(w.active, w.cell_area, 0.0)
    area, _ = find_drainage_area_and_discharge_to_n(
        at_node["flow__upstream_node_order"],
        at_node["flow__receiver_node"],
        at_node["flow__receiver_proportions"],
        node_cell_area=own,
    )
    np.testing.assert_allclose(area, w.drainage_area, rtol=SINGLE)
    place = np.empty(area.size, dtype=int)
    place[at_node["flow__upstream_node_order"]] = np.arange(area.size)
    receiver = at_node["flow__receiver_node"][w.cells]
    assert ((receiver < 0) | (place[receiver] < place[w.cells][:, None])).all()
    assert (at_node["topographic__steepest_slope"] >= 0.0).all()
