"""Tillage implements: what `models/implements.toml` says of them, strictly read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from watershed_c.management.reading import Number, Reader, parse

#: what an implement does to the soil, and its modifier of the tillage intensity (RUSLE2, as in SoilManageR 1.1.0)
ACTIONS = {"inversion": 1.0, "mixing-inversion": 0.8, "mixing": 0.7, "lift": 0.4, "compression": 0.15}
#: units of the tillage intensity of RUSLE2: km per mile, m per inch
KM_PER_MILE, M_PER_INCH = 1.609344, 0.0254
#: shallower passes than this (drilling) do not end a cover crop or a sward, m; a prior
PLANTS_SURVIVE = 0.05
_IMPLEMENT = {
    "depth": Number("m"), "mixing": Number("1"), "transport": Number("kg m-1"), "burial": Number("1"),
    "roughness": Number("mm"), "speed": Number("km h-1"), "disturbed": Number("1"),
}  # fmt: skip


@dataclass(frozen=True)
class Implement:
    """A tillage implement, per pass.

    Attributes
    ----------
    action : str
        A key of ``ACTIONS``.
    depth : float, m
        Default depth, and the depth at which ``transport`` applies.
    mixing, burial : float
        Share of the tilled layer homogenised; share of surface residue buried.
    inversion : float
        Share of the tilled layer that lies upside down after a pass, for runs with ``tillage_erosion.inversion``.
    transport : float, kg m-1
        Tillage transport coefficient.
    roughness : float, mm
        Random roughness just after the pass.
    speed : float, km h-1
        Default speed, and the speed at which ``transport`` applies.
    disturbed : float
        Share of the surface that is disturbed.
    in_crop : bool
        Whether it works in a standing crop and leaves it.
    """

    name: str
    title: str
    action: str
    depth: float
    mixing: float
    transport: float
    burial: float
    roughness: float
    speed: float
    disturbed: float
    in_crop: bool = False
    inversion: float = 0.0

    def intensity(self, depth: float, speed: float) -> float:
        """Soil tillage intensity rating (STIR) of a pass ``depth`` m deep at ``speed`` km h-1, as in RUSLE2.

        ``0.5 speed (mph) * 3.25 type * depth (inch) * disturbed share``.
        """
        return 0.5 * speed / KM_PER_MILE * 3.25 * ACTIONS[self.action] * depth / M_PER_INCH * self.disturbed

    def ends_plants(self, depth: float) -> bool:
        """Whether a pass ``depth`` m deep ends what grows: one that turns or stirs most of the surface."""
        stirs = self.disturbed > 0.5 and self.action not in ("lift", "compression")
        return stirs and depth > PLANTS_SURVIVE and not self.in_crop


def load_implements(path: Path) -> dict[str, Implement]:
    """Read the implements by name; raises ScenarioError with everything wrong with the file."""
    data, reader = parse(path), Reader(str(path))
    found = {}
    for name, table in data.items():
        if not isinstance(table, Mapping):
            reader.say(name, "must be a table.", table)
            continue
        reader.keys(table, ("title", "action", "in_crop", "inversion", *_IMPLEMENT), name + ".")
        in_crop = table.get("in_crop", False)
        if not isinstance(in_crop, bool):
            reader.say(name + ".in_crop", "must be true or false.", in_crop)
        title, action = table.get("title", name), reader.word(table, "action", tuple(ACTIONS), name + ".")
        numbers = {key: reader.number(table.get(key), f"{name}.{key}", spec) for key, spec in _IMPLEMENT.items()}
        if "inversion" in table:
            numbers["inversion"] = reader.number(table["inversion"], f"{name}.inversion", Number("1"))
        elif action == "inversion":
            reader.say(f"{name}.inversion", "is missing; an implement that turns the soil needs it.")
        if None not in numbers.values():
            found[name] = Implement(name, title, action, **numbers, in_crop=in_crop)
    reader.done()
    return found
