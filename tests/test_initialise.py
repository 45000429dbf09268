"""Initial carbon (coupling rules 13-15): a run in which nothing changes must not invent a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

from tests import runs
from watershed_c.assembly import Assembly, assemble, initialise, normals
from watershed_c.errors import ScenarioError
from watershed_c.initial_carbon import Report
from watershed_c.io.climate import MonthlyForcing
from watershed_c.pools import site
from watershed_c.pools.periodic import periodic_state
from watershed_c.pools.steady import falloon_iom
from watershed_c.scenario.resolve import resolve
from watershed_c.simulation import run

STEADY = {"carbon.initial": {"method": "steady"}}
INVERTED = {**STEADY, "carbon.plant_input": "inverted"}
STABLE = {"carbon.initial": {"method": "stable_cells"}, "carbon.plant_input": "inverted"}
INVERSION = {"carbon.initial": {"method": "inversion"}, "carbon.plant_input": "inverted"}
HISTORY = {"carbon.initial": {"method": "history", "years": 20, "history_class": "deciduous-forest"}}
#: wheat on the whole slope, ploughed: 10 years of it
SLOPE = {
    "domain.synthetic.length": "120 m",
    "domain.synthetic.height": "8 m",
    "processes.water_erosion.enrichment": {"law": "none"},
    "time.start": "2001-01",
    "time.end": "2010-12",
    "land.rules": [{"class": "winter-wheat"}],
    "rotation": {"winter-wheat": {"years": ["winter-wheat"], "event": [{"on": "09-20", "do": "till"}]}},
}


def start(*changes: dict[str, Any], slope: dict[str, Any] | None = None) -> tuple[Assembly, Report]:
    """A scenario with its initial carbon."""
    together = dict(SLOPE if slope is None else slope)
    for change in changes:
        together |= change
    assembly = assemble(resolve(runs.small(together), overwrite=True))
    return assembly, initialise(assembly)


def carbon(assembly: Assembly) -> np.ndarray:
    """SOC of each cell, kg m-2."""
    return assembly.watershed.stock("soc")[assembly.watershed.cells]


def matched(assembly: Assembly) -> np.ndarray:
    """SOC of each cell to the depth at which it was measured (25 cm: two layers), kg m-2."""
    w = assembly.watershed
    return w.stocks[w.cells][:, :2, w.constituents.of_group("soc")].sum(axis=(1, 2))


def control_run(assembly: Assembly) -> np.ndarray:
    """The ten years of the scenario; relative change of SOC in each cell and, last, of all of it."""
    before = carbon(assembly)
    while not assembly.model.done:
        assembly.model.step()
    after = carbon(assembly)
    assert assembly.model.index == 120
    return np.append(after / before, after.sum() / before.sum()) - 1.0


@pytest.mark.parametrize("method", [STEADY, INVERTED, STABLE], ids=["steady", "steady inverted", "stable cells"])
def test_a_run_in_which_nothing_changes_keeps_its_carbon(method: dict[str, Any]) -> None:
    """Water and tillage erosion, burial, mixing and exhumed subsoil on: less than 0.1 % of SOC in ten years."""
    assembly, report = start(method)
    net = report.net_erosion[assembly.watershed.cells]
    assert net.max() > 0.5 and net.min() < -0.5  # 5 t/ha/yr lost and gained
    drift = control_run(assembly)
    assert abs(drift[-1]) < 1e-3
    assert np.abs(drift).max() < 3e-3
    # and what is printed is what happens
    assert report.drift_per_decade == pytest.approx(drift[-1], abs=1e-9)
    assert f"{100.0 * drift[-1]:+.4f} % of SOC per decade" in " ".join(report.lines)


def test_no_drift_where_rotation_and_land_use_differ() -> None:
    """Two years of rotation, manure, pasture upslope, a start in April, enrichment of eroded carbon."""
    slope = {"time.end": "2011-03", "domain.synthetic.height": "5 m"}
    for method in (STEADY, INVERTED):
        assembly, report = start(method, slope=slope)
        assert assembly.cycle_months == 24
        drift = control_run(assembly)
        assert abs(drift[-1]) < 1e-3 and report.drift_per_decade == pytest.approx(drift[-1], abs=1e-9)


def test_measured_stock_is_matched_with_erosion_on() -> None:
    assembly, report = start(INVERTED)
    assert report.without_input == 0
    assert matched(assembly) == pytest.approx(5.0, rel=1e-3)  # 50 t/ha


def test_erosion_is_not_read_as_low_input() -> None:
    """Rule 14: to hold its stock a cell needs more input the more soil it loses; plain inversion sees none of it."""
    with_erosion, report = start(INVERTED)
    plain, _ = start(INVERSION)
    w = with_erosion.watershed
    scale, net = w.input_scale[w.cells], report.net_erosion[w.cells]
    eroding, burying = net > 0.5, net < -0.5
    assert scale[eroding].min() > 1.1 * plain.watershed.input_scale[w.cells][eroding].max()
    assert scale[eroding].min() > scale[burying].max()
    ranks = [np.argsort(np.argsort(values[eroding])) for values in (net, scale)]
    assert np.corrcoef(*ranks)[0, 1] > 0.9
    assert np.ptp(plain.watershed.input_scale[w.cells]) < 0.01 * scale.mean()


def test_plain_inversion_warns_and_prints_the_drift_of_the_control_run() -> None:
    assembly, report = start(INVERSION)
    assert matched(assembly) == pytest.approx(5.0, rel=1e-3)
    drift = control_run(assembly)
    net = report.net_erosion[assembly.watershed.cells]
    assert report.drift_per_decade == pytest.approx(drift[-1], abs=1e-9)
    warning = next(text for text in report.warnings if "plain inversion" in text)
    assert f"{100.0 * drift[-1]:+.3f} % per decade" in warning
    # carbon that was never lost is lost where soil erodes, and found where it settles
    assert (drift[:-1][net > 0.5] < -1e-3).all() and (drift[:-1][net < -0.5] > 1e-3).all()


def test_history_has_the_sign_of_what_happened() -> None:
    """Forest cleared for wheat loses carbon, long-fallow land sown to wheat gains it; both less as time passes."""

    def drift(before: str, years: int) -> float:
        history = {"method": "history", "years": years, "history_class": before}
        return start({"carbon.initial": history})[1].drift_per_decade

    soon, late = drift("deciduous-forest", 5), drift("deciduous-forest", 100)
    assert soon < -0.01 and soon < late < 0.0
    soon, late = drift("fallow", 5), drift("fallow", 100)
    assert soon > 0.01 and soon > late > 0.0


def test_history_leaves_what_was_measured_at_the_start() -> None:
    """Terrain and carbonate are those of the scenario, however much a century of erosion and leaching moved them."""
    assembly, report = start(HISTORY)
    w, column = assembly.watershed, assembly.inputs.column
    assert np.array_equal(w.elevation[w.cells], assembly.inputs.elevation[w.cells])
    assert w.stock("sic")[w.cells] == pytest.approx(column.sic[w.cells].sum(axis=1), rel=1e-12)
    assert any("over measured" in line for line in report.lines)
    drift = control_run(assembly)
    assert report.drift_per_decade == pytest.approx(drift[-1], abs=1e-9)


def still(layers: list[str]) -> dict[str, Any]:
    """Nothing moves: RothC alone."""
    off = (
        "water_erosion",
        "tillage_erosion",
        "soil_column",
        "carbonate",
        "dissolved_carbon",
        "soil_water",
        "flow_routing",
    )
    return {
        **SLOPE,
        **{f"processes.{name}.enabled": False for name in off},
        "soil.layers": layers,
        "soil.soc": {"value": "40 t/ha", "depth": "23 cm"},
    }


def test_steady_state_is_the_closed_form_of_official_rothc() -> None:
    """One 23 cm layer, nothing moving: the equilibrium of the stand-alone model in closed form."""
    assembly, _ = start(STEADY, slope=still(["23 cm"]))
    w, model, tables = assembly.watershed, assembly.pools, assembly.tables
    forcing = assembly.inputs.climate
    cell = int(w.cells[7])
    unit = int(w.unit[cell])
    cropping = assembly.model.processes["cropping"]
    climate = assembly.model.processes["climate"]
    pet = []
    for month in range(12):
        w.at(assembly.model.clock.step(month))
        climate.run_one_step(1.0 / 12.0)
        pet.append(w.pet[cell])
    weather = {
        "temperature": forcing.temperature + climate._offset[7],
        "rain": forcing.precipitation,
        "pet": np.array(pet),
    }
    year = site.site_drivers(weather, tables.plant_cover[:12, unit], cropping.inputs[:12, unit].sum(axis=1))
    stocks = w.stocks[cell, 0, w.constituents.of_group("soc")]
    inert = float(stocks[model.inert].sum())
    expected = periodic_state(model, year, site.point({"clay": 23.0}, 0.23), inert=inert)[0][0, :, 0]
    assert stocks == pytest.approx(expected, rel=2e-5)
    assert stocks[model.inert].sum() == pytest.approx(float(falloon_iom(stocks.sum())), rel=1e-9)


@pytest.mark.parametrize("layers", [["23 cm"], ["5 cm", "8 cm", "10 cm"], ["10 cm", "20 cm", "30 cm"]])
def test_inert_carbon_is_evaluated_once_on_the_upper_23_cm(layers: list[str]) -> None:
    """Rule 13: Falloon's relation is not linear, so it must not be applied layer by layer."""
    assembly, _ = start(INVERTED, slope=still(layers))
    w = assembly.watershed
    rows = w.constituents.of_group("soc")
    share = np.clip((0.23 - w.layer_top) / (w.layer_bottom - w.layer_top), 0.0, 1.0)
    top = share @ w.stocks[w.cells[0]][:, rows]
    assert top.sum() == pytest.approx(4.0, rel=1e-4)
    assert top[-1] == pytest.approx(float(falloon_iom(top.sum())), rel=1e-4)


