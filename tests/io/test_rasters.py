"""Rasters: what is written is read, rows are never upside down, and bad files say what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from watershed_c.io.rasters import Raster, RasterError, is_geographic, misalignment, read_raster, same_crs, write_raster

VALUES = np.array([[1.0, 2.0, 3.0], [4.0, np.nan, 6.25]])  # row 0 is the south


@pytest.mark.parametrize("suffix", [".asc", ".nc", ".tif"])
@pytest.mark.parametrize("crs", [None, "EPSG:32630"])
def test_round_trip(tmp_path: Path, suffix: str, crs: str | None) -> None:
    if suffix == ".tif" or crs:
        rasterio = pytest.importorskip("rasterio")
        crs = rasterio.crs.CRS.from_user_input(crs).to_wkt() if crs else None
    raster = Raster(VALUES, 10.0, 20.0, 500.0, 1000.0, crs)
    write_raster(tmp_path / f"a{suffix}", raster)
    again = read_raster(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(again.values, VALUES)
    assert (again.dx, again.dy, again.x_left, again.y_bottom) == (10.0, 20.0, 500.0, 1000.0)
    assert (again.crs is None) == (crs is None) and same_crs(again.crs, crs)
    assert misalignment(raster, again) == ""


def test_first_row_of_an_ascii_file_is_the_north(tmp_path: Path) -> None:
    (tmp_path / "a.asc").write_text(
        "ncols 2\nnrows 2\nxllcenter 5\nyllcenter 5\ncellsize 10\nNODATA_value -1\n9 9\n1 -1")
    raster = read_raster(tmp_path / "a.asc")
    np.testing.assert_array_equal(raster.values, [[1.0, np.nan], [9.0, 9.0]])
    assert (raster.x_left, raster.y_bottom) == (0.0, 0.0)


@pytest.mark.parametrize("northward", [True, False])
def test_netcdf_y_up_or_down(tmp_path: Path, northward: bool) -> None:
    import netCDF4

    with netCDF4.Dataset(tmp_path / "a.nc", "w") as d:
        for dim, axis in (("y", [5.0, 15.0] if northward else [15.0, 5.0]), ("x", [0.0, 10.0, 20.0]), ("time", [0.0])):
            d.createDimension(dim, len(axis))
            d.createVariable(dim, "f8", (dim,))[:] = axis
        d.createVariable("clay", "f4", ("time", "y", "x"))[:] = np.nan_to_num(VALUES if northward else VALUES[::-1])
    raster = read_raster(tmp_path / "a.nc")
    np.testing.assert_array_equal(raster.values, np.nan_to_num(VALUES))
    assert raster.y_bottom == 0.0 and raster.x_left == -5.0


def test_geotiff_north_is_up_for_other_programs(tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    write_raster(tmp_path / "a.tif", Raster(VALUES, 10.0, 10.0, 0.0, 0.0, "EPSG:32630"))
    with rasterio.open(tmp_path / "a.tif") as source:
        assert source.read(1)[0, 0] == 4.0 and source.bounds.top == 20.0
        assert next(source.sample([(5.0, 5.0)]))[0] == 1.0


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.asc", "ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 10\n1 2 3\n", "3 values"),
        ("a.asc", "1 2 3\n", "lacks ncols, nrows, cellsize"),
        ("a.asc", "ncols 1\nnrows 1\ncellsize 10\nabc\n", "not a number"),
        ("a.asc", "ncols x\n", "not a number"),
        ("a.nc", "no netcdf", "NetCDF"),
        ("a.png", "", "ending"),
        (".", "", "folder"),
        ("missing.asc", None, "does not exist"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path: Path, name: str, text: str | None, says: str) -> None:
    if text is not None and name != ".":
        (tmp_path / name).write_text(text)
    with pytest.raises(RasterError, match=says):
        read_raster(tmp_path / name)


def test_bad_geotiff(tmp_path: Path) -> None:
    pytest.importorskip("rasterio")
    (tmp_path / "a.tif").write_text("nothing")
    with pytest.raises(RasterError, match="GeoTIFF"):
        read_raster(tmp_path / "a.tif")


def test_misalignment_in_words() -> None:
    base = Raster(np.zeros((2, 3)), 10.0, 10.0, 0.0, 0.0, "EPSG:32630")
    assert "shifted by 3 east" in misalignment(base, Raster(np.zeros((2, 3)), 10.0, 10.0, 3.0, 0.0))
    assert "cells of 20 x 20" in misalignment(base, Raster(np.zeros((2, 3)), 20.0, 20.0))
    assert "2 x 4 cells" in misalignment(base, Raster(np.zeros((2, 4)), 10.0, 10.0))
    assert "EPSG:4326" in misalignment(base, Raster(np.zeros((2, 3)), 10.0, 10.0, crs="EPSG:4326"))
    assert is_geographic("EPSG:4326") and not is_geographic("EPSG:32630") and not is_geographic(None)
