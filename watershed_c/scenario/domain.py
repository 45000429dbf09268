"""From the domain table to a grid: elevation, which nodes are land of the catchment, where water leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from watershed_c.grid import COARSE_CELL
from watershed_c.io.rasters import Raster, RasterError, crs_name, is_geographic, read_raster
from watershed_c.kernels.two_receivers import GRASS_STRIP, OUTSIDE, RIVER
from watershed_c.scenario import catchment as catchments
from watershed_c.scenario import drainage, messages, terrain
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.schema import Synthetic

#: Landlab node status: core, open boundary with fixed elevation, closed
CORE, OPEN, CLOSED = 0, 1, 4
BUILTIN = "builtin:"
#: degrees; a cell this small is an angle, not metres
LARGEST_DEGREE_CELL = 0.1


@dataclass(frozen=True)
class Grid:
    """The grid of a run.

    Attributes
    ----------
    terrain : Raster
        Elevation of the nodes, m; NaN outside the catchment.
    dem : Raster
        The whole DEM, on whose grid maps are given.
    first_row, first_column : int
        Where the south-west node of the grid lies in the DEM (may be -1: a collar was added).
    status : (n,) uint8
        Landlab node status.
    moved : float, m
        How far the outlet was moved to the stream.
    latitude : float or None
        Degrees north, where the terrain knows it.
    channel : (n,) bool or None
        Cells that the map domain.channel, or the rivers of domain.parcels, make channel.
    codes : (n,) int64 or None
        Land codes of domain.parcels.
    """

    terrain: Raster
    dem: Raster
    first_row: int
    first_column: int
    status: np.ndarray
    moved: float = 0.0
    latitude: float | None = None
    channel: np.ndarray | None = None
    codes: np.ndarray | None = None

    @property
    def soil(self) -> np.ndarray:
        """(n,) bool, cells of the catchment that have land use and soil: those the map of channels leaves."""
        return self.core if self.channel is None else self.core & ~self.channel

    @property
    def core(self) -> np.ndarray:
        """(n,) bool, cells of the catchment."""
        return self.status == CORE

    def node(self, row: int, column: int) -> int:
        """The node of a cell of the DEM, counted from 0 in the south-west; -1 where the grid has none."""
        row, column = row - self.first_row, column - self.first_column
        inside = 0 <= row < self.terrain.shape[0] and 0 <= column < self.terrain.shape[1]
        return row * self.terrain.shape[1] + column if inside else -1

    def window(self, values: np.ndarray) -> np.ndarray:
        """(n,) part of a map of the DEM (rows, cols) that belongs to the grid; NaN beyond the DEM."""
        out = np.full(self.terrain.shape, np.nan)
        rows = np.arange(out.shape[0]) + self.first_row
        columns = np.arange(out.shape[1]) + self.first_column
        in_rows = (rows >= 0) & (rows < values.shape[0])
        in_columns = (columns >= 0) & (columns < values.shape[1])
        out[np.ix_(in_rows, in_columns)] = values[np.ix_(rows[in_rows], columns[in_columns])]
        return out.ravel()


def build_grid(check: Checker) -> Grid | None:
    """The grid of the scenario, or None and problems."""
    domain = check.scenario.domain
    grid = _synthetic(domain.synthetic) if domain.synthetic is not None else _from_dem(check)
    if grid is None:
        return None
    if grid.terrain.dx > COARSE_CELL:
        check.warnings.append(
            f"cells of {grid.terrain.dx:g} m: slopes are damped and tillage curvature is lost above {COARSE_CELL:g} m"
        )
    gaps = np.isnan(grid.terrain.values) & ~drainage.outside(grid.terrain.values)
    if gaps.any() and grid.codes is None:
        row, column = (int(where[0]) for where in np.nonzero(gaps))
        check.warnings.append(
            f"domain.dem: {gaps.sum():,} cells without data inside the catchment (first at x "
            f"{grid.terrain.x[column]:g}, y {grid.terrain.y[row]:g}) are left out, and water runs round them"
        )
    return grid if domain.channel is None else _with_channel(check, grid, domain.channel)


def _with_channel(check: Checker, grid: Grid, written: str) -> Grid:
    """The grid with the cells that the map of channels marks; no data in that map is no channel."""
    key = ("domain", "channel")
    raster = check.map(key, written, None, grid.dem)
    if raster is None:
        return grid
    channel = grid.core & (np.nan_to_num(grid.window(raster.values), nan=0.0) != 0.0)
    if grid.channel is not None:
        channel |= grid.channel
    if not channel.any():
        check.warnings.append(f"domain.channel: {written} marks no cell of the catchment")
    elif channel[grid.core].all():
        hint = "Cells of the channel have a number other than 0, all others 0 or no data."
        check.add(key, written, "marks every cell of the catchment: none is left that has soil.", hint)
        return grid
    return replace(grid, channel=channel)


def _synthetic(table: Synthetic) -> Grid:
    if table.kind == "plane":
        nrows, ncols = round(table.length / table.cell_size) + 2, round(table.width / table.cell_size) + 2
        values = np.full((nrows, ncols), np.nan)
        along = (np.arange(nrows - 2) + 0.5) * table.cell_size
        values[1:-1, 1:-1] = 100.0 + table.height / table.length * along[:, None]
        dem = Raster(values, table.cell_size, table.cell_size)
    else:
        dem = terrain.convex_concave_slope(
            length=table.length, width=table.width, height=table.height, cell=table.cell_size,
            convex_share=table.convex_share,
        )  # fmt: skip
    values = dem.values.copy()
    # water leaves over the foot, all along it
    values[0, 1:-1] = 2.0 * values[1, 1:-1] - values[2, 1:-1] if values.shape[0] > 3 else values[1, 1:-1] - 1e-3
    status = np.where(np.isnan(values), CLOSED, CORE).astype(np.uint8)
    status[0, 1:-1] = OPEN
    dem = replace(dem, values=values)
    return Grid(dem, dem, 0, 0, status.ravel())


def _from_dem(check: Checker) -> Grid | None:
    domain = check.scenario.domain
    key = ("domain", "dem")
    assert domain.dem is not None
    if domain.dem.startswith(BUILTIN):
        name = domain.dem.removeprefix(BUILTIN)
        if name not in terrain.JACKSBORO_CATCHMENTS:
            names = ", ".join(BUILTIN + n for n in terrain.JACKSBORO_CATCHMENTS)
            hint = messages.nearest_hint(name, terrain.JACKSBORO_CATCHMENTS)
            check.add(key, domain.dem, f"is not a terrain of the program; there are {names}.", hint)
            return None
        catchment = terrain.jacksboro(name)
        status = _closed(catchment.dem, [catchment.outlet])
        latitude = terrain.JACKSBORO_CATCHMENTS[name][1]
        return Grid(catchment.dem, catchment.dem, 0, 0, status, catchment.moved, latitude)
    try:
        dem = read_raster(check.path(domain.dem))
    except RasterError as error:
        missing = "does not exist" in str(error)
        hint = f"Paths start at the scenario file: looked for {check.path(domain.dem)}." if missing else ""
        check.add(key, domain.dem, str(error), hint)
        return None
    if dem.crs is None and domain.crs is not None:
        dem = replace(dem, crs=domain.crs)
    if not _fit_for_erosion(check, dem):
        return None
    return _at_outlet(check, dem) if domain.parcels is None else _within_parcels(check, dem, domain.parcels)

def _fit_for_erosion(check: Checker, dem: Raster) -> bool:
    written = check.scenario.domain.dem
    key = ("domain", "dem")
    before = len(check.problems)
    if is_geographic(dem.crs) or (dem.dx < LARGEST_DEGREE_CELL and abs(dem.x_left) <= 360.0):
        name = f" ({crs_name(dem.crs)})" if dem.crs else f" (cells of {dem.dx:g})"
        zone = int((dem.x_left + 180.0) // 6.0) + 1
        utm = f"EPSG:{326 if dem.y_bottom >= 0.0 else 327}{zone:02d}" if 1 <= zone <= 60 else "EPSG:..."
        hint = f"Reproject it: gdalwarp -t_srs {utm} -tr 10 10 -r bilinear {written} dem_metres.tif"
        check.add(key, written, f"is in degrees{name}. Erosion needs metres.", hint)
    elif abs(dem.dx - dem.dy) > 1e-3 * dem.dx:
        check.add(key, written, f"has cells of {dem.dx:g} x {dem.dy:g} m; they must be square.", "Resample it.")
    valid = dem.values[~np.isnan(dem.values)]
    if valid.size == 0:
        check.add(key, written, "has no data: every cell is nodata.")
    elif not np.isfinite(valid).all() or valid.min() < -500.0 or valid.max() > 9000.0:
        hint = "Is a nodata value not declared in the file, or are heights in centimetres?"
        check.add(key, written, f"has elevations from {valid.min():g} to {valid.max():g} m; -500 to 9000.", hint)
    return len(check.problems) == before


def _at_outlet(check: Checker, dem: Raster) -> Grid | None:
    outlet = check.scenario.domain.outlet
    if isinstance(outlet, list):
        return _catchment(check, dem, *outlet)
    around = np.pad(dem.values, 1, constant_values=np.nan)
    padded = Raster(around, dem.dx, dem.dy, dem.x_left - dem.dx, dem.y_bottom - dem.dy, dem.crs)
    # not cells round a gap inside; the outermost ring of the padded map has no data
    edge = ~np.isnan(around) & ~drainage.inside_edge(around)
    if outlet == "edges":
        nodes = np.flatnonzero(edge)
    else:
        where = np.flatnonzero(edge)
        nodes = where[[np.argmin(padded.values.ravel()[where])]]
    status = _closed(padded, nodes)
    if not (status == CORE).any():
        check.add(("domain", "dem"), check.scenario.domain.dem, "leaves no cell of land inside its edges.")
        return None
    return Grid(padded, dem, -1, -1, status)


def _within_parcels(check: Checker, dem: Raster, written: str) -> Grid | None:
    """The land that a map of parcels has, with heights beyond it, over which water leaves."""
    key = ("domain", "parcels")
    raster = check.map(key, written, None, dem)
    if raster is None:
        return None
    codes = np.nan_to_num(np.pad(raster.values, 1, constant_values=0.0), nan=0.0).ravel()
    if (wrong := codes[(codes != np.round(codes)) | (codes < GRASS_STRIP) | (codes > 1e9)]).size:
        hint = "0 outside, above 0 fields, -1 river, -2 road, -3 forest, -4 pasture, -5 open water, -6 grass strip."
        check.add(key, written, f"has {wrong[0]:g}, which is no land code.", hint)
        return None
    codes = codes.astype(np.int64)
    around = np.pad(dem.values, 1, constant_values=np.nan)
    heights, land, river = np.isfinite(around.ravel()), codes != OUTSIDE, codes == RIVER
    if lacking := int((land & ~heights).sum()):
        check.add(key, written, f"has {lacking:,} cells in which the DEM has no data.")
        return None
    if not (land & ~river).any():
        check.add(key, written, "is 0, or river, everywhere: no cell is left that has soil.")
        return None
    status = np.where(land, CORE, np.where(heights, OPEN, CLOSED)).astype(np.uint8)
    if not (status == OPEN).any():
        _open_the_lowest(around, status, river) or _open_the_lowest(around, status, land)
    padded = Raster(around, dem.dx, dem.dy, dem.x_left - dem.dx, dem.y_bottom - dem.dy, dem.crs)
    return Grid(padded, dem, -1, -1, status, channel=river, codes=codes)


def _open_the_lowest(around: np.ndarray, status: np.ndarray, at: np.ndarray) -> bool:
    """Where a DEM ends with the land: a way out beside the lowest cell of ``at`` on its edge, a hand lower than that.

    False where none lies on the edge.
    """
    ncols, surface = around.shape[1], around.ravel()
    beside = np.array([-ncols, 1, ncols, -1])
    cells = np.flatnonzero(at)
    edge = cells[(status[cells[:, None] + beside] == CLOSED).any(axis=1)]
    if edge.size == 0:
        return False
    lowest = edge[np.argmin(surface[edge])]
    outlet = next(lowest + step for step in beside.tolist() if status[lowest + step] == CLOSED)
    status[outlet], surface[outlet] = OPEN, surface[lowest] - 0.1
    return True


def _closed(raster: Raster, outlets: np.ndarray | list[int]) -> np.ndarray:
    """(n,) Landlab status: cells with data are core, outlets open, the rest closed."""
    status = np.where(np.isnan(raster.values.ravel()), CLOSED, CORE).astype(np.uint8)
    status[outlets] = OPEN
    return status


def _catchment(check: Checker, dem: Raster, x: float, y: float) -> Grid | None:
    key = ("domain", "outlet")
    distance = check.scenario.domain.snap
    snap = catchments.SNAP_CELLS if distance is None else int(distance // dem.dx)
    try:
        found = catchments.cut_catchment(dem, x, y, snap=snap)
    except ValueError:
        right, top = dem.x_left + dem.dx * dem.shape[1], dem.y_bottom + dem.dy * dem.shape[0]
        extent = f"x {dem.x_left:g} to {right:g}, y {dem.y_bottom:g} to {top:g}"
        swapped = dem.x_left <= y <= right and dem.y_bottom <= x <= top
        hint = "Did you swap x and y?" if swapped else ""
        check.add(key, [x, y], f"lies outside the data of the DEM ({extent}).", hint)
        return None
    grid = Grid(
        found.dem,
        dem,
        round((found.dem.y_bottom - dem.y_bottom) / dem.dy),
        round((found.dem.x_left - dem.x_left) / dem.dx),
        _closed(found.dem, [found.outlet]),
        found.moved,
    )
    if found.moved > dem.dx:
        check.warnings.append(f"the outlet was moved {found.moved:.0f} m to the largest stream nearby")
    if found.fed_from_beyond:
        check.warnings.append(
            f"{found.fed_from_beyond} cells on the edge of the DEM drain into the catchment: it goes on beyond the DEM"
        )
    cells = int(grid.core.sum())
    if cells < 4:
        hint = "Move it onto the stream, or raise domain.snap."
        check.add(key, [x, y], f"drains only {cells + 1} cells.", hint)
        return None
    return grid
