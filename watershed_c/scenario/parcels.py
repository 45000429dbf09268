"""From the table of parcels to what land use says in flux decomposition."""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.flow_routing import NEIGHBOUR_COLUMN, NEIGHBOUR_ROW
from watershed_c.kernels.parcel_network import ParcelLand
from watershed_c.kernels.two_receivers import FOREST, GRASS_STRIP, OPEN_WATER, OUTSIDE, PASTURE, ROAD
from watershed_c.scenario import messages
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.domain import Grid
from watershed_c.scenario.land import LandUse
from watershed_c.scenario.toml_lines import KeyPath

#: keys of the classes that are no fields, and their land code
KINDS = {"roads": ROAD, "forest": FOREST, "pasture": PASTURE, "open_water": OPEN_WATER, "grass_strips": GRASS_STRIP}
#: directions of Landlab (E, N, W, S, NE, NW, SW, SE) by those of drawn routes: 1 to 8 clockwise from north
_COMPASS = np.array([1, 4, 0, 7, 3, 6, 2, 5])
#: transport capacity coefficient of roads, rivers and open water in WaTEM/SEDEM
NO_LIMIT = 9999.0
#: number of the cells of a buffer that are not its outlet, minus that of the outlet (WaTEM/SEDEM)
BUFFER_EXTENSION = 16384
_KEY: KeyPath = ("processes", "flow_routing", "parcels")


def parcel_land(check: Checker, grid: Grid, land: LandUse, classes: set[str]) -> ParcelLand | None:
    """What land use says in the routing, or None where it says nothing, or what it says has problems.

    Parameters
    ----------
    classes : names that exist, whether or not a cell has them
    """
    routing = check.scenario.processes.flow_routing
    if routing.method != "two_receivers" or not routing.enabled:
        return None
    table = routing.parcels
    code = _codes(check, grid, land, classes)
    own = np.ones(code.size)
    own[code > 0] = 1.0 - table.trapped_field
    own[code == FOREST] = 1.0 - table.trapped_forest
    own[code == PASTURE] = 1.0 - table.trapped_pasture
    route, line = _lines(check, grid)
    passing, kept = _buffers(check, grid, route)
    maps = {name: _map(check, grid, name) for name in ("sewers", "tillage_direction", "furrow_height")}
    sewer = maps["sewers"]
    if sewer is not None:
        _within(check, "sewers", sewer, 0.0, 1.0)
        sewer = np.where(grid.soil, np.nan_to_num(sewer, nan=0.0), 0.0)
    if (table.tillage_direction is None) != (table.furrow_height is None):
        check.add(_KEY, "", "must have both tillage_direction and furrow_height, or neither.")
    roughness = maps["furrow_height"]
    if roughness is not None:
        _within(check, "furrow_height", roughness, 0.0, 100.0)
    drawn = (route >= 0).any()
    return ParcelLand(
        code=code, own=own, connectivity=(table.to_field, table.to_forest, table.to_strip), window=table.window,
        cardinal_rivers=table.cardinal_rivers, route=route if drawn else None, line=line if line.any() else None,
        passing=passing, kept=kept, sewer=sewer, bearing=maps["tillage_direction"],
        roughness=None if roughness is None else np.nan_to_num(roughness, nan=0.0),
    )  # fmt: skip


def coefficient_map(check: Checker, grid: Grid, parcels: ParcelLand | None) -> np.ndarray | None:
    """Transport capacity coefficient of cells that have one of their own, NaN elsewhere; None if there are none.

    What the map says, and on roads and open water one that lets everything pass.
    """
    written, key = check.scenario.processes.water_erosion.ktc_map, ("processes", "water_erosion", "ktc_map")
    found = None
    if written is not None and (raster := check.map(key, written, None, grid.dem)) is not None:
        found = grid.window(raster.values)
        if (found[grid.soil] <= 0.0).any():
            check.add(key, written, "has numbers that are not above 0; leave cells without one of their own empty.")
    if parcels is not None and (passes := np.isin(parcels.code, (ROAD, OPEN_WATER))).any():
        found = np.full(grid.status.size, np.nan) if found is None else found
        found[passes] = NO_LIMIT
    return found


