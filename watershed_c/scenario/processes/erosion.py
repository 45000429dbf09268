"""Erosion by water and by tillage as a scenario sets it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from watershed_c.scenario.fields import Length, Number, Share, SpatialAngle, Table, Time, item, none_means
from watershed_c.scenario.processes.base import Process


class Enrichment(Table):
    """enrichment = { law, ... }: content of a constituent in eroded soil over its content in the top soil."""

    law: Literal["none", "constant", "menzel_1980", "swat", "watem_c"] = item(
        "none", "none: 1; constant: ratio; of organic carbon by the soil a cell loses in a year (menzel_1980, watem_c) "
        "or its concentration in runoff (swat)",
        source="Menzel 1980 in CREAMS and EPIC; SWAT 2009; WATEM_C, Wang et al. 2020",
    )  # fmt: skip
    ratio: Number = item(
        1.0, "of organic carbon, whatever its carrier", ge=0.1, le=12.0,
        source="range: Lal 2020; Lugato et al. 2018 bracket 1 and 2",
    )  # fmt: skip
    particulate: Number | None = item(None, "of particulate carriers, instead of ratio", ge=0.1, le=12.0)
    mineral: Number | None = item(None, "of mineral-associated carriers, instead of ratio", ge=0.1, le=12.0)
    bulk: Number = item(1.0, "of what is carried on bulk soil: carbonate", ge=0.1, le=12.0)
    char: Number = item(
        2.0, 'of biochar that lies loose on the surface (carbon.model = "rothc:biochar"); what was worked in has ratio',
        ge=0.1, le=12.0, source="a prior, 1 to 12: Belle et al. 2021, Biogeosciences 18, 1105; Rumpel et al. 2009",
    )  # fmt: skip
    char_settles: Time = item(
        2.0, "time in which 1/e of it stays loose where no pass buries it", ge=0.1, le=100.0,
        source="a prior, 0.5 to 10 yr",
    )  # fmt: skip
    events_per_year: Number | None = item(
        None, "erosive events, which share the loss of the year evenly: menzel_1980 then is of an event",
        gt=0.0, le=366.0,
    )  # fmt: skip
    largest: Number = item(12.0, "upper bound of what a law gives", ge=1.0, le=100.0, source="Lal 2020")

    @model_validator(mode="after")
    def _needed(self) -> Enrichment:
        given = (self.ratio, self.particulate or 1.0, self.mineral or 1.0, self.bulk)
        if self.law != "constant" and any(number != 1.0 for number in given):
            raise ValueError(f'has a ratio, but law = "{self.law}" does not use it: set law = "constant".')
        fields = type(self).model_fields  # a scenario that was written out has every default
        if self.by_law is not None and any(getattr(self, k) != fields[k].default for k in ("char", "char_settles")):
            raise ValueError(f'has char or char_settles, which law = "{self.law}" does not use: it enriches char, too.')
        if self.law != "menzel_1980" and self.events_per_year is not None:
            raise ValueError(f'has events_per_year, which law = "{self.law}" does not use.')
        if self.by_law is None and self.largest != fields["largest"].default:
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
            "char": self.ratio,
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
    "mmf": (
        "storm_hours", "length_exponent", "slope_factor", "capacity", "ktc_map", "cover_threshold", "cover_map",
        "practice_map", "convention", "ls_correction",
    ),
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
    ktc_low: Annotated[Number | None, none_means("none")] = item(
        None, "transport capacity coefficient where annual C <= cover_threshold; m (van_oost_2000) or m-1.8; the "
        "example of WaTEM/SEDEM (3 and 12 m) if not given: calibrate, it belongs to a cell size", gt=0.0, le=1e6,
    )  # fmt: skip
    ktc_high: Annotated[Number | None, none_means("none")] = item(
        None, "the same where annual C > cover_threshold", gt=0.0, le=1e6
    )
    ktc_map: Annotated[str | None, none_means("none")] = item(
        None, "map of the coefficient, for the cells in which it has a number"
    )
    cover_map: Annotated[str | None, none_means("none")] = item(
        None, "map of C, the same all year, for the cells in which it has a number; of crops elsewhere"
    )
    practice_map: Annotated[str | None, none_means("none")] = item(
        None, "map of P, for the cells in which it has a number; of rotations elsewhere"
    )
    convention: Literal["desmet_govers", "watem_sedem"] = item(
        "desmet_govers", "L by the area that enters a cell; or, with which the coefficients of WaTEM/SEDEM were "
        "calibrated, by that with the cell's own, and the slope of verstraeten_2007 as an angle",
        source="Desmet & Govers 1996; watem-sedem 4fe0efa",
    )  # fmt: skip
    ls_correction: Number = item(1.0, "LS is divided by this", gt=0.0, le=1e6, source="WaTEM/SEDEM, ls correction")
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

    speed_exponent: Number = item(
        0.4, "an event with a speed moves (speed / speed of the implement)^this times the soil", ge=0.0, le=2.0,
        source="mouldboard plough, Van Muysen et al. 2002 (Soil Tillage Res. 64); from memory, a prior: 0 to 1",
    )  # fmt: skip
    depth_exponent: Number = item(
        1.0, "an event with a depth moves (depth / depth of the implement)^this times the soil", ge=0.0, le=3.0,
        source="Govers et al. 1994; regressions of mouldboard ploughs have about 2, from memory: a prior",
    )  # fmt: skip
    inversion: bool = item(
        False, "ploughs lay a share of the tilled layer upside down (inversion in models/implements.toml) and mix the "
        "rest; false: they mix",
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
