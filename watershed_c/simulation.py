"""A run: scenario in; loop; results, figures and a printed budget out. Whole or resumable, never half."""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from watershed_c.assembly import Assembly, assemble, initialise
from watershed_c.budget import Budget, budget_of
from watershed_c.carbon_ages import CITATIONS, CarbonAges
from watershed_c.components.cropping import Cropping
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.console import Console, asked_to_stop
from watershed_c.coupling import Model
from watershed_c.initial_carbon import Report
from watershed_c.io import restart, run_folder
from watershed_c.io.parcels import ParcelTable
from watershed_c.io.results import Recorder, at_depths, profile_points
from watershed_c.machine import peak_memory
from watershed_c.management.work import Work, work_of
from watershed_c.names import AGE_MAPS, SATURATION_MAPS
from watershed_c.parallel import get_threads, set_threads
from watershed_c.pools import CompiledPoolModel
from watershed_c.saturation import CITATIONS as SATURATION_CITATIONS
from watershed_c.saturation import Saturation
from watershed_c.scenario.inputs import on_nodes
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import output_folder, resolve
from watershed_c.scenario.schema import Scenario

if TYPE_CHECKING:
    import xarray as xr

#: figures and comparisons need these, whatever the scenario asks for
ALWAYS = ("elev", "cSoilOrg", "cSoilOrgTop", "netEro")
#: cells without an outflow that run.json names
MOST_SINKS = 1000
#: processes that tell tables of their own
TELLING = ("growth", "nitrogen")
RECORD_MONTHS = {"month": 1, "year": 12, "decade": 120}


class Interrupted(KeyboardInterrupt):
    """The user stopped a run that can be resumed; the message says how."""


@dataclass
class Finished:
    """A finished run.

    Attributes
    ----------
    directory : Path
    budget : Budget
    """

    directory: Path
    budget: Budget

    @property
    def ds(self) -> xr.Dataset:
        """The results, opened lazily."""
        return open_results(self.directory)


@dataclass
class _Timing:
    wall: float = 0.0
    compile_clock: Callable[[], float] = lambda: 0.0
    parts: dict[str, float] = field(default_factory=dict)


