"""Terrains that come with the program."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from watershed_c.io.rasters import Raster
from watershed_c.scenario.catchment import Catchment, cut_catchment

#: m; mean radius of the Earth (IUGG 1980)
EARTH_RADIUS = 6_371_008.8
#: sub-catchments of the Jacksboro DEM: name -> (longitude, latitude of the outlet, degrees; area, km2). The edge of
#: the DEM cuts both off: 35 and 61 of its cells drain into them
JACKSBORO_CATCHMENTS = {"jacksboro-7": (-84.230, 36.732, 45.2), "jacksboro-1": (-84.110, 36.599, 117.2)}
#: m; cell size the 3-arc-second DEM is resampled to
JACKSBORO_CELL = 90.0
#: degrees; west, east, south, north edge of that DEM, as the file states them
JACKSBORO_BOUNDS = (-84.41375, -84.07791667, 36.44625, 36.73291667)


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
