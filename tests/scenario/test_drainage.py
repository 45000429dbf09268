"""Drainage of a DEM and catchments cut out of it: areas, basins, sinks, and what is said when it cannot be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

import watershed_c
from tests.kernels.test_flow_routing import rough_terrain
from watershed_c.components.flow_routing import FlowRouter
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.io.rasters import Raster, write_raster
from watershed_c.scenario.catchment import catchment_from_dem, cut_catchment
from watershed_c.scenario.drainage import Drainage
from watershed_c.scenario.terrain import jacksboro, jacksboro_dem
from watershed_c.state import Watershed


def dem(seed: int = 3) -> Raster:
    return Raster(rough_terrain(60, 45, seed), 10.0, 10.0, 500.0, 2000.0)


@pytest.mark.parametrize("method", ["d8", "multiple", "d_infinity"])
def test_all_area_reaches_the_edge(method):
    drainage = Drainage.of(dem(), method)
    edge = np.ones(drainage.area.shape, dtype=bool)
    edge[1:-1, 1:-1] = False
    assert drainage.area[edge].sum() == pytest.approx(100.0 * (~edge).sum(), rel=1e-12)


def test_basins_are_whole_and_the_largest_comes_first():
    drainage = Drainage.of(dem())
    basins = drainage.basins()
    edge = np.ones(basins.shape, dtype=bool)
    edge[1:-1, 1:-1] = False
    assert (basins[~edge] > 0).all()
    of_receiver = basins.ravel()[drainage.receiver]
    np.testing.assert_array_equal(of_receiver[drainage.order], basins.ravel()[drainage.order])
    sizes = np.bincount(basins[~edge])[1:]
    assert (np.diff(sizes) <= 0).all()
    np.testing.assert_array_equal(np.sort(drainage.area[edge & (basins > 0)])[::-1], 100.0 * sizes)
    streams = drainage.streams(5000.0)
    assert 0 < streams.sum() < 0.2 * streams.size and drainage.area[streams].min() >= 5000.0


def test_sinks_by_hand():
    z = np.broadcast_to(np.arange(12.0)[:, None], (12, 12)).copy() + 50.0
    z[4, 4], z[4, 5], z[8, 8] = 50.5, 51.5, 57.75
    found = Drainage.of(Raster(z, 5.0, 5.0)).sinks()
    (pit,) = found  # the third is only a dent: water leaves it over its southern neighbours
    assert (pit.row, pit.column, pit.cells, pit.level) == (4, 4, 2, 53.0)
    assert pit.depth == 2.5 and pit.volume == pytest.approx(25.0 * (2.5 + 1.5))


def test_sinks_of_rough_terrain_hold_all_that_was_filled():
    drainage = Drainage.of(dem(7))
    sinks = drainage.sinks()
    depth = drainage.filled - drainage.dem.values
    assert sum(sink.volume for sink in sinks) == pytest.approx(100.0 * depth.sum(), rel=1e-12)
    assert sum(sink.cells for sink in sinks) == (depth > 0).sum()
    assert sinks[0].depth == depth.max()
    for sink in sinks:
        assert drainage.filled[sink.row, sink.column] == sink.level


@pytest.mark.parametrize("suffix", [".asc", ".nc"])
def test_catchment_of_a_file(tmp_path, suffix):
    """Snapped, cut and framed: its area is that of the stream it was moved to, and routing it again gives it back."""
    whole = dem()
    drainage = Drainage.of(whole)
    inner = drainage.area.copy()
    inner[:3], inner[-3:], inner[:, :3], inner[:, -3:] = 0.0, 0.0, 0.0, 0.0
    row, column = np.unravel_index(np.argmax(inner), inner.shape)
    path = tmp_path / f"dem{suffix}"
    write_raster(path, whole, name="elevation", units="m")
    x, y = whole.x[column] + 10.0, whole.y[row] + 3.0
    found = watershed_c.catchment_from_dem(path, (x, y), snap=10.0)
    near = drainage.area[row - 1 : row + 2, column : column + 3]
    assert found.area == near.max() and found.moved <= np.hypot(10.0, 10.0)
    values = found.dem.values
    assert np.isnan(values[[0, -1]]).all() and np.isnan(values[:, [0, -1]]).all()
    assert np.isfinite(values).sum() * 100.0 == found.area
    # cells keep their place on the map
    out_row, out_column = divmod(found.outlet, values.shape[1])
    back = round((found.dem.x[out_column] - whole.x_left) // 10), round((found.dem.y[out_row] - whole.y_bottom) // 10)
    assert whole.values[back[1], back[0]] == pytest.approx(values[out_row, out_column], rel=1e-11)

    grid = found.grid()
    w = Watershed(grid, constituents=ConstituentTable([soc_pool("carbon", "mineral")]), layer_bottom=np.array([0.3]))
    FlowRouter(w, method="d8")
    assert w.drainage_area[found.outlet] == found.area - 100.0  # the outlet itself is boundary
    assert (grid.x_of_node[found.outlet], grid.y_of_node[found.outlet]) == (
        found.dem.x[out_column],
        found.dem.y[out_row],
    )


def test_sub_catchment_is_the_same_cut_from_the_dem_or_from_the_cut(tmp_path):
    whole = jacksboro_dem()
    x, y = whole.x[150], whole.y[200]
    first = cut_catchment(whole, x, y, snap=4)
    cells = first.area / whole.dx**2
    assert cells > 10
    row, column = divmod(first.outlet, first.dem.shape[1])
    inside = ndimage.binary_fill_holes(np.isfinite(first.dem.values))
    assert inside.sum() == cells  # no holes
    path = tmp_path / "whole.nc"
    write_raster(path, whole, name="elevation", units="m")
    again = catchment_from_dem(path, (first.dem.x[column], first.dem.y[row]), snap=0.0)
    assert again.moved == 0.0 and again.area == first.area
    np.testing.assert_array_equal(np.isnan(again.dem.values), np.isnan(first.dem.values))


def test_what_cannot_be_says_so(tmp_path):
    with pytest.raises(ValueError, match="no water can leave the DEM"):
        Drainage.of(Raster(np.full((5, 5), np.nan), 10.0, 10.0))
    with pytest.raises(ValueError, match="outside the DEM"):
        cut_catchment(dem(), 0.0, 0.0)
    path = tmp_path / "degrees.nc"
    write_raster(path, replace(dem(), dx=1e-3, dy=1e-3, x_left=9.0, y_bottom=50.0, crs="EPSG:4326"))
    with pytest.raises(ValueError, match="in degrees"):
        catchment_from_dem(path, (9.01, 50.01))


def written(tmp_path, whole: Raster, name: str = "dem.nc"):
    path = tmp_path / name
    write_raster(path, whole, name="elevation", units="m")
    return path


def inner_stream(drainage: Drainage) -> tuple[int, int]:
    """The cell with the largest area at least three cells from the edge."""
    inner = np.zeros_like(drainage.area)
    inner[3:-3, 3:-3] = drainage.area[3:-3, 3:-3]
    row, column = np.unravel_index(np.argmax(inner), inner.shape)
    return int(row), int(column)


def test_watershed_from_a_dem(tmp_path):
    """The front door: a watershed, its report, its streams; Landlab's and our components work on it."""
    whole = dem()
    row, column = inner_stream(Drainage.of(whole))
    w = watershed_c.Watershed.from_dem(written(tmp_path, whole), (whole.x[column], whole.y[row]), snap=0.0)
    catchment = w.catchment
    cells = round(catchment.area / 100.0)
    assert str(catchment).startswith(
        f"catchment of {catchment.area / 1e6:.4g} km2 ({cells:,} cells of 10 m), outlet at ("
    )
    assert "moved 0 m to the stream" in str(catchment)
    assert w.cells.size == cells - 1 and w.outlets.tolist() == [catchment.outlet]
    watershed_c.FlowRouter(w, method="d8")
    assert w.drainage_area[catchment.outlet] == pytest.approx(w.cells.size * 100.0)
    drainage = catchment.drainage()
    np.testing.assert_array_equal(drainage.area.ravel()[w.cells], w.drainage_area[w.cells])
    assert set(np.unique(drainage.basins())) == {0, 1}
    assert drainage.streams(3000.0).sum() > 0
    trapped, cut = drainage.sinks(), catchment.drainage(depressions="breach").sinks()
    assert len(trapped) > 2 and cut == []


