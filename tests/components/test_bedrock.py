"""Soil on rock: it thins to nothing and thickens again, and the books close; what has no soil harms nobody."""

from __future__ import annotations

import json
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from tests.build import watershed
from tests.components.test_soil_column import TABLE, make
from tests.runs import small
from watershed_c.assembly import assemble, initialise
from watershed_c.bedrock import Bedrock
from watershed_c.components.carbonate import Carbonate
from watershed_c.components.soil_column import BIODIFFUSIVITY, SoilColumn
from watershed_c.io.results import equivalent_stock, fixed_depth_stock, topsoil_stock
from watershed_c.kernels.soil_column import take_from_top
from watershed_c.scenario.resolve import resolve
from watershed_c.simulation import run
from watershed_c.soil_acidity import capacity
from watershed_c.state import Watershed


def on_rock(depth: float, rate: float = 0.0) -> Watershed:
    """The watershed of the soil column's tests with rock at ``depth`` m: layers of 5, 10, 15 and 30 cm."""
    w = make()
    full = w.reference.copy()
    filled = np.clip((depth - w.layer_top) / (w.layer_bottom - w.layer_top), 0.0, 1.0)
    below = max(depth - w.layer_bottom[-1], 0.0) * 1500.0
    above = np.where(w.is_soil, (full * filled).sum(axis=1) + below, 0.0)
    w.bedrock = Bedrock(full, above, w.reference, layer_bottom=w.layer_bottom, rate=rate, scale=0.5)
    w.mineral[:] = w.reference
    w.stocks *= filled[:, None]
    w.ledger.open()
    return w


def exchange(w: Watershed, lost: np.ndarray, gained: np.ndarray) -> np.ndarray:
    """Take and lay soil (n), kg m-2 of mineral; returns what each cell lost."""
    net, rows = np.zeros(w.elevation.size), np.zeros(w.deposit.shape)
    for cell in w.cells:
        taken = np.zeros(len(TABLE))
        net[cell] -= take_from_top(cell, lost[cell], w.mineral, w.stocks, taken)
        rows[cell] -= taken
        net[cell] += gained[cell]
        w.deposit_mineral[cell] += gained[cell]
        w.deposit[cell] += 0.01 * gained[cell]
        rows[cell] += 0.01 * gained[cell]
    w.ledger.book("moved", "soil", net)
    w.ledger.book("moved", "rows", rows)
    w.ledger.export("moved", "soil", -net[w.cells].sum() * w.cell_area)
    for row, constituent in enumerate(w.constituents.rows):
        w.ledger.export("moved", constituent.group, -rows[w.cells, row].sum() * w.cell_area)
    w.ledger.check("test")
    return -net


@pytest.mark.parametrize("depth", [0.02, 0.3, 0.42, 0.75])
def test_soil_thins_and_thickens_and_nothing_is_lost(depth: float) -> None:
    w = on_rock(depth)
    assert w.bedrock is not None
    column = SoilColumn(w, biodiffusivity=1e-4)
    density, start = w.bedrock.full[w.cells, 0] / w.layer_bottom[0], w.elevation.copy()
    above, random = w.bedrock.above.copy(), np.random.default_rng(3)
    balance = np.zeros(w.elevation.size)
    for month in range(24):
        # bare in the middle of the time, then buried; a cell that gets none stays bare
        lost = random.uniform(0.0, 60.0 if month < 14 else 2.0, w.elevation.size)
        lost[w.cells[3]] = 2000.0 if month in (5, 6) else 0.0  # what lies below the layers only then rises
        gained = random.uniform(0.0, 30.0, w.elevation.size) * (month % 3 == 0) * (month > 8)
        gained[w.cells[3]] = 0.0
        balance += exchange(w, lost, gained)
        column.run_one_step(1.0 / 12.0)
        w.ledger.check("soil_column", (), column.stores)
        assert np.isfinite(w.stocks).all() and (w.stocks >= 0.0).all()
        assert (w.mineral == w.reference).all()
        # full from the top, one part, none
        filled = w.bedrock.filled[w.cells]
        assert (np.diff(filled, axis=1) <= 0.0).all() and ((filled > 0.0) & (filled < 1.0)).sum(axis=1).max() <= 1
    np.testing.assert_allclose(w.bedrock.above[w.cells], (above - balance)[w.cells], atol=1e-9)
    held = w.mineral[w.cells].sum(axis=1)
    np.testing.assert_allclose(held, np.minimum(w.bedrock.above, w.bedrock.full.sum(axis=1))[w.cells], atol=1e-9)
    # the surface follows the mass of soil: rock does not move
    risen = (w.bedrock.above - above)[w.cells] / density
    np.testing.assert_allclose((w.elevation - start)[w.cells], risen, atol=1e-12)
    bare = w.cells[3]
    assert w.mineral[bare].sum() == 0.0 and w.stocks[bare].sum() == 0.0 and w.bedrock.empty[bare] == 3
    for stock in (topsoil_stock, equivalent_stock, fixed_depth_stock):
        w.bulk_density[:] = 1300.0
        assert np.isfinite(stock(w, "soc")).all()


