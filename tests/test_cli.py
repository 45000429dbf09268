"""The command line as a user types it: verbs, options, exit codes, and nothing half-written."""

from __future__ import annotations

import json
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
