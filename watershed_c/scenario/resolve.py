"""From a validated scenario to the arrays a run starts from: every file read, every number checked."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from watershed_c.constituents import TRACERS, Fallout
from watershed_c.errors import ScenarioError
from watershed_c.io.climate import ClimateTableError, MonthlyForcing, read_climate
from watershed_c.io.climate_checks import WET, WETTEST_YEAR, wettest_year
from watershed_c.io.rasters import Raster
from watershed_c.io.weather import as_series, change, generated, means, trend
from watershed_c.isotopes import Atmosphere
from watershed_c.kernels.evapotranspiration import lacking
from watershed_c.kernels.parcel_network import ParcelLand
from watershed_c.ledger import KINDS
from watershed_c.management.calendar import Calendar
from watershed_c.names import AGE_MAPS, OUTPUT
from watershed_c.pools.base import PoolModel
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.loader import ModelError, available_models, is_shipped, load_model
from watershed_c.scenario import messages
from watershed_c.scenario.artificial_drainage import drained_cells
from watershed_c.scenario.checker import Checker
from watershed_c.scenario.domain import Grid, build_grid
from watershed_c.scenario.erosivity import erosivity_of_series
from watershed_c.scenario.isotopes import atmosphere_of
from watershed_c.scenario.land import LandUse, known_classes, land_use, rotations, worked_depth
from watershed_c.scenario.management import Rotation
from watershed_c.scenario.memory import (
    BASE_MEMORY,
    predicted_memory,
    words_of_ages,
    words_of_erosion,
    words_of_peat,
    words_of_sideways,
)
from watershed_c.scenario.parcels import coefficient_map, parcel_land
from watershed_c.scenario.peat import peat_cells
from watershed_c.scenario.processes import PROCESS_NAMES, WITHIN
from watershed_c.scenario.schema import Scenario
from watershed_c.scenario.soil import Column, SoilReader
from watershed_c.scenario.tracers import read_tracers
from watershed_c.units import HOURS_PER_YEAR


@dataclass(frozen=True)
class Inputs:
    """What a run starts from, on the grid of the catchment (docs/architecture.md: units inside, node order of Landlab).

    n nodes, L layers; floats are NaN and integers -1 outside the catchment.

    Attributes
    ----------
    scenario : Scenario
    terrain : Raster
        Elevation (rows, cols), m, row 0 = south; carries dx, dy, x_left, y_bottom, crs.
    status : (n,) uint8
        Landlab node status: 0 core, 1 open boundary, 4 closed.
    channel : (n,) bool
        Cells that the map domain.channel makes channel: land and column have nothing there.
    land : LandUse
        `names`, and (n,) `index`, `field`, `offset`.
    rotations : dict of str to Rotation
        By land-use class, those of single crops included (and that of carbon.initial.history_class).
    calendars : dict of str to Calendar
    column : Column
        `thickness` (L) m; `clay`, `sand`, `ph`, `erodibility`, `biodiffusivity`, `base_conductivity` (n) or None;
        `bulk_density` (n, L) kg m-3; `soc`, `sic` (n, L) kg C m-2; `mineral` (n, L) kg m-2; `substratum_soc`,
        `substratum_sic` (n) kg C per kg mineral.
    soc_depth : float, m
        Depth to which SOC was measured.
    climate : MonthlyForcing
        At `reference_elevation`, the change of the scenario applied.
    reference_elevation : float, m
    latitude : float, degrees north
    points : dict of str to int
        Nodes of output.points.
    fallout : dict of str to Fallout
        By tracer.
    atmosphere : Atmosphere or None
        Of isotopes; None where there are none.
    drains : (n,) int64 or None
        Place in processes.artificial_drainage.system of the drains of each node, -1 without; None where that is off.
    memory : float
        Bytes a run is predicted to need.
    warnings : tuple of str
    parcels : ParcelLand or None
        What land use says in flux decomposition.
    ktc : (n,) or None
        Transport capacity coefficient of cells that have one of their own, NaN elsewhere.
    series_erosivity : (12,) MJ mm ha-1 h-1, or None
        Of the months of the mean year, from a series of rain.
    peat : (n,) kg C m-2 yr-1, or None
        Net carbon loss of peat: NaN by the water table, infinite where there is none; None where that is off.
    """

    scenario: Scenario
    terrain: Raster
    status: np.ndarray
    channel: np.ndarray
    land: LandUse
    rotations: dict[str, Rotation]
    calendars: dict[str, Calendar]
    column: Column
    soc_depth: float
    climate: MonthlyForcing
    reference_elevation: float
    latitude: float
    points: dict[str, int]
    drains: np.ndarray | None
    fallout: dict[str, Fallout]
    atmosphere: Atmosphere | None
    memory: float
    warnings: tuple[str, ...]
    parcels: ParcelLand | None = None
    ktc: np.ndarray | None = None
    series_erosivity: np.ndarray | None = None
    peat: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols)."""
        return self.terrain.shape

    @property
    def elevation(self) -> np.ndarray:
        """(n,) m; NaN outside the catchment."""
        return self.terrain.values.ravel()

    @property
    def active(self) -> np.ndarray:
        """(n,) bool, cells of the catchment (core nodes)."""
        return np.asarray(self.status == 0)

    @property
    def layer_bottom(self) -> np.ndarray:
        """(L,) m."""
        return np.cumsum(self.column.thickness)


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
    pools = _names(check)
    _needs(check)
    _output(check, overwrite)
    forcing = _climate(check)
    series_erosivity = erosivity_of_series(check)
    found, calendars = rotations(check)
    grid = build_grid(check)
    if grid is None:
        check.done()
        raise AssertionError("a grid that is missing has a problem")
    memory = _memory(check, grid, len(pools), available_memory)
    _carbon_file(check, grid, pools)
    points = _points(check, grid)
    latitude = _latitude(check, grid)
    fallout = read_tracers(check)
    atmosphere = atmosphere_of(check, found)
    land = land_use(check, grid, found)
    # without land use the soil is read all the same, as far as it does not go by class: its problems belong in the list
    column = SoilReader(check, grid, land.groups() if land is not None else None, known_classes(found)).column()
    worked_depth(check, calendars)
    parcels = None if land is None else parcel_land(check, grid, land, known_classes(found))
    ktc = coefficient_map(check, grid, parcels) if scenario.processes.water_erosion.enabled else None
    drains = drained_cells(check, grid, land.groups() if land is not None else None, known_classes(found))
    peat = peat_cells(check, land.groups() if land is not None else None, known_classes(found))
    check.done()
    assert column is not None and forcing is not None and land is not None
    reference = scenario.climate.reference_elevation
    if reference is None:
        reference = float(grid.terrain.values.ravel()[grid.core].mean())
    depth = scenario.soil.soc.depth if scenario.soil.soc.depth is not None else float(column.thickness.sum())
    return Inputs(
        scenario, grid.terrain, grid.status, grid.core & ~grid.soil, land, found, calendars, column, depth, forcing,
        reference, latitude, points, drains, fallout, atmosphere, memory, tuple(check.warnings), parcels, ktc,
        series_erosivity, peat,
    )  # fmt: skip


