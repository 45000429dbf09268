"""The types a scenario is written with: quantities that carry a unit, values in space, tables that refuse unknown keys.

A bare number is in the unit inside the program (kg, m, yr, degC, fractions of 1); a string carries its unit. Both are
held as float in the unit inside, and written back with it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticUndefined

from watershed_c import units

MAP_SUFFIXES = (".asc", ".nc", ".tif", ".tiff", ".rst", ".sdat")


@dataclass(frozen=True)
class Measures:
    """Marks a number with the kind of quantity it is (`units.KINDS`)."""

    kind: str


class Table(BaseModel):
    """A table of a scenario: strict, no unknown keys, checked again when an attribute is set."""

    model_config = ConfigDict(
        strict=True, extra="forbid", validate_assignment=True, allow_inf_nan=False, serialize_by_alias=True
    )


def item(
    default: Any = PydanticUndefined,
    doc: str = "",
    *,
    source: str = "",
    factory: Callable[[], Any] | None = None,
    **rules: Any,
) -> Any:
    """A key of a table: default, what it means, where its default comes from, and its range (`ge`, `le`, `gt`)."""
    extra: Any = {"source": source} if source else None
    if factory is not None:
        return Field(default_factory=factory, description=doc, json_schema_extra=extra, **rules)
    return Field(default, description=doc, json_schema_extra=extra, **rules)


def _reader(kind: str) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        return units.quantity(value, kind)

    return read


def _quantity(kind: str) -> BeforeValidator:
    return BeforeValidator(_reader(kind), json_schema_input_type=float | str)


Number = Annotated[float, _quantity("number"), Measures("number")]
Share = Annotated[float, _quantity("share"), Measures("share")]
#: of the mass of soil, for which g/kg is said, too
MassFraction = Annotated[float, _quantity("fraction"), Measures("fraction")]
Length = Annotated[float, _quantity("length"), Measures("length")]
Area = Annotated[float, _quantity("area"), Measures("area")]
Density = Annotated[float, _quantity("density"), Measures("density")]
ArealMass = Annotated[float, _quantity("areal mass"), Measures("areal mass")]
ArealMassFlux = Annotated[float, _quantity("areal mass flux"), Measures("areal mass flux")]
#: what is brought to a field: mass, or depth of water
Brought = Annotated[float, _quantity("mass or water"), Measures("mass or water")]
Concentration = Annotated[float, _quantity("concentration"), Measures("concentration")]
Water = Annotated[float, _quantity("water"), Measures("water")]
LapseRate = Annotated[float, _quantity("lapse rate"), Measures("lapse rate")]
WaterFlux = Annotated[float, _quantity("water flux"), Measures("water flux")]
Conductivity = Annotated[float, _quantity("conductivity"), Measures("conductivity")]
Time = Annotated[float, _quantity("time"), Measures("time")]
Rate = Annotated[float, _quantity("rate"), Measures("rate")]
Temperature = Annotated[float, _quantity("temperature"), Measures("temperature")]
TemperatureDifference = Annotated[
    float, _quantity("temperature difference"), Measures("temperature difference")
]
Erosivity = Annotated[float, _quantity("erosivity"), Measures("erosivity")]
Erodibility = Annotated[float, _quantity("erodibility"), Measures("erodibility")]
Diffusivity = Annotated[float, _quantity("diffusivity"), Measures("diffusivity")]
Angle = Annotated[float, _quantity("angle"), Measures("angle")]
Activity = Annotated[float, _quantity("areal activity"), Measures("areal activity")]
ActivityFlux = Annotated[float, _quantity("areal activity flux"), Measures("areal activity flux")]
DrivingSpeed = Annotated[float, _quantity("driving speed"), Measures("driving speed")]
TillageTransport = Annotated[float, _quantity("tillage transport"), Measures("tillage transport")]


def _day(value: Any) -> str:
    match = re.fullmatch(r"(\d{2})-(\d{2})", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be a day of the year "MM-DD", e.g. "04-20".')
    try:
        dt.date(2001, int(match.group(1)), int(match.group(2)))
    except ValueError:
        raise ValueError(f'must be a date that exists; "{value}" does not.') from None
    return str(value)


#: a day of the year "MM-DD"
Day = Annotated[str, BeforeValidator(_day)]


def none_means(word: str) -> BeforeValidator:
    """Lets `word` ("none", "auto") be written where the value inside is None."""
    return BeforeValidator(lambda value: None if value == word else value)


class Spatial(Table):
    """A value in space: one number for all cells, a map, or one number per land-use class."""

    #: the kind of quantity (`units.KINDS`) that maps of this value hold
    kinds: ClassVar[tuple[str, ...]] = ("number",)

    map: str | None = item(None, "map file (.asc, .nc, .tif, .rst, .sdat) on the grid of the DEM, from the scenario")
    variable: str | None = item(None, "variable of a NetCDF map file that holds several")
    units: str | None = item(None, "unit of the values in the map")

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        """`"23 %"` is `{ value = "23 %" }`."""
        if isinstance(value, str) and value.lower().endswith(MAP_SUFFIXES):
            raise ValueError(f'is a map: write {{ map = "{value}", units = "..." }}.')
        if isinstance(value, dict | Spatial):
            return value
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return {"value": value}
        raise ValueError('must be a number with its unit, { map = "...", units = "..." } or { by_class = { ... } }.')

    @field_validator("units")
    @classmethod
    def _unit_fits(cls, value: str | None) -> str | None:
        if value is not None:
            unit_kind(value, cls.kinds)
        return value

    @model_validator(mode="after")
    def _one_of(self) -> Spatial:
        known = ("value", "map", "by_class", "by_layer", "law")
        given = [name for name in known if getattr(self, name, None) is not None]
        if len(given) != 1:
            ways = [name for name in known if name in type(self).model_fields]
            found = f"; has {', '.join(given)}." if given else "."
            raise ValueError(f"must have exactly one of {', '.join(ways)}{found}")
        if self.map is not None and self.units is None:
            accepted = ", ".join(f'"{u}"' for kind in self.kinds for u in units.KINDS[kind].accepts)
            raise ValueError(f"is a map without a unit: add units = one of {accepted}.")
        if self.map is None and self.units is not None:
            raise ValueError('has units without a map: write the unit with the number, e.g. "23 %".')
        return self

    @property
    def is_map(self) -> bool:
        """Whether the values come from a file."""
        return self.map is not None


def unit_kind(unit: str, kinds: tuple[str, ...]) -> str:
    """The first of `kinds` that the unit measures; raises UnitError naming what is accepted."""
    for kind in kinds:
        try:
            units.factor(unit, kind)
        except units.UnitError:
            continue
        return kind
    accepted = ", ".join(u for kind in kinds for u in units.KINDS[kind].accepts)
    raise units.UnitError(f'cannot be in "{unit}": accepted units are {accepted}.')


class SpatialShare(Spatial):
    """A fraction in space."""

    kinds = ("fraction",)
    value: MassFraction | None = item(None, "the same everywhere", ge=0.0, le=1.0)
    by_class: dict[str, Annotated[MassFraction, Field(ge=0.0, le=1.0)]] | None = item(None, "by land-use class")


class SpatialContent(Spatial):
    """What soil has of a nutrient, in space."""

    kinds = ("fraction",)
    value: MassFraction | None = item(None, "the same everywhere", ge=0.0, le=0.1)
    by_class: dict[str, Annotated[MassFraction, Field(ge=0.0, le=0.1)]] | None = item(None, "by land-use class")


class SpatialDensity(Spatial):
    """A dry bulk density in space, or one per layer."""

    kinds = ("density",)
    value: Density | None = item(None, "the same everywhere", ge=100.0, le=2200.0)
    by_class: dict[str, Annotated[Density, Field(ge=100.0, le=2200.0)]] | None = item(None, "by land-use class")
    by_layer: list[Annotated[Density, Field(ge=100.0, le=2200.0)]] | None = item(None, "one per layer, top first")


class SpatialPh(Spatial):
    """A pH in water in space."""

    kinds = ("number",)
    value: Number | None = item(None, "the same everywhere", ge=3.0, le=10.0)
    by_class: dict[str, Annotated[Number, Field(ge=3.0, le=10.0)]] | None = item(None, "by land-use class")


class SpatialErodibility(Spatial):
    """RUSLE soil erodibility K in space."""

    kinds = ("erodibility",)
    value: Erodibility | None = item(None, "the same everywhere", ge=0.0, le=0.15)
    by_class: dict[str, Annotated[Erodibility, Field(ge=0.0, le=0.15)]] | None = item(None, "by land-use class")
    law: Literal["nomograph", "epic", "renard", "torri"] | None = item(
        None, "from texture and organic carbon of the upper 20 cm; needs soil.sand",
        source="Wischmeier & Smith 1978; Sharpley & Williams 1990; Renard et al. 1997; Torri et al. 1997",
    )  # fmt: skip
    very_fine_sand: Share | None = item(
        None, "nomograph: share of the sand that is very fine (0.05 to 0.1 mm)", ge=0.0, le=1.0
    )
    structure: int | None = item(
        None, "nomograph: 1 very fine granular, 2 fine granular, 3 medium or coarse granular, 4 blocky, platy, massive",
        ge=1, le=4,
    )  # fmt: skip
    permeability: int | None = item(None, "nomograph: class of the profile, 1 rapid to 6 very slow", ge=1, le=6)
    stone_cover: Share | None = item(
        None, "law: share of the surface under rock fragments; above 10 % K falls by exp(-0.04 (Rc - 10 %))",
        ge=0.0, le=1.0, source="Poesen, Torri & Bunte 1994, Catena 23, 141",
    )  # fmt: skip
    follows_soc: bool = item(
        False, "law: K is found anew each January from the organic carbon of the upper 20 cm (coupling rule 25)"
    )
    largest_change: Number = item(
        2.0, "follows_soc: K stays between its first value divided and multiplied by this", gt=1.0, le=10.0,
        source="a prior: the laws are regressions over soils, not over time",
    )  # fmt: skip

    @model_validator(mode="after")
    def _law(self) -> SpatialErodibility:
        of_nomograph = ("very_fine_sand", "structure", "permeability")
        given = [name for name in of_nomograph if getattr(self, name) is not None]
        if self.law == "nomograph" and len(given) < len(of_nomograph):
            missing = ", ".join(name for name in of_nomograph if name not in given)
            raise ValueError(f'has law = "nomograph" without {missing}.')
        if self.law != "nomograph" and given:
            raise ValueError(f'has {given[0]}, which law = "nomograph" uses and no other.')
        if self.law is None and (self.stone_cover is not None or self.follows_soc):
            key = "follows_soc" if self.follows_soc else "stone_cover"
            raise ValueError(f"has {key}, which needs a law: the K that is given is used as it is.")
        if self.law == "renard" and self.follows_soc:
            raise ValueError('has follows_soc with law = "renard", in which organic carbon does not enter.')
        return self


class SpatialDiffusivity(Spatial):
    """A mixing intensity by land-use class or everywhere."""

    kinds = ("diffusivity",)
    value: Diffusivity | None = item(None, "the same everywhere", ge=0.0, le=0.01)
    by_class: dict[str, Annotated[Diffusivity, Field(ge=0.0, le=0.01)]] | None = item(None, "by land-use class")


class SpatialAngle(Spatial):
    """A direction in space, clockwise from north."""

    kinds = ("angle",)
    value: Angle | None = item(None, "the same everywhere", ge=0.0, le=360.0)
    by_class: dict[str, Annotated[Angle, Field(ge=0.0, le=360.0)]] | None = item(None, "by land-use class")


class SpatialConductivity(Spatial):
    """A saturated hydraulic conductivity in space."""

    kinds = ("conductivity",)
    value: Conductivity | None = item(None, "the same everywhere", ge=0.0, le=1e8)
    by_class: dict[str, Annotated[Conductivity, Field(ge=0.0, le=1e8)]] | None = item(None, "by land-use class")


def _carbon_quantity(value: Any) -> str:
    """A carbon amount keeps its text, because a stock and a concentration are different things."""
    if not isinstance(value, str):
        raise ValueError('must carry its unit: a stock ("50 t/ha") or a concentration ("1.5 %", "15 g/kg").')
    number, unit = units.split_quantity(value)
    kind = unit_kind(unit, SpatialCarbon.kinds) if unit else ""
    if not kind:
        raise ValueError('must carry its unit: a stock ("50 t/ha") or a concentration ("1.5 %", "15 g/kg").')
    if number < 0.0:
        raise ValueError("must be 0 or more.")
    if kind == "fraction" and units.to_inside(number, unit, kind) > 0.6:
        raise ValueError("must be 0-60 % of the dry soil mass.")
    return value


CarbonQuantity = Annotated[str, BeforeValidator(_carbon_quantity)]


class SpatialCarbon(Spatial):
    """Carbon in the soil: a stock down to `depth`, or a concentration (per dry fine earth)."""

    kinds = ("areal mass", "fraction")
    value: CarbonQuantity | None = item(None, 'the same everywhere: "50 t/ha" (needs depth) or "1.5 %"')
    by_class: dict[str, CarbonQuantity] | None = item(None, "by land-use class")
    by_layer: list[CarbonQuantity] | None = item(None, "one per layer, top first: stock of the layer or concentration")
    depth: Length | None = item(None, "a stock is the amount down to this depth; all layers if not given", gt=0.0)


class SoilOrganicCarbon(SpatialCarbon):
    """Measured soil organic carbon."""

    profile: str = item(
        "uniform",
        'how concentration changes with depth: "uniform", or "exponential" with e_folding_depth',
        pattern="^(uniform|exponential)$",
    )
    e_folding_depth: Length | None = item(None, "exponential: depth over which concentration falls to 1/e", gt=0.0)
    uniform_depth: Length = item(0.0, "exponential: concentration is uniform down to here", ge=0.0)

    @model_validator(mode="after")
    def _shape(self) -> SoilOrganicCarbon:
        if self.profile == "exponential" and self.e_folding_depth is None:
            raise ValueError('has an exponential profile, which needs e_folding_depth, e.g. "25 cm".')
        return self


class SoilInorganicCarbon(SpatialCarbon):
    """Measured soil carbonate."""

    form: str = Field(
        "C", alias="as", description='what the number counts: "C" or "CaCO3" (12.0 % C)', pattern="^(C|CaCO3)$"
    )
    lithogenic: Share = item(1.0, "share that is lithogenic; the rest is pedogenic", ge=0.0, le=1.0)
    dolomite: Share = item(
        0.0, "share of the lithogenic carbonate, by carbon, that is dolomite; it needs processes.carbonate", ge=0.0,
        le=1.0,
    )  # fmt: skip
    dolomite_size: Length = item(
        5e-5, "diameter of the grains of that dolomite, which dissolves at its own rate", ge=1e-6, le=0.1,
        source="a prior, coarse silt",
    )  # fmt: skip
    decarbonated_depth: Length = item(
        0.0, "no carbonate above; a concentration is that below, a stock lies between here and depth", ge=0.0, le=10.0
    )

    @model_validator(mode="after")
    def _dolomite(self) -> SoilInorganicCarbon:
        if self.dolomite == 0.0 and self.dolomite_size != 5e-5:
            raise ValueError("has dolomite_size without dolomite.")
        if self.dolomite > 0.0 and self.lithogenic == 0.0:
            raise ValueError("has dolomite, a share of the lithogenic carbonate, and lithogenic = 0.")
        return self
