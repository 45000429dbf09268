"""The verb `catchment`: from a DEM and a point to the catchment, its streams, sub-basins and sinks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.io.rasters import RasterError, write_raster
from watershed_c.scenario.catchment import catchment_from_dem
from watershed_c.scenario.drainage import Drainage, Sink
from watershed_c.units import UnitError, quantity

#: sinks that are printed; all of them are in the file
TOLD = 10
_COLUMNS = "x,y,cells,level_m,depth_m,volume_m3"


def run_catchment(
    dem: Path,
    outlet: tuple[float, float],
    *,
    snap: float | None = None,
    streams: str | None = None,
    stream_area: str = "0.1 km2",
    breach: bool = False,
    output: Path | None = None,
    overwrite: bool = False,
) -> str:
    """What the verb says; with ``output`` also maps and a table of the sinks.

    Parameters
    ----------
    dem : Path
    outlet : (x, y)
    snap : float, m, optional
    streams : str, optional
        Map, or upslope area with its unit, of the streams to which the outlet is moved.
    stream_area : str
        Upslope area from which cells are stream in the map that is written.
    breach : bool
        Whether the drainage of the maps cuts depressions open.
    output : Path, optional
        Folder: dem, area, streams, basins (.nc) and sinks.csv.
    overwrite : bool

    Raises
    ------
    ScenarioError
        What is given cannot be used.
    """
    if output is not None and output.exists() and not overwrite:
        raise ScenarioError(Problem(str(output), expectation="exists.", suggestion="Add --overwrite."))
    try:
        drawn = None if streams is None else streams if Path(streams).exists() else quantity(streams, "area")
        found = catchment_from_dem(dem, outlet, snap=snap, streams=drawn)
        drainage = found.drainage(depressions="breach" if breach else "trap")
        area = quantity(stream_area, "area")
    except (RasterError, UnitError, ValueError) as error:
        raise ScenarioError(Problem(str(dem), expectation=f"{error}.")) from error
    stream = drainage.streams(area)
    basins = drainage.basins(drainage.reaches(stream))
    sinks = found.drainage().sinks()
    lines = [str(found), f"{int(stream.sum()):,} stream cells in {basins.max():,} reaches (from {stream_area} upslope)"]
    lines += _told(drainage, sinks)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        inside = ~np.isnan(found.dem.values)
        for name, values, units in (
            ("dem", found.dem.values, "m"),
            ("area", np.where(inside, drainage.area, np.nan), "m2"),
            ("streams", np.where(inside, stream, np.nan), "1"),
            ("basins", np.where(basins > 0, basins, np.nan), "1"),
        ):
            write_raster(output / f"{name}.nc", found.dem.with_values(values), name=name, units=units)
        table = [_COLUMNS, *(_row(drainage, sink) for sink in sinks)]
        (output / "sinks.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
        lines.append(f"dem, area, streams, basins (.nc) and sinks.csv in {output}")
    return "\n".join(lines)


def _told(drainage: Drainage, sinks: list[Sink]) -> list[str]:
    if not sinks:
        return ["no closed depressions"]
    cells, volume = sum(sink.cells for sink in sinks), sum(sink.volume for sink in sinks)
    share = 100.0 * cells / drainage.order.size
    lines = [f"{len(sinks):,} closed depressions: {cells:,} cells ({share:.1f} %), {volume:,.0f} m3; the deepest:"]
    for sink in sinks[:TOLD]:
        x, y = drainage.dem.x[sink.column], drainage.dem.y[sink.row]
        lines.append(f"  ({x:.10g}, {y:.10g})  {sink.depth:.2f} m deep below {sink.level:.2f} m, {sink.cells:,} cells")
    return lines


def _row(drainage: Drainage, sink: Sink) -> str:
    x, y = drainage.dem.x[sink.column], drainage.dem.y[sink.row]
    return f"{x:.10g},{y:.10g},{sink.cells},{sink.level:.6g},{sink.depth:.6g},{sink.volume:.6g}"