def test_sub_basins_of_chosen_outlets():
    drainage = Drainage.of(dem())
    row, column = inner_stream(drainage)
    lower = row * 45 + column
    donors = drainage.order[drainage.receiver[drainage.order] == lower]
    upper = int(donors[np.argmax(drainage.area.ravel()[donors])])
    label = drainage.basins([lower, upper])
    sizes = np.bincount(label.ravel())
    assert sizes[1] >= sizes[2] > 0 and sizes[0] > 0
    assert 100.0 * (sizes[1] + sizes[2]) == drainage.area[row, column]
    assert 100.0 * (label == label.ravel()[upper]).sum() == drainage.area.ravel()[upper]


@pytest.mark.parametrize("by", ["area", "map"])
def test_the_outlet_goes_to_the_nearest_stream(tmp_path, by):
    """By threshold, or to the cells of a map; without them to the largest within the distance."""
    whole = dem()
    path, drainage = written(tmp_path, whole), Drainage.of(whole)
    row, column = inner_stream(drainage)
    threshold = 0.2 * drainage.area[row, column]
    drawn = drainage.streams(threshold)
    streams = threshold
    if by == "map":
        streams = written(tmp_path, whole.with_values(drawn.astype(float)), "streams.nc")
    rows, columns = np.nonzero(drawn[1:-1, 1:-1])
    dry = (row + 3, column + 3) if not drawn[row + 3, column + 3] else (row + 3, column - 3)
    at = (whole.x[dry[1]], whole.y[dry[0]])
    found = catchment_from_dem(path, at, snap=80.0, streams=streams)
    nearest = 10.0 * np.hypot(rows + 1 - dry[0], columns + 1 - dry[1]).min()
    assert found.moved == pytest.approx(nearest) and found.moved > 0.0
    with pytest.raises(ValueError, match="no stream within 0 m of the outlet .* raise snap"):
        catchment_from_dem(path, at, snap=0.0, streams=streams)


