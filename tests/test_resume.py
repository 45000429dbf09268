"""A run that is stopped anywhere, in whatever way, and resumed is the run that was never stopped, to the bit."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from click.testing import CliRunner

from tests import runs
from watershed_c import parallel
from watershed_c.cli import main
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.soil_column import SoilColumn
from watershed_c.coupling import Model
from watershed_c.errors import ScenarioError
from watershed_c.io import restart
from watershed_c.io.ledger_csv import read_ledger
from watershed_c.io.results import Recorder
from watershed_c.scenario.schema import Scenario
from watershed_c.simulation import resume, run

ROOT = Path(__file__).resolve().parents[1]
#: 17 steps: records after 12 and 17, restart files after 7 and 14: never at a record
STEPS, CHECKPOINT = 17, 7


class Crash(RuntimeError):
    """A simulated failure of the machine."""


def scenario(**more: object) -> Scenario:
    # routed anew every few months: a resumed run must do it when the whole one does
    routing = {"processes.flow_routing.reroute_threshold": "0.15 mm"}
    watered = {
        "rotation.maize-wheat.irrigation": {"trigger": 0.7, "water": "well"},
        "irrigation_water": {"well": {"calcium": 2.0, "sulfate": 1.5, "magnesium": 0.5}},
    }
    short = {"time.end": "2002-08", "output.checkpoint_every": CHECKPOINT / 12.0}
    # yields remember the season, and are told in a table that a resumed run goes on with
    crops = {"processes.growth.enabled": True, "processes.nitrogen.enabled": True}
    # in the tenth month, between two restart files
    planted = {"land.change": [{"year": 2002, "class": "maize-wheat", "becomes": "deciduous-forest", "min_slope": 0.1}]}
    acid = {"soil.ph": 6.2, "soil.gypsum": {"value": "1 %", "leached_depth": "20 cm"}}
    # how much of the char lies loose is remembered
    char = {"id": "char", "on": "05-20", "do": "manure", "crop": "maize", "material": "biochar-wood"}
    brought = {"carbon.model": "rothc:biochar", "rotation.maize-wheat.event": [char | {"carbon": "3 t/ha"}]}
    return runs.small({**short, **routing, **watered, **crops, **planted, **acid, **brought, **more})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that nobody stopped."""
    return run(scenario(), output=tmp_path_factory.mktemp("whole") / "run", quiet=True).directory


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C works even where the tests run as a background job."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def at_call(target: Callable[..., object], number: int, act: Callable[[], object]) -> Callable[..., object]:
    """``target``, doing ``act`` before its call of this number (from 0)."""
    calls = 0

    def wrapped(*arguments: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == number + 1:
            act()
        return target(*arguments, **options)

    return wrapped


def crash() -> None:
    raise Crash


def stop_in_step(patch: pytest.MonkeyPatch, step: int, act: Callable[[], object]) -> None:
    """Do ``act`` in the middle of a step, water and soil moved, carbon not."""
    original = Decomposition.run_one_step

    def run_one_step(self: Decomposition, dt: float) -> None:
        if self.watershed.ledger.step == step:
            act()
        original(self, dt)

    patch.setattr(Decomposition, "run_one_step", run_one_step)


def test_crashes_at_random_steps_leave_no_trace(whole: Path, tmp_path: Path) -> None:
    """Three crashes in one run, wherever they fall: before the first restart file, between, and in the last step."""
    steps = [*sorted(np.random.default_rng(11).choice(STEPS - 1, 3, replace=False).tolist()), STEPS - 1]
    for number, step in enumerate(steps):
        with pytest.MonkeyPatch.context() as patch:
            stop_in_step(patch, step, crash)
            with pytest.raises(Crash):
                resume(tmp_path / "run", quiet=True) if number else run(scenario(), output=tmp_path / "run", quiet=True)
        record = runs.record(tmp_path / "run")
        assert record["status"] == "failed" and "Crash" in record["failure"] and record["next_step"] == step
    assert resume(tmp_path / "run", quiet=True).directory == tmp_path / "run"
    runs.assert_same_run(whole, tmp_path / "run")
    assert runs.files(whole) == runs.files(tmp_path / "run")


class Killed(BaseException):
    """As SIGKILL: nothing of the program gets done any more."""


def test_water_goes_on_to_the_same_bits_with_another_number_of_threads(tmp_path: Path) -> None:
    """Conductivity and the carbon it belongs to are no fields, and water moves before the network is found anew: the
    restart file has all of it, residues on the surface too. The ledger closes, and drains carry water, DOC and DIC to
    the stream.
    """
    maps = ["cSoilOrg", "cLitterSurf"]
    on_the_surface = {"processes.surface_residues.enabled": True}
    chosen = scenario(**runs.WATER, **on_the_surface, **{"output.maps": maps})
    straight = run(chosen, output=tmp_path / "straight" / "run", quiet=True).directory
    directory = tmp_path / "resumed" / "run"
    with pytest.MonkeyPatch.context() as patch:
        stop_in_step(patch, 9, crash)
        with pytest.raises(Crash):
            run(chosen, output=directory, quiet=True)
    file = directory / "scenario.resolved.toml"
    file.write_text(file.read_text().replace("threads = 1", "threads = 2"))
    resume(directory, quiet=True)
    runs.assert_same_run(straight, directory)
    table = read_ledger(straight / "ledger.csv")
    for column in ("water.drain_flow_export", "water.subsurface_flow_export", "doc.doc_drained_export"):
        assert table[column].sum() > 0.0, column
    assert (table["dic.dic_drained_export"] >= 0.0).all() and table["calcium.calcium_drained_export"].sum() > 0.0
    assert runs.record(straight)["worst_ledger_residual"] < 1.0


def test_tracers_and_isotopes_go_on_to_the_same_bits_with_any_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "SMALLEST_CHUNK", 5)
    monkeypatch.setattr(parallel, "WORTH_THREADS", 0.0)
    before = parallel.get_threads()
    changes = {
        "carbon.isotopes": {"c14": True, "c13": True, "since": 1999},
        "tracers": {"cs137": {"flux": "10 Bq/m2/yr"}, "pb210": {"flux": "100 Bq/m2/yr", "initial": "3 kBq/m2"}},
        # soil that ends at rock, and is thinner than the layers, has a memory too
        "soil.depth": "40 cm",
        "soil.coarse_fragments": "20 %",
        "soil.weathering": {"rate": "2 kg/m2/yr"},
        "processes.soil_water.follows_soc": True,
        "processes.bulk_density": {"traffic": "8 %"},
        "output.maps": ["cs137", "cSoilOrgESM", "cSoilOrgFD", "soilDepth", "profileThickness"],
    }
    try:
        never = run(scenario(**changes), output=tmp_path / "never", quiet=True).directory
        with pytest.MonkeyPatch.context() as patch, pytest.raises(Crash):
            stop_in_step(patch, 11, crash)
            run(scenario(**changes, **{"numerics.threads": 2}), output=tmp_path / "stopped", quiet=True)
        assert parallel.get_threads() == 2
        runs.assert_same_run(never, resume(tmp_path / "stopped", quiet=True).directory)
        ledger = read_ledger(never / "ledger.csv")
        assert ledger["doc_c14.doc_leached_export"].sum() > 0.0
    finally:
        parallel.set_threads(before)


