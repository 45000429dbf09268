"""Crops, materials and implements: what the files of `models/` say of them, strictly read.

Every number in those files carries value, unit, range and source. A file with an unknown or missing key, another unit,
a value outside its own range or carbon shares that do not sum to one is refused, all its problems at once.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from watershed_c.data import data_path
from watershed_c.errors import Problem, ScenarioError
from watershed_c.names import nearest

#: days before the first of each month in the 365-day year of the calendar, and 365
MONTH_STARTS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
DAYS = 365
#: how far the four carbon shares of a crop may be from summing to one
SHARE_TOLERANCE = 0.002
#: how far harvest index may be from product / (product + straw)
HARVEST_INDEX_TOLERANCE = 0.01

KINDS = ("annual", "cover", "perennial", "fallow")
HABITS = ("spring", "winter", "perennial", "none")
BIODIFFUSIVITY_CLASSES = ("cropland", "grassland", "forest")


def day_of_year(text: object) -> int | None:
    """Day 0-364 of a date "MM-DD"; None when it is not one (29 February is not: every year has 365 days)."""
    parts = text.split("-") if isinstance(text, str) else []
    if len(parts) != 2 or not all(len(part) == 2 and part.isdigit() for part in parts):
        return None
    month, day = int(parts[0]), int(parts[1])
    if not 1 <= month <= 12 or not 1 <= day <= MONTH_STARTS[month] - MONTH_STARTS[month - 1]:
        return None
    return MONTH_STARTS[month - 1] + day - 1


def month_day(day: int) -> str:
    """ "MM-DD" of a day; whole years are taken off."""
    day %= DAYS
    month = max(m for m in range(12) if MONTH_STARTS[m] <= day)
    return f"{month + 1:02d}-{day - MONTH_STARTS[month] + 1:02d}"


@dataclass(frozen=True)
class Crop:
    """One crop or permanent vegetation. Shares of plant carbon after Bolinder et al. (2007); inside units.

    Attributes
    ----------
    name, title, kind, habit, biodiffusivity_class : str
    tillable : bool
    sown, harvested : int or None
        Default day of the year, 0-364.
    yield_dry_matter : float, kg DM m-2
        Reference yield of the product (cover crop: after ``days_to_yield``; forest: litterfall per year).
    highest_yield : float, kg DM m-2
        Upper end of the range of the reference yield.
    dry_matter_carbon : float, kg kg-1
    product, straw, roots, exudates : float
        Shares of the carbon allocated in a year (R_P, R_S, R_R, R_E); they sum to one.
    product_returned, straw_returned, root_turnover, exudates_returned : float
        Share of each that enters the soil (S_P, S_S, S_R, S_E).
    straw_left_when_removed : float
        Share of the straw left where a calendar removes it.
    fixed_roots : float, kg C m-2
        Root carbon that does not depend on yield (Hirte et al. 2018); nan where none is known.
    dpm_rpm : float
        Ratio of decomposable to resistant plant material.
    beta : float
        Root distribution Y = 1 - beta^d, d in cm (Jackson et al. 1996).
    cover_rates : tuple of 4 floats, d-1
        Growth of canopy cover between 0, 0.1, 0.5, 0.75 and 1 (Mosimann & Ruettimann 2006).
    height : float, m
    growth, litterfall : (int, int) or None
        First and last day of the season in which perennials grow, and shed leaves.
    prior_land_use, residue_cover (m2 kg-1), residue_decay (d-1) : float
        RUSLE sub-factor PLU, cover per residue mass, and decay per optimum day.
    constant_cover_factor : float
        C where it is a constant (perennials), else nan.
    crop_coefficient : tuple of 3 floats
        Initial, mid-season, end (perennials: dormant, growing, end).
    curve_number : tuple of 4 floats
        Hydrologic soil groups A, B, C, D (TR-55).
    """

    name: str
    title: str
    kind: str
    habit: str
    biodiffusivity_class: str
    tillable: bool
    sown: int | None = None
    harvested: int | None = None
    yield_dry_matter: float = 0.0
    highest_yield: float = math.inf
    dry_matter_carbon: float = 0.45
    harvest_index: float = 1.0
    product: float = 0.0
    straw: float = 0.0
    roots: float = 0.0
    exudates: float = 0.0
    product_returned: float = 0.0
    straw_returned: float = 0.0
    straw_left_when_removed: float = 0.0
    root_turnover: float = 0.0
    exudates_returned: float = 0.0
    fixed_roots: float = math.nan
    days_to_yield: float = math.nan
    dpm_rpm: float = 1.44
    beta: float = 0.961
    cover_rates: tuple[float, ...] = ()
    height: float = 0.0
    growth: tuple[int, int] | None = None
    litterfall: tuple[int, int] | None = None
    prior_land_use: float = 1.0
    residue_cover: float = 0.0
    residue_decay: float = 0.0
    constant_cover_factor: float = math.nan
    crop_coefficient: tuple[float, ...] = ()
    curve_number: tuple[float, ...] = ()


@dataclass(frozen=True)
class Material:
    """An organic amendment.

    Attributes
    ----------
    name, title, kind : str
        ``kind`` is what the pool model allocates it as ("manure": in RothC 49 % DPM, 49 % RPM, 2 % HUM).
    dry_matter : float, kg per kg fresh
    carbon : float, kg C per kg dry
    """

    name: str
    title: str
    kind: str
    dry_matter: float
    carbon: float

    @property
    def carbon_per_fresh(self) -> float:
        """kg C per kg fresh."""
        return self.dry_matter * self.carbon


@dataclass(frozen=True)
class Implement:
    """A tillage implement, per pass.

    Attributes
    ----------
    depth : float, m
        Default depth, and the depth at which ``transport`` applies.
    mixing, burial : float
        Share of the tilled layer homogenised; share of surface residue buried.
    transport : float, kg m-1
        Tillage transport coefficient; proportional to depth (Govers et al. 1994).
    roughness : float, mm
        Random roughness just after the pass.
    """

    name: str
    title: str
    depth: float
    mixing: float
    transport: float
    burial: float
    roughness: float


@dataclass(frozen=True)
class Number:
    """How a number is written in a file: its unit, how many values, the factor to the inside unit."""

    unit: str
    count: int = 1
    factor: float = 1.0


_RETURNED = ("product_returned", "straw_returned", "straw_left_when_removed", "root_turnover", "exudates_returned")
_SHARES = ("product", "straw", "roots", "exudates")
_CROP: dict[str, dict[str, Number]] = {
    "carbon": {
        "dry_matter_carbon": Number("kg kg-1"),
        "yield_dry_matter": Number("t ha-1", factor=0.1),
        "harvest_index": Number("1"),
        **{key: Number("1") for key in _SHARES + _RETURNED},
        "fixed_roots": Number("kg C ha-1", factor=1e-4),
        "days_to_yield": Number("d"),
        "dpm_rpm": Number("1"),
    },
    "rooting": {"beta": Number("1")},
    "canopy": {"cover_rates": Number("% d-1", 4, 0.01), "height": Number("m")},
    "cover_management": {
        "prior_land_use": Number("1"),
        "residue_cover": Number("m2 kg-1"),
        "residue_decay": Number("d-1"),
        "constant": Number("1"),
    },
    "water": {"crop_coefficient": Number("1", 3), "curve_number": Number("1", 4)},
}
_CARBON = frozenset(_CROP["carbon"]) - {"fixed_roots", "days_to_yield"}
_RESIDUE = frozenset({"prior_land_use", "residue_cover", "residue_decay"})
_WATER = frozenset({"beta", "crop_coefficient", "curve_number"})
#: keys that a crop of each kind must have
_REQUIRED = {
    "annual": _CARBON | _RESIDUE | _WATER | {"cover_rates", "height", "sown", "harvested"},
    "cover": _CARBON | _RESIDUE | _WATER | {"cover_rates", "height", "sown", "days_to_yield"},
    "perennial": _CARBON | _WATER | {"height", "growth", "constant"},
    "fallow": _WATER | {"prior_land_use"},
}
_IMPLEMENT = {
    "depth": Number("m"), "mixing": Number("1"), "transport": Number("kg m-1"),
    "burial": Number("1"), "roughness": Number("mm"),
}  # fmt: skip
_MATERIAL = {"dry_matter": Number("kg kg-1 fresh"), "carbon": Number("kg kg-1 dry")}


@dataclass
class _Reader:
    """Collects what is wrong with one file."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def say(self, key: str, expectation: str, value: object = "", suggestion: str = "") -> None:
        self.problems.append(Problem(self.file, None, key, str(value), expectation, suggestion))

    def keys(self, table: Mapping[str, Any], known: Sequence[str], prefix: str = "") -> None:
        """Say which keys of ``table`` are not among ``known``."""
        for key in table:
            if key not in known:
                near = nearest(key, known)
                self.say(prefix + key, "unknown key.", suggestion=f'Did you mean "{near}"?' if near else "")

    def word(self, table: Mapping[str, Any], key: str, choices: Sequence[str] = ()) -> str:
        value = table.get(key)
        if not isinstance(value, str) or (choices and value not in choices):
            near = nearest(str(value), choices) if choices else None
            wanted = "must be one of " + ", ".join(choices) + "." if choices else "must be a text."
            self.say(key, wanted, "missing" if value is None else value, f'Did you mean "{near}"?' if near else "")
            return ""
        return value

    def number(self, entry: Any, key: str, spec: Number) -> Any:
        """Inside value of ``{ value, unit, range, source }``; None when something is wrong with it."""
        if not isinstance(entry, Mapping):
            self.say(key, "must be { value, unit, range, source }.", entry)
            return None
        self.keys(entry, ("value", "unit", "range", "source"), key + ".")
        before = len(self.problems)
        if entry.get("unit") != spec.unit:
            self.say(key + ".unit", f'must be "{spec.unit}".', entry.get("unit", "missing"))
        if not isinstance(entry.get("source"), str) or not entry["source"].strip():
            self.say(key + ".source", "must say where the number comes from.")
        values = entry.get("value")
        listed: list[Any] = values if isinstance(values, list) else [values]
        if (
            isinstance(values, list) != (spec.count > 1)
            or len(listed) != spec.count
            or not all(map(_is_number, listed))
        ):
            self.say(
                key + ".value", "must be a number." if spec.count == 1 else f"must be {spec.count} numbers.", values
            )
        bounds = entry.get("range")
        if (
            not isinstance(bounds, list)
            or len(bounds) != 2
            or not all(map(_is_number, bounds))
            or bounds[0] > bounds[1]
        ):
            self.say(key + ".range", "must be [lowest, highest].", bounds)
        if len(self.problems) == before:
            for value in listed:
                if not bounds[0] <= value <= bounds[1]:  # type: ignore[index]
                    self.say(key, f"must be {bounds[0]}-{bounds[1]} {spec.unit}.", value)  # type: ignore[index]
        if len(self.problems) > before:
            return None
        scaled = tuple(float(value) * spec.factor for value in listed)
        return scaled if spec.count > 1 else scaled[0]

    def date(self, entry: Any, key: str, names: Sequence[str]) -> Any:
        """Days of the year of ``{ on, source }`` or ``{ from, to, source }``."""
        if not isinstance(entry, Mapping):
            self.say(key, "must be { " + ", ".join((*names, "source")) + " }.", entry)
            return None
        self.keys(entry, (*names, "source"), key + ".")
        if not isinstance(entry.get("source"), str):
            self.say(key + ".source", "must say where the date comes from.")
        days = [day_of_year(entry.get(name)) for name in names]
        for name, day in zip(names, days, strict=True):
            if day is None:
                self.say(f"{key}.{name}", 'must be a date "MM-DD".', entry.get(name))
        if None in days:
            return None
        return tuple(days) if len(days) > 1 else days[0]

    def done(self) -> None:
        if self.problems:
            raise ScenarioError(self.problems)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(Problem(str(path), None, "", "", f"is not valid TOML: {error}")) from None