def _codes(check: Checker, grid: Grid, land: LandUse, classes: set[str]) -> np.ndarray:
    """(n,) int64 land codes: fields by number; land without a field by its class."""
    table = check.scenario.processes.flow_routing.parcels
    first = int(land.field.max(initial=-1)) + 2
    code = np.where(land.field >= 0, land.field + 1, first + land.index).astype(np.int64)
    taken: dict[str, str] = {}
    for key, value in KINDS.items():
        for number, name in enumerate(getattr(table, key)):
            if name not in land.names:
                if name not in classes:
                    hint = messages.nearest_hint(name, land.names)
                    check.add((*_KEY, key, number), name, "is no land-use class.", hint)
            elif name in taken:
                check.add((*_KEY, key, number), name, f"is among {taken[name]}, too.")
            else:
                taken[name] = key
                code[land.index == land.names.index(name)] = value
    return np.where(grid.soil & (land.index >= 0), code, OUTSIDE)


def _map(check: Checker, grid: Grid, name: str) -> np.ndarray | None:
    written = getattr(check.scenario.processes.flow_routing.parcels, name)
    raster = None if written is None else check.map((*_KEY, name), written, None, grid.dem)
    return None if raster is None else grid.window(raster.values)


def _within(check: Checker, name: str, values: np.ndarray, low: float, high: float) -> None:
    wrong = np.unique(values[np.isfinite(values) & ((values < low) | (values > high))])
    if wrong.size:
        written = getattr(check.scenario.processes.flow_routing.parcels, name)
        check.add((*_KEY, name), written, f"has {wrong[0]:g}; its values are {low:g} to {high:g}.")


def _lines(check: Checker, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Receivers of ditches and dams, -1 elsewhere, and where they are."""
    n, ncols = grid.status.size, grid.terrain.shape[1]
    route, line = np.full(n, -1, dtype=np.int64), np.zeros(n, dtype=bool)
    offsets = NEIGHBOUR_ROW * ncols + NEIGHBOUR_COLUMN
    for name in ("ditches", "dams"):
        values = _map(check, grid, name)
        if values is None:
            continue
        values = np.where(grid.soil, np.nan_to_num(values, nan=0.0), 0.0)
        if (values != np.round(values)).any() or values.min() < 0.0 or values.max() > 8.0:
            wrong = values[(values != np.round(values)) | (values < 0.0) | (values > 8.0)][0]
            expectation = f"has {wrong:g}; directions are 1 to 8 clockwise from north, 0 where there is none."
            check.add((*_KEY, name), getattr(check.scenario.processes.flow_routing.parcels, name), expectation)
            continue
        drawn = np.flatnonzero((values > 0.0) & ~line)
        target = drawn + offsets[_COMPASS[values[drawn].astype(np.int64) - 1]]
        leads = grid.status[target] != 4  # not to where nothing is
        route[drawn[leads]] = target[leads]
        line[drawn] = True
    return route, line


def _buffers(check: Checker, grid: Grid, route: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Shares of the area that cells of buffers let pass and of the sediment their outlets keep, -1 elsewhere; the cells
    of a buffer are led to its outlet.
    """
    table = check.scenario.processes.flow_routing.parcels
    values = _map(check, grid, "buffers")
    if values is None:
        return None, None
    numbers = np.where(grid.soil, np.nan_to_num(values, nan=0.0), 0.0).astype(np.int64)
    passing, kept = np.full(numbers.size, -1.0), np.full(numbers.size, -1.0)
    for number in np.unique(numbers[(numbers > 0) & (numbers < BUFFER_EXTENSION)]):
        share = table.buffer_trapping.get(str(number))
        outlet = np.flatnonzero(numbers == number)
        if share is None or outlet.size != 1:
            wrong, hint = f"has {outlet.size} cells numbered {number}.", "A buffer has one outlet."
            if share is None:
                wrong, hint = f"has buffer {number} without trapping.", f'buffer_trapping = {{ "{number}" = "75 %" }}'
            check.add((*_KEY, "buffers"), table.buffers, wrong, hint)
            continue
        members = np.flatnonzero(numbers == number + BUFFER_EXTENSION)
        route[members] = outlet[0]
        passing[members] = 1.0
        passing[outlet[0]] = 1.0 - share if table.buffers_reduce_area else 1.0
        kept[outlet[0]] = share
    return passing, kept