def test_without_decomposition_the_measured_carbon_is_a_tracer() -> None:
    off = {"processes.decomposition.enabled": False, "processes.dissolved_carbon.enabled": False}
    assembly, report = start(off)
    w = assembly.watershed
    assert carbon(assembly) == pytest.approx(assembly.inputs.column.soc[w.cells].sum(axis=1), rel=1e-12)
    assert report.method == "passive" and "passive" in " ".join(report.lines)
    control_run(assembly)
    assert not any(term in ("respired", "plant_input") for _, term in w.ledger.run_totals.amounts)
    assert max(w.ledger.cumulative_residual().values()) < 1e-10


# -- climate -----------------------------------------------------------------------------------------------------------


def series(years: int, warming: float) -> MonthlyForcing:
    month = np.arange(12 * years)
    temperature = 10.0 + 8.0 * np.sin(2.0 * np.pi * (month % 12 - 3) / 12.0) + warming * (month // 12)
    return MonthlyForcing(
        temperature, np.full(month.size, 60.0), pet=30.0 + temperature, first_year=2001, is_normals=False
    )


def test_normals_are_the_first_thirty_years() -> None:
    found = normals(series(50, 0.1))
    assert found.is_normals and len(found) == 12
    assert found.temperature == pytest.approx(series(1, 0.0).temperature + 0.1 * 14.5, abs=1e-12)
    assert normals(series(3, 0.1)).temperature == pytest.approx(series(1, 0.0).temperature + 0.1, abs=1e-12)
    assert normals(found) is found


def test_a_climate_of_years_starts_from_its_normals(tmp_path) -> None:
    """The record begins with the run: before it, its normals hold, as in a run under those normals, to the bit."""
    record = series(10, 0.05)
    means = normals(record)
    names = "tmean_degC,precipitation_mm,pet_mm"
    rows = [
        f"{2001 + i // 12},{i % 12 + 1},{float(record.temperature[i])!r},60.0,{float(record.pet[i])!r}"
        for i in range(len(record))
    ]
    (tmp_path / "years.csv").write_text("\n".join([f"year,month,{names}", *rows]))
    rows = [
        f"{i + 1},{float(means.temperature[i])!r},{float(means.precipitation[i])!r},{float(means.pet[i])!r}"
        for i in range(12)
    ]
    (tmp_path / "normals.csv").write_text("\n".join([f"month,{names}", *rows]))
    found = {}
    for name in ("years", "normals"):
        climate = {"source": str(tmp_path / f"{name}.csv"), "latitude": 51.8, "erosivity": {"annual": 900.0}}
        found[name] = start(STEADY, {"climate": climate})
    stocks = [assembly.watershed.stocks for assembly, _ in found.values()]
    assert np.array_equal(*stocks)
    assembly, report = found["years"]
    assert any("means of the record's first 10 years" in line for line in report.lines)
    drift = control_run(assembly)
    assert drift[-1] < report.drift_per_decade - 1e-3  # it warms during the run: carbon is lost


def test_what_lies_below_the_depth_that_is_matched_is_told() -> None:
    """SMALL gives a stock to 25 of 50 cm: the rest is the steady state's, and both numbers are said."""
    assembly, report = start(INVERTED)
    w = assembly.watershed
    found = 10.0 * (carbon(assembly) - matched(assembly)).mean()
    said = 10.0 * assembly.inputs.column.soc[w.cells, 2:].sum(axis=1).mean()
    expected = f"below, to 50 cm, the steady state has {found:.1f} t C/ha where the scenario has {said:.1f}"
    assert any("only the stock to 25 cm is matched: " + expected == line for line in report.lines), report.lines
    whole = {"soil.soc": {"value": "50 t/ha", "depth": "50 cm"}}
    for changes in (whole, {"carbon.plant_input": "prescribed"}):
        assert not any("is matched" in line for line in start(INVERTED, changes)[1].lines)


def test_keys_of_another_model_of_soil_loss_are_told() -> None:
    water = "processes.water_erosion."
    mmf = {f"{water}model": "mmf", f"{water}mmf": {"cohesion": 3.0}, f"{water}ktc_low": None, f"{water}ktc_high": None}
    for changes, told in (
        ({f"{water}storm_hours": 4.0}, 'storm_hours not used with model = "rusle"'),
        ({**mmf, f"{water}slope_factor": "mccool_1987"}, 'slope_factor not used with model = "mmf"'),
        ({f"{water}model": "musle", f"{water}storm_hours": 4.0}, None),
    ):
        warnings = assemble(resolve(runs.small(SLOPE | changes), overwrite=True)).warnings
        found = [warning for warning in warnings if warning.startswith("processes.water_erosion: ")]
        assert found == ([] if told is None else [f"processes.water_erosion: {told}"])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"processes.carbonate.buffer_capacity": 30.0}, "processes.carbonate.buffer_capacity is used with soil.ph"),
        ({"processes.decomposition.enabled": False, "processes.decomposition.priming": 1.0},
         "processes.decomposition.priming is not used"),
        ({"output.depths": ["20 cm"], "output.maps": ["cSoilOrg"]}, "output.depths is used with cSoilOrgTop, "),
        ({**{f"processes.{name}.enabled": False for name in ("water_erosion", "tillage_erosion", "soil_column")},
          "processes.tillage_erosion.inversion": True}, "processes.tillage_erosion.inversion is used with "),
    ],
)  # fmt: skip
def test_keys_without_an_effect_are_told(changes: dict[str, object], told: str) -> None:
    warnings = assemble(resolve(runs.small({"domain.synthetic.width": "20 m", **changes}), overwrite=True)).warnings
    assert sum(warning.startswith(told) for warning in warnings) == 1, warnings