# -- names and needs ---------------------------------------------------------------------------------------------------


def _names(check: Checker) -> tuple[str, ...]:
    """Names that must exist; returns those of the pools of the carbon model."""
    scenario = check.scenario
    pools: tuple[str, ...] = ()
    model: PoolModel | None = None
    try:
        name = scenario.carbon.model
        model = load_model(name if is_shipped(name) else check.path(name))
        pools = model.pools
        if not model.couples:
            check.add(("carbon", "model"), name, "cannot run in a watershed.", model.caution)
        _soil_of_model(check, model)
        if scenario.processes.peat.enabled and not isinstance(model, CompiledPoolModel):
            check.add(("processes", "peat"), "", f"is for linear carbon models; {name} is not.")
        if scenario.carbon.isotopes.chosen and not isinstance(model, CompiledPoolModel):
            check.add(("carbon", "isotopes"), "", f"are of linear carbon models; {name} is not.")
        moisture = scenario.processes.decomposition.moisture
        if scenario.processes.decomposition.buried == "material" and not _declines_with_depth(model):
            check.add(
                ("processes", "decomposition", "buried"), "material",
                f"is for carbon models with a depth factor; {name} has none that soil could carry along.",
            )  # fmt: skip
        law = model.law("moisture") if isinstance(model, CompiledPoolModel) else ""
        if law != "rothc" and moisture != type(moisture)():
            check.add(
                ("processes", "decomposition", "moisture"), "",
                f"has variants of RothC's moisture law; {name} has a law of its own.",
            )  # fmt: skip
    except ModelError as error:
        known = available_models()
        folder = is_shipped(scenario.carbon.model) or (check.path(scenario.carbon.model) / "model.toml").is_file()
        text = "; ".join(error.problems) if folder else f"is not a carbon model; there are {', '.join(known)}."
        hint = "" if folder else messages.nearest_hint(scenario.carbon.model, known)
        check.add(("carbon", "model"), scenario.carbon.model, text, hint)
    for number, name in enumerate(scenario.output.maps):
        if name in AGE_MAPS:
            _needs_of_ages(check, number, name, model)
        elif name in TRACERS and name not in scenario.tracers:
            check.add(("output", "maps", number), name, f"needs [tracers.{name}].")
        elif name not in OUTPUT and name not in TRACERS:
            hint = messages.nearest_hint(name, OUTPUT) or f"There are: {', '.join(OUTPUT)}."
            check.add(("output", "maps", number), name, "is not a variable of the results.", hint)
    taken = dict.fromkeys(("climate", "cropping", "tracers", *PROCESS_NAMES), "a process of the program")
    taken |= dict.fromkeys(KINDS, "a kind of ledger term")
    for number, custom in enumerate(scenario.processes.custom):
        key = ("processes", "custom", number)
        called = custom.name or custom.import_path.rpartition(":")[2]
        if called in taken:
            check.add((*key, "name"), called, f"is {taken[called]}.", "Give this process a name of its own.")
        elif custom.enabled:
            taken[called] = "another of the processes.custom"
        if custom.after not in PROCESS_NAMES:
            hint = messages.nearest_hint(custom.after, PROCESS_NAMES) or f"There are: {', '.join(PROCESS_NAMES)}."
            check.add((*key, "after"), custom.after, "is not a process.", hint)
        if custom.enabled:
            module_name, _, class_name = custom.import_path.partition(":")
            try:
                module = importlib.import_module(module_name)
            except ImportError as error:
                check.add((*key, "import"), custom.import_path, f"cannot be imported: {error}.")
                continue
            if not hasattr(module, class_name):
                hint = messages.nearest_hint(class_name, dir(module))
                check.add((*key, "import"), custom.import_path, f"has no {class_name} in {module_name}.", hint)
    return pools


