"""The lean grid is Landlab's in all that can be asked of it."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from landlab import RasterModelGrid
from landlab.components import FlowAccumulator, LinearDiffuser

from watershed_c.grid import raster_grid

WHERE = {"xy_spacing": (10.0, 20.0), "xy_of_lower_left": (500.0, 7000.0)}
TOPOLOGY = (
    "x_of_node", "y_of_node", "nodes_at_link", "links_at_patch", "nodes_at_patch", "links_at_node", "link_dirs_at_node",
    "adjacent_nodes_at_node", "core_nodes", "core_cells", "active_links", "boundary_nodes", "perimeter_nodes",
    "node_at_cell", "cell_at_node", "nodes_at_face", "faces_at_cell", "corners_at_cell", "x_of_corner", "y_of_corner",
    "length_of_link", "area_of_cell", "diagonals_at_node", "nodes",
)  # fmt: skip


def hollow(grid: RasterModelGrid) -> bool:
    """Whether nothing has asked for the graph yet."""
    return not {"_ds", "_dual"} & set(vars(grid))


@pytest.mark.parametrize("name", TOPOLOGY)
def test_topology_comes_when_it_is_asked_for(name: str) -> None:
    lean, whole = raster_grid((5, 7), **WHERE), RasterModelGrid((5, 7), **WHERE)
    status = np.zeros(35, dtype=np.uint8)
    status[:12] = status[28:] = 4
    for grid in (lean, whole):
        grid.status_at_node = status
    assert hollow(lean)
    assert np.array_equal(getattr(lean, name), getattr(whole, name))


def test_sizes_and_fields_of_every_place() -> None:
    lean, whole = raster_grid((5, 7), **WHERE), RasterModelGrid((5, 7), **WHERE)
    lean.add_field("depth", np.arange(35.0), at="node", units="m")
    assert lean.number_of_nodes == 35 and hollow(lean)
    for place in ("node", "link", "patch", "corner", "face", "cell"):
        assert lean.number_of_elements(place) == whole.number_of_elements(place)
    assert lean.add_zeros("flow", at="link").size == whole.number_of_links


def test_components_of_landlab_run_on_it() -> None:
    heights = []
    for grid in (raster_grid((6, 8), **WHERE), RasterModelGrid((6, 8), **WHERE)):
        z = grid.add_field("topographic__elevation", 0.1 * np.arange(48.0) ** 1.3, at="node", units="m")
        FlowAccumulator(grid).run_one_step()
        LinearDiffuser(grid, linear_diffusivity=3.0).run_one_step(1.0)
        heights.append(np.stack((z, grid.at_node["drainage_area"])))
    assert np.array_equal(*heights)


def test_copies_know_their_graph() -> None:
    lean = raster_grid((4, 5), **WHERE)
    for twin in (copy.deepcopy(lean), pickle.loads(pickle.dumps(lean))):
        assert np.array_equal(twin.nodes_at_link, lean.nodes_at_link)


def test_unknown_attributes_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nodes_at_lnik'"):
        _ = raster_grid((4, 5), **WHERE).nodes_at_lnik