# -- carbon of another run ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a year."""
    scenario = runs.small({**SLOPE, **STEADY, "time.end": "2001-12", "output.maps": ["cSoilOrg", "pH"]})
    return run(scenario, output=tmp_path_factory.mktemp("earlier") / "run", quiet=True).directory


def later(earlier: Path, changes: dict[str, Any]) -> tuple[Assembly, Report]:
    assembly = assemble(resolve(runs.small(SLOPE | changes), overwrite=True))
    return assembly, initialise(assembly, carbon_of=earlier / "restart.nc")


def test_a_run_begins_with_the_carbon_of_another(earlier: Path) -> None:
    """Stocks, plant input, water and solutes of a steady state, a year on: nothing changes, so nothing drifts."""
    assembly, report = later(earlier, {"output.maps": ["cSoilOrg", "pH"]})
    w, state = assembly.watershed, runs.arrays(earlier / "restart.nc")
    assert np.array_equal(w.ph[w.cells], state["process.carbonate.ph"].reshape(w.ph.shape)[w.cells])
    for name in ("stocks", "input_scale", "water", "doc", "groundwater"):
        assert (
            getattr(w, name)[w.cells].tobytes()
            == state[f"state.{name}"].reshape(getattr(w, name).shape)[w.cells].tobytes()
        )
    assert np.array_equal(w.elevation[w.cells], assembly.inputs.elevation[w.cells])
    assert report.method == "given" and str(earlier) in report.lines[0] and not report.warnings
    drift = control_run(assembly)
    assert report.drift_per_decade == pytest.approx(drift[-1], abs=1e-9)
    assert abs(drift[-1]) < 1e-3


