"""results.nc and ledger.csv: what they hold is what the model did, and other programs can read it."""

from __future__ import annotations

import csv
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from tests import build, runs
from watershed_c import names
from watershed_c.clock import Clock
from watershed_c.constituents import CALCITE_PER_CARBON, ORGANIC_MATTER_PER_CARBON
from watershed_c.errors import ScenarioError
from watershed_c.io.ledger_csv import LedgerFile, outlet_series, read_ledger
from watershed_c.io.netcdf import put, write_atomically
from watershed_c.io.rasters import Raster, write_raster
from watershed_c.io.results import FLUX_MAPS, Place, Recorder, profile_points, topsoil_stock
from watershed_c.ledger import KINDS
from watershed_c.scenario.load import load
from watershed_c.simulation import open_results, run

#: of the variables used here, in table v92 (CF): where we name one, it must be one of these
STANDARD_NAMES = {
    *("surface_altitude", "soil_mass_content_of_carbon", "mass_content_of_water_in_soil", "cell_area", "time"),
    *("projection_x_coordinate", "projection_y_coordinate"),
}


#: what crops yield, and their nitrogen
CROPS = {"processes.growth.enabled": True, "processes.nitrogen.enabled": True}
#: parcels of nine cells
PARCELS = {"land.parcels": {"size": "0.09 ha"}}
#: without what only soil on rock, and residues on the surface, have
EVERY = [name for name in names.OUTPUT if name not in ("soilDepth", "cLitterSurf")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with every map there is: records after 12, 24 and 30 months, from April 2001."""
    maps = {
        "output.maps": EVERY, "output.depths": ["50 cm", "30 cm", "12 cm"], "output.parcels": True,
        **PARCELS, **CROPS, "output.points": {"top": [25.0, 75.0], "foot": [25.0, 15.0]},
    }  # fmt: skip
    return run(runs.small(maps | runs.WATER), output=tmp_path_factory.mktemp("results") / "run", quiet=True).directory


@pytest.fixture
def dataset(folder: Path):
    with open_results(folder) as opened:
        yield opened


def total(dataset: xr.Dataset, variable: str) -> float:
    """Sum over time and cells of a flux, kg."""
    return float((dataset[variable].astype(float) * dataset.cell_area).sum())


# -- form ------------------------------------------------------------------------------------------------------------


def test_every_variable_is_there_with_its_attributes(dataset: xr.Dataset) -> None:
    assert dataset.attrs["Conventions"] == "CF-1.11"
    assert dataset.attrs["title"] == "small slope, all processes" and dataset.attrs["source"].startswith("watershed-c ")
    given = [text for variable in (dataset, *dataset.variables.values()) for text in variable.attrs.values()]
    assert all(text != "" for text in given if isinstance(text, str))
    soil = dataset.cell_kind.values == 1
    assert 0 < soil.sum() < soil.size
    for name, output in ((name, names.OUTPUT[name]) for name in EVERY):
        variable = dataset[name]
        assert variable.dims == ("time", "y", "x") and variable.dtype == np.float32
        assert variable.attrs["units"] == output.units and variable.attrs["long_name"] == output.long_name
        assert variable.attrs["cell_methods"] == f"{output.cell_methods} area: mean"
        assert variable.attrs["cell_measures"].split(": ")[1] in dataset
        assert variable.attrs.get("standard_name", "") == output.standard_name
        assert np.isfinite(variable.values[:, soil]).all(), name
        assert np.isnan(variable.values[:, dataset.cell_kind.values == 0]).all(), name
    found = {
        variable.attrs["standard_name"] for variable in dataset.variables.values() if "standard_name" in variable.attrs
    }
    assert found <= STANDARD_NAMES


def test_times_are_decoded_and_bounds_fit(dataset: xr.Dataset) -> None:
    """Every month is a twelfth of a year of 365 days: after 9 months of 2001 a year ends at midnight."""
    times = [f"{t.year}-{t.month:02d}-{t.day:02d}" for t in dataset.time.values]
    assert times == ["2001-04-02", "2002-04-02", "2003-04-02", "2003-10-01"]
    assert dataset.time.attrs["bounds"] == "time_bounds"
    bounds = dataset.time_bounds.values
    assert (bounds[:, 1] == dataset.time.values).all() and (bounds[1:, 0] == bounds[:-1, 1]).all()
    assert dataset.sizes["step"] == 30
    assert dataset.step_time.values[8].isoformat() == "2002-01-01T00:00:00"
    with xr.open_dataset(dataset.encoding["source"], decode_times=False) as raw:
        assert raw.time.attrs["calendar"] == "noleap" and raw.time.values[1] == 365.0 + 3 * 365.0 / 12.0


def test_coordinates_are_those_of_the_grid(dataset: xr.Dataset) -> None:
    for name, axis in (("x", "X"), ("y", "Y")):
        assert dataset[name].attrs["axis"] == axis and dataset[name].attrs["units"] == "m"
        assert np.diff(dataset[name].values) == pytest.approx(10.0)
    assert "grid_mapping" not in dataset.elev.attrs and "crs" not in dataset  # a made-up slope is nowhere
    assert dataset.layer_bottom.values == pytest.approx([0.1, 0.25, 0.5])
    assert float(np.nansum(dataset.cell_area)) == 4000.0
    assert float(np.nanmax(dataset.darea)) >= 800.0  # a column of eight cells
    # land rises to the north
    assert (np.diff(dataset.elev.values[0, 1:-1, 3]) > 0.0).all()


def test_coordinate_system_is_written(tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    row, column = np.mgrid[0:6, 0:5]
    write_raster(tmp_path / "dem.asc", Raster(100.0 + row + 0.1 * column, 10.0, 10.0, x_left=500000.0, y_bottom=5e6))
    (tmp_path / "here.toml").write_text(runs.SMALL)
    changes = {
        "domain": {"dem": "dem.asc", "outlet": "lowest", "crs": "EPSG:32630"},
        "time.end": "2001-05",
        "land.rules": [{"class": "pasture"}],
    }
    done = run(load(tmp_path / "here.toml", changes), output=tmp_path / "run", quiet=True)
    with done.ds as dataset:
        assert dataset.elev.attrs["grid_mapping"] == "crs" and dataset.cell_area.attrs["grid_mapping"] == "crs"
        assert dataset.crs.attrs["grid_mapping_name"] == "transverse_mercator"
        assert rasterio.crs.CRS.from_wkt(dataset.crs.attrs["crs_wkt"]).to_epsg() == 32630
        assert dataset.x.attrs["standard_name"] == "projection_x_coordinate"
        assert 500000.0 < dataset.x.values[1] < 500050.0


# -- content ---------------------------------------------------------------------------------------------------------


def test_maps_of_fluxes_add_up_to_the_ledger(folder: Path, dataset: xr.Dataset) -> None:
    table = read_ledger(folder / "ledger.csv")
    kinds = {
        "lateral": ("water_erosion", "tillage_erosion"),
        "vertical": ("plant_input", "amendment", "respired"),
        "internal": ("doc_production",),
        "substratum": ("substratum_import", "burial_below_profile"),
    }
    compared, idle = 0, 0
    for name, (sign, label, terms) in FLUX_MAPS.items():
        columns = [f"{label}.{part}" for term in terms for part in kinds.get(term, (term,))]
        if not set(columns) & set(table):  # of a process that does not run here
            assert not np.nan_to_num(dataset[name].values).any(), name
            idle += 1
            continue
        expected = sign * sum(table[column].sum() for column in columns)
        gross = sum(np.abs(table[column]).sum() for column in columns) + 1e-9
        moved = float((np.abs(dataset[name].astype(float)) * dataset.cell_area).sum())
        assert total(dataset, name) == pytest.approx(expected, abs=1e-6 * (gross + moved)), name
        compared += moved > 1.0
    assert compared == len(FLUX_MAPS) - idle and compared >= 14
    assert float(np.abs(dataset.netEro.values[0][np.isfinite(dataset.netEro.values[0])]).max()) == 0.0


def test_every_flux_map_names_terms_that_are_booked() -> None:
    w = build.watershed()
    for process in build.processes(w).values():
        assert process.ledger_terms is not None
    booked = {**w.ledger._terms} | dict.fromkeys(KINDS)
    unknown = {name: [term for term in terms if term not in booked] for name, (_, _, terms) in FLUX_MAPS.items()}
    assert not any(unknown.values()), unknown
    assert set(FLUX_MAPS) <= set(names.OUTPUT)


def test_maps_of_stocks_are_the_state(folder: Path, dataset: xr.Dataset) -> None:
    state = runs.arrays(folder / "restart.nc")
    soil = (dataset.cell_kind.values == 1).ravel()
    stocks = state["state.stocks"].reshape(soil.size, 3, 7)
    last = {name: dataset[name].values[-1].ravel()[soil].astype(float) for name in EVERY}
    assert last["cSoilOrg"] == pytest.approx(stocks[:, :, :5].sum(axis=(1, 2))[soil], rel=1e-6)
    assert last["cSoilInorg"] == pytest.approx(stocks[:, :, 5:].sum(axis=(1, 2))[soil], rel=1e-6)
    top = stocks[:, :2, :5].sum(axis=(1, 2)) + 0.2 * stocks[:, 2, :5].sum(axis=1)  # 30 cm: 5 of the 25 cm of layer 3
    assert last["cSoilOrgTop"] == pytest.approx(top[soil], rel=1e-6)
    assert last["mrso"] == pytest.approx(state["state.water"].reshape(soil.size, 3).sum(axis=1)[soil], rel=1e-6)
    assert last["elev"] == pytest.approx(state["state.elevation"].ravel()[soil], rel=1e-6)
    assert last["inputRatio"] == pytest.approx(state["state.input_scale"].ravel()[soil], rel=1e-6)


def test_stocks_change_by_the_fluxes_of_each_interval(dataset: xr.Dataset) -> None:
    """Map by map and cell by cell: change of SOC = vertical + substratum - lateral loss."""
    soc = dataset.cSoilOrg.values.astype(float)
    change = np.diff(soc, axis=0)
    fluxes = (dataset.fVertSoil + dataset.fSubstratum - dataset.cLateral).values[1:].astype(float)
    assert np.nanmax(np.abs(change - fluxes)) < 2e-6 * np.nanmax(soc)
    assert np.nanmax(np.abs(change)) > 1e-3
    assert dataset.netEro.values[1:] == pytest.approx(
        (dataset.waterEro + dataset.tillEro).values[1:], abs=1e-5, nan_ok=True
    )


def test_outlet_series_and_budget_are_the_ledger(folder: Path, dataset: xr.Dataset) -> None:
    table, budget = read_ledger(folder / "ledger.csv"), runs.record(folder)["budget"]
    assert table["step"].tolist() == list(range(30)) and table["month"][[0, -1]].tolist() == ["2001-04", "2003-09"]
    for label, account in budget["carbon"].items():
        for term, tonnes in account["terms"].items():
            assert tonnes == pytest.approx(table[f"{label}.{term}"].sum() * 1e-3, rel=1e-12, abs=1e-15), (label, term)
        assert account["end"] - account["start"] == pytest.approx(sum(account["terms"].values()), abs=1e-10)
        assert account["closure"] < 1e-10
    hectares, years = budget["area"], budget["years"]
    assert (hectares, years) == (0.4, 2.5)
    assert float(dataset.sediment_export.sum()) == pytest.approx(budget["sediment_yield"] * 1e3 * hectares * years)
    mineral, organic, inorganic = (table[f"{label}.water_erosion_export"] for label in ("soil", "soc", "sic"))
    sediment = mineral + ORGANIC_MATTER_PER_CARBON * organic + CALCITE_PER_CARBON * inorganic
    assert dataset.sediment_export.values == pytest.approx(sediment, rel=1e-12)
    assert dataset.poc_export.values == pytest.approx(organic, rel=1e-12)
    ways = ("runoff", "baseflow", "return_flow", "drain_flow", "subsurface_flow")
    water = sum(table[f"water.{way}_export"] for way in ways)
    assert dataset.discharge.values == pytest.approx(water / 1000.0 / (365.0 * 86400.0 / 12.0), rel=1e-12)
    assert 0.0 < budget["delivery_ratio"] <= 1.0
    start = float((dataset.cSoilOrg[0].astype(float) * dataset.cell_area).sum()) * 1e-3
    assert start == pytest.approx(budget["carbon"]["soc"]["start"], rel=1e-6)


def test_profiles_are_those_of_the_points(folder: Path, dataset: xr.Dataset) -> None:
    assert dataset.point_name.values.tolist() == ["top", "foot"]
    assert (
        np.abs(dataset.point_x.values - 25.0).max() <= 5.0
        and np.abs(dataset.point_y.values - [75.0, 15.0]).max() <= 5.0
    )
    for i in range(2):
        at = {"x": float(dataset.point_x[i]), "y": float(dataset.point_y[i])}
        assert dataset.profile_soc[:, i].sum("layer").values == pytest.approx(dataset.cSoilOrg.sel(at).values, rel=1e-6)
        assert dataset.profile_sic[:, i].sum("layer").values == pytest.approx(
            dataset.cSoilInorg.sel(at).values, rel=1e-6
        )
    assert set(dataset.profile_soc.coords) >= {"point_name", "layer_bottom"}


def test_the_interval_of_maps_changes_no_total(folder: Path, dataset: xr.Dataset, tmp_path: Path) -> None:
    """Monthly records, and one at the end, add up to the same; the ledger is the same to the bit."""
    count = {"month": 31, "end": 2, "decade": 2}
    for every, records in count.items():
        maps = {"output.every": every, "output.maps": ["netEro", "rh", "qdrain"]}
        scenario = runs.small(runs.WATER | maps | PARCELS | CROPS)
        done = run(scenario, output=tmp_path / every, quiet=True)
        with done.ds as other:
            assert other.sizes["time"] == records
            for name in ("netEro", "rh", "qdrain"):
                assert total(other, name) == pytest.approx(total(dataset, name), rel=1e-5, abs=1e-3)
        assert (tmp_path / every / "ledger.csv").read_bytes() == (folder / "ledger.csv").read_bytes()


def test_a_finished_folder_holds_what_it_should(folder: Path) -> None:
    made = {"results.nc", "ledger.csv", "restart.nc", "run.json", "scenario.resolved.toml", "parcels.csv"}
    made |= {"yields.csv", "nitrogen.csv"}
    assert runs.files(folder) == made
    assert not (folder / "records").exists()


# -- pieces ----------------------------------------------------------------------------------------------------------


def test_recorder_of_a_watershed_without_points_or_organic_carbon(tmp_path: Path) -> None:
    w = build.watershed()
    place = Place(w.grid.x_of_node[: w.shape[1]], w.grid.y_of_node[:: w.shape[1]])
    recorder = Recorder(tmp_path, w, Clock(2001, 2001, 0, 0), place, ["cSoilOrg"], {}, 1)
    w.ledger.start_afresh()
    recorder.start()
    recorder.step(Clock(2001, 2001).step(0), {("soc", "respired"): -1.0})
    recorder.finish()
    with open_results(tmp_path) as dataset:
        assert dataset.sizes["time"] == 2 and dataset.point_name.values.tolist() == ["none"]
    with pytest.raises(ValueError, match="no rule"):
        recorder._map("nothing")


def test_topsoil_takes_its_share_of_a_cut_layer() -> None:
    w = build.watershed()
    soc = w.constituents.of_group("soc")
    by_layer = w.stocks[:, :, soc].sum(axis=2)
    expected = by_layer[:, :3].sum(axis=1) + 0.2 * by_layer[:, 3]  # 0.30 m: a fifth of 0.25-0.50
    assert topsoil_stock(w, "soc") == pytest.approx(expected, rel=1e-12)
    assert topsoil_stock(w, "soc", 5.0) == pytest.approx(w.stock("soc"), rel=1e-12)


def test_profile_points_erode_stay_and_gain() -> None:
    cells = np.arange(10, 110)
    net = np.zeros(120)
    net[cells] = np.linspace(-2.0, 3.0, 100)
    points = profile_points(cells, net)
    assert net[points["eroding"]] > 2.5 and net[points["depositional"]] < -1.5 and abs(net[points["stable"]]) < 0.03
    assert profile_points(cells, None) == {"middle": 60} == profile_points(cells, np.zeros(120))


def test_ledger_file_keeps_every_digit_and_widens(tmp_path: Path) -> None:
    """A term that appears in the third step has been zero before; numbers survive to the last bit."""
    file, numbers = LedgerFile(tmp_path), np.random.default_rng(1).normal(size=6) * 1e-7
    file.add(0, "2001-01", {("soc", "b"): numbers[0], ("soc", "a"): numbers[1]})
    file.flush()
    file.add(1, "2001-02", {("soc", "a"): numbers[2]})
    file.add(2, "2001-03", {("soc", "b"): numbers[3], ('odd, "name"', "x"): float(numbers[4])})
    file.flush()
    assert not file.path.exists()
    file.finish()
    table = file.read()
    assert list(table) == ["step", "month", "soc.a", "soc.b", 'odd, "name".x']
    assert table["soc.a"].tolist() == [numbers[1], numbers[2], 0.0]
    assert table["soc.b"].tolist() == [numbers[0], 0.0, numbers[3]]
    assert table['odd, "name".x'].tolist() == [0.0, 0.0, numbers[4]]
    assert runs.files(tmp_path) == {"ledger.csv"}


def test_ledger_file_rewinds(tmp_path: Path) -> None:
    file = LedgerFile(tmp_path)
    for step in range(5):
        file.add(step, f"2001-{step + 1:02d}", {("soc", "a"): float(step)})
    file.flush()
    whole = file.part.read_bytes()
    with file.part.open("a") as handle:
        handle.write("5,2001-0")  # cut off in the middle of a line
    again = LedgerFile(tmp_path)
    again.rewind(3)
    for step in (3, 4):
        again.add(step, f"2001-{step + 1:02d}", {("soc", "a"): float(step)})
    again.flush()
    assert again.part.read_bytes() == whole
    with pytest.raises(ScenarioError, match="5 of the 9 steps"):
        again.rewind(9)
    again.rewind(0)
    assert not again.part.exists()


def test_outlet_series_of_a_ledger_without_exports(tmp_path: Path) -> None:
    series = outlet_series({"step": np.arange(3.0), "month": np.array(["a", "b", "c"])}, 1.0 / 12.0)
    assert all((values == 0.0).all() and values.size == 3 for values, _, _ in series.values())


def test_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    def fail(dataset: netCDF4.Dataset) -> None:
        dataset.createDimension("a", 3)
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        write_atomically(tmp_path / "a.nc", fail)
    assert not (tmp_path / "a.nc").exists()

    def fill(dataset: netCDF4.Dataset) -> None:
        dataset.createDimension("a", 3)
        put(dataset, "v", ("a",), np.array([1.0, np.nan, 3.0], dtype=np.float32), units="m", comment="")

    write_atomically(tmp_path / "a.nc", fill)
    assert runs.files(tmp_path) == {"a.nc"}
    with xr.open_dataset(tmp_path / "a.nc") as dataset:
        assert np.isnan(dataset.v.values[1]) and dataset.v.attrs == {"units": "m"}


def test_stocks_are_read_to_any_depth(folder: Path, dataset: xr.Dataset) -> None:
    state = runs.arrays(folder / "restart.nc")
    soil = (dataset.cell_kind.values == 1).ravel()
    stocks = state["state.stocks"].reshape(soil.size, 3, 7)
    to_50 = dataset["cSoilOrgTop_50cm"]
    assert to_50.values[-1].ravel()[soil] == pytest.approx(stocks[:, :, :5].sum(axis=(1, 2))[soil], rel=1e-6)
    assert to_50.attrs["long_name"] == "soil organic carbon from 0 to 50 cm"
    to_12 = stocks[:, 0, 5:].sum(axis=1) + 2.0 / 15.0 * stocks[:, 1, 5:].sum(axis=1)
    assert dataset["cSoilInorgTop_12cm"].values[-1].ravel()[soil] == pytest.approx(to_12[soil], rel=1e-6)
    shallow, deep = (dataset[f"cSoilOrgESM_{depth}cm"].values[-1].ravel()[soil] for depth in (12, 50))
    assert (shallow < dataset.cSoilOrgESM.values[-1].ravel()[soil]).all() and (shallow < deep).all()
    assert "cSoilOrgTop_30cm" not in dataset


def test_every_parcel_closes_in_both_control_volumes(folder: Path, dataset: xr.Dataset) -> None:
    with (folder / "parcels.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    table = {name: np.array([float(row[name]) for row in rows]) for name in rows[0] if name.endswith(("_t", "_ha"))}
    assert len(rows) > 3 and {row["land_use"] for row in rows} == {"pasture", "maize-wheat"}
    moved = sum(np.abs(table[f"{kind}_t"]) for kind in KINDS)
    change = table["vertical_t"] + table["lateral_t"] + table["substratum_t"] + table["internal_t"]
    assert (np.abs(table["change_t"] - change) <= 1e-10 * moved + 1e-13 * table["soc_start_t"]).all()
    np.testing.assert_allclose(table["residual_t"], table["change_t"] - change, atol=1e-12)
    np.testing.assert_allclose(table["change_same_material_t"] + table["substratum_t"], change, rtol=1e-12)
    assert (np.abs(table["substratum_t"]) > 0.0).any() and (np.abs(table["lateral_t"]) > 0.0).all()
    # all of them are the catchment, and the maps
    area = dataset.cell_area.values
    for column, stock in (("soc_start_t", dataset.cSoilOrg.values[0]), ("soc_end_t", dataset.cSoilOrg.values[-1])):
        assert table[column].sum() == pytest.approx(np.nansum(stock * area) / 1e3, rel=1e-6)
    lost = total(dataset, "cLateral") / 1e3
    assert -table["lateral_t"].sum() == pytest.approx(lost, rel=1e-5)
    assert table["area_ha"].sum() == pytest.approx((dataset.cell_kind.values == 1).sum() * 0.01)
