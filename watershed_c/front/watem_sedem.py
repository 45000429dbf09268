"""A choices file (.ini) of WaTEM/SEDEM with its rasters: read, run for the mean year, written under its names."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from watershed_c.errors import Problem, ScenarioError
from watershed_c.front.mean_year import Catchment, MeanYear, coefficients, mean_year
from watershed_c.io.gis_rasters import write_idrisi
from watershed_c.io.rasters import Raster, RasterError, misalignment, read_raster
from watershed_c.io.watem_files import BUFFER_EXTENSION, Choices, read_choices
from watershed_c.kernels.parcel_network import ParcelLand
from watershed_c.kernels.two_receivers import FOREST, OUTSIDE, PASTURE, RIVER
from watershed_c.scenario.parcels import COVER_OF_DAMS, COVER_OF_DITCHES, basins, drawn_routes

TOTALS, ROUTING, RECORD = "Total sediment.txt", "routing.txt", "run.json"
SEGMENTS = "Total sediment segments.txt"
#: lines of the table of totals, by the term of the budget; the first four are always written
LINES = {
    "erosion": "Total erosion", "deposition": "Total deposition",
    "river": "Sediment leaving the catchment, via the river",
    "outside": "Sediment leaving the catchment, not via the river",
    "buffers": "Sediment trapped in buffers", "sewers": "Sediment entering sewer system",
}  # fmt: skip


class _Maps:
    """The maps of a choices file on the grid of its DTM, with a ring of cells outside round them."""

    def __init__(self, choices: Choices) -> None:
        self.choices, self.problems = choices, list[Problem]()
        self.rasters: dict[str, Raster] = {}
        for key, path in choices.maps.items():
            try:
                self.rasters[key] = read_raster(path)
            except RasterError as error:
                self.wrong(key, str(error))
        dtm = self.rasters.get("dtm filename")
        if dtm is None:
            raise ScenarioError(self.problems)
        for key, raster in self.rasters.items():
            if different := misalignment(dtm, raster):
                self.wrong(key, f"{different.replace('the DEM', 'the DTM')}; all maps must lie on one grid.")
        self.done()
        self.dtm = dtm

    def wrong(self, key: str, expectation: str, suggestion: str = "") -> None:
        shown = self.choices.maps[key].name if key in self.choices.maps else ""
        self.problems.append(Problem(str(self.choices.file), None, key, shown, expectation, suggestion))

    def done(self) -> None:
        if self.problems:
            raise ScenarioError(self.problems)

    def get(self, key: str, *, outside: float = 0.0) -> np.ndarray:
        """(n,) values with the ring; ``outside`` in it and where there is no data."""
        values = np.nan_to_num(self.rasters[key].values, nan=outside)
        return np.pad(values, 1, constant_values=outside).ravel()

    def whole(self, key: str, low: int, high: int) -> np.ndarray:
        """(n,) whole numbers from ``low`` to ``high``; 0 where there is no data."""
        values = self.get(key)
        wrong = values[(values != np.round(values)) | (values < low) | (values > high)]
        if wrong.size:
            self.wrong(key, f"has {wrong[0]:g}; its values are whole numbers from {low} to {high}.")
            return np.zeros(values.size, dtype=np.int64)
        return values.astype(np.int64)

    def share(self, key: str, cells: np.ndarray, high: float) -> np.ndarray:
        """(n,) values of cells, that must be there and lie from 0 to ``high``."""
        values = self.get(key, outside=np.nan)
        missing = int(np.isnan(values[cells]).sum())
        if missing:
            self.wrong(key, f"has no data in {missing:,} cells of the catchment.")
        elif (values[cells] < 0.0).any() or (values[cells] > high).any():
            wrong = values[cells][(values[cells] < 0.0) | (values[cells] > high)][0]
            self.wrong(key, f"has {wrong:g}; its values are 0 to {high:g}.")
        return np.nan_to_num(values, nan=0.0)


def read_catchment(choices: Choices) -> tuple[Catchment, Raster]:
    """The catchment a choices file speaks of, and the raster of its nodes (with a ring of one cell round the DTM).

    Raises
    ------
    ScenarioError
        Every map that is missing, does not fit or has values that cannot be, by its key.
    """
    maps, choice, number = _Maps(choices), choices.choice, choices.number
    dtm = maps.dtm
    grid = Raster(
        np.pad(dtm.values, 1, constant_values=np.nan), dtm.dx, dtm.dy, dtm.x_left - dtm.dx, dtm.y_bottom - dtm.dy,
        dtm.crs,
    )  # fmt: skip
    if abs(dtm.dx - dtm.dy) > 1e-3 * dtm.dx:
        maps.wrong("dtm filename", f"has cells of {dtm.dx:g} x {dtm.dy:g} m; they must be square.")
    elevation = grid.values.ravel()
    code = maps.whole("parcel filename", -6, 32767)
    core = code != OUTSIDE
    if not core.any():
        maps.wrong("parcel filename", "is 0 everywhere: no cell is in the catchment.")
    if lacking := int(np.isnan(elevation[core]).sum()):
        maps.wrong("dtm filename", f"has no data in {lacking:,} cells of the catchment.")
    # a river needs none of these
    cells = core & (code != RIVER)
    cover, practice = maps.share("c factor map filename", cells, 1.0), maps.share("p factor map filename", cells, 1.0)
    erodibility = maps.share("k factor filename", cells, 1000.0) / 1000.0
    own = np.ones(code.size)
    for where, key in ((code > 0, "cropland"), (code == FOREST, "forest"), (code == PASTURE, "pasture")):
        own[where] = 1.0 - number[f"parcel trapping efficiency {key}"] / 100.0
    to_field, to_forest, to_strip = (
        number[f"parcel connectivity {key}"] / 100.0 for key in ("cropland", "forest", "grasstrips")
    )
    route, ditch, dam = _lines(maps, core, core | np.isfinite(elevation), grid.shape[1])
    passing, kept = _buffers(maps, core, route)
    river_route = None
    if choice["river routing"]:
        way = np.where(code == RIVER, maps.whole("river routing filename", 0, 8), 0)
        river_route = drawn_routes(way, np.zeros_like(way), core | np.isfinite(elevation), grid.shape[1])[0]
    segments = maps.whole("river segment filename", 0, 2**31 - 1) if choice["output per river segment"] else None
    for column, row, to_column, to_row in choices.forced:
        source = (dtm.shape[0] + 1 - row) * grid.shape[1] + column
        target = (dtm.shape[0] + 1 - to_row) * grid.shape[1] + to_column
        inside = all(c <= dtm.shape[1] for c in (column, to_column)) and all(r <= dtm.shape[0] for r in (row, to_row))
        if not inside or not core[source]:
            maps.wrong("force routing", f"from ({column}, {row}) to ({to_column}, {to_row}) is not in the catchment.")
        else:
            route[source] = target
    sewer = None
    if choice["include sewers"]:
        sewer = np.where(cells, maps.share("sewer map filename", cells, 1.0), 0.0)
    bearing = roughness = None
    if choice["include tillage direction"]:
        bearing = np.where(code > 0, maps.get("tillage direction filename", outside=np.nan), np.nan)
        roughness = maps.get("oriented roughness filename")
    cover = np.where(dam, COVER_OF_DAMS, np.where(ditch, COVER_OF_DITCHES, cover))
    if choice["create ktc map"] or choice["calibrate"]:
        low, high = number.get("ktc low", 1.0), number.get("ktc high", 1.0)
        coefficient = coefficients(code, cover, low, high, number["ktc limit"], dam=dam, ditch=ditch)
    else:
        coefficient = maps.share("ktc map filename", cells, 1e6)
    tillage = None
    if choice["calculate tillage erosion"]:
        if choice["create ktil map"]:
            tillage = np.where(cover > number["ktil threshold"], number["ktil default"], 0.0)
        else:
            tillage = maps.share("ktil map filename", cells, 1e5)
    maps.done()
    parcels = ParcelLand(
        code=code, own=own, connectivity=(to_field, to_forest, to_strip), window=int(number["max kernel"]),
        cardinal_rivers=choice["cardinal routing river"], route=route if (route >= 0).any() else None,
        line=ditch | dam if (ditch | dam).any() else None, ditch=ditch if ditch.any() else None,
        river_route=river_route, passing=passing, kept=kept, sewer=sewer, bearing=bearing, roughness=roughness,
    )  # fmt: skip
    catchment = Catchment(
        grid.shape, dtm.dx, elevation, parcels, erodibility, cover, practice, number["r factor"], coefficient, tillage,
        length_exponent=choices.word["l model"], slope_factor=choices.word["s model"],
        capacity=choices.word["tc model"], adjusted_slope=choice["adjusted slope"],
        ls_correction=number["ls correction"], bulk_density=number["bulk density"],
        segments=segments,
    )  # fmt: skip
    return catchment, grid


def _lines(maps: _Maps, core: np.ndarray, receives: np.ndarray, ncols: int) -> tuple[np.ndarray, ...]:
    """What :func:`drawn_routes` finds in the maps of ditches and dams."""
    nowhere = np.zeros(core.size, dtype=np.int64)
    ditches, dams = (
        np.where(core, maps.whole(key, 0, 8), 0) if key in maps.rasters else nowhere
        for key in ("ditch map filename", "dam map filename")
    )
    return drawn_routes(ditches, dams, receives, ncols)


def _buffers(maps: _Maps, core: np.ndarray, route: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """What :func:`basins` finds in the map of buffers."""
    key = "buffer map filename"
    if key not in maps.rasters:
        return None, None
    numbers = np.where(core, maps.whole(key, 0, 32768), 0)
    trapping = {number - BUFFER_EXTENSION: share / 100.0 for number, share in maps.choices.trapping.items()}

    def wrong(number: int, expectation: str) -> None:
        hint = f"Give extension id = {number + BUFFER_EXTENSION} in a [Buffer ...]."
        maps.wrong(key, expectation, "A buffer has one outlet." if number in trapping else hint)

    return basins(numbers, trapping, maps.choices.choice["buffer reduce area"], route, wrong)


def run_file(
    path: str | Path, output: str | Path | None = None, *, settings: list[str] | None = None, overwrite: bool = False
) -> tuple[str, Path]:
    """Read a choices file, run the mean year, write its tables and maps; -> what to tell the user, and the record.

    Raises
    ------
    ScenarioError
        With every mistake, or where results exist and are not to be replaced; nothing is written.
    """
    started = time.perf_counter()
    choices = read_choices(path, settings)
    folder = choices.output if output is None else Path(output)
    if not overwrite and (folder / TOTALS).exists():
        raise ScenarioError(Problem(str(folder), expectation=f"holds {TOTALS} already.", suggestion="Add --overwrite."))
    catchment, grid = read_catchment(choices)
    year = mean_year(catchment)
    folder.mkdir(parents=True, exist_ok=True)
    told = totals_text(year, choices)
    (folder / TOTALS).write_text(told, encoding="utf-8")
    _write_maps(folder, year, grid, choices)
    if catchment.segments is not None:
        (folder / SEGMENTS).write_text(segments_text(year, catchment.segments), encoding="utf-8")
    if choices.choice["write routing table"]:
        _write_routing(folder / ROUTING, year, grid)
    sinks = _places(year.network.sinks, grid)
    record = {
        "status": "done", "file": str(choices.file.resolve()), "cells": int((catchment.parcels.code != OUTSIDE).sum()),
        "cell_size_m": catchment.dx, "totals_kg": year.totals(), "sediment_yield_t_ha": year.sediment_yield,
        "sinks": [{"col": column, "row": row, "settled_kg": kept} for (column, row), kept in zip(
            sinks, year.inflow[year.network.sinks].tolist(), strict=True)],
        "flows_cut": year.network.parted, "notes": choices.notes, "wall_seconds": time.perf_counter() - started,
    }  # fmt: skip
    (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    lines = [told.rstrip(), *(f"note: {note}" for note in choices.notes), f"results in {folder}"]
    return "\n".join(lines), folder / RECORD


def totals_text(year: MeanYear, choices: Choices) -> str:
    """The table of totals, with that program's lines; what they leave is 0 and said."""
    totals, sinks = year.totals(), year.network.sinks
    asked = {"buffers": choices.choice["include buffers"], "sewers": choices.choice["include sewers"]}
    lines = [f"{text}: {totals[term]:.2f} (kg)" for term, text in LINES.items() if asked.get(term, True)]
    if sinks.size:
        kept = float(year.inflow[sinks].sum())
        lines.append(f"Of the deposition, settled in {sinks.size} cells that nothing leaves: {kept:.2f} (kg)")
    lines.append(f"Sum of all: {sum(totals.values()):.2f} (kg)")
    return "\n".join(lines) + "\n"


