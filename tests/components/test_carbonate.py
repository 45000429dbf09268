"""The carbonate component on a small watershed: what it books is what moved."""

from __future__ import annotations

import numpy as np
import pytest
from landlab import RasterModelGrid

from watershed_c.components.atmosphere_and_stream import Deposition
from watershed_c.components.carbonate import Carbonate
from watershed_c.components.minerals import Minerals
from watershed_c.constituents import CARBONATE, ConstituentTable, soc_pool
from watershed_c.errors import LedgerError
from watershed_c.kernels.calcite import CALCIUM_PER_CARBON, MOLAR_MASS_CALCIUM, MOLAR_MASS_CARBON
from watershed_c.state import Watershed

DT = 1.0 / 12.0
LITHOGENIC, PEDOGENIC = 1, 2


def watershed(rows: tuple = (soc_pool("humus", "mineral"), *CARBONATE), *, acid: bool = True) -> Watershed:
    grid = RasterModelGrid((5, 6), xy_spacing=10.0)
    grid.add_zeros("topographic__elevation", at="node")
    w = Watershed(grid, constituents=ConstituentTable(rows), layer_bottom=np.array([0.1, 0.3, 0.6]), acid=acid)
    thickness = w.layer_bottom - w.layer_top
    rng = np.random.default_rng(3)
    w.mineral[:] = w.reference[:] = 1300.0 * thickness
    w.saturation[:] = 450.0 * thickness
    w.water[:] = 280.0 * thickness * rng.uniform(0.8, 1.2, w.water.shape)
    w.percolation[:] = rng.uniform(5.0, 40.0, w.water.shape)
    w.groundwater[:] = 50.0
    w.baseflow[:] = w.percolation[:, -1]
    w.temperature[:] = 9.0
    w.respired[:] = 0.3 * DT * np.array([0.5, 0.3, 0.2])
    w.units.plant_cover[:] = 1.0
    w.units.root_fraction[:] = (0.5, 0.3, 0.2)
    return w


def with_carbonate() -> Watershed:
    w = watershed()
    rng = np.random.default_rng(4)
    w.stocks[:, :, LITHOGENIC] = rng.uniform(0.0, 2.0, w.water.shape)
    w.stocks[:, 0, LITHOGENIC] = 1e-5  # nearly leached topsoil
    w.stocks[w.cells[::3]] = 0.0  # and cells without any
    return w


def test_ledger_closes_while_carbonate_dissolves_and_precipitates() -> None:
    w = with_carbonate()
    process = Carbonate(w, deposition=Deposition(acid=0.1))
    for month in range(36):
        w.percolation[:, 1:] = (
            0.0 if month % 12 in (5, 6, 7) else 20.0
        )  # dry summers: solutes gather below the topsoil
        w.baseflow[:] = w.percolation[:, -1]
        w.water[:, 1] = 20.0 if month % 12 in (5, 6, 7) else 60.0
        w.ledger.open()  # the water that is set here by hand is not this process's to explain
        process.run_one_step(DT)
        w.ledger.check("carbonate", process.transforms)
    totals = w.ledger.run_totals.amounts
    assert w.stocks[w.cells, :, PEDOGENIC].sum() > 0.0
    assert totals["sic", "carbonate_dissolved"] < 0.0
    assert totals["dic", "carbonate_dissolved"] == pytest.approx(
        -totals["sic", "carbonate_dissolved"], rel=1e-12
    )
    assert totals["dic", "dic_leached_export"] == pytest.approx(-totals["dic", "dic_leached"], rel=1e-14)
    accounts = ("sic", "dic", "calcium", "strong_acid")
    assert max(w.ledger.cumulative_residual()[account] for account in accounts) < 1e-12
    # one CO2 for each carbonate dissolved or precipitated and each charge of acid that is neutralised
    net = totals["dic", "carbonic_acid_weathering"] + totals["dic", "precipitation_degassing"]
    assert net == pytest.approx(totals["dic", "carbonate_dissolved"], rel=1e-12)
    came = totals["strong_acid", "acid_deposition"]
    assert came == pytest.approx(0.1 * 3.0 * w.cells.size * w.cell_area, rel=1e-12)
    carbon = -totals["dic", "strong_acid_degassing"] / MOLAR_MASS_CARBON
    assert 0.6 * came < carbon <= came  # a third of the cells have no carbonate
    assert totals["strong_acid", "strong_acid_leached_export"] > 0.5 * came


def test_calcium_leaves_with_the_carbonate_it_came_from() -> None:
    w = with_carbonate()
    process = Carbonate(w)
    w.ledger.open()
    calcium = w.calcium.sum(axis=1) + w.groundwater_calcium
    solid = w.stocks[:, :, [LITHOGENIC, PEDOGENIC]].sum(axis=(1, 2))
    for _ in range(24):
        process.run_one_step(DT)
        w.ledger.check("carbonate")
    exported = w.ledger.run_totals.amounts["calcium", "calcium_leached_export"] / w.cell_area
    now = (w.calcium.sum(axis=1) + w.groundwater_calcium - calcium)[w.cells].sum()
    lost = (solid - w.stocks[:, :, [LITHOGENIC, PEDOGENIC]].sum(axis=(1, 2)))[w.cells].sum()
    assert now + exported == pytest.approx(lost * CALCIUM_PER_CARBON, rel=1e-12)


