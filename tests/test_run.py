"""Runs from Python: whole, step by step, refused, failed; and what a run says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import watershed_c
from tests import runs
from watershed_c import console
from watershed_c.budget import budget_of
from watershed_c.components.soil_column import SoilColumn
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.errors import LedgerError, ModelFailure, ScenarioError
from watershed_c.io import run_folder
from watershed_c.scenario.load import loads
from watershed_c.simulation import predict, resume, run

ROOT = Path(__file__).resolve().parents[1]
SHORT = {"time.end": "2001-12"}


# -- the public names ------------------------------------------------------------------------------------------------

FROM_PYTHON = """
import sys
import watershed_c
heavy = {"numpy", "numba", "landlab", "xarray", "pydantic", "matplotlib"} & set(sys.modules)
assert not heavy, heavy
from tests.runs import SMALL
from pathlib import Path
folder = Path(sys.argv[1])
(folder / "slope.toml").write_text(SMALL)
scenario = watershed_c.load(folder / "slope.toml", ["time.end=2001-09"])
scenario.time.end = "2001-08"
for name in ("first", "second"):  # the name stays a function once its module is imported
    finished = watershed_c.run(scenario, output=folder / name, quiet=True)
results = watershed_c.open_results(folder / "second")
assert results.sizes["step"] == 5 and finished.ds.sizes["step"] == 5
for name in watershed_c.__all__:
    assert callable(getattr(watershed_c, name)), name
inputs = watershed_c.resolve(scenario)
assembly = watershed_c.assemble(inputs)
watershed_c.initialise(assembly)
while not assembly.model.done:
    totals = assembly.model.step()
assert isinstance(assembly.model, watershed_c.Model) and isinstance(assembly.watershed, watershed_c.Watershed)
print(f"{assembly.watershed.stock('soc').sum():.17g} {totals['soc', 'respired']:.17g}")
"""


def test_the_public_names_work_as_the_readme_says(tmp_path: Path) -> None:
    """From a fresh interpreter: import is light, a run twice, results, and the same bits step by step."""
    done = subprocess.run(
        [sys.executable, "-c", FROM_PYTHON, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    stock, respired = (float(number) for number in done.stdout.split())
    state = runs.arrays(tmp_path / "second/restart.nc")
    assert state["state.stocks"].reshape(-1, 3, 7)[:, :, :5].sum(axis=(1, 2)).sum() == pytest.approx(stock, rel=1e-14)
    last = (tmp_path / "second/ledger.csv").read_text().splitlines()
    assert float(last[-1].split(",")[last[0].split(",").index("soc.respired")]) == respired
    runs.assert_same_run(tmp_path / "first", tmp_path / "second")


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = watershed_c.nonsense


def test_the_resolved_scenario_is_the_run(tmp_path: Path) -> None:
    """scenario.resolved.toml, every default written out, gives the same run again."""
    first = run(runs.small(SHORT), output=tmp_path / "first", quiet=True)
    second = run(tmp_path / "first/scenario.resolved.toml", output=tmp_path / "second", quiet=True)
    runs.assert_same_run(first.directory, second.directory)
    assert first.budget == second.budget
    assert json.loads(json.dumps(first.budget.as_dict())) == runs.record(first.directory)["budget"]


# -- nothing half-written --------------------------------------------------------------------------------------------


WRONG = {
    "an unknown map": (("", ""), {"output.maps": ["nonsense"]}, "output.maps"),
    "missing soil": (('sand = "20 %"\n', ""), {}, "soil.sand"),
    "a parameter the process refuses": (("", ""), {"processes.decomposition.e_folding_depth": 0.005}, "depth_scale"),
    "no cell with soil": (("", ""), {"domain.channel_area": 1.0}, "no cell"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_before_anything_is_written(tmp_path: Path, case: str) -> None:
    """Whoever finds it: the scenario, its inputs, or a process when it is made; by `run` and by `check` alike."""
    (old, new), changes, said = WRONG[case]
    scenario = loads(runs.SMALL.replace(old, new) if old else runs.SMALL, overrides=SHORT | changes)
    with pytest.raises(ScenarioError, match=said):
        run(scenario, output=tmp_path / "run", quiet=True)
    with pytest.raises(ScenarioError, match=said):
        predict(scenario)
    assert not (tmp_path / "run").exists()


def test_a_failure_before_the_first_step_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where results of another run are to be replaced: they stay."""
    finished = run(runs.small(SHORT), output=tmp_path / "run", quiet=True)
    before = {name: (finished.directory / name).read_bytes() for name in runs.files(finished.directory)}

    def fail(self: SoilColumn, dt: float) -> None:
        raise ModelFailure("no steady state")

    monkeypatch.setattr(SoilColumn, "run_one_step", fail)
    for name, overwrite in (("new", False), ("run", True)):
        with pytest.raises(ModelFailure):
            run(runs.small(SHORT), output=tmp_path / name, overwrite=overwrite, quiet=True)
    assert not (tmp_path / "new").exists()
    assert {name: (tmp_path / "run" / name).read_bytes() for name in runs.files(tmp_path / "run")} == before