def _needs_of_ages(check: Checker, number: int, name: str, model: PoolModel | None) -> None:
    """Ages are of a linear model that runs."""
    key = ("output", "maps", number)
    if not check.scenario.processes.decomposition.enabled:
        check.add(key, name, "needs processes.decomposition.")
    elif model is not None and not isinstance(model, CompiledPoolModel):
        check.add(key, name, f"is for linear carbon models; the fluxes of {model.name} are not linear in the pools.")


def _soil_of_model(check: Checker, model: PoolModel) -> None:
    """What the carbon model wants to know of the soil."""
    soil, wanted = check.scenario.soil, set(model.properties)
    if texture := sorted(wanted & {"sand", "silt"}):
        if soil.sand is None:
            check.add(("soil", "sand"), "", f"is missing: {model.name} needs {', '.join(texture)}.")
    if "ph" in wanted and soil.ph is None:
        check.add(("soil", "ph"), "", f"is missing: {model.name} needs it.", "e.g. ph = 6.5")
    if "carbonate" in wanted and soil.sic is None:
        wrong = f"is missing: {model.name} needs the carbonate of the soil."
        check.add(("soil", "sic"), "", wrong, 'e.g. sic = { value = "0 %", as = "CaCO3" }')


def _declines_with_depth(model: PoolModel) -> bool:
    return isinstance(model, CompiledPoolModel) and any(law.factor == "depth" for law in model.dynamic)


