"""Rasters in and out: ESRI ASCII (.asc), NetCDF (.nc), GeoTIFF (.tif, with the extra `geo`); in: Idrisi and SAGA, too.

Everywhere in the program row 0 is the SOUTH, as in Landlab, so `values.ravel()` is in node order. Files that start in
the north are turned in one place, `_flip`, when read and when written. Nodata is NaN inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

SUFFIXES = (".asc", ".nc", ".tif", ".tiff", ".rst", ".sdat")
DEFAULT_NODATA = -9999.0


class RasterError(ValueError):
    """A raster file that cannot be used; the message is for the user and does not repeat the file name."""


@dataclass(frozen=True)
class Raster:
    """A map on a regular grid.

    Attributes
    ----------
    values : (rows, cols) float64
        Row 0 is the south; NaN is nodata.
    dx, dy : cell size, m (or degrees, when the CRS is geographic)
    x_left, y_bottom : outer corner of the south-west cell
    crs : WKT or "EPSG:n" text, None when the file does not say
    """

    values: np.ndarray
    dx: float
    dy: float
    x_left: float = 0.0
    y_bottom: float = 0.0
    crs: str | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols)."""
        return self.values.shape[0], self.values.shape[1]

    @property
    def x(self) -> np.ndarray:
        """(cols,) x of cell centres."""
        return self.x_left + self.dx * (np.arange(self.shape[1]) + 0.5)

    @property
    def y(self) -> np.ndarray:
        """(rows,) y of cell centres, northwards."""
        return self.y_bottom + self.dy * (np.arange(self.shape[0]) + 0.5)

    def with_values(self, values: np.ndarray) -> Raster:
        """Other values (any shape with as many cells, node order) on the same grid."""
        return replace(self, values=np.asarray(values, dtype=np.float64).reshape(self.shape))


def _flip(values: np.ndarray) -> np.ndarray:
    """North-up rows as south-up rows and back: the only place where rows change order."""
    return np.ascontiguousarray(values[::-1])


def read_raster(path: str | Path, variable: str | None = None) -> Raster:
    """The raster in a .asc, .nc, .tif, .rst or .sdat file; raises RasterError, in words, when it cannot be used.

    `variable` names the variable of a NetCDF file that holds several maps.
    """
    path = Path(path)
    if not path.is_file():
        raise RasterError("does not exist." if not path.exists() else "is a folder, not a file.")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise RasterError(f'has the ending "{path.suffix}"; maps are {", ".join(SUFFIXES)}.')
    if suffix == ".asc":
        raster = _read_ascii(path)
    elif suffix == ".nc":
        raster = _read_netcdf(path, variable)
    elif suffix in (".rst", ".sdat"):
        from watershed_c.io import gis_rasters

        raster = (gis_rasters.read_idrisi if suffix == ".rst" else gis_rasters.read_saga)(path)
    else:
        raster = _read_geotiff(path)
    if raster.values.ndim != 2 or raster.values.size == 0:
        raise RasterError("holds no map (rows and columns).")
    return raster


