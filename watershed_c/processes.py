"""From resolved inputs to the processes of the loop, in the order in which they run."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from watershed_c import soil_acidity
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
from watershed_c.components.hydraulic_properties import set_hydraulic_properties
from watershed_c.components.irrigation import Irrigation
from watershed_c.components.isotopes import IsotopeTwins
from watershed_c.components.liming import Liming
from watershed_c.components.minerals import Minerals
from watershed_c.components.nitrogen import Nitrogen
from watershed_c.components.nonlinear_decomposition import NonlinearDecomposition
from watershed_c.components.peat import Peat
from watershed_c.components.soil_column import MIXING, SoilColumn
from watershed_c.components.soil_water import SoilWater
from watershed_c.components.subsurface_flow import SubsurfaceFlow
from watershed_c.components.surface_residues import ResidueCover, SurfaceResidues
from watershed_c.components.texture import Texture
from watershed_c.components.tillage import Tillage
from watershed_c.components.tracers import Tracers
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.constituents import CALCITE_PER_CARBON, ORGANIC_MATTER_PER_CARBON
from watershed_c.erosion_inputs import char_moves_with_soil, loose_char, mmf_parameters
from watershed_c.io.climate import MonthlyForcing
from watershed_c.isotopes import GRAVEN
from watershed_c.kernels.climate import renard_freimund, renard_freimund_annual
from watershed_c.kernels.erodibility import TOPSOIL_DEPTH, by_law
from watershed_c.kernels.rainfall_erosivity import fournier_index
from watershed_c.kernels.rate_modifiers import DRIEST_FACTOR
from watershed_c.kernels.topsoil_moisture import TopsoilMoisture
from watershed_c.land_units import land_changes, values_of_changes
from watershed_c.management.growth import growth_tables, unknown_crops
from watershed_c.management.lime import load_limes
from watershed_c.management.nitrogen import nitrogen_tables
from watershed_c.management.tables import UnitTables
from watershed_c.pools import CompiledPoolModel, PoolModel
from watershed_c.pools.nonlinear_model import NonlinearPoolModel
from watershed_c.scenario.fields import SpatialErodibility
from watershed_c.scenario.inputs import Inputs, on_nodes
from watershed_c.scenario.irrigation import IrrigationWater
from watershed_c.scenario.processes import WITHIN
from watershed_c.state import Watershed
from watershed_c.units import KG_M2_PER_T_HA


def processes_of(
    watershed: Watershed, inputs: Inputs, pools: PoolModel, tables: UnitTables
) -> dict[str, Process]:
    """Processes of the scenario in the order of the loop; one that is off is not there."""
    w, scenario, column = watershed, inputs.scenario, inputs.column
    chosen = scenario.processes
    processes: dict[str, Process] = {}
    router = None
    if chosen.flow_routing.enabled:
        routing = chosen.flow_routing
        router = FlowRouter(
            w,
            method=routing.method,
            depressions=routing.depressions,
            slopes=routing.slopes,
            exponent=routing.exponent,
            reroute_threshold=routing.reroute_threshold,
            parcels=inputs.parcels,
        )
        if scenario.domain.channel_area is not None:
            w.set_channel(w.channel | (w.drainage_area >= scenario.domain.channel_area))
            for held in (w.mineral, w.reference, w.stocks, w.substratum):
                held[~w.is_soil] = 0.0  # channel has no soil (rule 22), and what looks at the fields should see none
            w.field[~w.is_soil] = -1
            if inputs.parcels is not None:
                router.route()  # to the rivers just found
                router.tell()
    processes["climate"] = climate = climate_of(w, inputs, inputs.climate)
    processes["cropping"] = Cropping(
        w,
        tables=tables,
        allocate=pools.allocate_known,
        first_year=int(scenario.time.start[:4]),
        hydrologic_group=chosen.soil_water.hydrologic_group,
        changes=land_changes(inputs, tables),
    )
    if chosen.surface_residues.enabled:
        processes["residue_cover"] = ResidueCover(w, tables=tables, first_year=int(scenario.time.start[:4]))
    if chosen.soil_water.enabled:
        water = chosen.soil_water
        assert column.sand is not None
        soil = on_nodes(column.soil)
        organic = np.divide(on_nodes(column.soc), soil, out=np.zeros_like(soil), where=soil > 0.0)
        follows = [name for name, on in (("soc", water.follows_soc), ("texture", water.follows_texture)) if on]
        properties = set_hydraulic_properties(
            w, sand=on_nodes(column.sand)[:, None], clay=on_nodes(column.clay)[:, None], organic_carbon=organic,
            function=water.pedotransfer, change=water.soc_change, follows=follows,
            coarse_fragments=0.0 if w.coarse_fragments is None else w.coarse_fragments,
        )  # fmt: skip
        # without rain_days the climate tells them month by month, as it does where its weather is drawn
        wet_days = None if scenario.climate.generator is not None else water.rain_days
        base = None if column.base_conductivity is None else on_nodes(column.base_conductivity)
        processes["soil_water"] = SoilWater(
            w, conductivity=properties.conductivity,
            properties=properties if follows or w.bedrock is not None else None,
            wet_days=wet_days, initial_abstraction=water.initial_abstraction,
            groundwater_residence_time=water.groundwater_residence_time, evaporation_depth=water.evaporation_depth,
            degree_day_factor=water.degree_day_factor, melt_ratio=climate.radiation_ratio,
            infiltration=water.infiltration, storm_duration=water.storm_duration, by_day=water.by_day,
            conductivity_ratio=water.conductivity_ratio, base_conductivity=base,
            sideways=_sideways(w, inputs, router, properties.conductivity),
        )  # fmt: skip
        if w.irrigation is not None:
            processes["irrigation"] = _irrigation(w, inputs, tables)
    if chosen.growth.enabled:
        processes["growth"] = _growth(w, inputs, tables, climate)
    if router is not None:
        processes["flow_routing"] = router
    if chosen.water_erosion.enabled:
        assert router is not None
        erosion = chosen.water_erosion
        if (law := scenario.soil.erodibility) is not None and law.follows_soc:
            processes["erodibility"] = ErodibilityFeedback(
                w, law=_erodibility_law(w, inputs, law), largest_change=law.largest_change
            )
        if erosion.size_classes:
            processes["texture"] = Texture(w, erodibility=_erodibility_by_texture(w, inputs))
        low, high = erosion.ktc_low, erosion.ktc_high
        coefficient = None if low is None or high is None else (low, high)
        processes["water_erosion"] = WaterErosion(
            w, model=erosion.model, length_exponent=erosion.length_exponent, slope_factor=erosion.slope_factor,
            capacity=erosion.capacity, transport_capacity_coefficient=coefficient,
            cover_threshold=erosion.cover_threshold, channel_area=_largest_area(inputs),
            depressions=router.depressions,
            enrichment=erosion.enrichment.by_carrier if erosion.enrichment.law == "constant" else None,
            enrichment_law=erosion.enrichment.by_law, events_per_year=erosion.enrichment.events_per_year,
            largest_enrichment=erosion.enrichment.largest, transit_mineralisation=erosion.transit_mineralisation,
            downstream_mineralisation=erosion.downstream_mineralisation, coefficient_map=inputs.ktc,
            ponds=inputs.ponds, cover_map=inputs.cover, practice_map=inputs.practice, convention=erosion.convention,
            ls_correction=erosion.ls_correction, slope_length=_slope_length(inputs, tables),
            parcels=inputs.parcels, storm_hours=erosion.storm_hours,
            wet_days=None if scenario.climate.generator is not None else chosen.soil_water.rain_days,
            mmf=None if erosion.mmf is None else mmf_parameters(inputs, erosion.mmf),
            size_classes=erosion.size_classes, char=loose_char(w, inputs, tables),
        )  # fmt: skip
        processes["water_erosion"].warnings += char_moves_with_soil(w, tables)
    # tillage mixes whether or not it also moves soil
    tillage = chosen.tillage_erosion
    if chosen.soil_column.enabled:
        processes["tillage_erosion"] = Tillage(
            w, scale=1.0 if tillage.enabled else 0.0,
            direction=tillage.direction if column.tillage_angle is None else on_nodes(column.tillage_angle),
            across=1.0 if tillage.across is None else tillage.across, inverts=tillage.inversion,
        )  # fmt: skip
        processes["soil_column"] = SoilColumn(w, **_mixing(w, inputs, tables))
    if chosen.bulk_density.enabled:
        assert column.sand is not None
        density = chosen.bulk_density
        processes["bulk_density"] = BulkDensity(
            w, sand=on_nodes(column.sand), relaxation_time=density.relaxation_time, traffic=density.traffic,
            traffic_depth=density.traffic_depth,
            wet_days=None if scenario.climate.generator is not None else chosen.soil_water.rain_days,
        )  # fmt: skip
    if inputs.fallout:
        processes["tracers"] = Tracers(w, fallout=inputs.fallout)
    dissolved = chosen.dissolved_carbon
    if chosen.decomposition.enabled:
        processes["decomposition"] = _decomposition(w, inputs, pools, tables)
        if chosen.surface_residues.enabled:
            residues, decomposition = chosen.surface_residues, processes["decomposition"]
            assert isinstance(decomposition, Decomposition)
            processes["surface_residues"] = SurfaceResidues(
                w, decomposition=decomposition, tables=tables, allocate=pools.allocate_known,
                first_year=int(scenario.time.start[:4]), surface_rate=residues.surface_rate,
                most_taken=residues.most_taken, respired_share=residues.respired_share,
                left_where_inverted=residues.left_where_inverted,
            )  # fmt: skip
    if inputs.peat is not None:
        # its slope is in t ha-1 yr-1 per cm
        processes["peat"] = Peat(
            w, peat=inputs.peat != np.inf, loss=inputs.peat, density=on_nodes(column.soc / column.thickness),
            slope=100.0 * KG_M2_PER_T_HA * chosen.peat.slope, intercept=chosen.peat.intercept, slowest=pools.slowest,
            methane=inputs.methane, wet_depth=chosen.peat.wet_depth,
        )  # fmt: skip
    if chosen.nitrogen.enabled:
        processes["nitrogen"] = _nitrogen(w, inputs, pools, tables, climate)
    if chosen.carbonate.enabled and tables.limes:
        limes = load_limes().values()
        processes["liming"] = Liming(
            w, carbon=np.array([lime.by_size * (not lime.dolomite) for lime in limes]),
            dolomite=np.array([lime.by_size * lime.dolomite for lime in limes]),
            sulfur=np.array([lime.sulfur for lime in limes]), calcium=np.array([lime.calcium for lime in limes]),
            factors=np.array([[lime.ipcc, lime.west_mcbride] for lime in limes]),
        )  # fmt: skip
    if chosen.carbonate.enabled:
        carbonate = chosen.carbonate
        assert scenario.soil.sic is not None
        processes["carbonate"] = Carbonate(
            w, root_respiration=carbonate.root_respiration,
            atmospheric_carbon_dioxide=carbonate.atmospheric_carbon_dioxide,
            maximum_carbon_dioxide=carbonate.maximum_carbon_dioxide,
            buffer_capacity=soil_acidity.capacity(inputs) if soil_acidity.is_followed(inputs) else None,
            ph=None if column.ph is None else on_nodes(column.ph),
            keep_ph="pH" in scenario.output.maps or "ph" in pools.properties,
            deposition=Deposition(
                1e-4 * carbonate.acid_deposition, carbonate.dust_deposition / CALCITE_PER_CARBON,
                carbonate.calcium_deposition,
            ),
            stream_carbon_dioxide=carbonate.stream_carbon_dioxide,
            minerals=Minerals(w, dolomite_size=scenario.soil.sic.dolomite_size) if w.sulfate.size else None,
        )  # fmt: skip
    if dissolved.enabled:
        processes["dissolved_carbon"] = DissolvedCarbon(
            w, distribution_coefficient=dissolved.distribution_coefficient, decay_rate=dissolved.decay_rate
        )
    return _with_foreign(w, inputs, processes)


def _irrigation(watershed: Watershed, inputs: Inputs, tables: UnitTables) -> Irrigation:
    """What irrigation water brings, where carbonate takes it further."""
    contents = {}
    if inputs.scenario.processes.carbonate.enabled:
        waters = {"": IrrigationWater()} | inputs.scenario.irrigation_water
        followed = ("sulfate", "magnesium") if watershed.sulfate.size else ()
        for key in ("calcium", "bicarbonate", *followed):
            contents[key] = np.array([getattr(waters[name], key) for name in tables.irrigation_water])
    return Irrigation(watershed, units=tables.names, **contents)


def _growth(watershed: Watershed, inputs: Inputs, tables: UnitTables, climate: Climate) -> Growth:
    """Growth of the crops of the scenario."""
    chosen, seasons = inputs.scenario.processes.growth, growth_tables(tables)
    if unknown := unknown_crops(seasons.crops):
        raise ValueError(f"growth needs [growth] in the crop files of {', '.join(unknown)}")
    if chosen.yields == "potential" and climate.radiation is None:
        raise ValueError(
            'growth.yields = "potential" needs radiation_MJ_m2_day in the climate table, or tmin, tmax and the latitude'
        )
    return Growth(
        watershed, tables=seasons, names=tables.names, first_year=int(inputs.scenario.time.start[:4]),
        cycle_months=tables.cycle_months, yields=chosen.yields, productivity_loss=chosen.productivity_loss,
    )  # fmt: skip


def _mixing(watershed: Watershed, inputs: Inputs, tables: UnitTables) -> dict[str, Any]:
    """Diffusivity of soil at the surface (n), m2 yr-1, its e-folding depth, m, given or of a set, and later ones."""
    chosen, given = inputs.scenario.processes.soil_column, inputs.column.biodiffusivity
    of_units, depth = np.full(len(tables.names), math.nan), chosen.e_folding_depth or math.inf
    now: float | np.ndarray = 0.0 if given is None else on_nodes(given)
    if chosen.parameters is not None:
        surface, depth = MIXING[chosen.parameters]
        if isinstance(surface, float):
            return {"biodiffusivity": surface, "e_folding_depth": depth}
        of_units = np.array([surface[name] for name in tables.biodiffusivity_class])
        now = of_units[watershed.unit]
    elif chosen.biodiffusivity is not None:
        for name, value in (chosen.biodiffusivity.by_class or {}).items():
            of_units[tables.units_of(name) if name in tables.first_unit else []] = value
    changes = values_of_changes(watershed, inputs, tables, of_units)
    return {"biodiffusivity": now, "e_folding_depth": depth, "changes": changes}


def _nitrogen(
    watershed: Watershed, inputs: Inputs, pools: PoolModel, tables: UnitTables, climate: Climate
) -> Nitrogen:
    """Mineral nitrogen of the scenario."""
    chosen, seasons = inputs.scenario.processes.nitrogen, growth_tables(tables)
    end, month = (int(part) for part in inputs.scenario.time.end.split("-")[:2])
    humus = 1.0 / chosen.humus_carbon_nitrogen
    litter = pools.litter
    return Nitrogen(
        watershed,
        tables=nitrogen_tables(
            tables, seasons, pools.allocate_known, litter, pools.inert, humus, *climate.mean_year()
        ),
        seasons=seasons, names=tables.names, first_year=int(inputs.scenario.time.start[:4]),
        cycle_months=tables.cycle_months, litter=litter, inert=pools.inert, last_month=12 * end + month - 1,
        humus=humus, deposition=chosen.deposition, denitrification=chosen.denitrification,
    )  # fmt: skip


def _slope_length(inputs: Inputs, tables: UnitTables) -> np.ndarray | None:
    """Spacing of terraces of each management unit, (U,) m, infinite without; None where there are none."""
    found = np.full(len(tables.names), math.inf)
    for name, rotation in inputs.rotations.items():
        if rotation.slope_length is not None:
            found[tables.units_of(name)] = rotation.slope_length
    return found if np.isfinite(found).any() else None


def _erodibility_by_texture(
    watershed: Watershed, inputs: Inputs
) -> Callable[[np.ndarray, np.ndarray], np.ndarray] | None:
    """K of the cells for their sand and clay by the law of the scenario, if any; organic carbon that of the start."""
    table, column = inputs.scenario.soil.erodibility, inputs.column
    if table is None or table.law is None:
        return None
    share = np.clip((TOPSOIL_DEPTH - (inputs.layer_bottom - column.thickness)) / column.thickness, 0.0, 1.0)
    carbon = (on_nodes(column.soc) @ share)[watershed.cells]
    carbon /= (on_nodes(column.soil) @ share)[watershed.cells]
    return lambda sand, clay: by_law(
        str(table.law), sand, clay, carbon, ORGANIC_MATTER_PER_CARBON * carbon,
        very_fine_sand=table.very_fine_sand, structure=table.structure, permeability=table.permeability,
        stone_cover=table.stone_cover or 0.0,
    )  # fmt: skip


def _erodibility_law(
    watershed: Watershed, inputs: Inputs, table: SpatialErodibility
) -> Callable[[np.ndarray], np.ndarray]:
    """K of the cells for their organic carbon by the law of the scenario, its texture that of the start."""
    assert table.law is not None and inputs.column.sand is not None
    cells = watershed.cells
    sand, clay = on_nodes(inputs.column.sand)[cells], watershed.clay[cells].copy()
    return lambda carbon: by_law(
        str(table.law), sand, clay, carbon, ORGANIC_MATTER_PER_CARBON * carbon,
        very_fine_sand=table.very_fine_sand, structure=table.structure, permeability=table.permeability,
        stone_cover=table.stone_cover or 0.0,
    )  # fmt: skip


def _sideways(
    watershed: Watershed, inputs: Inputs, router: FlowRouter | None, conductivity: np.ndarray
) -> list[SubsurfaceFlow | ArtificialDrainage]:
    """What soil water does in its substeps: drains first, what they leave flows downslope."""
    chosen, found = inputs.scenario.processes, list[SubsurfaceFlow | ArtificialDrainage]()
    if inputs.drains is not None:
        systems = [
            Drains(
                one.spacing, one.depth, one.effective_radius, one.coefficient,
                one.since or -math.inf, one.until or math.inf,
            )
            for one in chosen.artificial_drainage.system
        ]  # fmt: skip
        found.append(ArtificialDrainage(watershed, conductivity=conductivity, drains=systems, fits=inputs.drains))
    if chosen.subsurface_flow.enabled:
        assert router is not None
        found.append(SubsurfaceFlow(watershed, conductivity=conductivity, network=router.bring_back))
    return found


def _soil_properties(watershed: Watershed, inputs: Inputs, needed: set[str], depth: float) -> dict[str, np.ndarray]:
    """What a pool model wants to know of the soil beside clay, (n): texture and organic carbon in %, density in g cm-3,
    CaCO3 in g kg-1, means of the topsoil to ``depth`` (m) as they are at the start; and pH.
    """
    column, found = inputs.column, {}
    if column.sand is not None:
        sand = 100.0 * on_nodes(column.sand)
        found = {"sand": sand, "silt": np.maximum(100.0 - sand - 100.0 * watershed.clay, 0.0)}
    if column.ph is not None:
        found["ph"] = on_nodes(column.ph)
    if needed & {"bulk_density", "organic_carbon", "carbonate"}:
        top = inputs.layer_bottom - column.thickness
        reach = np.clip(depth - top, 0.0, column.thickness)
        mass = on_nodes(column.bulk_density) @ reach
        found["bulk_density"] = mass / (1000.0 * reach.sum())
        if column.coarse_fragments is not None or column.depth is not None:
            mass = on_nodes(column.soil) @ (reach / column.thickness)
        for name, carbon, unit in (
            ("organic_carbon", column.soc, 100.0), ("carbonate", column.sic, 1000.0 * CALCITE_PER_CARBON)
        ):  # fmt: skip
            stock = on_nodes(carbon) @ (reach / column.thickness)
            found[name] = unit * np.divide(stock, mass, out=np.zeros_like(mass), where=mass > 0.0)
    return {name: values for name, values in found.items() if name in needed}


def _decomposition(
    watershed: Watershed, inputs: Inputs, pools: PoolModel, tables: UnitTables
) -> Decomposition | NonlinearDecomposition:
    """The decomposition that the kind of model asks for."""
    chosen = inputs.scenario.processes
    dissolved, scale = chosen.dissolved_carbon, chosen.decomposition.e_folding_depth
    fraction = dissolved.doc_fraction if dissolved.enabled else 0.0
    needed = set(pools.properties)
    if isinstance(pools, NonlinearPoolModel):
        return NonlinearDecomposition(
            watershed, pools, depth_scale=scale, doc_fraction=fraction, dissolved=dissolved.enabled,
            properties=_soil_properties(watershed, inputs, needed, pools.calibration_depth),
            of_units=_plant_properties(pools, tables), twins=_twins(watershed, inputs, tables),
        )  # fmt: skip
    assert isinstance(pools, CompiledPoolModel)
    moisture = chosen.decomposition.moisture
    least = DRIEST_FACTOR if moisture.minrm_moist is None else moisture.minrm_moist
    topsoil = TopsoilMoisture(moisture.variant, moisture.opt_rmmoist, moisture.opt_smdbare, least)
    return Decomposition(
        watershed, pools, depth_scale=scale, doc_fraction=fraction, moisture=moisture.form, topsoil=topsoil,
        buried=chosen.decomposition.buried, wet_end="" if moisture.wet_end == "none" else moisture.wet_end,
        properties=_soil_properties(watershed, inputs, needed | set(topsoil.needs), pools.calibration_depth),
        twins=_twins(watershed, inputs, tables), peat=None if inputs.peat is None else inputs.peat != np.inf,
    )  # fmt: skip


def _twins(watershed: Watershed, inputs: Inputs, tables: UnitTables) -> IsotopeTwins | None:
    """Isotopes of the pools, where the scenario has them."""
    isotopes = inputs.scenario.carbon.isotopes
    if inputs.atmosphere is None:
        return None
    share = np.full(len(tables.names), math.nan)
    for name, of_class in isotopes.c4_share.items():
        share[tables.units_of(name)] = of_class
    citation = GRAVEN if isotopes.atmosphere is None else ""
    return IsotopeTwins(watershed, isotopes.chosen, inputs.atmosphere, share, citation)


def _plant_properties(pools: NonlinearPoolModel, tables: UnitTables) -> dict[str, np.ndarray]:
    """What the model wants to know of the plant input of each management unit, mean of its rotation (U)."""
    total, brought = tables.by_pool(pools.allocate_known)
    plant = np.maximum(total - brought, 0.0).sum(axis=2)  # (M, U, P)
    months = np.arange(plant.shape[0])[:, None] < np.asarray(tables.cycle_months)
    yearly = (plant * months[:, :, None]).sum(axis=0) * 12.0 / np.asarray(tables.cycle_months)[:, None]
    amount = yearly.sum(axis=1)
    # where no plants grow the share is that of the model's own plant input
    usual = np.broadcast_to(pools.allocate("plant"), yearly.shape)
    share = np.where(amount[:, None] > 0.0, yearly / np.where(amount > 0.0, amount, 1.0)[:, None], usual)
    return {
        name: amount if entered == "amount" else share[:, np.array(entered, dtype=np.int64)].sum(axis=1)
        for name, entered in pools.of_plant_input.items()
    }


def climate_of(watershed: Watershed, inputs: Inputs, forcing: MonthlyForcing) -> Climate:
    """The climate process of a scenario under a forcing: its own, or the normals before its start."""
    climate, shares = inputs.scenario.climate, erosivity_shares(inputs)
    return Climate(
        watershed, forcing=forcing, reference_elevation=inputs.reference_elevation, latitude=inputs.latitude,
        lapse_rate=climate.lapse_rate, precipitation_gradient=climate.precipitation_gradient, pet=climate.pet,
        erosivity=annual_erosivity(inputs, forcing), erosivity_share=shares,
        snow_reduces_erosivity=climate.erosivity.snow_reduces, slope_radiation=climate.slope_radiation,
    )  # fmt: skip


def _largest_area(inputs: Inputs) -> float:
    """Upslope area, m2, at which LS and capacity stop growing: of a channel, or of the longest slope one cell wide."""
    areas = [math.inf]
    if inputs.scenario.domain.channel_area is not None:
        areas.append(inputs.scenario.domain.channel_area)
    if inputs.scenario.processes.water_erosion.longest_slope is not None:
        areas.append(inputs.scenario.processes.water_erosion.longest_slope * inputs.terrain.dx)
    return min(areas)


def _with_foreign(watershed: Watershed, inputs: Inputs, processes: dict[str, Process]) -> dict[str, Process]:
    """Insert other people's Landlab components after the process each names."""
    for custom in inputs.scenario.processes.custom:
        if not custom.enabled:
            continue
        name = custom.name or custom.import_path.rpartition(":")[2]
        component = ForeignComponent(
            watershed, import_path=custom.import_path, params=custom.params, name=name,
            elevation_change=custom.elevation_change, flux_field=custom.flux_field,
        )  # fmt: skip
        ordered: dict[str, Process] = {}
        for key, process in processes.items():
            ordered[key] = process
            if key == WITHIN.get(custom.after, custom.after):
                ordered[name] = component
        ordered.setdefault(name, component)
        processes = ordered
    return processes