def test_supply_from_below_ends_with_what_is_there() -> None:
    """Rock 2 cm below the profile: the first 30 kg m-2 lost come from there, the rest of the loss thins the column."""
    w = on_rock(0.62)
    column = SoilColumn(w)
    full = w.bedrock.full.sum(axis=1)[w.cells[0]]  # type: ignore[union-attr]
    imported = []
    for _ in range(4):
        exchange(w, np.full(w.elevation.size, 20.0), np.zeros(w.elevation.size))
        w.ledger.step_totals.amounts.clear()
        column.run_one_step(1.0)
        imported.append(w.ledger.step_totals.amounts[("soil", "substratum_import")] / (w.cells.size * w.cell_area))
    np.testing.assert_allclose(imported, [20.0, 10.0, 0.0, 0.0], atol=1e-9)
    assert w.mineral[w.cells[0]].sum() == pytest.approx(full - 50.0)


def test_a_uniform_column_stays_uniform_down_to_the_rock() -> None:
    w = on_rock(0.42)
    w.stocks[w.cells] = 0.02 * w.mineral[w.cells][:, :, None]
    w.substratum[w.cells] = 0.02
    w.ledger.open()
    column = SoilColumn(w, biodiffusivity=5e-4)
    for _ in range(30):
        exchange(w, np.full(w.elevation.size, 11.0), np.zeros(w.elevation.size))
        column.run_one_step(1.0)
        expected = np.broadcast_to(0.02 * w.mineral[w.cells][:, :, None], w.stocks[w.cells].shape)
        np.testing.assert_allclose(w.stocks[w.cells], expected, rtol=1e-12, atol=1e-13)


def test_rock_weathers_to_soil_until_it_is_deep() -> None:
    """dh/dt = P0 exp(-h / h0) / density: h = h0 ln(exp(h(0) / h0) + P0 t / (density h0)); first order in the step."""
    errors = []
    for step in (5.0, 2.5):
        w = on_rock(0.02, rate=2.0)
        assert w.bedrock is not None
        w.bedrock.full[:] = 1500.0 * (w.layer_bottom - w.layer_top)  # one density
        w.bedrock.full[~w.is_soil] = 0.0
        w.bedrock.above[w.cells] = 30.0
        w.reference[w.cells], w.mineral[w.cells] = 0.0, 0.0
        w.reference[w.cells, 0] = w.mineral[w.cells, 0] = 30.0
        w.ledger.open()
        column, surface = SoilColumn(w), w.elevation.copy()
        for _ in range(int(600.0 / step)):
            column.run_one_step(step)
        w.ledger.check("soil_column", (), column.stores)
        exact = 0.5 * np.log(np.exp(0.02 / 0.5) + 2.0 * 600.0 / (1500.0 * 0.5))
        errors.append(float(np.abs(w.bedrock.depth[w.cells] - exact).max()))
        assert (w.elevation == surface).all()  # the rock went, and the soil is there
    assert errors[0] < 2e-3 and errors[0] / errors[1] == pytest.approx(2.0, abs=0.1)


