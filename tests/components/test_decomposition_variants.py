"""Named options of decomposition in a watershed: moisture of RothC's programs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from landlab import RasterModelGrid

from tests import runs
from tests.pools.test_rothc_variants import rows
from watershed_c.assembly import assemble
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.rate_environment import WET_ENDS
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.kernels.rate_modifiers import depth_shares
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


def _modifier(wet_end: str, filled: float, depth_scale: float = 0.303, moisture: str = "layered") -> np.ndarray:
    w = build([0.10, 0.30, 0.60])
    w.temperature[:] = 12.0
    w.water[:] = filled * w.saturation
    process = Decomposition(w, MODEL, moisture=moisture, wet_end=wet_end, depth_scale=depth_scale)
    process.run_one_step(MONTH)
    return process.modifier[w.cells[0], :, 0]


def test_wet_end_falls_with_the_limb_of_its_source() -> None:
    """Skopp's oxygen limb to 0 and DayCent's hump beyond its top, in the layers above 23 cm; off by default."""
    table = rows("soilr/fW_grid.csv")
    checked = 0
    for row in table:
        filled = float(row["theta"])
        skopp = float(row["fW.Skopp"])
        if not 0.6 < filled < 0.99:
            continue
        moist = _modifier("", filled)
        assert _modifier("skopp", filled)[0] / moist[0] == pytest.approx(skopp, rel=1e-12)
        checked += 1
    assert checked > 10
    for wet_end, at_saturation in (("skopp", 0.0), ("daycent", 0.2379)):
        moist, wet = _modifier("", 1.0), _modifier(wet_end, 1.0)
        assert wet[0] / moist[0] == pytest.approx(at_saturation, abs=1e-3)
        threshold = WET_ENDS[wet_end][2]
        np.testing.assert_array_equal(_modifier(wet_end, threshold - 1e-9), _modifier("", threshold - 1e-9))
        np.testing.assert_allclose(_modifier(wet_end, threshold + 1e-9), _modifier("", threshold + 1e-9), rtol=1e-7)


def test_never_both_oxygen_and_the_decline_with_depth() -> None:
    """Below the calibration depth the depth factor stands for the lack of oxygen; without decline the limb does."""
    moist, wet = _modifier("", 1.0), _modifier("skopp", 1.0)
    assert wet[0] == 0.0 and wet[2] == moist[2] > 0.0
    # the layer that straddles: only its part below 23 cm is left
    above, below = depth_shares(np.array([0.1]), np.array([0.3]))
    assert wet[1] / moist[1] == pytest.approx((below / (above + below))[0], rel=1e-12)
    assert (_modifier("skopp", 1.0, math.inf) == 0.0).all()


def test_wet_end_without_layers_of_water_is_refused() -> None:
    with pytest.raises(ValueError, match="wet_end is for moisture = layered"):
        _modifier("skopp", 0.5, moisture="official")
    with pytest.raises(ValueError, match="one of skopp, daycent"):
        _modifier("linn", 0.5)
