"""The processes a scenario can switch and set: one table each, named as the component that runs it."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from watershed_c.scenario.fields import (
    ArealMassFlux,
    Length,
    Number,
    Rate,
    Share,
    SpatialAngle,
    SpatialConductivity,
    SpatialDiffusivity,
    Table,
    Time,
    WaterFlux,
    item,
)


class Process(Table):
    """What every process has."""

    enabled: bool = item(True, "false switches the process off: it then costs nothing")


class ParcelRouting(Table):
    """[processes.flow_routing.parcels]: what land use says with method = "two_receivers"."""

    roads: list[str] = item(doc="land classes that are roads and other sealed ground", factory=list)
    forest: list[str] = item(doc="land classes that are forest", factory=list)
    pasture: list[str] = item(doc="land classes that are pasture", factory=list)
    open_water: list[str] = item(doc="land classes that are standing water", factory=list)
    grass_strips: list[str] = item(doc="land classes that are grass strips; all other land is fields", factory=list)
    window: int = item(
        50, "cells to each side in which a pit finds its receiver", ge=1, le=1000, source="WaTEM/SEDEM, max kernel"
    )
    cardinal_rivers: bool = item(
        True, "channel cells draw the flow of cardinal neighbours only", source="WaTEM/SEDEM, cardinal routing river"
    )
    to_field: Share = item(1.0, "parcel connectivity: share of the contributing area entering a field", ge=0.0, le=1.0)
    to_forest: Share = item(1.0, "the same into forest or pasture", ge=0.0, le=1.0)
    to_strip: Share = item(1.0, "the same into a grass strip", ge=0.0, le=1.0, source="WaTEM/SEDEM")
    trapped_field: Share = item(0.0, "parcel trapping: share of its area a cell of a field holds back", ge=0.0, le=1.0)
    trapped_forest: Share = item(0.0, "the same in forest", ge=0.0, le=1.0)
    trapped_pasture: Share = item(0.0, "the same in pasture", ge=0.0, le=1.0)
    ditches: str | None = item(None, "map of ditches: direction of flow, 1 to 8 clockwise from north, 0 elsewhere")
    dams: str | None = item(None, "map of dams that lead flow along them, as ditches")
    buffers: str | None = item(None, "map of buffer basins: number at the outlet, number + 16384 elsewhere in it")
    buffer_trapping: dict[str, Annotated[Share, Field(ge=0.0, le=1.0)]] = item(
        doc="share of the sediment that each buffer keeps, by its number", factory=dict
    )
    buffers_reduce_area: bool = item(False, "buffers hold back that share of the contributing area, too")
    sewers: str | None = item(None, "map of the share of water and sediment that leaves a cell in a sewer, 0 to 1")
    tillage_direction: str | None = item(None, "map of the direction of tillage, degrees clockwise from north")
    furrow_height: str | None = item(None, "map of the height of furrows, cm, with tillage_direction")


class FlowRouting(Process):
    """[processes.flow_routing]: where water runs on the surface."""

    method: Literal["multiple", "d8", "d_infinity", "two_receivers"] = item(
        "multiple", "shares to all lower neighbours, all to the steepest, to the two beside the steepest direction, or "
        "flux decomposition by parcels", source="Freeman 1991; O'Callaghan & Mark 1984; Tarboton 1997; Desmet & Govers "
        "1996",
    )  # fmt: skip
    parcels: ParcelRouting = item(doc="two_receivers: parcels, roads, ditches", factory=ParcelRouting)
    depressions: Literal["trap", "breach"] = item(
        "trap", "closed depressions are filled for the routing, and sediment settles in them (trap), or cut open by "
        "trenches, through which it passes (breach)", source="Barnes et al. 2014; Lindsay & Dhun 2015",
    )  # fmt: skip
    slopes: Literal["downslope", "central"] | None = item(
        None, "slope of soil loss and transport capacity: to the lower neighbours (downslope), so that waves of two "
        "cells cannot grow, or by central differences, as in WaTEM/SEDEM; downslope, but central with two_receivers, "
        "if not given", source="Osher & Sethian 1988; Zevenbergen & Thorne 1987",
    )  # fmt: skip
    exponent: Number = item(
        1.1, "multiple: a share is as slope^exponent", ge=0.0, le=20.0, source="Freeman 1991, Comput. Geosci. 17, 413"
    )
    reroute_threshold: Length = item(
        0.05, "change of elevation after which flow is routed anew", ge=0.0, le=100.0,
        source="less than the vertical error of elevation models; 0 routes after any change",
    )  # fmt: skip

    @model_validator(mode="after")
    def _parcels(self) -> FlowRouting:
        if self.method != "two_receivers" and self.parcels != ParcelRouting():
            raise ValueError(f'has parcels, which method = "{self.method}" does not read; "two_receivers" does.')
        return self


class SoilWater(Process):
    """[processes.soil_water]: snow, runoff, layered storage, percolation, groundwater."""

    hydrologic_group: Literal["A", "B", "C", "D"] = item(
        "B", "hydrologic soil group of the runoff curve numbers", source="USDA 1986, TR-55, appendix A"
    )
    rain_days: Number | None = item(
        None, "days with rain in a month; needed where the climate table has no wet_days", gt=0.0, le=31.0
    )
    initial_abstraction: Number = item(
        0.2, "share of the retention filled before runoff begins: 0.2 or 0.05", source="USDA 1986; Hawkins et al. 2002"
    )
    infiltration: Literal["curve_number", "curve_number_moisture", "green_ampt"] = item(
        "curve_number", "runoff of an event: by the curve number, by one that follows soil moisture, or what does not "
        "enter by Green & Ampt", source="USDA 1986; Neitsch et al. 2011, SWAT; Green & Ampt 1911, Mein & Larson 1973",
    )  # fmt: skip
    storm_duration: Time | None = item(None, "green_ampt: of a rain event, e.g. \"3 h\"", gt=0.0, le=1.0 / 12.0)
    conductivity_ratio: Number = item(
        0.5, "green_ampt: conductivity behind the wetting front per saturated conductivity", gt=0.0, le=1.0,
        source="Bouwer 1966: 0.5 of soil that keeps air",
    )  # fmt: skip
    by_day: bool = item(
        False, "where the climate table has days, rain, infiltration and evapotranspiration are taken day by day"
    )
    groundwater_residence_time: Time = item(
        45.0 / 365.25, "of the linear reservoir that feeds the stream", gt=0.0, le=1000.0,
        source="Brutsaert 2008: 45 +- 15 days",
    )  # fmt: skip
    evaporation_depth: Length = item(0.10, "soil dried by evaporation", gt=0.0, le=0.5, source="FAO-56: 0.10-0.15")
    base_conductivity: SpatialConductivity | None = item(
        None, "saturated conductivity of what lies below the lowest layer: no more percolates, and a water table rises "
        "from a tight base; all that reaches the base percolates if not given",
    )  # fmt: skip
    pedotransfer: Literal["saxton_rawls", "wosten"] = item(
        "saxton_rawls", "water retention and conductivity from texture and organic carbon: Saxton & Rawls 2006 "
        "(USA), or Wosten et al. 1999 (Europe; reads the bulk density too)",
    )  # fmt: skip
    follows_soc: bool = item(
        False, "water retention and conductivity follow soil organic carbon, once a year; false: those of soil.soc"
    )
    soc_change: Share = item(
        0.0005, "follows_soc: change of a layer's content since its properties were last found, per dry soil, below "
        "which they stay", ge=0.0, le=0.1,
        source="0.5 g/kg: about 0.05 mm of available water per 10 cm (Minasny & McBratney 2018)",
    )  # fmt: skip
    degree_day_factor: Number = item(3.0, "snow melt, kg m-2 K-1 d-1", ge=0.0, le=20.0, source="Hock 2003: 1.5 to 6")

    @model_validator(mode="after")
    def _storm(self) -> SoilWater:
        if (self.infiltration == "green_ampt") != (self.storm_duration is not None):
            raise ValueError('must have storm_duration with infiltration = "green_ampt", and only then.')
        return self

    @field_validator("initial_abstraction")
    @classmethod
    def _one_of_two(cls, value: float) -> float:
        if value not in (0.2, 0.05):
            raise ValueError("must be 0.2 or 0.05.")
        return value


class SubsurfaceFlow(Process):
    """[processes.subsurface_flow]: water of full layers moves downslope below ground; on when its table is there."""


class Drains(Table):
    """[[processes.artificial_drainage.system]]: drains of one kind, and the cells that have them."""

    kind: Literal["tiles", "ditches"] = item("tiles", "buried pipes, or open ditches")
    classes: list[str] = item(doc="land-use classes that have them", factory=list)
    codes: list[int] = item(doc="numbers of the map that have them", factory=list)
    spacing: Length = item(doc="distance between drains", gt=0.0, le=1000.0)
    depth: Length = item(doc="of tiles, or of the water level ditches are held at", gt=0.0, le=10.0)
    radius: Length = item(
        0.05, "tiles: radius of the pipe", gt=0.0, le=1.0,
        source="pipe of 100 mm; a wall that lets little water in acts like a much smaller one (Skaggs 1978)",
    )  # fmt: skip
    wetted_perimeter: Length | None = item(None, "ditches: of the ditch at that level", gt=0.0, le=50.0)
    coefficient: WaterFlux = item(
        10.0 * 365.25, "drainage coefficient: most that the system carries", gt=0.0, le=1e6,
        source="10 mm/day; designs have 10 to 25 (Skaggs)",
    )  # fmt: skip

    @model_validator(mode="after")
    def _fits(self) -> Drains:
        if (self.kind == "ditches") != (self.wetted_perimeter is not None):
            raise ValueError("must have wetted_perimeter with kind = \"ditches\", and only then.")
        if not self.classes and not self.codes:
            raise ValueError("must say where it is: classes = [...] of the land, or codes = [...] of the map.")
        if 2.0 * self.effective_radius >= self.spacing:
            raise ValueError("has drains wider than their spacing.")
        return self

    @property
    def effective_radius(self) -> float:
        """m; of a ditch its wetted perimeter over pi."""
        return self.radius if self.wetted_perimeter is None else self.wetted_perimeter / math.pi


class ArtificialDrainage(Process):
    """[processes.artificial_drainage]: tiles and ditches; on when its table is there."""

    map: str | None = item(None, "map of whole numbers that systems speak of by codes; relative to the scenario file")
    system: list[Drains] = item(doc="kinds of drains; the first that fits a cell is there", factory=list)


class Enrichment(Table):
    """enrichment = { law, ... }: content of a constituent in eroded soil over its content in the top soil."""

    law: Literal["none", "constant", "menzel_1980", "sharpley_1985", "swat", "watem_c"] = item(
        "none", "none: 1; constant: ratio; of organic carbon by the soil a cell loses in a year (menzel_1980, watem_c) "
        "or event (sharpley_1985), or by its concentration in runoff (swat)",
        source="Menzel 1980 in CREAMS and EPIC; Sharpley 1985; SWAT 2009; WATEM_C, Wang et al. 2020",
    )  # fmt: skip
    ratio: Number = item(
        1.0, "of organic carbon, whatever its carrier", ge=0.1, le=12.0,
        source="range: Lal 2020; Lugato et al. 2018 bracket 1 and 2",
    )  # fmt: skip
    particulate: Number | None = item(None, "of particulate carriers, instead of ratio", ge=0.1, le=12.0)
    mineral: Number | None = item(None, "of mineral-associated carriers, instead of ratio", ge=0.1, le=12.0)
    bulk: Number = item(1.0, "of what is carried on bulk soil: carbonate", ge=0.1, le=12.0)
    events_per_year: Number | None = item(
        None, "erosive events, which share the loss of the year evenly; sharpley_1985 needs them, menzel_1980 then is "
        "of an event", gt=0.0, le=366.0,
    )  # fmt: skip
    largest: Number = item(12.0, "upper bound of what a law gives", ge=1.0, le=100.0, source="Lal 2020")

    @model_validator(mode="after")
    def _needed(self) -> Enrichment:
        given = (self.ratio, self.particulate or 1.0, self.mineral or 1.0, self.bulk)
        if self.law != "constant" and any(number != 1.0 for number in given):
            raise ValueError(f'has a ratio, but law = "{self.law}" does not use it: set law = "constant".')
        if self.law == "sharpley_1985" and self.events_per_year is None:
            raise ValueError('has law = "sharpley_1985", which is of single events: give events_per_year.')
        if self.law not in ("sharpley_1985", "menzel_1980") and self.events_per_year is not None:
            raise ValueError(f'has events_per_year, which law = "{self.law}" does not use.')
        if self.by_law is None and self.largest != type(self).model_fields["largest"].default:
            raise ValueError(f'has largest, which law = "{self.law}" does not use: it bounds what a law gives.')
        return self

    @property
    def by_law(self) -> str | None:
        """Law of what a cell loses; None: constant ratios."""
        return None if self.law in ("none", "constant") else self.law

    @property
    def by_carrier(self) -> dict[str, float]:
        """Ratio of each carrier of `constituents.Constituent`."""
        return {
            "particulate": self.particulate if self.particulate is not None else self.ratio,
            "mineral": self.mineral if self.mineral is not None else self.ratio,
            "bulk": self.bulk,
        }


class MorganMorganFinney(Table):
    """[processes.water_erosion.mmf]: rain and soil of the revised Morgan-Morgan-Finney model."""

    cohesion: Number = item(
        doc="of the surface soil, kPa: 2 (sand) to 12 (clay)", gt=0.0, le=100.0, source="Morgan 2001, from memory"
    )
    detachability: Number | None = item(
        None, "soil that raindrops detach, g J-1; from texture if not given (0.1 clay, 0.5 silt, 0.3 sand)",
        ge=0.0, le=10.0, source="Morgan & Duzant 2008, Earth Surf. Process. Landforms 33, 90",
    )  # fmt: skip
    rain_intensity: Number = item(
        10.0, "of erosive rain, mm h-1: 10 temperate, 25 tropical, 30 strongly seasonal", gt=0.0, le=200.0,
        source="Morgan 2001, from memory",
    )  # fmt: skip
    rain_energy: Literal["wischmeier_1978", "marshall_palmer_1948"] = item(
        "wischmeier_1978", "per mm: 11.9 + 8.7 log10 I, or 8.95 + 8.44 log10 I (north-west Europe)"
    )
    interception: Share = item(
        0.25, "share of the rain on a canopy that stays there", ge=0.0, le=1.0,
        source="a prior: 0.1 to 0.45 by crop in Morgan 2001, from memory",
    )  # fmt: skip


#: keys that say nothing to a model of soil loss
_NOT_OF_MODEL = {
    "rusle": ("storm_hours",),
    "musle": (),
    "mmf": ("storm_hours", "length_exponent", "slope_factor", "capacity", "ktc_map", "cover_threshold"),
}


class WaterErosion(Process):
    """[processes.water_erosion]: detachment, transport capacity, deposition."""

    model: Literal["rusle", "musle", "mmf"] = item(
        "rusle", "source of potential soil loss: rusle sees rain only; musle and mmf see the runoff of soil_water",
        source="Renard et al. 1997; Williams & Berndt 1977; Morgan 2001, Catena 44, 305",
    )  # fmt: skip
    storm_hours: Number = item(
        2.0, "musle: duration of an erosive rain, for the peak of its runoff", gt=0.0, le=48.0,
        source="a prior, 0.5 to 6 h; soil loss grows as its -0.56th power",
    )  # fmt: skip
    mmf: MorganMorganFinney | None = item(None, "what model = mmf knows of rain and soil")
    length_exponent: Literal["van_oost_2003", "mccool_1989"] = item("van_oost_2003", "exponent m of slope length in LS")
    slope_factor: Literal["nearing_1997", "mccool_1987"] = item("nearing_1997", "slope factor S of LS")
    capacity: Literal["van_oost_2000", "verstraeten_2007"] = item("van_oost_2000", "transport capacity equation")
    ktc_low: Number | None = item(
        None, "transport capacity coefficient where annual C <= cover_threshold; m (van_oost_2000) or m-1.8; the "
        "example of WaTEM/SEDEM (3 and 12 m) if not given: calibrate, it belongs to a cell size", gt=0.0, le=1e6,
    )  # fmt: skip
    ktc_high: Number | None = item(None, "the same where annual C > cover_threshold", gt=0.0, le=1e6)
    ktc_map: str | None = item(None, "map of the coefficient, for the cells in which it has a number")
    cover_threshold: Number = item(
        0.1, "annual cover factor C that parts low from high: between grassland and ploughed fields", ge=0.0, le=1.0,
        source="rusleR 0.0.2, after Batista et al. 2022; WaTEM/SEDEM has no default",
    )  # fmt: skip
    longest_slope: Length | None = item(
        None, "slope length at which LS stops growing, as runoff then runs in channels the terrain does not show; no "
        "limit but domain.channel_area if not given", gt=0.0, le=1e5,
        source="Renard et al. 1997, AH-703 chapter 4: usually below 120 m, the most to use is 305 m",
    )  # fmt: skip
    prior_land_use: bool = item(
        True, "the prior-land-use sub-factor of crops enters C; false takes 1, as soil.erodibility.follows_soc needs",
        source="Renard et al. 1997, AH-703 chapter 5",
    )  # fmt: skip
    transit_mineralisation: Share = item(
        0.0, "share of the organic carbon that water detaches which turns into CO2 on its way", ge=0.0, le=1.0,
        source="brackets: 0.02 to 0.1 (Lugato et al. 2018), 0.2 (Lal 2003)",
    )  # fmt: skip
    downstream_mineralisation: Share = item(
        0.0, "share of the organic carbon that leaves the catchment with sediment which turns into CO2 beyond it; a "
        "term of its own among the exports", ge=0.0, le=1.0, source="brackets: 0.05 to 0.8 (Lugato et al. 2018)",
    )  # fmt: skip
    size_classes: bool = item(
        False, "sediment in five classes of particles, which settle by fall velocity and change texture; in place of "
        "enrichment (coupling rule 21)", source="Foster, Young & Neibling 1985, Trans. ASAE 28, 133",
    )  # fmt: skip
    enrichment: Enrichment = item(doc="enrichment of eroded soil", factory=Enrichment)

    @model_validator(mode="after")
    def _model(self) -> WaterErosion:
        if (self.model == "mmf") != (self.mmf is not None):
            raise ValueError('must have [processes.water_erosion.mmf] with model = "mmf", and only then.')
        if self.model == "mmf" and self.ktc_low is not None:
            raise ValueError('has ktc_low, which model = "mmf" does not use: it has a capacity of its own.')
        return self

    @property
    def unused(self) -> list[str]:
        """Keys that were set and say nothing to the model of soil loss."""
        changed = [key for key, field in type(self).model_fields.items() if getattr(self, key) != field.default]
        return [key for key in _NOT_OF_MODEL[self.model] if key in changed]

    @model_validator(mode="after")
    def _one_selectivity(self) -> WaterErosion:
        if self.size_classes and self.enrichment.law != "none":
            law = self.enrichment.law
            raise ValueError(f'has size_classes and enrichment.law = "{law}": one selectivity in a run.')
        return self

    @model_validator(mode="after")
    def _pair(self) -> WaterErosion:
        if (self.ktc_low is None) != (self.ktc_high is None):
            raise ValueError("must have both ktc_low and ktc_high, or neither.")
        if self.ktc_low is not None and self.ktc_high is not None and self.ktc_low > self.ktc_high:
            raise ValueError(f"has ktc_low = {self.ktc_low:g} above ktc_high = {self.ktc_high:g}.")
        if self.capacity == "verstraeten_2007" and self.ktc_low is None:
            raise ValueError('has capacity = "verstraeten_2007", which needs ktc_low and ktc_high.')
        return self


class TillageErosion(Process):
    """[processes.tillage_erosion]: soil moved by implements at the dates of the calendar, within fields."""

    direction: Literal["up_and_down", "contour"] = item(
        "up_and_down", "way of the implements: along the slope, or along the contour",
        source="coefficients of implements are those of up and down",
    )  # fmt: skip
    angle: SpatialAngle | None = item(
        None, 'lines of tillage clockwise from north, instead of a direction: { map = "lines.tif", units = "deg" }'
    )
    across: Number | None = item(
        None, "transport coefficient across the way of the implement over that along it; contour and angle need it",
        ge=0.0, le=5.0,
        source="no value serves all: Van Oost et al. 2006 find contour tillage to erode less, De Alba et al. 2006 more",
    )  # fmt: skip

    @model_validator(mode="after")
    def _needs_ratio(self) -> TillageErosion:
        if self.angle is not None and self.direction != "up_and_down":
            raise ValueError(f'has angle and direction = "{self.direction}": give one of them.')
        directed = self.angle is not None or self.direction != "up_and_down"
        if directed and self.across is None:
            raise ValueError("has a direction, which needs across: the coefficient across the way over that along it.")
        if not directed and self.across is not None:
            raise ValueError('has across, which direction = "up_and_down" does not use.')
        return self


class SoilColumn(Process):
    """[processes.soil_column]: the column follows its surface; soil animals mix it."""

    biodiffusivity: SpatialDiffusivity | None = item(
        None, 'mixing by soil animals at the surface, e.g. { by_class = { grass = "2 cm2/yr" } }; none if not given'
    )
    e_folding_depth: Length | None = item(
        None, "depth over which mixing falls to 1/e; the same at all depths if not given", gt=0.0, le=5.0
    )


class Moisture(Table):
    """moisture = { form, variant, ... }: how water slows decay in models with RothC's moisture law."""

    form: Literal["official", "layered"] = item(
        "official", "official: one topsoil deficit above the calibration depth, each layer's own water below it; "
        "layered: each layer's own water at all depths",
    )  # fmt: skip
    variant: Literal["rothc", "rothc_soilr", "rothc_soilr_bare"] = item(
        "rothc", "rothc: RothC-26.3 and RothC v2; rothc_soilr, rothc_soilr_bare: SoilR's fW.RothC, its flag for bare "
        "soil off or on in all months whatever the cover", source="SoilR 1.2.105 (Sierra et al. 2012)",
    )  # fmt: skip
    opt_rmmoist: int = item(
        1, "RothC v2: deficits 1 from clay; 2 from water retention, drying to 1000 bar; 3 the same, to 15 bar",
        ge=1, le=3, source="RothC_Code v2.0.0; Farina et al. 2013, Geoderma 200-201, 18",
    )  # fmt: skip
    opt_smdbare: int = item(
        1, "RothC v2: bare soil dries 1 only in part, 2 to the end of the ramp", ge=1, le=2, source="RothC_Code v2.0.0"
    )
    minrm_moist: Share | None = item(
        None, "RothC v2: least factor, with opt_rmmoist 2 or 3; 0.2 if not given", ge=0.0, le=1.0
    )

    wet_end: Literal["none", "skopp", "daycent"] = item(
        "none", "layered: oxygen limb above 58 % (skopp, to 0 when saturated) or 60 % (daycent, to 0.24) of the pores "
        "filled, down to the calibration depth, below which the depth factor stands for it (coupling rule 11)",
        source="Skopp et al. 1990, Soil Sci. Soc. Am. J. 54, 1619; Kelly et al. 2000",
    )  # fmt: skip

    @model_validator(mode="after")
    def _fits(self) -> Moisture:
        if self.wet_end != "none" and self.form != "layered":
            raise ValueError('has wet_end, which needs form = "layered": the topsoil deficit ends at moist.')
        if self.variant != "rothc" and (self.opt_rmmoist, self.opt_smdbare, self.minrm_moist) != (1, 1, None):
            raise ValueError(
                f'has an option of RothC v2, which variant = "{self.variant}" does not have: opt_rmmoist, opt_smdbare '
                'and minrm_moist go with variant = "rothc".'
            )
        if self.opt_rmmoist == 1 and self.minrm_moist is not None:
            raise ValueError("has minrm_moist, which RothC v2 reads with opt_rmmoist = 2 or 3 only.")
        return self