def test_what_the_atmosphere_brings_and_the_stream_gives_back() -> None:
    w = with_carbonate()
    process = Carbonate(w, deposition=Deposition(dust=0.02, calcium=0.004), stream_carbon_dioxide=800.0)
    w.ledger.open()
    for _ in range(24):
        process.run_one_step(DT)
        w.ledger.check("carbonate")
        last = w.ledger.close()
    totals, area = w.ledger.run_totals.amounts, w.cells.size * w.cell_area
    assert totals["sic", "dust_deposition"] == pytest.approx(2.0 * 0.02 * area, rel=1e-12)
    assert totals["calcium", "calcium_deposition"] == pytest.approx(2.0 * 0.004 * area, rel=1e-12)
    out, evaded = totals["dic", "dic_leached_export"], totals["dic", "dic_evasion_export"]
    assert out + evaded == pytest.approx(-totals["dic", "dic_leached"], rel=1e-12)
    # bicarbonate, and CO2 at 800 ppm of 9 degC water: 10^-1.256 mol kg-1 atm-1
    bicarbonate = 2.0 * last["calcium", "calcium_leached_export"] / MOLAR_MASS_CALCIUM
    water = w.baseflow[w.cells].sum() * w.cell_area
    stays = MOLAR_MASS_CARBON * (bicarbonate + 10.0**-1.2556 * 8e-4 * water)
    assert last["dic", "dic_leached_export"] == pytest.approx(stays, rel=1e-3)
    assert 0.03 < evaded / (out + evaded) < 0.5


@pytest.mark.parametrize("name", ["acid", "dust", "calcium"])
def test_deposition_is_not_negative(name: str) -> None:
    with pytest.raises(ValueError, match=f"deposition of {name} must not be negative, is -1"):
        Deposition(**{name: -1.0})


def test_soil_air_holds_more_carbon_dioxide_than_the_atmosphere_and_less_without_roots() -> None:
    w = with_carbonate()
    process = Carbonate(w)
    process.run_one_step(DT)
    planted = process.carbon_dioxide[w.cells].copy()
    assert (planted > 420e-6).all() and (np.diff(planted, axis=1) > 0.0).all()
    w.units.plant_cover[:] = 0.0
    process.run_one_step(DT)
    assert (process.carbon_dioxide[w.cells] < planted).all()


def test_more_respiration_dissolves_more_carbonate() -> None:
    losses = []
    for scale in (0.5, 1.0, 2.0):
        w = with_carbonate()
        w.respired[:] *= scale
        process = Carbonate(w)
        before = w.stock("sic")
        for _ in range(12):
            process.run_one_step(DT)
        losses.append((before - w.stock("sic"))[w.cells].sum())
    assert losses[0] < losses[1] < losses[2]


def test_touches_only_what_it_declares() -> None:
    w = with_carbonate()
    process = Carbonate(w, deposition=Deposition(acid=0.1))
    before = {name: np.array(w.grid.at_node[name]) for name in w.grid.at_node}
    process.run_one_step(DT)
    changed = {name for name, values in before.items() if not np.array_equal(values, w.grid.at_node[name])}
    declared = {name for name, record in process._info.items() if record["intent"] != "in"}
    always = {name for name in declared if not process._info[name]["optional"]}
    assert always <= changed <= declared
    outside = np.setdiff1d(np.arange(w.grid.number_of_nodes), w.cells)
    assert (w.dic[outside] == 0.0).all()
    assert np.array_equal(w.stocks[:, :, 0], np.zeros(w.water.shape))


def test_a_wrong_booking_is_found() -> None:
    w = with_carbonate()
    process = Carbonate(w)
    w.ledger.open()
    process.run_one_step(DT)
    w.dic[w.cells[0], 0] *= 1.0 + 1e-6
    with pytest.raises(LedgerError, match="dic"):
        w.ledger.check("carbonate")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"root_respiration": -1.0}, "root_respiration"),
        ({"stream_carbon_dioxide": 50.0}, "100 to 1e5 ppm"),
        ({"atmospheric_carbon_dioxide": 4e-4}, "100 to 10000 ppm"),
        ({"maximum_carbon_dioxide": 300.0}, "maximum_carbon_dioxide"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Carbonate(watershed(), **parameters)


def test_where_no_acid_can_come_there_is_no_room_for_it() -> None:
    w = watershed(acid=False)
    Carbonate(w, keep_ph=False)
    assert not w.strong_acid.size and not w.acid.size and not w.ph.size and "strong_acid" not in w.ledger.accounts
    for acid in ({"deposition": Deposition(acid=0.1)}, {"buffer_capacity": np.full(w.water.shape, 0.03)}):
        with pytest.raises(ValueError, match="acid that is deposited or held by exchange needs a watershed made with"):
            Carbonate(w, **acid)


def test_needs_its_rows() -> None:
    with pytest.raises(ValueError, match="sic_lithogenic"):
        Carbonate(watershed((soc_pool("humus", "mineral"),)))


def test_minerals_need_their_solutes() -> None:
    with pytest.raises(ValueError, match="a watershed made with minerals=True, acid=True"):
        Minerals(with_carbonate())
