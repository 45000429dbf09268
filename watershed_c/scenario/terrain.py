"""Terrains that come with the program, and cutting a catchment out of a DEM."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.io.rasters import Raster, crs_name, is_geographic, read_raster
from watershed_c.kernels.flow_routing import label_upstream
from watershed_c.scenario.drainage import Drainage

#: m; mean radius of the Earth (IUGG 1980)
EARTH_RADIUS = 6_371_008.8
#: contained sub-catchments of the Jacksboro DEM: name -> (longitude, latitude of the outlet, degrees; area, km2)
JACKSBORO_CATCHMENTS = {"jacksboro-7": (-84.230, 36.732, 45.2), "jacksboro-1": (-84.110, 36.599, 117.2)}
#: m; cell size the 3-arc-second DEM is resampled to
JACKSBORO_CELL = 90.0
#: degrees; west, east, south, north edge of that DEM, as the file states them
JACKSBORO_BOUNDS = (-84.41375, -84.07791667, 36.44625, 36.73291667)
#: cells within which a named outlet is snapped to the largest stream
SNAP_CELLS = 2


@dataclass(frozen=True)
class Catchment:
    """A catchment cut out of a DEM, with a collar of one cell.

    Attributes
    ----------
    dem : Raster
        NaN outside.
    outlet : int
        Node of the outlet in ``dem`` (row-major from the south-west).
    area : float, m2
    moved : float, m
        How far the outlet was moved to the stream.
    """

    dem: Raster
    outlet: int
    area: float
    moved: float

    def grid(self) -> Any:
        """A Landlab grid with its elevation: core inside, the outlet open, the rest closed."""
        from landlab import RasterModelGrid

        dem = self.dem
        grid = RasterModelGrid(
            dem.shape, xy_spacing=(dem.dx, dem.dy), xy_of_lower_left=(float(dem.x[0]), float(dem.y[0]))
        )
        inside = ~np.isnan(dem.values.ravel())
        grid.add_field("topographic__elevation", np.where(inside, dem.values.ravel(), 0.0), at="node", units="m")
        status = np.where(inside, grid.BC_NODE_IS_CORE, grid.BC_NODE_IS_CLOSED).astype(np.uint8)
        status[self.outlet] = grid.BC_NODE_IS_FIXED_VALUE
        grid.status_at_node = status
        return grid


@cache
def jacksboro_dem() -> Raster:
    """The Jacksboro fault DEM (Tennessee, SRTM, 3 arc seconds) that matplotlib ships, bilinear on square cells of 90 m.

    Equidistant cylindrical map with the DEM's middle latitude as standard parallel, on a sphere.
    """
    from matplotlib import cbook
    from scipy.ndimage import map_coordinates

    with np.errstate(all="ignore"):
        sample: Any = cbook.get_sample_data("jacksboro_fault_dem.npz")
    elevation = np.asarray(sample["elevation"], dtype=np.float64)[::-1]  # the file starts in the north
    rows, columns = elevation.shape
    west, east, south, north = JACKSBORO_BOUNDS
    middle_latitude, middle_longitude = 0.5 * (south + north), 0.5 * (west + east)
    metres_per_degree = np.pi / 180.0 * EARTH_RADIUS
    width = (east - west) * metres_per_degree * np.cos(np.radians(middle_latitude))
    height = (north - south) * metres_per_degree
    ncols, nrows = int(width // JACKSBORO_CELL), int(height // JACKSBORO_CELL)
    x = (np.arange(ncols) + 0.5) * JACKSBORO_CELL
    y = (np.arange(nrows) + 0.5) * JACKSBORO_CELL
    # cell centres of the file are half a cell inside its bounds
    row, column = y / height * rows - 0.5, x / width * columns - 0.5
    grid = np.meshgrid(np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1), indexing="ij")
    values = map_coordinates(elevation, grid, order=1)
    crs = (
        'PROJCS["Jacksboro equidistant cylindrical",GEOGCS["Sphere",DATUM["Sphere",'
        f'SPHEROID["Sphere",{EARTH_RADIUS},0]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],'
        f'PROJECTION["Equirectangular"],PARAMETER["standard_parallel_1",{middle_latitude:.10f}],'
        f'PARAMETER["central_meridian",{middle_longitude:.10f}],PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]'
    )
    left = (west - middle_longitude) * metres_per_degree * np.cos(np.radians(middle_latitude))
    bottom = south * metres_per_degree
    return Raster(values, JACKSBORO_CELL, JACKSBORO_CELL, left, bottom, crs)


def jacksboro(name: str) -> Catchment:
    """A named sub-catchment of :func:`jacksboro_dem`."""
    longitude, latitude, _ = JACKSBORO_CATCHMENTS[name]
    dem = jacksboro_dem()
    west, east, south, north = JACKSBORO_BOUNDS
    middle_latitude, middle_longitude = 0.5 * (south + north), 0.5 * (west + east)
    metres_per_degree = np.pi / 180.0 * EARTH_RADIUS
    x = (longitude - middle_longitude) * metres_per_degree * np.cos(np.radians(middle_latitude))
    return cut_catchment(dem, x, latitude * metres_per_degree)


def catchment_from_dem(path: str | Path, outlet: tuple[float, float], *, snap: float | None = None) -> Catchment:
    """The catchment above a point of a DEM file: snapped to the stream, clipped, with a collar of one cell.

    Parameters
    ----------
    path : str or Path
        A raster (.asc, .nc, .tif) in metres.
    outlet : (x, y)
        In the coordinates of the raster.
    snap : float, m, optional
        Distance within which the outlet is moved to the largest stream; default `SNAP_CELLS` cells.

    Raises
    ------
    RasterError
        The file cannot be used.
    ValueError
        The DEM is in degrees, or the point is outside its data.
    """
    dem = read_raster(path)
    if is_geographic(dem.crs):
        raise ValueError(f"{path} is in degrees ({crs_name(dem.crs)}); a catchment needs metres: reproject it")
    return cut_catchment(dem, *outlet, snap=SNAP_CELLS if snap is None else int(snap // dem.dx))


def cut_catchment(dem: Raster, x: float, y: float, *, snap: int = SNAP_CELLS) -> Catchment:
    """The catchment above the largest stream within ``snap`` cells of a point.

    The steepest-descent network of the whole depression-filled DEM decides; cells on the edge of its data let water
    out.

    Raises
    ------
    ValueError
        The point is outside the DEM.
    """
    nrows, ncols = dem.shape
    column, row = int((x - dem.x_left) // dem.dx), int((y - dem.y_bottom) // dem.dy)
    if not (0 <= row < nrows and 0 <= column < ncols) or np.isnan(dem.values[row, column]):
        raise ValueError(f"the outlet ({x:g}, {y:g}) is outside the DEM")
    drainage = Drainage.of(dem)
    area = drainage.area.ravel()
    rows, columns = np.mgrid[
        max(1, row - snap) : min(nrows - 1, row + snap + 1), max(1, column - snap) : min(ncols - 1, column + snap + 1)
    ]
    nearby = (rows * ncols + columns).ravel()
    outlet = int(nearby[np.argmax(area[nearby])])
    labels = np.zeros(area.size, dtype=np.int64)
    labels[outlet] = 1
    label_upstream(drainage.order, drainage.receiver, labels)
    inside = labels == 1
    mask = inside.reshape(dem.shape)
    used_rows, used_columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    bottom, top = used_rows[0] - 1, used_rows[-1] + 2
    left, right = used_columns[0] - 1, used_columns[-1] + 2
    values = np.full((top - bottom, right - left), np.nan)
    clip_bottom, clip_left = max(bottom, 0), max(left, 0)
    block = np.where(mask, dem.values, np.nan)[clip_bottom:top, clip_left:right]
    values[clip_bottom - bottom :, clip_left - left :][: block.shape[0], : block.shape[1]] = block
    clipped = Raster(values, dem.dx, dem.dy, dem.x_left + left * dem.dx, dem.y_bottom + bottom * dem.dy, dem.crs)
    outlet_row, outlet_column = divmod(outlet, ncols)
    moved = float(np.hypot((outlet_column - column) * dem.dx, (outlet_row - row) * dem.dy))
    return Catchment(
        clipped,
        int((outlet_row - bottom) * values.shape[1] + outlet_column - left),
        float(inside.sum()) * dem.dx * dem.dy,
        moved,
    )


def convex_concave_slope(
    *, length: float, width: float, height: float, cell: float, convex_share: float = 0.5
) -> Raster:
    """A slope z(x) with constant curvature: convex for ``convex_share`` of its length, concave below, level at top
    and foot.

    On the convex part z = z0 - c x^2 / 2: the analytic part. Tillage diffusion lowers it everywhere by k_til c / rho
    per pass (closed form A6 with constant
    curvature), whatever the position. The surface falls towards the south; one column of cells on each side is left
    out.
    """
    nrows, ncols = int(round(length / cell)) + 2, int(round(width / cell)) + 2
    along = (np.arange(nrows - 2) + 0.5) * cell  # distance from the divide
    convex = convex_share * length
    # slopes meet where the curvatures change sign: c1 * convex = c2 * concave; height = c1 convex^2/2 + c2 concave^2/2
    concave = length - convex
    curvature = 2.0 * height / (convex * length)
    lower_curvature = curvature * convex / concave if concave > 0.0 else 0.0
    fall = np.where(
        along <= convex,
        0.5 * curvature * along**2,
        height - 0.5 * lower_curvature * (length - along) ** 2,
    )
    values = np.full((nrows, ncols), np.nan)
    values[1:-1, 1:-1] = (height - fall)[::-1, None] + 100.0
    return Raster(values, cell, cell, 0.0, 0.0, None)