_DATES = {"sown": ("on",), "harvested": ("on",)}
_SEASONS = {"growth": ("from", "to"), "litterfall": ("from", "to")}
_WORDS = ("title", "kind", "habit", "biodiffusivity_class", "tillable")


def load_crop(path: Path) -> Crop:
    """Read one crop file.

    Raises
    ------
    ScenarioError
        Everything wrong with the file.
    """
    data, reader = _parse(path), _Reader(str(path))
    reader.keys(data, (*_WORDS, *_DATES, *_CROP))
    kind = reader.word(data, "kind", KINDS)
    values: dict[str, Any] = {
        "title": reader.word(data, "title"),
        "habit": reader.word(data, "habit", HABITS),
        "biodiffusivity_class": reader.word(data, "biodiffusivity_class", BIODIFFUSIVITY_CLASSES),
        "tillable": data.get("tillable"),
    }
    if not isinstance(values["tillable"], bool):
        reader.say("tillable", "must be true or false.", values["tillable"])
    present = set()
    for key, names in _DATES.items():
        if key in data:
            present.add(key)
            values[key] = reader.date(data[key], key, names)
    for section, numbers in _CROP.items():
        table = data.get(section, {})
        if not isinstance(table, Mapping):
            reader.say(section, "must be a table.", table)
            continue
        reader.keys(table, (*numbers, *(_SEASONS if section == "canopy" else ())), section + ".")
        for key in table:
            if key in numbers:
                present.add(key)
                field_name = "constant_cover_factor" if key == "constant" else key
                values[field_name] = reader.number(table[key], f"{section}.{key}", numbers[key])
                if key == "yield_dry_matter" and values[field_name] is not None:
                    values["highest_yield"] = float(table[key]["range"][1]) * numbers[key].factor
            elif section == "canopy" and key in _SEASONS:
                present.add(key)
                values[key] = reader.date(table[key], f"{section}.{key}", _SEASONS[key])
    for key in sorted(_REQUIRED.get(kind, frozenset()) - present):
        section = next(
            (name + "." for name, keys in _CROP.items() if key in keys), "canopy." if key in _SEASONS else ""
        )
        reader.say(section + key, f"is missing; a crop of kind {kind} needs it.")
    reader.done()
    crop = Crop(name=path.stem, kind=kind, **values)
    if kind != "fallow":
        total = sum(getattr(crop, key) for key in _SHARES)
        if abs(total - 1.0) > SHARE_TOLERANCE:
            reader.say(
                "carbon",
                f"product, straw, roots and exudates must sum to 1 (within {SHARE_TOLERANCE}).",
                f"{total:.4f}",
            )
        above = crop.product + crop.straw
        if above > 0.0 and abs(crop.product / above - crop.harvest_index) > HARVEST_INDEX_TOLERANCE:
            expected = f"must be product / (product + straw) = {crop.product / above:.3f}."
            reader.say("carbon.harvest_index", expected, crop.harvest_index)
        if crop.product <= 0.0:
            reader.say("carbon.product", "must be above 0: carbon is reckoned from the yield.", crop.product)
    reader.done()
    return crop


