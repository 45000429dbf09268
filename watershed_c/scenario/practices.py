"""From the tables of practices to the cells that they take, and from ponds to their nodes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from watershed_c.kernels.flow_network import Network, find_network
from watershed_c.kernels.flow_routing import accumulate, gradient
from watershed_c.scenario import messages
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.domain import CLOSED, OPEN, Grid
from watershed_c.scenario.practice import Practice
from watershed_c.scenario.toml_lines import KeyPath


@dataclass(frozen=True)
class Terrain:
    """The terrain as practices see it: one receiver a cell (D8), depressions filled, before anything has moved."""

    check: Checker
    grid: Grid

    @property
    def ncols(self) -> int:
        """Columns of the grid."""
        return self.grid.terrain.shape[1]

    @cached_property
    def surface(self) -> np.ndarray:
        """(n,) m, 0 where there is none."""
        return np.where(self.grid.status != CLOSED, self.grid.terrain.values.ravel(), 0.0)

    @cached_property
    def network(self) -> Network:
        """Of the steepest descent."""
        terrain, status = self.grid.terrain, self.grid.status
        return find_network(
            self.surface, self.grid.core, status == OPEN, terrain.shape, terrain.dx, terrain.dy, method="d8"
        )

    @cached_property
    def area(self) -> np.ndarray:
        """(n,) m2, upslope area with the cell's own."""
        found, out = self.network, np.empty(self.grid.status.size)
        own = np.where(self.grid.core, self.grid.terrain.dx * self.grid.terrain.dy, 0.0)
        accumulate(found.order, found.first, found.receivers, found.weights, own, out)
        return out

    @cached_property
    def slope(self) -> np.ndarray:
        """(n,) m m-1, by central differences."""
        terrain, active = self.grid.terrain, self.grid.status != CLOSED
        east, north = np.zeros((2, active.size))
        cells = np.flatnonzero(self.grid.core).astype(np.int64)
        gradient(cells, self.surface, active, self.ncols, terrain.dx, terrain.dy, east, north)
        return np.hypot(east, north)

    @cached_property
    def channel(self) -> np.ndarray:
        """(n,) bool, of the map, and of domain.channel_area by D8."""
        channel = np.zeros(self.grid.core.size, dtype=bool) if self.grid.channel is None else self.grid.channel.copy()
        area = self.check.scenario.domain.channel_area
        return channel if area is None else channel | (self.grid.core & (self.area >= area))

    def to_edge(self, field: np.ndarray) -> np.ndarray:
        """(n,) m, way of the water from a cell to the last of its field, -1 where there is none; channel is none."""
        found, away, terrain = self.network, np.zeros(field.size), self.grid.terrain
        field = np.where(self.channel, -1, field)
        for node in found.order[::-1].tolist():  # receivers first
            below = found.receiver[node]
            if below != node and field[below] == field[node]:
                rows, columns = below // self.ncols - node // self.ncols, below % self.ncols - node % self.ncols
                away[node] = away[below] + np.hypot(rows * terrain.dy, columns * terrain.dx)
        return np.where(field < 0, -1.0, away)


def apply_practices(
    check: Checker, grid: Grid, names: tuple[str, ...], index: np.ndarray, field: np.ndarray
) -> np.ndarray:
    """(n,) classes of the land once practices have taken theirs, in their order; what one has no other takes.

    Parameters
    ----------
    names : tuple of str
        Classes; those of practices are among them.
    index : (n,) int64
        Position in ``names`` before, -1 where there is no land.
    field : (n,) int64
    """
    found, terrain = index.copy(), Terrain(check, grid)
    free = grid.soil & (index >= 0) & ~terrain.channel
    for name, practice in check.scenario.practice.items():
        key: KeyPath = ("practice", name)
        before = len(check.problems)
        of_classes = np.zeros(index.size, dtype=bool)
        for number, one in enumerate(practice.on):
            if one in names:
                of_classes |= index == names.index(one)
            else:
                hint = messages.nearest_hint(one, names)
                check.add((*key, "on", number), one, "is no land-use class.", hint)
        if practice.land_class not in names:
            continue  # told where rotations are read
        if practice.where == "channel" and not terrain.channel.any():
            check.add((*key, "where"), "channel", "needs a channel: domain.channel, channel_area or parcels.")
            continue
        if len(check.problems) > before:
            continue
        taken = free & of_classes & _places(practice, terrain, np.where(of_classes, field, -1))
        if not taken.any():
            check.add(key, "", f"takes no cell: {_why_none(practice, terrain, of_classes & grid.soil, free)}")
            continue
        found[taken] = names.index(practice.land_class)
        free &= ~taken
        size = grid.terrain.dx * grid.terrain.dy
        told = f"practice.{name}: {int(taken.sum()):,} cells ({taken.sum() * size / 1e4:,.4g} ha) become"
        check.warnings.append(f"{told} {practice.land_class}{_as_wide(practice, grid.terrain.dx)}")
    return found


