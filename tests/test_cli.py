"""The command line as a user types it: verbs, options, exit codes, and nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr
from click.testing import CliRunner, Result

from tests.runs import SMALL
from watershed_c.cli import main
from watershed_c.errors import LedgerError, ModelFailure

SHORT = SMALL.replace('end = "2003-09"', 'end = "2001-12"')


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a small scenario in ``slope/``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slope").mkdir()
    (tmp_path / "slope" / "scenario.toml").write_text(SHORT)
    return tmp_path


def typed(*words: str) -> Result:
    """What typing ``watershed-c words`` gives; an exception that is not an exit is a failure of the test."""
    result = CliRunner().invoke(main, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_run_leaves_the_results_contract_and_says_what_it_amounts_to(here: Path) -> None:
    done = typed("run", "slope", "--output", "out", "--set", "output.figures=true")
    assert done.exit_code == 0
    for said in ("Carbon budget", "t C/ha/yr", "sediment yield", "wall time", "peak memory", "results in out"):
        assert said in done.output
    left = {path.name for path in (here / "out").iterdir()}
    assert left == {"results.nc", "ledger.csv", "run.json", "restart.nc", "scenario.resolved.toml", "figures"}
    record = json.loads((here / "out" / "run.json").read_text())
    assert record["status"] == "done" and record["worst_ledger_residual"] < 1.0 and record["peak_memory_bytes"] > 0
    with xr.open_dataset(here / "out" / "results.nc") as results:
        assert results.attrs["Conventions"] == "CF-1.11"
        assert results.cSoilOrg.attrs["units"] == "kg m-2"


def test_existing_results_are_refused_unless_told_otherwise(here: Path) -> None:
    assert typed("run", "slope", "--output", "out", "--quiet").exit_code == 0
    before = (here / "out" / "results.nc").read_bytes()
    refused = typed("run", "slope", "--output", "out", "--quiet")
    assert refused.exit_code == 2
    assert "out" in refused.output and "--overwrite" in refused.output
    assert (here / "out" / "results.nc").read_bytes() == before
    assert typed("run", "slope", "--output", "out", "--overwrite", "--quiet").exit_code == 0


def test_quiet_says_nothing_and_json_is_json(here: Path) -> None:
    assert typed("run", "slope", "--output", "a", "--quiet").output == ""
    told = typed("run", "slope", "--output", "b", "--json")
    assert json.loads(told.output)["status"] == "done"


@pytest.mark.parametrize("verb", ["run", "check"])
def test_all_mistakes_come_at_once_with_exit_code_2_and_nothing_is_written(here: Path, verb: str) -> None:
    wrong = typed(verb, "slope", "--output", "out", "--set", "soil.clya=0.2", "--set", "time.step=week")
    assert wrong.exit_code == 2
    assert "soil.clya" in wrong.output and '"clay"' in wrong.output and "time.step" in wrong.output
    assert "Traceback" not in wrong.output
    assert not (here / "out").exists()


def test_an_unknown_scenario_names_the_nearest(here: Path) -> None:
    wrong = typed("run", "jaksboro")
    assert wrong.exit_code == 2 and "jacksboro" in wrong.output


@pytest.mark.parametrize(
    ("failure", "code"),
    [(ModelFailure("not finite", step="2001-05"), 3), (LedgerError("does not close", step="2001-05"), 4)],
)
def test_failures_of_the_model_have_their_own_exit_codes(
    here: Path, monkeypatch: pytest.MonkeyPatch, failure: ModelFailure, code: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr("watershed_c.coupling.advance", fail)
    done = typed("run", "slope", "--output", "out", "--quiet")
    assert done.exit_code == code and "2001-05" in done.output and "Traceback" not in done.output


def test_check_predicts_and_writes_nothing(here: Path) -> None:
    done = typed("check", "slope")
    assert done.exit_code == 0
    for said in ("valid", "cells", "memory", "disk", "time"):
        assert said in done.output
    assert {path.name for path in here.iterdir()} == {"slope"}
    assert json.loads(typed("check", "slope", "--json").output)["layers"] == 3


def test_init_writes_a_scenario_that_is_valid_and_never_replaces_one(here: Path) -> None:
    assert typed("init", "mine").exit_code == 0
    assert typed("check", "mine").exit_code == 0
    again = typed("init", "mine")
    assert again.exit_code == 2 and "exists" in again.output


def test_lists_name_what_a_scenario_can_name() -> None:
    models = typed("models").output
    for name in ("rothc", "maize", "cattle-fym", "mouldboard-plough"):
        assert name in models
    scenarios = typed("scenarios").output
    for name in ("jacksboro", "jacksboro-large", "hillslope"):
        assert name in scenarios


def test_explain_gives_meaning_unit_range_and_source() -> None:
    assert "soil.clay" in typed("explain").output
    told = typed("explain", "processes.water_erosion.ktc_low").output
    assert "transport capacity" in told
    wrong = typed("explain", "soil.clya")
    assert wrong.exit_code == 2 and "soil.clay" in wrong.output


def test_doctor_and_cite(here: Path) -> None:
    assert "ready" in typed("doctor").output
    assert "@software{watershed_c" in typed("cite").output
    assert typed("run", "slope", "--output", "out", "--quiet").exit_code == 0
    cited = typed("cite", "out").output
    assert "coleman" in cited.lower() and "renard" in cited.lower()
    assert typed("cite", "slope").exit_code == 2


def test_resume_of_what_is_no_run_or_is_finished_is_answered(here: Path) -> None:
    assert typed("resume", "slope").exit_code == 2
    assert typed("run", "slope", "--output", "out", "--quiet").exit_code == 0
    finished = typed("resume", "out")
    assert finished.exit_code == 2 and "finished" in finished.output


def program(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The program itself, in a process of its own."""
    command = [sys.executable, "-m", "watershed_c.cli", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def test_the_program_speaks_on_two_channels_and_exits_with_its_code(here: Path) -> None:
    """What was asked for on the one, what is wrong on the other; piped, no colours and no broken lines."""
    done = program("run", "slope", "--output", "out", folder=here)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout and "initial carbon ..." in done.stdout.splitlines()
    wrong = program("run", "slope", "--output", "out", folder=here)
    assert (wrong.returncode, wrong.stdout) == (2, "") and "--overwrite" in wrong.stderr
    told = program("cite", "out", folder=here)
    assert told.returncode == 0 and told.stdout.startswith("@software{watershed_c")


def test_the_first_scenario_runs_as_it_is(here: Path) -> None:
    """What `init` writes; only the fifty years are cut short."""
    written = typed("init", "mine")
    assert "watershed-c run mine" in written.output
    done = typed("run", "mine", "--set", "time.end=2001-02", "--set", "output.figures=false")
    assert done.exit_code == 0 and "results in runs/mine" in done.output
    assert json.loads((here / "runs/mine/run.json").read_text())["steps"] == 2
    assert typed("init", str(here / "slope/scenario.toml/inside")).exit_code == 3  # a file is in the way


def test_settings_reach_the_run(here: Path) -> None:
    settings = (
        "--set",
        "time.end=2001-05",
        "--set",
        "rotation.maize-wheat.manure.carbon=1 t/ha",
        "--set",
        "title=Two months",
    )
    told = json.loads(typed("run", "slope", "--output", "out", "--json", *settings).output)
    assert told["steps"] == 2 and told["title"] == "Two months"
    manure = told["budget"]["carbon"]["soc"]["terms"]["amendment"]
    assert manure == pytest.approx(0.3)  # t: 30 of the 40 cells of 0.01 ha are arable
    wrong = typed("run", "slope", "--set", "nonsense")
    assert wrong.exit_code == 2 and "must be key=value" in wrong.output


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_computed(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watershed_c.simulation.initialise", lambda assembly: pytest.fail("computed already"))
    (here / "file").write_text("")
    done = typed("run", "slope", "--output", "file/out", "--quiet")
    assert done.exit_code == 2 and "cannot be written" in done.output and "file" in done.output


def test_a_full_disk_is_told_without_a_traceback(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "out/records/000000.nc.part")

    monkeypatch.setattr("watershed_c.io.results.write_atomically", full)
    done = typed("run", "slope", "--output", "out", "--quiet")
    assert done.exit_code == 3 and "No space left on device" in done.output and "Traceback" not in done.output


def test_help_of_every_verb() -> None:
    verbs = ("run", "resume", "check", "rothc", "site", "catchment", "init", "models", "scenarios", "explain")
    verbs += ("doctor", "cite")
    listed = typed("--help").output
    for verb in verbs:
        assert verb in listed and "Usage" in typed(verb, "-h").output
    assert "0.1" in typed("--version").output
    assert typed("frobnicate").exit_code == 2
