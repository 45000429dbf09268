"""Writing NetCDF files that are either whole or absent."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np


def write_atomically(path: Path, fill: Callable[[netCDF4.Dataset], None]) -> None:
    """Create ``path`` by filling a temporary file beside it, flushed to disk and then renamed."""
    temporary = path.with_name(path.name + ".part")
    with netCDF4.Dataset(temporary, "w", format="NETCDF4") as dataset:
        fill(dataset)
    with open(temporary, "rb") as handle:
        os.fsync(handle.fileno())
    os.replace(temporary, path)


def put(
    dataset: netCDF4.Dataset, name: str, dims: tuple[str, ...], values: Any, *, compress: bool = True, **attributes: Any
) -> netCDF4.Variable:
    """Add a variable with its attributes (empty ones are left out); what is kept for a while only is not compressed."""
    dtype = values.dtype
    fill_value = dtype.type(np.nan) if dtype == np.float32 else None  # what is exact (float64) has no gaps
    variable = dataset.createVariable(
        name, dtype, dims, zlib=compress and bool(dims), complevel=1, fill_value=fill_value
    )
    variable.setncatts(
        {key: value for key, value in attributes.items() if not (isinstance(value, str) and value == "")}
    )
    variable[...] = values
    return variable