def test_isotopes_come_with_the_carbon_of_another_run(tmp_path: Path) -> None:
    """Variants with other plants must not begin as if these had always grown; what that run lacks is found."""
    had = {"carbon.isotopes": {"c13": True, "since": 2001}}
    scenario = runs.small({**SLOPE, **STEADY, **had, "time.end": "2001-01"})
    first = run(scenario, output=tmp_path / "run", quiet=True).directory
    other = {"c13": True, "since": 2001, "c4_share": {"winter-wheat": 1.0}}
    assembly, report = later(first, {"carbon.isotopes": other})
    w, state = assembly.watershed, runs.arrays(first / "restart.nc")
    there = state["state.stocks"].reshape(w.stocks.shape)[w.cells]
    rows = w.constituents.of_group("c13")
    assert np.array_equal(w.stocks[w.cells][:, :, rows], there[:, :, rows])
    assert np.array_equal(w.doc_c13[w.cells], state["state.doc_c13"].reshape(w.doc.shape)[w.cells])
    assert "isotopes: those of that run" in report.lines
    assembly, report = later(first, {"carbon.isotopes": other | {"c14": True}})
    assert any("steady state under the atmosphere of 2001" in line for line in report.lines), report.lines
    assert assembly.watershed.stocks[w.cells][:, :, assembly.watershed.constituents.of_group("c14")].min() >= 0.0


