"""The same catchment in ESRI ASCII, NetCDF and GeoTIFF is the same run to the bit; what does not fit is refused.

Elevations are multiples of 1/64 m, all else whole numbers: the decimals of an ASCII file hold every bit of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests import runs
from watershed_c.assembly import assemble
from watershed_c.errors import ScenarioError
from watershed_c.io.rasters import Raster, read_raster, write_raster
from watershed_c.scenario.inputs import Inputs
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve
from watershed_c.simulation import run

ROWS, COLUMNS, CELL = 14, 12, 20.0
#: km from the origin of Belgian Lambert 72, so that coordinates are long numbers
LEFT, BOTTOM = 162090.0, 165815.0
CRS = "EPSG:31370"
#: stream in the middle; its last cell is the outlet
STREAM = 6
OUTLET = (LEFT + (STREAM + 0.5) * CELL, BOTTOM + 1.5 * CELL)

SCENARIO = """\
schema = 1
title = "valley of two fields and a wood"
[domain]
dem = "dem.asc"
outlet = "lowest"
[time]
start = "2001-04"
end = "2001-09"
[climate]
source = "climate.csv"
latitude = 50.8
[climate.erosivity]
annual = 900
[soil]
layers = ["10 cm", "15 cm", "25 cm"]
clay = { map = "clay.asc", units = "%" }
sand = "20 %"
bulk_density = "1.35 g/cm3"
soc = { value = "50 t/ha", depth = "25 cm" }
erodibility = 0.04
[soil.substratum]
soc = "0.2 %"
[carbon]
initial = { method = "history", years = 1, history_class = "pasture" }
plant_input = "prescribed"
[processes.soil_water]
rain_days = 12
[processes.water_erosion]
ktc_low = 3
ktc_high = 12
[land]
map = "landuse.asc"
classes = { 1 = "maize", 2 = "deciduous-forest" }
parcels = "parcels.asc"
[rotation.maize]
years = ["maize"]
[[rotation.maize.event]]
on = "04-20"
do = "till"
implement = "mouldboard-plough"
[output]
every = "end"
figures = false
"""
MAPS = ("dem", "clay", "landuse", "parcels", "channel")
Rasters = dict[str, Raster]
Writer = Callable[[Path, Raster], None]


def rasters() -> Rasters:
    """A valley that falls to the south, with a little relief on it; the north-east corner is outside."""
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    random = np.random.default_rng(5)
    height = 40.0 + 1.25 * row + 0.75 * np.abs(column - STREAM) + random.integers(0, 32, row.shape) / 64.0
    height[row + column > ROWS + COLUMNS - 6] = np.nan
    dem = Raster(height, CELL, CELL, LEFT, BOTTOM, CRS)
    return {
        "dem": dem,
        "clay": dem.with_values(12.0 + column),
        "landuse": dem.with_values(np.where(column < 3, 2.0, 1.0)),
        "parcels": dem.with_values(np.where(row < 7, 1.0, 2.0)),
        "channel": dem.with_values(np.where((column == STREAM) & (row < 5), 1.0, np.nan)),
    }


def climate() -> dict[str, np.ndarray]:
    """A made-up temperate year, degC and mm, by month."""
    month = np.arange(12)
    return {
        "tmean": np.round(10.0 - 8.0 * np.cos(2.0 * np.pi * (month - 0.5) / 12.0), 1),
        "precipitation": 60.0 + 2.0 * month,
    }


def climate_csv(path: Path, years: int = 0) -> None:
    """The year as normals, or as a series of so many years from 2001."""
    header = ["year", "month"] if years else ["month"]
    lines = [",".join([*header, "tmean_degC", "precipitation_mm"])]
    for year in range(max(years, 1)):
        for month, (warm, wet) in enumerate(zip(*climate().values(), strict=True), 1):
            date = [str(2001 + year), str(month)] if years else [str(month)]
            lines.append(",".join([*date, repr(float(warm)), repr(float(wet))]))
    path.write_text("\n".join(lines) + "\n")


def climate_netcdf(path: Path, years: int = 0) -> None:
    """The same as NetCDF."""
    import netCDF4

    with netCDF4.Dataset(path, "w") as dataset:
        axis = "time" if years else "month"
        months = 12 * max(years, 1)
        dataset.createDimension(axis, months)
        if years:
            time = dataset.createVariable("time", "f8", ("time",))
            time.units, time.calendar = "days since 2001-01-01", "noleap"
            time[:] = (np.arange(months) + 0.5) * 365.0 / 12.0
        else:
            dataset.createVariable("month", "i4", ("month",))[:] = np.arange(1, 13)
        for name, unit in (("tmean", "degC"), ("precipitation", "mm")):
            variable = dataset.createVariable(name, "f8", (axis,))
            variable.units = unit
            variable[:] = np.tile(climate()[name], max(years, 1))


# -- ways to write a map -----------------------------------------------------------------------------------------------


def netcdf_north_first(path: Path, raster: Raster, dtype: str = "f8", nodata: float = -9999.0) -> None:
    """Rows from the north, as most programs write them; a time axis of one step and a lonely CRS attribute."""
    import netCDF4

    with netCDF4.Dataset(path, "w") as dataset:
        for name, axis in (("time", [0.0]), ("y", raster.y[::-1]), ("x", raster.x)):
            dataset.createDimension(name, len(axis))
            dataset.createVariable(name, "f8", (name,))[:] = axis
        dataset.createVariable("spatial_ref", "i4").spatial_ref = str(raster.crs)
        data = dataset.createVariable("layer", dtype, ("time", "y", "x"), fill_value=nodata)
        data.grid_mapping = "spatial_ref"
        data[0] = np.ma.masked_invalid(raster.values[::-1])


def geotiff(
    path: Path, raster: Raster, dtype: str = "float64", nodata: float | None = -9999.0, south_first: bool = False
) -> None:
    """Written by rasterio itself."""
    rasterio = pytest.importorskip("rasterio")
    rows, columns = raster.shape
    values = raster.values if nodata is None else np.where(np.isnan(raster.values), nodata, raster.values)
    top = rasterio.Affine(raster.dx, 0.0, raster.x_left, 0.0, -raster.dy, raster.y_bottom + rows * raster.dy)
    foot = rasterio.Affine(raster.dx, 0.0, raster.x_left, 0.0, raster.dy, raster.y_bottom)
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=columns, count=1, dtype=dtype, nodata=nodata,
        transform=foot if south_first else top, crs=raster.crs,
    ) as sink:  # fmt: skip
        sink.write((values if south_first else values[::-1]).astype(dtype), 1)


FORMATS: dict[str, tuple[str, Writer]] = {
    "asc": (".asc", write_raster),
    "nc-y-up": (".nc", write_raster),
    "nc-y-down": (".nc", netcdf_north_first),
    "tif-y-down": (".tif", geotiff),
    "tif-y-up": (".tif", lambda path, raster: geotiff(path, raster, south_first=True)),
}


def written(
    folder: Path, suffix: str = ".asc", writer: Writer = write_raster, text: str = SCENARIO, **changed: Raster
) -> Path:
    """The scenario with all its files, maps in one format; ``changed`` maps take the place of those of the valley."""
    folder.mkdir(exist_ok=True)
    for name, raster in (rasters() | changed).items():
        if name in MAPS:
            writer(folder / f"{name}{suffix}", raster)
    climate_csv(folder / "climate.csv")
    path = folder / "valley.toml"
    path.write_text(text.replace(".asc", suffix))
    return path


def resolved(path: Path, *overrides: str) -> Inputs:
    return resolve(load(path, list(overrides)), overwrite=True)


def problem(path: Path, *overrides: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        resolved(path, *overrides)
    return str(caught.value)


def with_channel(text: str) -> str:
    return text.replace('outlet = "lowest"\n', 'outlet = "lowest"\nchannel = "channel.asc"\n')


# -- the same run ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results from ESRI ASCII and CSV."""
    folder = tmp_path_factory.mktemp("plain")
    return run(written(folder, text=with_channel(SCENARIO)), output=folder / "run", quiet=True).directory


