"""Mineral nitrogen fertilisers: what `models/fertilisers.toml` says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from watershed_c.management.reading import Number, Reader, parse

#: fertiliser of an event that names none
DEFAULT_FERTILISER = "ammonium-nitrate"
#: most nitrogen an event may bring, kg m-2: 1000 kg ha-1, far above any practice
MOST_NITROGEN = 0.1
_NUMBERS = {"acid": Number("mol H+ mol-1 N"), "volatilised": Number("1")}


@dataclass(frozen=True)
class Fertiliser:
    """A mineral nitrogen fertiliser.

    Attributes
    ----------
    acid : float, mol H+ mol-1 N
        Released when all of it has become nitrate, uptake left aside.
    volatilised : float
        Share of the nitrogen lost as ammonia.
    """

    name: str
    title: str
    acid: float
    volatilised: float


@dataclass(frozen=True)
class Fertilisation:
    """Nitrogen brought on a day of the cycle, kg N m-2, as it was bought."""

    day: int
    nitrogen: float
    fertiliser: Fertiliser


def load_fertilisers(path: Path) -> dict[str, Fertiliser]:
    """Read the fertilisers by name; raises ScenarioError with everything wrong with the file."""
    data, reader = parse(path), Reader(str(path))
    found = {}
    for name, table in data.items():
        if not isinstance(table, Mapping):
            reader.say(name, "must be a table.", table)
            continue
        reader.keys(table, ("title", *_NUMBERS), name + ".")
        title = reader.word(dict(table), "title", prefix=name + ".")
        numbers = {key: reader.number(table.get(key), f"{name}.{key}", spec) for key, spec in _NUMBERS.items()}
        if None not in numbers.values():
            found[name] = Fertiliser(name, title, **numbers)
    reader.done()
    return found