def test_dissolved_carbon_that_the_other_run_lacks_is_found(earlier: Path, tmp_path: Path) -> None:
    """Sorbing soil that began empty would export next to nothing for decades."""
    (tmp_path / "restart.nc").write_bytes((earlier / "restart.nc").read_bytes())
    with netCDF4.Dataset(tmp_path / "restart.nc", "a") as dataset:
        for name in ("doc", "groundwater_doc"):
            dataset[f"state.{name}"][:] = 0.0
    (with_it, _), (without, report) = later(earlier, {}), later(tmp_path, {})
    assert "DOC: a steady state, that run had none" in report.lines
    w, other = without.watershed, with_it.watershed
    # that of a mean year: the layers that follow its seasons have little of it
    np.testing.assert_allclose(w.doc[w.cells].sum(axis=1), other.doc[w.cells].sum(axis=1), rtol=0.02)
    assert (w.groundwater_doc[w.cells] > 0.0).all()


def test_what_the_other_run_lacks_or_has_otherwise_is_told(earlier: Path) -> None:
    _, report = later(earlier, {"soil.bulk_density": "1.2 g/cm3"})
    assert any("stocks per area" in text for text in report.warnings)
    _, report = later(earlier, {"time.start": "2001-07"})
    assert any("begins in July" in text and "another season" in text for text in report.warnings)
    with pytest.raises(ScenarioError, match="another grid: rows and columns"):
        later(earlier, {"domain.synthetic.width": "60 m"})
    with pytest.raises(ScenarioError, match="layer boundaries"):
        later(earlier, {"soil.layers": ["10 cm", "15 cm", "30 cm"]})
    with pytest.raises(ScenarioError, match="no restart file"):
        later(earlier / "nowhere", {})


def given(file: Path) -> dict[str, Any]:
    return {"carbon.initial": {"method": "given", "file": str(file)}}


def test_a_scenario_names_the_run_it_begins_with(earlier: Path, tmp_path: Path) -> None:
    """carbon.initial.method = "given" is `carbon_of`, to the bit, and such a run goes to its end."""
    expected, _ = later(earlier, {})
    assembly, report = start(given(earlier / "restart.nc"))
    for name, values in expected.watershed.state_arrays().items():
        assert values.tobytes() == assembly.watershed.state_arrays()[name].tobytes(), name
    assert report.method == "given"
    scenario = runs.small({**SLOPE, **given(earlier / "restart.nc"), "time.end": "2001-03"})
    assert runs.record(run(scenario, output=tmp_path / "run", quiet=True).directory)["status"] == "done"


def test_a_file_to_begin_with_that_does_not_fit_is_told_with_its_key(earlier: Path, tmp_path: Path) -> None:
    """All that differs at once, before anything is assembled."""
    wider = {**given(earlier / "restart.nc"), "domain.synthetic.width": "60 m", "soil.layers": ["10 cm", "40 cm"]}
    with pytest.raises(ScenarioError, match="rows and columns .* layer boundaries") as caught:
        resolve(runs.small(SLOPE | wider), overwrite=True)
    assert {problem.key for problem in caught.value.problems} == {"carbon.initial.file"}
    other = tmp_path / "other.nc"
    other.write_bytes((earlier / "restart.nc").read_bytes())
    with netCDF4.Dataset(other, "a") as dataset:
        dataset.constituents = dataset.constituents.replace('"dpm"', '"litter"')
    with pytest.raises(ScenarioError, match="has no dpm, which are pools of this run .*litter, rpm"):
        resolve(runs.small(SLOPE | given(other)), overwrite=True)
    for missing in (tmp_path / "none.nc", tmp_path):
        with pytest.raises(ScenarioError, match="does not exist"):
            resolve(runs.small(SLOPE | given(missing)), overwrite=True)
    (tmp_path / "text.nc").write_text("no restart file")
    with pytest.raises(ScenarioError, match="cannot be read as a restart file"):
        resolve(runs.small(SLOPE | given(tmp_path / "text.nc")), overwrite=True)
    for wrong in ({"method": "given"}, {"method": "steady", "file": "restart.nc"}):
        with pytest.raises(ScenarioError, match='must have file with method = "given", and only then'):
            runs.small(SLOPE | {"carbon.initial": wrong})
