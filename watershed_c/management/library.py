"""Crops, materials and implements: what the files of `models/` say of them, strictly read.

Every number in those files carries value, unit, range and source. A file with an unknown or missing key, another unit,
a value outside its own range or carbon shares that do not sum to one is refused, all its problems at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from watershed_c.data import data_path
from watershed_c.errors import Problem, ScenarioError
from watershed_c.management.fertilisers import Fertiliser, load_fertilisers
from watershed_c.management.implements import Implement, load_implements
from watershed_c.management.materials import DISSOLVED, SHARES_OF_CARBON, Material, check_dissolved, load_material
from watershed_c.management.reading import Number, Reader, parse

#: how far the four carbon shares of a crop may be from summing to one
SHARE_TOLERANCE = 0.002
#: how far harvest index may be from product / (product + straw)
HARVEST_INDEX_TOLERANCE = 0.01

KINDS = ("annual", "cover", "perennial", "fallow")
HABITS = ("spring", "winter", "perennial", "none")
BIODIFFUSIVITY_CLASSES = ("cropland", "grassland", "forest")


@dataclass(frozen=True)
class Crop:
    """One crop or permanent vegetation. Shares of plant carbon after Bolinder et al. (2007); inside units.

    Attributes
    ----------
    name, title, kind, habit, biodiffusivity_class : str
    tillable : bool
    photosynthesis : str
        ``C3`` or ``C4``: how much 13C its carbon has.
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
    lignin, nitrogen : float, kg per kg dry
        Of all that is left of the plant, above and below ground weighted by mass (IPCC 2019).
    base_temperature : float, degC
        Below it the crop does not grow.
    beta : float
        Root distribution Y = 1 - beta^d, d in cm (Jackson et al. 1996).
    root_end : float, m
        Below it the crop has no roots (Jackson's law); a scenario may say so.
    half_depth, shape, deepest : float, m, 1, m
        Root distribution of Fan et al. (2016), see :func:`watershed_c.management.cycle.root_shares`; nan if not known.
    cover_rates : tuple of 4 floats, d-1
        Growth of canopy cover between 0, 0.1, 0.5, 0.75 and 1 (Mosimann & Ruettimann 2006).
    height : float, m
    fall_height : tuple of 4 floats, m
        Height from which drops fall off the canopy at a cover of 0.1, 0.5, 0.75 and at the end; empty if not known.
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
    radiation_use : float, kg MJ-1
        Dry biomass, roots included, per photosynthetically active radiation intercepted; nan where not known.
    optimum_temperature : float, degC
        Above ``base_temperature``; growth is fastest there.
    water_response : float
        Relative loss of yield per relative lack of evapotranspiration (FAO-33), Ky.
    product_nitrogen : float, kg per kg dry
        nan: as ``nitrogen``.
    nitrogen_fixed : float
        Share of its nitrogen that a legume fixes.
    organs : mapping of str to float
        Qualities that few crops have, or that differ between what grew above the ground ("shoot_...") and roots
        ("root_..."), by the names that the inputs of pool models give them.
    product_alkalinity, straw_alkalinity : float, kg CaCO3 kg-1 dry
        Excess base that leaves with it.
    """

    name: str
    title: str
    kind: str
    habit: str
    biodiffusivity_class: str
    tillable: bool
    photosynthesis: str = "C3"
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
    lignin: float = math.nan
    nitrogen: float = math.nan
    base_temperature: float = math.nan
    beta: float = 0.961
    root_end: float = math.inf
    half_depth: float = math.nan
    shape: float = math.nan
    deepest: float = math.nan
    cover_rates: tuple[float, ...] = ()
    height: float = 0.0
    fall_height: tuple[float, ...] = ()
    growth: tuple[int, int] | None = None
    litterfall: tuple[int, int] | None = None
    prior_land_use: float = 1.0
    residue_cover: float = 0.0
    residue_decay: float = 0.0
    constant_cover_factor: float = math.nan
    crop_coefficient: tuple[float, ...] = ()
    curve_number: tuple[float, ...] = ()
    radiation_use: float = math.nan
    optimum_temperature: float = math.nan
    water_response: float = math.nan
    product_nitrogen: float = math.nan
    nitrogen_fixed: float = 0.0
    product_alkalinity: float = 0.0
    straw_alkalinity: float = 0.0
    organs: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def qualities(self) -> dict[str, float]:
        """What is known of its carbon, see :func:`watershed_c.management.sources.source_of`."""
        lignin = {} if math.isnan(self.lignin) else {"lignin": self.lignin}
        return {"dpm_rpm": self.dpm_rpm, **lignin, **self.organs}


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
    "quality": {
        "lignin": Number("kg kg-1 dry"),
        "nitrogen": Number("kg kg-1 dry"),
        **{f"{organ}_lignin": Number("kg kg-1 dry") for organ in ("shoot", "root")},
        **{f"{organ}{key}": Number("1") for organ in ("", "shoot_", "root_") for key in SHARES_OF_CARBON},
    },
    "temperature": {"base_temperature": Number("degC")},
    "rooting": {
        "beta": Number("1"),
        "half_depth": Number("cm", factor=0.01),
        "shape": Number("1"),
        "deepest": Number("cm", factor=0.01),
    },
    "canopy": {"cover_rates": Number("% d-1", 4, 0.01), "height": Number("m"), "fall_height": Number("m", 4)},
    "cover_management": {
        "prior_land_use": Number("1"),
        "residue_cover": Number("m2 kg-1"),
        "residue_decay": Number("d-1"),
        "constant": Number("1"),
    },
    "water": {"crop_coefficient": Number("1", 3), "curve_number": Number("1", 4)},
    "growth": {
        "radiation_use": Number("kg ha-1 MJ-1 m2", factor=1e-4),
        "optimum_temperature": Number("degC"),
        "water_response": Number("1"),
    },
    "nitrogen_balance": {
        "product_nitrogen": Number("kg kg-1 dry"),
        "nitrogen_fixed": Number("1"),
        "product_alkalinity": Number("kg CaCO3 t-1", factor=1e-3),
        "straw_alkalinity": Number("kg CaCO3 t-1", factor=1e-3),
    },
}
_CARBON = frozenset(_CROP["carbon"]) - {"fixed_roots", "days_to_yield"}
_RESIDUE = frozenset({"prior_land_use", "residue_cover", "residue_decay"})
_WATER = frozenset({"beta", "crop_coefficient", "curve_number"})
_PLANT = _CARBON | {"lignin", "nitrogen"} | frozenset(_CROP["temperature"])
#: root distribution of Fan et al. (2016): all three or none
_FAN = frozenset({"half_depth", "shape", "deepest"})
#: keys that a crop of each kind must have
_REQUIRED = {
    "annual": _PLANT | _RESIDUE | _WATER | {"cover_rates", "height", "sown", "harvested"},
    "cover": _PLANT | _RESIDUE | _WATER | {"cover_rates", "height", "sown", "days_to_yield"},
    "perennial": _PLANT | _WATER | {"height", "growth", "constant"},
    "fallow": _WATER | {"prior_land_use"},
}


_DATES = {"sown": ("on",), "harvested": ("on",)}
_SEASONS = {"growth": ("from", "to"), "litterfall": ("from", "to")}
_WORDS = ("title", "kind", "habit", "biodiffusivity_class", "tillable", "photosynthesis")
PHOTOSYNTHESIS = ("C3", "C4")


def load_crop(path: Path) -> Crop:
    """Read one crop file.

    Raises
    ------
    ScenarioError
        Everything wrong with the file.
    """
    data, reader = parse(path), Reader(str(path))
    reader.keys(data, (*_WORDS, *_DATES, *_CROP))
    kind = reader.word(data, "kind", KINDS)
    values: dict[str, Any] = {
        "title": reader.word(data, "title"),
        "habit": reader.word(data, "habit", HABITS),
        "biodiffusivity_class": reader.word(data, "biodiffusivity_class", BIODIFFUSIVITY_CLASSES),
        "tillable": data.get("tillable"),
        "photosynthesis": reader.word({"photosynthesis": "C3"} | data, "photosynthesis", PHOTOSYNTHESIS),
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
                if section == "quality" and key not in ("lignin", "nitrogen"):
                    values.setdefault("organs", {})[key] = reader.number(table[key], f"{section}.{key}", numbers[key])
                    continue
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
    for key in sorted(_FAN - present if _FAN & present else ()):
        reader.say("rooting." + key, "is missing; half_depth, shape and deepest go together.")
    reader.done()
    for organ in ("", "shoot_", "root_"):
        of_organ = {key: values.get("organs", {}).get(organ + key, 0.0) for key in DISSOLVED}
        check_dissolved(reader, of_organ, f"quality.{organ}")
    crop = Crop(name=path.stem, kind=kind, **values)
    if crop.shape >= 0.0:
        reader.say("rooting.shape", "must be below 0: roots thin out with depth.", crop.shape)
    if crop.half_depth >= crop.deepest:
        wrong = f"must be less than deepest, {100.0 * crop.deepest:g} cm."
        reader.say("rooting.half_depth", wrong, f"{100.0 * crop.half_depth:g}")
    if list(crop.fall_height) != sorted(crop.fall_height):
        reader.say("canopy.fall_height", "must not fall as the canopy closes.", list(crop.fall_height))
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


@dataclass(frozen=True)
class CropLibrary:
    """Crops, materials, implements and fertilisers by name."""

    crops: Mapping[str, Crop]
    materials: Mapping[str, Material]
    implements: Mapping[str, Implement]
    fertilisers: Mapping[str, Fertiliser]


def _toml_files(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.glob("*.toml")))


def load_library(folder: Path | None = None) -> CropLibrary:
    """Read crops, materials, ``implements.toml`` and ``fertilisers.toml`` of a folder (default: ours, read once).

    Raises
    ------
    ScenarioError
        Everything wrong with any of the files.
    """
    return _ours() if folder is None else _library(folder)


@cache
def _ours() -> CropLibrary:
    return _library(data_path("models"))


def _library(root: Path) -> CropLibrary:
    problems: list[Problem] = []
    crops, materials, implements, fertilisers = {}, {}, {}, {}
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
    try:
        fertilisers = load_fertilisers(root / "fertilisers.toml")
    except ScenarioError as error:
        problems.extend(error.problems)
    if problems:
        raise ScenarioError(problems)
    return CropLibrary(crops, materials, implements, fertilisers)
