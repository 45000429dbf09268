"""From the table of parcels to what land use says in flux decomposition."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from watershed_c.io.watem_files import BUFFER_EXTENSION
from watershed_c.kernels.flow_routing import NEIGHBOUR_COLUMN, NEIGHBOUR_ROW
from watershed_c.kernels.parcel_network import ParcelLand
from watershed_c.kernels.two_receivers import FOREST, GRASS_STRIP, OPEN_WATER, OUTSIDE, PASTURE, ROAD
from watershed_c.kernels.water_erosion import NO_LIMIT
from watershed_c.scenario import messages
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.domain import CLOSED, Grid
from watershed_c.scenario.land import LandUse
from watershed_c.scenario.toml_lines import KeyPath

#: keys of the classes that are no fields, and their land code
KINDS = {"roads": ROAD, "forest": FOREST, "pasture": PASTURE, "open_water": OPEN_WATER, "grass_strips": GRASS_STRIP}
#: directions of Landlab (E, N, W, S, NE, NW, SW, SE) by those of drawn routes: 1 to 8 clockwise from north
COMPASS = np.array([1, 4, 0, 7, 3, 6, 2, 5])
#: cover factor C of ditches and of dams (WaTEM/SEDEM)
COVER_OF_DITCHES, COVER_OF_DAMS = 0.01, 0.0
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
    if land.changes:
        wrong = f"cannot be used with land use that changes ({land.changes[0].year}): the routing would not see it."
        check.add(("processes", "flow_routing", "method"), routing.method, wrong)
    table = routing.parcels
    code = _codes(check, grid, land, classes)
    own = np.ones(code.size)
    own[code > 0] = 1.0 - table.trapped_field
    own[code == FOREST] = 1.0 - table.trapped_forest
    own[code == PASTURE] = 1.0 - table.trapped_pasture
    route, ditch, dam = _lines(check, grid)
    line = ditch | dam
    passing, kept = _buffers(check, grid, route)
    _forced(check, grid, route)
    maps = {name: _map(check, grid, name) for name in ("sewers", "tillage_direction", "furrow_height")}
    sewer = maps["sewers"]
    if sewer is not None:
        _within(check, "sewers", sewer, 0.0, 1.0)
        sewer = np.where(grid.soil, np.nan_to_num(sewer, nan=0.0), 0.0)
    if (table.tillage_direction is None) != (table.furrow_height is None):
        check.add(_KEY, "", "must have both tillage_direction and furrow_height, or neither.")
    bearing, roughness = maps["tillage_direction"], maps["furrow_height"]
    if roughness is not None:
        _within(check, "furrow_height", roughness, 0.0, 100.0)
    drawn = (route >= 0).any()
    return ParcelLand(
        code=code, own=own, connectivity=(table.to_field, table.to_forest, table.to_strip), window=table.window,
        cardinal_rivers=table.cardinal_rivers, route=route if drawn else None, line=line if line.any() else None,
        ditch=ditch if ditch.any() else None, river_route=_rivers(check, grid), passing=passing, kept=kept, sewer=sewer,
        bearing=None if bearing is None else np.where(code > 0, bearing, np.nan),
        roughness=None if roughness is None else np.nan_to_num(roughness, nan=0.0),
    )  # fmt: skip


def own_factors(
    check: Checker, grid: Grid, parcels: ParcelLand | None
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """C, P and transport capacity coefficient of cells that have their own, NaN elsewhere; None if there are none.

    What the maps say. Ditches have C 0.01 and dams 0, and on roads, open water and in ditches everything passes, as in
    WaTEM/SEDEM.
    """
    cover, practice, coefficient = (_factor(check, grid, name) for name in ("cover_map", "practice_map", "ktc_map"))
    if parcels is None:
        return cover, practice, coefficient
    passes = np.isin(parcels.code, (ROAD, OPEN_WATER))
    if parcels.line is not None:
        ditch = np.zeros(passes.size, dtype=bool) if parcels.ditch is None else parcels.ditch
        cover = np.full(passes.size, np.nan) if cover is None else cover
        cover[parcels.line], cover[ditch] = COVER_OF_DAMS, COVER_OF_DITCHES
        passes |= ditch
    if passes.any():
        coefficient = np.full(passes.size, np.nan) if coefficient is None else coefficient
        coefficient[passes] = NO_LIMIT
    return cover, practice, coefficient


def _factor(check: Checker, grid: Grid, name: str) -> np.ndarray | None:
    """The map of a key of processes.water_erosion: C and P from 0 to 1, coefficients above 0; NaN without a number."""
    written, key = getattr(check.scenario.processes.water_erosion, name), ("processes", "water_erosion", name)
    if written is None or (raster := check.map(key, written, None, grid.dem)) is None:
        return None
    found = np.where(grid.soil, grid.window(raster.values), np.nan)
    if name == "ktc_map" and (found <= 0.0).any():
        check.add(key, written, "has numbers that are not above 0; leave cells without one of their own empty.")
    elif name != "ktc_map" and (wrong := found[(found < 0.0) | (found > 1.0)]).size:
        check.add(key, written, f"has {wrong[0]:g}; its values are 0 to 1.")
    return found


def _codes(check: Checker, grid: Grid, land: LandUse, classes: set[str]) -> np.ndarray:
    """(n,) int64 land codes: those of the map of parcels, or fields by number and land without a field by its class."""
    table = check.scenario.processes.flow_routing.parcels
    if grid.codes is not None:
        for key in KINDS:
            if getattr(table, key):
                check.add((*_KEY, key), "", "stands beside domain.parcels, which says what every cell is.")
        return np.where(grid.soil, _codes_with_practices(check, grid.codes, land), OUTSIDE)
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


def _codes_with_practices(check: Checker, codes: np.ndarray, land: LandUse) -> np.ndarray:
    """Codes of the map of parcels; land of practices has that of its class in land.classes, else it is a field."""
    found, given = codes.copy(), check.scenario.land.classes
    of_words = {"grass_strips": GRASS_STRIP, "pasture": PASTURE, "forest": FOREST, "roads": ROAD}
    for number in np.unique(land.index[land.index != land.ground]):
        word = next((word for word in of_words if given.get(word) == land.names[number]), None)
        taken = (land.index == number) & (land.ground != number)
        found[taken] = codes.max() + 1 + number if word is None else of_words[word]
    return found


def _map(check: Checker, grid: Grid, name: str) -> np.ndarray | None:
    written = getattr(check.scenario.processes.flow_routing.parcels, name)
    raster = None if written is None else check.map((*_KEY, name), written, None, grid.dem)
    return None if raster is None else grid.window(raster.values)


def _within(check: Checker, name: str, values: np.ndarray, low: float, high: float) -> None:
    wrong = np.unique(values[np.isfinite(values) & ((values < low) | (values > high))])
    if wrong.size:
        written = getattr(check.scenario.processes.flow_routing.parcels, name)
        check.add((*_KEY, name), written, f"has {wrong[0]:g}; its values are {low:g} to {high:g}.")


def _lines(check: Checker, grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Receivers of ditches and dams, -1 elsewhere, and where either are."""
    ditches, dams = (_directions(check, grid, name, grid.soil) for name in ("ditches", "dams"))
    # a route does not lead to where nothing is
    return drawn_routes(ditches, dams, grid.status != CLOSED, grid.terrain.shape[1])