def load_material(path: Path) -> Material:
    """Read one material file; raises ScenarioError with everything wrong with it."""
    data, reader = _parse(path), _Reader(str(path))
    reader.keys(data, ("title", "kind", *_MATERIAL))
    title, kind = reader.word(data, "title"), reader.word(data, "kind", ("manure",))
    numbers = {key: reader.number(data.get(key), key, spec) for key, spec in _MATERIAL.items()}
    reader.done()
    return Material(path.stem, title, kind, **numbers)


def load_implements(path: Path) -> dict[str, Implement]:
    """Read the implements by name; raises ScenarioError with everything wrong with the file."""
    data, reader = _parse(path), _Reader(str(path))
    found = {}
    for name, table in data.items():
        if not isinstance(table, Mapping):
            reader.say(name, "must be a table.", table)
            continue
        reader.keys(table, ("title", *_IMPLEMENT), name + ".")
        title = table.get("title", name)
        numbers = {key: reader.number(table.get(key), f"{name}.{key}", spec) for key, spec in _IMPLEMENT.items()}
        if None not in numbers.values():
            found[name] = Implement(name, title, **numbers)
    reader.done()
    return found


@dataclass(frozen=True)
class CropLibrary:
    """Crops, materials and implements by name."""

    crops: Mapping[str, Crop]
    materials: Mapping[str, Material]
    implements: Mapping[str, Implement]


def _toml_files(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.glob("*.toml")))


def load_library(folder: Path | None = None) -> CropLibrary:
    """Read ``crops/*.toml``, ``materials/*.toml`` and ``implements.toml`` of a models folder (default: ours).

    Raises
    ------
    ScenarioError
        Everything wrong with any of the files.
    """
    root = data_path("models") if folder is None else folder
    problems: list[Problem] = []
    crops, materials, implements = {}, {}, {}
    for path in _toml_files(root / "crops"):
        try:
            crops[path.stem] = load_crop(path)
        except ScenarioError as error:
            problems.extend(error.problems)
    for path in _toml_files(root / "materials"):
        try:
            materials[path.stem] = load_material(path)
        except ScenarioError as error:
            problems.extend(error.problems)
    try:
        implements = load_implements(root / "implements.toml")
    except ScenarioError as error:
        problems.extend(error.problems)
    if problems:
        raise ScenarioError(problems)
    return CropLibrary(crops, materials, implements)