class Decomposition(Process):
    """[processes.decomposition]: the carbon pools in every layer."""

    moisture: Moisture = item(doc="how water slows decay: RothC's variants", factory=Moisture)
    buried: Literal["depth", "material"] = item(
        "depth", "soil that was moved takes the depth factor of where it lies (depth) or keeps that of where it came "
        "from (material): two end members for buried and exhumed carbon, run both (coupling rule 12)",
    )  # fmt: skip

    e_folding_depth: Length = item(
        0.303, "depth below the calibration depth of the pool model over which rates fall to 1/e", gt=0.0, le=10.0,
        source="WATEM_C code, r_exp = 3.30 m-1 (Wang et al. 2020)",
    )  # fmt: skip


class Carbonate(Process):
    """[processes.carbonate]: dissolution and precipitation of calcite; on when its table is there."""

    root_respiration: Number = item(
        0.85, "root respiration relative to heterotrophic, for the CO2 of soil air", ge=0.0, le=10.0,
        source="Hanson et al. 2000, Biogeochemistry 48, 115",
    )  # fmt: skip
    atmospheric_carbon_dioxide: Number = item(
        420.0, "ppm", ge=100.0, le=10000.0, source="NOAA Global Monitoring Laboratory, about 2023"
    )
    maximum_carbon_dioxide: Number = item(
        150000.0, "ppm; no higher value is used for soil air", ge=10000.0, le=1e6,
        source="prior, above the largest measured, 13.0 % (Amundson & Davidson 1990, J. Geochem. Explor. 38, 13)",
    )  # fmt: skip


