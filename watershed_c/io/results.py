"""Results of a run: maps and profiles at every record, ledger and outlet series of every month.

While a run goes on, every record is a small file of its own under ``records/`` (written atomically) and the ledger is
``ledger.csv.part``; at the end they become ``results.nc`` and ``ledger.csv``. So a killed run leaves whole files only,
memory does not grow with the length of the run, and ``resume`` drops what came after its restart file.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import netCDF4
import numpy as np

from watershed_c import names
from watershed_c.clock import Clock, Step
from watershed_c.constituents import GYPSUM_PER_SULFUR, TRACERS
from watershed_c.io.growing_table import GrowingTable
from watershed_c.io.ledger_csv import LedgerFile, outlet_series
from watershed_c.io.netcdf import put, write_atomically
from watershed_c.io.parcels import ParcelTable
from watershed_c.io.profiles import profiles_of
from watershed_c.kernels.subsurface_flow import water_table_depth
from watershed_c.saturation import Saturation
from watershed_c.soil_mass import THINNEST, above_depth, equivalent_mass, fixed_depth
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
    "mrros": (-1.0, "water", ("runoff", "return_flow")),
    "irr": (1.0, "water", ("irrigation",)),
    "qtile": (-1.0, "water", ("drain_flow",)),
    "evspsbl": (-1.0, "water", ("evapotranspiration",)),
    "fDOCleach": (-1.0, "doc", ("doc_leached", "doc_drained")),
    "fDICleach": (-1.0, "dic", ("dic_leached", "dic_drained")),
    "fNmin": (1.0, "nitrogen", ("mineralisation",)),
    "fNup": (-1.0, "nitrogen", ("nitrogen_uptake",)),
    "fNleach": (-1.0, "nitrogen", ("nitrogen_leached", "nitrogen_drained")),
    "fSO4leach": (-1.0, "sulfate", ("sulfate_leached", "sulfate_drained")),
    "fSICdiss": (-1.0, "sic", ("carbonate_dissolved",)),
}
#: variables that add up over a horizon
HORIZON_MAPS = ("cSequestration", "climateBenefit")
#: group -> what the means by layer of the cells with soil are of
MEANS = {"soc": "soil organic carbon", "sic": "soil inorganic carbon"}
#: metres over which ``cSoilOrgTop`` is reported
TOPSOIL = 0.30
#: share of the cells that erode (or gain) less than the cell shown as eroding (depositional) in the profiles
PROFILE_QUANTILE = 0.95
#: days of a year of twelve equal months
DAYS = 365.0
#: projections as WKT writes them (in lower case, spaces as _) -> as CF does
PROJECTIONS = {
    "transverse_mercator": "transverse_mercator",
    "lambert_conformal": "lambert_conformal_conic",
    "lambert_conic": "lambert_conformal_conic",
    "albers": "albers_conical_equal_area",
    "lambert_azimuthal": "lambert_azimuthal_equal_area",
    "polar_stereographic": "polar_stereographic",
    "sinusoidal": "sinusoidal",
    "mercator": "mercator",
}


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


class Watch(Protocol):
    """Maps that are made of what it saw of the steps."""

    horizon: float

    def take(self, step: Step) -> None:
        """Look at a step that has been taken."""

    def maps(self) -> dict[str, np.ndarray]:
        """Variable -> (n)."""

    def memory(self) -> dict[str, np.ndarray]:
        """What a restart must bring back."""


class Telling(Protocol):
    """A process that has rows of tables to tell: by name of the file, its columns and the rows of this month."""

    columns: dict[str, tuple[str, ...]]
    rows: dict[str, list[tuple[object, ...]]]


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
        Names of ``names.OUTPUT``, or of tracers, to write as maps.
    points : dict of str to int
        Nodes whose profiles are kept.
    every : int
        Months between records.
    attributes : dict
        Global attributes of results.nc (title, source, references ...).
    ages : Watch, optional
        Makes the maps of ``names.AGE_MAPS``.
    saturation : Saturation, optional
        Makes those of ``names.SATURATION_MAPS``.
    tables : sequence of Telling
        Processes that tell rows of tables of their own.
    parcels : ParcelTable, optional
    """

    directory: Path
    watershed: Watershed
    clock: Clock
    place: Place
    variables: Sequence[str]
    points: dict[str, int]
    every: int
    attributes: dict[str, str] = field(default_factory=dict)
    ages: Watch | None = None
    saturation: Saturation | None = None
    tables: Sequence[Telling] = ()
    parcels: ParcelTable | None = None

    def __post_init__(self) -> None:
        for variable in self.variables:
            if variable in FLUX_MAPS:
                _, label, terms = FLUX_MAPS[variable]
                for term in terms:
                    self.watershed.ledger.map_of(label, term)
        self.points = dict(self.points) or {"none": int(self.watershed.cells[0])}
        self._profiles = profiles_of(self.watershed)
        self._deep = "qdrain" in self.variables
        self._percolated = np.zeros(self.watershed.grid.number_of_nodes if self._deep else 0)
        self._records = self.directory / "records"
        self._results = self.directory / "results.nc"
        self._ledger = LedgerFile(self.directory)
        self._tables = {
            name: (GrowingTable(self.directory, name, columns), process.rows[name])
            for process in self.tables
            for name, columns in process.columns.items()
        }
        self._month: dict[tuple[str, str], float] = {}

    # -- during the run ---------------------------------------------------------------------------------------------
    def memory(self) -> dict[str, np.ndarray]:
        """What a restart must bring back."""
        arrays = {"recorder.percolated": self._percolated} if self._deep else {}
        if self.ages is not None:
            arrays |= {f"ages.{name}": values for name, values in self.ages.memory().items()}
        if self.parcels is not None:
            arrays |= {f"parcels.{name}": values for name, values in self.parcels.memory().items()}
        return arrays

    def start(self) -> None:
        """Record the initial state."""
        self._records.mkdir(parents=True, exist_ok=True)
        if self.parcels is not None:
            self.parcels.start()
        self._write(0)

    def rewind(self, next_step: int) -> None:
        """Forget what was recorded after the restart file was written; it is of the end of a month."""
        months = next_step // self.clock.steps_per_month
        self._month.clear()
        self._ledger.rewind(months)
        for table, _ in self._tables.values():
            table.rewind(months)
        for record in self._records.glob("*.nc*"):
            if record.suffix == ".part" or int(record.stem) > months:
                record.unlink()

    def step(self, step: Step, totals: dict[tuple[str, str], float]) -> None:
        """Take this step's ledger and, at the end of a month, add it up; at the end of an interval, its maps."""
        for key, amount in totals.items():
            self._month[key] = self._month[key] + amount if key in self._month else amount
        if self._deep:
            self._percolated += self.watershed.percolation[:, -1]
        if self.ages is not None:
            self.ages.take(step)
        if not step.ends_month:
            return
        taken = (step.index + 1) // step.parts
        self._ledger.add(taken - 1, f"{step.year:04d}-{step.month + 1:02d}", self._month)
        self._month.clear()
        for table, rows in self._tables.values():
            table.add(taken - 1, f"{step.year:04d}-{step.month + 1:02d}", rows)
            rows.clear()
        if taken % self.every == 0 or taken == self.clock.months:
            self.flush()
            self._write(taken)

    def flush(self) -> None:
        """Bring the ledger, and tables of processes, to disk."""
        self._ledger.flush()
        for table, _ in self._tables.values():
            table.flush()

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
        if variable == "profileThickness":
            thickness = np.zeros(w.grid.number_of_nodes)
            thickness[w.cells] = w.thickness().sum(axis=1)
            return thickness
        if variable == "soilDepth":
            assert w.bedrock is not None
            return w.bedrock.depth
        if variable == "cSoilOrg":
            return w.stock("soc")
        if variable == "cLitterSurf":
            return np.asarray(w.residue.sum(axis=1))
        if variable == "cSoilInorg":
            return w.stock("sic")
        if variable == "gypsum":
            return GYPSUM_PER_SULFUR * w.stock("gypsum")
        family, to = depth_of(variable)
        if family in TO_DEPTH:
            group, stock_to = TO_DEPTH[family]
            return stock_to(w, group, to)
        if variable == "inputRatio":
            return w.input_scale
        if variable == "nMineral":
            return w.nitrogen.sum(axis=1) if w.nitrogen.size else np.zeros(w.elevation.size)
        if variable == "yield":
            return np.zeros(w.elevation.size) if w.crops is None else w.crops.harvested
        if variable == "fCH4":
            return np.zeros(w.elevation.size) if w.methane is None else w.methane
        if variable == "pH":
            return w.mean_ph(TOPSOIL)
        if variable == "mrso":
            return w.water.sum(axis=1)
        if variable == "wtd":
            depth, thickness = np.zeros(w.grid.number_of_nodes), w.layer_bottom - w.layer_top
            water, capacity, saturation = map(w.as_full, (w.water, w.field_capacity, w.saturation))
            water_table_depth(w.cells, water, capacity, saturation, thickness, depth)
            return depth
        if variable == "qdrain":
            return self._percolated
        if variable in TRACERS:
            return w.stock(TRACERS[variable].group)
        raise ValueError(f"output {variable!r} has no rule")

    def _mean(self, group: str) -> np.ndarray:
        """Stock of each layer (L), mean of the cells with soil."""
        w = self.watershed
        rows = w.constituents.of_group(group)
        sums = [w.stocks[w.cells, layer][:, rows].sum() for layer in range(w.layer_bottom.size)]
        return np.array(sums) / w.cells.size

    def _write(self, taken: int) -> None:
        """Write the record after ``taken`` months and begin the next interval."""
        w = self.watershed
        made = self.ages.maps() if self.ages is not None else {}
        made |= self.saturation.maps() if self.saturation is not None else {}

        def fill(dataset: netCDF4.Dataset) -> None:
            sizes = {"variable": len(self.variables), "node": w.elevation.size}
            for name, size in (sizes | {"layer": w.layer_bottom.size, "point": len(self.points)}).items():
                dataset.createDimension(name, size)
            # one variable: to make one takes NetCDF longer than to write it
            maps = np.empty((len(self.variables), w.elevation.size), dtype=np.float32)
            for values, variable in zip(maps, self.variables, strict=True):
                found = made[variable] if variable in made else self._map(variable)
                values[:] = np.where(w.active if variable == "elev" else w.is_soil, found, np.nan)
            put(dataset, "maps", ("variable", "node"), maps, compress=False)
            if taken == 0:
                area = np.where(w.active, w.drainage_area, np.nan).astype(np.float32)
                put(dataset, "darea", ("node",), area)
            for name, profile in self._profiles.items():
                values = profile.read(list(self.points.values()))
                put(dataset, f"profile_{name}", ("point", "layer"), values)
            for name in MEANS:
                put(dataset, f"mean_{name}", ("layer",), self._mean(name))

        write_atomically(self._records / f"{taken:06d}.nc", fill)
        for values in w.ledger.maps.values():
            values[:] = 0.0
        self._percolated[:] = 0.0
        if w.crops is not None:
            w.crops.harvested[:] = 0.0
        if w.methane is not None:
            w.methane[:] = 0.0

    # -- at the end -------------------------------------------------------------------------------------------------
    def finish(self) -> None:
        """Make results.nc and ledger.csv of what was collected, and drop the pieces; goes on where it was stopped."""
        self.flush()
        if not self._results.exists():
            write_atomically(self._results, self._merge)
        if self.parcels is not None:
            self.parcels.finish()
        self._ledger.finish()
        for table, _ in self._tables.values():
            table.finish()
        shutil.rmtree(self._records, ignore_errors=True)

    def _merge(self, dataset: netCDF4.Dataset) -> None:
        records = sorted(self._records.glob("*.nc"))
        nrows, ncols = self.watershed.shape
        texts = {key: text for key, text in self.attributes.items() if text}
        dataset.setncatts({"Conventions": "CF-1.11", **texts})
        sizes = {"time": len(records), "y": nrows, "x": ncols, "layer": self.watershed.layer_bottom.size}
        for name, size in (sizes | {"point": len(self.points), "bounds": 2}).items():
            dataset.createDimension(name, size)
        mapping = self._put_grid(dataset)
        self._put_time(dataset, [int(record.stem) for record in records])
        self._put_points(dataset)
        for variable in self.variables:
            output = output_of(variable)
            target = dataset.createVariable(
                variable, "f4", ("time", "y", "x"), zlib=True, complevel=2, shuffle=True,
                fill_value=np.float32(np.nan), chunksizes=(1, nrows, ncols),
            )  # fmt: skip
            attributes = {
                "units": output.units,
                "long_name": output.long_name,
                "standard_name": output.standard_name,
                "cell_methods": f"{output.cell_methods} area: mean",
                "comment": output.comment,
                "cell_measures": "area: cell_area",
                **mapping,
            }
            target.setncatts({key: text for key, text in attributes.items() if text})
            if self.ages is not None and variable in HORIZON_MAPS:
                target.setncattr("horizon_years", self.ages.horizon)
        for i, record in enumerate(records):
            with netCDF4.Dataset(record) as piece:
                piece.set_auto_mask(False)
                for variable, values in zip(self.variables, piece["maps"][:], strict=True):
                    dataset[variable][i] = values.reshape(nrows, ncols)
                for name in (*(f"profile_{name}" for name in self._profiles), *(f"mean_{name}" for name in MEANS)):
                    dataset[name][i] = piece[name][:]
                if i == 0:
                    area = piece["darea"][:].reshape(nrows, ncols)
                    long_name = "upslope area at the start, the cell included"
                    put(dataset, "darea", ("y", "x"), area, units="m2", long_name=long_name, **mapping)
        self._put_series(dataset)

    def _put_grid(self, dataset: netCDF4.Dataset) -> dict[str, Any]:
        """Coordinates and what each cell is; returns the attribute that names the grid mapping, if there is one."""
        w, place = self.watershed, self.place
        mapping: dict[str, Any] = {}
        if place.crs_wkt:
            crs = dataset.createVariable("crs", "i4", ())
            texts = {"grid_mapping_name": _projection(place.crs_wkt), "crs_wkt": place.crs_wkt}
            crs.setncatts({key: text for key, text in (texts | {"spatial_ref": place.crs_wkt}).items() if text})
            mapping = {"grid_mapping": "crs"}
        for name, values, word in (("x", place.x, "easting"), ("y", place.y, "northing")):
            standard_name = f"projection_{name}_coordinate" if place.crs_wkt else ""
            put(
                dataset, name, (name,), values, units="m", axis=name.upper(), standard_name=standard_name,
                long_name=f"{word} of the cell centre",
            )  # fmt: skip
        long_name = "nominal depth of the base of the layer"
        put(dataset, "layer_bottom", ("layer",), w.layer_bottom, units="m", positive="down", long_name=long_name)
        area = np.where(w.active, w.cell_area, np.nan).astype(np.float32).reshape(w.shape)
        put(
            dataset, "cell_area", ("y", "x"), area, units="m2", standard_name="cell_area",
            long_name="area of a cell of the catchment", **mapping,
        )  # fmt: skip
        kind = np.where(w.channel, 2, np.where(w.is_soil, 1, 0)).astype(np.int8).reshape(w.shape)
        put(
            dataset, "cell_kind", ("y", "x"), kind, long_name="kind of cell",
            flag_values=np.array([0, 1, 2], dtype=np.int8), flag_meanings="outside soil channel", **mapping,
        )  # fmt: skip
        return mapping

    def _days(self, taken: np.ndarray) -> np.ndarray:
        """Days since January of the first year after so many months."""
        return (self.clock.start_month + taken) * DAYS / 12.0

    def _put_time(self, dataset: netCDF4.Dataset, taken: list[int]) -> None:
        days = self._days(np.array(taken, dtype=np.float64))
        put(
            dataset, "time", ("time",), days, axis="T", bounds="time_bounds", **self._calendar(),
            long_name="end of the output interval; every month is a twelfth of a year",
        )  # fmt: skip
        starts = np.concatenate((days[:1], days[:-1]))
        put(dataset, "time_bounds", ("time", "bounds"), np.stack((starts, days), axis=1))

    def _calendar(self) -> dict[str, Any]:
        units = f"days since {self.clock.start_year:04d}-01-01"
        return {"units": units, "calendar": "noleap", "standard_name": "time"}

    def _put_points(self, dataset: netCDF4.Dataset) -> None:
        ncols = self.watershed.shape[1]
        nodes = np.array(list(self.points.values()), dtype=np.int64)
        dataset.createVariable("point_name", str, ("point",))[:] = np.array(list(self.points), dtype=object)
        put(dataset, "point_x", ("point",), self.place.x[nodes % ncols], units="m", long_name="easting of the point")
        put(dataset, "point_y", ("point",), self.place.y[nodes // ncols], units="m", long_name="northing of the point")
        for name, profile in self._profiles.items():
            variable = dataset.createVariable(f"profile_{name}", "f8", ("time", "point", "layer"), zlib=True)
            variable.setncatts(
                {
                    "units": profile.unit,
                    "long_name": f"{profile.meaning} of the layer at the point",
                    "coordinates": "point_name point_x point_y layer_bottom",
                    "cell_methods": "time: point",
                }
            )
        for name, meaning in MEANS.items():
            variable = dataset.createVariable(f"mean_{name}", "f8", ("time", "layer"), zlib=True)
            variable.setncatts(
                {
                    "units": "kg m-2",
                    "long_name": f"{meaning} of the layer, mean of the cells with soil",
                    "coordinates": "layer_bottom",
                    "cell_methods": "time: point area: mean",
                }
            )

    def _put_series(self, dataset: netCDF4.Dataset) -> None:
        """Outlet series at every step, from the ledger."""
        table = self._ledger.read()
        steps = table["step"].size
        dataset.createDimension("step", steps)
        days = self._days(np.arange(1.0, steps + 1.0))
        put(dataset, "step_time", ("step",), days, long_name="end of the step", **self._calendar())
        for name, (values, units, long_name) in outlet_series(table, 1.0 / 12.0).items():
            put(dataset, name, ("step",), values, units=units, long_name=long_name, coordinates="step_time")


def _projection(crs_wkt: str) -> str:
    """CF name of the projection of a coordinate system; empty where CF has none that we know."""
    lowered = crs_wkt.lower().replace(" ", "_")
    return next((name for word, name in PROJECTIONS.items() if word in lowered), "")


def depth_of(variable: str) -> tuple[str, float]:
    """Family of a variable that is read to a depth, and the depth, m: "cSoilOrgESM_50cm" to 50 cm, else to 30 cm."""
    family, _, depth = variable.partition("_")
    return family, float(depth.removesuffix("cm")) / 100.0 if depth else TOPSOIL


def at_depths(variables: Sequence[str], depths: Sequence[float]) -> list[str]:
    """Variables that are read to a depth, once more for each of ``depths`` (m)."""
    asked = [f"{name}_{100.0 * depth:g}cm" for name in variables if name in TO_DEPTH for depth in depths]
    return [name for name in asked if depth_of(name)[1] != TOPSOIL]


def output_of(variable: str) -> names.Output:
    """What is said in the results of a variable, or of the inventory of a tracer."""
    if variable in TRACERS:
        row = TRACERS[variable]
        return names.Output(variable, f"{row.unit} m-2", f"inventory of {row.long_name} in the profile")
    family, depth = depth_of(variable)
    output = names.OUTPUT[family]
    if family == variable:
        return output
    of_depth = {key: getattr(output, key).replace("30 cm", f"{100.0 * depth:g} cm") for key in ("long_name", "comment")}
    return replace(output, short=variable, **of_depth)


def topsoil_stock(watershed: Watershed, group: str, depth: float = TOPSOIL) -> np.ndarray:
    """Stock (n,) kg m-2 of a group from the surface to ``depth`` m, layers shared by nominal depth."""
    return above_depth(watershed, watershed.stocks[:, :, watershed.constituents.of_group(group)].sum(axis=2), depth)


def equivalent_stock(watershed: Watershed, group: str, depth: float = TOPSOIL) -> np.ndarray:
    """Stock (n,) kg m-2 of a group in the mineral soil mass that lay above ``depth`` m at the start, by a spline that
    does not fall with depth; all of it where rock leaves less.
    """
    w = watershed
    thickness = w.layer_bottom - w.layer_top
    mass = w.reference[w.cells]
    reference = w.full_mass()[w.cells] @ np.clip((depth - w.layer_top) / thickness, 0.0, 1.0)
    if w.bedrock is not None:  # all soil, where there is less above the rock
        mass = np.maximum(mass, THINNEST)
        reference = np.minimum(reference, mass.sum(axis=1))
    stock = w.stocks[w.cells][:, :, w.constituents.of_group(group)].sum(axis=2)
    found = np.zeros(w.elevation.size)
    found[w.cells] = equivalent_mass(mass, stock, reference, "monotone")
    return found


def fixed_depth_stock(watershed: Watershed, group: str, depth: float = TOPSOIL) -> np.ndarray:
    """Stock (n,) kg m-2 of a group from the surface to ``depth`` m, each layer as thick as its dry soil is now.

    Where soil shrank so that its layers end above ``depth``, all of them.
    """
    w = watershed
    thickness = w.thickness()
    if w.bedrock is not None:
        thickness = np.maximum(thickness, THINNEST)
    stock = w.stocks[w.cells][:, :, w.constituents.of_group(group)].sum(axis=2)
    found = np.zeros(w.elevation.size)
    found[w.cells] = fixed_depth(thickness, stock, np.minimum(depth, thickness.sum(axis=1)))
    return found


#: variables that are read to a depth -> group of rows, and how
TO_DEPTH = {
    "cSoilOrgTop": ("soc", topsoil_stock), "cSoilInorgTop": ("sic", topsoil_stock),
    "cSoilOrgESM": ("soc", equivalent_stock), "cSoilOrgFD": ("soc", fixed_depth_stock),
}  # fmt: skip


def profile_points(cells: np.ndarray, net_erosion: np.ndarray | None) -> dict[str, int]:
    """An eroding, a stable and a depositional cell by their net erosion (n,); one in the middle where nothing moves."""
    if net_erosion is None or not np.any(net_erosion[cells]):
        return {"middle": int(cells[cells.size // 2])}
    values = net_erosion[cells]
    order = np.argsort(values, kind="stable")
    last = order.size - 1
    return {
        "eroding": int(cells[order[int(PROFILE_QUANTILE * last)]]),
        "stable": int(cells[np.argmin(np.abs(values))]),
        "depositional": int(cells[order[int((1.0 - PROFILE_QUANTILE) * last)]]),
    }
