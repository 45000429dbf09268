"""Arrays of a simulation as a Dataset with units and names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from watershed_c.pools.base import PoolModel
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.datasets import POOL, TIME

if TYPE_CHECKING:
    import xarray as xr

#: what the variables are; UNIT that of stocks
ATTRIBUTES: dict[str, dict[str, str]] = {
    "soil_carbon": {"long_name": "organic carbon in soil, by pool", "units": "UNIT", "cell_methods": "time: point"},
    "cSoil": {
        "long_name": "organic carbon in soil, inert carbon included",
        "standard_name": "soil_mass_content_of_carbon",
        "units": "UNIT",
        "cell_methods": "time: point",
    },
    "respired": {
        "long_name": "carbon respired since the record before",
        "units": "UNIT",
        "cell_methods": "time: sum",
    },
    "leached": {
        "long_name": "dissolved carbon that water took along since the record before",
        "units": "UNIT",
        "cell_methods": "time: sum",
    },
    "initial_soil_carbon": {"long_name": "organic carbon in soil at the start, by pool", "units": "UNIT"},
    "deficit": {"long_name": "topsoil moisture deficit at the end (0 at field capacity, else negative)", "units": "mm"},
    "Delta14C": {
        "long_name": "Delta-14C of organic carbon in soil, from its conventional age",
        "units": "1e-3",
        "cell_methods": "time: point",
    },
    "modern_carbon": {"long_name": "modern carbon in soil at the end, by pool", "units": "UNIT"},
    "input_scale": {"long_name": "factor on plant input that sustains the measured stock", "units": "1"},
}


def dims_of(name: str, dims: tuple[str, ...]) -> tuple[str, ...]:
    """Dimensions of a variable of the result."""
    timed = "cell_methods" in ATTRIBUTES[name]
    pooled = name in ("soil_carbon", "initial_soil_carbon", "modern_carbon")
    return ((TIME,) if timed else ()) + ((POOL,) if pooled else ()) + dims


def coordinates(
    model: PoolModel, parts: Mapping[str, xr.Dataset], record: np.ndarray, dims: tuple[str, ...], later: int = 0
) -> dict[str, Any]:
    """Coordinates of the recorded steps, the pools and the points' dimensions. ``later``: rows from a step's to that
    of its end.
    """
    given = parts["forcing"]
    found: dict[str, Any] = {POOL: list(model.pools)}
    if TIME in given.coords:
        found[TIME] = given[TIME].isel({TIME: record + later}).variable
    else:
        found[TIME] = (TIME, record + 1, {"long_name": "steps since the start"})
    for dim in dims:
        for source in parts.values():
            if dim in source.coords:
                found[dim] = source[dim].variable
                break
    return found


def attributes(name: str, unit: str) -> dict[str, str]:
    """Attributes of a variable."""
    return {key: text.replace("UNIT", unit) for key, text in ATTRIBUTES[name].items()}


def title(model: PoolModel, lines: list[str], scheme: str) -> dict[str, str]:
    """Attributes of the Dataset."""
    name = f"{model.name}:{model.parameter_set}" if model.parameter_set else model.name
    return {
        "Conventions": "CF-1.11",
        "title": model.title,
        "model": name,
        "scheme": scheme or (model.scheme if isinstance(model, CompiledPoolModel) else "rk4"),
        "assumptions": "\n".join(lines),
        "references": "; ".join(model.citations[key] for key in model.sources),
    }