class DissolvedCarbon(Process):
    """[processes.dissolved_carbon]: DOC with percolating water; on when its table is there."""

    doc_fraction: Share = item(
        0.02, "share of what would be respired that becomes DOC instead (coupling rule 17)", ge=0.0, le=0.5,
        source="prior, 0.01 to 0.03; DOC leaching of European soils is 2 to 7 g C m-2 yr-1 (Kindler et al. 2011)",
    )  # fmt: skip
    distribution_coefficient: Number = item(
        5.0, "sorbed per dissolved, L kg-1", ge=0.0, le=1000.0, source="prior; Kalbitz et al. 2000: 0.5 to 20"
    )
    decay_rate: Rate = item(
        1.0, "mineralisation of what is in solution", ge=0.0, le=1000.0, source="prior; Kalbitz & Kaiser 2008: 0.5 to 5"
    )


class Peat(Process):
    """[processes.peat]: net carbon balance of peat, in place of the pools; on when its table is there."""

    classes: list[str] = item(doc="land-use classes that are peat", factory=list)
    ipcc: dict[
        str,
        Literal[
            "cropland", "grassland-boreal", "grassland-deep-drained", "grassland-shallow-drained", "forest-temperate",
            "forest-boreal-rich", "forest-boreal-poor", "extraction",
        ],
    ] = item(
        doc="classes of peat that lose what the IPCC says of this drained land use, whatever their water table",
        factory=dict, source="Tier 1, IPCC 2013 Wetlands Supplement, chapter 2",
    )  # fmt: skip
    slope: Number = item(
        0.1341, "net carbon loss, t C ha-1 yr-1, per cm of mean depth of the water table", ge=0.0, le=1.0,
        source="Evans et al. 2021, Nature 593, 548, quoted at second hand",
    )  # fmt: skip
    intercept: ArealMassFlux = item(
        -0.173, "net carbon loss with the water table at the surface; negative: a gain", ge=-1.0, le=1.0,
        source="Evans et al. 2021: -1.73 t CO2-C ha-1 yr-1, quoted at second hand",
    )  # fmt: skip

    @model_validator(mode="after")
    def _fits(self) -> Peat:
        if unknown := sorted(set(self.ipcc) - set(self.classes)):
            raise ValueError(f"has ipcc for {unknown[0]}, which is not in its classes.")
        return self