def test_only_the_results_of_a_run_are_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.txt").write_text("three years of work")
    for overwrite in (False, True):
        with pytest.raises(ScenarioError, match="not empty"):
            run(runs.small(SHORT), output=folder, overwrite=overwrite, quiet=True)
    assert (folder / "chapter.txt").read_text() == "three years of work"
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ScenarioError, match="is a file"):
        run(runs.small(SHORT), output=file, overwrite=True, quiet=True)


def test_replaced_results_leave_no_trace(tmp_path: Path) -> None:
    """An earlier run with figures, and pieces of one that was killed, then one without."""
    run(runs.small(SHORT), output=tmp_path / "run", quiet=True)
    for piece in ("figures/soc.png", "records/000012.nc", "ledger.csv.part", "results.nc.part"):
        (tmp_path / "run" / piece).parent.mkdir(exist_ok=True)
        (tmp_path / "run" / piece).write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "run")
    run(runs.small(SHORT), output=tmp_path / "link", overwrite=True, quiet=True)
    assert runs.files(tmp_path / "run") == {
        "results.nc",
        "ledger.csv",
        "restart.nc",
        "run.json",
        "scenario.resolved.toml",
    }


def test_a_ledger_that_does_not_close_stops_the_run_and_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Carbon that vanishes from one cell in one month: process, step and account are named; nothing is finished."""
    original = WaterErosion.run_one_step

    def leak(self: WaterErosion, dt: float) -> None:
        original(self, dt)
        if self.watershed.ledger.label == "2001-08":
            self.watershed.stocks[self.watershed.cells[3], 0, 1] *= 1.0 - 1e-9

    monkeypatch.setattr(WaterErosion, "run_one_step", leak)
    with pytest.raises(LedgerError, match="step 2001-08, after process water_erosion") as failure:
        run(runs.small(SHORT), output=tmp_path / "run", quiet=True)
    assert failure.value.constituent == "rpm" and failure.value.exit_code == 4
    record = runs.record(tmp_path / "run")
    assert record["status"] == "failed" and "LedgerError" in record["failure"] and record["next_step"] == 4
    assert not (tmp_path / "run/results.nc").exists()
    monkeypatch.setattr(WaterErosion, "run_one_step", original)
    whole = run(runs.small(SHORT), output=tmp_path / "whole", quiet=True)
    runs.assert_same_run(whole.directory, resume(tmp_path / "run", quiet=True).directory)


def test_a_state_that_is_no_number_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = WaterErosion.run_one_step

    def spoil(self: WaterErosion, dt: float) -> None:
        original(self, dt)
        if self.watershed.ledger.label == "2001-06":
            self.watershed.stocks[self.watershed.cells[3], 0, 1] = np.nan

    monkeypatch.setattr(WaterErosion, "run_one_step", spoil)
    with pytest.raises(ModelFailure, match="2001-06.*no longer a finite number"):
        run(runs.small(SHORT), output=tmp_path / "run", quiet=True)
    assert runs.record(tmp_path / "run")["status"] == "failed"  # valid JSON, too


def test_records_are_json_whatever_the_numbers(tmp_path: Path) -> None:
    values = {"a": float("nan"), "b": [np.float32(1.5), float("inf")], "c": (np.int64(3), None, True), 4: "x"}
    run_folder.write_record(tmp_path, values)
    assert runs.record(tmp_path) == {"a": None, "b": [1.5, None], "c": [3, None, True], "4": "x"}
    assert runs.files(tmp_path) == {"run.json"}


# -- what it amounts to, and what is said ----------------------------------------------------------------------------


def test_prediction_counts_what_a_run_has(tmp_path: Path) -> None:
    prediction = predict(runs.small(SHORT), output=tmp_path / "run")
    record = runs.record(run(runs.small(SHORT), output=tmp_path / "run", quiet=True).directory)
    assert (prediction.cells, prediction.layers, prediction.steps) == (
        record["cells"],
        record["layers"],
        record["steps"],
    )
    size = sum((tmp_path / "run" / name).stat().st_size for name in runs.files(tmp_path / "run"))
    assert prediction.disk < 10 * size
    again = predict(runs.small(SHORT), output=tmp_path / "run")
    assert any("--overwrite" in warning for warning in again.warnings)


def test_budget_of_no_erosion_has_no_delivery_ratio(tmp_path: Path) -> None:
    scenario = runs.small(SHORT, **{"processes.water_erosion.enabled": False})
    budget = run(scenario, output=tmp_path / "run", quiet=True).budget
    assert budget.delivery_ratio is None and budget.sediment_yield == 0.0 == budget.gross_erosion
    assert budget_of.__doc__ and runs.record(tmp_path / "run")["budget"]["delivery_ratio"] is None


def test_piped_output_has_plain_whole_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What users wrote is not read as markup; progress comes as lines; lines are not broken at 80 columns."""
    monkeypatch.setattr(console, "QUIET_INTERVAL", 0.0)
    title = "A slope [bold]and[/bold] [/nonsense] of brackets"
    long = tmp_path / "a folder with a long name of more than eighty characters so that it does not fit on one line"
    run(runs.small(SHORT, title=title), output=long)
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert lines[0] == title and "\x1b" not in said
    assert f"results in {long}" in lines
    progress = [line for line in lines if line.endswith("s left")]
    assert len(progress) == 9 and progress[0].startswith("2001-04  11 %") and "2001-12  100 %" in progress[-1]
    for text in ("Carbon budget, 0.75 years, 0.4 ha", "carbon, start", "sediment yield", "every account closes"):
        assert text in said
    closures = [float(line.split()[-1]) for line in lines if line.startswith("  change, to")]
    assert len(closures) == 4 and max(closures) < 1e-10