def _needs(check: Checker) -> None:
    """Keys that one process needs of another table."""
    scenario = check.scenario
    processes, soil, climate = scenario.processes, scenario.soil, scenario.climate
    water = processes.soil_water.enabled
    erodes = processes.water_erosion.enabled or processes.tillage_erosion.enabled
    if erodes and not processes.soil_column.enabled:
        check.add(("processes", "soil_column", "enabled"), False, "must be true while water or tillage moves soil.")
    storm, erosion = processes.soil_water.storm_duration, processes.water_erosion
    if water and storm is not None and erosion.enabled and erosion.model == "musle":
        hours = HOURS_PER_YEAR * storm
        if abs(hours - erosion.storm_hours) > 1e-6 * hours:
            check.warnings.append(
                f"processes: one rain lasts {hours:.4g} h in soil_water.storm_duration and {erosion.storm_hours:g} h "
                "in water_erosion.storm_hours"
            )
    if processes.water_erosion.enabled and processes.water_erosion.model != "mmf" and soil.erodibility is None:
        check.add(("soil", "erodibility"), "", "is missing: water_erosion needs it.", "e.g. erodibility = 0.035")
    if processes.water_erosion.enabled and processes.water_erosion.enrichment.law == "swat" and not water:
        wrong = 'must be true with water_erosion.enrichment.law = "swat", which sees runoff.'
        check.add(("processes", "soil_water", "enabled"), False, wrong)
    if processes.water_erosion.enabled and processes.water_erosion.model != "rusle" and not water:
        wrong = f'must be true with water_erosion.model = "{processes.water_erosion.model}", which sees runoff.'
        check.add(("processes", "soil_water", "enabled"), False, wrong)
    if processes.water_erosion.enabled and processes.water_erosion.size_classes:
        if soil.sand is None:
            check.add(("soil", "sand"), "", "is missing: water_erosion.size_classes needs texture.")
        if soil.erodibility is not None and soil.erodibility.follows_soc:
            wrong = "cannot be true with water_erosion.size_classes: K follows texture there."
            check.add(("soil", "erodibility", "follows_soc"), True, wrong)
    if soil.erodibility is not None and soil.erodibility.follows_soc and processes.water_erosion.prior_land_use:
        check.add(
            ("soil", "erodibility", "follows_soc"), True,
            "stands for what organic matter does to soil, as does the prior-land-use sub-factor of C: one of them.",
            "Set processes.water_erosion.prior_land_use = false.",
        )  # fmt: skip
    if processes.water_erosion.enabled and not processes.flow_routing.enabled:
        check.add(("processes", "flow_routing", "enabled"), False, "must be true while water_erosion is on.")
    if processes.soil_water.enabled and soil.sand is None:
        check.add(("soil", "sand"), "", "is missing: soil_water needs it for its pedotransfer function.")
    moisture = processes.decomposition.moisture
    if processes.decomposition.enabled and moisture.opt_rmmoist > 1 and soil.sand is None:
        wrong = f"is missing: opt_rmmoist = {moisture.opt_rmmoist} needs silt, which is what clay and sand leave."
        check.add(("soil", "sand"), "", wrong)
    if processes.decomposition.enabled and moisture.form == "layered" and not processes.soil_water.enabled:
        wrong = 'must be true with decomposition.moisture.form = "layered": every layer has its own water.'
        check.add(("processes", "soil_water", "enabled"), False, wrong)
    if processes.carbonate.enabled and soil.sic is None:
        check.add(("soil", "sic"), "", "is missing: carbonate needs it.", 'e.g. sic = { value = "1 %", as = "CaCO3" }')
    for name in WITHIN:
        if not getattr(processes, name).enabled:
            continue
        if not processes.soil_water.enabled:
            check.add(("processes", "soil_water", "enabled"), False, f"must be true while {name} is on.")
        elif processes.soil_water.base_conductivity is None:
            wrong = f"is missing: {name} needs a base that holds a water table."
            hint = 'e.g. base_conductivity = "1 mm/day"'
            check.add(("processes", "soil_water", "base_conductivity"), "", wrong, hint)
    if processes.subsurface_flow.enabled and not processes.flow_routing.enabled:
        check.add(("processes", "flow_routing", "enabled"), False, "must be true while subsurface_flow is on.")
    solutes = processes.carbonate.enabled or processes.dissolved_carbon.enabled
    if solutes and not processes.soil_water.enabled:
        wrong = "must be true with carbonate or dissolved_carbon: solutes ride on water."
        check.add(("processes", "soil_water", "enabled"), False, wrong)
    initial = scenario.carbon.initial
    if initial.method == "inversion" and erodes:
        check.warnings.append(
            "carbon.initial: plain inversion reads eroded cells as low-input ones and then loses carbon that was never "
            'lost; method = "steady" includes erosion'
        )
    if climate.erosivity.annual is None and climate.erosivity.shares is not None:
        check.add(("climate", "erosivity", "shares"), "", "need annual, the erosivity they share.")


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