def _rivers(check: Checker, grid: Grid) -> np.ndarray | None:
    """Receivers of river cells whose way is drawn, -1 elsewhere; None if there are none."""
    way = _directions(check, grid, "rivers", grid.core)
    route = drawn_routes(way, np.zeros_like(way), grid.status != CLOSED, grid.terrain.shape[1])[0]
    return route if (route >= 0).any() else None


def _directions(check: Checker, grid: Grid, name: str, where: np.ndarray) -> np.ndarray:
    """(n,) int64 directions of a map of drawn routes, 0 where there is none or not ``where``."""
    values = _map(check, grid, name)
    if values is None:
        return np.zeros(where.size, dtype=np.int64)
    values = np.where(where, np.nan_to_num(values, nan=0.0), 0.0)
    if (wrong := values[(values != np.round(values)) | (values < 0.0) | (values > 8.0)]).size:
        expectation = f"has {wrong[0]:g}; directions are 1 to 8 clockwise from north, 0 where there is none."
        check.add((*_KEY, name), getattr(check.scenario.processes.flow_routing.parcels, name), expectation)
        return np.zeros(where.size, dtype=np.int64)
    return values.astype(np.int64)


def drawn_routes(
    ditches: np.ndarray, dams: np.ndarray, receives: np.ndarray, ncols: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Receivers of cells with a drawn route, -1 elsewhere, and where ditches and where dams are.

    Parameters
    ----------
    ditches, dams : (n,) int64
        Direction of flow, 1 to 8 clockwise from north, 0 where there is none; where both are, the ditch counts.
    receives : (n,) bool
        Nodes that water can flow to.
    """
    route = np.full(ditches.size, -1, dtype=np.int64)
    dams = np.where(ditches > 0, 0, dams)
    offsets = NEIGHBOUR_ROW * ncols + NEIGHBOUR_COLUMN
    direction = np.where(ditches > 0, ditches, dams)
    drawn = np.flatnonzero(direction > 0)
    target = drawn + offsets[COMPASS[direction[drawn] - 1]]
    leads = receives[target]
    route[drawn[leads]] = target[leads]
    return route, ditches > 0, dams > 0


def _forced(check: Checker, grid: Grid, route: np.ndarray) -> None:
    """Draw the routes of processes.flow_routing.parcels.forced."""
    nrows, ncols = grid.dem.shape
    for number, (column, row, to_column, to_row) in enumerate(check.scenario.processes.flow_routing.parcels.forced):
        nodes = [grid.node(nrows - down, along - 1) for along, down in ((column, row), (to_column, to_row))]
        if min(nodes) < 0 or not grid.soil[nodes[0]] or grid.status[nodes[1]] == CLOSED:
            expectation = f"leads from ({column}, {row}) to ({to_column}, {to_row}), which is not within the catchment."
            hint = f"Columns are 1 to {ncols}, rows 1 to {nrows} from the north."
            check.add((*_KEY, "forced", number), "", expectation, hint)
        else:
            route[nodes[0]] = nodes[1]


def _buffers(check: Checker, grid: Grid, route: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """What :func:`basins` finds in the map of buffers."""
    table = check.scenario.processes.flow_routing.parcels
    values = _map(check, grid, "buffers")
    if values is None:
        return None, None
    numbers = np.where(grid.soil, np.nan_to_num(values, nan=0.0), 0.0).astype(np.int64)
    trapping = {int(number): share for number, share in table.buffer_trapping.items() if number.isdecimal()}

    def wrong(number: int, expectation: str) -> None:
        hint = "A buffer has one outlet." if number in trapping else f'buffer_trapping = {{ "{number}" = "75 %" }}'
        check.add((*_KEY, "buffers"), table.buffers, expectation, hint)

    return basins(numbers, trapping, table.buffers_reduce_area, route, wrong)


def basins(
    numbers: np.ndarray, trapping: dict[int, float], reduces_area: bool, route: np.ndarray,
    wrong: Callable[[int, str], None],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Shares of the area that cells of buffers let pass and of the sediment their outlets keep, (n,), -1 elsewhere.

    Parameters
    ----------
    numbers : (n,) int64
        Number of the buffer at its outlet, number + 16384 in its other cells, 0 elsewhere.
    trapping : dict of int to float
        Share that each buffer keeps.
    reduces_area : bool
        Whether outlets hold back that share of the contributing area, too.
    route : (n,) int64
        Drawn routes: the other cells of a buffer are led to its outlet.
    wrong : callable
        Told the number of a buffer and what is wrong with it.
    """
    passing, kept = np.full(numbers.size, -1.0), np.full(numbers.size, -1.0)
    held = numbers[numbers > 0]
    for number in np.unique(np.where(held > BUFFER_EXTENSION, held - BUFFER_EXTENSION, held)).tolist():
        outlet, members = np.flatnonzero(numbers == number), np.flatnonzero(numbers == number + BUFFER_EXTENSION)
        if number not in trapping:
            wrong(number, f"has buffer {number} without trapping.")
        elif outlet.size != 1:
            wrong(number, f"has {outlet.size} cells numbered {number}.")
        else:
            route[members] = outlet[0]
            passing[members] = 1.0
            passing[outlet] = 1.0 - trapping[number] if reduces_area else 1.0
            kept[outlet] = trapping[number]
    return passing, kept
