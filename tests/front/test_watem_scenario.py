"""A choices file of WaTEM/SEDEM as the land of a coupled scenario: its year is the mean year, and what can be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.front.test_watem_sedem import typed
from tests.support import shared
from tests.watem_inputs import write_case, write_choices
from watershed_c.assembly import assemble
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.coupling import advance
from watershed_c.errors import ScenarioError
from watershed_c.front.mean_year import mean_year
from watershed_c.front.watem_sedem import read_catchment
from watershed_c.io.watem_files import read_choices
from watershed_c.kernels.two_receivers import RIVER
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve
from watershed_c.scenario.schema import Scenario

#: a year without frost, carbon or tillage: sediment alone; the network stays that of the start
LAND = """\
schema = 1
[domain]
watem_sedem = "choices.ini"
[time]
start = "2001-01"
end = "2001-12"
[climate]
source = "constant"
latitude = 50.8
[climate.constant]
temperature = 10.0
precipitation = 70.0
[climate.erosivity]
shares = [0.03, 0.03, 0.04, 0.05, 0.11, 0.15, 0.17, 0.17, 0.10, 0.07, 0.04, 0.04]
[soil]
layers = ["30 cm", "70 cm"]
clay = "15 %"
bulk_density = "1.35 g/cm3"
soc = "1 %"
[carbon]
initial = { method = "inversion" }
[processes.flow_routing]
reroute_threshold = "100 m"
[processes.water_erosion]
[processes.soil_water]
enabled = false
[processes.decomposition]
enabled = false
[land.classes]
fields = ["winter-wheat", "maize"]
roads = "grass"
forest = "deciduous-forest"
pasture = "pasture"
open_water = "grass"
grass_strips = "grass"
"""
EXTENSIONS = {
    "files": "ditch map filename = ditch.rst\ndam map filename = dam.rst\nbuffer map filename = buffer.rst\n"
    "sewer map filename = sewer.rst\nriver routing filename = way.rst\n"
    "tillage direction filename = till.rst\noriented roughness filename = furrow.rst",
    "extensions": "river routing = 1\ninclude ditches = 1\ninclude dams = 1\ninclude buffers = 1\ninclude sewers = 1\n"
    "include tillage direction = 1\nforce routing = 1\nbuffer reduce area = 1",
    "parameters": "number of buffers = 1\nnumber of forced routing = 1\nls correction = 1.2\n"
    "[Buffer 1]\nextension id = 16385\ntrapping efficiency = 75\n"
    "[Forced Routing 1]\nfrom col = 4\nfrom row = 6\ntarget col = 5\ntarget row = 8",
}  # fmt: skip


def valley(size: int = 16) -> dict[str, np.ndarray]:
    """A valley with everything a choices file can have, row 0 in the south; the land ends with the map in the east."""
    row, column = np.mgrid[:size, :size]
    dtm = 100.0 + 0.6 * row + 0.9 * np.abs(column - 7) + 0.1 * np.sin(3.0 * row + column)
    prc = np.where(column < 7, 1.0, 2.0) + 2.0 * (row > 5)
    prc[row > 12], prc[row == 5] = -3.0, -2.0
    prc[9:11, 9:12], prc[3, 10:13], prc[7, 2:4] = -4.0, -6.0, -5.0
    prc[:, 7] = -1.0
    prc[[0, -1]] = prc[:, [0, -1]] = 0.0
    maps = {name: np.zeros(prc.shape) for name in ("ditch", "dam", "buffer", "sewer", "furrow", "way")}
    maps["way"][1:-1, 7] = 1.0  # against the heights, northwards
    maps["ditch"][9:12, 4], maps["dam"][4, 11:13], maps["sewer"][5, 3:6] = 5.0, 7.0, 0.4
    maps["buffer"][2, 4], maps["buffer"][3, 3:6] = 1.0, 16385.0
    maps["furrow"][:] = 8.0
    cover = np.where(prc > 0, 0.37, np.where(prc == -3, 0.001, 0.01))
    practice, erodibility = np.where(row > 7, 0.8, 1.0), 35.0 + column
    return {"dtm": dtm, "prc": prc, "K": erodibility, "C": cover, "P": practice, "till": 10.0 * column, **maps}


def one_year(scenario: Scenario) -> WaterErosion:
    """The erosion of the scenario after its twelve months."""
    assembly = assemble(resolve(scenario, overwrite=True))
    watershed = assembly.watershed
    watershed.ledger.open()
    for step in assembly.model.clock.iterate():
        advance(watershed, assembly.model.processes, step)
    erosion = assembly.model.processes["water_erosion"]
    assert isinstance(erosion, WaterErosion)
    return erosion


def compare(folder: Path, choices: Path, rtol: float) -> None:
    """The months of a coupled year against the mean year of the choices file, cell by cell and in all."""
    (folder / "land.toml").write_text(LAND)
    catchment, _ = read_catchment(read_choices(choices))
    year = mean_year(catchment)
    erosion = one_year(load(folder / "land.toml"))
    area, land = catchment.dx**2, year.land
    assert np.array_equal(erosion.watershed.is_soil, land)
    kept = (erosion.gross_deposition - erosion.gross_erosion)[land] * area
    np.testing.assert_allclose(kept, year.change[land], rtol=rtol, atol=1e-9 * year.change[land].max())
    river = erosion.exported[catchment.parcels.code == RIVER].sum() * area
    totals = year.totals()
    print(f"\nmonths over the mean year, to the river: {river / totals['river'] - 1.0:.1e} ({totals['river']:.0f} kg)")
    assert river == pytest.approx(totals["river"], rel=rtol)
    exported = sum(totals[term] for term in ("river", "outside", "sewers"))
    assert erosion.exported.sum() * area == pytest.approx(exported, rel=rtol)
    # the river leads the same way
    np.testing.assert_array_equal(np.sort(erosion.watershed.receivers), np.sort(year.network.receivers))


@pytest.mark.parametrize(
    "changed",
    [{}, {"L": "Desmet1996_McCool", "S": "McCool1987", "TC": "Verstraeten2007", "adjusted_slope": 1, "ktc_low": 1e-4,
          "ktc_high": 3e-4}],
)  # fmt: skip
def test_months_with_constant_cover_sum_to_the_mean_year(tmp_path: Path, changed: dict[str, Any]) -> None:
    """Rule 20, with every extension: ditch, dam, buffer, sewer, furrows, a forced route, P, K, C and ktc by cell."""
    choices = write_choices(tmp_path, valley(), 10.0, **EXTENSIONS, **changed)
    compare(tmp_path, choices, 1e-9)


def test_langegracht_from_its_choices_file(tmp_path: Path) -> None:
    shared("reference/watem_sedem/langegracht20_default.npz")
    choices, _, _ = write_case(tmp_path, "langegracht20_default")
    compare(tmp_path, choices, 1e-9)


def written(folder: Path, text: str = LAND, **maps: np.ndarray) -> Path:
    write_choices(folder, valley() | maps, 10.0, **EXTENSIONS)
    (folder / "land.toml").write_text(text)
    return folder / "land.toml"


def test_what_the_scenario_says_stands_in_place_of_the_file(tmp_path: Path) -> None:
    """Crops' C, another ktc, another K; the saved scenario speaks of the choices file no more."""
    changes = {
        "processes.water_erosion.cover_map": "none", "processes.water_erosion.ktc_high": 15.0, "soil.erodibility": 0.05,
        "climate.erosivity.annual": 700.0, "processes.flow_routing.parcels.to_field": 0.5,
    }  # fmt: skip
    scenario = load(written(tmp_path), changes)
    erosion = scenario.processes.water_erosion
    assert (erosion.ktc_low, erosion.ktc_high, erosion.cover_map, erosion.practice_map) == (3.0, 15.0, None, "P.rst")
    assert scenario.climate.erosivity.annual == 700.0 and scenario.soil.erodibility.value == 0.05  # type: ignore[union-attr]
    assert scenario.processes.flow_routing.parcels.to_field == 0.5
    assert scenario.processes.flow_routing.parcels.buffer_trapping == {"1": 0.75}
    inputs = resolve(scenario)
    told = [line for line in inputs.warnings if "says otherwise" in line]
    assert len(told) == 1 and "water_erosion.ktc_high" in told[0] and "soil.erodibility" in told[0]
    assert "soil.soc" not in told[0] and any("ktil is not used" in line for line in inputs.warnings)
    # ditches and dams have their own C, whatever grows beside
    assert np.isfinite(inputs.cover).sum() == 5 and {0.0, 0.01} == set(inputs.cover[np.isfinite(inputs.cover)])
    assert set(inputs.ktc[inputs.parcels.ditch]) == {9999.0}
    (tmp_path / "again.toml").write_text(scenario.to_toml())
    again = load(tmp_path / "again.toml")
    assert again == scenario and again._notes == ()
    assert load(written(tmp_path), ["processes.flow_routing.method=d8"]).processes.flow_routing.parcels.to_field == 1.0


