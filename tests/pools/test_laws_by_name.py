"""Every temperature and moisture function of the reference tables, named by a model: at a point and in a layer."""

from __future__ import annotations

import csv
import tomllib
from typing import Any

import numpy as np
import pytest
import xarray as xr
from landlab import RasterModelGrid

from tests.kernels.test_moisture_laws import SOILR as MOISTURE
from tests.kernels.test_temperature_laws import SOILR as TEMPERATURE
from tests.support import shared
from watershed_c.components.decomposition import Decomposition
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.data import data_path
from watershed_c.kernels.moisture_laws import MOISTURE_LAWS, moisture_law
from watershed_c.kernels.temperature_laws import TEMPERATURE_LAWS, temperature_law
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.loader import compile_model
from watershed_c.state import Watershed

FOLDER = data_path("models", "pools", "icbm")
#: a month in which young carbon decays at 0.8 yr-1 times the factor
MONTH = 1.0 / 12.0
#: state of the layer in which the laws are called
THICKNESS, DENSITY, WATER, WILTING, FIELD, FULL, RAIN, PET, WARM = (
    0.2,
    1300.0,
    50.0,
    20.0,
    60.0,
    100.0,
    80.0,
    50.0,
    14.0,
)


def named(factor: str, law: str) -> CompiledPoolModel:
    """ICBM whose only factor is that law."""
    content = tomllib.loads((FOLDER / "model.toml").read_text())
    content["modifiers"] = [{"factor": factor, "law": law}]
    model = compile_model(content, FOLDER)
    assert isinstance(model, CompiledPoolModel)
    return model


def grid(name: str) -> dict[str, np.ndarray]:
    """Columns of a table of SoilR; nan where it has none."""
    with (shared("reference/pools/soilr") / name).open() as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([float("nan" if row[key] == "NA" else row[key]) for row in rows]) for key in rows[0]}


def factor_of(model: CompiledPoolModel, driver: str, values: np.ndarray) -> np.ndarray:
    """By how much the rates of many points differ, from what is left after a month."""
    given = {"rain": values, "pet": np.ones_like(values)} if driver == "rain_over_pet" else {driver: values}
    forcing = xr.Dataset({name: (("time", "point"), column[None]) for name, column in given.items()})
    run = model.simulate(forcing, {}, {"young": 1.0, "old": 0.0})
    return np.asarray(-np.log(run.soil_carbon.values[0, 0]) / (0.8 * MONTH))


@pytest.mark.parametrize("column", TEMPERATURE)
def test_temperature_of_the_tables(column: str) -> None:
    table = grid("fT_grid.csv")
    assert set(table) == {"T_C", *TEMPERATURE}
    known = np.isfinite(table[column])
    found = factor_of(named("temperature", TEMPERATURE[column]), "temperature", table["T_C"])
    published = np.maximum(table[column], 0.0)  # two are negative in the cold
    np.testing.assert_allclose(found[known], published[known], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("column", MOISTURE)
def test_moisture_of_the_tables(column: str) -> None:
    table = grid("fW_grid.csv")
    # one column is a water content of the function above it, not a factor
    assert set(table) == {"theta", "fW.Daycent1_fine_wfps", *MOISTURE}
    name, multiple, offset = MOISTURE[column]
    known = np.isfinite(table[column])
    driver = MOISTURE_LAWS[name].driver
    found = factor_of(named("moisture", name), driver, multiple * table["theta"] + offset)
    published = np.maximum(table[column], 0.0)
    np.testing.assert_allclose(found[known], published[known], rtol=1e-9, atol=1e-12)


#: what the layer above is to the drivers of the laws
DRIVERS: dict[str, float] = {
    "none": 0.0,
    "deficit": 1.0 - (WATER - WILTING) / (FIELD - WILTING),
    "relative_water": (WATER - WILTING) / (FIELD - WILTING),
    "saturation": WATER / FULL,
    "volumetric_water": WATER / (1000.0 * THICKNESS),
    "water_percent_of_mass": 100.0 * WATER / (DENSITY * THICKNESS),
    "rain_over_pet": RAIN / PET,
    "rain_minus_pet": 12.0 * (RAIN - PET),
    "rain_per_year": 12.0 * RAIN,
}


def modifier_in_a_layer(model: CompiledPoolModel) -> float:
    terrain = RasterModelGrid((3, 3), xy_spacing=10.0)
    terrain.add_zeros("topographic__elevation", at="node")
    rows = ConstituentTable([soc_pool(name, c) for name, c in zip(model.pools, model.carriers, strict=True)])
    w = Watershed(terrain, constituents=rows, layer_bottom=np.array([THICKNESS]), units=1, pools=2)
    state: dict[str, Any] = {
        "mineral": DENSITY * THICKNESS, "reference": DENSITY * THICKNESS, "bulk_density": DENSITY, "water": WATER,
        "wilting_point": WILTING, "field_capacity": FIELD, "saturation": FULL, "precipitation": RAIN, "pet": PET,
        "temperature": WARM,
    }  # fmt: skip
    for name, value in state.items():
        getattr(w, name)[...] = value
    process = Decomposition(w, model)
    process.run_one_step(MONTH)
    (cell,) = w.cells
    return float(process.modifier[cell, 0, 0])


@pytest.mark.parametrize("name", MOISTURE_LAWS)
def test_moisture_law_in_a_watershed(name: str) -> None:
    law = MOISTURE_LAWS[name]
    expected = moisture_law(law.number, law.kernel_parameters(), DRIVERS[law.driver])
    assert modifier_in_a_layer(named("moisture", name)) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("name", TEMPERATURE_LAWS)
def test_temperature_law_in_a_watershed(name: str) -> None:
    law = TEMPERATURE_LAWS[name]
    expected = temperature_law(law.number, law.kernel_parameters(), WARM)
    assert modifier_in_a_layer(named("temperature", name)) == pytest.approx(expected, rel=1e-13)