def test_plants_root_where_there_is_soil() -> None:
    w = on_rock(0.12)
    assert w.bedrock is not None
    table = np.arange(8.0).reshape(2, 4)
    rows = w.bedrock.by_rows(table, layered=True)
    np.testing.assert_array_equal(rows[:2], table)
    np.testing.assert_array_equal(rows[4:6], [[0.0, 6.0, 0.0, 0.0], [4.0, 18.0, 0.0, 0.0]])
    np.testing.assert_array_equal(w.rows_of_units()[w.cells], 2 * w.units.cover_factor.size)
    # and the pH of the topsoil is that of the soil there is: 5 cm and 7 cm of it
    w.ph = np.broadcast_to([5.0, 6.0, 9.0, 9.0], w.water.shape)
    np.testing.assert_allclose(w.mean_ph(0.3)[w.cells], (5.0 * 5.0 + 7.0 * 6.0) / 12.0, atol=0.01)


CHANGES = {
    "domain.synthetic.width": "20 m",
    "time.end": "2001-12",
    "soil.depth": "30 cm",
    "soil.erodibility": 0.15,
    "climate.erosivity.annual": 30000.0,
    "processes.water_erosion.ktc_low": 500.0,
    "processes.water_erosion.ktc_high": 2000.0,
    "processes.soil_water.follows_soc": True,
    "output.maps": ["soilDepth", "netEro", "elev", "cSoilOrg", "cSoilOrgESM"],
    "output.every": "month",
}


