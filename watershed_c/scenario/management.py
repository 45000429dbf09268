"""What a scenario says of land use: classes, fields, rotations and their events."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from watershed_c.scenario.fields import (
    Area,
    ArealMass,
    ArealMassFlux,
    Brought,
    Day,
    DrivingSpeed,
    Length,
    Number,
    Share,
    Table,
    item,
)
from watershed_c.scenario.grazing import Grazing
from watershed_c.scenario.irrigation import Irrigation


class LandRule(Table):
    """One of land.rules: the first rule that fits a cell names its class."""

    land_class: str = Field(alias="class", description="class it gives")
    min_slope: Number | None = item(None, 'from this slope, e.g. "15 %"', ge=0.0, le=5.0)
    max_slope: Number | None = item(None, "below this slope", ge=0.0, le=5.0)
    min_elevation: Length | None = item(None, "from this elevation")
    max_elevation: Length | None = item(None, "below this elevation")


class LandChange(LandRule):
    """[[land.change]]: from 1 January of `year` cells have another class."""

    year: int = item(doc="calendar year", ge=1, le=9999)
    land_class: str | None = Field(None, alias="class", description="only cells of this class")  # type: ignore[assignment]
    becomes: str | None = item(None, "class they get: a rotation or a crop")
    parcels: list[int] = item(doc="only these numbers of the map of parcels", factory=list)
    map: str | None = item(None, "instead: a whole map of class numbers")

    @model_validator(mode="after")
    def _one(self) -> LandChange:
        if (self.becomes is None) == (self.map is None):
            raise ValueError("must have either becomes or map.")
        limits = (self.min_slope, self.max_slope, self.min_elevation, self.max_elevation, self.land_class)
        if self.map is not None and (self.parcels or any(limit is not None for limit in limits)):
            raise ValueError("has a map, which is of all cells: leave class, parcels and limits out.")
        return self


class YearlyMaps(Table):
    """yearly = { map }: class numbers of every cell by year."""

    map: str = item(doc="NetCDF whose maps have a first dimension of years, or of times")
    variable: str | None = item(None, "variable of a file that holds several")

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        return {"map": value} if isinstance(value, str) else value


class Parcels(Table):
    """parcels = { map } or { size }: fields; tillage does not cross their borders."""

    map: str | None = item(None, "map of field numbers; 0 = none")
    size: Area | None = item(None, "square blocks of this area", gt=0.0)

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        return {"map": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one(self) -> Parcels:
        if (self.map is None) == (self.size is None):
            raise ValueError("must have either map or size.")
        return self


#: words of land.classes for the land of domain.parcels
LAND_WORDS = ("fields", "roads", "forest", "pasture", "open_water", "grass_strips")


class Land(Table):
    """[land]: which cell is what."""

    map: str | None = item(None, "land-use map of class numbers")
    classes: dict[str, str | list[str]] = item(
        doc="class number -> rotation (or crop that is the same every year); with domain.parcels and no map: fields, "
        "roads, forest, pasture, open_water, grass_strips -> the same; several for fields are dealt out by number",
        factory=dict,
    )  # fmt: skip
    rules: list[LandRule] = item(doc="instead of a map: the first rule that fits", factory=list)
    parcels: Parcels | None = item(None, "fields; one field per class if not given")
    change: list[LandChange] = item(doc="classes that change in the course of the run", factory=list)
    yearly: YearlyMaps | None = item(
        None, "maps of class numbers by calendar year: at the start the last one before it, or map, then each from its "
        "year on"
    )
    table: str | None = item(
        None, "CSV with the columns parcel, year, class: from that year on the parcel has that class"
    )
    records: str | None = item(
        None, "CSV of what was done on parcels, one row an event, with the columns parcel, date, event and others: in "
        "the years of its records a parcel has a calendar of its own",
    )  # fmt: skip

    @field_validator("classes")
    @classmethod
    def _numbers(cls, value: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
        for key, name in value.items():
            if key not in LAND_WORDS and not re.fullmatch(r"-?\d{1,9}", key):
                raise ValueError(f'has the class "{key}"; classes are whole numbers, e.g. 1 = "maize-wheat".')
            if isinstance(name, list) and (key != "fields" or not name):
                raise ValueError(f'has a list for "{key}"; only fields of domain.parcels have several classes.')
        return value

    @model_validator(mode="after")
    def _one(self) -> Land:
        words = [key for key in self.classes if key in LAND_WORDS]
        if words and (self.map is not None or self.rules):
            raise ValueError(f'has classes.{words[0]}, which is of domain.parcels: with map or rules it says nothing.')
        given = (self.map is not None) + bool(self.rules) + bool(words)
        if given != 1 and (given or self.yearly is None):
            raise ValueError("must have either map (with classes) or rules.")
        later = self.yearly is not None or any(change.map is not None for change in self.change)
        if later and (words or not self.classes):
            raise ValueError("has maps of later years without classes by number, which they hold.")
        return self

    @property
    def names(self) -> list[str]:
        """Every class, once."""
        given = [[name] if isinstance(name, str) else name for name in self.classes.values()]
        return list(dict.fromkeys([*(n for names in given for n in names), *(rule.land_class for rule in self.rules)]))


class Event(Table):
    """[[rotation.NAME.event]]: something done on a day of the year."""

    id: str | None = item(None, "name of the event, so that variants can speak of it")
    on: Day | None = item(None, 'day "MM-DD"; without it a temperature_sum')
    temperature_sum: Number | None = item(
        None, "instead of a day: degC d above the base temperature of the crop, by the temperatures of each year where "
        "the climate is a series, else of the mean year", gt=0.0, le=10000.0,
    )  # fmt: skip
    since: Literal["sowing", "01-01"] = item("sowing", "temperature_sum: from when it is counted")
    year: int | None = item(
        None, "only in this year of the rotation, from 1; every year, or every one of its crop, if not given", ge=1,
        le=200,
    )  # fmt: skip
    crop: str | None = item(None, "only in the year of this crop; every year if not given")
    do: Literal[
        "sow", "harvest", "till", "manure", "residue", "burn", "kill", "irrigate", "fertilise", "lime", "none"
    ] = item(
        doc="what is done"
    )
    depth: Length | None = item(None, "till, manure: working depth; that of the implement if not given", gt=0.0, le=1.0)
    speed: DrivingSpeed | None = item(
        None, 'till: e.g. "6 km/h"; that of the implement if not given. The faster, the more soil a pass moves '
        "(processes.tillage_erosion.speed_exponent)", gt=0.0, le=30.0,
    )  # fmt: skip
    implement: str | None = item(None, "till: a name of models/implements.toml")
    material: str | None = item(
        None, "manure: a name of models/materials, cattle-fym if not given; lime: limestone, dolomite, quicklime or "
        "gypsum, limestone if not given",
    )  # fmt: skip
    amount: Brought | None = item(
        None, "manure: fresh mass brought, its carbon by the dry matter and carbon of the material; irrigate: water, "
        'e.g. "30 mm"; harvest: dry matter of the product; lime: mass spread', ge=0.0, le=500.0,
    )  # fmt: skip
    carbon: ArealMass | None = item(None, "manure, residue: carbon brought", ge=0.0, le=5.0)
    fertiliser: str | None = item(
        None, "fertilise: a name of models/fertilisers.toml; ammonium-nitrate if not given; with processes.nitrogen"
    )
    nitrogen: ArealMass | None = item(None, 'fertilise: nitrogen brought, e.g. "120 kg/ha"', ge=0.0, le=0.1)
    straw_removed: Share | None = item(None, "harvest: share of the straw taken away", ge=0.0, le=1.0)
    burnt: Share | None = item(None, "burn: share of the straw that burns; 80 % if not given", ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _fits(self) -> Event:
        if (self.on is None) == (self.temperature_sum is None):
            raise ValueError('must have either on, a day "MM-DD", or temperature_sum.')
        allowed = {
            "till": {"depth", "implement", "speed"},
            "manure": {"depth", "material", "amount", "carbon"},
            "residue": {"carbon"},
            "harvest": {"straw_removed", "amount"},
            "burn": {"burnt"},
            "irrigate": {"amount"},
            "fertilise": {"fertiliser", "nitrogen"},
            "lime": {"amount", "material"},
        }
        if self.do != "none":
            for key in sorted(set().union(*allowed.values())):
                if getattr(self, key) is not None and key not in allowed.get(self.do, set()):
                    raise ValueError(f'has {key}, which do = "{self.do}" does not use.')
        if self.do == "residue" and self.carbon is None:
            raise ValueError('has do = "residue" without carbon, e.g. carbon = "2 t/ha".')
        if self.do == "irrigate" and self.amount is None:
            raise ValueError('has do = "irrigate" without amount, e.g. amount = "30 mm".')
        if self.do == "fertilise" and self.nitrogen is None:
            raise ValueError('has do = "fertilise" without nitrogen, e.g. nitrogen = "120 kg/ha".')
        if self.do == "lime" and not 0.0 <= (-1.0 if self.amount is None else self.amount) <= 5.0:
            raise ValueError('has do = "lime", which needs an amount of at most 50 t/ha, e.g. amount = "2 t/ha".')
        if self.do == "manure" and self.amount is not None and self.amount > 50.0:
            raise ValueError(f"brings {10.0 * self.amount:g} t/ha of manure; at most 500 t/ha.")
        if self.do == "manure" and (self.carbon is None) == (self.amount is None):
            raise ValueError(
                'has do = "manure", which needs either amount (fresh mass, e.g. "30 t/ha") or carbon (e.g. "2 t/ha").'
            )
        return self


class Roots(Table):
    """roots = { maize = { beta, deepest } }: of a crop, in place of those of its file."""

    beta: Number = item(
        doc="Y = 1 - beta^d of the roots lie above d cm: 0.961 for crops, 0.943 to 0.986 for biomes", ge=0.85, le=0.995,
        source="Jackson et al. 1996, Oecologia 108, 389",
    )  # fmt: skip
    deepest: Length | None = item(None, "no roots below: Y is 1 there; unbounded if not given", ge=0.1, le=10.0)


class Rotation(Table):
    """[rotation.NAME]: the crops of a class, year after year."""

    years: list[str | list[str]] = item(
        doc='main crop of each year, in order; two harvested in one year as a list, ["winter-barley", "soybean"]',
        min_length=1, max_length=200,
    )  # fmt: skip
    offset: str | int | Parcels = item(0, 'years the rotation is shifted: a number, "by_parcel", or { map = ... }')
    cover_crop: str | list[str] | None = item(
        None, 'sown between main crops; a list has one for the gap after the harvest of each of years, "none" for none'
    )  # fmt: skip
    cover_crop_sown: Literal["gaps", "events"] = item(
        "gaps", "in every gap of 60 days between main crops, or only in those with a sow event of their year"
    )
    relay: bool | list[bool] = item(
        False, "the cover crop is sown into the standing main crop where its sowing date falls into one; a list has "
        "one for each of years",
    )  # fmt: skip
    canopy_sums: dict[str, Annotated[list[Number], Field(min_length=4, max_length=4)]] = item(
        doc="temperature sums, degC d above the base temperature from sowing, at which the canopy of a crop covers "
        "10, 50, 75 and 100 %; by days as in its file if not given", factory=dict,
    )  # fmt: skip
    practice_factor: Number = item(1.0, "RUSLE support practice factor P; 1 = none", ge=0.0, le=1.0)
    practice: Literal["none", "contouring", "strips", "terraces"] = item(
        "none", "P by the slope of the cell: contour tillage, contour strips of sod, terraces with what their channels "
        "deliver; instead of practice_factor", source="Wischmeier & Smith 1978, AH-537 tables 13 to 15, from memory",
    )  # fmt: skip
    slope_length: Length | None = item(
        None, "spacing of terraces, diversions or hedges: upslope area counts no further than this in LS and transport "
        "capacity", gt=0.0, le=1e4, source="Wischmeier & Smith 1978: of terraced land the length is their spacing",
    )  # fmt: skip
    cover_factor: list[Annotated[Number, Field(ge=0.0, le=1.5)]] | None = item(
        None, "RUSLE C: one number, 12 (January first) or 12 for each of `years`; from crop stages if not given"
    )
    yields: dict[str, Annotated[ArealMass, Field(gt=0.0, le=20.0)]] = item(
        doc='dry matter of the product, e.g. { maize = "9 t/ha" }; that of the crop file if not given', factory=dict
    )
    roots: dict[str, Roots] = item(
        doc="crop -> its roots by depth, e.g. { maize = { beta = 0.98 } }; those of the crop file, by the law of "
        "carbon.roots, if not given", factory=dict,
    )  # fmt: skip
    plant_input: ArealMassFlux | None = item(
        None, "carbon given to the soil, for carbon.plant_input = prescribed; from the crops if not given", ge=0.0
    )
    grazing: list[Grazing] = item(doc="animals on the swards of the rotation", factory=list)
    irrigation: Irrigation | None = item(None, "water brought by trigger or by month, and how")
    event: list[Event] = item(doc="events of the year", factory=list)

    @model_validator(mode="after")
    def _factors(self) -> Rotation:
        if self.practice != "none" and self.practice_factor != 1.0:
            raise ValueError("has practice and practice_factor: give one of them.")
        if self.cover_factor is not None and len(self.cover_factor) not in (1, 12, 12 * len(self.years)):
            raise ValueError(
                f"has {len(self.cover_factor)} numbers of cover_factor; must be 1, 12 or {12 * len(self.years)}, "
                "12 for each year of the rotation."
            )
        return self

    @field_validator("cover_factor", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str | int | float) and not isinstance(value, bool) else value

    @field_validator("offset", mode="before")
    @classmethod
    def _offset(cls, value: Any) -> Any:
        whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1000
        if isinstance(value, Parcels) or value == "by_parcel" or whole:
            return value
        if isinstance(value, dict) and set(value) == {"map"} and isinstance(value["map"], str):
            return Parcels(map=value["map"])
        raise ValueError('must be a whole number of years, "by_parcel" or { map = "..." }.')
