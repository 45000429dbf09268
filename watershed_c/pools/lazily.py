"""A simulation of lazy (dask) input: nothing is read but one point until the result is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from watershed_c.pools.base import PoolModel
from watershed_c.pools.datasets import LAYER, TIME

if TYPE_CHECKING:
    import xarray as xr

    from watershed_c.pools.cases import Options

#: between the name of a part and that of its variable
MARK = "|"


def simulate_lazily(model: PoolModel, parts: Mapping[str, xr.Dataset], options: Options) -> xr.Dataset:
    """What :func:`watershed_c.pools.simulate.run_parts` gives, of arrays that are computed chunk by chunk.

    Chunks are those of the input along the dimensions of the points; time, layers and places chosen lie in one.
    One point is run at once: its mistakes are told now, those of others when they are computed.
    """
    import xarray as xr

    from watershed_c.pools.simulate import run_parts

    options = replace(options, lazy=True)
    free = [dim for dim in options.dims if dim != LAYER]
    probe = run_parts(
        model,
        {what: part.isel({d: slice(0, 1) for d in free if d in part.dims}).compute() for what, part in parts.items()},
        options,
    )
    merged: xr.Dataset = xr.Dataset()
    for what, part in parts.items():
        bare = part.drop_vars([name for name in part.coords if name not in part.dims])
        bare = bare.rename({TIME: f"{what}{MARK}{TIME}"} if TIME in bare.dims else {})
        merged = merged.merge(bare.rename({name: f"{what}{MARK}{name}" for name in bare.data_vars}))
    merged = merged.chunk({dim: -1 for dim in merged.dims if dim not in free}).unify_chunks()
    template = _template(probe, merged, options.dims)
    return xr.map_blocks(
        _block,
        merged,
        kwargs={"model": model, "whats": tuple(parts), "options": options},
        template=template,
    )


def _template(probe: xr.Dataset, merged: xr.Dataset, dims: tuple[str, ...]) -> xr.Dataset:
    """An empty result of the right shape, names, chunks and attributes."""
    import dask.array  # type: ignore[import-not-found]
    import xarray as xr

    variables = {}
    for name, variable in probe.data_vars.items():
        shape = [merged.sizes[d] if d in dims else probe.sizes[d] for d in variable.dims]
        chunks = tuple(
            merged.chunks.get(d, (size,)) if d in dims else (size,)
            for d, size in zip(variable.dims, shape, strict=True)
        )
        zeros = dask.array.zeros(shape, chunks=chunks, dtype=variable.dtype)
        variables[name] = xr.Variable(variable.dims, zeros, variable.attrs)
    coordinates = {
        name: merged[name].variable if name in merged.coords and name in dims else coordinate.variable
        for name, coordinate in probe.coords.items()
    }
    return xr.Dataset(variables, coordinates, probe.attrs)


def _block(merged: xr.Dataset, model: PoolModel, whats: tuple[str, ...], options: Options) -> xr.Dataset:
    from watershed_c.pools.simulate import run_parts

    parts = {}
    for what in whats:
        names = (str(name).partition(MARK) for name in merged.data_vars)
        mine = {f"{part}{MARK}{name}": name for part, _, name in names if part == what}
        time = f"{what}{MARK}{TIME}"
        parts[what] = merged[list(mine)].rename({**mine, **({time: TIME} if time in merged.dims else {})})
    return run_parts(model, parts, options)