@pytest.mark.parametrize(("size", "said"), [(30.0, False), (45.0, True)])
def test_what_coarse_cells_cannot_show_is_said_wherever_numbers_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], size: float, said: bool
) -> None:
    """Rule 23: on the console before and after the run, in run.json, in results.nc (figures: test_plots.py)."""
    slope = {f"domain.synthetic.{side}": cells * size for side, cells in (("length", 6), ("width", 3))}
    scenario = runs.small({"time.end": "2001-06", "domain.synthetic.cell_size": size, **slope})
    finished = run(scenario, output=tmp_path / "run")
    words = f"cells of {size:g} m: slopes are damped and curvature is lost"
    lines = [line for line in capsys.readouterr().out.splitlines() if words in line]
    assert len(lines) == (2 if said else 0) and all(line.startswith("note ") for line in lines)
    assert any(words in warning for warning in runs.record(tmp_path / "run")["warnings"]) == said
    assert (words in finished.ds.attrs.get("comment", "")) == said


def test_a_terminal_gets_a_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    run(runs.small(SHORT, title="[x] y"), output=tmp_path / "run")
    said = capsys.readouterr().out
    assert "\x1b[" in said and "2001-12" in said and "[x] y" in said


def test_quiet_is_quiet(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(runs.small(SHORT, **{"output.figures": True}), output=tmp_path / "run", quiet=True)
    said = capfd.readouterr()
    assert said.out == "" == said.err
