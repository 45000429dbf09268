"""Idrisi (.rst with .rdc) and SAGA (.sdat with .sgrd) rasters: numbers in one file, words about them in another."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from watershed_c.io.rasters import DEFAULT_NODATA, Raster, RasterError

#: number format by the word of the .rdc and of the .sgrd (little-endian in both)
_IDRISI = {"byte": "u1", "integer": "<i2", "real": "<f4"}
_SAGA = {
    "BYTE": "<i1", "BYTE_UNSIGNED": "<u1", "SHORTINT": "<i2", "SHORTINT_UNSIGNED": "<u2", "INTEGER": "<i4",
    "INTEGER_UNSIGNED": "<u4", "FLOAT": "<f4", "DOUBLE": "<f8",
}  # fmt: skip


def _words(path: Path, sign: str) -> dict[str, str]:
    """Key and value of each line of the file beside a raster."""
    if not path.is_file():
        raise RasterError(f"lacks {path.name}, which says how its numbers are to be read.")
    lines = path.read_text(encoding="latin-1").splitlines()
    pairs = (line.partition(sign) for line in lines)
    return {key.strip().lower(): value.strip() for key, found, value in pairs if found}


def _numbers(words: dict[str, str], described: Path, *keys: str) -> list[float]:
    found = []
    for key in keys:
        try:
            found.append(float(words[key]))
        except (KeyError, ValueError):
            said = f'"{words[key]}"' if key in words else "missing"
            raise RasterError(f'has a {described.name} in which "{key}" is no number ({said}).') from None
    return found


def _values(path: Path, kind: str, rows: int, columns: int) -> np.ndarray:
    stored = np.fromfile(path, dtype=kind)
    if rows < 1 or columns < 1 or stored.size != rows * columns:
        raise RasterError(f"has {stored.size} numbers; {rows} rows x {columns} columns are {rows * columns}.")
    return stored.astype(np.float64).reshape(rows, columns)


def read_idrisi(path: Path) -> Raster:
    """The raster of an .rst file and its .rdc."""
    described = path.with_suffix(".rdc")
    words = _words(described, ":")
    kind = words.get("data type", "").lower()
    if kind not in _IDRISI or words.get("file type", "binary").lower() != "binary":
        said = f"{kind or 'nothing'}, {words.get('file type', 'binary')}"
        raise RasterError(f"is of data type {said}; byte, integer and real in binary files are read.")
    rows, columns, left, right, bottom, top = _numbers(
        words, described, "rows", "columns", "min. x", "max. x", "min. y", "max. y"
    )
    values = _values(path, _IDRISI[kind], int(rows), int(columns))
    try:
        values[values == float(words.get("flag value", "none"))] = np.nan
    except ValueError:  # "none"
        pass
    size = (right - left) / columns, (top - bottom) / rows
    if not min(size) > 0.0:
        raise RasterError(f"has cells of {size[0]:g} x {size[1]:g}.")
    code = re.fullmatch(r"epsg:?\d+", words.get("ref. system", ""), re.IGNORECASE)
    return Raster(np.ascontiguousarray(values[::-1]), *size, left, bottom, code.group(0) if code else None)


def write_idrisi(path: Path, raster: Raster, *, title: str = "", units: str = "unspecified") -> None:
    """Write an .rst file of single precision and its .rdc; NaN becomes -9999."""
    rows, columns = raster.shape
    stored = np.where(np.isnan(raster.values), DEFAULT_NODATA, raster.values)
    known = raster.values[~np.isnan(raster.values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    stored[::-1].astype("<f4").tofile(path)
    right, top = raster.x_left + columns * raster.dx, raster.y_bottom + rows * raster.dy
    entries = {
        "file format": "IDRISI Raster A.1", "file title": title or path.stem, "data type": "real",
        "file type": "binary", "columns": columns, "rows": rows, "ref. system": "plane", "ref. units": "m",
        "unit dist.": "1.0000000", "min. X": repr(float(raster.x_left)), "max. X": repr(float(right)),
        "min. Y": repr(float(raster.y_bottom)), "max. Y": repr(float(top)), "pos'n error": "unspecified",
        "resolution": repr(float(raster.dx)), "min. value": repr(low), "max. value": repr(high),
        "display min": repr(low), "display max": repr(high), "value units": units, "value error": "unspecified",
        "flag value": f"{DEFAULT_NODATA:g}", "flag def'n": "no data", "legend cats": 0,
    }  # fmt: skip
    lines = [f"{key:<12}: {value}" for key, value in entries.items()]
    path.with_suffix(".rdc").write_text("\n".join(lines) + "\n", encoding="latin-1")


def read_saga(path: Path) -> Raster:
    """The raster of an .sdat file and its .sgrd."""
    described = path.with_suffix(".sgrd")
    words = _words(described, "=")
    kind = words.get("dataformat", "").upper()
    if kind not in _SAGA or words.get("byteorder_big", "FALSE").upper() != "FALSE":
        raise RasterError(f"is of data format {kind or 'nothing'}; {', '.join(_SAGA)}, little-endian, are read.")
    columns, rows, size, x, y = _numbers(
        words, described, "cellcount_x", "cellcount_y", "cellsize", "position_xmin", "position_ymin"
    )
    values = _values(path, _SAGA[kind], int(rows), int(columns))
    nodata = words.get("nodata_value", "").partition(";")[0]
    if nodata:
        values[values == float(nodata)] = np.nan
    if words.get("toptobottom", "FALSE").upper() == "TRUE":
        values = values[::-1]
    factor = float(words.get("z_factor", "1") or 1)
    beside = path.with_suffix(".prj")
    crs = beside.read_text(encoding="utf-8").strip() or None if beside.is_file() else None
    return Raster(np.ascontiguousarray(values) * factor, size, size, x - 0.5 * size, y - 0.5 * size, crs)
