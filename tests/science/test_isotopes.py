"""14C and 13C of every pool in the coupled run: closed books, bounds, ages with depth, and sediment like its soil."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from landlab import RasterModelGrid

from tests import runs
from watershed_c import initial_carbon, initial_isotopes
from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.dissolved_carbon import DissolvedCarbon
from watershed_c.components.isotopes import IsotopeTwins
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.io.ledger_csv import read_ledger
from watershed_c.isotopes import Atmosphere, permil, twins
from watershed_c.pools import CompiledPoolModel, load_model
from watershed_c.scenario.resolve import resolve
from watershed_c.simulation import run
from watershed_c.state import Watershed


def assembled(changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Assembly:
    monkeypatch.setattr(initial_carbon, "CONTROL_MONTHS", 1)
    base: dict[str, Any] = {
        **{f"processes.{name}.enabled": False for name in ("carbonate", "dissolved_carbon")},
        "soil.sic": None,
        "processes.water_erosion.enrichment": {"law": "none"},
        "carbon.initial": {"method": "steady"},
        "soil.layers": ["10 cm", "15 cm", "25 cm", "50 cm"],
    }
    assembly = assemble(resolve(runs.small(base | changes), overwrite=True))
    initialise(assembly)
    return assembly


#: maize is a C4 plant: so that all plants are C3
ALL_C3 = {"maize-wheat": 0.0}
#: the pools of RothC that turn over
TURNING = slice(0, 4)


def bulk(assembly: Assembly, isotope: str, pools: slice = slice(None)) -> np.ndarray:
    """Delta of the organic carbon of each cell and layer, or of some of its pools, per mil."""
    w = assembly.watershed
    stocks = w.stocks[w.cells]
    twins, carbon = w.constituents.of_group(isotope)[pools], w.constituents.of_group("soc")[pools]
    return permil(stocks[:, :, twins].sum(axis=2) / stocks[:, :, carbon].sum(axis=2))


def test_ages_with_depth_and_closed_books(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bomb carbon above, old carbon below; every pool between dead and the air's highest; all accounts close.

    DOC brings young carbon down, and leaves as young.
    """
    isotopes = {"c14": True, "c13": True, "since": 1940, "c4_share": ALL_C3}
    time = {"start": "1990-01", "end": "1991-12"}
    changes = {"carbon.isotopes": isotopes, "time": time, "processes.dissolved_carbon.enabled": True}
    assembly = assembled(changes, monkeypatch)
    w, model = assembly.watershed, assembly.model
    while not model.done:
        model.step()
    assert w.ledger.worst_residual <= 1.0
    residual = w.ledger.cumulative_residual()
    assert max(residual[name] for name in ("c14", "c13", "doc", "doc_c14", "doc_c13")) < 1e-10
    c14, c13 = bulk(assembly, "c14"), bulk(assembly, "c13")
    assert (np.diff(c14, axis=1) < 0.0).all()
    assert c14[:, 0].min() > 0.0 > c14[:, -1].max()
    assert -30.0 < c13.min() and c13.max() < -22.0
    rows, pools = w.constituents.of_group("c14"), w.constituents.of_group("soc")
    held = w.stocks[w.cells][:, :, pools]
    ratio = w.stocks[w.cells][:, :, rows][held > 1e-9] / held[held > 1e-9]
    assert ratio.min() > 0.002 and ratio.max() < 1.84
    in_water = permil(w.doc_c14[w.cells] / w.doc[w.cells])
    assert (in_water[:, 1:] > c14[:, 1:] + 50.0).all() and in_water.max() < 840.0
    totals = w.ledger.run_totals.amounts
    for isotope, low, high in (("c14", 50.0, 300.0), ("c13", -29.0, -26.0)):
        left = permil(totals[f"doc_{isotope}", "doc_leached_export"] / totals["doc", "doc_leached_export"])
        assert low < left < high, isotope