def assert_same_numbers(first: Path, second: Path) -> None:
    for name in ("results.nc", "restart.nc"):
        one, two = runs.arrays(first / name), runs.arrays(second / name)
        assert set(one) - {"crs"} == set(two) - {"crs"}
        for key in set(one) - {"crs"}:
            a, b = one[key], two[key]
            assert (a == b).all() if a.dtype == object else a.tobytes() == b.tobytes(), f"{key} of {name}"
    assert (first / "ledger.csv").read_bytes() == (second / "ledger.csv").read_bytes()


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "asc"])
def test_every_format_gives_the_same_bits(tmp_path: Path, plain: Path, name: str) -> None:
    suffix, writer = FORMATS[name]
    path = written(tmp_path / "in", suffix, writer, with_channel(SCENARIO))
    finished = run(path, output=tmp_path / "run", quiet=True)
    assert_same_numbers(plain, finished.directory)
    assert np.nanmax(np.abs(runs.arrays(finished.directory / "results.nc")["netEro"][-1])) > 0.0


def test_results_carry_the_coordinate_system(plain: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    xarray = pytest.importorskip("xarray")
    with xarray.open_dataset(plain / "results.nc") as results:
        crs = rasterio.crs.CRS.from_wkt(results["crs"].attrs["crs_wkt"])
        assert crs.to_epsg() == 31370
        assert results["netEro"].attrs.get("grid_mapping", results["netEro"].encoding.get("grid_mapping")) == "crs"
        x, y = results["x"].values, results["y"].values
        assert (np.diff(x) == CELL).all() and (np.diff(y) == CELL).all()
        # the collar of one cell lies outside the DEM
        assert x[0] == LEFT - 0.5 * CELL and y[0] == BOTTOM - 0.5 * CELL


@pytest.mark.parametrize("years", [0, 2])
def test_climate_as_csv_and_netcdf(tmp_path: Path, plain: Path, years: int) -> None:
    path = written(tmp_path / "in", text=with_channel(SCENARIO).replace("climate.csv", "climate.nc"))
    climate_netcdf(tmp_path / "in" / "climate.nc", years)
    if years == 0:
        assert_same_numbers(plain, run(path, output=tmp_path / "run", quiet=True).directory)
        return
    # a series: January to March before the start belong to the year before, which a table must not need
    climate_csv(tmp_path / "in" / "series.csv", years)
    one, two = resolved(path), resolved(path, 'climate.source="series.csv"')
    for key, values in vars(one.climate).items():
        np.testing.assert_array_equal(values, vars(two.climate)[key], err_msg=key)
    np.testing.assert_array_equal(one.climate.temperature, np.tile(climate()["tmean"], years))


# -- what does not fit -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("which", ["clay", "landuse", "parcels", "channel"])
def test_maps_that_do_not_fit_are_refused(tmp_path: Path, name: str, which: str) -> None:
    suffix, writer = FORMATS[name]
    keys = {"clay": "soil.clay.map", "landuse": "land.map", "parcels": "land.parcels.map", "channel": "domain.channel"}
    good = rasters()[which]
    for number, (wrong, words) in enumerate(
        [
            (replace(good, crs="EPSG:32631"), "is in EPSG:32631, the DEM in EPSG:31370"),
            (replace(good, x_left=LEFT + 5.0), "shifted by 5 east and 0 north"),
            (replace(good, dx=CELL / 2, dy=CELL / 2), "cells of 10 x 10, the DEM 20 x 20"),
            (replace(good, values=good.values[1:]), "has 13 x 12 cells, the DEM 14 x 12"),
        ]
    ):
        message = problem(written(tmp_path / str(number), suffix, writer, with_channel(SCENARIO), **{which: wrong}))
        assert "valley.toml:" in message
        assert keys[which] in message and f"{which}{suffix}" in message and words in message, message


def test_crs_of_a_dem_that_does_not_say_it(tmp_path: Path) -> None:
    bare = replace(rasters()["dem"], crs=None)
    path = written(tmp_path, dem=bare)
    (tmp_path / "dem.prj").unlink(missing_ok=True)
    assert resolved(path, f'domain.crs="{CRS}"').terrain.crs == CRS
    assert "EPSG:31370, the DEM in EPSG:32631" in problem(path, 'domain.crs="EPSG:32631"')


def test_one_crs_written_in_different_ways_is_one(tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    path = written(tmp_path)
    for text in (rasterio.crs.CRS.from_epsg(31370).to_wkt(), "epsg:31370"):
        (tmp_path / "clay.prj").write_text(text)
        resolved(path)


# -- nodata ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "writer"),
    [
        (".tif", lambda p, r: geotiff(p, r, "float32", -32768.0)),
        (".tif", lambda p, r: geotiff(p, r, "float64", None)),  # NaN itself
        (".tif", lambda p, r: geotiff(p, r, "float64", float("nan"))),
        (".nc", lambda p, r: netcdf_north_first(p, r, "f4", 1e20)),
        (".nc", lambda p, r: netcdf_north_first(p, r, "f8", float("nan"))),
    ],
    ids=["tif -32768", "tif NaN undeclared", "tif NaN", "nc 1e20", "nc NaN"],
)
def test_nodata_however_it_is_written(tmp_path: Path, suffix: str, writer: Writer) -> None:
    expected = resolved(written(tmp_path / "asc"))
    result = resolved(written(tmp_path / "other", suffix, writer))
    np.testing.assert_array_equal(result.active, expected.active)
    np.testing.assert_array_equal(result.elevation, expected.elevation)  # 1/64 m is exact in single precision
    assert expected.active.sum() == np.isfinite(rasters()["dem"].values).sum() - 1  # all but the outlet


def test_nodata_of_whole_numbers(tmp_path: Path) -> None:
    raster = rasters()["landuse"].with_values(np.where(np.isnan(rasters()["dem"].values), np.nan, 1.0))
    geotiff(tmp_path / "a.tif", raster, "int16", -1.0)
    np.testing.assert_array_equal(read_raster(tmp_path / "a.tif").values, raster.values)
    (tmp_path / "a.asc").write_text("ncols 2\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 1\nNODATA_value 255\n255 3\n")
    np.testing.assert_array_equal(read_raster(tmp_path / "a.asc").values, [[np.nan, 3.0]])


def test_scaled_values_are_unpacked(tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    netcdf = pytest.importorskip("netCDF4")
    raster = rasters()["landuse"].with_values(np.full((ROWS, COLUMNS), 125.0))
    geotiff(tmp_path / "a.tif", raster, "int16", -1.0)
    with rasterio.open(tmp_path / "a.tif", "r+") as source:
        source.scales, source.offsets = (0.1,), (2.0,)
    netcdf_north_first(tmp_path / "a.nc", raster, "i2", -1)
    with netcdf.Dataset(tmp_path / "a.nc", "a") as dataset:
        dataset["layer"].scale_factor, dataset["layer"].add_offset = 0.1, 2.0
    for suffix in (".tif", ".nc"):
        np.testing.assert_allclose(read_raster(tmp_path / f"a{suffix}").values, 14.5, rtol=1e-15)


def test_nodata_that_is_not_declared_is_noticed(tmp_path: Path) -> None:
    dem = rasters()["dem"]
    path = written(tmp_path, dem=dem.with_values(np.where(np.isnan(dem.values), -32768.0, dem.values)))
    assert "Is a nodata value not declared in the file" in problem(path)


def test_a_gap_in_a_map_is_told_with_its_place(tmp_path: Path) -> None:
    clay = rasters()["clay"].values.copy()
    clay[3, 2] = np.nan
    message = problem(written(tmp_path, clay=rasters()["clay"].with_values(clay)))
    assert f"1 cells have no value (first at x {LEFT + 50:g}, y {BOTTOM + 70:g})" in message


# -- a hole in the DEM -------------------------------------------------------------------------------------------------

HOLE = (slice(6, 9), slice(STREAM, STREAM + 2))


@pytest.mark.parametrize("outlet", ["lowest", "edges", "point"])
def test_water_runs_round_a_hole(tmp_path: Path, outlet: str) -> None:
    """A hole in the valley floor takes its own cells away and nothing else: it is no way out."""
    dem = rasters()["dem"].values.copy()
    dem[HOLE] = np.nan
    dem[5, STREAM] = 30.0  # lower than the edge: beside the hole, but not on the edge
    whole = written(tmp_path / "whole")
    path = written(tmp_path / "hole", dem=rasters()["dem"].with_values(dem))
    choice = f"domain.outlet={list(OUTLET)}" if outlet == "point" else f'domain.outlet="{outlet}"'
    expected, result = resolved(whole, choice), resolved(path, choice)
    # open nodes, by their place on the ground
    np.testing.assert_array_equal(places(result, result.status == 1), places(expected, expected.status == 1))
    assert len(places(expected, expected.active)) - len(places(result, result.active)) == 6
    warning = [text for text in result.warnings if "without data inside" in text]
    assert len(warning) == 1 and warning[0].startswith("domain.dem: 6 cells"), result.warnings
    assert f"x {LEFT + (STREAM + 0.5) * CELL:g}, y {BOTTOM + 6.5 * CELL:g}" in warning[0]
    assert not any("without data inside" in text for text in expected.warnings)


def places(inputs: Inputs, mask: np.ndarray) -> list[tuple[float, float]]:
    rows, columns = np.nonzero(mask.reshape(inputs.shape))
    return sorted(zip(inputs.terrain.x[columns].tolist(), inputs.terrain.y[rows].tolist(), strict=True))


def test_all_that_flows_into_the_valley_flows_out_of_it(tmp_path: Path) -> None:
    """With a hole in it the catchment still sheds all of its water at the one outlet."""
    dem = rasters()["dem"].values.copy()
    dem[HOLE] = np.nan
    watershed = assemble(resolved(written(tmp_path, dem=rasters()["dem"].with_values(dem)))).watershed
    (outlet,) = watershed.outlets
    reached = watershed.drainage_area[outlet]
    assert reached == pytest.approx(watershed.active.sum() * watershed.cell_area, rel=1e-12)


# -- the outlet --------------------------------------------------------------------------------------------------------


def test_outlet_is_moved_to_the_stream(tmp_path: Path) -> None:
    path = written(tmp_path)
    on_stream = resolved(path, f"domain.outlet={list(OUTLET)}")
    assert not any("outlet was moved" in text for text in on_stream.warnings)
    beside = [OUTLET[0] + 2.2 * CELL, OUTLET[1]]
    moved = resolved(path, f"domain.outlet={beside}")
    assert any("outlet was moved 40 m to the largest stream nearby" in text for text in moved.warnings)
    np.testing.assert_array_equal(moved.elevation, on_stream.elevation)
    np.testing.assert_array_equal(moved.status, on_stream.status)
    # it stays where it was put when it may not move, and a point without a stream is refused
    put = resolved(path, f"domain.outlet={beside}", 'domain.snap="0 m"')
    assert places(put, put.status == 1) == [(beside[0] - 0.2 * CELL, beside[1])]
    assert 0 < put.active.sum() < 0.5 * on_stream.active.sum()
    crest = [OUTLET[0] + 3 * CELL, BOTTOM + (ROWS - 3.5) * CELL]
    assert "drains only" in problem(path, f"domain.outlet={crest}", 'domain.snap="0 m"')
    far = resolved(path, f"domain.outlet={[OUTLET[0] + 4 * CELL, OUTLET[1]]}", 'domain.snap="80 m"')
    np.testing.assert_array_equal(far.elevation, on_stream.elevation)


def test_outlet_outside_the_data(tmp_path: Path) -> None:
    path = written(tmp_path)
    corner = [LEFT + (COLUMNS - 0.5) * CELL, BOTTOM + (ROWS - 0.5) * CELL]
    for point in ([0.0, 0.0], corner):
        assert "lies outside the data of the DEM" in problem(path, f"domain.outlet={point}")
    assert "Did you swap x and y?" in problem(path, f"domain.outlet={list(OUTLET[::-1])}")


# -- the channel map ---------------------------------------------------------------------------------------------------


def test_channel_map_makes_channel(tmp_path: Path) -> None:
    """Cells with a number other than 0 are channel; 0 and nodata are not; other maps may have gaps there."""
    maps = rasters()
    marked = np.where(np.isnan(maps["channel"].values), 0.0, -3.0)
    for name in ("clay", "landuse"):
        maps[name] = maps[name].with_values(np.where(marked != 0.0, np.nan, maps[name].values))
    maps["channel"] = maps["channel"].with_values(marked)
    path = written(tmp_path, text=with_channel(SCENARIO), **maps)
    result = resolved(path)
    # the southernmost of the five is the outlet
    assert result.channel.sum() == 4 and not (result.channel & ~result.active).any()
    soil = result.active & ~result.channel
    assert (result.land.index[result.channel] == -1).all() and (result.land.index[soil] >= 0).all()
    watershed = assemble(result).watershed
    np.testing.assert_array_equal(watershed.channel, result.channel)
    assert (watershed.mineral[watershed.channel] == 0.0).all() and (watershed.mineral[watershed.cells] > 0.0).all()
    # together with cells that drain much
    both = assemble(resolved(path, 'domain.channel_area="1 ha"')).watershed
    large = both.active & (both.drainage_area >= 1e4)
    np.testing.assert_array_equal(both.channel, result.channel | large)
    assert both.channel.sum() > result.channel.sum()


def test_channel_map_of_another_place_or_of_everything(tmp_path: Path) -> None:
    maps = rasters()
    text = with_channel(SCENARIO)
    nothing = written(tmp_path / "a", text=text, channel=maps["channel"].with_values(np.zeros((ROWS, COLUMNS))))
    assert any("marks no cell of the catchment" in warning for warning in resolved(nothing).warnings)
    everything = written(tmp_path / "b", text=text, channel=maps["channel"].with_values(np.ones((ROWS, COLUMNS))))
    assert "domain.channel" in problem(everything) and "none is left that has soil" in problem(everything)
    missing = written(tmp_path / "c", text=text)
    (tmp_path / "c" / "channel.asc").unlink()
    assert "domain.channel" in problem(missing) and "does not exist" in problem(missing)
    point = [LEFT + (STREAM + 0.5) * CELL, BOTTOM + 3.5 * CELL]
    assert "which has no soil" in problem(written(tmp_path / "d", text=text), f"output.points={{ weir = {point} }}")


def test_sediment_that_reaches_the_channel_leaves(tmp_path: Path, plain: Path) -> None:
    """Rule 22: no soil, no loss and no gain on channel cells; what enters them is the sediment yield."""
    maps = runs.arrays(plain / "results.nc")
    kind = maps["cell_kind"]
    assert (kind == 2).sum() == 4
    # maps have no value where there is no soil
    assert not np.isfinite(maps["netEro"][:, kind != 1]).any() and np.isfinite(maps["netEro"][:, kind == 1]).all()
    lost = maps["netEro"][1:].sum(axis=0)[kind == 1].astype(np.float64).sum() * CELL**2
    without = run(written(tmp_path / "in"), output=tmp_path / "run", quiet=True).directory
    assert runs.record(plain)["channel_cells"] == 4 and runs.record(without)["channel_cells"] == 0
    assert lost > 0.0
    budget = runs.record(plain)["budget"]
    # mineral soil: the maps add up to the export, to the digits of their 4 bytes
    exported = [float(v) for v in column(plain / "ledger.csv", "soil.water_erosion_export")]
    assert sum(exported) == pytest.approx(lost, rel=1e-5)
    assert 0.0 < budget["delivery_ratio"] <= 1.0


def column(path: Path, name: str) -> list[str]:
    lines = [line.split(",") for line in path.read_text().splitlines()]
    return [line[lines[0].index(name)] for line in lines[1:]]