def _why_none(practice: Practice, terrain: Terrain, land: np.ndarray, free: np.ndarray) -> str:
    """Why a practice finds no cell in the land (n) that it may take, of which some is free (n)."""
    called, slope, area = " or ".join(practice.on), terrain.slope, terrain.area
    if not land.any():
        return f"none of the land is {called}."
    if not (land & ~terrain.channel).any():
        return f"all that is {called} is channel."
    if not (land & free).any():
        return f"practices before it have taken all that is {called}."
    land = land & free
    if practice.where == "slopes":
        return f"slopes of {called} are {100.0 * slope[land].min():.3g} to {100.0 * slope[land].max():.3g} %."
    if practice.where == "waterways":
        return f"at most {area[land].max() / 1e4:.3g} ha drain to a cell of {called}."
    if practice.where == "channel":
        return f"none that is {called} lies so near to the channel."
    return f"none that is {called} lies there."


def _as_wide(practice: Practice, dx: float) -> str:
    cells = max(1, round((practice.width or dx) / dx))
    width = practice.width if practice.width is not None and abs(cells * dx / practice.width - 1.0) > 0.1 else None
    return f", {cells * dx:g} m wide where {width:g} m were asked: cells are {dx:g} m" if width else ""


def _places(practice: Practice, terrain: Terrain, field: np.ndarray) -> np.ndarray:
    """(n,) bool, cells of a practice, of whatever class."""
    grid, dx = terrain.grid, terrain.grid.terrain.dx
    width = max(1, round((practice.width or dx) / dx)) * dx
    if practice.where == "slopes":
        high = np.inf if practice.max_slope is None else practice.max_slope
        return (terrain.slope >= (practice.min_slope or 0.0)) & (terrain.slope < high)
    if practice.where == "waterways":
        return (terrain.area >= (practice.area or 0.0)) & ~terrain.channel
    if practice.where == "channel":
        from scipy.ndimage import distance_transform_edt

        shape = grid.terrain.shape
        away = distance_transform_edt(~terrain.channel.reshape(shape), sampling=(grid.terrain.dy, dx))
        return np.asarray(away.ravel() < width + 0.5 * dx)
    spacing = np.inf if practice.spacing is None else practice.spacing
    if practice.where == "lines":
        bearing = np.radians(practice.angle or 0.0)
        x, y = np.meshgrid(grid.terrain.x, grid.terrain.y)
        across = (x * np.cos(bearing) - y * np.sin(bearing)).ravel()
        return np.asarray(np.mod(across - across[grid.core].min(), spacing) < width - 1e-6 * dx)
    away = terrain.to_edge(field)
    return np.asarray((away >= 0.0) & (np.mod(away, spacing) < width - 1e-6 * dx))


def pond_trapping(check: Checker, grid: Grid) -> np.ndarray | None:
    """(n,) share of the sediment that ponds keep, -1 elsewhere; None without ponds."""
    if not check.scenario.pond:
        return None
    kept, terrain = np.full(grid.core.size, -1.0), Terrain(check, grid)
    x, y = grid.terrain.x, grid.terrain.y
    for name, pond in check.scenario.pond.items():
        away = np.hypot(*np.meshgrid(x - pond.at[0], y - pond.at[1])).ravel()
        near = np.flatnonzero(grid.core & (away <= max(pond.snap, 0.75 * grid.terrain.dx)))
        if near.size == 0:
            check.add(("pond", name, "at"), pond.at, "lies outside the catchment.", "Did you swap x and y?")
            continue
        node = near[np.argmax(terrain.area[near]) if pond.snap > 0.0 else np.argmin(away[near])]
        if kept[node] >= 0.0:
            check.add(("pond", name, "at"), pond.at, "is the cell of another pond.")
        kept[node] = pond.trapping
        where = "in the channel" if terrain.channel[node] else "on land"
        drains = f"{terrain.area[node] / 1e4:,.4g} ha drain to it"
        check.warnings.append(f"pond.{name}: {where}, {drains}, {100.0 * pond.trapping:g} % of their sediment stays")
    return kept