# -- climate -----------------------------------------------------------------------------------------------------------


def _climate(check: Checker) -> MonthlyForcing | None:
    table = check.scenario.climate
    before = len(check.problems)
    if table.constant is not None:
        constant = table.constant
        forcing = MonthlyForcing(
            np.array(constant.temperature), np.array(constant.precipitation),
            pet=None if constant.pet is None else np.array(constant.pet),
        )  # fmt: skip
    else:
        try:
            forcing = read_climate(check.path(table.source), rename=table.rename)
        except ClimateTableError as error:
            for message in error.messages:
                check.add(("climate", "source"), table.source, message)
            return None
        if table.generator is None:
            _covers(check, forcing)
    _rain(check, forcing)
    columns = [name for name, values in vars(forcing).items() if isinstance(values, np.ndarray)]
    if table.pet is not None and (wanted := lacking(table.pet, columns)):
        check.add(("climate", "pet"), table.pet, f"needs {' and '.join(wanted)}.", 'Use "thornthwaite".')
    processes = check.scenario.processes
    if processes.water_erosion.enabled and table.erosivity.method == "given":
        if table.erosivity.annual is None and forcing.erosivity is None:
            hint = 'Give annual = ... MJ mm ha-1 h-1 yr-1, or method = "renard_freimund".'
            check.add(("climate", "erosivity"), "", "is missing: water_erosion needs the rainfall erosivity R.", hint)
    days = processes.soil_water.rain_days
    drawn = table.generator.rain_days if table.generator is not None else None
    if table.generator is not None and drawn is None and forcing.wet_days is None and days is None:
        check.add(("climate", "generator", "rain_days"), "", "is missing: mean days with rain of each month.")
    elif processes.soil_water.enabled and days is None and forcing.wet_days is None and drawn is None:
        hint = "e.g. rain_days = 12, or a column wet_days in the climate table"
        check.add(("processes", "soil_water", "rain_days"), "", "is missing: days with rain in a month.", hint)
    if processes.soil_water.enabled and processes.soil_water.by_day:
        if forcing.rain_shares is None or table.generator is not None:
            wrong = "needs the days of a climate table (date, or year, month and day), which this climate has not."
            check.add(("processes", "soil_water", "by_day"), True, wrong, "Use rain_days, of a month.")
        elif check.scenario.time.steps_per_month > 1:
            check.add(("processes", "soil_water", "by_day"), True, "goes with time.steps_per_month = 1 only.")
    if len(check.problems) > before:
        return None
    return _run_climate(check, forcing)