def write_raster(path: str | Path, raster: Raster, *, name: str = "map", units: str = "1", long_name: str = "") -> None:
    """Write a map as .asc, .nc or .tif, float64 (12 significant digits in .asc); NaN becomes -9999."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".asc":
        _write_ascii(path, raster)
    elif suffix == ".nc":
        _write_netcdf(path, raster, name, units, long_name)
    elif suffix in (".tif", ".tiff"):
        _write_geotiff(path, raster)
    else:
        raise RasterError(f'has the ending "{path.suffix}"; maps are {", ".join(SUFFIXES)}.')


# ---- ESRI ASCII ------------------------------------------------------------------------------------------------------

_HEADER = {"ncols", "nrows", "xllcorner", "yllcorner", "xllcenter", "yllcenter", "cellsize", "dx", "dy", "nodata_value"}


def _read_ascii(path: Path) -> Raster:
    header: dict[str, float] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RasterError(f"cannot be read as text: {error}") from None
    first = 0
    for first, line in enumerate(lines):  # noqa: B007 the index is used after the loop
        words = line.split()
        if len(words) != 2 or words[0].lower() not in _HEADER:
            break
        try:
            header[words[0].lower()] = float(words[1])
        except ValueError:
            raise RasterError(f'header line {first + 1}: "{words[1]}" is not a number.') from None
    missing = [key for key in ("ncols", "nrows") if key not in header]
    dx, dy = header.get("dx", header.get("cellsize", 0.0)), header.get("dy", header.get("cellsize", 0.0))
    if missing or not (dx > 0.0 and dy > 0.0):
        missing += [] if dx else ["cellsize"]
        raise RasterError(f"is not an ESRI ASCII grid: its header lacks {', '.join(missing) or 'a positive cellsize'}.")
    rows, cols = int(header["nrows"]), int(header["ncols"])
    try:
        values = np.array(" ".join(lines[first:]).split(), dtype=np.float64)
    except ValueError as error:
        raise RasterError(f"holds something that is not a number ({error}).") from None
    if values.size != rows * cols or rows < 1 or cols < 1:
        raise RasterError(f"has {values.size} values; its header says {rows} rows x {cols} columns = {rows * cols}.")
    values[values == header.get("nodata_value", DEFAULT_NODATA)] = np.nan
    left = header.get("xllcorner", header.get("xllcenter", 0.5 * dx) - 0.5 * dx)
    bottom = header.get("yllcorner", header.get("yllcenter", 0.5 * dy) - 0.5 * dy)
    sidecar = path.with_suffix(".prj")
    crs = sidecar.read_text(encoding="utf-8").strip() or None if sidecar.is_file() else None
    return Raster(_flip(values.reshape(rows, cols)), dx, dy, left, bottom, crs)


def _write_ascii(path: Path, raster: Raster) -> None:
    rows, cols = raster.shape
    size = f"cellsize {raster.dx!r}" if raster.dx == raster.dy else f"dx {raster.dx!r}\ndy {raster.dy!r}"
    header = (
        f"ncols {cols}\nnrows {rows}\nxllcorner {raster.x_left!r}\nyllcorner {raster.y_bottom!r}\n{size}\n"
        f"NODATA_value {DEFAULT_NODATA:g}"
    )
    values = np.where(np.isnan(raster.values), DEFAULT_NODATA, raster.values)
    np.savetxt(path, _flip(values), fmt="%.12g", header=header, comments="")
    if raster.crs:
        path.with_suffix(".prj").write_text(raster.crs + "\n", encoding="utf-8")


# ---- NetCDF ----------------------------------------------------------------------------------------------------------


def read_yearly(path: str | Path, variable: str | None = None) -> list[tuple[int, Raster]]:
    """Calendar year and map of each year in a NetCDF file whose maps have a first dimension of years, or of times.

    Raises
    ------
    RasterError
        In words, when it cannot be used.
    """
    import netCDF4

    path = Path(path)
    if not path.is_file():
        raise RasterError("does not exist." if not path.exists() else "is a folder, not a file.")
    with _dataset(path) as dataset:
        name = _chosen(dataset, variable, 3)
        first = dataset.variables[name].dimensions[0]
        if first not in dataset.variables:
            raise RasterError(f'has no coordinate variable for the dimension "{first}".')
        axis = dataset.variables[first]
        values = axis[:]
        if " since " in getattr(axis, "units", ""):
            times = netCDF4.num2date(values, axis.units, getattr(axis, "calendar", "standard"))
            years = [int(moment.year) for moment in np.asarray(times, dtype=object).ravel()]
        else:
            years = [int(round(float(value))) for value in values]
    if years != sorted(set(years)):
        raise RasterError(f'must have one map a year, in order, along "{first}".')
    return [(year, _read_netcdf(path, name, row)) for row, year in enumerate(years)]


def _dataset(path: Path) -> Any:
    """A NetCDF file, opened."""
    import netCDF4

    try:
        return netCDF4.Dataset(path)
    except (OSError, RuntimeError) as error:
        raise RasterError(f"cannot be read as NetCDF: {error}") from None


def _chosen(dataset: Any, variable: str | None, rank: int) -> str:
    """The variable with so many dimensions longer than 1: that named, or the only one."""
    kind = "maps" if rank == 2 else "series of maps"
    maps = [name for name, v in dataset.variables.items() if name not in dataset.dimensions and _long(v) == rank]
    if variable is None:
        if len(maps) != 1:
            raise RasterError(f"holds {len(maps)} {kind} ({', '.join(maps) or 'none'}): name one with variable = ...")
        return str(maps[0])
    if variable not in maps:
        raise RasterError(f'has no map "{variable}"; it holds {", ".join(maps) or "none"}.')
    return variable


def _read_netcdf(path: Path, variable: str | None, row: int | None = None) -> Raster:
    """A map, or that in a row of a series of maps."""
    with _dataset(path) as dataset:
        variable = _chosen(dataset, variable, 2 if row is None else 3)
        data = dataset.variables[variable]
        if not np.issubdtype(data.dtype, np.number):
            raise RasterError(f'variable "{variable}" does not hold numbers.')
        y_name, x_name = [d for d, n in zip(data.dimensions, data.shape, strict=True) if n > 1][-2:]
        taken = data[:] if row is None else data[row]
        values = np.ma.filled(np.ma.masked_array(taken, dtype=np.float64), np.nan).reshape(
            [n for n in taken.shape if n > 1]
        )
        axes = []
        for dim in (y_name, x_name):
            if dim not in dataset.variables:
                raise RasterError(f'has no coordinate variable for the dimension "{dim}".')
            axes.append(np.asarray(dataset.variables[dim][:], dtype=np.float64))
        names = [str(getattr(dataset.variables[d], "standard_name", d)) for d in (y_name, x_name)]
        if names[0] in ("x", "lon", "longitude", "projection_x_coordinate"):
            values, axes, names = values.T, axes[::-1], names[::-1]
        (y, x), steps = axes, [np.diff(axis) for axis in axes]
        for name, step in zip(names, steps, strict=True):
            if not np.allclose(step, step[0], rtol=1e-3, atol=0.0) or step[0] == 0.0:
                raise RasterError(f'coordinate "{name}" is not evenly spaced.')
        crs = _netcdf_crs(dataset, data, names)
    if steps[1][0] < 0.0:
        raise RasterError("has columns that run from east to west.")
    if steps[0][0] < 0.0:
        values, y = _flip(values), y[::-1]
    dx, dy = float((x[-1] - x[0]) / (x.size - 1)), float((y[-1] - y[0]) / (y.size - 1))
    return Raster(np.ascontiguousarray(values), dx, dy, float(x[0]) - 0.5 * dx, float(y[0]) - 0.5 * dy, crs)


def _long(variable: Any) -> int:
    return sum(n > 1 for n in variable.shape)


def _netcdf_crs(dataset: Any, data: Any, names: list[str]) -> str | None:
    mapping = getattr(data, "grid_mapping", None)
    if mapping in dataset.variables:
        for attribute in ("crs_wkt", "spatial_ref"):
            text = getattr(dataset.variables[mapping], attribute, None)
            if text:
                return str(text)
    return "EPSG:4326" if names[0] in ("lat", "latitude") else None


def _write_netcdf(path: Path, raster: Raster, name: str, units: str, long_name: str) -> None:
    import netCDF4

    if is_geographic(raster.crs):
        names = ("latitude", "degrees_north"), ("longitude", "degrees_east")
    else:
        names = ("projection_y_coordinate", "m"), ("projection_x_coordinate", "m")
    with netCDF4.Dataset(path, "w") as dataset:
        dataset.Conventions = "CF-1.11"
        for dim, values, (standard, unit) in (("y", raster.y, names[0]), ("x", raster.x, names[1])):
            dataset.createDimension(dim, values.size)
            axis = dataset.createVariable(dim, "f8", (dim,))
            axis.standard_name, axis.units = standard, unit
            axis[:] = values
        data = dataset.createVariable(name, "f8", ("y", "x"), zlib=True, fill_value=DEFAULT_NODATA)
        data.units, data.long_name = units, long_name or name
        if raster.crs:
            mapping = dataset.createVariable("crs", "i4")
            mapping.crs_wkt = raster.crs
            data.grid_mapping = "crs"
        data[:] = np.ma.masked_invalid(raster.values)


# ---- GeoTIFF ---------------------------------------------------------------------------------------------------------


def _rasterio() -> Any:
    try:
        import rasterio
    except ImportError:
        raise RasterError(
            'is a GeoTIFF, which needs rasterio: pip install "watershed-c[geo]" (or gdal_translate -of AAIGrid)'
        ) from None
    return rasterio


@contextmanager
def _quiet() -> Iterator[None]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NotGeoreferencedWarning: we say it ourselves
        yield


def _read_geotiff(path: Path) -> Raster:
    rasterio = _rasterio()
    try:
        with _quiet(), rasterio.open(path) as source:
            if source.count != 1:
                raise RasterError(f"has {source.count} bands; a map has one.")
            transform = source.transform
            stored = source.read(1, masked=True).astype(np.float64)
            values = np.ma.filled(stored * source.scales[0] + source.offsets[0], np.nan)
            crs = source.crs.to_wkt() if source.crs else None
    except rasterio.errors.RasterioError as error:
        raise RasterError(f"cannot be read as GeoTIFF: {error}") from None
    if transform.b or transform.d or transform.a <= 0.0:
        raise RasterError("is rotated; resample it to a north-up grid first.")
    rows = values.shape[0]
    if transform.e < 0.0:
        return Raster(_flip(values), transform.a, -transform.e, transform.c, transform.f + rows * transform.e, crs)
    return Raster(values, transform.a, transform.e, transform.c, transform.f, crs)


def _write_geotiff(path: Path, raster: Raster) -> None:
    rasterio = _rasterio()
    rows, cols = raster.shape
    transform = rasterio.Affine(raster.dx, 0.0, raster.x_left, 0.0, -raster.dy, raster.y_bottom + rows * raster.dy)
    with _quiet(), rasterio.open(
        path, "w", driver="GTiff", height=rows, width=cols, count=1, dtype="float64", nodata=DEFAULT_NODATA,
        transform=transform, crs=raster.crs, compress="deflate",
    ) as sink:  # fmt: skip
        sink.write(_flip(np.where(np.isnan(raster.values), DEFAULT_NODATA, raster.values)), 1)


# ---- comparison ------------------------------------------------------------------------------------------------------


def is_geographic(crs: str | None) -> bool:
    """True when the CRS is in degrees, as far as its text says."""
    if not crs:
        return False
    text = crs.strip().upper()
    return text.startswith(("GEOGCS", "GEOGCRS", "GEODCRS")) or text == "EPSG:4326" or "+PROJ=LONGLAT" in text


def crs_name(crs: str | None) -> str:
    """Short name for messages: EPSG code if the text ends in one, else the name in the WKT."""
    if not crs:
        return "unknown CRS"
    if re.fullmatch(r"EPSG:\d+", crs.strip(), re.IGNORECASE):
        return crs.strip().upper()
    codes = re.findall(r'(?:AUTHORITY|ID)\["EPSG",\s*"?(\d+)"?\]\]?\s*\]?\s*$', crs)
    if codes:
        return f"EPSG:{codes[-1]}"
    name = re.match(r'\s*\w+\["([^"]+)"', crs)
    return name.group(1) if name else crs[:40]


def same_crs(first: str | None, second: str | None) -> bool:
    """False only when both files say a CRS and the two differ."""
    if not first or not second or first.strip() == second.strip() or crs_name(first) == crs_name(second):
        return True
    try:
        from rasterio.crs import CRS
        from rasterio.errors import CRSError
    except ImportError:
        return False
    try:
        return bool(CRS.from_user_input(first) == CRS.from_user_input(second))
    except CRSError:
        return False


def misalignment(reference: Raster, other: Raster) -> str:
    """What is different between two grids, in words; empty when they coincide (to 1 % of a cell)."""
    if not same_crs(reference.crs, other.crs):
        return f"is in {crs_name(other.crs)}, the DEM in {crs_name(reference.crs)}"
    if abs(other.dx - reference.dx) > 1e-3 * reference.dx or abs(other.dy - reference.dy) > 1e-3 * reference.dy:
        return f"has cells of {other.dx:g} x {other.dy:g}, the DEM {reference.dx:g} x {reference.dy:g}"
    if other.shape != reference.shape:
        return f"has {other.shape[0]} x {other.shape[1]} cells, the DEM {reference.shape[0]} x {reference.shape[1]}"
    shift = (other.x_left - reference.x_left, other.y_bottom - reference.y_bottom)
    if abs(shift[0]) > 0.01 * reference.dx or abs(shift[1]) > 0.01 * reference.dy:
        return f"is shifted by {shift[0]:g} east and {shift[1]:g} north against the DEM"
    return ""
