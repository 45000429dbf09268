"""Mineral nitrogen in a whole run: its year closes, feeds yields, leaves with the stream and sours the soil."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from tests import runs
from watershed_c.assembly import assemble, initialise
from watershed_c.comparison import compare
from watershed_c.initial_carbon import Initialiser, Report
from watershed_c.io.ledger_csv import read_ledger
from watershed_c.io.restart import process_arrays
from watershed_c.kernels.nitrogen import DENITRIFIED, FIXED, LOST_BELOW, MINERALISED, NITROGEN_MASS, REMOVED
from watershed_c.management.library import load_library
from watershed_c.scenario.resolve import resolve
from watershed_c.simulation import run

CELLS, AREA = 40, 4000.0  # m2
FED = {
    "time.start": "2001-01", "time.end": "2003-12", "processes.growth.enabled": True,
    "processes.nitrogen.enabled": True, "processes.nitrogen.deposition": "10 kg/ha/yr",
    "output.maps": ["cSoilOrg", "nMineral", "fNmin", "fNup", "fNleach", "yield"],
    "rotation.maize-wheat.event": [
        {"id": "plough", "on": "10-25", "do": "till"},
        {"id": "urea", "on": "05-20", "do": "fertilise", "crop": "maize", "fertiliser": "urea",
         "nitrogen": "150 kg/ha"},
        {"id": "slurry", "on": "04-10", "do": "manure", "crop": "winter-wheat", "material": "cattle-slurry",
         "amount": "30 t/ha"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nitrogen") / "run"
    return run(runs.small(FED), output=folder, quiet=True, keep_start=True).directory


def table(directory: Path, name: str, rotation: str) -> list[dict[str, float]]:
    rows = csv.DictReader((directory / name).read_text().splitlines())
    return [
        {key: float(value) for key, value in row.items() if key not in ("month", "rotation", "crop")}
        for row in rows if row["rotation"] == rotation
    ]  # fmt: skip


def test_the_year_of_every_rotation_closes(fed: Path) -> None:
    for rotation in ("maize-wheat+0", "pasture+0"):
        years = table(fed, "nitrogen.csv", rotation)
        assert len(years) == 3 and all(year["months"] == 12.0 for year in years)
        for before, year in zip(years, years[1:], strict=False):
            gained = sum(year[name] for name in ("fertiliser", "manure_mineral", "deposition", "mineralised"))
            lost = ("volatilised", "taken_up", "percolated", "drained", "denitrified")
            change = gained - sum(year[name] for name in lost)
            assert year["in_the_soil"] - before["in_the_soil"] == pytest.approx(change, abs=1e-2)
    maize, wheat = table(fed, "nitrogen.csv", "maize-wheat+0")[:2]
    assert maize["fertiliser"] == pytest.approx(150.0) and maize["volatilised"] == pytest.approx(150.0 * 0.15)
    whole = wheat["manure_mineral"] + wheat["manure_organic"]
    assert whole == pytest.approx(3e4 * 0.004, rel=0.02)  # 4.0 kg N per t of fresh slurry
    assert 0.0 < wheat["removed"] < wheat["taken_up"] <= wheat["needed"]


def test_a_run_that_begins_with_another_owes_what_that_owed(fed: Path, tmp_path: Path) -> None:
    """Nitrogen that organic matter wanted and did not find: a variant begins with it, and with the seasons so far."""
    start = shutil.copy(fed / "start.nc", tmp_path)
    with netCDF4.Dataset(start, "a") as state:
        for name in ("nitrogen.owed", "nitrogen.returned", "growth.needed", "growth.taken", "growth.relative"):
            state[f"process.{name}"][:] = 0.002
    begun = {"carbon.initial": {"method": "given", "file": str(start)}, "time.end": "2001-01"}
    folder = run(runs.small(FED | begun), output=tmp_path / "run", quiet=True, keep_start=True).directory
    for process, names in (("nitrogen", ("owed", "returned")), ("growth", ("needed", "taken", "relative"))):
        found = process_arrays(folder / "start.nc", process)
        assert all((found[name] == 0.002).all() for name in names)


def test_a_season_under_way_is_that_of_the_soil_the_run_begins_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """What crops took by July is missing in that soil, not in that of the control run ten years later."""
    assembly, held = assemble(resolve(runs.small(FED | {"time.start": "2001-07", "time.end": "2001-08"}))), []
    finish, crops = Initialiser._finish, assembly.watershed.crops

    def noted(self: Initialiser, report: Report, match: bool) -> Report:
        held.extend((crops.needed.copy(), crops.taken.copy()))
        return finish(self, report, match)

    monkeypatch.setattr(Initialiser, "_finish", noted)
    initialise(assembly)
    assert np.array_equal(crops.needed, held[0]) and np.array_equal(crops.taken, held[1]) and held[1].any()


def test_what_leaves_is_in_the_series_of_the_outlet_and_on_the_map(fed: Path) -> None:
    found, ledger = runs.arrays(fed / "results.nc"), read_ledger(fed / "ledger.csv")
    exported = ledger["nitrogen.nitrogen_leached_export"]
    assert np.allclose(found["nitrogen_export"], exported, rtol=1e-12) and exported.sum() > 0.0
    assert np.nansum(found["fNleach"]) * AREA / CELLS == pytest.approx(exported.sum(), rel=1e-5)
    stock = np.nanmean(found["nMineral"][-1]) * 1e4
    rows = [table(fed, "nitrogen.csv", name)[-1] for name in ("maize-wheat+0", "pasture+0")]
    held = np.average([row["in_the_soil"] for row in rows], weights=[row["area_ha"] for row in rows])
    assert stock == pytest.approx(held, rel=1e-4)


def test_yields_go_by_the_nitrogen_that_was_found(fed: Path) -> None:
    wheat = table(fed, "yields.csv", "maize-wheat+0")[1]
    year = table(fed, "nitrogen.csv", "maize-wheat+0")[1]
    assert wheat["limit_nitrogen"] < 0.9, "30 t of slurry do not feed wheat of 5 t"
    assert wheat["yield_t_ha_dry"] == pytest.approx(5.1 * wheat["limit_nitrogen"] * wheat["limit_soil"], rel=2e-3)
    assert year["taken_up"] / year["needed"] < 1.0


def test_acid_is_what_was_brought_less_what_was_taken_up(fed: Path) -> None:
    """Urea and mineralised nitrogen give one H+ per N, uptake takes one: 3.573 (a - u) kg CaCO3 per kg N, and bases."""
    ledger = read_ledger(fed / "ledger.csv")
    terms = ("fertiliser", "manure_nitrogen", "nitrogen_deposition", "mineralisation", "nitrogen_uptake")
    charge = sum(ledger[f"nitrogen.{term}"].sum() for term in terms) / NITROGEN_MASS
    rows = [row for name in ("maize-wheat+0", "pasture+0") for row in table(fed, "nitrogen.csv", name)]
    charge -= sum(row["area_ha"] * row["denitrified"] for row in rows) / NITROGEN_MASS
    wheat = table(fed, "yields.csv", "maize-wheat+0")[1]
    bases = 9.0 * wheat["yield_t_ha_dry"] * wheat["area_ha"]  # kg CaCO3 per t of grain; grass is not all taken
    pasture = table(fed, "yields.csv", "pasture+0")
    leaves = 1.0 - load_library().crops["pasture"].product_returned
    bases += sum(27.0 * row["yield_t_ha_dry"] * row["area_ha"] * leaves for row in pasture)
    assert ledger["strong_acid.nitrogen_acid"].sum() == pytest.approx(charge + bases / 0.0500435, rel=1e-4)


def test_compare_tells_nitrogen_and_the_lime_for_its_acid(fed: Path) -> None:
    """A run beside itself: rows of nitrogen are those of its ledger and table, per hectare of all cells and year."""
    compared = compare([fed, fed])
    ledger, area = read_ledger(fed / "ledger.csv"), CELLS * 1e-2  # ha
    years = len(ledger["step"]) / 12.0

    def told(label: str) -> float:
        return next(row.values[0] for row in compared.rows if row.label == label)

    assert told("nitrogen taken up") == pytest.approx(-ledger["nitrogen.nitrogen_uptake"].sum() / area / years)
    lime = 0.0500435 * ledger["strong_acid.nitrogen_acid"].sum() / area / years
    assert told("lime that the acid of nitrogen and harvest takes") == pytest.approx(lime, rel=1e-6)
    rows = [row for name in ("maize-wheat+0", "pasture+0") for row in table(fed, "nitrogen.csv", name)]
    unmet = sum(row["area_ha"] * (row["needed"] - row["taken_up"] - row["fixed"]) for row in rows) / area / years
    assert told("nitrogen needed and not found") == pytest.approx(unmet, rel=1e-6) and unmet > 0.0
    urea = runs.record(fed)["work"]["fertilised"]["urea"]
    hectares = runs.record(fed)["land"]["maize-wheat+0"]
    assert sum(urea) == pytest.approx(150.0 * hectares * sum(1 for year in (2001, 2003)))


@pytest.mark.parametrize("model", ["rothc", "mimics:bounded_turnover"])
def test_no_nitrogen_comes_from_nowhere_or_is_forgotten(model: str) -> None:
    """Mineral and organic nitrogen, on the surface too, less what is owed, and that of the crop: month by month what
    was brought and fixed less what left, though pools have it in fixed ratios and short crops leave less than these
    say.
    """
    strip = {
        "domain.synthetic.length": "50 m", "domain.synthetic.width": "10 m", "time.end": "2002-12", "soil.sic": None,
        "processes.carbonate.enabled": False, "processes.water_erosion.enabled": False, "processes.soil_column": {},
        "processes.tillage_erosion.enabled": False, "processes.surface_residues.enabled": model == "rothc",
        "carbon.initial": {"method": "steady"}, "carbon.model": model, "soil.ph": 6.5,
    }  # fmt: skip
    assembly = assemble(resolve(runs.small(FED | strip), overwrite=True))
    initialise(assembly)
    w, process = assembly.watershed, assembly.model.processes["nitrogen"]
    of, cells = w.mineralisation, w.cells
    assert of is not None and w.has_residues == (model == "rothc")

    def held() -> np.ndarray:
        pools = w.stocks[cells][:, :, w.constituents.of_group("soc")].sum(axis=1)
        pools += w.residue[cells] if w.has_residues else 0.0
        organic = (of.per_carbon[w.unit[cells]] * pools).sum(axis=1)
        mineral = w.nitrogen[cells].sum(axis=1) + w.groundwater_nitrogen[cells]
        crop = w.with_crops().taken[cells] - of.returned[cells]
        return np.asarray(organic + mineral - of.owed[cells].sum(axis=1) + crop)

    terms = ("fertiliser", "manure_nitrogen", "nitrogen_deposition")
    booked = [w.ledger.map_of("nitrogen", term) for term in terms]
    change, lacking, mineralised = np.zeros(cells.size), False, []
    while not assembly.model.done:
        before, came = held(), sum(amount[cells] for amount in booked)
        row = (assembly.model.clock.step(assembly.model.index).year - 2001) * 12
        assembly.model.step()
        fluxes = process.fluxes[:, cells]
        row += w.month
        of_month = process.tables.organic[row % process.cycle_months, np.arange(process.cycle_months.size)]
        manured = of_month[w.unit[cells]]
        came = sum(amount[cells] for amount in booked) - came + manured + fluxes[FIXED]
        left = fluxes[REMOVED] + fluxes[DENITRIFIED] + fluxes[LOST_BELOW] + process._leached[cells]
        change += np.abs(held() - before - came + left)
        lacking |= bool((w.with_crops().taken[cells] < w.with_crops().needed[cells]).any())
        mineralised.append(fluxes[MINERALISED].mean())
    assert lacking and change.max() < 1e-12, "and crops were short"
    assert min(mineralised) < 0.0 < max(mineralised), "straw immobilises, the rest of the year sets free"
