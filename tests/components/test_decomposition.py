"""The decomposition process on a small watershed: the ledger, official RothC inside it, layers, texture."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from landlab import RasterModelGrid

from watershed_c.components.decomposition import Decomposition
from watershed_c.constituents import Constituent, ConstituentTable, soc_pool
from watershed_c.errors import LedgerError
from watershed_c.pools import load_model
from watershed_c.pools.periodic import periodic_deficit
from watershed_c.pools.points import run_points
from watershed_c.pools.site import point, read_drivers
from watershed_c.state import Watershed

MONTH = 1.0 / 12.0
MODEL = load_model("rothc")


def build(bottom: list[float], units: int = 2, clay: float = 0.234) -> Watershed:
    """Watershed with a tracer row before and after the pools of RothC."""
    grid = RasterModelGrid((5, 6), xy_spacing=10.0)
    grid.add_zeros("topographic__elevation", at="node")
    pools = [soc_pool(name, carrier) for name, carrier in zip(MODEL.pools, MODEL.carriers, strict=True)]
    rows = ConstituentTable(
        [Constituent("cs137", "tracer", 0.0), *pools, Constituent("pb210", "tracer2", 0.0)]
    )
    w = Watershed(grid, constituents=rows, layer_bottom=np.array(bottom), units=units, pools=5)
    thickness = w.layer_bottom - w.layer_top
    w.mineral[:] = w.reference[:] = 1300.0 * thickness
    w.clay[:] = clay
    w.field_capacity[:] = 300.0 * thickness
    w.wilting_point[:] = 100.0 * thickness
    w.water[:] = 220.0 * thickness
    return w


def vary(w: Watershed, seed: int = 0) -> None:
    """Random forcing and queued input, and stocks where there are none yet."""
    rng = np.random.default_rng(seed)
    if not w.stocks.any():
        w.stocks[w.cells] = rng.uniform(0.1, 1.0, w.stocks[w.cells].shape)
    w.unit[:] = rng.integers(0, 2, w.unit.size)
    w.input_scale[:] = rng.uniform(0.3, 3.0, w.unit.size)
    w.temperature[:] = rng.uniform(-6.0, 20.0, w.unit.size)
    w.precipitation[:] = rng.uniform(0.0, 120.0, w.unit.size)
    w.pet[:] = rng.uniform(0.0, 150.0, w.unit.size)
    w.units.plant_cover[:] = [1.0, 0.0]
    w.units.amendment[:] = rng.uniform(0.0, 0.02, w.units.inputs.shape) * [1, 1, 0, 1, 0]
    w.units.inputs[:] = w.units.amendment + rng.uniform(0.0, 0.02, w.units.inputs.shape) * [1, 1, 0, 0, 0]


def test_ledger_closes_and_names_every_flux() -> None:
    w = build([0.1, 0.23, 0.5, 1.0])
    process = Decomposition(w, MODEL, doc_fraction=0.02)
    vary(w)
    before = w.stocks.copy()
    w.ledger.open()
    for month in range(24):
        vary(w, month)
        process.run_one_step(MONTH)
        w.ledger.check("decomposition", process.transforms)
    totals = {term: amount for (label, term), amount in w.ledger.run_totals.amounts.items() if label == "soc"}
    assert set(totals) == {"plant_input", "amendment", "respired", "doc_production"}
    assert totals["plant_input"] > 0.0 and totals["amendment"] > 0.0
    released = -totals["respired"] - totals["doc_production"]
    assert -totals["doc_production"] == pytest.approx(0.02 * released, rel=1e-12)
    change = (w.stocks - before)[:, :, 1:6].sum() * w.cell_area
    assert change == pytest.approx(sum(totals.values()), rel=1e-10)
    np.testing.assert_array_equal(w.stocks[:, :, [0, 6]], before[:, :, [0, 6]])
    assert not w.stocks[w.grid.boundary_nodes].any() and not w.respired[w.grid.boundary_nodes].any()
    assert w.ledger.cumulative_residual()["soc"] < 1e-12


def test_the_ledger_notices_carbon_that_is_not_booked() -> None:
    w = build([0.23])
    process = Decomposition(w, MODEL)
    vary(w)
    w.ledger.open()
    process.run_one_step(MONTH)
    w.stocks[w.cells[0], 0, 1] -= 1e-9
    with pytest.raises(LedgerError, match="decomposition"):
        w.ledger.check("decomposition", process.transforms)


@pytest.mark.parametrize("bottom", [[0.23], [0.1, 0.23], [0.05, 0.1, 0.15, 0.2, 0.23]])
def test_a_cell_is_official_rothc_however_its_plough_layer_is_cut(bottom: list[float]) -> None:
    """Rules 5, 9, 10: 10 years of the official reference run, in layers of well-mixed carbon and input, to
    1e-12."""
    reference = MODEL.reference
    assert reference is not None
    drivers = read_drivers(MODEL, reference.drivers)
    soil = point(reference.properties, 0.23)
    deficit = periodic_deficit(MODEL, drivers.rows(0, 12), soil)[0]
    with reference.file.open() as file:
        first = next(csv.DictReader(file))
    start = np.array([float(first[pool]) for pool in MODEL.pools]) / 10.0
    run = drivers.rows(12, 132)
    alone = run_points(MODEL, run, soil, start.reshape(1, -1, 1), deficit=deficit)
    w = build(bottom, units=1)
    share = (w.layer_bottom - w.layer_top) / 0.23
    w.stocks[:, :, 1:6] = share[:, None] * start
    w.deficit[:] = deficit
    process = Decomposition(w, MODEL)
    assert process.warnings == []
    w.ledger.open()
    respired = 0.0
    for m in range(120):
        w.temperature[:], w.precipitation[:] = run.weather["temperature"][m], run.weather["rain"][m]
        w.pet[:] = run.weather["pet"][m]
        w.units.plant_cover[:] = run.plant_cover[m]
        w.units.inputs[0] = share[:, None] * run.amount[m, :, 0]
        process.run_one_step(MONTH)
        w.ledger.check("decomposition", process.transforms)
        respired += w.respired[w.cells[0]].sum()
        np.testing.assert_allclose(w.stocks[w.cells[-1], :, 1:6].sum(axis=0), alone.pools[m, 0, :, 0], rtol=1e-12)
    assert respired == pytest.approx(alone.respired.sum(), rel=1e-12)
    assert w.deficit[w.cells[0]] == pytest.approx(alone.deficit[0], rel=1e-12)


def test_only_plant_input_is_scaled() -> None:
    w = build([0.23])
    process = Decomposition(w, MODEL)
    vary(w)
    w.temperature[:] = -20.0
    w.stocks[:] = 0.0
    process.run_one_step(MONTH)
    plant = (w.units.inputs - w.units.amendment)[w.unit[w.cells], 0]
    expected = w.input_scale[w.cells][:, None] * plant + w.units.amendment[w.unit[w.cells], 0]
    np.testing.assert_allclose(w.stocks[w.cells, 0, 1:6], expected, rtol=1e-13, atol=1e-18)


def test_deeper_layers_decay_slower_and_dry_subsoil_slower_still() -> None:
    w = build([0.23, 0.5, 1.0])
    vary(w)
    w.temperature[:] = 12.0
    process = Decomposition(w, MODEL)
    process.run_one_step(MONTH)
    cell = w.cells[0]
    moist = process.modifier[cell, :, 0].copy()
    assert moist[0] > 0.0 and moist[1] > moist[2] > 0.0
    w.water[:] = w.wilting_point
    process.run_one_step(MONTH)
    np.testing.assert_allclose(process.modifier[cell, 1:, 0], 0.2 * moist[1:], rtol=1e-12)
    flat = Decomposition(w, MODEL, depth_scale=math.inf)
    w.water[:] = w.field_capacity
    flat.run_one_step(MONTH)
    assert flat.modifier[cell, 1, 0] == flat.modifier[cell, 2, 0]
    assert flat.modifier[cell, 1, 0] / moist[1] == pytest.approx(
        0.27 / (0.303 * -math.expm1(-0.27 / 0.303)), rel=1e-12
    )


def test_layered_moisture_uses_each_layers_own_water() -> None:
    w = build([0.1, 0.23])
    vary(w)
    w.temperature[:] = 12.0
    w.water[:, 0], w.water[:, 1] = w.wilting_point[:, 0], w.field_capacity[:, 1]
    process = Decomposition(w, MODEL, moisture="layered")
    process.run_one_step(MONTH)
    modifier = process.modifier[w.cells, :, 0]
    np.testing.assert_allclose(modifier[:, 0], 0.2 * modifier[:, 1], rtol=1e-13)


def test_texture_that_changes_is_followed() -> None:
    w = build([0.23])
    vary(w)
    process = Decomposition(w, MODEL)
    at_first = process.coefficients.copy()
    w.clay[w.cells[0]] = 0.4
    process.run_one_step(MONTH)
    np.testing.assert_array_equal(process.coefficients[w.cells[1:]], at_first[w.cells[1:]])
    expected = MODEL.coefficients({"clay": 40.0})[0]
    np.testing.assert_allclose(process.coefficients[w.cells[0]], expected, rtol=1e-14)


def test_bad_parameters_and_misfits_are_refused() -> None:
    w = build([0.1, 0.3])
    for parameters in ({"depth_scale": 0.0}, {"doc_fraction": 1.5}, {"moisture": "wet"}):
        with pytest.raises(ValueError, match=next(iter(parameters))):
            Decomposition(w, MODEL, **parameters)  # type: ignore[arg-type]
    w.field_capacity[:] = 0.0
    assert "moist" in Decomposition(w, MODEL).warnings[0]
    with pytest.raises(ValueError, match="field capacity"):
        Decomposition(w, MODEL, moisture="layered")
    w.clay[:] = 23.4  # someone gave per cent
    with pytest.raises(ValueError, match="clay = 2340"):
        Decomposition(w, MODEL)
    grid = RasterModelGrid((4, 4), xy_spacing=10.0)
    grid.add_zeros("topographic__elevation", at="node")
    reversed_rows = ConstituentTable([soc_pool(name, "mineral") for name in reversed(MODEL.pools)])
    other = Watershed(grid, constituents=reversed_rows, layer_bottom=np.array([0.3]), pools=5)
    with pytest.raises(ValueError, match="one after the other"):
        Decomposition(other, MODEL)