def segments_text(year: MeanYear, segments: np.ndarray) -> str:
    """Sediment that enters each river segment, kg: number and amount, parted by a tab."""
    river = year.catchment.parcels.code == RIVER
    amounts = np.bincount(segments[river], weights=year.inflow[river])
    return "".join(f"{number}\t{amounts[number]:.2f}\n" for number in np.unique(segments[river]).tolist())


def _places(nodes: np.ndarray, grid: Raster) -> list[tuple[int, int]]:
    """Column and row of nodes in the map as it was read, from 1, row 1 in the north."""
    row, column = np.divmod(nodes, grid.shape[1])
    return list(zip(column.tolist(), (grid.shape[0] - 1 - row).tolist(), strict=True))


def _write_maps(folder: Path, year: MeanYear, grid: Raster, choices: Choices) -> None:
    """The maps that the choices ask for, on the grid of the DTM, under that program's names."""
    given, land = year.catchment, year.land
    area, code = given.dx * given.dx, given.parcels.code
    aspect = np.arctan2(-year.gradient_x, -year.gradient_y) % (2.0 * np.pi)
    slope = np.arctan(np.hypot(year.gradient_x, year.gradient_y))
    to_millimetres = 1000.0 / (area * given.bulk_density)
    exported = np.where(code == RIVER, year.inflow, 0.0)
    maps: dict[str, dict[str, tuple[np.ndarray, str]]] = {
        "river routing": {"cumulative": (year.in_river, "kg/yr")},
        "write aspect": {"AspectMap": (aspect, "rad")},
        "write slope": {"SLOPE": (slope, "rad")},
        "write ls factor": {"LS": (year.ls, "-")},
        "write upstream area": {"UPAREA": (year.area, "m2")},
        "write rusle": {"RUSLE": (year.potential, "kg/m2/yr"), "Capacity": (year.capacity, "kg/yr")},
        "write sediment export": {
            "SediExport_kg": (exported, "kg/yr"), "SediOut_kg": (year.outflow, "kg/yr"),
            "SediIn_kg": (year.inflow, "kg/yr"),
        },
        "write water erosion": {
            "WATEREROS (kg per gridcel)": (year.change, "kg/yr"),
            "WATEREROS (mm per gridcel)": (year.change * to_millimetres, "mm/yr"),
        },
    }  # fmt: skip
    if year.tillage_in is not None and year.tillage_out is not None:
        tilled = np.where(land, year.tillage_in - year.tillage_out, 0.0)
        maps["calculate tillage erosion"] = {
            "TILEROS (kg per gridcel)": (tilled, "kg/yr"),
            "TILEROS (mm per gridcel)": (tilled * to_millimetres, "mm/yr"),
        }
    for key, named in maps.items():
        for name, (values, units) in named.items() if choices.choice[key] else ():
            shown = np.where(code != OUTSIDE, values, np.nan).reshape(grid.shape)[1:-1, 1:-1]
            raster = Raster(shown, grid.dx, grid.dy, grid.x_left + grid.dx, grid.y_bottom + grid.dy, grid.crs)
            write_idrisi(folder / f"{name}.rst", raster, units=units)


def _write_routing(path: Path, year: MeanYear, grid: Raster) -> None:
    """The routing table: columns and rows from 1 as in the maps, -99 where there is no receiver."""
    network, land = year.network, year.land
    lines = ["col\trow\ttarget1col\ttarget1row\tpart1\tdistance1\ttarget2col\ttarget2row\tpart2\tdistance2"]
    places = _places(np.arange(land.size), grid)
    for index, node in enumerate(network.order.tolist()):
        if not land[node]:
            continue
        column, row = places[node]
        words = [f"{column}\t{row}"]
        along = range(network.first[index], min(network.first[index] + 2, network.first[index + 1]))
        for place in along:
            to_column, to_row = places[network.receivers[place]]
            distance = grid.dx * float(np.hypot(to_column - column, to_row - row))
            words.append(f"{to_column}\t{to_row}\t{network.weights[place]:.8g}\t{distance:.8g}")
        words += ["-99\t-99\t0\t0"] * (2 - len(along))
        lines.append("\t".join(words))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