def test_who_asks_for_isotopes_has_the_run_of_who_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their search takes the coupled model through cycles, of which water, nitrogen, salts and crops keep no trace."""
    monkeypatch.setattr(initial_isotopes, "MOST_CORRECTIONS", 1)
    changes = {
        "processes.growth": {}, "processes.nitrogen": {},
        "soil.sic": {"value": "4 %"}, "soil.gypsum": {"value": "1 %", "leached_depth": "10 cm"},
        "domain.synthetic.length": "40 m", "domain.synthetic.width": "30 m",
        "carbon.initial": {"method": "history", "years": 1, "history_class": "pasture"},
        **{f"processes.{name}.enabled": True for name in ("carbonate", "dissolved_carbon")},
    }  # fmt: skip
    asked, plain = (
        assembled(changes | {"carbon.isotopes": isotopes}, monkeypatch)
        for isotopes in ({"c13": True, "since": 2000}, {"c13": False})
    )
    for assembly in (asked, plain):
        assembly.model.step()
    others = plain.watershed.state_arrays()
    for name, values in asked.watershed.state_arrays().items():
        if name in others and name not in ("deposit", "substratum", "stocks"):
            assert values.tobytes() == others[name].tobytes(), name
    for name, process in asked.model.processes.items():
        for key, values in process.memory().items():
            assert values.tobytes() == plain.model.processes[name].memory()[key].tobytes(), (name, key)
    rows = [asked.watershed.constituents.index(name) for name in plain.watershed.constituents.names]
    np.testing.assert_array_equal(asked.watershed.stocks[:, :, rows], plain.watershed.stocks)
    np.testing.assert_array_equal(asked.watershed.substratum[:, rows], plain.watershed.substratum)


def test_what_stands_still_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under an atmosphere that stood still, the initial isotopes of what turns over are steady."""
    isotopes = {"c14": True, "c13": True, "since": 2001, "c4_share": ALL_C3}
    assembly = assembled({"carbon.isotopes": isotopes, "time": {"start": "2001-01", "end": "2010-12"}}, monkeypatch)
    w, model = assembly.watershed, assembly.model
    decomposition = model.processes["decomposition"]
    assert isinstance(decomposition, Decomposition) and decomposition.twins is not None
    decomposition.twins.standing = 2001
    before = {isotope: bulk(assembly, isotope, TURNING) for isotope in ("c14", "c13")}
    while not model.done:
        model.step()
    for isotope, before_run in before.items():
        assert np.abs(bulk(assembly, isotope, TURNING) - before_run).max() < 0.1
    # respired carbon is of the plants' 13C in a steady state, and soil heavier by the slower decay: less where it is
    # lost by erosion as well, more where what is buried decays on without new input
    totals = w.ledger.run_totals.amounts
    plants = totals["c13", "plant_input"] / totals["soc", "plant_input"]
    respired = totals["c13", "respired"] / totals["soc", "respired"]
    assert permil(respired / plants) == pytest.approx(0.0, abs=0.1)
    enriched = bulk(assembly, "c13", TURNING) - permil(plants)
    assert 0.3 < enriched.min() < enriched.max() < 3.0


def test_without_fractionation_uniform_carbon_stays_uniform(monkeypatch: pytest.MonkeyPatch) -> None:
    """One ratio in plants and soil is the ratio of every pool, layer, cell, of sediment, DOC and what is respired."""
    isotopes = {"c13": True, "since": 2001, "c4_share": ALL_C3}
    time = {"start": "2001-01", "end": "2004-12"}
    changes = {"carbon.isotopes": isotopes, "time": time, "processes.dissolved_carbon.enabled": True}
    assembly = assembled(changes, monkeypatch)
    w, model = assembly.watershed, assembly.model
    decomposition = model.processes["decomposition"]
    assert isinstance(decomposition, Decomposition) and decomposition.twins is not None
    twins = decomposition.twins
    twins.standing, twins.slower["c13"] = 2001, 1.0
    dissolved = model.processes["dissolved_carbon"]
    assert isinstance(dissolved, DissolvedCarbon)
    dissolved.slower["c13"] = 1.0
    ratio = float(twins.input_ratio("c13")[0])
    rows, pools = w.constituents.of_group("c13"), w.constituents.of_group("soc")
    w.stocks[:, :, rows] = ratio * w.stocks[:, :, pools]
    w.substratum[:, rows] = ratio * w.substratum[:, pools]
    w.doc_c13[:], w.groundwater_doc_c13[:] = ratio * w.doc, ratio * w.groundwater_doc
    w.ledger.start_afresh()
    exported = np.zeros(2)
    while not model.done:
        totals = model.step()
        exported += [totals["c13", "water_erosion_export"], totals["soc", "water_erosion_export"]]
    stocks = w.stocks[w.cells]
    np.testing.assert_allclose(stocks[:, :, rows], ratio * stocks[:, :, pools], rtol=1e-9, atol=1e-15)
    assert exported[0] / exported[1] == pytest.approx(ratio, rel=1e-9)
    np.testing.assert_allclose(w.doc_c13[w.cells], ratio * w.doc[w.cells], rtol=1e-12)
    totals = w.ledger.run_totals.amounts
    for term in ("doc_production", "doc_mineralised", "doc_leached_export"):
        assert totals["doc_c13", term] == pytest.approx(ratio * totals["doc", term], rel=1e-12), term


