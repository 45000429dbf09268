"""The processes a scenario can switch and set: one table each, named as the component that runs it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from watershed_c.scenario.fields import (
    Length,
    Number,
    Share,
    SpatialDiffusivity,
    Table,
    Time,
    item,
)


class Process(Table):
    """What every process has."""

    enabled: bool = item(True, "false switches the process off: it then costs nothing")


class FlowRouting(Process):
    """[processes.flow_routing]: where water runs on the surface."""

    method: Literal["d8", "multiple"] = item("d8", "one receiver of steepest descent, or several")
    exponent: Number = item(
        1.1, "multiple flow: share of a receiver ~ slope^exponent", ge=0.0, le=20.0,
        source="Freeman 1991, Comput. Geosci. 17, 413-422",
    )  # fmt: skip
    depressions: Literal["trap", "breach"] = item(
        "breach", "trap: what flows into a closed depression stays there; breach: it passes through"
    )


class SoilWater(Process):
    """[processes.soil_water]: runoff, layered storage, percolation, groundwater."""

    hydrologic_group: Literal["A", "B", "C", "D"] = item(
        "B", "hydrologic soil group of the runoff curve numbers", source="USDA 1986, TR-55, appendix A"
    )
    rain_days: Number = item(10.0, "days with rain in a month, where the climate table has none", gt=0.0, le=31.0)
    groundwater_residence: Time = item(1.0, "mean residence time of the groundwater reservoir", gt=0.0, le=1000.0)


class Enrichment(Table):
    """enrichment = { law, ratio }: organic carbon in eroded soil relative to the soil it leaves."""

    law: Literal["none", "constant", "watem_c"] = item(
        "none", "none: 1; constant: ratio; watem_c: 1 + a exp(b dz), dz annual lowering (Wang et al. 2020)"
    )
    ratio: Number = item(
        1.0, "enrichment ratio of the constant law", ge=1.0, le=12.0,
        source="range: Lal 2020; Lugato et al. 2018 use 1 and 2",
    )  # fmt: skip

    @model_validator(mode="after")
    def _needed(self) -> Enrichment:
        if self.law != "constant" and self.ratio != 1.0:
            raise ValueError(f'has a ratio that the law "{self.law}" does not use: set law = "constant".')
        return self


class WaterErosion(Process):
    """[processes.water_erosion]: RUSLE detachment, transport capacity, deposition."""

    model: Literal["rusle"] = item("rusle", "how soil is detached")
    length_exponent: Literal["van_oost_2003", "mccool_1989"] = item("mccool_1989", "slope-length exponent m of LS")
    slope_factor: Literal["nearing_1997", "mccool_1987"] = item("nearing_1997", "slope steepness factor S of LS")
    capacity: Literal["van_oost_2000", "verstraeten_2007"] = item("van_oost_2000", "transport capacity equation")
    ktc_low: Number = item(
        3.0, "transport capacity coefficient where annual C <= ktc_limit; m (van_oost_2000); belongs to a cell size",
        ge=0.0, source="WaTEM/SEDEM example set-up, 20 m cells: calibrate",
    )  # fmt: skip
    ktc_high: Number = item(
        12.0, "transport capacity coefficient where annual C > ktc_limit", ge=0.0,
        source="WaTEM/SEDEM example set-up, 20 m cells: calibrate",
    )  # fmt: skip
    ktc_limit: Number = item(
        0.1, "annual cover factor C that parts low from high", ge=0.0, le=1.0, source="WaTEM/SEDEM example set-up"
    )
    practice_factor: Number = item(1.0, "RUSLE support practice factor P; 1 = none", ge=0.0, le=1.0)
    enrichment: Enrichment = item(doc="carbon enrichment of eroded soil", factory=Enrichment)
    mineralised_in_transit: Share = item(
        0.0, "share of the SOC moved that is respired on the way", ge=0.0, le=1.0,
        source="Lugato et al. 2018: 2 and 10 %",
    )  # fmt: skip

    @model_validator(mode="after")
    def _order(self) -> WaterErosion:
        if self.ktc_low > self.ktc_high:
            raise ValueError(f"has ktc_low = {self.ktc_low:g} above ktc_high = {self.ktc_high:g}.")
        return self


class TillageErosion(Process):
    """[processes.tillage_erosion]: soil moved by implements at the dates of the calendar."""

    scale: Number = item(1.0, "multiplies the transport coefficient of every implement", ge=0.0, le=5.0)


class SoilColumn(Process):
    """[processes.soil_column]: the column follows its surface; soil animals mix it."""

    biodiffusivity: SpatialDiffusivity | None = item(
        None, 'mixing by soil animals, e.g. { by_class = { grassland = "2 cm2/yr" } }; none if not given'
    )
    e_folding_depth: Length = item(0.2, "depth over which mixing falls to 1/e", gt=0.0, le=5.0)


class Decomposition(Process):
    """[processes.decomposition]: the carbon pools in every layer."""

    depth_factor: Literal["none", "exponential"] = item(
        "exponential", "decay below the calibration depth of the pool model (coupling rule 10)"
    )
    e_folding_depth: Length = item(
        0.303, "depth below the calibration depth over which decay falls to 1/e", gt=0.0,
        source="Wang et al. 2020, WATEM_C: r_exp 3.30 m-1",
    )  # fmt: skip
    buried_rates: Literal["follow_depth", "follow_material"] = item(
        "follow_depth", "decay of buried carbon: that of its new depth, or that it came with (coupling rule 12)"
    )


class Carbonate(Process):
    """[processes.carbonate]: dissolution and precipitation of calcite; on when its table is there."""

    root_respiration: Number = item(
        1.0, "root respiration relative to heterotrophic respiration, for the CO2 of soil air", ge=0.0, le=5.0
    )
    kinetics: Share = item(1.0, "share of the way to equilibrium reached in a step", ge=0.0, le=1.0)


class DissolvedCarbon(Process):
    """[processes.dissolved_carbon]: DOC made of what would be respired; on when its table is there."""

    doc_share: Share = item(0.02, "share of what decomposes that becomes DOC", ge=0.0, le=0.5)
    doc_decay: Time = item(1.0, "mean lifetime of DOC in soil water", gt=0.0)


class CustomProcess(Table):
    """[[processes.custom]]: any Landlab component, by its import path."""

    import_path: str = Field(
        alias="import", description='where it is: "landlab.components:LinearDiffuser"',
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
    )  # fmt: skip
    name: str = item("", "name in the ledger and in messages; the class name if not given")
    params: dict[str, Any] = item(doc="keyword parameters of the component", factory=dict)
    after: str = item("tillage_erosion", "the process it runs after")
    elevation_change: Literal["uplift", "flux", "refuse"] = item(
        "refuse", "what a change of elevation means: uplift of the land, soil moved by flux_field, or an error (rule 8)"
    )
    flux_field: str = item("", "grid field with the soil flux, for elevation_change = flux")
    enabled: bool = item(True, "false leaves it out")

    @model_validator(mode="after")
    def _flux(self) -> CustomProcess:
        if (self.elevation_change == "flux") != bool(self.flux_field):
            raise ValueError('must have flux_field with elevation_change = "flux", and only then.')
        return self


class Processes(Table):
    """[processes]: in the order they run."""

    soil_water: SoilWater = item(doc="water in the cell", factory=SoilWater)
    flow_routing: FlowRouting = item(doc="surface flow", factory=FlowRouting)
    water_erosion: WaterErosion = item(doc="erosion and deposition by water", factory=WaterErosion)
    tillage_erosion: TillageErosion = item(doc="erosion by tillage", factory=TillageErosion)
    soil_column: SoilColumn = item(doc="the moving surface and vertical mixing", factory=SoilColumn)
    decomposition: Decomposition = item(doc="turnover of organic carbon", factory=Decomposition)
    carbonate: Carbonate = item(doc="turnover of inorganic carbon", factory=lambda: Carbonate(enabled=False))
    dissolved_carbon: DissolvedCarbon = item(doc="DOC with water", factory=lambda: DissolvedCarbon(enabled=False))
    custom: list[CustomProcess] = item(doc="other Landlab components", factory=list)


#: names that `after` may use
PROCESS_NAMES = tuple(name for name in Processes.model_fields if name != "custom")