def test_killed_at_any_write(whole: Path, tmp_path: Path) -> None:
    """Dead at each moment at which a file is about to get its name: .part files lie about, later files are missing."""
    replace = os.replace
    unbegun = leftovers = number = 0
    while True:
        folder = tmp_path / f"{number:02d}"
        writes = []

        def dying(source: Path, target: Path, writes: list[Path] = writes, number: int = number) -> None:
            writes.append(target)
            if len(writes) > number:
                raise Killed
            replace(source, target)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "replace", dying)
            try:
                run(scenario(), output=folder, quiet=True)
            except Killed:
                pass
            else:
                break
        leftovers += any(folder.rglob("*.part"))
        assert not (folder / "ledger.csv").exists() or (folder / "results.nc").exists()
        if (folder / "restart.nc").exists():
            resume(folder, quiet=True)
            runs.assert_same_run(whole, folder)
            assert runs.files(folder) == runs.files(whole), f"write {number} left pieces"
        else:  # killed before the first restart file was whole
            unbegun += 1
            with pytest.raises(ScenarioError, match="no restart file|no run.json"):
                resume(folder, quiet=True)
        number += 1
    assert number >= 13  # records, ledger, restart files, run.json, results
    assert 1 <= unbegun <= 3 and leftovers == number


def test_killed_from_outside(tmp_path: Path) -> None:
    """As the machine does it: SIGKILL of the program at a moment of its choice, then `watershed-c resume`."""
    file, folder = tmp_path / "slope.toml", tmp_path / "run"
    long = scenario(**{"time.end": "2007-12", "output.every": "month", "output.checkpoint_every": 0.5})
    file.write_text(long.to_toml())
    command = [sys.executable, "-m", "watershed_c.cli", "run", str(file), "--output", str(folder), "--quiet"]
    process = subprocess.Popen(command, cwd=ROOT)
    give_up = time.monotonic() + 120.0
    while len(list(folder.glob("records/*.nc"))) < 10 and process.poll() is None and time.monotonic() < give_up:
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL, "the run ended before it was killed"
    assert runs.record(folder)["status"] == "running" and not (folder / "results.nc").exists()
    result = CliRunner().invoke(main, ["resume", str(folder), "--quiet"])
    assert result.exit_code == 0, result.output
    alone = run(long, output=tmp_path / "alone", quiet=True)
    runs.assert_same_run(alone.directory, folder)


