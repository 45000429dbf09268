"""Water in and between columns as a scenario sets it: soil water, subsurface flow, drains."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import field_validator, model_validator

from watershed_c.scenario.fields import Length, Number, Share, SpatialConductivity, Table, Time, WaterFlux, item
from watershed_c.scenario.processes.base import Process


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
    follows_texture: bool = item(
        False, "they follow the texture that water_erosion.size_classes sorts, once a year, in steps of 1 % of clay or "
        "sand; false: that of soil.clay and soil.sand",
    )  # fmt: skip
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
    since: int | None = item(
        None, "calendar year on whose 1 January they are laid: cells have none of them before; there from the start if "
        "not given", ge=1, le=9999,
    )  # fmt: skip
    until: int | None = item(
        None, "calendar year on whose 1 January they are blocked, as where peat is rewetted: cells that had them have "
        "none from then on; never if not given", ge=1, le=9999,
    )  # fmt: skip

    @model_validator(mode="after")
    def _fits(self) -> Drains:
        if (self.kind == "ditches") != (self.wetted_perimeter is not None):
            raise ValueError("must have wetted_perimeter with kind = \"ditches\", and only then.")
        if not self.classes and not self.codes:
            raise ValueError("must say where it is: classes = [...] of the land, or codes = [...] of the map.")
        if 2.0 * self.effective_radius >= self.spacing:
            raise ValueError("has drains wider than their spacing.")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError(f"has drains laid in {self.since} and blocked in {self.until}.")
        return self

    @property
    def effective_radius(self) -> float:
        """m; of a ditch its wetted perimeter over pi."""
        return self.radius if self.wetted_perimeter is None else self.wetted_perimeter / math.pi


class ArtificialDrainage(Process):
    """[processes.artificial_drainage]: tiles and ditches; on when its table is there."""

    map: str | None = item(None, "map of whole numbers that systems speak of by codes; relative to the scenario file")
    system: list[Drains] = item(
        doc="kinds of drains; of those that fit a cell and are in operation the first is there", factory=list
    )
