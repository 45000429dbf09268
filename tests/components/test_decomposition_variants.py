"""Named options of decomposition in a watershed: moisture of RothC's programs."""

from __future__ import annotations

import numpy as np
import pytest
from landlab import RasterModelGrid

from tests import runs
from watershed_c.assembly import assemble
from watershed_c.components.decomposition import Decomposition
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.kernels.topsoil_moisture import TopsoilMoisture
from watershed_c.pools import load_model
from watershed_c.pools.points import Soil, run_points
from watershed_c.pools.site import site_drivers
from watershed_c.scenario.load import loads
from watershed_c.scenario.resolve import resolve
from watershed_c.state import Watershed

MONTH = 1.0 / 12.0
MODEL = load_model("rothc")
SOIL = {"clay": 25.0, "silt": 40.0, "bulk_density": 1.35, "organic_carbon": 1.1}
VARIANTS = [
    TopsoilMoisture("rothc", 1, 2),
    TopsoilMoisture("rothc", 2, 1, 0.1),
    TopsoilMoisture("rothc", 2, 2),
    TopsoilMoisture("rothc", 3, 1, 0.15),
    TopsoilMoisture("rothc_soilr"),
    TopsoilMoisture("rothc_soilr_bare"),
]


def build(bottom: list[float]) -> Watershed:
    grid = RasterModelGrid((3, 4), xy_spacing=10.0)
    grid.add_zeros("topographic__elevation", at="node")
    rows = ConstituentTable([soc_pool(name, c) for name, c in zip(MODEL.pools, MODEL.carriers, strict=True)])
    w = Watershed(grid, constituents=rows, layer_bottom=np.array(bottom), units=1, pools=5)
    thickness = w.layer_bottom - w.layer_top
    w.mineral[:] = w.reference[:] = 1300.0 * thickness
    w.clay[:] = SOIL["clay"] / 100.0
    w.field_capacity[:] = 300.0 * thickness
    w.wilting_point[:] = 100.0 * thickness
    w.saturation[:] = 500.0 * thickness
    w.water[:] = 220.0 * thickness
    return w


def weather(months: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    season = np.sin(2.0 * np.pi * np.arange(months) / 12.0)
    return {
        "temperature": 11.0 - 8.0 * season,
        "rain": rng.gamma(2.0, 20.0, months),
        "pet": np.maximum(60.0 - 60.0 * season, 0.0),
    }


@pytest.mark.parametrize("topsoil", VARIANTS, ids=lambda t: f"{t.variant}-{t.moisture_option}-{t.bare_option}")
def test_a_cell_is_the_point_with_the_same_moisture(topsoil: TopsoilMoisture) -> None:
    months = 60
    series = weather(months)
    cover = (np.arange(months) % 12 < 7).astype(float)
    columns = {name: np.array([value]) for name, value in SOIL.items()}
    zero = np.zeros(1, dtype=np.int64)
    soil = Soil(
        {"clay": columns["clay"]}, zero, zero, zero, np.array([0.23]), topsoil.limits(columns, 0.23),
        np.array([topsoil.driest_factor]),
    )  # fmt: skip
    start = np.array([0.1, 0.5, 0.1, 3.0, 0.3])
    alone = run_points(MODEL, site_drivers(series, cover, np.zeros((months, 5))), soil, start.reshape(1, -1, 1))
    w = build([0.1, 0.23])
    share = (w.layer_bottom - w.layer_top) / 0.23
    w.stocks[:] = share[:, None] * start
    given = {name: np.full(w.clay.size, value) for name, value in SOIL.items() if name in topsoil.needs}
    process = Decomposition(w, MODEL, topsoil=topsoil, properties=given)
    w.ledger.open()
    for month in range(months):
        w.temperature[:], w.precipitation[:] = series["temperature"][month], series["rain"][month]
        w.pet[:] = series["pet"][month]
        w.units.plant_cover[:] = cover[month]
        process.run_one_step(MONTH)
        w.ledger.check("decomposition", process.transforms)
        found = w.stocks[w.cells].sum(axis=1)
        np.testing.assert_allclose(found, np.tile(alone.pools[month, 0, :, 0], (2, 1)), rtol=1e-12)
    np.testing.assert_allclose(w.deficit[w.cells], alone.deficit[0], rtol=1e-12)


def test_the_subsoils_ramp_begins_and_ends_with_the_topsoils() -> None:
    """Dry subsoil has the least factor of the option, not RothC's 0.2."""
    w = build([0.23, 0.5])
    w.temperature[:] = 10.0
    given = {name: np.full(w.clay.size, value) for name, value in SOIL.items()}
    process = Decomposition(w, MODEL, topsoil=TopsoilMoisture("rothc", 3, 1, 0.15), properties=given)
    process.run_one_step(MONTH)
    moist = process.modifier[w.cells[0], 1, 0]
    w.water[:] = w.wilting_point
    process.run_one_step(MONTH)
    assert process.modifier[w.cells[0], 1, 0] == pytest.approx(0.15 * moist, rel=1e-12)


def test_what_is_missing_is_named() -> None:
    w = build([0.23])
    with pytest.raises(ValueError, match="opt_RMmoist = 2 needs silt, bulk_density, organic_carbon"):
        Decomposition(w, MODEL, topsoil=TopsoilMoisture("rothc", 2))
    given = {name: np.full(w.clay.size, value) for name, value in SOIL.items()}
    given["bulk_density"] *= 1000.0
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="Wosten"):
        Decomposition(w, MODEL, topsoil=TopsoilMoisture("rothc", 2), properties=given)


def test_a_scenario_has_its_topsoil_made_of_its_layers() -> None:
    """Organic carbon and density are means to 23 cm of layers of 10, 15 and 25 cm; silt is what is left."""
    changes = {"processes.decomposition.moisture": {"opt_rmmoist": 2, "minrm_moist": 0.1}}
    inputs = resolve(loads(runs.SMALL).with_(changes))
    assembly = assemble(inputs)
    process = assembly.model.processes["decomposition"]
    assert isinstance(process, Decomposition)
    cell = assembly.watershed.cells[0]
    soc, dry = inputs.column.soc[cell], inputs.column.bulk_density[cell] * inputs.column.thickness
    carbon = (soc[0] + 13.0 / 15.0 * soc[1]) / (dry[0] + 13.0 / 15.0 * dry[1])
    found = {name: values[cell] for name, values in process._properties.items()}
    assert found["organic_carbon"] == pytest.approx(100.0 * carbon, rel=1e-12)
    assert found["silt"] == pytest.approx(57.0) and found["bulk_density"] == pytest.approx(1.35)