def test_split_in_two_by_an_interruption(whole: Path, tmp_path: Path, interruptible: None) -> None:
    """Ctrl-C lets the step end and keeps it: nothing is computed twice."""
    with pytest.MonkeyPatch.context() as patch:
        stop_in_step(patch, 9, lambda: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt, match="go on with: watershed-c resume"):
            run(scenario(), output=tmp_path / "run", quiet=True)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    record = runs.record(tmp_path / "run")
    assert record["status"] == "interrupted" and record["next_step"] == 10
    with netCDF4.Dataset(tmp_path / "run/restart.nc") as dataset:
        assert dataset.next_step == 10
    taken = []
    with pytest.MonkeyPatch.context() as patch:
        original = Model.step
        patch.setattr(Model, "step", lambda self: (taken.append(self.index), original(self))[1])
        resume(tmp_path / "run", quiet=True)
    assert taken == list(range(10, STEPS))
    runs.assert_same_run(whole, tmp_path / "run")


def test_second_interruption_stops_at_once(whole: Path, tmp_path: Path, interruptible: None) -> None:
    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        stop_in_step(patch, 16, twice)
        with pytest.raises(KeyboardInterrupt, match="resume"):
            run(scenario(), output=tmp_path / "run", quiet=True)
    assert runs.record(tmp_path / "run")["next_step"] == 16
    with netCDF4.Dataset(tmp_path / "run/restart.nc") as dataset:
        assert dataset.next_step == 14  # the half-taken step is not in it
    resume(tmp_path / "run", quiet=True)
    runs.assert_same_run(whole, tmp_path / "run")


