"""Organic amendments: what the files of `models/materials/` say of them, strictly read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from watershed_c.management.reading import Number, Reader, parse

#: shares of carbon that Yasso07 and later ask for: what these dissolve; the rest is insoluble
DISSOLVED = ("acid", "water", "ethanol")
#: what AMG, and Yasso07 and later, ask of carbon
SHARES_OF_CARBON = ("isohumic", *DISSOLVED)
#: what the files of materials say of their carbon
_QUALITIES = ("manure_dpm_rpm", "lignin", "humification_coefficient", *SHARES_OF_CARBON)
_MATERIAL = {
    "dry_matter": Number("kg kg-1 fresh"), "carbon": Number("kg kg-1 dry"), "nitrogen": Number("kg kg-1 dry"),
    "lignin": Number("kg kg-1 dry"), "hydrogen_carbon": Number("mol mol-1"), "ammonium": Number("1"),
    "manure_dpm_rpm": Number("1"), "humification_coefficient": Number("1"),
    **{key: Number("1") for key in SHARES_OF_CARBON},
}  # fmt: skip
#: kinds of material, and the keys that only one of them has
_OWN_KEYS = {"manure": set(_QUALITIES), "biochar": {"hydrogen_carbon"}}


@dataclass(frozen=True)
class Material:
    """An organic amendment.

    Attributes
    ----------
    name, title, kind : str
        ``kind`` is what the pool model allocates it as ("manure": in RothC 49 % DPM, 49 % RPM, 2 % HUM unless it has
        a ``manure_dpm_rpm``; "biochar").
    dry_matter : float, kg per kg fresh
    carbon, nitrogen, lignin : float, kg per kg dry
        ``lignin`` is nan where it is not known.
    hydrogen_carbon : float, mol mol-1
        Of biochar, else nan.
    ammonium : float
        Share of the nitrogen that is mineral when it is brought.
    manure_dpm_rpm : float
        Ratio of decomposable to resistant material, for RothC; nan: that of farmyard manure.
    humification_coefficient : float
        Share of what leaves the young pool that is humified, for ICBM; nan: that of the model.
    isohumic : float
        Share that is humified within the year, for AMG; nan: that of cattle manure.
    acid, water, ethanol : float
        Shares of its carbon that acid, water and ethanol dissolve, for Yasso07 and later; nan: not known.
    """

    name: str
    title: str
    kind: str
    dry_matter: float
    carbon: float
    nitrogen: float
    lignin: float = math.nan
    hydrogen_carbon: float = math.nan
    ammonium: float = 0.0
    manure_dpm_rpm: float = math.nan
    humification_coefficient: float = math.nan
    isohumic: float = math.nan
    acid: float = math.nan
    water: float = math.nan
    ethanol: float = math.nan

    @property
    def qualities(self) -> dict[str, float]:
        """What is known of its carbon, by the names that the inputs of pool models give their parameters."""
        return {name: value for name in _QUALITIES if not math.isnan(value := getattr(self, name))}

    @property
    def carbon_per_fresh(self) -> float:
        """kg C per kg fresh."""
        return self.dry_matter * self.carbon


def check_dissolved(reader: Reader, shares: Mapping[str, float], before: str = "") -> None:
    """Say if acid, water and ethanol dissolve more than all carbon; ``before`` comes before the names of the keys."""
    total = sum(shares.get(key, 0.0) for key in DISSOLVED)
    if total > 1.0:
        reader.say(before + DISSOLVED[0], "acid, water and ethanol must not dissolve more than 1.", f"{total:.4g}")


def load_material(path: Path) -> Material:
    """Read one material file; raises ScenarioError with everything wrong with it."""
    data, reader = parse(path), Reader(str(path))
    reader.keys(data, ("title", "kind", *_MATERIAL))
    title, kind = reader.word(data, "title"), reader.word(data, "kind", tuple(_OWN_KEYS))
    others = {key for other, keys in _OWN_KEYS.items() if other != kind for key in keys}
    for key in sorted(others & set(data)):
        reader.say(key, f"is not used by a material of kind {kind}.")
    optional = {"ammonium", *_OWN_KEYS["manure"], *others}
    written = {key: spec for key, spec in _MATERIAL.items() if key in data or key not in optional}
    numbers = {key: reader.number(data.get(key), key, spec) for key, spec in written.items()}
    reader.done()
    material = Material(path.stem, title, kind, **numbers)
    if material.carbon + material.nitrogen > 1.0:
        reader.say("carbon", "carbon and nitrogen must not be more than the dry matter.", material.carbon)
    check_dissolved(reader, material.qualities)
    reader.done()
    return material
