"""From a validated scenario to the arrays a run starts from: every file read, every number checked."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from watershed_c.errors import ScenarioError
from watershed_c.names import AGE_MAPS
from watershed_c.scenario.acid import acid_may_come
from watershed_c.scenario.appraisal import prices_known
from watershed_c.scenario.artificial_drainage import drained_cells
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.constituent_rows import rows_beside_pools
from watershed_c.scenario.domain import Grid, build_grid
from watershed_c.scenario.erosivity import erosivity_of_series
from watershed_c.scenario.farm_records import read_records
from watershed_c.scenario.forcing import climate_of, latitude_of
from watershed_c.scenario.inputs import Inputs
from watershed_c.scenario.isotopes import atmosphere_of
from watershed_c.scenario.land import known_classes, land_use, rotations, worked_depth
from watershed_c.scenario.land_history import History, read_land_table
from watershed_c.scenario.land_kept import kept_where_land_changes
from watershed_c.scenario.memory import (
    BASE_MEMORY,
    predicted_memory,
    words_of_acid,
    words_of_ages,
    words_of_dissolved_isotopes,
    words_of_erosion,
    words_of_growth,
    words_of_minerals,
    words_of_nitrogen,
    words_of_peat,
    words_of_residues,
    words_of_sideways,
)
from watershed_c.scenario.minerals import are_followed, maps_without_minerals
from watershed_c.scenario.needs import needs_of_processes, pools_of_names
from watershed_c.scenario.parcels import own_factors, parcel_land
from watershed_c.scenario.peat import peat_cells, peat_methane
from watershed_c.scenario.practices import pond_trapping
from watershed_c.scenario.processes import WITHIN
from watershed_c.scenario.schema import Scenario
from watershed_c.scenario.soil import SoilReader
from watershed_c.scenario.tracers import read_tracers
from watershed_c.scenario.warm_calendars import calendars_by_year


def resolve(scenario: Scenario, *, overwrite: bool = False, available_memory: float | None = None) -> Inputs:
    """Read and check everything a scenario points to.

    Parameters
    ----------
    scenario : Scenario
    overwrite : bool
        Accept an output folder that exists.
    available_memory : float, optional
        Bytes; asked of the system when not given.

    Raises
    ------
    ScenarioError
        Everything that is wrong.
    """
    check = Checker(scenario)
    check.warnings.extend(scenario._notes)
    pools = pools_of_names(check)
    needs_of_processes(check)
    _output(check, overwrite)
    forcing = climate_of(check)
    series_erosivity = erosivity_of_series(check)
    history = History(read_land_table(check), read_records(check))
    found, calendars = rotations(
        check, None if forcing is None else forcing.climatology(forcing.temperature), history
    )
    prices_known(check)
    grid = build_grid(check)
    if grid is None:
        check.done()
        raise AssertionError("a grid that is missing has a problem")
    salty = are_followed(scenario, calendars.values())
    if not salty:
        maps_without_minerals(check)
    layers = len(scenario.soil.layers)
    of_minerals = words_of_minerals(layers) + (0.0 if acid_may_come(scenario) else words_of_acid(layers))
    beside = len(rows_beside_pools(scenario, calendars.values()))
    memory = _memory(check, grid, len(pools), beside, available_memory, of_minerals * salty)
    _carbon_file(check, grid, pools)
    points = _points(check, grid)
    latitude = latitude_of(check, grid)
    fallout = read_tracers(check)
    atmosphere = atmosphere_of(check, found)
    land = land_use(check, grid, found, history)
    # without land use the soil is read all the same, as far as it does not go by class: its problems belong in the list
    column = SoilReader(check, grid, land.groups() if land is not None else None, known_classes(found)).column()
    worked_depth(check, calendars)
    by_year = {} if land is None or forcing is None else calendars_by_year(check, found, land, forcing)
    parcels = None if land is None else parcel_land(check, grid, land, known_classes(found))
    check.warnings += [] if land is None else kept_where_land_changes(scenario, land)
    eroding = scenario.processes.water_erosion.enabled
    cover, practice, ktc = own_factors(check, grid, parcels) if eroding else (None, None, None)
    drains = drained_cells(check, grid, land.groups() if land is not None else None, known_classes(found))
    peat = peat_cells(check, land.groups() if land is not None else None, known_classes(found))
    ponds = pond_trapping(check, grid)
    if ponds is not None and not eroding:
        check.warnings.append("pond: nothing comes to them, as processes.water_erosion is off")
    check.done()
    assert column is not None and forcing is not None and land is not None
    reference = scenario.climate.reference_elevation
    if reference is None:
        reference = float(grid.terrain.values.ravel()[grid.core].mean())
    depth = scenario.soil.soc.depth if scenario.soil.soc.depth is not None else float(column.thickness.sum())
    return Inputs(
        scenario, grid.terrain, grid.status, grid.core & ~grid.soil, land, found, calendars, column, depth, forcing,
        reference, latitude, points, drains, fallout, atmosphere, memory, tuple(check.warnings), parcels, ktc,
        series_erosivity, peat, cover, practice, ponds,
        peat_methane(check, land.groups()), by_year,
    )  # fmt: skip


def _output(check: Checker, overwrite: bool) -> None:
    folder = output_folder(check.scenario)
    if folder.is_file():
        check.add(("output", "dir"), str(folder), "is a file, not a folder.")
    elif not overwrite and folder.is_dir() and any(folder.iterdir()):
        hint = "Choose another, add --overwrite, or go on with it: watershed-c resume."
        check.add(("output", "dir"), str(folder), "exists and is not empty.", hint)


def output_folder(scenario: Scenario) -> Path:
    """The results folder, from the working folder."""
    return Path(scenario.output.dir.replace("{name}", scenario.name))


def _carbon_file(check: Checker, grid: Grid, pools: tuple[str, ...]) -> None:
    """The run whose carbon is taken has the grid, layers and pools of this one."""
    from watershed_c.io.restart import grid_of, initial_differences

    written, key = check.scenario.carbon.initial.file, ("carbon", "initial", "file")
    if written is None:
        return
    terrain, path = grid.terrain, check.path(written)
    if not path.is_file():
        check.add(key, written, "does not exist.", f"Paths start at the scenario file: looked for {path}.")
        return
    here = grid_of(
        terrain.shape, (terrain.dx, terrain.dy), (terrain.x[0], terrain.y[0]), np.cumsum(check.scenario.soil.layers)
    )
    try:
        differing = initial_differences(path, here, pools)
    except ScenarioError as error:
        differing = [(problem.expectation, problem.suggestion) for problem in error.problems]
    for text, advice in differing:
        check.add(key, written, text, advice)


def _points(check: Checker, grid: Grid) -> dict[str, int]:
    terrain, found = grid.terrain, {}
    rows, columns = terrain.shape
    for name, (x, y) in check.scenario.output.points.items():
        key = ("output", "points", name)
        column, row = (x - terrain.x_left) / terrain.dx, (y - terrain.y_bottom) / terrain.dy
        if not (0 <= column < columns and 0 <= row < rows):
            right, top = terrain.x_left + columns * terrain.dx, terrain.y_bottom + rows * terrain.dy
            swapped = terrain.x_left <= y < right and terrain.y_bottom <= x < top
            extent = f"x {terrain.x_left:g} to {right:g}, y {terrain.y_bottom:g} to {top:g}"
            check.add(key, [x, y], f"lies outside the grid ({extent}).", "Did you swap x and y?" if swapped else "")
            continue
        node = int(row) * columns + int(column)
        if not grid.core[node]:
            check.add(key, [x, y], "lies outside the catchment.")
        elif not grid.soil[node]:
            check.add(key, [x, y], "lies in the channel of domain.channel, which has no soil.")
        else:
            found[name] = node
    return found


def _memory(
    check: Checker, grid: Grid, pools: int, beside: int, available: float | None, more: float
) -> float:
    """Bytes the run needs, of which a machine that has less is told; ``beside``: constituents beside the pools."""
    rows = pools * (1 + len(check.scenario.carbon.isotopes.chosen)) + beside
    layers, erosion = len(check.scenario.soil.layers), check.scenario.processes.water_erosion
    if erosion.enabled:
        yearly = erosion.enrichment.law == "watem_c", erosion.enrichment.law == "menzel_1980", erosion.model == "mmf"
        more += words_of_erosion(
            rows, classes=5 if erosion.size_classes else 0, years=sum(yearly),
            transit=erosion.transit_mineralisation > 0.0,
        )  # fmt: skip
    if set(AGE_MAPS) & set(check.scenario.output.maps):
        more += words_of_ages(layers, pools)  # no model has more groups than pools
    if any(getattr(check.scenario.processes, name).enabled for name in WITHIN):
        more += words_of_sideways(layers)
    if check.scenario.processes.peat.enabled:
        more += words_of_peat(layers)
    if check.scenario.processes.growth.enabled:
        more += words_of_growth()
    if check.scenario.processes.surface_residues.enabled:
        more += words_of_residues(pools)
    if check.scenario.processes.nitrogen.enabled:
        more += words_of_nitrogen(layers)
    if acid_may_come(check.scenario):
        more += words_of_acid(layers) + layers  # pH, which is asked for as a rule where acid comes
    if check.scenario.processes.dissolved_carbon.enabled:
        more += words_of_dissolved_isotopes(layers, len(check.scenario.carbon.isotopes.chosen))
    needed = predicted_memory(grid.core.size, layers, rows, pools, more)
    available = free_memory() if available is None else available
    if available is not None and needed > available:
        per_cell = (needed - BASE_MEMORY) / grid.core.size / 1e3
        expectation = (
            f"needs about {needed / 1e9:.1f} GB ({grid.core.size:,} nodes x {per_cell:.1f} kB); this machine has "
            f"{available / 1e9:.1f} GB free."
        )
        check.add(("memory",), "", expectation, "Take larger cells, fewer layers or a smaller catchment.")
    return needed


def free_memory() -> float | None:
    """Bytes of memory that are free, None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return float(line.split()[1]) * 1024.0
    except OSError:
        pass
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return None
