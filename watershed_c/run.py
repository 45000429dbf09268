"""A run: scenario in; loop; results, figures and a printed budget out. Whole or resumable, never half."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from watershed_c.assemble import Assembly, assemble, initialise
from watershed_c.budget import Budget, budget_of
from watershed_c.console import Console
from watershed_c.coupling import Model
from watershed_c.errors import Problem, ScenarioError
from watershed_c.initialise import Report
from watershed_c.io import restart
from watershed_c.io.results import Recorder
from watershed_c.machine import peak_memory
from watershed_c.parallel import get_threads, set_threads
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import Inputs, free_memory, output_folder, resolve
from watershed_c.scenario.schema import Scenario

if TYPE_CHECKING:
    import xarray as xr

#: figures need these, whatever the scenario asks for
ALWAYS = ("elev", "cSoilOrg", "netEro")
RECORD_MONTHS = {"month": 1, "year": 12, "decade": 120}
#: share of the cells that erode (or gain) less than the cell shown as eroding (depositional) in the profiles
PROFILE_QUANTILE = 0.95


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
    compiling: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)


@contextmanager
def _timed(timing: _Timing, part: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
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
) -> Finished:
    """Run a scenario to its end.

    Parameters
    ----------
    scenario : Scenario, path or shipped name
    output : path, optional
        Results directory; default: as the scenario says.
    overwrite : bool
        Replace an existing directory.
    force : bool
        Run even if the machine seems to have too little memory.
    quiet : bool
        Print nothing.

    Returns
    -------
    Finished

    Raises
    ------
    ScenarioError
        Everything that is wrong with the scenario; nothing has been written.
    ModelFailure, LedgerError
        The model failed; the last good restart file is left.
    """
    started = time.perf_counter()
    timing, console = _Timing(), Console(quiet=quiet)
    chosen = scenario if isinstance(scenario, Scenario) else load(scenario)
    if output is not None:
        chosen = _at(chosen, Path(output))
    with _compile_clock(timing):
        with _timed(timing, "inputs"):
            inputs = resolve(chosen, overwrite=overwrite, available_memory=float("inf") if force else None)
            set_threads(chosen.numerics.threads)
            assembly = assemble(inputs)
        directory = output_folder(chosen)
        console.opening(assembly)
        with _timed(timing, "initialisation"), console.busy("initial carbon"):
            report = initialise(assembly)
        for process in assembly.model.processes.values():
            process.start_afresh()
        console.initial(report)
        # nothing is written before this point: what can be refused has been
        if directory.exists():
            shutil.rmtree(directory)
        directory.mkdir(parents=True)
        points = dict(inputs.points) or _profile_points(assembly, report)
        (directory / "scenario.resolved.toml").write_text(chosen.to_toml(), encoding="utf-8")
        state = _Run(assembly, directory, points, input_hash(inputs), report, timing, console)
        state.recorder.start()
        state.save()
        state.write_record("running")
        return state.finish(started)


def resume(directory: str | Path, *, quiet: bool = False) -> Finished:
    """Go on with an interrupted run from its last restart file; the results are those of an uninterrupted one, to the bit.

    Raises
    ------
    ScenarioError
        The directory is not that of a run, the run is finished, or its inputs have changed.
    """
    started = time.perf_counter()
    directory = Path(directory)
    record_file = directory / "run.json"
    if not record_file.exists():
        raise ScenarioError(Problem(str(directory), expectation="is not the directory of a run: it has no run.json."))
    record = json.loads(record_file.read_text())
    if record["status"] == "done":
        raise ScenarioError(Problem(str(directory), expectation="holds a finished run: there is nothing to resume."))
    timing, console = _Timing(), Console(quiet=quiet)
    scenario = load(directory / "scenario.resolved.toml")
    scenario._path = Path(record["scenario_file"]) if record["scenario_file"] else None
    with _compile_clock(timing):
        with _timed(timing, "inputs"):
            inputs = resolve(scenario, overwrite=True)
            set_threads(scenario.numerics.threads)
            assembly = assemble(inputs)
        report = Report(**record["initial_carbon"])
        state = _Run(assembly, directory, record["points"], input_hash(inputs), report, timing, console)
        state.restore()
        console.opening(assembly)
        return state.finish(started)


class _Run:
    """The loop with its recorder, checkpoints and closing."""

    def __init__(
        self, assembly: Assembly, directory: Path, points: dict[str, int], inputs_hash: str, report: Report, timing: _Timing, console: Console
    ) -> None:  # fmt: skip
        scenario = assembly.inputs.scenario
        self.assembly, self.directory, self.points = assembly, directory, points
        self.model: Model = assembly.model
        self.hash, self.report, self.timing, self.console = inputs_hash, report, timing, console
        clock = self.model.clock
        every = RECORD_MONTHS.get(scenario.output.every, clock.steps)
        self.checkpoint = max(every, int(round(scenario.output.checkpoint_every * 12 / every)) * every)
        self.recorder = Recorder(
            directory, assembly.watershed, clock, assembly.place, list(dict.fromkeys([*ALWAYS, *scenario.output.maps])), points, every,
            attributes=self._attributes(),
        )  # fmt: skip

    # -- restart ----------------------------------------------------------------------------------------------------
    def _memory(self) -> dict[str, np.ndarray]:
        arrays = {f"{name}.{key}": values for name, process in self.model.processes.items() for key, values in process.memory().items()}
        return arrays | self.recorder.memory()

    def save(self) -> None:
        restart.save(
            self.directory / "restart.nc", self.assembly.watershed, next_step=self.model.index, scenario_hash=self.hash, extra=self._memory()
        )

    def restore(self) -> None:
        next_step, arrays = restart.load(self.directory / "restart.nc", self.assembly.watershed, scenario_hash=self.hash)
        for name, values in self._memory().items():
            values[...] = arrays[name].reshape(values.shape)
        self.model.index = next_step
        self.recorder.rewind(next_step)

    # -- loop -------------------------------------------------------------------------------------------------------
    def finish(self, started: float) -> Finished:
        try:
            with _timed(self.timing, "steps"), self.console.progress(self.model) as advance:
                while not self.model.done:
                    step = self.model.clock.step(self.model.index)
                    self.recorder.step(step, self.model.step())
                    if self.model.index % self.checkpoint == 0 and not self.model.done:
                        self.recorder.flush()
                        self.save()
                    advance()
        except KeyboardInterrupt:
            self.write_record("interrupted")
            raise
        except BaseException as error:
            self.write_record("failed", failure=str(error))
            raise
        with _timed(self.timing, "results"):
            self.save()
            self.recorder.finish()
        budget = self._budget()
        figures: list[Path] = []
        if self.assembly.inputs.scenario.output.figures:
            with _timed(self.timing, "figures"), self.console.busy("figures"):
                figures = self._draw()
        self.timing.wall = time.perf_counter() - started
        self.write_record("done", budget=budget.as_dict())
        self.console.closing(self.assembly, budget, self.timing.wall, self.timing.compiling, peak_memory(), self.directory, figures)
        return Finished(self.directory, budget)

    def _budget(self) -> Budget:
        w, erosion = self.assembly.watershed, self.model.processes.get("water_erosion")
        gross = getattr(erosion, "gross_erosion", None)
        return budget_of(w.ledger, cells=w.cells, cell_area=w.cell_area, years=self.model.clock.steps / 12.0, gross_erosion=gross)

    def _draw(self) -> list[Path]:
        from watershed_c import plots

        return plots.draw(self.directory, title=self.assembly.inputs.scenario.title, note=self.assembly.note)

    # -- record -----------------------------------------------------------------------------------------------------
    def _attributes(self) -> dict[str, str]:
        return {
            "title": self.assembly.inputs.scenario.title,
            "source": f"watershed-c {metadata.version('watershed-c')}",
            "history": f"{time.strftime('%Y-%m-%dT%H:%M:%S')} watershed-c run",
            "references": "see citations in run.json",
            "comment": self.assembly.note,
        }

    def write_record(self, status: str, **more: Any) -> None:
        """Write run.json, atomically."""
        w, clock = self.assembly.watershed, self.model.clock
        scenario = self.assembly.inputs.scenario
        record = {
            "status": status,
            "version": metadata.version("watershed-c"),
            "title": scenario.title,
            "scenario_file": str(scenario.path.resolve()) if scenario.path else "",
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
            "compile_seconds": self.timing.compiling,
            "seconds": self.timing.parts,
            "peak_memory_bytes": peak_memory(),
            "points": self.points,
            "initial_carbon": {key: value for key, value in asdict(self.report).items() if key != "net_erosion"},
            "warnings": [*self.assembly.warnings, *self.report.warnings],
            "citations": self.assembly.citations(),
            **more,
        }
        target = self.directory / "run.json"
        temporary = target.with_suffix(".json.part")
        temporary.write_text(json.dumps(record, indent=2, default=float), encoding="utf-8")
        os.replace(temporary, target)


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
            f"  memory about {self.memory / 1e9:.2f} GB, disk about {self.disk / 1e6:.0f} MB, time about {self.seconds:.0f} s once compiled",
            *(f"  note: {warning}" for warning in self.warnings),
        ]
        return "\n".join(lines)


#: s per cell, layer and step on two cores, whole run (benchmarks/coupled.py)
SECONDS_PER_CELL_LAYER_STEP = 4e-7


def predict(scenario: Scenario, *, output: str | Path | None = None) -> Prediction:
    """Validate a scenario with everything it points to, and predict what a run needs.

    Raises
    ------
    ScenarioError
        Everything that is wrong.
    """
    chosen = scenario if output is None else _at(scenario, Path(output))
    inputs = resolve(chosen)
    cells, layers, steps = int(inputs.active.sum()), inputs.layer_bottom.size, chosen.time.months
    records = steps // RECORD_MONTHS.get(chosen.output.every, steps) + 1
    maps = len({*ALWAYS, *chosen.output.maps})
    disk = records * maps * inputs.status.size * 4.0 * 0.6 + inputs.memory * 0.5
    years = 15.0  # of the coupled model before the start, for the initial carbon
    seconds = SECONDS_PER_CELL_LAYER_STEP * cells * layers * (steps + 12.0 * years)
    return Prediction(cells, layers, steps, inputs.memory, disk, seconds, inputs.warnings)


def input_hash(inputs: Inputs) -> str:
    """SHA-256 of all that decides the numbers of a run: the scenario (but where it writes) and every array read."""
    digest = hashlib.sha256()
    digest.update(inputs.scenario.with_({"output.dir": "-"}).to_toml().encode())
    column, climate = inputs.column, inputs.climate
    arrays = [inputs.elevation, inputs.status, inputs.channel, inputs.land.index, inputs.land.field, inputs.land.offset]
    arrays += [getattr(column, name) for name in column.__dataclass_fields__]
    arrays += [getattr(climate, name) for name in climate.__dataclass_fields__]
    for values in arrays:
        if isinstance(values, np.ndarray):
            digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _at(scenario: Scenario, output: Path) -> Scenario:
    return scenario.with_({"output.dir": str(output)})


def _profile_points(assembly: Assembly, report: Report) -> dict[str, int]:
    """An eroding, a stable and a depositional cell, by the net soil loss of the cycle before the start."""
    w, net = assembly.watershed, report.net_erosion
    if net is None or not np.any(net[w.cells]):
        return {"middle": int(w.cells[w.cells.size // 2])}
    values = net[w.cells]
    order = np.argsort(values, kind="stable")
    stable = int(w.cells[np.argmin(np.abs(values))])
    return {
        "eroding": int(w.cells[order[int(PROFILE_QUANTILE * (order.size - 1))]]),
        "stable": stable,
        "depositional": int(w.cells[order[int((1.0 - PROFILE_QUANTILE) * (order.size - 1))]]),
    }


@contextmanager
def _compile_clock(timing: _Timing) -> Iterator[None]:
    """Add up the time numba spends compiling (outermost compilations only)."""
    from numba.core import event

    with event.install_timer("numba:compile", lambda seconds: setattr(timing, "compiling", timing.compiling + seconds)):
        yield


__all__ = ["Finished", "Prediction", "free_memory", "open_results", "predict", "resume", "run"]