def test_a_dem_that_ends_with_the_land_lets_rivers_out(tmp_path: Path) -> None:
    maps = valley()
    path = written(tmp_path, LAND, dtm=np.where(maps["prc"] == 0.0, np.nan, maps["dtm"]))
    inputs = resolve(load(path))
    assert (inputs.status == 1).sum() == 1
    erosion = one_year(load(path))
    out = erosion.exported > 0.0
    assert out[inputs.channel].any() and not out[inputs.status == 1].any()


MISTAKES: list[tuple[str, str, dict[str, np.ndarray], str, list[str]]] = [
    ('"choices.ini"', '"choices.ini"\ndem = "dtm.rst"', {}, "domain.watem_sedem", ["beside dem"]),
    ('"choices.ini"', '"choice.ini"', {}, "domain.watem_sedem", ["does not exist", "looked for"]),
    ('roads = "grass"\n', "", {}, "land.classes", ["has no roads", "13 cells"]),
    ('"grass"\nforest', '"gras"\nforest', {}, "land.classes.roads", ["is not a crop either", "grass"]),
    ("fields = [", 'map = "prc.rst"\nfields = [', {}, "land.classes", ["whole numbers"]),
    ('forest = "deciduous-forest"', 'forest = ["grass", "pasture"]', {}, "land.classes", ["only fields"]),
    ("", "", {"dtm": np.where(valley()["prc"] == -3.0, np.nan, valley()["dtm"])}, "domain.parcels", ["no data"]),
    ("", "", {"prc": valley()["prc"] - 4.0}, "domain.parcels", ["is no land code", "-6 grass strip"]),
    ("", "", {"prc": np.minimum(valley()["prc"], 0.0) * 0.0}, "domain.parcels", ["no cell is left"]),
    ("", "", {"C": np.full((16, 16), 2.0)}, "processes.water_erosion.cover_map", ["has 2", "0 to 1"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "maps", "key", "words"), MISTAKES)
def test_mistakes(
    tmp_path: Path, old: str, new: str, maps: dict[str, np.ndarray], key: str, words: list[str]
) -> None:
    path = written(tmp_path, LAND.replace(old, new, 1) if old else LAND, **maps)
    with pytest.raises(ScenarioError) as caught:
        resolve(load(path))
    found = [str(problem) for problem in caught.value.problems if problem.key == key]
    assert found, str(caught.value)
    assert all(word in found[0] for word in words), found


def test_a_forced_route_out_of_the_land_and_classes_beside_codes(tmp_path: Path) -> None:
    path, wrong = written(tmp_path), {"forced": [[1, 1, 40, 2]], "roads": ["grass"]}
    changes = {f"processes.flow_routing.parcels.{key}": value for key, value in wrong.items()}
    with pytest.raises(ScenarioError) as caught:
        resolve(load(path, changes))
    told = str(caught.value)
    assert "leads from (1, 1) to (40, 2)" in told and "rows 1 to 16 from the north" in told
    assert "stands beside domain.parcels" in told


def test_init_writes_a_scenario_of_a_choices_file(tmp_path: Path) -> None:
    written(tmp_path / "land")
    told = typed("init", tmp_path / "mine", "--from-ini", tmp_path / "land" / "choices.ini")
    assert told.exit_code == 0, told.output
    text = (tmp_path / "mine" / "scenario.toml").read_text()
    assert 'watem_sedem = "../land/choices.ini"' in text and "{" + "file}" not in text
    inputs = resolve(load(tmp_path / "mine"))
    assert inputs.parcels is not None and inputs.scenario.climate.erosivity.annual == 1250.0
    assert typed("init", tmp_path / "other", "--from-ini", tmp_path / "none.ini").exit_code == 2
    assert not (tmp_path / "other").exists()