@pytest.fixture(scope="module")
def eroded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every process on a slope whose soil is gone within a year."""
    return run(small(CHANGES), output=tmp_path_factory.mktemp("rock") / "run", quiet=True).directory


def test_a_slope_is_washed_to_the_rock_and_every_account_closes(eroded: Path) -> None:
    with netCDF4.Dataset(eroded / "results.nc") as results:
        maps = {name: results[name][:].filled(np.nan) for name in CHANGES["output.maps"]}  # type: ignore[union-attr]
    soil = np.isfinite(maps["soilDepth"][0])
    depth = maps["soilDepth"][:, soil]
    np.testing.assert_allclose(depth[0], 0.3, rtol=1e-6)
    assert (depth >= 0.0).all() and (depth[-1] < 0.005).any()  # what is laid down since is all that is there
    # fine earth, of which 1350 kg m-3 less organic matter and carbonate
    lost = maps["netEro"][1:, soil].sum(axis=0)
    fallen = (maps["elev"][0] - maps["elev"][-1])[soil]
    assert (np.abs(fallen - (depth[0] - depth[-1])) < 0.01).all()
    assert (lost > 0.0).all()
    for name in ("cSoilOrg", "cSoilOrgESM"):
        assert np.isfinite(maps[name][:, soil]).all() and (maps[name][:, soil] >= 0.0).all()
    record = json.loads((eroded / "run.json").read_text())
    assert record["worst_ledger_residual"] < 1.0


def test_ph_is_that_of_the_soil_that_is_left() -> None:
    """Of the same soil, whether it was as thin when the run began or became so since."""
    found = []
    for before in (True, False):
        w = watershed()
        process = None if before else Carbonate(w, buffer_capacity=np.full(w.reference.shape, 0.03))
        w.bedrock = Bedrock(w.reference.copy(), 0.4 * w.reference.sum(axis=1), w.reference, layer_bottom=w.layer_bottom)
        w.stocks *= w.bedrock.filled[:, :, None]
        w.mineral[:] = w.reference
        process = process or Carbonate(w, buffer_capacity=np.full(w.reference.shape, 0.03))
        process.run_one_step(1.0 / 12.0)
        found.append(w.ph[w.cells].copy())
    np.testing.assert_array_equal(*found)
    np.testing.assert_array_equal(found[0][:, 4], found[0][:, 3])  # on rock that of the water from above
    assert found[0].min() < 7.0


def test_soil_is_as_deep_when_the_run_begins_as_it_is_given() -> None:
    """However long the search before, with a layer below rock in which nothing fresh primes and nothing turns over."""
    before = {
        "domain.synthetic.width": "20 m", "domain.synthetic.length": "40 m", "soil.depth": "18 cm",
        "soil.sic": {"value": "4 %", "as": "CaCO3", "decarbonated_depth": "5 cm"},
        "soil.weathering": {"rate": "2 kg/m2/yr"}, "processes.decomposition.priming": 0.5,
        "carbon.initial": {"method": "steady"}, "carbon.isotopes": {"c14": True, "since": 1998},
    }  # fmt: skip
    assembly = assemble(resolve(small(before), overwrite=True))
    initialise(assembly)
    w = assembly.watershed
    assert w.bedrock is not None and np.isfinite(w.stocks[w.cells]).all()
    np.testing.assert_allclose(w.bedrock.depth[w.cells], 0.18, rtol=1e-9)
    # nor does the water that runs over rock leave its calcite there
    while not assembly.model.done:
        assembly.model.step()
    empty = w.mineral[w.cells] <= 0.0
    assert empty.any() and w.groundwater_calcium[w.cells].all() and not w.stocks[w.cells][empty].any()


def test_stones_thin_the_fine_earth() -> None:
    """Stock = content x density of the fine earth x thickness x (1 - stones) (Poeplau, Vos & Don 2017, their M3)."""
    given = {"soil.soc": {"value": "1.5 %"}, "domain.synthetic.width": "20 m"}
    without = resolve(small(given), overwrite=True)
    plain = without.column
    stones = 0.3 * 2600.0 / (0.3 * 2600.0 + 0.7 * 1350.0)
    by_mass = {"value": stones, "share_of": "mass"}
    inputs = resolve(small({**given, "soil.coarse_fragments": by_mass}), overwrite=True)
    stony = inputs.column
    assert stony.coarse_fragments is not None
    np.testing.assert_allclose(stony.coarse_fragments[np.isfinite(stony.clay)], 0.3, rtol=1e-12)
    for name in ("soc", "mineral", "sic"):
        np.testing.assert_allclose(getattr(stony, name), 0.7 * getattr(plain, name), rtol=1e-12)
    # what a kg of it buffers is the same
    np.testing.assert_allclose(capacity(inputs), capacity(without), rtol=1e-12)
    # a stock is what was found
    given = {"soil.soc": {"value": "50 t/ha", "depth": "25 cm"}, "soil.coarse_fragments": "30 %"}
    found = resolve(small({**given, "domain.synthetic.width": "20 m"}), overwrite=True).column
    inside = np.isfinite(found.clay)
    np.testing.assert_allclose(found.soc[inside, :2].sum(axis=1), 5.0, rtol=1e-12)


def test_stones_hold_no_water_and_let_less_through() -> None:
    given = {"domain.synthetic.width": "20 m", "processes.soil_column": {"parameters": "land_use"}}
    plain, stony = (assemble(resolve(small(more), overwrite=True)) for more in (given, given | {
        "soil.coarse_fragments": {"by_layer": ["0 %", "20 %", "40 %"]}
    }))  # fmt: skip
    mixing = plain.model.processes["soil_column"]
    assert isinstance(mixing, SoilColumn) and mixing.e_folding_depth == 0.2
    classes = [plain.tables.names[unit].split("+")[0] for unit in plain.watershed.unit]
    expected = [BIODIFFUSIVITY["grassland" if name == "pasture" else "cropland"] for name in classes]
    cells = plain.watershed.cells
    np.testing.assert_array_equal(mixing.biodiffusivity[cells], np.array(expected)[cells])
    share = np.array([1.0, 0.8, 0.6])
    # organic carbon is a stock here, so that its content is higher between stones: compare what does not know it
    one, two = plain.watershed, stony.watershed
    ratio = two.saturation[two.cells] / one.saturation[one.cells]
    assert (ratio[:, 0] == 1.0).all() or np.allclose(ratio[:, 0], 1.0, atol=0.02)
    np.testing.assert_allclose(ratio, np.broadcast_to(share, ratio.shape), rtol=0.03)
    assert two.coarse_fragments is not None
    two.bulk_density[:] = 1350.0
    np.testing.assert_allclose(fixed_depth_stock(two, "sic", 0.5)[two.cells], two.stock("sic")[two.cells], rtol=1e-9)