def test_a_catchment_that_goes_on_beyond_the_dem_says_so():
    """A valley whose upper end is cut off by the edge of the map."""
    y, x = np.indices((12, 9))
    z = Raster(1.0 * y + 3.0 * abs(x - 4), 10.0, 10.0)
    found = cut_catchment(z, z.x[4], z.y[2], snap=0)
    assert found.fed_from_beyond > 0 and "goes on beyond the DEM" in str(found)
    basin = np.hypot(y - 5.5, x - 4.0)
    assert (
        cut_catchment(Raster(np.where(y == 0, -x * 0.1, 5.0 - basin + 9.0), 10.0, 10.0), 45.0, 35.0).fed_from_beyond
        == 0
    )


def test_what_the_front_door_refuses(tmp_path):
    whole = dem()
    path = written(tmp_path, whole)
    row, column = inner_stream(Drainage.of(whole))
    at = (whole.x[column], whole.y[row])
    shifted = written(tmp_path, replace(whole, x_left=whole.x_left + 5.0), "shifted.nc")
    with pytest.raises(ValueError, match="map of streams .*shifted.nc does not fit .*: is shifted by 5 east"):
        catchment_from_dem(path, at, streams=shifted)
    drainage = Drainage.of(whole)
    ridge = np.argwhere(drainage.area[1:-1, 1:-1] == 100.0)[0] + 1
    with pytest.raises(ValueError, match="nothing drains to the outlet"):
        watershed_c.Watershed.from_dem(path, (whole.x[ridge[1]], whole.y[ridge[0]]), snap=0.0)
    with pytest.raises(ValueError, match="does not exist"):
        watershed_c.Watershed.from_dem(tmp_path / "none.nc", at)


@pytest.mark.parametrize(("name", "cells"), [("jacksboro-7", 35), ("jacksboro-1", 61)])
def test_the_built_in_catchments_are_cut_off_by_the_edge_of_their_dem(name, cells):
    """As their pages say: the DEM ends where they go on."""
    found = jacksboro(name)
    assert found.fed_from_beyond == cells and "goes on beyond the DEM" in str(found)
