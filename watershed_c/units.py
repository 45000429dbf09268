"""The unit system, stated once, and the conversions at the edges.

Inside: kg, m, yr, degC. Stocks and soil in kg m-2 of ground, carbon always as kg C m-2, water in kg m-2 (= mm), rates
in yr-1. A bare number is in these units; anything else carries its unit: "25 cm", "1.35 g/cm3", "2 t/ha", "140 %".

A unit is an expression of the symbols below: "kg/m2", "kg m-2", "kg m^-2", "MJ mm/(ha h yr)" all read. A tag "C" after
a mass ("t C/ha") is allowed and ignored.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

#: one year in hours: 365.25 d of 24 h (Julian year, IAU)
HOURS_PER_YEAR = 8766.0
#: one t ha-1 is 1000 kg on 10^4 m2
KG_M2_PER_T_HA = 0.1

Dimension = tuple[int, int, int, int, int, int]  # mass, length, time, temperature, energy, activity
_NONE: Dimension = (0, 0, 0, 0, 0, 0)
_MASS: Dimension = (1, 0, 0, 0, 0, 0)
_LENGTH: Dimension = (0, 1, 0, 0, 0, 0)
_AREA: Dimension = (0, 2, 0, 0, 0, 0)
_TIME: Dimension = (0, 0, 1, 0, 0, 0)
_TEMPERATURE: Dimension = (0, 0, 0, 1, 0, 0)
_ENERGY: Dimension = (0, 0, 0, 0, 1, 0)
_ACTIVITY: Dimension = (0, 0, 0, 0, 0, 1)
_VOLUME: Dimension = (0, 3, 0, 0, 0, 0)

#: symbol -> (dimension, size in kg, m, yr, K, MJ, Bq)
SYMBOLS: dict[str, tuple[Dimension, float]] = {
    "1": (_NONE, 1.0),
    "%": (_NONE, 0.01),
    "permil": (_NONE, 0.001),
    "ppm": (_NONE, 1e-6),
    "mg": (_MASS, 1e-6),
    "cg": (_MASS, 1e-5),
    "dg": (_MASS, 1e-4),
    "g": (_MASS, 1e-3),
    "kg": (_MASS, 1.0),
    "Mg": (_MASS, 1e3),
    "t": (_MASS, 1e3),
    "mm": (_LENGTH, 1e-3),
    "cm": (_LENGTH, 1e-2),
    "dm": (_LENGTH, 1e-1),
    "m": (_LENGTH, 1.0),
    "km": (_LENGTH, 1e3),
    "ha": (_AREA, 1e4),
    "L": (_VOLUME, 1e-3),
    "h": (_TIME, 1.0 / HOURS_PER_YEAR),
    "day": (_TIME, 24.0 / HOURS_PER_YEAR),
    "month": (_TIME, 1.0 / 12.0),
    "yr": (_TIME, 1.0),
    "K": (_TEMPERATURE, 1.0),
    "degC": (_TEMPERATURE, 1.0),
    "MJ": (_ENERGY, 1.0),
    "kJ": (_ENERGY, 1e-3),
    "J": (_ENERGY, 1e-6),
    "Bq": (_ACTIVITY, 1.0),
    "kBq": (_ACTIVITY, 1e3),
}

_ALIASES = {
    "d": "day", "days": "day", "months": "month", "mo": "month", "year": "yr", "years": "yr", "y": "yr", "a": "yr",
    "hr": "h", "hour": "h", "hours": "h", "percent": "%", "pct": "%", "‰": "permil", "fraction": "1", "-": "1",
    "°C": "degC", "celsius": "degC", "°K": "K", "kelvin": "K", "tonne": "t", "tonnes": "t", "metre": "m",
    "metres": "m", "meter": "m", "meters": "m", "l": "L", "sqm": "m2", "sqkm": "km2",
}  # fmt: skip


class UnitError(ValueError):
    """A unit that is not known or does not measure the thing asked for. The message is for the user."""


@dataclass(frozen=True)
class Kind:
    """What a quantity measures: its unit inside, and the units its message names.

    `also` holds units of another dimension that mean the same thing here (a depth of water is a mass on an area).
    `offset` marks absolute temperature, where K and degC differ.
    """

    name: str
    unit: str
    accepts: tuple[str, ...]
    also: dict[str, float] = field(default_factory=dict)
    offset: bool = False


_KINDS = (
    Kind("number", "1", ("1", "%")),
    Kind("fraction", "1", ("%", "g/kg", "kg/kg", "dg/kg", "1")),
    Kind("share", "1", ("%", "1")),
    Kind("length", "m", ("mm", "cm", "m", "km")),
    Kind("area", "m2", ("m2", "ha", "km2")),
    Kind("density", "kg/m3", ("g/cm3", "kg/m3", "t/m3", "cg/cm3")),
    Kind("areal mass", "kg/m2", ("t/ha", "kg/m2", "kg/ha", "g/m2")),
    Kind("areal mass flux", "kg/m2/yr", ("t/ha/yr", "kg/m2/yr", "kg/ha/yr", "g/m2/yr")),
    Kind("mass or water", "kg/m2", ("t/ha", "kg/m2", "mm"), {"mm": 1.0, "cm": 10.0, "m3/ha": 0.1}),
    Kind("concentration", "mmol/L", ("mmol/L", "mol/m3"), {"mmol/L": 1.0, "mol/m3": 1.0, "umol/L": 1e-3}),
    Kind("water", "kg/m2", ("mm", "kg/m2"), {"mm": 1.0, "cm": 10.0, "m": 1000.0, "L/m2": 1.0}),
    Kind("water flux", "kg/m2/yr", ("mm/month", "mm/yr", "mm/day"),
         {"mm/month": 12.0, "mm/yr": 1.0, "mm/day": HOURS_PER_YEAR / 24.0, "m/yr": 1000.0}),
    Kind("conductivity", "kg/m2/yr", ("mm/day", "mm/h", "cm/day", "m/day", "m/s"),
         {"mm/yr": 1.0, "mm/day": HOURS_PER_YEAR / 24.0, "mm/h": HOURS_PER_YEAR, "cm/day": HOURS_PER_YEAR / 2.4,
          "m/day": 1000.0 * HOURS_PER_YEAR / 24.0, "m/s": 3.6e6 * HOURS_PER_YEAR}),
    Kind("temperature", "degC", ("degC", "K"), offset=True),
    Kind("temperature difference", "K", ("K", "degC")),
    Kind("lapse rate", "K/m", ("K/km", "K/m", "degC/km")),
    Kind("time", "yr", ("yr", "month", "day")),
    Kind("rate", "1/yr", ("1/yr", "%/yr", "1/month", "1/day")),
    Kind("erosivity", "MJ mm ha-1 h-1 yr-1", ("MJ mm ha-1 h-1 yr-1",)),
    Kind("erodibility", "t ha h ha-1 MJ-1 mm-1", ("t ha h ha-1 MJ-1 mm-1", "kg h MJ-1 mm-1")),
    Kind("tillage transport", "kg/m", ("kg/m",)),
    Kind("diffusivity", "m2/yr", ("cm2/yr", "m2/yr", "mm2/yr", "cm2/day")),
    Kind("speed", "m/yr", ("mm/yr", "cm/yr", "m/yr")),
    Kind("driving speed", "km/h", ("km/h",)),
    Kind("areal activity", "Bq/m2", ("Bq/m2", "kBq/m2")),
    Kind("areal activity flux", "Bq/m2/yr", ("Bq/m2/yr", "kBq/m2/yr")),
    Kind("angle", "deg", ("deg",), {"deg": 1.0, "degrees": 1.0}),
)  # fmt: skip
KINDS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}

_TOKEN = re.compile(r"(%|‰|°[CK]|[A-Za-z]+|1(?![0-9]))(-?\d)?$")


_SPELLINGS = (
    ("²", "2"), ("³", "3"), ("⁻¹", "-1"), ("⁻", "-"), ("−", "-"), ("**", ""), ("^", ""), ("·", " "), ("*", " "),
)  # fmt: skip


def _tidy(text: str) -> str:
    for old, new in _SPELLINGS:
        text = text.replace(old, new)
    return " ".join(text.split())


@cache
def parse_unit(text: str) -> tuple[Dimension, float]:
    """Dimension and size (in kg, m, yr, K, MJ, Bq) of a unit expression; raises UnitError naming the unknown symbol."""
    dimension, size = list(_NONE), 1.0
    body = _tidy(text)
    if body in _ALIASES:
        body = _ALIASES[body]
    body = re.sub(r"/\s*\(([^()/]*)\)", lambda m: "/" + "/".join(m.group(1).split()), body)
    for number, part in enumerate(body.split("/")):
        for position, word in enumerate(part.split()):
            sign = -1 if number > 0 and position == 0 else 1
            if word in ("C", "N", "soil", "DM") and (number > 0 or position > 0):
                continue
            match = _TOKEN.match(word)
            symbol = "" if match is None else _ALIASES.get(match.group(1), match.group(1))
            if match is None or symbol not in SYMBOLS:
                near = difflib.get_close_matches(word, [*SYMBOLS, *_ALIASES], 1)
                hint = f' Did you mean "{near[0]}"?' if near else ""
                raise UnitError(f'does not know the unit "{text}".{hint}')
            power = sign * int(match.group(2) or 1)
            part_dimension, part_size = SYMBOLS[symbol]
            size *= part_size**power
            dimension = [d + power * p for d, p in zip(dimension, part_dimension, strict=True)]
    mass, length, time, temperature, energy, activity = dimension
    return (mass, length, time, temperature, energy, activity), size


@cache
def factor(unit: str, kind: str) -> float:
    """Number by which a value in `unit` is multiplied to become the inside unit of `kind`; raises UnitError."""
    wanted = KINDS[kind]
    tidy = _tidy(unit)
    if tidy in wanted.also:
        return wanted.also[tidy]
    accepted = ", ".join(wanted.accepts)
    if wanted.name == "angle":
        raise UnitError(f'cannot be in "{unit}": accepted units are {accepted}.')
    try:
        dimension, size = parse_unit(unit)
    except UnitError as error:
        raise UnitError(f"{error} Accepted units are {accepted}.") from None
    inside_dimension, inside_size = parse_unit(wanted.unit)
    if dimension != inside_dimension:
        raise UnitError(f'cannot be in "{unit}": accepted units are {accepted}.')
    return size / inside_size


_QUANTITY = re.compile(r"\s*([+\-−]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)$", re.DOTALL)


def split_quantity(text: str) -> tuple[float, str]:
    """Number and unit text of "25 cm"; the unit is empty for a bare number."""
    match = _QUANTITY.match(text)
    if match is None:
        raise UnitError(f'"{text}" is not a number with a unit.')
    return float(match.group(1).replace("−", "-").replace("_", "")), match.group(2).strip()


def to_inside(value: Any, unit: str, kind: str) -> Any:
    """A value (or array) in `unit` as the inside unit of `kind`; an empty unit is the inside unit."""
    if not unit:
        return value
    if KINDS[kind].offset and _ALIASES.get(unit, unit) == "K":
        return value - 273.15
    return _scale(value, factor(unit, kind))


def _scale(value: Any, by: float) -> Any:
    """value * by; by 0.01 divides by 100, so that "23.4 %" is exactly 0.234."""
    inverse = round(1.0 / by)
    if by < 1.0 and abs(inverse * by - 1.0) < 1e-12:
        return value / inverse
    return value * by


def quantity(value: float | int | str, kind: str) -> float:
    """What the user wrote ("25 cm", 0.25) as a float in the inside unit of `kind`; raises UnitError for the user."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnitError(f"must be a number, or a number with its unit ({', '.join(KINDS[kind].accepts)}).")
    if isinstance(value, str):
        number, unit = split_quantity(value)
        return float(to_inside(number, unit, kind))
    try:
        return float(value)
    except OverflowError:
        raise UnitError("is too large for a number.") from None


def written(value: float, kind: str) -> str | float:
    """A value of the inside unit as it goes into a scenario file: with its unit unless it has none."""
    unit = KINDS[kind].unit
    return value if unit == "1" else f"{value!r} {unit}"


def convert(value: Any, from_unit: str, to_unit: str) -> Any:
    """A value or array in another unit of the same dimension (differences of temperature, not absolute ones)."""
    from_dimension, from_size = parse_unit(from_unit)
    to_dimension, to_size = parse_unit(to_unit)
    if from_dimension != to_dimension:
        raise UnitError(f'"{from_unit}" and "{to_unit}" do not measure the same thing.')
    return value * (from_size / to_size)


def t_ha_from_kg_m2(value: Any) -> Any:
    """t ha-1 of a value or array in kg m-2."""
    return value / KG_M2_PER_T_HA


def kg_m2_from_t_ha(value: Any) -> Any:
    """kg m-2 of a value or array in t ha-1."""
    return value * KG_M2_PER_T_HA
