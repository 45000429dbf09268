"""Idrisi and SAGA rasters: what is written comes back, what others write is read, what is wrong is said in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from watershed_c.io.gis_rasters import write_idrisi
from watershed_c.io.rasters import Raster, RasterError, read_raster

VALUES = np.array([[1.5, np.nan, -3.0], [4.0, 5.25, 6.0]])


def test_idrisi_there_and_back(tmp_path: Path) -> None:
    write_idrisi(tmp_path / "a.rst", Raster(VALUES, 20.0, 20.0, 162090.0, 165815.0), units="m")
    back = read_raster(tmp_path / "a.rst")
    np.testing.assert_array_equal(back.values, VALUES)
    assert (back.dx, back.dy, back.x_left, back.y_bottom) == (20.0, 20.0, 162090.0, 165815.0)
    stored = np.fromfile(tmp_path / "a.rst", dtype="<f4")
    assert stored.tolist() == [4.0, 5.25, 6.0, 1.5, -9999.0, -3.0]  # the north first
    told = (tmp_path / "a.rdc").read_text()
    assert "min. value  : -3.0" in told and "max. value  : 6.0" in told


def idrisi(folder: Path, kind: str, numbers: np.ndarray, flag: str = "none") -> Path:
    (folder / "b.rst").write_bytes(numbers.tobytes())
    (folder / "b.rdc").write_text(
        f"file format : IDRISI\ndata type   : {kind}\nfile type   : binary\ncolumns     : 3\n"
        "rows        : 2\nref. system : plane\nmin. X      : 0\nmax. X      : 15\nmin. Y : 100\nmax. Y      : 110\n"
        f"flag value  : {flag}\n"
    )
    return folder / "b.rst"


@pytest.mark.parametrize(("kind", "dtype"), [("byte", "u1"), ("integer", "<i2"), ("real", "<f4")])
def test_idrisi_of_each_data_type(kind: str, dtype: str, tmp_path: Path) -> None:
    raster = read_raster(idrisi(tmp_path, kind, np.arange(6).astype(dtype), flag="2"))
    np.testing.assert_array_equal(raster.values, [[3.0, 4.0, 5.0], [0.0, 1.0, np.nan]])
    assert (raster.dx, raster.dy, raster.y_bottom) == (5.0, 5.0, 100.0)


def test_saga_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "c.sdat").write_bytes(np.array([1, 2, 3, 4, -99, 6], dtype="<f4").tobytes())
    (tmp_path / "c.sgrd").write_text(
        "NAME\t= c\nDATAFORMAT\t= FLOAT\nBYTEORDER_BIG\t= FALSE\nPOSITION_XMIN\t= 10.0\nPOSITION_YMIN\t= 20.0\n"
        "CELLCOUNT_X\t= 3\nCELLCOUNT_Y\t= 2\nCELLSIZE\t= 4.0\nZ_FACTOR\t= 1.0\nNODATA_VALUE\t= -99.0;-99.0\n"
        "TOPTOBOTTOM\t= FALSE\n"
    )
    raster = read_raster(tmp_path / "c.sdat")
    np.testing.assert_array_equal(raster.values, [[1.0, 2.0, 3.0], [4.0, np.nan, 6.0]])
    assert (raster.x_left, raster.y_bottom, raster.dx) == (8.0, 18.0, 4.0)


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    (tmp_path / "d.rst").write_bytes(b"")
    with pytest.raises(RasterError, match=r"lacks d\.rdc"):
        read_raster(tmp_path / "d.rst")
    with pytest.raises(RasterError, match="has 5 numbers; 2 rows x 3 columns are 6"):
        read_raster(idrisi(tmp_path, "real", np.arange(5).astype("<f4")))
    with pytest.raises(RasterError, match="of data type rgb24"):
        read_raster(idrisi(tmp_path, "RGB24", np.arange(6).astype("<f4")))
    path = idrisi(tmp_path, "real", np.arange(6).astype("<f4"))
    beside = path.with_suffix(".rdc")
    beside.write_text(beside.read_text().replace("max. X      : 15", "max. X : east"))
    with pytest.raises(RasterError, match='"max. x" is no number'):
        read_raster(path)
