"""Results of a run: maps at every record, ledger and outlet series at every step, profiles at a few points.

While a run goes on, every record is a small file of its own under ``records/`` (written atomically) and the ledger is ``ledger.csv.part``; at the end they become
``results.nc`` and ``ledger.csv``. So a killed run leaves whole files only, memory does not grow with the length of the run, and ``resume`` drops what came
after its restart file.
"""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from watershed_c import names
from watershed_c.clock import Clock, Step
from watershed_c.constituents import CALCITE_PER_CARBON, ORGANIC_MATTER_PER_CARBON
from watershed_c.io.netcdf import put, write_atomically
from watershed_c.state import Watershed

#: output variable -> (sign, ledger label, terms or kinds it adds up); amounts since the last record
FLUX_MAPS: dict[str, tuple[float, str, tuple[str, ...]]] = {
    "netEro": (-1.0, "soil", ("lateral",)),
    "waterEro": (-1.0, "soil", ("water_erosion",)),
    "tillEro": (-1.0, "soil", ("tillage_erosion",)),
    "cLateral": (-1.0, "soc", ("lateral",)),
    "cInput": (1.0, "soc", ("plant_input", "amendment")),
    "rh": (-1.0, "soc", ("respired",)),
    "fVertSoil": (1.0, "soc", ("vertical", "internal")),
    "fSubstratum": (1.0, "soc", ("substratum",)),
    "mrros": (-1.0, "water", ("runoff",)),
    "evspsbl": (-1.0, "water", ("evapotranspiration",)),
    "fDOCleach": (-1.0, "doc", ("doc_leached",)),
    "fDICleach": (-1.0, "dic", ("dic_leached",)),
    "fSICdiss": (-1.0, "sic", ("carbonate_dissolved",)),
}
#: metres over which ``cSoilOrgTop`` is reported
TOPSOIL = 0.30


@dataclass
class Place:
    """How the grid lies on the ground.

    Attributes
    ----------
    x, y : (ncols,), (nrows,) float64, m
        Cell centres, y upward.
    crs_wkt : str
        Empty when unknown.
    """

    x: np.ndarray
    y: np.ndarray
    crs_wkt: str = ""


