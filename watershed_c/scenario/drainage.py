"""What a DEM says of its drainage: area, streams, basins, sinks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from watershed_c.io.rasters import Raster
from watershed_c.kernels.flow_network import find_network
from watershed_c.kernels.flow_routing import accumulate, label_upstream


@dataclass(frozen=True)
class Sink:
    """A closed depression.

    Attributes
    ----------
    row, column : int
        Its lowest cell, counted from the south-west.
    cells : int
    level : float, m
        Where it spills.
    depth : float, m
        From there to its lowest cell.
    volume : float, m3
    """

    row: int
    column: int
    cells: int
    level: float
    depth: float
    volume: float


@dataclass(frozen=True)
class Drainage:
    """Drainage of a DEM; unless an outlet is named, cells on the edge of its data let water out.

    Attributes
    ----------
    dem : Raster
    filled : (rows, cols) float64, m
        Depressions filled, or cut open; NaN where nothing is routed.
    area : (rows, cols) float64, m2
        Upslope area by the method chosen, the cell itself included; cells on the edge have none of their own.
    receiver : (n,) int64
        Steepest descent; own number on the edge and outside.
    order : (m,) int64
        Cells that drain, each before its receivers.
    """

    dem: Raster
    filled: np.ndarray
    area: np.ndarray
    receiver: np.ndarray
    order: np.ndarray

    @classmethod
    def of(
        cls,
        dem: Raster,
        method: str = "d8",
        exponent: float = 1.1,
        *,
        depressions: str = "trap",
        outlet: int | None = None,
    ) -> Drainage:
        """Route the DEM; gaps inside the data are closed: water runs round them.

        Parameters
        ----------
        dem : Raster
        method, exponent, depressions
            See :func:`watershed_c.kernels.flow_network.find_network`.
        outlet : int, optional
            The only node that lets water out, where a collar without data frames the rest.

        Raises
        ------
        ValueError
            No cell has a way out: there is no data, or no cell inside its edge.
        """
        data = ~np.isnan(dem.values)
        interior = inside_edge(dem.values) if outlet is None else data.copy()
        if outlet is not None:
            interior.ravel()[outlet] = False
        core, boundary = interior.ravel(), (data & ~interior).ravel()
        found = find_network(
            np.ascontiguousarray(dem.values.ravel()), core, boundary, dem.shape, dem.dx, dem.dy,
            method=method, exponent=exponent, depressions=depressions,
        )  # fmt: skip
        if found.order.size == 0:
            raise ValueError("no water can leave the DEM: no cell inside the edge of its data has a way out")
        area = np.empty(core.size)
        own = core * (dem.dx * dem.dy)
        accumulate(found.order, found.first, found.receivers, found.weights, own, area)
        return cls(dem, found.filled.reshape(dem.shape), area.reshape(dem.shape), found.receiver, found.order)

    def streams(self, area: float) -> np.ndarray:
        """(rows, cols) bool, cells with at least ``area`` m2 upslope."""
        return self.area >= area

    def reaches(self, streams: np.ndarray) -> np.ndarray:
        """Lowest cells of the reaches of a stream network, (r,) nodes: above where streams meet, or end.

        Parameters
        ----------
        streams : (rows, cols) bool
            From `streams`, or a map; going on downstream from every cell.
        """
        stream = streams.ravel() & (self.receiver != np.arange(self.receiver.size))
        cells = np.flatnonzero(stream)
        donors = np.bincount(self.receiver[cells], minlength=stream.size)
        below = self.receiver[cells]
        return np.asarray(cells[(donors[below] != 1) | ~stream[below]])

    def basins(self, outlets: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        """(rows, cols) int64: 1, 2, ... for what drains to each outlet before any other, the largest first; else 0.

        Parameters
        ----------
        outlets : nodes, optional
            Row-major from the south-west; cells of the edge that receive anything if not given.
        """
        label = np.zeros(self.receiver.size, dtype=np.int64)
        ends = np.unique(self.receiver[self.order] if outlets is None else np.asarray(outlets, dtype=np.int64))
        if outlets is None:
            ends = ends[self.receiver[ends] == ends]
        label[ends] = 1 + np.arange(ends.size)
        label_upstream(self.order, self.receiver, label)
        by_size = np.argsort(-np.bincount(label, minlength=ends.size + 1)[1:], kind="stable")
        rank = np.zeros(ends.size + 1, dtype=np.int64)
        rank[1 + by_size] = 1 + np.arange(ends.size)
        return rank[label].reshape(self.dem.shape)

    def sinks(self) -> list[Sink]:
        """Closed depressions, the deepest first."""
        from scipy import ndimage

        depth = np.nan_to_num(self.filled - self.dem.values, nan=0.0)
        # neighbours that are both under water stand at one level
        part, count = ndimage.label(depth > 0.0, structure=np.ones((3, 3)))
        numbers = np.arange(1, count + 1)
        if count == 0:
            return []
        lowest = ndimage.maximum_position(depth, part, numbers)
        cells = np.bincount(part.ravel())[1:]
        volume = np.asarray(ndimage.sum_labels(depth, part, numbers)) * self.dem.dx * self.dem.dy
        found = [
            Sink(
                int(row),
                int(column),
                int(cells[k]),
                float(self.filled[row, column]),
                float(depth[row, column]),
                float(volume[k]),
            )
            for k, (row, column) in enumerate(lowest)
        ]
        return sorted(found, key=lambda sink: -sink.depth)


def outside(values: np.ndarray) -> np.ndarray:
    """(rows, cols) bool, cells without data joined to the edge of the map, also over corners; gaps inside are not."""
    from scipy.ndimage import label

    empty = np.pad(np.isnan(values), 1, constant_values=True)
    parts, _ = label(empty, structure=np.ones((3, 3)))
    return np.asarray(parts == parts[0, 0])[1:-1, 1:-1]


def inside_edge(values: np.ndarray) -> np.ndarray:
    """(rows, cols) bool, cells with data whose neighbours are data or gaps inside it: water does not leave there."""
    nrows, ncols = values.shape
    data, joined = ~np.isnan(values), ~outside(values)
    interior = np.zeros_like(data)
    interior[1:-1, 1:-1] = data[1:-1, 1:-1]
    for row in (-1, 0, 1):
        for column in (-1, 0, 1):
            interior[1:-1, 1:-1] &= joined[1 + row : nrows - 1 + row, 1 + column : ncols - 1 + column]
    return interior