ONE_POOL = """
schema = 2
name = "one"
title = "one pool"
description = "for closed forms"
scheme = "exact"
steps_per_year = 12
substeps = 1
calibration_depth_m = 1.0
default_set = ""
sources = ["none"]
[citations]
none = "no publication"
[[pools]]
name = "carbon"
long_name = "carbon"
rate_per_yr = 0.1
carrier = "mineral"
[inputs.plant]
description = "all input"
fractions = { carbon = "1" }
"""


def test_heavier_by_decay_and_not_by_erosion(tmp_path: Path) -> None:
    """Of a pool with k = 0.1 yr-1, where e = 0.05 yr-1 is lost with soil the steady carbon is heavier than its input by
    1.2 k/(k + e) = 0.8 per mil only, where none is lost by 1.2; buried without input by 1.2 k t more in t years.
    """
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "model.toml").write_text(ONE_POOL)
    model = load_model(tmp_path / "one")
    assert isinstance(model, CompiledPoolModel)
    pool = soc_pool("carbon", "mineral")
    grid = RasterModelGrid((3, 5), xy_spacing=10.0)
    grid.add_field("topographic__elevation", np.zeros(15), at="node", units="m")
    table = ConstituentTable([pool, *twins([pool], "c13")])
    w = Watershed(grid, constituents=table, layer_bottom=np.array([1.0]), pools=1)
    eroding, stable, buried = w.cells[:3]
    w.mineral[w.cells] = w.reference[w.cells] = 1350.0
    w.unit[:] = 0
    w.units.inputs[0, 0, 0] = 0.2 / 12.0
    air = Atmosphere(2000, np.zeros(1), np.array([-8.0]))
    decomposition = Decomposition(w, model, twins=IsotopeTwins(w, ["c13"], air, np.zeros(1)))
    plants = float(air.ratio("c13", 2000, np.zeros(1))[0])
    w.input_scale[buried] = 0.0
    w.stocks[w.cells, 0, 0], w.stocks[w.cells, 0, 1] = 2.0, 2.0 * plants
    w.ledger.open()

    def enriched() -> np.ndarray:
        return permil(w.stocks[:, 0, 1] / np.maximum(w.stocks[:, 0, 0], 1e-300) / plants)[w.cells]

    for month in range(12 * 120):
        decomposition.run_one_step(1.0 / 12.0)
        w.stocks[eroding] *= np.exp(-0.05 / 12.0)
        if month == 12 * 20 - 1:
            assert enriched()[2] == pytest.approx(1000.0 * np.expm1(1.2e-3 * 0.1 * 20.0), rel=1e-9)
    assert enriched()[:2] == pytest.approx([0.8, 1.2], abs=0.004)


