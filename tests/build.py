"""A small watershed with everything in it, and every process of the model on it, for tests that need the whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from landlab import RasterModelGrid

from watershed_c.clock import Clock, Step
from watershed_c.components.artificial_drainage import ArtificialDrainage, Drains
from watershed_c.components.atmosphere_and_stream import Deposition
from watershed_c.components.base import Process
from watershed_c.components.bulk_density import BulkDensity
from watershed_c.components.carbonate import Carbonate
from watershed_c.components.climate import Climate
from watershed_c.components.cropping import Cropping
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.dissolved_carbon import DissolvedCarbon
from watershed_c.components.erodibility import ErodibilityFeedback
from watershed_c.components.flow_routing import FlowRouter
from watershed_c.components.foreign import ForeignComponent
from watershed_c.components.growth import Growth
from watershed_c.components.hydraulic_properties import HydraulicProperties, set_hydraulic_properties
from watershed_c.components.irrigation import Irrigation
from watershed_c.components.liming import Liming
from watershed_c.components.minerals import Minerals
from watershed_c.components.nitrogen import Nitrogen
from watershed_c.components.nonlinear_decomposition import NonlinearDecomposition
from watershed_c.components.peat import Peat
from watershed_c.components.soil_column import SoilColumn
from watershed_c.components.soil_water import SoilWater
from watershed_c.components.subsurface_flow import SubsurfaceFlow
from watershed_c.components.surface_residues import ResidueCover, SurfaceResidues
from watershed_c.components.texture import Texture
from watershed_c.components.tillage import Tillage
from watershed_c.components.tracers import Tracers
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.constituents import (
    ACIDITY,
    CARBONATE,
    DOLOMITE_LIME,
    GYPSUM,
    LIME,
    TEXTURE,
    TRACERS,
    ConstituentTable,
    Fallout,
    soc_pool,
)
from watershed_c.io.climate import MonthlyForcing
from watershed_c.management.cycle import Climatology
from watershed_c.management.growth import growth_tables
from watershed_c.management.library import load_library
from watershed_c.management.nitrogen import NitrogenTables, nitrogen_tables
from watershed_c.management.tables import UnitTables, build_units
from watershed_c.pools import PoolModel, load_model
from watershed_c.pools.nonlinear_model import NonlinearPoolModel
from watershed_c.state import TillageEvent, Watershed

SHAPE = (12, 14)
CELL_SIZE = 20.0
BOTTOM = np.array([0.05, 0.1, 0.25, 0.5, 1.0])
MONTH = 1.0 / 12.0
CLOCK = Clock(2001, 2003)

TEMPERATURE = np.array([-2.0, 0.0, 4.0, 9.0, 13.0, 16.0, 18.0, 18.0, 14.0, 9.0, 4.0, 0.0])
RAIN = np.array([55.0, 45, 50, 60, 75, 85, 90, 80, 65, 60, 60, 60])
EROSIVITY = np.array([5.0, 5, 15, 40, 90, 150, 180, 140, 60, 30, 15, 10])
ROTATIONS = {
    "arable": {
        "years": ["maize", "winter-wheat"],
        "event": [
            {"on": "04-15", "do": "till", "crop": "maize"},
            {"on": "04-20", "do": "manure", "carbon": 0.2, "crop": "maize"},
        ],
    },
    "forest": {"years": ["deciduous-forest"]},
}
#: a pass of a plough: unit, depth (m), share mixed, kg m-1
PASS = TillageEvent(0, 0.25, 1.0, 234.0)
CREEP = {
    "import_path": "landlab.components:LinearDiffuser",
    "params": {"linear_diffusivity": 0.02},
    "name": "creep",
    "elevation_change": "flux",
    "flux_field": "hillslope_sediment__unit_volume_flux",
}


#: pool models without linear rates
NONLINEAR = ("mimics", "millennial")


@cache
def pool_model(name: str = "rothc") -> PoolModel:
    """A shipped pool model."""
    return load_model(name)


#: pools of RothC that plant litter enters
LITTER, INERT = np.array([True, True, False, False, False]), np.array([False, False, False, False, True])


@cache
def unit_nitrogen() -> NitrogenTables:
    """Nitrogen of those units."""
    seasons, allocate = growth_tables(unit_tables()), pool_model().allocate_known
    return nitrogen_tables(unit_tables(), seasons, allocate, LITTER, INERT, 0.1, TEMPERATURE, np.ones(12))


@cache
def unit_tables(surface: bool = False) -> UnitTables:
    """Two years of crops, with each offset, and a forest: three units; ``surface``: residues stay where they fall."""
    climate = Climatology(TEMPERATURE, RAIN, EROSIVITY)
    return build_units(ROTATIONS, load_library(), layer_bottom=BOTTOM, climate=climate, surface=surface)


def grid(seed: int = 1, shape: tuple[int, int] = SHAPE, size: float = CELL_SIZE) -> RasterModelGrid:
    """A rough slope with a valley that drains over the south edge; three cells of the rectangle are outside."""
    random = np.random.default_rng(seed)
    terrain = RasterModelGrid(shape, xy_spacing=size)
    row, column = np.divmod(np.arange(terrain.number_of_nodes), shape[1])
    height = 200.0 + size * (0.06 * row + 0.03 * np.abs(column - shape[1] // 2)) + 0.5 * random.random(row.size)
    terrain.add_field("topographic__elevation", height, at="node", units="m")
    terrain.set_closed_boundaries_at_grid_edges(True, True, True, False)
    outside = np.array([shape[1] * (shape[0] - 2) + 1, shape[1] * (shape[0] - 2) + 2, shape[1] * (shape[0] - 3) + 1])
    terrain.status_at_node[outside] = terrain.BC_NODE_IS_CLOSED
    return terrain


def watershed(
    seed: int = 1, *, shape: tuple[int, int] = SHAPE, channel: bool = True, name: str = "rothc", acid: bool = True
) -> Watershed:
    """Grid, soil, the pools of a model, carbonate, a tracer, water, units and fields, with the state of a month in May.

    Every field that a process reads has a value, as if those that run before it had run; the flow network is that of
    the surface; the ledger is open.
    """
    random = np.random.default_rng(seed)
    terrain = grid(seed, shape)
    model, tables = pool_model(name), unit_tables()
    pools = [soc_pool(name, carrier) for name, carrier in zip(model.pools, model.carriers, strict=True)]
    rows = ConstituentTable([*pools, *CARBONATE, *TRACERS.values(), *TEXTURE, ACIDITY, *LIME, GYPSUM, *DOLOMITE_LIME])
    row, column = np.divmod(np.arange(terrain.number_of_nodes), shape[1])
    river = (column == shape[1] // 2) & (row < 4) if channel else None
    w = Watershed(
        terrain, constituents=rows, layer_bottom=BOTTOM, channel=river, units=len(tables.names), pools=len(model.pools),
        residues=True,
        nitrogen=True,
        acid=acid,
        minerals=acid,
    )
    cells, n = w.cells, row.size
    thickness = w.layer_bottom - w.layer_top
    w.bulk_density[cells] = random.uniform(1250.0, 1450.0, (cells.size, thickness.size))
    w.reference[cells] = w.bulk_density[cells] * thickness * 0.97
    w.mineral[:] = w.reference
    w.clay[cells] = random.uniform(0.1, 0.35, cells.size)
    w.erodibility[cells] = random.uniform(0.02, 0.05, cells.size)
    fraction = 0.02 * np.exp(-0.5 * (w.layer_top + w.layer_bottom) / 0.3)  # kg organic carbon per kg
    content = np.zeros((n, thickness.size, len(rows)))
    shares = np.array([0.005, 0.14, 0.02, 0.75, 0.085])
    if isinstance(model, NonlinearPoolModel):
        shares = np.array(model.kernel.RESIDENCE_YEARS) / sum(model.kernel.RESIDENCE_YEARS)
    count = len(pools)
    content[:, :, :count] = fraction[:, None] * shares
    content[:, :, count] = 0.004  # lithogenic carbonate carbon
    content[:, :, count + 1] = 0.0005
    content[:, :, count + 2 :] = 1e-6 * fraction[:, None]
    w.stocks[cells] = (w.mineral[:, :, None] * content * random.uniform(0.7, 1.3, content.shape))[cells]
    w.substratum[cells] = 0.3 * content[cells, -1]
    texture = rows.of_group("texture")
    content[:, :, texture] = np.stack((w.clay, 0.7 - w.clay, np.full(n, 0.3)), axis=1)[:, None]
    w.stocks[:, :, texture] = w.mineral[:, :, None] * content[:, :, texture]
    w.substratum[np.ix_(cells, texture)] = content[cells, -1][:, texture]
    # water has just taken some soil here, and left some there
    taken, laid = cells[3::7], cells[::7]
    w.mineral[taken, 0] *= 0.99
    w.stocks[taken, 0] *= 0.99
    w.deposit_mineral[laid] = 2.0
    w.deposit[laid] = 2.0 * content[laid, 0]
    clay = np.maximum(w.clay, 0.1)[:, None]
    organic = np.broadcast_to(fraction, w.water.shape)
    set_hydraulic_properties(w, sand=np.full((n, 1), 0.3), clay=clay, organic_carbon=organic)
    w.water[cells] *= random.uniform(0.7, 1.0, (cells.size, 1))
    w.groundwater[cells], w.snow[cells] = 40.0, 3.0
    w.doc[cells], w.dic[cells], w.calcium[cells] = 1e-3, 2e-3, 3e-3
    if acid:
        w.sulfate[cells], w.magnesium[cells], w.groundwater_sulfate[cells] = 1e-3, 1e-4, 1e-3
        w.groundwater_magnesium[cells] = 1e-4
        w.strong_acid[cells], w.groundwater_acid[cells] = 5e-3, 4e-3
    w.nitrogen[cells], w.groundwater_nitrogen[cells] = 1e-3, 2e-3
    w.groundwater_doc[cells], w.groundwater_dic[cells], w.groundwater_calcium[cells] = 1e-4, 1e-3, 2e-3
    # land use: forest along the valley, a field of crops on either side
    side = np.sign(column - shape[1] // 2) * (np.abs(column - shape[1] // 2) > 1)
    w.unit[:] = np.choose(side + 1, (tables.unit("arable", 0), tables.unit("forest"), tables.unit("arable", 1)))
    w.field[cells] = np.choose(side + 1, (1, -1, 2))[cells]
    # the month
    w.temperature[cells], w.precipitation[cells], w.pet[cells] = 13.0, 75.0, 80.0
    w.erosivity[cells] = 90.0
    w.deficit[cells] = -5.0
    w.runoff[cells] = random.uniform(0.0, 10.0, cells.size)
    w.percolation[cells] = random.uniform(5.0, 20.0, (cells.size, thickness.size))
    w.baseflow[cells] = w.percolation[cells, -1]
    w.evapotranspiration[cells] = 60.0
    w.residue[cells, :2], w.residue_cover[cells], w.residue_nitrogen[cells] = (0.1, 0.15), 2.0, 4e-3
    w.respired[cells] = 0.02 * thickness
    w.doc_produced[cells] = 2e-4 * thickness
    Cropping(w, tables=tables, allocate=model.allocate_known, first_year=2001).run_one_step(MONTH)
    w.units.tillage[:] = [PASS, TillageEvent(1, 0.1, 0.5, 69.0, 0.9)]
    w.at(CLOCK.step(4))
    FlowRouter(w).run_one_step(MONTH)
    w.ledger.open()
    return w


def following(w: Watershed) -> dict[str, object]:
    """Hydraulic properties that follow carbon, and their conductivity, at the water the soil has."""
    clay = np.maximum(w.clay, 0.1)[:, None]
    properties = HydraulicProperties(w, sand=np.full(clay.shape, 0.3), clay=clay)
    properties.evaluate(0.9 * properties.present_content())
    return {"conductivity": properties.conductivity, "properties": properties}


def erodibility(w: Watershed) -> ErodibilityFeedback:
    """Erodibility that follows carbon, of which a tenth has been lost since the start."""
    feedback = ErodibilityFeedback(w, law=lambda carbon: 0.05 - carbon)
    feedback.start_afresh()
    feedback.first_carbon /= 0.9
    return feedback


def soaked(w: Watershed) -> dict[str, np.ndarray]:
    """A conductivity, and a water table for it to act on."""
    full = w.field_capacity + 0.9 * (w.saturation - w.field_capacity)
    w.water[w.cells, 2:] = full[w.cells, 2:]
    w.ledger.start_afresh()
    return {"conductivity": np.full(w.water.shape, 1e5)}


def irrigated(w: Watershed) -> Irrigation:
    """A month with 30 mm of hard water, of which a quarter never reached the ground, on the cells of one unit."""
    w.irrigate()
    assert w.irrigation is not None
    w.irrigation.brought[:] = np.where((w.unit == 0) & w.is_soil, 30.0, 0.0)
    w.irrigation.arrived[:] = 0.75 * w.irrigation.brought
    names = unit_tables().names
    content = {"calcium": 2.0, "bicarbonate": 3.0, "sulfate": 0.4, "magnesium": 0.3}
    return Irrigation(w, units=names, **{ion: np.full(len(names), value) for ion, value in content.items()})


def residues(w: Watershed) -> SurfaceResidues:
    """Residues on the surface, after a step of decomposition."""
    decomposition = Decomposition(w, pool_model(), doc_fraction=0.02)
    decomposition.run_one_step(MONTH)
    w.ledger.start_afresh()
    return SurfaceResidues(
        w, decomposition=decomposition, tables=unit_tables(surface=True), allocate=pool_model().allocate_known,
        first_year=2001,
    )  # fmt: skip


def limed(w: Watershed) -> Liming:
    """Two materials on every unit."""
    w.units.lime = np.full((len(unit_tables().names), 2), 0.2)
    carbon = np.array([[0.06, 0.04, 0.02], [0.0, 0.0, 0.0]])
    sulfur, calcium, factors = np.array([0.0, 0.18]), np.array([0.0, 0.2]), np.array([[0.12, 0.059], [0.0, 0.0]])
    return Liming(w, carbon=carbon, dolomite=0.5 * carbon, sulfur=sulfur, calcium=calcium, factors=factors)


#: how each process is made on that watershed, in the order they run
def dense(w: Watershed) -> BulkDensity:
    """Bulk density of the soil that is there."""
    process = BulkDensity(w, sand=np.full(w.clay.size, 0.3), traffic=0.05, wet_days=12.0)
    process.start_afresh()
    return process


RECIPES: dict[str, Callable[[Watershed], Process]] = {
    "climate": lambda w: Climate(
        w, forcing=MonthlyForcing(TEMPERATURE, RAIN), reference_elevation=210.0, latitude=50.0, erosivity=740.0
    ),
    "cropping": lambda w: Cropping(
        w, tables=unit_tables(), allocate=pool_model().allocate_known, first_year=2001,
        changes=[(12 * 2002, np.flatnonzero(w.unit == 0), *np.full((2, (w.unit == 0).sum()), [[2], [7]]))],
    ),
    "soil_water": lambda w: SoilWater(w, wet_days=12.0, **following(w)),
    "irrigation": irrigated,
    "growth": lambda w: Growth(
        w, tables=growth_tables(unit_tables()), names=unit_tables().names, first_year=2001,
        cycle_months=unit_tables().cycle_months,
    ),
    "artificial_drainage": lambda w: ArtificialDrainage(
        w, drains=[Drains(15.0, 0.9, 0.05, 3650.0)], fits=(w.unit % 2 == 1)[None], **soaked(w)
    ),
    "subsurface_flow": lambda w: SubsurfaceFlow(w, **soaked(w)),
    "flow_routing": lambda w: FlowRouter(w, reroute_threshold=0.0),
    "erodibility": erodibility,
    "texture": lambda w: Texture(w, erodibility=lambda sand, clay: 0.03 + 0.01 * clay),
    "water_erosion": lambda w: WaterErosion(
        w, transport_capacity_coefficient=(1.0, 4.0), enrichment={"particulate": 1.5}
    ),
    "tillage": Tillage,
    "creep": lambda w: ForeignComponent(w, **CREEP),
    "soil_column": lambda w: SoilColumn(w, biodiffusivity=1e-4),
    "bulk_density": dense,
    "tracers": lambda w: Tracers(
        w,
        fallout={"cs137": Fallout(2000, np.array([40.0, 30.0]), 0.0, 4.0), "pb210": Fallout(0, np.zeros(0), 100.0)},
    ),
    "decomposition": lambda w: Decomposition(w, pool_model(), doc_fraction=0.02),
    "residue_cover": lambda w: ResidueCover(w, tables=unit_tables(surface=True), first_year=2001),
    "surface_residues": residues,
    "nitrogen": lambda w: Nitrogen(
        w, tables=unit_nitrogen(), seasons=growth_tables(unit_tables()), names=unit_tables().names, first_year=2001,
        cycle_months=unit_tables().cycle_months, litter=LITTER, inert=INERT, last_month=12 * 2003, deposition=1e-3,
    ),
    # here in cells whose pools turn over as well, which a run never has
    "peat": lambda w: Peat(
        w, peat=w.unit == 1, loss=np.full(w.clay.size, np.nan), density=np.full(w.water.shape, 50.0)
    ),
    "liming": limed,
    "carbonate": lambda w: Carbonate(
        w, buffer_capacity=np.full(w.water.shape, 0.03), deposition=Deposition(0.1, 0.001, 0.001)
    ),
    "minerals": lambda w: Carbonate(w, minerals=Minerals(w)),
    "dissolved_carbon": DissolvedCarbon,
}


def model_of(w: Watershed) -> PoolModel:
    """The model whose pools a watershed of these tests has."""
    first = w.constituents.names[w.constituents.of_group("soc")[0]]
    return next(pool_model(name) for name in ("rothc", *NONLINEAR) if pool_model(name).pools[0] == first)


#: decomposition of the models of NONLINEAR on a watershed with their pools
RECIPE_NONLINEAR: Callable[[Watershed], Process] = lambda w: NonlinearDecomposition(  # noqa: E731
    w,
    model_of(w),
    doc_fraction=0.02,
    dissolved=True,
    properties={"silt": np.full(w.clay.size, 40.0), "ph": np.full(w.clay.size, 6.5)},
    of_units={"productivity": np.array([0.3, 0.35, 0.5]), "metabolic_fraction": np.array([0.4, 0.4, 0.3])},
)


def processes(w: Watershed, *names: str) -> dict[str, Process]:
    """The processes of these names (default: all), in the order they run."""
    return {name: make(w) for name, make in RECIPES.items() if not names or name in names}


def step(index: int = 0) -> Step:
    """A step of the clock of these tests."""
    return CLOCK.step(index)
