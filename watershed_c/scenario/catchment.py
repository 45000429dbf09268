"""Cutting the catchment of a point out of a DEM."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.io.rasters import Raster, crs_name, is_geographic, misalignment, read_raster
from watershed_c.kernels.flow_routing import NEIGHBOUR_COLUMN, NEIGHBOUR_ROW, label_upstream
from watershed_c.scenario.drainage import Drainage, inside_edge

#: cells within which an outlet is moved to the stream
SNAP_CELLS = 2


@dataclass(frozen=True)
class Catchment:
    """A catchment cut out of a DEM, with a collar of one cell. ``print`` reports it.

    Attributes
    ----------
    dem : Raster
        NaN outside.
    outlet : int
        Node of the outlet in ``dem`` (row-major from the south-west).
    area : float, m2
    moved : float, m
        How far the outlet was moved to the stream.
    fed_from_beyond : int
        Cells on the edge of the DEM's data whose steepest descent leads into the catchment: where there are any, it
        goes on beyond the DEM, and its area is too small.
    """

    dem: Raster
    outlet: int
    area: float
    moved: float
    fed_from_beyond: int = 0

    def __str__(self) -> str:
        row, column = divmod(self.outlet, self.dem.shape[1])
        cells = round(self.area / (self.dem.dx * self.dem.dy))
        told = (
            f"catchment of {self.area / 1e6:.4g} km2 ({cells:,} cells of {self.dem.dx:g} m), outlet at "
            f"({self.dem.x[column]:.10g}, {self.dem.y[row]:.10g}), moved {self.moved:.0f} m to the stream"
        )
        if self.fed_from_beyond:
            told += f"; {self.fed_from_beyond} cells on the edge of the DEM drain into it: it goes on beyond the DEM"
        return told

    def drainage(self, method: str = "d8", *, exponent: float = 1.1, depressions: str = "trap") -> Drainage:
        """Its streams, basins and sinks, all water leaving over the outlet."""
        return Drainage.of(self.dem, method, exponent, depressions=depressions, outlet=self.outlet)

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


def catchment_from_dem(
    path: str | Path,
    outlet: tuple[float, float],
    *,
    snap: float | None = None,
    streams: str | Path | float | None = None,
) -> Catchment:
    """The catchment above a point of a DEM file: snapped to the stream, clipped, with a collar of one cell.

    Parameters
    ----------
    path : str or Path
        A raster (.asc, .nc, .tif) in metres.
    outlet : (x, y)
        In the coordinates of the raster.
    snap : float, m, optional
        Distance within which the outlet is moved to the stream; default `SNAP_CELLS` cells.
    streams : path or float, optional
        What the stream is: the cells that are not 0 in a map on the grid of the DEM, or those with at least so much
        upslope area (m2); the outlet is moved to the nearest of them. If not given, it is moved to the cell with the
        largest upslope area.

    Raises
    ------
    RasterError
        A file cannot be used.
    ValueError
        The DEM is in degrees; the point is outside its data; the map of streams has another grid; no stream is near
        enough; nothing drains to the outlet.
    """
    dem = read_raster(path)
    if is_geographic(dem.crs):
        raise ValueError(f"{path} is in degrees ({crs_name(dem.crs)}); a catchment needs metres: reproject it")
    given: np.ndarray | float | None = None
    if isinstance(streams, (str, Path)):
        drawn = read_raster(streams)
        if wrong := misalignment(dem, drawn):
            raise ValueError(f"the map of streams {streams} does not fit {path}: {wrong}")
        given = np.nan_to_num(drawn.values, nan=0.0) != 0.0
    elif streams is not None:
        given = float(streams)
    found = cut_catchment(dem, *outlet, snap=SNAP_CELLS if snap is None else int(snap // dem.dx), streams=given)
    if found.area < 2.0 * dem.dx * dem.dy:
        raise ValueError(f"nothing drains to the outlet ({outlet[0]:g}, {outlet[1]:g}): move it onto the stream")
    return found


def cut_catchment(
    dem: Raster, x: float, y: float, *, snap: int = SNAP_CELLS, streams: np.ndarray | float | None = None
) -> Catchment:
    """The catchment above the stream within ``snap`` cells of a point.

    The steepest-descent network of the whole depression-filled DEM decides; cells on the edge of its data let water
    out.

    Parameters
    ----------
    dem : Raster
    x, y : float
    snap : int, cells
    streams : (rows, cols) bool, or float, m2, optional
        See :func:`catchment_from_dem`.

    Raises
    ------
    ValueError
        The point is outside the DEM, or there is no stream near it.
    """
    nrows, ncols = dem.shape
    column, row = int((x - dem.x_left) // dem.dx), int((y - dem.y_bottom) // dem.dy)
    if not (0 <= row < nrows and 0 <= column < ncols) or np.isnan(dem.values[row, column]):
        raise ValueError(f"the outlet ({x:g}, {y:g}) is outside the DEM")
    drainage = Drainage.of(dem)
    outlet = _snapped(drainage, row, column, snap, streams)
    labels = np.zeros(dem.values.size, dtype=np.int64)
    labels[outlet] = 1
    label_upstream(drainage.order, drainage.receiver, labels)
    mask = (labels == 1).reshape(dem.shape)
    used_rows, used_columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    bottom, top = used_rows[0] - 1, used_rows[-1] + 2
    left, right = used_columns[0] - 1, used_columns[-1] + 2
    values = np.full((top - bottom, right - left), np.nan)
    clip_bottom, clip_left = max(bottom, 0), max(left, 0)
    block = np.where(mask, dem.values, np.nan)[clip_bottom:top, clip_left:right]
    values[clip_bottom - bottom :, clip_left - left :][: block.shape[0], : block.shape[1]] = block
    clipped = Raster(values, dem.dx, dem.dy, dem.x_left + left * dem.dx, dem.y_bottom + bottom * dem.dy, dem.crs)
    outlet_row, outlet_column = divmod(outlet, ncols)
    return Catchment(
        clipped,
        int((outlet_row - bottom) * values.shape[1] + outlet_column - left),
        float(mask.sum()) * dem.dx * dem.dy,
        float(np.hypot((outlet_column - column) * dem.dx, (outlet_row - row) * dem.dy)),
        _fed_from_beyond(dem, mask),
    )


def _snapped(drainage: Drainage, row: int, column: int, snap: int, streams: np.ndarray | float | None) -> int:
    """Node of the stream within ``snap`` cells of a cell: the nearest of ``streams``, or the largest."""
    dem, area = drainage.dem, drainage.area.ravel()
    nrows, ncols = dem.shape
    rows, columns = np.mgrid[
        max(1, row - snap) : min(nrows - 1, row + snap + 1), max(1, column - snap) : min(ncols - 1, column + snap + 1)
    ]
    nearby = (rows * ncols + columns).ravel()
    if nearby.size == 0:  # on the edge of the map, and not to be moved
        nearby = np.array([row * ncols + column])
    if streams is None:
        return int(nearby[np.argmax(area[nearby])])
    drawn = streams if isinstance(streams, np.ndarray) else drainage.streams(streams)
    nearby = nearby[drawn.ravel()[nearby] & ~np.isnan(drainage.filled.ravel()[nearby])]
    if nearby.size == 0:
        raise ValueError(
            f"no stream within {snap * dem.dx:g} m of the outlet ({dem.x[column]:g}, {dem.y[row]:g}): raise snap"
        )
    distance = np.hypot((nearby // ncols - row) * dem.dy, (nearby % ncols - column) * dem.dx)
    return int(nearby[np.lexsort((-area[nearby], distance))[0]])


def _fed_from_beyond(dem: Raster, mask: np.ndarray) -> int:
    """Cells on the edge of the data whose steepest descent leads into ``mask``."""
    edge = ~np.isnan(dem.values) & ~inside_edge(dem.values)
    around, padded = np.pad(dem.values, 1, constant_values=np.nan), np.pad(mask, 1)
    steepest, inwards = np.zeros(dem.shape), np.zeros(dem.shape, dtype=bool)
    for r, c in zip(NEIGHBOUR_ROW, NEIGHBOUR_COLUMN, strict=True):
        part = (slice(1 + r, around.shape[0] - 1 + r), slice(1 + c, around.shape[1] - 1 + c))
        descent = (dem.values - around[part]) / np.hypot(r * dem.dy, c * dem.dx)
        steeper = descent > steepest  # false beside nodata
        steepest[steeper], inwards[steeper] = descent[steeper], padded[part][steeper]
    return int((inwards & edge & ~mask).sum())