@dataclass
class Recorder:
    """Collects the results of one run in a directory.

    Parameters
    ----------
    directory : Path
    watershed : Watershed
    clock : Clock
    place : Place
    variables : sequence of str
        Names of ``names.OUTPUT`` to write as maps.
    points : dict of str to int
        Nodes whose profiles are kept.
    every : int
        Steps between records.
    attributes : dict
        Global attributes of results.nc (title, source, references ...).
    """

    directory: Path
    watershed: Watershed
    clock: Clock
    place: Place
    variables: Sequence[str]
    points: dict[str, int]
    every: int
    attributes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for variable in self.variables:
            if variable in FLUX_MAPS:
                _, label, terms = FLUX_MAPS[variable]
                for term in terms:
                    self.watershed.ledger.map_of(label, term)
        self._deep = "qdrain" in self.variables
        self._percolated = np.zeros(self.watershed.grid.number_of_nodes if self._deep else 0)
        self._records = self.directory / "records"
        self._ledger = self.directory / "ledger.csv.part"
        self._columns: list[tuple[str, str]] = []
        self._pending: list[list[float | str]] = []

    # -- during the run ---------------------------------------------------------------------------------------------
    def memory(self) -> dict[str, np.ndarray]:
        """What a restart must bring back."""
        return {"recorder.percolated": self._percolated} if self._deep else {}

    def start(self) -> None:
        """Record the initial state."""
        self._records.mkdir(parents=True, exist_ok=True)
        self._write(0, self.clock.start_year + self.clock.start_month / 12.0)

    def rewind(self, next_step: int) -> None:
        """Forget what was recorded after the restart file was written."""
        for record in self._records.glob("*.nc*"):
            if record.suffix == ".part" or int(record.stem) > next_step:
                record.unlink()
        if next_step == 0 or not self._ledger.exists():
            self._ledger.unlink(missing_ok=True)
            return
        lines = self._ledger.read_text().splitlines(keepends=True)
        self._columns = [self._key(name) for name in next(csv.reader(lines))[2:]]
        self._ledger.write_text("".join(lines[: 1 + next_step]))

    def step(self, step: Step, totals: dict[tuple[str, str], float]) -> None:
        """Take this step's ledger and, at the end of an interval, its maps."""
        if not self._columns:
            self._columns = sorted(totals)
            self._ledger.write_text(",".join(["step", "month", *(f"{label}.{term}" for label, term in self._columns)]) + "\n")
        unknown = [key for key in totals if key not in self._columns]
        if unknown:  # a term that first appears later (a first tillage pass): the file is rewritten with its column
            self._widen(unknown)
        self._pending.append([step.index, step.label, *(totals.get(key, 0.0) for key in self._columns)])
        if self._deep:
            self._percolated += self.watershed.percolation[:, -1]
        if (step.index + 1) % self.every == 0 or step.index + 1 == self.clock.steps:
            self.flush()
            self._write(step.index + 1, step.year + (step.month + 1) / 12.0)

    def flush(self) -> None:
        """Bring the ledger to disk."""
        with self._ledger.open("a", newline="") as handle:
            csv.writer(handle, lineterminator="\n").writerows(
                [[repr(value) if isinstance(value, float) else value for value in row] for row in self._pending]
            )
            handle.flush()
            os.fsync(handle.fileno())
        self._pending.clear()

    def _widen(self, unknown: list[tuple[str, str]]) -> None:
        self.flush()
        lines = self._ledger.read_text().splitlines()
        added = [f"{label}.{term}" for label, term in unknown]
        lines = [lines[0] + "," + ",".join(added)] + [line + ",0.0" * len(added) for line in lines[1:]]
        temporary = self._ledger.with_suffix(".new")
        temporary.write_text("\n".join(lines) + "\n")
        os.replace(temporary, self._ledger)
        self._columns += unknown

    @staticmethod
    def _key(name: str) -> tuple[str, str]:
        label, _, term = name.partition(".")
        return label, term

    def _map(self, variable: str) -> np.ndarray:
        w = self.watershed
        if variable in FLUX_MAPS:
            sign, label, terms = FLUX_MAPS[variable]
            values = np.zeros(w.grid.number_of_nodes)
            for term in terms:
                values += sign * w.ledger.maps[label, term]
            return values
        if variable == "elev":
            return w.elevation
        if variable == "cSoilOrg":
            return w.stock("soc")
        if variable == "cSoilInorg":
            return w.stock("sic")
        if variable == "cSoilOrgTop":
            return topsoil_stock(w, "soc")
        if variable == "mrso":
            return w.water.sum(axis=1)
        if variable == "qdrain":
            return self._percolated
        raise ValueError(f"output {variable!r} has no rule")

    def _write(self, number: int, year: float) -> None:
        w = self.watershed
        cells = w.cells
        outside = np.full(w.grid.number_of_nodes, np.nan, dtype=np.float32)

        def fill(dataset: netCDF4.Dataset) -> None:
            dataset.setncattr("year", year)
            dataset.createDimension("node", w.grid.number_of_nodes)
            dataset.createDimension("layer", w.layer_bottom.size)
            dataset.createDimension("point", max(1, len(self.points)))
            for variable in self.variables:
                values = outside.copy()
                where = np.flatnonzero(w.active) if variable == "elev" else cells
                values[where] = self._map(variable)[where]
                put(dataset, variable, ("node",), values)
            for name, rows in (("soc", w.constituents.of_group("soc")), ("sic", w.constituents.of_group("sic"))):
                profile = np.zeros((max(1, len(self.points)), w.layer_bottom.size))
                for i, node in enumerate(self.points.values()):
                    profile[i] = w.stocks[node][:, rows].sum(axis=1)
                put(dataset, f"profile_{name}", ("point", "layer"), profile)

        write_atomically(self._records / f"{number:06d}.nc", fill)
        for values in w.ledger.maps.values():
            values[:] = 0.0
        self._percolated[:] = 0.0

    # -- at the end -------------------------------------------------------------------------------------------------
    def finish(self) -> None:
        """Make results.nc and ledger.csv of what was collected, and drop the pieces."""
        self.flush()
        write_atomically(self.directory / "results.nc", self._merge)
        os.replace(self._ledger, self.directory / "ledger.csv")
        shutil.rmtree(self._records)

    def _merge(self, dataset: netCDF4.Dataset) -> None:
        w, place = self.watershed, self.place
        records = sorted(self._records.glob("*.nc"))
        nrows, ncols = w.shape
        dataset.setncatts({"Conventions": "CF-1.11", **self.attributes})
        for name, size in (("time", len(records)), ("y", nrows), ("x", ncols), ("layer", w.layer_bottom.size), ("point", max(1, len(self.points)))):
            dataset.createDimension(name, size)
        dataset.createDimension("bounds", 2)
        projected = bool(place.crs_wkt)
        put(dataset, "x", ("x",), place.x, units="m", axis="X", long_name="easting of the cell centre", standard_name="projection_x_coordinate" if projected else "")
        put(dataset, "y", ("y",), place.y, units="m", axis="Y", long_name="northing of the cell centre", standard_name="projection_y_coordinate" if projected else "")
        mapping = {}
        if projected:
            crs = dataset.createVariable("crs", "i4", ())
            crs.setncatts({"crs_wkt": place.crs_wkt, "spatial_ref": place.crs_wkt, "grid_mapping_name": _mapping_name(place.crs_wkt)})
            mapping = {"grid_mapping": "crs"}
        put(dataset, "layer_bottom", ("layer",), w.layer_bottom, units="m", positive="down", long_name="nominal depth of the base of the layer")
        inside = np.where(w.active, w.cell_area, np.nan).astype(np.float32).reshape(w.shape)
        put(dataset, "cell_area", ("y", "x"), inside, units="m2", standard_name="cell_area", long_name="area of a cell of the catchment", **mapping)
        kind = np.where(w.channel, 2, np.where(w.is_soil, 1, 0)).astype(np.int8).reshape(w.shape)
        put(dataset, "cell_kind", ("y", "x"), kind, long_name="kind of cell", flag_values=np.array([0, 1, 2], dtype=np.int8), flag_meanings="outside soil channel", **mapping)
        area = w.drainage_area.astype(np.float32).reshape(w.shape)
        put(dataset, "darea", ("y", "x"), np.where(w.active.reshape(w.shape), area, np.float32(np.nan)), units="m2", long_name="upslope area, the cell included", **mapping)
        years = np.array([_attribute(record, "year") for record in records])
        first = self.clock.start_year
        days = (years - first) * 365.0
        calendar = {"units": f"days since {first:04d}-01-01", "calendar": "noleap", "standard_name": "time", "axis": "T", "bounds": "time_bounds"}
        put(dataset, "time", ("time",), days, long_name="end of the output interval; every month is a twelfth of a year", **calendar)
        starts = np.concatenate((days[:1], days[:-1]))
        put(dataset, "time_bounds", ("time", "bounds"), np.stack((starts, days), axis=1))
        for variable in self.variables:
            output = names.OUTPUT[variable]
            target = dataset.createVariable(
                variable, "f4", ("time", "y", "x"), zlib=True, complevel=2, shuffle=True, fill_value=np.float32(np.nan), chunksizes=(1, nrows, ncols),
            )  # fmt: skip
            attributes = {
                "units": output.units, "long_name": output.long_name, "standard_name": output.standard_name,
                "cell_methods": f"{output.cell_methods} area: mean", "comment": output.comment, "cell_measures": "area: cell_area", **mapping,
            }  # fmt: skip
            target.setncatts({key: value for key, value in attributes.items() if value})
        profiles = {
            name: dataset.createVariable(f"profile_{name}", "f8", ("time", "point", "layer"), zlib=True) for name in ("soc", "sic")
        }
        for name, variable in profiles.items():
            organic = "organic" if name == "soc" else "inorganic"
            variable.setncatts({"units": "kg m-2", "long_name": f"soil {organic} carbon of the layer at the point"})
        labels = list(self.points) or ["none"]
        named = dataset.createVariable("point_name", str, ("point",))
        named[:] = np.array(labels, dtype=object)
        nodes = np.array(list(self.points.values()) or [0], dtype=np.int64)
        put(dataset, "point_x", ("point",), place.x[nodes % ncols], units="m")
        put(dataset, "point_y", ("point",), place.y[nodes // ncols], units="m")
        for i, record in enumerate(records):
            with netCDF4.Dataset(record) as piece:
                piece.set_auto_mask(False)
                for variable in self.variables:
                    dataset[variable][i] = piece[variable][:].reshape(w.shape)
                for name, variable in profiles.items():
                    variable[i] = piece[f"profile_{name}"][:]
        self._series(dataset)

    def _series(self, dataset: netCDF4.Dataset) -> None:
        """Outlet series at every step, from the ledger."""
        table = read_ledger(self._ledger)
        steps = table["step"].size
        dataset.createDimension("step", steps)
        months = np.arange(steps) + 1.0
        put(
            dataset, "step_time", ("step",), (months + self.clock.start_month) * (365.0 / 12.0), units=f"days since {self.clock.start_year:04d}-01-01",
            calendar="noleap", standard_name="time", long_name="end of the step",
        )  # fmt: skip
        for name, (values, units, long_name) in outlet_series(table, 1.0 / 12.0).items():
            put(dataset, name, ("step",), values, units=units, long_name=long_name)


def _attribute(path: Path, name: str) -> Any:
    with netCDF4.Dataset(path) as dataset:
        return dataset.getncattr(name)


def _mapping_name(crs_wkt: str) -> str:
    lowered = crs_wkt.lower()
    for word, name in (("transverse_mercator", "transverse_mercator"), ("transverse mercator", "transverse_mercator"), ("lambert_conformal", "lambert_conformal_conic"), ("lambert conic", "lambert_conformal_conic")):
        if word in lowered:
            return name
    return "unknown"


def topsoil_stock(watershed: Watershed, group: str, depth: float = TOPSOIL) -> np.ndarray:
    """Stock (n,) kg m-2 of a group from the surface to ``depth`` m, layers shared by nominal depth."""
    thickness = watershed.layer_bottom - watershed.layer_top
    share = np.clip((depth - watershed.layer_top) / thickness, 0.0, 1.0)
    return watershed.stocks[:, :, watershed.constituents.of_group(group)].sum(axis=2) @ share


def read_ledger(path: Path) -> dict[str, np.ndarray]:
    """Columns of a ledger file: ``step`` and ``month`` and, in kg, ``label.term``."""
    with path.open(newline="") as handle:
        reader = csv.reader(handle)
        header = next(reader)
        rows = list(reader)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    return {
        name: np.array(column) if name == "month" else np.array(column, dtype=np.float64) for name, column in zip(header, columns, strict=True)
    }


def _exported(table: dict[str, np.ndarray], label: str) -> np.ndarray:
    total = np.zeros(table["step"].size)
    for name, values in table.items():
        if name.startswith(f"{label}.") and name.endswith("_export"):
            total = total + values
    return total


def outlet_series(table: dict[str, np.ndarray], dt: float) -> dict[str, tuple[np.ndarray, str, str]]:
    """Outlet series from a ledger: name -> (values per step, unit, long name). ``dt`` in years of 365 days."""
    mineral, organic, inorganic = (_exported(table, label) for label in ("soil", "soc", "sic"))
    sediment = mineral + ORGANIC_MATTER_PER_CARBON * organic + CALCITE_PER_CARBON * inorganic
    series: Iterable[tuple[str, np.ndarray, str, str]] = (
        ("discharge", _exported(table, "water") / 1000.0 / (dt * 365.0 * 86400.0), "m3 s-1", "mean water discharge at the outlet"),
        ("sediment_export", sediment, "kg", "dry sediment leaving with the stream"),
        ("poc_export", organic, "kg", "particulate organic carbon leaving with the stream"),
        ("pic_export", inorganic, "kg", "particulate inorganic carbon leaving with the stream"),
        ("doc_export", _exported(table, "doc"), "kg", "dissolved organic carbon leaving with the stream"),
        ("dic_export", _exported(table, "dic"), "kg", "dissolved inorganic carbon leaving with the stream"),
    )
    return {name: (values, units, long_name) for name, values, units, long_name in series}
