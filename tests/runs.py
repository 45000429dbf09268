"""A small scenario with every process on, for tests of whole runs, and ways to run it and to compare what it left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from watershed_c.scenario.load import loads
from watershed_c.scenario.schema import Scenario

SMALL = """\
title = "small slope, all processes"
schema = 1
[domain]
outlet = "edges"
[domain.synthetic]
kind = "convex-concave"
length = "80 m"
width = "50 m"
height = "10 m"
cell_size = "10 m"
[time]
start = "2001-04"
end = "2003-09"
[climate]
source = "constant"
latitude = 51.8
[climate.constant]
temperature = [3.4, 3.6, 5.1, 7.3, 11.0, 13.9, 16.0, 16.0, 13.5, 10.2, 6.1, 4.6]
precipitation = [74.0, 59.0, 62.0, 51.0, 52.0, 57.0, 34.0, 55.0, 58.0, 56.0, 75.0, 71.0]
[climate.erosivity]
annual = 900.0
[soil]
layers = ["10 cm", "15 cm", "25 cm"]
clay = "23 %"
sand = "20 %"
bulk_density = "1.35 g/cm3"
soc = { value = "50 t/ha", depth = "25 cm", profile = "exponential", e_folding_depth = "25 cm" }
sic = { value = "4 %", as = "CaCO3", decarbonated_depth = "10 cm" }
erodibility = 0.035
[soil.substratum]
soc = "0.2 %"
[carbon]
initial = { method = "history", years = 1, history_class = "pasture" }
plant_input = "prescribed"
[processes.soil_water]
rain_days = 12
[processes.water_erosion]
ktc_low = 3
ktc_high = 12
enrichment = { law = "constant", ratio = 1.5 }
[processes.soil_column]
biodiffusivity = "0.5 cm2/yr"
[processes.carbonate]
acid_deposition = 500
[processes.dissolved_carbon]
[land]
[[land.rules]]
class = "pasture"
min_slope = "16 %"
[[land.rules]]
class = "maize-wheat"
[rotation.maize-wheat]
years = ["maize", "winter-wheat"]
[[rotation.maize-wheat.event]]
id = "plough"
on = "10-25"
do = "till"
implement = "mouldboard-plough"
[[rotation.maize-wheat.event]]
id = "manure"
on = "04-10"
crop = "maize"
do = "manure"
material = "cattle-fym"
carbon = "2 t/ha"
[numerics]
threads = 1
[output]
every = "year"
maps = ["cSoilOrg", "cSoilInorg", "netEro", "cLateral", "fVertSoil", "fSubstratum", "qdrain", "fDOCleach", "mrros"]
checkpoint_every = "1 yr"
figures = false
"""


#: water that follows carbon, a water table, drains and flow below ground, and runoff that sees the soil
WATER: dict[str, Any] = {
    "processes.soil_water.follows_soc": True,
    "processes.soil_water.soc_change": 0.0,
    "processes.soil_water.infiltration": "curve_number_moisture",
    "processes.soil_water.base_conductivity": "0.2 mm/day",
    "processes.subsurface_flow.enabled": True,
    "processes.artificial_drainage.enabled": True,
    "processes.artificial_drainage.system": [{"classes": ["maize-wheat"], "spacing": "8 m", "depth": "45 cm"}],
}


def small(changes: dict[str, Any] | None = None, **more: Any) -> Scenario:
    """The small scenario with changes by dotted key."""
    return loads(SMALL, overrides={**(changes or {}), **more})


def arrays(path: Path) -> dict[str, np.ndarray]:
    """Every variable of a NetCDF file as it is stored."""
    with netCDF4.Dataset(path) as dataset:
        dataset.set_auto_mask(False)
        return {name: np.asarray(variable[...]) for name, variable in dataset.variables.items()}


def assert_same_arrays(first: Path, second: Path) -> None:
    """Two NetCDF files hold the same variables with the same bits."""
    one, two = arrays(first), arrays(second)
    assert list(one) == list(two)
    for name, values in one.items():
        assert values.dtype == two[name].dtype and values.shape == two[name].shape, name
        same = values.tobytes() == two[name].tobytes() if values.dtype != object else (values == two[name]).all()
        assert same, f"{name} differs"


def assert_same_run(first: Path, second: Path) -> None:
    """Two results folders hold the same run to the bit: maps, series, ledger, final state, budget."""
    for name in ("results.nc", "restart.nc"):
        assert_same_arrays(first / name, second / name)
    for table in {path.name for folder in (first, second) for path in folder.glob("*.csv")}:
        assert (first / table).read_bytes() == (second / table).read_bytes(), table
    one, two = record(first), record(second)
    for key in ("status", "budget", "points", "initial_carbon", "worst_ledger_residual", "inputs_sha256", "next_step"):
        assert one[key] == two[key], key
    with netCDF4.Dataset(first / "restart.nc") as a, netCDF4.Dataset(second / "restart.nc") as b:
        assert {key: a.getncattr(key) for key in a.ncattrs()} == {key: b.getncattr(key) for key in b.ncattrs()}


def record(directory: Path) -> dict[str, Any]:
    """run.json; fails where it has what JSON has not (NaN, Infinity)."""

    def refuse(name: str) -> float:
        raise AssertionError(f"run.json has {name}")

    return json.loads((directory / "run.json").read_text(encoding="utf-8"), parse_constant=refuse)


def files(directory: Path) -> set[str]:
    """Names of all files under a folder."""
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}