def test_interrupted_while_results_are_put_together(whole: Path, tmp_path: Path) -> None:
    """All steps taken: resume goes on with what is left to do, and with the network of the last step."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    for stage in ("_put_series", "_merge"):
        folder = tmp_path / stage
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Recorder, stage, at_call(getattr(Recorder, stage), 0, interrupt))
            with pytest.raises(KeyboardInterrupt):
                run(scenario(), output=folder, quiet=True)
        assert runs.record(folder)["next_step"] == STEPS
        resume(folder, quiet=True)
        runs.assert_same_run(whole, folder)
    # results.nc is there, some records are already gone
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda folder, **_: (next(Path(folder).iterdir()).unlink(), crash()))
        with pytest.raises(Crash):
            run(scenario(), output=tmp_path / "late", quiet=True)
    resume(tmp_path / "late", quiet=True)
    runs.assert_same_run(whole, tmp_path / "late")


def test_exit_code_of_an_interruption(tmp_path: Path, interruptible: None) -> None:
    file = tmp_path / "slope.toml"
    file.write_text(scenario().to_toml())
    with pytest.MonkeyPatch.context() as patch:
        stop_in_step(patch, 3, lambda: os.kill(os.getpid(), signal.SIGINT))
        result = CliRunner().invoke(main, ["run", str(file), "--output", str(tmp_path / "run"), "--quiet"])
    assert result.exit_code == 130
    assert f"watershed-c resume {tmp_path / 'run'}" in result.output
    assert CliRunner().invoke(main, ["resume", str(tmp_path / "run"), "--quiet"]).exit_code == 0
    # before the first step there is nothing to go on with, and nothing is left
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SoilColumn, "run_one_step", lambda self, dt: os.kill(os.getpid(), signal.SIGINT))
        result = CliRunner().invoke(main, ["run", str(file), "--output", str(tmp_path / "none"), "--quiet"])
    assert result.exit_code == 130 and "nothing was written" in result.output
    assert not (tmp_path / "none").exists()


def test_a_run_outside_the_main_thread(whole: Path, tmp_path: Path) -> None:
    """As in a notebook server or a batch of runs: no signals there, the same numbers."""
    thread = threading.Thread(target=lambda: run(scenario(), output=tmp_path / "run", quiet=True))
    thread.start()
    thread.join()
    runs.assert_same_run(whole, tmp_path / "run")


# -- what cannot be resumed ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a climate table, stopped in its tenth step, after its first restart file."""
    folder = tmp_path_factory.mktemp("stopped")
    months = "".join(f"{m},{10 + m % 5},60,40\n" for m in range(1, 13))
    (folder / "climate.csv").write_text("month,tmean_degC,precipitation_mm,pet_mm\n" + months)
    text = runs.SMALL.replace('source = "constant"', 'source = "climate.csv"')
    start, end = text.index("[climate.constant]"), text.index("[climate.erosivity]")
    text = text.replace('checkpoint_every = "1 yr"', 'checkpoint_every = "0.5 yr"')
    (folder / "slope.toml").write_text(text[:start] + text[end:])
    with pytest.MonkeyPatch.context() as patch:
        stop_in_step(patch, 9, crash)
        with pytest.raises(Crash):
            run(folder / "slope.toml", output=folder / "run", quiet=True)
    return folder


@pytest.fixture
def copy(stopped: Path, tmp_path: Path) -> Path:
    """A copy of that run, to be spoilt; its inputs stay where they are."""
    shutil.copytree(stopped / "run", tmp_path / "run")
    return tmp_path / "run"


def refused(folder: Path) -> str:
    """What `watershed-c resume` says; it has touched nothing."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = CliRunner().invoke(main, ["resume", str(folder)])
    assert result.exit_code == 2 and "Traceback" not in result.output, result.output
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return result.output


def test_a_finished_run_is_not_resumed(whole: Path) -> None:
    assert "finished run" in refused(whole)


def test_a_folder_that_is_no_run_is_not_resumed(tmp_path: Path) -> None:
    assert "no run.json" in refused(tmp_path)
    assert "no run.json" in refused(tmp_path / "nowhere")


def test_a_changed_scenario_is_not_resumed(copy: Path) -> None:
    file = copy / "scenario.resolved.toml"
    text = file.read_text()
    file.write_text(text.replace("clay]\nvalue = 0.23", "clay]\nvalue = 0.231"))
    assert file.read_text() != text
    assert "inputs changed" in refused(copy)


def test_a_changed_input_is_not_resumed(stopped: Path, copy: Path) -> None:
    climate = stopped / "climate.csv"
    before = climate.read_text()
    climate.write_text(before.replace("12,12,60,40", "12,12,61,40"))
    try:
        assert climate.read_text() != before and "inputs changed" in refused(copy)
    finally:
        climate.write_text(before)


def test_another_version_does_not_resume(copy: Path) -> None:
    file = copy / "run.json"
    file.write_text(file.read_text().replace('"version": "', '"version": "0.0.'))
    assert "version 0.0." in refused(copy)


def test_other_threads_do(copy: Path) -> None:
    """A run may go on on another machine."""
    file = copy / "scenario.resolved.toml"
    file.write_text(file.read_text().replace("threads = 1", "threads = 2"))
    assert runs.record(resume(copy, quiet=True).directory)["threads"] == 2


@pytest.mark.parametrize("name", ["run.json", "restart.nc", "ledger.csv.part", "scenario.resolved.toml"])
def test_damaged_and_missing_files_are_named(copy: Path, name: str) -> None:
    (copy / name).write_bytes((copy / name).read_bytes()[:40])
    assert name in refused(copy)
    (copy / name).unlink()
    assert name in refused(copy) or name == "restart.nc"


def test_restart_file_of_another_format_is_refused(copy: Path) -> None:
    with netCDF4.Dataset(copy / "restart.nc", "a") as dataset:
        dataset.format = restart.FORMAT + 1
    assert "format" in refused(copy)
