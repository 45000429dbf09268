"""A choices file (.ini) of WaTEM/SEDEM as the land of a scenario: what it says, as keys of ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from watershed_c.errors import Problem, ScenarioError
from watershed_c.io.watem_files import BUFFER_EXTENSION, Choices, read_choices
from watershed_c.scenario import messages
from watershed_c.scenario.toml_lines import KeyPath

#: unit of the map of K
_ERODIBILITY_UNIT = "kg h MJ-1 mm-1"
_ROUTING, _PARCELS = ("processes", "flow_routing"), ("processes", "flow_routing", "parcels")
_EROSION = ("processes", "water_erosion")


def take_apart(raw: dict[str, Any], folder: Path, file: str, lines: dict[KeyPath, int]) -> list[str]:
    """Put what domain.watem_sedem says into the plain tables of a scenario, in place of that key.

    What the scenario says itself stands; but the land (dem, outline) can only be of one of them.

    Parameters
    ----------
    raw : dict
        Changed in place.
    folder : Path
        Where paths of the scenario start.

    Returns
    -------
    list of str
        What of the file is not used, or replaced by the scenario.

    Raises
    ------
    ScenarioError
        What is wrong with the file, or stands beside it.
    """
    domain = raw.get("domain")
    if not isinstance(domain, dict) or domain.get("watem_sedem") is None:
        return []
    written = domain["watem_sedem"]
    places: KeyPath = ("domain", "watem_sedem")
    shown = messages.shown(written)
    if not isinstance(written, str):
        raise ScenarioError(Problem(file, lines.get(places), ".".join(map(str, places)), shown, "must be a file."))
    beside = [key for key in ("dem", "synthetic", "parcels", "outlet", "snap") if domain.get(key) is not None]
    if beside:
        expectation = f"stands beside {', '.join(beside)}: the file has the terrain and its outline."
        hint = f"Leave out {beside[0]}, or the file."
        raise ScenarioError(Problem(file, lines.get(places), "domain.watem_sedem", shown, expectation, hint))
    if not (folder / written).is_file():
        hint = f"Paths start at the scenario file: looked for {folder / written}."
        raise ScenarioError(Problem(file, lines.get(places), "domain.watem_sedem", shown, "does not exist.", hint))
    choices = read_choices(folder / written)
    del domain["watem_sedem"]
    replaced = []
    for path, value in _keys(choices, folder, raw).items():
        if not _give(raw, path, value) and _get(raw, path) != value:
            replaced.append(".".join(path))
    told = [f"{written}: {note}" for note in choices.notes]
    if choices.choice["calculate tillage erosion"]:
        told.append(f"{written}: ktil is not used, tillage moves soil by the implements of the calendar")
    if replaced:
        told.append(f"{written}: the scenario says otherwise, and that counts, in {', '.join(replaced)}")
    return told


def _keys(choices: Choices, folder: Path, raw: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    """Dotted keys and values of a choices file, maps by their path from ``folder``; those that ``raw`` has use for."""
    choice, number = choices.choice, choices.number
    maps = {key: Path(os.path.relpath(path, folder)).as_posix() for key, path in choices.maps.items()}
    found: dict[tuple[str, ...], Any] = {
        ("domain", "dem"): maps["dtm filename"], ("domain", "parcels"): maps["parcel filename"],
        ("soil", "erodibility"): {"map": maps["k factor filename"], "units": _ERODIBILITY_UNIT},
    }  # fmt: skip
    erosivity = _get(raw, ("climate", "erosivity"))
    if not isinstance(erosivity, dict) or erosivity.get("method", "given") == "given":
        found["climate", "erosivity", "annual"] = number["r factor"]
    method = _get(raw, (*_ROUTING, "method"))
    if method in (None, "two_receivers"):
        found[*_ROUTING, "method"] = "two_receivers"
        if choice["adjusted slope"]:
            found[*_ROUTING, "slopes"] = "adjusted"
        found |= {(*_PARCELS, key): value for key, value in _parcels(choices, maps).items()}
    if _get(raw, (*_EROSION, "model")) == "mmf":
        return found
    of_erosion: dict[str, Any] = {
        "length_exponent": choices.word["l model"], "slope_factor": choices.word["s model"],
        "capacity": choices.word["tc model"], "convention": "watem_sedem", "ls_correction": number["ls correction"],
        "cover_map": maps["c factor map filename"], "practice_map": maps["p factor map filename"],
    }  # fmt: skip
    if _get(raw, (*_EROSION, "capacity")) in (None, choices.word["tc model"]):  # its coefficients go with its equation
        if choice["create ktc map"]:
            of_erosion |= {"ktc_low": number["ktc low"], "ktc_high": number["ktc high"]}
        elif "ktc map filename" in maps:
            of_erosion["ktc_map"] = maps["ktc map filename"]
        if "ktc limit" in number:
            of_erosion["cover_threshold"] = number["ktc limit"]
    return found | {(*_EROSION, key): value for key, value in of_erosion.items()}


def _parcels(choices: Choices, maps: dict[str, str]) -> dict[str, Any]:
    """What processes.flow_routing.parcels takes from a choices file."""
    choice, number = choices.choice, choices.number
    found: dict[str, Any] = {
        "window": int(number["max kernel"]), "cardinal_rivers": choice["cardinal routing river"],
        "to_field": number["parcel connectivity cropland"] / 100.0,
        "to_forest": number["parcel connectivity forest"] / 100.0,
        "to_strip": number["parcel connectivity grasstrips"] / 100.0,
        "trapped_field": number["parcel trapping efficiency cropland"] / 100.0,
        "trapped_forest": number["parcel trapping efficiency forest"] / 100.0,
        "trapped_pasture": number["parcel trapping efficiency pasture"] / 100.0,
    }  # fmt: skip
    named = {
        "rivers": "river routing filename", "ditches": "ditch map filename", "dams": "dam map filename",
        "sewers": "sewer map filename", "buffers": "buffer map filename",
        "tillage_direction": "tillage direction filename", "furrow_height": "oriented roughness filename",
    }  # fmt: skip
    found |= {key: maps[name] for key, name in named.items() if name in maps}
    if "buffers" in found:
        found["buffer_trapping"] = {
            str(number - BUFFER_EXTENSION): share / 100.0 for number, share in choices.trapping.items()
        }
        found["buffers_reduce_area"] = choice["buffer reduce area"]
    if choices.forced:
        found["forced"] = [list(route) for route in choices.forced]
    return found


def _get(raw: dict[str, Any], path: tuple[str, ...]) -> Any:
    """The value of a key in nested tables, or None."""
    here: Any = raw
    for part in path:
        if not isinstance(here, dict):
            return None
        here = here.get(part)
    return here


def _give(raw: dict[str, Any], path: tuple[str, ...], value: Any) -> bool:
    """Set a key that is not there; whether it was set."""
    here: Any = raw
    for part in path[:-1]:
        here = here.setdefault(part, {})
        if not isinstance(here, dict):
            return False
    return here.setdefault(path[-1], value) is value
