"""Registry of every variable: nobody types a field string, a unit or a long name twice.

``STATE`` are the fields of the grid: attribute of :class:`watershed_c.state.Watershed`, Landlab field name (Landlab's own
where one exists, then with Landlab's unit), unit, dimensions and meaning. ``OUTPUT`` are the variables of ``results.nc``:
short name, unit, CF ``standard_name`` only where one is registered (table v92), sign and cell methods.
Sources of names: Landlab 2.11 field list; CF standard-name table v92; CMIP6 tables 01.00.33.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """A grid field: how it is called inside, by Landlab, in which unit, over which dimensions."""

    attribute: str
    name: str
    units: str
    dims: tuple[str, ...]
    doc: str
    dtype: str = "float64"
    #: there only where a run follows this: "residues", "nitrogen", "acid", "minerals", an isotope of dissolved carbon; "": always
    where: str = ""


def _field(
    attribute: str, name: str, units: str, dims: str, doc: str, dtype: str = "float64", where: str = ""
) -> tuple[str, Field]:
    return attribute, Field(attribute, name, units, tuple(dims.split()), doc, dtype, where)


#: every grid field the model holds, by attribute of Watershed
STATE: dict[str, Field] = dict(
    [
        # terrain and routing
        _field("elevation", "topographic__elevation", "m", "node", "Land surface elevation, mass-based"),
        _field("drainage_area", "drainage_area", "m**2", "node", "Upslope area draining through the node, itself included"),
        _field("receiver", "flow__receiver_node", "-", "node", "Steepest-descent receiver node", "int64"),
        _field("upstream_order", "flow__upstream_node_order", "-", "node", "Nodes, downstream to upstream", "int64"),
        _field("steepest_slope", "topographic__steepest_slope", "-", "node", "Slope to the steepest receiver"),
        _field("filled_elevation", "depression_free_elevation", "m", "node", "Surface with depressions filled"),
        _field("discharge", "surface_water__discharge", "m**3/s", "node", "Mean water discharge of the step"),
        # forcing
        _field("temperature", "atmosphere_bottom_air__temperature", "degC", "node", "Mean air temperature of the step"),
        _field("precipitation", "atmosphere_water__precipitation_depth", "kg/m**2", "node", "Precipitation of the step"),
        _field("pet", "land_surface_water__potential_evapotranspiration_depth", "kg/m**2", "node", "Potential evapotranspiration of the step"),
        _field("erosivity", "rainfall__erosivity", "MJ*mm/ha/h", "node", "Rainfall erosivity of the step"),
        # soil column
        _field("mineral", "soil_layer__mineral_mass", "kg/m**2", "node layer", "Mineral, carbonate-free fine earth of the layer"),
        _field("reference", "soil_layer__reference_mineral_mass", "kg/m**2", "node layer", "Mineral mass the layer is brought back to"),
        _field("stocks", "soil_constituent__areal_mass", "kg/m**2", "node layer constituent", "What the soil of the layer carries"),
        _field("deposit_mineral", "soil_surface_deposit__mineral_mass", "kg/m**2", "node", "Mineral fine earth laid down, not yet in the column"),
        _field("deposit", "soil_surface_deposit__constituent_mass", "kg/m**2", "node constituent", "Constituents of that deposit"),
        _field("substratum", "soil_substratum__constituent_ratio", "kg/kg", "node constituent", "Constituent per mineral mass below the profile"),
        _field("bulk_density", "soil_layer__bulk_density", "kg/m**3", "node layer", "Dry bulk density of the fine earth"),
        _field("clay", "soil_clay__mass_fraction", "-", "node", "Clay mass fraction of the fine earth"),
        _field("erodibility", "soil__erodibility", "t*ha*h/ha/MJ/mm", "node", "RUSLE soil erodibility K"),
        # soil water and solutes
        _field("water", "soil_water__areal_mass", "kg/m**2", "node layer", "Water held in the layer"),
        _field("wilting_point", "soil_water__wilting_point_mass", "kg/m**2", "node layer", "Water at -1500 kPa"),
        _field("field_capacity", "soil_water__field_capacity_mass", "kg/m**2", "node layer", "Water at -33 kPa"),
        _field("saturation", "soil_water__saturation_mass", "kg/m**2", "node layer", "Water when all pores are filled"),
        _field("percolation", "soil_water__percolation_depth", "kg/m**2", "node layer", "Water leaving the base of the layer this step"),
        _field("evapotranspiration", "land_surface_water__evapotranspiration_depth", "kg/m**2", "node", "Actual evapotranspiration of the step"),
        _field("runoff", "land_surface_water__runoff_depth", "kg/m**2", "node", "Surface runoff generated this step"),
        _field("baseflow", "groundwater__baseflow_depth", "kg/m**2", "node", "Groundwater released to the stream this step"),
        _field("snow", "snowpack__liquid_equivalent_mass", "kg/m**2", "node", "Snow water equivalent"),
        _field("groundwater", "groundwater__areal_mass", "kg/m**2", "node", "Water in the groundwater reservoir of the cell"),
        _field("deficit", "soil_topsoil__moisture_deficit", "kg/m**2", "node", "Accumulated topsoil moisture deficit (RothC), <= 0"),
        _field("doc", "soil_water_carbon~dissolved~organic__areal_mass", "kg/m**2", "node layer", "Dissolved organic carbon in the layer"),
        _field("dic", "soil_water_carbon~dissolved~inorganic__areal_mass", "kg/m**2", "node layer", "Dissolved inorganic carbon in the layer"),
        _field("calcium", "soil_water_calcium~dissolved__areal_mass", "kg/m**2", "node layer", "Dissolved calcium in the layer"),
        _field("strong_acid", "soil_water_strong_acid~dissolved__areal_charge", "mol/m**2", "node layer", "Charge of strong-acid anions less base cations other than Ca, dissolved in the layer", where="acid"),
        _field("groundwater_doc", "groundwater_carbon~dissolved~organic__areal_mass", "kg/m**2", "node", "DOC in the groundwater reservoir"),
        _field("groundwater_dic", "groundwater_carbon~dissolved~inorganic__areal_mass", "kg/m**2", "node", "DIC in the groundwater reservoir"),
        _field("groundwater_calcium", "groundwater_calcium~dissolved__areal_mass", "kg/m**2", "node", "Calcium in the groundwater reservoir"),
        _field("groundwater_acid", "groundwater_strong_acid~dissolved__areal_charge", "mol/m**2", "node", "Strong-acid charge in the groundwater reservoir", where="acid"),
        _field("nitrogen", "soil_water_nitrogen~mineral__areal_mass", "kg/m**2", "node layer", "Mineral nitrogen in the layer, all of it taken for nitrate in solution", where="nitrogen"),
        _field("groundwater_nitrogen", "groundwater_nitrogen~mineral__areal_mass", "kg/m**2", "node", "Mineral nitrogen in the groundwater reservoir", where="nitrogen"),
        *(
            _field(name + isotope, f"{title}_{number}C__areal_mass", "kg/m**2", dims, f"{doc} times the ratio of its {number}C to the standard", where=isotope)
            for isotope, number in (("c14", 14), ("c13", 13))
            for name, title, dims, doc in (
                ("doc_", "soil_water_carbon~dissolved~organic", "node layer", "Dissolved organic carbon in the layer"),
                ("groundwater_doc_", "groundwater_carbon~dissolved~organic", "node", "DOC in the groundwater reservoir"),
                ("doc_produced_", "soil_layer_carbon~dissolved~organic~produced", "node layer", "DOC produced in the layer this step"),
            )
        ),
        _field("sulfate", "soil_water_sulfur~dissolved__areal_mass", "kg/m**2", "node layer", "Sulfur of dissolved sulfate in the layer", where="minerals"),
        _field("magnesium", "soil_water_magnesium~dissolved__areal_mass", "kg/m**2", "node layer", "Dissolved magnesium in the layer", where="minerals"),
        _field("groundwater_sulfate", "groundwater_sulfur~dissolved__areal_mass", "kg/m**2", "node", "Sulfur of sulfate in the groundwater reservoir", where="minerals"),
        _field("groundwater_magnesium", "groundwater_magnesium~dissolved__areal_mass", "kg/m**2", "node", "Magnesium in the groundwater reservoir", where="minerals"),
        # carbon turnover
        _field("unit", "land_management__unit_index", "-", "node", "Management unit (land-use class x rotation offset)", "int64"),
        _field("field", "land_management__field_index", "-", "node", "Field (parcel); -1 where nothing is tilled", "int64"),
        _field("input_scale", "plant_input__scale_factor", "-", "node", "Plant input of the cell per plant input of its unit"),
        _field("respired", "soil_layer__heterotrophic_respiration", "kg/m**2", "node layer", "CO2-C respired in the layer this step"),
        _field("residue", "soil_surface_residue_carbon__areal_mass", "kg/m**2", "node pool", "Organic carbon of residues and litter on the surface, by pool", where="residues"),
        _field("residue_cover", "soil_surface_residue__areal_index", "-", "node", "Ground that residues would cover if no piece lay on another, per area", where="residues"),
        _field("residue_nitrogen", "soil_surface_residue_nitrogen__areal_mass", "kg/m**2", "node", "Nitrogen of residues and litter on the surface", where="residues"),
        _field("doc_produced", "soil_layer__dissolved_organic_carbon_production", "kg/m**2", "node layer", "DOC produced in the layer this step"),
    ]
)


def info(
    *,
    reads: tuple[str, ...] = (),
    changes: tuple[str, ...] = (),
    writes: tuple[str, ...] = (),
    may_read: tuple[str, ...] = (),
    may_change: tuple[str, ...] = (),
    may_write: tuple[str, ...] = (),
) -> dict[str, dict[str, object]]:
    """Landlab ``_info`` of a component from attribute names: what it reads, changes in place, and writes anew, always or
    where it is there.
    """
    always = (("in", reads), ("inout", changes), ("out", writes))
    there = (("in", may_read), ("inout", may_change), ("out", may_write))
    contract: dict[str, dict[str, object]] = {}
    for intent, attributes in (*always, *there):
        for attribute in attributes:
            field = STATE[attribute]
            contract[field.name] = {
                "dtype": int if field.dtype == "int64" else float,
                "intent": intent,
                "optional": attribute in (*may_read, *may_change, *may_write),
                "units": field.units,
                "mapping": "node",
                "doc": field.doc,
            }
    return contract


@dataclass(frozen=True)
class Output:
    """A variable of the results file."""

    short: str
    units: str
    long_name: str
    standard_name: str = ""
    cell_methods: str = "time: point"
    comment: str = ""


def _output(*row: str) -> tuple[str, Output]:
    return row[0], Output(*row)


_SUM = "time: sum"
_TURNOVER = "of the mean rates of the last whole cycle of rotations; turnover and mixing in the profile, no erosion; inert carbon left out"
#: variables made of the mean rates of linear models, see carbon_ages
AGE_MAPS = ("cAge", "cTransit", "cSequestration", "climateBenefit")
#: variables of what minerals hold of what they could, see saturation
SATURATION_MAPS = ("maomSaturation", "maomDeficit")
#: variables of crops, and the process that knows them
CROP_MAPS = {"yield": "growth", **dict.fromkeys(("nMineral", "fNmin", "fNup", "fNleach"), "nitrogen")}
#: variables of results.nc; fluxes are amounts over the output interval (kg m-2), so totals close
OUTPUT: dict[str, Output] = dict(
    [
        _output("elev", "m", "land surface elevation", "surface_altitude"),
        _output("profileThickness", "m", "thickness of the layers, as dense as they are", "", "time: point", "swells and shrinks with organic matter and, with bulk_density, with tillage, rain and traffic; the elevation does not"),
        _output("soilDepth", "m", "depth of the fine earth above rock"),
        _output("cSoilOrg", "kg m-2", "soil organic carbon in the profile", "soil_mass_content_of_carbon", "time: point", "organic carbon only"),
        _output("cLitterSurf", "kg m-2", "organic carbon of residues and litter on the surface", "surface_litter_mass_content_of_carbon"),
        _output("cSoilInorg", "kg m-2", "soil inorganic carbon (carbonate) in the profile"),
        _output("cSoilOrgTop", "kg m-2", "soil organic carbon from 0 to 30 cm", "", "time: point", "organic carbon only; layer shares by nominal depth: the mineral soil mass that lay there at the start, read linearly"),
        _output("cSoilInorgTop", "kg m-2", "soil inorganic carbon from 0 to 30 cm", "", "time: point", "carbonate only; layer shares by nominal depth: the mineral soil mass that lay there at the start, read linearly"),
        _output("cSoilOrgESM", "kg m-2", "soil organic carbon in the mineral soil mass of 0 to 30 cm at the start", "", "time: point", "equivalent soil mass, monotone spline (von Haden et al. 2020)"),
        _output("cSoilOrgFD", "kg m-2", "soil organic carbon from 0 to 30 cm as thick as the soil is now", "", "time: point", "fixed depth: bulk density of the start"),
        _output("mrso", "kg m-2", "water in the soil profile", "mass_content_of_water_in_soil"),
        _output("netEro", "kg m-2", "net soil loss by water and tillage, mineral fine earth, positive = loss", "", _SUM),
        _output("waterEro", "kg m-2", "net soil loss by water, mineral fine earth, positive = loss", "", _SUM),
        _output("tillEro", "kg m-2", "net soil loss by tillage, mineral fine earth, positive = loss", "", _SUM),
        _output("cLateral", "kg m-2", "SOC leaving the cell with soil, positive = loss", "", _SUM),
        _output("cInput", "kg m-2", "organic carbon input by plants and amendments", "", _SUM),
        _output("inputRatio", "1", "plant input of the cell relative to what crop and yield of its unit give"),
        _output("yield", "kg m-2", "dry matter of the product harvested", "", _SUM, "of the crops of processes.growth; cover crops with what they leave"),
        _output("nMineral", "kg m-2", "mineral nitrogen in the profile, as nitrogen"),
        _output("fNmin", "kg m-2", "nitrogen mineralised less immobilised", "", _SUM),
        _output("fNup", "kg m-2", "mineral nitrogen taken up by crops", "", _SUM),
        _output("fNleach", "kg m-2", "mineral nitrogen to the stream", "", _SUM),
        _output("rh", "kg m-2", "CO2-C respired by decomposition, positive upward", "", _SUM),
        _output("fVertSoil", "kg m-2", "vertical exchange of SOC (input - respiration - DOC), positive into the soil", "", _SUM),
        _output("fSubstratum", "kg m-2", "SOC exchanged with the substratum, positive into the profile", "", _SUM),
        _output("maomSaturation", "1", "mineral-associated organic carbon from 0 to 30 cm over what the minerals there can hold", "", "time: point", "pools that the carbon model calls mineral; capacity: output.maom_capacity"),
        _output("maomDeficit", "kg m-2", "organic carbon that the minerals from 0 to 30 cm could hold beside what they do, negative where they hold more", "", "time: point", "pools that the carbon model calls mineral; capacity: output.maom_capacity"),
        _output("cAge", "yr", "mean age of the SOC that turns over, at the steady state of the cell's own rates and input", "", "time: mean", _TURNOVER),
        _output("cTransit", "yr", "mean transit time of carbon: age of what is respired at that steady state", "", "time: mean", _TURNOVER),
        _output("cSequestration", "kg m-2 yr", "carbon sequestration of one year's input: what remains of it, added up over the horizon", "", "time: mean", _TURNOVER),
        _output("climateBenefit", "W m-2 yr m-2", "climate benefit of one year's input over the horizon, negative = avoided warming, per area of ground", "", "time: mean", _TURNOVER),
        _output("fCH4", "kg m-2", "methane given off by peat, positive upward", "", _SUM, "kg CH4; of processes.peat.methane"),
        _output("mrros", "kg m-2", "surface runoff", "", _SUM),
        _output("irr", "kg m-2", "irrigation water brought to the field, losses of its application included", "", _SUM),
        _output("qtile", "kg m-2", "drain flow of tiles and ditches", "", _SUM),
        _output("wtd", "m", "depth of the water table; that of the profile where there is none in it"),
        _output("qdrain", "kg m-2", "percolation below the profile", "", _SUM),
        _output("evspsbl", "kg m-2", "evapotranspiration", "", _SUM),
        _output("fDOCleach", "kg m-2", "dissolved organic carbon to the stream", "", _SUM),
        _output("fDICleach", "kg m-2", "dissolved inorganic carbon to the stream", "", _SUM),
        _output("pH", "1", "pH of soil water, mean of 0 to 30 cm", "", "time: point", "in place, at the CO2 of soil air: 0.5 to 1 below that of a suspension where there is carbonate"),
        _output("gypsum", "kg m-2", "gypsum in the profile, CaSO4 2 H2O"),
        _output("fSO4leach", "kg m-2", "sulfur of sulfate to the stream", "", _SUM),
        _output("fSICdiss", "kg m-2", "carbonate carbon dissolved (net), positive = loss of SIC", "", _SUM),
    ]
)


def nearest(word: str, candidates: object) -> str | None:
    """The candidate most like ``word``, or None."""
    found = difflib.get_close_matches(word, [str(c) for c in candidates], n=1, cutoff=0.5)  # type: ignore[attr-defined]
    return found[0] if found else None