@contextmanager
def _timed(timing: _Timing, part: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        timing.parts[part] = timing.parts.get(part, 0.0) + time.perf_counter() - started


def open_results(directory: str | Path) -> xr.Dataset:
    """Open the results of a run directory with xarray."""
    import xarray as xr

    return xr.open_dataset(Path(directory) / "results.nc")


def run(
    scenario: Scenario | str | Path,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    force: bool = False,
    quiet: bool = False,
    keep_start: bool = False,
) -> Finished:
    """Run a scenario to its end; its variants are left alone (:func:`watershed_c.variants.run_variants`).

    Parameters
    ----------
    scenario : Scenario, path or shipped name
    output : path, optional
        Results directory; default: as the scenario says.
    overwrite : bool
        Replace the results of another run.
    force : bool
        Run even if the machine seems to have too little memory.
    quiet : bool
        Print nothing.
    keep_start : bool
        Keep the restart file of the first step, ``start.nc``: other runs can begin with its carbon.

    Returns
    -------
    Finished

    Raises
    ------
    ScenarioError
        Everything that is wrong with the scenario; nothing has been written.
    ModelFailure, LedgerError
        The model failed; the last good restart file is left.
    KeyboardInterrupt
        Stopped by the user: at the end of the month, with a restart file; before the first step nothing is written.
    """
    started = time.perf_counter()
    timing, console = _Timing(), Console(quiet=quiet)
    chosen = scenario if isinstance(scenario, Scenario) else load(scenario)
    if output is not None:
        chosen = _at(chosen, Path(output))
    with _compile_clock(timing):
        with _timed(timing, "inputs"):
            inputs = resolve(chosen, overwrite=overwrite, available_memory=math.inf if force else None)
            directory = output_folder(chosen)
            run_folder.check_replaceable(directory)
            set_threads(chosen.numerics.threads)
            assembly, points = assemble(inputs), dict(inputs.points)
            del inputs  # a run lets go of them
        console.opening(assembly)
        ages = _ages_of(assembly)
        with _timed(timing, "initialisation"), console.busy("initial carbon"):
            report = initialise(assembly, watch=None if ages is None else ages.take)
        console.initial(report)
        points = points or profile_points(assembly.watershed.cells, report.net_erosion)
        # nothing is written before this point: what can be refused has been
        run_folder.make_empty(directory)
        state = _Run(assembly, directory, points, report, timing, console, ages)
        state.write_record("running")
        (directory / "scenario.resolved.toml").write_text(chosen.to_toml(), encoding="utf-8")
        state.recorder.start()
        state.save()
        if keep_start:
            part = directory / "start.nc.part"
            shutil.copyfile(directory / "restart.nc", part)
            os.replace(part, directory / "start.nc")  # whole, or not there
        return state.finish(started)


def resume(directory: str | Path, *, quiet: bool = False) -> Finished:
    """Go on with an interrupted run from its last restart file: the results are those of a whole one, to the bit.

    Raises
    ------
    ScenarioError
        The directory is not that of a run, the run is finished, or its inputs or the program have changed.
    """
    started = time.perf_counter()
    directory = Path(directory)
    record = run_folder.read_record(directory)
    if record["status"] == "done":
        raise run_folder.wrong(directory, "holds a finished run: there is nothing to resume.")
    if record["version"] != _version():
        raise run_folder.wrong(
            directory, f"was begun by version {record['version']}, this is {_version()}: start a new run."
        )
    if not (directory / "restart.nc").exists():
        raise run_folder.wrong(
            directory, "has no restart file: the run was stopped before its first step. Start a new one."
        )
    timing, console = _Timing(), Console(quiet=quiet)
    scenario = load(directory / "scenario.resolved.toml")
    scenario._path = Path(record["scenario_file"])
    with _compile_clock(timing):
        with _timed(timing, "inputs"):
            inputs = resolve(scenario, overwrite=True)
            set_threads(scenario.numerics.threads)
            assembly = assemble(inputs)
            del inputs
        report = Report(**record["initial_carbon"])
        state = _Run(assembly, directory, record["points"], report, timing, console, _ages_of(assembly))
        state.restore()
        console.opening(assembly)
        return state.finish(started)


def _ages_of(assembly: Assembly) -> CarbonAges | None:
    """What makes the maps of ages, if the scenario asks for any."""
    output = assembly.scenario.output
    variables = [name for name in AGE_MAPS if name in output.maps]
    if not variables:
        return None
    assert isinstance(assembly.pools, CompiledPoolModel)
    return CarbonAges(
        assembly.watershed, assembly.model.processes, assembly.pools, assembly.cycle_months, output.horizon, variables
    )


def _land(assembly: Assembly) -> dict[str, np.ndarray]:
    """Hectares of each management unit, "rotation+offset", that has any, in each calendar year of the run."""
    w, names, clock = assembly.watershed, assembly.tables.names, assembly.model.clock
    cropping = assembly.model.processes["cropping"]
    assert isinstance(cropping, Cropping)
    unit, counts = w.unit.copy(), []
    for year in range(clock.start_year, clock.end_year + 1):
        for month in sorted(month for month in cropping.changes if month // 12 == year):
            nodes, new, _ = cropping.changes[month]
            unit[nodes] = new
        counts.append(np.bincount(unit[w.cells], minlength=len(names)))
    hectares = np.array(counts).T * w.cell_area * 1e-4
    return {name: area for name, area in zip(names, hectares, strict=True) if area.any()}


def _work(assembly: Assembly, land: dict[str, np.ndarray]) -> Work:
    """What the calendars of these units do in the months of the run."""
    units, tables = {}, assembly.tables
    for unit, hectares in land.items():
        name, _, offset = unit.rpartition("+")
        written = tables.by_year.get((name, int(offset)))
        units[(name, int(offset)) if written is None else (written, 0)] = hectares
    clock = assembly.model.clock
    return work_of(units, tables.calendars, clock.start_month, clock.months)


def _saturation_of(assembly: Assembly) -> Saturation | None:
    """What makes the maps of saturation, if the scenario asks for any."""
    output, sand = assembly.scenario.output, assembly.inputs.column.sand
    if not set(SATURATION_MAPS) & set(output.maps):
        return None
    assert sand is not None
    return Saturation(assembly.watershed, output.maom_capacity, on_nodes(sand))


class _Run:
    """The loop with its recorder, checkpoints and closing."""

    def __init__(
        self, assembly: Assembly, directory: Path, points: dict[str, int], report: Report, timing: _Timing,
        console: Console, ages: CarbonAges | None,
    ) -> None:  # fmt: skip
        output = assembly.scenario.output
        self.assembly, self.directory, self.points = assembly, directory, points
        self.model: Model = assembly.model
        self.report, self.timing, self.console = report, timing, console
        self.hash = assembly.fingerprint()
        self.land = _land(assembly)
        self.work = _work(assembly, self.land)
        land = assembly.inputs.land
        parcels = ParcelTable(directory, assembly.watershed, land.parcel, land.index, land.names)
        saturation = _saturation_of(assembly)
        assembly.let_inputs_go()
        clock = self.model.clock
        self.checkpoint = max(1, round(output.checkpoint_every * 12)) * clock.steps_per_month
        self.recorder = Recorder(
            directory, assembly.watershed, clock, assembly.place,
            _maps(assembly.scenario), points,
            RECORD_MONTHS.get(output.every, clock.months), attributes=self._attributes(),
            ages=ages, saturation=saturation,
            tables=[p for p in (self.model.processes.get(name) for name in TELLING) if p is not None],
            parcels=parcels if output.parcels else None,
        )  # fmt: skip

    # -- restart ----------------------------------------------------------------------------------------------------
    def _memory(self) -> dict[str, np.ndarray]:
        arrays = {
            f"{name}.{key}": values
            for name, process in self.model.processes.items()
            for key, values in process.memory().items()
        }
        return arrays | self.recorder.memory()

    def save(self) -> None:
        """Write the restart file of the present step, the ledger up to it first."""
        self.recorder.flush()
        file, w, model = self.directory / "restart.nc", self.assembly.watershed, self.model
        restart.save(
            file, w, next_step=model.index, scenario_hash=self.hash, extra=self._memory(), compress=model.done
        )

    def restore(self) -> None:
        """Bring back the last restart file, and forget what was recorded after it."""
        file = self.directory / "restart.nc"
        next_step, arrays = restart.load(file, self.assembly.watershed, scenario_hash=self.hash)
        for name, values in self._memory().items():
            values[...] = arrays[name].reshape(values.shape)
        self.model.index = next_step
        if next_step:  # the date of the state, where no step is left to take
            self.assembly.watershed.at(self.model.clock.step(next_step - 1))
        self.recorder.rewind(next_step)

    # -- loop -------------------------------------------------------------------------------------------------------
    def finish(self, started: float) -> Finished:
        """Take the steps that are left, then make results, figures and budget."""
        try:
            with _timed(self.timing, "steps"):
                self._loop()
            with _timed(self.timing, "results"):
                self.save()
                self.recorder.finish()
            budget = self._budget()
            with _timed(self.timing, "figures"):
                figures = self._draw()
        except KeyboardInterrupt:
            self.write_record("interrupted")
            raise Interrupted(f"interrupted; go on with: watershed-c resume {self.directory}") from None
        except BaseException as error:
            self.write_record("failed", failure=f"{type(error).__name__}: {error}")
            raise
        self.timing.wall = time.perf_counter() - started
        found = {name: process.findings() for name, process in self.model.processes.items()}
        self.write_record(
            "done", budget=budget.as_dict(), findings={name: facts for name, facts in found.items() if facts}
        )
        erosion = self.model.processes.get("water_erosion")
        year = erosion.year.compared() if isinstance(erosion, WaterErosion) else None
        self.console.closing(
            self.assembly, budget, year, self.timing.wall, self.timing.compile_clock(), peak_memory(), self.directory,
            figures,
        )  # fmt: skip
        return Finished(self.directory, budget)

    def _loop(self) -> None:
        model = self.model
        with self.console.progress(model) as advance, asked_to_stop() as asked:
            while not model.done:
                step = model.clock.step(model.index)
                self.recorder.step(step, model.step())
                advance()
                if model.done:
                    return
                if not step.ends_month:  # results are of whole months, and so are restart files
                    continue
                if asked() or model.index % self.checkpoint == 0:
                    self.save()
                if asked():
                    raise KeyboardInterrupt

    def _budget(self) -> Budget:
        w, erosion = self.assembly.watershed, self.model.processes.get("water_erosion")
        return budget_of(
            w.ledger, cells=w.cells, cell_area=w.cell_area, years=self.model.clock.months / 12.0,
            gross_erosion=getattr(erosion, "gross_erosion", None), potassium=self.assembly.potassium,
        )  # fmt: skip

    def _draw(self) -> list[Path]:
        scenario = self.assembly.scenario
        if not scenario.output.figures:
            return []
        from watershed_c import plots

        with self.console.busy("figures"):
            return plots.draw(self.directory, title=scenario.title, note=self.assembly.note)

    def _sediment(self) -> dict[str, Any]:
        """What the record says of sediment: cells of land that keep all that enters them, and months against years."""
        w, processes = self.assembly.watershed, self.model.processes
        erosion = processes.get("water_erosion")
        if not isinstance(erosion, WaterErosion):
            return {}
        place = self.assembly.place
        row, column = np.divmod(erosion.sinks[:MOST_SINKS], w.shape[1])
        year = erosion.year.compared() if self.model.done else None
        return {
            "sinks": {"cells": int(erosion.sinks.size), "xy": np.stack((place.x[column], place.y[row]), 1).tolist()},
            "months_over_annual_pass": year,
        }

    # -- record -----------------------------------------------------------------------------------------------------
    def _of_maps(self) -> list[str]:
        """What maps that were asked for ask to be cited."""
        found, saturation = list(CITATIONS if self.recorder.ages is not None else ()), self.recorder.saturation
        return found if saturation is None else [*found, SATURATION_CITATIONS[saturation.law]]

    def _attributes(self) -> dict[str, str]:
        return {
            "title": self.assembly.scenario.title,
            "source": f"watershed-c {_version()}",
            "history": f"{time.strftime('%Y-%m-%dT%H:%M:%S')} watershed-c run",
            "references": "see citations in run.json",
            "comment": self.assembly.note,
        }

    def write_record(self, status: str, **more: Any) -> None:
        """Write run.json, atomically."""
        w, clock = self.assembly.watershed, self.model.clock
        scenario = self.assembly.scenario
        record = {
            "status": status,
            "version": _version(),
            "title": scenario.title,
            # relative paths of the scenario start at its folder, even where it was never a file
            "scenario_file": str((scenario.path or Path("scenario.toml")).resolve()),
            "inputs_sha256": self.hash,
            "cells": int(w.cells.size),
            "channel_cells": int(w.channel.sum()),
            "cell_size_m": w.dx,
            "layers": int(w.layer_bottom.size),
            "constituents": list(w.constituents.names),
            "steps": clock.steps,
            "next_step": self.model.index,
            "threads": get_threads(),
            "worst_ledger_residual": w.ledger.worst_residual,
            "wall_seconds": self.timing.wall,
            "compile_seconds": self.timing.compile_clock(),
            "seconds": self.timing.parts,
            "peak_memory_bytes": peak_memory(),
            "points": self.points,
            "land": {name: hectares[0] for name, hectares in self.land.items() if hectares[0]},
            "work": asdict(self.work),
            **self._sediment(),
            "initial_carbon": {key: value for key, value in asdict(self.report).items() if key != "net_erosion"},
            "warnings": list(dict.fromkeys([*self.assembly.warnings, *self.report.warnings])),
            "citations": [*self.assembly.citations(), *self._of_maps()],
            **more,
        }
        run_folder.write_record(self.directory, record)


@dataclass(frozen=True)
class Prediction:
    """What a run would need."""

    cells: int
    layers: int
    steps: int
    memory: float
    disk: float
    seconds: float
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers."""
        return asdict(self)

    def text(self) -> str:
        """For the console."""
        lines = [
            "the scenario is valid",
            f"  {self.cells:,} cells x {self.layers} layers x {self.steps:,} steps",
            f"  memory about {self.memory / 1e9:.2f} GB, disk about {self.disk / 1e6:.0f} MB, "
            f"time about {self.seconds:.0f} s once compiled",
            *(f"  note: {warning}" for warning in self.warnings),
        ]
        return "\n".join(lines)


#: s per cell, layer and step on two cores, whole run (benchmarks/coupled.py)
SECONDS_PER_CELL_LAYER_STEP = 6e-7
#: size on disk over size in memory: maps of cells in results.nc, state in restart.nc (measured on jacksboro)
MAP_COMPRESSION, RESTART_COMPRESSION = 0.8, 0.35


def _maps(scenario: Scenario) -> list[str]:
    """Variables of the records: what figures and comparisons need, and what the scenario asks for."""
    residues = ["cLitterSurf"] if scenario.processes.surface_residues.enabled else []  # a part of the SOC budget
    asked = scenario.output.maps
    return list(dict.fromkeys([*ALWAYS, *residues, *asked, *at_depths(asked, scenario.output.depths)]))


def predict(scenario: Scenario, *, output: str | Path | None = None) -> Prediction:
    """Validate a scenario with everything it points to, and predict what a run needs. Writes nothing.

    Raises
    ------
    ScenarioError
        Everything that is wrong.
    """
    chosen = scenario if output is None else _at(scenario, Path(output))
    inputs = resolve(chosen, overwrite=True)
    assembly = assemble(inputs)
    folder, warnings = output_folder(chosen), list(assembly.warnings)
    if folder.is_dir() and any(folder.iterdir()):
        warnings.append(f"{folder} exists: to run, name another folder with --output, or add --overwrite")
    cells, layers, clock = assembly.watershed.cells.size, inputs.layer_bottom.size, assembly.model.clock
    records = math.ceil(clock.months / RECORD_MONTHS.get(chosen.output.every, clock.months)) + 1
    maps = len(_maps(chosen))
    state = sum(values.nbytes for values in assembly.watershed.state_arrays().values())
    disk = records * maps * cells * 4.0 * MAP_COMPRESSION + state * RESTART_COMPRESSION
    years = 40.0  # of the coupled model before the start, for the initial carbon
    seconds = SECONDS_PER_CELL_LAYER_STEP * cells * layers * (clock.months + 12.0 * years) * clock.steps_per_month
    return Prediction(cells, layers, clock.steps, inputs.memory, disk, seconds, tuple(warnings))


def _at(scenario: Scenario, output: Path) -> Scenario:
    return scenario.with_({"output.dir": str(output)})


def _version() -> str:
    return metadata.version("watershed-c")


@contextmanager
def _compile_clock(timing: _Timing) -> Iterator[None]:
    """Let ``timing.compiling`` tell the seconds numba has compiled so far (outermost compilations only)."""
    from numba.core import event

    listener = event.TimingListener()
    timing.compile_clock = lambda: float(listener.duration) if listener.done else 0.0
    with event.install_listener("numba:compile", listener):
        yield


__all__ = ["Finished", "Interrupted", "Prediction", "open_results", "predict", "resume", "run"]
