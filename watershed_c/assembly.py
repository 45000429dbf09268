"""From resolved inputs to a watershed with its processes: what a run is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from watershed_c import soil_acidity, soil_minerals
from watershed_c.bedrock import Bedrock
from watershed_c.clock import Clock, Step
from watershed_c.components.base import Process
from watershed_c.components.cropping import Cropping
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.flow_routing import FlowRouter
from watershed_c.components.growth import Growth
from watershed_c.components.isotopes import IsotopeTwins
from watershed_c.components.nitrogen import Nitrogen
from watershed_c.components.nonlinear_decomposition import NonlinearDecomposition
from watershed_c.components.peat import Peat
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.coupling import Model
from watershed_c.errors import Problem, ScenarioError
from watershed_c.grid import COARSE_CELL, raster_grid
from watershed_c.initial_carbon import Initialiser, Measured, Report
from watershed_c.initial_dissolved import fill_with_dissolved
from watershed_c.initial_given import begin_with
from watershed_c.initial_isotopes import start_isotopes
from watershed_c.io.restart import fingerprint, next_month, process_arrays
from watershed_c.io.results import Place
from watershed_c.io.weather import normal_years, normals
from watershed_c.isotopes import twins
from watershed_c.kernels.climate import monthly_erosivity
from watershed_c.kernels.support_practice import PRACTICES
from watershed_c.land_units import units_of
from watershed_c.machine import give_back_memory
from watershed_c.management.cycle import Climatology
from watershed_c.management.library import load_library
from watershed_c.management.tables import UnitTables, build_units
from watershed_c.pools import CompiledPoolModel, PoolModel, load_model
from watershed_c.pools.loader import is_shipped
from watershed_c.pools.priming import primed
from watershed_c.processes import annual_erosivity, climate_of, erosivity_shares, processes_of
from watershed_c.scenario.constituent_rows import rows_beside_pools
from watershed_c.scenario.inputs import Inputs, on_nodes
from watershed_c.state import Watershed
from watershed_c.unused import unused

COARSE_NOTE = (
    "cells of {size:g} m: slopes are damped and curvature is lost, so soil loss on steep ground, tillage erosion and "
    "deposition within fields are underestimated; read patterns, not absolute rates"
)


@dataclass
class Assembly:
    """A watershed, its processes and what belongs to them.

    Attributes
    ----------
    inputs : Inputs
        Gone once :meth:`let_inputs_go` was called.
    scenario : Scenario
    model : Model
    pools : PoolModel
    tables : UnitTables
    cycle_months : int
        Common cycle of climate and rotations.
    place : Place
    warnings : list of str
    """

    inputs: Inputs
    model: Model
    pools: PoolModel
    tables: UnitTables
    cycle_months: int
    place: Place
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scenario, self.potassium = self.inputs.scenario, self.inputs.column.potassium
        self._fingerprint = ""

    @property
    def watershed(self) -> Watershed:
        """The watershed of the model."""
        return self.model.watershed

    @property
    def note(self) -> str:
        """What the cell size cannot show; empty where it is fine enough."""
        return COARSE_NOTE.format(size=self.watershed.dx) if self.watershed.dx > COARSE_CELL else ""

    def fingerprint(self) -> str:
        """SHA-256 of all that decides the numbers of a run: the scenario but its folder and threads, and every array
        read.
        """
        if self._fingerprint:
            return self._fingerprint
        inputs, pools, processes = self.inputs, self.pools, self.model.processes
        read = [getattr(part, name) for part in (inputs.land, inputs.column, inputs.climate) for name in vars(part)]
        arrays = [value for value in (*read, *vars(self.tables).values()) if isinstance(value, np.ndarray)]
        arrays += [inputs.elevation, inputs.status, *pools.deciding_arrays()]
        if inputs.atmosphere is not None:
            arrays += [inputs.atmosphere.c14, inputs.atmosphere.c13]
        arrays += [] if inputs.series_erosivity is None else [inputs.series_erosivity]
        arrays += [source.amounts for source in inputs.fallout.values()]
        own = (
            *(inputs.parcels or ()), inputs.ktc, inputs.cover, inputs.practice, inputs.ponds, inputs.drains,
            inputs.channel, inputs.peat, *(inputs.methane or ()),
        )  # fmt: skip
        arrays += [value for value in own if isinstance(value, np.ndarray)]
        cropping, decomposition = processes["cropping"], processes.get("decomposition")
        assert isinstance(cropping, Cropping)
        arrays += [cropping.inputs, cropping.amendment]
        arrays += [] if self.tables.surface is None else list(vars(self.tables.surface).values())
        arrays += [array for change in cropping.changes.values() for array in change]
        if decomposition is not None:
            arrays.append(decomposition.coefficients)  # type: ignore[attr-defined]
        for process in processes.values():
            if isinstance(process, Growth | Nitrogen):
                arrays += process.deciding_arrays()
        scenario = inputs.scenario.with_({"output.dir": "-", "numerics.threads": 1}).to_toml()
        self._fingerprint = fingerprint(scenario + repr(self.tables.tillage), arrays)
        return self._fingerprint

    def let_inputs_go(self) -> None:
        """Free what was read, 250 B per node, once the model has it and the fingerprint is taken: steps need none."""
        self.fingerprint()
        del self.inputs
        give_back_memory()

    def citations(self) -> list[str]:
        """What the processes and the carbon model ask to be cited."""
        entries = [process._cite_as.strip() for process in self.model.processes.values() if process._cite_as.strip()]
        entries += [self.pools.citations[key] for key in self.pools.sources if key in self.pools.citations]
        return list(dict.fromkeys(entries))


def assemble(inputs: Inputs) -> Assembly:
    """Build the watershed of a scenario, its soil filled, its carbon not yet there.

    Raises
    ------
    ScenarioError
        A process cannot work with what the scenario gives it.
    """
    scenario = inputs.scenario
    name = scenario.carbon.model
    pools = load_model(name if is_shipped(name) else scenario.file(name))
    if (priming := scenario.processes.decomposition.priming) is not None and isinstance(pools, CompiledPoolModel):
        pools = primed(pools, priming)
    tables = _units(inputs)
    watershed = _watershed(inputs, pools, tables)
    _fill(watershed, inputs, tables)
    try:
        processes = processes_of(watershed, inputs, pools, tables)
    except ValueError as error:  # what processes say of their parameters
        raise ScenarioError(Problem(scenario._file, key="processes", expectation=f"{error}.")) from error
    start, end = scenario.time.start, scenario.time.end
    clock = Clock(
        int(start[:4]), int(end[:4]), int(start[5:7]) - 1, int(end[5:7]) - 1, scenario.time.steps_per_month
    )
    assembly = Assembly(
        inputs, Model(watershed, processes, clock), pools, tables, _common_cycle(inputs, watershed, tables),
        Place(inputs.terrain.x, inputs.terrain.y, _wkt(inputs.terrain.crs)),
    )  # fmt: skip
    warnings = [*inputs.warnings, *unused(inputs, pools)]
    warnings += [warning for process in processes.values() for warning in process.warnings]
    if clock.steps_per_month > 1 and getattr(processes.get("decomposition"), "scheme", "") == "sequential_exponential":
        warnings.append(
            f"months are computed in {clock.steps_per_month} steps: what was made for whole months (topsoil moisture "
            "deficit, input after decay) then works within them, and RothC is not step-convergent (docs/coupling.md)"
        )
    if assembly.note:  # it says once what domain and processes say of coarse cells each for itself
        warnings = [assembly.note, *(w for w in warnings if not w.startswith("cells of "))]
    assembly.warnings = list(dict.fromkeys(warnings))
    return assembly


def initialise(
    assembly: Assembly, *, carbon_of: str | Path | None = None, watch: Callable[[Step], None] | None = None
) -> Report:
    """Bring the assembled watershed to its initial carbon by the scenario's method; the run can begin.

    A climate of years is replaced by its normals, see :func:`watershed_c.io.weather.normals`.

    Parameters
    ----------
    carbon_of : path, optional
        ``restart.nc`` of another run on the same grid and layers: begin with its carbon, the isotopes of it, plant
        input, water and solutes instead, whatever the scenario's method.
    watch : callable of a step
        Called after each step of the control run before the start.

    Raises
    ------
    ScenarioError
        The file to begin with does not fit.
    ModelFailure
        No steady state is found.
    """
    assembly.fingerprint()  # of what was read, before the initialisation changes what is made of it
    inputs, watershed, model = assembly.inputs, assembly.watershed, assembly.model
    if carbon_of is None and inputs.scenario.carbon.initial.file is not None:
        carbon_of = inputs.scenario.file(inputs.scenario.carbon.initial.file)
    top = inputs.layer_bottom - inputs.column.thickness
    share = np.clip((inputs.soc_depth - top) / inputs.column.thickness, 0.0, 1.0)
    measured = Measured(on_nodes(inputs.column.soc) @ share, inputs.soc_depth, on_nodes(inputs.column.substratum_soc))
    forcing, processes = normals(inputs.climate), dict(model.processes)
    if forcing is not inputs.climate:
        processes["climate"] = climate_of(watershed, inputs, forcing)
    cycle, peat = assembly.cycle_months, processes.pop("peat", None)
    initialiser = Initialiser(watershed, processes, assembly.pools, model.clock, cycle, measured, watch)
    with _without_twins(processes) as isotopes, _peat_as_mineral(watershed, processes), _soil_renewed(watershed):
        missing: list[str] = []
        if carbon_of is None:
            report = _initial_carbon(assembly, initialiser)
        else:
            report, missing = begin_with(Path(carbon_of), initialiser)
            growth = processes.get("growth")
            if isinstance(growth, Growth) and growth.refer_to(process_arrays(Path(carbon_of), "growth")):
                report.lines.append("given yields are those of the mean year of that run")
                if next_month(Path(carbon_of)) in (None, model.clock.start_month):
                    growth.go_on_from(process_arrays(Path(carbon_of), "growth"))
    inverted = report.method == "inversion" or inputs.scenario.carbon.plant_input == "inverted"
    if report.method in ("steady", "inversion") and inverted and share[-1] < 1.0:
        report.lines.append(_below_matched(assembly, 1.0 - share))
    if forcing is not inputs.climate:
        own = f"means of the record's first {normal_years(inputs.climate)} years"
        report.lines.append(f"climate before the start: {own if inputs.climate.before is None else 'the normals'}")
    if isinstance(peat, Peat):
        report.lines.append(f"{peat.cells.size} cells of peat: drift and plant input above take them for mineral soil")
        if carbon_of is None:
            peat.start_from(on_nodes(inputs.column.soc), measured.substratum)
            slowest = assembly.pools.pools[assembly.pools.slowest]
            report.lines.append(f"peat begins with its measured SOC, all of it {slowest}")
        else:
            peat.go_on_from(process_arrays(Path(carbon_of), "peat"))
    with _soil_renewed(watershed):
        fill = partial(fill_with_dissolved, watershed, processes, model.clock, cycle)
        if carbon_of is None or not watershed.doc.any():
            fill(only_isotopes=False)
            if carbon_of is not None and watershed.doc.any():
                report.lines.append("DOC: a steady state, that run had none")
        if isotopes is not None:
            rows = [watershed.constituents.names[row] for rows in isotopes.rows.values() for row in rows]
            rows += [f"doc_{isotope}" for isotope in watershed.dissolved_isotopes]
            if carbon_of is not None and set(missing).isdisjoint(rows):
                report.lines.append("isotopes: those of that run")
            else:
                since = inputs.scenario.carbon.isotopes.since
                report.lines += start_isotopes(
                    initialiser, isotopes, since, processes.get("dissolved_carbon"), partial(fill, only_isotopes=True)
                )
    router = model.processes.get("flow_routing")
    if isinstance(router, FlowRouter):
        router.route()
    for process in model.processes.values():
        process.start_afresh()
    return report


@contextmanager
def _without_twins(processes: dict[str, Process]) -> Iterator[IsotopeTwins | None]:
    """While carbon is sought its isotopes are left out; they are given."""
    decomposition = processes.get("decomposition")
    if not isinstance(decomposition, Decomposition | NonlinearDecomposition):
        yield None
        return
    twins, decomposition.twins = decomposition.twins, None
    try:
        yield twins
    finally:
        decomposition.twins = twins


@contextmanager
def _soil_renewed(watershed: Watershed) -> Iterator[None]:
    """Before the run soil on rock is as deep as it is when it begins: what is lost is renewed from below."""
    bedrock = watershed.bedrock
    if bedrock is None:
        yield
        return
    bedrock.renewed = True
    try:
        yield
    finally:
        bedrock.renewed = False


@contextmanager
def _peat_as_mineral(watershed: Watershed, processes: dict[str, Process]) -> Iterator[None]:
    """While carbon is sought the pools of peat turn over like others: its own balance has no steady state."""
    decomposition = processes.get("decomposition")
    if not isinstance(decomposition, Decomposition) or decomposition.cells is watershed.cells:
        yield
        return
    own, decomposition.cells = decomposition.cells, watershed.cells
    try:
        yield
    finally:
        decomposition.cells = own
        peat = np.setdiff1d(watershed.cells, own)
        watershed.respired[peat], watershed.doc_produced[peat] = 0.0, 0.0  # which nothing writes in a run


def _below_matched(assembly: Assembly, share: np.ndarray) -> str:
    """How much carbon lies below the depth to which the stock is matched, and how much the scenario says; share (L)."""
    w, inputs = assembly.watershed, assembly.inputs
    stock = w.stocks[w.cells][:, :, w.constituents.of_group("soc")].sum(axis=2)
    found, said = (10.0 * float((layers @ share).mean()) for layers in (stock, inputs.column.soc[w.cells]))
    return (
        f"only the stock to {100.0 * inputs.soc_depth:g} cm is matched: below, to {100.0 * inputs.layer_bottom[-1]:g} "
        f"cm, the steady state has {found:.1f} t C/ha where the scenario has {said:.1f}"
    )


def _initial_carbon(assembly: Assembly, initialiser: Initialiser) -> Report:
    carbon = assembly.inputs.scenario.carbon
    initial, match = carbon.initial, carbon.plant_input == "inverted"
    if "decomposition" not in assembly.model.processes:
        return initialiser.passive(on_nodes(assembly.inputs.column.soc))
    if initial.method == "steady":
        return initialiser.steady(match=match)
    if initial.method == "inversion":
        return initialiser.inversion()
    if initial.method == "stable_cells":
        return initialiser.stable_cells()
    assert initial.years is not None and initial.history_class is not None
    natural = np.full(assembly.watershed.unit.size, assembly.tables.unit(initial.history_class), dtype=np.int64)
    return initialiser.history(initial.years, natural)


def _climatology(inputs: Inputs) -> Climatology:
    forcing, annual = inputs.climate, annual_erosivity(inputs)
    rain = forcing.climatology(forcing.precipitation)
    shares = erosivity_shares(inputs)
    if annual is None:
        assert forcing.erosivity is not None
        erosivity = forcing.climatology(forcing.erosivity)
    else:
        erosivity = annual * shares if shares is not None else monthly_erosivity(annual, rain)
    return Climatology(forcing.climatology(forcing.temperature), rain, erosivity)


def _units(inputs: Inputs) -> UnitTables:
    carbon, chosen = inputs.scenario.carbon, inputs.scenario.processes
    return build_units(
        inputs.rotations, load_library(), layer_bottom=inputs.layer_bottom, climate=_climatology(inputs),
        belowground=carbon.belowground, roots=carbon.roots, prescribed=carbon.plant_input == "prescribed",
        prior_land_use=chosen.water_erosion.prior_land_use, surface=chosen.surface_residues.enabled,
        single=inputs.land.recorded, by_year=inputs.by_year,
        depth_exponent=chosen.tillage_erosion.depth_exponent,
        speed_exponent=chosen.tillage_erosion.speed_exponent,
    )  # fmt: skip


def _common_cycle(inputs: Inputs, watershed: Watershed, tables: UnitTables) -> int:
    """Months in which climate and the rotations that are there before the start come round together."""
    units = set(np.unique(watershed.unit[watershed.cells]).tolist())
    if (before := inputs.scenario.carbon.initial.history_class) is not None:
        units.add(tables.unit(before))
    return math.lcm(*(int(tables.cycle_months[unit]) for unit in units))


def _watershed(inputs: Inputs, pools: PoolModel, tables: UnitTables) -> Watershed:
    terrain, scenario = inputs.terrain, inputs.scenario
    grid = raster_grid(
        terrain.shape, xy_spacing=(terrain.dx, terrain.dy), xy_of_lower_left=(float(terrain.x[0]), float(terrain.y[0]))
    )
    grid.add_field("topographic__elevation", np.nan_to_num(inputs.elevation), at="node", units="m")
    grid.status_at_node = inputs.status
    rows = [
        soc_pool(name, carrier, text)
        for name, carrier, text in zip(pools.pools, pools.carriers, pools.long_names, strict=True)
    ]
    for isotope in scenario.carbon.isotopes.chosen:
        rows += twins(rows[: len(pools.pools)], isotope)
    rows += rows_beside_pools(scenario, inputs.calendars.values())
    return Watershed(
        grid, constituents=ConstituentTable(rows), layer_bottom=inputs.layer_bottom, channel=inputs.channel,
        units=len(tables.names), pools=len(pools.pools), residues=scenario.processes.surface_residues.enabled,
        nitrogen=scenario.processes.nitrogen.enabled, acid=soil_acidity.comes(inputs),
        minerals=soil_minerals.followed(inputs),
        dissolved_isotopes=scenario.carbon.isotopes.chosen if scenario.processes.dissolved_carbon.enabled else (),
        check_every_process=scenario.numerics.ledger == "process",
    )  # fmt: skip


def _fill(watershed: Watershed, inputs: Inputs, tables: UnitTables) -> None:
    """Soil, carbonate and land use; organic carbon comes with the initialisation."""
    column, land, scenario = inputs.column, inputs.land, inputs.scenario
    w = watershed
    w.reference[:] = on_nodes(column.mineral)
    if column.depth is not None:
        rock = scenario.soil.weathering
        w.bedrock = Bedrock(
            w.reference.copy(), on_nodes(column.above_rock), w.reference, layer_bottom=w.layer_bottom,
            rate=0.0 if rock is None else rock.rate, scale=1.0 if rock is None else rock.e_folding_depth,
        )  # fmt: skip
    w.mineral[:] = w.reference
    if column.coarse_fragments is not None:
        w.coarse_fragments = on_nodes(column.coarse_fragments)
    w.bulk_density[:] = on_nodes(column.bulk_density)
    w.clay[:] = on_nodes(column.clay)
    if column.erodibility is not None:
        w.erodibility[:] = on_nodes(column.erodibility)
    if scenario.soil.sic is not None:
        share = scenario.soil.sic.lithogenic
        for row, part in (("sic_lithogenic", share), ("sic_pedogenic", 1.0 - share)):
            k = w.constituents.index(row)
            w.stocks[:, :, k] = part * on_nodes(column.sic)
            w.substratum[:, k] = part * on_nodes(column.substratum_sic)
    soil_minerals.fill(w, inputs)
    if "acidity" in w.constituents.groups:
        soil_acidity.fill(w, inputs)
    if "texture" in w.constituents.groups:
        assert column.sand is not None
        clay, sand = on_nodes(column.clay), on_nodes(column.sand)
        for k, share in zip(w.constituents.of_group("texture"), (clay, 1.0 - clay - sand, sand), strict=True):
            w.stocks[:, :, k] = w.mineral * share[:, None]
            w.substratum[:, k] = np.where(w.is_soil, share, 0.0)
    for name, tracer in scenario.tracers.items():
        depth = w.layer_bottom[-1] if tracer.initial_depth is None else tracer.initial_depth
        mass = w.mineral * np.clip((depth - w.layer_top) / column.thickness, 0.0, 1.0)
        total = mass.sum(axis=1, keepdims=True)
        share = np.divide(mass, total, out=np.zeros_like(mass), where=total > 0.0)
        w.stocks[:, :, w.constituents.index(name)] = tracer.initial * share
    inside = w.cells
    w.unit[inside] = units_of(inputs, tables, land.index[inside], land.offset[inside])
    w.field[inside] = land.field[inside]
    for name, rotation in inputs.rotations.items():
        w.units.practice_factor[tables.units_of(name)] = rotation.practice_factor
        w.units.practice[tables.units_of(name)] = PRACTICES.index(rotation.practice)


def _wkt(crs: str | None) -> str:
    """CRS as WKT where it is known or rasterio can tell; else empty."""
    if not crs or crs.lstrip().upper().startswith(("PROJ", "GEOG")):
        return crs or ""
    try:
        from rasterio.crs import CRS
    except ImportError:
        return ""
    return str(CRS.from_user_input(crs).to_wkt())