def annual_erosivity(inputs: Inputs, forcing: MonthlyForcing | None = None) -> float | None:
    """R of the scenario, MJ mm ha-1 h-1 yr-1; None: the climate table has it by month.

    Estimated from the rain of the whole record; of the normals before it where those are of their own (``forcing``).
    """
    table = inputs.scenario.climate.erosivity
    forcing = inputs.climate if forcing is None or forcing is not inputs.climate.before else forcing
    changed = 1.0 + inputs.scenario.climate.change.erosivity
    rain = forcing.climatology(forcing.precipitation)
    if inputs.series_erosivity is not None:
        return changed * float(inputs.series_erosivity.sum())
    if table.method == "fournier":
        assert table.coefficient is not None and table.exponent is not None
        return changed * table.coefficient[0] * fournier_index(rain) ** table.exponent
    if table.method == "renard_freimund_annual":
        return changed * float(renard_freimund_annual(rain.sum()))
    if table.method == "renard_freimund" or (table.annual is None and forcing.erosivity is None):
        return changed * float(renard_freimund(rain))
    return None if table.annual is None else changed * table.annual


def erosivity_shares(inputs: Inputs) -> np.ndarray | None:
    """Shares of the months in annual erosivity (12,): of its series, or given; None: by the rain of each month."""
    months = inputs.series_erosivity
    if months is not None:
        return months / months.sum() if months.sum() > 0.0 else np.full(12, 1.0 / 12.0)
    shares = inputs.scenario.climate.erosivity.shares
    return None if shares is None else np.array(shares)