@pytest.mark.parametrize("share", [None, 0.6], ids=["of the crops", "given"])
def test_c4_plants(monkeypatch: pytest.MonkeyPatch, share: float | None) -> None:
    """Fields of maize and wheat are heavier than pasture; what maize leaves is C4 carbon, what wheat leaves C3."""
    isotopes: dict[str, Any] = {"c13": True, "since": 2001}
    if share is not None:
        isotopes["c4_share"] = {"maize-wheat": share}
    assembly = assembled({"carbon.isotopes": isotopes, "time": {"start": "2001-01", "end": "2002-12"}}, monkeypatch)
    w = assembly.watershed
    pasture = w.unit[w.cells] == assembly.tables.unit("pasture")
    assert 0 < pasture.sum() < w.cells.size
    deep = bulk(assembly, "c13")[:, 2]
    assert deep[~pasture].mean() - deep[pasture].mean() > 3.0  # pasture below the fields gets their soil
    heaviest, air = -100.0, assembly.inputs.atmosphere
    assert air is not None
    c3, c4 = permil(air.ratio("c13", 2001, np.array([0.0, 1.0])))
    units, field = w.units, assembly.tables.unit("maize-wheat")
    while not assembly.model.done:
        assembly.model.step()
        assert (units.c4_inputs <= units.inputs + 1e-15).all()
        assert not units.c4_inputs[assembly.tables.unit("pasture")].any()
        if units.inputs[field].sum() > 0.0:
            heaviest = max(heaviest, units.c4_inputs[field].sum() / units.inputs[field].sum())
    assert heaviest == pytest.approx(1.0)  # months in which maize alone gives
    totals = w.ledger.run_totals.amounts
    mean = permil(totals["c13", "plant_input"] / totals["soc", "plant_input"])
    assert c3 < mean < c4


def test_profiles_of_a_run(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = runs.small(
        {"carbon.isotopes": {"c14": True, "since": 1995}, "time.end": "2001-12", "output.dir": str(tmp_path / "run")}
    )
    finished = run(scenario, quiet=True)
    with finished.ds as ds:
        assert ds["profile_delta_c14"].units == "1e-3"
        values = ds["profile_delta_c14"].values
        in_water, exported = ds["profile_doc_delta_c14"].values, ds["doc_export_delta_c14"].values
    assert np.isfinite(values).all() and -900.0 < values.min() < values.max() < 300.0
    assert (in_water[:, :, 1:] > values[:, :, 1:]).all()
    ledger = read_ledger(finished.directory / "ledger.csv")
    ratio = ledger["doc_c14.doc_leached_export"] / ledger["doc.doc_leached_export"]
    assert exported == pytest.approx(permil(ratio), abs=1e-9) and 0.0 < exported.min() < exported.max() < 300.0
    assert any("isotopes: steady state" in line for line in runs.record(tmp_path / "run")["initial_carbon"]["lines"])
    assert sum("graven2017" in entry for entry in runs.record(tmp_path / "run")["citations"]) == 1
    header = (tmp_path / "run" / "ledger.csv").read_text().split("\n")[0]
    assert "c14.radioactive_decay" in header and "c14.respired" in header


def test_profiles_of_eroding_stable_and_depositional_soil(monkeypatch: pytest.MonkeyPatch) -> None:
    """One pasture profile under 60 years of ploughed crops: below the plough more carbon, and younger, where soil
    settles, less and older where it is lost, as found along slopes (Wang, Qiu & Van Oost 2020).
    """
    slope = {
        "carbon.isotopes": {"c14": True, "since": 1940},
        "carbon.initial": {"method": "history", "years": 1, "history_class": "pasture"},
        "time": {"start": "1941-01", "end": "2000-12"},
        "land.rules": [{"class": "maize-wheat"}],
        "soil.layers": ["10 cm", "10 cm", "10 cm", "10 cm", "10 cm", "25 cm", "25 cm"],
        "domain.synthetic.length": "160 m",
        "domain.synthetic.width": "30 m",
    }
    assembly = assembled(slope, monkeypatch)
    w = assembly.watershed
    gained = w.ledger.map_of("soil", "lateral")
    while not assembly.model.done:
        assembly.model.step()
    net = gained[w.cells]
    places = [int(np.argmin(net)), int(np.argmin(np.abs(net))), int(np.argmax(net))]
    assert net[places[0]] < -80.0 and abs(net[places[1]]) < 20.0 and net[places[2]] > 60.0
    content = w.stocks[w.cells][:, :, w.constituents.of_group("soc")].sum(axis=2) / w.reference[w.cells]
    below = slice(3, 6)  # 30 to 75 cm
    losing, stable, settling = (content[place, below] for place in places)
    assert (losing < stable).all() and (stable < settling).all()
    losing, stable, settling = (bulk(assembly, "c14")[place, below] for place in places)
    assert (losing < stable - 5.0).all() and (stable + 5.0 < settling).all()