def _run_climate(check: Checker, forcing: MonthlyForcing) -> MonthlyForcing:
    """The climate of the run: what the table says, changed, drawn at random, with its trend, as the scenario asks."""
    table, time, shift = check.scenario.climate, check.scenario.time, check.scenario.climate.change
    first = int(time.start[:4]) * 12 + int(time.start[5:7]) - 1
    # every calendar month is there, however short the run
    length = max(time.months, 12)
    by_month = shift.temperature_by_month, shift.precipitation_by_month
    kelvin, share = (np.array(each or [0.0] * 12) for each in by_month)
    forcing = change(
        forcing, temperature=shift.temperature + kelvin, precipitation=100.0 * (shift.precipitation + share),
        pet=100.0 * shift.pet, erosivity=100.0 * shift.erosivity,
    )  # fmt: skip
    if (chosen := table.generator) is not None:
        middle = forcing if forcing.is_normals else means(forcing, len(forcing) // 12)
        days: float | list[float] | np.ndarray | None = chosen.rain_days
        days = days if days is not None else middle.wet_days
        days = days if days is not None else check.scenario.processes.soil_water.rain_days
        forcing = generated(
            middle, first, length, seed=chosen.seed, persistence=chosen.persistence, shape=chosen.shape,
            wet_days=np.broadcast_to(np.asarray(days, dtype=np.float64), 12),
            every_month=chosen.totals == "month", temperature_deviation=chosen.temperature_deviation,
        )  # fmt: skip
    if shift.temperature_trend or shift.precipitation_trend:
        forcing = trend(
            as_series(forcing, first, length), first, temperature=shift.temperature_trend,
            precipitation=100.0 * shift.precipitation_trend,
        )  # fmt: skip
    return forcing


def _rain(check: Checker, forcing: MonthlyForcing) -> None:
    """Rain that no place has had; a month that few have is told."""
    rain, most = forcing.precipitation, wettest_year(forcing.precipitation)
    if most > WETTEST_YEAR:  # a table is refused when it is read
        wrong = f"comes to {most:.0f} mm in 12 months, above any year on record (26 470 mm at Cherrapunji in 1860-61)."
        check.add(("climate", "constant", "precipitation"), "", wrong)
    elif rain.max() > WET:
        check.warnings.append(
            f"climate: {rain.max():.0f} mm of rain in a month fall in few places (the record is 9 300 mm, Cherrapunji, "
            "July 1861): check the unit"
        )


def _covers(check: Checker, forcing: MonthlyForcing) -> None:
    time = check.scenario.time
    for key, text in (("start", time.start), ("end", time.end)):
        try:
            forcing.index(int(text[:4]), int(text[5:7]))
        except IndexError as error:
            check.add(("time", key), text, f"{error}.", "Shorten the run, or give normals (month 1-12).")


# -- grid --------------------------------------------------------------------------------------------------------------


def _latitude(check: Checker, grid: Grid) -> float:
    latitude = check.scenario.climate.latitude
    if latitude is None:
        latitude = grid.latitude
    if latitude is None:
        check.add(("climate", "latitude"), "", "is missing: degrees north, for the length of the day.")
        return 0.0
    return latitude


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


def _memory(check: Checker, grid: Grid, pools: int, available: float | None) -> float:
    soil = check.scenario.soil
    twins = pools * len(check.scenario.carbon.isotopes.chosen)
    rows = pools + twins + (2 if soil.sic is not None else 0) + len(check.scenario.tracers)
    layers, erosion, more = len(soil.layers), check.scenario.processes.water_erosion, 0.0
    if erosion.enabled:
        rows += 3 if erosion.size_classes else 0
        yearly = erosion.enrichment.law == "watem_c", erosion.enrichment.law == "menzel_1980", erosion.model == "mmf"
        more = words_of_erosion(
            rows, classes=5 if erosion.size_classes else 0, years=sum(yearly),
            transit=erosion.transit_mineralisation > 0.0,
        )  # fmt: skip
    if set(AGE_MAPS) & set(check.scenario.output.maps):
        more += words_of_ages(layers, pools)  # no model has more groups than pools
    if any(getattr(check.scenario.processes, name).enabled for name in WITHIN):
        more += words_of_sideways(layers)
    if check.scenario.processes.peat.enabled:
        more += words_of_peat(layers)
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
