"""Peat in whole runs: held water tables, books, subsidence, and a resumed run to the bit."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest

from tests import runs
from watershed_c.assembly import assemble, initialise
from watershed_c.components.peat import Peat
from watershed_c.io.ledger_csv import read_ledger
from watershed_c.io.restart import process_arrays
from watershed_c.scenario.resolve import resolve
from watershed_c.scenario.schema import Scenario
from watershed_c.simulation import resume, run

DRAINS = {"classes": ["maize-wheat"], "spacing": "4 m"}
#: drains are blocked on the first of January of this year; records are of April 2001, 2002 and 2003 and of the end
BLOCKED = 2003


def scenario(depth: str = "45 cm", **more: object) -> Scenario:
    """The small slope, its fields on drained peat."""
    drains = [{**DRAINS, "depth": depth}]
    changes = {
        **runs.WATER, "processes.artificial_drainage.system": drains, "processes.peat.enabled": True,
        "processes.peat.classes": ["maize-wheat"],
        "output.maps": ["elev", "cSoilOrg", "wtd", "rh", "cInput", "netEro", "fCH4"],
        "processes.peat.methane": {"maize-wheat": "temperate-rich"},
        "output.checkpoint_every": 7 / 12, "soil.bulk_density": "0.4 g/cm3",
        "soil.soc": {"value": "400 t/ha", "depth": "50 cm", "profile": "uniform"},
    }  # fmt: skip
    return runs.small({**changes, **more})


@pytest.fixture(scope="module")
def drained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(scenario(), output=tmp_path_factory.mktemp("drained") / "run", quiet=True).directory


def test_drained_peat_loses_carbon_and_sinks_and_its_books_close(drained: Path) -> None:
    record, table = runs.record(drained), read_ledger(drained / "ledger.csv")
    assert record["worst_ledger_residual"] < 1.0
    lost = -table["soc.peat_balance"].sum()
    assert lost > 0.0
    with netCDF4.Dataset(drained / "results.nc") as results:
        sunk = results["elev"][0] - results["elev"][-1]
        peat = np.ma.filled(results["rh"][1:].sum(axis=0) == 0.0, False)
        assert peat.any() and not peat.all()
        assert results["cInput"][1:].sum(axis=0)[peat].max() == 0.0
        eroded = results["netEro"][:].sum(axis=0)[peat].mean()
    # 400 t/ha in 50 cm are 80 kg C m-3; erosion moves the surface too, at the density of the mineral part of soil
    # that has lost its carbonate to 10 cm
    cells = int(peat.sum())
    assert lost / (100.0 * cells) / 80.0 == pytest.approx(record["findings"]["peat"]["mean_subsidence"], rel=1e-9)
    mineral = 400.0 - 1.724 * 80.0
    subsidence = sunk[peat].mean() - eroded / mineral
    assert subsidence == pytest.approx(record["findings"]["peat"]["mean_subsidence"], rel=1e-3)


def test_rewetted_peat_loses_less(drained: Path, tmp_path: Path) -> None:
    wet = run(scenario("10 cm"), output=tmp_path / "run", quiet=True).directory
    dry, rewetted = (runs.record(path)["findings"]["peat"] for path in (drained, wet))
    # 288 kg CH4 while its mean table is within 20 cm; what CO2 saves is more than that
    assert dry["methane_t_ha_yr"] < rewetted["methane_t_ha_yr"] <= 0.288
    assert rewetted["co2e_t_ha_yr"] < dry["co2e_t_ha_yr"]
    with netCDF4.Dataset(wet / "results.nc") as results:
        given, months = results["fCH4"][1:].sum(axis=0), 30
        assert given.max() <= 0.0288 * months / 12.0 * (1.0 + 1e-6) and given.max() > 0.0
    more, less = (-read_ledger(path / "ledger.csv")["soc.peat_balance"].sum() for path in (drained, wet))
    assert less < 0.8 * more


def test_blocked_drains_rewet_peat_from_their_year_on(drained: Path, tmp_path: Path) -> None:
    """Before that year the run with drains to the bit; then the table stands higher, and peat loses less."""
    until = {"processes.artificial_drainage.system": [{**DRAINS, "depth": "45 cm", "until": BLOCKED}]}
    blocked = run(scenario(**until), output=tmp_path / "run", quiet=True).directory
    found = {}
    for name, path in (("drained", drained), ("blocked", blocked)):
        with netCDF4.Dataset(path / "results.nc") as results:
            found[name] = {key: np.ma.filled(results[key][:], np.nan) for key in ("wtd", "cSoilOrg")}
    for key in ("wtd", "cSoilOrg"):
        assert np.array_equal(found["drained"][key][:2], found["blocked"][key][:2], equal_nan=True)
    april = {name: np.nanmean(maps["wtd"][2]) for name, maps in found.items()}
    assert april["blocked"] < april["drained"] - 0.1
    more, less = (-read_ledger(path / "ledger.csv")["soc.peat_balance"].sum() for path in (drained, blocked))
    assert less < more and runs.record(blocked)["worst_ledger_residual"] < 1.0


def test_resumed_to_the_bit_with_another_number_of_threads(drained: Path, tmp_path: Path) -> None:
    original, directory = Peat.run_one_step, tmp_path / "run"

    def stopped(self: Peat, dt: float) -> None:
        if self.watershed.ledger.step == 16:
            raise RuntimeError("stopped")
        original(self, dt)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Peat, "run_one_step", stopped)
        with pytest.raises(RuntimeError, match="stopped"):
            run(scenario(), output=directory, quiet=True)
    file = directory / "scenario.resolved.toml"
    file.write_text(file.read_text().replace("threads = 1", "threads = 2"))
    resume(directory, quiet=True)
    runs.assert_same_run(drained, directory)


def test_a_run_that_begins_with_another_knows_its_water_table(drained: Path) -> None:
    """Its first month loses what that run would have lost, not what the table of one month says."""
    start = {"time.start": "2003-10", "time.end": "2004-03"}
    file = {"carbon.initial": {"method": "given", "file": str(drained / "restart.nc")}}
    assembly = assemble(resolve(scenario(**start, **file), overwrite=True))
    initialise(assembly)
    peat, held = assembly.model.processes["peat"], process_arrays(drained / "restart.nc", "peat")
    for name in ("depths", "months"):
        found = peat.memory()[name]
        np.testing.assert_array_equal(found, held[name].reshape(found.shape))
    assert held["months"].all() and peat.memory()["depths"].any()
    peat.go_on_from({"depths": np.zeros(found.size * peat.raised.size), "months": held["months"] * 2.0})
    np.testing.assert_array_equal(found, held["months"])  # of a run without this peat nothing is taken