class CustomProcess(Table):
    """[[processes.custom]]: any Landlab component, by its import path."""

    import_path: str = Field(
        alias="import", description='where it is: "landlab.components:LinearDiffuser"',
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
    )  # fmt: skip
    name: str = item(
        "", "name in the ledger and in messages: letters, digits, _ and -; the class name if not given",
        pattern=r"^([A-Za-z][\w-]*)?$",
    )  # fmt: skip
    params: dict[str, Any] = item(doc="keyword parameters of the component", factory=dict)
    after: str = item("tillage_erosion", "the process it runs after")
    elevation_change: Literal["uplift", "flux", "refuse"] = item(
        "refuse", "what a change of elevation means: uplift of the land, soil moved by flux_field, or an error (rule 8)"
    )
    flux_field: str = item("", "grid field with the soil flux, for elevation_change = flux")
    enabled: bool = item(True, "false leaves it out")

    @model_validator(mode="after")
    def _flux(self) -> CustomProcess:
        if self.name.endswith("_export"):
            raise ValueError(f'has the name "{self.name}"; what ends in _export is an export of the ledger.')
        if (self.elevation_change == "flux") != bool(self.flux_field):
            raise ValueError('must have flux_field with elevation_change = "flux", and only then.')
        return self


class Processes(Table):
    """[processes]: in the order they run."""

    soil_water: SoilWater = item(doc="water in the cell", factory=SoilWater)
    subsurface_flow: SubsurfaceFlow = item(
        doc="water between cells below ground, within soil_water", factory=lambda: SubsurfaceFlow(enabled=False)
    )
    artificial_drainage: ArtificialDrainage = item(
        doc="tiles and ditches, within soil_water", factory=lambda: ArtificialDrainage(enabled=False)
    )
    flow_routing: FlowRouting = item(doc="surface flow", factory=FlowRouting)
    water_erosion: WaterErosion = item(doc="erosion and deposition by water", factory=WaterErosion)
    tillage_erosion: TillageErosion = item(doc="erosion by tillage", factory=TillageErosion)
    soil_column: SoilColumn = item(doc="the moving surface and vertical mixing", factory=SoilColumn)
    decomposition: Decomposition = item(doc="turnover of organic carbon", factory=Decomposition)
    peat: Peat = item(doc="carbon balance of peat, and subsidence", factory=lambda: Peat(enabled=False))
    carbonate: Carbonate = item(doc="turnover of inorganic carbon", factory=lambda: Carbonate(enabled=False))
    dissolved_carbon: DissolvedCarbon = item(doc="DOC with water", factory=lambda: DissolvedCarbon(enabled=False))
    custom: list[CustomProcess] = item(doc="other Landlab components", factory=list)


#: what soil water does in its substeps: the process a custom one comes after instead
WITHIN = {"subsurface_flow": "soil_water", "artificial_drainage": "soil_water"}
#: names that `after` may use
PROCESS_NAMES = tuple(name for name in Processes.model_fields if name != "custom")
