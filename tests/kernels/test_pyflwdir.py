"""Against pyflwdir (Eilander et al. 2021), cell for cell: the filled surface, directions, and upslope area.

pyflwdir takes its directions from its flood, to the lowest neighbour whatever its distance; ours go down the steepest
slope. So its directions are compared with those of our kernel when every neighbour is equally far, and its accumulation
on the directions of ours.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernels.test_flow_routing import masks, pitless_terrain, rough_terrain, route
from watershed_c.kernels.flow_directions import downstream_order, lower_neighbours
from watershed_c.kernels.flow_routing import accumulate, neighbour_offsets

pyflwdir = pytest.importorskip("pyflwdir", reason="pyflwdir is not installed: pip install pyflwdir==0.5.12")
#: ESRI codes of E, N, W, S, NE, NW, SW, SE; their row 0 is in the north
CODES = np.array([1, 64, 16, 4, 128, 32, 8, 2], dtype=np.uint8)
NODATA = -9999.0
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def directions(receiver: np.ndarray, core: np.ndarray) -> np.ndarray:
    """ESRI codes of the receivers, 0 where nothing drains."""
    codes = np.zeros(core.size, dtype=np.uint8)
    step = receiver - np.arange(core.size)
    for code, offset in zip(CODES, neighbour_offsets(core.shape[1]), strict=True):
        codes[core.ravel() & (step == offset)] = code
    return codes.reshape(core.shape)


def area_of(network, core: np.ndarray) -> np.ndarray:
    """Upslope cells; those on the edge have no area of their own here."""
    return network.upstream_area("cell")[::-1] - ~core


def test_every_cell_the_same_where_the_lowest_neighbour_receives() -> None:
    z = pitless_terrain(61, seed=12)
    core, boundary = masks(z.shape)
    n, offsets = z.size, neighbour_offsets(z.shape[1])
    cells = np.flatnonzero(core).astype(np.int64)
    lower, receiver, slope = np.zeros(n, dtype=np.uint8), np.arange(n), np.zeros(n)
    lower_neighbours(cells, z.ravel(), offsets, np.ones(8), True, lower, receiver, slope)
    order = downstream_order(cells, lower, offsets)
    area = np.empty(n)
    accumulate(
        order, np.arange(order.size + 1), receiver[order], np.ones(order.size), core.ravel().astype(np.float64), area
    )
    theirs = pyflwdir.from_dem(z[::-1], nodata=NODATA, outlets="edge")
    np.testing.assert_array_equal(theirs.to_array("d8")[::-1][core], directions(receiver, core)[core])
    # beyond, theirs runs on along the edge
    np.testing.assert_array_equal(area_of(theirs, core)[core], area.reshape(z.shape)[core])
    assert area[boundary.ravel()].sum() == core.sum()


@pytest.mark.parametrize("pits", [False, True])
def test_upslope_area_of_our_directions_is_theirs(pits: bool) -> None:
    z = rough_terrain(80, 60, seed=8) if pits else pitless_terrain(61, seed=3)
    core, _ = masks(z.shape)
    network = route(z)
    theirs = pyflwdir.from_array(directions(network.steepest, core)[::-1], ftype="d8", check_ftype=False)
    np.testing.assert_array_equal(area_of(theirs, core), network.area)


def test_filled_surface_to_single_precision() -> None:
    z = rough_terrain(80, 60, seed=8)
    core, _ = masks(z.shape)
    filled, _ = pyflwdir.dem.fill_depressions(z[::-1], nodata=NODATA, outlets="edge")
    ours = route(z).filled
    assert (ours > z).mean() > 0.05
    np.testing.assert_allclose(filled[::-1][core], ours[core], rtol=0.0, atol=2e-7 * abs(z).max())
