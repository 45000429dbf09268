"""What a scenario may say: `Scenario` and its tables (format version 1).

Every key has a meaning, a unit, a range and, where its default is a number of nature, a source; `explain` prints them.
Defaults exist for everything except the land itself: domain, climate, soil, land.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, PrivateAttr, field_validator, model_validator

from watershed_c.scenario.appraisal import Nutrients, Prices
from watershed_c.scenario.fields import (
    Angle,
    Area,
    Erosivity,
    LapseRate,
    Length,
    MassFraction,
    Number,
    Share,
    SoilInorganicCarbon,
    SoilOrganicCarbon,
    SpatialDensity,
    SpatialErodibility,
    SpatialPh,
    SpatialShare,
    Table,
    Temperature,
    TemperatureDifference,
    Time,
    Water,
    item,
    none_means,
)
from watershed_c.scenario.ground import SpatialDepth, SpatialStones, Weathering
from watershed_c.scenario.irrigation import IrrigationWater
from watershed_c.scenario.isotopes import Isotopes
from watershed_c.scenario.management import Land, Rotation
from watershed_c.scenario.minerals import SoilGypsum
from watershed_c.scenario.practice import Pond, Practice
from watershed_c.scenario.processes import Processes
from watershed_c.scenario.tracers import Tracer

FORMAT_VERSION = 1


# ---- domain, time, climate -----------------------------------------------------------------------


class Synthetic(Table):
    """[domain.synthetic]: a slope made up; high in the north, its foot open in the south."""

    kind: Literal["plane", "convex-concave"] = item("convex-concave", "straight, or of two constant curvatures")
    length: Length = item(doc="from crest to foot", gt=0.0, le=1e5)
    width: Length = item(doc="along the contour", gt=0.0, le=1e5)
    cell_size: Length = item(10.0, "side of a cell", gt=0.0, le=1000.0)
    height: Length = item(doc="of the crest above the foot", gt=0.0, le=5000.0)
    convex_share: Share = item(0.5, "share of the length that is convex", ge=0.05, le=1.0)


def _outlet(value: Any) -> str | list[float]:
    if value in ("lowest", "edges"):
        return value
    good = isinstance(value, list | tuple) and len(value) == 2
    if good and all(isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < 1e12 for v in value):
        return [float(v) for v in value]
    raise ValueError('must be [x, y] in the CRS of the DEM, "lowest" or "edges".')


class Domain(Table):
    """[domain]: the land."""

    dem: str | None = item(None, 'elevation map, m (.asc, .nc, .tif, .rst, .sdat), or "builtin:jacksboro-7"; sets grid')
    synthetic: Synthetic | None = item(None, "a made-up slope instead of a map")
    outlet: Annotated[str | list[float], PlainValidator(_outlet, json_schema_input_type=str | list[float])] = item(
        "lowest",
        '[x, y]: the catchment of that point; "lowest": all cells, out at the lowest edge cell; "edges": out at all',
    )
    snap: Length | None = item(
        None, "an outlet [x, y] is moved to the largest stream this near; 2 cells if not given", ge=0.0, le=1e4
    )
    crs: str | None = item(None, 'coordinate system of a DEM file that does not say it, e.g. "EPSG:32630"')
    channel_area: Annotated[Area | None, none_means("none")] = item(
        None, 'cells that drain more than this are channel: no soil column, no RUSLE; "none" = no channel', gt=0.0
    )
    channel: str | None = item(
        None, "map of rivers and open water: cells with a number other than 0 are channel, too"
    )
    parcels: str | None = item(
        None, "map of the land codes of WaTEM/SEDEM: 0 outside, above 0 the number of a field, -1 river, -2 road, -3 "
        "forest, -4 pasture, -5 open water, -6 grass strip; instead of an outlet: water leaves where the DEM goes on",
    )  # fmt: skip
    watem_sedem: str | None = item(
        None, "choices file (.ini) of WaTEM/SEDEM: gives dem, parcels and every key that it has the like of, unless "
        "the scenario gives them",
    )  # fmt: skip

    @model_validator(mode="after")
    def _one(self) -> Domain:
        if self.watem_sedem is not None:  # taken apart where scenarios are read
            raise ValueError("has watem_sedem, which is for scenario files.")
        if (self.dem is None) == (self.synthetic is None):
            raise ValueError("must have either dem or [domain.synthetic].")
        if self.parcels is not None and (self.dem is None or self.outlet != "lowest" or self.snap is not None):
            raise ValueError("has parcels, which go with a dem and without outlet and snap: water leaves all round.")
        return self


def _month(value: Any) -> str:
    if isinstance(value, dt.date):
        value = value.isoformat()[:10]
    match = re.fullmatch(r"(\d{4})-(\d{2})(-\d{2})?", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be a month "2001-01" or a date "2001-01-01".')
    try:
        dt.date.fromisoformat(value if match.group(3) else value + "-01")
    except ValueError:
        raise ValueError(f'must be a date that exists; "{value}" does not.') from None
    return value


Month = Annotated[str, BeforeValidator(_month)]


class Time_(Table):
    """[time]: from the month of `start` to the month of `end`, both included."""

    start: Month = item("2001-01", "first month")
    end: Month = item("2050-12", "last month")
    step: Literal["month"] = item("month", "of forcing and calendar; every month is a twelfth of a year")
    steps_per_month: int = item(1, "equal parts in which every month is computed", ge=1, le=64)

    @property
    def months(self) -> int:
        """Number of months."""
        (y0, m0), (y1, m1) = ((int(t[:4]), int(t[5:7])) for t in (self.start, self.end))
        return (y1 - y0) * 12 + m1 - m0 + 1

    @model_validator(mode="after")
    def _order(self) -> Time_:
        if self.months < 1:
            raise ValueError(f"has its end {self.end} before its start {self.start}.")
        return self


def _twelve(value: Any) -> Any:
    return [value] * 12 if isinstance(value, str | int | float) and not isinstance(value, bool) else value


def twelve(element: Any) -> Any:
    """One value for all months, or twelve from January on."""
    return Annotated[list[element], BeforeValidator(_twelve), Field(min_length=12, max_length=12)]  # type: ignore[valid-type]


class ConstantClimate(Table):
    """[climate.constant]: the same year again and again; one value or twelve from January on."""

    temperature: twelve(Annotated[Temperature, Field(ge=-75.0, le=50.0)]) = item(doc="mean air temperature")  # type: ignore[valid-type]
    precipitation: twelve(Annotated[Water, Field(ge=0.0, le=9500.0)]) = item(doc="of the month")  # type: ignore[valid-type]
    pet: twelve(Annotated[Water, Field(ge=0.0, le=1000.0)]) | None = item(None, "potential evapotranspiration")  # type: ignore[valid-type]


class ErosivityTable(Table):
    """[climate.erosivity]: RUSLE R and how it is spread over the months."""

    method: Literal["given", "renard_freimund", "renard_freimund_annual", "fournier", "storms", "daily"] = item(
        "given", "given: `annual`, or the erosivity column of the table; renard_freimund: from monthly precipitation; "
        "renard_freimund_annual: from that of the year; fournier: coefficient F^exponent, F the modified Fournier "
        "index; storms: EI30 of the storms of `series`; daily: coefficient P^exponent of the days of `series`",
        source="Renard & Freimund 1994, J. Hydrol. 157, 287; Wischmeier & Smith 1978; Richardson et al. 1983",
    )  # fmt: skip
    series: str | None = item(
        None, "storms, daily: CSV of rain with the columns time (when the interval begins) and precipitation_mm; "
        "storms needs intervals of 30 minutes or less"
    )  # fmt: skip
    energy: Literal["brown_foster_1987", "mcgregor_1995", "wischmeier_1978"] = item(
        "brown_foster_1987", "storms: kinetic energy of rain by intensity: of RUSLE, RUSLE2, USLE"
    )
    coefficient: list[Annotated[Number, Field(ge=0.0, le=1000.0)]] | None = item(
        None, "fournier: one number of the region; daily: one number or 12, January first, of the region"
    )
    exponent: Number | None = item(
        None, "fournier: of the region; daily: 1.81 if not given", ge=0.1, le=5.0, source="Richardson et al. 1983"
    )
    least_rain: Water = item(0.0, "daily: rain of a day that counts", ge=0.0, le=100.0)
    annual: Erosivity | None = item(None, "R of the year", ge=0.0, le=50000.0)
    snow_reduces: bool = item(True, "none in frozen months, the rain share up to 3 degC (coupling rule 24)")
    shares: Annotated[list[Number], Field(min_length=12, max_length=12)] | None = item(
        None, "share of each month, January first, sum 1; by precipitation^2 if not given"
    )

    @field_validator("coefficient", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str | int | float) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _sum(self) -> ErosivityTable:
        if self.shares is not None and (min(self.shares) < 0.0 or abs(sum(self.shares) - 1.0) > 0.005):
            raise ValueError(f"has shares that sum to {sum(self.shares):.3f}; they must be 0 or more and sum to 1.")
        series, regional = self.method in ("storms", "daily"), self.method in ("fournier", "daily")
        if series != (self.series is not None):
            raise ValueError('must have series with method = "storms" or "daily", and only then.')
        if series and self.shares is not None:
            raise ValueError(f'has shares, which the method "{self.method}" finds itself.')
        if regional != (self.coefficient is not None):
            raise ValueError('must have coefficient with method = "fournier" or "daily", and only then.')
        lengths = (1,) if self.method == "fournier" else (1, 12)
        if self.coefficient is not None and len(self.coefficient) not in lengths:
            raise ValueError(f"has {len(self.coefficient)} coefficients; must be 1, or 12 with daily.")
        if (self.method == "fournier") and self.exponent is None:
            raise ValueError('must have exponent with method = "fournier".')
        if not regional and self.exponent is not None:
            raise ValueError(f'has exponent, which the method "{self.method}" does not use.')
        if self.method != "given" and self.annual is not None:
            raise ValueError(f'has annual, which the method "{self.method}" does not use: set method = "given".')
        return self


class ClimateChange(Table):
    """change = { ... }: the same record in another climate."""

    temperature: TemperatureDifference = item(0.0, 'added, e.g. "+1.5 K"', ge=-20.0, le=20.0)
    precipitation: Share = item(0.0, 'relative, e.g. "-5 %"', ge=-1.0, le=5.0)
    pet: Share = item(0.0, "relative; computed PET follows temperature by itself", ge=-1.0, le=5.0)
    erosivity: Share = item(0.0, "relative", ge=-1.0, le=5.0)
    temperature_by_month: twelve(Annotated[TemperatureDifference, Field(ge=-20.0, le=20.0)]) | None = item(  # type: ignore[valid-type]
        None, "added, January first; together with temperature"
    )
    precipitation_by_month: twelve(Annotated[Share, Field(ge=-1.0, le=5.0)]) | None = item(  # type: ignore[valid-type]
        None, "relative, January first; added to precipitation"
    )
    temperature_trend: TemperatureDifference = item(
        0.0, 'per decade from the start of the run on, e.g. "0.3 K"', ge=-5.0, le=5.0
    )
    precipitation_trend: Share = item(
        0.0, "per decade from the start of the run on, of the rain at the start", ge=-1.0, le=1.0
    )

    @model_validator(mode="after")
    def _some_rain(self) -> ClimateChange:
        least = min(self.precipitation_by_month or [0.0]) + self.precipitation
        if least < -1.0:
            raise ValueError(f"changes precipitation by {100.0 * least:.0f} %: -100 % is none left.")
        return self


class Generator(Table):
    """[climate.generator]: random months around the normals of the table (of a series: its means)."""

    seed: int = item(doc="of the random numbers: the same seed draws the same weather", ge=0, le=1_000_000_000)
    totals: Literal["mean", "month"] = item(
        "mean", "rain and normals agree in the mean of each calendar month over the run, or in every single month"
    )
    rain_days: twelve(Annotated[Number, Field(ge=0.0, le=31.0)]) | None = item(  # type: ignore[valid-type]
        None, "mean days with rain of each month; if not given those of the table, else of soil_water"
    )
    persistence: Number = item(
        0.25, "chance of rain after a wet day less that after a dry one", ge=0.0, le=0.95,
        source="Geng, Penning de Vries & Supit 1986, Agric. For. Meteorol. 36, 363",
    )  # fmt: skip
    shape: Number = item(
        1.0, "shape of the gamma distribution of the rain of a wet day", ge=0.1, le=10.0,
        source="exponential: Richardson 1981, Water Resour. Res. 17, 182",
    )  # fmt: skip
    temperature_deviation: TemperatureDifference = item(
        0.0, "standard deviation of monthly mean temperature between years", ge=0.0, le=10.0
    )


class Climate(Table):
    """[climate]: what falls from above, at one elevation, by month."""

    source: str = item(doc='climate table (.csv, .nc) by month or day, or "constant" with [climate.constant]')
    constant: ConstantClimate | None = item(None, "the climate of source = constant")
    rename: dict[str, str] = item(doc='name in the file -> ours, e.g. { ppt = "precipitation_mm" }', factory=dict)
    reference_elevation: Length | None = item(
        None, "where the table holds; mean of the catchment if not given", ge=-500.0, le=9000.0
    )
    lapse_rate: LapseRate = item(
        -0.0065, "change of temperature with height", ge=-0.02, le=0.02, source="standard atmosphere, ISO 2533:1975"
    )
    precipitation_gradient: Number = item(
        0.0, "relative change of precipitation per m of height; 0.0005 is +5 % per 100 m", ge=-0.01, le=0.01
    )
    pet: Literal["given", "thornthwaite", "hargreaves", "priestley_taylor", "penman_monteith"] | None = item(
        None, "given: of the table; hargreaves needs tmin and tmax, priestley_taylor radiation and humidity, too, "
        "penman_monteith (FAO-56) wind as well. Of the table where it has one, else thornthwaite",
    )  # fmt: skip
    slope_radiation: bool = item(
        False, "slope and aspect scale PET (its solar radiation) and snow melt by the clear-sky radiation of the month"
    )
    latitude: Angle | None = item(
        None, "degrees north, for day length; known for builtin terrains", ge=-90.0, le=90.0
    )
    change: ClimateChange = item(doc="climate change on top of the record", factory=ClimateChange)
    generator: Generator | None = item(None, "random weather in place of normals")
    erosivity: ErosivityTable = item(doc="RUSLE R", factory=ErosivityTable)

    @model_validator(mode="after")
    def _constant(self) -> Climate:
        if (self.source == "constant") != (self.constant is not None):
            raise ValueError('must have [climate.constant] with source = "constant", and only then.')
        return self


# ---- soil and carbon -----------------------------------------------------------------------------


class Substratum(Table):
    """[soil.substratum]: what lies below the lowest layer and is exhumed where soil is lost."""

    soc: MassFraction | None = item(
        None, "kg C per kg dry fine earth; the concentration at the base of the profile if not given", ge=0.0, le=0.6
    )
    sic: MassFraction | None = item(None, "kg C per kg dry fine earth, like soc", ge=0.0, le=0.13)
    gypsum: MassFraction | None = item(
        None, "mass per dry fine earth; that of the lowest layer if not given", ge=0.0, le=0.9
    )


class Soil(Table):
    """[soil]: the column; each value a number with unit, { map, units } or { by_class }."""

    layers: list[Annotated[Length, Field(gt=0.0, le=5.0)]] = item(
        doc='thickness of each layer, top first, e.g. ["10 cm", "20 cm"]; their sum is the soil depth',
        factory=lambda: [0.10, 0.13, 0.27, 0.50], min_length=1, max_length=100,
    )  # fmt: skip
    clay: SpatialShare = item(doc="mass fraction of clay (< 2 um) in the mineral fine earth")
    sand: SpatialShare | None = item(None, "mass fraction of sand; needed by soil_water")
    bulk_density: SpatialDensity = item(doc="dry bulk density of the fine earth, between coarse fragments")
    coarse_fragments: SpatialStones | None = item(
        None, "share of stones (> 2 mm), which hold neither carbon nor water; soil mass = bulk_density x thickness x "
        "(1 - share of volume); none if not given",
    )  # fmt: skip
    depth: SpatialDepth | None = item(
        None, "of the fine earth above rock, less than the layers or more; without end if not given"
    )
    weathering: Weathering | None = item(None, "of the rock at soil.depth; none if not given")
    soc: SoilOrganicCarbon = item(doc="measured soil organic carbon")
    sic: SoilInorganicCarbon | None = item(None, "measured carbonate carbon; needed by carbonate, some carbon models")
    gypsum: SoilGypsum | None = item(
        None, "measured gypsum, mass of CaSO4 2 H2O per dry fine earth; it needs processes.carbonate"
    )
    substratum: Substratum = item(doc="below the profile", factory=Substratum)
    ph: SpatialPh | None = item(
        None, "pH in water, of the whole column; with carbonate on what layers without carbonate begin with; some "
        "carbon models need it",
    )  # fmt: skip
    erodibility: SpatialErodibility | None = item(None, "RUSLE soil erodibility K; needed by water_erosion")


class InitialCarbon(Table):
    """initial = { method, ... }: where the pools start."""

    method: Literal["steady", "history", "stable_cells", "inversion", "given"] = item(
        "steady",
        "steady: steady state with lateral and substratum terms; history: run from clearing; stable_cells: plant input "
        "by land use from cells that neither erode nor gain; inversion: no erosion (warns); given: that of another run",
    )
    years: int | None = item(None, "history: years from clearing to the start", gt=0, le=10000)
    history_class: str | None = item(None, "history: land-use class before clearing")
    file: str | None = item(
        None, "given: restart.nc of a run on the same grid, layers and pools; its carbon, plant input, water, solutes"
    )

    @model_validator(mode="after")
    def _needed(self) -> InitialCarbon:
        for method, key in (("history", "years"), ("history", "history_class"), ("given", "file")):
            if (self.method == method) != (getattr(self, key) is not None):
                raise ValueError(f'must have {key} with method = "{method}", and only then.')
        return self


class Carbon(Table):
    """[carbon]: the pool model."""

    model: str = item("rothc", "folder of models/pools")
    initial: InitialCarbon = item(doc="initial state", factory=InitialCarbon)
    plant_input: Literal["inverted", "prescribed"] = item(
        "inverted", "inverted: plant input that holds the measured SOC; prescribed: from crops (coupling rule 15)"
    )
    belowground: Literal["proportional", "fixed", "mixed"] = item(
        "proportional", "root carbon: in proportion to yield, fixed, or the mean", source="Bolinder 2007; Hirte 2018"
    )
    roots: Literal["jackson", "fan"] = item(
        "jackson", "roots by depth: law of biomes, or of single crops where known", source="Jackson 1996; Fan 2016"
    )
    isotopes: Isotopes = item(doc="14C and 13C of the pools", factory=Isotopes)


# ---- numerics and output -------------------------------------------------------------------------


class Numerics(Table):
    """[numerics]: how it is computed; none of it changes results beyond round-off."""

    threads: Annotated[int | None, none_means("auto")] = item(None, '"auto" = all cores', ge=1, le=1024)
    ledger: Literal["process", "step"] = item("process", "when the ledger is proven")


class Output(Table):
    """[output]: what is written, where, how often."""

    dir: str = item("runs/{name}", "results folder, relative to the working folder; {name} = name of the scenario")
    every: Literal["month", "year", "decade", "end"] = item("year", "how often maps are written")
    maps: list[str] = item(
        doc="variables of results.nc (see docs)", factory=lambda: ["cSoilOrg", "netEro", "cLateral", "fVertSoil"]
    )
    depths: list[Annotated[Length, Field(gt=0.0, le=10.0)]] = item(
        doc='cSoilOrgTop, cSoilInorgTop, cSoilOrgESM and cSoilOrgFD of maps to these depths, too, e.g. ["50 cm"]: '
        "cSoilOrgTop_50cm", factory=list,
    )  # fmt: skip
    parcels: bool = item(
        False, "write parcels.csv: soil organic carbon of each parcel at start and end, and what its change is made of"
    )
    horizon: Time = item(
        100.0, "years over which cSequestration and climateBenefit add up what remains of a year's input",
        gt=0.0, le=1000.0, source="Joos et al. 2013, doi:10.5194/acp-13-2793-2013: the usual 100 yr",
    )  # fmt: skip
    maom_capacity: Literal["hassink", "georgiou_high_activity", "georgiou_low_activity"] = item(
        "hassink", "maomSaturation, maomDeficit: carbon that minerals can hold, by particles below 20 um, or 86 or 48 "
        "g per kg of clay and silt of high (2:1) or low activity (1:1)", source="Hassink 1997, Plant Soil 191, 77; "
        "Georgiou et al. 2022, Nat. Commun. 13, 3797",
    )  # fmt: skip
    points: dict[str, list[float]] = item(
        doc="name -> [x, y]: profiles there are written with every record of the maps; an eroding, a stable and a "
        "depositional cell if not given", factory=dict,
    )  # fmt: skip
    checkpoint_every: Time = item(10.0, "how often a restart file is written", gt=0.0)
    figures: bool = item(True, "draw maps at the end")

    @field_validator("points")
    @classmethod
    def _pairs(cls, value: dict[str, list[float]]) -> dict[str, list[float]]:
        for name, point in value.items():
            if len(point) != 2:
                raise ValueError(f'has the point "{name}" with {len(point)} numbers; a point is [x, y].')
        return value


class Scenario(Table):
    """A scenario: everything a run needs, validated.

    Edit by attribute (`scenario.time.end = "2030-12"`), or take a changed copy with `with_`.
    """

    title: str = item("", "one line that names the scenario")
    format_version: int = Field(FORMAT_VERSION, alias="schema", description="version of this file format")
    domain: Domain = item(doc="the land")
    time: Time_ = item(doc="the period", factory=Time_)
    climate: Climate = item(doc="the weather")
    soil: Soil = item(doc="the soil column")
    carbon: Carbon = item(doc="the pool model", factory=Carbon)
    processes: Processes = item(doc="what happens", factory=Processes)
    tracers: dict[str, Tracer] = item(doc="fallout radionuclides", factory=dict)
    land: Land = item(doc="land use")
    rotation: dict[str, Rotation] = item(doc="crops and their calendar", factory=dict)
    practice: dict[str, Practice] = item(doc="strips, rows, waterways, set-aside", factory=dict)
    pond: dict[str, Pond] = item(doc="basins that keep sediment", factory=dict)
    irrigation_water: dict[str, IrrigationWater] = item(doc="waters that rotations are irrigated with", factory=dict)
    numerics: Numerics = item(doc="how it is computed", factory=Numerics)
    output: Output = item(doc="what is written", factory=Output)
    nutrients: Nutrients = item(doc="of the soil that leaves, for comparisons", factory=Nutrients)
    prices: Prices | None = item(None, "costs and returns, for comparisons; none are told without it")
    variants: dict[str, dict[str, Any]] = item(
        doc='name -> what differs, by dotted key: { "rotation.fields.spring-plough.do" = "none" }; `run` makes the '
        "baseline and all of them, from one initial carbon, and compares them", factory=dict,
    )  # fmt: skip

    factors: dict[str, dict[str, Any]] = item(
        doc="name -> what differs where the factor is on, like a variant; `run` makes every combination of them and "
        "tells their effects", factory=dict, max_length=5,
    )  # fmt: skip

    _path: Path | None = PrivateAttr(None)
    _file: str = PrivateAttr("")
    #: what of a file that it was made of is not used
    _notes: tuple[str, ...] = PrivateAttr(())
    _lines: dict[tuple[str | int, ...], int] = PrivateAttr(default_factory=dict)
    #: file and lines of variants that are not those of the scenario file
    _variants_from: tuple[str, dict[tuple[str | int, ...], int]] | None = PrivateAttr(None)

    @property
    def path(self) -> Path | None:
        """The file it was read from; relative paths in it start there."""
        return self._path

    @property
    def name(self) -> str:
        """Name of the file, or of its folder when the file is scenario.toml."""
        if self._path is None:
            return "scenario"
        return self._path.resolve().parent.name if self._path.name == "scenario.toml" else self._path.stem

    def __eq__(self, other: object) -> bool:
        """Equal when they say the same, wherever they were read from."""
        return isinstance(other, Scenario) and self.model_dump() == other.model_dump()

    def file(self, relative: str) -> Path:
        """A path written in the scenario, from the folder of the scenario file."""
        return (self._path.parent if self._path else Path()) / relative

    def with_(self, changes: dict[str, Any] | None = None, **more: Any) -> Scenario:
        """A copy with changes by dotted key: `with_(**{"processes.water_erosion.enabled": False})`."""
        from watershed_c.scenario.load import changed

        return changed(self, {**(changes or {}), **more})

    def to_toml(self) -> str:
        """Everything, defaults included, as a scenario file that gives this scenario again."""
        from watershed_c.scenario.write import scenario_toml

        return scenario_toml(self)
