"""A baseline and its variants: run one after the other from one initial carbon, then compared."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

from watershed_c.comparison import Comparison, compare
from watershed_c.console import Console
from watershed_c.errors import Problem, ScenarioError
from watershed_c.factorial import Effects, effects, save
from watershed_c.io import run_folder
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import output_folder, resolve
from watershed_c.scenario.schema import Scenario
from watershed_c.scenario.variants import BASELINE, COMPARISON, combinations, members
from watershed_c.simulation import resume, run

#: what makes a folder that of a baseline with its variants
RECORD = "variants.json"
#: state of the baseline before its first step, which the variants begin with
START = "start.nc"


@dataclass
class FinishedVariants:
    """A finished baseline with its variants.

    Attributes
    ----------
    directory : Path
    runs : dict of str to Path
        Results folder of each.
    comparison : Comparison
    effects : list of Effects
        Of the factors, if there are any.
    """

    directory: Path
    runs: dict[str, Path]
    comparison: Comparison
    effects: list[Effects]


def run_variants(
    scenario: Scenario | str | Path,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    force: bool = False,
    quiet: bool = False,
) -> FinishedVariants:
    """Run a scenario and each of its variants, and compare them.

    The baseline finds its initial carbon; the variants begin with the same stocks, water and plant input of each cell
    relative to its land use, and differ from then on. Each run is a results folder of its own below that of all.

    Parameters
    ----------
    scenario : Scenario, path or shipped name
    output, overwrite, force, quiet
        As of :func:`watershed_c.simulation.run`.

    Raises
    ------
    ScenarioError
        Everything that is wrong with the baseline and with any variant; nothing has been written.
    """
    chosen = scenario if isinstance(scenario, Scenario) else load(scenario)
    runs = members(chosen)
    directory = output_folder(chosen) if output is None else Path(output)
    _refuse_to_replace(directory, overwrite)
    _resolve_all(runs, directory, math.inf if force else None)
    run_folder.make_empty(directory)
    path = (chosen.path or Path("scenario.toml")).resolve()
    _write_record(directory, {"scenario_file": str(path), "runs": list(runs)})
    (directory / "scenario.resolved.toml").write_text(chosen.to_toml(), encoding="utf-8")
    return _run_all(chosen, runs, directory, force=force, quiet=quiet)


def resume_variants(directory: str | Path, *, quiet: bool = False) -> FinishedVariants:
    """Go on with the runs of a baseline with variants that are not finished; see :func:`run_variants`."""
    directory = Path(directory)
    record = json.loads((directory / RECORD).read_text(encoding="utf-8"))
    scenario = load(directory / "scenario.resolved.toml")
    scenario._path = Path(record["scenario_file"])
    return _run_all(scenario, members(scenario), directory, force=False, quiet=quiet)


def check_variants(scenario: Scenario) -> None:
    """Resolve every variant as a run would. Writes nothing.

    Raises
    ------
    ScenarioError
        Everything that is wrong with them.
    """
    if scenario.variants or scenario.factors:
        _resolve_all(members(scenario), output_folder(scenario), None)


def runs_of(directory: str | Path) -> list[Path]:
    """Results folders of a baseline and its variants."""
    names = json.loads((Path(directory) / RECORD).read_text(encoding="utf-8"))["runs"]
    return [Path(directory) / name for name in names]


def has_variants(directory: str | Path) -> bool:
    """Whether a results folder is that of a baseline with variants."""
    return (Path(directory) / RECORD).is_file()


def _run_all(
    scenario: Scenario, runs: dict[str, Scenario], directory: Path, *, force: bool, quiet: bool
) -> FinishedVariants:
    folders = {name: directory / name for name in runs}
    for name, member in runs.items():
        folder = folders[name]
        if name != BASELINE and member.processes.decomposition.enabled:
            start = str((folders[BASELINE] / START).resolve())
            member = member.with_({"carbon.initial": {"method": "given", "file": start}})
        begun = (folder / "restart.nc").exists() and (name != BASELINE or (folder / START).exists())
        if not begun:
            run(member, output=folder, overwrite=True, force=force, quiet=quiet, keep_start=name == BASELINE)
        elif run_folder.read_record(folder)["status"] != "done":
            resume(folder, quiet=quiet)
    comparison = compare(list(folders.values()))
    figures = runs[BASELINE].output.figures
    comparison.save(directory / COMPARISON, figures=figures)
    console = Console(quiet=quiet)
    console.comparison(comparison, directory / COMPARISON)
    found = effects(comparison, combinations(scenario))
    if found:
        save(found, directory / COMPARISON, figures=figures)
        console.effects(found)
    return FinishedVariants(directory, folders, comparison, found)


def _refuse_to_replace(directory: Path, overwrite: bool) -> None:
    if directory.is_dir() and any(directory.iterdir()) and not overwrite:
        hint = "Choose another, add --overwrite, or go on with it: watershed-c resume."
        raise ScenarioError(Problem(str(directory), expectation="exists and is not empty.", suggestion=hint))
    if not has_variants(directory):
        run_folder.check_replaceable(directory)


def _resolve_all(runs: dict[str, Scenario], directory: Path, memory: float | None) -> None:
    """Resolve every run, so that none fails after others have taken their time."""
    problems: list[Problem] = []
    for name, member in runs.items():
        try:
            resolve(member.with_({"output.dir": str(directory / name)}), overwrite=True, available_memory=memory)
        except ScenarioError as error:
            if name == BASELINE:  # the variants would say it again
                raise
            problems += [
                Problem(p.file, p.line, f"variants.{name}: {p.key}", p.value, p.expectation, p.suggestion)
                for p in error.problems
            ]
    if problems:
        raise ScenarioError(list(dict.fromkeys(problems)))


def _write_record(directory: Path, record: dict[str, object]) -> None:
    part = directory / f"{RECORD}.part"
    part.write_text(json.dumps(record, indent=2), encoding="utf-8")
    os.replace(part, directory / RECORD)
